/// A processor as the machine sees it: a cycle count that runs up to a limit.
open class Core {
  public let name: String
  /// What its cycles are cycles of.
  public final let clock: UnsafeMutablePointer<Clock>
  /// The cycle at which the next instruction starts.
  public final let cycles: UnsafeMutablePointer<UInt64>
  /// `run` returns at the first instruction boundary at or after this cycle; a device may lower it meanwhile.
  public final let limit: UnsafeMutablePointer<UInt64>
  /// In WFI, WFE or held in reset: the machine does not call `run`.
  public final let asleep: UnsafeMutablePointer<Bool>
  public final let instructions: UnsafeMutablePointer<UInt64>
  /// Cycles slept through, up to the last time it woke.
  public final let slept: UnsafeMutablePointer<UInt64>
  /// A device access at a later cycle must wait for the other core: `run` returns with nothing changed.
  public final let mayAccess: UnsafeMutablePointer<UInt64>
  /// Why the core cannot go on, in a sentence; ends the run.
  public final var stop: StopReason? { didSet { stopped.pointee = stop != nil } }
  /// Whether `stop` is set; a loop reads this.
  public final let stopped: UnsafeMutablePointer<Bool>
  /// The machine's present, for `wake`.
  public final var currentCycle: () -> UInt64 = { 0 }
  /// Ends the slice of whoever runs: the set of running cores changes.
  public final var endSlice: () -> Void = {}

  public init(name: String, clock: UnsafeMutablePointer<Clock>, arena: StateArena) {
    self.name = name
    self.clock = clock
    stopped = .allocate(capacity: 1)
    stopped.initialize(to: false)
    cycles = arena.allocate("\(name).cycles", initial: UInt64(0))
    limit = arena.allocate("\(name).limit", initial: UInt64(0))
    asleep = arena.allocate("\(name).asleep", initial: false)
    instructions = arena.allocate("\(name).instructions", initial: UInt64(0))
    slept = arena.allocate("\(name).slept", initial: UInt64(0))
    mayAccess = arena.allocate("\(name).mayAccess", initial: UInt64.max)
  }
  deinit { stopped.deallocate() }
  open func run() {}
  open func reset() {}
  open var programCounter: UInt32 { 0 }
  /// A text with the registers, for a report.
  open var registerDump: String { "" }
  /// Drops what was derived from memory contents (decoded code), after a restore.
  open func invalidateAll() {}
  /// The clock's frequency was changed: what the core has scheduled by its cycles is due at other times.
  open func clockChanged() {}

  /// Leaves sleep: time went on without the core.
  public final func wake() {
    guard asleep.pointee else { return }
    asleep.pointee = false
    let present = max(cycles.pointee, currentCycle())
    slept.pointee &+= present - cycles.pointee
    cycles.pointee = present
    endSlice()
  }
}

/// Why a machine stopped by itself.
public struct StopReason: Sendable, Equatable {
  public enum Kind: Sendable, Equatable { case lockup, breakpoint, exit, failure }
  public var kind: Kind
  public var message: String
  public init(_ kind: Kind, _ message: String) {
    self.kind = kind
    self.message = message
  }
}
