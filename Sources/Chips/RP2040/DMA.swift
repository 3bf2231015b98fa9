import Machine

/// RP2040 datasheet §2.5: twelve channels that move one element a cycle of clk_sys between them.
public final class DMA: RegisterDevice, RegisterNaming {
  public enum Register: UInt32, CaseIterable, Sendable {
    case ch0ReadAddr = 0x00, ch0WriteAddr = 0x04, ch0TransCount = 0x08, ch0CtrlTrig = 0x0C
    case ch0Al1Ctrl = 0x10, ch0Al1ReadAddr = 0x14, ch0Al1WriteAddr = 0x18, ch0Al1TransCountTrig = 0x1C
    case ch0Al2Ctrl = 0x20, ch0Al2TransCount = 0x24, ch0Al2ReadAddr = 0x28, ch0Al2WriteAddrTrig = 0x2C
    case ch0Al3Ctrl = 0x30, ch0Al3WriteAddr = 0x34, ch0Al3TransCount = 0x38, ch0Al3ReadAddrTrig = 0x3C
    case intR = 0x400, intE0 = 0x404, intF0 = 0x408, intS0 = 0x40C, intE1 = 0x414, intF1 = 0x418, intS1 = 0x41C
    case timer0 = 0x420, multiChanTrigger = 0x430, sniffCtrl = 0x434, sniffData = 0x438
    case fifoLevels = 0x440, chanAbort = 0x444, nChannels = 0x448, ch0DbgCtdreq = 0x800, ch0DbgTcr = 0x804
  }
  private enum Field: Int, Sendable { case read, write, count, ctrl }
  /// What each of a channel's 16 words is; the last of four triggers.
  private static let fields: [Field] = [
    .read, .write, .count, .ctrl, .ctrl, .read, .write, .count, .ctrl, .count, .read, .write, .ctrl, .write, .count, .read,
  ]
  static let map = RegisterMap<DMA> { r in
    for (w, field) in fields.enumerated() {
      guard let name = Register(rawValue: UInt32(w * 4)) else { continue }
      let d = r[name, count: 12, stride: 0x40].bits(0...31)
      d.onRead { d, n in d.readChannel(n, field) }
      d.onWrite { d, n, v in d.writeChannel(n, field, v, trigger: w & 3 == 3) }
    }
    r[.intR].onRead { d in
      d.sync()
      return d.state.pointee.raised
    }.onWrite { d, v in d.acknowledge(v) }
    r[.intE0].bits(0...15).onWrite { d, _ in d.updateInterrupts() }
    r[.intF0].bits(0...15).onWrite { d, _ in d.updateInterrupts() }
    r[.intS0].onRead { d in
      d.sync()
      return d.status(0)
    }.onWrite { d, v in d.acknowledge(v) }
    r[.intE1].bits(0...15).onWrite { d, _ in d.updateInterrupts() }
    r[.intF1].bits(0...15).onWrite { d, _ in d.updateInterrupts() }
    r[.intS1].onRead { d in
      d.sync()
      return d.status(1)
    }.onWrite { d, v in d.acknowledge(v) }
    r[.timer0, count: 4].bits(0...31).onWrite { d, _, _ in d.schedule() }
    r[.multiChanTrigger].onWrite { d, v in
      d.sync()
      for n in 0..<12 where v[bit: n] { d.start(n) }
      d.schedule()
    }
    r[.sniffCtrl].bits(0...11)
    r[.sniffData].bits(0...31).onRead { $0.sniffed }
    r[.fifoLevels].bits(0...23, .readOnly)
    r[.chanAbort].onWrite { d, v in d.abort(v) }
    r[.nChannels].reset(12)
    r[.ch0DbgCtdreq, count: 12, stride: 0x40].bits(0...5, .readOnly)
    r[.ch0DbgTcr, count: 12, stride: 0x40].onRead { d, n in d.channels[n].reload }
  }
  struct Channel: BitwiseCopyable {
    var read: UInt32 = 0, write: UInt32 = 0, count: UInt32 = 0, reload: UInt32 = 0, ctrl: UInt32 = 0
    var busy = false
    /// A serial block takes its elements in a run (`DMAStream`).
    var isStreaming = false
    /// Cycle of the trigger and elements since, for the pacing timers.
    var started: UInt64 = 0, moved: UInt64 = 0
  }
  /// `position`: the cycle up to which all transfers are done; `last`: the channel served last.
  struct State: BitwiseCopyable { var position: UInt64 = 0, last = 0, raised: UInt32 = 0 }
  let state: UnsafeMutablePointer<State>
  let channels: UnsafeMutablePointer<Channel>
  let scheduler: Scheduler, clock: UnsafeMutablePointer<Clock>
  // The bus holds its devices.
  unowned(unsafe) let bus: Bus
  public let irq: [Line]
  private var requests: [Line?] = Array(repeating: nil, count: 64)
  /// Requests that came as pulses and were not served yet, by number.
  private let pulses: UnsafeMutablePointer<UInt32>
  /// Told before transfers are done: runs of serial blocks end.
  var onSync: () -> Void = {}
  /// Told when a channel starts or stops.
  var onPacing: () -> Void = {}
  private var event: Scheduler.Event!
  private var inside = false  // a transfer of our own reaches a register: never across calls

