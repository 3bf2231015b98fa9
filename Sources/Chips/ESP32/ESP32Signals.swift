/// Names of the signals of the ESP32's GPIO matrix (TRM table 4-2).
enum ESP32Signals {
  private static let spi = ["CLK", "Q", "D", "HD", "WP", "CS0", "CS1", "CS2"], hspi = ["CLK", "Q", "D", "CS0", "HD", "WP"]
  private static let i2s = ["I2S0O_BCK", "I2S1O_BCK", "I2S0O_WS", "I2S1O_WS", "I2S0I_BCK", "I2S0I_WS"]
  private static let counter = ["SIG_CH0", "SIG_CH1", "CTRL_CH0", "CTRL_CH1"]

  /// What a pad shows.
  static func output(_ n: Int) -> String {
    switch n {
    case 14...18: ["U0TXD", "U0RTS", "U0DTR", "U1TXD", "U1RTS"][n - 14]
    case 32...37: "PWM0_OUT" + ["0A", "0B", "1A", "1B", "2A", "2B"][n - 32]
    case 71...78: "LEDC_HS_SIG_OUT\(n - 71)"
    case 79...86: "LEDC_LS_SIG_OUT\(n - 79)"
    case 87...94: "RMT_SIG_OUT\(n - 87)"
    case 100...107: "GPIO_SD\(n - 100)_OUT"
    case 108...113: "PWM1_OUT" + ["0A", "0B", "1A", "1B", "2A", "2B"][n - 108]
    case 123: "TWAI_TX"
    case 140...163: "I2S0O_DATA_OUT\(n - 140)"
    case 166...189: "I2S1O_DATA_OUT\(n - 166)"
    case 198: "U2TXD"
    case 199: "U2RTS"
    default: both(n) ?? "signal \(n) out"
    }
  }
  /// What is heard from a pad.
  static func input(_ n: Int) -> String {
    switch n {
    case 14...18: ["U0RXD", "U0CTS", "U0DSR", "U1RXD", "U1CTS"][n - 14]
    case 31...36: "PWM0_" + ["SYNC0", "SYNC1", "SYNC2", "F0", "F1", "F2"][n - 31]
    case 39...58: "PCNT_\(counter[(n - 39) % 4])_IN\((n - 39) / 4)"
    case 71...82: "PCNT_\(counter[(n - 71) % 4])_IN\((n - 71) / 4 + 5)"
    case 83...90: "RMT_SIG_IN\(n - 83)"
    case 94: "TWAI_RX"
    case 103...108: "PWM1_" + ["SYNC0", "SYNC1", "SYNC2", "F0", "F1", "F2"][n - 103]
    case 109...114: "PWM\((n - 109) / 3)_CAP\((n - 109) % 3)"
    case 140...155: "I2S0I_DATA_IN\(n - 140)"
    case 166...181: "I2S1I_DATA_IN\(n - 166)"
    case 198: "U2RXD"
    case 199: "U2CTS"
    default: both(n) ?? "signal \(n) in"
    }
  }
  private static func both(_ n: Int) -> String? {
    switch n {
    case 0...7: "SPI\(spi[n])"
    case 8...13: "HSPI\(hspi[n - 8])"
    case 23...28: i2s[n - 23]
    case 29, 30: "I2CEXT0_\(n == 29 ? "SCL" : "SDA")"
    case 61, 62: "HSPICS\(n - 60)"
    case 63...70: "VSPI\(spi[n - 63])"
    case 95, 96: "I2CEXT1_\(n == 95 ? "SCL" : "SDA")"
    case 164: "I2S1I_BCK"
    case 165: "I2S1I_WS"
    default: nil
    }
  }
}
