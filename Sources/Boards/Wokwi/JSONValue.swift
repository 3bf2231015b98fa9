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
    try checkBrackets(bytes, file)
    // Foundation's reader of JSON5 does not survive what is no text.
    for (n, line) in bytes.split(separator: 10, omittingEmptySubsequences: false).enumerated() where String(validating: line, as: UTF8.self) == nil {
      throw BoardError("\(file):\(n + 1): the line is no UTF-8 text; save the file as UTF-8")
    }
    let decoder = JSONDecoder()
    decoder.allowsJSON5 = true
    do { return try decoder.decode(JSONValue.self, from: Data(bytes)) } catch {
      // Plain JSON's reader tells the place, which counts where there are no comments.
      let plain = Result { try JSONSerialization.jsonObject(with: Data(bytes), options: [.fragmentsAllowed]) }
      if case .failure(let e) = plain, !bytes.contains(UInt8(ascii: "/")) { throw BoardError(sentence(e, file: file)) }
      throw BoardError(sentence(error, file: file))
    }
  }
  /// Brackets that do not match are told with their line, which the reader does not do; nested so deep that no diagram has
  /// them they would only use up the stack.
  private static func checkBrackets(_ bytes: [UInt8], _ file: String) throws {
    var open: [(bracket: UInt8, line: Int)] = [], line = 1, quote: (sign: UInt8, line: Int)?, i = 0
    func at(_ k: Int) -> UInt8 { k < bytes.count ? bytes[k] : 0 }
    while i < bytes.count {
      let b = bytes[i]
      if b == 10 { line += 1 }
      if let q = quote {
        if b == UInt8(ascii: "\\") { i += 1 } else if b == q.sign { quote = nil }
      } else {
        switch b {
        case UInt8(ascii: "\""), UInt8(ascii: "'"): quote = (b, line)
        case UInt8(ascii: "/") where at(i + 1) == UInt8(ascii: "/"): while i + 1 < bytes.count, bytes[i + 1] != 10 { i += 1 }
        case UInt8(ascii: "/") where at(i + 1) == UInt8(ascii: "*"):
          i += 2
          while i < bytes.count, !(bytes[i] == UInt8(ascii: "*") && at(i + 1) == UInt8(ascii: "/")) {
            if bytes[i] == 10 { line += 1 }
            i += 1
          }
          i += 1
        case UInt8(ascii: "["), UInt8(ascii: "{"):
          open.append((b, line))
          if open.count > 64 { throw BoardError("\(file):\(line): brackets are nested more than 64 deep; this is no file of ours") }
        case UInt8(ascii: "]"), UInt8(ascii: "}"):
          guard let last = open.popLast(), last.bracket + 2 == b else { throw BoardError("\(file):\(line): this is not JSON: a \(Character(Unicode.Scalar(b))) closes nothing; mend the line") }
        default: break
        }
      }
      i += 1
    }
    if let q = quote { throw BoardError("\(file):\(q.line): this is not JSON: the text has no closing quote; mend the line") }
    if let o = open.last { throw BoardError("\(file):\(o.line): this is not JSON: the \(Character(Unicode.Scalar(o.bracket))) is never closed; mend it") }
  }
  /// What JSON's reader says of a broken file, with file and line.
  static func sentence(_ error: any Error, file: String) -> String {
    var text = "\((error as NSError).userInfo["NSDebugDescription"] ?? "\(error)")"
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
