import Machine

/// A resistor between two nets.
public final class Resistor: Part {
  public override class var kind: PartKind {
    PartKind("wokwi-resistor", title: "Resistor", pins: ["1", "2"], attributes: [Attribute("value", .number(0.001...1e9), "1000")])
  }
  private var contact: Contact?

  public required init(id: String, attributes: [String: String], context: PartContext) {
    super.init(id: id, attributes: attributes, context: context)
    contact = Contact(id, pin("1"), pin("2"), ohms: Float(number("value")), closed: true, arena: context.arena)
  }
}
