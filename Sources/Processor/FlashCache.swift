import Machine

/// The cache before an external flash: 16 KiB, two ways, lines of 8 bytes with a valid bit per word
/// (RP2040 datasheet §2.6.3). The replacement policy is not published; the way filled longer ago goes.
public final class FlashCache {
  public struct State: BitwiseCopyable {
    /// Data accesses counted one by one, instruction fetches through their misses.
    public var accesses: UInt64 = 0, misses: UInt64 = 0
    /// Core cycles that a miss adds.
    public var missPenalty: UInt32 = 40
    public var enabled = true
  }
  public static let sets = 1024
  public let state: UnsafeMutablePointer<State>
  /// [set * 2 + way]: line address bits above the set, shifted left by 2, and the two valid bits.
  public let tags: UnsafeMutablePointer<UInt32>
  private let older: UnsafeMutablePointer<UInt8>
  /// Told the byte offset of a line that left the cache, and of a word that came in.
  public var onEvict: [(UInt32) -> Void] = []
  public var onFill: [(UInt32) -> Void] = []
  public var onFlush: [() -> Void] = []

  public init(name: String, arena: StateArena) {
    state = arena.allocate("\(name).state", initial: State())
    tags = arena.allocate("\(name).tags", count: Self.sets * 2, initial: UInt32(0))
    older = arena.allocate("\(name).older", count: Self.sets, initial: UInt8(0))
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
      for f in onFill { f(offset & ~3) }
      return state.pointee.missPenalty
    }
    let way = tags[set * 2] & 3 == 0 ? 0 : tags[set * 2 + 1] & 3 == 0 ? 1 : Int(older[set])
    let victim = tags[set * 2 + way]
    older[set] = UInt8(1 - way)
    tags[set * 2 + way] = tag | valid
    if victim & 3 != 0 { for f in onEvict { f((victim >> 2) << 13 | UInt32(set) << 3) } }
    for f in onFill { f(offset & ~3) }
    return state.pointee.missPenalty
  }
  public func flush() {
    for i in 0..<(Self.sets * 2) { tags[i] = 0 }
    for f in onFlush { f() }
  }
}
