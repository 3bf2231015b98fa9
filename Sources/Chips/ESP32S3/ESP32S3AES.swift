import Machine

/// ESP32-S3 TRM chapter 19: the AES accelerator: one block by its registers, or blocks by DMA in the modes of SP 800-38A.
public final class ESP32S3AES: RegisterDevice, RegisterNaming {
  public enum Register: UInt32, CaseIterable, Sendable {
    case key0 = 0x00, textIn0 = 0x20, textOut0 = 0x30, mode = 0x40, trigger = 0x48, state = 0x4C, ivMem = 0x50, hMem = 0x60, j0Mem = 0x70, t0Mem = 0x80, dmaEnable = 0x90, blockMode = 0x94
    case blockNum = 0x98, incSel = 0x9C, aadBlockNum = 0xA0, remainderBitNum = 0xA4, `continue` = 0xA8, intClr = 0xAC, intEna = 0xB0, date = 0xB4, dmaExit = 0xB8
  }
  static let map = RegisterMap<ESP32S3AES> { r in
    r[.key0, count: 8].bits(0...31)
    r[.textIn0, count: 4].bits(0...31)
    r[.textOut0, count: 4].bits(0...31)
    r[.mode].bits(0...2)
    r[.trigger].onWrite { d, v in if v[bit: 0] { d.run() } }
    // 0: at rest, 2: the blocks of the DMA are done.
    r[.state].bits(0...1, .readOnly)
    for x in [Register.ivMem, .hMem, .j0Mem, .t0Mem] { r[x, count: 4].bits(0...31) }
    r[.dmaEnable].bits(0...0)
    r[.blockMode].bits(0...2)
    r[.blockNum].bits(0...31)
    r[.incSel].bits(0...0)
    r[.aadBlockNum].bits(0...31)
    r[.remainderBitNum].bits(0...6)
    r[.continue].onWrite { d, v in if v[bit: 0] { d.log?.once("\(d.name): GCM is not modelled: its tag stays as it is") } }
    r[.intClr].onWrite { d, v in if v[bit: 0] { d.irq.set(false) } }
    r[.intEna].bits(0...0)
    r[.date].bits(0...29).reset(0x2019_1210)
    r[.dmaExit].onWrite { d, _ in d[.state] = 0 }
  }
  /// The next byte of the DMA, a byte for it, and its end.
  private let take: () -> UInt8?, put: (UInt8) -> Void, finish: () -> Void
  public let irq: Line
  init(chip: String = "ESP32S3", arena: StateArena, take: @escaping () -> UInt8?, put: @escaping (UInt8) -> Void, finish: @escaping () -> Void) {
    self.take = take
    self.put = put
    self.finish = finish
    irq = Line("\(chip).AES.IRQ", arena: arena)
    super.init(Self.map, name: "\(chip).AES", arena: arena)
  }
  private func bytes(_ r: Register, _ count: Int = 16) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: self[r, $0 / 4] >> UInt32($0 % 4 * 8)) } }
  private func store(_ b: [UInt8], _ r: Register) { for i in 0..<4 { self[r, i] = (0..<4).reduce(UInt32(0)) { $0 | UInt32(b[i * 4 + $1]) << UInt32($1 * 8) } } }
  private enum BlockMode { static let ecb: UInt32 = 0, cbc: UInt32 = 1, ofb: UInt32 = 2, ctr: UInt32 = 3, cfb8: UInt32 = 4, cfb128: UInt32 = 5 }

  private func run() {
    let decrypts = self[.mode][bit: 2], key = bytes(.key0, [16, 24, 32, 32][Int(self[.mode] & 3)])
    guard self[.dmaEnable][bit: 0] else { return store(ESP32AES.crypt(bytes(.textIn0), key: key, decrypt: decrypts), .textOut0) }
    let mode = self[.blockMode]
    var iv = bytes(.ivMem)
    if mode > BlockMode.cfb128 { log?.once("\(name): GCM is not modelled: its blocks pass as they are") }
    // A chain of descriptors holds no more than the memory does.
    for _ in 0..<min(self[.blockNum], 1 << 16) {
      var block: [UInt8] = []
      while block.count < 16, let b = take() { block.append(b) }
      guard block.count == 16 else { break }
      func xor(_ a: [UInt8], _ b: [UInt8]) -> [UInt8] { (0..<16).map { a[$0] ^ b[$0] } }
      func encrypt(_ b: [UInt8]) -> [UInt8] { ESP32AES.crypt(b, key: key, decrypt: false) }
      var out = block
      switch mode {
      case BlockMode.ecb: out = ESP32AES.crypt(block, key: key, decrypt: decrypts)
      case BlockMode.cbc:
        out = decrypts ? xor(ESP32AES.crypt(block, key: key, decrypt: true), iv) : encrypt(xor(block, iv))
        iv = decrypts ? block : out
      case BlockMode.ofb:
        iv = encrypt(iv)
        out = xor(block, iv)
      case BlockMode.ctr:
        out = xor(block, encrypt(iv))
        // The counter is the last 32 bits, or all of it.
        var i = 15
        let last = self[.incSel][bit: 0] ? 0 : 12
        while i >= last {
          iv[i] &+= 1
          if iv[i] != 0 { break }
          i -= 1
        }
      case BlockMode.cfb8:
        for i in 0..<16 {
          out[i] = block[i] ^ encrypt(iv)[0]
          iv = iv.dropFirst() + [decrypts ? block[i] : out[i]]
        }
      case BlockMode.cfb128:
        out = xor(block, encrypt(iv))
        iv = decrypts ? block : out
      default: break
      }
      for b in out { put(b) }
    }
    store(iv, .ivMem)
    self[.state] = 2
    finish()
    if self[.intEna][bit: 0] { irq.set(true) }
  }
  public override func reset() {
    super.reset()
    irq.set(false)
  }
}
