import Testing
@testable import Machine

@Suite struct ContactTests {
  let arena = StateArena()

  @Test func aSwitchJoinsAndParts() {
    let a = Pin("a", arena: arena), b = Pin("b", arena: arena), c = Contact("s", a, b, arena: arena)
    var seen: [NetLevel] = []
    b.onChange = { seen.append($0) }
    a.drive = .high
    #expect(b.level == .floating)
    c.isClosed = true
    #expect(b.level == .high)
    a.drive = .low
    c.isClosed = false
    #expect(a.level == .low && b.level == .floating && seen == [.high, .low, .floating])
  }
  /// A pressed key of a keypad: rows driven, columns pulled up, and a ring of three keys gives the fourth for free.
  @Test func aMatrixOfKeys() {
    let rows = (0..<2).map { Pin("r\($0)", arena: arena) }, columns = (0..<2).map { Pin("c\($0)", arena: arena) }
    let keys = (0..<4).map { Contact("k\($0)", rows[$0 / 2], columns[$0 % 2], arena: arena) }
    for c in columns { c.drive = .pullUp }
    rows[0].drive = .low
    keys[1].isClosed = true
    #expect(columns.map(\.level) == [.high, .low])
    keys[3].isClosed = true
    keys[2].isClosed = true
    #expect(columns.map(\.level) == [.low, .low])
    keys[2].isClosed = false
    #expect(columns.map(\.level) == [.high, .low])
  }
  /// A clock's fall makes a target let go of the data line, and both have a resistor to the same supply.
  @Test func aChangeThatAChangeBringsAboutStays() {
    let supply = Pin("v", arena: arena), data = Pin("sda", arena: arena), clock = Pin("scl", arena: arena), target = Pin("t", arena: arena)
    let both = [Contact("r1", supply, data, ohms: 4700, closed: true, arena: arena), Contact("r2", supply, clock, ohms: 4700, closed: true, arena: arena)]
    supply.drive = .high
    Net.tie(data, target)
    target.drive = .low
    clock.onChange = { if $0 == .low { target.drive = .none } }
    clock.drive = .low
    withExtendedLifetime(both) { #expect(clock.level == .low && data.level == .high) }
    clock.onChange = { if $0 == .high { target.drive = .low } }
    clock.drive = .none
    #expect(clock.level == .high && data.level == .low)
  }
  @Test func aResistorWeakens() {
    let supply = Pin("v", arena: arena), net = Pin("n", arena: arena)
    _ = Contact("r", supply, net, ohms: 10_000, closed: true, arena: arena)
    supply.drive = .high
    let pad = Pin("pad", arena: arena)
    Net.tie(net, pad)
    pad.drive = .pullDown
    #expect(net.level == .high)
    pad.drive = .low
    #expect(net.level == .low && supply.level == .high)
    pad.drive = .none
    #expect(net.level == .high)
  }
  /// Two resistors between supply and ground.
  @Test(arguments: [(Float(10_000), Float(10_000), Float(1.65)), (20_000, 10_000, 1.1), (1_000, 2_000, 2.2)]) func divider(upper: Float, lower: Float, volts: Float) {
    let v = Pin("v", arena: arena), g = Pin("g", arena: arena), middle = Pin("m", arena: arena)
    _ = [Contact("u", v, middle, ohms: upper, closed: true, arena: arena), Contact("l", middle, g, ohms: lower, closed: true, arena: arena)]
    v.drive = .high
    g.drive = .low
    #expect(abs((middle.volts ?? -1) - volts) < 0.03, "\(middle.volts ?? -1)")
  }
  @Test func voltages() {
    let a = Pin("a", arena: arena)
    #expect(a.volts == nil)
    a.drive = Drive(.resistor, volts: 1.2)
    #expect(a.volts == 1.2 && a.level == .low)
    a.drive = Drive(.resistor, volts: 2)
    #expect(a.level == .high)
    a.drive = Drive(.resistor, volts: .nan)
    #expect(a.volts == 0)
  }

  @Test func dumpsAreReadBack() throws {
    var text = ""
    let names = (0..<100).map { "s \($0)" }
    let w = VCDWriter(names: names, levels: names.map { _ in .low }, timescale: 10_000) { text += $0 }
    var changes: [Probe.Change] = []
    for n in 0..<300 { changes.append(Probe.Change(time: UInt64(n / 3 + 1) * 70_000, channel: n % 100, level: n % 2 == 0 ? .high : .floating)) }
    for c in changes { w.write(c) }
    w.finish(at: 50_000_000)
    let r = try VCDReader(reading: Array(text.utf8))
    #expect(r.names == names.map { $0.replacing(" ", with: "_") })
    #expect(Array(r.changes.dropFirst(100)) == changes)
    #expect(text.contains("$timescale 10 ns $end") && text.hasSuffix("#5000\n"))
  }
  @Test(arguments: [("hello", 1), ("$timescale 3 ns $end", 1), ("$var wire 1 ! a $end\n$enddefinitions $end\n#5\n1!\n#4\n", 5), ("$enddefinitions $end\n1?", 2), ("$date never ends", 1), ("", 1), ("#99999999999999999999", 1)])
  func brokenDumps(text: String, line: Int) {
    #expect { try VCDReader(reading: Array(text.utf8)) } throws: { ($0 as? VCDReader.Problem)?.line == line }
  }
  @Test func aRecordingDrivesPins() throws {
    let machine = Machine(clock: Clock(hertz: 1_000_000)), pin = Pin("x", arena: machine.arena)
    let s = Stimulus("s", changes: [.init(time: 1_000_000, channel: 0, level: .high), .init(time: 3_000_000, channel: 0, level: .low), .init(time: 3_000_000, channel: 1, level: .high)], signals: [0: pin], machine: machine)
    var seen: [UInt64] = []
    pin.onChange = { _ in seen.append(machine.now) }
    machine.run(until: 10_000_000)
    withExtendedLifetime(s) { #expect(seen == [1_000_000, 3_000_000] && pin.level == .low) }
  }
}
