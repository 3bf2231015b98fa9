import Crypto

/// An ESP application or whole-flash image: a header with magic 0xe9 (0xea for the ESP8266's second generation) and the segments
/// that its boot loader copies or maps. Recognised for inspection and for writing into the flash.
struct ESPImage {
  var chip: ChipFamily
  var entry: UInt32
  var flashMode: String
  var flashSize: String
  /// What the header says in bytes; 0: nothing.
  var flashBytes = 0
  /// Load addresses, not places in the file.
  var loads: [(address: UInt32, size: Int)] { body.loads }
  var checksumIsRight: Bool? { body.checksumIsRight }
  var hasHash = false
  private var body = Body()
  /// Partition table and application that a whole-flash image carries behind its boot loader.
  var partitions: [Partition] = []
  var application: Application?
  /// Where in the flash the file is written.
  var flashOffset: UInt32
  /// Where in the file the image begins: 0, or 0x1000 in what was merged or read from an ESP32's flash from its very beginning.
  private var start = 0

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
    if bytes.first == 0xff, bytes.count > 0x1018, bytes[0x1000] == 0xe9, bytes[..<0x1000].allSatisfy({ $0 == 0xff }) { start = 0x1000 }
    guard bytes.count >= start + 16, bytes[start] == 0xe9 || bytes[start] == 0xea, bytes[start + 2] <= 5, let entry = bytes.word(at: start + 4),
      (0x4000_0000..<0x4400_0000).contains(entry) || bytes[start] == 0xea
    else { return nil }
    let modes = ["QIO", "QOUT", "DIO", "DOUT", "fast read", "slow read"]
    self.entry = entry
    flashMode = modes[Int(bytes[start + 2])]
    if bytes[start] == 0xea {
      chip = .esp8266
      flashSize = ""
      flashOffset = 0x1000
      return
    }
    guard (1...16).contains(bytes[start + 1]) else { return nil }
    let sizeCode = Int(bytes[start + 3] >> 4)
    // ESP8266 entries lie in its instruction RAM; its header has 8 bytes only.
    if (0x4010_0000..<0x4011_0000).contains(entry), start == 0 {
      chip = .esp8266
      let sizes = ["512 KiB", "256 KiB", "1 MiB", "2 MiB", "4 MiB", "2 MiB", "4 MiB", "", "8 MiB", "16 MiB"]
      flashSize = sizeCode < sizes.count ? sizes[sizeCode] : ""
      flashOffset = 0
      body = Body(bytes, at: 0, header: 8)
      return
    }
    guard let id = bytes.half(at: start + 12), bytes.count >= start + 24 else { return nil }
    switch id {
    case 2: chip = .esp32s2
    case 5: chip = .esp32c3
    case 9: chip = .esp32s3
    default: chip = .esp32
    }
    flashSize = sizeCode < 6 ? "\(1 << sizeCode) MiB" : ""
    flashBytes = sizeCode < 6 ? 1 << (20 + sizeCode) : 0
    hasHash = bytes[start + 23] == 1
    flashOffset = 0x1_0000
    body = Body(bytes, at: start, header: 24)
    let bootLoader = chip == .esp32 || chip == .esp32s2 ? 0x1000 : 0, origin = start > 0 ? 0 : bootLoader
    partitions = Self.partitions(bytes, at: 0x8000 - origin)
    if !partitions.isEmpty || start > 0 {
      flashOffset = UInt32(origin)
      let app = partitions.first { $0.kind.hasPrefix("app") }.map { Int($0.offset) } ?? 0x1_0000
      application = Self.application(bytes, at: app - origin + 32)
    } else {
      application = Self.application(bytes, at: 32)
      // The boot ROM maps no flash, so what it is to start, a boot loader or a program alone, has segments for RAM only.
      if application == nil, !loads.contains(where: { isMapped($0.address) }) { flashOffset = UInt32(bootLoader) }
    }
  }

  /// An address where flash is seen through the cache.
  private func isMapped(_ address: UInt32) -> Bool {
    switch chip {
    case .esp32: 0x3f40_0000..<0x3f80_0000 ~= address || 0x400d_0000..<0x4040_0000 ~= address
    case .esp32s2: 0x3f00_0000..<0x3f80_0000 ~= address || 0x4008_0000..<0x4080_0000 ~= address
    default: 0x3c00_0000..<0x3e00_0000 ~= address || 0x4200_0000..<0x4400_0000 ~= address
    }
  }

  /// The segments behind a header, the checksum at the end of the last row of 16 bytes, and the SHA-256 that may follow.
  struct Body {
    var count = 0
    var loads: [(address: UInt32, size: Int)] = []
    /// Nil when the segments end past the file.
    var checksumIsRight: Bool?
    /// Nil when there is none, or the file ends before it.
    var hashIsRight: Bool?
    /// One past the last byte that belongs to it.
    var end = 0

    init() {}
    init(_ bytes: [UInt8], at start: Int, header: Int) {
      count = Int(bytes[start + 1])
      var at = start + header
      var sum: UInt8 = 0xef
      for _ in 0..<count {
        guard let address = bytes.word(at: at), let size = bytes.word(at: at + 4), let data = bytes.bytes(at: at + 8, count: Int(size)) else { return }
        loads.append((address, Int(size)))
        sum = data.reduce(sum, ^)
        at += 8 + Int(size)
      }
      let place = start + ((at - start) | 15)
      end = place + 1
      guard place < bytes.count else { return }
      checksumIsRight = bytes[place] == sum
      guard header == 24, bytes[start + 23] == 1, let kept = bytes.bytes(at: end, count: 32) else { return }
      hashIsRight = kept.elementsEqual(SHA256.hash(data: bytes[start..<end]))
      end += 32
    }
    /// The sentence about what is wrong, with its mend; nil: nothing. `what` is what it is in, such as "the boot loader".
    func fault(_ what: String) -> String? {
      if loads.count < count { return nil }
      if checksumIsRight == false { return "\(what)'s checksum is wrong, so the chip will not start it: download or build it again" }
      if hashIsRight == false { return "\(what)'s SHA-256 is wrong, so the boot loader may refuse it: download or build it again" }
      return nil
    }
  }

  /// What is wrong with the parts of the file, each a sentence with its mend.
  /// - Throws: when the file was cut off.
  private func faults(_ bytes: [UInt8], name: String) throws(ImageError) -> [String] {
    func complete(_ body: Body, _ what: String, at place: Int) throws(ImageError) {
      guard body.loads.count == body.count, body.checksumIsRight != nil else {
        throw .truncated(name: name, format: .esp, detail: body.loads.count < body.count ? "segment \(body.loads.count + 1) of \(body.count)\(what) lies past the end" : "the checksum\(what) lies past the end")
      }
    }
    var result: [String] = []
    if bytes[start] == 0xe9 {
      try complete(body, "", at: start)
      result += [body.fault(partitions.isEmpty ? "the image" : "the boot loader")].compactMap { $0 }
    }
    if chip == .esp8266 { return result + (try Self.microPythonFault(bytes, name: name)) }
    let origin = Int(flashOffset)
    guard !partitions.isEmpty else { return result }
    result += Self.tableFaults(bytes, at: 0x8000 - origin)
    for p in partitions where p.kind.hasPrefix("app") {
      let at = Int(p.offset) - origin
      guard at >= 0, at + 24 <= bytes.count, bytes[at] == 0xe9 else { continue }
      let app = Body(bytes, at: at, header: 24), what = "the application in partition \(p.label)"
      guard (1...16).contains(app.count) else {
        result.append("\(what) has a broken header: download or build it again")
        continue
      }
      try complete(app, " of \(what)", at: at)
      if app.end - at > Int(p.size) { result.append("\(what) has \(app.end - at) bytes, more than the partition's \(p.size): make the partition larger") }
      if let id = bytes.half(at: at + 12), let own = bytes.half(at: start + 12), id != own { result.append("\(what) is for another chip than the boot loader: merge those of one build") }
      result += [app.fault(what)].compactMap { $0 }
    }
    return result
  }

  /// Behind a MicroPython image for the ESP8266 stands its MD5; its length lies before the second part (`esp.check_fw()`).
  private static func microPythonFault(_ bytes: [UInt8], name: String) throws(ImageError) -> [String] {
    guard let pad = bytes.bytes(at: 0x8ff0, count: 12), pad.allSatisfy({ $0 == 0xff }), let size = bytes.word(at: 0x8ffc), 0x9000...0x10_0000 ~= size else { return [] }
    guard let kept = bytes.bytes(at: Int(size), count: 16) else {
      throw .truncated(name: name, format: .esp, detail: "it has \(bytes.count) bytes of \(size + 16)")
    }
    return kept.elementsEqual(Insecure.MD5.hash(data: bytes[4..<Int(size)])) ? [] : ["the image's MD5 is wrong, so bytes of it are damaged: download it again"]
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

  /// What is wrong with the partition table at `table`: a broken entry, a wrong MD5, partitions over each other.
  static func tableFaults(_ bytes: [UInt8], at table: Int) -> [String] {
    let found = partitions(bytes, at: table)
    guard !found.isEmpty, table >= 0 else { return [] }
    var faults: [String] = []
    let end = table + 32 * found.count
    if let next = bytes.half(at: end), next == 0xebeb {
      if let kept = bytes.bytes(at: end + 16, count: 16), !kept.elementsEqual(Insecure.MD5.hash(data: bytes[table..<end])) {
        faults.append("the partition table's MD5 is wrong, so the boot loader will refuse it: build or download it again")
      }
    } else if let next = bytes.half(at: end), next != 0xffff {
      faults.append("the partition table is broken after its entry \(found.count) (\(found[found.count - 1].label)): build or download it again")
    }
    let ordered = found.sorted { $0.offset < $1.offset }
    for (a, b) in zip(ordered, ordered.dropFirst()) where UInt64(a.offset) + UInt64(a.size) > UInt64(b.offset) {
      faults.append("the partitions \(a.label) and \(b.label) overlap at \(hex(b.offset, digits: 1)): mend the partition table")
    }
    if !found.contains(where: { $0.kind.hasPrefix("app") }) { faults.append("the partition table has no partition for an application: add one of type app") }
    return faults
  }

  func image(_ bytes: [UInt8], name: String) throws(ImageError) -> FirmwareImage {
    var image = try FirmwareImage(
      name: name, format: .esp, chip: chip, segments: [Segment(address: flashOffset, bytes: bytes)], entry: entry)
    image.warnings += try faults(bytes, name: name)
    return image
  }
}
