import Machine

/// ESP32 TRM chapter 4 of the pads: GPIO with its matrix, IO_MUX, and through `ESP32RTCIO` the pads that the RTC can have.
public final class ESP32GPIO: RegisterDevice, RegisterNaming {
  public enum Register: UInt32, CaseIterable, Sendable {
    case btSelect = 0x00, out = 0x04, outW1ts = 0x08, outW1tc = 0x0C, out1 = 0x10, out1W1ts = 0x14, out1W1tc = 0x18, sdioSelect = 0x1C, enable = 0x20, enableW1ts = 0x24, enableW1tc = 0x28
    case enable1 = 0x2C, enable1W1ts = 0x30, enable1W1tc = 0x34, strap = 0x38, `in` = 0x3C, in1 = 0x40, status = 0x44, statusW1ts = 0x48, statusW1tc = 0x4C, status1 = 0x50
    case status1W1ts = 0x54, status1W1tc = 0x58, acpuInt = 0x60, acpuNmiInt = 0x64, pcpuInt = 0x68, pcpuNmiInt = 0x6C, cpusdioInt = 0x70, acpuInt1 = 0x74, acpuNmiInt1 = 0x78
    case pcpuInt1 = 0x7C, pcpuNmiInt1 = 0x80, cpusdioInt1 = 0x84, pin0 = 0x88, caliConf = 0x128, caliData = 0x12C, func0InSelCfg = 0x130, func0OutSelCfg = 0x530
    case sigmadelta0 = 0xF00, sigmadeltaCg = 0xF20, sigmadeltaMisc = 0xF24, sigmadeltaVersion = 0xF28
  }
  static let map = RegisterMap<ESP32GPIO> { r in
    r[.btSelect].bits(0...31)
    r[.sigmadelta0, count: 8].bits(0...15).reset(0xFF00).onWrite { d, n, v in d.onSigmaDelta(n, v) }
    r[.sigmadeltaCg].bits(31...31)
    r[.sigmadeltaMisc].bits(30...31)
    r[.sigmadeltaVersion].bits(0...27).reset(0x150_6190)
    r[.sdioSelect].bits(0...7)
    for (half, x) in [Register.out, .out1].enumerated() {
      r[x].bits(half == 0 ? 0...31 : 0...7).onWrite { d, _ in d.changed(~0, half) }
      r[Register(rawValue: x.rawValue + 4)!].onWrite { d, v in
        d[x] |= half == 0 ? v : v & 0xFF
        d.changed(v, half)
      }
      r[Register(rawValue: x.rawValue + 8)!].onWrite { d, v in
        d[x] &= ~v
        d.changed(v, half)
      }
    }
    for (half, x) in [Register.enable, .enable1].enumerated() {
      r[x].bits(half == 0 ? 0...31 : 0...7).onWrite { d, _ in d.changed(~0, half) }
      r[Register(rawValue: x.rawValue + 4)!].onWrite { d, v in
        d[x] |= half == 0 ? v : v & 0xFF
        d.changed(v, half)
      }
      r[Register(rawValue: x.rawValue + 8)!].onWrite { d, v in
        d[x] &= ~v
        d.changed(v, half)
      }
    }
    r[.strap].bits(0...15, .readOnly)
    r[.in].onRead { UInt32(truncatingIfNeeded: $0.state.pointee.inputs) }
    r[.in1].onRead { UInt32(truncatingIfNeeded: $0.state.pointee.inputs >> 32) }
    for (half, x) in [Register.status, .status1].enumerated() {
      r[x].bits(half == 0 ? 0...31 : 0...7).onWrite { d, _ in d.updateInterrupts() }
      r[Register(rawValue: x.rawValue + 4)!].onWrite { d, v in
        d[x] |= half == 0 ? v : v & 0xFF
        d.updateInterrupts()
      }
      r[Register(rawValue: x.rawValue + 8)!].onWrite { d, v in
        d[x] &= ~v
        d.updateInterrupts()
      }
    }
    for (n, (low, high)) in [(Register.acpuInt, Register.acpuInt1), (.acpuNmiInt, .acpuNmiInt1), (.pcpuInt, .pcpuInt1), (.pcpuNmiInt, .pcpuNmiInt1), (.cpusdioInt, .cpusdioInt1)].enumerated() {
      r[low].onRead { UInt32(truncatingIfNeeded: $0.pending(n)) }
      r[high].onRead { UInt32(truncatingIfNeeded: $0.pending(n) >> 32) }
    }
    r[.pin0, count: 40].bits(0...17).onWrite { d, n, _ in
      d.drive(n)
      d.updateInterrupts()
    }
    r[.caliConf].bits(0...31)
    r[.caliData].reset(0)
    r[.func0InSelCfg, count: 256].bits(0...7).onWrite { d, n, _ in d.inputRouted(n) }
    r[.func0OutSelCfg, count: 40].bits(0...11).reset(0x100).onWrite { d, n, _ in d.outputRouted(n) }
  }
  /// What a block offers to the matrix under one signal number.
  struct Signal {
    var out: (() -> Bool)?
    /// Whether the block drives; nil: always.
    var enable: (() -> Bool)?
    /// Told the level that the block sees.
    var input: ((Bool) -> Void)?
    /// The level that it sees while no pad leads to it.
    var idle = false
  }
  struct State: BitwiseCopyable {
    /// Levels of the pads whose input is on.
    var inputs: UInt64 = 0
    /// Levels that the blocks were told last, 256 of them.
    var seen: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
  }
  static let count = 40, simple = 256
  /// Pads that the chip has.
  static let exists: UInt64 = 0xFF_0EFF_FFFF
  let state: UnsafeMutablePointer<State>
  /// By pad: which signals hear it (four words of 64). By signal: which pads show it.
  private let hears: UnsafeMutablePointer<UInt64>, shows: UnsafeMutablePointer<UInt64>
  public let pins: [Pin]
  let mux: ESP32IOMux
  let rtc: ESP32RTCIO
  /// By number; the last is GPIO_OUT itself.
  var signals: [Signal] = Array(repeating: Signal(), count: 256)
  /// Interrupt lines change: (core, NMI, level).
  var onInterrupt: (Int, Bool, Bool) -> Void = { _, _, _ in }
  /// A sigma-delta modulator was set: (number, register).
  var onSigmaDelta: (Int, UInt32) -> Void = { _, _ in }
  /// A pad's level has changed.
  var onPad: (Int) -> Void = { _ in }
  /// Another pad, or none, shows or hears a signal.
  var onRoute: () -> Void = {}

