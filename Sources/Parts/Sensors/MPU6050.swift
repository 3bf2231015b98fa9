import Machine

/// An accelerometer, gyroscope and thermometer (MPU-6000/MPU-6050 register map, revision 4.2).
public final class MPU6050: Sensor {
  override class var quantities: [Quantity] {
    [
      Quantity("accelX", 0, in: -16...16, "g"), Quantity("accelY", 0, in: -16...16, "g"), Quantity("accelZ", 1, in: -16...16, "g"),
      Quantity("rotationX", 0, in: -2000...2000, "°/s"), Quantity("rotationY", 0, in: -2000...2000, "°/s"), Quantity("rotationZ", 0, in: -2000...2000, "°/s"),
      Quantity("temperature", 24, in: -40...85, "°C"),
    ]
  }
  public override class var kind: PartKind {
    PartKind("wokwi-mpu6050", title: "MPU6050", pins: ["VCC", "GND", "SCL", "SDA", "XDA", "XCL", "AD0", "INT"], attributes: quantities.map(\.attribute))
  }
  enum Register: UInt8 {
    case smplrtDiv = 0x19, config, gyroConfig, accelConfig
    case fifoEn = 0x23
    case intPinCfg = 0x37, intEnable
    case intStatus = 0x3A, accelXOutH
    case signalPathReset = 0x68
    case userCtrl = 0x6A, pwrMgmt1, pwrMgmt2
    case fifoCountH = 0x72, fifoCountL, fifoRW, whoAmI
  }
  struct State: BitwiseCopyable {
    var fifoStart: UInt32 = 0, fifoCount: UInt32 = 0
    /// The sample that INT_STATUS last told of.
    var told: UInt64 = 0, since: UInt64 = 0
    var isSignalled = false
  }
  private static let fifoSize: UInt32 = 1024
  private let state: UnsafeMutablePointer<State>
  private let registers: UnsafeMutablePointer<UInt8>, fifo: UnsafeMutablePointer<UInt8>
  private var bus: RegisterTarget?
  private var sampling: Scheduler.Event?, pulseEnd: Scheduler.Event?

