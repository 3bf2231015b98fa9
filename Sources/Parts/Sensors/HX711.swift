import Machine

/// A 24-bit converter for load cells, ten samples a second (HX711 datasheet, "Serial interface").
///
/// Its cell gives 420 counts a kilogram at a gain of 128, as Wokwi's does.
public final class HX711: Sensor {
  override class var quantities: [Quantity] { [Quantity("load", 0, in: -50...50, "kg")] }
  public override class var kind: PartKind {
    PartKind(
      "wokwi-hx711", title: "HX711", pins: ["VCC", "DT", "SCK", "GND"],
      attributes: quantities.map(\.attribute) + [Attribute("weight", .number(-50...50), "0"), Attribute("type", .choice(["50kg", "5kg", "gauge"]), "50kg")])
  }
  struct State: BitwiseCopyable {
    /// Clock pulses of the transfer that runs; 0: none.
    var pulses: UInt8 = 0
    var word: UInt32 = 0
    /// The pulses of a transfer for this gain: 25 A at 128, 26 B at 32, 27 A at 64.
    var gain: UInt8 = 25
    var isReady = false, isDown = false
  }
  private let state: UnsafeMutablePointer<State>
  private var conversion: Scheduler.Event?, powerDown: Scheduler.Event?
  private static let period: UInt64 = 100_000_000_000, settling: UInt64 = 400_000_000_000

  public required init(id: String, attributes: [String: String], context: PartContext) {
    state = context.arena.allocate("\(id).state", initial: State())
    super.init(id: id, attributes: attributes, context: context)
    if attributes["load"] == nil, attributes["weight"] != nil { setControl("load", number("weight")) }
    pin("DT").drive = .high
    conversion = context.scheduler.event("\(id).conversion") { [unowned self] in converted(at: $0) }
    powerDown = context.scheduler.event("\(id).power-down") { [unowned self] _ in goDown() }
    pin("SCK").onChange = { [unowned self] in clock($0) }
    wake()
  }
  public override func attributeChanged(_ name: String) { if name == "weight" { setControl("load", number(name)) } else { super.attributeChanged(name) } }
  /// The most that the cell can bear.
  private var capacity: Double { attribute("type") == "50kg" ? 50 : 5 }
  private func wake() {
    guard let conversion else { return }
    state.pointee = State()
    pin("DT").drive = .high
    context.scheduler.schedule(conversion, after: Self.settling)
  }
  private func goDown() {
    guard let conversion else { return }
    state.pointee.isDown = true
    context.scheduler.cancel(conversion)
    pin("DT").drive = .high
  }
  private func converted(at time: UInt64) {
    guard let conversion else { return }
    context.scheduler.schedule(conversion, at: time &+ Self.period)
    // A word that is being read stays as it is.
    guard state.pointee.pulses == 0 || state.pointee.pulses >= 25 else { return }
    if state.pointee.pulses >= 25 {
      let gain = min(state.pointee.pulses, 27)
      state.pointee.pulses = 0
      if gain != state.pointee.gain {
        // Another input or gain has to settle.
        state.pointee.gain = gain
        context.scheduler.schedule(conversion, at: time &+ Self.settling)
        return
      }
    }
    let kilograms = min(max(quantity("load"), -capacity), capacity)
    // Nothing is wired to input B.
    let factor = state.pointee.gain == 25 ? 1.0 : state.pointee.gain == 27 ? 0.5 : 0
    state.pointee.word = UInt32(bitPattern: Int32(min(max((kilograms * 420 * factor).rounded(), -8_388_608), 8_388_607))) & 0xFF_FFFF
    state.pointee.isReady = true
    pin("DT").drive = .low
  }
  private func clock(_ level: NetLevel) {
    guard let powerDown else { return }
    if level == .high {
      // High for 60 µs is the command to sleep.
      context.scheduler.schedule(powerDown, after: 60_000_000)
      guard !state.pointee.isDown, state.pointee.isReady || state.pointee.pulses >= 25, state.pointee.pulses < 255 else { return }
      state.pointee.pulses += 1
      let n = state.pointee.pulses
      pin("DT").drive = n > 24 ? .high : state.pointee.word >> UInt32(24 - n) & 1 == 1 ? .high : .low
      if n == 25 { state.pointee.isReady = false }
    } else {
      context.scheduler.cancel(powerDown)
      if state.pointee.isDown { wake() }
    }
  }
}
