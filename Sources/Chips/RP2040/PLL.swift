import Machine

/// RP2040 datasheet §2.18: a phase-locked loop from the crystal.
public final class PLL: RegisterDevice, RegisterNaming {
  public enum Register: UInt32, CaseIterable, Sendable { case cs = 0x00, pwr = 0x04, fbdivInt = 0x08, prim = 0x0C }
  static let map = RegisterMap<PLL> { r in
    r[.cs].bits(0...5).bits(8...8).reset(1).onWrite { d, _ in d.changed() }.onRead { d in
      d[.cs] & 0x13F | (d.state.pointee.locked ? 1 << 31 : 0)
    }
    r[.pwr].bits(0...0).bits(2...3).bits(5...5).reset(0x2D).onWrite { d, _ in d.changed() }
    r[.fbdivInt].bits(0...11).onWrite { d, _ in d.changed() }
    r[.prim].bits(12...14).bits(16...18).reset(0x77000).onWrite { d, _ in d.changed() }
  }
  struct State: BitwiseCopyable { var locked = false }
  let state: UnsafeMutablePointer<State>
  private let scheduler: Scheduler
  var reference: () -> UInt64 = { 0 }
  var onChange: () -> Void = {}
  private var lock: Scheduler.Event!
  /// Time from power-up of the VCO to lock; the datasheet gives no figure, SDK start-up code polls LOCK.
  static let lockTime: UInt64 = 30_000_000

  init(name: String, arena: StateArena, scheduler: Scheduler) {
    self.scheduler = scheduler
    state = arena.allocate("\(name).state", initial: State())
    super.init(Self.map, name: name, arena: arena)
    lock = scheduler.event("\(name).lock") { [unowned self] _ in
      state.pointee.locked = running
      onChange()
    }
  }
  private var running: Bool { !self[.pwr][bit: 0] && !self[.pwr][bit: 5] && reference() != 0 }
  private func changed() {
    if running {
      if !state.pointee.locked && !scheduler.isScheduled(lock) { scheduler.schedule(lock, after: Self.lockTime) }
    } else {
      scheduler.cancel(lock)
      state.pointee.locked = false
    }
    onChange()
  }
  /// Frequency in 1/256 Hz.
  var output: UInt64 {
    let refdiv = max(1, UInt64(self[.cs] & 0x3F)), ref = reference() / refdiv
    if self[.cs][bit: 8] { return reference() }
    guard state.pointee.locked, !self[.pwr][bit: 3] else { return 0 }
    let d1 = max(1, UInt64(self[.prim][bits: 16...18])), d2 = max(1, UInt64(self[.prim][bits: 12...14]))
    return ref &* UInt64(self[.fbdivInt] & 0xFFF) / (d1 * d2)
  }
  public override func reset() {
    super.reset()
    scheduler.cancel(lock)
    state.pointee.locked = false
    onChange()
  }
}
