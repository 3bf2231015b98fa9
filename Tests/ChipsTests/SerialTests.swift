import Machine
import Testing

@testable import Chips

/// Two I2C blocks on one bus: a controller and a target.
@Suite struct DesignWareI2CTests {
  let machine = Machine(clock: Clock(hertz: 125_000_000))
  let a, b: DesignWareI2C
  final class Bus { var sda = true, scl = true, edges: [(UInt64, Bool, Bool)] = [] }
  let bus = Bus()

  init() {
    a = DesignWareI2C(name: "A", arena: machine.arena, scheduler: machine.scheduler, clock: machine.coreClock)
    b = DesignWareI2C(name: "B", arena: machine.arena, scheduler: machine.scheduler, clock: machine.coreClock)
    let a = a, b = b, bus = bus, machine = machine
    let update: () -> Void = { [unowned a, unowned b] in
      let sda = !a.pullsSDA && !b.pullsSDA, scl = !a.pullsSCL && !b.pullsSCL
      guard sda != bus.sda || scl != bus.scl else { return }
      bus.sda = sda
      bus.scl = scl
      bus.edges.append((machine.now, sda, scl))
      a.linesChanged(sda: sda, scl: scl)
      b.linesChanged(sda: sda, scl: scl)
    }
    a.onLines = update
    b.onLines = update
    // 400 kHz as the SDK sets it: high for 2/5 of the period.
    a.write(.icFSSclHcnt, 125)
    a.write(.icFSSclLcnt, 187)
    a.write(.icTar, 0x3C)
    a.write(.icEnable, 1)
    b.write(.icCon, 0x24)  // fast, target only
    b.write(.icSar, 0x3C)
    b.write(.icEnable, 1)
  }
  func run(microseconds: UInt64) { machine.run(until: machine.now + microseconds * 1_000_000) }

