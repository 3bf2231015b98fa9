import Machine

/// A hobby servo (TowerPro SG90): a pulse of 544 to 2400 µs, repeated, asks for 0 to 180 degrees, and the horn goes there at 0.1 s for
/// 60 degrees.
public final class Servo: Part {
  public override class var kind: PartKind {
    PartKind("wokwi-servo", title: "Servo", pins: ["GND", "V+", "PWM"], attributes: [Attribute("horn", .choice(["single", "double", "cross"]), "single"), Attribute("hornColor", .color, "#ccc")])
  }
  struct State: BitwiseCopyable {
    var isHigh = false, rose: UInt64 = 0
    /// The horn goes from `from`, where it was at `began`, to `target`, in degrees.
    var from = 0.0, target = 0.0, began: UInt64 = 0
  }
  /// Degrees in a picosecond.
  private static let speed = 600e-12
  private let state: UnsafeMutablePointer<State>
  private var signal: Pin!

  public required init(id: String, attributes: [String: String], context: PartContext) {
    state = context.arena.allocate("\(id).servo", initial: State())
    super.init(id: id, attributes: attributes, context: context)
    signal = pin("PWM")
    signal.onChange = { [unowned self] _ in signalChanged() }
  }
  private func signalChanged() {
    let high = signal.isHigh, now = context.scheduler.now
    guard high != state.pointee.isHigh else { return }
    state.pointee.isHigh = high
    if high {
      state.pointee.rose = now
    } else {
      let micros = Double(now &- state.pointee.rose) / 1e6
      // Beyond these it is no command; between, the horn has its stops.
      guard 300...3000 ~= micros else { return }
      let target = min(max((micros - 544) * 180 / (2400 - 544), 0), 180)
      guard target != state.pointee.target else { return }
      state.pointee.from = angle
      state.pointee.began = now
      state.pointee.target = target
    }
  }
  /// Where the horn stands, in degrees.
  public var angle: Double {
    let way = state.pointee.target - state.pointee.from, gone = Double(context.scheduler.now &- state.pointee.began) * Self.speed
    return gone >= abs(way) ? state.pointee.target : state.pointee.from + (way < 0 ? -gone : gone)
  }
  /// Where the last pulse sends it.
  public var target: Double { state.pointee.target }
}
