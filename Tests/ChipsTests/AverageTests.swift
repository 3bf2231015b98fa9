import Machine
import Parts
import Testing

@testable import Chips

/// Lights on fast pulse-width modulators: no event an edge, and the same light.
@Suite struct AverageTests {
  /// A chip whose processors sleep, with a light on GPIO0 (slice 0 A), one from the supply to GPIO1 (B) and one between GPIO2 and GPIO3.
  final class Rig {
    let machine = Machine(clock: Clock(hertz: 6_500_000))
    let chip: RP2040
    let parts: [Part]
    var pwm: PWM { chip.pwm }
    var pins: [Pin] { chip.ioBank0.pins }
    var lamps: [Lamp] { parts.flatMap(\.lamps) }
    init(tellsEdges: Bool) {
      chip = RP2040(machine: machine, flash: Memory("flash", size: 2 << 20, fill: 0xFF))
      let context = PartContext(machine), pins = chip.ioBank0.pins
      let lights = ["high", "low", "between"].map { LED(id: $0, attributes: [:], context: context) }
      let resistor = Resistor(id: "r", attributes: ["value": "220"], context: context), supply = Supply(id: "supply", attributes: ["voltage": "3.3"], context: context), ground = Ground(id: "ground", attributes: [:], context: context)
      parts = lights + [resistor, supply, ground]
      // Through a resistor, as it should be.
      for (a, b) in [
        (pins[0], resistor.pin("1")), (resistor.pin("2"), lights[0].pin("A")), (lights[0].pin("C"), ground.pin("GND")), (supply.pin("VCC"), lights[1].pin("A")), (pins[1], lights[1].pin("C")),
        (pins[2], lights[2].pin("A")), (pins[3], lights[2].pin("C")),
      ] { Net.tie(a, b) }
      if tellsEdges { for n in 0..<4 { pins[n].net.onChange = { _ in } } }
    }
    func write(_ r: PWM.Register, _ v: UInt32, slice: UInt32 = 0) { pwm.write32(v, at: r.rawValue + slice * 0x14) }
    func function(_ pin: UInt32, _ f: UInt32) { chip.ioBank0.write32(f, at: pin * 8 + 4) }
    func run(_ picoseconds: UInt64) { machine.run(until: machine.now + picoseconds) }
    func setUp(top: UInt32, cc: UInt32, div: UInt32 = 0x10, csr: UInt32 = 0) {
      for slice: UInt32 in 0...1 {
        write(.ch0Top, top, slice: slice)
        write(.ch0CC, cc, slice: slice)
        write(.ch0Div, div, slice: slice)
        write(.ch0CSR, csr | 1, slice: slice)
      }
      for pin: UInt32 in 0...3 { function(pin, 4) }
    }
  }

