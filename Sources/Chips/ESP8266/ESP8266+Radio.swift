import Machine

extension ESP8266 {
  /// The radio's front end at 0x60000500. There is no radio here; calibration ends at once with what is stored.
  final class FrontEnd: StorageBlock {
    private enum Offset { static let iqEstimate: UInt32 = 0x7C, pbusControl: UInt32 = 0x94, pbusStatus: UInt32 = 0xA0, pbusWords: Range<UInt32> = 0xA4..<0xB8 }
    /// Where the fields of each block of the bus to the radio's switches begin (the ROM's table for rom_pbus_rd).
    private static let firstField = [0, 2, 4, 5, 7, 9, 11, 12]

    init(arena: StateArena) { super.init(name: "ESP8266.FE", size: 0x100, arena: arena) }
    /// The firmware has the switches, not the MAC.
    private var isDebugMode: Bool { words[Int(Offset.pbusControl / 4)][bit: 0] }
    override func read32(at offset: UInt32) -> UInt32 {
      let v = super.read32(at: offset)
      switch offset {
      // The estimator of IQ mismatch is ready (rom_iq_est_enable).
      case Offset.iqEstimate: return v | 1 << 31
      // Not busy, and in debug mode when that was asked for (rom_pbus_force_test).
      case Offset.pbusStatus: return v & ~(1 << 31) | 1 << 30
      // While the MAC has the switches its receiver is on: field 4 has 0x184, field 6 has 6 (rom_pbus_debugmode).
      case 0xA8: return isDebugMode ? v : v | 0x184 << 9
      case 0xAC: return isDebugMode ? v : v | 6 << 18
      default: return v
      }
    }
    override func write32(_ value: UInt32, at offset: UInt32) {
      super.write32(value, at: offset)
      guard offset == Offset.pbusControl, value[bit: 1] else { return }
      // Block in bits 4:2, value in 13:5, field of the block in 16:14; nine bits each, three to a word from the top.
      let register = value[bits: 14...16]
      guard register > 0 else { return }
      let field = min(12, Self.firstField[Int(value[bits: 2...4])] + (register == 4 ? 2 : Int(register) - 1))
      let shift = field == 12 ? 0 : 18 - 9 * (field % 3), word = Int(Offset.pbusWords.lowerBound / 4) + field / 3
      words[word][bits: shift...(shift + 8)] = value[bits: 5...13]
    }
  }
  /// The base band at 0x60009000.
  final class BaseBand: StorageBlock {
    init(arena: StateArena) { super.init(name: "ESP8266.BB", size: 0x2000, arena: arena) }
    public override func read32(at offset: UInt32) -> UInt32 {
      let v = super.read32(at: offset)
      // A measurement of the noise floor is over (rom_start_noisefloor).
      return offset == 0xB60 ? v & ~2 : v
    }
  }
  /// The MAC at 0x3FF20000 (wdev_regs.h): its clock in microseconds, its two timers and the random number generator; the
  /// rest keeps what is written, and no frame ever comes.
  final class WDev: StorageBlock {
    private enum Offset {
      static let count: UInt32 = 0xC00, intEnable: UInt32 = 0xC18, intStatus: UInt32 = 0xC20, intClear: UInt32 = 0xC24, random: UInt32 = 0xE44
      /// Each timer's clock (low word, high word) and its control, whose next two words are the target.
      static let clock: [UInt32] = [0x1004, 0x1048], timer: [UInt32] = [0x1098, 0x10C8]
    }
    private let scheduler: Scheduler
    private let random: UnsafeMutablePointer<UInt64>, raised: UnsafeMutablePointer<UInt32>
    private var expired: [Scheduler.Event] = []
    let irq: Line

    init(arena: StateArena, scheduler: Scheduler) {
      self.scheduler = scheduler
      random = arena.allocate("ESP8266.WDEV.random", initial: UInt64(0x9E37_79B9_7F4A_7C15))
      raised = arena.allocate("ESP8266.WDEV.raised", initial: UInt32(0))
      irq = Line("ESP8266.WDEV.IRQ", arena: arena)
      super.init(name: "ESP8266.WDEV", size: 0x4000, arena: arena)
      expired = (0..<2).map { n in
        scheduler.event("ESP8266.WDEV.TSF\(n)") { [unowned self] _ in
          raised.pointee[bit: 27 - n] = true
          update()
        }
      }
    }
    private var microseconds: UInt64 { scheduler.now / 1_000_000 }
    private func update() { irq.set(raised.pointee & words[Int(Offset.intEnable / 4)] != 0) }

    override func read32(at offset: UInt32) -> UInt32 {
      switch offset {
      case Offset.count, Offset.clock[0], Offset.clock[1]: return UInt32(truncatingIfNeeded: microseconds)
      case Offset.clock[0] + 4, Offset.clock[1] + 4: return UInt32(truncatingIfNeeded: microseconds >> 32)
      case Offset.intStatus: return raised.pointee & words[Int(Offset.intEnable / 4)]
      case Offset.random:
        // The generator is fed by noise and a fast clock; here by its own state and the time.
        var x = random.pointee &+ scheduler.now
        x = (x ^ x >> 30) &* 0xBF58_476D_1CE4_E5B9
        x = (x ^ x >> 27) &* 0x94D0_49BB_1331_11EB
        x ^= x >> 31
        random.pointee = x | 1
        return UInt32(truncatingIfNeeded: x >> 16)
      default: return super.read32(at: offset)
      }
    }
    override func write32(_ value: UInt32, at offset: UInt32) {
      super.write32(value, at: offset)
      switch offset {
      case Offset.intEnable: update()
      case Offset.intClear:
        raised.pointee &= ~value
        update()
      case Offset.timer[0], Offset.timer[1]:
        let n = offset == Offset.timer[0] ? 0 : 1, at = Int(offset / 4)
        guard value[bit: 31] else { return scheduler.cancel(expired[n]) }
        let target = UInt64(words[at + 2]) << 32 | UInt64(words[at + 1]), left = target > microseconds ? target - microseconds : 0
        scheduler.schedule(expired[n], after: min(left, 1 << 40) * 1_000_000)
      default: break
      }
    }
    override func reset() {
      super.reset()
      raised.pointee = 0
      for e in expired { scheduler.cancel(e) }
      update()
    }
  }
}
