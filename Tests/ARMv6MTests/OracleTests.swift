import Foundation
import Machine
import Testing

@testable import ARMv6M

/// Random programs against an independent model: registers, flags and memory equal after each.
@Suite struct OracleTests {
  struct Random {
    var state: UInt64
    mutating func next() -> UInt32 {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return UInt32(truncatingIfNeeded: state >> 16)
    }
    mutating func below(_ n: Int) -> Int { Int(next() % UInt32(n)) }
  }
  static let code: UInt32 = 0x2000_0100

  /// An instruction that leaves the program straight: no branch, no system effect.
  static func instruction(_ r: inout Random) -> [UInt32] {
    while true {
      let w = r.next() & 0xFFFF
      guard !Op.isWide(w), let e = Op.encoding(of: w, wide: false) else { continue }
      switch e.op {
      case .bx, .blx, .pop, .push, .svc, .udf, .bkpt, .wfe, .wfi, .sev, .cps, .b, .nop: continue
      case .beq, .bne, .bcs, .bcc, .bmi, .bpl, .bvs, .bvc, .bhi, .bls, .bge, .blt, .bgt, .ble: continue
      case .addHi, .movHi, .cmpHi:
        // Not to or from PC or SP; both registers low is unpredictable for CMP.
        let d = w & 7 | (w >> 4) & 8, m = (w >> 3) & 15
        if d >= 13 || m >= 13 || (e.op == .cmpHi && d < 8 && m < 8) { continue }
      case .addSP: continue
      case .stm, .ldm:
        let list = w & 0xFF, n = Int((w >> 8) & 7)
        // An empty list and a base in the list are unpredictable for STM unless it is the lowest.
        if list == 0 || list >> UInt32(n) & 1 != 0 { continue }
        return [0xA800 | UInt32(n) << 8 | (r.next() & 0x3F), w]
      case .ldrImm, .strImm, .ldrhImm, .strhImm, .ldrbImm, .strbImm:
        if w >> 12 == 9 { return [w & ~0xC0] }
        return [0xA800 | ((w >> 3) & 7) << 8 | (r.next() & 0x3F), w]
      case .ldrReg, .strReg, .ldrhReg, .strhReg, .ldrbReg, .strbReg, .ldrsbReg, .ldrshReg:
        let n = (w >> 3) & 7, m = (w >> 6) & 7
        if n == m { continue }
        return [0xA800 | n << 8 | (r.next() & 0x3F), 0x2000 | m << 8 | (r.next() & 0x7C), w]
      default: break
      }
      return [w]
    }
  }

  @Test func randomProgramsLeaveTheSameStateAsUnicorn() throws {
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Support/thumb_oracle.py")
    let probe = Process()
    probe.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    probe.arguments = ["python3", "-c", "import unicorn"]
    probe.standardError = FileHandle.nullDevice
    try probe.run()
    probe.waitUntilExit()
    try #require(probe.terminationStatus == 0, "the Python package unicorn is needed: pip install unicorn")

    var random = Random(state: 0x1234_5678_9ABC_DEF1)
    var lines: [String] = [], programs: [(registers: [UInt32], flags: UInt32, code: [UInt32])] = []
    var instructions = 0
    while instructions < 200_000 {
      var registers = (0..<16).map { _ in random.below(4) == 0 ? [0, 1, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 31, 32, 33][random.below(8)] : random.next() }
      registers[13] = 0x2000_1000
      let flags = random.next() & 15
      var code: [UInt32] = []
      while code.count < 24 { code += Self.instruction(&random) }
      instructions += code.count
      programs.append((registers, flags, code))
      func hex(_ v: UInt32, _ n: Int) -> String {
        let s = String(v, radix: 16)
        return String(repeating: "0", count: n - s.count) + s
      }
      lines.append(registers.map { hex($0, 8) }.joined() + "," + hex(flags, 1) + "," + code.map { hex($0, 4) }.joined())
    }
    let folder = FileManager.default.temporaryDirectory
    let input = folder.appendingPathComponent("thumb-\(UUID().uuidString).txt"), output = folder.appendingPathComponent("thumb-\(UUID().uuidString).out")
    try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: input)
    FileManager.default.createFile(atPath: output.path, contents: nil)
    let oracle = Process()
    oracle.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    oracle.arguments = ["python3", script.path]
    oracle.standardInput = try FileHandle(forReadingFrom: input)
    oracle.standardOutput = try FileHandle(forWritingTo: output)
    try oracle.run()
    oracle.waitUntilExit()
    let answers = try String(contentsOf: output, encoding: .utf8).split(separator: "\n")
    try #require(answers.count == programs.count)

    let test = TestCore()
    var table = [UInt32](repeating: 0, count: 256)
    for i in 0..<256 {
      var c = UInt32(i)
      for _ in 0..<8 { c = c & 1 != 0 ? c >> 1 ^ 0xEDB8_8320 : c >> 1 }
      table[i] = c
    }
    var compared = 0, differences: [String] = []
    for (program, answer) in zip(programs, answers) {
      for i in 0..<0x4000 { test.ram.bytes[i] = UInt8(truncatingIfNeeded: i * 37 + (i >> 8) * 11) }
      test.core.invalidateAll()
      test.write(program.code, at: Self.code)
      for i in 0..<15 { test.core.registers[i] = program.registers[i] }
      test.core.registers[15] = Self.code
      test.core.apsr = program.flags << 28
      test.core.start(entry: Self.code | 1, stack: program.registers[13])
      let ok = test.run(to: Self.code + UInt32(program.code.count * 2), limit: 100)
      let parts = answer.split(separator: " ")
      if parts.count != 3 || !ok {
        differences.append("\(program.code.map { String($0, radix: 16) }): ours \(ok), theirs \(answer)")
        continue
      }
      var crc: UInt32 = 0xFFFF_FFFF
      for i in 0..<0x4000 { crc = crc >> 8 ^ table[Int((crc ^ UInt32(test.ram.bytes[i])) & 0xFF)] }
      crc = ~crc
      let theirs = (0..<16).map { i in
        let s = parts[0].index(parts[0].startIndex, offsetBy: i * 8)
        return UInt32(parts[0][s..<parts[0].index(s, offsetBy: 8)], radix: 16) ?? 0
      }
      let ours = (0..<16).map { test.core.registers[$0] }
      if ours != theirs || test.core.apsr >> 28 != UInt32(parts[1], radix: 16) || crc != UInt32(parts[2], radix: 16) {
        differences.append("\(program.code.map { String($0, radix: 16) }): flags \(test.core.apsr >> 28) \(parts[1]), registers \((0..<16).filter { ours[$0] != theirs[$0] })")
      }
      compared += program.code.count
    }
    #expect(differences.isEmpty, "\(differences.count) differ, the first: \(differences.prefix(3))")
    #expect(compared >= 200_000)
  }
}
