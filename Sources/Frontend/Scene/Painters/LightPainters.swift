import Parts

extension Painters {
  static let lights: [String: Maker] = ["wokwi-led": { LEDPainter($0) }]
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

extension Color {
  /// The light of a LED whose body has this colour.
  var shining: Color {
    let strongest = max(red, green, blue, 0.01)
    return Color(red: min(1, red / strongest), green: min(1, green / strongest), blue: min(1, blue / strongest)).mixed(.white, 0.15)
  }
}
