import Machine

/// ESP32-S3 TRM chapter 4: EXTMEM, which drives the caches. Flash and cache are one here, so whatever is asked for is done at once.
public final class ESP32S3ExternalMemory: RegisterDevice, RegisterNaming {
  public enum Register: UInt32, CaseIterable, Sendable {
    case dcacheCtrl = 0x00, dcacheCtrl1 = 0x04, dcacheTagPowerCtrl = 0x08, dcachePrelockCtrl = 0x0C, dcachePrelockSct0Addr = 0x10, dcachePrelockSct1Addr = 0x14, dcachePrelockSctSize = 0x18
    case dcacheLockCtrl = 0x1C, dcacheLockAddr = 0x20, dcacheLockSize = 0x24, dcacheSyncCtrl = 0x28, dcacheSyncAddr = 0x2C, dcacheSyncSize = 0x30, dcacheOccupyCtrl = 0x34
    case dcacheOccupyAddr = 0x38, dcacheOccupySize = 0x3C, dcachePreloadCtrl = 0x40, dcachePreloadAddr = 0x44, dcachePreloadSize = 0x48, dcacheAutoloadCtrl = 0x4C
    case dcacheAutoloadSct0Addr = 0x50, dcacheAutoloadSct0Size = 0x54, dcacheAutoloadSct1Addr = 0x58, dcacheAutoloadSct1Size = 0x5C, icacheCtrl = 0x60, icacheCtrl1 = 0x64
    case icacheTagPowerCtrl = 0x68, icachePrelockCtrl = 0x6C, icachePrelockSct0Addr = 0x70, icachePrelockSct1Addr = 0x74, icachePrelockSctSize = 0x78, icacheLockCtrl = 0x7C
    case icacheLockAddr = 0x80, icacheLockSize = 0x84, icacheSyncCtrl = 0x88, icacheSyncAddr = 0x8C, icacheSyncSize = 0x90, icachePreloadCtrl = 0x94, icachePreloadAddr = 0x98
    case icachePreloadSize = 0x9C, icacheAutoloadCtrl = 0xA0, icacheAutoloadSct0Addr = 0xA4, icacheAutoloadSct0Size = 0xA8, icacheAutoloadSct1Addr = 0xAC, icacheAutoloadSct1Size = 0xB0
    case ibusToFlashStartVaddr = 0xB4, ibusToFlashEndVaddr = 0xB8, dbusToFlashStartVaddr = 0xBC, dbusToFlashEndVaddr = 0xC0, cacheAcsCntClr = 0xC4, ibusAcsMissCnt = 0xC8, ibusAcsCnt = 0xCC
    case dbusAcsFlashMissCnt = 0xD0, dbusAcsSpiramMissCnt = 0xD4, dbusAcsCnt = 0xD8, cacheIlgIntEna = 0xDC, cacheIlgIntClr = 0xE0, cacheIlgIntSt = 0xE4, core0AcsCacheIntEna = 0xE8
    case core0AcsCacheIntClr = 0xEC, core0AcsCacheIntSt = 0xF0, core1AcsCacheIntEna = 0xF4, core1AcsCacheIntClr = 0xF8, core1AcsCacheIntSt = 0xFC, core0DbusRejectSt = 0x100
    case core0DbusRejectVaddr = 0x104, core0IbusRejectSt = 0x108, core0IbusRejectVaddr = 0x10C, core1DbusRejectSt = 0x110, core1DbusRejectVaddr = 0x114, core1IbusRejectSt = 0x118
    case core1IbusRejectVaddr = 0x11C, cacheMmuFaultContent = 0x120, cacheMmuFaultVaddr = 0x124, cacheWrapAroundCtrl = 0x128, cacheMmuPowerCtrl = 0x12C, cacheState = 0x130
    case cacheEncryptDecryptRecordDisable = 0x134, cacheEncryptDecryptClkForceOn = 0x138, cacheBridgeArbiterCtrl = 0x13C, cachePreloadIntCtrl = 0x140, cacheSyncIntCtrl = 0x144
    case cacheMmuOwner = 0x148, cacheConfMisc = 0x14C, dcacheFreeze = 0x150, icacheFreeze = 0x154, icacheAtomicOperateEna = 0x158, dcacheAtomicOperateEna = 0x15C, cacheRequest = 0x160
    case clockGate = 0x164, cacheTagObjectCtrl = 0x180, cacheTagWayObject = 0x184, cacheVaddr = 0x188, cacheTagContent = 0x18C, date = 0x3FC
  }
  static let map = RegisterMap<ESP32S3ExternalMemory> { r in
    let resets: [Register: UInt32] = [
      .dcacheCtrl1: 0x3, .dcacheTagPowerCtrl: 0x5, .dcacheLockCtrl: 0x4, .dcacheSyncCtrl: 0x1, .dcacheOccupyCtrl: 0x2, .dcachePreloadCtrl: 0x2, .dcacheAutoloadCtrl: 0x8, .icacheCtrl1: 0x3,
      .icacheTagPowerCtrl: 0x5, .icacheLockCtrl: 0x4, .icacheSyncCtrl: 0x1, .icachePreloadCtrl: 0x2, .icacheAutoloadCtrl: 0x8, .ibusToFlashStartVaddr: 0x44000000,
      .ibusToFlashEndVaddr: 0x47FFFFFF, .core0DbusRejectVaddr: 0xFFFFFFFF, .core0IbusRejectVaddr: 0xFFFFFFFF, .core1DbusRejectVaddr: 0xFFFFFFFF, .core1IbusRejectVaddr: 0xFFFFFFFF,
      .cacheMmuPowerCtrl: 0x5, .cacheEncryptDecryptClkForceOn: 0x7, .cacheConfMisc: 0x7, .dcacheFreeze: 0x4, .icacheFreeze: 0x4, .icacheAtomicOperateEna: 0x1, .dcacheAtomicOperateEna: 0x1,
      .clockGate: 0x1, .date: 0x2012310,
    ]
    for x in Register.allCases { r[x].bits(0...31).reset(resets[x] ?? 0) }
    // The bits that ask go, and those that tell that it is done come.
    for (x, done, asks) in [
      (Register.dcacheSyncCtrl, 3, 0...2), (.icacheSyncCtrl, 1, 0...0), (.dcacheLockCtrl, 2, 0...1), (.icacheLockCtrl, 2, 0...1), (.dcacheOccupyCtrl, 1, 0...0), (.dcachePreloadCtrl, 1, 0...0), (.icachePreloadCtrl, 1, 0...0),
    ] { r[x].bits(0...31).reset((resets[x] ?? 0) & ~UInt32.mask(asks)).onRead { $0[x] & ~UInt32.mask(asks) | 1 << UInt32(done) } }
    for x in [Register.dcacheAutoloadCtrl, .icacheAutoloadCtrl] { r[x].bits(0...31).reset(8).onRead { $0[x] | 8 } }
    for x in [Register.dcacheFreeze, .icacheFreeze] { r[x].bits(0...1).onRead { $0[x] & 3 | ($0[x][bit: 0] ? 4 : 0) } }
    // No fault, no access counted, both state machines at rest.
    for x in [
      Register.ibusAcsMissCnt, .ibusAcsCnt, .dbusAcsFlashMissCnt, .dbusAcsSpiramMissCnt, .dbusAcsCnt, .cacheIlgIntSt, .core0AcsCacheIntSt, .core1AcsCacheIntSt, .core0DbusRejectSt, .core0IbusRejectSt,
      .core1DbusRejectSt, .core1IbusRejectSt, .cacheMmuFaultContent, .cacheMmuFaultVaddr,
    ] { r[x].onRead { _ in 0 } }
    r[.cacheState].onRead { _ in 1 << 12 | 1 }
    r[.cachePreloadIntCtrl].bits(1...1).bits(4...4)
    r[.cacheSyncIntCtrl].bits(1...1).bits(4...4)
  }
  init(arena: StateArena) { super.init(Self.map, name: "ESP32S3.EXTMEM", arena: arena) }
}
