import Testing

@testable import Machine

@Suite struct ClockTests {
  @Test func cyclesAndTimesAgreeAtAFractionalPeriod() {
    let c = Clock(hertz: 48_000_000)
    for n: UInt64 in [0, 1, 2, 3, 47, 48, 12345, 1 << 40] {
      #expect(c.cycle(atOrAfter: c.time(ofCycle: n)) == n)
      #expect(c.cycle(at: c.time(ofCycle: n)) == n)
    }
  }
  @Test func aChangeOfFrequencyKeepsWhatWasCounted() {
    var c = Clock(hertz: 1_000_000)
    c.setFrequency256(2_000_000 * 256, at: 10_000_000)
    #expect(c.cycle(at: 10_000_000) == 10)
    #expect(c.cycle(at: 11_000_000) == 12)
  }
  @Test func aStoppedClockCountsNothing() {
    let c = Clock(hertz: 0)
    #expect(c.cycle(at: 1 << 50) == 0 && c.time(ofCycle: 1) == .max)
  }
}

@Suite struct SchedulerTests {
  @Test func eventsFireInOrderOfTimeThenSlotAtTheirExactTime() {
    let m = Machine(clock: Clock(hertz: 1_000_000))
    var seen: [String] = []
    let a = m.scheduler.event("a") { seen.append("a\($0)") }, b = m.scheduler.event("b") { seen.append("b\($0)") }
    m.scheduler.schedule(b, at: 500)
    m.scheduler.schedule(a, at: 500)
    m.run(until: 499)
    #expect(seen.isEmpty)
    m.run(until: 1000)
    #expect(seen == ["a500", "b500"] && m.now == 1000)
  }
  @Test func aCancelledEventDoesNotFire() {
    let m = Machine(clock: Clock(hertz: 1_000_000))
    var fired = false
    let a = m.scheduler.event("a") { _ in fired = true }
    m.scheduler.schedule(a, at: 10)
    m.scheduler.cancel(a)
    m.run(until: 100)
    #expect(!fired)
  }
}

final class Sample: RegisterDevice, RegisterNaming {
  enum Register: UInt32, CaseIterable, Sendable { case control = 0, status = 4, trigger = 8, absent = 12 }
  static let map = RegisterMap<Sample> { r in
    r[.control].bits(0...7).reset(0x5A)
    r[.status].bits(0...3, .writeOneToClear).reset(0xF)
    r[.trigger].onWrite { d, v in d.triggered = v }
  }
  var triggered: UInt32 = 0
  init(arena: StateArena) { super.init(Self.map, name: "SAMPLE", arena: arena) }
}

@Suite struct RegisterTests {
  let arena = StateArena()
  let bus = Bus()
  let device: Sample
  init() {
    device = Sample(arena: arena)
    for (i, mode) in [WriteMode.normal, .xor, .set, .clear].enumerated() { bus.map(device, at: 0x4000_0000 + UInt32(i) * 0x1000, mode: mode) }
  }
  @Test func atomicAliasesChangeTheirBitsOnly() {
    _ = bus.write(0x4000_2000, 0x05, size: 4)
    #expect(bus.read(0x4000_0000, size: 4).value == 0x5F)
    _ = bus.write(0x4000_3000, 0x0F, size: 4)
    #expect(bus.read(0x4000_0000, size: 4).value == 0x50)
    _ = bus.write(0x4000_1000, 0xFF, size: 4)
    #expect(bus.read(0x4000_0000, size: 4).value == 0xAF)
  }
  @Test func theClearAliasOfAWriteOneToClearRegisterClearsOneBit() {
    _ = bus.write(0x4000_3004, 0x2, size: 4)
    #expect(bus.read(0x4000_0004, size: 4).value == 0xD)
  }
  @Test func aNarrowWriteIsReplicated() {
    _ = bus.write(0x4000_0008, 0x12, size: 1)
    #expect(device.triggered == 0x1212_1212)
    _ = bus.write(0x4000_0008, 0x1234, size: 2)
    #expect(device.triggered == 0x1234_1234)
  }
  @Test func whatIsNotModelledIsSaidOnceByName() {
    let log = Log()
    device.log = log
    _ = bus.read(0x4000_000C, size: 4)
    _ = bus.read(0x4000_000C, size: 4)
    #expect(log.lines.count == 1 && log.lines[0].contains("SAMPLE.absent"))
    #expect(Sample.map.unimplemented == [.absent])
  }
  @Test func nothingAnswersAtAnUnmappedAddress() {
    #expect(bus.read(0x6000_0000, size: 4).fault && bus.write(0x6000_0000, 0, size: 4).fault)
  }
}

@Suite struct WiringTests {
  let arena = StateArena()
  @Test func strongBeatsPullAndTwoStrongContend() {
    let a = Pin("a", arena: arena), b = Pin("b", arena: arena)
    var contentions = 0
    a.net.onContention = { _ in contentions += 1 }
    Net.tie(a, b)
    #expect(a.level == .floating)
    a.drive = .pullUp
    #expect(b.isHigh)
    b.drive = .low
    #expect(!a.isHigh && a.level == .low)
    a.drive = .high
    #expect(a.level == .contention && contentions == 1)
  }
  @Test func aPortTakesOnlyWhatItHasRoomForAndLosesNothing() {
    let port = Port("p", arena: arena)
    let sent = (0..<10_000).map { UInt8(truncatingIfNeeded: $0) }
    var rest = sent[...], got: [UInt8] = []
    while !rest.isEmpty || port.waiting > 0 {
      rest = rest.dropFirst(port.feed(rest))
      for _ in 0..<37 { if let b = port.take() { got.append(b) } }
    }
    #expect(got == sent)
  }
}

@Suite struct SnapshotTests {
  @Test func restoreGoesBackAndASnapshotOfAnotherMachineIsRefused() throws {
    let m = Machine(clock: Clock(hertz: 1_000_000)), ram = Memory("ram", size: 8192)
    m.add(ram)
    let n = m.arena.allocate("counter", initial: 7)
    let saved = m.snapshot()
    n.pointee = 9
    ram.bytes[5000] = 1
    #expect(saved.firstDifference(from: m.snapshot()) == "counter")
    try m.restore(saved)
    #expect(n.pointee == 7 && ram.bytes[5000] == 0)
    let other = Machine(clock: Clock(hertz: 1_000_000))
    #expect(throws: SnapshotMismatch.self) { try other.restore(saved) }
  }
}
