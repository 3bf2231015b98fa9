/// The scene in a part of the window: zoom, place, and what is drawn once per zoom.
final class SceneView {
  let scene: Scene
  /// In the window's pixels.
  private(set) var area = Rect(0, 0, 1, 1)
  /// Pixels per px of the scene, and the scene's point at the area's corner.
  private(set) var zoom = 1.0
  private(set) var corner = Point(0, 0)
  private var isFitted = true
  private var below: Canvas?, above: Canvas?
  private var drawn: Scene.Looks?

  init(scene: Scene) { self.scene = scene }

  func setArea(_ r: Rect) {
    guard r != area else { return }
    area = r
    if isFitted { fit() }
    forget()
  }
  /// The whole scene in view.
  func fit() {
    isFitted = true
    let b = scene.bounds
    zoom = min(area.width / b.width, area.height / b.height, 12)
    corner = Point(b.centre.x - area.width / zoom / 2, b.centre.y - area.height / zoom / 2)
    forget()
  }
  func zoom(by factor: Double, at p: Point) {
    isFitted = false
    let fixed = toScene(p)
    zoom = min(max(zoom * factor, 0.2), 40)
    corner = Point(fixed.x - (p.x - area.x) / zoom, fixed.y - (p.y - area.y) / zoom)
    forget()
  }
  func pan(by d: Point) {
    isFitted = false
    corner = corner - d * (1 / zoom)
    forget()
  }
  func toScene(_ p: Point) -> Point { Point(corner.x + (p.x - area.x) / zoom, corner.y + (p.y - area.y) / zoom) }
  func toWindow(_ p: Point) -> Point { Point(area.x + (p.x - corner.x) * zoom, area.y + (p.y - corner.y) * zoom) }
  private func forget() {
    below = nil
    above = nil
    drawn = nil
  }
  private func prepare() {
    guard below == nil, let b = try? Canvas(width: Int(area.width), height: Int(area.height)), let a = try? Canvas(width: Int(area.width), height: Int(area.height)) else { return }
    for c in [b, a] {
      c.scale(zoom)
      c.translate(Point(-corner.x, -corner.y))
    }
    scene.drawBackground(on: b, area: Rect(corner.x, corner.y, area.width / zoom, area.height / zoom))
    scene.drawBodies(on: b)
    scene.drawWires(on: a)
    below = b
    above = a
  }
  /// Draws what changed since the last time, or all.
  /// - Parameter also: what else is to be drawn, in pixels of the window.
  /// - Returns: what was drawn over.
  func draw(_ looks: Scene.Looks, on canvas: Canvas, all: Bool = false, also: Rect? = nil) -> [Rect] {
    let wasReady = below != nil && drawn != nil && !all
    prepare()
    var damage: [Rect] = []
    if wasReady, let old = drawn {
      if let also { damage.append(also) }
      for (i, item) in scene.items.enumerated() where i < old.items.count && i < looks.items.count && old.items[i] != looks.items[i] {
        let b = item.bounds(lit: true)
        let p = toWindow(Point(b.x, b.y)), q = toWindow(Point(b.maxX, b.maxY))
        let left = max(p.x.rounded(.down) - 1, area.x), top = max(p.y.rounded(.down) - 1, area.y)
        let right = min(q.x.rounded(.up) + 1, area.maxX), bottom = min(q.y.rounded(.up) + 1, area.maxY)
        if left < right, top < bottom { damage.append(Rect(left, top, right - left, bottom - top)) }
      }
      // Few or overlapping: one region is simpler.
      if damage.count > 1 {
        var merged: [Rect] = []
        for var r in damage {
          while let i = merged.firstIndex(where: { $0.meets(r) }) { r = r.union(merged.remove(at: i)) }
          merged.append(r)
        }
        damage = merged
      }
    } else {
      damage = [area]
    }
    drawn = looks
    guard let below, let above else { return [] }
    for r in damage {
      canvas.saved {
        canvas.clip(.rect(r))
        canvas.draw(below, at: Point(area.x, area.y))
        canvas.saved {
          canvas.translate(Point(area.x, area.y))
          canvas.scale(zoom)
          canvas.translate(Point(-corner.x, -corner.y))
          let p = toScene(Point(r.x, r.y)), q = toScene(Point(r.maxX, r.maxY))
          scene.drawLooks(looks, on: canvas, clip: Rect(p.x, p.y, q.x - p.x, q.y - p.y))
        }
        canvas.draw(above, at: Point(area.x, area.y))
      }
    }
    return damage
  }
  /// The topmost touch at a point of the window.
  func touch(at p: Point) -> (item: Int, touch: Touch)? {
    let s = toScene(p)
    for (i, item) in scene.items.enumerated().reversed() {
      let local = item.toItem(s)
      if let t = item.painter.touches.first(where: { $0.area.contains(local) }) { return (i, t) }
    }
    return nil
  }
  /// The leg or pad nearest to a point of the window, if it is near.
  func pin(at p: Point) -> (item: Int, name: String)? {
    let s = toScene(p), reach = max(4.6, 4 / zoom)
    var best: (distance: Double, item: Int, name: String)?
    for (i, item) in scene.items.enumerated() where item.bounds().inset(-reach).contains(s) {
      for (name, at) in item.painter.pins {
        let d = (item.toScene(at) - s).length
        if d < reach, d < best?.distance ?? .infinity || (d == best?.distance && name < best?.name ?? "") { best = (d, i, name) }
      }
    }
    return best.map { ($0.item, $0.name) }
  }
}
