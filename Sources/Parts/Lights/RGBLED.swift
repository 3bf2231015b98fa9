import Machine

/// Three light-emitting diodes in one body with a common leg.
public final class RGBLED: Part {
  public override class var kind: PartKind {
    PartKind("wokwi-rgb-led", title: "RGB LED", pins: ["COM", "R", "G", "B"], attributes: [Attribute("common", .choice(["anode", "cathode"]), "anode"), Attribute("fps", .number(1...100_000), "80")])
  }
  private var three: [Lamp] = []

  public required init(id: String, attributes: [String: String], context: PartContext) {
    super.init(id: id, attributes: attributes, context: context)
    let common = pin("COM"), cathode = attribute("common") == "cathode"
    three = ["R", "G", "B"].map { name in
      cathode ? Lamp("\(id).\(name)", anode: pin(name), cathode: common, context: context) : Lamp("\(id).\(name)", anode: common, cathode: pin(name), context: context)
    }
    Lamp.follow(three)
  }
  /// Red, green, blue.
  public override var lamps: [Lamp] { three }
}
