import Foundation
import Machine
import Testing
import Xtensa

@testable import Chips

/// Our boot ROMs' functions beside the vendor's (SOLDERLESS_ROMS), each called on the chip after its ROM has started.
@Suite struct ESPBootROMTests {
  /// A chip that waits for a download, whose core calls functions.
  class Caller {
    let machine: Machine, core: XtensaCore, data: Memory, base: UInt32
    init(_ machine: Machine, _ core: XtensaCore, data: Memory, at base: UInt32) {
      (self.machine, self.core, self.data, self.base) = (machine, core, data, base)
      machine.run(until: machine.now + 40_000_000_000)
      core.onSimcall = { core in
        core.stop = StopReason(.breakpoint, "")
        return true
      }
    }
    /// Starts `function` so that it comes back to a SIMCALL.
    func start(_ function: UInt32, _ arguments: [UInt32]) {}
    func call(_ function: UInt32, _ arguments: [UInt32], result at: Int) throws -> [UInt32] {
      core.stop = nil
      core.asleep.pointee = false
      start(function, arguments)
      machine.run(until: machine.now + 50_000_000_000)
      try #require(core.stop != nil, "function 0x\(String(function, radix: 16)) with \(arguments) did not return")
      return [core[a: at], core[a: at + 1]]
    }
    func write(_ bytes: [UInt8], at address: UInt32) { for (i, b) in bytes.enumerated() { data.bytes[Int(address - base) + i] = b } }
    func read(_ count: Int, at address: UInt32) -> [UInt8] { (0..<count).map { data.bytes[Int(address - base) + $0] } }
  }
  final class ESP8266Caller: Caller {
    let chip: ESP8266, ground: Pin
    init(rom: [UInt8]) {
      let machine = Machine(clock: Clock(hertz: 52_000_000))
      chip = ESP8266(machine: machine, flash: Memory("flash", size: 1 << 20))
      ground = Pin("ground", arena: machine.arena)
      ground.drive = .low
      for n in [0, 15] { Net.tie(chip.gpio.pins[n], ground) }
      chip.rom.load(rom)
      chip.powerOn()
      super.init(machine, chip.core, data: chip.dram, at: 0x3FFE_8000)
      chip.iram.load([0x00, 0x51, 0x00], at: 0x100)  // simcall
      chip.core.invalidateAll()
    }
    override func start(_ function: UInt32, _ arguments: [UInt32]) {
      core.setSpecial(230, 0x20)
      core[a: 0] = 0x4010_0100
      core[a: 1] = 0x3FFF_9000
      for (i, v) in arguments.prefix(6).enumerated() { core[a: 2 + i] = v }
      for (i, v) in arguments.dropFirst(6).enumerated() { write((0..<4).map { UInt8(truncatingIfNeeded: v >> (8 * $0)) }, at: 0x3FFF_9000 + UInt32(4 * i)) }
      core.setProgramCounter(function)
    }
    func call(_ function: UInt32, _ arguments: [UInt32]) throws -> [UInt32] { try call(function, arguments, result: 2) }
  }
  final class ESP32Caller: Caller {
    let chip: ESP32, ground: Pin
    init(rom: [UInt8]) {
      let machine = Machine(clock: Clock(hertz: 40_000_000))
      chip = ESP32(machine: machine, flash: Memory("flash", size: 1 << 20))
      ground = Pin("ground", arena: machine.arena)
      ground.drive = .low
      for n in [0, 2] { Net.tie(chip.gpio.pins[n], ground) }
      chip.load(rom: rom, app: rom)
      chip.powerOn()
      super.init(machine, chip.cores[0], data: chip.dram, at: 0x3FFA_E000)
      chip.cores[1].isStalled = true
      // callx8 a7, simcall; at 0x40: the difference of two integers, for qsort; at 0x64: a structure of the C library, for the
      // system call table at 0x3FFF0000.
      chip.sram0.load([0xE0, 0x07, 0x00, 0x00, 0x51, 0x00], at: 0x1_0000)
      chip.sram0.load([0x36, 0x41, 0x00, 0x28, 0x02, 0x38, 0x03, 0x30, 0x22, 0xC0, 0x1D, 0xF0], at: 0x1_0040)
      chip.sram0.load([0x00, 0x10, 0xFF, 0x3F, 0x36, 0x41, 0x00, 0x21, 0xFE, 0xFF, 0x1D, 0xF0], at: 0x1_0060)
      chip.cores[0].invalidateAll()
      write([0x64, 0x00, 0x08, 0x40], at: 0x3FFF_0000)
      for core: UInt32 in 0..<2 { write([0x00, 0x00, 0xFF, 0x3F], at: 0x3FFA_E020 + 4 * core) }
      // Where the window handlers find the stack pointer of whoever called the outermost frame.
      write([0x00, 0x81, 0xFF, 0x3F], at: 0x3FFF_7FF4)
    }
    override func start(_ function: UInt32, _ arguments: [UInt32]) {
      core.setSpecial(228, 0)
      core.setSpecial(72, 0)
      core.setSpecial(73, 1)
      core.setSpecial(230, 0x40020)
      core[a: 0] = 0
      core[a: 1] = 0x3FFF_8000
      core[a: 7] = function
      for (i, v) in arguments.enumerated() { core[a: 10 + i] = v }
      core.setProgramCounter(0x4008_0000)
    }
    func call(_ function: UInt32, _ arguments: [UInt32]) throws -> [UInt32] { try call(function, arguments, result: 10) }
  }

