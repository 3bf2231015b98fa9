import Machine

/// A light that is on or off, and how long it has been on in all: its brightness over a while is the difference.
public struct Lamp {
  public struct State: BitwiseCopyable {
    var isOn = false
    var since: UInt64 = 0, total: UInt64 = 0
  }
  private let state: UnsafeMutablePointer<State>
  private let scheduler: Scheduler

  public init(_ name: String, context: PartContext) {
    state = context.arena.allocate("\(name).lamp", initial: State())
    scheduler = context.scheduler
  }
  public var isOn: Bool { state.pointee.isOn }
  public func set(_ on: Bool) {
    guard on != state.pointee.isOn else { return }
    let now = scheduler.now
    if state.pointee.isOn { state.pointee.total &+= now &- state.pointee.since }
    state.pointee.isOn = on
    state.pointee.since = now
  }
  /// Picoseconds that it has been on.
  public var onTime: UInt64 { state.pointee.total &+ (state.pointee.isOn ? scheduler.now &- state.pointee.since : 0) }
}
