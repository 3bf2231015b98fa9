import Machine

/// ESP32-S2 TRM chapter 25: SPI2 and SPI3: the ESP32's, whose DMA is in the block too, with their fields at other places.
enum ESP32S2SPI {
  enum Register: UInt32, CaseIterable, Sendable {
    case cmd = 0x00, addr = 0x04, ctrl = 0x08, ctrl1 = 0x0C, ctrl2 = 0x10, clock = 0x14, user = 0x18, user1 = 0x1C, user2 = 0x20, mosiDlen = 0x24, misoDlen = 0x28, misc = 0x2C, slave = 0x30
    case slave1 = 0x34, slvWrbufDlen = 0x38, slvRdbufDlen = 0x3C, slvRdByte = 0x40, fsm = 0x44, hold = 0x48, dmaConf = 0x4C, dmaOutLink = 0x50, dmaInLink = 0x54, dmaIntEna = 0x58, dmaIntRaw = 0x5C
    case dmaIntSt = 0x60, dmaIntClr = 0x64, inErrEofDesAddr = 0x68, inSucEofDesAddr = 0x6C, inlinkDscr = 0x70, inlinkDscrBf0 = 0x74, inlinkDscrBf1 = 0x78, outEofBfrDesAddr = 0x7C
    case outEofDesAddr = 0x80, outlinkDscr = 0x84, outlinkDscrBf0 = 0x88, outlinkDscrBf1 = 0x8C, dmaOutstatus = 0x90, dmaInstatus = 0x94, w0 = 0x98, dinMode = 0xE0, dinNum = 0xE4, doutMode = 0xE8
    case doutNum = 0xEC, lcdCtrl = 0xF0, lcdCtrl1 = 0xF4, lcdCtrl2 = 0xF8, lcdDMode = 0xFC, lcdDNum = 0x100, regDate = 0x3FC
  }
  typealias Block = TranslatedRegisters<Register, ESP32SPI>
  static let translation = RegisterTranslation<Register, ESP32SPI> { t in
    t[.cmd].keeps(0...22).field(24...24, .cmd, 18...18)
    t[.addr].same(.addr)
    t[.ctrl].keeps(0...24).field(25...26, .ctrl).reset(0x2C_0000)
    t[.ctrl1].keeps(0...31).reset(0x4010)
    t[.ctrl2].keeps(0...31).reset(0x2000)
    t[.clock].field(0...31, .clock).reset(0x8000_3043)
    t[.user].keeps(3...8).keeps(10...15).field(0...0, .user).field(9...9, .user, 7...7).field(16...16, .user).field(24...31, .user).reset(0x8000_00C0)
    t[.user1].keeps(8...26).field(0...7, .user1).field(27...31, .user1, 26...30).reset(0xB800_0007)
    t[.user2].keeps(16...27).field(0...15, .user2).field(28...31, .user2).reset(0x7000_0000)
    t[.mosiDlen].field(0...22, .mosiDlen)
    t[.misoDlen].field(0...22, .misoDlen)
    t[.misc].keeps(3...6).keeps(10...28).keeps(31...31).field(0...2, .pin).field(7...9, .pin, 6...8).field(29...30, .pin).reset(0x3E)
    t[.slave].keeps(5...8).keeps(10...22).keeps(29...29).field(4...4, .slave).field(9...9, .slave).field(23...26, .slave).field(30...31, .slave).reset(0x200)
    for (r, v) in [(Register.slave1, 0), (.slvWrbufDlen, 0xD800_0000), (.slvRdbufDlen, 0), (.slvRdByte, 0xA00_0000), (.hold, 0), (.dinMode, 0), (.dinNum, 0), (.doutMode, 0), (.doutNum, 0), (.lcdCtrl, 0), (.lcdCtrl1, 0), (.lcdCtrl2, 0x1_0001), (.lcdDMode, 0), (.lcdDNum, 0)] as [(Register, UInt32)] {
      t[r].keeps(0...31).reset(v)
    }
    // The state machine rests.
    t[.fsm].reset(0)
    t[.dmaConf].keeps(4...31).field(2...3, .dmaConf).reset(0x200)
    t[.dmaOutLink].field(0...30, .dmaOutLink).keeps(31...31)
    t[.dmaInLink].field(0...30, .dmaInLink).keeps(31...31)
    for (own, model) in [(Register.dmaIntEna, ESP32SPI.Register.dmaIntEna), (.dmaIntRaw, .dmaIntRaw), (.dmaIntSt, .dmaIntSt), (.dmaIntClr, .dmaIntClr)] { t[own].field(0...8, model) }
    t[.dmaIntEna].keeps(9...15)
    for (own, model) in [
      (Register.inErrEofDesAddr, ESP32SPI.Register.inErrEofDesAddr), (.inSucEofDesAddr, .inSucEofDesAddr), (.inlinkDscr, .inlinkDscr), (.inlinkDscrBf0, .inlinkDscrBf0), (.inlinkDscrBf1, .inlinkDscrBf1),
      (.outEofBfrDesAddr, .outEofBfrDesAddr), (.outEofDesAddr, .outEofDesAddr), (.outlinkDscr, .outlinkDscr), (.outlinkDscrBf0, .outlinkDscrBf0), (.outlinkDscrBf1, .outlinkDscrBf1),
    ] { t[own].same(model) }
    // Nothing waits in the FIFOs.
    for r in [Register.dmaOutstatus, .dmaInstatus] { t[r].onRead { _, _ in 1 << 31 } }
    t[.w0, count: 16].same(.w0)
    t[.regDate].keeps(0...27).reset(0x190_7240)
  }
  static func make(_ n: Int, arena: StateArena, scheduler: Scheduler, clocks: ESP32Clocks, memory: ESP32DMAMemory) -> Block {
    let name = "ESP32S2.SPI\(n)"
    return Block(translation, name: name, model: ESP32SPI(name: name, arena: arena, scheduler: scheduler, clocks: clocks, memory: memory, leadsToPads: true), arena: arena)
  }
}
