import Machine

/// ESP32-S3 TRM chapter 39: SENS: the SAR ADCs by the RTC's controller and the temperature sensor; touch sensors stay untouched.
public final class ESP32S3SENS: RegisterDevice, RegisterNaming {
  public enum Register: UInt32, CaseIterable, Sendable {
    case reader1Ctrl = 0x00, reader1Status = 0x04, meas1Ctrl1 = 0x08, meas1Ctrl2 = 0x0C, meas1Mux = 0x10, atten1 = 0x14, ampCtrl1 = 0x18, ampCtrl2 = 0x1C, ampCtrl3 = 0x20, reader2Ctrl = 0x24
    case reader2Status = 0x28, meas2Ctrl1 = 0x2C, meas2Ctrl2 = 0x30, meas2Mux = 0x34, atten2 = 0x38, powerXpdSar = 0x3C, slaveAddr1 = 0x40, slaveAddr2 = 0x44, slaveAddr3 = 0x48
    case slaveAddr4 = 0x4C, tsensCtrl = 0x50, tsensCtrl2 = 0x54, i2cCtrl = 0x58, touchConf = 0x5C, touchDenoise = 0x60, touchThres1 = 0x64, touchChnSt = 0x9C, touchStatus0 = 0xA0
    case touchStatus1 = 0xA4, touchStatus15 = 0xDC, touchStatus16 = 0xE0, cocpuState = 0xE4, cocpuIntRaw = 0xE8, cocpuIntEna = 0xEC, cocpuIntSt = 0xF0, cocpuIntClr = 0xF4, cocpuDebug = 0xF8
    case hallCtrl = 0xFC, nouse = 0x100, periClkGateConf = 0x104, periResetConf = 0x108, cocpuIntEnaW1ts = 0x10C, cocpuIntEnaW1tc = 0x110, debugConf = 0x114, sardate = 0x1FC
  }
  static let map = RegisterMap<ESP32S3SENS> { r in
    let stored: [Register: UInt32] = [
      .reader1Ctrl: 0x2004_0002, .atten1: ~0, .ampCtrl1: 0xA_000A, .ampCtrl2: 0xA_0000, .ampCtrl3: 0x73_38F3, .reader2Ctrl: 0x4005_0002, .meas2Ctrl1: 0x702_0200, .atten2: ~0, .tsensCtrl: 0x1_9000, .tsensCtrl2: 0x4002,
      .touchConf: 0xFFF0_7FFF, .hallCtrl: 0xA000_0000, .sardate: 0x210_1180,
    ]
    for x in Register.allCases { r[x].bits(0...31).reset(stored[x] ?? 0) }
    r[.meas1Ctrl2].bits(17...31).onRead { d in d.result(0) }.onWrite { d, v in d.measure(0, v) }
    r[.meas2Ctrl2].bits(17...31).onRead { d in d.result(1) }.onWrite { d, v in d.measure(1, v) }
    // About 25 degrees Celsius at the offset that the vendor's driver begins with.
    r[.tsensCtrl].bits(12...24).reset(0x1_9000).onRead { d in d[.tsensCtrl] | 117 | (d[.tsensCtrl][bit: 22] ? 1 << 8 : 0) }
    r[.touchThres1, count: 14].bits(0...21)
    r[.touchStatus1, count: 14].reset(0)
    r[.touchChnSt].bits(15...29).reset(1 << 31)
  }
  struct State: BitwiseCopyable { var readyAt: (UInt64, UInt64) = (0, 0), data: (UInt32, UInt32) = (0, 0) }
  private let state: UnsafeMutablePointer<State>
  private let scheduler: Scheduler
  /// Volts of a pad; nil: nothing drives it.
  var volts: (Int) -> Float? = { _ in nil }

  /// Full scale in millivolts by attenuation, and its code.
  private let fullScale: [Float], highest: Float

  /// - Parameter fullScale: of an average chip (datasheet, table "ADC characteristics").
  init(chip: String = "ESP32S3", fullScale: [Float] = [950, 1250, 1750, 3100], bits: Int = 12, arena: StateArena, scheduler: Scheduler) {
    self.scheduler = scheduler
    self.fullScale = fullScale
    highest = Float(1 << bits - 1)
    state = arena.allocate("\(chip).SENS.state", initial: State())
    super.init(Self.map, name: "\(chip).SENS", arena: arena)
  }
  private func measure(_ unit: Int, _ v: UInt32) {
    guard v[bit: 17], v[bit: 18] else { return }
    let enabled = v[bits: 19...30]
    var raw: UInt32 = 0
    if enabled != 0 {
      // Channels 0 to 9 of ADC1 are GPIO1 to GPIO10, those of ADC2 GPIO11 to GPIO20.
      let channel = enabled.trailingZeroBitCount, attenuation = Int(self[unit == 0 ? .atten1 : .atten2] >> UInt32(channel * 2) & 3)
      let value = (channel < 10 ? volts(1 + unit * 10 + channel) ?? 0 : 0) * 1000 / fullScale[attenuation] * highest
      raw = UInt32(max(0, min(highest, value.isFinite ? value.rounded() : 0)))
    }
    // ADC2's result also says that it had the arbiter's leave.
    let ready = scheduler.now &+ 10_000_000
    if unit == 0 {
      state.pointee.data.0 = raw
      state.pointee.readyAt.0 = ready
    } else {
      state.pointee.data.1 = raw
      state.pointee.readyAt.1 = ready
    }
  }
  private func result(_ unit: Int) -> UInt32 {
    let stored = self[unit == 0 ? .meas1Ctrl2 : .meas2Ctrl2] & ~0x1FFFF, ready = unit == 0 ? state.pointee.readyAt.0 : state.pointee.readyAt.1
    guard scheduler.now >= ready else { return stored }
    return stored | 1 << 16 | (unit == 0 ? state.pointee.data.0 : state.pointee.data.1)
  }
  public override func reset() {
    super.reset()
    state.pointee.readyAt = (0, 0)
  }
}
