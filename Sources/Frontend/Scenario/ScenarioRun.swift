import Boards
import Foundation
import Machine
import Parts

/// Plays a scenario on a board: each step at its exact virtual time.
public final class ScenarioRun {
  public enum Outcome: Sendable, Equatable {
    case passed
    case failed(line: Int, String)
    case timedOut(line: Int, String)
  }
  private struct Failure: Error { var message: String, isTimeout = false }

  public let scenario: Scenario
  public let board: Board
  private let folder: URL
  /// In picoseconds.
  private let limit: UInt64
  /// A line about each step as it is met.
  public var onStep: (String) -> Void = { _ in }
  /// What the board's serial port gives.
  public var onSerial: (UInt8) -> Void = { _ in }

  private var serial: [UInt8] = []
  private var waitingFor: [UInt8] = []
  private let scene: Scene
  /// Touches to end, by part.
  private var touches: [(part: Part, end: UInt64)] = []
  /// Pins whose edges are counted.
  private final class Meter {
    var edges = 0, rises: [UInt64] = []
    var high = false, since: UInt64 = 0, total: UInt64 = 0
    var wanted: ((Bool) -> Void)?
    let pin: Pin
    init(_ pin: Pin) { self.pin = pin }
  }
  private var meters: [String: Meter] = [:]
  private let repl: RawREPL?

  /// - Parameters:
  ///   - folder: where paths of the scenario begin.
  ///   - timeout: virtual milliseconds for the whole run.
  public init(_ scenario: Scenario, board: Board, folder: URL, timeout: Double, code: String? = nil) {
    self.scenario = scenario
    self.board = board
    self.folder = folder
    limit = UInt64(min(max(timeout, 0), 1e9) * 1e9)
    scene = Scene(board)
    repl = code.map(RawREPL.init(code:))
  }
  private var now: UInt64 { board.machine.now }
  private func at(_ time: UInt64) -> String { "at \((Double(time) / 1e9 * 1000).rounded() / 1000) ms" }

  public func run() -> Outcome {
    for (name, port) in board.ports {
      port.onOutput = { [unowned self] byte in
        if name == board.defaultPort { received(byte) }
      }
      port.isConnected = true
    }
    var line = 1
    do {
      // Before power-on, so that what makes waves knows that somebody counts.
      for step in scenario.steps {
        line = step.line
        switch step.action {
        case .expectPin(let leg, _), .waitPin(let leg, _, _, _), .expectFrequency(let leg, _, _), .expectDuty(let leg, _, _): _ = try meter(leg)
        case .setControl(let id, let control, _): try checkControl(part(id), control)
        case .expectText(let id, _, _, _), .touch(let id, _, _, _, _), .touchDown(let id, _, _), .touchUp(let id), .set(let id, _, _): _ = try part(id)
        case .screenshot(let id?, _, _, _): _ = try part(id)
        default: break
        }
      }
      board.powerOn()
      if repl != nil {
        line = 1
        try startScript()
      }
      for step in scenario.steps {
        line = step.line
        try play(step.action)
        onStep("[\(scenario.name)] \(step.name ?? step.command) \(at(now))")
      }
      return .passed
    } catch let f as Failure {
      return f.isTimeout ? .timedOut(line: line, f.message) : .failed(line: line, f.message)
    } catch { return .failed(line: line, "\(error)") }
  }

  // MARK: Time

  private func received(_ byte: UInt8) {
    onSerial(byte)
    repl?.receive(byte)
    serial.append(byte)
    if serial.count > 65536 { serial.removeFirst(32768) }
    if !waitingFor.isEmpty, serial.count >= waitingFor.count, serial.suffix(waitingFor.count).elementsEqual(waitingFor) {
      waitingFor = []
      serial = []
      board.machine.pause()
    }
  }
  /// Runs until `done`, or to `end`; touches end in between at their times.
  private func run(to end: UInt64, until done: () -> Bool = { false }) throws {
    while now < end, !done() {
      let next = touches.map(\.end).min() ?? .max
      board.machine.run(until: min(end, next, limit))
      if now >= next {
        for t in touches where t.end <= now { t.part.touch(x: 0, y: 0, down: false) }
        touches.removeAll { $0.end <= now }
      }
      if let s = board.machine.stop { throw Failure(message: "the machine stopped \(at(now)): \(s.message)") }
      if now >= limit, now < end, !done() { throw Failure(message: "the time limit of \(Double(limit) / 1e9) virtual ms was reached", isTimeout: true) }
    }
  }
  private func startScript() throws {
    guard let repl, let port = board.ports[board.defaultPort] else { return }
    var retry: UInt64 = 0
    while repl.stage != .output && !repl.isDone {
      if board.consoleReady {
        repl.begin()
        if now > retry {
          repl.retry()
          retry = now + 1_000_000_000_000
        }
        if !repl.toSend.isEmpty { repl.sent(port.feed(repl.toSend.prefix(port.room))) }
      }
      try run(to: now + 1_000_000_000)
    }
    serial = []
  }

