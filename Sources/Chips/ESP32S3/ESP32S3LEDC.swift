import Machine

/// ESP32-S3 TRM chapter 35: LEDC: the low-speed half of the ESP32's, with a source that it chooses for all timers.
enum ESP32S3LEDC {
  enum Register: UInt32, CaseIterable, Sendable {
    case ch0Conf0 = 0x00, ch0Hpoint = 0x04, ch0Duty = 0x08, ch0Conf1 = 0x0C, ch0DutyR = 0x10, timer0Conf = 0xA0, timer0Value = 0xA4, intRaw = 0xC0, intSt = 0xC4, intEna = 0xC8, intClr = 0xCC
    case conf = 0xD0, date = 0xFC
  }
  typealias Block = TranslatedRegisters<Register, ESP32LEDC>
  /// Channels, and what they are the first of in the ESP32.
  static let count = 8, firstChannel = 8, firstTimer = 4
  static let translation = RegisterTranslation<Register, ESP32LEDC> { t in
    // The counter of overflows has no model.
    t[.ch0Conf0, count: count, stride: 20].field(0...4, .hsch0Conf0, from: firstChannel, stride: 20).keeps(5...17)
    t[.ch0Hpoint, count: count, stride: 20].field(0...13, .hsch0Hpoint, from: firstChannel, stride: 20)
    t[.ch0Duty, count: count, stride: 20].field(0...18, .hsch0Duty, from: firstChannel, stride: 20)
    t[.ch0Conf1, count: count, stride: 20].field(0...31, .hsch0Conf1, from: firstChannel, stride: 20)
    t[.ch0DutyR, count: count, stride: 20].field(0...18, .hsch0DutyR, from: firstChannel, stride: 20)
    // TICK_SEL is the choice between two clocks that the ESP32 has.
    t[.timer0Conf, count: 4, stride: 8].field(0...3, .hstimer0Conf, from: firstTimer, stride: 8).field(4...25, .hstimer0Conf, 5...26, from: firstTimer, stride: 8).reset(0x80_0000)
    t[.timer0Value, count: 4, stride: 8].field(0...13, .hstimer0Value, from: firstTimer, stride: 8)
    for (own, model) in [(Register.intRaw, ESP32LEDC.Register.intRaw), (.intSt, .intSt), (.intEna, .intEna), (.intClr, .intClr)] { t[own].field(0...3, model, 4...7).field(4...11, model, 16...23) }
    t[.conf].keeps(0...1).keeps(31...31).onWrite { d, _, _ in d.model.sourceChanged() }
    t[.date].keeps(0...31).reset(0x1904_0200)
  }
  static func make(chip: String = "ESP32S3", arena: StateArena, scheduler: Scheduler, clocks: ESP32Clocks) -> Block {
    let ledc = ESP32LEDC(chip: chip, arena: arena, scheduler: scheduler, clocks: clocks)
    let block = Block(translation, name: "\(chip).LEDC", model: ledc, arena: arena)
    ledc.lowSpeedSource = { [unowned block] in [0, clocks.apb.pointee.frequency256, clocks.fastRC * 256, clocks.xtal.pointee.frequency256][Int(block[.conf] & 3)] }
    return block
  }
}
