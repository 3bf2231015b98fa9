import Machine
import Processor
import Xtensa

/// The ESP32-S2: one Xtensa LX7, 320 KiB of SRAM, and the blocks of the technical reference manual at their addresses (chapter 3).
public final class ESP32S2: ESP32Series {
  /// The ROM, whose last 64 KiB the data bus sees too; SRAM0 and SRAM1 in one piece, the RTC's memories.
  public let rom, sram, rtcFast, rtcSlow: Memory
  public let system: ESP32S3System, externalMemory: ESP32S2ExternalMemory
  public let efuse: ESP32S3EFuse, systemTimer: ESP32S2SystemTimer
  public let cryptoDMA: ESP32S2CryptoDMA, sha: ESP32S3SHA, aes: ESP32S3AES
  public let ledc: ESP32LEDC, rmt: ESP32RMT, i2cs: [ESP32I2C], spis: [ESP32SPI], sens: ESP32S3SENS
  /// The chip's own USB.
  public let usb: DesignWareUSB
  public let ioMux: ESP32IOMux, rtcIO: ESP32S3RTCIO
  public let rng: ESP32RNG, analog: ESP32AnalogBus
  private let systemRegisters: ESP32S2System.Block, interrupts: ESP32S2Interrupts.Block, rtcRegisters: ESP32S2RTCControl.Block, sensRegisters: ESP32S2SENS.Block
  private let ledcRegisters: ESP32S3LEDC.Block, rmtRegisters: ESP32S2RMT.Block, i2cRegisters: [ESP32S2I2C.Block], spiRegisters: [ESP32S2SPI.Block]
  private let uartRegisters: [ESP32S2UART.Block], timerGroupRegisters: [ESP32S2TimerGroup.Block], flashSPIs: [ESP32S3FlashSPI.Block]
  private let matrix: ESPInterruptMatrix
  private let mmu: ESP32CacheMMU
  private let bus = Bus()
  private let sramCode: CodeMemory, rtcFastCode: CodeMemory, rtcSlowCode: CodeMemory
  /// Windows into the flash: instructions, constants, data.
  private var windows: [XtensaCore.Window] = []
  private let dma: ESP32DMAMemory
  private var stubs: [Device] = []
  private static let romSize = 0x20000, sramBase: UInt32 = 0x3FFB_0000, sramSize: UInt32 = 0x50000

