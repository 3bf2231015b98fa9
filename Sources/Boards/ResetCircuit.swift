import Machine

/// The buttons of an Espressif board, which pull a strap and the reset pad low, and the two transistors by which a serial
/// adapter does the same: its RTS resets and its DTR pulls the strap low, each only without the other.
///
/// A driver changes one line after the other, so on the way from RTS alone to DTR alone both are on for a while. The
/// capacitor at the reset pad bridges that; here it lasts as long as lines that are set over a network may need.
final class ResetCircuit {
  private static let holdTime: UInt64 = 200_000_000_000  // in picoseconds
  let bootButton, resetButton: Pin
  private struct State: BitwiseCopyable { var boot = false, reset = false, dtr = false, rts = false, isHeld = false }
  private let state: UnsafeMutablePointer<State>
  private let scheduler: Scheduler
  private var charged: Scheduler.Event!

  init(boot: String, reset: String, machine: Machine) {
    scheduler = machine.scheduler
    bootButton = Pin(boot, arena: machine.arena)
    resetButton = Pin(reset, arena: machine.arena)
    state = machine.arena.allocate("ResetCircuit.state", initial: State())
    charged = scheduler.event("ResetCircuit.charged") { [unowned self] _ in
      state.pointee.isHeld = false
      update()
    }
  }
  var bootPressed: Bool {
    get { state.pointee.boot }
    set {
      state.pointee.boot = newValue
      update()
    }
  }
  var resetPressed: Bool {
    get { state.pointee.reset }
    set {
      state.pointee.reset = newValue
      update()
    }
  }
  func serial(dtr: Bool?, rts: Bool?) {
    if let dtr { state.pointee.dtr = dtr }
    if let rts { state.pointee.rts = rts }
    let s = state.pointee
    if s.rts && s.dtr {
      if s.isHeld { scheduler.schedule(charged, after: Self.holdTime) }
    } else {
      state.pointee.isHeld = s.rts
      scheduler.cancel(charged)
    }
    update()
  }
  /// The strap before the reset pad, at whose release it is read.
  private func update() {
    let s = state.pointee
    bootButton.drive = s.boot || s.dtr && !s.rts ? Drive(.resistor, high: false) : .none
    resetButton.drive = s.reset || s.isHeld ? .low : .none
  }
}
