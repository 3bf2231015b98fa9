import Machine

/// A monochrome OLED module, on I²C or on SPI as its legs are wired.
open class OLEDModule: Part {
  struct State: BitwiseCopyable {
    /// The next byte on I²C is a control byte; else what it is: data or a command, and whether a control byte follows it.
    var awaitsControl = true, isData = false, isSingle = false
  }
  class var model: OLEDController.Model { .ssd1306 }
  private let state: UnsafeMutablePointer<State>
  private let controller: OLEDController
  private var target: I2CTarget?, port: SPITargetPort?

  public required init(id: String, attributes: [String: String], context: PartContext) {
    state = context.arena.allocate("\(id).bus", initial: State())
    controller = OLEDController(id, model: Self.model, context: context)
    super.init(id: id, attributes: attributes, context: context)
    connect()
    for name in ["RST", "RES"] {
      pins[name]?.onChange = { [unowned self] level in if level == .low { reset() } }
    }
  }
  func connect() {}
  func reset() {
    port?.catchUp?()
    controller.reset()
    state.pointee = State()
    target?.reset()
    port?.reset()
  }
  /// - Parameter address: the 7-bit address.
  final func connectI2C(sda: Pin, scl: Pin, address: @escaping () -> UInt8) {
    let t = I2CTarget(id, sda: sda, scl: scl, context: context)
    t.accepts = { a, _ in a == address() }
    t.onStart = { [unowned self] _ in state.pointee.awaitsControl = true }
    t.onWrite = { [unowned self] byte in
      let s = state.pointee
      if s.awaitsControl {
        // SSD1306 §8.1.5.2: Co, D/C#.
        state.pointee.isSingle = byte & 0x80 != 0
        state.pointee.isData = byte & 0x40 != 0
        state.pointee.awaitsControl = false
      } else {
        if s.isData { controller.data(byte) } else { controller.command(byte) }
        state.pointee.awaitsControl = s.isSingle
      }
      return true
    }
    t.onRead = { [unowned self] in state.pointee.isData ? controller.readData() : controller.status }
    target = t
  }
  final func connectSPI(clock: Pin, data: Pin, dc: Pin, select: Pin, when isUsed: @escaping () -> Bool = { true }) {
    let p = SPITargetPort(id, clock: clock, data: data, select: select, context: context)
    p.onByte = { [unowned self] byte in
      guard isUsed() else { return }
      if dc.isHigh { controller.data(byte) } else { controller.command(byte) }
    }
    dc.onChange = { [unowned p] _ in p.catchUp?() }
    port = p
  }
  /// The attribute in either spelling.
  final var addressAttribute: UInt8 {
    let text = attributes["i2cAddress"] ?? attributes["i2c-address"] ?? attribute("i2cAddress")
    return ((text.hasPrefix("0x") ? UInt8(text.dropFirst(2), radix: 16) : UInt8(text)) ?? 0x3C) & 0x7F
  }
  public override var picture: Picture? {
    port?.catchUp?()
    return controller.picture
  }
}

/// A 128 x 64 OLED module with four pins, SSD1306 on I²C.
public final class SSD1306: OLEDModule {
  public override class var kind: PartKind {
    PartKind("board-ssd1306", title: "SSD1306 OLED 128×64", pins: ["GND", "VCC", "SCL", "SDA"], attributes: [Attribute("i2cAddress", .text, "0x3c"), Attribute("i2c-address", .text, "0x3c")])
  }
  override func connect() { connectI2C(sda: pin("SDA"), scl: pin("SCL")) { [unowned self] in addressAttribute } }
}

/// The module that is on I²C, or on SPI when CS and DC are wired.
public final class SSD1306Dual: OLEDModule {
  public override class var kind: PartKind {
    PartKind(
      "wokwi-ssd1306", title: "SSD1306 OLED 128×64", pins: ["DATA", "CLK", "DC", "RST", "CS", "3V3", "GND", "VIN"],
      attributes: [Attribute("i2cAddress", .text, "0x3d"), Attribute("i2c-address", .text, "0x3d")])
  }
  private var isOnSPI: Bool { pin("CS").net.pins.count > 1 && pin("DC").net.pins.count > 1 }
  private let inner: Pin, innerClock: Pin

  public required init(id: String, attributes: [String: String], context: PartContext) {
    inner = Pin("\(id).SDA", arena: context.arena)
    innerClock = Pin("\(id).SCL", arena: context.arena)
    super.init(id: id, attributes: attributes, context: context)
  }
  override func connect() {
    // Both listen to the same legs.
    let data = pin("DATA"), clock = pin("CLK")
    Net.tie(data, inner)
    Net.tie(clock, innerClock)
    connectI2C(sda: inner, scl: innerClock) { [unowned self] in isOnSPI ? 0xFF : addressAttribute }
    connectSPI(clock: clock, data: data, dc: pin("DC"), select: pin("CS")) { [unowned self] in isOnSPI }
  }
}

/// A 128 x 64 OLED module with seven pins, SSD1306 on SPI.
public final class SSD1306SPI: OLEDModule {
  public override class var kind: PartKind { PartKind("solderless-ssd1306-spi", title: "SSD1306 OLED 128×64, SPI", pins: ["GND", "VCC", "D0", "D1", "RES", "DC", "CS"]) }
  override func connect() { connectSPI(clock: pin("D0"), data: pin("D1"), dc: pin("DC"), select: pin("CS")) }
}

/// A 1.3 inch 128 x 64 OLED module with four pins, SH1106 on I²C.
public final class SH1106: OLEDModule {
  public override class var kind: PartKind {
    PartKind("solderless-sh1106", title: "SH1106 OLED 128×64", pins: ["VCC", "GND", "SCL", "SDA"], attributes: [Attribute("i2cAddress", .text, "0x3c"), Attribute("i2c-address", .text, "0x3c")])
  }
  override class var model: OLEDController.Model { .sh1106 }
  override func connect() { connectI2C(sda: pin("SDA"), scl: pin("SCL")) { [unowned self] in addressAttribute } }
}

/// The same with seven pins, on SPI.
public final class SH1106SPI: OLEDModule {
  public override class var kind: PartKind { PartKind("solderless-sh1106-spi", title: "SH1106 OLED 128×64, SPI", pins: ["VCC", "GND", "CLK", "MOSI", "RES", "DC", "CS"]) }
  override class var model: OLEDController.Model { .sh1106 }
  override func connect() { connectSPI(clock: pin("CLK"), data: pin("MOSI"), dc: pin("DC"), select: pin("CS")) }
}
