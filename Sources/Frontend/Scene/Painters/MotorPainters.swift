import Foundation
import Parts

extension Painters {
  static let motors: [String: Maker] = [
    "wokwi-servo": { ServoPainter($0) }, "wokwi-stepper-motor": { StepperPainter($0) }, "wokwi-biaxial-stepper": { BiaxialStepperPainter($0) }, "wokwi-a4988": { _ in A4988Painter() },
    "wokwi-relay-module": { _ in RelayModulePainter() }, "wokwi-ks2e-m-dc5": { _ in KS2EPainter() }, "wokwi-buzzer": { _ in BuzzerPainter() },
  ]
}

struct ServoPainter: Painter {
  let size = Size(170, 120)
  let margin = 12.0
  let pins = ["GND": Point(2, 50.4), "V+": Point(2, 60), "PWM": Point(2, 69.6)]
  private let horn: String, color: Color
  private static let shaft = Point(104, 60)

  init(_ part: Part) {
    horn = part.attribute("horn")
    color = Color(named: part.attribute("hornColor")) ?? Color(0xCCCCCC)
  }
  func values(of part: Part) -> [Double] { [(((part as? Servo)?.angle ?? 0) * 10).rounded() / 10] }
  func drawBody(on c: Canvas) {
    for (y, wire) in [(50.4, Color(0x6B3F22)), (60.0, Color(0xD0342C)), (69.6, Color(0xE8902A))] {
      var s = Shape()
      s.move(Point(10, y))
      s.curve(Point(30, y), Point(30, 60 + (y - 60) * 0.4), Point(48, 60 + (y - 60) * 0.4))
      c.stroke(s, wire.mixed(.black, 0.35), width: 4.2)
      c.stroke(s, wire, width: 3)
    }
    c.plastic(Rect(0, 44, 14, 32), Color(0x1B1D20), radius: 1.5)
    for p in pins.values.sorted(by: { $0.y < $1.y }) { c.fill(.rect(Rect(around: p + Point(2, 0), 5, 2.6)), Color(0xE2B84C)) }
    c.plastic(Rect(38, 36, 120, 48), Color(0x2B6FC4), radius: 3)
    c.plastic(Rect(52, 38.5, 92, 43), Color(0x2F7AD6), radius: 3)
    for x in [44.5, 151.5] { c.fill(.circle(Point(x, 60), 3.6), Color(0x16212F)) }
    c.fill(.circle(Self.shaft, 21), Color(0x2460AA))
    c.fill(.circle(Self.shaft, 19.5), Color(0x3A86E2))
    c.text("SG90", at: Point(66, 74), size: 8, color: Color.white.withAlpha(0.85))
  }
  private func arm(_ length: Double, on c: Canvas) {
    var s = Shape()
    s.move(Point(-7.5, 0))
    s.line(Point(-4, -length))
    s.curve(Point(-4, -length - 5), Point(4, -length - 5), Point(4, -length))
    s.line(Point(7.5, 0))
    s.close()
    c.fill(s, .linear(Point(-8, 0), Point(8, 0), [(0, color.mixed(.white, 0.25)), (1, color.mixed(.black, 0.18))]))
    c.stroke(s, color.mixed(.black, 0.45), width: 0.7)
    for d in stride(from: 18.0, through: length, by: 8) { c.fill(.circle(Point(0, -d), 1.4), color.mixed(.black, 0.6)) }
  }
  func draw(_ look: Look, on c: Canvas) {
    c.saved {
      c.translate(Self.shaft)
      c.rotate(degrees: look.value(0) - 90)
      let arms: [(Double, Double)] = horn == "cross" ? [(0, 42), (90, 26), (180, 42), (270, 26)] : horn == "double" ? [(0, 46), (180, 46)] : [(0, 50)]
      for (turn, length) in arms {
        c.saved {
          c.rotate(degrees: turn)
          arm(length, on: c)
        }
      }
      c.fill(.circle(Point(0, 0), 10), color.mixed(.black, 0.08))
      c.stroke(.circle(Point(0, 0), 10), color.mixed(.black, 0.4), width: 0.7)
      c.fill(.circle(Point(0, 0), 3.4), Color(0x8A9098))
      c.stroke(.line([Point(-2.2, 0), Point(2.2, 0)]), Color(0x3A3E44), width: 0.9)
    }
    c.text("\(Int(look.value(0).rounded()))°", at: Point(154, 76), size: 7.5, color: Color.white.withAlpha(0.9), align: .right)
  }
}

struct StepperPainter: Painter {
  let size: Size
  let pins: [String: Point]
  private let side: Double, arrow: Color?, display: String

