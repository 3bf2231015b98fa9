import Machine
import Testing

@testable import Chips

/// A PIO block alone: registers are driven, time passes, outputs are looked at with their cycles.
@Suite struct PIOTests {
  static let hertz: UInt64 = 125_000_000
  let machine = Machine(clock: Clock(hertz: PIOTests.hertz))
  let pio: PIO
  final class Trace { var edges: [(cycle: UInt64, pins: UInt32)] = [] }
  let trace = Trace()

  init() {
    pio = PIO(name: "PIO", arena: machine.arena, scheduler: machine.scheduler, clock: machine.coreClock)
    let machine = machine, pio = pio, trace = trace
    pio.onOutputs = { [unowned pio] _ in trace.edges.append((machine.coreClock.pointee.cycle(at: machine.now), pio.shared.pointee.out)) }
  }
  func write(_ r: PIO.Register, _ v: UInt32, _ i: Int = 0, stride: UInt32 = 4) { pio.write32(v, at: r.rawValue + UInt32(i) * stride) }
  func read(_ r: PIO.Register, _ i: Int = 0, stride: UInt32 = 4) -> UInt32 { pio.read32(at: r.rawValue + UInt32(i) * stride) }
  func load(_ program: [UInt32]) { for (i, w) in program.enumerated() { write(.instrMem0, w, i) } }
  func run(cycles: UInt64) { machine.run(until: machine.coreClock.pointee.time(ofCycle: machine.coreClock.pointee.cycle(at: machine.now) + cycles)) }
  func set(wrap top: UInt32, bottom: UInt32 = 0, _ i: Int = 0, other: UInt32 = 0) { write(.sm0Execctrl, top << 12 | bottom << 7 | other, i, stride: 0x18) }

