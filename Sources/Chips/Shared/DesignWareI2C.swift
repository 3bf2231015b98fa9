import Machine

/// Synopsys DW_apb_i2c (RP2040 datasheet §4.3): controller and target, bit by bit on two open-drain lines.
public final class DesignWareI2C: RegisterDevice, RegisterNaming {
  public enum Register: UInt32, CaseIterable, Sendable {
    case icCon = 0x00, icTar = 0x04, icSar = 0x08, icDataCmd = 0x10, icSSSclHcnt = 0x14, icSSSclLcnt = 0x18, icFSSclHcnt = 0x1C, icFSSclLcnt = 0x20
    case icIntrStat = 0x2C, icIntrMask = 0x30, icRawIntrStat = 0x34, icRxTL = 0x38, icTxTL = 0x3C
    case icClrIntr = 0x40, icClrRxUnder = 0x44, icClrRxOver = 0x48, icClrTxOver = 0x4C, icClrRdReq = 0x50, icClrTxAbrt = 0x54, icClrRxDone = 0x58
    case icClrActivity = 0x5C, icClrStopDet = 0x60, icClrStartDet = 0x64, icClrGenCall = 0x68
    case icEnable = 0x6C, icStatus = 0x70, icTxflr = 0x74, icRxflr = 0x78, icSdaHold = 0x7C, icTxAbrtSource = 0x80, icSlvDataNackOnly = 0x84
    case icDmaCR = 0x88, icDmaTDLR = 0x8C, icDmaRDLR = 0x90, icSdaSetup = 0x94, icAckGeneralCall = 0x98, icEnableStatus = 0x9C, icFSSpklen = 0xA0
    case icClrRestartDet = 0xA8, icCompParam1 = 0xF4, icCompVersion = 0xF8, icCompType = 0xFC
  }
  /// Bits of RAW_INTR_STAT.
  enum Raw {
    static let rxUnder: UInt32 = 1, rxOver: UInt32 = 2, rxFull: UInt32 = 4, txOver: UInt32 = 8, txEmpty: UInt32 = 16, rdReq: UInt32 = 32, txAbrt: UInt32 = 64
    static let rxDone: UInt32 = 128, activity: UInt32 = 256, stopDet: UInt32 = 512, startDet: UInt32 = 1024, genCall: UInt32 = 2048, restartDet: UInt32 = 4096
  }
  static let map = RegisterMap<DesignWareI2C> { r in
    r[.icCon].bits(0...9).reset(0x65).onWrite { d, _ in d.update() }
    r[.icTar].bits(0...11).reset(0x55)
    r[.icSar].bits(0...9).reset(0x55)
    r[.icDataCmd].onRead { $0.receive() }.onWrite { d, v in d.send(v) }
    r[.icSSSclHcnt].bits(0...15).reset(0x28)
    r[.icSSSclLcnt].bits(0...15).reset(0x2F)
    r[.icFSSclHcnt].bits(0...15).reset(0x06)
    r[.icFSSclLcnt].bits(0...15).reset(0x0D)
    r[.icIntrStat].onRead { $0.raw & $0[.icIntrMask] }
    r[.icIntrMask].bits(0...12).reset(0x8FF).onWrite { d, _ in d.update() }
    r[.icRawIntrStat].onRead { $0.raw }
    r[.icRxTL].bits(0...7).onWrite { d, _ in d.update() }
    r[.icTxTL].bits(0...7).onWrite { d, _ in d.update() }
    let clears: [(Register, UInt32)] = [
      (.icClrIntr, 0x1FEB), (.icClrRxUnder, Raw.rxUnder), (.icClrRxOver, Raw.rxOver), (.icClrTxOver, Raw.txOver), (.icClrRdReq, Raw.rdReq), (.icClrTxAbrt, Raw.txAbrt),
      (.icClrRxDone, Raw.rxDone), (.icClrActivity, Raw.activity), (.icClrStopDet, Raw.stopDet), (.icClrStartDet, Raw.startDet), (.icClrGenCall, Raw.genCall),
      (.icClrRestartDet, Raw.restartDet),
    ]
    for (register, bits) in clears { r[register].onRead { d in d.clear(bits) } }
    r[.icEnable].bits(0...2).onWrite { d, v in d.enable(v) }
    r[.icStatus].onRead { $0.status }.reset(6)
    r[.icTxflr].onRead { UInt32($0.state.pointee.tx.count) }
    r[.icRxflr].onRead { UInt32($0.state.pointee.rx.count) }
    r[.icSdaHold].bits(0...23).reset(1)
    r[.icTxAbrtSource].onRead { $0.state.pointee.abortSource }
    r[.icSlvDataNackOnly].bits(0...0)
    r[.icDmaCR].bits(0...1).onWrite { d, _ in d.update() }
    r[.icDmaTDLR].bits(0...3).onWrite { d, _ in d.update() }
    r[.icDmaRDLR].bits(0...3).onWrite { d, _ in d.update() }
    r[.icSdaSetup].bits(0...7).reset(0x64)
    r[.icAckGeneralCall].bits(0...0).reset(1)
    r[.icEnableStatus].onRead { $0[.icEnable] & 1 }
    r[.icFSSpklen].bits(0...7).reset(7)
    r[.icCompParam1].reset(0)
    r[.icCompVersion].reset(0x3230_312A)
    r[.icCompType].reset(0x4457_0140)
  }

