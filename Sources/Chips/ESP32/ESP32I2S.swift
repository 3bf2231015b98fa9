import Machine

/// ESP32 TRM chapter 12: an I2S controller: samples from chains of buffers to a serial line, and from one into buffers, as the
/// source of the clocks or by the clocks of another; as PDM, and over the parallel lines of displays and cameras, which lead to the
/// DACs and from the ADCs too. The lines move bit by bit while somebody looks at them; otherwise time goes by frames.
public final class ESP32I2S: RegisterDevice, RegisterNaming {
  public enum Register: UInt32, CaseIterable, Sendable {
    case conf = 0x08, intRaw = 0x0C, intSt = 0x10, intEna = 0x14, intClr = 0x18, timing = 0x1C, fifoConf = 0x20, rxeofNum = 0x24, confSigleData = 0x28, confChan = 0x2C, outLink = 0x30, inLink = 0x34
    case outEofDesAddr = 0x38, inEofDesAddr = 0x3C, outEofBfrDesAddr = 0x40, ahbTest = 0x44, inlinkDscr = 0x48, inlinkDscrBf0 = 0x4C, inlinkDscrBf1 = 0x50, outlinkDscr = 0x54, outlinkDscrBf0 = 0x58
    case outlinkDscrBf1 = 0x5C, lcConf = 0x60, outfifoPush = 0x64, infifoPop = 0x68, lcState0 = 0x6C, lcState1 = 0x70, lcHungConf = 0x74, cvsdConf0 = 0x80, cvsdConf1 = 0x84, cvsdConf2 = 0x88
    case plcConf0 = 0x8C, plcConf1 = 0x90, plcConf2 = 0x94, escoConf0 = 0x98, scoConf0 = 0x9C, conf1 = 0xA0, pdConf = 0xA4, conf2 = 0xA8, clkmConf = 0xAC, sampleRateConf = 0xB0, pdmConf = 0xB4
    case pdmFreqConf = 0xB8, state = 0xBC, date = 0xFC
  }
  static let map = RegisterMap<ESP32I2S> { r in
    let stored: [(Register, UInt32)] = [
      (.timing, 0), (.fifoConf, 0x1820), (.rxeofNum, 64), (.confSigleData, 0), (.confChan, 0), (.ahbTest, 0), (.lcHungConf, 0x810),
      (.cvsdConf0, 0x8000_7FFF), (.cvsdConf1, 0xA0500), (.cvsdConf2, 0x502A4), (.plcConf0, 0x8A8_0339), (.plcConf1, 0xA017_8A05), (.plcConf2, 0x28), (.escoConf0, 0), (.scoConf0, 0), (.conf1, 0x89),
      (.pdConf, 0xA), (.conf2, 0), (.clkmConf, 4), (.sampleRateConf, 0x41_0186), (.pdmConf, 0x155_0020), (.pdmFreqConf, 0xF_01E0), (.date, 0x160_4201),
    ]
    for (x, reset) in stored { r[x].bits(0...31).reset(reset) }
    r[.conf].bits(0...18).reset(0x3_0300).onWrite { d, _ in d.configured() }
    r[.intRaw].bits(0...16, .readOnly)
    r[.intSt].onRead { $0[.intRaw] & $0[.intEna] }
    r[.intEna].bits(0...16).onWrite { d, _ in d.update() }
    r[.intClr].onWrite { d, v in
      d[.intRaw] &= ~v
      d.update()
    }
    for x in [Register.outEofDesAddr, .inEofDesAddr, .outEofBfrDesAddr, .lcState0, .lcState1] { r[x].bits(0...31, .readOnly) }
    r[.inlinkDscr].onRead { $0.receiver.pointee.link.descriptor }
    r[.outlinkDscr].onRead { $0.transmitter.pointee.link.descriptor }
    for x in [Register.inlinkDscrBf0, .inlinkDscrBf1, .outlinkDscrBf0, .outlinkDscrBf1] { r[x].reset(0) }
    // START and RESTART begin at the address, STOP ends; PARK tells that nothing runs.
    r[.outLink].bits(0...19).onRead { d in d[.outLink] | (d.transmitter.pointee.link.running ? 0 : 1 << 31) }.onWrite { d, v in ESP32I2S.link(&d.transmitter.pointee.link, v) }
    r[.inLink].bits(0...19).onRead { d in d[.inLink] | (d.receiver.pointee.link.running ? 0 : 1 << 31) }.onWrite { d, v in
      ESP32I2S.link(&d.receiver.pointee.link, v)
      d.receiver.pointee.words = 0
      d.converterLinked()
    }
    r[.lcConf].bits(0...13).reset(0x100).onWrite { d, v in
      if v[bit: 0] { d.receiver.pointee.link = ESP32Link() }
      if v[bit: 1] { d.transmitter.pointee.link = ESP32Link() }
    }
    r[.outfifoPush].bits(0...8)
    r[.infifoPop].reset(0)
    // FIFO resets are done at once.
    r[.state].onRead { $0.transmitter.pointee.isRunning ? 0 : 1 }
  }
  private static func link(_ link: inout ESP32Link, _ v: UInt32) {
    if v[bit: 28] { link.running = false }
    if v[bit: 29] || v[bit: 30] { link = .start(v) }
  }
  enum Interrupt { static let rxWFull = 2, txREmpty = 5, inDone = 8, inSucEof = 9, outDone = 11, outEof = 12, inDscrErr = 13, outDscrErr = 14, inDscrEmpty = 15, outTotalEof = 16 }

