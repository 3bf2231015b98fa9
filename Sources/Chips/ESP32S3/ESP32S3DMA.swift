import Machine

/// ESP32-S3 TRM chapter 3: GDMA: five channels, each with a chain of descriptors into memory and one out of it. A peripheral takes
/// and gives bytes when it works, so nothing runs by itself but a copy from memory to memory.
public final class ESP32S3DMA: RegisterDevice, RegisterNaming {
  public enum Register: UInt32, CaseIterable, Sendable {
    case inConf0 = 0x00, inConf1 = 0x04, inIntRaw = 0x08, inIntSt = 0x0C, inIntEna = 0x10, inIntClr = 0x14, infifoStatus = 0x18, inPop = 0x1C, inLink = 0x20, inState = 0x24, inSucEofDesAddr = 0x28
    case inErrEofDesAddr = 0x2C, inDscr = 0x30, inDscrBf0 = 0x34, inDscrBf1 = 0x38, inWight = 0x3C, inPri = 0x44, inPeriSel = 0x48, outConf0 = 0x60, outConf1 = 0x64, outIntRaw = 0x68, outIntSt = 0x6C
    case outIntEna = 0x70, outIntClr = 0x74, outfifoStatus = 0x78, outPush = 0x7C, outLink = 0x80, outState = 0x84, outEofDesAddr = 0x88, outEofBfrDesAddr = 0x8C, outDscr = 0x90, outDscrBf0 = 0x94
    case outDscrBf1 = 0x98, outWight = 0x9C, outPri = 0xA4, outPeriSel = 0xA8, ahbTest = 0x3C0, pdConf = 0x3C4, miscConf = 0x3C8, inSramSize = 0x3CC, outSramSize = 0x3D0, extmemRejectAddr = 0x3F4
    case extmemRejectSt = 0x3F8, extmemRejectIntRaw = 0x3FC, extmemRejectIntSt = 0x400, extmemRejectIntEna = 0x404, extmemRejectIntClr = 0x408, date = 0x40C
  }
  static let count = 5, stride: UInt32 = 0xC0
  static let map = RegisterMap<ESP32S3DMA> { r in
    func each(_ x: Register) -> RegisterMap<ESP32S3DMA>.Draft { r[x, count: count, stride: stride] }
    each(.inConf0).bits(0...4).onWrite { d, n, v in
      if v[bit: 0] { d.channels[n].input = ESP32Link() }
      d.copy(n)
    }
    each(.inConf1).bits(0...14).reset(0xC)
    for (raw, st, ena, clr) in [(Register.inIntRaw, Register.inIntSt, Register.inIntEna, Register.inIntClr), (.outIntRaw, .outIntSt, .outIntEna, .outIntClr)] {
      each(raw).bits(0...9, .readOnly)
      each(st).onRead { d, n in d[raw, n, stride: stride] & d[ena, n, stride: stride] }
      each(ena).bits(0...9).onWrite { d, _, _ in d.update() }
      each(clr).onWrite { d, n, v in
        d[raw, n, stride: stride] &= ~v
        d.update()
      }
    }
    // Nothing waits in the FIFOs.
    each(.infifoStatus).reset(0xF00_003A)
    each(.outfifoStatus).reset(0x780_002A)
    each(.inPop).bits(0...12).reset(0x800)
    each(.outPush).bits(0...9)
    each(.inLink).bits(0...20).reset(0x10_0000).onRead { d, n in d[.inLink, n, stride: stride] | (d.channels[n].input.running ? 0 : 1 << 24) }.onWrite { d, n, v in
      if v[bit: 21] { d.channels[n].input.running = false }
      if v[bit: 22] {
        d.channels[n].input = .start(v, top: d.top)
        d.channels[n].filled = 0
      }
      if v[bit: 23] { d.restart(n, input: true) }
      d.copy(n)
    }
    each(.outLink).bits(0...19).onRead { d, n in d[.outLink, n, stride: stride] | (d.channels[n].output.running ? 0 : 1 << 23) }.onWrite { d, n, v in
      if v[bit: 20] { d.channels[n].output.running = false }
      if v[bit: 21] { d.channels[n].output = .start(v, top: d.top) }
      if v[bit: 22] { d.restart(n, input: false) }
      d.copy(n)
    }
    each(.inState).onRead { d, n in d.channels[n].input.descriptor & 0x3FFFF }
    each(.outState).onRead { d, n in d.channels[n].output.descriptor & 0x3FFFF }
    for x in [Register.inSucEofDesAddr, .inErrEofDesAddr, .outEofDesAddr, .outEofBfrDesAddr] { each(x).bits(0...31, .readOnly) }
    for x in [Register.inDscr, .inDscrBf0, .inDscrBf1] { each(x).onRead { d, n in d.channels[n].input.descriptor } }
    for x in [Register.outDscr, .outDscrBf0, .outDscrBf1] { each(x).onRead { d, n in d.channels[n].output.descriptor } }
    each(.inWight).bits(8...11).reset(0xF00)
    each(.outWight).bits(8...11).reset(0xF00)
    each(.inPri).bits(0...3)
    each(.outPri).bits(0...3)
    each(.inPeriSel).bits(0...5).reset(0x3F)
    each(.outPeriSel).bits(0...5).reset(0x3F)
    each(.outConf0).bits(0...5).reset(8).onWrite { d, n, v in if v[bit: 0] { d.channels[n].output = ESP32Link() } }
    each(.outConf1).bits(12...14)
    r[.ahbTest].bits(0...5)
    r[.pdConf].bits(4...6).reset(0x20)
    r[.miscConf].bits(0...4)
    r[.inSramSize, count: count, stride: 8].bits(0...6).reset(0xE)
    r[.outSramSize, count: count, stride: 8].bits(0...6).reset(0xE)
    for x in [Register.extmemRejectAddr, .extmemRejectSt, .extmemRejectIntRaw, .extmemRejectIntSt, .extmemRejectIntClr] { r[x].reset(0) }
    r[.extmemRejectIntEna].bits(0...0)
    r[.date].bits(0...31).reset(0x210_1180)
  }
  /// What PERI_SEL calls the blocks.
  enum Peripheral { static let spi2: UInt32 = 0, spi3: UInt32 = 1, aes: UInt32 = 6, sha: UInt32 = 7 }
  struct Channel: BitwiseCopyable {
    var input = ESP32Link(), output = ESP32Link()
    /// The descriptor that the last byte went to.
    var filled: UInt32 = 0
  }
  private let channels: UnsafeMutablePointer<Channel>
  private let memory: ESP32DMAMemory, top: UInt32
  private let scheduler: Scheduler
  private var copies: [Scheduler.Event] = []
  /// Of the chains into memory and of those out of it.
  public let inIRQ, outIRQ: [Line]

