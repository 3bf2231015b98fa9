import Machine

extension NRF51 {
  /// Reference Manual §17: a counter of the 16 MHz clock, or of its own task, with four compare and capture registers.
  ///
  /// Nothing ticks: the count is computed when somebody looks, and a compare is an event of the scheduler only while
  /// an interrupt, the PPI or a shortcut waits for it.
  public final class TIMER: Peripheral, RegisterNaming {
    public enum Register: UInt32, CaseIterable, Sendable {
      case tasksStart = 0x000, tasksStop = 0x004, tasksCount = 0x008, tasksClear = 0x00C, tasksShutdown = 0x010, tasksCapture0 = 0x040, eventsCompare0 = 0x140
      case shorts = 0x200, intenSet = 0x304, intenClr = 0x308, mode = 0x504, bitMode = 0x508, prescaler = 0x510, cc0 = 0x540
      /// Written by Nordic's drivers before START and after STOP (product anomaly notice, 73).
      case anomaly73 = 0xC0C
      case power = 0xFFC
    }
    static let map = RegisterMap<TIMER> { r in
      r.task(.tasksStart) { $0.start() }
      r.task(.tasksStop) { $0.stop() }
      r.task(.tasksCount) { $0.increment() }
      r.task(.tasksClear) { $0.clear() }
      r.task(.tasksShutdown) { $0.stop() }
      r.task(.tasksCapture0, count: 4) { d, n in d.capture(n) }
      r.event(.eventsCompare0, count: 4)
      r[.shorts].onRead { $0.state.pointee.shorts }.onWrite { d, v in d.change { $0.shorts = v & 0xF0F } }
      r.interrupts(.intenSet, .intenClr, mask: 0xF_0000)
      r[.mode].onRead { $0.state.pointee.counts ? 1 : 0 }.onWrite { d, v in d.change { $0.counts = v[bit: 0] } }
      r[.bitMode].onRead { $0.state.pointee.bitMode }.onWrite { d, v in d.change { $0.bitMode = v & 3 } }
      r[.prescaler].reset(4).onRead { $0.state.pointee.prescaler }.onWrite { d, v in d.change { $0.prescaler = min(v & 0xF, 9) } }
      r[.cc0, count: 4].onRead { d, n in d.cc[n] }.onWrite { d, n, v in d.setCompare(n, v) }
      r[.anomaly73].bits(0...0)
      r.power(.power)
    }
    struct State: BitwiseCopyable {
      var isRunning = false, counts = false
      var shorts: UInt32 = 0, bitMode: UInt32 = 0, prescaler: UInt32 = 4
      /// The count as of the cycle `since` of the 16 MHz clock.
      var count: UInt32 = 0, since: UInt64 = 0
    }
    private let state: UnsafeMutablePointer<State>
    private let cc: UnsafeMutablePointer<UInt32>
    private let scheduler: Scheduler
    private let clock: UnsafeMutablePointer<Clock>
    private let hasWideCount: Bool
    private var compare: Scheduler.Event!

    /// - Parameters:
    ///   - clock: 16 MHz.
    ///   - isWide: it counts with up to 32 bits, as TIMER0 does; the others have 16.
    init(_ n: Int, isWide: Bool, arena: StateArena, scheduler: Scheduler, clock: UnsafeMutablePointer<Clock>) {
      self.scheduler = scheduler
      self.clock = clock
      hasWideCount = isWide
      state = arena.allocate("NRF51.TIMER\(n).state", initial: State())
      cc = arena.allocate("NRF51.TIMER\(n).CC", count: 4, initial: UInt32(0))
      super.init(Self.map, block: "TIMER\(n)", arena: arena)
      compare = scheduler.event("NRF51.TIMER\(n).compare") { [unowned self] _ in
        catchUp()
        plan()
      }
    }
    private var mask: UInt32 {
      switch state.pointee.bitMode {
      case 1: 0xFF
      case 2 where hasWideCount: 0xFF_FFFF
      case 3 where hasWideCount: 0xFFFF_FFFF
      default: 0xFFFF
      }
    }
    private var cycle: UInt64 { clock.pointee.cycle(at: scheduler.now) }

    // MARK: Counting

    /// Ticks until the count comes to CC[n], 1 at least.
    private func distance(_ n: Int) -> UInt64 {
      let d = (cc[n] &- state.pointee.count) & mask
      return d == 0 ? UInt64(mask) + 1 : UInt64(d)
    }
    override func catchUp() {
      guard state.pointee.isRunning, !state.pointee.counts else { return }
      while state.pointee.isRunning {
        let shift = UInt64(state.pointee.prescaler), ticks = (cycle &- state.pointee.since) >> shift
        guard ticks > 0 else { return }
        if state.pointee.shorts == 0, ticks > UInt64(mask), events.pointee.routed & 0xF_0000 == 0 {
          // All round: every compare has come.
          advance(ticks, shift)
          for n in 0..<4 { raise(16 + n) }
          return
        }
        let next = min(distance(0), distance(1), distance(2), distance(3))
        guard next <= ticks else { return advance(ticks, shift) }
        advance(next, shift)
        matched()
      }
    }
    private func advance(_ ticks: UInt64, _ shift: UInt64) {
      state.pointee.count = (state.pointee.count &+ UInt32(truncatingIfNeeded: ticks)) & mask
      state.pointee.since &+= ticks << shift
    }
    /// The count has come to where it is: the compares that it equals.
    private func matched() {
      let count = state.pointee.count, shorts = state.pointee.shorts
      var equal: UInt32 = 0
      for n in 0..<4 where cc[n] & mask == count { equal[bit: n] = true }
      if equal & shorts != 0 { state.pointee.count = 0 }
      if equal & (shorts >> 8) != 0 { state.pointee.isRunning = false }
      for n in 0..<4 where equal[bit: n] { raise(16 + n) }
    }
    private func plan() {
      let s = state.pointee
      guard s.isRunning, !s.counts else { return scheduler.cancel(compare) }
      var soonest = UInt64.max
      for n in 0..<4 where isHeard(16 + n) || (s.shorts | s.shorts >> 8)[bit: n] { soonest = min(soonest, distance(n)) }
      if soonest == .max { scheduler.cancel(compare) } else { scheduler.schedule(compare, at: clock.pointee.time(ofCycle: s.since &+ soonest << UInt64(s.prescaler))) }
    }
    override func listenersChanged() { plan() }
    private func change(_ f: (inout State) -> Void) {
      catchUp()
      f(&state.pointee)
      state.pointee.count &= mask
      plan()
    }
    private func setCompare(_ n: Int, _ v: UInt32) {
      catchUp()
      cc[n] = v
      plan()
    }

    // MARK: Tasks

    private func start() {
      guard !state.pointee.isRunning else { return }
      state.pointee.isRunning = true
      state.pointee.since = cycle
      plan()
    }
    private func stop() {
      catchUp()
      state.pointee.isRunning = false
      plan()
    }
    private func clear() {
      catchUp()
      state.pointee.count = 0
      plan()
    }
    private func capture(_ n: Int) {
      catchUp()
      cc[n] = state.pointee.count
      plan()
    }
    private func increment() {
      guard state.pointee.isRunning, state.pointee.counts else { return }
      state.pointee.count = (state.pointee.count &+ 1) & mask
      matched()
    }
    public override func reset() {
      super.reset()
      state.pointee = State()
      for n in 0..<4 { cc[n] = 0 }
      scheduler.cancel(compare)
    }
  }
}
