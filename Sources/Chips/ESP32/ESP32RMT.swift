import Machine

/// ESP32 TRM chapter 15: RMT: eight channels that send pulses from a memory of 512 words, or take down their lengths there.
public final class ESP32RMT: RegisterDevice, RegisterNaming {
  public enum Register: UInt32, CaseIterable, Sendable {
    case ch0data = 0x00, ch0conf0 = 0x20, ch0conf1 = 0x24, ch0status = 0x60, ch0addr = 0x80, intRaw = 0xA0, intSt = 0xA4, intEna = 0xA8, intClr = 0xAC, ch0carrierDuty = 0xB0, ch0TxLim = 0xD0
    case apbConf = 0xF0, date = 0xFC, memory = 0x800
  }
  static let map = RegisterMap<ESP32RMT> { r in
    r[.ch0data, count: 8].onRead { d, n in d.fifoRead(n) }.onWrite { d, n, v in d.fifoWrite(n, v) }
    r[.ch0conf0, count: 8, stride: 8].bits(0...31).reset(0x3110_0002)
    r[.ch0conf1, count: 8, stride: 8].bits(1...1).bits(5...19).reset(0xF20).onWrite { d, n, v in d.configured(n, v) }
    r[.ch0status, count: 8].onRead { d, n in d.status(n) }
    r[.ch0addr, count: 8].onRead { d, n in UInt32(d.channels[n].apb) }
    r[.intRaw].bits(0...31, .readOnly)
    r[.intSt].onRead { $0[.intRaw] & $0[.intEna] }
    r[.intEna].bits(0...31).onWrite { d, _ in d.update() }
    r[.intClr].onWrite { d, v in
      d[.intRaw] &= ~v
      d.update()
    }
    r[.ch0carrierDuty, count: 8].bits(0...31).reset(0x40_0040)
    r[.ch0TxLim, count: 8].bits(0...8).reset(0x80)
    r[.apbConf].bits(0...1)
    r[.date].bits(0...31).reset(0x1602_2600)
    r[.memory, count: 512].bits(0...31)
  }
  struct Channel: BitwiseCopyable {
    /// Sending: the half-item that is next, counted from the channel's memory, and how many were sent since the last threshold.
    var sending = false, next = 0, sent: UInt32 = 0, level = false
    /// Receiving: where the next half-item goes, when the level last changed, whether anything came yet.
    var receiving = false, written = 0, edge: UInt64 = 0, started = false, input = false
    /// The input before the filter.
    var raw = false
    /// FIFO access: the word that is next.
    var apb = 0
    var carrier = false
  }
  private let channels: UnsafeMutablePointer<Channel>
  private let scheduler: Scheduler, clocks: ESP32Clocks
  private var pulses: [Scheduler.Event] = [], idles: [Scheduler.Event] = [], carriers: [Scheduler.Event] = []
  public let irq: Line
  let outputs: [Line]
  var isWatched: (Int) -> Bool = { _ in false }
  /// Words of memory that each channel has.
  private let words: Int
  /// What the channels divide, in 1/256 Hz; nil: APB_CLK or REF_TICK, as CONF1 says.
  var source: (() -> UInt64)?
  /// Whether a channel goes on at the beginning of its memory when it comes to the end.
  var wraps: (Int) -> Bool = { _ in false }

