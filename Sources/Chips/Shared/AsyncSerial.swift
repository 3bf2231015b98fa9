import Machine

/// The two wires of a UART: start bit, eight data bits, perhaps even parity, stop bit. Bytes go to and come from a `Port` at
/// once where one is on the wires, else bit by bit.
final class AsyncSerial {
  /// What was wrong with a character.
  enum Fault { static let parity: UInt16 = 1 << 8, framing: UInt16 = 1 << 9, breakCondition: UInt16 = 1 << 10 }
  struct State: BitwiseCopyable {
    /// Picoseconds of a bit; 0: no rate was set.
    var bit: UInt64 = 0
    var hasParity = false
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
  var onSent: (UInt8) -> Void = { _ in }
  /// A character with its faults.
  var onReceived: (UInt16) -> Void = { _ in }

  init(_ name: String, arena: StateArena, scheduler: Scheduler) {
    self.scheduler = scheduler
    state = arena.allocate("\(name).serial", initial: State())
    txd = Line("\(name).TXD", arena: arena)
    txd.set(true)
    sent = scheduler.event("\(name).sent") { [unowned self] _ in
      state.pointee.isSending = false
      if state.pointee.goesOut { output()?.send(state.pointee.byte) }
      onSent(state.pointee.byte)
    }
    shifted = scheduler.event("\(name).shifted") { [unowned self] _ in showBit() }
    sampled = scheduler.event("\(name).sampled") { [unowned self] _ in sample() }
    arrived = scheduler.event("\(name).arrived") { [unowned self] _ in
      state.pointee.isArriving = false
      onReceived(UInt16(state.pointee.arriving))
      fetch()
    }
  }
  var isSending: Bool { state.pointee.isSending }
  private var bits: UInt64 { state.pointee.hasParity ? 11 : 10 }
  func set(baud: Double, parity: Bool) {
    state.pointee.bit = baud >= 1 ? UInt64(1e12 / baud) : 0
    state.pointee.hasParity = parity
  }
  func send(_ byte: UInt8) {
    guard state.pointee.bit > 0, !state.pointee.isSending else { return }
    state.pointee.isSending = true
    state.pointee.byte = byte
    state.pointee.goesOut = output() != nil
    scheduler.schedule(sent, after: state.pointee.bit &* bits)
    guard isWatched() else { return }
    var frame = UInt32(byte) << 1
    if state.pointee.hasParity { frame |= UInt32(byte.nonzeroBitCount & 1) << 9 }
    state.pointee.shift = frame | ~0 << UInt32(bits - 1)
    state.pointee.left = UInt8(bits)
    showBit()
  }
  private func showBit() {
    guard state.pointee.left > 0 else { return }
    txd.set(state.pointee.shift & 1 == 1)
    state.pointee.shift >>= 1
    state.pointee.left -= 1
    if state.pointee.left > 0 { scheduler.schedule(shifted, after: state.pointee.bit) }
  }
  /// The next byte of the port begins to arrive, if one waits and is welcome.
  func fetch() {
    guard !state.pointee.isArriving, state.pointee.bit > 0, isReady(), let byte = input()?.take() else { return }
    state.pointee.isArriving = true
    state.pointee.arriving = byte
    scheduler.schedule(arrived, after: state.pointee.bit &* bits)
  }
  /// The level of RXD: a fall from rest is a start bit.
  func rxdChanged(_ level: Bool) {
    guard level != state.pointee.rxd else { return }
    state.pointee.rxd = level
    guard !level, !state.pointee.isSampling, state.pointee.bit > 0 else { return }
    state.pointee.isSampling = true
    state.pointee.samples = 0
    state.pointee.sampleCount = 0
    scheduler.schedule(sampled, after: state.pointee.bit / 2)
  }
  /// The middle of a bit.
  private func sample() {
    let n = UInt32(state.pointee.sampleCount), last = UInt32(bits - 1)
    if n == 0, state.pointee.rxd {
      state.pointee.isSampling = false
      return
    }
    if state.pointee.rxd { state.pointee.samples |= 1 << n }
    state.pointee.sampleCount += 1
    if n < last { return scheduler.schedule(sampled, after: state.pointee.bit) }
    state.pointee.isSampling = false
    let samples = state.pointee.samples, byte = UInt8(truncatingIfNeeded: samples >> 1)
    var word = UInt16(byte)
    if state.pointee.hasParity, samples >> 9 & 1 != UInt32(byte.nonzeroBitCount & 1) { word |= Fault.parity }
    if !state.pointee.rxd { word |= samples == 0 ? Fault.framing | Fault.breakCondition : Fault.framing }
    onReceived(word)
  }
  /// Stops at once; the rate stays.
  func reset() {
    for e in [sent, shifted, sampled, arrived] { scheduler.cancel(e!) }
    state.pointee = State(bit: state.pointee.bit, hasParity: state.pointee.hasParity, rxd: state.pointee.rxd)
    txd.set(true)
  }
}
