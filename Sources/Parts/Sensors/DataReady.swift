import Machine

/// When a sensor that measures at its own rate has a new sample: nothing happens until somebody looks, or waits for a signal.
final class DataReady {
  struct State: BitwiseCopyable { var period: UInt64 = 0, since: UInt64 = 0, taken: UInt64 = 0, isSignalled = false }
  private let state: UnsafeMutablePointer<State>
  private let scheduler: Scheduler
  private var due: Scheduler.Event!
  /// Whether the signal is led to a pin; what moves the pin.
  var isWanted: () -> Bool = { false }
  var signal: (Bool) -> Void = { _ in }

  init(_ name: String, context: PartContext) {
    scheduler = context.scheduler
    state = context.arena.allocate("\(name).ready", initial: State())
    due = scheduler.event("\(name).sample") { [unowned self] _ in plan() }
  }
  /// Samples from now on, each `period` picoseconds; 0: none.
  func run(period: UInt64) {
    state.pointee = State(period: period, since: scheduler.now, isSignalled: state.pointee.isSignalled)
    plan()
  }
  private var count: UInt64 { state.pointee.period == 0 ? 0 : (scheduler.now &- state.pointee.since) / state.pointee.period }
  /// There is a sample that nobody has taken.
  var isReady: Bool { count > state.pointee.taken }
  /// There were others before it that nobody has taken.
  var isOverwritten: Bool { count > state.pointee.taken + 1 }
  func take() {
    state.pointee.taken = count
    plan()
  }
  /// The signal now, and the time of its next rise if somebody waits for it.
  func plan() {
    let on = isReady && isWanted()
    if on != state.pointee.isSignalled {
      state.pointee.isSignalled = on
      signal(on)
    }
    if state.pointee.period > 0, isWanted(), !on {
      scheduler.schedule(due, at: state.pointee.since &+ (state.pointee.taken + 1) &* state.pointee.period)
    } else {
      scheduler.cancel(due)
    }
  }
}
