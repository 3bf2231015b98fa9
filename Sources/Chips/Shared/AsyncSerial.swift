import Machine

/// The two wires of a UART: start bit, data, perhaps parity, stop. Bytes go to and come from a `Port` at once where one is
/// on the wires, else bit by bit.
final class AsyncSerial {
  /// What was wrong with a character.
  enum Fault { static let parity: UInt16 = 1 << 8, framing: UInt16 = 1 << 9, breakCondition: UInt16 = 1 << 10 }
  enum Parity: UInt8, BitwiseCopyable { case none, even, odd, mark, space }
  struct Format: BitwiseCopyable {
    /// Picoseconds of a bit; 0: no rate was set.
    var bit: UInt64 = 0
    var dataBits: UInt8 = 8, parity = Parity.none, halfStops: UInt8 = 2

    /// Start bit, data and parity.
    var bits: UInt8 { 1 + dataBits + (parity == .none ? 0 : 1) }
    /// Picoseconds of a character.
    var character: UInt64 { bit &* UInt64(2 * bits + halfStops) / 2 }
    var mask: UInt32 { 1 << UInt32(dataBits) - 1 }
    func parityBit(of byte: UInt32) -> UInt32 {
      let ones = UInt32(byte.nonzeroBitCount) & 1
      return switch parity {
      case .none, .space: 0
      case .mark: 1
      case .even: ones
      case .odd: 1 - ones
      }
    }
  }
  struct State: BitwiseCopyable {
    var format = Format()
    /// TXD is held low; all levels are turned over.
    var isBreaking = false, isInverted = false
    var isSending = false, goesOut = false, byte: UInt8 = 0, shift: UInt32 = 0, left: UInt8 = 0
    var rxd = true, isSampling = false, samples: UInt32 = 0, sampleCount: UInt8 = 0
    var isArriving = false, arriving: UInt8 = 0
  }
  private let state: UnsafeMutablePointer<State>
  private let scheduler: Scheduler
  private var sent, shifted, sampled, arrived: Scheduler.Event!
  /// High at rest.
  let txd: Line
  /// Whether something looks at TXD; else its waveform is not made.
  var isWatched: () -> Bool = { false }
  /// The outside where it takes bytes, as the pins are at the moment.
  var output: () -> Port? = { nil }, input: () -> Port? = { nil }
  /// Whether another character is welcome from the port: it waits outside until then.
  var isReady: () -> Bool = { false }
  /// Whether a fall of RXD begins a character.
  var listens: () -> Bool = { true }
  /// Told each byte that has gone out.
  var onSent: (UInt8) -> Void = { _ in }
  /// Told when a byte of the port begins to come.
  var onArriving: (UInt8) -> Void = { _ in }
  /// A character with its faults.
  var onReceived: (UInt16) -> Void = { _ in }

  init(_ name: String, arena: StateArena, scheduler: Scheduler) {
    self.scheduler = scheduler
    state = arena.allocate("\(name).serial", initial: State())
    txd = Line("\(name).TXD", arena: arena)
    txd.set(true)
    sent = scheduler.event("\(name).sent") { [unowned self] _ in
      state.pointee.isSending = false
      let byte = state.pointee.byte & UInt8(truncatingIfNeeded: state.pointee.format.mask)
      if state.pointee.goesOut { output()?.send(byte) }
      onSent(byte)
    }
    arrived = scheduler.event("\(name).arrived") { [unowned self] _ in
      state.pointee.isArriving = false
      onReceived(UInt16(state.pointee.arriving))
      fetch()
    }
    shifted = scheduler.event("\(name).shifted") { [unowned self] _ in showBit() }
    sampled = scheduler.event("\(name).sampled") { [unowned self] _ in sample() }
  }
  /// Picoseconds of `cycles256` / 256 cycles of a clock of `frequency256` / 256 Hz; 0 when either is 0.
  static func time(cycles256: UInt64, frequency256: UInt64) -> UInt64 {
    cycles256 > 0 && frequency256 > 0 ? UInt64(truncatingIfNeeded: UInt128(Clock.picosecondsPerSecond) * UInt128(cycles256) / UInt128(frequency256)) : 0
  }
  var format: Format {
    get { state.pointee.format }
    set { state.pointee.format = newValue }
  }
  var isSending: Bool { state.pointee.isSending }
  var isArriving: Bool { state.pointee.isArriving }
  var rxd: Bool { state.pointee.rxd }
  /// How TXD is between characters.
  func rest(breaking: Bool, inverted: Bool = false) {
    state.pointee.isBreaking = breaking
    state.pointee.isInverted = inverted
    if state.pointee.left == 0 { txd.set(breaking == inverted) }
  }

