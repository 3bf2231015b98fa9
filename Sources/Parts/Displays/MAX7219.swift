import Machine

/// A chain of Maxim MAX7219 display drivers (19-4452, rev 5): one long shift register, latched by LOAD.
final class MAX7219Chain: SPIFrameSink {
  struct State: BitwiseCopyable { var clock = false, load = false }
  /// The 16 bits of the shift register, and what was latched (table 2).
  struct Driver: BitwiseCopyable {
    var shift: UInt16 = 0
    var digits: UInt64 = 0
    var decodes: UInt8 = 0, intensity: UInt8 = 0, scanLimit: UInt8 = 0, runs = false, tests = false
  }
  private let state: UnsafeMutablePointer<State>
  private let drivers: UnsafeMutablePointer<Driver>
  let count: Int
  let clock: Pin
  let data: Pin?, output: Pin?
  private let load: Pin
  var catchUp: (() -> Void)?

  init(_ name: String, count: Int, data: Pin, clock: Pin, load: Pin, output: Pin, context: PartContext) {
    self.count = count
    self.clock = clock
    self.data = data
    self.output = output
    self.load = load
    state = context.arena.allocate("\(name).state", initial: State())
    drivers = context.arena.allocate("\(name).drivers", count: count, initial: Driver())
    output.drive = .low
    clock.onChange = { [unowned self] _ in
      let level = clock.isHigh
      guard level != state.pointee.clock else { return }
      state.pointee.clock = level
      if level { shiftIn(data.isHigh) } else { showOutput() }
    }
    load.onChange = { [unowned self] _ in
      let level = load.isHigh
      guard level != state.pointee.load else { return }
      catchUp?()
      state.pointee.load = level
      if level { for n in 0..<count { latch(n) } }
    }
    for pin in [clock, data, output] { pin.frames = self }
  }
  private func shiftIn(_ bit: Bool) {
    var carry: UInt16 = bit ? 1 : 0
    for n in 0..<count {
      let out = drivers[n].shift >> 15
      drivers[n].shift = drivers[n].shift << 1 | carry
      carry = out
    }
  }
  /// A bit comes out 16.5 clocks after it went in: at the fall.
  private func showOutput() { output?.drive = drivers[count - 1].shift & 0x8000 != 0 ? .high : .low }
  private func latch(_ n: Int) {
    let word = drivers[n].shift, v = UInt8(word & 0xFF)
    switch word >> 8 & 15 {
    case 1...8:
      let at = UInt64(word >> 8 & 15 - 1) * 8
      drivers[n].digits = drivers[n].digits & ~(0xFF << at) | UInt64(v) << at
    case 9: drivers[n].decodes = v
    case 10: drivers[n].intensity = v & 15
    case 11: drivers[n].scanLimit = v & 7
    case 12: drivers[n].runs = v & 1 != 0
    case 15: drivers[n].tests = v & 1 != 0
    default: break
    }
  }

  /// What segment outputs DP, A … G (bit 7 to 0) give at a digit, and how bright: sixteenths of the scan, doubled and one more.
  func segments(_ n: Int, digit: Int) -> (bits: UInt8, duty: Int) {
    let d = drivers[n]
    if d.tests { return (0xFF, 31) }
    guard d.runs, digit <= d.scanLimit else { return (0, 0) }
    let raw = UInt8(truncatingIfNeeded: d.digits >> UInt64(digit * 8))
    // Code B (table 5), A to G from bit 6 down.
    let font: [UInt8] = [0x7E, 0x30, 0x6D, 0x79, 0x33, 0x5B, 0x5F, 0x70, 0x7F, 0x7B, 0x01, 0x4F, 0x37, 0x0E, 0x67, 0x00]
    let bits = d.decodes >> UInt8(digit) & 1 == 1 ? raw & 0x80 | font[Int(raw & 15)] : raw
    return (bits, Int(d.intensity) * 2 + 1)
  }

  // MARK: Whole words

  func takesFrames(width: Int, mode: UInt8) -> Bool { mode == 0 || mode == 3 }
  func frame(_ word: UInt32, width: Int) -> UInt32? {
    var out: UInt32 = 0
    for n in (0..<width).reversed() {
      out = out << 1 | (drivers[count - 1].shift & 0x8000 != 0 ? 1 : 0)
      shiftIn(word >> UInt32(n) & 1 == 1)
    }
    showOutput()
    return out
  }
}

/// 8 x 8 LED matrices, each with its MAX7219, one or a row of them.
public final class MAX7219Matrix: Part {
  public override class var kind: PartKind {
    PartKind(
      "wokwi-max7219-matrix", title: "MAX7219 LED matrix", pins: ["V+", "GND", "DIN", "CS", "CLK", "V+.2", "GND.2", "DOUT", "CS.2", "CLK.2"],
      attributes: [Attribute("chain", .number(1...32), "1"), Attribute("layout", .choice(["parola", "fc16"]), "parola"), Attribute("color", .color, "red")])
  }
  private var drivers: MAX7219Chain!
  public var chain: Int { drivers.count }

  public required init(id: String, attributes: [String: String], context: PartContext) {
    super.init(id: id, attributes: attributes, context: context)
    for name in ["CS", "CLK", "V+", "GND"] { Net.tie(pin(name), pin("\(name).2")) }
    drivers = MAX7219Chain(id, count: Int(number("chain")), data: pin("DIN"), clock: pin("CLK"), load: pin("CS"), output: pin("DOUT"), context: context)
  }
  /// A pixel a light. The first matrix of the chain is the rightmost; digits are rows from the top, DP is the left column
  /// of FC-16 modules and the right one of Parola's.
  public override var picture: Picture? {
    drivers.catchUp?()
    let color = RGB(named: attribute("color")) ?? RGB(0xFF2A1E), dark = RGB(0x1C1C1E), reversed = attribute("layout") != "fc16"
    var picture = Picture(width: chain * 8, height: 8)
    for n in 0..<chain {
      for row in 0..<8 {
        let (bits, duty) = drivers.segments(n, digit: row)
        // The eye sees more than half the light at a fifth of it.
        let lit = dark.mixed(color, UInt8(90 + duty * 165 / 31))
        for column in 0..<8 {
          let on = bits >> UInt8(reversed ? column : 7 - column) & 1 == 1
          picture.set((chain - 1 - n) * 8 + column, row, on ? lit : dark)
        }
      }
    }
    return picture
  }
}
