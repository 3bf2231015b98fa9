import Machine
import Processor

/// Loads, stores and fetches that the loop leaves to functions.
extension XtensaCore {
  /// The run of code at `pc`, or a fetch exception and nil.
  @inline(never) func enter(_ pc: UInt32) -> UnsafeMutablePointer<MemoryMap.View>? {
    if allowsFetch(pc) {
      if let v = map.view(pc) { return v }
      raise(.instructionFetchError, address: pc)
    } else {
      raise(.instFetchProhibited, address: pc)
    }
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
  /// Goes to the next instruction, which at the end of a loop's body is its first.
  func advance(_ size: UInt8) {
    let next = state.pointee.pc &+ UInt32(size)
    if next == sr[Number.lend], sr[Number.lcount] != 0, sr[Number.ps] & PS.excm == 0 {
      sr[Number.lcount] &-= 1
      state.pointee.pc = sr[Number.lbeg]
    } else {
      state.pointee.pc = next
    }
  }

  @inline(never) func loadSlow(_ slot: UnsafeMutablePointer<Slot<Op>>, _ address: UInt32) {
    let s = slot.pointee
    let size: UInt32 =
      switch s.op {
      case .l8ui: 1
      case .l16ui, .l16si: 2
      default: 4
      }
    guard var v = load(address, size, slot) else { return }
    switch s.op {
    case .lsi: fr[Int(s.m)] = v
    case .lsx: fr[Int(s.d)] = v
    default:
      if s.op == .l16si { v = UInt32(bitPattern: Int32(Int16(truncatingIfNeeded: v))) }
      window[Int(s.m)] = v
    }
    advance(s.size)
  }
  @inline(never) func storeSlow(_ slot: UnsafeMutablePointer<Slot<Op>>, _ address: UInt32) {
    let s = slot.pointee
    let size: UInt32 =
      switch s.op {
      case .s8i: 1
      case .s16i: 2
      default: 4
      }
    let value =
      switch s.op {
      case .ssi: fr[Int(s.m)]
      case .ssx: fr[Int(s.d)]
      default: window[Int(s.m)]
      }
    if store(address, value, size, slot) { advance(s.size) }
  }

  /// A load of 1, 2 or 4 bytes; nil: an exception was raised, or the other core comes first.
  func load(_ address: UInt32, _ size: UInt32, _ slot: UnsafeMutablePointer<Slot<Op>>) -> UInt32? {
    let place = map.place(address)
    guard mayTouch(address, size, place, write: false) else { return nil }
    guard let place else {
      if mustWait(slot) { return nil }
      state.pointee.lastAccess = address
      let result = bus.read(address, size: Int(size))
      if result.fault {
        raise(.loadStoreError, address: address)
        return nil
      }
      cycles.pointee &+= UInt64(result.waitCycles)
      return result.value
    }
    if address & (size - 1) != 0 {
      var v: UInt32 = 0
      for i in 0..<size { v |= UInt32(map.place(address &+ i)?.bytes.load(as: UInt8.self) ?? 0) << (i * 8) }
      cycles.pointee &+= 1
      return v
    }
    switch size {
    case 1: return UInt32(place.bytes.load(as: UInt8.self))
    case 2: return UInt32(place.bytes.load(as: UInt16.self))
    default: return place.bytes.load(as: UInt32.self)
    }
  }
  func store(_ address: UInt32, _ value: UInt32, _ size: UInt32, _ slot: UnsafeMutablePointer<Slot<Op>>) -> Bool {
    let place = map.place(address)
    guard mayTouch(address, size, place, write: true) else { return false }
    guard let place else {
      if mustWait(slot) { return false }
      state.pointee.lastAccess = address
      let result = bus.write(address, value, size: Int(size))
      if result.fault {
        raise(.loadStoreError, address: address)
        return false
      }
      cycles.pointee &+= UInt64(result.waitCycles)
      return true
    }
    if address & (size - 1) != 0 {
      for i in 0..<size {
        guard let p = map.place(address &+ i) else { continue }
        p.bytes.storeBytes(of: UInt8(truncatingIfNeeded: value >> (i * 8)), as: UInt8.self)
        map.memory(p.store).stored(offset: p.offset, count: 1)
      }
      cycles.pointee &+= 1
      return true
    }
    switch size {
    case 1: place.bytes.storeBytes(of: UInt8(truncatingIfNeeded: value), as: UInt8.self)
    case 2: place.bytes.storeBytes(of: UInt16(truncatingIfNeeded: value), as: UInt16.self)
    default: place.bytes.storeBytes(of: value, as: UInt32.self)
    }
    map.memory(place.store).stored(offset: place.offset, count: size)
    return true
  }
  /// The checks of a data access, in the order in which hardware makes them; false: an exception was raised.
  private func mayTouch(_ address: UInt32, _ size: UInt32, _ place: MemoryMap.Place?, write: Bool) -> Bool {
    let last = address &+ (size - 1)
    if address & (size - 1) != 0 {
      // Done in hardware where both ends are ordinary memory.
      guard configuration.unalignedAccess, let place, let end = map.place(last), place.access.contains(.bytes), end.access.contains(.bytes) else {
        raise(.loadStoreAlignment, address: address)
        return false
      }
      if write, !place.access.contains(.write) || !end.access.contains(.write) {
        raise(.loadStoreError, address: address)
        return false
      }
    }
    guard allowsData(address), allowsData(last) else {
      raise(write ? .storeProhibited : .loadProhibited, address: address)
      return false
    }
    if let place, size < 4 && !place.access.contains(.bytes) || write && !place.access.contains(.write) {
      raise(.loadStoreError, address: address)
      return false
    }
    if dataBreak(address, write: write) { return false }
    return true
  }

  // MARK: Decoding

  func decode(_ slot: UnsafeMutablePointer<Slot<Op>>, _ view: UnsafeMutablePointer<MemoryMap.View>) {
    let pc = state.pointee.pc, v = view.pointee, o = pc &- v.base
    // The bytes, from where their addresses lead.
    var word: UInt32 = 0, size: UInt32 = 1, i: UInt32 = 0
    while i < size {
      let a = pc &+ i
      guard allowsFetch(a), let p = map.place(a), p.access.contains(.execute) else {
        return raise(allowsFetch(a) ? .instructionFetchError : .instFetchProhibited, address: a)
      }
      let byte = p.bytes.load(as: UInt8.self)
      if i == 0 { size = UInt32(Op.size(of: byte, options)) }
      word |= UInt32(byte) << (i * 8)
      i += 1
    }
    var s = Slot<Op>.decode(word, at: pc, options)
    if s.op == .l32r, options.contains(.absoluteLiterals), sr[Number.litbase] & 1 != 0 {
      s.imm = (sr[Number.litbase] & 0xFFFF_F000) &+ (0xFFFC_0000 | (word >> 8 & 0xFFFF) << 2)
    }
    if usedNext(s, pc &+ size) { s.cycles &+= UInt8(configuration.loadDelay) }
    if s.op.isJump { s.cycles &+= UInt8(configuration.branchPenalty - 2) }
    // What the loop cannot follow by itself: a way out of the run, or an end that may be a loop's.
    let leaves = s.delta != 0 && (s.op.isBranch || s.op == .j || s.op == .loopnez || s.op == .loopgtz) && UInt32(bitPattern: Int32(bitPattern: o) &+ s.delta) >= v.size
    if leaves {
      s.op = .far
    } else if o &+ size >= v.size || v.ends[Int(o &+ size)] {
      if s.op.isStraight { s.op = .last } else if s.op.isBranch || s.op == .loop || s.op == .loopnez || s.op == .loopgtz || s.op == .entry { s.op = .far }
    }
    for a in [pc, pc &+ size &- 1] {
      if let p = map.place(a) { map.memory(p.store).decoded(p.offset) }
    }
    slot.pointee = s
    v.touched[Int(o >> 12)] = true
    if s.real == .loop || s.real == .loopnez || s.real == .loopgtz { markLoopEnd(s.imm) }
  }
  /// Whether the instruction at `next` uses what the load `s` loads: it waits a cycle.
  private func usedNext(_ s: Slot<Op>, _ next: UInt32) -> Bool {
    switch s.op {
    case .l8ui, .l16ui, .l16si, .l32i, .l32iN, .l32r: break
    default: return false
    }
    var word: UInt32 = 0
    for i in 0..<3 as Range<UInt32> {
      guard let p = map.place(next &+ i) else { return false }
      word |= UInt32(p.bytes.load(as: UInt8.self)) << (i * 8)
    }
    guard let row = Op.row(of: word, options) else { return false }
    // The first register named is the result, except where all are read.
    let e = row.encoding, registers = row.addressRegisters
    let all = e.op.isBranch || [.s8i, .s16i, .s32i, .s32iN, .jx, .callx0, .callxw, .ssl, .ssr, .ssa8l, .ssa8b, .wsr, .wur, .loop, .loopnez, .loopgtz].contains(e.op)
    return registers.dropFirst(all ? 0 : 1).contains { e.field($0, word) == UInt32(s.m) }
  }
  /// LEND was set: the instructions that end there become `last`.
  func markLoopEnd(_ address: UInt32) {
    guard let v = map.view(address) else { return }
    let o = Int(address &- v.pointee.base)
    guard o >= 3, !v.pointee.ends[o] else { return }
    v.pointee.ends[o] = true
    for n in 2...3 where v.pointee.slots[o - n].size == n { v.pointee.slots[o - n] = Slot(.undecoded) }
  }
}
