import Machine
import Processor

/// Single precision: Xtensa ISA Reference Manual §4.3.11 and the notes on the steps of division and square root.
extension XtensaCore {
  /// FSR's flags.
  enum Flag { static let inexact: UInt32 = 1 << 7, underflow: UInt32 = 1 << 8, overflow: UInt32 = 1 << 9, divideByZero: UInt32 = 1 << 10, invalid: UInt32 = 1 << 11 }
  private static var defaultNaN: UInt32 { 0x7FC0_0000 }
  private var roundingMode: UInt32 { ur[232] & 3 }
  private func flag(_ f: UInt32) {
    ur[233] |= f
    updateQuickFloat()
  }
  func updateQuickFloat() { state.pointee.quickFloat = ur[232] & 3 == 0 && ur[233] & Flag.inexact != 0 }

  private static func isNaN(_ x: UInt32) -> Bool { x & 0x7FFF_FFFF > 0x7F80_0000 }
  private static func isSignalling(_ x: UInt32) -> Bool { isNaN(x) && x & 0x40_0000 == 0 }

  /// The first NaN of the operands, quiet; nil: there is none.
  private func propagated(_ operands: UInt32...) -> UInt32? {
    guard let nan = operands.first(where: Self.isNaN) else { return nil }
    if operands.contains(where: Self.isSignalling) { flag(Flag.invalid) }
    return nan | 0x40_0000
  }
  private func invalid() -> UInt32 {
    flag(Flag.invalid)
    return Self.defaultNaN
  }
  /// `high + low`, the sum of two doubles of which the second is below the first's last place, as a float in the mode of FCR.
  private func rounded(_ high: Double, _ low: Double) -> UInt32 {
    var x = high
    // Round to odd, so that the second rounding sees what the first dropped.
    if low != 0, x.isFinite, x.bitPattern & 1 == 0 { x = low > 0 ? x.nextUp : x.nextDown }
    if x.isInfinite { return Float(x).bitPattern }
    var r = Float(x)
    let d = Double(r)
    if d != x {
      flag(Flag.inexact)
      switch roundingMode {
      case 1: if d.magnitude > x.magnitude { r = x > 0 ? r.nextDown : r.nextUp }
      case 2: if d < x { r = r.nextUp }
      case 3: if d > x { r = r.nextDown }
      default: break
      }
      if r.isInfinite || d.isInfinite { flag(Flag.overflow) }
      if r.magnitude < Float.leastNormalMagnitude { flag(Flag.underflow) }
    }
    return r.bitPattern
  }
  private func sum(_ a: Double, _ b: Double) -> UInt32 {
    let s = a + b
    if s == 0 {
      let negative = a.sign == b.sign && a == 0 ? a.sign == .minus : roundingMode == 3
      return negative ? 0x8000_0000 : 0
    }
    let bb = s - a
    return rounded(s, (a - (s - bb)) + (b - bb))
  }
  private func add(_ a: UInt32, _ b: UInt32) -> UInt32 {
    if let nan = propagated(a, b) { return nan }
    let x = Float(bitPattern: a), y = Float(bitPattern: b)
    if x.isInfinite, y.isInfinite, x != y { return invalid() }
    if x.isInfinite || y.isInfinite { return (x + y).bitPattern }
    return sum(Double(x), Double(y))
  }
  private func multiply(_ a: UInt32, _ b: UInt32) -> UInt32 {
    if let nan = propagated(a, b) { return nan }
    let x = Float(bitPattern: a), y = Float(bitPattern: b)
    if x.isInfinite && y == 0 || x == 0 && y.isInfinite { return invalid() }
    return rounded(Double(x) * Double(y), 0)
  }
  /// c + a * b with one rounding.
  private func fused(_ c: UInt32, _ a: UInt32, _ b: UInt32) -> UInt32 {
    if let nan = propagated(c, a, b) { return nan }
    let x = Float(bitPattern: a), y = Float(bitPattern: b), z = Float(bitPattern: c)
    if x.isInfinite && y == 0 || x == 0 && y.isInfinite { return invalid() }
    let p = Double(x) * Double(y)
    if p.isInfinite, z.isInfinite, p.sign != z.sign { return invalid() }
    if p.isInfinite || z.isInfinite { return Float(p + Double(z)).bitPattern }
    return sum(p, Double(z))
  }
  private func divide(_ a: UInt32, _ b: UInt32) -> UInt32 {
    if let nan = propagated(a, b) { return nan }
    let x = Float(bitPattern: a), y = Float(bitPattern: b)
    if x == 0 && y == 0 || x.isInfinite && y.isInfinite { return invalid() }
    if y == 0 {
      if !x.isInfinite { flag(Flag.divideByZero) }
      return (x / y).bitPattern
    }
    if x.isInfinite || y.isInfinite || x == 0 { return (x / y).bitPattern }
    // The remainder's sign says on which side of the double quotient the true one lies.
    let q = Double(x) / Double(y), rest = Double(x).addingProduct(-q, Double(y))
    return rounded(q, rest == 0 ? 0 : (rest < 0) == (y < 0) ? q.ulp / 4 : -q.ulp / 4)
  }
  private func squareRoot(_ a: UInt32) -> UInt32 {
    if let nan = propagated(a) { return nan }
    let x = Float(bitPattern: a)
    if x == 0 { return a }
    if x < 0 { return invalid() }
    if x.isInfinite { return a }
    let q = Double(x).squareRoot(), rest = Double(x).addingProduct(-q, q)
    return rounded(q, rest == 0 ? 0 : rest > 0 ? q.ulp / 4 : -q.ulp / 4)
  }

