import Machine
import Processor

/// Instructions that the loop leaves to functions: decoding, exceptions, windows, special registers, MAC16, booleans.
extension XtensaCore {
  @inline(never) func special(_ slot: UnsafeMutablePointer<Slot<Op>>, _ view: UnsafeMutablePointer<MemoryMap.View>) {
    let s = slot.pointee
    if s.op == .undecoded {
      // Not an execution yet: take it back.
      cycles.pointee &-= UInt64(s.cycles)
      instructions.pointee &-= 1
      return decode(slot, view)
    }
    if s.op.isFloat, sr[Number.cpEnable] & 1 == 0 { return raise(.coprocessor0Disabled) }
    execute(s.op == .far ? s.real : s.op, slot)
  }
  private func execute(_ op: Op, _ slot: UnsafeMutablePointer<Slot<Op>>) {
    let s = slot.pointee, w = window
    switch op {
    case .illegal, .unmodelled, .debugger: return raise(.illegalInstruction)
    case .vector: return sr[Number.cpEnable] & 8 == 0 ? raise(cause: Cause.coprocessor0Disabled.rawValue + 3) : raise(.illegalInstruction)
    case .quou, .quos, .remu, .rems: return raise(.integerDivideByZero)
    case .syscall: return raise(.syscall)
    case .simcall:
      guard onSimcall?(self) == true else { return raise(.illegalInstruction) }
    case .break, .breakN:
      if onBreak?(self) == true { return }
      if raiseDebug(op == .break ? 8 : 16) { return }

    // Ways that the loop does not know
    case .beq, .bne, .blt, .bge, .bltu, .bgeu, .ball, .bnall, .bany, .bnone, .bbc, .bbs, .bbci, .bbsi, .beqi, .bnei, .blti, .bgei, .bltui, .bgeui, .beqz, .bnez, .bltz, .bgez,
      .beqzN, .bnezN, .bf, .bt:
      if isTaken(op, s) {
        cycles.pointee &+= UInt64(configuration.branchPenalty)
        state.pointee.pc = state.pointee.pc &+ UInt32(bitPattern: s.delta)
        return
      }
    case .j:
      state.pointee.pc = state.pointee.pc &+ UInt32(bitPattern: s.delta)
      return
    case .loop, .loopnez, .loopgtz:
      let n = w[Int(s.n)]
      sr[Number.lbeg] = state.pointee.pc &+ 3
      sr[Number.lend] = s.imm
      sr[Number.lcount] = n &- 1
      markLoopEnd(s.imm)
      if op == .loopnez && n == 0 || op == .loopgtz && Int32(bitPattern: n) <= 0 {
        state.pointee.pc = s.imm
        return
      }

    // Windows
    case .entry:
      let ps = sr[Number.ps], n = (ps >> 16) & 3
      guard ps & (PS.woe | PS.excm) == PS.woe, s.n < 4 else { return raise(.illegalInstruction) }
      if n > windowLimit { return windowOverflow() }
      let sp = w[Int(s.n)] &- s.imm
      setWindowBase(sr[Number.windowBase] &+ n)
      window[Int(s.n)] = sp
      sr[Number.windowStart] |= 1 << sr[Number.windowBase]
    case .retw, .retwN:
      // The ordinary return is the loop's.
      let n = w[0] >> 30, base = sr[Number.windowBase], start = sr[Number.windowStart]
      let below = ((start << 16 | start) >> (base &+ 13)) & 7
      guard n != 0, sr[Number.ps] & (PS.woe | PS.excm) == PS.woe, below == 0 || below &>> (3 &- n) == 1 else { return raise(.illegalInstruction) }
      if below == 0 { return windowUnderflow(n) }
      state.pointee.pc = state.pointee.pc & 0xC000_0000 | w[0] & 0x3FFF_FFFF
      setWindowBase(base &- n)
      sr[Number.windowStart] = start & ~(1 << base)
      return
    case .rfwo, .rfwu:
      let bit = UInt32(1) << sr[Number.windowBase]
      sr[Number.windowStart] = op == .rfwo ? sr[Number.windowStart] & ~bit : sr[Number.windowStart] | bit
      setWindowBase((sr[Number.ps] & PS.owb) >> 8)
      sr[Number.ps] &= ~PS.excm
      state.pointee.pc = sr[Number.epc + 1]
      updateInterrupts()
      return
    case .rotw: setWindowBase(sr[Number.windowBase] &+ s.imm)
    case .movsp:
      let start = sr[Number.windowStart]
      if ((start << 16 | start) >> (sr[Number.windowBase] &+ 13)) & 7 == 0 { return raise(.alloca) }
      w[Int(s.m)] = w[Int(s.n)]

    // Returns from exceptions, interrupts
    case .rfe:
      sr[Number.ps] &= ~PS.excm
      state.pointee.pc = sr[Number.epc + 1]
      updateInterrupts()
      return
    case .rfde:
      state.pointee.pc = sr[Number.depc]
      return
    case .rfi:
      let n = Int(s.imm)
      guard n >= 2, n <= configuration.nmiLevel else { return raise(.illegalInstruction) }
      state.pointee.pc = sr[Number.epc + n]
      writeSpecial(Number.ps, sr[Number.eps + n])
      return
    case .rsil:
      let ps = sr[Number.ps]
      writeSpecial(Number.ps, ps & ~PS.intLevel | s.imm)
      w[Int(s.m)] = ps
    case .waiti:
      advance(s.size)
      writeSpecial(Number.ps, sr[Number.ps] & ~PS.intLevel | s.imm)
      if !state.pointee.dispatch {
        state.pointee.waiting = true
        asleep.pointee = true
      }
      return

    // Special and user registers
    case .rsr: w[Int(s.m)] = readSpecial(Int(s.imm))
    case .wsr: writeSpecial(Int(s.imm), w[Int(s.m)])
    case .xsr:
      let old = readSpecial(Int(s.imm)), new = w[Int(s.m)]
      if s.imm == UInt32(Number.windowBase) {
        // The register is that of the old window.
        w[Int(s.m)] = old
        writeSpecial(Number.windowBase, new)
      } else {
        writeSpecial(Int(s.imm), new)
        w[Int(s.m)] = old
      }
    case .rur: w[Int(s.d)] = ur[Int(s.imm)]
    case .wur: writeUser(Int(s.imm), w[Int(s.m)])
    case .rer: w[Int(s.m)] = onReadExternal(w[Int(s.n)])
    case .wer: onWriteExternal(w[Int(s.n)], w[Int(s.m)])
    case .wrmskExpstate: setPort(230, ur[230] & ~w[Int(s.n)] | w[Int(s.m)] & w[Int(s.n)])
    case .setbExpstate: setPort(230, ur[230] | 1 << s.imm)
    case .clrbExpstate: setPort(230, ur[230] & ~(1 << s.imm))
    case .maskGPIOOut: setPort(12, ur[12] & ~w[Int(s.n)] | w[Int(s.m)] & w[Int(s.n)])
    case .setGPIOOut: setPort(12, ur[12] | s.imm)
    case .clearGPIOOut: setPort(12, ur[12] & ~s.imm)
    case .readImpwire, .getGPIOIn: w[Int(s.m)] = portInput()

    // Region protection: the attribute of 512 MiB
    case .witlb, .wdtlb:
      let shift = w[Int(s.n)] >> 29 * 4, value = (w[Int(s.m)] & 15) << shift
      if op == .witlb {
        state.pointee.instructionAttributes = state.pointee.instructionAttributes & ~(15 << shift) | value
      } else if state.pointee.dataAttributes >> shift & 15 != value >> shift {
        state.pointee.dataAttributes = state.pointee.dataAttributes & ~(15 << shift) | value
        map.rebuild(self)
      }
    case .ritlb0, .rdtlb0: w[Int(s.m)] = w[Int(s.n)] & 0xE000_0000
    case .ritlb1, .rdtlb1:
      let all = op == .ritlb1 ? state.pointee.instructionAttributes : state.pointee.dataAttributes, a = w[Int(s.n)]
      w[Int(s.m)] = a & 0xE000_0000 | all >> (a >> 29 * 4) & 15
    case .pitlb: w[Int(s.m)] = w[Int(s.n)] & 0xE000_0000 | 8
    case .pdtlb: w[Int(s.m)] = w[Int(s.n)] & 0xE000_0000 | 16
    case .iitlb, .idtlb: break

    // Booleans
    case .andb: setBoolean(s.d, boolean(s.n) && boolean(s.m))
    case .andbc: setBoolean(s.d, boolean(s.n) && !boolean(s.m))
    case .orb: setBoolean(s.d, boolean(s.n) || boolean(s.m))
    case .orbc: setBoolean(s.d, boolean(s.n) || !boolean(s.m))
    case .xorb: setBoolean(s.d, boolean(s.n) != boolean(s.m))
    case .all4: setBoolean(s.m, (sr[Number.br] >> UInt32(s.n)) & 0xF == 0xF)
    case .any4: setBoolean(s.m, (sr[Number.br] >> UInt32(s.n)) & 0xF != 0)
    case .all8: setBoolean(s.m, (sr[Number.br] >> UInt32(s.n)) & 0xFF == 0xFF)
    case .any8: setBoolean(s.m, (sr[Number.br] >> UInt32(s.n)) & 0xFF != 0)

    case .s32c1i:
      guard compareAndStore(slot) else { return }
    case .umul, .mul, .mula, .muls, .mulaLoad, .ldinc, .lddec:
      guard multiplyAccumulate(op, slot) else { return }
    default:
      guard floatStep(op, slot) else { return }
    }
    advance(s.size)
  }
  private func boolean(_ n: UInt8) -> Bool { (sr[Number.br] >> UInt32(n)) & 1 != 0 }
  func setBoolean(_ n: UInt8, _ value: Bool) { sr[Number.br][bit: Int(n)] = value }

