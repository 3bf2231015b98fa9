import Testing

@testable import Images

/// SplitMix64: the same inputs on every host.
private struct Seeded: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state = state &+ 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}

private func little(_ words: [UInt32]) -> [UInt8] {
  words.flatMap { w in (0..<4).map { UInt8(truncatingIfNeeded: w >> UInt32($0 * 8)) } }
}

private func block(
  _ address: UInt32, _ number: UInt32, of total: UInt32, family: UInt32 = 0xe48b_ff56, flags: UInt32 = 0x2000, fill: UInt8 = 0x55
) -> [UInt8] {
  little([0x0a32_4655, 0x9e5d_5157, flags, address, 256, number, total, family])
    + [UInt8](repeating: fill, count: 256) + [UInt8](repeating: 0, count: 220) + little([0x0ab1_6f30])
}

private func record(_ type: UInt8, _ offset: UInt16, _ data: [UInt8]) -> [UInt8] {
  let body = [UInt8(data.count), UInt8(offset >> 8), UInt8(offset & 0xff), type] + data
  let all = body + [0 &- body.reduce(0, &+)]
  return Array((":" + all.map { hex($0, digits: 2).dropFirst(2) }.joined() + "\r\n").utf8)
}

private func elf(machine: UInt16 = 40, address: UInt32 = 0x1000_0000) -> [UInt8] {
  var file: [UInt8] = [0x7f, 0x45, 0x4c, 0x46, 1, 1, 1] + [UInt8](repeating: 0, count: 9)
  file += [2, 0, UInt8(machine & 0xff), UInt8(machine >> 8)] + little([1, 0x1000_0101, 52, 120])
  file += little([0]) + [52, 0, 32, 0, 1, 0, 40, 0, 3, 0, 0, 0]
  file += little([1, 84, 0x2000_0000, address, 8, 8, 5, 4]) + [1, 2, 3, 4, 5, 6, 7, 8]
  file += [UInt8](repeating: 0, count: 120 - file.count)
  let symbols = 120 + 3 * 40
  let names = symbols + 32
  file += [UInt8](repeating: 0, count: 40)
  file += little([0, 2, 0, 0, UInt32(symbols), 32, 2, 0, 4, 16])
  file += little([0, 3, 0, 0, UInt32(names), 6, 0, 0, 1, 0])
  file += [UInt8](repeating: 0, count: 16) + little([1, 0x1000_0001, 4]) + [0x12, 0, 1, 0]
  return file + [0] + Array("main".utf8) + [0]
}

private let fourBlocks = (0..<4).map { block(0x1000_0000 + $0 * 256, $0, of: 4, fill: UInt8($0)) }

@Test("UF2: blocks in any order give one segment")
func uf2Order() throws {
  let image = try FirmwareImage(reading: Array(fourBlocks.reversed().joined()), named: "a.uf2", for: .rp2040)
  #expect(image.segments.count == 1)
  #expect(image.segments[0].address == 0x1000_0000)
  #expect(image.segments[0].bytes.count == 1024)
  #expect(image.segments[0].bytes[256] == 1)
}

@Test("UF2: foreign families, blocks not for the main flash and the absolute block are set aside and reported")
func uf2Foreign() throws {
  let bytes =
    block(0x10ff_ff00, 0, of: 2, family: 0xe48b_ff57) + fourBlocks.joined() + block(0x1000_0000, 0, of: 1, family: 0xe48b_ff59)
    + block(0x1000_0000, 0, of: 1, flags: 0x2001)
  let image = try FirmwareImage(reading: bytes, named: "a.uf2", for: .rp2040)
  #expect(image.segments.count == 1 && image.segments[0].bytes.count == 1024)
  #expect(image.notes.count == 3)
  #expect(image.notes.contains { $0.contains("RP2350 (Arm, secure)") })
  #expect(image.notes.contains { $0.contains("not main flash") })
  #expect(image.notes.contains { $0.contains("absolute family") })
}

