import Machine

/// ESP32-S3 TRM chapter 10 and 13: RTC_CNTL: the ESP32's with its fields at other places, and the super watchdog, which never bites here.
enum ESP32S3RTCControl {
  enum Register: UInt32, CaseIterable, Sendable {
    case options0 = 0x00, slpTimer0 = 0x04, slpTimer1 = 0x08, timeUpdate = 0x0C, timeLow0 = 0x10, timeHigh0 = 0x14, state0 = 0x18, timer1 = 0x1C, timer2 = 0x20, timer3 = 0x24, timer4 = 0x28
    case timer5 = 0x2C, timer6 = 0x30, anaConf = 0x34, resetState = 0x38, wakeupState = 0x3C, intEnaRtc = 0x40, intRawRtc = 0x44, intStRtc = 0x48, intClrRtc = 0x4C, store0 = 0x50
    case store1 = 0x54, store2 = 0x58, store3 = 0x5C, extXtlConf = 0x60, extWakeupConf = 0x64, slpRejectConf = 0x68, cpuPeriodConf = 0x6C, sdioActConf = 0x70, clkConf = 0x74
    case slowClkConf = 0x78, sdioConf = 0x7C, biasConf = 0x80, rtc = 0x84, pwc = 0x88, regulatorDrvCtrl = 0x8C, digPwc = 0x90, digIso = 0x94, wdtconfig0 = 0x98, wdtconfig1 = 0x9C
    case wdtconfig2 = 0xA0, wdtconfig3 = 0xA4, wdtconfig4 = 0xA8, wdtfeed = 0xAC, wdtwprotect = 0xB0, swdConf = 0xB4, swdWprotect = 0xB8, swCpuStall = 0xBC, store4 = 0xC0, store5 = 0xC4
    case store6 = 0xC8, store7 = 0xCC, lowPowerSt = 0xD0, diag0 = 0xD4, padHold = 0xD8, digPadHold = 0xDC, extWakeup1 = 0xE0, extWakeup1Status = 0xE4, brownOut = 0xE8, timeLow1 = 0xEC
    case timeHigh1 = 0xF0, xtal32kClkFactor = 0xF4, xtal32kConf = 0xF8, ulpCpTimer = 0xFC, ulpCpCtrl = 0x100, cocpuCtrl = 0x104, touchCtrl1 = 0x108, touchCtrl2 = 0x10C, touchScanCtrl = 0x110
    case touchSlpThres = 0x114, touchApproach = 0x118, touchFilterCtrl = 0x11C, usbConf = 0x120, touchTimeoutCtrl = 0x124, slpRejectCause = 0x128, option1 = 0x12C, slpWakeupCause = 0x130
    case ulpCpTimer1 = 0x134, intEnaRtcW1ts = 0x138, intEnaRtcW1tc = 0x13C, retentionCtrl = 0x140, pgCtrl = 0x144, fibSel = 0x148, touchDac = 0x14C, touchDac1 = 0x150, cocpuDisable = 0x154
    case date = 0x1FC
  }
  typealias Block = TranslatedRegisters<Register, ESP32RTCControl>
  /// Pads of the RTC: GPIO0 to GPIO21.
  static let padCount = 22
  static let translation = RegisterTranslation<Register, ESP32RTCControl> { declare($0, resets: resets) { $0 } }
  static let resets: [Register: UInt32] = [
    .options0: 0x1C00A000, .timer1: 0x28140403, .timer2: 0x1080000, .timer3: 0x14160A08, .timer4: 0x10200A08, .timer5: 0x8000, .timer6: 0x10200A08, .anaConf: 0x440000, .resetState: 0x3000,
    .wakeupState: 0x60000, .extXtlConf: 0x66C80, .clkConf: 0x1158321C, .slowClkConf: 0x400000, .sdioConf: 0xAB0BE0A, .biasConf: 0x10800, .rtc: 0xA0000000, .pwc: 0x925, .digPwc: 0x545010,
    .digIso: 0xAA805080, .wdtconfig0: 0x13214, .wdtconfig1: 0x30D40, .wdtconfig2: 0x13880, .wdtconfig3: 0xFFF, .wdtconfig4: 0xFFF, .wdtwprotect: 0x50D83AA1, .swdConf: 0x4B00000,
    .swdWprotect: 0x8F1D312A, .brownOut: 0x43FF0010, .xtal32kConf: 0xFF00000, .ulpCpCtrl: 0x100200, .cocpuCtrl: 0x8A0810, .touchCtrl1: 0x10000100, .touchCtrl2: 0x840CC,
    .touchScanCtrl: 0xF0000102, .touchSlpThres: 0x78000000, .touchApproach: 0x50000000, .touchFilterCtrl: 0x96AA8800, .touchTimeoutCtrl: 0x7FFFFF, .ulpCpTimer1: 0xC800,
    .retentionCtrl: 0x28340000, .fibSel: 0x7, .date: 0x2101271,
  ]
  /// The registers of a chip that calls the ESP32-S3's by names of its own (nil: it lacks one), and whose SLEEP_REJECT_ENA begins at bit `firstRejection`.
  static func declare<Names: RawRepresentable & CaseIterable & Sendable & SendableMetatype>(
    _ t: RegisterTranslation<Names, ESP32RTCControl>.Builder, resets: [Register: UInt32], firstRejection: Int = 12, _ own: (Register) -> Names?
  ) where Names.RawValue == UInt32 {
    func at(_ r: Register) -> RegisterTranslation<Names, ESP32RTCControl>.Draft { own(r).map { t[$0] } ?? .init([]) }
    // Settings of voltages, waits, touch sensors and the coprocessor, and words for software.
    for r in Register.allCases { at(r).keeps(0...31).reset(resets[r] ?? 0) }
    at(.options0).keepsNothing().keeps(6...30).field(0...5, .options0).field(31...31, .options0)
    at(.slpTimer0).keepsNothing().same(.slpTimer0)
    at(.slpTimer1).keepsNothing().field(0...16, .slpTimer1)
    at(.timeUpdate).keepsNothing().keeps(27...29).field(31...31, .timeUpdate)
    at(.timeLow0).keepsNothing().same(.time0)
    at(.timeHigh0).keepsNothing().field(0...15, .time1)
    at(.state0).keepsNothing().keeps(22...30).field(31...31, .state0)
    at(.resetState).keepsNothing().keeps(18...25).field(0...13, .resetState)
    // The sources of waking have the numbers that they had, and there are more.
    at(.wakeupState).keepsNothing().field(15...25, .wakeupState, 11...21).keeps(26...31)
    at(.slpWakeupCause).keepsNothing().field(0...10, .wakeupState)
    for (own, model) in [(Register.intEnaRtc, ESP32RTCControl.Register.intEna), (.intRawRtc, .intRaw), (.intStRtc, .intSt), (.intClrRtc, .intClr)] {
      at(own).keepsNothing().field(0...1, model).field(3...3, model).field(10...10, model, 8...8)
    }
    at(.intEnaRtc).keeps(2...2).keeps(4...9).keeps(11...20)
    at(.intEnaRtcW1ts).keepsNothing().onWrite { d, _, v in d.write32(d.read32(at: Register.intEnaRtc.rawValue) | v, at: Register.intEnaRtc.rawValue) }
    at(.intEnaRtcW1tc).keepsNothing().onWrite { d, _, v in d.write32(d.read32(at: Register.intEnaRtc.rawValue) & ~v, at: Register.intEnaRtc.rawValue) }
    at(.extWakeupConf).keepsNothing().keeps(29...29).field(30...31, .extWakeupConf)
    at(.slpRejectConf).keepsNothing().keeps(firstRejection...firstRejection + 1).field(firstRejection + 2...firstRejection + 2, .slpRejectConf, 24...24).keeps(firstRejection + 3...29).field(30...31, .slpRejectConf, 26...27)
    at(.slpRejectCause).keepsNothing().field(2...2, .slpRejectConf, 28...28)
    at(.clkConf).keepsNothing().keeps(0...29).field(30...31, .clkConf)
    at(.digPwc).keepsNothing().keeps(0...30).field(31...31, .digPwc)
    at(.digIso).keepsNothing().same(.digIso)
    at(.wdtconfig0).keepsNothing().keeps(0...8).field(9...12, .wdtconfig0, 7...10).keeps(13...18).field(19...31, .wdtconfig0)
    for (n, r) in [Register.wdtconfig1, .wdtconfig2, .wdtconfig3, .wdtconfig4].enumerated() {
      if let model = ESP32RTCControl.Register(rawValue: ESP32RTCControl.Register.wdtconfig1.rawValue + UInt32(n) * 4) { at(r).keepsNothing().same(model) }
    }
    at(.wdtfeed).keepsNothing().field(31...31, .wdtfeed)
    at(.wdtwprotect).keepsNothing().same(.wdtwprotect)
    at(.swCpuStall).keepsNothing().field(20...31, .swCpuStall)
    at(.lowPowerSt).keepsNothing()
    at(.diag0).keepsNothing()
    at(.padHold).onWrite { d, _, _ in d.model.onHold() }
    at(.digPadHold).onWrite { d, _, _ in d.model.onHold() }
    at(.extWakeup1).keepsNothing().field(0...22, .extWakeup1)
    at(.extWakeup1Status).keepsNothing().field(0...21, .extWakeup1Status)
    at(.timeLow1).keepsNothing()
    at(.timeHigh1).keepsNothing()
    // The path of USB: other blocks ask for it.
    at(.usbConf).onWrite { d, _, _ in d.onChange?() }
  }
  static func make(arena: StateArena, scheduler: Scheduler, clocks: ESP32Clocks) -> Block {
    let rtc = ESP32RTCControl(chip: "ESP32S3", padCount: padCount, arena: arena, scheduler: scheduler, clocks: clocks)
    return Block(translation, name: "ESP32S3.RTC_CNTL", model: rtc, arena: arena)
  }
}