  init(_ part: Part) {
    // NEMA numbers are tenths of an inch.
    side = min(max((Double(part.attribute("size")) ?? 23) / 10, 0.8), 3.4) * 96
    arrow = Color(named: part.attribute("arrow"))
    display = part.attribute("display")
    size = Size(side, side + 22)
    let left = side / 2 - 14.4, y = side + 20
    pins = ["A-": Point(left, y), "A+": Point(left + 9.6, y), "B+": Point(left + 19.2, y), "B-": Point(left + 28.8, y)]
  }
  func values(of part: Part) -> [Double] {
    guard let m = part as? StepperMotor else { return [] }
    return [m.angle.truncatingRemainder(dividingBy: 360), Double(m.displayText ?? "") ?? 0]
  }
  func drawBody(on c: Canvas) {
    for (name, p) in pins.sorted(by: { $0.value.x < $1.value.x }) {
      c.stroke(.line([Point(p.x, side - 4), Point(p.x, p.y - 4)]), name.hasPrefix("A") ? (name == "A+" ? Color(0x2FA33C) : Color(0x22262B)) : name == "B+" ? Color(0xD0342C) : Color(0x2F6FE8), width: 2.4)
      c.headerPin(p - Point(0, 2))
      c.text(name, at: p - Point(0, 10.5), size: 5.4, color: Color(0xE4E9EF), align: .centre, bold: true)
    }
    let r = Rect(0, 0, side, side), centre = Point(side / 2, side / 2)
    c.fill(.rect(r, radius: side * 0.09), .linear(Point(0, 0), Point(side, side), [(0, Color(0x50555C)), (0.5, Color(0x33373D)), (1, Color(0x1E2125))]))
    for (x, y) in [(0.1, 0.1), (0.9, 0.1), (0.1, 0.9), (0.9, 0.9)] {
      c.fill(.circle(Point(side * x, side * y), side * 0.045), Color(0x9EA4AB))
      c.fill(.circle(Point(side * x, side * y), side * 0.026), Color(0x1A1C1F))
    }
    c.fill(.circle(centre, side * 0.36), .radial(centre + Point(-side * 0.1, -side * 0.12), radius: side * 0.5, [(0, Color(0xD9DDE1)), (1, Color(0x8E959D))]))
    c.stroke(.circle(centre, side * 0.3), Color(0x7A8189), width: 0.8)
  }
  func draw(_ look: Look, on c: Canvas) {
    let centre = Point(side / 2, side / 2)
    c.saved {
      c.translate(centre)
      c.rotate(degrees: look.value(0))
      if let arrow {
        c.fill(.polygon([Point(0, -side * 0.33), Point(side * 0.06, -side * 0.2), Point(-side * 0.06, -side * 0.2)]), arrow)
        c.fill(.rect(Rect(-side * 0.015, -side * 0.22, side * 0.03, side * 0.22)), arrow)
      }
      c.fill(.circle(Point(0, 0), side * 0.085), .radial(Point(-side * 0.03, -side * 0.03), radius: side * 0.12, [(0, Color(0xF4F6F8)), (1, Color(0x6E757D))]))
      // The flat of the shaft.
      c.fill(.rect(Rect(-side * 0.06, -side * 0.085, side * 0.12, side * 0.03)), Color(0x5A6068))
    }
    guard display != "none" else { return }
    let v = look.value(1), text = v == v.rounded() ? "\(Int(v))" : "\(v)"
    c.text(display == "angle" ? "\(text)°" : text, at: Point(side / 2, side * 0.73), size: max(8, side * 0.075), color: Color(0x22262B), align: .centre, bold: true)
    c.text(display == "angle" ? "DEGREES" : "STEPS", at: Point(side / 2, side * 0.795), size: max(5, side * 0.04), color: Color(0x4A5058), align: .centre)
  }
}

struct BiaxialStepperPainter: Painter {
  let size = Size(150, 168)
  let pins: [String: Point]
  private let hands: [(length: Double, color: Color, shape: String)]

