import Machine

/// Memory that cores share and run code from. Whoever changes it besides a core says so with `changed`.
public final class CodeMemory {
  public let bytes: UnsafeMutableRawPointer
  public let size: UInt32
  /// - Parameter size: bytes; a multiple of 4096.
  public init(_ bytes: UnsafeMutableRawPointer, size: UInt32) {
    self.bytes = bytes
    self.size = size
  }
  public convenience init(_ memory: Memory) { self.init(memory.raw, size: UInt32(memory.size)) }
  /// Bytes were changed by DMA, a flash controller, a loader: what cores had decoded there goes.
  public func changed(offset: UInt32, count: UInt32) {}
}