  final class ESP32S3Caller: Caller {
    let chip: ESP32S3, ground: Pin
    static let data: UInt32 = 0x3FCA_0000, stack: UInt32 = 0x3FCA_8000, code: UInt32 = 0x403A_0000
    init(rom: [UInt8]) {
      let machine = Machine(clock: Clock(hertz: 40_000_000))
      chip = ESP32S3(machine: machine, flash: Memory("flash", size: 1 << 20))
      ground = Pin("ground", arena: machine.arena)
      ground.drive = .low
      for n in [0, 46] { Net.tie(chip.gpio.pins[n], ground) }
      chip.load(rom: rom)
      chip.powerOn()
      super.init(machine, chip.cores[0], data: chip.sram, at: 0x3FC8_8000)
      chip.cores[1].isStalled = true
      // As above: the call, the difference of two integers, a structure of the C library and the table of system calls.
      let code = Int(Self.code - 0x4037_8000)
      chip.sram.load([0xE0, 0x07, 0x00, 0x00, 0x51, 0x00], at: code)
      chip.sram.load([0x36, 0x41, 0x00, 0x28, 0x02, 0x38, 0x03, 0x30, 0x22, 0xC0, 0x1D, 0xF0], at: code + 0x40)
      chip.sram.load([0x00, 0x90, 0xCA, 0x3F, 0x36, 0x41, 0x00, 0x21, 0xFE, 0xFF, 0x1D, 0xF0], at: code + 0x60)
      chip.cores[0].invalidateAll()
      write([0x64, 0x00, 0x3A, 0x40], at: 0x3FCA_9800)
      write([0x00, 0x98, 0xCA, 0x3F], at: 0x3FCE_FFD4)
      write([0x00, 0x81, 0xCA, 0x3F], at: Self.stack - 12)
    }
    override func start(_ function: UInt32, _ arguments: [UInt32]) {
      core.setSpecial(228, 0)
      core.setSpecial(72, 0)
      core.setSpecial(73, 1)
      core.setSpecial(230, 0x40020)
      core[a: 0] = 0
      core[a: 1] = Self.stack
      core[a: 7] = function
      for (i, v) in arguments.prefix(6).enumerated() { core[a: 10 + i] = v }
      for (i, v) in arguments.dropFirst(6).enumerated() { write((0..<4).map { UInt8(truncatingIfNeeded: v >> (8 * $0)) }, at: Self.stack + UInt32(4 * i)) }
      core.setSpecial(224, 0xFF)  // the vendor's division of floats is the coprocessor's
      core.setProgramCounter(Self.code)
    }
    func call(_ function: UInt32, _ arguments: [UInt32]) throws -> [UInt32] { try call(function, arguments, result: 10) }
    func call(_ name: String, _ arguments: [UInt32]) throws -> [UInt32] { try call(#require(ESPBootROMTests.published[name]), arguments) }
  }
  /// Addresses of the ESP32-S3's ROM by name.
  static let published: [String: UInt32] = {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../ROMs/esp32s3/symbols.csv").path
    var all: [String: UInt32] = [:]
    for line in String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self).split(separator: "\n") where line.hasPrefix("0x") {
      let f = line.split(separator: ",")
      all[String(f[1])] = UInt32(f[0].dropFirst(2), radix: 16)
    }
    return all
  }()
  static func callersS3() throws -> (ESP32S3Caller, ESP32S3Caller)? {
    guard let vendor = BootROMTests.vendor("esp32s3-rev0-rom.bin") else {
      print("ESPBootROMTests: esp32s3-rev0-rom.bin is not in SOLDERLESS_ROMS, so our ROM is not compared with it")
      return nil
    }
    return (ESP32S3Caller(rom: try own("esp32s3")), ESP32S3Caller(rom: vendor))
  }