  /// What the controller does at its next event. `held`: SCL is low until there is a command.
  enum Phase: UInt8, BitwiseCopyable {
    case idle, start, startHold, bitSetUp, bitRise, bitEnd, ackRise, ackEnd, held, repeatRise, repeatStart, stopRise, stopEnd
  }
  /// What the byte under way is.
  enum Kind: UInt8, BitwiseCopyable { case address, addressLow, addressAgain, write, read }
  enum TargetPhase: UInt8, BitwiseCopyable { case idle, address, longAck, longAddress, addressAck, write, writeHeld, writeAck, read, readAck, ignore }
  struct State: BitwiseCopyable {
    var tx = HalfwordFIFO(capacity: 16), rx = HalfwordFIFO(capacity: 16)
    var latched: UInt32 = 0, abortSource: UInt32 = 0
    // Controller
    var phase = Phase.idle, kind = Kind.address, shift: UInt32 = 0, bits = 0
    var command: UInt32 = 0, hasCommand = false, reading = false, addressed = false, waitsForClock = false
    // Lines: driven low by the controller, by the target; as they are.
    var sdaLow = false, sclLow = false, targetSDALow = false, targetSCLLow = false, sda = true, scl = true
    // Target
    var target = TargetPhase.idle, targetShift: UInt32 = 0, targetBits = 0, targetRead = false, targetFirst = false
    /// Its ten-bit address was heard: a repeated start may turn to reading.
    var targetChosen = false
    var busy = false
  }
  let state: UnsafeMutablePointer<State>
  private let scheduler: Scheduler, clock: UnsafeMutablePointer<Clock>
  private var event: Scheduler.Event!
  public let irq: Line
  let dreqTX, dreqRX: Line
  /// Told when SDA or SCL is pulled low or released here.
  var onLines: () -> Void = {}
  var pullsSDA: Bool { state.pointee.sdaLow || state.pointee.targetSDALow }
  var pullsSCL: Bool { state.pointee.sclLow || state.pointee.targetSCLLow }

  /// - Parameter clock: clk_sys, which is ic_clk.
  init(name: String, arena: StateArena, scheduler: Scheduler, clock: UnsafeMutablePointer<Clock>) {
    self.scheduler = scheduler
    self.clock = clock
    state = arena.allocate("\(name).state", initial: State())
    irq = Line("\(name).IRQ", arena: arena)
    dreqTX = Line("\(name).DREQ_TX", arena: arena)
    dreqRX = Line("\(name).DREQ_RX", arena: arena)
    super.init(Self.map, name: name, arena: arena)
    event = scheduler.event(name) { [unowned self] _ in step() }
  }
  private var isEnabled: Bool { self[.icEnable][bit: 0] }
  private var isController: Bool { self[.icCon][bit: 0] }
  private var isTarget: Bool { !self[.icCon][bit: 6] }
  /// RX_FIFO_FULL_HLD_CTRL: SCL is held down while a received byte finds no room.
  private var holdsWhenFull: Bool { self[.icCon][bit: 9] && state.pointee.rx.isFull }

  // MARK: Registers

