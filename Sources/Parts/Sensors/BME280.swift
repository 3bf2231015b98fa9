import Machine

/// A sensor for temperature, pressure and humidity on I²C or SPI (Bosch BME280 datasheet, revision 1.6).
///
/// It has the calibration of a real sensor, and its raw values are those from which a driver computes what the controls say.
public final class BME280: Sensor {
  override class var quantities: [Quantity] { [Quantity("temperature", 24, in: -40...85, "°C"), Quantity("pressure", 101_325, in: 30_000...110_000, "Pa"), Quantity("humidity", 40, in: 0...100, "%")] }
  public override class var kind: PartKind {
    PartKind(
      "solderless-bme280", aliases: ["board-bme280", "wokwi-bme280"], title: "BME280", pins: ["VCC", "GND", "SCL", "SDA", "CSB", "SDO"],
      attributes: quantities.map(\.attribute) + [Attribute("i2cAddress", .text, "0x76"), Attribute("i2c-address", .text, "")])
  }
  enum Register: UInt8 { case id = 0xD0, reset = 0xE0, ctrlHum = 0xF2, status, ctrlMeas, config, data = 0xF7 }
  struct State: BitwiseCopyable {
    var ctrlHum: UInt8 = 0, activeHum: UInt8 = 0, ctrlMeas: UInt8 = 0, config: UInt8 = 0
    /// When the measurement or the row of them began, and how many of it are in the outputs.
    var began: UInt64 = 0, done: UInt64 = 0
    var temperature: UInt32 = 0x80000, pressure: UInt32 = 0x80000, humidity: UInt32 = 0x8000
    var isFiltering = false
    /// The outputs as a burst reads them.
    var shadow: (UInt64) = 0x80000_80000_8000
    var isSPI = false, spiCount: UInt32 = 0, spiAddress: UInt8 = 0
  }
  private let state: UnsafeMutablePointer<State>
  private var bus: RegisterTarget?, port: SPITargetPort?

  public required init(id: String, attributes: [String: String], context: PartContext) {
    state = context.arena.allocate("\(id).state", initial: State())
    super.init(id: id, attributes: attributes, context: context)
    let scl = pin("SCL"), csb = pin("CSB"), sda = pin("SDA")
    let bus = RegisterTarget(id, sda: sda, scl: scl, address: { [unowned self] in address }, pairs: true, context: context)
    bus.read = { [unowned self] in read($0) }
    bus.write = { [unowned self] in write($0, $1) }
    bus.begin = { [unowned self] reading in if reading { freeze() } }
    self.bus = bus
    let i2c = scl.onChange
    let port = SPITargetPort(id, clock: scl, data: sda, output: pin("SDO"), select: csb, context: context)
    port.onSelect = { [unowned self] in
      state.pointee.spiCount = 0
      freeze()
    }
    port.onByte = { [unowned self] in spi($0) }
    self.port = port
    let clock = scl.onChange, select = csb.onChange
    scl.onChange = { [unowned self] in if state.pointee.isSPI { clock?($0) } else { i2c?($0) } }
    sda.onChange = { [unowned self] in if !state.pointee.isSPI { i2c?($0) } }
    // §6.1: a low on CSB chooses SPI until the next power-on.
    csb.onChange = { [unowned self] level in
      if level == .low { state.pointee.isSPI = true }
      select?(level)
    }
  }
  private var address: UInt8 {
    if pin("SDO").isWatched, pin("SDO").level == .high || pin("SDO").level == .low { return pin("SDO").isHigh ? 0x77 : 0x76 }
    return Self.address(attribute("i2c-address").isEmpty ? attribute("i2cAddress") : attribute("i2c-address")) ?? 0x76
  }
  private func spi(_ byte: UInt8) {
    let n = state.pointee.spiCount
    state.pointee.spiCount &+= 1
    if n == 0 {
      state.pointee.spiAddress = byte
    } else if state.pointee.spiAddress & 0x80 != 0 {
      state.pointee.spiAddress = state.pointee.spiAddress &+ 1 | 0x80
    } else if n & 1 == 1 {
      write(state.pointee.spiAddress | 0x80, byte)
      return
    } else {
      state.pointee.spiAddress = byte
    }
    if state.pointee.spiAddress & 0x80 != 0 { port?.reply = read(state.pointee.spiAddress) }
  }

