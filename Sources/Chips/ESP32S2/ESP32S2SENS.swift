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
    // ESP32-S2 datasheet, table "ADC characteristics": what an average chip measures as its largest code.
    Block(translation, name: "ESP32S2.SENS", model: ESP32S3SENS(chip: "ESP32S2", fullScale: [800, 1100, 1350, 2600], bits: 13, arena: arena, scheduler: scheduler), arena: arena)
  }
}
