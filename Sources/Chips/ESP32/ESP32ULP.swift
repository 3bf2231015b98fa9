import Machine

/// ESP32 TRM chapter 30: the ULP coprocessor: four registers of 16 bits, a program in RTC slow memory, and the RTC's own blocks, which
/// it reads and writes while the cores sleep. An instruction is an event.
final class ESP32ULP: Device {
  struct State: BitwiseCopyable {
    var registers: (UInt16, UInt16, UInt16, UInt16) = (0, 0, 0, 0)
    var stage: UInt8 = 0
    var pc: UInt16 = 0
    var zero = false, overflow = false, isRunning = false
    /// An I2C instruction is under way, a read or a write.
    var isReading = false, isWriting = false
    /// Which of SENS's five pauses comes after HALT.
    var pause = 0
  }
  private let state: UnsafeMutablePointer<State>
  private let scheduler: Scheduler, memory: Memory, rtc: ESP32RTCControl, sens: ESP32SENS, i2c: ESP32RTCI2C, clocks: ESP32Clocks
  /// RTC_CNTL, RTC_IO, SENS and RTC_I2C, a page of registers.
  private unowned let registers: Device
  private var event: Scheduler.Event!
  /// Memory was written: (offset, count).
  var onWrite: (UInt32, UInt32) -> Void = { _, _ in }

  init(arena: StateArena, scheduler: Scheduler, memory: Memory, rtc: ESP32RTCControl, sens: ESP32SENS, i2c: ESP32RTCI2C, registers: Device, clocks: ESP32Clocks) {
    self.scheduler = scheduler
    self.memory = memory
    self.rtc = rtc
    self.sens = sens
    self.i2c = i2c
    self.registers = registers
    self.clocks = clocks
    state = arena.allocate("ESP32.ULP.state", initial: State())
    super.init(name: "ESP32.ULP")
    event = scheduler.event("ESP32.ULP.step") { [unowned self] _ in step() }
  }
  var isRunning: Bool { state.pointee.isRunning }
  /// RTC_CNTL.STATE0 or SENS.SAR_START_FORCE was written: the timer that starts the program runs or not, or software starts it.
  func controlChanged() {
    let force = sens[.sarStartForce]
    if force[bit: 8] {
      if force[bit: 9], !state.pointee.isRunning { start() }
    } else if !rtc[.state0][bit: 24] {
      if !state.pointee.isRunning { scheduler.cancel(event) }
    } else if !state.pointee.isRunning, !scheduler.isScheduled(event) {
      arm()
    }
  }
  /// §30.5: the timer counts the slow clock, and the program starts a few of its cycles later.
  private func arm() {
    let cycles = UInt64(sens[.ulpCpSleepCyc0, state.pointee.pause]) + UInt64(rtc[.timer2][bits: 15...23]) + 3
    scheduler.schedule(event, after: Clock.time(cycles, hertz: clocks.slowRC))
  }
  private func start() {
    state.pointee.isRunning = true
    state.pointee.pc = UInt16(sens[.sarStartForce][bits: 11...21])
    scheduler.schedule(event, at: scheduler.now)
  }
  private func step() {
    guard state.pointee.isRunning else { return start() }
    let cycles = execute()
    if state.pointee.isRunning, cycles > 0 { scheduler.schedule(event, after: Clock.time(UInt64(cycles), hertz: clocks.fastRC)) }
  }
  /// The bus is done: R0 gets what was read.
  func transferred(_ v: UInt8) {
    guard state.pointee.isReading || state.pointee.isWriting else { return }
    if state.pointee.isReading { set(0, UInt16(v)) }
    (state.pointee.isReading, state.pointee.isWriting) = (false, false)
    scheduler.schedule(event, after: Clock.time(4, hertz: clocks.fastRC))
  }
  private func halt() {
    state.pointee.isRunning = false
    // Software may stop the timer with the start bit still set.
    if rtc[.state0][bit: 24], !sens[.sarStartForce][bit: 8] { arm() }
  }

  // MARK: Memory and registers

  private func place(_ word: Int) -> Int { word & (memory.size / 4 - 1) }
  private func load(_ word: Int) -> UInt32 { memory.raw.load(fromByteOffset: place(word) * 4, as: UInt32.self) }
  private func store(_ word: Int, _ v: UInt32) {
    memory.raw.storeBytes(of: v, toByteOffset: place(word) * 4, as: UInt32.self)
    onWrite(UInt32(place(word) * 4), 4)
  }
  private func register(_ n: UInt32) -> UInt16 {
    switch n & 3 {
    case 0: state.pointee.registers.0
    case 1: state.pointee.registers.1
    case 2: state.pointee.registers.2
    default: state.pointee.registers.3
    }
  }
  private func set(_ n: UInt32, _ v: UInt16) {
    switch n & 3 {
    case 0: state.pointee.registers.0 = v
    case 1: state.pointee.registers.1 = v
    case 2: state.pointee.registers.2 = v
    default: state.pointee.registers.3 = v
    }
  }
  /// Eleven bits of an offset in words, with its sign.
  private func offset(_ i: UInt32) -> Int { Int(i[bits: 10...20]) - (i[bit: 20] ? 2048 : 0) }

