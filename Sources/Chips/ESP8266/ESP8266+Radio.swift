import Machine

extension ESP8266 {
  /// The radio's front end at 0x60000500. There is no radio here; calibration ends at once with what is stored.
  final class FrontEnd: StorageBlock {
    init(arena: StateArena) { super.init(name: "ESP8266.FE", size: 0x100, arena: arena) }
    public override func read32(at offset: UInt32) -> UInt32 {
      let v = super.read32(at: offset)
      switch offset {
      // The estimator of IQ mismatch is ready (rom_iq_est_enable).
      case 0x7C: return v | 1 << 31
      // The bus to the radio's switches: not busy, and in debug mode when that was asked for (rom_pbus_force_test).
      case 0xA0: return v & ~(1 << 31) | 1 << 30
      default: return v
      }
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
  /// The MAC at 0x3FF20000 (wdev_regs.h): its clock in microseconds and the random number generator; the rest keeps
  /// what is written, and no frame ever comes.
  final class WDev: StorageBlock {
    private let scheduler: Scheduler
    private let random: UnsafeMutablePointer<UInt64>
    init(arena: StateArena, scheduler: Scheduler) {
      self.scheduler = scheduler
      random = arena.allocate("ESP8266.WDEV.random", initial: UInt64(0x9E37_79B9_7F4A_7C15))
      super.init(name: "ESP8266.WDEV", size: 0x4000, arena: arena)
    }
    public override func read32(at offset: UInt32) -> UInt32 {
      switch offset {
      case 0xC00: return UInt32(truncatingIfNeeded: scheduler.now / 1_000_000)
      case 0x1004, 0x1048: return UInt32(truncatingIfNeeded: scheduler.now / 1_000_000)
      case 0x1008, 0x104C: return UInt32(truncatingIfNeeded: scheduler.now / 1_000_000 >> 32)
      case 0xE44:
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
  }
}
