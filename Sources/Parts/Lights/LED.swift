import Machine

/// A light-emitting diode: it shines while the anode is high and the cathode low.
public final class LED: Part {
  public override class var kind: PartKind {
    PartKind(
      "wokwi-led", title: "LED", pins: ["A", "C"],
      attributes: [Attribute("color", .color, "red"), Attribute("lightColor", .color, ""), Attribute("label", .text, ""), Attribute("gamma", .number(0.1...10), "2.8"), Attribute("flip", .flag, "")])
  }
  private let lamp: Lamp

  public required init(id: String, attributes: [String: String], context: PartContext) {
    lamp = Lamp(id, context: context)
    super.init(id: id, attributes: attributes, context: context)
    for p in pins.values { p.onChange = { [unowned self] _ in update() } }
  }
  private func update() { lamp.set(pin("A").level == .high && pin("C").level == .low) }
  public override var lamps: [Lamp] { [lamp] }
}
