import Machine

/// A colour display module on SPI: clock, data, data/command, select, reset, light.
open class TFTModule: Part {
  class var model: TFTController.Model { TFTController.Model(columns: 240, rows: 320) }
  class func panel(_ attributes: [String: String]) -> TFTController.Panel { TFTController.Panel(width: 240, height: 320) }
  /// What the module calls its legs.
  class var legs: (clock: String, data: String, output: String?, dc: String, light: String) { ("SCL", "SDA", nil, "DC", "BL") }
  final let controller: TFTController
  private let light: Lamp
  final private(set) var port: SPITargetPort!

  public required init(id: String, attributes: [String: String], context: PartContext) {
    controller = TFTController(id, model: Self.model, panel: Self.panel(attributes), context: context)
    light = Lamp("\(id).light", context: context)
    super.init(id: id, attributes: attributes, context: context)
    let legs = Self.legs, dc = pin(legs.dc), rst = pin("RST"), led = pin(legs.light)
    port = SPITargetPort(id, clock: pin(legs.clock), data: pin(legs.data), output: legs.output.map { pin($0) }, select: pin("CS"), context: context)
    let answers = legs.output != nil
    port.onByte = { [unowned self] byte in
      if dc.isHigh { controller.data(byte) } else { controller.command(byte) }
      if answers, !controller.isWriting { port.reply = controller.answer() }
    }
    port.onWords = { [unowned self] words, width in
      guard dc.isHigh, controller.isWriting else { return false }
      controller.pixels(words, width: width)
      return true
    }
    dc.onChange = { [unowned self] _ in port.catchUp?() }
    rst.onChange = { [unowned self] level in
      guard level == .low else { return }
      port.catchUp?()
      controller.reset()
      port.reset()
    }
    // A light that is not wired is on, as many leave it out.
    light.set(true)
    led.onChange = { [unowned self] level in light.set(level != .low) }
  }
  public override var picture: Picture? {
    port.catchUp?()
    return controller.picture
  }
  /// The light behind the panel.
  public override var lamps: [Lamp] { [light] }
}

/// ILI9341 modules: 240 x 320, TN glass whose outputs run from right to left, blue first.
open class ILI9341Module: TFTModule {
  override class var model: TFTController.Model { TFTController.Model(columns: 240, rows: 320, id4: [0x00, 0x93, 0x41]) }
  override class func panel(_ attributes: [String: String]) -> TFTController.Panel {
    func isSet(_ name: String) -> Bool { !["", "0", "false"].contains(attributes[name] ?? "") }
    return TFTController.Panel(width: 240, height: 320, mirrorsX: !isSet("flipHorizontal"), mirrorsY: isSet("flipVertical"), isBGR: true)
  }
}

/// The module without touch.
public final class ILI9341: ILI9341Module {
  public override class var kind: PartKind {
    PartKind(
      "wokwi-ili9341", title: "ILI9341 TFT 240×320", pins: ["VCC", "GND", "CS", "RST", "D/C", "MOSI", "SCK", "LED", "MISO"],
      attributes: [Attribute("flipHorizontal", .flag, ""), Attribute("flipVertical", .flag, "")])
  }
  override class var legs: (clock: String, data: String, output: String?, dc: String, light: String) { ("SCK", "MOSI", "MISO", "D/C", "LED") }
}

/// The module with a capacitive touch panel, an FT6206 on I²C at 38h.
public final class ILI9341CapTouch: ILI9341Module {
  public override class var kind: PartKind {
    PartKind("board-ili9341-cap-touch", title: "ILI9341 TFT, cap. touch", pins: ["VCC", "GND", "CS", "RST", "D/C", "MOSI", "SCK", "LED", "MISO", "SCL", "SDA"])
  }
  override class var legs: (clock: String, data: String, output: String?, dc: String, light: String) { ("SCK", "MOSI", "MISO", "D/C", "LED") }
  private var panelTouch: FT6206!

  public required init(id: String, attributes: [String: String], context: PartContext) {
    super.init(id: id, attributes: attributes, context: context)
    panelTouch = FT6206("\(id).touch", sda: pin("SDA"), scl: pin("SCL"), width: 240, height: 320, context: context)
  }
  public override var hasTouch: Bool { true }
  public override func touch(x: Int, y: Int, down: Bool) { panelTouch.touch(x: x, y: y, down: down) }
}

