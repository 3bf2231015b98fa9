import Machine
import Testing

@testable import Parts

@Suite struct LogicTests {
  let bench = Bench()
  /// Levels of legs as bits, the first the lowest.
  private func value(_ part: Part, _ legs: [String]) -> Int { legs.enumerated().reduce(0) { $0 | (part.pin($1.1).isHigh ? 1 << $1.0 : 0) } }
  private let q = (0...7).map { "Q\($0)" }

  @Test func aChainOf595ShiftsAndStores() {
    let first = bench.make(HC595.self), second = bench.make(HC595.self)
    Net.tie(first.pin("Q7S"), second.pin("DS"))
    let data = bench.pin("data", first.pin("DS")), shift = PulseDriver(bench, first.pin("SHCP"), second.pin("SHCP")), store = PulseDriver(bench, first.pin("STCP"), second.pin("STCP"))
    for n in (0..<16).reversed() {
      data.drive = 0xA5C3 >> n & 1 == 1 ? .high : .low
      shift.clock()
    }
    #expect(value(first, q) == 0 && value(second, q) == 0)
    store.clock()
    #expect(value(first, q) == 0xC3 && value(second, q) == 0xA5)
    // Output enable lets go; clear empties what shifts and not what is stored.
    let enable = bench.pin("oe", first.pin("OE"), second.pin("OE")), clear = bench.pin("mr", first.pin("MR"))
    enable.drive = .high
    bench.run(microseconds: 1)
    #expect(first.pin("Q0").level == .floating)
    enable.drive = .low
    clear.drive = .low
    bench.run(microseconds: 1)
    #expect(value(first, q) == 0xC3)
    clear.drive = .high
    store.clock()
    #expect(value(first, q) == 0 && value(second, q) == 0xA5)
  }
  @Test func storageClockedWithTheShiftIsAStepBehind() {
    let chip = bench.make(HC595.self), data = bench.pin("data", chip.pin("DS")), clock = PulseDriver(bench, chip.pin("STCP"), chip.pin("SHCP"))
    data.drive = .high
    clock.clock()
    #expect(value(chip, q) == 0)
    clock.clock()
    #expect(value(chip, q) == 1)
  }
  @Test func theLightDriverHasTheSameRegisters() {
    let chip = bench.make(NLSF595.self), data = bench.pin("data", chip.pin("SI")), clock = PulseDriver(bench, chip.pin("SCK")), latch = PulseDriver(bench, chip.pin("RCK"))
    for n in (0..<8).reversed() {
      data.drive = 0x96 >> n & 1 == 1 ? .high : .low
      clock.clock()
    }
    latch.clock()
    #expect(value(chip, "ABCDEFGH".map { "Q\($0)" }) == 0x96)
  }
  @Test func aChainOf165LoadsAndShifts() {
    let first = bench.make(HC165.self), second = bench.make(HC165.self)
    Net.tie(first.pin("Q7"), second.pin("DS"))
    for (chip, v) in [(first, 0x3C), (second, 0xA1)] { for n in 0..<8 { bench.pin("d\(n)\(chip.id)", chip.pin("D\(n)")).drive = v >> n & 1 == 1 ? .high : .low } }
    let load = bench.pin("pl", first.pin("PL"), second.pin("PL")), clock = PulseDriver(bench, first.pin("CP"), second.pin("CP")), inhibit = bench.pin("ce", first.pin("CE"), second.pin("CE"))
    inhibit.drive = .low
    load.drive = .low
    bench.run(microseconds: 1)
    load.drive = .high
    bench.run(microseconds: 1)
    var v = 0
    for n in 0..<16 {
      v = v << 1 | (second.pin("Q7").isHigh ? 1 : 0)
      #expect(second.pin("Q7_N").isHigh != second.pin("Q7").isHigh)
      // A clock that is inhibited does nothing; CE changes while CP is high, for either's rise is a clock.
      clock.set(true)
      bench.run(microseconds: 1)
      if n == 5 {
        inhibit.drive = .high
        clock.set(false)
        clock.clock()
        clock.set(true)
        inhibit.drive = .low
      }
      clock.set(false)
      bench.run(microseconds: 1)
    }
    #expect(v == 0xA13C)
  }
  @Test(arguments: [
    ("wokwi-gate-and-2", [false, false, false, true]), ("wokwi-gate-nand-2", [true, true, true, false]), ("wokwi-gate-or-2", [false, true, true, true]), ("wokwi-gate-nor-2", [true, false, false, false]),
    ("wokwi-gate-xor-2", [false, true, true, false]), ("wokwi-gate-xnor-2", [true, false, false, true]),
  ])
  func gates(name: String, table: [Bool]) throws {
    let type = try #require(PartCatalog.type(named: name)), gate = bench.make(type)
    let a = bench.pin("a", gate.pin("A")), b = bench.pin("b", gate.pin("B"))
    for n in 0..<4 {
      a.drive = n & 1 == 1 ? .high : .low
      b.drive = n & 2 == 2 ? .high : .low
      bench.run(picoseconds: 9_000)
      bench.run(picoseconds: 2_000)
      #expect(gate.pin("OUT").isHigh == table[n])
    }
  }
  @Test func aRingOfAnInverterSwingsWithItsDelay() {
    let not = bench.make(NOTGate.self)
    Net.tie(not.pin("OUT"), not.pin("IN"))
    var edges = 0
    not.pin("OUT").net.onChange = { _ in edges += 1 }
    bench.run(microseconds: 1)
    #expect(95...101 ~= edges)
  }
  @Test func twoNORsRemember() {
    let a = bench.make(NORGate.self), b = bench.make(NORGate.self)
    Net.tie(a.pin("OUT"), b.pin("A"))
    Net.tie(b.pin("OUT"), a.pin("A"))
    let reset = PulseDriver(bench, a.pin("B")), set = PulseDriver(bench, b.pin("B"))
    for _ in 0..<2 {
      set.clock()
      #expect(a.pin("OUT").isHigh && !b.pin("OUT").isHigh)
      reset.clock()
      #expect(!a.pin("OUT").isHigh && b.pin("OUT").isHigh)
    }
  }
  @Test func flipFlopsInARowShift() {
    let row = (0..<4).map { _ in bench.make(DFlipFlop.self) }
    for n in 1..<4 { Net.tie(row[n - 1].pin("Q"), row[n].pin("D")) }
    let data = bench.pin("data", row[0].pin("D")), clock = PulseDriver(bench, row[0].pin("CLK"), row[1].pin("CLK"), row[2].pin("CLK"))
    Net.tie(clock.pin, row[3].pin("CLK"))
    for bit in [true, false, true, true] {
      data.drive = bit ? .high : .low
      clock.clock()
    }
    #expect(row.map { $0.pin("Q").isHigh } == [true, true, false, true])
    #expect(row.allSatisfy { $0.pin("Q").isHigh != $0.pin("NOTQ").isHigh })
    bench.pin("r", row[0].pin("R")).drive = .high
    bench.run(microseconds: 1)
    #expect(!row[0].pin("Q").isHigh)
    let sr = bench.make(SRFlipFlop.self), s = bench.pin("s", sr.pin("S")), c = PulseDriver(bench, sr.pin("CLK"))
    s.drive = .high
    bench.run(microseconds: 1)
    #expect(!sr.pin("Q").isHigh)
    c.clock()
    #expect(sr.pin("Q").isHigh)
  }
  @Test func multiplexersChoose() {
    let mux = bench.make(Multiplexer2.self), sel = bench.pin("sel", mux.pin("SEL"))
    bench.pin("b", mux.pin("B")).drive = .high
    bench.run(microseconds: 1)
    #expect(!mux.pin("OUT").isHigh)
    sel.drive = .high
    bench.run(microseconds: 1)
    #expect(mux.pin("OUT").isHigh)
    let analog = bench.make(CD74HC4067.self)
    for n in 0...15 { bench.pin("i\(n)", analog.pin("I\(n)")).drive = Drive(.resistor, volts: Float(n) / 5) }
    let s = (0...3).map { bench.pin("s\($0)", analog.pin("S\($0)")) }
    for n in 0...15 {
      for (i, p) in s.enumerated() { p.drive = n >> i & 1 == 1 ? .high : .low }
      #expect(analog.pin("COM").volts.map { abs($0 - Float(n) / 5) < 0.01 } == true)
    }
    bench.pin("en", analog.pin("EN")).drive = .high
    #expect(analog.pin("COM").volts == nil)
  }
  @Test(arguments: [("10k", 10_000.0), ("1.3m", 1_300_000), ("1", 1), ("2.5 kHz", 2500), ("junk", 10_000), ("-3", 10_000), ("999m", 50_000_000)])
  func aClockHasItsFrequency(text: String, hertz: Double) {
    let clock = bench.make(ClockGenerator.self, ["frequency": text])
    #expect(clock.frequency == hertz)
    var rises = 0
    clock.pin("CLK").net.onChange = { if $0 == .high { rises += 1 } }
    let time = min(20 / hertz, 3)
    bench.run(picoseconds: UInt64(time * 1e12) + 1000)
    #expect(rises == Int(time * hertz + 0.5))
  }
  @Test func aPortExpanderOfEightPins() {
    let chip = bench.make(PCF8574.self), bus = I2CController(bench, sda: chip.pin("SDA"), scl: chip.pin("SCL"))
    #expect(bus.scan() == [0x20])
    bench.pin("a1", chip.pin("A1")).drive = .high
    #expect(bus.scan() == [0x22])
    bus.write(0x22, [0b1111_0101])
    #expect(chip.pin("P1").level == .low && chip.pin("P0").level == .high && chip.pin("P3").level == .low)
    let button = bench.pin("p7", chip.pin("P7"))
    button.drive = .low
    #expect(chip.pin("INT").level == .low)
    #expect(bus.read(0x22, 1) == [0b0111_0101])
    #expect(chip.pin("INT").level == .floating)
    #expect(bench.make(PCF8574.self, ["i2c-address": "0x38"]).i2cAddress(initial: 0x20) == 0x38)
  }
  @Test func aPortExpanderOfSixteenPins() {
    let chip = bench.make(MCP23017.self), bus = I2CController(bench, sda: chip.pin("SDA"), scl: chip.pin("SCL"))
    #expect(bus.read(0x20, register: [0], 3) == [0xFF, 0xFF, 0])
    // Port A out, by way of GPIO and OLAT.
    bus.write(0x20, [0x00, 0x00])
    bus.write(0x20, [0x12, 0xA5])
    #expect(chip.pin("GPA0").level == .high && chip.pin("GPA1").level == .low && bus.read(0x20, register: [0x14], 1) == [0xA5])
    // Port B in, pulled up, one inverted.
    bus.write(0x20, [0x0D, 0xFF])
    bus.write(0x20, [0x03, 0x01])
    let b2 = bench.pin("b2", chip.pin("GPB2"))
    b2.drive = .low
    #expect(bus.read(0x20, register: [0x13], 1) == [0b1111_1010])
    // Interrupt on change of GPB2: caught until read.
    #expect(chip.pin("INTB").level == .high)
    bus.write(0x20, [0x05, 0x04])
    b2.drive = .none
    #expect(chip.pin("INTB").level == .low && chip.pin("INTA").level == .high)
    #expect(bus.read(0x20, register: [0x0F], 1) == [0x04])
    #expect(bus.read(0x20, register: [0x11], 1) == [0b1111_1110] && chip.pin("INTB").level == .high)
    // BANK moves the registers apart.
    bus.write(0x20, [0x0A, 0x80])
    #expect(bus.read(0x20, register: [0x19], 1) == [0b1111_1110])
    bench.pin("reset", chip.pin("RESET")).drive = .low
    #expect(bus.scan() == [] && chip.pin("GPA0").level == .floating)
  }
  @Test func holesOfABreadboardAreInGroups() {
    let board = bench.make(Breadboard.self), mini = bench.make(MiniBreadboard.self)
    #expect(board.leg("5t.a") === board.leg("5t.e") && board.leg("5t.a") !== board.leg("5b.f") && board.leg("5t.a") !== board.leg("6t.a"))
    #expect(board.leg("tp.1") === board.leg("tp.50") && board.leg("tp.1") !== board.leg("tn.1") && board.leg("tp.1") !== board.leg("bp.1"))
    for hole in ["64t.a", "0t.a", "5t.f", "5b.a", "tp.51", "tp.0", "5t", "", ".", "5x.a", "99999999999999999999t.a", "5t.ab"] { #expect(board.leg(hole) == nil, "\(hole)") }
    #expect(mini.leg("17t.a") != nil && mini.leg("18t.a") == nil && mini.leg("tp.1") == nil)
    #expect(Breadboard.holes.count == 830 && HalfBreadboard.holes.count == 400 && MiniBreadboard.holes.count == 170)
    #expect(Breadboard.holes.allSatisfy { board.leg($0) != nil })
  }
}
