import Machine

/// A character display module with its HD44780: on 8 or 4 data legs, or behind a PCF8574 on I²C (`pins` i2c).
open class CharacterLCD: Part {
  /// `latch`: the outputs of the PCF8574.
  struct State: BitwiseCopyable { var enable = false, latch: UInt8 = 0xFF }
  class var size: (columns: Int, rows: Int) { (16, 2) }
  static func kind(_ name: String, _ title: String) -> PartKind {
    PartKind(
      name, title: title, pins: ["VSS", "VDD", "V0", "RS", "RW", "E", "D0", "D1", "D2", "D3", "D4", "D5", "D6", "D7", "A", "K", "GND", "VCC", "SDA", "SCL"],
      attributes: [
        Attribute("pins", .choice(["full", "i2c"]), "full"), Attribute("i2cAddress", .text, "0x27"), Attribute("i2c-address", .text, "0x27"), Attribute("color", .color, "black"), Attribute("background", .color, "green"),
        Attribute("variant", .text, ""),
      ])
  }
  private let state: UnsafeMutablePointer<State>
  private let controller: HD44780
  private let light: Lamp
  private var target: I2CTarget?
  private var lines: [Pin] = []
  /// Drawn with the four legs of the backpack.
  public var isOnI2C: Bool { attribute("pins") == "i2c" }
  public var columns: Int { controller.columns }
  public var rows: Int { controller.rows }

  public required init(id: String, attributes: [String: String], context: PartContext) {
    state = context.arena.allocate("\(id).bus", initial: State())
    let (columns, rows) = Self.size
    controller = HD44780(id, columns: columns, rows: rows, context: context)
    light = Lamp("\(id).light", context: context)
    super.init(id: id, attributes: attributes, context: context)
    light.set(true)
    if isOnI2C { connectExpander() } else { connectLegs() }
  }

  // MARK: On its own legs

  private func connectLegs() {
    lines = (0..<8).map { pin("D\($0)") }
    pin("E").onChange = { [unowned self] _ in enableChanged() }
    // The light: on unless its legs say otherwise.
    for name in ["A", "K"] { pin(name).onChange = { [unowned self] _ in light.set(pin("A").level != .low && pin("K").level != .high) } }
  }
  private func enableChanged() {
    let enable = pin("E").isHigh, reads = pin("RW").isHigh, isData = pin("RS").isHigh
    guard enable != state.pointee.enable else { return }
    state.pointee.enable = enable
    if reads {
      if enable {
        let v = controller.read(data: isData)
        for (n, line) in lines.enumerated() where n >= 4 || controller.isEightBit { line.drive = v >> UInt8(n) & 1 == 1 ? .high : .low }
      } else {
        for line in lines { line.drive = .none }
        controller.readEnded(data: isData)
      }
    } else if !enable {
      for line in lines { line.drive = .none }
      controller.write(data: isData, lines.enumerated().reduce(UInt8(0)) { $0 | ($1.element.isHigh ? 1 << UInt8($1.offset) : 0) })
    }
  }

  // MARK: Behind a PCF8574: P0 RS, P1 R/W, P2 E, P3 the light, P4 to P7 DB4 to DB7

  private func connectExpander() {
    let t = I2CTarget(id, sda: pin("SDA"), scl: pin("SCL"), context: context)
    t.accepts = { [unowned self] a, _ in a == address }
    t.onWrite = { [unowned self] byte in
      latched(byte)
      return true
    }
    // Its outputs are weak when high, so that the display can pull them down.
    t.onRead = { [unowned self] in
      let latch = state.pointee.latch
      return latch & 6 == 6 ? latch & (controller.read(data: latch & 1 == 1) | 0x0F) : latch
    }
    target = t
  }
  private func latched(_ byte: UInt8) {
    let old = state.pointee.latch
    state.pointee.latch = byte
    light.set(byte & 8 != 0)
    guard old & 4 != 0, byte & 4 == 0 else { return }
    // The fall of E: R/W and RS are those before it.
    if old & 2 != 0 { controller.readEnded(data: old & 1 == 1) } else { controller.write(data: old & 1 == 1, byte & 0xF0) }
  }
  private var address: UInt8 {
    let text = attributes["i2cAddress"] ?? attributes["i2c-address"] ?? attribute("i2cAddress")
    return ((text.hasPrefix("0x") ? UInt8(text.dropFirst(2), radix: 16) : UInt8(text)) ?? 0x27) & 0x7F
  }

  // MARK: The panel

  public override var displayText: String? { controller.text }
  /// A pixel a dot, one between characters and rows.
  public override var picture: Picture? {
    var picture = Picture(width: columns * 6 - 1, height: rows * 9 - 1)
    let background = RGB(named: attribute("background")).map { attribute("background") == "green" ? RGB(0x93C83C) : attribute("background") == "blue" ? RGB(0x2438D8) : $0 } ?? RGB(0x93C83C)
    let ink = RGB(named: attribute("color")) ?? RGB(0), dark = background.mixed(ink, contrast)
    for row in 0..<rows {
      for column in 0..<columns {
        for line in 0..<9 {
          for dot in 0..<6 where column * 6 + dot < picture.width && row * 9 + line < picture.height {
            let isDark = line < 8 && dot < 5 && controller.isDark(row: row, column: column, line: line, dot: dot)
            picture.set(column * 6 + dot, row * 9 + line, isDark ? dark : background)
          }
        }
      }
    }
    return picture
  }
  /// The glass sees the supply less V0; a leg that is not wired is as the usual trimmer sets it.
  private var contrast: UInt8 {
    guard !isOnI2C, let v0 = pin("V0").volts else { return 255 }
    let volts = (pin("VDD").volts ?? 5) - v0
    return UInt8(min(max((volts - 1.8) / 1.2, 0), 1) * 255)
  }
  /// The light behind the glass.
  public override var lamps: [Lamp] { [light] }
}

/// Two rows of 16 characters.
public final class LCD1602: CharacterLCD {
  public override class var kind: PartKind { kind("wokwi-lcd1602", "LCD 16×2") }
}
/// Four rows of 20 characters.
public final class LCD2004: CharacterLCD {
  public override class var kind: PartKind { kind("wokwi-lcd2004", "LCD 20×4") }
  override class var size: (columns: Int, rows: Int) { (20, 4) }
}
