import Machine

/// A telephone's dial: DIAL is joined with GND while the disc is away from its rest, and PULSE, joined at rest, opens once for each unit
/// of the digit (ten for 0) on the way back: ten times a second, 60 ms open and 40 ms closed.
public final class RotaryDialer: Part {
  public override class var kind: PartKind { PartKind("wokwi-rotary-dialer", title: "Rotary dialer", pins: ["GND", "DIAL", "PULSE"]) }
  struct State: BitwiseCopyable {
    /// Openings still to come; the digit being pulled up, while its control is held.
    var pulses: UInt8 = 0, held: UInt8 = 255
    var isAway = false, isOpen = false
  }
  private let state: UnsafeMutablePointer<State>
  private var event: Scheduler.Event!
  private var dial: Contact!, pulse: Contact!

  public required init(id: String, attributes: [String: String], context: PartContext) {
    state = context.arena.allocate("\(id).dial", initial: State())
    super.init(id: id, attributes: attributes, context: context)
    dial = Contact("\(id).away", pin("DIAL"), pin("GND"), arena: context.arena)
    pulse = Contact("\(id).pulse", pin("PULSE"), pin("GND"), closed: true, arena: context.arena)
    event = context.scheduler.event("\(id).dial") { [unowned self] _ in step() }
  }
  private func step() {
    let s = state
    if s.pointee.isOpen {
      s.pointee.isOpen = false
      pulse.isClosed = true
      context.scheduler.schedule(event, after: 40_000_000_000)
    } else if s.pointee.pulses > 0 {
      s.pointee.pulses -= 1
      s.pointee.isOpen = true
      pulse.isClosed = false
      context.scheduler.schedule(event, after: 60_000_000_000)
    } else {
      s.pointee.isAway = false
      dial.isClosed = false
    }
  }
  /// Whether the disc is away from its rest, and the digit last dialled.
  public var isAway: Bool { state.pointee.isAway }
  /// A button a digit: pulled up while held, it runs back when let go.
  public override var controls: [Control] { (0...9).map { Control("\($0)", .button) } }
  public override func control(_ name: String) -> Double? { Int(name).flatMap { 0...9 ~= $0 ? (Int(state.pointee.held) == $0 ? 1 : 0) : nil } }
  public override func setControl(_ name: String, _ value: Double) {
    guard let digit = Int(name), 0...9 ~= digit else { return }
    if value >= 0.5 {
      guard !state.pointee.isAway else { return }
      state.pointee.held = UInt8(digit)
      state.pointee.isAway = true
      dial.isClosed = true
    } else if Int(state.pointee.held) == digit {
      state.pointee.held = 255
      state.pointee.pulses = digit == 0 ? 10 : UInt8(digit)
      context.scheduler.schedule(event, after: 100_000_000_000)
    }
  }
}
