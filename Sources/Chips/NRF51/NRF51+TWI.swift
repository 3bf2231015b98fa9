import Machine

extension NRF51 {
  /// Reference Manual §28: the I2C controller, bit by bit on two pins of its choice.
  public final class TWI: Peripheral, RegisterNaming {
    public enum Register: UInt32, CaseIterable, Sendable {
      case tasksStartRX = 0x000, tasksStartTX = 0x008, tasksStop = 0x014, tasksSuspend = 0x01C, tasksResume = 0x020
      case eventsStopped = 0x104, eventsRXDReady = 0x108, eventsTXDSent = 0x11C, eventsError = 0x124, eventsBB = 0x138, eventsSuspended = 0x148
      case shorts = 0x200, intenSet = 0x304, intenClr = 0x308, errorSrc = 0x4C4, enable = 0x500, pselSCL = 0x508, pselSDA = 0x50C, rxd = 0x518, txd = 0x51C
      case frequency = 0x524, address = 0x588, power = 0xFFC
    }
    static let map = RegisterMap<TWI> { r in
      r.task(.tasksStartRX) { $0.start(reading: true) }
      r.task(.tasksStartTX) { $0.start(reading: false) }
      r.task(.tasksStop) { $0.stop() }
      r.task(.tasksSuspend) { $0.state.pointee.isSuspended = true }
      r.task(.tasksResume) { d in
        d.state.pointee.isSuspended = false
        d.goOn()
      }
      for e in [Register.eventsStopped, .eventsRXDReady, .eventsTXDSent, .eventsError, .eventsBB, .eventsSuspended] { r.event(e) }
      r[.shorts].bits(0...1)
      r.interrupts(.intenSet, .intenClr, mask: 0x4_4286)
      r[.errorSrc].bits(0...2, .writeOneToClear)
      r[.enable].bits(0...2).onWrite { d, _ in d.enabled() }
      r[.pselSCL, count: 2].bits(0...31).reset(0xFFFF_FFFF).onWrite { d, _ in d.onPins() }
      r[.rxd].onRead { d in
        d.state.pointee.isUnread = false
        return UInt32(d.state.pointee.rxd)
      }
      r[.txd].bits(0...7).onWrite { d, _ in
        d.state.pointee.hasTXD = true
        d.goOn()
      }
      r[.frequency].bits(0...31).reset(0x0400_0000)
      r[.address].bits(0...6)
      r.power(.power)
    }
    enum Number { static let stopped = 1, rxdReady = 2, txdSent = 7, error = 9, bb = 14, suspended = 18 }
    enum Step: UInt8, BitwiseCopyable {
      case idle
      /// SDA has fallen; SCL falls next.
      case startHold
      /// SCL is low: it rises next, was let go, is high.
      case low, rise, high
      /// SCL is low after a byte, and waits for whoever says how to go on.
      case wait
      case again, againRise, againHigh
      case stopLow, stopRise, stopHigh
    }
    enum Next: UInt8, BitwiseCopyable { case none, transmit, receive }
    struct State: BitwiseCopyable {
      var step = Step.idle
      var isReading = false, isAddress = false, isLast = false, isSuspended = false, stopWanted = false, isToldSuspended = false
      var next = Next.none
      /// The bit of the byte (8: the acknowledgement), what goes out, what came in.
      var bit = 0, out: UInt8 = 0, input: UInt8 = 0
      var hasTXD = false, rxd: UInt8 = 0, isUnread = false
    }
    private let state: UnsafeMutablePointer<State>
    private let scheduler: Scheduler
    private var event: Scheduler.Event!
    /// High: let go.
    let scl, sda: Line
    /// The levels of its pins.
    var level: (Int) -> Bool = { _ in true }
    var onPins: () -> Void = {}

    init(_ n: Int, arena: StateArena, scheduler: Scheduler) {
      self.scheduler = scheduler
      state = arena.allocate("NRF51.TWI\(n).state", initial: State())
      scl = Line("NRF51.TWI\(n).SCL", arena: arena)
      sda = Line("NRF51.TWI\(n).SDA", arena: arena)
      super.init(Self.map, block: "TWI\(n)", arena: arena)
      scl.set(true)
      sda.set(true)
      event = scheduler.event("NRF51.TWI\(n).step") { [unowned self] _ in step() }
    }
    var isEnabled: Bool { self[.enable] == 5 }
    private func pin(_ r: Register) -> Int? { isEnabled && self[r] < UInt32(GPIO.count) ? Int(self[r]) : nil }
    var sclPin: Int? { pin(.pselSCL) }
    var sdaPin: Int? { pin(.pselSDA) }
    private var sclIn: Bool { sclPin.map(level) ?? scl.isHigh }
    private var sdaIn: Bool { sdaPin.map(level) ?? sda.isHigh }
    private func enabled() {
      if !isEnabled { halt() }
      onPins()
    }
    private func halt() {
      scheduler.cancel(event)
      state.pointee = State()
      scl.set(true)
      sda.set(true)
    }
    /// Half a period of SCL, in picoseconds.
    private var half: UInt64 {
      let f = (UInt64(self[.frequency]) * 250_000) >> 26
      return 500_000_000_000 / (f < 1000 ? 100_000 : f)
    }
    private func go(_ s: Step) {
      state.pointee.step = s
      scheduler.schedule(event, after: half)
    }
    /// Lets the clock rise, and waits for those who hold it.
    private func rise(_ waiting: Step, _ high: Step) {
      scl.set(true)
      if sclIn { go(high) } else { state.pointee.step = waiting }
    }
    func sclChanged(_ high: Bool) {
      guard high else { return }
      switch state.pointee.step {
      case .rise: go(.high)
      case .againRise: go(.againHigh)
      case .stopRise: go(.stopHigh)
      default: break
      }
    }

