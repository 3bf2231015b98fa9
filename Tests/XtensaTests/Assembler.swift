@testable import Processor
@testable import Xtensa

/// Assembles the text of the encodings, for tests: one instruction or `label:` a line; `.align 4`, `.word N`.
struct Assembler {
  let configuration: Configuration
  private(set) var bytes: [UInt8] = []
  private(set) var labels: [String: UInt32] = [:]
  struct Mistake: Error, CustomStringConvertible { let description: String }

  init(_ text: String, at base: UInt32, _ configuration: Configuration) throws {
    self.configuration = configuration
    let lines = text.split(whereSeparator: { $0 == "\n" || $0 == ";" }).map { $0.trimmed }.filter { !$0.isEmpty }
    for pass in 0..<2 {
      bytes = []
      for line in lines {
        let here = base + UInt32(bytes.count)
        if line.hasSuffix(":") {
          labels[String(line.dropLast())] = here
        } else if line.hasPrefix(".align") {
          while bytes.count % 4 != 0 { bytes.append(0) }
        } else if line.hasPrefix(".word") {
          let v = try value(line.dropFirst(5).trimmed, pass: pass, here)
          for i in 0..<4 { bytes.append(UInt8(truncatingIfNeeded: v >> UInt32(i * 8))) }
        } else if line.hasPrefix(".space") {
          bytes += [UInt8](repeating: 0, count: Int(line.dropFirst(6).trimmed) ?? 0)
        } else {
          let (word, size) = try instruction(line, pass: pass, here)
          for i in 0..<size { bytes.append(UInt8(truncatingIfNeeded: word >> UInt32(i * 8))) }
        }
      }
    }
  }
  private func value(_ text: String, pass: Int, _ here: UInt32) throws -> UInt32 {
    if let l = labels[text] { return l }
    if text.hasPrefix("0x"), let v = UInt32(text.dropFirst(2), radix: 16) { return v }
    if let v = Int64(text) { return UInt32(truncatingIfNeeded: v) }
    if pass == 0 { return here + 4 }
    throw Mistake(description: "no label \(text)")
  }
  private func instruction(_ line: String, pass: Int, _ here: UInt32) throws -> (UInt32, Int) {
    let parts = line.split(separator: " ", maxSplits: 1)
    let mnemonic = String(parts[0]), operands = parts.count > 1 ? parts[1].split(separator: ",").map { $0.trimmed } : []
    for row in Op.rows where configuration.options.isSuperset(of: row.option) {
      let pieces = row.encoding.assembly.split(separator: " ", maxSplits: 1)
      let templates = pieces.count > 1 ? pieces[1].split(separator: ",").map { $0.trimmed } : []
      var fixed: [(Character, UInt32)] = []
      var name = String(pieces[0])
      if name.hasSuffix("{special}") || name.hasSuffix("{user}") {
        let prefix = name.prefix { $0 != "{" }
        guard mnemonic.hasPrefix(prefix) else { continue }
        let list = name.hasSuffix("{user}") ? SpecialRegister.user : SpecialRegister.special
        guard let r = list.first(where: { prefix + $0.name == mnemonic }) else { continue }
        fixed.append(("k", UInt32(r.number)))
        name = mnemonic
      } else if name.contains("{q}") {
        for (i, q) in ["ll", "hl", "lh", "hh"].enumerated() where name.replacing("{q}", with: q) == mnemonic {
          fixed.append(("q", UInt32(i)))
          name = mnemonic
        }
      }
      guard name == mnemonic, templates.count == operands.count else { continue }
      var word = row.encoding.value
      func set(_ c: Character, _ v: UInt32) { word = Self.insert(row.encoding, c, v, word) }
      for (c, v) in fixed { set(c, v) }
      for (template, operand) in zip(templates, operands) {
        let field = template.drop { $0 != "{" }.dropFirst().prefix { $0 != "}" }
        if field.count == 1, let c = field.first {
          guard let n = UInt32(operand.drop { !$0.isNumber }) else { throw Mistake(description: "\(line): \(operand)") }
          set(c, c == "y" ? n - 2 : n)
        } else if field == "s4" || field == "s8" {
          set("s", (UInt32(operand.drop { !$0.isNumber }) ?? 0) / (field == "s4" ? 4 : 8))
        } else if let i = Immediate(rawValue: String(field)) {
          let v = try value(operand, pass: pass, here)
          guard let w = Self.encode(i, row.encoding, word, v, here) else {
            if pass == 0 { continue }
            throw Mistake(description: "\(line): \(operand) does not fit")
          }
          word = w
        }
      }
      return (word, row.size)
    }
    throw Mistake(description: "no instruction \(line)")
  }
  private static func insert(_ e: Encoding<Op>, _ c: Character, _ v: UInt32, _ word: UInt32) -> UInt32 {
    // The field's bits, found by where ones appear.
    let all = UInt32.max, mask = (0..<32).reduce(UInt32(0)) { m, b in e.field(c, 1 << UInt32(b)) != 0 ? m | 1 << UInt32(b) : m }
    guard mask != 0 else { return word }
    return word & (all ^ mask) | (v << UInt32(mask.trailingZeroBitCount)) & mask
  }
  /// Tries the values of the immediate's fields.
  private static func encode(_ i: Immediate, _ e: Encoding<Op>, _ word: UInt32, _ v: UInt32, _ here: UInt32) -> UInt32? {
    let names: [Character] =
      switch i {
      case .b4const, .b4constu, .op2p1, .immk: ["k"]
      case .bbi: ["b", "h"]
      case .immh: ["h"]
      default: e.has("h") ? ["i", "h"] : ["i"]
      }
    switch i {
    case .soffset: return insert(e, "i", (v &- here &- 4) & 0x3FFFF, word)
    case .soffsetx4: return insert(e, "i", ((v &- (here & ~3) &- 4) >> 2) & 0x3FFFF, word)
    case .uimm16x4: return insert(e, "i", ((v &- ((here + 3) & ~3)) >> 2) & 0xFFFF, word)
    default: break
    }
    for h in 0..<UInt32(names.count > 1 ? 16 : 1) {
      for l in 0..<UInt32(4096) {
        var w = insert(e, names[0], l, word)
        if names.count > 1 { w = insert(e, names[1], h, w) }
        if i.value(e, w, pc: here) == v { return w }
      }
    }
    return nil
  }
}
extension StringProtocol {
  var trimmed: String { String(drop { $0 == " " || $0 == "\t" }.reversed().drop { $0 == " " || $0 == "\t" }.reversed()) }
}
