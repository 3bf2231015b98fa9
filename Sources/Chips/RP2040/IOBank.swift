import Machine

/// RP2040 datasheet §2.19: a bank of pads with their function select, overrides and interrupts; IO_BANK0 and IO_QSPI.
public final class IOBank: Device {
  /// What a peripheral offers to one pin under one function number.
  struct Function {
    var out: () -> Bool = { false }
    var enable: () -> Bool = { false }
    /// Told the pin's level after INOVER; nil: not an input.
    var input: ((Bool) -> Void)?
    /// What the peripheral sees when the pin has another function.
    var idle = false
  }
  struct State: BitwiseCopyable {
    /// Level at each pad with input enabled, before INOVER.
    var pads: UInt32 = 0
    /// After INOVER: what the peripherals see.
    var inputs: UInt32 = 0
    /// Output value and enable at the pads, after the overrides.
    var out: UInt32 = 0, enable: UInt32 = 0
    /// Inputs of SIO that nothing drives or pulls, and those of them that were told of.
    var floating: UInt32 = 0, told: UInt32 = 0
  }
  let count: Int
  public let pins: [Pin]
  let state: UnsafeMutablePointer<State>
  private let ctrl: UnsafeMutablePointer<UInt32>
  private let edges: UnsafeMutablePointer<UInt32>  // latched edge bits, 4 per pin as in INTR
  private let enables: UnsafeMutablePointer<UInt32>  // INTE of proc0, proc1, dormant_wake
  private let forces: UnsafeMutablePointer<UInt32>
  private let groups: Int
  private let interruptBase: UInt32
  let irq: [Line]  // proc0, proc1
  let pads: Pads
  /// [pin][function number]
  var functions: [[Function?]]
  /// Told the new inputs word when it changes.
  var onInputs: (UInt32) -> Void = { _ in }
  var onDormantWake: () -> Void = {}
  /// Told when a pin has another function, or its interrupts other enables.
  var onFunction: () -> Void = {}
  /// Told before levels and edges are read.
  var onLook: () -> Void = {}
  /// Told when OUTOVER or OEOVER of a pin changed (the QSPI chip select).
  var onOverride: (Int) -> Void = { _ in }

  init(name: String, pins names: [String], interruptBase: UInt32, pads: Pads, arena: StateArena) {
    count = names.count
    self.pads = pads
    self.interruptBase = interruptBase
    groups = (count + 7) / 8
    pins = names.map { Pin($0, arena: arena) }
    state = arena.allocate("\(name).state", initial: State())
    ctrl = arena.allocate("\(name).CTRL", count: count, initial: UInt32(0x1F))
    edges = arena.allocate("\(name).edges", count: groups, initial: UInt32(0))
    enables = arena.allocate("\(name).INTE", count: groups * 3, initial: UInt32(0))
    forces = arena.allocate("\(name).INTF", count: groups * 3, initial: UInt32(0))
    irq = (0..<2).map { Line("\(name).IRQ_PROC\($0)", arena: arena) }
    functions = Array(repeating: Array(repeating: nil, count: 32), count: count)
    super.init(name: name)
    for (n, pin) in pins.enumerated() {
      pin.onChange = { [unowned self] _ in readPad(n) }
    }
    pads.onChange = { [unowned self] n in
      drivePad(n)
      readPad(n)
      onFunction()
    }
  }
  /// All pads to what their registers say: after construction and after a restore.
  func refresh() {
    for n in 0..<count {
      drivePad(n)
      readPad(n)
    }
  }
  func functionNumber(_ n: Int) -> Int { Int(ctrl[n] & 31) }
  /// What GPIO `n` of bank 0 does at the moment, as the table of §1.4.3 names it.
  public func functionName(_ n: Int) -> String {
    guard 0..<count ~= n else { return "" }
    switch functionNumber(n) {
    case 1: return "SPI\(n / 8 % 2) " + ["RX", "CSn", "SCK", "TX"][n % 4]
    case 2: return "UART\((n + 4) / 8 % 2) " + ["TX", "RX", "CTS", "RTS"][n % 4]
    case 3: return "I2C\(n / 2 % 2) " + ["SDA", "SCL"][n % 2]
    case 4: return "PWM\(n / 2 % 8) " + ["A", "B"][n % 2]
    case 5: return state.pointee.enable >> UInt32(n) & 1 != 0 ? "GPIO output" : "GPIO input"
    case 6: return "PIO0"
    case 7: return "PIO1"
    case 8: return [20: "CLOCK GPIN0", 21: "CLOCK GPOUT0", 22: "CLOCK GPIN1", 23: "CLOCK GPOUT1", 24: "CLOCK GPOUT2", 25: "CLOCK GPOUT3"][n] ?? ""
    case 9: return ["USB OVCUR DET", "USB VBUS DET", "USB VBUS EN"][n % 3]
    default: return "no function"
    }
  }