  init(arena: StateArena, mux: ESP32IOMux, rtc: ESP32RTCIO) {
    self.mux = mux
    self.rtc = rtc
    state = arena.allocate("ESP32.GPIO.state", initial: State())
    hears = arena.allocate("ESP32.GPIO.hears", count: Self.count * 4, initial: UInt64(0))
    shows = arena.allocate("ESP32.GPIO.shows", count: 257, initial: UInt64(0))
    pins = (0..<Self.count).map { Pin("GPIO\($0)", arena: arena) }
    super.init(Self.map, name: "ESP32.GPIO", arena: arena)
    for (n, pin) in pins.enumerated() { pin.onChange = { [unowned self] _ in read(n) } }
    mux.onChange = { [unowned self] n in
      routeDirect(n)
      drive(n)
      read(n)
    }
    rtc.onChange = { [unowned self] n in
      drive(n)
      read(n)
    }
    rtc.level = { [unowned self] n in pins[n].isHigh }
  }

  // MARK: Routes

  private func inputRouted(_ signal: Int) {
    for n in 0..<Self.count { hears[n * 4 + signal / 64] &= ~(1 << UInt64(signal & 63)) }
    let pad = source(of: signal)
    if let pad { hears[pad * 4 + signal / 64] |= 1 << UInt64(signal & 63) }
    tell(signal)
    onRoute()
  }
  /// The pad that signal `signal` hears.
  func source(of signal: Int) -> Int? {
    let c = self[.func0InSelCfg, signal]
    if c[bit: 7] {
      let pad = Int(c & 0x3F)
      return pad < Self.count ? pad : nil
    }
    return ESP32IOMux.padsIn[signal].first { mux.directIn($0) == signal }
  }
  private func level(of signal: Int) -> Bool {
    let c = self[.func0InSelCfg, signal]
    if c[bit: 7] {
      let pad = Int(c & 0x3F)
      return (pad < Self.count ? state.pointee.inputs >> UInt64(pad) & 1 == 1 : pad == 0x38) != c[bit: 6]
    }
    guard let pad = source(of: signal) else { return signals[signal].idle }
    return state.pointee.inputs >> UInt64(pad) & 1 == 1
  }
  private func tell(_ signal: Int) {
    guard let input = signals[signal].input else { return }
    let v = level(of: signal)
    let changed = withUnsafeMutableBytes(of: &state.pointee.seen) { seen in
      var word = seen.load(fromByteOffset: signal / 64 * 8, as: UInt64.self)
      let bit: UInt64 = 1 << UInt64(signal & 63), was = word & bit != 0
      word = v ? word | bit : word & ~bit
      seen.storeBytes(of: word, toByteOffset: signal / 64 * 8, as: UInt64.self)
      return was != v
    }
    if changed { input(v) }
  }
  private func outputRouted(_ n: Int) {
    for s in 0...256 { shows[s] &= ~(1 << UInt64(n)) }
    let s = Int(self[.func0OutSelCfg, n] & 0x1FF)
    if s <= 256 { shows[s] |= 1 << UInt64(n) }
    drive(n)
    onRoute()
  }
  private func routeDirect(_ n: Int) {
    // The signals that IO_MUX may lead to this pad have another source now.
    for s in ESP32IOMux.signalsIn(n) { inputRouted(s) }
  }
  /// The pads that show an output signal, straight or by the matrix.
  func pads(showing signal: Int) -> UInt64 {
    var m = shows[signal]
    for n in ESP32IOMux.padsOut[signal] where mux.directOut(n) == signal { m |= 1 << UInt64(n) }
    return m
  }
  /// Whether somebody looks at a pad that shows or hears the signal.
  func isWatched(_ signal: Int) -> Bool {
    var m = pads(showing: signal) & Self.exists
    if let heard = source(of: signal) { m |= 1 << UInt64(heard) }
    while m != 0 {
      let n = m.trailingZeroBitCount
      m &= m - 1
      if pins[n].isWatched || hears[n * 4] | hears[n * 4 + 1] | hears[n * 4 + 2] | hears[n * 4 + 3] != 0 { return true }
    }
    return false
  }
  /// A block's output has changed.
  func outputChanged(_ signal: Int) {
    var m = pads(showing: signal)
    while m != 0 {
      drive(m.trailingZeroBitCount)
      m &= m - 1
    }
  }

