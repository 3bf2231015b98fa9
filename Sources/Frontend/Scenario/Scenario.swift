import Foundation
import Yams

/// A test as a list of steps (Wokwi's automation scenarios, with steps of our own).
public struct Scenario: Sendable {
  /// One end of a wire, by part and pin.
  public struct Leg: Sendable, Equatable { public var part: String, pin: String }
  public enum Edge: String, Sendable, CaseIterable { case rising, falling, any }
  public struct Bounds: Sendable, Equatable { public var low: Double, high: Double }

  public enum Action: Sendable, Equatable {
    /// In picoseconds.
    case delay(UInt64)
    case waitSerial([UInt8])
    case writeSerial([UInt8])
    case setControl(part: String, control: String, value: Double)
    case expectPin(Leg, high: Bool)
    case waitPin(Leg, level: Bool?, edge: Edge?, timeout: UInt64)
    case expectFrequency(Leg, Bounds, over: UInt64)
    case expectDuty(Leg, Bounds, over: UInt64)
    case expectText(part: String, text: String, isWhole: Bool, timeout: UInt64)
    /// `tolerance`: the share of pixels that may differ, 0 to 1. A nil part: the whole scene.
    case screenshot(part: String?, saveTo: String?, compareWith: String?, tolerance: Double)
    case touch(part: String, x: Int, y: Int, duration: UInt64, wait: Bool)
    case touchDown(part: String, x: Int, y: Int)
    case touchUp(part: String)
    case set(part: String, attribute: String, value: String)
  }
  public struct Step: Sendable {
    public var action: Action
    /// As the file calls it.
    public var command: String
    public var name: String?
    public var line: Int
  }
  public let file: String
  public var name: String
  public var steps: [Step] = []
  /// A board, diagram or folder, from the file's folder; nil: the diagram beside the file.
  public var subject: String?
  public var firmware: String?
  /// A Python program to run through the raw REPL first.
  public var script: String?
  /// In milliseconds of virtual time.
  public var timeout: Double?

  static let commands = [
    "delay", "wait-serial", "write-serial", "set-control", "expect-pin", "take-screenshot", "touch", "touch-press", "touch-move", "touch-release", "wait-pin", "expect-frequency", "expect-duty", "expect-display-text", "set",
  ]

  /// - Throws: `SessionError` with file and line.
  public init(reading bytes: [UInt8], named file: String) throws {
    self.file = file
    func error(_ line: Int, _ sentence: String) -> SessionError { SessionError("\(file):\(line): \(sentence)") }
    guard bytes.count <= 1 << 20 else { throw error(1, "a scenario has at most 1 MiB") }
    let root: Node
    do {
      guard let node = try Yams.compose(yaml: String(decoding: bytes, as: UTF8.self)) else { throw error(1, "the file is empty; a scenario has a name, a version and steps") }
      root = node
    } catch let e as YamlError { throw error(Self.line(of: e), "this is not YAML: \(Self.problem(of: e)); mend the line") }
    guard let top = root.mapping else { throw error(1, "a scenario begins with \"name:\", \"version: 1\" and \"steps:\"") }
    var known = ["name", "version", "author", "steps", "board", "diagram", "firmware", "script", "timeout"]
    var found: [String: Node] = [:]
    for (key, value) in top {
      guard let k = key.string, known.contains(k) else {
        throw error(key.mark?.line ?? 1, "the key \"\(key.string ?? "?")\" is unknown; a scenario has \(known.joined(separator: ", "))")
      }
      found[k] = value
    }
    known = []
    guard let name = found["name"]?.string, !name.isEmpty else { throw error(root.mark?.line ?? 1, "the name is missing; write name: and a few words") }
    self.name = name
    guard found["version"]?.int == 1 else { throw error(found["version"]?.mark?.line ?? 1, "the version has to be 1; write version: 1") }
    subject = found["diagram"]?.string ?? found["board"]?.string
    firmware = found["firmware"]?.string
    script = found["script"]?.string
    if let t = found["timeout"] { timeout = Double(try Self.duration(t, "timeout", file)) / 1e9 }
    guard let list = found["steps"]?.sequence else { throw error(found["steps"]?.mark?.line ?? 1, "the steps are missing; write steps: and a list") }
    for node in list { steps.append(try Self.step(node, file)) }
  }
  private static func line(of e: YamlError) -> Int {
    switch e {
    case .scanner(_, _, let mark, _), .parser(_, _, let mark, _), .composer(_, _, let mark, _): mark.line
    case .duplicatedKeysInMapping(_, let c): c.mark.line
    default: 1
    }
  }
  private static func problem(of e: YamlError) -> String {
    switch e {
    case .scanner(_, let p, _, _), .parser(_, let p, _, _), .composer(_, let p, _, _), .reader(let p, _, _, _): p
    case .duplicatedKeysInMapping(let keys, _): "the key \(keys.joined(separator: ", ")) stands twice"
    default: "it cannot be read"
    }
  }