@Test("UF2: a cut file, a missing block and another chip's file are refused by name")
func uf2Refused() {
  let whole = Array(fourBlocks.joined())
  #expect { try FirmwareImage(reading: Array(whole.dropLast(100)), named: "a.uf2") } throws: { "\($0)".contains("a.uf2 is a truncated UF2") }
  #expect { try FirmwareImage(reading: Array(whole.dropLast(512)), named: "a.uf2") } throws: { "\($0)".contains("3 of 4 blocks") }
  #expect(throws: ImageError.otherChip(name: "a.uf2", found: "ESP32-S3", expected: .rp2040)) {
    try FirmwareImage(reading: block(0, 0, of: 1, family: 0xc47e_5767), named: "a.uf2", for: .rp2040)
  }
  #expect(throws: ImageError.overlapping(name: "a.uf2", address: 0x1000_0000)) {
    try FirmwareImage(reading: block(0x1000_0000, 0, of: 2, fill: 1) + block(0x1000_0000, 1, of: 2, fill: 2), named: "a.uf2")
  }
}

@Test("an image larger than the flash, or outside it, or for RAM, is refused before anything is written")
func flashFit() throws {
  let image = try FirmwareImage(reading: Array(fourBlocks.joined()), named: "a.uf2", for: .rp2040)
  let flash = try image.flashImage(base: 0x1000_0000, size: 4096)
  #expect(flash.count == 4096 && flash[1023] == 3 && flash[1024] == 0xff)
  #expect { try image.flashImage(base: 0x1000_0000, size: 512) } throws: { "\($0)".contains("0x10000400") }
  let ram = try FirmwareImage(reading: block(0x2000_0000, 0, of: 1), named: "r.uf2")
  #expect(ram.entry == 0x2000_0000)
  #expect(throws: ImageError.runsFromRAM(name: "r.uf2", address: 0x2000_0000)) { try ram.flashImage(base: 0x1000_0000, size: 4096) }
}

@Test("Intel HEX: addresses, entry, line endings; errors name the line")
func intelHex() throws {
  let good = record(4, 0, [0x10, 0]) + record(0, 0x10, [1, 2, 3]) + record(0, 0x13, [4]) + record(5, 0, [0x10, 0, 0, 1]) + record(1, 0, [])
  let image = try FirmwareImage(reading: good, named: "a.hex", for: .rp2040)
  #expect(image.segments == [Segment(address: 0x1000_0010, bytes: [1, 2, 3, 4])])
  #expect(image.entry == 0x1000_0001)
  var bad = good
  bad[20] = UInt8(ascii: "7")
  #expect { try FirmwareImage(reading: bad, named: "a.hex") } throws: { "\($0)".contains("line 2 has a wrong checksum") }
  #expect { try FirmwareImage(reading: Array(good.dropLast(13)), named: "a.hex") } throws: { "\($0)".contains("truncated") }
}

@Test("universal hex: only the wanted board's block is taken")
func universalHex() throws {
  let bytes =
    record(4, 0, [0, 0]) + record(0x0a, 0, [0x99, 0x01, 0xc0, 0xde]) + record(0, 0, [1, 1]) + record(0x0b, 0, [])
    + record(0x0a, 0, [0x99, 0x03, 0xc0, 0xde]) + record(0x0d, 0, [2, 2]) + record(0x0b, 0, []) + record(1, 0, [])
  let image = try FirmwareImage(reading: bytes, named: "u.hex", for: .nrf51)
  #expect(image.format == .universalHex)
  #expect(image.segments == [Segment(address: 0, bytes: [1, 1])])
  #expect(image.notes.count == 1)
  #expect(try FirmwareImage(reading: bytes, named: "u.hex", for: .nrf52).segments[0].bytes == [2, 2])
}

@Test("ELF: physical addresses, entry and symbols; another machine is refused")
func elfFile() throws {
  let image = try FirmwareImage(reading: elf(), named: "a.elf", for: .rp2040)
  #expect(image.segments == [Segment(address: 0x1000_0000, bytes: [1, 2, 3, 4, 5, 6, 7, 8])])
  #expect(image.entry == 0x1000_0101)
  #expect(image.symbols == [Symbol(name: "main", address: 0x1000_0000, size: 4, kind: .function, isGlobal: true)])
  #expect(throws: ImageError.otherMachine(name: "a.elf", found: "Xtensa", expected: "Arm")) {
    try FirmwareImage(reading: elf(machine: 94), named: "a.elf", for: .rp2040)
  }
}

@Test("an empty file and an unknown one are refused; a raw binary is taken by its name, with a warning")
func rawFiles() throws {
  #expect(throws: ImageError.empty(name: "x")) { try FirmwareImage(reading: [], named: "x") }
  #expect { try FirmwareImage(reading: [0x89, 0x50, 0x4e, 0x47], named: "x.png", for: .rp2040) } throws: { "\($0)".contains("89 50 4e 47") }
  var flash = (0..<252).map { UInt8($0) }
  flash += little([CRC32.forward(flash)])
  #expect(try FirmwareImage(reading: flash, named: "x").chip == .rp2040)
  #expect(try FirmwareImage(reading: [1, 2, 3], named: "x.bin", for: .rp2040).warnings.count == 1)
}