  init(_ part: Part) {
    let names = part.kind.pins
    pins = Dictionary(names.enumerated().map { ($1, Point(75 + (Double($0) - 3.5) * 9.6, 166)) }, uniquingKeysWith: { a, _ in a })
    hands = ["outer", "inner"].map { (part.number("\($0)HandLength"), Color(named: part.attribute("\($0)HandColor")) ?? Color(0xE0AC2B), part.attribute("\($0)HandShape")) }
  }
  func values(of part: Part) -> [Double] { (part as? BiaxialStepper).map { [$0.outerAngle.truncatingRemainder(dividingBy: 360), $0.innerAngle.truncatingRemainder(dividingBy: 360)] } ?? [] }
  func drawBody(on c: Canvas) {
    for (name, p) in pins.sorted(by: { $0.value.x < $1.value.x }) {
      c.leg(Point(p.x, 148), p)
      c.text(name, at: Point(p.x, 158), size: 3.8, color: Color(0xE4E9EF), align: .centre)
    }
    c.plastic(Rect(25, 25, 100, 126), Color(0xE6E9ED), radius: 12)
    c.fill(.circle(Point(75, 75), 16), Color(0xC4C9CF))
  }
  func draw(_ look: Look, on c: Canvas) {
    for (n, hand) in hands.enumerated() {
      c.saved {
        c.translate(Point(75, 75))
        c.rotate(degrees: look.value(n))
        let l = hand.length, w = 3.2 - Double(n) * 0.6
        c.fill(.rect(Rect(-w, -l, 2 * w, l + 6), radius: w), hand.color)
        c.stroke(.rect(Rect(-w, -l, 2 * w, l + 6), radius: w), hand.color.mixed(.black, 0.5), width: 0.7)
        if hand.shape == "arrow" { c.fill(.polygon([Point(0, -l - 8), Point(6, -l + 3), Point(-6, -l + 3)]), hand.color) }
        if hand.shape == "ornate" {
          c.fill(.circle(Point(0, -l * 0.65), 6), hand.color)
          c.fill(.circle(Point(0, -l * 0.65), 3.2), Color(0xE6E9ED))
        }
      }
      c.fill(.circle(Point(75, 75), 8 - Double(n) * 3), hand.color.mixed(.black, 0.2))
    }
  }
}

struct A4988Painter: Painter {
  let size = Size(57.6, 76.8)
  let pins: [String: Point]
  private static let left = ["ENABLE", "MS1", "MS2", "MS3", "RESET", "SLEEP", "STEP", "DIR"], right = ["VMOT", "GND.1", "2B", "2A", "1A", "1B", "VDD", "GND.2"]
  init() {
    var p: [String: Point] = [:]
    for (i, n) in Self.left.enumerated() { p[n] = Point(4.8, 4.8 + Double(i) * 9.6) }
    for (i, n) in Self.right.enumerated() { p[n] = Point(52.8, 4.8 + Double(i) * 9.6) }
    p["GND"] = p["GND.2"]
    pins = p
  }
  func drawBody(on c: Canvas) {
    c.board(Rect(0, 0, 57.6, 76.8), Color(0x1F7A4A), radius: 1.5)
    for (i, n) in Self.left.enumerated() {
      c.headerPin(Point(4.8, 4.8 + Double(i) * 9.6))
      c.text(n == "ENABLE" ? "EN" : n == "RESET" ? "RST" : n == "SLEEP" ? "SLP" : n, at: Point(9, 4.8 + Double(i) * 9.6), size: 3.8, color: .white)
    }
    for (i, n) in Self.right.enumerated() {
      c.headerPin(Point(52.8, 4.8 + Double(i) * 9.6))
      c.text(n.hasPrefix("GND") ? "GND" : n, at: Point(48.6, 4.8 + Double(i) * 9.6), size: 3.8, color: .white, align: .right)
    }
    c.plastic(Rect(20, 24, 18, 18), Color(0x1A1C1F), radius: 1)
    c.text("A4988", at: Point(29, 33), size: 4.4, color: Color(0xA8ADB3), align: .centre)
    c.knob(Point(29, 58), radius: 6, degrees: 30, Color(0xB9BEC5), mark: Color(0x3A3E44))
    for y in [48.0, 66] { c.fill(.rect(Rect(16, y, 7, 3.4)), Color(0x22262B)) }
  }
}

struct RelayModulePainter: Painter {
  let size = Size(157, 72)
  let margin = 10.0
  let pins = ["VCC": Point(3, 26.4), "GND": Point(3, 36), "IN": Point(3, 45.6), "NC": Point(153, 20), "COM": Point(153, 36), "NO": Point(153, 52)]
  func drawBody(on c: Canvas) {
    c.board(Rect(0, 0, 157, 72), Color(0x2460AA), holes: [Point(8, 8), Point(149, 8), Point(8, 64), Point(149, 64)].filter { $0.x < 20 })
    for n in ["VCC", "GND", "IN"] {
      guard let p = pins[n] else { continue }
      c.headerPin(p)
      c.text(n, at: p + Point(5, 0), size: 4.6, color: .white)
    }
    c.plastic(Rect(44, 10, 74, 52), Color(0x2F7AD6), radius: 2)
    c.text("SRD-05VDC-SL-C", at: Point(81, 30), size: 7, color: .white, align: .centre)
    c.text("10A 250VAC", at: Point(81, 42), size: 6, color: Color.white.withAlpha(0.8), align: .centre)
    c.plastic(Rect(126, 6, 29, 60), Color(0x2FA36C), radius: 1.5)
    for n in ["NC", "COM", "NO"] {
      guard let p = pins[n] else { continue }
      c.fill(.circle(Point(145, p.y), 5.4), Color(0xB9BDC3))
      c.stroke(.line([Point(141.6, p.y - 2), Point(148.4, p.y + 2)]), Color(0x5A6068), width: 1.6)
      c.text(n, at: Point(128, p.y), size: 4.6, color: .white)
    }
    for (y, name) in [(14.0, "ON"), (58.0, "PWR")] {
      c.fill(.rect(Rect(30, y - 2.2, 7, 4.4)), Color(0xDDE0D8))
      c.text(name, at: Point(27, y), size: 4, color: .white, align: .right)
    }
  }
  func draw(_ look: Look, on c: Canvas) {
    for (y, color, level) in [(14.0, Color(0xFF4A3C), look.lamp(0)), (58.0, Color(0x3CE060), look.lamp(1))] where level > 0.004 {
      c.fill(.rect(Rect(30, y - 2.2, 7, 4.4)), color.withAlpha(level))
      c.glow(Point(33.5, y), radius: 13, color: color, level: level)
    }
  }
  func values(of part: Part) -> [Double] { [(part as? RelayModule)?.isOperated == true ? 1 : 0] }
}

