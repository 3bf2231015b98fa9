import Machine

/// A passive infrared motion sensor (HC-SR501): its output stays high for a while after a motion, then it is blind for a while.
public final class PIR: Part {
  public override class var kind: PartKind {
    PartKind(
      "wokwi-pir-motion-sensor", title: "PIR sensor", pins: ["VCC", "OUT", "GND"],
      attributes: [Attribute("delayTime", .number(0.1...600), "5"), Attribute("inhibitTime", .number(0...600), "1.2"), Attribute("retrigger", .flag, "1")])
  }
  struct State: BitwiseCopyable { var moves = false, blind = false }
  private let state: UnsafeMutablePointer<State>
  private var end: Scheduler.Event?

  public required init(id: String, attributes: [String: String], context: PartContext) {
    state = context.arena.allocate("\(id).state", initial: State())
    super.init(id: id, attributes: attributes, context: context)
    pin("OUT").drive = .low
    end = context.scheduler.event("\(id).end") { [unowned self] in ended(at: $0) }
  }
  public override var controls: [Control] { [Control("motion", .button)] }
  public override func control(_ name: String) -> Double? { name == "motion" ? (state.pointee.moves ? 1 : 0) : nil }
  public override func setControl(_ name: String, _ value: Double) {
    guard name == "motion", (value >= 0.5) != state.pointee.moves else { return }
    state.pointee.moves = value >= 0.5
    if state.pointee.moves { moved() }
  }
  /// An attribute that is there but empty leaves the sensor as it was sold: it retriggers.
  private var retriggers: Bool { attribute("retrigger").isEmpty || flag("retrigger") }
  private func moved() {
    guard !state.pointee.blind, let end, pin("OUT").drive == .low || retriggers else { return }
    pin("OUT").drive = .high
    context.scheduler.schedule(end, after: UInt64(number("delayTime") * 1e12))
  }
  private func ended(at time: UInt64) {
    guard let end else { return }
    if state.pointee.blind {
      state.pointee.blind = false
      // Who still moves is seen again.
      if state.pointee.moves { moved() }
    } else if state.pointee.moves && retriggers {
      context.scheduler.schedule(end, at: time &+ UInt64(number("delayTime") * 1e12))
    } else {
      pin("OUT").drive = .low
      state.pointee.blind = true
      context.scheduler.schedule(end, at: time &+ UInt64(number("inhibitTime") * 1e12))
    }
  }
}
