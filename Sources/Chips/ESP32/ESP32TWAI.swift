import Machine

/// ESP32 TRM chapter 21: TWAI: a controller for the two-wire bus that ISO 11898-1 calls CAN, with the registers of Philips' SJA1000 in
/// its PeliCAN mode, a word each. The bus is followed bit by bit from the edge of a start of frame to the end; while it rests nothing runs.
public final class ESP32TWAI: RegisterDevice, RegisterNaming {
  public enum Register: UInt32, CaseIterable, Sendable {
    case mode = 0x00, cmd = 0x04, status = 0x08, intRaw = 0x0C, intEna = 0x10, busTiming0 = 0x18, busTiming1 = 0x1C, arbLostCap = 0x2C, errCodeCap = 0x30, errWarningLimit = 0x34, rxErrCnt = 0x38
    case txErrCnt = 0x3C, data0 = 0x40, rxMessageCnt = 0x74, clockDivider = 0x7C
  }
  static let map = RegisterMap<ESP32TWAI> { r in
    r[.mode].bits(0...3).reset(1).onWrite { d, _ in d.modeChanged() }
    r[.cmd].onWrite { d, v in d.command(v) }
    r[.status].onRead { $0.status }
    // Reading takes all but the receive interrupt away.
    r[.intRaw].onRead { d in
      let v = d.interrupts
      d.state.pointee.interrupts = 0
      d.update()
      return v
    }
    r[.intEna].bits(0...7).onWrite { d, _ in d.update() }
    for x in [Register.busTiming0, .busTiming1] { r[x].bits(0...7) }
    r[.arbLostCap].onRead { d in
      d.state.pointee.arbitrationTaken = true
      return d[.arbLostCap]
    }
    r[.errCodeCap].onRead { d in
      d.state.pointee.errorTaken = true
      return d[.errCodeCap]
    }
    r[.errWarningLimit].bits(0...7).reset(96)
    // The counters can be written in reset mode only.
    r[.rxErrCnt].onRead { UInt32($0.state.pointee.rec) }.onWrite { d, v in if d.isReset { d.setCounters(tec: d.state.pointee.tec, rec: Int(v & 0xFF)) } }
    r[.txErrCnt].onRead { UInt32(min(255, $0.state.pointee.tec)) }.onWrite { d, v in if d.isReset { d.setCounters(tec: Int(v & 0xFF), rec: d.state.pointee.rec) } }
    r[.data0, count: 13].onRead { d, n in d.window(n) }.onWrite { d, n, v in d.setWindow(n, UInt8(truncatingIfNeeded: v)) }
    r[.rxMessageCnt].onRead { UInt32($0.state.pointee.messages) }
    r[.clockDivider].bits(0...8)
  }
  enum Phase: UInt8, BitwiseCopyable { case off, integrating, idle, frame, errorFlag, errorDelimiter, overloadFlag, intermission, suspended }
  enum Kind { static let bit: UInt32 = 0, form: UInt32 = 1, stuff: UInt32 = 2, other: UInt32 = 3 }
  enum Interrupt { static let rx = 0, tx = 1, warning = 2, overrun = 3, passive = 5, arbitration = 6, error = 7 }
  struct State: BitwiseCopyable {
    var phase = Phase.off
    /// Bits of the phase done.
    var count = 0
    /// The level of the bus, and what it was at the sample before.
    var bus = true, last = true
    /// Equal bits in a row, for stuffing.
    var run = 0
    /// When the running bit began, and whether its sample is the next thing.
    var bitStart: UInt64 = 0, samples = false, resynchronised = false
    /// Bits of the frame without stuffing; of the tail after the CRC.
    var length = 0, tail = -1
    var isTransmitter = false, txIndex = 0, txLength = 0
    /// The error flag is passive; the CRC was wrong.
    var isPassiveFlag = false, crcFailed = false, ackFailed = false, sawDominant = false
    var requested = false, selfReception = false, singleShot = false, complete = true, aborting = false
    var tec = 0, rec = 0, isBusOff = false, wasPassive = false, wasWarned = false
    var interrupts: UInt32 = 0, overrun = false
    var arbitrationTaken = true, errorTaken = true
    /// The receive FIFO: 64 bytes.
    var head = 0, used = 0, messages = 0
    /// Rows of eleven recessive bits until the bus counts as usable.
    var rows = 0
  }
  private let state: UnsafeMutablePointer<State>
  /// The frame to send and the filter as written, the frame's bits with stuffing, the bits that came in, the FIFO.
  private let buffer, filter, out, bits, fifo: UnsafeMutablePointer<UInt8>
  private let scheduler: Scheduler, clocks: ESP32Clocks
  private var event: Scheduler.Event!
  public let irq: Line
  /// TWAI_TX, high for recessive, and TWAI_BUS_OFF_ON.
  let tx, busOff: Line

