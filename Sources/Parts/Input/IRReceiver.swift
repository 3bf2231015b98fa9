import Machine

/// A receiver for infrared light at 38 kHz (VS1838B): DAT is low while there is a carrier.
public final class IRReceiver: Part {
  public override class var kind: PartKind { PartKind("wokwi-ir-receiver", title: "IR receiver", pins: ["VCC", "DAT", "GND"]) }

  public required init(id: String, attributes: [String: String], context: PartContext) {
    super.init(id: id, attributes: attributes, context: context)
    pin("DAT").drive = .high
    context.air.watch { [unowned self] carrier in pin("DAT").drive = carrier ? .low : .high }
  }
}
