import Foundation
import Testing

/// Wokwi projects and scenarios from the command line.
extension CommandTests {
  static let diagram = """
    { "version": 1, "parts": [
        { "type": "wokwi-pi-pico", "id": "pico" },
        { "type": "wokwi-led", "id": "led1", "left": 150 }, { "type": "wokwi-pushbutton", "id": "btn1", "top": 90, "left": 150 },
        { "type": "wokwi-logic-analyzer", "id": "logic1", "left": 300 } ],
      "connections": [
        [ "pico:GP15", "led1:A", "green", [] ], [ "led1:C", "pico:GND.3", "black", [] ],
        [ "btn1:1.l", "pico:GP3", "blue", [] ], [ "btn1:2.l", "pico:GND.1", "black", [] ],
        [ "logic1:D0", "pico:GP4", "green", [] ], [ "logic1:D3", "pico:GP3", "green", [] ] ] }
    """
  /// Both channels of slice 7: the first is watched, the second drives the lamp by averages.
  static let program = "from machine import Pin, PWM\nimport time\nb = Pin(3, Pin.IN, Pin.PULL_UP)\nfor n in (14, 15): PWM(Pin(n), freq=1000, duty_u16=16384)\nout = Pin(4, Pin.OUT)\nprint('ready')\nwhile b.value(): pass\nout(1); time.sleep_ms(1); out(0)\nprint('pressed')\n"

  static func project(_ folder: Folder, _ steps: String) throws -> String {
    _ = try folder.file("diagram.json", Data(diagram.utf8))
    _ = try folder.file("go.py", Data(program.utf8))
    return try folder.file("a.test.yaml", Data("name: all\nversion: 1\nscript: go.py\nsteps:\n\(steps)\n".utf8))
  }
  @Test(.enabled(if: firmware != nil)) func scenariosEndWithTheirExitCodes() throws {
    let folder = try Folder()
    defer { folder.remove() }
    let passes = try Self.project(folder, """
        - wait-serial: ready
        - wait-pin: { part-id: pico, pin: GP14, edge: rising, timeout: 5ms }
        - delay: 100us
        - expect-pin: { part-id: led1, pin: A, value: 1 }
        - delay: 400us
        - expect-pin: { part-id: led1, pin: A, value: 0 }
        - expect-duty: { part-id: led1, pin: A, duty: 0.25, tolerance: 1% }
        - set-control: { part-id: btn1, control: pressed, value: 1 }
        - wait-serial: pressed
      """)
    let good = try Self.run(["test", passes])
    #expect(good.code == 0, "\(good)")
    for (steps, code, says) in [
      ("  - wait-serial: ready\n  - expect-pin: { part-id: pico, pin: GP4, value: 1 }", 1, ":6:"), ("  - wait-serial: never", 42, "time limit"), ("  - wait: 3", 2, "a.test.yaml:5"), ("  - expect-pin: { part-id: led9, pin: A, value: 1 }", 1, "led9"),
      ("  - expect-pin: { part-id: led1, pin: B, value: 1 }", 1, "A, C"),
    ] as [(String, Int32, String)] {
      let r = try Self.run(["test", Self.project(folder, steps), "--timeout", "3000"])
      #expect(r.code == code && (r.out + r.err).contains(says), "\(steps): \(r)")
    }
  }
  /// A logic analyzer's channels go to the file that wokwi.toml names.
  @Test(.enabled(if: firmware != nil)) func aProjectsSettingsCount() throws {
    let folder = try Folder()
    defer { folder.remove() }
    _ = try Self.project(folder, "")
    _ = try folder.file("wokwi.toml", Data("[wokwi]\nversion = 1\nvcdFile = 'out.vcd'\n".utf8))
    _ = try folder.file("main.py", Data("from machine import Pin\nimport time\np = Pin(4, Pin.OUT)\nfor k in range(3):\n    p(1); time.sleep_us(50); p(0); time.sleep_us(50)\nprint('done')\n".utf8))
    let r = try Self.run(["run", folder.url.path, "--headless", "--until", "done", "--time-limit", "10"])
    #expect(r.code == 0, "\(r)")
    let vcd = String(decoding: FileManager.default.contents(atPath: folder.url.appendingPathComponent("out.vcd").path) ?? Data(), as: UTF8.self)
    let signal = try #require(vcd.split(separator: "\n").first { $0.contains(" D0 ") || $0.hasSuffix(" D0 $end") }?.split(separator: " ").dropFirst(3).first)
    #expect(vcd.split(separator: "\n").filter { $0 == "1\(signal)" }.count == 3, "\(vcd)")
    #expect(vcd.contains("D3") && !vcd.contains("D1 "))
  }
  /// What is wrong in a project is a sentence with its place and exit code 2.
  @Test(arguments: [
    ("pico:GP15", "pico:GP95", "diagram.json:6", "GP15"), ("led1:A", "led1:Z", "diagram.json:6", "A, C"), ("wokwi-pi-pico", "wokwi-pi-picko", "diagram.json", "board"), ("\"left\": 300", "\"left\": 1e99", "diagram.json:4", "left"),
    ("\"id\": \"btn1\", \"top\"", "\"id\": \"led1\", \"top\"", "diagram.json:3", "led1"), ("\"parts\": [", "\"parts\": {", "diagram.json:", "JSON"), ("btn1:1.l", "btn7:1.l", "diagram.json:7", "btn7"),
  ]) func whatIsWrongInAProject(from: String, to: String, place: String, says: String) throws {
    let folder = try Folder()
    defer { folder.remove() }
    let text = Self.diagram.replacingOccurrences(of: from, with: to)
    #expect(text != Self.diagram)
    try Self.refuses(["run", folder.file("diagram.json", Data(text.utf8)), "--headless", "--time-limit", "0.01"], code: 2, place, says)
  }
  /// Files with random damage are refused in a sentence, or run: the program never crashes.
  @Test(.enabled(if: firmware != nil)) func damagedProjectsAreSurvived() throws {
    let folder = try Folder()
    defer { folder.remove() }
    var random: UInt64 = 42
    func damaged(_ text: String) -> Data {
      var b = Array(text.utf8)
      for _ in 0..<4 {
        random ^= random << 13
        random ^= random >> 7
        random ^= random << 17
        b[Int(random % UInt64(b.count))] = UInt8(truncatingIfNeeded: random >> 32)
      }
      return Data(b)
    }
    let vcd = "$timescale 1 ns $end\n$scope module top $end\n$var wire 1 ! GP2 $end\n$var wire 1 \" GP3 $end\n$upscope $end\n$enddefinitions $end\n#0\n0!\n0\"\n#1000\n1!\n#2000\n1\"\n0!\n"
    for _ in 0..<12 {
      let diagram = try folder.file("diagram.json", damaged(Self.diagram)), stimulus = try folder.file("in.vcd", damaged(vcd))
      let scenario = try folder.file("a.test.yaml", damaged("name: all\nversion: 1\nsteps:\n  - delay: 5ms\n  - set-control: { part-id: btn1, control: pressed, value: 1 }\n  - expect-pin: { part-id: led1, pin: A, value: 0 }\n"))
      for arguments in [["run", diagram, "--headless", "--time-limit", "0.005", "--screenshot", folder.url.appendingPathComponent("a.png").path], ["run", "pico", "--headless", "--time-limit", "0.005", "--stimulus", stimulus], ["test", scenario, "--diagram", "pico"], ["lint", diagram]] {
        let r = try Self.run(arguments)
        #expect([0, 1, 2, 42, 124].contains(r.code) && !r.err.contains("crashed"), "\(arguments): \(r)")
      }
    }
  }
}
