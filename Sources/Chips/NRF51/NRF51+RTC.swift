import Machine

extension NRF51 {
  /// Reference Manual §18: a 24-bit counter of the 32.768 kHz clock behind a prescaler of 12 bits.
  public final class RTC: Peripheral, RegisterNaming {
    public enum Register: UInt32, CaseIterable, Sendable {
      case tasksStart = 0x000, tasksStop = 0x004, tasksClear = 0x008, tasksTrigOvrflw = 0x00C, eventsTick = 0x100, eventsOvrflw = 0x104, eventsCompare0 = 0x140
      case intenSet = 0x304, intenClr = 0x308, evtEn = 0x340, evtEnSet = 0x344, evtEnClr = 0x348, counter = 0x504, prescaler = 0x508, cc0 = 0x540, power = 0xFFC
    }
    static let map = RegisterMap<RTC> { r in
      r.task(.tasksStart) { $0.start() }
      r.task(.tasksStop) { $0.stop() }
      r.task(.tasksClear) { $0.set(0) }
      r.task(.tasksTrigOvrflw) { $0.set(0xFF_FFF0) }
      r.event(.eventsTick)
      r.event(.eventsOvrflw)
      r.event(.eventsCompare0, count: 4)
      r.interrupts(.intenSet, .intenClr, mask: 0xF_0003)
      r[.evtEn].onRead { $0.state.pointee.passed }.onWrite { d, v in d.pass(v) }
      r[.evtEnSet].onRead { $0.state.pointee.passed }.onWrite { d, v in d.pass(d.state.pointee.passed | v) }
      r[.evtEnClr].onRead { $0.state.pointee.passed }.onWrite { d, v in d.pass(d.state.pointee.passed & ~v) }
      r[.counter].onRead { d in
        d.catchUp()
        return d.state.pointee.count
      }
      // §18.1.2: only while the counter stands.
      r[.prescaler].onRead { d in d.state.pointee.prescaler }.onWrite { d, v in if !d.state.pointee.isRunning { d.state.pointee.prescaler = v & 0xFFF } }
      r[.cc0, count: 4].onRead { d, n in d.cc[n] }.onWrite { d, n, v in
        d.catchUp()
        d.cc[n] = v & 0xFF_FFFF
        d.plan()
      }
      r.power(.power)
    }
    enum Number { static let tick = 0, overflow = 1, compare = 16 }
    struct State: BitwiseCopyable {
      var isRunning = false
      var prescaler: UInt32 = 0
      /// EVTEN.
      var passed: UInt32 = 0
      /// The count as of the period `since` of the low-frequency clock.
      var count: UInt32 = 0, since: UInt64 = 0
    }
    private let state: UnsafeMutablePointer<State>
    private let cc: UnsafeMutablePointer<UInt32>
    private let compares: Int
    private let scheduler: Scheduler
    private let clock: UnsafeMutablePointer<Clock>
    private var due: Scheduler.Event!

    /// - Parameters:
    ///   - compares: of compare registers; RTC0 has three, RTC1 four.
    ///   - clock: LFCLK.
    init(_ n: Int, compares: Int, arena: StateArena, scheduler: Scheduler, clock: UnsafeMutablePointer<Clock>) {
      self.scheduler = scheduler
      self.clock = clock
      self.compares = compares
      state = arena.allocate("NRF51.RTC\(n).state", initial: State())
      cc = arena.allocate("NRF51.RTC\(n).CC", count: 4, initial: UInt32(0))
      super.init(Self.map, block: "RTC\(n)", arena: arena)
      due = scheduler.event("NRF51.RTC\(n).due") { [unowned self] _ in
        catchUp()
        plan()
      }
    }
    private var period: UInt64 { UInt64(state.pointee.prescaler) + 1 }
    /// §18.1.8: an event happens only while it is passed on or interrupts.
    private func happens(_ n: Int) -> Bool { (events.pointee.enabled | state.pointee.passed)[bit: n] }
    override func isHeard(_ n: Int) -> Bool { events.pointee.enabled[bit: n] || events.pointee.routed[bit: n] && state.pointee.passed[bit: n] }

    private func distance(to value: UInt32) -> UInt64 {
      let d = (value &- state.pointee.count) & 0xFF_FFFF
      return d == 0 ? 1 << 24 : UInt64(d)
    }
    override func catchUp() {
      while state.pointee.isRunning {
        let ticks = (clock.pointee.cycle(at: scheduler.now) &- state.pointee.since) / period
        guard ticks > 0 else { return }
        var next = ticks
        if happens(Number.overflow) { next = min(next, distance(to: 0)) }
        for n in 0..<compares where happens(Number.compare + n) { next = min(next, distance(to: cc[n])) }
        if isHeard(Number.tick) { next = 1 }
        state.pointee.count = (state.pointee.count &+ UInt32(truncatingIfNeeded: next)) & 0xFF_FFFF
        state.pointee.since &+= next &* period
        if happens(Number.tick) { raise(Number.tick) }
        if state.pointee.count == 0, happens(Number.overflow) { raise(Number.overflow) }
        for n in 0..<compares where happens(Number.compare + n) && cc[n] == state.pointee.count { raise(Number.compare + n) }
      }
    }
    private func plan() {
      guard state.pointee.isRunning else { return scheduler.cancel(due) }
      var soonest = UInt64.max
      if isHeard(Number.tick) { soonest = 1 }
      if isHeard(Number.overflow) { soonest = min(soonest, distance(to: 0)) }
      for n in 0..<compares where isHeard(Number.compare + n) { soonest = min(soonest, distance(to: cc[n])) }
      if soonest == .max { scheduler.cancel(due) } else { scheduler.schedule(due, at: clock.pointee.time(ofCycle: state.pointee.since &+ soonest &* period)) }
    }
    override func listenersChanged() { plan() }
    private func pass(_ v: UInt32) {
      catchUp()
      state.pointee.passed = v & 0xF_0003
      plan()
    }
    private func start() {
      guard !state.pointee.isRunning else { return }
      state.pointee.isRunning = true
      state.pointee.since = clock.pointee.cycle(at: scheduler.now)
      plan()
    }
    private func stop() {
      catchUp()
      state.pointee.isRunning = false
      plan()
    }
    private func set(_ count: UInt32) {
      catchUp()
      state.pointee.count = count
      if state.pointee.isRunning { state.pointee.since = clock.pointee.cycle(at: scheduler.now) }
      plan()
    }
    public override func reset() {
      super.reset()
      state.pointee = State()
      for n in 0..<4 { cc[n] = 0 }
      scheduler.cancel(due)
    }
  }
}