  /// - Parameters:
  ///   - flash: the external flash's bytes; a power of two of at most 32 MiB.
  ///   - crystal: in hertz.
  ///   - mac: the base MAC address in the fuses.
  public init(machine: Machine, flash: Memory, crystal: UInt64 = 40_000_000, mac: [UInt8] = [0x7C, 0xDF, 0xA1, 0x02, 0x1D, 0xE0]) {
    let arena = machine.arena, scheduler = machine.scheduler, scope = arena.scope
    let cpu = machine.cores.isEmpty ? machine.coreClock : arena.allocate("ESP32S2.CPU_CLK", initial: Clock(hertz: crystal))
    rom = Memory("\(scope)ESP32S2.ROM", size: Self.romSize)
    sram = Memory("\(scope)ESP32S2.SRAM", size: Int(Self.sramSize))
    rtcFast = Memory("\(scope)ESP32S2.RTC_FAST", size: 0x2000)
    rtcSlow = Memory("\(scope)ESP32S2.RTC_SLOW", size: 0x2000)
    for m in [rom, sram, rtcFast, rtcSlow, flash] { machine.add(m) }
    sramCode = CodeMemory(sram)
    rtcFastCode = CodeMemory(rtcFast)
    rtcSlowCode = CodeMemory(rtcSlow)
    let dma = ESP32DMAMemory(sram, base: Self.sramBase)
    self.dma = dma
    // TRM §6.2: RTC8M_CLK 8.5 MHz and RTC_CLK 90 kHz, by nature inexact.
    let clocks = ESP32Clocks(chip: "ESP32S2", machine: machine, cpu: cpu, crystal: crystal, fastRC: 8_500_000, slowRC: 90_000)
    systemRegisters = ESP32S2System.make(arena: arena)
    system = systemRegisters.model
    let matrix = ESPInterruptMatrix(name: "ESP32S2.INTERRUPT", sources: ESP32S2Interrupts.sources, cores: 1, arena: arena)
    self.matrix = matrix
    interrupts = ESP32S2Interrupts.make(matrix: matrix, arena: arena)
    externalMemory = ESP32S2ExternalMemory(arena: arena)
    let rtcRegisters = ESP32S2RTCControl.make(arena: arena, scheduler: scheduler, clocks: clocks)
    self.rtcRegisters = rtcRegisters
    efuse = ESP32S3EFuse(chip: "ESP32S2", arena: arena, scheduler: scheduler, mac: mac)
    systemTimer = ESP32S2SystemTimer(arena: arena, scheduler: scheduler, clocks: clocks)
    let timerGroupRegisters = (0..<2).map { ESP32S2TimerGroup.make($0, arena: arena, scheduler: scheduler, clocks: clocks) }
    self.timerGroupRegisters = timerGroupRegisters
    let uartRegisters = (0..<2).map { ESP32S2UART.make($0, arena: arena, scheduler: scheduler, clocks: clocks) }
    self.uartRegisters = uartRegisters
    flashSPIs = (0..<2).map { ESP32S3FlashSPI.make($0, chip: "ESP32S2", arena: arena, scheduler: scheduler, clocks: clocks, memory: dma) }
    let cryptoDMA = ESP32S2CryptoDMA(arena: arena, memory: dma)
    self.cryptoDMA = cryptoDMA
    sha = ESP32S3SHA(chip: "ESP32S2", arena: arena, take: { [unowned cryptoDMA] in cryptoDMA.take() }, finish: { [unowned cryptoDMA] in cryptoDMA.finishOutput() })
    aes = ESP32S3AES(chip: "ESP32S2", arena: arena, take: { [unowned cryptoDMA] in cryptoDMA.take() }, put: { [unowned cryptoDMA] in cryptoDMA.put($0) }, finish: { [unowned cryptoDMA] in
      cryptoDMA.finishOutput()
      cryptoDMA.finishInput()
    })
    ledcRegisters = ESP32S3LEDC.make(chip: "ESP32S2", arena: arena, scheduler: scheduler, clocks: clocks)
    ledc = ledcRegisters.model
    rmtRegisters = ESP32S2RMT.make(arena: arena, scheduler: scheduler, clocks: clocks)
    rmt = rmtRegisters.model
    i2cRegisters = (0..<2).map { ESP32S2I2C.make($0, arena: arena, scheduler: scheduler, clocks: clocks) }
    i2cs = i2cRegisters.map { $0.model }
    spiRegisters = (2..<4).map { ESP32S2SPI.make($0, arena: arena, scheduler: scheduler, clocks: clocks, memory: dma) }
    spis = spiRegisters.map { $0.model }
    sensRegisters = ESP32S2SENS.make(arena: arena, scheduler: scheduler)
    sens = sensRegisters.model
    usb = DesignWareUSB(name: "ESP32S2.USB", arena: arena, scheduler: scheduler)
    ioMux = ESP32IOMux(ESP32IOMux.esp32s2, arena: arena)
    rtcIO = ESP32S2RTCIO(arena: arena)
    let gpio = ESP32S2GPIO(arena: arena, mux: ioMux, rtc: rtcIO)
    rng = ESP32RNG(chip: "ESP32S2", arena: arena)
    // The PLL's calibration is done (bit 24) while it is not told to stand (2).
    analog = ESP32AnalogBus(chip: "ESP32S2", handshakes: [0x40: (~(1 << 2), 1 << 24)], arena: arena)
    mmu = ESP32CacheMMU(name: "ESP32S2.MMU", entries: 512, invalid: 0x4000, mask: 0x1_FFFF, arena: arena)
    let core = XtensaCore(name: "\(scope)core0", configuration: .lx7S2, prid: 0xCDCD, bus: bus, machine: machine, clock: cpu)
    machine.add(core)
    super.init(
      name: "ESP32S2", machine: machine, flash: flash, cores: [core], clocks: clocks, rtc: rtcRegisters.model, timerGroups: timerGroupRegisters.map { $0.model }, gpio: gpio, uarts: uartRegisters.map { $0.model })
    efuse.burnESP32S2()
    mapMemory(core)
    mapDevices()
    connect()
    connectPads()
  }

  // MARK: Address map, chapter 3

