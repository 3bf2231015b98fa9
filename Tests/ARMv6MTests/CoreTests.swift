import Machine
import Processor
import Testing

@testable import ARMv6M

@Suite struct EncodingTests {
  /// Of two rows that both match, the earlier wins on purpose; only these pairs may.
  @Test func encodingsOverlapOnlyWhereTheManualSaysSo() {
    let e = Op.encodings
    for i in e.indices {
      for j in e.indices where j < i && e[i].bits == e[j].bits {
        let overlap = e[i].mask & e[j].mask & (e[i].value ^ e[j].value) == 0
        if overlap { #expect(e[j].op == .movReg && e[i].op == .lslImm, "\(e[j].assembly) and \(e[i].assembly)") }
      }
    }
  }
  @Test func everyOperationHasAnEncoding() {
    let special: Set<Op> = [.undecoded, .fetchMiss, .undefined, .hostCall]
    for op in Op.allCases where !special.contains(op) { #expect(Op.encodings.contains { $0.op == op }, "\(op)") }
  }
}

@Suite struct ExceptionTests {
  let t = TestCore()
  /// Vectors at 0x20000000; handlers at 0x20000800 + 16 n; the program at 0x20000400.
  init() {
    for n in 0..<48 { t.writeWord(0x2000_0801 + UInt32(n) * 16, at: 0x2000_0000 + UInt32(n) * 4) }
    t.core.writeSystem(0xE000_ED08, 0x2000_0000)
    t.core.start(entry: 0x2000_0401, stack: 0x2000_3000)
    for n in 0..<48 { t.write([0x4770], at: 0x2000_0800 + UInt32(n) * 16) }  // bx lr
    t.write([UInt32](repeating: 0xBF00, count: 64), at: 0x2000_0400)
  }
  private func step() {
    t.core.limit.pointee = t.core.cycles.pointee + 1
    t.core.run()
  }
  @Test func anInterruptPushesEightWordsAndReturns() {
    for i in 0..<4 { t.core.registers[i] = UInt32(i) + 0x100 }
    t.core.writeSystem(0xE000_E100, 1 << 5)
    t.core.setInterrupt(5, true)
    t.core.limit.pointee = t.core.cycles.pointee + 16
    t.core.run()
    #expect(t.core.state.pointee.ipsr == 21 && t.core.registers[13] == 0x2000_3000 - 32)
    #expect(t.readWord(0x2000_3000 - 32) == 0x100 && t.readWord(0x2000_3000 - 8) == 0x2000_0400)
    t.core.setInterrupt(5, false)
    #expect(t.run(to: 0x2000_0400, limit: 4))
    #expect(t.core.state.pointee.ipsr == 0 && t.core.registers[13] == 0x2000_3000)
  }
  @Test func aLevelThatStaysAssertedComesAgain() {
    t.core.writeSystem(0xE000_E100, 1)
    t.core.setInterrupt(0, true)
    var entries = 0
    for _ in 0..<12 {
      let before = t.core.state.pointee.ipsr
      step()
      if before != 16, t.core.state.pointee.ipsr == 16 { entries += 1 }
      if t.core.programCounter == 0x2000_0900 { entries += 1 }
    }
    #expect(entries > 2)
  }
  @Test func priorityDecidesAndEqualDoesNotPreempt() {
    t.core.writeSystem(0xE000_E100, 0b111)
    t.core.writeSystem(0xE000_E400, 0x0040_8040)  // IRQ0 1, IRQ1 2, IRQ2 1
    t.core.setInterrupt(1, true)
    step()
    #expect(t.core.state.pointee.ipsr == 17)
    t.core.setInterrupt(0, true)
    step()
    #expect(t.core.state.pointee.ipsr == 16)
    t.core.setInterrupt(2, true)
    t.core.limit.pointee = t.core.cycles.pointee
    t.core.run()
    #expect(t.core.state.pointee.ipsr == 16)
  }
  @Test func aPendingInterruptTailChains() {
    for (variant, entry) in [(CortexM0.Variant.rp2040, UInt64(15)), (.m0, 16)] {
      let t = TestCore(variant)
      for n in 0..<48 { t.writeWord(0x2000_0801 + UInt32(n) * 16, at: 0x2000_0000 + UInt32(n) * 4) }
      t.core.state.pointee.vtor = 0x2000_0000
      for n in 0..<48 { t.write([0x4770], at: 0x2000_0800 + UInt32(n) * 16) }
      t.write([UInt32](repeating: 0xBF00, count: 16), at: 0x2000_0400)
      t.core.start(entry: 0x2000_0401, stack: 0x2000_3000)
      t.core.writeSystem(0xE000_E100, 0b11)
      t.core.setInterrupt(0, true)
      t.core.setInterrupt(1, true)
      t.core.setInterrupt(0, false)
      t.core.setInterrupt(1, false)
      let before = t.core.cycles.pointee
      #expect(t.run(to: 0x2000_0900 + 16, limit: 2))
      // Entry, bx lr, then the second handler without unstacking: the frame is where it was.
      #expect(t.core.state.pointee.ipsr == 17 && t.core.registers[13] == 0x2000_3000 - 32 && t.core.registers[14] == 0xFFFF_FFF9)
      let branch = UInt64(variant.branchCycles)
      #expect(t.core.cycles.pointee - before == entry + branch + 6)
      #expect(t.run(to: 0x2000_0400, limit: 2) && t.core.registers[13] == 0x2000_3000)
    }
  }
  @Test func aHigherInterruptThatArrivesWhileTheFrameIsPushedGoesFirst() {
    t.core.writeSystem(0xE000_E100, 0b11)
    t.core.writeSystem(0xE000_E400, 0x0000_0040)  // IRQ0 1, IRQ1 0
    t.core.setInterrupt(0, true)
    t.core.limit.pointee = t.core.cycles.pointee + 1
    t.core.run()
    #expect(t.core.state.pointee.ipsr == 16)
    t.core.setInterrupt(1, true)
    t.core.setInterrupt(1, false)
    let cycles = t.core.cycles.pointee
    t.core.limit.pointee = cycles + 1
    t.core.run()
    // One frame, the second handler's first instruction done; the first handler follows by tail-chaining.
    #expect(t.core.registers[13] == 0x2000_3000 - 32 && t.core.registers[14] == 0xFFFF_FFF9)
    #expect(t.core.state.pointee.ipsr == 16 && t.core.cycles.pointee == cycles + 2 + 6)
    t.core.setInterrupt(0, false)
    #expect(t.run(to: 0x2000_0400, limit: 3) && t.core.registers[13] == 0x2000_3000 && t.core.state.pointee.pending == 0)
  }
  @Test func pendSVWaitsForTheInterruptAndTakesTheProcessStackBack() {
    // The thread runs on PSP; PendSV has the lowest priority.
    t.core.psp = 0x2000_2800
    t.core.selectStack(process: true)
    t.core.writeSystem(0xE000_ED20, 3 << 22)
    t.core.writeSystem(0xE000_E100, 1)
    t.core.setInterrupt(0, true)
    t.core.writeSystem(0xE000_ED04, 1 << 28)
    step()
    #expect(t.core.state.pointee.ipsr == 16 && t.core.psp == 0x2000_2800 - 32 && t.core.registers[13] == 0x2000_3000)
    #expect(t.core.registers[14] == 0xFFFF_FFFD)
    t.core.setInterrupt(0, false)
    step()
    #expect(t.core.state.pointee.ipsr == 14 && t.core.registers[14] == 0xFFFF_FFFD)
    step()
    #expect(t.core.state.pointee.ipsr == 0 && t.core.control == 2 && t.core.registers[13] == 0x2000_2800)
  }
  @Test func theFrameIsAlignedAndTheReturnUndoesIt() {
    t.core.registers[13] = 0x2000_2FFC
    t.core.writeSystem(0xE000_E100, 1)
    t.core.setInterrupt(0, true)
    step()
    t.core.setInterrupt(0, false)
    #expect(t.core.registers[13] == 0x2000_2FD8 && t.readWord(0x2000_2FD8 + 28)[bit: 9])
    #expect(t.run(to: 0x2000_0400, limit: 3) && t.core.registers[13] == 0x2000_2FFC)
  }
  @Test func sleepOnExitSleepsAfterTheLastHandler() {
    t.core.writeSystem(0xE000_ED10, 2)
    t.core.writeSystem(0xE000_E100, 1)
    t.core.setInterrupt(0, true)
    step()
    t.core.setInterrupt(0, false)
    step()
    #expect(t.core.asleep.pointee && t.core.state.pointee.ipsr == 0)
  }
  @Test func pendingIsSetAndClearedByTheNVIC() {
    t.core.writeSystem(0xE000_E200, 0b110)
    #expect(t.core.readSystem(0xE000_E200) == 0b110)
    t.core.writeSystem(0xE000_E280, 0b010)
    #expect(t.core.readSystem(0xE000_E280) == 0b100)
    t.core.writeSystem(0xE000_E100, 0b100)
    step()
    #expect(t.core.state.pointee.ipsr == 18 && t.core.readSystem(0xE000_E200) == 0)
    #expect(t.core.readSystem(0xE000_ED04) & 0x1FF == 18)
  }
  @Test func anUnprivilegedThreadMayNotTouchTheSystem() {
    // msr control, r0; isb; then a store to the NVIC and one to RAM.
    t.write([0xF380, 0x8814, 0xF3BF, 0x8F6F, 0x6011, 0xB672, 0x6019], at: 0x2000_0400)
    t.core.registers[0] = 1
    t.core.registers[1] = 0x55
    t.core.registers[2] = 0x2000_2000
    t.core.registers[3] = 0xE000_E100
    #expect(t.run(to: 0x2000_040A, limit: 3) && t.readWord(0x2000_2000) == 0x55)
    step()  // cpsid is ignored
    #expect(!t.core.primask && t.core.state.pointee.ipsr == 0)
    step()
    #expect(t.core.state.pointee.ipsr == 3 && t.core.readSystem(0xE000_E100) == 0)
    // The handler is privileged; the thread is not again after it.
    #expect(t.core.isPrivileged && t.core.control == 1)
  }
  @Test func theMPUKnowsRegionsSubregionsAndExecuteNever() {
    let base: UInt32 = 0x2000_2000
    func region(_ n: UInt32, _ address: UInt32, _ attributes: UInt32) {
      t.core.writeSystem(0xE000_ED98, n)
      t.core.writeSystem(0xE000_ED9C, address)
      t.core.writeSystem(0xE000_EDA0, attributes)
    }
    #expect(t.core.readSystem(0xE000_ED90) == 0x800)
    region(0, 0x2000_0000, 3 << 24 | 13 << 1 | 1)  // 16 KiB, full access
    region(1, base, 1 << 28 | 3 << 24 | 7 << 1 | 1)  // 256 bytes, execute never
    region(2, base + 0x400, 1 << 24 | 0b0000_0001 << 8 | 9 << 1 | 1)  // 1 KiB for the privileged, its first eighth left out
    t.core.writeSystem(0xE000_ED94, 1)
    #expect(t.core.mpuAllows(base, write: true, execute: false) && !t.core.mpuAllows(base, write: false, execute: true))
    #expect(t.core.mpuAllows(base + 0x100, write: false, execute: true))
    #expect(!t.core.mpuAllows(0x3000_0000, write: false, execute: false), "no background region")
    t.core.writeSystem(0xE000_ED94, 5)
    #expect(t.core.mpuAllows(0x3000_0000, write: false, execute: false), "the background region is for the privileged")
    t.core.state.pointee.control = 1
    #expect(!t.core.mpuAllows(0x3000_0000, write: false, execute: false))
    #expect(!t.core.mpuAllows(base + 0x480, write: false, execute: false) && t.core.mpuAllows(base + 0x440, write: true, execute: false), "the subregion falls to region 0")
    // In HardFault the MPU is off, unless HFNMIENA.
    t.core.state.pointee.ipsr = 3
    #expect(t.core.mpuAllows(0x3000_0000, write: true, execute: false))
    t.core.writeSystem(0xE000_ED94, 3)
    #expect(!t.core.mpuAllows(0x3000_0000, write: true, execute: false))
  }
  @Test func executingFromExecuteNeverFaults() {
    t.core.writeSystem(0xE000_ED9C, 0x2000_0000 | 0x10)
    t.core.writeSystem(0xE000_EDA0, 3 << 24 | 13 << 1 | 1)
    t.core.writeSystem(0xE000_ED9C, 0x2000_2000 | 0x11)
    t.core.writeSystem(0xE000_EDA0, 1 << 28 | 3 << 24 | 7 << 1 | 1)
    t.core.writeSystem(0xE000_ED94, 1)
    t.write([0x4708], at: 0x2000_0400)
    t.core.registers[1] = 0x2000_2001
    step()
    step()
    #expect(t.core.state.pointee.ipsr == 3)
  }
  @Test func aBranchToARMStateFaults() {
    t.write([0x4708], at: 0x2000_0400)
    t.core.registers[1] = 0x2000_0420
    step()
    step()
    #expect(t.core.state.pointee.ipsr == 3)
  }
  @Test func aWrongReturnValueFaults() {
    t.core.writeSystem(0xE000_E100, 1)
    t.core.setInterrupt(0, true)
    step()
    t.core.registers[14] = 0xFFFF_FFF1  // to a handler, but none is active
    step()
    #expect(t.core.state.pointee.ipsr == 3)
  }
  @Test func primaskHoldsBackButWakesFromWFI() {
    t.write([0xB672, 0xBF30, 0xBF00], at: 0x2000_0400)  // cpsid i; wfi; nop
    t.core.writeSystem(0xE000_E100, 1)
    step()
    step()
    #expect(t.core.asleep.pointee)
    t.core.setInterrupt(0, true)
    #expect(!t.core.asleep.pointee && t.core.state.pointee.ipsr == 0)
  }
  @Test func wfeSleepsUntilAnEventAndAnEventBeforeItCounts() {
    t.write([0xBF20, 0xBF20, 0xBF00], at: 0x2000_0400)
    t.core.sendEvent()
    step()
    #expect(!t.core.asleep.pointee)
    step()
    #expect(t.core.asleep.pointee)
    t.core.sendEvent()
    #expect(!t.core.asleep.pointee)
  }
  @Test func anUndefinedInstructionIsAHardFaultAndOneWithinItLocksUp() {
    t.write([0xDE00], at: 0x2000_0400)
    step()
    #expect(t.core.state.pointee.ipsr == 3)
    t.write([0xDE00], at: 0x2000_0830)
    step()
    #expect(t.core.stop?.kind == .lockup)
  }
  @Test func unalignedAccessFaults() {
    t.core.registers[1] = 0x2000_0001
    t.write([0x6808], at: 0x2000_0400)  // ldr r0, [r1]
    step()
    #expect(t.core.state.pointee.ipsr == 3)
  }
  @Test func svcGoesToItsHandlerAndReturnsBehindIt() {
    t.write([0xDF07, 0xBF00], at: 0x2000_0400)
    step()
    #expect(t.core.state.pointee.ipsr == 11)
    #expect(t.run(to: 0x2000_0402, limit: 3))
  }
  @Test func sysTickInterruptsEveryReloadPlusOneCycles() {
    t.core.writeSystem(0xE000_E014, 99)
    t.core.writeSystem(0xE000_E018, 0)
    t.core.writeSystem(0xE000_E010, 7)
    t.write([0xE7FE], at: 0x2000_0400)  // b .
    t.machine.run(until: 99 * 1_000_000)
    #expect(t.core.state.pointee.ipsr == 0)
    t.machine.run(until: 101 * 1_000_000)
    #expect(t.core.state.pointee.ipsr == 15)
  }
  @Test func storesIntoCodeAreExecuted() {
    // strh r0, [r1]; nop: the nop becomes movs r2, #42.
    t.core.registers[0] = 0x222A
    t.core.registers[1] = 0x2000_0404
    t.write([0x8008, 0xBF00, 0xBF00, 0xBF00], at: 0x2000_0400)
    #expect(t.run(to: 0x2000_0406, limit: 5))
    t.core.start(entry: 0x2000_0401, stack: 0x2000_3000)
    t.core.registers[2] = 0
    #expect(t.run(to: 0x2000_0406, limit: 5) && t.core.registers[2] == 42)
  }
  @Test func theMPURefusesAWriteToAReadOnlyRegion() {
    t.core.writeSystem(0xE000_ED9C, 0x2000_2000 | 0x10)
    t.core.writeSystem(0xE000_EDA0, 6 << 24 | 9 << 1 | 1)  // 1 KiB, read only
    t.core.writeSystem(0xE000_ED94, 5)
    t.core.registers[1] = 0x2000_2000
    t.write([0x6808, 0x6008], at: 0x2000_0400)
    step()
    #expect(t.core.state.pointee.ipsr == 0)
    step()
    #expect(t.core.state.pointee.ipsr == 3)
  }
  @Test func cyclesFollowTheManual() {
    // movs 1, ldr 2, str 2, b taken 2, beq not taken 1
    let cases: [([UInt32], UInt64)] = [([0x2001], 1), ([0x6808], 2), ([0x6008], 2), ([0xE000], 2), ([0xD0FE], 1), ([0xB403], 3)]
    for (code, cycles) in cases {
      t.core.start(entry: 0x2000_0401, stack: 0x2000_3000)
      t.core.apsr = 0
      t.core.registers[1] = 0x2000_2000
      t.write(code, at: 0x2000_0400)
      let before = t.core.cycles.pointee
      step()
      #expect(t.core.cycles.pointee - before == cycles, "\(code)")
    }
  }
}
