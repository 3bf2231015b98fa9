import Machine

/// RP2040 datasheet §2.15: the clock generators, with the frequency counter.
public final class Clocks: RegisterDevice, RegisterNaming {
  public enum Register: UInt32, CaseIterable, Sendable {
    case clkGpout0Ctrl = 0x00, clkGpout0Div = 0x04, clkGpout0Selected = 0x08
    case clkGpout1Ctrl = 0x0C, clkGpout1Div = 0x10, clkGpout1Selected = 0x14
    case clkGpout2Ctrl = 0x18, clkGpout2Div = 0x1C, clkGpout2Selected = 0x20
    case clkGpout3Ctrl = 0x24, clkGpout3Div = 0x28, clkGpout3Selected = 0x2C
    case clkRefCtrl = 0x30, clkRefDiv = 0x34, clkRefSelected = 0x38
    case clkSysCtrl = 0x3C, clkSysDiv = 0x40, clkSysSelected = 0x44
    case clkPeriCtrl = 0x48, clkPeriDiv = 0x4C, clkPeriSelected = 0x50
    case clkUsbCtrl = 0x54, clkUsbDiv = 0x58, clkUsbSelected = 0x5C
    case clkAdcCtrl = 0x60, clkAdcDiv = 0x64, clkAdcSelected = 0x68
    case clkRtcCtrl = 0x6C, clkRtcDiv = 0x70, clkRtcSelected = 0x74
    case clkSysResusCtrl = 0x78, clkSysResusStatus = 0x7C
    case fc0RefKhz = 0x80, fc0MinKhz = 0x84, fc0MaxKhz = 0x88, fc0Delay = 0x8C, fc0Interval = 0x90
    case fc0Src = 0x94, fc0Status = 0x98, fc0Result = 0x9C
    case wakeEn0 = 0xA0, wakeEn1 = 0xA4, sleepEn0 = 0xA8, sleepEn1 = 0xAC, enabled0 = 0xB0, enabled1 = 0xB4
    case intR = 0xB8, intE = 0xBC, intF = 0xC0, intS = 0xC4
  }
  static let map = RegisterMap<Clocks> { r in
    r[.clkGpout0Ctrl, count: 4, stride: 12].bits(5...8).bits(10...12).bits(16...17).bits(20...20).onWrite { d, _ in d.update() }
    r[.clkGpout0Div, count: 4, stride: 12].bits(0...31).reset(0x100).onWrite { d, _ in d.update() }
    r[.clkGpout0Selected, count: 4, stride: 12].reset(1)
    r[.clkRefCtrl].bits(0...1).bits(5...6).onWrite { d, _ in d.update() }
    r[.clkRefDiv].bits(8...9).reset(0x100).onWrite { d, _ in d.update() }
    r[.clkRefSelected].onRead { 1 << $0[.clkRefCtrl][bits: 0...1] }
    r[.clkSysCtrl].bits(0...0).bits(5...7).onWrite { d, _ in d.update() }
    r[.clkSysDiv].bits(0...31).reset(0x100).onWrite { d, _ in d.update() }
    r[.clkSysSelected].onRead { 1 << $0[.clkSysCtrl][bits: 0...0] }
    r[.clkPeriCtrl].bits(5...7).bits(10...11).onWrite { d, _ in d.update() }
    r[.clkPeriDiv].bits(8...9).reset(0x100)
    r[.clkUsbCtrl].bits(5...7).bits(10...11).bits(16...17).bits(20...20).onWrite { d, _ in d.update() }
    r[.clkUsbDiv].bits(8...9).reset(0x100).onWrite { d, _ in d.update() }
    r[.clkAdcCtrl].bits(5...7).bits(10...11).bits(16...17).bits(20...20).onWrite { d, _ in d.update() }
    r[.clkAdcDiv].bits(8...9).reset(0x100).onWrite { d, _ in d.update() }
    r[.clkRtcCtrl].bits(5...7).bits(10...11).bits(16...17).bits(20...20).onWrite { d, _ in d.update() }
    r[.clkRtcDiv].bits(0...31).reset(0x100).onWrite { d, _ in d.update() }
    r[.clkPeriSelected, count: 4, stride: 12].reset(1)
    r[.clkSysResusCtrl].bits(0...8).bits(12...12).bits(16...16).reset(0xFF)
    r[.clkSysResusStatus].bits(0...0, .readOnly)
    r[.fc0RefKhz].bits(0...19)
    r[.fc0MinKhz].bits(0...24)
    r[.fc0MaxKhz].bits(0...24).reset(0x1FFFFFF)
    r[.fc0Delay].bits(0...2).reset(1)
    r[.fc0Interval].bits(0...3).reset(8)
    r[.fc0Src].bits(0...7).onWrite { d, _ in d.measure() }
    r[.fc0Status].onRead { $0.counterStatus }
    r[.fc0Result].bits(0...29, .readOnly)
    r[.wakeEn0].bits(0...31).reset(0xFFFF_FFFF)
    r[.wakeEn1].bits(0...14).reset(0x7FFF)
    r[.sleepEn0].bits(0...31).reset(0xFFFF_FFFF)
    r[.sleepEn1].bits(0...14).reset(0x7FFF)
    r[.enabled0].reset(0xFFFF_FFFF)
    r[.enabled1].reset(0x7FFF)
    r[.intR].bits(0...0, .readOnly)
    r[.intE].bits(0...0)
    r[.intF].bits(0...0).onWrite { d, _ in d.updateInterrupt() }
    r[.intS].onRead { $0[.intR] & $0[.intE] | $0[.intF] }
  }
  struct Counter: BitwiseCopyable { var done: UInt64 = 0, started = false }

