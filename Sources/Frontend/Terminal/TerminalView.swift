import CRSVG
import Foundation

/// Draws a terminal's cells, a row at a time, with letters kept as masks.
final class TerminalView {
  let screen: TerminalScreen
  /// In pixels.
  private(set) var cell: (width: Int, height: Int)
  private var masks: [UInt64: OpaquePointer] = [:]
  private var wasFocused = true

  init(screen: TerminalScreen, scale: Double) {
    self.screen = screen
    cell = Self.cell(scale)
  }
  deinit { for m in masks.values { cairo_surface_destroy(m) } }
  static func cell(_ scale: Double) -> (width: Int, height: Int) { (max(4, Int((8 * scale).rounded())), max(8, Int((17 * scale).rounded()))) }
  func setScale(_ scale: Double) {
    cell = Self.cell(scale)
    for m in masks.values { cairo_surface_destroy(m) }
    masks = [:]
    screen.touchAll()
  }
  /// Draws the rows that changed.
  /// - Returns: what was drawn over, in pixels.
  func draw(on canvas: Canvas, at corner: Point, isFocused: Bool) -> [Rect] {
    var rows = screen.takeDirty()
    if isFocused != wasFocused, let r = screen.cursorRow, !rows.contains(r) { rows.append(r) }
    wasFocused = isFocused
    return draw(rows, on: canvas, at: corner, isFocused: isFocused)
  }
  func drawAll(on canvas: Canvas, at corner: Point, isFocused: Bool) {
    _ = screen.takeDirty()
    _ = draw(Array(0..<screen.rows), on: canvas, at: corner, isFocused: isFocused)
  }
  private func draw(_ rows: [Int], on canvas: Canvas, at corner: Point, isFocused: Bool) -> [Rect] {
    let w = Double(cell.width), h = Double(cell.height), cr = canvas.cr
    return rows.map { r in
      let y = corner.y + Double(r) * h, area = Rect(corner.x, y, w * Double(screen.columns), h)
      canvas.saved {
        cairo_rectangle(cr, area.x, area.y, area.width, area.height)
        cairo_clip(cr)
        let selected = screen.selected(inLine: screen.line(ofRow: r))
        for (c, var cell) in screen.row(r).enumerated() where cell.width > 0 {
          let x = corner.x + Double(c) * w, width = w * Double(cell.width)
          let isCursor = screen.cursorRow == r && screen.cursor.column == c
          if selected?.contains(c) ?? false {
            cell.background = 0x35557C
            cell.foreground = 0xF4F7FA
          }
          if isCursor && isFocused {
            cell.background = 0x7FB4F0
            cell.foreground = TerminalScreen.background
          }
          canvas.fill(.rect(Rect(x, y, width, h)), Color(cell.background))
          if isCursor && !isFocused { canvas.stroke(.rect(Rect(x + 0.5, y + 0.5, width - 1, h - 1)), Color(0x7FB4F0), width: 1) }
          if cell.character != 32 { letter(cell, at: Point(x, y), width: width, on: canvas) }
          if cell.isUnderlined { canvas.fill(.rect(Rect(x, y + h - 2, width, 1)), Color(cell.foreground)) }
          if cell.isStruck { canvas.fill(.rect(Rect(x, y + (h / 2).rounded(), width, 1)), Color(cell.foreground)) }
        }
      }
      return area
    }
  }
  private func letter(_ cell: TerminalScreen.Cell, at p: Point, width: Double, on canvas: Canvas) {
    if let box = BoxDrawing.shapes(cell.character, width: width, height: Double(self.cell.height)) {
      canvas.saved {
        canvas.translate(p)
        for s in box { canvas.fill(s.shape, Color(cell.foreground, alpha: s.alpha)) }
      }
      return
    }
    guard let mask = mask(cell.character, bold: cell.isBold, width: Int(width)) else { return }
    let c = Color(cell.foreground)
    cairo_set_source_rgba(canvas.cr, c.red, c.green, c.blue, 1)
    cairo_mask_surface(canvas.cr, mask, p.x, p.y)
  }
  private func mask(_ character: UInt32, bold: Bool, width: Int) -> OpaquePointer? {
    let key = UInt64(character) << 16 | UInt64(width & 0x7FFF) << 1 | (bold ? 1 : 0)
    if let m = masks[key] { return m }
    guard let scalar = Unicode.Scalar(character), let surface = cairo_image_surface_create(CAIRO_FORMAT_A8, Int32(width), Int32(cell.height)), let cr = cairo_create(surface) else { return nil }
    if masks.count > 4000 {
      for m in masks.values { cairo_surface_destroy(m) }
      masks = [:]
    }
    let k = Double(cell.width) / 8
    let letter = Character(scalar)
    if StrokeFont.has(letter) {
      // Lines of one pixel lie in the middle of pixels.
      cairo_translate(cr, k.rounded() + (k < 1.6 ? 0.5 : 0), (2.6 * k).rounded() + (k < 1.6 ? 0.5 : 0))
      StrokeFont.draw(letter, on: cr, scale: k, bold: bold)
    } else {
      cairo_select_font_face(cr, "monospace", CAIRO_FONT_SLANT_NORMAL, bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL)
      cairo_set_font_size(cr, 13.5 * k)
      cairo_move_to(cr, 0, 13 * k)
      cairo_show_text(cr, String(letter))
    }
    cairo_destroy(cr)
    cairo_surface_flush(surface)
    masks[key] = surface
    return surface
  }
}

