import Boards
import Foundation
import Frontend
import Machine
import Testing

/// Real firmware, when it and a boot ROM are to be had (SOLDERLESS_FIRMWARE, SOLDERLESS_ROMS).
@Suite(.serialized) struct BootTests {
  static let loader = try? BoardLoader(store: FirmwareStore())
  static let available: Bool = {
    let ok = (try? loader?.load("pico", firmware: nil, rom: nil)) != nil
    if !ok { print("BootTests: no Pico firmware or no RP2040 boot ROM, so boot tests are skipped; name folders in SOLDERLESS_FIRMWARE and SOLDERLESS_ROMS") }
    return ok
  }()
  static func board(_ version: String, board: String = "pico") throws -> Board {
    try #require(try loader?.load(board, firmware: version, rom: nil).board)
  }
  /// Runs `code` and gives what it printed and the cycle count at the end.
  static func execute(_ code: String, on board: Board, quantum: UInt64? = nil, snapshots: Bool = false) throws -> (String, UInt64) {
    if let quantum { board.machine.quantum = quantum }
    var out: [UInt8] = []
    let repl = RawREPL(code: code)
    repl.onOutput = { out.append($0) }
    let session = Session(board: board)
    session.repl = repl
    session.timeLimit = 30
    var next: UInt64 = 100_000_000_000
    if snapshots {
      session.onSlice = {
        guard board.machine.now >= next else { return }
        next += 100_000_000_000
        let s = board.machine.snapshot()
        do { try board.machine.restore(s) } catch { Issue.record("\(error)") }
      }
    }
    board.powerOn()
    let ending = session.run()
    #expect(ending == .scriptDone(failed: false), "\(ending) \(String(decoding: repl.errors, as: UTF8.self))")
    return (String(decoding: out, as: UTF8.self), board.machine.cores[0].cycles.pointee)
  }

  /// MicroPython by version, and what its own `sys` says.
  @Test(
    .enabled(if: BootTests.available),
    arguments: [
      ("pico", "1.14"), ("pico", "1.15"), ("pico", "1.16"), ("pico", "1.17"), ("pico", "1.18"), ("pico", "1.19.1"), ("pico", "1.20.0"), ("pico", "1.22.0"),
      ("pico", "1.24.1"), ("pico", "1.25.0"), ("pico", "1.26.1"), ("pico", "1.28.0"), ("pico_w", "1.27.0"),
    ])
  func microPythonRuns(name: String, version: String) throws {
    let numbers = version.split(separator: ".").map { Int($0)! }
    let (text, _) = try Self.execute(
      "import sys, machine\nprint(6*7, sys.platform, list(sys.implementation[1])[:2], 1/8, machine.freq())", on: Self.board(version, board: name))
    #expect(text.hasPrefix("42 rp2 [\(numbers[0]), \(numbers[1])] 0.125 125000000"), "\(text)")
  }

