import Machine

extension ESP8266 {
  /// A UART (technical reference §11; uart_register.h): FIFOs of 128 bytes, a divider of the bus clock.
  public final class UART: RegisterDevice, RegisterNaming {
    public enum Register: UInt32, CaseIterable, Sendable {
      case uartFIFO = 0x00, uartIntRaw = 0x04, uartIntST = 0x08, uartIntEna = 0x0C, uartIntClr = 0x10, uartClkDiv = 0x14, uartAutobaud = 0x18
      case uartStatus = 0x1C, uartConf0 = 0x20, uartConf1 = 0x24, uartLowPulse = 0x28, uartHighPulse = 0x2C, uartRxdCnt = 0x30
      case uartDate = 0x78, uartID = 0x7C
    }
    static let map = RegisterMap<UART> { r in
      r[.uartFIFO].onRead { $0.receive() }.onWrite { d, v in d.transmit(UInt8(truncatingIfNeeded: v)) }
      r[.uartIntRaw].onRead { $0.raw }
      r[.uartIntST].onRead { d in d.raw & d[.uartIntEna] }
      r[.uartIntEna].bits(0...8).onWrite { d, _ in d.update() }
      r[.uartIntClr].onWrite { d, v in
        d.state.pointee.raw &= ~v
        d.update()
      }
      r[.uartClkDiv].bits(0...19).onWrite { d, _ in d.retime() }
      r[.uartAutobaud].bits(0...0).bits(8...15).onWrite { d, v in d.autobaud(v) }
      r[.uartStatus].onRead { $0.status }
      r[.uartConf0].bits(0...24).reset(0x1C).onWrite { d, _ in d.configure() }
      r[.uartConf1].bits(0...31).reset(0x6060).onWrite { d, _ in d.update() }
      r[.uartLowPulse].onRead { d in d.state.pointee.lowPulse }
      r[.uartHighPulse].onRead { d in d.state.pointee.highPulse }
      r[.uartRxdCnt].onRead { d in d.state.pointee.edges }
      r[.uartDate].reset(0x0620_00)
      r[.uartID].reset(0x500)
    }
    static let depth = 128
    enum Interrupt {
      static let rxFull: UInt32 = 1, txEmpty: UInt32 = 2, parity: UInt32 = 4, framing: UInt32 = 8, overflow: UInt32 = 16, cts: UInt32 = 64
      static let breakDetected: UInt32 = 128, rxTimeout: UInt32 = 256
    }
    struct State: BitwiseCopyable {
      var rxHead = 0, rxCount = 0, txHead = 0, txCount = 0
      var raw: UInt32 = 0
      var cts = false
      /// Autobaud: shortest pulses in bus cycles, edges, and when the last edge was.
      var lowPulse: UInt32 = 0xF_FFFF, highPulse: UInt32 = 0xF_FFFF, edges: UInt32 = 0, edgeAt: UInt64 = 0
    }
    private let state: UnsafeMutablePointer<State>
    private let rx: UnsafeMutablePointer<UInt8>, tx: UnsafeMutablePointer<UInt8>
    private let scheduler: Scheduler
    private let apb: UnsafeMutablePointer<Clock>
    public let irq: Line
    let serial: AsyncSerial
    /// U0TXD or U1TXD, high at rest.
    public var txd: Line { serial.txd }
    /// RTS, low while more is welcome.
    public let rts: Line
    /// The outside of the line, byte by byte.
    public var port: Port? { didSet { port?.onInput = { [unowned self] in beginReceive() } } }
    /// Told of each byte that has gone out.
    public var onSent: ((UInt8) -> Void)?
    /// The rate at which the port's other end sends, for autobaud.
    public var portBaud: UInt64 = 115_200
    private var idle: Scheduler.Event!

