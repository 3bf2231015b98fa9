import Machine

/// Eight port pins on an I²C bus (NXP PCF8574 datasheet): a 1 is a weak pull-up that an input may hold low, a 0 a strong low.
public final class PCF8574: Part {
  public override class var kind: PartKind {
    PartKind(
      "solderless-pcf8574", title: "PCF8574", pins: ["A0", "A1", "A2", "P0", "P1", "P2", "P3", "GND", "P4", "P5", "P6", "P7", "INT", "SCL", "SDA", "VCC"],
      attributes: [Attribute("i2cAddress", .text, "0x20"), Attribute("i2c-address", .text, "")])
  }
  struct State: BitwiseCopyable {
    var output: UInt8 = 0xFF
    /// The inputs when they were read or written last.
    var seen: UInt8 = 0xFF
  }
  private let state: UnsafeMutablePointer<State>
  private var target: I2CTarget!
  private var ports: [Pin] = []

  public required init(id: String, attributes: [String: String], context: PartContext) {
    state = context.arena.allocate("\(id).port", initial: State())
    super.init(id: id, attributes: attributes, context: context)
    ports = (0...7).map { pin("P\($0)") }
    target = I2CTarget(id, sda: pin("SDA"), scl: pin("SCL"), context: context)
    target.accepts = { [unowned self] address, _ in address == base | addressPins }
    target.onWrite = { [unowned self] byte in
      state.pointee.output = byte
      drive()
      look()
      return true
    }
    target.onRead = { [unowned self] in
      look()
      return state.pointee.seen
    }
    for p in ports { p.onChange = { [unowned self] _ in updateInterrupt() } }
    drive()
    look()
  }
  /// 20h, or 38h for a PCF8574A; A0 to A2 go on top.
  private var base: UInt8 { i2cAddress(initial: 0x20) }
  private var addressPins: UInt8 { (0...2).reduce(0) { $0 | (pin("A\($1)").isHigh ? 1 << UInt8($1) : 0) } }
  private func drive() { for (i, p) in ports.enumerated() { p.drive = state.pointee.output >> UInt8(i) & 1 == 1 ? .pullUp : .low } }
  private var levels: UInt8 { ports.enumerated().reduce(0) { $0 | ($1.1.isHigh ? 1 << UInt8($1.0) : 0) } }
  private func look() {
    state.pointee.seen = levels
    updateInterrupt()
  }
  /// Open drain, low while the inputs differ from what was seen.
  private func updateInterrupt() { pin("INT").drive = levels != state.pointee.seen ? .low : .none }
}

extension Part {
  /// The attribute `i2cAddress` or `i2c-address`, decimal or with 0x.
  final func i2cAddress(initial: UInt8) -> UInt8 {
    for name in ["i2c-address", "i2cAddress"] {
      let text = attributes[name] ?? ""
      if let v = text.lowercased().hasPrefix("0x") ? UInt8(text.dropFirst(2), radix: 16) : UInt8(text), v < 0x80 { return v }
    }
    return initial
  }
}
