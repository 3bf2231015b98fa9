import Machine

/// A shift register with a storage register behind it (Nexperia 74HC595 datasheet, table 3), by the names of its legs.
public class ShiftOut: Part {
  struct State: BitwiseCopyable {
    var shift: UInt8 = 0, stored: UInt8 = 0
    var shiftClock = false, storeClock = false
  }
  /// Legs: data, shift clock, storage clock, enable (low), clear (low), the eight outputs from bit 0 on, serial output.
  struct Legs { let data: String, shiftClock: String, storeClock: String, enable: String, clear: String, outputs: [String], serial: String }
  class var legs: Legs { Legs(data: "DS", shiftClock: "SHCP", storeClock: "STCP", enable: "OE", clear: "MR", outputs: (0...7).map { "Q\($0)" }, serial: "Q7S") }

  private let state: UnsafeMutablePointer<State>
  private var data, shiftClock, storeClock, enable, clear, serial: Pin!
  private var outputs: [Pin] = []
  private var latency: Latency!

  public required init(id: String, attributes: [String: String], context: PartContext) {
    state = context.arena.allocate("\(id).registers", initial: State())
    super.init(id: id, attributes: attributes, context: context)
    let legs = Self.legs
    data = pin(legs.data)
    shiftClock = pin(legs.shiftClock)
    storeClock = pin(legs.storeClock)
    enable = pin(legs.enable)
    clear = pin(legs.clear)
    serial = pin(legs.serial)
    outputs = legs.outputs.map { pin($0) }
    latency = Latency("\(id).outputs", nanoseconds: 16, context: context) { [unowned self] in show() }
    for p in [shiftClock, storeClock, enable, clear] { p?.onChange = { [unowned self] _ in inputsChanged() } }
    show()
  }
  private func inputsChanged() {
    let shiftRises = shiftClock.isHigh && !state.pointee.shiftClock, storeRises = storeClock.isHigh && !state.pointee.storeClock
    state.pointee.shiftClock = shiftClock.isHigh
    state.pointee.storeClock = storeClock.isHigh
    // Clocked together, the storage is a step behind.
    if storeRises { state.pointee.stored = state.pointee.shift }
    if shiftRises { state.pointee.shift = state.pointee.shift << 1 | (data.isHigh ? 1 : 0) }
    if clear.level == .low { state.pointee.shift = 0 }
    latency.begin()
  }
  private func show() {
    let on = enable.level != .high
    for (i, p) in outputs.enumerated() { p.drive = on ? state.pointee.stored >> UInt8(i) & 1 == 1 ? .high : .low : .none }
    serial.drive = state.pointee.shift & 0x80 != 0 ? .high : .low
  }
  /// What is in the storage register.
  public final var value: UInt8 { state.pointee.stored }
}

public final class HC595: ShiftOut {
  public override class var kind: PartKind {
    PartKind("wokwi-74hc595", title: "74HC595", pins: ["Q1", "Q2", "Q3", "Q4", "Q5", "Q6", "Q7", "GND", "Q7S", "MR", "SHCP", "STCP", "OE", "DS", "Q0", "VCC"])
  }
}

/// A driver of three-colour lights (onsemi NLSF595): the same registers.
public final class NLSF595: ShiftOut {
  public override class var kind: PartKind {
    PartKind("wokwi-nlsf595", title: "NLSF595", pins: ["QA", "QB", "QC", "QD", "QE", "QF", "QG", "QH", "GND", "SQH", "SCLR", "SCK", "RCK", "OE", "SI", "VCC"])
  }
  override class var legs: Legs { Legs(data: "SI", shiftClock: "SCK", storeClock: "RCK", enable: "OE", clear: "SCLR", outputs: ["A", "B", "C", "D", "E", "F", "G", "H"].map { "Q\($0)" }, serial: "SQH") }
}
