import Machine

/// ESP32-S3 TRM chapter 17: SYSTEM: clocks and resets of blocks, the start of the APP core, and interrupts from core to core.
public final class ESP32S3System: RegisterDevice, RegisterNaming {
  public enum Register: UInt32, CaseIterable, Sendable {
    case core1Control0 = 0x00, core1Control1 = 0x04, cpuPeriClkEn = 0x08, cpuPeriRstEn = 0x0C, cpuPerConf = 0x10, memPdMask = 0x14, peripClkEn0 = 0x18, peripClkEn1 = 0x1C, peripRstEn0 = 0x20
    case peripRstEn1 = 0x24, btLpckDivInt = 0x28, btLpckDivFrac = 0x2C, cpuIntrFromCpu0 = 0x30, cpuIntrFromCpu1 = 0x34, cpuIntrFromCpu2 = 0x38, cpuIntrFromCpu3 = 0x3C, rsaPdCtrl = 0x40
    case edmaCtrl = 0x44, cacheControl = 0x48, externalDeviceEncryptDecryptControl = 0x4C, rtcFastmemConfig = 0x50, rtcFastmemCrc = 0x54, redundantEcoCtrl = 0x58, clockGate = 0x5C
    case sysclkConf = 0x60, memPvt = 0x64, combPvtLvtConf = 0x68, combPvtNvtConf = 0x6C, combPvtHvtConf = 0x70, combPvtErrLvtSite0 = 0x74, combPvtErrNvtSite0 = 0x78
    case combPvtErrHvtSite0 = 0x7C, combPvtErrLvtSite1 = 0x80, combPvtErrNvtSite1 = 0x84, combPvtErrHvtSite1 = 0x88, combPvtErrLvtSite2 = 0x8C, combPvtErrNvtSite2 = 0x90
    case combPvtErrHvtSite2 = 0x94, combPvtErrLvtSite3 = 0x98, combPvtErrNvtSite3 = 0x9C, combPvtErrHvtSite3 = 0xA0, date = 0xFFC
  }
  static let map = RegisterMap<ESP32S3System> { r in
    let resets: [Register: UInt32] = [
      .core1Control0: 0x4, .cpuPeriRstEn: 0xC0, .cpuPerConf: 0xC, .memPdMask: 0x1, .peripClkEn0: 0xF9C1E06F, .peripClkEn1: 0x600, .peripRstEn1: 0x1FE, .btLpckDivInt: 0xFF,
      .btLpckDivFrac: 0x2001001, .rsaPdCtrl: 0x1, .edmaCtrl: 0x1, .cacheControl: 0x5, .rtcFastmemConfig: 0x7FF00000, .clockGate: 0x1, .sysclkConf: 0x1, .memPvt: 0x3, .combPvtLvtConf: 0x3,
      .combPvtNvtConf: 0x3, .combPvtHvtConf: 0x3, .date: 0x2101220,
    ]
    for x in Register.allCases { r[x].bits(0...31).reset(resets[x] ?? 0) }
    r[.core1Control0].bits(0...2).reset(4).onWrite { d, _ in d.onAppCoreControl() }
    r[.cpuPerConf].bits(0...7).reset(0xC).onWrite { d, _ in d.onClockChange() }
    // CLK_XTAL_FREQ tells megahertz.
    r[.sysclkConf].bits(0...11).reset(1).onRead { $0[.sysclkConf] | 40 << 12 }.onWrite { d, _ in d.onClockChange() }
    r[.cpuIntrFromCpu0, count: 4].bits(0...0).onWrite { d, n, v in d.onCrossCore(n, v[bit: 0]) }
    for (n, x) in [Register.peripRstEn0, .peripRstEn1].enumerated() { r[x].bits(0...31).reset(resets[x] ?? 0).onWrite { d, v in d.resetBlocks(n, v) } }
    r[.rtcFastmemConfig].bits(8...30).reset(0x7FF0_0000).onRead { d in d[.rtcFastmemConfig] | (d[.rtcFastmemConfig][bit: 8] ? 1 << 31 : 0) }
      .onWrite { d, v in if v[bit: 8] { d[.rtcFastmemCrc] = d.fastMemoryCRC(v[bits: 9...19], v[bits: 20...30]) } }
    r[.rtcFastmemCrc].bits(0...31, .readOnly)
  }
  private let held: UnsafeMutablePointer<UInt32>
  var onAppCoreControl: () -> Void = {}
  var onClockChange: () -> Void = {}
  /// An interrupt from core to core: its number, its level.
  var onCrossCore: (Int, Bool) -> Void = { _, _ in }
  var fastMemoryCRC: (UInt32, UInt32) -> UInt32 = { _, _ in 0 }
  /// What bits of PERIP_RST_EN0 and 1 hold in reset, those of the second from 32 on.
  var blocks: [Int: [Device]] = [:]

