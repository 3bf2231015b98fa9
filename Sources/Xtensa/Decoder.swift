import Processor

extension Slot where Op == Xtensa.Op {
  /// The slot of the instruction `word` (its bytes, the first lowest) at `pc`.
  static func decode(_ word: UInt32, at pc: UInt32, _ options: Configuration.Options) -> Slot {
    var s = Slot(.illegal)
    s.size = UInt8(Xtensa.Op.size(of: UInt8(truncatingIfNeeded: word), options))
    guard let row = Xtensa.Op.row(of: word, options) else {
      if options.contains(.vectors), Xtensa.Op.isVector(word) {
        s.op = .vector
        s.real = .vector
      }
      return s
    }
    let e = row.encoding
    func f(_ c: Character) -> UInt32 { e.field(c, word) }
    s = Slot(e.op)
    s.size = UInt8(row.size)
    s.cycles = UInt8(e.cycles)
    s.d = UInt8(f("r"))
    s.n = UInt8(f("s"))
    s.m = UInt8(f("t"))
    s.window = UInt8(row.addressRegisters.map { f($0) >> 2 }.max() ?? 0)
    if let i = row.immediate {
      s.imm = i.value(e, word, pc: pc)
      if i.isAddress { s.delta = Int32(bitPattern: s.imm &- pc) }
    }
    switch e.op {
    case .extui: s.delta = Int32(bitPattern: (2 << f("k")) &- 1)
    case .beqi, .bnei, .blti, .bgei, .bltui, .bgeui: s.delta = Int32(bitPattern: Immediate.label8.value(e, word, pc: pc) &- pc)
    case .bbci, .bbsi:
      s.imm = 1 << s.imm
      s.delta = Int32(bitPattern: Immediate.label8.value(e, word, pc: pc) &- pc)
    case .callw, .callxw:
      s.d = UInt8(word >> 4 & 3)
      s.window = Swift.max(s.window, s.d)
    case .rsr, .wsr, .xsr, .rur, .wur:
      s.imm = f("k")
      guard let register = SpecialRegister.find(e.op, s.imm, options) else {
        s.op = .illegal
        s.real = .illegal
        return s
      }
      // What is only kept is read within the loop.
      let computed = [SpecialRegister.Number.ccount, SpecialRegister.Number.icount, SpecialRegister.Number.interrupt]
      if e.op == .rsr, !computed.contains(register.number) { s.op = .rsrStored }
    case .break: s.imm = f("k") << 4 | f("i")
    case .any4, .all4: s.n = UInt8(f("s") * 4)
    case .any8, .all8: s.n = UInt8(f("s") * 8)
    case .umul, .mul, .mula, .muls, .mulaLoad, .ldinc, .lddec:
      // d: the loaded register; delta: bit 0 first operand is MR, bit 1 second; imm: halves, then the registers of each side.
      let first = e.has("x"), second = e.has("y")
      s.d = UInt8(f("w"))
      let a = first ? f("x") : f("s"), b = second ? f("y") + 2 : f("t")
      s.delta = (first ? 1 : 0) | (second ? 2 : 0)
      s.imm = f("q") | a << 8 | b << 16 | (word >> 20 == 1 || word >> 20 == 5 ? 1 << 24 : 0)
    default: break
    }
    s.real = s.op
    return s
  }
}

extension Op {
  /// The vector instructions of the ESP32-S3, which are only recognised: QACC, ACCX and Q registers in op0 = 4, 14, 15.
  static func isVector(_ word: UInt32) -> Bool {
    switch word & 15 {
    case 14, 15: true
    case 4: true
    case 0: word >> 16 & 15 == 6 || word >> 16 & 15 == 7
    default: false
    }
  }
  /// Whether the loop can run it from a copy, behind which `after` stands: no use of its own place.
  var isStraight: Bool {
    switch self {
    case .undecoded, .last, .after, .far, .illegal, .unmodelled, .vector: false
    case .j, .jx, .call0, .callx0, .ret, .retN, .callw, .callxw, .entry, .retw, .retwN, .loop, .loopnez, .loopgtz: false
    default: !isBranch && !isSpecial
    }
  }
  /// A conditional branch.
  var isBranch: Bool { (Op.beq.rawValue...Op.bt.rawValue).contains(rawValue) }
  /// The fetch always goes elsewhere.
  var isJump: Bool {
    switch self {
    case .j, .jx, .call0, .callx0, .ret, .retN, .callw, .callxw, .retw, .retwN, .rfe, .rfde, .rfi, .rfwo, .rfwu: true
    default: false
    }
  }
  /// Left to functions, which look for the end of a loop themselves.
  var isSpecial: Bool { rawValue >= Op.andb.rawValue }
}
