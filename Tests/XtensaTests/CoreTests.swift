import Machine
import Testing

@testable import Xtensa

@Suite struct CoreTests {
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
  @Test func callAndReturnThroughTheWindow() throws {
    let t = TestCore()
    try t.load("movi a1, 0x700\n addmi a1, a1, 0x7f00\n movi a10, 5\n call8 f\n mov.n a2, a10\n end:\n j end\n .align 4\n f:\n entry a1, 32\n addi a2, a2, 7\n retw.n")
    #expect(t.run(to: "end", limit: 50))
    #expect(t.core[a: 2] == 12)
    #expect(t.core.special(73) == 1)
  }
}
