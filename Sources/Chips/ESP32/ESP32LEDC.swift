import Machine

/// ESP32 TRM chapter 14: LEDC: eight timers and sixteen PWM channels, half of each high-speed. Nothing runs: levels follow from
/// the time, and edges are events only on pads that somebody watches.
public final class ESP32LEDC: RegisterDevice, RegisterNaming {
  public enum Register: UInt32, CaseIterable, Sendable {
    case hsch0Conf0 = 0x00, hsch0Hpoint = 0x04, hsch0Duty = 0x08, hsch0Conf1 = 0x0C, hsch0DutyR = 0x10, hstimer0Conf = 0x140, hstimer0Value = 0x144, intRaw = 0x180, intSt = 0x184, intEna = 0x188, intClr = 0x18C
    case conf = 0x190, date = 0x1FC
  }
  static let map = RegisterMap<ESP32LEDC> { r in
    r[.hsch0Conf0, count: 16, stride: 20].bits(0...3).bits(31...31).onWrite { d, n, v in d.channelConfigured(n, v) }
    r[.hsch0Hpoint, count: 16, stride: 20].bits(0...19).onWrite { d, n, _ in d.show(n) }
    r[.hsch0Duty, count: 16, stride: 20].bits(0...24)
    r[.hsch0Conf1, count: 16, stride: 20].bits(0...31).reset(0x4000_0000).onWrite { d, n, v in if v[bit: 31] { d.startDuty(n) } }
    r[.hsch0DutyR, count: 16, stride: 20].onRead { d, n in d.duty(n, at: d.scheduler.now) }
    r[.hstimer0Conf, count: 8, stride: 8].bits(0...25).reset(0x100_0000).onWrite { d, n, v in d.timerConfigured(n, v) }
    r[.hstimer0Value, count: 8, stride: 8].onRead { d, n in d.count(n, at: d.scheduler.now).map { UInt32(truncatingIfNeeded: $0.count) } ?? 0 }
    r[.intRaw].bits(0...23, .readOnly)
    r[.intSt].onRead { $0[.intRaw] & $0[.intEna] }
    r[.intEna].bits(0...23).onWrite { d, _ in d.armOverflows() }
    r[.intClr].onWrite { d, v in
      d[.intRaw] &= ~v
      d.update()
    }
    r[.conf].bits(0...0).onWrite { d, _ in d.sourceChanged() }
    r[.date].bits(0...31).reset(0x1603_1700)
  }
  struct Timer: BitwiseCopyable {
    /// What counts: DUTY_RES, the divider in 1/256 and the source; a low-speed timer takes them over with PARA_UP.
    var conf: UInt32 = 0x100_0000
    /// When the count was 0; the count at which it stands while it is paused.
    var since: UInt64 = 0, held: UInt64 = 0
  }
  struct Channel: BitwiseCopyable {
    /// The duty in sixteenths until `at`, and from then on, in steps.
    var old: UInt32 = 0, new: UInt32 = 0, at: UInt64 = 0
    var steps: UInt32 = 0, every: UInt32 = 0, scale: UInt32 = 0, up = true
    var conf0: UInt32 = 0
  }
  private let timers: UnsafeMutablePointer<Timer>, channels: UnsafeMutablePointer<Channel>
  private let scheduler: Scheduler, clocks: ESP32Clocks
  private var edges: [Scheduler.Event] = [], ends: [Scheduler.Event] = [], overflows: [Scheduler.Event] = []
  public let irq: Line
  let outputs: [Line]
  var isWatched: (Int) -> Bool = { _ in false }
  /// What the low-speed timers divide, in 1/256 Hz; nil: APB_CLK, REF_TICK or the fast RC oscillator, as CONF and the timers say.
  var lowSpeedSource: (() -> UInt64)?

