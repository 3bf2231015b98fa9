import Boards
import Foundation
import Machine
import Parts
import Testing

@testable import Frontend

/// Each part in three states, as far as it has so many, side by side, against a picture that somebody has looked at (`Golden/`).
/// With SOLDERLESS_RECORD set the pictures are made anew.
@Suite struct SensorPictureTests {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Golden")

  /// The part as made, and after each of two sets of controls; the lamps are those of the moment.
  static func sheet(_ type: String, attributes: [String: String] = [:], _ states: [[String: Double]]) throws -> Canvas {
    let machine = Machine(clock: Clock(hertz: 1_000_000)), kind = try #require(PartCatalog.type(named: type))
    let part = kind.init(id: "p", attributes: attributes, context: PartContext(machine)), painter = Painters.painter(for: part)
    #expect(!(painter is BoxPainter), "\(type) has no painter")
    #expect(Set(painter.pins.keys) == Set(part.kind.pins), "\(type): the painter's legs are other than the part's")
    // From 5 V, where it has a leg for them.
    if let vcc = part.pins["VCC"] {
      let supply = Pin("5V", arena: machine.arena)
      supply.drive = Drive(.strong, volts: 5)
      Net.tie(supply, vcc)
    }
    let m = max(painter.margin, 4), cell = Size(painter.size.width + 2 * m, painter.size.height + 2 * m), scale = 1.5
    let canvas = try Canvas(width: Int((cell.width * Double(states.count + 1) * scale).rounded(.up)), height: Int((cell.height * scale).rounded(.up)))
    canvas.scale(scale)
    canvas.clear(Scene.background)
    for (n, state) in ([[:]] + states).enumerated() {
      for (name, value) in state { part.setControl(name, value) }
      var look = Look()
      look.lamps = part.lamps.map { $0.isOn ? 1 : 0 }
      look.picture = part.picture
      look.values = painter.values(of: part)
      for c in part.controls { look.controls[c.name] = part.control(c.name) }
      canvas.saved {
        canvas.translate(Point(Double(n) * cell.width + m, m))
        painter.drawBody(on: canvas)
        painter.draw(look, on: canvas)
      }
    }
    return canvas
  }
  static func compare(_ canvas: Canvas, _ name: String) throws {
    let file = folder.appendingPathComponent(name + ".png")
    if ProcessInfo.processInfo.environment["SOLDERLESS_RECORD"] != nil {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try Data(canvas.png()).write(to: file)
      return
    }
    let golden = try Canvas(png: file)
    try #require(golden.width == canvas.width && golden.height == canvas.height)
    // Versions of cairo differ by a shade along edges.
    var unlike = 0
    for y in 0..<canvas.height {
      for x in 0..<canvas.width {
        let a = canvas.pixel(x, y), b = golden.pixel(x, y)
        if [16, 8, 0].contains(where: { abs(Int(a >> $0 & 255) - Int(b >> $0 & 255)) > 24 }) { unlike += 1 }
      }
    }
    #expect(unlike <= canvas.width * canvas.height / 500, "\(name): \(unlike) pixels differ")
  }
  static let cases: [(String, [[String: Double]])] = [
    ("wokwi-dht22", [["temperature": -12.5, "humidity": 88], ["temperature": 80]]), ("solderless-dht11", [["temperature": 45], ["humidity": 90]]), ("wokwi-ds18b20", [["temperature": -55], ["temperature": 100.5]]),
    ("board-lm35", [["temperature": 60], ["temperature": 150]]), ("wokwi-hc-sr04", [["distance": 20], ["distance": 200.5]]), ("wokwi-photoresistor-sensor", [["lux": 1], ["lux": 100_000]]),
    ("wokwi-ntc-temperature-sensor", [["temperature": -20], ["temperature": 70]]), ("wokwi-pir-motion-sensor", [["motion": 1]]), ("wokwi-gas-sensor", [["ppm": 50_000], ["ppm": 100_000]]),
    ("wokwi-hx711", [["load": 12.5], ["load": -3]]), ("wokwi-microphone", [["volume": 0.3], ["volume": 1, "frequency": 2000]]), ("wokwi-mpu6050", [["accelX": 1, "accelZ": 0], ["rotationY": 250, "temperature": 60]]),
    ("solderless-bme280", [["temperature": 30, "humidity": 75], ["pressure": 80_000]]), ("board-bmp180", [["temperature": -10], ["pressure": 50_000]]), ("wokwi-microsd-card", []), ("solderless-eeprom", []),
    ("wokwi-ds1307", []), ("solderless-gps", [["lat": -33.9, "lon": 151.2], ["satellites": 2]]), ("board-mfrc522", [["tagPresent": 1], ["card": 3, "tagPresent": 1]]), ("wokwi-logic-analyzer", []),
  ]
  @Test(arguments: cases.map(\.0)) func looksAsItDid(type: String) throws {
    let states = try #require(Self.cases.first { $0.0 == type }?.1)
    try Self.compare(Self.sheet(type, states), type)
  }
  /// Every slider's ends give the quantity's ends.
  @Test(arguments: cases.map(\.0)) func slidersReachTheEnds(type: String) throws {
    let machine = Machine(clock: Clock(hertz: 1_000_000)), part = try #require(PartCatalog.type(named: type)).init(id: "p", attributes: [:], context: PartContext(machine)), painter = Painters.painter(for: part)
    let ranges = part.controls.compactMap { c in if case .range(let r, _) = c.kind { (c.name, r) } else { nil } }
    #expect(Set(painter.touches.map(\.control)).isSuperset(of: part.controls.map(\.name)))
    for (name, range) in ranges {
      let touch = try #require(painter.touches.first { $0.control == name })
      #expect(touch.value(at: Point(touch.area.x - 50, touch.area.centre.y)) == range.lowerBound && touch.value(at: Point(touch.area.maxX + 50, touch.area.centre.y)) == range.upperBound)
    }
  }
}
