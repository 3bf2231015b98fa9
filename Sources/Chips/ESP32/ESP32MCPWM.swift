import Machine

/// ESP32 TRM chapter 17: MCPWM: three timers, three operators with two outputs each, and captures. Between a timer's events nothing runs, and
/// none is made while nobody looks and nobody wants an interrupt.
public final class ESP32MCPWM: RegisterDevice, RegisterNaming {
  public enum Register: UInt32, CaseIterable, Sendable {
    case clkCfg = 0x00, timer0Cfg0 = 0x04, timer0Cfg1 = 0x08, timer0Sync = 0x0C, timer0Status = 0x10, timerSynciCfg = 0x34, operatorTimersel = 0x38, gen0StmpCfg = 0x3C, gen0TstmpA = 0x40, gen0TstmpB = 0x44
    case gen0Cfg0 = 0x48, gen0Force = 0x4C, gen0A = 0x50, gen0B = 0x54, dt0Cfg = 0x58, dt0FedCfg = 0x5C, dt0RedCfg = 0x60, carrier0Cfg = 0x64, fh0Cfg0 = 0x68, fh0Cfg1 = 0x6C, fh0Status = 0x70
    case faultDetect = 0xE4, capTimerCfg = 0xE8, capTimerPhase = 0xEC, capCh0Cfg = 0xF0, capCh0 = 0xFC, capStatus = 0x108, updateCfg = 0x10C, intEna = 0x110, intRaw = 0x114, intSt = 0x118, intClr = 0x11C
    case clk = 0x120, version = 0x124
  }
  static let map = RegisterMap<ESP32MCPWM> { r in
    r[.clkCfg].bits(0...7).onWrite { d, _ in d.allTimersChanged() }
    r[.timer0Cfg0, count: 3, stride: 16].bits(0...25).reset(0xFF00).onWrite { d, n, v in d.periodWritten(n, v) }
    r[.timer0Cfg1, count: 3, stride: 16].bits(0...4).onWrite { d, n, _ in d.controlWritten(n) }
    r[.timer0Sync, count: 3, stride: 16].bits(0...20).onWrite { d, n, v in d.syncWritten(n, v) }
    r[.timer0Status, count: 3, stride: 16].onRead { d, n in d.timerStatus(n) }
    r[.timerSynciCfg].bits(0...11)
    r[.operatorTimersel].bits(0...5).onWrite { d, _ in d.arm() }
    r[.gen0StmpCfg, count: 3, stride: 56].bits(0...7).onRead { d, n in d[.gen0StmpCfg, n, stride: 56] & 0xFF | d.operators[n].waiting << 8 }
    for k in 0..<2 {
      r[k == 0 ? .gen0TstmpA : .gen0TstmpB, count: 3, stride: 56].bits(0...15).onWrite { d, n, _ in d.stampWritten(n, k) }
      r[k == 0 ? .gen0A : .gen0B, count: 3, stride: 56].bits(0...23).onWrite { d, _, _ in d.arm() }
    }
    r[.gen0Cfg0, count: 3, stride: 56].bits(0...9)
    r[.gen0Force, count: 3, stride: 56].bits(0...15).reset(0x20).onWrite { d, n, v in d.forceWritten(n, v) }
    r[.dt0Cfg, count: 3, stride: 56].bits(0...17).reset(0x18000).onWrite { d, n, _ in d.settle(n) }
    r[.dt0FedCfg, count: 3, stride: 56].bits(0...15)
    r[.dt0RedCfg, count: 3, stride: 56].bits(0...15)
    r[.carrier0Cfg, count: 3, stride: 56].bits(0...13).onWrite { d, n, _ in d.settle(n) }
    r[.fh0Cfg0, count: 3, stride: 56].bits(0...23)
    r[.fh0Cfg1, count: 3, stride: 56].bits(0...4).onWrite { d, n, v in d.faultControlWritten(n, v) }
    r[.fh0Status, count: 3, stride: 56].onRead { d, n in (d.operators[n].cycleFault ? 1 : 0) | (d.operators[n].latchedFault ? 2 : 0) }
    r[.faultDetect].bits(0...5).onRead { d in d[.faultDetect] & 0x3F | UInt32(d.state.pointee.faults) << 6 }.onWrite { d, _ in d.faultsChanged() }
    r[.capTimerCfg].bits(0...4).onWrite { d, v in d.captureControlWritten(v) }
    r[.capTimerPhase].bits(0...31)
    r[.capCh0Cfg, count: 3].bits(0...11).onWrite { d, n, v in if v[bit: 12], v[bit: 0] { d.capture(n, falling: false) } }
    r[.capCh0, count: 3].bits(0...31, .readOnly)
    r[.capStatus].bits(0...2, .readOnly)
    r[.updateCfg].bits(0...7).reset(0x55).onWrite { d, v in d.updateWritten(v) }
    r[.intEna].bits(0...29).onWrite { d, _ in
      d.update()
      d.arm()
    }
    r[.intRaw].bits(0...29, .readOnly)
    r[.intSt].onRead { $0[.intRaw] & $0[.intEna] }
    r[.intClr].onWrite { d, v in
      d[.intRaw] &= ~v
      d.update()
    }
    r[.clk].bits(0...0)
    r[.version].bits(0...27).reset(0x210_7230)
  }
  enum Interrupt { static let stop = 0, tez = 3, tep = 6, fault = 9, faultClear = 12, tea = 15, teb = 18, cycleFault = 21, latchedFault = 24, capture = 27 }
  struct Timer: BitwiseCopyable {
    /// The active period and how the timer counts; where in its cycle it is at `since`, in counts.
    var period: UInt32 = 0xFF, prescale: UInt32 = 0, mode: UInt32 = 0, isRunning = false
    var position: UInt64 = 0, since: UInt64 = 0
    /// Counts from `since` on whose events were made, so that none is made twice.
    var done: UInt64 = 0
    /// SW as it was, since its toggles count.
    var softwareSync = false
  }
  struct Operator: BitwiseCopyable {
    /// Active time stamps A and B; which of them wait in their shadows.
    var stamps: (UInt32, UInt32) = (0, 0), waiting: UInt32 = 0
    /// What the generators put out, and what is left of it behind the forces.
    var a = false, b = false
    var force: UInt32 = 0
    /// GEN_FORCE and FH_CFG1 as they were, since toggles count.
    var software: UInt32 = 0x20, faultControl: UInt32 = 0
    /// Behind the dead time: rising edges late, falling edges late, when they are due.
    var red = false, fed = false, redAt = UInt64.max, fedAt = UInt64.max
    var latchedFault = false, cycleFault = false, faultA: UInt32 = 0, faultB: UInt32 = 0
    /// The carrier's level and its next edge; since when A and B are high.
    var carrier = false, carrierAt = UInt64.max, firstPulseUntil: (UInt64, UInt64) = (0, 0)
  }
  struct State: BitwiseCopyable {
    var faults: UInt8 = 0, faultInputs: UInt8 = 0, captureInputs: UInt8 = 0, syncInputs: UInt8 = 0
    /// Edges since the last capture, by channel.
    var edges: (UInt8, UInt8, UInt8) = (0, 0, 0)
    /// UPDATE_CFG as it was, since toggles count.
    var updates: UInt32 = 0x55
    /// The capture timer: its count at a time; it stands while it is off.
    var captureCount: UInt32 = 0, captureSince: UInt64 = 0, captureRuns = false
  }
  private let timers: UnsafeMutablePointer<Timer>, operators: UnsafeMutablePointer<Operator>, state: UnsafeMutablePointer<State>
  private let scheduler: Scheduler, clocks: ESP32Clocks
  private var event: Scheduler.Event!
  public let irq: Line
  /// 0A, 0B, 1A … 2B.
  let outputs: [Line]
  var isWatched: (Int) -> Bool = { _ in false }

