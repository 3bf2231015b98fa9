import Machine

/// APA102 lights in rows and columns (Shiji APA102C datasheet): data and clock, 32 zeros, then a word a light of 111, five
/// bits of brightness, blue, green, red.
///
/// Each light takes the first word that begins with three ones and hands on what follows, half a clock later.
public final class APA102Matrix: Part {
  public override class var kind: PartKind {
    PartKind(
      "wokwi-apa102-matrix", title: "APA102 matrix", pins: ["DI", "CI", "VCC", "GND", "DO", "CO"],
      attributes: [Attribute("rows", .number(1...128), "8"), Attribute("cols", .number(1...128), "8"), Attribute("matrixLayout", .choice(["", "serpentine"]), ""), Attribute("matrixBrightness", .number(0...100), "1")])
  }
  struct State: BitwiseCopyable {
    var clock = false
    var shift: UInt32 = 0, bits: UInt32 = 0
    /// Bits of zero in a row, up to 32: a frame begins.
    var zeros: UInt32 = 0
    /// Words of the frame that were taken; lights and beyond.
    var words: UInt32 = 0
    var isInFrame = false
  }
  private let state: UnsafeMutablePointer<State>
  private let colors: UnsafeMutablePointer<UInt32>
  private let columns: Int, rows: Int
  private var data, clock, dataOut, clockOut: Pin!

  public required init(id: String, attributes: [String: String], context: PartContext) {
    columns = WS2812.size(attributes, "cols", 8, upTo: 128)
    rows = WS2812.size(attributes, "rows", 8, upTo: 128)
    state = context.arena.allocate("\(id).APA102", initial: State())
    colors = context.arena.allocate("\(id).colors", count: columns * rows, initial: UInt32(0))
    super.init(id: id, attributes: attributes, context: context)
    data = pin("DI")
    clock = pin("CI")
    dataOut = pin("DO")
    clockOut = pin("CO")
    dataOut.drive = .low
    clockOut.drive = .low
    clock.onChange = { [unowned self] _ in clockChanged() }
  }
  private func clockChanged() {
    let high = clock.isHigh
    guard high != state.pointee.clock else { return }
    state.pointee.clock = high
    // The next chip samples at the rise of its clock, so data goes first.
    if high { take(data.isHigh ? 1 : 0) }
    clockOut.drive = high ? .high : .low
  }
  private func take(_ bit: UInt32) {
    let isPassed = state.pointee.isInFrame && state.pointee.words >= UInt32(columns * rows)
    dataOut.drive = isPassed && bit == 1 ? .high : .low
    state.pointee.zeros = bit == 1 ? 0 : min(32, state.pointee.zeros + 1)
    if state.pointee.isInFrame, state.pointee.bits == 0, bit == 0, state.pointee.zeros < 32 { return }
    if state.pointee.zeros == 32 {
      state.pointee.isInFrame = true
      state.pointee.bits = 0
      state.pointee.words = 0
      return
    }
    guard state.pointee.isInFrame, !isPassed else { return }
    state.pointee.shift = state.pointee.shift << 1 | bit
    state.pointee.bits += 1
    guard state.pointee.bits == 32 else { return }
    state.pointee.bits = 0
    if state.pointee.shift >> 29 == 7 { colors[Int(state.pointee.words)] = state.pointee.shift & 0x1FFF_FFFF }
    state.pointee.words += 1
  }
  public override var picture: Picture? {
    var p = Picture(width: columns, height: rows)
    let snakes = attribute("matrixLayout") == "serpentine"
    for y in 0..<rows {
      for x in 0..<columns {
        let c = colors[y * columns + (snakes && y & 1 == 1 ? columns - 1 - x : x)], k = c >> 24 & 31
        func level(_ shift: UInt32) -> UInt8 { UInt8((c >> shift & 0xFF) * k / 31) }
        p.set(x, y, red: level(0), green: level(8), blue: level(16))
      }
    }
    return p
  }
}
