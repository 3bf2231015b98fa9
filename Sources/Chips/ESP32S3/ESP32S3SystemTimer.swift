import Machine

/// ESP32-S3 TRM chapter 11: SYSTIMER: two counters of 52 bits at 16 MHz, and three comparators with an interrupt each.
public final class ESP32S3SystemTimer: RegisterDevice, RegisterNaming {
  public enum Register: UInt32, CaseIterable, Sendable {
    case conf = 0x00, unit0Op = 0x04, unit1Op = 0x08, unit0LoadHi = 0x0C, unit0LoadLo = 0x10, unit1LoadHi = 0x14, unit1LoadLo = 0x18, target0Hi = 0x1C, target0Lo = 0x20, target1Hi = 0x24
    case target1Lo = 0x28, target2Hi = 0x2C, target2Lo = 0x30, target0Conf = 0x34, target1Conf = 0x38, target2Conf = 0x3C, unit0ValueHi = 0x40, unit0ValueLo = 0x44, unit1ValueHi = 0x48
    case unit1ValueLo = 0x4C, comp0Load = 0x50, comp1Load = 0x54, comp2Load = 0x58, unit0Load = 0x5C, unit1Load = 0x60, intEna = 0x64, intRaw = 0x68, intClr = 0x6C, intSt = 0x70
    case realTarget0Lo = 0x74, realTarget0Hi = 0x78, realTarget1Lo = 0x7C, realTarget1Hi = 0x80, realTarget2Lo = 0x84, realTarget2Hi = 0x88, date = 0xFC
  }
  static let map = RegisterMap<ESP32S3SystemTimer> { r in
    r[.conf].bits(0...0).bits(22...31).reset(0x4600_0000).onWrite { d, _ in d.configured() }
    r[.unit0Op, count: 2].onRead { d, n in d.units[n].latched ? 1 << 29 : 0 }.onWrite { d, n, v in if v[bit: 30] { d.latch(n) } }
    for x in [Register.unit0LoadHi, .unit1LoadHi] { r[x].bits(0...19) }
    for x in [Register.unit0LoadLo, .unit1LoadLo] { r[x].bits(0...31) }
    r[.unit0ValueHi, count: 2, stride: 8].bits(0...19, .readOnly)
    r[.unit0ValueLo, count: 2, stride: 8].bits(0...31, .readOnly)
    r[.target0Hi, count: 3, stride: 8].bits(0...19)
    r[.target0Lo, count: 3, stride: 8].bits(0...31)
    r[.target0Conf, count: 3].bits(0...25).bits(30...31).onWrite { d, n, _ in d.targetConfigured(n) }
    r[.comp0Load, count: 3].onWrite { d, n, v in if v[bit: 0] { d.loadTarget(n) } }
    r[.unit0Load, count: 2].onWrite { d, n, v in if v[bit: 0] { d.load(n) } }
    r[.intEna].bits(0...2).onWrite { d, _ in d.update() }
    r[.intRaw].bits(0...2, .readOnly)
    r[.intClr].onWrite { d, v in
      d[.intRaw] &= ~v
      d.update()
    }
    r[.intSt].onRead { $0[.intRaw] & $0[.intEna] }
    r[.realTarget0Lo, count: 3, stride: 8].onRead { d, n in UInt32(truncatingIfNeeded: d.targets[n].value) }
    r[.realTarget0Hi, count: 3, stride: 8].onRead { d, n in UInt32(truncatingIfNeeded: d.targets[n].value >> 32) }
    r[.date].bits(0...31).reset(0x201_2251)
  }
  /// A counter's value at a cycle of the timer's clock, from which it counts while it runs.
  struct Unit: BitwiseCopyable { var value: UInt64 = 0, since: UInt64 = 0, running = false, latched = false }
  struct Target: BitwiseCopyable {
    var value: UInt64 = 0
    /// Nobody has met it since it was set.
    var pending = false
  }
  private static let mask: UInt64 = (1 << 52) - 1
  private let units: UnsafeMutablePointer<Unit>, targets: UnsafeMutablePointer<Target>
  private let clock: UnsafeMutablePointer<Clock>
  private let scheduler: Scheduler
  private var alarms: [Scheduler.Event] = []
  public let irq: [Line]
  /// Whether a core stands still, which may stop a counter.
  var isStalled: (Int) -> Bool = { _ in false }

