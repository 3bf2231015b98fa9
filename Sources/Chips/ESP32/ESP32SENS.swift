import Machine

/// ESP32 TRM chapter 29: SENS: the SAR ADCs by the RTC's controller, touch sensors, the temperature sensor, and the DACs' generator.
public final class ESP32SENS: RegisterDevice, RegisterNaming {
  public enum Register: UInt32, CaseIterable, Sendable {
    case sarReadCtrl = 0x00, sarReadStatus1 = 0x04, sarMeasWait1 = 0x08, sarMeasWait2 = 0x0C, sarMeasCtrl = 0x10, sarReadStatus2 = 0x14, ulpCpSleepCyc0 = 0x18
    case sarStartForce = 0x2C, sarMemWrCtrl = 0x30, sarAtten1 = 0x34, sarAtten2 = 0x38, sarSlaveAddr1 = 0x3C
    case sarSlaveAddr2 = 0x40, sarSlaveAddr3 = 0x44, sarSlaveAddr4 = 0x48, sarTsensCtrl = 0x4C, sarI2cCtrl = 0x50, sarMeasStart1 = 0x54, sarTouchCtrl1 = 0x58, sarTouchThres1 = 0x5C
    case sarTouchOut1 = 0x70, sarTouchCtrl2 = 0x84, sarTouchEnable = 0x8C, sarReadCtrl2 = 0x90, sarMeasStart2 = 0x94, sarDacCtrl1 = 0x98, sarDacCtrl2 = 0x9C
    case sarMeasCtrl2 = 0xA0, sarNouse = 0xF8, sardate = 0xFC
  }
  static let map = RegisterMap<ESP32SENS> { r in
    let stored: [Register: UInt32] = [
      .sarReadCtrl: 0x70902, .sarMeasWait1: 0xA_000A, .sarMeasWait2: 0x20_000A, .sarMeasCtrl: 0x707_338F, .sarStartForce: 0xF, .sarMemWrCtrl: 0x10_0200, .sarAtten1: ~0, .sarAtten2: ~0,
      .sarTsensCtrl: 0x66002, .sarTouchCtrl1: 0x204_1000, .sarTouchEnable: 0x3FFF_FFFF, .sarReadCtrl2: 0x70902, .sarDacCtrl2: 0x300_0000, .sarMeasCtrl2: 3, .sardate: 0x160_5180,
    ]
    for x in Register.allCases { r[x].bits(0...31).reset(stored[x] ?? 0) }
    r[.ulpCpSleepCyc0, count: 5].bits(0...31)
    r[.sarMeasStart1].bits(17...31).onRead { d in d.result(0) }.onWrite { d, v in d.measure(0, v) }
    r[.sarMeasStart2].bits(17...31).onRead { d in d.result(1) }.onWrite { d, v in d.measure(1, v) }
    r[.sarSlaveAddr1].bits(0...21)
    // The state machine rests.
    r[.sarSlaveAddr3].bits(0...21).onRead { d in d[.sarSlaveAddr3] | UInt32(d.temperature) << 22 | (d[.sarTsensCtrl][bit: 26] ? 1 << 30 : 0) }
    r[.sarTouchThres1, count: 5].bits(0...31)
    r[.sarTouchOut1, count: 5].onRead { d, n in UInt32(d.touch(2 * n)) << 16 | UInt32(d.touch(2 * n + 1)) }
    r[.sarTouchCtrl2].bits(11...29).reset(0x40_0800).onRead { d in d[.sarTouchCtrl2] | 1 << 10 | d.touched }.onWrite { d, v in if v[bit: 30] { d.touchCleared() } }
  }
  struct State: BitwiseCopyable {
    var readyAt: (UInt64, UInt64) = (0, 0), data: (UInt32, UInt32) = (0, 0)
    /// What the touch pads measure: thousands of cycles, fewer under a finger.
    var touch: (UInt16, UInt16, UInt16, UInt16, UInt16, UInt16, UInt16, UInt16, UInt16, UInt16) = (1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000)
    var temperature: UInt8 = 128
  }
  private let state: UnsafeMutablePointer<State>
  private let scheduler: Scheduler
  /// Pads of ADC1's channels 0 to 7 and ADC2's 0 to 9.
  static let channels: [[Int]] = [[36, 37, 38, 39, 32, 33, 34, 35], [4, 0, 2, 15, 13, 12, 14, 27, 25, 26]]
  /// Volts of a pad; nil: nothing drives it.
  var volts: (Int) -> Float? = { _ in nil }

