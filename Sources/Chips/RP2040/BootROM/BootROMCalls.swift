import ARMv6M
import Machine

/// The float library of our own boot ROM (RP2040 datasheet §2.8.3.2): the calls 0 to 31 are the single
/// precision table, 32 to 63 the double precision one, both in the order of the data table entries SF and SD.
///
/// Arguments and results are in r0 to r3 as the procedure call standard has them; nothing else changes.
enum BootROMCalls {
  /// Serves one call; returns the cycles beyond the instruction's own.
  static func serve(_ number: UInt32, _ core: CortexM0) -> UInt32 {
    let r = core.registers
    guard number < 64 else { return 0 }
    let entry = Int(number & 31)
    if number < 32 { single(entry, r, core) } else { double(entry, r, core) }
    return UInt32(number < 32 ? singleCycles[entry] : doubleCycles[entry])
  }

  private static func single(_ entry: Int, _ r: UnsafeMutablePointer<UInt32>, _ core: CortexM0) {
    let bits = r[0], a = Float(bitPattern: bits), b = Float(bitPattern: r[1]), point = Int32(bitPattern: r[1])
    func give(_ v: Float) { r[0] = v.bitPattern }
    func give(_ v: UInt64) { r[0] = UInt32(truncatingIfNeeded: v); r[1] = UInt32(truncatingIfNeeded: v >> 32) }
    let long = UInt64(bits) | UInt64(r[1]) << 32, longPoint = Int32(bitPattern: r[2])
    switch entry {
    case 0: give(.add(a, b))
    case 1: give(.add(a, -b))
    case 2: give(.multiply(a, b))
    case 3: give(.divide(a, b))
    case 4, 5: compared(order(Int64(Int32(bitPattern: bits)), Int64(Int32(bitPattern: r[1])), bits << 1 | r[1] << 1 == 0), core)
    case 6: give(.squareRoot(a))
    case 7: r[0] = UInt32(bitPattern: SingleFunctions.toFixed(a, point: 0))
    case 8: r[0] = UInt32(bitPattern: SingleFunctions.toFixed(a, point: point))
    case 9: r[0] = UInt32(clamping: Float.toFixedUnsigned64(a, point: 0))
    case 10: r[0] = UInt32(clamping: Float.toFixedUnsigned64(a, point: point))
    case 11: give(.fixed(Int64(Int32(bitPattern: bits)), point: 0, denormalRounding: true, signedZero: false))
    case 12: give(.fixed(Int64(Int32(bitPattern: bits)), point: point, denormalRounding: true, signedZero: false))
    case 13: give(.fixed(unsigned: UInt64(bits), point: 0, denormalRounding: true))
    case 14: give(.fixed(unsigned: UInt64(bits), point: point, denormalRounding: true))
    case 15: give(SingleFunctions.sineAndCosine(a).cosine)
    case 16, 18:
      let (s, c) = SingleFunctions.sineAndCosine(a)
      give(s)
      r[1] = c.bitPattern
    case 17: give(SingleFunctions.tangent(a))
    case 19: give(SingleFunctions.exponential(a))
    case 20: give(SingleFunctions.logarithm(a))
    case 21: compared(Float.compare(a.flushed, b.flushed), core)
    case 22: give(SingleFunctions.arctangent(a, b))
    case 23: give(.fixed(Int64(bitPattern: long), point: 0, denormalRounding: true, signedZero: false))
    case 24: give(.fixed(Int64(bitPattern: long), point: longPoint, denormalRounding: true, signedZero: false))
    case 25: give(.fixed(unsigned: long, point: 0, denormalRounding: true))
    case 26: give(.fixed(unsigned: long, point: longPoint, denormalRounding: true))
    case 27: give(UInt64(bitPattern: Float.toFixed64(a, point: 0)))
    case 28: give(UInt64(bitPattern: Float.toFixed64(a, point: point)))
    case 29: give(Float.toFixedUnsigned64(a, point: 0))
    case 30: give(Float.toFixedUnsigned64(a, point: point))
    default: give(Double(a.flushed).bitPattern)
    }
  }
  private static func double(_ entry: Int, _ r: UnsafeMutablePointer<UInt32>, _ core: CortexM0) {
    let long = UInt64(r[0]) | UInt64(r[1]) << 32, second = UInt64(r[2]) | UInt64(r[3]) << 32
    let a = Double(bitPattern: long), b = Double(bitPattern: second), point = Int32(bitPattern: r[2])
    func give(_ v: UInt64) { r[0] = UInt32(truncatingIfNeeded: v); r[1] = UInt32(truncatingIfNeeded: v >> 32) }
    func give(_ v: Double) { give(v.bitPattern) }
    func fixed(_ v: Int64, _ point: Int32) { give(Double.fixed(v, point: point, denormalRounding: false, signedZero: true)) }
    func fixed(unsigned v: UInt64, _ point: Int32) { give(Double.fixed(unsigned: v, point: point, denormalRounding: false)) }
    func high(_ v: UInt64) { r[0] = UInt32(truncatingIfNeeded: v >> 32) }
    let wordPoint = Int32(bitPattern: r[1])
    switch entry {
    case 0: give(.add(a, b))
    case 1: give(.add(a, -b))
    case 2: give(.multiply(a, b))
    case 3: give(.divide(a, b))
    case 4, 5: compared(order(Int64(bitPattern: long), Int64(bitPattern: second), long << 1 | second << 1 == 0), core)
    case 6: give(.squareRoot(a))
    case 7: high(UInt64(bitPattern: Double.toFixed64(a, point: 32)))
    case 8: high(UInt64(bitPattern: Double.toFixed64(a, point: point &+ 32)))
    case 9: high(Double.toFixedUnsigned64(a, point: 32))
    case 10: high(Double.toFixedUnsigned64(a, point: point &+ 32))
    case 11: fixed(Int64(Int32(bitPattern: r[0])), 0)
    case 12: fixed(Int64(Int32(bitPattern: r[0])), wordPoint)
    case 13: fixed(unsigned: UInt64(r[0]), 0)
    case 14: fixed(unsigned: UInt64(r[0]), wordPoint)
    case 15: give(DoubleFunctions.sineAndCosine(a).cosine)
    case 16: give(DoubleFunctions.sineAndCosine(a).sine)
    case 17: give(DoubleFunctions.tangent(a))
    case 18:
      let (s, c) = DoubleFunctions.sineAndCosine(a)
      give(s)
      r[2] = UInt32(truncatingIfNeeded: c.bitPattern)
      r[3] = UInt32(truncatingIfNeeded: c.bitPattern >> 32)
    case 19: give(DoubleFunctions.exponential(a))
    case 20: give(DoubleFunctions.logarithm(a))
    case 21: compared(Double.compare(a.flushed, b.flushed), core)
    case 22: give(DoubleFunctions.arctangent(a, b))
    case 23: fixed(Int64(bitPattern: long), 0)
    case 24: fixed(Int64(bitPattern: long), point)
    case 25: fixed(unsigned: long, 0)
    case 26: fixed(unsigned: long, point)
    case 27: give(UInt64(bitPattern: Double.toFixed64(a, point: 0)))
    case 28: give(UInt64(bitPattern: Double.toFixed64(a, point: point)))
    case 29: give(Double.toFixedUnsigned64(a, point: 0))
    case 30: give(Double.toFixedUnsigned64(a, point: point))
    default: r[0] = Float(a.flushed).flushedResult.bitPattern
    }
  }

