import Boards
import Foundation
import Frontend
import Machine
import Parts
import Testing

/// The scene as a picture, without a display.
@Suite struct SceneTests {
  /// A Pico with a LED behind a resistor, its anode on GP15.
  static func blinker() throws -> Board {
    let board = try Catalog.make(Catalog.board(named: "pico"))
    try board.add("wokwi-led", id: "led1", attributes: ["color": "red"], at: .init(left: 130, top: 20))
    try board.add("wokwi-resistor", id: "r1", attributes: ["value": "220"], at: .init(left: 110, top: 120, rotate: 90))
    try board.wire("GP16", "led1:A", color: "green", path: ["h30"])
    try board.wire("led1:C", "r1:1", color: "black", path: ["v10"])
    try board.wire("r1:2", "GND.5", color: "black", path: ["v8"])
    try board.connect("GP0-GP5")
    return board
  }
  static func save(_ png: [UInt8], _ name: String) {
    if let folder = ProcessInfo.processInfo.environment["SOLDERLESS_PICTURES"] { try? Data(png).write(to: URL(fileURLWithPath: folder).appendingPathComponent(name)) }
  }

  @Test func lightShowsAndIsTheSameEachTime() throws {
    let board = try Self.blinker()
    let scene = Scene(board)
    #expect(scene.remarks.isEmpty)
    let led = try #require(board.parts.first { $0.id == "led1" })
    let dark = try scene.render(scale: 2)
    #expect(Array(dark.prefix(4)) == [0x89, 0x50, 0x4E, 0x47])
    try board.pin("GP16").drive = .high
    scene.expose()
    board.machine.run(until: Scene.exposure)
    #expect(led.lamps[0].isOn)
    let looks = scene.capture()
    #expect(looks.items.contains { $0.lamps == [1] })
    let lit = try scene.render(scale: 2), again = try scene.render(scale: 2)
    #expect(lit == again)
    #expect(lit != dark)
    Self.save(lit, "blinker.png")
  }
}
