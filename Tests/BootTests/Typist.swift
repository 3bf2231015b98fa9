import Boards
import Machine
import Testing

/// Somebody at a board's console, who types and waits for so many virtual seconds.
final class Typist {
  private let board: Board, port: Port
  private(set) var out: [UInt8] = []
  init(at board: Board, port: String) throws {
    self.board = board
    self.port = try #require(board.ports[port])
    self.port.onOutput = { [unowned self] in out.append($0) }
    self.port.isConnected = true
  }
  /// All that was printed since the last question.
  var text: String { String(decoding: out, as: UTF8.self).replacing("\r\n", with: "\n") }
  func wait(_ seconds: Double) { board.machine.run(until: board.machine.now + UInt64(seconds * 1e12)) }
  /// Waits for a word among the last that were printed.
  func wait(for word: String, atMost seconds: Double) {
    let end = board.machine.now + UInt64(seconds * 1e12)
    while board.machine.now < end, !String(decoding: out.suffix(40), as: UTF8.self).contains(word) { wait(0.01) }
  }
  /// Types a line and gives what follows its echo.
  func type(_ code: String, for seconds: Double = 0.3) -> String {
    out = []
    port.feed(Array((code + "\r").utf8))
    wait(seconds)
    return String(text.drop { $0 != "\n" })
  }
  /// The lines so far that begin with one of these words.
  func lines(_ words: String...) -> [String] { text.split(separator: "\n").filter { line in words.contains { line.hasPrefix($0) } }.map(String.init) }
  func forget() { out = [] }
}