  public required init(id: String, attributes: [String: String], context: PartContext) {
    state = context.arena.allocate("\(id).state", initial: State())
    registers = context.arena.allocate("\(id).registers", count: 128, initial: UInt8(0))
    fifo = context.arena.allocate("\(id).FIFO", count: Int(Self.fifoSize), initial: UInt8(0))
    super.init(id: id, attributes: attributes, context: context)
    sampling = context.scheduler.event("\(id).sample") { [unowned self] in sampled(at: $0) }
    pulseEnd = context.scheduler.event("\(id).INT") { [unowned self] _ in signal(false) }
    let bus = RegisterTarget(id, sda: pin("SDA"), scl: pin("SCL"), address: { [unowned self] in pin("AD0").isHigh ? 0x69 : 0x68 }, context: context)
    self.bus = bus
    bus.read = { [unowned self] in read($0) }
    bus.write = { [unowned self] in write($0, $1) }
    bus.next = { $0 == Register.fifoRW.rawValue ? $0 : ($0 &+ 1) & 0x7F }
    // The registers that one burst reads are of one sample.
    bus.begin = { [unowned self] reading in if reading { measure() } }
    reset()
  }
  private subscript(_ r: Register) -> UInt8 {
    get { registers[Int(r.rawValue)] }
    set { registers[Int(r.rawValue)] = newValue }
  }
  private func reset() {
    for i in 0..<128 { registers[i] = 0 }
    self[.pwrMgmt1] = 0x40
    self[.whoAmI] = 0x68
    state.pointee = State()
    state.pointee.since = context.scheduler.now
    arrange()
    signal(false)
  }
  private var isAsleep: Bool { self[.pwrMgmt1] & 0x40 != 0 }
  /// §4.2, 4.3: the gyroscope's rate is 8 kHz without its low-pass filter and 1 kHz with it; picoseconds.
  private var period: UInt64 {
    let dlpf = self[.config] & 7
    return (dlpf == 0 || dlpf == 7 ? 125_000_000 : 1_000_000_000) * (UInt64(self[.smplrtDiv]) + 1)
  }
  private var fifoRuns: Bool { self[.userCtrl] & 0x40 != 0 && self[.fifoEn] & 0xF8 != 0 }
  /// Samples are events only where somebody is told of each.
  private func arrange() {
    guard let sampling else { return }
    if !isAsleep && (fifoRuns || self[.intEnable] & 1 != 0) {
      if !context.scheduler.isScheduled(sampling) { context.scheduler.schedule(sampling, after: period) }
    } else {
      context.scheduler.cancel(sampling)
    }
  }
  /// Puts the quantities into the output registers, by the scales of the moment.
  private func measure() {
    guard !isAsleep else { return }
    let standby = self[.pwrMgmt2], accel = Double(16384 >> (self[.accelConfig] >> 3 & 3)), gyro = 131.0 / Double(1 << (self[.gyroConfig] >> 3 & 3))
    func put(_ value: Double, at word: Int) {
      let v = UInt16(bitPattern: Int16(min(max(value.rounded(), -32768), 32767))), at = Int(Register.accelXOutH.rawValue) + word * 2
      registers[at] = UInt8(v >> 8)
      registers[at + 1] = UInt8(v & 0xFF)
    }
    for (n, axis) in ["X", "Y", "Z"].enumerated() {
      // An axis on standby keeps its value.
      if standby >> UInt8(5 - n) & 1 == 0 { put(quantity("accel" + axis) * accel, at: n) }
      if standby >> UInt8(2 - n) & 1 == 0 { put(quantity("rotation" + axis) * gyro, at: 4 + n) }
    }
    if self[.pwrMgmt1] & 8 == 0 { put((quantity("temperature") - 36.53) * 340, at: 3) }
  }
  private func sampled(at time: UInt64) {
    guard let sampling else { return }
    context.scheduler.schedule(sampling, at: time &+ period)
    measure()
    if fifoRuns {
      // §4.29: accelerations, temperature, rotations.
      for word in 0..<7 where self[.fifoEn] >> [3, 3, 3, 7, 6, 5, 4][word] & 1 == 1 {
        for at in 0..<2 { push(registers[Int(Register.accelXOutH.rawValue) + word * 2 + at]) }
      }
    }
    raise(0x01)
  }
  private func push(_ byte: UInt8) {
    if state.pointee.fifoCount == Self.fifoSize {
      // The oldest goes.
      state.pointee.fifoStart = (state.pointee.fifoStart + 1) % Self.fifoSize
      state.pointee.fifoCount -= 1
      raise(0x10)
    }
    fifo[Int((state.pointee.fifoStart + state.pointee.fifoCount) % Self.fifoSize)] = byte
    state.pointee.fifoCount += 1
  }
  private func raise(_ bit: UInt8) {
    self[.intStatus] |= bit
    if self[.intEnable] & bit != 0 { signal(true) }
  }
  /// §4.15: active low or high, open drain or driven, held or a pulse of 50 µs.
  private func signal(_ on: Bool) {
    let cfg = self[.intPinCfg], isHigh = on != (cfg & 0x80 != 0)
    state.pointee.isSignalled = on
    pin("INT").drive = isHigh ? (cfg & 0x40 != 0 ? .none : .high) : .low
    guard let pulseEnd else { return }
    if on && cfg & 0x20 == 0 { context.scheduler.schedule(pulseEnd, after: 50_000_000) } else { context.scheduler.cancel(pulseEnd) }
  }
  private func clearStatus() {
    self[.intStatus] = 0
    state.pointee.told = (context.scheduler.now &- state.pointee.since) / period
    if state.pointee.isSignalled && self[.intPinCfg] & 0x20 != 0 { signal(false) }
  }
  private func read(_ address: UInt8) -> UInt8 {
    defer { if self[.intPinCfg] & 0x10 != 0 { clearStatus() } }
    switch Register(rawValue: address) {
    case .intStatus:
      var v = self[.intStatus]
      // A sample since the last look, where samples are no events.
      if !isAsleep, (context.scheduler.now &- state.pointee.since) / period != state.pointee.told { v |= 1 }
      clearStatus()
      return v
    case .fifoCountH: return UInt8(state.pointee.fifoCount >> 8)
    case .fifoCountL: return UInt8(state.pointee.fifoCount & 0xFF)
    case .fifoRW:
      guard state.pointee.fifoCount > 0 else { return 0xFF }
      let v = fifo[Int(state.pointee.fifoStart)]
      state.pointee.fifoStart = (state.pointee.fifoStart + 1) % Self.fifoSize
      state.pointee.fifoCount -= 1
      return v
    default: return registers[Int(address & 0x7F)]
    }
  }
  private func write(_ address: UInt8, _ value: UInt8) {
    switch Register(rawValue: address) {
    case .pwrMgmt1:
      if value & 0x80 != 0 { return reset() }
      self[.pwrMgmt1] = value
    case .userCtrl:
      if value & 4 != 0 { state.pointee.fifoCount = 0 }
      if value & 1 != 0 { for i in 0..<14 { registers[Int(Register.accelXOutH.rawValue) + i] = 0 } }
      // The reset bits fall back by themselves.
      self[.userCtrl] = value & 0xF8
    case .signalPathReset: break
    case .fifoRW: push(value)
    case .intStatus, .whoAmI, .fifoCountH, .fifoCountL: break
    case .gyroConfig, .accelConfig:
      if value & 0xE0 != 0 { context.log.once("the self-test of \(id) (MPU6050) is not modelled: its outputs stay as they are") }
      registers[Int(address)] = value
    case .intPinCfg:
      self[.intPinCfg] = value
      signal(false)
    default:
      // The outputs are read-only.
      if !(0x3B...0x60 ~= address) { registers[Int(address & 0x7F)] = value }
    }
    if address == Register.smplrtDiv.rawValue || address == Register.config.rawValue || address == Register.pwrMgmt1.rawValue {
      state.pointee.since = context.scheduler.now
      state.pointee.told = 0
    }
    arrange()
  }
}
