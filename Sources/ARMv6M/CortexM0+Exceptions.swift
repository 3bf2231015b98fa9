import Machine

/// The exception model: ARMv6-M Architecture Reference Manual §B1.5.
extension CortexM0 {
  enum Exception { static let nmi = 2, hardFault = 3, svCall = 11, pendSV = 14, sysTick = 15 }

  func priority(of n: Int) -> Int {
    switch n {
    case Exception.nmi: -2
    case Exception.hardFault: -1
    case Exception.svCall: Int(state.pointee.shpr2 >> 30)
    case Exception.pendSV: Int((state.pointee.shpr3 >> 22) & 3)
    case Exception.sysTick: Int(state.pointee.shpr3 >> 30)
    case 16..<48: Int(priorityByte(n - 16) >> 6)
    default: 4
    }
  }
  func priorityByte(_ irq: Int) -> UInt8 {
    withUnsafeBytes(of: &state.pointee.priorities) { $0[irq & 31] }
  }
  private func executionPriority(ignoringMask: Bool = false) -> Int {
    var p = 4, a = state.pointee.active
    while a != 0 {
      p = min(p, priority(of: a.trailingZeroBitCount))
      a &= a &- 1
    }
    return state.pointee.primask && !ignoringMask ? min(p, 0) : p
  }
  private var enabledPending: UInt64 { state.pointee.pending & (UInt64(state.pointee.enabled) << 16 | 0xFFFF) }
  /// The pending exception that would be taken, with its priority.
  private func best() -> (Int, Int)? {
    var m = enabledPending, found: (Int, Int)?
    while m != 0 {
      let n = m.trailingZeroBitCount, p = priority(of: n)
      if found == nil || p < found!.1 { found = (n, p) }
      m &= m &- 1
    }
    return found
  }
  /// After any change of what is pending, enabled or masked.
  func updateDispatch() {
    guard enabledPending != 0, let (_, p) = best() else {
      state.pointee.dispatch = false
      return
    }
    state.pointee.dispatch = p < executionPriority()
    if asleep.pointee, !state.pointee.lockedUp, canWake { wake() }
  }
  /// §B1.5.19: a pending exception that PRIMASK alone holds back wakes too.
  var canWake: Bool {
    guard let (_, p) = best() else { return false }
    return p < executionPriority(ignoringMask: true)
  }
  @inline(never) func dispatchExceptions() {
    state.pointee.dispatch = false
    guard let (n, p) = best(), p < executionPriority() else { return }
    if cycles.pointee == state.pointee.entered, isHandler {
      // Late arrival (§B1.5.11): it came while the frame was being pushed, which now serves it.
      let first = UInt64(1) << UInt64(state.pointee.ipsr)
      state.pointee.active &= ~first
      state.pointee.pending |= first
      activate(n, return: registers[14])
      return goToHandler(n)
    }
    enterException(n)
  }
  private func activate(_ n: Int, return value: UInt32) {
    state.pointee.pending &= ~(1 << UInt64(n))
    state.pointee.active |= 1 << UInt64(n)
    state.pointee.ipsr = UInt32(n)
    state.pointee.event = true
    registers[14] = value
  }
  private func goToHandler(_ n: Int) {
    guard let vector = loadWord(state.pointee.vtor &+ UInt32(n * 4), size: 4, cycles: false) else { return lockUp() }
    state.pointee.thumb = vector[bit: 0]
    registers[15] = vector & ~1
    state.pointee.entered = cycles.pointee
    updateDispatch()
  }

