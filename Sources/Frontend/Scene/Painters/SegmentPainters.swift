import Parts

/// The shapes of a digit's seven segments and its point.
struct SegmentDigit {
  let shapes: [Shape]
  /// - Parameter r: from the left end of F to the right end of B; the point stands beside it.
  init(in r: Rect, stroke t: Double) {
    let slant = r.height * 0.12, middle = r.y + r.height / 2
    // Leaning to the right, as the usual ones do.
    func p(_ x: Double, _ y: Double) -> Point { Point(x + slant * (middle - y) / r.height, y) }
    func across(_ y: Double) -> Shape {
      let g = t * 0.62
      return .polygon([p(r.x + g, y), p(r.x + g + t / 2, y - t / 2), p(r.maxX - g - t / 2, y - t / 2), p(r.maxX - g, y), p(r.maxX - g - t / 2, y + t / 2), p(r.x + g + t / 2, y + t / 2)])
    }
    func down(_ x: Double, _ top: Double, _ bottom: Double) -> Shape {
      let g = t * 0.12
      return .polygon([p(x, top + g), p(x + t / 2, top + g + t / 2), p(x + t / 2, bottom - g - t / 2), p(x, bottom - g), p(x - t / 2, bottom - g - t / 2), p(x - t / 2, top + g + t / 2)])
    }
    let left = r.x + t / 2, right = r.maxX - t / 2, top = r.y + t / 2, bottom = r.maxY - t / 2
    shapes = [
      across(top), down(right, top, middle), down(right, middle, bottom), across(bottom), down(left, middle, bottom), down(left, top, middle), across(middle),
      .circle(p(r.maxX + t * 0.95, r.maxY - t * 0.6), t * 0.6),
    ]
  }
  func draw(on c: Canvas, color: Color, dark: Color, levels: [Double]) {
    for (shape, level) in zip(shapes, levels) {
      c.fill(shape, dark)
      if level > 0.004 { c.fill(shape, color.mixed(.white, 0.2).withAlpha(level)) }
    }
  }
}

/// One to four digits in a housing, legs above and below.
struct SevenSegmentPainter: Painter {
  let size: Size
  let pins: [String: Point]
  let margin = 4.0
  private let digits: [SegmentDigit], colon: [Shape], color: Color, hasColon: Bool

  init(_ part: Part) {
    let count = (part as? SevenSegment)?.digits ?? 1, hasColon = part.flag("colon")
    color = (Color(named: part.attribute("color")) ?? Color(0xE02B2B)).shining
    self.hasColon = hasColon
    let pitch = 46.0, gap = hasColon && count > 2 ? 10.0 : 0
    size = Size(Double(count) * pitch + 4 + gap, 86)
    digits = (0..<count).map { SegmentDigit(in: Rect(9 + Double($0) * pitch + ($0 >= 2 ? gap : 0), 16, 26, 52), stroke: 5) }
    let x = 2 + Double(min(count, 2)) * pitch + gap / 2
    colon = [.circle(Point(x + 1.5, 33), 3), .circle(Point(x - 1.5, 52), 3)]
    // The usual order: a single digit has five legs each way, four digits have six.
    let above = count == 1 ? ["G", "F", "COM.1", "A", "B"] : ["DIG1", "A", "F", "DIG2", "DIG3", "B", "COM", "CLN"]
    let below = count == 1 ? ["E", "D", "COM.2", "C", "DP"] : ["E", "D", "DP", "C", "G", "DIG4"]
    var p: [String: Point] = [:]
    for (row, y) in [(above, 4.0), (below, 82.0)] {
      let names = row.filter { n in !(n.hasPrefix("DIG") && (Int(n.dropFirst(3)) ?? 0) > count) && !((n == "CLN" || n == "COM") && !hasColon) }
      let left = size.width / 2 - Double(names.count - 1) * 4.8
      for (i, n) in names.enumerated() { p[n] = Point(left + Double(i) * 9.6, y) }
    }
    if count == 1 { p["COM"] = p["COM.1"] }
    pins = p
  }
  func drawBody(on c: Canvas) {
    for p in pins.values { c.stroke(.line([p, Point(p.x, p.y < 40 ? 9 : 77)]), Color(0xB9BDC3), width: 1.6) }
    c.fill(.rect(Rect(0, 8, size.width, size.height - 16), radius: 2), .linear(Point(0, 8), Point(0, size.height - 8), [(0, Color(0x2A2B2E)), (1, Color(0x161719))]))
    c.stroke(.rect(Rect(0.4, 8.4, size.width - 0.8, size.height - 16.8), radius: 2), Color(0x45474B), width: 0.8)
  }
  func draw(_ look: Look, on c: Canvas) {
    let dark = Color(0x38393D)
    for (n, digit) in digits.enumerated() { digit.draw(on: c, color: color, dark: dark, levels: (0..<8).map { look.lamp(n * 8 + $0) }) }
    guard hasColon else { return }
    for shape in colon {
      c.fill(shape, dark)
      c.fill(shape, color.mixed(.white, 0.2).withAlpha(look.lamp(digits.count * 8)))
    }
  }
}

/// A module of four digits with a colon.
struct TM1637Painter: Painter {
  // 42 x 24 mm.
  let size = Size(159, 91)
  let pins = ["CLK": Point(6, 31.1), "DIO": Point(6, 40.7), "VCC": Point(6, 50.3), "GND": Point(6, 59.9)]
  private let digits: [SegmentDigit], color: Color

  init(_ part: Part) {
    color = (Color(named: part.attribute("color")) ?? Color(0xE02B2B)).shining
    digits = (0..<4).map { SegmentDigit(in: Rect(36 + Double($0) * 28 + ($0 >= 2 ? 5 : 0), 29, 18, 34), stroke: 3.6) }
  }
  func drawBody(on c: Canvas) {
    c.fill(.rect(Rect(0, 0, size.width, size.height), radius: 3), Color(0x1F4E9E))
    for p in [Point(7, 7), Point(152, 7), Point(7, 84), Point(152, 84)] {
      c.fill(.circle(p, 4.4), Color(0xD9DCE0))
      c.fill(.circle(p, 3), Scene.background)
    }
    c.fill(.rect(Rect(28, 20, 126, 52), radius: 2), Color(0x19191B))
    for (name, p) in pins {
      c.fill(.circle(p, 2.6), Color(0xC9A94A))
      c.fill(.circle(p, 1.2), Color(0x2A2416))
      c.text(name, at: Point(p.x + 5, p.y), size: 6, color: .white)
    }
  }
  /// The digits' segments, and how bright they are.
  func values(of part: Part) -> [Double] {
    guard let d = part as? TM1637 else { return [] }
    return d.segments.map(Double.init) + [d.duty]
  }
  func draw(_ look: Look, on c: Canvas) {
    let dark = Color(0x2E2F32), level = Color.screenLevel(look.value(4))
    for (n, digit) in digits.enumerated() {
      let bits = UInt8(exactly: look.value(n)) ?? 0
      digit.draw(on: c, color: color, dark: dark, levels: (0..<7).map { bits >> UInt8($0) & 1 == 1 ? level : 0 })
    }
    let lit = (UInt8(exactly: look.value(1)) ?? 0) & 0x80 != 0
    for p in [Point(92.5, 39), Point(90.5, 52)] {
      c.fill(.circle(p, 2.2), dark)
      if lit { c.fill(.circle(p, 2.2), color.mixed(.white, 0.2).withAlpha(level)) }
    }
  }
}