  private enum Direction { case nearest, zero, up, down }
  /// f * 2^scale as an integer from `low` to `high`, saturated.
  private func integer(_ f: UInt32, scale: UInt32, _ direction: Direction, unsigned: Bool) -> UInt32 {
    if Self.isNaN(f) {
      flag(Flag.invalid)
      return unsigned ? 0xFFFF_FFFF : 0x7FFF_FFFF
    }
    let x = Double(Float(bitPattern: f)) * Double(UInt32(1) << (scale & 15))
    let whole =
      switch direction {
      case .nearest: x.rounded(.toNearestOrEven)
      case .zero: x.rounded(.towardZero)
      case .up: x.rounded(.up)
      case .down: x.rounded(.down)
      }
    if unsigned, whole >= 0 ? whole > 4294967295 : whole < -2147483648 {
      flag(Flag.invalid)
      return whole > 0 ? 0xFFFF_FFFF : 0x8000_0000
    }
    if !unsigned, whole > 2147483647 || whole < -2147483648 {
      flag(Flag.invalid)
      return whole > 0 ? 0x7FFF_FFFF : 0x8000_0000
    }
    if unsigned, whole < 0 { flag(Flag.invalid) } else if whole != x { flag(Flag.inexact) }
    return UInt32(truncatingIfNeeded: Int64(whole))
  }

  /// An arithmetic instruction of the loop, with flags, rounding and NaNs.
  @inline(never) func floatSlow(_ slot: UnsafeMutablePointer<Slot<Op>>) {
    let s = slot.pointee, a = fr[Int(s.n)], b = fr[Int(s.m)], d = Int(s.d)
    switch s.op {
    case .addS: fr[d] = add(a, b)
    case .subS: fr[d] = Self.isNaN(b) ? add(a, b) : add(a, b ^ 0x8000_0000)
    case .mulS: fr[d] = multiply(a, b)
    case .maddS: fr[d] = fused(fr[d], a, b)
    case .msubS: fr[d] = Self.isNaN(a) ? fused(fr[d], a, b) : fused(fr[d], a ^ 0x8000_0000, b)
    case .floatS: fr[d] = rounded(Double(Int32(bitPattern: window[Int(s.n)])) / Double(UInt32(1) << s.imm), 0)
    case .ufloatS: fr[d] = rounded(Double(window[Int(s.n)]) / Double(UInt32(1) << s.imm), 0)
    case .truncS: window[d] = integer(a, scale: s.imm, .zero, unsigned: false)
    default: compare(s.op, a, b, s.d)
    }
    advance(s.size)
  }
  private func compare(_ op: Op, _ a: UInt32, _ b: UInt32, _ d: UInt8) {
    let unordered = Self.isNaN(a) || Self.isNaN(b), x = Float(bitPattern: a), y = Float(bitPattern: b)
    let signals = op == .oltS || op == .oleS
    if unordered, signals || Self.isSignalling(a) || Self.isSignalling(b) { flag(Flag.invalid) }
    let r =
      switch op {
      case .oeqS: x == y
      case .oltS: x < y
      case .oleS: x <= y
      case .ueqS: unordered || x == y
      case .ultS: unordered || x < y
      case .uleS: unordered || x <= y
      default: unordered
      }
    setBoolean(d, r)
  }

