import Machine

/// ESP32-S2 TRM chapter 15: SYSTEM: the ESP32-S3's without an APP core, its registers elsewhere.
enum ESP32S2System {
  enum Register: UInt32, CaseIterable, Sendable {
    case romCtrl0 = 0x00, romCtrl1 = 0x04, sramCtrl0 = 0x08, sramCtrl1 = 0x0C, cpuPeriClkEn = 0x10, cpuPeriRstEn = 0x14, cpuPerConf = 0x18, jtagCtrl0 = 0x1C, memPdMask = 0x3C, peripClkEn0 = 0x40
    case peripClkEn1 = 0x44, peripRstEn0 = 0x48, peripRstEn1 = 0x4C, lpckDivInt = 0x50, btLpckDivFrac = 0x54, cpuIntrFromCpu0 = 0x58, rsaPdCtrl = 0x68, bustoextmemEna = 0x6C, cacheControl = 0x70
    case externalDeviceEncryptDecryptControl = 0x74, rtcFastmemConfig = 0x78, rtcFastmemCrc = 0x7C, redundantEcoCtrl = 0x80, clockGate = 0x84, sramCtrl2 = 0x88, sysclkConf = 0x8C, date = 0xFFC
  }
  typealias Block = TranslatedRegisters<Register, ESP32S3System>
  static let translation = RegisterTranslation<Register, ESP32S3System> { t in
    let resets: [Register: UInt32] = [
      .romCtrl0: 3, .romCtrl1: 0xC, .sramCtrl0: 0x3F_FFFF, .cpuPeriRstEn: 0x80, .memPdMask: 1, .peripClkEn0: 0xF9C1_E06F, .lpckDivInt: 0xFF, .btLpckDivFrac: 0x200_0000, .rsaPdCtrl: 1, .bustoextmemEna: 1,
      .cacheControl: 3, .clockGate: 1, .sramCtrl2: 0x3F_FFFF, .date: 0x190_8020,
    ]
    for r in Register.allCases { t[r].keeps(0...31).reset(resets[r] ?? 0) }
    t[.jtagCtrl0, count: 8].keeps(0...31)
    func same(_ own: Register, _ model: ESP32S3System.Register, count n: Int = 1, reset: UInt32) { t[own, count: n].keepsNothing().same(model).reset(reset) }
    same(.cpuPerConf, .cpuPerConf, reset: 0xC)
    same(.peripRstEn0, .peripRstEn0, reset: 0)
    same(.peripRstEn1, .peripRstEn1, reset: 0x7E)
    same(.cpuIntrFromCpu0, .cpuIntrFromCpu0, count: 4, reset: 0)
    same(.rtcFastmemConfig, .rtcFastmemConfig, reset: 0x7FF0_0000)
    same(.rtcFastmemCrc, .rtcFastmemCrc, reset: 0)
    same(.sysclkConf, .sysclkConf, reset: 1)
  }
  static func make(arena: StateArena) -> Block { Block(translation, name: "ESP32S2.SYSTEM", model: ESP32S3System(chip: "ESP32S2", arena: arena), arena: arena) }
}

/// ESP32-S2 TRM chapter 8: the interrupt matrix's registers: one core's of the ESP32-S3.
enum ESP32S2Interrupts {
  enum Register: UInt32, CaseIterable, Sendable { case proMacIntrMap = 0x00, proIntrStatus0 = 0x17C, clockGate = 0x188, regDate = 0xFFC }
  static let sources = 95
  typealias Block = TranslatedRegisters<Register, ESP32S3InterruptCore>
  static let translation = RegisterTranslation<Register, ESP32S3InterruptCore> { t in
    t[.proMacIntrMap, count: sources].same(.macIntrMap)
    t[.proIntrStatus0, count: 3].same(.intrStatus0)
    t[.clockGate].keeps(0...1).reset(1)
    t[.regDate].keeps(0...27).reset(0x190_4180)
  }
  static func make(matrix: ESPInterruptMatrix, arena: StateArena) -> Block {
    Block(translation, name: "ESP32S2.INTERRUPT", model: ESP32S3InterruptCore(chip: "ESP32S2", core: 0, matrix: matrix, arena: arena), arena: arena)
  }
}
