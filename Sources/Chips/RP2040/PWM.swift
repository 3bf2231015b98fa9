import Machine

/// RP2040 datasheet §4.5: eight PWM slices with two outputs each.
///
/// A counter is not ticked: it is what it was at the last change plus the time since. Edges on the outputs are events, set
/// only while a pin shows them; the wrap is an event only while it interrupts or requests.
public final class PWM: RegisterDevice, RegisterNaming {
  public enum Register: UInt32, CaseIterable, Sendable {
    case ch0CSR = 0x00, ch0Div = 0x04, ch0Ctr = 0x08, ch0CC = 0x0C, ch0Top = 0x10, en = 0xA0, intR = 0xA4, intE = 0xA8, intF = 0xAC, intS = 0xB0
  }
  static let map = RegisterMap<PWM> { r in
    // PH_RET and PH_ADV clear themselves.
    r[.ch0CSR, count: 8, stride: 0x14].bits(0...5).onWrite { d, i, v in d.control(i, v) }
    r[.ch0Div, count: 8, stride: 0x14].bits(0...11).reset(0x10).onWrite { d, i, _ in d.change(i) { _ in } }
    r[.ch0Ctr, count: 8, stride: 0x14].onRead { d, i in
      d.sync(i)
      return d.slices[i].count
    }.onWrite { d, i, v in d.change(i) { $0.pointee.count = v & 0xFFFF } }
    r[.ch0CC, count: 8, stride: 0x14].bits(0...31).onWrite { d, i, _ in d.change(i) { _ in } }
    r[.ch0Top, count: 8, stride: 0x14].bits(0...15).reset(0xFFFF).onWrite { d, i, _ in d.change(i) { _ in } }
    r[.en].onRead { d in (0..<8).reduce(0) { $0 | (d[.ch0CSR, $1, stride: 0x14] & 1) << UInt32($1) } }.onWrite { d, v in
      // All that start here start on the same cycle.
      for i in 0..<8 { d.enable(i, v[bit: i]) }
    }
    r[.intR].onRead { d in
      d.syncAll()
      return d.state.pointee.raised
    }.onWrite { d, v in
      d.syncAll()
      d.state.pointee.raised &= ~v
      d.updateInterrupt()
    }
    r[.intE].bits(0...7).onWrite { d, _ in d.interruptsChanged() }
    r[.intF].bits(0...7).onWrite { d, _ in d.updateInterrupt() }
    r[.intS].onRead { d in
      d.syncAll()
      return d.state.pointee.raised & d[.intE] | d[.intF]
    }
  }
  struct Slice: BitwiseCopyable {
    var enabled = false
    var count: UInt32 = 0, down = false
    /// In use until the counter wraps.
    var cc: UInt32 = 0, top: UInt32 = 0xFFFF
    /// Time in 1/16 cycles of clk_sys at which the counter took its value.
    var since: UInt64 = 0
    var inputB = false
    /// Edges of B since the last count, in sixteenths.
    var edges: UInt64 = 0
    var a = false, b = false
  }
  struct State: BitwiseCopyable { var raised: UInt32 = 0 }
  let slices: UnsafeMutablePointer<Slice>
  private let state: UnsafeMutablePointer<State>
  private let scheduler: Scheduler, clock: UnsafeMutablePointer<Clock>
  private var events: [Scheduler.Event] = []
  public let irq: Line
  /// A slice's counter wrapped: a DMA request.
  var onWrap: (Int) -> Void = { _ in }
  /// Told when output A (0) or B (1) of a slice changed.
  var onOutput: (Int, Int) -> Void = { _, _ in }
  /// Whether a pin shows output A or B of the slice.
  var isShown: (Int) -> Bool = { _ in true }

  /// - Parameter clock: clk_sys.
  init(arena: StateArena, scheduler: Scheduler, clock: UnsafeMutablePointer<Clock>) {
    self.scheduler = scheduler
    self.clock = clock
    slices = arena.allocate("RP2040.PWM.slices", count: 8, initial: Slice())
    state = arena.allocate("RP2040.PWM.state", initial: State())
    irq = Line("RP2040.PWM.IRQ_WRAP", arena: arena)
    super.init(Self.map, name: "RP2040.PWM", arena: arena)
    events = (0..<8).map { i in
      scheduler.event("RP2040.PWM.slice\(i)") { [unowned self] _ in
        sync(i)
        schedule(i)
      }
    }
  }

