import Foundation
import Parts

extension Painters {
  static let input: [String: Maker] = [
    "wokwi-pushbutton": { PushButtonPainter($0, side: 46) }, "wokwi-pushbutton-6mm": { PushButtonPainter($0, side: 26) }, "wokwi-slide-switch": { _ in SlideSwitchPainter() },
    "wokwi-dip-switch-8": { _ in DIPSwitchPainter() }, "wokwi-membrane-keypad": { KeypadPainter($0) }, "wokwi-potentiometer": { _ in PotentiometerPainter() },
    "wokwi-slide-potentiometer": { SlidePotentiometerPainter($0) }, "wokwi-analog-joystick": { _ in JoystickPainter() }, "wokwi-ky-040": { _ in RotaryEncoderPainter() },
    "wokwi-rotary-dialer": { _ in RotaryDialerPainter() }, "wokwi-ir-remote": { _ in IRRemotePainter() }, "wokwi-ir-receiver": { _ in IRReceiverPainter() },
  ]
}

/// A tactile switch with a round cap.
struct PushButtonPainter: Painter {
  let size: Size
  let pins: [String: Point]
  let touches: [Touch]
  private let color: Color, label: String, side: Double

  init(_ part: Part, side: Double) {
    color = Color(named: part.attribute("color")) ?? Color(0xE02B2B)
    let key = part.attribute("key")
    label = part.attribute("label").isEmpty ? key : part.attribute("label")
    self.side = side
    let reach = 9.6
    size = Size(side + 2 * reach, side)
    let top = side / 2 - 9.6 * (side > 40 ? 1.5 : 0.75), bottom = side - top
    pins = ["1.l": Point(1.5, top), "2.l": Point(1.5, bottom), "1.r": Point(side + 2 * reach - 1.5, top), "2.r": Point(side + 2 * reach - 1.5, bottom)]
    touches = [Touch("pressed", Rect(reach, 0, side, side), .press)]
  }
  private var centre: Point { Point(size.width / 2, side / 2) }
  func drawBody(on c: Canvas) {
    for p in pins.values.sorted(by: { ($0.x, $0.y) < ($1.x, $1.y) }) { c.leg(p, Point(p.x < side / 2 ? 11 : size.width - 11, p.y), width: 3) }
    let r = Rect(9.6, 0, side, side)
    c.plastic(r, Color(0x3B3F45), radius: side * 0.06)
    c.fill(.rect(r.inset(side * 0.06), radius: side * 0.05), .linear(Point(0, r.y), Point(0, r.maxY), [(0, Color(0xD4D8DC)), (1, Color(0x9EA4AB))]))
    for (x, y) in [(0.13, 0.13), (0.87, 0.13), (0.13, 0.87), (0.87, 0.87)] { c.fill(.circle(Point(r.x + side * x, side * y), side * 0.055), Color(0x2A2D31)) }
    if !label.isEmpty { c.text(label, at: Point(centre.x, side + 6), size: 9, color: Color(0xE4E9EF), align: .centre) }
  }
  func draw(_ look: Look, on c: Canvas) {
    let down = look.control("pressed") >= 0.5, r = side * 0.31
    if !down { c.fill(.circle(centre + Point(0, side * 0.035), r * 1.05), Color.black.withAlpha(0.4)) }
    c.fill(.circle(centre, r), .radial(centre + Point(-r * 0.3, -r * 0.4), radius: r * 1.7, [(0, color.mixed(.white, down ? 0.12 : 0.42)), (0.55, color.mixed(.black, down ? 0.2 : 0)), (1, color.mixed(.black, 0.5))]))
    c.stroke(.circle(centre, r), color.mixed(.black, down ? 0.65 : 0.45), width: down ? 1.6 : 0.8)
  }
}

