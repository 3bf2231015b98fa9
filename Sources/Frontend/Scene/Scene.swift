import Boards
import Foundation
import Machine
import Parts

/// The board, the parts beside it and the wires between: one picture for the window, for files and for tests.
///
/// `expose` and `capture` read the machine and belong to whoever runs it; drawing needs only what `capture` gave.
public final class Scene: @unchecked Sendable {
  /// Something that stands in the scene.
  public struct Item {
    public let id: String
    public let painter: any Painter
    /// nil: the board.
    public let part: Part?
    public let board: Board
    /// Of its top left corner, unturned.
    public var origin: Point
    /// Degrees, clockwise, about its middle.
    public var rotation: Double

    var middle: Point { Point(painter.size.width / 2, painter.size.height / 2) }
    public func toScene(_ p: Point) -> Point {
      let d = p - middle, c = Foundation.cos(rotation * .pi / 180), s = Foundation.sin(rotation * .pi / 180)
      return origin + middle + Point(d.x * c - d.y * s, d.x * s + d.y * c)
    }
    public func toItem(_ p: Point) -> Point {
      let d = p - origin - middle, c = Foundation.cos(rotation * .pi / 180), s = Foundation.sin(rotation * .pi / 180)
      return middle + Point(d.x * c + d.y * s, d.y * c - d.x * s)
    }
    /// What it covers, with its light when `lit`.
    public func bounds(lit: Bool = false) -> Rect {
      let m = lit ? painter.margin : 0, s = painter.size
      let corners = [Point(-m, -m), Point(s.width + m, -m), Point(-m, s.height + m), Point(s.width + m, s.height + m)].map(toScene)
      let left = corners.map(\.x).min() ?? 0, top = corners.map(\.y).min() ?? 0
      return Rect(left, top, (corners.map(\.x).max() ?? 0) - left, (corners.map(\.y).max() ?? 0) - top)
    }
  }
  public struct Wire: Sendable {
    public var shape: Shape
    public var ends: [Point]
    public var color: Color
  }
  /// All that changes, at one instant: a look per item.
  public struct Looks: Sendable, Equatable {
    public var items: [Look]
    /// Picoseconds since power-on.
    public var time: UInt64
  }
  /// How long a picture takes: 1/60 s.
  public static let exposure: UInt64 = 16_666_666_667
  public static let background = Color(0x262D36)

  public let board: Board
  public private(set) var items: [Item] = []
  public private(set) var wires: [Wire] = []
  /// What could not be shown, in sentences.
  public private(set) var remarks: [String] = []
  /// The touches that are held, by item.
  var held: [Int: String] = [:]
  private var start: Shutter?
  private var last: Looks?

  /// - Parameter assets: the folder with the boards' pictures.
  public init(_ board: Board, assets: URL?) {
    self.board = board
    place(board, at: Point(board.layout.board.left, board.layout.board.top), assets: assets)
    if let other = board.neighbour {
      let all = items.map { $0.bounds() }.reduce(items[0].bounds()) { $0.union($1) }
      place(other, at: Point(all.maxX + 48, items[0].origin.y), assets: assets)
    }
    lay(board)
    if let other = board.neighbour { lay(other) }
  }
  /// The scene with the project's own assets.
  public convenience init(_ board: Board) { self.init(board, assets: try? Installation.home().appendingPathComponent("Assets")) }

  // MARK: Where things stand

