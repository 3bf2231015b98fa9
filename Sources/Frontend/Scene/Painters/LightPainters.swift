import Parts

extension Painters {
  static let lights: [String: Maker] = [
    "wokwi-led": { LEDPainter($0) }, "wokwi-rgb-led": { RGBLEDPainter($0) }, "wokwi-led-bar-graph": { LEDBarGraphPainter($0) }, "wokwi-neopixel": { _ in NeoPixelPainter() },
    "wokwi-led-strip": { LEDStripPainter($0) }, "wokwi-led-ring": { LEDRingPainter($0) }, "wokwi-led-matrix": { LEDMatrixPainter($0) }, "wokwi-neopixel-matrix": { LEDMatrixPainter($0) },
    "wokwi-apa102-matrix": { LEDMatrixPainter($0) }, "solderless-microbit-matrix": { _ in MicrobitMatrixPainter() },
  ]
}

/// A 5 mm LED with its legs.
struct LEDPainter: Painter {
  let size = Size(26, 50)
  let margin = 26.0
  let pins = ["A": Point(17.8, 48), "C": Point(8.2, 48)]
  private let color: Color, light: Color, label: String
  private static let centre = Point(13, 14)

  init(_ part: Part) {
    let name = part.attribute("color")
    color = Color(named: name) ?? Color(0xE02B2B)
    light = Color(named: part.attribute("lightColor")) ?? color.shining
    label = part.attribute("label")
  }
  private var dome: Shape {
    var s = Shape()
    s.move(Point(3.5, 26))
    s.line(Point(3.5, 12))
    s.curve(Point(3.5, -1.5), Point(22.5, -1.5), Point(22.5, 12))
    s.line(Point(22.5, 26))
    s.close()
    return s
  }
  func drawBody(on c: Canvas) {
    for x in [8.2, 17.8] { c.stroke(.line([Point(x, 27), Point(x, 48)]), Color(0xA9ADB3), width: 1.7) }
    c.stroke(.line([Point(17.8, 27), Point(17.8, 34)]), Color(0x8C9097), width: 2.4)
    c.fill(dome, .linear(Point(3.5, 0), Point(22.5, 0), [(0, color.mixed(.black, 0.45)), (0.35, color.mixed(.black, 0.12)), (1, color.mixed(.black, 0.5))]))
    c.fill(.rect(Rect(1.5, 23, 23, 5), radius: 1.5), .linear(Point(0, 23), Point(0, 28), [(0, color.mixed(.black, 0.2)), (1, color.mixed(.black, 0.55))]))
    // The cup and the wire in it.
    c.fill(.polygon([Point(7, 20), Point(11.5, 20), Point(10.5, 14), Point(8, 14)]), Color.black.withAlpha(0.22))
    c.fill(.polygon([Point(15, 20), Point(19, 20), Point(18, 12.5), Point(15.5, 12.5)]), Color.black.withAlpha(0.22))
    c.stroke(.arc(Point(13, 12), 7, from: -75, to: -15), Color.white.withAlpha(0.55), width: 1.5)
    if !label.isEmpty { c.text(label, at: Point(13, 55), size: 8, color: Color(0xD6DCE4), align: .centre) }
  }
  func draw(_ look: Look, on c: Canvas) {
    let level = look.lamp(0)
    guard level > 0.004 else { return }
    c.fill(dome, .radial(Self.centre, radius: 18, [(0, light.mixed(.white, 0.75).withAlpha(level)), (0.5, light.withAlpha(level)), (1, light.mixed(color, 0.5).withAlpha(0.8 * level))]))
    c.fill(.rect(Rect(1.5, 23, 23, 5), radius: 1.5), light.withAlpha(0.6 * level))
    c.glow(Self.centre, radius: 36, color: light, level: level)
  }
}

/// A LED as small as those on boards, 1.6 by 0.8 mm.
struct SMDLightPainter: Painter {
  let size = Size(6, 3)
  let margin = 16.0
  let pins = ["A": Point(0, 1.5), "C": Point(6, 1.5)]
  private let light: Color

  init(_ part: Part) { light = (Color(named: part.attribute("color")) ?? Color(0x3CC83C)).shining }
  func drawBody(on c: Canvas) {
    c.fill(.rect(Rect(0, 0, 6, 3)), Color(0xC9CCD0))
    c.fill(.rect(Rect(1, 0, 4, 3)), light.mixed(Color(0xF4F2E4), 0.7))
  }
  func draw(_ look: Look, on c: Canvas) {
    let level = look.lamp(0)
    c.fill(.rect(Rect(1, 0, 4, 3)), light.mixed(.white, 0.4).withAlpha(level))
    c.glow(Point(3, 1.5), radius: 15, color: light, level: level)
  }
}

/// The 25 LEDs of a micro:bit, 4 mm apart; its legs, which nobody sees, in a row beneath.
struct MicrobitMatrixPainter: Painter {
  private static let step = 15.12, side = MicrobitMatrix.side, light = Color(0xFF2A1E)
  let size = Size(step * Double(side), step * Double(side))
  let margin = 14.0
  let pins = Dictionary(uniqueKeysWithValues: MicrobitMatrix.kind.pins.enumerated().map { ($1, Point(6 * Double($0 + 1), step * Double(side))) })

