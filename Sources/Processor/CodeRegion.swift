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
  private var padding: UInt16 = 0
  public var imm: UInt32 = 0
  /// Distance to a branch's target in slots.
  public var delta: Int32 = 0
  @inlinable public init(_ op: Op) {
    self.op = op
    real = op
  }
}

/// Memory that holds code, with a slot per halfword: zeroed and lazily touched, so a large flash costs nothing.
public final class CodeRegion<Op: BitwiseCopyable> {
  public let base: UInt32
  public let size: UInt32
  public let memory: UnsafeMutableRawPointer
  public let slots: UnsafeMutablePointer<Slot<Op>>
  /// One flag per 256 bytes: slots were decoded there, so a store must drop them.
  public let granules: UnsafeMutablePointer<Bool>
  public let writable: Bool
  public let hostCalls: Bool
  public let cache: FlashCache?
  var slotCount: Int { Int(size / 2) + 2 }

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
    granules = .allocate(capacity: Int(size >> 8) + 1)
    granules.initialize(repeating: false, count: Int(size >> 8) + 1)
  }
  deinit {
    free(slots)
    granules.deallocate()
  }
  /// Drops what was decoded from the bytes `offset..<offset+count` (and a 32-bit instruction that reaches into them).
  public func invalidate(offset: UInt32, count: UInt32) {
    guard offset < size, count > 0 else { return }
    let first = offset & ~255, last = min(size - 1, offset &+ (count - 1) | 255)
    var g = first
    while g <= last {
      if granules[Int(g >> 8)] {
        granules[Int(g >> 8)] = false
        let bytes = 128 * MemoryLayout<Slot<Op>>.stride
        memset(UnsafeMutableRawPointer(slots + Int(g / 2)), 0, bytes)
        if g >= 2 { memset(UnsafeMutableRawPointer(slots + Int(g / 2) - 1), 0, MemoryLayout<Slot<Op>>.stride) }
      }
      if g > UInt32.max - 256 { break }
      g += 256
    }
  }
  public func invalidateAll() { invalidate(offset: 0, count: size) }
}
