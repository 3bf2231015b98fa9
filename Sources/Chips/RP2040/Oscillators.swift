import Machine

/// RP2040 datasheet §2.16: the crystal oscillator.
public final class XOSC: RegisterDevice, RegisterNaming {
  public enum Register: UInt32, CaseIterable, Sendable {
    case ctrl = 0x00, status = 0x04, dormant = 0x08, startup = 0x0C, count = 0x1C
  }
  static let map = RegisterMap<XOSC> { r in
    r[.ctrl].bits(0...23).reset(disableCode << 12).onWrite { d, v in d.control(v) }
    r[.status].bits(24...24, .writeOneToClear).onRead { $0.status }
    r[.dormant].reset(wakeCode).onWrite { d, v in d.dormant(v) }
    r[.startup].bits(0...13).bits(20...20).reset(0xC4).onWrite { d, _ in
      if d.state.pointee.enabled && !d.state.pointee.stable { d.start() }
    }
    r[.count].bits(0...7).onWrite { d, v in d.state.pointee.countdown = d.cycleNow &+ UInt64(v & 0xFF) }.onRead { d in
      let left = d.state.pointee.countdown
      return left > d.cycleNow ? UInt32(left - d.cycleNow) : 0
    }
  }
  static let disableCode: UInt32 = 0xD1E, wakeCode: UInt32 = 0x7761_6B65, dormantCode: UInt32 = 0x636F_6D61
  struct State: BitwiseCopyable { var enabled = false, stable = false, dormant = false, countdown: UInt64 = 0 }
  let state: UnsafeMutablePointer<State>
  /// The crystal's frequency in hertz.
  public let crystal: UInt64
  let scheduler: Scheduler
  var onChange: () -> Void = {}
  /// The chip goes to DORMANT: the oscillator stops until an enabled GPIO event.
  var onDormant: () -> Void = {}
  private var settled: Scheduler.Event!

  init(arena: StateArena, scheduler: Scheduler, crystal: UInt64) {
    self.scheduler = scheduler
    self.crystal = crystal
    state = arena.allocate("RP2040.XOSC.state", initial: State())
    super.init(Self.map, name: "RP2040.XOSC", arena: arena)
    settled = scheduler.event("RP2040.XOSC.stable") { [unowned self] _ in
      state.pointee.stable = state.pointee.enabled
      onChange()
    }
  }
  var cycleNow: UInt64 { UInt64(truncatingIfNeeded: UInt128(scheduler.now) * UInt128(crystal) / UInt128(Clock.picosecondsPerSecond)) }
  /// Frequency in 1/256 Hz of what comes out.
  var output: UInt64 { state.pointee.stable && !state.pointee.dormant ? crystal &* 256 : 0 }
  private var status: UInt32 {
    var s = self[.status] & (1 << 24)
    s[bit: 12] = state.pointee.enabled
    s[bit: 31] = state.pointee.stable
    return s
  }
  private func control(_ v: UInt32) {
    // §2.16.7: any code but the one for off turns it on.
    let enable = v[bits: 12...23] != Self.disableCode
    guard enable != state.pointee.enabled else { return }
    state.pointee.enabled = enable
    if enable {
      start()
    } else {
      scheduler.cancel(settled)
      state.pointee.stable = false
      onChange()
    }
  }
  private func start() {
    let delay = UInt64(self[.startup][bits: 0...13]) * 256 * (self[.startup][bit: 20] ? 4 : 1)
    scheduler.schedule(settled, after: Clock.time(delay, hertz: crystal))
  }
  private func dormant(_ v: UInt32) {
    guard v == Self.dormantCode else { return }
    self[.dormant] = v
    state.pointee.dormant = true
    onDormant()
    onChange()
  }
  func wakeFromDormant() {
    guard state.pointee.dormant else { return }
    state.pointee.dormant = false
    self[.dormant] = Self.wakeCode
    // §2.16.5: it starts as from power-on.
    state.pointee.stable = false
    start()
  }
  public override func reset() {
    super.reset()
    scheduler.cancel(settled)
    state.pointee = State()
    onChange()
  }
}

