/// One line per encoding: the only place where an instruction's bits, text and cycles are written down.
public struct Encoding<Op: Sendable>: Sendable {
  public let op: Op
  public let mask: UInt32, value: UInt32
  /// 16 or 32.
  public let bits: Int
  public let assembly: String
  public let cycles: Int
  private let fields: [(name: UInt8, shift: UInt8, width: UInt8)]

  /// - Parameter pattern: most significant bit first; 0 and 1 are fixed, `-` is ignored, letters are fields.
  public init(_ op: Op, _ pattern: String, _ assembly: String, cycles: Int = 1) {
    let symbols = Array(pattern.filter { $0 != " " })
    var mask: UInt32 = 0, value: UInt32 = 0
    var fields: [(name: UInt8, shift: UInt8, width: UInt8)] = []
    for (i, c) in symbols.enumerated() {
      let n = symbols.count - 1 - i
      switch c {
      case "0": mask |= 1 << UInt32(n)
      case "1":
        mask |= 1 << UInt32(n)
        value |= 1 << UInt32(n)
      case "-": break
      default:
        let name = c.asciiValue ?? 0
        if let at = fields.firstIndex(where: { $0.name == name }) {
          fields[at].shift = UInt8(n)
          fields[at].width += 1
        } else {
          fields.append((name, UInt8(n), 1))
        }
      }
    }
    self.op = op
    self.mask = mask
    self.value = value
    self.bits = symbols.count
    self.assembly = assembly
    self.cycles = cycles
    self.fields = fields
  }
  public func matches(_ word: UInt32) -> Bool { word & mask == value }
  /// The field `name` of `word`, 0 when the encoding has none.
  public func field(_ name: Character, _ word: UInt32) -> UInt32 {
    let ascii = name.asciiValue
    for f in fields where f.name == ascii { return (word >> UInt32(f.shift)) & ((1 << UInt32(f.width)) &- 1) }
    return 0
  }
  public func has(_ name: Character) -> Bool { fields.contains { $0.name == name.asciiValue } }
}
