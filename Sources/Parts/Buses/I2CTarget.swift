import Machine

/// A target on an I²C bus, bit by bit on two legs (NXP UM10204): start, repeated start, stop, acknowledges, clock stretching.
///
/// A part makes one, says which addresses it answers to and what its bytes mean. Several targets may share a bus. The
/// module's pull-up resistors come with it.
public final class I2CTarget {
  enum Phase: UInt8, BitwiseCopyable { case idle, ignore, address, addressAck, write, writeAck, read, readAck }
  struct State: BitwiseCopyable {
    var phase = Phase.idle
    var shift: UInt8 = 0, bits: UInt8 = 0
    var isReading = false, isChosen = false, wasAcknowledged = false
    var scl = true, sda = true
  }
  private let state: UnsafeMutablePointer<State>
  private let sda: Pin, scl: Pin
  private let released: Drive

  /// Whether a 7-bit address is its own; `reading` true for a read. The general call comes as address 0.
  public var accepts: (_ address: UInt8, _ reading: Bool) -> Bool = { _, _ in false }
  /// It was addressed, after a start or a repeated start.
  public var onStart: (_ reading: Bool) -> Void = { _ in }
  /// A byte came; false: not acknowledged.
  public var onWrite: (UInt8) -> Bool = { _ in true }
  /// The next byte to read.
  public var onRead: () -> UInt8 = { 0xFF }
  /// The controller acknowledged the byte that was read, so it wants another; or not.
  public var onAcknowledge: (Bool) -> Void = { _ in }
  /// A stop, after it was addressed. A repeated start is none.
  public var onStop: () -> Void = {}

  /// - Parameter pullsUp: the module has resistors to its supply.
  public init(_ name: String, sda: Pin, scl: Pin, pullsUp: Bool = true, context: PartContext) {
    state = context.arena.allocate("\(name).I2C", initial: State())
    self.sda = sda
    self.scl = scl
    released = pullsUp ? Drive(.resistor, high: true) : .none
    sda.drive = released
    scl.drive = released
    sda.onChange = { [unowned self] _ in linesChanged() }
    scl.onChange = { [unowned self] _ in linesChanged() }
  }
  /// In a callback: the controller waits, its clock held low, until `releaseClock`.
  public func holdClock() { scl.drive = .low }
  public func releaseClock() { scl.drive = released }
  /// Forgets the transfer under way: the part was reset.
  public func reset() {
    state.pointee.phase = .idle
    state.pointee.isChosen = false
    sda.drive = released
    scl.drive = released
  }

  // Both levels are read anew: another target may have moved SDA before this one was told of the clock.
  private func linesChanged() {
    let newSCL = scl.isHigh, newSDA = sda.isHigh, old = state.pointee
    state.pointee.scl = newSCL
    state.pointee.sda = newSDA
    if old.scl != newSCL {
      if newSCL { clockRose() } else { clockFell() }
    } else if newSCL, old.sda != newSDA {
      if newSDA { stop() } else { start() }
    }
  }
  private func start() {
    state.pointee.phase = .address
    state.pointee.bits = 0
    state.pointee.shift = 0
    sda.drive = released
  }
  private func stop() {
    let wasChosen = state.pointee.isChosen
    state.pointee.phase = .idle
    state.pointee.isChosen = false
    sda.drive = released
    if wasChosen { onStop() }
  }
  private func clockRose() {
    switch state.pointee.phase {
    case .address, .write:
      guard state.pointee.bits < 8 else { return }
      state.pointee.shift = state.pointee.shift << 1 | (state.pointee.sda ? 1 : 0)
      state.pointee.bits += 1
    case .readAck: state.pointee.wasAcknowledged = !state.pointee.sda
    default: break
    }
  }
  private func clockFell() {
    switch state.pointee.phase {
    case .idle, .ignore: break
    case .address:
      guard state.pointee.bits == 8 else { return }
      let reading = state.pointee.shift & 1 == 1
      guard accepts(state.pointee.shift >> 1, reading) else {
        state.pointee.phase = .ignore
        state.pointee.isChosen = false
        return
      }
      state.pointee.isReading = reading
      state.pointee.isChosen = true
      state.pointee.phase = .addressAck
      onStart(reading)
      sda.drive = .low
    case .addressAck:
      if state.pointee.isReading { fetch() } else { awaitByte() }
    case .write:
      guard state.pointee.bits == 8 else { return }
      state.pointee.phase = .writeAck
      if onWrite(state.pointee.shift) { sda.drive = .low }
    case .writeAck: awaitByte()
    case .read:
      state.pointee.bits += 1
      if state.pointee.bits == 8 {
        state.pointee.phase = .readAck
        sda.drive = released
      } else {
        showBit()
      }
    case .readAck:
      onAcknowledge(state.pointee.wasAcknowledged)
      if state.pointee.wasAcknowledged { fetch() } else { state.pointee.phase = .ignore }
    }
  }
  private func awaitByte() {
    state.pointee.phase = .write
    state.pointee.bits = 0
    sda.drive = released
  }
  private func fetch() {
    state.pointee.phase = .read
    state.pointee.bits = 0
    state.pointee.shift = onRead()
    showBit()
  }
  private func showBit() { sda.drive = state.pointee.shift << state.pointee.bits & 0x80 == 0 ? .low : released }
}