struct SlideSwitchPainter: Painter {
  let size = Size(38.4, 33)
  let pins = ["1": Point(9.6, 31.5), "2": Point(19.2, 31.5), "3": Point(28.8, 31.5)]
  let touches = [Touch("value", Rect(0, 0, 38.4, 22), .toggle)]
  func drawBody(on c: Canvas) {
    for p in pins.values.sorted(by: { $0.x < $1.x }) { c.leg(Point(p.x, 20), p) }
    c.fill(.rect(Rect(0, 2, 38.4, 20), radius: 1.5), .linear(Point(0, 2), Point(0, 22), [(0, Color(0xDADEE2)), (1, Color(0x8B9198))]))
    c.plastic(Rect(5, 6.5, 28.4, 11), Color(0x191B1E), radius: 1)
  }
  func draw(_ look: Look, on c: Canvas) {
    let r = Rect(look.control("value") >= 0.5 ? 19.7 : 6.2, 3.6, 12.5, 13.4)
    c.plastic(r, Color(0x43484F), radius: 1.2)
    for i in 0..<4 { c.stroke(.line([Point(r.x + 2.6 + Double(i) * 2.4, r.y + 2.6), Point(r.x + 2.6 + Double(i) * 2.4, r.maxY - 2.6)]), Color(0x7A8089), width: 0.8) }
  }
}

struct DIPSwitchPainter: Painter {
  let size = Size(82, 48)
  let pins: [String: Point]
  let touches: [Touch]
  init() {
    pins = Dictionary((1...8).flatMap { n in [("\(n)a", Point(7.4 + Double(n - 1) * 9.6, 46.5)), ("\(n)b", Point(7.4 + Double(n - 1) * 9.6, 1.5))] }, uniquingKeysWith: { a, _ in a })
    touches = (1...8).map { Touch("\($0)", Rect(2.6 + Double($0 - 1) * 9.6, 8, 9.6, 32), .toggle) }
  }
  func drawBody(on c: Canvas) {
    for p in pins.values.sorted(by: { ($0.x, $0.y) < ($1.x, $1.y) }) { c.leg(p, Point(p.x, p.y < 24 ? 6 : 42), width: 2.2) }
    c.plastic(Rect(0, 4.5, 82, 39), Color(0xC8342F), radius: 1.5)
    c.text("ON", at: Point(5, 9), size: 5.4, color: .white, bold: true)
    for n in 1...8 {
      let x = 7.4 + Double(n - 1) * 9.6
      c.fill(.rect(Rect(x - 2.8, 13, 5.6, 18)), Color(0x3A0F0D))
      c.text("\(n)", at: Point(x, 37.5), size: 6.4, color: .white, align: .centre, bold: true)
    }
  }
  func draw(_ look: Look, on c: Canvas) {
    for n in 1...8 {
      let r = Rect(7.4 + Double(n - 1) * 9.6 - 2.5, look.control("\(n)") >= 0.5 ? 13.4 : 22.6, 5, 8)
      c.fill(.rect(r, radius: 0.6), .linear(Point(0, r.y), Point(0, r.maxY), [(0, .white), (1, Color(0xC4C8CC))]))
    }
  }
}

struct KeypadPainter: Painter {
  let size: Size
  let pins: [String: Point]
  let touches: [Touch]
  private let keys: [(label: String, rect: Rect)], width: Double