  let rosc: ROSC, xosc: XOSC, pllSys: PLL, pllUsb: PLL
  unowned let machine: Machine
  public let irq: Line
  /// The derived clocks; `clk_sys` is the machine's core clock.
  public let ref, peri, usb, adc, rtc: UnsafeMutablePointer<Clock>
  private let counter: UnsafeMutablePointer<Counter>
  /// Told after any derived frequency has changed.
  var onChange: () -> Void = {}

  init(machine: Machine, sys: UnsafeMutablePointer<Clock>, rosc: ROSC, xosc: XOSC, pllSys: PLL, pllUsb: PLL) {
    self.machine = machine
    self.sys = sys
    self.rosc = rosc
    self.xosc = xosc
    self.pllSys = pllSys
    self.pllUsb = pllUsb
    let arena = machine.arena
    irq = Line("RP2040.CLOCKS.IRQ", arena: arena)
    ref = arena.allocate("RP2040.CLOCKS.ref", initial: Clock(hertz: 0))
    peri = arena.allocate("RP2040.CLOCKS.peri", initial: Clock(hertz: 0))
    usb = arena.allocate("RP2040.CLOCKS.usb", initial: Clock(hertz: 0))
    adc = arena.allocate("RP2040.CLOCKS.adc", initial: Clock(hertz: 0))
    rtc = arena.allocate("RP2040.CLOCKS.rtc", initial: Clock(hertz: 0))
    counter = arena.allocate("RP2040.CLOCKS.counter", initial: Counter())
    super.init(Self.map, name: "RP2040.CLOCKS", arena: arena)
    for source in [pllSys, pllUsb] {
      source.reference = { [unowned self] in self.xosc.output }
      source.onChange = { [unowned self] in update() }
    }
    xosc.onChange = { [unowned self] in update() }
    rosc.onChange = { [unowned self] in update() }
  }
  let sys: UnsafeMutablePointer<Clock>

