/// Writes changes of levels as a value change dump (IEEE 1364-2001 §18), as PulseView, GTKWave and sigrok read it.
public final class VCDWriter {
  /// Picoseconds that one step of the file lasts.
  private let step: UInt64
  private let put: (String) -> Void
  private let count: Int
  private var stamp: UInt64?

  /// - Parameters:
  ///   - timescale: picoseconds: 1, 10 or 100 of a ps, ns, us or ms.
  ///   - put: takes the file's text, piece by piece.
  public init(names: [String], levels: [NetLevel], timescale: UInt64 = 1000, put: @escaping (String) -> Void) {
    step = max(timescale, 1)
    self.put = put
    count = names.count
    // No date: the same run gives the same file.
    var head = "$date Thu Jan 01 00:00:00 1970 $end\n$version solderless $end\n$timescale \(Self.spelled(step)) $end\n$scope module logic $end\n"
    for (n, name) in names.enumerated() { head += "$var wire 1 \(Self.code(n)) \(String(name.map { $0.isWhitespace ? "_" : $0 })) $end\n" }
    head += "$upscope $end\n$enddefinitions $end\n#0\n$dumpvars\n"
    for (n, level) in levels.enumerated() { head += "\(Self.value(level))\(Self.code(n))\n" }
    put(head + "$end\n")
    stamp = 0
  }
  static func spelled(_ step: UInt64) -> String {
    let units: [(UInt64, String)] = [(1_000_000_000_000, "s"), (1_000_000_000, "ms"), (1_000_000, "us"), (1000, "ns"), (1, "ps")]
    for (size, unit) in units where step >= size { return "\(step / size) \(unit)" }
    return "1 ps"
  }
  /// Short codes of printable characters.
  static func code(_ n: Int) -> String {
    var n = n, out = ""
    repeat {
      out.unicodeScalars.append(Unicode.Scalar(UInt8(33 + n % 94)))
      n = n / 94 - 1
    } while n >= 0
    return out
  }
  private static func value(_ level: NetLevel) -> String {
    switch level {
    case .low: "0"
    case .high: "1"
    case .floating: "z"
    case .contention: "x"
    }
  }
  public func write(_ c: Probe.Change) {
    let t = c.time / step
    if t != stamp {
      put("#\(t)\n")
      stamp = t
    }
    put("\(Self.value(c.level))\(Self.code(c.channel))\n")
  }
  /// The end of the recording.
  public func finish(at time: UInt64) {
    if time / step != stamp { put("#\(time / step)\n") }
  }
}