  init(_ part: Part) {
    let keypad = part as? MembraneKeypad, columns = keypad?.columns ?? 4
    width = Double(columns) * 46 + 18
    keys = (keypad?.keys ?? []).map { n in (keypad?.labels[n] ?? "", Rect(13 + Double(n % 4) * 46, 14 + Double(n / 4) * 46, 40, 40)) }
    let names = ["R1", "R2", "R3", "R4"] + (1...columns).map { "C\($0)" }, left = width / 2 - Double(names.count - 1) * 4.8
    pins = Dictionary(names.enumerated().map { ($1, Point(left + Double($0) * 9.6, 238)) }, uniquingKeysWith: { a, _ in a })
    size = Size(width, 240)
    touches = keys.map { Touch($0.label, $0.rect, .press) }
  }
  func drawBody(on c: Canvas) {
    let left = pins.values.map(\.x).min() ?? 0, right = pins.values.map(\.x).max() ?? 0
    c.fill(.rect(Rect(left - 6, 196, right - left + 12, 36)), Color(0xD9DCD6))
    for p in pins.values.sorted(by: { $0.x < $1.x }) { c.stroke(.line([Point(p.x, 204), Point(p.x, 232)]), Color(0x8A9098), width: 1.6) }
    c.plastic(Rect(left - 6, 228, right - left + 12, 11), Color(0x1B1D20), radius: 1)
    for p in pins.values.sorted(by: { $0.x < $1.x }) { c.fill(.rect(Rect(around: p - Point(0, 4), 2.4, 2.4)), Color(0xE2B84C)) }
    c.fill(.rect(Rect(0, 0, width, 204), radius: 7), .linear(Point(0, 0), Point(0, 204), [(0, Color(0x3A3E45)), (1, Color(0x26292E))]))
    c.stroke(.rect(Rect(3.5, 3.5, width - 7, 197), radius: 5), Color(0xC9CED6), width: 1.2)
    for k in keys {
      let isDigit = k.label.first?.isNumber ?? false
      c.fill(.rect(k.rect, radius: 6), isDigit ? Color(0x2E6FC4) : Color(0xD23B34))
      c.stroke(.rect(k.rect.inset(0.6), radius: 5.5), Color.white.withAlpha(0.85), width: 1.1)
      c.text(k.label, at: k.rect.centre, size: k.label.count > 2 ? 12 : 23, color: .white, align: .centre, bold: true)
    }
  }
  func draw(_ look: Look, on c: Canvas) {
    for k in keys where look.control(k.label) >= 0.5 {
      c.fill(.rect(k.rect, radius: 6), Color.black.withAlpha(0.38))
      c.stroke(.rect(k.rect.inset(1), radius: 5.5), Color(0xFFD84A), width: 2)
    }
  }
}

struct PotentiometerPainter: Painter {
  let size = Size(72, 78)
  let pins = ["GND": Point(26.4, 76), "SIG": Point(36, 76), "VCC": Point(45.6, 76)]
  private static let centre = Point(36, 35)
  let touches = [Touch("position", Rect(4, 3, 64, 64), .turn(centre: Self.centre, from: -135, to: 135, values: 0...1))]
  func drawBody(on c: Canvas) {
    for p in pins.values.sorted(by: { $0.x < $1.x }) { c.leg(Point(p.x, 66), p, width: 2.4) }
    c.fill(.rect(Rect(2, 2, 68, 66), radius: 7), .linear(Point(0, 2), Point(0, 68), [(0, Color(0x3D6FA8)), (1, Color(0x274A74))]))
    c.stroke(.rect(Rect(2.6, 2.6, 66.8, 64.8), radius: 6.5), Color(0x1A3352), width: 1)
    for i in 0...10 {
      let a = (-135 + 27 * Double(i)) * .pi / 180, way = Point(sin(a), -cos(a))
      c.stroke(.line([Self.centre + way * 27, Self.centre + way * (i % 5 == 0 ? 31 : 29.5)]), Color.white.withAlpha(0.85), width: 1.1)
    }
    for (n, p) in [("GND", 26.4), ("SIG", 36.0), ("VCC", 45.6)] { c.text(n, at: Point(p, 64.4), size: 4.4, color: .white, align: .centre) }
  }
  func draw(_ look: Look, on c: Canvas) { c.knob(Self.centre, radius: 23, degrees: -135 + 270 * look.control("position"), Color(0xDCE0E4), mark: Color(0xD0342C)) }
}

struct SlidePotentiometerPainter: Painter {
  let size: Size
  let pins: [String: Point]
  let touches: [Touch]
  private let travel: Double