  init(name: String, arena: StateArena, scheduler: Scheduler, clocks: ESP32Clocks) {
    self.scheduler = scheduler
    self.clocks = clocks
    timers = arena.allocate("\(name).timers", count: 3, initial: Timer())
    operators = arena.allocate("\(name).operators", count: 3, initial: Operator())
    state = arena.allocate("\(name).state", initial: State())
    irq = Line("\(name).IRQ", arena: arena)
    outputs = (0..<6).map { Line("\(name).OUT\($0 / 2)\($0 % 2 == 0 ? "A" : "B")", arena: arena) }
    super.init(Self.map, name: name, arena: arena)
    event = scheduler.event("\(name).event") { [unowned self] _ in due() }
  }
  private func update() { irq.set(self[.intRaw] & self[.intEna] != 0) }
  private func raise(_ bit: Int) {
    self[.intRaw][bit: bit] = true
    update()
  }

  // MARK: Timers, §17.3.2

  /// Picoseconds of PWM_clk: 160 MHz by the prescaler.
  private var pwmClock: UInt64 { 6250 * UInt64((self[.clkCfg] & 0xFF) + 1) }
  private func tick(_ n: Int) -> UInt64 { pwmClock * UInt64(timers[n].prescale + 1) }
  /// Counts of a cycle.
  private func length(_ n: Int) -> UInt64 { timers[n].mode == 3 ? UInt64(max(1, 2 * timers[n].period)) : UInt64(timers[n].period) + 1 }
  /// Counts since the anchor.
  private func elapsed(_ n: Int, at time: UInt64) -> UInt64 { timers[n].isRunning ? (time &- timers[n].since) / tick(n) : 0 }
  private func value(_ n: Int, position: UInt64) -> (value: UInt32, down: Bool) {
    let p = UInt32(truncatingIfNeeded: position % length(n)), period = timers[n].period
    switch timers[n].mode {
    case 2: return (period - min(p, period), true)
    case 3: return p < period ? (p, false) : (2 * period - p, true)
    default: return (p, false)
    }
  }
  private func timerStatus(_ n: Int) -> UInt32 {
    let v = value(n, position: timers[n].position + elapsed(n, at: scheduler.now))
    return v.value | (v.down ? 1 << 16 : 0)
  }
  /// The timer goes on from where it is, with what has changed in between.
  private func anchor(_ n: Int) {
    let now = scheduler.now, e = elapsed(n, at: now)
    timers[n].position = (timers[n].position + e) % length(n)
    timers[n].done = timers[n].done > e ? timers[n].done - e : 0
    timers[n].since = timers[n].isRunning ? timers[n].since &+ e * tick(n) : now
  }
  private func allTimersChanged() {
    for n in 0..<3 { anchor(n) }
    arm()
  }
  private func periodWritten(_ n: Int, _ v: UInt32) {
    if v[bits: 24...25] == 0 || !timers[n].isRunning { takePeriod(n) }
    arm()
  }
  private func takePeriod(_ n: Int) {
    let period = self[.timer0Cfg0, n, stride: 16][bits: 8...23]
    guard period != timers[n].period else { return }
    anchor(n)
    let v = value(n, position: timers[n].position)
    timers[n].period = period
    place(n, at: v.value, down: v.down)
  }
  private func place(_ n: Int, at value: UInt32, down: Bool) {
    let period = timers[n].period, v = min(value, period)
    switch timers[n].mode {
    case 2: timers[n].position = UInt64(period - v)
    case 3: timers[n].position = down ? UInt64(2 * period - v) % length(n) : UInt64(v)
    default: timers[n].position = UInt64(v)
    }
  }
  private func controlWritten(_ n: Int) {
    let c = self[.timer0Cfg1, n, stride: 16], mode = c[bits: 3...4], start = c & 7
    anchor(n)
    if mode != timers[n].mode {
      let v = value(n, position: timers[n].position)
      timers[n].mode = mode
      place(n, at: v.value, down: v.down)
    }
    if mode == 0 {
      timers[n].isRunning = false
    } else if start >= 2, !timers[n].isRunning {
      // The prescaler is taken over at a start.
      timers[n].prescale = self[.timer0Cfg0, n, stride: 16] & 0xFF
      takePeriod(n)
      timers[n].isRunning = true
      timers[n].since = scheduler.now
      timers[n].done = 0
    }
    arm()
  }
  private func syncWritten(_ n: Int, _ v: UInt32) {
    // A toggle of SW is a sync.
    if v[bit: 1] != timers[n].softwareSync {
      timers[n].softwareSync = v[bit: 1]
      sync(n)
      syncOut(n)
    }
    arm()
  }
  private func sync(_ n: Int, depth: Int = 0) {
    let c = self[.timer0Sync, n, stride: 16]
    guard c[bit: 0] else { return }
    anchor(n)
    place(n, at: c[bits: 4...19], down: timers[n].mode == 2 || c[bit: 20])
    timers[n].since = scheduler.now
    timers[n].done = 0
    if self[.timer0Cfg0, n, stride: 16][bit: 25] { takePeriod(n) }
    for k in 0..<3 where timer(of: k) == n {
      takeStamps(k, 4)
      takeForce(k, 16)
      generalEvent(k, source: 3)
    }
    // The sync goes through to the output where that is selected.
    if c[bits: 2...3] == 0, depth < 3 { syncOut(n, depth: depth + 1) }
  }
  private func syncOut(_ n: Int, depth: Int = 0) {
    for k in 0..<3 where k != n && self[.timerSynciCfg][bits: 3 * k...3 * k + 2] == UInt32(n + 1) { sync(k, depth: depth) }
  }
  /// SYNC0 to 2 of the matrix.
  func syncInputChanged(_ input: Int, _ level: Bool) {
    let bit: UInt8 = 1 << UInt8(input)
    state.pointee.syncInputs = level ? state.pointee.syncInputs | bit : state.pointee.syncInputs & ~bit
    guard level != self[.timerSynciCfg][bit: 9 + input] else { return }
    for n in 0..<3 where self[.timerSynciCfg][bits: 3 * n...3 * n + 2] == UInt32(4 + input) { sync(n) }
    if self[.capTimerCfg][bit: 1], self[.capTimerCfg][bits: 2...4] == UInt32(4 + input) { loadCapture() }
    arm()
  }

