import Machine

/// ESP32-S3 TRM chapter 26: a UART, which is the ESP32's with wider fields and a clock of its own choice.
enum ESP32S3UART {
  enum Register: UInt32, CaseIterable, Sendable {
    case fifo = 0x00, intRaw = 0x04, intSt = 0x08, intEna = 0x0C, intClr = 0x10, clkdiv = 0x14, rxFilt = 0x18, status = 0x1C, conf0 = 0x20, conf1 = 0x24, lowpulse = 0x28, highpulse = 0x2C
    case rxdCnt = 0x30, flowConf = 0x34, sleepConf = 0x38, swfcConf0 = 0x3C, swfcConf1 = 0x40, txbrkConf = 0x44, idleConf = 0x48, rs485Conf = 0x4C, atCmdPrecnt = 0x50, atCmdPostcnt = 0x54
    case atCmdGaptout = 0x58, atCmdChar = 0x5C, memConf = 0x60, memTxStatus = 0x64, memRxStatus = 0x68, fsmStatus = 0x6C, pospulse = 0x70, negpulse = 0x74, clkConf = 0x78, date = 0x7C
    case id = 0x80
  }
  typealias Block = TranslatedRegisters<Register, ESP32UART>
  static let translation = RegisterTranslation<Register, ESP32UART> { t in
    t[.fifo].same(.fifo)
    t[.intRaw].field(0...18, .intRaw)
    t[.intSt].field(0...18, .intSt)
    t[.intEna].field(0...18, .intEna).keeps(19...19)
    t[.intClr].field(0...18, .intClr)
    t[.clkdiv].field(0...11, .clkdiv).field(20...23, .clkdiv).reset(0x2B6)
    t[.rxFilt].keeps(0...8).reset(8)
    t[.status].field(0...9, .status, 0...7).field(13...15, .status).field(16...25, .status, 16...23).field(29...31, .status)
    t[.conf0].field(0...24, .conf0).keeps(25...28).field(27...27, .autobaud, 0...0, fromModel: { _ in 0 }).reset(0x1000_001C)
    t[.conf1].field(0...9, .conf1, 0...6).field(10...19, .conf1, 8...14).keeps(20...21).field(22...22, .conf1, 23...23).field(23...23, .conf1, 31...31).reset(0x18060)
    for (own, model) in [(Register.lowpulse, ESP32UART.Register.lowpulse), (.highpulse, .highpulse), (.pospulse, .pospulse), (.negpulse, .negpulse)] { t[own].field(0...11, model, 0...19) }
    t[.rxdCnt].field(0...9, .rxdCnt)
    t[.flowConf].keeps(0...5)
    t[.sleepConf].keeps(0...9).reset(0xF0)
    t[.swfcConf0].keeps(0...17).reset(0x4CE0)
    t[.swfcConf1].keeps(0...17).reset(0x4400)
    t[.txbrkConf].keeps(0...7).reset(0xA)
    t[.idleConf].keeps(0...19).reset(0x40100)
    t[.rs485Conf].keeps(0...9)
    t[.atCmdPrecnt].keeps(0...15).reset(0x901)
    t[.atCmdPostcnt].keeps(0...15).reset(0x901)
    t[.atCmdGaptout].keeps(0...15).reset(0xB)
    t[.atCmdChar].field(0...15, .atCmdChar).reset(0x32B)
    // The ESP32 counts RX_TOUT in eights of bits.
    t[.memConf].keeps(1...28).field(7...16, .conf1, 16...22, fromModel: { _ in 0 }).field(17...26, .conf1, 24...30, fromModel: { _ in 0 }, toModel: { ($0 + 7) / 8 }).reset(0x14_0012)
    t[.memTxStatus].field(0...9, .memTxStatus, 13...19).field(11...20, .memTxStatus, 2...8)
    t[.memRxStatus].field(0...9, .memRxStatus, 2...8).field(11...20, .memRxStatus, 13...19)
    t[.fsmStatus].field(4...7, .status, 24...27)
    t[.clkConf].keeps(0...27).reset(0x370_1000).onWrite { d, _, _ in d.model.timingChanged() }
    t[.date].keeps(0...31).reset(0x200_8270)
    // REG_UPDATE is done at once.
    t[.id].keeps(0...30).reset(0x4000_0500)
  }
  static func make(_ n: Int, arena: StateArena, scheduler: Scheduler, clocks: ESP32Clocks) -> Block {
    let name = "ESP32S3.UART\(n)", uart = ESP32UART(name: name, arena: arena, scheduler: scheduler, clocks: clocks)
    let block = Block(translation, name: name, model: uart, arena: arena)
    uart.source = { [unowned block] in
      let c = block[.clkConf], f = [0, clocks.apb.pointee.frequency256, clocks.fastRC * 256, clocks.xtal.pointee.frequency256][Int(c[bits: 20...21])]
      // The divider of the core's clock: a whole number and B over A.
      let a = UInt64(c[bits: 6...11]), b = UInt64(c[bits: 0...5]), whole = UInt64(c[bits: 12...19]) + 1
      return a == 0 ? f / whole : f * a / (whole * a + b)
    }
    uart.timingChanged()
    return block
  }
}
