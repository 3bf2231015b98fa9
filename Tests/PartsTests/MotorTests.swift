import Machine
import Testing

@testable import Parts

@Suite struct MotorTests {
  let bench = Bench()

  @Test func aServoGoesWhereThePulseSays() {
    let servo = bench.make(Servo.self), line = PulseDriver(bench, servo.pin("PWM"))
    for (micros, degrees) in [(544, 0.0), (1472, 90), (2400, 180), (500, 0), (2600, 180), (1008, 45)] as [(UInt64, Double)] {
      for _ in 0..<25 { line.pulse(high: micros * 1000, low: (20_000 - micros) * 1000) }
      #expect(abs(servo.angle - degrees) < 0.01, "\(micros) µs: \(servo.angle)")
    }
    // What is no command leaves it, and a turn takes its time: 60 degrees in 0.1 s.
    line.pulse(high: 100_000, low: 1_000_000)
    line.pulse(high: 5_000_000, low: 1_000_000)
    #expect(abs(servo.angle - 45) < 0.01)
    line.pulse(high: 2_400_000, low: 0)
    bench.run(milliseconds: 100)
    #expect(abs(servo.angle - 105) < 0.01 && servo.target == 180)
    // And back from where it is.
    line.pulse(high: 544_000, low: 0)
    bench.run(milliseconds: 50)
    #expect(abs(servo.angle - (105 + 0.3264 - 30)) < 0.4, "\(servo.angle)")
  }
  private func coils(_ motor: Part, _ names: [String]) -> ([Bool]) -> Void {
    let pins = names.map { bench.pin($0, motor.pin($0)) }
    return { [bench] levels in
      for (p, l) in zip(pins, levels) { p.drive = l ? .high : .low }
      bench.run(microseconds: 20)
    }
  }
  @Test func aStepperFollowsItsCoils() {
    let motor = bench.make(StepperMotor.self), set = coils(motor, ["A+", "A-", "B+", "B-"])
    let full: [[Bool]] = [[true, false, false, false], [false, false, true, false], [false, true, false, false], [false, false, false, true]]
    set(full[0])
    #expect(motor.steps == 0)
    for n in 1...10 { set(full[n % 4]) }
    #expect(motor.steps == 10 && motor.angle == 18 && motor.displayText == "10")
    // Half steps back.
    let both = [false, true, true, false]
    set(both)
    #expect(motor.steps == 9.5 && motor.displayText == "9.5")
    // Without current it stays.
    set([false, false, false, false])
    set([true, true, true, true])
    #expect(motor.steps == 9.5)
    for n in (0...9).reversed() { set(full[n % 4]) }
    for n in (0..<400).reversed() { set(full[n % 4]) }
    #expect(motor.steps == -400)
  }
  @Test func gearsAndDegrees() {
    let motor = bench.make(StepperMotor.self, ["gearRatio": "2:1", "display": "angle"]), set = coils(motor, ["A+", "A-", "B+", "B-"])
    set([true, false, false, false])
    set([false, false, false, true])
    #expect(motor.angle == -0.9 && motor.displayText == "359.1")
    #expect(bench.make(StepperMotor.self, ["gearRatio": "0:0"]).angle == 0)
  }
  @Test func twoShaftsTurnApart() {
    let motor = bench.make(BiaxialStepper.self), one = coils(motor, ["A1+", "A1-", "B1+", "B1-"]), two = coils(motor, ["A2+", "A2-", "B2+", "B2-"])
    one([true, false, false, false])
    two([true, false, false, false])
    one([false, false, true, false])
    two([false, false, false, true])
    #expect(motor.outerAngle == 1.8 && motor.innerAngle == -1.8)
  }
  @Test func theDriverStepsInItsStepSizes() {
    let driver = bench.make(A4988.self), motor = bench.make(StepperMotor.self)
    for (out, leg) in [("1B", "B-"), ("1A", "B+"), ("2A", "A+"), ("2B", "A-")] { Net.tie(driver.pin(out), motor.pin(leg)) }
    Net.tie(driver.pin("RESET"), driver.pin("SLEEP"))
    let step = PulseDriver(bench, driver.pin("STEP")), direction = bench.pin("dir", driver.pin("DIR"))
    let modes = ["MS1", "MS2", "MS3"].map { bench.pin($0, driver.pin($0)) }, enable = bench.pin("enable", driver.pin("ENABLE"))
    func turn() { step.pulse(high: 2000, low: 20_000) }
    direction.drive = .high
    bench.run(microseconds: 20)
    let start = motor.steps
    for _ in 0..<8 { turn() }
    #expect(motor.steps - start == 8)
    direction.drive = .low
    for (bits, count) in [([true, false, false], 8), ([false, true, false], 16), ([true, true, false], 32), ([true, true, true], 64)] as [([Bool], Int)] {
      for (m, bit) in zip(modes, bits) { m.drive = bit ? .high : .low }
      let before = motor.steps
      for _ in 0..<count { turn() }
      #expect(motor.steps - before == -4, "\(bits): \(motor.steps - before)")
    }
    // Disabled, the motor is let go and the translator counts on.
    enable.drive = .high
    let before = motor.steps
    for _ in 0..<16 { turn() }
    #expect(motor.steps == before && driver.pin("1A").level == .floating)
    enable.drive = .low
    bench.run(microseconds: 20)
    #expect(motor.steps == before - 1)
    // Asleep, it goes home and takes no steps.
    bench.pin("sleep", driver.pin("SLEEP")).drive = .low
    step.clock()
    #expect(driver.pin("2A").level == .floating)
  }
  @Test func aRelayTakesItsTimeAndItsContactsNeverMeet() {
    let relay = bench.make(RelayModule.self, ["bounce": "0"]), input = bench.pin("in", relay.pin("IN"))
    bench.pin("no", relay.pin("NO")).drive = .high
    bench.pin("nc", relay.pin("NC")).drive = .low
    let common = bench.pin("com", relay.pin("COM"))
    var seen: [NetLevel] = []
    common.onChange = { seen.append($0) }
    #expect(common.level == .low)
    input.drive = .high
    bench.run(milliseconds: 6)
    #expect(common.level == .low && relay.lamps[0].isOn)
    bench.run(milliseconds: 2)
    #expect(common.level == .high && relay.isOperated)
    input.drive = .low
    bench.run(milliseconds: 5)
    // A pulse too short moves nothing.
    input.drive = .high
    bench.run(milliseconds: 2)
    input.drive = .low
    bench.run(milliseconds: 20)
    #expect(common.level == .low && !seen.contains(.contention))
    let other = bench.make(RelayModule.self, ["transistor": "pnp"])
    bench.run(milliseconds: 20)
    #expect(!other.isOperated)
    bench.pin("in2", other.pin("IN")).drive = .low
    bench.run(milliseconds: 20)
    #expect(other.isOperated)
  }
  @Test func aRelayOfTwoPolesHasACoilWithoutPolarity() {
    let relay = bench.make(KS2ERelay.self), a = bench.pin("a", relay.pin("COIL1")), b = bench.pin("b", relay.pin("COIL2"))
    bench.pin("no", relay.pin("NO1"), relay.pin("NO2")).drive = .high
    for (x, y, on) in [(true, false, true), (true, true, false), (false, true, true), (false, false, false)] {
      a.drive = x ? .high : .low
      b.drive = y ? .high : .low
      bench.run(milliseconds: 20)
      #expect(relay.isOperated == on && (relay.pin("P1").level == .high) == on && (relay.pin("P2").level == .high) == on)
    }
  }
  @Test func aBuzzerTellsEachChangeAndItsTone() {
    let buzzer = bench.make(Buzzer.self), line = PulseDriver(bench, buzzer.pin("2"))
    bench.pin("ground", buzzer.pin("1")).drive = .low
    var heard: [(Bool, UInt64)] = []
    buzzer.onSound = { heard.append(($0, $1)) }
    for _ in 0..<20 { line.pulse(high: 1_136_364, low: 1_136_364) }
    #expect(heard.count == 40 && abs(buzzer.frequency - 440) < 0.01)
    #expect(heard[1].1 - heard[0].1 == 1_136_364_000 && heard[0].0 && !heard[1].0)
    bench.run(milliseconds: 60)
    #expect(buzzer.frequency == 0)
  }
}