  // MARK: Steps

  private static func step(_ node: Node, _ file: String) throws -> Step {
    let line = node.mark?.line ?? 1
    func error(_ sentence: String, _ at: Int? = nil) -> SessionError { SessionError("\(file):\(at ?? line): \(sentence)") }
    guard let map = node.mapping else { throw error("a step is a command with its value, such as - delay: 500ms") }
    var name: String?, command: (name: String, value: Node)?
    for (key, value) in map {
      let k = key.string ?? "?"
      if k == "name" {
        name = value.string
      } else if commands.contains(k) {
        guard command == nil else { throw error("a step has one command, but here are \(command!.name) and \(k); make two steps of them", key.mark?.line) }
        command = (k, value)
      } else {
        let near = commands.min { Self.distance($0, k) < Self.distance($1, k) } ?? ""
        throw error("there is no command \"\(k)\"; did you mean \(near)? There are \(commands.joined(separator: ", "))", key.mark?.line)
      }
    }
    guard let (k, value) = command else { throw error("the step has no command; there are \(commands.joined(separator: ", "))") }
    return Step(action: try Fields(value, command: k, file: file, line: line).action(), command: k, name: name, line: line)
  }
  private static func distance(_ a: String, _ b: String) -> Int {
    let x = Set(a.split(separator: "-")), y = Set(b.split(separator: "-"))
    return abs(a.count - b.count) + 8 * x.symmetricDifference(y).count - 2 * zip(a, b).prefix { $0 == $1 }.count
  }
  /// `500ms` and the like, in picoseconds.
  static func duration(_ node: Node, _ what: String, _ file: String) throws -> UInt64 {
    let text = node.string ?? ""
    let units: [(String, Double)] = [("ns", 1e3), ("us", 1e6), ("µs", 1e6), ("ms", 1e9), ("s", 1e12)]
    if text == "0" { return 0 }
    for (unit, factor) in units where text.hasSuffix(unit) {
      guard let v = Double(text.dropLast(unit.count).trimmingCharacters(in: .whitespaces)), v >= 0, v * factor < 1e18 else { continue }
      return UInt64((v * factor).rounded())
    }
    throw SessionError("\(file):\(node.mark?.line ?? 1): \(what) \"\(text)\" is no length of time; write a number and ns, us, ms or s, such as 500ms")
  }

  /// The value of a step, taken apart.
  private struct Fields {
    let command: String, file: String, line: Int
    let node: Node
    private var map: [String: Node] = [:]

