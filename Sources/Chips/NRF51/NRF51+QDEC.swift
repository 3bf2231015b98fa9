import Machine

extension NRF51 {
  /// Reference Manual §32: the decoder of rotary encoders, which looks at two pins in regular intervals.
  public final class QDEC: Peripheral, RegisterNaming {
    public enum Register: UInt32, CaseIterable, Sendable {
      case tasksStart = 0x000, tasksStop = 0x004, tasksReadClrAcc = 0x008, eventsSampleRdy = 0x100, eventsReportRdy = 0x104, eventsAccOf = 0x108, shorts = 0x200, intenSet = 0x304, intenClr = 0x308
      case enable = 0x500, ledPol = 0x504, samplePer = 0x508, sample = 0x50C, reportPer = 0x510, acc = 0x514, accRead = 0x518, pselLED = 0x51C, pselA = 0x520, pselB = 0x524, dbfEn = 0x528
      case ledPre = 0x540, accDbl = 0x544, accDblRead = 0x548, power = 0xFFC
    }
    static let map = RegisterMap<QDEC> { r in
      r.task(.tasksStart) { $0.start() }
      r.task(.tasksStop) { d in d.scheduler.cancel(d.due) }
      r.task(.tasksReadClrAcc) { $0.readAndClear() }
      r.event(.eventsSampleRdy, count: 3)
      r[.shorts].bits(0...1)
      r.interrupts(.intenSet, .intenClr, mask: 7)
      r[.enable].bits(0...0).onWrite { d, v in
        if !v[bit: 0] { d.scheduler.cancel(d.due) }
        d.onPins()
      }
      r[.ledPol].bits(0...0)
      r[.samplePer].bits(0...2)
      r[.sample].bits(0...31, .readOnly)
      r[.reportPer].bits(0...2)
      r[.acc].bits(0...31, .readOnly)
      r[.accRead].bits(0...31, .readOnly)
      r[.pselLED, count: 3].bits(0...31).reset(0xFFFF_FFFF).onWrite { d, _ in d.onPins() }
      r[.dbfEn].bits(0...0)
      r[.ledPre].bits(0...8).reset(0x10)
      r[.accDbl].bits(0...3, .readOnly)
      r[.accDblRead].bits(0...3, .readOnly)
      r.power(.power)
    }
    struct State: BitwiseCopyable { var phase: UInt32 = 0, samples: UInt32 = 0 }
    private let state: UnsafeMutablePointer<State>
    private let scheduler: Scheduler
    private var due: Scheduler.Event!
    var level: (Int) -> Bool = { _ in false }
    var onPins: () -> Void = {}
    init(arena: StateArena, scheduler: Scheduler) {
      self.scheduler = scheduler
      state = arena.allocate("NRF51.QDEC.state", initial: State())
      super.init(Self.map, block: "QDEC", arena: arena)
      due = scheduler.event("NRF51.QDEC.sample") { [unowned self] _ in look() }
    }
    private func pin(_ r: Register) -> Int? { self[.enable] == 1 && self[r] < UInt32(GPIO.count) ? Int(self[r]) : nil }
    var ledPin: Int? { pin(.pselLED) }
    /// The LED of an optical encoder is on while it is enabled.
    var ledLevel: Bool { self[.ledPol][bit: 0] }
    private var period: UInt64 { 128_000_000 << UInt64(self[.samplePer]) }
    private var pair: UInt32 { (pin(.pselA).map(level) ?? false ? 2 : 0) | (pin(.pselB).map(level) ?? false ? 1 : 0) }
    private func start() {
      guard self[.enable] == 1, !scheduler.isScheduled(due) else { return }
      state.pointee.phase = pair
      scheduler.schedule(due, after: period)
    }
    /// §32.1.3: -1, 0, 1, or 2 when both have changed.
    private func look() {
      scheduler.schedule(due, after: period)
      let old = state.pointee.phase, new = pair
      state.pointee.phase = new
      // Places in the order in which the pair turns.
      let place: [UInt32] = [0, 1, 3, 2], step = (place[Int(new)] &- place[Int(old)]) & 3
      let value: Int32 = [0, 1, 2, -1][Int(step)]
      self[.sample] = UInt32(bitPattern: value)
      if value == 2 {
        if self[.accDbl] < 15 { self[.accDbl] += 1 }
      } else if value != 0 {
        let sum = Int32(bitPattern: self[.acc]) &+ value
        if -1024...1023 ~= sum { self[.acc] = UInt32(bitPattern: sum) } else { raise(2) }
      }
      state.pointee.samples += 1
      raise(0)
      if self[.shorts][bit: 1], value != 0 { scheduler.cancel(due) }
      if state.pointee.samples >= [10, 40, 80, 120, 160, 200, 240, 280][Int(self[.reportPer] & 7)] {
        state.pointee.samples = 0
        guard self[.acc] != 0 || self[.accDbl] != 0 else { return }
        raise(1)
        if self[.shorts][bit: 0] { readAndClear() }
      }
    }
    private func readAndClear() {
      self[.accRead] = self[.acc]
      self[.accDblRead] = self[.accDbl]
      self[.acc] = 0
      self[.accDbl] = 0
    }
    public override func reset() {
      super.reset()
      scheduler.cancel(due)
      state.pointee = State()
      onPins()
    }
  }

