import Machine

/// A serial port of a part: bytes at a rate on one or two legs, 8 data bits, no parity, one stop bit.
public final class UARTLine {
  static let capacity = 1024
  struct State: BitwiseCopyable {
    var bit: UInt64
    var shift: UInt16 = 0, bits: UInt8 = 0
    var out: UInt16 = 0, outBits: UInt8 = 0
    var head: UInt32 = 0, tail: UInt32 = 0
  }
  private let state: UnsafeMutablePointer<State>
  private let ring: UnsafeMutablePointer<UInt8>
  private let receive: Pin?, transmit: Pin?
  private let scheduler: Scheduler
  private var sample, next: Scheduler.Event!

  /// A byte came in.
  public var onByte: (UInt8) -> Void = { _ in }
  /// The line was low where the stop bit should be: another rate, or a break.
  public var onFramingError: () -> Void = {}
  /// All bytes have gone out.
  public var onSent: () -> Void = {}

  public init(_ name: String, receive: Pin?, transmit: Pin?, baud: Int = 9600, context: PartContext) {
    state = context.arena.allocate("\(name).UART", initial: State(bit: 1))
    ring = context.arena.allocate("\(name).UART.output", count: Self.capacity, initial: UInt8(0))
    self.receive = receive
    self.transmit = transmit
    scheduler = context.scheduler
    sample = scheduler.event("\(name).UART.receive") { [unowned self] t in takeBit(t) }
    next = scheduler.event("\(name).UART.transmit") { [unowned self] t in sendBit(t) }
    self.baud = baud
    transmit?.drive = .high
    receive?.onChange = { [unowned self] level in
      guard level == .low, !scheduler.isScheduled(sample) else { return }
      state.pointee.bits = 0
      state.pointee.shift = 0
      scheduler.schedule(sample, after: state.pointee.bit / 2)
    }
  }
  /// Bits per second.
  public var baud: Int {
    get { Int(1_000_000_000_000 / state.pointee.bit) }
    set { state.pointee.bit = 1_000_000_000_000 / UInt64(min(max(newValue, 50), 10_000_000)) }
  }
  /// Bytes that `send` would take.
  public var room: Int { Self.capacity - Int(state.pointee.tail &- state.pointee.head) }
  public var isSending: Bool { scheduler.isScheduled(next) }
  /// Sends bytes after those before; as many as there is room for, and says how many.
  @discardableResult public func send(_ bytes: some Sequence<UInt8>) -> Int {
    var n = 0
    for b in bytes {
      guard room > 0 else { break }
      ring[Int(state.pointee.tail) % Self.capacity] = b
      state.pointee.tail &+= 1
      n += 1
    }
    if n > 0, !isSending { sendBit(scheduler.now) }
    return n
  }
  private func sendBit(_ now: UInt64) {
    if state.pointee.outBits == 0 {
      guard state.pointee.head != state.pointee.tail else { return onSent() }
      // Start bit, data from the lowest bit on, stop bit.
      state.pointee.out = UInt16(ring[Int(state.pointee.head) % Self.capacity]) << 1 | 0x200
      state.pointee.outBits = 10
      state.pointee.head &+= 1
    }
    transmit?.drive = state.pointee.out & 1 == 1 ? .high : .low
    state.pointee.out >>= 1
    state.pointee.outBits -= 1
    scheduler.schedule(next, at: now &+ state.pointee.bit)
  }
  private func takeBit(_ now: UInt64) {
    let level = receive?.isHigh == true
    if state.pointee.bits == 0, level { return }  // a glitch, no start bit
    state.pointee.shift |= (level ? 1 : 0) << UInt16(state.pointee.bits)
    state.pointee.bits += 1
    guard state.pointee.bits == 10 else { return scheduler.schedule(sample, at: now &+ state.pointee.bit) }
    if level { onByte(UInt8(truncatingIfNeeded: state.pointee.shift >> 1)) } else { onFramingError() }
  }
}
