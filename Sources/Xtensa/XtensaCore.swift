import Machine
import Processor

/// An Xtensa processor: LX106, LX6 or LX7 (Xtensa Instruction Set Architecture Reference Manual).
public final class XtensaCore: Core {
  typealias Number = SpecialRegister.Number

  /// What changes and is no register that software names.
  struct State: BitwiseCopyable {
    var pc: UInt32 = 0
    /// Levels of the interrupt inputs.
    var lines: UInt32 = 0
    /// An interrupt can be taken now.
    var dispatch = false
    /// In WAITI; held by the chip; at a double exception vector that cannot be fetched.
    var waiting = false, stalled = false, dead = false
    /// The float operations of the loop need no look at flags and rounding: FCR says nearest, FSR.I is set.
    var quickFloat = false
    /// CCOUNT minus the core's cycles.
    var ccountOffset: UInt32 = 0
    /// The cycles at which CCOMPARE0 to 2 match next.
    var timers: (UInt64, UInt64, UInt64) = (0, 0, 0)
    /// Access attributes of the eight regions of 512 MiB, four bits each.
    var instructionAttributes: UInt32 = 0x2222_2222, dataAttributes: UInt32 = 0x2222_2222
    /// Address of the last load or store that went to a device or failed.
    var lastAccess: UInt32 = 0
    /// The careful loop is called for.
    var careful = false
    /// A breakpoint was hit; the instruction at it comes next in spite of it.
    var stopsHere = false, pastBreakpoint = false
  }

  public let configuration: Configuration
  public let bus: Bus
  let options: Configuration.Options
  let scheduler: Scheduler
  private let prid: UInt32
  let state: UnsafeMutablePointer<State>
  /// The physical address registers, then the first twelve again: what a window that wraps holds beyond the last. While
  /// WINDOWBASE is at such a window, the second copies are the registers.
  let addressRegisters: UnsafeMutablePointer<UInt32>
  /// Special, user and floating-point registers by number.
  let sr: UnsafeMutablePointer<UInt32>, ur: UnsafeMutablePointer<UInt32>, fr: UnsafeMutablePointer<UInt32>
  let map: MemoryMap
  /// Where the last instruction of a loop's body runs, with `after` behind it.
  let stage: UnsafeMutablePointer<Slot<Op>>

  /// Interrupts by level, and by type.
  let levelMasks: UnsafeMutablePointer<UInt32>
  let levelTypes: UInt32, edgeTypes: UInt32, softwareTypes: UInt32, timerTypes: UInt32, nmiMask: UInt32
  private var timerEvents: [Scheduler.Event] = []

  // Hooks

  /// BREAK and BREAK.N with a debugger attached: true when it takes it.
  public var onBreak: ((XtensaCore) -> Bool)?
  /// SIMCALL; nil or false: an illegal instruction.
  public var onSimcall: ((XtensaCore) -> Bool)?
  /// RER and WER: registers outside the core (the debug module).
  public var onReadExternal: (UInt32) -> UInt32 = { _ in 0 }
  public var onWriteExternal: (UInt32, UInt32) -> Void = { _, _ in }
  /// EXPSTATE (ESP32) or GPIO_OUT (ESP32-S3) changed; their inputs.
  public var onPortOutput: (UInt32) -> Void = { _ in }
  public var portInput: () -> UInt32 = { 0 }
  /// A general exception was raised: (cause, address of the instruction, EXCVADDR).
  public var onException: ((UInt32, UInt32, UInt32) -> Void)?
  /// The double exception vector cannot be fetched: only a reset helps.
  public var onLockup: (XtensaCore) -> Void = { _ in }
  /// Called before each instruction, in the careful loop.
  public var onInstruction: ((XtensaCore, UInt32) -> Void)? { didSet { updateCareful() } }
  /// Addresses that stop the careful loop, when `onBreakpoint` says so.
  public var breakpoints: Set<UInt32> = [] { didSet { updateCareful() } }
  public var onBreakpoint: ((XtensaCore) -> Bool)?

