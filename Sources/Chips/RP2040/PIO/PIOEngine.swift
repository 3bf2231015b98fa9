/// One state machine of a PIO block (RP2040 datasheet §3.2 to §3.5). Plain state: a copy runs ahead to see what comes.
struct PIOStateMachine: BitwiseCopyable {
  var enabled = false
  var pc: UInt32 = 0, x: UInt32 = 0, y: UInt32 = 0
  var isr: UInt32 = 0, isrCount: UInt32 = 0
  /// 32: empty.
  var osr: UInt32 = 0, osrCount: UInt32 = 32
  var delay: UInt32 = 0
  /// An instruction that comes before the one at PC: from INSTR, OUT EXEC or MOV EXEC.
  var forced: UInt32 = 0, hasForced = false
  /// The IRQ instruction has set its flag and waits for it to be cleared.
  var irqSet = false
  /// Nothing can happen before a FIFO, a flag or a pin changes.
  var waiting = false
  /// The next tick, in 1/256 cycles of clk_sys.
  var next: UInt64 = 0
  var clkdiv: UInt32 = 0x0001_0000, execctrl: UInt32 = 0x0001_F000, shiftctrl: UInt32 = 0x000C_0000, pinctrl: UInt32 = 0x1400_0000
  var tx = PIOFifo(), rx = PIOFifo()
  /// What OUT and SET wrote last, for OUT_STICKY.
  var stickyMask: UInt32 = 0, stickyValue: UInt32 = 0

  /// The tick's period in 1/256 cycles.
  var period: UInt64 {
    let whole = clkdiv >> 16
    return whole == 0 ? 65536 << 8 : UInt64(whole) << 8 | UInt64(clkdiv >> 8 & 0xFF)
  }
  var pullThreshold: UInt32 { shiftctrl[bits: 25...29] == 0 ? 32 : shiftctrl[bits: 25...29] }
  var pushThreshold: UInt32 { shiftctrl[bits: 20...24] == 0 ? 32 : shiftctrl[bits: 20...24] }
  var txDepth: UInt32 { shiftctrl[bit: 30] ? 8 : shiftctrl[bit: 31] ? 0 : 4 }
  var rxDepth: UInt32 { shiftctrl[bit: 31] ? 8 : shiftctrl[bit: 30] ? 0 : 4 }
  /// The first cycle of clk_sys at or after the next tick.
  var tick: UInt64 { (next &+ 255) >> 8 }
}

/// Up to eight words, first in, first out.
struct PIOFifo: BitwiseCopyable {
  private var words: (UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32) = (0, 0, 0, 0, 0, 0, 0, 0)
  private var head: UInt32 = 0
  private(set) var count: UInt32 = 0
  mutating func push(_ v: UInt32) {
    let at = Int((head &+ count) & 7) * 4
    withUnsafeMutableBytes(of: &words) { $0.storeBytes(of: v, toByteOffset: at, as: UInt32.self) }
    count &+= 1
  }
  /// 0 when it is empty.
  mutating func pop() -> UInt32 {
    guard count > 0 else { return 0 }
    let at = Int(head) * 4
    head = (head &+ 1) & 7
    count &-= 1
    return withUnsafeBytes(of: &words) { $0.load(fromByteOffset: at, as: UInt32.self) }
  }
}

/// What the four state machines share.
struct PIOShared: BitwiseCopyable {
  /// The cycle of clk_sys up to which all ticks are done.
  var position: UInt64 = 0
  var flags: UInt32 = 0
  /// Output levels and output enables of the 32 pins.
  var out: UInt32 = 0, enable: UInt32 = 0
  /// Inputs behind the synchronisers, and the pads themselves.
  var inputs: UInt32 = 0, pads: UInt32 = 0
  /// Pad words on their way through the synchronisers, and the cycles at which they come out.
  var coming: (UInt32, UInt32, UInt32, UInt32) = (0, 0, 0, 0), due: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0), comingCount = 0
  var bypass: UInt32 = 0
  var fdebug: UInt32 = 0
}

/// Runs a block's state machines. Works on pointers, so that the same code commits and looks ahead.
struct PIOEngine {
  let shared: UnsafeMutablePointer<PIOShared>
  let machines: UnsafeMutablePointer<PIOStateMachine>
  let memory: UnsafeMutablePointer<UInt32>

