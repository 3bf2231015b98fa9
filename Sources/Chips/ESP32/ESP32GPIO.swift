import Machine

/// ESP32 TRM chapter 4 of the pads: GPIO with its matrix, IO_MUX, and through `ESP32RTCIO` the pads that the RTC can have.
public final class ESP32GPIO: ESPGPIO, RegisterNaming {
  public enum Register: UInt32, CaseIterable, Sendable {
    case btSelect = 0x00, out = 0x04, outW1ts = 0x08, outW1tc = 0x0C, out1 = 0x10, out1W1ts = 0x14, out1W1tc = 0x18, sdioSelect = 0x1C, enable = 0x20, enableW1ts = 0x24, enableW1tc = 0x28
    case enable1 = 0x2C, enable1W1ts = 0x30, enable1W1tc = 0x34, strap = 0x38, `in` = 0x3C, in1 = 0x40, status = 0x44, statusW1ts = 0x48, statusW1tc = 0x4C, status1 = 0x50
    case status1W1ts = 0x54, status1W1tc = 0x58, acpuInt = 0x60, acpuNmiInt = 0x64, pcpuInt = 0x68, pcpuNmiInt = 0x6C, cpusdioInt = 0x70, acpuInt1 = 0x74, acpuNmiInt1 = 0x78
    case pcpuInt1 = 0x7C, pcpuNmiInt1 = 0x80, cpusdioInt1 = 0x84, pin0 = 0x88, caliConf = 0x128, caliData = 0x12C, func0InSelCfg = 0x130, func0OutSelCfg = 0x530
    case sigmadelta0 = 0xF00, sigmadeltaCg = 0xF20, sigmadeltaMisc = 0xF24, sigmadeltaVersion = 0xF28
  }
  private static let esp32 = Layout(
    chip: "ESP32", count: 40, exists: 0xFF_0EFF_FFFF, listenOnly: 34, pin0: 0x88, inSel: 0x130, outSel: 0x530, interrupt: [2, 0], nmi: [3, 1],
    // MTDI, GPIO0, GPIO2, GPIO4, MTDO, GPIO5, from the highest.
    straps: [5, 15, 4, 2, 0, 12])
  static let map = RegisterMap<ESP32GPIO> { r in
    r[.btSelect].bits(0...31)
    declare(r, esp32)
    r[.sigmadelta0, count: 8].bits(0...15).reset(0xFF00).onWrite { d, n, v in d.onSigmaDelta(n, v) }
    r[.sigmadeltaCg].bits(31...31)
    r[.sigmadeltaMisc].bits(30...31)
    r[.sigmadeltaVersion].bits(0...27).reset(0x150_6190)
    // By destination: APP, APP's NMI, PRO, PRO's NMI, SDIO.
    for (n, (low, high)) in [(Register.acpuInt, Register.acpuInt1), (.acpuNmiInt, .acpuNmiInt1), (.pcpuInt, .pcpuInt1), (.pcpuNmiInt, .pcpuNmiInt1), (.cpusdioInt, .cpusdioInt1)].enumerated() {
      r[low].onRead { UInt32(truncatingIfNeeded: $0.pending(n)) }
      r[high].onRead { UInt32(truncatingIfNeeded: $0.pending(n) >> 32) }
    }
    r[.caliConf].bits(0...31)
    r[.caliData].reset(0)
  }
  /// A sigma-delta modulator was set: (number, register).
  var onSigmaDelta: (Int, UInt32) -> Void = { _, _ in }
  init(arena: StateArena, mux: ESP32IOMux, rtc: ESP32RTCIO) { super.init(Self.map, layout: Self.esp32, arena: arena, mux: mux, rtc: rtc) }
  override func outputName(_ signal: Int) -> String { ESP32Signals.output(signal) }
  override func inputName(_ signal: Int) -> String { ESP32Signals.input(signal) }
}