  public init(name: String, arena: StateArena, scheduler: Scheduler, clock: UnsafeMutablePointer<Clock>, bus: Bus) {
    self.scheduler = scheduler
    self.clock = clock
    self.bus = bus
    state = arena.allocate("\(name).state", initial: State())
    channels = arena.allocate("\(name).channels", count: 12, initial: Channel())
    pulses = arena.allocate("\(name).pulses", count: 64, initial: UInt32(0))
    irq = (0..<2).map { Line("\(name).IRQ\($0)", arena: arena) }
    super.init(Self.map, name: name, arena: arena)
    event = scheduler.event(name) { [unowned self] _ in
      sync()
      schedule()
    }
  }
  /// Wires the request of number `n` (§2.5.3.1).
  public func connect(_ line: Line, to n: Int) {
    requests[n] = line
    line.connect { [unowned self] high in
      guard !inside else { return }
      // A request that rises now was low in the cycles before.
      sync(low: high ? n : 64)
      schedule()
    }
  }

  /// One element is asked for by request `n`.
  func pulse(_ n: Int) {
    guard isPaced(by: n) else { return }
    sync(low: n)
    pulses[n] &+= 1
    schedule()
  }
  /// Whether a busy channel waits for request `n`.
  func isPaced(by n: Int) -> Bool {
    for k in 0..<12 where channels[k].busy && Int(channels[k].ctrl[bits: 15...20]) == n { return true }
    return false
  }

  // MARK: Registers

  private func mirror(_ n: Int) {
    let c = channels[n], values = [c.read, c.write, c.count, c.ctrl]
    for (w, f) in Self.fields.enumerated() { self[.ch0ReadAddr, n * 16 + w] = values[f.rawValue] }
  }
  private func readChannel(_ n: Int, _ field: Field) -> UInt32 {
    // A channel in a run is busy: what most programs ask, again and again.
    if field == .ctrl, channels[n].isStreaming { return channels[n].ctrl | 1 << 24 }
    sync()
    let c = channels[n]
    switch field {
    case .read: return c.read
    case .write: return c.write
    case .count: return c.count
    case .ctrl: return c.ctrl | (c.busy ? 1 << 24 : 0) | (c.ctrl & 0x6000_0000 != 0 ? 1 << 31 : 0)
    }
  }
  public override func isSteady(at offset: UInt32) -> Bool {
    offset < 0x300 && channels[Int(offset / 0x40)].isStreaming && Self.fields[Int(offset / 4 % 16)] == .ctrl
  }
  private func writeChannel(_ n: Int, _ field: Field, _ v: UInt32, trigger: Bool) {
    sync()
    switch field {
    case .read: channels[n].read = v
    case .write: channels[n].write = v
    case .count:
      channels[n].reload = v
      if !channels[n].busy { channels[n].count = v }
    case .ctrl: channels[n].ctrl = (v & 0xFF_FFFF) | (channels[n].ctrl & 0x6000_0000 & ~v)
    }
    if trigger {
      if v != 0 { start(n) } else if channels[n].ctrl[bit: 21] { raise(n) }
    }
    mirror(n)
    schedule()
  }
  private func start(_ n: Int) {
    guard channels[n].ctrl[bit: 0], !channels[n].busy else { return }
    channels[n].busy = true
    channels[n].count = channels[n].reload
    channels[n].started = state.pointee.position
    channels[n].moved = 0
    pulses[Int(channels[n].ctrl[bits: 15...20])] = 0
    onPacing()
    if channels[n].count == 0 { finish(n) }
  }
  private func finish(_ n: Int) {
    channels[n].busy = false
    if !channels[n].ctrl[bit: 21] { raise(n) }
    let next = Int(channels[n].ctrl[bits: 11...14])
    // An empty channel that chains to a busy one ends there; a ring of empty channels must not recurse.
    guard next != n, next < 12, !(channels[n].reload == 0 && channels[next].reload == 0) else { return }
    start(next)
  }
  private func abort(_ mask: UInt32) {
    sync()
    for n in 0..<12 where mask[bit: n] {
      channels[n].busy = false
      channels[n].count = 0
      mirror(n)
    }
    schedule()
  }
  private func raise(_ n: Int) {
    state.pointee.raised[bit: n] = true
    updateInterrupts()
  }
  private func acknowledge(_ v: UInt32) {
    sync()
    state.pointee.raised &= ~v
    updateInterrupts()
  }
  private func status(_ n: Int) -> UInt32 {
    n == 0 ? state.pointee.raised & self[.intE0] | self[.intF0] : state.pointee.raised & self[.intE1] | self[.intF1]
  }
  private func updateInterrupts() { for n in 0..<2 { irq[n].set(status(n) != 0) } }

  // MARK: Transfers

