import Boards
import Foundation
import Machine
import Parts
import Testing

/// Drivers as MicroPython programs have them, on the official firmware, with the displays on the Pico's own buses and pins.
@Suite(.serialized) struct DisplayDriverTests {
  /// Five displays on I²C and SPI. Each that has a frame buffer prints it, so that MicroPython's own drawing is the oracle.
  static let buses = """
    import framebuf, time, binascii
    from machine import Pin, I2C, SPI
    i2c = I2C(0, sda=Pin(4), scl=Pin(5), freq=400000)
    print([hex(a) for a in i2c.scan()])

    class OLED(framebuf.FrameBuffer):
        def __init__(self, addr):
            self.addr = addr
            self.buf = bytearray(1024)
            super().__init__(self.buf, 128, 64, framebuf.MONO_VLSB)
        def cmds(self, *c):
            for x in c: i2c.writeto(self.addr, bytes((0x80, x)))
    class SSD1306(OLED):
        def __init__(self, addr):
            super().__init__(addr)
            self.cmds(0xAE, 0x20, 0, 0x40, 0xA1, 0xA8, 63, 0xC8, 0xD3, 0, 0xDA, 0x12, 0xD5, 0x80, 0xD9, 0xF1, 0xDB, 0x30, 0x81, 0xFF, 0xA4, 0xA6, 0x8D, 0x14, 0xAF)
        def show(self):
            self.cmds(0x21, 0, 127, 0x22, 0, 7)
            i2c.writevto(self.addr, (b'\\x40', self.buf))
    class SH1106(OLED):
        def __init__(self, addr):
            super().__init__(addr)
            self.cmds(0xAE, 0xA1, 0xC8, 0xA8, 63, 0xD3, 0, 0x40, 0x81, 0xFF, 0xA4, 0xA6, 0xAF)
        def show(self):
            for p in range(8):
                self.cmds(0xB0 | p, 0x02, 0x10)
                i2c.writeto(self.addr, b'\\x40' + self.buf[p * 128:p * 128 + 128])
    for d, word in ((SSD1306(0x3C), 'SSD1306'), (SH1106(0x3D), 'SH1106')):
        d.fill(0); d.text(word, 5, 3); d.rect(0, 0, 128, 64, 1); d.line(3, 60, 120, 20, 1); d.fill_rect(90, 40, 20, 15, 1)
        d.show()
        print(word, binascii.hexlify(d.buf).decode())

    class LCD:
        def __init__(self, addr):
            self.addr = addr
            time.sleep_ms(20)
            for v in (0x30, 0x30, 0x30, 0x20): self.nibble(v); time.sleep_ms(5)
            for c in (0x28, 0x08, 0x01, 0x06, 0x0C): self.cmd(c)
        def nibble(self, v):
            i2c.writeto(self.addr, bytes((v | 12,))); i2c.writeto(self.addr, bytes((v | 8,)))
        def cmd(self, c):
            self.nibble(c & 0xF0); self.nibble(c << 4 & 0xF0)
            if c < 4: time.sleep_ms(2)
        def text(self, s):
            for c in s:
                self.nibble(ord(c) & 0xF0 | 1); self.nibble(ord(c) << 4 & 0xF0 | 1)
    lcd = LCD(0x27)
    lcd.text('MicroPython'); lcd.cmd(0xC0 | 4); lcd.text('on a Pico')

    spi = SPI(0, baudrate=20_000_000, sck=Pin(18), mosi=Pin(19))
    cs = Pin(17, Pin.OUT, value=1); dc = Pin(20, Pin.OUT); rst = Pin(21, Pin.OUT, value=0); load = Pin(22, Pin.OUT, value=1)
    def cmd(c, data=b''):
        cs(0); dc(0); spi.write(bytes((c,))); dc(1); spi.write(data); cs(1)
    time.sleep_ms(1); rst(1); time.sleep_ms(120)
    cmd(0x11); time.sleep_ms(5); cmd(0x3A, b'\\x55'); cmd(0x36, b'\\x00'); cmd(0x21); cmd(0x29)
    def fill(x, y, w, h, color):
        cmd(0x2A, bytes((x >> 8, x & 255, x + w - 1 >> 8, x + w - 1 & 255))); cmd(0x2B, bytes((y >> 8, y & 255, y + h - 1 >> 8, y + h - 1 & 255)))
        cmd(0x2C, bytes((color >> 8, color & 255)) * (w * h))
    fill(0, 0, 240, 100, 0x001F); fill(0, 100, 240, 140, 0x07E0); fill(60, 50, 120, 100, 0xF800); fill(239, 239, 1, 1, 0xFFFF)

    n = 4
    def matrix(reg, v):
        load(0)
        for _ in range(n): spi.write(bytes((reg, v)))
        load(1)
    for reg, v in ((12, 0), (15, 0), (11, 7), (9, 0), (10, 8), (12, 1)): matrix(reg, v)
    mbuf = bytearray(8 * n)
    m = framebuf.FrameBuffer(mbuf, 8 * n, 8, framebuf.MONO_HLSB)
    m.text('Pico', 0, 0, 1)
    for y in range(8):
        load(0)
        for k in range(n): spi.write(bytes((y + 1, mbuf[y * n + k])))
        load(1)
    print('matrix', binascii.hexlify(mbuf).decode())

    ce = Pin(26, Pin.OUT, value=1); ndc = Pin(27, Pin.OUT); nrst = Pin(28, Pin.OUT, value=0)
    nrst(1)
    def nokia(c, data):
        ndc(data); ce(0); spi.write(c); ce(1)
    nokia(b'\\x21\\xbf\\x04\\x14\\x20\\x0c\\x80\\x40', 0)
    nbuf = bytearray(504)
    f = framebuf.FrameBuffer(nbuf, 84, 48, framebuf.MONO_VLSB)
    f.text('Nokia', 10, 10, 1); f.line(0, 47, 83, 30, 1)
    nokia(nbuf, 1)
    print('nokia', binascii.hexlify(nbuf).decode())
    """
  @Test(.enabled(if: BootTests.available), arguments: ["1.20.0", "1.28.0"]) func onTheBuses(version: String) throws {
    let board = try BootTests.board(version)
    func part(_ type: String, _ id: String, _ attributes: [String: String] = [:], _ wires: [(String, String)]) throws -> Part {
      let p = try board.add(type, id: id, attributes: attributes)
      for (leg, pad) in wires { try board.wire("\(id):\(leg)", pad) }
      return p
    }
    let i2c = [("SDA", "GP4"), ("SCL", "GP5")]
    let oled = try part("board-ssd1306", "oled", [:], i2c), sh = try part("solderless-sh1106", "sh", ["i2cAddress": "0x3d"], i2c), lcd = try part("wokwi-lcd1602", "lcd", ["pins": "i2c"], i2c)
    let tft = try part("board-st7789", "tft", ["resolution": "240x240"], [("SCL", "GP18"), ("SDA", "GP19"), ("CS", "GP17"), ("DC", "GP20"), ("RST", "GP21")])
    let matrix = try part("wokwi-max7219-matrix", "matrix", ["chain": "4", "layout": "fc16"], [("CLK", "GP18"), ("DIN", "GP19"), ("CS", "GP22")])
    let nokia = try part("wokwi-nokia-5110-screen", "nokia", [:], [("CLK", "GP18"), ("DIN", "GP19"), ("CE", "GP26"), ("DC", "GP27"), ("RST", "GP28")])
    let (text, _) = try BootTests.execute(Self.buses, on: board)
    var said: [String: [UInt8]] = [:]
    for line in text.split(whereSeparator: \.isNewline) {
      let words = line.split(separator: " ")
      guard words.count == 2 else { continue }
      let digits = Array(words[1].utf8)
      said[String(words[0])] = stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(String(decoding: digits[$0...$0 + 1], as: UTF8.self), radix: 16) ?? 0 }
    }
    #expect(text.hasPrefix("['0x27', '0x3c', '0x3d']"), "\(text.prefix(80))")
    /// Where a picture and a frame buffer differ.
    func differences(_ part: Part, _ name: String, rows isByRow: Bool = false, lit: (UInt8) -> Bool) -> Int {
      guard let p = part.picture, let bytes = said[name], bytes.count * 8 == p.width * p.height else { return -1 }
      return (0..<p.width * p.height).count { i in
        let x = i % p.width, y = i / p.width
        let bit = isByRow ? bytes[(y * p.width + x) / 8] >> UInt8(7 - x % 8) & 1 : bytes[y / 8 * p.width + x] >> UInt8(y % 8) & 1
        return lit(p.rgba[i * 4]) != (bit == 1)
      }
    }
    #expect(differences(oled, "SSD1306") { $0 > 0 } == 0 && differences(sh, "SH1106") { $0 > 0 } == 0)
    #expect(differences(matrix, "matrix", rows: true) { $0 > 0x40 } == 0)
    #expect(differences(nokia, "nokia") { $0 < 100 } == 0)
    #expect(lcd.displayText == "MicroPython\n    on a Pico")
    let p = try #require(tft.picture)
    func pixel(_ x: Int, _ y: Int) -> [UInt8] { Array(p.rgba[(y * p.width + x) * 4..<(y * p.width + x) * 4 + 3]) }
    #expect(pixel(0, 0) == [0, 0, 255] && pixel(239, 99) == [0, 0, 255] && pixel(0, 100) == [0, 255, 0] && pixel(60, 50) == [255, 0, 0] && pixel(179, 149) == [255, 0, 0] && pixel(180, 149) == [0, 255, 0])
    #expect(pixel(239, 239) == [255, 255, 255] && pixel(238, 239) == [0, 255, 0])
  }

  /// Displays that a program moves pin by pin.
  static let pins = """
    import time
    from machine import Pin
    def out(n, v=0): return Pin(n, Pin.OUT, value=v)
    rs, e, data = out(6), out(7), [out(n) for n in (8, 9, 10, 11)]
    def nibble(v):
        for n, p in enumerate(data): p(v >> n & 1)
        e(1); e(0)
    def cmd(c, r=0):
        rs(r); nibble(c >> 4); nibble(c & 15); time.sleep_us(60)
        if r == 0 and c < 4: time.sleep_ms(2)
    time.sleep_ms(20)
    for v in (3, 3, 3, 2): nibble(v); time.sleep_ms(5)
    for c in (0x28, 0x0C, 0x01, 0x06): cmd(c)
    cmd(0x40)
    for b in (0, 10, 31, 31, 14, 4, 0, 0): cmd(b, 1)
    for at, s in ((0x80, 'row 0'), (0xC0, 'row 1'), (0x94, 'row 2 '), (0xD4, 'row 3')):
        cmd(at)
        for c in s: cmd(ord(c), 1)
    cmd(0x94 + 6); cmd(0, 1)

    clk, dio = Pin(12, Pin.OUT, value=1), Pin(13, Pin.OUT, value=1)
    def byte(b):
        for i in range(8):
            dio(b >> i & 1); clk(1); clk(0)
        dio.init(Pin.IN); clk(1); ok = dio() == 0; clk(0); dio.init(Pin.OUT)
        return ok
    def send(*bs):
        dio(0); clk(0)
        ok = [byte(b) for b in bs]
        dio(0); clk(1); dio(1)
        return all(ok)
    font = (0x3F, 0x06, 0x5B, 0x4F, 0x66, 0x6D, 0x7D, 0x07, 0x7F, 0x6F)
    print(send(0x40), send(0xC0, font[2], font[3] | 0x80, font[5], font[9]), send(0x8A))

    segments = [out(n) for n in (0, 1, 2, 3, 14, 15, 16)]
    digits = [out(n, 1) for n in (17, 18, 19, 20)]
    end = time.ticks_add(time.ticks_ms(), 100)
    while time.ticks_diff(end, time.ticks_ms()) > 0:
        for d, n in zip(digits, (4, 0, 7, 1)):
            for k, s in enumerate(segments): s(font[n] >> k & 1)
            d(0); time.sleep_ms(2); d(1)
    """
  @Test(.enabled(if: BootTests.available), arguments: ["1.20.0", "1.28.0"]) func onPins(version: String) throws {
    let board = try BootTests.board(version)
    let lcd = try board.add("wokwi-lcd2004", id: "lcd"), tm = try board.add("wokwi-tm1637-7segment", id: "tm")
    let digits = try board.add("wokwi-7segment", id: "digits", attributes: ["common": "cathode", "digits": "4"])
    for (leg, pad) in [("RS", 6), ("E", 7), ("D4", 8), ("D5", 9), ("D6", 10), ("D7", 11)] { try board.wire("lcd:\(leg)", "GP\(pad)") }
    try board.wire("lcd:RW", "GND.1")
    for (leg, pad) in [("CLK", 12), ("DIO", 13)] { try board.wire("tm:\(leg)", "GP\(pad)") }
    for (leg, pad) in zip(["A", "B", "C", "D", "E", "F", "G", "DIG1", "DIG2", "DIG3", "DIG4"], [0, 1, 2, 3, 14, 15, 16, 17, 18, 19, 20]) { try board.wire("digits:\(leg)", "GP\(pad)") }
    let (text, _) = try BootTests.execute(Self.pins, on: board)
    #expect(text.hasPrefix("True True True"), "\(text)")
    #expect(lcd.displayText == "row 0\nrow 1\nrow 2 □\nrow 3")
    #expect(tm.displayText == "23:59")
    #expect(digits.displayText == "4071")
  }
}
