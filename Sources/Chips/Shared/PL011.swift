import Machine

/// ARM PrimeCell UART, PL011 (ARM DDI 0183), with the 32-deep FIFOs of revision r1p5.
public final class PL011: RegisterDevice, RegisterNaming {
  public enum Register: UInt32, CaseIterable, Sendable {
    case uartDR = 0x00, uartRSR = 0x04, uartFR = 0x18, uartILPR = 0x20, uartIBRD = 0x24, uartFBRD = 0x28, uartLCR_H = 0x2C, uartCR = 0x30
    case uartIFLS = 0x34, uartIMSC = 0x38, uartRIS = 0x3C, uartMIS = 0x40, uartICR = 0x44, uartDMACR = 0x48
    case uartPeriphID0 = 0xFE0, uartPeriphID1 = 0xFE4, uartPeriphID2 = 0xFE8, uartPeriphID3 = 0xFEC
    case uartPCellID0 = 0xFF0, uartPCellID1 = 0xFF4, uartPCellID2 = 0xFF8, uartPCellID3 = 0xFFC
  }
  static let map = RegisterMap<PL011> { r in
    r[.uartDR].onRead { $0.receive() }.onWrite { d, v in d.transmit(UInt8(truncatingIfNeeded: v)) }
    r[.uartRSR].onRead { $0.state.pointee.errors }.onWrite { d, _ in d.state.pointee.errors = 0 }
    r[.uartFR].onRead { $0.flags }
    r[.uartILPR].bits(0...7)
    r[.uartIBRD].bits(0...15)
    r[.uartFBRD].bits(0...5)
    r[.uartLCR_H].bits(0...7).onWrite { d, _ in d.lineControl() }
    r[.uartCR].bits(0...2).bits(7...15).reset(0x300).onWrite { d, _ in d.control() }
    r[.uartIFLS].bits(0...5).reset(0x12).onWrite { d, _ in d.update() }
    r[.uartIMSC].bits(0...10).onWrite { d, _ in d.update() }
    r[.uartRIS].onRead { $0.state.pointee.raw }
    r[.uartMIS].onRead { $0.state.pointee.raw & $0[.uartIMSC] }
    r[.uartICR].onWrite { d, v in
      d.state.pointee.raw &= ~v
      d.update()
    }
    r[.uartDMACR].bits(0...2).onWrite { d, _ in d.update() }
    r[.uartPeriphID0].reset(0x11)
    r[.uartPeriphID1].reset(0x10)
    r[.uartPeriphID2].reset(0x34)
    r[.uartPeriphID3].reset(0)
    r[.uartPCellID0].reset(0x0D)
    r[.uartPCellID1].reset(0xF0)
    r[.uartPCellID2].reset(0x05)
    r[.uartPCellID3].reset(0xB1)
  }
  static let depth = 32
  enum Interrupt {
    static let cts: UInt32 = 1 << 1, rx: UInt32 = 1 << 4, tx: UInt32 = 1 << 5, timeout: UInt32 = 1 << 6
    /// Framing, parity and break: a character's error bits of DR, one lower.
    static let errors: UInt32 = 7 << 7
    static let overrun: UInt32 = 1 << 10
  }
  /// A character's errors, as DR shows them above its eight bits (§3.3.1).
  enum Fault {
    static let framing: UInt16 = 1 << 8, parity: UInt16 = 1 << 9, breakCondition: UInt16 = 1 << 10, overrun: UInt16 = 1 << 11

