/// Bytes and where they go.
public struct Segment: Sendable, Equatable {
  public var address: UInt32
  public var bytes: [UInt8]
  public init(address: UInt32, bytes: [UInt8]) {
    self.address = address
    self.bytes = bytes
  }
}
/// An image that cannot be used, in a sentence that names the thing and the mend.
public struct ImageError: Error, CustomStringConvertible, Equatable {
  public let description: String
  public init(_ description: String) { self.description = description }
}

/// Microsoft's UF2: blocks of 512 bytes, each with its own address.
public enum UF2 {
  public static let rp2040: UInt32 = 0xE48B_FF56
  static let names: [UInt32: String] = [
    0xE48B_FF56: "RP2040", 0xE48B_FF59: "RP2350 (Arm)", 0xE48B_FF5A: "RP2350 (RISC-V)", 0xE48B_FF57: "RP2xxx absolute", 0xE48B_FF58: "RP2xxx data",
    0x1C5F_21B0: "ESP32", 0xBFDD_4EEE: "ESP32-S2", 0xC47E_5767: "ESP32-S3", 0xADA5_2840: "nRF52840", 0x68ED_2B88: "SAMD21", 0x6478_24B6: "STM32F0",
    0x300F_5633: "STM32G0", 0x202E_3A91: "STM32L0", 0x7EAB_61ED: "ESP8266",
  ]
  public static func name(ofFamily family: UInt32) -> String { names[family] ?? "family 0x" + String(family, radix: 16) }

  public static func matches(_ data: [UInt8]) -> Bool { data.count >= 4 && data[0] == 0x55 && data[1] == 0x46 && data[2] == 0x32 && data[3] == 0x0A }

  /// The segments for `family`, and a remark for each foreign family that was skipped.
  public static func parse(_ data: [UInt8], family: UInt32) throws -> (segments: [Segment], remarks: [String]) {
    func word(_ at: Int) -> UInt32 { UInt32(data[at]) | UInt32(data[at + 1]) << 8 | UInt32(data[at + 2]) << 16 | UInt32(data[at + 3]) << 24 }
    guard data.count >= 512, data.count % 512 == 0 else {
      throw ImageError("the UF2 file is cut short: \(data.count) bytes is not a whole number of 512-byte blocks; download it again")
    }
    var blocks: [UInt32: [UInt8]] = [:], skipped: [UInt32: Int] = [:]
    var seen = 0, expected: UInt32 = 0
    for at in stride(from: 0, to: data.count, by: 512) {
      guard word(at) == 0x0A32_4655, word(at + 4) == 0x9E5D_5157, word(at + 508) == 0x0AB1_6F30 else {
        throw ImageError("block \(at / 512) of the UF2 file is damaged; download it again")
      }
      let flags = word(at + 8)
      if flags & 0x1001 != 0 { continue }
      let its = flags & 0x2000 != 0 ? word(at + 28) : family
      guard its == family else {
        skipped[its, default: 0] += 1
        continue
      }
      let size = word(at + 16)
      guard size <= 476 else { throw ImageError("block \(at / 512) of the UF2 file claims \(size) bytes, more than a block holds; download it again") }
      blocks[word(at + 12)] = Array(data[(at + 32)..<(at + 32 + Int(size))])
      seen += 1
      expected = max(expected, word(at + 24))
    }
    guard !blocks.isEmpty else {
      let families = skipped.keys.sorted().map(name(ofFamily:)).joined(separator: ", ")
      throw ImageError("the UF2 file is for \(families.isEmpty ? "nothing" : families), not for \(name(ofFamily: family)); choose the download for this board")
    }
    if seen < Int(expected), expected <= 1 << 20 {
      throw ImageError("the UF2 file is cut short: \(seen) of \(expected) blocks; download it again")
    }
    var segments: [Segment] = []
    for (address, bytes) in blocks.sorted(by: { $0.key < $1.key }) {
      if let last = segments.last, UInt64(last.address) + UInt64(last.bytes.count) == UInt64(address) {
        segments[segments.count - 1].bytes += bytes
      } else {
        segments.append(Segment(address: address, bytes: bytes))
      }
    }
    let remarks = skipped.sorted { $0.key < $1.key }.map { "skipped \($0.value) blocks for \(name(ofFamily: $0.key))" }
    return (segments, remarks)
  }
}
