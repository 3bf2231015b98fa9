import Machine

/// APB_CTRL, which newer headers call SYSCON: dividers of the CPU clock and of REF_TICK, and the digital SAR ADC controller.
public final class ESP32APBControl: RegisterDevice, RegisterNaming {
  public enum Register: UInt32, CaseIterable, Sendable {
    case sysclkConf = 0x00, xtalTickConf = 0x04, pllTickConf = 0x08, ck8mTickConf = 0x0C, apbSaradcCtrl = 0x10, apbSaradcCtrl2 = 0x14, apbSaradcFsm = 0x18
    case apbSaradcSar1PattTab1 = 0x1C, apbSaradcSar2PattTab1 = 0x2C, apllTickConf = 0x3C, date = 0x7C
  }
  static let map = RegisterMap<ESP32APBControl> { r in
    r[.sysclkConf].bits(0...13).reset(0x2000).onWrite { d, _ in d.onClockChange() }
    r[.xtalTickConf].bits(0...7).reset(39).onWrite { d, _ in d.onClockChange() }
    r[.pllTickConf].bits(0...7).reset(79).onWrite { d, _ in d.onClockChange() }
    r[.ck8mTickConf].bits(0...7).reset(11).onWrite { d, _ in d.onClockChange() }
    r[.apbSaradcCtrl].bits(0...31).reset(0x7F_8240).onWrite { d, v in
      if v[bit: 23] { d.state.pointee.next.0 = 0 }
      if v[bit: 24] { d.state.pointee.next.1 = 0 }
    }
    r[.apbSaradcCtrl2].bits(0...31).reset(0x1FE)
    r[.apbSaradcFsm].bits(0...31).reset(0x208_FF08)
    r[.apbSaradcSar1PattTab1, count: 4].bits(0...31).reset(0xF0F_0F0F)
    r[.apbSaradcSar2PattTab1, count: 4].bits(0...31).reset(0xF0F_0F0F)
    r[.apllTickConf].bits(0...7).reset(99)
    // Bit 31 tells a revision 3 chip from older ones.
    r[.date].bits(0...30).onRead { d in d[.date] | (d.isRevision3 ? 1 << 31 : 0) }.reset(0x1604_2000)
  }
  var onClockChange: () -> Void = {}
  /// Places in the pattern tables, and whose turn it is.
  struct State: BitwiseCopyable { var next: (Int, Int) = (0, 0), isSecond = false }
  private let state: UnsafeMutablePointer<State>
  private let isRevision3: Bool
  init(arena: StateArena, isRevision3: Bool) {
    self.isRevision3 = isRevision3
    state = arena.allocate("ESP32.APB_CTRL.state", initial: State())
    super.init(Self.map, name: "ESP32.APB_CTRL", arena: arena)
  }
}

extension ESP32APBControl {
  /// What the digital controller of the SAR ADCs gives I2S at a trigger (TRM §29.3.5): SAR1 or SAR2 alone, both, or in turn; nil: it is not
  /// connected. A result is the channel above 12 bits of data, or the converter and the channel above 11.
  func conversion(_ sens: ESP32SENS) -> [UInt16]? {
    let c = self[.apbSaradcCtrl]
    guard c[bit: 26] else { return nil }
    switch c[bits: 3...4] {
    case 0: return [result(c[bit: 5] ? 1 : 0, sens)]
    case 1: return [result(0, sens), result(1, sens)]
    default:
      state.pointee.isSecond.toggle()
      return [result(state.pointee.isSecond ? 0 : 1, sens)]
    }
  }
  /// The next entry of a converter's table: channel, width, attenuation, the first in the uppermost byte.
  private func result(_ unit: Int, _ sens: ESP32SENS) -> UInt16 {
    let c = self[.apbSaradcCtrl], length = Int(unit == 0 ? c[bits: 15...18] : c[bits: 19...22]) + 1
    let at = (unit == 0 ? state.pointee.next.0 : state.pointee.next.1) % length
    if unit == 0 { state.pointee.next.0 = at + 1 } else { state.pointee.next.1 = at + 1 }
    let table = self[unit == 0 ? .apbSaradcSar1PattTab1 : .apbSaradcSar2PattTab1, at / 4], entry = table >> UInt32(24 - at % 4 * 8)
    let channel = entry[bits: 4...7], width = entry[bits: 2...3]
    // SAR1_DIG_FORCE, SAR2_DIG_FORCE: the converter obeys this controller.
    var data: UInt32 = 0
    if unit == 0 ? sens[.sarReadCtrl][bit: 27] : sens[.sarReadCtrl2][bit: 28] {
      data = sens.raw(unit: unit, channel: Int(channel), attenuation: Int(entry & 3)) >> (3 - width)
      // The converter counts down.
      if !self[.apbSaradcCtrl2][bit: 9 + unit] { data = (512 << width) - 1 - data }
    }
    return UInt16(c[bit: 25] ? UInt32(unit) << 15 | (channel & 15) << 11 | min(data, 4095) >> 1 : channel << 12 | data)
  }
}

