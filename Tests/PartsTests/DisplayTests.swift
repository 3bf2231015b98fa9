import Machine
import Testing

@testable import Parts

@Suite struct Nokia5110Tests {
  let bench = Bench()
  @Test(arguments: [false, true]) func dotsContrastAndModes(onBoard: Bool) {
    let part: Nokia5110 = onBoard ? bench.make(Nokia5110Board.self) : bench.make(Nokia5110.self), second = onBoard ? ".2" : ""
    let bus = SPIController(bench, clock: part.pin("CLK" + second), data: part.pin("DIN" + second))
    let dc = bench.pin("DC", part.pin("DC" + second)), ce = bench.pin("CE", part.pin("CE")), rst = bench.pin("RST", part.pin("RST"))
    rst.drive = .low
    rst.drive = .high
    ce.drive = .low
    dc.drive = .low
    let light = part.picture?.pixel(0, 0)
    bus.transfer([0x21, 0xBF, 0x04, 0x14, 0x20, 0x0C, 0x80 | 83, 0x40 | 5])
    dc.drive = .high
    bus.transfer([0x80, 0x01])
    func isDark(_ x: Int, _ y: Int) -> Bool { (part.picture?.pixel(x, y) ?? 0) & 255 < 60 }
    // The last byte of the last bank, then from the start.
    #expect(isDark(83, 47) && isDark(0, 0) && !isDark(1, 0) && part.picture?.pixel(1, 0) == light)
    dc.drive = .low
    bus.transfer([0x0D])
    #expect(!isDark(83, 47) && isDark(1, 0))
    bus.transfer([0x08])
    #expect(!isDark(83, 47) && !isDark(1, 0))
    // Vertical addressing: down the banks.
    bus.transfer([0x22, 0x0C, 0x80, 0x40])
    dc.drive = .high
    bus.transfer([0, 0x01])
    #expect(isDark(0, 8) && !isDark(0, 0))
    dc.drive = .low
    bus.transfer([0x21, 0x80 | 20, 0x20])
    #expect(!isDark(0, 8))
  }
}

@Suite struct CharacterLCDTests {
  let bench = Bench()
  /// Who speaks to a display on its legs.
  final class Wired {
    let bench: Bench, part: CharacterLCD, rs, rw, e: Pin, d: [Pin], isFour: Bool
    init(_ bench: Bench, _ part: CharacterLCD, four: Bool) {
      self.bench = bench
      self.part = part
      isFour = four
      rs = bench.pin("RS", part.pin("RS"))
      rw = bench.pin("RW", part.pin("RW"))
      e = bench.pin("E", part.pin("E"))
      d = (four ? 4..<8 : 0..<8).map { bench.pin("D\($0)", part.pin("D\($0)")) }
      for p in [rs, rw, e] { p.drive = .low }
      bench.run(milliseconds: 20)
    }
    func pulse(_ v: UInt8) {
      for (n, p) in d.enumerated() { p.drive = v >> UInt8(n) & 1 == 1 ? .high : .low }
      e.drive = .high
      bench.run(microseconds: 1)
      e.drive = .low
      bench.run(microseconds: 1)
    }
    func send(_ byte: UInt8, data: Bool = false, wait: UInt64 = 50) {
      rs.drive = data ? .high : .low
      if isFour { pulse(byte >> 4) }
      pulse(isFour ? byte & 15 : byte)
      bench.run(microseconds: wait)
    }
    func receive(data: Bool) -> UInt8 {
      for p in d { p.drive = .none }
      rs.drive = data ? .high : .low
      rw.drive = .high
      var v: UInt8 = 0
      for _ in 0..<(isFour ? 2 : 1) {
        e.drive = .high
        bench.run(microseconds: 1)
        v = (isFour ? v << 4 : 0) | d.enumerated().reduce(UInt8(0)) { $0 | ($1.element.isHigh ? 1 << UInt8($1.offset) : 0) }
        e.drive = .low
        bench.run(microseconds: 1)
      }
      rw.drive = .low
      bench.run(microseconds: 50)
      return v
    }
    func begin() {
      // Initializing by instruction, figures 23 and 24.
      if isFour {
        for v in [3, 3, 3, 2] as [UInt8] {
          pulse(v)
          bench.run(milliseconds: 5)
        }
        send(0x28)
      } else {
        for _ in 0..<3 { send(0x38, wait: 5000) }
      }
      send(0x0C)
      send(0x01, wait: 2000)
      send(0x06)
    }
    func write(_ text: String) { for b in text.utf8 { send(b, data: true) } }
  }

