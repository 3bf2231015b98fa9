import Machine

extension ESP8266 {
  /// The peripherals at 0x60000000: blocks of 256 bytes, most of them closer together than a page of the bus.
  final class BlockBus: Device {
    private let blocks: UnsafeMutablePointer<Unmanaged<Device>?>
    private var devices: [Device] = []
    init() {
      blocks = .allocate(capacity: 16)
      blocks.initialize(repeating: nil, count: 16)
      super.init(name: "ESP8266.APB")
    }
    deinit { blocks.deallocate() }
    /// Puts a device at `offset`, a multiple of 256.
    func map(_ device: Device, at offset: UInt32) {
      devices.append(device)
      blocks[Int(offset >> 8) & 15] = .passUnretained(device)
    }
    public override func read32(at offset: UInt32) -> UInt32 {
      guard let block = blocks[Int(offset >> 8) & 15] else {
        log?.unmodelled(device: name, register: "+0x" + String(offset, radix: 16), write: nil)
        return 0
      }
      return block._withUnsafeGuaranteedRef { $0.read32(at: offset & 0xFF) }
    }
    public override func write32(_ value: UInt32, at offset: UInt32) {
      guard let block = blocks[Int(offset >> 8) & 15] else {
        log?.unmodelled(device: name, register: "+0x" + String(offset, radix: 16), write: value)
        return
      }
      block._withUnsafeGuaranteedRef { $0.write32(value, at: offset & 0xFF) }
    }
  }

  /// Words that keep what is written, for blocks whose meaning nobody has published: the radio's.
  public class StorageBlock: Device {
    final let words: UnsafeMutablePointer<UInt32>
    final let count: Int
    init(name: String, size: Int, arena: StateArena) {
      count = size / 4
      words = arena.allocate("\(name).words", count: count, initial: UInt32(0))
      super.init(name: name)
    }
    public override func read32(at offset: UInt32) -> UInt32 {
      let i = Int(offset >> 2)
      return i < count ? words[i] : 0
    }
    public override func write32(_ value: UInt32, at offset: UInt32) {
      let i = Int(offset >> 2)
      if i < count { words[i] = value }
    }
    public override func reset() { for i in 0..<count { words[i] = 0 } }
  }
}
