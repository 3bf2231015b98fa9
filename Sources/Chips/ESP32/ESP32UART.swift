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
    var cts = false
    /// Autobaud: when RXD last changed.
    var edge: UInt64 = 0
  }
  private let state: UnsafeMutablePointer<State>
  private let rx: UnsafeMutablePointer<UInt8>, tx: UnsafeMutablePointer<UInt8>
  private let scheduler: Scheduler, clocks: ESP32Clocks
  public let irq: Line
  let serial: AsyncSerial
  /// TXD, high at rest.
  public var txd: Line { serial.txd }
  /// RTS, low while more is welcome.
  public let rts: Line
  /// The outside of the line, byte by byte.
  public var port: Port? { didSet { port?.onInput = { [unowned self] in serial.fetch() } } }
  /// Told each byte that has left.
  public var onSent: (UInt8) -> Void = { _ in }
  /// Bits a second of what is at the other end of the port, for as long as the chip looks for it (AUTOBAUD).
  public var lineBaud: UInt64 = 115_200
  /// What the divider divides, in 1/256 Hz; nil: APB_CLK or REF_TICK, as CONF0 says.
  var source: (() -> UInt64)?
  private var idle, interrupted: Scheduler.Event!

  init(name: String, arena: StateArena, scheduler: Scheduler, clocks: ESP32Clocks) {
    self.scheduler = scheduler
    self.clocks = clocks
    state = arena.allocate("\(name).state", initial: State())
    rx = arena.allocate("\(name).rx", count: Self.depth, initial: UInt8(0))
    tx = arena.allocate("\(name).tx", count: Self.depth, initial: UInt8(0))
    irq = Line("\(name).IRQ", arena: arena)
    serial = AsyncSerial(name, arena: arena, scheduler: scheduler)
    rts = Line("\(name).RTS", arena: arena)
    super.init(Self.map, name: name, arena: arena)
    serial.output = { [unowned self] in loopback ? nil : port }
    serial.input = { [unowned self] in port }
    serial.listens = { [unowned self] in !loopback }
    serial.isReady = { [unowned self] in !loopback && state.pointee.rxCount < Self.depth && !self[.conf0][bit: 17] }
    serial.onSent = { [unowned self] in characterSent($0) }
    serial.onArriving = { [unowned self] byte in if self[.autobaud][bit: 0] { measure(byte) } }
    serial.onReceived = { [unowned self] in accept($0) }
    interrupted = scheduler.event("\(name).interrupted") { [unowned self] _ in update() }
    idle = scheduler.event("\(name).idle") { [unowned self] _ in
      if state.pointee.rxCount > 0, self[.conf1][bit: 31] {
        self[.intRaw][bit: Interrupt.timeout] = true
        update()
      }
    }
    clocks.onChange.append { [unowned self] in timingChanged() }
    timingChanged()
  }
  private var loopback: Bool { self[.conf0][bit: 14] }
  /// §13.3.3: the divider of APB_CLK or REF_TICK, in sixteenths.
  func timingChanged() {
    let divider = UInt64(self[.clkdiv] & 0xFFFFF) * 16 + UInt64(self[.clkdiv][bits: 20...23]), c = self[.conf0]
    serial.format = .init(
      bit: AsyncSerial.time(cycles256: divider * 16, frequency256: source?() ?? (c[bit: 27] ? clocks.apb : clocks.refTick).pointee.frequency256), dataBits: 5 + UInt8(c[bits: 2...3]),
      parity: !c[bit: 1] ? .none : c[bit: 0] ? .odd : .even, halfStops: [2, 2, 3, 4][Int(c[bits: 4...5])])
    beginSend()
    serial.fetch()
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
    // A break, and inverted lines.
    serial.rest(breaking: v[bit: 8], inverted: v[bit: 22])
    update()
  }
  // MARK: Transmit

  private func transmit(_ byte: UInt8) {
    guard state.pointee.txCount < Self.depth, !self[.conf0][bit: 18] else { return }
    tx[(state.pointee.txHead + state.pointee.txCount) & 127] = byte
    state.pointee.txCount += 1
    beginSend()
    update()
  }
  private func beginSend() {
    guard !serial.isSending, state.pointee.txCount > 0, serial.format.bit > 0 else { return }
    // CTS flow control: a character begins only while CTS is low.
    if self[.conf0][bit: 15] && state.pointee.cts != self[.conf0][bit: 20] { return }
    let byte = tx[state.pointee.txHead]
    state.pointee.txHead = (state.pointee.txHead + 1) & 127
    state.pointee.txCount -= 1
    serial.send(byte)
  }
  private func characterSent(_ byte: UInt8) {
    onSent(byte)
    if loopback { accept(UInt16(byte)) }
    beginSend()
    if !serial.isSending { self[.intRaw][bit: Interrupt.txDone] = true }
    update()
  }

  // MARK: Receive

  func rxdChanged(_ level: Bool) {
    let level = level != self[.conf0][bit: 19]
    guard level != serial.rxd else { return }
    if self[.autobaud][bit: 0] { edge(level, after: scheduler.now &- state.pointee.edge) }
    state.pointee.edge = scheduler.now
    serial.rxdChanged(level)
  }
  func ctsChanged(_ level: Bool) {
    guard level != state.pointee.cts else { return }
    state.pointee.cts = level
    self[.intRaw][bit: Interrupt.cts] = true
    beginSend()
    update()
  }
  private func accept(_ word: UInt16) {
    let byte = UInt8(truncatingIfNeeded: word)
    if word & AsyncSerial.Fault.parity != 0 { self[.intRaw][bit: Interrupt.parity] = true }
    if word & AsyncSerial.Fault.framing != 0 { self[.intRaw][bit: word & AsyncSerial.Fault.breakCondition != 0 ? Interrupt.breakDetected : Interrupt.framing] = true }
    if state.pointee.rxCount < Self.depth {
      rx[(state.pointee.rxHead + state.pointee.rxCount) & 127] = byte
      state.pointee.rxCount += 1
    } else {
      self[.intRaw][bit: Interrupt.overflow] = true
    }
    if UInt32(byte) == self[.atCmdChar] & 0xFF, self[.atCmdChar][bits: 8...15] <= 1 { self[.intRaw][bit: Interrupt.command] = true }
    // §13.3.8: so many times eight bits without another character.
    if self[.conf1][bit: 31] { scheduler.schedule(idle, after: max(1, serial.format.bit &* 8 &* UInt64(self[.conf1][bits: 24...30]))) }
    update()
  }
  private func receive() -> UInt32 {
    guard state.pointee.rxCount > 0 else { return 0 }
    let v = UInt32(rx[state.pointee.rxHead])
    state.pointee.rxHead = (state.pointee.rxHead + 1) & 127
    state.pointee.rxCount -= 1
    if state.pointee.rxCount == 0 { scheduler.cancel(idle) }
    serial.fetch()
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
    v[bit: 15] = serial.rxd
    v[bits: 24...27] = serial.isSending ? 3 : 0
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
    // It lasts as long as the FIFO is full: the vendor's boot ROM, while it looks for a host on two UARTs, takes a byte of the other one, perhaps
    // after that was emptied by CONF0, and clears nothing.
    self[.intRaw][bit: Interrupt.rxFull] = s.rxCount >= max(1, Int(c[bits: 0...6]))
    if s.txCount <= Int(c[bits: 8...14]) { self[.intRaw][bit: Interrupt.txEmpty] = true }
    rts.set(c[bit: 23] ? s.rxCount >= Int(c[bits: 16...22]) : !self[.conf0][bit: 6])
    irq.set(self[.intRaw] & self[.intEna] != 0)
  }
  public override func reset() {
    super.reset()
    for e in [idle, interrupted] { scheduler.cancel(e!) }
    serial.reset()
    state.pointee = State(cts: state.pointee.cts)
    timingChanged()
    update()
  }
}
