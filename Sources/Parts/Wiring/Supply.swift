import Machine

/// A terminal of the supply.
public final class Supply: Part {
  public override class var kind: PartKind {
    PartKind("wokwi-vcc", title: "Supply", pins: ["VCC"], attributes: [Attribute("voltage", .number(0...24), "5")])
  }
  public required init(id: String, attributes: [String: String], context: PartContext) {
    super.init(id: id, attributes: attributes, context: context)
    pin("VCC").drive = Drive(.strong, volts: Float(number("voltage")))
  }
  public override func attributeChanged(_ name: String) { pin("VCC").drive = Drive(.strong, volts: Float(number("voltage"))) }
}

/// A terminal of the ground.
public final class Ground: Part {
  public override class var kind: PartKind { PartKind("wokwi-gnd", title: "Ground", pins: ["GND"]) }
  public required init(id: String, attributes: [String: String], context: PartContext) {
    super.init(id: id, attributes: attributes, context: context)
    pin("GND").drive = .low
  }
}
