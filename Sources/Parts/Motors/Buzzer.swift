import Machine

/// A piezo buzzer without a driver: its disc bends with the level between its legs.
public final class Buzzer: Part {
  public override class var kind: PartKind {
    PartKind("wokwi-buzzer", title: "Buzzer", pins: ["1", "2"], attributes: [Attribute("volume", .number(0.01...1), "1.0"), Attribute("mode", .choice(["smooth", "accurate"]), "smooth")])
  }
  struct State: BitwiseCopyable {
    var isHigh = false
    /// The last two rises.
    var rose: UInt64 = 0, roseBefore: UInt64 = 0
  }
  private let state: UnsafeMutablePointer<State>
  private var minus, plus: Pin!

  public required init(id: String, attributes: [String: String], context: PartContext) {
    state = context.arena.allocate("\(id).buzzer", initial: State())
    super.init(id: id, attributes: attributes, context: context)
    minus = pin("1")
    plus = pin("2")
    for p in [minus, plus] { p?.onChange = { [unowned self] _ in update() } }
  }
  private func update() {
    let high = plus.isHigh != minus.isHigh
    guard high != state.pointee.isHigh else { return }
    state.pointee.isHigh = high
    let now = context.scheduler.now
    if high {
      state.pointee.roseBefore = state.pointee.rose
      state.pointee.rose = now
    }
    onSound?(high, now)
  }
  /// Of the tone that sounds, in hertz; 0 when it is silent.
  public var frequency: Double {
    let period = state.pointee.rose &- state.pointee.roseBefore
    // Below 20 Hz are clicks; a tone has ended when the next rise stays away.
    guard state.pointee.roseBefore > 0, period > 0, period < 50_000_000_000, context.scheduler.now &- state.pointee.rose <= period * 2 else { return 0 }
    return 1e12 / Double(period)
  }
}
