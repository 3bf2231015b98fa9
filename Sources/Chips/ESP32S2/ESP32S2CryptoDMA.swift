import Machine

/// ESP32-S2 TRM chapter 2: the DMA of the accelerators: one chain of descriptors out of memory and one into it, which AES and SHA take in turn.
public final class ESP32S2CryptoDMA: RegisterDevice, RegisterNaming {
  public enum Register: UInt32, CaseIterable, Sendable {
    case conf0 = 0x00, intRaw = 0x04, intSt = 0x08, intEna = 0x0C, intClr = 0x10, outStatus = 0x14, outPush = 0x18, inStatus = 0x1C, inPop = 0x20, outLink = 0x24, inLink = 0x28, conf1 = 0x2C
    case state0 = 0x30, state1 = 0x34, outEofDesAddr = 0x38, inSucEofDesAddr = 0x3C, inErrEofDesAddr = 0x40, outEofBfrDesAddr = 0x44, ahbTest = 0x48, inDscr = 0x4C, inDscrBf0 = 0x50
    case inDscrBf1 = 0x54, outDscr = 0x58, outDscrBf0 = 0x5C, outDscrBf1 = 0x60, aesShaSelect = 0x64, date = 0xFC
  }
  static let map = RegisterMap<ESP32S2CryptoDMA> { r in
    r[.conf0].bits(0...13).onWrite { d, v in
      if v[bit: 0] { d.state.pointee.input = ESP32Link() }
      if v[bit: 1] { d.state.pointee.output = ESP32Link() }
    }
    r[.intRaw].bits(0...8, .readOnly)
    r[.intSt].onRead { $0[.intRaw] & $0[.intEna] }
    r[.intEna].bits(0...8).onWrite { d, _ in d.update() }
    r[.intClr].onWrite { d, v in
      d[.intRaw] &= ~v
      d.update()
    }
    // Nothing waits in the FIFOs.
    r[.outStatus].reset(2)
    r[.inStatus].reset(2)
    r[.outPush].bits(0...8)
    r[.inPop].bits(0...11)
    r[.outLink].bits(0...19).onRead { d in d[.outLink] | (d.state.pointee.output.running ? 0 : 1 << 31) }.onWrite { d, v in
      if v[bit: 28] { d.state.pointee.output.running = false }
      if v[bit: 29] { d.state.pointee.output = .start(v) }
    }
    r[.inLink].bits(0...20).onRead { d in d[.inLink] | (d.state.pointee.input.running ? 0 : 1 << 31) }.onWrite { d, v in
      if v[bit: 28] { d.state.pointee.input.running = false }
      if v[bit: 29] {
        d.state.pointee.input = .start(v)
        d.state.pointee.filled = 0
      }
    }
    r[.conf1].bits(0...31)
    r[.state0].onRead { $0.state.pointee.output.descriptor & 0x3FFFF }
    r[.state1].onRead { $0.state.pointee.input.descriptor & 0x3FFFF }
    for x in [Register.outEofDesAddr, .inSucEofDesAddr, .inErrEofDesAddr, .outEofBfrDesAddr] { r[x].bits(0...31, .readOnly) }
    r[.ahbTest].bits(0...5)
    for x in [Register.inDscr, .inDscrBf0, .inDscrBf1] { r[x].onRead { $0.state.pointee.input.descriptor } }
    for x in [Register.outDscr, .outDscrBf0, .outDscrBf1] { r[x].onRead { $0.state.pointee.output.descriptor } }
    r[.aesShaSelect].bits(0...0)
    r[.date].bits(0...31).reset(0x1806_2600)
  }
  /// The chains, and the descriptor that the last byte went to.
  struct State: BitwiseCopyable { var input = ESP32Link(), output = ESP32Link(), filled: UInt32 = 0 }
  private let state: UnsafeMutablePointer<State>, memory: ESP32DMAMemory
  public let irq: Line

  init(arena: StateArena, memory: ESP32DMAMemory) {
    self.memory = memory
    state = arena.allocate("ESP32S2.CRYPTO_DMA.state", initial: State())
    irq = Line("ESP32S2.CRYPTO_DMA.IRQ", arena: arena)
    super.init(Self.map, name: "ESP32S2.CRYPTO_DMA", arena: arena)
  }
  private func update() { irq.set(self[.intRaw] & self[.intEna] != 0) }

  // MARK: For the accelerators

  /// The next byte that leaves memory; nil: there is none.
  func take() -> UInt8? { state.pointee.output.take(memory) }
  func finishOutput() {
    self[.outEofDesAddr] = state.pointee.output.descriptor
    self[.intRaw] |= 1 << 6 | 1 << 7 | 1 << 8
    state.pointee.output.running = false
    update()
  }
  func put(_ b: UInt8) {
    var filled = false
    if state.pointee.input.running { state.pointee.filled = state.pointee.input.descriptor }
    _ = state.pointee.input.put(b, memory, filled: &filled)
    if filled { self[.intRaw][bit: 3] = true }
  }
  func finishInput() {
    guard state.pointee.filled != 0 else { return }
    if state.pointee.input.offset > 0 { state.pointee.input.close(memory, end: true) } else { ESP32Link.mark(state.pointee.filled, memory) }
    self[.inSucEofDesAddr] = state.pointee.filled
    self[.intRaw] |= 1 << 3 | 1 << 5
    state.pointee.filled = 0
    state.pointee.input.running = false
    update()
  }
  public override func reset() {
    super.reset()
    state.pointee = State()
    update()
  }
}