    /// A received character as DR has it.
    static func word(_ r: UInt16) -> UInt16 {
      r & 0xFF | (r & AsyncSerial.Fault.framing != 0 ? framing : 0) | (r & AsyncSerial.Fault.parity != 0 ? parity : 0) | (r & AsyncSerial.Fault.breakCondition != 0 ? breakCondition : 0)
    }
  }
  struct State: BitwiseCopyable {
    var rxHead = 0, rxCount = 0, txHead = 0, txCount = 0
    var raw: UInt32 = 0, errors: UInt32 = 0
    var cts = false
    /// An overrun happened: the next character that is stored carries it.
    var overrun = false
  }
  private let state: UnsafeMutablePointer<State>
  private let rx: UnsafeMutablePointer<UInt16>, tx: UnsafeMutablePointer<UInt8>
  private let scheduler: Scheduler
  private let clock: UnsafeMutablePointer<Clock>
  public let irq, dreqTX, dreqRX: Line
  let serial: AsyncSerial
  /// UARTTXD, high at rest.
  public var txd: Line { serial.txd }
  /// nUARTRTS, low while more is welcome.
  public let rts: Line
  /// The outside of the line, byte by byte.
  public var port: Port? { didSet { port?.onInput = { [unowned self] in serial.fetch() } } }
  private var idle: Scheduler.Event!

  public init(name: String, arena: StateArena, scheduler: Scheduler, clock: UnsafeMutablePointer<Clock>) {
    self.scheduler = scheduler
    self.clock = clock
    state = arena.allocate("\(name).state", initial: State())
    rx = arena.allocate("\(name).rx", count: Self.depth, initial: UInt16(0))
    tx = arena.allocate("\(name).tx", count: Self.depth, initial: UInt8(0))
    irq = Line("\(name).IRQ", arena: arena)
    dreqTX = Line("\(name).DREQ_TX", arena: arena)
    dreqRX = Line("\(name).DREQ_RX", arena: arena)
    serial = AsyncSerial(name, arena: arena, scheduler: scheduler)
    rts = Line("\(name).RTS", arena: arena)
    super.init(Self.map, name: name, arena: arena)
    serial.output = { [unowned self] in loopback ? nil : port }
    serial.input = { [unowned self] in port }
    serial.listens = { [unowned self] in enabled && self[.uartCR][bit: 9] && !loopback }
    serial.isReady = { [unowned self] in serial.listens() && state.pointee.rxCount < capacity }
    serial.onSent = { [unowned self] byte in
      if loopback { accept(UInt16(byte)) }
      beginSend()
      update()
    }
    serial.onReceived = { [unowned self] word in accept(word) }
    idle = scheduler.event("\(name).idle") { [unowned self] _ in
      if state.pointee.rxCount > 0 {
        state.pointee.raw |= Interrupt.timeout
        update()
      }
    }
  }
  private var fifos: Bool { self[.uartLCR_H][bit: 4] }
  private var capacity: Int { fifos ? Self.depth : 1 }
  private static func eighths(_ n: UInt32) -> Int { [4, 8, 16, 24, 28][min(4, Int(n))] }
  private var enabled: Bool { self[.uartCR][bit: 0] }
  private var loopback: Bool { self[.uartCR][bit: 7] }

  /// §3.3.7: the divisors take effect with a write of LCR_H.
  private func lineControl() {
    let c = self[.uartLCR_H]
    // One bit is 16 cycles of a divisor in 64ths.
    serial.format = .init(
      bit: AsyncSerial.time(cycles256: (UInt64(self[.uartIBRD]) * 64 + UInt64(self[.uartFBRD])) * 64, frequency256: clock.pointee.frequency256),
      dataBits: 5 + UInt8(c[bits: 5...6]),
      // §3.3.7: even or odd by EPS, or the inverse of EPS itself when sticky.
      parity: !c[bit: 1] ? .none : c[bit: 7] ? (c[bit: 2] ? .space : .mark) : c[bit: 2] ? .even : .odd,
      halfStops: c[bit: 3] ? 4 : 2)
    if !c[bit: 4] {
      state.pointee.rxCount = min(state.pointee.rxCount, 1)
      state.pointee.txCount = min(state.pointee.txCount, 1)
    }
    control()
  }
  private func control() {
    serial.rest(breaking: self[.uartLCR_H][bit: 0])
    beginSend()
    serial.fetch()
    update()
  }

  // MARK: Transmit

