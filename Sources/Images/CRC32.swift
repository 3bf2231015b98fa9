/// The two directions of CRC-32 that firmware containers use; both start from all ones and are not inverted at the end.
public enum CRC32 {
  /// Most significant bit first: the RP2040's second-stage check (datasheet §2.8.1.3.1).
  public static func forward(_ bytes: some Sequence<UInt8>) -> UInt32 {
    var crc: UInt32 = 0xffff_ffff
    for byte in bytes {
      crc ^= UInt32(byte) << 24
      for _ in 0..<8 { crc = crc & 0x8000_0000 != 0 ? crc << 1 ^ 0x04c1_1db7 : crc << 1 }
    }
    return crc
  }

  private static let reflectedTable: [UInt32] = (0..<256).map { index in
    var crc = UInt32(index)
    for _ in 0..<8 { crc = crc & 1 != 0 ? crc >> 1 ^ 0xedb8_8320 : crc >> 1 }
    return crc
  }

  /// Least significant bit first: DFU suffixes, littlefs.
  public static func reflected(_ bytes: some Sequence<UInt8>) -> UInt32 {
    var crc: UInt32 = 0xffff_ffff
    for byte in bytes { crc = crc >> 8 ^ reflectedTable[Int((crc ^ UInt32(byte)) & 0xff)] }
    return crc
  }
}