  @Test(arguments: [
    (1, 0x0001_0001, 0x10, 0), (99, 0x0019_0032, 0x10, 0), (0xFFFF, 0x8000_4000, 0x10, 0), (999, 0x01F4_0000, 0x25, 0), (99, 0x0064_0032, 0x10, 0), (99, 0x0019_0032, 0x10, 2), (99, 0x0019_0032, 0x1F, 0xC),
    (99, 0x0019_0032, 0x10, 0xE), (0, 0x0001_0000, 0x10, 0),
  ] as [(UInt32, UInt32, UInt32, UInt32)])
  func theLightIsThatOfTheEdges(top: UInt32, cc: UInt32, div: UInt32, csr: UInt32) throws {
    let exact = Rig(tellsEdges: true), fast = Rig(tellsEdges: false)
    // Counts of the modulator, in picoseconds.
    let count = Double(div) / 16 * 1e12 / exact.chip.clocks.sys.pointee.hertz
    for rig in [exact, fast] { rig.setUp(top: top, cc: cc, div: div, csr: csr) }
    #expect(fast.pins[0].isAveraged == true && exact.pins[0].isAveraged == false)
    // Between two outputs of a slice one has to be told of.
    #expect(fast.pins[2].isAveraged == false)
    func compare(_ what: String) {
      let a = exact.lamps.map { Double($0.onTime) }, b = fast.lamps.map { Double($0.onTime) }
      // Edges fall on whole cycles, also where counts are no whole ones: up to half a cycle in a turn of some 200.
      let tolerance = count * 6 + (div & 15 == 0 ? 0 : Double(exact.machine.now) * 0.003)
      #expect(zip(a, b).allSatisfy { abs($0 - $1) <= tolerance }, "\(what): \(a) \(b), a count is \(count)")
    }
    for rig in [exact, fast] { rig.run(1_234_567_890) }
    compare("running")
    // Other compare values, looked at now and then.
    for k: UInt32 in 1...5 {
      for rig in [exact, fast] {
        rig.write(.ch0CC, cc / k &+ k)
        rig.run(777_777_777)
        if k == 3 { _ = rig.pwm.read32(at: PWM.Register.ch0Ctr.rawValue) }
      }
      compare("compare \(k)")
    }
    // A probe comes and goes.
    fast.pins[0].net.onChange = { _ in }
    #expect(fast.pins[0].isAveraged == false)
    for rig in [exact, fast] { rig.run(300_000_000) }
    compare("probed")
    fast.pins[0].net.onChange = nil
    #expect(fast.pins[0].isAveraged == true)
    for rig in [exact, fast] { rig.run(300_000_000) }
    // Stopped, and given back to SIO.
    for rig in [exact, fast] {
      rig.write(.ch0CSR, csr)
      rig.run(100_000_000)
      rig.function(0, 5)
      rig.run(100_000_000)
    }
    compare("stopped")
    #expect(fast.pins[0].isAveraged == false)
  }
  /// What the chip itself sees of its pins is what it would see with edges.
  @Test func readsSeeTheLevelOfNow() throws {
    let exact = Rig(tellsEdges: true), fast = Rig(tellsEdges: false)
    for rig in [exact, fast] { rig.setUp(top: 9, cc: 0x0003_0005) }
    for n: UInt64 in 0..<60 {
      var seen: [[UInt32]] = []
      for rig in [exact, fast] {
        rig.run(1_000_000 + n * 153_846)
        let io = rig.chip.ioBank0
        // Edges were latched in INTR, and are cleared.
        seen.append([rig.chip.sio.gpioIn() & 3, io.read32(at: 0), io.read32(at: 8), io.read32(at: 0xF0) & 0xFF])
        io.write32(0xFF, at: 0xF0)
      }
      #expect(seen[0] == seen[1], "\(n)")
    }
  }
  /// An output that stays has its level told, though edges are not.
  @Test func aLevelThatStaysIsTold() throws {
    let rig = Rig(tellsEdges: false)
    rig.setUp(top: 99, cc: 50)
    rig.run(1_000_000_000)
    for (cc, high) in [(0, false), (100, true), (0, false)] as [(UInt32, Bool)] {
      rig.write(.ch0CC, cc)
      rig.run(100_000_000)
      #expect(rig.pins[0].isHigh == high)
      #expect(rig.pins[0].isAveraged == true)
    }
  }
  @Test func snapshotsKeepTheLight() throws {
    let rig = Rig(tellsEdges: false)
    rig.setUp(top: 99, cc: 30)
    rig.run(1_000_000_000)
    let snapshot = rig.machine.snapshot(), before = rig.lamps[0].onTime
    rig.run(1_000_000_000)
    let after = rig.lamps[0].onTime
    #expect(after > before)
    rig.write(.ch0CC, 90)
    rig.run(1_000_000_000)
    try rig.machine.restore(snapshot)
    #expect(rig.lamps[0].onTime == before)
    rig.run(1_000_000_000)
    #expect(rig.lamps[0].onTime == after)
  }
}