  init(chip: String = "ESP32", words: Int = 64, arena: StateArena, scheduler: Scheduler, clocks: ESP32Clocks) {
    let name = "\(chip).RMT"
    self.words = words
    self.scheduler = scheduler
    self.clocks = clocks
    channels = arena.allocate("\(name).channels", count: 8, initial: Channel())
    irq = Line("\(name).IRQ", arena: arena)
    outputs = (0..<8).map { Line("\(name).OUT\($0)", arena: arena) }
    super.init(Self.map, name: name, arena: arena)
    wraps = { [unowned self] _ in self[.apbConf][bit: 1] }
    pulses = (0..<8).map { n in scheduler.event("\(name).pulse\(n)") { [unowned self] _ in channels[n].sending ? sendNext(n) : settled(n, channels[n].raw) } }
    idles = (0..<8).map { n in scheduler.event("\(name).idle\(n)") { [unowned self] _ in receptionEnded(n) } }
    carriers = (0..<8).map { n in scheduler.event("\(name).carrier\(n)") { [unowned self] _ in toggleCarrier(n) } }
  }
  private func conf0(_ n: Int) -> UInt32 { self[.ch0conf0, n, stride: 8] }
  private func conf1(_ n: Int) -> UInt32 { self[.ch0conf1, n, stride: 8] }
  /// Half-items that the channel's memory holds: MEM_SIZE blocks, no further than the end.
  private func room(_ n: Int) -> Int { 2 * words * min(8 - n, max(1, Int(conf0(n)[bits: 24...27]))) }
  private func half(_ n: Int, _ i: Int) -> UInt32 { self[.memory, n * words + i / 2] >> UInt32((i & 1) * 16) & 0xFFFF }
  private func sourceFrequency(_ n: Int) -> UInt64 { source?() ?? (conf1(n)[bit: 17] ? clocks.apb.pointee.frequency256 : clocks.refTick.pointee.frequency256) }
  /// Picoseconds of `ticks` ticks of the channel.
  private func time(_ n: Int, _ ticks: UInt32) -> UInt64 {
    let divider = UInt64(conf0(n) & 0xFF), f = max(256, sourceFrequency(n))
    return UInt64(truncatingIfNeeded: UInt128(ticks) * UInt128(divider == 0 ? 256 : divider) * UInt128(Clock.picosecondsPerSecond * 256) / UInt128(f))
  }
  private func update() { irq.set(self[.intRaw] & self[.intEna] != 0) }
  private func raise(_ bit: Int) {
    self[.intRaw][bit: bit] = true
    update()
  }
  private func configured(_ n: Int, _ v: UInt32) {
    if v[bit: 2] { channels[n].written = 0 }
    if v[bit: 3] { channels[n].next = 0 }
    if v[bit: 4] { channels[n].apb = 0 }
    if v[bit: 1] != channels[n].receiving {
      channels[n].receiving = v[bit: 1]
      channels[n].started = false
      scheduler.cancel(idles[n])
    }
    if v[bit: 0], !channels[n].sending {
      channels[n].sending = true
      channels[n].sent = 0
      scheduler.schedule(pulses[n], at: scheduler.now)
    } else if !channels[n].sending {
      idle(n)
    }
  }
  private func idle(_ n: Int) { if conf1(n)[bit: 19] { set(n, conf1(n)[bit: 18]) } }
  /// A level, under the carrier where it is the carrier's.
  private func set(_ n: Int, _ level: Bool) {
    channels[n].level = level
    let c = conf0(n)
    if channels[n].sending, c[bit: 28], level == c[bit: 29], isWatched(n) {
      channels[n].carrier = true
      outputs[n].set(level)
      scheduler.schedule(carriers[n], after: carrierTime(n, high: true))
    } else {
      channels[n].carrier = false
      scheduler.cancel(carriers[n])
      outputs[n].set(level)
    }
  }
  private func carrierTime(_ n: Int, high: Bool) -> UInt64 {
    let duty = self[.ch0carrierDuty, n], cycles = UInt64(high ? duty >> 16 : duty & 0xFFFF)
    return UInt64(truncatingIfNeeded: UInt128(max(1, cycles)) * UInt128(Clock.picosecondsPerSecond * 256) / UInt128(max(256, sourceFrequency(n))))
  }
  private func toggleCarrier(_ n: Int) {
    guard channels[n].carrier, channels[n].sending else { return }
    let on = outputs[n].isHigh == channels[n].level
    outputs[n].set(on != channels[n].level)
    scheduler.schedule(carriers[n], after: carrierTime(n, high: !on))
  }

  // MARK: Send, §15.2.3

