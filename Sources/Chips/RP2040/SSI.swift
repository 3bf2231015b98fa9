import Machine

/// RP2040 datasheet §4.10: the DW_apb_ssi before the flash, and the chip select that IO_QSPI may override.
public final class SSI: RegisterDevice, RegisterNaming {
  public enum Register: UInt32, CaseIterable, Sendable {
    case ctrlR0 = 0x00, ctrlR1 = 0x04, ssiEnR = 0x08, mwCR = 0x0C, ser = 0x10, baudR = 0x14, txFTLR = 0x18, rxFTLR = 0x1C
    case txFLR = 0x20, rxFLR = 0x24, sr = 0x28, imR = 0x2C, isR = 0x30, risR = 0x34, txOICR = 0x38, rxOICR = 0x3C, rxUICR = 0x40
    case mstICR = 0x44, icR = 0x48, dmaCR = 0x4C, dmaTDLR = 0x50, dmaRDLR = 0x54, idR = 0x58, versionID = 0x5C
    case dr0 = 0x60, rxSampleDly = 0xF0, spiCtrlR0 = 0xF4, txdDriveEdge = 0xF8
  }
  static let map = RegisterMap<SSI> { r in
    r[.ctrlR0].bits(0...24).onWrite { d, _ in d.updateMissPenalty() }
    r[.ctrlR1].bits(0...15)
    r[.ssiEnR].bits(0...0).onWrite { d, _ in d.enableChanged() }
    r[.mwCR].bits(0...2)
    r[.ser].bits(0...0)
    r[.baudR].bits(1...15).onWrite { d, _ in d.updateMissPenalty() }
    r[.txFTLR].bits(0...7)
    r[.rxFTLR].bits(0...7)
    r[.txFLR].onRead { UInt32($0.pending) }
    r[.rxFLR].onRead { UInt32($0.arrived) }
    r[.sr].onRead { $0.status }
    r[.imR].bits(0...5).reset(0x3F)
    r[.isR].onRead { $0.raw & $0[.imR] }
    r[.risR].onRead { $0.raw }
    r[.txOICR].onRead { d in d.clear(1 << 1) }
    r[.rxOICR].onRead { d in d.clear(1 << 3) }
    r[.rxUICR].onRead { d in d.clear(1 << 2) }
    r[.mstICR].onRead { d in d.clear(1 << 5) }
    r[.icR].onRead { d in d.clear(0x2E) }
    r[.dmaCR].bits(0...1).onWrite { d, _ in d.updateRequests() }
    r[.dmaTDLR].bits(0...7)
    r[.dmaRDLR].bits(0...7)
    r[.idR].reset(0x5143_5049)
    r[.versionID].reset(0x3430_312A)
    r[.dr0, count: 36].onRead { d in d.receive() }.onWrite { d, v in d.transmit(v) }
    r[.rxSampleDly].bits(0...7)
    r[.spiCtrlR0].bits(0...18).bits(24...31).reset(0x0300_0000).onWrite { d, _ in d.updateMissPenalty() }
    r[.txdDriveEdge].bits(0...7)
  }
  static let depth = 16
  struct State: BitwiseCopyable {
    var busyUntil: UInt64 = 0
    var head = 0, count = 0
    var errors: UInt32 = 0
    var forced = false, forcedLow = false, selected = false
    var enhancedWords = 0  // words of the running enhanced-format transfer
  }
  private let state: UnsafeMutablePointer<State>
  private let data: UnsafeMutablePointer<UInt32>
  private let ready: UnsafeMutablePointer<UInt64>
  private let clock: UnsafeMutablePointer<Clock>
  private let scheduler: Scheduler
  public let dreqTX, dreqRX: Line
  /// What hangs on the bus.
  public var target: SPITarget?
  /// Told the mode bits of an enhanced read's second word (the flash's continuous read mode).
  public var onModeBits: (UInt8) -> Void = { _ in }
  /// Told what a miss of the XIP cache costs in clk_sys cycles.
  var onMissPenalty: (UInt32) -> Void = { _ in }

