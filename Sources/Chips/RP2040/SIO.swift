import Machine

/// RP2040 datasheet §2.3.1: the single-cycle IO block. What both cores share; each core sees it through a `SIOPort`.
public final class SIO {
  struct State: BitwiseCopyable {
    var out: UInt32 = 0, oe: UInt32 = 0, hiOut: UInt32 = 0, hiOE: UInt32 = 0
    var spinlocks: UInt32 = 0
  }
  let state: UnsafeMutablePointer<State>
  let fifos: [SIOFifo]  // [n] is read by core n
  var ports: [SIOPort] = []
  /// Levels at the pads after INOVER.
  var gpioIn: () -> UInt32 = { 0 }
  var gpioHiIn: () -> UInt32 = { 0 }
  /// Told which pins' output or enable changed.
  var onOutputs: (UInt32) -> Void = { _ in }
  var onHiOutputs: (UInt32) -> Void = { _ in }

  init(arena: StateArena) {
    state = arena.allocate("RP2040.SIO", initial: State())
    fifos = (0..<2).map { SIOFifo(reader: $0, arena: arena) }
    ports = (0..<2).map { SIOPort(core: $0, sio: self, arena: arena) }
  }
  func reset() {
    let changed = state.pointee.out | state.pointee.oe, hi = state.pointee.hiOut | state.pointee.hiOE
    state.pointee = State()
    for f in fifos { f.reset() }
    for p in ports { p.reset() }
    onOutputs(changed)
    onHiOutputs(hi)
  }
  fileprivate func update(_ path: WritableKeyPath<State, UInt32>, _ value: UInt32, hi: Bool) {
    let changed = state.pointee[keyPath: path] ^ value
    guard changed != 0 else { return }
    state.pointee[keyPath: path] = value
    if hi { onHiOutputs(changed) } else { onOutputs(changed) }
  }
}

/// One direction of the mailbox between the cores: 8 words.
final class SIOFifo {
  struct State: BitwiseCopyable {
    var words: (UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32) = (0, 0, 0, 0, 0, 0, 0, 0)
    var head: UInt8 = 0, count: UInt8 = 0
  }
  private let state: UnsafeMutablePointer<State>
  let irq: Line
  init(reader: Int, arena: StateArena) {
    state = arena.allocate("RP2040.SIO.FIFO\(reader)", initial: State())
    irq = Line("RP2040.SIO.IRQ_PROC\(reader)", arena: arena)
  }
  var count: Int { Int(state.pointee.count) }
  private func word(_ i: Int) -> UnsafeMutablePointer<UInt32> {
    UnsafeMutableRawPointer(state).assumingMemoryBound(to: UInt32.self) + (i & 7)
  }
  func push(_ v: UInt32) {
    word(Int(state.pointee.head) + count).pointee = v
    state.pointee.count += 1
  }
  func pop() -> UInt32 {
    let v = word(Int(state.pointee.head)).pointee
    state.pointee.head = (state.pointee.head + 1) & 7
    state.pointee.count -= 1
    return v
  }
  func reset() {
    state.pointee = State()
    irq.set(false)
  }
}

/// The SIO as core `core` sees it at 0xD0000000.
public final class SIOPort: Device {
  struct State: BitwiseCopyable {
    var overflow = false, underflow = false
    var divider = SIODivider()
    var interp0 = Interpolator(), interp1 = Interpolator()
  }
  let core: Int
  // The SIO owns its ports; safe to leave uncounted, and a core polls here.
  private unowned(unsafe) let sio: SIO
  let state: UnsafeMutablePointer<State>
  /// Words wait for this core, or an error stands: a write to the other's FIFO tells it.
  init(core: Int, sio: SIO, arena: StateArena) {
    self.core = core
    self.sio = sio
    state = arena.allocate("RP2040.SIO.core\(core)", initial: State())
    super.init(name: "RP2040.SIO")
  }
  public override func reset() { state.pointee = State() }