  /// Pushes the frame and goes to the handler (§B1.5.6).
  private func enterException(_ n: Int) {
    let aligned = registers[13] & 4 != 0
    let frame = (registers[13] &- 32) & ~7
    let psr = xpsr | (aligned ? 1 << 9 : 0)
    let words = (registers[0], registers[1], registers[2], registers[3], registers[12], registers[14], registers[15], psr)
    var ok = true
    withUnsafeBytes(of: words) { w in
      for i in 0..<8 where !storeWord(frame &+ UInt32(i * 4), w.load(fromByteOffset: i * 4, as: UInt32.self), size: 4, cycles: false) { ok = false }
    }
    let process = state.pointee.control[bit: 1]
    registers[13] = frame
    let wasHandler = isHandler
    selectStack(process: false)
    activate(n, return: wasHandler ? 0xFFFF_FFF1 : process ? 0xFFFF_FFFD : 0xFFFF_FFF9)
    cycles.pointee &+= variant.exceptionEntry
    if !ok && n != Exception.hardFault {
      fault()
      return
    }
    if ok { goToHandler(n) } else { lockUp() }
  }
  /// §B1.5.8.
  func exceptionReturn(_ value: UInt32) {
    let toHandler = value & 0xF == 1, toProcess = value & 0xF == 0xD
    guard value >> 4 == 0x0FFF_FFFF, toHandler || toProcess || value & 0xF == 9 else { return fault() }
    let n = Int(state.pointee.ipsr)
    state.pointee.active &= ~(1 << UInt64(n))
    guard (state.pointee.active != 0) == toHandler else { return fault() }
    // A level that is still asserted pends again.
    if n >= 16, state.pointee.lines[bit: n - 16] { state.pointee.pending |= 1 << UInt64(n) }
    if let (next, p) = best(), p < executionPriority() {
      // Tail-chaining (§B1.5.12): the frame stays for the next handler.
      activate(next, return: value)
      cycles.pointee &+= variant.tailChain
      return goToHandler(next)
    }
    selectStack(process: toProcess)
    let frame = registers[13]
    var w: (UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32) = (0, 0, 0, 0, 0, 0, 0, 0)
    var ok = true
    withUnsafeMutableBytes(of: &w) { bytes in
      for i in 0..<8 {
        if let v = loadWord(frame &+ UInt32(i * 4), size: 4, cycles: false) {
          bytes.storeBytes(of: v, toByteOffset: i * 4, as: UInt32.self)
        } else {
          ok = false
        }
      }
    }
    guard ok else { return fault() }
    registers[0] = w.0
    registers[1] = w.1
    registers[2] = w.2
    registers[3] = w.3
    registers[12] = w.4
    registers[14] = w.5
    registers[15] = w.6 & ~1
    registers[13] = (frame &+ 32) | (w.7[bit: 9] ? 4 : 0)
    apsr = w.7
    state.pointee.thumb = w.7[bit: 24]
    state.pointee.ipsr = toHandler ? w.7 & 0x3F : 0
    state.pointee.event = true
    cycles.pointee &+= variant.exceptionReturn
    updateDispatch()
    if !toHandler, state.pointee.scr[bit: 1], !state.pointee.dispatch {
      state.pointee.sleepOnWFE = false
      sleep()
    }
    limit.pointee = min(limit.pointee, state.pointee.control[bit: 0] ? cycles.pointee : limit.pointee)
  }

  // MARK: Faults

  /// HardFault, or lockup where that cannot be taken (§B1.5.14).
  func fault() {
    if state.pointee.ipsr != 3 { state.pointee.lastFault = registers[15] }
    if executionPriority(ignoringMask: true) <= -1 { return lockUp() }
    enterException(Exception.hardFault)
    onHardFault(self)
  }
  private func lockUp() {
    state.pointee.lockedUp = true
    asleep.pointee = true
    endSlice()
    onLockup(self)
  }
  func superviseCall() {
    if priority(of: Exception.svCall) >= executionPriority() {
      registers[15] &-= 2
      return fault()
    }
    enterException(Exception.svCall)
  }

  // MARK: Sleep

  func sleep() {
    if state.pointee.scr[bit: 2] { onDeepSleep() }
    asleep.pointee = true
    endSlice()
  }
  /// An event from SEV of another core, or from a device.
  public func sendEvent() {
    guard !state.pointee.lockedUp else { return }
    if asleep.pointee && state.pointee.sleepOnWFE {
      wake()
    } else {
      state.pointee.event = true
    }
  }

  // MARK: Interrupt lines

  /// The level of interrupt request `n`.
  public func setInterrupt(_ n: Int, _ level: Bool) {
    guard n >= 0, n < variant.interrupts, level != state.pointee.lines[bit: n] else { return }
    state.pointee.lines[bit: n] = level
    if level { pend(16 + n) }
    if state.pointee.nmiMask != 0 { setNMI(state.pointee.lines & state.pointee.nmiMask != 0) }
  }
  /// Interrupt lines that raise NMI as well.
  public func setNMIMask(_ mask: UInt32) {
    state.pointee.nmiMask = mask
    setNMI(state.pointee.lines & mask != 0)
  }
  public func setNMI(_ level: Bool) {
    if level && !state.pointee.nmiLine { pend(Exception.nmi) }
    state.pointee.nmiLine = level
  }
  func pend(_ n: Int) {
    let bit = UInt64(1) << UInt64(n)
    guard state.pointee.pending & bit == 0 else { return }
    state.pointee.pending |= bit
    if state.pointee.scr[bit: 4] { sendEvent() }
    updateDispatch()
    // The running loop notices at the next boundary.
    if state.pointee.dispatch { limit.pointee = min(limit.pointee, cycles.pointee) }
  }
}
