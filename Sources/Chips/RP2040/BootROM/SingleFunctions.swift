/// The boot ROM's trigonometry, exponential and logarithm in single precision: CORDIC in 32-bit fixed point.
///
/// The ROM's results differ from the nearest number in the last bits, and programs see those bits; so the
/// fixed-point formats, the order of the steps and the constants here are the ones that give the same
/// results (the tests compare with the vendor's ROM).
enum SingleFunctions {
  /// π, with 29 bits after the point.
  static let pi: Int32 = 0x6487_ED51

  /// One table entry: an angle with 29 bits after the point, and the shift that goes with it.
  struct Step { let shift: Int32, angle: Int32 }
  /// atan 2^-i. The tenth is one below the nearest.
  static let circular: [Step] = (0...12).map { i in Step(shift: Int32(i), angle: Int32((Series.arctangent(i) + 1 << 32) >> 33) - (i == 10 ? 1 : 0)) }
  /// artanh 2^-i, with the repetitions that convergence needs. The tenth is one above the nearest.
  static let hyperbolic: [Step] = [1, 1, 2, 3, 4, 4, 5, 6, 7, 8, 9, 10, 11, 12, 12].map { i in Step(shift: Int32(i), angle: Int32((Series.hyperbolicArctangent(i) + 1 << 32) >> 33) + (i == 10 ? 1 : 0)) }

  /// Turns (x, y) by the angle z.
  static func rotate(_ x: inout Int32, _ y: inout Int32, _ z: Int32, _ table: [Step], hyperbolic: Bool) {
    var z = z
    for step in table.dropLast() {
      let dx = x >> step.shift, dy = y >> step.shift
      let up = z >= 0
      y = up ? y &+ dx : y &- dx
      z = up ? z &- step.angle : z &+ step.angle
      x = up != hyperbolic ? x &- dy : x &+ dy
    }
    // What is left of the angle is small enough for a multiplication.
    z >>= 3
    let dx = ((x >> 14) &* z) >> 12, turned = (y >> 14) &* z
    let dy = (hyperbolic ? 0 &- turned : turned) >> 12
    x = x &- dy
    y = y &+ dx
  }
  /// Turns (x, y) until y is nothing; the angle that took, added to z.
  static func vector(_ x: inout Int32, _ y: inout Int32, _ z: Int32, _ table: [Step], hyperbolic: Bool) -> Int32 {
    var z = z
    for step in table.dropLast() {
      let dx = x >> step.shift, dy = y >> step.shift
      let down = y > 0
      y = down ? y &- dx : y &+ dx
      z = down ? z &+ step.angle : z &- step.angle
      x = down != hyperbolic ? x &+ dy : x &- dy
    }
    var dx = x >> table[table.count - 1].shift, angle = table[table.count - 1].angle
    repeat {
      let down = y > 0
      y = down ? y &- dx : y &+ dx
      z = down ? z &+ angle : z &- angle
      dx >>= 1
      angle >>= 1
    } while angle != 0
    return z
  }
  static func pack(_ value: Int32, exponent: Int32 = 0) -> Float {
    .packed(negative: value < 0, UInt64(value.magnitude), scale: Int(exponent) - 29, denormalRounding: true, signedZero: false)
  }

  /// floor(x × 2^point) in 32 bits, saturated.
  static func toFixed(_ x: Float, point: Int32) -> Int32 { Int32(clamping: Float.toFixed64(x, point: point)) }

