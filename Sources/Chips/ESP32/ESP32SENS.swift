import Machine

/// ESP32 TRM chapter 29: SENS: the SAR ADCs by the RTC's controller, touch sensors, the temperature sensor, and the DACs' generator.
public final class ESP32SENS: RegisterDevice, RegisterNaming {
  public enum Register: UInt32, CaseIterable, Sendable {
    case sarReadCtrl = 0x00, sarReadStatus1 = 0x04, sarMeasWait1 = 0x08, sarMeasWait2 = 0x0C, sarMeasCtrl = 0x10, sarReadStatus2 = 0x14, ulpCpSleepCyc0 = 0x18, ulpCpSleepCyc1 = 0x1C, ulpCpSleepCyc2 = 0x20, ulpCpSleepCyc3 = 0x24, ulpCpSleepCyc4 = 0x28
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
    for (n, cycles) in ([0xC8, 0x64, 0x32, 0x28, 0x14] as [UInt32]).enumerated() { r[Register(rawValue: 0x18 + 4 * UInt32(n)) ?? .ulpCpSleepCyc0].bits(0...31).reset(cycles) }
    r[.sarStartForce].bits(0...31).reset(0xF).onWrite { d, _ in d.onStart() }
    r[.sarMeasStart1].bits(17...31).onRead { d in d.result(0) }.onWrite { d, v in d.measure(0, v) }
    r[.sarMeasStart2].bits(17...31).onRead { d in d.result(1) }.onWrite { d, v in d.measure(1, v) }
    r[.sarSlaveAddr1].bits(0...21)
    // The state machine rests.
    r[.sarSlaveAddr3].bits(0...21).onRead { d in d[.sarSlaveAddr3] | UInt32(d.temperature) << 22 | (d[.sarTsensCtrl][bit: 26] ? 1 << 30 : 0) }
    for x in [Register.sarTouchCtrl1, .sarTouchEnable] { r[x].bits(0...31).reset(stored[x] ?? 0).onWrite { d, _ in d.touchSettingsChanged() } }
    r[.sarTouchThres1, count: 5].bits(0...31)
    r[.sarTouchOut1, count: 5].onRead { d, n in UInt32(d.touch(2 * n)) << 16 | UInt32(d.touch(2 * n + 1)) }
    // A measurement is done whenever software asks.
    r[.sarTouchCtrl2].bits(11...29).reset(0x40_0800).onRead { d in d[.sarTouchCtrl2] | 1 << 10 | d.state.pointee.touched }.onWrite { d, v in
      if v[bit: 30] { d.state.pointee.touched = 0 }
      d.touchSettingsChanged()
    }
    // The RTC's I2C controller by software: the instruction, START and START_FORCE.
    r[.sarI2cCtrl].bits(0...29).onWrite { d, v in
      guard v[bits: 28...29] == 3 else { return }
      d.state.pointee.i2cResult = 0
      d.onI2C(v & 0xFFF_FFFF)
    }
    r[.sarSlaveAddr4].bits(0...21).onRead { d in d[.sarSlaveAddr4] | d.state.pointee.i2cResult }
    r[.sarDacCtrl1].bits(0...25).onWrite { d, _ in d.generatorChanged() }
    r[.sarDacCtrl2].bits(0...25).reset(0x300_0000).onWrite { d, _ in d.generatorChanged() }
  }
  struct State: BitwiseCopyable {
    var readyAt: (UInt64, UInt64) = (0, 0), data: (UInt32, UInt32) = (0, 0)
    /// What the touch pads T0 to T9 measure: hundreds of cycles, fewer under a finger.
    var touch: (UInt16, UInt16, UInt16, UInt16, UInt16, UInt16, UInt16, UInt16, UInt16, UInt16) = (1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000)
    /// TOUCH_MEAS_EN: the pads that were found touched since software asked last.
    var touched: UInt32 = 0
    /// When the cosine generator began, at phase 0.
    var toneSince: UInt64 = 0
    var temperature: UInt8 = 128
    /// I2C_RDATA and I2C_DONE in SAR_SLAVE_ADDR4.
    var i2cResult: UInt32 = 0
    /// What I2S gave the DACs last.
    var digital: (UInt8, UInt8) = (0, 0)
  }
  private let state: UnsafeMutablePointer<State>
  private let scheduler: Scheduler, clocks: ESP32Clocks
  /// Pads of ADC1's channels 0 to 7 and ADC2's 0 to 9.
  static let channels: [[Int]] = [[36, 37, 38, 39, 32, 33, 34, 35], [4, 0, 2, 15, 13, 12, 14, 27, 25, 26]]
  /// Volts of a pad; nil: nothing drives it.
  var volts: (Int) -> Float? = { _ in nil }
  /// Whether a pad is held by nothing outside; whether somebody looks at it.
  var isFree: (Int) -> Bool = { _ in true }
  var isWatched: (Int) -> Bool = { _ in false }
  /// The generator's level on a pad has changed.
  var onGenerator: (Int) -> Void = { _ in }
  /// TOUCH_SLP_TIMER_EN of RTC_CNTL.
  var touchTimerEnabled: () -> Bool = { false }
  /// SAR_START_FORCE was written, by which software starts the coprocessor.
  var onStart: () -> Void = {}
  /// SAR_I2C_CTRL starts a transfer: its instruction.
  var onI2C: (UInt32) -> Void = { _ in }
  /// Enough pads are touched.
  var onTouch: () -> Void = {}
  private var touchEvent: Scheduler.Event!, toneEvent: Scheduler.Event!

