import Machine
import Processor

/// What the run loop leaves to functions: devices, system registers, decoding, faults.
extension CortexM0 {
  /// The region that holds `address`, or a fault there and nil.
  @inline(never) func enter(_ address: UInt32, careful: Bool) -> UnsafeMutablePointer<View>? {
    if !state.pointee.thumb {
      fault()
      return nil
    }
    if careful, !mpuAllows(address, write: false, execute: true) {
      state.pointee.lastAccess = address
      fault()
      return nil
    }
    let last = places.pointee.current
    if last < places.pointee.count, address &- views[last].base < views[last].size { return views + last }
    for i in 0..<places.pointee.count where address &- views[i].base < views[i].size {
      places.pointee.current = i
      return views + i
    }
    state.pointee.lastAccess = address
    fault()
    return nil
  }

  /// Takes back an instruction that may not be executed yet: the other core must catch up first.
  private func mustWait(_ slot: UnsafeMutablePointer<Slot<Op>>) -> Bool {
    let start = cycles.pointee &- UInt64(slot.pointee.cycles)
    guard start > mayAccess.pointee else { return false }
    cycles.pointee = start
    instructions.pointee &-= 1
    limit.pointee = start
    return true
  }

  // MARK: Loads and stores

  @inline(never) func loadSlow(_ slot: UnsafeMutablePointer<Slot<Op>>, _ address: UInt32) {
    let op = slot.pointee.op
    let size: Int =
      switch op {
      case .ldrhImm, .ldrhReg, .ldrshReg: 2
      case .ldrbImm, .ldrbReg, .ldrsbReg: 1
      default: 4
      }
    let isDevice = isDevice(address)
    if isDevice, mustWait(slot) { return }
    guard var v = loadWord(address, size: size, cycles: true) else { return fault() }
    if op == .ldrshReg { v = UInt32(bitPattern: Int32(Int16(truncatingIfNeeded: v))) }
    if op == .ldrsbReg { v = UInt32(bitPattern: Int32(Int8(truncatingIfNeeded: v))) }
    registers[Int(slot.pointee.d)] = v
    registers[15] &+= 2
    if isDevice { polled(slot, address) }
  }
  @inline(never) func storeSlow(_ slot: UnsafeMutablePointer<Slot<Op>>, _ address: UInt32) {
    let size: Int =
      switch slot.pointee.op {
      case .strhImm, .strhReg: 2
      case .strbImm, .strbReg: 1
      default: 4
      }
    if isDevice(address), mustWait(slot) { return }
    let next = registers[15] &+ 2
    guard storeWord(address, registers[Int(slot.pointee.d)], size: size, cycles: true) else { return fault() }
    registers[15] = next
  }
  @inline(__always) private func isDevice(_ address: UInt32) -> Bool { address >= 0x2100_0000 || address &- 0x1400_0000 < 0x0C00_0000 }

  /// A load of 1, 2 or 4 bytes by the slow path; nil: it faulted.
  func loadWord(_ address: UInt32, size: Int, cycles count: Bool) -> UInt32? {
    state.pointee.lastAccess = address
    guard address & UInt32(size - 1) == 0 else { return nil }
    if !mpuAllows(address, write: false, execute: false) { return nil }
    let flash = places.pointee.flash
    if flash >= 0, address &- views[flash].base < views[flash].size {
      let f = views[flash], o = address &- f.base
      if let cache {
        if cache.holds(o) { cache.state.pointee.accesses &+= 1 } else if count { cycles.pointee &+= UInt64(cache.fill(o)) }
      }
      switch size {
      case 1: return UInt32((f.memory + Int(o)).load(as: UInt8.self))
      case 2: return UInt32((f.memory + Int(o)).load(as: UInt16.self))
      default: return (f.memory + Int(o)).load(as: UInt32.self)
      }
    }
    if address >> 20 == 0xE00 {
      guard isPrivileged, size == 4 || address >> 12 == 0xE000E else { return nil }
      let word = readSystem(address & ~3)
      return size == 4 ? word : size == 2 ? word >> ((address & 2) * 8) & 0xFFFF : word >> ((address & 3) * 8) & 0xFF
    }
    let result = bus.read(address, size: size)
    if result.fault { return nil }
    if count { charge(address, result.waitCycles) }
    return result.value
  }
  func storeWord(_ address: UInt32, _ value: UInt32, size: Int, cycles count: Bool) -> Bool {
    state.pointee.lastAccess = address
    guard address & UInt32(size - 1) == 0 else { return false }
    if !mpuAllows(address, write: true, execute: false) { return false }
    if address >> 20 == 0xE00 {
      guard isPrivileged else { return false }
      if size == 4 { writeSystem(address, value) }
      return true
    }
    let result = bus.write(address, value, size: size)
    if result.fault { return false }
    if count { charge(address, result.waitCycles) }
    return true
  }
  private func charge(_ address: UInt32, _ wait: UInt32) {
    if variant.ioPort.contains(address) { cycles.pointee &-= 1 } else { cycles.pointee &+= UInt64(wait) }
  }