  @Test(arguments: [false, true]) func textOnFourAndEightLines(four: Bool) {
    let w = Wired(bench, bench.make(LCD1602.self), four: four)
    #expect(w.part.displayText == "\n")
    w.begin()
    w.write("Hello, World!")
    w.send(0xC0)
    w.write("~\u{5C}5")
    #expect(w.part.displayText == "Hello, World!\n→¥5")
    #expect(w.receive(data: false) == 0x43)
    w.send(0x80)
    #expect(w.receive(data: true) == UInt8(ascii: "H") && w.receive(data: true) == UInt8(ascii: "e") && w.receive(data: false) == 2)
    // The display moves over the 40 characters of each line.
    w.send(0x18)
    #expect(w.part.displayText == "ello, World!\n¥5")
    w.send(0x02, wait: 2000)
    #expect(w.part.displayText == "Hello, World!\n→¥5")
    // Busy after clear: lost.
    w.send(0x01, wait: 0)
    #expect(w.receive(data: false) & 0x80 != 0)
    w.write("x")
    bench.run(milliseconds: 2)
    #expect(w.part.displayText == "\n")
    // Backwards, then shifting.
    w.send(0x87)
    w.send(0x04)
    w.write("ba")
    w.send(0x80 | 8)
    w.send(0x07)
    w.write("c")
    #expect(w.part.displayText == "     abc\n")
  }
  @Test func ownCharactersCursorAndDots() {
    let w = Wired(bench, bench.make(LCD1602.self), four: true)
    w.begin()
    w.send(0x40 | 8)
    for b in [0x1F, 0x11, 0, 0, 0, 0, 0, 0x15] as [UInt8] { w.send(b, data: true) }
    w.send(0x80)
    w.send(1, data: true)
    #expect(w.part.displayText == "□\n")
    func dots(_ column: Int, _ line: Int) -> [Bool] {
      let p = w.part.picture
      return (0..<5).map { p?.pixel(column * 6 + $0, line) != p?.pixel(5, 0) }
    }
    #expect(dots(0, 0) == [true, true, true, true, true] && dots(0, 1) == [true, false, false, false, true] && dots(0, 7) == [true, false, true, false, true])
    w.write("L")
    #expect(dots(1, 0) == [true, false, false, false, false] && dots(1, 6) == [true, true, true, true, true] && dots(1, 7) == [false, false, false, false, false])
    w.send(0x0E)
    #expect(dots(2, 7) == [true, true, true, true, true])
    // The whole character blinks, 409.6 ms each way.
    w.send(0x0D)
    #expect(dots(2, 3) == [false, false, false, false, false])
    bench.run(milliseconds: 500)
    #expect(dots(2, 3) == [true, true, true, true, true] && dots(2, 7) == [true, true, true, true, true])
    w.send(0x08)
    #expect(dots(0, 0) == [false, false, false, false, false])
    #expect(w.part.displayText == "\n")
  }
  @Test func fourRowsContinueTwo() {
    let w = Wired(bench, bench.make(LCD2004.self), four: false)
    w.begin()
    for (at, text) in [(0x80, "one"), (0xC0, "two"), (0x94, "three"), (0xD4, "four")] as [(UInt8, String)] {
      w.send(at)
      w.write(text)
    }
    #expect(w.part.displayText == "one\ntwo\nthree\nfour")
    #expect(w.part.picture?.width == 119 && w.part.picture?.height == 35)
  }
  @Test func behindAnExpander() {
    let part = bench.make(LCD1602.self, ["pins": "i2c"]), bus = I2CController(bench, sda: part.pin("SDA"), scl: part.pin("SCL"))
    bench.run(milliseconds: 20)
    #expect(bus.scan() == [0x27])
    func nibble(_ v: UInt8, _ flags: UInt8) { bus.write(0x27, [v << 4 | flags | 8, v << 4 | flags | 12, v << 4 | flags | 8]) }
    func send(_ b: UInt8, _ flags: UInt8 = 0) {
      nibble(b >> 4, flags)
      nibble(b & 15, flags)
      bench.run(microseconds: 50)
    }
    for v in [3, 3, 3, 2] as [UInt8] {
      nibble(v, 0)
      bench.run(milliseconds: 5)
    }
    for c in [0x28, 0x0C, 0x01] as [UInt8] {
      send(c)
      bench.run(milliseconds: 2)
    }
    for b in "I2C".utf8 { send(b, 1) }
    #expect(part.displayText == "I2C\n" && part.lamps[0].isOn)
    // The address counter, read back through the expander.
    bus.write(0x27, [0xF0 | 2 | 8, 0xF0 | 2 | 4 | 8])
    let high = bus.read(0x27, 1)?.first ?? 0
    bus.write(0x27, [0xF0 | 2 | 8, 0xF0 | 2 | 4 | 8])
    let low = bus.read(0x27, 1)?.first ?? 0
    bus.write(0x27, [0xF0 | 2 | 8])
    #expect(high & 0xF0 | low >> 4 == 3)
    bus.write(0x27, [0])
    #expect(!part.lamps[0].isOn)
    let other = bench.make(LCD2004.self, ["pins": "i2c", "i2c-address": "0x3f"])
    #expect(I2CController(bench, sda: other.pin("SDA"), scl: other.pin("SCL")).scan() == [0x3F])
  }
  /// Every letter of ASCII has dots of its own.
  @Test func charactersDiffer() {
    let all = (0x21...0x7F).map { HD44780.character(UInt8($0)) }
    #expect(Set(all).count == all.count && !all.contains([UInt8](repeating: 0, count: 8)))
    #expect(HD44780.character(0x20) == [UInt8](repeating: 0, count: 8) && HD44780.letter(0xB1) == "ｱ" && HD44780.letter(0xF7) == "π")
  }
}

