import Machine

extension NRF51 {
  /// POWER, CLOCK and MPU, which share an address and an interrupt (Reference Manual §9, §12, §13).
  public final class POWER: Peripheral, RegisterNaming {
    public enum Register: UInt32, CaseIterable, Sendable {
      case tasksHFClkStart = 0x000, tasksHFClkStop = 0x004, tasksLFClkStart = 0x008, tasksLFClkStop = 0x00C, tasksCal = 0x010, tasksCTStart = 0x014, tasksCTStop = 0x018
      case tasksConstLat = 0x078, tasksLowPwr = 0x07C
      case eventsHFClkStarted = 0x100, eventsLFClkStarted = 0x104, eventsPOFWarn = 0x108, eventsDone = 0x10C, eventsCTTO = 0x110
      case intenSet = 0x304, intenClr = 0x308, resetReas = 0x400, hfClkRun = 0x408, hfClkStat = 0x40C, lfClkRun = 0x414, lfClkStat = 0x418, lfClkSrcCopy = 0x41C, ramStatus = 0x428
      case systemOff = 0x500, pofCon = 0x510, lfClkSrc = 0x518, gpRegRet = 0x51C, ramOn = 0x524, pErr0 = 0x528, rlEnR0 = 0x52C, ctIV = 0x538, reset = 0x544, xtalFreq = 0x550, ramOnB = 0x554
      case dcdcEn = 0x578, protEnSet0 = 0x600, protEnSet1 = 0x604, disableInDebug = 0x608, protBlockSize = 0x60C, dcdcForce = 0xA08
    }
    static let map = RegisterMap<POWER> { r in
      r.task(.tasksHFClkStart) { d in
        d.state.pointee.hfWanted = true
        d.scheduler.schedule(d.hfStarted, after: d.state.pointee.hfRuns ? 1_000_000 : crystalStart)
      }
      r.task(.tasksHFClkStop) { d in
        d.scheduler.cancel(d.hfStarted)
        d.state.pointee.hfWanted = false
        d.state.pointee.hfRuns = false
      }
      r.task(.tasksLFClkStart) { d in
        d[.lfClkSrcCopy] = d[.lfClkSrc]
        d.state.pointee.lfWanted = true
        d.scheduler.schedule(d.lfStarted, after: oscillatorStart)
      }
      r.task(.tasksLFClkStop) { d in
        d.scheduler.cancel(d.lfStarted)
        d.state.pointee.lfWanted = false
        d.state.pointee.lfRuns = false
      }
      r.task(.tasksCal) { d in if d.state.pointee.hfRuns { d.scheduler.schedule(d.calibrated, after: calibration) } }
      r.task(.tasksCTStart) { d in d.scheduler.schedule(d.timedOut, after: UInt64(max(1, d[.ctIV])) * 250_000_000_000) }
      r.task(.tasksCTStop) { d in d.scheduler.cancel(d.timedOut) }
      r.task(.tasksConstLat) { _ in }
      r.task(.tasksLowPwr) { _ in }
      r.event(.eventsHFClkStarted, count: 5)
      r.interrupts(.intenSet, .intenClr, mask: 0x1F)
      r[.resetReas].bits(0...3, .writeOneToClear).bits(16...18, .writeOneToClear)
      r[.hfClkRun].onRead { $0.state.pointee.hfWanted ? 1 : 0 }
      // While the crystal does not run, the RC oscillator clocks the chip.
      r[.hfClkStat].onRead { $0.state.pointee.hfRuns ? 0x1_0001 : 0x1_0000 }
      r[.lfClkRun].onRead { $0.state.pointee.lfWanted ? 1 : 0 }
      r[.lfClkStat].onRead { d in d.state.pointee.lfRuns ? 0x1_0000 | d[.lfClkSrcCopy] : 0 }
      r[.lfClkSrcCopy].bits(0...1, .readOnly)
      r[.ramStatus].onRead { d in d[.ramOn] & 3 | (d[.ramOnB] & 3) << 2 }
      r[.systemOff].onWrite { d, v in if v[bit: 0] { d.onSystemOff() } }
      r[.pofCon].bits(0...2)
      r[.lfClkSrc].bits(0...1)
      r[.gpRegRet].bits(0...7)
      r[.ramOn].bits(0...1).bits(16...17).reset(3)
      r[.pErr0].bits(0...31)
      r[.rlEnR0].bits(0...31)
      r[.ctIV].bits(0...6)
      r[.reset].bits(0...0)
      r[.xtalFreq].bits(0...7).reset(0xFFFF_FFFF)
      r[.ramOnB].bits(0...1).bits(16...17).reset(3)
      r[.dcdcEn].bits(0...0)
      r[.protEnSet0, count: 2].bits(0...31, .writeOneToSet)
      r[.disableInDebug].bits(0...0).reset(1)
      r[.protBlockSize].bits(0...1)
      r[.dcdcForce].bits(0...1)
    }
    /// RESETREAS.
    enum Reason { static let pin: UInt32 = 1 << 0, watchdog: UInt32 = 1 << 1, request: UInt32 = 1 << 2, lockup: UInt32 = 1 << 3, off: UInt32 = 1 << 16 }
    /// Start-up of the crystal (product specification §8.1) and of the RC oscillator of 32 kHz, and one calibration of it.
    static let crystalStart: UInt64 = 400_000_000, oscillatorStart: UInt64 = 390_000_000, calibration: UInt64 = 16_000_000_000

    struct State: BitwiseCopyable { var hfWanted = false, hfRuns = false, lfWanted = false, lfRuns = false }
    private let state: UnsafeMutablePointer<State>
    private let scheduler: Scheduler
    private var hfStarted, lfStarted, calibrated, timedOut: Scheduler.Event!
    var onSystemOff: () -> Void = {}

    init(arena: StateArena, scheduler: Scheduler) {
      self.scheduler = scheduler
      state = arena.allocate("NRF51.CLOCK.state", initial: State())
      super.init(Self.map, block: "POWER", arena: arena)
      hfStarted = scheduler.event("NRF51.CLOCK.HFCLK") { [unowned self] _ in
        state.pointee.hfRuns = true
        raise(0)
      }
      lfStarted = scheduler.event("NRF51.CLOCK.LFCLK") { [unowned self] _ in
        state.pointee.lfRuns = true
        raise(1)
      }
      calibrated = scheduler.event("NRF51.CLOCK.CAL") { [unowned self] _ in raise(3) }
      timedOut = scheduler.event("NRF51.CLOCK.CTTO") { [unowned self] _ in raise(4) }
    }
    /// Of MPU PROTENSET: whether the flash's block of 4 KiB may not be written.
    func protects(block: Int) -> Bool { self[.protEnSet0, (block / 32) & 1][bit: block & 31] }

    /// §12.1.9: GPREGRET and RESETREAS outlive all resets but that of the power.
    func restart(reason: UInt32?) {
      let kept = self[.gpRegRet], reasons = self[.resetReas]
      reset()
      guard let reason else { return }
      self[.gpRegRet] = kept
      self[.resetReas] = reasons | reason
    }
    public override func reset() {
      super.reset()
      state.pointee = State()
      for e in [hfStarted, lfStarted, calibrated, timedOut] { scheduler.cancel(e!) }
    }
  }
}