  init(_ part: Part) {
    travel = part.number("travelLength") * 96 / 25.4
    let w = travel + 57.6
    size = Size(w, 44)
    pins = ["GND": Point(w - 2, 22), "SIG": Point(2, 31.6), "VCC": Point(2, 12.4)]
    touches = [Touch("position", Rect(14, 4, travel + 30, 36), .slide(from: Point(28.8, 22), to: Point(28.8 + travel, 22), values: 0...1))]
  }
  func drawBody(on c: Canvas) {
    for (name, p) in pins.sorted(by: { $0.key < $1.key }) {
      c.leg(p, Point(p.x < 10 ? 12 : size.width - 12, p.y), width: 2.4)
      c.text(name, at: Point(p.x < 10 ? 12 : size.width - 12, p.y - 5), size: 4.4, color: Color(0xE4E9EF), align: p.x < 10 ? .left : .right)
    }
    c.fill(.rect(Rect(9.6, 7, size.width - 19.2, 30), radius: 3), .linear(Point(0, 7), Point(0, 37), [(0, Color(0x585D64)), (1, Color(0x31353A))]))
    c.stroke(.rect(Rect(10, 7.4, size.width - 20, 29.2), radius: 2.6), Color(0x17191C), width: 0.8)
    c.plastic(Rect(24, 20, travel + 9.6, 4), Color(0x0D0E10), radius: 2)
    for i in 0...10 {
      let x = 28.8 + travel * Double(i) / 10
      for y in [12.0, 32.0] { c.stroke(.line([Point(x, y - (i % 5 == 0 ? 2 : 1.2)), Point(x, y + (i % 5 == 0 ? 2 : 1.2))]), Color(0xC9CED6), width: 0.7) }
    }
  }
  func draw(_ look: Look, on c: Canvas) {
    let x = 28.8 + travel * look.control("position"), r = Rect(x - 6, 6, 12, 32)
    c.fill(.rect(Rect(r.x + 1, r.y + 2, 12, 32), radius: 2), Color.black.withAlpha(0.35))
    c.plastic(r, Color(0xB9BEC5), radius: 2)
    c.stroke(.line([Point(x, 8.5), Point(x, 35.5)]), Color(0xD0342C), width: 1.6)
  }
}

/// Arrows around the stick push it all the way; its middle is the button.
struct JoystickPainter: Painter {
  let size = Size(103, 122)
  let pins = ["VCC": Point(32, 118), "VERT": Point(41.6, 118), "HORZ": Point(51.2, 118), "SEL": Point(60.8, 118), "GND": Point(70.4, 118)]
  private static let centre = Point(51.5, 54)
  let touches: [Touch] = {
    let c = JoystickPainter.centre
    return [
      Touch("pressed", Rect(around: c, 26, 26), .press),
      Touch("x", Rect(c.x - 44, c.y - 13, 31, 26), .slide(from: Point(c.x + 40, c.y), to: Point(c.x - 40, c.y), values: -1...1)),
      Touch("x", Rect(c.x + 13, c.y - 13, 31, 26), .slide(from: Point(c.x + 40, c.y), to: Point(c.x - 40, c.y), values: -1...1)),
      Touch("y", Rect(c.x - 13, c.y - 44, 26, 31), .slide(from: Point(c.x, c.y + 40), to: Point(c.x, c.y - 40), values: -1...1)),
      Touch("y", Rect(c.x - 13, c.y + 13, 26, 31), .slide(from: Point(c.x, c.y + 40), to: Point(c.x, c.y - 40), values: -1...1)),
    ]
  }()
  func drawBody(on c: Canvas) {
    c.board(Rect(0, 0, 103, 122), Color(0x23272E), holes: [Point(9, 9), Point(94, 9), Point(9, 100), Point(94, 100)])
    for (name, p) in pins.sorted(by: { $0.value.x < $1.value.x }) {
      c.text(name, at: p - Point(0, 7), size: 3.7, color: Color(0xE4E9EF), align: .centre)
      c.headerPin(p)
    }
    c.fill(.circle(Self.centre, 46), Color(0x101215))
    c.fill(.circle(Self.centre, 44), .radial(Self.centre, radius: 44, [(0, Color(0x15171A)), (0.75, Color(0x2B2F35)), (1, Color(0x4A4F57))]))
    for a in [0.0, 90, 180, 270] {
      c.saved {
        c.translate(Self.centre)
        c.rotate(degrees: a)
        c.fill(.polygon([Point(0, -41), Point(4, -36), Point(-4, -36)]), Color(0x9AA2AC))
      }
    }
  }
  func draw(_ look: Look, on c: Canvas) {
    let p = Self.centre + Point(-look.control("x") * 17, -look.control("y") * 17), down = look.control("pressed") >= 0.5, r = down ? 22.5 : 24.0
    c.fill(.circle(p + Point(2, 4), r + 1), Color.black.withAlpha(0.45))
    c.fill(.circle(p, r), .radial(p + Point(-7, -8), radius: r * 1.6, [(0, Color(down ? 0x55606C : 0x6E7883)), (0.5, Color(0x333941)), (1, Color(0x15181C))]))
    c.stroke(.circle(p, r * 0.62), Color.white.withAlpha(down ? 0.3 : 0.14), width: 1.2)
  }
}

