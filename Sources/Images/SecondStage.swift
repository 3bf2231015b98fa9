/// The second stage of an RP2040 program: the first 256 bytes of flash, the last four a checksum (RP2040 datasheet §2.8.1.3.1).
public enum SecondStage {
  public static let size = 256
  /// Whether the boot ROM would start these 256 bytes: CRC-32 with polynomial 0x04C11DB7, ones at first, nothing reflected.
  public static func isValid(_ bytes: some Collection<UInt8>) -> Bool {
    guard bytes.count == size else { return false }
    var crc: UInt32 = .max
    for byte in bytes.dropLast(4) {
      crc ^= UInt32(byte) << 24
      for _ in 0..<8 { crc = crc >> 31 == 0 ? crc << 1 : crc << 1 ^ 0x04C1_1DB7 }
    }
    return bytes.suffix(4).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) } == crc
  }
}
