import Parts

extension Painters {
  static let displays: [String: Maker] = [
    "board-ssd1306": { _ in PanelPainter.oled("SSD1306", ["GND", "VCC", "SCL", "SDA"]) }, "solderless-sh1106": { _ in PanelPainter.oled("SH1106", ["VCC", "GND", "SCL", "SDA"]) },
    "wokwi-ssd1306": { _ in PanelPainter.oled("SSD1306", ["DATA", "CLK", "DC", "RST", "CS", "3V3", "VIN", "GND"], board: 0x1B4F9C) },
    "solderless-ssd1306-spi": { _ in PanelPainter.oled("SSD1306", ["GND", "VCC", "D0", "D1", "RES", "DC", "CS"]) }, "solderless-sh1106-spi": { _ in PanelPainter.oled("SH1106", ["VCC", "GND", "CLK", "MOSI", "RES", "DC", "CS"]) },
    "wokwi-ili9341": { PanelPainter.tft("ILI9341", $0) }, "board-ili9341-cap-touch": { PanelPainter.tft("ILI9341", $0) }, "solderless-ili9341-touch": { PanelPainter.tft("ILI9341", $0) }, "board-st7789": { PanelPainter.tft("ST7789", $0) },
    "solderless-st7735": { PanelPainter.tft("ST7735", $0) }, "solderless-gc9a01": { PanelPainter.tft("GC9A01", $0) },
    "wokwi-nokia-5110-screen": { PanelPainter.nokia($0) }, "board-nokia-5110": { PanelPainter.nokia($0) },
    "wokwi-lcd1602": { CharacterLCDPainter($0) }, "wokwi-lcd2004": { CharacterLCDPainter($0) },
    "wokwi-max7219-matrix": { MatrixPainter($0) }, "wokwi-7segment": { SevenSegmentPainter($0) }, "wokwi-tm1637-7segment": { TM1637Painter($0) },
  ]
}

/// A module with a panel of pixels on a board with a row of legs.
struct PanelPainter: Painter {
  var size: Size
  var pins: [String: Point] = [:]
  var touches: [Touch] = []
  /// The board, what the panel is set in, and the panel.
  var board: Color, frame: Rect, screen: Rect
  var title = "", isRound = false, isSmooth = false
  /// What the panel looks like behind its picture when its light is off.
  var unlit = Color.black

  func drawBody(on c: Canvas) {
    let r = Rect(0, 0, size.width, size.height)
    c.fill(.rect(r, radius: 3), .linear(Point(0, 0), Point(0, size.height), [(0, board.mixed(.white, 0.08)), (1, board.mixed(.black, 0.15))]))
    c.stroke(.rect(r.inset(0.3), radius: 2.8), board.mixed(.black, 0.4), width: 0.6)
    for p in [Point(6, 6), Point(size.width - 6, 6), Point(6, size.height - 6), Point(size.width - 6, size.height - 6)] {
      c.fill(.circle(p, 3.2), Color(0xC9A94A))
      c.fill(.circle(p, 2), Scene.background)
    }
    if isRound {
      c.fill(.circle(frame.centre, frame.width / 2), Color(0x101113))
    } else {
      c.fill(.rect(frame, radius: 1.5), .linear(Point(frame.x, frame.y), Point(frame.maxX, frame.maxY), [(0, Color(0x26292D)), (0.5, Color(0x141518)), (1, Color(0x0C0D0F))]))
    }
    for (name, p) in pins {
      let below = p.y > size.height / 2
      c.fill(.circle(p, 2.6), Color(0xC9A94A))
      c.fill(.circle(p, 1.2), Color(0x2A2416))
      let short = name.hasSuffix(".2") ? "" : name
      c.saved {
        c.translate(Point(p.x, p.y + (below ? -5 : 5)))
        c.rotate(degrees: -90)
        c.text(short, at: Point(0, 0), size: 6.2, color: Color.white.withAlpha(0.9), align: below ? .left : .right)
      }
    }
    if !title.isEmpty { c.text(title, at: Point(size.width / 2, pins.values.contains { $0.y < size.height / 2 } ? size.height - 6 : 6), size: 7, color: Color.white.withAlpha(0.75), align: .centre) }
  }
  func draw(_ look: Look, on c: Canvas) {
    guard let picture = look.picture else { return }
    let light = look.lamps.isEmpty ? 1 : look.lamp(0)
    c.saved {
      if isRound { c.clip(.circle(screen.centre, screen.width / 2)) }
      c.image(picture, in: screen, smooth: isSmooth)
      if light < 0.996 { c.fill(.rect(screen), unlit.withAlpha((1 - light) * (unlit == .black ? 0.96 : 0.55))) }
    }
  }
  /// Legs in a row at the top or the bottom, 2.54 mm apart.
  mutating func place(_ names: [String], y: Double) {
    let left = size.width / 2 - Double(names.count - 1) * 4.8
    for (i, name) in names.enumerated() { pins[name] = Point(left + Double(i) * 9.6, y) }
  }
}

