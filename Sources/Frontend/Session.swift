import Boards
import Foundation
import Machine
import class Machine.Port

/// A board that runs: pace against the host's clock, consoles, conditions to stop.
public final class Session {
  public enum Ending: Equatable {
    case found, timeLimit, quit, scriptDone(failed: Bool), stopped(String)
  }
  public let board: Board
  /// Virtual over host time; nil: as fast as it goes.
  public var speed: Double?
  public var until: [UInt8] = []
  /// In virtual seconds.
  public var timeLimit: Double?
  public var repl: RawREPL?
  public var consoles: [(port: Port, console: any Console)] = []
  /// Called with the machine's time after each slice.
  public var onSlice: () -> Void = {}
  /// Ends the run at the next slice.
  public var stopRequested = false
  private var matched: [UInt8] = []
  private var found = false
  public private(set) var hostSeconds = 0.0

  public init(board: Board) {
    self.board = board
  }
  /// Runs until something ends it.
  public func run() -> Ending {
    let start = Date()
    defer { hostSeconds = Date().timeIntervalSince(start) }
    let machine = board.machine
    for (name, port) in board.ports {
      let consoles = self.consoles.filter { $0.port === port }.map { $0.console }
      let isMain = name == board.defaultPort
      port.onOutput = { [unowned self] byte in
        for c in consoles { c.write(byte) }
        if isMain || !consoles.isEmpty { watch(byte) }
        if isMain { repl?.receive(byte) }
      }
      port.isConnected = true
    }
    let begin = machine.now
    var anchorHost = Date(), anchorVirtual = begin
    var nextRetry = UInt64(0)
    while true {
      if found { return .found }
      // Nobody holds a button for longer than it takes the boot ROM to look.
      if board.bootPressed, machine.now - begin > 500_000_000_000 { board.bootPressed = false }
      if stopRequested { return .quit }
      if let s = machine.stop { return .stopped(s.message) }
      if let limit = timeLimit, Double(machine.now) >= limit * 1e12 { return .timeLimit }
      if let r = repl {
        if r.isDone { return .scriptDone(failed: !r.errors.isEmpty) }
        if board.consoleReady {
          r.begin()
          if machine.now > nextRetry {
            r.retry()
            nextRetry = machine.now + 1_000_000_000_000
          }
          if let p = board.ports[board.defaultPort], !r.toSend.isEmpty { r.sent(p.feed(r.toSend.prefix(p.room))) }
        }
      }
      for (port, console) in consoles {
        for c in console.controls() { control(c, of: port) }
      }
      for (port, console) in consoles where port.room > 0 {
        let bytes = console.read(upTo: port.room)
        if !bytes.isEmpty { port.feed(bytes) }
        if console.wantsToQuit { return .quit }
      }
      var slice: UInt64 = speed == nil ? 5_000_000_000 : 2_000_000_000
      if let limit = timeLimit { slice = min(slice, max(1, UInt64(limit * 1e12) &- machine.now)) }
      machine.run(until: machine.now + slice)
      for (_, console) in consoles { console.flush() }
      onSlice()
      if let speed {
        let virtual = Double(machine.now - anchorVirtual) / 1e12 / speed
        let ahead = virtual - Date().timeIntervalSince(anchorHost)
        if ahead > 0.0005 {
          // Input ends the wait early.
          if let c = consoles.first?.console { c.wait(seconds: ahead) } else { Thread.sleep(forTimeInterval: ahead) }
        } else if ahead < -0.2 {
          // Too slow for this host: from here on, rather than a race to catch up.
          anchorHost = Date()
          anchorVirtual = machine.now
        }
      }
    }
  }
  private func control(_ c: SerialControl, of port: Port) {
    switch c {
    case .dtr(let on): board.serial(port, dtr: on, rts: nil, baud: nil)
    case .rts(let on): board.serial(port, dtr: nil, rts: on, baud: nil)
    case .baud(let rate): board.serial(port, dtr: nil, rts: nil, baud: rate)
    case .breakCondition, .purge: break
    }
  }
  private func watch(_ byte: UInt8) {
    guard !until.isEmpty, !found else { return }
    matched.append(byte)
    if matched.count > until.count { matched.removeFirst() }
    if matched == until { found = true }
  }
}
