import Machine

/// ESP32-S3 TRM chapter 19, ESP32-S2 TRM chapter 19: the AES accelerator: one block from its registers, or many by DMA in the modes
/// of operation (NIST SP 800-38A).
public final class ESP32S3AES: RegisterDevice, RegisterNaming {
  public enum Register: UInt32, CaseIterable, Sendable {
    case key0 = 0x00, textIn0 = 0x20, textOut0 = 0x30, mode = 0x40, endian = 0x44, trigger = 0x48, state = 0x4C, iv0 = 0x50, h0 = 0x60, j0 = 0x70, t0 = 0x80, dmaEnable = 0x90, blockMode = 0x94
    case blockNum = 0x98, incSel = 0x9C, aadBlockNum = 0xA0, remainderBitNum = 0xA4, `continue` = 0xA8, intClr = 0xAC, intEna = 0xB0, date = 0xB4, dmaExit = 0xB8
  }
  static let map = RegisterMap<ESP32S3AES> { r in
    r[.key0, count: 8].bits(0...31)
    r[.textIn0, count: 4].bits(0...31)
    r[.textOut0, count: 4].bits(0...31)
    r[.mode].bits(0...2)
    r[.endian].bits(0...5)
    r[.trigger].onWrite { d, v in if v[bit: 0] { d.run() } }
    // A transformation is over at once; that of the DMA's waits to be left.
    r[.state].bits(0...1, .readOnly)
    r[.iv0, count: 4].bits(0...31)
    for x in [Register.h0, .j0, .t0] { r[x, count: 4].bits(0...31) }
    r[.dmaEnable].bits(0...0)
    r[.blockMode].bits(0...2)
    r[.blockNum].bits(0...31)
    r[.incSel].bits(0...0)
    r[.aadBlockNum].bits(0...31)
    r[.remainderBitNum].bits(0...6)
    r[.continue].onWrite { d, _ in d.log?.once("\(d.name): GCM is not modelled: nothing is done") }
    r[.intClr].onWrite { d, v in if v[bit: 0] { d.irq.set(false) } }
    r[.intEna].bits(0...0)
    r[.date].bits(0...29).reset(0x2019_0514)
    r[.dmaExit].onWrite { d, v in if v[bit: 0] { d[.state] = 0 } }
  }
  /// The DMA that brings the text and takes the result.
  struct Stream {
    let take: () -> UInt8?, put: (UInt8) -> Void, finish: () -> Void
  }
  private let stream: Stream
  public let irq: Line
  init(chip: String = "ESP32S3", arena: StateArena, stream: Stream) {
    self.stream = stream
    irq = Line("\(chip).AES.IRQ", arena: arena)
    super.init(Self.map, name: "\(chip).AES", arena: arena)
  }
  private func bytes(_ r: Register, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: self[r, $0 / 4] >> UInt32($0 % 4 * 8)) } }
  private func store(_ b: [UInt8], _ r: Register) { for i in 0..<4 { self[r, i] = (0..<4).reduce(UInt32(0)) { $0 | UInt32(b[i * 4 + $1]) << UInt32($1 * 8) } } }
  private func run() {
    let mode = self[.mode], decrypt = mode[bit: 2], key = bytes(.key0, [16, 24, 32, 32][Int(mode & 3)])
    guard self[.dmaEnable][bit: 0] else { return store(ESP32AES.crypt(bytes(.textIn0, 16), key: key, decrypt: decrypt), .textOut0) }
    if self[.blockMode] > 5 { log?.once("\(name): GCM is not modelled: the text stays as it is") }
    var iv = bytes(.iv0, 16)
    // As much as a chain of the DMA's can hold, whatever BLOCK_NUM says.
    for _ in 0..<min(self[.blockNum], 1 << 16) {
      guard let first = stream.take() else { break }
      let text = [first] + (0..<15).map { _ in stream.take() ?? 0 }
      for b in crypt(text, key: key, decrypt: decrypt, &iv) { stream.put(b) }
    }
    store(iv, .iv0)
    stream.finish()
    self[.state] = 2
    if self[.intEna][bit: 0] { irq.set(true) }
  }
  /// A block in the mode of operation; `iv` is what the next one is chained to.
  private func crypt(_ text: [UInt8], key: [UInt8], decrypt: Bool, _ iv: inout [UInt8]) -> [UInt8] {
    func xor(_ a: [UInt8], _ b: [UInt8]) -> [UInt8] { zip(a, b).map { $0 ^ $1 } }
    func pad() -> [UInt8] { ESP32AES.crypt(iv, key: key, decrypt: false) }
    switch self[.blockMode] {
    case 0: return ESP32AES.crypt(text, key: key, decrypt: decrypt)
    case 1:
      let out = decrypt ? xor(ESP32AES.crypt(text, key: key, decrypt: true), iv) : ESP32AES.crypt(xor(text, iv), key: key, decrypt: false)
      iv = decrypt ? text : out
      return out
    case 2:
      iv = pad()
      return xor(text, iv)
    case 3:
      let out = xor(text, pad())
      // The counter is the whole block, or its last 32 bits.
      for i in stride(from: 15, through: self[.incSel][bit: 0] ? 0 : 12, by: -1) {
        iv[i] &+= 1
        if iv[i] != 0 { break }
      }
      return out
    case 4:
      return text.map { b in
        let out = b ^ pad()[0]
        iv = Array(iv.dropFirst()) + [decrypt ? b : out]
        return out
      }
    case 5:
      let out = xor(text, pad())
      iv = decrypt ? text : out
      return out
    default: return text
    }
  }
  public override func reset() {
    super.reset()
    irq.set(false)
  }
}
