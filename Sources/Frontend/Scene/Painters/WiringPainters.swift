import Parts

extension Painters {
  static let wiring: [String: Maker] = [
    "wokwi-resistor": { ResistorPainter($0) },
    "wokwi-vcc": { TerminalPainter("VCC", "\($0.attribute("voltage")) V", Color(0xE0433A)) },
    "wokwi-breadboard": { _ in BreadboardPainter(columns: 63, rail: 50) }, "wokwi-breadboard-half": { _ in BreadboardPainter(columns: 30, rail: 25) },
    "wokwi-breadboard-mini": { _ in BreadboardPainter(columns: 17, rail: 0) }, "wokwi-text": { TextPainter($0) }, "wokwi-logo": { _ in LogoPainter() },
    "wokwi-gnd": { _ in TerminalPainter("GND", "GND", Color(0x3A3F46)) },
  ]
}

/// A resistor with its colour rings.
struct ResistorPainter: Painter {
  let size = Size(57.6, 12)
  let pins = ["1": Point(0, 6), "2": Point(57.6, 6)]
  private let rings: [Color]
  private static let colors: [UInt32] = [0x1A1A1A, 0x7A4A22, 0xD8362F, 0xF08A24, 0xF2D21E, 0x2FA33C, 0x2F6FE8, 0x8E44C8, 0x8A8A8A, 0xF4F4F4]

  init(_ part: Part) {
    let ohms = part.number("value")
    var digits = max(ohms, 0.001), exponent = 0
    while digits >= 99.5 { digits /= 10; exponent += 1 }
    while digits < 9.95 { digits *= 10; exponent -= 1 }
    let n = Int(digits.rounded())
    let power: UInt32 = exponent == -1 ? 0xC9A227 : exponent < -1 ? 0xB8BCC2 : Self.colors[min(exponent, 9)]
    rings = [Self.colors[n / 10 % 10], Self.colors[n % 10], power, 0xC9A227].map { Color($0) }
  }
  func drawBody(on c: Canvas) {
    c.stroke(.line([Point(0, 6), Point(57.6, 6)]), Color(0xA9ADB3), width: 1.6)
    let body = Shape.rounded(
      [Point(13, 1), Point(21, 1), Point(23, 2), Point(35, 2), Point(37, 1), Point(45, 1), Point(45, 11), Point(37, 11), Point(35, 10), Point(23, 10), Point(21, 11), Point(13, 11)], radius: 2.5, closed: true)
    c.fill(body, .linear(Point(0, 0), Point(0, 12), [(0, Color(0xE9D3A6)), (0.4, Color(0xDDBF86)), (1, Color(0xA98B55))]))
    c.saved {
      c.clip(body)
      for (x, color) in zip([16.5, 23.5, 28.5, 40], rings) { c.fill(.rect(Rect(x, 0, 2.6, 12)), color) }
      c.fill(.rect(Rect(13, 1, 32, 3)), Color.white.withAlpha(0.16))
    }
  }
}

/// A terminal of the supply.
struct TerminalPainter: Painter {
  let size = Size(28.8, 14.4)
  let pins: [String: Point]
  private let text: String, color: Color

  init(_ pin: String, _ text: String, _ color: Color) {
    self.text = text
    self.color = color
    pins = [pin: Point(14.4, 14.4)]
  }
  func drawBody(on c: Canvas) {
    c.stroke(.line([Point(14.4, 10), Point(14.4, 14.4)]), Color(0xB9BDC3), width: 1.6)
    c.fill(.rect(Rect(0, 0, 28.8, 11), radius: 2), color)
    c.text(text, at: Point(14.4, 5.5), size: 8, color: .white, align: .centre, bold: true)
  }
}

/// A breadboard with the holes of its columns and rails.
struct BreadboardPainter: Painter {
  let size: Size
  let pins: [String: Point]
  private let columns: Int, rail: Int

