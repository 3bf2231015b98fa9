import Machine

/// ESP32-S2 TRM chapters 30 and 32: SENS: the SAR ADCs by the RTC's controller, of 13 bits, and the temperature sensor as in the
/// ESP32-S3; touch sensors stay untouched.
enum ESP32S2SENS {
  enum Register: UInt32, CaseIterable, Sendable {
    case sarReader1Ctrl = 0x00, sarTouchThres1 = 0x60, sarTouchChnSt = 0xD4, sarTouchStatus0 = 0xD8, sarDacCtrl1 = 0x11C, sarDacCtrl2 = 0x120, sarCocpuState = 0x124, sarCocpuIntRaw = 0x128
    case sarCocpuIntEna = 0x12C, sarCocpuIntSt = 0x130, sarCocpuIntClr = 0x134, sarCocpuDebug = 0x138, sarHallCtrl = 0x13C, sarNouse = 0x140, sarIoMuxConf = 0x144, sardate = 0x148
  }
  typealias Block = TranslatedRegisters<Register, ESP32S3SENS>
  static let translation = RegisterTranslation<Register, ESP32S3SENS> { t in
    for r in Register.allCases { t[r].keeps(0...31) }
    // All up to TOUCH_CONF are where the ESP32-S3 has them.
    t[.sarReader1Ctrl, count: 24].keepsNothing().same(.reader1Ctrl)
    t[.sarTouchThres1, count: 14].keeps(0...21)
    t[.sarTouchChnSt].onRead { _, _ in 1 << 31 }
    t[.sarTouchStatus0, count: 17].keepsNothing()
    t[.sarDacCtrl2].reset(0x300_0000)
    for r in [Register.sarCocpuState, .sarCocpuIntRaw, .sarCocpuIntSt, .sarCocpuIntClr, .sarCocpuDebug] { t[r].keepsNothing() }
    t[.sarHallCtrl].reset(0xA000_0000)
    t[.sardate].reset(0x190_6140)
  }
  static func make(arena: StateArena, scheduler: Scheduler) -> Block {
    // The volts at which an average chip gives the largest code, by what its fuses tell of it (ESP-IDF, esp_efuse_rtc_table.c): the codes of
    // 600, 800, 1000 and 2000 mV of either ADC.
    let codes: [[Float]] = [[6110, 5915, 5941, 6328], [5992, 5815, 5842, 6225]], bits = 13
    let fullScale = codes.map { zip([600, 800, 1000, 2000], $0).map { $0 * Float(1 << bits - 1) / $1 } }
    return Block(translation, name: "ESP32S2.SENS", model: ESP32S3SENS(chip: "ESP32S2", fullScale: fullScale, bits: bits, arena: arena, scheduler: scheduler), arena: arena)
  }
}