/// The glass of a panel that is soldered on a board, whose picture has all the rest.
struct GlassPainter: Painter {
  let size: Size
  let pins: [String: Point] = [:]
  let touches: [Touch]
  private let panel: PanelPainter

  init(_ module: PanelPainter) {
    var p = module
    size = Size(module.screen.width, module.screen.height)
    p.screen = Rect(0, 0, size.width, size.height)
    panel = p
    touches = module.touches.map { Touch($0.control, p.screen, $0.gesture) }
  }
  func drawBody(on c: Canvas) { c.fill(panel.isRound ? .circle(panel.screen.centre, size.width / 2) : .rect(panel.screen), Color(0x060708)) }
  func draw(_ look: Look, on c: Canvas) { panel.draw(look, on: c) }
}

extension PanelPainter {
  /// A 0.96 inch module, 27 mm square.
  static func oled(_ title: String, _ legs: [String], board: UInt32 = 0x1A1F2B) -> PanelPainter {
    let width = 103.0
    // 21.7 x 10.9 mm of pixels.
    var p = PanelPainter(size: Size(width, 105), board: Color(board), frame: Rect(1.5, 21, width - 3, 66), screen: Rect((width - 88) / 2, 30, 88, 44))
    p.title = title
    p.place(legs, y: 6)
    return p
  }
  static func tft(_ title: String, _ part: Part) -> PanelPainter {
    // The panel's pixels, and how large they are: 0.153 mm on a 2.4 inch glass, smaller on smaller ones.
    let picture = part.picture, w = Double(picture?.width ?? 240), h = Double(picture?.height ?? 320)
    let pitch = title == "ST7735" ? 0.83 : title == "GC9A01" ? 0.51 : 0.578
    let screen = Size(w * pitch, h * pitch), legs = part.kind.pins
    let width = max(screen.width + 20, Double(legs.count) * 9.6 + 12)
    var p = PanelPainter(
      size: Size(width, screen.height + 62), board: Color(title == "ILI9341" ? 0xB02A24 : title == "ST7735" ? 0x1D3F8F : 0x17191E), frame: Rect((width - screen.width) / 2 - 5, 11, screen.width + 10, screen.height + 16),
      screen: Rect((width - screen.width) / 2, 16, screen.width, screen.height))
    p.title = ""
    p.isRound = title == "GC9A01"
    if p.isRound { p.frame = Rect((width - screen.width) / 2 - 5, 11, screen.width + 10, screen.height + 10) }
    p.isSmooth = true
    p.place(legs, y: p.size.height - 6)
    if part.hasTouch { p.touches = [Touch("touch", p.screen, .panel(width: Int(w), height: Int(h)))] }
    return p
  }
  static func nokia(_ part: Part) -> PanelPainter {
    // 43.5 mm square, 84 x 48 dots in 30 x 20 mm.
    var p = PanelPainter(size: Size(164, 160), board: Color(0x9E2A24), frame: Rect(12, 24, 140, 108), screen: Rect(23, 40, 118, 76))
    p.unlit = Color(0x4A5046)
    let legs = part.kind.pins.filter { !$0.hasSuffix(".2") }
    p.place(legs, y: part.kind.pins.count > legs.count ? 6 : 154)
    if part.kind.pins.count > legs.count { p.place(legs.map { $0 + ".2" }, y: 154) }
    return p
  }
}

/// A character display: dots in cells on lit glass.
struct CharacterLCDPainter: Painter {
  let size: Size
  let pins: [String: Point]
  private let columns: Int, rows: Int, isOnI2C: Bool, background: Color
  private var dot: Size { Size(2.24, 2.6) }
  private var screen: Rect {
    let w = Double(columns * 6 - 1) * dot.width, h = Double(rows * 9 - 1) * dot.height
    return Rect((size.width - w) / 2, (size.height - h) / 2 + 6, w, h)
  }

