import Machine

/// RP2040 datasheet §4.7: the watchdog, its scratch words, and the 1 us tick of the timer and SysTick.
public final class Watchdog: RegisterDevice, RegisterNaming {
  public enum Register: UInt32, CaseIterable, Sendable {
    case ctrl = 0x00, load = 0x04, reason = 0x08
    case scratch0 = 0x0C, scratch1 = 0x10, scratch2 = 0x14, scratch3 = 0x18, scratch4 = 0x1C, scratch5 = 0x20, scratch6 = 0x24, scratch7 = 0x28
    case tick = 0x2C
  }
  static let map = RegisterMap<Watchdog> { r in
    r[.ctrl].bits(24...26).bits(30...30).reset(0x0700_0000).onWrite { d, v in d.control(v) }.onRead { $0[.ctrl] & 0x4700_0000 | $0.remaining }
    r[.load].onWrite { d, v in d.load(v & 0xFF_FFFF) }
    r[.reason].bits(0...1, .readOnly)
    r[.scratch0, count: 8].bits(0...31)
    r[.tick].bits(0...9).reset(0x200).onRead { $0[.tick] & 0x3FF | ($0[.tick] & 0x200) << 1 }.onWrite { d, _ in d.updateTick() }
  }
  /// The counter as of `tick`: it goes down by two each tick (erratum RP2040-E1).
  struct State: BitwiseCopyable { var counter: UInt32 = 0, atTick: UInt64 = 0 }
  private let state: UnsafeMutablePointer<State>
  /// Counts ticks; its frequency is clk_ref over TICK.CYCLES.
  public let ticks: UnsafeMutablePointer<Clock>
  private let ref: UnsafeMutablePointer<Clock>
  private let scheduler: Scheduler
  private var bite: Scheduler.Event!
  /// The chip's reset; the argument is REASON.
  var onReset: (UInt32) -> Void = { _ in }
  /// The tick's frequency has changed.
  var onTickChange: () -> Void = {}

  init(arena: StateArena, scheduler: Scheduler, ref: UnsafeMutablePointer<Clock>) {
    self.scheduler = scheduler
    self.ref = ref
    state = arena.allocate("RP2040.WATCHDOG.state", initial: State())
    ticks = arena.allocate("RP2040.WATCHDOG.ticks", initial: Clock(hertz: 0))
    super.init(Self.map, name: "RP2040.WATCHDOG", arena: arena)
    bite = scheduler.event("RP2040.WATCHDOG.bite") { [unowned self] _ in onReset(1) }
  }
  /// Leaves a program's entry where the boot ROM looks for it after a reset (§2.8.1.1).
  public func startProgram(at entry: UInt32, stack: UInt32) {
    self[.scratch4] = 0xB007_C0D3
    self[.scratch5] = entry ^ (0 &- 0xB007_C0D3)
    self[.scratch6] = stack
    self[.scratch7] = entry
  }
  private var tickNow: UInt64 { ticks.pointee.cycle(at: scheduler.now) }
  /// Follows a change of clk_ref or TICK.
  func updateTick() {
    let cycles = UInt64(self[.tick] & 0x1FF)
    let f = self[.tick][bit: 9] && cycles > 0 ? ref.pointee.frequency256 / cycles : 0
    guard f != ticks.pointee.frequency256 else { return }
    ticks.pointee.setFrequency256(f, at: scheduler.now)
    arm()
    onTickChange()
  }
  private var remaining: UInt32 {
    guard self[.ctrl][bit: 30] else { return state.pointee.counter }
    let used = (tickNow &- state.pointee.atTick) &* 2
    return used >= UInt64(state.pointee.counter) ? 0 : state.pointee.counter - UInt32(used)
  }
  private func control(_ v: UInt32) {
    if v[bit: 31] {
      scheduler.schedule(bite, at: scheduler.now)
      forced = true
      return
    }
    let left = remaining
    state.pointee = State(counter: left, atTick: tickNow)
    arm()
  }
  private var forced: Bool {
    get { self[.reason][bit: 31] }
    set { self[.reason][bit: 31] = newValue }
  }
  private func load(_ v: UInt32) {
    state.pointee = State(counter: v, atTick: tickNow)
    arm()
  }
  private func arm() {
    guard self[.ctrl][bit: 30] else { return scheduler.cancel(bite) }
    let target = state.pointee.atTick &+ UInt64((state.pointee.counter + 1) / 2)
    let time = ticks.pointee.time(ofCycle: target)
    if time == .max { scheduler.cancel(bite) } else { scheduler.schedule(bite, at: time) }
  }
  /// The block's part of a watchdog reset: counting stops, REASON and SCRATCH stay.
  func afterBite(forced: Bool) {
    let scratch = (0..<8).map { self[.scratch0, $0] }
    reset()
    for i in 0..<8 { self[.scratch0, i] = scratch[i] }
    self[.reason] = forced ? 2 : 1
  }
  /// REASON of the reset that is under way.
  var biteWasForced: Bool { forced }
  public override func reset() {
    super.reset()
    state.pointee = State()
    scheduler.cancel(bite)
    updateTick()
  }
}