  private func isTaken(_ op: Op, _ s: Slot<Op>) -> Bool {
    let a = window[Int(s.n)], b = window[Int(s.m)], i = s.imm
    func signed(_ v: UInt32) -> Int32 { Int32(bitPattern: v) }
    switch op {
    case .beq: return a == b
    case .bne: return a != b
    case .blt: return signed(a) < signed(b)
    case .bge: return signed(a) >= signed(b)
    case .bltu: return a < b
    case .bgeu: return a >= b
    case .ball: return ~a & b == 0
    case .bnall: return ~a & b != 0
    case .bany: return a & b != 0
    case .bnone: return a & b == 0
    case .bbc: return (a >> (b & 31)) & 1 == 0
    case .bbs: return (a >> (b & 31)) & 1 != 0
    case .bbci: return a & i == 0
    case .bbsi: return a & i != 0
    case .beqi: return a == i
    case .bnei: return a != i
    case .blti: return signed(a) < signed(i)
    case .bgei: return signed(a) >= signed(i)
    case .bltui: return a < i
    case .bgeui: return a >= i
    case .beqz, .beqzN: return a == 0
    case .bnez, .bnezN: return a != 0
    case .bltz: return signed(a) < 0
    case .bgez: return signed(a) >= 0
    case .bf: return !boolean(s.n)
    default: return boolean(s.n)
    }
  }

