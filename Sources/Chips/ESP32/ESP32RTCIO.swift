import Machine

/// ESP32 TRM §4.9: RTC_IO: the pads that the RTC can have, their pulls (which are here whoever has the pad), holds, and the two DACs.
public final class ESP32RTCIO: RegisterDevice, RegisterNaming, ESPRTCPads {
  public enum Register: UInt32, CaseIterable, Sendable {
    case out = 0x00, outW1ts = 0x04, outW1tc = 0x08, enable = 0x0C, enableW1ts = 0x10, enableW1tc = 0x14, status = 0x18, statusW1ts = 0x1C, statusW1tc = 0x20, `in` = 0x24, pin0 = 0x28
    case rtcDebugSel = 0x70, digPadHold = 0x74, hallSens = 0x78, sensorPads = 0x7C, adcPad = 0x80, padDac1 = 0x84
    case padDac2 = 0x88, xtal32kPad = 0x8C, touchCfg = 0x90, touchPad0 = 0x94, touchPad8 = 0xB4, extWakeup0 = 0xBC, xtlExtCtr = 0xC0, sarI2cIo = 0xC4, date = 0xC8
  }
  static let map = RegisterMap<ESP32RTCIO> { r in
    let stored: [Register: UInt32] = [.touchCfg: 0x6600_0000, .date: 0x160_3160]
    for x in Register.allCases { r[x].bits(0...31).reset(stored[x] ?? 0) }
    for x in [Register.out, .enable, .status] {
      let runs = x != .status
      r[x].bits(14...31).onWrite { d, _ in if runs { d.allChanged() } }
      r[Register(rawValue: x.rawValue + 4)!].onWrite { d, v in
        d[x] |= v & 0xFFFF_C000
        if runs { d.allChanged() }
      }
      r[Register(rawValue: x.rawValue + 8)!].onWrite { d, v in
        d[x] &= ~v
        if runs { d.allChanged() }
      }
    }
    r[.in].onRead { d in (0..<18).reduce(UInt32(0)) { d.level(ESP32RTCIO.pads[$1].gpio) ? $0 | 1 << UInt32($1 + 14) : $0 } }
    r[.pin0, count: 18].bits(0...10)
    r[.digPadHold].bits(0...31).onWrite { d, _ in d.allChanged() }
    r[.sensorPads].bits(0...31).onWrite { d, _ in d.allChanged() }
    r[.adcPad].bits(0...31).onWrite { d, _ in d.allChanged() }
    r[.padDac1].bits(0...31).reset(0x8000_0000).onWrite { d, _ in d.onChange(25) }
    r[.padDac2].bits(0...31).reset(0x8000_0000).onWrite { d, _ in d.onChange(26) }
    r[.xtal32kPad].bits(0...31).reset(0x8410_0010).onWrite { d, _ in
      d.onChange(32)
      d.onChange(33)
    }
    r[.touchPad0, count: 8].bits(0...31).onWrite { d, n, _ in d.onChange(touchGPIO[n]) }
    r[.touchPad8, count: 2].bits(0...31).reset(0x200_0000)
  }
  /// Where an RTC pad's bits are; -1: it has none.
  struct Pad: Sendable { let gpio: Int, register: UInt32, inputEnable: Int, mux: Int, pullUp: Int, pullDown: Int, hold: Int }
  private static func touch(_ n: UInt32, _ gpio: Int) -> Pad { Pad(gpio: gpio, register: 0x94 + n * 4, inputEnable: 13, mux: 19, pullUp: 27, pullDown: 28, hold: 31) }
  /// By RTC number.
  static let pads: [Pad] = [
    Pad(gpio: 36, register: 0x7C, inputEnable: 19, mux: 27, pullUp: -1, pullDown: -1, hold: 31), Pad(gpio: 37, register: 0x7C, inputEnable: 14, mux: 26, pullUp: -1, pullDown: -1, hold: 30),
    Pad(gpio: 38, register: 0x7C, inputEnable: 9, mux: 25, pullUp: -1, pullDown: -1, hold: 29), Pad(gpio: 39, register: 0x7C, inputEnable: 4, mux: 24, pullUp: -1, pullDown: -1, hold: 28),
    Pad(gpio: 34, register: 0x80, inputEnable: 23, mux: 29, pullUp: -1, pullDown: -1, hold: 31), Pad(gpio: 35, register: 0x80, inputEnable: 18, mux: 28, pullUp: -1, pullDown: -1, hold: 30),
    Pad(gpio: 25, register: 0x84, inputEnable: 11, mux: 17, pullUp: 27, pullDown: 28, hold: 29), Pad(gpio: 26, register: 0x88, inputEnable: 11, mux: 17, pullUp: 27, pullDown: 28, hold: 29),
    Pad(gpio: 33, register: 0x8C, inputEnable: 11, mux: 18, pullUp: 27, pullDown: 28, hold: 29), Pad(gpio: 32, register: 0x8C, inputEnable: 5, mux: 17, pullUp: 22, pullDown: 23, hold: 24),
    touch(0, 4), touch(1, 0), touch(2, 2), touch(4, 13), touch(3, 15), touch(5, 12), touch(6, 14), touch(7, 27),
  ]
  static let touchGPIO = [4, 0, 2, 15, 13, 12, 14, 27, 33, 32]
  private static let numbers: [Int?] = (0..<40).map { g in pads.firstIndex { $0.gpio == g } }
  /// What the pads of TOUCH_PAD0 to 7 do at reset: pulls that make the straps.
  private static let touchResets: [UInt32] = [0x5200_0000, 0x4A00_0000, 0x5200_0000, 0x4A00_0000, 0x5200_0000, 0x5200_0000, 0x4A00_0000, 0x4200_0000]
  /// Bits of DIG_PAD_HOLD by pad that is not the RTC's (ESP-IDF's GPIO_HOLD_MASK).
  private static let digitalHold: [Int: Int] = [1: 1, 3: 0, 5: 8, 6: 2, 7: 3, 8: 4, 9: 5, 10: 6, 11: 7, 16: 9, 17: 10, 18: 11, 19: 12, 21: 14, 22: 15, 23: 16]
  var onChange: (Int) -> Void = { _ in }
  /// A pad's level.
  var level: (Int) -> Bool = { _ in false }
  /// RTC_CNTL.HOLD_FORCE, and whether RTC_CNTL holds all digital pads.
  var holdForce: () -> UInt32 = { 0 }
  var holdDigital: () -> Bool = { false }

