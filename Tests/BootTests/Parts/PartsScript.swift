import Boards
import Frontend
import Machine
import Parts
import Testing

/// A MicroPython script on a board with parts, and what the test does when it prints a line.
struct PartsScript {
  /// - Parameter react: told each line that the script prints, while it runs on.
  /// - Returns: all that it printed.
  static func run(_ code: String, on board: Board, timeLimit: Double = 60, react: @escaping (String) -> Void) throws -> [String] {
    var line: [UInt8] = [], lines: [String] = []
    let repl = RawREPL(code: code)
    repl.onOutput = { byte in
      guard byte == 0x0A else { return line.append(byte) }
      let text = String(decoding: line, as: UTF8.self).replacing("\r", with: "")
      line = []
      lines.append(text)
      react(text)
    }
    let session = Session(board: board)
    session.repl = repl
    session.timeLimit = timeLimit
    board.powerOn()
    let ending = session.run()
    #expect(ending == .scriptDone(failed: false), "\(ending) \(String(decoding: repl.errors, as: UTF8.self))")
    return lines
  }
}
