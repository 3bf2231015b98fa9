/// A part that has no picture of its own: a box with its name and its legs along two sides.
public struct BoxPainter: Painter {
  public let size: Size
  public let pins: [String: Point]
  private let title: String, id: String, legs: [(name: String, at: Point, isLeft: Bool)]

  public init(title: String, id: String, pins names: [String]) {
    self.title = title
    self.id = id
    let left = (names.count + 1) / 2, rows = max(left, 1)
    let longest = Double(names.map(\.count).max() ?? 0), width = max(28.8, (longest * 2 * 3.2 + 14), Double(max(title.count, id.count)) * 4 + 8)
    size = Size((width / 9.6).rounded(.up) * 9.6, Double(rows) * 9.6 + 24)
    let s = size
    legs = names.enumerated().map { i, name in (name, Point(i < left ? 0 : s.width, 26 + Double(i < left ? i : i - left) * 9.6), i < left) }
    pins = Dictionary(legs.map { ($0.name, $0.at) }, uniquingKeysWith: { a, _ in a })
  }
  public func drawBody(on c: Canvas) {
    let r = Rect(0, 0, size.width, size.height)
    c.fill(.rect(r, radius: 3), .linear(Point(0, 0), Point(0, size.height), [(0, Color(0x3A4657)), (1, Color(0x2B3442))]))
    c.stroke(.rect(r.inset(0.4), radius: 2.6), Color(0x5A6B82), width: 0.8)
    c.text(title, at: Point(size.width / 2, 7), size: 8, color: Color(0xF2F5F8), align: .centre, bold: true)
    c.text(id, at: Point(size.width / 2, 15), size: 7, color: Color(0x9DB0C8), align: .centre)
    for leg in legs {
      c.fill(.circle(leg.at, 1.9), Color(0xD8B25A))
      c.fill(.circle(leg.at, 0.8), Color(0x4A3A10))
      c.text(leg.name, at: leg.at + Point(leg.isLeft ? 4 : -4, 0), size: 6.4, color: Color(0xDDE5EE), align: leg.isLeft ? .left : .right)
    }
  }
}