  /// - Parameter top: the bits of a descriptor's address beyond the 20 that a LINK register has.
  init(arena: StateArena, scheduler: Scheduler, memory: ESP32DMAMemory, top: UInt32 = 0x3FC0_0000) {
    self.memory = memory
    self.scheduler = scheduler
    self.top = top
    channels = arena.allocate("ESP32S3.DMA.channels", count: Self.count, initial: Channel())
    inIRQ = (0..<Self.count).map { Line("ESP32S3.DMA.IN\($0)", arena: arena) }
    outIRQ = (0..<Self.count).map { Line("ESP32S3.DMA.OUT\($0)", arena: arena) }
    super.init(Self.map, name: "ESP32S3.DMA", arena: arena)
    copies = (0..<Self.count).map { n in scheduler.event("ESP32S3.DMA.copy\(n)") { [unowned self] _ in copyAll(n) } }
  }
  private func restart(_ n: Int, input: Bool) {
    // Goes on with what the last descriptor names as its next by now.
    let link = input ? channels[n].input : channels[n].output
    guard !link.running, link.descriptor != 0, let next = memory.word(link.descriptor &+ 8), next != 0 else { return }
    let resumed = ESP32Link(descriptor: next, offset: 0, running: true)
    if input { channels[n].input = resumed } else { channels[n].output = resumed }
  }
  private func update() {
    for n in 0..<Self.count {
      inIRQ[n].set(self[.inIntRaw, n, stride: Self.stride] & self[.inIntEna, n, stride: Self.stride] != 0)
      outIRQ[n].set(self[.outIntRaw, n, stride: Self.stride] & self[.outIntEna, n, stride: Self.stride] != 0)
    }
  }