  // MARK: Events of the timers

  private func timer(of k: Int) -> Int { min(2, Int(self[.operatorTimersel][bits: 2 * k...2 * k + 1])) }
  /// Whether somebody wants a timer's events.
  private func isWanted(_ n: Int) -> Bool {
    let enabled = self[.intEna]
    if enabled & (0x49 << UInt32(n)) != 0 || self[.timer0Cfg1, n, stride: 16] & 7 < 2 || self[.timer0Cfg1, n, stride: 16] & 7 > 2 { return true }
    for k in 0..<3 where timer(of: k) == n {
      if enabled & (0x48000 << UInt32(k)) != 0 || operators[k].waiting != 0 || isWatched(2 * k) || isWatched(2 * k + 1) || operators[k].cycleFault { return true }
    }
    if self[.timer0Cfg0, n, stride: 16][bits: 8...23] != timers[n].period { return true }
    let out = self[.timer0Sync, n, stride: 16][bits: 2...3]
    return out != 0 && (0..<3).contains { $0 != n && self[.timerSynciCfg][bits: 3 * $0...3 * $0 + 2] == UInt32(n + 1) }
  }
  /// The positions in a cycle at which something happens.
  private func marks(_ n: Int) -> [UInt64] {
    let period = timers[n].period
    var values: [UInt32] = [0, period]
    for k in 0..<3 where timer(of: k) == n { values += [operators[k].stamps.0, operators[k].stamps.1] }
    var marks: [UInt64] = []
    for v in values where v <= period {
      switch timers[n].mode {
      case 2: marks.append(UInt64(period - v))
      case 3:
        marks.append(UInt64(v) % length(n))
        marks.append(UInt64(2 * period - v) % length(n))
      default: marks.append(UInt64(v))
      }
    }
    return marks
  }
  /// Counts from the anchor to the next event.
  private func nextMark(_ n: Int) -> UInt64? {
    guard timers[n].isRunning, isWanted(n) else { return nil }
    let l = length(n), e = elapsed(n, at: scheduler.now)
    // After a time without events the last cycle's are made up for: they give the levels.
    if e > timers[n].done + l { timers[n].done = e - l }
    let from = timers[n].done, start = (timers[n].position + from) % l
    return marks(n).map { from + ($0 >= start ? $0 - start : $0 + l - start) }.min()
  }
  private func arm() {
    var next = UInt64.max
    for n in 0..<3 { if let m = nextMark(n) { next = min(next, timers[n].since &+ m * tick(n)) } }
    for k in 0..<3 { next = min(next, operators[k].redAt, operators[k].fedAt, operators[k].carrierAt) }
    if next == .max { scheduler.cancel(event) } else { scheduler.schedule(event, at: max(next, scheduler.now)) }
  }
  private func due() {
    let now = scheduler.now
    for k in 0..<3 {
      if operators[k].redAt <= now {
        operators[k].redAt = .max
        operators[k].red = true
        show(k)
      }
      if operators[k].fedAt <= now {
        operators[k].fedAt = .max
        operators[k].fed = false
        show(k)
      }
      if operators[k].carrierAt <= now {
        operators[k].carrier.toggle()
        operators[k].carrierAt = now &+ carrierTime(k, high: operators[k].carrier)
        show(k)
      }
    }
    for n in 0..<3 {
      if let m = nextMark(n), timers[n].since &+ m * tick(n) <= now { timerEvent(n, m) }
    }
    arm()
  }
  /// What happens at `count` counts from the anchor.
  private func timerEvent(_ n: Int, _ count: UInt64) {
    timers[n].done = count + 1
    let at = value(n, position: timers[n].position + count), isZero = at.value == 0, isPeriod = at.value == timers[n].period
    // In up-down mode the count turns at both ends: it is on its way up at 0, down at the period.
    let down = timers[n].mode == 3 ? (isZero ? false : isPeriod ? true : at.down) : at.down
    for k in 0..<3 where timer(of: k) == n {
      let isA = at.value == operators[k].stamps.0, isB = at.value == operators[k].stamps.1
      // Of events at once, the later of these lines decides.
      if isA { act(k, down ? 16 : 4) }
      if isB { act(k, down ? 18 : 6) }
      if isPeriod { act(k, down ? 14 : 2) }
      if isZero { act(k, down ? 12 : 0) }
      if isA { takeForce(k, 4) }
      if isB { takeForce(k, 8) }
      if isZero {
        takeStamps(k, 1)
        takeForce(k, 1)
      }
      if isPeriod {
        takeStamps(k, 2)
        takeForce(k, 2)
      }
      if isZero || isPeriod { endCycleFault(k, isZero: isZero, isPeriod: isPeriod) }
      if isA { raise(Interrupt.tea + k) }
      if isB { raise(Interrupt.teb + k) }
      settle(k, arms: false)
    }
    let out = self[.timer0Sync, n, stride: 16][bits: 2...3]
    if isZero && out == 1 || isPeriod && out == 2 { syncOut(n) }
    if isZero {
      raise(Interrupt.tez + n)
      if self[.timer0Cfg0, n, stride: 16][bit: 24] { takePeriod(n) }
    }
    if isPeriod { raise(Interrupt.tep + n) }
    let start = self[.timer0Cfg1, n, stride: 16] & 7
    if isZero && (start == 0 || start == 3) || isPeriod && (start == 1 || start == 4) {
      anchor(n)
      timers[n].isRunning = false
      raise(Interrupt.stop + n)
    }
  }
  /// The action of both generators for an event, by the place of its two bits.
  private func act(_ k: Int, _ shift: Int) {
    apply(self[.gen0A, k, stride: 56][bits: shift...shift + 1], &operators[k].a)
    apply(self[.gen0B, k, stride: 56][bits: shift...shift + 1], &operators[k].b)
  }
  private func apply(_ action: UInt32, _ level: inout Bool) {
    switch action {
    case 1: level = false
    case 2: level = true
    case 3: level.toggle()
    default: break
    }
  }
  /// T0 and T1: a fault's beginning (0 to 2) or a sync (3).
  private func generalEvent(_ k: Int, source: UInt32) {
    let c = self[.gen0Cfg0, k, stride: 56], n = timer(of: k), down = value(n, position: timers[n].position + elapsed(n, at: scheduler.now)).down
    if c[bits: 4...6] == source { act(k, down ? 20 : 8) }
    if c[bits: 7...9] == source { act(k, down ? 22 : 10) }
    settle(k, arms: false)
  }