  private static func centre(_ n: Int) -> Point { Point(step * (Double(n % side) + 0.5), step * (Double(n / side) + 0.5)) }
  func drawBody(on c: Canvas) {
    for n in 0..<Self.side * Self.side {
      c.fill(.rect(Rect(around: Self.centre(n), 4.4, 7.6), radius: 0.6), Color(0xB9BDC3))
      c.fill(.rect(Rect(around: Self.centre(n), 4.4, 4.8)), Color(0xE9E4DC))
    }
  }
  func draw(_ look: Look, on c: Canvas) {
    for n in 0..<Self.side * Self.side {
      // At most one row of three has current at a time; that is the full light.
      let level = min(1, look.lamp(n) * 1.65)
      guard level > 0.02 else { continue }
      c.fill(.rect(Rect(around: Self.centre(n), 4.4, 4.8)), Self.light.mixed(.white, 0.3).withAlpha(level))
      c.glow(Self.centre(n), radius: 11, color: Self.light, level: level)
    }
  }
}

extension Color {
  /// The light of a LED whose body has this colour.
  var shining: Color {
    let strongest = max(red, green, blue, 0.01)
    return Color(red: min(1, red / strongest), green: min(1, green / strongest), blue: min(1, blue / strongest)).mixed(.white, 0.15)
  }
}

/// A clear LED of 5 mm with four legs.
struct RGBLEDPainter: Painter {
  let size = Size(38, 58)
  let margin = 30.0
  let pins = ["R": Point(4.6, 55), "COM": Point(14.2, 55), "G": Point(23.8, 55), "B": Point(33.4, 55)]
  private static let centre = Point(19, 16)

  init(_ part: Part) {}
  private var dome: Shape {
    var s = Shape()
    s.move(Point(8, 29))
    s.line(Point(8, 13))
    s.curve(Point(8, -2), Point(30, -2), Point(30, 13))
    s.line(Point(30, 29))
    s.close()
    return s
  }
  func drawBody(on c: Canvas) {
    for (top, name) in [(12.4, "R"), (16.8, "COM"), (21.2, "G"), (25.6, "B")] {
      guard let p = pins[name] else { continue }
      let line = Shape.line([Point(top, 30), Point(top, 36), Point(p.x, 43), p])
      c.stroke(line, Color(0x7E838A), width: 1.7)
      c.stroke(line, Color(0xB9BDC3), width: 0.9)
    }
    c.fill(dome, .linear(Point(8, 0), Point(30, 0), [(0, Color(0xB8C0C8)), (0.4, Color(0xEEF2F5)), (1, Color(0xA3ABB4))]))
    c.fill(.rect(Rect(6, 26, 26, 5.4), radius: 1.5), .linear(Point(0, 26), Point(0, 31.4), [(0, Color(0xDDE3E8)), (1, Color(0x98A0A9))]))
    for x in [11.0, 15.4, 19.8, 24.2] { c.fill(.polygon([Point(x, 24), Point(x + 3, 24), Point(x + 2.4, 16), Point(x + 0.6, 16)]), Color.black.withAlpha(0.2)) }
    c.stroke(.arc(Point(19, 13), 8.4, from: -75, to: -15), Color.white.withAlpha(0.75), width: 1.5)
  }
  func draw(_ look: Look, on c: Canvas) {
    let most = max(look.lamp(0), look.lamp(1), look.lamp(2))
    guard most > 0.004 else { return }
    let color = Color(red: look.lamp(0) / most, green: look.lamp(1) / most, blue: look.lamp(2) / most)
    c.fill(dome, .radial(Self.centre, radius: 20, [(0, color.mixed(.white, 0.55).withAlpha(most)), (0.5, color.withAlpha(0.95 * most)), (1, color.mixed(Color(0xC8D0D8), 0.35).withAlpha(0.8 * most))]))
    c.fill(.rect(Rect(6, 26, 26, 5.4), radius: 1.5), color.withAlpha(0.55 * most))
    c.glow(Self.centre, radius: 40, color: color, level: most)
  }
}

/// Ten bars in a block, anodes to the left.
struct LEDBarGraphPainter: Painter {
  let size = Size(38.4, 105.6)
  let margin = 14.0
  let pins: [String: Point]
  private let colors: [Color]

  init(_ part: Part) {
    pins = Dictionary((1...10).flatMap { [("A\($0)", Point(4.8, 9.6 * Double($0))), ("C\($0)", Point(33.6, 9.6 * Double($0)))] }, uniquingKeysWith: { a, _ in a })
    let green = Color(0x2FD05A), yellow = Color(0xF2D21E), red = Color(0xF0392E), blue = Color(0x2F8FF0), cyan = Color(0x2FD0E0)
    switch part.attribute("color") {
    case "GYR": colors = Array(repeating: green, count: 5) + Array(repeating: yellow, count: 3) + Array(repeating: red, count: 2)
    case "BCYR": colors = [blue, blue, blue, cyan, cyan, yellow, yellow, yellow, red, red]
    default: colors = Array(repeating: (Color(named: part.attribute("color")) ?? red).shining, count: 10)
    }
  }
  private func bar(_ n: Int) -> Rect { Rect(11.5, 9.6 * Double(n) + 6, 15.4, 7.2) }
  func drawBody(on c: Canvas) {
    for p in pins.values.sorted(by: { ($0.x, $0.y) < ($1.x, $1.y) }) { c.fill(.circle(p, 1.9), Color(0xB9BDC3)) }
    c.plastic(Rect(7.2, 0, 24, 105.6), Color(0x2A2D31), radius: 1.5)
    for n in 0..<10 { c.fill(.rect(bar(n), radius: 1), Color(0x54575A).mixed(colors[n], 0.12)) }
    c.text("1", at: Point(9.3, 9.6), size: 4.4, color: Color(0xA8ADB3), align: .centre)
  }
  func draw(_ look: Look, on c: Canvas) {
    for n in 0..<10 {
      let level = look.lamp(n)
      guard level > 0.004 else { continue }
      c.fill(.rect(bar(n), radius: 1), colors[n].mixed(.white, 0.25).withAlpha(level))
      c.glow(bar(n).centre, radius: 16, color: colors[n], level: level * 0.7)
    }
  }
}
