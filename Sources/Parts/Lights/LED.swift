import Machine

/// A light-emitting diode: it shines while the anode is high and the cathode low.
public final class LED: Part {
  public override class var kind: PartKind {
    PartKind(
      "wokwi-led", title: "LED", pins: ["A", "C"],
      attributes: [Attribute("color", .color, "red"), Attribute("lightColor", .color, ""), Attribute("label", .text, ""), Attribute("gamma", .number(0.1...10), "2.8"), Attribute("flip", .flag, ""), Attribute("fps", .number(1...100_000), "80")])
  }
  private var lamp: Lamp!

  public required init(id: String, attributes: [String: String], context: PartContext) {
    super.init(id: id, attributes: attributes, context: context)
    lamp = Lamp(id, anode: pin("A"), cathode: pin("C"), context: context)
    lamp.follow()
  }
  public override var lamps: [Lamp] { [lamp] }
}
