import Machine

extension NRF51 {
  /// Reference Manual §20: the watchdog, which counts the low-frequency clock down and resets the chip unless it is reloaded.
  public final class WDT: Peripheral, RegisterNaming {
    public enum Register: UInt32, CaseIterable, Sendable {
      case tasksStart = 0x000, eventsTimeout = 0x100, intenSet = 0x304, intenClr = 0x308, runStatus = 0x400, reqStatus = 0x404, crv = 0x504, rrEn = 0x508, config = 0x50C, rr0 = 0x600
      case power = 0xFFC
    }
    static let map = RegisterMap<WDT> { r in
      r.task(.tasksStart) { d in
        guard !d.state.pointee.isRunning else { return }
        d.state.pointee.isRunning = true
        d.reload()
      }
      r.event(.eventsTimeout)
      r.interrupts(.intenSet, .intenClr, mask: 1)
      r[.runStatus].onRead { $0.state.pointee.isRunning ? 1 : 0 }
      r[.reqStatus].reset(1).onRead { d in d.state.pointee.isRunning ? d.state.pointee.open : d[.rrEn] }
      // §20.1.4: locked once it runs.
      r[.crv].reset(0xFFFF_FFFF).onWrite { d, v in if !d.state.pointee.isRunning { d[.crv] = max(v, 0xF) } }
      r[.rrEn].reset(1).onWrite { d, v in if !d.state.pointee.isRunning { d[.rrEn] = v & 0xFF } }
      r[.config].reset(1).onWrite { d, v in if !d.state.pointee.isRunning { d[.config] = v & 9 } }
      r[.rr0, count: 8].onWrite { d, n, v in
        guard d.state.pointee.isRunning, v == 0x6E52_4635 else { return }
        d.state.pointee.open[bit: n] = false
        if d.state.pointee.open == 0 { d.reload() }
      }
      r[.power].bits(0...0)
    }
    struct State: BitwiseCopyable { var isRunning = false, open: UInt32 = 0 }
    private let state: UnsafeMutablePointer<State>
    private let scheduler: Scheduler
    private let clock: UnsafeMutablePointer<Clock>
    private var timeout, bite: Scheduler.Event!
    var onReset: () -> Void = {}
    init(arena: StateArena, scheduler: Scheduler, clock: UnsafeMutablePointer<Clock>) {
      self.scheduler = scheduler
      self.clock = clock
      state = arena.allocate("NRF51.WDT.state", initial: State())
      super.init(Self.map, block: "WDT", arena: arena)
      timeout = scheduler.event("NRF51.WDT.timeout") { [unowned self] _ in
        raise(0)
        // §20.1.2: the reset comes two periods after the event.
        scheduler.schedule(bite, after: 61_035_156)
      }
      bite = scheduler.event("NRF51.WDT.bite") { [unowned self] _ in onReset() }
    }
    private func reload() {
      state.pointee.open = self[.rrEn]
      let now = clock.pointee.cycle(at: scheduler.now)
      scheduler.schedule(timeout, at: clock.pointee.time(ofCycle: now &+ UInt64(self[.crv]) &+ 1))
    }
    public override func reset() {
      super.reset()
      state.pointee = State()
      scheduler.cancel(timeout)
      scheduler.cancel(bite)
    }
  }
}
