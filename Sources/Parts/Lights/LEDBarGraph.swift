import Machine

/// Ten light-emitting diodes in a row.
public final class LEDBarGraph: Part {
  public override class var kind: PartKind {
    PartKind("wokwi-led-bar-graph", title: "LED bar graph", pins: (1...10).map { "A\($0)" } + (1...10).map { "C\($0)" }, attributes: [Attribute("color", .color, "red")])
  }
  private var ten: [Lamp] = []

  public required init(id: String, attributes: [String: String], context: PartContext) {
    super.init(id: id, attributes: attributes, context: context)
    ten = (1...10).map { Lamp("\(id).\($0)", anode: pin("A\($0)"), cathode: pin("C\($0)"), context: context) }
    Lamp.follow(ten)
  }
  public override var lamps: [Lamp] { ten }
}
