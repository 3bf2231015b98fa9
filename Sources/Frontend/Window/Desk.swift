import Boards
import Foundation
import Machine
import class Machine.Port

/// What the window's thread and the machine's thread hand each other. The machine belongs to its own thread alone: orders
/// go to it, reports come back.
final class Desk: @unchecked Sendable {
  /// What the window shows of the machine, taken between two slices.
  struct Report: Sendable {
    struct Load: Sendable {
      var name: String, cycles: UInt64, slept: UInt64
    }
    var looks: Scene.Looks
    var loads: [Load]
    var isPaused: Bool, isPowered: Bool
    var speed: Double?
    /// Of the pad or leg that is pointed at.
    var pin: PinMeter.Reading?
    var pinName = "", pinFunction = ""
    /// What the logic analyzer shows, where that is new.
    var logic: LogicTrace.Snapshot?
    var time: UInt64 { looks.time }
  }
  private let lock = NSCondition()
  private var orders: [(Session) -> Void] = []
  private var report: Report?
  private var isWanted = false
  private var output: [UInt8] = [], input: [UInt8] = []
  private var news: [String] = []
  private var ending: Session.Ending?
  // Of the machine's thread.
  private let scene: Scene
  private var isPowered = true
  private let meter = PinMeter()
  private var pad: (name: String, board: Board)?
  let loudspeaker: Loudspeaker
  private let trace: LogicTrace?
  private var isLogicShown = false, reports = 0

  init(scene: Scene, loudspeaker: Loudspeaker, trace: LogicTrace?) {
    self.scene = scene
    self.loudspeaker = loudspeaker
    self.trace = trace
  }

  // MARK: The window's side

  /// Has something done between two slices.
  func order(_ what: @escaping (Session) -> Void) {
    lock.withLock {
      orders.append(what)
      lock.signal()
    }
  }
  /// The newest report, and one more is asked for.
  func takeReport() -> Report? {
    lock.withLock {
      isWanted = true
      defer { report = nil }
      return report
    }
  }
  func type(_ bytes: [UInt8]) {
    lock.withLock {
      input += bytes
      lock.signal()
    }
  }
  func takeOutput() -> [UInt8] {
    lock.withLock {
      // As much as a frame has time for; a terminal keeps only the last lines of a flood.
      if output.count > 1 << 20 { output.removeFirst(output.count - 1 << 18) }
      let n = min(output.count, 1 << 16)
      defer { output.removeFirst(n) }
      return Array(output.prefix(n))
    }
  }
  func takeNews() -> [String] {
    lock.withLock {
      defer { news = [] }
      return news
    }
  }
  func takeEnding() -> Session.Ending? { lock.withLock { ending } }
  /// - Parameter pad: of `board`, where the pin is one.
  func watch(_ pin: Pin?, pad: String?, on board: Board) {
    order { [unowned self] session in
      meter.watch(pin, session.board.machine)
      self.pad = pad.map { ($0, board) }
    }
  }
  /// Whether reports have what the logic analyzer shows.
  func showLogic(_ on: Bool) { order { [unowned self] _ in isLogicShown = on } }
  func changeLogic(_ change: @escaping (LogicTrace) -> Void) { order { [trace] _ in if let trace { change(trace) } } }
  func setPower(_ on: Bool) {
    order { [unowned self] session in power(on, session.board) }
  }
  /// Flashes a firmware file, as if the board were plugged in anew; one that the board does not take changes nothing.
  func flash(_ bytes: [UInt8], name: String) {
    order { [unowned self] session in
      let board = session.board
      do {
        try board.load(firmware: bytes, name: name)
        // A write that was under way must not end up in the new firmware.
        if isPowered { board.powerOff() }
        for remark in try board.load(firmware: bytes, name: name) { tell(remark) }
        tell("\(name) is flashed")
      } catch { return tell("\(error)") }
      isPowered = false
      power(true, board)
    }
  }
  private func power(_ on: Bool, _ board: Board) {
    guard on != isPowered else { return }
    isPowered = on
    if on { board.powerOn() } else { board.powerOff() }
    // What the board prints next begins a line.
    if on { lock.withLock { output += [13, 10] } }
  }

  // MARK: The machine's side

  func tell(_ text: String) { lock.withLock { news.append(text) } }
  func end(_ e: Session.Ending) { lock.withLock { ending = e } }
  /// Between two slices.
  func serve(_ session: Session) {
    let due = lock.withLock {
      defer { orders = [] }
      return orders
    }
    for o in due { o(session) }
    loudspeaker.play(upTo: session.board.machine.now, speed: session.isPaused ? 0 : session.speed ?? 0)
    guard lock.withLock({ isWanted }) else { return }
    let machine = session.board.machine
    let looks = scene.capture()
    scene.expose()
    let loads = machine.cores.map { core in
      let present = core.asleep.pointee ? max(core.currentCycle(), core.cycles.pointee) : core.cycles.pointee
      return Report.Load(name: core.name, cycles: present, slept: core.slept.pointee &+ (present &- core.cycles.pointee))
    }
    var r = Report(looks: looks, loads: loads, isPaused: session.isPaused, isPowered: isPowered, speed: session.speed, pin: meter.reading(machine))
    r.pinName = pad?.name ?? meter.pin?.name.split(separator: ":").last.map(String.init) ?? ""
    r.pinFunction = pad.map { $0.board.function(of: $0.name) } ?? ""
    // An eye reads no more than twenty of these a second.
    if isLogicShown, reports % 3 == 0 { r.logic = trace?.snapshot(at: machine.now) }
    reports += 1
    lock.withLock {
      report = r
      isWanted = false
    }
  }

  /// The console that the window's terminal is.
  final class Terminal: Console {
    private let desk: Desk
    private var pending: [UInt8] = []
    init(_ desk: Desk) { self.desk = desk }
    func write(_ byte: UInt8) { pending.append(byte) }
    func flush() {
      guard !pending.isEmpty else { return }
      desk.lock.withLock { desk.output += pending }
      pending.removeAll(keepingCapacity: true)
    }
    func read(upTo count: Int) -> [UInt8] {
      desk.lock.withLock {
        let n = min(count, desk.input.count)
        defer { desk.input.removeFirst(n) }
        return Array(desk.input.prefix(n))
      }
    }
    func wait(seconds: Double) {
      desk.lock.withLock { if desk.input.isEmpty && desk.orders.isEmpty { _ = desk.lock.wait(until: Date(timeIntervalSinceNow: seconds)) } }
    }
    let wantsToQuit = false
  }
}
