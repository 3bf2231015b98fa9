import Machine

/// ESP32-S3 TRM chapter 27: an I2C controller: the ESP32's with other codes of its commands, eight of them, and a clock of its own choice.
enum ESP32S3I2C {
  enum Register: UInt32, CaseIterable, Sendable {
    case sclLowPeriod = 0x00, ctr = 0x04, sr = 0x08, to = 0x0C, slaveAddr = 0x10, fifoSt = 0x14, fifoConf = 0x18, data = 0x1C, intRaw = 0x20, intClr = 0x24, intEna = 0x28, intStatus = 0x2C, sdaHold = 0x30
    case sdaSample = 0x34, sclHighPeriod = 0x38, sclStartHold = 0x40, sclRstartSetup = 0x44, sclStopHold = 0x48, sclStopSetup = 0x4C, filterCfg = 0x50, clkConf = 0x54, comd0 = 0x58
    case sclStTimeOut = 0x78, sclMainStTimeOut = 0x7C, sclSpConf = 0x80, sclStretchConf = 0x84, date = 0xF8, txfifoStartAddr = 0x100
  }
  typealias Block = TranslatedRegisters<Register, ESP32I2C>
  static let translation = RegisterTranslation<Register, ESP32I2C> { t in
    // A period lasts a cycle more than it says.
    let more: @Sendable (UInt32) -> UInt32 = { $0 + 1 }
    t[.sclLowPeriod].keeps(0...8).field(0...8, .sclLowPeriod, 0...13, fromModel: { _ in 0 }, toModel: more)
    t[.ctr].keeps(9...9).keeps(12...14).field(0...8, .ctr).reset(0x20B)
    t[.sr].field(0...5, .sr).field(8...13, .sr).field(18...23, .sr)
    // A power of two, when it is enabled at all.
    t[.to].keeps(0...5).field(0...5, .to, 0...19, fromModel: { _ in 0 }, toModel: { $0[bit: 5] ? 1 << min(19, $0 & 31) : 0xF_FFFF }).reset(0x10)
    t[.slaveAddr].same(.slaveAddr)
    t[.fifoSt].field(0...19, .rxfifoSt)
    t[.fifoConf].keeps(14...14).field(0...13, .fifoConf).reset(0x408B)
    t[.data].same(.data)
    for (own, model) in [(Register.intRaw, ESP32I2C.Register.intRaw), (.intClr, .intClr), (.intEna, .intEna), (.intStatus, .intSt)] {
      t[own].field(0...3, model).field(4...4, model, 6...6).field(5...5, model).field(7...10, model)
    }
    t[.intEna].keeps(6...6).keeps(11...17)
    for (own, model) in [(Register.sdaHold, ESP32I2C.Register.sdaHold), (.sdaSample, .sdaSample), (.sclStartHold, .sclStartHold), (.sclRstartSetup, .sclRstartSetup), (.sclStopHold, .sclStopHold), (.sclStopSetup, .sclStopSetup)] {
      t[own].keeps(0...8).field(0...8, model, 0...13, fromModel: { _ in 0 }, toModel: more)
    }
    for own in [Register.sclStartHold, .sclRstartSetup, .sclStopHold, .sclStopSetup] { t[own].reset(8) }
    // Two parts of the time that SCL is high.
    t[.sclHighPeriod].keeps(0...15).field(0...15, .sclHighPeriod, 0...13, fromModel: { _ in 0 }, toModel: { $0 & 0x1FF + $0 >> 9 + 1 })
    t[.filterCfg].keeps(0...9).reset(0x300)
    t[.clkConf].keeps(0...21).reset(0x20_0000)
    t[.comd0, count: 8].field(0...13, .comd0).field(31...31, .comd0)
    t[.sclStTimeOut].keeps(0...4).reset(0x10)
    t[.sclMainStTimeOut].keeps(0...4).reset(0x10)
    // SCL_RST_SLV_EN: the pulses that free a target that holds SDA are over at once.
    t[.sclSpConf].keeps(1...7)
    t[.sclStretchConf].keeps(0...10).keeps(12...13)
    t[.date].keeps(0...31).reset(0x2007_0201)
    t[.txfifoStartAddr, count: 64].same(.fifoStartAddr)
  }
  static func make(_ n: Int, arena: StateArena, scheduler: Scheduler, clocks: ESP32Clocks) -> Block {
    let name = "ESP32S3.I2C\(n)", i2c = ESP32I2C(name: name, operations: .init(start: 6, write: 1, read: 3, stop: 2, end: 4), arena: arena, scheduler: scheduler, clocks: clocks)
    let block = Block(translation, name: name, model: i2c, arena: arena)
    i2c.source = { [unowned block] in
      let c = block[.clkConf]
      return (c[bit: 20] ? clocks.fastRC * 256 : clocks.xtal.pointee.frequency256) / (UInt64(c[bits: 0...7]) + 1)
    }
    return block
  }
}
