import Machine

/// A serial EEPROM of the 24Cxx family on I²C (Microchip AT24C256C datasheet, and those of its kin).
public final class EEPROM: Part, KeepsBytes {
  /// Kilobits by type.
  static let types = ["24C01": 1, "24C02": 2, "24C04": 4, "24C08": 8, "24C16": 16, "24C32": 32, "24C64": 64, "24C128": 128, "24C256": 256, "24C512": 512]
  public override class var kind: PartKind {
    PartKind(
      "solderless-eeprom", aliases: ["solderless-24cxx", "board-24cxx", "board-eeprom"], title: "EEPROM", pins: ["A0", "A1", "A2", "GND", "SDA", "SCL", "WP", "VCC"],
      attributes: [Attribute("type", .choice(types.keys.sorted { types[$0]! < types[$1]! }), "24C256"), Attribute("image", .text, "")])
  }
  struct State: BitwiseCopyable {
    var address: UInt32 = 0, addressBytes: UInt8 = 0
    /// The address bits that came in the device address.
    var block: UInt32 = 0
    /// Bytes of the page that a stop will write, from `address` on.
    var pending: UInt16 = 0, start: UInt32 = 0
    var busyUntil: UInt64 = 0, hasChanged = false
  }
  private let state: UnsafeMutablePointer<State>
  private let bytes: UnsafeMutablePointer<UInt8>, page: UnsafeMutablePointer<UInt8>, touched: UnsafeMutablePointer<Bool>
  public let size: Int, pageSize: Int
  private var target: I2CTarget?

  public required init(id: String, attributes: [String: String], context: PartContext) {
    let kilobits = Self.types[(attributes["type"] ?? "").uppercased()] ?? 256
    size = kilobits * 128
    pageSize = kilobits <= 2 ? 8 : kilobits <= 16 ? 16 : kilobits <= 64 ? 32 : kilobits <= 256 ? 64 : 128
    state = context.arena.allocate("\(id).state", initial: State())
    bytes = context.arena.allocate("\(id).bytes", count: size, initial: UInt8(0xFF))
    page = context.arena.allocate("\(id).page", count: pageSize, initial: UInt8(0))
    touched = context.arena.allocate("\(id).touched", count: pageSize, initial: false)
    super.init(id: id, attributes: attributes, context: context)
    let target = I2CTarget(id, sda: pin("SDA"), scl: pin("SCL"), context: context)
    self.target = target
    // While it writes it answers to nothing: a host asks until it does.
    target.accepts = { [unowned self] a, _ in
      guard context.scheduler.now >= state.pointee.busyUntil, a & 0x78 == 0x50, (a ^ strap) & ~blockBits & 7 == 0 else { return false }
      state.pointee.block = UInt32(a & blockBits) << 8
      return true
    }
    target.onStart = { [unowned self] reading in
      if !reading { state.pointee.addressBytes = 0 } else if blockBits != 0 { state.pointee.address = state.pointee.address & 0xFF | state.pointee.block }
      state.pointee.pending = 0
    }
    target.onWrite = { [unowned self] in write($0) }
    target.onRead = { [unowned self] in
      let v = bytes[Int(state.pointee.address) % size]
      state.pointee.address = UInt32((Int(state.pointee.address) + 1) % size)
      return v
    }
    target.onStop = { [unowned self] in store() }
  }
  private var strap: UInt8 { (0..<3).reduce(0) { $0 | (pin("A\($1)").isHigh ? 1 << UInt8($1) : 0) } }
  /// The bits of the device address that are address bits of the memory: those from 4 to 16 kilobits have one address byte.
  private var blockBits: UInt8 { isLong ? 0 : UInt8(max(size >> 8, 1) - 1) }
  private var isLong: Bool { size > 2048 }
  private func write(_ byte: UInt8) -> Bool {
    let n = state.pointee.addressBytes
    if n < (isLong ? 2 : 1) {
      state.pointee.address = (n == 0 ? state.pointee.block | UInt32(byte) : state.pointee.address << 8 | UInt32(byte)) % (isLong && n == 0 ? 256 : UInt32(size))
      state.pointee.addressBytes = n + 1
      return true
    }
    // The page is filled in a circle.
    if state.pointee.pending == 0 {
      state.pointee.start = state.pointee.address
      for i in 0..<pageSize { touched[i] = false }
    }
    let at = Int(state.pointee.address) % pageSize
    page[at] = byte
    touched[at] = true
    state.pointee.address = state.pointee.address / UInt32(pageSize) * UInt32(pageSize) + UInt32((at + 1) % pageSize)
    state.pointee.pending = 1
    return true
  }
  private func store() {
    guard state.pointee.pending > 0 else { return }
    state.pointee.pending = 0
    // Write protect.
    guard !pin("WP").isHigh else { return }
    let base = Int(state.pointee.start) / pageSize * pageSize
    for i in 0..<pageSize where touched[i] { bytes[base + i] = page[i] }
    state.pointee.hasChanged = true
    state.pointee.busyUntil = context.scheduler.now &+ 5_000_000_000
  }
  public var contents: [UInt8] { Array(UnsafeBufferPointer(start: bytes, count: size)) }
  public func load(_ new: [UInt8]) {
    for (i, b) in new.prefix(size).enumerated() { bytes[i] = b }
    state.pointee.hasChanged = false
  }
  public var hasChanged: Bool { state.pointee.hasChanged }
}