  private var raw: UInt32 {
    let s = state.pointee
    var v = s.latched
    if s.rx.count > Int(self[.icRxTL]) { v |= Raw.rxFull }
    // TX_EMPTY_CTRL: only when the last command has gone out as well.
    if isEnabled, s.tx.count <= Int(self[.icTxTL]), !self[.icCon][bit: 8] || !s.hasCommand { v |= Raw.txEmpty }
    return v
  }
  private var status: UInt32 {
    let s = state.pointee, controller = s.phase != .idle, target = s.target != .idle && s.target != .ignore
    return (controller || target ? 1 : 0) | (s.tx.isFull ? 0 : 2) | (s.tx.isEmpty ? 4 : 0) | (s.rx.isEmpty ? 0 : 8) | (s.rx.isFull ? 16 : 0) | (controller ? 32 : 0) | (target ? 64 : 0)
  }
  private func update() {
    irq.set(raw & self[.icIntrMask] != 0)
    dreqTX.set(self[.icDmaCR][bit: 1] && isEnabled && state.pointee.tx.count <= Int(self[.icDmaTDLR]))
    dreqRX.set(self[.icDmaCR][bit: 0] && state.pointee.rx.count > Int(self[.icDmaRDLR]))
  }
  private func latch(_ bits: UInt32) {
    state.pointee.latched |= bits
    update()
  }
  private func clear(_ bits: UInt32) -> UInt32 {
    let was = raw & bits != 0
    state.pointee.latched &= ~bits
    if bits & Raw.txAbrt != 0 { state.pointee.abortSource = 0 }
    update()
    return was ? 1 : 0
  }
  private func receive() -> UInt32 {
    guard !state.pointee.rx.isEmpty else {
      latch(Raw.rxUnder)
      return 0
    }
    let v = UInt32(state.pointee.rx.pop())
    if state.pointee.target == .writeHeld { take() }
    if state.pointee.phase == .bitSetUp, state.pointee.kind == .read, !scheduler.isScheduled(event) { schedule(0) }
    update()
    return v
  }
  private func send(_ v: UInt32) {
    guard isEnabled else { return }
    // While an abort stands, the FIFO takes nothing (§4.3.7).
    guard state.pointee.latched & Raw.txAbrt == 0 else { return }
    if state.pointee.tx.isFull {
      latch(Raw.txOver)
    } else {
      state.pointee.tx.push(UInt16(v & 0x7FF))
      if state.pointee.phase == .held { schedule(0) }
      if state.pointee.target == .read, state.pointee.targetSCLLow { answer() }
      begin()
    }
    update()
  }
  private func enable(_ v: UInt32) {
    if v[bit: 1], state.pointee.phase != .idle {
      abort(1 << 16)  // ABRT_USER_ABRT
      self[.icEnable] &= ~2
    }
    if !isEnabled {
      scheduler.cancel(event)
      let sda = state.pointee.sda, scl = state.pointee.scl
      let abortSource = state.pointee.abortSource
      state.pointee = State()
      state.pointee.sda = sda
      state.pointee.scl = scl
      state.pointee.abortSource = abortSource
      onLines()
    }
    begin()
    update()
  }

  // MARK: Controller

  private func cycles(high: Bool) -> UInt64 {
    let fast = self[.icCon][bits: 1...2] != 1, spikes = UInt64(self[.icFSSpklen])
    return high ? UInt64(self[fast ? .icFSSclHcnt : .icSSSclHcnt]) + spikes + 7 : UInt64(self[fast ? .icFSSclLcnt : .icSSSclLcnt]) + 1
  }
  private func schedule(_ cycles: UInt64) {
    let c = clock.pointee, time = c.time(ofCycle: c.cycle(at: scheduler.now) + cycles)
    if time == .max { scheduler.cancel(event) } else { scheduler.schedule(event, at: max(time, scheduler.now)) }
  }
  private func begin() {
    guard isEnabled, isController, state.pointee.phase == .idle, !state.pointee.tx.isEmpty, state.pointee.sda, state.pointee.scl, !state.pointee.busy else { return }
    state.pointee.phase = .start
    latch(Raw.activity)
    schedule(cycles(high: true))
  }
  private func drive(sda: Bool? = nil, scl: Bool? = nil) {
    if let sda { state.pointee.sdaLow = !sda }
    if let scl { state.pointee.sclLow = !scl }
    onLines()
  }
  private var isLong: Bool { self[.icCon][bit: 4] }

