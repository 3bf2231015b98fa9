import Boards
import Foundation
import Machine
import Parts
import Testing

@testable import Frontend

/// The scene as a picture, without a display.
@Suite struct SceneTests {
  /// A Pico with a LED behind a resistor, its anode on GP16.
  static func blinker() throws -> Board {
    let board = try Catalog.make(Catalog.board(named: "pico"))
    // It has no program.
    board.resetPressed = true
    try board.add("wokwi-led", id: "led1", attributes: ["color": "red"], at: .init(left: 130, top: 20))
    try board.add("wokwi-resistor", id: "r1", attributes: ["value": "220"], at: .init(left: 110, top: 120, rotate: 90))
    try board.wire("GP16", "led1:A", color: "green", path: ["h30"])
    try board.wire("led1:C", "r1:1", color: "black", path: ["v10"])
    try board.wire("r1:2", "GND.5", color: "black", path: ["v8"])
    try board.connect("GP0-GP5")
    return board
  }
  /// For whoever wants to look at what was drawn.
  static func save(_ png: [UInt8], _ name: String) {
    if let folder = ProcessInfo.processInfo.environment["SOLDERLESS_PICTURES"] { try? Data(png).write(to: URL(fileURLWithPath: folder).appendingPathComponent(name)) }
  }
  static func temporary(_ text: String) throws -> URL {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("solderless-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try Data(text.utf8).write(to: folder.appendingPathComponent("pico.svg"))
    return folder
  }

  @Test func lightShowsAndIsTheSameEachTime() throws {
    let board = try Self.blinker(), scene = Scene(board)
    #expect(scene.remarks.isEmpty)
    let led = try #require(board.parts.first { $0.id == "led1" })
    let dark = try scene.render(scale: 2)
    #expect(Array(dark.prefix(4)) == [0x89, 0x50, 0x4E, 0x47])
    try board.pin("GP16").drive = .high
    scene.expose()
    board.machine.run(until: Scene.exposure)
    #expect(led.lamps[0].isOn)
    #expect(scene.capture().items.contains { $0.lamps == [1] })
    let lit = try scene.render(scale: 2), again = try scene.render(scale: 2)
    #expect(lit == again)
    #expect(lit != dark)
    Self.save(lit, "blinker.png")
  }
  /// Looked at when it was made; another version of cairo may shade an edge differently.
  @Test func theSceneLooksAsItDid() throws {
    let board = try Self.blinker(), scene = Scene(board)
    for pin in ["GP16", "GP25"] { try board.pin(pin).drive = .high }
    scene.expose()
    board.machine.run(until: Scene.exposure)
    let shown = try scene.picture(scene.capture(), scale: 1.5)
    Self.save(shown.png(), "scene.png")
    let golden = try Canvas(png: URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Golden/scene.png"))
    #expect(golden.width == shown.width && golden.height == shown.height)
    var different = 0
    for y in 0..<shown.height {
      for x in 0..<shown.width {
        let a = shown.pixel(x, y), b = golden.pixel(x, y)
        if [0, 8, 16].contains(where: { abs(Int(a >> UInt32($0) & 255) - Int(b >> UInt32($0) & 255)) > 24 }) { different += 1 }
      }
    }
    #expect(different * 1000 < shown.width * shown.height, "\(different) pixels differ")
  }
  @Test(arguments: [(1, 0.5), (3, 0.25), (0, 1)]) func brightnessIsTheShareOfTheTimeAsAScreenShowsIt(off: UInt64, duty: Double) throws {
    let board = try Self.blinker(), scene = Scene(board), pin = try board.pin("GP16")
    board.machine.run(until: 1_000_000_000)
    scene.expose()
    for _ in 0..<10 {
      pin.drive = .high
      board.machine.run(until: board.machine.now + 1_000_000_000)
      pin.drive = .low
      board.machine.run(until: board.machine.now + off * 1_000_000_000)
    }
    let index = try #require(scene.items.firstIndex { $0.id == "led1" })
    // The sRGB transfer function of IEC 61966-2-1.
    let expected = duty <= 0.0031308 ? duty * 12.92 : 1.055 * pow(duty, 1 / 2.4) - 0.055
    #expect(abs(scene.capture().items[index].lamp(0) - expected) < 0.003)
  }
  @Test func whatStandsStillKeepsItsLight() throws {
    let board = try Self.blinker(), scene = Scene(board)
    try board.pin("GP16").drive = .high
    scene.expose()
    board.machine.run(until: 1_000_000_000)
    let before = scene.capture()
    scene.expose()
    #expect(scene.capture() == before)
  }
  @Test func wiresFollowTheirSteps() {
    // Before the star from the start, behind it, backwards, from the end (docs.wokwi.com/diagram-format).
    let points = Scene.path(from: Point(0, 0), to: Point(100, 50), steps: ["v10", "h5", "*", "v-15", "h10"])
    #expect(points == [Point(0, 0), Point(0, 10), Point(5, 10), Point(5, 35), Point(110, 35), Point(110, 50), Point(100, 50)])
    #expect(Scene.path(from: Point(0, 0), to: Point(9, 9), steps: ["hnan", "vinf", "h1e9", "x3", ""]).allSatisfy { abs($0.x) < 20 && abs($0.y) < 20 })
  }
  @Test func aTurnedPartsLegIsWhereItsWireEnds() throws {
    let board = try Self.blinker(), scene = Scene(board)
    // Turned by 90 degrees, the resistor's left end is on top.
    let end = try #require(scene.point(of: "r1:1", on: board))
    #expect(abs(end.at.x - (110 + 57.6 / 2)) < 0.01)
    #expect(abs(end.at.y - (120 + 6 - 57.6 / 2)) < 0.01)
  }
  @Test func everyPadOfTheArtIsAPadOfTheBoard() throws {
    for description in try Catalog.boards() {
      guard let art = description.art, let board = try? Catalog.make(description) else { continue }
      let picture = try BoardArt(file: Installation.home().appendingPathComponent("Assets/\(art)"))
      // Small boards have fewer.
      #expect(picture.pads.count > 20 || picture.pads.count == ["d1_mini": 16, "esp01": 8][description.name])
      let debug: Set = ["SWCLK", "SWDIO", "GND.9", "RUN", "3V3_EN", "EN", "RST", "VIN", "RSV"]
      let unknown = picture.pads.keys.filter { board.pins[$0] == nil && !debug.contains($0) }
      #expect(unknown.isEmpty, "\(art)")
      #expect(!picture.buttons.isEmpty || description.name == "esp01")
    }
  }
  @Test func touchesTurnAndSlide() {
    let knob = Touch("value", Rect(0, 0, 20, 20), .turn(centre: Point(10, 10), from: -135, to: 135, values: 0...100))
    #expect(knob.value(at: Point(10, 0)) == 50)
    #expect(knob.value(at: Point(3, 17)) == 0)
    #expect(knob.value(at: Point(17, 17)) == 100)
    // In the gap at the bottom, the nearer end.
    #expect(knob.value(at: Point(9, 20)) == 0)
    #expect(knob.value(at: Point(11, 20)) == 100)
    let slider = Touch("value", Rect(0, 0, 50, 5), .slide(from: Point(5, 2), to: Point(45, 2), values: 10...20))
    #expect(slider.value(at: Point(25, 90)) == 15)
    #expect(slider.value(at: Point(-5, 2)) == 10)
  }

  // MARK: What is wrong

  @Test(arguments: ["", "no picture", "<svg", "<svg xmlns='http://www.w3.org/2000/svg'/>", "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"1e9mm\" height=\"5mm\"/>", "<svg width=\"0\" height=\"0\"><text x=\"nan\"></text>"])
  func aBrokenPictureIsASentenceAndABox(text: String) throws {
    let folder = try Self.temporary(text)
    defer { try? FileManager.default.removeItem(at: folder) }
    let board = try Self.blinker(), scene = Scene(board, assets: folder)
    #expect(scene.remarks.count == 1)
    #expect(scene.remarks.first?.contains("pico.svg") ?? false)
    #expect(try scene.render().count > 1000)
  }
  @Test func missingAssetsAreASentence() throws {
    let scene = Scene(try Self.blinker(), assets: nil)
    #expect(scene.remarks.first?.contains("SOLDERLESS_HOME") ?? false)
    #expect(throws: SceneError.self) { try scene.picture(scene.capture(), scale: .nan) }
    #expect(throws: SceneError.self) { try Canvas(width: 1 << 20, height: 4) }
    // Huge scales become the largest picture that there is.
    #expect(try scene.picture(scene.capture(), scale: 1e9).width <= 8192)
  }
  @Test func partsFarAwayOrWithoutAPlaceDoNoHarm() throws {
    let board = try Self.blinker()
    try board.add("wokwi-led", id: "far", at: .init(left: 1e12, top: -1e12))
    for i in 0..<40 { try board.add("wokwi-led", id: "led\(i + 10)") }
    let scene = Scene(board)
    #expect(try scene.render().count > 100)
    let places = Set(scene.items.dropFirst(4).map { "\($0.origin)" })
    #expect(places.count == scene.items.count - 4)
  }
}
