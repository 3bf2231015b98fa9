/// Where things are in a window of some size, in its pixels: the scene and the terminal side by side, or one over the other.
struct WindowPlan {
  let toolbar: Rect, scene: Rect, divider: Rect, terminal: Rect, status: Rect
  let isSideBySide: Bool
  /// Of the terminal's first cell.
  let terminalCorner: Point
  private let margin: Double

  /// - Parameters:
  ///   - scale: pixels per point of the interface.
  ///   - split: the part of the width, or height, that the scene has.
  init(width: Double, height: Double, scale: Double, split: Double) {
    let top = (Toolbar.height * scale).rounded(), bottom = (26 * scale).rounded(), bar = (5 * scale).rounded(), body = height - top - bottom
    toolbar = Rect(0, 0, width, top)
    status = Rect(0, height - bottom, width, bottom)
    isSideBySide = width > height * 1.05
    if isSideBySide {
      let x = min(max(width * split, 120 * scale), width - 160 * scale).rounded()
      scene = Rect(0, top, x, body)
      divider = Rect(x, top, bar, body)
      terminal = Rect(x + bar, top, width - x - bar, body)
    } else {
      let y = min(max(body * split, 100 * scale), body - 80 * scale).rounded()
      scene = Rect(0, top, width, y)
      divider = Rect(0, top + y, width, bar)
      terminal = Rect(0, top + y + bar, width, body - y - bar)
    }
    margin = (6 * scale).rounded()
    terminalCorner = Point(terminal.x + margin, terminal.y + margin)
  }
  func rows(_ cell: (width: Int, height: Int)) -> Int { max(Int(terminal.height - 2 * margin) / cell.height, 2) }
  func columns(_ cell: (width: Int, height: Int)) -> Int { max(Int(terminal.width - 2 * margin) / cell.width, 8) }
}
