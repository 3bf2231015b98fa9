import Foundation
import Parts
import Testing
@testable import Boards

@Suite struct DiagramTests {
  static let good = """
    { "version": 1, "parts": [
        { "type": "wokwi-pi-pico", "id": "pico", "top": 0, "left": 0, "attrs": {} },
        { "type": "wokwi-led", "id": "led1", "top": -60.5, "left": 150, "rotate": 90, "attrs": { "color": "red" } },
        { "type": "wokwi-resistor", "id": "r1", "top": 40, "left": 160, "attrs": { "value": "220" } } ],
      "connections": [
        [ "pico:GP15", "led1:A", "green", [ "v10", "*", "h-5.5" ] ],
        [ "led1:C", "r1:1", "black", [] ],
        [ "r1:2", "pico:GND.3", "", [] ] ] }
    """
  static func diagram(_ text: String) throws -> Diagram { try Diagram(reading: Array(text.utf8), named: "d.json") }
  static func findings(_ text: String) throws -> [DiagramLint.Finding] { DiagramLint.check(try diagram(text)) }

  /// What the format calls the boards with ESP chips.
  @Test(arguments: [("board-esp32-devkit-c-v4", "esp32"), ("board-esp32-devkit-v1", "devkit_v1"), ("wokwi-esp32-devkit-v1", "devkit_v1"), ("board-esp-01", "esp01")]) func boardsWithESPChips(type: String, name: String) throws {
    let board = try #require(DiagramTypes.board(type))
    #expect(board.name == name)
    let made = try Catalog.make(board)
    #expect(made.serialPort(transmittingOn: name == "devkit_v1" ? "TX0" : "TX") == "uart0" && made.serialPort(transmittingOn: name == "devkit_v1" ? "RX0" : "RX") == nil)
  }
  @Test func partsAndWiresAreRead() throws {
    let d = try Self.diagram(Self.good)
    #expect(d.items.map(\.id) == ["pico", "led1", "r1"])
    #expect(d.items[1].top == -60.5 && d.items[1].rotate == 90 && d.items[1].attributes == ["color": "red"])
    #expect(d.connections[0] == Diagram.Connection(from: "pico:GP15", to: "led1:A", color: "green", path: ["v10", "*", "h-5.5"]))
    #expect(DiagramLint.check(d).isEmpty)
  }
  @Test func aBoardIsFurnished() throws {
    let board = try PicoBoard(Catalog.board(named: "pico"))
    board.layout.boardID = "pico"
    #expect(try board.furnish(with: Self.diagram(Self.good)).isEmpty)
    let led = try board.part("led1")
    // The lamp hangs between the pad and, through the resistor, the ground.
    #expect(led.pins["C"]?.level == .low && led.pins["A"]?.net === board.pins["GP15"]?.net)
    #expect(board.layout.wires.suffix(3).map(\.to) == ["led1:A", "r1:1", "pico:GND.3"] && board.layout.placements["led1"]?.rotate == 90)
  }
  @Test func filesOfPartsAreBesideTheDiagram() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("diagram-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder.appendingPathComponent("card"), withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try Data("what the card holds".utf8).write(to: folder.appendingPathComponent("card/a.txt"))
    let text = #"{ "parts": [ { "type": "wokwi-pi-pico", "id": "pico" }, { "type": "wokwi-microsd-card", "id": "sd", "attrs": { "folder": "card", "size": "1" } } ] }"#
    let board = try PicoBoard(Catalog.board(named: "pico"))
    board.layout.boardID = "pico"
    _ = try board.furnish(with: Diagram(reading: Array(text.utf8), named: folder.appendingPathComponent("d.json").path))
    let card = try #require(try board.part("sd") as? any KeepsBytes)
    #expect(card.contents.firstRange(of: Array("what the card holds".utf8)) != nil)
    #expect { try board.add("wokwi-microsd-card", id: "other", attributes: ["folder": "no-such-card"]) } throws: { "\($0)".contains("no-such-card") }
  }
  @Test func clocksBeginAtTheSameTimeUnlessTold() throws {
    let board = try PicoBoard(Catalog.board(named: "pico"))
    for (id, time) in [("a", nil), ("b", "now"), ("c", "2020-02-29T23:59:58"), ("d", "soon")] as [(String, String?)] { try board.add("wokwi-ds1307", id: id, attributes: time.map { ["initTime": $0] } ?? [:]) }
    func times() -> [String] { board.parts.dropFirst().map { $0.attribute("initTime") } }
    let remarks = try board.setClocks(to: nil)
    #expect(times() == ["2024-01-01T00:00:00", "2024-01-01T00:00:00", "2020-02-29T23:59:58", "soon"])
    #expect(remarks.count == 2 && remarks[0].hasPrefix("b ") && remarks[1].hasPrefix("d:"), "\(remarks)")
    #expect { try board.setClocks(to: "tomorrow") } throws: { "\($0)".contains("tomorrow") }
  }
  @Test func unknownPartsAreBoxes() throws {
    let board = try PicoBoard(Catalog.board(named: "pico"))
    board.layout.boardID = "pico"
    let remarks = try board.furnish(with: Self.diagram(Self.good.replacingOccurrences(of: "wokwi-led", with: "wokwi-lid")))
    #expect(remarks.count == 1 && remarks[0].contains("d.json:3") && remarks[0].contains("wokwi-led"), "\(remarks)")
    #expect(board.layout.unknownParts == [Layout.Unknown(type: "wokwi-lid", id: "led1")])
  }

