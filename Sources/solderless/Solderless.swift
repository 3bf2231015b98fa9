import ArgumentParser
import Foundation

@main struct Solderless: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "solderless",
    abstract: "Runs the firmware of microcontroller boards on no board at all.",
    discussion: "Begin with \"solderless demo\", or with \"solderless run pico\" for MicroPython's prompt.",
    subcommands: [RunCommand.self, DemoCommand.self, BoardsCommand.self, PartsCommand.self, LintCommand.self, TestCommand.self, FirmwareCommand.self, InspectCommand.self, FSCommand.self, FlashCommand.self])

  /// Wrong use ends with 2, a failed run with what it threw.
  static func main() {
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch {
      guard exitCode(for: error) == .validationFailure else { exit(withError: error) }
      say(fullMessage(for: error))
      Foundation.exit(2)
    }
  }
}

/// A failed run: one sentence on standard error, then the exit code.
func fail(_ sentence: String, code: Int32 = 1) -> ExitCode {
  FileHandle.standardError.write(Data("solderless: \(sentence)\n".utf8))
  return ExitCode(code)
}
func say(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }
