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

  static let cases: [(name: String, code: String)] = [
    ("integer_loop", "def f(n):\n    s = 0\n    for i in range(n):\n        s = (s + i * 3) & 0xFFFFF\n    return s\n"),
    ("float_loop", "def f(n):\n    s = 0.5\n    for i in range(n):\n        s = s * 1.0001 + 0.25\n    return s\n"),
    (
      "dictionary_and_string",
      "def f(n):\n    d = {}\n    for i in range(n):\n        k = 'k' + str(i & 63)\n        d[k] = d.get(k, 0) + len(k)\n    return sum(d.values())\n"
    ),
  ]
  static let passes = ["integer_loop": 2_000_000, "float_loop": 1_000_000, "dictionary_and_string": 200_000]

  func run() throws {
    let loader = try BoardLoader(store: FirmwareStore())
    for version in firmware.isEmpty ? [nil] : firmware.map(Optional.some) {
      for c in Self.cases where only.map(c.name.contains) ?? true { try measure(c.name, c.code, loader, version) }
      if only.map("idle_at_prompt".contains) ?? true { try idle(loader, version) }
      if only.map("boot_to_prompt".contains) ?? true { try boot(loader, version) }
    }
  }
  private func instructions(_ board: Board) -> UInt64 { board.machine.cores.reduce(0) { $0 + $1.instructions.pointee } }
  private func line(_ fields: [(String, String)]) {
    print("{" + fields.map { "\"\($0.0)\": \($0.1)" }.joined(separator: ", ") + "}")
    fflush(nil)
  }

  private func measure(_ name: String, _ code: String, _ loader: BoardLoader, _ version: String?) throws {
    let board = try loader.load("pico", firmware: version, rom: nil).board
    let repl = RawREPL(code: code + "print('<')\nf(\(Self.passes[name]!))\nprint('>')\n")
    let session = Session(board: board)
    session.repl = repl
    session.timeLimit = 600
    var begin: (Date, UInt64, UInt64)?, end: (Date, UInt64, UInt64)?
    repl.onOutput = { [unowned board] byte in
      let mark = (Date(), instructions(board), board.machine.now)
      if byte == UInt8(ascii: "<") { begin = mark }
      if byte == UInt8(ascii: ">") { end = mark }
    }
    board.powerOn()
    guard session.run() == .scriptDone(failed: false), let begin, let end else { throw BoardError("\(name) did not run: \(String(decoding: repl.errors, as: UTF8.self))") }
    let host = end.0.timeIntervalSince(begin.0), virtual = Double(end.2 - begin.2) / 1e12
    line([
      ("case", "\"\(name)\""), ("firmware", "\"\(version ?? "default")\""), ("mips", String(format: "%.1f", Double(end.1 - begin.1) / host / 1e6)),
      ("realtime_factor", String(format: "%.2f", virtual / host)), ("virtual_seconds", String(format: "%.4f", virtual)), ("host_seconds", String(format: "%.4f", host)),
    ])
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
