/// A value change dump (IEEE 1364-2001 §18): signals of one bit and their changes.
public struct VCDReader: Sendable {
  public struct Problem: Error, Sendable, Equatable {
    public var line: Int
    public var message: String
  }
  public private(set) var names: [String] = []
  /// In order of time.
  public private(set) var changes: [Probe.Change] = []

  /// - Throws: `Problem` with the line.
  public init(reading bytes: [UInt8]) throws(Problem) {
    var line = 1, scale: UInt64 = 1000, codes: [[UInt8]: [Int]] = [:], time: UInt64 = 0, inHead = true
    var at = 0
    /// The next word, with the line that it is on.
    func word() -> [UInt8]? {
      while at < bytes.count, bytes[at] <= 32 {
        if bytes[at] == 10 { line += 1 }
        at += 1
      }
      guard at < bytes.count else { return nil }
      let start = at
      while at < bytes.count, bytes[at] > 32 { at += 1 }
      return Array(bytes[start..<at])
    }
    func text(_ w: [UInt8]) -> String { String(decoding: w, as: UTF8.self) }
    func section() throws(Problem) -> [[UInt8]] {
      let from = line
      var words: [[UInt8]] = []
      while let w = word() {
        if text(w) == "$end" { return words }
        words.append(w)
        if words.count > 10_000 { break }
      }
      throw Problem(line: from, message: "the section has no $end")
    }
    while let w = word() {
      switch w[0] {
      case UInt8(ascii: "$"):
        switch text(w) {
        case "$timescale":
          let s = text(try section().flatMap { $0 }), digits = s.prefix { $0.isNumber }
          let units: [String: UInt64] = ["s": 1_000_000_000_000, "ms": 1_000_000_000, "us": 1_000_000, "ns": 1000, "ps": 1]
          guard let n = UInt64(digits), [1, 10, 100].contains(n), let unit = units[String(s.dropFirst(digits.count))] else { throw Problem(line: line, message: "the timescale \"\(s)\" is not understood; it is 1, 10 or 100 and s, ms, us, ns or ps") }
          scale = n * unit
        case "$var":
          let v = try section()
          guard v.count >= 4 else { throw Problem(line: line, message: "a $var has a type, a width, a code and a name") }
          if text(v[1]) == "1" {
            guard names.count < 1024 else { throw Problem(line: line, message: "there are more than 1024 signals") }
            codes[v[2], default: []].append(names.count)
            names.append(text(v[3]))
          } else {
            codes[v[2], default: []] += []
          }
        case "$enddefinitions":
          _ = try section()
          inHead = false
        case "$dumpvars", "$dumpall", "$dumpon", "$dumpoff", "$end": break
        default: _ = try section()
        }
      case UInt8(ascii: "#"):
        guard let t = UInt64(text(Array(w.dropFirst()))), !t.multipliedReportingOverflow(by: scale).overflow else { throw Problem(line: line, message: "\"\(text(w))\" is no time") }
        guard t * scale >= time else { throw Problem(line: line, message: "the time goes back to \(t)") }
        time = t * scale
      case UInt8(ascii: "b"), UInt8(ascii: "B"), UInt8(ascii: "r"), UInt8(ascii: "R"):
        // A vector or a real number: its code is a word of its own.
        guard word() != nil else { throw Problem(line: line, message: "the value \(text(w)) belongs to no signal") }
      case UInt8(ascii: "0"), UInt8(ascii: "1"), UInt8(ascii: "x"), UInt8(ascii: "X"), UInt8(ascii: "z"), UInt8(ascii: "Z"):
        guard !inHead else { throw Problem(line: line, message: "a value stands before $enddefinitions") }
        guard let channels = codes[Array(w.dropFirst())] else { throw Problem(line: line, message: "the signal \"\(text(Array(w.dropFirst())))\" was not declared") }
        let level: NetLevel = w[0] == UInt8(ascii: "0") ? .low : w[0] == UInt8(ascii: "1") ? .high : .floating
        for c in channels { changes.append(Probe.Change(time: time, channel: c, level: level)) }
      default: throw Problem(line: line, message: "\"\(text(Array(w.prefix(40))))\" is not understood; is this a VCD file?")
      }
    }
    guard !inHead else { throw Problem(line: line, message: "there is no $enddefinitions; is this a VCD file?") }
  }
}
