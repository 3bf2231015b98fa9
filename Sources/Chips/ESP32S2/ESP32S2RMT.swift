import Machine

/// ESP32-S2 TRM chapter 29: RMT: the first four of the ESP32's channels, of which each sends or receives.
enum ESP32S2RMT {
  enum Register: UInt32, CaseIterable, Sendable {
    case ch0data = 0x00, ch0conf0 = 0x10, ch0conf1 = 0x14, ch0status = 0x30, ch0addr = 0x40, intRaw = 0x50, intSt = 0x54, intEna = 0x58, intClr = 0x5C, ch0carrierDuty = 0x60, ch0TxLim = 0x70
    case apbConf = 0x80, txSim = 0x84, refCntRst = 0x88, ch0RxCarrierRm = 0x8C, date = 0xFC, memory = 0x400
  }
  typealias Block = TranslatedRegisters<Register, ESP32RMT>
  static let count = 4, words = 64
  static let translation = RegisterTranslation<Register, ESP32RMT> { t in
    t[.ch0data, count: count].same(.ch0data)
    t[.ch0conf0, count: count, stride: 8].field(0...23, .ch0conf0, stride: 8).field(24...26, .ch0conf0, stride: 8).keeps(27...27).field(28...29, .ch0conf0, stride: 8).reset(0x3910_0002)
    t[.ch0conf1, count: count, stride: 8].field(0...15, .ch0conf1, stride: 8).keeps(16...16).field(17...19, .ch0conf1, stride: 8).reset(0xF20).onWrite { d, n, v in if v[bit: 20] { d.model.stop(n) } }
    t[.ch0status, count: count].field(0...8, .ch0status).field(10...18, .ch0status, 12...20).field(20...22, .ch0status, 24...26)
    t[.ch0addr, count: count].field(0...8, .ch0addr)
    for (own, model) in [(Register.intRaw, ESP32RMT.Register.intRaw), (.intSt, .intSt), (.intEna, .intEna), (.intClr, .intClr)] { t[own].field(0...11, model).field(12...15, model, 24...27) }
    t[.intEna].keeps(16...19)
    t[.ch0carrierDuty, count: count].same(.ch0carrierDuty).reset(0x40_0040)
    t[.ch0TxLim, count: count].field(0...8, .ch0TxLim).keeps(9...19).reset(0x80)
    t[.apbConf].field(0...1, .apbConf).keeps(2...31).reset(4)
    t[.txSim].keeps(0...4)
    t[.refCntRst].keeps(0...0).keepsNothing()
    t[.ch0RxCarrierRm, count: count].keeps(0...31)
    t[.date].keeps(0...31).reset(0x1907_2601)
    t[.memory, count: count * words].same(.memory)
  }
  static func make(arena: StateArena, scheduler: Scheduler, clocks: ESP32Clocks) -> Block {
    Block(translation, name: "ESP32S2.RMT", model: ESP32RMT(chip: "ESP32S2", words: words, arena: arena, scheduler: scheduler, clocks: clocks), arena: arena)
  }
}
