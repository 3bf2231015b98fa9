/// The boot ROM's trigonometry, exponential and logarithm in double precision: 32 CORDIC steps in 64-bit fixed
/// point with 62 bits after the point, then one multiplication for what is left (see `SingleFunctions`).
enum DoubleFunctions {
  private static let angles: [Int64] = (0...32).map { Series.arctangent($0) }
  private static let logarithms: [Int64] = (0...32).map { $0 == 0 ? 0 : Series.logarithm($0) }
  private static let ln2: Int64 = 0x2C5C_85FD_F473_DE6B, halfPi: Int64 = 0x6487_ED51_10B4_611A

  private static func pack(_ value: Int64, point: Int32) -> Double { .fixed(value, point: point, denormalRounding: false, signedZero: true) }
  /// The bit that is shifted out last.
  private static func carry(_ v: Int64, _ shift: Int) -> Int64 { v >> Int64(shift - 1) & 1 }

  /// 53 bits with sign, and the exponent; a zero or an infinity is ±1 with an exponent beyond all others.
  private static func unpack(_ a: Double) -> (mantissa: Int64, exponent: Int) {
    let f = a.flushed
    let m: Int64 = f.isFinite && !f.isZero ? Int64(f.significandBitPattern) | 1 << 52 : 1 << 52
    return (f.sign == .minus ? -m : m, f.isZero ? -100_000 : f.isInfinite ? 100_000 : Int(f.exponent))
  }
  /// What is left of the argument after the nearest multiple of `divisor`, and that multiple.
  /// - Parameter reciprocal: of the divisor, 15 bits after the point.
  private static func reduce(_ mantissa: Int64, _ exponent: Int, by divisor: Int64, reciprocal: Int32) -> (rest: Int64, quotient: Int32) {
    if exponent + 2 < 0 {
      let shift = -(exponent + 2), m = mantissa << 8
      if shift > 64 { return (0, 0) }
      return ((shift == 64 ? m >> 63 : m >> Int64(shift)) &+ carry(m, shift), 0)
    }
    var m = mantissa, e = exponent + 2
    if e >= 12 {
      e = 12
      m = mantissa < 0 ? -(1 << 52) : 1 << 52
    }
    let coarse = Int32(truncatingIfNeeded: m >> 32) >> Int32(17 - e) &* reciprocal
    let q = coarse >> 20 &+ coarse >> 19 & 1
    // In pieces of 21 bits, each product in 32 bits.
    let low = Int64(Int32(divisor & 0x1F_FFFF) &* q), middle = Int64(Int32(divisor >> 21 & 0x1F_FFFF) &* q), high = Int64(Int32(divisor >> 42) &* q)
    return (m << Int64(e + 8) &- (low &+ middle << 21 &+ high << 42), q)
  }
  private static func step(_ x: inout Int64, _ y: inout Int64, _ i: Int, up: Bool) {
    let dx = x >> Int64(i), dy = y >> Int64(i), cx = carry(x, i), cy = carry(y, i)
    if up {
      y = y &+ dx &+ cx
      x = x &- dy &- (1 - cy)
    } else {
      x = x &+ dy &+ cy
      y = y &- dx &- (1 - cx)
    }
  }

  static func sineAndCosine(_ a: Double) -> (sine: Double, cosine: Double) {
    let (m, e) = unpack(a)
    var (angle, q) = reduce(m, e, by: halfPi, reciprocal: 0x517D)
    let length: Int64 = 0x36F6_56C5_9DF0_4DBB  // the steps lengthen the vector by its reciprocal
    let start = q & 2 != 0 ? -length : length
    q &= 1
    var x = q == 0 ? start : 0, y = q == 0 ? 0 : start
    for i in 1...32 {
      let up = angle >= 0
      angle = up ? angle &- angles[i] : angle &+ angles[i]
      step(&x, &y, i, up: up)
    }
    let rest = Int64(Int32(truncatingIfNeeded: angle))
    let byY = rest &* (y >> 32), byX = rest &* (x >> 32)
    return (pack(y &+ byX >> 30 &+ carry(byX, 30), point: 62), pack(x &- byY >> 30 &- (1 - carry(byY, 30)), point: 62))
  }
  static func tangent(_ a: Double) -> Double {
    let (s, c) = sineAndCosine(a)
    return .divide(s, c)
  }

