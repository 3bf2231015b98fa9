import CRSVG
import Foundation
import Frontend
import Machine
import Testing

@testable import Parts

/// How displays look, in three states each: pictures that were looked at. SOLDERLESS_RECORD=1 draws them anew.
@Suite struct GoldenTests {
  let bench = Bench()
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Golden")

  /// Draws the part after each of `states`, side by side.
  func check(_ part: Part, _ name: String, _ states: [() -> Void], sourceLocation: SourceLocation = #_sourceLocation) throws {
    let painter = Painters.painter(for: part), m = painter.margin + 4
    let width = Int(painter.size.width + 2 * m), height = Int(painter.size.height + 2 * m)
    let canvas = try Canvas(width: width * states.count, height: height)
    canvas.clear(Scene.background)
    for (n, state) in states.enumerated() {
      state()
      var look = Look()
      look.picture = part.picture
      look.lamps = part.lamps.map { $0.isOn ? 1 : 0 }
      look.values = painter.values(of: part)
      canvas.saved {
        canvas.translate(Point(Double(n * width) + m, m))
        painter.drawBody(on: canvas)
        painter.draw(look, on: canvas)
      }
    }
    let file = Self.folder.appendingPathComponent(name + ".png")
    if ProcessInfo.processInfo.environment["SOLDERLESS_RECORD"] != nil {
      try FileManager.default.createDirectory(at: Self.folder, withIntermediateDirectories: true)
      try Data(canvas.png()).write(to: file)
    }
    let golden = try #require(cairo_image_surface_create_from_png(file.path), sourceLocation: sourceLocation)
    defer { cairo_surface_destroy(golden) }
    try #require(cairo_surface_status(golden) == CAIRO_STATUS_SUCCESS, "\(name).png cannot be read; draw it with SOLDERLESS_RECORD=1 and look at it", sourceLocation: sourceLocation)
    try #require(Int(cairo_image_surface_get_width(golden)) == canvas.width && Int(cairo_image_surface_get_height(golden)) == canvas.height, sourceLocation: sourceLocation)
    let data = UnsafeRawPointer(try #require(cairo_image_surface_get_data(golden))), stride = Int(cairo_image_surface_get_stride(golden))
    var different = 0
    for y in 0..<canvas.height {
      for x in 0..<canvas.width {
        let a = canvas.pixel(x, y), b = data.load(fromByteOffset: y * stride + x * 4, as: UInt32.self)
        // Versions of cairo round differently.
        if [0, 8, 16].contains(where: { abs(Int(a >> $0 & 255) - Int(b >> $0 & 255)) > 6 }) { different += 1 }
      }
    }
    #expect(different * 500 < canvas.width * canvas.height, "\(name): \(different) pixels differ", sourceLocation: sourceLocation)
  }

  /// Dots as columns of eight, row by row of them.
  static func bytes(_ width: Int, _ pages: Int, _ isOn: (Int, Int) -> Bool) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: width * pages)
    for y in 0..<pages * 8 { for x in 0..<width where isOn(x, y) { bytes[y / 8 * width + x] |= 1 << UInt8(y % 8) } }
    return bytes
  }
  @Test func oled() throws {
    let part = bench.make(SSD1306.self), bus = I2CController(bench, sda: part.pin("SDA"), scl: part.pin("SCL"))
    let rings = Self.bytes(128, 8) { x, y in ((x - 64) * (x - 64) / 4 + (y - 32) * (y - 32)) / 90 % 2 == 0 }
    try check(part, "ssd1306", [
      {}, { bus.write(0x3C, [0x00] + OLEDTests.setUp); bus.write(0x3C, [0x40] + rings) }, { bus.write(0x3C, [0x00, 0xA7, 0x81, 0x30, 0xC0]) },
    ])
  }
  /// The other modules: sets of commands by their controller, the same picture, page by page.
  @Test func otherOLEDs() throws {
    let rings = Self.bytes(128, 8) { x, y in ((x - 64) * (x - 64) / 4 + (y - 32) * (y - 32)) / 90 % 2 == 0 }
    let text = Self.bytes(128, 8) { x, y in x < 64 ? (x / 8 + y / 8) % 2 == 0 : x % 4 == 0 && y % 2 == 0 || y < 2 }
    for (type, name, clock, data, first) in [(SSD1306SPI.self, "ssd1306-spi", "D0", "D1", 0), (SH1106SPI.self, "sh1106-spi", "CLK", "MOSI", 2), (SSD1306Dual.self, "ssd1306-dual", "CLK", "DATA", 0)] as [(OLEDModule.Type, String, String, String, UInt8)] {
      let part = type.init(id: name, attributes: [:], context: bench.context), bus = SPIController(bench, clock: part.pin(clock), data: part.pin(data)), dc = bench.pin("DC", part.pin("DC"))
      bench.pin("CS", part.pin("CS")).drive = .low
      func send(_ bytes: [UInt8], data: Bool) {
        dc.drive = data ? .high : .low
        bus.transfer(bytes)
      }
      func show(_ picture: [UInt8]) {
        for page in 0..<8 {
          send([0xB0 | UInt8(page), first, 0x10], data: false)
          send(Array(picture[page * 128..<(page + 1) * 128]), data: true)
        }
      }
      try check(part, name, [
        {}, { send(name == "sh1106-spi" ? [0xA1, 0xC8, 0xAD, 0x8B, 0x81, 0xFF, 0xAF] : [0x8D, 0x14, 0x20, 0x02, 0xA1, 0xC8, 0x81, 0xFF, 0xAF], data: false); show(rings) },
        { show(text); send([0xA7], data: false) },
      ])
    }
    let part = bench.make(SH1106.self), bus = I2CController(bench, sda: part.pin("SDA"), scl: part.pin("SCL"))
    func show(_ picture: [UInt8]) {
      for page in 0..<8 {
        bus.write(0x3C, [0x00, 0xB0 | UInt8(page), 0x02, 0x10])
        bus.write(0x3C, [0x40] + picture[page * 128..<(page + 1) * 128])
      }
    }
    try check(part, "sh1106", [{}, { bus.write(0x3C, [0x00, 0xA1, 0xC8, 0xAD, 0x8B, 0x81, 0xFF, 0xAF]); show(rings) }, { show(text); bus.write(0x3C, [0x00, 0x81, 0x20]) }])
  }
  /// Stripes, squares and a frame of one pixel.
  func paint(_ d: TFTTests.Wired) {
    let w = d.part.picture?.width ?? 0, h = d.part.picture?.height ?? 0, x0 = d.part.controller.panel.firstColumn, y0 = d.part.controller.panel.firstRow
    d.window(x0, y0, x0 + w - 1, y0 + h - 1)
    d.cs.drive = .low
    d.dc.drive = .low
    d.bus.transfer([0x2C])
    d.dc.drive = .high
    for y in 0..<h {
      for x in 0..<w {
        let edge = x == 0 || y == 0 || x == w - 1 || y == h - 1
        let red = x * 31 / w, green = y * 63 / h, blue = (x / 20 + y / 20) % 2 * 31
        _ = d.part.port.frame(edge ? 0xFFFF : UInt32(red << 11 | green << 5 | blue), width: 16)
      }
    }
    d.cs.drive = .high
  }
  @Test func tft() throws {
    for (type, name, access) in [(ILI9341CapTouch.self, "ili9341", 0x48), (ILI9341.self, "ili9341-plain", 0x48), (ILI9341Touch.self, "ili9341-touch", 0x48), (ST7789.self, "st7789", 0), (ST7735.self, "st7735", 0xC0), (GC9A01.self, "gc9a01", 0x08)] as [(TFTModule.Type, String, UInt8)] {
      let d = TFTTests.Wired(bench, type.init(id: name, attributes: [:], context: bench.context)), light = bench.pin("LED", d.part.pin(type.legs.light))
      light.drive = .high
      try check(d.part, name, [
        {},
        {
          for c in [0x11, 0x29, name == "st7789" || name == "gc9a01" ? 0x21 : 0x20] as [UInt8] { d.command(c) }
          d.command(0x3A, [0x55])
          d.command(0x36, [access])
          paint(d)
        }, { light.drive = .low },
      ])
    }
  }
  @Test func nokia() throws {
    for (part, name) in [(bench.make(Nokia5110.self), "nokia-5110"), (bench.make(Nokia5110Board.self), "nokia-5110-board")] { try nokia(part, name) }
  }
  func nokia(_ part: Nokia5110, _ name: String) throws {
    let bus = SPIController(bench, clock: part.pin("CLK"), data: part.pin("DIN"))
    let dc = bench.pin("DC", part.pin("DC")), light = bench.pin("BL", part.pin("BL"))
    bench.pin("CE", part.pin("CE")).drive = .low
    dc.drive = .low
    try check(part, name, [
      {},
      {
        bus.transfer([0x21, 0xBF, 0x04, 0x14, 0x20, 0x0C])
        dc.drive = .high
        bus.transfer(Self.bytes(84, 6) { x, y in (x - 42) * (x - 42) + (y - 24) * (y - 24) < 400 })
        light.drive = .high
      },
      {
        dc.drive = .low
        bus.transfer([0x0D])
        light.drive = .low
      },
    ])
  }
  @Test func characterDisplays() throws {
    let blue = ["background": "blue", "color": "white"]
    let w = CharacterLCDTests.Wired(bench, bench.make(LCD1602.self), four: true)
    try check(w.part, "lcd1602", [
      {},
      {
        w.begin()
        w.write("Hello, World!")
        w.send(0xC0)
        w.write("gjpqy @#&%$ 0123")
        w.send(0x0E)
      },
      {
        w.send(0x01, wait: 2000)
        for b in 0xB1...0xC0 as ClosedRange<UInt8> { w.send(b, data: true) }
        w.send(0xC0)
        for b in 0xE0...0xEF as ClosedRange<UInt8> { w.send(b, data: true) }
      },
    ])
    let four = CharacterLCDTests.Wired(bench, bench.make(LCD2004.self, blue), four: false)
    try check(four.part, "lcd2004", [
      {
        four.begin()
        for (at, text) in [(0x80, "ABCDEFGHIJKLMNOPQRST"), (0xC0, "UVWXYZ abcdefghijklm"), (0x94, "nopqrstuvwxyz (){}[]"), (0xD4, "!\"'*+,-./:;<=>?^_`|~")] as [(UInt8, String)] {
          four.send(at)
          four.write(text)
        }
      },
      {
        four.send(0x01, wait: 2000)
        for (at, first) in [(0x80, 0xB1), (0xC0, 0xC5), (0x94, 0xD9), (0xD4, 0xED)] as [(UInt8, UInt8)] {
          four.send(at)
          for n in 0..<20 { four.send(UInt8(truncatingIfNeeded: Int(first) + n), data: true) }
        }
      }, { bench.pin("A", four.part.pin("A")).drive = .low },
    ])
  }
  @Test func matrix() throws {
    let part = bench.make(MAX7219Matrix.self, ["chain": "2", "layout": "fc16"])
    let bus = SPIController(bench, clock: part.pin("CLK"), data: part.pin("DIN")), cs = bench.pin("CS", part.pin("CS"))
    func send(_ words: [UInt8]) {
      cs.drive = .low
      bus.transfer(words)
      cs.drive = .high
    }
    try check(part, "max7219", [
      {},
      {
        for (r, v) in [(0x0C, 1), (0x0B, 7), (0x0A, 15)] as [(UInt8, UInt8)] { send([r, v, r, v]) }
        let face: [UInt8] = [0x3C, 0x42, 0xA5, 0x81, 0xA5, 0x99, 0x42, 0x3C], heart: [UInt8] = [0x00, 0x66, 0xFF, 0xFF, 0xFF, 0x7E, 0x3C, 0x18]
        for n in 0..<8 { send([UInt8(n + 1), face[n], UInt8(n + 1), heart[n]]) }
      }, { send([0x0A, 0, 0x0A, 4]) },
    ])
  }
  @Test func segments() throws {
    let part = bench.make(SevenSegment.self, ["color": "green"]), com = bench.pin("COM", part.pin("COM")), legs = ["A", "B", "C", "D", "E", "F", "G", "DP"].map { bench.pin($0, part.pin($0)) }
    com.drive = .high
    func show(_ bits: UInt8) { for (n, p) in legs.enumerated() { p.drive = bits >> UInt8(n) & 1 == 1 ? .low : .high } }
    try check(part, "7segment", [{ show(0) }, { show(0x66) }, { show(0xFF) }])
    let tm = bench.make(TM1637.self), clk = bench.pin("CLK", tm.pin("CLK")), dio = bench.pin("DIO", tm.pin("DIO"))
    func set(_ p: Pin, _ high: Bool) { p.drive = high ? .none : .low }
    func send(_ bytes: [UInt8]) {
      set(dio, false)
      set(clk, false)
      for b in bytes {
        for n in 0..<8 {
          set(dio, b >> UInt8(n) & 1 == 1)
          set(clk, true)
          set(clk, false)
        }
        set(dio, true)
        set(clk, true)
        set(clk, false)
      }
      set(dio, false)
      set(clk, true)
      set(dio, true)
    }
    try check(tm, "tm1637", [
      {},
      {
        send([0x40])
        send([0xC0, 0x06, 0xDB, 0x4F, 0x66])
        send([0x8F])
      }, { send([0x88]) },
    ])
    let four = bench.make(SevenSegment.self, ["digits": "4", "colon": "1", "common": "cathode", "color": "red"])
    let all = ["A", "B", "C", "D", "E", "F", "G", "DP", "CLN"].map { bench.pin($0, four.pin($0)) }, commons = ["DIG1", "DIG2", "DIG3", "DIG4", "COM"].map { bench.pin($0, four.pin($0)) }
    func showFour(_ bits: UInt8, _ on: Int) {
      for (n, p) in all.enumerated() { p.drive = n == 8 || bits >> UInt8(n) & 1 == 1 ? .high : .low }
      for (n, p) in commons.enumerated() { p.drive = n == on || on > 4 ? .low : .high }
    }
    try check(four, "7segment-4", [{ showFour(0, 9) }, { showFour(0x5B, 2) }, { showFour(0x7F, 9) }])
  }
}
