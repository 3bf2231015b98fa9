import Machine

/// ESP32 TRM chapters 3, 4 and 5: the DPORT registers: clocks and resets of blocks, the start of the APP core, cache control, and
/// the interrupt matrix, which leads 69 sources to the 32 interrupts of each core (§4.3).
public final class ESP32DPort: RegisterDevice, RegisterNaming {
  public enum Register: UInt32, CaseIterable, Sendable {
    case proBootRemapCtrl = 0x00, appBootRemapCtrl = 0x04, accessCheck = 0x08, proDportApbMask0 = 0x0C, proDportApbMask1 = 0x10, appDportApbMask0 = 0x14, appDportApbMask1 = 0x18
    case periClkEn = 0x1C, periRstEn = 0x20, wifiBbCfg = 0x24, wifiBbCfg2 = 0x28, appcpuCtrlA = 0x2C, appcpuCtrlB = 0x30, appcpuCtrlC = 0x34, appcpuCtrlD = 0x38, cpuPerConf = 0x3C
    case proCacheCtrl = 0x40, proCacheCtrl1 = 0x44, proCacheLock0Addr = 0x48, proCacheLock1Addr = 0x4C, proCacheLock2Addr = 0x50, proCacheLock3Addr = 0x54, appCacheCtrl = 0x58
    case appCacheCtrl1 = 0x5C, appCacheLock0Addr = 0x60, appCacheLock1Addr = 0x64, appCacheLock2Addr = 0x68, appCacheLock3Addr = 0x6C, tracememMuxMode = 0x70, proTracememEna = 0x74
    case appTracememEna = 0x78, cacheMuxMode = 0x7C, immuPageMode = 0x80, dmmuPageMode = 0x84, romMpuEna = 0x88, memPdMask = 0x8C, romPdCtrl = 0x90, romFoCtrl = 0x94
    case sramPdCtrl0 = 0x98, sramPdCtrl1 = 0x9C, sramFoCtrl0 = 0xA0, sramFoCtrl1 = 0xA4, iramDramAhbSel = 0xA8, tagFoCtrl = 0xAC, ahbLiteMask = 0xB0, ahbMpuTable0 = 0xB4
    case ahbMpuTable1 = 0xB8, hostInfSel = 0xBC, peripClkEn = 0xC0, peripRstEn = 0xC4, slaveSpiConfig = 0xC8, wifiClkEn = 0xCC, coreRstEn = 0xD0, btLpckDivInt = 0xD4
    case btLpckDivFrac = 0xD8, cpuIntrFromCpu0 = 0xDC, cpuIntrFromCpu1 = 0xE0, cpuIntrFromCpu2 = 0xE4, cpuIntrFromCpu3 = 0xE8, proIntrStatus0 = 0xEC, proIntrStatus1 = 0xF0
    case proIntrStatus2 = 0xF4, appIntrStatus0 = 0xF8, appIntrStatus1 = 0xFC, appIntrStatus2 = 0x100, proMacIntrMap = 0x104, appMacIntrMap = 0x218, ahbliteMpuTableUart = 0x32C
    case memAccessDbug0 = 0x3E8, memAccessDbug1 = 0x3EC, proDcacheDbug0 = 0x3F0, proDcacheDbug1 = 0x3F4, appDcacheDbug0 = 0x418, appDcacheDbug1 = 0x41C
    case proCpuRecordCtrl = 0x440, proCpuRecordStatus = 0x444, appCpuRecordCtrl = 0x468, appCpuRecordStatus = 0x46C
    case rsaPdCtrl = 0x490, romMpuTable0 = 0x494, shromMpuTable0 = 0x4A4, immuTable0 = 0x504, dmmuTable0 = 0x544, proIntrusionCtrl = 0x584
    case proIntrusionStatus = 0x588, appIntrusionCtrl = 0x58C, appIntrusionStatus = 0x590, frontEndMemPd = 0x594, mmuIaIntEn = 0x598, mpuIaIntEn = 0x59C, cacheIaIntEn = 0x5A0
    case secureBootCtrl = 0x5A4, spiDmaChanSel = 0x5A8, proVecbaseCtrl = 0x5AC, proVecbaseSet = 0x5B0, appVecbaseCtrl = 0x5B4, appVecbaseSet = 0x5B8, date = 0xFFC
  }
  static let sources = 69
  static let map = RegisterMap<ESP32DPort> { r in
    let stored: [Register: UInt32] = [
      .memPdMask: 1, .romFoCtrl: 3, .sramFoCtrl0: ~0, .sramFoCtrl1: 1, .tagFoCtrl: 0x101, .ahbMpuTable0: ~0, .ahbMpuTable1: 0x1FF, .wifiClkEn: 0xFFFC_E030, .btLpckDivInt: 0xFF,
      .btLpckDivFrac: 0x200_1001, .proIntrusionCtrl: 1, .appIntrusionCtrl: 1, .frontEndMemPd: 5, .proCpuRecordCtrl: 0x100, .appCpuRecordCtrl: 0x100, .date: 0x160_5190, .proCacheCtrl1: 0x8FF, .appCacheCtrl1: 0x8FF,
    ]
    for x in Register.allCases where x.rawValue < 0xEC || x.rawValue >= 0x440 { r[x].bits(0...31).reset(stored[x] ?? 0) }
    // What the cores were at when a watchdog bit is not kept.
    for x in [Register.proCpuRecordStatus, .appCpuRecordStatus] { r[x, count: 9].reset(0) }
    // No access was refused.
    for x in [Register.memAccessDbug0, .memAccessDbug1] { r[x].reset(0) }
    for x in [Register.proDcacheDbug1, .appDcacheDbug1] { r[x, count: 9].reset(0) }
    r[.ahbliteMpuTableUart, count: 47].bits(0...5)
    r[.romMpuTable0, count: 4].bits(0...1).reset(1)
    r[.shromMpuTable0, count: 24].bits(0...1).reset(1)
    r[.immuTable0, count: 16].bits(0...6)
    r[.dmmuTable0, count: 16].bits(0...6)
    // Bit 5: the flush that bit 4 asks for is done.
    for (n, x) in [Register.proCacheCtrl, .appCacheCtrl].enumerated() {
      r[x].bits(0...4).bits(6...31).reset(0x10).onRead { d in d[x] | d[x] << 1 & 0x20 }.onWrite { d, _ in d.onCacheControl(n) }
    }
    // Which windows the cache serves.
    for (n, x) in [Register.proCacheCtrl1, .appCacheCtrl1].enumerated() { r[x].bits(0...13).reset(0x8FF).onWrite { d, _ in d.onCacheControl(n) } }
    // The cache's state machine rests.
    for x in [Register.proDcacheDbug0, .appDcacheDbug0] { r[x].reset(1 << 7) }
    r[.appcpuCtrlA].bits(0...0).reset(1).onWrite { d, _ in d.onAppCoreControl() }
    r[.appcpuCtrlB].bits(0...0).onWrite { d, _ in d.onAppCoreControl() }
    r[.appcpuCtrlC].bits(0...0).onWrite { d, _ in d.onAppCoreControl() }
    r[.cpuPerConf].bits(0...3).onWrite { d, _ in d.onClockChange() }
    r[.peripRstEn].bits(0...31).onWrite { d, v in d.resetBlocks(v) }
    r[.periRstEn].bits(0...31).onWrite { d, v in d.resetCryptography(v) }
    r[.cpuIntrFromCpu0, count: 4].bits(0...0).onWrite { d, n, v in d.matrix.setSource(24 + n, v[bit: 0]) }
    for core in 0..<2 {
      r[core == 0 ? .proIntrStatus0 : .appIntrStatus0, count: 3].onRead { d, n in d.matrix.status(core, n) }
      r[core == 0 ? .proMacIntrMap : .appMacIntrMap, count: sources].bits(0...4).reset(16).onWrite { d, n, _ in d.matrix.routed(core: core) }
    }
  }
  let matrix: ESPInterruptMatrix
  private let held: UnsafeMutablePointer<UInt32>
  var onAppCoreControl: () -> Void = {}
  var onClockChange: () -> Void = {}
  /// Control of a core's cache has changed.
  var onCacheControl: (Int) -> Void = { _ in }
  /// What a bit of PERIP_RST_EN holds in reset.
  var blocks: [Int: [Device]] = [:]
  /// What a bit of PERI_RST_EN holds in reset: the accelerators.
  var accelerators: [Int: [Device]] = [:]