  // MARK: Things

  private func part(_ id: String) throws -> Part { try board.part(id) }
  private func pin(_ leg: Scenario.Leg) throws -> Pin { try board.pin("\(leg.part):\(leg.pin)") }
  private func checkControl(_ part: Part, _ control: String) throws {
    guard part.controls.contains(where: { $0.name == control }) else {
      throw Failure(message: "\(part.id) (\(part.kind.title)) has no control \"\(control)\"; it has \(part.controls.isEmpty ? "none" : part.controls.map(\.name).joined(separator: ", "))")
    }
  }
  private func meter(_ leg: Scenario.Leg) throws -> Meter {
    let key = "\(leg.part):\(leg.pin)"
    if let m = meters[key] { return m }
    let m = Meter(try pin(leg))
    m.high = m.pin.isHigh
    m.pin.net.observe { [unowned self] level in
      let high = level == .high || level == .contention, t = now
      guard high != m.high else { return }
      if m.high { m.total &+= t &- m.since }
      m.high = high
      m.since = t
      m.edges += 1
      if high, m.rises.count < 1_000_000 { m.rises.append(t) }
      m.wanted?(high)
    }
    meters[key] = m
    return m
  }

  // MARK: Steps

  private func play(_ action: Scenario.Action) throws {
    switch action {
    case .delay(let d): try run(to: now + d)
    case .waitSerial(let text):
      if let at = serial.firstRange(of: text) {
        serial.removeSubrange(..<at.upperBound)
        return
      }
      waitingFor = text
      try run(to: .max) { waitingFor.isEmpty }
    case .writeSerial(let bytes):
      guard let port = board.ports[board.defaultPort] else { throw Failure(message: "the board has no serial port") }
      var rest = bytes[...]
      while !rest.isEmpty {
        rest = rest.dropFirst(port.feed(rest.prefix(port.room)))
        if !rest.isEmpty { try run(to: now + 100_000_000) }
      }
    case .setControl(let id, let control, let value): try part(id).setControl(control, value)
    case .set(let id, let attribute, let value): try part(id).setAttribute(attribute, value)
    case .expectPin(let leg, let high):
      let level = try pin(leg).level
      if (level == .high || level == .contention) != high { throw Failure(message: "\(leg.part):\(leg.pin) is \(level == .high ? "high" : level == .low ? "low" : "\(level)") \(at(now)), but \(high ? "high" : "low") was expected") }
    case .waitPin(let leg, let level, let edge, let timeout):
      let m = try meter(leg)
      if let level, m.pin.isHigh == level { return }
      var met = false
      m.wanted = { [unowned self] high in
        if edge == .any || level == high || (edge == .rising && high) || (edge == .falling && !high) {
          met = true
          board.machine.pause()
        }
      }
      defer { m.wanted = nil }
      let from = now
      try run(to: now + timeout) { met }
      if !met { throw Failure(message: "\(leg.part):\(leg.pin) did not \(edge.map { "have a \($0 == .any ? "change" : "\($0.rawValue) edge")" } ?? "become \(level == true ? "high" : "low")") from \(at(from).dropFirst(3)) on for \(Double(timeout) / 1e9) ms") }
    case .expectFrequency(let leg, let bounds, let over):
      let m = try meter(leg)
      m.rises = []
      try run(to: now + over)
      guard let first = m.rises.first, let last = m.rises.last, m.rises.count > 1 else { throw Failure(message: "\(leg.part):\(leg.pin) had \(m.rises.count) rising edges in \(Double(over) / 1e9) ms, too few for a frequency; look longer with over:") }
      let hz = Double(m.rises.count - 1) * 1e12 / Double(last - first)
      if !(bounds.low...bounds.high ~= hz) { throw Failure(message: "\(leg.part):\(leg.pin) has \(round(hz, 3)) Hz, not \(round(bounds.low, 3)) to \(round(bounds.high, 3))") }
    case .expectDuty(let leg, let bounds, let over):
      let m = try meter(leg), start = now
      m.total = 0
      m.since = start
      try run(to: start + over)
      let duty = Double(m.total &+ (m.high ? now &- m.since : 0)) / Double(now - start)
      if !(bounds.low...bounds.high ~= duty) { throw Failure(message: "\(leg.part):\(leg.pin) is high for \(round(duty, 4)) of the time, not \(round(bounds.low, 4)) to \(round(bounds.high, 4))") }
    case .expectText(let id, let text, let isWhole, let timeout):
      let p = try part(id)
      func shown() throws -> String {
        guard let t = p.displayText else { throw Failure(message: "\(id) (\(p.kind.title)) shows no text; use take-screenshot") }
        return t
      }
      func trimmed(_ s: String) -> String { s.split(separator: "\n", omittingEmptySubsequences: false).map { $0.trimmingCharacters(in: .whitespaces) }.joined(separator: "\n").trimmingCharacters(in: .newlines) }
      func met() throws -> Bool { isWhole ? try trimmed(shown()) == trimmed(text) : try shown().contains(text) }
      let end = now + timeout
      while try !met() {
        guard now < end else { throw Failure(message: "\(id) shows \"\(trimmed(try shown()).replacingOccurrences(of: "\n", with: "\\n"))\" \(at(now)), not \(isWhole ? "" : "anything with ")\"\(text.replacingOccurrences(of: "\n", with: "\\n"))\"") }
        try run(to: min(end, now + 1_000_000_000))
      }
    case .screenshot(let id, let saveTo, let compareWith, let tolerance): try screenshot(id, saveTo, compareWith, tolerance)
    case .touch(let id, let x, let y, let duration, let wait):
      let p = try touchable(id)
      p.touch(x: x, y: y, down: true)
      touches.append((p, now + duration))
      if wait { try run(to: now + duration) }
    case .touchDown(let id, let x, let y): try touchable(id).touch(x: x, y: y, down: true)
    case .touchUp(let id): try touchable(id).touch(x: 0, y: 0, down: false)
    }
  }
  private func touchable(_ id: String) throws -> Part {
    let p = try part(id)
    guard p.hasTouch else { throw Failure(message: "\(id) (\(p.kind.title)) feels no touch") }
    return p
  }
  private func round(_ v: Double, _ digits: Int) -> Double {
    let k = Foundation.pow(10, Double(digits))
    return v.isFinite ? (v * k).rounded() / k : v
  }
  private func path(_ name: String) -> URL { name.hasPrefix("/") ? URL(fileURLWithPath: name) : folder.appendingPathComponent(name) }