    init(name: String, arena: StateArena, scheduler: Scheduler, apb: UnsafeMutablePointer<Clock>) {
      self.scheduler = scheduler
      self.apb = apb
      state = arena.allocate("\(name).state", initial: State())
      rx = arena.allocate("\(name).rx", count: Self.depth, initial: UInt8(0))
      tx = arena.allocate("\(name).tx", count: Self.depth, initial: UInt8(0))
      irq = Line("\(name).IRQ", arena: arena)
      serial = AsyncSerial(name, arena: arena, scheduler: scheduler)
      rts = Line("\(name).RTS", arena: arena)
      super.init(Self.map, name: name, arena: arena)
      serial.output = { [unowned self] in loopback ? nil : port }
      serial.input = { [unowned self] in port }
      serial.isReady = { [unowned self] in !loopback && state.pointee.rxCount < Self.depth && !self[.uartAutobaud][bit: 0] }
      serial.onSent = { [unowned self] byte in
        if loopback { accept(UInt16(byte)) } else { onSent?(byte) }
        beginSend()
        update()
      }
      serial.onReceived = { [unowned self] in accept($0) }
      idle = scheduler.event("\(name).idle") { [unowned self] _ in
        if state.pointee.rxCount > 0 && self[.uartConf1][bit: 31] {
          state.pointee.raw |= Interrupt.rxTimeout
          update()
        }
      }
    }
    private var loopback: Bool { self[.uartConf0][bit: 14] }
    /// Bauds now, 0 while the divider is.
    public var baud: UInt64 {
      let divider = UInt64(self[.uartClkDiv])
      return divider == 0 ? 0 : apb.pointee.frequency256 / 256 / divider
    }
    /// The divider or the bus clock changed.
    func retime() {
      let c = self[.uartConf0]
      serial.format = .init(
        bit: AsyncSerial.time(cycles256: UInt64(self[.uartClkDiv]) * 256, frequency256: apb.pointee.frequency256), dataBits: 5 + UInt8(c[bits: 2...3]),
        parity: !c[bit: 1] ? .none : c[bit: 0] ? .odd : .even, halfStops: [2, 2, 3, 4][Int(c[bits: 4...5])])
      beginSend()
      beginReceive()
    }
    private func configure() {
      let c = self[.uartConf0]
      if c[bit: 17] {
        state.pointee.rxCount = 0
        scheduler.cancel(idle)
      }
      if c[bit: 18] { state.pointee.txCount = 0 }
      serial.rest(breaking: c[bit: 8], inverted: c[bit: 22])
      retime()
      update()
    }
    private var raw: UInt32 { state.pointee.raw }

    // MARK: Transmit

    private func transmit(_ byte: UInt8) {
      guard state.pointee.txCount < Self.depth else { return }
      tx[(state.pointee.txHead + state.pointee.txCount) % Self.depth] = byte
      state.pointee.txCount += 1
      beginSend()
      update()
    }
    private func beginSend() {
      guard !serial.isSending, state.pointee.txCount > 0, serial.format.bit > 0 else { return }
      if self[.uartConf0][bit: 15] && state.pointee.cts { return }
      let byte = tx[state.pointee.txHead]
      state.pointee.txHead = (state.pointee.txHead + 1) % Self.depth
      state.pointee.txCount -= 1
      serial.send(byte)
    }

    // MARK: Receive

