import Machine

/// ESP32 TRM chapter 18: two 64-bit timers, the watchdog (MWDT), the counter of slow clock cycles (RTCCALI), and the
/// timer that the vendor's headers call LACT, which esp_timer counts with.
public final class ESP32TimerGroup: RegisterDevice, RegisterNaming {
  public enum Register: UInt32, CaseIterable, Sendable {
    case t0config = 0x00, t0lo = 0x04, t0hi = 0x08, t0update = 0x0C, t0alarmlo = 0x10, t0alarmhi = 0x14, t0loadlo = 0x18, t0loadhi = 0x1C, t0load = 0x20, t1config = 0x24
    case t1lo = 0x28, t1hi = 0x2C, t1update = 0x30, t1alarmlo = 0x34, t1alarmhi = 0x38, t1loadlo = 0x3C, t1loadhi = 0x40, t1load = 0x44, wdtconfig0 = 0x48, wdtconfig1 = 0x4C
    case wdtconfig2 = 0x50, wdtconfig3 = 0x54, wdtconfig4 = 0x58, wdtconfig5 = 0x5C, wdtfeed = 0x60, wdtwprotect = 0x64, rtccalicfg = 0x68, rtccalicfg1 = 0x6C, lactconfig = 0x70
    case lactrtc = 0x74, lactlo = 0x78, lacthi = 0x7C, lactupdate = 0x80, lactalarmlo = 0x84, lactalarmhi = 0x88, lactloadlo = 0x8C, lactloadhi = 0x90, lactload = 0x94
    case intEnaTimers = 0x98, intRawTimers = 0x9C, intStTimers = 0xA0, intClrTimers = 0xA4, ntimersDate = 0xF8, timgclk = 0xFC
  }
  /// The registers of one timer, by what they are.
  private struct Block: Sendable { let config, lo, hi, update, alarmLo, alarmHi, loadLo, loadHi, load: Register }
  private static let blocks = [
    Block(config: .t0config, lo: .t0lo, hi: .t0hi, update: .t0update, alarmLo: .t0alarmlo, alarmHi: .t0alarmhi, loadLo: .t0loadlo, loadHi: .t0loadhi, load: .t0load),
    Block(config: .t1config, lo: .t1lo, hi: .t1hi, update: .t1update, alarmLo: .t1alarmlo, alarmHi: .t1alarmhi, loadLo: .t1loadlo, loadHi: .t1loadhi, load: .t1load),
    Block(config: .lactconfig, lo: .lactlo, hi: .lacthi, update: .lactupdate, alarmLo: .lactalarmlo, alarmHi: .lactalarmhi, loadLo: .lactloadlo, loadHi: .lactloadhi, load: .lactload),
  ]
  static let map = RegisterMap<ESP32TimerGroup> { r in
    for (n, b) in blocks.enumerated() {
      r[b.config].bits(7...31).reset(n == 2 ? 0x6000_2300 : 0x6000_2000).onWrite { d, _ in d.configured(n) }
      r[b.lo].bits(0...31, .readOnly)
      r[b.hi].bits(0...31, .readOnly)
      r[b.update].onWrite { d, _ in d.latch(n) }
      for a in [b.alarmLo, b.alarmHi] { r[a].bits(0...31).onWrite { d, _ in d.arm(n) } }
      for a in [b.loadLo, b.loadHi] { r[a].bits(0...31) }
      r[b.load].onWrite { d, _ in d.load(n) }
    }
    r[.wdtconfig0].bits(14...31).reset(0x4C000).onWrite { d, v in d.watchdogWrite(.wdtconfig0, v) }
    for (n, reset) in ([0x10000, 0x18C_BA80, 0x7FF_FFFF, 0xF_FFFF, 0xF_FFFF] as [UInt32]).enumerated() {
      let at = Register(rawValue: 0x4C + UInt32(n) * 4)!
      r[at].bits(0...31).reset(reset).onWrite { d, v in d.watchdogWrite(at, v) }
    }
    r[.wdtfeed].onWrite { d, _ in if d.isUnlocked { d.stages.feed() } }
    r[.wdtwprotect].bits(0...31).reset(key)
    r[.rtccalicfg].bits(12...14).bits(16...31).reset(0x13000).onRead { $0.calibrationStatus }.onWrite { d, v in d.calibrate(v) }
    r[.rtccalicfg1].bits(0...31, .readOnly)
    r[.lactrtc].bits(6...31)
    r[.intEnaTimers].bits(0...3).onWrite { d, _ in d.updateInterrupts() }
    r[.intRawTimers].bits(0...3, .readOnly)
    r[.intStTimers].onRead { $0.active }
    r[.intClrTimers].onWrite { d, v in
      d[.intRawTimers] &= ~v
      d.updateInterrupts()
    }
    r[.ntimersDate].bits(0...27).reset(0x160_4290)
    r[.timgclk].bits(31...31)
  }
  /// What opens the watchdog's registers (§18.3.1).
  static let key: UInt32 = 0x50D8_3AA1
  /// A timer's value at a cycle of APB_CLK, or of the crystal's clock, from which it counts while it runs.
  struct Counter: BitwiseCopyable { var value: UInt64 = 0, since: UInt64 = 0, running = false, up = true, divider: UInt64 = 1, crystal = false }
  struct State: BitwiseCopyable {
    /// The watchdog's protected words, as they were before a write that does not count.
    var watchdog: (UInt32, UInt32, UInt32, UInt32, UInt32, UInt32) = (0x4C000, 0x10000, 0x18C_BA80, 0x7FF_FFFF, 0xF_FFFF, 0xF_FFFF)
    var calibratedAt: UInt64 = .max
    /// The flash boot protection of §18.3.3 holds.
    var flashBoot = false
  }
  private let counters: UnsafeMutablePointer<Counter>
  private let state: UnsafeMutablePointer<State>
  private let scheduler: Scheduler, clocks: ESP32Clocks
  private var alarms: [Scheduler.Event] = []
  let stages: ESP32Stages
  /// T0, T1, WDT and LACT.
  public let irq: [Line]
  /// A watchdog stage asks for a reset: of the core that it guards, or of the system.
  var onReset: (_ system: Bool) -> Void = { _ in }
  /// What RTC_CNTL selects as slow clock.
  var slowSource: () -> UInt32 = { 0 }
  /// From the ESP32-S2 on a timer may count the crystal's cycles (USE_XTAL), its alarm is an interrupt in any case, and a calibration
  /// that goes on and on says that its value is there (RTC_CALI_CYCLING_DATA_VLD).
  private let isLater: Bool

