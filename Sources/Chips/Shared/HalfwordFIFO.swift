/// Up to sixteen halfwords, first in, first out: what a serial block keeps.
struct HalfwordFIFO: BitwiseCopyable {
  private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
  private var head = 0
  private(set) var count = 0
  let capacity: Int
  /// - Parameter capacity: 16 at most.
  init(capacity: Int) { self.capacity = capacity }
  var isEmpty: Bool { count == 0 }
  var isFull: Bool { count == capacity }
  /// There must be room.
  mutating func push(_ v: UInt16) {
    let at = (head + count) & 15
    withUnsafeMutableBytes(of: &words) { $0.storeBytes(of: v, toByteOffset: at * 2, as: UInt16.self) }
    count += 1
  }
  /// 0 when it is empty.
  var first: UInt16 {
    var copy = self
    return copy.pop()
  }
  @discardableResult mutating func pop() -> UInt16 {
    guard count > 0 else { return 0 }
    let at = head
    head = (head + 1) & 15
    count -= 1
    return withUnsafeBytes(of: &words) { $0.load(fromByteOffset: at * 2, as: UInt16.self) }
  }
}
