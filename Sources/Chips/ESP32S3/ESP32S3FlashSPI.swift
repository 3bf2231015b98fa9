import Machine

/// The controllers of the flash, SPI0 for the cache and SPI1 for software (SPI_MEM in the vendor's headers): the ESP32's with other
/// places for the same fields.
enum ESP32S3FlashSPI {
  enum Register: UInt32, CaseIterable, Sendable {
    case cmd = 0x00, addr = 0x04, ctrl = 0x08, ctrl1 = 0x0C, ctrl2 = 0x10, clock = 0x14, user = 0x18, user1 = 0x1C, user2 = 0x20, mosiDlen = 0x24, misoDlen = 0x28, rdStatus = 0x2C
    case extAddr = 0x30, misc = 0x34, txCrc = 0x38, cacheFctrl = 0x3C, cacheSctrl = 0x40, sramCmd = 0x44, sramDrdCmd = 0x48, sramDwrCmd = 0x4C, sramClk = 0x50, fsm = 0x54, w0 = 0x58
    case flashWaitiCtrl = 0x98, flashSusCmd = 0x9C, flashSusCtrl = 0xA0, susStatus = 0xA4, timingCali = 0xA8, dinMode = 0xAC, dinNum = 0xB0, doutMode = 0xB4, smemTimingCali = 0xBC
    case smemDinMode = 0xC0, smemDinNum = 0xC4, smemDoutMode = 0xC8, eccCtrl = 0xCC, eccErrAddr = 0xD0, eccErrBit = 0xD4, smemAc = 0xDC, ddr = 0xE0, smemDdr = 0xE4, clockGate = 0xE8
    case coreClkSel = 0xEC, intEna = 0xF0, intClr = 0xF4, intRaw = 0xF8, intSt = 0xFC, date = 0x3FC
  }
  typealias Block = TranslatedRegisters<Register, ESP32SPI>
  static let translation = RegisterTranslation<Register, ESP32SPI> { t in
    // Settings of delays, of PSRAM, of suspending the flash and of error correction change nothing here.
    for r in Register.allCases { t[r].keeps(0...31) }
    func plain(_ own: Register, _ model: ESP32SPI.Register, _ bits: ClosedRange<Int> = 0...31) { t[own, count: 1].field(bits, model).keepsNothing() }
    plain(.cmd, .cmd, 18...31)
    plain(.addr, .addr)
    // FASTRD_MODE, the modes of two and four lines, and WRSR_2B are where they were.
    t[.ctrl].field(0...31, .ctrl).keepsNothing().reset(0x2C_A000)
    t[.ctrl1].reset(0xFFC)
    t[.clock].field(16...23, .clock, 12...17, fromModel: { _ in 0 }).field(31...31, .clock, fromModel: { _ in 0 }).reset(0x3_0103)
    t[.user].field(0...31, .user).keepsNothing().reset(0x8000_0000)
    t[.user1].field(0...7, .user1).field(26...31, .user1).keepsNothing().reset(0x5C00_0007)
    t[.user2].field(0...31, .user2).keepsNothing().reset(0x7000_0000)
    plain(.mosiDlen, .mosiDlen, 0...9)
    plain(.misoDlen, .misoDlen, 0...9)
    t[.rdStatus].field(0...15, .rdStatus).keepsNothing().keeps(16...23)
    t[.misc].field(0...1, .pin).field(9...9, .pin, 29...29).field(10...10, .pin, 30...30).keepsNothing().keeps(11...11).reset(2)
    // The state machine rests.
    t[.fsm].keepsNothing()
    t[.w0, count: 16].field(0...31, .w0).keepsNothing()
    t[.flashWaitiCtrl].reset(0x14)
    // A suspension or resumption is over at once.
    t[.flashSusCmd].keepsNothing().keeps(2...5)
    t[.flashSusCtrl].reset(0xEAF4)
    t[.ddr].reset(0x20)
    t[.clockGate].reset(1)
    t[.intSt].keepsNothing()
    t[.intRaw].keepsNothing()
    t[.date].reset(0x210_1040)
  }
  static func make(_ n: Int, chip: String = "ESP32S3", arena: StateArena, scheduler: Scheduler, clocks: ESP32Clocks, memory: ESP32DMAMemory) -> Block {
    let name = "\(chip).SPI\(n)", spi = ESP32SPI(name: name, arena: arena, scheduler: scheduler, clocks: clocks, memory: memory, leadsToPads: false)
    spi.addressIsRightAligned = true
    return Block(translation, name: name, model: spi, arena: arena)
  }
}