  // MARK: Transmit

  func send(_ byte: UInt8) {
    let f = state.pointee.format
    guard f.bit > 0, !state.pointee.isSending else { return }
    state.pointee.isSending = true
    state.pointee.byte = byte
    state.pointee.goesOut = output() != nil
    scheduler.schedule(sent, after: f.character)
    guard isWatched() else { return }
    let data = UInt32(byte) & f.mask
    state.pointee.shift = data << 1 | f.parityBit(of: data) << UInt32(1 + f.dataBits) | ~0 << UInt32(f.bits)
    state.pointee.left = f.bits + 1
    showBit()
  }
  private func showBit() {
    guard state.pointee.left > 0 else { return }
    txd.set((state.pointee.shift & 1 == 1 && !state.pointee.isBreaking) != state.pointee.isInverted)
    state.pointee.shift >>= 1
    state.pointee.left -= 1
    if state.pointee.left > 0 { scheduler.schedule(shifted, after: state.pointee.format.bit) }
  }

  // MARK: Receive

  /// The next byte of the port begins to arrive, if one waits and is welcome.
  func fetch() {
    guard !state.pointee.isArriving, state.pointee.format.bit > 0, isReady(), let byte = input()?.take() else { return }
    onArriving(byte)
    arrive(byte, after: state.pointee.format.character)
  }
  /// A byte of the port is there in `picoseconds`.
  func arrive(_ byte: UInt8, after picoseconds: UInt64) {
    state.pointee.isArriving = true
    state.pointee.arriving = byte
    scheduler.schedule(arrived, after: picoseconds)
  }
  /// The level of RXD: a fall from rest is a start bit.
  func rxdChanged(_ level: Bool) {
    guard level != state.pointee.rxd else { return }
    state.pointee.rxd = level
    guard !level, !state.pointee.isSampling, state.pointee.format.bit > 0, listens() else { return }
    state.pointee.isSampling = true
    state.pointee.samples = 0
    state.pointee.sampleCount = 0
    scheduler.schedule(sampled, after: state.pointee.format.bit / 2)
  }
  /// The middle of a bit.
  private func sample() {
    let n = UInt32(state.pointee.sampleCount), f = state.pointee.format
    if n == 0, state.pointee.rxd {
      state.pointee.isSampling = false
      return
    }
    if state.pointee.rxd { state.pointee.samples |= 1 << n }
    state.pointee.sampleCount += 1
    if n < f.bits { return scheduler.schedule(sampled, after: f.bit) }
    state.pointee.isSampling = false
    let samples = state.pointee.samples, data = samples >> 1 & f.mask
    var word = UInt16(truncatingIfNeeded: data)
    if f.parity != .none, samples >> UInt32(1 + f.dataBits) & 1 != f.parityBit(of: data) { word |= Fault.parity }
    if !state.pointee.rxd { word = samples == 0 ? Fault.framing | Fault.breakCondition : word | Fault.framing }
    onReceived(word)
  }
  /// Stops at once; the format stays.
  func reset() {
    for e in [sent, shifted, sampled, arrived] { scheduler.cancel(e!) }
    state.pointee = State(format: state.pointee.format, rxd: state.pointee.rxd)
    txd.set(true)
  }
}