  private func mapMemory(_ core: XtensaCore) {
    let rom = CodeMemory(self.rom)
    core.addRegion(base: 0x4000_0000, size: UInt32(Self.romSize), memory: rom, .execute)
    core.addRegion(base: 0x3FFA_0000, size: 0x10000, memory: rom, offset: 0x10000, .bytes)
    core.addRegion(base: 0x4002_0000, size: Self.sramSize, memory: sramCode, .instruction)
    core.addRegion(base: Self.sramBase, size: Self.sramSize, memory: sramCode, .data)
    core.addRegion(base: 0x4007_0000, size: 0x2000, memory: rtcFastCode, .instruction)
    core.addRegion(base: 0x3FF9_E000, size: 0x2000, memory: rtcFastCode, .data)
    core.addRegion(base: 0x5000_0000, size: 0x2000, memory: rtcSlowCode, [.write, .execute, .bytes])
    windows = [core.addWindow(base: 0x4008_0000, size: 0x78_0000, .execute), core.addWindow(base: 0x3F00_0000, size: 0x40_0000, .bytes), core.addWindow(base: 0x3F50_0000, size: 0xA8_0000, .bytes)]
    mmu.onChange = { [unowned self] entry in map(entry) }
  }
  /// One entry of the MMU table, a page of 64 KiB. The table has 64 for each of six buses; the first and the last reach into what is no cache's.
  private func map(_ entry: Int) {
    let v = mmu.table[entry], (window, page): (Int, Int)
    switch entry / 64 {
    case 0, 1: (window, page) = (0, entry - 8)
    case 2: (window, page) = (1, entry - 128)
    case 3: (window, page) = (2, 112 + entry - 192)
    case 4: (window, page) = (2, 48 + entry - 256)
    case 5: (window, page) = (2, entry - 336)
    default: return
    }
    guard page >= 0, page < [120, 64, 168][window] else { return }
    // Bit 14: invalid; 15: flash; 16: PSRAM, which the board does not have.
    cores[0].mapPage(page, of: windows[window], to: v[bit: 15] && !v[bit: 14] ? flashCode : nil, offset: (v & 0x3FFF) << 16 & UInt32(flash.size - 1))
  }
  private func mapDevices() {
    let arena = machine.arena
    func stub(_ name: String, pages: Int = 1, settings: Set<UInt32> = []) -> ESP32Stub {
      let s = ESP32Stub(chip: "ESP32S2", name: name, pages: pages, arena: arena)
      s.settings = settings
      stubs.append(s)
      return s
    }
    func settings(_ name: String, _ resets: [UInt32: UInt32] = [:]) -> ESP32S3Settings {
      let s = ESP32S3Settings(chip: "ESP32S2", name: name, resets: resets, arena: arena)
      stubs.append(s)
      return s
    }
    let rtcPage = ESP32SharedPage(name: "ESP32S2.RTC", [(0, 0x400, rtcRegisters), (0x400, 0x400, rtcIO), (0x800, 0x400, sensRegisters), (0xC00, 0x400, stub("RTC_I2C"))])
    let rngPage = ESP32SharedPage(name: "ESP32S2.WDEV", [(0x110, 4, rng), (0, 0x1000, stub("WDEV"))])
    // The powers of the radio's parts, which a start switches.
    let syscon = settings("SYSCON", [4: 0x10727, 8: 0x7FF, 0x14: 7, 0x18: 7, 0x1C: 7, 0x20: 7, 0x44: 7, 0x48: 7, 0x4C: 7, 0x50: 7, 0x90: 0xFFFC_E030, 0x94: 0xFFFC_E030, 0x98: 0x15, 0x3FC: 0x190_7010])
    // Offsets from 0x3F400000, and from 0x60000000 where the other bus has them too.
    let blocks: [(UInt32, Device, UInt32)] = [
      (0x00000, uartRegisters[0], 1), (0x02000, flashSPIs[1], 1), (0x03000, flashSPIs[0], 1), (0x04000, gpio, 1), (0x05000, stub("FE2", settings: [0xF0]), 1), (0x06000, stub("FE", settings: [0x90]), 1),
      (0x07000, stub("FRC_TIMER"), 1), (0x08000, rtcPage, 1), (0x09000, ioMux, 1), (0x0B000, stub("HINF"), 1), (0x0E000, analog, 1), (0x0F000, stub("I2S0", settings: [0xA4, 0xAC]), 1), (0x10000, uartRegisters[1], 1),
      (0x13000, i2cRegisters[0], 1), (0x14000, stub("UHCI0"), 1), (0x15000, stub("SLCHOST"), 1), (0x16000, rmtRegisters, 1), (0x17000, stub("PCNT"), 1), (0x18000, stub("SLC"), 1), (0x19000, ledcRegisters, 1),
      (0x1A000, efuse, 1), (0x1C000, stub("NRX", settings: [0xCD4]), 1), (0x1D000, stub("BB", settings: [0x54]), 1), (0x1F000, timerGroupRegisters[0], 1), (0x20000, timerGroupRegisters[1], 1),
      (0x23000, systemTimer, 1), (0x24000, spiRegisters[0], 1), (0x25000, spiRegisters[1], 1), (0x26000, syscon, 1), (0x27000, i2cRegisters[1], 1), (0x2B000, stub("TWAI"), 1), (0x37000, stub("SPI4"), 1),
      (0x39000, settings("USB_WRAP", [0: 0x1C_0000, 0x3FC: 0x210_2010]), 1),
      (0x40000, settings("APB_SARADC", [0: 0x407F_8240, 4: 0xA1FE, 8: 0x200_0000, 0xC: 0xFF_0808, 0x38: 0x900, 0x3C: 0x2040_0000, 0x58: 0xFF, 0x5C: 4, 0x60: 0x2064, 0x3FC: 0x190_7162]), 1),
    ]
    let others: [(UInt32, Device, UInt32)] = [
      (0x3F4C_0000, systemRegisters, 1), (0x3F4C_1000, settings("SENSITIVE"), 1), (0x3F4C_2000, interrupts, 1), (0x3F4C_3000, stub("DMA_COPY"), 1), (0x3F4C_E000, settings("ASSIST_DEBUG"), 1),
      (0x3F4C_F000, stub("DEDICATED_GPIO"), 1), (0x6003_1000, stub("RWBT", pages: 2), 2), (0x6003_3000, stub("WIFI", pages: 2), 2), (0x6003_5000, rngPage, 1), (0x6003_A000, aes, 1),
      (0x6003_B000, sha, 1), (0x6003_C000, stub("RSA"), 1), (0x6003_D000, stub("DS"), 1), (0x6003_E000, stub("HMAC"), 1), (0x6003_F000, cryptoDMA, 1), (0x6008_0000, usb, 1), (0x6008_1000, usb.fifos, 16),
      (0x6180_0000, externalMemory, 1), (0x6180_1000, mmu, 1),
    ]
    let all = blocks.flatMap { [(0x3F40_0000 + $0.0, $0.1, $0.2), (0x6000_0000 + $0.0, $0.1, $0.2)] } + others
    for (base, device, pages) in all { bus.map(device, at: base, size: pages << 12, bytewise: true, readWait: 3, writeWait: 1) }
    bus.map(memory: rom.raw, at: 0x4000_0000, size: UInt32(Self.romSize), writable: false, ignoresWrites: true)
    for base in [Self.sramBase, 0x4002_0000] { bus.map(memory: sram.raw, at: base, size: Self.sramSize, writable: true) }
    for base in [0x3FF9_E000, 0x4007_0000] as [UInt32] { bus.map(memory: rtcFast.raw, at: base, size: 0x2000, writable: true) }
    for base in [0x5000_0000, 0x6002_1000, 0x3F42_1000] as [UInt32] { bus.map(memory: rtcSlow.raw, at: base, size: 0x2000, writable: true) }
    bus.onMemoryWrite = { [unowned self] address, size in cores[0].invalidate(address & ~3, count: 4) }
    bus.log = machine.log
    for (_, device, _) in all { device.log = machine.log }
    for device in [rtcRegisters, rtcIO, sensRegisters] as [Device] + stubs { device.log = machine.log }
    for model in [rtc, ledc, rmt, sens, system, interrupts.model] + i2cs + spis + timerGroups + uarts + flashSPIs.map { $0.model } as [Device] { model.log = machine.log }
  }

