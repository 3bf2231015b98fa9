import Boards
import Foundation
import Machine

/// What is said about the pad or leg under the mouse.
struct Tip: Equatable {
  var lines: [String]
  var at: Point

  /// - Returns: what it covers.
  func draw(on c: Canvas, within area: Rect, scale: Double) -> Rect {
    let size = 15 * scale, lineHeight = 18 * scale, pad = 9 * scale
    let width = Double(lines.map(\.count).max() ?? 0) * size / 2 + 2 * pad, height = Double(lines.count) * lineHeight + 2 * pad - 3 * scale
    var x = at.x + 16 * scale, y = at.y + 16 * scale
    if x + width > area.maxX { x = at.x - width - 12 * scale }
    if y + height > area.maxY { y = at.y - height - 12 * scale }
    let r = Rect(max(x, area.x).rounded(), max(y, area.y).rounded(), width.rounded(), height.rounded())
    c.fill(.rect(r, radius: 5 * scale), Color(0x11161B, alpha: 0.94))
    c.stroke(.rect(r.inset(0.5), radius: 5 * scale), Color(0x4A5868), width: 1)
    for (i, line) in lines.enumerated() {
      c.text(line, at: Point((r.x + pad).rounded(), (r.y + pad + 6.5 * scale + Double(i) * lineHeight).rounded()), size: size, color: i == 0 ? .white : Color(0xB9C4D0), bold: i == 0)
    }
    return r.inset(-1)
  }
}

extension BoardWindow {
  /// The pin that the mouse points at, watched by the machine's side while it does.
  func pointTo(_ new: (item: Int, name: String)?) {
    guard new?.item != pointed?.item || new?.name != pointed?.name else { return }
    pointed = new
    guard let new else {
      desk.watch(nil, pad: nil, on: scene.board)
      return
    }
    let item = scene.items[new.item]
    desk.watch(item.part == nil ? item.board.pins[new.name] : item.part?.pins[new.name], pad: item.part == nil ? new.name : nil, on: item.board)
  }
  func updateTip() {
    guard let pointed, case .none = drag else { return tip = nil }
    let item = scene.items[pointed.item]
    var lines = [item.part.map { "\($0.id) \(pointed.name)" } ?? pointed.name]
    if let part = item.part { lines.append(part.kind.title) }
    if let pin = report?.pin, report?.pinName == pointed.name {
      if let f = report?.pinFunction, !f.isEmpty { lines.append(f) }
      switch pin.level {
      case .high: lines.append("high")
      case .low: lines.append("low")
      case .floating: lines.append("floating: nothing drives it")
      case .contention: lines.append("two outputs drive against each other")
      }
      if let v = pin.volts, pin.frequency == nil { lines[lines.count - 1] += ", \(Self.fixed(Double(v), 2)) V" }
      if let f = pin.frequency {
        lines[lines.count - 1] = Self.frequency(f) + (pin.duty.map { ", \(Self.fixed($0 * 100, 1)) % high" } ?? "")
      }
    }
    tip = Tip(lines: lines, at: mouse)
  }
  static func frequency(_ f: Double) -> String {
    f >= 1e6 ? "\(fixed(f / 1e6, 3)) MHz" : f >= 1e3 ? "\(fixed(f / 1e3, 3)) kHz" : "\(fixed(f, 2)) Hz"
  }
}