  static func sineAndCosine(_ a: Float) -> (sine: Float, cosine: Float) {
    let turn = pi >> 4  // 2π, 24 bits after the point; π/2 with 26
    var r = toFixed(a, point: 24) % turn
    if r < 0 { r += turn }
    var z = r << 2
    var x: Int32 = 0x136E_9DB4, y: Int32 = 0  // the steps lengthen the vector by 1.6468
    while z >= turn {
      z &-= turn << 1
      x = -x
    }
    rotate(&x, &y, z << 3, circular, hyperbolic: false)
    y &+= 9  // so that the sine of 0 is 0
    let one: Int32 = 1 << 29
    return (pack(min(one, max(-one, y))), pack(min(one, max(-one, x))))
  }
  static func tangent(_ a: Float) -> Float {
    let (s, c) = sineAndCosine(a)
    return .divide(s, c)
  }
  static func exponential(_ a: Float) -> Float {
    let fixed = toFixed(a, point: 24)
    let power = ((((fixed >> 16) &* 5909) >> 19) &+ 1) >> 1  // 1/ln 2 has 12 bits after the point
    let rest = (fixed << 5) &- power &* 0x162E_42FF  // ln 2
    var x: Int32 = 0x2C9E_15CA, y: Int32 = 0
    rotate(&x, &y, rest, hyperbolic, hyperbolic: true)
    return pack(x &+ y, exponent: power)
  }
  static func logarithm(_ a: Float) -> Float {
    let v = a.flushed
    if v.isZero || v.sign == .minus { return -.infinity }
    if v.isInfinite { return .infinity }
    let scale: Int32 = 0x0593_C2B9
    var m = Int32(truncatingIfNeeded: (Int64(v.significandBitPattern | 1 << 23) * Int64(scale)) >> 21)
    let exponent = Int32(v.exponent)
    var half = exponent >> 1
    if exponent & 1 != 0 {
      half += 1
      m >>= 1
    }
    var x = m &+ scale << 2, y = m &- scale << 2
    let z = vector(&x, &y, 0, hyperbolic, hyperbolic: true)
    return pack((z &+ 8) >> 4 &- 0x0162_E430 &* -half, exponent: 5)  // ln 4, 24 bits after the point
  }
  static func arctangent(_ yArgument: Float, _ xArgument: Float) -> Float {
    func unpack(_ v: Float) -> (mantissa: Int32, exponent: Int32) {
      let f = v.flushed
      let m: Int32 = f.isFinite && !f.isZero ? Int32(f.significandBitPattern) | 1 << 23 : 1 << 23
      return (f.sign == .minus ? -m : m, f.isZero ? -380 : f.isInfinite ? 640 : Int32(f.exponent))
    }
    let py = unpack(yArgument), px = unpack(xArgument)
    var y = py.mantissa << 5, x = px.mantissa << 5
    /// The angle when y is nothing beside x.
    func level() -> Float { pack(x >= 0 ? y >> 31 : pi ^ y >> 31) }
    if (px.exponent + py.exponent) >> 9 + 1 < 0 { return level() }
    let ahead = px.exponent - py.exponent
    if ahead >= 28 { return level() }
    if ahead >= 0 { y >>= ahead } else { x >>= ahead <= -28 ? 31 : -ahead }
    var z: Int32 = 0
    if x < 0 {
      x = 0 &- x
      y = 0 &- y
      z = pi
    }
    z = vector(&x, &y, z, circular, hyperbolic: false)
    // Beyond π (as a number without sign, so not the fourth quadrant): a turn less.
    let wrapped = UInt32(bitPattern: z).addingReportingOverflow(UInt32(bitPattern: pi)).overflow
    if !wrapped && z &- pi >= 0 { z = z &- pi &- pi }
    return pack(z &- 1)
  }
}

/// The CORDIC's angles, by their series, with 62 bits after the point.
enum Series {
  private static let one: Int128 = 1 << 100
  private static func rounded(_ v: Int128) -> Int64 { Int64((v + 1 << 37) >> 38) }
  /// atan 2^-i.
  static func arctangent(_ i: Int) -> Int64 {
    if i == 0 { return rounded(2 * quarterPi) }
    return rounded(sum(i, alternating: true))
  }
  /// artanh 2^-i, i > 0.
  static func hyperbolicArctangent(_ i: Int) -> Int64 { rounded(sum(i, alternating: false)) }
  /// ln(1 + 2^-i) = 2 artanh(1 / (2^(i+1) + 1)).
  static func logarithm(_ i: Int) -> Int64 {
    let d: Int128 = 1 << Int128(i + 1) + 1
    var power = one / d, total = power, k: Int128 = 1
    while power != 0 {
      power = power / d / d
      k += 2
      total += power / k
    }
    return rounded(2 * total)
  }
  /// Half of π/4: atan 1/2 + atan 1/3 = π/4.
  private static let quarterPi: Int128 = {
    var third = one / 3, total = third, k: Int128 = 1, sign: Int128 = -1
    while third != 0 {
      third /= 9
      k += 2
      total += sign * (third / k)
      sign = -sign
    }
    return (sum(1, alternating: true) + total) / 2
  }()
  private static func sum(_ i: Int, alternating: Bool) -> Int128 {
    var power = one >> Int128(i), total = power, k: Int128 = 1, sign: Int128 = alternating ? -1 : 1
    while power != 0 {
      power >>= Int128(2 * i)
      k += 2
      total += sign * (power / k)
      if alternating { sign = -sign }
    }
    return total
  }
}
