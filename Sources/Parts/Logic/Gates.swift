import Machine

/// A gate: its output follows its inputs ten nanoseconds later.
public class Gate: Part {
  fileprivate static func kind(_ name: String, _ title: String, _ inputs: [String]) -> PartKind { PartKind(name, title: title, pins: inputs + ["OUT"]) }
  private var inputs: [Pin] = []
  private var latency: Latency!

  public required init(id: String, attributes: [String: String], context: PartContext) {
    super.init(id: id, attributes: attributes, context: context)
    inputs = Self.kind.pins.dropLast().map { pin($0) }
    let output = pin("OUT")
    latency = Latency("\(id).gate", nanoseconds: 10, context: context) { [unowned self, unowned output] in output.drive = Self.output(inputs.map(\.isHigh)) ? .high : .low }
    for p in inputs { p.onChange = { [unowned self] _ in latency.begin() } }
    latency.begin()
  }
  class func output(_ inputs: [Bool]) -> Bool { false }
}
public final class BufferGate: Gate {
  public override class var kind: PartKind { kind("wokwi-gate-buffer", "Buffer", ["IN"]) }
  override class func output(_ i: [Bool]) -> Bool { i[0] }
}
public final class NOTGate: Gate {
  public override class var kind: PartKind { kind("wokwi-gate-not", "NOT", ["IN"]) }
  override class func output(_ i: [Bool]) -> Bool { !i[0] }
}
public final class ANDGate: Gate {
  public override class var kind: PartKind { kind("wokwi-gate-and-2", "AND", ["A", "B"]) }
  override class func output(_ i: [Bool]) -> Bool { i[0] && i[1] }
}
public final class NANDGate: Gate {
  public override class var kind: PartKind { kind("wokwi-gate-nand-2", "NAND", ["A", "B"]) }
  override class func output(_ i: [Bool]) -> Bool { !(i[0] && i[1]) }
}
public final class ORGate: Gate {
  public override class var kind: PartKind { kind("wokwi-gate-or-2", "OR", ["A", "B"]) }
  override class func output(_ i: [Bool]) -> Bool { i[0] || i[1] }
}
public final class NORGate: Gate {
  public override class var kind: PartKind { kind("wokwi-gate-nor-2", "NOR", ["A", "B"]) }
  override class func output(_ i: [Bool]) -> Bool { !(i[0] || i[1]) }
}
public final class XORGate: Gate {
  public override class var kind: PartKind { kind("wokwi-gate-xor-2", "XOR", ["A", "B"]) }
  override class func output(_ i: [Bool]) -> Bool { i[0] != i[1] }
}
public final class XNORGate: Gate {
  public override class var kind: PartKind { kind("wokwi-gate-xnor-2", "XNOR", ["A", "B"]) }
  override class func output(_ i: [Bool]) -> Bool { i[0] == i[1] }
}
/// SEL chooses B when it is high, else A.
public final class Multiplexer2: Gate {
  public override class var kind: PartKind { kind("wokwi-mux-2", "Multiplexer", ["A", "B", "SEL"]) }
  override class func output(_ i: [Bool]) -> Bool { i[2] ? i[1] : i[0] }
}