  init(arena: StateArena) {
    matrix = ESPInterruptMatrix(name: "ESP32.DPORT", sources: Self.sources, arena: arena)
    held = arena.allocate("ESP32.DPORT.heldBlocks", count: 2, initial: UInt32(0))
    super.init(Self.map, name: "ESP32.DPORT", arena: arena)
    matrix.route = { [unowned self] core, source in Int(self[core == 0 ? .proMacIntrMap : .appMacIntrMap, source] & 31) }
  }

  // MARK: Clocks and resets of blocks, §4.2

  private func resetBlocks(_ v: UInt32) {
    let old = held[0]
    held[0] = v
    for (bit, devices) in blocks where v[bit: bit] && !old[bit: bit] { for d in devices { d.reset() } }
  }
  private func resetCryptography(_ v: UInt32) {
    let old = held[1]
    held[1] = v
    for (bit, devices) in accelerators where v[bit: bit] && !old[bit: bit] { for d in devices { d.reset() } }
  }
  /// Whether the APP core is in reset, and whether it is stopped by its clock gate or RUNSTALL.
  var appCoreInReset: Bool { self[.appcpuCtrlA][bit: 0] }
  var appCoreStopped: Bool { !self[.appcpuCtrlB][bit: 0] || self[.appcpuCtrlC][bit: 0] }

