import ArgumentParser
import Boards
import Foundation
import Frontend

/// One JSON line per case: guest instructions per host second, and virtual over host time, between two marks that the
/// program prints.
@main struct Benchmark: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "benchmark", abstract: "Measures the emulator: one JSON line per case.",
    discussion: "Build it with optimisation: swift run -c release benchmark")
  @Option(help: "A MicroPython version; repeatable. Default: the board's own.") var firmware: [String] = []
  @Option(help: "Only cases whose name contains this.") var only: String?
  @Option(help: "A CoreMark image for the board, built to print to UART0; its score goes beside the published one.") var coremark: String?

  static let cases: [(name: String, code: String)] = [
    ("integer_loop", "def f(n):\n    s = 0\n    for i in range(n):\n        s = (s + i * 3) & 0xFFFFF\n    return s\n"),
    ("float_loop", "def f(n):\n    s = 0.5\n    for i in range(n):\n        s = s * 1.0001 + 0.25\n    return s\n"),
    (
      "dictionary_and_string",
      "def f(n):\n    d = {}\n    for i in range(n):\n        k = 'k' + str(i & 63)\n        d[k] = d.get(k, 0) + len(k)\n    return sum(d.values())\n"
    ),
    (
      "both_cores",
      "import _thread\nend = []\ndef g(n):\n    s = 0\n    for i in range(n):\n        s = (s + i * 3) & 0xFFFFF\n    end.append(s)\ndef f(n):\n    _thread.start_new_thread(g, (n,))\n    g(n)\n    while len(end) < 2:\n        pass\n"
    ),
  ]
  static let passes = ["both_cores": 1_000_000, "integer_loop": 2_000_000, "float_loop": 1_000_000, "dictionary_and_string": 200_000]

  func run() throws {
    let loader = try BoardLoader(store: FirmwareStore())
    for version in firmware.isEmpty ? [nil] : firmware.map(Optional.some) {
      for c in Self.cases where only.map(c.name.contains) ?? true { try measure(c.name, c.code, loader, version) }
      for window in [false, true] where only.map((window ? "display_in_window" : "display").contains) ?? true { try display(loader, version, inWindow: window) }
      if only.map("idle_at_prompt".contains) ?? true { try idle(loader, version) }
      if only.map("boot_to_prompt".contains) ?? true { try boot(loader, version) }
    }
    if only.map("hardware".contains) ?? true { try hardware(loader) }
    if let coremark { try runCoreMark(coremark, loader) }
  }
  private func instructions(_ board: Board) -> UInt64 { board.machine.cores.reduce(0) { $0 + $1.instructions.pointee } }
  private func line(_ fields: [(String, String)]) {
    print("{" + fields.map { "\"\($0.0)\": \($0.1)" }.joined(separator: ", ") + "}")
    fflush(nil)
  }

  private func measure(_ name: String, _ code: String, _ loader: BoardLoader, _ version: String?) throws {
    try measure(name, code, passes: Self.passes[name]!, loader.load("pico", firmware: version, rom: nil).board, version)
  }
  private func measure(_ name: String, _ code: String, passes: Int, _ board: Board, _ version: String?, inWindow: Bool = false) throws {
    let repl = RawREPL(code: code + "print('<')\nf(\(passes))\nprint('>')\n")
    let session = Session(board: board)
    session.repl = repl
    session.timeLimit = 600
    var begin: (Date, UInt64, UInt64)?, end: (Date, UInt64, UInt64)?
    repl.onOutput = { [unowned board] byte in
      let mark = (Date(), instructions(board), board.machine.now)
      if byte == UInt8(ascii: "<") { begin = mark }
      if byte == UInt8(ascii: ">") { end = mark }
    }
    let window = inWindow ? try BoardWindow(session: session) : nil
    board.powerOn()
    guard window?.run() ?? session.run() == .scriptDone(failed: false), let begin, let end else { throw BoardError("\(name) did not run: \(String(decoding: repl.errors, as: UTF8.self))") }
    let host = end.0.timeIntervalSince(begin.0), virtual = Double(end.2 - begin.2) / 1e12
    line([
      ("case", "\"\(name)\""), ("firmware", "\"\(version ?? "default")\""), ("mips", String(format: "%.1f", Double(end.1 - begin.1) / host / 1e6)),
      ("realtime_factor", String(format: "%.2f", virtual / host)), ("virtual_seconds", String(format: "%.4f", virtual)), ("host_seconds", String(format: "%.4f", host)),
    ] + (window.map { [("frames_per_second", String(format: "%.1f", Double($0.frames) / session.hostSeconds))] } ?? []))
  }
  /// What people measured on a Pico at 125 MHz, microseconds: loops of micropython_benchmarks 46c413b30f with v1.23.0, a
  /// million passes; viper_call0 of MicroPython's perf_bench, 378 cycles a call.
  static let published: [(name: String, firmware: String, theirs: Double, code: String)] = [
    ("int_add", "1.24.1", 7.984, "loop('a + b', 12345678, 56781234)"), ("int_mul", "1.24.1", 28.283, "loop('a * b', 12345678, 56781234)"),
    ("int_div", "1.24.1", 13.221, "loop('a / b', 99999991, 45481)"), ("float_add", "1.24.1", 13.447, "loop('a + b', 12345678.1234, 56781234.5678)"),
    ("float_mul", "1.24.1", 13.440, "loop('a * b', 12345678.1234, 56781234.5678)"), ("float_div", "1.24.1", 14.002, "loop('a / b', 99999991.2345, 45481.1357)"),
    ("viper_call0", "1.22.0", 378 / 125.0, "viper()"),
  ]
  static let program = """
    import time
    def timed(f, n, *a):
        t = time.ticks_us()
        f(n, *a)
        return time.ticks_diff(time.ticks_us(), t) / n
    def loop(what, x, y):
        space = {}
        exec('def f(p):\\n    for i in range(p[0]):\\n        C = ' + what.replace('a', 'p[1]').replace('b', 'p[2]'), space)
        return timed(lambda n: space['f']([n, x, y]), 50000)
    @micropython.viper
    def nothing():
        pass
    @micropython.native
    def calls(r):
        f = nothing
        for _ in r:
            f()
    def viper():
        return timed(lambda n: calls(range(n)), 30000)
    """
  private func hardware(_ loader: BoardLoader) throws {
    for row in Self.published {
      let board = try loader.load("pico", firmware: row.firmware, rom: nil).board
      let repl = RawREPL(code: Self.program + "\nprint(\(row.code))\n")
      var text: [UInt8] = []
      repl.onOutput = { text.append($0) }
      let session = Session(board: board)
      session.repl = repl
      session.timeLimit = 60
      board.powerOn()
      guard session.run() == .scriptDone(failed: false), let ours = Double(String(decoding: text, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)) else {
        throw BoardError("\(row.name) did not run: \(String(decoding: repl.errors, as: UTF8.self))")
      }
      line([
        ("case", "\"hardware_\(row.name)\""), ("firmware", "\"\(row.firmware)\""), ("microseconds", String(format: "%.3f", ours)), ("published", String(format: "%.3f", row.theirs)),
        ("ratio", String(format: "%.4f", ours / row.theirs)),
      ])
    }
  }
  /// RP2040, 125 MHz, -Os with GCC 10.3: 227.96 iterations a second.
  private func runCoreMark(_ file: String, _ loader: BoardLoader) throws {
    let board = try loader.load(file, firmware: nil, rom: nil).board
    var text: [UInt8] = []
    let session = Session(board: board)
    board.powerOn()
    session.timeLimit = 120
    session.until = Array("CoreMark 1.0 : ".utf8)
    session.consoles = [(board.ports["uart0"]!, Tap { text.append($0) })]
    let ending = session.run()
    let lines = String(decoding: text, as: UTF8.self).split(whereSeparator: \.isNewline)
    guard ending == .found, let score = lines.first(where: { $0.hasPrefix("Iterations/Sec") }).flatMap({ Double($0.drop { $0 != ":" }.dropFirst().trimmingCharacters(in: .whitespaces)) }) else {
      throw BoardError("\(file) printed no CoreMark score within 120 virtual seconds")
    }
    line([("case", "\"hardware_coremark\""), ("iterations_per_second", String(format: "%.2f", score)), ("published", "227.96"), ("ratio", String(format: "%.4f", score / 227.96))])
  }
  /// 320 x 240 pixels over SPI at 62.5 MHz by DMA, again and again: the bus is never idle.
  static let frames = (
    count: 150,
    code: """
      import machine, time, framebuf
      machine.freq(125_000_000, 125_000_000)
      from machine import Pin, SPI
      spi = SPI(0, baudrate=62_500_000, sck=Pin(18), mosi=Pin(19), miso=Pin(16))
      cs = Pin(17, Pin.OUT, value=1); dc = Pin(20, Pin.OUT, value=0)
      def command(c, data=b''):
          cs(0); dc(0); spi.write(bytes([c])); dc(1)
          spi.write(data); cs(1)
      for c, data in ((0x11, b''), (0x3A, b'\\x55'), (0x36, b'\\x28'), (0x29, b''), (0x2A, b'\\0\\0\\x01\\x3F'), (0x2B, b'\\0\\0\\0\\xEF')): command(c, data)
      pixels = bytearray(320 * 240 * 2)
      picture = framebuf.FrameBuffer(pixels, 320, 240, framebuf.RGB565)
      def f(n):
          for k in range(n):
              picture.fill_rect(k, k, 40, 40, k * 321)
              command(0x2C, pixels)

      """
  )
  private func display(_ loader: BoardLoader, _ version: String?, inWindow: Bool) throws {
    if inWindow, !BoardWindow.hasDisplay() { return line([("case", "\"display_in_window\""), ("skipped", "\"no display; try xvfb-run\"")]) }
    let board = try loader.load("pico", firmware: version, rom: nil).board
    try board.add("tft=wokwi-ili9341")
    for w in ["GP18-tft:SCK", "GP19-tft:MOSI", "GP16-tft:MISO", "GP17-tft:CS", "GP20-tft:D/C"] { try board.connect(w) }
    try measure(inWindow ? "display_in_window" : "display", Self.frames.code, passes: Self.frames.count, board, version, inWindow: inWindow)
  }
  /// The share of a host core that the prompt takes at the chip's own speed.
  private func idle(_ loader: BoardLoader, _ version: String?) throws {
    let board = try loader.load("pico", firmware: version, rom: nil).board
    board.ports["usb"]?.isConnected = true
    board.powerOn()
    board.machine.run(until: 2_000_000_000_000)
    let session = Session(board: board)
    session.speed = 1
    session.timeLimit = 5
    func cpu() -> Double {
      var u = rusage()
      getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &u)
      return Double(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + Double(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6
    }
    let before = cpu(), start = board.machine.now
    _ = session.run()
    let virtual = Double(board.machine.now - start) / 1e12
    line([
      ("case", "\"idle_at_prompt\""), ("firmware", "\"\(version ?? "default")\""), ("cpu_share", String(format: "%.4f", (cpu() - before) / session.hostSeconds)),
      ("realtime_factor", String(format: "%.2f", virtual / session.hostSeconds)), ("virtual_seconds", String(format: "%.4f", virtual)),
      ("host_seconds", String(format: "%.4f", session.hostSeconds)),
    ])
  }
  private func boot(_ loader: BoardLoader, _ version: String?) throws {
    let begin = Date()
    let board = try loader.load("pico", firmware: version, rom: nil).board
    let session = Session(board: board)
    session.until = Array(">>> ".utf8)
    session.timeLimit = 30
    session.consoles = [(board.ports["usb"]!, TerminalConsole(reads: false, writes: false))]
    board.powerOn()
    guard session.run() == .found else { throw BoardError("no prompt came") }
    let host = Date().timeIntervalSince(begin), virtual = Double(board.machine.now) / 1e12
    line([
      ("case", "\"boot_to_prompt\""), ("firmware", "\"\(version ?? "default")\""), ("mips", String(format: "%.1f", Double(instructions(board)) / session.hostSeconds / 1e6)),
      ("realtime_factor", String(format: "%.2f", virtual / session.hostSeconds)), ("virtual_seconds", String(format: "%.4f", virtual)), ("host_seconds", String(format: "%.4f", host)),
    ])
  }
}

/// A console that hands on what the board prints.
private final class Tap: Console {
  let wantsToQuit = false
  private let take: (UInt8) -> Void
  init(_ take: @escaping (UInt8) -> Void) { self.take = take }
  func write(_ byte: UInt8) { take(byte) }
  func flush() {}
  func read(upTo count: Int) -> [UInt8] { [] }
  func wait(seconds: Double) {}
}