  // MARK: Measuring

  private static func times(_ osrs: UInt8) -> UInt64 { osrs == 0 ? 0 : 1 << UInt64(min(osrs, 5) - 1) }
  private var osrsT: UInt8 { state.pointee.ctrlMeas >> 5 }
  private var osrsP: UInt8 { state.pointee.ctrlMeas >> 2 & 7 }
  /// §9.1: typical, in picoseconds.
  private var measuringTime: UInt64 {
    let t = Self.times(osrsT), p = Self.times(osrsP), h = Self.times(state.pointee.activeHum)
    return (10 + 20 * t + (p > 0 ? 20 * p + 5 : 0) + (h > 0 ? 20 * h + 5 : 0)) * 100_000_000
  }
  private var standby: UInt64 { [500_000, 62_500_000, 125_000_000, 250_000_000, 500_000_000, 1_000_000_000, 10_000_000, 20_000_000][Int(state.pointee.config >> 5)] * 1000 }
  private var mode: UInt8 { state.pointee.ctrlMeas & 3 }
  private var isMeasuring: Bool {
    let t = context.scheduler.now &- state.pointee.began
    switch mode {
    case 0: return false
    case 3: return t % (measuringTime + standby) < measuringTime
    default: return t < measuringTime
    }
  }
  /// Brings the outputs up to the present.
  private func settle() {
    let t = context.scheduler.now &- state.pointee.began
    guard mode != 0, t >= measuringTime else { return }
    if mode == 3 {
      let n = 1 + (t - measuringTime) / (measuringTime + standby)
      if n > state.pointee.done { measure(times: n - state.pointee.done) }
      state.pointee.done = n
    } else {
      measure(times: 1)
      state.pointee.ctrlMeas &= ~3
    }
  }
  override func willChange() { settle() }
  private func measure(times: UInt64) {
    // §3.4.4: the filter is of first order, with a coefficient of 2 to 16.
    let f = state.pointee.config >> 2 & 7, c = f == 0 ? 1 : Int64(1) << Int64(min(f, 4))
    func filtered(_ old: UInt32, _ new: UInt32, _ osrs: UInt8) -> UInt32 {
      if osrs == 0 { return 0x80000 }
      // Without it, 16 bits and one more for each doubling of the oversampling.
      if c == 1 { return new & ~(0xF >> UInt32(min(osrs, 5) - 1)) }
      if !state.pointee.isFiltering || old == 0x80000 { return new }
      var v = Int64(old) << 20
      for _ in 0..<min(times, 300) { v += ((Int64(new) << 20) - v) / c }
      return UInt32((v + (1 << 19)) >> 20)
    }
    let t = Calibration.rawTemperature(quantity("temperature"))
    let p = Calibration.rawPressure(quantity("pressure"), rawTemperature: t), h = Calibration.rawHumidity(quantity("humidity"), rawTemperature: t)
    state.pointee.temperature = filtered(state.pointee.temperature, t, osrsT)
    state.pointee.pressure = filtered(state.pointee.pressure, p, osrsP)
    state.pointee.humidity = state.pointee.activeHum == 0 ? 0x8000 : h
    state.pointee.isFiltering = c > 1
  }
  private func freeze() {
    settle()
    state.pointee.shadow = UInt64(state.pointee.pressure) << 44 | UInt64(state.pointee.temperature) << 20 | UInt64(state.pointee.humidity)
  }

  // MARK: Registers

