import Machine

/// ESP32 TRM chapter 16: PCNT: eight counters of edges, with two channels each whose direction a control input turns.
public final class ESP32PCNT: RegisterDevice, RegisterNaming {
  public enum Register: UInt32, CaseIterable, Sendable {
    case u0Conf0 = 0x00, u0Conf1 = 0x04, u0Conf2 = 0x08, u0Cnt = 0x60, intRaw = 0x80, intSt = 0x84, intEna = 0x88, intClr = 0x8C, u0Status = 0x90, ctrl = 0xB0, date = 0xFC
  }
  static let map = RegisterMap<ESP32PCNT> { r in
    r[.u0Conf0, count: 8, stride: 12].bits(0...31).reset(0x3C10)
    r[.u0Conf1, count: 8, stride: 12].bits(0...31)
    r[.u0Conf2, count: 8, stride: 12].bits(0...31)
    r[.u0Cnt, count: 8].onRead { d, n in UInt32(UInt16(bitPattern: d.units[n].count)) }
    r[.intRaw].bits(0...7, .readOnly)
    r[.intSt].onRead { $0[.intRaw] & $0[.intEna] }
    r[.intEna].bits(0...7).onWrite { d, _ in d.update() }
    r[.intClr].onWrite { d, v in
      d[.intRaw] &= ~v
      d.update()
    }
    r[.u0Status, count: 8].bits(0...31, .readOnly)
    r[.ctrl].bits(0...16).reset(0x5555).onWrite { d, v in for n in 0..<8 where v[bit: 2 * n] { d.units[n].count = 0 } }
    r[.date].bits(0...31).reset(0x1412_2600)
  }
  struct Unit: BitwiseCopyable {
    var count: Int16 = 0
    /// Signal and control of both channels, as the counter sees them, and the signals as they are before the filter.
    var signal: (Bool, Bool) = (false, false), control: (Bool, Bool) = (false, false), raw: (Bool, Bool) = (false, false)
  }
  private let units: UnsafeMutablePointer<Unit>
  private let scheduler: Scheduler, clocks: ESP32Clocks
  private var filters: [Scheduler.Event] = []
  public let irq: Line

  init(chip: String = "ESP32", arena: StateArena, scheduler: Scheduler, clocks: ESP32Clocks) {
    self.scheduler = scheduler
    self.clocks = clocks
    units = arena.allocate("\(chip).PCNT.units", count: 8, initial: Unit())
    irq = Line("\(chip).PCNT.IRQ", arena: arena)
    super.init(Self.map, name: "\(chip).PCNT", arena: arena)
    filters = (0..<16).map { k in
      scheduler.event("\(chip).PCNT.filter\(k)") { [unowned self] _ in settled(k / 2, k % 2, k % 2 == 0 ? units[k / 2].raw.0 : units[k / 2].raw.1) }
    }
  }
  private func update() { irq.set(self[.intRaw] & self[.intEna] != 0) }
  func controlChanged(_ n: Int, _ channel: Int, _ level: Bool) { if channel == 0 { units[n].control.0 = level } else { units[n].control.1 = level } }
  func signalChanged(_ n: Int, _ channel: Int, _ level: Bool) {
    if channel == 0 { units[n].raw.0 = level } else { units[n].raw.1 = level }
    let conf = self[.u0Conf0, n, stride: 12], f = clocks.apb.pointee.frequency256
    // §16.2.3: pulses shorter than so many cycles of APB_CLK pass unseen.
    guard conf[bit: 10], conf[bits: 0...9] > 0, f > 0 else { return settled(n, channel, level) }
    scheduler.schedule(filters[2 * n + channel], after: UInt64(conf[bits: 0...9]) * Clock.picosecondsPerSecond * 256 / f)
  }
  private func settled(_ n: Int, _ channel: Int, _ level: Bool) {
    let was = channel == 0 ? units[n].signal.0 : units[n].signal.1
    guard was != level else { return }
    if channel == 0 { units[n].signal.0 = level } else { units[n].signal.1 = level }
    guard !self[.ctrl][bit: 2 * n], !self[.ctrl][bit: 2 * n + 1] else { return }
    let conf = self[.u0Conf0, n, stride: 12], base = 16 + 8 * channel
    let mode = level ? conf[bits: base + 2...base + 3] : conf[bits: base...base + 1]
    let high = channel == 0 ? units[n].control.0 : units[n].control.1, turn = high ? conf[bits: base + 4...base + 5] : conf[bits: base + 6...base + 7]
    guard mode == 1 || mode == 2, turn < 2 else { return }
    step(n, up: (mode == 1) != (turn == 1))
  }
  private func step(_ n: Int, up: Bool) {
    let conf = self[.u0Conf0, n, stride: 12], limits = self[.u0Conf2, n, stride: 12], marks = self[.u0Conf1, n, stride: 12]
    let count = up ? units[n].count &+ 1 : units[n].count &- 1
    units[n].count = count
    func half(_ v: UInt32) -> Int16 { Int16(bitPattern: UInt16(truncatingIfNeeded: v)) }
    var events: UInt32 = 0
    if conf[bit: 15], count == half(marks >> 16) { events[bit: 2] = true }
    if conf[bit: 14], count == half(marks) { events[bit: 3] = true }
    // At a limit the count begins again.
    if count == half(limits >> 16), count < 0 {
      if conf[bit: 13] { events[bit: 4] = true }
      units[n].count = 0
    }
    if count == half(limits), count > 0 {
      if conf[bit: 12] { events[bit: 5] = true }
      units[n].count = 0
    }
    if conf[bit: 11], count == 0 { events[bit: 6] = true }
    let now = units[n].count
    self[.u0Status, n] = events | (now > 0 ? 3 : now < 0 ? 2 : up ? 1 : 0)
    if events != 0 {
      self[.intRaw][bit: n] = true
      update()
    }
  }
  public override func reset() {
    super.reset()
    for e in filters { scheduler.cancel(e) }
    for n in 0..<8 { units[n].count = 0 }
    update()
  }
}
