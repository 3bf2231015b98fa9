/// What an image tells about itself.
public struct ImageInspection: Sendable {
  public var format: String
  public var chip: String
  public var segments: [Segment]
  public var version: String?
  /// Whether the second-stage boot loader's CRC is right; nil: there is none.
  public var boot2: Bool?
  public var remarks: [String] = []

  public init(_ data: [UInt8], name: String) throws {
    guard !data.isEmpty else { throw ImageError("\(name) is empty; download it again") }
    if UF2.matches(data) {
      format = "UF2"
      chip = "RP2040"
      (segments, remarks) = try UF2.parse(data, family: UF2.rp2040)
    } else if IntelHEX.matches(data) {
      format = "Intel HEX"
      segments = try IntelHEX.parse(data)
      chip = segments.first.map { $0.address >> 28 == 1 ? "RP2040" : $0.address >> 24 == 8 ? "STM32" : "nRF51" } ?? "unknown"
    } else if data.starts(with: [0x7F, 0x45, 0x4C, 0x46]) {
      format = "ELF"
      segments = try ELF.parse(data).segments
      chip = "Arm"
    } else {
      format = data[0] == 0xE9 ? "ESP image" : "raw binary"
      chip = data[0] == 0xE9 ? "ESP" : "unknown"
      segments = [Segment(address: 0, bytes: data)]
    }
    let all = segments.flatMap(\.bytes)
    version = Self.text(in: all, after: "MicroPython v").map { "MicroPython v" + $0 } ?? Self.text(in: all, after: "Adafruit CircuitPython ").map { "Adafruit CircuitPython " + $0 }
    if chip == "RP2040", let first = segments.first, first.address == 0x1000_0000, first.bytes.count >= 256 {
      let stored = (0..<4).reduce(UInt32(0)) { $0 | UInt32(first.bytes[252 + $1]) << UInt32($1 * 8) }
      boot2 = Self.crc(first.bytes[0..<252]) == stored
    }
  }
  /// RP2040 datasheet §2.8.1.3.1: polynomial 0x04c11db7, start 0xffffffff, most significant bit first, not inverted.
  public static func crc(_ bytes: some Sequence<UInt8>) -> UInt32 {
    var crc: UInt32 = 0xFFFF_FFFF
    for b in bytes {
      crc ^= UInt32(b) << 24
      for _ in 0..<8 { crc = crc >> 31 != 0 ? crc << 1 ^ 0x04C1_1DB7 : crc << 1 }
    }
    return crc
  }
  private static func text(in bytes: [UInt8], after mark: String) -> String? {
    let m = Array(mark.utf8)
    guard bytes.count > m.count else { return nil }
    var i = 0
    while i + m.count < bytes.count {
      if bytes[i] == m[0], bytes[i..<(i + m.count)].elementsEqual(m) {
        let rest = bytes[(i + m.count)...].prefix(60).prefix { $0 >= 32 && $0 < 127 && $0 != UInt8(ascii: ";") }
        if rest.contains(where: { $0 >= 48 && $0 <= 57 }) { return String(decoding: rest, as: UTF8.self) }
      }
      i += 1
    }
    return nil
  }
  public var text: String {
    var lines = ["format    \(format)", "chip      \(chip)"]
    if let version { lines.append("firmware  \(version)") }
    if let boot2 { lines.append("boot2     \(boot2 ? "CRC right" : "CRC wrong: the boot ROM will not start it")") }
    for s in segments.prefix(16) { lines.append("segment   0x\(String(s.address, radix: 16))  \(s.bytes.count) bytes") }
    if segments.count > 16 { lines.append("          and \(segments.count - 16) more") }
    for r in remarks { lines.append("note      \(r)") }
    return lines.joined(separator: "\n")
  }
}
