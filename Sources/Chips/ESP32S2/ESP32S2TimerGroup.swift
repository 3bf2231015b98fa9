import Machine

/// ESP32-S2 TRM chapter 11: a timer group: the ESP32's, with a limit for RTCCALI.
enum ESP32S2TimerGroup {
  enum Register: UInt32, CaseIterable, Sendable { case t0config = 0x00, intEnaTimers = 0x98, rtccalicfg2 = 0xA8, timersDate = 0xF8, regclk = 0xFC }
  typealias Block = TranslatedRegisters<Register, ESP32TimerGroup>
  static let translation = RegisterTranslation<Register, ESP32TimerGroup> { t in
    t[.t0config, count: 42].same(.t0config)
    t[.rtccalicfg2].keeps(3...31).reset(0xFFFF_FF98)
    t[.timersDate].keeps(0...27).reset(0x190_7261)
    t[.regclk].keeps(31...31)
  }
  static func make(_ n: Int, arena: StateArena, scheduler: Scheduler, clocks: ESP32Clocks) -> Block {
    let name = "ESP32S2.TIMG\(n)"
    return Block(translation, name: name, model: ESP32TimerGroup(name: name, arena: arena, scheduler: scheduler, clocks: clocks, isLater: true), arena: arena)
  }
}