  // MARK: For the peripherals

  private func output(for p: UInt32) -> Int? { (0..<Self.count).first { channels[$0].output.running && self[.outPeriSel, $0, stride: Self.stride] == p } }
  private func input(for p: UInt32) -> Int? { (0..<Self.count).first { channels[$0].input.running && self[.inPeriSel, $0, stride: Self.stride] == p } }
  /// The next byte that leaves memory for a peripheral; nil: there is none.
  func take(for p: UInt32) -> UInt8? {
    guard let n = output(for: p) else { return nil }
    return take(n)
  }
  private func take(_ n: Int) -> UInt8? { channels[n].output.take(memory) }
  /// A peripheral has all that it wanted.
  func finishOutput(for p: UInt32) { if let n = (0..<Self.count).first(where: { channels[$0].output.descriptor != 0 && self[.outPeriSel, $0, stride: Self.stride] == p }) { finishOutput(n) } }
  private func finishOutput(_ n: Int) {
    self[.outEofDesAddr, n, stride: Self.stride] = channels[n].output.descriptor
    self[.outIntRaw, n, stride: Self.stride] |= 1 << 0 | 1 << 1 | 1 << 3
    channels[n].output.running = false
    update()
  }
  /// Puts a byte of a peripheral into memory. False: there is no room.
  @discardableResult func put(_ b: UInt8, for p: UInt32) -> Bool {
    guard let n = input(for: p) else { return false }
    return put(b, n)
  }
  private func put(_ b: UInt8, _ n: Int) -> Bool {
    var filled = false
    if channels[n].input.running { channels[n].filled = channels[n].input.descriptor }
    let ok = channels[n].input.put(b, memory, filled: &filled)
    if filled { self[.inIntRaw, n, stride: Self.stride][bit: 0] = true }
    return ok
  }
  /// A peripheral's data ends.
  func finishInput(for p: UInt32) { if let n = (0..<Self.count).first(where: { channels[$0].filled != 0 && self[.inPeriSel, $0, stride: Self.stride] == p }) { finishInput(n) } }
  private func finishInput(_ n: Int) {
    let last = channels[n].filled
    if channels[n].input.offset > 0 {
      channels[n].input.close(memory, end: true)
    } else if let head = memory.word(last) {
      memory.setWord(last, head | 1 << 30)
    }
    self[.inSucEofDesAddr, n, stride: Self.stride] = last
    channels[n].filled = 0
    self[.inIntRaw, n, stride: Self.stride] |= 1 << 0 | 1 << 1
    channels[n].input.running = false
    update()
  }

  // MARK: From memory to memory

  private func copy(_ n: Int) {
    guard self[.inConf0, n, stride: Self.stride][bit: 4], channels[n].input.running, channels[n].output.running else { return }
    if !scheduler.isScheduled(copies[n]) { scheduler.schedule(copies[n], after: 1_000_000) }
  }
  private func copyAll(_ n: Int) {
    // A chain may be a ring.
    for _ in 0..<(1 << 20) { guard let b = take(n), put(b, n) else { break } }
    finishOutput(n)
    finishInput(n)
  }
  public override func reset() {
    super.reset()
    for n in 0..<Self.count {
      scheduler.cancel(copies[n])
      channels[n] = Channel()
    }
    update()
  }
}