  init(columns: Int, rail: Int) {
    self.columns = columns
    self.rail = rail
    let pitch = 9.6, top = rail > 0 ? 43.2 : 14.4
    size = Size(Double(columns + 2) * pitch, top * 2 + pitch * 12)
    var p: [String: Point] = [:]
    for n in 1...columns {
      for (i, row) in "abcde".enumerated() { p["\(n)t.\(row)"] = Point(pitch * (Double(n) + 0.5), top + pitch * (Double(i) + 0.5)) }
      for (i, row) in "fghij".enumerated() { p["\(n)b.\(row)"] = Point(pitch * (Double(n) + 0.5), top + pitch * (Double(i) + 7.5)) }
    }
    if rail > 0 {
      // Groups of five with a gap between.
      let width = Double(rail + rail / 5 - 1), left = (size.width - width * pitch) / 2
      for n in 1...rail {
        let x = left + pitch * (Double(n - 1 + (n - 1) / 5) + 0.5)
        for (name, y) in [("tn", 12.0), ("tp", 21.6), ("bn", size.height - 21.6), ("bp", size.height - 12)] { p["\(name).\(n)"] = Point(x, y) }
      }
    }
    pins = p
  }
  func drawBody(on c: Canvas) {
    let r = Rect(0, 0, size.width, size.height)
    c.fill(.rect(r, radius: 4), .linear(Point(0, 0), Point(0, size.height), [(0, Color(0xF4F2EA)), (1, Color(0xDEDBD0))]))
    c.stroke(.rect(r.inset(0.5), radius: 3.6), Color(0xB4B0A2), width: 1)
    c.fill(.rect(Rect(0, size.height / 2 - 5, size.width, 10)), .linear(Point(0, size.height / 2 - 5), Point(0, size.height / 2 + 5), [(0, Color(0xB9B5A7)), (0.4, Color(0xD6D2C5)), (1, Color(0xE6E3D9))]))
    if rail > 0 {
      for (y, color) in [(6.0, Color(0x2F6FE8)), (28, Color(0xE0433A)), (size.height - 28, Color(0x2F6FE8)), (size.height - 6, Color(0xE0433A))] {
        c.stroke(.line([Point(10, y), Point(size.width - 10, y)]), color, width: 1)
      }
      for y in [36.0, size.height - 36] { c.stroke(.line([Point(0, y), Point(size.width, y)]), Color(0xC4C0B2), width: 0.8) }
    }
    for p in pins.values.sorted(by: { ($0.x, $0.y) < ($1.x, $1.y) }) {
      c.fill(.rect(Rect(around: p, 3.6, 3.6), radius: 0.7), Color(0x8E8A7C))
      c.fill(.rect(Rect(around: p + Point(0, 0.4), 2.6, 2.6), radius: 0.5), Color(0x2A2A28))
    }
    for n in 1...columns where n == 1 || n % 5 == 0 {
      for name in ["\(n)t.a", "\(n)b.j"] {
        guard let p = pins[name] else { continue }
        c.text("\(n)", at: p + Point(0, name.hasSuffix("a") ? -7.4 : 7.4), size: 5, color: Color(0x7A766A), align: .centre)
      }
    }
    for row in "abcdefghij" {
      let isTop = row < "f"
      guard let first = pins["1\(isTop ? "t" : "b").\(row)"] else { continue }
      for x in [4.2, size.width - 4.2] { c.text(String(row), at: Point(x, first.y), size: 5.4, color: Color(0x7A766A), align: .centre) }
    }
  }
}

struct TextPainter: Painter {
  let size: Size
  let pins: [String: Point] = [:]
  private let lines: [String], height: Double, color: Color

  init(_ part: Part) {
    lines = part.attribute("text").replacing("\\n", with: "\n").split(separator: "\n", omittingEmptySubsequences: false).prefix(100).map { String($0.prefix(400)) }
    let text = part.attribute("fontSize").lowercased(), number = Double(text.prefix { $0.isNumber || $0 == "." })
    height = min(max((number ?? 16) * (text.hasSuffix("em") || text.hasSuffix("rem") ? 16 : 1), 4), 200)
    color = Color(named: part.attribute("color")) ?? Color(0xE4E9EF)
    size = Size(max(Double(lines.map(\.count).max() ?? 1) * height / 2, 8), Double(max(lines.count, 1)) * height * 1.2)
  }
  func drawBody(on c: Canvas) {
    for (i, line) in lines.enumerated() { c.text(line, at: Point(0, height * 1.2 * (Double(i) + 0.5)), size: height, color: color) }
  }
}

/// Our sign, where a diagram has a logo.
struct LogoPainter: Painter {
  let size = Size(105.6, 38.4)
  let pins: [String: Point] = [:]
  func drawBody(on c: Canvas) {
    c.fill(.rect(Rect(0, 0, 105.6, 38.4), radius: 8), .linear(Point(0, 0), Point(105.6, 38.4), [(0, Color(0x2FA36C)), (1, Color(0x2F6FE8))]))
    c.text("solderless", at: Point(52.8, 19.2), size: 17, color: .white, align: .centre, bold: true)
  }
}
