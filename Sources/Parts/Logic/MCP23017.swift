import Machine

/// Sixteen port pins on an I²C bus (Microchip MCP23017 datasheet, DS20001952): directions, pull-ups, inversion and interrupts.
public final class MCP23017: Part {
  public override class var kind: PartKind {
    PartKind(
      "solderless-mcp23017", title: "MCP23017",
      pins: (0...7).map { "GPB\($0)" } + ["VDD", "VSS", "SCL", "SDA", "A0", "A1", "A2", "RESET", "INTB", "INTA"] + (0...7).map { "GPA\($0)" },
      attributes: [Attribute("i2cAddress", .text, "0x20"), Attribute("i2c-address", .text, "")])
  }
  /// Table 3-1, in pairs for ports A and B while IOCON.BANK is 0.
  enum Register: Int { case iodir, ipol, gpinten, defval, intcon, iocon, gppu, intf, intcap, gpio, olat }
  struct State: BitwiseCopyable {
    /// Two bytes each, A and B.
    var iodir: (UInt8, UInt8) = (0xFF, 0xFF), ipol: (UInt8, UInt8) = (0, 0), gpinten: (UInt8, UInt8) = (0, 0), defval: (UInt8, UInt8) = (0, 0), intcon: (UInt8, UInt8) = (0, 0)
    var iocon: UInt8 = 0
    var gppu: (UInt8, UInt8) = (0, 0), intf: (UInt8, UInt8) = (0, 0), intcap: (UInt8, UInt8) = (0, 0), olat: (UInt8, UInt8) = (0, 0)
    /// The pins' levels of before, for interrupts on change.
    var before: (UInt8, UInt8) = (0, 0)
    var pointer: UInt8 = 0, hasPointer = false
  }
  private let state: UnsafeMutablePointer<State>
  private var target: I2CTarget!
  private var ports: [[Pin]] = []

  public required init(id: String, attributes: [String: String], context: PartContext) {
    state = context.arena.allocate("\(id).registers", initial: State())
    super.init(id: id, attributes: attributes, context: context)
    ports = ["GPA", "GPB"].map { port in (0...7).map { pin("\(port)\($0)") } }
    target = I2CTarget(id, sda: pin("SDA"), scl: pin("SCL"), context: context)
    target.accepts = { [unowned self] address, _ in
      let pins = (0...2).reduce(UInt8(0)) { $0 | (pin("A\($1)").isHigh ? 1 << UInt8($1) : 0) }
      return address == i2cAddress(initial: 0x20) | pins && pin("RESET").level != .low
    }
    target.onStart = { [unowned self] reading in if !reading { state.pointee.hasPointer = false } }
    target.onWrite = { [unowned self] byte in
      if state.pointee.hasPointer {
        write(byte)
        advance()
      } else {
        state.pointee.pointer = byte
        state.pointee.hasPointer = true
      }
      return true
    }
    target.onRead = { [unowned self] in
      defer { advance() }
      return read()
    }
    for (n, port) in ports.enumerated() { for p in port { p.onChange = { [unowned self] _ in levelsChanged(n) } } }
    pin("RESET").onChange = { [unowned self] level in
      guard level == .low else { return }
      state.pointee = State()
      target.reset()
      drive()
    }
    drive()
  }
  /// Which register and port the pointer means; nil beyond the last.
  private var place: (register: Register, port: Int)? {
    let p = Int(state.pointee.pointer)
    if state.pointee.iocon & 0x80 != 0 { return Register(rawValue: p & 0xF).flatMap { p & 0xE0 == 0 ? ($0, p >> 4 & 1) : nil } }
    return Register(rawValue: p >> 1).map { ($0, p & 1) }
  }
  /// §3.2.1: on through all registers, or within the pair while IOCON.SEQOP is set.
  private func advance() {
    let p = state.pointee.pointer
    if state.pointee.iocon & 0x20 != 0 {
      if state.pointee.iocon & 0x80 == 0 { state.pointee.pointer = p ^ 1 }
    } else if state.pointee.iocon & 0x80 == 0 {
      state.pointee.pointer = p >= 0x15 ? 0 : p + 1
    } else {
      state.pointee.pointer = p & 0xF >= 0xA ? p & 0x10 ^ 0x10 : p &+ 1
    }
  }
  private static func key(_ r: Register) -> WritableKeyPath<State, (UInt8, UInt8)>? {
    switch r {
    case .iodir: \.iodir
    case .ipol: \.ipol
    case .gpinten: \.gpinten
    case .defval: \.defval
    case .intcon: \.intcon
    case .gppu: \.gppu
    case .intf: \.intf
    case .intcap: \.intcap
    case .gpio, .olat: \.olat
    case .iocon: nil
    }
  }
  private func get(_ r: Register, _ port: Int) -> UInt8 {
    guard let key = Self.key(r) else { return state.pointee.iocon }
    let v = state.pointee[keyPath: key]
    return port == 0 ? v.0 : v.1
  }
  private func set(_ r: Register, _ port: Int, _ value: UInt8) {
    guard let key = Self.key(r) else {
      state.pointee.iocon = value & 0xFE
      return
    }
    if port == 0 { state.pointee[keyPath: key].0 = value } else { state.pointee[keyPath: key].1 = value }
  }
  /// The levels at the pins.
  private func levels(_ port: Int) -> UInt8 { ports[port].enumerated().reduce(0) { $0 | ($1.1.isHigh ? 1 << UInt8($1.0) : 0) } }
  /// GPIO as it reads: inputs inverted where IPOL says so.
  private func value(_ port: Int) -> UInt8 { levels(port) ^ get(.ipol, port) & get(.iodir, port) }