  private var txTrigger: Int { fifos ? Self.eighths(self[.uartIFLS][bits: 0...2]) : 0 }
  private func transmit(_ byte: UInt8) {
    guard state.pointee.txCount < capacity else { return }
    tx[(state.pointee.txHead + state.pointee.txCount) % Self.depth] = byte
    state.pointee.txCount += 1
    beginSend()
    if state.pointee.txCount > txTrigger { state.pointee.raw &= ~Interrupt.tx }
    update()
  }
  private func beginSend() {
    guard enabled, self[.uartCR][bit: 8], !serial.isSending, state.pointee.txCount > 0, serial.format.bit > 0 else { return }
    // §2.4.4: with CTS flow control a character begins only while nUARTCTS is low.
    if self[.uartCR][bit: 15] && state.pointee.cts { return }
    let byte = tx[state.pointee.txHead]
    state.pointee.txHead = (state.pointee.txHead + 1) % Self.depth
    state.pointee.txCount -= 1
    // §2.8.2: the interrupt comes with the passage down through the level.
    if state.pointee.txCount <= txTrigger { state.pointee.raw |= Interrupt.tx }
    serial.send(byte)
  }

  // MARK: Receive

  func rxdChanged(_ level: Bool) { serial.rxdChanged(level) }
  /// nUARTCTS changed.
  func ctsChanged(_ level: Bool) {
    guard level != state.pointee.cts else { return }
    state.pointee.cts = level
    state.pointee.raw |= Interrupt.cts
    beginSend()
    update()
  }
  private var rxTrigger: Int { fifos ? Self.eighths(self[.uartIFLS][bits: 3...5]) : 1 }
  private func accept(_ received: UInt16) {
    let word = Fault.word(received)
    guard state.pointee.rxCount < capacity else {
      state.pointee.errors |= 8
      state.pointee.overrun = true
      state.pointee.raw |= Interrupt.overrun
      return update()
    }
    rx[(state.pointee.rxHead + state.pointee.rxCount) % Self.depth] = word | (state.pointee.overrun ? Fault.overrun : 0)
    state.pointee.overrun = false
    state.pointee.raw |= UInt32(word) >> 1 & Interrupt.errors
    state.pointee.rxCount += 1
    // §2.8.1: cleared through ICR it stays so until another character comes.
    if state.pointee.rxCount >= rxTrigger { state.pointee.raw |= Interrupt.rx }
    // §2.8.4: 32 bit times without another character.
    scheduler.schedule(idle, after: serial.format.bit &* 32)
    update()
  }
  private func receive() -> UInt32 {
    guard state.pointee.rxCount > 0 else { return 0 }
    let v = UInt32(rx[state.pointee.rxHead])
    state.pointee.errors = state.pointee.errors & 8 | v >> 8 & 7
    state.pointee.rxHead = (state.pointee.rxHead + 1) % Self.depth
    state.pointee.rxCount -= 1
    if state.pointee.rxCount == 0 {
      state.pointee.raw &= ~Interrupt.timeout
      scheduler.cancel(idle)
    }
    serial.fetch()
    update()
    return v
  }
  private var flags: UInt32 {
    var f: UInt32 = state.pointee.cts ? 0 : 1
    f[bit: 3] = serial.isSending || state.pointee.txCount > 0
    f[bit: 4] = state.pointee.rxCount == 0
    f[bit: 5] = state.pointee.txCount >= capacity
    f[bit: 6] = state.pointee.rxCount >= capacity
    f[bit: 7] = state.pointee.txCount == 0
    return f
  }
  private func update() {
    let trigger = rxTrigger
    if state.pointee.rxCount < trigger { state.pointee.raw &= ~Interrupt.rx }
    rts.set(self[.uartCR][bit: 14] ? state.pointee.rxCount >= trigger : !self[.uartCR][bit: 11])
    irq.set(state.pointee.raw & self[.uartIMSC] != 0)
    dreqTX.set(self[.uartDMACR][bit: 1] && state.pointee.txCount < capacity)
    dreqRX.set(self[.uartDMACR][bit: 0] && state.pointee.rxCount > 0)
  }
  public override func reset() {
    super.reset()
    scheduler.cancel(idle)
    serial.reset()
    serial.format = .init()
    state.pointee = State(cts: state.pointee.cts)
    update()
  }
}
