import Machine
import Processor

/// Which checks the loop makes. `Checked`: some registers are those of a live frame. `Careful`: one instruction at a time,
/// no memory by the short way.
protocol LoopMode {
  static var checked: Bool { get }
  static var careful: Bool { get }
}
enum Quiet: LoopMode {
  static var checked: Bool { false }
  static var careful: Bool { false }
}
enum Checked: LoopMode {
  static var checked: Bool { true }
  static var careful: Bool { false }
}
enum Careful: LoopMode {
  static var checked: Bool { true }
  static var careful: Bool { true }
}

/// Why the inner loop was left.
enum Leave { case limit, load, store, jump, special, overflow, float }

extension XtensaCore {
  /// The run loop: hot state in locals, one switch; whatever is out of the ordinary leaves the inner loop, is done with
  /// the state published, and comes back. It returns when another mode is called for, too.
  func loop<M: LoopMode>(_: M.Type) {
    let st = state, sr = self.sr, fr = self.fr, ar = addressRegisters, map = self.map
    let wordReads = M.careful ? map.none : map.wordReads, byteReads = M.careful ? map.none : map.byteReads
    let wordWrites = M.careful ? map.none : map.wordWrites, byteWrites = M.careful ? map.none : map.byteWrites
    let stage = self.stage, stopped = self.stopped
    let taken = UInt64(truncatingIfNeeded: configuration.branchPenalty) << 32

    outer: while true {
      if st.pointee.dispatch { dispatchInterrupt() }
      if cycles.pointee >= limit.pointee || asleep.pointee || stopped.pointee { return }
      if M.careful, !st.pointee.careful { return }
      var allowed = windowLimit
      if !M.careful, M.checked == (allowed == 3) { return }
      guard let view = enter(st.pointee.pc) else { continue outer }
      if M.careful {
        let pc = st.pointee.pc, slot = view.pointee.slots + Int(pc &- view.pointee.base)
        if slot.pointee.op == .undecoded {
          decode(slot, view)
          continue outer
        }
        if !beforeInstruction() || stopped.pointee { return }
        if st.pointee.pc != pc { continue outer }
      }
      let slots = view.pointee.slots, codeBase = view.pointee.base, codeSize = view.pointee.size
      var ip = slots + Int(st.pointee.pc &- codeBase), last = ip
      var w = ar + Int(sr[Number.windowBase]) * 4
      // Cycles in the upper half, instructions in the lower: one variable more would not stay in a register.
      var clock: UInt64 = 0
      let end = M.careful ? 1 : min(limit.pointee &- cycles.pointee, 0x7FFF_FFFF) << 32
      var address: UInt32 = 0
      var leave = Leave.limit

      inner: while clock < end {
        let s = ip
        if M.checked, s.pointee.window > allowed {
          leave = .overflow
          break inner
        }
        clock &+= UInt64(s.pointee.cycles) << 32 | 1
        switch s.pointee.op {

        // Arithmetic and logic
        case .add:
          w[Int(s.pointee.d)] = w[Int(s.pointee.n)] &+ w[Int(s.pointee.m)]
          ip = s + 3
        case .addx2:
          w[Int(s.pointee.d)] = (w[Int(s.pointee.n)] << 1) &+ w[Int(s.pointee.m)]
          ip = s + 3
        case .addx4:
          w[Int(s.pointee.d)] = (w[Int(s.pointee.n)] << 2) &+ w[Int(s.pointee.m)]
          ip = s + 3
        case .addx8:
          w[Int(s.pointee.d)] = (w[Int(s.pointee.n)] << 3) &+ w[Int(s.pointee.m)]
          ip = s + 3
        case .sub:
          w[Int(s.pointee.d)] = w[Int(s.pointee.n)] &- w[Int(s.pointee.m)]
          ip = s + 3
        case .subx2:
          w[Int(s.pointee.d)] = (w[Int(s.pointee.n)] << 1) &- w[Int(s.pointee.m)]
          ip = s + 3
        case .subx4:
          w[Int(s.pointee.d)] = (w[Int(s.pointee.n)] << 2) &- w[Int(s.pointee.m)]
          ip = s + 3
        case .subx8:
          w[Int(s.pointee.d)] = (w[Int(s.pointee.n)] << 3) &- w[Int(s.pointee.m)]
          ip = s + 3
        case .and:
          w[Int(s.pointee.d)] = w[Int(s.pointee.n)] & w[Int(s.pointee.m)]
          ip = s + 3
        case .or:
          w[Int(s.pointee.d)] = w[Int(s.pointee.n)] | w[Int(s.pointee.m)]
          ip = s + 3
        case .xor:
          w[Int(s.pointee.d)] = w[Int(s.pointee.n)] ^ w[Int(s.pointee.m)]
          ip = s + 3
        case .neg:
          w[Int(s.pointee.d)] = 0 &- w[Int(s.pointee.m)]
          ip = s + 3
        case .abs:
          let v = w[Int(s.pointee.m)]
          w[Int(s.pointee.d)] = v >> 31 != 0 ? 0 &- v : v
          ip = s + 3
        case .addi:
          w[Int(s.pointee.m)] = w[Int(s.pointee.n)] &+ s.pointee.imm
          ip = s + 3
        case .movi:
          w[Int(s.pointee.m)] = s.pointee.imm
          ip = s + 3
        case .addN:
          w[Int(s.pointee.d)] = w[Int(s.pointee.n)] &+ w[Int(s.pointee.m)]
          ip = s + 2
        case .addiN:
          w[Int(s.pointee.d)] = w[Int(s.pointee.n)] &+ s.pointee.imm
          ip = s + 2
        case .movN:
          w[Int(s.pointee.m)] = w[Int(s.pointee.n)]
          ip = s + 2
        case .moviN:
          w[Int(s.pointee.n)] = s.pointee.imm
          ip = s + 2
        case .nop:
          ip = s + 3
        case .nopN:
          ip = s + 2
        case .moveqz:
          if w[Int(s.pointee.m)] == 0 { w[Int(s.pointee.d)] = w[Int(s.pointee.n)] }
          ip = s + 3
        case .movnez:
          if w[Int(s.pointee.m)] != 0 { w[Int(s.pointee.d)] = w[Int(s.pointee.n)] }
          ip = s + 3
        case .movltz:
          if w[Int(s.pointee.m)] >> 31 != 0 { w[Int(s.pointee.d)] = w[Int(s.pointee.n)] }
          ip = s + 3
        case .movgez:
          if w[Int(s.pointee.m)] >> 31 == 0 { w[Int(s.pointee.d)] = w[Int(s.pointee.n)] }
          ip = s + 3
        case .movf:
          if (sr[Number.br] >> UInt32(s.pointee.m)) & 1 == 0 { w[Int(s.pointee.d)] = w[Int(s.pointee.n)] }
          ip = s + 3
        case .movt:
          if (sr[Number.br] >> UInt32(s.pointee.m)) & 1 != 0 { w[Int(s.pointee.d)] = w[Int(s.pointee.n)] }
          ip = s + 3

        // Shifts: SAR is 0 to 63
        case .sll:
          w[Int(s.pointee.d)] = UInt32(truncatingIfNeeded: (UInt64(w[Int(s.pointee.n)]) << 32) &>> UInt64(sr[Number.sar]))
          ip = s + 3
        case .srl:
          w[Int(s.pointee.d)] = UInt32(truncatingIfNeeded: UInt64(w[Int(s.pointee.m)]) &>> UInt64(sr[Number.sar]))
          ip = s + 3
        case .sra:
          w[Int(s.pointee.d)] = UInt32(truncatingIfNeeded: Int64(Int32(bitPattern: w[Int(s.pointee.m)])) &>> Int64(sr[Number.sar]))
          ip = s + 3
        case .src:
          w[Int(s.pointee.d)] = UInt32(truncatingIfNeeded: (UInt64(w[Int(s.pointee.n)]) << 32 | UInt64(w[Int(s.pointee.m)])) &>> UInt64(sr[Number.sar]))
          ip = s + 3
        case .slli:
          w[Int(s.pointee.d)] = w[Int(s.pointee.n)] << s.pointee.imm
          ip = s + 3
        case .srli:
          w[Int(s.pointee.d)] = w[Int(s.pointee.m)] &>> s.pointee.imm
          ip = s + 3
        case .srai:
          w[Int(s.pointee.d)] = UInt32(bitPattern: Int32(bitPattern: w[Int(s.pointee.m)]) &>> Int32(bitPattern: s.pointee.imm))
          ip = s + 3
        case .ssl:
          sr[Number.sar] = 32 &- (w[Int(s.pointee.n)] & 31)
          ip = s + 3
        case .ssr:
          sr[Number.sar] = w[Int(s.pointee.n)] & 31
          ip = s + 3
        case .ssai:
          sr[Number.sar] = s.pointee.imm
          ip = s + 3
        case .ssa8l:
          sr[Number.sar] = (w[Int(s.pointee.n)] & 3) << 3
          ip = s + 3
        case .ssa8b:
          sr[Number.sar] = 32 &- (w[Int(s.pointee.n)] & 3) << 3
          ip = s + 3
        case .extui:
          w[Int(s.pointee.d)] = (w[Int(s.pointee.m)] &>> s.pointee.imm) & UInt32(bitPattern: s.pointee.delta)
          ip = s + 3

        // Multiplication, division
        case .mull:
          w[Int(s.pointee.d)] = w[Int(s.pointee.n)] &* w[Int(s.pointee.m)]
          ip = s + 3
        case .mul16s:
          w[Int(s.pointee.d)] = UInt32(bitPattern: Int32(Int16(truncatingIfNeeded: w[Int(s.pointee.n)])) &* Int32(Int16(truncatingIfNeeded: w[Int(s.pointee.m)])))
          ip = s + 3
        case .mul16u:
          w[Int(s.pointee.d)] = (w[Int(s.pointee.n)] & 0xFFFF) &* (w[Int(s.pointee.m)] & 0xFFFF)
          ip = s + 3
        case .mulsh:
          w[Int(s.pointee.d)] = UInt32(truncatingIfNeeded: (Int64(Int32(bitPattern: w[Int(s.pointee.n)])) &* Int64(Int32(bitPattern: w[Int(s.pointee.m)]))) >> 32)
          ip = s + 3
        case .muluh:
          w[Int(s.pointee.d)] = UInt32(truncatingIfNeeded: (UInt64(w[Int(s.pointee.n)]) &* UInt64(w[Int(s.pointee.m)])) >> 32)
          ip = s + 3
        case .quou:
          let a = w[Int(s.pointee.n)], b = w[Int(s.pointee.m)]
          guard b != 0 else { leave = .special; break inner }
          w[Int(s.pointee.d)] = a / b
          ip = s + 3
        case .remu:
          let a = w[Int(s.pointee.n)], b = w[Int(s.pointee.m)]
          guard b != 0 else { leave = .special; break inner }
          w[Int(s.pointee.d)] = a % b
          ip = s + 3
        case .quos:
          let a = Int32(bitPattern: w[Int(s.pointee.n)]), b = Int32(bitPattern: w[Int(s.pointee.m)])
          guard b != 0 else { leave = .special; break inner }
          w[Int(s.pointee.d)] = UInt32(bitPattern: b == -1 ? 0 &- a : a / b)
          ip = s + 3
        case .rems:
          let a = Int32(bitPattern: w[Int(s.pointee.n)]), b = Int32(bitPattern: w[Int(s.pointee.m)])
          guard b != 0 else { leave = .special; break inner }
          w[Int(s.pointee.d)] = UInt32(bitPattern: b == -1 ? 0 : a % b)
          ip = s + 3

        // Miscellaneous operations
        case .min:
          let a = w[Int(s.pointee.n)], b = w[Int(s.pointee.m)]
          w[Int(s.pointee.d)] = Int32(bitPattern: a) < Int32(bitPattern: b) ? a : b
          ip = s + 3
        case .max:
          let a = w[Int(s.pointee.n)], b = w[Int(s.pointee.m)]
          w[Int(s.pointee.d)] = Int32(bitPattern: a) > Int32(bitPattern: b) ? a : b
          ip = s + 3
        case .minu:
          let a = w[Int(s.pointee.n)], b = w[Int(s.pointee.m)]
          w[Int(s.pointee.d)] = a < b ? a : b
          ip = s + 3
        case .maxu:
          let a = w[Int(s.pointee.n)], b = w[Int(s.pointee.m)]
          w[Int(s.pointee.d)] = a > b ? a : b
          ip = s + 3
        case .sext:
          let k = 31 &- s.pointee.imm
          w[Int(s.pointee.d)] = UInt32(bitPattern: Int32(bitPattern: w[Int(s.pointee.n)] &<< k) &>> Int32(bitPattern: k))
          ip = s + 3
        case .clamps:
          let most = (Int32(1) &<< Int32(bitPattern: s.pointee.imm)) &- 1, v = Int32(bitPattern: w[Int(s.pointee.n)])
          w[Int(s.pointee.d)] = UInt32(bitPattern: v > most ? most : v < ~most ? ~most : v)
          ip = s + 3
        case .nsa:
          let v = w[Int(s.pointee.n)], x = Int32(bitPattern: v) < 0 ? ~v : v
          w[Int(s.pointee.m)] = UInt32(truncatingIfNeeded: x.leadingZeroBitCount) &- 1
          ip = s + 3
        case .nsau:
          w[Int(s.pointee.m)] = UInt32(truncatingIfNeeded: w[Int(s.pointee.n)].leadingZeroBitCount)
          ip = s + 3
        case .salt:
          w[Int(s.pointee.d)] = Int32(bitPattern: w[Int(s.pointee.n)]) < Int32(bitPattern: w[Int(s.pointee.m)]) ? 1 : 0
          ip = s + 3
        case .saltu:
          w[Int(s.pointee.d)] = w[Int(s.pointee.n)] < w[Int(s.pointee.m)] ? 1 : 0
          ip = s + 3
        case .rsrStored:
          w[Int(s.pointee.m)] = sr[Int(s.pointee.imm)]
          ip = s + 3

        // Loads and stores
        case .l8ui:
          address = w[Int(s.pointee.n)] &+ s.pointee.imm
          guard let page = byteReads[Int(address >> 12)] else { leave = .load; break inner }
          w[Int(s.pointee.m)] = UInt32((page + Int(address & 0xFFF)).load(as: UInt8.self))
          ip = s + 3
        case .l16ui:
          address = w[Int(s.pointee.n)] &+ s.pointee.imm
          guard address & 1 == 0, let page = byteReads[Int(address >> 12)] else { leave = .load; break inner }
          w[Int(s.pointee.m)] = UInt32((page + Int(address & 0xFFF)).load(as: UInt16.self))
          ip = s + 3
        case .l16si:
          address = w[Int(s.pointee.n)] &+ s.pointee.imm
          guard address & 1 == 0, let page = byteReads[Int(address >> 12)] else { leave = .load; break inner }
          w[Int(s.pointee.m)] = UInt32(bitPattern: Int32((page + Int(address & 0xFFF)).load(as: Int16.self)))
          ip = s + 3
        case .l32i:
          address = w[Int(s.pointee.n)] &+ s.pointee.imm
          guard address & 3 == 0, let page = wordReads[Int(address >> 12)] else { leave = .load; break inner }
          w[Int(s.pointee.m)] = (page + Int(address & 0xFFF)).load(as: UInt32.self)
          ip = s + 3
        case .l32iN:
          address = w[Int(s.pointee.n)] &+ s.pointee.imm
          guard address & 3 == 0, let page = wordReads[Int(address >> 12)] else { leave = .load; break inner }
          w[Int(s.pointee.m)] = (page + Int(address & 0xFFF)).load(as: UInt32.self)
          ip = s + 2
        case .l32r:
          address = s.pointee.imm
          guard let page = wordReads[Int(address >> 12)] else { leave = .load; break inner }
          w[Int(s.pointee.m)] = (page + Int(address & 0xFFF)).load(as: UInt32.self)
          ip = s + 3
        case .s8i:
          address = w[Int(s.pointee.n)] &+ s.pointee.imm
          guard let page = byteWrites[Int(address >> 12)] else { leave = .store; break inner }
          (page + Int(address & 0xFFF)).storeBytes(of: UInt8(truncatingIfNeeded: w[Int(s.pointee.m)]), as: UInt8.self)
          ip = s + 3
        case .s16i:
          address = w[Int(s.pointee.n)] &+ s.pointee.imm
          guard address & 1 == 0, let page = byteWrites[Int(address >> 12)] else { leave = .store; break inner }
          (page + Int(address & 0xFFF)).storeBytes(of: UInt16(truncatingIfNeeded: w[Int(s.pointee.m)]), as: UInt16.self)
          ip = s + 3
        case .s32i:
          address = w[Int(s.pointee.n)] &+ s.pointee.imm
          guard address & 3 == 0, let page = wordWrites[Int(address >> 12)] else { leave = .store; break inner }
          (page + Int(address & 0xFFF)).storeBytes(of: w[Int(s.pointee.m)], as: UInt32.self)
          ip = s + 3
        case .s32iN:
          address = w[Int(s.pointee.n)] &+ s.pointee.imm
          guard address & 3 == 0, let page = wordWrites[Int(address >> 12)] else { leave = .store; break inner }
          (page + Int(address & 0xFFF)).storeBytes(of: w[Int(s.pointee.m)], as: UInt32.self)
          ip = s + 2

        // Branches
        case .beq:
          if w[Int(s.pointee.n)] == w[Int(s.pointee.m)] {
            clock &+= taken
            ip = s + Int(s.pointee.delta)
          } else {
            ip = s + 3
          }
        case .bne:
          if w[Int(s.pointee.n)] != w[Int(s.pointee.m)] {
            clock &+= taken
            ip = s + Int(s.pointee.delta)
          } else {
            ip = s + 3
          }
        case .blt:
          if Int32(bitPattern: w[Int(s.pointee.n)]) < Int32(bitPattern: w[Int(s.pointee.m)]) {
            clock &+= taken
            ip = s + Int(s.pointee.delta)
          } else {
            ip = s + 3
          }
        case .bge:
          if Int32(bitPattern: w[Int(s.pointee.n)]) >= Int32(bitPattern: w[Int(s.pointee.m)]) {
            clock &+= taken
            ip = s + Int(s.pointee.delta)
          } else {
            ip = s + 3
          }
        case .bltu:
          if w[Int(s.pointee.n)] < w[Int(s.pointee.m)] {
            clock &+= taken
            ip = s + Int(s.pointee.delta)
          } else {
            ip = s + 3
          }
        case .bgeu:
          if w[Int(s.pointee.n)] >= w[Int(s.pointee.m)] {
            clock &+= taken
            ip = s + Int(s.pointee.delta)
          } else {
            ip = s + 3
          }
        case .ball:
          if ~w[Int(s.pointee.n)] & w[Int(s.pointee.m)] == 0 {
            clock &+= taken
            ip = s + Int(s.pointee.delta)
          } else {
            ip = s + 3
          }
        case .bnall:
          if ~w[Int(s.pointee.n)] & w[Int(s.pointee.m)] != 0 {
            clock &+= taken
            ip = s + Int(s.pointee.delta)
          } else {
            ip = s + 3
          }
        case .bany:
          if w[Int(s.pointee.n)] & w[Int(s.pointee.m)] != 0 {
            clock &+= taken
            ip = s + Int(s.pointee.delta)
          } else {
            ip = s + 3
          }
        case .bnone:
          if w[Int(s.pointee.n)] & w[Int(s.pointee.m)] == 0 {
            clock &+= taken
            ip = s + Int(s.pointee.delta)
          } else {
            ip = s + 3
          }
        case .bbc:
          if (w[Int(s.pointee.n)] &>> w[Int(s.pointee.m)]) & 1 == 0 {
            clock &+= taken
            ip = s + Int(s.pointee.delta)
          } else {
            ip = s + 3
          }
        case .bbs:
          if (w[Int(s.pointee.n)] &>> w[Int(s.pointee.m)]) & 1 != 0 {
            clock &+= taken
            ip = s + Int(s.pointee.delta)
          } else {
            ip = s + 3
          }
        case .bbci:
          if w[Int(s.pointee.n)] & s.pointee.imm == 0 {
            clock &+= taken
            ip = s + Int(s.pointee.delta)
          } else {
            ip = s + 3
          }
        case .bbsi:
          if w[Int(s.pointee.n)] & s.pointee.imm != 0 {
            clock &+= taken
            ip = s + Int(s.pointee.delta)
          } else {
            ip = s + 3
          }
        case .beqi:
          if w[Int(s.pointee.n)] == s.pointee.imm {
            clock &+= taken
            ip = s + Int(s.pointee.delta)
          } else {
            ip = s + 3
          }
        case .bnei:
          if w[Int(s.pointee.n)] != s.pointee.imm {
            clock &+= taken
            ip = s + Int(s.pointee.delta)
          } else {
            ip = s + 3
          }
        case .blti:
          if Int32(bitPattern: w[Int(s.pointee.n)]) < Int32(bitPattern: s.pointee.imm) {
            clock &+= taken
            ip = s + Int(s.pointee.delta)
          } else {
            ip = s + 3
          }
        case .bgei:
          if Int32(bitPattern: w[Int(s.pointee.n)]) >= Int32(bitPattern: s.pointee.imm) {
            clock &+= taken
            ip = s + Int(s.pointee.delta)
          } else {
            ip = s + 3
          }
        case .bltui:
          if w[Int(s.pointee.n)] < s.pointee.imm {
            clock &+= taken
            ip = s + Int(s.pointee.delta)
          } else {
            ip = s + 3
          }
        case .bgeui:
          if w[Int(s.pointee.n)] >= s.pointee.imm {
            clock &+= taken
            ip = s + Int(s.pointee.delta)
          } else {
            ip = s + 3
          }
        case .beqz:
          if w[Int(s.pointee.n)] == 0 {
            clock &+= taken
            ip = s + Int(s.pointee.delta)
          } else {
            ip = s + 3
          }
        case .bnez:
          if w[Int(s.pointee.n)] != 0 {
            clock &+= taken
            ip = s + Int(s.pointee.delta)
          } else {
            ip = s + 3
          }
        case .bltz:
          if w[Int(s.pointee.n)] >> 31 != 0 {
            clock &+= taken
            ip = s + Int(s.pointee.delta)
          } else {
            ip = s + 3
          }
        case .bgez:
          if w[Int(s.pointee.n)] >> 31 == 0 {
            clock &+= taken
            ip = s + Int(s.pointee.delta)
          } else {
            ip = s + 3
          }
        case .beqzN:
          if w[Int(s.pointee.n)] == 0 {
            clock &+= taken
            ip = s + Int(s.pointee.delta)
          } else {
            ip = s + 2
          }
        case .bnezN:
          if w[Int(s.pointee.n)] != 0 {
            clock &+= taken
            ip = s + Int(s.pointee.delta)
          } else {
            ip = s + 2
          }
        case .bf:
          if (sr[Number.br] >> UInt32(s.pointee.n)) & 1 == 0 {
            clock &+= taken
            ip = s + Int(s.pointee.delta)
          } else {
            ip = s + 3
          }
        case .bt:
          if (sr[Number.br] >> UInt32(s.pointee.n)) & 1 != 0 {
            clock &+= taken
            ip = s + Int(s.pointee.delta)
          } else {
            ip = s + 3
          }

        // Jumps and calls
        case .j:
          ip = s + Int(s.pointee.delta)
        case .jx:
          address = w[Int(s.pointee.n)]
          let o = address &- codeBase
          guard o < codeSize else { leave = .jump; break inner }
          ip = slots + Int(o)
        case .call0:
          address = s.pointee.imm
          w[0] = codeBase &+ UInt32(truncatingIfNeeded: s - slots) &+ 3
          let o = address &- codeBase
          guard o < codeSize else { leave = .jump; break inner }
          ip = slots + Int(o)
        case .callx0:
          address = w[Int(s.pointee.n)]
          w[0] = codeBase &+ UInt32(truncatingIfNeeded: s - slots) &+ 3
          let o = address &- codeBase
          guard o < codeSize else { leave = .jump; break inner }
          ip = slots + Int(o)
        case .ret, .retN:
          address = w[0]
          let o = address &- codeBase
          guard o < codeSize else { leave = .jump; break inner }
          ip = slots + Int(o)
        case .callw:
          address = s.pointee.imm
          let n = UInt32(s.pointee.d)
          sr[Number.ps] = sr[Number.ps] & ~PS.callInc | n << 16
          w[Int(n) &* 4] = n << 30 | (codeBase &+ UInt32(truncatingIfNeeded: s - slots) &+ 3) & 0x3FFF_FFFF
          let o = address &- codeBase
          guard o < codeSize else { leave = .jump; break inner }
          ip = slots + Int(o)
        case .callxw:
          address = w[Int(s.pointee.n)]
          let n = UInt32(s.pointee.d)
          sr[Number.ps] = sr[Number.ps] & ~PS.callInc | n << 16
          w[Int(n) &* 4] = n << 30 | (codeBase &+ UInt32(truncatingIfNeeded: s - slots) &+ 3) & 0x3FFF_FFFF
          let o = address &- codeBase
          guard o < codeSize else { leave = .jump; break inner }
          ip = slots + Int(o)
        case .entry:
          let ps = sr[Number.ps], n = (ps >> 16) & 3
          guard ps & (PS.woe | PS.excm) == PS.woe, s.pointee.n < 4, !M.checked || n <= UInt32(allowed) else { leave = .special; break inner }
          let sp = w[Int(s.pointee.n)] &- s.pointee.imm, base = (sr[Number.windowBase] &+ n) & 15
          w = Self.rotate(ar, from: sr[Number.windowBase], to: base)
          w[Int(s.pointee.n)] = sp
          sr[Number.windowBase] = base
          sr[Number.windowStart] |= 1 << base
          allowed = Self.windowLimit(ps: ps, base: base, start: sr[Number.windowStart])
          ip = s + 3
          if !M.careful, M.checked == (allowed == 3) { break inner }
        case .retw, .retwN:
          let a0 = w[0], n = a0 >> 30, old = sr[Number.windowBase], start = sr[Number.windowStart]
          let below = ((start << 16 | start) >> (old &+ 13)) & 7, base = (old &- n) & 15
          guard n != 0, below &>> (3 &- n) == 1, sr[Number.ps] & (PS.woe | PS.excm) == PS.woe else { leave = .special; break inner }
          w = Self.rotate(ar, from: old, to: base)
          sr[Number.windowBase] = base
          sr[Number.windowStart] = start & ~(1 << old)
          allowed = Self.windowLimit(ps: PS.woe, base: base, start: sr[Number.windowStart])
          address = codeBase & 0xC000_0000 | a0 & 0x3FFF_FFFF
          let o = address &- codeBase
          guard o < codeSize else { leave = .jump; break inner }
          ip = slots + Int(o)
          if !M.careful, M.checked == (allowed == 3) { break inner }

        // Zero-overhead loops
        case .loop:
          sr[Number.lbeg] = codeBase &+ UInt32(truncatingIfNeeded: s - slots) &+ 3
          sr[Number.lend] = s.pointee.imm
          sr[Number.lcount] = w[Int(s.pointee.n)] &- 1
          ip = s + 3
        case .loopnez:
          sr[Number.lbeg] = codeBase &+ UInt32(truncatingIfNeeded: s - slots) &+ 3
          sr[Number.lend] = s.pointee.imm
          sr[Number.lcount] = w[Int(s.pointee.n)] &- 1
          ip = w[Int(s.pointee.n)] == 0 ? s + Int(s.pointee.delta) : s + 3
        case .loopgtz:
          sr[Number.lbeg] = codeBase &+ UInt32(truncatingIfNeeded: s - slots) &+ 3
          sr[Number.lend] = s.pointee.imm
          sr[Number.lcount] = w[Int(s.pointee.n)] &- 1
          ip = Int32(bitPattern: w[Int(s.pointee.n)]) <= 0 ? s + Int(s.pointee.delta) : s + 3
        case .last:
          // It runs from a copy, behind which `after` decides.
          clock &-= UInt64(s.pointee.cycles) << 32 | 1
          last = s
          stage.pointee = s.pointee
          stage.pointee.op = s.pointee.real
          ip = stage
        case .after:
          clock &-= 1
          address = codeBase &+ UInt32(truncatingIfNeeded: last - slots) &+ UInt32(last.pointee.size)
          if address == sr[Number.lend], sr[Number.lcount] != 0, sr[Number.ps] & PS.excm == 0 {
            sr[Number.lcount] &-= 1
            address = sr[Number.lbeg]
          }
          ip = last
          let o = address &- codeBase
          guard o < codeSize else { leave = .jump; break inner }
          ip = slots + Int(o)

        // Floating point: the ordinary cases
        case .lsi:
          guard sr[Number.cpEnable] & 1 != 0 else { leave = .special; break inner }
          address = w[Int(s.pointee.n)] &+ s.pointee.imm
          guard address & 3 == 0, let page = wordReads[Int(address >> 12)] else { leave = .load; break inner }
          fr[Int(s.pointee.m)] = (page + Int(address & 0xFFF)).load(as: UInt32.self)
          ip = s + 3
        case .lsx:
          guard sr[Number.cpEnable] & 1 != 0 else { leave = .special; break inner }
          address = w[Int(s.pointee.n)] &+ w[Int(s.pointee.m)]
          guard address & 3 == 0, let page = wordReads[Int(address >> 12)] else { leave = .load; break inner }
          fr[Int(s.pointee.d)] = (page + Int(address & 0xFFF)).load(as: UInt32.self)
          ip = s + 3
        case .ssi:
          guard sr[Number.cpEnable] & 1 != 0 else { leave = .special; break inner }
          address = w[Int(s.pointee.n)] &+ s.pointee.imm
          guard address & 3 == 0, let page = wordWrites[Int(address >> 12)] else { leave = .store; break inner }
          (page + Int(address & 0xFFF)).storeBytes(of: fr[Int(s.pointee.m)], as: UInt32.self)
          ip = s + 3
        case .ssx:
          guard sr[Number.cpEnable] & 1 != 0 else { leave = .special; break inner }
          address = w[Int(s.pointee.n)] &+ w[Int(s.pointee.m)]
          guard address & 3 == 0, let page = wordWrites[Int(address >> 12)] else { leave = .store; break inner }
          (page + Int(address & 0xFFF)).storeBytes(of: fr[Int(s.pointee.d)], as: UInt32.self)
          ip = s + 3
        case .addS:
          guard sr[Number.cpEnable] & 1 != 0 else { leave = .special; break inner }
          let x = (Float(bitPattern: fr[Int(s.pointee.n)]) + Float(bitPattern: fr[Int(s.pointee.m)])).bitPattern, e = x & 0x7F80_0000
          guard st.pointee.quickFloat, e != 0, e != 0x7F80_0000 else { leave = .float; break inner }
          fr[Int(s.pointee.d)] = x
          ip = s + 3
        case .subS:
          guard sr[Number.cpEnable] & 1 != 0 else { leave = .special; break inner }
          let x = (Float(bitPattern: fr[Int(s.pointee.n)]) - Float(bitPattern: fr[Int(s.pointee.m)])).bitPattern, e = x & 0x7F80_0000
          guard st.pointee.quickFloat, e != 0, e != 0x7F80_0000 else { leave = .float; break inner }
          fr[Int(s.pointee.d)] = x
          ip = s + 3
        case .mulS:
          guard sr[Number.cpEnable] & 1 != 0 else { leave = .special; break inner }
          let x = (Float(bitPattern: fr[Int(s.pointee.n)]) * Float(bitPattern: fr[Int(s.pointee.m)])).bitPattern, e = x & 0x7F80_0000
          guard st.pointee.quickFloat, e != 0, e != 0x7F80_0000 else { leave = .float; break inner }
          fr[Int(s.pointee.d)] = x
          ip = s + 3
        case .movS:
          guard sr[Number.cpEnable] & 1 != 0 else { leave = .special; break inner }
          fr[Int(s.pointee.d)] = fr[Int(s.pointee.n)]
          ip = s + 3
        case .absS:
          guard sr[Number.cpEnable] & 1 != 0 else { leave = .special; break inner }
          fr[Int(s.pointee.d)] = fr[Int(s.pointee.n)] & 0x7FFF_FFFF
          ip = s + 3
        case .negS:
          guard sr[Number.cpEnable] & 1 != 0 else { leave = .special; break inner }
          fr[Int(s.pointee.d)] = fr[Int(s.pointee.n)] ^ 0x8000_0000
          ip = s + 3
        case .wfr:
          guard sr[Number.cpEnable] & 1 != 0 else { leave = .special; break inner }
          fr[Int(s.pointee.d)] = w[Int(s.pointee.n)]
          ip = s + 3
        case .rfr:
          guard sr[Number.cpEnable] & 1 != 0 else { leave = .special; break inner }
          w[Int(s.pointee.d)] = fr[Int(s.pointee.n)]
          ip = s + 3
        // Ordered or not makes no difference here: what is not a number goes to the slow path.
        case .oeqS, .ueqS:
          guard sr[Number.cpEnable] & 1 != 0 else { leave = .special; break inner }
          let a = Float(bitPattern: fr[Int(s.pointee.n)]), b = Float(bitPattern: fr[Int(s.pointee.m)]), bit: UInt32 = 1 << UInt32(s.pointee.d)
          guard a == a, b == b else { leave = .float; break inner }
          sr[Number.br] = a == b ? sr[Number.br] | bit : sr[Number.br] & ~bit
          ip = s + 3
        case .oltS, .ultS:
          guard sr[Number.cpEnable] & 1 != 0 else { leave = .special; break inner }
          let a = Float(bitPattern: fr[Int(s.pointee.n)]), b = Float(bitPattern: fr[Int(s.pointee.m)]), bit: UInt32 = 1 << UInt32(s.pointee.d)
          guard a == a, b == b else { leave = .float; break inner }
          sr[Number.br] = a < b ? sr[Number.br] | bit : sr[Number.br] & ~bit
          ip = s + 3
        case .oleS, .uleS:
          guard sr[Number.cpEnable] & 1 != 0 else { leave = .special; break inner }
          let a = Float(bitPattern: fr[Int(s.pointee.n)]), b = Float(bitPattern: fr[Int(s.pointee.m)]), bit: UInt32 = 1 << UInt32(s.pointee.d)
          guard a == a, b == b else { leave = .float; break inner }
          sr[Number.br] = a <= b ? sr[Number.br] | bit : sr[Number.br] & ~bit
          ip = s + 3
        case .unS:
          guard sr[Number.cpEnable] & 1 != 0 else { leave = .special; break inner }
          let a = Float(bitPattern: fr[Int(s.pointee.n)]), b = Float(bitPattern: fr[Int(s.pointee.m)]), bit: UInt32 = 1 << UInt32(s.pointee.d)
          guard a == a, b == b else { leave = .float; break inner }
          sr[Number.br] = sr[Number.br] & ~bit
          ip = s + 3
        case .moveqzS:
          guard sr[Number.cpEnable] & 1 != 0 else { leave = .special; break inner }
          if w[Int(s.pointee.m)] == 0 { fr[Int(s.pointee.d)] = fr[Int(s.pointee.n)] }
          ip = s + 3
        case .movnezS:
          guard sr[Number.cpEnable] & 1 != 0 else { leave = .special; break inner }
          if w[Int(s.pointee.m)] != 0 { fr[Int(s.pointee.d)] = fr[Int(s.pointee.n)] }
          ip = s + 3
        case .movltzS:
          guard sr[Number.cpEnable] & 1 != 0 else { leave = .special; break inner }
          if w[Int(s.pointee.m)] >> 31 != 0 { fr[Int(s.pointee.d)] = fr[Int(s.pointee.n)] }
          ip = s + 3
        case .movgezS:
          guard sr[Number.cpEnable] & 1 != 0 else { leave = .special; break inner }
          if w[Int(s.pointee.m)] >> 31 == 0 { fr[Int(s.pointee.d)] = fr[Int(s.pointee.n)] }
          ip = s + 3
        case .movfS:
          guard sr[Number.cpEnable] & 1 != 0 else { leave = .special; break inner }
          if (sr[Number.br] >> UInt32(s.pointee.m)) & 1 == 0 { fr[Int(s.pointee.d)] = fr[Int(s.pointee.n)] }
          ip = s + 3
        case .movtS:
          guard sr[Number.cpEnable] & 1 != 0 else { leave = .special; break inner }
          if (sr[Number.br] >> UInt32(s.pointee.m)) & 1 != 0 { fr[Int(s.pointee.d)] = fr[Int(s.pointee.n)] }
          ip = s + 3
        case .maddS, .msubS, .floatS, .ufloatS, .truncS:
          guard sr[Number.cpEnable] & 1 != 0 else { leave = .special; break inner }
          leave = .float
          break inner

        // Left to functions
        case .undecoded, .far, .illegal, .unmodelled, .vector, .andb, .andbc, .orb, .orbc, .xorb, .all4, .any4, .all8, .any8, .rsr, .wsr, .xsr, .rur,
          .wur, .rsil, .waiti, .rfe, .rfde, .rfi, .rfwo, .rfwu, .rotw, .movsp, .syscall, .break, .breakN, .simcall, .debugger, .s32c1i, .witlb, .wdtlb,
          .iitlb, .idtlb, .pitlb, .pdtlb, .ritlb0, .ritlb1, .rdtlb0, .rdtlb1, .rer, .wer, .lsip, .ssip, .lsxp, .ssxp, .roundS, .floorS, .ceilS,
          .utruncS, .constS, .maddnS, .div0S, .recip0S, .sqrt0S, .rsqrt0S, .nexp01S, .mkdadjS, .mksadjS, .addexpS, .addexpmS, .divnS, .umul, .mul,
          .mula, .muls, .mulaLoad, .ldinc, .lddec, .wrmskExpstate, .setbExpstate, .clrbExpstate, .readImpwire, .setGPIOOut, .clearGPIOOut,
          .maskGPIOOut, .getGPIOIn:
          leave = .special
          break inner
        }
      }

      // Out of the ordinary: publish, do it, come back.
      let staged = ip >= stage && ip < stage + 4
      let place = staged ? last : ip
      st.pointee.pc = codeBase &+ UInt32(truncatingIfNeeded: place - slots)
      cycles.pointee &+= clock >> 32
      instructions.pointee &+= clock & 0xFFFF_FFFF
      switch leave {
      case .limit: if staged, ip != stage { advance(last.pointee.size) }
      case .jump: st.pointee.pc = address
      case .load: loadSlow(ip, address)
      case .store: storeSlow(ip, address)
      case .overflow: windowOverflow()
      case .float: floatSlow(ip)
      case .special: special(ip, view)
      }
    }
  }
}
