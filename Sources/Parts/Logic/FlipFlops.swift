import Machine

/// A flip-flop that acts at the rise of CLK. High levels on S and R, where it has them, set and clear it at any time; with both, R wins.
public class FlipFlop: Part {
  fileprivate static func kind(_ name: String, _ title: String) -> PartKind { PartKind(name, title: title, pins: ["D", "CLK", "Q", "NOTQ", "S", "R"]) }
  struct State: BitwiseCopyable { var q = false, clock = false }
  fileprivate let state: UnsafeMutablePointer<State>
  private var latency: Latency!

  public required init(id: String, attributes: [String: String], context: PartContext) {
    state = context.arena.allocate("\(id).state", initial: State())
    super.init(id: id, attributes: attributes, context: context)
    let q = pin("Q"), inverse = pin("NOTQ")
    latency = Latency("\(id).Q", nanoseconds: 15, context: context) { [unowned self, unowned q, unowned inverse] in
      q.drive = state.pointee.q ? .high : .low
      inverse.drive = state.pointee.q ? .low : .high
    }
    for name in ["CLK", "S", "R"] { pins[name]?.onChange = { [unowned self] _ in inputsChanged() } }
    latency.begin()
  }
  private func inputsChanged() {
    let clock = pin("CLK").isHigh, rises = clock && !state.pointee.clock
    state.pointee.clock = clock
    act(rises)
    latency.begin()
  }
  fileprivate func act(_ rises: Bool) {
    if rises { state.pointee.q = pin("D").isHigh }
    if pin("S").isHigh { state.pointee.q = true }
    if pin("R").isHigh { state.pointee.q = false }
  }
}
public final class DFlipFlop: FlipFlop { public override class var kind: PartKind { kind("wokwi-flip-flop-d", "D flip-flop") } }
public final class DRFlipFlop: FlipFlop { public override class var kind: PartKind { kind("wokwi-flip-flop-dr", "D flip-flop with reset") } }
public final class DSRFlipFlop: FlipFlop { public override class var kind: PartKind { kind("wokwi-flip-flop-dsr", "D flip-flop with set and reset") } }
/// S and R count at the rise of CLK only.
public final class SRFlipFlop: FlipFlop {
  public override class var kind: PartKind { PartKind("wokwi-flip-flop-sr", title: "SR flip-flop", pins: ["S", "CLK", "R", "Q", "NOTQ"]) }
  fileprivate override func act(_ rises: Bool) {
    guard rises else { return }
    if pin("S").isHigh { state.pointee.q = true }
    if pin("R").isHigh { state.pointee.q = false }
  }
}
