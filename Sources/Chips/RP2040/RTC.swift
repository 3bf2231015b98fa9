import Machine

/// RP2040 datasheet §4.8: the real-time clock.
public final class RTC: RegisterDevice, RegisterNaming {
  public enum Register: UInt32, CaseIterable, Sendable {
    case clkdivM1 = 0x00, setup0 = 0x04, setup1 = 0x08, ctrl = 0x0C, irqSetup0 = 0x10, irqSetup1 = 0x14, rtc1 = 0x18, rtc0 = 0x1C
    case intR = 0x20, intE = 0x24, intF = 0x28, intS = 0x2C
  }
  static let map = RegisterMap<RTC> { r in
    r[.clkdivM1].bits(0...15).onWrite { d, _ in d.rateMayChange() }
    r[.setup0].bits(0...4).bits(8...11).bits(12...23)
    r[.setup1].bits(0...5).bits(8...13).bits(16...20).bits(24...26)
    r[.ctrl].bits(0...0).bits(8...8).onWrite { d, v in d.control(v) }.onRead { $0[.ctrl] | ($0[.ctrl] & 1) << 1 }
    r[.irqSetup0].bits(0...4).bits(8...11).bits(12...23).bits(24...26).bits(28...28)
      .onRead { d in d[.irqSetup0] | (d[.irqSetup0] & 1 << 28) << 1 }.onWrite { d, _ in d.scheduleAlarm() }
    r[.irqSetup1].bits(0...5).bits(8...13).bits(16...20).bits(24...26).bits(28...31).onWrite { d, _ in d.scheduleAlarm() }
    r[.rtc1].bits(0...31, .readOnly)
    r[.rtc0].onRead { $0.latch() }
    r[.intR].onRead { d in d.state.pointee.matched ? 1 : 0 }
    r[.intE].bits(0...0).onWrite { d, _ in d.updateInterrupt() }
    r[.intF].bits(0...0).onWrite { d, _ in d.updateInterrupt() }
    r[.intS].onRead { d in (d.state.pointee.matched ? 1 : 0) & d[.intE] | d[.intF] }
  }
  /// Calendar fields, as in the registers.
  struct Time: BitwiseCopyable, Equatable {
    var year: UInt32 = 0, month: UInt32 = 0, day: UInt32 = 0, weekday: UInt32 = 0, hour: UInt32 = 0, minute: UInt32 = 0, second: UInt32 = 0

    static func length(ofMonth m: UInt32, year: UInt32, leapYears: Bool) -> UInt32 {
      switch m {
      case 2: leapYears && year % 4 == 0 ? 29 : 28
      case 4, 6, 9, 11: 30
      default: 31
      }
    }
    /// A second later; §4.8.2: every fourth year is a leap year unless CTRL.FORCE_NOTLEAPYEAR.
    mutating func advance(days: UInt32, leapYears: Bool) {
      weekday = (weekday + days % 7) % 7
      for _ in 0..<days {
        day += 1
        if day > Self.length(ofMonth: month, year: year, leapYears: leapYears) {
          day = 1
          month += 1
          if month > 12 {
            month = 1
            year = (year + 1) & 0xFFF
          }
        }
      }
    }
  }
  struct State: BitwiseCopyable {
    var base = Time()
    var matched = false
    /// Seconds while it runs; the base holds at count 0.
    var seconds = Clock(hertz: 0)
  }
  private let state: UnsafeMutablePointer<State>
  public let irq: Line
  private let scheduler: Scheduler
  private let clock: UnsafeMutablePointer<Clock>
  private var alarm: Scheduler.Event!

