import Machine
import Testing

@testable import Chips

/// The PWM block alone.
@Suite struct PWMTests {
  let machine = Machine(clock: Clock(hertz: 125_000_000))
  let pwm: PWM
  final class Trace { var edges: [(cycle: UInt64, channel: Int, level: Bool)] = [] }
  let trace = Trace()
  init() {
    pwm = PWM(arena: machine.arena, scheduler: machine.scheduler, clock: machine.coreClock)
    let machine = machine, pwm = pwm, trace = trace
    pwm.onOutput = { [unowned pwm] i, c in trace.edges.append((machine.coreClock.pointee.cycle(at: machine.now), c, pwm.output(i, c))) }
  }
  func write(_ r: PWM.Register, _ v: UInt32) { pwm.write32(v, at: r.rawValue) }
  func read(_ r: PWM.Register) -> UInt32 { pwm.read32(at: r.rawValue) }
  func run(cycles: UInt64) { machine.run(until: machine.coreClock.pointee.time(ofCycle: machine.coreClock.pointee.cycle(at: machine.now) + cycles)) }

  @Test func edgesLandOnTheirCycles() {
    write(.ch0Top, 9)
    write(.ch0CC, 3)
    trace.edges = []
    write(.ch0CSR, 1)
    run(cycles: 35)
    // The output went high when CC was written; it falls at count 3 and rises at the wrap.
    #expect(trace.edges.map { $0.cycle } == [3, 10, 13, 20, 23, 30, 33])
    #expect(trace.edges.map { $0.level } == [false, true, false, true, false, true, false])
    #expect(read(.ch0Ctr) == 5)
  }
  @Test func fractionalDividerAndCounterFromTime() {
    write(.ch0Div, 2 << 4 | 8)  // 2.5
    write(.ch0CSR, 1)
    run(cycles: 1000)
    #expect(read(.ch0Ctr) == 400)
    write(.ch0CSR, 0)
    run(cycles: 1000)
    #expect(read(.ch0Ctr) == 400)
  }
  @Test func compareAndTopTakeEffectAtTheWrap() {
    write(.ch0Top, 9)
    write(.ch0CC, 5)
    write(.ch0CSR, 1)
    run(cycles: 2)
    trace.edges = []
    write(.ch0CC, 8)
    run(cycles: 18)
    #expect(trace.edges.map { $0.cycle } == [5, 10, 18, 20])
  }
  @Test func phaseCorrectCountsUpAndDown() {
    write(.ch0Top, 5)
    write(.ch0CC, 2)
    trace.edges = []
    write(.ch0CSR, 3)
    var counts: [UInt32] = []
    for _ in 0..<12 {
      counts.append(read(.ch0Ctr))
      run(cycles: 1)
    }
    #expect(counts == [0, 1, 2, 3, 4, 5, 4, 3, 2, 1, 0, 1])
    #expect(trace.edges.filter { $0.channel == 0 }.map { $0.cycle } == [2, 9, 12])
  }
  @Test func wrapsInterruptAndAllStartTogether() {
    write(.ch0Top, 99)
    write(.intE, 1)
    write(.en, 0xFF)
    run(cycles: 99)
    #expect(!pwm.irq.isHigh)
    run(cycles: 2)
    #expect(pwm.irq.isHigh && read(.intS) == 1)
    write(.intR, 1)
    #expect(!pwm.irq.isHigh)
    #expect(read(.ch0Ctr) == 1)
  }
  @Test func edgesOfBAreCounted() {
    write(.ch0CSR, 2 << 4 | 1)
    for _ in 0..<7 {
      pwm.inputChanged(0, true)
      run(cycles: 10)
      pwm.inputChanged(0, false)
      run(cycles: 10)
    }
    #expect(read(.ch0Ctr) == 7)
    write(.ch0CSR, 1 << 4 | 1)
    write(.ch0Ctr, 0)
    pwm.inputChanged(0, true)
    run(cycles: 50)
    pwm.inputChanged(0, false)
    run(cycles: 50)
    #expect(read(.ch0Ctr) == 50)
  }
  @Test func invertedOutputsAndFullDuty() {
    write(.ch0Top, 9)
    write(.ch0CC, 10)
    write(.ch0CSR, 1)
    run(cycles: 3)
    trace.edges = []
    run(cycles: 50)
    #expect(trace.edges.isEmpty && pwm.output(0, 0))
    write(.ch0CSR, 1 | 4)
    #expect(!pwm.output(0, 0))
  }
}
