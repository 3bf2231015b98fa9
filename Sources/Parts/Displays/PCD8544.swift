import Machine

/// The Nokia 5110's screen, 84 x 48, Philips PCD8544 (data sheet 1999 Apr 12).
open class Nokia5110: Part {
  struct State: BitwiseCopyable {
    var x: UInt8 = 0, y: UInt8 = 0
    var isExtended = false, isVertical = false, isDown = true
    /// D and E: 0 blank, 1 all on, 2 normal, 3 inverse.
    var display: UInt8 = 0
    var bias: UInt8 = 0, contrast: UInt8 = 0, temperature: UInt8 = 0
  }
  public override class var kind: PartKind {
    PartKind("wokwi-nokia-5110-screen", title: "Nokia 5110 LCD", pins: ["RST", "CE", "DC", "DIN", "CLK", "VCC", "BL", "GND"])
  }
  private let state: UnsafeMutablePointer<State>
  private let ram: UnsafeMutablePointer<UInt8>
  private let light: Lamp
  private var port: SPITargetPort!

  public required init(id: String, attributes: [String: String], context: PartContext) {
    state = context.arena.allocate("\(id).state", initial: State())
    ram = context.arena.allocate("\(id).RAM", count: 504, initial: UInt8(0))
    light = Lamp("\(id).light", context: context)
    super.init(id: id, attributes: attributes, context: context)
    // The board has each leg on both edges.
    for name in kind.pins where name.hasSuffix(".2") { Net.tie(pin(String(name.dropLast(2))), pin(name)) }
    let dc = pin("DC"), bl = pin("BL")
    port = SPITargetPort(id, clock: pin("CLK"), data: pin("DIN"), select: pin("CE"), context: context)
    port.onByte = { [unowned self] byte in if dc.isHigh { data(byte) } else { command(byte) } }
    dc.onChange = { [unowned self] _ in port.catchUp?() }
    pin("RST").onChange = { [unowned self] level in
      guard level == .low else { return }
      port.catchUp?()
      state.pointee = State()
      port.reset()
    }
    bl.onChange = { [unowned self] level in light.set(level == .high) }
  }
  private func data(_ byte: UInt8) {
    ram[Int(state.pointee.y) * 84 + Int(state.pointee.x)] = byte
    if state.pointee.isVertical {
      state.pointee.y = state.pointee.y == 5 ? 0 : state.pointee.y + 1
      if state.pointee.y == 0 { state.pointee.x = state.pointee.x == 83 ? 0 : state.pointee.x + 1 }
    } else {
      state.pointee.x = state.pointee.x == 83 ? 0 : state.pointee.x + 1
      if state.pointee.x == 0 { state.pointee.y = state.pointee.y == 5 ? 0 : state.pointee.y + 1 }
    }
  }
  /// Table 1.
  private func command(_ c: UInt8) {
    if c & 0xF8 == 0x20 {
      state.pointee.isDown = c & 4 != 0
      state.pointee.isVertical = c & 2 != 0
      state.pointee.isExtended = c & 1 != 0
      return
    }
    if state.pointee.isExtended {
      switch c {
      case 0x80...0xFF: state.pointee.contrast = c & 127
      case 0x10...0x17: state.pointee.bias = c & 7
      case 0x04...0x07: state.pointee.temperature = c & 3
      default: break
      }
    } else {
      switch c {
      case 0x80...0xFF: if c & 127 < 84 { state.pointee.x = c & 127 }
      case 0x40...0x47: if c & 7 < 6 { state.pointee.y = c & 7 }
      case 0x08...0x0F: state.pointee.display = (c & 4) >> 1 | c & 1
      default: break
      }
    }
  }
  /// How dark the liquid crystal is where a dot is on, and where it is off: by the voltage over the threshold of the glass.
  private var darkness: (on: Double, off: Double) {
    let s = state.pointee
    guard !s.isDown, s.contrast > 0 else { return (0, 0) }
    let volts = 3.06 + 0.06 * Double(s.contrast)
    return (min(max((volts - 4.9) / 1.2, 0), 1), min(max((volts - 6.9) / 1.5, 0), 1))
  }
  /// Dark dots on the grey of the glass.
  public override var picture: Picture? {
    port.catchUp?()
    var picture = Picture(width: 84, height: 48)
    let s = state.pointee, (on, off) = darkness
    func shade(_ d: Double) -> (UInt8, UInt8, UInt8) { (UInt8(178 - 145 * d), UInt8(188 - 150 * d), UInt8(170 - 132 * d)) }
    let dark = shade(on), bright = shade(off)
    for y in 0..<48 {
      for x in 0..<84 {
        let dot = ram[y / 8 * 84 + x] >> UInt8(y % 8) & 1 == 1
        let isOn = s.display == 1 || s.display == 2 && dot || s.display == 3 && !dot
        let c = isOn ? dark : bright
        picture.set(x, y, red: c.0, green: c.1, blue: c.2)
      }
    }
    return picture
  }
  /// The light behind the glass.
  public override var lamps: [Lamp] { [light] }
}

/// The same on a board with its legs on both edges.
public final class Nokia5110Board: Nokia5110 {
  public override class var kind: PartKind {
    PartKind(
      "board-nokia-5110", title: "Nokia 5110 LCD",
      pins: ["RST", "CE", "DC", "DIN", "CLK", "VCC", "BL", "GND", "RST.2", "CE.2", "DC.2", "DIN.2", "CLK.2", "VCC.2", "BL.2", "GND.2"])
  }
}
