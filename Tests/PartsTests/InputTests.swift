import Machine
import Testing

@testable import Parts

@Suite struct InputTests {
  let bench = Bench()
  /// A pin with a pull-up, and the times of its edges in µs.
  final class Ear {
    let pin: Pin
    var edges: [(at: UInt64, level: NetLevel)] = []
    init(_ bench: Bench, _ name: String, _ leg: Pin) {
      pin = bench.pin(name, leg)
      pin.drive = .pullUp
      pin.onChange = { [unowned self, unowned bench] level in edges.append((bench.machine.now / 1_000_000, level)) }
    }
  }

  @Test func aButtonJoinsItsContacts() {
    let button = bench.make(PushButton.self, ["bounce": "0"])
    let ear = Ear(bench, "in", button.pin("1.r"))
    bench.pin("ground", button.pin("2.l")).drive = .low
    button.setControl("pressed", 1)
    bench.run(milliseconds: 5)
    button.setControl("pressed", 0)
    #expect(ear.edges.map(\.level) == [.low, .high] && ear.edges.map(\.at) == [0, 5000])
    #expect(button.control("pressed") == 0 && button.control("other") == nil)
  }
  @Test func aButtonBouncesTheSameWayEachTime() {
    func press() -> [UInt64] {
      let bench = Bench(), button = bench.make(PushButton6mm.self), ear = Ear(bench, "in", button.pin("1.l"))
      bench.pin("ground", button.pin("2.l")).drive = .low
      button.setControl("pressed", 1)
      bench.run(milliseconds: 10)
      #expect(ear.pin.level == .low)
      #expect(9...21 ~= ear.edges.count && ear.edges.count % 2 == 1, "\(ear.edges.count) edges")
      #expect(ear.edges.last.map { $0.at > 100 && $0.at < 2000 } == true)
      return ear.edges.map(\.at)
    }
    #expect(press() == press())
  }
  @Test func aSlideSwitchBreaksBeforeItMakes() {
    // Where it lands it may bounce; between its ends it never joins them.
    let bouncing = bench.make(SlideSwitch.self), middle = bench.pin("middle", bouncing.pin("2"))
    bench.pin("low", bouncing.pin("1")).drive = .low
    bench.pin("high", bouncing.pin("3")).drive = .high
    var levels: [NetLevel] = []
    middle.onChange = { levels.append($0) }
    for value in [1, 0, 1.0] {
      bouncing.setControl("value", value)
      bench.run(microseconds: value == 0 ? 50 : 2000)
    }
    #expect(levels.count > 12 && !levels.contains(.contention) && middle.level == .high)
    let slide = bench.make(SlideSwitch.self, ["bounce": "0"])
    bench.pin("left", slide.pin("1")).drive = .low
    bench.pin("right", slide.pin("3")).drive = .high
    let ear = Ear(bench, "in", slide.pin("2"))
    #expect(ear.pin.level == .low)
    slide.setControl("value", 1)
    #expect(ear.pin.level == .high)
    slide.setControl("value", 0)
    #expect(ear.pin.level == .low && !ear.edges.contains { $0.level == .contention })
    #expect(bench.make(SlideSwitch.self, ["value": "1"]).control("value") == 1)
  }
  @Test func switchesOfAPackageAreApart() {
    let dip = bench.make(DIPSwitch8.self, ["values": "01"])
    let ears = (1...8).map { Ear(bench, "in\($0)", dip.pin("\($0)a")) }
    for n in 1...8 { bench.pin("g\(n)", dip.pin("\(n)b")).drive = .low }
    dip.setControl("8", 1)
    dip.setControl("9", 1)
    dip.setControl("0", 1)
    #expect(ears.map { $0.pin.level == .low } == [false, true, false, false, false, false, false, true])
    #expect(dip.control("2") == 1 && dip.control("9") == nil)
  }
  /// Rows driven low one after the other, columns pulled up, as keypad libraries scan.
  private func scan(_ keypad: MembraneKeypad, _ rows: [Pin], _ columns: [Pin]) -> [String] {
    var seen: [String] = []
    for r in 0..<4 {
      rows[r].drive = .low
      for (c, pin) in columns.enumerated() where pin.level == .low { seen.append(keypad.labels[r * 4 + c]) }
      rows[r].drive = .none
    }
    return seen
  }
  @Test func aKeypadIsScanned() {
    let keypad = bench.make(MembraneKeypad.self)
    let rows = (1...4).map { bench.pin("r\($0)", keypad.pin("R\($0)")) }, columns = (1...4).map { bench.pin("c\($0)", keypad.pin("C\($0)")) }
    for c in columns { c.drive = .pullUp }
    #expect(scan(keypad, rows, columns) == [])
    for key in keypad.labels {
      keypad.setControl(key, 1)
      #expect(scan(keypad, rows, columns) == [key])
      keypad.setControl(key, 0)
    }
    // Three corners of a rectangle look like four.
    for key in ["1", "3", "9"] { keypad.setControl(key, 1) }
    #expect(scan(keypad, rows, columns) == ["1", "3", "7", "9"])
  }
  @Test func keysMayHaveOtherLabelsAndThreeColumns() {
    let keypad = bench.make(MembraneKeypad.self, ["columns": "3", "keys": #"["a","b","c","d","e \"x\"","f"]"#])
    #expect(keypad.labels[0...5] == ["a", "b", "c", "d", "e \"x\"", "f"] && keypad.labels[6] == "6")
    #expect(keypad.controls.count == 12 && !keypad.controls.map(\.name).contains("d"))
    keypad.setControl("d", 1)
    #expect(keypad.control("d") == nil)
  }
  @Test func aPotentiometerDividesItsSupply() {
    let pot = bench.make(Potentiometer.self, ["value": "1023"]), sig = bench.pin("sig", pot.pin("SIG"))
    #expect(sig.volts.map { abs($0 - 3.3) < 0.01 } == true)
    let vcc = bench.pin("vcc", pot.pin("VCC"))
    vcc.drive = Drive(.strong, volts: 5)
    pot.setControl("position", 0.25)
    #expect(sig.volts.map { abs($0 - 1.25) < 0.01 } == true)
    vcc.drive = Drive(.strong, volts: 4)
    #expect(sig.volts.map { abs($0 - 1) < 0.01 } == true)
    for v in [-5, .infinity, .nan, 7] as [Double] { pot.setControl("position", v) }
    #expect(pot.control("position") == 1)
  }
  @Test func potentiometersThatFeedEachOtherEndSomewhere() {
    let a = bench.make(Potentiometer.self, ["value": "512"]), b = bench.make(SlidePotentiometer.self, ["value": "512"])
    Net.tie(a.pin("SIG"), b.pin("VCC"))
    Net.tie(b.pin("SIG"), a.pin("VCC"))
    a.setControl("position", 0.9)
    #expect(a.pin("SIG").volts != nil)
  }
  @Test func aStickMovesTwoVoltagesAndPresses() {
    let stick = bench.make(AnalogJoystick.self, ["bounce": "0"]), ear = Ear(bench, "sel", stick.pin("SEL"))
    bench.pin("vcc", stick.pin("VCC")).drive = Drive(.strong, volts: 3.3)
    func volts() -> [Double] { ["HORZ", "VERT"].map { (Double(stick.pin($0).volts ?? -1) * 100).rounded() / 100 } }
    #expect(volts() == [1.65, 1.65])
    stick.setControl("x", 1)
    stick.setControl("y", -1)
    #expect(volts() == [3.3, 0])
    stick.setControl("pressed", 1)
    #expect(ear.pin.level == .low)
  }
  @Test func clicksOfAnEncoderAreQuadrature() {
    let knob = bench.make(RotaryEncoder.self)
    let clk = Ear(bench, "clk", knob.pin("CLK")), dt = Ear(bench, "dt", knob.pin("DT"))
    knob.setControl("position", 2)
    bench.run(milliseconds: 20)
    #expect(clk.edges.map(\.at) == [0, 2000, 5000, 7000] && dt.edges.map(\.at) == [1000, 3000, 6000, 8000])
    #expect(clk.edges.map(\.level) == [.low, .high, .low, .high])
    clk.edges = []
    dt.edges = []
    // One click back.
    knob.setControl("counterclockwise", 1)
    knob.setControl("counterclockwise", 0)
    bench.run(milliseconds: 20)
    #expect(dt.edges.map(\.at) == [20000, 22000] && clk.edges.map(\.at) == [21000, 23000])
    #expect(knob.control("position") == 1)
    knob.setControl("pressed", 1)
    #expect(knob.pin("SW").level == .low)
    for v in [1e300, -1e300, .nan] as [Double] { knob.setControl("position", v) }
    bench.run(milliseconds: 20)
  }
  @Test func aDialGivesTenPulsesForZero() {
    let dial = bench.make(RotaryDialer.self)
    bench.pin("ground", dial.pin("GND")).drive = .low
    let pulse = Ear(bench, "pulse", dial.pin("PULSE")), away = Ear(bench, "away", dial.pin("DIAL"))
    for digit in [3, 0] {
      pulse.edges = []
      away.edges = []
      dial.setControl("\(digit)", 1)
      bench.run(milliseconds: 200)
      dial.setControl("\(digit)", 0)
      bench.run(milliseconds: 1500)
      #expect(pulse.edges.filter { $0.level == .high }.count == (digit == 0 ? 10 : digit) && away.edges.map(\.level) == [.low, .high])
    }
  }
  /// NEC as its own decoder reads it: the distances between falling edges.
  @Test func aRemoteSpeaksNECToItsReceiver() {
    let context = bench.context
    let remote = IRRemote(id: "remote", attributes: [:], context: context), eye = IRReceiver(id: "eye", attributes: [:], context: context)
    let ear = Ear(bench, "dat", eye.pin("DAT"))
    remote.setControl("play", 1)
    bench.run(milliseconds: 150)
    remote.setControl("play", 0)
    bench.run(milliseconds: 300)
    let falls = ear.edges.filter { $0.level == .low }.map(\.at)
    #expect(falls[1] - falls[0] == 13500)
    let bits = (1..<33).map { falls[$0 + 1] - falls[$0] > 1700 }
    #expect(bits.reduce(UInt32(0)) { $0 << 1 | ($1 ? 1 : 0) } == 0x00FF_A857)
    // A repeat 108 ms after the start: 9 ms, then 2.25 ms, then one mark. No second one, for the key was let go.
    #expect(falls[34] == 108_000 && falls[35] - falls[34] == 11250 && falls.count == 36)
    #expect(ear.pin.level == .high)
    remote.setAttribute("key", "1")
    remote.setAttribute("key", "nonsense")
    bench.run(milliseconds: 100)
    #expect(ear.edges.filter { $0.level == .low }.count == 36 + 34)
  }
}
