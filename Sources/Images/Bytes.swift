// Reading little-endian fields out of a file that may end anywhere.

extension Array where Element == UInt8 {
  func half(at offset: Int) -> UInt16? {
    guard offset >= 0, offset <= count - 2 else { return nil }
    return UInt16(self[offset]) | UInt16(self[offset + 1]) << 8
  }

  func word(at offset: Int) -> UInt32? {
    guard offset >= 0, offset <= count - 4 else { return nil }
    return UInt32(self[offset]) | UInt32(self[offset + 1]) << 8 | UInt32(self[offset + 2]) << 16 | UInt32(self[offset + 3]) << 24
  }

  func bytes(at offset: Int, count length: Int) -> ArraySlice<UInt8>? {
    guard offset >= 0, length >= 0, offset <= count, length <= count - offset else { return nil }
    return self[offset..<(offset + length)]
  }

  /// A zero-terminated string of printable text in a field of at most `limit` bytes.
  func text(at offset: Int, limit: Int) -> String? {
    guard offset >= 0, offset < count else { return nil }
    var end = offset
    while end < count, end - offset < limit, self[end] != 0 { end += 1 }
    let field = self[offset..<end]
    guard field.allSatisfy({ $0 >= 0x20 && $0 != 0x7f || $0 == 0x0a || $0 == 0x09 }) else { return nil }
    return String(decoding: field, as: UTF8.self)
  }

  /// Where `pattern` begins, from `start` on and before `end`.
  func firstRange(of pattern: [UInt8], from start: Int = 0, before end: Int? = nil) -> Int? {
    let stop = Swift.min(end ?? count, count)
    guard let first = pattern.first, start >= 0, stop - start >= pattern.count else { return nil }
    return withUnsafeBufferPointer { all in
      pattern.withUnsafeBufferPointer { wanted in
        var at = start
        while at <= stop - wanted.count {
          if all[at] == first {
            var matched = 1
            while matched < wanted.count, all[at + matched] == wanted[matched] { matched += 1 }
            if matched == wanted.count { return at }
          }
          at += 1
        }
        return nil
      }
    }
  }
}

/// `0x10000100`: how addresses are written everywhere in messages.
func hex(_ value: some BinaryInteger, digits: Int = 8) -> String {
  let text = String(value, radix: 16)
  return "0x" + String(repeating: "0", count: Swift.max(0, digits - text.count)) + text
}

/// `1408 KiB`, `512 bytes`: a size as a person says it.
func sizeText(_ bytes: Int) -> String {
  if bytes >= 1 << 20, bytes % (1 << 20) == 0 { return "\(bytes >> 20) MiB" }
  if bytes >= 10_240 { return "\((bytes + 512) >> 10) KiB" }
  return "\(bytes) bytes"
}
