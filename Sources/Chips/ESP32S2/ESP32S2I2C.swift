import Machine

/// ESP32-S2 TRM chapter 24: an I2C controller: the ESP32's with its interrupts and times at other places.
enum ESP32S2I2C {
  enum Register: UInt32, CaseIterable, Sendable {
    case sclLowPeriod = 0x00, ctr = 0x04, sr = 0x08, to = 0x0C, slaveAddr = 0x10, fifoSt = 0x14, fifoConf = 0x18, data = 0x1C, intRaw = 0x20, intClr = 0x24, intEna = 0x28, intStatus = 0x2C, sdaHold = 0x30
    case sdaSample = 0x34, sclHighPeriod = 0x38, sclStartHold = 0x40, sclRstartSetup = 0x44, sclStopHold = 0x48, sclStopSetup = 0x4C, sclFilterCfg = 0x50, sdaFilterCfg = 0x54, comd0 = 0x58
    case sclStTimeOut = 0x98, sclMainStTimeOut = 0x9C, sclSpConf = 0xA0, sclStretchConf = 0xA4, date = 0xF8, txfifoStartAddr = 0x100
  }
  typealias Block = TranslatedRegisters<Register, ESP32I2C>
  static let translation = RegisterTranslation<Register, ESP32I2C> { t in
    t[.sclLowPeriod].keeps(0...13).field(0...13, .sclLowPeriod, fromModel: { _ in 0 }, toModel: { $0 + 1 })
    t[.ctr].field(0...8, .ctr).keeps(9...11).reset(0xA0B)
    t[.sr].field(0...5, .sr).field(8...13, .sr).field(18...23, .sr)
    t[.to].keeps(0...24).field(0...24, .to, 0...19, fromModel: { _ in 0 }, toModel: { $0[bit: 24] ? min(0xF_FFFF, $0 & 0xFF_FFFF) : 0xF_FFFF })
    t[.slaveAddr].same(.slaveAddr)
    t[.fifoSt].field(0...19, .rxfifoSt)
    t[.fifoConf].field(0...13, .fifoConf).keeps(14...26).reset(0x155_408B)
    t[.data].same(.data)
    for (own, model) in [(Register.intRaw, ESP32I2C.Register.intRaw), (.intClr, .intClr), (.intEna, .intEna), (.intStatus, .intSt)] {
      t[own].field(0...3, model).field(4...4, model, 6...6).field(5...5, model).field(7...10, model)
    }
    t[.intEna].keeps(6...6).keeps(11...16)
    for (own, model) in [(Register.sdaHold, ESP32I2C.Register.sdaHold), (.sdaSample, .sdaSample), (.sclStartHold, .sclStartHold), (.sclRstartSetup, .sclRstartSetup), (.sclStopHold, .sclStopHold), (.sclStopSetup, .sclStopSetup)] {
      t[own].field(0...13, model)
    }
    for own in [Register.sclStartHold, .sclRstartSetup] { t[own].reset(8) }
    // Two parts of the time that SCL is high.
    t[.sclHighPeriod].keeps(0...27).field(0...27, .sclHighPeriod, 0...13, fromModel: { _ in 0 }, toModel: { $0 & 0x3FFF + $0 >> 14 })
    for own in [Register.sclFilterCfg, .sdaFilterCfg] { t[own].keeps(0...4).reset(0x10) }
    t[.comd0, count: 16].field(0...13, .comd0).field(31...31, .comd0)
    t[.sclStTimeOut].keeps(0...23).reset(0x100)
    t[.sclMainStTimeOut].keeps(0...23).reset(0x100)
    // SCL_RST_SLV_EN: the pulses that free a target that holds SDA are over at once.
    t[.sclSpConf].keeps(1...7)
    t[.sclStretchConf].keeps(0...10)
    t[.date].keeps(0...31).reset(0x1905_2000)
    t[.txfifoStartAddr, count: 32].same(.fifoStartAddr)
  }
  static func make(_ n: Int, arena: StateArena, scheduler: Scheduler, clocks: ESP32Clocks) -> Block {
    let name = "ESP32S2.I2C\(n)", i2c = ESP32I2C(name: name, arena: arena, scheduler: scheduler, clocks: clocks)
    let block = Block(translation, name: name, model: i2c, arena: arena)
    // REF_ALWAYS_ON, or REF_TICK.
    i2c.source = { [unowned block] in block[.ctr][bit: 11] ? clocks.apb.pointee.frequency256 : clocks.refTick.pointee.frequency256 }
    return block
  }
}