/// The bus to the analog blocks (PLLs, bias, radio), which the boot ROM's rom_i2c functions drive: a word a controller, with the
/// block, its register, data, a write flag (24) and busy (25).
public final class ESP32AnalogBus: Device {
  static let controllers = 16
  /// Measurements of the radio's calibration: a bit starts one, another tells that it is done.
  private let handshakes: [UInt32: (ask: UInt32, done: UInt32)]
  /// The registers of the blocks, 256 of 256.
  private let registers: UnsafeMutablePointer<UInt8>
  private let words: UnsafeMutablePointer<UInt32>
  init(chip: String = "ESP32", handshakes: [UInt32: (ask: UInt32, done: UInt32)] = [0x4C: (1 << 1, 1 << 24), 0xC4: (1 << 8, 1 << 31)], arena: StateArena) {
    self.handshakes = handshakes
    registers = arena.allocate("\(chip).ANALOG.registers", count: 65536, initial: UInt8(0))
    words = arena.allocate("\(chip).ANALOG.words", count: 1024, initial: UInt32(0))
    super.init(name: "\(chip).ANALOG")
  }
  public override func read32(at offset: UInt32) -> UInt32 { words[Int(offset / 4) & 1023] }
  public override func write32(_ v: UInt32, at offset: UInt32) {
    let i = Int(offset / 4) & 1023
    guard i < Self.controllers else {
      words[i] = v
      if let h = handshakes[offset] { words[i] = v & h.ask != 0 ? v | h.done : v & ~h.done }
      return
    }
    let at = Int(v & 0xFF) << 8 | Int(v >> 8 & 0xFF)
    if v[bit: 24] { registers[at] = UInt8(truncatingIfNeeded: v >> 16) }
    words[i] = v & 0xFFFF | UInt32(registers[at] | Self.done(at)) << 16
  }
  /// The audio PLL, and its calibration that is over (I2C_APLL_OR_CAL_END).
  static let apll: UInt8 = 0x6D
  private static func done(_ at: Int) -> UInt8 { at == Int(apll) << 8 | 3 ? 0x80 : 0 }
  func register(_ block: UInt8, _ n: UInt8) -> UInt8 { registers[Int(block) << 8 | Int(n)] }
  public override func reset() { for i in 0..<1024 { words[i] = 0 } }
}

/// Several blocks that share a page of 4 KiB.
final class ESP32SharedPage: Device {
  private let parts: [(base: UInt32, size: UInt32, device: Device)]
  init(name: String, _ parts: [(base: UInt32, size: UInt32, device: Device)]) {
    self.parts = parts
    super.init(name: name)
  }
  override func read32(at offset: UInt32) -> UInt32 {
    for p in parts where offset >= p.base && offset - p.base < p.size { return p.device.read32(at: offset - p.base) }
    log?.unmodelled(device: name, register: "+0x" + String(offset, radix: 16), write: nil)
    return 0
  }
  override func write32(_ value: UInt32, at offset: UInt32) {
    for p in parts where offset >= p.base && offset - p.base < p.size { return p.device.write32(value, at: offset - p.base) }
    log?.unmodelled(device: name, register: "+0x" + String(offset, radix: 16), write: value)
  }
}

/// A block that has no model: its words keep what is written, and each is told of once; those of the radio, whose registers stand in
/// no manual, all together.
final class ESP32Stub: Device {
  private static let radio: Set<String> = ["BB", "BT", "FE", "FE2", "NRX", "RWBT", "WDEV", "WIFI", "WIFI2"]
  private let isRadio: Bool
  /// Words where a bit asks for something and another tells that it is done: by offset, what is asked and what is told.
  var handshakes: [UInt32: (ask: UInt32, done: UInt32)] = [:]
  /// Words that only set what has no model, and need no remark.
  var settings: Set<UInt32> = []
  private let words: UnsafeMutablePointer<UInt32>
  private let count: Int
  init(chip: String = "ESP32", name: String, pages: Int = 1, arena: StateArena) {
    count = pages * 1024
    isRadio = Self.radio.contains(name)
    words = arena.allocate("\(chip).\(name).words", count: count, initial: UInt32(0))
    super.init(name: "\(chip).\(name)")
  }
  override func read32(at offset: UInt32) -> UInt32 {
    let i = Int(offset / 4)
    guard i < count else { return 0 }
    if !settings.contains(offset) { remark(offset, "a read gives what was written") }
    return words[i]
  }
  override func write32(_ value: UInt32, at offset: UInt32) {
    let i = Int(offset / 4)
    guard i < count else { return }
    if !settings.contains(offset) { remark(offset, "a write is kept and has no effect") }
    words[i] = value
    if let h = handshakes[offset] { words[i] = value & h.ask != 0 ? value | h.done : value & ~h.done }
  }
  private func remark(_ offset: UInt32, _ effect: String) { log?.once(isRadio ? ESP32Radio.remark : "\(name)+0x\(String(offset, radix: 16)) is not modelled: \(effect)") }
  override func reset() { for i in 0..<count { words[i] = 0 } }
}

/// WDEV_RND_REG (TRM chapter 24): another number at each read, from a generator with a seed.
public final class ESP32RNG: Device {
  private let state: UnsafeMutablePointer<UInt64>
  init(chip: String = "ESP32", arena: StateArena) {
    state = arena.allocate("\(chip).RNG.state", initial: 0x9E37_79B9_7F4A_7C15)
    super.init(name: "\(chip).RNG")
  }
  /// Seeds the generator, so that a run can be repeated.
  public func seed(_ v: UInt64) { state.pointee = v | 1 }
  func next() -> UInt32 {
    var x = state.pointee
    x ^= x << 13
    x ^= x >> 7
    x ^= x << 17
    state.pointee = x
    return UInt32(truncatingIfNeeded: x >> 16)
  }
  public override func read32(at offset: UInt32) -> UInt32 { next() }
}