/// IO_MUX: what each pad is, its pulls and its input (TRM §4.6).
public final class ESP32IOMux: Device {
  /// What differs from chip to chip.
  struct Table: Sendable {
    let chip: String
    /// The registers' places, pad by pad (0: no such pad), and what they hold at reset.
    let offsets: [UInt32], resets: [UInt32]
    /// Signals that IO_MUX leads straight from a block to a pad and back, by the pad's function; -1: something that is not modelled.
    let directOut: [Int: [UInt32: Int]], directIn: [Int: [UInt32: Int]]
    /// What PIN_CTRL holds at reset, and the bits that a pad's register has.
    let pinCtrl: UInt32, bits: UInt32
  }
  static let esp32 = Table(
    chip: "ESP32",
    offsets: [
      0x44, 0x88, 0x40, 0x84, 0x48, 0x6C, 0x60, 0x64, 0x68, 0x54, 0x58, 0x5C, 0x34, 0x38, 0x30, 0x3C, 0x4C, 0x50, 0x70, 0x74, 0x78, 0x7C, 0x80, 0x8C, 0x90, 0x24, 0x28, 0x2C, 0, 0, 0, 0,
      0x1C, 0x20, 0x14, 0x18, 0x04, 0x08, 0x0C, 0x10,
    ],
    // At reset inputs are on, and the lines of the console, the flash and GPIO5 are pulled up; pulls of the pads that the RTC can have are in RTC_IO.
    resets: (0..<40).map { n in
      switch n {
      case 1, 3, 5...11: 0xB00
      case 25...27, 32...39: 0x800
      default: 0xA00
      }
    },
    directOut: [
      1: [0: 14], 22: [1: 67, 3: 15], 17: [4: 198], 19: [1: 64], 12: [1: 9], 13: [1: 10], 14: [1: 8], 15: [1: 11], 2: [1: 13], 4: [1: 12], 18: [1: 63], 23: [1: 65], 5: [1: 68], 21: [1: 66],
      6: flash(0), 7: flash(1), 8: flash(2), 9: flash(3), 10: flash(4), 11: flash(5),
    ],
    directIn: [
      3: [0: 14], 22: [1: 67], 16: [4: 198], 19: [1: 64, 3: 15], 12: [1: 9], 13: [1: 10], 14: [1: 8], 15: [1: 11], 2: [1: 13], 4: [1: 12], 18: [1: 63], 23: [1: 65], 5: [1: 68], 21: [1: 66],
    ],
    pinCtrl: 0, bits: 0x7FFF)
  /// Pads 6 to 11 lead to the flash: function 1 is SPI's, 0, 3 and 4 the card slots' and others'.
  private static func flash(_ signal: Int) -> [UInt32: Int] { [0: -1, 1: signal, 3: -1, 4: -1] }
  private let table: Table
  /// Pads by the signal that may come straight from them, or go straight to them.
  let padsIn, padsOut: [[Int]]
  private static func pads(_ table: [Int: [UInt32: Int]]) -> [[Int]] {
    (0..<256).map { s in table.filter { $0.value.values.contains(s) }.keys.sorted() }
  }
  func signalsIn(_ n: Int) -> [Int] { table.directIn[n].map { Array($0.values) } ?? [] }
  private let words: UnsafeMutablePointer<UInt32>
  private let pinCtrl: UnsafeMutablePointer<UInt32>
  var onChange: (Int) -> Void = { _ in }

  init(_ table: Table = esp32, arena: StateArena) {
    self.table = table
    padsIn = Self.pads(table.directIn)
    padsOut = Self.pads(table.directOut)
    words = arena.allocate("\(table.chip).IO_MUX.pads", count: table.offsets.count, initial: UInt32(0))
    pinCtrl = arena.allocate("\(table.chip).IO_MUX.PIN_CTRL", initial: table.pinCtrl)
    for n in 0..<table.offsets.count { words[n] = table.resets[n] }
    super.init(name: "\(table.chip).IO_MUX")
  }
  func inputEnabled(_ n: Int) -> Bool { words[n][bit: 9] }
  func pull(_ n: Int) -> Drive { words[n][bit: 8] ? .pullUp : words[n][bit: 7] ? .pullDown : .none }
  /// The signal that the pad's function leads straight to it; nil: it is the matrix's.
  func directOut(_ n: Int) -> Int? { table.directOut[n]?[words[n][bits: 12...14]] }
  /// The signal that the pad's function takes straight from it.
  func directIn(_ n: Int) -> Int? { table.directIn[n]?[words[n][bits: 12...14]] }
  public override func read32(at offset: UInt32) -> UInt32 {
    if offset == 0 { return pinCtrl.pointee }
    guard let n = table.offsets.firstIndex(of: offset) else { return 0 }
    return words[n]
  }
  public override func write32(_ value: UInt32, at offset: UInt32) {
    if offset == 0 { return pinCtrl.pointee = value & 0xFFF }
    guard let n = table.offsets.firstIndex(of: offset) else { return }
    words[n] = value & table.bits
    onChange(n)
  }
  public override func reset() {
    pinCtrl.pointee = table.pinCtrl
    for n in 0..<table.offsets.count { words[n] = table.resets[n] }
    for n in 0..<table.offsets.count { onChange(n) }
  }
}