  private func divide(_ f: UInt64, _ div: UInt32) -> UInt64 {
    // DIV: integer 31:8 (0 means 65536), fraction 7:0.
    let d = div >> 8 == 0 ? UInt64(1 << 24) + UInt64(div & 0xFF) : UInt64(div)
    return UInt64(truncatingIfNeeded: UInt128(f) * 256 / UInt128(d))
  }
  private var refFrequency: UInt64 {
    let source: UInt64 =
      switch self[.clkRefCtrl][bits: 0...1] {
      case 0: rosc.output
      case 1: self[.clkRefCtrl][bits: 5...6] == 0 ? pllUsb.output : 0
      case 2: xosc.output
      default: 0
      }
    return divide(source, self[.clkRefDiv])
  }
  private func auxSys(_ n: UInt32) -> UInt64 {
    switch n {
    case 0: pllSys.output
    case 1: pllUsb.output
    case 2: rosc.output
    case 3: xosc.output
    default: 0
    }
  }
  private func auxUsb(_ ctrl: UInt32) -> UInt64 {
    guard ctrl[bit: 11], !ctrl[bit: 10] else { return 0 }
    switch ctrl[bits: 5...7] {
    case 0: return pllUsb.output
    case 1: return pllSys.output
    case 2: return rosc.output
    case 3: return xosc.output
    default: return 0
    }
  }
  private var sysFrequency: UInt64 {
    let source = self[.clkSysCtrl][bit: 0] ? auxSys(self[.clkSysCtrl][bits: 5...7]) : refFrequency
    return divide(source, self[.clkSysDiv])
  }
  private var periFrequency: UInt64 {
    let c = self[.clkPeriCtrl]
    guard c[bit: 11], !c[bit: 10] else { return 0 }
    switch c[bits: 5...7] {
    case 0: return sysFrequency
    case 1: return pllSys.output
    case 2: return pllUsb.output
    case 3: return rosc.output
    case 4: return xosc.output
    default: return 0
    }
  }
  /// Puts all derived clocks to what the registers say.
  func update() {
    let now = machine.now
    func set(_ c: UnsafeMutablePointer<Clock>, _ f: UInt64) {
      if c.pointee.frequency256 != f { c.pointee.setFrequency256(f, at: now) }
    }
    set(ref, refFrequency)
    set(peri, periFrequency)
    set(usb, divide(auxUsb(self[.clkUsbCtrl]), self[.clkUsbDiv]))
    set(adc, divide(auxUsb(self[.clkAdcCtrl]), self[.clkAdcDiv]))
    // clk_rtc's auxiliary sources stand in the order of clk_usb's (§2.15.7).
    set(rtc, divide(auxUsb(self[.clkRtcCtrl]), self[.clkRtcDiv]))
    machine.setFrequency256(sysFrequency, of: sys)
    onChange()
  }
  /// The frequency of GPOUT `n` in hertz, 0 when off.
  func gpoutFrequency(_ n: Int) -> Double {
    let c = self[.clkGpout0Ctrl, n, stride: 12]
    guard c[bit: 11], !c[bit: 10] else { return 0 }
    let source: UInt64 =
      switch c[bits: 5...8] {
      case 0: pllSys.output
      case 3: pllUsb.output
      case 4: rosc.output
      case 5: xosc.output
      case 6: sysFrequency
      case 7: usb.pointee.frequency256
      case 8: adc.pointee.frequency256
      case 9: rtc.pointee.frequency256
      case 10: refFrequency
      default: 0
      }
    return Double(divide(source, self[.clkGpout0Div, n, stride: 12])) / 256
  }

  // MARK: Frequency counter, §2.15.4

  private func measure() {
    let f: UInt64 =
      switch self[.fc0Src] {
      case 1: pllSys.output
      case 2: pllUsb.output
      case 3, 4: rosc.output
      case 5: xosc.output
      case 8: refFrequency
      case 9: sysFrequency
      case 10: periFrequency
      case 11: usb.pointee.frequency256
      case 12: adc.pointee.frequency256
      case 13: rtc.pointee.frequency256
      default: 0
      }
    // Result in kHz with 5 fraction bits; f is in 1/256 Hz. The counter trusts FC0_REF_KHZ for clk_ref's frequency.
    let reference = max(1, refFrequency / 256), assumed = UInt64(self[.fc0RefKhz]) * 1000
    self[.fc0Result] = UInt32(truncatingIfNeeded: UInt128(f) * UInt128(assumed) / UInt128(reference) / 8000) & 0x3FFF_FFFF
    counter.pointee.started = self[.fc0Src] != 0
    // The interval doubles with each step; 8 gives 0.98 us times 2 to the 8th (§2.15.4).
    counter.pointee.done = machine.now &+ 980_000 << UInt64(self[.fc0Interval] & 15)
  }
  private var counterStatus: UInt32 {
    guard counter.pointee.started else { return 0 }
    if machine.now < counter.pointee.done { return 1 << 8 }
    var s: UInt32 = 1 << 4
    let khz = self[.fc0Result] >> 5
    if khz == 0 { s |= 1 << 28 }
    if khz < self[.fc0MinKhz] { s |= 1 << 24 } else if khz > self[.fc0MaxKhz] { s |= 1 << 20 } else { s |= 1 }
    return s
  }
  private func updateInterrupt() { irq.set((self[.intR] & self[.intE] | self[.intF]) != 0) }
  public override func reset() {
    super.reset()
    counter.pointee = Counter()
    updateInterrupt()
    update()
  }
}
