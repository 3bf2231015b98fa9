import Machine

/// ESP32-S3 TRM chapter 37: RMT: the ESP32's eight channels, of which four only send and four only receive, with 48 words of memory each.
enum ESP32S3RMT {
  enum Register: UInt32, CaseIterable, Sendable {
    case txCh0data = 0x00, rxCh0data = 0x10, txCh0conf0 = 0x20, rxCh0conf0 = 0x30, rxCh0conf1 = 0x34, txCh0status = 0x50, rxCh0status = 0x60, intRaw = 0x70, intSt = 0x74, intEna = 0x78, intClr = 0x7C
    case ch0carrierDuty = 0x80, ch0RxCarrierRm = 0x90, ch0TxLim = 0xA0, ch0RxLim = 0xB0, sysConf = 0xC0, txSim = 0xC4, refCntRst = 0xC8, date = 0xCC, memory = 0x800
  }
  typealias Block = TranslatedRegisters<Register, ESP32RMT>
  /// Channels that send, and the words of memory that each of the eight has.
  static let senders = 4, words = 48
  static let translation = RegisterTranslation<Register, ESP32RMT> { t in
    t[.txCh0data, count: 4].same(.ch0data)
    t[.rxCh0data, count: 4].field(0...31, .ch0data, from: senders)
    // MEM_TX_WRAP_EN is the channel's own; TX_STOP and the updates have nothing to wait for.
    t[.txCh0conf0, count: 4].keeps(4...4).keeps(20...20)
      .field(8...15, .ch0conf0, 0...7, stride: 8).field(16...19, .ch0conf0, 24...27, stride: 8).field(21...22, .ch0conf0, 28...29, stride: 8)
      .field(5...5, .ch0conf1, 18...18, stride: 8).field(6...6, .ch0conf1, 19...19, stride: 8).field(3...3, .ch0conf1, 6...6, stride: 8).field(2...2, .ch0conf1, 4...4, stride: 8)
      .field(1...1, .ch0conf1, 3...3, stride: 8).field(0...0, .ch0conf1, 0...0, stride: 8).reset(0x71_0200).onWrite { d, n, v in if v[bit: 7] { d.model.stop(n) } }
    t[.rxCh0conf0, count: 4, stride: 8].field(0...7, .ch0conf0, from: senders, stride: 8).field(8...22, .ch0conf0, 8...23, from: senders, stride: 8).field(24...29, .ch0conf0, from: senders, stride: 8).reset(0x317F_FF02)
    t[.rxCh0conf1, count: 4, stride: 8].keeps(4...13).field(0...0, .ch0conf1, 1...1, from: senders, stride: 8).field(1...1, .ch0conf1, 2...2, from: senders, stride: 8)
      .field(2...2, .ch0conf1, 4...4, from: senders, stride: 8).field(3...3, .ch0conf1, 5...5, from: senders, stride: 8).reset(0x1E8)
    t[.txCh0status, count: 4].field(0...9, .ch0status, 12...21).field(22...24, .ch0status, 24...26)
    t[.rxCh0status, count: 4].field(0...9, .ch0status, 0...9, from: senders).field(22...24, .ch0status, 24...26, from: senders)
    for (own, model) in [(Register.intRaw, ESP32RMT.Register.intRaw), (.intSt, .intSt), (.intEna, .intEna), (.intClr, .intClr)] {
      for n in 0..<4 {
        let rx = senders + n
        t[own].field(n...n, model, (3 * n)...(3 * n)).field((4 + n)...(4 + n), model, (3 * n + 2)...(3 * n + 2)).field((8 + n)...(8 + n), model, (24 + n)...(24 + n))
          .field((16 + n)...(16 + n), model, (3 * rx + 1)...(3 * rx + 1)).field((20 + n)...(20 + n), model, (3 * rx + 2)...(3 * rx + 2)).field((24 + n)...(24 + n), model, (24 + rx)...(24 + rx))
      }
    }
    t[.ch0carrierDuty, count: 4].same(.ch0carrierDuty).reset(0x40_0040)
    t[.ch0RxCarrierRm, count: 4].keeps(0...31)
    t[.ch0TxLim, count: 4].field(0...8, .ch0TxLim).keeps(9...19).keeps(21...21).reset(0x80)
    t[.ch0RxLim, count: 4].field(0...8, .ch0TxLim, from: senders).reset(0x80)
    t[.sysConf].keeps(0...26).keeps(31...31).reset(0x500_0010)
    t[.txSim].keeps(0...4)
    t[.refCntRst]
    t[.date].keeps(0...27).reset(0x210_1181)
    t[.memory, count: 8 * words].same(.memory)
  }
  static func make(arena: StateArena, scheduler: Scheduler, clocks: ESP32Clocks) -> Block {
    let rmt = ESP32RMT(chip: "ESP32S3", words: words, arena: arena, scheduler: scheduler, clocks: clocks)
    let block = Block(translation, name: "ESP32S3.RMT", model: rmt, arena: arena)
    rmt.source = { [unowned block] in
      let c = block[.sysConf]
      return [0, clocks.apb.pointee.frequency256, clocks.fastRC * 256, clocks.xtal.pointee.frequency256][Int(c[bits: 24...25])] / (UInt64(c[bits: 4...11]) + 1)
    }
    rmt.wraps = { [unowned block] n in n >= senders || block[.txCh0conf0, n][bit: 4] }
    return block
  }
}