/// RP2040 datasheet §2.17: the ring oscillator, about 6.5 MHz after reset.
public final class ROSC: RegisterDevice, RegisterNaming {
  public enum Register: UInt32, CaseIterable, Sendable {
    case ctrl = 0x00, freqA = 0x04, freqB = 0x08, dormant = 0x0C, div = 0x10, phase = 0x14, status = 0x18, randomBit = 0x1C, count = 0x20
  }
  static let map = RegisterMap<ROSC> { r in
    r[.ctrl].bits(0...23).reset(0xAA0).onWrite { d, _ in d.onChange() }
    r[.freqA].bits(0...14).bits(16...31).onWrite { d, _ in d.onChange() }
    r[.freqB].bits(0...14).bits(16...31).onWrite { d, _ in d.onChange() }
    r[.dormant].reset(XOSC.wakeCode).onWrite { d, v in
      guard v == XOSC.dormantCode else { return }
      d.state.pointee.dormant = true
      d.onDormant()
      d.onChange()
    }
    r[.div].bits(0...11).reset(0xAB0).onWrite { d, _ in d.onChange() }
    r[.phase].bits(0...11).reset(8)
    r[.status].bits(24...24, .writeOneToClear).onRead { d in
      var s = d[.status] & (1 << 24)
      s[bit: 12] = d.enabled
      s[bit: 16] = d.enabled
      s[bit: 31] = d.enabled
      return s
    }
    r[.randomBit].onRead { $0.randomBit() }
    r[.count].bits(0...7).onRead { _ in 0 }
  }
  /// Ring frequency with all drive strengths at reset, before the divider of 16 (§2.17.3: 6.5 MHz nominal out).
  static let nominal: UInt64 = 104_000_000
  struct State: BitwiseCopyable { var dormant = false, random: UInt64 = 0x9E37_79B9_7F4A_7C15 }
  let state: UnsafeMutablePointer<State>
  var onChange: () -> Void = {}
  var onDormant: () -> Void = {}

  init(arena: StateArena) {
    state = arena.allocate("RP2040.ROSC.state", initial: State())
    super.init(Self.map, name: "RP2040.ROSC", arena: arena)
  }
  var enabled: Bool { self[.ctrl][bits: 12...23] != 0xD1E }
  var output: UInt64 {
    guard enabled, !state.pointee.dormant else { return 0 }
    // §2.17.4: DIV holds 0xAA0 + divisor, 0 meaning 32; any other value divides by 31. The reset value gives 16.
    let d = self[.div]
    let divisor: UInt64 = d >= 0xAA0 && d < 0xAC0 ? UInt64(d - 0xAA0 == 0 ? 32 : d - 0xAA0) : 31
    // Drive strengths speed the ring up: each bit counted adds about 5 % (§2.17.3 gives no formula).
    var strength: UInt64 = 0
    if self[.freqA][bits: 16...31] == 0x9696 { strength += UInt64((self[.freqA] & 0x7777).nonzeroBitCount) }
    if self[.freqB][bits: 16...31] == 0x9696 { strength += UInt64((self[.freqB] & 0x7777).nonzeroBitCount) }
    return Self.nominal * 256 * (20 + strength) / 20 / divisor
  }
  private func randomBit() -> UInt32 {
    // xorshift64*: the ring's jitter, seeded so that runs repeat.
    var x = state.pointee.random
    x ^= x >> 12
    x ^= x << 25
    x ^= x >> 27
    state.pointee.random = x
    return UInt32((x &* 0x2545_F491_4F6C_DD1D) >> 63)
  }
  func wakeFromDormant() {
    guard state.pointee.dormant else { return }
    state.pointee.dormant = false
    onChange()
  }
  public override func reset() {
    super.reset()
    state.pointee.dormant = false
    onChange()
  }
}