  init(name: String = "ESP32.TWAI", arena: StateArena, scheduler: Scheduler, clocks: ESP32Clocks) {
    self.scheduler = scheduler
    self.clocks = clocks
    state = arena.allocate("\(name).state", initial: State())
    buffer = arena.allocate("\(name).buffer", count: 13, initial: UInt8(0))
    filter = arena.allocate("\(name).filter", count: 8, initial: UInt8(0))
    out = arena.allocate("\(name).out", count: 192, initial: UInt8(1))
    bits = arena.allocate("\(name).bits", count: 160, initial: UInt8(0))
    fifo = arena.allocate("\(name).fifo", count: 64, initial: UInt8(0))
    irq = Line("\(name).IRQ", arena: arena)
    tx = Line("\(name).TX", arena: arena)
    busOff = Line("\(name).BUS_OFF_ON", arena: arena)
    super.init(Self.map, name: name, arena: arena)
    event = scheduler.event("\(name).bit") { [unowned self] _ in step() }
    tx.set(true)
  }

  // MARK: Registers

  private var isReset: Bool { self[.mode][bit: 0] }
  private var isListening: Bool { self[.mode][bit: 1] }
  private var isPassive: Bool { state.pointee.tec > 127 || state.pointee.rec > 127 }
  private var isWarned: Bool { state.pointee.tec >= Int(self[.errWarningLimit]) || state.pointee.rec >= Int(self[.errWarningLimit]) }
  private var status: UInt32 {
    let s = state.pointee
    var v: UInt32 = 0
    v[bit: 0] = s.messages > 0
    v[bit: 1] = s.overrun
    v[bit: 2] = !s.requested
    v[bit: 3] = s.complete
    v[bit: 4] = s.phase == .frame && !s.isTransmitter
    v[bit: 5] = s.phase == .frame && s.isTransmitter
    v[bit: 6] = isWarned
    v[bit: 7] = s.isBusOff
    return v
  }
  private var interrupts: UInt32 { state.pointee.interrupts | (state.pointee.messages > 0 ? self[.intEna] & 1 : 0) }
  private func update() { irq.set(interrupts & self[.intEna] != 0) }
  /// An interrupt is latched only while it is enabled.
  private func raise(_ n: Int) {
    if self[.intEna][bit: n] { state.pointee.interrupts[bit: n] = true }
    update()
  }
  /// §21.5.5: what the 13 words show: in reset mode the acceptance filter, else the first message received.
  private func window(_ n: Int) -> UInt32 {
    if isReset { return n < 8 ? UInt32(filter[n]) : 0 }
    return UInt32(fifo[(state.pointee.head + n) & 63])
  }
  private func setWindow(_ n: Int, _ v: UInt8) {
    if !isReset { buffer[n] = v } else if n < 8 { filter[n] = v }
  }
  private func modeChanged() {
    if isReset {
      let s = state.pointee
      stop()
      state.pointee.phase = .off
      state.pointee = State(bus: s.bus, tec: s.tec, rec: s.rec, isBusOff: s.isBusOff, wasPassive: s.wasPassive, wasWarned: s.wasWarned, interrupts: s.interrupts)
      update()
    } else if state.pointee.phase == .off {
      // After bus off 128 rows of eleven recessive bits, else one.
      state.pointee.rows = state.pointee.isBusOff ? 128 : 1
      begin(.integrating, at: scheduler.now)
    }
  }
  private func stop() {
    scheduler.cancel(event)
    tx.set(true)
  }
  private func command(_ v: UInt32) {
    if v[bit: 2], state.pointee.messages > 0 { releaseMessage() }
    if v[bit: 3] { state.pointee.overrun = false }
    if v[bit: 0] || v[bit: 4], !isReset, !isListening, !state.pointee.requested {
      state.pointee.requested = true
      state.pointee.complete = false
      state.pointee.aborting = false
      state.pointee.selfReception = v[bit: 4]
      // With an abort in the same word it is tried once.
      state.pointee.singleShot = v[bit: 1]
      if state.pointee.phase == .idle { startFrame(at: scheduler.now) }
    } else if v[bit: 1], state.pointee.requested {
      state.pointee.aborting = true
      if !(state.pointee.isTransmitter && state.pointee.phase == .frame) { endRequest(complete: false) }
    }
    update()
  }
  private func endRequest(complete: Bool) {
    state.pointee.requested = false
    if complete { state.pointee.complete = true }
    raise(Interrupt.tx)
  }