  public override func reset() {
    super.reset()
    for n in 0..<16 {
      self[.immuTable0, n] = UInt32(n)
      self[.dmmuTable0, n] = UInt32(n)
    }
    held[0] = 0
    held[1] = 0
    for n in 24..<28 { matrix.setSource(n, false) }
    for core in 0..<2 { matrix.routed(core: core) }
  }
}

/// ESP32 TRM §5.3 and §1.3.4: one core's table of the flash and PSRAM pages in its external windows; a word an entry, bit 8: invalid.
/// The ESP32-S3 has one table for both cores, of 512 entries, bit 14: invalid.
public final class ESP32CacheMMU: Device {
  let entries: Int, invalid: UInt32
  let table: UnsafeMutablePointer<UInt32>
  private let mask: UInt32
  /// An entry has changed.
  var onChange: (Int) -> Void = { _ in }
  /// - Parameters:
  ///   - entries: a power of two.
  ///   - mask: the bits that an entry has.
  init(name: String, entries: Int = 2048, invalid: UInt32 = 0x100, mask: UInt32 = 0x1FF, arena: StateArena) {
    self.entries = entries
    self.invalid = invalid
    self.mask = mask
    table = arena.allocate("\(name).table", count: entries, initial: invalid)
    super.init(name: name)
  }
  public override func read32(at offset: UInt32) -> UInt32 { table[Int(offset / 4) & (entries - 1)] }
  public override func write32(_ value: UInt32, at offset: UInt32) {
    let n = Int(offset / 4) & (entries - 1)
    guard table[n] != value & mask else { return }
    table[n] = value & mask
    onChange(n)
  }
  public override func reset() {
    for n in 0..<entries where table[n] != invalid {
      table[n] = invalid
      onChange(n)
    }
  }
}
