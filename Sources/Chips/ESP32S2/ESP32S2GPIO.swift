import Machine

/// ESP32-S2 TRM chapter 5: GPIO with its matrix and IO_MUX, for 43 pads of GPIO0 to GPIO46; its registers are the ESP32-S3's.
public final class ESP32S2GPIO: ESPGPIO, RegisterNaming {
  public typealias Register = ESP32S3GPIO.Register
  private static let esp32s2 = Layout(
    // GPIO46, GPIO0 and GPIO45 are straps; GPIO46 only listens.
    chip: "ESP32S2", count: 54, exists: 0x7FFF_FC3F_FFFF, listenOnly: 46, pin0: 0x74, inSel: 0x154, outSel: 0x554, interrupt: [0, 0], nmi: [1, 1], straps: [-1, -1, 46, 0, 45])
  static let map = RegisterMap<ESP32S2GPIO> { r in
    declare(r, esp32s2)
    ESP32S3GPIO.declareRest(r, date: 0x190_5061)
  }
  init(arena: StateArena, mux: ESP32IOMux, rtc: ESP32S3RTCIO) { super.init(Self.map, layout: Self.esp32s2, arena: arena, mux: mux, rtc: rtc) }
  override func outputName(_ signal: Int) -> String { Self.name(signal, out: true) }
  override func inputName(_ signal: Int) -> String { Self.name(signal, out: false) }
  /// Of the signals that are modelled (§5.11).
  private static func name(_ n: Int, out: Bool) -> String {
    switch n {
    case 14...18: "U\((n - 14) / 3)" + (out ? ["TXD", "RTS", "DTR"] : ["RXD", "CTS", "DSR"])[(n - 14) % 3]
    case 29, 30: "I2CEXT0_\(n == 29 ? "SCL" : "SDA")"
    case 72...78: "SPI3_" + ["CLK", "Q", "D", "HD", "CS0", "CS1", "CS2"][n - 72]
    case 79...86 where out: "LEDC_LS_SIG_OUT\(n - 79)"
    case 83...86: "RMT_SIG_IN\(n - 83)"
    case 87...90: "RMT_SIG_OUT\(n - 87)"
    case 95, 96: "I2CEXT1_\(n == 95 ? "SCL" : "SDA")"
    case 108...112: "FSPI" + ["CLK", "Q", "D", "HD", "WP"][n - 108]
    case 117...122: "FSPICS\(n - 117)"
    default: "signal \(n) \(out ? "out" : "in")"
    }
  }
}

extension ESP32IOMux {
  /// Function 1 of a pad is the matrix's, and so is function 0 but for the pads of the flash, of JTAG and of the console; functions 2 and 4 lead to SPI2.
  static let esp32s2 = Table(
    chip: "ESP32S2", offsets: (0..<54).map { 4 + UInt32($0) * 4 },
    // Inputs are on; the lines of the console, the flash and GPIO0 are pulled up, GPIO45 and GPIO46 down.
    resets: (0..<54).map { n in
      switch n {
      case 0, 26...32, 39, 43, 44: 0xB00
      case 45, 46: 0xA80
      default: 0xA00
      }
    },
    directOut: [
      43: [0: 14], 15: [2: 15], 17: [2: 17], 19: [2: 18], 10: [4: 117], 11: [4: 110], 12: [4: 108], 13: [4: 109], 34: [2: 117], 35: [2: 110], 36: [2: 108], 37: [2: 109],
      26: [0: 6], 27: [0: 2], 28: [0: 3], 29: [0: 5], 30: [0: 4], 31: [0: 0], 32: [0: 1],
    ],
    directIn: [44: [0: 14], 16: [2: 15], 18: [2: 17], 20: [2: 18], 10: [4: 117], 11: [4: 110], 12: [4: 108], 13: [4: 109], 34: [2: 117], 35: [2: 110], 36: [2: 108], 37: [2: 109]],
    pinCtrl: 0x7FF, bits: 0xFFFF)
}

/// ESP32-S2 TRM §5.9: RTC_IO: the ESP32-S3's, whose GPIO17 and GPIO18 have a DAC each.
final class ESP32S2RTCIO: ESP32S3RTCIO {
  init(arena: StateArena) { super.init(chip: "ESP32S2", arena: arena) }
  override func dac(_ n: Int) -> UInt8? {
    guard n == 17 || n == 18 else { return nil }
    let w = word(n)
    return w[bit: 11] && w[bit: 12] ? UInt8(w[bits: 3...10]) : nil
  }
}
