import Machine

/// A tactile switch of 12 mm: two contacts with two legs each, joined while it is pressed.
public class PushButton: Part {
  public override class var kind: PartKind {
    PartKind(
      "wokwi-pushbutton", title: "Push button", pins: ["1.l", "2.l", "1.r", "2.r"],
      attributes: [Attribute("color", .color, "red"), bounceAttribute, Attribute("key", .text, ""), Attribute("xray", .flag, ""), Attribute("label", .text, "")])
  }
  private var contact: BouncingContact!

  public required init(id: String, attributes: [String: String], context: PartContext) {
    super.init(id: id, attributes: attributes, context: context)
    Net.tie(pin("1.l"), pin("1.r"))
    Net.tie(pin("2.l"), pin("2.r"))
    contact = BouncingContact(id, pin("1.l"), pin("2.l"), context: context) { [unowned self] in bounces }
  }
  public override var controls: [Control] { [Control("pressed", .button)] }
  public override func control(_ name: String) -> Double? { name == "pressed" ? contact.isClosed ? 1 : 0 : nil }
  public override func setControl(_ name: String, _ value: Double) { if name == "pressed" { contact.isClosed = value >= 0.5 } }
}

/// A tactile switch of 6 mm.
public final class PushButton6mm: PushButton {
  public override class var kind: PartKind {
    PartKind(
      "wokwi-pushbutton-6mm", title: "Push button, 6 mm", pins: ["1.l", "2.l", "1.r", "2.r"],
      attributes: [Attribute("color", .color, "red"), bounceAttribute, Attribute("key", .text, ""), Attribute("label", .text, "")])
  }
}