  /// One mistake, and the rule that finds it with its line.
  @Test(arguments: [
    ("duplicate-id", 4, "\"r1\", \"top\"", "\"led1\", \"top\""),
    ("invalid-pin", 6, "led1:A", "led1:Q"),
    ("invalid-pin", 8, "pico:GND.3", "pico:GND.33"),
    ("missing-component", 8, "\"r1:2\"", "\"r9:2\""),
    ("unknown-part-type", 3, "wokwi-led", "wokwi-ledd"),
    ("wrong-coord-names", 4, "\"top\": 40, \"left\": 160", "\"x\": 40, \"y\": 160"),
    ("invalid-attribute", 3, "\"color\": \"red\"", "\"colour\": \"red\""),
    ("invalid-attribute", 4, "\"value\": \"220\"", "\"value\": \"many\""),
    ("misplaced-coords", 3, "\"color\": \"red\"", "\"color\": \"red\", \"rotate\": \"90\""),
    ("redundant-parts", 4, "[ \"led1:C\", \"r1:1\", \"black\", [] ],\n    [ \"r1:2\", \"pico:GND.3\", \"\", [] ]", "[ \"led1:C\", \"pico:GND.1\", \"black\", [] ]"),
    ("unsupported-part", 3, "wokwi-led", "wokwi-tv"),
  ])
  func rules(rule: String, line: Int, from: String, to: String) throws {
    #expect(DiagramLint.rules.contains { $0.name == rule })
    let text = Self.good.replacingOccurrences(of: from, with: to)
    #expect(text != Self.good || from == to, "the mistake was not made")
    let found = try Self.findings(text)
    #expect(found.contains { $0.rule == rule && $0.line == line }, "\(found)")
  }
  @Test(arguments: [
    ("", "d.json:1"), ("{", "d.json:"), ("{\n \"parts\": [\n {]\n}", "d.json:3"), ("[]", "d.json:1"), ("{\"parts\": 3}", "\"parts\""), ("{\"parts\": [1]}", "part 1"), ("{\"parts\": [{\"id\": \"a\"}]}", "type"),
    ("{\"parts\": [{\"type\": \"wokwi-led\", \"id\": \"a:b\"}]}", "a:b"), ("{\"parts\": [{\"type\": \"wokwi-led\", \"id\": \"a\", \"left\": 1e300}]}", "left"),
    ("{\"parts\": [], \"connections\": [[\"a\"]]}", "connection 1"), (String(repeating: "[", count: 5000), "nested"), ("{\"parts\": [{\"type\": \"wokwi-led\", \"id\": \"a\", \"left\": \"x\"}]}", "left"),
  ])
  func brokenDiagrams(text: String, says: String) throws {
    #expect { try Self.diagram(text) } throws: { Bool("\($0)".contains(says) && "\($0)".hasPrefix("d.json:")) }
  }
  @Test func randomlyDamagedDiagramsAreSurvived() throws {
    var random: UInt64 = 88
    let bytes = Array(Self.good.utf8)
    for _ in 0..<2000 {
      var b = bytes
      for _ in 0..<3 {
        random ^= random << 13
        random ^= random >> 7
        random ^= random << 17
        b[Int(random % UInt64(b.count))] = UInt8(truncatingIfNeeded: random >> 32)
      }
      do { _ = DiagramLint.check(try Diagram(reading: b, named: "d.json")) } catch { #expect(error is BoardError) }
    }
  }
  @Test func settings() throws {
    let text = "[wokwi]\nversion = 1\nfirmware = 'build/a.uf2'\nelf = \"a.elf\"\nrfc2217ServerPort = 4000\n"
    let s = try WokwiSettings(reading: Array(text.utf8), named: "wokwi.toml")
    #expect(s.firmware == "build/a.uf2" && s.rfc2217ServerPort == 4000 && s.line(of: "firmware") == 3)
    for (bad, says) in [("[wokwi\n", "wokwi.toml:1"), ("a = 1", "[wokwi]"), ("[wokwi]\nversion = 2", "version"), ("[wokwi]\nversion = 1\nrfc2217ServerPort = 99999", "99999")] {
      #expect { try WokwiSettings(reading: Array(bad.utf8), named: "wokwi.toml") } throws: { "\($0)".contains(says) }
    }
  }
}
