import Machine

extension ESP8266 {
  /// The block at 0x60000D00: the serial bus to the analog parts (rom_i2c_readReg, rom_i2c_writeReg) and the SAR ADC.
  /// Espressif publishes neither; what is here is what the ROM's routines and the SDK's phy library expect.
  public final class AnalogRegisters: StorageBlock {
    /// Registers of the analog blocks: [block's low five bits][register].
    private let analog: UnsafeMutablePointer<UInt8>
    /// Volts on TOUT, of which the converter takes 0 to 1.
    public var tout: () -> Float = { 0 }
    /// The PLL's registers were written.
    var onPLL: () -> Void = {}
    private enum Offset { static let bus: Range<UInt32> = 0x00..<0x40, status: UInt32 = 0x50, select: UInt32 = 0x5C, samples: Range<UInt32> = 0x80..<0xA0 }
    /// The block that makes the CPU's clock (i2c_bbpll of the SDK's phy headers).
    private static let pll: UInt32 = 0x67

    init(arena: StateArena) {
      analog = arena.allocate("ESP8266.analog", count: 32 * 256, initial: UInt8(0))
      super.init(name: "ESP8266.SAR", size: 0x100, arena: arena)
    }
    /// The PLL multiplies a crystal of 26 MHz to 80 MHz, where its reset values are for 40 MHz.
    var isFor26MHz: Bool { register(Self.pll, 1) == 0x88 && register(Self.pll, 2) == 0x91 }
    /// Bits that a block sets: the calibration of the radio's PLL is over (wait_rfpll_cal_end).
    private static func ready(_ block: UInt32, _ r: UInt32) -> UInt32 { block == 0x62 && r == 7 ? 0x80 : 0 }
    private func register(_ block: UInt32, _ r: UInt32) -> UInt8 { analog[Int(block & 31) << 8 | Int(r & 0xFF)] }

    public override func read32(at offset: UInt32) -> UInt32 {
      switch offset {
      case Offset.status: return super.read32(at: offset) & ~(7 << 24)  // the converter rests
      case Offset.samples: return sample()
      default: return super.read32(at: offset)
      }
    }
    public override func write32(_ value: UInt32, at offset: UInt32) {
      guard Offset.bus.contains(offset) else { return super.write32(value, at: offset) }
      // Block in bits 7:0, register in 15:8, data in 23:16; bit 24 writes. Bit 25, busy, is never seen.
      let block = value & 0xFF, r = value >> 8 & 0xFF, at = Int(block & 31) << 8 | Int(r)
      if value[bit: 24] {
        analog[at] = UInt8(truncatingIfNeeded: value >> 16)
        super.write32(value & 0x00FF_FFFF, at: offset)
        if block == Self.pll { onPLL() }
      } else {
        super.write32(block | r << 8 | (UInt32(analog[at]) | Self.ready(block, r)) << 16, at: offset)
      }
    }
    /// One of the eight results, inverted, as read_sar_dout undoes it: three high bits, and eight whose first 21 values
    /// do not occur, so that they span 235 steps for 256.
    private func sample() -> UInt32 {
      let toTOUT = super.read32(at: Offset.select)[bit: 21]
      // Full scale is 12/11 V, for which system_adc_read corrects; the supply comes so that twice a result is 1/1024 V.
      let wanted = UInt32(max(0, min(2047, toTOUT ? (tout() * 2048 * 11 / 12).rounded() : 3.3 * 512)))
      let low = (wanted & 0xFF) * 256 / 279 + ((wanted & 0xFF) * 256 % 279 == 0 ? 0 : 1) + 21
      return ~(wanted & 0x700 | min(255, low)) & 0xFFF
    }
    public override func reset() {
      super.reset()
      for i in 0..<(32 * 256) { analog[i] = 0 }
      onPLL()
    }
  }
}