  private func place(_ board: Board, at corner: Point, assets: URL?) {
    var art: BoardArt?
    if let name = board.description.art {
      do {
        guard let assets else { throw SceneError("the folder Assets was not found; set SOLDERLESS_HOME to the project's folder") }
        art = try BoardArt(file: assets.appendingPathComponent(name))
      } catch { remarks.append("\(error); the board is drawn as a box") }
    }
    let pads = board.pins.keys.filter { !$0.hasPrefix("b.") }.sorted { $0.localizedStandardCompare($1) == .orderedAscending }
    let painter = BoardPainter(art: art, title: board.description.title, pads: pads)
    let home = Item(id: board.layout.boardID, painter: painter, part: nil, board: board, origin: corner, rotation: board.layout.board.rotate)
    items.append(home)
    // Parts without a place stand in columns to the right.
    var free = Point(home.bounds().maxX + 48, home.bounds().y), column = 0.0
    for part in board.parts {
      let p = board.layout.placements[part.id] ?? .init()
      if p.isHidden { continue }
      var item = Item(id: part.id, painter: Painters.painter(for: part, onBoard: p.onBoard), part: part, board: board, origin: Point(p.left, p.top), rotation: p.rotate)
      if p.onBoard {
        let box = painter.place(of: part.id)
        let centre = home.toScene(box?.centre ?? Point(p.left, p.top) + item.middle)
        item.origin = centre - item.middle
        item.rotation += home.rotation
      } else if p == .init() {
        let size = item.painter.size
        if free.y > home.bounds().y, free.y + size.height > home.bounds().maxY {
          free = Point(free.x + column + 36, home.bounds().y)
          column = 0
        }
        item.origin = free
        free.y += size.height + 28
        column = max(column, size.width)
      }
      items.append(item)
    }
    for other in board.layout.unknownParts {
      let p = board.layout.placements[other.id] ?? .init()
      if !p.isHidden { items.append(Item(id: other.id, painter: BoxPainter(title: other.type, id: other.id, pins: []), part: nil, board: board, origin: Point(p.left, p.top), rotation: p.rotate)) }
    }
  }
  /// Where the end of a wire is: `part:leg`, or a pad.
  public func point(of end: String, on board: Board) -> (at: Point, item: Int)? {
    var pad = end, board = board
    if let colon = end.firstIndex(of: ":") {
      let id = String(end[..<colon]), leg = String(end[end.index(after: colon)...])
      if let i = items.firstIndex(where: { $0.id == id && $0.part?.id == id && $0.board === board }) {
        let pins = items[i].painter.pins
        guard let p = pins[leg] ?? pins.first(where: { $0.key.lowercased() == leg.lowercased() })?.value else { return nil }
        return (items[i].toScene(p), i)
      }
      pad = leg
    }
    if pad.hasPrefix("b."), let other = board.neighbour {
      board = other
      pad = String(pad.dropFirst(2))
    }
    guard let i = items.firstIndex(where: { $0.painter is BoardPainter && $0.board === board }) else { return nil }
    let pins = items[i].painter.pins
    guard let p = pins[pad] ?? pins.first(where: { $0.key.lowercased() == pad.lowercased() })?.value else { return nil }
    return (items[i].toScene(p), i)
  }
  private func lay(_ board: Board) {
    for wire in board.layout.wires where !wire.color.isEmpty {
      guard let a = point(of: wire.from, on: board), let b = point(of: wire.to, on: board) else { continue }
      let shape = wire.path.isEmpty ? bow(a, b) : Shape.rounded(Self.path(from: a.at, to: b.at, steps: wire.path), radius: 4)
      wires.append(Wire(shape: shape, ends: [a.at, b.at], color: Color(named: wire.color) ?? Color(0x1FA33C)))
    }
  }
  /// The corners of a wire laid by steps `h10`, `v-5`, `*`: those before the star start at `a`, those behind it end at `b`.
  static func path(from a: Point, to b: Point, steps: [String]) -> [Point] {
    func moved(_ p: Point, _ step: String) -> Point {
      guard let d = Double(step.dropFirst()), d.isFinite, abs(d) < 1e5 else { return p }
      return step.hasPrefix("v") ? Point(p.x, p.y + d) : step.hasPrefix("h") ? Point(p.x + d, p.y) : p
    }
    let star = steps.firstIndex(of: "*") ?? steps.count
    var head = [a], tail = [b]
    for s in steps[..<star] { head.append(moved(head[head.count - 1], s)) }
    if star < steps.count { for s in steps[(star + 1)...].reversed() { tail.append(moved(tail[tail.count - 1], s)) } }
    let p = head[head.count - 1], q = tail[tail.count - 1]
    if abs(p.x - q.x) > 0.01, abs(p.y - q.y) > 0.01 {
      // On in the direction across the last step.
      let vertical = head.count > 1 && abs(head[head.count - 2].y - p.y) > 0.01
      head.append(vertical ? Point(q.x, p.y) : Point(p.x, q.y))
    }
    var points: [Point] = []
    for p in head + tail.reversed() where points.last.map({ ($0 - p).length > 0.01 }) ?? true { points.append(p) }
    return points
  }
  /// A loose jumper wire: it leaves each item by the nearest edge.
  private func bow(_ a: (at: Point, item: Int), _ b: (at: Point, item: Int)) -> Shape {
    func out(_ end: (at: Point, item: Int)) -> Point {
      let item = items[end.item], p = item.toItem(end.at), s = item.painter.size
      let ways: [(Double, Point)] = [(p.x, Point(-1, 0)), (s.width - p.x, Point(1, 0)), (p.y, Point(0, -1)), (s.height - p.y, Point(0, 1))]
      let way = ways.min { $0.0 < $1.0 }?.1 ?? Point(1, 0)
      return item.toScene(item.middle + way) - item.toScene(item.middle)
    }
    let reach = min(max((a.at - b.at).length * 0.45, 14), 90)
    var s = Shape()
    s.move(a.at)
    s.curve(a.at + out(a) * reach, b.at + out(b) * reach, b.at)
    return s
  }
  /// All that there is, with a border.
  public var bounds: Rect {
    var r = items[0].bounds()
    for i in items { r = r.union(i.bounds(lit: i.painter.margin > 20)) }
    for w in wires {
      for step in w.shape.steps {
        switch step {
        case .move(let p), .line(let p): r = r.union(Rect(around: p, 4, 4))
        case .curve(let a, let b, let p): for q in [p + (a - p) * 0.75, p + (b - p) * 0.75, p] { r = r.union(Rect(around: q, 4, 4)) }
        default: break
        }
      }
    }
    return r.inset(-16)
  }

