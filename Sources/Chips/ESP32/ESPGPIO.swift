import Machine

/// The pads that the RTC can have, as the GPIO matrix asks for them.
protocol ESPRTCPads: AnyObject {
  /// A pad's own settings have changed.
  var onChange: (Int) -> Void { get set }
  /// A pad's level.
  var level: (Int) -> Bool { get set }
  /// Whether the RTC has the pad.
  func hasPad(_ n: Int) -> Bool
  func inputEnabled(_ n: Int) -> Bool
  /// Level and enable when the RTC has the pad.
  func output(_ n: Int) -> (out: Bool, enable: Bool)?
  /// The pull of a pad whose pulls are the RTC's.
  func pull(_ n: Int) -> Drive?
  func isHeld(_ n: Int) -> Bool
  /// The DAC's byte while it has the pad.
  func dac(_ n: Int) -> UInt8?
}

/// GPIO with its matrix, which the ESP32 (TRM chapter 4) and its successors (ESP32-S3 TRM chapter 6) have alike but for numbers.
/// A subclass names the registers.
public class ESPGPIO: RegisterDevice {
  /// Where a chip differs from the others.
  struct Layout: Sendable {
    let chip: String
    /// How many pads, which of them there are, and the first that only listens.
    let count: Int, exists: UInt64, listenOnly: Int
    /// Offsets of PIN0, FUNC0_IN_SEL_CFG and FUNC0_OUT_SEL_CFG.
    let pin0: UInt32, inSel: UInt32, outSel: UInt32
    /// Of INT_ENA in PINn: the bits for each core's interrupt and NMI.
    let interrupt: [Int], nmi: [Int]
    /// The pads that GPIO_STRAP takes, from its lowest bit on; -1: none.
    let straps: [Int]
  }
  /// The registers that both chips have, and those with what stands where the layout says.
  static func declare<D: ESPGPIO & RegisterNaming>(_ r: RegisterMap<D>.Builder, _ l: Layout) {
    func at(_ offset: UInt32) -> D.Register { D.Register(rawValue: offset) ?? D.Register.allCases[D.Register.allCases.startIndex] }
    let high: ClosedRange<Int> = 0...(l.count - 33), highMask = UInt32.mask(high)
    r[at(0x00)].bits(0...31)
    r[at(0x1C)].bits(0...7)
    // OUT, ENABLE and STATUS, of the pads below 32 and of the others: the word, what sets bits of it, what clears them.
    for (kind, low) in [UInt32(0x04), 0x20, 0x44].enumerated() {
      for half in 0..<2 {
        let x = low + UInt32(half) * 12
        let runs: @Sendable (D, UInt32) -> Void = { d, m in if kind == 2 { d.updateInterrupts() } else { d.changed(m, half) } }
        r[at(x)].bits(half == 0 ? 0...31 : high).onWrite { d, _ in runs(d, ~0) }
        r[at(x + 4)].onWrite { d, v in
          d[word: x] |= half == 0 ? v : v & highMask
          runs(d, v)
        }
        r[at(x + 8)].onWrite { d, v in
          d[word: x] &= ~v
          runs(d, v)
        }
      }
    }
    r[at(Place.strap)].bits(0...15, .readOnly)
    r[at(0x3C)].onRead { UInt32(truncatingIfNeeded: $0.state.pointee.inputs) }
    r[at(0x40)].onRead { UInt32(truncatingIfNeeded: $0.state.pointee.inputs >> 32) }
    r[at(l.pin0), count: l.count].bits(0...17).onWrite { d, n, _ in
      d.drive(n)
      d.updateInterrupts()
    }
    r[at(l.inSel), count: 256].bits(0...7).onWrite { d, n, _ in d.inputRouted(n) }
    r[at(l.outSel), count: l.count].bits(0...11).reset(0x100).onWrite { d, n, _ in d.outputRouted(n) }
  }
  private enum Place { static let out: UInt32 = 0x04, enable: UInt32 = 0x20, status: UInt32 = 0x44, second: UInt32 = 12, strap: UInt32 = 0x38 }
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
  static let simple = 256
  let layout: Layout
  let state: UnsafeMutablePointer<State>
  /// By pad: which signals hear it (four words of 64). By signal: which pads show it.
  private let hears: UnsafeMutablePointer<UInt64>, shows: UnsafeMutablePointer<UInt64>
  public let pins: [Pin]
  let mux: ESP32IOMux
  let rtc: any ESPRTCPads
  /// By number; the last is GPIO_OUT itself.
  var signals: [Signal] = Array(repeating: Signal(), count: 256)
  /// Interrupt lines change: (core, NMI, level).
  var onInterrupt: (Int, Bool, Bool) -> Void = { _, _, _ in }
  /// A pad's level has changed.
  var onPad: (Int) -> Void = { _ in }
  /// Another pad, or none, shows or hears a signal.
  var onRoute: () -> Void = {}