  struct Transmitter: BitwiseCopyable {
    var isRunning = false, link = ESP32Link()
    /// The second half of a word of two samples that was taken.
    var kept: UInt32 = 0, hasKept = false
    /// The slots that are on the line, the first one's sample and the second one's, left aligned; the last bit of the frame before.
    var slots: (UInt32, UInt32) = (0, 0), last = false
    /// Of a frame bit by bit: halves of clock cycles done. By another's clock: the bits of the slot done, WS, and WS as it was seen last.
    var half = 0, bit = 0, ws = false, seen = false, isSecond = false
    /// When the frame began, in picoseconds.
    var frame: UInt64 = 0
    /// What the modulators of PDM have left over.
    var rest: (UInt32, UInt32) = (0, 0)
  }
  struct Receiver: BitwiseCopyable {
    var isRunning = false, link = ESP32Link()
    /// Words since the last end of a block.
    var words: UInt32 = 0
    /// The first half of a word of two samples.
    var kept: UInt32 = 0, hasKept = false
    var half = 0, frame: UInt64 = 0
    /// The slot that comes in: its bits, how many, which one; nothing counts before the first change of WS.
    var value: UInt32 = 0, bits = 0, isSecond = false, isSynchronised = false, first: UInt32 = 0, ws = false
    /// Levels of the inputs.
    var data = false, wsIn = false
    /// Of PDM: ones that came in while its clock was low and high, or the bits themselves.
    var ones: (UInt32, UInt32) = (0, 0)
    /// Of a camera: its data lines, H_SYNC, V_SYNC and H_ENABLE from bit 16 on, and the sample before.
    var camera: UInt32 = 0, before: UInt32 = 0, hasBefore = false
  }
  let transmitter: UnsafeMutablePointer<Transmitter>, receiver: UnsafeMutablePointer<Receiver>
  let scheduler: Scheduler
  private let memory: ESP32DMAMemory
  private(set) var txEvent: Scheduler.Event!, rxEvent: Scheduler.Event!
  public let irq: Line
  /// The transmitter's clock, word select and data; the receiver's clock and word select.
  let txBCK, txWS, txData, rxBCK, rxWS: Line
  /// The parallel lines DATA_OUT0 to DATA_OUT22; the last is `txData`.
  let txBus: [Line]
  /// Hertz of the audio PLL; 0: it is off.
  var apll: () -> UInt64 = { 0 }
  /// The samples for the DACs, the left and the right slot's.
  var onDAC: (UInt16, UInt16) -> Void = { _, _ in }
  /// The next samples of the ADCs' digital controller; nil: it is not connected.
  var conversion: () -> [UInt16]? = { nil }
  var isTxWatched: () -> Bool = { false }, isRxWatched: () -> Bool = { false }