    // MARK: Tasks

    private func start(reading: Bool) {
      guard isEnabled else { return }
      state.pointee.next = reading ? .receive : .transmit
      state.pointee.isSuspended = false
      if state.pointee.step == .idle {
        state.pointee.stopWanted = false
        startCondition()
      } else {
        goOn()
      }
    }
    private func stop() {
      guard isEnabled else { return }
      if state.pointee.step == .idle { return raise(Number.stopped) }
      state.pointee.stopWanted = true
      state.pointee.isSuspended = false
      goOn()
    }
    private func startCondition() {
      state.pointee.isReading = state.pointee.next == .receive
      state.pointee.next = .none
      sda.set(false)
      go(.startHold)
    }

    // MARK: Bits

    private func step() {
      switch state.pointee.step {
      case .idle, .wait, .rise, .againRise, .stopRise: break
      case .startHold:
        scl.set(false)
        state.pointee.isAddress = true
        beginByte(UInt8(self[.address] & 0x7F) << 1 | (state.pointee.isReading ? 1 : 0))
      case .low: rise(.rise, .high)
      case .high: sampleBit()
      case .again:
        rise(.againRise, .againHigh)
      case .againHigh: startCondition()
      case .stopLow: rise(.stopRise, .stopHigh)
      case .stopHigh:
        sda.set(true)
        state.pointee.step = .idle
        state.pointee.stopWanted = false
        state.pointee.hasTXD = false
        raise(Number.stopped)
      }
    }
    private var isSending: Bool { state.pointee.isAddress || !state.pointee.isReading }
    private func beginByte(_ byte: UInt8) {
      state.pointee.bit = 0
      state.pointee.out = byte
      state.pointee.input = 0
      showBit()
    }
    private func showBit() {
      let s = state.pointee
      sda.set(s.bit < 8 ? !isSending || s.out >> UInt8(7 - s.bit) & 1 == 1 : isSending || s.isLast)
      go(.low)
    }
    private func sampleBit() {
      let high = sdaIn, n = state.pointee.bit
      scl.set(false)
      state.pointee.bit += 1
      if n < 8 {
        state.pointee.input = state.pointee.input << 1 | (high ? 1 : 0)
        if n == 7, !isSending { return byteReceived() }
        return showBit()
      }
      if isSending { acknowledged(!high) } else { answered() }
    }
    private func acknowledged(_ ack: Bool) {
      let wasAddress = state.pointee.isAddress
      state.pointee.isAddress = false
      guard ack else {
        // Only a stop or another start leads on.
        self[.errorSrc] |= wasAddress ? 2 : 4
        state.pointee.hasTXD = false
        state.pointee.isReading = false
        state.pointee.step = .wait
        raise(Number.error)
        return goOn()
      }
      if wasAddress, state.pointee.isReading { return beginByte(0xFF) }
      state.pointee.step = .wait
      if !wasAddress {
        raise(Number.bb)
        raise(Number.txdSent)
      }
      goOn()
    }
    /// Eight bits are in; whether there are more decides about the acknowledgement.
    private func byteReceived() {
      if state.pointee.isUnread { self[.errorSrc] |= 1 }
      state.pointee.rxd = state.pointee.input
      state.pointee.isUnread = true
      state.pointee.step = .high
      raise(Number.bb)
      if self[.shorts][bit: 0] { state.pointee.isSuspended = true }
      if self[.shorts][bit: 1] { state.pointee.stopWanted = true }
      state.pointee.step = .wait
      raise(Number.rxdReady)
      goOn()
    }
    /// The acknowledgement of a byte that came in has gone out.
    private func answered() {
      if state.pointee.isLast {
        state.pointee.isLast = false
        state.pointee.isReading = false
        state.pointee.step = .wait
        return goOn()
      }
      beginByte(0xFF)
    }
    /// At the end of a byte: what the tasks want next.
    private func goOn() {
      guard isEnabled, state.pointee.step == .wait else { return }
      let leaves = state.pointee.stopWanted || state.pointee.next != .none
      if state.pointee.isReading {
        if !leaves, state.pointee.isSuspended { return suspended() }
        state.pointee.isToldSuspended = false
        state.pointee.isLast = leaves
        return showBit()
      }
      if state.pointee.stopWanted {
        sda.set(false)
        return go(.stopLow)
      }
      if state.pointee.next != .none {
        sda.set(true)
        return go(.again)
      }
      if state.pointee.isSuspended { return suspended() }
      state.pointee.isToldSuspended = false
      guard state.pointee.hasTXD else { return }
      state.pointee.hasTXD = false
      beginByte(UInt8(truncatingIfNeeded: self[.txd]))
    }
    private func suspended() {
      guard !state.pointee.isToldSuspended else { return }
      state.pointee.isToldSuspended = true
      raise(Number.suspended)
    }
    public override func reset() {
      super.reset()
      halt()
      onPins()
    }
  }
}