  // MARK: Wires

  private func connect() {
    matrix.route = { [unowned self] _, source in interrupts.model.route(source) }
    matrix.onInterrupt = { [unowned self] _, n, level in cores[0].setInterrupt(n, level) }
    system.onClockChange = { [unowned self] in updateClocks() }
    system.onCrossCore = { [unowned self] n, level in matrix.setSource(28 + n, level) }
    system.fastMemoryCRC = { [unowned self] in rtc.fastMemoryCRC($0, $1) }
    rtc.onClockChange = { [unowned self] in updateClocks() }
    connectRTC()
    rtc.onHold = { [unowned self] in rtcIO.allChanged() }
    rtc.rtcPad = { [unowned self] n in n < ESP32S3RTCControl.padCount && gpio.pins[n].isHigh }
    rtc.ext0Pad = { [unowned self] in Int(rtcIO[.extWakeup0] >> 27) }
    rtc.fastMemory = UnsafeRawPointer(rtcFast.raw)
    rtcIO.held = { [unowned self] n in
      if n < ESP32S3RTCControl.padCount { return rtcRegisters[.padHold][bit: n] }
      return rtc[.digIso][bit: 9] || rtc[.digIso][bit: 15] || rtcRegisters[.digPadHold][bit: n - 21]
    }
    gpio.onInterrupt = { [unowned self] _, nmi, level in matrix.setSource(nmi ? 24 : 23, level) }
    systemTimer.isOnCrystal = { [unowned self] in system[.sysclkConf][bits: 10...11] != 1 }
    source(32, flashSPIs[1].model.irq)
    for n in 0..<2 {
      source(33 + n, spis[n].irq)
      source(57 + n, spis[n].dmaIRQ)
      source(37 + n, uarts[n].irq)
      source(52 + n, i2cs[n].irq)
      for k in 0..<4 { source(15 + 4 * n + k, timerGroups[n].irq[k]) }
    }
    source(45, ledc.irq)
    source(46, efuse.irq)
    source(48, usb.irq)
    source(49, rtc.irq)
    source(50, rmt.irq)
    source(55, sha.irq)
    source(56, aes.irq)
    source(90, cryptoDMA.irq)
    for n in 0..<3 { source(71 + n, systemTimer.irq[n]) }
    dma.onWrite = { [unowned self] offset, count in sramCode.changed(offset: offset, count: count) }
    // TRM §15.4: PERIP_RST_EN0 and, from 32 on, PERIP_RST_EN1.
    system.blocks = [
      1: flashSPIs, 2: [uartRegisters[0]], 5: [uartRegisters[1]], 6: [spiRegisters[0]], 7: [i2cRegisters[0]], 9: [rmtRegisters], 11: [ledcRegisters], 13: [timerGroupRegisters[0]], 15: [timerGroupRegisters[1]],
      16: [spiRegisters[1]], 18: [i2cRegisters[1]], 23: [usb], 29: [systemTimer], 33: [aes], 34: [sha], 38: [cryptoDMA],
    ]
    sens.volts = { [unowned self] n in gpio.pins[n].volts }
    // There is no other block that could have the transceiver.
    usb.hasTransceiver = true
  }
  private func source(_ n: Int, _ line: Line) { line.connect { [unowned self] level in matrix.setSource(n, level) } }