  public init(arena: StateArena, scheduler: Scheduler, clock: UnsafeMutablePointer<Clock>) {
    self.scheduler = scheduler
    self.clock = clock
    state = arena.allocate("RP2040.RTC.state", initial: State())
    irq = Line("RP2040.RTC.IRQ", arena: arena)
    super.init(Self.map, name: "RP2040.RTC", arena: arena)
    alarm = scheduler.event("RP2040.RTC.alarm") { [unowned self] _ in alarmDue() }
  }
  private var running: Bool { self[.ctrl][bit: 0] }
  private var leapYears: Bool { !self[.ctrl][bit: 8] }
  private var time: Time { time(after: running ? state.pointee.seconds.cycle(at: scheduler.now) : 0) }
  private func time(after seconds: UInt64) -> Time {
    var t = state.pointee.base
    let total = UInt64(t.hour) * 3600 + UInt64(t.minute) * 60 + UInt64(t.second) + seconds
    t.advance(days: UInt32(truncatingIfNeeded: min(total / 86400, 1 << 20)), leapYears: leapYears)
    let rest = UInt32(total % 86400)
    t.hour = rest / 3600
    t.minute = rest / 60 % 60
    t.second = rest % 60
    return t
  }
  /// clk_rtc or its divider has changed.
  func rateMayChange() {
    let f = running ? clock.pointee.frequency256 / UInt64(self[.clkdivM1] + 1) : 0
    guard f != state.pointee.seconds.frequency256 else { return }
    state.pointee.seconds.setFrequency256(f, at: scheduler.now)
    scheduleAlarm()
  }
  private func control(_ v: UInt32) {
    if v[bit: 4] {
      let a = self[.setup0], b = self[.setup1]
      state.pointee.base = Time(
        year: a[bits: 12...23], month: a[bits: 8...11], day: a[bits: 0...4], weekday: b[bits: 24...26], hour: b[bits: 16...20], minute: b[bits: 8...13],
        second: b[bits: 0...5])
      restart()
    } else if !running {
      state.pointee.base = time(after: state.pointee.seconds.cycle(at: scheduler.now))
      restart()
    } else {
      rateMayChange()
    }
  }
  private func restart() {
    state.pointee.seconds = Clock(hertz: 0)
    state.pointee.seconds.setFrequency256(0, at: scheduler.now, cycle: 0)
    rateMayChange()
    scheduleAlarm()
  }
  private func latch() -> UInt32 {
    let t = time
    self[.rtc1] = t.year << 12 | t.month << 8 | t.day
    return t.weekday << 24 | t.hour << 16 | t.minute << 8 | t.second
  }

  // MARK: Alarm, §4.8.4

  private func matches(_ t: Time) -> Bool {
    let a = self[.irqSetup0], b = self[.irqSetup1]
    if a[bit: 26] && a[bits: 12...23] != t.year { return false }
    if a[bit: 25] && a[bits: 8...11] != t.month { return false }
    if a[bit: 24] && a[bits: 0...4] != t.day { return false }
    if b[bit: 31] && b[bits: 24...26] != t.weekday { return false }
    if b[bit: 30] && b[bits: 16...20] != t.hour { return false }
    if b[bit: 29] && b[bits: 8...13] != t.minute { return false }
    if b[bit: 28] && b[bits: 0...5] != t.second { return false }
    return true
  }
  /// Looks at each second while the match is enabled.
  private func scheduleAlarm() {
    guard running, self[.irqSetup0][bit: 28], state.pointee.seconds.frequency256 > 0 else {
      scheduler.cancel(alarm)
      setMatch(false)
      return
    }
    setMatch(matches(time))
    scheduler.schedule(alarm, at: state.pointee.seconds.time(ofCycle: state.pointee.seconds.cycle(at: scheduler.now) + 1))
  }
  private func alarmDue() { scheduleAlarm() }
  private func setMatch(_ on: Bool) {
    guard on != state.pointee.matched else { return }
    state.pointee.matched = on
    updateInterrupt()
  }
  private func updateInterrupt() { irq.set(((state.pointee.matched ? 1 : 0) & self[.intE] | self[.intF]) != 0) }
  public override func reset() {
    super.reset()
    state.pointee = State()
    scheduler.cancel(alarm)
    updateInterrupt()
  }
}