  // MARK: Outputs

  private static func override(_ mode: UInt32, _ v: Bool) -> Bool {
    switch mode {
    case 0: v
    case 1: !v
    case 2: false
    default: true
    }
  }
  /// Recomputes what the pins of `mask` drive: their peripheral's output has changed.
  func update(_ mask: UInt32) {
    var m = mask & (count == 32 ? ~0 : (1 << UInt32(count)) - 1)
    while m != 0 {
      let n = m.trailingZeroBitCount
      m &= m - 1
      drivePad(n)
    }
  }
  private func drivePad(_ n: Int) {
    let c = ctrl[n]
    let f = functions[n][Int(c & 31)]
    let out = Self.override(c[bits: 8...9], f?.out() ?? false)
    let enable = Self.override(c[bits: 12...13], f?.enable() ?? false)
    state.pointee.out[bit: n] = out
    state.pointee.enable[bit: n] = enable
    pins[n].drive = pads.drive(n, out: out, enable: enable, level: state.pointee.pads[bit: n])
  }

  // MARK: Inputs

  private func readPad(_ n: Int) {
    let level = pads.inputEnabled(n) && pins[n].isHigh
    state.pointee.pads[bit: n] = level
    state.pointee.floating[bit: n] = !state.pointee.told[bit: n] && pins[n].level == .floating && functionNumber(n) == 5 && pads.inputEnabled(n)
    let seen = Self.override(ctrl[n][bits: 16...17], level)
    guard seen != state.pointee.inputs[bit: n] else { return }
    state.pointee.inputs[bit: n] = seen
    edges[n / 8] |= (seen ? 8 : 4) << UInt32(n % 8 * 4)
    deliver(n)
    onInputs(state.pointee.inputs)
    updateInterrupts()
    if pads.keepsBus(n) { drivePad(n) }
  }
  /// The guest reads the inputs while some float: each is told of once.
  @inline(never) func reportFloating(to log: Log) {
    for n in 0..<count where state.pointee.floating[bit: n] {
      state.pointee.told[bit: n] = true
      state.pointee.floating[bit: n] = false
      log.once("\(pins[n].name) is read while nothing drives or pulls it: it reads low here, on a board anything; give it a pull, or a wire")
    }
  }
  private func deliver(_ n: Int) {
    functions[n][functionNumber(n)]?.input?(state.pointee.inputs[bit: n])
  }

  // MARK: Interrupts

  private func raw(_ g: Int) -> UInt32 {
    var v = edges[g]
    for i in 0..<8 where g * 8 + i < count {
      let n = g * 8 + i
      v |= (Self.override(ctrl[n][bits: 28...29], state.pointee.inputs[bit: n]) ? 2 : 1) << UInt32(i * 4)
    }
    return v
  }
  private func status(_ set: Int, _ g: Int) -> UInt32 { raw(g) & enables[set * groups + g] | forces[set * groups + g] }
  private func updateInterrupts() {
    for set in 0..<3 {
      var any = false
      for g in 0..<groups where enables[set * groups + g] | forces[set * groups + g] != 0 {
        if status(set, g) != 0 { any = true }
      }
      if set < 2 { irq[set].set(any) } else if any { onDormantWake() }
    }
  }