  /// PUSH, POP, LDM, STM word by word. Registers change only when all words were moved.
  @inline(never) func blockSlow(_ slot: UnsafeMutablePointer<Slot<Op>>) {
    let s = slot.pointee, count = UInt32(s.imm.nonzeroBitCount)
    let base = s.op == .push || s.op == .pop ? registers[13] : registers[Int(s.n)]
    var address = s.op == .push ? base &- count * 4 : base
    if isDevice(address), mustWait(slot) { return }
    let first = address
    var loaded: (UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32) = (0, 0, 0, 0, 0, 0, 0, 0, 0)
    var n = 0
    let store = s.op == .push || s.op == .stm
    for i in 0..<16 where s.imm[bit: i] {
      if store {
        guard storeWord(address, registers[i], size: 4, cycles: true) else { return fault() }
      } else {
        guard let v = loadWord(address, size: 4, cycles: true) else { return fault() }
        withUnsafeMutableBytes(of: &loaded) { $0.storeBytes(of: v, toByteOffset: n * 4, as: UInt32.self) }
      }
      n += 1
      address &+= 4
    }
    cycles.pointee &+= UInt64(count)
    registers[15] &+= 2
    switch s.op {
    case .push: registers[13] = first
    case .stm: registers[Int(s.n)] = address
    case .pop: registers[13] = address
    default: registers[Int(s.n)] = address
    }
    if store { return }
    n = 0
    for i in 0..<16 where s.imm[bit: i] {
      let v = withUnsafeBytes(of: &loaded) { $0.load(fromByteOffset: n * 4, as: UInt32.self) }
      n += 1
      if i == 15 {
        cycles.pointee &+= UInt64(variant.branchCycles)
        jump(to: v, from: .pop)
      } else {
        registers[i] = v
      }
    }
  }

  // MARK: Branches out of the region

  /// A branch by register: another region, an exception return, or the ARM state that this core does not have.
  @inline(never) func jump(to target: UInt32, from op: Op) {
    let interworks = op == .bx || op == .blx || op == .pop
    if interworks {
      if target >> 28 == 0xF, isHandler, op != .blx {
        return exceptionReturn(target)
      }
      state.pointee.thumb = target[bit: 0]
    }
    registers[15] = target & ~1
  }

  // MARK: Decoding, hints, system instructions

  @inline(never) func special(_ slot: UnsafeMutablePointer<Slot<Op>>, _ region: UnsafeMutablePointer<View>) {
    let pc = registers[15], op = slot.pointee.op
    if op == .undecoded || op == .fetchMiss {
      // Not an execution yet: take its cycles back.
      cycles.pointee &-= UInt64(slot.pointee.cycles)
      instructions.pointee &-= 1
      return op == .undecoded ? decode(slot, region, pc) : fetch(region, pc)
    }
    switch op {
    case .hostCall:
      if let call = onHostCall {
        registers[15] = pc &+ 2
        cycles.pointee &+= UInt64(call(slot.pointee.imm, self))
      } else {
        fault()
      }
    case .undefined, .udf: fault()
    case .svc:
      registers[15] = pc &+ 2
      superviseCall()
    case .bkpt:
      if onBreakpoint?(self) == true { return }
      fault()
    case .cps:
      registers[15] = pc &+ 2
      if isPrivileged {
        state.pointee.primask = slot.pointee.imm != 0
        updateDispatch()
      }
    case .sev:
      registers[15] = pc &+ 2
      state.pointee.event = true
      onSendEvent()
    case .wfe:
      if mustWait(slot) { return }
      registers[15] = pc &+ 2
      if state.pointee.event {
        state.pointee.event = false
      } else {
        state.pointee.sleepOnWFE = true
        sleep()
      }
    case .wfi:
      if mustWait(slot) { return }
      registers[15] = pc &+ 2
      state.pointee.sleepOnWFE = false
      if !canWake { sleep() }
    case .msr:
      registers[15] = pc &+ 4
      writeSpecial(slot.pointee.imm, registers[Int(slot.pointee.n)])
    case .mrs:
      registers[15] = pc &+ 4
      registers[Int(slot.pointee.d)] = readSpecial(slot.pointee.imm)
    default: fault()
    }
  }
  private func decode(_ slot: UnsafeMutablePointer<Slot<Op>>, _ region: UnsafeMutablePointer<View>, _ pc: UInt32) {
    let o = pc &- region.pointee.base
    guard o < region.pointee.size else {
      state.pointee.lastAccess = pc
      return fault()
    }
    let first = UInt32((region.pointee.memory + Int(o)).load(as: UInt16.self))
    let second = o &+ 2 < region.pointee.size ? UInt32((region.pointee.memory + Int(o) + 2).load(as: UInt16.self)) : nil
    var s = Slot<Op>.decode(first, second: second, at: pc, variant: variant, hostCalls: region.pointee.hostCalls)
    // A branch out of the region becomes one that the loop does not follow by itself.
    if s.delta != 0 {
      let target = Int(o / 2) + Int(s.delta)
      if target < 0 || target >= Int(region.pointee.size / 2) { s = Slot(.undefined) }
    }
    s.real = s.op
    if region.pointee.tags != nil, let cache, !cache.holds(o) { s.op = .fetchMiss }
    slot.pointee = s
    region.pointee.granules[Int(o >> View.granuleShift)] = true
  }
  private func fetch(_ region: UnsafeMutablePointer<View>, _ pc: UInt32) {
    guard region.pointee.tags != nil, let cache else { return }
    let o = pc &- region.pointee.base
    cycles.pointee &+= UInt64(cache.fill(o))
    if !cache.state.pointee.enabled {
      // Nothing is kept: this one instruction runs, then the next access misses again.
      let slot = region.pointee.slots + Int(o / 2)
      slot.pointee.op = slot.pointee.real
    }
  }

