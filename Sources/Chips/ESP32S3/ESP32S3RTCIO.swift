import Machine

/// ESP32-S3 TRM §6.9: RTC_IO: GPIO0 to GPIO21 as the RTC may have them. A pad that it does not have has its pulls in IO_MUX.
public class ESP32S3RTCIO: RegisterDevice, RegisterNaming, ESPRTCPads {
  public enum Register: UInt32, CaseIterable, Sendable {
    case out = 0x00, outW1ts = 0x04, outW1tc = 0x08, enable = 0x0C, enableW1ts = 0x10, enableW1tc = 0x14, status = 0x18, statusW1ts = 0x1C, statusW1tc = 0x20, `in` = 0x24, pin0 = 0x28
    case debugSel = 0x80, touchPad0 = 0x84, extWakeup0 = 0xDC, xtlExtCtr = 0xE0, sarI2cIo = 0xE4, touchCtrl = 0xE8, date = 0x1FC
  }
  static let count = 22
  static let map = RegisterMap<ESP32S3RTCIO> { r in
    for x in [Register.out, .enable, .status] {
      let runs = x != .status
      r[x].bits(10...31).onWrite { d, _ in if runs { d.allChanged() } }
      r[Register(rawValue: x.rawValue + 4)!].onWrite { d, v in
        d[x] |= v & 0xFFFF_FC00
        if runs { d.allChanged() }
      }
      r[Register(rawValue: x.rawValue + 8)!].onWrite { d, v in
        d[x] &= ~v
        if runs { d.allChanged() }
      }
    }
    r[.in].onRead { d in (0..<count).reduce(UInt32(0)) { d.level($1) ? $0 | 1 << UInt32($1 + 10) : $0 } }
    r[.pin0, count: count].bits(0...10)
    r[.debugSel].bits(0...25)
    r[.touchPad0, count: count].bits(0...31).reset(0x4000_0000).onWrite { d, n, _ in d.onChange(n) }
    r[.extWakeup0].bits(27...31)
    r[.xtlExtCtr].bits(27...31)
    r[.sarI2cIo].bits(23...31)
    r[.touchCtrl].bits(0...4)
    r[.date].bits(0...27).reset(0x210_1180)
  }
  var onChange: (Int) -> Void = { _ in }
  var level: (Int) -> Bool = { _ in false }
  /// Whether RTC_CNTL holds a pad.
  var held: (Int) -> Bool = { _ in false }
  init(chip: String = "ESP32S3", arena: StateArena) { super.init(Self.map, name: "\(chip).RTC_IO", arena: arena) }
  final func word(_ n: Int) -> UInt32 { n < Self.count ? self[.touchPad0, n] : 0 }
  /// All pads again: a hold has changed.
  func allChanged() { for n in 0..<49 { onChange(n) } }
  func hasPad(_ n: Int) -> Bool { word(n)[bit: 19] }
  func inputEnabled(_ n: Int) -> Bool { word(n)[bit: 13] }
  func output(_ n: Int) -> (out: Bool, enable: Bool)? { hasPad(n) ? (self[.out][bit: n + 10], self[.enable][bit: n + 10]) : nil }
  func pull(_ n: Int) -> Drive? { hasPad(n) ? word(n)[bit: 27] ? .pullUp : word(n)[bit: 28] ? .pullDown : Drive.none : nil }
  func isHeld(_ n: Int) -> Bool { held(n) }
  func dac(_ n: Int) -> UInt8? { nil }
  public override func reset() {
    super.reset()
    allChanged()
  }
}
