import Foundation
import Parts

/// The looks of a sensor: what stands on its board, where its legs are.
struct Face {
  var size: Size
  var pins: [String: Point]
  var margin = 0.0
  var touches: [Touch] = []
  var body: (Canvas) -> Void
  /// What changes on it; the sliders are drawn already.
  var shine: (Look, Canvas) -> Void = { _, _ in }
}

/// A sensor with a slider beneath it for each quantity that it measures, so that a mouse can move them.
struct SensorPainter: Painter {
  private struct Slider {
    let name: String, range: ClosedRange<Double>, unit: String, y: Double
  }
  private static let row = 13.0
  let size: Size
  let margin: Double
  let touches: [Touch]
  private let face: Face, offset: Double, sliders: [Slider], isNamed: Bool, valueWidth: Double

  init(_ part: Part, _ face: Face) {
    self.face = face
    var sliders: [Slider] = []
    for c in part.controls { if case .range(let range, let unit) = c.kind { sliders.append(Slider(name: c.name, range: range, unit: unit, y: face.size.height + 8 + Double(sliders.count) * Self.row)) } }
    self.sliders = sliders
    // Where there are many, each says its name.
    isNamed = sliders.count > 2
    valueWidth = isNamed ? 88 : 50
    let width = sliders.isEmpty ? face.size.width : max(face.size.width, isNamed ? 134.4 : 96), valueWidth = valueWidth
    size = Size(width, face.size.height + (sliders.isEmpty ? 0 : 2 + Double(sliders.count) * Self.row))
    // On the grid of 2.54 mm.
    offset = ((width - face.size.width) / 2 / 9.6).rounded(.down) * 9.6
    margin = face.margin
    let offset = offset
    touches =
      face.touches.map { t in
        var t = t
        t.area.x += offset
        return t
      }
      + sliders.map { s in Touch(s.name, Rect(0, s.y - 6, width - valueWidth + 4, 12), .slide(from: Point(5, s.y), to: Point(width - valueWidth, s.y), values: s.range)) }
  }
  var pins: [String: Point] { face.pins.mapValues { Point($0.x + offset, $0.y) } }

  func drawBody(on c: Canvas) {
    c.saved {
      c.translate(Point(offset, 0))
      face.body(c)
    }
    for s in sliders {
      c.fill(.rect(Rect(0, s.y - 6, size.width, 12), radius: 3), Color(0x1B212A, alpha: 0.85))
      c.stroke(.line([Point(5, s.y), Point(size.width - valueWidth, s.y)]), Color(0x5A6B82), width: 2)
      if isNamed { c.text(s.name, at: Point(size.width - valueWidth + 7, s.y), size: 6.4, color: Color(0x9DB0C8)) }
    }
  }
  func draw(_ look: Look, on c: Canvas) {
    for s in sliders {
      let value = look.control(s.name), t = min(max((value - s.range.lowerBound) / (s.range.upperBound - s.range.lowerBound), 0), 1)
      let x = 5 + t * (size.width - valueWidth - 5)
      c.stroke(.line([Point(5, s.y), Point(x, s.y)]), Color(0x4FB3E8), width: 2)
      c.fill(.circle(Point(x, s.y), 3.6), look.held == s.name ? Color(0xFFFFFF) : Color(0xD8E2EC))
      c.text(Self.text(value, s), at: Point(size.width - 3, s.y), size: 7.4, color: Color(0xE4EBF2), align: .right)
    }
    c.saved {
      c.translate(Point(offset, 0))
      face.shine(look, c)
    }
  }
  private static func text(_ v: Double, _ s: Slider) -> String {
    let span = s.range.upperBound - s.range.lowerBound
    let decimals = s.unit.isEmpty && span >= 5 || abs(v) >= 1000 ? 0 : s.name == "lat" || s.name == "lon" ? 3 : span <= 50 ? 2 : 1
    return String(format: "%.\(decimals)f", v) + (s.unit.isEmpty ? "" : s.unit == "%" || s.unit == "°" ? s.unit : " " + s.unit)
  }
}

// MARK: What faces are made of

