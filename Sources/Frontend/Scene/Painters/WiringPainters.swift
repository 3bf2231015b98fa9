import Parts

extension Painters {
  static let wiring: [String: Maker] = [
    "wokwi-resistor": { ResistorPainter($0) },
    "wokwi-vcc": { TerminalPainter("VCC", "\($0.attribute("voltage")) V", Color(0xE0433A)) },
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
