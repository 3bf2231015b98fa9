import Machine
import Testing

@testable import Xtensa

@Suite struct MemoryTests {
  @Test func codeThatChangesIsSeen() throws {
    let t = TestCore()
    // A store through the data addresses into code that was decoded.
    try t.load("start:\n movi a2, 1\n end:\n j end")
    #expect(t.run(to: "end"))
    let other = try Assembler("movi a2, 2", at: 0, .lx6).bytes
    let patched = UInt32(other[0]) | UInt32(other[1]) << 8 | UInt32(other[2]) << 16 | t.read(t.labels["start"]!) & 0xFF00_0000
    let start = t.labels["start"]!
    try t.load("s32i a3, a4, 0\n done:\n j done", at: TestCore.code + 0x2000)
    t.core[a: 3] = patched
    t.core[a: 4] = TestCore.data + (start & 0xFFFF)
    #expect(t.run(to: "done"))
    t.core.setProgramCounter(start)
    #expect(t.run(to: "end"))
    #expect(t.core[a: 2] == 2)
  }
  @Test func pagesOfAWindow() throws {
    let t = TestCore(), flash = Memory("flash", size: 0x40000, fill: 0xFF), memory = CodeMemory(flash)
    let code = t.core.addWindow(base: 0x400D_0000, size: 0x20000, .execute), data = t.core.addWindow(base: 0x3F40_0000, size: 0x20000, .bytes)
    // Three pages of flash, each with a function that says who it is; the first page runs into the next.
    for page in 0..<3 {
      let a = try Assembler("movi a2, \(page + 1)\n ret", at: 0x400D_0000, .lx6)
      for (i, b) in a.bytes.enumerated() { flash.bytes[page * 0x10000 + i] = b }
      let last = try Assembler("nop.n\n movi a3, \(page + 10)", at: 0x400D_0000, .lx6).bytes
      for (i, b) in last.prefix(2).enumerated() { flash.bytes[page * 0x10000 + 0xFFFE + i] = b }
    }
    memory.changed(offset: 0, count: 0x40000)
    func call(_ address: UInt32) -> UInt32 {
      t.core.setProgramCounter(address)
      t.core[a: 0] = TestCore.code + 0x1000
      t.core[a: 2] = 0
      return t.run(to: TestCore.code + 0x1000, limit: 20) ? t.core[a: 2] : 999
    }
    func load(_ address: UInt32) throws -> UInt32 {
      try t.load("l32i a3, a4, 0\n loaded:\n j loaded", at: TestCore.code + 0x2000)
      t.core[a: 4] = address
      t.run(to: "loaded", limit: 3)
      return t.core[a: 3]
    }
    t.core.mapPage(0, of: code, to: memory, offset: 0)
    t.core.mapPage(1, of: code, to: memory, offset: 0x10000)
    t.core.mapPage(0, of: data, to: memory, offset: 0x20000)
    #expect(call(0x400D_0000) == 1)
    #expect(call(0x400E_0000) == 2)
    #expect(call(0x400D_FFFE) == 2, "from the end of one page into the next")
    #expect(try load(0x3F40_0000) == UInt32(littleEndian: (flash.raw + 0x20000).load(as: UInt32.self)))
    t.core.mapPage(1, of: code, to: memory, offset: 0x20000)
    #expect(call(0x400E_0000) == 3)
    #expect(call(0x400D_FFFE) == 3, "the next page is another now")
    #expect(call(0x400D_0000) == 1)
    t.core.mapPage(1, of: code, to: nil)
    try t.load("handler:\n j handler", at: TestCore.code + 0x300)
    t.core.setProgramCounter(0x400E_0000)
    #expect(t.run(to: "handler", limit: 5))
    #expect(t.core.special(232) == 2)
    // And a flash write.
    t.core.setSpecial(230, 0x40000)
    let a = try Assembler("movi a2, 77\n ret", at: 0, .lx6)
    for (i, b) in a.bytes.enumerated() { flash.bytes[i] = b }
    memory.changed(offset: 0, count: UInt32(a.bytes.count))
    #expect(call(0x400D_0000) == 77)
  }
  @Test func reversedWords() throws {
    let t = TestCore(), ram = Memory("sram1", size: 0x2000), memory = CodeMemory(ram)
    t.core.addRegion(base: 0x3FFE_0000, size: 0x2000, memory: memory, .data)
    t.core.addRegion(base: 0x400B_E000, size: 0x2000, memory: memory, .instruction, reversed: true)
    // 0x3FFE0000 is 0x400BFFFC: code of three words, written from the top of the data downwards.
    let code = try Assembler("movi a2, 5\n addi a2, a2, 1\n ret\n .align 4", at: 0x400B_E100, .lx6).bytes
    for (i, b) in code.enumerated() {
      let address = 0x400B_E100 + UInt32(i), word = 0x2000 - 4 - ((address - 0x400B_E000) & ~3)
      ram.bytes[Int(word + (address & 3))] = b
    }
    memory.changed(offset: 0, count: 0x2000)
    t.core[a: 0] = TestCore.code
    t.core.setProgramCounter(0x400B_E100)
    #expect(t.run(to: TestCore.code, limit: 5))
    #expect(t.core[a: 2] == 6)
    // A store at the data side reaches the code.
    let new = try Assembler("movi a2, 7", at: 0, .lx6).bytes
    try t.load("s32i a3, a4, 0\n done:\n j done", at: TestCore.code + 0x2000)
    t.core[a: 3] = UInt32(new[0]) | UInt32(new[1]) << 8 | UInt32(new[2]) << 16 | UInt32(code[3]) << 24
    t.core[a: 4] = 0x3FFE_0000 + 0x2000 - 4 - 0x100
    #expect(t.run(to: "done"))
    t.core.setProgramCounter(0x400B_E100)
    #expect(t.run(to: TestCore.code, limit: 5))
    #expect(t.core[a: 2] == 8)
  }
  /// What one core stores into, the other has decoded.
  @Test func coresSeeEachOthersStores() throws {
    let machine = Machine(clock: Clock(hertz: 1_000_000)), bus = Bus(), ram = Memory("ram", size: 0x10000), memory = CodeMemory(ram)
    let cores = (0..<2).map { XtensaCore(name: "core\($0)", configuration: .lx6, prid: UInt32($0), bus: bus, machine: machine) }
    for c in cores {
      machine.add(c)
      c.addRegion(base: 0x4008_0000, size: 0x10000, memory: memory, .instruction)
      c.addRegion(base: 0x3FFC_0000, size: 0x10000, memory: memory, .data)
      c.setSpecial(230, 0x40000)
    }
    func put(_ text: String, _ address: UInt32) throws {
      for (i, b) in try Assembler(text, at: address, .lx6).bytes.enumerated() { ram.bytes[Int(address & 0xFFFF) + i] = b }
    }
    // Core 0 counts in a loop; core 1 turns its increment of 1 into one of 64 after a while, then goes on storing beside it.
    try put("again:\n addi a2, a2, 1\n nop.n\n j again", 0x4008_0100)
    try put("movi a3, 500\n wait:\n addi a3, a3, -1\n bnez a3, wait\n s8i a5, a4, 2\n stay:\n s32i a5, a4, 64\n j stay", 0x4008_2000)
    cores[0].setProgramCounter(0x4008_0100)
    cores[1].setProgramCounter(0x4008_2000)
    cores[1][a: 4] = 0x3FFC_0100
    cores[1][a: 5] = 64
    machine.run(until: 1_000 * 1_000_000)
    #expect(cores[0][a: 2] < 300)
    machine.run(until: 6_000 * 1_000_000)
    #expect(cores[0][a: 2] > 20_000)
  }
  @Test func pagesWithMuchDataBecomeData() throws {
    let t = TestCore()
    try t.load("movi a2, 1\n slli a2, a2, 12\n again:\n s32i a2, a4, 0\n addi a2, a2, -1\n bnez a2, again\n end:\n j end")
    // Code that ran once lies in the page that is stored to.
    try t.load("ret", at: TestCore.code + 0x3000)
    t.core[a: 0] = TestCore.code + 0x1000
    #expect(t.run(to: TestCore.code + 0x1000, limit: 3))
    #expect(t.memory.pages[3].holdsCode)
    t.core[a: 4] = TestCore.data + 0x3800
    t.run(cycles: 100_000)
    #expect(t.core[a: 2] == 0)
    #expect(!t.memory.pages[3].holdsCode)
  }
  /// A snapshot brings back mapped pages.
  @Test func restoredPages() throws {
    let t = TestCore(), flash = Memory("flash", size: 0x20000), memory = CodeMemory(flash)
    t.machine.add(flash)
    let window = t.core.addWindow(base: 0x400D_0000, size: 0x10000, .execute, memories: [memory])
    for (page, n) in [(0, 1), (1, 2)] {
      for (i, b) in try Assembler("movi a2, \(n)\n ret", at: 0, .lx6).bytes.enumerated() { flash.bytes[page * 0x10000 + i] = b }
    }
    t.core.mapPage(0, of: window, to: memory, offset: 0)
    t.core.setProgramCounter(0x400D_0000)
    t.core[a: 0] = TestCore.code
    let snapshot = t.machine.snapshot()
    t.core.mapPage(0, of: window, to: memory, offset: 0x10000)
    #expect(t.run(to: TestCore.code, limit: 3))
    #expect(t.core[a: 2] == 2)
    try t.machine.restore(snapshot)
    #expect(t.run(to: TestCore.code, limit: 3))
    #expect(t.core[a: 2] == 1)
  }
}