  /// Reference Manual §33: the comparator of an analogue pin with a part of the supply.
  public final class LPCOMP: Peripheral, RegisterNaming {
    public enum Register: UInt32, CaseIterable, Sendable {
      case tasksStart = 0x000, tasksStop = 0x004, tasksSample = 0x008, eventsReady = 0x100, eventsDown = 0x104, eventsUp = 0x108, eventsCross = 0x10C, shorts = 0x200, intenSet = 0x304, intenClr = 0x308
      case result = 0x400, enable = 0x500, psel = 0x504, refSel = 0x508, extRefSel = 0x50C, anaDetect = 0x520, power = 0xFFC
    }
    static let map = RegisterMap<LPCOMP> { r in
      r.task(.tasksStart) { d in if d[.enable] == 1 { d.scheduler.schedule(d.due, after: 140_000_000) } }
      r.task(.tasksStop) { $0.stop() }
      r.task(.tasksSample) { d in d[.result] = d.isAbove ? 1 : 0 }
      r.event(.eventsReady, count: 4)
      r[.shorts].bits(0...4)
      r.interrupts(.intenSet, .intenClr, mask: 0xF)
      r[.result].bits(0...0, .readOnly)
      r[.enable].bits(0...1).onWrite { d, v in if v != 1 { d.stop() } }
      r[.psel].bits(0...2)
      r[.refSel].bits(0...2)
      r[.extRefSel].bits(0...0)
      r[.anaDetect].bits(0...1)
      r.power(.power)
    }
    struct State: BitwiseCopyable { var isRunning = false, above = false }
    private let state: UnsafeMutablePointer<State>
    private let scheduler: Scheduler
    private var due: Scheduler.Event!
    var volts: (Int) -> Float = { _ in 0 }
    var supply: () -> Float = { 3.3 }
    init(arena: StateArena, scheduler: Scheduler) {
      self.scheduler = scheduler
      state = arena.allocate("NRF51.LPCOMP.state", initial: State())
      super.init(Self.map, block: "LPCOMP", arena: arena)
      due = scheduler.event("NRF51.LPCOMP.look") { [unowned self] _ in look() }
    }
    private var isAbove: Bool {
      let n = self[.refSel], reference = n < 7 ? supply() * Float(n + 1) / 8 : volts(self[.extRefSel][bit: 0] ? 6 : 0)
      return volts(ADC.pins[Int(self[.psel] & 7)]) > reference
    }
    /// The input is looked at every millisecond, which such comparators are slower than.
    private func look() {
      scheduler.schedule(due, after: 1_000_000_000)
      let now = isAbove, before = state.pointee.above
      state.pointee.above = now
      let shorts = self[.shorts]
      guard state.pointee.isRunning else {
        state.pointee.isRunning = true
        raise(0)
        if shorts[bit: 0] { self[.result] = now ? 1 : 0 }
        if shorts[bit: 1] { stop() }
        return
      }
      guard now != before else { return }
      raise(now ? 2 : 1)
      raise(3)
      if shorts[bit: now ? 3 : 2] || shorts[bit: 4] { stop() }
    }
    private func stop() {
      scheduler.cancel(due)
      state.pointee.isRunning = false
    }
    public override func reset() {
      super.reset()
      stop()
    }
  }

  /// Reference Manual §25 and §26: the encryption of Bluetooth packets and the resolution of its addresses, of which there are the
  /// registers that hold something.
  public final class CCM: Peripheral, RegisterNaming {
    public enum Register: UInt32, CaseIterable, Sendable {
      case tasksKSGen = 0x000, tasksCrypt = 0x004, tasksStop = 0x008, eventsEndKSGen = 0x100, eventsEndCrypt = 0x104, eventsError = 0x108, shorts = 0x200, intenSet = 0x304, intenClr = 0x308
      case micStatus = 0x400, enable = 0x500, mode = 0x504, cnfPtr = 0x508, inPtr = 0x50C, outPtr = 0x510, scratchPtr = 0x514, power = 0xFFC
    }
    static let map = RegisterMap<CCM> { r in
      r.task(.tasksStop) { _ in }
      r.event(.eventsEndKSGen, count: 3)
      r[.shorts].bits(0...0)
      r.interrupts(.intenSet, .intenClr, mask: 7)
      r[.micStatus].reset(0)
      r[.enable].bits(0...1)
      r[.mode].bits(0...0).reset(1)
      for x in [Register.cnfPtr, .inPtr, .outPtr, .scratchPtr] { r[x].bits(0...31) }
      r.power(.power)
    }
    init(arena: StateArena) { super.init(Self.map, block: "CCM", arena: arena) }
  }
}
