import Machine

extension NRF51 {
  /// Reference Manual §29: the UART, on pins of its choice.
  public final class UART: Peripheral, RegisterNaming {
    public enum Register: UInt32, CaseIterable, Sendable {
      case tasksStartRX = 0x000, tasksStopRX = 0x004, tasksStartTX = 0x008, tasksStopTX = 0x00C, tasksSuspend = 0x01C
      case eventsCTS = 0x100, eventsNCTS = 0x104, eventsRXDRdy = 0x108, eventsTXDRdy = 0x11C, eventsError = 0x124, eventsRXTO = 0x144
      case shorts = 0x200, intenSet = 0x304, intenClr = 0x308, errorSrc = 0x480, enable = 0x500, pselRTS = 0x508, pselTXD = 0x50C, pselCTS = 0x510, pselRXD = 0x514
      case rxd = 0x518, txd = 0x51C, baudRate = 0x524, config = 0x56C, power = 0xFFC
    }
    static let map = RegisterMap<UART> { r in
      r.task(.tasksStartRX) { $0.startReceiver() }
      r.task(.tasksStopRX) { d in if d.state.pointee.isReceiving { d.scheduler.schedule(d.stopped, after: 1_000_000) } }
      r.task(.tasksStartTX) { d in
        d.state.pointee.isTransmitting = true
        d.transmit()
      }
      r.task(.tasksStopTX) { $0.state.pointee.isTransmitting = false }
      r.task(.tasksSuspend) { d in
        d.state.pointee.isTransmitting = false
        d.state.pointee.isReceiving = false
      }
      r.event(.eventsCTS)
      r.event(.eventsNCTS)
      r.event(.eventsRXDRdy)
      r.event(.eventsTXDRdy)
      r.event(.eventsError)
      r.event(.eventsRXTO)
      r[.shorts].bits(3...4)
      r.interrupts(.intenSet, .intenClr, mask: 0x2_0287)
      r[.errorSrc].bits(0...3, .writeOneToClear)
      r[.enable].bits(0...2).onWrite { d, _ in d.enabled() }
      r[.pselRTS, count: 4].bits(0...31).reset(0xFFFF_FFFF).onWrite { d, _ in d.onPins() }
      r[.rxd].onRead { $0.receive() }
      r[.txd].onWrite { d, v in
        d.state.pointee.next = UInt8(truncatingIfNeeded: v)
        d.state.pointee.hasNext = true
        d.transmit()
      }
      r[.baudRate].bits(0...31).reset(0x0400_0000).onWrite { d, _ in d.setRate() }
      r[.config].bits(0...3).onWrite { d, _ in
        d.setRate()
        d.onPins()
      }
      r.power(.power)
    }
    enum Number { static let cts = 0, ncts = 1, rxdReady = 2, txdReady = 7, error = 9, timeout = 17 }
    /// §29.4: bytes that wait for RXD to be read.
    static let depth = 6
    struct State: BitwiseCopyable {
      var isReceiving = false, isTransmitting = false
      var next: UInt8 = 0, hasNext = false
      var head = 0, count = 0, fifo: (UInt8, UInt8, UInt8, UInt8, UInt8, UInt8) = (0, 0, 0, 0, 0, 0)
      var last: UInt8 = 0, cts = false
    }
    private let state: UnsafeMutablePointer<State>
    private let scheduler: Scheduler
    private var stopped: Scheduler.Event!
    let serial: AsyncSerial
    let rts: Line
    /// Told each byte that has gone out.
    public var onSent: (UInt8) -> Void = { _ in }
    /// Its pins have changed.
    var onPins: () -> Void = {}

