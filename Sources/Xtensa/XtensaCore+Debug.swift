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
  /// DBREAK: an access that one of the data breakpoints names.
  func dataBreak(_ address: UInt32, write: Bool) -> Bool {
    for i in 0..<configuration.breakpoints {
      let control = sr[Number.dbreakC + i], mask = control & 0x3F | 0xFFFF_FFC0
      guard control[bit: write ? 31 : 30], address & mask == sr[Number.dbreakA + i] & mask else { continue }
      if raiseDebug(4 | UInt32(i) << 8) { return true }
    }
    return false
  }
}