@Suite struct MAX7219Tests {
  let bench = Bench()
  func wired(_ part: MAX7219Matrix) -> (SPIController, Pin) {
    let bus = SPIController(bench, clock: part.pin("CLK"), data: part.pin("DIN")), cs = bench.pin("CS", part.pin("CS"))
    cs.drive = .high
    return (bus, cs)
  }
  func lit(_ p: Picture?) -> Set<[Int]> {
    guard let p else { return [] }
    return Set((0..<p.width * p.height).map { [$0 % p.width, $0 / p.width] }.filter { p.pixel($0[0], $0[1]) >> 16 > 0x40 })
  }
  @Test func aChainOfTwo() {
    let part = bench.make(MAX7219Matrix.self, ["chain": "2", "layout": "fc16"]), (bus, cs) = wired(part)
    func send(_ words: [UInt8]) {
      cs.drive = .low
      bus.transfer(words)
      cs.drive = .high
    }
    for (r, v) in [(0x0C, 1), (0x0F, 0), (0x0B, 7), (0x0A, 15), (0x09, 0)] as [(UInt8, UInt8)] { send([r, v, r, v]) }
    for d in 1...8 as ClosedRange<UInt8> { send([d, 0, d, 0]) }
    // What is sent first ends in the far one, at the left; DP is its left column.
    send([1, 0x80, 8, 0x01])
    #expect(lit(part.picture) == [[0, 0], [15, 7]])
    // No operation for the far one.
    send([0, 0xFF, 1, 0x80])
    #expect(lit(part.picture) == [[0, 0], [8, 0], [15, 7]])
    send([0x0B, 3, 0x0B, 3])
    #expect(lit(part.picture) == [[0, 0], [8, 0]])
    send([0x0C, 0, 0x0C, 1])
    #expect(lit(part.picture) == [[8, 0]])
    send([0x0F, 1, 0x0F, 0])
    #expect(lit(part.picture).count == 65)
    part.setAttribute("layout", "parola")
    send([0x0F, 0, 0x0F, 0])
    #expect(lit(part.picture) == [[15, 0]])
    // Decoded: a digit's segments.
    send([0, 0, 9, 1])
    send([0, 0, 1, 8])
    #expect(lit(part.picture) == Set((8...14).map { [$0, 0] }))
  }
  @Test func twoModulesInARow() {
    let a = bench.make(MAX7219Matrix.self), b = bench.make(MAX7219Matrix.self), (bus, cs) = wired(a)
    Net.tie(a.pin("DOUT"), b.pin("DIN"))
    Net.tie(a.pin("CLK.2"), b.pin("CLK"))
    Net.tie(a.pin("CS.2"), b.pin("CS"))
    for words in [[0x0C, 1, 0x0C, 1], [0x0B, 7, 0x0B, 7], [1, 0x01, 2, 0x80]] as [[UInt8]] {
      cs.drive = .low
      bus.transfer(words)
      cs.drive = .high
    }
    #expect(lit(b.picture) == [[0, 0]] && lit(a.picture) == [[7, 1]])
    // b's data come from a: words at once would not do.
    #expect(SPIFrames.routes(clock: [bus.clock], data: [bus.data], input: [], width: 8, mode: 0) == nil)
  }
  @Test func wordsAreAsBits() {
    let a = bench.make(MAX7219Matrix.self, ["chain": "3"]), b = bench.make(MAX7219Matrix.self, ["chain": "3"])
    let (bus, csA) = wired(a), csB = bench.pin("CS", b.pin("CS"))
    let sink = b.pin("CLK").frames
    for words in [[0x0C, 1, 0x0C, 1, 0x0C, 1], [0x0B, 7, 0x0B, 7, 0x0B, 7], [3, 0x12, 4, 0x34, 5, 0x56]] as [[UInt8]] {
      csA.drive = .low
      csB.drive = .low
      bus.transfer(words)
      for k in stride(from: 0, to: 6, by: 2) { _ = sink?.frame(UInt32(words[k]) << 8 | UInt32(words[k + 1]), width: 16) }
      csA.drive = .high
      csB.drive = .high
    }
    #expect(!lit(a.picture).isEmpty && a.picture == b.picture)
  }
}

