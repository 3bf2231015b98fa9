import Boards
import Machine
import Testing

/// What goes to a strip of WS2812B: a bit is a high time of about 0.4 or 0.8 us, 24 of them are a pixel, green first.
final class PixelListener {
  /// The high times, in nanoseconds.
  private(set) var highs: [UInt64] = []
  private var rise: UInt64?
  init(_ board: Board, pad: String) throws {
    try #require(board.pins[pad]).net.onChange = { [unowned self, unowned machine = board.machine] level in
      if level == .high {
        rise = machine.now
      } else if let from = rise {
        highs.append((machine.now - from) / 1000)
        rise = nil
      }
    }
  }
  /// The last pixels, as 0xGGRRBB; none when there were fewer.
  func pixels(_ count: Int) -> [UInt32] {
    guard highs.count >= 24 * count else { return [] }
    let bits = Array(highs.suffix(24 * count))
    return stride(from: 0, to: bits.count, by: 24).map { bits[$0..<$0 + 24].reduce(UInt32(0)) { $0 << 1 | ($1 > 600 ? 1 : 0) } }
  }
}
