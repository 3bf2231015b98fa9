import Machine

/// ESP32-S2 TRM chapter 23: a UART: the ESP32's with wider fields.
enum ESP32S2UART {
  enum Register: UInt32, CaseIterable, Sendable {
    case fifo = 0x00, intRaw = 0x04, intSt = 0x08, intEna = 0x0C, intClr = 0x10, clkdiv = 0x14, autobaud = 0x18, status = 0x1C, conf0 = 0x20, conf1 = 0x24, lowpulse = 0x28, highpulse = 0x2C
    case rxdCnt = 0x30, flowConf = 0x34, sleepConf = 0x38, swfcConf0 = 0x3C, swfcConf1 = 0x40, idleConf = 0x44, rs485Conf = 0x48, atCmdPrecnt = 0x4C, atCmdPostcnt = 0x50, atCmdGaptout = 0x54
    case atCmdChar = 0x58, memConf = 0x5C, memTxStatus = 0x60, memRxStatus = 0x64, fsmStatus = 0x68, pospulse = 0x6C, negpulse = 0x70, date = 0x74, id = 0x78
  }
  typealias Block = TranslatedRegisters<Register, ESP32UART>
  static let translation = RegisterTranslation<Register, ESP32UART> { t in
    t[.fifo].same(.fifo)
    t[.intRaw].field(0...18, .intRaw)
    t[.intSt].field(0...18, .intSt)
    t[.intEna].field(0...18, .intEna).keeps(19...19)
    t[.intClr].field(0...18, .intClr)
    t[.clkdiv].field(0...23, .clkdiv).reset(0x2B6)
    t[.autobaud].field(0...0, .autobaud).field(8...15, .autobaud).reset(0x1000)
    t[.status].field(0...9, .status, 0...7).field(13...15, .status).field(16...25, .status, 16...23).field(29...31, .status)
    t[.conf0].field(0...27, .conf0).keeps(28...28).reset(0x1800_001C)
    t[.conf1].field(0...8, .conf1, 0...6).field(9...17, .conf1, 8...14).keeps(29...29).field(30...30, .conf1, 23...23).field(31...31, .conf1).reset(0xC060)
    for (own, model) in [(Register.lowpulse, ESP32UART.Register.lowpulse), (.highpulse, .highpulse), (.pospulse, .pospulse), (.negpulse, .negpulse)] { t[own].field(0...19, model) }
    t[.rxdCnt].field(0...9, .rxdCnt)
    t[.flowConf].keeps(0...5)
    t[.sleepConf].keeps(0...9).reset(0xF0)
    t[.swfcConf0].keeps(0...16).reset(0x26E0)
    t[.swfcConf1].keeps(0...16).reset(0x2200)
    t[.idleConf].keeps(0...27).reset(0xA4_0100)
    t[.rs485Conf].keeps(0...9)
    t[.atCmdPrecnt].keeps(0...15).reset(0x901)
    t[.atCmdPostcnt].keeps(0...15).reset(0x901)
    t[.atCmdGaptout].keeps(0...15).reset(0xB)
    t[.atCmdChar].field(0...15, .atCmdChar).reset(0x32B)
    // The ESP32 counts RX_TOUT in eights of bits.
    t[.memConf].keeps(1...27).field(7...15, .conf1, 16...22, fromModel: { _ in 0 }).field(16...25, .conf1, 24...30, fromModel: { _ in 0 }, toModel: { ($0 + 7) / 8 }).reset(0xA_0012)
    t[.memTxStatus].field(0...9, .memTxStatus, 13...19).field(11...20, .memTxStatus, 2...8)
    t[.memRxStatus].field(0...9, .memRxStatus, 2...8).field(11...20, .memRxStatus, 13...19)
    t[.fsmStatus].field(4...7, .status, 24...27)
    t[.date].keeps(0...31).reset(0x1808_2800)
    t[.id].keeps(0...31).reset(0x500)
  }
  static func make(_ n: Int, arena: StateArena, scheduler: Scheduler, clocks: ESP32Clocks) -> Block {
    let name = "ESP32S2.UART\(n)"
    return Block(translation, name: name, model: ESP32UART(name: name, arena: arena, scheduler: scheduler, clocks: clocks), arena: arena)
  }
}
