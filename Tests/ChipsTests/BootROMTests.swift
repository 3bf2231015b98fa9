import ARMv6M
import Foundation
import Machine
import Testing

@testable import Chips

/// Our boot ROM's library beside the vendor's, each run by the core from its own image.
@Suite struct BootROMTests {
  /// A bare RP2040 that calls functions of its ROM.
  final class Caller {
    let chip: RP2040
    let machine: Machine
    private let rom: [UInt8]
    init(rom: [UInt8], own: Bool) throws {
      machine = Machine(clock: Clock(hertz: 125_000_000))
      let flash = Memory("flash", size: 1 << 20)
      chip = RP2040(machine: machine, flash: flash)
      self.rom = rom
      chip.rom.load(rom)
      if own { chip.serveROMCalls() }
      chip.powerOn()
      chip.cores[1].asleep.pointee = true
      machine.setFrequency256(125_000_000 << 8, of: machine.coreClock)
      // blx r7; bkpt
      chip.sram.load([0xB8, 0x47, 0x00, 0xBE], at: 0x100)
      chip.cores[0].onBreakpoint = { core in
        core.stop = StopReason(.breakpoint, "")
        return true
      }
    }
    func half(_ at: Int) -> Int { Int(rom[at]) | Int(rom[at + 1]) << 8 }
    func word(_ at: Int) -> UInt32 { UInt32(half(at)) | UInt32(half(at + 2)) << 16 }
    /// An entry of the function or data table.
    func entry(_ code: String, data: Bool) -> Int? {
      var at = half(data ? 0x16 : 0x14)
      let c = code.utf8.map { Int($0) }
      while at + 4 <= rom.count, half(at) != 0 {
        if half(at) == c[0] | c[1] << 8 { return half(at + 2) }
        at += 4
      }
      return nil
    }
    struct Answer: Equatable { var r0, r1, r2, r3, flags: UInt32 }
    func call(_ function: UInt32, _ arguments: [UInt32]) throws -> (answer: Answer, cycles: UInt64) {
      let core = chip.cores[0]
      core.stop = nil
      for (i, v) in arguments.enumerated() { core.registers[i] = v }
      core.registers[7] = function
      core.start(entry: 0x2000_0101, stack: 0x2004_0000)
      let before = core.cycles.pointee
      machine.run(until: machine.now + 100_000_000_000)
      try #require(core.stop != nil && core.registers[15] & ~1 == 0x2000_0102, "function \(function) with \(arguments) did not return")
      let r = core.registers
      return (Answer(r0: r[0], r1: r[1], r2: r[2], r3: r[3], flags: core.apsr), core.cycles.pointee - before)
    }
  }