  private func sendNext(_ n: Int) {
    guard channels[n].sending else { return }
    if channels[n].next >= room(n) {
      guard wraps(n) else {
        // The memory is at its end and does not wrap.
        raise(3 * n + 2)
        return ended(n)
      }
      channels[n].next = 0
    }
    let i = channels[n].next, item = half(n, i), duration = item & 0x7FFF
    channels[n].next += 1
    if i & 1 == 1 || duration == 0 {
      channels[n].sent += 1
      if channels[n].sent == self[.ch0TxLim, n] {
        channels[n].sent = 0
        raise(24 + n)
      }
    }
    guard duration > 0 else {
      if conf1(n)[bit: 6] {
        channels[n].next = 0
        raise(3 * n)
        return scheduler.schedule(pulses[n], after: time(n, 1))
      }
      return ended(n)
    }
    set(n, item[bit: 15])
    scheduler.schedule(pulses[n], after: time(n, duration))
  }
  private func ended(_ n: Int) {
    channels[n].sending = false
    channels[n].carrier = false
    scheduler.cancel(carriers[n])
    idle(n)
    raise(3 * n)
  }

  /// Software ends it.
  func stop(_ n: Int) {
    guard channels[n].sending else { return }
    scheduler.cancel(pulses[n])
    channels[n].sending = false
    channels[n].carrier = false
    scheduler.cancel(carriers[n])
    idle(n)
  }

  // MARK: Receive, §15.2.4

  func inputChanged(_ n: Int, _ level: Bool) {
    guard level != channels[n].raw else { return }
    channels[n].raw = level
    let filter = UInt64(conf1(n)[bits: 8...15]), f = clocks.apb.pointee.frequency256
    // Pulses of fewer cycles of APB_CLK pass unseen.
    guard conf1(n)[bit: 7], filter > 0, f > 0, !channels[n].sending else { return settled(n, level) }
    scheduler.schedule(pulses[n], after: filter * Clock.picosecondsPerSecond * 256 / f)
  }
  private func settled(_ n: Int, _ level: Bool) {
    guard level != channels[n].input else { return }
    channels[n].input = level
    guard channels[n].receiving else { return }
    let now = scheduler.now
    if channels[n].started {
      let length = now &- channels[n].edge
      keep(n, ticks: ticks(n, length), level: !level)
    }
    channels[n].started = true
    channels[n].edge = now
    scheduler.schedule(idles[n], after: time(n, conf0(n)[bits: 8...23]))
  }
  private func ticks(_ n: Int, _ time: UInt64) -> UInt32 {
    let divider = UInt64(conf0(n) & 0xFF)
    return UInt32(truncatingIfNeeded: min(0x7FFF, UInt64(truncatingIfNeeded: UInt128(time) * UInt128(sourceFrequency(n)) / (UInt128(divider == 0 ? 256 : divider) * UInt128(Clock.picosecondsPerSecond * 256)))))
  }
  private func keep(_ n: Int, ticks: UInt32, level: Bool) {
    let i = channels[n].written
    guard i < room(n) else { return raise(3 * n + 2) }
    channels[n].written += 1
    self[.memory, n * words + i / 2][bits: (i & 1) * 16...(i & 1) * 16 + 15] = ticks | (level ? 0x8000 : 0)
  }
  private func receptionEnded(_ n: Int) {
    guard channels[n].receiving, channels[n].started else { return }
    channels[n].started = false
    keep(n, ticks: 0, level: channels[n].input)
    raise(3 * n + 1)
  }
  private func status(_ n: Int) -> UInt32 {
    let c = channels[n]
    return UInt32(n * words + (c.written + 1) / 2) & 0x3FF | (UInt32(n * words + c.next / 2) & 0x3FF) << 12 | (c.sending ? 1 << 24 : c.receiving ? 2 << 24 : 0)
  }
  private func fifoRead(_ n: Int) -> UInt32 {
    defer { channels[n].apb = (channels[n].apb + 1) % (room(n) / 2) }
    return self[.memory, n * words + channels[n].apb]
  }
  private func fifoWrite(_ n: Int, _ v: UInt32) {
    self[.memory, n * words + channels[n].apb] = v
    channels[n].apb = (channels[n].apb + 1) % (room(n) / 2)
  }
  public override func reset() {
    super.reset()
    for e in pulses + idles + carriers { scheduler.cancel(e) }
    for n in 0..<8 {
      channels[n] = Channel(input: channels[n].input, raw: channels[n].raw)
      outputs[n].set(false)
    }
    update()
  }
}
