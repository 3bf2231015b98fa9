import Machine

extension ESP8266 {
  /// GPIO0 to GPIO15 with their interrupts, the straps and the calibration of the RTC clock
  /// (technical reference §3; gpio_register.h).
  public final class GPIO: RegisterDevice, RegisterNaming {
    public enum Register: UInt32, CaseIterable, Sendable {
      case gpioOut = 0x00, gpioOutW1TS = 0x04, gpioOutW1TC = 0x08, gpioEnable = 0x0C, gpioEnableW1TS = 0x10, gpioEnableW1TC = 0x14
      case gpioIn = 0x18, gpioStatus = 0x1C, gpioStatusW1TS = 0x20, gpioStatusW1TC = 0x24, gpioPin0 = 0x28, gpioSigmaDelta = 0x68
      case gpioRTCCalibSync = 0x6C, gpioRTCCalibValue = 0x70
    }
    static let map = RegisterMap<GPIO> { r in
      r[.gpioOut].bits(0...31).onWrite { d, _ in d.outputsChanged() }
      r[.gpioOutW1TS].onRead { d in d[.gpioOut] }.onWrite { d, v in
        d[.gpioOut] |= v & 0xFFFF
        d.outputsChanged()
      }
      r[.gpioOutW1TC].onRead { d in d[.gpioOut] }.onWrite { d, v in
        d[.gpioOut] &= ~(v & 0xFFFF)
        d.outputsChanged()
      }
      r[.gpioEnable].bits(0...21).onWrite { d, _ in d.outputsChanged() }
      r[.gpioEnableW1TS].onRead { d in d[.gpioEnable] }.onWrite { d, v in
        d[.gpioEnable] |= v & 0xFFFF
        d.outputsChanged()
      }
      r[.gpioEnableW1TC].onRead { d in d[.gpioEnable] }.onWrite { d, v in
        d[.gpioEnable] &= ~(v & 0xFFFF)
        d.outputsChanged()
      }
      r[.gpioIn].onRead { d in d.state.pointee.inputs | d.state.pointee.straps }
      r[.gpioStatus].bits(0...15).onWrite { d, _ in d.updateInterrupt() }
      r[.gpioStatusW1TS].onRead { d in d[.gpioStatus] }.onWrite { d, v in
        d[.gpioStatus] |= v & 0xFFFF
        d.updateInterrupt()
      }
      r[.gpioStatusW1TC].onRead { d in d[.gpioStatus] }.onWrite { d, v in
        d[.gpioStatus] &= ~v
        d.updateInterrupt()
      }
      r[.gpioPin0, count: 16].bits(0...31).onWrite { d, i, _ in
        d.drivePad(i)
        d.updateInterrupt()
      }
      r[.gpioSigmaDelta].bits(0...31)
      r[.gpioRTCCalibSync].bits(0...31)
      // The measurement is over before anybody can look: crystal cycles in so many periods of the RTC clock.
      r[.gpioRTCCalibValue].onRead { d in
        d[.gpioRTCCalibSync][bit: 31] ? 0xC000_0000 | UInt32(truncatingIfNeeded: UInt64(max(1, d[.gpioRTCCalibSync][bits: 0...9]) - 1) * d.crystal / RTC.frequency) & 0xF_FFFF : 0
      }.onWrite { _, _ in }
    }
    /// What a peripheral offers to a pad under one function number.
    struct Function {
      var out: () -> Bool = { true }
      var enable: () -> Bool = { false }
      /// Told the pad's level.
      var input: ((Bool) -> Void)?
      /// What the peripheral sees when the pad has another function.
      var idle = true
    }
    struct State: BitwiseCopyable {
      var inputs: UInt32 = 0, straps: UInt32 = 0
      /// OUT and ENABLE as they are at the pads.
      var out: UInt32 = 0, enable: UInt32 = 0
    }
    public let pins: [Pin]
    public let irq: Line
    private let mux: IOMux
    private let state: UnsafeMutablePointer<State>
    private let crystal: UInt64
    /// A pin has the level that its wake-up enable waits for.
    var onWake: () -> Void = {}
    /// [pin][function number]
    var functions: [[Function?]]

