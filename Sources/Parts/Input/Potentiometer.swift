import Machine

/// A potentiometer: its slider gives a part of the voltage between its ends; 3.3 V where they are not wired.
public class Potentiometer: Part {
  public override class var kind: PartKind {
    PartKind("wokwi-potentiometer", title: "Potentiometer", pins: ["GND", "SIG", "VCC"], attributes: [Attribute("value", .number(0...1023), "0")])
  }
  private let position: UnsafeMutablePointer<Double>
  private var isMoving = false

  public required init(id: String, attributes: [String: String], context: PartContext) {
    position = context.arena.allocate("\(id).position", initial: 0.0)
    super.init(id: id, attributes: attributes, context: context)
    position.pointee = number("value") / 1023
    for name in ["GND", "VCC"] { pin(name).onVolts = { [unowned self] in update() } }
    update()
  }
  private func update() {
    // The slider of one may feed the end of another, and so around.
    guard !isMoving else { return }
    isMoving = true
    let low = pin("GND").volts ?? 0, high = pin("VCC").volts ?? 3.3
    pin("SIG").drive = Drive(.resistor, volts: low + (high - low) * Float(position.pointee))
    isMoving = false
  }
  public override var controls: [Control] { [Control("position", .range(0...1, unit: ""))] }
  public override func control(_ name: String) -> Double? { name == "position" ? position.pointee : nil }
  public override func setControl(_ name: String, _ value: Double) {
    guard name == "position", value.isFinite else { return }
    position.pointee = min(max(value, 0), 1)
    update()
  }
  public override func attributeChanged(_ name: String) { if name == "value" { setControl("position", number("value") / 1023) } }
}

public final class SlidePotentiometer: Potentiometer {
  public override class var kind: PartKind {
    PartKind(
      "wokwi-slide-potentiometer", title: "Slide potentiometer", pins: ["GND", "SIG", "VCC"],
      attributes: [Attribute("value", .number(0...1023), "0"), Attribute("travelLength", .number(5...100), "30")])
  }
}
