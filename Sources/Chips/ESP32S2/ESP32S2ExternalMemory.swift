import Machine

/// ESP32-S2 TRM chapter 3: EXTMEM, which drives the caches. Flash and cache are one here, so whatever is asked for is done at once.
public final class ESP32S2ExternalMemory: RegisterDevice, RegisterNaming {
  public enum Register: UInt32, CaseIterable, Sendable {
    case proDcacheCtrl = 0x00, proDcacheCtrl1 = 0x04, proDcacheTagPowerCtrl = 0x08, proDcacheLock0Addr = 0x0C, proDcacheLock0Size = 0x10, proDcacheLock1Addr = 0x14, proDcacheLock1Size = 0x18
    case proDcacheMemSync0 = 0x1C, proDcacheMemSync1 = 0x20, proDcachePreloadAddr = 0x24, proDcachePreloadSize = 0x28, proDcacheAutoloadCfg = 0x2C, proDcacheAutoloadSection0Addr = 0x30
    case proDcacheAutoloadSection0Size = 0x34, proDcacheAutoloadSection1Addr = 0x38, proDcacheAutoloadSection1Size = 0x3C, proIcacheCtrl = 0x40, proIcacheCtrl1 = 0x44, proIcacheTagPowerCtrl = 0x48
    case proIcacheLock0Addr = 0x4C, proIcacheLock0Size = 0x50, proIcacheLock1Addr = 0x54, proIcacheLock1Size = 0x58, proIcacheMemSync0 = 0x5C, proIcacheMemSync1 = 0x60, proIcachePreloadAddr = 0x64
    case proIcachePreloadSize = 0x68, proIcacheAutoloadCfg = 0x6C, proIcacheAutoloadSection0Addr = 0x70, proIcacheAutoloadSection0Size = 0x74, proIcacheAutoloadSection1Addr = 0x78
    case proIcacheAutoloadSection1Size = 0x7C, icPreloadCnt = 0x80, cacheDbgIntEna = 0xE8, cacheDbgIntClr = 0xEC, cacheDbgStatus0 = 0xF0, cacheDbgStatus1 = 0xF4, proCacheAcsCntClr = 0xF8
    case proDcacheRejectSt = 0xFC, proDcacheRejectVaddr = 0x100, proIcacheRejectSt = 0x104, proIcacheRejectVaddr = 0x108, proCacheMmuFaultContent = 0x10C, proCacheMmuFaultVaddr = 0x110
    case proCacheWrapAroundCtrl = 0x114, proCacheMmuPowerCtrl = 0x118, proCacheState = 0x11C, cacheEncryptDecryptRecordDisable = 0x120, cacheEncryptDecryptClkForceOn = 0x124
    case cacheBridgeArbiterCtrl = 0x128, cachePreloadIntCtrl = 0x12C, cacheSyncIntCtrl = 0x130, cacheConfMisc = 0x134, clockGate = 0x138, proExtmemRegDate = 0x3FC
  }
  static let map = RegisterMap<ESP32S2ExternalMemory> { r in
    let resets: [Register: UInt32] = [
      .proDcacheCtrl1: 7, .proDcacheTagPowerCtrl: 5, .proDcachePreloadSize: 0x200, .proDcacheAutoloadSection0Size: 0x8000, .proDcacheAutoloadSection1Size: 0x8000, .proIcacheCtrl1: 7,
      .proIcacheTagPowerCtrl: 5, .proIcachePreloadSize: 0x200, .proIcacheAutoloadSection0Size: 0x8000, .proIcacheAutoloadSection1Size: 0x8000, .cacheDbgIntEna: 1, .proCacheMmuPowerCtrl: 5,
      .cacheEncryptDecryptClkForceOn: 7, .cacheConfMisc: 3, .clockGate: 1, .proExtmemRegDate: 0x190_4180,
    ]
    for x in Register.allCases { r[x].bits(0...31).reset(resets[x] ?? 0) }
    // Bits in pairs: the lower asks (to invalidate, to write back, to clean, to load ahead, to unlock, to lock), the upper tells that it is done.
    for (x, asks) in [(Register.proDcacheCtrl, 0x150_1500), (.proIcacheCtrl, 0x150_0100)] as [(Register, UInt32)] {
      r[x].bits(0...31).onRead { $0[x] & ~asks | asks << 1 | 1 << 19 }
    }
    // No access is counted, no fault is met, both state machines rest.
    r[.icPreloadCnt, count: 26].onRead { _, _ in 0 }
    for x in [Register.cacheDbgStatus0, .cacheDbgStatus1, .proDcacheRejectSt, .proIcacheRejectSt, .proCacheMmuFaultContent, .proCacheMmuFaultVaddr] { r[x].onRead { _ in 0 } }
    r[.proCacheState].onRead { _ in 1 << 12 | 1 }
    r[.cachePreloadIntCtrl].bits(1...1).bits(4...4)
    r[.cacheSyncIntCtrl].bits(1...1).bits(4...4)
  }
  init(arena: StateArena) { super.init(Self.map, name: "ESP32S2.EXTMEM", arena: arena) }
}