  init(chip: String = "ESP32", arena: StateArena, scheduler: Scheduler, clocks: ESP32Clocks) {
    let name = "\(chip).LEDC"
    self.scheduler = scheduler
    self.clocks = clocks
    timers = arena.allocate("\(name).timers", count: 8, initial: Timer())
    channels = arena.allocate("\(name).channels", count: 16, initial: Channel())
    irq = Line("\(name).IRQ", arena: arena)
    outputs = (0..<16).map { Line("\(name).\($0 < 8 ? "HS" : "LS")\($0 % 8)", arena: arena) }
    super.init(Self.map, name: name, arena: arena)
    edges = (0..<16).map { n in scheduler.event("\(name).edge\(n)") { [unowned self] _ in show(n) } }
    ends = (0..<16).map { n in scheduler.event("\(name).end\(n)") { [unowned self] _ in dutyReached(n) } }
    overflows = (0..<8).map { n in
      scheduler.event("\(name).overflow\(n)") { [unowned self] _ in
        self[.intRaw][bit: n] = true
        update()
        armOverflow(n)
      }
    }
    clocks.onChange.append { [unowned self] in for n in 0..<8 { restart(n) } }
  }
  private func update() { irq.set(self[.intRaw] & self[.intEna] != 0) }

  // MARK: Timers

  /// The source's frequency in 1/256 Hz.
  private func source(_ n: Int) -> UInt64 {
    if n >= 4, let lowSpeedSource { return lowSpeedSource() }
    let c = timers[n].conf
    guard c[bit: 25] else { return clocks.refTick.pointee.frequency256 }
    return n < 4 || self[.conf][bit: 0] ? clocks.apb.pointee.frequency256 : clocks.fastRC * 256
  }
  /// The low-speed timers have another source.
  func sourceChanged() { for n in 4..<8 { restart(n) } }
  private func divider(_ n: Int) -> UInt64 { UInt64(timers[n].conf[bits: 5...22]) }
  private func length(_ n: Int) -> UInt64 { 1 << UInt64(min(20, timers[n].conf[bits: 0...4])) }
  private func isRunning(_ n: Int) -> Bool { !timers[n].conf[bit: 23] && !timers[n].conf[bit: 24] && divider(n) >= 256 && source(n) > 0 }
  /// Picoseconds of `counts` counts.
  private func time(_ n: Int, _ counts: UInt64) -> UInt64 { UInt64(truncatingIfNeeded: UInt128(counts) * UInt128(divider(n)) * UInt128(Clock.picosecondsPerSecond) / UInt128(max(1, source(n)))) }
  /// The period and the count within it; nil: it stands.
  private func count(_ n: Int, at t: UInt64) -> (period: UInt64, count: UInt64)? {
    guard isRunning(n) else { return nil }
    let counts = UInt64(truncatingIfNeeded: UInt128(t &- timers[n].since) * UInt128(source(n)) / (UInt128(divider(n)) * UInt128(Clock.picosecondsPerSecond)))
    var total = counts
    while time(n, total + 1) <= t &- timers[n].since { total += 1 }
    return (total / length(n), total % length(n))
  }
  private func timerConfigured(_ n: Int, _ v: UInt32) {
    // A low-speed timer's figures wait for PARA_UP; reset and pause do not.
    let takesOver = n < 4 || v[bit: 26]
    var conf = takesOver ? v : timers[n].conf
    conf[bits: 23...24] = v[bits: 23...24]
    let same = (conf ^ timers[n].conf) & 0x3FF_FFFF == 0
    if same { return }
    let now = scheduler.now
    if conf & 0x27F_FFFF == timers[n].conf & 0x27F_FFFF, !v[bit: 24], !timers[n].conf[bit: 24] {
      // Only the pause changed: the count stays.
      if conf[bit: 23] { timers[n].held = count(n, at: now)?.count ?? 0 }
      timers[n].conf = conf
      if !conf[bit: 23] { timers[n].since = now &- time(n, timers[n].held) }
    } else {
      timers[n].conf = conf
      timers[n].since = now
    }
    refresh(n)
  }
  private func restart(_ n: Int) {
    timers[n].since = scheduler.now
    refresh(n)
  }
  private func refresh(_ n: Int) {
    armOverflow(n)
    for k in 0..<16 where timer(of: k) == n { show(k) }
  }
  private func armOverflow(_ n: Int) {
    guard self[.intEna][bit: n], let c = count(n, at: scheduler.now) else { return scheduler.cancel(overflows[n]) }
    scheduler.schedule(overflows[n], at: timers[n].since &+ time(n, (c.period + 1) * length(n)))
  }
  private func armOverflows() {
    update()
    for n in 0..<8 { armOverflow(n) }
  }