  static func own(_ chip: String) throws -> [UInt8] {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../ROMs/\(chip)/bootrom.bin").path
    return [UInt8](try #require(FileManager.default.contents(atPath: path)))
  }
  static func callers8266() throws -> (ESP8266Caller, ESP8266Caller)? {
    guard let vendor = BootROMTests.vendor("esp8266-bootrom.bin") else {
      print("ESPBootROMTests: esp8266-bootrom.bin is not in SOLDERLESS_ROMS, so our ROM is not compared with it")
      return nil
    }
    return (ESP8266Caller(rom: try own("esp8266")), ESP8266Caller(rom: vendor))
  }
  static func callers32() throws -> (ESP32Caller, ESP32Caller)? {
    guard let vendor = BootROMTests.vendor("esp32-v3-rom.bin") else {
      print("ESPBootROMTests: esp32-v3-rom.bin is not in SOLDERLESS_ROMS, so our ROM is not compared with it")
      return nil
    }
    return (ESP32Caller(rom: try own("esp32")), ESP32Caller(rom: vendor))
  }

  typealias Random = BootROMTests.Random
  static func halves(_ v: UInt64) -> [UInt32] { [UInt32(truncatingIfNeeded: v), UInt32(truncatingIfNeeded: v >> 32)] }
  enum Kind { case double, float, long, int }
  /// Results that are not numbers are equal to each other.
  static func canonical(_ r: [UInt32], _ kind: Kind) -> [UInt32] {
    switch kind {
    case .double: Double(bitPattern: UInt64(r[1]) << 32 | UInt64(r[0])).isNaN ? [0, 0x7FF8_0000] : r
    case .float: Float(bitPattern: r[0]).isNaN ? [0x7FC0_0000] : [r[0]]
    case .long: r
    case .int: [r[0]]
    }
  }
  /// (address, operands, result)
  typealias Function = (at: UInt32, takes: [Kind], gives: Kind)
  static func compareNumbers(_ functions: [Function], ours: (UInt32, [UInt32]) throws -> [UInt32], vendors: (UInt32, [UInt32]) throws -> [UInt32]) throws {
    var random = Random(state: 0x1234_5678_9ABC_DEF1)
    for f in functions {
      for _ in 0..<150 {
        var arguments: [UInt32] = []
        var isNumber = true
        for k in f.takes {
          switch k {
          case .double:
            let v = BootROMTests.number(&random, double: true)
            isNumber = isNumber && !Double(bitPattern: v).isNaN
            arguments += halves(v)
          case .float:
            let v = UInt32(truncatingIfNeeded: BootROMTests.number(&random, double: false))
            isNumber = isNumber && !Float(bitPattern: v).isNaN
            arguments.append(v)
          case .long: arguments += halves((random.next() >> (random.next() & 63)) | 1)
          case .int: arguments.append(UInt32(truncatingIfNeeded: random.next() >> (32 + random.next() & 31)) | 1)
          }
        }
        // What an integer made of no number is, the vendor's two ROMs do not agree on.
        if !isNumber, f.gives == .int || f.gives == .long { continue }
        let a = try ours(f.at, arguments), b = try vendors(f.at, arguments)
        try #require(canonical(a, f.gives) == canonical(b, f.gives), "0x\(String(f.at, radix: 16)) of \(arguments.map { String($0, radix: 16) })")
      }
    }
  }

  @Test func esp8266Arithmetic() throws {
    guard let (ours, vendors) = try Self.callers8266() else { return }
    try Self.compareNumbers(
      [
        (0x4000_C538, [.double, .double], .double), (0x4000_C688, [.double, .double], .double), (0x4000_C8F0, [.double, .double], .double), (0x4000_CB94, [.double, .double], .double),
        (0x4000_C180, [.float, .float], .float), (0x4000_C268, [.float, .float], .float), (0x4000_C3DC, [.float, .float], .float), (0x4000_C4C4, [.float], .int), (0x4000_CCB8, [.double], .int),
        (0x4000_CD00, [.double], .int), (0x4000_CD5C, [.double], .float), (0x4000_CDFC, [.float], .double), (0x4000_E2A4, [.int], .float), (0x4000_E2AC, [.int], .float),
        (0x4000_E2E8, [.int], .double), (0x4000_E2F0, [.int], .double), (0x4000_CE60, [.long, .long], .long), (0x4000_D310, [.long, .long], .long), (0x4000_D770, [.long, .long], .long),
        (0x4000_0650, [.long, .long], .long), (0x4000_DC88, [.int, .int], .int), (0x4000_E21C, [.int, .int], .int), (0x4000_E268, [.int, .int], .int), (0x4000_DCF0, [.int, .int], .long),
      ], ours: ours.call, vendors: vendors.call)
  }
  @Test func esp32Arithmetic() throws {
    guard let (ours, vendors) = try Self.callers32() else { return }
    try Self.compareNumbers(
      [
        (0x4000_2590, [.double, .double], .double), (0x4000_26E4, [.double, .double], .double), (0x4006_358C, [.double, .double], .double), (0x4000_2954, [.double, .double], .double),
        (0x4000_20E8, [.float, .float], .float), (0x4000_21D0, [.float, .float], .float), (0x4006_32C8, [.float, .float], .float), (0x4000_2A78, [.double], .int), (0x4000_2B30, [.double], .int),
        (0x4000_2AC4, [.double], .long), (0x4000_2504, [.float], .long), (0x4000_2B90, [.double], .float), (0x4000_2C34, [.float], .double), (0x4000_C938, [.int], .double), (0x4000_C944, [.int], .double),
        (0x4000_C978, [.long], .double), (0x4000_C988, [.long], .double), (0x4000_C8B0, [.long], .float), (0x4000_C8C0, [.long], .float), (0x4000_CA84, [.long, .long], .long),
        (0x4000_CD4C, [.long, .long], .long), (0x4000_CFF8, [.long, .long], .long), (0x4000_D280, [.long, .long], .long), (0x4000_2ED0, [.int], .int), (0x4006_4AE0, [.int], .int),
        (0x4006_4B08, [.long], .long), (0x4000_C7E8, [.int], .int), (0x4000_CA50, [.long], .int), (0x4000_C9FC, [.long, .long], .long),
      ], ours: ours.call, vendors: vendors.call)
    // Shifts by 0 … 63, and comparisons.
    var random = Random(state: 77)
    for _ in 0..<300 {
      let shift = Self.halves(random.next()) + [UInt32(random.next() & 63)]
      for f in [0x4000_C818, 0x4000_C830, 0x4000_C84C] as [UInt32] {
        let a = try ours.call(f, shift), b = try vendors.call(f, shift)
        try #require(a == b, "shift 0x\(String(f, radix: 16)) \(shift)")
      }
      let x = BootROMTests.number(&random, double: true), y = random.next() & 7 == 0 ? x : BootROMTests.number(&random, double: true)
      // eq, gt, le, ge, lt, unordered: what compilers ask of the result
      let asked: [(UInt32, (Int32) -> Bool)] = [
        (0x4006_36A8, { $0 == 0 }), (0x4006_36DC, { $0 > 0 }), (0x4006_3704, { $0 <= 0 }), (0x4006_3768, { $0 >= 0 }), (0x4006_3790, { $0 < 0 }), (0x4006_37F4, { $0 != 0 }),
      ]
      for (f, holds) in asked {
        let arguments = Self.halves(x) + Self.halves(y)
        let a = holds(Int32(bitPattern: try ours.call(f, arguments)[0])), b = holds(Int32(bitPattern: try vendors.call(f, arguments)[0]))
        try #require(a == b, "comparison 0x\(String(f, radix: 16)) of \(arguments)")
      }
    }
  }

  @Test func esp32S3Arithmetic() throws {
    guard let (ours, vendors) = try Self.callersS3() else { return }
    let functions: [(String, [Kind], Kind)] =
      ["add", "sub", "mul", "div"].flatMap { [("__\($0)df3", [.double, .double], .double), ("__\($0)sf3", [.float, .float], .float)] } + [
        ("__fixdfsi", [.double], .int), ("__fixunsdfsi", [.double], .int), ("__fixdfdi", [.double], .long), ("__fixunssfdi", [.float], .long), ("__truncdfsf2", [.double], .float),
        ("__extendsfdf2", [.float], .double), ("__floatsidf", [.int], .double), ("__floatunsidf", [.int], .double), ("__floatdidf", [.long], .double), ("__floatundidf", [.long], .double),
        ("__floatdisf", [.long], .float), ("__floatundisf", [.long], .float), ("__divdi3", [.long, .long], .long), ("__moddi3", [.long, .long], .long), ("__udivdi3", [.long, .long], .long),
        ("__umoddi3", [.long, .long], .long), ("__muldi3", [.long, .long], .long), ("__popcountsi2", [.int], .int), ("__bswapsi2", [.int], .int), ("__clzsi2", [.int], .int),
        ("__ctzsi2", [.int], .int), ("__divsi3", [.int, .int], .int), ("__umodsi3", [.int, .int], .int),
      ]
    try Self.compareNumbers(functions.map { (try #require(Self.published[$0.0], "\($0.0)"), $0.1, $0.2) }, ours: ours.call, vendors: vendors.call)
    var random = Random(state: 78)
    for _ in 0..<300 {
      let x = BootROMTests.number(&random, double: true), y = random.next() & 7 == 0 ? x : BootROMTests.number(&random, double: true)
      let asked: [(String, (Int32) -> Bool)] = [
        ("__eqdf2", { $0 == 0 }), ("__nedf2", { $0 != 0 }), ("__gtdf2", { $0 > 0 }), ("__ledf2", { $0 <= 0 }), ("__gedf2", { $0 >= 0 }), ("__ltdf2", { $0 < 0 }), ("__unorddf2", { $0 != 0 }),
      ]
      for (f, holds) in asked {
        let arguments = Self.halves(x) + Self.halves(y)
        let a = holds(Int32(bitPattern: try ours.call(f, arguments)[0])), b = holds(Int32(bitPattern: try vendors.call(f, arguments)[0]))
        try #require(a == b, "\(f) of \(arguments)")
      }
    }
  }
  @Test func esp32S3MemoryAndStrings() throws {
    guard let (ours, vendors) = try Self.callersS3() else { return }
    let functions = [
      ("memcpy", "PQn"), ("memmove", "PQn"), ("memmove", "POn"), ("memmove", "OPn"), ("memset", "Pcn"), ("memcmp", "PQn="), ("memchr", "Pcn"), ("memrchr", "Pcn"), ("bzero", "Pn"), ("strcmp", "PQ="),
      ("strncmp", "PQn="), ("strcasecmp", "PQ="), ("strcpy", "PQ"), ("strncpy", "PQn"), ("strlen", "P"), ("strnlen", "Pn"), ("strlcpy", "PQn"), ("strlcat", "PQn"), ("strcat", "PQ"), ("strstr", "PQ"),
      ("strspn", "PQ"), ("strcspn", "PQ"), ("strchr", "Pc"), ("strrchr", "Pc"),
    ]
    try Self.compareMemory(functions.map { (try #require(Self.published[$0.0], "\($0.0)"), $0.1) }, ours, vendors, at: ESP32S3Caller.data) { try ($0 as! ESP32S3Caller).call($1, $2)[0] }
  }
  @Test func esp32S3ChecksumsDigestsAndNumbers() throws {
    guard let (ours, vendors) = try Self.callersS3() else { return }
    var random = Random(state: 16)
    let data = ESP32S3Caller.data, out = data + 0x1000
    for round in 0..<20 as Range<UInt32> {
      let bytes = (0..<600).map { _ in UInt8(truncatingIfNeeded: random.next()) }, length = UInt32(random.next() % 200)
      for c in [ours, vendors] { c.write(bytes, at: data) }
      for (f, mask) in [("crc32_le", 0xFFFF_FFFF), ("crc32_be", 0xFFFF_FFFF), ("crc16_le", 0xFFFF), ("crc16_be", 0xFFFF), ("crc8_le", 0xFF), ("crc8_be", 0xFF)] as [(String, UInt32)] {
        let arguments = [UInt32(truncatingIfNeeded: random.next()) & mask, data, length]
        let a = try ours.call(f, arguments)[0] & mask, b = try vendors.call(f, arguments)[0] & mask
        try #require(a == b, "\(f) of \(arguments)")
      }
      let kind = round % 5
      for c in [ours, vendors] {
        _ = try c.call("MD5Init", [out + 64])
        _ = try c.call("MD5Update", [out + 64, data, length])
        _ = try c.call("MD5Final", [out, out + 64])
        // SHA-1, 224, 256, 384 and 512, by the accelerator, in pieces.
        let context = out + 0x200
        _ = try c.call("ets_sha_enable", [])
        _ = try c.call("ets_sha_init", [context, kind])
        _ = try c.call("ets_sha_update", [context, data, length, 0])
        _ = try c.call("ets_sha_update", [context, data + 201, length + 64, 0])
        _ = try c.call("ets_sha_finish", [context, out + 0x100])
      }
      // Two that take turns come to the same.
      for context in [out + 0x200, out + 0x400] {
        _ = try ours.call("ets_sha_init", [context, kind])
        _ = try ours.call("ets_sha_update", [context, data, length, 1])
      }
      for (n, context) in [out + 0x200, out + 0x400].enumerated() {
        _ = try ours.call("ets_sha_update", [context, data + 201, length + 64, 0])
        _ = try ours.call("ets_sha_finish", [context, out + 0x140 + 64 * UInt32(n)])
      }
      #expect(ours.read(64, at: out + 0x140) == ours.read(64, at: out + 0x100) && ours.read(64, at: out + 0x180) == ours.read(64, at: out + 0x100), "SHA \(kind) of \(length) bytes")
      try #require(ours.read(16, at: out) == vendors.read(16, at: out))
      try #require(ours.read(64, at: out + 0x100) == vendors.read(64, at: out + 0x100), "SHA \(kind) of \(length) bytes")
    }
    // RFC 2104's first test: the vendor's function writes nothing without the firmware's help.
    ours.write([UInt8](repeating: 0x0B, count: 16) + Array("Hi There".utf8), at: data)
    _ = try ours.call("hmac_md5", [data, 16, data + 16, 8, out])
    #expect(ours.read(16, at: out) == [0x92, 0x94, 0x72, 0x7A, 0x36, 0x38, 0xBB, 0x1C, 0x13, 0xF4, 0x8E, 0xF8, 0x15, 0x8B, 0xFC, 0x9D])
    for count in [0, 1, 2, 3, 10, 100] as [UInt32] {
      let bytes = (0..<count).flatMap { _ in [UInt8(truncatingIfNeeded: random.next()), UInt8(truncatingIfNeeded: random.next() & 3), 0, 0] }
      for c in [ours, vendors] {
        c.write(bytes, at: data)
        _ = try c.call("qsort", [data, count, 4, ESP32S3Caller.code + 0x40])
      }
      #expect(ours.read(Int(4 * count), at: data) == vendors.read(Int(4 * count), at: data), "qsort of \(count)")
    }
    for text in ["0", "123", "-77", "  +42x", "0x1F", "0777", "2147483647", "2147483648", "-2147483649", "99999999999", "zz", "", "-", "0x", "12ab"] {
      for base in [0, 10, 16, 36, 2] as [UInt32] {
        var results: [[UInt32]] = []
        for c in [ours, vendors] {
          c.write(Array(text.utf8) + [0], at: data)
          c.write([0, 0, 0, 0], at: data + 64)
          results.append([try c.call("strtol", [data, data + 64, base])[0]] + c.read(4, at: data + 64).map { UInt32($0) })
        }
        #expect(results[0] == results[1], "\(text) to base \(base): \(results)")
      }
      var numbers: [UInt32] = []
      for c in [ours, vendors] { numbers.append(try c.call("atoi", [data])[0]) }
      #expect(numbers[0] == numbers[1], "atoi of \(text): \(numbers)")
    }
    for v in [0, 1, 0xFFFF_FFFF, 0x8000_0000, 12345] as [UInt32] {
      for c in [ours, vendors] { _ = try c.call("itoa", [v, data, 10]) }
      #expect(ours.read(34, at: data).prefix { $0 != 0 } == vendors.read(34, at: data).prefix { $0 != 0 }, "itoa of \(v)")
    }
  }

  /// Blocks of memory and strings: both ROMs leave the same bytes and the same result. `P`, `Q` stand for pointers, `n` for a length.
  static func compareMemory(_ functions: [(UInt32, String)], _ ours: Caller, _ vendors: Caller, at base: UInt32, call: (Caller, UInt32, [UInt32]) throws -> UInt32) throws {
    var random = Random(state: 0xFEED_F00D_1234_5677)
    for (f, takes) in functions {
      for _ in 0..<60 {
        var bytes = (0..<512).map { _ in random.next() & 7 == 0 ? UInt8(truncatingIfNeeded: random.next()) : UInt8(97 + random.next() % 3) }
        for i in 0..<256 where random.next() & 31 != 0 { bytes[256 + i] = bytes[i] }
        bytes[120 + Int(random.next() & 63)] = 0
        bytes[400 + Int(random.next() & 63)] = 0
        (bytes[255], bytes[511]) = (0, 0)
        let p = base + UInt32(random.next() & 31), q = base + 256 + UInt32(random.next() & 31), n = UInt32(random.next() & 127)
        let arguments: [UInt32] = takes.map { $0 == "P" ? p : $0 == "Q" ? q : $0 == "O" ? p + 5 : $0 == "c" ? 97 + n % 4 : n }
        var results: [Int64] = []
        for c in [ours, vendors] {
          c.write(bytes, at: base)
          let r = try call(c, f, arguments)
          results.append(takes.hasSuffix("=") ? Int64(Int32(bitPattern: r).signum()) : Int64(r))
        }
        try #require(results[0] == results[1], "0x\(String(f, radix: 16)) of \(arguments): \(results)")
        try #require(ours.read(512, at: base) == vendors.read(512, at: base), "0x\(String(f, radix: 16)) of \(arguments) left other bytes")
      }
    }
  }
  @Test func esp8266MemoryAndStrings() throws {
    guard let (ours, vendors) = try Self.callers8266() else { return }
    try Self.compareMemory(
      [
        (0x4000_DF48, "PQn"), (0x4000_E04C, "PQn"), (0x4000_E04C, "POn"), (0x4000_E04C, "OPn"), (0x4000_E190, "Pcn"), (0x4000_DEA8, "PQn="), (0x4000_BDC8, "PQ="), (0x4000_BFA8, "PQn="), (0x4000_BEC8, "PQ"),
        (0x4000_C0A0, "PQn"), (0x4000_BF4C, "P"), (0x4000_E1E0, "PQ"),
      ], ours, vendors, at: 0x3FFF_0000) { try ($0 as! ESP8266Caller).call($1, $2)[0] }
  }
  @Test func esp32MemoryAndStrings() throws {
    guard let (ours, vendors) = try Self.callers32() else { return }
    try Self.compareMemory(
      [
        (0x4000_C2C8, "PQn"), (0x4000_C3C0, "PQn"), (0x4000_C3C0, "POn"), (0x4000_C3C0, "OPn"), (0x4000_C44C, "Pcn"), (0x4000_C260, "PQn="), (0x4000_1274, "PQ="), (0x4000_C5F4, "PQn="),
        (0x4000_11CC, "PQ="), (0x4000_1550, "PQn="), (0x4000_13AC, "PQ"), (0x4000_15D4, "PQn"), (0x4000_14C0, "P"), (0x4000_C628, "Pn"), (0x4000_C584, "PQn"), (0x4000_1470, "PQn"),
        (0x4000_C674, "PQ"), (0x4000_C648, "PQ"), (0x4000_C558, "PQ"), (0x4000_C53C, "Pc"), (0x4000_1708, "Pc"), (0x4000_C244, "Pcn"), (0x4000_C400, "Pcn"), (0x4000_C220, "PQcn"),
      ], ours, vendors, at: 0x3FFF_2000) { try ($0 as! ESP32Caller).call($1, $2)[0] }
  }

  @Test func esp8266DigestsAndCiphers() throws {
    guard let (ours, vendors) = try Self.callers8266() else { return }
    // The tables of AES that firmware reads.
    for (at, count) in [(0x3FFF_CCF0, 1024), (0x3FFF_D0F0, 10), (0x3FFF_D100, 1024), (0x3FFF_D500, 256)] as [(UInt32, Int)] {
      #expect(ours.read(count, at: at) == vendors.read(count, at: at), "table at 0x\(String(at, radix: 16))")
    }
    var random = Random(state: 5)
    for _ in 0..<12 {
      let bytes = (0..<512).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      let key = UInt32(random.next() % 90) + 1, length = UInt32(random.next() % 200), data: UInt32 = 0x3FFF_0000, out = data + 1024
      var results: [[UInt8]] = []
      for c in [ours, vendors] {
        c.write(bytes, at: data)
        c.write([UInt8](repeating: 0, count: 512), at: out)
        c.write([108, 97, 98, 101, 108, 0], at: data + 600)
        _ = try c.call(0x4000_9818, [out + 256])
        _ = try c.call(0x4000_9834, [out + 256, data, length])
        _ = try c.call(0x4000_9834, [out + 256, data + 7, 60])
        _ = try c.call(0x4000_9900, [out, out + 256])
        _ = try c.call(0x4000_A2CC, [data, key, data + 100, length, out + 16])
        _ = try c.call(0x4000_BA28, [data, key, data + 100, length, out + 32])
        _ = try c.call(0x4000_BA48, [data, key, data + 600, data + 40, length, out + 52, 50])
        _ = try c.call(0x4000_DD68, [data, key % 16 + 1, length & 31, out + 110, 40])
        let unwrapped = try c.call(0x4000_9410, [data, 2, data + 64, out + 160])[0]
        results.append(c.read(256, at: out) + [UInt8(truncatingIfNeeded: unwrapped)])
      }
      try #require(results[0] == results[1])
    }
  }
  @Test func esp32ChecksumsDigestsAndInflate() throws {
    guard let (ours, vendors) = try Self.callers32() else { return }
    var random = Random(state: 6)
    let data: UInt32 = 0x3FFF_2000, out = data + 0x1000
    for _ in 0..<20 {
      let bytes = (0..<300).map { _ in UInt8(truncatingIfNeeded: random.next()) }, length = UInt32(random.next() % 200)
      for c in [ours, vendors] { c.write(bytes, at: data) }
      for (f, mask) in [(0x4005_CFEC, 0xFFFF_FFFF), (0x4005_D024, 0xFFFF_FFFF), (0x4005_D05C, 0xFFFF), (0x4005_D09C, 0xFFFF), (0x4005_D0E0, 0xFF), (0x4005_D114, 0xFF)] as [(UInt32, UInt32)] {
        let arguments = [UInt32(truncatingIfNeeded: random.next()) & mask, data, length]
        let a = try ours.call(f, arguments)[0] & mask, b = try vendors.call(f, arguments)[0] & mask
        try #require(a == b, "0x\(String(f, radix: 16)) of \(arguments)")
      }
      let a = try ours.call(0x4005_D144, [data, 6])[0] & 0xFF, b = try vendors.call(0x4005_D144, [data, 6])[0] & 0xFF
      try #require(a == b)
      for c in [ours, vendors] {
        _ = try c.call(0x4005_DA7C, [out + 64])
        _ = try c.call(0x4005_DA9C, [out + 64, data, length])
        _ = try c.call(0x4005_DB1C, [out, out + 64])
      }
      try #require(ours.read(16, at: out) == vendors.read(16, at: out))
    }
    // A zlib stream of 677 bytes, in two pieces.
    let stream = [UInt8](
      Data(base64Encoded: "eNqrLM/MS8kvV/ikyNWSlJ9fohDk76vwgQvO9PXNTC7KD6gsycjPU4CLQjXB9HKdQqjHphzO4OI6uvkCqmYohW40sjlcUDEuFEFkjhjXyj5kPi42ui04PAR0pgkXqtBsZGOuIHMOYHUqN7IoDq/isB1ZJy/WwOLCYjgXPn8iywnitm0D11QuLuwGIQt+uYfMezkZrkgJV7gLcuGSCUekDdwhBgB/Q/nL")!)
    for c in [ours, vendors] {
      c.write(stream, at: data)
      c.write([0, 0, 0, 0], at: data + 0x2000)
      var read: UInt32 = 0, written: UInt32 = 0, status: UInt32 = 1
      for piece in [100, UInt32(stream.count) - 100] as [UInt32] {
        func word(_ v: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: v >> (8 * $0)) } }
        c.write(word(piece) + word(4096 - written), at: data + 0x800)
        let flags: UInt32 = 1 | 4 | (read == 0 ? 2 : 0)
        // Seven arguments: the last goes by the stack.
        c.write(word(flags), at: 0x3FFF_8000)
        status = try c.call(0x4005_EF30, [data + 0x2000, data + read, data + 0x800, out, out + written, data + 0x804])[0]
        let sizes = c.read(8, at: data + 0x800)
        read += UInt32(sizes[0]) | UInt32(sizes[1]) << 8
        written += UInt32(sizes[4]) | UInt32(sizes[5]) << 8
      }
      #expect(status == 0 && written == 677 && read == UInt32(stream.count))
    }
    #expect(ours.read(677, at: out) == vendors.read(677, at: out))
  }
  @Test func esp32SortsAndReadsNumbers() throws {
    guard let (ours, vendors) = try Self.callers32() else { return }
    var random = Random(state: 9)
    let data: UInt32 = 0x3FFF_2000
    for count in [0, 1, 2, 3, 10, 100] as [UInt32] {
      let bytes = (0..<count).flatMap { _ in [UInt8(truncatingIfNeeded: random.next()), UInt8(truncatingIfNeeded: random.next() & 3), 0, 0] }
      for c in [ours, vendors] {
        c.write(bytes, at: data)
        _ = try c.call(0x4005_6424, [data, count, 4, 0x4008_0040])
      }
      #expect(ours.read(Int(4 * count), at: data) == vendors.read(Int(4 * count), at: data), "qsort of \(count)")
    }
    for text in ["0", "123", "-77", "  +42x", "0x1F", "0777", "2147483647", "2147483648", "-2147483648", "-2147483649", "99999999999", "zz", "", "-", "0x", "12ab"] {
      for base in [0, 10, 16, 8, 36, 2] as [UInt32] {
        var results: [[UInt32]] = []
        for c in [ours, vendors] {
          c.write(Array(text.utf8) + [0], at: data)
          c.write([0, 0, 0, 0], at: data + 64)
          for f in [0x4005_681C, 0x4005_692C] as [UInt32] { results.append([try c.call(f, [data, data + 64, base])[0]] + c.read(4, at: data + 64).map { UInt32($0) }) }
        }
        #expect(results[0] == results[2] && results[1] == results[3], "\(text) to base \(base): \(results)")
      }
    }
    for v in [0, 1, 0xFFFF_FFFF, 0x8000_0000, 12345, 0x7FFF_FFFF] as [UInt32] {
      for base in [2, 8, 10, 16, 36] as [UInt32] {
        for c in [ours, vendors] { _ = try c.call(0x4005_66B4, [v, data, base]) }
        #expect(ours.read(34, at: data).prefix { $0 != 0 } == vendors.read(34, at: data).prefix { $0 != 0 }, "itoa of \(v) to base \(base)")
      }
    }
  }
}
