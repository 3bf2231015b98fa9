import Boards
import Foundation
import Testing
import TestSupport

@testable import Frontend

/// The real window on a virtual X display, seen through screenshots and moved through X's test events.
@Suite(.serialized, .enabled(if: Display.isAvailable)) struct WindowTests {
  @Test func typedCodeRunsAndItsOutputIsOnTheScreen() throws {
    let w = try Display.Window(["pico"])
    try w.wait(for: ">>>")
    try w.type("print(6*7, 'Ulm')\n")
    try w.wait { $0.contains { $0.hasPrefix("42 Ulm") } }
    #expect(try w.close() == 0)
  }
  @Test func aClickOnBOOTSELIsReadByTheGuestWhileItIsHeld() throws {
    let w = try Display.Window(["pico"])
    try w.wait(for: ">>>")
    try w.xdotool("mousemove", w.place(ofTouch: "BOOTSEL"))
    try w.type("import rp2; print('is', rp2.bootsel_button())\n")
    try w.wait(for: "is 0")
    try w.xdotool("mousedown", "1")
    try w.type("print('now', rp2.bootsel_button())\n")
    try w.wait(for: "now 1")
    try w.xdotool("mouseup", "1")
    try w.type("print('then', rp2.bootsel_button())\n")
    try w.wait(for: "then 0")
    #expect(try w.close() == 0)
  }
  /// With one pointer: a click on Boot holds it over the next reset, and no longer.
  @Test func bootAndResetGiveTheDrive() throws {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("drive-\(UUID().uuidString).img")
    defer { try? FileManager.default.removeItem(at: file) }
    let w = try Display.Window(["pico", "--drive", file.path])
    try w.wait(for: ">>>")
    try w.click(.boot)
    try w.eventually { try w.color(of: .boot) == 0x35557C }
    try w.click(.reset)
    try w.eventually { (try? FileHandle(forReadingFrom: file))?.readDataToEndOfFile().range(of: Data("RPI-RP2".utf8)) != nil }
    #expect(try w.color(of: .boot) != 0x35557C)
    // Power off and on: MicroPython again.
    try w.xdotool("key", "F12")
    try w.click(.power)
    try w.eventually { try w.color(of: .power) == 0x35557C }
    try w.click(.power)
    try w.wait(for: ">>>")
    #expect(try w.close() == 0)
  }
  /// Its own diagram: a button, a knob and a switch, moved with the mouse.
  @Test func buttonsKnobsAndSwitchesAreForTheMouse() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("parts-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let diagram = """
      { "parts": [ { "type": "wokwi-pi-pico", "id": "pico" }, { "type": "wokwi-pushbutton", "id": "b", "left": 140 }, { "type": "wokwi-potentiometer", "id": "p", "top": 80, "left": 140 },
          { "type": "wokwi-slide-switch", "id": "s", "top": 170, "left": 140 } ],
        "connections": [ ["b:1.l", "pico:GP16", "green", []], ["b:2.l", "pico:GND.5", "black", []], ["p:SIG", "pico:GP26", "green", []], ["p:VCC", "pico:3V3", "red", []], ["p:GND", "pico:GND.7", "black", []],
          ["s:1", "pico:GND.5", "black", []], ["s:2", "pico:GP17", "blue", []], ["s:3", "pico:3V3", "red", []] ] }
      """
    try Data(diagram.utf8).write(to: folder.appendingPathComponent("diagram.json"))
    let w = try Display.Window([folder.path])
    try w.wait(for: ">>>")
    try w.type("from machine import Pin, ADC; b=Pin(16,Pin.IN,Pin.PULL_UP); s=Pin(17); a=ADC(26)\nn=lambda: print('is', b.value(), s.value(), round(a.read_u16()/6554))\nn()\n")
    try w.wait(for: "is 1 0 0")
    let knob = try w.place(ofTouch: "position", of: "p")
    try w.drag(Point(knob.x - 12, knob.y + 10), Point(knob.x - 14, knob.y - 4), Point(knob.x, knob.y - 15))
    try w.xdotool("mousemove", w.place(ofTouch: "value", of: "s"))
    try w.xdotool("click", "1")
    try w.xdotool("mousemove", w.place(ofTouch: "pressed", of: "b"))
    try w.xdotool("mousedown", "1")
    try w.type("n()\n")
    try w.wait(for: "is 0 1 5")
    try w.xdotool("mouseup", "1")
    try w.type("n()\n")
    try w.wait(for: "is 1 1 5")
    // A pad that is pointed at: its tip covers what is beside it.
    let before = try w.picture(), pad = try w.place(ofPad: "GP17"), tip = Rect(pad.x + 20, pad.y + 20, 60, 40)
    try w.xdotool("mousemove", pad)
    try w.eventually { try w.picture().differs(from: before, in: tip) }
    // The wheel zooms about the mouse, a drag moves, F10 brings all back.
    let free = Point(w.plan.scene.x + 12, w.plan.scene.maxY - 12)
    try w.xdotool("mousemove", free)
    try w.eventually { try !w.picture().differs(from: before, in: tip) }
    try w.xdotool("click", "4")
    try w.xdotool("click", "4")
    try w.eventually { try w.picture().differs(from: before, in: w.plan.scene) }
    try w.drag(Point(60, 600), Point(90, 640), Point(120, 660))
    try w.xdotool("key", "F10")
    try w.xdotool("mousemove", free)
    try w.eventually { try !w.picture().differs(from: before, in: Rect(w.plan.scene.x + 4, w.plan.scene.y + 4, w.plan.scene.width - 8, w.plan.scene.height - 8)) }
    #expect(try w.close() == 0)
  }
  @Test func theLEDShinesAndTheKeysDo() throws {
    let w = try Display.Window(["pico"])
    try w.wait(for: ">>>")
    let led = try w.place(ofItem: "LED")
    func green() throws -> Int {
      let p = try w.picture()
      return (-6...6).reduce(0) { sum, d in sum + Int(p.pixel(Int(led.x) + d, Int(led.y) - 6) >> 8 & 255) }
    }
    let dark = try green()
    try w.type("from machine import Pin; Pin(25, Pin.OUT).on(); print('lit')\n")
    try w.wait(for: "lit")
    try w.eventually { try green() > dark + 150 }
    // Reset puts it out and the prompt comes again.
    try w.xdotool("key", "F6")
    try w.eventually { try abs(green() - dark) < 60 }
    // While time stands still nothing answers; then all that was typed does.
    try w.wait(for: ">>>")
    try w.xdotool("key", "F2")
    try w.eventually { try w.color(of: .pause) == 0x35557C }
    try w.type("print('be', 'hind')\n")
    // The display keeps the order of what happens on it: when the pointer is seen, the keys were.
    try w.point(at: .fit)
    try w.eventually { try w.color(of: .fit) == 0x2E3843 }
    #expect(try !w.text().contains { $0.contains("be hind") })
    // Single steps bring it out, if enough of them are taken.
    let before = try w.picture()
    try w.xdotool("key", "F3")
    try w.eventually { try w.picture().differs(from: before, in: w.status) }
    #expect(try w.color(of: .pause) == 0x35557C)
    try w.xdotool("key", "F2")
    try w.wait(for: "be hind")
    // The help page covers the terminal, and goes.
    try w.xdotool("key", "F1")
    try w.eventually { try w.text().first?.contains("MicroPython") != true || !(try w.text().contains { $0.contains("be hind") }) }
    try w.xdotool("key", "F1")
    try w.wait(for: "be hind")
    #expect(try w.close() == 0)
  }
  @Test func selectedTextGoesToTheClipboardAndBack() throws {
    let w = try Display.Window(["pico"])
    try w.wait(for: ">>>")
    try w.type("print('ab'+'cd', 17)\n")
    try w.wait(for: "abcd 17")
    let row = try #require(try w.text().firstIndex { $0.hasPrefix("abcd") })
    let from = w.place(row: row, column: 0), to = w.place(row: row, column: 4)
    try w.xdotool("mousemove", "\(Int(from.x))", "\(Int(from.y))", "mousedown", "1", "mousemove", "\(Int(to.x))", "\(Int(to.y))", "mouseup", "1", "key", "ctrl+shift+c")
    try w.type("'<")
    try w.xdotool("key", "ctrl+shift+v")
    try w.type(">'\n")
    try w.wait(for: "'<abcd>'")
    #expect(try w.close() == 0)
  }
  @Test func aDroppedFirmwareIsFlashedAndOthersAreRefused() throws {
    let w = try Display.Window(["pico"])
    try w.wait(for: "v1.28.0")
    let store = try FirmwareStore(), folder = FileManager.default.temporaryDirectory.appendingPathComponent("drop-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    guard let old = try? store.load(store.find(board: "pico", version: "1.24.1")) else { return }
    let notes = folder.appendingPathComponent("a file.txt"), firmware = folder.appendingPathComponent("other.uf2")
    try Data("hello".utf8).write(to: notes)
    try old.write(to: firmware)
    let before = try w.picture()
    try w.drop(notes)
    // It is said at the right of the last line.
    try w.eventually { try w.picture().differs(from: before, in: Rect(w.status.maxX - 60, w.status.y, 60, w.status.height)) }
    try w.type("print('a'+'live')\n")
    try w.wait(for: "alive")
    try w.drop(firmware)
    try w.wait(for: "v1.24.1")
    #expect(try w.close() == 0)
  }
  @Test func theLogicAnalyzerFollowsAPadAndStopsAtItsEdge() throws {
    let w = try Display.Window(["pico", "--probe", "GP2"])
    try w.wait(for: ">>>")
    let panel = w.plan.scene.maxY - LogicView().height(rows: 1), x = 300, low = Int(panel) + 43, high = Int(panel) + 28
    func isLine(_ y: Int) throws -> Bool { try w.picture().pixel(x, y) == 0x5C9DEB }
    try w.eventually { try isLine(low) && !isLine(high) }
    try w.type("from machine import Pin; p = Pin(2, Pin.OUT, value=1)\n")
    try w.eventually { try isLine(high) && !isLine(low) }
    // Its name clicked twice: a falling edge is waited for, and then the view stands with the line low behind the trigger.
    let name = Rect(0, panel + 24, 110, 24), before = try w.picture()
    try w.xdotool("mousemove", name.centre)
    try w.xdotool("click", "1")
    try w.eventually { try w.picture().differs(from: before, in: name) }
    let rising = try w.picture()
    try w.xdotool("click", "1")
    try w.eventually { try w.picture().differs(from: rising, in: name) }
    try w.type("p.off(); p.on(); p.off(); print('off')\n")
    try w.wait(for: "off")
    let trigger = 110 + (Int(w.plan.scene.width) - 110) / 4
    try w.eventually {
      let p = try w.picture()
      return (trigger - 2...trigger + 2).contains { p.pixel($0, Int(panel) + 15) == 0xF5D67B } && p.pixel(trigger - 20, high) == 0x5C9DEB
    }
    try w.xdotool("key", "shift+F12")
    try w.eventually { try w.picture().pixel(x, Int(panel)) != 0x38424E }
    #expect(try w.close() == 0)
  }
  @Test(arguments: [":4711", ""]) func withoutADisplayTheRunGoesOnWithoutAWindow(display: String) throws {
    let p = Process()
    p.executableURL = solderlessBinary
    p.arguments = ["run", "pico", "--window", "--exec", "print(6*7)", "--time-limit", "60"]
    var environment = ProcessInfo.processInfo.environment
    environment["DISPLAY"] = display
    environment["WAYLAND_DISPLAY"] = nil
    environment["SDL_VIDEODRIVER"] = display.isEmpty ? nil : "x11"
    p.environment = environment
    let out = Pipe(), err = Pipe()
    (p.standardOutput, p.standardError) = (out, err)
    try p.run()
    p.waitUntilExit()
    #expect(p.terminationStatus == 0)
    #expect(String(decoding: out.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self) == "42\n")
    #expect(String(decoding: err.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self).contains("no window can be opened"))
  }
}

/// A virtual X display and what stands on it.
enum Display {
  static let isAvailable: Bool = {
    let tools = ["Xvfb", "xdotool", "import"].filter { path(of: $0) == nil }
    if !tools.isEmpty { print("WindowTests: no \(tools.joined(separator: ", ")), so the window's tests are skipped; install xvfb, xdotool and imagemagick") }
    let firmware = (try? FirmwareStore()).flatMap { store in try? store.load(store.find(board: "pico", version: "1.28.0")) } != nil
    if !firmware { print("WindowTests: no Pico firmware, so the window's tests are skipped; name folders in SOLDERLESS_FIRMWARE") }
    return tools.isEmpty && firmware
  }()
  static func path(of tool: String) -> String? {
    (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map { "\($0)/\(tool)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
  }
  struct Failure: Error, CustomStringConvertible { var description: String }
  struct Picture {
    var width: Int, bytes: [UInt8]
    func differs(from other: Picture, in r: Rect) -> Bool {
      (Int(r.y)..<Int(r.maxY)).contains { y in (Int(r.x)..<Int(r.maxX)).contains { pixel($0, y) != other.pixel($0, y) } }
    }
    /// 0xRRGGBB.
    func pixel(_ x: Int, _ y: Int) -> UInt32 {
      let i = (y * width + x) * 4
      guard x >= 0, x < width, i >= 0, i + 2 < bytes.count else { return 0 }
      return UInt32(bytes[i]) << 16 | UInt32(bytes[i + 1]) << 8 | UInt32(bytes[i + 2])
    }
  }

  /// The program with its window on a display of its own.
  final class Window {
    private static let width = 1200, height = 800
    private let server = Process(), program = Process()
    private var display = ""
    private var id = ""
    let plan: WindowPlan
    private let toolbar: Toolbar
    private let view: SceneView
    private let cell = TerminalView.cell(1)
    private let letters: [[UInt32]: Character]

    init(_ arguments: [String]) throws {
      let numbers = Pipe()
      server.executableURL = URL(fileURLWithPath: Display.path(of: "Xvfb") ?? "")
      server.arguments = ["-displayfd", "1", "-screen", "0", "\(Self.width)x\(Self.height)x24", "-dpi", "96", "-nolisten", "tcp"]
      server.standardOutput = numbers
      server.standardError = FileHandle.nullDevice
      try server.run()
      var number: [UInt8] = []
      while number.last != 10, case let more = numbers.fileHandleForReading.availableData, !more.isEmpty { number += more }
      display = ":" + String(decoding: number, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
      program.executableURL = solderlessBinary
      program.arguments = ["run"] + arguments
      var environment = ProcessInfo.processInfo.environment
      environment["DISPLAY"] = display
      environment["WAYLAND_DISPLAY"] = nil
      environment["SDL_AUDIODRIVER"] = "dummy"
      program.environment = environment
      program.standardInput = FileHandle.nullDevice
      program.standardOutput = FileHandle.nullDevice
      try program.run()
      // What the window would show, drawn here.
      var board = try Catalog.make(Catalog.board(named: "pico"))
      if arguments[0] != "pico" { board = try BoardLoader(store: FirmwareStore()).load(arguments[0], firmware: nil, rom: nil).board }
      view = SceneView(scene: Scene(board))
      plan = WindowPlan(width: Double(Self.width), height: Double(Self.height), scale: 1, split: 0.45)
      toolbar = Toolbar(width: plan.toolbar.width, scale: 1)
      view.setArea(plan.scene)
      letters = try Self.letters(cell)
      let found = try run("xdotool", ["search", "--sync", "--onlyvisible", "--name", "Solderless"])
      id = found.split(separator: "\n").first.map(String.init) ?? ""
      try xdotool("windowmove", id, "0", "0")
      try xdotool("windowsize", id, "\(Self.width)", "\(Self.height)")
      try xdotool("windowfocus", id)
      // The divider to where the plan has it.
      try eventually { try self.picture().pixel(Self.width / 2, Self.height - 5) == 0x1B2128 }
      try placeDivider()
    }
    deinit {
      // A process that a thread starts has that thread's signals blocked: only this one comes through.
      for p in [program, server] where p.isRunning { kill(p.processIdentifier, SIGKILL) }
    }
    private func placeDivider() throws {
      // The only dark column between scene and terminal.
      let p = try picture(), y = Self.height / 2
      guard let x = (0..<Self.width).first(where: { p.pixel($0, y) == 0x0F1317 }) else { throw Failure(description: "no divider is to be seen") }
      try xdotool("mousemove", "\(x + 2)", "\(y)", "mousedown", "1", "mousemove", "\(Int(plan.divider.x) + 1)", "\(y)", "mousemove", "\(Int(plan.divider.x))", "\(y)", "mouseup", "1")
      try eventually { try self.picture().pixel(Int(self.plan.divider.x), y) == 0x0F1317 && self.picture().pixel(Int(self.plan.divider.x) - 1, y) != 0x0F1317 }
    }
    /// How each letter looks in its cell.
    private static func letters(_ cell: (width: Int, height: Int)) throws -> [[UInt32]: Character] {
      var all: [[UInt32]: Character] = [:]
      for c in (32...126).map({ Character(Unicode.Scalar($0)) }) + ["ü"] {
        let screen = try #require(TerminalScreen(rows: 2, columns: 8)), canvas = try Canvas(width: cell.width * 8, height: cell.height * 2)
        screen.feed(Array("\u{1B}[2;1H\u{1B}[1;1H\(c)\u{1B}[2;5H".utf8))
        TerminalView(screen: screen, scale: 1).drawAll(on: canvas, at: Point(0, 0), isFocused: true)
        all[(0..<cell.width * cell.height).map { canvas.pixel($0 % cell.width, $0 / cell.width) & 0xFFFFFF }] = c
      }
      return all
    }
    func run(_ tool: String, _ arguments: [String]) throws -> String { String(decoding: try data(tool, arguments), as: UTF8.self) }
    private func data(_ tool: String, _ arguments: [String]) throws -> Data {
      let p = Process(), out = Pipe()
      p.executableURL = URL(fileURLWithPath: Display.path(of: tool) ?? "")
      p.arguments = arguments
      var environment = ProcessInfo.processInfo.environment
      environment["DISPLAY"] = display
      p.environment = environment
      p.standardOutput = out
      p.standardError = FileHandle.nullDevice
      try p.run()
      let bytes = out.fileHandleForReading.readDataToEndOfFile()
      p.waitUntilExit()
      return bytes
    }
    func xdotool(_ arguments: String...) throws { _ = try run("xdotool", arguments) }
    func xdotool(_ command: String, _ p: Point) throws { try xdotool(command, "\(Int(p.x))", "\(Int(p.y))") }
    func type(_ text: String) throws {
      for (i, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
        if i > 0 { try xdotool("key", "Return") }
        if !line.isEmpty { try xdotool("type", "--delay", "4", String(line)) }
      }
    }
    func picture() throws -> Picture {
      Picture(width: Self.width, bytes: [UInt8](try data("import", ["-window", "root", "-depth", "8", "rgba:-"])))
    }
    /// The terminal's rows, read letter by letter; \u{FFFD} for what is no letter.
    func text() throws -> [String] {
      let p = try picture(), corner = plan.terminalCorner
      let rows = plan.rows(cell), columns = plan.columns(cell)
      return (0..<rows).map { r in
        var s = ""
        for c in 0..<columns {
          let x = Int(corner.x) + c * cell.width, y = Int(corner.y) + r * cell.height
          s.append(letters[(0..<cell.width * cell.height).map { p.pixel(x + $0 % cell.width, y + $0 / cell.width) }] ?? "\u{FFFD}")
        }
        while s.last == " " { s.removeLast() }
        return s
      }
    }
    var status: Rect { plan.status }
    private func area(of command: Toolbar.Command) throws -> Rect { try #require(toolbar.places.first { $0.command == command }).area }
    /// What is behind a button's letters.
    func color(of command: Toolbar.Command) throws -> UInt32 {
      let r = try area(of: command)
      return try picture().pixel(Int(r.centre.x), Int(r.y) + 3)
    }
    func point(at command: Toolbar.Command) throws { try xdotool("mousemove", area(of: command).centre) }
    func drop(_ file: URL) throws {
      try script("drop_file.py", id, file.path, "100", "300")
    }
    private func script(_ name: String, _ arguments: String...) throws {
      _ = try run("python3", [URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(name).path] + arguments)
    }
    func place(row: Int, column: Int) -> Point { Point(plan.terminalCorner.x + Double(column * cell.width) + 1, plan.terminalCorner.y + (Double(row) + 0.5) * Double(cell.height)) }
    func place(ofTouch name: String) throws -> Point {
      let item = view.scene.items[0], touch = try #require(item.painter.touches.first { $0.control == name })
      return view.toWindow(item.toScene(touch.area.centre))
    }
    func place(ofTouch name: String, of id: String) throws -> Point {
      let item = try #require(view.scene.items.first { $0.id == id }), touch = try #require(item.painter.touches.first { $0.control == name })
      return view.toWindow(item.toScene(touch.area.centre))
    }
    func place(ofPad name: String) throws -> Point { view.toWindow(try #require(view.scene.point(of: name, on: view.scene.board)).at) }
    func click(_ command: Toolbar.Command) throws {
      try point(at: command)
      try xdotool("click", "1")
    }
    func drag(_ points: Point...) throws {
      try xdotool("mousemove", points[0])
      try xdotool("mousedown", "1")
      for p in points.dropFirst() { try xdotool("mousemove", p) }
      try xdotool("mouseup", "1")
    }
    func place(ofItem id: String) throws -> Point {
      let item = try #require(view.scene.items.first { $0.id == id })
      return view.toWindow(item.bounds().centre)
    }
    func eventually(seconds: Double = 40, _ isDone: () throws -> Bool) throws {
      let end = Date(timeIntervalSinceNow: seconds)
      while Date() < end {
        if try isDone() { return }
        Thread.sleep(forTimeInterval: 0.1)
      }
      throw Failure(description: "it did not come on the screen, which shows:\n\(try text().filter { !$0.isEmpty }.joined(separator: "\n"))")
    }
    func wait(_ isThere: ([String]) -> Bool) throws { try eventually { isThere(try text()) } }
    func wait(for text: String) throws { try wait { $0.contains { $0.contains(text) && !$0.contains("print(") } } }
    /// Asks the window to close.
    /// - Returns: the program's exit code.
    func close() throws -> Int32 {
      try script("close_window.py", id)
      try eventually { !program.isRunning }
      return program.terminationStatus
    }
  }
}