  private func next() {
    state.pointee.command = UInt32(state.pointee.tx.pop())
    state.pointee.hasCommand = true
    update()
  }
  private func sendAddress(again: Bool = false) {
    let target = self[.icTar] & 0x3FF, reading: UInt32 = state.pointee.command[bit: 8] ? 1 : 0
    state.pointee.reading = reading == 1
    if isLong {
      // 11110 and two bits; a read gives the whole address as a write first.
      let asRead = again || (state.pointee.addressed && reading == 1)
      state.pointee.shift = 0xF0 | target >> 7 & 6 | (asRead ? 1 : 0)
      state.pointee.kind = asRead ? .addressAgain : .address
    } else {
      state.pointee.shift = (target & 0x7F) << 1 | reading
      state.pointee.kind = .address
    }
    state.pointee.bits = 8
  }
  private func sendByte() {
    state.pointee.kind = state.pointee.reading ? .read : .write
    state.pointee.shift = state.pointee.reading ? 0 : state.pointee.command & 0xFF
    state.pointee.bits = 8
  }
  /// SCL is let go; the wait is for whoever holds it down.
  private func releaseClock(_ then: Phase) {
    state.pointee.phase = then
    drive(scl: true)
    if state.pointee.scl { schedule(cycles(high: true)) } else { state.pointee.waitsForClock = true }
  }
  private func step() {
    switch state.pointee.phase {
    case .idle: begin()
    case .start:
      next()
      state.pointee.addressed = false
      state.pointee.phase = .startHold
      drive(sda: false)
      schedule(cycles(high: true))
    case .startHold:
      sendAddress()
      state.pointee.phase = .bitSetUp
      drive(scl: false)
      schedule(1)
    case .bitSetUp:
      if state.pointee.bits > 0 {
        if state.pointee.kind == .read, state.pointee.bits == 8, holdsWhenFull { return }
        state.pointee.phase = .bitRise
        drive(sda: state.pointee.kind == .read ? true : state.pointee.shift[bit: 7])
      } else {
        guard state.pointee.kind != .read || !mustWaitForNext() else {
          state.pointee.phase = .held
          return
        }
        state.pointee.phase = .ackRise
        drive(sda: state.pointee.kind == .read ? isLastRead : true)
      }
      schedule(cycles(high: false))
    case .bitRise: releaseClock(.bitEnd)
    case .bitEnd:
      let bit = state.pointee.sda
      if state.pointee.kind != .read, state.pointee.shift[bit: 7], !bit { return lose() }
      state.pointee.shift = state.pointee.shift << 1 | (bit ? 1 : 0)
      state.pointee.bits -= 1
      state.pointee.phase = .bitSetUp
      if state.pointee.bits == 0, state.pointee.kind == .read {
        // The byte is there before its acknowledge, which waits for the next command.
        if state.pointee.rx.isFull { latch(Raw.rxOver) } else { state.pointee.rx.push(UInt16(state.pointee.shift & 0xFF)) }
        update()
      }
      drive(scl: false)
      schedule(1)
    case .ackRise: releaseClock(.ackEnd)
    case .ackEnd:
      let acknowledged = !state.pointee.sda
      drive(scl: false)
      byteDone(acknowledged)
    case .held:
      if state.pointee.hasCommand {
        // A byte was read, and now its acknowledge can be told.
        state.pointee.phase = .bitSetUp
        return step()
      }
      if !state.pointee.tx.isEmpty { proceed() }
    case .repeatRise: releaseClock(.repeatStart)
    case .repeatStart:
      state.pointee.phase = .startHold
      drive(sda: false)
      schedule(cycles(high: true))
    case .stopRise: releaseClock(.stopEnd)
    case .stopEnd:
      state.pointee.phase = .idle
      state.pointee.hasCommand = false
      drive(sda: true)
      latch(Raw.stopDet)
      schedule(cycles(high: false))
    }
  }
  /// A byte read without STOP: whether it is the last is known when the next command is.
  private func mustWaitForNext() -> Bool { !state.pointee.command[bit: 9] && state.pointee.tx.isEmpty }
  private var isLastRead: Bool {
    if state.pointee.command[bit: 9] { return true }
    let next = UInt32(state.pointee.tx.first)
    return !next[bit: 8] || next[bit: 10]
  }
  private func byteDone(_ acknowledged: Bool) {
    switch state.pointee.kind {
    case .address, .addressAgain:
      guard acknowledged else { return abort(isLong ? 1 << 1 : 1) }
      if isLong && state.pointee.kind == .address {
        state.pointee.kind = .addressLow
        state.pointee.shift = self[.icTar] & 0xFF
        state.pointee.bits = 8
      } else {
        state.pointee.addressed = true
        sendByte()
      }
    case .addressLow:
      guard acknowledged else { return abort(1 << 2) }
      state.pointee.addressed = true
      if state.pointee.reading {
        // Now again, as a read.
        return repeatStart()
      }
      sendByte()
    case .write:
      guard acknowledged else { return abort(1 << 3) }
      return commandDone()
    case .read: return commandDone()
    }
    state.pointee.phase = .bitSetUp
    schedule(1)
  }
  private func commandDone() {
    let stops = state.pointee.command[bit: 9]
    state.pointee.hasCommand = false
    update()
    if stops { return stopNow() }
    if state.pointee.tx.isEmpty {
      state.pointee.phase = .held
    } else {
      proceed()
    }
  }
  /// The next command: a byte in the same direction, or a repeated start.
  private func proceed() {
    next()
    if state.pointee.command[bit: 10] || state.pointee.command[bit: 8] != state.pointee.reading {
      repeatStart()
    } else {
      sendByte()
      state.pointee.phase = .bitSetUp
      schedule(1)
    }
  }
  private func repeatStart() {
    state.pointee.phase = .repeatRise
    drive(sda: true)
    schedule(cycles(high: false))
  }
  private func stopNow() {
    state.pointee.phase = .stopRise
    drive(sda: false)
    schedule(cycles(high: false))
  }
  private func abort(_ source: UInt32) {
    state.pointee.abortSource |= source | UInt32(state.pointee.tx.count) << 23
    state.pointee.tx = HalfwordFIFO(capacity: 16)
    state.pointee.hasCommand = false
    latch(Raw.txAbrt)
    stopNow()
  }
  /// Another controller held SDA down: the bus is its own.
  private func lose() {
    state.pointee.abortSource |= 1 << 12
    state.pointee.tx = HalfwordFIFO(capacity: 16)
    state.pointee.hasCommand = false
    state.pointee.phase = .idle
    drive(sda: true, scl: true)
    latch(Raw.txAbrt)
  }

