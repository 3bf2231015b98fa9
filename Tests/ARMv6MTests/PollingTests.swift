import Machine
import Testing

@testable import ARMv6M

/// A loop that waits for a register is left at the same cycle, after as many instructions, whether it is skipped or not.
@Suite struct PollingTests {
  /// A word that changes at an event.
  final class Flag: Device {
    var value: UInt32 = 1, reads = 0
    let isSteady: Bool
    init(steady: Bool) {
      isSteady = steady
      super.init(name: "flag")
    }
    override func read32(at offset: UInt32) -> UInt32 {
      reads += 1
      return value
    }
    override func isSteady(at offset: UInt32) -> Bool { isSteady }
  }
  struct Outcome: Equatable { var cycles: UInt64, instructions: UInt64, registers: [UInt32] }

  static func run(_ code: [UInt32], steady: Bool, quantum: UInt64, interrupt: UInt64? = nil) -> (Outcome, reads: Int) {
    let t = TestCore(), flag = Flag(steady: steady)
    t.core.bus.map(flag, at: 0x4000_0000, readWait: 3)
    // IRQ 0: adds 1 to r7's word, so that it is seen when it came.
    t.write([0x683D, 0x3501, 0x603D, 0x4770], at: 0x2000_0800)
    t.writeWord(0x2000_0801, at: 0x2000_0040)
    t.core.writeSystem(0xE000_ED08, 0x2000_0000)
    t.core.writeSystem(0xE000_E100, 1)
    t.write(code, at: 0x2000_0400)
    t.core.start(entry: 0x2000_0401, stack: 0x2000_3000)
    t.core.registers[1] = 0x4000_0000
    t.core.registers[7] = 0x2000_2000
    t.machine.quantum = quantum
    let done = t.machine.scheduler.event("flag") { _ in flag.value = 0 }
    t.machine.scheduler.schedule(done, at: 1_234_567_000_000)
    let irq = t.machine.scheduler.event("irq") { [core = t.core] _ in
      core.setInterrupt(0, true)
      core.setInterrupt(0, false)
    }
    if let interrupt { t.machine.scheduler.schedule(irq, at: interrupt) }
    t.machine.run(until: 1_300_000_000_000)
    return (Outcome(cycles: t.core.cycles.pointee, instructions: t.core.instructions.pointee, registers: (0..<16).map { t.core.registers[$0] } + [t.readWord(0x2000_2000)]), flag.reads)
  }
  /// ldr r0, [r1]; tst r0, r0; bne; then a count in r2 that tells when it was left.
  static let plain: [UInt32] = [0x6808, 0x4200, 0xD1FC, 0x3201, 0xE7FD]
  /// The load in the middle: adds r3, #0; ldrb r0, [r1]; lsls r0, r0, #31; bmi.
  static let middle: [UInt32] = [0x3300, 0x7808, 0x07C0, 0xD4FB, 0x3201, 0xE7FD]
  /// Passes are counted, so each is done.
  static let counted: [UInt32] = [0x3301, 0x6808, 0x4200, 0xD1FB, 0x3201, 0xE7FD]
  /// Each pass stores.
  static let storing: [UInt32] = [0x6808, 0x603B, 0x4200, 0xD1FB, 0x3201, 0xE7FD]

  @Test(arguments: [(plain, true), (middle, true), (counted, false), (storing, false)]) func isLeftAtTheSameCycle(code: [UInt32], skips: Bool) {
    for quantum in [100_000_000, 7_000_000_000, 1_000_000_000_000] as [UInt64] {
      for interrupt in [nil, 500_000_000_000, 777_777_000_000] as [UInt64?] {
        let slow = Self.run(code, steady: false, quantum: 100_000_000, interrupt: interrupt), fast = Self.run(code, steady: true, quantum: quantum, interrupt: interrupt)
        #expect(slow.0 == fast.0)
        #expect(slow.0.registers[16] == (interrupt == nil || !skips && code == Self.storing ? 0 : 1) || code == Self.storing)
        if quantum > 1_000_000_000 { #expect(skips ? fast.reads < slow.reads / 100 : fast.reads == slow.reads, "\(fast.reads) of \(slow.reads)") }
      }
    }
  }
}