  // MARK: Counting

  private func csr(_ i: Int) -> UInt32 { self[.ch0CSR, i, stride: 0x14] }
  private var now: UInt64 { clock.pointee.cycle(at: scheduler.now) << 4 }
  /// Length of a count in 1/16 cycles; counting by edges of B divides the edges in the same way.
  private func period(_ i: Int) -> UInt64 {
    let div = UInt64(self[.ch0Div, i, stride: 0x14] & 0xFFF)
    return div < 16 ? UInt64(256 << 4) | div : div
  }
  /// Free running, or gated by B while it is high.
  private func isTimed(_ i: Int) -> Bool {
    let mode = csr(i)[bits: 4...5]
    return slices[i].enabled && (mode == 0 || mode == 1 && slices[i].inputB)
  }
  private func latch(_ i: Int) {
    slices[i].cc = self[.ch0CC, i, stride: 0x14]
    slices[i].top = self[.ch0Top, i, stride: 0x14]
  }
  private func wrapped(_ i: Int) {
    latch(i)
    state.pointee.raised |= 1 << UInt32(i)
    updateInterrupt()
    onWrap(i)
  }
  /// Counts until the value at which something happens, at most `steps`; how many were taken.
  private func advance(_ i: Int, _ steps: UInt64) -> UInt64 {
    let s = slices + i
    if csr(i)[bit: 1] {
      if s.pointee.down {
        let n = min(steps, UInt64(s.pointee.count))
        s.pointee.count -= UInt32(n)
        if s.pointee.count == 0, n > 0 || s.pointee.top == 0 {
          s.pointee.down = false
          wrapped(i)
          return max(n, 1)
        }
        if n == 0 { s.pointee.down = false }
        return n
      }
      guard s.pointee.count < s.pointee.top else {
        s.pointee.down = true
        if s.pointee.count > 0 { s.pointee.count -= 1 }
        if s.pointee.count == 0 {
          s.pointee.down = false
          wrapped(i)
        }
        return 1
      }
      let n = min(steps, UInt64(s.pointee.top - s.pointee.count))
      s.pointee.count += UInt32(n)
      return n
    }
    if s.pointee.count == s.pointee.top {
      s.pointee.count = 0
      wrapped(i)
      return 1
    }
    // Above TOP the counter goes on to its own end.
    let end: UInt32 = s.pointee.count < s.pointee.top ? s.pointee.top : 0xFFFF
    let n = min(steps, UInt64(end - s.pointee.count))
    if n == 0 {
      s.pointee.count = 0
      return 1
    }
    s.pointee.count += UInt32(n)
    return n
  }
  private func sync(_ i: Int) {
    let s = slices + i, time = now
    guard isTimed(i) else {
      s.pointee.since = time
      return
    }
    let p = period(i)
    guard time >= s.pointee.since + p else { return }
    var steps = (time - s.pointee.since) / p
    s.pointee.since += steps * p
    // Whole turns at a time, when nothing waits to take effect at the wrap.
    let turn = csr(i)[bit: 1] ? UInt64(max(1, s.pointee.top)) * 2 : UInt64(s.pointee.top) + 1
    if steps > turn * 4, s.pointee.count <= s.pointee.top {
      steps = turn * 2 + steps % turn
    }
    while steps > 0 { steps -= advance(i, steps) }
    show(i)
  }
  private func syncAll() { for i in 0..<8 { sync(i) } }
  private func show(_ i: Int) {
    let s = slices + i, c = csr(i)
    let a = (s.pointee.count < s.pointee.cc & 0xFFFF) != c[bit: 2], b = (s.pointee.count < s.pointee.cc >> 16) != c[bit: 3]
    if a != s.pointee.a {
      s.pointee.a = a
      onOutput(i, 0)
    }
    if b != s.pointee.b {
      s.pointee.b = b
      onOutput(i, 1)
    }
  }
  /// The next count at which an output changes or the counter wraps.
  private func schedule(_ i: Int) {
    let s = slices[i], shown = isShown(i), wraps = self[.intE][bit: i] || wantsRequest(i)
    guard isTimed(i), shown || wraps else { return scheduler.cancel(events[i]) }
    var best = UInt64.max
    let top = UInt64(s.top), count = UInt64(s.count), correct = csr(i)[bit: 1]
    let levels = shown ? [UInt64(s.cc & 0xFFFF), UInt64(s.cc >> 16)] : []
    if correct {
      if s.down {
        best = max(1, count)
        for l in levels where l > 0 && l <= count { best = min(best, count - l + 1) }
      } else {
        best = count < top ? top - count + (top > 0 ? 1 : 0) : 1
        for l in levels where l > count && l <= top { best = min(best, l - count) }
      }
    } else {
      best = count <= top ? top - count + 1 : 0x1_0000 - count
      for l in levels where l > count && l <= top { best = min(best, l - count) }
    }
    let at = s.since + best * period(i), time = clock.pointee.time(ofCycle: (at + 15) >> 4)
    if time == .max { scheduler.cancel(events[i]) } else { scheduler.schedule(events[i], at: time) }
  }
  /// A DMA channel is paced by the wrap.
  var wantsRequest: (Int) -> Bool = { _ in false }

