import Machine

/// RTC_I2C (ESP32 TRM §30.6): the controller of an I2C bus on RTC pads, which the ULP's I2C instructions and SENS.SAR_I2C_CTRL use: a byte
/// to or from a register of a target. Lines and their timing are the ordinary controller's; the times count the fast RC oscillator.
public final class ESP32RTCI2C: RegisterDevice, RegisterNaming {
  public enum Register: UInt32, CaseIterable, Sendable {
    case sclLowPeriod = 0x00, ctrl = 0x04, debugStatus = 0x08, timeout = 0x0C, slaveAddr = 0x10, data = 0x1C, intRaw = 0x20, intClr = 0x24, intEna = 0x28, intSt = 0x2C, sdaDuty = 0x30
    case sclHighPeriod = 0x38, sclStartPeriod = 0x40, sclStopPeriod = 0x44, cmd = 0x48
  }
  static let map = RegisterMap<ESP32RTCI2C> { r in
    r[.sclLowPeriod].bits(0...24)
    r[.ctrl].bits(0...7)
    r[.debugStatus].onRead { d in (d.engine.state.pointee.ack ? 1 : 0) | (d.state.pointee.timedOut ? 4 : 0) | (d.engine.state.pointee.busy ? 16 : 0) }
    r[.timeout].bits(0...19)
    r[.slaveAddr].bits(0...14).bits(31...31)
    r[.data].bits(0...7, .readOnly)
    r[.intRaw].bits(3...7, .readOnly)
    // Each is cleared by the bit above its own.
    r[.intClr].onWrite { d, v in d[.intRaw] &= ~(v >> 1) }
    r[.intEna].bits(0...8)
    r[.intSt].onRead { $0[.intRaw] & $0[.intEna] }
    for x in [Register.sdaDuty, .sclHighPeriod, .sclStartPeriod, .sclStopPeriod] { r[x].bits(0...19) }
    r[.cmd, count: 16].bits(0...13).bits(31...31)
  }
  enum Interrupt { static let arbitrationLost = 4, controllerDone = 5, done = 6, timeout = 7 }
  struct State: BitwiseCopyable { var isReading = false, timedOut = false }
  let state: UnsafeMutablePointer<State>
  let engine: ESP32I2C
  /// A transfer is over; what was read, 0 of what was not.
  var onDone: (UInt8) -> Void = { _ in }

  init(arena: StateArena, scheduler: Scheduler, clocks: ESP32Clocks) {
    engine = ESP32I2C(name: "ESP32.RTC_I2C.lines", arena: arena, scheduler: scheduler, clocks: clocks)
    state = arena.allocate("ESP32.RTC_I2C.state", initial: State())
    super.init(Self.map, name: "ESP32.RTC_I2C", arena: arena)
    engine.source = { clocks.fastRC * 256 }
    engine.irq.connect { [unowned self] level in if level { finished() } }
  }
  var isBusy: Bool { engine.state.pointee.step != .idle }

  /// Carries out an I2C instruction: bits 7:0 the target's register, 15:8 the data, 21:16 the lowest and highest of its bits that are written, 27 a write.
  func begin(_ instruction: UInt32, target: UInt32) {
    let low = Int(instruction[bits: 16...18]), high = max(low, Int(instruction[bits: 19...21])), writes = instruction[bit: 27]
    engine.reset()
    state.pointee = State(isReading: !writes)
    typealias R = ESP32I2C.Register
    func set(_ r: R, _ v: UInt32, _ offset: UInt32 = 0) { engine.write32(v, at: r.rawValue + offset) }
    let hold = min(self[.sdaDuty], 0x3FFF)
    for (r, v) in [(R.sclLowPeriod, self[.sclLowPeriod]), (.sclHighPeriod, self[.sclHighPeriod]), (.sdaHold, hold), (.sclStartHold, self[.sclStartPeriod]), (.sclRstartSetup, self[.sclStartPeriod])] as [(R, UInt32)] { set(r, min(v, 0x3FFF)) }
    for r in [R.sclStopSetup, .sclStopHold] { set(r, min(self[.sclStopPeriod], 0x3FFF)) }
    set(.to, self[.timeout])
    // The end of the list, a missing acknowledgement, lost arbitration, a clock that is held.
    set(.intEna, 1 << 5 | 1 << 7 | 1 << 8 | 1 << 10)
    let address = (target & 0x7F) << 1, check: UInt32 = 1 << 8
    var commands: [UInt32] = [0], bytes = [address, instruction & 0xFF]
    if writes {
      commands.append(1 << 11 | check | 3)
      bytes.append(instruction[bits: 8...15] & (UInt32.mask(low...high)))
    } else {
      // A start again, the address for reading, a byte without acknowledgement.
      commands += [1 << 11 | check | 2, 0, 1 << 11 | check | 1, 2 << 11 | 1 << 10 | 1]
      bytes.append(address | 1)
    }
    commands.append(3 << 11)
    for (n, c) in commands.enumerated() { set(.comd0, c, UInt32(n) * 4) }
    for b in bytes { set(.data, b) }
    set(.ctr, self[.ctrl] & 0xC0 | 1 << 4 | 3 | 1 << 5)
  }
  private func finished() {
    let raw = engine[.intRaw]
    if raw[bit: 8] {
      state.pointee.timedOut = true
      self[.intRaw][bit: Interrupt.timeout] = true
    }
    if raw[bit: 5] { self[.intRaw][bit: Interrupt.arbitrationLost] = true }
    self[.intRaw] |= 1 << UInt32(Interrupt.controllerDone) | 1 << UInt32(Interrupt.done)
    var v: UInt32 = 0
    if state.pointee.isReading, raw[bit: 7] {
      self[.data] = engine.read32(at: ESP32I2C.Register.data.rawValue) & 0xFF
      v = self[.data]
    }
    // Nobody answered: the lines are let go of.
    for line in [engine.scl, engine.sda] { line.set(true) }
    onDone(UInt8(truncatingIfNeeded: v))
  }
  public override func reset() {
    super.reset()
    engine.reset()
    state.pointee = State()
  }
}