  init(arena: StateArena, scheduler: Scheduler, clocks: ESP32Clocks) {
    self.scheduler = scheduler
    self.clocks = clocks
    state = arena.allocate("ESP32.SENS.state", initial: State())
    super.init(Self.map, name: "ESP32.SENS", arena: arena)
    touchEvent = scheduler.event("ESP32.SENS.touch") { [unowned self] _ in measureTouch() }
    toneEvent = scheduler.event("ESP32.SENS.tone") { [unowned self] _ in tone() }
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
    let enabled = v[bits: 19...30], data = convert(unit: unit, channel: enabled == 0 ? -1 : enabled.trailingZeroBitCount)
    let ready = scheduler.now &+ 10_000_000
    if unit == 0 {
      state.pointee.data.0 = data
      state.pointee.readyAt.0 = ready
    } else {
      state.pointee.data.1 = data
      state.pointee.readyAt.1 = ready
    }
  }
  /// 12 bits of a channel's voltage now.
  func raw(unit: Int, channel: Int, attenuation: Int) -> UInt32 {
    let pads = Self.channels[unit], millivolts = (pads.indices.contains(channel) ? volts(pads[channel]) ?? 0 : 0) * 1000
    let value = (millivolts - Self.offset[unit][attenuation]) * 4096 * 65536 / 1100 / Self.scale[unit][attenuation]
    return UInt32(max(0, min(4095, value.isFinite ? value.rounded() : 0)))
  }
  /// What the converter makes of a channel's voltage now.
  func convert(unit: Int, channel: Int) -> UInt32 {
    var raw: UInt32 = 0
    if channel >= 0 { raw = self.raw(unit: unit, channel: channel, attenuation: Int(self[unit == 0 ? .sarAtten1 : .sarAtten2] >> UInt32(channel * 2) & 3)) }
    // The width of the result, and its polarity.
    raw >>= 3 - self[.sarStartForce][bits: unit * 2...unit * 2 + 1]
    let ones: UInt32 = (512 << self[.sarStartForce][bits: unit * 2...unit * 2 + 1]) - 1
    let inverted = unit == 0 ? self[.sarReadCtrl][bit: 28] : self[.sarReadCtrl2][bit: 29]
    return inverted ? raw : ones - raw
  }
  private func result(_ unit: Int) -> UInt32 {
    let stored = self[unit == 0 ? .sarMeasStart1 : .sarMeasStart2] & ~0x1FFFF
    let ready = unit == 0 ? state.pointee.readyAt.0 : state.pointee.readyAt.1
    guard scheduler.now >= ready else { return stored }
    return stored | 1 << 16 | (unit == 0 ? state.pointee.data.0 : state.pointee.data.1)
  }

  // MARK: Touch, §29.2

  /// What pad T`n` measures; about 1000 alone, a tenth of it under a finger.
  public func setTouch(_ n: Int, _ value: UInt16) {
    guard 0..<10 ~= n else { return }
    withUnsafeMutableBytes(of: &state.pointee.touch) { $0.storeBytes(of: value, toByteOffset: n * 2, as: UInt16.self) }
  }
  /// By the registers' order, in which T8 and T9 are exchanged. A pad that something holds at a level cannot swing.
  private func touch(_ slot: Int) -> UInt16 {
    let n = slot < 8 ? slot : 17 - slot
    return isFree(ESP32RTCIO.touchGPIO[n]) ? withUnsafeBytes(of: state.pointee.touch) { $0.load(fromByteOffset: n * 2, as: UInt16.self) } : 0
  }
  /// The timer measures again and again: each time TOUCH_SLEEP_CYCLES of the slow clock, and TOUCH_MEAS_DELAY of 8 MHz for the pads.
  func touchSettingsChanged() {
    guard touchTimerEnabled(), !self[.sarTouchCtrl2][bit: 13], self[.sarTouchEnable] & 0x3FF != 0 else { return scheduler.cancel(touchEvent) }
    if !scheduler.isScheduled(touchEvent) { armTouch() }
  }
  private func armTouch() {
    let pause = UInt64(self[.sarTouchCtrl2][bits: 14...29]) * Clock.picosecondsPerSecond / clocks.slowRC, measure = UInt64(self[.sarTouchCtrl1] & 0xFFFF) * 125_000
    scheduler.schedule(touchEvent, after: max(1_000_000_000, pause + measure))
  }
  private func measureTouch() {
    var below: UInt32 = 0
    for slot in 0..<10 where self[.sarTouchEnable][bit: slot] {
      let word = self[.sarTouchThres1, slot / 2], threshold = slot % 2 == 0 ? word >> 16 : word & 0xFFFF
      // TOUCH_OUT_SEL: above counts instead of below.
      if self[.sarTouchCtrl1][bit: 24] ? UInt32(touch(slot)) >= threshold : UInt32(touch(slot)) < threshold { below |= 1 << UInt32(slot) }
    }
    state.pointee.touched |= below
    // One set of pads is enough with TOUCH_OUT_1EN, else each of two must have one.
    let first = below & self[.sarTouchEnable][bits: 20...29], second = below & self[.sarTouchEnable][bits: 10...19]
    armTouch()
    if first != 0, self[.sarTouchCtrl1][bit: 25] || second != 0 { onTouch() }
  }