  init(name: String, arena: StateArena, scheduler: Scheduler, clocks: ESP32Clocks, isLater: Bool = false) {
    self.isLater = isLater
    self.scheduler = scheduler
    self.clocks = clocks
    counters = arena.allocate("\(name).counters", count: 3, initial: Counter())
    state = arena.allocate("\(name).state", initial: State())
    stages = ESP32Stages(name: "\(name).WDT", arena: arena, scheduler: scheduler, clock: clocks.apb)
    irq = ["T0", "T1", "WDT", "LACT"].map { Line("\(name).\($0)", arena: arena) }
    super.init(Self.map, name: name, arena: arena)
    alarms = (0..<3).map { n in scheduler.event("\(name).alarm\(n)") { [unowned self] _ in alarm(n) } }
    stages.length = { [unowned self] in UInt64(self[.wdtconfig2, $0]) &* UInt64(max(1, self[.wdtconfig1] >> 16)) }
    stages.onExpiry = { [unowned self] in expired($0) }
    clocks.onChange.append { [unowned self] in
      for n in 0..<3 { arm(n) }
      stages.arm()
    }
  }

  // MARK: Timers, §18.2

  private func clock(_ c: Counter) -> UnsafeMutablePointer<Clock> { c.crystal ? clocks.xtal : clocks.apb }
  private func value(_ n: Int) -> UInt64 {
    let c = counters[n]
    guard c.running else { return c.value }
    let ticks = (clock(c).pointee.cycle(at: scheduler.now) &- c.since) / c.divider
    return c.up ? c.value &+ ticks : c.value &- ticks
  }
  /// Holds the value, and counts on from here in the way that CONFIG says.
  private func restart(_ n: Int, from value: UInt64) {
    let config = self[Self.blocks[n].config], divider = UInt64(config[bits: 13...28])
    // A remainder of a tick goes on when only the alarm was set.
    let old = counters[n]
    var c = Counter(value: value, running: config[bit: 31], up: config[bit: 30], divider: divider == 0 ? 65536 : max(2, divider), crystal: isLater && config[bit: 9])
    let now = clock(c).pointee.cycle(at: scheduler.now)
    c.since = now
    if old.running && c.running && old.divider == c.divider && old.crystal == c.crystal { c.since = now &- (now &- old.since) % c.divider }
    counters[n] = c
    arm(n)
  }
  private func configured(_ n: Int) { restart(n, from: value(n)) }
  private func load(_ n: Int) {
    let b = Self.blocks[n]
    counters[n].running = false
    restart(n, from: UInt64(self[b.loadHi]) << 32 | UInt64(self[b.loadLo]))
  }
  private func latch(_ n: Int) {
    let v = value(n), b = Self.blocks[n]
    self[b.lo] = UInt32(truncatingIfNeeded: v)
    self[b.hi] = UInt32(truncatingIfNeeded: v >> 32)
  }
  private func arm(_ n: Int) {
    let b = Self.blocks[n], c = counters[n]
    guard self[b.config][bit: 10], c.running else { return scheduler.cancel(alarms[n]) }
    let alarm = UInt64(self[b.alarmHi]) << 32 | UInt64(self[b.alarmLo]), now = value(n)
    // An alarm that lies behind goes off at once.
    let passed = c.up ? now >= alarm : now <= alarm
    if passed { return scheduler.schedule(alarms[n], at: scheduler.now) }
    let (cycles, overflow) = (c.up ? alarm &- c.value : c.value &- alarm).multipliedReportingOverflow(by: c.divider)
    let time = overflow || cycles > 1 << 62 ? .max : clock(c).pointee.time(ofCycle: c.since &+ cycles)
    if time == .max { scheduler.cancel(alarms[n]) } else { scheduler.schedule(alarms[n], at: time) }
  }
  private func alarm(_ n: Int) {
    let b = Self.blocks[n], config = self[b.config]
    guard config[bit: 10] else { return }
    self[b.config][bit: 10] = false
    if isLater || config[bit: 11] || config[bit: 12] { self[.intRawTimers][bit: n == 2 ? 3 : n] = true }
    if config[bit: 29] { load(n) }
    updateInterrupts()
  }
  /// The watchdog's interrupt is enabled by LEVEL_INT_EN alone: the vendor's task watchdog leaves INT_ENA as it is.
  private var active: UInt32 { self[.intRawTimers] & (self[.intEnaTimers] | (!isLater && self[.wdtconfig0][bit: 21] ? 1 << 2 : 0)) }
  private func updateInterrupts() {
    let active = active
    for n in 0..<4 { irq[n].set(active[bit: n]) }
  }

