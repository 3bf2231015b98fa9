import Machine

/// A contact that springs make and break a few times within a millisecond whenever it is moved.
final class BouncingContact {
  struct State: BitwiseCopyable {
    var isClosed = false
    /// Changes still to come, an even number from the first on.
    var left: UInt32 = 0
    var seed: UInt32
  }
  private let contact: Contact
  private let state: UnsafeMutablePointer<State>
  private let scheduler: Scheduler
  private var event: Scheduler.Event!
  /// Asked at each move.
  var bounces: () -> Bool

  /// - Parameter bounces: false: it is as moved at once.
  init(_ name: String, _ a: Pin, _ b: Pin, closed: Bool = false, context: PartContext, bounces: @escaping () -> Bool) {
    contact = Contact(name, a, b, closed: closed, arena: context.arena)
    // Each contact has its own springs, the same in every run.
    let seed = name.utf8.reduce(UInt32(2_166_136_261)) { ($0 ^ UInt32($1)) &* 16_777_619 }
    state = context.arena.allocate("\(name).bounce", initial: State(isClosed: closed, seed: seed))
    scheduler = context.scheduler
    self.bounces = bounces
    event = scheduler.event("\(name).bounce") { [unowned self] _ in step() }
  }
  /// Where it was moved to; the contact itself may still bounce.
  var isClosed: Bool {
    get { state.pointee.isClosed }
    set {
      guard newValue != state.pointee.isClosed else { return }
      state.pointee.isClosed = newValue
      contact.isClosed = newValue
      state.pointee.left = bounces() ? 8 + random(4) * 2 : 0
      if state.pointee.left > 0 { scheduler.schedule(event, after: pause()) } else { scheduler.cancel(event) }
    }
  }
  /// Opens at once, as a tongue that slides off its contact.
  func open() {
    state.pointee.isClosed = false
    state.pointee.left = 0
    scheduler.cancel(event)
    contact.isClosed = false
  }
  private func random(_ n: UInt32) -> UInt32 {
    state.pointee.seed = state.pointee.seed &* 1_664_525 &+ 1_013_904_223
    return (state.pointee.seed >> 8) % n
  }
  /// 20 to 100 µs.
  private func pause() -> UInt64 { 20_000_000 + UInt64(random(80_000)) * 1000 }
  private func step() {
    guard state.pointee.left > 0 else { return }
    state.pointee.left -= 1
    contact.isClosed = state.pointee.isClosed != (state.pointee.left & 1 == 1)
    if state.pointee.left > 0 { scheduler.schedule(event, after: pause()) }
  }
}

extension Part {
  static var bounceAttribute: Attribute { Attribute("bounce", .choice(["", "0", "1"]), "") }
  /// Contacts bounce unless the attribute says "0".
  final var bounces: Bool { attribute("bounce") != "0" }
}