  // MARK: What shows

  /// The time at which a picture begins, and how long each lamp had been on by then.
  public struct Shutter: Sendable {
    let time: UInt64, lamps: [[UInt64]]
  }
  public func open() -> Shutter { Shutter(time: board.machine.now, lamps: items.map { $0.part?.lamps.map(\.onTime) ?? [] }) }
  /// A picture begins: its light is what shines from now on.
  public func expose() { start = open() }
  /// The picture since `shutter`, or since `expose`, or since power-on; as the last one was while time stands still.
  public func capture(since shutter: Shutter? = nil) -> Looks {
    let now = board.machine.now, start = shutter ?? self.start, isStill = start?.time == now && last != nil
    let began = start.map { $0.time < now ? $0.time : 0 } ?? 0, first = start.flatMap { $0.time < now ? $0.lamps : nil }
    var looks: [Look] = []
    for (i, item) in items.enumerated() {
      var look = Look()
      look.held = held[i]
      if let part = item.part {
        for (n, lamp) in part.lamps.enumerated() {
          let before = first.map { i < $0.count && n < $0[i].count ? $0[i][n] : 0 } ?? 0
          // Steps that a screen can show, so that what looks the same is equal.
          if isStill, let old = last?.items[i].lamps, n < old.count {
            look.lamps.append(old[n])
            continue
          }
          look.lamps.append((Color.screenLevel(Double(lamp.onTime &- before) / Double(max(now - began, 1))) * 255).rounded() / 255)
        }
        look.picture = part.picture
        for c in part.controls { look.controls[c.name] = part.control(c.name) }
        look.values = item.painter.values(of: part)
      }
      looks.append(look)
    }
    let picture = Looks(items: looks, time: now)
    last = picture
    return picture
  }

  // MARK: Drawing

  /// What never changes and lies below all that does.
  func drawBodies(on canvas: Canvas, clip: Rect? = nil) {
    for item in items where clip.map({ item.bounds(lit: true).meets($0) }) ?? true { draw(item, on: canvas) { item.painter.drawBody(on: canvas) } }
  }
  func drawLooks(_ looks: Looks, on canvas: Canvas, clip: Rect? = nil) {
    for (item, look) in zip(items, looks.items) where clip.map({ item.bounds(lit: true).meets($0) }) ?? true { draw(item, on: canvas) { item.painter.draw(look, on: canvas) } }
  }
  func drawWires(on canvas: Canvas) {
    for w in wires {
      let dark = w.color.red + w.color.green + w.color.blue < 0.9
      canvas.stroke(w.shape, dark ? Color(0x6B7684) : w.color.mixed(.black, 0.55), width: 3.4)
      canvas.stroke(w.shape, w.color, width: 2.2)
      for p in w.ends { canvas.fill(.circle(p, 2.1), w.color.mixed(.black, dark ? 0 : 0.25)) }
    }
  }
  /// A grid of holes, 2.54 mm apart.
  func drawBackground(on canvas: Canvas, area: Rect) {
    canvas.clear(Self.background)
    let step = 9.6
    guard area.width / step * area.height / step < 60_000 else { return }
    var y = (area.y / step).rounded(.down) * step
    while y < area.maxY {
      var x = (area.x / step).rounded(.down) * step
      while x < area.maxX {
        canvas.fill(.rect(Rect(x - 0.35, y - 0.35, 0.7, 0.7)), Color(0x38424E))
        x += step
      }
      y += step
    }
  }
  private func draw(_ item: Item, on canvas: Canvas, _ body: () -> Void) {
    canvas.saved {
      canvas.translate(item.origin + item.middle)
      canvas.rotate(degrees: item.rotation)
      canvas.translate(Point(0, 0) - item.middle)
      body()
    }
  }
  /// The whole scene as a picture.
  /// - Parameter scale: pixels per px at 96 dpi; smaller where the picture would be huge.
  public func picture(_ looks: Looks, scale: Double = 3) throws -> Canvas {
    let area = bounds
    guard scale.isFinite, scale > 0 else { throw SceneError("a picture cannot be made at a scale of \(scale); choose a number above 0") }
    let k = min(scale, 8192 / max(area.width, area.height, 1))
    let canvas = try Canvas(width: max(Int((area.width * k).rounded(.up)), 1), height: max(Int((area.height * k).rounded(.up)), 1))
    canvas.scale(k)
    canvas.translate(Point(-area.x, -area.y))
    drawBackground(on: canvas, area: area)
    drawBodies(on: canvas)
    drawLooks(looks, on: canvas)
    drawWires(on: canvas)
    return canvas
  }
  /// The scene as it is now, as a PNG file; light since `expose`.
  public func render(scale: Double = 3) throws -> [UInt8] { try picture(capture(), scale: scale).png() }
}

/// Degrees from 12 o'clock, clockwise.
func angleFromTop(_ d: Point) -> Double { atan2(d.x, -d.y) * 180 / .pi }
