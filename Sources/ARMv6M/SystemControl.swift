import Machine

/// The private peripheral bus at 0xE000E000: SysTick, NVIC, SCB, MPU (ARMv6-M Architecture Reference Manual §B3).
extension CortexM0 {
  func readSystem(_ address: UInt32) -> UInt32 {
    let s = state.pointee
    switch address {
    case 0xE000_E010 where variant.hasSysTick:
      updateSysTickFlag()
      let v = state.pointee.sysCSR | (state.pointee.sysFlag ? 1 << 16 : 0)
      state.pointee.sysFlag = false
      return v
    case 0xE000_E014 where variant.hasSysTick: return s.sysReload
    case 0xE000_E018 where variant.hasSysTick: return sysTickCount
    case 0xE000_E01C where variant.hasSysTick: return variant.calibration
    case 0xE000_E100, 0xE000_E180: return s.enabled
    case 0xE000_E200, 0xE000_E280: return UInt32(truncatingIfNeeded: s.pending >> 16)
    case 0xE000_E400..<0xE000_E420:
      return withUnsafeBytes(of: &state.pointee.priorities) { $0.load(fromByteOffset: Int(address & 0x1C), as: UInt32.self) }
    case 0xE000_ED00: return variant.cpuid
    case 0xE000_ED04: return icsr
    case 0xE000_ED08: return s.vtor
    case 0xE000_ED0C: return 0xFA05_0000
    case 0xE000_ED10: return s.scr
    case 0xE000_ED14: return 0x208
    case 0xE000_ED1C: return s.shpr2
    case 0xE000_ED20: return s.shpr3
    case 0xE000_ED24: return (s.pending >> 11) & 1 != 0 ? 1 << 15 : 0
    case 0xE000_ED90: return variant.hasMPU ? 0x800 : 0
    case 0xE000_ED94 where variant.hasMPU: return s.mpuControl
    case 0xE000_ED98 where variant.hasMPU: return s.mpuRegion
    case 0xE000_ED9C where variant.hasMPU: return mpuBaseAddress(Int(s.mpuRegion)) | s.mpuRegion
    case 0xE000_EDA0 where variant.hasMPU: return mpuAttribute(Int(s.mpuRegion))
    default: return 0
    }
  }
  private var icsr: UInt32 {
    let s = state.pointee
    let external = s.pending >> 16 & UInt64(s.enabled)
    var v = s.ipsr
    var pending = s.pending & (UInt64(s.enabled) << 16 | 0xFFFF), best = 0
    while pending != 0 {
      let n = pending.trailingZeroBitCount
      if best == 0 || priority(of: n) < priority(of: best) { best = n }
      pending &= pending &- 1
    }
    v |= UInt32(best) << 12
    v[bit: 22] = external != 0
    v[bit: 26] = s.pending >> 15 & 1 != 0
    v[bit: 28] = s.pending >> 14 & 1 != 0
    v[bit: 31] = s.pending >> 2 & 1 != 0
    return v
  }