  /// The first cycle at or after `position` in which channel `n` may move an element; `.max`: not before a wire changes.
  private func ready(_ n: Int, low: Int = 64) -> UInt64 {
    let c = channels[n], at = state.pointee.position, request = Int(c.ctrl[bits: 15...20])
    guard c.busy, !c.isStreaming, c.ctrl[bit: 0], c.ctrl & 0x6000_0000 == 0 else { return .max }
    if request == 63 { return at }
    if request == low { return .max }
    guard request >= 59 else { return pulses[request] > 0 || requests[request]?.isHigh == true ? at : .max }
    let t = self[.timer0, request - 59], x = UInt64(t >> 16), y = UInt64(t & 0xFFFF)
    guard x != 0, y != 0 else { return .max }
    return max(at, c.started &+ (c.moved &* y &+ x &- 1) / x)
  }
  /// Does all transfers of cycles before the present one.
  func sync(low: Int = 64) {
    guard !inside else { return }
    onSync()
    let now = clock.pointee.cycle(at: scheduler.now)
    inside = true
    while state.pointee.position < now {
      var soonest = UInt64.max, chosen = -1
      // After the last one served, in turn; high priority first (§2.5.1).
      for k in 1...12 {
        let n = (state.pointee.last + k) % 12
        guard channels[n].busy else { continue }
        let at = ready(n, low: low)
        if at < soonest || (at == soonest && chosen >= 0 && channels[n].ctrl[bit: 1] && !channels[chosen].ctrl[bit: 1]) {
          soonest = at
          chosen = n
        }
      }
      guard chosen >= 0, soonest < now else { break }
      state.pointee.position = soonest &+ 1
      state.pointee.last = chosen
      transfer(chosen)
    }
    state.pointee.position = max(state.pointee.position, now)
    inside = false
  }
  func access(_ address: UInt32, size: Int) -> Bool { address < 0xD000_0000 && Int(address) & (size - 1) == 0 }
  private func transfer(_ n: Int) {
    let ctrl = channels[n].ctrl, size = 1 << Int(min(ctrl[bits: 2...3], 2)), from = channels[n].read, to = channels[n].write
    let got = access(from, size: size) ? bus.read(from, size: size) : BusResult(fault: true)
    guard !got.fault else { return fail(n, 30) }
    var data = got.value
    if ctrl[bit: 22] { data = size == 4 ? data.byteSwapped : size == 2 ? (data >> 8 | data << 8) & 0xFFFF : data }
    if ctrl[bit: 23], self[.sniffCtrl][bit: 0], Int(self[.sniffCtrl][bits: 1...4]) == n {
      var seen = data
      if self[.sniffCtrl][bit: 9] { seen = size == 4 ? seen.byteSwapped : size == 2 ? (seen >> 8 | seen << 8) & 0xFFFF : seen }
      self[.sniffData] = DMASniffer.next(self[.sniffData], data: seen, size: size, calc: self[.sniffCtrl][bits: 5...8])
    }
    guard access(to, size: size), !bus.write(to, data, size: size).fault else { return fail(n, 29) }
    let ring = ctrl[bits: 6...9], mask: UInt32 = ring == 0 ? ~0 : (1 << ring) &- 1
    let step = UInt32(size)
    if ctrl[bit: 4] { channels[n].read = ctrl[bit: 10] ? from &+ step : (from & ~mask) | ((from &+ step) & mask) }
    if ctrl[bit: 5] { channels[n].write = ctrl[bit: 10] ? (to & ~mask) | ((to &+ step) & mask) : to &+ step }
    let request = Int(ctrl[bits: 15...20])
    if pulses[request] > 0 { pulses[request] &-= 1 }
    channels[n].moved &+= 1
    channels[n].count &-= 1
    if channels[n].count == 0 { finish(n) }
  }
  private func fail(_ n: Int, _ bit: Int) {
    channels[n].ctrl[bit: bit] = true
    channels[n].busy = false
  }
  /// The next moment that something outside can tell: a channel's end, or an element to or from a peripheral.
  func schedule() {
    guard !inside else { return }
    var soonest = UInt64.max
    for n in 0..<12 where channels[n].busy {
      let c = channels[n], at = ready(n)
      guard at != .max else { continue }
      let plain = c.ctrl[bits: 15...20] == 63 && c.read < 0x4000_0000 && c.write < 0x4000_0000
      soonest = min(soonest, at &+ (plain ? UInt64(c.count) : 1))
    }
    if soonest == .max { return scheduler.cancel(event) }
    scheduler.schedule(event, at: clock.pointee.time(ofCycle: soonest))
  }
  private var sniffed: UInt32 {
    sync()
    var v = self[.sniffData]
    if self[.sniffCtrl][bit: 10] {
      var r: UInt32 = 0
      for k in 0..<32 where v[bit: k] { r[bit: 31 - k] = true }
      v = r
    }
    return self[.sniffCtrl][bit: 11] ? ~v : v
  }
  public override func reset() {
    onSync()
    super.reset()
    for n in 0..<12 { channels[n] = Channel() }
    state.pointee = State(position: clock.pointee.cycle(at: scheduler.now))
    scheduler.cancel(event)
    updateInterrupts()
  }
}