  init<D: ESPGPIO & RegisterNaming>(_ map: RegisterMap<D>, layout: Layout, arena: StateArena, mux: ESP32IOMux, rtc: any ESPRTCPads) {
    let name = "\(layout.chip).GPIO"
    self.layout = layout
    self.mux = mux
    self.rtc = rtc
    state = arena.allocate("\(name).state", initial: State())
    hears = arena.allocate("\(name).hears", count: layout.count * 4, initial: UInt64(0))
    shows = arena.allocate("\(name).shows", count: 257, initial: UInt64(0))
    pins = (0..<layout.count).map { Pin("GPIO\($0)", arena: arena) }
    super.init(map, name: name, arena: arena)
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

  private func pin(_ n: Int) -> UInt32 { self[word: layout.pin0 + UInt32(n) * 4] }
  private func inSelect(_ signal: Int) -> UInt32 { self[word: layout.inSel + UInt32(signal) * 4] }
  private func outSelect(_ n: Int) -> UInt32 { self[word: layout.outSel + UInt32(n) * 4] }

  /// What a signal is called that a pad shows, or hears.
  func outputName(_ signal: Int) -> String { "signal \(signal) out" }
  func inputName(_ signal: Int) -> String { "signal \(signal) in" }
  /// What pad `n` does now: the signal that IO_MUX or the matrix leads to it or from it, or plain GPIO.
  public final func functionName(_ n: Int) -> String {
    guard pins.indices.contains(n), layout.exists >> UInt64(n) & 1 == 1 else { return "" }
    if rtc.dac(n) != nil { return n == 25 || n == 17 ? "DAC1" : "DAC2" }
    if let (_, enable) = rtc.output(n) { return enable ? "RTC GPIO output" : "RTC GPIO or ADC input" }
    if let s = mux.directOut(n) { return s < 0 ? "IO_MUX function" : outputName(s) }
    if let s = mux.directIn(n) { return inputName(s) }
    let shown = Int(outSelect(n) & 0x1FF)
    if n < layout.listenOnly, shown < Self.simple { return outputName(shown) }
    if n < layout.listenOnly, bit(n, Place.enable) { return pin(n)[bit: 2] ? "GPIO open drain" : "GPIO output" }
    if let heard = (0..<Self.simple).first(where: { signals[$0].input != nil && source(of: $0) == n }) { return inputName(heard) }
    return "GPIO input"
  }

  // MARK: Routes

  private func inputRouted(_ signal: Int) {
    for n in 0..<layout.count { hears[n * 4 + signal / 64] &= ~(1 << UInt64(signal & 63)) }
    let pad = source(of: signal)
    if let pad { hears[pad * 4 + signal / 64] |= 1 << UInt64(signal & 63) }
    tell(signal)
    onRoute()
  }
  /// The pad that signal `signal` hears.
  func source(of signal: Int) -> Int? {
    let c = inSelect(signal)
    if c[bit: 7] {
      let pad = Int(c & 0x3F)
      return pad < layout.count ? pad : nil
    }
    return mux.padsIn[signal].first { mux.directIn($0) == signal }
  }
  private func level(of signal: Int) -> Bool {
    let c = inSelect(signal)
    if c[bit: 7] {
      let pad = Int(c & 0x3F)
      return (pad < layout.count ? state.pointee.inputs >> UInt64(pad) & 1 == 1 : pad == 0x38) != c[bit: 6]
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
    let s = Int(outSelect(n) & 0x1FF)
    if s <= 256 { shows[s] |= 1 << UInt64(n) }
    drive(n)
    onRoute()
  }
  private func routeDirect(_ n: Int) {
    // The signals that IO_MUX may lead to this pad have another source now.
    for s in mux.signalsIn(n) { inputRouted(s) }
  }
  /// The pads that show an output signal, straight or by the matrix.
  func pads(showing signal: Int) -> UInt64 {
    var m = shows[signal]
    for n in mux.padsOut[signal] where mux.directOut(n) == signal { m |= 1 << UInt64(n) }
    return m
  }
  /// Whether somebody looks at a pad that shows or hears the signal.
  func isWatched(_ signal: Int) -> Bool {
    var m = pads(showing: signal) & layout.exists
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

  private func bit(_ n: Int, _ place: UInt32) -> Bool { self[word: n < 32 ? place : place + Place.second][bit: n & 31] }
  private func changed(_ mask: UInt32, _ half: Int) {
    var m = half == 0 ? mask : mask & UInt32.mask(0...(layout.count - 33))
    while m != 0 {
      drive(half * 32 + m.trailingZeroBitCount)
      m &= m - 1
    }
  }
  private func drive(_ n: Int) {
    guard layout.exists >> UInt64(n) & 1 == 1 else { return }
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
      let c = outSelect(n), s = Int(c & 0x1FF), software = bit(n, Place.enable)
      if s == Self.simple {
        out = bit(n, Place.out)
        enable = software
      } else if s < Self.simple {
        out = signals[s].out?() ?? false
        enable = c[bit: 10] || signals[s].out == nil ? software : signals[s].enable?() ?? true
      }
      if c[bit: 9] { out.toggle() }
      if c[bit: 11] { enable.toggle() }
    }
    // An open drain only pulls down.
    if n >= layout.listenOnly || (pin(n)[bit: 2] && out) { enable = false }
    if let dac = rtc.dac(n) { return pins[n].drive = Drive(.strong, volts: Float(dac) / 255 * 3.3) }
    pins[n].drive = enable ? (out ? .high : .low) : n >= layout.listenOnly ? .none : rtc.pull(n) ?? mux.pull(n)
  }
  /// One pad again: something that it shows has changed.
  func refresh(_ n: Int) { drive(n) }
  /// All pads to what their registers say.
  func refresh() {
    for n in 0..<layout.count {
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
    let kind = pin(n)[bits: 7...9]
    if kind == 3 || kind == (level ? 1 : 2) { latch(n) }
    updateInterrupts()
    onPad(n)
  }

  // MARK: Interrupts

  private func latch(_ n: Int) { self[word: n < 32 ? Place.status : Place.status + Place.second][bit: n & 31] = true }
  /// The pads whose latched interrupt goes to a destination, a bit of INT_ENA.
  final func pending(_ destination: Int) -> UInt64 {
    var status = UInt64(self[word: Place.status + Place.second]) << 32 | UInt64(self[word: Place.status]), m = status
    while m != 0 {
      let n = m.trailingZeroBitCount
      m &= m - 1
      if !pin(n)[bit: 13 + destination] { status &= ~(1 << UInt64(n)) }
    }
    return status
  }
  private func updateInterrupts() {
    // A level holds its bit.
    for n in 0..<layout.count {
      let kind = pin(n)[bits: 7...9]
      if kind == 4 || kind == 5, (state.pointee.inputs >> UInt64(n) & 1 == 1) == (kind == 5) { latch(n) }
    }
    for core in 0..<2 {
      onInterrupt(core, false, pending(layout.interrupt[core]) != 0)
      onInterrupt(core, true, pending(layout.nmi[core]) != 0)
    }
  }
  /// A pad that may wake the chip from light sleep is at the level that does.
  var wakes: Bool {
    for n in 0..<layout.count where pin(n)[bit: 10] {
      let kind = pin(n)[bits: 7...9]
      if kind >= 4, (state.pointee.inputs >> UInt64(n) & 1 == 1) == (kind == 5) { return true }
    }
    return false
  }
  /// GPIO_STRAP: the pads as they are at reset.
  var strap: UInt32 { self[word: Place.strap] }
  func takeStraps() {
    var v: UInt32 = 0
    for (bit, n) in layout.straps.enumerated() where n >= 0 { v[bit: bit] = pins[n].isHigh }
    self[word: Place.strap] = v
  }
  public override func reset() {
    let strap = self.strap
    super.reset()
    self[word: Place.strap] = strap
    for i in 0..<(layout.count * 4) { hears[i] = 0 }
    for i in 0...256 { shows[i] = 0 }
    shows[256] = (1 << UInt64(layout.count)) - 1
    refresh()
    for s in 0..<256 { tell(s) }
    updateInterrupts()
  }
}