  init(arena: StateArena) {
    super.init(Self.map, name: "ESP32.RTC_IO", arena: arena)
    for n in 0..<8 { self[.touchPad0, n] = Self.touchResets[n] }
  }
  private func word(_ p: Pad) -> UInt32 { self[.out, Int(p.register / 4)] }
  private func allChanged() { for n in 0..<40 { onChange(n) } }
  /// All pads again: a hold in RTC_CNTL has changed.
  func holdsChanged() { allChanged() }
  private func pad(_ n: Int) -> (number: Int, pad: Pad, word: UInt32)? {
    guard let number = Self.numbers[n] else { return nil }
    let p = Self.pads[number]
    return (number, p, word(p))
  }
  /// Whether the RTC has the pad.
  func hasPad(_ n: Int) -> Bool { pad(n).map { $0.word[bit: $0.pad.mux] } ?? false }
  func inputEnabled(_ n: Int) -> Bool { pad(n).map { $0.word[bit: $0.pad.inputEnable] } ?? false }
  /// Level and enable when the RTC has the pad.
  func output(_ n: Int) -> (out: Bool, enable: Bool)? {
    guard let (number, _, _) = pad(n), hasPad(n) else { return nil }
    if let line = i2cLine(n) { return (false, !line.isHigh) }
    return (self[.out][bit: number + 14], self[.enable][bit: number + 14] && dac(n) == nil)
  }
  /// The lines of the RTC's I2C controller.
  var i2c: (scl: Line, sda: Line)?
  /// Pads of SCL and SDA as SAR_I2C_IO chooses them: GPIO4 or 2, GPIO0 or 15.
  var i2cPads: (scl: Int, sda: Int) { (self[.sarI2cIo][bit: 28] ? 2 : 4, self[.sarI2cIo][bit: 30] ? 15 : 0) }
  /// The line of the I2C controller that has a pad: function 3 of the touch pads.
  private func i2cLine(_ n: Int) -> Line? {
    guard let i2c, let (_, _, w) = pad(n), w[bits: 17...18] == 3 else { return nil }
    let pads = i2cPads
    return n == pads.scl ? i2c.scl : n == pads.sda ? i2c.sda : nil
  }
  /// The pull of a pad whose pulls are here.
  func pull(_ n: Int) -> Drive? {
    guard let (_, p, w) = pad(n), p.pullUp >= 0 else { return nil }
    return w[bit: p.pullUp] ? .pullUp : w[bit: p.pullDown] ? .pullDown : Drive.none
  }
  func isHeld(_ n: Int) -> Bool {
    if let (_, p, w) = pad(n) { return w[bit: p.hold] || holdForce()[bit: Self.forceBits[n] ?? 31] }
    return holdDigital() || Self.digitalHold[n].map { self[.digPadHold][bit: $0] } ?? false
  }
  /// Bits of RTC_CNTL.HOLD_FORCE.
  private static let forceBits: [Int: Int] = [34: 0, 35: 1, 25: 2, 26: 3, 36: 4, 37: 5, 38: 6, 39: 7, 4: 8, 0: 9, 2: 10, 15: 11, 13: 12, 12: 13, 14: 14, 27: 15, 32: 16, 33: 17]
  /// What SENS's cosine generator puts out on GPIO25 or 26; nil: nothing.
  var generator: (Int) -> UInt8? = { _ in nil }
  /// The DAC's byte on GPIO25 or 26 while it is on.
  public func dac(_ n: Int) -> UInt8? {
    guard n == 25 || n == 26 else { return nil }
    let w = self[n == 25 ? .padDac1 : .padDac2]
    return w[bit: 18] ? generator(n) ?? UInt8(truncatingIfNeeded: w >> 19) : nil
  }
  public override func reset() {
    super.reset()
    for n in 0..<8 { self[.touchPad0, n] = Self.touchResets[n] }
    allChanged()
  }
}
