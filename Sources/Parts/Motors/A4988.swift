import Machine

/// A stepper driver with a translator (Allegro A4988 datasheet): each rise of STEP takes it one step or microstep on.
public final class A4988: Part {
  public override class var kind: PartKind {
    PartKind(
      "wokwi-a4988", title: "A4988 driver",
      pins: ["ENABLE", "MS1", "MS2", "MS3", "RESET", "SLEEP", "STEP", "DIR", "GND", "GND.1", "GND.2", "VDD", "1B", "1A", "2A", "2B", "VMOT"])
  }
  struct State: BitwiseCopyable {
    /// In sixteenths of a step, four steps to the cycle; at home both coils carry 71 % (table 2).
    var position: Int32 = 8
    var step = false
  }
  /// Currents of the first quarter in per cent, by sixteenths of a step (table 2: 0 to 90 degrees).
  private static let quarter: [Float] = [0, 9.38, 18.75, 29.69, 37.50, 46.88, 56.25, 64.06, 70.71, 78.13, 82.81, 87.50, 92.19, 95.31, 98.44, 100, 100]
  /// The sine of the position, from −1 to 1.
  private static func current(_ position: Int32) -> Float {
    let p = Int(position & 63)
    let v = p < 16 ? quarter[p] : p < 32 ? quarter[32 - p] : p < 48 ? -quarter[p - 32] : -quarter[64 - p]
    return v / 100
  }
  private let state: UnsafeMutablePointer<State>

  public required init(id: String, attributes: [String: String], context: PartContext) {
    state = context.arena.allocate("\(id).A4988", initial: State())
    super.init(id: id, attributes: attributes, context: context)
    for name in ["ENABLE", "MS1", "MS2", "MS3"] { pin(name).drive = .pullDown }
    pin("SLEEP").drive = .pullUp
    for name in ["ENABLE", "RESET", "SLEEP"] { pin(name).onChange = { [unowned self] _ in controlsChanged() } }
    pin("STEP").onChange = { [unowned self] _ in stepChanged() }
    show()
  }
  private var isHome: Bool { pin("RESET").level == .low || pin("SLEEP").level == .low }
  private func controlsChanged() {
    if isHome { state.pointee.position = 8 }
    show()
  }
  /// Sixteenths of a step, by MS1 to MS3 (table 1).
  private var stepSize: Int32 {
    switch (pin("MS1").isHigh, pin("MS2").isHigh, pin("MS3").isHigh) {
    case (false, false, _): 16
    case (true, false, _): 8
    case (false, true, _): 4
    case (true, true, false): 2
    case (true, true, true): 1
    }
  }
  private func stepChanged() {
    let high = pin("STEP").isHigh
    guard high != state.pointee.step else { return }
    state.pointee.step = high
    guard high, !isHome else { return }
    // The next position that this step size knows: whole steps are those with both coils at 71 %.
    let size = stepSize, offset: Int32 = size == 16 ? 8 : 0, p = state.pointee.position &- offset
    let next = pin("DIR").isHigh ? (p / size) * size + size : ((p + size - 1) / size) * size - size
    state.pointee.position = (next + offset + 64) & 63
    show()
  }
  private func show() {
    let on = !isHome && pin("ENABLE").level != .high
    let volts = pin("VMOT").volts.map { max($0, 3.3) } ?? 12
    func coil(_ plus: String, _ minus: String, _ current: Float) {
      pin(plus).drive = on ? Drive(.strong, volts: max(0, current) * volts) : .none
      pin(minus).drive = on ? Drive(.strong, volts: max(0, -current) * volts) : .none
    }
    coil("1A", "1B", Self.current(state.pointee.position))
    coil("2A", "2B", Self.current(state.pointee.position &+ 16))
  }
}