extension Canvas {
  func board(_ size: Size, _ color: Color, radius: Double = 3) {
    let r = Rect(0, 0, size.width, size.height)
    fill(.rect(r, radius: radius), .linear(Point(0, 0), Point(0, size.height), [(0, color.mixed(.white, 0.08)), (1, color.mixed(.black, 0.15))]))
    stroke(.rect(r.inset(0.4), radius: radius), color.mixed(.black, 0.4), width: 0.8)
  }
  func hole(_ p: Point, _ radius: Double = 3.2) {
    fill(.circle(p, radius + 1.2), Color(0xC9A84C))
    fill(.circle(p, radius), Color(0x262D36))
  }
  func chip(_ r: Rect, _ label: String = "") {
    let legs = max(2, Int(r.height / 5))
    for n in 0..<legs {
      let y = r.y + r.height * (Double(n) + 0.5) / Double(legs)
      fill(.rect(Rect(r.x - 1.8, y - 0.8, r.width + 3.6, 1.6)), Color(0xB9BDC3))
    }
    fill(.rect(r, radius: 1), Color(0x1C1E22))
    fill(.circle(Point(r.x + 2.4, r.y + 2.4), 0.9), Color(0x4A4E55))
    if !label.isEmpty { text(label, at: r.centre, size: min(6.4, r.width * 1.9 / Double(max(label.count, 1))), color: Color(0xA9B0BA), align: .centre) }
  }
  func can(_ centre: Point, _ radius: Double, _ color: Color) {
    fill(.circle(centre, radius), .radial(centre + Point(-radius * 0.3, -radius * 0.35), radius: radius * 1.4, [(0, color.mixed(.white, 0.55)), (0.6, color), (1, color.mixed(.black, 0.45))]))
    stroke(.circle(centre, radius - 0.4), color.mixed(.black, 0.5), width: 0.8)
  }
  /// Gold pads of a header with their names inside the board.
  func header(_ pins: [(String, Point)], names: Point = Point(0, -8), color: Color = Color(0xF2F5F8), size: Double = 6) {
    for (name, p) in pins {
      fill(.circle(p, 2.6), Color(0xD8B25A))
      fill(.circle(p, 1.2), Color(0x3A3218))
      guard !name.isEmpty else { continue }
      if names.x == 0 {
        // Upright, so that neighbours do not touch.
        saved {
          translate(p + names)
          rotate(degrees: -90)
          text(name, at: Point(0, 0), size: size, color: color, align: names.y < 0 ? .left : .right)
        }
      } else {
        text(name, at: p + names, size: size, color: color, align: names.x > 0 ? .left : .right)
      }
    }
  }
  func led(_ p: Point, _ color: Color, _ level: Double) {
    fill(.rect(Rect(around: p, 5, 3)), color.mixed(.white, 0.5).mixed(.black, 0.35).mixed(color.mixed(.white, 0.5), level))
    glow(p, radius: 12, color: color, level: level)
  }
}

extension Face {
  /// Legs in a row on the grid, from `x` on at the height `y`.
  static func row(_ names: [String], x: Double, y: Double, step: Double = 9.6) -> [(String, Point)] { names.enumerated().map { ($1, Point(x + Double($0) * step, y)) } }
  static func dictionary(_ pins: [(String, Point)]) -> [String: Point] { Dictionary(pins, uniquingKeysWith: { a, _ in a }) }
  /// A small board with its pins along the lower edge.
  static func module(_ names: [String], width: Double, height: Double, _ color: Color, title: String, chip: Rect?, chipLabel: String = "", more: @escaping (Canvas) -> Void = { _ in }) -> Face {
    let pins = row(names, x: ((width - Double(names.count - 1) * 9.6) / 2 / 4.8).rounded() * 4.8, y: height - 4.8)
    return Face(
      size: Size(width, height), pins: dictionary(pins),
      body: { c in
        c.board(Size(width, height), color)
        for x in [6.5, width - 6.5] { c.hole(Point(x, 6.5), 2.6) }
        if let chip { c.chip(chip, chipLabel) }
        c.text(title, at: Point(width / 2, 7), size: 7.4, color: Color(0xF2F5F8), align: .centre, bold: true)
        c.header(pins)
        more(c)
      })
  }
}
