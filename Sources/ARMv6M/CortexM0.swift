import Machine
import Processor

/// An ARMv6-M core: Cortex-M0 or M0+ (ARM DDI 0419, DDI 0432, DDI 0484).
public final class CortexM0: Core {
  /// What an implementation has.
  public struct Variant: Sendable {
    public var cpuid: UInt32 = 0x410C_C601
    public var hasVTOR = true, hasMPU = true, hasUserMode = true, hasSysTick = true
    public var branchCycles = 2, wideCycles = 3, multiplyCycles = 1, exceptionEntry: UInt64 = 15, exceptionReturn: UInt64 = 5, tailChain: UInt64 = 6
    public var interrupts = 32
    /// The single-cycle IO port's addresses.
    public var ioPort: Range<UInt32> = 0..<0
    public var vtorMask: UInt32 = 0xFFFF_FF00
    /// SYST_CALIB.
    public var calibration: UInt32 = 0
    public init() {}
    /// RP2040: Cortex-M0+ r0p1 with all options (datasheet §2.4).
    public static var rp2040: Variant {
      var v = Variant()
      v.ioPort = 0xD000_0000..<0xD000_1000
      v.calibration = 0x0000_270F
      return v
    }
    /// A plain Cortex-M0.
    public static var m0: Variant {
      var v = Variant()
      v.cpuid = 0x410C_C200
      v.hasVTOR = false
      v.hasMPU = false
      v.hasUserMode = false
      v.branchCycles = 3
      v.wideCycles = 4
      v.exceptionEntry = 16
      return v
    }
  }
  /// Everything that changes, besides what the kernel keeps for a core. r15 is the address of the next instruction.
  struct State: BitwiseCopyable {
    var otherSP: UInt32 = 0  // the stack pointer that is not in r13
    var negative: UInt32 = 0, zero: UInt32 = 1, carry: UInt32 = 0, overflow: UInt32 = 0  // bit 31; ==0; 0/1; bit 31
    var thumb = true
    var primask = false
    var control: UInt32 = 0
    var ipsr: UInt32 = 0
    var event = false
    var sleepOnWFE = false
    var lockedUp = false
    var dispatch = false  // an exception can be taken now
    var pending: UInt64 = 0, active: UInt64 = 0  // by exception number
    var enabled: UInt32 = 0, lines: UInt32 = 0
    var nmiLine = false
    var nmiMask: UInt32 = 0
    var entered: UInt64 = 0  // the cycle at which the last exception's frame was complete
    var priorities: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)  // one byte per IRQ
    var shpr2: UInt32 = 0, shpr3: UInt32 = 0
    var vtor: UInt32 = 0, scr: UInt32 = 0
    var sysCSR: UInt32 = 0, sysReload: UInt32 = 0, sysValue: UInt32 = 0, sysFlag = false
    var sysStart: UInt64 = 0  // count of the SysTick's clock at which sysValue held
    var mpuControl: UInt32 = 0, mpuRegion: UInt32 = 0
    var mpuBase: (UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32) = (0, 0, 0, 0, 0, 0, 0, 0)
    var mpuAttributes: (UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32) = (0, 0, 0, 0, 0, 0, 0, 0)
    var lastAccess: UInt32 = 0, lastFault: UInt32 = 0
    var step = false
  }
  typealias Region = CodeRegion<Op>

  public let variant: Variant
  public let bus: Bus
  let state: UnsafeMutablePointer<State>
  /// r0 to r15.
  public let registers: UnsafeMutablePointer<UInt32>
  let scheduler: Scheduler
  typealias View = CodeView<Op>
  private var regions: [Region] = []
  /// Which views are the fast ones (-1: none), and where the core was last. Behind a pointer, as all that the loop reads.
  struct Places: BitwiseCopyable { var count = 0, ram = -1, flash = -1, current = 0 }
  let views: UnsafeMutablePointer<View>
  let places: UnsafeMutablePointer<Places>
  let polling: UnsafeMutablePointer<Polling>
  var cache: FlashCache?

  /// Clock of SysTick's external reference; nil: none.
  public var referenceClock: UnsafeMutablePointer<Clock>?
  /// Called on SEV: the other cores' event.
  public var onSendEvent: () -> Void = {}
  /// AIRCR.SYSRESETREQ.
  public var onResetRequest: () -> Void = {}
  /// A host call of the ROM: its number, the registers; gives the cycles that it took.
  public var onHostCall: ((UInt32, CortexM0) -> UInt32)?
  /// BKPT with a debugger attached: true when it takes it.
  public var onBreakpoint: ((CortexM0) -> Bool)?
  /// Lockup: nothing but a reset or an NMI helps.
  public var onLockup: (CortexM0) -> Void = { _ in }
  /// A HardFault was taken.
  public var onHardFault: (CortexM0) -> Void = { _ in }
  /// Sleep with SLEEPDEEP set.
  public var onDeepSleep: () -> Void = {}
  /// Addresses that stop the careful loop.
  public var breakpoints: Set<UInt32> = []
  /// Called before each instruction, in the careful loop.
  public var onInstruction: ((CortexM0, UInt32) -> Void)?
  var sysTickEvent: Scheduler.Event!

  /// - Parameter clock: the core's; nil: the machine's.
  public init(name: String, variant: Variant, bus: Bus, machine: Machine, clock: UnsafeMutablePointer<Clock>? = nil) {
    self.variant = variant
    self.bus = bus
    scheduler = machine.scheduler
    views = .allocate(capacity: Self.mostRegions)
    places = .allocate(capacity: 1)
    places.initialize(to: Places())
    polling = .allocate(capacity: 1)
    polling.initialize(to: Polling())
    registers = machine.arena.allocate("\(name).registers", count: 16, initial: UInt32(0))
    state = machine.arena.allocate("\(name).state", initial: State())
    super.init(name: name, clock: clock ?? machine.coreClock, arena: machine.arena)
    if variant.hasSysTick {
      sysTickEvent = scheduler.event("\(name).SysTick") { [unowned self] _ in sysTickExpired() }
    }
  }

  deinit {
    views.deallocate()
    places.deallocate()
    polling.deallocate()
  }

  // MARK: Memory

  static let mostRegions = 8

  /// Adds memory that code may run from. One writable region and one with a cache or wait states are the fast ones.
  public func addRegion(base: UInt32, size: UInt32, memory: UnsafeMutableRawPointer, writable: Bool, hostCalls: Bool = false, cache: FlashCache? = nil) {
    let region = Region(base: base, size: size, memory: memory, writable: writable, hostCalls: hostCalls, cache: cache)
    precondition(places.pointee.count < Self.mostRegions, "a core has at most \(Self.mostRegions) code regions")
    regions.append(region)
    views[places.pointee.count] = region.view
    if writable && places.pointee.ram < 0 { places.pointee.ram = places.pointee.count }
    if !writable && !hostCalls && places.pointee.flash < 0 {
      places.pointee.flash = places.pointee.count
      self.cache = cache
    }
    places.pointee.count += 1
    if let cache {
      cache.serve(region, miss: Op.fetchMiss.rawValue)
      cache.onFlush.append { [unowned region] in region.invalidateAll() }
    }
  }
  /// Memory changed behind the core's back.
  public func invalidate(_ address: UInt32, count: UInt32) {
    for i in 0..<places.pointee.count where address &- views[i].base < views[i].size { regions[i].invalidate(offset: address &- views[i].base, count: count) }
  }
  public override func invalidateAll() {
    for r in regions { r.invalidateAll() }
    polling.pointee = Polling()
  }

  // MARK: Registers

  public override var programCounter: UInt32 { registers[15] }
  var isHandler: Bool { state.pointee.ipsr != 0 }
  var isPrivileged: Bool { isHandler || !state.pointee.control[bit: 0] }
  public var apsr: UInt32 {
    get {
      let s = state.pointee
      return s.negative & 0x8000_0000 | (s.zero == 0 ? 1 << 30 : 0) | s.carry << 29 | (s.overflow >> 31) << 28
    }
    set {
      state.pointee.negative = newValue & 0x8000_0000
      state.pointee.zero = newValue[bit: 30] ? 0 : 1
      state.pointee.carry = newValue[bits: 29...29]
      state.pointee.overflow = newValue[bits: 28...28] << 31
    }
  }
  public var xpsr: UInt32 { apsr | (state.pointee.thumb ? 1 << 24 : 0) | state.pointee.ipsr }
  public var control: UInt32 { state.pointee.control }
  public var primask: Bool { state.pointee.primask }
  public var msp: UInt32 {
    get { state.pointee.control[bit: 1] ? state.pointee.otherSP : registers[13] }
    set { if state.pointee.control[bit: 1] { state.pointee.otherSP = newValue & ~3 } else { registers[13] = newValue & ~3 } }
  }
  public var psp: UInt32 {
    get { state.pointee.control[bit: 1] ? registers[13] : state.pointee.otherSP }
    set { if state.pointee.control[bit: 1] { registers[13] = newValue & ~3 } else { state.pointee.otherSP = newValue & ~3 } }
  }
  func selectStack(process: Bool) {
    guard process != state.pointee.control[bit: 1] else { return }
    swap(&registers[13], &state.pointee.otherSP)
    state.pointee.control[bit: 1] = process
  }
  public override var registerDump: String {
    func hex(_ v: UInt32) -> String {
      let s = String(v, radix: 16)
      return "0x" + String(repeating: "0", count: 8 - s.count) + s
    }
    var text = ""
    for i in 0..<16 {
      text += (i < 13 ? "r\(i)" : ["sp", "lr", "pc"][i - 13]) + " " + hex(registers[i]) + (i % 4 == 3 ? "\n" : "  ")
    }
    return text + "xpsr \(hex(xpsr))  msp \(hex(msp))  psp \(hex(psp))  last access \(hex(state.pointee.lastAccess))  first fault at \(hex(state.pointee.lastFault))"
  }
  /// The address of the last load or store that went to a device or failed.
  public var lastAccess: UInt32 { state.pointee.lastAccess }
  /// The address of the instruction that raised the first fault.
  public var lastFault: UInt32 { state.pointee.lastFault }
  /// A fault where none can be handled: nothing but a reset helps.
  public var isLockedUp: Bool { state.pointee.lockedUp }
  /// In the HardFault handler.
  public var isInHardFault: Bool { state.pointee.ipsr == 3 }

  public override func run() {
    if isCareful { loop(Careful.self) } else { loop(Quiet.self) }
  }
  var isCareful: Bool { onInstruction != nil || !breakpoints.isEmpty || state.pointee.mpuControl[bit: 0] || state.pointee.control[bit: 0] || state.pointee.step }

  /// Reset: the stack pointer and the entry from the vector table (§B1.5.5).
  public override func reset() {
    let lines = state.pointee.lines, mask = state.pointee.nmiMask
    if variant.hasSysTick { scheduler.cancel(sysTickEvent) }
    state.pointee = State()
    state.pointee.lines = lines
    state.pointee.nmiMask = mask
    for n in 0..<32 where lines[bit: n] { state.pointee.pending |= 1 << UInt64(16 + n) }
    for i in 0..<16 { registers[i] = 0 }
    stop = nil
    asleep.pointee = false
    cycles.pointee = max(cycles.pointee, currentCycle())
    registers[14] = 0xFFFF_FFFF
    registers[13] = bus.read(0, size: 4).value & ~3
    let entry = bus.read(4, size: 4).value
    registers[15] = entry & ~1
    state.pointee.thumb = entry[bit: 0]
    endSlice()
  }
  /// Starts at `entry` with stack `sp`, as a loader does.
  public func start(entry: UInt32, stack: UInt32) {
    registers[13] = stack & ~3
    registers[15] = entry & ~1
    state.pointee.thumb = entry[bit: 0]
  }
}
