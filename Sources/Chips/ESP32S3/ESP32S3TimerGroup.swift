import Machine

/// ESP32-S3 TRM chapter 12: a timer group: the ESP32's without LACT, with its interrupts' registers elsewhere.
enum ESP32S3TimerGroup {
  enum Register: UInt32, CaseIterable, Sendable {
    case t0config = 0x00, t0lo = 0x04, t0hi = 0x08, t0update = 0x0C, t0alarmlo = 0x10, t0alarmhi = 0x14, t0loadlo = 0x18, t0loadhi = 0x1C, t0load = 0x20, t1config = 0x24, t1lo = 0x28
    case t1hi = 0x2C, t1update = 0x30, t1alarmlo = 0x34, t1alarmhi = 0x38, t1loadlo = 0x3C, t1loadhi = 0x40, t1load = 0x44, wdtconfig0 = 0x48, wdtconfig1 = 0x4C, wdtconfig2 = 0x50
    case wdtconfig3 = 0x54, wdtconfig4 = 0x58, wdtconfig5 = 0x5C, wdtfeed = 0x60, wdtwprotect = 0x64, rtccalicfg = 0x68, rtccalicfg1 = 0x6C, intEnaTimers = 0x70, intRawTimers = 0x74
    case intStTimers = 0x78, intClrTimers = 0x7C, rtccalicfg2 = 0x80, ntimersDate = 0xF8, regclk = 0xFC
  }
  typealias Block = TranslatedRegisters<Register, ESP32TimerGroup>
  static let translation = RegisterTranslation<Register, ESP32TimerGroup> { t in
    for r in Register.allCases where r.rawValue < 0x70 {
      if let same = ESP32TimerGroup.Register(rawValue: r.rawValue) { t[r].same(same) }
    }
    for (own, model) in [(Register.intEnaTimers, ESP32TimerGroup.Register.intEnaTimers), (.intRawTimers, .intRawTimers), (.intStTimers, .intStTimers), (.intClrTimers, .intClrTimers)] { t[own].field(0...2, model) }
    t[.rtccalicfg2].keeps(3...31).reset(0xFFFF_FF98)
    t[.ntimersDate].keeps(0...27).reset(0x200_3071)
    t[.regclk].keeps(31...31)
  }
  static func make(_ n: Int, arena: StateArena, scheduler: Scheduler, clocks: ESP32Clocks) -> Block {
    let name = "ESP32S3.TIMG\(n)"
    return Block(translation, name: name, model: ESP32TimerGroup(name: name, arena: arena, scheduler: scheduler, clocks: clocks, isLater: true), arena: arena)
  }
}
