import Machine

/// A microphone that hears one tone: a sine about half the supply, in 16 steps a period.
public final class Microphone: Sensor {
  override class var quantities: [Quantity] { [Quantity("volume", 0, in: 0...1, ""), Quantity("frequency", 440, in: 20...4000, "Hz")] }
  public override class var kind: PartKind { PartKind("wokwi-microphone", title: "Microphone", pins: ["1", "2"], attributes: quantities.map(\.attribute)) }
  private let phase: UnsafeMutablePointer<UInt8>
  private var step: Scheduler.Event?
  private static let sine: [Double] = [0, 0.382683, 0.707107, 0.92388, 1, 0.92388, 0.707107, 0.382683]

  public required init(id: String, attributes: [String: String], context: PartContext) {
    phase = context.arena.allocate("\(id).phase", initial: 0)
    super.init(id: id, attributes: attributes, context: context)
    step = context.scheduler.event("\(id).step") { [unowned self] in advance(at: $0) }
    didChange()
  }
  override func didChange() {
    guard let step else { return }
    if quantity("volume") == 0 {
      context.scheduler.cancel(step)
      phase.pointee = 0
      sound()
    } else if !context.scheduler.isScheduled(step) {
      advance(at: context.scheduler.now)
    }
  }
  private func advance(at time: UInt64) {
    guard let step else { return }
    phase.pointee = (phase.pointee &+ 1) & 15
    sound()
    context.scheduler.schedule(step, at: time &+ UInt64(1e12 / 16 / quantity("frequency")))
  }
  private func sound() {
    let n = Int(phase.pointee), s = n < 8 ? Self.sine[n] : -Self.sine[n - 8]
    pin("1").drive = Drive(.resistor, volts: Float(1.65 + 1.65 * s * quantity("volume")))
  }
}
