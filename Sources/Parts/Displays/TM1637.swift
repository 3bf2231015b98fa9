import Machine

/// Four digits with a colon behind a Titan Micro TM1637: two wires, a start and a stop like I²C's, bytes from the lowest bit on.
public final class TM1637: Part {
  public override class var kind: PartKind {
    PartKind("wokwi-tm1637-7segment", title: "TM1637 display", pins: ["CLK", "DIO", "VCC", "GND"], attributes: [Attribute("color", .color, "red")])
  }
  enum Phase: UInt8, BitwiseCopyable { case idle, byte, acknowledge, keys }
  struct State: BitwiseCopyable {
    var phase = Phase.idle
    var clock = true, data = true
    var shift: UInt8 = 0, bits: UInt8 = 0, isFirst = true
    var isFixed = false, readsKeys = false, address: UInt8 = 0, isOn = false, brightness: UInt8 = 0
  }
  private let state: UnsafeMutablePointer<State>
  /// By digit, bit 0 segment A, bit 7 the point; that of the second digit is the colon.
  private let ram: UnsafeMutablePointer<UInt8>
  private static let released = Drive(.resistor, high: true)

  public required init(id: String, attributes: [String: String], context: PartContext) {
    state = context.arena.allocate("\(id).state", initial: State())
    ram = context.arena.allocate("\(id).RAM", count: 8, initial: UInt8(0))
    super.init(id: id, attributes: attributes, context: context)
    let clk = pin("CLK"), dio = pin("DIO")
    for p in [clk, dio] {
      p.drive = Self.released
      p.onChange = { [unowned self] _ in linesChanged(clock: clk.isHigh, data: dio.isHigh) }
    }
  }
  private func linesChanged(clock: Bool, data: Bool) {
    let old = state.pointee
    state.pointee.clock = clock
    state.pointee.data = data
    if old.clock != clock {
      if clock { rose() } else { fell() }
    } else if clock, old.data != data {
      pin("DIO").drive = Self.released
      state.pointee.phase = data ? .idle : .byte
      state.pointee.bits = 0
      state.pointee.isFirst = true
    }
  }
  private func rose() {
    guard state.pointee.phase == .byte, state.pointee.bits < 8 else { return }
    state.pointee.shift = state.pointee.shift >> 1 | (state.pointee.data ? 0x80 : 0)
    state.pointee.bits += 1
  }
  /// It acknowledges from the fall of the eighth clock to that of the ninth.
  private func fell() {
    switch state.pointee.phase {
    case .byte where state.pointee.bits == 8:
      state.pointee.phase = .acknowledge
      take(state.pointee.shift)
      pin("DIO").drive = .low
    case .acknowledge:
      state.pointee.bits = 0
      state.pointee.phase = state.pointee.readsKeys ? .keys : .byte
      // No key is down: ones.
      pin("DIO").drive = Self.released
    default: break
    }
  }
  private func take(_ byte: UInt8) {
    defer { state.pointee.isFirst = false }
    guard state.pointee.isFirst else {
      if state.pointee.address < 6 { ram[Int(state.pointee.address)] = byte }
      if !state.pointee.isFixed { state.pointee.address = state.pointee.address >= 5 ? 0 : state.pointee.address + 1 }
      return
    }
    state.pointee.readsKeys = false
    switch byte >> 6 {
    case 1:
      state.pointee.isFixed = byte & 4 != 0
      state.pointee.readsKeys = byte & 3 == 2
    case 2:
      state.pointee.isOn = byte & 8 != 0
      state.pointee.brightness = byte & 7
    case 3: state.pointee.address = byte & 15
    default: break
    }
  }
  /// Segments of the four digits, bit 0 segment A, bit 7 of the second the colon; none while it is off.
  public var segments: [UInt8] { (0..<4).map { state.pointee.isOn ? ram[$0] : 0 } }
  /// The fraction of the time that a segment is lit.
  public var duty: Double { [1, 2, 4, 10, 11, 12, 13, 14][Int(state.pointee.brightness)] / 16 }
  public override var displayText: String? {
    let s = segments
    return s.enumerated().map { SegmentFont.text($1 & 0x7F) + ($0 == 1 && $1 & 0x80 != 0 ? ":" : "") }.joined()
  }
}
