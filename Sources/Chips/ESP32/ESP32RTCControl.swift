import Machine

/// ESP32 TRM chapters 3 and 31: RTC_CNTL: reset causes, the slow counter, sleep and what wakes from it, the RTC watchdog (RWDT),
/// clock selection, and words that outlive resets.
public final class ESP32RTCControl: RegisterDevice, RegisterNaming {
  public enum Register: UInt32, CaseIterable, Sendable {
    case options0 = 0x00, slpTimer0 = 0x04, slpTimer1 = 0x08, timeUpdate = 0x0C, time0 = 0x10, time1 = 0x14, state0 = 0x18, timer1 = 0x1C, timer2 = 0x20, timer3 = 0x24
    case timer4 = 0x28, timer5 = 0x2C, anaConf = 0x30, resetState = 0x34, wakeupState = 0x38, intEna = 0x3C, intRaw = 0x40, intSt = 0x44, intClr = 0x48, store0 = 0x4C, store1 = 0x50
    case store2 = 0x54, store3 = 0x58, extXtlConf = 0x5C, extWakeupConf = 0x60, slpRejectConf = 0x64, cpuPeriodConf = 0x68, sdioActConf = 0x6C, clkConf = 0x70, sdioConf = 0x74
    case biasConf = 0x78, reg = 0x7C, pwc = 0x80, digPwc = 0x84, digIso = 0x88, wdtconfig0 = 0x8C, wdtconfig1 = 0x90, wdtconfig2 = 0x94, wdtconfig3 = 0x98, wdtconfig4 = 0x9C
    case wdtfeed = 0xA0, wdtwprotect = 0xA4, testMux = 0xA8, swCpuStall = 0xAC, store4 = 0xB0, store5 = 0xB4, store6 = 0xB8, store7 = 0xBC, lowPowerSt = 0xC0, diag1 = 0xC4
    case holdForce = 0xC8, extWakeup1 = 0xCC, extWakeup1Status = 0xD0, brownOut = 0xD4, memConf = 0x100, memCrcRes = 0x104, date = 0x13C
  }
  static let map = RegisterMap<ESP32RTCControl> { r in
    let stored: [Register: UInt32] = [
      .options0: 0x1C49_2000, .state0: 0x30_0000, .timer1: 0x2814_0403, .timer2: 0x108_0000, .timer3: 0x1416_0A08, .timer4: 0x1020_0A08, .timer5: 0x1214_8001, .anaConf: 0x80_0000,
      .sdioConf: 0x2A0_0000, .reg: 0x2900_2400, .pwc: 0x12925, .digPwc: 0x15_5550, .digIso: 0xAAAA_5000, .brownOut: 0x13FF_0000, .date: 0x160_4280,
    ]
    for x in Register.allCases { r[x].bits(0...31).reset(stored[x] ?? 0) }
    r[.options0].bits(0...3).bits(6...30).reset(0x1C49_2000).onWrite { d, v in d.options(v) }
    for x in [Register.slpTimer0, .slpTimer1] { r[x].bits(0...31).onWrite { d, _ in d.armTimer() } }
    r[.timeUpdate].onRead { d in d.state.pointee.latched ? 1 << 30 : 0 }.onWrite { d, v in if v[bit: 31] { d.latchTime() } }
    r[.time0].bits(0...31, .readOnly)
    r[.time1].bits(0...15, .readOnly)
    r[.state0].bits(0...30).reset(0x30_0000).onWrite { d, v in
      d.onState0()
      if v[bit: 31] { d.enterSleep() }
    }
    r[.resetState].bits(12...13).reset(0x3000)
    r[.wakeupState].bits(11...31).reset(0x6000).onWrite { d, _ in d.armTimer() }
    r[.intEna].bits(0...8).onWrite { d, _ in d.updateInterrupts() }
    r[.intRaw].bits(0...8, .readOnly)
    r[.intSt].onRead { $0[.intRaw] & $0[.intEna] }
    r[.intClr].onWrite { d, v in
      d[.intRaw] &= ~v
      d.updateInterrupts()
    }
    r[.clkConf].bits(0...31).reset(0x2210).onWrite { d, _ in d.onClockChange() }
    r[.wdtconfig0].bits(7...31).reset(0x4C80).onWrite { d, v in d.watchdogWrite(.wdtconfig0) }
    for (n, reset) in ([0x1F400, 0x13880, 0xFFF, 0xFFF] as [UInt32]).enumerated() {
      let at = Register(rawValue: 0x90 + UInt32(n) * 4)!
      r[at].bits(0...31).reset(reset).onWrite { d, _ in d.watchdogWrite(at) }
    }
    r[.wdtfeed].onWrite { d, v in if v[bit: 31], d.isUnlocked { d.stages.feed() } }
    r[.wdtwprotect].bits(0...31).reset(ESP32TimerGroup.key)
    r[.swCpuStall].bits(20...31).onWrite { d, _ in d.onStall() }
    // RDY_FOR_WAKEUP: the chip sleeps.
    r[.lowPowerSt].onRead { $0.state.pointee.asleep ? 1 << 19 : 0 }
    r[.diag1].bits(0...31, .readOnly)
    r[.extWakeup1].bits(0...31).onWrite { d, v in
      d[.extWakeup1] &= .mask(0...(d.padCount - 1))
      if v[bit: d.padCount] { d[.extWakeup1Status] = 0 }
    }
    r[.extWakeup1Status].bits(0...31, .readOnly)
    r[.holdForce].bits(0...17).onWrite { d, _ in d.onHold() }
    r[.digIso].bits(0...8).bits(11...31).reset(0xAAAA_5000).onWrite { d, v in
      if v[bit: 10] { d[.digIso][bit: 9] = false }
      d.onHold()
    }
    // A sum over RTC fast memory, which the boot ROM checks before it enters a wake stub there.
    r[.memConf].bits(0...30).onRead { d in d[.memConf] | (d[.memConf][bit: 8] ? 1 << 31 : 0) }.onWrite { d, v in if v[bit: 8] { d[.memCrcRes] = d.fastMemoryCRC(v[bits: 9...19], v[bits: 20...30]) } }
    r[.memCrcRes].bits(0...31, .readOnly)
  }
  enum Interrupt { static let wakeup = 0, reject = 1, watchdog = 3, timeValid = 4, coprocessor = 5, touch = 6, mainTimer = 8 }
  /// Bits of WAKEUP_ENA and WAKEUP_CAUSE.
  enum Wake { static let ext0 = 0, ext1 = 1, gpio = 2, timer = 3, uart0 = 6, uart1 = 7, touch = 8, ulp = 9 }
  /// What RESET_STATE tells (§1.3.1 of ESP-IDF's reset_reasons.h and TRM §2.2).
  public enum Cause {
    public static let powerOn: UInt32 = 1, software: UInt32 = 3, deepSleep: UInt32 = 5, timerGroup0: UInt32 = 7, timerGroup1: UInt32 = 8, rtcWatchdog: UInt32 = 9, timerGroupCPU: UInt32 = 11
    public static let softwareCPU: UInt32 = 12, rtcWatchdogCPU: UInt32 = 13, appByPro: UInt32 = 14, rtcWatchdogRTC: UInt32 = 16, timerGroup1CPU: UInt32 = 17
  }
  struct State: BitwiseCopyable {
    var watchdog: (UInt32, UInt32, UInt32, UInt32, UInt32) = (0x4C80, 0x1F400, 0x13880, 0xFFF, 0xFFF)
    var latched = false, flashBoot = false
    var asleep = false, deep = false
  }
  let state: UnsafeMutablePointer<State>
  private let scheduler: Scheduler, clocks: ESP32Clocks
  private var timerEvent: Scheduler.Event!
  let stages: ESP32Stages
  public let irq: Line
  var onClockChange: () -> Void = {}
  var onStall: () -> Void = {}
  var onHold: () -> Void = {}
  /// STATE0 was written, which runs the touch sensors' timer.
  var onState0: () -> Void = {}
  /// Software or the watchdog resets a core (0 PRO, 1 APP), with the cause.
  var onCoreReset: (Int, UInt32) -> Void = { _, _ in }
  /// The digital system is reset; `rtc`: the RTC too.
  var onSystemReset: (_ cause: UInt32, _ rtc: Bool) -> Void = { _, _ in }
  /// Sleep begins or ends: (asleep, deep).
  var onSleep: (Bool, Bool) -> Void = { _, _ in }
  /// Level of an RTC pad by its RTC number, and whether a pad that may wake from light sleep asks for it.
  var rtcPad: (Int) -> Bool = { _ in false }
  var padWakes: () -> Bool = { false }
  /// EXT_WAKEUP0.SEL of RTC_IO.
  var ext0Pad: () -> Int = { 0 }
  var fastMemory: UnsafeRawPointer?
  private static let fastMemoryWords = 2048
  /// Pads that the RTC can have.
  private let padCount: Int

