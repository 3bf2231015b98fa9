/// Exponentials and logarithms in plain arithmetic, so that every host gives the same bits.
enum Arithmetic {
  private static let ln2 = 0.693147180559945309417

  /// e to the power of `x`.
  static func exp(_ x: Double) -> Double {
    guard x.isFinite, abs(x) < 700 else { return x > 0 ? .greatestFiniteMagnitude : 0 }
    let k = (x / ln2).rounded(), r = x - k * ln2
    var term = 1.0, sum = 1.0
    for n in 1...16 {
      term *= r / Double(n)
      sum += term
    }
    return Double(sign: .plus, exponent: Int(k), significand: sum)
  }
  /// The natural logarithm; of 0 and less, that of the least number.
  static func log(_ x: Double) -> Double {
    let x = x.isFinite ? max(x, .leastNormalMagnitude) : .greatestFiniteMagnitude
    var m = x.significand, e = Double(x.exponent)
    if m > 1.4142135623730951 {
      m /= 2
      e += 1
    }
    let s = (m - 1) / (m + 1), s2 = s * s
    var term = s, sum = s
    for n in stride(from: 3, through: 27, by: 2) {
      term *= s2
      sum += term / Double(n)
    }
    return e * ln2 + 2 * sum
  }
  static func power(_ x: Double, _ y: Double) -> Double { x <= 0 ? 0 : exp(y * log(x)) }
  /// The whole number in `range` for which `value` comes nearest to `target`; `value` grows all the way, or falls.
  static func solve(_ target: Double, in range: ClosedRange<Int>, _ value: (Int) -> Double) -> Int {
    var low = range.lowerBound, high = range.upperBound
    let grows = value(high) >= value(low)
    while high - low > 1 {
      let middle = low + (high - low) / 2
      if (value(middle) <= target) == grows { low = middle } else { high = middle }
    }
    return abs(value(low) - target) <= abs(value(high) - target) ? low : high
  }
}