  init(arena: StateArena, scheduler: Scheduler, clock: UnsafeMutablePointer<Clock>) {
    self.clock = clock
    self.scheduler = scheduler
    state = arena.allocate("RP2040.XIP_SSI.state", initial: State())
    data = arena.allocate("RP2040.XIP_SSI.rx", count: Self.depth, initial: UInt32(0))
    ready = arena.allocate("RP2040.XIP_SSI.rxReady", count: Self.depth, initial: UInt64(0))
    dreqTX = Line("RP2040.XIP_SSI.DREQ_TX", arena: arena)
    dreqRX = Line("RP2040.XIP_SSI.DREQ_RX", arena: arena)
    super.init(Self.map, name: "RP2040.XIP_SSI", arena: arena)
  }
  private var enabled: Bool { self[.ssiEnR][bit: 0] }
  private var divider: UInt64 { max(2, UInt64(self[.baudR] & 0xFFFE)) }
  private func duration(bits: Int) -> UInt64 {
    let f = clock.pointee.frequency256
    guard f > 0 else { return 0 }
    return UInt64(truncatingIfNeeded: UInt128(divider) * UInt128(bits) * UInt128(Clock.picosecondsPerSecond * 256) / UInt128(f))
  }
  /// §4.10: the frame's length in bits.
  private var frameBits: Int { Int(self[.ctrlR0][bits: 16...20]) + 1 }
  private var format: UInt32 { self[.ctrlR0][bits: 21...22] }
  private var mode: UInt32 { self[.ctrlR0][bits: 8...9] }

  // MARK: Chip select

  /// The level that GPIO_QSPI_SS's OUTOVER forces; nil: the SSI's own.
  func forceChipSelect(_ level: Bool?) {
    let wasSelected = state.pointee.selected
    state.pointee.forced = level != nil
    state.pointee.forcedLow = level == false
    let now = level == false
    if now && !wasSelected { begin() }
    if !now && wasSelected { end() }
  }
  private func begin() {
    state.pointee.selected = true
    state.pointee.enhancedWords = 0
    target?.select()
  }
  private func end() {
    state.pointee.selected = false
    target?.deselect()
  }
  /// The SSI's own select lasts as long as frames follow each other.
  private func ownSelect() {
    guard !state.pointee.forced else { return }
    if state.pointee.selected && scheduler.now >= state.pointee.busyUntil { end() }
    if !state.pointee.selected { begin() }
  }

  // MARK: Transfers

