import Processor

extension Slot where Op == ARMv6M.Op {
  /// The slot of the instruction at `address`.
  /// - Parameters:
  ///   - second: the next halfword, nil at the region's end.
  ///   - branchCycles: cycles of a taken branch (2 on the M0+, 3 on the M0).
  static func decode(_ first: UInt32, second: UInt32?, at address: UInt32, variant: CortexM0.Variant, hostCalls: Bool) -> Slot {
    let wide = ARMv6M.Op.isWide(first)
    if hostCalls, first >> 8 == 0xB1 {
      var s = Slot(.hostCall)
      s.imm = first & 0xFF
      return s
    }
    let word = wide ? first << 16 | (second ?? 0) : first
    if wide && second == nil { return Slot(.undefined) }
    guard let e = ARMv6M.Op.encoding(of: word, wide: wide) else { return Slot(.undefined) }
    var s = Slot(e.op)
    func f(_ c: Character) -> UInt32 { e.field(c, word) }
    let pc = address &+ 4
    s.cycles = UInt8(e.cycles)
    s.d = UInt8(f("d"))
    s.n = UInt8(f("n"))
    s.m = UInt8(f("m"))
    if e.has("t") { s.d = UInt8(f("t")) }
    s.imm = f("i")
    let taken = UInt8(variant.branchCycles)
    switch e.op {
    case .lsrImm, .asrImm: if s.imm == 0 { s.imm = 32 }
    case .addImm, .subImm: if e.bits == 16 && !e.has("n") { s.n = s.d }
    case .mul: s.cycles = UInt8(variant.multiplyCycles)
    case .addHi, .movHi:
      s.d |= UInt8(f("D") << 3)
      s.imm = pc
      if s.d == 15 { s.cycles = taken }
    case .cmpHi:
      s.n |= UInt8(f("N") << 3)
      s.imm = pc
    case .bx, .blx:
      s.imm = pc
      s.cycles = taken
    case .ldrLit: s.imm = (pc & ~3) &+ s.imm * 4
    case .adr:
      s = Slot(.adr)
      s.d = UInt8(f("d"))
      s.imm = (pc & ~3) &+ f("i") * 4
    case .strImm, .ldrImm:
      s.imm *= 4
      if !e.has("n") { s.n = 13 }
    case .strhImm, .ldrhImm: s.imm *= 2
    case .addSPImm: s.imm *= 4
    case .addSP: s.imm = e.has("j") ? 0 &- f("j") * 4 : s.imm * 4
    case .push: s.imm = f("r") | f("M") << 14
    case .pop: s.imm = f("r") | f("P") << 15
    case .stm, .ldm: s.imm = f("r")
    case .cps: s.imm = f("I")
    case .beq, .bne, .bcs, .bcc, .bmi, .bpl, .bvs, .bvc, .bhi, .bls, .bge, .blt, .bgt, .ble:
      s.cycles = taken
      s.delta = Int32(Int8(truncatingIfNeeded: s.imm)) + 2
      s.imm = pc &+ UInt32(bitPattern: (s.delta - 2) * 2)
    case .b:
      s.cycles = taken
      s.delta = (Int32(bitPattern: s.imm << 21) >> 21) + 2
      s.imm = pc &+ UInt32(bitPattern: (s.delta - 2) * 2)
    case .bl:
      let sign = f("S"), i1 = 1 ^ f("J") ^ sign, i2 = 1 ^ f("K") ^ sign
      let offset = sign << 24 | i1 << 23 | i2 << 22 | f("j") << 12 | f("i") << 1
      let signed = Int32(bitPattern: offset << 7) >> 7
      s.delta = signed / 2 + 2
      s.imm = pc &+ UInt32(bitPattern: signed)
      s.cycles = UInt8(variant.wideCycles)
    case .msr, .mrs:
      s.imm = f("s")
      s.cycles = UInt8(variant.wideCycles)
    case .barrier: s.cycles = UInt8(variant.wideCycles)
    default: break
    }
    return s
  }
}
