import Machine

/// A keypad of four rows and three or four columns: a key joins its row with its column.
public final class MembraneKeypad: Part {
  public override class var kind: PartKind {
    PartKind(
      "wokwi-membrane-keypad", title: "Membrane keypad", pins: ["R1", "R2", "R3", "R4", "C1", "C2", "C3", "C4"],
      attributes: [Attribute("columns", .choice(["3", "4"]), "4"), Attribute("keys", .text, "[\"1\",\"2\",\"3\",\"A\",\"4\",\"5\",\"6\",\"B\",\"7\",\"8\",\"9\",\"C\",\"*\",\"0\",\"#\",\"D\"]")])
  }
  /// Of 16 keys, row by row; the fourth of each row is absent where there are three columns.
  public let labels: [String]
  public let columns: Int
  private var contacts: [Contact] = []

  public required init(id: String, attributes: [String: String], context: PartContext) {
    columns = attributes["columns"] == "3" ? 3 : 4
    let standard = Self.words(Self.kind.attributes[1].initial), given = Self.words(attributes["keys"] ?? "")
    labels = standard.indices.map { $0 < given.count ? given[$0] : standard[$0] }
    super.init(id: id, attributes: attributes, context: context)
    contacts = (0..<16).map { Contact("\(id).key\($0)", pin("R\($0 / 4 + 1)"), pin("C\($0 % 4 + 1)"), arena: context.arena) }
  }
  /// The strings of a JSON array, or words apart by commas.
  private static func words(_ text: String) -> [String] {
    guard text.contains("\"") else { return text.filter { $0 != "[" && $0 != "]" }.split(separator: ",").map { String($0.filter { $0 != " " }) } }
    var words: [String] = [], word: String?, escaped = false
    for c in text {
      if escaped {
        word?.append(c)
        escaped = false
      } else if c == "\\" {
        escaped = true
      } else if c == "\"" {
        if let w = word { words.append(w) }
        word = word == nil ? "" : nil
      } else {
        word?.append(c)
      }
    }
    return words
  }
  /// The keys that there are, by their numbers.
  public var keys: [Int] { (0..<16).filter { $0 % 4 < columns } }
  /// A control a key, by its label.
  public override var controls: [Control] { keys.map { Control(labels[$0], .button) } }
  private func key(_ name: String) -> Int? { keys.first { labels[$0] == name } ?? keys.first { labels[$0].lowercased() == name.lowercased() } }
  public override func control(_ name: String) -> Double? { key(name).map { contacts[$0].isClosed ? 1 : 0 } }
  public override func setControl(_ name: String, _ value: Double) { if let k = key(name) { contacts[k].isClosed = value >= 0.5 } }
}
