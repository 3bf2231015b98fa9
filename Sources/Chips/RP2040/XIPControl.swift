import Machine
import Processor

/// RP2040 datasheet §2.6.3: control of the flash cache, and the streaming FIFO.
public final class XIPControl: RegisterDevice, RegisterNaming {
  public enum Register: UInt32, CaseIterable, Sendable {
    case ctrl = 0x00, flush = 0x04, stat = 0x08, ctrHit = 0x0C, ctrAcc = 0x10, streamAddr = 0x14, streamCtr = 0x18, streamFifo = 0x1C
  }
  static let map = RegisterMap<XIPControl> { r in
    r[.ctrl].bits(0...1).bits(3...3).reset(3).onWrite { d, v in d.cache.state.pointee.enabled = v[bit: 0] }
    r[.flush].onWrite { d, v in if v[bit: 0] { d.cache.flush() } }
    r[.stat].onRead { d in 1 | (d[.streamCtr] == 0 ? 2 : 4) }
    r[.ctrHit].onRead { d in UInt32(truncatingIfNeeded: d.cache.state.pointee.accesses &- d.cache.state.pointee.misses &- d.base.pointee.hits) }
      .onWrite { d, _ in d.base.pointee.hits = d.cache.state.pointee.accesses &- d.cache.state.pointee.misses }
    r[.ctrAcc].onRead { d in UInt32(truncatingIfNeeded: d.cache.state.pointee.accesses &- d.base.pointee.accesses) }
      .onWrite { d, _ in d.base.pointee.accesses = d.cache.state.pointee.accesses }
    r[.streamAddr].bits(2...31)
    r[.streamCtr].bits(0...21).onWrite { d, _ in d.dreq.set(d[.streamCtr] != 0) }
    r[.streamFifo].onRead { $0.stream() }
  }
  struct Base: BitwiseCopyable { var hits: UInt64 = 0, accesses: UInt64 = 0 }
  let cache: FlashCache
  private let base: UnsafeMutablePointer<Base>
  private let flash: Memory
  /// High while the stream has words.
  public let dreq: Line
  init(arena: StateArena, cache: FlashCache, flash: Memory) {
    self.cache = cache
    self.flash = flash
    base = arena.allocate("RP2040.XIP_CTRL.base", initial: Base())
    dreq = Line("RP2040.XIP_CTRL.DREQ", arena: arena)
    super.init(Self.map, name: "RP2040.XIP_CTRL", arena: arena)
  }
  /// The next word of the stream: read from the flash while the counter lasts.
  func stream() -> UInt32 {
    guard self[.streamCtr] > 0 else { return 0 }
    let offset = Int(self[.streamAddr] & 0xFF_FFFC) % flash.size
    let v = flash.raw.load(fromByteOffset: offset, as: UInt32.self)
    self[.streamAddr] &+= 4
    self[.streamCtr] -= 1
    if self[.streamCtr] == 0 { dreq.set(false) }
    return v
  }
  public override func reset() {
    super.reset()
    cache.state.pointee.enabled = true
    dreq.set(false)
  }
}

/// The streaming FIFO's second door at 0x50400000, on the fast bus.
final class XIPAux: Device {
  private let control: XIPControl
  init(_ control: XIPControl) {
    self.control = control
    super.init(name: "RP2040.XIP_AUX")
  }
  override func read32(at offset: UInt32) -> UInt32 { control.stream() }
}
