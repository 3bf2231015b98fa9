/// A text beside the parts.
public final class TextLabel: Part {
  public override class var kind: PartKind {
    PartKind("wokwi-text", title: "Text", pins: [], attributes: [Attribute("text", .text, ""), Attribute("fontSize", .text, ""), Attribute("fontFamily", .text, ""), Attribute("color", .color, "")])
  }
}
/// A picture that does nothing.
public final class Logo: Part {
  public override class var kind: PartKind { PartKind("wokwi-logo", title: "Logo", pins: []) }
}
