import Machine
import Testing

@testable import Parts

@Suite struct LightTests {
  let bench = Bench()

  @Test func aLEDShinesFromAnodeToCathodeAndSumsItsTime() {
    let led = bench.make(LED.self)
    let a = bench.pin("a", led.pin("A")), c = bench.pin("c", led.pin("C"))
    a.drive = .high
    bench.run(milliseconds: 1)
    #expect(!led.lamps[0].isOn)
    c.drive = .low
    bench.run(milliseconds: 3)
    #expect(led.lamps[0].isOn && led.lamps[0].onTime == 3_000_000_000)
    c.drive = .high
    bench.run(milliseconds: 3)
    a.drive = .low
    #expect(!led.lamps[0].isOn && led.lamps[0].onTime == 3_000_000_000)
  }
  @Test func anRGBLEDHasACommonAnodeOrCathode() {
    for common in ["anode", "cathode"] {
      let led = bench.make(RGBLED.self, ["common": common])
      let com = bench.pin("com\(common)", led.pin("COM")), g = bench.pin("g\(common)", led.pin("G"))
      com.drive = common == "anode" ? .high : .low
      g.drive = common == "anode" ? .low : .high
      #expect(led.lamps.map(\.isOn) == [false, true, false])
      g.drive = common == "anode" ? .high : .low
      #expect(led.lamps.map(\.isOn) == [false, false, false])
    }
  }
  @Test func barsOfAGraphAreApart() {
    let bar = bench.make(LEDBarGraph.self)
    bench.pin("a3", bar.pin("A3"), bar.pin("A10")).drive = .high
    bench.pin("c", bar.pin("C3"), bar.pin("C4")).drive = .low
    #expect(bar.lamps.map(\.isOn) == (1...10).map { $0 == 3 })
  }

  @Test func aChainOfWS2812TakesItsBitsAndHandsOnTheRest() {
    let strip = bench.make(LEDStrip.self, ["pixels": "3"]), single = bench.make(NeoPixel.self)
    Net.tie(strip.pin("DOUT"), single.pin("DIN"))
    let line = PulseDriver(bench, strip.pin("DIN"))
    bench.run(microseconds: 60)
    // Green, red, blue of four lights.
    line.send([0x10, 0xFF, 0x01, 0, 0, 0, 0xAA, 0x55, 0xC3, 0x80, 0x40, 0x20])
    #expect(strip.color(0) == 0, "shown only after the pause")
    bench.run(microseconds: 45)
    #expect(strip.color(0) == 0)
    bench.run(microseconds: 10)
    #expect((0..<3).map(strip.color) == [0xFF1001, 0, 0x55AAC3] && single.color(0) == 0x408020)
    #expect(strip.picture?.pixel(2, 0) == 0x55AAC3 && strip.picture?.width == 3)
    // A shorter frame leaves the others as they are.
    line.send([1, 2, 3])
    bench.run(microseconds: 60)
    #expect((0..<3).map(strip.color) == [0x020103, 0, 0x55AAC3] && single.color(0) == 0x408020)
  }
  /// The datasheet's limits, and those of MicroPython's bitstream and of the usual libraries.
  @Test(arguments: [((800, 450), (400, 850)), ((650, 300), (550, 700)), ((950, 300), (250, 1000)), ((875, 375), (375, 875)), ((700, 600), (350, 800))] as [((UInt64, UInt64), (UInt64, UInt64))])
  func bitsWithinTheTolerancesAreRead(one: (UInt64, UInt64), zero: (UInt64, UInt64)) {
    let light = bench.make(NeoPixel.self), line = PulseDriver(bench, light.pin("DIN"))
    bench.run(microseconds: 60)
    line.send([0x96, 0xA5, 0x0F], one: one, zero: zero)
    bench.run(microseconds: 60)
    #expect(light.color(0) == 0xA5960F)
  }
  @Test func aPauseTooShortIsNone() {
    let light = bench.make(NeoPixel.self), line = PulseDriver(bench, light.pin("DIN"))
    bench.run(microseconds: 60)
    line.send([0x11])
    bench.run(microseconds: 20)
    line.send([0x22, 0x33])
    bench.run(microseconds: 60)
    #expect(light.color(0) == 0x221133)
  }
  @Test func rowsOfAMatrixMaySnake() {
    for (layout, expected) in [("", [1, 2, 3, 4] as [UInt32]), ("serpentine", [1, 2, 4, 3])] {
      let matrix = bench.make(LEDMatrix.self, ["rows": "2", "cols": "2", "layout": layout]), line = PulseDriver(bench, matrix.pin("DIN"))
      bench.run(microseconds: 60)
      line.send([0, 0, 1, 0, 0, 2, 0, 0, 3, 0, 0, 4])
      bench.run(microseconds: 60)
      let p = matrix.picture
      #expect([p?.pixel(0, 0), p?.pixel(1, 0), p?.pixel(0, 1), p?.pixel(1, 1)] == expected)
    }
  }
  @Test func sizesThatMakeNoSenseAreBounded() {
    for pixels in ["-5", "0", "99999999999999999999", "x", ""] { #expect(1...4096 ~= bench.make(LEDStrip.self, ["pixels": pixels]).count) }
    #expect(bench.make(LEDMatrix.self, ["rows": "100000", "cols": "-1"]).count == 128)
  }
  @Test func aMatrixOfAPA102TakesItsWords() {
    let matrix = bench.make(APA102Matrix.self, ["rows": "1", "cols": "2"]), next = bench.make(APA102Matrix.self, ["rows": "1", "cols": "1"])
    Net.tie(matrix.pin("DO"), next.pin("DI"))
    Net.tie(matrix.pin("CO"), next.pin("CI"))
    let data = PulseDriver(bench, matrix.pin("DI")), clock = PulseDriver(bench, matrix.pin("CI"))
    func send(_ bytes: [UInt8]) {
      for b in bytes {
        for n in (0..<8).reversed() {
          data.set(b >> UInt8(n) & 1 == 1)
          clock.clock()
        }
      }
    }
    send([0, 0, 0, 0, 0xFF, 1, 2, 3, 0xE0 | 16, 0, 31, 0, 0xFF, 0x10, 0x20, 0x30, 0xFF, 0xFF, 0xFF, 0xFF])
    #expect(matrix.picture?.pixel(0, 0) == 0x030201 && matrix.picture?.pixel(1, 0) == 0x001000)
    #expect(next.picture?.pixel(0, 0) == 0x302010)
  }
}
