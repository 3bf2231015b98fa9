import CRSVG
import Foundation

/// The project's own font: letters of a draughtsman's pen on a grid of 8 by 16, each 6 wide, capitals 10 high.
///
/// A glyph is written as strokes parted by `;`, a stroke as points `xy` (y in hexadecimal: 0 top of capitals, 3 top of small letters,
/// a base line, d lowest), `*` after a point that is rounded, `z` at the end of a closed stroke.
enum StrokeFont {
  static func width(_ s: String, size: Double) -> Double { Double(s.count) * size / 2 }
  /// The strokes of a character, one unit a grid step; a box for one that the font does not have.
  static func glyph(_ c: Character) -> [Shape] {
    if let g = shapes[c] { return g }
    // A letter with its accent.
    let parts = Array(String(c).decomposedStringWithCanonicalMapping.unicodeScalars)
    if parts.count == 2, let base = shapes[Character(parts[0])], let mark = marks[parts[1]] {
      let raised = parts[0].properties.isUppercase ? -3.0 : 0
      return base + mark.map { shifted($0, by: raised) }
    }
    return missing
  }
  static func has(_ c: Character) -> Bool {
    if shapes[c] != nil { return true }
    let parts = Array(String(c).decomposedStringWithCanonicalMapping.unicodeScalars)
    return parts.count == 2 && shapes[Character(parts[0])] != nil && marks[parts[1]] != nil
  }

  /// Strokes a character in cairo's colour, the top left of its capitals at the origin.
  /// - Parameter scale: pixels for a grid step.
  static func draw(_ c: Character, on cr: OpaquePointer, scale: Double, bold: Bool) {
    cairo_set_line_cap(cr, CAIRO_LINE_CAP_ROUND)
    cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND)
    cairo_set_dash(cr, nil, 0, 0)
    cairo_scale(cr, scale, scale)
    cairo_set_line_width(cr, bold ? 1.9 : 1.15)
    cairo_new_path(cr)
    for stroke in glyph(c) { stroke.add(to: cr) }
    cairo_stroke(cr)
  }

  private static let missing = strokes("10 50 5a 1a z")
  private static let shapes: [Character: [Shape]] = glyphs.mapValues(strokes)
  private static let marks: [Unicode.Scalar: [Shape]] = [
    "\u{300}": strokes("20 31"), "\u{301}": strokes("40 31"), "\u{302}": strokes("11 30 51"), "\u{303}": strokes("11 20 41 50"),
    "\u{308}": strokes("10 11;50 51"), "\u{30A}": strokes("20* 40* 42* 22* z"), "\u{30C}": strokes("10 31 50"), "\u{327}": strokes("3b 4c 2d"),
  ]
  private static func strokes(_ text: String) -> [Shape] {
    text.split(separator: ";").map { stroke in
      var points: [(Point, Double)] = []
      var closed = false
      for word in stroke.split(separator: " ") {
        if word == "z" {
          closed = true
          continue
        }
        let d = word.prefix(2).map { Double($0.hexDigitValue ?? 0) }
        if d.count == 2 { points.append((Point(d[0], d[1]), word.hasSuffix("*") ? 2.6 : 0)) }
      }
      return outline(points, closed: closed)
    }
  }
  private static func shifted(_ s: Shape, by dy: Double) -> Shape {
    var t = Shape()
    let d = Point(0, dy)
    for step in s.steps {
      switch step {
      case .move(let p): t.move(p + d)
      case .line(let p): t.line(p + d)
      case .curve(let a, let b, let c): t.curve(a + d, b + d, c + d)
      case .arc(let c, let r, let from, let to): t.steps.append(.arc(c + d, radius: r, from: from, to: to))
      case .close: t.close()
      }
    }
    return t
  }
  /// A line through points, each with the radius of its corner.
  static func outline(_ points: [(Point, Double)], closed: Bool) -> Shape {
    var shape = Shape()
    let n = points.count
    guard n > 0 else { return shape }
    var started = false
    func go(_ p: Point) {
      if started { shape.line(p) } else { shape.move(p) }
      started = true
    }
    for i in 0..<n {
      let (p, radius) = points[i]
      guard radius > 0, closed || (i > 0 && i < n - 1) else {
        go(p)
        continue
      }
      let before = points[(i + n - 1) % n], after = points[(i + 1) % n]
      let a = before.0 - p, b = after.0 - p
      guard a.length > 0, b.length > 0 else {
        go(p)
        continue
      }
      let r = min(radius, a.length * (before.1 > 0 ? 0.5 : 1), b.length * (after.1 > 0 ? 0.5 : 1))
      let start = p + a * (r / a.length), end = p + b * (r / b.length)
      go(start)
      shape.curve(p + (start - p) * 0.45, p + (end - p) * 0.45, end)
    }
    if closed { shape.close() } else if n == 1 { shape.line(points[0].0) }
    return shape
  }
}