  /// §B1.4.2: who may see which special register.
  private func readSpecial(_ n: UInt32) -> UInt32 {
    switch n {
    case 0...7: (n & 4 == 0 ? apsr : 0) | (n & 1 != 0 ? state.pointee.ipsr : 0)
    case 8: isPrivileged ? msp : 0
    case 9: isPrivileged ? psp : 0
    case 16: isPrivileged && state.pointee.primask ? 1 : 0
    case 20: state.pointee.control & 3
    default: 0
    }
  }
  private func writeSpecial(_ n: UInt32, _ v: UInt32) {
    if n < 4 { apsr = v }
    guard isPrivileged else { return }
    switch n {
    case 8: msp = v
    case 9: psp = v
    case 16:
      state.pointee.primask = v[bit: 0]
      updateDispatch()
    case 20:
      if !isHandler { selectStack(process: v[bit: 1]) }
      if variant.hasUserMode {
        state.pointee.control[bit: 0] = v[bit: 0]
        limit.pointee = min(limit.pointee, cycles.pointee)  // the other loop, from here on
      }
    default: break
    }
  }

  // MARK: MPU, §B3.5

  func mpuAllows(_ address: UInt32, write: Bool, execute: Bool) -> Bool {
    if execute, address >> 29 == 2 || address >= 0xA000_0000 { return false }  // peripheral and device space: never code
    guard state.pointee.mpuControl[bit: 0] else { return true }
    if address >> 20 == 0xE00 { return true }
    if state.pointee.ipsr == 3 || state.pointee.ipsr == 2, !state.pointee.mpuControl[bit: 1] { return true }
    for i in (0..<8).reversed() {
      let a = mpuAttribute(i), base = mpuBaseAddress(i)
      guard a[bit: 0] else { continue }
      let bits = a[bits: 1...5] + 1
      guard bits >= 8 else { continue }
      if bits < 32, (address ^ base) >> bits != 0 { continue }
      let sub = bits >= 32 ? address >> 29 : (address >> (bits - 3)) & 7
      if a[bit: 8 + Int(sub)] { continue }
      if execute && a[bit: 28] { return false }
      switch a[bits: 24...26] {
      case 1: return isPrivileged
      case 2: return isPrivileged || !write
      case 3: return true
      case 5: return isPrivileged && !write
      case 6, 7: return !write
      default: return false
      }
    }
    return isPrivileged && state.pointee.mpuControl[bit: 2]
  }
  func mpuAttribute(_ i: Int) -> UInt32 {
    withUnsafeBytes(of: &state.pointee.mpuAttributes) { $0.load(fromByteOffset: (i & 7) * 4, as: UInt32.self) }
  }
  func mpuBaseAddress(_ i: Int) -> UInt32 {
    withUnsafeBytes(of: &state.pointee.mpuBase) { $0.load(fromByteOffset: (i & 7) * 4, as: UInt32.self) }
  }
}