  init(name: String, arena: StateArena, scheduler: Scheduler, memory: ESP32DMAMemory) {
    self.scheduler = scheduler
    self.memory = memory
    transmitter = arena.allocate("ESP32.\(name).transmitter", initial: Transmitter())
    receiver = arena.allocate("ESP32.\(name).receiver", initial: Receiver())
    irq = Line("ESP32.\(name).IRQ", arena: arena)
    txBCK = Line("ESP32.\(name).O_BCK", arena: arena)
    txWS = Line("ESP32.\(name).O_WS", arena: arena)
    txData = Line("ESP32.\(name).O_DATA", arena: arena)
    rxBCK = Line("ESP32.\(name).I_BCK", arena: arena)
    rxWS = Line("ESP32.\(name).I_WS", arena: arena)
    txBus = (0..<23).map { Line("ESP32.\(name).O_DATA\($0)", arena: arena) }
    super.init(Self.map, name: "ESP32.\(name)", arena: arena)
    txEvent = scheduler.event("\(self.name).transmit") { [unowned self] _ in transmitStep() }
    rxEvent = scheduler.event("\(self.name).receive") { [unowned self] _ in receiveStep() }
  }
  private func update() { irq.set(self[.intRaw] & self[.intEna] != 0) }
  private func raise(_ bits: UInt32) {
    self[.intRaw] |= bits
    update()
  }

  // MARK: Settings

  private func configured() {
    let c = self[.conf]
    if c[bit: 0] || c[bit: 2] { transmitter.pointee.hasKept = false }
    if c[bit: 1] || c[bit: 3] { receiver.pointee.hasKept = false }
    if c[bit: 4] != transmitter.pointee.isRunning { c[bit: 4] ? startTransmitter() : stopTransmitter() }
    if c[bit: 5] != receiver.pointee.isRunning { c[bit: 5] ? startReceiver() : stopReceiver() }
  }
  /// Bits of a slot.
  var txBits: Int { max(1, min(32, Int(self[.sampleRateConf][bits: 12...17]))) }
  var rxBits: Int { max(1, min(32, Int(self[.sampleRateConf][bits: 18...23]))) }
  var txMode: UInt32 { self[.fifoConf][bits: 13...15] }
  var rxMode: UInt32 { self[.fifoConf][bits: 16...18] }
  /// Picoseconds of `cycles` cycles of BCK: 160 MHz or the audio PLL by N + B/A, and by the divider of BCK (§12.3).
  func time(_ cycles: Int, divider: UInt32) -> UInt64 {
    let c = self[.clkmConf], a = UInt64(max(1, c[bits: 14...19])), whole = UInt64(max(2, c & 0xFF)) * a + (c[bits: 14...19] == 0 ? 0 : UInt64(c[bits: 8...13]))
    guard c[bit: 21] else { return UInt64(cycles) * UInt64(max(2, divider)) * whole * 6250 / a }
    let hertz = apll()
    guard hertz > 0 else {
      log?.once("\(name) runs by the audio PLL, which is off: nothing goes in or out")
      return Clock.picosecondsPerSecond
    }
    return UInt64(truncatingIfNeeded: UInt128(UInt64(cycles) * UInt64(max(2, divider)) * whole) * UInt128(Clock.picosecondsPerSecond) / UInt128(a * hertz))
  }
  var txDivider: UInt32 { self[.sampleRateConf][bits: 0...5] }
  var rxDivider: UInt32 { self[.sampleRateConf][bits: 6...11] }

  // MARK: Transmit