  /// What is never in the loop; false: an exception was raised.
  ///
  /// The steps that the compiler strings together for a division or a square root pass adjustments between them whose
  /// format is not published. Only what a whole sequence gives can be told: so MKDADJ and MKSADJ make the finished result,
  /// ADDEXPM takes it over and DIVN leaves it; the steps between are real and their results unused.
  func floatStep(_ op: Op, _ slot: UnsafeMutablePointer<Slot<Op>>) -> Bool {
    let s = slot.pointee, w = window, d = Int(s.d), a = fr[Int(s.n)]
    switch op {
    case .lsip, .lsxp:
      let base = w[Int(s.n)]
      guard let v = load(base, 4, slot) else { return false }
      fr[op == .lsip ? Int(s.m) : d] = v
      w[Int(s.n)] = base &+ (op == .lsip ? s.imm : w[Int(s.m)])
    case .ssip, .ssxp:
      let base = w[Int(s.n)]
      guard store(base, fr[op == .ssip ? Int(s.m) : d], 4, slot) else { return false }
      w[Int(s.n)] = base &+ (op == .ssip ? s.imm : w[Int(s.m)])
    case .roundS: w[d] = integer(a, scale: s.imm, .nearest, unsigned: false)
    case .floorS: w[d] = integer(a, scale: s.imm, .down, unsigned: false)
    case .ceilS: w[d] = integer(a, scale: s.imm, .up, unsigned: false)
    case .utruncS: w[d] = integer(a, scale: s.imm, .zero, unsigned: true)
    case .constS: fr[d] = ([0, 0x3F80_0000, 0x4000_0000, 0x3F00_0000] as [UInt32])[Int(s.imm & 3)]
    case .maddnS:
      let control = ur[232], status = ur[233]
      ur[232] = control & ~3
      fr[d] = fused(fr[d], a, fr[Int(s.m)])
      ur[232] = control
      ur[233] = status
      updateQuickFloat()
    case .mkdadjS: fr[d] = divide(a, fr[d])
    case .mksadjS: fr[d] = squareRoot(a)
    case .addexpmS: fr[d] = a
    case .addexpS: fr[d] = Self.scaled(fr[d], by: a)
    case .divnS: break
    case .nexp01S: fr[d] = Self.reduced(a) ^ (Self.isNaN(a) ? 0 : 0x8000_0000)
    case .div0S: fr[d] = Self.seed(a) { 1 / $0 }
    case .sqrt0S: fr[d] = Self.seed(a & 0x7FFF_FFFF) { 1 / $0.squareRoot() }
    case .recip0S: fr[d] = divide(0x3F80_0000, a)
    case .rsqrt0S: fr[d] = divide(0x3F80_0000, squareRoot(a))
    default:
      raise(.illegalInstruction)
      return false
    }
    return true
  }
  /// The mantissa brought to 1 to 4, by an even change of the exponent; 1 for zero and infinity.
  private static func reduced(_ x: UInt32) -> UInt32 {
    let f = Float(bitPattern: x)
    if isNaN(x) { return x }
    if f == 0 || f.isInfinite { return x & 0x8000_0000 | 0x3F80_0000 }
    let odd = (f.exponent + 127) & 1 != 0
    return Float(sign: f.sign, exponent: odd ? 0 : 1, significand: f.significand).bitPattern
  }
  /// A first approximation of 8 bits to a function of the reduced operand.
  private static func seed(_ x: UInt32, _ function: (Float) -> Float) -> UInt32 {
    if isNaN(x) { return x }
    return function(Float(bitPattern: reduced(x))).bitPattern & 0xFFFF_0000 | 0x8000
  }
  /// x with the exponent of `y` added.
  private static func scaled(_ x: UInt32, by y: UInt32) -> UInt32 {
    let f = Float(bitPattern: x), g = Float(bitPattern: y)
    guard f.isFinite, g.isFinite, g != 0 else { return x }
    return Float(sign: .plus, exponent: g.exponent, significand: f).bitPattern
  }
}

extension Op {
  /// Coprocessor 0's.
  var isFloat: Bool {
    (Op.lsi.rawValue...Op.movtS.rawValue).contains(rawValue) || (Op.lsip.rawValue...Op.divnS.rawValue).contains(rawValue)
  }
}
