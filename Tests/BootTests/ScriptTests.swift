import Boards
import Foundation
import Machine
import Testing

/// Each file of `Scripts` is a program for a Pico.
@Suite(.serialized) struct ScriptTests {
  static let scripts = BoardScript.names()
  static let versions = ["1.20.0", "1.24.1", "1.26.1", "1.28.0"]

  @Test(.enabled(if: BootTests.available), arguments: scripts, versions) func scriptPrints(name: String, version: String) throws {
    try BoardScript(name).check(on: BootTests.board(version))
  }
  @Test func thereAreScripts() { #expect(Self.scripts.count >= 20) }
}

/// The crystal stops until a pin changes.
@Suite(.serialized) struct DormantTests {
  @Test(.enabled(if: BootTests.available), arguments: ScriptTests.versions) func aPinEndsIt(version: String) throws {
    let board = try BootTests.board(version)
    let port = try #require(board.ports["usb"]), button = Pin("button", arena: board.machine.arena)
    Net.tie(try #require(board.pins["GP3"]), button)
    button.drive = Drive(.resistor, high: false)
    var out: [UInt8] = []
    port.onOutput = { out.append($0) }
    port.isConnected = true
    board.powerOn()
    board.machine.run(until: 1_000_000_000_000)
    // DORMANT_WAKE_INTE0: the rising edge of GPIO3; then XOSC.DORMANT.
    port.feed(Array("from machine import mem32, Pin; Pin(3, Pin.IN); mem32[0x40014160] = 1 << 15; mem32[0x40024008] = 0x636f6d61; print('awake')\r".utf8))
    board.machine.run(until: 3_000_000_000_000)
    let asleep = board.machine.cores[0].instructions.pointee
    #expect(!String(decoding: out, as: UTF8.self).contains("\nawake"))
    board.machine.run(until: 60_000_000_000_000)
    #expect(board.machine.cores[0].instructions.pointee == asleep)
    button.drive = Drive(.resistor, high: true)
    board.machine.run(until: 61_000_000_000_000)
    #expect(String(decoding: out, as: UTF8.self).contains("\nawake\r\n"), "\(String(decoding: out.suffix(200), as: UTF8.self))")
  }
}

/// A clock on a pin.
@Suite(.serialized) struct ClockOutputTests {
  @Test(.enabled(if: BootTests.available)) func gpout0() throws {
    let board = try BootTests.board("1.28.0")
    var rises: [UInt64] = []
    try #require(board.pins["GP21"]).net.onChange = { if $0 == .high { rises.append(board.machine.now) } }
    // GPOUT0: the crystal divided by 1200 on GPIO21 for a while: 10 kHz.
    _ = try BootTests.execute("from machine import mem32\nimport time\nmem32[0x40008004] = 1200 << 8\nmem32[0x40008000] = 1 << 11 | 5 << 5\nmem32[0x400140AC] = 8\ntime.sleep_ms(10)\nmem32[0x40008000] = 0\ntime.sleep_ms(5)", on: board)
    #expect(90...115 ~= rises.count && zip(rises, rises.dropFirst()).allSatisfy { $1 - $0 == 100_000_000 }, "\(rises.count)")
  }
}

/// What machine.reset_cause() tells, and what the chip keeps.
@Suite(.serialized) struct ResetTests {

  /// Each way to start again: the cause, the RAM, the watchdog's scratch registers, the files.
  @Test(.enabled(if: BootTests.available), arguments: ScriptTests.versions) func causes(version: String) throws {
    let board = try BootTests.board(version)
    let typist = try Typist(at: board, port: "usb")
    let ask = "import machine; print('is', machine.reset_cause() == machine.PWRON_RESET, machine.reset_cause() == machine.WDT_RESET, machine.mem32[0x4005800c], machine.mem32[0x20040010], 'x' in globals())"
    board.powerOn()
    typist.wait(1)
    #expect(typist.type(ask).contains("is True False 0 0 False\n"))
    // Marks: a global, a scratch register, a word of SRAM that nothing uses, a file.
    _ = typist.type("x = 1; machine.mem32[0x4005800c] = 77; machine.mem32[0x20040010] = 99; f = open('kept', 'w'); f.write('yes'); f.close()")
    #expect(typist.type("\u{4}", for: 1).contains("soft reboot"))
    #expect(typist.type(ask).contains("is True False 77 99 False\n"))
    _ = typist.type("machine.reset()", for: 2)
    // A watchdog's trigger: scratch and RAM stay.
    var answer = typist.type(ask)
    #expect(answer.contains("is False True 77 99 False\n"), "\(answer)")
    _ = typist.type("w = machine.WDT(timeout=200)", for: 2.5)
    answer = typist.type(ask)
    #expect(answer.contains("is False True 77 99 False\n"), "\(answer)")
    #expect(typist.type("print(open('kept').read())").contains("\nyes\n"))
    board.powerOff()
    board.powerOn()
    typist.wait(1)
    answer = typist.type(ask)
    #expect(answer.contains("is True False 0 0 False\n"), "\(answer)")
    #expect(typist.type("print(open('kept').read())").contains("\nyes\n"))
    // The RUN pin: the scratch registers go, the RAM stays.
    _ = typist.type("machine.mem32[0x4005800c] = 77; machine.mem32[0x20040010] = 99")
    board.resetPressed = true
    typist.wait(0.1)
    board.resetPressed = false
    typist.wait(1)
    answer = typist.type(ask)
    #expect(answer.contains("is True False 0 99 False\n"), "\(answer)")
    #expect(typist.type("print(machine.mem32[0x40064008])").contains("\n\(1 << 16)\n"))
  }
}
