import Parts

/// How a kind of part looks. To add one: a struct with this protocol in `Painters/`, its name in the list beside it.
///
/// A painter draws in its own corner: 0, 0 is the top left, units are px at 96 dpi, 2.54 mm are 9.6. What it keeps of the part are
/// constants; all that changes comes to `draw` in a `Look`, because the machine runs on while the picture is drawn.
public protocol Painter {
  var size: Size { get }
  /// How far light or a label reaches beyond `size`.
  var margin: Double { get }
  /// Where wires end, by the names of the part's legs.
  var pins: [String: Point] { get }
  /// What a mouse can do.
  var touches: [Touch] { get }
  /// What never changes; drawn once per zoom.
  func drawBody(on canvas: Canvas)
  /// What changes, over the body.
  func draw(_ look: Look, on canvas: Canvas)
  /// More numbers that `draw` needs from the part, beside lamps, picture and controls: a servo's angle.
  func values(of part: Part) -> [Double]
}
extension Painter {
  public var margin: Double { 0 }
  public var touches: [Touch] { [] }
  public func draw(_ look: Look, on canvas: Canvas) {}
  public func values(of part: Part) -> [Double] { [] }
}

/// What shows of a part in one picture.
public struct Look: Sendable, Equatable {
  /// How bright each lamp was over the time of the picture, 0 to 1, as a screen shows it (gamma is in it).
  public var lamps: [Double] = []
  public var picture: Picture?
  public var controls: [String: Double] = [:]
  public var values: [Double] = []
  /// A touch that is held: the control's name.
  public var held: String?
  public init() {}
  public func lamp(_ n: Int) -> Double { n >= 0 && n < lamps.count ? lamps[n] : 0 }
  public func control(_ name: String) -> Double { controls[name] ?? 0 }
  public func value(_ n: Int) -> Double { n >= 0 && n < values.count ? values[n] : 0 }
}

/// A place on a part that a mouse can press, drag or click.
public struct Touch: Sendable, Equatable {
  public enum Gesture: Sendable, Equatable {
    /// The control is 1 while the mouse button is down.
    case press
    /// Each click changes between 0 and 1.
    case toggle
    /// A click sets this value.
    case choose(Double)
    /// Along a line, from the value at its start to that at its end.
    case slide(from: Point, to: Point, values: ClosedRange<Double>)
    /// Around a centre, clockwise from `from` to `to` degrees (0 is 12 o'clock, left is negative).
    case turn(centre: Point, from: Double, to: Double, values: ClosedRange<Double>)
    /// A touch panel of so many pixels.
    case panel(width: Int, height: Int)
  }
  /// The part's control; what it is called for a panel.
  public var control: String
  public var area: Rect
  public var gesture: Gesture
  public init(_ control: String, _ area: Rect, _ gesture: Gesture) {
    self.control = control
    self.area = area
    self.gesture = gesture
  }
  /// The control's value for the mouse at `p`; nil when the gesture has none.
  public func value(at p: Point) -> Double? {
    switch gesture {
    case .press: return 1
    case .choose(let v): return v
    case .toggle, .panel: return nil
    case .slide(let a, let b, let values):
      let d = b - a, l = d.x * d.x + d.y * d.y
      guard l > 0 else { return nil }
      let t = min(max(((p.x - a.x) * d.x + (p.y - a.y) * d.y) / l, 0), 1)
      return values.lowerBound + t * (values.upperBound - values.lowerBound)
    case .turn(let c, let from, let to, let values):
      guard to > from, (p - c).length > 0.5 else { return nil }
      var angle = angleFromTop(p - c)
      // In the gap: the nearer end.
      let middle = (from + to) / 2
      while angle < middle - 180 { angle += 360 }
      while angle > middle + 180 { angle -= 360 }
      let t = min(max((angle - from) / (to - from), 0), 1)
      return values.lowerBound + t * (values.upperBound - values.lowerBound)
    }
  }
}

/// Who paints what: a list per folder of parts, each beside its painters.
public enum Painters {
  public typealias Maker = @Sendable (Part) -> any Painter
  static let all: [String: Maker] = [displays, input, instruments, lights, logic, memories, motors, radio, sensors, timing, wiring].reduce(into: [:]) { $0.merge($1) { a, _ in a } }

  /// The painter for a part; a labelled box when nobody drew one.
  /// - Parameter onBoard: soldered, so small.
  public static func painter(for part: Part, onBoard: Bool = false) -> any Painter {
    if onBoard, part is LED { return SMDLightPainter(part) }
    if onBoard, part is NeoPixel { return SMDPixelPainter() }
    let painter = all[part.kind.name].map { $0(part) } ?? BoxPainter(title: part.kind.title, id: part.id, pins: part.kind.pins)
    if onBoard, let panel = painter as? PanelPainter { return GlassPainter(panel) }
    return painter
  }
}