  // MARK: Changes

  private func change(_ i: Int, _ body: (UnsafeMutablePointer<Slice>) -> Void) {
    sync(i)
    body(slices + i)
    if !slices[i].enabled { latch(i) }
    show(i)
    schedule(i)
    if csr(i)[bits: 4...5] != 0 { onOutput(i, 1) }
  }
  private func enable(_ i: Int, _ on: Bool) {
    change(i) { s in
      self[.ch0CSR, i, stride: 0x14] = self[.ch0CSR, i, stride: 0x14] & ~1 | (on ? 1 : 0)
      s.pointee.enabled = on
      s.pointee.since = now
    }
  }
  private func control(_ i: Int, _ v: UInt32) {
    // Counted with the mode of before; then the new one.
    let on = v[bit: 0], was = slices[i].enabled
    if was { sync(i) }
    change(i) { s in
      if on != was { s.pointee.since = now }
      s.pointee.enabled = on
      if !v[bit: 1] { s.pointee.down = false }
      // PH_RET holds the counter back by one, PH_ADV pushes it on.
      if on, v[bit: 6] { s.pointee.since += period(i) }
      if on, v[bit: 7] { _ = advance(i, 1) }
    }
  }
  /// The level of the slice's B pin, when it is an input.
  func inputChanged(_ i: Int, _ level: Bool) {
    guard level != slices[i].inputB else { return }
    let mode = csr(i)[bits: 4...5]
    change(i) { s in
      s.pointee.inputB = level
      s.pointee.since = now
      guard s.pointee.enabled, mode == 2 && level || mode == 3 && !level else { return }
      s.pointee.edges += 16
      let p = period(i)
      while s.pointee.edges >= p {
        s.pointee.edges -= p
        _ = advance(i, 1)
      }
    }
  }
  private func interruptsChanged() {
    for i in 0..<8 {
      sync(i)
      schedule(i)
    }
    updateInterrupt()
  }
  private func updateInterrupt() { irq.set((state.pointee.raised & self[.intE] | self[.intF]) != 0) }
  /// Which pins show outputs may have changed, or clk_sys.
  func routesChanged() {
    for i in 0..<8 where slices[i].enabled {
      sync(i)
      schedule(i)
    }
  }
  /// Whether B drives its pin: not while it is counted or gates.
  func isOutput(_ i: Int) -> Bool { csr(i)[bits: 4...5] == 0 }
  /// The level of output A (0) or B (1).
  func output(_ i: Int, _ channel: Int) -> Bool { channel == 0 ? slices[i].a : slices[i].b }

  public override func reset() {
    super.reset()
    for i in 0..<8 {
      let level = slices[i].inputB
      slices[i] = Slice()
      slices[i].inputB = level
      scheduler.cancel(events[i])
      onOutput(i, 0)
      onOutput(i, 1)
    }
    state.pointee = State()
    updateInterrupt()
  }
}