  // MARK: Watchdog, §18.3

  private var isUnlocked: Bool { self[.wdtwprotect] == Self.key }
  private func watchdogWrite(_ r: Register, _ v: UInt32) {
    withUnsafeMutableBytes(of: &state.pointee.watchdog) { kept in
      let at = Int(r.rawValue - Register.wdtconfig0.rawValue)
      if isUnlocked { kept.storeBytes(of: self[r], toByteOffset: at, as: UInt32.self) } else { self[r] = kept.load(fromByteOffset: at, as: UInt32.self) }
    }
    runWatchdog()
    stages.arm()
    updateInterrupts()
  }
  private func runWatchdog() { stages.isRunning = self[.wdtconfig0][bit: 31] || (state.pointee.flashBoot && self[.wdtconfig0][bit: 14]) }
  /// The chip boots from flash: the watchdog guards it until firmware says otherwise (§18.3.3).
  func guardFlashBoot(_ on: Bool) {
    state.pointee.flashBoot = on
    runWatchdog()
  }
  private func expired(_ stage: Int) {
    let config = self[.wdtconfig0]
    var action = config[bits: 29 - 2 * stage...30 - 2 * stage]
    if !config[bit: 31] && stage == 0 { action = 3 }
    switch action {
    case 1:
      self[.intRawTimers][bit: 2] = true
      updateInterrupts()
    case 2: onReset(false)
    case 3: onReset(true)
    default: break
    }
  }

  // MARK: Calibration of the slow clock, §18.4

  private func calibrate(_ v: UInt32) {
    // START_CYCLING measures on and on, as it does after a reset; its value is there at once.
    guard v[bit: 31] || v[bit: 12] else { return state.pointee.calibratedAt = .max }
    let source = v[bits: 13...14], slow = source == 0 ? clocks.slowHertz(slowSource()) : source == 1 ? clocks.fastRC / 256 : 32768
    let count = UInt64(v[bits: 16...30])
    state.pointee.calibratedAt = scheduler.now &+ count &* 1_000_000_000_000 / slow
    self[.rtccalicfg1] = UInt32(truncatingIfNeeded: count &* clocks.crystal / slow) << 7 | (isLater && v[bit: 12] ? 1 : 0)
  }
  private var calibrationStatus: UInt32 {
    let v = self[.rtccalicfg]
    return v & ~0x8000 | (scheduler.now >= state.pointee.calibratedAt ? 0x8000 : 0)
  }

  public override func reset() {
    super.reset()
    let flashBoot = state.pointee.flashBoot
    state.pointee = State()
    state.pointee.flashBoot = flashBoot
    calibrate(self[.rtccalicfg])
    for n in 0..<3 {
      counters[n] = Counter()
      restart(n, from: 0)
    }
    stages.isRunning = false
    runWatchdog()
    updateInterrupts()
  }
}