    private func beginReceive() {
      if self[.uartAutobaud][bit: 0], !serial.isArriving, !loopback, serial.format.bit > 0 { measurePort() } else { serial.fetch() }
    }
    private func accept(_ word: UInt16) {
      if word & AsyncSerial.Fault.parity != 0 { state.pointee.raw |= Interrupt.parity }
      if word & AsyncSerial.Fault.framing != 0 { state.pointee.raw |= word & AsyncSerial.Fault.breakCondition != 0 ? Interrupt.breakDetected : Interrupt.framing }
      guard state.pointee.rxCount < Self.depth else {
        state.pointee.raw |= Interrupt.overflow
        return update()
      }
      rx[(state.pointee.rxHead + state.pointee.rxCount) % Self.depth] = UInt8(truncatingIfNeeded: word)
      state.pointee.rxCount += 1
      // RX_TOUT_THRHD counts eighths of the time of a character.
      let threshold = UInt64(self[.uartConf1][bits: 24...30])
      if self[.uartConf1][bit: 31] { scheduler.schedule(idle, after: max(1, serial.format.character &* threshold)) }
      update()
    }
    private func receive() -> UInt32 {
      guard state.pointee.rxCount > 0 else { return 0 }
      let v = UInt32(rx[state.pointee.rxHead])
      state.pointee.rxHead = (state.pointee.rxHead + 1) % Self.depth
      state.pointee.rxCount -= 1
      if state.pointee.rxCount == 0 { scheduler.cancel(idle) }
      beginReceive()
      update()
      return v
    }
    func rxdChanged(_ level: Bool) {
      guard level != serial.rxd else { return }
      serial.rxdChanged(level)
      if self[.uartAutobaud][bit: 0] { edge() }
    }
    func ctsChanged(_ level: Bool) {
      guard level != state.pointee.cts else { return }
      state.pointee.cts = level
      state.pointee.raw |= Interrupt.cts
      beginSend()
      update()
    }
    // MARK: Autobaud

    private func autobaud(_ v: UInt32) {
      guard v[bit: 0] else { return beginReceive() }
      state.pointee.lowPulse = 0xF_FFFF
      state.pointee.highPulse = 0xF_FFFF
      state.pointee.edges = 0
      state.pointee.edgeAt = apb.pointee.cycle(at: scheduler.now)
      beginReceive()
    }
    private func edge() {
      let now = apb.pointee.cycle(at: scheduler.now), length = UInt32(truncatingIfNeeded: min(now &- state.pointee.edgeAt, 0xF_FFFF))
      state.pointee.edgeAt = now
      if state.pointee.edges > 0 {
        if serial.rxd { state.pointee.lowPulse = min(state.pointee.lowPulse, length) } else { state.pointee.highPulse = min(state.pointee.highPulse, length) }
      }
      state.pointee.edges = min(0x3FF, state.pointee.edges + 1)
    }
    /// A byte of the port as edges on RXD at the other end's rate; whoever measures takes its time for the pulse.
    private func measurePort() {
      guard let byte = port?.take(), portBaud > 0 else { return }
      let bit = UInt32(truncatingIfNeeded: apb.pointee.frequency256 / 256 / portBaud)
      var level = true, run: UInt32 = 0
      for i in 0..<10 {
        let next = i == 0 ? false : i == 9 ? true : byte >> UInt8(i - 1) & 1 == 1
        if next != level {
          if run > 0 { if level { state.pointee.highPulse = min(state.pointee.highPulse, run) } else { state.pointee.lowPulse = min(state.pointee.lowPulse, run) } }
          state.pointee.edges = min(0x3FF, state.pointee.edges + 1)
          level = next
          run = 0
        }
        run = i == 0 && run == 0 ? bit : run + bit
      }
      serial.arrive(byte, after: max(1, Clock.time(10, hertz: portBaud)))
    }

    private var status: UInt32 {
      var s: UInt32 = 0
      s[bits: 0...7] = UInt32(state.pointee.rxCount)
      s[bits: 16...23] = UInt32(state.pointee.txCount)
      s[bit: 14] = state.pointee.cts
      s[bit: 15] = serial.rxd
      s[bit: 31] = serial.isSending  // high only while a character leaves: programs of esptool 5.6 wait for zero
      return s
    }
    private func update() {
      let c = self[.uartConf1]
      if state.pointee.rxCount >= max(1, Int(c[bits: 0...6])) { state.pointee.raw |= Interrupt.rxFull }
      if state.pointee.txCount <= Int(c[bits: 8...14]) { state.pointee.raw |= Interrupt.txEmpty }
      rts.set(c[bit: 23] ? state.pointee.rxCount >= Int(c[bits: 16...22]) : !self[.uartConf0][bit: 6])
      irq.set(state.pointee.raw & self[.uartIntEna] != 0)
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
}
