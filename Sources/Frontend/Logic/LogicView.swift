import Foundation
import Machine

/// Draws a logic analyzer's screen: a line for each wire, boxes for what was decoded, a ruler.
struct LogicView {
  var scale = 1.0
  private static let colors: [UInt32] = [0x5C9DEB, 0x7BD88F, 0xF5D67B, 0xE0605E, 0xC792EA, 0x7FDBCA, 0xF78C6C, 0xB0BEC5]
  private static let rowHeight = 24.0, label = 110.0

  /// The height that it takes for so many rows.
  func height(rows: Int) -> Double { ((Double(rows) * Self.rowHeight + 28) * scale).rounded() }
  /// The channel whose name is at a point.
  func channel(at p: Point, in r: Rect, of channels: Int) -> Int? {
    guard r.contains(p), p.x < r.x + Self.label * scale, p.y >= r.y + Self.rowHeight * scale else { return nil }
    let n = Int((p.y - r.y) / (Self.rowHeight * scale)) - 1
    return 0..<channels ~= n ? n : nil
  }

  func draw(_ s: LogicTrace.Snapshot, in r: Rect, on canvas: Canvas) {
    let label = (Self.label * scale).rounded(), size = 13 * scale
    canvas.saved {
      canvas.clip(.rect(r))
      canvas.fill(.rect(r), Color(0x151A20))
      canvas.fill(.rect(Rect(r.x, r.y, r.width, scale)), Color(0x38424E))
      let plot = Rect(r.x + label, r.y, max(r.width - label, 1), r.height)
      func x(_ t: UInt64) -> Double { plot.x + Double(Int64(bitPattern: t &- s.start)) / Double(s.end - s.start) * plot.width }
      ruler(s, plot, x, canvas)
      canvas.text(s.trigger != nil ? "held" : s.armed != nil ? "waits" : "", at: Point(r.x + 10 * scale, r.y + 12 * scale), size: size, color: Color(0xF5D67B))
      var y = r.y + Self.rowHeight * scale
      for (n, row) in s.rows.enumerated() {
        let color = Color(Self.colors[n % Self.colors.count])
        canvas.text(String(row.name.prefix(12)), at: Point(r.x + 10 * scale, y + 12 * scale), size: size, color: color)
        if let a = s.armed, a.channel == n { edge(rising: a.rising != false, at: Point(r.x + label - 16 * scale, y + 12 * scale), canvas) }
        canvas.fill(wave(row, x, from: plot.x, to: plot.maxX, high: (y + 4 * scale).rounded(), low: (y + 19 * scale).rounded()), color)
        y += Self.rowHeight * scale
      }
      for d in s.decoded {
        canvas.text(String(d.name.prefix(14)), at: Point(r.x + 10 * scale, y + 12 * scale), size: size, color: Color(0xB7C2CE))
        boxes(d.annotations, x, plot, y, canvas)
        y += Self.rowHeight * scale
      }
      if let t = s.trigger { canvas.fill(.rect(Rect(x(t).rounded(), r.y, max(scale.rounded(), 1), r.height)), Color(0xF5D67B)) }
    }
  }
  /// A wire's levels as upright boxes on whole pixels, which are drawn quickly and sharply.
  private func wave(_ row: LogicTrace.Snapshot.Row, _ x: (UInt64) -> Double, from left: Double, to right: Double, high: Double, low: Double) -> Shape {
    let w = max((1.4 * scale).rounded(), 1)
    func height(_ l: NetLevel) -> Double { l == .high ? high : l == .low ? low : ((high + low) / 2).rounded() }
    var shape = Shape(), at = left.rounded(), level = height(row.first), upright: (at: Double, top: Double, bottom: Double)?
    func box(_ r: Rect) { shape.steps += [.move(Point(r.x, r.y)), .line(Point(r.maxX, r.y)), .line(Point(r.maxX, r.maxY)), .line(Point(r.x, r.maxY)), .close] }
    func flush() {
      if let u = upright { box(Rect(u.at, u.top, w, u.bottom - u.top + w)) }
      upright = nil
    }
    for c in row.changes {
      let here = x(c.time).rounded(), next = height(c.level)
      if here > at { box(Rect(at, level, here - at, w)) }
      if let u = upright, u.at == here {
        upright = (here, min(u.top, level, next), max(u.bottom, level, next))
      } else {
        flush()
        upright = (here, min(level, next), max(level, next))
      }
      (at, level) = (here, next)
    }
    flush()
    if right > at { box(Rect(at, level, right - at, w)) }
    return shape
  }
  private func boxes(_ annotations: [Annotation], _ x: (UInt64) -> Double, _ plot: Rect, _ y: Double, _ canvas: Canvas) {
    let size = 13 * scale
    var free = -Double.infinity, filled = -Double.infinity
    for a in annotations {
      let left = max(x(a.start), plot.x).rounded(), right = min(max(x(a.end), left + 2 * scale), plot.maxX).rounded()
      // What lies within a pixel that has a box already does not show.
      guard right > filled || a.kind == .bad else { continue }
      filled = max(filled, right)
      let color: UInt32 = switch a.kind {
      case .mark: 0x8794A3
      case .address: 0xC792EA
      case .data: 0x5C9DEB
      case .good: 0x7BD88F
      case .bad: 0xE0605E
      }
      canvas.fill(.rect(Rect(left, (y + 3 * scale).rounded(), max(right - left, 1), (17 * scale).rounded())), Color(color).withAlpha(0.3))
      let width = Double(a.text.count) * size / 2 + 4 * scale, middle = (left + right) / 2
      // A text that has no room would cover its neighbour.
      if middle - width / 2 >= free, middle + width / 2 <= plot.maxX, right - left >= width || a.kind == .mark {
        canvas.text(a.text, at: Point(middle, y + 12 * scale), size: size, color: Color(color), align: .centre)
        free = middle + width / 2
      }
    }
  }
  private func edge(rising: Bool, at p: Point, _ canvas: Canvas) {
    let w = 5 * scale, h = (rising ? 5 : -5) * scale
    canvas.stroke(.line([Point(p.x - w, p.y + h), Point(p.x, p.y + h), Point(p.x, p.y - h), Point(p.x + w, p.y - h)]), Color(0xF5D67B), width: 1.6 * scale)
  }
  private func ruler(_ s: LogicTrace.Snapshot, _ plot: Rect, _ x: (UInt64) -> Double, _ canvas: Canvas) {
    let span = s.end - s.start
    var step: UInt64 = 1
    while step <= span / 10 { step *= 10 }
    if span / step < 3 { step = max(step / 5, 1) } else if span / step < 6 { step = max(step / 2, 1) }
    var t = (s.start / step + 1) * step
    while t < s.end {
      canvas.fill(.rect(Rect(x(t).rounded(), plot.y, max(scale.rounded(), 1), plot.height)), Color(0x222A33))
      let text = Self.spelled(t, step: step), at = x(t) + 4 * scale
      if at + Double(text.count) * 5.5 * scale <= x(t + step) { canvas.text(text, at: Point(at, plot.y + 12 * scale), size: 11 * scale, color: Color(0x6B7684)) }
      t += step
    }
  }
  /// A time with as many digits as the steps of the ruler need.
  static func spelled(_ t: UInt64, step: UInt64) -> String {
    let units: [(UInt64, String)] = [(1_000_000_000_000, "s"), (1_000_000_000, "ms"), (1_000_000, "us"), (1000, "ns")]
    let (size, unit) = units.first { step >= $0.0 / 1000 } ?? (1000, "ns")
    var digits = 0, part = size
    while part > step, digits < 3 {
      part /= 10
      digits += 1
    }
    return String(format: "%.\(digits)f", Double(t) / Double(size)) + " " + unit
  }
}
