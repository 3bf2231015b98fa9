/// All mutable state of a machine in one block of plain data: a snapshot is a copy of the block.
///
/// Devices allocate their state here once, at construction, under a hierarchical name such as
/// `"RP2040.TIMER.registers"`. `BitwiseCopyable` keeps references out, so nothing here needs save or load code.
public final class StateArena {
  public struct Section: Sendable, Equatable {
    public let name: String, offset: Int, size: Int
  }
  public private(set) var sections: [Section] = []
  public private(set) var used = 0
  /// Goes before the names of what is allocated: the second board of a machine has its own.
  public var scope = ""
  let base: UnsafeMutableRawPointer
  let capacity: Int

  public init(capacity: Int = 4 << 20) {
    self.capacity = capacity
    base = .allocate(byteCount: capacity, alignment: 64)
    base.initializeMemory(as: UInt8.self, repeating: 0, count: capacity)
  }
  deinit {
    for cut in cuts { cut() }
    base.deallocate()
  }
  /// What undoes wires that hold each other, when the machine with this state is gone.
  private var cuts: [() -> Void] = []
  func atEnd(_ cut: @escaping () -> Void) { cuts.append(cut) }

  /// Space for `count` values, all set to `initial`. The pointer is good for as long as the arena lives.
  public func allocate<T: BitwiseCopyable>(_ name: String, count: Int = 1, initial: T) -> UnsafeMutablePointer<T> {
    let offset = (used + 63) & ~63, size = MemoryLayout<T>.stride * count
    precondition(offset + size <= capacity, "state arena is full at \(name)")
    used = offset + size
    sections.append(Section(name: scope + name, offset: offset, size: size))
    let pointer = (base + offset).bindMemory(to: T.self, capacity: count)
    pointer.initialize(repeating: initial, count: count)
    return pointer
  }
}
