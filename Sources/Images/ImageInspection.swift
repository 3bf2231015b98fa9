/// What an image tells about itself, as data and as text for a person.
public struct ImageInspection: Sendable {
  public var image: FirmwareImage
  /// The Python (or other) banner found in the image: "MicroPython v1.28.0 on 2026-04-06".
  public var version: String?
  public var binaryInfo: BinaryInfo?
  /// Nil: the image has nothing at the start of an RP2040's flash.
  public var boot2: Boot2?
  public var fileSystems: [FileSystem] = []
  /// What the boot loader of an ESP chip would do with the image, a line each.
  public var espLines: [String] = []

  /// A file system whose superblock or boot sector lies in the image.
  public struct FileSystem: Sendable, Equatable {
    public var kind: String
    public var address: UInt32
    public var blockSize: Int
    public var blockCount: Int
  }

  public init(_ bytes: [UInt8], name: String, for chip: ChipFamily? = nil) throws(ImageError) {
    image = try FirmwareImage(reading: bytes, named: name, for: chip)
    version = Self.banner(in: image)
    if image.chip == .rp2040 {
      binaryInfo = BinaryInfo(in: image)
      if let start = image.bytes(at: 0x1000_0000, count: 256) {
        boot2 = Boot2(checking: start)
      } else if !image.runsFromRAM {
        image.warnings.append("has no boot block at 0x10000000: the boot ROM will not start it on an erased flash")
      }
    }
    if let esp = ESPImage(parsing: bytes), image.format == .esp { espLines = Self.lines(for: esp) }
    for segment in image.segments { fileSystems += Self.fileSystems(in: segment) }
  }

  private static func banner(in image: FirmwareImage) -> String? {
    for mark in ["Adafruit CircuitPython ", "MicroPython v"] {
      let wanted = Array(mark.utf8)
      for segment in image.segments {
        var from = 0
        while let at = segment.bytes.firstRange(of: wanted, from: from) {
          let field = segment.bytes[at...].prefix(120).prefix { $0 >= 0x20 && $0 < 0x7f && $0 != UInt8(ascii: ";") }
          let text = String(decoding: field, as: UTF8.self)
          // A banner names a build date; a user agent or a help text does not.
          if text.contains(" on 20") { return text }
          from = at + wanted.count
        }
      }
    }
    return nil
  }

  private static func lines(for esp: ESPImage) -> [String] {
    var lines = ["written at flash offset \(hex(esp.flashOffset, digits: 1)), flash mode \(esp.flashMode)\(esp.flashSize.isEmpty ? "" : ", \(esp.flashSize)")"]
    for load in esp.loads { lines.append("loads \(load.size) bytes to \(hex(load.address))") }
    if let right = esp.checksumIsRight { lines.append("checksum \(right ? "right" : "wrong")\(esp.hasHash ? ", SHA-256 appended" : "")") }
    for p in esp.partitions { lines.append("partition \(p.label) (\(p.kind)) at \(hex(p.offset, digits: 1)), \(sizeText(Int(p.size)))") }
    if let a = esp.application { 
      let title = [a.project, a.version].filter { !$0.allSatisfy { $0 == " " } }.joined(separator: " ")
      lines.append("application \(title.isEmpty ? "without a name" : title), built \(a.date) with ESP-IDF \(a.sdk)") }
    return lines
  }

  /// littlefs has its name at a fixed place in its first block; FAT has a jump, a sector size and 55 aa.
  private static func fileSystems(in segment: Segment) -> [FileSystem] {
    let bytes = segment.bytes
    let mark = Array("littlefs".utf8)
    var found: [FileSystem] = []
    var end: UInt64 = 0
    let first = Int((4096 - segment.address % 4096) % 4096)
    for at in stride(from: first, to: bytes.count, by: 4096) where UInt64(segment.address) + UInt64(at) >= end {
      let address = segment.address &+ UInt32(at)
      if let name = bytes.bytes(at: at + 8, count: 8), name.elementsEqual(mark),
        let version = bytes.word(at: at + 20), let size = bytes.word(at: at + 24), let count = bytes.word(at: at + 28),
        version >> 16 == 2, size.nonzeroBitCount == 1, size <= 1 << 20, count > 1
      {
        found.append(FileSystem(kind: "littlefs 2.\(version & 0xffff)", address: address, blockSize: Int(size), blockCount: Int(count)))
        end = UInt64(address) + UInt64(size) * UInt64(count)
      } else if bytes.half(at: at + 510) == 0xaa55, bytes[at] == 0xeb || bytes[at] == 0xe9,
        let sector = bytes.half(at: at + 11), [512, 1024, 2048, 4096].contains(sector),
        bytes[at + 13].nonzeroBitCount == 1, let small = bytes.half(at: at + 19), let large = bytes.word(at: at + 32)
      {
        let count = small > 0 ? UInt32(small) : large
        found.append(FileSystem(kind: "FAT", address: address, blockSize: Int(sector), blockCount: Int(count)))
        end = UInt64(address) + UInt64(sector) * UInt64(count)
      }
    }
    return found
  }

  /// The inspection as a table for a person.
  public var text: String {
    var lines: [String] = []
    func row(_ title: String, _ value: String) {
      lines.append(title + String(repeating: " ", count: max(1, 15 - title.count)) + value)
    }
    row("format", image.format.rawValue)
    row("chip", image.chip?.rawValue ?? "not told")
    if let version { row("firmware", version) }
    if let info = binaryInfo { info.describe(row) }
    if let boot2 {
      row("boot2", boot2.isValid ? "CRC right (\(hex(boot2.stored)))" : "CRC \(hex(boot2.stored)) is wrong, \(hex(boot2.computed)) would be right: the boot ROM will not start it")
    }
    for s in image.segments.prefix(16) { row("segment", "\(hex(s.address))-\(hex(s.end))  \(s.bytes.count) bytes") }
    if image.segments.count > 16 { row("", "and \(image.segments.count - 16) more") }
    if let entry = image.entry { row("entry", hex(entry)) }
    if !image.symbols.isEmpty { row("symbols", "\(image.symbols.count)") }
    for line in espLines { row("esp", line) }
    for f in fileSystems { row("file system", "\(f.kind) at \(hex(f.address)), \(f.blockCount) blocks of \(f.blockSize) bytes") }
    for n in image.notes { row("note", n) }
    for w in image.warnings { row("warning", w) }
    return lines.joined(separator: "\n")
  }
}