  // MARK: Shadows, §17.3.2.4

  private func stampWritten(_ n: Int, _ k: Int) {
    operators[n].waiting[bit: k] = true
    if self[.gen0StmpCfg, n, stride: 56][bits: 4 * k...4 * k + 3] == 0 { takeStamp(n, k) }
    arm()
  }
  private func takeStamp(_ n: Int, _ k: Int) {
    operators[n].waiting[bit: k] = false
    if k == 0 { operators[n].stamps.0 = self[.gen0TstmpA, n, stride: 56] } else { operators[n].stamps.1 = self[.gen0TstmpB, n, stride: 56] }
  }
  private func takeStamps(_ n: Int, _ occasion: UInt32) {
    guard self[.updateCfg][bit: 0], self[.updateCfg][bit: 2 + 2 * n] else { return }
    for k in 0..<2 where operators[n].waiting[bit: k] {
      let method = self[.gen0StmpCfg, n, stride: 56][bits: 4 * k...4 * k + 3]
      if method & occasion != 0, method & 8 == 0 { takeStamp(n, k) }
    }
  }
  private func updateWritten(_ v: UInt32) {
    let toggled = (v ^ state.pointee.updates) & 0xAA
    state.pointee.updates = v
    for n in 0..<3 where toggled[bit: 1] || toggled[bit: 3 + 2 * n] { for k in 0..<2 { takeStamp(n, k) } }
    if toggled[bit: 1] { for n in 0..<3 { takePeriod(n) } }
    arm()
  }
  private func forceWritten(_ k: Int, _ v: UInt32) {
    // A toggle of NCIFORCE is a force.
    let toggled = v ^ operators[k].software
    operators[k].software = v
    if toggled[bit: 10] { apply(v[bits: 11...12], &operators[k].a) }
    if toggled[bit: 13] { apply(v[bits: 14...15], &operators[k].b) }
    if v & 0x3F == 0 { operators[k].force = v[bits: 6...9] }
    settle(k)
  }
  private func takeForce(_ k: Int, _ occasion: UInt32) {
    let v = self[.gen0Force, k, stride: 56]
    if v & 0x20 == 0, v & occasion != 0 { operators[k].force = v[bits: 6...9] }
  }

