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
