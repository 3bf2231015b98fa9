import Machine

/// A switch of sixteen ways for analogue levels (TI CD74HC4067): S0 to S3 join COM with one of them while EN is low.
public final class CD74HC4067: Part {
  public override class var kind: PartKind {
    PartKind("board-cd74hc4067", title: "16-way multiplexer", pins: ["COM", "EN", "GND", "VCC"] + (0...3).map { "S\($0)" } + (0...15).map { "I\($0)" })
  }
  private var ways: [Contact] = []

  public required init(id: String, attributes: [String: String], context: PartContext) {
    super.init(id: id, attributes: attributes, context: context)
    ways = (0...15).map { Contact("\(id).\($0)", pin("COM"), pin("I\($0)"), arena: context.arena) }
    for name in ["EN", "S0", "S1", "S2", "S3"] { pin(name).onChange = { [unowned self] _ in choose() } }
    choose()
  }
  private func choose() {
    let n = (0...3).reduce(0) { $0 | (pin("S\($1)").isHigh ? 1 << $1 : 0) }, on = pin("EN").level != .high
    // It breaks before it makes.
    for (i, way) in ways.enumerated() where !on || i != n { way.isClosed = false }
    if on { ways[n].isClosed = true }
  }
}
