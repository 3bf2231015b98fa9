import Machine

/// ESP32 TRM chapter 11: an I2C controller that works through a list of commands, bit by bit on its lines.
public final class ESP32I2C: RegisterDevice, RegisterNaming {
  public enum Register: UInt32, CaseIterable, Sendable {
    case sclLowPeriod = 0x00, ctr = 0x04, sr = 0x08, to = 0x0C, slaveAddr = 0x10, rxfifoSt = 0x14, fifoConf = 0x18, data = 0x1C, intRaw = 0x20, intClr = 0x24, intEna = 0x28
    case intSt = 0x2C, sdaHold = 0x30, sdaSample = 0x34, sclHighPeriod = 0x38, sclStartHold = 0x40, sclRstartSetup = 0x44, sclStopHold = 0x48, sclStopSetup = 0x4C
    case sclFilterCfg = 0x50, sdaFilterCfg = 0x54, comd0 = 0x58, date = 0xF8, fifoStartAddr = 0x100
  }
  static let map = RegisterMap<ESP32I2C> { r in
    r[.sclLowPeriod].bits(0...13)
    r[.ctr].bits(0...4).bits(6...8).reset(3).onWrite { d, v in if v[bit: 5] { d.start() } }
    r[.sr].onRead { $0.status }
    r[.to].bits(0...19)
    r[.slaveAddr].bits(0...31)
    r[.rxfifoSt].onRead { d in
      let s = d.state.pointee, end = UInt32(s.rxHead + s.rxCount) & 31, txEnd = UInt32(s.txHead + s.txCount) & 31
      return UInt32(s.rxHead) | end << 5 | UInt32(s.txHead) << 10 | txEnd << 15
    }
    r[.fifoConf].bits(0...25).reset(0x155_408B).onWrite { d, v in d.fifoConfigured(v) }
    r[.data].onRead { $0.receive() }.onWrite { d, v in d.queue(UInt8(truncatingIfNeeded: v)) }
    r[.intRaw].bits(0...12, .readOnly)
    r[.intClr].onWrite { d, v in
      d[.intRaw] &= ~v
      d.update()
    }
    r[.intEna].bits(0...12).onWrite { d, _ in d.update() }
    r[.intSt].onRead { $0[.intRaw] & $0[.intEna] }
    for x in [Register.sdaHold, .sdaSample, .sclHighPeriod, .sclStopHold, .sclStopSetup] { r[x].bits(0...13) }
    for x in [Register.sclStartHold, .sclRstartSetup, .sclFilterCfg, .sdaFilterCfg] { r[x].bits(0...13).reset(8) }
    r[.comd0, count: 16].bits(0...13).bits(31...31)
    r[.date].bits(0...31).reset(0x1604_2000)
    r[.fifoStartAddr, count: 64].bits(0...31)
  }
  enum Interrupt {
    static let rxFull = 0, txEmpty = 1, rxOverflow = 2, end = 3, arbitrationLost = 5, byteDone = 6, complete = 7, timeout = 8, started = 9, ackError = 10
  }
  /// What the lines do next.
  enum Step: UInt8, BitwiseCopyable { case idle, next, restartLow, restartRise, startSetup, startHold, startLow, low, rise, high, stopLow, stopRise, stopHigh }
  struct State: BitwiseCopyable {
    var rxHead = 0, rxCount = 0, txHead = 0, txCount = 0
    var step = Step.idle
    /// The command under way, bytes of it that are left, the bit of the byte (8: the acknowledgement), what goes out and came in.
    var command = 0, left = 0, bit = 0, out: UInt8 = 0, input: UInt8 = 0, begun = false
    /// The lines as the controller lets go of them, and as they are.
    var scl = true, sda = true, sclIn = true, sdaIn = true
    var ack = false, busy = false
    var waitingSince: UInt64 = 0
  }
  static let depth = 32
  let state: UnsafeMutablePointer<State>
  private let rx: UnsafeMutablePointer<UInt8>, tx: UnsafeMutablePointer<UInt8>
  private let scheduler: Scheduler, clocks: ESP32Clocks
  private var event: Scheduler.Event!
  public let irq: Line
  /// High: let go.
  let scl, sda: Line

  /// What the lines' times count, in 1/256 Hz; nil: APB_CLK.
  var source: (() -> UInt64)?
  /// The codes of the commands.
  struct Operations: Sendable { let start, write, read, stop, end: UInt32 }
  private let operations: Operations

