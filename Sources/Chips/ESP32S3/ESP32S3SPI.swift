import Machine

/// ESP32-S3 TRM chapter 30: SPI2 and SPI3: the ESP32's with their fields at other places and the DMA outside.
enum ESP32S3SPI {
  enum Register: UInt32, CaseIterable, Sendable {
    case cmd = 0x00, addr = 0x04, ctrl = 0x08, clock = 0x0C, user = 0x10, user1 = 0x14, user2 = 0x18, msDlen = 0x1C, misc = 0x20, dinMode = 0x24, dinNum = 0x28, doutMode = 0x2C, dmaConf = 0x30
    case dmaIntEna = 0x34, dmaIntClr = 0x38, dmaIntRaw = 0x3C, dmaIntSt = 0x40, dmaIntSet = 0x44, w0 = 0x98, slave = 0xE0, slave1 = 0xE4, clkGate = 0xE8, date = 0xF0
  }
  typealias Block = TranslatedRegisters<Register, ESP32SPI>
  static let translation = RegisterTranslation<Register, ESP32SPI> { t in
    // UPDATE is done at once.
    t[.cmd].keeps(0...17).field(24...24, .cmd, 18...18)
    t[.addr].same(.addr)
    t[.ctrl].keeps(0...22).field(23...23, .ctrl, 25...25).field(25...25, .ctrl, 26...26).reset(0x3C_0000)
    t[.clock].field(0...21, .clock).field(31...31, .clock).reset(0x8000_3043)
    t[.user].keeps(3...8).keeps(12...15).field(0...0, .user).field(9...9, .user, 7...7).field(17...17, .user, 16...16).field(24...31, .user).reset(0x8000_00C0)
    t[.user1].keeps(16...26).field(0...7, .user1).field(27...31, .user1, 26...30).reset(0xB841_0007)
    t[.user2].keeps(27...27).field(0...15, .user2).field(28...31, .user2).reset(0x7800_0000)
    t[.msDlen].field(0...17, .mosiDlen, 0...23).field(0...17, .misoDlen, 0...23, fromModel: { _ in 0 })
    t[.misc].keeps(3...6).keeps(10...28).keeps(31...31).field(0...2, .pin).field(7...9, .pin, 6...8).field(29...30, .pin).reset(0x3E)
    for r in [Register.dinMode, .dinNum, .doutMode] { t[r].keeps(0...31) }
    t[.dmaConf].keeps(18...28).onRead { _, _ in 3 }.reset(3)
    // The interrupt of a transaction's end; others do not come.
    t[.dmaIntEna].keeps(0...11).keeps(13...20).field(12...12, .slave, 9...9)
    t[.dmaIntRaw].field(12...12, .slave, 4...4)
    t[.dmaIntClr].onWrite { d, _, v in if v[bit: 12] { d.model.endSeen() } }
    t[.dmaIntSet].onWrite { d, _, v in if v[bit: 12] { d.model.endSeen(false) } }
    t[.dmaIntSt].onRead { d, _ in d.model[.slave][bit: 4] && d.model[.slave][bit: 9] ? 1 << 12 : 0 }
    t[.w0, count: 16].same(.w0)
    t[.slave].keeps(0...26).keeps(28...28).reset(0x280_0000).onWrite { d, _, v in
      if v[bit: 26] { d.log?.once("\(d.name) as an SPI target is not modelled: it gets no data") }
    }
    t[.slave1].keeps(0...31)
    t[.clkGate].keeps(0...2)
    t[.date].keeps(0...27).reset(0x210_1190)
  }
  static func make(_ n: Int, arena: StateArena, scheduler: Scheduler, clocks: ESP32Clocks, memory: ESP32DMAMemory, dma: ESP32S3DMA) -> Block {
    let name = "ESP32S3.SPI\(n)", spi = ESP32SPI(name: name, arena: arena, scheduler: scheduler, clocks: clocks, memory: memory, leadsToPads: true)
    let block = Block(translation, name: name, model: spi, arena: arena), peripheral = UInt32(n - 2)
    spi.stream = ESP32SPI.Stream(
      take: { [unowned block, unowned dma] in block[.dmaConf][bit: 28] ? .some(dma.take(for: peripheral) ?? 0) : nil },
      put: { [unowned block, unowned dma] b in
        guard block[.dmaConf][bit: 27] else { return false }
        dma.put(b, for: peripheral)
        return true
      },
      end: { [unowned block, unowned dma] in
        if block[.dmaConf][bit: 28] { dma.finishOutput(for: peripheral) }
        if block[.dmaConf][bit: 27] { dma.finishInput(for: peripheral) }
      })
    return block
  }
}
