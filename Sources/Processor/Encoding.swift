/// One line per encoding: the only place where an instruction's bits, text and cycles are written down.
public struct Encoding<Op: Sendable>: Sendable {
  public let op: Op
  public let mask: UInt32, value: UInt32
  /// 16 or 32.
  public let bits: Int
  public let assembly: String
  public let cycles: Int
  private let fields: [Character: (shift: Int, width: Int)]

  /// - Parameter pattern: most significant bit first; 0 and 1 are fixed, `-` is ignored, letters are fields.
  public init(_ op: Op, _ pattern: String, _ assembly: String, cycles: Int = 1) {
    let symbols = Array(pattern.filter { $0 != " " })
    var mask: UInt32 = 0, value: UInt32 = 0
    var fields: [Character: (shift: Int, width: Int)] = [:]
    for (i, c) in symbols.enumerated() {
      let n = symbols.count - 1 - i
      switch c {
      case "0": mask |= 1 << UInt32(n)
      case "1":
        mask |= 1 << UInt32(n)
        value |= 1 << UInt32(n)
      case "-": break
      default: fields[c] = (n, (fields[c]?.width ?? 0) + 1)
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
    guard let f = fields[name] else { return 0 }
    return (word >> UInt32(f.shift)) & ((1 << UInt32(f.width)) &- 1)
  }
  public func has(_ name: Character) -> Bool { fields[name] != nil }
}
