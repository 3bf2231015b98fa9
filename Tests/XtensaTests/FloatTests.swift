import Foundation
import Testing

@testable import Processor
@testable import Xtensa

@Suite struct FloatTests {
  static let special: [UInt32] = [
    0, 0x8000_0000, 0x3F80_0000, 0xBF80_0000, 0x7F80_0000, 0xFF80_0000, 0x7FC0_0000, 0xFFC0_0001, 0x7F80_0001, 1, 0x8000_0001, 0x007F_FFFF, 0x0080_0000, 0x7F7F_FFFF, 0xFF7F_FFFF, 0x4F00_0000,
    0xCF00_0000, 0x4F80_0000, 0x3F00_0000, 0x3FC0_0000, 0x4020_0000, 0x4B80_0001,
  ]
  static func operand(_ r: inout Oracle.Random) -> UInt32 {
    switch r.below(6) {
    case 0: r.of(special)
    case 1: r.next()
    case 2: r.next() & 0x803F_FFFF | UInt32(r.below(2)) << 22  // subnormals and just above
    case 3: r.next() & 0x80FF_FFFF | 0x7E00_0000  // near overflow
    default: r.next() & 0x83FF_FFFF | 0x3E00_0000  // near 1
    }
  }
  final class Unit {
    let t = TestCore()
    init(_ text: String) throws { try t.load("start:\n" + text + "\n end:\n j end") }
    func run(_ f: [Int: UInt32], a: [Int: UInt32] = [:], fcr: UInt32 = 0) {
      for (i, v) in f { t.core[f: i] = v }
      for (i, v) in a { t.core[a: i] = v }
      t.core.setUser(232, fcr)
      t.core.setUser(233, 0)
      t.core.setProgramCounter(t.labels["start"]!)
      #expect(t.run(to: "end", limit: 100))
    }
  }
  func same(_ ours: UInt32, _ host: Float) -> Bool { host.isNaN ? ours & 0x7FFF_FFFF > 0x7F80_0000 : ours == host.bitPattern }

