import Parts

/// What is wrong with a diagram, by the nine rules that Wokwi's own checker has.
public struct DiagramLint {
  public enum Severity: String, Sendable { case error, warning, info }
  public struct Finding: Sendable, Equatable {
    public var rule: String
    public var severity: Severity
    public var line: Int
    public var message: String
  }
  public static let rules: [(name: String, severity: Severity, what: String)] = [
    ("duplicate-id", .error, "two parts have the same id"),
    ("invalid-pin", .error, "a connection ends at a pin that the part does not have"),
    ("missing-component", .error, "a connection ends at a part that is not there"),
    ("unknown-part-type", .error, "a part's type is unknown"),
    ("wrong-coord-names", .error, "a part is placed by x and y instead of left and top"),
    ("invalid-attribute", .warning, "an attribute that the part does not have, or a value that it cannot take"),
    ("misplaced-coords", .warning, "left or top is missing, or stands among the attributes"),
    ("redundant-parts", .warning, "nothing is connected to a part"),
    ("unsupported-part", .info, "a part is known, but not emulated here"),
  ]

  public static func check(_ diagram: Diagram) -> [Finding] {
    var out: [Finding] = []
    func find(_ rule: String, _ line: Int, _ message: String) {
      out.append(Finding(rule: rule, severity: rules.first { $0.name == rule }?.severity ?? .error, line: line, message: message))
    }
    var seen: [String: Diagram.Item] = [:]
    for item in diagram.items {
      let line = diagram.line(of: item)
      if seen[item.id] != nil { find("duplicate-id", line, "two parts have the id \"\(item.id)\"; rename one") }
      seen[item.id] = seen[item.id] ?? item
      if !item.strangeKeys.filter({ ["x", "y"].contains($0) }).isEmpty { find("wrong-coord-names", line, "\"\(item.id)\" is placed by x and y; they are called left and top") }
      let kind = PartCatalog.type(named: item.type)?.kind
      if kind == nil && !DiagramTypes.isBoard(item.type) {
        if DiagramTypes.isKnown(item.type) {
          find("unsupported-part", line, "\(item.type) (\"\(item.id)\") is not emulated; it is drawn as a box")
        } else {
          find("unknown-part-type", line, "there is no part type \"\(item.type)\"\(DiagramTypes.nearest(item.type).map { "; did you mean \($0)?" } ?? "")")
        }
      }
      for key in ["left", "top", "rotate", "x", "y"] where item.attributes[key] != nil && kind?.attributes.contains(where: { $0.name == key }) != true {
        find("misplaced-coords", line, "\(key) of \"\(item.id)\" stands in attrs; it belongs beside type and id")
      }
      if !item.misplaced.isEmpty && item.strangeKeys.filter({ ["x", "y"].contains($0) }).isEmpty { find("misplaced-coords", line, "\"\(item.id)\" has no \(item.misplaced.joined(separator: " and no "))") }
      for key in item.oddAttributes { find("invalid-attribute", line, "the attribute \(key) of \"\(item.id)\" is no text; put it in quotes") }
      if let kind { checkAttributes(item, kind) { find("invalid-attribute", line, $0) } }
    }
    var connected = Set<String>()
    for c in diagram.connections {
      for end in [c.from, c.to] {
        let line = diagram.line(of: c)
        guard let colon = end.firstIndex(of: ":") else {
          find("invalid-pin", line, "\"\(end)\" names no pin; write part:pin")
          continue
        }
        let id = String(end[..<colon]), pin = String(end[end.index(after: colon)...])
        if id == "$serialMonitor" {
          if !["TX", "RX"].contains(pin) { find("invalid-pin", line, "$serialMonitor has no pin \"\(pin)\"; it has TX, RX") }
          continue
        }
        guard let item = seen[id] else {
          find("missing-component", line, "there is no part \"\(id)\"; there are \(diagram.items.map(\.id).joined(separator: ", "))")
          continue
        }
        connected.insert(id)
        guard let pins = DiagramTypes.pins(of: item) else { continue }
        if !pins.contains(pin) { find("invalid-pin", line, "\"\(id)\" (\(item.type)) has no pin \"\(pin)\"; it has \(pins.prefix(60).joined(separator: ", "))") }
      }
    }
    for item in diagram.items where !connected.contains(item.id) && seen[item.id] == item {
      if DiagramTypes.isBoard(item.type) || ["wokwi-text", "wokwi-logo", "wokwi-ir-remote", "wokwi-wifi-ap"].contains(item.type) || item.type.hasPrefix("chip-") { continue }
      find("redundant-parts", diagram.line(of: item), "nothing is connected to \"\(item.id)\"; wire it or take it out")
    }
    return out
  }
  private static func checkAttributes(_ item: Diagram.Item, _ kind: PartKind, _ say: (String) -> Void) {
    for (key, value) in item.attributes.sorted(by: { $0.key < $1.key }) {
      guard let a = kind.attributes.first(where: { $0.name == key }) else {
        if !["left", "top", "rotate", "x", "y"].contains(key) { say("\"\(item.id)\" has no attribute \"\(key)\"\(Catalog.nearest(key, in: kind.attributes.map(\.name)).map { "; did you mean \($0)?" } ?? "")") }
        continue
      }
      switch a.kind {
      case .number(let bounds):
        if let v = Double(value), bounds.contains(v) { continue }
        if !value.isEmpty { say("\(key) of \"\(item.id)\" is \"\(value)\", which is no number from \(bounds.lowerBound) to \(bounds.upperBound)") }
      case .choice(let all): if !all.contains(value) { say("\(key) of \"\(item.id)\" is \"\(value)\"; it can be \(all.joined(separator: ", "))") }
      case .text, .color, .flag: continue
      }
    }
  }
}
