import Machine

/// ESP32 TRM chapter 13: a UART with FIFOs of 128 bytes.
public final class ESP32UART: RegisterDevice, RegisterNaming {
  public enum Register: UInt32, CaseIterable, Sendable {
    case fifo = 0x00, intRaw = 0x04, intSt = 0x08, intEna = 0x0C, intClr = 0x10, clkdiv = 0x14, autobaud = 0x18, status = 0x1C, conf0 = 0x20, conf1 = 0x24, lowpulse = 0x28
    case highpulse = 0x2C, rxdCnt = 0x30, flowConf = 0x34, sleepConf = 0x38, swfcConf = 0x3C, idleConf = 0x40, rs485Conf = 0x44, atCmdPrecnt = 0x48, atCmdPostcnt = 0x4C
    case atCmdGaptout = 0x50, atCmdChar = 0x54, memConf = 0x58, memTxStatus = 0x5C, memRxStatus = 0x60, memCntStatus = 0x64, pospulse = 0x68, negpulse = 0x6C, date = 0x78, id = 0x7C
  }
  static let map = RegisterMap<ESP32UART> { r in
    let stored: [Register: UInt32] = [
      .clkdiv: 0x2B6, .sleepConf: 0xF0, .swfcConf: 0x1311_E000, .idleConf: 0xA4_0100, .atCmdPrecnt: 0x18_6A00, .atCmdPostcnt: 0x18_6A00, .atCmdGaptout: 0x1E00, .atCmdChar: 0x32B,
      .date: 0x1512_2500, .id: 0x500,
    ]
    for x in Register.allCases { r[x].bits(0...31).reset(stored[x] ?? 0) }
    r[.fifo].onRead { $0.receive() }.onWrite { d, v in d.transmit(UInt8(truncatingIfNeeded: v)) }
    r[.intRaw].bits(0...18, .readOnly)
    r[.intSt].onRead { $0[.intRaw] & $0[.intEna] }
    r[.intEna].bits(0...18).onWrite { d, _ in d.enabled() }
    r[.intClr].onWrite { d, v in
      d[.intRaw] &= ~v
      d.update()
    }
    r[.clkdiv].bits(0...23).reset(0x2B6).onWrite { d, _ in d.timingChanged() }
    r[.autobaud].bits(0...0).bits(8...15).reset(0x1000).onWrite { d, v in d.autobaud(v) }
    r[.status].onRead { $0.status }
    r[.conf0].bits(0...27).reset(0x800_001C).onWrite { d, v in d.configured(v) }
    r[.conf1].bits(0...31).reset(0x6060).onWrite { d, _ in d.update() }
    for x in [Register.lowpulse, .highpulse, .pospulse, .negpulse] { r[x].bits(0...19, .readOnly).reset(0xF_FFFF) }
    r[.rxdCnt].bits(0...9, .readOnly)
    r[.memConf].bits(0...31).reset(0x88).onWrite { d, _ in d.update() }
    r[.memTxStatus].onRead { UInt32($0.state.pointee.txHead & 0x7F) << 2 | UInt32(($0.state.pointee.txHead + $0.state.pointee.txCount) & 0x7F) << 13 }
    r[.memRxStatus].onRead { UInt32($0.state.pointee.rxHead & 0x7F) << 2 | UInt32(($0.state.pointee.rxHead + $0.state.pointee.rxCount) & 0x7F) << 13 }
    r[.memCntStatus].reset(0)
  }
  static let depth = 128
  /// Bits of INT_RAW.
  enum Interrupt {
    static let rxFull = 0, txEmpty = 1, parity = 2, framing = 3, overflow = 4, cts = 6, breakDetected = 7, timeout = 8, txDone = 14, command = 18
  }
  struct State: BitwiseCopyable {
    var rxHead = 0, rxCount = 0, txHead = 0, txCount = 0
    /// Picoseconds of one bit.
    var bit: UInt64 = 0
    var sending = false, sendingByte: UInt8 = 0, receiving = false, receivingByte: UInt8 = 0
    /// The bits still to be shown on TXD, the next one lowest, and how many.
    var shift: UInt32 = 0, shiftCount: UInt8 = 0
    /// The pins as inputs; a character that RXD brings, bit by bit from its start bit.
    var rxd = true, cts = false
    var sampling = false, samples: UInt32 = 0, sampleCount: UInt8 = 0
    /// Autobaud: when RXD last changed.
    var edge: UInt64 = 0
  }
  private let state: UnsafeMutablePointer<State>
  private let rx: UnsafeMutablePointer<UInt8>, tx: UnsafeMutablePointer<UInt8>
  private let scheduler: Scheduler, clocks: ESP32Clocks
  public let irq: Line
  /// TXD, high at rest, and RTS, low while more is welcome.
  public let txd, rts: Line
  /// Whether something looks at TXD: else its waveform is not made.
  var isWatched: () -> Bool = { false }
  /// The outside of the line, byte by byte.
  public var port: Port? { didSet { port?.onInput = { [unowned self] in beginReceive() } } }
  /// Told each byte that has left.
  public var onSent: (UInt8) -> Void = { _ in }
  /// Bits a second of what is at the other end of the port, for as long as the chip looks for it (AUTOBAUD).
  public var lineBaud: UInt64 = 115_200
  /// What the divider divides, in 1/256 Hz; nil: APB_CLK or REF_TICK, as CONF0 says.
  var source: (() -> UInt64)?
  private var sent, arrived, idle, shifted, sampled, interrupted: Scheduler.Event!