  init(_ part: Part) {
    let lcd = part as? CharacterLCD
    columns = lcd?.columns ?? 16
    rows = lcd?.rows ?? 2
    isOnI2C = lcd?.isOnI2C ?? false
    size = columns > 16 ? Size(370, 227) : Size(302, 136)
    let name = part.attribute("background")
    background = name == "blue" ? Color(0x2438D8) : name == "green" ? Color(0x93C83C) : Color(named: name) ?? Color(0x93C83C)
    var p: [String: Point] = [:]
    if isOnI2C {
      for (i, n) in ["GND", "VCC", "SDA", "SCL"].enumerated() { p[n] = Point(6, size.height / 2 - 14.4 + Double(i) * 9.6) }
    } else {
      for (i, n) in part.kind.pins.prefix(16).enumerated() { p[n] = Point(28.8 + Double(i) * 9.6, 7) }
    }
    pins = p
  }
  func drawBody(on c: Canvas) {
    let r = Rect(0, 0, size.width, size.height)
    c.fill(.rect(r, radius: 3), .linear(Point(0, 0), Point(0, size.height), [(0, Color(0x2C7A45)), (1, Color(0x1D5A31))]))
    for p in [Point(9, 9), Point(size.width - 9, 9), Point(9, size.height - 9), Point(size.width - 9, size.height - 9)] {
      c.fill(.circle(p, 5.6), Color(0xC9A94A))
      c.fill(.circle(p, 4), Scene.background)
    }
    let s = screen
    c.fill(.rect(s.inset(-26), radius: 2), .linear(Point(0, s.y - 26), Point(0, s.maxY + 26), [(0, Color(0x2A2C2F)), (0.5, Color(0x18191B)), (1, Color(0x0E0F10))]))
    c.fill(.rect(s.inset(-10), radius: 2), background.mixed(.black, 0.6))
    for (name, p) in pins {
      c.fill(.circle(p, 2.6), Color(0xC9A94A))
      c.fill(.circle(p, 1.2), Color(0x2A2416))
      if isOnI2C {
        c.text(name, at: Point(p.x + 5, p.y), size: 6.4, color: .white)
      } else {
        c.text(name, at: Point(p.x, p.y + 7), size: name.count > 2 ? 4.6 : 5.6, color: .white, align: .centre)
      }
    }
  }
  func draw(_ look: Look, on c: Canvas) {
    let s = screen, light = look.lamp(0)
    guard let picture = look.picture else { return }
    func shade(_ color: Color) -> Color { color.mixed(.black, 0.62 * (1 - light)) }
    c.fill(.rect(s.inset(-10), radius: 2), .linear(Point(s.x, s.y), Point(s.x, s.maxY), [(0, shade(background.mixed(.white, 0.08))), (1, shade(background))]))
    let rest = shade(background.mixed(.black, 0.07))
    for row in 0..<rows {
      for column in 0..<columns {
        for line in 0..<8 {
          for n in 0..<5 {
            let x = column * 6 + n, y = row * 9 + line, at = (y * picture.width + x) * 4
            guard at + 2 < picture.rgba.count else { continue }
            let color = Color(UInt32(picture.rgba[at]) << 16 | UInt32(picture.rgba[at + 1]) << 8 | UInt32(picture.rgba[at + 2]))
            c.fill(.rect(Rect(s.x + Double(x) * dot.width, s.y + Double(y) * dot.height, dot.width * 0.88, dot.height * 0.88)), color == background ? rest : shade(color).mixed(background, 0.08))
          }
        }
      }
    }
  }
}

/// LED matrices side by side, each 32 mm square.
struct MatrixPainter: Painter {
  let size: Size
  let margin = 8.0
  let pins: [String: Point]
  private let chain: Int, color: Color
  private static let side = 121.0, pitch = 15.1

  init(_ part: Part) {
    chain = (part as? MAX7219Matrix)?.chain ?? 1
    color = (Color(named: part.attribute("color")) ?? Color(0xE02B2B)).shining
    size = Size(Double(chain) * Self.side + 40, Self.side)
    var p: [String: Point] = [:]
    for (i, n) in ["V+", "GND", "DIN", "CS", "CLK"].enumerated() { p[n] = Point(size.width - 6, 41 + Double(i) * 9.6) }
    for (i, n) in ["V+.2", "GND.2", "DOUT", "CS.2", "CLK.2"].enumerated() { p[n] = Point(6, 41 + Double(i) * 9.6) }
    pins = p
  }
  private func centre(_ x: Int, _ y: Int) -> Point {
    Point(20 + Double(x / 8) * Self.side + 7.6 + Double(x % 8) * Self.pitch, 7.6 + Double(y) * Self.pitch)
  }
  func drawBody(on c: Canvas) {
    c.fill(.rect(Rect(0, 4, size.width, size.height - 8), radius: 2), Color(0x1D3F8F))
    for n in 0..<chain { c.fill(.rect(Rect(20 + Double(n) * Self.side, 0, Self.side, Self.side).inset(0.5), radius: 1), Color(0x17181A)) }
    for x in 0..<chain * 8 { for y in 0..<8 { c.fill(.circle(centre(x, y), 5.6), Color(0x2E2F32)) } }
    for (name, p) in pins {
      c.fill(.circle(p, 2.6), Color(0xC9A94A))
      c.fill(.circle(p, 1.2), Color(0x2A2416))
      if !name.hasSuffix(".2") { c.text(name, at: Point(p.x + (p.x < 20 ? 4 : -4), p.y), size: 4.6, color: .white, align: p.x < 20 ? .left : .right) }
    }
  }
  func draw(_ look: Look, on c: Canvas) {
    guard let picture = look.picture, picture.rgba.count >= chain * 8 * 8 * 4 else { return }
    for y in 0..<8 {
      for x in 0..<chain * 8 {
        // The strongest part of the pixel over that of an unlit one is its brightness.
        let at = (y * picture.width + x) * 4, strongest = max(picture.rgba[at], picture.rgba[at + 1], picture.rgba[at + 2])
        guard strongest > 0x30 else { continue }
        let level = Double(strongest) / 255
        c.fill(.circle(centre(x, y), 5.6), .radial(centre(x, y), radius: 5.6, [(0, color.mixed(.white, 0.45).withAlpha(level)), (1, color.withAlpha(level))]))
        c.glow(centre(x, y), radius: 11, color: color, level: level * 0.4)
      }
    }
  }
}
