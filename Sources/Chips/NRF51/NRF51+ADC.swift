import Machine

extension NRF51 {
  /// Reference Manual §31: the analogue to digital converter, 8 to 10 bits.
  public final class ADC: Peripheral, RegisterNaming {
    public enum Register: UInt32, CaseIterable, Sendable {
      case tasksStart = 0x000, tasksStop = 0x004, eventsEnd = 0x100, intenSet = 0x304, intenClr = 0x308, busy = 0x400, enable = 0x500, config = 0x504, result = 0x508, power = 0xFFC
    }
    static let map = RegisterMap<ADC> { r in
      r.task(.tasksStart) { d in
        guard d[.enable] == 1 else { return }
        d.scheduler.schedule(d.done, after: times[min(2, Int(d[.config] & 3))])
      }
      r.task(.tasksStop) { d in d.scheduler.cancel(d.done) }
      r.event(.eventsEnd)
      r.interrupts(.intenSet, .intenClr, mask: 1)
      r[.busy].onRead { d in d.scheduler.isScheduled(d.done) ? 1 : 0 }
      r[.enable].bits(0...1)
      r[.config].bits(0...6).bits(8...17).reset(0x18)
      r[.result].bits(0...9, .readOnly)
      r.power(.power)
    }
    /// Picoseconds of a conversion by resolution (product specification §8.13).
    static let times: [UInt64] = [20_000_000, 36_000_000, 68_000_000]
    /// The pins of AIN0 to AIN7.
    public static let pins = [26, 27, 1, 2, 3, 4, 5, 6]
    private let scheduler: Scheduler
    private var done: Scheduler.Event!
    /// The volts at a pin, and at VDD.
    var volts: (Int) -> Float = { _ in 0 }
    var supply: () -> Float = { 3.3 }

    init(arena: StateArena, scheduler: Scheduler) {
      self.scheduler = scheduler
      super.init(Self.map, block: "ADC", arena: arena)
      done = scheduler.event("NRF51.ADC.conversion") { [unowned self] _ in finish() }
    }
    private func finish() {
      let c = self[.config], vdd = supply()
      let input = (0..<8).first { c[bits: 8...15] >> UInt32($0) & 1 == 1 }.map { volts(Self.pins[$0]) } ?? 0
      let scaled: Float =
        switch c[bits: 2...4] {
        case 0: input
        case 1: input * 2 / 3
        case 2: input / 3
        case 5: vdd * 2 / 3
        case 6: vdd / 3
        default: 0
        }
      let reference: Float =
        switch c[bits: 5...6] {
        case 0: 1.2
        // AREF0 or AREF1, which are P0.00 and P0.06.
        case 1: c[bits: 16...17] == 1 ? volts(0) : c[bits: 16...17] == 2 ? volts(6) : 1.2
        case 2: vdd / 2
        default: vdd / 3
        }
      let top = Float(UInt32(256) << min(2, c & 3)) - 1
      self[.result] = reference > 0.01 ? UInt32(max(0, min(top, scaled / reference * (top + 1)))) : UInt32(top)
      raise(0)
    }
    public override func reset() {
      super.reset()
      scheduler.cancel(done)
    }
  }

  /// Reference Manual §23: the chip's thermometer, in quarters of a degree.
  public final class TEMP: Peripheral, RegisterNaming {
    public enum Register: UInt32, CaseIterable, Sendable { case tasksStart = 0x000, tasksStop = 0x004, eventsDataRdy = 0x100, intenSet = 0x304, intenClr = 0x308, temp = 0x508, power = 0xFFC }
    static let map = RegisterMap<TEMP> { r in
      r.task(.tasksStart) { d in d.scheduler.schedule(d.done, after: 36_000_000) }
      r.task(.tasksStop) { d in d.scheduler.cancel(d.done) }
      r.event(.eventsDataRdy)
      r.interrupts(.intenSet, .intenClr, mask: 1)
      r[.temp].bits(0...31, .readOnly)
      r.power(.power)
    }
    private let scheduler: Scheduler
    private let celsius: UnsafeMutablePointer<Float>
    private var done: Scheduler.Event!
    init(arena: StateArena, scheduler: Scheduler) {
      self.scheduler = scheduler
      celsius = arena.allocate("NRF51.TEMP.celsius", initial: Float(25))
      super.init(Self.map, block: "TEMP", arena: arena)
      done = scheduler.event("NRF51.TEMP.done") { [unowned self] _ in
        self[.temp] = UInt32(bitPattern: Int32((max(-100, min(200, celsius.pointee)) * 4).rounded()))
        raise(0)
      }
    }
    /// In degrees Celsius.
    public var temperature: Float {
      get { celsius.pointee }
      set { if newValue.isFinite { celsius.pointee = newValue } }
    }
    public override func reset() {
      super.reset()
      scheduler.cancel(done)
    }
  }

  /// Reference Manual §22: random bytes, here from a generator that gives the same in every run.
  public final class RNG: Peripheral, RegisterNaming {
    public enum Register: UInt32, CaseIterable, Sendable {
      case tasksStart = 0x000, tasksStop = 0x004, eventsValRdy = 0x100, shorts = 0x200, intenSet = 0x304, intenClr = 0x308, config = 0x504, value = 0x508, power = 0xFFC
    }
    static let map = RegisterMap<RNG> { r in
      r.task(.tasksStart) { d in
        d.state.pointee.isRunning = true
        d.prepare()
      }
      r.task(.tasksStop) { $0.stop() }
      r.event(.eventsValRdy)
      r[.shorts].bits(0...0)
      r.interrupts(.intenSet, .intenClr, mask: 1)
      r[.config].bits(0...0)
      r[.value].bits(0...7, .readOnly)
      r.power(.power)
    }
    struct State: BitwiseCopyable { var isRunning = false, seed: UInt64 = 0x1234_5678_9ABC_DEF1 }
    private let state: UnsafeMutablePointer<State>
    private let scheduler: Scheduler
    private var ready: Scheduler.Event!
    init(arena: StateArena, scheduler: Scheduler) {
      self.scheduler = scheduler
      state = arena.allocate("NRF51.RNG.state", initial: State())
      super.init(Self.map, block: "RNG", arena: arena)
      ready = scheduler.event("NRF51.RNG.ready") { [unowned self] _ in
        // xorshift64* (Vigna, "An experimental exploration of Marsaglia's xorshift generators, scrambled").
        var s = state.pointee.seed
        s ^= s >> 12
        s ^= s << 25
        s ^= s >> 27
        state.pointee.seed = s
        self[.value] = UInt32(truncatingIfNeeded: (s &* 0x2545_F491_4F6C_DD1D) >> 56)
        if self[.shorts][bit: 0] { stop() }
        raise(0)
      }
    }
    /// Product specification §8.16: 677 µs a byte with bias correction, 167 µs without. One that nobody has fetched stays.
    private func prepare() {
      guard state.pointee.isRunning, !scheduler.isScheduled(ready) else { return }
      scheduler.schedule(ready, after: self[.config][bit: 0] ? 677_000_000 : 167_000_000)
    }
    override func eventCleared(_ n: Int) { prepare() }
    private func stop() {
      state.pointee.isRunning = false
      scheduler.cancel(ready)
    }
    public override func reset() {
      super.reset()
      stop()
    }
  }
}
