import Foundation
import TestSupport
import Testing

/// The same programs with an ESP32 and an ESP8266, whose modem lines lead to reset and boot strap: a client that puts both on, as most do,
/// must not reset the chip.
@Suite(.serialized) struct ESPClientTests {
  static let boards = ["esp32", "nodemcu"].filter { board in
    let ok = (try? ClientTests.run([ClientTests.binary.path, "firmware", "fetch", board == "esp32" ? board : "esp8266", board == "esp32" ? "1.27.0" : "1.23.0"], seconds: 60).code) == 0
    if !ok { print("ESPClientTests: no MicroPython for \(board), so it is skipped; name a folder in SOLDERLESS_FIRMWARE") }
    return ok
  }
  /// A board whose console is seen beside the client's.
  static func bench(_ board: String, _ serial: String) throws -> ClientTests.Bench {
    try ClientTests.Bench(["run", board, "--firmware", board == "esp32" ? "1.27.0" : "1.23.0", "--serial", serial, "--serial", "uart0=stdio"])
  }
  /// It has started once, from its flash.
  static func ranThrough(_ b: ClientTests.Bench, source: SourceLocation = #_sourceLocation) {
    let starts = b.said.components(separatedBy: "rst:").count + b.said.components(separatedBy: "rst cause:").count - 2
    #expect(starts == 1 && (b.said.contains("boot:0x13 ") || b.said.contains("boot mode:(3,")), "\(b.said)", sourceLocation: source)
  }

  @Test(.enabled(if: ClientTests.has(["mpremote", "--help"])), arguments: boards, ["pty:LINK", "rfc2217:0"]) func mpremote(board: String, serial: String) throws {
    let b = try Self.bench(board, serial)
    let url = serial.hasPrefix("pty") ? b.link : "rfc2217://127.0.0.1:" + b.port
    func mp(_ a: String...) throws -> String {
      let r = try ClientTests.run(["mpremote", "connect", url] + a, in: b.folder)
      #expect(r.code == 0, "\(a): \(r.output)")
      return r.output
    }
    #expect(try mp("exec", "import sys\nprint(6*7, sys.platform)") == "42 \(board == "esp32" ? "esp32" : "esp8266")\n")
    let text = String((0..<3000).map { Character(Unicode.Scalar(UInt8(33 + $0 * 7 % 90))) })
    _ = try mp("cp", try b.file("data.txt", text), ":data.txt")
    #expect(try mp("ls").contains("3000 data.txt"))
    _ = try mp("cp", ":data.txt", "back.txt")
    #expect(FileManager.default.contents(atPath: b.folder + "/back.txt") == Data(text.utf8))
    #expect(try mp("exec", "kept = 1") == "")
    #expect(try mp("resume", "exec", "print('kept' in globals())") == "True\n")
    #expect(try mp("soft-reset", "exec", "print('kept' in globals())") == "False\n")
    Self.ranThrough(b)
  }
  @Test(.enabled(if: ClientTests.hasAmpy), arguments: boards) func ampy(board: String) throws {
    let b = try Self.bench(board, "pty:LINK")
    // It resets nothing and waits for nothing, so the prompt has to be there.
    #expect(b.wait(20, for: ">>> "))
    let file = try b.file("t.py", "print('from ampy', 6*7)\n")
    #expect(try ClientTests.run(["ampy", "-p", b.link, "run", file]).output == "from ampy 42\n")
    #expect(try ClientTests.run(["ampy", "-p", b.link, "put", file, "kept.py"]).code == 0)
    #expect(try ClientTests.run(["ampy", "-p", b.link, "get", "kept.py"]).output.contains("from ampy"))
    Self.ranThrough(b)
  }
  @Test(.enabled(if: ClientTests.hasRshell), arguments: boards) func rshell(board: String) throws {
    let b = try Self.bench(board, "pty:LINK")
    #expect(b.wait(20, for: ">>> "))
    let file = try b.file("r.py", "print('rshell')\n")
    #expect(try ClientTests.run(["rshell", "-p", b.link, "--buffer-size", "128", "cp", file, "/pyboard/r.py"]).code == 0)
    #expect(try ClientTests.run(["rshell", "-p", b.link, "--buffer-size", "128", "cat", "/pyboard/r.py"]).output.contains("print('rshell')"))
    Self.ranThrough(b)
  }
  @Test(.enabled(if: ClientTests.hasThonny), arguments: boards) func thonny(board: String) throws {
    let b = try Self.bench(board, "pty:LINK")
    #expect(b.wait(20, for: ">>> "))
    let r = try ClientTests.run(["python3", ClientTests.here + "/thonny_client.py", b.link, board == "esp32" ? "ESP32" : "ESP8266"], seconds: 90)
    #expect(r.output == "execute: ['42', '\(board == "esp32" ? "esp32" : "esp8266")']\nread back: True\nupload: ['100']\nerror: True\n", "\(r.output)")
    Self.ranThrough(b)
  }
}