  /// - Parameters:
  ///   - prid: what RSR.PRID reads.
  ///   - clock: the core's; nil: the machine's.
  public init(name: String, configuration: Configuration, prid: UInt32, bus: Bus, machine: Machine, clock: UnsafeMutablePointer<Clock>? = nil) {
    self.configuration = configuration
    self.bus = bus
    self.prid = prid
    options = configuration.options
    scheduler = machine.scheduler
    let arena = machine.arena
    state = arena.allocate("\(name).state", initial: State())
    addressRegisters = arena.allocate("\(name).addressRegisters", count: 80, initial: UInt32(0))
    sr = arena.allocate("\(name).specialRegisters", count: 256, initial: UInt32(0))
    ur = arena.allocate("\(name).userRegisters", count: 256, initial: UInt32(0))
    fr = arena.allocate("\(name).floatRegisters", count: 16, initial: UInt32(0))
    map = MemoryMap(name: name, arena: arena)
    stage = .allocate(capacity: 4)
    var after = Slot(Op.after)
    after.cycles = 0
    stage.initialize(repeating: after, count: 4)
    levelMasks = .allocate(capacity: 16)
    levelMasks.initialize(repeating: 0, count: 16)
    var types = [Configuration.InterruptType: UInt32]()
    for (n, i) in configuration.interrupts.enumerated() {
      levelMasks[i.level & 15] |= 1 << UInt32(n)
      types[i.type, default: 0] |= 1 << UInt32(n)
    }
    levelTypes = types[.level] ?? 0
    edgeTypes = types[.edge] ?? 0
    softwareTypes = types[.software] ?? 0
    timerTypes = types[.timer] ?? 0
    nmiMask = types[.nmi] ?? 0
    super.init(name: name, clock: clock ?? machine.coreClock, arena: arena)
    for i in 0..<configuration.timers.count {
      timerEvents.append(scheduler.event("\(name).CCOMPARE\(i)") { [unowned self] _ in timerExpired(i) })
    }
    initialise(vector: configuration.resetVector)
  }
  deinit {
    stage.deallocate()
    levelMasks.deallocate()
  }

  // MARK: Reset, sleep

  /// Starts at `vector`.
  public func reset(vector: UInt32) {
    initialise(vector: vector)
    stop = nil
    asleep.pointee = state.pointee.stalled
    cycles.pointee = max(cycles.pointee, currentCycle())
    for i in 0..<timerEvents.count { startTimer(i) }
    map.rebuild(self)
    updateInterrupts()
    endSlice()
  }
  /// Starts at the configuration's reset vector.
  public override func reset() { reset(vector: configuration.resetVector) }

  private func initialise(vector: UInt32) {
    let lines = state.pointee.lines, stalled = state.pointee.stalled
    state.pointee = State()
    state.pointee.lines = lines
    state.pointee.stalled = stalled
    state.pointee.pc = vector
    for i in 0..<80 { addressRegisters[i] = 0 }
    for i in 0..<256 {
      sr[i] = 0
      ur[i] = 0
    }
    for i in 0..<16 { fr[i] = 0 }
    sr[Number.ps] = PS.intLevel | PS.excm
    sr[Number.windowStart] = options.contains(.windowed) ? 1 : 0
    sr[Number.vecbase] = configuration.vecbase
    sr[Number.configID0] = configuration.configID0
    sr[Number.configID1] = configuration.configID1
    sr[Number.prid] = prid
    sr[Number.atomCtl] = 0x28
    sr[Number.interrupt] = lines & levelTypes
    updateCareful()
  }
  /// Held by the chip (RunStall): nothing runs and no interrupt wakes.
  public var isStalled: Bool {
    get { state.pointee.stalled }
    set {
      guard newValue != state.pointee.stalled else { return }
      state.pointee.stalled = newValue
      if newValue {
        asleep.pointee = true
        limit.pointee = min(limit.pointee, cycles.pointee)
        endSlice()
      } else if !state.pointee.dead, !state.pointee.waiting || state.pointee.dispatch {
        state.pointee.waiting = false
        wake()
      }
    }
  }
  /// In WAITI.
  public var isWaiting: Bool { state.pointee.waiting }

  // MARK: Memory

