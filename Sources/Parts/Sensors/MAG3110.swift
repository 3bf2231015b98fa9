import Machine

/// A three-axis magnetometer (NXP MAG3110 data sheet, rev. 9), as on the micro:bit.
public final class MAG3110: Sensor {
  /// A field as in middle Europe, with north towards the chip's X.
  override class var quantities: [Quantity] {
    [
      Quantity("fieldX", 20, in: -1000...1000, "µT"), Quantity("fieldY", 0, in: -1000...1000, "µT"), Quantity("fieldZ", 44, in: -1000...1000, "µT"),
      Quantity("temperature", 25, in: -40...125, "°C"),
    ]
  }
  public override class var kind: PartKind {
    PartKind("solderless-mag3110", title: "MAG3110", pins: ["VDD", "GND", "SCL", "SDA", "INT1"], attributes: quantities.map(\.attribute))
  }
  enum Register: UInt8 {
    case drStatus = 0x00, outXMSB, outXLSB, outYMSB, outYLSB, outZMSB, outZLSB, whoAmI, sysMod, offXMSB
    case dieTemp = 0x0F, ctrlReg1, ctrlReg2
  }
  private static let count = 0x12
  private let registers: UnsafeMutablePointer<UInt8>
  private let ready: DataReady
  private var bus: RegisterTarget?

  public required init(id: String, attributes: [String: String], context: PartContext) {
    registers = context.arena.allocate("\(id).registers", count: Self.count, initial: UInt8(0))
    ready = DataReady(id, context: context)
    super.init(id: id, attributes: attributes, context: context)
    let bus = RegisterTarget(id, sda: pin("SDA"), scl: pin("SCL"), address: { 0x0E }, context: context)
    self.bus = bus
    bus.read = { [unowned self] in read($0) }
    bus.write = { [unowned self] in write($0, $1) }
    // §4.3: a fast read goes round the high bytes.
    bus.next = { [unowned self] in
      if self[.ctrlReg1] & 4 != 0, 1...5 ~= $0 { return $0 >= 5 ? 7 : $0 + 2 }
      return $0 &+ 1 < Self.count ? $0 &+ 1 : 0
    }
    bus.begin = { [unowned self] reading in if reading { measure() } }
    ready.isWanted = { true }
    ready.signal = { [unowned self] in pin("INT1").drive = $0 ? .high : .low }
    self[.whoAmI] = 0xC4
    pin("INT1").drive = .low
  }
  private subscript(_ r: Register) -> UInt8 {
    get { registers[Int(r.rawValue)] }
    set { registers[Int(r.rawValue)] = newValue }
  }
  private var isActive: Bool { self[.ctrlReg1] & 1 != 0 }
  private var isRaw: Bool { self[.ctrlReg2] & 0x20 != 0 }
  /// 0.1 µT a count; the user's offset is taken off unless RAW is set (§5.3.2).
  private func measure() {
    for (n, axis) in ["X", "Y", "Z"].enumerated() {
      let at = Int(Register.offXMSB.rawValue) + n * 2
      let offset = isRaw ? 0 : Double(Int16(bitPattern: UInt16(registers[at]) << 8 | UInt16(registers[at + 1])) >> 1)
      let v = UInt16(bitPattern: Int16(min(max((quantity("field" + axis) * 10 - offset).rounded(), -30000), 30000)))
      registers[1 + n * 2] = UInt8(v >> 8)
      registers[2 + n * 2] = UInt8(v & 0xFF)
    }
    self[.dieTemp] = UInt8(bitPattern: Int8(quantity("temperature").rounded()))
  }
  private func read(_ r: UInt8) -> UInt8 {
    switch Register(rawValue: r) {
    case .drStatus: return (ready.isReady ? 0x0F : 0) | (ready.isOverwritten ? 0xF0 : 0)
    case .sysMod: return isActive ? (isRaw ? 1 : 2) : 0
    case .outXMSB, .outYMSB, .outZMSB: ready.take()
    default: break
    }
    return Int(r) < Self.count ? registers[Int(r)] : 0
  }
  private func write(_ r: UInt8, _ v: UInt8) {
    guard Int(r) < Self.count, r >= Register.offXMSB.rawValue, r != Register.dieTemp.rawValue else { return }
    registers[Int(r)] = v
    guard r == Register.ctrlReg1.rawValue else { return }
    // Table 30: 80 Hz, halved by each step of the rate and of the oversampling. A trigger measures once in standby.
    let period: UInt64 = 12_500_000_000 << UInt64((v >> 5) + (v >> 3 & 3))
    ready.run(period: isActive || v & 2 != 0 ? period : 0)
  }
}
