/// Rounding and range of the boot ROM's numbers: to nearest, ties to even, and nothing denormal: an operand
/// that is denormal counts as zero, one that is no number counts as infinity, a result below the smallest
/// normal number is zero (RP2040 datasheet §2.8.3.2).
protocol ROMNumber: BinaryFloatingPoint, Sendable where RawSignificand: FixedWidthInteger {
  static var largest: Int { get }
}
extension Float: ROMNumber { static var largest: Int { 127 } }
extension Double: ROMNumber { static var largest: Int { 1023 } }

extension ROMNumber {
  /// An operand as the ROM reads it.
  var flushed: Self {
    if exponentBitPattern == 0 { return Self(signOf: self, magnitudeOf: 0) }
    if !isFinite { return Self(sign: sign, exponentBitPattern: exponentBitPattern, significandBitPattern: 0) }
    return self
  }
  /// A result as the ROM writes it.
  var flushedResult: Self { isSubnormal ? Self(signOf: self, magnitudeOf: 0) : self }

  static func add(_ a: Self, _ b: Self) -> Self {
    let x = a.flushed, y = b.flushed
    if x.isInfinite && y.isInfinite && x.sign != y.sign { return .infinity }
    return (x + y).flushedResult
  }
  static func multiply(_ a: Self, _ b: Self) -> Self {
    let x = a.flushed, y = b.flushed
    let negative = (x.sign == .minus) != (y.sign == .minus)
    if x.isInfinite || y.isInfinite { return negative ? -.infinity : .infinity }
    return (x * y).flushedResult
  }
  static func divide(_ a: Self, _ b: Self) -> Self {
    let x = a.flushed, y = b.flushed
    let negative = (x.sign == .minus) != (y.sign == .minus)
    let infinity: Self = negative ? -.infinity : .infinity, zero: Self = negative ? -0.0 : 0
    if y.isZero || x.isInfinite { return infinity }
    if x.isZero || y.isInfinite { return zero }
    let q = x / y
    if q.isSubnormal { return zero }
    if q.magnitude == leastNormalMagnitude {
      // Rounded up to it by the denormals' spacing? The ROM decides by the quotient itself.
      let scale = Self(sign: .plus, exponent: 64, significand: 1)
      if ((x * scale) / y).magnitude < leastNormalMagnitude * scale { return zero }
    }
    return q
  }
  static func squareRoot(_ a: Self) -> Self {
    let x = a.flushed
    if x.isZero { return x }
    return x.sign == .minus ? -.infinity : x.isInfinite ? x : x.squareRoot()
  }

  /// magnitude × 2^scale with a sign. `denormalRounding`: a value that rounds up to the smallest normal
  /// number on the denormals' grid gives that number.
  static func packed(negative: Bool, _ magnitude: UInt64, scale: Int, denormalRounding: Bool, signedZero: Bool) -> Self {
    if magnitude == 0 { return 0 }
    let length = 64 - magnitude.leadingZeroBitCount
    let width = significandBitCount + 1
    var exponent = scale + length - 1  // of the leading one
    let zero: Self = signedZero && negative ? -0.0 : 0
    if exponent < 1 - largest {
      // All ones down to half a step below the smallest normal number?
      let top = length > width ? magnitude >> UInt64(length - width) : magnitude << UInt64(width - length)
      let ones = top &+ 1 == 1 << UInt64(width)
      guard denormalRounding && exponent == -largest && ones else { return zero }
      return negative ? -leastNormalMagnitude : leastNormalMagnitude
    }
    var m = magnitude
    if length > width {
      let drop = UInt64(length - width)
      let half = 1 << (drop - 1) as UInt64, rest = m & (half << 1 - 1)
      m >>= drop
      if rest > half || (rest == half && m & 1 == 1) { m += 1 }
      if m >> UInt64(width) != 0 {
        m >>= 1
        exponent += 1
      }
    } else {
      m <<= UInt64(width - length)
    }
    if exponent > largest { return negative ? -.infinity : .infinity }
    let significand = RawSignificand(truncatingIfNeeded: m) & (1 << RawSignificand(significandBitCount) - 1)
    return Self(sign: negative ? .minus : .plus, exponentBitPattern: RawExponent(exponent + largest), significandBitPattern: significand)
  }
  /// value × 2^-point.
  static func fixed(_ value: Int64, point: Int32, denormalRounding: Bool, signedZero: Bool) -> Self {
    packed(negative: value < 0, value.magnitude, scale: -Int(point), denormalRounding: denormalRounding, signedZero: signedZero)
  }
  static func fixed(unsigned value: UInt64, point: Int32, denormalRounding: Bool) -> Self {
    packed(negative: false, value, scale: -Int(point), denormalRounding: denormalRounding, signedZero: false)
  }

  /// floor(x × 2^point), held to Int64.
  static func toFixed64(_ a: Self, point: Int32) -> Int64 {
    let x = a.flushed
    if x.isZero { return 0 }
    if x.isInfinite { return x.sign == .minus ? .min : .max }
    let m = Int64(x.significandBitPattern) | 1 << Int64(significandBitCount), signed = x.sign == .minus ? -m : m
    let shift = Int(x.exponent) + Int(point) - significandBitCount
    if shift >= 63 - significandBitCount { return signed < 0 ? .min : .max }
    if shift >= 0 { return signed << Int64(shift) }
    return signed >> Int64(min(63, -shift))
  }
  /// floor(x × 2^point), held to UInt64; negative gives 0.
  static func toFixedUnsigned64(_ a: Self, point: Int32) -> UInt64 {
    let x = a.flushed
    if x.sign == .minus || x.isZero { return 0 }
    if x.isInfinite { return .max }
    let m = UInt64(x.significandBitPattern) | 1 << UInt64(significandBitCount)
    let shift = Int(x.exponent) + Int(point) - significandBitCount
    if shift > 63 - significandBitCount { return .max }
    return shift >= 0 ? m << UInt64(shift) : -shift > 63 ? 0 : m >> UInt64(-shift)
  }
  /// -1, 0 or 1.
  static func compare(_ a: Self, _ b: Self) -> Int32 { a < b ? -1 : a > b ? 1 : 0 }
}