  static func vendor(_ name: String) -> [UInt8]? {
    (ProcessInfo.processInfo.environment["SOLDERLESS_ROMS"] ?? "").split(separator: ":").lazy
      .compactMap { FileManager.default.contents(atPath: "\($0)/\(name)") }.first.map { [UInt8]($0) }
  }
  static func own() throws -> [UInt8] {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../ROMs/rp2040/bootrom.bin").path
    return [UInt8](try #require(FileManager.default.contents(atPath: path)))
  }

  struct Random {
    var state: UInt64
    mutating func next() -> UInt64 {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return state
    }
  }
  /// Bit patterns with the special values, their neighbours, and numbers of all sizes and of ordinary size.
  static func number(_ random: inout Random, double: Bool) -> UInt64 {
    let v = random.next(), mantissaBits: UInt64 = double ? 52 : 23, top: UInt64 = double ? 2047 : 255
    let sign = random.next() & 1, mask = 1 << mantissaBits as UInt64 - 1
    func pattern(_ e: UInt64, _ m: UInt64) -> UInt64 { sign << (double ? 63 : 31) | (e & top) << mantissaBits | m & mask }
    switch random.next() % 16 {
    case 0: return pattern([0, top, 1, top - 1, top / 2, top / 2 + 1][Int(v % 6)], [0, mask, 1, mask - 1, mask / 2 + 1, v][Int(v / 7 % 6)])
    case 1, 2, 3: return pattern(v >> 5, v >> 11)  // any
    case 4, 5: return pattern(top / 2 - 2 + v % 5, [0, mask, v >> 20, mask / 2][Int(v / 9 % 4)])
    case 6, 7: return pattern(top / 2 - 8 + v % 20, v >> 11 & ~(mask >> (v >> 60)))  // few bits: ties
    default: return pattern(top / 2 - 12 + v % 24, v >> 11)
    }
  }

  static let names = [
    "add", "sub", "mul", "div", "cmp_fast", "cmp_fast_flags", "sqrt", "2int", "2fix", "2uint", "2ufix", "int2", "fix2", "uint2", "ufix2", "cos", "sin", "tan", "sincos", "exp", "ln",
    "cmp", "atan2", "int642", "fix642", "uint642", "ufix642", "2int64", "2fix64", "2uint64", "2ufix64", "convert",
  ]
  /// How many of r0 … r3 are the result.
  static func results(_ entry: Int, double: Bool) -> Int {
    switch entry {
    case 4, 5, 21, 7...10: 1
    case 18: double ? 4 : 2
    case 27...30: 2
    case 31: double ? 1 : 2
    default: double ? 2 : 1
    }
  }

  @Test(
    .enabled(if: vendor("rp2040-bootrom-b1.bin") != nil && vendor("rp2040-bootrom-b2.bin") != nil, "the vendor's ROM images B1 and B2 are not in SOLDERLESS_ROMS"),
    arguments: ["b1", "b2"], [false, true])
  func floatLibraryEqualsTheVendors(revision: String, double: Bool) throws {
    let ours = try Caller(rom: Self.own(), own: true)
    let theirs = try Caller(rom: #require(Self.vendor("rp2040-bootrom-\(revision).bin")), own: false)
    let code = double ? "SD" : "SF"
    let a = try #require(ours.entry(code, data: true)), b = try #require(theirs.entry(code, data: true))
    for entry in 0..<32 where !(entry == 18 && revision == "b1") {
      var random = Random(state: 0x9E37_79B9_7F4A_7C15 &+ UInt64(entry))
      var wrong = 0
      for _ in 0..<10_000 {
        let x = Self.number(&random, double: double), y = Self.number(&random, double: double), raw = random.next()
        let point = UInt32(bitPattern: Int32(truncatingIfNeeded: raw >> 40) % 70)
        var arguments: [UInt32]
        switch entry {
        case 11, 13: arguments = [UInt32(truncatingIfNeeded: raw >> (raw % 24)), 0, 0, 0]
        case 12, 14: arguments = [UInt32(truncatingIfNeeded: raw >> (raw % 24)), point, 0, 0]
        case 23...26:
          let shifted = raw & 1 == 0 ? UInt64(bitPattern: Int64(bitPattern: raw) >> Int64(raw % 60)) : raw << (raw % 60)
          arguments = [UInt32(truncatingIfNeeded: shifted), UInt32(truncatingIfNeeded: shifted >> 32), point, 0]
        case 8, 10, 28, 30: arguments = double ? [UInt32(truncatingIfNeeded: x), UInt32(truncatingIfNeeded: x >> 32), point, 0] : [UInt32(x), point, 0, 0]
        default:
          arguments = double ? [UInt32(truncatingIfNeeded: x), UInt32(truncatingIfNeeded: x >> 32), UInt32(truncatingIfNeeded: y), UInt32(truncatingIfNeeded: y >> 32)] : [UInt32(x), UInt32(y), 0, 0]
          if entry == 31 && double { arguments[2] = 0 }
        }
        let (p, _) = try ours.call(ours.word(a + 4 * entry), arguments)
        let (q, _) = try theirs.call(theirs.word(b + 4 * entry), arguments)
        let n = Self.results(entry, double: double)
        let same = p.r0 == q.r0 && (n < 2 || p.r1 == q.r1) && (n < 4 || p.r2 == q.r2 && p.r3 == q.r3) && (entry != 5 || p.flags == q.flags)
        if !same {
          wrong += 1
          if wrong <= 3 {
            func hex(_ v: [UInt32]) -> String { v.map { String($0, radix: 16) }.joined(separator: " ") }
            Issue.record("\(revision) \(double ? "double" : "float") \(Self.names[entry]) of \(hex(arguments)): \(hex([p.r0, p.r1, p.r2, p.r3])) here, \(hex([q.r0, q.r1, q.r2, q.r3])) there")
          }
        }
      }
      if wrong > 0 { Issue.record("\(Self.names[entry]): \(wrong) of 10000") }
    }
  }

  static let vendorFunctions = vendor("rp2040-bootrom-b1.bin")

  @Test(.enabled(if: vendorFunctions != nil, "the vendor's ROM image B1 is not in SOLDERLESS_ROMS"), arguments: ["P3", "R3", "L3", "T3"])
  func bitFunctionsEqualTheVendors(code: String) throws {
    let ours = try Caller(rom: Self.own(), own: true), theirs = try Caller(rom: #require(Self.vendorFunctions), own: false)
    let a = UInt32(try #require(ours.entry(code, data: false))), b = UInt32(try #require(theirs.entry(code, data: false)))
    var random = Random(state: 7)
    for i in 0..<10_000 {
      let v = i < 33 ? UInt32(truncatingIfNeeded: 1 << UInt64(i)) : UInt32(truncatingIfNeeded: random.next() >> (random.next() % 33))
      let p = try ours.call(a, [v, 0, 0, 0]).answer.r0, q = try theirs.call(b, [v, 0, 0, 0]).answer.r0
      try #require(p == q, "\(code) of \(v): \(p) here, \(q) there")
    }
  }

  @Test(.enabled(if: vendorFunctions != nil, "the vendor's ROM image B1 is not in SOLDERLESS_ROMS"), arguments: ["MS", "S4", "MC", "C4"])
  func memoryFunctionsEqualTheVendors(code: String) throws {
    let ours = try Caller(rom: Self.own(), own: true), theirs = try Caller(rom: #require(Self.vendorFunctions), own: false)
    let a = UInt32(try #require(ours.entry(code, data: false))), b = UInt32(try #require(theirs.entry(code, data: false)))
    var random = Random(state: 11)
    let aligned = code == "S4" || code == "C4", base = 0x1000, span = 2048
    for caller in [ours, theirs] { caller.chip.sram.load((0..<2 * span).map { UInt8(truncatingIfNeeded: $0 &* 31 + $0 >> 8) }, at: base) }
    for _ in 0..<10_000 {
      let mask = aligned ? ~3 : ~0
      let to = Int(random.next() % 1024) & mask, from = (span + Int(random.next() % 1024)) & mask, count = Int(random.next() % 200) >> (random.next() % 8)
      let second = code.hasPrefix("M") && code != "MC" || code == "S4" ? UInt32(truncatingIfNeeded: random.next()) & 0x1FF : 0x2000_0000 + UInt32(base + from)
      let arguments: [UInt32] = [0x2000_0000 + UInt32(base + to), second, UInt32(count), 0]
      let p = try ours.call(a, arguments).answer.r0, q = try theirs.call(b, arguments).answer.r0
      try #require(p == q && p == arguments[0])
      let x = UnsafeRawBufferPointer(start: ours.chip.sram.raw + base, count: 2 * span), y = UnsafeRawBufferPointer(start: theirs.chip.sram.raw + base, count: 2 * span)
      try #require(x.elementsEqual(y), "\(code) with \(arguments)")
    }
  }

  /// The header and both tables have all that the datasheet promises (§2.8.3).
  @Test func tablesAreComplete() throws {
    let rom = try Caller(rom: Self.own(), own: true)
    #expect(rom.word(0x10) == 0x0301_754D)
    for code in ["P3", "R3", "L3", "T3", "MS", "S4", "MC", "C4", "UB", "WV", "DT", "DE", "IF", "EX", "RE", "RP", "FC", "CX"] {
      let at = try #require(rom.entry(code, data: false), "\(code)")
      #expect(at & 1 == 1 && at < 0x4000)
      // The lookup function finds it too.
      let found = try rom.call(UInt32(rom.half(0x18)), [UInt32(rom.half(0x14)), code.utf8.reversed().reduce(0) { $0 << 8 | UInt32($1) }, 0, 0]).answer.r0
      #expect(found == UInt32(at))
    }
    for code in ["CR", "GR", "FS", "FE", "DS", "DE", "SF", "SD", "FZ"] { #expect(rom.entry(code, data: true) != nil, "\(code)") }
    #expect(try rom.call(UInt32(rom.half(0x18)), [UInt32(rom.half(0x14)), 0x5A5A, 0, 0]).answer.r0 == 0)
    #expect(rom.word(rom.entry("FZ", data: true)!) & 0xFF == 32)
  }
}
