import Foundation
import Parts

/// A light of 5 by 5 mm (or smaller) that its neighbour feeds.
struct PixelArt {
  var side = 18.9, isRound = false

  func body(at p: Point, on c: Canvas) {
    let r = Rect(around: p, side, side)
    c.fill(.rect(r, radius: side * 0.08), .linear(Point(r.x, r.y), Point(r.x, r.maxY), [(0, Color(0xF4F4F0)), (1, Color(0xCFCFC8))]))
    c.stroke(.rect(r.inset(0.3), radius: side * 0.08), Color(0x9A9A92), width: 0.6)
    c.fill(.circle(p, side * 0.38), .radial(p, radius: side * 0.38, [(0, Color(0x8F8C7A)), (0.7, Color(0xBDB9A4)), (1, Color(0xDAD7C8))]))
    for (dx, dy) in [(-0.12, -0.1), (0.12, -0.1), (0, 0.13)] { c.fill(.rect(Rect(around: p + Point(dx * side, dy * side), side * 0.1, side * 0.1)), Color(0x4A4A42)) }
  }
  func light(_ light: (color: Color, level: Double), at p: Point, on c: Canvas) {
    c.lens(p, radius: side * 0.4, color: light.color, level: light.level, glow: side * 1.5)
  }
}

/// One light of 2 by 2 mm, soldered on a board.
struct SMDPixelPainter: Painter {
  let size = Size(7.4, 7.4)
  let margin = 14.0
  let pins: [String: Point] = [:]
  private let art = PixelArt(side: 7.4)
  func drawBody(on c: Canvas) { art.body(at: Point(3.7, 3.7), on: c) }
  func draw(_ look: Look, on c: Canvas) { if let p = look.picture { art.light(p.light(0, 0), at: Point(3.7, 3.7), on: c) } }
}

/// One light with its legs to the left and right.
struct NeoPixelPainter: Painter {
  let size = Size(28.8, 22)
  let margin = 22.0
  let pins = ["VDD": Point(1.6, 6.2), "DOUT": Point(1.6, 15.8), "VSS": Point(27.2, 15.8), "DIN": Point(27.2, 6.2)]
  private let art = PixelArt()
  private var centre: Point { Point(14.4, 11) }
  func drawBody(on c: Canvas) {
    for p in pins.values.sorted(by: { ($0.x, $0.y) < ($1.x, $1.y) }) { c.fill(.rect(Rect(around: p, 4, 3)), Color(0xB9BDC3)) }
    art.body(at: centre, on: c)
    c.fill(.polygon([Point(5.5, 1.9), Point(9, 1.9), Point(5.5, 5.4)]), Color(0x9A9A92))
  }
  func draw(_ look: Look, on c: Canvas) {
    if let p = look.picture { art.light(p.light(0, 0), at: centre, on: c) }
  }
}

/// Lights on a ribbon.
struct LEDStripPainter: Painter {
  let size: Size
  let margin = 24.0
  let pins: [String: Point]
  private let count: Int, pitch: Double, art: PixelArt

  init(_ part: Part) {
    count = (part as? WS2812)?.count ?? 8
    let side = ["3535": 13.2, "2020": 7.6][part.attribute("pixelSize")] ?? 18.9
    art = PixelArt(side: side)
    pitch = side + 9.6
    size = Size(Double(count) * pitch + 24, 38.4)
    let end = size.width
    pins = ["VDD": Point(4, 9.6), "DIN": Point(4, 19.2), "VSS": Point(4, 28.8), "VDD.2": Point(end - 4, 9.6), "DOUT": Point(end - 4, 19.2), "VSS.2": Point(end - 4, 28.8)]
  }
  private func place(_ n: Int) -> Point { Point(12 + pitch * (Double(n) + 0.5), 19.2) }
  func drawBody(on c: Canvas) {
    c.board(Rect(0, 2, size.width, 34.4), Color(0xE9E6DC), radius: 1.5)
    for p in pins.values.sorted(by: { ($0.x, $0.y) < ($1.x, $1.y) }) { c.fill(.rect(Rect(around: p, 6, 5.4), radius: 1), Color(0xD9A23C)) }
    for (y, name) in [(9.6, "+5V"), (19.2, "DI"), (28.8, "GND")] { c.text(name, at: Point(8, y), size: 4.6, color: Color(0x5A5A52)) }
    for n in 0..<count { art.body(at: place(n), on: c) }
  }
  func draw(_ look: Look, on c: Canvas) {
    guard let p = look.picture else { return }
    for n in 0..<count { art.light(p.light(n, 0), at: place(n), on: c) }
  }
}

