import Machine

/// ARM PrimeCell PL022, the synchronous serial port (ARM DDI 0194; RP2040 datasheet §4.4).
///
/// While nobody outside needs the edges on its pins a frame is one event, and as many as DMA keeps coming are one event too
/// (a run); parts that take whole words get them then. Else each half of a bit is an event.
public final class PL022: RegisterDevice, RegisterNaming {
  public enum Register: UInt32, CaseIterable, Sendable {
    case sspCR0 = 0x00, sspCR1 = 0x04, sspDR = 0x08, sspSR = 0x0C, sspCPSR = 0x10, sspIMSC = 0x14, sspRIS = 0x18, sspMIS = 0x1C, sspICR = 0x20, sspDMACR = 0x24
    case sspPeriphID0 = 0xFE0, sspPeriphID1 = 0xFE4, sspPeriphID2 = 0xFE8, sspPeriphID3 = 0xFEC
    case sspPCellID0 = 0xFF0, sspPCellID1 = 0xFF4, sspPCellID2 = 0xFF8, sspPCellID3 = 0xFFC
  }
  static let map = RegisterMap<PL022> { r in
    r[.sspCR0].bits(0...15).onWrite { d, _ in d.settled().idleLevels() }
    r[.sspCR1].bits(0...3).onWrite { d, _ in d.settled().enabledChanged() }
    r[.sspDR].onRead { $0.settled().receive() }.onWrite { d, v in d.settled().send(v) }
    r[.sspSR].onRead { $0.settled().status }.reset(3)
    r[.sspCPSR].bits(0...7).onWrite { d, _ in _ = d.settled() }
    r[.sspIMSC].bits(0...3).onWrite { d, _ in d.settled().update() }
    r[.sspRIS].onRead { $0.settled().raw }.reset(8)
    r[.sspMIS].onRead { $0.settled().raw & $0[.sspIMSC] }
    r[.sspICR].onWrite { d, v in
      _ = d.settled()
      if v[bit: 0] { d.state.pointee.overrun = false }
      if v[bit: 1] { d.state.pointee.timeout = false }
      d.update()
    }
    r[.sspDMACR].bits(0...1).onWrite { d, _ in d.settled().update() }
    for (n, v) in ([0x22, 0x10, 0x34, 0x00] as [UInt32]).enumerated() { r[Register(rawValue: 0xFE0 + UInt32(n) * 4)!].reset(v) }
    for (n, v) in ([0x0D, 0xF0, 0x05, 0xB1] as [UInt32]).enumerated() { r[Register(rawValue: 0xFF0 + UInt32(n) * 4)!].reset(v) }
  }
  struct State: BitwiseCopyable {
    var tx = HalfwordFIFO(capacity: 8), rx = HalfwordFIFO(capacity: 8)
    var overrun = false, timeout = false
    /// A frame is under way: what goes out, what came in, halves of bits done.
    var busy = false, out: UInt32 = 0, input: UInt32 = 0, half = 0
    var bitwise = false
    /// Frames that go by without an event, from the one under way on, which began at `begun`; each takes `duration`.
    var run = 1, begun: UInt64 = 0, duration: UInt64 = 0, isEmptied = false
    /// Target mode: bits since the frame began.
    var selected = false, bits = 0, hasWord = false
    var rxd = false, clock = false, frame = true
  }
  let state: UnsafeMutablePointer<State>
  private let scheduler: Scheduler, clock: UnsafeMutablePointer<Clock>
  private var event, idle: Scheduler.Event!
  public let irq: Line
  let dreqTX, dreqRX: Line
  /// SCLK, TXD and the frame select (low: selected) of the controller; TXD of a target too.
  let sclk, txd, fss: Line
  /// The parts that take whole words of a width in a mode (CPOL, CPHA); nil when somebody outside needs the edges.
  var route: (_ width: Int, _ mode: UInt8) -> [SPIFrames.Route]? = { _, _ in [] }
  /// DMA that feeds and empties the FIFOs.
  var stream: (any FrameStream)?
  private var listeners: [SPIFrames.Route] = []

