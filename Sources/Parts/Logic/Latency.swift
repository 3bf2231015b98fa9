import Machine

/// Outputs that follow their inputs a little later, as those of real gates do: what is clocked together sees the levels of before.
final class Latency {
  private let scheduler: Scheduler
  private let delay: UInt64
  private var event: Scheduler.Event!

  /// - Parameter nanoseconds: from an input's change to `show`.
  init(_ name: String, nanoseconds: UInt64, context: PartContext, show: @escaping () -> Void) {
    scheduler = context.scheduler
    delay = nanoseconds * 1000
    event = scheduler.event(name) { _ in show() }
  }
  /// The outputs may have to change.
  func begin() { if !scheduler.isScheduled(event) { scheduler.schedule(event, after: delay) } }
}
