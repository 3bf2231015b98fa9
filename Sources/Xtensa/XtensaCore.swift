import Machine
import Processor

/// An Xtensa processor: LX106, LX6 or LX7 (Xtensa Instruction Set Architecture Reference Manual).
public final class XtensaCore: Core {
  /// What may be done with memory besides aligned 32-bit reads.
  public struct Access: OptionSet, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    public static let write = Access(rawValue: 1)
    public static let execute = Access(rawValue: 2)
    /// Accesses of 8 and 16 bits and, where the core has them, unaligned ones; without it they raise LoadStoreError.
    public static let bytes = Access(rawValue: 4)
    /// DRAM; memory on the data bus.
    public static let data: Access = [.write, .bytes]
    /// IRAM; memory on the instruction bus.
    public static let instruction: Access = [.write, .execute]
  }
  /// A range of addresses whose pages a cache MMU maps.
  public struct Window: Sendable, Equatable { let index: Int }

  public let configuration: Configuration
  public let bus: Bus

  /// - Parameters:
  ///   - prid: what RSR.PRID reads.
  ///   - clock: the core's; nil: the machine's.
  public init(name: String, configuration: Configuration, prid: UInt32, bus: Bus, machine: Machine, clock: UnsafeMutablePointer<Clock>? = nil) {
    self.configuration = configuration
    self.bus = bus
    super.init(name: name, clock: clock ?? machine.coreClock, arena: machine.arena)
  }

  // MARK: Memory

  /// Maps `size` bytes of `memory` from `offset` on at `base`, for good (all multiples of 4096). The same memory may be
  /// mapped at several addresses and by several cores. `reversed`: the words come in the opposite order (ESP32 SRAM1 on
  /// the instruction bus).
  public func addRegion(base: UInt32, size: UInt32, memory: CodeMemory, offset: UInt32 = 0, _ access: Access, reversed: Bool = false) {}
  /// A range of pages that `mapPage` maps; at first none is.
  public func addWindow(base: UInt32, size: UInt32, pageSize: UInt32 = 0x1_0000, _ access: Access) -> Window { Window(index: 0) }
  /// Maps page `page` (from 0) of a window to `memory` at `offset`; nil: accesses go to the bus. Costs little when nothing changes.
  public func mapPage(_ page: Int, of window: Window, to memory: CodeMemory?, offset: UInt32 = 0) {}
  /// Memory changed behind the core's back (DMA, Bus.onMemoryWrite).
  public func invalidate(_ address: UInt32, count: UInt32) {}
  public override func invalidateAll() {}

  // MARK: Lines into the core

  /// An interrupt input by its number. Edge types latch a rise.
  public func setInterrupt(_ n: Int, _ level: Bool) {}
  /// Held by the chip (RunStall): nothing runs and no interrupt wakes.
  public var isStalled: Bool { get { false } set {} }
  /// The chip changed the core clock's frequency: CCOMPARE deadlines move.
  public func clockChanged() {}
  /// Starts at `vector`.
  public func reset(vector: UInt32) {}
  /// Starts at the configuration's reset vector.
  public override func reset() { reset(vector: configuration.resetVector) }

  // MARK: Registers, for debuggers, loaders and tests

  public override var programCounter: UInt32 { 0 }
  public func setProgramCounter(_ pc: UInt32) {}
  /// a0 to a15 of the present window.
  public subscript(a i: Int) -> UInt32 { get { 0 } set {} }
  /// Special registers by number, without side effects of reading.
  public func special(_ n: Int) -> UInt32 { 0 }

  // MARK: Hooks

  /// SIMCALL or an OCD-only instruction; nil: illegal instruction.
  public var onBreak: ((XtensaCore) -> Bool)?
  /// WER and RER: external registers (debug module). (address) → value; (address, value).
  public var onReadExternal: (UInt32) -> UInt32 = { _ in 0 }
  public var onWriteExternal: (UInt32, UInt32) -> Void = { _, _ in }
}