  /// - Parameter clock: clk_peri.
  init(name: String, arena: StateArena, scheduler: Scheduler, clock: UnsafeMutablePointer<Clock>) {
    self.scheduler = scheduler
    self.clock = clock
    state = arena.allocate("\(name).state", initial: State())
    irq = Line("\(name).IRQ", arena: arena)
    dreqTX = Line("\(name).DREQ_TX", arena: arena)
    dreqRX = Line("\(name).DREQ_RX", arena: arena)
    sclk = Line("\(name).SCLK", arena: arena)
    txd = Line("\(name).TXD", arena: arena)
    fss = Line("\(name).FSS", arena: arena)
    super.init(Self.map, name: name, arena: arena)
    fss.set(true)
    event = scheduler.event("\(name).frame") { [unowned self] _ in step() }
    idle = scheduler.event("\(name).timeout") { [unowned self] _ in
      guard !state.pointee.rx.isEmpty else { return }
      state.pointee.timeout = true
      update()
    }
  }

  private var width: Int { max(4, Int(self[.sspCR0] & 15) + 1) }
  /// A word's bits.
  private var ones: UInt16 { 0xFFFF >> UInt16(16 - width) }
  private var polarity: Bool { self[.sspCR0][bit: 6] }
  private var phase: Bool { self[.sspCR0][bit: 7] }
  private var format: UInt32 { self[.sspCR0][bits: 4...5] }
  private var isTarget: Bool { self[.sspCR1][bit: 2] }
  private var isEnabled: Bool { self[.sspCR1][bit: 1] }
  private var loops: Bool { self[.sspCR1][bit: 0] }
  /// Of one bit, in picoseconds; 0: the clock stands.
  private func bitTime(_ bits: UInt64) -> UInt64 {
    let prescaler = UInt64(self[.sspCPSR] & 0xFE), f = clock.pointee.frequency256
    guard prescaler >= 2, f > 0 else { return 0 }
    let cycles = prescaler * (UInt64(self[.sspCR0][bits: 8...15]) + 1) * bits
    return UInt64((UInt128(cycles) * 256 * 1_000_000_000_000) / UInt128(f))
  }

  // MARK: Registers

  private var status: UInt32 {
    let s = state.pointee
    return (s.tx.isEmpty ? 1 : 0) | (s.tx.isFull ? 0 : 2) | (s.rx.isEmpty ? 0 : 4) | (s.rx.isFull ? 8 : 0) | (s.busy || !s.tx.isEmpty ? 16 : 0)
  }
  private var raw: UInt32 {
    let s = state.pointee
    return (s.overrun ? 1 : 0) | (s.timeout ? 2 : 0) | (s.rx.count >= 4 ? 4 : 0) | (s.tx.count <= 4 ? 8 : 0)
  }
  private func update() {
    irq.set(raw & self[.sspIMSC] != 0)
    dreqTX.set(self[.sspDMACR][bit: 1] && isEnabled && !state.pointee.tx.isFull)
    dreqRX.set(self[.sspDMACR][bit: 0] && !state.pointee.rx.isEmpty)
  }
  private func send(_ v: UInt32) {
    guard !state.pointee.tx.isFull else { return }
    state.pointee.tx.push(UInt16(truncatingIfNeeded: v) & ones)
    begin()
    update()
  }
  private func receive() -> UInt32 {
    let v = UInt32(state.pointee.rx.pop())
    state.pointee.timeout = false
    if state.pointee.rx.isEmpty { scheduler.cancel(idle) } else { watchIdle() }
    update()
    return v
  }
  /// §2.6.4: words that nobody reads for 32 bit times.
  private func watchIdle() {
    let t = bitTime(32)
    if t > 0 { scheduler.schedule(idle, after: t) }
  }
  private func keep(_ word: UInt32) {
    if state.pointee.rx.isFull { state.pointee.overrun = true } else { state.pointee.rx.push(UInt16(truncatingIfNeeded: word)) }
    watchIdle()
    update()
  }
  private func idleLevels() { if !state.pointee.busy { sclk.set(format == 0 && polarity) } }
  private func enabledChanged() {
    if !isEnabled {
      scheduler.cancel(event)
      state.pointee.busy = false
      state.pointee.bits = 0
      fss.set(true)
    }
    idleLevels()
    begin()
    update()
  }

  // MARK: Controller

