import Machine
import Processor

/// A loop that only reads one register of a device, again and again, is skipped forward to the last pass before something
/// else happens: each pass would find what this one found.
struct Polling {
  /// The load, when it was last done, and what was there then.
  var slot: UnsafeMutablePointer<Slot<Op>>?
  var cycles: UInt64 = 0, instructions: UInt64 = 0, misses: UInt64 = 0
  var registers = InlineArray<16, UInt32>(repeating: 0), flags = InlineArray<4, UInt32>(repeating: 0)
  /// Instructions and cycles of the last pass; 0: it changed something.
  var length: UInt64 = 0, period: UInt64 = 0

  /// Whether the registers are as they were then.
  func found(_ r: UnsafeMutablePointer<UInt32>, _ s: CortexM0.State) -> Bool {
    var d = flags[0] ^ s.negative | flags[1] ^ s.zero | flags[2] ^ s.carry | flags[3] ^ s.overflow
    for i in 0..<16 { d |= registers[i] ^ r[i] }
    return d == 0
  }
}

extension CortexM0 {
  /// Instructions of the longest loop that is looked at.
  private static let longest: UInt64 = 8

  /// After a load from a device at `address`.
  func polled(_ slot: UnsafeMutablePointer<Slot<Op>>, _ address: UInt32) {
    let last = polling.pointee, now = cycles.pointee, count = instructions.pointee, misses = cache?.state.pointee.misses ?? 0
    let period = now &- last.cycles, length = count &- last.instructions
    let isAgain = last.slot == slot && length <= Self.longest, isSame = isAgain && last.misses == misses && last.found(registers, state.pointee)
    if isSame, period == last.period, length == last.length, period > 0, bus.isSteady(address), !isCareful, isPolling(slot, length) {
      let end = min(limit.pointee, mayAccess.pointee)
      if end > now {
        let passes = (end - now) / period
        cycles.pointee = now &+ passes &* period
        instructions.pointee = count &+ passes &* length
      }
    } else if isAgain {
      polling.pointee.period = isSame ? period : 0
      polling.pointee.length = length
    }
    polling.pointee.slot = slot
    polling.pointee.cycles = cycles.pointee
    polling.pointee.instructions = instructions.pointee
    polling.pointee.misses = misses
    if !isSame {
      for i in 0..<16 { polling.pointee.registers[i] = registers[i] }
      polling.pointee.flags = [state.pointee.negative, state.pointee.zero, state.pointee.carry, state.pointee.overflow]
    }
  }
  /// Whether the load is the only one in a loop of `length` instructions that end with its only branch and change nothing
  /// but registers and flags.
  private func isPolling(_ load: UnsafeMutablePointer<Slot<Op>>, _ length: UInt64) -> Bool {
    var end = load + 1
    while Self.isPlain(end.pointee.op), end - load < Int(Self.longest) { end += 1 }
    switch end.pointee.op {
    case .beq, .bne, .bcs, .bcc, .bmi, .bpl, .bvs, .bvc, .bhi, .bls, .bge, .blt, .bgt, .ble, .b: break
    default: return false
    }
    let start = end + Int(end.pointee.delta)
    guard start <= load, UInt64(end - start + 1) == length else { return false }
    var s = start
    while s < load {
      guard Self.isPlain(s.pointee.op) else { return false }
      s += 1
    }
    return true
  }
  /// Of one halfword, and nothing but registers and flags go in and come out.
  private static func isPlain(_ op: Op) -> Bool {
    switch op {
    case .lslImm, .movReg, .lsrImm, .asrImm, .addReg, .subReg, .addImm, .subImm, .movImm, .cmpImm, .and, .eor, .lslReg, .lsrReg, .asrReg, .adc, .sbc, .rorReg, .tst, .rsb, .cmpReg, .cmn, .orr, .mul, .bic, .mvn, .cmpHi,
      .adr, .addSPImm, .sxth, .sxtb, .uxth, .uxtb, .rev, .rev16, .revsh, .nop: true
    default: false
    }
  }
}
