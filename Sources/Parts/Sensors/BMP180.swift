import Machine

/// A barometer and thermometer (Bosch BMP180 datasheet, revision 2.5), with the calibration of the datasheet's example.
public final class BMP180: Sensor {
  override class var quantities: [Quantity] { [Quantity("temperature", 24, in: -40...85, "°C"), Quantity("pressure", 101_325, in: 30_000...110_000, "Pa")] }
  public override class var kind: PartKind { PartKind("board-bmp180", aliases: ["wokwi-bmp180", "solderless-bmp180"], title: "BMP180", pins: ["VCC", "GND", "SCL", "SDA", "3.3V"], attributes: quantities.map(\.attribute)) }
  struct State: BitwiseCopyable {
    var control: UInt8 = 0, readyAt: UInt64 = .max
    /// The 24 bits at 0xF6.
    var output: UInt32 = 0x80_0000
  }
  private let state: UnsafeMutablePointer<State>
  private var bus: RegisterTarget?

  public required init(id: String, attributes: [String: String], context: PartContext) {
    state = context.arena.allocate("\(id).state", initial: State())
    super.init(id: id, attributes: attributes, context: context)
    let bus = RegisterTarget(id, sda: pin("SDA"), scl: pin("SCL"), address: { 0x77 }, context: context)
    bus.read = { [unowned self] in read($0) }
    bus.write = { [unowned self] in write($0, $1) }
    bus.begin = { [unowned self] _ in settle() }
    self.bus = bus
  }
  private func read(_ address: UInt8) -> UInt8 {
    switch address {
    case 0xAA...0xBF: return Calibration.bytes[Int(address - 0xAA)]
    case 0xD0: return 0x55
    case 0xF4: return state.pointee.control
    case 0xF6: return UInt8(state.pointee.output >> 16)
    case 0xF7: return UInt8(state.pointee.output >> 8 & 0xFF)
    case 0xF8: return UInt8(state.pointee.output & 0xFF)
    default: return 0
    }
  }
  private func write(_ address: UInt8, _ value: UInt8) {
    if address == 0xE0, value == 0xB6 { state.pointee = State() }
    guard address == 0xF4 else { return }
    state.pointee.control = value
    guard value & 0x20 != 0 else { return }
    // Table 8: typical conversion times; pressure takes longer with each step of oversampling.
    let tenths: UInt64 = value & 0x1F == 0x0E ? 30 : [30, 50, 90, 170][Int(value >> 6)]
    state.pointee.readyAt = context.scheduler.now &+ tenths * 100_000_000
  }
  private func settle() {
    guard context.scheduler.now >= state.pointee.readyAt else { return }
    state.pointee.readyAt = .max
    state.pointee.control &= ~0x20
    let ut = Arithmetic.solve(quantity("temperature"), in: 0...0xFFFF) { Calibration.celsius($0) }
    switch state.pointee.control & 0x1F {
    case 0x0E: state.pointee.output = UInt32(ut) << 8
    case 0x14:
      let oss = Int(state.pointee.control >> 6)
      let up = Arithmetic.solve(quantity("pressure"), in: 0...(0x10000 << oss) - 1) { Double(Calibration.pascals($0, ut: ut, oss: oss)) }
      state.pointee.output = UInt32(up) << UInt32(8 - oss)
    default: break
    }
  }
  override func willChange() { settle() }

  /// §3.5: the algorithm, with the example's coefficients.
  enum Calibration {
    static let ac1 = 408, ac2 = -72, ac3 = -14383, ac4 = 32741, ac5 = 32757, ac6 = 23153, b1 = 6190, b2 = 4, mb = -32768, mc = -8711, md = 2868
    static let bytes: [UInt8] = [ac1, ac2, ac3, ac4, ac5, ac6, b1, b2, mb, mc, md].flatMap { v -> [UInt8] in
      let w = UInt16(truncatingIfNeeded: v)
      return [UInt8(w >> 8), UInt8(w & 0xFF)]
    }
    static func celsius(_ ut: Int) -> Double {
      let x1 = Double(ut - ac6) * Double(ac5) / 32768
      // Below its pole the formula means nothing: colder than anything.
      guard x1 + Double(md) > 1 else { return -1000 }
      return (x1 + Double(mc) * 2048 / (x1 + Double(md)) + 8) / 160
    }
    static func pascals(_ up: Int, ut: Int, oss: Int) -> Int {
      let t1 = ((ut - ac6) * ac5) >> 15
      guard t1 + md > 0 else { return 0 }
      let b5 = t1 + (mc << 11) / (t1 + md), b6 = b5 - 4000
      var x1 = (b2 * ((b6 * b6) >> 12)) >> 11, x2 = (ac2 * b6) >> 11
      let b3 = (((ac1 * 4 + x1 + x2) << oss) + 2) / 4
      x1 = (ac3 * b6) >> 13
      x2 = (b1 * ((b6 * b6) >> 12)) >> 16
      let b4 = (ac4 * (((x1 + x2 + 2) >> 2) + 32768)) >> 15
      guard b4 > 0 else { return 0 }
      var p = (up - b3) * (50000 >> oss) * 2 / b4
      x1 = (p >> 8) * (p >> 8)
      x1 = (x1 * 3038) >> 16
      x2 = (-7357 * p) >> 16
      p += (x1 + x2 + 3791) >> 4
      return p
    }
  }
}