  private func begin() {
    guard isEnabled, !isTarget, !state.pointee.busy, !state.pointee.tx.isEmpty, bitTime(1) > 0 else { return }
    state.pointee.busy = true
    state.pointee.out = UInt32(state.pointee.tx.pop())
    state.pointee.input = 0
    state.pointee.half = 0
    let parts = route(width, format == 0 ? (polarity ? 2 : 0) | (phase ? 1 : 0) : 0xFF)
    state.pointee.bitwise = parts == nil
    state.pointee.begun = scheduler.now
    state.pointee.duration = bitTime(UInt64(width))
    fss.set(format == 1)
    guard let parts else {
      if !phase || format != 0 { txd.set(bit(0)) }
      scheduleEdge()
      return update()
    }
    listeners = parts
    scheduler.schedule(event, at: state.pointee.begun &+ state.pointee.duration)
    update()
    beginRun()
  }
  /// With the FIFOs in the state that DMA keeps them in, nothing that the processor can tell happens for some frames but that
  /// time goes by.
  private func beginRun() {
    let s = state.pointee, isEmptied = s.rx.count == 1 && self[.sspDMACR][bit: 0]
    guard let stream, self[.sspDMACR][bit: 1], s.tx.count == s.tx.capacity - 1, isEmptied || s.rx.isFull && s.overrun else { return }
    let frames = stream.open(receives: isEmptied, period: s.duration)
    guard frames > 1 else { return }
    state.pointee.run = frames
    state.pointee.isEmptied = isEmptied
    for l in listeners where l.part.catchUp == nil { l.part.catchUp = { [weak self] in _ = self?.settled() } }
    scheduler.cancel(idle)
    scheduler.schedule(event, at: s.begun &+ s.duration &* UInt64(frames))
  }
  /// Ends a run: all frames whose time has passed are done, the one under way is as if it had begun alone.
  @discardableResult func settled() -> PL022 {
    if state.pointee.run > 1 { endRun(at: scheduler.now) }
    return self
  }
  @inline(never) private func endRun(at now: UInt64) {
    guard let stream, state.pointee.duration > 0 else { return state.pointee.run = 1 }
    let passed = min((now &- state.pointee.begun) / state.pointee.duration, UInt64(state.pointee.run - 1))
    state.pointee.run = 1
    stream.resume()
    var left = passed
    // What the last frames bring in stays to be seen; what the others do, only if it goes to memory.
    if !(state.pointee.isEmptied && stream.keepsAll), passed > 4 {
      left = 2
      deliver(count: Int(passed - left), from: stream)
    }
    for _ in 0..<left {
      let word = deliver(state.pointee.out)
      if state.pointee.isEmptied {
        stream.put(UInt32(state.pointee.rx.pop()))
        state.pointee.rx.push(UInt16(truncatingIfNeeded: word))
      }
      state.pointee.out = UInt32(state.pointee.tx.pop())
      state.pointee.tx.push(stream.next() & ones)
    }
    state.pointee.begun &+= passed &* state.pointee.duration
    scheduler.schedule(event, at: state.pointee.begun &+ state.pointee.duration)
    scheduler.schedule(idle, at: state.pointee.begun &+ bitTime(32))
    stream.close(at: state.pointee.begun)
  }
  /// The frames of a run whose answers nobody sees.
  private func deliver(count: Int, from stream: any FrameStream) {
    let waiting = state.pointee.tx.count
    withUnsafeTemporaryAllocation(of: UInt16.self, capacity: count + 1 + waiting) { words in
      words[0] = UInt16(truncatingIfNeeded: state.pointee.out)
      for i in 0..<waiting { words[1 + i] = state.pointee.tx.pop() }
      stream.next(UnsafeMutableBufferPointer(rebasing: words[(1 + waiting)...]))
      for i in 0..<count { words[1 + waiting + i] &= ones }
      for l in listeners { l.part.frames(UnsafeBufferPointer(rebasing: words[..<count]), width: width) }
      state.pointee.out = UInt32(words[count])
      for i in 0..<waiting { state.pointee.tx.push(words[count + 1 + i]) }
    }
    if state.pointee.isEmptied { stream.drop(count) }
  }
  /// Gives a whole word to the parts; what comes back.
  private func deliver(_ word: UInt32) -> UInt32 {
    let ones = UInt32(ones)
    var answer: UInt32?
    for l in listeners {
      if let v = l.part.frame(word, width: width), l.isHeard { answer = (answer ?? ones) & v }
    }
    return loops ? word : answer ?? (state.pointee.rxd ? ones : 0)
  }
  private func bit(_ n: Int) -> Bool { state.pointee.out[bit: max(0, width - 1 - n)] }
  private var incoming: Bool { loops ? txd.isHigh : state.pointee.rxd }

