import Foundation

/// Any JSON value, read leniently (JSON5).
enum JSONValue: Decodable {
  case null, bool(Bool), number(Double), text(String), list([JSONValue]), object([String: JSONValue])

  init(from decoder: any Decoder) throws {
    let c = try decoder.singleValueContainer()
    if c.decodeNil() { self = .null } else if let b = try? c.decode(Bool.self) { self = .bool(b) } else if let n = try? c.decode(Double.self) { self = .number(n) } else if let s = try? c.decode(String.self) { self = .text(s) } else if let l = try? c.decode([JSONValue].self) { self = .list(l) } else { self = .object(try c.decode([String: JSONValue].self)) }
  }
  /// - Throws: `BoardError` with file and line.
  static func read(_ bytes: [UInt8], named file: String) throws -> JSONValue {
    try checkDepth(bytes, file)
    let decoder = JSONDecoder()
    decoder.allowsJSON5 = true
    do { return try decoder.decode(JSONValue.self, from: Data(bytes)) } catch { throw BoardError(sentence(error, file: file)) }
  }
  /// Brackets nested so deep that no diagram has them would only use up the stack.
  private static func checkDepth(_ bytes: [UInt8], _ file: String) throws {
    var depth = 0, line = 1
    for b in bytes {
      if b == 10 { line += 1 }
      if b == 0x5B || b == 0x7B { depth += 1 }
      if b == 0x5D || b == 0x7D { depth -= 1 }
      if depth > 64 { throw BoardError("\(file):\(line): brackets are nested more than 64 deep; this is no file of ours") }
    }
  }
  /// What JSON's reader says of a broken file, with file and line.
  static func sentence(_ error: any Error, file: String) -> String {
    var text = "\(error)"
    if case DecodingError.dataCorrupted(let c) = error { text = c.underlyingError.map { "\(($0 as NSError).userInfo["NSDebugDescription"] ?? "\($0)")" } ?? c.debugDescription }
    var line = 1
    if let at = text.range(of: "line "), let n = Int(text[at.upperBound...].prefix { $0.isNumber }) { line = n }
    while text.hasSuffix(".") { text.removeLast() }
    return "\(file):\(line): this is not JSON: \(text); mend the line"
  }
  var text: String? { if case .text(let s) = self { s } else { nil } }
  var number: Double? { if case .number(let n) = self { n } else { nil } }
  var bool: Bool? { if case .bool(let b) = self { b } else { nil } }
  var list: [JSONValue]? { if case .list(let l) = self { l } else { nil } }
  var object: [String: JSONValue]? { if case .object(let o) = self { o } else { nil } }
  /// A text, or a number or truth as a diagram would spell it.
  var spelled: String? {
    switch self {
    case .text(let s): s
    case .number(let n): n == n.rounded() && abs(n) < 1e15 ? String(Int(n)) : String(n)
    case .bool(let b): b ? "1" : ""
    case .list(let l): l.compactMap(\.spelled).joined(separator: ",")
    case .null, .object: nil
    }
  }
}
