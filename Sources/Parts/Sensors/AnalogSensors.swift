import Machine

/// A photoresistor in series with 10 kΩ to the supply, and a comparator whose output is low in the light.
public final class Photoresistor: Sensor {
  override class var quantities: [Quantity] { [Quantity("lux", 500, in: 0.1...100_000, "lx")] }
  public override class var kind: PartKind {
    PartKind(
      "wokwi-photoresistor-sensor", title: "Photoresistor", pins: ["VCC", "GND", "DO", "AO"],
      attributes: quantities.map(\.attribute) + [Attribute("threshold", .number(0...5), "2.5"), Attribute("rl10", .number(0.01...10_000), "50"), Attribute("gamma", .number(0.1...2), "0.7")])
  }
  private let power: Lamp, light: Lamp

  public required init(id: String, attributes: [String: String], context: PartContext) {
    power = Lamp("\(id).power", context: context)
    light = Lamp("\(id).DO", context: context)
    super.init(id: id, attributes: attributes, context: context)
    pin("VCC").onChange = { [unowned self] _ in didChange() }
    didChange()
  }
  /// Of the photoresistor, in ohms: rl10 kΩ at 10 lux, falling with the power gamma.
  public var resistance: Double { number("rl10") * 1000 * Arithmetic.power(10 / quantity("lux"), number("gamma")) }
  override func didChange() {
    let vcc = supply(), r = resistance, volts = vcc * r / (r + 10_000), isDark = volts > number("threshold")
    pin("AO").drive = Drive(.resistor, volts: Float(volts))
    pin("DO").drive = Drive(.strong, volts: isDark ? Float(vcc) : 0)
    power.set(vcc > 1.5)
    light.set(vcc > 1.5 && !isDark)
  }
  public override var lamps: [Lamp] { [power, light] }
}

/// A thermistor of 10 kΩ at 25 °C between the output and ground, 10 kΩ to the supply.
public final class Thermistor: Sensor {
  override class var quantities: [Quantity] { [Quantity("temperature", 24, in: -24...80, "°C")] }
  public override class var kind: PartKind {
    PartKind(
      "wokwi-ntc-temperature-sensor", title: "NTC thermistor", pins: ["VCC", "OUT", "GND"], attributes: quantities.map(\.attribute) + [Attribute("beta", .number(100...10_000), "3950")])
  }
  public required init(id: String, attributes: [String: String], context: PartContext) {
    super.init(id: id, attributes: attributes, context: context)
    pin("VCC").onChange = { [unowned self] _ in didChange() }
    didChange()
  }
  override func didChange() {
    let r = 10_000 * Arithmetic.exp(number("beta") * (1 / (quantity("temperature") + 273.15) - 1 / 298.15))
    pin("OUT").drive = Drive(.resistor, volts: Float(supply() * r / (r + 10_000)))
  }
}

/// A thermometer with 10 mV a degree (LM35 datasheet).
public final class LM35: Sensor {
  override class var quantities: [Quantity] { [Quantity("temperature", 24, in: 0...150, "°C")] }
  public override class var kind: PartKind { PartKind("board-lm35", aliases: ["wokwi-lm35"], title: "LM35", pins: ["VCC", "OUT", "GND"], attributes: quantities.map(\.attribute)) }
  public required init(id: String, attributes: [String: String], context: PartContext) {
    super.init(id: id, attributes: attributes, context: context)
    pin("VCC").onChange = { [unowned self] _ in didChange() }
    didChange()
  }
  override func didChange() { pin("OUT").drive = Drive(.resistor, volts: Float(min(quantity("temperature") / 100, supply()))) }
}

/// An MQ-2 gas sensor: its resistance falls with the gas, 5 kΩ to ground makes a voltage of it, and a comparator
/// gives a low when there is much.
public final class GasSensor: Sensor {
  override class var quantities: [Quantity] { [Quantity("ppm", 400, in: 0.1...100_000, "ppm")] }
  public override class var kind: PartKind {
    PartKind("wokwi-gas-sensor", aliases: ["wokwi-mq2-gas-sensor"], title: "Gas sensor", pins: ["AOUT", "DOUT", "GND", "VCC"], attributes: quantities.map(\.attribute) + [Attribute("threshold", .number(0...5), "4.4")])
  }
  private let power: Lamp, alarm: Lamp

  public required init(id: String, attributes: [String: String], context: PartContext) {
    power = Lamp("\(id).power", context: context)
    alarm = Lamp("\(id).DOUT", context: context)
    super.init(id: id, attributes: attributes, context: context)
    pin("VCC").onChange = { [unowned self] _ in didChange() }
    didChange()
  }
  override func didChange() {
    // The datasheet's curve for LPG: the ratio of the resistances is a power of the concentration, 1 at 574 ppm.
    let r = 3000 * Arithmetic.power(quantity("ppm") / 574.25, -1 / 2.222), vcc = supply(), volts = vcc * 5000 / (5000 + r), isMuch = volts > number("threshold")
    pin("AOUT").drive = Drive(.resistor, volts: Float(volts))
    pin("DOUT").drive = Drive(.strong, volts: isMuch ? 0 : Float(vcc))
    power.set(vcc > 1.5)
    alarm.set(vcc > 1.5 && isMuch)
  }
  public override var lamps: [Lamp] { [power, alarm] }
}