@Test("CRC-32, both directions, of the usual check string")
func crc() {
  #expect(CRC32.forward("123456789".utf8) == 0x0376_e6e7)
  #expect(CRC32.reflected("123456789".utf8) == ~0xcbf4_3926)
}

@Test("inspection finds a littlefs volume and an RP2040's wrong boot block")
func inspection() throws {
  var flash = [UInt8](repeating: 0xff, count: 8192)
  flash.replaceSubrange(0..<252, with: (0..<252).map { UInt8($0) })
  flash.replaceSubrange(252..<256, with: little([CRC32.forward(flash[0..<252])]))
  flash.replaceSubrange(4104..<4112, with: Array("littlefs".utf8))
  flash.replaceSubrange(4116..<4128, with: little([0x0002_0001, 4096, 352]))
  let seen = try ImageInspection(flash, name: "dump.bin")
  #expect(seen.boot2?.isValid == true)
  #expect(seen.fileSystems == [.init(kind: "littlefs 2.1", address: 0x1000_1000, blockSize: 4096, blockCount: 352)])
  #expect(seen.text.contains("littlefs 2.1 at 0x10001000"))
}

@Test("10,000 random and mutated images are read or refused, and never crash the host")
func fuzz() {
  var random = Seeded(state: 0x5eed)
  let esp: [UInt8] = [0xe9, 2, 2, 0x20] + little([0x4008_0000]) + [UInt8](repeating: 0, count: 16) + little([0x3ffb_0000, 4, 7, 0x4008_0000, 4, 9])
  var dfu: [UInt8] = Array("DfuSe".utf8) + [1] + little([400]) + [1] + Array("Target".utf8) + [UInt8](repeating: 0, count: 260)
  dfu += little([1, 1, 0x0800_0000, 4, 5])
  var info = [UInt8](repeating: 0, count: 1024)
  info.replaceSubrange(0x100..<0x114, with: little([0x7188_ebf2, 0x1000_0120, 0x1000_0128, 0, 0xe71a_a390]))
  info.replaceSubrange(0x120..<0x128, with: little([0x1000_0140, 0x1000_0150]))
  info.replaceSubrange(0x140..<0x160, with: little([0x5052_0006, 0x0203_1c86, 0x1000_0200, 0, 0x5052_0008, 0x4_2112, 0, 0]))
  var infoUF2: [UInt8] = []
  for n in 0..<4 {
    var b = block(0x1000_0000 + UInt32(n) * 256, UInt32(n), of: 4)
    b.replaceSubrange(32..<288, with: info[(n * 256)..<(n * 256 + 256)])
    infoUF2 += b
  }
  let hexFile = record(4, 0, [0x10, 0]) + record(0, 0x10, [1, 2, 3]) + record(0x0a, 0, [0x99, 1]) + record(2, 0, [0xff, 0xff]) + record(0, 0xfffe, [1, 2, 3]) + record(1, 0, [])
  let seeds: [[UInt8]] = [Array(fourBlocks.joined()), infoUF2, elf(), hexFile, esp, dfu]
  let chips: [ChipFamily?] = [nil, .rp2040, .nrf51, .esp32]
  var read = 0
  var refused = 0
  for _ in 0..<10_000 {
    let kind = Int(random.next() % UInt64(seeds.count + 1))
    var bytes = kind < seeds.count ? seeds[kind] : (0..<Int(random.next() % 700)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    for _ in 0..<(random.next() % 5) where !bytes.isEmpty {
      let at = Int(random.next() % UInt64(bytes.count))
      bytes[at] = random.next() % 3 == 0 ? 0xff : UInt8(truncatingIfNeeded: random.next())
    }
    if random.next() % 4 == 0 { bytes.removeLast(Int(random.next() % UInt64(bytes.count + 1))) }
    do throws(ImageError) {
      let seen = try ImageInspection(bytes, name: "fuzz.bin", for: chips[Int(random.next() % 4)])
      #expect(!seen.text.isEmpty)
      _ = try seen.image.flashImage(base: 0x1000_0000, size: 4096)
      read += 1
    } catch {
      #expect(error.description.hasSuffix("."))
      refused += 1
    }
  }
  #expect(read > 500 && refused > 500)
}