  init(chip: String = "ESP32", padCount: Int = 18, arena: StateArena, scheduler: Scheduler, clocks: ESP32Clocks) {
    let name = "\(chip).RTC_CNTL"
    self.padCount = padCount
    self.scheduler = scheduler
    self.clocks = clocks
    state = arena.allocate("\(name).state", initial: State())
    stages = ESP32Stages(name: "\(name).WDT", arena: arena, scheduler: scheduler, clock: clocks.slow)
    irq = Line("\(name).IRQ", arena: arena)
    super.init(Self.map, name: name, arena: arena)
    timerEvent = scheduler.event("\(name).timer") { [unowned self] _ in timerDue() }
    stages.length = { [unowned self] in UInt64(self[.wdtconfig1, $0]) }
    stages.onExpiry = { [unowned self] in expired($0) }
    clocks.onChange.append { [unowned self] in
      stages.arm()
      armTimer()
    }
  }

  // MARK: Slow counter

  private func latchTime() {
    let v = clocks.slow.pointee.cycle(at: scheduler.now)
    self[.time0] = UInt32(truncatingIfNeeded: v)
    self[.time1] = UInt32(truncatingIfNeeded: v >> 32) & 0xFFFF
    state.pointee.latched = true
    self[.intRaw][bit: Interrupt.timeValid] = true
    updateInterrupts()
  }
  private func armTimer() {
    // Sleep takes the timer as what wakes it without MAIN_TIMER_ALARM_EN.
    guard self[.slpTimer1][bit: 16] || state.pointee.asleep && self[.wakeupState][bit: 11 + Wake.timer] else { return scheduler.cancel(timerEvent) }
    let target = UInt64(self[.slpTimer1] & 0xFFFF) << 32 | UInt64(self[.slpTimer0])
    let time = clocks.slow.pointee.time(ofCycle: max(target, clocks.slow.pointee.cycle(at: scheduler.now)))
    if time == .max { scheduler.cancel(timerEvent) } else { scheduler.schedule(timerEvent, at: time) }
  }
  private func timerDue() {
    if self[.slpTimer1][bit: 16] {
      self[.slpTimer1][bit: 16] = false
      self[.intRaw][bit: Interrupt.mainTimer] = true
      updateInterrupts()
    }
    wake(1 << UInt32(Wake.timer))
  }
  func updateInterrupts() { irq.set(self[.intRaw] & self[.intEna] != 0) }