  // MARK: Behind the generators, §17.3.3

  private func forced(_ level: Bool, _ mode: UInt32) -> Bool { mode == 1 ? false : mode == 2 ? true : level }
  /// What goes into the dead time: the generators' levels under the continuous force.
  private func inputs(_ k: Int) -> (Bool, Bool) { (forced(operators[k].a, operators[k].force & 3), forced(operators[k].b, operators[k].force >> 2 & 3)) }
  private func settle(_ k: Int, arms: Bool = true) {
    let c = self[.dt0Cfg, k, stride: 56], (a, b) = inputs(k), now = scheduler.now
    let unit = c[bit: 17] ? tick(timer(of: k)) : pwmClock
    let redIn = c[bit: 11] ? b : a
    if !redIn {
      operators[k].red = false
      operators[k].redAt = .max
    } else if !operators[k].red, operators[k].redAt == .max {
      operators[k].redAt = now &+ unit * UInt64(self[.dt0RedCfg, k, stride: 56] + 1)
    }
    let fedIn = c[bit: 12] ? b : a
    if fedIn {
      operators[k].fed = true
      operators[k].fedAt = .max
    } else if operators[k].fed, operators[k].fedAt == .max {
      operators[k].fedAt = now &+ unit * UInt64(self[.dt0FedCfg, k, stride: 56] + 1)
    }
    // The dead time runs only where it is not bypassed.
    if c[bit: 15], c[bit: 16] {
      operators[k].redAt = .max
      operators[k].fedAt = .max
      operators[k].red = redIn
      operators[k].fed = fedIn
    }
    let carrier = self[.carrier0Cfg, k, stride: 56]
    if !carrier[bit: 0] || !isWatched(2 * k) && !isWatched(2 * k + 1) {
      operators[k].carrierAt = .max
      operators[k].carrier = true
    } else if operators[k].carrierAt == .max {
      operators[k].carrier = true
      operators[k].carrierAt = now &+ carrierTime(k, high: true)
    }
    show(k)
    if arms { arm() }
  }
  private func carrierTime(_ k: Int, high: Bool) -> UInt64 {
    let c = self[.carrier0Cfg, k, stride: 56], eighths = UInt64(c[bits: 5...7])
    return max(1, pwmClock * UInt64(c[bits: 1...4] + 1) * (high ? eighths : 8 - eighths))
  }
  private func show(_ k: Int) {
    let c = self[.dt0Cfg, k, stride: 56], (a, b) = inputs(k), now = scheduler.now
    let red = operators[k].red != c[bit: 13], fed = operators[k].fed != c[bit: 14]
    let x = c[bit: 15] ? a : red, y = c[bit: 16] ? b : fed
    var levels = [c[bit: 9] ? y : x, c[bit: 10] ? x : y]
    let carrier = self[.carrier0Cfg, k, stride: 56]
    if carrier[bit: 0] {
      for i in 0..<2 {
        let input = levels[i] != carrier[bit: 13], was = i == 0 ? operators[k].firstPulseUntil.0 : operators[k].firstPulseUntil.1
        // The first pulse is longer.
        var until = was
        if !input { until = 0 } else if until == 0 { until = now &+ pwmClock * UInt64(carrier[bits: 1...4] + 1) * 8 * UInt64(carrier[bits: 8...11] + 1) }
        if i == 0 { operators[k].firstPulseUntil.0 = until } else { operators[k].firstPulseUntil.1 = until }
        levels[i] = (input && (operators[k].carrier || now < until && carrier[bits: 8...11] > 0)) != carrier[bit: 12]
      }
    }
    outputs[2 * k].set(forced(levels[0], operators[k].latchedFault || operators[k].cycleFault ? operators[k].faultA : 0))
    outputs[2 * k + 1].set(forced(levels[1], operators[k].latchedFault || operators[k].cycleFault ? operators[k].faultB : 0))
  }

