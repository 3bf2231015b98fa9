import Machine

/// Debug exceptions (Xtensa ISA Reference Manual §4.7.6) and the hooks of the careful loop.
extension XtensaCore {
  /// What comes before an instruction in the careful loop; false: the loop must be left.
  func beforeInstruction() -> Bool {
    let pc = state.pointee.pc
    if breakpoints.contains(pc), !state.pointee.pastBreakpoint, onBreakpoint?(self) == true {
      state.pointee.pastBreakpoint = true
      limit.pointee = min(limit.pointee, cycles.pointee)
      state.pointee.stopsHere = true
      return false
    }
    state.pointee.pastBreakpoint = false
    onInstruction?(self, pc)
    for i in 0..<configuration.breakpoints where sr[Number.ibreakEnable][bit: i] && sr[Number.ibreakA + i] == pc {
      if raiseDebug(2) { return true }
    }
    if sr[Number.icountLevel] != 0, currentLevel < Int(sr[Number.icountLevel]) {
      sr[Number.icount] &+= 1
      if sr[Number.icount] == 0 { _ = raiseDebug(1) }
    }
    return true
  }
  /// The page in which data breakpoint `i` is; nil: it is off. It covers 64 bytes at most.
  private func watchedPage(_ i: Int) -> UInt32? { sr[Number.dbreakC + i] >> 30 == 0 ? nil : sr[Number.dbreakA + i] >> 12 }
  /// Whether accesses to a page of 4 KiB take the slow path, because a data breakpoint is in it. Firmware keeps one at the end of
  /// the running task's stack, so this must cost nothing elsewhere.
  func isWatched(_ page: UInt32) -> Bool {
    for i in 0..<configuration.breakpoints where watchedPage(i) == page { return true }
    return false
  }
  /// Sets a register of a data breakpoint.
  func setDataBreak(_ n: Int, _ v: UInt32) {
    let i = n & 1, old = watchedPage(i)
    sr[n] = v
    let new = watchedPage(i)
    guard old != new else { return }
    if let old { map.refresh(old, self) }
    if let new { map.refresh(new, self) }
  }
  /// DBREAK: an access that one of the data breakpoints names.
  func dataBreak(_ address: UInt32, write: Bool) -> Bool {
    for i in 0..<configuration.breakpoints where sr[Number.dbreakC + i] >> 30 != 0 {
      let control = sr[Number.dbreakC + i], mask = control & 0x3F | 0xFFFF_FFC0
      guard control[bit: write ? 31 : 30], address & mask == sr[Number.dbreakA + i] & mask else { continue }
      if raiseDebug(4 | UInt32(i) << 8) { return true }
    }
    return false
  }
}
