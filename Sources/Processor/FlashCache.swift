import Machine

/// The cache before an external flash: 16 KiB, two ways, lines of 8 bytes with a valid bit per word
/// (RP2040 datasheet §2.6.3). The replacement policy is not published; a pseudo-random way goes, which comes
/// nearer to published timings of code larger than the cache than the older way does.
public final class FlashCache {
  public struct State: BitwiseCopyable {
    /// Data accesses counted one by one, instruction fetches through their misses.
    public var accesses: UInt64 = 0, misses: UInt64 = 0
    /// Core cycles that a miss adds.
    public var missPenalty: UInt32 = 40
    public var enabled = true
    var random: UInt32 = 1
  }
  public static let sets = 1024
  public let state: UnsafeMutablePointer<State>
  /// [set * 2 + way]: line address bits above the set, shifted left by 2, and the two valid bits.
  public let tags: UnsafeMutablePointer<UInt32>
  /// Decoded code over this flash: slots of 16 bytes whose first byte is the operation to do now and whose second is
  /// the real one. Raw pointers, because a fill must cost no reference counting.
  private struct Client: BitwiseCopyable {
    var slots: UnsafeMutableRawPointer
    var count: Int
    var miss: UInt8
  }
  private let clients: UnsafeMutablePointer<Client>
  private var clientCount = 0
  /// Told when all lines went.
  public var onFlush: [() -> Void] = []

  public init(name: String, arena: StateArena) {
    state = arena.allocate("\(name).state", initial: State())
    tags = arena.allocate("\(name).tags", count: Self.sets * 2, initial: UInt32(0))
    clients = .allocate(capacity: 8)
  }
  deinit { clients.deallocate() }

  /// Keeps the slots of `region` in step: those of words that are not in the cache do `miss` instead of what they are.
  public func serve<Op>(_ region: CodeRegion<Op>, miss: UInt8) {
    precondition(clientCount < 8 && MemoryLayout<Slot<Op>>.stride == 16)
    clients[clientCount] = Client(slots: UnsafeMutableRawPointer(region.slots), count: Int(region.size / 2), miss: miss)
    clientCount += 1
  }
  private func evicted(_ offset: UInt32) {
    for k in 0..<clientCount {
      let c = clients[k]
      for i in 0..<4 where Int(offset / 2) + i < c.count {
        let slot = c.slots + (Int(offset / 2) + i) * 16
        if slot.load(as: UInt8.self) != 0 { slot.storeBytes(of: c.miss, as: UInt8.self) }
      }
    }
  }
  private func filled(_ offset: UInt32) {
    for k in 0..<clientCount {
      let c = clients[k]
      for i in 0..<2 where Int(offset / 2) + i < c.count {
        let slot = c.slots + (Int(offset / 2) + i) * 16
        if slot.load(as: UInt8.self) == c.miss { slot.storeBytes(of: slot.load(fromByteOffset: 1, as: UInt8.self), as: UInt8.self) }
      }
    }
  }
  /// Whether the word at byte `offset` of the flash is in the cache.
  @inlinable @inline(__always) public func holds(_ offset: UInt32) -> Bool {
    let set = Int((offset >> 3) & 1023) * 2
    let key = (offset >> 13) << 2 | 1 << ((offset >> 2) & 1), mask: UInt32 = ~3 | 1 << ((offset >> 2) & 1)
    return tags[set] & mask == key || tags[set + 1] & mask == key
  }
  /// Brings the word at `offset` in; the cycles that it cost.
  public func fill(_ offset: UInt32) -> UInt32 {
    state.pointee.misses &+= 1
    state.pointee.accesses &+= 1
    guard state.pointee.enabled else { return state.pointee.missPenalty }
    let set = Int((offset >> 3) & 1023), tag = (offset >> 13) << 2, valid: UInt32 = 1 << ((offset >> 2) & 1)
    for way in 0..<2 where tags[set * 2 + way] & ~3 == tag && tags[set * 2 + way] & 3 != 0 {
      tags[set * 2 + way] |= valid
      filled(offset & ~3)
      return state.pointee.missPenalty
    }
    let way = tags[set * 2] & 3 == 0 ? 0 : tags[set * 2 + 1] & 3 == 0 ? 1 : nextWay()
    let victim = tags[set * 2 + way]
    tags[set * 2 + way] = tag | valid
    if victim & 3 != 0 { evicted((victim >> 2) << 13 | UInt32(set) << 3) }
    filled(offset & ~3)
    return state.pointee.missPenalty
  }
  /// One bit of a shift register with feedback (x^32 + x^22 + x^2 + x + 1).
  private func nextWay() -> Int {
    let r = state.pointee.random
    state.pointee.random = r >> 1 ^ (r & 1 == 0 ? 0 : 0x8020_0003)
    return Int(r & 1)
  }
  public func flush() {
    for i in 0..<(Self.sets * 2) { tags[i] = 0 }
    for f in onFlush { f() }
  }
}