  // MARK: Pads

  private func bit(_ n: Int, _ low: Register, _ high: Register) -> Bool { n < 32 ? self[low][bit: n] : self[high][bit: n - 32] }
  private func changed(_ mask: UInt32, _ half: Int) {
    var m = half == 0 ? mask : mask & 0xFF
    while m != 0 {
      drive(half * 32 + m.trailingZeroBitCount)
      m &= m - 1
    }
  }
  private func drive(_ n: Int) {
    guard Self.exists >> UInt64(n) & 1 == 1 else { return }
    if rtc.isHeld(n) { return }
    var out = false, enable = false
    if let (o, e) = rtc.output(n) {
      out = o
      enable = e
    } else if let direct = mux.directOut(n) {
      let signal = direct >= 0 ? signals[direct] : Signal()
      out = signal.out?() ?? false
      enable = signal.out != nil && signal.enable?() ?? true
    } else {
      let c = self[.func0OutSelCfg, n], s = Int(c & 0x1FF), software = bit(n, .enable, .enable1)
      if s == Self.simple {
        out = bit(n, .out, .out1)
        enable = software
      } else if s < Self.simple {
        out = signals[s].out?() ?? false
        enable = c[bit: 10] || signals[s].out == nil ? software : signals[s].enable?() ?? true
      }
      if c[bit: 9] { out.toggle() }
      if c[bit: 11] { enable.toggle() }
    }
    // 34 to 39 only listen; an open drain only pulls down.
    if n >= 34 || (self[.pin0, n][bit: 2] && out) { enable = false }
    if let dac = rtc.dac(n) { return pins[n].drive = Drive(.strong, volts: Float(dac) / 255 * 3.3) }
    pins[n].drive = enable ? (out ? .high : .low) : n >= 34 ? .none : rtc.pull(n) ?? mux.pull(n)
  }
  /// One pad again: something that it shows has changed.
  func refresh(_ n: Int) { drive(n) }
  /// All pads to what their registers say.
  func refresh() {
    for n in 0..<Self.count {
      routeDirect(n)
      drive(n)
      read(n)
    }
  }
  private func read(_ n: Int) {
    let level = (rtc.hasPad(n) ? rtc.inputEnabled(n) : mux.inputEnabled(n)) && pins[n].isHigh, bit: UInt64 = 1 << UInt64(n)
    guard level != (state.pointee.inputs & bit != 0) else { return }
    state.pointee.inputs ^= bit
    for w in 0..<4 {
      var m = hears[n * 4 + w]
      while m != 0 {
        tell(w * 64 + m.trailingZeroBitCount)
        m &= m - 1
      }
    }
    let kind = self[.pin0, n][bits: 7...9]
    if kind == 3 || kind == (level ? 1 : 2) { latch(n) }
    updateInterrupts()
    onPad(n)
  }

