import Machine
import Parts
import Testing

@Suite struct HCSR04Tests {
  @Test func echoLasts58MicrosecondsACentimetre() {
    let bench = Bench(), sensor = bench.make(HCSR04.self, ["distance": "100"])
    let trigger = bench.pin("TRIG", sensor.pin("TRIG")), echo = bench.pin("ECHO", sensor.pin("ECHO"))
    var edges: [UInt64] = []
    echo.onChange = { _ in edges.append(bench.machine.now / 1_000_000) }
    func ping(_ width: UInt64) -> UInt64? {
      edges = []
      trigger.drive = .high
      bench.run(microseconds: width)
      trigger.drive = .low
      bench.run(milliseconds: 30)
      return edges.count == 2 ? edges[1] - edges[0] : nil
    }
    trigger.drive = .low
    #expect(ping(10) == 5800)
    sensor.setControl("distance", 2)
    #expect(ping(15) == 116)
    sensor.setControl("distance", 1e9)
    #expect(ping(10) == 23200)
    #expect(ping(9) == nil)
  }
}

@Suite struct PIRTests {
  @Test func holdsIsBlindAndRetriggers() {
    let bench = Bench(), sensor = bench.make(PIR.self), out = bench.pin("OUT", sensor.pin("OUT"))
    func tap() {
      sensor.setControl("motion", 1)
      sensor.setControl("motion", 0)
    }
    #expect(!out.isHigh)
    tap()
    #expect(out.isHigh)
    bench.run(milliseconds: 4000)
    tap()
    bench.run(milliseconds: 4900)
    #expect(out.isHigh)
    bench.run(milliseconds: 200)
    #expect(!out.isHigh)
    tap()
    #expect(!out.isHigh)
    bench.run(milliseconds: 1200)
    tap()
    #expect(out.isHigh)
  }
  @Test func withoutRetriggerTheTimeIsFixed() {
    let bench = Bench(), sensor = bench.make(PIR.self, ["retrigger": "0", "delayTime": "2"]), out = bench.pin("OUT", sensor.pin("OUT"))
    sensor.setControl("motion", 1)
    bench.run(milliseconds: 1500)
    sensor.setControl("motion", 0)
    sensor.setControl("motion", 1)
    bench.run(milliseconds: 600)
    #expect(!out.isHigh)
    // Still moving: seen again when it is no longer blind.
    bench.run(milliseconds: 1200)
    #expect(out.isHigh)
  }
}

@Suite struct HX711Tests {
  /// A reading with so many pulses; nil when none is ready within 0.6 s.
  static func read(_ bench: Bench, _ clock: Pin, _ data: Pin, pulses: Int) -> Int? {
    for _ in 0..<600 where data.isHigh { bench.run(milliseconds: 1) }
    guard !data.isHigh else { return nil }
    var word = 0
    for n in 0..<pulses {
      clock.drive = .high
      bench.run(microseconds: 1)
      if n < 24 { word = word << 1 | (data.isHigh ? 1 : 0) }
      clock.drive = .low
      bench.run(microseconds: 1)
    }
    #expect(data.isHigh)
    return word >= 1 << 23 ? word - 1 << 24 : word
  }
  @Test func countsFollowTheLoadAndTheGain() throws {
    let bench = Bench(), sensor = bench.make(HX711.self, ["load": "10"])
    let clock = bench.pin("SCK", sensor.pin("SCK")), data = bench.pin("DT", sensor.pin("DT"))
    clock.drive = .low
    let start = bench.machine.now
    #expect(Self.read(bench, clock, data, pulses: 25) == 4200)
    #expect(bench.machine.now - start >= 400_000_000_000)
    sensor.setControl("load", -2.5)
    let again = bench.machine.now
    #expect(Self.read(bench, clock, data, pulses: 27) == -1050)
    #expect(bench.machine.now - again <= 101_000_000_000)
    // The pulses of one reading choose the gain of the next, which has to settle.
    let third = bench.machine.now
    #expect(Self.read(bench, clock, data, pulses: 25) == -525)
    #expect(bench.machine.now - third >= 400_000_000_000)
    #expect(Self.read(bench, clock, data, pulses: 25) == -1050)
    // Asleep after 60 µs of a high clock.
    clock.drive = .high
    bench.run(microseconds: 70)
    bench.run(milliseconds: 1000)
    #expect(data.isHigh)
    clock.drive = .low
    #expect(Self.read(bench, clock, data, pulses: 25) == -1050)
  }
}