  init(name: String, arena: StateArena, scheduler: Scheduler, clocks: ESP32Clocks) {
    self.scheduler = scheduler
    self.clocks = clocks
    state = arena.allocate("\(name).state", initial: State())
    rx = arena.allocate("\(name).rx", count: Self.depth, initial: UInt8(0))
    tx = arena.allocate("\(name).tx", count: Self.depth, initial: UInt8(0))
    irq = Line("\(name).IRQ", arena: arena)
    txd = Line("\(name).TXD", arena: arena)
    rts = Line("\(name).RTS", arena: arena)
    super.init(Self.map, name: name, arena: arena)
    sent = scheduler.event("\(name).sent") { [unowned self] _ in characterSent() }
    arrived = scheduler.event("\(name).arrived") { [unowned self] _ in
      state.pointee.receiving = false
      accept(state.pointee.receivingByte)
      beginReceive()
    }
    shifted = scheduler.event("\(name).shifted") { [unowned self] _ in showNextBit() }
    sampled = scheduler.event("\(name).sampled") { [unowned self] _ in sample() }
    interrupted = scheduler.event("\(name).interrupted") { [unowned self] _ in update() }
    idle = scheduler.event("\(name).idle") { [unowned self] _ in
      if state.pointee.rxCount > 0, self[.conf1][bit: 31] {
        self[.intRaw][bit: Interrupt.timeout] = true
        update()
      }
    }
    clocks.onChange.append { [unowned self] in timingChanged() }
    timingChanged()
    txd.set(true)
  }
  private var loopback: Bool { self[.conf0][bit: 14] }
  private var dataBits: Int { 5 + Int(self[.conf0][bits: 2...3]) }
  /// Bits of a character: start, data, parity, and one, one and a half or two stop bits (in halves).
  private var halfBits: UInt64 {
    let c = self[.conf0], stop: UInt64 = [2, 2, 3, 4][Int(c[bits: 4...5])]
    return UInt64(1 + dataBits + (c[bit: 1] ? 1 : 0)) * 2 + stop
  }
  private var character: UInt64 { state.pointee.bit &* halfBits / 2 }
  /// §13.3.3: the divider of APB_CLK or REF_TICK, in sixteenths.
  func timingChanged() {
    let divider = UInt64(self[.clkdiv] & 0xFFFFF) * 16 + UInt64(self[.clkdiv][bits: 20...23]), f = source?() ?? (self[.conf0][bit: 27] ? clocks.apb : clocks.refTick).pointee.frequency256
    state.pointee.bit = divider > 0 && f > 0 ? UInt64(truncatingIfNeeded: UInt128(Clock.picosecondsPerSecond) * UInt128(divider * 16) / UInt128(f)) : 0
    beginSend()
    beginReceive()
  }
  private func configured(_ v: UInt32) {
    if v[bit: 17] {
      state.pointee.rxHead = 0
      state.pointee.rxCount = 0
      scheduler.cancel(idle)
    }
    if v[bit: 18] {
      state.pointee.txHead = 0
      state.pointee.txCount = 0
    }
    timingChanged()
    rest()
    update()
  }
  /// TXD while nothing is sent: high, or low for a break, inverted as CONF0 says.
  private func rest() { if state.pointee.shiftCount == 0 { txd.set(!self[.conf0][bit: 8] != self[.conf0][bit: 22]) } }
  private func parity(_ byte: UInt32) -> UInt32 { UInt32(byte.nonzeroBitCount) & 1 ^ (self[.conf0][bit: 0] ? 1 : 0) }

