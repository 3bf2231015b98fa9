import Machine

/// Eight switches in a row.
public final class DIPSwitch8: Part {
  public override class var kind: PartKind {
    PartKind(
      "wokwi-dip-switch-8", title: "DIP switch", pins: (1...8).flatMap { ["\($0)a", "\($0)b"] },
      // Eight digits, the first switch first.
      attributes: [Attribute("values", .text, "")])
  }
  private var contacts: [Contact] = []

  public required init(id: String, attributes: [String: String], context: PartContext) {
    super.init(id: id, attributes: attributes, context: context)
    let values = attribute("values").filter { $0 == "0" || $0 == "1" }.map { $0 == "1" }
    contacts = (0..<8).map { Contact("\(id).\($0 + 1)", pin("\($0 + 1)a"), pin("\($0 + 1)b"), closed: $0 < values.count && values[$0], arena: context.arena) }
  }
  public override var controls: [Control] { (1...8).map { Control("\($0)", .toggle) } }
  private func contact(_ name: String) -> Contact? { Int(name).flatMap { 1...8 ~= $0 ? contacts[$0 - 1] : nil } }
  public override func control(_ name: String) -> Double? { contact(name).map { $0.isClosed ? 1 : 0 } }
  public override func setControl(_ name: String, _ value: Double) { contact(name)?.isClosed = value >= 0.5 }
}
