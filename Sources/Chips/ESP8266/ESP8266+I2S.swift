import Machine

extension ESP8266 {
  /// I2S, its transmitter fed by the SLC or through its FIFO (i2s_register.h).
  public final class I2S: RegisterDevice, RegisterNaming {
    public enum Register: UInt32, CaseIterable, Sendable {
      case i2sTxFIFO = 0x00, i2sRxFIFO = 0x04, i2sConf = 0x08, i2sIntRaw = 0x0C, i2sIntST = 0x10, i2sIntEna = 0x14, i2sIntClr = 0x18, i2sTiming = 0x1C
      case i2sFIFOConf = 0x20, i2sRxEOFNum = 0x24, i2sConfSigleData = 0x28, i2sConfChan = 0x2C
    }
    static let map = RegisterMap<I2S> { r in
      r[.i2sTxFIFO].onWrite { d, v in d.push(v) }
      r[.i2sRxFIFO].onRead { _ in 0 }
      r[.i2sConf].bits(0...27).onWrite { d, _ in d.configure() }
      r[.i2sIntRaw].onRead { $0.raw }
      r[.i2sIntST].onRead { d in d.raw & d[.i2sIntEna] }
      r[.i2sIntEna].bits(0...5).onWrite { d, _ in d.update() }
      r[.i2sIntClr].bits(0...5).onWrite { d, _ in d.update() }
      r[.i2sTiming].bits(0...22)
      r[.i2sFIFOConf].bits(0...18)
      r[.i2sRxEOFNum].bits(0...31)
      r[.i2sConfSigleData].bits(0...31)
      r[.i2sConfChan].bits(0...4)
    }
    static let depth = 128
    struct State: BitwiseCopyable {
      var head = 0, count = 0
      var running = false
      /// The word on the wire and the bits of it that are still to come.
      var word: UInt32 = 0, bits: UInt8 = 0
    }
    private let state: UnsafeMutablePointer<State>
    private let fifo: UnsafeMutablePointer<UInt32>
    private let scheduler: Scheduler
    private var tick: Scheduler.Event!
    public let irq: Line
    /// I2SO_DATA, I2SO_BCK and I2SO_WS.
    public let data, bck, ws: Line
    var isWatched: () -> Bool = { false }
    /// The DMA's next word.
    var nextWord: () -> UInt32? = { nil }

    init(arena: StateArena, scheduler: Scheduler) {
      self.scheduler = scheduler
      state = arena.allocate("ESP8266.I2S.state", initial: State())
      fifo = arena.allocate("ESP8266.I2S.fifo", count: Self.depth, initial: UInt32(0))
      irq = Line("ESP8266.I2S.IRQ", arena: arena)
      data = Line("ESP8266.I2S.DATA", arena: arena)
      bck = Line("ESP8266.I2S.BCK", arena: arena)
      ws = Line("ESP8266.I2S.WS", arena: arena)
      super.init(Self.map, name: "ESP8266.I2S", arena: arena)
      tick = scheduler.event("ESP8266.I2S.tick") { [unowned self] _ in step() }
    }
    private var raw: UInt32 {
      var r: UInt32 = 0
      r[bit: 1] = state.pointee.count < Self.depth
      r[bit: 4] = state.pointee.count >= Self.depth
      r[bit: 5] = state.pointee.count == 0
      return r
    }
    private func update() { irq.set(raw & self[.i2sIntEna] & ~self[.i2sIntClr] != 0) }
    /// Picoseconds of a bit: 160 MHz divided by CLKM_DIV and BCK_DIV.
    private var bit: UInt64 { max(1, UInt64(self[.i2sConf][bits: 16...21])) * max(1, UInt64(self[.i2sConf][bits: 22...27])) * 6250 }
    private func push(_ v: UInt32) {
      guard state.pointee.count < Self.depth else { return }
      fifo[(state.pointee.head + state.pointee.count) % Self.depth] = v
      state.pointee.count += 1
      update()
    }
    private func configure() {
      let c = self[.i2sConf]
      if c[bit: 2] { state.pointee.count = 0 }
      let run = c[bit: 8] && !c[bit: 0]
      guard run != state.pointee.running else { return update() }
      state.pointee.running = run
      if run { scheduler.schedule(tick, after: bit) } else { scheduler.cancel(tick) }
      update()
    }
    private func fetch() -> UInt32 {
      if self[.i2sFIFOConf][bit: 12] { return nextWord() ?? 0 }
      guard state.pointee.count > 0 else { return 0 }
      let v = fifo[state.pointee.head]
      state.pointee.head = (state.pointee.head + 1) % Self.depth
      state.pointee.count -= 1
      update()
      return v
    }
    /// A bit on the wire while somebody looks, else a word at a time.
    private func step() {
      guard state.pointee.running else { return }
      if state.pointee.bits == 0 {
        state.pointee.word = fetch()
        state.pointee.bits = 32
        ws.set(!ws.isHigh)
      }
      guard isWatched() else {
        let left = state.pointee.bits
        state.pointee.bits = 0
        return scheduler.schedule(tick, after: UInt64(left) * bit)
      }
      bck.set(false)
      data.set(state.pointee.word[bit: 31])
      bck.set(true)
      state.pointee.word <<= 1
      state.pointee.bits -= 1
      scheduler.schedule(tick, after: bit)
    }
    public override func reset() {
      super.reset()
      scheduler.cancel(tick)
      state.pointee = State()
      update()
    }
  }
}
