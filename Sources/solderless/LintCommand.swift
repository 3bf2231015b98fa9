import ArgumentParser
import Boards
import Foundation

struct LintCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lint", abstract: "Checks diagrams: pins, parts, attributes, places.",
    discussion: "Exit code 1 when there is an error. Rules:\n\n" + DiagramLint.rules.map { "  \($0.name) (\($0.severity.rawValue)): \($0.what)" }.joined(separator: "\n"))
  @Argument(help: "Diagrams, or folders with a diagram.json.") var files: [String] = ["diagram.json"]
  @Flag(help: "Warnings end with exit code 1 too.") var strict = false
  @Option(help: "A rule to leave out. Repeatable.") var ignore: [String] = []

  func run() throws {
    for r in ignore where !DiagramLint.rules.contains(where: { $0.name == r }) {
      throw fail("there is no rule \"\(r)\"; there are \(DiagramLint.rules.map(\.name).joined(separator: ", "))", code: 2)
    }
    var failed = false
    for file in files {
      var isFolder: ObjCBool = false
      let path = FileManager.default.fileExists(atPath: file, isDirectory: &isFolder) && isFolder.boolValue ? (file.hasSuffix("/") ? file : file + "/") + "diagram.json" : file
      do {
        for f in DiagramLint.check(try Diagram(reading: BoardLoader.read(path), named: path)) where !ignore.contains(f.rule) {
          print("\(path):\(f.line): \(f.severity.rawValue): \(f.message) [\(f.rule)]")
          if f.severity == .error || strict && f.severity == .warning { failed = true }
        }
      } catch { throw fail("\(error)", code: 2) }
    }
    if failed { throw ExitCode(1) }
  }
}
