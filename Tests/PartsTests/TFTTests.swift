import Machine
import Testing

@testable import Parts

@Suite struct TFTTests {
  let bench = Bench()
  /// A display and who speaks to it.
  final class Wired {
    let part: TFTModule, bus: SPIController, dc, cs, rst: Pin
    init(_ bench: Bench, _ part: TFTModule) {
      self.part = part
      let legs = type(of: part).legs
      bus = SPIController(bench, clock: part.pin(legs.clock), data: part.pin(legs.data), input: legs.output.map { part.pin($0) })
      dc = bench.pin("DC", part.pin(legs.dc))
      cs = bench.pin("CS", part.pin("CS"))
      rst = bench.pin("RST", part.pin("RST"))
      bus.half = 1000
      rst.drive = .high
      cs.drive = .high
      dc.drive = .low
    }
    @discardableResult func command(_ c: UInt8, _ data: [UInt8] = [], read: Int = 0) -> [UInt8] {
      cs.drive = .low
      dc.drive = .low
      bus.transfer([c])
      dc.drive = .high
      bus.transfer(data)
      let got = bus.transfer([UInt8](repeating: 0, count: read))
      cs.drive = .high
      return got
    }
    func window(_ x0: Int, _ y0: Int, _ x1: Int, _ y1: Int) {
      command(0x2A, [UInt8(x0 >> 8), UInt8(x0 & 255), UInt8(x1 >> 8), UInt8(x1 & 255)])
      command(0x2B, [UInt8(y0 >> 8), UInt8(y0 & 255), UInt8(y1 >> 8), UInt8(y1 & 255)])
    }
    func pixel(_ x: Int, _ y: Int) -> UInt32 { part.picture?.pixel(x, y) ?? 1 }
  }