  // MARK: Sleep

  private func enterSleep() {
    let deep = self[.digPwc][bit: 31], reject = self[.slpRejectConf]
    if reject[bit: 24], reject[bit: deep ? 27 : 26], padWakes() {
      self[.slpRejectConf][bits: 28...31] = 1
      self[.intRaw][bit: Interrupt.reject] = true
      return updateInterrupts()
    }
    state.pointee.asleep = true
    state.pointee.deep = deep
    onSleep(true, deep)
    armTimer()
    checkPads()
  }
  var isAsleep: Bool { state.pointee.asleep }
  /// A pad has changed, or sleep begins.
  func checkPads() {
    guard state.pointee.asleep else { return }
    let enabled = self[.wakeupState][bits: 11...21], conf = self[.extWakeupConf]
    var cause: UInt32 = 0
    if enabled[bit: Wake.ext0], rtcPad(ext0Pad()) == conf[bit: 30] { cause[bit: Wake.ext0] = true }
    if enabled[bit: Wake.ext1] {
      let selected = self[.extWakeup1]
      let high = (0..<padCount).reduce(UInt32(0)) { selected[bit: $1] && rtcPad($1) ? $0 | 1 << UInt32($1) : $0 }
      // Any of them high, or all of them low.
      if selected != 0, conf[bit: 31] ? high != 0 : high == 0 {
        self[.extWakeup1Status] = conf[bit: 31] ? high : selected
        cause[bit: Wake.ext1] = true
      }
    }
    if enabled[bit: Wake.gpio], !state.pointee.deep, padWakes() { cause[bit: Wake.gpio] = true }
    wake(cause)
  }
  /// What happened outside, as bits of WAKEUP_CAUSE.
  func wake(_ causes: UInt32) {
    let seen = causes & self[.wakeupState][bits: 11...21]
    guard state.pointee.asleep, seen != 0 else { return }
    state.pointee.asleep = false
    self[.wakeupState][bits: 0...10] = seen
    self[.intRaw][bit: Interrupt.wakeup] = true
    updateInterrupts()
    onSleep(false, state.pointee.deep)
  }

