/// 32-bit little-endian ELF for Arm (System V ABI, object files).
public enum ELF {
  public struct Symbol: Sendable, Equatable {
    public let name: String, address: UInt32, size: UInt32
  }
  public struct File: Sendable {
    public let segments: [Segment]
    public let entry: UInt32
    public let symbols: [Symbol]
  }
  public static func parse(_ data: [UInt8]) throws -> File {
    func u16(_ at: Int) -> Int? { at >= 0 && at + 2 <= data.count ? Int(data[at]) | Int(data[at + 1]) << 8 : nil }
    func u32(_ at: Int) -> UInt32? {
      guard at >= 0, at + 4 <= data.count else { return nil }
      return UInt32(data[at]) | UInt32(data[at + 1]) << 8 | UInt32(data[at + 2]) << 16 | UInt32(data[at + 3]) << 24
    }
    let short = ImageError("the ELF file is cut short; build or download it again")
    guard data.count >= 52, data.starts(with: [0x7F, 0x45, 0x4C, 0x46]) else { throw short }
    guard data[4] == 1, data[5] == 1 else { throw ImageError("the ELF file is not 32-bit little-endian, so it is for another machine") }
    guard let machine = u16(18), machine == 40 else { throw ImageError("the ELF file is for machine \(u16(18) ?? 0), not for Arm; build it for this board's chip") }
    guard let entry = u32(24), let phoff = u32(28), let shoff = u32(32), let phsize = u16(42), let phnum = u16(44), let shsize = u16(46), let shnum = u16(48) else { throw short }
    var segments: [Segment] = []
    for i in 0..<phnum {
      let at = Int(phoff) + i * phsize
      guard let type = u32(at), let offset = u32(at + 4), let physical = u32(at + 12), let size = u32(at + 16) else { throw short }
      guard type == 1, size > 0 else { continue }
      guard UInt64(offset) + UInt64(size) <= UInt64(data.count) else { throw short }
      segments.append(Segment(address: physical, bytes: Array(data[Int(offset)..<Int(offset) + Int(size)])))
    }
    guard !segments.isEmpty else { throw ImageError("the ELF file has nothing to load; link it first") }
    var symbols: [Symbol] = []
    for i in 0..<shnum {
      let at = Int(shoff) + i * shsize
      guard let type = u32(at + 4), type == 2, let offset = u32(at + 16), let size = u32(at + 20), let link = u32(at + 24) else { continue }
      guard let strings = u32(Int(shoff) + Int(link) * shsize + 16) else { continue }
      for k in 0..<Int(min(size / 16, 1 << 20)) {
        let s = Int(offset) + k * 16
        guard let name = u32(s), let value = u32(s + 4), let length = u32(s + 8) else { break }
        var text: [UInt8] = [], p = Int(strings) + Int(name)
        while p < data.count, data[p] != 0, text.count < 1024 {
          text.append(data[p])
          p += 1
        }
        if !text.isEmpty { symbols.append(Symbol(name: String(decoding: text, as: UTF8.self), address: value, size: length)) }
      }
    }
    return File(segments: segments, entry: entry, symbols: symbols)
  }
}
