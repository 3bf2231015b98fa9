import Processor

/// Immediate operands by the names that the instruction set's description gives them: how their bits make a value.
enum Immediate: String, Sendable {
  case simm8, simm8x256, simm12b, simm7, simm4, ai4const, b4const, b4constu, bbi
  case uimm4, uimm8, uimm8x2, uimm8x4, lsi4x4, immrx4, uimm12x8, imms, immt, immk, immh, tp7, bitindex
  case msalp32, sargt, sas, sae, op2p1
  case label8, label12, ulabel8, uimm6, soffset, soffsetx4, uimm16x4

  static let constants: [Int32] = [-1, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 32, 64, 128, 256]
  static let unsignedConstants: [Int32] = [32768, 65536, 2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 32, 64, 128, 256]

  /// Whether the value is an address, from the instruction's own.
  var isAddress: Bool {
    switch self {
    case .label8, .label12, .ulabel8, .uimm6, .soffset, .soffsetx4, .uimm16x4: true
    default: false
    }
  }
  /// - Parameter pc: the instruction's address.
  func value<Op>(_ e: Encoding<Op>, _ word: UInt32, pc: UInt32) -> UInt32 {
    let i = e.field("i", word), h = e.field("h", word)
    func signed(_ v: UInt32, _ bits: UInt32) -> UInt32 { UInt32(bitPattern: Int32(bitPattern: v << (32 - bits)) >> Int32(32 - bits)) }
    switch self {
    case .simm8: return signed(i, 8)
    case .simm8x256: return signed(i, 8) << 8
    case .simm12b: return signed(h << 8 | i, 12)
    case .simm7: return h << 4 | i >= 96 ? (h << 4 | i) &- 128 : h << 4 | i
    case .simm4: return signed(i, 4)
    case .ai4const: return i == 0 ? .max : i
    case .b4const: return UInt32(bitPattern: Self.constants[Int(e.field("k", word) & 15)])
    case .b4constu: return UInt32(bitPattern: Self.unsignedConstants[Int(e.field("k", word) & 15)])
    case .bbi: return h << 4 | e.field("b", word)
    case .uimm4, .uimm8, .imms, .immt: return i
    case .immk: return e.field("k", word)
    case .immh: return h
    case .uimm8x2: return i * 2
    case .uimm8x4, .lsi4x4: return i * 4
    case .immrx4: return (i * 4) &- 64
    case .uimm12x8: return i * 8
    case .tp7: return i + 7
    case .msalp32: return 32 &- (h << 4 | i)
    case .sargt, .sas, .sae, .bitindex: return h << 4 | i
    case .op2p1: return e.field("k", word) + 1
    case .label8: return pc &+ 4 &+ signed(i, 8)
    case .label12: return pc &+ 4 &+ signed(i, 12)
    case .ulabel8: return pc &+ 4 &+ i
    case .uimm6: return pc &+ 4 &+ (h << 4 | i)
    case .soffset: return pc &+ 4 &+ signed(i, 18)
    case .soffsetx4: return (pc & ~3) &+ 4 &+ signed(i, 18) << 2
    case .uimm16x4: return ((pc &+ 3) & ~3) &+ (0xFFFC_0000 | i << 2)
    }
  }
}
