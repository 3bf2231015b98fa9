import Processor

/// A row of the encodings: bits, text, cycles, and what the instruction needs.
struct Row: Sendable {
  let encoding: Encoding<Op>
  /// What a core must have been built with.
  let option: Configuration.Options
  /// The coprocessor that CPENABLE must enable.
  let coprocessor: Int?
  /// Bytes.
  let size: Int
  /// The immediate operand named in the text.
  let immediate: Immediate?
  /// The field letters of the address registers named in the text: the window that must be there.
  let addressRegisters: [Character]

  init(_ op: Op, _ pattern: String, _ assembly: String, _ option: Configuration.Options = .core, cycles: Int = 1, coprocessor: Int? = nil) {
    encoding = Encoding(op, pattern, assembly, cycles: cycles)
    self.option = option
    self.coprocessor = coprocessor
    size = encoding.bits / 8
    var immediate: Immediate?, registers: [Character] = []
    for piece in assembly.split(separator: "{").dropFirst() {
      if immediate == nil { immediate = Immediate(rawValue: String(piece.prefix { $0 != "}" })) }
    }
    var before: (Character, Character) = (" ", " ")
    for c in assembly {
      if before == ("a", "{") { registers.append(c) }
      before = (before.1, c)
    }
    self.immediate = immediate
    addressRegisters = registers
  }
}

extension Op {
  private static let mac = Configuration.Options.mac16, fp = Configuration.Options.floatingPoint, window = Configuration.Options.windowed