  init(name: String, operations: Operations = Operations(start: 0, write: 1, read: 2, stop: 3, end: 4), arena: StateArena, scheduler: Scheduler, clocks: ESP32Clocks) {
    self.operations = operations
    self.scheduler = scheduler
    self.clocks = clocks
    state = arena.allocate("\(name).state", initial: State())
    rx = arena.allocate("\(name).rx", count: Self.depth, initial: UInt8(0))
    tx = arena.allocate("\(name).tx", count: Self.depth, initial: UInt8(0))
    irq = Line("\(name).IRQ", arena: arena)
    scl = Line("\(name).SCL", arena: arena)
    sda = Line("\(name).SDA", arena: arena)
    super.init(Self.map, name: name, arena: arena)
    scl.set(true)
    sda.set(true)
    event = scheduler.event("\(name).step") { [unowned self] _ in step() }
  }

  // MARK: FIFOs

  private func fifoConfigured(_ v: UInt32) {
    if v[bit: 12] { (state.pointee.rxHead, state.pointee.rxCount) = (0, 0) }
    if v[bit: 13] { (state.pointee.txHead, state.pointee.txCount) = (0, 0) }
    update()
  }
  private func queue(_ b: UInt8) {
    guard state.pointee.txCount < Self.depth else { return }
    tx[(state.pointee.txHead + state.pointee.txCount) & 31] = b
    state.pointee.txCount += 1
    update()
  }
  private func receive() -> UInt32 {
    guard state.pointee.rxCount > 0 else { return 0 }
    let b = rx[state.pointee.rxHead]
    state.pointee.rxHead = (state.pointee.rxHead + 1) & 31
    state.pointee.rxCount -= 1
    update()
    return UInt32(b)
  }
  private var status: UInt32 {
    let s = state.pointee
    return (s.ack ? 1 : 0) | (s.busy ? 16 : 0) | UInt32(s.rxCount) << 8 | UInt32(s.txCount) << 18
  }
  private func update() {
    let c = self[.fifoConf]
    if UInt32(state.pointee.rxCount) > c[bits: 0...4] { self[.intRaw][bit: Interrupt.rxFull] = true }
    if UInt32(state.pointee.txCount) <= c[bits: 5...9] { self[.intRaw][bit: Interrupt.txEmpty] = true }
    irq.set(self[.intRaw] & self[.intEna] != 0)
  }
  private func raise(_ n: Int) {
    self[.intRaw][bit: n] = true
    update()
  }

  // MARK: Commands, §11.3.3

