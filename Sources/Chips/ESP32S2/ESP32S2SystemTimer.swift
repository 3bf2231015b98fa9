import Machine

/// ESP32-S2 TRM chapter 12: SYSTIMER: one counter of 64 bits at APB_CLK's 80 MHz, whatever drives that clock, and three comparators
/// with an interrupt each.
public final class ESP32S2SystemTimer: RegisterDevice, RegisterNaming {
  public enum Register: UInt32, CaseIterable, Sendable {
    case conf = 0x00, load = 0x04, loadHi = 0x08, loadLo = 0x0C, step = 0x10, target0Hi = 0x14, target0Lo = 0x18, target1Hi = 0x1C, target1Lo = 0x20, target2Hi = 0x24, target2Lo = 0x28
    case target0Conf = 0x2C, target1Conf = 0x30, target2Conf = 0x34, unit0Op = 0x38, unit0ValueHi = 0x3C, unit0ValueLo = 0x40, intEna = 0x44, intRaw = 0x48, intClr = 0x4C, date = 0xFC
  }
  static let map = RegisterMap<ESP32S2SystemTimer> { r in
    r[.conf].bits(0...0).bits(31...31)
    r[.load].onWrite { d, v in if v[bit: 31] { d.set(UInt64(d[.loadHi]) << 32 | UInt64(d[.loadLo])) } }
    r[.loadHi].bits(0...31)
    r[.loadLo].bits(0...31)
    r[.step].bits(0...19).reset(0x450).onWrite { d, _ in d.paceChanged() }
    r[.target0Hi, count: 3, stride: 8].bits(0...31).onWrite { d, n, _ in d.arm(n) }
    r[.target0Lo, count: 3, stride: 8].bits(0...31).onWrite { d, n, _ in d.arm(n) }
    r[.target0Conf, count: 3].bits(0...31).onWrite { d, n, v in d.configured(n, v) }
    r[.unit0Op].onRead { $0.state.pointee.latched ? 1 << 30 : 0 }.onWrite { d, v in if v[bit: 31] { d.latch() } }
    r[.unit0ValueHi].bits(0...31, .readOnly)
    r[.unit0ValueLo].bits(0...31, .readOnly)
    r[.intEna].bits(0...2).onWrite { d, _ in d.update() }
    r[.intRaw].bits(0...2, .readOnly)
    r[.intClr].onWrite { d, v in
      d[.intRaw] &= ~v
      d.update()
    }
    r[.date].bits(0...31).reset(0x180_7160)
  }
  /// The counter's value at a cycle of APB_CLK from which it goes on by `step`, and what the periods are counted from.
  struct State: BitwiseCopyable {
    var value: UInt64 = 0, since: UInt64 = 0, step: UInt64 = 2
    var latched = false, enabled: (Bool, Bool, Bool) = (false, false, false), next: (UInt64, UInt64, UInt64) = (0, 0, 0)
  }
  private let state: UnsafeMutablePointer<State>
  private let scheduler: Scheduler, clocks: ESP32Clocks
  private var alarms: [Scheduler.Event] = []
  public let irq: [Line]
  /// Whether APB_CLK comes from the crystal, and so counts by TIMER_XTAL_STEP.
  var isOnCrystal: () -> Bool = { true }

  init(arena: StateArena, scheduler: Scheduler, clocks: ESP32Clocks) {
    self.scheduler = scheduler
    self.clocks = clocks
    state = arena.allocate("ESP32S2.SYSTIMER.state", initial: State())
    irq = (0..<3).map { Line("ESP32S2.SYSTIMER.TARGET\($0)", arena: arena) }
    super.init(Self.map, name: "ESP32S2.SYSTIMER", arena: arena)
    alarms = (0..<3).map { n in scheduler.event("ESP32S2.SYSTIMER.alarm\(n)") { [unowned self] _ in alarm(n) } }
    clocks.onChange.append { [unowned self] in paceChanged() }
    set(0)
  }
  private var cycle: UInt64 { clocks.apb.pointee.cycle(at: scheduler.now) }
  private var value: UInt64 { state.pointee.value &+ (cycle &- state.pointee.since) &* state.pointee.step }
  private func set(_ v: UInt64) {
    state.pointee.value = v
    state.pointee.since = cycle
    state.pointee.step = UInt64(isOnCrystal() ? self[.step][bits: 0...9] : self[.step][bits: 10...19])
    for n in 0..<3 { arm(n) }
  }
  private func paceChanged() { set(value) }
  private func latch() {
    let v = value
    self[.unit0ValueHi] = UInt32(truncatingIfNeeded: v >> 32)
    self[.unit0ValueLo] = UInt32(truncatingIfNeeded: v)
    state.pointee.latched = true
  }
  private subscript(next n: Int) -> UInt64 {
    get { n == 0 ? state.pointee.next.0 : n == 1 ? state.pointee.next.1 : state.pointee.next.2 }
    set { if n == 0 { state.pointee.next.0 = newValue } else if n == 1 { state.pointee.next.1 = newValue } else { state.pointee.next.2 = newValue } }
  }
  private subscript(enabled n: Int) -> Bool {
    get { n == 0 ? state.pointee.enabled.0 : n == 1 ? state.pointee.enabled.1 : state.pointee.enabled.2 }
    set { if n == 0 { state.pointee.enabled.0 = newValue } else if n == 1 { state.pointee.enabled.1 = newValue } else { state.pointee.enabled.2 = newValue } }
  }
  private func configured(_ n: Int, _ v: UInt32) {
    // A period begins when it is set.
    if v[bit: 30] { self[next: n] = value &+ UInt64(v[bits: 0...29]) }
    self[enabled: n] = v[bit: 31]
    arm(n)
  }
  private func arm(_ n: Int) {
    guard n < alarms.count else { return }
    let conf = self[.target0Conf, n], step = state.pointee.step
    guard self[enabled: n], step > 0 else { return scheduler.cancel(alarms[n]) }
    if !conf[bit: 30] { self[next: n] = UInt64(self[.target0Hi, n, stride: 8]) << 32 | UInt64(self[.target0Lo, n, stride: 8]) }
    // A target that lies behind is met at once.
    let now = value, left = self[next: n] > now ? self[next: n] - now : 0
    guard left < 1 << 46 else { return scheduler.cancel(alarms[n]) }
    let time = left == 0 ? scheduler.now : clocks.apb.pointee.time(ofCycle: cycle &+ (left + step - 1) / step)
    if time == .max { scheduler.cancel(alarms[n]) } else { scheduler.schedule(alarms[n], at: time) }
  }
  private func alarm(_ n: Int) {
    let conf = self[.target0Conf, n]
    if conf[bit: 30] {
      // Of the periods that lie behind, where the counter was set beyond them, all are met in this one.
      let period = UInt64(max(1, conf[bits: 0...29])), now = value, behind = now > self[next: n] ? now - self[next: n] : 0
      self[next: n] = self[next: n] &+ (behind / period + 1) &* period
    } else {
      self[enabled: n] = false
    }
    self[.intRaw][bit: n] = true
    update()
    if conf[bit: 30] { arm(n) }
  }
  private func update() { for n in 0..<3 { irq[n].set(self[.intRaw][bit: n] && self[.intEna][bit: n]) } }
  public override func reset() {
    super.reset()
    for n in 0..<3 {
      scheduler.cancel(alarms[n])
      self[enabled: n] = false
    }
    state.pointee.latched = false
    set(0)
    update()
  }
}