  private func updateFifoInterrupt() {
    sio.fifos[core].irq.set(sio.fifos[core].count > 0 || state.pointee.overflow || state.pointee.underflow)
  }
  public override func read32(at offset: UInt32) -> UInt32 {
    let s = sio.state
    switch offset {
    case 0x00: return UInt32(core)
    case 0x04: return sio.gpioIn()
    case 0x08: return sio.gpioHiIn()
    case 0x10, 0x14, 0x18, 0x1C: return s.pointee.out
    case 0x20, 0x24, 0x28, 0x2C: return s.pointee.oe
    case 0x30, 0x34, 0x38, 0x3C: return s.pointee.hiOut
    case 0x40, 0x44, 0x48, 0x4C: return s.pointee.hiOE
    case 0x50:
      var v: UInt32 = 0
      v[bit: 0] = sio.fifos[core].count > 0
      v[bit: 1] = sio.fifos[1 - core].count < 8
      v[bit: 2] = state.pointee.overflow
      v[bit: 3] = state.pointee.underflow
      return v
    case 0x58:
      let f = sio.fifos[core]
      guard f.count > 0 else {
        state.pointee.underflow = true
        updateFifoInterrupt()
        return 0
      }
      let v = f.pop()
      updateFifoInterrupt()
      return v
    case 0x5C: return s.pointee.spinlocks
    case 0x60, 0x68: return state.pointee.divider.dividend
    case 0x64, 0x6C: return state.pointee.divider.divisor
    case 0x70:
      state.pointee.divider.dirty = false
      return state.pointee.divider.quotient
    case 0x74: return state.pointee.divider.remainder
    case 0x78: return 1 | (state.pointee.divider.dirty ? 2 : 0)
    case 0x80..<0xC0: return state.pointee.interp0.read(offset & 0x3C, unit: 0)
    case 0xC0..<0x100: return state.pointee.interp1.read(offset & 0x3C, unit: 1)
    case 0x100..<0x180:
      let bit = UInt32(1) << ((offset >> 2) & 31)
      if s.pointee.spinlocks & bit != 0 { return 0 }
      s.pointee.spinlocks |= bit
      return bit
    default:
      log?.unmodelled(device: name, register: "+0x" + String(offset, radix: 16), write: nil)
      return 0
    }
  }
  public override func write32(_ v: UInt32, at offset: UInt32) {
    let s = sio.state
    let pins: UInt32 = 0x3FFF_FFFF, hiPins: UInt32 = 0x3F
    switch offset {
    case 0x10: sio.update(\.out, v & pins, hi: false)
    case 0x14: sio.update(\.out, s.pointee.out | v & pins, hi: false)
    case 0x18: sio.update(\.out, s.pointee.out & ~v, hi: false)
    case 0x1C: sio.update(\.out, s.pointee.out ^ v & pins, hi: false)
    case 0x20: sio.update(\.oe, v & pins, hi: false)
    case 0x24: sio.update(\.oe, s.pointee.oe | v & pins, hi: false)
    case 0x28: sio.update(\.oe, s.pointee.oe & ~v, hi: false)
    case 0x2C: sio.update(\.oe, s.pointee.oe ^ v & pins, hi: false)
    case 0x30: sio.update(\.hiOut, v & hiPins, hi: true)
    case 0x34: sio.update(\.hiOut, s.pointee.hiOut | v & hiPins, hi: true)
    case 0x38: sio.update(\.hiOut, s.pointee.hiOut & ~v, hi: true)
    case 0x3C: sio.update(\.hiOut, s.pointee.hiOut ^ v & hiPins, hi: true)
    case 0x40: sio.update(\.hiOE, v & hiPins, hi: true)
    case 0x44: sio.update(\.hiOE, s.pointee.hiOE | v & hiPins, hi: true)
    case 0x48: sio.update(\.hiOE, s.pointee.hiOE & ~v, hi: true)
    case 0x4C: sio.update(\.hiOE, s.pointee.hiOE ^ v & hiPins, hi: true)
    case 0x50:
      state.pointee.overflow = false
      state.pointee.underflow = false
      updateFifoInterrupt()
    case 0x54:
      let f = sio.fifos[1 - core]
      if f.count == 8 {
        state.pointee.overflow = true
        updateFifoInterrupt()
      } else {
        f.push(v)
        sio.ports[1 - core].updateFifoInterrupt()
      }
    case 0x60: state.pointee.divider.start(dividend: v, signed: false)
    case 0x64: state.pointee.divider.start(divisor: v, signed: false)
    case 0x68: state.pointee.divider.start(dividend: v, signed: true)
    case 0x6C: state.pointee.divider.start(divisor: v, signed: true)
    case 0x70:
      state.pointee.divider.quotient = v
      state.pointee.divider.dirty = true
    case 0x74:
      state.pointee.divider.remainder = v
      state.pointee.divider.dirty = true
    case 0x80..<0xC0: state.pointee.interp0.write(offset & 0x3C, v, unit: 0)
    case 0xC0..<0x100: state.pointee.interp1.write(offset & 0x3C, v, unit: 1)
    case 0x100..<0x180: s.pointee.spinlocks &= ~(1 << ((offset >> 2) & 31))
    case 0x00, 0x04, 0x08, 0x58, 0x5C, 0x78: break  // read only
    default: log?.unmodelled(device: name, register: "+0x" + String(offset, radix: 16), write: v)
    }
  }
}

/// RP2040 datasheet §2.3.1.5: the integer divider. The result stands 8 cycles after the write; software waits for it,
/// so it may stand at once.
struct SIODivider: BitwiseCopyable {
  var dividend: UInt32 = 0, divisor: UInt32 = 0, quotient: UInt32 = 0, remainder: UInt32 = 0
  var signed = false, dirty = false

  mutating func start(dividend v: UInt32, signed: Bool) {
    dividend = v
    divide(signed)
  }
  mutating func start(divisor v: UInt32, signed: Bool) {
    divisor = v
    divide(signed)
  }
  private mutating func divide(_ signed: Bool) {
    self.signed = signed
    dirty = true
    if divisor == 0 {
      quotient = signed && Int32(bitPattern: dividend) < 0 ? 1 : ~0
      remainder = dividend
    } else if signed {
      let a = Int32(bitPattern: dividend), b = Int32(bitPattern: divisor)
      quotient = UInt32(bitPattern: a.dividedReportingOverflow(by: b).partialValue)
      remainder = UInt32(bitPattern: b == -1 ? 0 : a % b)
    } else {
      quotient = dividend / divisor
      remainder = dividend % divisor
    }
  }
}
