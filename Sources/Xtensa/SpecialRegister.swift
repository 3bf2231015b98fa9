/// A special or user register as RSR, WSR, XSR, RUR and WUR know it.
struct SpecialRegister: Sendable {
  enum Access: Sendable { case readWrite, readOnly, writeOnly }
  let number: Int, name: String
  let option: Configuration.Options
  let access: Access
  init(_ number: Int, _ name: String, _ option: Configuration.Options = .core, _ access: Access = .readWrite) {
    self.number = number
    self.name = name
    self.option = option
    self.access = access
  }

  /// Numbers by name, of those that the core itself uses.
  enum Number {
    static let lbeg = 0, lend = 1, lcount = 2, sar = 3, br = 4, litbase = 5, scompare1 = 12, accLo = 16, accHi = 17, m0 = 32
    static let windowBase = 72, windowStart = 73, ibreakEnable = 96, atomCtl = 99, ibreakA = 128, dbreakA = 144, dbreakC = 160
    static let configID0 = 176, epc = 176, depc = 192, eps = 192, configID1 = 208, excsave = 208, cpEnable = 224, interrupt = 226, intClear = 227
    static let intEnable = 228, ps = 230, vecbase = 231, excCause = 232, debugCause = 233, ccount = 234, prid = 235, icount = 236, icountLevel = 237
    static let excVAddr = 238, ccompare = 240
  }

  /// Xtensa ISA Reference Manual, table of special registers; who has which, from the cores' configurations.
  static let special: [SpecialRegister] = [
    .init(0, "lbeg", .loops), .init(1, "lend", .loops), .init(2, "lcount", .loops), .init(3, "sar"), .init(4, "br", .booleans), .init(5, "litbase"),
    .init(12, "scompare1", .conditionalStore), .init(16, "acclo", .mac16), .init(17, "acchi", .mac16),
    .init(32, "m0", .mac16), .init(33, "m1", .mac16), .init(34, "m2", .mac16), .init(35, "m3", .mac16),
    .init(72, "windowbase", .windowed), .init(73, "windowstart", .windowed), .init(89, "mmid", .core, .writeOnly), .init(95, "eraccess", .salt),
    .init(96, "ibreakenable"), .init(97, "memctl", .lx6), .init(99, "atomctl", .conditionalStore), .init(104, "ddr"),
    .init(128, "ibreaka0"), .init(129, "ibreaka1", .lx6), .init(144, "dbreaka0"), .init(145, "dbreaka1", .lx6), .init(160, "dbreakc0"), .init(161, "dbreakc1", .lx6),
    .init(176, "configid0"), .init(177, "epc1"), .init(178, "epc2"), .init(179, "epc3"), .init(180, "epc4", .lx6), .init(181, "epc5", .lx6),
    .init(182, "epc6", .lx6), .init(183, "epc7", .lx6), .init(192, "depc"), .init(194, "eps2"), .init(195, "eps3"), .init(196, "eps4", .lx6),
    .init(197, "eps5", .lx6), .init(198, "eps6", .lx6), .init(199, "eps7", .lx6), .init(208, "configid1", .core, .readOnly),
    .init(209, "excsave1"), .init(210, "excsave2"), .init(211, "excsave3"), .init(212, "excsave4", .lx6), .init(213, "excsave5", .lx6),
    .init(214, "excsave6", .lx6), .init(215, "excsave7", .lx6), .init(224, "cpenable", .coprocessors),
    .init(226, "interrupt", .core, .readOnly), .init(226, "intset", .core, .writeOnly), .init(227, "intclear", .core, .writeOnly), .init(228, "intenable"),
    .init(230, "ps"), .init(231, "vecbase"), .init(232, "exccause"), .init(233, "debugcause"), .init(234, "ccount"), .init(235, "prid", .core, .readOnly),
    .init(236, "icount"), .init(237, "icountlevel"), .init(238, "excvaddr"), .init(240, "ccompare0"), .init(241, "ccompare1", .lx6), .init(242, "ccompare2", .lx6),
    .init(244, "misc0", .miscRegisters), .init(245, "misc1", .miscRegisters), .init(246, "misc2", .miscRegisters), .init(247, "misc3", .miscRegisters),
  ]
  static let user: [SpecialRegister] = [
    .init(0, "accx_0", .vectors), .init(1, "accx_1", .vectors), .init(2, "qacc_h_0", .vectors), .init(3, "qacc_h_1", .vectors), .init(4, "qacc_h_2", .vectors),
    .init(5, "qacc_h_3", .vectors), .init(6, "qacc_h_4", .vectors), .init(7, "qacc_l_0", .vectors), .init(8, "qacc_l_1", .vectors), .init(9, "qacc_l_2", .vectors),
    .init(10, "qacc_l_3", .vectors), .init(11, "qacc_l_4", .vectors), .init(12, "gpio_out", .esp32s3GPIO), .init(13, "sar_byte", .vectors),
    .init(14, "fft_bit_width", .vectors), .init(15, "ua_state_0", .vectors), .init(16, "ua_state_1", .vectors), .init(17, "ua_state_2", .vectors),
    .init(18, "ua_state_3", .vectors), .init(230, "expstate", .esp32GPIO), .init(231, "threadptr", .threadPointer), .init(232, "fcr", .floatingPoint),
    .init(233, "fsr", .floatingPoint), .init(234, "f64r_lo", .doubleAccelerator), .init(235, "f64r_hi", .doubleAccelerator), .init(236, "f64s", .doubleAccelerator),
  ]
  /// The register that an instruction of kind `op` with number `n` reaches on a core with `options`; nil: illegal instruction.
  static func find(_ op: Op, _ n: UInt32, _ options: Configuration.Options) -> SpecialRegister? {
    (op == .rur || op == .wur ? user : special).first { r in
      guard r.number == Int(n), options.isSuperset(of: r.option) else { return false }
      return switch op {
      case .rsr: r.access != .writeOnly
      case .wsr: r.access != .readOnly
      case .xsr: r.access == .readWrite && r.number != Number.configID0
      default: true
      }
    }
  }
}

/// Fields of PS (SR 230).
enum PS {
  static let intLevel: UInt32 = 0xF, excm: UInt32 = 1 << 4, um: UInt32 = 1 << 5, owb: UInt32 = 0xF00, callInc: UInt32 = 3 << 16, woe: UInt32 = 1 << 18
  /// The bits that a core without rings has.
  static let implemented: UInt32 = intLevel | excm | um | owb | callInc | woe
}

/// EXCCAUSE values.
enum Cause: UInt32 {
  case illegalInstruction = 0, syscall = 1, instructionFetchError = 2, loadStoreError = 3, level1Interrupt = 4, alloca = 5, integerDivideByZero = 6, loadStoreAlignment = 9
  case instFetchProhibited = 20, loadProhibited = 28, storeProhibited = 29, coprocessor0Disabled = 32
}
