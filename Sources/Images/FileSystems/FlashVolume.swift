/// Where a board keeps its files within its flash, and what they are.
public struct FlashVolume: Sendable, Equatable {
  public enum Kind: Sendable, Equatable {
    case littleFS, fat
    /// Not formatted: the firmware does that at its first start.
    case blank
  }
  public var kind: Kind
  /// From the start of the flash, in bytes.
  public var offset: Int
  public var size: Int
  /// What MicroPython's driver erases and programs at a time.
  static let blockSize = 4096, programSize = 256

  /// Finds the files of a flash: where the firmware says it keeps them (the RP2040's binary info, the ESP32's partition table), else
  /// where a volume is.
  /// - Throws: `FileSystemError` when there is no place for files.
  public init(in flash: [UInt8]) throws {
    let image = try? FirmwareImage(name: "flash", format: .raw, chip: .rp2040, segments: [Segment(address: 0x1000_0000, bytes: flash)])
    let told = image.flatMap { BinaryInfo(in: $0) }?.blockDevices.filter { $0.name != "ROMFS" }.first.flatMap { d -> (Int, Int)? in
      let at = Int(d.address) - 0x1000_0000
      return at >= 0 && at + Int(d.size) <= flash.count && d.size > 0 ? (at, Int(d.size)) : nil
    }
    if let (at, size) = told {
      offset = at
      self.size = size
    } else if let (at, size) = Self.partition(in: flash) {
      offset = at
      self.size = size
      // MicroPython before 1.12 makes FAT of it, which it has to do itself.
      guard Self.kind(flash, at: at) != .blank || flash.firstRange(of: Self.littleFSDriver) != nil else { throw FileSystemError(Self.unmade) }
    } else if let at = stride(from: 0, to: flash.count, by: 4096).first(where: { Self.kind(flash, at: $0) != .blank }) {
      offset = at
      size = flash.count - at
    } else if flash.firstRange(of: Array("Adafruit CircuitPython".utf8)) != nil, flash.count > 1 << 20 {
      // CircuitPython's drive is the rest of the flash from 1 MiB on, less what it keeps for itself.
      throw FileSystemError("CircuitPython has not made its drive yet; let the board start once with --flash")
    } else {
      throw FileSystemError(Self.unmade)
    }
    kind = Self.kind(flash, at: offset)
    if kind == .littleFS, let s = LittleFS.superblock(Array(flash[offset...])) { size = min(size, s.blockSize * s.blockCount) }
    if kind == .fat, let g = FAT.Geometry(Array(flash[offset...])) { size = min(size, g.sectorSize * g.sectors) }
  }
  private static let littleFSDriver = Array("VfsLfs2".utf8)
  /// The partition for files of an ESP32: MicroPython's is called "vfs", TinyUF2's "ffat". Where there is none, MicroPython since 1.26
  /// takes what lies behind the last one.
  private static func partition(in flash: [UInt8]) -> (offset: Int, size: Int)? {
    let all = ESPImage.partitions(flash, at: 0x8000)
    func ends(_ p: ESPImage.Partition) -> Int { Int(clamping: UInt64(p.offset) + UInt64(p.size)) }
    var place = all.first { $0.label == "vfs" || $0.label == "ffat" }.map { (Int($0.offset), Int($0.size)) }
    if place == nil, let end = all.map(ends).max(), end < flash.count, flash.firstRange(of: littleFSDriver) != nil { place = (end, flash.count - end) }
    guard let place, place.0 + place.1 <= flash.count, place.1 >= 4 * blockSize else { return nil }
    return place
  }
  private static let unmade = "the firmware has made no file system in the flash yet, as far as one can see; let the board start once with --flash FILE, then put files into FILE"
  private static func kind(_ flash: [UInt8], at: Int) -> Kind {
    if flash.bytes(at: at + 8, count: 8)?.elementsEqual(LittleFS.mark) == true || flash.bytes(at: at + 4104, count: 8)?.elementsEqual(LittleFS.mark) == true {
      if LittleFS.superblock(Array(flash[at..<min(flash.count, at + 70000)])) != nil { return .littleFS }
    }
    if flash.half(at: at + 510) == 0xAA55, FAT.Geometry(Array(flash[at..<min(flash.count, at + 4096)])) != nil { return .fat }
    return .blank
  }
  /// The files. A blank volume has none.
  public func read(from flash: [UInt8]) throws -> FileTree {
    let bytes = Array(flash[offset..<min(flash.count, offset + size)])
    switch kind {
    case .littleFS: return try LittleFS.read(bytes)
    case .fat: return try FAT.read(bytes)
    case .blank: return FileTree()
    }
  }
  /// The volume's bytes with `tree` in it; a blank one becomes littlefs, as MicroPython would make it.
  public func write(_ tree: FileTree, over flash: [UInt8]) throws -> [UInt8] {
    let bytes = Array(flash[offset..<min(flash.count, offset + size)])
    switch kind {
    case .fat: return try FAT.write(tree, over: bytes)
    case .littleFS, .blank:
      let s = LittleFS.superblock(bytes)
      let blockSize = s?.blockSize ?? Self.blockSize
      return try LittleFS.write(tree, blockSize: blockSize, blockCount: s?.blockCount ?? size / blockSize, programSize: Self.programSize, version: s?.version ?? 0x2_0000)
    }
  }
}
