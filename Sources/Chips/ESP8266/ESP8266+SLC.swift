import Machine

extension ESP8266 {
  /// The SLC: DMA between memory and I2S (slc_register.h). A list of descriptors goes out at I2S's pace; the SDIO side
  /// keeps what is written.
  public final class SLC: RegisterDevice, RegisterNaming {
    public enum Register: UInt32, CaseIterable, Sendable {
      case slcConf0 = 0x00, slcIntRaw = 0x04, slcIntStatus = 0x08, slcIntEna = 0x0C, slcIntClr = 0x10, slcRxStatus = 0x14, slcRxFIFOPush = 0x18
      case slcTxStatus = 0x1C, slcTxFIFOPop = 0x20, slcRxLink = 0x24, slcTxLink = 0x28, slcIntvecToHost = 0x2C, slcToken0 = 0x30, slcToken1 = 0x34
      case slcConf1 = 0x38, slcState0 = 0x3C, slcState1 = 0x40, slcBridgeConf = 0x44, slcRxEOFDesAddr = 0x48, slcTxEOFDesAddr = 0x4C
      case slcRxEOFBfrDesAddr = 0x50, slcAHBTest = 0x54, slcSDIOSt = 0x58, slcRxDscrConf = 0x5C, slcTxLinkDscr = 0x60, slcTxLinkDscrBF0 = 0x64
      case slcTxLinkDscrBF1 = 0x68, slcRxLinkDscr = 0x6C, slcRxLinkDscrBF0 = 0x70, slcRxLinkDscrBF1 = 0x74, slcDate = 0x78, slcID = 0x7C
      case unknown80 = 0x80
    }
    static let map = RegisterMap<SLC> { r in
      r[.slcConf0].bits(0...31).onWrite { d, v in if v[bit: 1] { d.stop() } }
      r[.slcIntRaw].onRead { $0.state.pointee.raw }
      r[.slcIntStatus].onRead { d in d.state.pointee.raw & d[.slcIntEna] }
      r[.slcIntEna].bits(0...31).onWrite { d, _ in d.update() }
      r[.slcIntClr].onWrite { d, v in
        d.state.pointee.raw &= ~v
        d.update()
      }
      r[.slcRxStatus].reset(2)
      r[.slcRxFIFOPush].bits(0...31)
      r[.slcTxStatus].reset(2)
      r[.slcTxFIFOPop].bits(0...31)
      r[.slcRxLink].bits(0...27).bits(31...31).onWrite { d, v in d.link(v) }
      r[.slcTxLink].bits(0...27).bits(31...31)
      r[.slcIntvecToHost, count: 14].bits(0...31)
      r[.slcRxEOFDesAddr].onRead { $0.state.pointee.eof }
      r[.slcRxLinkDscr, count: 3].bits(0...31)
      r[.slcTxLinkDscr, count: 3].bits(0...31)
      r[.slcDate, count: 2].bits(0...31)
      r[.unknown80, count: 16].bits(0...31)
    }
    struct State: BitwiseCopyable {
      var raw: UInt32 = 0, descriptor: UInt32 = 0, eof: UInt32 = 0
      var running = false
      /// The bytes of the descriptor under way: where they begin and how many words of them are gone.
      var buffer: UInt32 = 0, words: UInt32 = 0, done: UInt32 = 0, flags: UInt32 = 0, next: UInt32 = 0
    }
    private let state: UnsafeMutablePointer<State>
    public let irq: Line
    private unowned let bus: Bus
    /// More words are to be had.
    var onStart: () -> Void = {}

    init(arena: StateArena, bus: Bus) {
      self.bus = bus
      state = arena.allocate("ESP8266.SLC.state", initial: State())
      irq = Line("ESP8266.SLC.IRQ", arena: arena)
      super.init(Self.map, name: "ESP8266.SLC", arena: arena)
    }
    private func update() { irq.set(state.pointee.raw & self[.slcIntEna] != 0) }
    private func stop() { state.pointee.running = false }
    private func link(_ v: UInt32) {
      if v[bit: 28] { stop() }
      guard v[bit: 29] || v[bit: 30] else { return }
      // Twenty bits of address: descriptors lie in the megabyte of the data RAM.
      open(0x3FF0_0000 | v & 0xF_FFFF)
      if state.pointee.running { onStart() }
    }
    private func open(_ address: UInt32) {
      guard address & 3 == 0, address & 0xF_FFFF != 0 else { return stop() }
      let head = bus.read(address, size: 4), buffer = bus.read(address &+ 4, size: 4), next = bus.read(address &+ 8, size: 4)
      // Owner: 1 is the DMA.
      guard !head.fault, !buffer.fault, !next.fault, head.value[bit: 31] else {
        state.pointee.raw |= 1 << 20
        stop()
        return update()
      }
      state.pointee.descriptor = address
      state.pointee.flags = head.value
      state.pointee.buffer = buffer.value & ~3
      state.pointee.words = head.value[bits: 12...23] / 4
      state.pointee.next = next.value
      state.pointee.done = 0
      state.pointee.running = true
    }
    /// The next word for I2S; nil: there is none.
    func nextWord() -> UInt32? {
      guard state.pointee.running else { return nil }
      if state.pointee.done >= state.pointee.words {
        finishDescriptor()
        guard state.pointee.running, state.pointee.words > 0 else { return nil }
      }
      let v = bus.read(state.pointee.buffer &+ state.pointee.done &* 4, size: 4)
      state.pointee.done += 1
      return v.fault ? 0 : v.value
    }
    private func finishDescriptor() {
      let s = state.pointee
      state.pointee.raw |= 1 << 16
      if s.flags[bit: 30] {
        state.pointee.eof = s.descriptor
        state.pointee.raw |= 1 << 17
      }
      if self[.slcConf0][bit: 6] { _ = bus.write(s.descriptor, s.flags & ~(1 << 31), size: 4) }
      if s.next == 0 { stop() } else { open(s.next) }
      update()
    }
    public override func reset() {
      super.reset()
      state.pointee = State()
      update()
    }
  }
}