/// Lights in a circle, the first at the top, clockwise.
struct LEDRingPainter: Painter {
  let size: Size
  let margin = 24.0
  let pins: [String: Point]
  private let count: Int, radius: Double
  private let art = PixelArt(side: 15)

  init(_ part: Part) {
    count = (part as? WS2812)?.count ?? 16
    radius = max(24, Double(count) * 21 / (2 * .pi))
    let side = (radius + 13) * 2
    size = Size(side, side + 14)
    let y = side + 9, x = side / 2
    pins = ["GND": Point(x - 14.4, y), "VCC": Point(x - 4.8, y), "DIN": Point(x + 4.8, y), "DOUT": Point(x + 14.4, y)]
  }
  private var centre: Point { Point(size.width / 2, size.width / 2) }
  private func place(_ n: Int) -> (at: Point, angle: Double) {
    let a = Double(n) / Double(count) * 2 * .pi
    return (centre + Point(sin(a), -cos(a)) * radius, a * 180 / .pi)
  }
  func drawBody(on c: Canvas) {
    let edge = radius + 12.5
    c.fill(.rect(Rect(centre.x - 22, centre.y + radius, 44, size.height - centre.y - radius), radius: 3), Color(0x1D2A44))
    c.stroke(.circle(centre, radius), Color(0x1D2A44), width: 25)
    c.stroke(.circle(centre, edge - 0.3), Color(0x0F1728), width: 0.7)
    c.stroke(.circle(centre, radius - 12.2), Color(0x0F1728), width: 0.7)
    for name in ["GND", "VCC", "DIN", "DOUT"] { if let p = pins[name] { c.fill(.circle(p, 2.4), Color(0xE2B84C)); c.fill(.circle(p, 1), Color(0x2A2A2A)) } }
    for n in 0..<count {
      let (at, angle) = place(n)
      c.saved {
        c.translate(at)
        c.rotate(degrees: angle)
        art.body(at: Point(0, 0), on: c)
      }
    }
  }
  func draw(_ look: Look, on c: Canvas) {
    guard let p = look.picture else { return }
    for n in 0..<count { art.light(p.light(n, 0), at: place(n).at, on: c) }
  }
}

/// Lights in rows and columns.
struct LEDMatrixPainter: Painter {
  let size: Size
  let margin = 24.0
  let pins: [String: Point]
  private let columns: Int, rows: Int, pitch: Double, art: PixelArt, names: [String]

  init(_ part: Part) {
    let picture = part.picture
    columns = max(picture?.width ?? 8, 1)
    rows = max(picture?.height ?? 8, 1)
    let side = ["3535": 13.2, "2020": 7.6][part.attribute("pixelSize")] ?? (columns * rows > 400 ? 7.6 : 18.9)
    art = PixelArt(side: side)
    pitch = side * 1.27
    names = part.kind.pins
    let width = max(Double(columns) * pitch + 6, Double(names.count) * 9.6 + 10)
    size = Size(width, Double(rows) * pitch + 20)
    let y = size.height - 6, left = width / 2 - Double(names.count - 1) * 4.8
    pins = Dictionary(names.enumerated().map { ($1, Point(left + Double($0) * 9.6, y)) }, uniquingKeysWith: { a, _ in a })
  }
  private func place(_ x: Int, _ y: Int) -> Point { Point(size.width / 2 + pitch * (Double(x) - Double(columns - 1) / 2), 3 + pitch * (Double(y) + 0.5)) }
  func drawBody(on c: Canvas) {
    c.board(Rect(0, 0, size.width, size.height), Color(0x1B1D21))
    for name in names {
      guard let p = pins[name] else { continue }
      c.text(name, at: p - Point(0, 6.5), size: 3.8, color: Color(0xC9CED6), align: .centre)
      c.fill(.circle(p, 2.4), Color(0xE2B84C))
      c.fill(.circle(p, 1), Color(0x2A2A2A))
    }
    for y in 0..<rows { for x in 0..<columns { art.body(at: place(x, y), on: c) } }
  }
  func draw(_ look: Look, on c: Canvas) {
    guard let p = look.picture else { return }
    for y in 0..<min(rows, p.height) { for x in 0..<min(columns, p.width) { art.light(p.light(x, y), at: place(x, y), on: c) } }
  }
}