  init(arena: StateArena, scheduler: Scheduler, clocks: ESP32Clocks) {
    self.scheduler = scheduler
    units = arena.allocate("ESP32S3.SYSTIMER.units", count: 2, initial: Unit())
    targets = arena.allocate("ESP32S3.SYSTIMER.targets", count: 3, initial: Target())
    // The crystal's 40 MHz over 2.5.
    clock = arena.allocate("ESP32S3.SYSTIMER.clock", initial: Clock(hertz: clocks.crystal * 2 / 5))
    irq = (0..<3).map { Line("ESP32S3.SYSTIMER.TARGET\($0)", arena: arena) }
    super.init(Self.map, name: "ESP32S3.SYSTIMER", arena: arena)
    alarms = (0..<3).map { n in scheduler.event("ESP32S3.SYSTIMER.alarm\(n)") { [unowned self] _ in alarm(n) } }
    clocks.onChange.append { [unowned self, unowned clocks] in
      clock.pointee.setFrequency256(clocks.xtal.pointee.frequency256 * 2 / 5, at: scheduler.now)
      for n in 0..<3 { arm(n) }
    }
    configured()
  }
  private func value(_ n: Int) -> UInt64 {
    let u = units[n]
    return (u.running ? u.value &+ (clock.pointee.cycle(at: scheduler.now) &- u.since) : u.value) & Self.mask
  }
  private func set(_ n: Int, _ value: UInt64, running: Bool) {
    units[n].value = value
    units[n].since = clock.pointee.cycle(at: scheduler.now)
    units[n].running = running
  }
  /// A counter runs when its WORK_EN says so, and stands with a core that is stalled when it is to.
  private func configured() {
    for n in 0..<2 {
      let c = self[.conf], stands = (0..<2).contains { c[bit: (n == 0 ? 28 : 26) - $0] && isStalled($0) }
      set(n, value(n), running: c[bit: n == 0 ? 30 : 29] && !stands)
    }
    for n in 0..<3 { arm(n) }
  }
  /// A core was stalled or goes on.
  func stallsChanged() { if self[.conf][bits: 25...28] != 0 { configured() } }
  private func latch(_ n: Int) {
    let v = value(n)
    self[.unit0ValueHi, n, stride: 8] = UInt32(truncatingIfNeeded: v >> 32)
    self[.unit0ValueLo, n, stride: 8] = UInt32(truncatingIfNeeded: v)
    units[n].latched = true
  }
  private func load(_ n: Int) {
    let high = self[n == 0 ? .unit0LoadHi : .unit1LoadHi], low = self[n == 0 ? .unit0LoadLo : .unit1LoadLo]
    set(n, UInt64(high) << 32 | UInt64(low), running: units[n].running)
    for k in 0..<3 { arm(k) }
  }
  /// In period mode a comparator goes on by itself, from whatever it met last.
  private func targetConfigured(_ n: Int) {
    let conf = self[.target0Conf, n]
    if conf[bit: 30], !targets[n].pending {
      targets[n].value = (value(conf[bit: 31] ? 1 : 0) &+ UInt64(conf[bits: 0...25])) & Self.mask
      targets[n].pending = true
    }
    arm(n)
  }
  private func loadTarget(_ n: Int) {
    let conf = self[.target0Conf, n], unit = conf[bit: 31] ? 1 : 0
    targets[n].value = conf[bit: 30] ? (value(unit) &+ UInt64(conf[bits: 0...25])) & Self.mask : UInt64(self[.target0Hi, n, stride: 8]) << 32 | UInt64(self[.target0Lo, n, stride: 8])
    targets[n].pending = true
    arm(n)
  }
  private func arm(_ n: Int) {
    let unit = self[.target0Conf, n][bit: 31] ? 1 : 0
    guard self[.conf][bit: 24 - n], targets[n].pending, units[unit].running else { return scheduler.cancel(alarms[n]) }
    // A target that lies behind is met at once.
    let now = value(unit), left = targets[n].value > now ? targets[n].value - now : 0
    guard left < 1 << 46 else { return scheduler.cancel(alarms[n]) }
    let time = left == 0 ? scheduler.now : clock.pointee.time(ofCycle: clock.pointee.cycle(at: scheduler.now) &+ left)
    if time == .max { scheduler.cancel(alarms[n]) } else { scheduler.schedule(alarms[n], at: time) }
  }
  private func alarm(_ n: Int) {
    let conf = self[.target0Conf, n]
    if conf[bit: 30] {
      // Of the periods that lie behind, where the counter was loaded with more, all are met in this one.
      let period = max(1, UInt64(conf[bits: 0...25])), now = value(conf[bit: 31] ? 1 : 0), behind = now > targets[n].value ? now - targets[n].value : 0
      targets[n].value = (targets[n].value &+ (behind / period + 1) &* period) & Self.mask
    } else {
      targets[n].pending = false
    }
    self[.intRaw][bit: n] = true
    update()
    arm(n)
  }
  private func update() { for n in 0..<3 { irq[n].set(self[.intRaw][bit: n] && self[.intEna][bit: n]) } }
  public override func reset() {
    super.reset()
    for n in 0..<2 { units[n] = Unit() }
    for n in 0..<3 { targets[n] = Target() }
    configured()
    update()
  }
}