  /// Signals of the GPIO matrix (§5.11).
  private func connectPads() {
    for (n, uart) in uarts.enumerated() { connect(uart, data: 14 + 3 * n, control: 15 + 3 * n) }
    connect(spis[0], clk: 108, q: 109, d: 110, cs: [117, 118, 119])
    connect(spis[1], clk: 72, q: 73, d: 74, cs: [76, 77, 78])
    for (n, (scl, sda)) in [(29, 30), (95, 96)].enumerated() { connect(i2cs[n], scl: scl, sda: sda) }
    for k in 0..<ESP32S3LEDC.count { output(79 + k, ledc.outputs[ESP32S3LEDC.firstChannel + k]) }
    ledc.isWatched = { [unowned self] in $0 >= ESP32S3LEDC.firstChannel && gpio.isWatched(79 + $0 - ESP32S3LEDC.firstChannel) }
    for n in 0..<ESP32S2RMT.count {
      output(87 + n, rmt.outputs[n])
      gpio.signals[83 + n].input = { [unowned self] in rmt.inputChanged(n, $0) }
    }
    rmt.isWatched = { [unowned self] in $0 < ESP32S2RMT.count && gpio.isWatched(87 + $0) }
    gpio.onRoute = { [unowned self] in ledc.routesChanged() }
  }

  override func updateClocks() {
    system.apply(to: clocks, slowSource: rtc[.clkConf][bits: 30...31])
    cores[0].clockChanged()
  }

  // MARK: Resets, chapter 6

  override var ram: [(memory: Memory, code: CodeMemory, outlivesDeepSleep: Bool)] { [(rtcFast, rtcFastCode, true), (rtcSlow, rtcSlowCode, true), (sram, sramCode, false)] }
  override var rtcDevices: [Device] { [rtcRegisters, rtcIO, sensRegisters] }
  override var digitalDevices: [Device] {
    [systemRegisters, interrupts, externalMemory, ioMux, analog, systemTimer, mmu, cryptoDMA, sha, aes, usb, ledcRegisters, rmtRegisters] as [Device] + timerGroupRegisters + uartRegisters + flashSPIs + i2cRegisters
      + spiRegisters + stubs
  }
  /// GPIO0 high asks for it.
  override var bootsFromFlash: Bool { gpio.strap[bit: 3] }

  // MARK: For whoever builds a board

  /// Puts the ROM image in place: 128 KiB from 0x40000000 on, of which the last 64 lie at 0x3FFA0000 too.
  public func load(rom image: [UInt8]) { rom.load(image) }
  /// The flash's chip.
  public override func attach(flash chip: SPITarget?) { for spi in flashSPIs { spi.model.targets = [chip, nil] } }
}
