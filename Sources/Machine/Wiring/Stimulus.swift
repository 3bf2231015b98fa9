/// Drives pins as a recording says.
public final class Stimulus {
  private let changes: [(time: UInt64, pin: Int, level: NetLevel)]
  private let pins: [Pin]
  private let next: UnsafeMutablePointer<Int>
  private let scheduler: Scheduler
  private var event: Scheduler.Event!

  /// - Parameter signals: for a channel of the recording, the pin that follows it.
  public init(_ name: String, changes: [Probe.Change], signals: [Int: Pin], machine: Machine) {
    let order = signals.keys.sorted()
    pins = order.map { n in
      let p = Pin("\(name).\(n)", arena: machine.arena)
      if let target = signals[n] { Net.tie(target, p) }
      return p
    }
    self.changes = changes.compactMap { c in order.firstIndex(of: c.channel).map { (c.time, $0, c.level) } }
    next = machine.arena.allocate("\(name).next", initial: 0)
    scheduler = machine.scheduler
    event = scheduler.event(name) { [unowned self] time in play(time) }
    if let first = self.changes.first { scheduler.schedule(event, at: first.time) }
  }
  private func play(_ time: UInt64) {
    while next.pointee < changes.count, changes[next.pointee].time <= time {
      let c = changes[next.pointee]
      next.pointee += 1
      pins[c.pin].drive = c.level == .high ? .high : c.level == .low ? .low : .none
    }
    if next.pointee < changes.count { scheduler.schedule(event, at: changes[next.pointee].time) }
  }
}