  /// What the outside can see: levels, enables, flags, which FIFOs are empty or full.
  private var visible: (UInt32, UInt32, UInt32, UInt32) {
    var fifos: UInt32 = 0
    for i in 0..<4 {
      let m = machines + i
      if m.pointee.tx.count >= m.pointee.txDepth { fifos |= 1 << UInt32(i) }
      if m.pointee.rx.count > 0 { fifos |= 16 << UInt32(i) }
    }
    return (shared.pointee.out, shared.pointee.enable, shared.pointee.flags, fifos)
  }
  /// Does all ticks before cycle `end`. With `untilEffect`, stops after the first that the outside can see, or after
  /// `limit` ticks; whether there may be more to come.
  @discardableResult func run(until end: UInt64, untilEffect: Bool = false, limit: Int = .max) -> Bool {
    var ticks = 0
    let before = untilEffect ? visible : (0, 0, 0, 0)
    while true {
      var cycle = UInt64.max
      for i in 0..<4 where machines[i].enabled && !machines[i].waiting { cycle = min(cycle, machines[i].tick) }
      if shared.pointee.comingCount > 0, shared.pointee.due.0 <= cycle, shared.pointee.due.0 < end {
        takeInput()
        continue
      }
      guard cycle < end else {
        shared.pointee.position = max(shared.pointee.position, end)
        return cycle != .max || shared.pointee.comingCount > 0
      }
      shared.pointee.position = cycle
      for i in 0..<4 where machines[i].enabled && !machines[i].waiting && machines[i].tick <= cycle {
        machines[i].next &+= machines[i].period
        step(i)
      }
      shared.pointee.position = cycle &+ 1
      ticks += 1
      if untilEffect, visible != before || ticks >= limit { return true }
    }
  }
  /// Something changed that a state machine may wait for: they look again at their next ticks from the position on.
  func wake() {
    let now = shared.pointee.position << 8
    for i in 0..<4 where machines[i].waiting {
      machines[i].waiting = false
      if machines[i].next < now {
        let period = machines[i].period
        machines[i].next &+= (now &- machines[i].next &+ period &- 1) / period &* period
      }
    }
  }
  /// The pads at the position: seen two cycles later, at once where the synchroniser is bypassed (§3.5.6.3).
  func padsChanged(_ pads: UInt32) {
    shared.pointee.pads = pads
    let bypass = shared.pointee.bypass
    shared.pointee.inputs = shared.pointee.inputs & ~bypass | pads & bypass
    if shared.pointee.comingCount == 4 { takeInput() }
    let n = shared.pointee.comingCount
    withUnsafeMutableBytes(of: &shared.pointee.coming) { $0.storeBytes(of: pads, toByteOffset: n * 4, as: UInt32.self) }
    withUnsafeMutableBytes(of: &shared.pointee.due) { $0.storeBytes(of: shared.pointee.position &+ 2, toByteOffset: n * 8, as: UInt64.self) }
    shared.pointee.comingCount = n + 1
    if bypass != 0 { wake() }
  }
  private func takeInput() {
    let s = shared
    s.pointee.position = max(s.pointee.position, s.pointee.due.0)
    s.pointee.inputs = s.pointee.coming.0 & ~s.pointee.bypass | s.pointee.pads & s.pointee.bypass
    s.pointee.coming = (s.pointee.coming.1, s.pointee.coming.2, s.pointee.coming.3, 0)
    s.pointee.due = (s.pointee.due.1, s.pointee.due.2, s.pointee.due.3, 0)
    s.pointee.comingCount -= 1
    wake()
  }

  // MARK: One tick

  /// `again`: the same instruction at the next tick.
  private enum Outcome { case done, jumped, stalled, again, replaced }