  static let program = """
    import time, os
    from machine import Pin
    led = Pin(25, Pin.OUT)
    s = 0
    for i in range(3000):
        s += i * i
        led.toggle()
    print(s, led.value())
    time.sleep_ms(150)
    f = open('a.txt', 'w'); f.write('hello' * 100); f.close()
    print(len(open('a.txt').read()), os.listdir())
    print(time.ticks_us() > 0)
    """
  @Test(.enabled(if: BootTests.available)) func twoRunsAreEqualAndTheQuantumAndSnapshotsChangeNothing() throws {
    let first = try Self.execute(Self.program, on: Self.board("1.28.0"))
    #expect(first.0.contains("8995500500 0") && first.0.contains("500 ['a.txt']"), "\(first.0)")
    for (quantum, snapshots) in [(nil, false), (1_000_000, false), (100_000_000, false), (nil, true)] as [(UInt64?, Bool)] {
      let again = try Self.execute(Self.program, on: Self.board("1.28.0"), quantum: quantum, snapshots: snapshots)
      #expect(again.0 == first.0 && again.1 == first.1, "quantum \(quantum ?? 0), snapshots \(snapshots): \(again.1) cycles, not \(first.1)")
    }
  }
  @Test(.enabled(if: BootTests.available)) func theLEDBlinksInVirtualTime() throws {
    let board = try Self.board("1.28.0")
    var edges: [UInt64] = []
    board.led?.net.onChange = { _ in edges.append(board.machine.now) }
    _ = try Self.execute("from machine import Pin\nimport time\nled=Pin(25,Pin.OUT)\nfor i in range(4):\n    led.toggle(); time.sleep_ms(100)", on: board)
    let gaps = zip(edges.suffix(4), edges.suffix(4).dropFirst()).map { Double($1 - $0) / 1e9 }
    #expect(gaps.count == 3 && gaps.allSatisfy { abs($0 - 100) < 1.5 }, "\(gaps)")
  }
  /// Published measurements of a Pico with MicroPython 1.23 (micropython_benchmarks 46c413b30f), microseconds a pass
  /// of `for i in range(n): C = a + b` and of its relatives. 1.22.0 lies in flash so that its float loops miss the cache
  /// four times a pass more than 1.24.1's; the instructions are 1 % more.
  @Test(.enabled(if: BootTests.available), arguments: [("1.22.0", 0.125), ("1.24.1", 0.025)])
  func loopsTakeTheTimeThatTheyTakeOnAPico(version: String, tolerance: Double) throws {
    let code = """
      import time
      def add(p):
          for i in range(p[0]):
              C = p[1] + p[2]
      def mul(p):
          for i in range(p[0]):
              C = p[1] * p[2]
      def div(p):
          for i in range(p[0]):
              C = p[1] / p[2]
      def run(f, *p):
          t = time.ticks_us()
          f([20000] + list(p))
          return time.ticks_diff(time.ticks_us(), t)
      print(run(add, 12345678, 56781234), run(mul, 12345678, 56781234), run(div, 99999991, 45481))
      print(run(add, 12345678.1234, 56781234.5678), run(mul, 12345678.1234, 56781234.5678), run(div, 99999991.2345, 45481.1357))
      """
    let (text, _) = try Self.execute(code, on: Self.board(version))
    let figures = text.split(whereSeparator: { $0.isWhitespace }).compactMap { Double($0) }
    try #require(figures.count == 6)
    for (ours, (what, theirs)) in zip(figures, [("int add", 7.984), ("int mul", 28.283), ("int div", 13.221), ("float add", 13.447), ("float mul", 13.440), ("float div", 14.002)]) {
      let ratio = ours / 20000 / theirs
      #expect(abs(ratio - 1) < tolerance, "\(version) \(what): \(ours / 20000) us, \(theirs) us published")
    }
  }
  /// viper_call0 of MicroPython's perf_bench: 378 cycles a call on a Pico, from 1.19 to 1.23.
  @Test(.enabled(if: BootTests.available), arguments: ["1.20.0", "1.22.0", "1.24.1"])
  func aViperCallTakesTheCyclesThatItTakesOnAPico(version: String) throws {
    let code = """
      import time
      @micropython.viper
      def f0():
          pass
      @micropython.native
      def call(r):
          f = f0
          for _ in r:
              f()
      t = time.ticks_us()
      call(range(30000))
      print(time.ticks_diff(time.ticks_us(), t))
      """
    let (text, _) = try Self.execute(code, on: Self.board(version))
    let cycles = try #require(Double(text.trimmingCharacters(in: .whitespacesAndNewlines))) * 125 / 30000
    #expect(abs(cycles / 378 - 1) < 0.005, "\(cycles) cycles a call")
  }
  /// What a program does with registers it has no business with must not reach the host.
  @Test(.enabled(if: BootTests.available)) func randomRegisterWritesDoNotCrashTheHost() throws {
    let board = try Self.board("1.28.0")
    board.powerOn()
    var x: UInt64 = 7
    func next() -> UInt32 {
      x ^= x << 13
      x ^= x >> 7
      x ^= x << 17
      return UInt32(truncatingIfNeeded: x >> 20)
    }
    let bus = board.chip.cores[0].bus
    let bases: [UInt32] = [0x4000_0000, 0x4002_0000, 0x4004_0000, 0x4006_0000, 0x5000_0000, 0x5010_0000, 0x5011_0000, 0x1400_0000, 0x1800_0000, 0xD000_0000]
    for i in 0..<100_000 {
      let address = bases[Int(next() % UInt32(bases.count))] + (next() & 0x1FFFC)
      _ = bus.write(address, next(), size: [1, 2, 4][Int(next() % 3)])
      _ = bus.read(address, size: 4)
      if i % 500 == 0 { board.machine.run(until: board.machine.now + 1_000_000) }
    }
    #expect(board.machine.now > 0)
  }
}

/// Programs that show themselves on a pin: how often it rises in 14 virtual seconds.
@Suite(.serialized) struct BlinkTests {
  @Test(
    .enabled(if: BootTests.available),
    arguments: [
      ("other-arduino-rp2040-blink.ino", "GP25", 14), ("rp2040js-blink", "GP25", 28), ("gpio-blink", "GP25", 28), ("gpio-blink_simple", "GP25", 28), ("other-feather_rp2040_test", "GP13", 70),
    ])
  func pinRises(name: String, pin: String, times: Int) throws { try blink(BootTests.board(name), pin, times) }

  /// This image begins at 0x10000100: it needs the second stage that the board had before.
  @Test(.enabled(if: BootTests.available)) func anImageWithoutASecondStageGoesOverAnother() throws {
    let store = try FirmwareStore()
    let under = try BootTests.board("1.28.0").flash.contents
    let zig = try store.load(store.find(board: "pico", version: "other-zig-blinky"))
    let alone = Board()
    #expect(try alone.load(firmware: [UInt8](zig), name: "zig.uf2").contains { $0.contains("second stage") })
    let board = try BootTests.board("1.28.0")
    board.flash.load(under)
    #expect(try board.load(firmware: [UInt8](zig), name: "zig.uf2").isEmpty)
    try blink(board, "GP7", 3...100)
  }
  private func blink(_ board: Board, _ pin: String, _ times: Int) throws { try blink(board, pin, times...times) }
  private func blink(_ board: Board, _ pin: String, _ times: ClosedRange<Int>) throws {
    var rises = 0
    try #require(board.pins[pin]).net.onChange = { if $0 == .high { rises += 1 } }
    let session = Session(board: board)
    session.timeLimit = 14
    board.powerOn()
    #expect(session.run() == .timeLimit)
    #expect(times.contains(rises), "\(pin) rose \(rises) times")
  }