  static func arctangent(_ yArgument: Double, _ xArgument: Double) -> Double {
    func high(_ v: Double) -> Int32 { Int32(truncatingIfNeeded: v.bitPattern >> 32) }
    var y = yArgument.flushed, x = xArgument.flushed
    var quadrant = 0
    if x.sign == .minus {
      x = -x
      y = -y
      quadrant = y.sign == .minus ? 2 : -2
    }
    // Into the eighth around 0; the upper words decide.
    if y.sign == .plus {
      if high(y) > high(x) {
        quadrant += 1
        (x, y) = (-y, x)
      }
    } else if high(x) < high(-y) {
      quadrant -= 1
      (x, y) = (y, -x)
    }
    var angle: Int64 = 0
    if !(x.isZero || x.isInfinite && !y.isInfinite) {
      if x.isInfinite && y.isInfinite {
        // Both just finite; their quotient is ±1.
        x = Double(bitPattern: x.bitPattern - 1 << 32)
        y = Double(bitPattern: y.bitPattern - 1 << 32)
      }
      var v = Double.toFixed64(.divide(y, x), point: 62), u: Int64 = 1 << 62
      for i in 1...32 {
        let down = v >= 0
        angle = down ? angle &+ angles[i] : angle &- angles[i]
        step(&u, &v, i, up: !down)
      }
      // What is left is divided, bit by bit; the bits shifted out of the divisor round.
      var divisor = UInt32(truncatingIfNeeded: u >> 32) &- 12, rest = Int32(truncatingIfNeeded: v)
      var bit: Int64 = 1 << 29
      while bit != 0 {
        let c = Int32(divisor & 1)
        divisor >>= 1
        let d = Int32(bitPattern: divisor)
        if rest >= 0 {
          rest = rest &- d &- (1 - c)
          angle &+= bit
        } else {
          rest = rest &+ d &+ c
          angle &-= bit
        }
        bit >>= 1
      }
      angle >>= 1
    }
    if quadrant != 0 {
      let quarter = quadrant < 0 ? ~(halfPi >> 1) : halfPi >> 1
      angle = angle &+ (quadrant & 1 == 0 ? quarter &+ quarter : quarter)
    }
    return pack(angle, point: 61)
  }

  static func exponential(_ a: Double) -> Double {
    let (m, e) = unpack(a)
    var (rest, q) = reduce(m, e, by: ln2, reciprocal: 0xB8AA)
    if rest < 0 {
      rest = rest &+ ln2
      q &-= 1
    }
    var x: Int64 = 1 << 62
    for i in 1...32 where rest &- logarithms[i] >= 0 {
      rest = rest &- logarithms[i]
      x = x &+ x >> Int64(i) &+ carry(x, i)
    }
    let product = Int64(Int32(truncatingIfNeeded: rest)) &* Int64(UInt32(truncatingIfNeeded: x >> 32))
    return pack(x &+ product >> 30, point: 62 &- q)
  }
  static func logarithm(_ a: Double) -> Double {
    let v = a.flushed
    if v.sign == .minus || v.isZero { return -.infinity }
    if v.isInfinite { return .infinity }
    var x = Int64(v.significandBitPattern | 1 << 52) << 9, y: Int64 = 0
    for i in 1...32 {
      let t = x &+ x >> Int64(i) &+ carry(x, i)
      if UInt64(bitPattern: t) >> 62 == 0 {
        x = t
        y = y &- logarithms[i]
      }
    }
    y = y &+ (x << 2) >> 2  // x is nearly 1: its logarithm is x - 1
    var total = Int128(y) + Int128(ln2) * Int128(v.exponent + 1)
    var point: Int32 = 62
    while total != Int128(Int64(truncatingIfNeeded: total)) {
      total >>= 4
      point -= 4
    }
    return pack(Int64(total), point: point)
  }
}
