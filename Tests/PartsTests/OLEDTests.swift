import Machine
import Testing

@testable import Parts

@Suite struct OLEDTests {
  let bench = Bench()
  /// As most drivers set it up, for 64 rows.
  static let setUp: [UInt8] = [0xAE, 0x20, 0x00, 0x40, 0xA1, 0xA8, 63, 0xC8, 0xD3, 0, 0xDA, 0x12, 0xD5, 0x80, 0xD9, 0xF1, 0xDB, 0x30, 0x81, 0xFF, 0xA4, 0xA6, 0x8D, 0x14, 0xAF]

  func lit(_ p: Picture?) -> Set<[Int]> {
    guard let p else { return [] }
    var all: Set<[Int]> = []
    for y in 0..<p.height { for x in 0..<p.width where p.pixel(x, y) != 0 { all.insert([x, y]) } }
    return all
  }
  func i2c(_ part: Part) -> I2CController { I2CController(bench, sda: part.pin("SDA"), scl: part.pin("SCL")) }

  @Test func ssd1306ShowsPixelsUpright() {
    let part = bench.make(SSD1306.self), bus = i2c(part)
    #expect(bus.scan() == [0x3C])
    #expect(lit(part.picture).isEmpty)
    // With Co each command has a control byte of its own.
    bus.write(0x3C, Self.setUp.flatMap { [0x80, $0] })
    bus.write(0x3C, [0x00, 0x21, 0, 127, 0x22, 0, 7])
    var frame = [UInt8](repeating: 0, count: 1024)
    frame[0] = 0x01
    frame[127] = 0x80
    frame[7 * 128 + 5] = 0x80
    bus.write(0x3C, [0x40] + frame)
    #expect(lit(part.picture) == [[0, 0], [127, 7], [5, 63]])
    #expect(part.picture?.pixel(0, 0) == 0xFFFFFF)
    // Contrast, inversion, all on, off.
    bus.write(0x3C, [0x00, 0x81, 0x00, 0xA7])
    #expect(part.picture?.pixel(0, 0) == 0 && part.picture?.pixel(1, 0) == 0x5A5A5A)
    bus.write(0x3C, [0x00, 0xA6, 0xA5])
    #expect(lit(part.picture).count == 8192)
    bus.write(0x3C, [0x00, 0xA4, 0xAE])
    #expect(lit(part.picture).isEmpty)
    #expect(bus.read(0x3C, 1)?.first.map { $0 & 0x40 } == 0x40)
  }
  @Test func ssd1306AddressingWindowsAndShifts() {
    let part = bench.make(SSD1306.self), bus = i2c(part)
    bus.write(0x3C, [0x00] + Self.setUp)
    // A window of 2 columns and 2 pages, horizontally, wraps at its end.
    bus.write(0x3C, [0x00, 0x21, 10, 11, 0x22, 1, 2])
    bus.write(0x3C, [0x40, 1, 2, 4, 8, 0x10])
    #expect(lit(part.picture) == [[10, 12], [11, 9], [10, 18], [11, 19]])
    // Start line 4: everything four rows up. Offset 4: the same.
    bus.write(0x3C, [0x00, 0x44])
    #expect(lit(part.picture) == [[10, 8], [11, 5], [10, 14], [11, 15]])
    bus.write(0x3C, [0x00, 0x40, 0xD3, 4])
    #expect(lit(part.picture) == [[10, 8], [11, 5], [10, 14], [11, 15]])
    // Upside down: C0 mirrors at once, A0 only what is written later.
    bus.write(0x3C, [0x00, 0xD3, 0, 0xC0])
    #expect(lit(part.picture) == [[10, 51], [11, 54], [10, 45], [11, 44]])
    bus.write(0x3C, [0x00, 0xC8, 0xA0, 0x20, 2, 0xB5, 0x03, 0x10])
    bus.write(0x3C, [0x40, 1])
    #expect(lit(part.picture).contains([124, 40]))
    // Vertical addressing.
    bus.write(0x3C, [0x00, 0xA1, 0x20, 1, 0x21, 0, 1, 0x22, 0, 1])
    bus.write(0x3C, [0x40, 1, 1, 2])
    #expect(lit(part.picture).isSuperset(of: [[0, 0], [0, 8], [1, 1]]))
  }
  @Test func ssd1306Scrolls() {
    let part = bench.make(SSD1306.self), bus = i2c(part)
    bus.write(0x3C, [0x00] + Self.setUp)
    bus.write(0x3C, [0x40, 1])
    // Right, page 0, each 2 frames: at D9h F1h a row takes 66 clocks.
    bus.write(0x3C, [0x00, 0x26, 0, 0, 7, 0, 0, 0xFF, 0x2F])
    let step = UInt64(2 * 66 * 64) * 1_000_000_000_000 / 370_000
    bench.run(picoseconds: step * 3 + step / 2)
    #expect(lit(part.picture) == [[3, 0]])
    bus.write(0x3C, [0x00, 0x2E, 0x27, 0, 0, 7, 0, 0, 0xFF, 0x2F])
    bench.run(picoseconds: step * 4 + step / 2)
    #expect(lit(part.picture) == [[127, 0]])
    bus.write(0x3C, [0x00, 0x2E])
    bench.run(milliseconds: 100)
    #expect(lit(part.picture) == [[127, 0]])
  }
  @Test func ssd1306OnSPI() {
    let part = bench.make(SSD1306SPI.self), bus = SPIController(bench, clock: part.pin("D0"), data: part.pin("D1"))
    let dc = bench.pin("DC", part.pin("DC")), cs = bench.pin("CS", part.pin("CS")), res = bench.pin("RES", part.pin("RES"))
    cs.drive = .low
    dc.drive = .low
    res.drive = .high
    bus.transfer(Self.setUp)
    dc.drive = .high
    bus.transfer([0x81])
    #expect(lit(part.picture) == [[0, 0], [0, 7]])
    cs.drive = .high
    bus.transfer([0xFF])
    #expect(lit(part.picture) == [[0, 0], [0, 7]])
    res.drive = .low
    #expect(lit(part.picture).isEmpty)
  }
  /// The module with both: I²C at 3Dh while CS and DC hang free.
  @Test func ssd1306DualModule() {
    let part = bench.make(SSD1306Dual.self), bus = I2CController(bench, sda: part.pin("DATA"), scl: part.pin("CLK"))
    #expect(bus.scan() == [0x3D])
    bus.write(0x3D, [0x00] + Self.setUp)
    bus.write(0x3D, [0x40, 1])
    #expect(lit(part.picture) == [[0, 0]])
    let other = bench.make(SSD1306Dual.self), spi = SPIController(bench, clock: other.pin("CLK"), data: other.pin("DATA"))
    let dc = bench.pin("DC", other.pin("DC")), cs = bench.pin("CS", other.pin("CS"))
    cs.drive = .low
    dc.drive = .low
    spi.transfer(Self.setUp)
    dc.drive = .high
    spi.transfer([2])
    #expect(lit(other.picture) == [[0, 1]])
    let third = bench.make(SSD1306.self, ["i2cAddress": "61"])
    #expect(i2c(third).scan() == [0x3D])
  }
  @Test func sh1106PagesAndReadBack() {
    let part = bench.make(SH1106.self), bus = i2c(part)
    bus.write(0x3C, [0x00, 0xAE, 0xA1, 0xC8, 0xAD, 0x8B, 0x81, 0xFF, 0xAF])
    // 132 columns, of which the panel shows those from 2 on.
    bus.write(0x3C, [0x00, 0xB3, 0x02, 0x10])
    bus.write(0x3C, [0x40, 0x01, 0x80])
    #expect(lit(part.picture) == [[0, 24], [1, 31]])
    bus.write(0x3C, [0x00, 0x02, 0x10], stops: false)
    bus.write(0x3C, [0x40], stops: false)
    #expect(bus.read(0x3C, 3) == [0, 0x01, 0x80])
    // Read-modify-write: reads stay, writes go on, END comes back.
    bus.write(0x3C, [0x00, 0x02, 0x10, 0xE0])
    bus.write(0x3C, [0x40], stops: false)
    #expect(bus.read(0x3C, 2) == [0, 0x01])
    bus.write(0x3C, [0x40, 0x03])
    bus.write(0x3C, [0x00, 0xEE])
    bus.write(0x3C, [0x40, 0x07])
    #expect(lit(part.picture) == [[0, 24], [0, 25], [0, 26], [1, 31]])
    // The remap shows at once, with the picture mirrored.
    bus.write(0x3C, [0x00, 0xA0])
    #expect(lit(part.picture) == [[127, 24], [127, 25], [127, 26], [126, 31]])
  }
}
