import Machine

/// A slide switch: its middle leg is joined with the left or the right one.
public final class SlideSwitch: Part {
  public override class var kind: PartKind {
    PartKind("wokwi-slide-switch", title: "Slide switch", pins: ["1", "2", "3"], attributes: [Attribute("value", .choice(["", "0", "1"]), ""), bounceAttribute])
  }
  private var left: BouncingContact!, right: BouncingContact!

  public required init(id: String, attributes: [String: String], context: PartContext) {
    super.init(id: id, attributes: attributes, context: context)
    let isRight = flag("value")
    left = BouncingContact("\(id).left", pin("1"), pin("2"), closed: !isRight, context: context) { [unowned self] in bounces }
    right = BouncingContact("\(id).right", pin("3"), pin("2"), closed: isRight, context: context) { [unowned self] in bounces }
  }
  /// `value`: 0 left, 1 right.
  public override var controls: [Control] { [Control("value", .toggle)] }
  public override func control(_ name: String) -> Double? { name == "value" ? right.isClosed ? 1 : 0 : nil }
  public override func setControl(_ name: String, _ value: Double) {
    guard name == "value" else { return }
    let toRight = value >= 0.5
    // It breaks before it makes.
    if toRight { left.open() } else { right.open() }
    if toRight { right.isClosed = true } else { left.isClosed = true }
  }
  public override func attributeChanged(_ name: String) { if name == "value" { setControl("value", flag("value") ? 1 : 0) } }
}