/// Lines and blocks of U+2500 to U+259F, which must meet from cell to cell.
enum BoxDrawing {
  /// Left, up, right, down: 1 a thin line, 2 a double or heavy one.
  private static let arms: [UInt32: [Int]] = [
    0x2500: [1, 0, 1, 0], 0x2501: [2, 0, 2, 0], 0x2502: [0, 1, 0, 1], 0x2503: [0, 2, 0, 2], 0x250C: [0, 0, 1, 1], 0x2510: [1, 0, 0, 1], 0x2514: [0, 1, 1, 0], 0x2518: [1, 1, 0, 0],
    0x251C: [0, 1, 1, 1], 0x2524: [1, 1, 0, 1], 0x252C: [1, 0, 1, 1], 0x2534: [1, 1, 1, 0], 0x253C: [1, 1, 1, 1], 0x256D: [0, 0, 1, 1], 0x256E: [1, 0, 0, 1], 0x256F: [1, 1, 0, 0], 0x2570: [0, 1, 1, 0],
    0x2550: [2, 0, 2, 0], 0x2551: [0, 2, 0, 2], 0x2554: [0, 0, 2, 2], 0x2557: [2, 0, 0, 2], 0x255A: [0, 2, 2, 0], 0x255D: [2, 2, 0, 0], 0x2560: [0, 2, 2, 2], 0x2563: [2, 2, 0, 2], 0x2566: [2, 0, 2, 2],
    0x2569: [2, 2, 2, 0], 0x256C: [2, 2, 2, 2],
  ]
  static func shapes(_ c: UInt32, width w: Double, height h: Double) -> [(shape: Shape, alpha: Double)]? {
    if let arms = arms[c] {
      let mx = (w / 2).rounded(.down), my = (h / 2).rounded(.down)
      return arms.enumerated().filter { $0.element > 0 }.map { i, weight in
        let t = weight == 1 ? 1.0 : 2.0
        let r = i == 0 ? Rect(0, my, mx + t, t) : i == 1 ? Rect(mx, 0, t, my + t) : i == 2 ? Rect(mx, my, w - mx, t) : Rect(mx, my, t, h - my)
        return (.rect(r), 1)
      }
    }
    switch c {
    case 0x2580: return [(.rect(Rect(0, 0, w, (h / 2).rounded())), 1)]
    case 0x2581...0x2588:
      let part = (h * Double(c - 0x2580) / 8).rounded()
      return [(.rect(Rect(0, h - part, w, part)), 1)]
    case 0x2589...0x258F: return [(.rect(Rect(0, 0, (w * Double(0x2590 - c) / 8).rounded(), h)), 1)]
    case 0x2590: return [(.rect(Rect((w / 2).rounded(), 0, w, h)), 1)]
    case 0x2591...0x2593: return [(.rect(Rect(0, 0, w, h)), Double(c - 0x2590) * 0.25)]
    default: return nil
    }
  }
}