  /// Maps `size` bytes of `memory` from `offset` on at `base`, for good (all multiples of 4096). The same memory may be
  /// mapped at several addresses and by several cores. `reversed`: the words come in the opposite order (ESP32 SRAM1 on
  /// the instruction bus).
  public func addRegion(base: UInt32, size: UInt32, memory: CodeMemory, offset: UInt32 = 0, _ access: Access, reversed: Bool = false) {
    memory.serve(self)
    map.addRegion(base: base, size: size, memory: memory, offset: offset, access, reversed: reversed)
    map.rebuild(self)
  }
  /// A range of pages that `mapPage` maps; at first none is. `memories`: what they will be mapped to, so that a snapshot
  /// can name it.
  public func addWindow(base: UInt32, size: UInt32, pageSize: UInt32 = 0x1_0000, _ access: Access, memories: [CodeMemory] = []) -> Window {
    for m in memories {
      m.serve(self)
      _ = map.store(of: m, reversed: nil)
    }
    return map.addWindow(base: base, size: size, pageSize: pageSize, access)
  }
  /// Maps page `page` (from 0) of a window to `memory` at `offset`; nil: accesses go to the bus. Costs little when nothing changes.
  public func mapPage(_ page: Int, of window: Window, to memory: CodeMemory?, offset: UInt32 = 0) {
    memory?.serve(self)
    if map.mapPage(page, of: window, to: memory, offset: offset, self) {
      // The running loop's view may be another now.
      limit.pointee = min(limit.pointee, cycles.pointee)
    }
  }
  /// Memory changed behind the core's back (DMA, Bus.onMemoryWrite).
  public func invalidate(_ address: UInt32, count: UInt32) {
    guard let p = map.place(address) else { return }
    map.memory(p.store).changed(offset: p.offset & ~3, count: count &+ (p.offset & 3))
  }
  public override func invalidateAll() {
    for m in map.memories { m.forgetAll() }
    map.rebuild(self)
    updateCareful()
  }
  func pageChanged(_ memory: CodeMemory, _ page: UInt32) { map.refresh(memory, page, self) }
  func drop(_ memory: CodeMemory, from: UInt32, to: UInt32) { map.drop(memory, from: from, to: to) }

  // MARK: Interrupt inputs and timers

  /// An interrupt input by its number. Edge types latch a rise.
  public func setInterrupt(_ n: Int, _ level: Bool) {
    guard n >= 0, n < configuration.interrupts.count, level != state.pointee.lines[bit: n] else { return }
    let bit = UInt32(1) << UInt32(n)
    state.pointee.lines[bit: n] = level
    if levelTypes & bit != 0 {
      sr[Number.interrupt][bit: n] = level
    } else if (edgeTypes | nmiMask) & bit != 0, level {
      sr[Number.interrupt] |= bit
    }
    updateInterrupts()
  }
  /// The clock's frequency changed: the times of CCOMPARE matches move.
  public override func clockChanged() {
    for i in 0..<timerEvents.count where scheduler.isScheduled(timerEvents[i]) {
      scheduler.schedule(timerEvents[i], at: clock.pointee.time(ofCycle: timerCycle(i)))
    }
  }
  private func timerCycle(_ i: Int) -> UInt64 { withUnsafeBytes(of: &state.pointee.timers) { $0.load(fromByteOffset: i * 8, as: UInt64.self) } }
  private func setTimer(_ i: Int, _ cycle: UInt64) {
    withUnsafeMutableBytes(of: &state.pointee.timers) { $0.storeBytes(of: cycle, toByteOffset: i * 8, as: UInt64.self) }
    scheduler.schedule(timerEvents[i], at: clock.pointee.time(ofCycle: cycle))
  }
  var ccount: UInt32 { UInt32(truncatingIfNeeded: cycles.pointee) &+ state.pointee.ccountOffset }
  /// CCOMPAREi or CCOUNT was written: the next match.
  func startTimer(_ i: Int) {
    let distance = sr[Number.ccompare + i] &- ccount
    setTimer(i, cycles.pointee &+ (distance == 0 ? 1 << 32 : UInt64(distance)))
  }
  private func timerExpired(_ i: Int) {
    let due = timerCycle(i)
    guard clock.pointee.cycle(atOrAfter: scheduler.now) >= due else {
      scheduler.schedule(timerEvents[i], at: clock.pointee.time(ofCycle: due))
      return
    }
    setTimer(i, due &+ 1 << 32)
    sr[Number.interrupt] |= 1 << UInt32(configuration.timers[i])
    updateInterrupts()
  }

