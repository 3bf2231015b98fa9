import Boards
import Foundation
import Testing
@testable import Frontend

@Suite struct ScenarioTests {
  static func read(_ steps: String) throws -> Scenario { try Scenario(reading: Array("name: t\nversion: 1\nsteps:\n\(steps)\n".utf8), named: "t.yaml") }

  @Test func stepsAreRead() throws {
    let s = try Self.read(
      """
      - delay: 1.5ms
      - { name: greeting, wait-serial: "hi" }
      - write-serial: [3, 255]
      - set-control: { part-id: b, name: pressed, value: true }
      - expect-pin: { part-id: l, pin: A, expected: 1 }
      - wait-pin: { part-id: l, pin: A, edge: falling, timeout: 2s }
      - expect-frequency: { part-id: l, pin: A, hz: 1000, tolerance: 5% }
      - expect-duty: { part-id: l, pin: A, min: 0.2 }
      - expect-display-text: { part-id: d, contains: "x" }
      - take-screenshot: { part-id: d, compare-with: a.png, tolerance: 1% }
      - touch: { part-id: d, x: 3, y: 4 }
      - set: { part-id: d, attribute: color, value: 7 }
      """)
    let l = Scenario.Leg(part: "l", pin: "A")
    #expect(
      s.steps.map(\.action) == [
        .delay(1_500_000_000), .waitSerial(Array("hi".utf8)), .writeSerial([3, 255]), .setControl(part: "b", control: "pressed", value: 1), .expectPin(l, high: true),
        .waitPin(l, level: nil, edge: .falling, timeout: 2_000_000_000_000), .expectFrequency(l, .init(low: 950, high: 1050), over: 100_000_000_000), .expectDuty(l, .init(low: 0.2, high: .infinity), over: 100_000_000_000),
        .expectText(part: "d", text: "x", isWhole: false, timeout: 0), .screenshot(part: "d", saveTo: nil, compareWith: "a.png", tolerance: 0.01), .touch(part: "d", x: 3, y: 4, duration: 50_000_000_000, wait: false),
        .set(part: "d", attribute: "color", value: "7"),
      ])
    #expect(s.steps[1].name == "greeting" && s.steps[4].line == 8)
  }
  @Test(arguments: [
    ("- delay: 500", "t.yaml:4", "500"), ("- dely: 5ms", "t.yaml:4", "did you mean delay"), ("- delay: 1ms\n  wait-serial: x", "t.yaml:5", "one command"), ("- 3", "t.yaml:4", "step"),
    ("- delay: 1ms\n- set-control: { part-id: a, value: 1 }", "t.yaml:5", "control"), ("- wait-pin: { part-id: a, pin: b }", "t.yaml:4", "value or edge"), ("- write-serial: [300]", "t.yaml:4", "255"),
    ("- expect-pin: { part-id: a, pin: b, value: 1, colour: red }", "t.yaml:4", "colour"), ("- { delay: 1ms", "t.yaml:", "YAML"), ("- touch: { part-id: a, x: 1e99, y: 0 }", "t.yaml:4", "x"), ("- delay: -3ms", "t.yaml:4", "-3ms"),
  ])
  func wrongSteps(steps: String, place: String, says: String) {
    #expect { try Self.read(steps) } throws: { "\($0)".hasPrefix(place) && "\($0)".contains(says) }
  }
  @Test(arguments: [("", "empty"), ("name: x\nversion: 1\nstps: []", "stps"), ("version: 1\nsteps: []", "name"), ("name: x\nsteps: []", "version"), ("name: x\nversion: 1", "steps"), ("- a", "name"), ("a: &a [*a]", "t.yaml")])
  func wrongFiles(text: String, says: String) {
    #expect { try Scenario(reading: Array(text.utf8), named: "t.yaml") } throws: { "\($0)".contains(says) }
  }
  @Test func randomlyDamagedFilesAreSurvived() {
    let bytes = Array("name: t\nversion: 1\nsteps:\n  - delay: 5ms\n  - set-control: { part-id: a, control: b, value: 1 }\n  - wait-serial: \"x\"\n".utf8)
    var random: UInt64 = 7
    for _ in 0..<2000 {
      var b = bytes
      for _ in 0..<3 {
        random ^= random << 13
        random ^= random >> 7
        random ^= random << 17
        b[Int(random % UInt64(b.count))] = UInt8(truncatingIfNeeded: random >> 32)
      }
      do { _ = try Scenario(reading: b, named: "t.yaml") } catch { #expect(error is SessionError) }
    }
  }
  @Test func reportsAreXML() throws {
    let text = TestReport([.init(file: "a.yaml", name: "x < y & \"z\"", failure: "a.yaml:3: it\u{1} is > 5", isTimeout: false, virtualMilliseconds: 5, hostSeconds: 0.5, serial: "<\u{1B}[0m>")]).junit
    let parser = XMLParserProbe(text)
    #expect(parser.isWellFormed && text.contains("failures=\"1\"") && text.contains("x &lt; y &amp; &quot;z&quot;"))
  }
}

/// A file without Foundation's XML: tags that open and close in order, and no stray signs.
private struct XMLParserProbe {
  var isWellFormed = true
  init(_ text: String) {
    var open: [Substring] = [], rest = text[...]
    while let lt = rest.firstIndex(of: "<") {
      guard let gt = rest[lt...].firstIndex(of: ">") else { isWellFormed = false; return }
      let tag = rest[rest.index(after: lt)..<gt]
      rest = rest[rest.index(after: gt)...]
      if tag.hasPrefix("?") || tag.hasSuffix("/") { continue }
      if tag.hasPrefix("/") {
        if open.popLast() != tag.dropFirst() { isWellFormed = false }
      } else {
        open.append(tag.prefix { $0 != " " })
      }
    }
    if !open.isEmpty || text.unicodeScalars.contains(where: { $0.value < 0x20 && $0 != "\n" && $0 != "\t" }) { isWellFormed = false }
  }
}