  // MARK: Special registers

  private func readSpecial(_ n: Int) -> UInt32 { n == Number.ccount ? ccount : sr[n] }
  func writeSpecial(_ n: Int, _ v: UInt32) {
    switch n {
    case Number.lend:
      sr[n] = v
      markLoopEnd(v)
    case Number.sar: sr[n] = v & 63
    case Number.br: sr[n] = v & 0xFFFF
    case Number.accHi: sr[n] = UInt32(bitPattern: Int32(Int8(truncatingIfNeeded: v)))
    case Number.litbase:
      if options.contains(.absoluteLiterals), (sr[n] ^ v) & 0xFFFF_F001 != 0 {
        sr[n] = v & 0xFFFF_F001
        invalidateAll()
      }
      sr[n] = v & 0xFFFF_F001
    case Number.windowBase: setWindowBase(v)
    case Number.windowStart: sr[n] = v & 0xFFFF
    case Number.cpEnable: sr[n] = v & 0xFF
    case Number.interrupt:  // INTSET
      sr[Number.interrupt] |= v & (softwareTypes | edgeTypes)
      updateInterrupts()
    case Number.intClear:
      sr[Number.interrupt] &= ~(v & (softwareTypes | edgeTypes | nmiMask))
      updateInterrupts()
    case Number.intEnable:
      sr[n] = v
      updateInterrupts()
    case Number.ps:
      sr[n] = v & PS.implemented
      updateInterrupts()
    case Number.vecbase: sr[n] = v & (options.contains(.windowed) ? 0xFFFF_FC00 : 0xFFFF_FF00)
    case Number.ccount:
      state.pointee.ccountOffset = v &- UInt32(truncatingIfNeeded: cycles.pointee)
      for i in 0..<configuration.timers.count { startTimer(i) }
    case Number.ccompare..<(Number.ccompare + configuration.timers.count):
      sr[n] = v
      sr[Number.interrupt] &= ~(1 << UInt32(configuration.timers[n - Number.ccompare]))
      startTimer(n - Number.ccompare)
      updateInterrupts()
    case Number.configID0, Number.configID1, Number.prid: break
    case Number.excCause: sr[n] = v & 63
    case Number.ibreakEnable:
      sr[n] = v & (configuration.breakpoints == 2 ? 3 : 1)
      updateCareful()
    case Number.icountLevel:
      sr[n] = v & 15
      updateCareful()
    case Number.dbreakA, Number.dbreakA + 1: setDataBreak(n, v)
    case Number.dbreakC, Number.dbreakC + 1: setDataBreak(n, v & 0xC000_003F)
    default: sr[n] = v
    }
  }
  func writeUser(_ n: Int, _ v: UInt32) {
    switch n {
    case 12: setPort(n, v & 0xFF)
    case 230: setPort(n, v)
    case 232:
      ur[n] = v & 0xFF_FFFF & 0x7F
      updateQuickFloat()
    case 233:
      ur[n] = v & 0xF80
      updateQuickFloat()
    default: ur[n] = v
    }
  }
  private func setPort(_ n: Int, _ v: UInt32) {
    ur[n] = v
    onPortOutput(v)
  }