  /// The fast comparison goes by the bits: numbers that are none, and denormals, are not looked at.
  private static func order(_ x: Int64, _ y: Int64, _ bothZero: Bool) -> Int32 {
    if (x < 0) != (y < 0) { return bothZero ? 0 : x >= 0 ? 1 : -1 }
    let result: Int32 = x > y ? 1 : x < y ? -1 : 0
    return x < 0 ? -result : result
  }
  /// A comparison's result is in r0 and in the flags.
  private static func compared(_ result: Int32, _ core: CortexM0) {
    core.registers[0] = UInt32(bitPattern: result)
    core.apsr = (result < 0 ? 1 << 31 : 0) | (result == 0 ? 1 << 30 : 0) | 1 << 29
  }

  // Mean cycles of the vendor's ROM over 10,000 random arguments of ordinary size, less the call's own.
  static let singleCycles: [UInt16] = [68, 71, 54, 67, 10, 10, 36, 37, 36, 33, 31, 52, 51, 50, 49, 608, 598, 673, 598, 521, 500, 22, 670, 84, 83, 68, 66, 51, 49, 22, 20, 12]
  static let doubleCycles: [UInt16] = [86, 91, 152, 181, 24, 23, 88, 71, 70, 38, 35, 58, 56, 52, 50, 1610, 1614, 1886, 1715, 792, 467, 35, 2163, 66, 65, 53, 52, 61, 59, 27, 25, 20]
}
