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
  public var speed: Double? { didSet { isPaceNew = true } }
  /// The time at which the machine stands still; nil: it runs.
  public var pauseAt: UInt64? { didSet { isPaceNew = true } }
  public var isPaused: Bool { pauseAt.map { board.machine.now >= $0 } ?? false }
  /// Neither a found text nor a script's end ends the run before this time: a picture is still to be taken.
  public var holdUntil: UInt64 = 0
  public var until: [UInt8] = []
  /// In virtual seconds.
  public var timeLimit: Double?
  public var repl: RawREPL?
  public var consoles: [(port: Port, console: any Console)] = []
  /// Called with the machine's time after each slice.
  public var onSlice: () -> Void = {}
  /// Ends the run at the next slice.
  public var stopRequested = false
  private var appointments: [(time: UInt64, action: () -> Void)] = []
  private var isPaceNew = false
  /// While a client moves modem lines it counts in the host's time: the board goes no faster until then.
  private var linesMoveUntil: Date?
  private var matched: [UInt8] = []
  private var found = false
  public private(set) var hostSeconds = 0.0

  public init(board: Board) {
    self.board = board
  }
  /// Has something done at an exact virtual time, between two slices; at once when it is past.
  public func at(_ time: UInt64, _ action: @escaping () -> Void) {
    let i = appointments.firstIndex { $0.time > time } ?? appointments.count
    appointments.insert((time, action), at: i)
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
    var isBootHeld = board.bootPressed
    var anchorHost = Date(), anchorVirtual = begin
    var nextRetry = UInt64(0)
    while true {
      while let next = appointments.first, next.time <= machine.now {
        appointments.removeFirst()
        next.action()
      }
      let mayEnd = machine.now >= holdUntil
      if found && mayEnd { return .found }
      // Nobody holds a button for longer than it takes the boot ROM to look.
      if isBootHeld, machine.now - begin > 500_000_000_000 {
        isBootHeld = false
        board.bootPressed = false
      }
      if stopRequested || Interruption.signal != 0 { return .quit }
      if let s = machine.stop { return .stopped(s.message) }
      if let limit = timeLimit, Double(machine.now) >= limit * 1e12 { return .timeLimit }
      if let r = repl {
        if r.isDone && mayEnd { return .scriptDone(failed: !r.errors.isEmpty) }
        if board.consoleReady && !r.isDone {
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
      if let end = linesMoveUntil, Date() > end {
        linesMoveUntil = nil
        isPaceNew = true
      }
      let speed = linesMoveUntil == nil ? speed : min(speed ?? 1, 1)
      for (port, console) in consoles where port.room > 0 {
        let bytes = console.read(upTo: port.room)
        if !bytes.isEmpty { port.feed(bytes) }
        if console.wantsToQuit { return .quit }
      }
      if isPaused {
        onSlice()
        if let c = consoles.first?.console { c.wait(seconds: 0.005) } else { Thread.sleep(forTimeInterval: 0.005) }
        isPaceNew = true
        continue
      }
      if isPaceNew {
        isPaceNew = false
        anchorHost = Date()
        anchorVirtual = machine.now
      }
      // In slow motion, a slice lasts no longer for the host than otherwise.
      var slice: UInt64 = speed == nil ? 5_000_000_000 : min(2_000_000_000, UInt64(max((speed ?? 1) * 8e9, 1e6)))
      if let limit = timeLimit { slice = min(slice, max(1, UInt64(limit * 1e12) &- machine.now)) }
      if let next = appointments.first { slice = min(slice, max(1, next.time &- machine.now)) }
      if let pauseAt { slice = min(slice, max(1, pauseAt &- machine.now)) }
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
    case .dtr(let on):
      board.serial(port, dtr: on, rts: nil, baud: nil)
      linesMove()
    case .rts(let on):
      board.serial(port, dtr: nil, rts: on, baud: nil)
      linesMove()
    case .baud(let rate): board.serial(port, dtr: nil, rts: nil, baud: rate)
    case .breakCondition, .purge: break
    }
  }
  private func linesMove() {
    if linesMoveUntil == nil { isPaceNew = true }
    linesMoveUntil = Date(timeIntervalSinceNow: 0.5)
  }
  private func watch(_ byte: UInt8) {
    guard !until.isEmpty, !found else { return }
    matched.append(byte)
    if matched.count > until.count { matched.removeFirst() }
    if matched == until { found = true }
  }
}