  // MARK: S32C1I, §4.3.13

  private func compareAndStore(_ slot: UnsafeMutablePointer<Slot<Op>>) -> Bool {
    let s = slot.pointee, address = window[Int(s.n)] &+ s.imm
    if address & 3 != 0 {
      raise(.loadStoreAlignment, address: address)
      return false
    }
    guard let old = load(address, 4, slot) else { return false }
    if old == sr[Number.scompare1] {
      guard store(address, window[Int(s.m)], 4, slot) else { return false }
      // Another core may wait for it.
      if mayAccess.pointee != .max { limit.pointee = min(limit.pointee, cycles.pointee) }
    }
    window[Int(s.m)] = old
    return true
  }

  // MARK: MAC16, §4.3.8

  /// false: the load raised an exception.
  private func multiplyAccumulate(_ op: Op, _ slot: UnsafeMutablePointer<Slot<Op>>) -> Bool {
    let s = slot.pointee, w = window
    var loaded: UInt32?, address: UInt32 = 0
    if op == .mulaLoad || op == .ldinc || op == .lddec {
      let down = op == .lddec || (op == .mulaLoad && s.imm >> 24 != 0)
      address = down ? w[Int(s.n)] &- 4 : w[Int(s.n)] &+ 4
      guard let v = load(address, 4, slot) else { return false }
      loaded = v
    }
    if op != .ldinc && op != .lddec {
      let a = Int(s.imm >> 8 & 0xFF), b = Int(s.imm >> 16 & 0xFF)
      let x = s.delta & 1 != 0 ? sr[Number.m0 + (a & 3)] : w[a & 15], y = s.delta & 2 != 0 ? sr[Number.m0 + (b & 3)] : w[b & 15]
      func half(_ v: UInt32, _ high: Bool) -> Int64 {
        let h = UInt16(truncatingIfNeeded: high ? v >> 16 : v)
        return op == .umul ? Int64(h) : Int64(Int16(bitPattern: h))
      }
      // Halves: bit 0 the first operand's high one, bit 1 the second's.
      let product = half(x, s.imm & 1 != 0) * half(y, s.imm & 2 != 0)
      let old = Int64(Int8(truncatingIfNeeded: sr[Number.accHi])) << 32 | Int64(sr[Number.accLo])
      let new =
        switch op {
        case .mul, .umul: product
        case .muls: old &- product
        default: old &+ product
        }
      sr[Number.accLo] = UInt32(truncatingIfNeeded: new)
      sr[Number.accHi] = UInt32(bitPattern: Int32(Int8(truncatingIfNeeded: new >> 32)))
    }
    if let loaded {
      w[Int(s.n)] = address
      sr[Number.m0 + Int(s.d)] = loaded
    }
    return true
  }
}