/// The knob's upper half turns it clockwise, the lower one back; its middle is the button.
struct RotaryEncoderPainter: Painter {
  let size = Size(72, 100)
  let pins = ["GND": Point(16.8, 96), "VCC": Point(26.4, 96), "SW": Point(36, 96), "DT": Point(45.6, 96), "CLK": Point(55.2, 96)]
  private static let centre = Point(36, 40)
  let touches = [
    Touch("pressed", Rect(around: Self.centre, 20, 20), .press), Touch("clockwise", Rect(8, 12, 56, 18), .press), Touch("counterclockwise", Rect(8, 50, 56, 20), .press),
  ]
  func drawBody(on c: Canvas) {
    c.board(Rect(0, 0, 72, 100), Color(0x23272E), holes: [Point(8, 8), Point(64, 8)])
    for (name, p) in pins.sorted(by: { $0.value.x < $1.value.x }) {
      c.text(name, at: p - Point(0, 7), size: 4, color: Color(0xE4E9EF), align: .centre)
      c.headerPin(p)
    }
    c.fill(.rect(Rect(12, 16, 48, 48), radius: 2), .linear(Point(0, 16), Point(0, 64), [(0, Color(0xC6CBD1)), (1, Color(0x868D95))]))
    for (from, to, isUp) in [(-48.0, 48.0, true), (132.0, 228.0, false)] {
      c.stroke(.arc(Self.centre, 30, from: from, to: to), Color(0xE6C34A), width: 1.5)
      let a = (isUp ? to : to) * Double.pi / 180, tip = Self.centre + Point(sin(a), -cos(a)) * 30
      c.saved {
        c.translate(tip)
        c.rotate(degrees: to + 90)
        c.fill(.polygon([Point(0, -4), Point(3, 2), Point(-3, 2)]), Color(0xE6C34A))
      }
    }
  }
  func draw(_ look: Look, on c: Canvas) {
    c.knob(Self.centre, radius: look.control("pressed") >= 0.5 ? 18 : 20, degrees: look.control("position").truncatingRemainder(dividingBy: 20) * 18, Color(0x4A5058))
  }
}

/// A digit's hole is pulled up while the mouse is down.
struct RotaryDialerPainter: Painter {
  let size = Size(150, 160)
  let pins = ["GND": Point(65.4, 157), "DIAL": Point(75, 157), "PULSE": Point(84.6, 157)]
  private static let centre = Point(75, 72)
  private static func hole(_ digit: Int) -> Point {
    let a = (30 + 27 * Double(digit == 0 ? 9 : digit - 1)) * -Double.pi / 180
    return centre + Point(sin(a + .pi / 2 + 0.6), -cos(a + .pi / 2 + 0.6)) * 50
  }
  let touches = (0...9).map { Touch("\($0)", Rect(around: RotaryDialerPainter.hole($0), 22, 22), .press) }
  func drawBody(on c: Canvas) {
    for (name, p) in pins.sorted(by: { $0.value.x < $1.value.x }) {
      c.leg(Point(p.x, 142), p)
      c.text(name, at: Point(p.x, 150), size: 3.8, color: Color(0xE4E9EF), align: .centre)
    }
    c.fill(.circle(Self.centre, 72), .radial(Self.centre + Point(-20, -24), radius: 100, [(0, Color(0x4A4E55)), (1, Color(0x16181B))]))
    c.fill(.circle(Self.centre, 66), .radial(Self.centre + Point(-20, -24), radius: 100, [(0, Color(0xE9E4D4)), (1, Color(0xB8B19C))]))
    for d in 0...9 {
      let p = Self.hole(d)
      c.fill(.circle(p, 11), Color(0x2A2C30))
      c.fill(.circle(p, 9.6), Color(0xF4F1E6))
      c.text("\(d)", at: p, size: 13, color: Color(0x22262B), align: .centre, bold: true)
    }
    c.fill(.circle(Self.centre, 28), Color(0xF4F1E6))
    c.stroke(.circle(Self.centre, 28), Color(0x8A846F), width: 1)
  }
  func draw(_ look: Look, on c: Canvas) {
    for d in 0...9 where look.control("\(d)") >= 0.5 { c.stroke(.circle(Self.hole(d), 10.4), Color(0xE8A020), width: 2.6) }
    c.text((0...9).first { look.control("\($0)") >= 0.5 }.map { "\($0)" } ?? "", at: Self.centre, size: 26, color: Color(0x22262B), align: .centre, bold: true)
  }
}

