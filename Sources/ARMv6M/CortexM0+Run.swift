import Machine
import Processor

/// Which checks the loop makes; the quiet one is for speed.
protocol LoopMode { static var careful: Bool { get } }
enum Quiet: LoopMode { static var careful: Bool { false } }
enum Careful: LoopMode { static var careful: Bool { true } }

/// Why the inner loop was left.
enum Leave { case limit, load, store, jump, special, block }

extension CortexM0 {
  /// The run loop: hot state in locals, one switch; whatever is out of the ordinary leaves the inner loop, is done with
  /// the state published, and comes back.
  func loop<M: LoopMode>(_: M.Type) {
    let r = registers, st = state
    let nothing = UnsafeMutableRawPointer(r), ram = places.pointee.ram, flash = places.pointee.flash
    let ramBase = ram < 0 ? 0 : views[ram].base, ramSize = M.careful || ram < 0 ? 0 : views[ram].size
    let ramBytes = ram < 0 ? nothing : views[ram].memory, ramCode = ram < 0 ? nothing.assumingMemoryBound(to: Bool.self) : views[ram].granules
    let flashBase = flash < 0 ? 0 : views[flash].base, flashSize = M.careful || flash < 0 ? 0 : views[flash].size
    let flashBytes = flash < 0 ? nothing : views[flash].memory
    let tags = flash < 0 ? nil : views[flash].tags, accesses = flash < 0 ? nil : views[flash].accesses
    let stopped = self.stopped
    let returnCycles = UInt64(variant.branchCycles)

    outer: while true {
      if st.pointee.dispatch { dispatchExceptions() }
      if cycles.pointee >= limit.pointee || asleep.pointee || stopped.pointee { return }
      if M.careful {
        if let hook = onInstruction { hook(self, r[15]) }
        if breakpoints.contains(r[15]), onBreakpoint?(self) == true { return }
        if stopped.pointee { return }
      }
      guard let region = enter(r[15], careful: M.careful) else { continue outer }
      let slots = region.pointee.slots, codeBase = region.pointee.base, codeSize = region.pointee.size
      var ip = slots + Int((r[15] &- codeBase) >> 1)
      var time = cycles.pointee, count = instructions.pointee
      let end = M.careful ? min(limit.pointee, time &+ 1) : limit.pointee
      var nf = st.pointee.negative, zf = st.pointee.zero, cf = st.pointee.carry, vf = st.pointee.overflow
      var address: UInt32 = 0
      var leave = Leave.limit

      inner: while time < end {
        let s = ip
        time &+= UInt64(s.pointee.cycles)
        count &+= 1
        switch s.pointee.op {
        case .undecoded, .fetchMiss, .undefined, .hostCall, .cps, .bkpt, .wfe, .wfi, .sev, .svc, .udf, .msr, .mrs:
          leave = .special
          break inner

        // Shift, add, subtract, move, compare: §A5.2.1
        case .lslImm:
          let v = r[Int(s.pointee.m)], i = s.pointee.imm
          cf = (v >> (32 &- i)) & 1
          let x = v << i
          r[Int(s.pointee.d)] = x
          nf = x; zf = x
          ip = s + 1
        case .movReg:
          let x = r[Int(s.pointee.m)]
          r[Int(s.pointee.d)] = x
          nf = x; zf = x
          ip = s + 1
        case .lsrImm:
          let v = r[Int(s.pointee.m)], i = s.pointee.imm
          cf = (v >> (i &- 1)) & 1
          let x = v >> i
          r[Int(s.pointee.d)] = x
          nf = x; zf = x
          ip = s + 1
        case .asrImm:
          let v = Int32(bitPattern: r[Int(s.pointee.m)]), i = s.pointee.imm
          cf = UInt32(bitPattern: v >> Int32(bitPattern: i &- 1)) & 1
          let x = UInt32(bitPattern: v >> Int32(bitPattern: i))
          r[Int(s.pointee.d)] = x
          nf = x; zf = x
          ip = s + 1
        case .addReg:
          let a = r[Int(s.pointee.n)], b = r[Int(s.pointee.m)], x = a &+ b
          cf = x < a ? 1 : 0
          vf = (a ^ x) & (b ^ x)
          r[Int(s.pointee.d)] = x
          nf = x; zf = x
          ip = s + 1
        case .subReg:
          let a = r[Int(s.pointee.n)], b = r[Int(s.pointee.m)], x = a &- b
          cf = a >= b ? 1 : 0
          vf = (a ^ b) & (a ^ x)
          r[Int(s.pointee.d)] = x
          nf = x; zf = x
          ip = s + 1
        case .addImm:
          let a = r[Int(s.pointee.n)], b = s.pointee.imm, x = a &+ b
          cf = x < a ? 1 : 0
          vf = (a ^ x) & (b ^ x)
          r[Int(s.pointee.d)] = x
          nf = x; zf = x
          ip = s + 1
        case .subImm:
          let a = r[Int(s.pointee.n)], b = s.pointee.imm, x = a &- b
          cf = a >= b ? 1 : 0
          vf = (a ^ b) & (a ^ x)
          r[Int(s.pointee.d)] = x
          nf = x; zf = x
          ip = s + 1
        case .movImm:
          let x = s.pointee.imm
          r[Int(s.pointee.d)] = x
          nf = x; zf = x
          ip = s + 1
        case .cmpImm:
          let a = r[Int(s.pointee.n)], b = s.pointee.imm, x = a &- b
          cf = a >= b ? 1 : 0
          vf = (a ^ b) & (a ^ x)
          nf = x; zf = x
          ip = s + 1

        // Data processing: §A5.2.2
        case .and:
          let x = r[Int(s.pointee.d)] & r[Int(s.pointee.m)]
          r[Int(s.pointee.d)] = x
          nf = x; zf = x
          ip = s + 1
        case .eor:
          let x = r[Int(s.pointee.d)] ^ r[Int(s.pointee.m)]
          r[Int(s.pointee.d)] = x
          nf = x; zf = x
          ip = s + 1
        case .lslReg:
          let v = r[Int(s.pointee.d)], i = r[Int(s.pointee.m)] & 0xFF
          if i != 0 { cf = i <= 32 ? UInt32(truncatingIfNeeded: (UInt64(v) << UInt64(i)) >> 32) & 1 : 0 }
          let x = v << i
          r[Int(s.pointee.d)] = x
          nf = x; zf = x
          ip = s + 1
        case .lsrReg:
          let v = r[Int(s.pointee.d)], i = r[Int(s.pointee.m)] & 0xFF
          if i != 0 { cf = i <= 32 ? (v >> (i &- 1)) & 1 : 0 }
          let x = v >> i
          r[Int(s.pointee.d)] = x
          nf = x; zf = x
          ip = s + 1
        case .asrReg:
          let v = Int32(bitPattern: r[Int(s.pointee.d)]), i = r[Int(s.pointee.m)] & 0xFF
          if i != 0 { cf = UInt32(bitPattern: v >> Int32(bitPattern: min(i, 32) &- 1)) & 1 }
          let x = UInt32(bitPattern: v >> Int32(bitPattern: min(i, 32)))
          r[Int(s.pointee.d)] = x
          nf = x; zf = x
          ip = s + 1
        case .adc:
          let a = r[Int(s.pointee.d)], b = r[Int(s.pointee.m)]
          let wide = UInt64(a) &+ UInt64(b) &+ UInt64(cf), x = UInt32(truncatingIfNeeded: wide)
          cf = UInt32(truncatingIfNeeded: wide >> 32)
          vf = (a ^ x) & (b ^ x)
          r[Int(s.pointee.d)] = x
          nf = x; zf = x
          ip = s + 1
        case .sbc:
          let a = r[Int(s.pointee.d)], b = ~r[Int(s.pointee.m)]
          let wide = UInt64(a) &+ UInt64(b) &+ UInt64(cf), x = UInt32(truncatingIfNeeded: wide)
          cf = UInt32(truncatingIfNeeded: wide >> 32)
          vf = (a ^ x) & (b ^ x)
          r[Int(s.pointee.d)] = x
          nf = x; zf = x
          ip = s + 1
        case .rorReg:
          let v = r[Int(s.pointee.d)], i = r[Int(s.pointee.m)] & 0xFF
          let x = v >> (i & 31) | v << ((32 &- (i & 31)) & 31)
          if i != 0 { cf = x >> 31 }
          r[Int(s.pointee.d)] = x
          nf = x; zf = x
          ip = s + 1
        case .tst:
          let x = r[Int(s.pointee.n)] & r[Int(s.pointee.m)]
          nf = x; zf = x
          ip = s + 1
        case .rsb:
          let b = r[Int(s.pointee.n)], x = 0 &- b
          cf = b == 0 ? 1 : 0
          vf = b & x
          r[Int(s.pointee.d)] = x
          nf = x; zf = x
          ip = s + 1
        case .cmpReg:
          let a = r[Int(s.pointee.n)], b = r[Int(s.pointee.m)], x = a &- b
          cf = a >= b ? 1 : 0
          vf = (a ^ b) & (a ^ x)
          nf = x; zf = x
          ip = s + 1
        case .cmn:
          let a = r[Int(s.pointee.n)], b = r[Int(s.pointee.m)], x = a &+ b
          cf = x < a ? 1 : 0
          vf = (a ^ x) & (b ^ x)
          nf = x; zf = x
          ip = s + 1
        case .orr:
          let x = r[Int(s.pointee.d)] | r[Int(s.pointee.m)]
          r[Int(s.pointee.d)] = x
          nf = x; zf = x
          ip = s + 1
        case .mul:
          let x = r[Int(s.pointee.d)] &* r[Int(s.pointee.n)]
          r[Int(s.pointee.d)] = x
          nf = x; zf = x
          ip = s + 1
        case .bic:
          let x = r[Int(s.pointee.d)] & ~r[Int(s.pointee.m)]
          r[Int(s.pointee.d)] = x
          nf = x; zf = x
          ip = s + 1
        case .mvn:
          let x = ~r[Int(s.pointee.m)]
          r[Int(s.pointee.d)] = x
          nf = x; zf = x
          ip = s + 1

        // Special data instructions and branch and exchange: §A5.2.3
        case .addHi:
          let b = s.pointee.m == 15 ? s.pointee.imm : r[Int(s.pointee.m)]
          if s.pointee.d == 15 {
            address = (s.pointee.imm &+ b) | 1
            leave = .jump
            break inner
          }
          let x = r[Int(s.pointee.d)] &+ b
          r[Int(s.pointee.d)] = s.pointee.d == 13 ? x & ~3 : x
          ip = s + 1
        case .cmpHi:
          let a = s.pointee.n == 15 ? s.pointee.imm : r[Int(s.pointee.n)], b = s.pointee.m == 15 ? s.pointee.imm : r[Int(s.pointee.m)], x = a &- b
          cf = a >= b ? 1 : 0
          vf = (a ^ b) & (a ^ x)
          nf = x; zf = x
          ip = s + 1
        case .movHi:
          let b = s.pointee.m == 15 ? s.pointee.imm : r[Int(s.pointee.m)]
          if s.pointee.d == 15 {
            address = b | 1
            leave = .jump
            break inner
          }
          r[Int(s.pointee.d)] = s.pointee.d == 13 ? b & ~3 : b
          ip = s + 1
        case .bx:
          address = s.pointee.m == 15 ? s.pointee.imm : r[Int(s.pointee.m)]
          let o = address &- codeBase &- 1
          if o < codeSize && o & 1 == 0 { ip = slots + Int(o >> 1) } else { leave = .jump; break inner }
        case .blx:
          address = s.pointee.m == 15 ? s.pointee.imm : r[Int(s.pointee.m)]
          r[14] = (s.pointee.imm &- 2) | 1
          let o = address &- codeBase &- 1
          if o < codeSize && o & 1 == 0 { ip = slots + Int(o >> 1) } else { leave = .jump; break inner }

        // Loads and stores: §A5.2.4
        case .ldrLit:
          address = s.pointee.imm
          let o = address &- flashBase
          if o < flashSize, tags == nil || FlashCache.hit(tags!, o) {
            if let accesses { accesses.pointee &+= 1 }
            r[Int(s.pointee.d)] = flashBytes.load(fromByteOffset: Int(o), as: UInt32.self)
            ip = s + 1
          } else {
            let o = address &- ramBase
            guard o < ramSize else { leave = .load; break inner }
            r[Int(s.pointee.d)] = ramBytes.load(fromByteOffset: Int(o), as: UInt32.self)
            ip = s + 1
          }
        case .ldrImm, .ldrReg:
          address = r[Int(s.pointee.n)] &+ (s.pointee.op == .ldrImm ? s.pointee.imm : r[Int(s.pointee.m)])
          var o = address &- ramBase
          if (o >> 2 | o << 30) < ramSize >> 2 {
            r[Int(s.pointee.d)] = ramBytes.load(fromByteOffset: Int(o), as: UInt32.self)
            ip = s + 1
          } else {
            o = address &- flashBase
            guard (o >> 2 | o << 30) < flashSize >> 2, tags == nil || FlashCache.hit(tags!, o) else { leave = .load; break inner }
            if let accesses { accesses.pointee &+= 1 }
            r[Int(s.pointee.d)] = flashBytes.load(fromByteOffset: Int(o), as: UInt32.self)
            ip = s + 1
          }
        case .ldrhImm, .ldrhReg, .ldrshReg:
          address = r[Int(s.pointee.n)] &+ (s.pointee.op == .ldrhImm ? s.pointee.imm : r[Int(s.pointee.m)])
          var o = address &- ramBase
          var x: UInt32
          if (o >> 1 | o << 31) < ramSize >> 1 {
            x = UInt32(ramBytes.load(fromByteOffset: Int(o), as: UInt16.self))
          } else {
            o = address &- flashBase
            guard (o >> 1 | o << 31) < flashSize >> 1, tags == nil || FlashCache.hit(tags!, o) else { leave = .load; break inner }
            if let accesses { accesses.pointee &+= 1 }
            x = UInt32(flashBytes.load(fromByteOffset: Int(o), as: UInt16.self))
          }
          if s.pointee.op == .ldrshReg { x = UInt32(bitPattern: Int32(Int16(truncatingIfNeeded: x))) }
          r[Int(s.pointee.d)] = x
          ip = s + 1
        case .ldrbImm, .ldrbReg, .ldrsbReg:
          address = r[Int(s.pointee.n)] &+ (s.pointee.op == .ldrbImm ? s.pointee.imm : r[Int(s.pointee.m)])
          var o = address &- ramBase
          var x: UInt32
          if o < ramSize {
            x = UInt32(ramBytes.load(fromByteOffset: Int(o), as: UInt8.self))
          } else {
            o = address &- flashBase
            guard o < flashSize, tags == nil || FlashCache.hit(tags!, o) else { leave = .load; break inner }
            if let accesses { accesses.pointee &+= 1 }
            x = UInt32(flashBytes.load(fromByteOffset: Int(o), as: UInt8.self))
          }
          if s.pointee.op == .ldrsbReg { x = UInt32(bitPattern: Int32(Int8(truncatingIfNeeded: x))) }
          r[Int(s.pointee.d)] = x
          ip = s + 1
        case .strImm, .strReg:
          address = r[Int(s.pointee.n)] &+ (s.pointee.op == .strImm ? s.pointee.imm : r[Int(s.pointee.m)])
          let o = address &- ramBase
          guard (o >> 2 | o << 30) < ramSize >> 2, !ramCode[Int(o >> View.granuleShift)] else { leave = .store; break inner }
          ramBytes.storeBytes(of: r[Int(s.pointee.d)], toByteOffset: Int(o), as: UInt32.self)
          ip = s + 1
        case .strhImm, .strhReg:
          address = r[Int(s.pointee.n)] &+ (s.pointee.op == .strhImm ? s.pointee.imm : r[Int(s.pointee.m)])
          let o = address &- ramBase
          guard (o >> 1 | o << 31) < ramSize >> 1, !ramCode[Int(o >> View.granuleShift)] else { leave = .store; break inner }
          ramBytes.storeBytes(of: UInt16(truncatingIfNeeded: r[Int(s.pointee.d)]), toByteOffset: Int(o), as: UInt16.self)
          ip = s + 1
        case .strbImm, .strbReg:
          address = r[Int(s.pointee.n)] &+ (s.pointee.op == .strbImm ? s.pointee.imm : r[Int(s.pointee.m)])
          let o = address &- ramBase
          guard o < ramSize, !ramCode[Int(o >> View.granuleShift)] else { leave = .store; break inner }
          ramBytes.storeBytes(of: UInt8(truncatingIfNeeded: r[Int(s.pointee.d)]), toByteOffset: Int(o), as: UInt8.self)
          ip = s + 1

        // Addresses, extension, reversal: §A5.2.5
        case .adr:
          r[Int(s.pointee.d)] = s.pointee.imm
          ip = s + 1
        case .addSPImm:
          r[Int(s.pointee.d)] = r[13] &+ s.pointee.imm
          ip = s + 1
        case .addSP:
          r[13] = r[13] &+ s.pointee.imm
          ip = s + 1
        case .sxth:
          r[Int(s.pointee.d)] = UInt32(bitPattern: Int32(Int16(truncatingIfNeeded: r[Int(s.pointee.m)])))
          ip = s + 1
        case .sxtb:
          r[Int(s.pointee.d)] = UInt32(bitPattern: Int32(Int8(truncatingIfNeeded: r[Int(s.pointee.m)])))
          ip = s + 1
        case .uxth:
          r[Int(s.pointee.d)] = r[Int(s.pointee.m)] & 0xFFFF
          ip = s + 1
        case .uxtb:
          r[Int(s.pointee.d)] = r[Int(s.pointee.m)] & 0xFF
          ip = s + 1
        case .rev:
          r[Int(s.pointee.d)] = r[Int(s.pointee.m)].byteSwapped
          ip = s + 1
        case .rev16:
          let v = r[Int(s.pointee.m)]
          r[Int(s.pointee.d)] = (v >> 8) & 0x00FF_00FF | (v & 0x00FF_00FF) << 8
          ip = s + 1
        case .revsh:
          r[Int(s.pointee.d)] = UInt32(bitPattern: Int32(Int16(truncatingIfNeeded: r[Int(s.pointee.m)]).byteSwapped))
          ip = s + 1
        case .nop: ip = s + 1
        case .barrier: ip = s + 2

        // Multiples: in RAM without code, else outside the loop
        case .push:
          let list = s.pointee.imm, bytes = UInt32(truncatingIfNeeded: list.nonzeroBitCount) << 2
          let low = r[13] &- bytes, o = low &- ramBase
          guard (o >> 2 | o << 30) < ramSize >> 2, o &+ bytes <= ramSize, !ramCode[Int(o >> View.granuleShift)], !ramCode[Int((o &+ bytes &- 1) >> View.granuleShift)] else { leave = .block; break inner }
          var p = ramBytes + Int(o), m = list
          while m != 0 {
            p.storeBytes(of: r[m.trailingZeroBitCount], as: UInt32.self)
            p += 4
            m &= m &- 1
          }
          r[13] = low
          time &+= UInt64(bytes >> 2)
          ip = s + 1
        case .pop:
          let list = s.pointee.imm, bytes = UInt32(truncatingIfNeeded: list.nonzeroBitCount) << 2
          let o = r[13] &- ramBase
          guard (o >> 2 | o << 30) < ramSize >> 2, o &+ bytes <= ramSize else { leave = .block; break inner }
          var p = ramBytes + Int(o), m = list & 0xFF
          while m != 0 {
            r[m.trailingZeroBitCount] = p.load(as: UInt32.self)
            p += 4
            m &= m &- 1
          }
          r[13] = r[13] &+ bytes
          time &+= UInt64(bytes >> 2)
          if list >> 15 != 0 {
            address = p.load(as: UInt32.self)
            time &+= returnCycles
            let o = address &- codeBase &- 1
            if o < codeSize && o & 1 == 0 { ip = slots + Int(o >> 1) } else { leave = .jump; break inner }
          } else {
            ip = s + 1
          }
        case .stm:
          let list = s.pointee.imm, bytes = UInt32(truncatingIfNeeded: list.nonzeroBitCount) << 2
          let o = r[Int(s.pointee.n)] &- ramBase
          guard (o >> 2 | o << 30) < ramSize >> 2, o &+ bytes <= ramSize, !ramCode[Int(o >> View.granuleShift)], bytes == 0 || !ramCode[Int((o &+ bytes &- 1) >> View.granuleShift)] else { leave = .block; break inner }
          var p = ramBytes + Int(o), m = list
          while m != 0 {
            p.storeBytes(of: r[m.trailingZeroBitCount], as: UInt32.self)
            p += 4
            m &= m &- 1
          }
          r[Int(s.pointee.n)] = r[Int(s.pointee.n)] &+ bytes
          time &+= UInt64(bytes >> 2)
          ip = s + 1
        case .ldm:
          let list = s.pointee.imm, bytes = UInt32(truncatingIfNeeded: list.nonzeroBitCount) << 2
          let base = r[Int(s.pointee.n)], o = base &- ramBase
          guard (o >> 2 | o << 30) < ramSize >> 2, o &+ bytes <= ramSize else { leave = .block; break inner }
          var p = ramBytes + Int(o), m = list
          r[Int(s.pointee.n)] = base &+ bytes
          while m != 0 {
            r[m.trailingZeroBitCount] = p.load(as: UInt32.self)
            p += 4
            m &= m &- 1
          }
          time &+= UInt64(bytes >> 2)
          ip = s + 1

        // Branches: §A5.2.6
        case .beq: if zf == 0 { ip = s + Int(s.pointee.delta) } else { time &-= UInt64(s.pointee.cycles &- 1); ip = s + 1 }
        case .bne: if zf != 0 { ip = s + Int(s.pointee.delta) } else { time &-= UInt64(s.pointee.cycles &- 1); ip = s + 1 }
        case .bcs: if cf != 0 { ip = s + Int(s.pointee.delta) } else { time &-= UInt64(s.pointee.cycles &- 1); ip = s + 1 }
        case .bcc: if cf == 0 { ip = s + Int(s.pointee.delta) } else { time &-= UInt64(s.pointee.cycles &- 1); ip = s + 1 }
        case .bmi: if nf >> 31 != 0 { ip = s + Int(s.pointee.delta) } else { time &-= UInt64(s.pointee.cycles &- 1); ip = s + 1 }
        case .bpl: if nf >> 31 == 0 { ip = s + Int(s.pointee.delta) } else { time &-= UInt64(s.pointee.cycles &- 1); ip = s + 1 }
        case .bvs: if vf >> 31 != 0 { ip = s + Int(s.pointee.delta) } else { time &-= UInt64(s.pointee.cycles &- 1); ip = s + 1 }
        case .bvc: if vf >> 31 == 0 { ip = s + Int(s.pointee.delta) } else { time &-= UInt64(s.pointee.cycles &- 1); ip = s + 1 }
        case .bhi: if cf != 0 && zf != 0 { ip = s + Int(s.pointee.delta) } else { time &-= UInt64(s.pointee.cycles &- 1); ip = s + 1 }
        case .bls: if cf == 0 || zf == 0 { ip = s + Int(s.pointee.delta) } else { time &-= UInt64(s.pointee.cycles &- 1); ip = s + 1 }
        case .bge: if (nf ^ vf) >> 31 == 0 { ip = s + Int(s.pointee.delta) } else { time &-= UInt64(s.pointee.cycles &- 1); ip = s + 1 }
        case .blt: if (nf ^ vf) >> 31 != 0 { ip = s + Int(s.pointee.delta) } else { time &-= UInt64(s.pointee.cycles &- 1); ip = s + 1 }
        case .bgt: if (nf ^ vf) >> 31 == 0 && zf != 0 { ip = s + Int(s.pointee.delta) } else { time &-= UInt64(s.pointee.cycles &- 1); ip = s + 1 }
        case .ble: if (nf ^ vf) >> 31 != 0 || zf == 0 { ip = s + Int(s.pointee.delta) } else { time &-= UInt64(s.pointee.cycles &- 1); ip = s + 1 }
        case .b: ip = s + Int(s.pointee.delta)
        case .bl:
          r[14] = (codeBase &+ UInt32(truncatingIfNeeded: (s - slots) << 1) &+ 4) | 1
          ip = s + Int(s.pointee.delta)
        }
      }

      // Out of the ordinary: publish, do it, come back.
      st.pointee.negative = nf
      st.pointee.zero = zf
      st.pointee.carry = cf
      st.pointee.overflow = vf
      r[15] = codeBase &+ UInt32(truncatingIfNeeded: (ip - slots) << 1)
      cycles.pointee = time
      instructions.pointee = count
      switch leave {
      case .limit: break
      case .jump: jump(to: address, from: ip.pointee.op)
      case .load: loadSlow(ip, address)
      case .store: storeSlow(ip, address)
      case .block: blockSlow(ip)
      case .special: special(ip, region)
      }
    }
  }
}

extension FlashCache {
  /// As `holds`, on the tags alone.
  @inline(__always) static func hit(_ tags: UnsafeMutablePointer<UInt32>, _ offset: UInt32) -> Bool {
    let set = Int((offset >> 3) & 1023) * 2
    let valid: UInt32 = 1 << ((offset >> 2) & 1), key = (offset >> 13) << 2 | valid, mask = ~3 | valid
    return tags[set] & mask == key || tags[set + 1] & mask == key
  }
}