    init(arena: StateArena, mux: IOMux, crystal: UInt64) {
      self.mux = mux
      self.crystal = crystal
      pins = (0..<16).map { Pin("GPIO\($0)", arena: arena) }
      irq = Line("ESP8266.GPIO.IRQ", arena: arena)
      state = arena.allocate("ESP8266.GPIO.state", initial: State())
      functions = Array(repeating: Array(repeating: nil, count: 8), count: 16)
      super.init(Self.map, name: "ESP8266.GPIO", arena: arena)
      for (n, pin) in pins.enumerated() { pin.onChange = { [unowned self] _ in readPad(n) } }
      mux.onChange = { [unowned self] n in
        drivePad(n)
        tellFunctions(n)
      }
    }
    func isGPIO(_ n: Int) -> Bool { mux.function(n) == IOMux.gpioFunction(n) }
    func function(_ n: Int) -> Int { mux.function(n) }
    /// What pad `n` does now.
    public func functionName(_ n: Int) -> String {
      guard pins.indices.contains(n) else { return "" }
      if !isGPIO(n) { return mux.functionName(n) }
      return !self[.gpioEnable][bit: n] ? "GPIO input" : self[.gpioPin0, n][bit: 2] ? "GPIO open drain" : "GPIO output"
    }
    /// What a pad that is no GPIO does has changed at the pins of `mask`.
    func update(_ mask: UInt32) {
      var m = mask & 0xFFFF
      while m != 0 {
        drivePad(m.trailingZeroBitCount)
        m &= m - 1
      }
    }
    private func outputsChanged() {
      let changed = ((self[.gpioOut] ^ state.pointee.out) | (self[.gpioEnable] ^ state.pointee.enable)) & 0xFFFF
      state.pointee.out = self[.gpioOut]
      state.pointee.enable = self[.gpioEnable]
      update(changed)
    }
    private func drivePad(_ n: Int) {
      let pull: Drive = mux.pullUp(n) ? .pullUp : .none
      if isGPIO(n) {
        let high = self[.gpioOut][bit: n], isOpenDrain = self[.gpioPin0, n][bit: 2]
        pins[n].drive = !self[.gpioEnable][bit: n] || isOpenDrain && high ? pull : high ? .high : .low
      } else if let f = functions[n][mux.function(n)], f.enable() {
        pins[n].drive = f.out() ? .high : .low
      } else {
        pins[n].drive = pull
      }
    }
    private func readPad(_ n: Int) {
      let level = pins[n].isHigh
      guard level != state.pointee.inputs[bit: n] else { return }
      state.pointee.inputs[bit: n] = level
      let type = self[.gpioPin0, n][bits: 7...9]
      if type == 3 || type == (level ? 1 : 2) { self[.gpioStatus][bit: n] = true }
      if self[.gpioPin0, n][bit: 10], type == (level ? 5 : 4) { onWake() }
      functions[n][mux.function(n)]?.input?(level)
      if type != 0 { updateInterrupt() }
    }
    private func tellFunctions(_ n: Int) {
      for (i, f) in functions[n].enumerated() where f?.input != nil { f?.input?(i == mux.function(n) ? state.pointee.inputs[bit: n] : f?.idle ?? true) }
    }
    private func updateInterrupt() {
      // Level types set their bit for as long as the level lasts.
      for n in 0..<16 {
        let type = self[.gpioPin0, n][bits: 7...9]
        if type == (state.pointee.inputs[bit: n] ? 5 : 4) { self[.gpioStatus][bit: n] = true }
      }
      irq.set(self[.gpioStatus] != 0)
    }
    /// All pads to what the registers say: after construction and after a reset.
    func refresh() {
      for n in 0..<16 {
        drivePad(n)
        readPad(n)
        tellFunctions(n)
      }
    }
    /// The straps as they are at the end of a reset: GPIO15, GPIO0 and GPIO2 in bits 18:16 (§2 of the datasheet's
    /// boot modes). Bits 31:29 tell of the SDIO pads, as boards with their flash on them have it.
    func latchStraps() {
      func level(_ n: Int) -> UInt32 { pins[n].isHigh ? 1 : 0 }
      state.pointee.straps = (level(15) << 2 | level(0) << 1 | level(2)) << 16 | 6 << 29
    }
    public override func reset() {
      super.reset()
      state.pointee.out = 0
      state.pointee.enable = 0
      irq.set(false)
      refresh()
    }
  }
}