  func step(_ i: Int) {
    let m = machines + i
    if m.pointee.execctrl[bit: 17], m.pointee.stickyMask != 0 {
      shared.pointee.out = shared.pointee.out & ~m.pointee.stickyMask | m.pointee.stickyValue
    }
    if m.pointee.delay > 0 {
      m.pointee.delay -= 1
      refill(m)
      return
    }
    let isForced = m.pointee.hasForced, instruction = isForced ? m.pointee.forced : memory[Int(m.pointee.pc & 31)]
    let outcome = execute(instruction, m, i)
    // Side-set (§3.5.1): from the first cycle, whatever the instruction does, and it wins.
    let sideCount = m.pointee.pinctrl[bits: 29...31], field = instruction[bits: 8...12], delayBits = 5 &- min(5, sideCount)
    if sideCount > 0 {
      var value = field >> delayBits, count = min(5, sideCount), on = true
      if m.pointee.execctrl[bit: 30] {
        count -= 1
        on = value[bit: Int(count)]
        value &= (1 << count) - 1
      }
      if on { write(value, base: m.pointee.pinctrl[bits: 10...14], count: count, directions: m.pointee.execctrl[bit: 29]) }
    }
    switch outcome {
    case .stalled:
      m.pointee.waiting = true
      return
    case .again: return
    case .replaced:  // OUT EXEC, MOV EXEC: the new instruction's delay counts
      if !isForced { advance(m) }
    case .jumped:
      if isForced { m.pointee.hasForced = false }
      m.pointee.delay = field & ((1 << delayBits) - 1)
    case .done:
      if isForced { m.pointee.hasForced = false } else { advance(m) }
      m.pointee.delay = field & ((1 << delayBits) - 1)
    }
    if instruction >> 13 != 3 { refill(m) }
  }
  private func advance(_ m: UnsafeMutablePointer<PIOStateMachine>) {
    let e = m.pointee.execctrl
    m.pointee.pc = m.pointee.pc == e[bits: 12...16] ? e[bits: 7...11] : (m.pointee.pc &+ 1) & 31
  }
  /// Autopull in the background (§3.5.4.2).
  private func refill(_ m: UnsafeMutablePointer<PIOStateMachine>) {
    guard m.pointee.shiftctrl[bit: 17], m.pointee.osrCount >= m.pointee.pullThreshold, m.pointee.tx.count > 0 else { return }
    pull(m)
  }
  private func pull(_ m: UnsafeMutablePointer<PIOStateMachine>) {
    m.pointee.osr = m.pointee.tx.pop()
    m.pointee.osrCount = 0
    wakeOthers()
  }
  private func push(_ m: UnsafeMutablePointer<PIOStateMachine>) {
    m.pointee.rx.push(m.pointee.isr)
    m.pointee.isr = 0
    m.pointee.isrCount = 0
    wakeOthers()
  }
  /// A flag or a pin changed within a tick: who waits looks again at the next one.
  private func wakeOthers() {
    for i in 0..<4 where machines[i].waiting {
      machines[i].waiting = false
      let now = (shared.pointee.position &+ 1) << 8
      if machines[i].next < now {
        let period = machines[i].period
        machines[i].next &+= (now &- machines[i].next &+ period &- 1) / period &* period
      }
    }
  }
  private func write(_ value: UInt32, base: UInt32, count: UInt32, directions: Bool) {
    guard count > 0 else { return }
    let mask = rotate(count >= 32 ? ~0 : (1 << count) - 1, base), bits = rotate(value, base) & mask
    if directions {
      shared.pointee.enable = shared.pointee.enable & ~mask | bits
    } else {
      shared.pointee.out = shared.pointee.out & ~mask | bits
    }
  }
  private func rotate(_ v: UInt32, _ n: UInt32) -> UInt32 { n & 31 == 0 ? v : v << (n & 31) | v >> (32 - (n & 31)) }

  /// OUT or MOV to PINS, or SET: with the enable bit within the data, and remembered for OUT_STICKY.
  private func drive(_ m: UnsafeMutablePointer<PIOStateMachine>, _ value: UInt32, base: UInt32, count: UInt32) {
    let e = m.pointee.execctrl
    if e[bit: 18], !value[bit: Int(e[bits: 19...23])] {
      m.pointee.stickyMask = 0
      return
    }
    write(value, base: base, count: count, directions: false)
    let mask = rotate(count >= 32 ? ~0 : (1 << count) - 1, base)
    m.pointee.stickyMask = mask
    m.pointee.stickyValue = rotate(value, base) & mask
  }
  private func flag(_ index: UInt32, _ machine: Int) -> UInt32 {
    index[bit: 4] ? index & 4 | (index &+ UInt32(machine)) & 3 : index & 7
  }

