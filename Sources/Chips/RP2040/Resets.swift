import Machine

/// RP2040 datasheet §2.14: which blocks are held in reset.
public final class Resets: RegisterDevice, RegisterNaming {
  public enum Register: UInt32, CaseIterable, Sendable { case reset = 0x00, wdsel = 0x04, resetDone = 0x08 }
  /// §2.14.3, in order of the bits.
  public static let blocks = [
    "ADC", "BUSCTRL", "DMA", "I2C0", "I2C1", "IO_BANK0", "IO_QSPI", "JTAG", "PADS_BANK0", "PADS_QSPI", "PIO0", "PIO1", "PLL_SYS", "PLL_USB",
    "PWM", "RTC", "SPI0", "SPI1", "SYSCFG", "SYSINFO", "TBMAN", "TIMER", "UART0", "UART1", "USBCTRL",
  ]
  static let all: UInt32 = 0x1FF_FFFF
  static let map = RegisterMap<Resets> { r in
    r[.reset].bits(0...24).reset(all).onWrite { d, _ in d.changed() }
    r[.wdsel].bits(0...24)
    r[.resetDone].onRead { ~$0[.reset] & all }
  }
  private let held: UnsafeMutablePointer<UInt32>
  /// Devices by bit number.
  var devices: [Int: [Device]] = [:]
  init(arena: StateArena) {
    held = arena.allocate("RP2040.RESETS.held", initial: Self.all)
    super.init(Self.map, name: "RP2040.RESETS", arena: arena)
  }
  private func changed() {
    let asserted = self[.reset] & ~held.pointee
    held.pointee = self[.reset]
    for n in 0..<25 where asserted[bit: n] { for d in devices[n] ?? [] { d.reset() } }
  }
  /// Holds all blocks, as after power-on or a watchdog reset that selects them.
  func holdAll(_ mask: UInt32 = Resets.all) {
    self[.reset] |= mask
    changed()
  }
  public override func reset() {
    super.reset()
    changed()
  }
}

/// RP2040 datasheet §2.13: the power-on state machine.
public final class PSM: RegisterDevice, RegisterNaming {
  public enum Register: UInt32, CaseIterable, Sendable { case frceOn = 0x00, frceOff = 0x04, wdsel = 0x08, done = 0x0C }
  static let map = RegisterMap<PSM> { r in
    r[.frceOn].bits(0...16)
    r[.frceOff].bits(0...16).onWrite { d, v in d.onForceOff(v & 0x1FFFF) }
    r[.wdsel].bits(0...16)
    r[.done].onRead { ~$0[.frceOff] & 0x1FFFF }
  }
  enum Stage { static let rosc = 0, xosc = 1, clocks = 2, resets = 3, vreg = 13, sio = 14, proc0 = 15, proc1 = 16 }
  var onForceOff: (UInt32) -> Void = { _ in }
  init(arena: StateArena) { super.init(Self.map, name: "RP2040.PSM", arena: arena) }
}