struct KS2EPainter: Painter {
  let size = Size(76.8, 38.4)
  let pins = [
    "NC2": Point(16, 1.5), "P2": Point(32, 1.5), "NO2": Point(48, 1.5), "COIL2": Point(70, 1.5), "NC1": Point(16, 36.9), "P1": Point(32, 36.9), "NO1": Point(48, 36.9), "COIL1": Point(70, 36.9),
  ]
  func drawBody(on c: Canvas) {
    for p in pins.values.sorted(by: { ($0.x, $0.y) < ($1.x, $1.y) }) { c.leg(p, Point(p.x, p.y < 19 ? 5 : 33), width: 2.4) }
    c.plastic(Rect(0, 4, 76.8, 30.4), Color(0x2E3238), radius: 1.5)
    c.stroke(.line([Point(72, 6), Point(72, 32)]), Color(0xC9CED6), width: 0.9)
    c.text("KS2E-M-DC5", at: Point(36, 15), size: 7.4, color: Color(0xE4E9EF), align: .centre, bold: true)
  }
  func values(of part: Part) -> [Double] { [(part as? KS2ERelay)?.isOperated == true ? 1 : 0] }
  func draw(_ look: Look, on c: Canvas) {
    // The tongue, as drawn on such lids.
    let on = look.value(0) >= 0.5, y = 25.0
    for x in [24.0, 40] { c.fill(.circle(Point(x, y), 1.2), Color(0xC9CED6)) }
    c.fill(.circle(Point(32, y + 3.6), 1.2), Color(0xC9CED6))
    c.stroke(.line([Point(32, y + 3.6), Point(on ? 40 : 24, y)]), on ? Color(0xFFD84A) : Color(0x9AA2AC), width: 1.2)
  }
}

struct BuzzerPainter: Painter {
  let size = Size(64, 74)
  let margin = 10.0
  let pins = ["1": Point(27.2, 72), "2": Point(36.8, 72)]
  private static let centre = Point(32, 31)
  func values(of part: Part) -> [Double] { [((part as? Buzzer)?.frequency ?? 0).rounded()] }
  func drawBody(on c: Canvas) {
    c.stroke(.line([Point(27.2, 56), Point(27.2, 72)]), Color(0x22262B), width: 2)
    c.stroke(.line([Point(36.8, 56), Point(36.8, 72)]), Color(0xD0342C), width: 2)
    c.fill(.circle(Self.centre, 31), .radial(Self.centre + Point(-10, -12), radius: 52, [(0, Color(0x5A5F66)), (0.5, Color(0x2A2D31)), (1, Color(0x0E0F11))]))
    c.stroke(.circle(Self.centre, 22), Color(0x101214), width: 1.4)
    c.fill(.circle(Self.centre, 4.4), Color(0x050506))
    c.text("+", at: Point(50, 14), size: 11, color: Color(0xA8ADB3), align: .centre, bold: true)
  }
  func draw(_ look: Look, on c: Canvas) {
    let f = look.value(0)
    guard f > 0 else { return }
    for (r, a) in [(12.0, 0.9), (18, 0.6), (26, 0.4)] {
      c.stroke(.arc(Self.centre, r, from: 25, to: 75), Color(0x6FD3FF, alpha: a), width: 1.8)
      c.stroke(.arc(Self.centre, r, from: -75, to: -25), Color(0x6FD3FF, alpha: a), width: 1.8)
    }
    c.text("\(Int(f)) Hz", at: Point(32, 47), size: 7, color: Color(0x9FE2FF), align: .centre)
  }
}
