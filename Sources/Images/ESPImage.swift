/// An ESP application or whole-flash image: a header with magic 0xe9 (0xea for the ESP8266's second generation) and the segments
/// that its boot loader copies or maps. Recognised for inspection and for writing into the flash.
struct ESPImage {
  var chip: ChipFamily
  var entry: UInt32
  var flashMode: String
  var flashSize: String
  /// Load addresses, not places in the file.
  var loads: [(address: UInt32, size: Int)] = []
  /// Nil when the segments end past the file.
  var checksumIsRight: Bool?
  var hasHash = false
  /// Partition table and application that a whole-flash image carries behind its boot loader.
  var partitions: [Partition] = []
  var application: Application?
  /// Where in the flash the file is written.
  var flashOffset: UInt32

  struct Partition: Sendable, Equatable {
    var label: String
    var kind: String
    var offset: UInt32
    var size: UInt32
  }

  /// The application descriptor (magic 0xabcd5432) at the start of the first mapped data segment.
  struct Application {
    var project: String
    var version: String
    var date: String
    var sdk: String
  }

  init?(parsing bytes: [UInt8]) {
    guard bytes.count >= 16, bytes[0] == 0xe9 || bytes[0] == 0xea, bytes[2] <= 5, let entry = bytes.word(at: 4),
      (0x4000_0000..<0x4400_0000).contains(entry) || bytes[0] == 0xea
    else { return nil }
    let modes = ["QIO", "QOUT", "DIO", "DOUT", "fast read", "slow read"]
    self.entry = entry
    flashMode = modes[Int(bytes[2])]
    if bytes[0] == 0xea {
      chip = .esp8266
      flashSize = ""
      flashOffset = 0x1000
      return
    }
    guard (1...16).contains(bytes[1]) else { return nil }
    let sizeCode = Int(bytes[3] >> 4)
    // ESP8266 entries lie in its instruction RAM; its header has 8 bytes only.
    if (0x4010_0000..<0x4011_0000).contains(entry) {
      chip = .esp8266
      let sizes = ["512 KiB", "256 KiB", "1 MiB", "2 MiB", "4 MiB", "2 MiB", "4 MiB", "", "8 MiB", "16 MiB"]
      flashSize = sizeCode < sizes.count ? sizes[sizeCode] : ""
      flashOffset = 0
      readSegments(bytes, from: 8)
      return
    }
    guard let id = bytes.half(at: 12), bytes.count >= 24 else { return nil }
    switch id {
    case 2: chip = .esp32s2
    case 5: chip = .esp32c3
    case 9: chip = .esp32s3
    default: chip = .esp32
    }
    let sizes = ["1 MiB", "2 MiB", "4 MiB", "8 MiB", "16 MiB", "32 MiB"]
    flashSize = sizeCode < sizes.count ? sizes[sizeCode] : ""
    hasHash = bytes[23] == 1
    flashOffset = 0x1_0000
    readSegments(bytes, from: 24)
    let start = chip == .esp32 || chip == .esp32s2 ? 0x1000 : 0
    partitions = Self.partitions(bytes, at: 0x8000 - start)
    if !partitions.isEmpty {
      flashOffset = UInt32(start)
      let app = partitions.first { $0.kind.hasPrefix("app") }.map { Int($0.offset) } ?? 0x1_0000
      application = Self.application(bytes, at: app - start + 32)
    } else {
      application = Self.application(bytes, at: 32)
      // A boot loader alone lies below the partition table and has no application descriptor.
      if application == nil, bytes.count <= 0x7000 { flashOffset = UInt32(start) }
    }
  }

  private mutating func readSegments(_ bytes: [UInt8], from start: Int) {
    var at = start
    var sum: UInt8 = 0xef
    for _ in 0..<Int(bytes[1]) {
      guard let address = bytes.word(at: at), let size = bytes.word(at: at + 4),
        let data = bytes.bytes(at: at + 8, count: Int(size))
      else { return }
      loads.append((address, Int(size)))
      for byte in data { sum ^= byte }
      at += 8 + Int(size)
    }
    let place = at | 15
    if place < bytes.count { checksumIsRight = bytes[place] == sum }
  }

  private static func application(_ bytes: [UInt8], at offset: Int) -> Application? {
    guard bytes.word(at: offset) == 0xabcd_5432, let version = bytes.text(at: offset + 16, limit: 32),
      let project = bytes.text(at: offset + 48, limit: 32), let time = bytes.text(at: offset + 80, limit: 16),
      let date = bytes.text(at: offset + 96, limit: 16), let sdk = bytes.text(at: offset + 112, limit: 32)
    else { return nil }
    return Application(project: project, version: version, date: "\(date) \(time)", sdk: sdk)
  }

  static func partitions(_ bytes: [UInt8], at table: Int) -> [Partition] {
    var result: [Partition] = []
    for index in 0..<96 {
      let at = table + index * 32
      guard bytes.half(at: at) == 0x50aa, let offset = bytes.word(at: at + 4), let size = bytes.word(at: at + 8),
        let label = bytes.text(at: at + 12, limit: 16)
      else { break }
      result.append(Partition(label: label, kind: kind(bytes[at + 2], bytes[at + 3]), offset: offset, size: size))
    }
    return result
  }

  private static func kind(_ type: UInt8, _ subtype: UInt8) -> String {
    switch (type, subtype) {
    case (0, 0): "app, factory"
    case (0, 0x10...0x1f): "app, ota_\(subtype - 0x10)"
    case (0, 0x20): "app, test"
    case (0, _): "app"
    case (1, 0): "data, ota"
    case (1, 1): "data, phy"
    case (1, 2): "data, nvs"
    case (1, 3): "data, coredump"
    case (1, 4): "data, nvs_keys"
    case (1, 0x81): "data, fat"
    case (1, 0x82): "data, spiffs"
    case (1, 0x83): "data, littlefs"
    case (1, _): "data"
    default: "type \(type)"
    }
  }

  func image(_ bytes: [UInt8], name: String) throws(ImageError) -> FirmwareImage {
    var image = try FirmwareImage(
      name: name, format: .esp, chip: chip, segments: [Segment(address: flashOffset, bytes: bytes)], entry: entry)
    if bytes[0] == 0xe9, loads.count < Int(bytes[1]) {
      throw .truncated(
        name: name, format: .esp, detail: "segment \(loads.count + 1) of \(bytes[1]) lies past the end")
    }
    if checksumIsRight == false { image.warnings.append("the image's checksum is wrong") }
    return image
  }
}
