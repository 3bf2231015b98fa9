import Boards
import Chips
import Foundation
import Frontend
import Machine
import Testing

/// Real firmware (SOLDERLESS_FIRMWARE) on a NodeMCU with our boot ROM, some of it with the vendor's too (SOLDERLESS_ROMS).
@Suite(.serialized) struct ESP8266Tests {
  static let loader = try? BoardLoader(store: FirmwareStore())
  static let available: Bool = {
    let ok = (try? board("1.23.0")) != nil
    if !ok { print("ESP8266Tests: no ESP8266 firmware, so its boot tests are skipped; name a folder with it in SOLDERLESS_FIRMWARE") }
    return ok
  }()
  enum ROM { case own, vendors }
  static let vendorsROM: String? = (ProcessInfo.processInfo.environment["SOLDERLESS_ROMS"] ?? "").split(separator: ":").map { "\($0)/esp8266-bootrom.bin" }.first { FileManager.default.fileExists(atPath: $0) }
  static func board(_ version: String, rom: ROM = .own) throws -> ESP8266Board {
    try #require(try loader?.load("nodemcu", firmware: version, rom: rom == .own ? nil : vendorsROM).board as? ESP8266Board)
  }
  /// The ROM that each image is booted with.
  static let boots: [(version: String, rom: ROM)] = {
    let own: [(String, ROM)] = ["1.8.2", "1.8.7", "1.9.4", "1.12", "1.16", "1.22.1", "1.23.0"].map { ($0, .own) }
    return own + (vendorsROM == nil ? [] : [("1.8.7", .vendors), ("1.23.0", .vendors)])
  }()

  @Test(.enabled(if: ESP8266Tests.available), arguments: boots) func microPythonRuns(version: String, rom: ROM) throws {
    let numbers = version.split(separator: ".").map { Int($0)! }
    let (text, _) = try BootTests.execute("import sys, machine\nprint(6*7, sys.platform, list(sys.implementation[1])[:2], 1/8, machine.freq())", on: Self.board(version, rom: rom))
    #expect(text.hasPrefix("42 esp8266 [\(numbers[0]), \(numbers[1])] 0.125 80000000"), "\(text)")
  }
  /// What the ROM and the firmware say before the prompt.
  @Test(.enabled(if: ESP8266Tests.available)) func theROMsBannerComesFirst() throws {
    let board = try Self.board("1.23.0")
    var out: [UInt8] = []
    board.ports["uart0"]?.onOutput = { out.append($0) }
    board.powerOn()
    board.machine.run(until: 100_000_000_000)
    let text = String(decoding: out, as: UTF8.self)
    #expect(text.contains("ets Jan  8 2013,rst cause:1, boot mode:(3,6)") && text.contains("load 0x40100000"), "\(text)")
  }

  static let program = """
    import time, os
    from machine import Pin
    led = Pin(2, Pin.OUT)
    s = 0
    for i in range(3000):
        s += i * i
        led.value(i & 1)
    print(s, led.value())
    time.sleep_ms(150)
    f = open('a.txt', 'w'); f.write('hello' * 100); f.close()
    print(len(open('a.txt').read()), os.listdir())
    print(time.ticks_us() > 0)
    """
  @Test(.enabled(if: ESP8266Tests.available), arguments: ["1.23.0"]) func twoRunsAreEqualAndTheQuantumAndSnapshotsChangeNothing(version: String) throws {
    let text = try BootTests.oneCourse(of: Self.program) { try Self.board(version) }
    #expect(text.contains("8995500500 1") && text.contains("'a.txt'"), "\(text)")
  }

  // MARK: Scripts

  static let scripts = BoardScript.names("esp8266"), versions = ["1.16", "1.18", "1.23.0"]
  @Test(.enabled(if: ESP8266Tests.available), arguments: scripts, versions) func scriptPrints(name: String, version: String) throws {
    try BoardScript(name).check(on: Self.board(version))
  }
  @Test func thereAreScripts() { #expect(Self.scripts.count >= 10) }

  /// A strip's bits: 800 kHz, green, red, blue; a one is high for 0.8 us, a zero for 0.4 us.
  @Test(.enabled(if: ESP8266Tests.available), arguments: versions) func neopixelsGetTheirBits(version: String) throws {
    let board = try Self.board(version)
    let strip = try PixelListener(board, pad: "GPIO4")
    _ = try BootTests.execute("from machine import Pin\nimport neopixel\nn = neopixel.NeoPixel(Pin(4), 2)\nn[0] = (0x12, 0x34, 0x56)\nn[1] = (0xFF, 0, 0xA5)\nn.write()", on: board)
    #expect(strip.pixels(2) == [0x341256, 0x00FFA5] && strip.highs.suffix(48).allSatisfy { 200...550 ~= $0 || 600...1000 ~= $0 }, "\(strip.highs)")
  }

  /// Each way to start again: the cause, the files, the RTC's memory.
  @Test(.enabled(if: ESP8266Tests.available), arguments: ["1.23.0"]) func resetsAndDeepSleep(version: String) throws {
    let board = try Self.board(version)
    try board.connect("GPIO16-RST")
    let typist = try Typist(at: board, port: "uart0")
    let ask = "import machine; c = machine.reset_cause(); print('is', c == machine.PWRON_RESET, c == machine.HARD_RESET, c == machine.SOFT_RESET, c == machine.WDT_RESET, c == machine.DEEPSLEEP_RESET, machine.RTC().memory())"
    board.powerOn()
    typist.wait(3)
    _ = typist.type("import machine; machine.RTC().memory('x1'); f = open('kept', 'w'); f.write('yes'); f.close()")
    _ = typist.type("machine.reset()", for: 3)
    var answer = typist.type(ask)
    #expect(answer.contains("b'x1'") && answer.contains("False True False False b'x1'"), "\(answer)")
    #expect(typist.type("print(open('kept').read())").contains("\nyes\n"))
    _ = typist.type("machine.RTC().irq(trigger=machine.RTC.ALARM0, wake=machine.DEEPSLEEP)")
    _ = typist.type("machine.RTC().alarm(machine.RTC.ALARM0, 2000); machine.deepsleep()", for: 1.5)
    #expect(board.chip.rtc.isAsleep)
    typist.wait(4)
    answer = typist.type(ask)
    #expect(answer.contains("True b'x1'"), "\(answer)")
    #expect(typist.type("print(open('kept').read())").contains("\nyes\n"))
    board.resetPressed = true
    typist.wait(0.1)
    board.resetPressed = false
    typist.wait(3)
    answer = typist.type(ask)
    #expect(answer.contains("b'x1'") && !answer.contains("True b'x1'"), "\(answer)")
    board.powerOff()
    board.powerOn()
    typist.wait(3)
    #expect(typist.type("print(open('kept').read())").contains("\nyes\n"))
  }
}
