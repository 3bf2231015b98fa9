import Foundation
import Testing

@testable import Processor
@testable import Xtensa

@Suite struct DisassemblerTests {
  struct Fact {
    let name: String, match: UInt32, mask: UInt32, size: Int, cores: Substring
    func word(_ r: inout Oracle.Random) -> UInt32 { match | r.next() & ~mask & (size == 2 ? 0xFFFF : 0xFF_FFFF) }
  }
  static let facts: [Fact] = Facts.instructions.split(separator: "\n").map { line in
    let p = line.split(separator: " ")
    return Fact(name: String(p[0]), match: UInt32(p[1], radix: 16)!, mask: UInt32(p[2], radix: 16)!, size: Int(p[3])! / 8, cores: p[4])
  }
  static let cores: [(Character, Configuration)] = [("8", .lx106), ("E", .lx6), ("S", .lx7)]

  /// Rows against the cores' own descriptions: who has what, under which name.
  @Test func everyInstructionIsKnownToTheCoresThatHaveIt() {
    var r = Oracle.Random(state: 0xABCD_EF12_3456_7890), wrong: [String] = []
    #expect(Self.facts.count == 560)
    for fact in Self.facts {
      for (letter, configuration) in Self.cores {
        for _ in 0..<20 {
          let word = fact.word(&r), text = Disassembler.text(word, at: 0x4000_0000, configuration), name = text.text.prefix { $0 != " " }
          let has = fact.cores.contains(letter)
          // The ESP8266 has CONFIGID0 and 1, although its description does not name them.
          if fact.name.contains("configid"), letter == "8" { break }
          if has ? name != fact.name || text.size != fact.size : name == fact.name {
            wrong.append("\(fact.name) on \(letter): 0x\(String(word, radix: 16)) is \(text.text)")
            break
          }
          // The decoder must find the same, and a fact's row only one op.
          if has, fact.name != "ill", fact.name != "ill.n", Slot<Op>.decode(word, at: 0, configuration.options).op == .illegal { wrong.append("\(fact.name) decodes as illegal") }
        }
      }
    }
    #expect(wrong.isEmpty, "\(wrong.count): \(wrong.prefix(20).joined(separator: "\n"))")
  }
  /// And nothing else is: any word that decodes is one of the facts.
  @Test func nothingElseDecodes() {
    var r = Oracle.Random(state: 0x1111_2222_3333_4445), wrong: [String] = []
    for (letter, configuration) in Self.cores {
      let facts = Self.facts.filter { $0.cores.contains(letter) }
      for i in 0..<40_000 {
        var word = r.next() & 0xFF_FFFF
        if i % 2 == 0 { word = word & ~0xF }  // most rows
        guard word & 15 < 14 else { continue }
        let narrow = word & 15 >= 8, w = narrow ? word & 0xFFFF : word
        let text = Disassembler.text(word, at: 0, configuration).text
        if letter == "8", text.contains("configid") { continue }
        let known = facts.first { $0.size == (narrow ? 2 : 3) && w & $0.mask == $0.match }
        let name = text.prefix { $0 != " " }
        if text == "<vector>" { continue }
        if text == "<illegal>" ? known != nil : known?.name != String(name) { wrong.append("\(letter) 0x\(String(w, radix: 16)): \(text), fact \(known?.name ?? "none")") }
      }
    }
    #expect(wrong.isEmpty, "\(wrong.count): \(wrong.prefix(20).joined(separator: "\n"))")
  }
  @Test func rowsDoNotOverlap() {
    for configuration in [Configuration.lx106, .lx6, .lx7] {
      let rows = Op.rows.filter { configuration.options.isSuperset(of: $0.option) }
      for (i, a) in rows.enumerated() {
        for b in rows[(i + 1)...] where a.size == b.size {
          let both = a.encoding.mask & b.encoding.mask
          #expect((a.encoding.value ^ b.encoding.value) & both != 0, "\(a.encoding.assembly) and \(b.encoding.assembly)")
        }
      }
    }
  }
  @Test func everyOpHasAnEncoding() {
    let none: Set<Op> = [.undecoded, .last, .after, .far, .vector, .rsrStored]
    let encoded = Set(Op.rows.map(\.encoding.op))
    for op in Op.allCases where !none.contains(op) { #expect(encoded.contains(op), "\(op)") }
  }

  // MARK: GNU objdump (Debian package binutils-xtensa-lx106)

  static let objdump = ["/usr/bin/xtensa-lx106-elf-objdump", "/usr/local/bin/xtensa-lx106-elf-objdump"].first { FileManager.default.isExecutableFile(atPath: $0) }
  /// Words of 2 or 3 bytes, 8 bytes apart with `nop.n` and `nop` between, as objdump prints them at address 8 * index.
  static func judge(_ words: [(UInt32, Int)]) throws -> [String] {
    var bytes = Data(capacity: words.count * 8)
    for (w, size) in words {
      for i in 0..<size { bytes.append(UInt8(truncatingIfNeeded: w >> UInt32(i * 8))) }
      // Odd lengths end in a nop of three bytes.
      if size == 3 { bytes += [0x3D, 0xF0, 0xF0, 0x20, 0x00] } else { bytes += [0x3D, 0xF0, 0x3D, 0xF0, 0x3D, 0xF0] }
    }
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("objdump-\(UUID().uuidString).bin")
    try bytes.write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let process = Process(), pipe = Pipe()
    process.executableURL = URL(fileURLWithPath: try #require(objdump))
    process.arguments = ["-D", "-b", "binary", "-m", "xtensa", "-EL", file.path]
    process.standardOutput = pipe
    try process.run()
    let out = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    var texts = [String](repeating: "", count: words.count)
    for line in out.split(separator: UInt8(ascii: "\n")) {
      let parts = String(decoding: line, as: UTF8.self).split(separator: "\t", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3, let at = Int(parts[0].trimmingCharacters(in: .whitespaces).dropLast(), radix: 16), at % 8 == 0, at / 8 < words.count else { continue }
      texts[at / 8] = plain(String(parts[2]))
    }
    return texts
  }
  /// One space between words; addresses without leading zeros and without what lies there.
  static func plain(_ text: String) -> String {
    text.prefix { $0 != "(" }.split(whereSeparator: { $0 == " " || $0 == "\t" }).map { w in
      guard w.hasPrefix("0x"), let v = UInt64(w.dropFirst(2).prefix { $0.isHexDigit }, radix: 16) else { return String(w) }
      return "0x" + String(UInt32(truncatingIfNeeded: v), radix: 16) + (w.hasSuffix(",") ? "," : "")
    }.joined(separator: " ")
  }
  @Test(.enabled(if: objdump != nil, "xtensa-lx106-elf-objdump is not installed (Debian package binutils-xtensa-lx106)"))
  func theBaseSetAgreesWithObjdump() throws {
    var r = Oracle.Random(state: 0x0BAD_CAFE_1234_5678), words: [(UInt32, Int)] = []
    for w in 0..<UInt32(0x10000) where w & 15 >= 8 && w & 15 < 14 { words.append((w, 2)) }
    for fact in Self.facts where fact.cores.contains("8") && fact.size == 3 { for _ in 0..<100 { words.append((fact.word(&r), 3)) } }
    let theirs = try Self.judge(words)
    var wrong: [String] = [], compared = 0
    for (i, (w, size)) in words.enumerated() {
      let ours = Self.plain(Disassembler.text(w, at: UInt32(i * 8), .lx106).text)
      // What the ESP8266 lacks, objdump leaves as bytes; of two bytes it calls some EXCW, which has three, and does not
      // look at the third digit of RET.N. It leaves out the operands of RER and WER.
      if ours == "<illegal>" {
        if !(size == 2 && ["excw", "ret.n"].contains(theirs[i])), !theirs[i].hasPrefix(".byte") && !theirs[i].isEmpty { wrong.append("0x\(String(w, radix: 16)): illegal, objdump \(theirs[i])") }
        continue
      }
      compared += 1
      if ours != theirs[i], !(theirs[i] == "rer" || theirs[i] == "wer") || !ours.hasPrefix(theirs[i]) { wrong.append("0x\(String(w, radix: 16)): \(ours), objdump \(theirs[i])") }
    }
    #expect(wrong.isEmpty, "\(wrong.count): \(wrong.prefix(30).joined(separator: "\n"))")
    #expect(compared > 30_000)
  }
}