  // MARK: Interrupts

  private func latch(_ n: Int) { if n < 32 { self[.status][bit: n] = true } else { self[.status1][bit: n - 32] = true } }
  /// The pads whose latched interrupt goes to a destination: 0 APP, 1 APP NMI, 2 PRO, 3 PRO NMI, 4 SDIO.
  private func pending(_ destination: Int) -> UInt64 {
    var status = UInt64(self[.status1]) << 32 | UInt64(self[.status]), m = status
    while m != 0 {
      let n = m.trailingZeroBitCount
      m &= m - 1
      if !self[.pin0, n][bit: 13 + destination] { status &= ~(1 << UInt64(n)) }
    }
    return status
  }
  private func updateInterrupts() {
    // A level holds its bit.
    for n in 0..<Self.count {
      let kind = self[.pin0, n][bits: 7...9]
      if kind == 4 || kind == 5, (state.pointee.inputs >> UInt64(n) & 1 == 1) == (kind == 5) { latch(n) }
    }
    for core in 0..<2 {
      onInterrupt(core, false, pending(core == 0 ? 2 : 0) != 0)
      onInterrupt(core, true, pending(core == 0 ? 3 : 1) != 0)
    }
  }
  /// A pad that may wake the chip from light sleep is at the level that does.
  var wakes: Bool {
    for n in 0..<Self.count where self[.pin0, n][bit: 10] {
      let kind = self[.pin0, n][bits: 7...9]
      if kind >= 4, (state.pointee.inputs >> UInt64(n) & 1 == 1) == (kind == 5) { return true }
    }
    return false
  }
  /// The pads as they are at reset, in the order of GPIO_STRAP: MTDI, GPIO0, GPIO2, GPIO4, MTDO, GPIO5.
  func takeStraps() {
    var v: UInt32 = 0
    for (bit, n) in [5, 15, 4, 2, 0, 12].enumerated() { v[bit: bit] = pins[n].isHigh }
    self[.strap] = v
  }
  public override func reset() {
    let strap = self[.strap]
    super.reset()
    self[.strap] = strap
    for i in 0..<(Self.count * 4) { hears[i] = 0 }
    for i in 0...256 { shows[i] = 0 }
    shows[256] = (1 << UInt64(Self.count)) - 1
    refresh()
    for s in 0..<256 { tell(s) }
    updateInterrupts()
  }
}

