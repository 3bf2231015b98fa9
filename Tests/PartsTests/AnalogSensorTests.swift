import Foundation
import Machine
import Parts
import Testing

/// The inverse formulas that programs use bring back what the controls say.
@Suite struct AnalogSensorTests {
  @Test(arguments: [(0.1, 4.96), (10.0, 4.17), (100, 2.5), (1000, 0.83), (100_000, 0.04)]) func photoresistor(lux: Double, volts: Double) throws {
    let bench = Bench(), sensor = bench.make(Photoresistor.self, ["lux": "\(lux)"])
    bench.pin("5V", sensor.pin("VCC")).drive = Drive(.strong, volts: 5)
    let v = Double(try #require(bench.pin("A0", sensor.pin("AO")).volts))
    #expect(abs(v - volts) < 0.01)
    #expect(abs(pow(50e3 * pow(10, 0.7) / (10_000 * v / (5 - v)), 1 / 0.7) / lux - 1) < 0.001)
    #expect(bench.pin("D0", sensor.pin("DO")).isHigh == (lux < 99))
    #expect(sensor.lamps.map(\.isOn) == [true, lux > 99])
  }
  @Test func photoresistorFollowsControlAndAttributes() throws {
    let bench = Bench(), sensor = bench.make(Photoresistor.self), out = bench.pin("A0", sensor.pin("AO"))
    let before = try #require(out.volts)
    sensor.setControl("lux", 5)
    #expect(try #require(out.volts) > before + 1)
    sensor.setAttribute("rl10", "1")
    #expect(try #require(out.volts) < 1)
  }
  @Test(arguments: [-24.0, 0, 24, 25, 80]) func thermistor(celsius: Double) throws {
    let bench = Bench(), sensor = bench.make(Thermistor.self)
    sensor.setControl("temperature", celsius)
    let v = Double(try #require(bench.pin("A0", sensor.pin("OUT")).volts))
    #expect(abs(1 / (log(v / (3.3 - v)) / 3950 + 1 / 298.15) - 273.15 - celsius) < 0.01)
    if celsius == 25 { #expect(abs(v - 1.65) < 0.0001) }
  }
  @Test func lm35() throws {
    let bench = Bench(), sensor = bench.make(LM35.self, ["temperature": "36.6"])
    #expect(abs(try #require(bench.pin("A0", sensor.pin("OUT")).volts) - 0.366) < 0.0001)
  }
  @Test func gasSensor() throws {
    let bench = Bench(), sensor = bench.make(GasSensor.self), supply = bench.pin("5V", sensor.pin("VCC")), out = bench.pin("A0", sensor.pin("AOUT")), alarm = bench.pin("D0", sensor.pin("DOUT"))
    supply.drive = Drive(.strong, volts: 5)
    for ppm in [200.0, 574.25, 10_000] {
      sensor.setControl("ppm", ppm)
      let v = Double(try #require(out.volts)), ratio = 5000 * (5 - v) / v / 3000
      #expect(abs(574.25 * pow(ratio, -2.222) / ppm - 1) < 0.001)
      #expect(alarm.isHigh)
    }
    sensor.setControl("ppm", 50_000)
    #expect(!alarm.isHigh && sensor.lamps[1].isOn)
    supply.drive = .low
    #expect(out.volts == 0)
  }
  @Test func microphone() {
    let bench = Bench(), sensor = bench.make(Microphone.self), out = bench.pin("A0", sensor.pin("1"))
    #expect(out.volts == 1.65)
    sensor.setControl("frequency", 1000)
    sensor.setControl("volume", 0.5)
    let samples = (0..<1000).map { _ in
      bench.run(microseconds: 10)
      return Double(out.volts ?? 0)
    }
    #expect(abs((samples.max() ?? 0) - 2.475) < 0.001 && abs((samples.min() ?? 0) - 0.825) < 0.001)
    // Ten periods: it passes the middle upwards ten times.
    #expect(zip(samples, samples.dropFirst()).filter { $0 < 1.64 && $1 >= 1.64 }.count == 10)
    sensor.setControl("volume", 0)
    bench.run(milliseconds: 5)
    #expect(out.volts == 1.65)
  }
}

@Suite struct LogicAnalyzerTests {
  private func run(_ attributes: [String: String]) -> (LogicAnalyzer, [String]) {
    let bench = Bench(), analyzer = bench.make(LogicAnalyzer.self, attributes)
    let a = bench.pin("a", analyzer.pin("D0")), t = bench.pin("t", analyzer.pin("D7"))
    var told: [String] = []
    analyzer.onEdge = { told.append("\($0)\($1 ? "+" : "-")\($2 / 1_000_000)") }
    for (pin, high) in [(a, true), (a, false), (t, true), (a, true), (t, false), (a, false), (t, true), (a, true)] {
      bench.run(microseconds: 1)
      pin.drive = high ? .high : .low
    }
    return (analyzer, told)
  }
  @Test func triggers() {
    #expect(run([:]).1 == ["0+1", "0-2", "7+3", "0+4", "7-5", "0-6", "7+7", "0+8"])
    #expect(run(["triggerMode": "edge"]).1 == ["7+3", "0+4", "7-5", "0-6", "7+7", "0+8"])
    #expect(run(["triggerMode": "level"]).1 == ["7+3", "0+4", "7-5", "0-7", "7+7", "0+8"])
    #expect(run(["triggerMode": "edge", "triggerPin": "D0", "triggerLevel": "low"]).1 == ["0-2", "7+3", "0+4", "7-5", "0-6", "7+7", "0+8"].filter { $0 != "0-2" })
    #expect(run(["bufferSize": "3"]).1 == ["0+1", "0-2", "7+3"])
    #expect(run([:]).0.displayText == "8 samples")
  }
  @Test func channelNames() {
    #expect(run(["channelNames": "SDA,,SCL x"]).0.channelNames == ["SDA", "D1", "SCLx", "D3", "D4", "D5", "D6", "D7"])
  }
}
