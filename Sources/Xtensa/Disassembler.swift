import Processor

/// The text of an instruction, spelled as GNU objdump spells it.
public enum Disassembler {
  /// The instruction whose bytes are `word`, the first lowest, at `address`: its text and its size in bytes.
  public static func text(_ word: UInt32, at address: UInt32, _ configuration: Configuration) -> (text: String, size: Int) {
    let options = configuration.options, size = Op.size(of: UInt8(truncatingIfNeeded: word), options)
    guard let row = Op.row(of: word, options) else { return (options.contains(.vectors) && Op.isVector(word) ? "<vector>" : "<illegal>", size) }
    let e = row.encoding
    func f(_ c: Character) -> UInt32 { e.field(c, word) }
    var illegal = false
    let text = e.text(word) { name in
      switch name {
      case "special", "user":
        guard let r = SpecialRegister.find(e.op, f("k"), options) else {
          illegal = true
          return ""
        }
        return r.name
      case "q": return ["ll", "hl", "lh", "hh"][Int(f("q"))]
      case "y": return String(f("y") + 2)
      case "s4": return String(f("s") * 4)
      case "s8": return String(f("s") * 8)
      default:
        guard let i = Immediate(rawValue: name) else { return nil }
        let v = i.value(e, word, pc: address), signed = Int32(bitPattern: v)
        return i.isAddress || signed <= -256 || signed >= 256 ? "0x" + String(v, radix: 16) : String(signed)
      }
    }
    return (illegal ? "<illegal>" : text, size)
  }
}
