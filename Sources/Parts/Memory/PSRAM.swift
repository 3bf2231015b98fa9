import Machine

/// A serial pseudo-static RAM of AP Memory's APS3204 and APS6404 kind, which Espressif sells as ESP-PSRAM32 and ESP-PSRAM64 and
/// puts into its WROVER modules (datasheet APS6404L-3SQR). What keeps the cells refreshed is its own affair.
public final class PSRAM: SPITarget {
  struct State: BitwiseCopyable {
    /// On four lines from the command on (QPI).
    var isQuad = false
    var resetArmed = false, selected = false
    var command: UInt8 = 0
    /// Bytes since select, the command included.
    var count: UInt32 = 0
    var address: UInt32 = 0
  }
  public let memory: Memory
  private let state: UnsafeMutablePointer<State>
  /// Told which bytes changed: (offset, count).
  public var onChange: (Int, Int) -> Void = { _, _ in }

  /// - Parameter memory: a power of two; 2, 4 or 8 MiB are made.
  public init(name: String, memory: Memory, arena: StateArena) {
    self.memory = memory
    state = arena.allocate("\(name).state", initial: State())
  }
  /// Power was lost: it listens on one line again, and its cells hold nothing that counts.
  public func powerLost() {
    state.pointee = State()
    memory.raw.initializeMemory(as: UInt8.self, repeating: 0, count: memory.size)
    onChange(0, memory.size)
  }
  /// Table 6, Read ID: the maker, "known good die", and 48 bits of which the upper three tell the size.
  private static let maker: UInt8 = 0x0D, knownGoodDie: UInt8 = 0x5D
  private var size: UInt8 { memory.size >= 8 << 20 ? 2 : memory.size >= 4 << 20 ? 1 : 0 }

  public func select() {
    state.pointee.count = 0
    state.pointee.selected = true
  }
  public func deselect() { state.pointee.selected = false }
  public func transfer(_ byte: UInt8) -> UInt8 {
    guard state.pointee.selected else { return 0xFF }
    let n = state.pointee.count
    state.pointee.count &+= 1
    if n == 0 {
      begin(byte)
      return 0xFF
    }
    if n <= 3 {
      state.pointee.address = state.pointee.address << 8 | UInt32(byte)
      return 0xFF
    }
    switch state.pointee.command {
    case 0x03 where !state.pointee.isQuad: return read(n, after: 0)
    case 0x0B: return read(n, after: 1)
    case 0xEB: return read(n, after: 3)
    case 0x02, 0x38: write(byte)
    case 0x9F where !state.pointee.isQuad:
      switch n {
      case 4: return Self.maker
      case 5: return Self.knownGoodDie
      // Not 0x20 and not 0x26, which stand for parts with faults of their own.
      case 6: return size << 5 | 0x0A
      default: return UInt8(truncatingIfNeeded: n &* 0x3B)
      }
    default: break
    }
    return 0xFF
  }
  /// A command that needs no more than its byte acts at once.
  private func begin(_ command: UInt8) {
    state.pointee.command = command
    state.pointee.address = 0
    if command == 0x35 { state.pointee.isQuad = true }
    if command == 0xF5 { state.pointee.isQuad = false }
    if command == 0x99, state.pointee.resetArmed { state.pointee.isQuad = false }
    state.pointee.resetArmed = command == 0x66
  }
  private var place: Int { Int(state.pointee.address & UInt32(truncatingIfNeeded: memory.size - 1)) }
  private func read(_ n: UInt32, after dummies: UInt32) -> UInt8 {
    guard n > 3 + dummies else { return 0xFF }
    let v = memory.bytes[place]
    advance()
    return v
  }
  private func write(_ byte: UInt8) {
    memory.bytes[place] = byte
    onChange(place, 1)
    advance()
  }
  /// A burst stays in its page of 1 KiB.
  private func advance() { state.pointee.address = state.pointee.address & ~0x3FF | (state.pointee.address &+ 1) & 0x3FF }
}