  private func startTransmitter() {
    transmitter.pointee.isRunning = true
    transmitter.pointee.half = 0
    transmitter.pointee.bit = 0
    transmitter.pointee.seen = transmitter.pointee.ws
    transmitter.pointee.last = false
    transmitter.pointee.rest = (0, 0)
    guard !self[.conf][bit: 6] else { return }
    scheduler.schedule(txEvent, at: scheduler.now)
  }
  private func stopTransmitter() {
    transmitter.pointee.isRunning = false
    scheduler.cancel(txEvent)
    txBCK.set(false)
  }
  /// A sample: a word, or the upper and then the lower half of one (§12.4.4), left aligned. nil: there is none.
  func nextSample() -> UInt32? {
    if transmitter.pointee.hasKept {
      transmitter.pointee.hasKept = false
      return transmitter.pointee.kept << 16
    }
    guard self[.fifoConf][bit: 12], transmitter.pointee.link.running else {
      raise(1 << UInt32(Interrupt.txREmpty))
      return nil
    }
    var ended: UInt32?
    let word = transmitter.pointee.link.takeWord(memory, ended: &ended, writeBack: self[.lcConf][bit: 6])
    if let ended {
      var bits: UInt32 = 1 << UInt32(Interrupt.outDone)
      if memory.word(ended)?[bit: 30] ?? false {
        bits |= 1 << UInt32(Interrupt.outEof)
        self[.outEofDesAddr] = ended
        self[.outEofBfrDesAddr] = memory.word(ended &+ 4) ?? 0
      }
      if !transmitter.pointee.link.running { bits |= 1 << UInt32(Interrupt.outTotalEof) }
      raise(bits)
    }
    guard let word else {
      raise(1 << UInt32(Interrupt.outDscrErr))
      return nil
    }
    guard txMode < 2 else { return word }
    transmitter.pointee.kept = word & 0xFFFF
    transmitter.pointee.hasKept = true
    return word & 0xFFFF_0000
  }
  /// The samples of a frame's left and right slot, from the FIFO.
  func takeFrame() {
    let channels = self[.confChan] & 7, single = self[.confSigleData]
    var left: UInt32, right: UInt32
    if txMode & 1 == 1 {
      let sample = nextSample() ?? 0
      left = channels == 3 ? single : sample
      right = channels == 4 ? single : sample
    } else {
      let a = nextSample() ?? 0, b = nextSample() ?? 0
      // TX_MSB_RIGHT: what comes first is the right slot's.
      (left, right) = self[.conf][bit: 16] ? (b, a) : (a, b)
      switch channels {
      case 1: (left, right) = (a, a)
      case 2: (left, right) = (b, b)
      case 3: left = single
      case 4: right = single
      default: break
      }
    }
    transmitter.pointee.slots = (left, right)
  }
  /// The bit `n` of a slot.
  func bit(_ second: Bool, _ n: Int) -> Bool {
    let slot = second ? transmitter.pointee.slots.1 : transmitter.pointee.slots.0
    return n < 32 && slot[bit: 31 - n]
  }
  var isEmpty: Bool { !transmitter.pointee.hasKept && !transmitter.pointee.link.running }
  private func transmitStep() {
    guard transmitter.pointee.isRunning else { return }
    let bits = txBits, half = transmitter.pointee.half
    if half == 0, self[.conf1][bit: 8], isEmpty {
      // TX_STOP_EN: the clocks rest while there is nothing to send.
      txBCK.set(false)
      return scheduler.schedule(txEvent, after: time(2 * bits, divider: txDivider))
    }
    if isParallel { return transmitParallel() }
    if sendsPDM { return transmitPDM() }
    if half == 0 {
      transmitter.pointee.last = bit(true, bits - 1)
      takeFrame()
      transmitter.pointee.frame = scheduler.now
      guard isTxWatched() || self[.conf][bit: 18] else {
        return scheduler.schedule(txEvent, after: time(2 * bits, divider: txDivider))
      }
    }
    let cycle = half / 2
    if half & 1 == 0 {
      let c = self[.conf], shift = c[bit: 10] ? 1 : 0
      txBCK.set(false)
      // TX_RIGHT_FIRST turns WS; TX_SHORT_SYNC makes it a pulse of one cycle.
      let second = cycle >= bits
      txWS.set(c[bit: 12] ? cycle == 0 : second != c[bit: 8])
      let n = cycle - shift
      txData.set(n < 0 ? transmitter.pointee.last : bit(n >= bits, n % bits))
    } else {
      txBCK.set(true)
    }
    if self[.conf][bit: 18] { receiverClock(txBCK.isHigh, ws: txWS.isHigh) }
    transmitter.pointee.half = half + 1 < 4 * bits ? half + 1 : 0
    let elapsed = half + 1
    scheduler.schedule(txEvent, at: max(scheduler.now, transmitter.pointee.frame &+ time(elapsed, divider: txDivider) / 2))
  }
  /// The clock of another: a change of WS is seen at its rising edge, bits change at its falling edge.
  func txClockChanged(_ high: Bool) {
    let c = self[.conf]
    guard transmitter.pointee.isRunning, c[bit: 6] else { return }
    if high {
      if c[bit: 10], transmitter.pointee.ws != transmitter.pointee.seen { beginSlot() }
      return
    }
    let n = transmitter.pointee.bit
    guard n < (c[bit: 12] ? 2 : 1) * txBits else { return }
    txData.set(bit(transmitter.pointee.isSecond != (n >= txBits), n % txBits))
    transmitter.pointee.bit += 1
  }
  /// The word select of another. Without TX_MSB_SHIFT the first bit comes with it.
  func txWordSelectChanged(_ high: Bool) {
    transmitter.pointee.ws = high
    guard transmitter.pointee.isRunning, self[.conf][bit: 6], !self[.conf][bit: 10] else { return }
    beginSlot()
    txData.set(bit(transmitter.pointee.isSecond, 0))
    transmitter.pointee.bit = 1
  }
  private func beginSlot() {
    let c = self[.conf], ws = transmitter.pointee.ws
    transmitter.pointee.seen = ws
    if c[bit: 12] {
      guard ws else { return }
      transmitter.pointee.isSecond = false
    } else {
      transmitter.pointee.isSecond = ws != c[bit: 8]
    }
    if !transmitter.pointee.isSecond { takeFrame() }
    transmitter.pointee.bit = 0
  }

