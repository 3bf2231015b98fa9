import Foundation

/// How scenarios ended, and the JUnit file that tells it to CI.
public struct TestReport: Codable, Sendable {
  public struct Case: Codable, Sendable {
    public var file: String, name: String
    /// nil: passed.
    public var failure: String?
    public var isTimeout: Bool
    /// Milliseconds of virtual time.
    public var virtualMilliseconds: Double
    public var hostSeconds: Double
    public var serial: String
    public init(file: String, name: String, failure: String?, isTimeout: Bool, virtualMilliseconds: Double, hostSeconds: Double, serial: String) {
      self.file = file
      self.name = name
      self.failure = failure
      self.isTimeout = isTimeout
      self.virtualMilliseconds = virtualMilliseconds
      self.hostSeconds = hostSeconds
      self.serial = serial
    }
  }
  public var cases: [Case]
  public init(_ cases: [Case]) { self.cases = cases }

  private static func escaped(_ s: String) -> String {
    var out = ""
    for u in s.unicodeScalars {
      switch u {
      case "&": out += "&amp;"
      case "<": out += "&lt;"
      case ">": out += "&gt;"
      case "\"": out += "&quot;"
      case "\n", "\t": out.unicodeScalars.append(u)
      // XML 1.0 has no other control characters.
      case _ where u.value < 0x20 || u.value == 0xFFFE || u.value == 0xFFFF: continue
      default: out.unicodeScalars.append(u)
      }
    }
    return out
  }
  /// The JUnit format, as CI servers read it.
  public var junit: String {
    let seconds = cases.reduce(0) { $0 + $1.hostSeconds }, failures = cases.filter { $0.failure != nil }.count
    var out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites tests=\"\(cases.count)\" failures=\"\(failures)\" time=\"\(seconds)\">\n"
    out += "  <testsuite name=\"solderless\" tests=\"\(cases.count)\" failures=\"\(failures)\" errors=\"0\" time=\"\(seconds)\">\n"
    for c in cases {
      out += "    <testcase classname=\"\(Self.escaped(c.file))\" name=\"\(Self.escaped(c.name))\" time=\"\(c.hostSeconds)\">\n"
      if let f = c.failure { out += "      <failure type=\"\(c.isTimeout ? "timeout" : "step")\" message=\"\(Self.escaped(f))\">\(Self.escaped(f))</failure>\n" }
      if !c.serial.isEmpty { out += "      <system-out>\(Self.escaped(c.serial))</system-out>\n" }
      out += "    </testcase>\n"
    }
    return out + "  </testsuite>\n</testsuites>\n"
  }
}
