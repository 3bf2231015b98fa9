/// Cores, buses and time, and the loop that runs them.
public final class Machine {
  public let arena: StateArena
  public let scheduler: Scheduler
  public let log = Log()
  public private(set) var cores: [Core] = []
  public private(set) var memories: [Memory] = []
  /// The first chip's core clock.
  public let coreClock: UnsafeMutablePointer<Clock>
  /// Longest slice in picoseconds: how late outside input may be seen.
  public var quantum: UInt64 = 100_000_000
  /// Cycles that one of two running cores may be ahead of the other.
  static let interleave: UInt64 = 128
  /// Picoseconds that chips with clocks of their own may be apart.
  static let link: UInt64 = 1_000_000
  /// The cores by their clocks.
  private var groups: [[Core]] = []

  public init(arena: StateArena = StateArena(), clock: Clock) {
    self.arena = arena
    coreClock = arena.allocate("Machine.clock", initial: clock)
    scheduler = Scheduler(arena: arena, clock: coreClock)
    log.location = { [unowned self] in
      runningCore.map { "\($0.name) at pc 0x" + String($0.programCounter, radix: 16) } ?? ""
    }
  }
  public func add(_ core: Core) {
    let clock = core.clock
    core.currentCycle = { [scheduler] in clock.pointee.cycle(atOrAfter: scheduler.now) }
    core.endSlice = { [scheduler] in scheduler.endSlice() }
    cores.append(core)
    if let i = groups.firstIndex(where: { $0[0].clock == clock }) { groups[i].append(core) } else { groups.append([core]) }
  }
  public func add(_ memory: Memory) { memories.append(memory) }

  /// Picoseconds since power-on.
  public var now: UInt64 { scheduler.now }
  public private(set) var runningCore: Core?
  public var stop: StopReason? { cores.lazy.compactMap(\.stop).first }
  private var stopped: Bool {
    for core in cores where core.stopped.pointee { return true }
    return false
  }

  /// Changes the frequency of cores from now on (1/256 Hz).
  public func setFrequency256(_ f: UInt64, of clock: UnsafeMutablePointer<Clock>) {
    guard f != clock.pointee.frequency256 else { return }
    let time = scheduler.now
    let running = runningCore.flatMap { $0.clock == clock ? $0.cycles.pointee : nil }
    clock.pointee.setFrequency256(f, at: time, cycle: running ?? clock.pointee.cycle(atOrAfter: time))
    for core in cores where core.clock == clock { core.clockChanged() }
    scheduler.endSlice()
  }

  /// Ends `run` at the present instant: what is watched for has happened.
  public func pause() {
    pausing = true
    scheduler.endSlice()
  }
  private var pausing = false

  /// Runs to virtual time `end`, until a core stops for good, or to a `pause`.
  public func run(until end: UInt64) {
    pausing = false
    while scheduler.now < end && !stopped && !pausing {
      let now = scheduler.now
      var sliceEnd = max(now, min(scheduler.nextDeadline, end, now &+ quantum))
      // On a grid of its own, so that the quantum makes no difference.
      if groups.count > 1 { sliceEnd = min(sliceEnd, (now / Self.link + 1) * Self.link) }
      scheduler.state.pointee.sliceEnd = sliceEnd
      for group in groups { run(group) }
      let target = scheduler.state.pointee.sliceEnd
      scheduler.state.pointee.sliceEnd = .max
      scheduler.advance(to: target)
    }
  }
  /// Runs the cores of one clock to the end of the slice, which they may shorten; the one that is behind goes first.
  private func run(_ cores: [Core]) {
    let clock = cores[0].clock
    scheduler.runningClock = clock
    while !stopped {
      let end = clock.pointee.cycle(atOrAfter: scheduler.state.pointee.sliceEnd)
      var next: Core?, others = UInt64.max
      for core in cores where !core.asleep.pointee {
        if let n = next, core.cycles.pointee >= n.cycles.pointee {
          others = min(others, core.cycles.pointee)
        } else {
          if let n = next { others = min(others, n.cycles.pointee) }
          next = core
        }
      }
      guard let core = next, core.cycles.pointee < end else { break }
      core.mayAccess.pointee = others
      // With company, a grid of fixed cycles keeps the interleaving independent of where slices begin.
      core.limit.pointee = others == .max ? end : min(end, (max(others, core.cycles.pointee) / Self.interleave + 1) * Self.interleave)
      scheduler.runningCycles = core.cycles
      scheduler.runningLimit = core.limit
      runningCore = core
      core.run()
      scheduler.runningCycles = nil
      scheduler.runningLimit = nil
      runningCore = nil
    }
  }
}
