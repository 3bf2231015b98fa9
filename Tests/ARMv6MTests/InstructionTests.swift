import Machine
import Testing

@testable import ARMv6M

/// One case per operation, titled with the instruction; results and cycles from the ARMv6-M manual and the cores' tables.
@Suite struct InstructionTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var title: String
    var code: [UInt32]
    var given: [Int: UInt32]
    var expect: [Int: UInt32]
    /// N Z C V before and after, as bits 3 to 0.
    var flags: UInt32, after: UInt32
    /// Cycles of the M0+ and of the M0.
    var plus: UInt64, zero: UInt64
    var testDescription: String { title }
    init(_ title: String, _ code: [UInt32], _ given: [Int: UInt32] = [:], _ expect: [Int: UInt32] = [:], flags: UInt32 = 0, after: UInt32? = nil, cycles: (UInt64, UInt64) = (1, 1)) {
      self.title = title
      self.code = code
      self.given = given
      self.expect = expect
      self.flags = flags
      self.after = after ?? flags
      (plus, zero) = cycles
    }
  }
  // The program is at 0x20000400, data at 0x20002000 (0x80818283, then 0x84858687), the stack at 0x20003000.
  static let data: UInt32 = 0x2000_2000
  static let cases: [Case] = [
    Case("lsls r0, r1, #4", [0x0108], [1: 0xF000_0001], [0: 0x10], after: 0b0010),
    Case("movs r0, r1", [0x0008], [1: 0x8000_0000], [0: 0x8000_0000], flags: 0b0011, after: 0b1011),
    Case("lsrs r0, r1, #32", [0x0808], [1: 0x8000_0000], [0: 0], after: 0b0110),
    Case("asrs r0, r1, #32", [0x1008], [1: 0x8000_0000], [0: 0xFFFF_FFFF], after: 0b1010),
    Case("adds r0, r1, r2", [0x1888], [1: 0x7FFF_FFFF, 2: 1], [0: 0x8000_0000], after: 0b1001),
    Case("subs r0, r1, r2", [0x1A88], [1: 0x8000_0000, 2: 1], [0: 0x7FFF_FFFF], after: 0b0011),
    Case("adds r0, r1, #7", [0x1DC8], [1: 0xFFFF_FFF9], [0: 0], after: 0b0110),
    Case("subs r0, r1, #1", [0x1E48], [1: 0], [0: 0xFFFF_FFFF], after: 0b1000),
    Case("movs r3, #255", [0x23FF], [:], [3: 255], flags: 0b1111, after: 0b0011),
    Case("cmp r3, #5", [0x2B05], [3: 5], [3: 5], after: 0b0110),
    Case("adds r3, #200", [0x33C8], [3: 100], [3: 300], after: 0),
    Case("subs r3, #200", [0x3BC8], [3: 100], [3: 0xFFFF_FF9C], after: 0b1000),
    Case("ands r0, r1", [0x4008], [0: 0xF0F0, 1: 0x0F0F], [0: 0], flags: 0b0011, after: 0b0111),
    Case("eors r0, r1", [0x4048], [0: 0xFFFF_0000, 1: 0x0FFF_FFFF], [0: 0xF000_FFFF], after: 0b1000),
    Case("lsls r0, r1", [0x4088], [0: 3, 1: 31], [0: 0x8000_0000], after: 0b1010),
    Case("lsls r0, r1 by 33", [0x4088], [0: 3, 1: 33], [0: 0], flags: 0b0010, after: 0b0100),
    Case("lsrs r0, r1", [0x40C8], [0: 0x8000_0001, 1: 1], [0: 0x4000_0000], after: 0b0010),
    Case("asrs r0, r1", [0x4108], [0: 0x8000_0000, 1: 200], [0: 0xFFFF_FFFF], after: 0b1010),
    Case("adcs r0, r1", [0x4148], [0: 0xFFFF_FFFF, 1: 0], [0: 0], flags: 0b0010, after: 0b0110),
    Case("sbcs r0, r1", [0x4188], [0: 5, 1: 5], [0: 0xFFFF_FFFF], after: 0b1000),
    Case("rors r0, r1", [0x41C8], [0: 1, 1: 1], [0: 0x8000_0000], after: 0b1010),
    Case("tst r0, r1", [0x4208], [0: 1, 1: 2], [0: 1], flags: 0b0010, after: 0b0110),
    Case("negs r0, r1", [0x4248], [1: 0x8000_0000], [0: 0x8000_0000], after: 0b1001),
    Case("cmp r0, r1", [0x4288], [0: 1, 1: 2], [0: 1], after: 0b1000),
    Case("cmn r0, r1", [0x42C8], [0: 0xFFFF_FFFF, 1: 1], [0: 0xFFFF_FFFF], after: 0b0110),
    Case("orrs r0, r1", [0x4308], [0: 0x10, 1: 1], [0: 0x11], flags: 0b1000, after: 0),
    Case("muls r0, r1", [0x4348], [0: 0x10001, 1: 0x10001], [0: 0x20001], flags: 0b0011, after: 0b0011),
    Case("bics r0, r1", [0x4388], [0: 0xFF, 1: 0x0F], [0: 0xF0]),
    Case("mvns r0, r1", [0x43C8], [1: 0], [0: 0xFFFF_FFFF], after: 0b1000),
    Case("add r8, r1", [0x4488], [8: 1, 1: 2], [8: 3], flags: 0b1111),
    Case("add r0, pc", [0x4478], [0: 0], [0: 0x2000_0404]),
    Case("cmp r8, r9", [0x45C8], [8: 2, 9: 1], [8: 2], after: 0b0010),
    Case("mov r8, r1", [0x4688], [1: 0], [8: 0], flags: 0b1111),
    Case("mov pc, r1", [0x468F], [1: 0x2000_0420], [15: 0x2000_0420], cycles: (2, 3)),
    Case("bx r1", [0x4708], [1: 0x2000_0421], [15: 0x2000_0420], cycles: (2, 3)),
    Case("blx r1", [0x4788], [1: 0x2000_0421], [14: 0x2000_0403, 15: 0x2000_0420], cycles: (2, 3)),
    Case("ldr r0, [pc, #4]", [0x4801, 0, 0, 0, 0x5678, 0x1234], [:], [0: 0x1234_5678], cycles: (2, 2)),
    Case("str r0, [r1, r2]", [0x5088], [0: 0xCAFE_F00D, 1: data, 2: 8], [100: 0xCAFE_F00D], cycles: (2, 2)),
    Case("strh r0, [r1, r2]", [0x5288], [0: 0xCAFE_F00D, 1: data, 2: 8], [100: 0xF00D], cycles: (2, 2)),
    Case("strb r0, [r1, r2]", [0x5488], [0: 0xCAFE_F00D, 1: data, 2: 9], [100: 0x0D00], cycles: (2, 2)),
    Case("ldrsb r0, [r1, r2]", [0x5688], [1: data, 2: 3], [0: 0xFFFF_FF80], cycles: (2, 2)),
    Case("ldr r0, [r1, r2]", [0x5888], [1: data, 2: 4], [0: 0x8485_8687], cycles: (2, 2)),
    Case("ldrh r0, [r1, r2]", [0x5A88], [1: data, 2: 2], [0: 0x8081], cycles: (2, 2)),
    Case("ldrb r0, [r1, r2]", [0x5C88], [1: data, 2: 1], [0: 0x82], cycles: (2, 2)),
    Case("ldrsh r0, [r1, r2]", [0x5E88], [1: data, 2: 2], [0: 0xFFFF_8081], cycles: (2, 2)),
    Case("str r0, [r1, #8]", [0x6088], [0: 7, 1: data], [100: 7], cycles: (2, 2)),
    Case("ldr r0, [r1, #4]", [0x6848], [1: data], [0: 0x8485_8687], cycles: (2, 2)),
    Case("strb r0, [r1, #8]", [0x7208], [0: 0x107, 1: data], [100: 7], cycles: (2, 2)),
    Case("ldrb r0, [r1, #3]", [0x78C8], [1: data], [0: 0x80], cycles: (2, 2)),
    Case("strh r0, [r1, #8]", [0x8108], [0: 0x1_0007, 1: data], [100: 7], cycles: (2, 2)),
    Case("ldrh r0, [r1, #2]", [0x8848], [1: data], [0: 0x8081], cycles: (2, 2)),
    Case("str r0, [sp, #4]", [0x9001], [0: 9, 13: data + 4], [100: 9], cycles: (2, 2)),
    Case("ldr r0, [sp, #4]", [0x9801], [13: data], [0: 0x8485_8687], cycles: (2, 2)),
    Case("add r0, pc, #8", [0xA002], [:], [0: 0x2000_040C]),
    Case("add r0, sp, #8", [0xA802], [:], [0: 0x2000_3008]),
    Case("add sp, #8", [0xB002], [:], [13: 0x2000_3008]),
    Case("sub sp, #8", [0xB082], [:], [13: 0x2000_2FF8]),
    Case("sxth r0, r1", [0xB208], [1: 0x18000], [0: 0xFFFF_8000]),
    Case("sxtb r0, r1", [0xB248], [1: 0x180], [0: 0xFFFF_FF80]),
    Case("uxth r0, r1", [0xB288], [1: 0x18000], [0: 0x8000]),
    Case("uxtb r0, r1", [0xB2C8], [1: 0x180], [0: 0x80]),
    Case("push {r0, lr}", [0xB501], [0: 5, 14: 6, 13: data + 16], [13: data + 8, 100: 5, 101: 6], cycles: (3, 3)),
    Case("pop {r0, r1}", [0xBC03], [13: data], [0: 0x8081_8283, 1: 0x8485_8687, 13: data + 8], cycles: (3, 3)),
    Case("pop {pc}", [0xBD00], [13: data + 8, 100: 0x2000_0421], [15: 0x2000_0420, 13: data + 12], cycles: (4, 5)),
    Case("cpsid i", [0xB672], [:], [102: 1]),
    Case("rev r0, r1", [0xBA08], [1: 0x0102_0304], [0: 0x0403_0201]),
    Case("rev16 r0, r1", [0xBA48], [1: 0x0102_0304], [0: 0x0201_0403]),
    Case("revsh r0, r1", [0xBAC8], [1: 0x80], [0: 0xFFFF_8000]),
    Case("nop", [0xBF00], [:], [15: 0x2000_0402]),
    Case("sev", [0xBF40], [:], [15: 0x2000_0402]),
    Case("stmia r1!, {r0, r2}", [0xC105], [0: 1, 1: data + 8, 2: 2], [1: data + 16, 100: 1, 101: 2], cycles: (3, 3)),
    Case("ldmia r1!, {r0, r2}", [0xC905], [1: data], [0: 0x8081_8283, 1: data + 8, 2: 0x8485_8687], cycles: (3, 3)),
    Case("ldmia r1, {r0, r1}", [0xC903], [1: data], [0: 0x8081_8283, 1: 0x8485_8687], cycles: (3, 3)),
    Case("beq taken", [0xD006], [:], [15: 0x2000_0410], flags: 0b0100, cycles: (2, 3)),
    Case("beq not taken", [0xD006], [:], [15: 0x2000_0402]),
    Case("bne", [0xD106], [:], [15: 0x2000_0410], cycles: (2, 3)),
    Case("bcs", [0xD206], [:], [15: 0x2000_0410], flags: 0b0010, cycles: (2, 3)),
    Case("bcc", [0xD306], [:], [15: 0x2000_0410], cycles: (2, 3)),
    Case("bmi", [0xD406], [:], [15: 0x2000_0410], flags: 0b1000, cycles: (2, 3)),
    Case("bpl", [0xD506], [:], [15: 0x2000_0410], cycles: (2, 3)),
    Case("bvs", [0xD606], [:], [15: 0x2000_0410], flags: 0b0001, cycles: (2, 3)),
    Case("bvc", [0xD706], [:], [15: 0x2000_0410], cycles: (2, 3)),
    Case("bhi", [0xD806], [:], [15: 0x2000_0410], flags: 0b0010, cycles: (2, 3)),
    Case("bhi not taken on equal", [0xD806], [:], [15: 0x2000_0402], flags: 0b0110),
    Case("bls", [0xD906], [:], [15: 0x2000_0410], flags: 0b0110, cycles: (2, 3)),
    Case("bge", [0xDA06], [:], [15: 0x2000_0410], flags: 0b1001, cycles: (2, 3)),
    Case("blt", [0xDB06], [:], [15: 0x2000_0410], flags: 0b1000, cycles: (2, 3)),
    Case("bgt", [0xDC06], [:], [15: 0x2000_0410], cycles: (2, 3)),
    Case("bgt not taken on equal", [0xDC06], [:], [15: 0x2000_0402], flags: 0b0100),
    Case("ble", [0xDD06], [:], [15: 0x2000_0410], flags: 0b0100, cycles: (2, 3)),
    Case("b backwards", [0xE7F0], [:], [15: 0x2000_03E4], cycles: (2, 3)),
    Case("bl", [0xF000, 0xF806], [:], [14: 0x2000_0405, 15: 0x2000_0410], cycles: (3, 4)),
    Case("mrs r0, APSR", [0xF3EF, 0x8000], [:], [0: 0xA000_0000], flags: 0b1010, cycles: (3, 4)),
    Case("msr APSR, r0", [0xF380, 0x8800], [0: 0x5000_0000], [:], flags: 0b1010, after: 0b0101, cycles: (3, 4)),
    Case("msr PSP, r0; the stack in use stays", [0xF380, 0x8809], [0: 0x2000_2803], [13: 0x2000_3000, 103: 0x2000_2800], cycles: (3, 4)),
    Case("dsb", [0xF3BF, 0x8F4F], [:], [15: 0x2000_0404], cycles: (3, 4)),
    Case("dmb", [0xF3BF, 0x8F5F], [:], [15: 0x2000_0404], cycles: (3, 4)),
    Case("isb", [0xF3BF, 0x8F6F], [:], [15: 0x2000_0404], cycles: (3, 4)),
  ]

  @Test(arguments: cases) func instruction(_ c: Case) {
    for (variant, cycles) in [(CortexM0.Variant.rp2040, c.plus), (.m0, c.zero)] {
      let t = TestCore(variant)
      t.writeWord(0x8081_8283, at: Self.data)
      t.writeWord(0x8485_8687, at: Self.data + 4)
      t.write(c.code, at: 0x2000_0400)
      t.core.start(entry: 0x2000_0401, stack: 0x2000_3000)
      for (r, v) in c.given { if r < 16 { t.core.registers[r] = v } else { t.writeWord(v, at: Self.data + 8) } }
      t.core.apsr = c.flags << 28
      let before = t.core.cycles.pointee
      t.core.limit.pointee = before + 1
      t.core.run()
      #expect(t.core.cycles.pointee - before == cycles, "cycles")
      #expect(t.core.apsr >> 28 == c.after, "flags \(String(t.core.apsr >> 28, radix: 2))")
      for (r, v) in c.expect {
        let actual: UInt32 =
          switch r {
          case 100: t.readWord(Self.data + 8)
          case 101: t.readWord(Self.data + 12)
          case 102: t.core.primask ? 1 : 0
          case 103: t.core.psp
          default: t.core.registers[r]
          }
        #expect(actual == v, "\(r < 16 ? "r\(r)" : "place \(r)"): 0x\(String(actual, radix: 16)), not 0x\(String(v, radix: 16))")
      }
      if c.expect[15] == nil { #expect(t.core.registers[15] == 0x2000_0400 + (Op.isWide(c.code[0]) ? 4 : 2)) }
    }
  }

  /// Those that act on the core: a breakpoint, hints, calls.
  @Test func bkptStopsWithADebuggerAndFaultsWithout() {
    let t = TestCore()
    t.write([0xBE05], at: 0x2000_0400)
    t.core.start(entry: 0x2000_0401, stack: 0x2000_3000)
    var taken = false
    t.core.onBreakpoint = { core in
      taken = true
      core.stop = StopReason(.breakpoint, "")
      return true
    }
    t.core.limit.pointee = 10
    t.core.run()
    #expect(taken && t.core.registers[15] == 0x2000_0400)
  }
}