  @Test func aWriteArrivesAndStops() {
    for v in [0x11, 0x22, 0x200 | 0x33] as [UInt32] { a.write(.icDataCmd, v) }
    run(microseconds: 200)
    #expect(b.read(.icRxflr) == 3 && (0..<3).map { _ in b.read(.icDataCmd) } == [0x11, 0x22, 0x33])
    #expect(a.read(.icRawIntrStat) & 0x200 != 0 && b.read(.icRawIntrStat) & 0x200 != 0 && a.read(.icTxAbrtSource) == 0)
    #expect(a.read(.icStatus) & 1 == 0 && bus.sda && bus.scl)
    // The period of SCL within a byte: 139 + 188 cycles and one of hold.
    let rises = zip(bus.edges, bus.edges.dropFirst()).compactMap { !$0.2 && $1.2 ? $1.0 : nil }
    #expect(rises[2] - rises[1] == (139 + 188 + 1) * 8000, "\(rises[2] - rises[1])")
  }
  @Test func tenBitAddressesAreWrittenAndRead() {
    a.write(.icEnable, 0)
    a.write(.icCon, 0x75)  // fast, controller with ten bits, restart
    a.write(.icTar, 0x2A5)
    a.write(.icEnable, 1)
    b.write(.icEnable, 0)
    b.write(.icCon, 0x2C)  // target with ten bits
    b.write(.icSar, 0x2A5)
    b.write(.icEnable, 1)
    for v in [0x11, 0x222] as [UInt32] { a.write(.icDataCmd, v) }
    run(microseconds: 200)
    #expect(b.read(.icRxflr) == 2 && b.read(.icDataCmd) == 0x11 && b.read(.icDataCmd) == 0x22 && a.read(.icTxAbrtSource) == 0)
    for v in [0x100, 0x300] as [UInt32] { a.write(.icDataCmd, v) }
    run(microseconds: 150)
    for v in [0x5A, 0xA5] as [UInt32] {
      #expect(b.read(.icRawIntrStat) & 0x20 != 0)
      _ = b.read(.icClrRdReq)
      b.write(.icDataCmd, v)
      run(microseconds: 50)
    }
    #expect(a.read(.icDataCmd) == 0x5A && a.read(.icDataCmd) == 0xA5 && bus.sda && bus.scl)
    // The low byte differs: the second byte of the address is refused.
    b.write(.icEnable, 0)
    b.write(.icSar, 0x2A6)
    b.write(.icEnable, 1)
    a.write(.icDataCmd, 0x233)
    run(microseconds: 200)
    #expect(a.read(.icTxAbrtSource) & 0xFFFF == 4 && b.read(.icRxflr) == 0)
  }
  @Test func aGeneralCallIsHeard() {
    a.write(.icEnable, 0)
    a.write(.icTar, 0)
    a.write(.icEnable, 1)
    a.write(.icDataCmd, 0x206)
    run(microseconds: 200)
    #expect(b.read(.icRawIntrStat) & 0x800 != 0 && b.read(.icDataCmd) == 6 && a.read(.icTxAbrtSource) == 0)
  }
  /// With RX_FIFO_FULL_HLD_CTRL nothing is lost: the clock waits. Without, what comes too much is acknowledged and gone.
  @Test(arguments: [true, false]) func aFullTarget(holds: Bool) {
    b.write(.icEnable, 0)
    b.write(.icCon, 0x24 | (holds ? 0x200 : 0))
    b.write(.icEnable, 1)
    var sent: UInt32 = 0
    for _ in 0..<200 {
      while sent < 20, a.read(.icStatus) & 2 != 0 {
        a.write(.icDataCmd, sent | (sent == 19 ? 0x200 : 0))
        sent += 1
      }
      run(microseconds: 10)
    }
    #expect(b.read(.icRxflr) == 16 && (b.read(.icRawIntrStat) & 2 != 0) == !holds && bus.scl == !holds)
    var got: [UInt32] = []
    for _ in 0..<20 {
      if b.read(.icRxflr) > 0 { got.append(b.read(.icDataCmd)) }
      run(microseconds: 100)
    }
    #expect(got == Array(0..<(holds ? 20 : 16)) && a.read(.icTxAbrtSource) == 0 && bus.scl && bus.sda)
  }
  @Test func aReadStretchesUntilTheTargetHasData() {
    for v in [0x100, 0x100, 0x300] as [UInt32] { a.write(.icDataCmd, v) }
    run(microseconds: 100)
    #expect(b.read(.icRawIntrStat) & 0x20 != 0 && a.read(.icRxflr) == 0 && !bus.scl)  // RD_REQ, SCL held
    for v in [0xA5, 0x5A, 0xFF] as [UInt32] {
      _ = b.read(.icClrRdReq)
      b.write(.icDataCmd, v)
      run(microseconds: 50)
    }
    #expect((0..<3).map { _ in a.read(.icDataCmd) } == [0xA5, 0x5A, 0xFF])
    #expect(b.read(.icRawIntrStat) & 0x280 == 0x280 && bus.scl && bus.sda)  // RX_DONE, STOP_DET
  }
  @Test func aRepeatedStartTurnsTheDirection() {
    a.write(.icDataCmd, 0x42)
    a.write(.icDataCmd, 0x700)  // restart, read, stop
    run(microseconds: 100)
    #expect(b.read(.icDataCmd) == 0x42)
    b.write(.icDataCmd, 0x99)
    run(microseconds: 100)
    #expect(a.read(.icDataCmd) == 0x99 && a.read(.icTxAbrtSource) == 0)
    // One STOP, two STARTs: SDA falls twice while SCL is high.
    let pairs = zip(bus.edges, bus.edges.dropFirst())
    #expect(pairs.filter { $0.1 && !$1.1 && $0.2 && $1.2 }.count == 1 && pairs.filter { !$0.1 && $1.1 && $0.2 && $1.2 }.count == 1)
  }
  @Test func nobodyAnswers() {
    a.write(.icEnable, 0)
    a.write(.icTar, 0x50)
    a.write(.icEnable, 1)
    a.write(.icDataCmd, 0x1)
    a.write(.icDataCmd, 0x202)
    run(microseconds: 100)
    #expect(a.read(.icRawIntrStat) & 0x240 == 0x240 && a.read(.icTxAbrtSource) & 0xFFFF == 1 && a.read(.icTxflr) == 0 && b.read(.icRxflr) == 0)
    // What is written while the abort stands is dropped.
    a.write(.icDataCmd, 0x203)
    #expect(a.read(.icTxflr) == 0)
    _ = a.read(.icClrTxAbrt)
    #expect(a.read(.icTxAbrtSource) == 0 && a.read(.icRawIntrStat) & 0x40 == 0)
  }
  @Test func withoutStopTheClockIsHeld() {
    a.write(.icDataCmd, 0x55)
    run(microseconds: 100)
    #expect(!bus.scl && a.read(.icStatus) & 0x20 != 0 && b.read(.icRxflr) == 1)
    a.write(.icDataCmd, 0x2AA)
    run(microseconds: 100)
    #expect(bus.scl && b.read(.icRxflr) == 2)
  }
  @Test func randomWritesDoNotCrash() {
    var x: UInt64 = 5
    func next() -> UInt32 {
      x ^= x << 13
      x ^= x >> 7
      x ^= x << 17
      return UInt32(truncatingIfNeeded: x >> 16)
    }
    for _ in 0..<20_000 {
      let d = next() & 1 == 0 ? a : b
      d.write32(next(), at: next() & 0xFC)
      _ = d.read32(at: next() & 0xFC)
      if next() % 8 == 0 { run(microseconds: UInt64(next() % 20)) }
    }
    #expect(machine.now > 0)
  }
}
extension DesignWareI2C {
  func write(_ r: Register, _ v: UInt32) { write32(v, at: r.rawValue) }
  func read(_ r: Register) -> UInt32 { read32(at: r.rawValue) }
}
extension PL011 {
  func write(_ r: Register, _ v: UInt32) { write32(v, at: r.rawValue) }
  func read(_ r: Register) -> UInt32 { read32(at: r.rawValue) }
}
extension PL022 {
  func write(_ r: Register, _ v: UInt32) { write32(v, at: r.rawValue) }
  func read(_ r: Register) -> UInt32 { read32(at: r.rawValue) }
}