  /// Words in a block come to the same as one by one, whatever the format, the counters and what came before.
  @Test(arguments: [5, 6, 3] as [UInt8], [8, 16]) func blocksAreAsWords(format: UInt8, width: Int) {
    let pair = (0..<2).map { _ in Wired(bench, bench.make(ILI9341.self)) }
    var seed: UInt32 = 1
    func random() -> UInt32 {
      seed = seed &* 1_664_525 &+ 1_013_904_223
      return seed >> 8
    }
    for access in [0x48, 0x28, 0x80] as [UInt8] {
      for d in pair {
        d.command(0x11)
        d.command(0x29)
        d.command(0x36, [access])
        d.command(0x3A, [0x50 | format])
        d.window(10, 20, 24, 300)
        d.cs.drive = .low
        d.dc.drive = .low
        d.bus.transfer([0x2C])
        d.dc.drive = .high
      }
      for count in [1, 2, 3, 4, 5, 6, 7, 37, 256, 3000] {
        let words = (0..<count).map { _ in UInt16(truncatingIfNeeded: random()) & (width == 8 ? 0xFF : 0xFFFF) }
        for w in words { _ = pair[0].part.port.frame(UInt32(w), width: width) }
        words.withUnsafeBufferPointer { pair[1].part.port.frames($0, width: width) }
      }
      // A pixel begun is ended by what comes next.
      let next = (0..<7).map { UInt8($0 * 31) }
      for d in pair {
        d.bus.transfer(next)
        d.cs.drive = .high
      }
      #expect(pair[0].part.picture == pair[1].part.picture)
      #expect(Set(pair[0].part.picture?.rgba ?? []).count > 4)
    }
  }
  @Test func ili9341StartsWhiteAndShowsColours() {
    let d = Wired(bench, bench.make(ILI9341.self))
    #expect(d.pixel(0, 0) == 0xFFFFFF)
    d.command(0x11)
    d.command(0x29)
    #expect(d.pixel(0, 0) == 0)
    // The usual upright setting, 16 bits: red, green, blue, and what wraps to the window's next row.
    d.command(0x36, [0x48])
    d.command(0x3A, [0x55])
    d.window(10, 20, 11, 21)
    d.command(0x2C, [0xF8, 0x00, 0x07, 0xE0, 0x00, 0x1F, 0xFF, 0xFF])
    #expect(d.pixel(10, 20) == 0xFF0000 && d.pixel(11, 20) == 0x00FF00 && d.pixel(10, 21) == 0x0000FF && d.pixel(11, 21) == 0xFFFFFF && d.pixel(12, 20) == 0)
    // 18 bits, over the end of the window; memory write continue goes on where the last ended.
    d.command(0x3A, [0x66])
    d.command(0x2C, [0x80, 0x40, 0x04])
    d.command(0x3C, [0xFC, 0x00, 0x00])
    #expect(d.pixel(10, 20) == 0x824104 && d.pixel(11, 20) == 0xFF0000)
    d.command(0x21)
    #expect(d.pixel(11, 20) == 0x00FFFF)
    d.command(0x20)
    d.command(0x28)
    #expect(d.pixel(11, 20) == 0xFFFFFF)
  }
  @Test(arguments: [(0x48, 0, 0), (0x28, 239, 0), (0x88, 239, 319), (0xE8, 0, 319)] as [(UInt8, Int, Int)])
  func ili9341Orientations(access: UInt8, x: Int, y: Int) {
    let d = Wired(bench, bench.make(ILI9341.self))
    for c in [0x11, 0x29] as [UInt8] { d.command(c) }
    d.command(0x36, [access])
    d.command(0x3A, [0x55])
    let isTurned = access & 0x20 != 0
    d.window(0, 0, isTurned ? 319 : 239, isTurned ? 239 : 319)
    d.command(0x2C, [0xF8, 0x00, 0x07, 0xE0])
    // The first pixel is at a corner, the next along the row.
    #expect(d.pixel(x, y) == 0xFF0000, "\(access)")
    let next = isTurned ? (x, y == 0 ? 1 : 318) : (x == 0 ? 1 : 238, y)
    #expect(d.pixel(next.0, next.1) == 0x00FF00, "\(access)")
  }
  @Test func ili9341Answers() {
    let d = Wired(bench, bench.make(ILI9341.self))
    #expect(d.command(0xD3, read: 4) == [0, 0x00, 0x93, 0x41])
    #expect(d.command(0x0A, read: 1) == [0x08])
    d.command(0x11)
    d.command(0x29)
    d.command(0x36, [0x48])
    d.command(0x3A, [0x55])
    #expect(d.command(0x0A, read: 1) == [0x9C] && d.command(0x0B, read: 1) == [0x48] && d.command(0x0C, read: 1) == [0x05])
    d.window(0, 0, 239, 319)
    d.command(0x2C, [0xF8, 0x00, 0x07, 0xE0])
    #expect(d.command(0x2E, read: 7) == [0, 0xFC, 0, 0, 0, 0xFC, 0])
    d.rst.drive = .low
    d.rst.drive = .high
    #expect(d.command(0x0A, read: 1) == [0x08] && d.command(0x0B, read: 1) == [0])
  }
  @Test func scrollingPartialAndIdle() {
    let d = Wired(bench, bench.make(ILI9341.self))
    for c in [0x11, 0x29] as [UInt8] { d.command(c) }
    d.command(0x36, [0x48])
    d.command(0x3A, [0x55])
    d.window(0, 100, 0, 100)
    d.command(0x2C, [0xA0, 0x00])
    d.command(0x33, [0, 20, 1, 24, 0, 20])  // 20 fixed, 280 move, 20 fixed
    d.command(0x37, [0, 50])
    #expect(d.pixel(0, 70) == 0xA60000 && d.pixel(0, 100) == 0)
    d.command(0x13)
    #expect(d.pixel(0, 100) == 0xA60000)
    d.command(0x39)
    #expect(d.pixel(0, 100) == 0xFF0000)
    d.command(0x38)
    d.command(0x30, [0, 0, 0, 50])
    d.command(0x12)
    #expect(d.pixel(0, 100) == 0)
  }
  @Test func st7789IsIPSAndHasWindows() {
    let d = Wired(bench, bench.make(ST7789.self, ["resolution": "135x240"]))
    #expect(d.pixel(0, 0) == 0 && d.part.picture?.width == 135 && d.part.picture?.height == 240)
    d.command(0x11)
    d.command(0x29)
    d.command(0x3A, [0x05])
    d.command(0x36, [0x00])
    #expect(d.pixel(0, 0) == 0xFFFFFF)  // not inverted, memory 0
    d.command(0x21)
    d.window(52, 40, 53, 40)
    d.command(0x2C, [0xF8, 0x00, 0x00, 0x1F])
    #expect(d.pixel(0, 0) == 0xFF0000 && d.pixel(1, 0) == 0x0000FF)
    // 12 bits: two pixels in three bytes.
    d.command(0x3A, [0x03])
    d.command(0x2C, [0x0F, 0x0F, 0xFF])
    #expect(d.pixel(0, 0) == 0x00FF00 && d.pixel(1, 0) == 0xFFFFFF)
  }
  @Test func st7735IsMountedUpsideDown() {
    let d = Wired(bench, bench.make(ST7735.self))
    for c in [0x11, 0x29] as [UInt8] { d.command(c) }
    d.command(0x3A, [0x05])
    d.command(0x36, [0xC0])
    d.window(0, 0, 127, 159)
    d.command(0x2C, [0xF8, 0x00])
    #expect(d.pixel(0, 0) == 0xFF0000)
    d.command(0x36, [0x00])
    d.command(0x2C, [0x07, 0xE0])
    #expect(d.pixel(127, 159) == 0x00FF00)
  }
  @Test func gc9a01IsRound() {
    let d = Wired(bench, bench.make(GC9A01.self))
    for c in [0x11, 0x29, 0x21] as [UInt8] { d.command(c) }
    d.command(0x3A, [0x05])
    d.command(0x36, [0x08])
    d.window(120, 0, 120, 0)
    d.command(0x2C, [0xF8, 0x00])
    #expect(d.pixel(120, 0) == 0xFF0000)
    let p = d.part.picture
    #expect(p?.rgba[3] == 0 && p?.rgba[(120 * 240 + 120) * 4 + 3] == 255)
  }
  @Test func theLightFollowsItsLeg() {
    let part = bench.make(ST7789.self), bl = bench.pin("BL", part.pin("BL"))
    #expect(part.lamps[0].isOn)
    bl.drive = .low
    #expect(!part.lamps[0].isOn)
    bl.drive = .high
    #expect(part.lamps[0].isOn)
  }

