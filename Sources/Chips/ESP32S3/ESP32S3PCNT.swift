import Machine

/// ESP32-S3 TRM chapter 38: PCNT: the ESP32's with half of its units.
enum ESP32S3PCNT {
  enum Register: UInt32, CaseIterable, Sendable {
    case u0Conf0 = 0x00, u0Conf1 = 0x04, u0Conf2 = 0x08, u0Cnt = 0x30, intRaw = 0x40, intSt = 0x44, intEna = 0x48, intClr = 0x4C, u0Status = 0x50, ctrl = 0x60, date = 0xFC
  }
  static let units = 4
  typealias Block = TranslatedRegisters<Register, ESP32PCNT>
  static let translation = RegisterTranslation<Register, ESP32PCNT> { t in
    for (own, model) in [(Register.u0Conf0, ESP32PCNT.Register.u0Conf0), (.u0Conf1, .u0Conf1), (.u0Conf2, .u0Conf2)] { t[own, count: units, stride: 12].same(model, stride: 12) }
    t[.u0Cnt, count: units].same(.u0Cnt)
    for (own, model) in [(Register.intRaw, ESP32PCNT.Register.intRaw), (.intSt, .intSt), (.intEna, .intEna), (.intClr, .intClr)] { t[own].field(0...3, model) }
    t[.u0Status, count: units].field(0...6, .u0Status)
    t[.ctrl].field(0...7, .ctrl).field(16...16, .ctrl)
    t[.date].keeps(0...31).reset(0x1907_2601)
  }
  static func make(chip: String = "ESP32S3", arena: StateArena, scheduler: Scheduler, clocks: ESP32Clocks) -> Block {
    Block(translation, name: "\(chip).PCNT", model: ESP32PCNT(chip: chip, arena: arena, scheduler: scheduler, clocks: clocks), arena: arena)
  }
}