  /// Whether the chip itself must know of each edge of pin `n`, or its level is not simply the peripheral's.
  func edgesMatter(_ n: Int) -> Bool {
    var enabled: UInt32 = 0
    for set in 0..<3 { enabled |= enables[set * groups + n / 8] >> UInt32(n % 8 * 4) & 0xF }
    return ctrl[n] & 0x3300 != 0 || pins[n].drive.strength != .strong || enabled != 0 && pads.inputEnabled(n)
  }

  // MARK: Registers

  public override func read32(at offset: UInt32) -> UInt32 {
    onLook()
    let word = Int(offset / 4)
    if word < count * 2 {
      let n = word / 2
      return word & 1 == 1 ? ctrl[n] : statusWord(n)
    }
    guard offset >= interruptBase else { return 0 }
    let i = Int((offset - interruptBase) / 4)
    if i < groups { return raw(i) }
    let j = i - groups, set = j / (3 * groups), kind = j % (3 * groups) / groups, g = j % groups
    guard set < 3 else { return 0 }
    switch kind {
    case 0: return enables[set * groups + g]
    case 1: return forces[set * groups + g]
    default: return status(set, g)
    }
  }
  private func statusWord(_ n: Int) -> UInt32 {
    let f = functions[n][functionNumber(n)]
    var v: UInt32 = 0
    v[bit: 8] = f?.out() ?? false
    v[bit: 9] = state.pointee.out[bit: n]
    v[bit: 12] = f?.enable() ?? false
    v[bit: 13] = state.pointee.enable[bit: n]
    v[bit: 17] = state.pointee.pads[bit: n]
    v[bit: 19] = state.pointee.inputs[bit: n]
    let interrupt = raw(n / 8) >> UInt32(n % 8 * 4) & 0xF != 0
    v[bit: 24] = interrupt
    v[bit: 26] = Self.override(ctrl[n][bits: 28...29], interrupt)
    return v
  }
  public override func write32(_ v: UInt32, at offset: UInt32) { write32(v, at: offset, mode: .normal) }
  public override func write32(_ v: UInt32, at offset: UInt32, mode: WriteMode) {
    func merged(_ old: UInt32) -> UInt32 {
      switch mode {
      case .normal: v
      case .xor: old ^ v
      case .set: old | v
      case .clear: old & ~v
      }
    }
    let word = Int(offset / 4)
    if word < count * 2 {
      guard word & 1 == 1 else { return }
      let n = word / 2, old = ctrl[n]
      ctrl[n] = merged(old) & 0x3003_331F
      guard ctrl[n] != old else { return }
      if (ctrl[n] ^ old) & 0x1F != 0 {
        let f = functions[n][Int(old & 31)]
        f?.input?(f?.idle ?? false)
      }
      drivePad(n)
      readPad(n)
      deliver(n)
      updateInterrupts()
      if (ctrl[n] ^ old) & 0x3300 != 0 { onOverride(n) }
      onFunction()
      return
    }
    guard offset >= interruptBase else { return }
    let i = Int((offset - interruptBase) / 4)
    if i < groups {
      onLook()
      edges[i] &= ~(v & 0xCCCC_CCCC)
    } else {
      let j = i - groups, set = j / (3 * groups), kind = j % (3 * groups) / groups, g = j % groups
      guard set < 3 else { return }
      if kind == 0 {
        onLook()
        enables[set * groups + g] = merged(enables[set * groups + g])
        onFunction()
      }
      if kind == 1 { forces[set * groups + g] = merged(forces[set * groups + g]) }
    }
    updateInterrupts()
  }
  /// OUTOVER of pin `n`: 0 the peripheral's level, 1 inverted, 2 low, 3 high.
  func outputOverride(_ n: Int) -> UInt32 { ctrl[n][bits: 8...9] }

  public override func reset() {
    for n in 0..<count { ctrl[n] = 0x1F }
    for g in 0..<groups { edges[g] = 0 }
    for g in 0..<(groups * 3) {
      enables[g] = 0
      forces[g] = 0
    }
    refresh()
    updateInterrupts()
    for n in 0..<count { onOverride(n) }
  }
}
