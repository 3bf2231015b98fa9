import Machine

/// One to four digits of seven segments and a point, with a common anode or cathode each.
public final class SevenSegment: Part {
  public override class var kind: PartKind {
    PartKind(
      "wokwi-7segment", title: "7-segment display", pins: ["A", "B", "C", "D", "E", "F", "G", "DP", "DIG1", "DIG2", "DIG3", "DIG4", "COM", "COM.1", "COM.2", "CLN"],
      attributes: [
        Attribute("digits", .choice(["1", "2", "3", "4"]), "1"), Attribute("common", .choice(["anode", "cathode"]), "anode"), Attribute("color", .color, "red"), Attribute("colon", .flag, ""),
      ])
  }
  /// What a digit last lit, bit 0 segment A, bit 7 the point; since when, or until when, it does.
  struct Shown: BitwiseCopyable { var bits: UInt8 = 0, isLit = false, at: UInt64 = 0 }
  private let shown: UnsafeMutablePointer<Shown>
  private var leds: [Lamp] = []
  private static let segments = ["A", "B", "C", "D", "E", "F", "G", "DP"]
  public var digits: Int { Int(attribute("digits")) ?? 1 }
  public var hasColon: Bool { flag("colon") }

  public required init(id: String, attributes: [String: String], context: PartContext) {
    shown = context.arena.allocate("\(id).shown", count: 4, initial: Shown())
    super.init(id: id, attributes: attributes, context: context)
    let count = min(max(digits, 1), 4)
    for d in 0..<count { for s in Self.segments { leds.append(Lamp("\(id).\(d + 1)\(s)", context: context)) } }
    leds.append(Lamp("\(id).colon", context: context))
    for name in ["COM.1", "COM.2"] { Net.tie(pin("COM"), pin(name)) }
    for name in Self.segments + ["COM"] { pin(name).onChange = { [unowned self] _ in for d in 0..<count { update(d) } } }
    for d in 0..<count { pin("DIG\(d + 1)").onChange = { [unowned self] _ in update(d) } }
    for name in ["CLN", "COM"] { pin(name).onChange = { [unowned self] _ in for d in 0..<count { update(d) } } }
  }
  private func update(_ digit: Int) {
    let common = pin(leds.count == 9 ? "COM" : "DIG\(digit + 1)"), isAnode = attribute("common") != "cathode"
    func lights(_ segment: Pin) -> Bool { isAnode ? common.level == .high && segment.level == .low : common.level == .low && segment.level == .high }
    var bits: UInt8 = 0
    for (n, name) in Self.segments.enumerated() {
      let on = lights(pin(name))
      if on { bits |= 1 << UInt8(n) }
      leds[digit * 8 + n].set(on)
    }
    let now = context.scheduler.now
    if bits != 0 {
      shown[digit] = Shown(bits: bits, isLit: true, at: now)
    } else if shown[digit].isLit {
      shown[digit].isLit = false
      shown[digit].at = now
    }
    // The colon hangs on the common leg.
    let colon = pin("CLN"), com = pin("COM")
    leds[leds.count - 1].set(isAnode ? com.level == .high && colon.level == .low : com.level == .low && colon.level == .high)
  }
  /// Eight a digit from A to the point, and the colon.
  public override var lamps: [Lamp] { leds }
  /// What an eye reads: a digit that is lit in turn counts for 50 ms.
  public override var displayText: String? {
    let now = context.scheduler.now
    return (0..<leds.count / 8).map { d in
      let s = shown[d]
      return s.isLit || s.bits != 0 && now &- s.at < 50_000_000_000 ? SegmentFont.text(s.bits) : " "
    }.joined()
  }
}

/// What seven segments spell.
enum SegmentFont {
  private static let letters: [UInt8: Character] = [
    0x3F: "0", 0x06: "1", 0x5B: "2", 0x4F: "3", 0x66: "4", 0x6D: "5", 0x7D: "6", 0x07: "7", 0x7F: "8", 0x6F: "9", 0x27: "7", 0x7C: "b", 0x77: "A", 0x39: "C", 0x58: "c", 0x5E: "d",
    0x79: "E", 0x71: "F", 0x3D: "G", 0x76: "H", 0x74: "h", 0x1E: "J", 0x38: "L", 0x54: "n", 0x5C: "o", 0x73: "P", 0x67: "9", 0x50: "r", 0x78: "t", 0x3E: "U", 0x1C: "u", 0x6E: "y",
    0x40: "-", 0x08: "_", 0x48: "=", 0x63: "°", 0x00: " ",
  ]
  /// Bit 0 is segment A, bit 7 the point; a box for what spells nothing.
  static func text(_ bits: UInt8) -> String { String(letters[bits & 0x7F] ?? "□") + (bits & 0x80 != 0 ? "." : "") }
}
