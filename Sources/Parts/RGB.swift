/// A colour as attributes name it: a usual name, `#rgb` or `#rrggbb`.
struct RGB: Sendable, Equatable {
  var red: UInt8, green: UInt8, blue: UInt8
  init(_ hex: UInt32) {
    red = UInt8(hex >> 16 & 255)
    green = UInt8(hex >> 8 & 255)
    blue = UInt8(hex & 255)
  }
  init?(named name: String) {
    let name = name.lowercased()
    if let hex = Self.names[name] {
      self.init(hex)
    } else if name.hasPrefix("#"), name.count == 7 || name.count == 4, let v = UInt32(name.dropFirst(), radix: 16) {
      self.init(name.count == 7 ? v : (v >> 8 & 15) * 0x110000 + (v >> 4 & 15) * 0x1100 + (v & 15) * 0x11)
    } else {
      return nil
    }
  }
  /// This at 0, `other` at 255.
  func mixed(_ other: RGB, _ t: UInt8) -> RGB {
    func mix(_ a: UInt8, _ b: UInt8) -> UInt32 { (UInt32(a) * (255 - UInt32(t)) + UInt32(b) * UInt32(t) + 127) / 255 }
    return RGB(mix(red, other.red) << 16 | mix(green, other.green) << 8 | mix(blue, other.blue))
  }
  private static let names: [String: UInt32] = [
    "black": 0x000000, "white": 0xFFFFFF, "red": 0xFF2A1E, "green": 0x35E23A, "blue": 0x3060FF, "yellow": 0xFFD428, "orange": 0xFF8A1E, "cyan": 0x2BE0E8, "magenta": 0xE83BD0,
    "purple": 0x9A4CE0, "pink": 0xFF8CB4, "gray": 0x8A8A8A, "grey": 0x8A8A8A, "lime": 0x7BFF2B, "limegreen": 0x3CC83C,
  ]
}

extension Picture {
  mutating func set(_ x: Int, _ y: Int, _ c: RGB) { set(x, y, red: c.red, green: c.green, blue: c.blue) }
}
