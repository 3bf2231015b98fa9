import Processor

extension Op {
  /// ARMv6-M Architecture Reference Manual §A5.2 and §A5.3; cycles of the Cortex-M0+ (TRM §3.3). The Cortex-M0 differs
  /// only in taken branches and the 32-bit instructions. The first row that matches wins. Bits that should be zero in
  /// BX are ignored.
  static let encodings: [Encoding<Op>] = [
    Encoding(.movReg, "0000000000 mmm ddd", "movs r{d}, r{m}"),
    Encoding(.lslImm, "00000 iiiii mmm ddd", "lsls r{d}, r{m}, #{i}"),
    Encoding(.lsrImm, "00001 iiiii mmm ddd", "lsrs r{d}, r{m}, #{i32}"),
    Encoding(.asrImm, "00010 iiiii mmm ddd", "asrs r{d}, r{m}, #{i32}"),
    Encoding(.addReg, "0001100 mmm nnn ddd", "adds r{d}, r{n}, r{m}"),
    Encoding(.subReg, "0001101 mmm nnn ddd", "subs r{d}, r{n}, r{m}"),
    Encoding(.addImm, "0001110 iii nnn ddd", "adds r{d}, r{n}, #{i}"),
    Encoding(.subImm, "0001111 iii nnn ddd", "subs r{d}, r{n}, #{i}"),
    Encoding(.movImm, "00100 ddd iiiiiiii", "movs r{d}, #{i}"),
    Encoding(.cmpImm, "00101 nnn iiiiiiii", "cmp r{n}, #{i}"),
    Encoding(.addImm, "00110 ddd iiiiiiii", "adds r{d}, #{i}"),
    Encoding(.subImm, "00111 ddd iiiiiiii", "subs r{d}, #{i}"),
    Encoding(.and, "0100000000 mmm ddd", "ands r{d}, r{m}"),
    Encoding(.eor, "0100000001 mmm ddd", "eors r{d}, r{m}"),
    Encoding(.lslReg, "0100000010 mmm ddd", "lsls r{d}, r{m}"),
    Encoding(.lsrReg, "0100000011 mmm ddd", "lsrs r{d}, r{m}"),
    Encoding(.asrReg, "0100000100 mmm ddd", "asrs r{d}, r{m}"),
    Encoding(.adc, "0100000101 mmm ddd", "adcs r{d}, r{m}"),
    Encoding(.sbc, "0100000110 mmm ddd", "sbcs r{d}, r{m}"),
    Encoding(.rorReg, "0100000111 mmm ddd", "rors r{d}, r{m}"),
    Encoding(.tst, "0100001000 mmm nnn", "tst r{n}, r{m}"),
    Encoding(.rsb, "0100001001 nnn ddd", "negs r{d}, r{n}"),
    Encoding(.cmpReg, "0100001010 mmm nnn", "cmp r{n}, r{m}"),
    Encoding(.cmn, "0100001011 mmm nnn", "cmn r{n}, r{m}"),
    Encoding(.orr, "0100001100 mmm ddd", "orrs r{d}, r{m}"),
    Encoding(.mul, "0100001101 nnn ddd", "muls r{d}, r{n}"),
    Encoding(.bic, "0100001110 mmm ddd", "bics r{d}, r{m}"),
    Encoding(.mvn, "0100001111 mmm ddd", "mvns r{d}, r{m}"),
    Encoding(.addHi, "01000100 D mmmm ddd", "add {Dd}, {m}"),
    Encoding(.cmpHi, "01000101 N mmmm nnn", "cmp {Nn}, {m}"),
    Encoding(.movHi, "01000110 D mmmm ddd", "mov {Dd}, {m}"),
    Encoding(.bx, "010001110 mmmm ---", "bx {m}", cycles: 2),
    Encoding(.blx, "010001111 mmmm 000", "blx {m}", cycles: 2),
    Encoding(.ldrLit, "01001 ttt iiiiiiii", "ldr r{t}, [pc, #{i*4}]", cycles: 2),
    Encoding(.strReg, "0101000 mmm nnn ttt", "str r{t}, [r{n}, r{m}]", cycles: 2),
    Encoding(.strhReg, "0101001 mmm nnn ttt", "strh r{t}, [r{n}, r{m}]", cycles: 2),
    Encoding(.strbReg, "0101010 mmm nnn ttt", "strb r{t}, [r{n}, r{m}]", cycles: 2),
    Encoding(.ldrsbReg, "0101011 mmm nnn ttt", "ldrsb r{t}, [r{n}, r{m}]", cycles: 2),
    Encoding(.ldrReg, "0101100 mmm nnn ttt", "ldr r{t}, [r{n}, r{m}]", cycles: 2),
    Encoding(.ldrhReg, "0101101 mmm nnn ttt", "ldrh r{t}, [r{n}, r{m}]", cycles: 2),
    Encoding(.ldrbReg, "0101110 mmm nnn ttt", "ldrb r{t}, [r{n}, r{m}]", cycles: 2),
    Encoding(.ldrshReg, "0101111 mmm nnn ttt", "ldrsh r{t}, [r{n}, r{m}]", cycles: 2),
    Encoding(.strImm, "01100 iiiii nnn ttt", "str r{t}, [r{n}, #{i*4}]", cycles: 2),
    Encoding(.ldrImm, "01101 iiiii nnn ttt", "ldr r{t}, [r{n}, #{i*4}]", cycles: 2),
    Encoding(.strbImm, "01110 iiiii nnn ttt", "strb r{t}, [r{n}, #{i}]", cycles: 2),
    Encoding(.ldrbImm, "01111 iiiii nnn ttt", "ldrb r{t}, [r{n}, #{i}]", cycles: 2),
    Encoding(.strhImm, "10000 iiiii nnn ttt", "strh r{t}, [r{n}, #{i*2}]", cycles: 2),
    Encoding(.ldrhImm, "10001 iiiii nnn ttt", "ldrh r{t}, [r{n}, #{i*2}]", cycles: 2),
    Encoding(.strImm, "10010 ttt iiiiiiii", "str r{t}, [sp, #{i*4}]", cycles: 2),
    Encoding(.ldrImm, "10011 ttt iiiiiiii", "ldr r{t}, [sp, #{i*4}]", cycles: 2),
    Encoding(.adr, "10100 ddd iiiiiiii", "add r{d}, pc, #{i*4}"),
    Encoding(.addSPImm, "10101 ddd iiiiiiii", "add r{d}, sp, #{i*4}"),
    Encoding(.addSP, "101100000 iiiiiii", "add sp, #{i*4}"),
    Encoding(.addSP, "101100001 jjjjjjj", "sub sp, #{j*4}"),
    Encoding(.sxth, "1011001000 mmm ddd", "sxth r{d}, r{m}"),
    Encoding(.sxtb, "1011001001 mmm ddd", "sxtb r{d}, r{m}"),
    Encoding(.uxth, "1011001010 mmm ddd", "uxth r{d}, r{m}"),
    Encoding(.uxtb, "1011001011 mmm ddd", "uxtb r{d}, r{m}"),
    Encoding(.push, "1011010 M rrrrrrrr", "push {list}"),
    Encoding(.cps, "10110110011 I 0010", "cps{I}"),
    Encoding(.rev, "1011101000 mmm ddd", "rev r{d}, r{m}"),
    Encoding(.rev16, "1011101001 mmm ddd", "rev16 r{d}, r{m}"),
    Encoding(.revsh, "1011101011 mmm ddd", "revsh r{d}, r{m}"),
    Encoding(.pop, "1011110 P rrrrrrrr", "pop {list}"),
    Encoding(.bkpt, "10111110 iiiiiiii", "bkpt 0x{x}"),
    Encoding(.nop, "1011111100000000", "nop"),
    Encoding(.nop, "1011111100010000", "yield"),
    Encoding(.wfe, "1011111100100000", "wfe", cycles: 2),
    Encoding(.wfi, "1011111100110000", "wfi", cycles: 2),
    Encoding(.sev, "1011111101000000", "sev"),
    Encoding(.stm, "11000 nnn rrrrrrrr", "stmia r{n}!, {list}"),
    Encoding(.ldm, "11001 nnn rrrrrrrr", "ldmia r{n}{!}, {list}"),
    Encoding(.beq, "11010000 iiiiiiii", "beq.n {label}", cycles: 2),
    Encoding(.bne, "11010001 iiiiiiii", "bne.n {label}", cycles: 2),
    Encoding(.bcs, "11010010 iiiiiiii", "bcs.n {label}", cycles: 2),
    Encoding(.bcc, "11010011 iiiiiiii", "bcc.n {label}", cycles: 2),
    Encoding(.bmi, "11010100 iiiiiiii", "bmi.n {label}", cycles: 2),
    Encoding(.bpl, "11010101 iiiiiiii", "bpl.n {label}", cycles: 2),
    Encoding(.bvs, "11010110 iiiiiiii", "bvs.n {label}", cycles: 2),
    Encoding(.bvc, "11010111 iiiiiiii", "bvc.n {label}", cycles: 2),
    Encoding(.bhi, "11011000 iiiiiiii", "bhi.n {label}", cycles: 2),
    Encoding(.bls, "11011001 iiiiiiii", "bls.n {label}", cycles: 2),
    Encoding(.bge, "11011010 iiiiiiii", "bge.n {label}", cycles: 2),
    Encoding(.blt, "11011011 iiiiiiii", "blt.n {label}", cycles: 2),
    Encoding(.bgt, "11011100 iiiiiiii", "bgt.n {label}", cycles: 2),
    Encoding(.ble, "11011101 iiiiiiii", "ble.n {label}", cycles: 2),
    Encoding(.udf, "11011110 iiiiiiii", "udf #{i}"),
    Encoding(.svc, "11011111 iiiiiiii", "svc {i}"),
    Encoding(.b, "11100 iiiiiiiiiii", "b.n {label}", cycles: 2),
    Encoding(.udf, "111101111111 iiii 1010 jjjjjjjjjjjj", "udf.w #{ij}"),
    Encoding(.msr, "111100111000 nnnn 10001000 ssssssss", "msr {special}, {n}", cycles: 3),
    Encoding(.barrier, "1111001110111111100011110100 oooo", "dsb {option}", cycles: 3),
    Encoding(.barrier, "1111001110111111100011110101 oooo", "dmb {option}", cycles: 3),
    Encoding(.barrier, "1111001110111111100011110110 oooo", "isb {option}", cycles: 3),
    Encoding(.mrs, "1111001111101111 1000 dddd ssssssss", "mrs {d}, {special}", cycles: 3),
    Encoding(.bl, "11110 S jjjjjjjjjj 11 J 1 K iiiiiiiiiii", "bl {label}", cycles: 3),
  ]
  /// Index into `encodings` of each 16-bit word, 255 for none.
  static let byHalfword: [UInt8] = {
    var table = [UInt8](repeating: 255, count: 0x10000)
    for (i, e) in encodings.enumerated().reversed() where e.bits == 16 {
      for w in 0..<UInt32(0x10000) where e.matches(w) { table[Int(w)] = UInt8(i) }
    }
    return table
  }()
  /// The encoding of a 16-bit word, or of a 32-bit one with the first halfword on top.
  static func encoding(of word: UInt32, wide: Bool) -> Encoding<Op>? {
    if wide { return encodings.first { $0.bits == 32 && $0.matches(word) } }
    let i = byHalfword[Int(word & 0xFFFF)]
    return i == 255 ? nil : encodings[Int(i)]
  }
  /// Whether a first halfword begins a 32-bit instruction (§A5.1).
  static func isWide(_ first: UInt32) -> Bool { first >= 0xE800 }
}