  init(chip: String = "ESP32S3", arena: StateArena) {
    held = arena.allocate("\(chip).SYSTEM.heldBlocks", count: 2, initial: UInt32(0))
    super.init(Self.map, name: "\(chip).SYSTEM", arena: arena)
  }
  /// SYSCLK_CONF and CPU_PER_CONF (§7.2.4): the clocks as they say.
  func apply(to clocks: ESP32Clocks, slowSource: UInt32) {
    let conf = self[.sysclkConf], source = conf[bits: 10...11], period = Int(self[.cpuPerConf] & 3)
    let divider = UInt64(conf & 0x3FF) + 1
    switch source {
    case 1: clocks.set(cpu: [80, 160, 240, 240][period] * 1_000_000, apb: 80_000_000, tick: 79, slowSource: slowSource)
    default:
      let hertz = max(1000, (source == 0 ? clocks.crystal : clocks.fastRC) / divider)
      clocks.set(cpu: hertz, apb: hertz, tick: UInt32(max(1, hertz / 1_000_000)) - 1, slowSource: slowSource)
    }
  }
  private func resetBlocks(_ n: Int, _ v: UInt32) {
    let old = held[n]
    held[n] = v
    for (bit, devices) in blocks where bit / 32 == n && v[bit: bit % 32] && !old[bit: bit % 32] { for d in devices { d.reset() } }
  }
  var appCoreInReset: Bool { self[.core1Control0][bit: 2] }
  /// No clock, or RUNSTALL.
  var appCoreStopped: Bool { !self[.core1Control0][bit: 1] || self[.core1Control0][bit: 0] }
  public override func reset() {
    super.reset()
    held[0] = 0
    held[1] = self[.peripRstEn1]
    for n in 0..<4 { onCrossCore(n, false) }
  }
}

/// ESP32-S3 TRM chapter 9: one core's half of the interrupt matrix's registers.
public final class ESP32S3InterruptCore: RegisterDevice, RegisterNaming {
  public enum Register: UInt32, CaseIterable, Sendable { case macIntrMap = 0x00, intrStatus0 = 0x18C, clockGate = 0x19C, date = 0x7FC }
  static let sources = 99
  static let map = RegisterMap<ESP32S3InterruptCore> { r in
    r[.macIntrMap, count: sources].bits(0...4).reset(16).onWrite { d, _, _ in d.matrix.routed(core: d.core) }
    r[.intrStatus0, count: 4].onRead { d, n in d.matrix.status(d.core, n) }
    r[.clockGate].bits(0...0).reset(1)
    r[.date].bits(0...27).reset(0x201_2300)
  }
  private let core: Int, matrix: ESPInterruptMatrix
  init(chip: String = "ESP32S3", core: Int, matrix: ESPInterruptMatrix, arena: StateArena) {
    self.core = core
    self.matrix = matrix
    super.init(Self.map, name: "\(chip).INTERRUPT_CORE\(core)", arena: arena)
  }
  func route(_ source: Int) -> Int { Int(self[.macIntrMap, source]) }
  public override func reset() {
    super.reset()
    matrix.routed(core: core)
  }
}

/// The registers of a block that only sets what has no model: permissions, powers of memories, records of the cores. They keep what
/// is written.
final class ESP32S3Settings: Device {
  private let words: UnsafeMutablePointer<UInt32>, resets: [UInt32: UInt32]
  private static let count = 1024
  init(chip: String = "ESP32S3", name: String, resets: [UInt32: UInt32] = [:], arena: StateArena) {
    self.resets = resets
    words = arena.allocate("\(chip).\(name).words", count: Self.count, initial: UInt32(0))
    super.init(name: "\(chip).\(name)")
    reset()
  }
  override func read32(at offset: UInt32) -> UInt32 { words[Int(offset / 4) & (Self.count - 1)] }
  override func write32(_ value: UInt32, at offset: UInt32) { words[Int(offset / 4) & (Self.count - 1)] = value }
  override func reset() { for i in 0..<Self.count { words[i] = resets[UInt32(i) * 4] ?? 0 } }
}