    init(_ node: Node, command: String, file: String, line: Int) throws {
      self.node = node
      self.command = command
      self.file = file
      self.line = node.mark?.line ?? line
      for (key, value) in node.mapping ?? [:] { map[key.string ?? "?"] = value }
    }
    func error(_ sentence: String) -> SessionError { SessionError("\(file):\(line): \(sentence)") }
    func allow(_ keys: String...) throws {
      guard node.mapping != nil else { throw error("\(command) needs \(keys.joined(separator: ", "))") }
      for k in map.keys.sorted() where !keys.contains(k) { throw error("\(command) has no \"\(k)\"; it has \(keys.joined(separator: ", "))") }
    }
    func text(_ keys: String...) throws -> String {
      for k in keys { if let s = map[k]?.string { return s } }
      throw error("\(command) lacks its \(keys[0])")
    }
    func number(_ keys: String...) throws -> Double {
      for k in keys {
        if let b = map[k]?.bool { return b ? 1 : 0 }
        if let v = map[k]?.string.flatMap(Double.init), v.isFinite { return v }
        if let n = map[k] { throw error("\(k) \"\(n.string ?? "?")\" is no number") }
      }
      throw error("\(command) lacks its \(keys[0])")
    }
    func whole(_ key: String) throws -> Int {
      let v = try number(key)
      guard abs(v) < 1e6 else { throw error("\(key) \(v) is too large") }
      return Int(v.rounded())
    }
    func time(_ key: String, default d: UInt64) throws -> UInt64 { try map[key].map { try Scenario.duration($0, key, file) } ?? d }
    func leg() throws -> Leg { Leg(part: try text("part-id"), pin: try text("pin", "name")) }
    /// `key`, give or take `tolerance` (a number, or a percentage), or `min` and `max`.
    func bounds(_ key: String, tolerance: Double, relative: Bool) throws -> Bounds {
      if map["min"] != nil || map["max"] != nil {
        return Bounds(low: map["min"] == nil ? -.infinity : try number("min"), high: map["max"] == nil ? .infinity : try number("max"))
      }
      let v = try number(key)
      var d = relative ? abs(v) * tolerance : tolerance
      if let t = map["tolerance"]?.string {
        if t.hasSuffix("%"), let p = Double(t.dropLast()), p >= 0 { d = abs(v) * p / 100 } else if let a = Double(t), a >= 0 { d = a } else { throw error("tolerance \"\(t)\" is neither a number nor a percentage such as 5%") }
      }
      return Bounds(low: v - d, high: v + d)
    }
    func action() throws -> Action {
      switch command {
      case "delay": return .delay(try Scenario.duration(node, "delay", file))
      case "wait-serial":
        guard let s = node.string, !s.isEmpty else { throw error("wait-serial needs a text") }
        return .waitSerial(Array(s.utf8))
      case "write-serial":
        if let list = node.sequence {
          return .writeSerial(try list.map { n in
            guard let v = n.int, 0...255 ~= v else { throw error("write-serial takes a text, or numbers from 0 to 255") }
            return UInt8(v)
          })
        }
        guard let s = node.string else { throw error("write-serial takes a text, or numbers from 0 to 255") }
        return .writeSerial(Array(s.utf8))
      case "set-control":
        try allow("part-id", "control", "name", "value")
        return .setControl(part: try text("part-id"), control: try text("control", "name"), value: try number("value"))
      case "expect-pin":
        try allow("part-id", "pin", "name", "value", "expected")
        return .expectPin(try leg(), high: try number("value", "expected") != 0)
      case "wait-pin":
        try allow("part-id", "pin", "name", "value", "edge", "timeout")
        var edge: Edge?
        if let e = map["edge"] {
          guard let x = e.string.flatMap(Edge.init(rawValue:)) else { throw error("edge is rising, falling or any") }
          edge = x
        }
        guard (edge == nil) != (map["value"] == nil) else { throw error("wait-pin needs either value or edge") }
        return .waitPin(try leg(), level: edge == nil ? try number("value") != 0 : nil, edge: edge, timeout: try time("timeout", default: 10_000_000_000_000))
      case "expect-frequency":
        try allow("part-id", "pin", "name", "hz", "min", "max", "tolerance", "over")
        return .expectFrequency(try leg(), try bounds("hz", tolerance: 0.02, relative: true), over: max(1, try time("over", default: 100_000_000_000)))
      case "expect-duty":
        try allow("part-id", "pin", "name", "duty", "min", "max", "tolerance", "over")
        return .expectDuty(try leg(), try bounds("duty", tolerance: 0.02, relative: false), over: max(1, try time("over", default: 100_000_000_000)))
      case "expect-display-text":
        try allow("part-id", "text", "contains", "timeout")
        guard (map["text"] == nil) != (map["contains"] == nil) else { throw error("expect-display-text needs either text or contains") }
        return .expectText(part: try text("part-id"), text: try text("text", "contains"), isWhole: map["text"] != nil, timeout: try time("timeout", default: 0))
      case "take-screenshot":
        if node.mapping != nil { try allow("part-id", "save-to", "compare-with", "tolerance") }
        var tolerance = 0.0
        if let t = map["tolerance"]?.string {
          guard let v = t.hasSuffix("%") ? Double(t.dropLast()).map({ $0 / 100 }) : Double(t), 0...1 ~= v else { throw error("tolerance \"\(t)\" is no share of the pixels; write 0 to 1, or a percentage") }
          tolerance = v
        }
        return .screenshot(part: map["part-id"]?.string, saveTo: map["save-to"]?.string, compareWith: map["compare-with"]?.string, tolerance: tolerance)
      case "touch":
        try allow("part-id", "x", "y", "duration", "wait")
        return .touch(part: try text("part-id"), x: try whole("x"), y: try whole("y"), duration: try time("duration", default: 50_000_000_000), wait: map["wait"]?.bool ?? false)
      case "touch-press", "touch-move":
        try allow("part-id", "x", "y")
        return .touchDown(part: try text("part-id"), x: try whole("x"), y: try whole("y"))
      case "touch-release":
        try allow("part-id")
        return .touchUp(part: try text("part-id"))
      default:
        try allow("part-id", "attribute", "value")
        return .set(part: try text("part-id"), attribute: try text("attribute"), value: try text("value"))
      }
    }
  }
}