  /// A touch sensor has seen a finger.
  func touched() {
    self[.intRaw][bit: Interrupt.touch] = true
    updateInterrupts()
    wake(1 << UInt32(Wake.touch))
  }

  /// The coprocessor's WAKE.
  func coprocessorWakes() {
    self[.intRaw][bit: Interrupt.coprocessor] = true
    updateInterrupts()
    wake(1 << UInt32(Wake.ulp))
  }

  // MARK: Resets and stalls

  private func options(_ v: UInt32) {
    if v[bit: 31] { return onSystemReset(Cause.software, false) }
    onStall()
    if v[bit: 4] { onCoreReset(1, Cause.softwareCPU) }
    if v[bit: 5] { onCoreReset(0, Cause.softwareCPU) }
  }
  /// Whether software holds a core: its two fields make 0x86.
  func isStalled(_ core: Int) -> Bool {
    let low = self[.options0][bits: core == 0 ? 2...3 : 0...1], high = self[.swCpuStall][bits: core == 0 ? 26...31 : 20...25]
    return high << 2 | low == 0x86
  }
  func setCause(_ cause: UInt32, core: Int) { self[.resetState][bits: core == 0 ? 0...5 : 6...11] = cause }

  // MARK: Watchdog

  private var isUnlocked: Bool { self[.wdtwprotect] == ESP32TimerGroup.key }
  private func watchdogWrite(_ r: Register) {
    withUnsafeMutableBytes(of: &state.pointee.watchdog) { kept in
      let at = Int(r.rawValue - Register.wdtconfig0.rawValue)
      if isUnlocked { kept.storeBytes(of: self[r], toByteOffset: at, as: UInt32.self) } else { self[r] = kept.load(fromByteOffset: at, as: UInt32.self) }
    }
    runWatchdog()
    stages.arm()
  }
  private func runWatchdog() {
    let paused = state.pointee.asleep && self[.wdtconfig0][bit: 7]
    stages.isRunning = !paused && (self[.wdtconfig0][bit: 31] || (state.pointee.flashBoot && self[.wdtconfig0][bit: 10]))
  }
  /// As `ESP32TimerGroup.guardFlashBoot`.
  func guardFlashBoot(_ on: Bool) {
    state.pointee.flashBoot = on
    runWatchdog()
  }
  /// Sleep may pause it.
  func sleepChanged() { runWatchdog() }
  private func expired(_ stage: Int) {
    let config = self[.wdtconfig0]
    var action = config[bits: 28 - 3 * stage...30 - 3 * stage]
    if !config[bit: 31] && stage == 0 { action = 4 }
    switch action {
    case 1:
      self[.intRaw][bit: Interrupt.watchdog] = true
      updateInterrupts()
    case 2:
      if config[bit: 8] { onCoreReset(1, Cause.rtcWatchdogCPU) }
      if config[bit: 9] { onCoreReset(0, Cause.rtcWatchdogCPU) }
    case 3: onSystemReset(Cause.rtcWatchdog, false)
    case 4: onSystemReset(Cause.rtcWatchdogRTC, true)
    default: break
    }
  }
  func fastMemoryCRC(_ start: UInt32, _ length: UInt32) -> UInt32 {
    guard let memory = fastMemory else { return 0 }
    var crc: UInt32 = ~0
    for i in Int(start)...Int(start &+ length) where i < Self.fastMemoryWords {
      crc ^= memory.load(fromByteOffset: i * 4, as: UInt32.self)
      for _ in 0..<32 { crc = crc[bit: 0] ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
    }
    return crc
  }
  /// The digital system was reset: the RTC goes on, but the clock is the crystal's again.
  func afterSystemReset() {
    self[.clkConf][bits: 27...28] = 0
    self[.options0] = self[.options0] & ~0xF
    self[.swCpuStall] = 0
    state.pointee.asleep = false
    runWatchdog()
  }
  public override func reset() {
    super.reset()
    let flashBoot = state.pointee.flashBoot
    state.pointee = State()
    state.pointee.flashBoot = flashBoot
    scheduler.cancel(timerEvent)
    stages.isRunning = false
    runWatchdog()
    updateInterrupts()
  }
}