@Suite struct SegmentDisplayTests {
  let bench = Bench()
  static let font: [UInt8] = [0x3F, 0x06, 0x5B, 0x4F, 0x66, 0x6D, 0x7D, 0x07, 0x7F, 0x6F]

  @Test(arguments: ["anode", "cathode"]) func oneDigit(common: String) {
    let part = bench.make(SevenSegment.self, ["common": common]), isAnode = common == "anode"
    let com = bench.pin("COM", part.pin("COM.2")), legs = ["A", "B", "C", "D", "E", "F", "G", "DP"].map { bench.pin($0, part.pin($0)) }
    com.drive = isAnode ? .high : .low
    for (n, p) in legs.enumerated() { p.drive = (Self.font[5] | 0x80) >> UInt8(n) & 1 == 1 ? (isAnode ? .low : .high) : (isAnode ? .high : .low) }
    #expect(part.displayText == "5.")
    #expect(part.lamps.map(\.isOn) == [true, false, true, true, false, true, true, true, false])
    com.drive = .none
    #expect(!part.lamps.contains { $0.isOn })
  }
  @Test func fourDigitsInTurn() {
    let part = bench.make(SevenSegment.self, ["common": "cathode", "digits": "4", "colon": "1"])
    let digits = (1...4).map { bench.pin("DIG\($0)", part.pin("DIG\($0)")) }, legs = ["A", "B", "C", "D", "E", "F", "G"].map { bench.pin($0, part.pin($0)) }
    for d in digits { d.drive = .high }
    let began = bench.machine.now, before = part.lamps.map(\.onTime)
    for _ in 0..<10 {
      for (k, n) in [1, 2, 3, 8].enumerated() {
        for (s, p) in legs.enumerated() { p.drive = Self.font[n] >> UInt8(s) & 1 == 1 ? .high : .low }
        digits[k].drive = .low
        bench.run(milliseconds: 2)
        digits[k].drive = .high
      }
    }
    #expect(part.displayText == "1238")
    // Each is lit for a quarter of the time.
    let share = zip(part.lamps, before).map { Double($0.onTime - $1) / Double(bench.machine.now - began) }
    #expect(share[1] == 0.25 && share[0] == 0 && share[3 * 8 + 6] == 0.25 && share[32] == 0)
    bench.run(milliseconds: 60)
    #expect(part.displayText == "    ")
  }
  @Test func tm1637() {
    let part = bench.make(TM1637.self), clk = bench.pin("CLK", part.pin("CLK")), dio = bench.pin("DIO", part.pin("DIO"))
    func set(_ p: Pin, _ high: Bool) {
      p.drive = high ? .none : .low
      bench.run(microseconds: 5)
    }
    var acks: [Bool] = []
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
        acks.append(!dio.isHigh)
        set(clk, false)
      }
      set(dio, false)
      set(clk, true)
      set(dio, true)
    }
    set(clk, true)
    set(dio, true)
    send([0x40])
    send([0xC0, Self.font[1], Self.font[2] | 0x80, Self.font[3], Self.font[4]])
    #expect(part.displayText == "    " && acks == [true, true, true, true, true, true])
    send([0x8F])
    #expect(part.displayText == "12:34" && part.duty == 14.0 / 16)
    // One address, which stays.
    send([0x44])
    send([0xC3, Self.font[9]])
    #expect(part.displayText == "12:39")
    send([0x80])
    #expect(part.displayText == "    ")
  }
}
