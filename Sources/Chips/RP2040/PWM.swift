import Machine

/// RP2040 datasheet §4.5: eight PWM slices with two outputs each.
///
/// A counter is not ticked: it is what it was at the last change plus the time since. Edges on the outputs are events, set
/// only while a pin shows them to someone who must know; lights only ask how long an output was high. The wrap is an event
/// only while it interrupts or requests.
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
    /// Someone must be told of each edge.
    var tellsEdges = true
    /// Picoseconds that A and B were high until `mark`.
    var highA: UInt64 = 0, highB: UInt64 = 0, mark: UInt64 = 0
  }
  struct State: BitwiseCopyable {
    var raised: UInt32 = 0
    /// Slices whose edges are not told.
    var untold: UInt32 = 0
  }
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
  /// Whether someone must be told of each edge.
  var edgesMatter: (Int) -> Bool = { _ in true }
  /// Told that edges of the slice are, or are no longer, told one by one.
  var onTelling: (Int, Bool) -> Void = { _, _ in }

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
      settle(i)
      return
    }
    let p = period(i)
    guard time >= s.pointee.since + p else { return }
    var steps = (time - s.pointee.since) / p
    s.pointee.since += steps * p
    let all = steps
    var highA: UInt64 = 0, highB: UInt64 = 0
    while steps > 0 {
      // Whole turns at a time, when nothing waits to take effect at the wrap.
      let turn = turnLength(i)
      if steps > turn * 4, s.pointee.count <= s.pointee.top, !changesAtWrap(i) {
        let turns = steps / turn - 2
        steps -= turns * turn
        highA += turns * highCounts(i, s.pointee.cc & 0xFFFF, inverted: csr(i)[bit: 2])
        highB += turns * highCounts(i, s.pointee.cc >> 16, inverted: csr(i)[bit: 3])
      }
      let a = s.pointee.a, b = s.pointee.b, n = advance(i, min(steps, countsUntilChange(i, shown: true)))
      steps -= n
      if a { highA += n }
      if b { highB += n }
      show(i)
    }
    // Up to the beginning of the count under way. One may have begun before the mark: the time is shared out, not counted.
    let cycle = s.pointee.since >> 4, begun = cycle < clock.pointee.anchorCycle ? clock.pointee.anchorTime : clock.pointee.time(ofCycle: cycle)
    let mark = max(min(begun, scheduler.now), s.pointee.mark), elapsed = mark - s.pointee.mark
    s.pointee.highA &+= UInt64(truncatingIfNeeded: UInt128(elapsed) * UInt128(highA) / UInt128(all))
    s.pointee.highB &+= UInt64(truncatingIfNeeded: UInt128(elapsed) * UInt128(highB) / UInt128(all))
    s.pointee.mark = mark
  }
  /// Counts from wrap to wrap.
  private func turnLength(_ i: Int) -> UInt64 { csr(i)[bit: 1] ? UInt64(max(1, slices[i].top)) * 2 : UInt64(slices[i].top) + 1 }
  /// Counts of a turn during which an output with compare value `cc` is high.
  private func highCounts(_ i: Int, _ cc: UInt32, inverted: Bool) -> UInt64 {
    let turn = turnLength(i), level = UInt64(cc), top = UInt64(slices[i].top)
    let below = level > top ? turn : csr(i)[bit: 1] ? level == 0 ? 0 : 2 * level - 1 : level
    return inverted ? turn - below : below
  }
  /// New compare values or a new TOP take effect at the next wrap.
  private func changesAtWrap(_ i: Int) -> Bool { slices[i].cc != self[.ch0CC, i, stride: 0x14] || slices[i].top != self[.ch0Top, i, stride: 0x14] }
  /// Brings the high times up to the present, with the outputs as they are.
  private func settle(_ i: Int) {
    let s = slices + i, time = scheduler.now
    let elapsed = time &- s.pointee.mark
    if s.pointee.a { s.pointee.highA &+= elapsed }
    if s.pointee.b { s.pointee.highB &+= elapsed }
    s.pointee.mark = time
  }
  /// Picoseconds that output A (0) or B (1) has been high in all.
  func highTime(_ i: Int, _ channel: Int) -> UInt64 {
    sync(i)
    let s = slices[i], part = scheduler.now &- s.mark
    return channel == 0 ? s.highA &+ (s.a ? part : 0) : s.highB &+ (s.b ? part : 0)
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
  /// How many counts on an output changes, when they are `shown`, or the counter wraps.
  private func countsUntilChange(_ i: Int, shown: Bool) -> UInt64 {
    let s = slices[i]
    var best = UInt64.max
    let top = UInt64(s.top), count = UInt64(s.count)
    let levels = shown ? (UInt64(s.cc & 0xFFFF), UInt64(s.cc >> 16)) : (.max, .max)
    if csr(i)[bit: 1] {
      if s.down {
        best = max(1, count)
        if levels.0 > 0, levels.0 <= count { best = min(best, count - levels.0 + 1) }
        if levels.1 > 0, levels.1 <= count { best = min(best, count - levels.1 + 1) }
        return best
      }
      best = count < top ? top - count + (top > 0 ? 1 : 0) : 1
    } else {
      best = count <= top ? top - count + 1 : 0x1_0000 - count
    }
    if levels.0 > count, levels.0 <= top { best = min(best, levels.0 - count) }
    if levels.1 > count, levels.1 <= top { best = min(best, levels.1 - count) }
    return best
  }
  private func schedule(_ i: Int) {
    let tells = isShown(i) && slices[i].tellsEdges, wraps = self[.intE][bit: i] || wantsRequest(i) || changesAtWrap(i)
    guard isTimed(i), tells || wraps else { return scheduler.cancel(events[i]) }
    let at = slices[i].since + countsUntilChange(i, shown: tells) * period(i), time = clock.pointee.time(ofCycle: (at + 15) >> 4)
    if time == .max { scheduler.cancel(events[i]) } else { scheduler.schedule(events[i], at: time) }
  }
  /// A DMA channel is paced by the wrap.
  var wantsRequest: (Int) -> Bool = { _ in false }

  // MARK: Changes

  private func change(_ i: Int, _ body: (UnsafeMutablePointer<Slice>) -> Void) {
    sync(i)
    settle(i)
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
    routesChanged()
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
    routesChanged()
  }
  /// The level of the slice's B pin, when it is an input.
  func inputChanged(_ i: Int, _ level: Bool) {
    guard level != slices[i].inputB else { return }
    let mode = csr(i)[bits: 4...5]
    // Free running, it counts nothing; its own output comes back here.
    guard mode != 0 else { return slices[i].inputB = level }
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
  /// Which pins show outputs may have changed, or who looks at them, or clk_sys.
  func routesChanged() {
    for i in 0..<8 where slices[i].enabled || !slices[i].tellsEdges {
      sync(i)
      chooseTelling(i)
      schedule(i)
    }
  }
  /// Whether edges are told one by one.
  private func chooseTelling(_ i: Int) {
    func tell(_ tells: Bool) {
      slices[i].tellsEdges = tells
      state.pointee.untold[bit: i] = !tells
      onTelling(i, tells)
    }
    tell(!(slices[i].enabled && csr(i)[bits: 4...5] == 0 && isShown(i)) || edgesMatter(i))
    // A light between two outputs of the slice is not content any more.
    if !slices[i].tellsEdges, edgesMatter(i) { tell(true) }
  }
  /// Brings outputs whose edges are not told up to the present: somebody reads their pins.
  func catchUp() {
    guard state.pointee.untold != 0 else { return }
    for i in 0..<8 where !slices[i].tellsEdges { sync(i) }
  }
  /// Whether B drives its pin: not while it is counted or gates.
  func isOutput(_ i: Int) -> Bool { csr(i)[bits: 4...5] == 0 }
  /// The level of output A (0) or B (1).
  func output(_ i: Int, _ channel: Int) -> Bool { channel == 0 ? slices[i].a : slices[i].b }

  public override func reset() {
    super.reset()
    for i in 0..<8 {
      settle(i)
      let old = slices[i]
      slices[i] = Slice()
      slices[i].inputB = old.inputB
      (slices[i].highA, slices[i].highB, slices[i].mark) = (old.highA, old.highB, old.mark)
      scheduler.cancel(events[i])
      onOutput(i, 0)
      onOutput(i, 1)
      if !old.tellsEdges { onTelling(i, true) }
    }
    state.pointee = State()
    updateInterrupt()
  }
}
