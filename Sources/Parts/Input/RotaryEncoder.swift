import Machine

/// The module KY-040: a knob with 20 clicks a turn that makes and breaks two contacts, and a push button on its shaft.
///
/// A click clockwise lets CLK fall before DT, one the other way DT before CLK; both rise again in the same order. The
/// module pulls all three up.
public final class RotaryEncoder: Part {
  public override class var kind: PartKind { PartKind("wokwi-ky-040", title: "Rotary encoder", pins: ["CLK", "DT", "SW", "VCC", "GND"]) }
  struct State: BitwiseCopyable {
    /// Clicks that the knob stands at, clockwise positive; and clicks it has still to make.
    var position: Int32 = 0, pending: Int32 = 0
    /// The next of four edges, and which way.
    var edge: UInt8 = 0, isClockwise = true
    var up = false, down = false, pressed = false
  }
  /// A brisk hand: four edges of 1 ms a click, and a pause after it.
  private static let edge: UInt64 = 1_000_000_000
  private static let most: Int32 = 10_000

  private let state: UnsafeMutablePointer<State>
  private var event: Scheduler.Event!

  public required init(id: String, attributes: [String: String], context: PartContext) {
    state = context.arena.allocate("\(id).encoder", initial: State())
    super.init(id: id, attributes: attributes, context: context)
    for name in ["CLK", "DT", "SW"] { pin(name).drive = Drive(.resistor, high: true) }
    event = context.scheduler.event("\(id).encoder") { [unowned self] _ in step() }
  }
  private func close(_ name: String, _ closed: Bool) { pin(name).drive = closed ? .low : Drive(.resistor, high: true) }
  private func step() {
    if state.pointee.edge == 0 {
      guard state.pointee.pending != 0 else { return }
      state.pointee.isClockwise = state.pointee.pending > 0
      let step: Int32 = state.pointee.isClockwise ? 1 : -1
      state.pointee.pending -= step
      state.pointee.position = min(max(state.pointee.position + step, -Self.most), Self.most)
    }
    let first = state.pointee.isClockwise ? "CLK" : "DT", second = state.pointee.isClockwise ? "DT" : "CLK"
    close(state.pointee.edge & 1 == 0 ? first : second, state.pointee.edge < 2)
    state.pointee.edge = (state.pointee.edge + 1) & 3
    if state.pointee.edge != 0 || state.pointee.pending != 0 { context.scheduler.schedule(event, after: state.pointee.edge == 0 ? Self.edge * 2 : Self.edge) }
  }
  private func turn(_ clicks: Int32) {
    state.pointee.pending = min(max(state.pointee.pending + clicks, -Self.most), Self.most)
    if !context.scheduler.isScheduled(event), state.pointee.pending != 0 { context.scheduler.schedule(event, after: 0) }
  }
  /// `position` counts clicks; `clockwise` and `counterclockwise` make one click each time they are pressed.
  public override var controls: [Control] {
    [Control("position", .range(-Double(Self.most)...Double(Self.most), unit: "clicks")), Control("clockwise", .button), Control("counterclockwise", .button), Control("pressed", .button)]
  }
  public override func control(_ name: String) -> Double? {
    switch name {
    case "position": Double(state.pointee.position + state.pointee.pending)
    case "clockwise": state.pointee.up ? 1 : 0
    case "counterclockwise": state.pointee.down ? 1 : 0
    case "pressed": state.pointee.pressed ? 1 : 0
    default: nil
    }
  }
  public override func setControl(_ name: String, _ value: Double) {
    guard value.isFinite else { return }
    let on = value >= 0.5
    switch name {
    case "position": turn(Int32(min(max(value.rounded(), -Double(Self.most)), Double(Self.most))) - state.pointee.position - state.pointee.pending)
    case "clockwise":
      if on, !state.pointee.up { turn(1) }
      state.pointee.up = on
    case "counterclockwise":
      if on, !state.pointee.down { turn(-1) }
      state.pointee.down = on
    case "pressed":
      state.pointee.pressed = on
      close("SW", on)
    default: return
    }
  }
}
