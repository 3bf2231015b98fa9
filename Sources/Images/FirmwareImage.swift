/// The container that a firmware came in.
public enum ImageFormat: String, Sendable, CaseIterable {
  case uf2 = "UF2"
  case intelHex = "Intel HEX"
  case universalHex = "universal hex"
  case elf = "ELF"
  case dfuSe = "DfuSe"
  case esp = "ESP image"
  case raw = "raw binary"
}

/// Bytes that belong at one address.
public struct Segment: Sendable, Equatable {
  public var address: UInt32
  public var bytes: [UInt8]

  public init(address: UInt32, bytes: [UInt8]) {
    self.address = address
    self.bytes = bytes
  }

  /// One past the last byte; 64 bits, so that an image may end at the top of the address space.
  public var end: UInt64 { UInt64(address) + UInt64(bytes.count) }
}

/// A name that the linker gave to an address.
public struct Symbol: Sendable, Equatable {
  public enum Kind: Sendable { case function, object, other }
  public var name: String
  /// Without the Thumb bit.
  public var address: UInt32
  public var size: UInt32
  public var kind: Kind
  public var isGlobal: Bool
}

/// A firmware file taken out of its container: what goes where, for which chip, and what was left aside.
///
/// `segments` are in order of address, never overlap, and touching ones are joined. For ESP images, whose containers say
/// where code is *run*, the addresses are offsets in the flash where the file is written.
public struct FirmwareImage: Sendable {
  public var name: String
  public var format: ImageFormat
  public var chip: ChipFamily?
  public var segments: [Segment]
  public var entry: UInt32?
  public var symbols: [Symbol] = []
  /// What a person may want to know: foreign families skipped, and the like.
  public var notes: [String] = []
  /// What will probably keep the image from working.
  public var warnings: [String] = []

  init(name: String, format: ImageFormat, chip: ChipFamily?, segments: [Segment], entry: UInt32? = nil) throws(ImageError) {
    self.name = name
    self.format = format
    self.chip = chip
    self.segments = try Self.joined(segments, name: name)
    self.entry = entry
  }

  /// Reads any known format, told by content; a raw binary must be told by its name (`.bin`) or by a boot block that it starts with.
  public init(reading bytes: [UInt8], named name: String, for chip: ChipFamily? = nil) throws(ImageError) {
    guard !bytes.isEmpty else { throw .empty(name: name) }
    if UF2.matches(bytes) {
      self = try UF2.read(bytes, name: name, for: chip)
    } else if ELF.matches(bytes) {
      self = try ELF.read(bytes, name: name, for: chip)
    } else if DfuSe.matches(bytes) {
      self = try DfuSe.read(bytes, name: name)
    } else if IntelHEX.matches(bytes) {
      self = try IntelHEX.read(bytes, name: name, for: chip)
    } else if let esp = ESPImage(parsing: bytes) {
      self = try esp.image(bytes, name: name)
    } else {
      self = try RawBinary.read(bytes, name: name, for: chip)
    }
    try settle(on: chip)
  }

  /// Compares what the image is for with what the board has, and takes the board's word where the image only hints.
  private mutating func settle(on wanted: ChipFamily?) throws(ImageError) {
    guard let wanted else { return }
    if let chip, !wanted.accepts(chip) { throw .otherChip(name: name, found: chip.rawValue, expected: wanted) }
    if chip == nil, format != .raw, !segments.isEmpty, wanted == .rp2040 || wanted == .nrf51 || wanted.isSTM32 {
      warnings.append("its addresses (\(hex(segments[0].address))…) are not those of a \(wanted.rawValue)")
    }
    chip = wanted
  }

  /// In order of address, overlap refused, touching runs joined.
  static func joined(_ segments: [Segment], name: String) throws(ImageError) -> [Segment] {
    let ordered = segments.filter { !$0.bytes.isEmpty }.sorted { $0.address < $1.address }
    var result: [Segment] = []
    result.reserveCapacity(min(ordered.count, 64))
    for segment in ordered {
      guard let last = result.last, UInt64(segment.address) <= last.end else {
        result.append(segment)
        continue
      }
      // The same bytes said twice do no harm; different ones mean that one of the two is wrong.
      let start = Int(segment.address &- last.address)
      let shared = min(last.bytes.count - start, segment.bytes.count)
      for index in 0..<max(0, shared) where last.bytes[start + index] != segment.bytes[index] {
        throw .overlapping(name: name, address: segment.address &+ UInt32(truncatingIfNeeded: index))
      }
      result[result.count - 1].bytes.append(contentsOf: segment.bytes.dropFirst(max(0, shared)))
    }
    for segment in result where segment.end > 1 << 32 {
      throw .overlapping(name: name, address: 0)
    }
    return result
  }

  /// All bytes that lie at `address`, or nil when the image has not all of them.
  public func bytes(at address: UInt32, count: Int) -> ArraySlice<UInt8>? {
    guard let segment = segment(at: address) else { return nil }
    return segment.bytes.bytes(at: Int(address - segment.address), count: count)
  }

  public func word(at address: UInt32) -> UInt32? {
    guard let segment = segment(at: address) else { return nil }
    return segment.bytes.word(at: Int(address - segment.address))
  }

  func text(at address: UInt32, limit: Int = 256) -> String? {
    guard let segment = segment(at: address) else { return nil }
    return segment.bytes.text(at: Int(address - segment.address), limit: limit)
  }

  private func segment(at address: UInt32) -> Segment? {
    var low = 0
    var high = segments.count
    while low < high {
      let middle = (low + high) / 2
      if segments[middle].end <= UInt64(address) { low = middle + 1 } else { high = middle }
    }
    guard low < segments.count, segments[low].address <= address else { return nil }
    return segments[low]
  }

  /// True when every byte lies in SRAM: such an image is started where it lies and never reaches the flash.
  public var runsFromRAM: Bool {
    guard let chip, !chip.isESP, !segments.isEmpty else { return false }
    return segments.allSatisfy { (0x2000_0000..<0x3000_0000).contains($0.address) || isXIPSRAM($0) }
  }

  private func isXIPSRAM(_ segment: Segment) -> Bool {
    chip == .rp2040 && (0x1500_0000..<0x1500_4000).contains(segment.address)
  }

  /// The whole flash with this image in it and 0xff elsewhere. Segments inside `besides` (UICR, option bytes) are the caller's.
  public func flashImage(base: UInt32, size: Int, besides: [Range<UInt32>] = []) throws(ImageError) -> [UInt8] {
    if runsFromRAM, let first = segments.first { throw .runsFromRAM(name: name, address: first.address) }
    let end = UInt64(base) + UInt64(max(0, size))
    // Refuse before a byte is written.
    for segment in segments where !besides.contains(where: { $0.contains(segment.address) && segment.end <= UInt64($0.upperBound) }) {
      if segment.address < base || UInt64(segment.address) >= end + (16 << 20) {
        throw .outsideFlash(name: name, address: segment.address, base: base, flashSize: size)
      }
      if segment.end > end { throw .tooLarge(name: name, end: segment.end, flashEnd: end, flashSize: size) }
    }
    var flash = [UInt8](repeating: 0xff, count: max(0, size))
    for segment in segments where segment.address >= base && segment.end <= end {
      let start = Int(segment.address - base)
      flash.replaceSubrange(start..<(start + segment.bytes.count), with: segment.bytes)
    }
    return flash
  }
}
