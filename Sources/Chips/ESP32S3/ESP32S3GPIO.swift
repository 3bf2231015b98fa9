import Machine

/// ESP32-S3 TRM chapter 6: GPIO with its matrix and IO_MUX, for 45 pads of GPIO0 to GPIO48.
public final class ESP32S3GPIO: ESPGPIO, RegisterNaming {
  public enum Register: UInt32, CaseIterable, Sendable {
    case btSelect = 0x00, out = 0x04, outW1ts = 0x08, outW1tc = 0x0C, out1 = 0x10, out1W1ts = 0x14, out1W1tc = 0x18, sdioSelect = 0x1C, enable = 0x20, enableW1ts = 0x24, enableW1tc = 0x28
    case enable1 = 0x2C, enable1W1ts = 0x30, enable1W1tc = 0x34, strap = 0x38, `in` = 0x3C, in1 = 0x40, status = 0x44, statusW1ts = 0x48, statusW1tc = 0x4C, status1 = 0x50
    case status1W1ts = 0x54, status1W1tc = 0x58, pcpuInt = 0x5C, pcpuNmiInt = 0x60, cpusdioInt = 0x64, pcpuInt1 = 0x68, pcpuNmiInt1 = 0x6C, cpusdioInt1 = 0x70, pin0 = 0x74
    case statusNext = 0x14C, statusNext1 = 0x150, func0InSelCfg = 0x154, func0OutSelCfg = 0x554, clockGate = 0x62C, regDate = 0x6FC
    case sigmadelta0 = 0xF00, sigmadeltaCg = 0xF20, sigmadeltaMisc = 0xF24, sigmadeltaVersion = 0xF28
  }
  private static let esp32s3 = Layout(
    // Interrupts go to both cores alike; the matrix tells which. GPIO46, GPIO0, GPIO45 and GPIO3 are straps.
    chip: "ESP32S3", count: 49, exists: 0x1_FFFF_FC3F_FFFF, listenOnly: 49, pin0: 0x74, inSel: 0x154, outSel: 0x554, interrupt: [0, 0], nmi: [1, 1], straps: [-1, -1, 46, 0, 45, 3])
  static let map = RegisterMap<ESP32S3GPIO> { r in
    declare(r, esp32s3)
    declareRest(r, date: 0x190_7040)
  }
  /// What the ESP32-S2 has too.
  static func declareRest<D: ESPGPIO & RegisterNaming>(_ r: RegisterMap<D>.Builder, date: UInt32) where D.Register == Register {
    for (n, (low, high)) in [(Register.pcpuInt, Register.pcpuInt1), (.pcpuNmiInt, .pcpuNmiInt1), (.cpusdioInt, .cpusdioInt1)].enumerated() {
      r[low].onRead { UInt32(truncatingIfNeeded: $0.pending(n)) }
      r[high].onRead { UInt32(truncatingIfNeeded: $0.pending(n) >> 32) }
    }
    r[.statusNext].onRead { $0[.status] }
    r[.statusNext1].onRead { $0[.status1] }
    r[.clockGate].bits(0...0).reset(1)
    r[.regDate].bits(0...27).reset(date)
    r[.sigmadelta0, count: 8].bits(0...15).reset(0xFF00).onWrite { d, _ in d.log?.once("\(d.name): the sigma-delta modulators are not modelled: their signals stay low") }
    r[.sigmadeltaCg].bits(31...31)
    r[.sigmadeltaMisc].bits(30...31)
    r[.sigmadeltaVersion].bits(0...27).reset(0x180_2260)
  }
  init(arena: StateArena, mux: ESP32IOMux, rtc: ESP32S3RTCIO) { super.init(Self.map, layout: Self.esp32s3, arena: arena, mux: mux, rtc: rtc) }
  override func outputName(_ signal: Int) -> String { Self.name(signal, out: true) }
  override func inputName(_ signal: Int) -> String { Self.name(signal, out: false) }
  /// Of the signals that are modelled (§6.11).
  private static func name(_ n: Int, out: Bool) -> String {
    switch n {
    case 12...20: "U\((n - 12) / 3)" + (out ? ["TXD", "RTS", "DTR"] : ["RXD", "CTS", "DSR"])[(n - 12) % 3]
    case 33...48 where !out: "PCNT_" + ["SIG_CH0", "SIG_CH1", "CTRL_CH0", "CTRL_CH1"][(n - 33) % 4] + "_IN\((n - 33) / 4)"
    case 66...72: "SPI3_" + ["CLK", "Q", "D", "HD", "WP", "CS0", "CS1"][n - 66]
    case 73...80: "LEDC_LS_SIG_OUT\(n - 73)"
    case 81...84: "RMT_SIG_\(out ? "OUT" : "IN")\(n - 81)"
    case 89...92: "I2CEXT\((n - 89) / 2)_\(n % 2 == 1 ? "SCL" : "SDA")"
    case 101...105: "FSPI" + ["CLK", "Q", "D", "HD", "WP"][n - 101]
    case 110...115: "FSPICS\(n - 110)"
    default: "signal \(n) \(out ? "out" : "in")"
    }
  }
}

extension ESP32IOMux {
  /// Function 1 of a pad is the matrix's, and so is function 0 but for the pads of the flash, of JTAG and of the console; function 4 leads to SPI2.
  static let esp32s3 = Table(
    chip: "ESP32S3", offsets: (0..<49).map { 4 + UInt32($0) * 4 },
    // Inputs are on; the lines of the console, the flash and GPIO0 are pulled up, GPIO45 and GPIO46 down.
    resets: (0..<49).map { n in
      switch n {
      case 0, 26...32, 39, 43, 44: 0xB00
      case 45, 46: 0xA80
      default: 0xA00
      }
    },
    directOut: [
      43: [0: 12], 19: [2: 16], 9: [4: 104], 10: [4: 110], 11: [4: 103], 12: [4: 101], 13: [4: 102], 14: [4: 105], 34: [2: 110], 35: [2: 103], 36: [2: 101], 37: [2: 102],
      26: [0: 6], 27: [0: 2], 28: [0: 3], 29: [0: 5], 30: [0: 4], 31: [0: 0], 32: [0: 1],
    ],
    directIn: [44: [0: 12], 20: [2: 16], 9: [4: 104], 10: [4: 110], 11: [4: 103], 12: [4: 101], 13: [4: 102], 14: [4: 105], 34: [2: 110], 35: [2: 103], 36: [2: 101], 37: [2: 102]],
    pinCtrl: 0x7FF, bits: 0xFFFF)
}