  /// Xtensa ISA Reference Manual, chapters 6 and 7. Letters: r, s, t register fields; i an immediate and h its high part;
  /// k a constant's number; w, x, y MAC16 registers; q the halves that MAC16 multiplies.
  /// Cycles: the pipeline issues one instruction a cycle; a jump, call or return takes 3 in the one of five stages (two
  /// fetches are lost), a division up to 13 by the iterative divider. Decoding adds what a pipeline of seven stages and
  /// a load whose result is used at once take more.
  static let rows: [Row] = [
    // Core: arithmetic and logic
    Row(.add, "1000 0000 rrrr ssss tttt 0000", "add a{r}, a{s}, a{t}"),
    Row(.addx2, "1001 0000 rrrr ssss tttt 0000", "addx2 a{r}, a{s}, a{t}"),
    Row(.addx4, "1010 0000 rrrr ssss tttt 0000", "addx4 a{r}, a{s}, a{t}"),
    Row(.addx8, "1011 0000 rrrr ssss tttt 0000", "addx8 a{r}, a{s}, a{t}"),
    Row(.sub, "1100 0000 rrrr ssss tttt 0000", "sub a{r}, a{s}, a{t}"),
    Row(.subx2, "1101 0000 rrrr ssss tttt 0000", "subx2 a{r}, a{s}, a{t}"),
    Row(.subx4, "1110 0000 rrrr ssss tttt 0000", "subx4 a{r}, a{s}, a{t}"),
    Row(.subx8, "1111 0000 rrrr ssss tttt 0000", "subx8 a{r}, a{s}, a{t}"),
    Row(.and, "0001 0000 rrrr ssss tttt 0000", "and a{r}, a{s}, a{t}"),
    Row(.or, "0010 0000 rrrr ssss tttt 0000", "or a{r}, a{s}, a{t}"),
    Row(.xor, "0011 0000 rrrr ssss tttt 0000", "xor a{r}, a{s}, a{t}"),
    Row(.neg, "0110 0000 rrrr 0000 tttt 0000", "neg a{r}, a{t}"),
    Row(.abs, "0110 0000 rrrr 0001 tttt 0000", "abs a{r}, a{t}"),
    Row(.addi, "iiiiiiii 1100 ssss tttt 0010", "addi a{t}, a{s}, {simm8}"),
    Row(.addi, "iiiiiiii 1101 ssss tttt 0010", "addmi a{t}, a{s}, {simm8x256}"),
    Row(.movi, "iiiiiiii 1010 hhhh tttt 0010", "movi a{t}, {simm12b}"),
    Row(.moveqz, "1000 0011 rrrr ssss tttt 0000", "moveqz a{r}, a{s}, a{t}"),
    Row(.movnez, "1001 0011 rrrr ssss tttt 0000", "movnez a{r}, a{s}, a{t}"),
    Row(.movltz, "1010 0011 rrrr ssss tttt 0000", "movltz a{r}, a{s}, a{t}"),
    Row(.movgez, "1011 0011 rrrr ssss tttt 0000", "movgez a{r}, a{s}, a{t}"),

    // Core: shifts
    Row(.slli, "000h 0001 rrrr ssss iiii 0000", "slli a{r}, a{s}, {msalp32}"),
    Row(.srai, "001h 0001 rrrr iiii tttt 0000", "srai a{r}, a{t}, {sargt}"),
    Row(.srli, "0100 0001 rrrr iiii tttt 0000", "srli a{r}, a{t}, {uimm4}"),
    Row(.src, "1000 0001 rrrr ssss tttt 0000", "src a{r}, a{s}, a{t}"),
    Row(.srl, "1001 0001 rrrr 0000 tttt 0000", "srl a{r}, a{t}"),
    Row(.sll, "1010 0001 rrrr ssss 0000 0000", "sll a{r}, a{s}"),
    Row(.sra, "1011 0001 rrrr 0000 tttt 0000", "sra a{r}, a{t}"),
    Row(.ssr, "0100 0000 0000 ssss 0000 0000", "ssr a{s}"),
    Row(.ssl, "0100 0000 0001 ssss 0000 0000", "ssl a{s}"),
    Row(.ssa8l, "0100 0000 0010 ssss 0000 0000", "ssa8l a{s}"),
    Row(.ssa8b, "0100 0000 0011 ssss 0000 0000", "ssa8b a{s}"),
    Row(.ssai, "0100 0000 0100 iiii 000h 0000", "ssai {sas}"),
    Row(.extui, "kkkk 010h rrrr iiii tttt 0000", "extui a{r}, a{t}, {sae}, {op2p1}"),

    // Core: loads and stores
    Row(.l8ui, "iiiiiiii 0000 ssss tttt 0010", "l8ui a{t}, a{s}, {uimm8}"),
    Row(.l16ui, "iiiiiiii 0001 ssss tttt 0010", "l16ui a{t}, a{s}, {uimm8x2}"),
    Row(.l16si, "iiiiiiii 1001 ssss tttt 0010", "l16si a{t}, a{s}, {uimm8x2}"),
    Row(.l32i, "iiiiiiii 0010 ssss tttt 0010", "l32i a{t}, a{s}, {uimm8x4}"),
    Row(.l32r, "iiiiiiiiiiiiiiii tttt 0001", "l32r a{t}, {uimm16x4}"),
    Row(.s8i, "iiiiiiii 0100 ssss tttt 0010", "s8i a{t}, a{s}, {uimm8}"),
    Row(.s16i, "iiiiiiii 0101 ssss tttt 0010", "s16i a{t}, a{s}, {uimm8x2}"),
    Row(.s32i, "iiiiiiii 0110 ssss tttt 0010", "s32i a{t}, a{s}, {uimm8x4}"),

    // Core: branches, jumps, calls
    Row(.bnone, "iiiiiiii 0000 ssss tttt 0111", "bnone a{s}, a{t}, {label8}"),
    Row(.beq, "iiiiiiii 0001 ssss tttt 0111", "beq a{s}, a{t}, {label8}"),
    Row(.blt, "iiiiiiii 0010 ssss tttt 0111", "blt a{s}, a{t}, {label8}"),
    Row(.bltu, "iiiiiiii 0011 ssss tttt 0111", "bltu a{s}, a{t}, {label8}"),
    Row(.ball, "iiiiiiii 0100 ssss tttt 0111", "ball a{s}, a{t}, {label8}"),
    Row(.bbc, "iiiiiiii 0101 ssss tttt 0111", "bbc a{s}, a{t}, {label8}"),
    Row(.bbci, "iiiiiiii 011h ssss bbbb 0111", "bbci a{s}, {bbi}, {label8}"),
    Row(.bany, "iiiiiiii 1000 ssss tttt 0111", "bany a{s}, a{t}, {label8}"),
    Row(.bne, "iiiiiiii 1001 ssss tttt 0111", "bne a{s}, a{t}, {label8}"),
    Row(.bge, "iiiiiiii 1010 ssss tttt 0111", "bge a{s}, a{t}, {label8}"),
    Row(.bgeu, "iiiiiiii 1011 ssss tttt 0111", "bgeu a{s}, a{t}, {label8}"),
    Row(.bnall, "iiiiiiii 1100 ssss tttt 0111", "bnall a{s}, a{t}, {label8}"),
    Row(.bbs, "iiiiiiii 1101 ssss tttt 0111", "bbs a{s}, a{t}, {label8}"),
    Row(.bbsi, "iiiiiiii 111h ssss bbbb 0111", "bbsi a{s}, {bbi}, {label8}"),
    Row(.beqz, "iiiiiiiiiiii ssss 0001 0110", "beqz a{s}, {label12}"),
    Row(.bnez, "iiiiiiiiiiii ssss 0101 0110", "bnez a{s}, {label12}"),
    Row(.bltz, "iiiiiiiiiiii ssss 1001 0110", "bltz a{s}, {label12}"),
    Row(.bgez, "iiiiiiiiiiii ssss 1101 0110", "bgez a{s}, {label12}"),
    Row(.beqi, "iiiiiiii kkkk ssss 0010 0110", "beqi a{s}, {b4const}, {label8}"),
    Row(.bnei, "iiiiiiii kkkk ssss 0110 0110", "bnei a{s}, {b4const}, {label8}"),
    Row(.blti, "iiiiiiii kkkk ssss 1010 0110", "blti a{s}, {b4const}, {label8}"),
    Row(.bgei, "iiiiiiii kkkk ssss 1110 0110", "bgei a{s}, {b4const}, {label8}"),
    Row(.bltui, "iiiiiiii kkkk ssss 1011 0110", "bltui a{s}, {b4constu}, {label8}"),
    Row(.bgeui, "iiiiiiii kkkk ssss 1111 0110", "bgeui a{s}, {b4constu}, {label8}"),
    Row(.j, "iiiiiiiiiiiiiiiiii 000110", "j {soffset}", cycles: 3),
    Row(.jx, "000000000000 ssss 1010 0000", "jx a{s}", cycles: 3),
    Row(.call0, "iiiiiiiiiiiiiiiiii 000101", "call0 {soffsetx4}", cycles: 3),
    Row(.callx0, "000000000000 ssss 1100 0000", "callx0 a{s}", cycles: 3),
    Row(.ret, "000000000000000010000000", "ret", cycles: 3),

    // Core: synchronisation, exceptions, processor control
    Row(.illegal, "000000000000000000000000", "ill"),
    Row(.nop, "000000000010000000000000", "isync", cycles: 3),
    Row(.nop, "000000000010000000010000", "rsync"),
    Row(.nop, "000000000010000000100000", "esync"),
    Row(.nop, "000000000010000000110000", "dsync"),
    Row(.nop, "000000000010000010000000", "excw"),
    Row(.nop, "000000000010000011000000", "memw"),
    Row(.nop, "000000000010000011010000", "extw"),
    Row(.nop, "000000000010000011110000", "nop"),
    Row(.syscall, "000000000101000000000000", "syscall"),
    Row(.simcall, "000000000101000100000000", "simcall"),
    Row(.rfe, "000000000011000000000000", "rfe", cycles: 3),
    Row(.rfde, "000000000011001000000000", "rfde", cycles: 3),
    Row(.rfi, "000000000011 iiii 00010000", "rfi {imms}", cycles: 3),
    Row(.rsil, "000000000110 iiii tttt 0000", "rsil a{t}, {imms}"),
    Row(.waiti, "000000000111 iiii 00000000", "waiti {imms}"),
    Row(.break, "000000000100 kkkk iiii 0000", "break {immk}, {immt}"),
    Row(.breakN, "1111 iiii 0010 1101", "break.n {imms}"),
    Row(.debugger, "111100011110 ---- 00010000", "rfdd"),
    Row(.debugger, "111100011110 iiii 00000000", "rfdo {imms}"),
    Row(.debugger, "000000000111 ssss 11100000", "lddr32.p a{s}", .lx6),
    Row(.debugger, "000000000111 ssss 11110000", "sddr32.p a{s}", .lx6),
    Row(.rsr, "0000 0011 kkkkkkkk tttt 0000", "rsr.{special} a{t}"),
    Row(.wsr, "0001 0011 kkkkkkkk tttt 0000", "wsr.{special} a{t}"),
    Row(.xsr, "0110 0001 kkkkkkkk tttt 0000", "xsr.{special} a{t}"),
    Row(.rur, "1110 0011 rrrr kkkkkkkk 0000", "rur.{user} a{r}"),
    Row(.wur, "1111 0011 kkkkkkkk tttt 0000", "wur.{user} a{t}"),
    Row(.rer, "0100 0000 0110 ssss tttt 0000", "rer a{t}, a{s}"),
    Row(.wer, "0100 0000 0111 ssss tttt 0000", "wer a{t}, a{s}"),
    Row(.ritlb0, "0101 0000 0011 ssss tttt 0000", "ritlb0 a{t}, a{s}"),
    Row(.iitlb, "0101 0000 0100 ssss 0000 0000", "iitlb a{s}"),
    Row(.pitlb, "0101 0000 0101 ssss tttt 0000", "pitlb a{t}, a{s}"),
    Row(.witlb, "0101 0000 0110 ssss tttt 0000", "witlb a{t}, a{s}"),
    Row(.ritlb1, "0101 0000 0111 ssss tttt 0000", "ritlb1 a{t}, a{s}"),
    Row(.rdtlb0, "0101 0000 1011 ssss tttt 0000", "rdtlb0 a{t}, a{s}"),
    Row(.idtlb, "0101 0000 1100 ssss 0000 0000", "idtlb a{s}"),
    Row(.pdtlb, "0101 0000 1101 ssss tttt 0000", "pdtlb a{t}, a{s}"),
    Row(.wdtlb, "0101 0000 1110 ssss tttt 0000", "wdtlb a{t}, a{s}"),
    Row(.rdtlb1, "0101 0000 1111 ssss tttt 0000", "rdtlb1 a{t}, a{s}"),

    // Code density
    Row(.l32iN, "iiii ssss tttt 1000", "l32i.n a{t}, a{s}, {lsi4x4}"),
    Row(.s32iN, "iiii ssss tttt 1001", "s32i.n a{t}, a{s}, {lsi4x4}"),
    Row(.addN, "rrrr ssss tttt 1010", "add.n a{r}, a{s}, a{t}"),
    Row(.addiN, "rrrr ssss iiii 1011", "addi.n a{r}, a{s}, {ai4const}"),
    Row(.moviN, "iiii ssss 0hhh 1100", "movi.n a{s}, {simm7}"),
    Row(.beqzN, "iiii ssss 10hh 1100", "beqz.n a{s}, {uimm6}"),
    Row(.bnezN, "iiii ssss 11hh 1100", "bnez.n a{s}, {uimm6}"),
    Row(.movN, "0000 ssss tttt 1101", "mov.n a{t}, a{s}"),
    Row(.retN, "1111 0000 0000 1101", "ret.n", cycles: 3),
    Row(.retwN, "1111 0000 0001 1101", "retw.n", window, cycles: 3),
    Row(.nopN, "1111 0000 0011 1101", "nop.n"),
    Row(.illegal, "1111 0000 0110 1101", "ill.n"),

    // Multiplication and division
    Row(.mul16u, "1100 0001 rrrr ssss tttt 0000", "mul16u a{r}, a{s}, a{t}"),
    Row(.mul16s, "1101 0001 rrrr ssss tttt 0000", "mul16s a{r}, a{s}, a{t}"),
    Row(.mull, "1000 0010 rrrr ssss tttt 0000", "mull a{r}, a{s}, a{t}", cycles: 2),
    Row(.muluh, "1010 0010 rrrr ssss tttt 0000", "muluh a{r}, a{s}, a{t}", .mul32High, cycles: 2),
    Row(.mulsh, "1011 0010 rrrr ssss tttt 0000", "mulsh a{r}, a{s}, a{t}", .mul32High, cycles: 2),
    Row(.quou, "1100 0010 rrrr ssss tttt 0000", "quou a{r}, a{s}, a{t}", .div32, cycles: 13),
    Row(.quos, "1101 0010 rrrr ssss tttt 0000", "quos a{r}, a{s}, a{t}", .div32, cycles: 13),
    Row(.remu, "1110 0010 rrrr ssss tttt 0000", "remu a{r}, a{s}, a{t}", .div32, cycles: 13),
    Row(.rems, "1111 0010 rrrr ssss tttt 0000", "rems a{r}, a{s}, a{t}", .div32, cycles: 13),

    // Miscellaneous operations
    Row(.nsa, "0100 0000 1110 ssss tttt 0000", "nsa a{t}, a{s}"),
    Row(.nsau, "0100 0000 1111 ssss tttt 0000", "nsau a{t}, a{s}"),
    Row(.sext, "0010 0011 rrrr ssss iiii 0000", "sext a{r}, a{s}, {tp7}", .misc),
    Row(.clamps, "0011 0011 rrrr ssss iiii 0000", "clamps a{r}, a{s}, {tp7}", .misc),
    Row(.min, "0100 0011 rrrr ssss tttt 0000", "min a{r}, a{s}, a{t}", .misc),
    Row(.max, "0101 0011 rrrr ssss tttt 0000", "max a{r}, a{s}, a{t}", .misc),
    Row(.minu, "0110 0011 rrrr ssss tttt 0000", "minu a{r}, a{s}, a{t}", .misc),
    Row(.maxu, "0111 0011 rrrr ssss tttt 0000", "maxu a{r}, a{s}, a{t}", .misc),
    Row(.saltu, "0110 0010 rrrr ssss tttt 0000", "saltu a{r}, a{s}, a{t}", .salt),
    Row(.salt, "0111 0010 rrrr ssss tttt 0000", "salt a{r}, a{s}, a{t}", .salt),

    // Zero-overhead loops
    Row(.loop, "iiiiiiii 1000 ssss 0111 0110", "loop a{s}, {ulabel8}", .loops),
    Row(.loopnez, "iiiiiiii 1001 ssss 0111 0110", "loopnez a{s}, {ulabel8}", .loops),
    Row(.loopgtz, "iiiiiiii 1010 ssss 0111 0110", "loopgtz a{s}, {ulabel8}", .loops),

    // Register windows. CALLn's and ENTRY's own needs of the window are PS.CALLINC's, not the text's.
    Row(.callw, "iiiiiiiiiiiiiiiiii 010101", "call4 {soffsetx4}", window, cycles: 3),
    Row(.callw, "iiiiiiiiiiiiiiiiii 100101", "call8 {soffsetx4}", window, cycles: 3),
    Row(.callw, "iiiiiiiiiiiiiiiiii 110101", "call12 {soffsetx4}", window, cycles: 3),
    Row(.callxw, "000000000000 ssss 1101 0000", "callx4 a{s}", window, cycles: 3),
    Row(.callxw, "000000000000 ssss 1110 0000", "callx8 a{s}", window, cycles: 3),
    Row(.callxw, "000000000000 ssss 1111 0000", "callx12 a{s}", window, cycles: 3),
    Row(.entry, "iiiiiiiiiiii ssss 0011 0110", "entry a{s}, {uimm12x8}", window),
    Row(.retw, "000000000000000010010000", "retw", window, cycles: 3),
    Row(.movsp, "0000 0000 0001 ssss tttt 0000", "movsp a{t}, a{s}", window),
    Row(.rfwo, "000000000011010000000000", "rfwo", window, cycles: 3),
    Row(.rfwu, "000000000011010100000000", "rfwu", window, cycles: 3),
    Row(.rotw, "0100 0000 1000 0000 iiii 0000", "rotw {simm4}", window),
    Row(.l32i, "0000 1001 iiii ssss tttt 0000", "l32e a{t}, a{s}, {immrx4}", window),
    Row(.s32i, "0100 1001 iiii ssss tttt 0000", "s32e a{t}, a{s}, {immrx4}", window),

    // Multiprocessor synchronisation, conditional store
    Row(.l32i, "iiiiiiii 1011 ssss tttt 0010", "l32ai a{t}, a{s}, {uimm8x4}", .multiprocessor),
    Row(.s32i, "iiiiiiii 1111 ssss tttt 0010", "s32ri a{t}, a{s}, {uimm8x4}", .multiprocessor),
    Row(.s32c1i, "iiiiiiii 1110 ssss tttt 0010", "s32c1i a{t}, a{s}, {uimm8x4}", .conditionalStore, cycles: 2),
    Row(.s32i, "0101 1001 iiii ssss tttt 0000", "s32nb a{t}, a{s}, {lsi4x4}", .lx6),

    // Booleans
    Row(.any4, "0000 0000 1000 ss-- tttt 0000", "any4 b{t}, b{s4}", .booleans),
    Row(.all4, "0000 0000 1001 ss-- tttt 0000", "all4 b{t}, b{s4}", .booleans),
    Row(.any8, "0000 0000 1010 s--- tttt 0000", "any8 b{t}, b{s8}", .booleans),
    Row(.all8, "0000 0000 1011 s--- tttt 0000", "all8 b{t}, b{s8}", .booleans),
    Row(.andb, "0000 0010 rrrr ssss tttt 0000", "andb b{r}, b{s}, b{t}", .booleans),
    Row(.andbc, "0001 0010 rrrr ssss tttt 0000", "andbc b{r}, b{s}, b{t}", .booleans),
    Row(.orb, "0010 0010 rrrr ssss tttt 0000", "orb b{r}, b{s}, b{t}", .booleans),
    Row(.orbc, "0011 0010 rrrr ssss tttt 0000", "orbc b{r}, b{s}, b{t}", .booleans),
    Row(.xorb, "0100 0010 rrrr ssss tttt 0000", "xorb b{r}, b{s}, b{t}", .booleans),
    Row(.movf, "1100 0011 rrrr ssss tttt 0000", "movf a{r}, a{s}, b{t}", .booleans),
    Row(.movt, "1101 0011 rrrr ssss tttt 0000", "movt a{r}, a{s}, b{t}", .booleans),
    Row(.bf, "iiiiiiii 0000 ssss 0111 0110", "bf b{s}, {label8}", .booleans),
    Row(.bt, "iiiiiiii 0001 ssss 0111 0110", "bt b{s}, {label8}", .booleans),

    // MAC16: {q} is the halves, the second letter that of the second operand
    Row(.umul, "0111 00qq 0000 ssss tttt 0100", "umul.aa.{q} a{s}, a{t}", mac),
    Row(.mul, "0111 01qq 0000 ssss tttt 0100", "mul.aa.{q} a{s}, a{t}", mac),
    Row(.mula, "0111 10qq 0000 ssss tttt 0100", "mula.aa.{q} a{s}, a{t}", mac),
    Row(.muls, "0111 11qq 0000 ssss tttt 0100", "muls.aa.{q} a{s}, a{t}", mac),
    Row(.mul, "0011 01qq 0000 ssss 0y00 0100", "mul.ad.{q} a{s}, m{y}", mac),
    Row(.mula, "0011 10qq 0000 ssss 0y00 0100", "mula.ad.{q} a{s}, m{y}", mac),
    Row(.muls, "0011 11qq 0000 ssss 0y00 0100", "muls.ad.{q} a{s}, m{y}", mac),
    Row(.mul, "0110 01qq 0x00 0000 tttt 0100", "mul.da.{q} m{x}, a{t}", mac),
    Row(.mula, "0110 10qq 0x00 0000 tttt 0100", "mula.da.{q} m{x}, a{t}", mac),
    Row(.muls, "0110 11qq 0x00 0000 tttt 0100", "muls.da.{q} m{x}, a{t}", mac),
    Row(.mul, "0010 01qq 0x00 0000 0y00 0100", "mul.dd.{q} m{x}, m{y}", mac),
    Row(.mula, "0010 10qq 0x00 0000 0y00 0100", "mula.dd.{q} m{x}, m{y}", mac),
    Row(.muls, "0010 11qq 0x00 0000 0y00 0100", "muls.dd.{q} m{x}, m{y}", mac),
    Row(.mulaLoad, "0100 10qq 0xww ssss tttt 0100", "mula.da.{q}.ldinc m{w}, a{s}, m{x}, a{t}", mac),
    Row(.mulaLoad, "0101 10qq 0xww ssss tttt 0100", "mula.da.{q}.lddec m{w}, a{s}, m{x}, a{t}", mac),
    Row(.mulaLoad, "0000 10qq 0xww ssss 0y00 0100", "mula.dd.{q}.ldinc m{w}, a{s}, m{x}, m{y}", mac),
    Row(.mulaLoad, "0001 10qq 0xww ssss 0y00 0100", "mula.dd.{q}.lddec m{w}, a{s}, m{x}, m{y}", mac),
    Row(.ldinc, "1000 0000 00ww ssss 0000 0100", "ldinc m{w}, a{s}", mac),
    Row(.lddec, "1001 0000 00ww ssss 0000 0100", "lddec m{w}, a{s}", mac),

    // Floating point
    Row(.lsi, "iiiiiiii 0000 ssss tttt 0011", "lsi f{t}, a{s}, {uimm8x4}", fp, coprocessor: 0),
    Row(.ssi, "iiiiiiii 0100 ssss tttt 0011", "ssi f{t}, a{s}, {uimm8x4}", fp, coprocessor: 0),
    Row(.lsip, "iiiiiiii 1000 ssss tttt 0011", "lsip f{t}, a{s}, {uimm8x4}", fp, coprocessor: 0),
    Row(.ssip, "iiiiiiii 1100 ssss tttt 0011", "ssip f{t}, a{s}, {uimm8x4}", fp, coprocessor: 0),
    Row(.lsx, "0000 1000 rrrr ssss tttt 0000", "lsx f{r}, a{s}, a{t}", fp, coprocessor: 0),
    Row(.lsxp, "0001 1000 rrrr ssss tttt 0000", "lsxp f{r}, a{s}, a{t}", fp, coprocessor: 0),
    Row(.ssx, "0100 1000 rrrr ssss tttt 0000", "ssx f{r}, a{s}, a{t}", fp, coprocessor: 0),
    Row(.ssxp, "0101 1000 rrrr ssss tttt 0000", "ssxp f{r}, a{s}, a{t}", fp, coprocessor: 0),
    Row(.addS, "0000 1010 rrrr ssss tttt 0000", "add.s f{r}, f{s}, f{t}", fp, coprocessor: 0),
    Row(.subS, "0001 1010 rrrr ssss tttt 0000", "sub.s f{r}, f{s}, f{t}", fp, coprocessor: 0),
    Row(.mulS, "0010 1010 rrrr ssss tttt 0000", "mul.s f{r}, f{s}, f{t}", fp, coprocessor: 0),
    Row(.maddS, "0100 1010 rrrr ssss tttt 0000", "madd.s f{r}, f{s}, f{t}", fp, coprocessor: 0),
    Row(.msubS, "0101 1010 rrrr ssss tttt 0000", "msub.s f{r}, f{s}, f{t}", fp, coprocessor: 0),
    Row(.maddnS, "0110 1010 rrrr ssss tttt 0000", "maddn.s f{r}, f{s}, f{t}", fp, coprocessor: 0),
    Row(.divnS, "0111 1010 rrrr ssss tttt 0000", "divn.s f{r}, f{s}, f{t}", fp, coprocessor: 0),
    Row(.roundS, "1000 1010 rrrr ssss iiii 0000", "round.s a{r}, f{s}, {immt}", fp, coprocessor: 0),
    Row(.truncS, "1001 1010 rrrr ssss iiii 0000", "trunc.s a{r}, f{s}, {immt}", fp, coprocessor: 0),
    Row(.floorS, "1010 1010 rrrr ssss iiii 0000", "floor.s a{r}, f{s}, {immt}", fp, coprocessor: 0),
    Row(.ceilS, "1011 1010 rrrr ssss iiii 0000", "ceil.s a{r}, f{s}, {immt}", fp, coprocessor: 0),
    Row(.floatS, "1100 1010 rrrr ssss iiii 0000", "float.s f{r}, a{s}, {immt}", fp, coprocessor: 0),
    Row(.ufloatS, "1101 1010 rrrr ssss iiii 0000", "ufloat.s f{r}, a{s}, {immt}", fp, coprocessor: 0),
    Row(.utruncS, "1110 1010 rrrr ssss iiii 0000", "utrunc.s a{r}, f{s}, {immt}", fp, coprocessor: 0),
    Row(.movS, "1111 1010 rrrr ssss 0000 0000", "mov.s f{r}, f{s}", fp, coprocessor: 0),
    Row(.absS, "1111 1010 rrrr ssss 0001 0000", "abs.s f{r}, f{s}", fp, coprocessor: 0),
    Row(.constS, "1111 1010 rrrr iiii 0011 0000", "const.s f{r}, {imms}", fp, coprocessor: 0),
    Row(.rfr, "1111 1010 rrrr ssss 0100 0000", "rfr a{r}, f{s}", fp, coprocessor: 0),
    Row(.wfr, "1111 1010 rrrr ssss 0101 0000", "wfr f{r}, a{s}", fp, coprocessor: 0),
    Row(.negS, "1111 1010 rrrr ssss 0110 0000", "neg.s f{r}, f{s}", fp, coprocessor: 0),
    Row(.div0S, "1111 1010 rrrr ssss 0111 0000", "div0.s f{r}, f{s}", fp, coprocessor: 0),
    Row(.recip0S, "1111 1010 rrrr ssss 1000 0000", "recip0.s f{r}, f{s}", fp, coprocessor: 0),
    Row(.sqrt0S, "1111 1010 rrrr ssss 1001 0000", "sqrt0.s f{r}, f{s}", fp, coprocessor: 0),
    Row(.rsqrt0S, "1111 1010 rrrr ssss 1010 0000", "rsqrt0.s f{r}, f{s}", fp, coprocessor: 0),
    Row(.nexp01S, "1111 1010 rrrr ssss 1011 0000", "nexp01.s f{r}, f{s}", fp, coprocessor: 0),
    Row(.mksadjS, "1111 1010 rrrr ssss 1100 0000", "mksadj.s f{r}, f{s}", fp, coprocessor: 0),
    Row(.mkdadjS, "1111 1010 rrrr ssss 1101 0000", "mkdadj.s f{r}, f{s}", fp, coprocessor: 0),
    Row(.addexpS, "1111 1010 rrrr ssss 1110 0000", "addexp.s f{r}, f{s}", fp, coprocessor: 0),
    Row(.addexpmS, "1111 1010 rrrr ssss 1111 0000", "addexpm.s f{r}, f{s}", fp, coprocessor: 0),
    Row(.unS, "0001 1011 rrrr ssss tttt 0000", "un.s b{r}, f{s}, f{t}", fp, coprocessor: 0),
    Row(.oeqS, "0010 1011 rrrr ssss tttt 0000", "oeq.s b{r}, f{s}, f{t}", fp, coprocessor: 0),
    Row(.ueqS, "0011 1011 rrrr ssss tttt 0000", "ueq.s b{r}, f{s}, f{t}", fp, coprocessor: 0),
    Row(.oltS, "0100 1011 rrrr ssss tttt 0000", "olt.s b{r}, f{s}, f{t}", fp, coprocessor: 0),
    Row(.ultS, "0101 1011 rrrr ssss tttt 0000", "ult.s b{r}, f{s}, f{t}", fp, coprocessor: 0),
    Row(.oleS, "0110 1011 rrrr ssss tttt 0000", "ole.s b{r}, f{s}, f{t}", fp, coprocessor: 0),
    Row(.uleS, "0111 1011 rrrr ssss tttt 0000", "ule.s b{r}, f{s}, f{t}", fp, coprocessor: 0),
    Row(.moveqzS, "1000 1011 rrrr ssss tttt 0000", "moveqz.s f{r}, f{s}, a{t}", fp, coprocessor: 0),
    Row(.movnezS, "1001 1011 rrrr ssss tttt 0000", "movnez.s f{r}, f{s}, a{t}", fp, coprocessor: 0),
    Row(.movltzS, "1010 1011 rrrr ssss tttt 0000", "movltz.s f{r}, f{s}, a{t}", fp, coprocessor: 0),
    Row(.movgezS, "1011 1011 rrrr ssss tttt 0000", "movgez.s f{r}, f{s}, a{t}", fp, coprocessor: 0),
    Row(.movfS, "1100 1011 rrrr ssss tttt 0000", "movf.s f{r}, f{s}, b{t}", fp, coprocessor: 0),
    Row(.movtS, "1101 1011 rrrr ssss tttt 0000", "movt.s f{r}, f{s}, b{t}", fp, coprocessor: 0),

    // The ESP32's double-precision steps: their arithmetic is not published
    Row(.unmodelled, "0000 1110 1101 ssss tttt 0000", "f64sig a{t}, a{s}", .doubleAccelerator),
    Row(.unmodelled, "0001 1110 rrrr ssss tttt 0000", "f64sexp a{r}, a{s}, a{t}", .doubleAccelerator),
    Row(.unmodelled, "001i 1110 rrrr ssss tttt 0000", "f64norm a{r}, a{s}, a{t}, {imms}", .doubleAccelerator),
    Row(.unmodelled, "01ii 1110 rrrr ssss tttt 0000", "f64rnd a{r}, a{s}, a{t}, {imms}", .doubleAccelerator),
    Row(.unmodelled, "1hii 1110 rrrr ssss tttt 0000", "f64iter a{r}, a{s}, a{t}, {imms}, {immh}", .doubleAccelerator),
    Row(.unmodelled, "iiii 1111 rrrr ssss tttt 0000", "f64cmph a{r}, a{s}, a{t}, {imms}", .doubleAccelerator),
    Row(.unmodelled, "1110 1011 rrrr ssss tttt 0000", "f64cmpl a{r}, a{s}, a{t}", .doubleAccelerator),
    Row(.unmodelled, "1111 1011 0iih ssss tttt 0000", "f64addc a{t}, a{s}, {imms}, {immh}", .doubleAccelerator),
    Row(.unmodelled, "1111 1011 1iih ssss tttt 0000", "f64subc a{t}, a{s}, {imms}, {immh}", .doubleAccelerator),
    Row(.unmodelled, "0000 1011 1100 111i tttt 0000", "rf64r a{t}, {imms}", .doubleAccelerator),
    Row(.unmodelled, "0000 1011 111i ssss tttt 0000", "wf64r a{s}, a{t}, {imms}", .doubleAccelerator),

    // Ports of the core itself
    Row(.readImpwire, "0000 1110 0000 0000 tttt 0000", "read_impwire a{t}", .esp32GPIO),
    Row(.setbExpstate, "0000 1110 0001 000h iiii 0000", "setb_expstate {bitindex}", .esp32GPIO),
    Row(.clrbExpstate, "0000 1110 0001 001h iiii 0000", "clrb_expstate {bitindex}", .esp32GPIO),
    Row(.wrmskExpstate, "0000 1110 0010 ssss tttt 0000", "wrmsk_expstate a{t}, a{s}", .esp32GPIO),
    Row(.getGPIOIn, "0110 0101 0000 1000 tttt 0100", "ee.get_gpio_in a{t}", .esp32s3GPIO),
    Row(.maskGPIOOut, "0111 0010 0100 ssss tttt 0100", "ee.wr_mask_gpio_out a{t}, a{s}", .esp32s3GPIO),
    Row(.setGPIOOut, "0111 0101 0100 iiiiiiii 0100", "ee.set_bit_gpio_out {uimm8}", .esp32s3GPIO),
    Row(.clearGPIOOut, "0111 0110 0100 iiiiiiii 0100", "ee.clr_bit_gpio_out {uimm8}", .esp32s3GPIO),
  ]

