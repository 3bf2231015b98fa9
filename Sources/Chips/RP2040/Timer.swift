import Machine

/// RP2040 datasheet §4.6: a 64-bit microsecond counter with four alarms.
public final class Timer: RegisterDevice, RegisterNaming {
  public enum Register: UInt32, CaseIterable, Sendable {
    case timeHW = 0x00, timeLW = 0x04, timeHR = 0x08, timeLR = 0x0C
    case alarm0 = 0x10, alarm1 = 0x14, alarm2 = 0x18, alarm3 = 0x1C
    case armed = 0x20, timeRawH = 0x24, timeRawL = 0x28, dbgPause = 0x2C, pause = 0x30
    case intR = 0x34, intE = 0x38, intF = 0x3C, intS = 0x40
  }
  static let map = RegisterMap<Timer> { r in
    r[.timeHW].bits(0...31).onWrite { d, _ in d.setTime() }
    r[.timeLW].bits(0...31)
    r[.timeHR].bits(0...31, .readOnly)
    r[.timeLR].onRead { $0.latch() }
    r[.alarm0, count: 4].bits(0...31).onWrite { d, n, _ in d.arm(n) }
    r[.armed].bits(0...3, .writeOneToClear).onWrite { d, v in d.disarm(v) }
    r[.timeRawH].onRead { UInt32(truncatingIfNeeded: $0.microseconds >> 32) }
    r[.timeRawL].onRead { UInt32(truncatingIfNeeded: $0.microseconds) }
    r[.dbgPause].bits(1...2).reset(7)
    r[.pause].bits(0...0).onWrite { d, v in d.pause(v[bit: 0]) }
    r[.intR].bits(0...3, .writeOneToClear).onWrite { d, _ in d.updateInterrupts() }
    r[.intE].bits(0...3).onWrite { d, _ in d.updateInterrupts() }
    r[.intF].bits(0...3).onWrite { d, _ in d.updateInterrupts() }
    r[.intS].onRead { $0.status }
  }
  /// The count is `offset` plus the ticks, or stands at `held`.
  struct State: BitwiseCopyable { var offset: UInt64 = 0, held: UInt64 = 0, paused = false }
  private let state: UnsafeMutablePointer<State>
  public let irq: [Line]
  private let scheduler: Scheduler
  private let ticks: UnsafeMutablePointer<Clock>
  private var alarms: [Scheduler.Event] = []

  init(arena: StateArena, scheduler: Scheduler, ticks: UnsafeMutablePointer<Clock>) {
    self.scheduler = scheduler
    self.ticks = ticks
    state = arena.allocate("RP2040.TIMER.state", initial: State())
    irq = (0..<4).map { Line("RP2040.TIMER.IRQ\($0)", arena: arena) }
    super.init(Self.map, name: "RP2040.TIMER", arena: arena)
    alarms = (0..<4).map { n in scheduler.event("RP2040.TIMER.ALARM\(n)") { [unowned self] _ in fire(n) } }
  }
  var microseconds: UInt64 {
    state.pointee.paused ? state.pointee.held : ticks.pointee.cycle(at: scheduler.now) &+ state.pointee.offset
  }
  private func latch() -> UInt32 {
    let t = microseconds
    self[.timeHR] = UInt32(truncatingIfNeeded: t >> 32)
    return UInt32(truncatingIfNeeded: t)
  }
  /// §4.6.3: writing TIMEHW takes both halves over.
  private func setTime() {
    let t = UInt64(self[.timeHW]) << 32 | UInt64(self[.timeLW])
    state.pointee.held = t
    state.pointee.offset = t &- ticks.pointee.cycle(at: scheduler.now)
    rearm()
  }
  private func pause(_ on: Bool) {
    guard on != state.pointee.paused else { return }
    if on { state.pointee.held = microseconds }
    state.pointee.paused = on
    if !on { state.pointee.offset = state.pointee.held &- ticks.pointee.cycle(at: scheduler.now) }
    rearm()
  }
  private func arm(_ n: Int) {
    self[.armed][bit: n] = true
    schedule(n)
  }
  private func schedule(_ n: Int) {
    guard !state.pointee.paused else { return scheduler.cancel(alarms[n]) }
    let t = microseconds
    // Fires when the low words are equal: a target that has just passed waits for the wrap, 71.6 minutes.
    var delta = UInt64(self[.alarm0, n] &- UInt32(truncatingIfNeeded: t))
    if delta == 0 { delta = 1 << 32 }
    let time = ticks.pointee.time(ofCycle: t &- state.pointee.offset &+ delta)
    if time == .max { scheduler.cancel(alarms[n]) } else { scheduler.schedule(alarms[n], at: time) }
  }
  /// The ticks have another frequency, or the count has jumped.
  func rearm() { for n in 0..<4 where self[.armed][bit: n] { schedule(n) } }
  private func disarm(_ mask: UInt32) { for n in 0..<4 where mask[bit: n] { scheduler.cancel(alarms[n]) } }
  private func fire(_ n: Int) {
    self[.armed][bit: n] = false
    self[.intR][bit: n] = true
    updateInterrupts()
  }
  private var status: UInt32 { self[.intR] & self[.intE] | self[.intF] }
  private func updateInterrupts() {
    let s = status
    for n in 0..<4 { irq[n].set(s[bit: n]) }
  }
  public override func reset() {
    super.reset()
    for a in alarms { scheduler.cancel(a) }
    state.pointee = State(offset: 0 &- ticks.pointee.cycle(at: scheduler.now))
    updateInterrupts()
  }
}