  @Test func ft6206TellsTheFinger() {
    let part = bench.make(ILI9341CapTouch.self), bus = I2CController(bench, sda: part.pin("SDA"), scl: part.pin("SCL"))
    #expect(bus.scan() == [0x38] && part.hasTouch)
    #expect(bus.read(0x38, register: [0xA8], 1) == [0x11] && bus.read(0x38, register: [0xA3], 1) == [0x06])
    bus.write(0x38, [0x80, 60])
    #expect(bus.read(0x38, register: [0x80], 1) == [60])
    #expect(bus.read(0x38, register: [0], 7)?[2] == 0)
    part.touch(x: 10, y: 300, down: true)
    // The panel counts from the far corner.
    #expect(bus.read(0x38, register: [0], 7) == [0, 0, 1, 0x80, 229, 0, 19])
    part.touch(x: -5, y: 1000, down: true)
    #expect(bus.read(0x38, register: [2], 5) == [1, 0x80, 239, 0, 0])
    part.touch(x: 0, y: 0, down: false)
    #expect(bus.read(0x38, register: [2], 2) == [0, 0x40])
  }
  @Test func xpt2046Converts() {
    let part = bench.make(ILI9341Touch.self), bus = SPIController(bench, clock: part.pin("T_CLK"), data: part.pin("T_DIN"), input: part.pin("T_DO"))
    let cs = bench.pin("CS", part.pin("T_CS"))
    func read(_ control: UInt8) -> Int {
      cs.drive = .low
      let got = bus.transfer([control, 0, 0])
      cs.drive = .high
      return (Int(got[1]) << 8 | Int(got[2])) >> 3
    }
    #expect(part.pin("T_IRQ").isHigh && read(0xB0) == 0)
    part.touch(x: 239, y: 0, down: true)
    #expect(!part.pin("T_IRQ").isHigh)
    #expect(read(0xD0) == 3900 && read(0x90) == 200)
    #expect(read(0xB0) + 4095 - read(0xC0) > 400)
    part.touch(x: 0, y: 319, down: true)
    #expect(read(0xD0) == 200 && read(0x90) == 3900 && read(0xD8) == 200 & ~15)
    // With the reference on the pen interrupt is off.
    _ = read(0xD1)
    #expect(part.pin("T_IRQ").isHigh)
    _ = read(0xD0)
    part.touch(x: 0, y: 0, down: false)
    #expect(part.pin("T_IRQ").isHigh && read(0xC0) == 4095)
  }
}
