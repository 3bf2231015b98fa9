import Machine

/// ESP32 TRM chapter 20: four blocks of fuses; what is burnt stays so.
public final class ESP32EFuse: RegisterDevice, RegisterNaming {
  public enum Register: UInt32, CaseIterable, Sendable {
    case blk0Rdata0 = 0x00, blk0Wdata0 = 0x1C, blk1Rdata0 = 0x38, blk2Rdata0 = 0x58, blk3Rdata0 = 0x78, blk1Wdata0 = 0x98, blk2Wdata0 = 0xB8, blk3Wdata0 = 0xD8, clk = 0xF8
    case conf = 0xFC, status = 0x100, cmd = 0x104, intRaw = 0x108, intSt = 0x10C, intEna = 0x110, intClr = 0x114, dacConf = 0x118, decStatus = 0x11C, date = 0x1FC
  }
  static let map = RegisterMap<ESP32EFuse> { r in
    r[.blk0Rdata0, count: 7].onRead { d, n in d.fuses[n] }
    r[.blk0Wdata0, count: 7].bits(0...31)
    for b in 1...3 {
      r[Register(rawValue: 0x38 + UInt32(b - 1) * 0x20)!, count: 8].onRead { d, n in d.fuses[8 * b + n] }
      r[Register(rawValue: 0x98 + UInt32(b - 1) * 0x20)!, count: 8].bits(0...31)
    }
    r[.clk].bits(0...16).reset(0x4052)
    r[.conf].bits(0...16).reset(0x10000)
    r[.status].reset(0)
    r[.cmd].bits(0...1).onRead { d in d.finish() }.onWrite { d, v in d.command(v) }
    r[.intRaw].bits(0...1, .readOnly)
    r[.intSt].onRead { $0[.intRaw] & $0[.intEna] }
    r[.intEna].bits(0...1).onWrite { d, _ in d.irq.set(d[.intRaw] & d[.intEna] != 0) }
    r[.intClr].onWrite { d, v in
      d[.intRaw] &= ~v
      d.irq.set(d[.intRaw] & d[.intEna] != 0)
    }
    r[.dacConf].bits(0...8).reset(0x28)
    r[.decStatus].reset(0)
    r[.date].bits(0...31).reset(0x1604_2600)
  }
  /// Words of blocks 0 to 3, eight each, as burnt.
  let fuses: UnsafeMutablePointer<UInt32>
  private let doneAt: UnsafeMutablePointer<UInt64>
  private let scheduler: Scheduler
  public let irq: Line

  /// - Parameter mac: the base MAC address, six bytes.
  init(arena: StateArena, scheduler: Scheduler, mac: [UInt8]) {
    self.scheduler = scheduler
    doneAt = arena.allocate("ESP32.EFUSE.doneAt", initial: UInt64(0))
    fuses = arena.allocate("ESP32.EFUSE.fuses", count: 32, initial: UInt32(0))
    irq = Line("ESP32.EFUSE.IRQ", arena: arena)
    super.init(Self.map, name: "ESP32.EFUSE", arena: arena)
    let m = (mac + [0, 0, 0, 0, 0, 0]).prefix(6).map { UInt32($0) }
    fuses[1] = m[2] << 24 | m[3] << 16 | m[4] << 8 | m[5]
    fuses[2] = m[0] << 8 | m[1] | Self.crc(m.map { UInt8($0) }) << 16
    // A revision 3 chip in the package ESP32-D0WD (1), of 240 MHz.
    fuses[3] = 1 << 15 | 1 << 9
    // ADC_VREF: 1100 mV and minus nothing, which tells that it was measured. CK8M_FREQ: 8.5 MHz in units of 100 kHz, by which boot ROM and
    // esptool take RTCCALICFG1 for the crystal's frequency.
    fuses[4] = 0x10 << 8 | 85
    fuses[5] = 1 << 20
  }
  /// CRC-8 of 1-Wire, the first byte first.
  private static func crc(_ bytes: [UInt8]) -> UInt32 {
    var crc: UInt8 = 0
    for b in bytes {
      crc ^= b
      for _ in 0..<8 { crc = crc & 1 != 0 ? crc >> 1 ^ 0x8C : crc >> 1 }
    }
    return UInt32(crc)
  }
  private func command(_ v: UInt32) {
    if v[bit: 1], self[.conf][bits: 0...15] == 0x5A5A {
      for n in 0..<7 { fuses[n] |= self[.blk0Wdata0, n] }
      for b in 0..<3 { for n in 0..<8 { fuses[8 + 8 * b + n] |= self[.blk1Wdata0, 8 * b + n] } }
      self[.intRaw][bit: 1] = true
    }
    if v[bit: 0] { self[.intRaw][bit: 0] = true }
    irq.set(self[.intRaw] & self[.intEna] != 0)
    // The boot ROM insists on seeing the command under way.
    doneAt.pointee = scheduler.now &+ 10_000_000
  }
  /// CMD, whose bits go when the command is done.
  private func finish() -> UInt32 {
    if scheduler.now >= doneAt.pointee { self[.cmd] = 0 }
    return self[.cmd]
  }
}