  // MARK: Error counters, ISO 11898-1 §12.1.4

  private func setCounters(tec: Int, rec: Int) {
    state.pointee.tec = max(0, tec)
    state.pointee.rec = max(0, min(255, rec))
    if state.pointee.tec > 255, !state.pointee.isBusOff {
      state.pointee.isBusOff = true
      busOff.set(true)
      state.pointee.wasWarned = true
      // It stops by itself and waits for software.
      state.pointee.tec = 127
      state.pointee.rec = 0
      state.pointee.wasPassive = false
      raise(Interrupt.warning)
      self[.mode][bit: 0] = true
      return modeChanged()
    }
    if isWarned != state.pointee.wasWarned {
      state.pointee.wasWarned = isWarned
      raise(Interrupt.warning)
    }
    if isPassive != state.pointee.wasPassive {
      state.pointee.wasPassive = isPassive
      raise(Interrupt.passive)
    }
  }
  private func count(tec: Int = 0, rec: Int = 0) {
    guard !isListening else { return }
    var r = state.pointee.rec
    if rec < 0, r > 127 { r = 127 } else { r += rec }
    setCounters(tec: state.pointee.tec + tec, rec: r)
  }

  // MARK: Time, §21.5.4

  /// Picoseconds of a time quantum.
  private var quantum: UInt64 {
    let f = max(256, clocks.apb.pointee.frequency256), divider = UInt64(2 * ((self[.busTiming0] & 0x3F) + 1)) * (self[.intEna][bit: 4] ? 2 : 1)
    return UInt64(truncatingIfNeeded: UInt128(divider) * UInt128(Clock.picosecondsPerSecond * 256) / UInt128(f))
  }
  private var beforeSample: UInt64 { UInt64(self[.busTiming1] & 15) + 2 }
  private var afterSample: UInt64 { UInt64(self[.busTiming1][bits: 4...6]) + 1 }
  private var jump: UInt64 { UInt64(self[.busTiming0][bits: 6...7]) + 1 }

  private func begin(_ phase: Phase, at time: UInt64) {
    state.pointee.phase = phase
    state.pointee.count = 0
    if phase == .idle {
      state.pointee.isTransmitter = false
      if state.pointee.requested { return startFrame(at: time) }
      return scheduler.cancel(event)
    }
    if !scheduler.isScheduled(event) { startBit(at: time) }
  }
  private func startBit(at time: UInt64) {
    state.pointee.bitStart = time
    state.pointee.samples = true
    state.pointee.resynchronised = false
    drive()
    scheduler.schedule(event, at: time &+ beforeSample &* quantum)
  }
  private func step() {
    if state.pointee.samples {
      state.pointee.samples = false
      // First the end of the bit, which what the sample leads to may move.
      scheduler.schedule(event, at: scheduler.now &+ afterSample &* quantum)
      let level = state.pointee.bus
      sample(level)
      state.pointee.last = level
    } else {
      startBit(at: scheduler.now)
    }
  }
  /// TWAI_RX changes. A falling edge starts a frame, or draws the bits' time to it (hard synchronisation and resynchronisation).
  func rxChanged(_ level: Bool) {
    guard level != state.pointee.bus else { return }
    state.pointee.bus = level
    guard !level, state.pointee.phase != .off else { return }
    let now = scheduler.now
    if state.pointee.phase == .idle {
      joinFrame()
      return startBit(at: now)
    }
    guard state.pointee.last, !state.pointee.resynchronised, tx.isHigh || state.pointee.phase != .frame || !state.pointee.isTransmitter else { return }
    state.pointee.resynchronised = true
    let q = quantum, limit = jump &* q
    if state.pointee.samples {
      // Late: the sample waits for it.
      let error = now &- state.pointee.bitStart
      if error >= q { scheduler.schedule(event, at: state.pointee.bitStart &+ beforeSample &* q &+ min(error, limit)) }
    } else if let end = scheduler.deadline(of: event) {
      // Early: the bit ends with it.
      scheduler.schedule(event, at: max(now, end &- min(end &- now, limit)))
    }
  }

