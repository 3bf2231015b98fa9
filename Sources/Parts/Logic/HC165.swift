import Machine

/// A shift register that takes eight levels at once (Nexperia 74HC165 datasheet, table 3).
public final class HC165: Part {
  public override class var kind: PartKind {
    PartKind("wokwi-74hc165", title: "74HC165", pins: ["PL", "CP", "D4", "D5", "D6", "D7", "Q7_N", "GND", "Q7", "DS", "D0", "D1", "D2", "D3", "CE", "VCC"])
  }
  struct State: BitwiseCopyable {
    var shift: UInt8 = 0
    /// CP or CE: either stops the other.
    var clock = true
  }
  private let state: UnsafeMutablePointer<State>
  private var load, clock, inhibit, serial, output, inverse: Pin!
  private var inputs: [Pin] = []
  private var latency: Latency!

  public required init(id: String, attributes: [String: String], context: PartContext) {
    state = context.arena.allocate("\(id).register", initial: State())
    super.init(id: id, attributes: attributes, context: context)
    load = pin("PL")
    clock = pin("CP")
    inhibit = pin("CE")
    serial = pin("DS")
    output = pin("Q7")
    inverse = pin("Q7_N")
    inputs = (0...7).map { pin("D\($0)") }
    latency = Latency("\(id).output", nanoseconds: 16, context: context) { [unowned self] in show() }
    for p in inputs + [load!, clock!, inhibit!] { p.onChange = { [unowned self] _ in inputsChanged() } }
    show()
  }
  private func inputsChanged() {
    let level = clock.isHigh || inhibit.isHigh, rises = level && !state.pointee.clock
    state.pointee.clock = level
    if load.level == .low {
      var v: UInt8 = 0
      for (i, p) in inputs.enumerated() where p.isHigh { v |= 1 << UInt8(i) }
      state.pointee.shift = v
    } else if rises {
      state.pointee.shift = state.pointee.shift << 1 | (serial.isHigh ? 1 : 0)
    } else {
      return
    }
    latency.begin()
  }
  private func show() {
    let high = state.pointee.shift & 0x80 != 0
    output.drive = high ? .high : .low
    inverse.drive = high ? .low : .high
  }
}
