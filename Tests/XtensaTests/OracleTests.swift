import Foundation
import Machine
import Testing

@testable import Processor
@testable import Xtensa

/// Random programs: registers and memory as QEMU leaves them.
@Suite(.serialized, .enabled(if: Oracle.qemu != nil, "qemu-system-xtensa is not installed (Debian package qemu-system-misc)")) struct OracleTests {
  typealias Random = Oracle.Random
  /// A program's block: at 0 its registers, at 64 SAR and more, at 128 memory, at 512 the registers it leaves, at 576 SAR and more.
  static let block = 1024
  static let specials = ["sar", "acclo", "acchi", "m0", "m1", "m2", "m3"]

  /// Skips a three-byte instruction that raised an exception, and counts in a word of the block.
  static let handler = """
    wsr.excsave2 a0
    rsr.epc1 a0
    addi a0, a0, 3
    wsr.epc1 a0
    rsr.excsave2 a0
    rfe
    """

  /// One instruction of the body, which may name any register but a1 as its result.
  static func instruction(_ r: inout Random, _ rows: [Row]) -> (UInt32, Int) {
    while true {
      let row = r.of(rows), e = row.encoding
      var word = e.value | r.next() & ~e.mask & (row.size == 2 ? 0xFFFF : 0xFF_FFFF)
      if [.any4, .all4, .any8, .all8].contains(e.op) { word &= e.op == .any4 || e.op == .all4 ? ~0x300 : ~0x700 }  // reserved bits
      guard Op.row(of: word, [.core, .windowed, .loops, .mul32High, .div32, .mac16, .misc, .booleans, .conditionalStore, .multiprocessor, .lx6])?.encoding.assembly == e.assembly else { continue }
      // A shift by 32 is reserved.
      if e.op == .slli, row.immediate?.value(e, word, pc: 0) == 32 { continue }
      if e.op.isMemory {
        // a1 is the base, the offset within the block's memory.
        word = word & ~0xF00 | 0x100
        switch e.op {
        case .l8ui, .s8i: word = word & 0xFFFF | UInt32(128 + r.below(127)) << 16
        case .l16ui, .l16si, .s16i: word = word & 0xFFFF | UInt32(64 + r.below(190)) << 16
        case .l32i, .s32i: if row.size == 3, word & 0xF == 2 { word = word & 0xFFFF | UInt32(32 + r.below(96)) << 16 } else { continue }
        default: continue
        }
      }
      let written = e.op == .moviN ? "s" : row.addressRegisters.first.map(String.init) ?? ""
      if let c = written.first, e.op.writesFirst, e.field(c, word) == 1 { continue }
      return (word, row.size)
    }
  }

  /// Programs of straight code, forward branches and loops; the image with its entry, and how many instructions it holds.
  static func image(seed: UInt64, programs: Int, target: Oracle.Target, _ configuration: Configuration, options: Configuration.Options, specials: [String]) throws -> (bytes: [UInt8], entry: UInt32, data: Int, instructions: Int, texts: [[String]]) {
    var r = Random(state: seed)
    let rows = Op.rows.filter { row in
      options.isSuperset(of: row.option) && row.coprocessor == nil && !row.encoding.op.leavesTheProgram && row.size < 4
    }
    let branches = Op.rows.filter { options.isSuperset(of: $0.option) && $0.encoding.op.isBranch }
    let loops = Op.rows.filter { options.isSuperset(of: $0.option) && [.loop, .loopnez, .loopgtz].contains($0.encoding.op) }
    // Vectors first; the handler at the kernel's and the user's.
    var bytes = [UInt8](repeating: 0, count: 0x400)
    for vector in [configuration.kernelVector, configuration.userVector] {
      let h = try Assembler(handler, at: target.base, configuration).bytes
      bytes.replaceSubrange(Int(vector)..<(Int(vector) + h.count), with: h)
    }
    let entry = target.base + 0x400
    // The blocks' place is known when the code's length is: it gets a fixed room.
    let room = 0x400 + programs * 420, data = (room + 0xFFF) & ~0xFFF
    let start = target.base + UInt32(data), end = start + UInt32(programs * block)
    func constant(_ a: Int, _ v: UInt32) -> String {
      "movi a\(a), \(v >> 22)\n slli a\(a), a\(a), 11\n movi a15, \(v >> 11 & 0x7FF)\n or a\(a), a\(a), a15\n slli a\(a), a\(a), 11\n movi a15, \(v & 0x7FF)\n or a\(a), a\(a), a15\n"
    }
    var text = constant(2, target.base) + "wsr.vecbase a2\n movi a2, 0\n wsr.ps a2\n isync\n"
    if options.contains(.windowed) { text += "movi a2, 1\n wsr.windowstart a2\n movi a2, 0\n wsr.windowbase a2\n rsync\n" }
    text += constant(2, start) + "wsr.excsave1 a2\n"
    bytes += try Assembler(text, at: entry, configuration).bytes
    var prologue = "rsr.excsave1 a1\n"
    for (i, s) in specials.enumerated() { prologue += "l32i a0, a1, \(64 + i * 4)\n wsr.\(s) a0\n" }
    prologue += (0..<16).filter { $0 != 1 }.map { "l32i a\($0), a1, \($0 * 4)\n" }.joined()
    var epilogue = (0..<16).map { "s32i a\($0), a1, \(512 + $0 * 4)\n" }.joined()
    for (i, s) in specials.enumerated() { epilogue += "rsr.\(s) a0\n s32i a0, a1, \(576 + i * 4)\n" }
    epilogue += "addmi a1, a1, 1024\n wsr.excsave1 a1\n"
    let head = try Assembler(prologue, at: target.base, configuration).bytes, tail = try Assembler(epilogue, at: target.base, configuration).bytes
    var instructions = 0, texts: [[String]] = []
    for _ in 0..<programs {
      bytes += head
      var body: [(UInt32, Int)] = []
      while body.reduce(0, { $0 + $1.1 }) < 150 {
        let pick = r.below(10)
        if pick < 8 || (pick == 9 && loops.isEmpty) {
          let i = instruction(&r, rows), op = Op.row(of: i.0, configuration.options)?.encoding.op
          // SRL and SRA by 32, which SSL sets, give 0 or the sign; QEMU 7.2 leaves the register.
          if op == .srl || op == .sra { body.append((0x400000 | UInt32(r.below(16)) << 8 | 0x4000 | UInt32(r.below(2)) << 4, 3)) }
          body.append(i)
        } else {
          let inner = (0..<(1 + r.below(4))).map { _ in instruction(&r, rows.filter { $0.encoding.op != .srl && $0.encoding.op != .sra }) }, size = inner.reduce(0) { $0 + $1.1 }
          let row = pick == 8 ? r.of(branches) : r.of(loops), e = row.encoding
          var word = e.value | r.next() & ~e.mask
          if row.size == 2 {
            word = word & ~0xF030 | (UInt32(size - 2) & 0xF) << 12 | (UInt32(size - 2) >> 4) << 4
          } else {
            word = e.has("i") && row.immediate == .label12 ? word & 0xFFF | UInt32(size - 1) << 12 : word & 0xFFFF | UInt32(size - 1) << 16
          }
          if pick == 9 {
            // A few rounds; the counter is another register than those that the body may need.
            let counter = UInt32(2 + r.below(14))
            body.append((0xA002 | counter << 4 | UInt32(e.op == .loop ? 1 + r.below(4) : r.below(5)) << 16, 3))
            word = word & ~0xF00 | counter << 8
          }
          if row.size == 2, size < 2 { continue }
          body.append((word & (row.size == 2 ? 0xFFFF : 0xFF_FFFF), row.size))
          body += inner
        }
      }
      instructions += body.count
      var at = target.base + UInt32(bytes.count)
      texts.append(body.map { w, n in
        at += UInt32(n)
        return Disassembler.text(w, at: at - UInt32(n), configuration).text + " @\(String(at - UInt32(n), radix: 16))"
      })
      for (w, n) in body { for i in 0..<n { bytes.append(UInt8(truncatingIfNeeded: w >> UInt32(i * 8))) } }
      bytes += tail
    }
    let close = constant(4, start) + constant(5, end - start) + "movi a2, 4\n movi a3, 1\n simcall\n movi a2, 1\n movi a3, 0\n simcall\n"
    bytes += try Assembler(close, at: target.base, configuration).bytes
    try #require(bytes.count <= data, "the code is longer than its room")
    bytes += [UInt8](repeating: 0, count: data - bytes.count)
    let odd: [UInt32] = [0, 1, 2, 31, 32, 33, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 0x8000, 0xFFFF_8000, 0x10000]
    for _ in 0..<programs {
      for i in 0..<(block / 4) {
        var v = r.below(4) == 0 ? r.of(odd) : r.next()
        if i * 4 >= 512 { v = 0 }
        if i * 4 == 64 { v %= 33 }  // SAR: shifts by more are undefined
        bytes += (0..<4).map { UInt8(truncatingIfNeeded: v >> UInt32($0 * 8)) }
      }
    }
    return (bytes, entry, data, instructions, texts)
  }
  static func compare(_ ours: [UInt8], _ theirs: [UInt8], programs: Int, texts: [[String]]) throws {
    try #require(theirs.count == programs * block, "QEMU wrote \(theirs.count) bytes of \(programs * block)")
    try #require(ours.count == theirs.count, "we wrote \(ours.count) bytes of \(theirs.count)")
    var wrong: [String] = [], failed = Set<Int>()
    for p in 0..<programs {
      let a = ours[(p * block)..<((p + 1) * block)], b = theirs[(p * block)..<((p + 1) * block)]
      if a == b { continue }
      func word(_ s: ArraySlice<UInt8>, _ i: Int) -> UInt32 { (0..<4).reduce(0) { $0 | UInt32(s[s.startIndex + i * 4 + $1]) << UInt32($1 * 8) } }
      let differ = (0..<(block / 4)).filter { word(a, $0) != word(b, $0) }
      failed.insert(p)
      wrong.append("program \(p): " + differ.prefix(4).map { "\($0 >= 128 && $0 < 144 ? "a\($0 - 128)" : $0 >= 144 ? "special \($0 - 144)" : "memory \($0 * 4)") ours 0x\(String(word(a, $0), radix: 16)) theirs 0x\(String(word(b, $0), radix: 16))" }.joined(separator: ", "))
    }
    if wrong.isEmpty { return }
    // Which instructions occur in the programs that differ more than in others.
    var counts: [Substring: (all: Int, failed: Int)] = [:]
    for (p, text) in texts.enumerated() {
      for m in Set(text.map { $0.prefix { $0 != " " } }) {
        counts[m, default: (0, 0)].all += 1
        if failed.contains(p) { counts[m, default: (0, 0)].failed += 1 }
      }
    }
    let suspects = counts.sorted { $0.value.failed * 1000 / $0.value.all > $1.value.failed * 1000 / $1.value.all }.prefix(8).map { "\($0.key) \($0.value.failed)/\($0.value.all)" }
    let shortest = failed.min { texts[$0].count < texts[$1].count } ?? 0
    Issue.record("\(wrong.count) of \(programs) differ, the first: \(wrong.prefix(6).joined(separator: "\n"))\nsuspects: \(suspects.joined(separator: ", "))\nprogram \(shortest): \(texts[shortest].joined(separator: "; "))")
  }

  @Test func windowedCoreLeavesTheSameAsDC233C() throws {
    // This core has no high products and no booleans.
    let options: Configuration.Options = [.core, .windowed, .loops, .div32, .mac16, .misc, .conditionalStore, .multiprocessor]
    let i = try Self.image(seed: 0x1234_5678_9ABC_DEF1, programs: 1800, target: .dc233c, .lx6, options: options, specials: Self.specials)
    try Self.compare(Oracle.ours(i.bytes, entry: i.entry, .dc233c, .lx6), Oracle.judge(i.bytes, entry: i.entry, .dc233c), programs: 1800, texts: i.texts)
    #expect(i.instructions > 75_000)
  }
  /// Trees of calls of all three sizes, deep enough for many overflows and underflows: what every function made of its
  /// registers goes into the result. QEMU's cores have 32 registers, so they overflow elsewhere.
  @Test(arguments: [1, 2, 3, 4, 5, 6]) func callTreesThroughTheWindows(_ seed: Int) throws {
    var r = Random(state: UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 | 1)
    let target = Oracle.Target.dc233c, data = 0x8000, size = 0x4000
    var bytes = [UInt8](repeating: 0, count: data + size)
    for (offset, handler) in CoreTests.windowHandlers {
      let h = try Assembler(handler, at: target.base + offset, .lx6).bytes
      bytes.replaceSubrange(Int(offset)..<(Int(offset) + h.count), with: h)
    }
    let functions = 14, top = target.base + UInt32(data)
    var text = "movi a2, \(target.base >> 10)\n slli a2, a2, 10\n wsr.vecbase a2\n movi a2, 1\n wsr.windowstart a2\n movi a2, 0\n wsr.windowbase a2\n rsync\n movi a2, 1\n slli a2, a2, 18\n wsr.ps a2\n rsync\n"
    text += "movi a1, \((top + 0x3000) >> 10)\n slli a1, a1, 10\n addi a3, a1, -12\n s32i a1, a3, 0\n movi a10, 9\n movi a11, 77\n call8 f0\n"
    text += "movi a2, \((top + 0x3800) >> 11)\n slli a2, a2, 11\n s32i a10, a2, 0\n rsr.windowbase a3\n s32i a3, a2, 4\n rsr.windowstart a3\n s32i a3, a2, 8\n rsr.ps a3\n s32i a3, a2, 12\n"
    text += "movi a2, 4\n movi a3, 1\n movi a4, \(top >> 10)\n slli a4, a4, 10\n movi a5, \(size >> 10)\n slli a5, a5, 10\n simcall\n movi a2, 1\n movi a3, 0\n simcall\n"
    for f in 0..<functions {
      text += ".align 4\n f\(f):\n entry a1, \(64 + r.below(4) * 16)\n addi a3, a3, \(f + 1)\n beqz a2, done\(f)\n"
      for k in 0..<(1 + r.below(2)) {
        let n = 1 + r.below(3)
        for _ in 0..<r.below(3) { text += r.of(["add a4, a3, a5", "xor a5, a4, a3", "sub a6, a5, a3", "addx4 a7, a6, a3", "add.n a9, a3, a7", "xor a13, a3, a4", "mov.n a8, a13"]) + "\n" }
        text += "addi a\(4 * n + 2), a2, -1\n addi a\(4 * n + 3), a3, \(k)\n"
        text += "call\(4 * n) f\(r.below(functions))\n add a3, a3, a\(4 * n + 2)\n"
      }
      text += "done\(f):\n mov.n a2, a3\n \(r.of(["retw", "retw.n"]))\n"
    }
    let code = try Assembler(text, at: target.base + 0x400, .lx6).bytes
    try #require(0x400 + code.count < data)
    bytes.replaceSubrange(0x400..<(0x400 + code.count), with: code)
    let theirs = try Oracle.judge(bytes, entry: target.base + 0x400, target), ours = Oracle.ours(bytes, entry: target.base + 0x400, target, .lx6)
    try #require(theirs.count == size, "QEMU wrote \(theirs.count) bytes")
    try #require(ours.count == size)
    // The result, WINDOWBASE, WINDOWSTART, PS.
    #expect(ours[0x3800..<0x3810] == theirs[0x3800..<0x3810])
    #expect(ours[0x3800..<0x3804].contains { $0 != 0 })
  }
  @Test func booleansAsDE233() throws {
    let options: Configuration.Options = [.core, .windowed, .loops, .div32, .misc, .booleans]
    let i = try Self.image(seed: 0x5555_1234_AAAA_0001, programs: 600, target: .de233FPU, .lx6, options: options, specials: ["sar", "br"])
    try Self.compare(Oracle.ours(i.bytes, entry: i.entry, .de233FPU, .lx6), Oracle.judge(i.bytes, entry: i.entry, .de233FPU), programs: 600, texts: i.texts)
  }
  @Test func lx106LeavesTheSame() throws {
    let i = try Self.image(seed: 0x0F1E_2D3C_4B5A_6978, programs: 700, target: .lx106, .lx106, options: .core, specials: ["sar"])
    try Self.compare(Oracle.ours(i.bytes, entry: i.entry, .lx106, .lx106), Oracle.judge(i.bytes, entry: i.entry, .lx106), programs: 700, texts: i.texts)
    #expect(i.instructions > 25_000)
  }
}
extension Op {
  /// A load or store.
  var isMemory: Bool {
    switch self {
    case .l8ui, .l16ui, .l16si, .l32i, .l32iN, .l32r, .s8i, .s16i, .s32i, .s32iN, .s32c1i, .ldinc, .lddec, .mulaLoad: true
    default: false
    }
  }
  /// The first register of the text is the result.
  var writesFirst: Bool {
    switch self {
    case .s8i, .s16i, .s32i, .s32iN, .ssl, .ssr, .ssa8l, .ssa8b, .mul, .umul, .mula, .muls, .beqz: false
    default: true
    }
  }
  /// Not for a random program: control flow, system state.
  var leavesTheProgram: Bool {
    switch self {
    case .j, .jx, .call0, .callx0, .callw, .callxw, .ret, .retN, .retw, .retwN, .entry, .loop, .loopnez, .loopgtz, .rsr, .wsr, .xsr, .rur, .wur, .rsil, .waiti, .rfe, .rfde, .rfi, .rfwo,
      .rfwu, .rotw, .movsp, .syscall, .break, .breakN, .simcall, .debugger, .witlb, .wdtlb, .iitlb, .idtlb, .pitlb, .pdtlb, .ritlb0, .ritlb1, .rdtlb0, .rdtlb1, .rer, .wer, .illegal,
      .unmodelled, .l32r, .s32c1i, .ldinc, .lddec, .mulaLoad:
      true
    default: isBranch
    }
  }
}