    init(arena: StateArena, scheduler: Scheduler) {
      self.scheduler = scheduler
      state = arena.allocate("NRF51.UART0.state", initial: State())
      serial = AsyncSerial("NRF51.UART0", arena: arena, scheduler: scheduler)
      rts = Line("NRF51.UART0.RTS", arena: arena)
      super.init(Self.map, block: "UART0", arena: arena)
      stopped = scheduler.event("NRF51.UART0.RXTO") { [unowned self] _ in
        state.pointee.isReceiving = false
        raise(Number.timeout)
      }
      setRate()
      serial.isReady = { [unowned self] in isEnabled && state.pointee.isReceiving && state.pointee.count < Self.depth }
      serial.onReceived = { [unowned self] in accept($0) }
      serial.onSent = { [unowned self] byte in
        onSent(byte)
        raise(Number.txdReady)
        transmit()
      }
    }
    /// A port is on two pins: bytes for it leave on the one and come in on the other.
    public func connect(_ port: Port, transmit: Int, receive: Int) {
      serial.output = { [unowned self] in txdPin == transmit ? port : nil }
      serial.input = { [unowned self] in rxdPin == receive ? port : nil }
      port.onInput = { [unowned self] in serial.fetch() }
    }
    public var isEnabled: Bool { self[.enable] == 4 }
    /// A pin that PSEL names; nil when it is disconnected.
    private func pin(_ r: Register) -> Int? { self[r] < UInt32(GPIO.count) ? Int(self[r]) : nil }
    public var txdPin: Int? { isEnabled ? pin(.pselTXD) : nil }
    public var rxdPin: Int? { isEnabled ? pin(.pselRXD) : nil }
    private var hasFlowControl: Bool { self[.config][bit: 0] }
    var ctsPin: Int? { isEnabled && hasFlowControl ? pin(.pselCTS) : nil }
    var rtsPin: Int? { isEnabled && hasFlowControl ? pin(.pselRTS) : nil }

    private func enabled() {
      if !isEnabled {
        serial.reset()
        state.pointee = State(cts: state.pointee.cts)
      }
      onPins()
    }
    private func setRate() {
      // BAUDRATE is the 2^32nd part of 16 MHz.
      let bit = self[.baudRate] == 0 ? 0 : UInt64(1e12 * 4_294_967_296 / 16e6 / Double(self[.baudRate]))
      serial.format = .init(bit: bit, parity: self[.config][bits: 1...3] == 7 ? .even : .none)
    }
    private func transmit() {
      guard isEnabled, state.pointee.isTransmitting, state.pointee.hasNext, !serial.isSending else { return }
      if ctsPin != nil, state.pointee.cts { return }
      state.pointee.hasNext = false
      serial.send(state.pointee.next)
    }
    private func startReceiver() {
      scheduler.cancel(stopped)
      state.pointee.isReceiving = true
      updateRTS()
      serial.fetch()
    }
    private func updateRTS() { rts.set(!state.pointee.isReceiving || state.pointee.count >= Self.depth - 2) }
    private func accept(_ word: UInt16) {
      guard isEnabled, state.pointee.isReceiving else { return }
      if word >> 8 != 0 {
        self[.errorSrc] |= UInt32(word >> 8) << 1
        raise(Number.error)
      }
      guard state.pointee.count < Self.depth else {
        self[.errorSrc] |= 1
        return raise(Number.error)
      }
      let at = (state.pointee.head + state.pointee.count) % Self.depth
      withUnsafeMutableBytes(of: &state.pointee.fifo) { $0[at] = UInt8(truncatingIfNeeded: word) }
      state.pointee.count += 1
      updateRTS()
      if state.pointee.count == 1 { raise(Number.rxdReady) }
    }
    private func receive() -> UInt32 {
      guard state.pointee.count > 0 else { return UInt32(state.pointee.last) }
      let head = state.pointee.head
      state.pointee.last = withUnsafeBytes(of: &state.pointee.fifo) { $0[head] }
      state.pointee.head = (head + 1) % Self.depth
      state.pointee.count -= 1
      updateRTS()
      serial.fetch()
      // The next one moves up.
      if state.pointee.count > 0 { raise(Number.rxdReady) }
      return UInt32(state.pointee.last)
    }
    func ctsChanged(_ level: Bool) {
      guard level != state.pointee.cts else { return }
      state.pointee.cts = level
      raise(level ? Number.ncts : Number.cts)
      if self[.shorts][bit: level ? 4 : 3] {
        if level { state.pointee.isReceiving = false } else { startReceiver() }
      }
      transmit()
    }
    public override func reset() {
      super.reset()
      scheduler.cancel(stopped)
      serial.reset()
      setRate()
      state.pointee = State(cts: state.pointee.cts)
      onPins()
    }
  }
}