  // MARK: The DACs' cosine generator, §29.5.2

  /// A period in 256 steps.
  private static let cosine: [Int8] = {
    // Turned step by step by the angle of one.
    let (c, s) = (0.99969881869620425, 0.024541228522912288)
    var (x, y) = (1.0, 0.0), table: [Int8] = []
    for _ in 0..<256 {
      table.append(Int8((x * 127).rounded()))
      (x, y) = (x * c - y * s, x * s + y * c)
    }
    return table
  }()
  private func isGenerated(_ pad: Int) -> Bool { (pad == 25 || pad == 26) && self[.sarDacCtrl1][bit: 16] && self[.sarDacCtrl2][bit: pad - 1] }
  /// Samples of I2S for both DACs, which take them with DAC_DIG_FORCE.
  func digitalSamples(dac1: UInt8, dac2: UInt8) {
    let old = state.pointee.digital
    guard self[.sarDacCtrl1][bit: 22], old != (dac1, dac2) else { return }
    state.pointee.digital = (dac1, dac2)
    if old.0 != dac1 { onGenerator(25) }
    if old.1 != dac2 { onGenerator(26) }
  }
  /// What I2S or the generator gives the DAC of GPIO25 or 26: scaled, with an offset, inverted as asked. The step is added at each cycle of the fast RC oscillator.
  func generator(_ pad: Int) -> UInt8? {
    if self[.sarDacCtrl1][bit: 22] { return pad == 25 ? state.pointee.digital.0 : state.pointee.digital.1 }
    guard isGenerated(pad) else { return nil }
    let k = pad - 25, c = self[.sarDacCtrl2], cycles = UInt64(truncatingIfNeeded: UInt128(scheduler.now &- state.pointee.toneSince) * UInt128(clocks.fastRC) / UInt128(Clock.picosecondsPerSecond))
    let phase = UInt16(truncatingIfNeeded: cycles &* UInt64(self[.sarDacCtrl1] & 0xFFFF))
    let scaled = Self.cosine[Int(phase >> 8)] >> Int8(c[bits: 16 + 2 * k...17 + 2 * k])
    let v = UInt8(bitPattern: scaled) &+ UInt8(truncatingIfNeeded: c >> UInt32(8 * k))
    switch c[bits: 20 + 2 * k...21 + 2 * k] {
    case 1: return ~v
    case 2: return v ^ 0x80
    case 3: return v ^ 0x7F
    default: return v
    }
  }
  private func generatorChanged() {
    if self[.sarDacCtrl1][bit: 16], !scheduler.isScheduled(toneEvent) { state.pointee.toneSince = scheduler.now }
    if !self[.sarDacCtrl1][bit: 16] { scheduler.cancel(toneEvent) } else if !scheduler.isScheduled(toneEvent) { tone() }
    for pad in 25...26 { onGenerator(pad) }
  }
  /// A level for whoever looks, 64 in a period but no more than one each microsecond.
  private func tone() {
    for pad in 25...26 where isGenerated(pad) && isWatched(pad) { onGenerator(pad) }
    let period = 65536 * Clock.picosecondsPerSecond / clocks.fastRC / UInt64(max(1, self[.sarDacCtrl1] & 0xFFFF))
    scheduler.schedule(toneEvent, after: max(1_000_000, period / 64))
  }

  // MARK: The RTC's I2C

  /// I2C_SLAVE_ADDR`n`, two in a register, the even one above.
  func i2cTarget(_ n: Int) -> UInt32 { n < 8 ? self[.sarSlaveAddr1, n / 2] >> (n % 2 == 0 ? 11 : 0) & 0x7FF : 0 }
  func i2cDone(_ v: UInt8) { state.pointee.i2cResult = UInt32(v) << 22 | 1 << 30 }

  // MARK: Temperature

  /// The raw reading, about 128 at room temperature (ESP-IDF's temprature_sens_read).
  private var temperature: UInt8 { state.pointee.temperature }
  public override func reset() {
    super.reset()
    state.pointee.readyAt = (0, 0)
    state.pointee.touched = 0
    state.pointee.digital = (0, 0)
    state.pointee.i2cResult = 0
    scheduler.cancel(touchEvent)
    scheduler.cancel(toneEvent)
  }
}
