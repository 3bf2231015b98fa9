/// A place in a picture: pixels at 96 dpi (2.54 mm are 9.6), right and down.
public struct Point: Sendable, Equatable {
  public var x: Double, y: Double
  public init(_ x: Double, _ y: Double) {
    self.x = x
    self.y = y
  }
  public static func + (a: Point, b: Point) -> Point { Point(a.x + b.x, a.y + b.y) }
  public static func - (a: Point, b: Point) -> Point { Point(a.x - b.x, a.y - b.y) }
  public static func * (a: Point, k: Double) -> Point { Point(a.x * k, a.y * k) }
  public var length: Double { (x * x + y * y).squareRoot() }
}
public struct Size: Sendable, Equatable {
  public var width: Double, height: Double
  public init(_ width: Double, _ height: Double) {
    self.width = width
    self.height = height
  }
}
public struct Rect: Sendable, Equatable {
  public var x: Double, y: Double, width: Double, height: Double
  public init(_ x: Double, _ y: Double, _ width: Double, _ height: Double) {
    self.x = x
    self.y = y
    self.width = width
    self.height = height
  }
  public init(around centre: Point, _ width: Double, _ height: Double) { self.init(centre.x - width / 2, centre.y - height / 2, width, height) }
  public var centre: Point { Point(x + width / 2, y + height / 2) }
  public var maxX: Double { x + width }
  public var maxY: Double { y + height }
  public func contains(_ p: Point) -> Bool { p.x >= x && p.y >= y && p.x < maxX && p.y < maxY }
  public func inset(_ d: Double) -> Rect { Rect(x + d, y + d, width - 2 * d, height - 2 * d) }
  public func union(_ r: Rect) -> Rect {
    let left = min(x, r.x), top = min(y, r.y)
    return Rect(left, top, max(maxX, r.maxX) - left, max(maxY, r.maxY) - top)
  }
  public func meets(_ r: Rect) -> Bool { x < r.maxX && r.x < maxX && y < r.maxY && r.y < maxY }
}

/// A colour, sRGB from 0 to 1.
public struct Color: Sendable, Equatable {
  public var red: Double, green: Double, blue: Double, alpha: Double
  public init(red: Double, green: Double, blue: Double, alpha: Double = 1) {
    self.red = red
    self.green = green
    self.blue = blue
    self.alpha = alpha
  }
  /// As in 0xFF8000.
  public init(_ hex: UInt32, alpha: Double = 1) {
    self.init(red: Double(hex >> 16 & 255) / 255, green: Double(hex >> 8 & 255) / 255, blue: Double(hex & 255) / 255, alpha: alpha)
  }
  /// A name of a usual wire or LED, `#rgb` or `#rrggbb`; nil when it is neither.
  public init?(named name: String) {
    let name = name.lowercased()
    if let hex = Self.names[name] {
      self.init(hex)
    } else if name.hasPrefix("#"), name.count == 7 || name.count == 4, let v = UInt32(name.dropFirst(), radix: 16) {
      self.init(name.count == 7 ? v : (v >> 8 & 15) * 0x110000 + (v >> 4 & 15) * 0x1100 + (v & 15) * 0x11)
    } else {
      return nil
    }
  }
  private static let names: [String: UInt32] = [
    "black": 0x262626, "red": 0xE02B2B, "green": 0x1FA33C, "blue": 0x2F6FE8, "yellow": 0xF2C81E, "orange": 0xF08A24, "white": 0xF4F4F4, "gray": 0x8A8A8A, "grey": 0x8A8A8A,
    "purple": 0x8E44C8, "violet": 0x8E44C8, "magenta": 0xD93BC0, "cyan": 0x2BB8C8, "brown": 0x8A5A33, "pink": 0xF08CB4, "lime": 0x6BE02B, "limegreen": 0x3CC83C, "gold": 0xE0AC2B, "silver": 0xC0C4C8,
  ]
  public static let black = Color(0), white = Color(0xFFFFFF), clear = Color(0, alpha: 0)
  public func withAlpha(_ a: Double) -> Color { Color(red: red, green: green, blue: blue, alpha: a) }
  /// Between this (0) and `other` (1).
  public func mixed(_ other: Color, _ t: Double) -> Color {
    Color(red: red + (other.red - red) * t, green: green + (other.green - green) * t, blue: blue + (other.blue - blue) * t, alpha: alpha + (other.alpha - alpha) * t)
  }
  /// How bright a light that is on for the fraction `duty` of the time looks on a screen: sRGB of that much light.
  public static func screenLevel(_ duty: Double) -> Double {
    let v = min(max(duty, 0), 1)
    return v <= 0.0031308 ? v * 12.92 : 1.055 * power(v, 1 / 2.4) - 0.055
  }
}

/// Something that cannot be shown, in a sentence with the mend.
public struct SceneError: Error, CustomStringConvertible, Equatable {
  public let description: String
  public init(_ description: String) { self.description = description }
}
