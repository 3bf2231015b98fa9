import Machine

extension ESP8266 {
  /// The hardware watchdog: two stages of 0.8 ms times a power of two; the first may interrupt, the second resets.
  public final class WDT: RegisterDevice, RegisterNaming {
    public enum Register: UInt32, CaseIterable, Sendable { case wdtCtl = 0x00, wdtOp = 0x04, wdtOpND = 0x08, count = 0x0C, stage = 0x10, wdtRst = 0x14, resetStage = 0x18 }
    static let map = RegisterMap<WDT> { r in
      r[.wdtCtl].bits(0...31).onWrite { d, _ in d.control() }
      r[.wdtOp].bits(0...3)
      r[.wdtOpND].bits(0...3)
      r[.count].onRead { $0.count }
      r[.stage].onRead { $0.state.pointee.stage }
      r[.wdtRst].onWrite { d, v in if v & 0xFF == 0x73 { d.feed() } }
      r[.resetStage].onWrite { d, v in if v & 0xFF == 0x73 { d.feed() } }
    }
    struct State: BitwiseCopyable { var stage: UInt32 = 0, running = false }
    private let state: UnsafeMutablePointer<State>
    private let scheduler: Scheduler
    private var event: Scheduler.Event!
    /// Picoseconds of one unit.
    private static let unit: UInt64 = 800_000_000
    var onInterrupt: () -> Void = {}, onReset: () -> Void = {}

    init(arena: StateArena, scheduler: Scheduler) {
      self.scheduler = scheduler
      state = arena.allocate("ESP8266.WDT.state", initial: State())
      super.init(Self.map, name: "ESP8266.WDT", arena: arena)
      event = scheduler.event("ESP8266.WDT") { [unowned self] _ in expired() }
    }
    private func period(_ r: Register) -> UInt64 { Self.unit << UInt64(self[r] & 15) }
    private func control() {
      let on = self[.wdtCtl][bit: 0]
      guard on != state.pointee.running else { return }
      state.pointee.running = on
      if on { feed() } else { scheduler.cancel(event) }
    }
    private func feed() {
      state.pointee.stage = 0
      if state.pointee.running { scheduler.schedule(event, after: period(.wdtOp)) }
    }
    private var count: UInt32 {
      guard let end = scheduler.deadline(of: event), end > scheduler.now else { return 0 }
      return UInt32(truncatingIfNeeded: (end - scheduler.now) / Self.unit)
    }
    private func expired() {
      if state.pointee.stage == 0 && !self[.wdtCtl][bit: 2] {
        state.pointee.stage = 1
        scheduler.schedule(event, after: period(.wdtOpND))
        onInterrupt()
      } else if self[.wdtCtl][bit: 1] {
        feed()
        onInterrupt()
      } else {
        onReset()
      }
    }
    public override func reset() {
      super.reset()
      scheduler.cancel(event)
      state.pointee = State()
    }
  }
}
