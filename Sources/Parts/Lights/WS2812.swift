import Machine

/// A chain of WS2812 lights (Worldsemi WS2812 datasheet): each takes the first 24 bits after a reset and hands on the rest.
///
/// A bit is a pulse, long for 1 and short for 0; green, red, blue, most significant bit first. A pause of 50 µs shows what
/// was sent.
public class WS2812: Part {
  struct State: BitwiseCopyable {
    var isHigh = false
    var rose: UInt64 = 0, fell: UInt64 = 0
    /// Bits since the last reset.
    var bits: UInt32 = 0
    var shift: UInt32 = 0
  }
  /// Between the longest 0 (0.55 µs) and the shortest 1 (0.65 µs), in picoseconds.
  private static let one: UInt64 = 600_000
  /// What is shorter is no pulse.
  private static let glitch: UInt64 = 60_000
  private static let reset: UInt64 = 50_000_000

  private let state: UnsafeMutablePointer<State>
  /// 0x00GGRRBB, as they come.
  private let incoming: UnsafeMutablePointer<UInt32>
  private let shown: UnsafeMutablePointer<UInt32>
  public let count: Int
  private var data, next: Pin!

  /// How many lights a part with these attributes has.
  class func count(_ attributes: [String: String]) -> Int { 1 }
  /// A size that an attribute gives.
  static func size(_ attributes: [String: String], _ name: String, _ initial: Int, upTo most: Int) -> Int {
    attributes[name].flatMap { Int($0) }.map { min(max($0, 1), most) } ?? initial
  }
  public required init(id: String, attributes: [String: String], context: PartContext) {
    count = Self.count(attributes)
    state = context.arena.allocate("\(id).WS2812", initial: State())
    incoming = context.arena.allocate("\(id).incoming", count: count, initial: UInt32(0))
    shown = context.arena.allocate("\(id).shown", count: count, initial: UInt32(0))
    super.init(id: id, attributes: attributes, context: context)
    data = pin("DIN")
    next = pin("DOUT")
    next.drive = .low
    data.onChange = { [unowned self] _ in dataChanged() }
  }
  private func dataChanged() {
    let high = data.isHigh
    guard high != state.pointee.isHigh else { return }
    let now = context.scheduler.now
    state.pointee.isHigh = high
    if high {
      if now &- state.pointee.fell >= Self.reset { latch() }
      state.pointee.rose = now
    } else {
      let length = now &- state.pointee.rose
      state.pointee.fell = now
      if length >= Self.glitch { take(length >= Self.one ? 1 : 0) }
    }
    if !high { next.drive = .low } else if state.pointee.bits >= UInt32(count) * 24 { next.drive = .high }
  }
  private func take(_ bit: UInt32) {
    let n = state.pointee.bits
    guard n < UInt32(count) * 24 else {
      state.pointee.bits = n == .max ? n : n + 1
      return
    }
    state.pointee.shift = state.pointee.shift << 1 | bit
    state.pointee.bits = n + 1
    if n % 24 == 23 { incoming[Int(n / 24)] = state.pointee.shift & 0xFF_FFFF }
  }
  /// Lights that have all their bits.
  private var whole: Int { min(Int(state.pointee.bits / 24), count) }
  private func latch() {
    for i in 0..<whole { shown[i] = incoming[i] }
    state.pointee.bits = 0
  }
  /// What light `n` of the chain shows now, 0xRRGGBB.
  public final func color(_ n: Int) -> UInt32 {
    guard 0..<count ~= n else { return 0 }
    let isLatched = !state.pointee.isHigh && context.scheduler.now &- state.pointee.fell >= Self.reset
    let v = isLatched && n < whole ? incoming[n] : shown[n]
    return (v >> 8 & 0xFF) << 16 | (v >> 16 & 0xFF) << 8 | v & 0xFF
  }
  /// Columns and rows of the picture, and which light is where.
  var shape: (columns: Int, rows: Int) { (count, 1) }
  func index(_ x: Int, _ y: Int) -> Int { y * shape.columns + x }

