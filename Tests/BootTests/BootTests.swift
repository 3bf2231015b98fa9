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
  static func board(_ version: String, board: String = "pico") throws -> PicoBoard {
    try #require(try loader?.load(board, firmware: version, rom: nil).board as? PicoBoard)
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
  /// Expects that a program runs the same, to the cycle, again, with the cores' turns shorter and longer, and with a snapshot restored every 0.1 s.
  /// - Returns: what it prints.
  static func oneCourse(of program: String, on board: () throws -> Board) throws -> String {
    let first = try execute(program, on: board())
    for (quantum, snapshots) in [(nil, false), (1_000_000, false), (100_000_000, false), (nil, true)] as [(UInt64?, Bool)] {
      let again = try execute(program, on: board(), quantum: quantum, snapshots: snapshots)
      #expect(again == first, "quantum \(quantum ?? 0), snapshots \(snapshots): \(again.1) cycles, not \(first.1)")
    }
    return first.0
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
    let text = try Self.oneCourse(of: Self.program) { try Self.board("1.28.0") }
    #expect(text.contains("8995500500 0") && text.contains("500 ['a.txt']"), "\(text)")
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

/// Scripts that use the chip's blocks: the same transcript from each version.
@Suite(.serialized) struct PeripheralTests {
  static let versions = ["1.20.0", "1.24.1", "1.26.1", "1.28.0"]

  /// A state machine makes 10 kHz, another counts its edges; data through both FIFOs; relative interrupts; INSTR.
  @Test(.enabled(if: BootTests.available), arguments: versions) func pio(version: String) throws {
    let code = """
      import rp2, time
      from machine import Pin
      @rp2.asm_pio(set_init=rp2.PIO.OUT_LOW)
      def square():
          wrap_target()
          set(pins, 1)[9]
          set(pins, 0)[9]
          wrap()
      @rp2.asm_pio()
      def count():
          mov(x, invert(null))
          label('loop')
          wait(1, pin, 0)
          wait(0, pin, 0)
          jmp(x_dec, 'loop')
      sm = rp2.StateMachine(0, square, freq=200000, set_base=Pin(2))
      counter = rp2.StateMachine(1, count, freq=125_000_000, in_base=Pin(2))
      counter.active(1)
      sm.active(1)
      time.sleep_ms(10)
      sm.active(0)
      counter.exec('mov(isr, invert(x))')
      counter.exec('push()')
      print(99 <= counter.get() <= 102)
      @rp2.asm_pio(autopull=True, autopush=True, pull_thresh=32, push_thresh=32, out_shiftdir=rp2.PIO.SHIFT_RIGHT)
      def echo():
          out(x, 32)
          mov(y, invert(x))
          in_(y, 32)
      e = rp2.StateMachine(4, echo)
      e.active(1)
      for i in (0, 1, 0x12345678):
          e.put(i)
          print(hex(e.get()))
      hits = []
      @rp2.asm_pio()
      def signal():
          set(x, 4)
          label('again')
          irq(rel(0))[31]
          jmp(x_dec, 'again')
          label('end')
          jmp('end')
      s = rp2.StateMachine(2, signal, freq=100000)
      s.irq(lambda s: hits.append(1))
      s.active(1)
      time.sleep_ms(20)
      print(len(hits))
      """
    let (text, _) = try BootTests.execute(code, on: BootTests.board(version))
    #expect(text == "True\r\n0xffffffff\r\n0xfffffffe\r\n0xedcba987\r\n5\r\n", "\(text)")
  }
  /// The NeoPixel driver's program sends two pixels; a bit is a high time of 400 or 800 ns, to the cycle.
  @Test(.enabled(if: BootTests.available)) func ws2812() throws {
    let code = """
      import rp2, time
      from machine import Pin
      @rp2.asm_pio(sideset_init=rp2.PIO.OUT_LOW, out_shiftdir=rp2.PIO.SHIFT_LEFT, autopull=True, pull_thresh=24)
      def ws2812():
          wrap_target()
          label("bitloop")
          out(x, 1).side(0)[2]
          jmp(not_x, "do_zero").side(1)[1]
          jmp("bitloop").side(1)[4]
          label("do_zero")
          nop().side(0)[4]
          wrap()
      sm = rp2.StateMachine(0, ws2812, freq=8_000_000, sideset_base=Pin(16))
      sm.active(1)
      sm.put(0xFF00AA, 8)
      sm.put(0x123456, 8)
      time.sleep_ms(1)
      """
    let board = try BootTests.board("1.28.0")
    let strip = try PixelListener(board, pad: "GP16")
    _ = try BootTests.execute(code, on: board)
    // At 15.625 cycles of clk_sys a tick: two ticks (248 or 256 ns), or seven (872 or 880 ns).
    #expect(strip.highs.count == 48 && strip.pixels(2) == [0xFF00AA, 0x123456], "\(strip.highs)")
    #expect(Set(strip.highs).isSubset(of: [248, 256, 872, 880]), "\(strip.highs)")
  }
  /// MOSI wired to MISO: bytes go out and come back bit by bit, by FIFO and by DMA.
  @Test(.enabled(if: BootTests.available), arguments: versions) func spi(version: String) throws {
    let code = """
      from machine import Pin, SPI
      import time
      for polarity, phase in ((0, 0), (0, 1), (1, 0), (1, 1)):
          s = SPI(0, baudrate=1000000, polarity=polarity, phase=phase, sck=Pin(18), mosi=Pin(19), miso=Pin(16))
          b = bytearray(5)
          s.write_readinto(b'hello', b)
          print(b)
      big = bytes(range(200))
      out = bytearray(200)
      t = time.ticks_us()
      s.write_readinto(big, out)
      print(out == big, 1590 < time.ticks_diff(time.ticks_us(), t) < 2600)
      """
    let board = try BootTests.board(version)
    Net.tie(board.pins["GP19"]!, board.pins["GP16"]!)
    let (text, _) = try BootTests.execute(code, on: board)
    #expect(text == String(repeating: "bytearray(b'hello')\r\n", count: 4) + "True True\r\n", "\(text)")
  }
  /// I2C0 finds nobody, then I2C1, which is a target with memory.
  @Test(.enabled(if: BootTests.available)) func i2c() throws {
    let code = """
      from machine import Pin, I2C, I2CTarget
      i = I2C(0, scl=Pin(5), sda=Pin(4), freq=400000)
      try:
          i.writeto(0x3c, b'abc')
      except OSError as e:
          print(e)
      memory = bytearray(b'0123456789')
      t = I2CTarget(1, 0x42, mem=memory, scl=Pin(7), sda=Pin(6))
      print(i.scan())
      i.writeto_mem(0x42, 3, b'xyz')
      print(memory)
      print(i.readfrom_mem(0x42, 2, 5))
      """
    let board = try BootTests.board("1.28.0")
    Net.tie(board.pins["GP4"]!, board.pins["GP6"]!)
    Net.tie(board.pins["GP5"]!, board.pins["GP7"]!)
    let (text, _) = try BootTests.execute(code, on: board)
    #expect(text == "[Errno 5] EIO\r\n[66]\r\nbytearray(b'012xyz6789')\r\nb'2xyz6'\r\n", "\(text)")
  }
  @Test(.enabled(if: BootTests.available), arguments: versions) func pwm(version: String) throws {
    let code = """
      from machine import Pin, PWM
      import time
      p = PWM(Pin(15))
      p.freq(1000)
      p.duty_u16(16384)
      time.sleep_ms(50)
      print(p.freq(), p.duty_u16())
      p.freq(50)
      p.duty_ns(1500000)
      time.sleep_ms(100)
      print(p.freq(), p.duty_ns())
      p.deinit()
      """
    let board = try BootTests.board(version)
    var rises: [UInt64] = [], highs: [UInt64] = []
    try #require(board.pins["GP15"]).net.onChange = { level in
      if level == .high { rises.append(board.machine.now) } else if let r = rises.last { highs.append(board.machine.now - r) }
    }
    let (text, _) = try BootTests.execute(code, on: board)
    #expect(text == "1000 16384\r\n50 1500005\r\n", "\(text)")
    let periods = zip(rises, rises.dropFirst()).map { $1 - $0 }
    // A divider of 31/16 and 64516 counts: 124999.75 cycles of 8 ns, so every fourth period is a cycle shorter (§4.5.2.4: some enables of the counter are spaced further apart).
    let short = periods.dropFirst().prefix(48)
    #expect(short.allSatisfy { $0 == 1_000_000_000 || $0 == 999_992_000 } && short.reduce(0, +) == 48 * 999_998_000 && periods.filter { $0 / 1_000_000 == 19999 }.count >= 3, "\(periods)")
    #expect(highs.filter { $0 == 250_000_000 }.count > 40 && highs.filter { $0 / 1_000_000 == 1500 }.count >= 3, "\(highs)")
  }
}

@Suite(.serialized) struct ButtonTests {
  @Test(.enabled(if: BootTests.available)) func theBOOTSELButtonIsRead() throws {
    let board = try BootTests.board("1.28.0")
    board.powerOn()
    board.machine.run(until: 100_000_000_000)
    board.bootPressed = true
    let port = try #require(board.ports["usb"])
    var out: [UInt8] = []
    port.onOutput = { out.append($0) }
    port.isConnected = true
    board.machine.run(until: 1_000_000_000_000)
    for pressed in [true, false] {
      board.bootPressed = pressed
      port.feed(Array("import rp2; print('button', rp2.bootsel_button())\r".utf8))
      board.machine.run(until: board.machine.now + 200_000_000_000)
    }
    let text = String(decoding: out, as: UTF8.self)
    #expect(text.contains("button 1\r\n") && text.contains("button 0\r\n"), "\(text)")
  }
  @Test(.enabled(if: BootTests.available), arguments: [true, false]) func heldAtResetOrAskedForItBringsBOOTSELMode(held: Bool) throws {
    let board = try BootTests.board("1.28.0")
    board.bootPressed = held
    board.powerOn()
    if !held {
      let port = try #require(board.ports["usb"])
      port.isConnected = true
      board.machine.run(until: 1_000_000_000_000)
      #expect(board.machine.stop == nil)
      port.feed(Array("import machine; machine.bootloader()\r".utf8))
    }
    board.machine.run(until: board.machine.now + 500_000_000_000)
    #expect(board.host.identity == (0x2E8A, 0x0003) && board.machine.stop == nil)
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

  /// What a pin of an example does: (time in picoseconds, level) of each change.
  private func edges(_ name: String, _ pin: String, until end: UInt64) throws -> [(UInt64, NetLevel)] {
    let board = try BootTests.board(name)
    var list: [(UInt64, NetLevel)] = []
    try #require(board.pins[pin]).net.onChange = { list.append((board.machine.now, $0)) }
    board.powerOn()
    board.machine.run(until: end)
    return list
  }
  private func highs(_ list: [(UInt64, NetLevel)]) -> [UInt64] { zip(list, list.dropFirst()).compactMap { $0.1 == .high ? $1.0 - $0.0 : nil } }

  /// PWM of four cycles: one high on channel A, three on B.
  @Test(.enabled(if: BootTests.available)) func helloPWM() throws {
    let a = try highs(edges("pwm-hello_pwm", "GP0", until: 70_000_000_000)), b = try highs(edges("pwm-hello_pwm", "GP1", until: 70_000_000_000))
    #expect(a.count > 1000 && a.dropFirst(10).dropLast(10).allSatisfy { $0 == 8000 }, "\(a.prefix(20))")
    #expect(b.count > 1000 && b.dropFirst(10).dropLast(10).allSatisfy { $0 == 24000 }, "\(b.prefix(20))")
  }
  /// The LED fades: its high time goes through hundreds of values.
  @Test(.enabled(if: BootTests.available)) func ledFade() throws {
    let widths = try Set(highs(edges("pwm-pwm_led_fade", "GP25", until: 600_000_000_000)))
    #expect(widths.count > 200)
  }
  /// A UART made of PIO: 115200 baud on GP0.
  @Test(.enabled(if: BootTests.available)) func pioUART() throws {
    let list = try edges("pio-pio_uart_tx", "GP0", until: 600_000_000_000).filter { $0.1 == .high || $0.1 == .low }
    func level(_ t: UInt64) -> Bool { list.last { $0.0 <= t }?.1 == .high }
    let bit = 1e12 / 115200
    var text: [UInt8] = [], at: UInt64 = 0
    for (t, l) in list where l == .low && t >= at && list.contains(where: { $0.0 < t && $0.1 == .high }) {
      text.append((0..<8).reduce(UInt8(0)) { $0 | (level(t + UInt64((1.5 + Double($1)) * bit)) ? 1 << UInt8($1) : 0) })
      at = t + UInt64(9.5 * bit)
    }
    #expect(String(decoding: text, as: UTF8.self).contains("Hello, world! (from PIO!)"), "\(String(decoding: text.prefix(80), as: UTF8.self))")
  }
  /// DMA feeds a PIO serialiser with another duty in each interrupt.
  @Test(.enabled(if: BootTests.available)) func dmaInterrupts() throws {
    let list = try edges("dma-dma_channel_irq", "GP25", until: 400_000_000_000)
    #expect(list.count > 200 && Set(highs(list).map { $0 / 100_000 }).count > 5, "\(list.count)")
  }

  /// This image begins at 0x10000100: it needs the second stage that the board had before.
  @Test(.enabled(if: BootTests.available)) func anImageWithoutASecondStageGoesOverAnother() throws {
    let store = try FirmwareStore()
    let under = try BootTests.board("1.28.0").flash.contents
    let zig = try store.load(store.find(board: "pico", version: "other-zig-blinky"))
    let alone = try PicoBoard(Catalog.board(named: "pico"))
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
  /// Edges on GPIO2 are told by name.
  @Test(.enabled(if: BootTests.available)) func gpioInterruptsAreTold() throws {
    let board = try BootTests.board("gpio-hello_gpio_irq"), button = Pin("button", arena: board.machine.arena)
    Net.tie(try #require(board.pins["GP2"]), button)
    button.drive = .low
    var out: [UInt8] = []
    for name in ["usb", "uart0"] { board.ports[name]?.onOutput = { out.append($0) } }
    board.ports["usb"]?.isConnected = true
    board.powerOn()
    board.machine.run(until: 2_000_000_000_000)
    button.drive = .high
    board.machine.run(until: 2_100_000_000_000)
    button.drive = .low
    board.machine.run(until: 2_200_000_000_000)
    let text = String(decoding: out, as: UTF8.self)
    #expect(text.contains("GPIO 2 EDGE_RISE\r\nGPIO 2 EDGE_FALL\r\n"), "\(text)")
  }
  @Test(
    .enabled(if: BootTests.available),
    arguments: [
      ("adc-hello_adc", "ADC Example, measuring GPIO26"), ("adc-onboard_temperature", "Onboard temperature = 27.14 C"), ("clocks-hello_48MHz", "pll_sys  = 125000kHz"),
      ("divider-hello_divider", "123456/-321 = -384 remainder 192"), ("dma-hello_dma", "Hello, world! (from DMA)"), ("interp-hello_interp", "9 times table:"),
      ("multicore-hello_multicore", "It's all gone well on core 0!"), ("multicore-multicore_fifo_irqs", "core 0 got 123, core 1 got 321!"), ("reset-hello_reset", "Hello, reset!"),
      ("rtc-hello_rtc", "Friday 5 June 15:45:02 2020"), ("system-unique_board_id", "Unique identifier: e6 61 41 04 03 37 2b 21"), ("timer-hello_timer", "Repeat at"),
      ("timer-timer_lowlevel", "Alarm IRQ fired"), ("uart-hello_uart", "AB Hello, UART!"), ("uart-hello_serial", "Hello, world!"), ("usb-hello_usb", "Hello, world!"),
      ("watchdog-hello_watchdog", "Rebooted by Watchdog!"), ("rtc-rtc_alarm", "Alarm Fired At Wednesday 13 January 11:20:05 2020"), ("gpio-hello_gpio_irq", "Hello GPIO IRQ"),
      ("pio-hello_pio", "Using gpio 25"), ("pio-pio_blink", "Blinking pin 6 at 1 Hz"), ("rp2040js-hello_uart", "Hello, UART!"), ("other-feather_rp2040_test", "Feather RP2040 demo & tester"),
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

/// Two chips whose open-drain outputs meet: each reads the AND of both.
@Suite(.serialized) struct TwoBoardTests {
  @Test(.enabled(if: BootTests.available)) func twoChipsShareABus() throws {
    let loader = try #require(BootTests.loader)
    let board = try BootTests.board("rp2040js-dual-mcu-0")
    _ = try loader.load("pico", firmware: "rp2040js-dual-mcu-1", rom: nil, beside: board)
    for n in 2..<29 { try board.connect("GP\(n)-b.GP\(n)") }
    var out: [[UInt8]] = [[], []]
    board.ports["uart0"]?.onOutput = { out[0].append($0) }
    board.ports["b.uart0"]?.onOutput = { out[1].append($0) }
    board.powerOn()
    board.machine.run(until: 2_000_000_000_000)
    let values = out.map { bytes in
      String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline).dropLast().compactMap { line -> (put: Int, read: Int)? in
        let words = line.split(separator: " ")
        guard words.count == 9, let put = Int(words[4], radix: 16), let read = Int(words[8], radix: 16) else { return nil }
        return (put & 0xFF, read)
      }
    }
    for n in 0..<2 {
      let others = Set(values[1 - n].map(\.put)).union([0xFF])
      #expect(values[n].count > 10 && values[n].allSatisfy { v in others.contains { v.put & $0 == v.read } }, "\(values[n])")
      #expect(values[n].contains { $0.put != $0.read })
    }
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
