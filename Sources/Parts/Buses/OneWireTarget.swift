import Machine

/// What a 1-Wire device does once it is addressed.
protocol OneWireDevice: AnyObject {
  /// It is addressed: a function command comes next.
  func selected()
  func receive(_ byte: UInt8)
  /// The bit for the read slot that begins; nil while it takes bytes.
  func nextBit() -> Bool?
  /// Whether it answers an alarm search.
  var hasAlarm: Bool { get }
}

/// The wire's side of a 1-Wire device: reset and presence, time slots, ROM commands (DS18B20 datasheet, "1-Wire bus system").
final class OneWireTarget {
  enum Phase: UInt8, BitwiseCopyable {
    /// Not addressed: waits for a reset.
    case deaf
    /// The reset has ended; the presence pulse is on its way.
    case presence
    case command, readROM, matchROM, searchROM, function
  }
  struct State: BitwiseCopyable {
    var phase = Phase.deaf
    var fell: UInt64 = .max
    /// A slot runs: what it sends, or 2 for a slot that it reads.
    var inSlot = false, sends: UInt8 = 2
    var pulling = false
    var bits: UInt8 = 0, byte: UInt8 = 0
    /// The bit of the ROM code, and in a search whether it, its complement or the choice is next.
    var romBit: UInt8 = 0, searchStep: UInt8 = 0
  }
  private static let us: UInt64 = 1_000_000
  private let state: UnsafeMutablePointer<State>
  private let pin: Pin, scheduler: Scheduler
  /// The 64 bits of the ROM code, the family first.
  let rom: UInt64
  weak var device: OneWireDevice?
  /// Told of each fall of the line.
  var onFall: (() -> Void)?
  private var slot: Scheduler.Event?, presence: Scheduler.Event?

  init(_ name: String, pin: Pin, family: UInt8, serial: [UInt8], context: PartContext) {
    let bytes = [family] + (serial + [UInt8](repeating: 0, count: 6)).prefix(6)
    rom = (bytes + [Self.crc(bytes)]).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    self.pin = pin
    scheduler = context.scheduler
    state = context.arena.allocate("\(name).1-wire", initial: State())
    slot = scheduler.event("\(name).slot") { [unowned self] _ in endSlot() }
    presence = scheduler.event("\(name).presence") { [unowned self] _ in presenceStep() }
    // A pull-up of the module.
    pin.drive = .pullUp
    pin.onChange = { [unowned self] in lineChanged($0) }
  }
  /// x⁸ + x⁵ + x⁴ + 1, the least bit first.
  static func crc(_ bytes: some Sequence<UInt8>) -> UInt8 {
    bytes.reduce(0) { crc, b in (0..<8).reduce(crc ^ b) { c, _ in c & 1 != 0 ? c >> 1 ^ 0x8C : c >> 1 } }
  }
  private func lineChanged(_ level: NetLevel) {
    let now = scheduler.now
    if level == .low {
      // In the presence pulse it is a device, this or another, that pulls.
      guard state.pointee.phase != .presence else { return }
      state.pointee.fell = now
      onFall?()
      beginSlot(now)
    } else if level == .high, state.pointee.phase != .presence {
      let low = state.pointee.fell == .max ? 0 : now &- state.pointee.fell
      state.pointee.fell = .max
      // Masters hold it for 480 µs.
      guard low >= 400 * Self.us, let slot, let presence else { return }
      scheduler.cancel(slot)
      state.pointee.inSlot = false
      state.pointee.phase = .presence
      scheduler.schedule(presence, at: now &+ 30 * Self.us)
    }
  }
  private func presenceStep() {
    guard let presence else { return }
    if !state.pointee.pulling {
      pull(true)
      scheduler.schedule(presence, after: 120 * Self.us)
    } else {
      state.pointee.bits = 0
      state.pointee.fell = .max
      // Last, so that no device takes the end of another's pulse for a slot.
      pull(false)
      state.pointee.phase = .command
    }
  }
  private func pull(_ low: Bool) {
    state.pointee.pulling = low
    pin.drive = low ? .low : .pullUp
  }
  private func beginSlot(_ now: UInt64) {
    guard state.pointee.phase != .deaf, !state.pointee.inSlot, let slot else { return }
    state.pointee.inSlot = true
    state.pointee.sends = 2
    switch state.pointee.phase {
    case .readROM: state.pointee.sends = UInt8(rom >> UInt64(state.pointee.romBit) & 1)
    case .searchROM where state.pointee.searchStep < 2: state.pointee.sends = UInt8(rom >> UInt64(state.pointee.romBit) & 1) ^ state.pointee.searchStep
    case .function: if let bit = device?.nextBit() { state.pointee.sends = bit ? 1 : 0 }
    default: break
    }
    if state.pointee.sends == 0 { pull(true) }
    // A slot is sampled between 15 and 60 µs after its fall, and a zero lasts for at least 15.
    scheduler.schedule(slot, at: now &+ 30 * Self.us)
  }
  private func endSlot() {
    let sent = state.pointee.sends, high = pin.isHigh
    state.pointee.inSlot = false
    if state.pointee.pulling { pull(false) }
    switch state.pointee.phase {
    case .deaf, .presence: break
    case .readROM: nextROMBit(then: .function)
    case .matchROM:
      if high == (rom >> UInt64(state.pointee.romBit) & 1 == 1) { nextROMBit(then: .function) } else { state.pointee.phase = .deaf }
    case .searchROM:
      if state.pointee.searchStep < 2 {
        state.pointee.searchStep += 1
      } else if high == (rom >> UInt64(state.pointee.romBit) & 1 == 1) {
        state.pointee.searchStep = 0
        nextROMBit(then: .function)
      } else {
        state.pointee.phase = .deaf
      }
    case .command, .function:
      guard sent == 2 else { return }
      state.pointee.byte = state.pointee.byte >> 1 | (high ? 0x80 : 0)
      state.pointee.bits += 1
      guard state.pointee.bits == 8 else { return }
      state.pointee.bits = 0
      if state.pointee.phase == .function { device?.receive(state.pointee.byte) } else { command(state.pointee.byte) }
    }
  }
  private func nextROMBit(then phase: Phase) {
    state.pointee.romBit += 1
    if state.pointee.romBit == 64 { enter(phase) }
  }
  private func enter(_ phase: Phase) {
    state.pointee.phase = phase
    state.pointee.romBit = 0
    state.pointee.searchStep = 0
    state.pointee.bits = 0
    if phase == .function { device?.selected() }
  }
  private func command(_ byte: UInt8) {
    switch byte {
    case 0x33: enter(.readROM)
    case 0x55: enter(.matchROM)
    case 0xF0: enter(.searchROM)
    case 0xEC: enter(device?.hasAlarm == true ? .searchROM : .deaf)
    case 0xCC: enter(.function)
    default: enter(.deaf)
    }
  }
}