/// The module with a resistive touch panel, an XPT2046 with an SPI port of its own.
public final class ILI9341Touch: ILI9341Module {
  public override class var kind: PartKind {
    PartKind(
      "solderless-ili9341-touch", title: "ILI9341 TFT, touch",
      pins: ["VCC", "GND", "CS", "RST", "DC", "MOSI", "SCK", "LED", "MISO", "T_CLK", "T_CS", "T_DIN", "T_DO", "T_IRQ"])
  }
  override class var legs: (clock: String, data: String, output: String?, dc: String, light: String) { ("SCK", "MOSI", "MISO", "DC", "LED") }
  private var panelTouch: XPT2046!

  public required init(id: String, attributes: [String: String], context: PartContext) {
    super.init(id: id, attributes: attributes, context: context)
    panelTouch = XPT2046("\(id).touch", clock: pin("T_CLK"), data: pin("T_DIN"), output: pin("T_DO"), select: pin("T_CS"), irq: pin("T_IRQ"), width: 240, height: 320, context: context)
  }
  public override var hasTouch: Bool { true }
  public override func touch(x: Int, y: Int, down: Bool) { panelTouch.touch(x: x, y: y, down: down) }
}

/// ST7789 modules on IPS glass: 240 x 320, or a smaller glass that shows a part of the memory.
public final class ST7789: TFTModule {
  public override class var kind: PartKind {
    PartKind(
      "board-st7789", title: "ST7789 TFT", pins: ["GND", "VCC", "SCL", "SDA", "RST", "DC", "CS", "BL"],
      attributes: [Attribute("resolution", .choice(["240x320", "240x240", "135x240", "170x320", "172x320"]), "240x320")])
  }
  override class var model: TFTController.Model { TFTController.Model(columns: 240, rows: 320, id: [0x85, 0x85, 0x52]) }
  override class func panel(_ attributes: [String: String]) -> TFTController.Panel {
    var p = TFTController.Panel(width: 240, height: 320, isNormallyBlack: true)
    switch attributes["resolution"] ?? "" {
    case "240x240": p.height = 240
    case "135x240": (p.width, p.height, p.firstColumn, p.firstRow) = (135, 240, 52, 40)
    case "170x320": (p.width, p.firstColumn) = (170, 35)
    case "172x320": (p.width, p.firstColumn) = (172, 34)
    default: break
    }
    return p
  }
}

/// A 1.8 inch ST7735 module, 128 x 160, mounted upside down.
public final class ST7735: TFTModule {
  public override class var kind: PartKind { PartKind("solderless-st7735", title: "ST7735 TFT 128×160", pins: ["VCC", "GND", "CS", "RST", "DC", "SDA", "SCL", "BL"]) }
  override class var model: TFTController.Model { TFTController.Model(columns: 128, rows: 160, id: [0x7C, 0x89, 0xF0]) }
  override class func panel(_ attributes: [String: String]) -> TFTController.Panel { TFTController.Panel(width: 128, height: 160, mirrorsX: true, mirrorsY: true) }
}

/// A round 1.28 inch GC9A01 module, 240 x 240 on IPS glass, blue first.
public final class GC9A01: TFTModule {
  public override class var kind: PartKind { PartKind("solderless-gc9a01", title: "GC9A01 round TFT 240×240", pins: ["VCC", "GND", "SCL", "SDA", "DC", "CS", "RST", "BL"]) }
  override class var model: TFTController.Model { TFTController.Model(columns: 240, rows: 240, id: [0x00, 0x9A, 0x01]) }
  override class func panel(_ attributes: [String: String]) -> TFTController.Panel { TFTController.Panel(width: 240, height: 240, isBGR: true, isNormallyBlack: true) }
  /// What lies outside the glass is transparent.
  public override var picture: Picture? {
    guard var p = super.picture else { return nil }
    for y in 0..<240 {
      let d = y * 2 - 239
      for x in 0..<240 where (x * 2 - 239) * (x * 2 - 239) + d * d > 240 * 240 { p.rgba[(y * 240 + x) * 4 + 3] = 0 }
    }
    return p
  }
}
