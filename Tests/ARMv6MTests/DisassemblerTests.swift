import Foundation
import Testing

@testable import ARMv6M
@testable import Processor

/// GNU objdump (binutils-arm-none-eabi) as the judge of what the encodings say.
@Suite struct DisassemblerTests {
  static let objdump = ["/usr/bin/arm-none-eabi-objdump", "/usr/local/bin/arm-none-eabi-objdump"].first { FileManager.default.isExecutableFile(atPath: $0) }

  /// Instructions of `size` halfwords, 16 bytes apart with `nop` between, as objdump prints them.
  static func judge(_ words: [[UInt16]]) throws -> [String] {
    var bytes = Data(capacity: words.count * 16)
    for w in words {
      for i in 0..<8 {
        let v = i < w.count ? w[i] : 0xBF00
        bytes.append(UInt8(v & 0xFF))
        bytes.append(UInt8(v >> 8))
      }
    }
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("objdump-\(UUID().uuidString).bin")
    try bytes.write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let process = Process(), pipe = Pipe()
    process.executableURL = URL(fileURLWithPath: try #require(objdump))
    process.arguments = ["-D", "-b", "binary", "-m", "arm", "-M", "force-thumb", file.path]
    process.standardOutput = pipe
    try process.run()
    let out = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    var texts = [String](repeating: "", count: words.count)
    for line in out.split(separator: UInt8(ascii: "\n")) {
      let parts = String(decoding: line, as: UTF8.self).split(separator: "\t", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3, let at = Int(parts[0].trimmingCharacters(in: .whitespaces).dropLast(), radix: 16), at % 16 == 0, at / 16 < words.count else { continue }
      texts[at / 16] = plain(String(parts[2]))
    }
    return texts
  }
  /// One space between words; of an alias with the plain form in the comment, the plain form.
  static func plain(_ text: String) -> String {
    var t = text
    if let at = t.firstIndex(of: "@") {
      let comment = t[at...]
      t = comment.contains("(mov r8, r8)") ? "mov r8, r8" : String(t[..<at])
    }
    // Later names: barriers of their own, and BX to the other security state.
    for (later, plain) in [("ssbb", "dsb #0"), ("pssbb", "dsb #4"), ("dfb", "dsb #12"), ("bxns", "bx")] {
      let word = t.prefix { $0 != " " && $0 != "\t" }
      if word == later { t = plain + t.dropFirst(later.count) }
    }
    return t.split(whereSeparator: { $0 == " " || $0 == "\t" }).joined(separator: " ")
  }

  @Test(.enabled(if: objdump != nil, "arm-none-eabi-objdump is not installed"))
  func all16BitWordsAgreeWithObjdump() throws {
    let words = (0..<0xE800).map { [UInt16($0)] }
    let theirs = try Self.judge(words)
    // What later architectures made of words that ARMv6-M leaves undefined; objdump's own "undefined" is a comment.
    let later = ["it", "cbz", "cbnz", "setend", "setpan", "hlt", "nop", "esb", "cps", "sevl", "blxns", "udf"]
    var wrong = 0
    for (n, text) in theirs.enumerated() {
      let ours = Self.plain(Disassembler.text(UInt32(n), second: 0xBF00, at: UInt32(n * 16)).text)
      let agree = ours == "<UNDEFINED>" ? text.isEmpty || later.contains { text.hasPrefix($0) } : ours == text
      if !agree {
        wrong += 1
        if wrong < 20 { Issue.record("0x\(String(n, radix: 16)): \(ours), objdump \(text)") }
      }
    }
    #expect(wrong == 0)
  }

  @Test(.enabled(if: objdump != nil, "arm-none-eabi-objdump is not installed"))
  func the32BitWordsAgreeWithObjdump() throws {
    var words: [[UInt16]] = []
    var x: UInt64 = 0x1234_5678_9ABC_DEF1
    func random() -> UInt16 {
      x ^= x << 13
      x ^= x >> 7
      x ^= x << 17
      return UInt16(truncatingIfNeeded: x >> 24)
    }
    for first in 0xE800...0xFFFF as ClosedRange<UInt16> {
      for second in [0xD000, 0xF800, 0xFFFF, 0xD7FF, 0x8000, 0x0000, random() | 0xD000, random() | 0xC000, random()] as [UInt16] { words.append([first, second]) }
    }
    for s in 0..<256 as Range<UInt16> {
      for r in 0..<16 as Range<UInt16> {
        words.append([0xF380 | r, 0x8800 | s])
        words.append([0xF3EF, 0x8000 | r << 8 | s])
      }
    }
    for option in 0..<128 as Range<UInt16> { words.append([0xF3BF, 0x8F00 | option]) }
    let theirs = try Self.judge(words)
    let mine = ["bl ", "msr", "mrs", "dsb", "dmb", "isb"]
    let system: Set<UInt16> = [0, 1, 2, 3, 5, 6, 7, 8, 9, 16, 20]
    var wrong = 0, defined = 0
    for (n, text) in theirs.enumerated() {
      let w = words[n]
      let ours = Self.plain(Disassembler.text(UInt32(w[0]), second: UInt32(w[1]), at: UInt32(n * 16)).text)
      var agree = ours == text
      if ours != "<UNDEFINED>" { defined += 1 }
      if ours.hasPrefix("msr") || ours.hasPrefix("mrs") {
        // Special registers of later architectures, and operands that are unpredictable, have no agreed spelling.
        if !system.contains(w[1] & 0xFF) || ours.hasSuffix("sp") || ours.hasSuffix("pc") || ours.contains("sp,") || ours.contains("pc,") { agree = true }
        if ours.hasPrefix("msr") { agree = agree || ours.replacingOccurrences(of: "CPSR", with: "CPSR_f") == text }
      } else if ours == "<UNDEFINED>" {
        agree = !mine.contains { text.hasPrefix($0) } || text.contains("UNDEF") || text.contains("CPSR_") || text.contains("SPSR") || text.contains("_")
      }
      if !agree {
        wrong += 1
        if wrong < 30 { Issue.record("0x\(String(w[0], radix: 16)) 0x\(String(w[1], radix: 16)): \(ours), objdump \(text)") }
      }
    }
    #expect(wrong == 0 && defined > 10_000)
  }
}
