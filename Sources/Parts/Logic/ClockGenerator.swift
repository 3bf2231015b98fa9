import Machine

/// A square wave of a set frequency.
public final class ClockGenerator: Part {
  public override class var kind: PartKind { PartKind("wokwi-clock-generator", title: "Clock generator", pins: ["CLK", "GND"], attributes: [Attribute("frequency", .text, "10k")]) }
  private let edges: UnsafeMutablePointer<UInt64>
  private var event: Scheduler.Event!

  public required init(id: String, attributes: [String: String], context: PartContext) {
    edges = context.arena.allocate("\(id).edges", initial: UInt64(0))
    super.init(id: id, attributes: attributes, context: context)
    pin("CLK").drive = .low
    event = context.scheduler.event("\(id).clock") { [unowned self] time in
      edges.pointee &+= 1
      pin("CLK").drive = edges.pointee & 1 == 1 ? .high : .low
      schedule(from: time)
    }
    schedule(from: context.scheduler.now)
  }
  /// In hertz: a number, or one with k or m behind it; at most 50 MHz.
  public var frequency: Double {
    var text = attribute("frequency").lowercased().filter { $0 != " " }
    if text.hasSuffix("hz") { text.removeLast(2) }
    let factor = text.hasSuffix("k") ? 1e3 : text.hasSuffix("m") ? 1e6 : 1
    if factor > 1 { text.removeLast() }
    guard let v = Double(text), v.isFinite, v >= 0 else { return 10_000 }
    return min(v * factor, 50e6)
  }
  private func schedule(from time: UInt64) {
    let f = frequency
    guard f > 1e-3 else { return context.scheduler.cancel(event) }
    context.scheduler.schedule(event, at: time &+ UInt64(0.5e12 / f))
  }
  public override func attributeChanged(_ name: String) { schedule(from: context.scheduler.now) }
}
