/// The chips that an image can be for, as far as an image says it.
public enum ChipFamily: String, Sendable, CaseIterable {
  case rp2040 = "RP2040"
  case rp2350 = "RP2350"
  case nrf51 = "nRF51"
  case nrf52 = "nRF52"
  case stm32 = "STM32"
  case stm32f0 = "STM32F0"
  case stm32l0 = "STM32L0"
  case stm32g0 = "STM32G0"
  case samd21 = "SAMD21"
  case esp8266 = "ESP8266"
  case esp32 = "ESP32"
  case esp32s2 = "ESP32-S2"
  case esp32s3 = "ESP32-S3"
  case esp32c3 = "ESP32-C3"

  /// Whether an image for `other` may run on this chip; plain STM32 is all that an address tells.
  public func accepts(_ other: ChipFamily) -> Bool {
    self == other || (other == .stm32 && isSTM32) || (self == .stm32 && other.isSTM32)
  }

  var isSTM32: Bool { self == .stm32 || self == .stm32f0 || self == .stm32l0 || self == .stm32g0 }

  var isESP: Bool {
    switch self {
    case .esp8266, .esp32, .esp32s2, .esp32s3, .esp32c3: true
    default: false
    }
  }

  /// Where a raw binary of this chip is loaded.
  public var rawBase: UInt32 {
    switch self {
    case .rp2040, .rp2350: 0x1000_0000
    case .stm32, .stm32f0, .stm32l0, .stm32g0: 0x0800_0000
    default: 0
    }
  }

  /// The chip whose memory map has code at these addresses. Read as a whole: an nRF51 image also writes UICR at 0x100010c0.
  static func owning(_ segments: [Segment]) -> ChipFamily? {
    guard let lowest = segments.first?.address else { return nil }
    switch lowest {
    case 0..<0x0010_0000: return .nrf51
    case 0x0800_0000..<0x0900_0000: return .stm32
    case 0x1000_0000..<0x1100_0000, 0x1500_0000..<0x1500_4000, 0x2000_0000..<0x2004_2000: return .rp2040
    default: return nil
    }
  }
}
