/// Intel HEX, and the micro:bit's universal hex, which packs images for several boards in one file.
public enum IntelHEX {
  public static func matches(_ bytes: [UInt8]) -> Bool {
    guard let start = bytes.prefix(64).firstIndex(where: { !isBlank($0) }), bytes[start] == UInt8(ascii: ":") else { return false }
    return bytes[(start + 1)...].prefix(8).allSatisfy { digit($0) != nil }
  }

  public static func parse(_ bytes: [UInt8]) throws(ImageError) -> [Segment] {
    try read(bytes, name: "the HEX file", for: nil).segments
  }

  private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0d).contains(byte) || byte == 0x1a || byte == 0 }

  private static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    default: nil
    }
  }

  /// Which board a block of a universal hex is for: ids of the micro:bit's two generations.
  private static func chip(ofBoard id: UInt16) -> ChipFamily? {
    switch id {
    case 0x9900, 0x9901: .nrf51
    case 0x9903...0x9906: .nrf52
    default: nil
    }
  }

  static func read(_ bytes: [UInt8], name: String, for wanted: ChipFamily?) throws(ImageError) -> FirmwareImage {
    var segments: [Segment] = []
    var base: UInt32 = 0
    var segmented = false
    var entry: UInt32?
    var ended = false
    var universal = false
    // Outside any block of a universal hex a record is for every board.
    var mine = true
    var skipped: [UInt16: Int] = [:]
    var board: UInt16 = 0
    var boards: Set<ChipFamily> = []
    let chosen = wanted ?? .nrf51

    var line = 0
    var at = 0
    var record: [UInt8] = []
    while at < bytes.count, !ended {
      line += 1
      var end = at
      while end < bytes.count, bytes[end] != 0x0a, bytes[end] != 0x0d { end += 1 }
      var start = at
      while start < end, isBlank(bytes[start]) { start += 1 }
      var stop = end
      while stop > start, isBlank(bytes[stop - 1]) { stop -= 1 }
      at = end + 1
      if end + 1 < bytes.count, bytes[end] == 0x0d, bytes[end + 1] == 0x0a { at = end + 2 }
      if start == stop { continue }

      guard bytes[start] == UInt8(ascii: ":"), (stop - start) % 2 == 1, stop - start >= 11 else {
        // A cut-off file ends inside a record.
        if end >= bytes.count { break }
        throw .damaged(name: name, format: .intelHex, detail: "line \(line) is no record")
      }
      record.removeAll(keepingCapacity: true)
      var sum: UInt8 = 0
      for index in stride(from: start + 1, to: stop, by: 2) {
        guard let high = digit(bytes[index]), let low = digit(bytes[index + 1]) else {
          throw .damaged(name: name, format: .intelHex, detail: "line \(line) has a character that is no hexadecimal digit")
        }
        record.append(high << 4 | low)
        sum = sum &+ (high << 4 | low)
      }
      let length = Int(record[0])
      guard record.count == length + 5 else {
        if end >= bytes.count { break }
        throw .damaged(name: name, format: .intelHex, detail: "line \(line) has \(record.count - 5) data bytes and claims \(length)")
      }
      guard sum == 0 else {
        throw .damaged(name: name, format: .intelHex, detail: "line \(line) has a wrong checksum")
      }
      let offset = UInt32(record[1]) << 8 | UInt32(record[2])
      let data = record[4..<(4 + length)]
      func short(_ needed: Int) throws(ImageError) {
        guard length >= needed else {
          throw .damaged(name: name, format: .intelHex, detail: "line \(line) is too short for its type")
        }
      }

      switch record[3] {
      case 0x00, 0x0d:  // data; 0x0d is what a universal hex uses for boards that old loaders must not see
        guard mine else {
          skipped[board, default: 0] += length
          continue
        }
        if record[3] == 0x0d, universal, chosen == .nrf51 { continue }
        append(data, at: base &+ offset, segmented: segmented, base: base, to: &segments)
      case 0x01:
        ended = true
      case 0x02:
        try short(2)
        base = (UInt32(record[4]) << 8 | UInt32(record[5])) << 4
        segmented = true
      case 0x03:
        try short(4)
        let (cs, ip) = (UInt32(record[4]) << 8 | UInt32(record[5]), UInt32(record[6]) << 8 | UInt32(record[7]))
        if mine { entry = (cs << 4) &+ ip }
      case 0x04:
        try short(2)
        base = UInt32(record[4]) << 24 | UInt32(record[5]) << 16
        segmented = false
      case 0x05:
        try short(4)
        if mine { entry = UInt32(record[4]) << 24 | UInt32(record[5]) << 16 | UInt32(record[6]) << 8 | UInt32(record[7]) }
      case 0x0a:
        try short(2)
        universal = true
        board = UInt16(record[4]) << 8 | UInt16(record[5])
        let owner = chip(ofBoard: board)
        if let owner { boards.insert(owner) }
        mine = owner == chosen
      case 0x0b:
        // The next block follows at once; what stands between belongs to all.
        mine = true
      case 0x0c, 0x0e:
        continue
      default:
        throw .damaged(name: name, format: .intelHex, detail: "line \(line) is of unknown type \(hex(record[3], digits: 2))")
      }
    }
    let format: ImageFormat = universal ? .universalHex : .intelHex
    guard ended else { throw .truncated(name: name, format: format, detail: "the end record is missing after line \(line)") }
    if universal, let wanted, !boards.contains(wanted) {
      let found = boards.map(\.rawValue).sorted().joined(separator: " and ")
      throw .otherChip(name: name, found: found.isEmpty ? "boards that are not known here" : found, expected: wanted)
    }
    guard !segments.isEmpty else {
      throw .nothingToLoad(name: name, format: format, detail: universal ? "no block for \(chosen.rawValue)" : "no data records")
    }
    var image = try FirmwareImage(name: name, format: format, chip: nil, segments: segments, entry: entry)
    image.chip = universal ? chosen : ChipFamily.owning(image.segments)
    for (board, count) in skipped.sorted(by: { $0.key < $1.key }) {
      let chip = chip(ofBoard: board)?.rawValue ?? "an unknown chip"
      image.notes.append("skipped \(sizeText(count)) for board \(hex(board, digits: 4)) (\(chip))")
    }
    if bytes[min(at, bytes.count)...].contains(where: { !isBlank($0) }) {
      // The micro:bit editors append the user's program in their own way behind the end record.
      image.notes.append("text after the end record was not read")
    }
    return image
  }

  private static func append(
    _ data: ArraySlice<UInt8>, at address: UInt32, segmented: Bool, base: UInt32, to segments: inout [Segment]
  ) {
    guard !data.isEmpty else { return }
    if segmented {
      // Segmented addresses wrap within their 64 KiB.
      let room = Int(0x1_0000 - ((address &- base) & 0xffff))
      if data.count > room {
        segments.append(Segment(address: address, bytes: Array(data.prefix(room))))
        segments.append(Segment(address: base, bytes: Array(data.dropFirst(room))))
        return
      }
    }
    if let last = segments.indices.last, segments[last].end == UInt64(address) {
      segments[last].bytes.append(contentsOf: data)
    } else {
      segments.append(Segment(address: address, bytes: Array(data)))
    }
  }
}
