import Foundation
import Testing

/// The run loop as compiled: no reference counting, no exclusivity checks, no allocation, no lazy initialisation.
@Suite struct HotPathTests {
  static let tools = ["/usr/bin/objdump", "/usr/bin/nm"]
  static let optimised: Bool = {
    #if DEBUG
    false
    #else
    true
    #endif
  }()

  static func output(_ tool: String, _ arguments: [String]) throws -> String {
    let process = Process(), pipe = Pipe()
    process.executableURL = URL(fileURLWithPath: tool)
    process.arguments = arguments
    process.standardOutput = pipe
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return String(decoding: data, as: UTF8.self)
  }

  @Test(.enabled(if: optimised && tools.allSatisfy { FileManager.default.isExecutableFile(atPath: $0) }, "needs a release build and binutils"))
  func theRunLoopCallsNothingOfTheRuntime() throws {
    let binary = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    let symbols = try Self.output("/usr/bin/nm", [binary]).split(separator: "\n").compactMap { $0.split(separator: " ").last.map(String.init) }
    let loops = symbols.filter { $0.contains("Xtensa0A4CoreC4loop") && ($0.contains("Quiet") || $0.contains("Checked")) }
    try #require(!loops.isEmpty, "the run loop is not in \(binary)")
    let forbidden = ["swift_retain", "swift_release", "swift_beginAccess", "swift_endAccess", "swift_allocObject", "swift_once", "swift_unowned", "swift_bridgeObject"]
    for name in loops {
      let lines = try Self.output("/usr/bin/objdump", ["-d", "--no-show-raw-insn", "--disassemble=\(name)", binary]).split(separator: "\n")
      let code = lines.filter { $0.contains(":\t") }
      #expect(code.count > 500, "\(name) has \(code.count) instructions: it is not the loop")
      for line in code { #expect(!forbidden.contains { line.contains($0) }, "\(line)") }
    }
  }
}
