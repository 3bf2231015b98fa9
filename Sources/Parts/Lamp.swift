import Machine

/// A light that is on or off, and how long it has been on in all: its brightness over a while is the difference.
///
/// One between two legs shines while the first is high and the second low. It does without the edges of a leg that is
/// driven by averages, and asks how long that was high.
public struct Lamp {
  public struct State: BitwiseCopyable {
    var isOn = false
    /// The leg's edges are not told; what it does is asked for.
    var anodeAveraged = false, cathodeAveraged = false
    var since: UInt64 = 0, total: UInt64 = 0
  }
  private let state: UnsafeMutablePointer<State>
  private unowned let scheduler: Scheduler
  private unowned let anode: Pin?, cathode: Pin?

  public init(_ name: String, context: PartContext) {
    state = context.arena.allocate("\(name).lamp", initial: State())
    scheduler = context.scheduler
    anode = nil
    cathode = nil
  }
  /// A light that shines while `anode` is high and `cathode` low. Its owner calls `update` when a leg changes, or lets
  /// the lamp `follow` them.
  public init(_ name: String, anode: Pin, cathode: Pin, context: PartContext) {
    state = context.arena.allocate("\(name).lamp", initial: State())
    scheduler = context.scheduler
    self.anode = anode
    self.cathode = cathode
  }
  public var isOn: Bool { state.pointee.isOn }
  public func set(_ on: Bool) {
    guard on != state.pointee.isOn else { return }
    let now = flow
    if state.pointee.isOn { state.pointee.total &+= now &- state.pointee.since }
    state.pointee.isOn = on
    state.pointee.since = now
  }
  /// Picoseconds that it has been on.
  public var onTime: UInt64 { state.pointee.total &+ (state.pointee.isOn ? flow &- state.pointee.since : 0) }

  /// What passes while it is on: time, or the part of the time in which an averaged leg lets it shine.
  private var flow: UInt64 {
    if state.pointee.anodeAveraged { return anode?.averagingPin?.average?.highTime() ?? 0 }
    if state.pointee.cathodeAveraged { return scheduler.now &- (cathode?.averagingPin?.average?.highTime() ?? 0) }
    return scheduler.now
  }
  /// The legs' levels have changed.
  public func update() {
    set((state.pointee.anodeAveraged || anode?.level == .high) && (state.pointee.cathodeAveraged || cathode?.level == .low))
  }
  /// Watches its legs, which belong to no other lamp.
  public func follow() { Lamp.follow([self]) }
  /// Lets lamps watch legs that they may share.
  public static func follow(_ lamps: [Lamp]) {
    var legs: [Pin] = []
    for l in lamps { for p in [l.anode, l.cathode] { if let p, !legs.contains(where: { $0 === p }) { legs.append(p) } } }
    for leg in legs {
      let mine = lamps.filter { $0.anode === leg || $0.cathode === leg }
      leg.onChange = { _ in for l in mine { l.update() } }
      // The other leg must be told of, or the two could not be multiplied.
      leg.acceptsAverage = { [unowned leg] in mine.allSatisfy { !$0.isAveraged(otherThan: leg) } }
      leg.onAverage = { [unowned leg] begins in for l in mine { l.average(leg, begins) } }
    }
  }
  private func isAveraged(otherThan leg: Pin) -> Bool {
    leg === anode ? state.pointee.cathodeAveraged : state.pointee.anodeAveraged
  }
  private func average(_ leg: Pin, _ begins: Bool) {
    set(false)
    if leg === anode { state.pointee.anodeAveraged = begins } else { state.pointee.cathodeAveraged = begins }
    update()
  }
}
