import Foundation
import Machine
import Parts
import Testing

@testable import Frontend

/// Parts look as they did when somebody last looked. SOLDERLESS_GOLDEN names a folder for new pictures.
@Suite struct PainterTests {
  static let golden = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Golden")

  @Test(arguments: PartLooks.all.map(\.name)) func partsLookAsTheyDid(name: String) throws {
    let canvas = try #require(PartLooks.all.first { $0.name == name }).draw()
    if let folder = ProcessInfo.processInfo.environment["SOLDERLESS_GOLDEN"] { try Data(canvas.png()).write(to: URL(fileURLWithPath: folder).appendingPathComponent("\(name).png")) }
    let before = try Canvas(png: Self.golden.appendingPathComponent("\(name).png"))
    try #require(canvas.width == before.width && canvas.height == before.height)
    // Other releases of cairo round otherwise.
    var different = 0
    for y in 0..<canvas.height {
      for x in 0..<canvas.width {
        let a = canvas.pixel(x, y), b = before.pixel(x, y)
        if a != b, [0, 8, 16, 24].contains(where: { abs(Int(a >> $0 & 255) - Int(b >> $0 & 255)) > 12 }) { different += 1 }
      }
    }
    #expect(different * 1000 <= canvas.width * canvas.height, "\(different) pixels of \(canvas.width * canvas.height) differ")
  }
  /// Wires can end at every leg, and what a mouse can do is in the part's controls.
  @Test func legsHavePlacesAndTouchesHaveControls() {
    let machine = Machine(arena: StateArena(capacity: 64 << 20), clock: Clock(hertz: 1_000_000)), context = PartContext(machine)
    let listed = Set(Painters.all.keys)
    for (n, type) in PartCatalog.all.enumerated() where listed.contains(type.kind.name) {
      let part = type.init(id: "p\(n)", attributes: [:], context: context), painter = Painters.painter(for: part), controls = Set(part.controls.map(\.name))
      // What has several shapes has all of its legs in one or the other.
      let shapes = [[:], ["pins": "i2c"], ["digits": "4", "colon": "1"]].enumerated().map { k, attributes in
        Painters.painter(for: type.init(id: "p\(n).\(k)", attributes: attributes, context: context)).pins
      }
      for leg in type.kind.pins { #expect(shapes.contains { $0[leg] != nil }, "\(type.kind.name):\(leg)") }
      for touch in painter.touches where part.hasTouch == false { #expect(controls.contains(touch.control), "\(type.kind.name): \(touch.control)") }
    }
    for (board, name) in [(Breadboard.holes, "wokwi-breadboard"), (HalfBreadboard.holes, "wokwi-breadboard-half"), (MiniBreadboard.holes, "wokwi-breadboard-mini")] {
      let part = PartCatalog.type(named: name)?.init(id: name, attributes: [:], context: context)
      let pins = part.map { Painters.painter(for: $0).pins } ?? [:]
      #expect(Set(pins.keys) == Set(board))
    }
  }
}