  private func read(_ address: UInt8) -> UInt8 {
    let s = state.pointee
    func output(_ v: UInt64, _ n: UInt8) -> UInt8 { UInt8([v >> 12, v >> 4 & 0xFF, (v & 15) << 4][Int(n)]) }
    switch address {
    case 0x88...0xA1: return Calibration.first[Int(address - 0x88)]
    case 0xE1...0xE7: return Calibration.second[Int(address - 0xE1)]
    case 0xD0: return 0x60
    case 0xF2: return s.ctrlHum
    case 0xF3: return isMeasuring ? 8 : 0
    case 0xF4:
      settle()
      return state.pointee.ctrlMeas
    case 0xF5: return s.config
    case 0xF7...0xF9: return output(s.shadow >> 44, address - 0xF7)
    case 0xFA...0xFC: return output(s.shadow >> 20 & 0xFFFFF, address - 0xFA)
    case 0xFD: return UInt8(s.shadow >> 8 & 0xFF)
    case 0xFE: return UInt8(s.shadow & 0xFF)
    default: return 0
    }
  }
  private func write(_ address: UInt8, _ value: UInt8) {
    settle()
    switch Register(rawValue: address) {
    case .ctrlHum: state.pointee.ctrlHum = value & 7
    case .ctrlMeas:
      // §5.4.3: only now is ctrl_hum taken up.
      state.pointee.activeHum = state.pointee.ctrlHum
      state.pointee.ctrlMeas = value
      state.pointee.began = context.scheduler.now
      state.pointee.done = 0
    case .config: state.pointee.config = value & 0xFD
    case .reset:
      guard value == 0xB6 else { return }
      let isSPI = state.pointee.isSPI
      state.pointee = State()
      state.pointee.isSPI = isSPI
    default: break
    }
  }
  /// A 7-bit address as diagrams write it: 0x76 or 118.
  static func address(_ text: String) -> UInt8? {
    let v = text.hasPrefix("0x") || text.hasPrefix("0X") ? UInt8(text.dropFirst(2), radix: 16) : UInt8(text)
    return v.flatMap { $0 < 0x80 ? $0 : nil }
  }

  /// The coefficients of one sensor and the datasheet's formulas (§4.2.3, appendix 8.1), and their inverse.
  enum Calibration {
    static let t1 = 27504.0, t2 = 26435.0, t3 = -1000.0
    static let p: [Double] = [36477, -10685, 3024, 2855, 140, -7, 15500, -14600, 6000]
    static let h1: Double = 75, h2: Double = 362, h3: Double = 0, h4: Double = 313, h5: Double = 50, h6: Double = 30
    private static func word(_ v: Double) -> [UInt8] {
      let w = UInt16(truncatingIfNeeded: Int(v))
      return [UInt8(w & 0xFF), UInt8(w >> 8)]
    }
    /// 0x88 to 0xA1.
    static let first: [UInt8] = [t1, t2, t3].flatMap(word) + p.flatMap(word) + [0, UInt8(h1)]
    /// 0xE1 to 0xE7: H4 and H5 are of 12 bits and share a byte.
    static let second: [UInt8] = word(h2) + [UInt8(h3), UInt8(Int(h4) >> 4), UInt8(Int(h4) & 15 | (Int(h5) & 15) << 4), UInt8(Int(h5) >> 4), UInt8(h6)]

    static func fine(_ adc: Int) -> Double {
      let a = (Double(adc) / 16384 - t1 / 1024) * t2, b = Double(adc) / 131072 - t1 / 8192
      return a + b * b * t3
    }
    static func pressure(_ adc: Int, fine: Double) -> Double {
      var a = fine / 2 - 64000, b = a * a * p[5] / 32768
      b += a * p[4] * 2
      b = b / 4 + p[3] * 65536
      a = (p[2] * a * a / 524288 + p[1] * a) / 524288
      a = (1 + a / 32768) * p[0]
      guard a != 0 else { return 0 }
      var v = 1_048_576 - Double(adc)
      v = (v - b / 4096) * 6250 / a
      return v + (p[8] * v * v / 2_147_483_648 + v * p[7] / 32768 + p[6]) / 16
    }
    static func humidity(_ adc: Int, fine: Double) -> Double {
      let a = fine - 76800
      let v = (Double(adc) - (h4 * 64 + h5 / 16384 * a)) * (h2 / 65536 * (1 + h6 / 67_108_864 * a * (1 + h3 / 67_108_864 * a)))
      return v * (1 - h1 * v / 524288)
    }
    static func rawTemperature(_ celsius: Double) -> UInt32 { UInt32(Arithmetic.solve(celsius, in: 0...0xFFFFF) { fine($0) / 5120 }) }
    static func rawPressure(_ pascals: Double, rawTemperature t: UInt32) -> UInt32 { UInt32(Arithmetic.solve(pascals, in: 0...0xFFFFF) { pressure($0, fine: fine(Int(t))) }) }
    static func rawHumidity(_ percent: Double, rawTemperature t: UInt32) -> UInt32 { UInt32(Arithmetic.solve(percent, in: 0...0xFFFF) { humidity($0, fine: fine(Int(t))) }) }
  }
}
