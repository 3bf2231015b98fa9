import Parts

extension Painters {
  static let logic: [String: Maker] = {
    let chips: [(String, String, [String], [String])] = [
      // Legs from 1 on down the left side, then those of the right side from the top.
      ("wokwi-74hc595", "74HC595", ["Q1", "Q2", "Q3", "Q4", "Q5", "Q6", "Q7", "GND"], ["VCC", "Q0", "DS", "OE", "STCP", "SHCP", "MR", "Q7S"]),
      ("wokwi-nlsf595", "NLSF595", ["QB", "QC", "QD", "QE", "QF", "QG", "QH", "GND"], ["VCC", "QA", "SI", "OE", "RCK", "SCK", "SCLR", "SQH"]),
      ("wokwi-74hc165", "74HC165", ["PL", "CP", "D4", "D5", "D6", "D7", "Q7_N", "GND"], ["VCC", "CE", "D3", "D2", "D1", "D0", "DS", "Q7"]),
      ("solderless-pcf8574", "PCF8574", ["A0", "A1", "A2", "P0", "P1", "P2", "P3", "GND"], ["VCC", "SDA", "SCL", "INT", "P7", "P6", "P5", "P4"]),
      (
        "solderless-mcp23017", "MCP23017", (0...7).map { "GPB\($0)" } + ["VDD", "VSS", "", "SCL", "SDA", ""],
        (0...7).reversed().map { "GPA\($0)" } + ["INTA", "INTB", "RESET", "A2", "A1", "A0"]
      ),
    ]
    var all: [String: Maker] = [:]
    for (name, title, left, right) in chips { all[name] = { _ in DIPChipPainter(title, left: left, right: right) } }
    for gate in ["buffer", "not", "and-2", "nand-2", "or-2", "nor-2", "xor-2", "xnor-2"] { all["wokwi-gate-\(gate)"] = { GatePainter($0, gate) } }
    for kind in ["d", "dr", "dsr", "sr"] { all["wokwi-flip-flop-\(kind)"] = { LogicBlockPainter($0, title: kind.uppercased()) } }
    all["wokwi-mux-2"] = { LogicBlockPainter($0, title: "MUX") }
    all["wokwi-clock-generator"] = { ClockGeneratorPainter($0) }
    all["board-cd74hc4067"] = { _ in CD74HC4067Painter() }
    return all
  }()
}

/// A chip with legs on both sides.
struct DIPChipPainter: Painter {
  let size: Size
  let pins: [String: Point]
  private let title: String, left: [String], right: [String]

  init(_ title: String, left: [String], right: [String]) {
    self.title = title
    self.left = left
    self.right = right
    let h = Double(max(left.count, right.count)) * 9.6
    size = Size(57.6, h)
    var p: [String: Point] = [:]
    for (i, n) in left.enumerated() where !n.isEmpty { p[n] = Point(1.5, 4.8 + Double(i) * 9.6) }
    for (i, n) in right.enumerated() where !n.isEmpty { p[n] = Point(56.1, 4.8 + Double(i) * 9.6) }
    pins = p
  }
  func drawBody(on c: Canvas) {
    for (side, names) in [(1.5, left), (56.1, right)] {
      for i in names.indices { c.leg(Point(side, 4.8 + Double(i) * 9.6), Point(side < 20 ? 8 : 49.6, 4.8 + Double(i) * 9.6), width: 3) }
    }
    c.plastic(Rect(7, 0, 43.6, size.height), Color(0x2A2D31), radius: 1.5)
    c.fill(.arc(Point(28.8, 0), 4.4, from: 90, to: 270), Color(0x121315))
    c.fill(.circle(Point(11.6, 5), 1.3), Color(0x55595F))
    for (i, n) in left.enumerated() { c.text(n, at: Point(9.4, 4.8 + Double(i) * 9.6), size: 4.2, color: Color(0xC9CED6)) }
    for (i, n) in right.enumerated() { c.text(n, at: Point(48.2, 4.8 + Double(i) * 9.6), size: 4.2, color: Color(0xC9CED6), align: .right) }
    c.saved {
      c.translate(Point(28.8, size.height / 2))
      c.rotate(degrees: 90)
      c.text(title, at: Point(0, 0), size: 8.4, color: Color(0xE4E9EF), align: .centre, bold: true)
    }
  }
}

/// A gate by its symbol.
struct GatePainter: Painter {
  let size = Size(67.2, 38.4)
  let pins: [String: Point]
  private let shape: String, inverts: Bool

  init(_ part: Part, _ name: String) {
    inverts = ["not", "nand-2", "nor-2", "xnor-2"].contains(name)
    shape = ["buffer": "one", "not": "one", "and-2": "and", "nand-2": "and", "or-2": "or", "nor-2": "or"][name] ?? "xor"
    pins = shape == "one" ? ["IN": Point(2, 19.2), "OUT": Point(65.2, 19.2)] : ["A": Point(2, 9.6), "B": Point(2, 28.8), "OUT": Point(65.2, 19.2)]
  }
  func drawBody(on c: Canvas) {
    let line = Color(0xC9CED6), body = Color(0x33465E)
    for (name, p) in pins.sorted(by: { $0.key < $1.key }) {
      c.stroke(.line([p, Point(name == "OUT" ? (inverts ? 56 : 50) : 18, p.y)]), line, width: 1.6)
      c.fill(.circle(p, 1.9), Color(0xD8B25A))
    }
    var s = Shape()
    switch shape {
    case "one": s = .polygon([Point(14, 3), Point(14, 35.4), Point(50, 19.2)])
    case "and":
      s.move(Point(14, 2))
      s.line(Point(32, 2))
      s.curve(Point(56, 2), Point(56, 36.4), Point(32, 36.4))
      s.line(Point(14, 36.4))
      s.close()
    default:
      s.move(Point(12, 2))
      s.curve(Point(32, 2), Point(42, 6), Point(51, 19.2))
      s.curve(Point(42, 32.4), Point(32, 36.4), Point(12, 36.4))
      s.curve(Point(20, 26), Point(20, 12.4), Point(12, 2))
      s.close()
    }
    c.fill(s, body)
    c.stroke(s, line, width: 1.6)
    if shape == "xor" {
      var x = Shape()
      x.move(Point(7.5, 2))
      x.curve(Point(15.5, 12.4), Point(15.5, 26), Point(7.5, 36.4))
      c.stroke(x, line, width: 1.6)
    }
    if inverts {
      c.fill(.circle(Point(53.4, 19.2), 3), body)
      c.stroke(.circle(Point(53.4, 19.2), 3), line, width: 1.4)
    }
  }
}

