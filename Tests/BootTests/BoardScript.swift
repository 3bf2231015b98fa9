import Boards
import Foundation
import Testing

/// A program beside the tests: `# wires:`, `# parts:` and `# volts:` in its first lines say what is at the board, the file of the
/// same name with `.txt` what it prints, on every version.
struct BoardScript {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Scripts")
  /// The names of the programs in a folder of `Scripts`, or in `Scripts` itself.
  static func names(_ folder: String = "") -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: root.appendingPathComponent(folder).path)) ?? []).filter { $0.hasSuffix(".py") }.sorted().map { folder.isEmpty ? $0 : "\(folder)/\($0)" }
  }
  let code, expected: String
  init(_ name: String) throws {
    let file = Self.root.appendingPathComponent(name)
    code = try String(contentsOf: file, encoding: .utf8)
    expected = try String(contentsOf: file.deletingPathExtension().appendingPathExtension("txt"), encoding: .utf8)
  }
  func check(on board: Board) throws {
    for line in code.split(separator: "\n").prefix(while: { $0.hasPrefix("# ") }) {
      let words = line.split(separator: " ").dropFirst().map(String.init)
      for word in words.dropFirst() {
        switch words[0] {
        case "parts:": try board.add(word)
        case "wires:": try board.connect(word)
        case "volts:": try board.setVoltage(word)
        default: break
        }
      }
    }
    let (text, _) = try BootTests.execute(code, on: board)
    #expect(text.replacingOccurrences(of: "\r\n", with: "\n") == expected)
  }
}