  private func start() {
    guard self[.ctr][bit: 4] else {
      log?.once("\(name) as an I2C target is not modelled: it is not addressed")
      return
    }
    state.pointee.command = 0
    state.pointee.begun = false
    raise(Interrupt.started)
    go(.next, after: 1)
  }
  private func go(_ s: Step, after cycles: UInt32) {
    state.pointee.step = s
    let f = max(256, source?() ?? clocks.apb.pointee.frequency256)
    scheduler.schedule(event, after: UInt64(truncatingIfNeeded: UInt128(max(1, cycles)) * UInt128(Clock.picosecondsPerSecond * 256) / UInt128(f)))
  }
  private func drive(scl c: Bool? = nil, sda d: Bool? = nil) {
    if let d {
      state.pointee.sda = d
      sda.set(d)
    }
    if let c {
      state.pointee.scl = c
      scl.set(c)
    }
  }
  func sclChanged(_ level: Bool) {
    state.pointee.sclIn = level
    // Somebody had held the clock.
    if level, state.pointee.step == .rise { go(.high, after: self[.sclHighPeriod]) }
    if level, state.pointee.step == .restartRise { go(.startSetup, after: self[.sclRstartSetup]) }
    if level, state.pointee.step == .stopRise { go(.stopHigh, after: self[.sclStopSetup]) }
  }
  func sdaChanged(_ level: Bool) { state.pointee.sdaIn = level }
  private func stop() {
    state.pointee.step = .idle
    scheduler.cancel(event)
  }
  /// Lets the clock rise, and waits for those who hold it.
  private func release(_ waiting: Step, then next: Step, after cycles: UInt32) {
    drive(scl: true)
    if state.pointee.sclIn { return go(next, after: cycles) }
    go(waiting, after: max(self[.to], 1))
  }
  private func step() {
    switch state.pointee.step {
    case .idle: break
    case .next: begin()
    case .restartLow: release(.restartRise, then: .startSetup, after: self[.sclRstartSetup])
    case .startSetup:
      // SDA falls while SCL is high.
      drive(sda: false)
      state.pointee.busy = true
      go(.startHold, after: self[.sclStartHold])
    case .startHold:
      drive(scl: false)
      go(.startLow, after: self[.sdaHold])
    case .startLow: finishCommand()
    case .low:
      prepareBit()
      release(.rise, then: .high, after: self[.sclHighPeriod])
    case .rise, .restartRise, .stopRise:
      raise(Interrupt.timeout)
      drive(scl: true, sda: true)
      state.pointee.busy = false
      stop()
    case .high: sampleBit()
    case .stopLow:
      drive(sda: false)
      release(.stopRise, then: .stopHigh, after: self[.sclStopSetup])
    case .stopHigh:
      drive(sda: true)
      state.pointee.busy = false
      self[.comd0, state.pointee.command][bit: 31] = true
      stop()
      raise(Interrupt.complete)
    }
  }
  private func begin() {
    guard state.pointee.command < 16 else { return stop() }
    let c = self[.comd0, state.pointee.command]
    switch c[bits: 11...13] {
    case operations.start:
      drive(sda: true)
      // A repeated start lets both lines rise first.
      if state.pointee.scl { go(.startSetup, after: self[.sclRstartSetup]) } else { go(.restartLow, after: self[.sclLowPeriod]) }
    case operations.write, operations.read:
      state.pointee.left = Int(c & 0xFF)
      guard state.pointee.left > 0 else { return finishCommand() }
      beginByte()
    case operations.stop: go(.stopLow, after: self[.sclLowPeriod])
    case operations.end:
      self[.comd0, state.pointee.command][bit: 31] = true
      stop()
      raise(Interrupt.end)
    default: stop()
    }
  }
  private var isWrite: Bool { self[.comd0, state.pointee.command][bits: 11...13] == operations.write }
  private func reversed(_ b: UInt8) -> UInt8 {
    var v = b, r: UInt8 = 0
    for _ in 0..<8 {
      r = r << 1 | v & 1
      v >>= 1
    }
    return r
  }
  private func beginByte() {
    state.pointee.bit = 0
    state.pointee.input = 0
    if isWrite {
      var b: UInt8 = 0
      if state.pointee.txCount > 0 {
        b = tx[state.pointee.txHead]
        state.pointee.txHead = (state.pointee.txHead + 1) & 31
        state.pointee.txCount -= 1
      }
      state.pointee.out = self[.ctr][bit: 6] ? reversed(b) : b
      update()
    }
    prepareBit()
    go(.low, after: self[.sclLowPeriod])
  }
  /// SDA for the bit that comes, while SCL is low.
  private func prepareBit() {
    let n = state.pointee.bit
    if n < 8 {
      drive(sda: isWrite ? state.pointee.out >> UInt8(7 - n) & 1 == 1 : true)
    } else {
      drive(sda: isWrite ? true : self[.comd0, state.pointee.command][bit: 10])
    }
  }
  private func sampleBit() {
    let n = state.pointee.bit, level = state.pointee.sdaIn, c = self[.comd0, state.pointee.command]
    if n < 8 {
      if isWrite, state.pointee.sda, !level {
        raise(Interrupt.arbitrationLost)
        drive(scl: true, sda: true)
        state.pointee.busy = false
        return stop()
      }
      state.pointee.input = state.pointee.input << 1 | (level ? 1 : 0)
    }
    drive(scl: false)
    state.pointee.bit += 1
    if n < 7 || n == 7 { return go(.low, after: self[.sclLowPeriod]) }
    // The acknowledgement has passed.
    state.pointee.left -= 1
    if isWrite {
      state.pointee.ack = level
      if c[bit: 8], level != c[bit: 9] {
        raise(Interrupt.ackError)
        return stop()
      }
    } else {
      let b = self[.ctr][bit: 7] ? reversed(state.pointee.input) : state.pointee.input
      if state.pointee.rxCount < Self.depth {
        rx[(state.pointee.rxHead + state.pointee.rxCount) & 31] = b
        state.pointee.rxCount += 1
      } else {
        self[.intRaw][bit: Interrupt.rxOverflow] = true
      }
    }
    raise(Interrupt.byteDone)
    if state.pointee.left > 0 { beginByte() } else { finishCommand() }
  }
  private func finishCommand() {
    self[.comd0, state.pointee.command][bit: 31] = true
    state.pointee.command += 1
    begin()
  }
  public override func reset() {
    super.reset()
    scheduler.cancel(event)
    let s = state.pointee
    state.pointee = State(sclIn: s.sclIn, sdaIn: s.sdaIn)
    scl.set(true)
    sda.set(true)
    irq.set(false)
  }
}