/// Two PL022, wired to each other.
@Suite struct PL022Tests {
  let machine = Machine(clock: Clock(hertz: 125_000_000))
  let peri: UnsafeMutablePointer<Clock>
  let a, b: PL022
  init() {
    peri = machine.arena.allocate("peri", initial: Clock(hertz: 125_000_000))
    a = PL022(name: "A", arena: machine.arena, scheduler: machine.scheduler, clock: peri)
    b = PL022(name: "B", arena: machine.arena, scheduler: machine.scheduler, clock: peri)
    let a = a, b = b
    a.sclk.connect { [unowned b] in b.clockChanged($0) }
    a.txd.connect { [unowned b] in b.rxdChanged($0) }
    a.fss.connect { [unowned b] in b.frameChanged($0) }
    b.txd.connect { [unowned a] in a.rxdChanged($0) }
    a.route = { _, _ in nil }
  }
  func run(microseconds: UInt64) { machine.run(until: machine.now + microseconds * 1_000_000) }

  @Test(arguments: [0, 1, 2, 3] as [UInt32], [8, 5, 16] as [UInt32]) func modesCarryFramesBothWays(mode: UInt32, bits: UInt32) {
    let cr0 = (mode & 1) << 7 | (mode >> 1) << 6 | bits - 1, mask: UInt32 = (1 << bits) - 1
    for d in [a, b] {
      d.write(.sspCR0, cr0)
      d.write(.sspCPSR, 10)
    }
    b.write(.sspCR1, 6)  // target
    for v in [0x1234, 0xA5A5, 0x0F0F] as [UInt32] { b.write(.sspDR, v) }
    a.write(.sspCR1, 2)
    for v in [0x8001, 0x5A5A, 0xFFFE] as [UInt32] { a.write(.sspDR, v) }
    run(microseconds: 20)
    #expect((0..<3).map { _ in b.read(.sspDR) } == [0x8001 & mask, 0x5A5A & mask, 0xFFFE & mask])
    #expect((0..<3).map { _ in a.read(.sspDR) } == [0x1234 & mask, 0xA5A5 & mask, 0x0F0F & mask])
    #expect(a.sclk.isHigh == (mode > 1) && a.fss.isHigh)
  }
  @Test func loopbackFifosAndInterrupts() {
    a.write(.sspCR0, 7 | 9 << 8)
    a.write(.sspCPSR, 2)
    a.write(.sspIMSC, 0b0111)
    a.write(.sspCR1, 3)
    for v in 0..<12 as Range<UInt32> { a.write(.sspDR, v) }
    #expect(a.read(.sspSR) & 0x10 != 0 && a.read(.sspSR) & 2 == 0)
    // Eight bits at 125 MHz / 20: 1.28 us a frame; one goes out at once, eight wait, three were lost.
    run(microseconds: 5)
    #expect(!a.irq.isHigh)
    run(microseconds: 1)
    #expect(a.irq.isHigh && a.read(.sspRIS) & 4 != 0)
    run(microseconds: 20)
    #expect(a.read(.sspRIS) & 1 != 0, "nine frames came, eight fit")
    #expect((0..<8).map { _ in a.read(.sspDR) } == Array(0..<8))
    a.write(.sspICR, 1)
    #expect(a.read(.sspRIS) & 1 == 0 && !a.irq.isHigh && a.read(.sspSR) & 0x15 == 1)
  }
  @Test func wordsThatNobodyReadsTimeOut() {
    a.write(.sspCR0, 7)
    a.write(.sspCPSR, 2)
    a.write(.sspIMSC, 2)
    a.write(.sspCR1, 3)
    a.write(.sspDR, 9)
    run(microseconds: 5)
    #expect(a.irq.isHigh && a.read(.sspMIS) == 2)
    _ = a.read(.sspDR)
    #expect(!a.irq.isHigh)
  }
  @Test func randomWritesDoNotCrash() {
    var x: UInt64 = 3
    func next() -> UInt32 {
      x ^= x << 13
      x ^= x >> 7
      x ^= x << 17
      return UInt32(truncatingIfNeeded: x >> 16)
    }
    for _ in 0..<20_000 {
      let d = next() & 1 == 0 ? a : b
      d.write32(next(), at: next() % 0x30 & ~3)
      _ = d.read32(at: next() % 0x30 & ~3)
      if next() % 8 == 0 { run(microseconds: UInt64(next() % 20)) }
    }
    #expect(machine.now > 0)
  }
}

