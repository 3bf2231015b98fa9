#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif
import Machine

/// A decoded instruction: what the run loop needs, in 16 bytes.
@frozen public struct Slot<Op: BitwiseCopyable>: BitwiseCopyable {
  /// What to do now; `real` unless the code's flash word is not in the cache.
  public var op: Op
  public var real: Op
  public var d: UInt8 = 0, n: UInt8 = 0, m: UInt8 = 0
  public var cycles: UInt8 = 1
  /// Bytes of the instruction, and the registers' group that it needs; for cores with several lengths or windows.
  public var size: UInt8 = 0, window: UInt8 = 0
  public var imm: UInt32 = 0
  /// Distance to a branch's target in slots.
  public var delta: Int32 = 0
  @inlinable public init(_ op: Op) {
    self.op = op
    real = op
  }
}

/// A region's pointers: what a run loop holds, without reference counting.
@frozen public struct CodeView<Op: BitwiseCopyable>: BitwiseCopyable {
  public var base: UInt32, size: UInt32
  public var memory: UnsafeMutableRawPointer
  public var slots: UnsafeMutablePointer<Slot<Op>>
  /// One flag per `granule` bytes: slots were decoded there, so a store must drop them.
  public var granules: UnsafeMutablePointer<Bool>
  /// The cache's tags and its count of accesses; nil: no cache.
  public var tags: UnsafeMutablePointer<UInt32>?
  public var accesses: UnsafeMutablePointer<UInt64>?
  public var hostCalls: Bool
  @inlinable @inline(__always) public static var granuleShift: UInt32 { 6 }
}

/// Memory that holds code, with a slot per halfword: zeroed and lazily touched, so a large flash costs nothing.
public final class CodeRegion<Op: BitwiseCopyable> {
  public let base: UInt32
  public let size: UInt32
  public let memory: UnsafeMutableRawPointer
  public let slots: UnsafeMutablePointer<Slot<Op>>
  public let granules: UnsafeMutablePointer<Bool>
  public let writable: Bool
  public let hostCalls: Bool
  public let cache: FlashCache?
  public var view: CodeView<Op> {
    CodeView(
      base: base, size: size, memory: memory, slots: slots, granules: granules, tags: cache?.tags,
      accesses: cache.map { UnsafeMutableRawPointer($0.state).assumingMemoryBound(to: UInt64.self) }, hostCalls: hostCalls)
  }

  public init(base: UInt32, size: UInt32, memory: UnsafeMutableRawPointer, writable: Bool, hostCalls: Bool = false, cache: FlashCache? = nil) {
    self.base = base
    self.size = size
    self.memory = memory
    self.writable = writable
    self.hostCalls = hostCalls
    self.cache = cache
    let count = Int(size / 2) + 2
    guard let zeroed = calloc(count, MemoryLayout<Slot<Op>>.stride) else { fatalError("no host memory for decoded code") }
    slots = zeroed.bindMemory(to: Slot<Op>.self, capacity: count)
    let flags = Int(size >> CodeView<Op>.granuleShift) + 1
    granules = .allocate(capacity: flags)
    granules.initialize(repeating: false, count: flags)
  }
  deinit {
    free(slots)
    granules.deallocate()
  }
  /// Drops what was decoded from the bytes `offset..<offset+count` (and a 32-bit instruction that reaches into them).
  public func invalidate(offset: UInt32, count: UInt32) {
    guard offset < size, count > 0 else { return }
    let end = min(size, offset &+ min(count, size - offset)), shift = CodeView<Op>.granuleShift, granule: UInt32 = 1 << shift
    if count <= 4 {
      // A store beside code: what was not touched stays decoded.
      guard granules[Int(offset >> shift)] || granules[Int((end - 1) >> shift)] else { return }
      clear(from: offset, to: end)
      return
    }
    var at = offset & ~(granule - 1)
    while at < end {
      if granules[Int(at >> shift)] {
        granules[Int(at >> shift)] = false
        clear(from: at, to: min(size, at + granule))
      }
      if at > UInt32.max - granule { break }
      at += granule
    }
  }
  private func clear(from: UInt32, to: UInt32) {
    let first = from >= 2 ? from / 2 - 1 : 0
    memset(UnsafeMutableRawPointer(slots + Int(first)), 0, Int((to + 1) / 2 - first) * MemoryLayout<Slot<Op>>.stride)
  }
  public func invalidateAll() { invalidate(offset: 0, count: size) }
}
