import Machine
import Testing

@testable import Chips

@Suite struct ESP32SigmaDeltaTests {
  /// A duty of -64 is a quarter; of 100 above the middle, 228 of 256 ticks of 0.1 us.
  @Test(arguments: [(-64, 0.25), (100, 228.0 / 256), (-128, 0), (0, 0.5)]) func theShareIsTheDuty(duty: Int, share: Double) {
    let bench = ESP32Bench()
    bench.route(102, to: 18)
    let list = bench.edges(of: 18)
    bench.write(0x3FF4_4F08, UInt32(UInt8(bitPattern: Int8(duty))) | 3 << 8)
    let start = bench.time
    bench.run(microseconds: 256)
    var high = list.highs.reduce(0, +)
    if let last = list.edges.last, last.high { high += bench.time - last.at }
    if share == 0 { #expect(list.edges.allSatisfy { !$0.high }) } else { #expect(near(high / (bench.time - start), share, 0.01), "\(high)") }
    // Spread evenly: no pulse of a quarter is longer than a tick.
    if duty == -64 { #expect(list.highs.dropFirst().allSatisfy { near($0, 0.1) } && list.periods.allSatisfy { near($0, 0.4) }) }
  }
}

@Suite struct ESP32MCPWMTests {
  let bench = ESP32Bench()
  let base: UInt32 = 0x3FF5_E000

  /// Timer 0 counts microseconds: 160 MHz / 16 / 10. Operator 0 follows it; PWM0_OUT0A on GPIO18, 0B on GPIO19.
  private func start(period: UInt32, mode: UInt32, a: UInt32, b: UInt32, onA: UInt32, onB: UInt32) -> (ESP32Bench.EdgeList, ESP32Bench.EdgeList) {
    bench.write(base, 15)
    bench.write(base + 0x04, 9 | period << 8)
    bench.write(base + 0x40, a)
    bench.write(base + 0x44, b)
    bench.write(base + 0x50, onA)
    bench.write(base + 0x54, onB)
    for (signal, pad) in [(32, 18), (33, 19)] { bench.route(signal, to: pad) }
    let lists = (bench.edges(of: 18), bench.edges(of: 19))
    bench.write(base + 0x08, 2 | mode << 3)
    return lists
  }
  /// High from zero to the time stamp; the other toggles at the period.
  @Test func countingUp() {
    let (a, b) = start(period: 99, mode: 1, a: 30, b: 60, onA: 2 | 1 << 4, onB: 3 << 2)
    bench.run(microseconds: 1050)
    #expect(a.highs.count == 11 && a.highs.allSatisfy { near($0, 30) } && a.periods.allSatisfy { near($0, 100) }, "\(a.highs)")
    #expect(b.periods.count >= 4 && b.periods.allSatisfy { near($0, 200) }, "\(b.periods)")
    // At 1050 us the count is 50.
    #expect(bench.read(base + 0x10) == 50)
    #expect(bench.read(base + 0x114) & (1 << 3 | 1 << 6 | 1 << 15 | 1 << 18) == 1 << 3 | 1 << 6 | 1 << 15 | 1 << 18)
  }
  /// Up and down: the same time stamp on both ways makes a pulse around the period.
  @Test func countingUpAndDown() {
    let (a, _) = start(period: 50, mode: 3, a: 20, b: 0, onA: 2 << 4 | 1 << 16, onB: 0)
    bench.run(microseconds: 985)
    #expect(a.highs.count == 10 && a.highs.allSatisfy { near($0, 60) } && a.periods.allSatisfy { near($0, 100) }, "\(a.highs) \(a.periods)")
    // 985 us are nine turns of 100 and 85: on the way down at 15.
    #expect(bench.read(base + 0x10) == 15 | 1 << 16)
  }
  @Test func countingDown() {
    let (a, _) = start(period: 99, mode: 2, a: 25, b: 0, onA: 2 << 16 | 1 << 12, onB: 0)
    bench.run(microseconds: 1000)
    #expect(a.highs.count >= 9 && a.highs.allSatisfy { near($0, 25) }, "\(a.highs)")
  }
  /// A new time stamp waits for zero; a new period, too.
  @Test func shadowsAreTakenOverAtZero() {
    bench.write(base + 0x3C, 1)
    let (a, _) = start(period: 99, mode: 1, a: 30, b: 0, onA: 2 | 1 << 4, onB: 0)
    bench.run(microseconds: 210)
    bench.write(base + 0x40, 70)
    #expect(bench.read(base + 0x3C) == 1 | 1 << 8)
    bench.write(base + 0x04, 9 | 199 << 8 | 1 << 24)
    bench.run(microseconds: 100)
    #expect(bench.read(base + 0x3C) == 1)
    bench.run(microseconds: 600)
    // The first time stamp is taken at the first zero, so the first pulse has none to end it.
    #expect(a.highs.dropFirst().prefix(1).allSatisfy { near($0, 30) } && a.highs.suffix(2).allSatisfy { near($0, 70) } && a.periods.suffix(2).allSatisfy { near($0, 200) }, "\(a.highs) \(a.periods)")
  }
  /// Complementary outputs with 3 and 5 us in between (active high complementary).
  @Test func deadTime() {
    // DT0: A behind the rising delay, B behind the falling delay of A, inverted; clocked by the timer.
    bench.write(base + 0x60, 2)
    bench.write(base + 0x5C, 4)
    bench.write(base + 0x58, 1 << 14 | 1 << 17)
    let (a, b) = start(period: 99, mode: 1, a: 40, b: 0, onA: 2 | 1 << 4, onB: 0)
    bench.run(microseconds: 1000)
    #expect(a.highs.count >= 9 && a.highs.allSatisfy { near($0, 37) }, "\(a.highs)")
    #expect(b.highs.count >= 8 && b.highs.dropFirst().allSatisfy { near($0, 55) }, "\(b.highs)")
  }
  @Test func aForceHoldsAndLetsGo() {
    let (a, _) = start(period: 99, mode: 1, a: 30, b: 0, onA: 2 | 1 << 4, onB: 0)
    bench.run(microseconds: 10)
    bench.write(base + 0x4C, 1 << 6)
    #expect(!bench.chip.gpio.pins[18].isHigh)
    let count = a.edges.count
    bench.run(microseconds: 300)
    #expect(a.edges.count == count)
    bench.write(base + 0x4C, 2 << 6)
    #expect(bench.chip.gpio.pins[18].isHigh)
    bench.write(base + 0x4C, 0)
    bench.run(microseconds: 300)
    #expect(a.highs.suffix(2).allSatisfy { near($0, 30) })
  }
  /// A fault on GPIO21 pulls A low until software clears it; an interrupt tells.
  @Test func aFaultTripsOnce() {
    let fault = bench.driver(of: 21)
    fault.drive = .low
    bench.route(pad: 21, to: 34)
    bench.write(base + 0xE4, 1 | 1 << 3)
    // F0, one-shot, low on the way up.
    bench.write(base + 0x68, 1 << 7 | 1 << 14)
    bench.write(base + 0x110, 1 << 24)
    let (a, _) = start(period: 99, mode: 1, a: 30, b: 0, onA: 2 | 1 << 4, onB: 0)
    bench.run(microseconds: 110)
    #expect(bench.chip.gpio.pins[18].isHigh)
    fault.drive = .high
    #expect(!bench.chip.gpio.pins[18].isHigh && bench.chip.mcpwms[0].irq.isHigh && bench.read(base + 0x70) == 2)
    fault.drive = .low
    let count = a.edges.count
    bench.run(microseconds: 300)
    #expect(a.edges.count == count)
    bench.write(base + 0x6C, 1)
    bench.run(microseconds: 300)
    #expect(a.highs.suffix(2).allSatisfy { near($0, 30) } && bench.read(base + 0x70) == 0)
  }
  /// Timer 1 begins with timer 0's zero, a quarter behind.
  @Test func oneTimerSynchronisesAnother() {
    bench.write(base + 0x14, 9 | 99 << 8)
    bench.write(base + 0x34, 1 << 3)
    bench.write(base + 0x1C, 1 | 75 << 4)
    bench.write(base + 0x0C, 1 << 2)
    bench.write(base + 0x18, 2 | 1 << 3)
    _ = start(period: 99, mode: 1, a: 30, b: 0, onA: 2 | 1 << 4, onB: 0)
    bench.run(microseconds: 1010)
    #expect(bench.read(base + 0x10) == 10 && bench.read(base + 0x20) == 85)
  }
  @Test func theCarrierChops() {
    // A period of 8 cycles of 0.1 us, half of it.
    bench.write(base + 0x64, 1 | 4 << 5)
    let (a, _) = start(period: 99, mode: 1, a: 40, b: 0, onA: 2 | 1 << 4, onB: 0)
    bench.run(microseconds: 45)
    #expect(a.highs.count >= 48 && a.highs.dropFirst().dropLast().allSatisfy { near($0, 0.4) }, "\(a.highs.count) \(a.highs.prefix(4))")
  }
  /// Edges of GPIO22 on the capture timer, which counts APB_CLK.
  @Test func captures() {
    let pin = bench.driver(of: 22)
    pin.drive = .low
    bench.route(pad: 22, to: 109)
    bench.write(base + 0xE8, 1)
    bench.write(base + 0xF0, 1 | 3 << 1)
    bench.write(base + 0x110, 1 << 27)
    bench.run(microseconds: 5)
    pin.drive = .high
    let first = bench.read(base + 0xFC)
    #expect(bench.read(base + 0x108) == 0 && bench.chip.mcpwms[0].irq.isHigh)
    bench.run(microseconds: 12.5)
    pin.drive = .low
    #expect(bench.read(base + 0xFC) - first == 500 && bench.read(base + 0x108) == 1)
    bench.write(base + 0x11C, ~0)
    #expect(!bench.chip.mcpwms[0].irq.isHigh)
  }
}
