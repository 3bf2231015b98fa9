import ARMv6M
import Machine
import Testing

@testable import Chips

@Suite struct FuzzTests {
  /// 10,000 programs of random bytes run on a whole RP2040, each from the state that the one before left.
  @Test func randomProgramsDoNotReachTheHost() {
    let machine = Machine(clock: Clock(hertz: 125_000_000))
    let chip = RP2040(machine: machine, flash: Memory("flash", size: 1 << 20))
    chip.powerOn()
    var x: UInt64 = 0x5EED
    func next() -> UInt64 {
      x ^= x << 13
      x ^= x >> 7
      x ^= x << 17
      return x
    }
    let bases: [UInt32] = [0x2000_0000, 0x4000_0000, 0x4001_4000, 0x4003_4000, 0x4004_4000, 0x4005_0000, 0x5000_0000, 0x5010_0000, 0x5011_0000, 0x5020_0000, 0x1400_0000, 0x1800_0000, 0xD000_0000, 0xE000_E000]
    for n in 0..<10_000 {
      chip.sram.load((0..<128).map { _ in UInt8(truncatingIfNeeded: next() >> 20) }, at: 0x1000)
      for core in chip.cores {
        if core.isLockedUp || n % 50 == 0 { core.reset() }
        core.stop = nil
        core.asleep.pointee = false
        core.invalidateAll()
        // Half of the registers point at something.
        for r in 0..<13 { core.registers[r] = next() & 1 == 0 ? UInt32(truncatingIfNeeded: next()) : bases[Int(next() % UInt64(bases.count))] + UInt32(next() & 0x1FC) }
        core.start(entry: 0x2000_1001, stack: 0x2000_8000)
      }
      machine.run(until: machine.now + 4_000_000)
    }
    #expect(machine.now > 0)
  }
}