  func writeSystem(_ address: UInt32, _ v: UInt32) {
    switch address {
    case 0xE000_E010 where variant.hasSysTick:
      catchUpSysTick()
      state.pointee.sysCSR = v & (referenceClock == nil ? 3 : 7) | (referenceClock == nil ? 4 : 0)
      restartSysTick()
    case 0xE000_E014 where variant.hasSysTick:
      catchUpSysTick()
      state.pointee.sysReload = v & 0xFF_FFFF
      restartSysTick()
    case 0xE000_E018 where variant.hasSysTick:
      state.pointee.sysValue = 0
      state.pointee.sysFlag = false
      state.pointee.sysStart = sysTickNow
      restartSysTick()
    case 0xE000_E100: state.pointee.enabled |= v
    case 0xE000_E180: state.pointee.enabled &= ~v
    case 0xE000_E200:
      for n in 0..<32 where v[bit: n] { pend(16 + n) }
    case 0xE000_E280: state.pointee.pending &= ~(UInt64(v & ~state.pointee.lines) << 16)
    case 0xE000_E400..<0xE000_E420:
      withUnsafeMutableBytes(of: &state.pointee.priorities) { $0.storeBytes(of: v & 0xC0C0_C0C0, toByteOffset: Int(address & 0x1C), as: UInt32.self) }
    case 0xE000_ED04:
      if v[bit: 31] { pend(Exception.nmi) }
      if v[bit: 28] { pend(Exception.pendSV) }
      if v[bit: 27] { state.pointee.pending &= ~(1 << 14) }
      if v[bit: 26] { pend(Exception.sysTick) }
      if v[bit: 25] { state.pointee.pending &= ~(1 << 15) }
    case 0xE000_ED08: if variant.hasVTOR { state.pointee.vtor = v & variant.vtorMask }
    case 0xE000_ED0C: if v >> 16 == 0x05FA, v[bit: 2] { onResetRequest() }
    case 0xE000_ED10: state.pointee.scr = v & 0x16
    case 0xE000_ED1C: state.pointee.shpr2 = v & 0xC000_0000
    case 0xE000_ED20: state.pointee.shpr3 = v & 0xC0C0_0000
    case 0xE000_ED94 where variant.hasMPU:
      state.pointee.mpuControl = v & 7
      limit.pointee = min(limit.pointee, cycles.pointee)  // the careful loop, from here on
    case 0xE000_ED98 where variant.hasMPU: state.pointee.mpuRegion = v & 7
    case 0xE000_ED9C where variant.hasMPU:
      if v[bit: 4] { state.pointee.mpuRegion = v & 7 }
      let at = Int(state.pointee.mpuRegion & 7) * 4
      withUnsafeMutableBytes(of: &state.pointee.mpuBase) { $0.storeBytes(of: v & ~0xFF, toByteOffset: at, as: UInt32.self) }
    case 0xE000_EDA0 where variant.hasMPU:
      let at = Int(state.pointee.mpuRegion & 7) * 4
      withUnsafeMutableBytes(of: &state.pointee.mpuAttributes) { $0.storeBytes(of: v & 0x1707_FF3F, toByteOffset: at, as: UInt32.self) }
    default: break
    }
    updateDispatch()
  }

  // MARK: SysTick, §B3.3: computed when read, an event when it interrupts

  private var usesReference: Bool { referenceClock != nil && !state.pointee.sysCSR[bit: 2] }
  private var sysTickNow: UInt64 {
    usesReference ? referenceClock!.pointee.cycle(at: scheduler.now) : max(cycles.pointee, asleep.pointee ? currentCycle() : 0)
  }
  private var sysTickCount: UInt32 {
    let s = state.pointee
    guard s.sysCSR[bit: 0] else { return s.sysValue }
    let passed = sysTickNow &- s.sysStart
    if passed <= UInt64(s.sysValue) { return s.sysValue - UInt32(passed) }
    guard s.sysReload > 0 else { return 0 }
    let period = UInt64(s.sysReload) + 1, into = (passed - UInt64(s.sysValue) - 1) % period
    return s.sysReload - UInt32(into)
  }
  private func updateSysTickFlag() {
    let s = state.pointee
    guard s.sysCSR[bit: 0] else { return }
    if s.sysValue > 0, sysTickNow &- s.sysStart >= UInt64(s.sysValue) {
      state.pointee.sysFlag = true
      catchUpSysTick()
    } else if s.sysValue == 0, s.sysReload > 0, sysTickNow &- s.sysStart >= UInt64(s.sysReload) + 1 {
      state.pointee.sysFlag = true
      catchUpSysTick()
    }
  }
  private func catchUpSysTick() {
    state.pointee.sysValue = sysTickCount
    state.pointee.sysStart = sysTickNow
  }
  /// Schedules the next passage to zero when it interrupts.
  func restartSysTick() {
    let s = state.pointee
    guard s.sysCSR & 3 == 3 else { return scheduler.cancel(sysTickEvent) }
    var left = UInt64(s.sysValue)
    if left == 0 {
      guard s.sysReload > 0 else { return scheduler.cancel(sysTickEvent) }
      left = UInt64(s.sysReload) + 1
    }
    let at = s.sysStart &+ left
    let time = usesReference ? referenceClock!.pointee.time(ofCycle: at) : clock.pointee.time(ofCycle: at)
    if time == .max { scheduler.cancel(sysTickEvent) } else { scheduler.schedule(sysTickEvent, at: time) }
  }
  func sysTickExpired() {
    state.pointee.sysFlag = true
    let reference = usesReference ? referenceClock! : clock
    state.pointee.sysStart = reference.pointee.cycle(atOrAfter: scheduler.now)
    state.pointee.sysValue = 0
    pend(Exception.sysTick)
    restartSysTick()
  }
}