  private func transmit(_ value: UInt32) {
    guard enabled else { return }
    if pending >= Self.depth {
      state.pointee.errors |= 1 << 1
      return
    }
    ownSelect()
    let bits = frameBits
    if format != 0 {
      // Enhanced formats: instruction, then address and mode bits on two or four lines. What comes back is not looked at.
      state.pointee.enhancedWords += 1
      if state.pointee.enhancedWords == 2 {
        onModeBits(UInt8(truncatingIfNeeded: value))
        shift(bits: 8 + Int(self[.spiCtrlR0][bits: 2...5]) + Int(self[.spiCtrlR0][bits: 11...15]) + bits / 4)
        if mode != 1 { push(0xFFFF_FFFF) }
      }
      return
    }
    var received: UInt32 = 0
    if state.pointee.forced && !state.pointee.forcedLow {
      received = ~0
    } else {
      for i in stride(from: (bits + 7) / 8 - 1, through: 0, by: -1) {
        let byte = target?.transfer(UInt8(truncatingIfNeeded: value >> UInt32(i * 8))) ?? 0xFF
        received = received << 8 | UInt32(byte)
      }
    }
    shift(bits: bits)
    if mode == 0 { push(received) }
    if mode == 3 || mode == 2 {
      // EEPROM read: after the control frames NDF + 1 frames come in.
      for _ in 0...Int(self[.ctrlR1] & 0xFFFF) {
        var v: UInt32 = 0
        for _ in 0..<((bits + 7) / 8) { v = v << 8 | UInt32(target?.transfer(0) ?? 0xFF) }
        shift(bits: bits)
        push(v)
        if state.pointee.count >= Self.depth { break }
      }
    }
    updateRequests()
  }
  private func shift(bits: Int) {
    state.pointee.busyUntil = max(state.pointee.busyUntil, scheduler.now) &+ duration(bits: bits)
  }
  private func push(_ v: UInt32) {
    guard state.pointee.count < Self.depth else {
      state.pointee.errors |= 1 << 3
      return
    }
    let i = (state.pointee.head + state.pointee.count) % Self.depth
    data[i] = v
    ready[i] = state.pointee.busyUntil
    state.pointee.count += 1
  }
  private func receive() -> UInt32 {
    guard arrived > 0 else {
      state.pointee.errors |= 1 << 2
      return 0
    }
    let v = data[state.pointee.head]
    state.pointee.head = (state.pointee.head + 1) % Self.depth
    state.pointee.count -= 1
    updateRequests()
    return v
  }
  /// Frames that have come in by now.
  private var arrived: Int {
    let now = scheduler.now
    var n = 0
    while n < state.pointee.count, ready[(state.pointee.head + n) % Self.depth] <= now { n += 1 }
    return n
  }
  /// Frames that wait to be sent.
  private var pending: Int {
    let now = scheduler.now
    guard state.pointee.busyUntil > now else { return 0 }
    let one = max(1, duration(bits: frameBits))
    return Int((state.pointee.busyUntil - now - 1) / one)
  }
  private var status: UInt32 {
    var s: UInt32 = 0
    let sending = pending, got = arrived
    s[bit: 0] = scheduler.now < state.pointee.busyUntil
    s[bit: 1] = sending < Self.depth
    s[bit: 2] = sending == 0
    s[bit: 3] = got > 0
    s[bit: 4] = got == Self.depth
    return s
  }
  private var raw: UInt32 {
    var v = state.pointee.errors
    v[bit: 0] = pending <= Int(self[.txFTLR])
    v[bit: 4] = arrived > Int(self[.rxFTLR])
    return v
  }
  private func clear(_ bits: UInt32) -> UInt32 {
    let was = state.pointee.errors & bits != 0
    state.pointee.errors &= ~bits
    return was ? 1 : 0
  }
  private func enableChanged() {
    if !enabled {
      state.pointee.head = 0
      state.pointee.count = 0
      state.pointee.busyUntil = scheduler.now
      if state.pointee.selected && !state.pointee.forced { end() }
    }
    updateRequests()
    updateMissPenalty()
  }
  private func updateRequests() {
    dreqTX.set(enabled && self[.dmaCR][bit: 1])
    dreqRX.set(enabled && self[.dmaCR][bit: 0] && state.pointee.count > 0)
  }
  /// §2.6.3: an XIP access is a read of one 32-bit word with the format that the registers hold.
  private func updateMissPenalty() {
    guard enabled else { return }
    let lanes = format == 2 ? 4 : format == 1 ? 2 : 1
    let control = self[.spiCtrlR0], kind = control[bits: 0...1]
    let instruction = [0, 4, 8, 16][Int(control[bits: 8...9])], address = Int(control[bits: 2...5]) * 4
    var clocks: Int
    if format == 0 {
      clocks = 8 + 24 + 32
    } else {
      clocks = instruction / (kind == 2 ? lanes : 1) + address / (kind == 0 ? 1 : lanes) + Int(control[bits: 11...15]) + 32 / lanes
    }
    clocks = max(clocks, 1)
    // Bus, tag check and chip select around the frame: measured totals are a few cycles above the frame itself.
    onMissPenalty(UInt32(truncatingIfNeeded: clocks) &* UInt32(truncatingIfNeeded: divider) &+ 6)
  }
  public override func reset() {
    super.reset()
    state.pointee = State()
    updateRequests()
  }
}
