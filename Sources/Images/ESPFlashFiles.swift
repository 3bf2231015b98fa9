/// The files that a build for an ESP chip writes side by side into the flash: boot loader, partition table, applications, data.
public struct ESPFlashFile: Sendable {
  public var name: String
  public var offset: UInt32
  public var bytes: [UInt8]
  public init(name: String, offset: UInt32, bytes: [UInt8]) {
    self.name = name
    self.offset = offset
    self.bytes = bytes
  }
  var end: UInt64 { UInt64(offset) + UInt64(bytes.count) }

  /// The chip that an image's header names; nil for other files.
  public static func chip(of bytes: [UInt8]) -> ChipFamily? { ESPImage(parsing: bytes)?.chip }

  /// Looks whether the chip can start from `files`. - Returns: warnings.
  /// - Throws: `ImageError` that names the file whose chip, offset or size is wrong.
  public static func check(_ files: [ESPFlashFile], chip: ChipFamily, flashSize: Int) throws(ImageError) -> [String] {
    let ordered = files.sorted { $0.offset < $1.offset }
    for f in ordered {
      guard !f.bytes.isEmpty else { throw .empty(name: f.name) }
      guard f.end <= UInt64(flashSize) else { throw ImageError("\(f.name) does not fit: at \(hex(f.offset, digits: 1)) it reaches \(hex(f.end, digits: 1)), beyond the \(flashSize >> 10) KiB of flash: give it another offset, or make it smaller.") }
    }
    for (a, b) in zip(ordered, ordered.dropFirst()) where a.end > UInt64(b.offset) {
      throw ImageError("\(a.name) reaches \(hex(a.end, digits: 1)), over \(b.name) at \(hex(b.offset, digits: 1)): mend one of the offsets.")
    }
    var warnings: [String] = []
    let images: [(file: ESPFlashFile, image: ESPImage)] = ordered.compactMap { f in ESPImage(parsing: f.bytes).map { (f, $0) } }
    for (f, image) in images {
      guard image.chip == chip else { throw .otherChip(name: f.name, found: image.chip.rawValue, expected: chip) }
      warnings += try image.image(f.bytes, name: f.name).warnings.map { "\(f.name): \($0)" }
    }
    let start: UInt32 = chip == .esp32 || chip == .esp32s2 ? 0x1000 : 0
    guard images.contains(where: { $0.file.offset == start }) else {
      if let (f, _) = images.first(where: { $0.image.application == nil && $0.image.flashOffset == start }) {
        throw ImageError("\(f.name) at \(hex(f.offset, digits: 1)) is a boot loader, which the \(chip.rawValue) reads at \(hex(start, digits: 1)): give it that offset.")
      }
      throw ImageError("there is no boot loader at \(hex(start, digits: 1)), where the \(chip.rawValue) looks for it: add one, or mend its offset.")
    }
    if let table = ordered.first(where: { $0.offset == 0x8000 }) {
      if ESPImage.partitions(table.bytes, at: 0).isEmpty { warnings.append("\(table.name) is no partition table, whose entries begin with aa 50: build it again") }
      warnings += ESPImage.tableFaults(table.bytes, at: 0)
    }
    let applications = ordered.flatMap { ESPImage.partitions($0.bytes, at: 0) }.filter { $0.kind.hasPrefix("app") }
    for (f, image) in images where image.application != nil && image.partitions.isEmpty && !applications.isEmpty {
      guard let p = applications.first(where: { $0.offset == f.offset }) else {
        throw ImageError("\(f.name) at \(hex(f.offset, digits: 1)) is an application, but the partition table has those at \(applications.map { hex($0.offset, digits: 1) }.joined(separator: ", ")): mend its offset.")
      }
      guard f.bytes.count <= Int(p.size) else { throw ImageError("\(f.name) has \(f.bytes.count) bytes, but its partition \(p.label) has \(p.size): make the partition larger.") }
    }
    return warnings
  }
}
