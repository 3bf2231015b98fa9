/// The DMA's checksum unit (RP2040 datasheet §2.5.5.2).
enum DMASniffer {
  /// The accumulator after `size` bytes of `data`, in the mode of SNIFF_CTRL.CALC.
  static func next(_ sum: UInt32, data: UInt32, size: Int, calc: UInt32) -> UInt32 {
    switch calc {
    case 0xE: return sum ^ (UInt32(truncatingIfNeeded: data.nonzeroBitCount) & 1)
    case 0xF: return sum &+ data
    case 0...3: break
    default: return sum
    }
    var sum = sum
    for k in 0..<size {
      var byte = UInt8(truncatingIfNeeded: data >> UInt32(8 * k))
      if calc & 1 != 0 {
        var reversed: UInt8 = 0
        for bit in 0..<8 where byte & (1 << UInt8(bit)) != 0 { reversed |= 0x80 >> UInt8(bit) }
        byte = reversed
      }
      if calc < 2 {
        sum ^= UInt32(byte) << 24
        for _ in 0..<8 { sum = sum & 0x8000_0000 != 0 ? sum << 1 ^ 0x04C1_1DB7 : sum << 1 }
      } else {
        sum ^= UInt32(byte) << 8
        for _ in 0..<8 { sum = (sum & 0x8000 != 0 ? sum << 1 ^ 0x1021 : sum << 1) & 0xFFFF }
      }
    }
    return sum
  }
}
