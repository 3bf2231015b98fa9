/// A block of RAM, ROM or flash with its bytes and the knowledge of which pages a snapshot must hold.
public final class Memory {
  public static let pageSize = 4096
  public let name: String
  public let size: Int
  public let bytes: UnsafeMutablePointer<UInt8>
  /// The bytes at power-on, which a snapshot compares with; nil: all `fill`.
  private var origin: UnsafeMutablePointer<UInt8>
  /// What an unwritten byte holds: 0 for RAM, 0xFF for flash.
  public let fill: UInt8

  /// - Parameter size: bytes; a multiple of 4096.
  public init(_ name: String, size: Int, fill: UInt8 = 0) {
    precondition(size > 0 && size % Self.pageSize == 0)
    self.name = name
    self.size = size
    self.fill = fill
    bytes = .allocate(capacity: size)
    bytes.initialize(repeating: fill, count: size)
    origin = .allocate(capacity: size)
    origin.initialize(repeating: fill, count: size)
  }
  deinit {
    bytes.deallocate()
    origin.deallocate()
  }
  public var raw: UnsafeMutableRawPointer { UnsafeMutableRawPointer(bytes) }

  /// Puts `data` at `offset`, cut to the size, as contents from before power-on.
  public func load(_ data: some Collection<UInt8>, at offset: Int = 0) {
    guard offset >= 0, offset < size else { return }
    var i = offset
    for b in data {
      guard i < size else { break }
      bytes[i] = b
      origin[i] = b
      i += 1
    }
  }
  public var contents: [UInt8] { Array(UnsafeBufferPointer(start: bytes, count: size)) }

  func changedPages() -> [(Int, [UInt8])] {
    var pages: [(Int, [UInt8])] = []
    for p in 0..<(size / Self.pageSize) where isChanged(p) {
      let start = p * Self.pageSize
      pages.append((p, Array(UnsafeBufferPointer(start: bytes + start, count: Self.pageSize))))
    }
    return pages
  }
  private func isChanged(_ page: Int) -> Bool {
    let offset = page * Self.pageSize
    let a = UnsafeRawPointer(bytes + offset), b = UnsafeRawPointer(origin + offset)
    for i in stride(from: 0, to: Self.pageSize, by: 8)
    where a.load(fromByteOffset: i, as: UInt64.self) != b.load(fromByteOffset: i, as: UInt64.self) {
      return true
    }
    return false
  }
  func restore(_ pages: [(Int, [UInt8])]) {
    bytes.update(from: origin, count: size)
    for (p, data) in pages where p >= 0 && (p + 1) * Self.pageSize <= size && data.count == Self.pageSize {
      data.withUnsafeBufferPointer { (bytes + p * Self.pageSize).update(from: $0.baseAddress!, count: Self.pageSize) }
    }
  }
}