  // MARK: Registers, for debuggers, loaders and tests

  public override var programCounter: UInt32 { state.pointee.pc }
  public func setProgramCounter(_ pc: UInt32) { state.pointee.pc = pc }
  /// The present window.
  var window: UnsafeMutablePointer<UInt32> { addressRegisters + Int(sr[Number.windowBase] & 15) * 4 }
  /// a0 to a15 of the present window.
  public subscript(a i: Int) -> UInt32 {
    get { window[i & 15] }
    set { window[i & 15] = newValue }
  }
  /// A physical address register, 0 to 63.
  public subscript(ar i: Int) -> UInt32 {
    get { addressRegisters[physical(i)] }
    set { addressRegisters[physical(i)] = newValue }
  }
  private func physical(_ i: Int) -> Int {
    let n = i & 63, wrapped = Int(sr[Number.windowBase] & 15) * 4 + 16 - 64
    return n < wrapped ? n + 64 : n
  }
  public subscript(f i: Int) -> UInt32 {
    get { fr[i & 15] }
    set { fr[i & 15] = newValue }
  }
  /// A special register, without the effects of an instruction's reading.
  public func special(_ n: Int) -> UInt32 { n == Number.ccount ? ccount : sr[n & 255] }
  /// Writes a special register as WSR does.
  public func setSpecial(_ n: Int, _ value: UInt32) { writeSpecial(n & 255, value) }
  public func user(_ n: Int) -> UInt32 { ur[n & 255] }
  public func setUser(_ n: Int, _ value: UInt32) { writeUser(n & 255, value) }
  public var lastAccess: UInt32 { state.pointee.lastAccess }

  public override var registerDump: String {
    func hex(_ v: UInt32) -> String {
      let s = String(v, radix: 16)
      return "0x" + String(repeating: "0", count: 8 - s.count) + s
    }
    var text = ""
    for i in 0..<16 { text += "a\(i)".padded(4) + hex(window[i]) + (i % 4 == 3 ? "\n" : "  ") }
    text += "pc  \(hex(state.pointee.pc))  ps \(hex(sr[Number.ps]))  sar \(hex(sr[Number.sar]))  exccause \(sr[Number.excCause])  excvaddr \(hex(sr[Number.excVAddr]))\n"
    text += "epc1 \(hex(sr[Number.epc + 1]))  depc \(hex(sr[Number.depc]))  interrupt \(hex(sr[Number.interrupt]))  intenable \(hex(sr[Number.intEnable]))  last access \(hex(state.pointee.lastAccess))"
    if options.contains(.windowed) { text += "\nwindowbase \(sr[Number.windowBase])  windowstart \(hex(sr[Number.windowStart]))  lbeg \(hex(sr[0]))  lend \(hex(sr[1]))  lcount \(sr[2])" }
    return text
  }

  // MARK: Running

  public override func run() {
    state.pointee.stopsHere = false
    while cycles.pointee < limit.pointee, !asleep.pointee, !stopped.pointee {
      if state.pointee.careful {
        loop(Careful.self)
        if state.pointee.stopsHere { return }
      } else if windowLimit < 3 {
        loop(Checked.self)
      } else {
        loop(Quiet.self)
      }
    }
  }
  /// Whether something must be looked at before each instruction.
  func updateCareful() {
    let was = state.pointee.careful
    state.pointee.careful =
      onInstruction != nil || !breakpoints.isEmpty || sr[Number.ibreakEnable] != 0 || sr[Number.icountLevel] != 0
    if state.pointee.careful != was { limit.pointee = min(limit.pointee, cycles.pointee) }
  }
}

extension String {
  fileprivate func padded(_ n: Int) -> String { self + String(repeating: " ", count: max(0, n - count)) }
}
