/// What a bus bridge asks of a device besides a plain write (RP2040 datasheet §2.1.2).
public enum WriteMode: UInt8, Sendable, BitwiseCopyable { case normal, xor, set, clear }

/// Anything that answers at addresses of a bus.
open class Device {
  public let name: String
  /// Where accesses to what is not modelled are told.
  public final var log: Log?
  public init(name: String) { self.name = name }

  /// Reads the word at byte `offset` (a multiple of 4) from the device's base.
  open func read32(at offset: UInt32) -> UInt32 { 0 }
  open func write32(_ value: UInt32, at offset: UInt32) {}
  /// A write through an atomic alias; by default a read, the operation and a write.
  open func write32(_ value: UInt32, at offset: UInt32, mode: WriteMode) {
    switch mode {
    case .normal: write32(value, at: offset)
    case .xor: write32(read32(at: offset) ^ value, at: offset)
    case .set: write32(read32(at: offset) | value, at: offset)
    case .clear: write32(read32(at: offset) & ~value, at: offset)
    }
  }
  /// Whether reads of the word at `offset` give the same and change nothing until the next event is due, unless somebody
  /// writes to a device meanwhile.
  open func isSteady(at offset: UInt32) -> Bool { false }
  /// Back to the state after a reset of this block.
  open func reset() {}
}