  private func execute(_ instruction: UInt32, _ m: UnsafeMutablePointer<PIOStateMachine>, _ machine: Int) -> Outcome {
    let s = shared
    switch instruction >> 13 {
    case 0:  // JMP
      let condition: Bool
      switch instruction[bits: 5...7] {
      case 0: condition = true
      case 1: condition = m.pointee.x == 0
      case 2:
        condition = m.pointee.x != 0
        m.pointee.x &-= 1
      case 3: condition = m.pointee.y == 0
      case 4:
        condition = m.pointee.y != 0
        m.pointee.y &-= 1
      case 5: condition = m.pointee.x != m.pointee.y
      case 6: condition = s.pointee.inputs[bit: Int(m.pointee.execctrl[bits: 24...28])]
      default: condition = m.pointee.osrCount < m.pointee.pullThreshold
      }
      guard condition else { return .done }
      m.pointee.pc = instruction & 31
      return .jumped
    case 1:  // WAIT
      let want = instruction[bit: 7], index = instruction & 31
      switch instruction[bits: 5...6] {
      case 0: return s.pointee.inputs[bit: Int(index)] == want ? .done : .stalled
      case 1: return s.pointee.inputs[bit: Int((index &+ m.pointee.pinctrl[bits: 15...19]) & 31)] == want ? .done : .stalled
      case 2:
        let n = Int(flag(index, machine))
        guard s.pointee.flags[bit: n] == want else { return .stalled }
        if want {
          s.pointee.flags[bit: n] = false
          wakeOthers()
        }
        return .done
      default: return .done
      }
    case 2:  // IN
      let n = instruction & 31 == 0 ? 32 : instruction & 31
      let count = min(32, m.pointee.isrCount + n), autopush = m.pointee.shiftctrl[bit: 16]
      if autopush, count >= m.pointee.pushThreshold, m.pointee.rx.count >= m.pointee.rxDepth {
        s.pointee.fdebug |= 1 << UInt32(machine)
        return .stalled
      }
      let source: UInt32 =
        switch instruction[bits: 5...7] {
        case 0: rotate(s.pointee.inputs, 32 - m.pointee.pinctrl[bits: 15...19])
        case 1: m.pointee.x
        case 2: m.pointee.y
        case 6: m.pointee.isr
        case 7: m.pointee.osr
        default: 0
        }
      let data = n == 32 ? source : source & ((1 << n) - 1)
      if n == 32 {
        m.pointee.isr = data
      } else if m.pointee.shiftctrl[bit: 18] {
        m.pointee.isr = m.pointee.isr >> n | data << (32 - n)
      } else {
        m.pointee.isr = m.pointee.isr << n | data
      }
      m.pointee.isrCount = count
      if autopush, count >= m.pointee.pushThreshold { push(m) }
      return .done
    case 3:  // OUT
      let n = instruction & 31 == 0 ? 32 : instruction & 31
      if m.pointee.shiftctrl[bit: 17], m.pointee.osrCount >= m.pointee.pullThreshold {
        guard m.pointee.tx.count > 0 else {
          s.pointee.fdebug |= 1 << UInt32(24 + machine)
          return .stalled
        }
        // The refill takes this cycle.
        pull(m)
        return .again
      }
      let data: UInt32
      if n == 32 {
        data = m.pointee.osr
        m.pointee.osr = 0
      } else if m.pointee.shiftctrl[bit: 19] {
        data = m.pointee.osr & ((1 << n) - 1)
        m.pointee.osr >>= n
      } else {
        data = m.pointee.osr >> (32 - n)
        m.pointee.osr <<= n
      }
      m.pointee.osrCount = min(32, m.pointee.osrCount + n)
      refill(m)
      switch instruction[bits: 5...7] {
      case 0: drive(m, data, base: m.pointee.pinctrl & 31, count: m.pointee.pinctrl[bits: 20...25])
      case 1: m.pointee.x = data
      case 2: m.pointee.y = data
      case 4: write(data, base: m.pointee.pinctrl & 31, count: m.pointee.pinctrl[bits: 20...25], directions: true)
      case 5:
        m.pointee.pc = data & 31
        return .jumped
      case 6:
        m.pointee.isr = data
        m.pointee.isrCount = n
      case 7: return force(m, data)
      default: break
      }
      return .done
    case 4 where !instruction[bit: 7]:  // PUSH
      if instruction[bit: 6], m.pointee.isrCount < m.pointee.pushThreshold { return .done }
      if m.pointee.rx.count >= m.pointee.rxDepth {
        s.pointee.fdebug |= 1 << UInt32(machine)
        if instruction[bit: 5] { return .stalled }
        m.pointee.isr = 0
        m.pointee.isrCount = 0
        return .done
      }
      push(m)
      return .done
    case 4:  // PULL
      let full = m.pointee.osrCount < m.pointee.pullThreshold
      if full, instruction[bit: 6] || m.pointee.shiftctrl[bit: 17] { return .done }
      if m.pointee.tx.count == 0 {
        if instruction[bit: 5] {
          s.pointee.fdebug |= 1 << UInt32(24 + machine)
          return .stalled
        }
        m.pointee.osr = m.pointee.x
        m.pointee.osrCount = 0
        return .done
      }
      pull(m)
      return .done
    case 5:  // MOV
      var v: UInt32 =
        switch instruction & 7 {
        case 0: rotate(s.pointee.inputs, 32 - m.pointee.pinctrl[bits: 15...19])
        case 1: m.pointee.x
        case 2: m.pointee.y
        case 5: (m.pointee.execctrl[bit: 4] ? m.pointee.rx.count : m.pointee.tx.count) < m.pointee.execctrl & 15 ? ~0 : 0
        case 6: m.pointee.isr
        case 7: m.pointee.osr
        default: 0
        }
      switch instruction[bits: 3...4] {
      case 1: v = ~v
      case 2: v = reversed(v)
      default: break
      }
      switch instruction[bits: 5...7] {
      case 0: drive(m, v, base: m.pointee.pinctrl & 31, count: m.pointee.pinctrl[bits: 20...25])
      case 1: m.pointee.x = v
      case 2: m.pointee.y = v
      case 4: return force(m, v)
      case 5:
        m.pointee.pc = v & 31
        return .jumped
      case 6:
        m.pointee.isr = v
        m.pointee.isrCount = 0
      case 7:
        m.pointee.osr = v
        m.pointee.osrCount = 0
      default: break
      }
      return .done
    case 6:  // IRQ
      let n = Int(flag(instruction & 31, machine))
      if instruction[bit: 6] {
        s.pointee.flags[bit: n] = false
        wakeOthers()
        return .done
      }
      guard instruction[bit: 5] else {
        s.pointee.flags[bit: n] = true
        wakeOthers()
        return .done
      }
      if !m.pointee.irqSet {
        s.pointee.flags[bit: n] = true
        m.pointee.irqSet = true
        wakeOthers()
        return .stalled
      }
      if s.pointee.flags[bit: n] { return .stalled }
      m.pointee.irqSet = false
      return .done
    default:  // SET
      let v = instruction & 31
      switch instruction[bits: 5...7] {
      case 0: drive(m, v, base: m.pointee.pinctrl[bits: 5...9], count: m.pointee.pinctrl[bits: 26...28])
      case 1: m.pointee.x = v
      case 2: m.pointee.y = v
      case 4: write(v, base: m.pointee.pinctrl[bits: 5...9], count: m.pointee.pinctrl[bits: 26...28], directions: true)
      default: break
      }
      return .done
    }
  }
  private func force(_ m: UnsafeMutablePointer<PIOStateMachine>, _ v: UInt32) -> Outcome {
    m.pointee.forced = v & 0xFFFF
    m.pointee.hasForced = true
    return .replaced
  }
  private func reversed(_ v: UInt32) -> UInt32 {
    var r = v.byteSwapped
    r = (r >> 4) & 0x0F0F_0F0F | (r & 0x0F0F_0F0F) << 4
    r = (r >> 2) & 0x3333_3333 | (r & 0x3333_3333) << 2
    return (r >> 1) & 0x5555_5555 | (r & 0x5555_5555) << 1
  }
}
