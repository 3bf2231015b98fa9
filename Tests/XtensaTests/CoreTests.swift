import Machine
import Testing

@testable import Xtensa

@Suite struct CoreTests {
  /// a1 at the top of the data, with the words below it that window handlers read.
  static let stack = "movi a1, 0x3ff\n slli a1, a1, 20\n movi a3, 0xc0\n slli a3, a3, 12\n add a1, a1, a3\n addmi a1, a1, 0x7f00\n addi a3, a1, -12\n s32i a1, a3, 0\n"
  /// The handlers that Xtensa ISA Reference Manual §4.7.1.5 gives, by their vectors.
  static let windowHandlers: [(UInt32, String)] = [
    (0x000, "s32e a0, a5, -16\n s32e a1, a5, -12\n s32e a2, a5, -8\n s32e a3, a5, -4\n rfwo"),
    (0x040, "l32e a0, a5, -16\n l32e a1, a5, -12\n l32e a2, a5, -8\n l32e a3, a5, -4\n rfwu"),
    (0x080, "s32e a0, a9, -16\n l32e a0, a1, -12\n s32e a1, a9, -12\n s32e a2, a9, -8\n s32e a3, a9, -4\n s32e a4, a0, -32\n s32e a5, a0, -28\n s32e a6, a0, -24\n s32e a7, a0, -20\n rfwo"),
    (0x0C0, "l32e a0, a9, -16\n l32e a1, a9, -12\n l32e a2, a9, -8\n l32e a7, a1, -12\n l32e a3, a9, -4\n l32e a4, a7, -32\n l32e a5, a7, -28\n l32e a6, a7, -24\n l32e a7, a7, -20\n rfwu"),
    (0x100, "s32e a0, a13, -16\n l32e a0, a1, -12\n s32e a1, a13, -12\n s32e a2, a13, -8\n s32e a3, a13, -4\n s32e a4, a0, -48\n s32e a5, a0, -44\n s32e a6, a0, -40\n s32e a7, a0, -36\n s32e a8, a0, -32\n s32e a9, a0, -28\n s32e a10, a0, -24\n s32e a11, a0, -20\n rfwo"),
    (0x140, "l32e a0, a13, -16\n l32e a1, a13, -12\n l32e a2, a13, -8\n l32e a11, a1, -12\n l32e a3, a13, -4\n l32e a4, a11, -48\n l32e a5, a11, -44\n l32e a6, a11, -40\n l32e a7, a11, -36\n l32e a8, a11, -32\n l32e a9, a11, -28\n l32e a10, a11, -24\n l32e a11, a11, -20\n rfwu"),
  ]
  static func windowed(_ text: String) throws -> TestCore {
    let t = TestCore()
    for (offset, handler) in windowHandlers { try t.load(handler, at: TestCore.code + offset) }
    try t.load(stack + text)
    return t
  }
  /// Leaves a core with a handler at the kernel vector that stops at `handler`.
  static func faulting(_ text: String, _ configuration: Configuration = .lx6) throws -> TestCore {
    let t = TestCore(configuration)
    try t.load("handler:\n j handler", at: TestCore.code + configuration.kernelVector)
    try t.load("double:\n j double", at: TestCore.code + configuration.doubleVector)
    try t.load(text)
    return t
  }
  func expect(_ t: TestCore, cause: UInt32, at label: String, address: UInt32? = nil, _ location: SourceLocation = #_sourceLocation) {
    #expect(t.run(to: "handler", limit: 200), "no exception", sourceLocation: location)
    #expect(t.core.special(232) == cause, sourceLocation: location)
    #expect(t.core.special(177) == t.labels[label], sourceLocation: location)
    #expect(t.core.special(230) & 0x10 != 0, sourceLocation: location)
    if let address { #expect(t.core.special(238) == address, sourceLocation: location) }
  }

  // MARK: The loop

  @Test func aSumInALoopAtFullSpeed() throws {
    let t = TestCore()
    try t.load("movi a2, 0\n movi a3, 1000\n again:\n add.n a2, a2, a3\n addi.n a3, a3, -1\n bnez a3, again\n end: \n j end")
    t.run(cycles: 20000)
    #expect(t.core[a: 2] == 500500)
  }
  @Test func zeroOverheadLoop() throws {
    let t = TestCore()
    try t.load("movi a2, 0\n movi a3, 10\n loop a3, out\n addi a2, a2, 2\n addi.n a2, a2, 1\n out:\n nop.n\n end:\n j end")
    t.run(cycles: 200)
    #expect(t.core[a: 2] == 30)
    #expect(t.core.special(2) == 0)
  }
  @Test func aJumpToTheEndOfALoopLeavesIt() throws {
    let t = TestCore()
    try t.load("movi a2, 0\n movi a3, 10\n loop a3, out\n addi a2, a2, 1\n beqi a2, 4, out\n nop\n out:\n nop.n\n end:\n j end")
    t.run(cycles: 200)
    #expect(t.core[a: 2] == 4)
    #expect(t.core.special(2) == 6)
  }
  @Test func aBranchMayEndALoop() throws {
    let t = TestCore()
    try t.load("movi a2, 0\n movi a3, 10\n loop a3, out\n addi a2, a2, 1\n beqi a2, 7, end\n out:\n movi a4, 1\n end:\n j end")
    t.run(cycles: 200)
    #expect(t.core[a: 2] == 7)
    #expect(t.core[a: 4] == 0)
  }
  @Test func aLoopSetBySpecialRegistersAfterItsCodeWasDecoded() throws {
    let t = TestCore()
    try t.load("movi a2, 0\n call0 body\n call0 body\n j go\n .align 4\n body:\n addi a2, a2, 1\n last:\n addi a2, a2, 1\n after:\n ret\n go:\n movi a5, 3\n wsr.lcount a5\n wsr.lbeg a6\n wsr.lend a7\n isync\n call0 body\n end:\n j end")
    t.core[a: 6] = t.labels["body"]!
    t.core[a: 7] = t.labels["after"]!
    t.run(cycles: 300)
    #expect(t.core[a: 2] == 4 + 2 * 4)
  }
  @Test func noLoopBackInAnException() throws {
    let t = TestCore()
    try t.load("movi a2, 0\n movi a3, 10\n movi a4, 16\n loop a3, out\n addi a2, a2, 1\n xsr.ps a4\n out:\n nop.n\n end:\n j end")
    t.core.setSpecial(230, 0x40000)
    t.run(cycles: 100)
    #expect(t.core[a: 2] == 1)
    #expect(t.core.special(2) == 9)
  }

  // MARK: Windows

  @Test func callAndReturnThroughTheWindow() throws {
    let t = try Self.windowed("movi a10, 5\n call8 f\n mov.n a2, a10\n end:\n j end\n .align 4\n f:\n entry a1, 32\n addi a2, a2, 7\n retw.n")
    #expect(t.run(to: "end", limit: 50))
    #expect(t.core[a: 2] == 12)
    #expect(t.core.special(73) == 1)
  }
  @Test(arguments: [4, 8, 12]) func recursionThroughOverflowAndUnderflow(_ n: Int) throws {
    // sum(n) = n + sum(n - 1), forty deep; each frame keeps its own n in a register of its window.
    let t = try Self.windowed("movi a\(n + 2), 40\n call\(n) sum\n mov.n a2, a\(n + 2)\n end:\n j end\n .align 4\n sum:\n entry a1, 64\n beqz a2, done\n addi a\(n + 2), a2, -1\n call\(n) sum\n add.n a2, a2, a\(n + 2)\n done:\n retw.n")
    t.run(cycles: 20000)
    #expect(t.core.programCounter == t.labels["end"])
    #expect(t.core[a: 2] == 820)
    #expect(t.core.special(73).nonzeroBitCount == 1)
  }
  @Test func fibonacciWithMixedWindows() throws {
    let t = try Self.windowed("movi a10, 15\n call8 fib\n mov.n a2, a10\n end:\n j end\n .align 4\n fib:\n entry a1, 64\n blti a2, 2, done\n addi a6, a2, -1\n call4 fib\n mov.n a3, a6\n addi a14, a2, -2\n call12 fib\n add.n a2, a3, a14\n done:\n retw")
    t.run(cycles: 200_000)
    #expect(t.core.programCounter == t.labels["end"])
    #expect(t.core[a: 2] == 610)
  }
  @Test func moveStackPointerRaisesAllocaWhenTheCallerIsInMemory() throws {
    let t = try Self.faulting("movi a2, 1\n at:\n movsp a1, a2\n end: \n j end")
    expect(t, cause: 5, at: "at")
    let u = try Self.faulting("movi a2, 1\n movi a3, 3\n wsr.windowstart a3\n movi a3, 1\n wsr.windowbase a3\n movi a2, 99\n movsp a1, a2\n end: \n j end")
    #expect(u.run(to: "end", limit: 20))
    #expect(u.core[a: 1] == 99)
  }
  @Test func returnsThatCannotBeAreIllegal() throws {
    expect(try Self.faulting("movi a0, 0\n at:\n retw"), cause: 0, at: "at")
    expect(try Self.faulting("movi a0, 1\n slli a0, a0, 30\n movi a2, 0\n wsr.ps a2\n at:\n retw.n"), cause: 0, at: "at")
    // The caller is two groups below, the return address says one.
    expect(try Self.faulting("movi a2, 5\n wsr.windowstart a2\n movi a2, 2\n wsr.windowbase a2\n rsync\n movi a0, 1\n slli a0, a0, 30\n at:\n retw"), cause: 0, at: "at")
  }
  @Test func windowsThatWrapKeepTheirRegisters() throws {
    let t = TestCore()
    for i in 0..<64 { t.core[ar: i] = UInt32(i) }
    t.core.setSpecial(230, 0)
    for base in [13, 14, 15, 12, 15, 0, 13] as [UInt32] {
      t.core.setSpecial(72, base)
      for a in 0..<16 { #expect(t.core[a: a] == (base * 4 + UInt32(a)) & 63) }
    }
    t.core[a: 15] = 777
    t.core.setSpecial(72, 0)
    #expect(t.core[a: 3] == 777)
    #expect(t.core[ar: 3] == 777)
  }

  // MARK: Exceptions

  @Test func illegalInstructions() throws {
    expect(try Self.faulting("nop\n at:\n ill"), cause: 0, at: "at")
    expect(try Self.faulting("nop\n at:\n ill.n"), cause: 0, at: "at")
    // RSR of SR 13, which no core has; loops and windows on the LX106.
    let t = try Self.faulting("nop\n at:\n .word 0x00030d20")
    expect(t, cause: 0, at: "at")
    expect(try Self.faulting("nop\n at:\n .word 0x00028376", .lx106), cause: 0, at: "at")
    expect(try Self.faulting("nop\n at:\n .word 0x00004136", .lx106), cause: 0, at: "at")
  }
  @Test func syscallAndDivisionByZero() throws {
    expect(try Self.faulting("nop\n at:\n syscall"), cause: 1, at: "at")
    for op in ["quos", "quou", "rems", "remu"] { expect(try Self.faulting("movi a3, 0\n at:\n \(op) a2, a2, a3"), cause: 6, at: "at") }
  }
  @Test func userModeTakesTheUserVector() throws {
    let t = TestCore()
    try t.load("user:\n j user", at: TestCore.code + 0x340)
    try t.load("nop\n syscall")
    t.core.setSpecial(230, 0x40020)
    #expect(t.run(to: "user", limit: 10))
  }
  @Test func anExceptionInAnExceptionIsDouble() throws {
    let t = try Self.faulting("movi a2, 16\n wsr.ps a2\n rsync\n at:\n syscall")
    #expect(t.run(to: "double", limit: 10))
    #expect(t.core.special(192) == t.labels["at"])
    #expect(t.core.special(232) == 1)
  }
  @Test func accessesOfTheInstructionBus() throws {
    // The code's memory is for aligned words.
    let t = try Self.faulting("movi a2, 0x400\n slli a2, a2, 20\n movi a3, 0x80\n slli a3, a3, 12\n add a2, a2, a3\n l32i a4, a2, 0\n at:\n l8ui a4, a2, 4")
    expect(t, cause: 3, at: "at", address: 0x4008_0004)
    let u = try Self.faulting("movi a2, 0x400\n slli a2, a2, 20\n movi a3, 0x80\n slli a3, a3, 12\n add a2, a2, a3\n at:\n s16i a4, a2, 6")
    expect(u, cause: 3, at: "at", address: 0x4008_0006)
  }
  @Test func unalignedAccesses() throws {
    let address = "movi a2, 0x3ff\n slli a2, a2, 20\n movi a3, 0xc4\n slli a3, a3, 12\n add a2, a2, a3\n addi a2, a2, 1\n"
    let t = try Self.faulting(address + "movi a3, 0x123\n s32i a3, a2, 4\n l32i a4, a2, 4\n l16ui a5, a2, 4\n end:\n j end")
    t.run(to: "end")
    #expect(t.core[a: 4] == 0x123)
    #expect(t.core[a: 5] == 0x123)
    #expect(t.read(0x3FFC_4004) == 0x12300)
    expect(try Self.faulting(address + "at:\n l32i a4, a2, 4", .lx106), cause: 9, at: "at", address: 0x3FFC_4005)
    expect(try Self.faulting(address + "at:\n s16i a4, a2, 4", .lx106), cause: 9, at: "at", address: 0x3FFC_4005)
  }
  @Test func unmappedAndForbiddenAddresses() throws {
    expect(try Self.faulting("movi a2, 0x700\n slli a2, a2, 20\n at:\n l32i a3, a2, 0"), cause: 3, at: "at", address: 0x7000_0000)
    let j = try Self.faulting("movi a2, 0x700\n slli a2, a2, 20\n jx a2")
    #expect(j.run(to: "handler", limit: 20))
    #expect([j.core.special(232), j.core.special(177), j.core.special(238)] == [2, 0x7000_0000, 0x7000_0000])
    // Region 0 without access, as the firmware sets it: null pointers.
    let forbid = "movi a2, 0\n movi a3, 15\n wdtlb a3, a2\n witlb a3, a2\n dsync\n"
    expect(try Self.faulting(forbid + "at:\n l32i a3, a2, 4"), cause: 28, at: "at", address: 4)
    expect(try Self.faulting(forbid + "at:\n s8i a3, a2, 5"), cause: 29, at: "at", address: 5)
    let t = try Self.faulting(forbid + "jx a2")
    #expect(t.run(to: "handler", limit: 20))
    #expect(t.core.special(232) == 20)
    #expect(t.core.special(177) == 0)
    // And the region of the data, whose short way must close.
    let u = try Self.faulting("movi a2, 1\n slli a2, a2, 29\n movi a3, 15\n wdtlb a3, a2\n rdtlb1 a4, a2\n movi a5, 0x3ff\n slli a5, a5, 20\n movi a6, 0xc4\n slli a6, a6, 12\n add a5, a5, a6\n at:\n l32i a6, a5, 0")
    expect(u, cause: 28, at: "at", address: 0x3FFC_4000)
    #expect(u.core[a: 4] == 0x2000_000F)
  }
  @Test func coprocessorsMustBeEnabled() throws {
    for text in ["add.s f1, f2, f3", "lsi f1, a2, 0", "wfr f1, a2", "const.s f1, 1", "oeq.s b0, f1, f2", "movt.s f1, f2, b3", "div0.s f1, f2"] {
      expect(try Self.faulting("movi a2, 0xfe\n wsr.cpenable a2\n rsync\n at:\n \(text)"), cause: 32, at: "at")
    }
  }

  // MARK: Interrupts and timers

  static func interrupted(_ text: String, vector: UInt32, _ handler: String, _ configuration: Configuration = .lx6) throws -> TestCore {
    let t = TestCore(configuration)
    try t.load(handler, at: TestCore.code + vector)
    try t.load(text)
    return t
  }
  @Test func aLevel1InterruptFollowsItsLine() throws {
    let t = try Self.interrupted("movi a2, 8\n wsr.intenable a2\n loop:\n addi a3, a3, 1\n j loop", vector: 0x300, "rsr.exccause a5\n addi a4, a4, 1\n taken:\n nop\n rfe")
    t.run(cycles: 100)
    #expect(t.core[a: 4] == 0)
    t.core.setInterrupt(3, true)
    t.run(cycles: 20)
    #expect(t.core[a: 4] >= 1)
    #expect(t.core[a: 5] == 4)
    #expect(t.core.special(226) == 8)
    t.core.setInterrupt(3, false)
    t.run(cycles: 20)
    let n = t.core[a: 4]
    t.run(cycles: 100)
    #expect(t.core[a: 4] == n)
  }
  @Test func anEdgeIsLatchedAndCleared() throws {
    let t = try Self.interrupted("movi a2, 1024\n wsr.intenable a2\n loop:\n addi a3, a3, 1\n j loop", vector: 0x300, "movi a6, 1024\n wsr.intclear a6\n addi a4, a4, 1\n rfe")
    t.run(cycles: 50)
    t.core.setInterrupt(10, true)
    t.core.setInterrupt(10, false)
    t.run(cycles: 100)
    #expect(t.core[a: 4] == 1)
    t.core.setInterrupt(10, true)
    t.run(cycles: 100)
    #expect(t.core[a: 4] == 2)
  }
  @Test func higherLevelsSaveTheirOwnState() throws {
    // Interrupt 29: software, level 3.
    let t = try Self.interrupted("movi a2, 1\n slli a2, a2, 29\n wsr.intenable a2\n wsr.intset a2\n after:\n nop\n end:\n j end", vector: 0x1C0, "wsr.intclear a2\n rsr.ps a7\n rsr.eps3 a8\n rsr.epc3 a9\n rfi 3")
    t.run(cycles: 100)
    #expect(t.core[a: 7] == 0x40013)
    #expect(t.core[a: 8] == 0x40000)
    #expect(t.core[a: 9] == t.labels["after"])
    #expect(t.core.programCounter == t.labels["end"])
    #expect(t.core.special(230) == 0x40000)
  }
  @Test func masksByLevel() throws {
    let t = try Self.interrupted("rsil a5, 3\n movi a2, 1\n slli a2, a2, 29\n wsr.intenable a2\n wsr.intset a2\n nop\n nop\n at:\n rsil a6, 2\n end:\n j end", vector: 0x1C0, "wsr.intclear a2\n movi a4, 1\n rsr.epc3 a9\n rfi 3")
    t.run(cycles: 100)
    #expect(t.core[a: 4] == 1)
    #expect(t.core[a: 9] == t.labels["end"])
    #expect(t.core[a: 6] == 0x40003)
  }
  @Test func theNonMaskableInterruptNeedsNoEnable() throws {
    for (c, vector, n) in [(Configuration.lx106, UInt32(0x20), 3), (.lx6, 0x2C0, 7)] {
      let t = try Self.interrupted("end:\n j end", vector: vector, "addi a4, a4, 1\n rfi \(n)", c)
      t.run(cycles: 50)
      t.core.setInterrupt(14, true)
      t.run(cycles: 50)
      #expect(t.core[a: 4] == 1)
      t.core.setInterrupt(14, false)
      t.core.setInterrupt(14, true)
      t.run(cycles: 50)
      #expect(t.core[a: 4] == 2)
    }
  }
  @Test func timersMatchToTheCycle() throws {
    let t = try Self.interrupted("movi a2, 64\n wsr.intenable a2\n rsr.ccount a3\n addmi a3, a3, 1024\n wsr.ccompare0 a3\n loop:\n j loop", vector: 0x300, "rsr.ccount a4\n addmi a3, a3, 1024\n wsr.ccompare0 a3\n addi a5, a5, 1\n rfe")
    t.run(cycles: 10_300)
    #expect(t.core[a: 5] == 10)
    let late = t.core[a: 4] &- (t.core[a: 3] &- 1024)
    #expect(late < 12, "taken \(late) cycles after the match")
    #expect(t.core.special(226) & 64 == 0)
  }
  @Test func aTimerIsPendingUntilItsRegisterIsWritten() throws {
    let t = TestCore()
    try t.load("rsr.ccount a3\n addi a3, a3, 50\n wsr.ccompare1 a3\n loop:\n j loop")
    t.run(cycles: 200)
    #expect(t.core.special(226) == 1 << 15)
    t.core.setSpecial(227, 1 << 15)
    #expect(t.core.special(226) == 1 << 15)
    t.core.setSpecial(241, 0)
    #expect(t.core.special(226) == 0)
  }
  @Test func waitingCostsNothingAndEndsWithAnInterrupt() throws {
    let t = try Self.interrupted("movi a2, 64\n wsr.intenable a2\n rsr.ccount a3\n movi a6, 1\n slli a6, a6, 20\n add a3, a3, a6\n wsr.ccompare0 a3\n waiti 0\n after:\n addi a7, a7, 1\n end:\n j end", vector: 0x300, "rsr.epc1 a8\n rsr.ccount a4\n movi a5, 0\n wsr.ccompare0 a5\n rfe")
    t.run(cycles: 1_000_000)
    #expect(t.core.isWaiting)
    #expect(t.core.instructions.pointee < 20)
    t.run(cycles: 100_000)
    #expect(t.core[a: 7] == 1)
    #expect(t.core[a: 8] == t.labels["after"])
    #expect(t.core[a: 4] &- t.core[a: 3] < 20)
  }
  @Test func aFrequencyChangeMovesTimers() throws {
    let t = try Self.interrupted("movi a2, 64\n wsr.intenable a2\n movi a3, 1\n slli a3, a3, 16\n wsr.ccompare0 a3\n waiti 0\n end:\n j end", vector: 0x300, "rsr.ccount a4\n movi a2, 0\n wsr.intenable a2\n rfe")
    t.run(cycles: 1000)
    t.machine.setFrequency256(4_000_000 * 256, of: t.core.clock)
    t.machine.run(until: t.machine.now + 20_000 * 1_000_000)
    #expect(t.core[a: 4] >= 65536 && t.core[a: 4] < 65560, "\(t.core[a: 4])")
  }
  @Test func aStalledCoreDoesNotWake() throws {
    let t = try Self.interrupted("movi a2, 8\n wsr.intenable a2\n loop:\n addi a3, a3, 1\n j loop", vector: 0x300, "addi a4, a4, 1\n rfe")
    t.run(cycles: 100)
    t.core.isStalled = true
    let n = t.core[a: 3]
    t.core.setInterrupt(3, true)
    t.run(cycles: 100)
    #expect(t.core[a: 3] == n)
    #expect(t.core[a: 4] == 0)
    t.core.isStalled = false
    t.run(cycles: 100)
    #expect(t.core[a: 4] > 0)
  }

  // MARK: Synchronisation, debugging

  @Test func compareAndStore() throws {
    let t = try Self.windowed("addi a1, a1, -64\n movi a2, 5\n s32i a2, a1, 0\n movi a3, 5\n wsr.scompare1 a3\n movi a4, 9\n s32c1i a4, a1, 0\n movi a5, 7\n s32c1i a5, a1, 0\n l32i a6, a1, 0\n end:\n j end")
    #expect(t.run(to: "end"))
    #expect([t.core[a: 4], t.core[a: 5], t.core[a: 6]] == [5, 9, 9])
  }
  @Test func breakRaisesDebugBelowItsLevel() throws {
    let t = try Self.interrupted("nop\n at:\n break 1, 2", vector: 0x280, "taken:\n j taken")
    #expect(t.run(to: "taken", limit: 10))
    #expect(t.core.special(233) == 8)
    #expect(t.core.special(182) == t.labels["at"])
    let u = try Self.interrupted("rsil a2, 6\n break.n 1\n end:\n j end", vector: 0x280, "taken:\n j taken")
    #expect(u.run(to: "end", limit: 10))
  }
  @Test func instructionAndDataBreakpoints() throws {
    let t = try Self.interrupted("movi a2, 1\n wsr.ibreakenable a2\n isync\n nop\n at:\n nop\n end:\n j end", vector: 0x280, "taken:\n j taken")
    t.core.setSpecial(128, t.labels["at"]!)
    #expect(t.run(to: "taken", limit: 20))
    #expect(t.core.special(233) == 2)
    #expect(t.core.special(182) == t.labels["at"])
    let u = try Self.interrupted(Self.stack + "movi a2, -1\n slli a3, a2, 31\n addi a3, a3, 0x3c\n wsr.dbreakc0 a3\n addi a4, a1, -64\n wsr.dbreaka0 a4\n isync\n l32i a5, a4, 0\n at:\n s32i a5, a4, 0\n end:\n j end", vector: 0x280, "taken:\n j taken")
    #expect(u.run(to: "taken", limit: 40))
    #expect(u.core.special(233) == 4)
    #expect(u.core.special(182) == u.labels["at"])
  }
  /// A data breakpoint that moves to another page leaves the first, and in its own page it is hit at its word only.
  @Test func aDataBreakpointMoves() throws {
    let t = try Self.interrupted(
      Self.stack + "movi a2, -1\n slli a3, a2, 31\n addi a3, a3, 0x3c\n addi a4, a1, -64\n wsr.dbreaka0 a4\n wsr.dbreakc0 a3\n isync\n movi a5, 1\n slli a5, a5, 12\n sub a6, a4, a5\n wsr.dbreaka0 a6\n isync\n"
        + " s32i a5, a4, 0\n s32i a5, a6, 4\n l32i a7, a6, 4\n at:\n s32i a5, a6, 0\n end:\n j end", vector: 0x280, "taken:\n j taken")
    #expect(t.run(to: "taken", limit: 60))
    #expect(t.core.special(182) == t.labels["at"] && t.core[a: 7] == 0x1000)
  }
  @Test func theInstructionCounter() throws {
    let t = try Self.interrupted("movi a2, -3\n wsr.icount a2\n movi a2, 1\n wsr.icountlevel a2\n isync\n addi a3, a3, 1\n addi a3, a3, 1\n addi a3, a3, 1\n end:\n j end", vector: 0x280, "taken:\n j taken")
    #expect(t.run(to: "taken", limit: 40))
    #expect(t.core.special(233) == 1)
    #expect(t.core[a: 3] == 1)
  }
  /// The LX106's debug exceptions: level 2, one breakpoint of each kind.
  @Test func debugExceptionsOfTheLX106() throws {
    for (text, cause) in [
      ("movi a2, 1\n wsr.ibreakenable a2\n isync\n nop\n at:\n nop", 2), ("movi a2, -3\n wsr.icount a2\n movi a2, 1\n wsr.icountlevel a2\n isync\n nop\n at:\n nop", 1),
      (Self.stack + "movi a2, -1\n slli a2, a2, 31\n addi a2, a2, 0x3c\n wsr.dbreakc0 a2\n wsr.dbreaka0 a3\n at:\n s32i a2, a3, 0", 4), ("at:\n break 1, 2", 8),
    ] as [(String, UInt32)] {
      let t = try Self.interrupted(text + "\n end:\n j end", vector: 0x10, "taken:\n j taken", .lx106)
      t.core.setSpecial(128, t.labels["at"]!)
      #expect(t.run(to: "taken", limit: 40), "\(text)")
      // DEBUGCAUSE, EPC2, EPS2, and INTLEVEL 2 with EXCM.
      #expect([t.core.special(233), t.core.special(178), t.core.special(194), t.core.special(230) & 0x1F] == [cause, t.labels["at"]!, 0, 0x12], "\(text)")
    }
  }
  /// A breakpoint for loads sees a literal's, too.
  @Test func literalsAreLoads() throws {
    let t = try Self.interrupted("movi a2, 1\n slli a2, a2, 30\n addi a2, a2, 0x3c\n wsr.dbreakc0 a2\n isync\n at:\n l32r a4, 0x40080ffc\n end:\n j end", vector: 0x280, "taken:\n j taken")
    t.core.setSpecial(144, TestCore.code + 0xFFC)
    #expect(t.run(to: "taken", limit: 20))
    #expect(t.core.special(233) == 4 && t.core.special(182) == t.labels["at"])
  }
  @Test func cyclesOfLoopsAndLoads() throws {
    func cycles(_ text: String, _ configuration: Configuration) throws -> UInt64 {
      let t = TestCore(configuration)
      t.core[a: 1] = TestCore.data
      try t.load("movi a3, 100\n again:\n" + text + "addi.n a3, a3, -1\n bnez a3, again\n end:\n j end")
      #expect(t.run(to: "again", limit: 5))
      let start = t.core.cycles.pointee
      #expect(t.run(to: "end", limit: 2000))
      return (t.core.cycles.pointee - start) / 99
    }
    #expect(try cycles("", .lx6) == 5)
    #expect(try cycles("", .lx106) == 4)
    let address = "l32i a4, a1, 0\n"
    #expect(try cycles(address + "mov.n a5, a6\n", .lx6) == 7)
    #expect(try cycles(address + "mov.n a5, a4\n", .lx6) == 9)
    #expect(try cycles(address + "mov.n a5, a4\n", .lx106) == 7)
  }
  @Test func shiftsByThirtyTwo() throws {
    // SSL of 0 sets SAR to 32: SRL gives 0, SRA the sign (§8, SRL and SRA).
    let t = TestCore()
    try t.load("movi a2, -5\n movi a3, 0\n ssl a3\n srl a4, a2\n sra a5, a2\n sll a6, a2\n rsr.sar a7\n end:\n j end")
    t.run(to: "end")
    #expect([t.core[a: 4], t.core[a: 5], t.core[a: 6], t.core[a: 7]] == [0, .max, UInt32(bitPattern: -5), 32])
  }
  @Test func highHalvesOfProducts() throws {
    var r = Oracle.Random(state: 77)
    let t = TestCore()
    try t.load("start:\n muluh a4, a2, a3\n mulsh a5, a2, a3\n end:\n j end")
    for _ in 0..<500 {
      let a = r.next(), b = r.below(4) == 0 ? 0x8000_0000 : r.next()
      t.core[a: 2] = a
      t.core[a: 3] = b
      t.core.setProgramCounter(t.labels["start"]!)
      t.run(to: "end")
      #expect(t.core[a: 4] == a.multipliedFullWidth(by: b).high)
      #expect(t.core[a: 5] == UInt32(bitPattern: Int32(bitPattern: a).multipliedFullWidth(by: Int32(bitPattern: b)).high))
    }
  }
}
