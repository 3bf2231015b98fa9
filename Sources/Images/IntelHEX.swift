/// Intel's hexadecimal object format (specification revision A, 1988).
public enum IntelHEX {
  public static func matches(_ data: [UInt8]) -> Bool { data.first == UInt8(ascii: ":") }

  public static func parse(_ data: [UInt8]) throws -> [Segment] {
    var segments: [Segment] = [], upper: UInt32 = 0, line = 0, ended = false
    func digit(_ c: UInt8) -> UInt8? {
      switch c {
      case 48...57: c - 48
      case 65...70: c - 55
      case 97...102: c - 87
      default: nil
      }
    }
    for text in data.split(whereSeparator: { $0 == 10 || $0 == 13 }) {
      line += 1
      guard text.first == UInt8(ascii: ":"), text.count % 2 == 1, text.count >= 11 else {
        throw ImageError("line \(line) of the HEX file is not a record; download it again")
      }
      var record: [UInt8] = []
      var i = text.startIndex + 1
      while i + 1 < text.endIndex {
        guard let h = digit(text[i]), let l = digit(text[i + 1]) else { throw ImageError("line \(line) of the HEX file has a character that is no hexadecimal digit") }
        record.append(h << 4 | l)
        i += 2
      }
      guard record.count == Int(record[0]) + 5 else { throw ImageError("line \(line) of the HEX file is cut short; download it again") }
      guard record.reduce(0, &+) == 0 else { throw ImageError("line \(line) of the HEX file has a wrong checksum; download it again") }
      let offset = UInt32(record[1]) << 8 | UInt32(record[2]), payload = Array(record[4..<(record.count - 1)])
      switch record[3] {
      case 0:
        let address = upper &+ offset
        if let last = segments.last, UInt64(last.address) + UInt64(last.bytes.count) == UInt64(address) {
          segments[segments.count - 1].bytes += payload
        } else {
          segments.append(Segment(address: address, bytes: payload))
        }
      case 1: ended = true
      case 2 where payload.count == 2: upper = (UInt32(payload[0]) << 8 | UInt32(payload[1])) << 4
      case 4 where payload.count == 2: upper = (UInt32(payload[0]) << 8 | UInt32(payload[1])) << 16
      default: break
      }
      if ended { break }
    }
    guard ended else { throw ImageError("the HEX file has no end record, so it is cut short; download it again") }
    guard !segments.isEmpty else { throw ImageError("the HEX file holds no data") }
    return segments
  }
}
