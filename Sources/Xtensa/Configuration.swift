/// What an Xtensa processor was built with (Xtensa ISA Reference Manual, chapter 4, and the cores' own configurations).
public struct Configuration: Sendable {
  /// Groups of instructions and registers.
  public struct Options: OptionSet, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    public static let core = Options(rawValue: 1 << 0)
    public static let windowed = Options(rawValue: 1 << 1)
    public static let loops = Options(rawValue: 1 << 2)
    public static let mul32High = Options(rawValue: 1 << 3)
    public static let div32 = Options(rawValue: 1 << 4)
    public static let mac16 = Options(rawValue: 1 << 5)
    /// MIN, MAX, SEXT, CLAMPS.
    public static let misc = Options(rawValue: 1 << 6)
    public static let booleans = Options(rawValue: 1 << 7)
    /// Single precision, with the steps of division and square root: coprocessor 0.
    public static let floatingPoint = Options(rawValue: 1 << 8)
    /// F64R and F64S of the ESP32, as storage.
    public static let doubleAccelerator = Options(rawValue: 1 << 9)
    public static let conditionalStore = Options(rawValue: 1 << 10)
    public static let multiprocessor = Options(rawValue: 1 << 11)
    public static let threadPointer = Options(rawValue: 1 << 12)
    public static let coprocessors = Options(rawValue: 1 << 13)
    /// LITBASE.
    public static let absoluteLiterals = Options(rawValue: 1 << 14)
    /// SALT, SALTU.
    public static let salt = Options(rawValue: 1 << 15)
    /// The vector instructions of the ESP32-S3: coprocessor 3.
    public static let vectors = Options(rawValue: 1 << 16)
    /// MISC0 to MISC3.
    public static let miscRegisters = Options(rawValue: 1 << 17)
    /// The LX6 and LX7: MEMCTL, DDR moved through memory, S32NB.
    public static let lx6 = Options(rawValue: 1 << 18)
    public static let esp32GPIO = Options(rawValue: 1 << 19)
    public static let esp32s3GPIO = Options(rawValue: 1 << 20)
  }
  public enum InterruptType: UInt8, Sendable, BitwiseCopyable { case none, level, edge, software, timer, profiling, nmi }
  public struct Interrupt: Sendable {
    public var level: Int
    public var type: InterruptType
    public init(_ level: Int, _ type: InterruptType) {
      self.level = level
      self.type = type
    }
  }

  public var options: Options
  public var interrupts: [Interrupt]
  /// Interrupts of CCOMPARE0, 1, 2.
  public var timers: [Int]
  public var exceptionLevel: Int, debugLevel: Int, nmiLevel: Int
  public var configID0: UInt32, configID1: UInt32
  public var resetVector: UInt32, vecbase: UInt32
  /// Offsets from VECBASE.
  public var kernelVector: UInt32, userVector: UInt32, doubleVector: UInt32
  /// Offsets from VECBASE of levels 2 and up.
  public var levelVectors: [UInt32]
  /// Instruction and data breakpoint registers.
  public var breakpoints: Int
  /// Unaligned loads and stores of ordinary memory are done; else they raise LoadStoreAlignment.
  public var unalignedAccess: Bool
  /// Cycles lost when the fetch goes elsewhere (taken branch, jump, call, return): 2 in the pipeline of five stages, 3 in
  /// that of seven, whose loop of a decrement and a branch takes 5 cycles on an ESP32.
  public var branchPenalty: Int
  /// Cycles that an instruction waits for what the load before it loads.
  public var loadDelay: Int

  /// The ESP8266: LX3.0.1, call0.
  public static var lx106: Configuration {
    var i = [Interrupt](repeating: Interrupt(1, .level), count: 15)
    i[6] = Interrupt(1, .timer)
    i[7] = Interrupt(1, .software)
    for n in 8...13 { i[n] = Interrupt(1, .edge) }
    i[14] = Interrupt(3, .nmi)
    return Configuration(
      options: [.core, .absoluteLiterals], interrupts: i, timers: [6], exceptionLevel: 1, debugLevel: 2, nmiLevel: 3,
      configID0: 0xC28C_DAFA, configID1: 0x1082_B6F6, resetVector: 0x4000_0080, vecbase: 0x4000_0000,
      kernelVector: 0x30, userVector: 0x50, doubleVector: 0x70, levelVectors: [0x10, 0x20], breakpoints: 1, unalignedAccess: false, branchPenalty: 2, loadDelay: 1)
  }
  /// The ESP32: LX6.0.3.
  public static var lx6: Configuration {
    Configuration(
      options: [
        .core, .windowed, .loops, .mul32High, .div32, .mac16, .misc, .booleans, .floatingPoint, .doubleAccelerator, .conditionalStore, .multiprocessor, .threadPointer,
        .coprocessors, .miscRegisters, .lx6, .esp32GPIO,
      ],
      interrupts: espInterrupts, timers: [6, 15, 16], exceptionLevel: 3, debugLevel: 6, nmiLevel: 7,
      configID0: 0xC2BC_FFFE, configID1: 0x1CC5_FE96, resetVector: 0x4000_0400, vecbase: 0x4000_0000,
      kernelVector: 0x300, userVector: 0x340, doubleVector: 0x3C0, levelVectors: [0x180, 0x1C0, 0x200, 0x240, 0x280, 0x2C0], breakpoints: 2, unalignedAccess: true,
      branchPenalty: 3, loadDelay: 2)
  }
  /// The ESP32-S3: LX7.0.12.
  public static var lx7: Configuration {
    var c = lx6
    c.options.subtract([.doubleAccelerator, .esp32GPIO])
    c.options.formUnion([.salt, .vectors, .esp32s3GPIO])
    c.configID0 = 0xC2F0_FFFE
    c.configID1 = 0x2309_0F1F
    return c
  }
  /// The ESP32-S2: one LX7 without coprocessors.
  public static var lx7S2: Configuration {
    var c = lx7
    c.options.subtract([.floatingPoint, .vectors, .booleans, .coprocessors, .esp32s3GPIO])
    return c
  }
  /// ESP32 and ESP32-S3 alike.
  private static var espInterrupts: [Interrupt] {
    let levels = [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 3, 1, 1, 7, 3, 5, 1, 1, 2, 2, 2, 3, 3, 4, 4, 5, 3, 4, 3, 4, 5]
    var i = levels.map { Interrupt($0, .level) }
    for n in [6, 15, 16] { i[n].type = .timer }
    for n in [7, 29] { i[n].type = .software }
    for n in [10, 22, 28, 30] { i[n].type = .edge }
    i[11].type = .profiling
    i[14].type = .nmi
    return i
  }
}