/// IO_MUX: what each pad is, its pulls and its input (TRM §4.6).
public final class ESP32IOMux: Device {
  /// The registers' places, pad by pad; 0: no such pad.
  private static let offsets: [UInt32] = [
    0x44, 0x88, 0x40, 0x84, 0x48, 0x6C, 0x60, 0x64, 0x68, 0x54, 0x58, 0x5C, 0x34, 0x38, 0x30, 0x3C, 0x4C, 0x50, 0x70, 0x74, 0x78, 0x7C, 0x80, 0x8C, 0x90, 0x24, 0x28, 0x2C, 0, 0, 0, 0,
    0x1C, 0x20, 0x14, 0x18, 0x04, 0x08, 0x0C, 0x10,
  ]
  /// At reset inputs are on, and the lines of the console, the flash and GPIO5 are pulled up; pulls of the pads that the RTC can have are in RTC_IO.
  private static let resets: [UInt32] = (0..<40).map { n in
    switch n {
    case 1, 3, 5...11: 0xB00
    case 25...27, 32...39: 0x800
    default: 0xA00
    }
  }
  /// Signals that IO_MUX leads straight from a block to a pad and back, by the pad's function; -1: something that is not modelled.
  private static let directOut: [Int: [UInt32: Int]] = [
    1: [0: 14], 22: [1: 67, 3: 15], 17: [4: 198], 19: [1: 64], 12: [1: 9], 13: [1: 10], 14: [1: 8], 15: [1: 11], 2: [1: 13], 4: [1: 12], 18: [1: 63], 23: [1: 65], 5: [1: 68], 21: [1: 66],
    6: flash(0), 7: flash(1), 8: flash(2), 9: flash(3), 10: flash(4), 11: flash(5),
  ]
  private static let directIn: [Int: [UInt32: Int]] = [
    3: [0: 14], 22: [1: 67], 16: [4: 198], 19: [1: 64, 3: 15], 12: [1: 9], 13: [1: 10], 14: [1: 8], 15: [1: 11], 2: [1: 13], 4: [1: 12], 18: [1: 63], 23: [1: 65], 5: [1: 68], 21: [1: 66],
  ]
  /// Pads 6 to 11 lead to the flash: function 1 is SPI's, 0, 3 and 4 the card slots' and others'.
  private static func flash(_ signal: Int) -> [UInt32: Int] { [0: -1, 1: signal, 3: -1, 4: -1] }
  private static func pads(_ table: [Int: [UInt32: Int]]) -> [[Int]] {
    (0..<256).map { s in table.filter { $0.value.values.contains(s) }.keys.sorted() }
  }
  /// Pads by the signal that may come straight from them, or go straight to them.
  static let padsIn = pads(directIn), padsOut = pads(directOut)
  static func signalsIn(_ n: Int) -> [Int] { directIn[n].map { Array($0.values) } ?? [] }
  private let words: UnsafeMutablePointer<UInt32>
  private let pinCtrl: UnsafeMutablePointer<UInt32>
  var onChange: (Int) -> Void = { _ in }

  init(arena: StateArena) {
    words = arena.allocate("ESP32.IO_MUX.pads", count: 40, initial: UInt32(0))
    pinCtrl = arena.allocate("ESP32.IO_MUX.PIN_CTRL", initial: UInt32(0))
    for n in 0..<40 { words[n] = Self.resets[n] }
    super.init(name: "ESP32.IO_MUX")
  }
  func inputEnabled(_ n: Int) -> Bool { words[n][bit: 9] }
  func pull(_ n: Int) -> Drive { words[n][bit: 8] ? .pullUp : words[n][bit: 7] ? .pullDown : .none }
  /// The signal that the pad's function leads straight to it; nil: it is the matrix's.
  func directOut(_ n: Int) -> Int? { Self.directOut[n]?[words[n][bits: 12...14]] }
  /// The signal that the pad's function takes straight from it.
  func directIn(_ n: Int) -> Int? { Self.directIn[n]?[words[n][bits: 12...14]] }
  public override func read32(at offset: UInt32) -> UInt32 {
    if offset == 0 { return pinCtrl.pointee }
    guard let n = Self.offsets.firstIndex(of: offset) else { return 0 }
    return words[n]
  }
  public override func write32(_ value: UInt32, at offset: UInt32) {
    if offset == 0 { return pinCtrl.pointee = value & 0xFFF }
    guard let n = Self.offsets.firstIndex(of: offset) else { return }
    words[n] = value & 0x7FFF
    onChange(n)
  }
  public override func reset() {
    pinCtrl.pointee = 0
    for n in 0..<40 { words[n] = Self.resets[n] }
    for n in 0..<40 { onChange(n) }
  }
}