  init(arena: StateArena, scheduler: Scheduler) {
    self.scheduler = scheduler
    state = arena.allocate("ESP32.SENS.state", initial: State())
    super.init(Self.map, name: "ESP32.SENS", arena: arena)
  }

  // MARK: ADC, §29.3

  /// Of an average chip, as ESP-IDF's characterisation has it: millivolts = 1100 * scale * raw / 4096 / 65536 + offset, by attenuation.
  private static let scale: [[Float]] = [[57431, 76236, 105481, 196602], [57236, 76175, 105678, 197170]], offset: [[Float]] = [[75, 78, 107, 142], [63, 66, 89, 128]]
  private func measure(_ unit: Int, _ v: UInt32) {
    let start = unit == 0 ? Register.sarMeasStart1 : .sarMeasStart2
    guard v[bit: 17], v[bit: 18] else {
      self[start][bit: 16] = false
      return
    }
    let enabled = v[bits: 19...30]
    var raw: UInt32 = 0
    if enabled != 0 {
      let channel = enabled.trailingZeroBitCount, pads = Self.channels[unit]
      let attenuation = Int(self[unit == 0 ? .sarAtten1 : .sarAtten2] >> UInt32(channel * 2) & 3)
      let millivolts = (channel < pads.count ? volts(pads[channel]) ?? 0 : 0) * 1000
      let value = (millivolts - Self.offset[unit][attenuation]) * 4096 * 65536 / 1100 / Self.scale[unit][attenuation]
      raw = UInt32(max(0, min(4095, value.isFinite ? value.rounded() : 0)))
    }
    // The width of the result, and its polarity.
    raw >>= 3 - self[.sarStartForce][bits: unit * 2...unit * 2 + 1]
    let ones: UInt32 = (512 << self[.sarStartForce][bits: unit * 2...unit * 2 + 1]) - 1
    let inverted = unit == 0 ? self[.sarReadCtrl][bit: 28] : self[.sarReadCtrl2][bit: 29]
    let data = inverted ? raw : ones - raw
    let ready = scheduler.now &+ 10_000_000
    if unit == 0 {
      state.pointee.data.0 = data
      state.pointee.readyAt.0 = ready
    } else {
      state.pointee.data.1 = data
      state.pointee.readyAt.1 = ready
    }
  }
  private func result(_ unit: Int) -> UInt32 {
    let stored = self[unit == 0 ? .sarMeasStart1 : .sarMeasStart2] & ~0x1FFFF
    let ready = unit == 0 ? state.pointee.readyAt.0 : state.pointee.readyAt.1
    guard scheduler.now >= ready else { return stored }
    return stored | 1 << 16 | (unit == 0 ? state.pointee.data.0 : state.pointee.data.1)
  }

  // MARK: Touch and temperature

  /// What pad T`n` measures; about 1000 alone, a tenth of it under a finger.
  public func setTouch(_ n: Int, _ value: UInt16) {
    guard 0..<10 ~= n else { return }
    withUnsafeMutableBytes(of: &state.pointee.touch) { $0.storeBytes(of: value, toByteOffset: n * 2, as: UInt16.self) }
  }
  private func touch(_ n: Int) -> UInt16 { withUnsafeBytes(of: state.pointee.touch) { $0.load(fromByteOffset: n * 2, as: UInt16.self) } }
  /// The pads below their thresholds.
  private var touched: UInt32 {
    (0..<10).reduce(UInt32(0)) { bits, n in
      let word = self[.sarTouchThres1, n / 2], threshold = n % 2 == 0 ? word >> 16 : word & 0xFFFF
      return self[.sarTouchEnable][bit: n] && UInt32(touch(n)) < threshold ? bits | 1 << UInt32(n) : bits
    }
  }
  private func touchCleared() {}
  /// The raw reading, about 128 at room temperature (ESP-IDF's temprature_sens_read).
  private var temperature: UInt8 { state.pointee.temperature }
  public override func reset() {
    super.reset()
    state.pointee.readyAt = (0, 0)
  }
}