  // MARK: Frames

  /// What is to be driven in the bit that begins.
  private func drive() {
    let s = state.pointee
    var recessive = true
    switch s.phase {
    case .frame:
      if s.isTransmitter {
        recessive = s.txIndex >= s.txLength || out[s.txIndex] != 0
      } else if s.tail == 1, !s.crcFailed, !isListening {
        // The acknowledgement.
        recessive = false
      }
    case .errorFlag: recessive = s.isPassiveFlag || isListening || s.count >= 6
    case .overloadFlag: recessive = isListening || s.count >= 6
    default: break
    }
    tx.set(recessive)
  }
  private func joinFrame() {
    state.pointee.phase = .frame
    state.pointee.count = 0
    state.pointee.isTransmitter = false
    clearFrame()
  }
  private func clearFrame() {
    state.pointee.length = 0
    state.pointee.tail = -1
    state.pointee.run = 0
    state.pointee.crcFailed = false
    state.pointee.ackFailed = false
  }
  private func startFrame(at time: UInt64) {
    prepareFrame()
    startBit(at: time)
  }
  private func prepareFrame() {
    encode()
    state.pointee.phase = .frame
    state.pointee.count = 0
    state.pointee.isTransmitter = true
    state.pointee.txIndex = 0
    clearFrame()
  }
  /// The frame in the buffer as bits: CRC-15 over all of it, stuffed, then delimiters, acknowledgement and end.
  private func encode() {
    let info = buffer[0], isExtended = info & 0x80 != 0, isRemote = info & 0x40 != 0, dlc = Int(info & 15)
    var plain: [UInt8] = [0]
    func put(_ v: UInt32, _ n: Int) { for i in stride(from: n - 1, through: 0, by: -1) { plain.append(UInt8(v >> UInt32(i) & 1)) } }
    let word = UInt32(buffer[1]) << 24 | UInt32(buffer[2]) << 16 | UInt32(buffer[3]) << 8 | UInt32(buffer[4])
    put(word >> 21, 11)
    if isExtended {
      put(3, 2)
      put(word >> 3 & 0x3FFFF, 18)
      put(isRemote ? 4 : 0, 3)
    } else {
      put(isRemote ? 4 : 0, 3)
    }
    put(UInt32(dlc), 4)
    if !isRemote { for i in 0..<min(8, dlc) { put(UInt32(buffer[(isExtended ? 5 : 3) + i]), 8) } }
    put(UInt32(Self.crc(plain[...])), 15)
    var n = 0, run = 0, last: UInt8 = 2
    for b in plain {
      out[n] = b
      n += 1
      run = b == last ? run + 1 : 1
      last = b
      if run == 5 {
        out[n] = 1 - b
        n += 1
        run = 1
        last = 1 - b
      }
    }
    for _ in 0..<10 {
      out[n] = 1
      n += 1
    }
    state.pointee.txLength = n
  }
  private static func crc(_ bits: ArraySlice<UInt8>) -> UInt16 {
    bits.reduce(UInt16(0)) { crc, b in
      let next = UInt16(b) ^ crc >> 14 & 1
      return (crc << 1 ^ (next == 1 ? 0x4599 : 0)) & 0x7FFF
    }
  }
  private func field(_ range: Range<Int>) -> UInt32 { range.reduce(UInt32(0)) { $0 << 1 | UInt32(bits[$1]) } }
  private var isExtended: Bool { state.pointee.length > 13 && bits[13] == 1 }
  private var isRemote: Bool { bits[isExtended ? 32 : 12] == 1 }
  private var headLength: Int { isExtended ? 39 : 19 }
  private var dlc: Int { Int(field(headLength - 4..<headLength)) }
  /// Bits before the CRC, as soon as they are known.
  private var bodyLength: Int? { state.pointee.length < headLength ? nil : headLength + (isRemote ? 0 : 8 * min(8, dlc)) }
  /// Where the frame is, as the SJA1000 numbers it in ERR_CODE_CAP.
  private var segment: UInt32 {
    let s = state.pointee, n = s.length
    switch s.phase {
    case .errorFlag: return s.isPassiveFlag ? 0x16 : s.count >= 6 ? 0x13 : 0x11
    case .errorDelimiter: return 0x17
    case .overloadFlag: return 0x1C
    case .intermission: return 0x12
    default: break
    }
    if s.tail >= 0 { return s.tail == 0 ? 0x18 : s.tail == 1 ? 0x19 : s.tail == 2 ? 0x1B : 0x1A }
    if let body = bodyLength, n >= body { return 0x08 }
    switch n {
    case 0: return 0x03
    case 1...8: return 0x02
    case 9...11: return 0x06
    case 12: return 0x04
    case 13: return 0x05
    default: break
    }
    if isExtended {
      switch n {
      case 14...18: return 0x07
      case 19...26: return 0x0F
      case 27...31: return 0x0E
      case 32: return 0x0C
      case 33: return 0x0D
      case 34: return 0x09
      default: return n < 39 ? 0x0B : 0x0A
      }
    }
    return n == 14 ? 0x09 : n < 19 ? 0x0B : 0x0A
  }