  private func step() {
    guard state.pointee.busy else { return }
    guard state.pointee.bitwise else {
      settled()
      state.pointee.input = deliver(state.pointee.out)
      return finish()
    }
    let half = state.pointee.half, n = half / 2
    state.pointee.half += 1
    // The first edge of each bit, then the second: sampled on one, changed on the other, by the phase.
    let first = half % 2 == 0
    sclk.set(first != (format == 0 && polarity))
    let samples = format == 0 ? first != phase : !first
    if samples {
      state.pointee.input = state.pointee.input << 1 | (incoming ? 1 : 0)
    } else if phase || format != 0 {
      txd.set(bit(n))
    } else if n + 1 < width {
      txd.set(bit(n + 1))
    }
    if state.pointee.half == width * 2 { return finish() }
    scheduleEdge()
  }
  /// The next half of a bit.
  private func scheduleEdge() {
    scheduler.schedule(event, at: state.pointee.begun &+ state.pointee.duration &* UInt64(state.pointee.half + 1) / UInt64(width * 2))
  }
  private func finish() {
    state.pointee.busy = false
    keep(state.pointee.input)
    // With the phase clear the select rises between frames.
    if state.pointee.tx.isEmpty || !phase { fss.set(true) }
    sclk.set(format == 0 && polarity)
    begin()
    update()
  }

  // MARK: Lines in

  func rxdChanged(_ level: Bool) { state.pointee.rxd = level }
  /// Target: the controller's select, low while it speaks.
  func frameChanged(_ level: Bool) {
    state.pointee.frame = level
    guard isEnabled, isTarget else { return }
    state.pointee.selected = !level
    state.pointee.bits = 0
    if !level { load() }
  }
  /// The next word is shown; it leaves the FIFO when its first bit is taken.
  private func load() {
    state.pointee.out = UInt32(state.pointee.tx.first)
    state.pointee.hasWord = !state.pointee.tx.isEmpty
    state.pointee.input = 0
    if !phase && !self[.sspCR1][bit: 3] { txd.set(bit(0)) }
    update()
  }
  /// Target: the controller's clock.
  func clockChanged(_ level: Bool) {
    guard level != state.pointee.clock else { return }
    state.pointee.clock = level
    guard isEnabled, isTarget, state.pointee.selected else { return }
    let first = level != polarity
    if first != phase {
      if state.pointee.bits == 0, state.pointee.hasWord {
        _ = state.pointee.tx.pop()
        state.pointee.hasWord = false
        update()
      }
      state.pointee.input = state.pointee.input << 1 | (state.pointee.rxd ? 1 : 0)
      state.pointee.bits += 1
      if state.pointee.bits == width {
        keep(state.pointee.input)
        state.pointee.bits = 0
        state.pointee.input = 0
      }
    } else {
      if state.pointee.bits == 0 { load() }
      if !self[.sspCR1][bit: 3] { txd.set(bit(state.pointee.bits)) }
    }
  }
  public override func reset() {
    settled()
    super.reset()
    scheduler.cancel(event)
    scheduler.cancel(idle)
    let s = state.pointee
    state.pointee = State()
    state.pointee.rxd = s.rxd
    state.pointee.clock = s.clock
    fss.set(true)
    sclk.set(false)
    update()
  }
}

/// Who keeps a serial block's FIFOs full and empty, one word each a frame, for as long as nobody looks.
protocol FrameStream: AnyObject {
  /// How many frames can go by before something else happens than a word moved each way; 0 or 1: none.
  /// - Parameters:
  ///   - receives: what comes in is taken too.
  ///   - period: of a frame, in picoseconds.
  func open(receives: Bool, period: UInt64) -> Int
  /// The run ends: its words are asked for and given now.
  func resume()
  /// The next word for the transmitter, or as many as there is room for.
  func next() -> UInt16
  func next(_ words: UnsafeMutableBufferPointer<UInt16>)
  /// A word from the receiver.
  func put(_ word: UInt32)
  /// Whether each word from the receiver gets a place of its own; else only the last counts, and `drop` is for the others.
  var keepsAll: Bool { get }
  func drop(_ count: Int)
  /// From `time` on the words move one by one again.
  func close(at time: UInt64)
}
