import Machine

/// Exceptions and interrupts: Xtensa ISA Reference Manual §4.4.
extension XtensaCore {
  /// CINTLEVEL: what interrupts must be above.
  var currentLevel: Int {
    let ps = sr[Number.ps]
    return max(Int(ps & PS.intLevel), ps & PS.excm != 0 ? configuration.exceptionLevel : 0)
  }
  /// The highest level of an interrupt that can be taken, 0: none. The NMI has no enable bit.
  private var pendingLevel: Int {
    let pending = sr[Number.interrupt] & (sr[Number.intEnable] | nmiMask)
    guard pending != 0 else { return 0 }
    let current = currentLevel
    var level = configuration.nmiLevel
    while level > current {
      if pending & levelMasks[level & 15] != 0 { return level }
      level -= 1
    }
    return 0
  }
  /// After any change of INTERRUPT, INTENABLE or PS.
  func updateInterrupts() {
    state.pointee.dispatch = pendingLevel > 0
    guard state.pointee.dispatch else { return }
    if state.pointee.waiting, !state.pointee.stalled {
      state.pointee.waiting = false
      wake()
    }
    limit.pointee = min(limit.pointee, cycles.pointee)
  }
  @inline(never) func dispatchInterrupt() {
    let level = pendingLevel
    state.pointee.dispatch = false
    guard level > 0 else { return }
    cycles.pointee &+= 3
    if level == 1 {
      sr[Number.excCause] = Cause.level1Interrupt.rawValue
      enterGeneral()
      return
    }
    if level == configuration.nmiLevel { sr[Number.interrupt] &= ~nmiMask }
    enterLevel(level)
  }
  private func enterLevel(_ level: Int) {
    sr[Number.epc + level] = state.pointee.pc
    sr[Number.eps + level] = sr[Number.ps]
    sr[Number.ps] = sr[Number.ps] & ~PS.intLevel | UInt32(level) | PS.excm
    state.pointee.pc = sr[Number.vecbase] &+ (level >= 2 && level - 2 < configuration.levelVectors.count ? configuration.levelVectors[level - 2] : configuration.kernelVector)
    updateInterrupts()
  }
  private func enterGeneral() {
    sr[Number.epc + 1] = state.pointee.pc
    state.pointee.pc = sr[Number.vecbase] &+ (sr[Number.ps] & PS.um != 0 ? configuration.userVector : configuration.kernelVector)
    sr[Number.ps] |= PS.excm
    updateInterrupts()
  }
  /// A general exception of the instruction at `pc`.
  @inline(never) func raise(_ cause: Cause, address: UInt32? = nil) { raise(cause: cause.rawValue, address: address) }
  func raise(cause: UInt32, address: UInt32? = nil) {
    let pc = state.pointee.pc
    sr[Number.excCause] = cause
    if let address {
      sr[Number.excVAddr] = address
      state.pointee.lastAccess = address
    }
    onException?(cause, pc, sr[Number.excVAddr])
    cycles.pointee &+= 3
    guard sr[Number.ps] & PS.excm != 0 else { return enterGeneral() }
    let vector = sr[Number.vecbase] &+ configuration.doubleVector
    if pc == vector, cause == Cause.instructionFetchError.rawValue || cause == Cause.instFetchProhibited.rawValue {
      // It would go round for ever.
      state.pointee.dead = true
      asleep.pointee = true
      onLockup(self)
    }
    sr[Number.depc] = pc
    state.pointee.pc = vector
  }
  /// §4.7.6: causes are bits of DEBUGCAUSE; false: the level forbids it.
  func raiseDebug(_ cause: UInt32) -> Bool {
    guard currentLevel < configuration.debugLevel else { return false }
    sr[Number.debugCause] = cause
    cycles.pointee &+= 3
    enterLevel(configuration.debugLevel)
    return true
  }

  // MARK: Windows, §4.7.1

  /// How many groups of four registers above a0 to a3 can be used without an overflow exception.
  @inline(__always) var windowLimit: UInt8 { Self.windowLimit(ps: sr[Number.ps], base: sr[Number.windowBase], start: sr[Number.windowStart]) }
  @inline(__always) static func windowLimit(ps: UInt32, base: UInt32, start: UInt32) -> UInt8 {
    guard ps & (PS.woe | PS.excm) == PS.woe else { return 3 }
    let above = (start | start << 16) >> ((base & 15) &+ 1)
    return UInt8(truncatingIfNeeded: (above & 7 | 8).trailingZeroBitCount)
  }
  /// Moves WINDOWBASE; the registers of a window that wraps move with it. Gives the new window.
  @inline(__always) static func rotate(_ ar: UnsafeMutablePointer<UInt32>, from old: UInt32, to new: UInt32) -> UnsafeMutablePointer<UInt32> {
    if old > 12 { for i in 0..<Int(old &- 12) * 4 { ar[i] = ar[i &+ 64] } }
    if new > 12 { for i in 0..<Int(new &- 12) * 4 { ar[i &+ 64] = ar[i] } }
    return ar + Int(new) * 4
  }
  func setWindowBase(_ new: UInt32) {
    guard options.contains(.windowed) else { return }
    _ = Self.rotate(addressRegisters, from: sr[Number.windowBase] & 15, to: new & 15)
    sr[Number.windowBase] = new & 15
  }
  /// The frame `groups` above is live: it must be saved first.
  @inline(never) func windowOverflow() {
    let base = sr[Number.windowBase], start = sr[Number.windowStart] | sr[Number.windowStart] << 16
    let k = UInt32(windowLimit) &+ 1, m = base &+ k
    setOWB(base)
    let above = start >> (m &+ 1)
    setWindowBase(m)
    enterWindow(above & 1 != 0 ? 0x000 : above & 2 != 0 ? 0x080 : 0x100)
  }
  func windowUnderflow(_ n: UInt32) {
    setOWB(sr[Number.windowBase])
    setWindowBase(sr[Number.windowBase] &- n)
    enterWindow([0x040, 0x0C0, 0x140][Int(n &- 1) % 3])
  }
  private func setOWB(_ base: UInt32) { sr[Number.ps] = sr[Number.ps] & ~PS.owb | (base & 15) << 8 }
  private func enterWindow(_ vector: UInt32) {
    sr[Number.epc + 1] = state.pointee.pc
    sr[Number.ps] |= PS.excm
    cycles.pointee &+= 3
    state.pointee.pc = sr[Number.vecbase] &+ vector
    updateInterrupts()
  }

  // MARK: Region attributes, §4.6.3

  private func attribute(_ all: UInt32, _ address: UInt32) -> UInt32 { all >> (address >> 29 * 4) & 15 }
  /// Attributes 0 to 5 are kinds of caching, the others forbid access.
  func allowsData(_ address: UInt32) -> Bool { attribute(state.pointee.dataAttributes, address) < 6 }
  func allowsFetch(_ address: UInt32) -> Bool { attribute(state.pointee.instructionAttributes, address) < 6 }
}
