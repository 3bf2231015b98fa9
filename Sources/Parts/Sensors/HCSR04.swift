import Machine

/// An ultrasonic distance sensor: a pulse of 10 µs on TRIG, then a high of 58 µs a centimetre on ECHO (its user guide).
public final class HCSR04: Sensor {
  override class var quantities: [Quantity] { [Quantity("distance", 400, in: 2...400, "cm")] }
  public override class var kind: PartKind { PartKind("wokwi-hc-sr04", title: "HC-SR04", pins: ["VCC", "TRIG", "ECHO", "GND"], attributes: quantities.map(\.attribute)) }
  struct State: BitwiseCopyable { var rose: UInt64 = .max }
  private let state: UnsafeMutablePointer<State>
  private var edge: Scheduler.Event?
  private static let us: UInt64 = 1_000_000

  public required init(id: String, attributes: [String: String], context: PartContext) {
    state = context.arena.allocate("\(id).state", initial: State())
    super.init(id: id, attributes: attributes, context: context)
    pin("ECHO").drive = .low
    edge = context.scheduler.event("\(id).echo") { [unowned self] in echo(at: $0) }
    pin("TRIG").onChange = { [unowned self] in triggered($0) }
  }
  private func triggered(_ level: NetLevel) {
    guard let edge, !context.scheduler.isScheduled(edge) else { return }
    let now = context.scheduler.now
    if level == .high {
      state.pointee.rose = now
    } else if state.pointee.rose != .max {
      let long = now &- state.pointee.rose >= 10 * Self.us
      state.pointee.rose = .max
      // Eight periods of 40 kHz go out first.
      if long { context.scheduler.schedule(edge, at: now &+ 200 * Self.us) }
    }
  }
  private func echo(at time: UInt64) {
    guard let edge else { return }
    if pin("ECHO").drive == .low {
      pin("ECHO").drive = .high
      context.scheduler.schedule(edge, at: time &+ UInt64((quantity("distance") * 58 * Double(Self.us)).rounded()))
    } else {
      pin("ECHO").drive = .low
    }
  }
}