  // MARK: Receive

  private func startReceiver() {
    let r = receiver.pointee
    receiver.pointee = Receiver(isRunning: true, link: r.link, data: r.data, wsIn: r.wsIn, camera: r.camera)
    // One slot of two leaves the first half of the first word empty.
    if rxMode == 1, !isParallel { receiver.pointee.hasKept = true }
    guard !self[.conf][bit: 7] else { return }
    scheduler.schedule(rxEvent, at: scheduler.now)
  }
  private func stopReceiver() {
    receiver.pointee.isRunning = false
    scheduler.cancel(rxEvent)
    rxBCK.set(false)
  }
  /// The receiver as the source of the clocks.
  private func receiveStep() {
    guard receiver.pointee.isRunning else { return }
    if isParallel { return receiveConversions() }
    if hearsPDM { return receivePDM() }
    let bits = rxBits, half = receiver.pointee.half
    if half == 0 {
      receiver.pointee.frame = scheduler.now
      guard isRxWatched() else {
        // The line stands still.
        let level: UInt32 = receiver.pointee.data ? ~0 << UInt32(32 - bits) : 0
        store(left: level, right: level)
        return scheduler.schedule(rxEvent, after: time(2 * bits, divider: rxDivider))
      }
    }
    let cycle = half / 2, c = self[.conf]
    if half & 1 == 0 {
      rxBCK.set(false)
      rxWS.set(c[bit: 13] ? cycle == 0 : (cycle >= bits) != c[bit: 9])
    } else {
      rxBCK.set(true)
    }
    receiverClock(rxBCK.isHigh, ws: rxWS.isHigh)
    receiver.pointee.half = half + 1 < 4 * bits ? half + 1 : 0
    scheduler.schedule(rxEvent, at: max(scheduler.now, receiver.pointee.frame &+ time(half + 1, divider: rxDivider) / 2))
  }
  func rxClockChanged(_ high: Bool) { if self[.conf][bit: 7], !self[.conf][bit: 18] { receiverClock(high, ws: receiver.pointee.wsIn) } }
  func rxWordSelectChanged(_ high: Bool) {
    receiver.pointee.wsIn = high
    if isCamera, high { cameraClock() }
  }
  func dataChanged(_ high: Bool) { receiver.pointee.data = high }
  /// At each rising edge a bit comes in. A change of WS begins a slot: with this bit, or with RX_MSB_SHIFT with the next.
  private func receiverClock(_ high: Bool, ws: Bool) {
    guard receiver.pointee.isRunning, high else { return }
    let c = self[.conf], short = c[bit: 13], changed = ws != receiver.pointee.ws && (!short || ws)
    receiver.pointee.ws = ws
    let shift = c[bit: 11]
    if changed, !shift { endSlot(next: short ? false : ws != c[bit: 9], short: short) }
    if receiver.pointee.bits < (short ? 2 : 1) * rxBits {
      if short, receiver.pointee.bits == rxBits, !receiver.pointee.isSecond { halfOfShortFrame() }
      let n = receiver.pointee.bits % rxBits
      if receiver.pointee.data { receiver.pointee.value |= 1 << UInt32(31 - n) }
      receiver.pointee.bits += 1
    }
    if changed, shift { endSlot(next: short ? false : ws != c[bit: 9], short: short) }
  }
  /// After a short pulse the second slot follows the first without a sign.
  private func halfOfShortFrame() {
    receiver.pointee.first = receiver.pointee.value
    receiver.pointee.value = 0
    receiver.pointee.isSecond = true
  }
  private func endSlot(next second: Bool, short: Bool) {
    let value = receiver.pointee.value
    if receiver.pointee.isSynchronised {
      if receiver.pointee.isSecond { store(left: receiver.pointee.first, right: value) } else if !short { receiver.pointee.first = value }
    }
    // The first whole frame begins with the first slot.
    if !second { receiver.pointee.isSynchronised = true }
    receiver.pointee.isSecond = second
    receiver.pointee.value = 0
    receiver.pointee.bits = 0
  }
  func store(left: UInt32, right: UInt32) {
    let msbRight = self[.conf][bit: 17], first = msbRight ? right : left, second = msbRight ? left : right
    if rxMode & 1 == 1 {
      // One slot: the one that comes first in the FIFO with RX_CHAN_MOD 1, the other with 2.
      keep(self[.confChan][bits: 3...4] == 2 ? second : first)
    } else {
      keep(first)
      keep(second)
    }
  }
  func keep(_ sample: UInt32) {
    guard rxMode < 2 else { return put(sample) }
    if receiver.pointee.hasKept {
      receiver.pointee.hasKept = false
      put(receiver.pointee.kept | sample >> 16)
    } else {
      receiver.pointee.hasKept = true
      receiver.pointee.kept = sample & 0xFFFF_0000
    }
  }
  func put(_ word: UInt32) {
    guard self[.fifoConf][bit: 12], receiver.pointee.link.running else { return raise(1 << UInt32(Interrupt.rxWFull)) }
    let descriptor = receiver.pointee.link.descriptor
    var filled = false, bits: UInt32 = 0
    for i in 0..<4 {
      var full = false
      guard receiver.pointee.link.put(UInt8(truncatingIfNeeded: word >> UInt32(8 * i)), memory, filled: &full) else { return raise(1 << UInt32(Interrupt.inDscrErr)) }
      if full { filled = true }
    }
    receiver.pointee.words &+= 1
    if receiver.pointee.words >= max(1, self[.rxeofNum]) {
      receiver.pointee.words = 0
      if !filled { receiver.pointee.link.finish(memory) } else { ESP32Link.mark(descriptor, memory) }
      self[.inEofDesAddr] = descriptor
      bits |= 1 << UInt32(Interrupt.inSucEof)
      filled = true
    }
    if filled { bits |= 1 << UInt32(Interrupt.inDone) }
    if !receiver.pointee.link.running { bits |= 1 << UInt32(Interrupt.inDscrEmpty) }
    if bits != 0 { raise(bits) }
  }
  public override func reset() {
    super.reset()
    let r = receiver.pointee
    stopTransmitter()
    stopReceiver()
    transmitter.pointee = Transmitter()
    receiver.pointee = Receiver(data: r.data, wsIn: r.wsIn, camera: r.camera)
    for line in [txBCK, txWS, txData, rxBCK, rxWS] + txBus { line.set(false) }
    update()
  }
}
