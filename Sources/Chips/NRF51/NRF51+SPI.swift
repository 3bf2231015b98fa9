import Machine

extension NRF51 {
  /// Reference Manual §26: the SPI master, on pins of its choice.
  public final class SPI: Peripheral, RegisterNaming {
    public enum Register: UInt32, CaseIterable, Sendable {
      case eventsReady = 0x108, intenSet = 0x304, intenClr = 0x308, enable = 0x500, pselSCK = 0x508, pselMOSI = 0x50C, pselMISO = 0x510, rxd = 0x518, txd = 0x51C
      case frequency = 0x524, config = 0x554, power = 0xFFC
    }
    static let map = RegisterMap<SPI> { r in
      r.event(.eventsReady)
      r.interrupts(.intenSet, .intenClr, mask: 4)
      r[.enable].bits(0...2).onWrite { d, _ in d.enabled() }
      r[.pselSCK, count: 3].bits(0...31).reset(0xFFFF_FFFF).onWrite { d, _ in d.onPins() }
      r[.rxd].onRead { $0.receive() }
      r[.txd].bits(0...7).onWrite { d, _ in
        d.state.pointee.hasNext = true
        d.begin()
      }
      r[.frequency].bits(0...31).reset(0x0400_0000)
      r[.config].bits(0...2).onWrite { d, _ in if !d.state.pointee.isShifting { d.sck.set(d.polarity) } }
      r.power(.power)
    }
    struct State: BitwiseCopyable {
      var hasNext = false, isShifting = false, isWatched = false
      var out: UInt8 = 0, input: UInt8 = 0
      /// Half bits that have passed.
      var halves: UInt8 = 0
      var first: UInt8 = 0, second: UInt8 = 0, count: UInt8 = 0
    }
    private let state: UnsafeMutablePointer<State>
    private let scheduler: Scheduler
    private var event: Scheduler.Event!
    let sck, mosi: Line
    /// The level of its input; whether somebody looks at its pins.
    var miso: () -> Bool = { false }
    var isWatched: () -> Bool = { false }
    var onPins: () -> Void = {}

    init(_ n: Int, arena: StateArena, scheduler: Scheduler) {
      self.scheduler = scheduler
      state = arena.allocate("NRF51.SPI\(n).state", initial: State())
      sck = Line("NRF51.SPI\(n).SCK", arena: arena)
      mosi = Line("NRF51.SPI\(n).MOSI", arena: arena)
      super.init(Self.map, block: "SPI\(n)", arena: arena)
      event = scheduler.event("NRF51.SPI\(n).step") { [unowned self] _ in step() }
    }
    var isEnabled: Bool { self[.enable] == 1 }
    private func pin(_ r: Register) -> Int? { isEnabled && self[r] < UInt32(GPIO.count) ? Int(self[r]) : nil }
    var sckPin: Int? { pin(.pselSCK) }
    var mosiPin: Int? { pin(.pselMOSI) }
    var misoPin: Int? { pin(.pselMISO) }
    private var polarity: Bool { self[.config][bit: 2] }
    private var phase: Bool { self[.config][bit: 1] }
    private func enabled() {
      if !isEnabled {
        scheduler.cancel(event)
        state.pointee = State()
      }
      sck.set(polarity)
      onPins()
    }
    /// Picoseconds of half a bit: 125 kHz for FREQUENCY 0x02000000.
    private var half: UInt64 {
      let f = (UInt64(self[.frequency]) * 125_000) >> 25
      return 500_000_000_000 / min(max(f, 1000), 8_000_000)
    }
    private func begin() {
      guard isEnabled, !state.pointee.isShifting, state.pointee.hasNext else { return }
      state.pointee.hasNext = false
      state.pointee.isShifting = true
      state.pointee.out = ordered(UInt8(truncatingIfNeeded: self[.txd]))
      state.pointee.input = 0
      state.pointee.halves = 0
      state.pointee.isWatched = isWatched()
      guard state.pointee.isWatched else { return scheduler.schedule(event, after: half * 16) }
      if !phase { shift() }
      scheduler.schedule(event, after: half)
    }
    private func ordered(_ b: UInt8) -> UInt8 {
      guard self[.config][bit: 0] else { return b }
      return (0..<8).reduce(UInt8(0)) { $0 << 1 | b >> UInt8($1) & 1 }
    }
    private func shift() {
      mosi.set(state.pointee.out & 0x80 != 0)
      state.pointee.out <<= 1
    }
    private func step() {
      guard state.pointee.isWatched else {
        state.pointee.input = miso() ? 0xFF : 0
        return finish()
      }
      let n = state.pointee.halves
      state.pointee.halves = n + 1
      guard n < 16 else { return finish() }
      // CPHA 0 samples at the first edge of each bit, CPHA 1 at the second.
      let samples = (n & 1 == 0) != phase
      if !samples, n < 15 || phase { shift() }
      sck.set(n & 1 == 0 ? !polarity : polarity)
      if samples { state.pointee.input = state.pointee.input << 1 | (miso() ? 1 : 0) }
      if n == 15 { finish() } else { scheduler.schedule(event, after: half) }
    }
    private func finish() {
      state.pointee.isShifting = false
      let b = ordered(state.pointee.input)
      // RXD has two places.
      if state.pointee.count == 0 { state.pointee.first = b } else { state.pointee.second = b }
      state.pointee.count = min(2, state.pointee.count + 1)
      raise(2)
      begin()
    }
    private func receive() -> UInt32 {
      let b = state.pointee.first
      if state.pointee.count > 0 { state.pointee.count -= 1 }
      if state.pointee.count > 0 { state.pointee.first = state.pointee.second }
      return UInt32(b)
    }
    public override func reset() {
      super.reset()
      scheduler.cancel(event)
      state.pointee = State()
      sck.set(false)
      onPins()
    }
  }

  /// Blocks at one address, of which ENABLE or nobody chooses one (Reference Manual §10.1.1). What is written before that goes to
  /// all of them.
  final class SharedBlock: Device {
    private let members: [(block: Peripheral, isEnabled: () -> Bool)]
    init(_ name: String, _ members: [(block: Peripheral, isEnabled: () -> Bool)]) {
      self.members = members
      super.init(name: "NRF51.\(name)")
    }
    private static let selectors: Set<UInt32> = [0x500, 0xFFC]
    override func read32(at offset: UInt32) -> UInt32 {
      let m = members.first { $0.isEnabled() && $0.block.knows(offset) } ?? members.first { $0.block.knows(offset) } ?? members[0]
      return m.block.read32(at: offset)
    }
    override func write32(_ value: UInt32, at offset: UInt32) {
      let isChosen = members.contains { $0.isEnabled() }
      var taken = false
      for m in members where m.block.knows(offset) && (!isChosen || m.isEnabled() || Self.selectors.contains(offset)) {
        m.block.write32(value, at: offset)
        taken = true
      }
      if !taken { members[0].block.write32(value, at: offset) }
    }
    override func reset() { for m in members { m.block.reset() } }
  }
}
