import Machine

extension NRF51 {
  /// Reference Manual §6: what lets the flash and UICR be written and erased.
  public final class NVMC: RegisterDevice, RegisterNaming {
    public enum Register: UInt32, CaseIterable, Sendable { case ready = 0x400, config = 0x504, erasePage = 0x508, eraseAll = 0x50C, erasePCR0 = 0x510, eraseUICR = 0x514 }
    static let map = RegisterMap<NVMC> { r in
      // The processor stands while the memory works, so it never sees it at work.
      r[.ready].reset(0).onRead { _ in 1 }
      r[.config].bits(0...1)
      r[.erasePage].bits(0...31).onWrite { d, v in if d.mayErase { d.erase(page: v) } }
      r[.eraseAll].onWrite { d, v in if v[bit: 0], d.mayErase { d.eraseAll() } }
      r[.erasePCR0].bits(0...31).onWrite { d, v in if d.mayErase { d.erase(page: v) } }
      r[.eraseUICR].onWrite { d, v in if v[bit: 0], d.mayErase { d.eraseUICR() } }
    }
    /// Cycles of 62.5 ns (product specification §8.17): a page's erase 22.3 ms, all 22.3 ms, a word 46.3 µs.
    static let eraseCycles: UInt64 = 356_800, writeCycles: UInt64 = 741
    static let page = 1024
    private let flash, uicr: Memory
    /// The memory has changed at an offset of the flash.
    var onChange: (Int, Int) -> Void = { _, _ in }
    /// The processor stands for some cycles.
    var onBusy: (UInt64) -> Void = { _ in }
    var isProtected: (Int) -> Bool = { _ in false }

    init(arena: StateArena, flash: Memory, uicr: Memory) {
      self.flash = flash
      self.uicr = uicr
      super.init(Self.map, name: "NRF51.NVMC", arena: arena)
    }
    private var mayErase: Bool { self[.config] == 2 }
    private func fill(_ memory: Memory, _ offset: Int, _ count: Int) { (memory.bytes + offset).update(repeating: 0xFF, count: count) }
    private func erase(page address: UInt32) {
      onBusy(Self.eraseCycles)
      if address & ~0x3FF == 0x1000_1000 { return fill(uicr, 0, Self.page) }
      let offset = Int(address & ~0x3FF)
      guard offset < flash.size, !isProtected(offset) else { return }
      fill(flash, offset, Self.page)
      onChange(offset, Self.page)
    }
    private func eraseUICR() {
      onBusy(Self.eraseCycles)
      fill(uicr, 0, Self.page)
    }
    private func eraseAll() {
      onBusy(Self.eraseCycles)
      fill(flash, 0, flash.size)
      fill(uicr, 0, Self.page)
      onChange(0, flash.size)
    }
    /// A word of `memory` is written: bits only go from 1 to 0.
    func program(_ value: UInt32, at offset: UInt32, of memory: Memory) {
      guard self[.config] == 1 else {
        log?.once("a store to the \(memory === uicr ? "UICR" : "flash") at 0x\(String(offset, radix: 16)) has no effect: NVMC.CONFIG does not allow writes")
        return
      }
      let at = Int(offset & ~3)
      guard at + 4 <= memory.size, memory === uicr || !isProtected(at) else { return }
      memory.raw.storeBytes(of: memory.raw.load(fromByteOffset: at, as: UInt32.self) & value, toByteOffset: at, as: UInt32.self)
      onBusy(Self.writeCycles)
      if memory === flash { onChange(at, 4) }
    }
  }

  /// The flash or UICR as the bus sees it.
  final class FlashWindow: Device {
    private let memory: Memory
    private unowned let nvmc: NVMC
    init(_ name: String, _ memory: Memory, nvmc: NVMC) {
      self.memory = memory
      self.nvmc = nvmc
      super.init(name: "NRF51.\(name)")
    }
    override func read32(at offset: UInt32) -> UInt32 { Int(offset) + 4 <= memory.size ? memory.raw.load(fromByteOffset: Int(offset & ~3), as: UInt32.self) : 0 }
    override func write32(_ value: UInt32, at offset: UInt32) { nvmc.program(value, at: offset, of: memory) }
  }

  /// Reference Manual §7: what the factory wrote about the chip. QFAA: 256 KiB of flash, 16 KiB of RAM.
  public final class FICR: RegisterDevice, RegisterNaming {
    public enum Register: UInt32, CaseIterable, Sendable {
      case codePageSize = 0x010, codeSize = 0x014, clenR0 = 0x028, ppfc = 0x02C, numRAMBlock = 0x034, sizeRAMBlocks = 0x038, sizeRAMBlock1 = 0x03C, sizeRAMBlock2 = 0x040, sizeRAMBlock3 = 0x044
      case configID = 0x05C, deviceID0 = 0x060, deviceID1 = 0x064, er0 = 0x080, ir0 = 0x090, deviceAddrType = 0x0A0, deviceAddr0 = 0x0A4, deviceAddr1 = 0x0A8, overrideEn = 0x0AC
      case nrf_1Mbit0 = 0x0B0, ble_1Mbit0 = 0x0EC
    }
    static let map = RegisterMap<FICR> { r in
      for x in Register.allCases { r[x].reset(0xFFFF_FFFF) }
      r[.codePageSize].reset(1024)
      r[.codeSize].reset(256)
      r[.ppfc].reset(0xFF)
      r[.numRAMBlock].reset(2)
      r[.sizeRAMBlocks, count: 2].reset(0x2000)
      r[.configID].reset(0x003C)  // HWID of the QFAA H0
      r[.deviceAddrType].reset(0xFFFF_FFFF)  // random
      // Numbers as any chip has some.
      r[.er0, count: 4].onRead { d, n in d.number &* 0x9E37_79B9 &+ UInt32(n) &* 0x85EB_CA6B }
      r[.ir0, count: 4].onRead { d, n in d.number &* 0xC2B2_AE35 &+ UInt32(n) &* 0x27D4_EB2F }
      r[.nrf_1Mbit0, count: 5].reset(0xFFFF_FFFF)
      r[.ble_1Mbit0, count: 5].reset(0xFFFF_FFFF)
      r[.deviceID0].onRead { d in d.number &* 0x9E37_79B1 ^ 0x6B43_A9B5 }
      r[.deviceID1].onRead { d in d.number &* 0x85EB_CA77 ^ 0x1B87_3593 }
      r[.deviceAddr0].onRead { d in d.number &* 0xC2B2_AE3D ^ 0x2545_F491 }
      r[.deviceAddr1].onRead { d in d.number & 0xFFFF | 0xFFFF_C000 }
    }
    private let number: UInt32
    init(arena: StateArena, number: UInt32) {
      self.number = number
      super.init(Self.map, name: "NRF51.FICR", arena: arena)
    }
  }
}