  /// Rows by the bits that tell most: the low nibble and, of three-byte instructions, bits 16 to 23.
  private static let buckets: [[Int]] = {
    var table = [[Int]](repeating: [], count: 4096)
    for key in 0..<UInt32(4096) {
      let word = key & 15 | (key >> 4) << 16, narrow = key & 15 >= 8
      for (i, row) in rows.enumerated() where (row.size == 2) == narrow {
        let known: UInt32 = narrow ? 15 : 0xFF000F
        if (word ^ row.encoding.value) & row.encoding.mask & known == 0 { table[Int(key)].append(i) }
      }
    }
    return table
  }()
  /// Bytes of the instruction that begins with `byte`.
  static func size(of byte: UInt8, _ options: Configuration.Options) -> Int { byte & 15 < 8 ? 3 : byte & 15 < 14 ? 2 : options.contains(.vectors) ? 4 : 3 }
  /// The row of `word` (its bytes, the first lowest), whether or not a core has it.
  static func row(of word: UInt32, _ options: Configuration.Options) -> Row? {
    let narrow = word & 15 >= 8
    if word & 15 >= 14 { return nil }
    let w = narrow ? word & 0xFFFF : word & 0xFF_FFFF, key = w & 15 | (narrow ? 0 : (w >> 16) << 4)
    for i in buckets[Int(key)] where rows[i].encoding.matches(w) && options.isSuperset(of: rows[i].option) { return rows[i] }
    return nil
  }
}
