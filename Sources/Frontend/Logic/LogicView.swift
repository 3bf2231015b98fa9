import Foundation
import Machine

/// Draws a logic analyzer's screen: a line for each wire, boxes for what was decoded, a ruler.
struct LogicView {
  var scale = 1.0
  private static let colors: [UInt32] = [0x5C9DEB, 0x7BD88F, 0xF5D67B, 0xE0605E, 0xC792EA, 0x7FDBCA, 0xF78C6C, 0xB0BEC5]

  /// The height that it takes for so many rows.
  func height(rows: Int) -> Double { (Double(rows) * 24 + 28) * scale }

  func draw(_ s: LogicTrace.Snapshot, in r: Rect, on canvas: Canvas) {
    let label = 110 * scale, size = 13 * scale
    canvas.saved {
      canvas.clip(.rect(r))
      canvas.fill(.rect(r), Color(0x151A20))
      canvas.fill(.rect(Rect(r.x, r.y, r.width, scale)), Color(0x38424E))
      let plot = Rect(r.x + label, r.y, max(r.width - label, 1), r.height)
      func x(_ t: UInt64) -> Double { plot.x + Double(Int64(bitPattern: t &- s.start)) / Double(s.end - s.start) * plot.width }
      ruler(s, plot, x, canvas)
      var y = r.y + 24 * scale
      for (n, row) in s.rows.enumerated() {
        let high = y + 4 * scale, low = y + 19 * scale, color = Color(Self.colors[n % Self.colors.count])
        canvas.text(row.name, at: Point(r.x + 10 * scale, y + 12 * scale), size: size, color: color)
        func level(_ l: NetLevel) -> Double { l == .high ? high : l == .low ? low : (high + low) / 2 }
        var points = [Point(plot.x, level(row.first))], last = row.first
        for c in row.changes {
          let at = x(c.time)
          points.append(Point(at, level(last)))
          points.append(Point(at, level(c.level)))
          last = c.level
        }
        points.append(Point(plot.maxX, level(last)))
        canvas.stroke(.line(points), color, width: 1.4 * scale)
        y += 24 * scale
      }
      for d in s.decoded {
        canvas.text(d.name, at: Point(r.x + 10 * scale, y + 12 * scale), size: size, color: Color(0xB7C2CE))
        var free = -Double.infinity
        for a in d.annotations {
          let left = max(x(a.start), plot.x), right = min(max(x(a.end), left + 2 * scale), plot.maxX)
          let color: UInt32 = switch a.kind {
          case .mark: 0x8794A3
          case .address: 0xC792EA
          case .data: 0x5C9DEB
          case .good: 0x7BD88F
          case .bad: 0xE0605E
          }
          canvas.fill(.rect(Rect(left, y + 3 * scale, max(right - left, 2 * scale), 17 * scale), radius: 2 * scale), Color(color).withAlpha(0.3))
          let width = Double(a.text.count) * size / 2 + 4 * scale, middle = (left + right) / 2
          // A text that has no room would cover its neighbour.
          if middle - width / 2 >= free, right - left >= width || a.kind == .mark && middle - width / 2 >= free {
            canvas.text(a.text, at: Point(middle, y + 12 * scale), size: size, color: Color(color), align: .centre)
            free = middle + width / 2
          }
        }
        y += 24 * scale
      }
      if let t = s.trigger { canvas.fill(.rect(Rect(x(t), r.y, scale, r.height)), Color(0xF5D67B)) }
    }
  }
  private func ruler(_ s: LogicTrace.Snapshot, _ plot: Rect, _ x: (UInt64) -> Double, _ canvas: Canvas) {
    let span = s.end - s.start
    var step: UInt64 = 1
    while step <= span / 10 { step *= 10 }
    if span / step < 3 { step = max(step / 5, 1) } else if span / step < 6 { step = max(step / 2, 1) }
    var t = (s.start / step + 1) * step
    while t < s.end {
      canvas.fill(.rect(Rect(x(t), plot.y, scale, plot.height)), Color(0x222A33))
      canvas.text(Self.spelled(t, step: step), at: Point(x(t) + 4 * scale, plot.y + 12 * scale), size: 11 * scale, color: Color(0x6B7684))
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