  // MARK: Channels

  private func timer(of k: Int) -> Int { k / 8 * 4 + Int(channels[k].conf0 & 3) }
  private func channelConfigured(_ k: Int, _ v: UInt32) {
    // The same for a channel: TIMER_SEL, SIG_OUT_EN and IDLE_LV.
    if k < 8 || v[bit: 4] { channels[k].conf0 = v & 0xF }
    show(k)
  }
  /// §14.3.3: from the next overflow on DUTY counts, and then DUTY_NUM steps.
  private func startDuty(_ k: Int) {
    let c1 = self[.hsch0Conf1, k, stride: 20], n = timer(of: k), now = scheduler.now
    var c = channels[k]
    c.old = duty(k, at: now)
    c.new = self[.hsch0Duty, k, stride: 20]
    c.scale = c1[bits: 0...9]
    c.every = max(1, c1[bits: 10...19])
    c.steps = c1[bits: 20...29]
    c.up = c1[bit: 30]
    guard let count = count(n, at: now) else {
      c.at = now
      c.old = c.new
      channels[k] = c
      return dutyReached(k)
    }
    c.at = timers[n].since &+ time(n, (count.period + 1) * length(n))
    channels[k] = c
    scheduler.schedule(ends[k], at: c.at &+ time(n, UInt64(c.steps) * UInt64(c.every) * length(n)))
    show(k)
  }
  private func dutyReached(_ k: Int) {
    self[.hsch0Conf1, k, stride: 20][bit: 31] = false
    self[.intRaw][bit: 8 + k] = true
    update()
    show(k)
  }
  /// In sixteenths of a count.
  private func duty(_ k: Int, at t: UInt64) -> UInt32 {
    let c = channels[k]
    guard t >= c.at else { return c.old }
    guard c.scale > 0, c.steps > 0 else { return c.new }
    let step = time(timer(of: k), UInt64(c.every) * length(timer(of: k)))
    let done = step == 0 ? c.steps : UInt32(min(UInt64(c.steps), (t &- c.at) / step))
    let change = Int64(done) * Int64(c.scale) * 16
    return UInt32(truncatingIfNeeded: max(0, min(0x1FF_FFFF, Int64(c.new) + (c.up ? change : -change))))
  }
  /// The level now, and when it next may change.
  private func level(_ k: Int) -> (level: Bool, next: UInt64?) {
    let c = channels[k].conf0, n = timer(of: k), now = scheduler.now
    guard c[bit: 2], let at = count(n, at: now) else { return (c[bit: 3], nil) }
    let length = length(n), high = UInt64(duty(k, at: now) >> 4), hpoint = UInt64(self[.hsch0Hpoint, k, stride: 20]) % length
    if high == 0 || high >= length { return (high != 0, channels[k].at > now || self[.hsch0Conf1, k, stride: 20][bit: 31] ? timers[n].since &+ time(n, (at.period + 1) * length) : nil) }
    let end = hpoint + high, isHigh = at.count >= hpoint && at.count < end || at.count + length < end
    let marks = [hpoint, end, length, end &- length].filter { $0 > at.count && $0 <= length }
    return (isHigh, timers[n].since &+ time(n, at.period * length + (marks.min() ?? length)))
  }
  func isHigh(_ k: Int) -> Bool { level(k).level }
  private func show(_ k: Int) {
    let (level, next) = level(k)
    outputs[k].set(level)
    if let next, isWatched(k) { scheduler.schedule(edges[k], at: max(next, scheduler.now &+ 1)) } else { scheduler.cancel(edges[k]) }
  }
  /// Another pad shows the channels.
  func routesChanged() { for k in 0..<16 where channels[k].conf0[bit: 2] { show(k) } }
  public override func reset() {
    super.reset()
    for e in edges + ends + overflows { scheduler.cancel(e) }
    for n in 0..<8 { timers[n] = Timer() }
    for k in 0..<16 {
      channels[k] = Channel()
      outputs[k].set(false)
    }
    update()
  }
}