  // MARK: A bit is sampled

  private func sample(_ level: Bool) {
    switch state.pointee.phase {
    case .off, .idle: break
    case .integrating: integrate(level)
    case .frame: frameBit(level)
    case .errorFlag: errorFlagBit(level)
    case .overloadFlag: flagBit(level)
    case .errorDelimiter: delimiterBit(level)
    case .intermission: intermissionBit(level)
    case .suspended:
      if !level { return startReception() }
      state.pointee.count += 1
      if state.pointee.count == 8 { becomeIdle() }
    }
  }
  private func integrate(_ level: Bool) {
    state.pointee.count = level ? state.pointee.count + 1 : 0
    guard state.pointee.count == 11 else { return }
    state.pointee.count = 0
    state.pointee.rows -= 1
    if state.pointee.isBusOff { state.pointee.tec = state.pointee.rows }
    guard state.pointee.rows <= 0 else { return }
    if state.pointee.isBusOff {
      state.pointee.isBusOff = false
      busOff.set(false)
      state.pointee.wasWarned = false
      setCounters(tec: 0, rec: 0)
      raise(Interrupt.warning)
    }
    becomeIdle()
  }
  /// The bus is free from the end of this bit on.
  private func becomeIdle() {
    state.pointee.isTransmitter = false
    if state.pointee.requested { prepareFrame() } else { begin(.idle, at: scheduler.now) }
  }
  /// A start of frame was sampled where the bus was not yet idle; a request of our own joins in with the next bit.
  private func startReception() {
    if state.pointee.requested, state.pointee.phase == .intermission { prepareFrame() } else { joinFrame() }
    frameBit(false)
  }
  private func frameBit(_ level: Bool) {
    let s = state.pointee, sent = s.isTransmitter && s.txIndex < s.txLength ? out[s.txIndex] != 0 : true
    if s.isTransmitter { state.pointee.txIndex += 1 }
    if s.tail >= 0 { return tailBit(level, sent) }
    let isStuff = s.run == 5
    if s.isTransmitter, level != sent {
      // A dominant bit over a recessive one of the arbitration field: another goes first.
      let arbitrates = s.length >= 1 && s.length <= (isExtended || s.length <= 13 && buffer[0] & 0x80 != 0 ? 32 : 12)
      guard arbitrates, sent, !isStuff else { return fail(Kind.bit) }
      state.pointee.isTransmitter = false
      if s.arbitrationTaken {
        self[.arbLostCap] = UInt32(s.length - 1)
        state.pointee.arbitrationTaken = false
      }
      raise(Interrupt.arbitration)
      if s.singleShot || s.aborting { endRequest(complete: false) }
    }
    if isStuff {
      guard level != s.last else { return fail(Kind.stuff) }
      state.pointee.run = 1
      return
    }
    state.pointee.run = s.length > 0 && level == s.last ? s.run + 1 : 1
    bits[s.length] = level ? 1 : 0
    state.pointee.length += 1
    guard let body = bodyLength, state.pointee.length == body + 15 else { return }
    let all = (0..<body).map { bits[$0] }
    state.pointee.crcFailed = field(body..<body + 15) != UInt32(Self.crc(all[...]))
    // The last bits of the CRC may be followed by a stuff bit.
    state.pointee.tail = state.pointee.run == 5 ? Self.stuffBeforeTail : 0
  }
  private static let stuffBeforeTail = 100
  /// The delimiter of the CRC, the acknowledgement and its delimiter, seven bits of the end.
  private func tailBit(_ level: Bool, _ sent: Bool) {
    let s = state.pointee
    if s.tail == Self.stuffBeforeTail {
      guard level != s.last else { return fail(Kind.stuff) }
      return state.pointee.tail = 0
    }
    switch s.tail {
    case 0: if !level { return fail(Kind.form) }
    case 1:
      if s.isTransmitter, level, !self[.mode][bit: 2] {
        state.pointee.ackFailed = true
        return fail(Kind.other)
      }
    case 2:
      if !level { return fail(Kind.form) }
      if s.crcFailed, !s.isTransmitter { return fail(Kind.other) }
    case 8:
      if !level { return fail(Kind.form) }
      if !s.isTransmitter { received() }
    case 9:
      if !level, s.isTransmitter { return fail(Kind.form) }
      if s.isTransmitter { sentWell() }
      if !level { return begin(.overloadFlag, at: scheduler.now) }
      return begin(.intermission, at: scheduler.now)
    default: if !level { return fail(Kind.form) }
    }
    state.pointee.tail += 1
  }
  private func sentWell() {
    count(tec: -1)
    if state.pointee.selfReception { store() }
    endRequest(complete: true)
  }
  private func received() {
    count(rec: -1)
    store()
  }
  private func fail(_ kind: UInt32) {
    if state.pointee.errorTaken {
      self[.errCodeCap] = kind << 6 | (state.pointee.isTransmitter ? 0 : 1 << 5) | segment
      state.pointee.errorTaken = false
    }
    raise(Interrupt.error)
    let wasTransmitter = state.pointee.isTransmitter, ackFailed = state.pointee.ackFailed
    state.pointee.isPassiveFlag = isPassive
    state.pointee.sawDominant = false
    state.pointee.run = 0
    begin(.errorFlag, at: scheduler.now)
    if wasTransmitter {
      // Nobody there at all does not drive a passive controller off the bus.
      if !(ackFailed && isPassive) { count(tec: 8) }
      if state.pointee.phase == .off { return }
      if state.pointee.singleShot || state.pointee.aborting { endRequest(complete: false) }
    } else {
      count(rec: 1)
    }
  }
  private func errorFlagBit(_ level: Bool) {
    state.pointee.count += 1
    if state.pointee.isPassiveFlag {
      // Six equal bits in a row, of whoever.
      state.pointee.run = level == state.pointee.last ? state.pointee.run + 1 : 1
      if state.pointee.run >= 6 { endFlag() }
      return
    }
    if state.pointee.count <= 6, level, !isListening { count(tec: state.pointee.isTransmitter ? 8 : 0, rec: state.pointee.isTransmitter ? 0 : 8) }
    if state.pointee.phase == .errorFlag, state.pointee.count == 6 { endFlag() }
  }
  private func flagBit(_ level: Bool) {
    state.pointee.count += 1
    if state.pointee.count == 6 { endFlag() }
  }
  private func endFlag() {
    state.pointee.run = 0
    begin(.errorDelimiter, at: scheduler.now)
  }
  /// First the others' flags end, then come eight recessive bits.
  private func delimiterBit(_ level: Bool) {
    if state.pointee.count == 0, !level {
      if !state.pointee.sawDominant, !state.pointee.isTransmitter { count(rec: 8) }
      state.pointee.sawDominant = true
      // A bus that stays low is one more error for each eight bits.
      state.pointee.run += 1
      if state.pointee.run % 8 == 0 { count(tec: state.pointee.isTransmitter ? 8 : 0, rec: state.pointee.isTransmitter ? 0 : 8) }
      return
    }
    if !level { return fail(Kind.form) }
    state.pointee.count += 1
    if state.pointee.count == 8 { begin(.intermission, at: scheduler.now) }
  }
  private func intermissionBit(_ level: Bool) {
    state.pointee.count += 1
    if !level {
      if state.pointee.count < 3 { return begin(.overloadFlag, at: scheduler.now) }
      return startReception()
    }
    guard state.pointee.count == 3 else { return }
    // Who has just sent and is passive lets others go first.
    if state.pointee.isTransmitter, isPassive { begin(.suspended, at: scheduler.now) } else { becomeIdle() }
  }