  private func read() -> UInt8 {
    guard let (r, port) = place else { return 0 }
    switch r {
    case .gpio:
      let v = value(port)
      clear(port)
      return v
    case .intcap:
      let v = get(.intcap, port)
      clear(port)
      return v
    default: return get(r, port)
    }
  }
  private func write(_ byte: UInt8) {
    guard let (r, port) = place, r != .intf, r != .intcap else { return }
    set(r, port, byte)
    drive()
    compare(port)
    showInterrupts()
  }
  private func drive() {
    for n in 0..<2 {
      for (i, p) in ports[n].enumerated() {
        let bit = UInt8(1) << UInt8(i)
        p.drive = get(.iodir, n) & bit == 0 ? get(.olat, n) & bit != 0 ? .high : .low : get(.gppu, n) & bit != 0 ? .pullUp : .none
      }
    }
  }
  private func levelsChanged(_ port: Int) {
    compare(port)
    showInterrupts()
  }
  /// §3.6: what interrupts is caught once, until GPIO or INTCAP is read.
  private func compare(_ port: Int) {
    let now = value(port), before = port == 0 ? state.pointee.before.0 : state.pointee.before.1, byValue = get(.intcon, port)
    let caught = ((now ^ before) & ~byValue | (now ^ get(.defval, port)) & byValue) & get(.gpinten, port) & get(.iodir, port)
    if port == 0 { state.pointee.before.0 = now } else { state.pointee.before.1 = now }
    guard caught != 0, get(.intf, port) == 0 else { return }
    set(.intf, port, caught)
    set(.intcap, port, now)
  }
  private func clear(_ port: Int) {
    set(.intf, port, 0)
    // A level that differs from DEFVAL interrupts again at once.
    compare(port)
    showInterrupts()
  }
  private func showInterrupts() {
    let mirror = state.pointee.iocon & 0x40 != 0, openDrain = state.pointee.iocon & 4 != 0, activeHigh = state.pointee.iocon & 2 != 0
    let any = [get(.intf, 0) != 0, get(.intf, 1) != 0]
    for (n, name) in ["INTA", "INTB"].enumerated() {
      let active = mirror ? any[0] || any[1] : any[n]
      pin(name).drive = openDrain ? active ? .low : .none : active == activeHigh ? .high : .low
    }
  }
}