  // MARK: Lines

  /// The pads' levels.
  func linesChanged(sda: Bool, scl: Bool) {
    let was = (sda: state.pointee.sda, scl: state.pointee.scl)
    guard was != (sda, scl) else { return }
    state.pointee.sda = sda
    state.pointee.scl = scl
    if scl, !was.scl, state.pointee.waitsForClock {
      state.pointee.waitsForClock = false
      schedule(cycles(high: true))
    }
    guard isEnabled else { return }
    if was.scl, scl, was.sda != sda {
      if !sda { startSeen() } else { stopSeen() }
    } else if was.scl != scl {
      if scl { clockRose() } else { clockFell() }
    }
  }
  private func startSeen() {
    let again = state.pointee.busy
    state.pointee.busy = true
    guard isTarget else { return }
    if again, state.pointee.target != .idle, state.pointee.target != .ignore { latch(Raw.restartDet) }
    state.pointee.target = .address
    state.pointee.targetShift = 0
    state.pointee.targetBits = 0
  }
  private func stopSeen() {
    state.pointee.busy = false
    if isTarget {
      if state.pointee.target != .idle, state.pointee.target != .ignore || !self[.icCon][bit: 7] { latch(Raw.stopDet) }
      state.pointee.target = .idle
      state.pointee.targetChosen = false
      pull(sda: false, scl: false)
    }
    if state.pointee.phase == .idle, !state.pointee.tx.isEmpty { schedule(cycles(high: false)) }
  }
  private func pull(sda: Bool? = nil, scl: Bool? = nil) {
    if let sda { state.pointee.targetSDALow = sda }
    if let scl { state.pointee.targetSCLLow = scl }
    onLines()
  }
  private func clockRose() {
    switch state.pointee.target {
    case .address, .longAddress, .write:
      state.pointee.targetShift = state.pointee.targetShift << 1 | (state.pointee.sda ? 1 : 0)
      state.pointee.targetBits += 1
    case .readAck:
      // The controller's acknowledge: a one ends the read.
      state.pointee.targetFirst = !state.pointee.sda
    default: break
    }
  }
  private func clockFell() {
    switch state.pointee.target {
    case .idle, .ignore: break
    case .address:
      guard state.pointee.targetBits == 8 else { return }
      let byte = state.pointee.targetShift & 0xFF
      let own = self[.icSar] & 0x3FF, isLong = self[.icCon][bit: 3]
      if byte == 0, self[.icAckGeneralCall][bit: 0] {
        latch(Raw.genCall)
      } else if isLong, byte & 0xFE == 0xF0 | own >> 7 & 6 {
        guard byte[bit: 0] else {
          state.pointee.target = .longAck
          return pull(sda: true)
        }
        guard state.pointee.targetChosen else {
          state.pointee.target = .ignore
          return
        }
      } else if isLong || byte >> 1 != own & 0x7F {
        state.pointee.target = .ignore
        state.pointee.targetChosen = false
        return
      }
      chosen(read: byte[bit: 0])
    case .longAck:
      pull(sda: false)
      state.pointee.target = .longAddress
      state.pointee.targetBits = 0
      state.pointee.targetShift = 0
    case .longAddress:
      guard state.pointee.targetBits == 8 else { return }
      guard state.pointee.targetShift & 0xFF == self[.icSar] & 0xFF else {
        state.pointee.target = .ignore
        return
      }
      state.pointee.targetChosen = true
      chosen(read: false)
    case .addressAck:
      pull(sda: false)
      state.pointee.targetBits = 0
      state.pointee.targetShift = 0
      if state.pointee.targetRead { fetch() } else { state.pointee.target = .write }
    case .write:
      guard state.pointee.targetBits == 8 else { return }
      if holdsWhenFull {
        state.pointee.target = .writeHeld
        pull(scl: true)
      } else {
        take()
      }
    case .writeHeld: break
    case .writeAck:
      pull(sda: false)
      state.pointee.targetBits = 0
      state.pointee.targetShift = 0
      state.pointee.target = .write
    case .read:
      state.pointee.targetBits += 1
      if state.pointee.targetBits == 8 {
        pull(sda: false)
        state.pointee.target = .readAck
      } else {
        pull(sda: !state.pointee.targetShift[bit: 7 - state.pointee.targetBits])
      }
    case .readAck:
      if state.pointee.targetFirst {
        fetch()
      } else {
        state.pointee.target = .ignore
        latch(Raw.rxDone)
      }
    }
  }
  private func chosen(read: Bool) {
    state.pointee.targetRead = read
    state.pointee.target = .addressAck
    latch(Raw.activity | Raw.startDet)
    pull(sda: true)
  }
  /// A byte has arrived: into the FIFO and acknowledged; lost when it is full (§4.3.10.1.3).
  private func take() {
    if state.pointee.rx.isFull { latch(Raw.rxOver) } else { state.pointee.rx.push(UInt16(state.pointee.targetShift & 0xFF)) }
    update()
    state.pointee.target = .writeAck
    pull(sda: !self[.icSlvDataNackOnly][bit: 0], scl: false)
  }
  /// The controller reads: the next byte, or the clock is held until the processor has one.
  private func fetch() {
    state.pointee.target = .read
    state.pointee.targetBits = 0
    if state.pointee.tx.isEmpty {
      pull(scl: true)
      latch(Raw.rdReq)
    } else {
      answer()
    }
  }
  private func answer() {
    state.pointee.targetShift = UInt32(state.pointee.tx.pop()) & 0xFF
    update()
    pull(sda: !state.pointee.targetShift[bit: 7], scl: false)
  }

  public override func reset() {
    super.reset()
    scheduler.cancel(event)
    let sda = state.pointee.sda, scl = state.pointee.scl
    state.pointee = State()
    state.pointee.sda = sda
    state.pointee.scl = scl
    onLines()
    update()
  }
}
