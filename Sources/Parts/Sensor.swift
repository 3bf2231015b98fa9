import Machine

/// Something that a part measures: an attribute says where it starts, a control of the same name moves it.
struct Quantity {
  let name: String, initial: Double, range: ClosedRange<Double>, unit: String
  init(_ name: String, _ initial: Double, in range: ClosedRange<Double>, _ unit: String) {
    self.name = name
    self.initial = initial
    self.range = range
    self.unit = unit
  }
  var attribute: Attribute { Attribute(name, .number(range), "\(initial)") }
  var control: Control { Control(name, .range(range, unit: unit)) }
}

/// A part that measures.
public class Sensor: Part {
  /// What it measures; its kind lists the attributes of the same names.
  class var quantities: [Quantity] { [] }
  private let values: UnsafeMutablePointer<Double>

  public required init(id: String, attributes: [String: String], context: PartContext) {
    values = context.arena.allocate("\(id).quantities", count: max(1, Self.quantities.count), initial: 0.0)
    super.init(id: id, attributes: attributes, context: context)
    for (i, q) in Self.quantities.enumerated() { values[i] = number(q.name) }
  }
  final func quantity(_ name: String) -> Double { Self.quantities.firstIndex { $0.name == name }.map { values[$0] } ?? 0 }
  public override var controls: [Control] { Self.quantities.map(\.control) }
  public override func control(_ name: String) -> Double? { Self.quantities.firstIndex { $0.name == name }.map { values[$0] } }
  public override func setControl(_ name: String, _ value: Double) {
    guard value.isFinite, let i = Self.quantities.firstIndex(where: { $0.name == name }) else { return }
    let q = Self.quantities[i], new = min(max(value, q.range.lowerBound), q.range.upperBound)
    guard new != values[i] else { return }
    willChange()
    values[i] = new
    didChange()
  }
  public override func attributeChanged(_ name: String) { if Self.quantities.contains(where: { $0.name == name }) { setControl(name, number(name)) } else { didChange() } }
  /// Before a quantity changes: what was measured so far has the old value.
  func willChange() {}
  /// A quantity or another attribute has changed.
  func didChange() {}

  /// The volts at a leg for the supply; of a board with 3.3 V where it is not wired.
  final func supply(_ name: String = "VCC") -> Double {
    let p = pin(name)
    return p.isWatched ? Double(max(0, p.volts ?? 0)) : 3.3
  }
}
