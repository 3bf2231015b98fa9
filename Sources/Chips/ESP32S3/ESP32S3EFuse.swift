import Machine

/// ESP32-S3 TRM chapter 5: eleven blocks of fuses; what is burnt stays so.
public final class ESP32S3EFuse: RegisterDevice, RegisterNaming {
  public enum Register: UInt32, CaseIterable, Sendable {
    case pgmData0 = 0x00, pgmCheckValue0 = 0x20, rdWrDis = 0x2C, rdRepeatErr0 = 0x17C, rdRepeatErr4 = 0x190, rdRsErr0 = 0x1C0, clk = 0x1C8, conf = 0x1CC, status = 0x1D0, cmd = 0x1D4
    case intRaw = 0x1D8, intSt = 0x1DC, intEna = 0x1E0, intClr = 0x1E4, dacConf = 0x1E8, rdTimConf = 0x1EC, wrTimConf1 = 0x1F4, wrTimConf2 = 0x1F8, date = 0x1FC
  }
  /// Words of the blocks: block 0 has six and block 1 as many, the others eight.
  private static let words = 12 + 9 * 8
  static let map = RegisterMap<ESP32S3EFuse> { r in
    r[.pgmData0, count: 8].bits(0...31)
    r[.pgmCheckValue0, count: 3].bits(0...31)
    r[.rdWrDis, count: words].onRead { d, n in d.fuses[n] }
    r[.rdRepeatErr0, count: 4].reset(0)
    r[.rdRepeatErr4].reset(0)
    r[.rdRsErr0, count: 2].reset(0)
    r[.clk].bits(0...16).reset(2)
    r[.conf].bits(0...15)
    r[.status].reset(1)
    r[.cmd].bits(0...5).onRead { d in d.finish() }.onWrite { d, v in d.command(v) }
    r[.intRaw].bits(0...1, .readOnly)
    r[.intSt].onRead { $0[.intRaw] & $0[.intEna] }
    r[.intEna].bits(0...1).onWrite { d, _ in d.update() }
    r[.intClr].onWrite { d, v in
      d[.intRaw] &= ~v
      d.update()
    }
    r[.dacConf].bits(0...17).reset(0x1_FE1C)
    r[.rdTimConf].bits(0...31).reset(0x1200_0000)
    r[.wrTimConf1].bits(0...31).reset(0x28_8000)
    r[.wrTimConf2].bits(0...15).reset(0x190)
    r[.date].bits(0...27).reset(0x210_1290)
  }
  let fuses: UnsafeMutablePointer<UInt32>
  private let doneAt: UnsafeMutablePointer<UInt64>
  private let scheduler: Scheduler
  public let irq: Line

  /// - Parameter mac: the base MAC address, six bytes.
  init(chip: String = "ESP32S3", arena: StateArena, scheduler: Scheduler, mac: [UInt8]) {
    self.scheduler = scheduler
    doneAt = arena.allocate("\(chip).EFUSE.doneAt", initial: UInt64(0))
    fuses = arena.allocate("\(chip).EFUSE.fuses", count: Self.words, initial: UInt32(0))
    irq = Line("\(chip).EFUSE.IRQ", arena: arena)
    super.init(Self.map, name: "\(chip).EFUSE", arena: arena)
    let m = (mac + [0, 0, 0, 0, 0, 0]).prefix(6).map { UInt32($0) }
    fuses[6] = m[2] << 24 | m[3] << 16 | m[4] << 8 | m[5]
    fuses[7] = m[0] << 8 | m[1]
  }
  /// The fuses of an ESP32-S3 of revision 0.2: WAFER_VERSION_MINOR, at bit 114 of block 1, and its ADCs' calibration.
  func burnESP32S3() {
    fuses[9] = 2 << 18
    // The ADCs' calibration, version 1: BLK_VERSION_MAJOR, and how far the codes of 850 mV lie from the usual ones (ESP-IDF, esp_efuse_rtc_calib.c).
    burn(1, bits: 2, at: 128)
    for (n, difference) in ([79, 96, 66, 223] as [UInt32]).enumerated() { burn(difference, bits: 8, at: 201 + 8 * n) }
    burn(40, bits: 8, at: 233)
    burn(10, bits: 7, at: 241)
    burn(20, bits: 7, at: 248)
    // ADC2's last is in block 1.
    fuses[11] |= 15 << 26
  }
  /// A field of block 2.
  private func burn(_ v: UInt32, bits: Int, at bit: Int) {
    for i in 0..<bits where v[bit: i] { fuses[12 + (bit + i) / 32][bit: (bit + i) % 32] = true }
  }
  private func command(_ v: UInt32) {
    let key = self[.conf]
    if v[bit: 1], key == 0x5A5A {
      let block = Int(v[bits: 2...5]), start = block < 2 ? block * 6 : 12 + (block - 2) * 8
      for n in 0..<(block < 2 ? 6 : 8) where start + n < Self.words { fuses[start + n] |= self[.pgmData0, n] }
      self[.intRaw][bit: 1] = true
    }
    if v[bit: 0], key == 0x5AA5 { self[.intRaw][bit: 0] = true }
    update()
    doneAt.pointee = scheduler.now &+ 10_000_000
  }
  /// CMD, whose bits go when the command is done.
  private func finish() -> UInt32 {
    if scheduler.now >= doneAt.pointee { self[.cmd] = 0 }
    return self[.cmd]
  }
  private func update() { irq.set(self[.intRaw] & self[.intEna] != 0) }
}