  @Test func delaysAndWrapLandOnTheirCycles() {
    load([0xE301, 0xE100])  // set pins, 1 [3]; set pins, 0 [1]
    set(wrap: 1)
    write(.sm0Pinctrl, 1 << 26 | 5 << 5)  // SET_COUNT 1, SET_BASE 5
    run(cycles: 10)
    write(.ctrl, 1)
    run(cycles: 19)
    // High for four cycles, low for two; an effect shows at the end of its cycle.
    #expect(trace.edges.map { $0.cycle } == [11, 15, 17, 21, 23, 27, 29])
    #expect(trace.edges.map { $0.pins } == [32, 0, 32, 0, 32, 0, 32])
  }
  @Test func theFractionalDividerKeepsItsMeanRate() {
    load([0xE001, 0xE000])
    set(wrap: 1)
    write(.sm0Pinctrl, 1 << 26)
    write(.sm0Clkdiv, 2 << 16 | 128 << 8)  // 2.5
    write(.ctrl, 1)
    run(cycles: 2500)
    #expect(trace.edges.count == 1000)
    let gaps = Set(zip(trace.edges, trace.edges.dropFirst()).map { $1.cycle - $0.cycle })
    #expect(gaps == [2, 3])
  }
  @Test func sideSetWinsOverSetAndHoldsWhileStalled() {
    // side 1: pull block; then set pins, 0 side 1: the same pin.
    load([0x80A0 | 0x1000, 0xE000 | 0x1000])
    set(wrap: 1)
    write(.sm0Pinctrl, 1 << 29 | 1 << 26)  // one side-set bit and one SET bit on pin 0
    write(.ctrl, 1)
    run(cycles: 20)
    #expect(trace.edges.count == 1 && pio.shared.pointee.out == 1)
    #expect(read(.fdebug)[bit: 24])  // TXSTALL
    write(.txf0, 7)
    run(cycles: 5)
    #expect(trace.edges.count == 1 && read(.sm0Addr) == 0)
  }
  @Test func fifosFillStallAndJoin() {
    for i in 0..<5 { write(.txf0, UInt32(i)) }
    #expect(read(.flevel) & 15 == 4 && read(.fstat)[bit: 16] && read(.fdebug)[bit: 16])  // TXFULL, TXOVER
    _ = read(.rxf0)
    #expect(read(.fdebug)[bit: 8])  // RXUNDER
    write(.fdebug, ~0)
    #expect(read(.fdebug) == 0)
    write(.sm0Shiftctrl, 0x400C_0000)  // FJOIN_TX empties
    #expect(read(.flevel) == 0)
    for i in 0..<8 { write(.txf0, UInt32(i)) }
    #expect(read(.flevel) & 15 == 8 && !read(.fdebug)[bit: 16])
  }
  @Test func autopullAndAutopushMoveAWordACycle() {
    load([0x6020, 0x4020])  // out x, 32; in x, 32
    set(wrap: 1)
    write(.sm0Shiftctrl, 0x000F_0000)
    for v in [1, 2, 3, 4] as [UInt32] { write(.txf0, v) }
    write(.ctrl, 1)
    run(cycles: 12)
    #expect((0..<4).map { _ in read(.rxf0) } == [1, 2, 3, 4])
  }
  @Test func shiftDirectionsAndThresholds() {
    // out x, 4 twice from 0x12345678, to the right, then in x, 4 to the left.
    load([0x80A0, 0x6024, 0x6044, 0x4024, 0x4044, 0x8020, 0x0006])  // pull; out x,4; out y,4; in x,4; in y,4; push; jmp 6
    set(wrap: 31)
    write(.sm0Shiftctrl, 1 << 19)  // OUT right, IN left
    write(.txf0, 0x1234_5678)
    write(.ctrl, 1)
    run(cycles: 20)
    #expect(read(.rxf0) == 0x87)
  }
  @Test func waitSeesThePadTwoCyclesLaterUnlessBypassed() {
    for (bypass, cycle) in [(UInt32(0), UInt64(103)), (8, 101)] {
      let t = PIOTests()
      t.load([0x2083, 0xE001, 0x0002])  // wait 1 gpio 3; set pins, 1; jmp 2
      t.set(wrap: 31)
      t.write(.sm0Pinctrl, 1 << 26)
      t.write(.inputSyncBypass, bypass)
      t.write(.ctrl, 1)
      t.run(cycles: 99)
      t.pio.padsChanged(8)
      t.run(cycles: 50)
      // Seen, then the SET in the next cycle.
      #expect(t.trace.edges.map { $0.cycle } == [cycle], "\(t.trace.edges)")
    }
  }
  @Test func irqFlagsAreRelativeAndInterrupt() {
    load([0xC030, 0xE001, 0x0002])  // irq wait 0 rel; set pins, 1; jmp 2
    for i in 0..<4 {
      set(wrap: 31, i)
      write(.sm0Pinctrl, 1 << 26 | UInt32(i) << 5, i, stride: 0x18)
      write(.sm0Execctrl, 31 << 12, i, stride: 0x18)
    }
    write(.irq0IntE, 0x400)  // flag 2
    write(.ctrl, 0b0100)
    run(cycles: 5)
    #expect(read(.irq) == 4 && pio.irq[0].isHigh && !pio.irq[1].isHigh && trace.edges.isEmpty)
    write(.irq, 4)
    #expect(!pio.irq[0].isHigh)
    run(cycles: 5)
    #expect(trace.edges.map { $0.pins } == [4])
  }
  @Test func instructionsFromTheProcessorGoFirst() {
    write(.sm0Pinctrl, 5 << 26)
    write(.sm0Instr, 0xE01F, 0)  // set pins, 31 with the machine off
    #expect(pio.shared.pointee.out == 31)
    write(.sm0Instr, 0xE025)  // set x, 5
    write(.sm0Instr, 0x4020)  // in x, 32
    write(.sm0Instr, 0x8020)  // push
    #expect(read(.rxf0) == 5)
    write(.sm0Instr, 0x80A0)  // pull with nothing there
    #expect(read(.sm0Execctrl)[bit: 31])
    write(.txf0, 9)
    #expect(!read(.sm0Execctrl)[bit: 31])
    write(.sm0Instr, 0x0011)  // jmp 17
    #expect(read(.sm0Addr) == 17)
  }
  @Test func movInvertsReversesAndExecutes() {
    load([0x80A0, 0xA02F, 0xA0D1, 0x8020, 0xA037, 0x0005])  // pull; mov x, ~osr; mov isr, ::x; push; mov x, osr; jmp
    set(wrap: 31)
    write(.txf0, 0xFFFF_FFFE)
    write(.ctrl, 1)
    run(cycles: 20)
    #expect(read(.rxf0) == 0x8000_0000)
    let t = PIOTests()
    t.load([0x80A0, 0x60F0, 0x0002])  // pull; out exec, 16; jmp 2
    t.set(wrap: 31)
    t.write(.sm0Shiftctrl, 0x000C_0000)
    t.write(.sm0Pinctrl, 1 << 26 | 9 << 5)
    t.write(.txf0, 0xE001)  // set pins, 1
    t.write(.ctrl, 1)
    t.run(cycles: 10)
    #expect(t.pio.shared.pointee.out == 1 << 9 && t.read(.sm0Addr) == 2)
  }
  @Test func jumpsTakeEachCondition() {
    func ends(_ jump: UInt32, x: UInt32, y: UInt32, osrCount: UInt32 = 32) -> UInt32 {
      let t = PIOTests()
      t.load([jump | 3, 0x0001, 0, 0x0003])
      t.set(wrap: 31)
      t.pio.machines[0].x = x
      t.pio.machines[0].y = y
      t.pio.machines[0].osrCount = osrCount
      t.write(.ctrl, 1)
      t.run(cycles: 6)
      return t.read(.sm0Addr)
    }
    #expect(ends(0x0020, x: 0, y: 0) == 3 && ends(0x0020, x: 1, y: 0) == 1)
    #expect(ends(0x0040, x: 1, y: 0) == 3 && ends(0x0040, x: 0, y: 0) == 1)
    #expect(ends(0x0060, x: 0, y: 0) == 3 && ends(0x0080, x: 0, y: 2) == 3 && ends(0x0080, x: 0, y: 0) == 1)
    #expect(ends(0x00A0, x: 1, y: 2) == 3 && ends(0x00A0, x: 2, y: 2) == 1)
    #expect(ends(0x00E0, x: 0, y: 0, osrCount: 0) == 3 && ends(0x00E0, x: 0, y: 0) == 1)
  }
  /// The same program, looked at in steps of every size, gives the same edges.
  @Test func lookingDoesNotDisturb() {
    func edges(step: UInt64) -> [UInt64] {
      let t = PIOTests()
      t.load([0x6021, 0x1023 | 0x0200, 0x1400 | 0x0000, 0xB442])  // the WS2812 program
      t.write(.sm0Execctrl, 3 << 12)
      t.write(.sm0Pinctrl, 1 << 29)
      t.write(.sm0Shiftctrl, 1 << 17 | 24 << 25)
      t.write(.sm0Clkdiv, 15 << 16 | 160 << 8)
      for v in [0x00FF_00AA, 0x1234_5600] as [UInt32] { t.write(.txf0, v << 8) }
      t.write(.ctrl, 1)
      var n: UInt64 = 0
      while n < 12000 {
        t.run(cycles: step)
        _ = t.read(.fstat)
        n += step
      }
      return t.trace.edges.map { $0.cycle }.filter { $0 < 11000 }
    }
    let whole = edges(step: 12000)
    #expect(whole.count > 80 && edges(step: 1) == whole && edges(step: 7) == whole)
  }
  @Test func randomProgramsAndWritesDoNotCrash() {
    var x: UInt64 = 99
    func next() -> UInt32 {
      x ^= x << 13
      x ^= x >> 7
      x ^= x << 17
      return UInt32(truncatingIfNeeded: x >> 16)
    }
    for _ in 0..<20_000 {
      pio.write32(next(), at: next() % 0x144 & ~3)
      _ = pio.read32(at: next() % 0x144 & ~3)
      if next() % 8 == 0 { run(cycles: UInt64(next() % 200)) }
      if next() % 16 == 0 { pio.padsChanged(next()) }
    }
    #expect(machine.now > 0)
  }
}
