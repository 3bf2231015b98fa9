import Machine

/// ESP32-S3 TRM chapter 20: the SHA accelerator: blocks from its memory, or by DMA.
public final class ESP32S3SHA: RegisterDevice, RegisterNaming {
  public enum Register: UInt32, CaseIterable, Sendable {
    case mode = 0x00, tString = 0x04, tLength = 0x08, dmaBlockNum = 0x0C, start = 0x10, `continue` = 0x14, busy = 0x18, dmaStart = 0x1C, dmaContinue = 0x20, clearIrq = 0x24, irqEna = 0x28, date = 0x2C
    case hMem = 0x40, mMem = 0x80
  }
  static let map = RegisterMap<ESP32S3SHA> { r in
    r[.mode].bits(0...2)
    r[.tString].bits(0...31)
    r[.tLength].bits(0...5)
    r[.dmaBlockNum].bits(0...5)
    r[.start].onWrite { d, v in if v[bit: 0] { d.run(first: true, blocks: nil) } }
    r[.continue].onWrite { d, v in if v[bit: 0] { d.run(first: false, blocks: nil) } }
    r[.busy].reset(0)
    r[.dmaStart].onWrite { d, v in if v[bit: 0] { d.run(first: true, blocks: Int(d[.dmaBlockNum])) } }
    r[.dmaContinue].onWrite { d, v in if v[bit: 0] { d.run(first: false, blocks: Int(d[.dmaBlockNum])) } }
    r[.clearIrq].onWrite { d, v in if v[bit: 0] { d.irq.set(false) } }
    r[.irqEna].bits(0...0)
    r[.date].bits(0...29).reset(0x2019_0402)
    // Bytes as they follow in a message, so words that a processor sees the other way round.
    r[.hMem, count: 16].bits(0...31)
    r[.mMem, count: 32].bits(0...31)
  }
  private let hash: UnsafeMutablePointer<UInt64>
  /// The DMA's next byte, and the end of what was asked of it.
  private let take: () -> UInt8?, finish: () -> Void
  public let irq: Line
  init(chip: String = "ESP32S3", arena: StateArena, take: @escaping () -> UInt8?, finish: @escaping () -> Void) {
    self.take = take
    self.finish = finish
    hash = arena.allocate("\(chip).SHA.hash", count: 8, initial: UInt64(0))
    irq = Line("\(chip).SHA.IRQ", arena: arena)
    super.init(Self.map, name: "\(chip).SHA", arena: arena)
  }
  /// Takes one block of M_MEM, or `blocks` of the DMA's.
  private func run(first: Bool, blocks: Int?) {
    let algorithms: [SHABlock.Algorithm] = [.sha1, .sha224, .sha256, .sha384, .sha512], mode = Int(self[.mode])
    guard mode < algorithms.count else {
      log?.once("\(name): SHA-512/t is not modelled: the hash stays as it is")
      return
    }
    let a = algorithms[mode], isLong = a.blockWords == 32
    if first {
      for (i, h) in SHABlock.initial(a).enumerated() { hash[i] = h }
    } else {
      for i in 0..<8 { hash[i] = isLong ? UInt64(self[.hMem, 2 * i].byteSwapped) << 32 | UInt64(self[.hMem, 2 * i + 1].byteSwapped) : UInt64(self[.hMem, i].byteSwapped) }
    }
    for _ in 0..<(blocks ?? 1) {
      if blocks != nil {
        for i in 0..<a.blockWords { self[.mMem, i] = (0..<4).reduce(UInt32(0)) { $0 | UInt32(take() ?? 0) << UInt32($1 * 8) } }
      }
      SHABlock.take(a, into: hash) { self[.mMem, $0].byteSwapped }
    }
    for i in 0..<8 {
      if isLong {
        self[.hMem, 2 * i] = UInt32(truncatingIfNeeded: hash[i] >> 32).byteSwapped
        self[.hMem, 2 * i + 1] = UInt32(truncatingIfNeeded: hash[i]).byteSwapped
      } else {
        self[.hMem, i] = UInt32(truncatingIfNeeded: hash[i]).byteSwapped
      }
    }
    if blocks != nil {
      finish()
      if self[.irqEna][bit: 0] { irq.set(true) }
    }
  }
  public override func reset() {
    super.reset()
    irq.set(false)
  }
}
