import Machine

/// The two legacy timers at 0x3FF47000 (ESP-IDF's frc_timer_reg.h): FRC1 counts 23 bits down, FRC2 32 bits up to its alarm.
public final class ESP32FRCTimers: RegisterDevice, RegisterNaming {
  public enum Register: UInt32, CaseIterable, Sendable {
    case load1 = 0x00, count1 = 0x04, ctrl1 = 0x08, int1 = 0x0C
    case load2 = 0x20, count2 = 0x24, ctrl2 = 0x28, int2 = 0x2C, alarm2 = 0x30
  }
  static let map = RegisterMap<ESP32FRCTimers> { r in
    for n in 0..<2 {
      let base = UInt32(n) * 0x20
      r[Register(rawValue: base)!].bits(0...31).onWrite { d, v in d.load(n, v) }
      r[Register(rawValue: base + 4)!].onRead { d in d.value(n) }
      r[Register(rawValue: base + 8)!].bits(0...7).onRead { d in d[.ctrl1, n, stride: 0x20] | (d.irq[n].isHigh ? 0x100 : 0) }.onWrite { d, _ in d.restart(n, from: d.value(n)) }
      r[Register(rawValue: base + 12)!].onWrite { d, v in if v[bit: 0] { d.irq[n].set(false) } }
    }
    r[.alarm2].bits(0...31).onWrite { d, _ in d.arm(1) }
  }
  struct Counter: BitwiseCopyable { var value: UInt32 = 0, since: UInt64 = 0, running = false, divider: UInt64 = 1 }
  private let counters: UnsafeMutablePointer<Counter>
  private let scheduler: Scheduler, clocks: ESP32Clocks
  private var events: [Scheduler.Event] = []
  public let irq: [Line]

  init(arena: StateArena, scheduler: Scheduler, clocks: ESP32Clocks) {
    self.scheduler = scheduler
    self.clocks = clocks
    counters = arena.allocate("ESP32.FRC_TIMER.counters", count: 2, initial: Counter())
    irq = (1...2).map { Line("ESP32.FRC_TIMER\($0)", arena: arena) }
    super.init(Self.map, name: "ESP32.FRC_TIMER", arena: arena)
    events = (0..<2).map { n in scheduler.event("ESP32.FRC_TIMER\(n + 1)") { [unowned self] _ in due(n) } }
    clocks.onChange.append { [unowned self] in for n in 0..<2 { arm(n) } }
  }
  private static func mask(_ n: Int) -> UInt32 { n == 0 ? 0x7F_FFFF : ~0 }
  private func ticks(_ n: Int) -> UInt64 { (clocks.apb.pointee.cycle(at: scheduler.now) &- counters[n].since) / counters[n].divider }
  private func value(_ n: Int) -> UInt32 {
    let c = counters[n]
    guard c.running else { return c.value }
    let t = UInt32(truncatingIfNeeded: ticks(n))
    return (n == 0 ? c.value &- t : c.value &+ t) & Self.mask(n)
  }
  private func restart(_ n: Int, from v: UInt32) {
    let ctrl = self[.ctrl1, n, stride: 0x20]
    // The prescaler's field: 1, 16 or 256.
    counters[n] = Counter(value: v & Self.mask(n), since: clocks.apb.pointee.cycle(at: scheduler.now), running: ctrl[bit: 7], divider: [1, 16, 256, 256][Int(ctrl[bits: 2...3])])
    arm(n)
  }
  private func load(_ n: Int, _ v: UInt32) { restart(n, from: v) }
  private func arm(_ n: Int) {
    let c = counters[n]
    guard c.running else { return scheduler.cancel(events[n]) }
    // To zero, or to the alarm: a whole round when it is there already.
    let distance = n == 0 ? UInt64(value(0)) : UInt64(self[.alarm2] &- value(1))
    let target = ticks(n) &+ (distance == 0 ? UInt64(Self.mask(n)) + 1 : distance)
    let time = clocks.apb.pointee.time(ofCycle: c.since &+ target &* c.divider)
    if time == .max { scheduler.cancel(events[n]) } else { scheduler.schedule(events[n], at: time) }
  }
  private func due(_ n: Int) {
    irq[n].set(true)
    if n == 0 && self[.ctrl1][bit: 6] { return restart(0, from: self[.load1]) }
    arm(n)
  }
  public override func reset() {
    super.reset()
    for n in 0..<2 {
      counters[n] = Counter()
      scheduler.cancel(events[n])
      irq[n].set(false)
    }
  }
}
