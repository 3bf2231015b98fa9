/// Virtual time and what is due. An event is a slot: its deadline is state, its action is wiring.
public final class Scheduler {
  public struct State: BitwiseCopyable {
    /// Picoseconds since power-on, between slices.
    var now: UInt64 = 0
    /// Time at which the running slice ends.
    var sliceEnd: UInt64 = .max
  }
  public struct Event: Sendable, Equatable { let slot: Int }

  static let capacity = 1024
  let state: UnsafeMutablePointer<State>
  let deadlines: UnsafeMutablePointer<UInt64>
  var actions: [(UInt64) -> Void] = []
  public private(set) var names: [String] = []

  // The core whose slice runs: its count is the present. Wiring of the moment, never state.
  var runningCycles: UnsafeMutablePointer<UInt64>?
  var runningLimit: UnsafeMutablePointer<UInt64>?
  var runningClock: UnsafeMutablePointer<Clock>

  public init(arena: StateArena, clock: UnsafeMutablePointer<Clock>) {
    state = arena.allocate("Scheduler", initial: State())
    deadlines = arena.allocate("Scheduler.deadlines", count: Self.capacity, initial: UInt64.max)
    runningClock = clock
  }

  /// Now, exact inside a slice: the running core's cycle count, in picoseconds.
  public var now: UInt64 {
    guard let c = runningCycles else { return state.pointee.now }
    return max(runningClock.pointee.time(ofCycle: c.pointee), state.pointee.now)
  }
  /// How many more events can be registered.
  public var room: Int { Self.capacity - actions.count }
  /// Registers an event once, at construction; `action` gets the exact time it was due.
  public func event(_ name: String, _ action: @escaping (UInt64) -> Void) -> Event {
    precondition(actions.count < Self.capacity, "too many events")
    names.append(name)
    actions.append(action)
    return Event(slot: actions.count - 1)
  }
  /// Sets the deadline; one in the past is due at once. Shortens the running slice when sooner than its end.
  public func schedule(_ event: Event, at time: UInt64) {
    deadlines[event.slot] = time
    if time < state.pointee.sliceEnd { shortenSlice(to: time) }
  }
  public func schedule(_ event: Event, after picoseconds: UInt64) { schedule(event, at: now &+ picoseconds) }
  public func cancel(_ event: Event) { deadlines[event.slot] = .max }
  public func deadline(of event: Event) -> UInt64? { deadlines[event.slot] == .max ? nil : deadlines[event.slot] }
  public func isScheduled(_ event: Event) -> Bool { deadlines[event.slot] != .max }

  /// Ends the running slice at the next instruction boundary: the frequency or the set of running cores changes.
  public func endSlice() { shortenSlice(to: now) }

  func shortenSlice(to time: UInt64) {
    state.pointee.sliceEnd = time
    if let limit = runningLimit { limit.pointee = min(limit.pointee, runningClock.pointee.cycle(atOrAfter: time)) }
  }
  public var nextDeadline: UInt64 {
    var soonest = UInt64.max
    for k in 0..<actions.count where deadlines[k] < soonest { soonest = deadlines[k] }
    return soonest
  }
  /// Fires all that is due up to `target`, in order of (deadline, slot).
  func advance(to target: UInt64) {
    while true {
      var slot = 0, soonest = UInt64.max
      for k in 0..<actions.count where deadlines[k] < soonest {
        soonest = deadlines[k]
        slot = k
      }
      guard soonest <= target, soonest != .max else { break }
      state.pointee.now = max(state.pointee.now, soonest)
      deadlines[slot] = .max
      actions[slot](soonest)
    }
    state.pointee.now = max(state.pointee.now, target)
  }
}