  @Test func arithmeticAsTheHosts() throws {
    let u = try Unit("add.s f3, f1, f2\n sub.s f4, f1, f2\n mul.s f5, f1, f2\n mov.s f6, f8\n madd.s f6, f1, f2\n mov.s f7, f8\n msub.s f7, f1, f2")
    var r = Oracle.Random(state: 0xF00D)
    for _ in 0..<6000 {
      let a = Self.operand(&r), b = Self.operand(&r), c = Self.operand(&r)
      u.run([1: a, 2: b, 8: c])
      let x = Float(bitPattern: a), y = Float(bitPattern: b), z = Float(bitPattern: c)
      let text = "\(x) \(y) \(z)"
      #expect(same(u.t.core[f: 3], x + y), "\(text)")
      #expect(same(u.t.core[f: 4], x - y), "\(text)")
      #expect(same(u.t.core[f: 5], x * y), "\(text)")
      #expect(same(u.t.core[f: 6], z.addingProduct(x, y)), "\(text)")
      #expect(same(u.t.core[f: 7], z.addingProduct(-x, y)), "\(text)")
    }
  }
  @Test func otherRoundingsLieAroundTheNearest() throws {
    let u = try Unit("add.s f3, f1, f2\n mul.s f4, f1, f2")
    var r = Oracle.Random(state: 0xBEEF)
    for _ in 0..<3000 {
      let a = r.next() & 0x83FF_FFFF | 0x3E00_0000, b = r.next() & 0x83FF_FFFF | 0x3E00_0000
      let x = Double(Float(bitPattern: a)), y = Double(Float(bitPattern: b))
      for (mode, rule) in [(UInt32(1), FloatingPointRoundingRule.towardZero), (2, .up), (3, .down)] {
        u.run([1: a, 2: b], fcr: mode)
        for (ours, exact) in [(Float(bitPattern: u.t.core[f: 3]), x + y), (Float(bitPattern: u.t.core[f: 4]), x * y)] {
          // The exact value of such operands is a double.
          let near = Float(exact), d = Double(near)
          let want: Float =
            if d == exact { near } else if rule == .up { d < exact ? near.nextUp : near } else if rule == .down { d > exact ? near.nextDown : near } else {
              d.magnitude > exact.magnitude ? (exact > 0 ? near.nextDown : near.nextUp) : near
            }
          #expect(ours == want, "\(x) \(y) mode \(mode)")
        }
      }
    }
  }
  /// The compiler's division, as the C library has it.
  static let division = """
    div0.s f3, f2\n nexp01.s f4, f2\n const.s f5, 1\n maddn.s f5, f4, f3\n mov.s f6, f3\n mov.s f7, f2\n nexp01.s f2, f1\n maddn.s f6, f5, f6\n const.s f5, 1\n const.s f0, 0
    neg.s f8, f2\n maddn.s f5, f4, f6\n maddn.s f0, f8, f3\n mkdadj.s f7, f1\n maddn.s f6, f5, f6\n maddn.s f8, f4, f0\n const.s f3, 1\n maddn.s f3, f4, f6\n maddn.s f0, f8, f6
    neg.s f2, f2\n maddn.s f6, f3, f6\n maddn.s f2, f4, f0\n addexpm.s f0, f7\n addexp.s f6, f7\n divn.s f0, f2, f6
    """
  static let squareRoot = """
    sqrt0.s f2, f1\n const.s f3, 0\n maddn.s f3, f2, f2\n nexp01.s f4, f1\n const.s f0, 3\n addexp.s f4, f0\n maddn.s f0, f3, f4\n nexp01.s f3, f1\n neg.s f5, f3\n maddn.s f2, f0, f2
    const.s f0, 0\n const.s f6, 0\n const.s f7, 0\n maddn.s f0, f5, f2\n maddn.s f6, f2, f4\n const.s f4, 3\n maddn.s f7, f4, f2\n maddn.s f3, f0, f0\n maddn.s f4, f6, f2\n neg.s f2, f7
    maddn.s f0, f3, f2\n maddn.s f7, f4, f7\n mksadj.s f2, f1\n nexp01.s f1, f1\n maddn.s f1, f0, f0\n neg.s f3, f7\n addexpm.s f0, f2\n addexp.s f3, f2\n divn.s f0, f1, f3
    """
  @Test func sequencesOfDivisionAndSquareRootAreExact() throws {
    let divide = try Unit(Self.division), root = try Unit(Self.squareRoot)
    var r = Oracle.Random(state: 0xD1B)
    for _ in 0..<5000 {
      let a = Self.operand(&r), b = Self.operand(&r), x = Float(bitPattern: a), y = Float(bitPattern: b)
      divide.run([1: a, 2: b])
      #expect(same(divide.t.core[f: 0], x / y), "\(x) / \(y)")
      root.run([1: a])
      #expect(same(root.t.core[f: 0], x.squareRoot()), "root of \(x)")
    }
  }
  @Test func reciprocalsConverge() throws {
    let recip = try Unit("recip0.s f0, f1\n const.s f2, 1\n msub.s f2, f1, f0\n madd.s f0, f0, f2\n const.s f2, 1\n msub.s f2, f1, f0\n maddn.s f0, f0, f2")
    let rsqrt = try Unit("rsqrt0.s f0, f1")
    var r = Oracle.Random(state: 0x5EED)
    for _ in 0..<2000 {
      let a = r.next() & 0x7FFF_FFFF % 0x7E00_0000 | 0x0100_0000, x = Float(bitPattern: a)
      guard x.isNormal, (1 / x).isNormal else { continue }
      recip.run([1: a])
      #expect(Float(bitPattern: recip.t.core[f: 0]) == 1 / x, "1 / \(x)")
      guard x > 0 else { continue }
      rsqrt.run([1: a])
      #expect(abs(Float(bitPattern: rsqrt.t.core[f: 0]) * x.squareRoot() - 1) < 1e-6, "1 / root of \(x)")
    }
  }
  @Test func flagsAndConversions() throws {
    let u = try Unit("trunc.s a2, f1, 0\n floor.s a3, f1, 0\n ceil.s a4, f1, 0\n round.s a5, f1, 0\n trunc.s a6, f1, 4\n rur.fsr a7")
    u.run([1: Float(-2.5).bitPattern])
    #expect((2...6).map { Int32(bitPattern: u.t.core[a: $0]) } == [-2, -3, -2, -2, -40])
    #expect(u.t.core[a: 7] == 1 << 7)
    u.run([1: Float(3e9).bitPattern])
    #expect((2...5).map { u.t.core[a: $0] } == [0x7FFF_FFFF, 0x7FFF_FFFF, 0x7FFF_FFFF, 0x7FFF_FFFF])
    #expect(u.t.core[a: 7] == 1 << 11)
    let c = try Unit("float.s f1, a2, 0\n ufloat.s f2, a2, 0\n float.s f3, a2, 3\n rfr a3, f1\n rfr a4, f2\n rfr a5, f3")
    c.run([:], a: [2: 0xFFFF_FFF0])
    #expect([c.t.core[a: 3], c.t.core[a: 4], c.t.core[a: 5]] == [Float(-16).bitPattern, Float(4294967280).bitPattern, Float(-2).bitPattern])
    let z = try Unit(Self.division + "\n rur.fsr a2")
    z.run([1: Float(1).bitPattern, 2: 0])
    #expect(z.t.core[a: 2] == 1 << 10)
    #expect(z.t.core[f: 0] == Float.infinity.bitPattern)
    let o = try Unit("mul.s f3, f1, f2\n rur.fsr a2")
    o.run([1: 0x7F00_0000, 2: 0x7F00_0000])
    #expect(o.t.core[a: 2] == 1 << 7 | 1 << 9)
    o.run([1: 0x0080_0001, 2: 0x3F00_0000])
    #expect(o.t.core[a: 2] == 1 << 7 | 1 << 8)
  }
  @Test func comparisons() throws {
    let u = try Unit("oeq.s b0, f1, f2\n olt.s b1, f1, f2\n ole.s b2, f1, f2\n un.s b3, f1, f2\n ueq.s b4, f1, f2\n ult.s b5, f1, f2\n ule.s b6, f1, f2\n rsr.br a2\n movi a3, 1\n movi a4, 2\n movt a3, a4, b0\n movf a4, a3, b0")
    var r = Oracle.Random(state: 0xC0C0)
    for _ in 0..<2000 {
      let a = Self.operand(&r), b = r.below(4) == 0 ? a : Self.operand(&r), x = Float(bitPattern: a), y = Float(bitPattern: b), un = x.isNaN || y.isNaN
      u.run([1: a, 2: b])
      let want = [x == y, x < y, x <= y, un, un || x == y, un || x < y, un || x <= y].enumerated().reduce(UInt32(0)) { $1.element ? $0 | 1 << UInt32($1.offset) : $0 }
      #expect(u.t.core[a: 2] & 0x7F == want, "\(x) \(y)")
    }
  }
}