  // MARK: Transmit

  private func transmit(_ byte: UInt8) {
    guard state.pointee.txCount < Self.depth, !self[.conf0][bit: 18] else { return }
    tx[(state.pointee.txHead + state.pointee.txCount) & 127] = byte
    state.pointee.txCount += 1
    beginSend()
    update()
  }
  private func beginSend() {
    guard !state.pointee.sending, state.pointee.txCount > 0, state.pointee.bit > 0 else { return }
    // CTS flow control: a character begins only while CTS is low.
    if self[.conf0][bit: 15] && state.pointee.cts != self[.conf0][bit: 20] { return }
    state.pointee.sendingByte = tx[state.pointee.txHead]
    state.pointee.txHead = (state.pointee.txHead + 1) & 127
    state.pointee.txCount -= 1
    state.pointee.sending = true
    scheduler.schedule(sent, after: character)
    if isWatched() {
      let byte = UInt32(state.pointee.sendingByte) & ((1 << UInt32(dataBits)) - 1)
      var frame = byte << 1, count = dataBits + 1
      if self[.conf0][bit: 1] {
        frame |= parity(byte) << UInt32(count)
        count += 1
      }
      state.pointee.shift = frame | ~0 << UInt32(count)
      state.pointee.shiftCount = UInt8(count + 1)
      showNextBit()
    }
  }
  private func showNextBit() {
    guard state.pointee.shiftCount > 0 else { return }
    txd.set((state.pointee.shift & 1 == 1) != self[.conf0][bit: 22])
    state.pointee.shift >>= 1
    state.pointee.shiftCount -= 1
    if state.pointee.shiftCount > 0 { scheduler.schedule(shifted, after: state.pointee.bit) }
  }
  private func characterSent() {
    state.pointee.sending = false
    let byte = state.pointee.sendingByte & (0xFF >> UInt8(8 - dataBits))
    onSent(byte)
    if loopback { accept(byte) } else { port?.send(byte) }
    beginSend()
    if !state.pointee.sending {
      self[.intRaw][bit: Interrupt.txDone] = true
      rest()
    }
    update()
  }

  // MARK: Receive

  /// The next byte of the port begins to arrive; while the FIFO is full it waits outside.
  private func beginReceive() {
    guard !loopback, !state.pointee.receiving, state.pointee.rxCount < Self.depth, state.pointee.bit > 0, !self[.conf0][bit: 17], let byte = port?.take() else { return }
    state.pointee.receiving = true
    state.pointee.receivingByte = byte
    if self[.autobaud][bit: 0] { measure(byte) }
    scheduler.schedule(arrived, after: character)
  }
  /// RXD changed: a fall from rest is a start bit.
  func rxdChanged(_ level: Bool) {
    let level = level != self[.conf0][bit: 19]
    guard level != state.pointee.rxd else { return }
    state.pointee.rxd = level
    if self[.autobaud][bit: 0] { edge(level, after: scheduler.now &- state.pointee.edge) }
    state.pointee.edge = scheduler.now
    guard !level, !state.pointee.sampling, !loopback, state.pointee.bit > 0 else { return }
    state.pointee.sampling = true
    state.pointee.samples = 0
    state.pointee.sampleCount = 0
    scheduler.schedule(sampled, after: state.pointee.bit / 2)
  }
  func ctsChanged(_ level: Bool) {
    guard level != state.pointee.cts else { return }
    state.pointee.cts = level
    self[.intRaw][bit: Interrupt.cts] = true
    beginSend()
    update()
  }
  /// The middle of a bit on RXD.
  private func sample() {
    let n = UInt32(state.pointee.sampleCount), c = self[.conf0]
    if n == 0 && state.pointee.rxd {
      state.pointee.sampling = false
      return
    }
    if state.pointee.rxd { state.pointee.samples |= 1 << n }
    state.pointee.sampleCount += 1
    let last = UInt32(1 + dataBits + (c[bit: 1] ? 1 : 0))
    if n < last { return scheduler.schedule(sampled, after: state.pointee.bit) }
    state.pointee.sampling = false
    let data = state.pointee.samples >> 1 & ((1 << UInt32(dataBits)) - 1)
    if c[bit: 1], state.pointee.samples >> UInt32(1 + dataBits) & 1 != parity(data) { self[.intRaw][bit: Interrupt.parity] = true }
    if !state.pointee.rxd { self[.intRaw][bit: state.pointee.samples == 0 ? Interrupt.breakDetected : Interrupt.framing] = true }
    accept(UInt8(truncatingIfNeeded: data))
  }
  private func accept(_ byte: UInt8) {
    if state.pointee.rxCount < Self.depth {
      rx[(state.pointee.rxHead + state.pointee.rxCount) & 127] = byte
      state.pointee.rxCount += 1
    } else {
      self[.intRaw][bit: Interrupt.overflow] = true
    }
    if UInt32(byte) == self[.atCmdChar] & 0xFF, self[.atCmdChar][bits: 8...15] <= 1 { self[.intRaw][bit: Interrupt.command] = true }
    // §13.3.8: so many times eight bits without another character.
    if self[.conf1][bit: 31] { scheduler.schedule(idle, after: max(1, state.pointee.bit &* 8 &* UInt64(self[.conf1][bits: 24...30]))) }
    update()
  }
  private func receive() -> UInt32 {
    guard state.pointee.rxCount > 0 else { return 0 }
    let v = UInt32(rx[state.pointee.rxHead])
    state.pointee.rxHead = (state.pointee.rxHead + 1) & 127
    state.pointee.rxCount -= 1
    if state.pointee.rxCount == 0 { scheduler.cancel(idle) }
    beginReceive()
    update()
    return v
  }

