import Machine

/// A resistive touch panel's converter, Shenzhen Xptek XPT2046 (a kin of TI's ADS7846): a control byte, then 12 bits.
final class XPT2046 {
  struct State: BitwiseCopyable {
    var x: UInt16 = 0, y: UInt16 = 0, isDown = false
    /// The bits of the answer still to go out, the next at the top.
    var answer: UInt16 = 0
    /// PD0: the pen interrupt is off.
    var isPowered = false
  }
  private let state: UnsafeMutablePointer<State>
  private let port: SPITargetPort
  private let irq: Pin
  private let width: Int, height: Int
  /// What the panel's edges read.
  private static let low = 200, high = 3900

  init(_ name: String, clock: Pin, data: Pin, output: Pin, select: Pin, irq: Pin, width: Int, height: Int, context: PartContext) {
    state = context.arena.allocate("\(name).state", initial: State())
    port = SPITargetPort(name, clock: clock, data: data, output: output, select: select, context: context)
    self.irq = irq
    self.width = width
    self.height = height
    port.onSelect = { [unowned self] in
      state.pointee.answer = 0
      port.reply = 0
    }
    port.onByte = { [unowned self] byte in
      if byte & 0x80 != 0 { convert(byte) }
      port.reply = UInt8(state.pointee.answer >> 8)
      state.pointee.answer <<= 8
    }
    updatePen()
  }
  private func convert(_ control: UInt8) {
    let s = state.pointee
    var v: Int
    switch control >> 4 & 7 {
    case 1: v = s.isDown ? Self.low + Int(s.y) * (Self.high - Self.low) / (height - 1) : 0
    case 5: v = s.isDown ? Self.low + Int(s.x) * (Self.high - Self.low) / (width - 1) : 4095
    case 3: v = s.isDown ? 1000 : 0  // Z1 and Z2: a firm touch
    case 4: v = s.isDown ? 2600 : 4095
    case 0: v = 983  // the diode, 0.6 V at 25 °C of 2.5 V
    case 7: v = 1174
    default: v = 0
    }
    if control & 8 != 0 { v &= ~15 }  // 8 bits
    // A busy clock, 12 bits, zeros.
    state.pointee.answer = UInt16(v) << 3
    state.pointee.isPowered = control & 1 != 0
    updatePen()
  }
  private func updatePen() { irq.drive = state.pointee.isDown && !state.pointee.isPowered ? .low : Drive(.resistor, high: true) }

  func touch(x: Int, y: Int, down: Bool) {
    port.catchUp?()
    state.pointee.isDown = down
    state.pointee.x = UInt16(min(max(x, 0), width - 1))
    state.pointee.y = UInt16(min(max(y, 0), height - 1))
    updatePen()
  }
}
