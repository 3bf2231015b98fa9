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
      /// Picoseconds of one character and of one bit.
      var character: UInt64 = 0, bit: UInt64 = 0
      var sending = false, sendingByte: UInt8 = 0, receiving = false, receivingByte: UInt8 = 0
      /// The bits still to be shown on TXD, the next one lowest, and how many.
      var shift: UInt32 = 0, shiftCount: UInt8 = 0
      var rxd = true, cts = false
      var sampling = false, samples: UInt32 = 0, sampleCount: UInt8 = 0
      /// Autobaud: shortest pulses in bus cycles, edges, and when the last edge was.
      var lowPulse: UInt32 = 0xF_FFFF, highPulse: UInt32 = 0xF_FFFF, edges: UInt32 = 0, edgeAt: UInt64 = 0
    }
    private let state: UnsafeMutablePointer<State>
    private let rx: UnsafeMutablePointer<UInt8>, tx: UnsafeMutablePointer<UInt8>
    private let scheduler: Scheduler
    private let apb: UnsafeMutablePointer<Clock>
    public let irq: Line
    /// U0TXD or U1TXD, high at rest, and RTS, low while more is welcome.
    public let txd, rts: Line
    /// Whether something looks at TXD: else its waveform is not made.
    var isWatched: () -> Bool = { false }
    /// The outside of the line, byte by byte.
    public var port: Port? { didSet { port?.onInput = { [unowned self] in beginReceive() } } }
    /// Told of each byte that has gone out.
    public var onSent: ((UInt8) -> Void)?
    /// The rate at which the port's other end sends, for autobaud.
    public var portBaud: UInt64 = 115_200
    private var sent, arrived, idle, shifted, sampled: Scheduler.Event!

    init(name: String, arena: StateArena, scheduler: Scheduler, apb: UnsafeMutablePointer<Clock>) {
      self.scheduler = scheduler
      self.apb = apb
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
      idle = scheduler.event("\(name).idle") { [unowned self] _ in
        if state.pointee.rxCount > 0 && self[.uartConf1][bit: 31] {
          state.pointee.raw |= Interrupt.rxTimeout
          update()
        }
      }
    }
    private var dataBits: Int { 5 + Int(self[.uartConf0][bits: 2...3]) }
    private var hasParity: Bool { self[.uartConf0][bit: 1] }
    private func parity(_ byte: UInt32) -> UInt32 { UInt32(byte.nonzeroBitCount) & 1 ^ (self[.uartConf0][bit: 0] ? 1 : 0) }
    /// Bauds now, 0 while the divider is.
    public var baud: UInt64 {
      let divider = UInt64(self[.uartClkDiv])
      return divider == 0 ? 0 : apb.pointee.frequency256 / 256 / divider
    }
    /// The divider or the bus clock changed.
    func retime() {
      let divider = UInt64(self[.uartClkDiv]), f = apb.pointee.frequency256
      state.pointee.bit = divider > 0 && f > 0 ? UInt64(truncatingIfNeeded: UInt128(Clock.picosecondsPerSecond) * UInt128(divider * 256) / UInt128(f)) : 0
      let halves = [2, 2, 3, 4][Int(self[.uartConf0][bits: 4...5])]
      state.pointee.character = state.pointee.bit &* UInt64(2 + 2 * dataBits + (hasParity ? 2 : 0) + halves) / 2
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
      if !state.pointee.sending { txd.set(!c[bit: 8] != c[bit: 22]) }
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
      guard !state.pointee.sending, state.pointee.txCount > 0, state.pointee.character > 0 else { return }
      if self[.uartConf0][bit: 15] && state.pointee.cts { return }
      state.pointee.sendingByte = tx[state.pointee.txHead]
      state.pointee.txHead = (state.pointee.txHead + 1) % Self.depth
      state.pointee.txCount -= 1
      state.pointee.sending = true
      scheduler.schedule(sent, after: state.pointee.character)
      if isWatched() {
        let byte = UInt32(state.pointee.sendingByte) & ((1 << UInt32(dataBits)) - 1)
        var frame = byte << 1, count = dataBits + 1
        if hasParity {
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
      let c = self[.uartConf0]
      txd.set((state.pointee.shift & 1 == 1 && !c[bit: 8]) != c[bit: 22])
      state.pointee.shift >>= 1
      state.pointee.shiftCount -= 1
      if state.pointee.shiftCount > 0 { scheduler.schedule(shifted, after: state.pointee.bit) }
    }
    private func characterSent() {
      state.pointee.sending = false
      let byte = state.pointee.sendingByte & (0xFF >> UInt8(8 - dataBits))
      if self[.uartConf0][bit: 14] {
        accept(byte)
      } else {
        port?.send(byte)
        onSent?(byte)
      }
      beginSend()
      update()
    }

    // MARK: Receive

    /// The next byte of the port begins to arrive; while the FIFO is full it waits outside.
    private func beginReceive() {
      guard !state.pointee.receiving, state.pointee.rxCount < Self.depth, state.pointee.character > 0, !self[.uartConf0][bit: 14] else { return }
      guard !self[.uartAutobaud][bit: 0] else { return measurePort() }
      guard let byte = port?.take() else { return }
      state.pointee.receiving = true
      state.pointee.receivingByte = byte
      scheduler.schedule(arrived, after: state.pointee.character)
    }
    private func accept(_ byte: UInt8) {
      guard state.pointee.rxCount < Self.depth else {
        state.pointee.raw |= Interrupt.overflow
        return update()
      }
      rx[(state.pointee.rxHead + state.pointee.rxCount) % Self.depth] = byte
      state.pointee.rxCount += 1
      // RX_TOUT_THRHD counts eighths of the time of a character.
      let threshold = UInt64(self[.uartConf1][bits: 24...30])
      if self[.uartConf1][bit: 31] { scheduler.schedule(idle, after: max(1, state.pointee.character &* threshold)) }
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
    /// RXD changed: a fall from rest is a start bit.
    func rxdChanged(_ level: Bool) {
      guard level != state.pointee.rxd else { return }
      state.pointee.rxd = level
      if self[.uartAutobaud][bit: 0] { edge() }
      guard !level, !state.pointee.sampling, state.pointee.bit > 0 else { return }
      state.pointee.sampling = true
      state.pointee.samples = 0
      state.pointee.sampleCount = 0
      scheduler.schedule(sampled, after: state.pointee.bit / 2)
    }
    func ctsChanged(_ level: Bool) {
      guard level != state.pointee.cts else { return }
      state.pointee.cts = level
      state.pointee.raw |= Interrupt.cts
      beginSend()
      update()
    }
    /// The middle of a bit on RXD.
    private func sample() {
      let n = UInt32(state.pointee.sampleCount)
      if n == 0 && state.pointee.rxd {
        state.pointee.sampling = false
        return
      }
      if state.pointee.rxd { state.pointee.samples |= 1 << n }
      state.pointee.sampleCount += 1
      let last = UInt32(1 + dataBits + (hasParity ? 1 : 0))
      if n < last { return scheduler.schedule(sampled, after: state.pointee.bit) }
      state.pointee.sampling = false
      let data = state.pointee.samples >> 1 & ((1 << UInt32(dataBits)) - 1)
      if hasParity, state.pointee.samples >> UInt32(1 + dataBits) & 1 != parity(data) { state.pointee.raw |= Interrupt.parity }
      if !state.pointee.rxd { state.pointee.raw |= state.pointee.samples == 0 ? Interrupt.breakDetected : Interrupt.framing }
      accept(UInt8(truncatingIfNeeded: data))
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
        if state.pointee.rxd { state.pointee.lowPulse = min(state.pointee.lowPulse, length) } else { state.pointee.highPulse = min(state.pointee.highPulse, length) }
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
      state.pointee.receiving = true
      state.pointee.receivingByte = byte
      scheduler.schedule(arrived, after: max(1, UInt64(bit) * 10 * 1_000_000_000_000 / max(1, apb.pointee.frequency256 / 256)))
    }

    private var status: UInt32 {
      var s: UInt32 = 0
      s[bits: 0...7] = UInt32(state.pointee.rxCount)
      s[bits: 16...23] = UInt32(state.pointee.txCount)
      s[bit: 14] = state.pointee.cts
      s[bit: 15] = state.pointee.rxd
      s[bit: 31] = state.pointee.sending  // high only while a character leaves: programs of esptool 5.6 wait for zero
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
      for e in [sent, arrived, idle, shifted, sampled] { scheduler.cancel(e!) }
      state.pointee = State(rxd: state.pointee.rxd, cts: state.pointee.cts)
      txd.set(true)
      update()
    }
  }
}