  // MARK: Received messages

  private func store() {
    let isExtended = isExtended, isRemote = isRemote, dlc = dlc, head = headLength
    let id = isExtended ? field(1..<12) << 18 | field(14..<32) : field(1..<12)
    let data = (0..<(isRemote ? 0 : min(8, dlc))).map { UInt8(field(head + 8 * $0..<head + 8 * $0 + 8)) }
    guard accepts(id, isExtended, isRemote, data) else { return }
    var message = [UInt8(dlc) | (isExtended ? 0x80 : 0) | (isRemote ? 0x40 : 0)]
    let word = isExtended ? id << 3 : id << 21
    for i in 0..<(isExtended ? 4 : 2) { message.append(UInt8(truncatingIfNeeded: word >> UInt32(24 - 8 * i))) }
    message += data
    guard state.pointee.used + message.count <= 64 else {
      state.pointee.overrun = true
      return raise(Interrupt.overrun)
    }
    for (i, b) in message.enumerated() { fifo[(state.pointee.head + state.pointee.used + i) & 63] = b }
    state.pointee.used += message.count
    state.pointee.messages += 1
    update()
  }
  private func releaseMessage() {
    let info = fifo[state.pointee.head], size = (info & 0x80 != 0 ? 5 : 3) + (info & 0x40 != 0 ? 0 : min(8, Int(info & 15)))
    state.pointee.head = (state.pointee.head + size) & 63
    state.pointee.used -= size
    state.pointee.messages -= 1
  }
  /// §21.5.7: one filter of four bytes or two of two; a mask's ones do not count.
  private func accepts(_ id: UInt32, _ isExtended: Bool, _ isRemote: Bool, _ data: [UInt8]) -> Bool {
    func matches(_ message: [UInt8], code: [Int], ignoring extra: [UInt8]) -> Bool {
      zip(code, zip(message, extra)).allSatisfy { n, m in (filter[n] ^ m.0) & ~(filter[n + 4] | m.1) == 0 }
    }
    let rtr: UInt8 = isRemote ? 1 : 0, d0 = data.first, d1 = data.count > 1 ? data[1] : nil
    func byte(_ shift: UInt32) -> UInt8 { UInt8(truncatingIfNeeded: id >> shift) }
    if self[.mode][bit: 3] {
      if isExtended { return matches([byte(21), byte(13), byte(5), byte(0) << 3 | rtr << 2], code: [0, 1, 2, 3], ignoring: [0, 0, 0, 3]) }
      // Data bytes that are not there do not count.
      return matches([byte(3), byte(0) << 5 | rtr << 4, d0 ?? 0, d1 ?? 0], code: [0, 1, 2, 3], ignoring: [0, 15, d0 == nil ? 0xFF : 0, d1 == nil ? 0xFF : 0])
    }
    if isExtended { return matches([byte(21), byte(13)], code: [0, 1], ignoring: [0, 0]) || matches([byte(21), byte(13)], code: [2, 3], ignoring: [0, 0]) }
    let low = byte(0) << 5 | rtr << 4, first = d0 ?? 0, without: UInt8 = d0 == nil ? 15 : 0
    return matches([byte(3), low | first >> 4, first & 15], code: [0, 1, 3], ignoring: [0, without, 0xF0 | without]) || matches([byte(3), low], code: [2, 3], ignoring: [0, 15])
  }
  public override func reset() {
    super.reset()
    stop()
    state.pointee = State(bus: state.pointee.bus)
    for i in 0..<8 { filter[i] = 0 }
    busOff.set(false)
    irq.set(false)
  }
}