  // MARK: Faults, §17.3.4

  func faultInputChanged(_ input: Int, _ level: Bool) {
    let bit: UInt8 = 1 << UInt8(input)
    state.pointee.faultInputs = level ? state.pointee.faultInputs | bit : state.pointee.faultInputs & ~bit
    faultsChanged()
  }
  private func faultsChanged() {
    let c = self[.faultDetect]
    for i in 0..<3 {
      let bit: UInt8 = 1 << UInt8(i), level = state.pointee.faultInputs & bit != 0, on = c[bit: i] && level == c[bit: 3 + i]
      guard on != (state.pointee.faults & bit != 0) else { continue }
      state.pointee.faults ^= bit
      raise((on ? Interrupt.fault : Interrupt.faultClear) + i)
      guard on else { continue }
      for k in 0..<3 {
        let f = self[.fh0Cfg0, k, stride: 56]
        if f[bit: 7 - i] { trip(k, latched: true) } else if f[bit: 3 - i] { trip(k, latched: false) }
        generalEvent(k, source: UInt32(i))
      }
    }
    arm()
  }
  private func trip(_ k: Int, latched: Bool) {
    let f = self[.fh0Cfg0, k, stride: 56], n = timer(of: k), down = value(n, position: timers[n].position + elapsed(n, at: scheduler.now)).down
    let base = (latched ? 12 : 8) + (down ? 0 : 2)
    operators[k].faultA = action(f[bits: base...base + 1], outputs[2 * k].isHigh)
    operators[k].faultB = action(f[bits: base + 8...base + 9], outputs[2 * k + 1].isHigh)
    if latched { operators[k].latchedFault = true } else { operators[k].cycleFault = true }
    raise((latched ? Interrupt.latchedFault : Interrupt.cycleFault) + k)
    show(k)
  }
  /// Low, high or the other level, as what forces it.
  private func action(_ v: UInt32, _ level: Bool) -> UInt32 { v == 3 ? (level ? 1 : 2) : v }
  private func faultControlWritten(_ k: Int, _ v: UInt32) {
    let toggled = v ^ operators[k].faultControl, f = self[.fh0Cfg0, k, stride: 56]
    operators[k].faultControl = v
    // CLR_OST at its rising edge, FORCE_CBC and FORCE_OST at any.
    if toggled[bit: 0], v[bit: 0] { operators[k].latchedFault = false }
    if toggled[bit: 4], f[bit: 4] { trip(k, latched: true) } else if toggled[bit: 3], f[bit: 0] { trip(k, latched: false) }
    settle(k)
  }
  /// A cycle-by-cycle action ends at the event that CBCPULSE names, when its fault is over.
  private func endCycleFault(_ k: Int, isZero: Bool, isPeriod: Bool) {
    guard operators[k].cycleFault else { return }
    let pulse = self[.fh0Cfg1, k, stride: 56][bits: 1...2], f = self[.fh0Cfg0, k, stride: 56]
    guard isZero && pulse[bit: 0] || isPeriod && pulse[bit: 1] else { return }
    let holds = (0..<3).contains { state.pointee.faults & 1 << UInt8($0) != 0 && f[bit: 3 - $0] }
    if !holds { operators[k].cycleFault = false }
  }