  // MARK: Autobaud, §13.3.4

  private func autobaud(_ v: UInt32) {
    guard !v[bit: 0] else { return }
    self[.rxdCnt] = 0
    for x in [Register.lowpulse, .highpulse, .pospulse, .negpulse] { self[x] = 0xF_FFFF }
  }
  private func edge(_ level: Bool, after time: UInt64) {
    let cycles = UInt32(truncatingIfNeeded: min(0xF_FFFF, UInt64(truncatingIfNeeded: UInt128(time) * UInt128(clocks.apb.pointee.frequency256) / UInt128(Clock.picosecondsPerSecond * 256))))
    self[.rxdCnt] = min(0x3FF, self[.rxdCnt] + 1)
    // A rise ends a low pulse.
    if level { self[.lowpulse] = min(self[.lowpulse], cycles) } else if self[.rxdCnt] > 1 { self[.highpulse] = min(self[.highpulse], cycles) }
  }
  /// The edges of a byte that comes through the port, at the other end's speed.
  private func measure(_ byte: UInt8) {
    let bit = Clock.picosecondsPerSecond / max(1, lineBaud)
    var frame = UInt32(byte) << 1 | 0x200, last = true, length: UInt64 = 10
    for _ in 0..<10 {
      let level = frame & 1 == 1
      if level != last {
        edge(level, after: length * bit)
        length = 0
      }
      length += 1
      last = level
      frame >>= 1
    }
  }

  private var status: UInt32 {
    let s = state.pointee
    var v = UInt32(s.rxCount) | UInt32(s.txCount) << 16
    v[bit: 14] = s.cts
    v[bit: 15] = s.rxd
    v[bits: 24...27] = s.sending ? 3 : 0
    v[bit: 30] = rts.isHigh
    v[bit: 31] = txd.isHigh
    return v
  }
  /// A newly enabled interrupt reaches the CPU some cycles after the store that enabled it: the vendor's boot ROM counts on the instruction
  /// that comes in between.
  private func enabled() {
    if !irq.isHigh, self[.intRaw] & self[.intEna] != 0 { scheduler.schedule(interrupted, after: 4 * Clock.picosecondsPerSecond * 256 / max(1, clocks.apb.pointee.frequency256)) } else { update() }
  }
  private func update() {
    let c = self[.conf1], s = state.pointee
    if s.rxCount >= max(1, Int(c[bits: 0...6])) { self[.intRaw][bit: Interrupt.rxFull] = true }
    if s.txCount <= Int(c[bits: 8...14]) { self[.intRaw][bit: Interrupt.txEmpty] = true }
    rts.set(c[bit: 23] ? s.rxCount >= Int(c[bits: 16...22]) : !self[.conf0][bit: 6])
    irq.set(self[.intRaw] & self[.intEna] != 0)
  }
  public override func reset() {
    super.reset()
    for e in [sent, arrived, idle, shifted, sampled, interrupted] { scheduler.cancel(e!) }
    state.pointee = State(rxd: state.pointee.rxd, cts: state.pointee.cts)
    txd.set(true)
    timingChanged()
    update()
  }
}
