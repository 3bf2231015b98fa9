import Machine

extension ESP8266 {
  /// The registers between the core and the blocks: interrupts' enables, flash cache, clocks, eFuse.
  /// Names as in the headers of Espressif's SDKs and of esp-open-rtos.
  public final class DPORT: RegisterDevice, RegisterNaming {
    public enum Register: UInt32, CaseIterable, Sendable {
      case nmiIntEnable = 0x00, edgeIntEnable = 0x04, unknown08 = 0x08, cacheFlashCtrl = 0x0C, unknown10 = 0x10, ctl = 0x14
      case clockgateWatchdog = 0x18, unknown1C = 0x1C, spiIntStatus = 0x20, spiCacheRAM = 0x24, hostInfSel = 0x28, slcTxDescDebug = 0x2C
      case unknown30 = 0x30
      case efuseData0 = 0x50, efuseData1 = 0x54, efuseData2 = 0x58, efuseData3 = 0x5C
    }
    static let map = RegisterMap<DPORT> { r in
      r[.nmiIntEnable].bits(0...31)
      r[.edgeIntEnable].bits(0...31)
      r[.unknown08].bits(0...31)
      // Bit 1: the flush that bit 0 asked for is done. Bit 9: the controller is busy; it never is between instructions.
      r[.cacheFlashCtrl].bits(0...0).bits(2...8).bits(10...31).onRead { d in d[.cacheFlashCtrl] | (d[.cacheFlashCtrl] & 1) << 1 }.onWrite { d, _ in d.onCache() }
      r[.unknown10].bits(0...31)
      r[.ctl].bits(0...31).onWrite { d, _ in d.onClock() }
      // Clocks in the upper half; in the lower, what is held in reset. Bit 8 is all that every version of the SDK raises and drops
      // before it starts again through the ROM, with its timers running: they must not interrupt what comes then.
      r[.clockgateWatchdog].bits(0...31).onWrite { d, v in if v[bit: 8] { d.onTimerReset() } }
      r[.unknown1C].bits(0...31)
      r[.spiIntStatus].onRead { d in d.spiInterrupts() }
      r[.spiCacheRAM].bits(0...31).onWrite { d, _ in d.onCache() }
      r[.hostInfSel].bits(0...31).onWrite { d, _ in d.onSwap() }
      r[.slcTxDescDebug].bits(0...31)
      r[.unknown30, count: 8].bits(0...31)
      r[.efuseData0].onRead { d in d.fuses[0] }
      r[.efuseData1].onRead { d in d.fuses[1] }
      r[.efuseData2].onRead { d in d.fuses[2] }
      r[.efuseData3].onRead { d in d.fuses[3] }
    }
    /// What the non-maskable interrupt comes from, as NMI_INT_ENABLE says it; nil: nothing.
    var nmiSource: UInt32? { self[.nmiIntEnable][bit: 0] ? self[.nmiIntEnable][bits: 1...4] : nil }
    static let nmiWDev: UInt32 = 0, nmiFRC1: UInt32 = 7
    /// HOST_INF_SEL: UART0's TXD and RTS, RXD and CTS change places.
    static let uart0PinSwap = 2
    /// The cache's control or the RAM lent to it changed.
    var onCache: () -> Void = {}
    /// CPU clock: once or twice the bus clock.
    var onClock: () -> Void = {}
    /// FRC1 and FRC2 are held in reset.
    var onTimerReset: () -> Void = {}
    /// UART pins swapped.
    var onSwap: () -> Void = {}
    /// SPI0's, SPI1's and I2S's interrupts (bits 4, 7 and 9).
    var spiInterrupts: () -> UInt32 = { 0 }
    private let fuses: UnsafeMutablePointer<UInt32>

    init(arena: StateArena) {
      fuses = arena.allocate("ESP8266.eFuse", count: 4, initial: UInt32(0))
      super.init(Self.map, name: "ESP8266.DPORT", arena: arena)
    }
    /// Burns the eFuse with a station MAC of Espressif's range 5C:CF:7F, as the SDK reads it.
    /// - Parameter serial: the last three bytes.
    func burn(serial: UInt32) {
      let oui: UInt32 = 0x5C_CF7F
      fuses[0] = serial << 24
      fuses[1] = serial >> 8 & 0xFFFF
      // Bit 15: valid; bit 12: the OUI is in the last word, with its check sum here.
      fuses[2] = UInt32(Self.checksum([UInt8(oui & 0xFF), UInt8(oui >> 8 & 0xFF), UInt8(oui >> 16)])) << 24 | 0xB000
      fuses[3] = oui
    }
    /// CRC-8 of the polynomial x^8 + x^5 + x^4 + 1, lowest bit first.
    private static func checksum(_ bytes: [UInt8]) -> UInt8 {
      bytes.reduce(0) { crc, byte in (0..<8).reduce(crc ^ byte) { c, _ in c & 1 == 1 ? c >> 1 ^ 0x8C : c >> 1 } }
    }
    public var cacheEnabled: Bool { self[.cacheFlashCtrl][bit: 8] }
    /// Where in the flash the window at 0x40200000 begins: 2 MiB blocks by bits 18:16, and the odd megabyte by bit 25.
    public var flashWindow: UInt32 { self[.cacheFlashCtrl][bits: 16...18] << 21 | (self[.cacheFlashCtrl][bit: 25] ? 1 << 20 : 0) }
    public var isDoubleClock: Bool { self[.ctl][bit: 0] }
    public override func reset() {
      super.reset()
      onCache()
      onClock()
      onSwap()
    }
  }
}