/// A block with inputs to the left and outputs to the right.
struct LogicBlockPainter: Painter {
  let size: Size
  let pins: [String: Point]
  private let title: String

  init(_ part: Part, title: String) {
    self.title = title
    let outputs = part.kind.pins.filter { ["Q", "NOTQ", "OUT"].contains($0) }, inputs = part.kind.pins.filter { !outputs.contains($0) }
    let rows = Double(max(inputs.count, outputs.count))
    size = Size(67.2, rows * 9.6 + 9.6)
    pins = Dictionary(
      inputs.enumerated().map { ($1, Point(2, 9.6 * Double($0 + 1))) } + outputs.enumerated().map { ($1, Point(65.2, 9.6 * Double($0 + 1))) }, uniquingKeysWith: { a, _ in a })
  }
  func drawBody(on c: Canvas) {
    let line = Color(0xC9CED6)
    for (_, p) in pins.sorted(by: { $0.key < $1.key }) {
      c.stroke(.line([p, Point(p.x < 30 ? 12 : 55, p.y)]), line, width: 1.6)
      c.fill(.circle(p, 1.9), Color(0xD8B25A))
    }
    let r = Rect(11, 1, 45.2, size.height - 2)
    c.fill(.rect(r, radius: 2), Color(0x33465E))
    c.stroke(.rect(r, radius: 2), line, width: 1.5)
    for (name, p) in pins.sorted(by: { $0.key < $1.key }) {
      let isLeft = p.x < 30
      if name == "CLK" { c.stroke(.line([Point(11, p.y - 3), Point(15.5, p.y), Point(11, p.y + 3)]), line, width: 1.1) }
      c.text(name == "NOTQ" ? "/Q" : name, at: Point(isLeft ? (name == "CLK" ? 17 : 13.5) : 53.8, p.y), size: 6.4, color: .white, align: isLeft ? .left : .right)
    }
    c.text(title, at: Point(38, size.height - 6.5), size: 7, color: Color(0xF2C81E), align: .centre, bold: true)
  }
}

struct ClockGeneratorPainter: Painter {
  let size = Size(67.2, 38.4)
  let pins = ["CLK": Point(65.2, 14.4), "GND": Point(65.2, 24)]
  private let text: String
  init(_ part: Part) { text = part.attribute("frequency") }
  func drawBody(on c: Canvas) {
    for p in pins.values.sorted(by: { $0.y < $1.y }) {
      c.stroke(.line([Point(55, p.y), p]), Color(0xC9CED6), width: 1.6)
      c.fill(.circle(p, 1.9), Color(0xD8B25A))
    }
    c.fill(.rect(Rect(1, 1, 55, 36.4), radius: 3), Color(0x33465E))
    c.stroke(.rect(Rect(1, 1, 55, 36.4), radius: 3), Color(0xC9CED6), width: 1.5)
    c.stroke(.line([Point(8, 22), Point(8, 12), Point(16, 12), Point(16, 22), Point(24, 22), Point(24, 12), Point(32, 12), Point(32, 22)]), Color(0x6FE08A), width: 1.6)
    c.text("\(text)Hz", at: Point(28, 30.5), size: 7, color: .white, align: .centre)
    c.text("CLK", at: Point(53, 14.4), size: 5.4, color: .white, align: .right)
    c.text("GND", at: Point(53, 24), size: 5.4, color: .white, align: .right)
  }
}

struct CD74HC4067Painter: Painter {
  let size = Size(67.2, 172.8)
  let pins: [String: Point]
  private static let left = ["COM", "S3", "S2", "S1", "S0", "EN", "VCC", "GND"]
  init() {
    var p = Dictionary(Self.left.enumerated().map { ($1, Point(4.8, 48 + Double($0) * 9.6)) }, uniquingKeysWith: { a, _ in a })
    for n in 0...15 { p["I\(n)"] = Point(62.4, 14.4 + Double(n) * 9.6) }
    pins = p
  }
  func drawBody(on c: Canvas) {
    c.board(Rect(0, 0, 67.2, 172.8), Color(0xB8322C), radius: 2)
    for (name, p) in pins.sorted(by: { $0.key < $1.key }) {
      let isLeft = p.x < 30
      c.headerPin(p)
      c.text(name, at: p + Point(isLeft ? 4.5 : -4.5, 0), size: 5, color: .white, align: isLeft ? .left : .right)
    }
    c.plastic(Rect(25, 52, 17, 60), Color(0x1A1C1F), radius: 1)
    c.saved {
      c.translate(Point(33.5, 82))
      c.rotate(degrees: 90)
      c.text("74HC4067", at: Point(0, 0), size: 6.4, color: Color(0xC9CED6), align: .centre)
    }
  }
}