  private func screenshot(_ id: String?, _ saveTo: String?, _ compareWith: String?, _ tolerance: Double) throws {
    let canvas: Canvas
    if let id, let p = try part(id).picture { canvas = try Canvas(p) } else {
      // A camera's exposure of lamps that flicker; the guest goes on meanwhile.
      if !board.parts.allSatisfy(\.lamps.isEmpty) {
        scene.expose()
        try run(to: now + Scene.exposure)
      }
      canvas = try id.map { try scene.picture(of: $0) } ?? scene.picture(scene.capture())
    }
    if let saveTo {
      do { try Data(canvas.png()).write(to: path(saveTo)) } catch { throw Failure(message: "\(path(saveTo).path) cannot be written: \(error.localizedDescription)") }
    }
    guard let compareWith else { return }
    let file = path(compareWith)
    guard FileManager.default.fileExists(atPath: file.path) else { throw Failure(message: "there is no picture \(compareWith) to compare with; make it with save-to") }
    let wanted = try Canvas(png: file), shown = canvas
    guard wanted.width == shown.width, wanted.height == shown.height else {
      throw Failure(message: "the picture is \(shown.width) x \(shown.height), but \(compareWith) is \(wanted.width) x \(wanted.height)")
    }
    var different = 0, first: (x: Int, y: Int)?
    for y in 0..<shown.height {
      for x in 0..<shown.width where shown.pixel(x, y) != wanted.pixel(x, y) {
        different += 1
        if first == nil { first = (x, y) }
      }
    }
    if let first, Double(different) > tolerance * Double(shown.width * shown.height) {
      throw Failure(message: "the picture differs from \(compareWith) in \(different) of \(shown.width * shown.height) pixels, first at x \(first.x), y \(first.y)")
    }
  }
}
