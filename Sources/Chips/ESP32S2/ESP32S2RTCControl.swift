import Machine

/// ESP32-S2 TRM chapter 9: RTC_CNTL: the ESP32-S3's without the register of the regulator's drive, so what follows it is a word lower.
enum ESP32S2RTCControl {
  enum Register: UInt32, CaseIterable, Sendable {
    case options0 = 0x00, slpTimer0 = 0x04, slpTimer1 = 0x08, timeUpdate = 0x0C, timeLow0 = 0x10, timeHigh0 = 0x14, state0 = 0x18, timer1 = 0x1C, timer2 = 0x20, timer3 = 0x24, timer4 = 0x28
    case timer5 = 0x2C, timer6 = 0x30, anaConf = 0x34, resetState = 0x38, wakeupState = 0x3C, intEnaRtc = 0x40, intRawRtc = 0x44, intStRtc = 0x48, intClrRtc = 0x4C, store0 = 0x50
    case store1 = 0x54, store2 = 0x58, store3 = 0x5C, extXtlConf = 0x60, extWakeupConf = 0x64, slpRejectConf = 0x68, cpuPeriodConf = 0x6C, sdioActConf = 0x70, clkConf = 0x74
    case slowClkConf = 0x78, sdioConf = 0x7C, biasConf = 0x80, reg = 0x84, pwc = 0x88, digPwc = 0x8C, digIso = 0x90, wdtconfig0 = 0x94, wdtconfig1 = 0x98, wdtconfig2 = 0x9C
    case wdtconfig3 = 0xA0, wdtconfig4 = 0xA4, wdtfeed = 0xA8, wdtwprotect = 0xAC, swdConf = 0xB0, swdWprotect = 0xB4, swCpuStall = 0xB8, store4 = 0xBC, store5 = 0xC0, store6 = 0xC4
    case store7 = 0xC8, lowPowerSt = 0xCC, diag0 = 0xD0, padHold = 0xD4, digPadHold = 0xD8, extWakeup1 = 0xDC, extWakeup1Status = 0xE0, brownOut = 0xE4, timeLow1 = 0xE8, timeHigh1 = 0xEC
    case xtal32kClkFactor = 0xF0, xtal32kConf = 0xF4, ulpCpTimer = 0xF8, ulpCpCtrl = 0xFC, cocpuCtrl = 0x100, touchCtrl1 = 0x104, touchCtrl2 = 0x108, touchScanCtrl = 0x10C
    case touchSlpThres = 0x110, touchApproach = 0x114, touchFilterCtrl = 0x118, usbConf = 0x11C, touchTimeoutCtrl = 0x120, slpRejectCause = 0x124, options1 = 0x128, slpWakeupCause = 0x12C
    case ulpCpTimer1 = 0x130, date = 0x138
  }
  typealias Block = TranslatedRegisters<Register, ESP32RTCControl>
  static let translation = RegisterTranslation<Register, ESP32RTCControl> { t in
    let resets: [ESP32S3RTCControl.Register: UInt32] = [
      .options0: 0x1C00_2000, .timer5: 0x1214_8000, .timer6: 0x1020_0000, .anaConf: 0xA4_0000, .clkConf: 0x158_3218, .sdioConf: 0x2B0_BE0A, .rtc: 0xA900_2400, .pwc: 0x1_2925, .digPwc: 0x55_5550,
      .digIso: 0xAAAA_5000, .brownOut: 0x3FF_2FF1,
    ]
    ESP32S3RTCControl.declare(t, resets: ESP32S3RTCControl.resets.merging(resets) { $1 }, firstRejection: 13) { r in
      switch r {
      case .regulatorDrvCtrl, .intEnaRtcW1ts, .intEnaRtcW1tc, .date: nil
      default: Register(rawValue: r.rawValue < 0x8C ? r.rawValue : r.rawValue - 4)
      }
    }
    t[.date].keeps(0...27).reset(0x190_6191)
  }
  static func make(arena: StateArena, scheduler: Scheduler, clocks: ESP32Clocks) -> Block {
    let rtc = ESP32RTCControl(chip: "ESP32S2", padCount: ESP32S3RTCControl.padCount, arena: arena, scheduler: scheduler, clocks: clocks)
    return Block(translation, name: "ESP32S2.RTC_CNTL", model: rtc, arena: arena)
  }
}
