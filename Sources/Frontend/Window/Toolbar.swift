/// The buttons over the board.
struct Toolbar {
  enum Command: CaseIterable {
    case power, reset, boot, pause, step, slower, faster, fit, picture, help
    var label: String {
      switch self {
      case .power: "Power"
      case .reset: "Reset"
      case .boot: "Boot"
      case .pause: "Pause"
      case .step: "Step"
      case .slower, .faster: ""
      case .fit: "Fit"
      case .picture: "Picture"
      case .help: "Help"
      }
    }
    var key: String {
      switch self {
      case .power: "F7"
      case .reset: "F6"
      case .boot: "F8"
      case .pause: "F2"
      case .step: "F3"
      case .slower: "F4"
      case .faster: "F5"
      case .fit: "F10"
      case .picture: "F9"
      case .help: "F1"
      }
    }
    var explanation: String {
      switch self {
      case .power: "the board's power, off and on"
      case .reset: "reset: the chip stands while it is held"
      case .boot: "BOOTSEL or BOOT while it is held; a click holds it until the next reset or power-on"
      case .pause: "virtual time stands still, or goes on"
      case .step: "1 ms of virtual time (with Shift 10 us), then pause"
      case .slower: "slower, down to 1 % of real time"
      case .faster: "faster, up to as fast as it goes"
      case .fit: "the whole scene in view"
      case .picture: "a PNG file of the scene in the current folder"
      case .help: "this page"
      }
    }
  }
  static let height = 38.0
  /// Speeds to choose from; nil: as fast as it goes.
  static let speeds: [Double?] = [0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 4, nil]
  static func name(of speed: Double?) -> String {
    guard let speed else { return "max" }
    func short(_ v: Double) -> String { v == v.rounded() ? BoardWindow.fixed(v, 0) : BoardWindow.fixed(v, v < 0.1 ? 3 : 1) }
    return speed >= 1 ? "\(short(speed))x" : "\(short(speed * 100)) %"
  }
  private(set) var places: [(command: Command, area: Rect)] = []
  private var speedAt = Point(0, 0)
  var hovered: Command?, held: Set<Command> = []
  var isPaused = false, isPowered = true
  var speed: Double?
  private let scale: Double
  private let width: Double

  init(width: Double, scale: Double) {
    self.scale = scale
    self.width = width
    var x = 8.0
    for c in Command.allCases {
      var w = c.label.isEmpty ? 28 : Double(c.label.count) * 7.5 + 38
      if c == .pause || c == .slower || c == .fit { x += 12 }
      if c == .help { x = max(x, width / scale - w - 8) }
      places.append((c, Rect(x * scale, 5 * scale, w * scale, 28 * scale)))
      if c == .slower {
        speedAt = Point((x + w + 27) * scale, 19 * scale)
        w += 54
      }
      x += w + 4
    }
  }
  func command(at p: Point) -> Command? { places.first { $0.area.contains(p) }?.command }

  func draw(on c: Canvas) {
    c.fill(.rect(Rect(0, 0, width, Self.height * scale)), Theme.bar)
    c.fill(.rect(Rect(0, (Self.height - 1) * scale, width, scale)), Theme.line)
    for (command, area) in places {
      let isActive = held.contains(command) || (command == .pause && isPaused) || (command == .power && !isPowered)
      if isActive || command == hovered { c.fill(.rect(area, radius: 5 * scale), isActive ? Theme.active : Theme.hover) }
      let color = command == .power && isPowered ? Color(0x7CC36E) : isActive ? Color.white : Theme.text
      let centre = Point(command.label.isEmpty ? area.centre.x : area.x + 17 * scale, area.centre.y)
      icon(command, at: centre, color: color, on: c)
      if !command.label.isEmpty { c.text(command == .pause && isPaused ? "Go" : command.label, at: Point((area.x + 30 * scale).rounded(), area.centre.y.rounded()), size: 15 * scale, color: isActive ? .white : Theme.text) }
    }
    c.text(Toolbar.name(of: speed), at: Point(speedAt.x.rounded(), speedAt.y.rounded()), size: 15 * scale, color: speed == 1 ? Theme.dim : Color(0xF5D67B), align: .centre)
  }
  private func icon(_ command: Command, at p: Point, color: Color, on c: Canvas) {
    c.saved {
      c.translate(p)
      c.scale(scale)
      let w = 1.8
      switch command {
      case .power:
        c.stroke(.arc(Point(0, 0.5), 5.5, from: 35, to: 325), color, width: w)
        c.stroke(.line([Point(0, -6.5), Point(0, -1)]), color, width: w)
      case .reset:
        c.stroke(.arc(Point(0, 0), 5.5, from: 50, to: 340), color, width: w)
        c.fill(.polygon([Point(0.5, -8.5), Point(0.5, -2.5), Point(5.5, -5.5)]), color)
      case .boot:
        c.stroke(.rect(Rect(-6, -6, 12, 12), radius: 2), color, width: w)
        c.fill(.circle(Point(0, 0), 3), color)
      case .pause:
        if isPaused {
          c.fill(.polygon([Point(-4, -6), Point(6, 0), Point(-4, 6)]), color)
        } else {
          c.fill(.rect(Rect(-5, -6, 3.4, 12)), color)
          c.fill(.rect(Rect(1.6, -6, 3.4, 12)), color)
        }
      case .step:
        c.fill(.polygon([Point(-6, -6), Point(2, 0), Point(-6, 6)]), color)
        c.fill(.rect(Rect(3, -6, 2.6, 12)), color)
      case .slower: c.stroke(.line([Point(-5, 0), Point(5, 0)]), color, width: w)
      case .faster:
        c.stroke(.line([Point(-5, 0), Point(5, 0)]), color, width: w)
        c.stroke(.line([Point(0, -5), Point(0, 5)]), color, width: w)
      case .fit:
        for (x, y) in [(-1.0, -1.0), (1, -1), (-1, 1), (1, 1)] { c.stroke(.line([Point(6 * x, 2.5 * y), Point(6 * x, 6 * y), Point(2.5 * x, 6 * y)]), color, width: w) }
      case .picture:
        c.stroke(.rect(Rect(-7, -4.5, 14, 10), radius: 2), color, width: w)
        c.stroke(.circle(Point(0, 0.5), 2.6), color, width: w)
        c.stroke(.line([Point(-2, -6.5), Point(2, -6.5)]), color, width: w)
      case .help: c.text("?", at: Point(-4, 0), size: 19, color: color, bold: true)
      }
    }
  }
}

enum Theme {
  static let bar = Color(0x1B2128), line = Color(0x0F1317), hover = Color(0x2E3843), active = Color(0x35557C), text = Color(0xD7DEE6), dim = Color(0x8B97A5)
}