  /// A program for RAM; it fills the flash with ones, leaves its mark and goes to BOOTSEL mode.
  @Test(.enabled(if: BootTests.available)) func flashNukeErasesTheFlash() throws {
    let board = try BootTests.board("other-universal_flash_nuke")
    board.flash.load((0..<board.flash.size).map { UInt8(truncatingIfNeeded: $0 &* 7) })
    board.powerOn()
    board.machine.run(until: 30_000_000_000_000)
    let bytes = board.flash.contents
    #expect(bytes.prefix(4).elementsEqual("NUKE".utf8) && bytes.dropFirst(256).allSatisfy { $0 == 0xFF })
  }
}

/// Other interpreters, and what they answer.
@Suite(.serialized) struct InterpreterTests {
  @Test(.enabled(if: BootTests.available), arguments: ["circuitpython-8.2.7", "circuitpython-9.2.1"])
  func circuitPythonRuns(version: String) throws {
    let (text, _) = try BootTests.execute("import board, sys\nprint(6*7, board.board_id, sys.implementation[0])", on: BootTests.board(version))
    #expect(text == "42 raspberry_pi_pico circuitpython\r\n", "\(text)")
  }
  @Test(.enabled(if: BootTests.available)) func kalumaEvaluatesJavaScript() throws {
    let board = try BootTests.board("kaluma-1.0.0")
    let port = try #require(board.ports["usb"])
    var out: [UInt8] = []
    port.onOutput = { out.append($0) }
    port.isConnected = true
    board.powerOn()
    board.machine.run(until: 2_000_000_000_000)
    port.feed(Array("6*7+'!'\r".utf8))
    board.machine.run(until: 3_000_000_000_000)
    #expect(String(decoding: out, as: UTF8.self).contains("42!"), "\(String(decoding: out, as: UTF8.self))")
  }
}

/// The pico-sdk's examples, and what each prints on its console.
@Suite(.serialized) struct ExampleTests {
  @Test(
    .enabled(if: BootTests.available),
    arguments: [
      ("adc-hello_adc", "ADC Example, measuring GPIO26"), ("adc-onboard_temperature", "Onboard temperature = 27.14 C"), ("clocks-hello_48MHz", "pll_sys  = 125000kHz"),
      ("divider-hello_divider", "123456/-321 = -384 remainder 192"), ("dma-hello_dma", "Hello, world! (from DMA)"), ("interp-hello_interp", "9 times table:"),
      ("multicore-hello_multicore", "It's all gone well on core 0!"), ("multicore-multicore_fifo_irqs", "core 0 got 123, core 1 got 321!"), ("reset-hello_reset", "Hello, reset!"),
      ("rtc-hello_rtc", "Friday 5 June 15:45:02 2020"), ("system-unique_board_id", "Unique identifier: e6 61 41 04 03 37 2b 21"), ("timer-hello_timer", "Repeat at"),
      ("timer-timer_lowlevel", "Alarm IRQ fired"), ("uart-hello_uart", "AB Hello, UART!"), ("uart-hello_serial", "Hello, world!"), ("usb-hello_usb", "Hello, world!"),
      ("watchdog-hello_watchdog", "Rebooted by Watchdog!"), ("rtc-rtc_alarm", "Alarm Fired At Wednesday 13 January 11:20:05 2020"), ("gpio-hello_gpio_irq", "Hello GPIO IRQ"),
      ("pio-hello_pio", "Using gpio 25"), ("rp2040js-hello_uart", "Hello, UART!"), ("other-feather_rp2040_test", "Feather RP2040 demo & tester"),
    ])
  func examplePrints(name: String, text: String) throws {
    let store = try FirmwareStore()
    let board = try BootTests.board(store.images.first { $0.file == name + ".uf2" }?.version ?? name)
    var out: [UInt8] = []
    let session = Session(board: board)
    session.consoles = ["usb", "uart0"].compactMap { board.ports[$0] }.map { ($0, Recorder { out.append($0) }) }
    session.timeLimit = 6
    board.powerOn()
    _ = session.run()
    #expect(String(decoding: out, as: UTF8.self).contains(text), "\(String(decoding: out.prefix(300), as: UTF8.self))")
  }
}

/// A console that keeps what is written.
final class Recorder: Console {
  let wantsToQuit = false
  private let keep: (UInt8) -> Void
  init(_ keep: @escaping (UInt8) -> Void) { self.keep = keep }
  func write(_ byte: UInt8) { keep(byte) }
  func flush() {}
  func read(upTo count: Int) -> [UInt8] { [] }
  func wait(seconds: Double) {}
}
