import Foundation

/// A `diagram.json` as Wokwi's editor writes it: parts, and the connections between them.
public struct Diagram: Sendable {
  public struct Item: Sendable, Equatable {
    public var type: String, id: String
    public var left = 0.0, top = 0.0, rotate = 0.0
    public var isHidden = false
    public var attributes: [String: String] = [:]
    /// Keys that the format does not have, such as `x`.
    public var strangeKeys: [String] = []
    /// Attributes whose value is no text.
    public var oddAttributes: [String] = []
    /// Where it stands in the file.
    public internal(set) var line = 1
    /// Coordinates that are missing, or stand among the attributes.
    public var misplaced: [String] = []
  }
  public struct Connection: Sendable, Equatable {
    public var from: String, to: String, color: String
    public var path: [String]
  }
  public struct SerialMonitor: Sendable, Equatable {
    public var display: String?, newline: String?
    public var convertEol: Bool?
  }
  public let file: String
  public internal(set) var items: [Item] = []
  public internal(set) var connections: [Connection] = []
  public internal(set) var serialMonitor: SerialMonitor?
  private let lines: [Substring]

  /// The line on which `text` stands first, in quotes, after line `after`; the first line when it is nowhere.
  public func line(of text: String, after: Int = 0) -> Int {
    let quoted = "\"\(text)\""
    for (n, line) in lines.enumerated() where n >= after && line.contains(quoted) { return n + 1 }
    return 1
  }
  func line(of item: Item) -> Int { item.line }
  /// The line of the `n`-th part (from 0) that has this id.
  private func line(ofID id: String, n: Int) -> Int {
    let all = lines.indices.filter { lines[$0].contains("\"id\"") && lines[$0].contains("\"\(id)\"") }
    return n < all.count ? all[n] + 1 : line(of: id)
  }
  func line(of c: Connection) -> Int {
    for (n, line) in lines.enumerated() where line.contains("\"\(c.from)\"") && line.contains("\"\(c.to)\"") { return n + 1 }
    return line(of: c.from)
  }
  func error(_ line: Int, _ sentence: String) -> BoardError { BoardError("\(file):\(line): \(sentence)") }

  /// - Parameters:
  ///   - name: the file's, for errors.
  /// - Throws: `BoardError` with file and line.
  public init(reading bytes: [UInt8], named name: String) throws {
    file = name
    let text = String(decoding: bytes, as: UTF8.self)
    lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    guard let top = try JSONValue.read(bytes, named: name).object else { throw BoardError("\(name):1: a diagram is an object with \"parts\" and \"connections\", but this file holds something else") }
    guard let parts = top["parts"]?.list else { throw BoardError("\(name):\(line(of: "parts")): there is no list \"parts\"; a diagram needs one") }
    guard parts.count <= 10_000 else { throw BoardError("\(name): there are \(parts.count) parts; at most 10000 can be had") }
    for (n, p) in parts.enumerated() {
      guard let p = p.object else { throw BoardError("\(name):\(line(of: "parts")): part \(n + 1) is no object; write { \"type\": …, \"id\": … }") }
      guard let type = p["type"]?.text, let id = p["id"]?.text else {
        throw BoardError("\(name):\(line(of: p["id"]?.text ?? p["type"]?.text ?? "parts")): part \(n + 1) lacks its \(p["type"]?.text != nil ? "id" : "type"); both are texts")
      }
      guard !id.isEmpty, !id.contains(":") else { throw BoardError("\(name):\(line(of: type)): the id \"\(id)\" cannot be used; take letters and digits") }
      var item = Item(type: type, id: id)
      func coordinate(_ key: String) throws -> Double {
        guard let v = p[key] else { return 0 }
        guard let d = v.number ?? v.text.flatMap(Double.init), d.isFinite, abs(d) <= 1e6 else {
          throw BoardError("\(name):\(line(of: id)): \(key) of \"\(id)\" is no number between -1000000 and 1000000")
        }
        return d
      }
      item.left = try coordinate("left")
      item.top = try coordinate("top")
      item.rotate = try coordinate("rotate").truncatingRemainder(dividingBy: 360)
      item.isHidden = p["hide"]?.bool ?? false
      item.strangeKeys = p.keys.filter { !["type", "id", "left", "top", "rotate", "hide", "attrs", "locked"].contains($0) }.sorted()
      if p["left"] == nil { item.misplaced.append("left") }
      if p["top"] == nil { item.misplaced.append("top") }
      for (key, value) in p["attrs"]?.object ?? [:] {
        item.attributes[key] = value.spelled
        if value.text == nil && value.list == nil { item.oddAttributes.append(key) }
      }
      item.oddAttributes.sort()
      item.line = line(ofID: id, n: items.filter { $0.id == id }.count)
      items.append(item)
    }
    guard let wires = (top["connections"] ?? .list([])).list else { throw BoardError("\(name):\(line(of: "connections")): \"connections\" is no list; write [ [\"a:pin\", \"b:pin\", \"green\", []] ]") }
    guard wires.count <= 100_000 else { throw BoardError("\(name): there are \(wires.count) connections; at most 100000 can be had") }
    for (n, w) in wires.enumerated() {
      guard let w = w.list, (2...4).contains(w.count), let from = w[0].text, let to = w[1].text else {
        throw BoardError("\(name):\(line(of: "connections")): connection \(n + 1) is not understood; write [\"a:pin\", \"b:pin\", \"green\", []]")
      }
      let path = w.count > 3 ? (w[3].list ?? []).compactMap(\.spelled) : []
      connections.append(Connection(from: from, to: to, color: w.count > 2 ? w[2].text ?? "green" : "green", path: path))
    }
    if let s = top["serialMonitor"]?.object {
      serialMonitor = SerialMonitor(display: s["display"]?.text, newline: s["newline"]?.text, convertEol: s["convertEol"]?.bool)
    }
  }
}
