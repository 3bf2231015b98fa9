import Machine

/// A three-axis accelerometer of 10 bits (NXP MMA8653FC data sheet, rev. 3), as on the micro:bit.
public final class MMA8653: Sensor {
  override class var quantities: [Quantity] {
    [Quantity("accelX", 0, in: -8...8, "g"), Quantity("accelY", 0, in: -8...8, "g"), Quantity("accelZ", 1, in: -8...8, "g")]
  }
  public override class var kind: PartKind {
    PartKind("solderless-mma8653", title: "MMA8653", pins: ["VDD", "GND", "SCL", "SDA", "INT1", "INT2"], attributes: quantities.map(\.attribute))
  }
  enum Register: UInt8 {
    case status = 0x00, outXMSB, outXLSB, outYMSB, outYLSB, outZMSB, outZLSB
    case sysMod = 0x0B, intSource, whoAmI, xyzDataCfg
    case ctrlReg1 = 0x2A, ctrlReg2, ctrlReg3, ctrlReg4, ctrlReg5, offX, offY, offZ
  }
  private static let writable: ClosedRange<UInt8> = 0x2A...0x31
  /// CTRL_REG1.DR in picoseconds (table 26).
  private static let periods: [UInt64] = [1_250_000_000, 2_500_000_000, 5_000_000_000, 10_000_000_000, 20_000_000_000, 80_000_000_000, 160_000_000_000, 640_000_000_000]
  private let registers: UnsafeMutablePointer<UInt8>
  private let ready: DataReady
  private var bus: RegisterTarget?

  public required init(id: String, attributes: [String: String], context: PartContext) {
    registers = context.arena.allocate("\(id).registers", count: 0x40, initial: UInt8(0))
    ready = DataReady(id, context: context)
    super.init(id: id, attributes: attributes, context: context)
    let bus = RegisterTarget(id, sda: pin("SDA"), scl: pin("SCL"), address: { 0x1D }, context: context)
    self.bus = bus
    bus.read = { [unowned self] in read($0) }
    bus.write = { [unowned self] in write($0, $1) }
    bus.next = { [unowned self] in next($0) }
    bus.begin = { [unowned self] reading in if reading { measure() } }
    ready.isWanted = { [unowned self] in self[.ctrlReg4] & 1 != 0 }
    ready.signal = { [unowned self] in signal($0) }
    reset()
  }
  private subscript(_ r: Register) -> UInt8 {
    get { registers[Int(r.rawValue)] }
    set { registers[Int(r.rawValue)] = newValue }
  }
  private func reset() {
    for i in 0..<0x40 { registers[i] = 0 }
    self[.whoAmI] = 0x5A
    arrange()
  }
  private var isActive: Bool { self[.ctrlReg1] & 1 != 0 }
  private func arrange() {
    ready.run(period: isActive ? Self.periods[Int(self[.ctrlReg1] >> 3 & 7)] : 0)
    signal(false)
  }
  /// §6.8: INT_CFG leads to pin 1 or 2, IPOL says which level is active, PP_OD lets go of the other.
  private func signal(_ on: Bool) {
    let first = self[.ctrlReg5] & 1 != 0, activeHigh = self[.ctrlReg3] & 2 != 0, openDrain = self[.ctrlReg3] & 1 != 0
    for (leg, isMine) in [("INT1", first), ("INT2", !first)] {
      let high = (on && isMine) == activeHigh
      pin(leg).drive = high && openDrain ? .none : high ? .high : .low
    }
  }
  /// The registers that one burst reads are of one sample: left-aligned, 256 counts a g at the finest scale.
  private func measure() {
    guard isActive else { return }
    let scale = Double(256 >> min(2, self[.xyzDataCfg] & 3))
    for (n, axis) in ["X", "Y", "Z"].enumerated() {
      let offset = Double(Int8(bitPattern: registers[Int(Register.offX.rawValue) + n])) / 512
      let v = UInt16(bitPattern: Int16(min(max(((quantity("accel" + axis) + offset) * scale).rounded(), -512), 511))) << 6
      registers[Int(Register.outXMSB.rawValue) + n * 2] = UInt8(v >> 8)
      registers[Int(Register.outXMSB.rawValue) + n * 2 + 1] = UInt8(v & 0xFF)
    }
  }
  /// §5.1.1: the samples go round; with F_READ only their high bytes.
  private func next(_ r: UInt8) -> UInt8 {
    if self[.ctrlReg1] & 2 != 0, r < 6 { return r == 5 ? 0 : r == 0 ? 1 : r + 2 }
    return r == 6 ? 0 : (r &+ 1) & 0x3F
  }
  private func read(_ r: UInt8) -> UInt8 {
    switch Register(rawValue: r) {
    case .status: return (ready.isReady ? 0x0F : 0) | (ready.isOverwritten ? 0xF0 : 0)
    case .sysMod: return isActive ? 1 : 0
    case .intSource: return ready.isReady && self[.ctrlReg4] & 1 != 0 ? 1 : 0
    case .outXMSB, .outYMSB, .outZMSB: ready.take()
    default: break
    }
    return registers[Int(r & 0x3F)]
  }
  private func write(_ r: UInt8, _ v: UInt8) {
    guard Self.writable.contains(r) || r == Register.xyzDataCfg.rawValue || 0x0F...0x29 ~= r else { return }
    if r == Register.ctrlReg2.rawValue, v & 0x40 != 0 { return reset() }
    registers[Int(r)] = v
    switch Register(rawValue: r) {
    case .ctrlReg1: arrange()
    case .ctrlReg2: if v & 0x80 != 0 { context.log.once("the self-test of \(id) (MMA8653) is not modelled: its outputs stay as they are") }
    case .ctrlReg3, .ctrlReg4, .ctrlReg5:
      signal(false)
      ready.run(period: isActive ? Self.periods[Int(self[.ctrlReg1] >> 3 & 7)] : 0)
    default: break
    }
  }
}
