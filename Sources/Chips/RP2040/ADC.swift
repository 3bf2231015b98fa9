import Machine

/// RP2040 datasheet §4.9: the analogue to digital converter.
public final class ADC: RegisterDevice, RegisterNaming {
  public enum Register: UInt32, CaseIterable, Sendable {
    case cs = 0x00, result = 0x04, fcs = 0x08, fifo = 0x0C, div = 0x10, intR = 0x14, intE = 0x18, intF = 0x1C, intS = 0x20
  }
  static let map = RegisterMap<ADC> { r in
    r[.cs].bits(0...1).bits(3...3).bits(10...10, .writeOneToClear).bits(12...14).bits(16...20)
      .onRead { d in d[.cs] | (d[.cs][bit: 0] && !d.state.pointee.converting ? 1 << 8 : 0) }.onWrite { d, v in d.control(v) }
    r[.result].bits(0...11, .readOnly)
    r[.fcs].bits(0...3).bits(10...11, .writeOneToClear).bits(24...27).onRead { $0.fifoStatus }.onWrite { d, _ in d.update() }
    r[.fifo].onRead { $0.pop() }
    r[.div].bits(0...23).onWrite { d, _ in }
    r[.intR].onRead { d in d.raw }
    r[.intE].bits(0...0).onWrite { d, _ in d.update() }
    r[.intF].bits(0...0).onWrite { d, _ in d.update() }
    r[.intS].onRead { d in d.raw & d[.intE] | d[.intF] }
  }
  struct State: BitwiseCopyable {
    var converting = false, channel = 0
    var fifo: (UInt16, UInt16, UInt16, UInt16) = (0, 0, 0, 0)
    var head = 0, count = 0
    var celsius: Float = 27
  }
  let state: UnsafeMutablePointer<State>
  public let irq, dreq: Line
  private let scheduler: Scheduler
  private let clock: UnsafeMutablePointer<Clock>
  private var done: Scheduler.Event!

  public init(arena: StateArena, scheduler: Scheduler, clock: UnsafeMutablePointer<Clock>) {
    self.scheduler = scheduler
    self.clock = clock
    state = arena.allocate("RP2040.ADC.state", initial: State())
    irq = Line("RP2040.ADC.IRQ", arena: arena)
    dreq = Line("RP2040.ADC.DREQ", arena: arena)
    super.init(Self.map, name: "RP2040.ADC", arena: arena)
    done = scheduler.event("RP2040.ADC.conversion") { [unowned self] _ in finish() }
  }
  /// The chip's temperature in degrees Celsius.
  public var temperature: Float {
    get { state.pointee.celsius }
    set { state.pointee.celsius = newValue }
  }
  /// The volts at input 0 to 3 (GPIO26 to GPIO29), asked at each sample.
  public var volts: (Int) -> Float = { _ in 0 }
  private func sample(_ n: Int) -> UInt16 {
    let volts: Float
    switch n {
    case 0..<4: volts = self.volts(n)
    // §4.9.5: 0.706 V at 27 degrees, 1.721 mV less for each degree more.
    case 4: volts = self[.cs][bit: 1] ? 0.706 - (state.pointee.celsius - 27) * 0.001721 : 0
    default: volts = 0
    }
    return UInt16(max(0, min(4095, volts / 3.3 * 4096)))
  }
  /// §4.9.2: 96 cycles of clk_adc a sample.
  private func begin(cycles: UInt64) {
    let f = clock.pointee.frequency256
    guard f > 0 else { return }
    state.pointee.converting = true
    state.pointee.channel = Int(self[.cs][bits: 12...14])
    scheduler.schedule(done, after: UInt64(truncatingIfNeeded: UInt128(cycles) * UInt128(Clock.picosecondsPerSecond) * 256 / UInt128(f)))
  }
  private func control(_ v: UInt32) {
    guard self[.cs][bit: 0] else {
      scheduler.cancel(done)
      state.pointee.converting = false
      return
    }
    if (v[bit: 2] || self[.cs][bit: 3]) && !state.pointee.converting { begin(cycles: 96) }
  }
  private func finish() {
    state.pointee.converting = false
    let v = sample(state.pointee.channel)
    self[.result] = UInt32(v)
    if self[.fcs][bit: 0] {
      if state.pointee.count == 4 {
        self[.fcs] |= 1 << 11
      } else {
        let i = (state.pointee.head + state.pointee.count) & 3
        withUnsafeMutableBytes(of: &state.pointee.fifo) { $0.storeBytes(of: self[.fcs][bit: 1] ? v >> 4 : v, toByteOffset: i * 2, as: UInt16.self) }
        state.pointee.count += 1
      }
    }
    let ring = self[.cs][bits: 16...20]
    if ring != 0 {
      var next = (state.pointee.channel + 1) % 5
      while !ring[bit: next] { next = (next + 1) % 5 }
      self[.cs][bits: 12...14] = UInt32(next)
    }
    if self[.cs][bit: 3] {
      // DIV: a sample every INT + 1 + FRAC/256 cycles, 96 at least.
      begin(cycles: max(96, UInt64(self[.div] >> 8) + 1))
    }
    update()
  }
  private func pop() -> UInt32 {
    guard state.pointee.count > 0 else {
      self[.fcs] |= 1 << 10
      return 0
    }
    let v = withUnsafeBytes(of: &state.pointee.fifo) { $0.load(fromByteOffset: state.pointee.head * 2, as: UInt16.self) }
    state.pointee.head = (state.pointee.head + 1) & 3
    state.pointee.count -= 1
    update()
    return UInt32(v)
  }
  private var fifoStatus: UInt32 {
    self[.fcs] | (state.pointee.count == 0 ? 1 << 8 : 0) | (state.pointee.count == 4 ? 1 << 9 : 0) | UInt32(state.pointee.count) << 16
  }
  private var raw: UInt32 { self[.fcs][bit: 0] && state.pointee.count >= Int(self[.fcs][bits: 24...27]) && state.pointee.count > 0 ? 1 : 0 }
  private func update() {
    irq.set((raw & self[.intE] | self[.intF]) != 0)
    dreq.set(self[.fcs][bit: 3] && raw != 0)
  }
  public override func reset() {
    super.reset()
    scheduler.cancel(done)
    state.pointee.converting = false
    state.pointee.count = 0
    update()
  }
}
