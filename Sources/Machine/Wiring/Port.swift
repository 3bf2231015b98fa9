/// Bytes between the machine and the outside: a console, a serial line.
///
/// Input waits in a ring of the arena until the guest takes it, so no byte is lost however slow the guest is; the
/// outside feeds only as much as there is `room`. Output goes to `onOutput` at once.
public final class Port {
  struct State: BitwiseCopyable { var head: UInt32 = 0, tail: UInt32 = 0, connected = false }
  public static let capacity = 4096
  public let name: String
  private let state: UnsafeMutablePointer<State>
  private let ring: UnsafeMutablePointer<UInt8>
  /// The guest's bytes, as they leave it.
  public var onOutput: ((UInt8) -> Void)?
  /// Told when input has arrived that the guest's side may take.
  public var onInput: (() -> Void)?
  /// Told when the outside opens or closes the port (DTR).
  public var onConnect: ((Bool) -> Void)?

  public init(_ name: String, arena: StateArena) {
    self.name = name
    state = arena.allocate("\(name).port", initial: State())
    ring = arena.allocate("\(name).port.input", count: Self.capacity, initial: UInt8(0))
  }
  /// Bytes of input waiting.
  public var waiting: Int { Int(state.pointee.tail &- state.pointee.head) }
  /// Bytes of input that `feed` would accept.
  public var room: Int { Self.capacity - waiting }
  public var isConnected: Bool {
    get { state.pointee.connected }
    set {
      guard newValue != state.pointee.connected else { return }
      state.pointee.connected = newValue
      onConnect?(newValue)
    }
  }
  /// Takes as many of `bytes` as there is room for, and says how many.
  @discardableResult public func feed(_ bytes: some Collection<UInt8>) -> Int {
    var n = 0
    for b in bytes {
      guard waiting < Self.capacity else { break }
      ring[Int(state.pointee.tail % UInt32(Self.capacity))] = b
      state.pointee.tail &+= 1
      n += 1
    }
    if n > 0 { onInput?() }
    return n
  }
  /// The first `count` bytes of input, left where they are.
  public func peek(_ count: Int) -> [UInt8] {
    (0..<min(count, waiting)).map { ring[Int((state.pointee.head &+ UInt32($0)) % UInt32(Self.capacity))] }
  }
  /// Takes `count` bytes that were peeked at.
  public func drop(_ count: Int) { state.pointee.head &+= UInt32(min(count, waiting)) }
  /// The next input byte, for the guest's side.
  public func take() -> UInt8? {
    guard waiting > 0 else { return nil }
    let b = ring[Int(state.pointee.head % UInt32(Self.capacity))]
    state.pointee.head &+= 1
    return b
  }
  public func send(_ byte: UInt8) { onOutput?(byte) }
}