struct IRRemotePainter: Painter {
  let size = Size(124, 300)
  let pins: [String: Point] = [:]
  let touches: [Touch]
  private static let labels: [String: String] = ["power": "O", "menu": "MENU", "test": "TEST", "plus": "+", "back": "<-", "previous": "|<<", "play": ">", "next": ">>|", "minus": "-", "c": "C"]
  private static func rect(_ n: Int) -> Rect {
    // Power alone at the left of the first row, menu at its right.
    let place = n == 0 ? 0 : n == 1 ? 2 : n + 1
    return Rect(13 + Double(place % 3) * 36, 26 + Double(place / 3) * 36, 26, 26)
  }
  init() { touches = IRRemote.keys.enumerated().map { Touch($1.name, Self.rect($0), .press) } }
  func drawBody(on c: Canvas) {
    c.fill(.rect(Rect(0, 6, 124, 294), radius: 12), .linear(Point(0, 0), Point(124, 0), [(0, Color(0x34383E)), (0.5, Color(0x22252A)), (1, Color(0x15171A))]))
    c.fill(.rect(Rect(52, 0, 20, 9), radius: 3), Color(0x3A1230))
    for (n, key) in IRRemote.keys.enumerated() {
      let r = Self.rect(n), color: Color = n == 0 ? Color(0xD0342C) : n < 10 && n != 8 ? Color(0x4F6FA8) : Color(0xE6E9ED)
      c.fill(.circle(r.centre + Point(0, 1.4), 13.4), Color.black.withAlpha(0.5))
      c.fill(.circle(r.centre, 13), .linear(Point(0, r.y), Point(0, r.maxY), [(0, color.mixed(.white, 0.2)), (1, color.mixed(.black, 0.22))]))
      let label = Self.labels[key.name] ?? key.name
      c.text(label, at: r.centre, size: label.count > 3 ? 7 : label.count > 1 ? 9 : 14, color: color.red + color.green + color.blue > 2 ? Color(0x22262B) : .white, align: .centre, bold: true)
    }
  }
  func draw(_ look: Look, on c: Canvas) {
    for (n, key) in IRRemote.keys.enumerated() where look.control(key.name) >= 0.5 {
      c.fill(.circle(Self.rect(n).centre, 13), Color.black.withAlpha(0.35))
      c.glow(Point(62, 4), radius: 26, color: Color(0xB040FF), level: 0.8)
    }
  }
}

struct IRReceiverPainter: Painter {
  let size = Size(40, 62)
  let pins = ["DAT": Point(10.4, 60), "GND": Point(20, 60), "VCC": Point(29.6, 60)]
  func drawBody(on c: Canvas) {
    for p in pins.values.sorted(by: { $0.x < $1.x }) { c.leg(Point(p.x, 40), p) }
    c.plastic(Rect(4, 4, 32, 38), Color(0x24272C), radius: 3)
    c.fill(.circle(Point(20, 21), 13), .radial(Point(15, 15), radius: 22, [(0, Color(0x5A5F68)), (0.5, Color(0x2A2D33)), (1, Color(0x101114))]))
    c.stroke(.arc(Point(20, 21), 9.5, from: -70, to: -10), Color.white.withAlpha(0.3), width: 1.4)
    for (name, x) in [("DAT", 10.4), ("GND", 20.0), ("VCC", 29.6)] { c.text(name, at: Point(x, 46), size: 4, color: Color(0xE4E9EF), align: .centre) }
  }
}
