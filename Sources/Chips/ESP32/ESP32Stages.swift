import Machine

/// The four stages of an ESP32 watchdog: each lasts its time from the last feed or stage, then does what it is set to do.
final class ESP32Stages {
  struct State: BitwiseCopyable {
    var running = false, stage = 0
    /// The clock's cycle at which the stage began.
    var since: UInt64 = 0
  }
  private let state: UnsafeMutablePointer<State>
  private let scheduler: Scheduler, clock: UnsafeMutablePointer<Clock>
  private var event: Scheduler.Event!
  /// Cycles of the clock that a stage lasts.
  var length: (Int) -> UInt64 = { _ in 0 }
  /// A stage is over.
  var onExpiry: (Int) -> Void = { _ in }

  init(name: String, arena: StateArena, scheduler: Scheduler, clock: UnsafeMutablePointer<Clock>) {
    self.scheduler = scheduler
    self.clock = clock
    state = arena.allocate("\(name).stages", initial: State())
    event = scheduler.event("\(name).stage") { [unowned self] _ in expired() }
  }
  var isRunning: Bool {
    get { state.pointee.running }
    set {
      guard newValue != state.pointee.running else { return }
      state.pointee.running = newValue
      feed()
    }
  }
  /// Back to the beginning of stage 0.
  func feed() { begin(stage: 0) }
  private func begin(stage: Int) {
    state.pointee.stage = stage
    state.pointee.since = clock.pointee.cycle(at: scheduler.now)
    arm()
  }
  /// The clock or a stage's length has changed.
  func arm() {
    guard state.pointee.running else { return scheduler.cancel(event) }
    let time = clock.pointee.time(ofCycle: state.pointee.since &+ max(1, length(state.pointee.stage)))
    if time == .max { scheduler.cancel(event) } else { scheduler.schedule(event, at: time) }
  }
  private func expired() {
    let stage = state.pointee.stage
    begin(stage: (stage + 1) & 3)
    onExpiry(stage)
  }
}