  // MARK: Capture, §17.3.5

  private var captureCount: UInt32 {
    guard state.pointee.captureRuns, clocks.apb.pointee.frequency256 > 0 else { return state.pointee.captureCount }
    let cycles = UInt128(scheduler.now &- state.pointee.captureSince) * UInt128(clocks.apb.pointee.frequency256) / UInt128(Clock.picosecondsPerSecond * 256)
    return state.pointee.captureCount &+ UInt32(truncatingIfNeeded: cycles)
  }
  private func captureControlWritten(_ v: UInt32) {
    state.pointee.captureCount = captureCount
    state.pointee.captureSince = scheduler.now
    state.pointee.captureRuns = v[bit: 0]
    if v[bit: 5], v[bit: 1] { loadCapture() }
  }
  private func loadCapture() {
    state.pointee.captureCount = self[.capTimerPhase]
    state.pointee.captureSince = scheduler.now
  }
  func captureInputChanged(_ n: Int, _ level: Bool) {
    let bit: UInt8 = 1 << UInt8(n), was = state.pointee.captureInputs & bit != 0
    guard was != level else { return }
    state.pointee.captureInputs ^= bit
    let c = self[.capCh0Cfg, n], falling = level == c[bit: 11]
    guard c[bit: 0] else { return }
    // The prescaler counts rising edges, from before the choice of edges.
    if !falling, c[bits: 3...10] > 0 {
      let count = withUnsafeMutableBytes(of: &state.pointee.edges) { e -> UInt8 in
        e[n] &+= 1
        return e[n]
      }
      guard UInt32(count) > c[bits: 3...10] else { return }
      withUnsafeMutableBytes(of: &state.pointee.edges) { $0[n] = 0 }
    } else if falling, c[bits: 3...10] > 0 {
      return
    }
    if c[bit: falling ? 1 : 2] { capture(n, falling: falling) }
  }
  private func capture(_ n: Int, falling: Bool) {
    self[.capCh0, n] = captureCount
    self[.capStatus][bit: n] = falling
    raise(Interrupt.capture + n)
  }
  /// Another pad shows the outputs.
  func routesChanged() {
    for k in 0..<3 { settle(k, arms: false) }
    arm()
  }
  public override func reset() {
    super.reset()
    scheduler.cancel(event)
    for n in 0..<3 {
      timers[n] = Timer()
      operators[n] = Operator()
    }
    state.pointee = State(faultInputs: state.pointee.faultInputs, captureInputs: state.pointee.captureInputs, syncInputs: state.pointee.syncInputs)
    for o in outputs { o.set(false) }
    update()
  }
}
