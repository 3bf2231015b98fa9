import Crypto
import Testing

@testable import Images

/// Images for ESP chips, made here byte by byte: what is wrong with one gets a sentence that names it and the mend.
@Suite struct ESPImageTests {
  static func little(_ v: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: v >> (8 * $0)) } }
  /// A header of `header` bytes, segments, the checksum at the end of a row, and a SHA-256.
  static func image(chip: UInt8 = 0, size: UInt8 = 2, segments: [(UInt32, [UInt8])], header: Int = 24, hash: Bool = true) -> [UInt8] {
    var b: [UInt8] = [0xE9, UInt8(segments.count), 2, size << 4] + little(header == 8 ? 0x4010_0400 : 0x4008_0400)
    if header == 24 { b += [0xEE, 0, 0, 0, chip] + [UInt8](repeating: 0, count: 10) + [hash ? 1 : 0] }
    for (address, data) in segments { b += little(address) + little(UInt32(data.count)) + data }
    while b.count % 16 != 15 { b.append(0) }
    b.append(segments.flatMap { $0.1 }.reduce(0xEF, ^))
    return b + (hash && header == 24 ? Array(SHA256.hash(data: b)) : [])
  }
  static let bootLoader = image(segments: [(0x3FFF_0030, [1, 2, 3, 4]), (0x4008_0400, Array(0..<200))])
  static let descriptor: [UInt8] = [0x32, 0x54, 0xCD, 0xAB] + [UInt8](repeating: 0, count: 12) + Array("1.0".utf8) + [UInt8](repeating: 0, count: 237)
  static let application = image(segments: [(0x3F40_0020, descriptor), (0x4008_0000, [UInt8](repeating: 7, count: 5000))])
  static func entry(_ type: UInt8, _ subtype: UInt8, _ offset: UInt32, _ size: UInt32, _ label: String) -> [UInt8] {
    [0xAA, 0x50, type, subtype] + little(offset) + little(size) + Array(label.utf8) + [UInt8](repeating: 0, count: 20 - label.utf8.count)
  }
  static let entries = entry(1, 2, 0x9000, 0x6000, "nvs") + entry(0, 0, 0x1_0000, 0x1_0000, "factory") + entry(1, 0x81, 0x2_0000, 0x1_0000, "vfs")
  static func table(_ entries: [UInt8]) -> [UInt8] { entries + [0xEB, 0xEB] + [UInt8](repeating: 0xFF, count: 14) + Array(Insecure.MD5.hash(data: entries)) }
  /// A merged image that begins at 0x1000, as MicroPython's downloads, or at `from`.
  static func merged(from: Int = 0x1000, boot: [UInt8] = bootLoader, table: [UInt8] = table(entries), application: [UInt8] = application) -> [UInt8] {
    var flash = [UInt8](repeating: 0xFF, count: 0x1_0000 + application.count)
    for (at, bytes) in [(0x1000, boot), (0x8000, table), (0x1_0000, application)] { flash.replaceSubrange(at..<(at + bytes.count), with: bytes) }
    return Array(flash[from...])
  }
  static func says(_ bytes: [UInt8], for chip: ChipFamily? = nil) -> String {
    do { return try FirmwareImage(reading: bytes, named: "a.bin", for: chip).warnings.joined(separator: "\n") } catch { return "\(error)" }
  }
  static func changed(_ bytes: [UInt8], at: Int) -> [UInt8] {
    var b = bytes
    b[at] ^= 0x10
    return b
  }

  @Test func goodOnesHaveNothingWrong() throws {
    for (bytes, offset) in [(Self.merged(), 0x1000), (Self.merged(from: 0), 0), (Self.application, 0x1_0000), (Self.bootLoader, 0x1000)] as [([UInt8], UInt32)] {
      let image = try FirmwareImage(reading: bytes, named: "a.bin", for: .esp32)
      #expect(image.warnings.isEmpty && image.chip == .esp32 && image.segments == [Segment(address: offset, bytes: bytes)], "\(image.warnings)")
    }
    #expect(Self.says(Self.image(segments: [(0x4010_0000, [1, 2, 3, 4])], header: 8)) == "")
  }
  @Test func damage() {
    let boot = Self.bootLoader.count
    #expect(Self.says(Self.changed(Self.bootLoader, at: 40)).contains("the image's checksum is wrong"))
    #expect(Self.says(Self.changed(Self.bootLoader, at: boot - 1)).contains("the image's SHA-256 is wrong"))
    #expect(Self.says(Self.changed(Self.merged(), at: 40)).contains("the boot loader's checksum is wrong"))
    #expect(Self.says(Self.changed(Self.merged(), at: 0x7000 + 32 + 13)).contains("partition table's MD5 is wrong"))
    #expect(Self.says(Self.changed(Self.merged(), at: 0x7000 + 64)).contains("partition table is broken after its entry 2 (factory)"))
    #expect(Self.says(Self.changed(Self.merged(), at: 0xF000 + 100)).contains("the application in partition factory's checksum is wrong"))
    #expect(Self.says(Self.changed(Self.merged(), at: 0xF000 + Self.application.count - 1)).contains("the application in partition factory's SHA-256 is wrong"))
    #expect(Self.says(Self.changed(Self.image(segments: [(0x4010_0000, [1, 2, 3, 4])], header: 8), at: 17)).contains("checksum is wrong"))
  }
  @Test func truncation() {
    #expect(Self.says(Array(Self.bootLoader.prefix(100))).contains("truncated ESP image file (segment 2 of 2 lies past the end): download it again"))
    #expect(Self.says(Array(Self.merged().dropLast(3000))).contains("(segment 2 of 2 of the application in partition factory lies past the end): download it again"))
    #expect(Self.says(Array(Self.bootLoader.prefix(12))).contains("truncated"))
    #expect(Self.says([0xE9, 2, 2, 0x20]).contains("its header is cut off"))
  }
  @Test func headers() {
    var many = Self.bootLoader
    many[1] = 200
    #expect(Self.says(many).contains("its header has 200 segments, not 1 to 16"))
    var mode = Self.bootLoader
    mode[2] = 9
    #expect(Self.says(mode, for: .esp32).contains("flash mode 9"))
    var entry = Self.bootLoader
    entry[7] = 0x20
    #expect(Self.says(entry).contains("entry 0x20080400 is no address"))
    #expect(Self.says(Self.image(chip: 9, segments: [(0x4037_4000, [1])]), for: .esp32) == "a.bin is for ESP32-S3, not for the board's ESP32: choose the download for ESP32, or another board.")
    #expect(Self.says(Array("Once upon a time".utf8), for: .esp32).contains("is no image for the ESP32: it begins with 4f 6e 63 65"))
    #expect(Self.says(Self.merged(application: Self.image(chip: 9, segments: [(0x3C00_0020, Self.descriptor)]))).contains("is for another chip than the boot loader"))
  }
  @Test func partitions() {
    func table(_ more: [UInt8]) -> String { Self.says(Self.merged(table: Self.table(Self.entry(0, 0, 0x1_0000, 0x1_0000, "factory") + more))) }
    #expect(table(Self.entry(1, 0x81, 0x1_8000, 0x1_0000, "vfs")).contains("the partitions factory and vfs overlap at 0x18000"))
    #expect(Self.says(Self.merged(table: Self.table(Self.entry(1, 2, 0x9000, 0x6000, "nvs")))).contains("no partition for an application"))
    #expect(Self.says(Self.merged(table: Self.table(Self.entry(0, 0, 0x1_0000, 0x1000, "small")))).contains("more than the partition's 4096"))
  }
  /// The least revision of the chip: bytes 15 and 16, or the major one in byte 14 before ESP-IDF 5.
  @Test(arguments: [(14, UInt8(4), "4.0"), (15, 0x91, "4.1"), (14, 3, nil), (14, 0xFF, nil)] as [(Int, UInt8, String?)]) func revisions(place: Int, value: UInt8, wanted: String?) {
    for inApplication in [false, true] {
      var flash = [UInt8](repeating: 0xFF, count: 4 << 20)
      flash.replaceSubrange(0x1000..<(0x1000 + Self.merged().count), with: Self.merged())
      let at = inApplication ? 0x1_0000 : 0x1000
      flash[at + place] = value
      if place == 15 { flash[at + 16] = 1 }
      let says = ESPFlash.faults(in: flash, chip: .esp32, name: "a.bin", revision: 300).joined(separator: "\n")
      #expect(says == (wanted.map { "a.bin asks for an ESP32 of revision \($0) or newer, but the board's is 3.0, so its boot loader will refuse it; build it with a lower minimum revision, or choose another image" } ?? ""), "\(says)")
    }
  }
  /// What the flash lacks as a whole.
  @Test func flash() {
    func says(_ bytes: [UInt8], at offset: Int, size: Int = 4 << 20) -> String {
      var flash = [UInt8](repeating: 0xFF, count: size)
      flash.replaceSubrange(offset..<(offset + bytes.count), with: bytes)
      return ESPFlash.faults(in: flash, chip: .esp32, name: "a.bin").joined(separator: "\n")
    }
    #expect(says(Self.merged(), at: 0x1000) == "")
    #expect(says(Self.application, at: 0x1_0000).contains("a.bin is an application alone"))
    #expect(says(Self.bootLoader, at: 0x1000).contains("a.bin is a boot loader alone"))
    #expect(says(Self.merged(), at: 0).contains("the flash has an image at 0x0, but the ESP32 starts what is at 0x1000"))
    #expect(says(Array(Self.merged().prefix(0xF000)), at: 0x1000).contains("there is no application where the partition table has one (factory at 0x10000)"))
    #expect(says(Self.merged(table: []), at: 0x1000).contains("no partition table at 0x8000, so the boot loader will not find the application"))
    #expect(says(Self.merged(boot: Self.image(size: 4, segments: [(0x4008_0400, [1])])), at: 0x1000).contains("a.bin is for 16 MiB of flash, but the board has 4 MiB"))
    let large = Self.table(Self.entry(0, 0, 0x1_0000, 0x1_0000, "factory") + Self.entry(1, 0x81, 0x20_0000, 0x60_0000, "vfs"))
    #expect(says(Self.merged(table: large), at: 0x1000).contains("the partition vfs reaches 0x800000, beyond the board's 4 MiB of flash"))
  }
  /// MicroPython's ESP8266 builds end with their MD5.
  @Test func microPythonForTheESP8266() {
    var b = Self.image(segments: [(0x4010_0000, [1, 2, 3, 4])], header: 8)
    b += [UInt8](repeating: 0xFF, count: 0x8FFC - b.count) + Self.little(0xA000) + [UInt8](repeating: 5, count: 0x1000)
    let good = b + Array(Insecure.MD5.hash(data: b[4...]))
    #expect(Self.says(good) == "")
    #expect(Self.says(Self.changed(good, at: 0x9800)).contains("the image's MD5 is wrong"))
    #expect(Self.says(good.dropLast(1000)).contains("truncated ESP image file (it has"))
  }
  /// Cut anywhere, and with bytes changed by a seeded generator: an answer each time, and inspections too.
  @Test func mutations() {
    var state: UInt64 = 0x9E37_79B9_7F4A_7C15
    func random(_ below: Int) -> Int {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return Int(state % UInt64(below))
    }
    let small = Self.image(segments: [(0x4010_0000, [1, 2, 3, 4])], header: 8)
    let seeds = [Self.bootLoader, Self.application, small, Array(Self.merged().prefix(0xF000 + 600)), Self.table(Self.entries)]
    for seed in seeds {
      for _ in 0..<400 {
        var b = seed
        if random(3) == 0 { b = Array(b.prefix(random(b.count) + 1)) }
        for _ in 0..<(1 + random(6)) {
          // Most of them where headers are.
          let place = random(2) == 0 ? random(min(b.count, 64)) : random(8) == 0 ? random(b.count) : min(b.count - 1, [0x7000, 0xF000][random(2)] + random(96))
          b[place] = random(2) == 0 ? [0, 0xFF, 0x7F, 0x80, 0xE9, 0xEA, 0xAA][random(7)] : UInt8(random(256))
        }
        _ = Self.says(b)
        _ = Self.says(b, for: .esp32)
        _ = try? ImageInspection(b, name: "a.bin").text
        _ = try? ESPFlashFile.check([ESPFlashFile(name: "boot", offset: 0x1000, bytes: b), ESPFlashFile(name: "table", offset: 0x8000, bytes: b.count < 0x1000 ? b : [1])], chip: .esp32, flashSize: 1 << 22)
        var flash = [UInt8](repeating: 0xFF, count: 0x2_0000)
        flash.replaceSubrange(0x1000..<(0x1000 + min(b.count, 0x1_F000)), with: b.prefix(0x1_F000))
        if b.count < 0x1000 { flash.replaceSubrange(0x8000..<(0x8000 + b.count), with: b) }
        _ = ESPFlash.faults(in: flash, chip: .esp32, name: "a.bin")
      }
    }
  }
}