  // MARK: Instructions, §30.4; the cycles are of its execution and the fetch of the next

  private func execute() -> Int {
    let at = Int(state.pointee.pc), i = load(at)
    state.pointee.pc = UInt16(truncatingIfNeeded: at + 1) & 0x7FF
    switch i >> 28 {
    case 1: writeRegister(i); return 12
    case 2: readRegister(i); return 8
    case 4: return 6 + Int(i & 0xFFFF)
    case 5: set(i, measure(i)); return 23 + Int(max(1, i[bits: 8...23]))
    case 6:
      // The upper half gets the program counter and the number of the register with the address.
      let low = UInt32(register(i)), high = UInt32(at & 0x7FF) << 21 | i[bits: 2...3] << 16
      store(Int(register(i >> 2)) + offset(i), high | low)
      return 8
    case 7: calculate(i); return 4
    case 8: return branch(i, at)
    case 9:
      if i[bits: 25...27] == 1 { state.pointee.pause = min(4, Int(i & 15)) } else if i[bit: 0] { rtc.coprocessorWakes() }
      return 6
    case 10: set(i, UInt16(truncatingIfNeeded: registers.read32(at: 0x844) >> 22 & 0xFF)); return 4 + Int(i[bits: 2...15])
    case 11: halt(); return 2
    case 13: set(i, UInt16(truncatingIfNeeded: load(Int(register(i >> 2)) + offset(i)))); return 8
    case 3:
      // It goes on when the bus is done with it.
      (state.pointee.isReading, state.pointee.isWriting) = (!i[bit: 27], i[bit: 27])
      i2c.begin(i, target: sens.i2cTarget(Int(i[bits: 22...25])))
      return 0
    default:
      log?.once("ESP32.ULP: 0x\(String(i, radix: 16)) at word 0x\(String(at, radix: 16)) is no instruction: the program stops")
      halt()
      return 2
    }
  }
  private func address(_ i: UInt32) -> UInt32 { i[bits: 8...9] << 10 | (i & 0xFF) << 2 }
  private func writeRegister(_ i: UInt32) {
    let low = Int(i[bits: 18...22]), high = max(low, Int(i[bits: 23...27]))
    var v = registers.read32(at: address(i))
    v[bits: low...high] = i[bits: 10...17]
    registers.write32(v, at: address(i))
  }
  private func readRegister(_ i: UInt32) {
    let low = Int(i[bits: 18...22]), high = max(low, Int(i[bits: 23...27]))
    set(0, UInt16(truncatingIfNeeded: registers.read32(at: address(i))[bits: low...high]))
  }
  private func measure(_ i: UInt32) -> UInt16 { UInt16(truncatingIfNeeded: sens.convert(unit: i[bit: 6] ? 1 : 0, channel: Int(i[bits: 2...5]) - 1)) }
  private func calculate(_ i: UInt32) {
    let kind = i[bits: 25...27], operation = i[bits: 21...24]
    if kind == 2 {
      let v = UInt8(truncatingIfNeeded: i >> 4)
      state.pointee.stage = operation == 0 ? state.pointee.stage &+ v : operation == 1 ? state.pointee.stage &- v : 0
      return
    }
    let a = UInt32(register(i >> 2)), b = kind == 0 ? UInt32(register(i >> 4)) : i[bits: 4...19]
    let result: UInt32
    switch operation {
    case 0: result = a + b
    case 1: result = a &- b
    case 2: result = a & b
    case 3: result = a | b
    case 4: result = kind == 0 ? a : b
    case 5: result = b < 16 ? a << b : 0
    case 6: result = b < 16 ? a >> b : 0
    default: return
    }
    set(i, UInt16(truncatingIfNeeded: result))
    state.pointee.zero = result & 0xFFFF == 0
    if operation < 2 { state.pointee.overflow = result > 0xFFFF }
  }
  private func branch(_ i: UInt32, _ at: Int) -> Int {
    let step = Int(i[bits: 17...23]) * (i[bit: 24] ? -1 : 1), taken: Bool
    switch i[bits: 25...27] {
    case 0:
      let type = i[bits: 22...24]
      if type == 0 || type == 1 && state.pointee.zero || type == 2 && state.pointee.overflow { state.pointee.pc = (i[bit: 21] ? register(i) : UInt16(i[bits: 2...12])) & 0x7FF }
      return 4
    case 1: taken = i[bit: 16] ? UInt32(register(0)) >= i & 0xFFFF : UInt32(register(0)) < i & 0xFFFF
    default:
      let stage = UInt32(state.pointee.stage), v = i & 0xFF
      taken = i[bits: 15...16] == 0 ? stage < v : i[bits: 15...16] == 1 ? stage >= v : stage <= v
    }
    if taken { state.pointee.pc = UInt16(truncatingIfNeeded: at + step) & 0x7FF }
    return 4
  }
  override func reset() {
    scheduler.cancel(event)
    state.pointee = State()
  }
}