  /// A pixel a light, the values as they were sent.
  public override var picture: Picture? {
    let (columns, rows) = shape
    var p = Picture(width: columns, height: rows)
    for y in 0..<rows {
      for x in 0..<columns {
        let c = color(index(x, y))
        p.set(x, y, red: UInt8(c >> 16), green: UInt8(c >> 8 & 0xFF), blue: UInt8(c & 0xFF))
      }
    }
    return p
  }
}

/// One light.
public final class NeoPixel: WS2812 {
  public override class var kind: PartKind { PartKind("wokwi-neopixel", aliases: ["wokwi-neopixel-serial", "wokwi-splendida"], title: "NeoPixel", pins: ["DIN", "VDD", "VSS", "DOUT"]) }
}

/// Lights in a row.
public final class LEDStrip: WS2812 {
  public override class var kind: PartKind {
    PartKind(
      "wokwi-led-strip", aliases: ["wokwi-neopixel-meter"], title: "LED strip", pins: ["VDD", "DIN", "VSS", "VDD.2", "DOUT", "VSS.2"],
      attributes: [Attribute("pixels", .number(1...4096), "8"), Attribute("pixelShape", .choice(["", "square", "circle"]), ""), Attribute("pixelSize", .choice(["5050", "3535", "2020"]), "5050")])
  }
  override class func count(_ attributes: [String: String]) -> Int { size(attributes, "pixels", 8, upTo: 4096) }
}

/// Lights in a circle.
public final class LEDRing: WS2812 {
  public override class var kind: PartKind { PartKind("wokwi-led-ring", title: "LED ring", pins: ["GND", "VCC", "DIN", "DOUT"], attributes: [Attribute("pixels", .number(1...256), "16")]) }
  override class func count(_ attributes: [String: String]) -> Int { size(attributes, "pixels", 16, upTo: 256) }
}

/// Lights in rows and columns.
public class LEDMatrix: WS2812 {
  public override class var kind: PartKind {
    PartKind(
      "wokwi-led-matrix", title: "LED matrix", pins: ["DIN", "VDD", "VSS", "DOUT"],
      attributes: [
        Attribute("rows", .number(1...128), "8"), Attribute("cols", .number(1...128), "8"), Attribute("layout", .choice(["", "serpentine"]), ""), Attribute("brightness", .number(0...100), "1"),
        Attribute("pixelShape", .choice(["", "square", "circle"]), ""), Attribute("pixelSize", .choice(["5050", "3535", "2020"]), "5050"),
      ])
  }
  override class func count(_ attributes: [String: String]) -> Int { size(attributes, "rows", 8, upTo: 128) * size(attributes, "cols", 8, upTo: 128) }
  override var shape: (columns: Int, rows: Int) { (Self.size(attributes, "cols", 8, upTo: 128), Self.size(attributes, "rows", 8, upTo: 128)) }
  final override func index(_ x: Int, _ y: Int) -> Int {
    let columns = shape.columns, snakes = attribute("layout") == "serpentine" || attribute("matrixLayout") == "serpentine"
    return y * columns + (snakes && y & 1 == 1 ? columns - 1 - x : x)
  }
}

/// Lights in rows and columns, as a module of the name NeoPixel.
public final class NeoPixelMatrix: LEDMatrix {
  public override class var kind: PartKind {
    PartKind(
      "wokwi-neopixel-matrix", aliases: ["wokwi-neopixel-canvas"], title: "NeoPixel matrix", pins: ["GND", "VCC", "DIN", "DOUT"],
      attributes: [Attribute("rows", .number(1...128), "8"), Attribute("cols", .number(1...128), "8"), Attribute("matrixLayout", .choice(["", "serpentine"]), ""), Attribute("matrixBrightness", .number(0...100), "1")])
  }
}