/// Two UARTs with crossed lines.
@Suite struct PL011Tests {
  let machine = Machine(clock: Clock(hertz: 125_000_000))
  let a, b: PL011
  final class Trace { var edges: [(UInt64, Bool)] = [] }
  let trace = Trace()

  init() {
    let machine = machine, trace = trace
    a = PL011(name: "A", arena: machine.arena, scheduler: machine.scheduler, clock: machine.coreClock)
    b = PL011(name: "B", arena: machine.arena, scheduler: machine.scheduler, clock: machine.coreClock)
    for u in [a, b] {
      u.serial.isWatched = { true }
      u.reset()
      // 1 Mbaud: a bit is 125 cycles.
      u.write(.uartIBRD, 7)
      u.write(.uartFBRD, 52)
      u.write(.uartLCR_H, 0x70)
      u.write(.uartCR, 0x301)
    }
    a.txd.connect { [unowned b] level in
      trace.edges.append((machine.now, level))
      b.rxdChanged(level)
    }
    b.txd.connect { [unowned a] in a.rxdChanged($0) }
    b.rts.connect { [unowned a] in a.ctsChanged($0) }
  }
  func run(microseconds: UInt64) { machine.run(until: machine.now + microseconds * 1_000_000) }

  @Test func bitsLandOnTheirCycles() {
    a.write(.uartDR, 0x55)
    run(microseconds: 20)
    // Start, 1 0 1 0 1 0 1 0, stop: an edge a bit, 125 cycles of 8 ns apart.
    #expect(trace.edges.map(\.1) == [false, true, false, true, false, true, false, true, false, true])
    #expect(zip(trace.edges, trace.edges.dropFirst()).allSatisfy { $1.0 - $0.0 == 1_000_000 }, "\(trace.edges)")
    #expect(b.read(.uartDR) == 0x55)
  }
  @Test(arguments: [(UInt32(0x76), UInt32(0x72)), (0x72, 0x76), (0xF2, 0xF6)]) func aWrongParityIsToldWithTheCharacter(mine: UInt32, theirs: UInt32) {
    a.write(.uartLCR_H, mine)
    b.write(.uartLCR_H, mine)
    a.write(.uartDR, 0x31)
    run(microseconds: 30)
    #expect(b.read(.uartDR) == 0x31)
    b.write(.uartLCR_H, theirs)
    a.write(.uartDR, 0x31)
    run(microseconds: 30)
    #expect(b.read(.uartDR) == 0x231 && b.read(.uartRSR) & 2 != 0 && b.read(.uartRIS) & 0x100 != 0)
  }
  @Test func aBreakAndALostStopBit() {
    a.write(.uartLCR_H, 0x71)  // BRK
    run(microseconds: 30)
    #expect(b.read(.uartDR) == 0x500 && b.read(.uartRIS) & 0x200 != 0 && b.read(.uartFR) & 0x10 != 0)
    a.write(.uartLCR_H, 0x70)
    run(microseconds: 10)
    // Eight bits sent, seven expected: the eighth stands where the stop bit should be.
    b.write(.uartLCR_H, 0x50)
    a.write(.uartDR, 0x2A)
    run(microseconds: 30)
    #expect(b.read(.uartDR) == 0x12A)
  }
  /// RTS of the receiver holds the sender back: nothing is lost, and it goes on by itself.
  @Test func flowControl() {
    a.write(.uartCR, 0x8301)
    b.write(.uartCR, 0x4301)
    b.write(.uartIFLS, 0)  // level: an eighth, 4 characters
    for v: UInt32 in 0..<20 { a.write(.uartDR, v) }
    run(microseconds: 400)
    #expect(b.rts.isHigh && a.read(.uartFR) & 1 == 0 && a.read(.uartFR) & 8 != 0)
    var got: [UInt32] = []
    for _ in 0..<400 where got.count < 20 {
      if b.read(.uartFR) & 0x10 == 0 { got.append(b.read(.uartDR)) }
      run(microseconds: 5)
    }
    #expect(got == Array(0..<20), "\(got)")
  }
  /// More than the FIFO holds: the next that is stored says that one before it was lost.
  @Test func anOverrun() {
    for v: UInt32 in 0..<32 { a.write(.uartDR, v) }
    run(microseconds: 400)
    a.write(.uartDR, 32)
    run(microseconds: 20)
    #expect(b.read(.uartRIS) & 0x400 != 0 && b.read(.uartRSR) & 8 != 0)
    _ = b.read(.uartDR)
    a.write(.uartDR, 33)
    run(microseconds: 20)
    for v: UInt32 in 1..<32 { #expect(b.read(.uartDR) == v) }
    #expect(b.read(.uartDR) == 0x800 | 33)
  }
}
