import Machine
import Processor
import Xtensa

/// The ESP32-S3: two Xtensa LX7, 512 KiB of SRAM, and the blocks of the technical reference manual at their addresses (chapter 4).
public final class ESP32S3: ESP32Series {
  /// The ROM as the instruction bus sees it, whose last 128 KiB the data bus sees too; SRAM0, SRAM1 and 2 in one piece, the RTC's memories.
  public let rom, sram0, sram, rtcFast, rtcSlow: Memory
  public let system: ESP32S3System, interrupts: [ESP32S3InterruptCore], externalMemory: ESP32S3ExternalMemory
  public let efuse: ESP32S3EFuse, systemTimer: ESP32S3SystemTimer
  public let gdma: ESP32S3DMA, sha: ESP32S3SHA, aes: ESP32S3AES, rsa: ESP32S3RSA, pcnt: ESP32PCNT
  public let ledc: ESP32LEDC, rmt: ESP32RMT, i2cs: [ESP32I2C], spis: [ESP32SPI], sens: ESP32S3SENS
  private let pcntRegisters: ESP32S3PCNT.Block, ledcRegisters: ESP32S3LEDC.Block, rmtRegisters: ESP32S3RMT.Block, i2cRegisters: [ESP32S3I2C.Block], spiRegisters: [ESP32S3SPI.Block]
  public let usbSerial: ESP32S3USBSerial, usbOTG: DesignWareUSB
  /// What the socket leads to.
  public let usb: ESP32S3Transceiver
  public let ioMux: ESP32IOMux, rtcIO: ESP32S3RTCIO
  public let rng: ESP32RNG, analog: ESP32AnalogBus
  private let rtcRegisters: ESP32S3RTCControl.Block
  private let uartRegisters: [ESP32S3UART.Block], timerGroupRegisters: [ESP32S3TimerGroup.Block], flashSPIs: [ESP32S3FlashSPI.Block]
  private let matrix: ESPInterruptMatrix
  private let mmu: ESP32CacheMMU
  private let buses: [Bus]
  private let sramCode: CodeMemory, sram0Code: CodeMemory, rtcFastCode: CodeMemory, rtcSlowCode: CodeMemory
  /// Windows of each core into the flash: data and instructions.
  private var windows: [[XtensaCore.Window]] = []
  private let dma: ESP32DMAMemory
  private var stubs: [Device] = []
  private static let romSize = 0x60000, sramBase: UInt32 = 0x3FC8_8000

  /// - Parameters:
  ///   - flash: the external flash's bytes; a power of two of at most 32 MiB.
  ///   - crystal: in hertz.
  ///   - mac: the base MAC address in the fuses.
  public init(machine: Machine, flash: Memory, crystal: UInt64 = 40_000_000, mac: [UInt8] = [0x7C, 0xDF, 0xA1, 0x50, 0x1D, 0xE0]) {
    let arena = machine.arena, scheduler = machine.scheduler, scope = arena.scope
    let cpu = machine.cores.isEmpty ? machine.coreClock : arena.allocate("ESP32S3.CPU_CLK", initial: Clock(hertz: crystal))
    rom = Memory("\(scope)ESP32S3.ROM", size: Self.romSize)
    sram0 = Memory("\(scope)ESP32S3.SRAM0", size: 0x8000)
    sram = Memory("\(scope)ESP32S3.SRAM", size: 0x78000)
    rtcFast = Memory("\(scope)ESP32S3.RTC_FAST", size: 0x2000)
    rtcSlow = Memory("\(scope)ESP32S3.RTC_SLOW", size: 0x2000)
    for m in [rom, sram0, sram, rtcFast, rtcSlow, flash] { machine.add(m) }
    sramCode = CodeMemory(sram)
    sram0Code = CodeMemory(sram0)
    rtcFastCode = CodeMemory(rtcFast)
    rtcSlowCode = CodeMemory(rtcSlow)
    let dma = ESP32DMAMemory(sram, base: Self.sramBase)
    self.dma = dma
    // TRM §7.2: RC_FAST_CLK 17.5 MHz and RC_SLOW_CLK 136 kHz, by nature inexact.
    let clocks = ESP32Clocks(chip: "ESP32S3", machine: machine, cpu: cpu, crystal: crystal, fastRC: 17_500_000, slowRC: 136_000)
    system = ESP32S3System(arena: arena)
    let matrix = ESPInterruptMatrix(name: "ESP32S3.INTERRUPT", sources: ESP32S3InterruptCore.sources, arena: arena)
    self.matrix = matrix
    interrupts = (0..<2).map { ESP32S3InterruptCore(core: $0, matrix: matrix, arena: arena) }
    externalMemory = ESP32S3ExternalMemory(arena: arena)
    let rtcRegisters = ESP32S3RTCControl.make(arena: arena, scheduler: scheduler, clocks: clocks)
    self.rtcRegisters = rtcRegisters
    efuse = ESP32S3EFuse(arena: arena, scheduler: scheduler, mac: mac)
    systemTimer = ESP32S3SystemTimer(arena: arena, scheduler: scheduler, clocks: clocks)
    let timerGroupRegisters = (0..<2).map { ESP32S3TimerGroup.make($0, arena: arena, scheduler: scheduler, clocks: clocks) }
    self.timerGroupRegisters = timerGroupRegisters
    let timerGroups = [timerGroupRegisters[0].model, timerGroupRegisters[1].model]
    let uartRegisters = (0..<3).map { ESP32S3UART.make($0, arena: arena, scheduler: scheduler, clocks: clocks) }
    self.uartRegisters = uartRegisters
    let uarts = [uartRegisters[0].model, uartRegisters[1].model, uartRegisters[2].model]
    flashSPIs = (0..<2).map { ESP32S3FlashSPI.make($0, arena: arena, scheduler: scheduler, clocks: clocks, memory: dma) }
    let gdma = ESP32S3DMA(arena: arena, scheduler: scheduler, memory: dma)
    self.gdma = gdma
    sha = ESP32S3SHA(arena: arena, take: { [unowned gdma] in gdma.take(for: ESP32S3DMA.Peripheral.sha) }, finish: { [unowned gdma] in gdma.finishOutput(for: ESP32S3DMA.Peripheral.sha) })
    let aesChannel = ESP32S3DMA.Peripheral.aes
    aes = ESP32S3AES(arena: arena, take: { [unowned gdma] in gdma.take(for: aesChannel) }, put: { [unowned gdma] in gdma.put($0, for: aesChannel) }, finish: { [unowned gdma] in
      gdma.finishOutput(for: aesChannel)
      gdma.finishInput(for: aesChannel)
    })
    rsa = ESP32S3RSA(arena: arena)
    pcntRegisters = ESP32S3PCNT.make(arena: arena, scheduler: scheduler, clocks: clocks)
    pcnt = pcntRegisters.model
    ledcRegisters = ESP32S3LEDC.make(arena: arena, scheduler: scheduler, clocks: clocks)
    ledc = ledcRegisters.model
    rmtRegisters = ESP32S3RMT.make(arena: arena, scheduler: scheduler, clocks: clocks)
    rmt = rmtRegisters.model
    i2cRegisters = (0..<2).map { ESP32S3I2C.make($0, arena: arena, scheduler: scheduler, clocks: clocks) }
    i2cs = i2cRegisters.map { $0.model }
    spiRegisters = (2..<4).map { ESP32S3SPI.make($0, arena: arena, scheduler: scheduler, clocks: clocks, memory: dma, dma: gdma) }
    spis = spiRegisters.map { $0.model }
    sens = ESP32S3SENS(arena: arena, scheduler: scheduler)
    let usbSerial = ESP32S3USBSerial(arena: arena, scheduler: scheduler, serial: mac.map { ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: true) }.joined(separator: ":"))
    let usbOTG = DesignWareUSB(name: "ESP32S3.USB", arena: arena, scheduler: scheduler)
    self.usbSerial = usbSerial
    self.usbOTG = usbOTG
    usb = ESP32S3Transceiver(serial: usbSerial, otg: usbOTG, arena: arena)
    ioMux = ESP32IOMux(ESP32IOMux.esp32s3, arena: arena)
    rtcIO = ESP32S3RTCIO(arena: arena)
    let gpio = ESP32S3GPIO(arena: arena, mux: ioMux, rtc: rtcIO)
    rng = ESP32RNG(chip: "ESP32S3", arena: arena)
    // The PLL's calibration is done (bit 24) while it is not told to stand (2).
    analog = ESP32AnalogBus(chip: "ESP32S3", handshakes: [0x40: (~(1 << 2), 1 << 24)], arena: arena)
    mmu = ESP32CacheMMU(name: "ESP32S3.MMU", entries: 512, invalid: 0x4000, mask: 0xFFFF, arena: arena)
    let buses = [Bus(), Bus()]
    self.buses = buses
    let cores = buses.enumerated().map { n, bus in
      XtensaCore(name: "\(scope)core\(n)", configuration: .lx7, prid: n == 0 ? 0xCDCD : 0xABAB, bus: bus, machine: machine, clock: cpu)
    }
    for core in cores { machine.add(core) }
    super.init(name: "ESP32S3", machine: machine, flash: flash, cores: cores, clocks: clocks, rtc: rtcRegisters.model, timerGroups: timerGroups, gpio: gpio, uarts: uarts)
    efuse.burnESP32S3()
    mapMemory()
    mapDevices()
    connect()
    connectPads()
  }

  // MARK: Address map, chapter 4

  private func mapMemory() {
    let rom = CodeMemory(self.rom)
    for core in cores {
      core.addRegion(base: 0x4000_0000, size: UInt32(Self.romSize), memory: rom, .execute)
      core.addRegion(base: 0x3FF0_0000, size: 0x20000, memory: rom, offset: 0x40000, .bytes)
      core.addRegion(base: 0x4037_0000, size: 0x8000, memory: sram0Code, .instruction)
      core.addRegion(base: 0x4037_8000, size: 0x68000, memory: sramCode, .instruction)
      core.addRegion(base: Self.sramBase, size: 0x78000, memory: sramCode, .data)
      core.addRegion(base: 0x600F_E000, size: 0x2000, memory: rtcFastCode, [.write, .execute, .bytes])
      core.addRegion(base: 0x5000_0000, size: 0x2000, memory: rtcSlowCode, [.write, .execute, .bytes])
      windows.append([core.addWindow(base: 0x3C00_0000, size: 0x200_0000, .bytes), core.addWindow(base: 0x4200_0000, size: 0x200_0000, .execute)])
    }
    mmu.onChange = { [unowned self] entry in map(entry) }
  }
  /// One entry of the MMU table, a page of 64 KiB of both windows.
  private func map(_ entry: Int) {
    let v = mmu.table[entry]
    // Bit 14: invalid; 15: PSRAM, which the board does not have.
    let offset = (v & 0x3FFF) << 16 & UInt32(flash.size - 1), memory = v[bits: 14...15] == 0 ? flashCode : nil
    for (n, core) in cores.enumerated() { for w in windows[n] { core.mapPage(entry, of: w, to: memory, offset: offset) } }
  }
  private func mapDevices() {
    let arena = machine.arena
    func stub(_ name: String, pages: Int = 1, settings: Set<UInt32> = []) -> ESP32Stub {
      let s = ESP32Stub(chip: "ESP32S3", name: name, pages: pages, arena: arena)
      s.settings = settings
      stubs.append(s)
      return s
    }
    func settings(_ name: String, _ resets: [UInt32: UInt32] = [:]) -> ESP32S3Settings {
      let s = ESP32S3Settings(name: name, resets: resets, arena: arena)
      stubs.append(s)
      return s
    }
    // The powers of the radio's parts, which a start switches.
    let rtcPage = ESP32SharedPage(name: "ESP32S3.RTC", [(0, 0x400, rtcRegisters), (0x400, 0x400, rtcIO), (0x800, 0x400, sens), (0xC00, 0x400, stub("RTC_I2C"))])
    let rngPage = ESP32SharedPage(name: "ESP32S3.WDEV", [(0x7C, 4, rng), (0, 0x1000, stub("WDEV"))])
    let interruptPage = ESP32SharedPage(name: "ESP32S3.INTERRUPT", [(0, 0x800, interrupts[0]), (0x800, 0x800, interrupts[1])])
    let apb: [(UInt32, Device, UInt32)] = [
      (0x6000_0000, uartRegisters[0], 1), (0x6000_2000, flashSPIs[1], 1), (0x6000_3000, flashSPIs[0], 1), (0x6000_4000, gpio, 1), (0x6000_5000, stub("FE2", settings: [0xF0]), 1), (0x6000_6000, stub("FE", settings: [0x90]), 1),
      (0x6000_7000, efuse, 1), (0x6000_8000, rtcPage, 1), (0x6000_9000, ioMux, 1), (0x6000_B000, stub("HINF"), 1), (0x6000_C000, stub("UHCI1"), 1), (0x6000_E000, analog, 1), (0x6000_F000, stub("I2S0"), 1),
      (0x6001_0000, uartRegisters[1], 1), (0x6001_1000, stub("BT"), 2), (0x6001_3000, i2cRegisters[0], 1), (0x6001_4000, stub("UHCI0"), 1), (0x6001_6000, rmtRegisters, 1), (0x6001_7000, pcntRegisters, 1),
      (0x6001_8000, stub("SLC"), 1), (0x6001_9000, ledcRegisters, 1), (0x6001_C000, stub("NRX", settings: [0xCD4]), 1), (0x6001_D000, stub("BB", settings: [0x54]), 1), (0x6001_E000, stub("MCPWM0"), 1), (0x6001_F000, timerGroupRegisters[0], 1),
      (0x6002_0000, timerGroupRegisters[1], 1), (0x6002_3000, systemTimer, 1), (0x6002_4000, spiRegisters[0], 1), (0x6002_5000, spiRegisters[1], 1),
      (0x6002_6000, settings("APB_CTRL", [0: 1, 4: 0x10727, 8: 0x7FF, 0x14: 0xFFFC_E030, 0x9C: 0x55, 0xA0: 0x20_0000, 0xA8: 0x3FFF, 0xB0: 0x3FFF, 0x3FC: 0x210_1150]), 1), (0x6002_7000, i2cRegisters[1], 1),
      (0x6002_8000, stub("SDHOST"), 1), (0x6002_A000, stub("PERI_BACKUP"), 1), (0x6002_B000, stub("TWAI"), 1), (0x6002_C000, stub("MCPWM1"), 1), (0x6002_D000, stub("I2S1"), 1), (0x6002_E000, uartRegisters[2], 1),
      (0x6003_1000, stub("RWBT", pages: 2), 2), (0x6003_3000, stub("WIFI", pages: 2), 2), (0x6003_5000, rngPage, 1), (0x6003_8000, usbSerial, 1), (0x6003_9000, settings("USB_WRAP", [0: 0x1C_0000, 0x3FC: 0x210_2010]), 1),
      (0x6003_A000, aes, 1), (0x6003_B000, sha, 1), (0x6003_C000, rsa, 1), (0x6003_D000, stub("DS"), 1), (0x6003_E000, stub("HMAC"), 1), (0x6003_F000, gdma, 1),
      (0x6004_0000, settings("APB_SARADC", [0: 0x407F_8240, 4: 0xA1FE, 0xC: 0xFF_0808, 0x38: 0x900, 0x3C: 0x6B_4000, 0x44: 0x3_FFED, 0x48: 0x3_FFED, 0x6C: 0xFF, 0x70: 4, 0x3FC: 0x210_1180]), 1), (0x6004_1000, stub("LCD_CAM"), 1), (0x6008_0000, usbOTG, 1), (0x6008_1000, usbOTG.fifos, 16),
      (0x600C_0000, system, 1), (0x600C_1000, settings("SENSITIVE"), 1), (0x600C_2000, interruptPage, 1), (0x600C_4000, externalMemory, 1), (0x600C_5000, mmu, 1),
      (0x600C_C000, stub("XTS_AES"), 1), (0x600C_E000, settings("ASSIST_DEBUG"), 1), (0x600D_0000, settings("WCL"), 1),
    ]
    for b in buses {
      for (base, device, pages) in apb { b.map(device, at: base, size: pages << 12, bytewise: true, readWait: 3, writeWait: 1) }
      b.map(memory: rom.raw, at: 0x4000_0000, size: UInt32(Self.romSize), writable: false, ignoresWrites: true)
      b.map(memory: sram.raw, at: Self.sramBase, size: 0x78000, writable: true)
      b.map(memory: sram.raw, at: 0x4037_8000, size: 0x68000, writable: true)
      b.map(memory: sram0.raw, at: 0x4037_0000, size: 0x8000, writable: true)
      b.map(memory: rtcFast.raw, at: 0x600F_E000, size: 0x2000, writable: true)
      b.map(memory: rtcSlow.raw, at: 0x5000_0000, size: 0x2000, writable: true)
      b.onMemoryWrite = { [unowned self] address, size in for c in cores { c.invalidate(address & ~3, count: 4) } }
      b.log = machine.log
    }
    for (_, device, _) in apb { device.log = machine.log }
    for device in [rtcRegisters, rtcIO, sens, interrupts[0], interrupts[1]] as [Device] + stubs { device.log = machine.log }
    for model in [rtc, ledc, rmt, pcnt] + i2cs + spis + timerGroups + uarts + flashSPIs.map { $0.model } as [Device] { model.log = machine.log }
  }

  // MARK: Wires

  private func connect() {
    matrix.route = { [unowned self] core, source in interrupts[core].route(source) }
    matrix.onInterrupt = { [unowned self] core, n, level in cores[core].setInterrupt(n, level) }
    system.onAppCoreControl = { [unowned self] in appCoreControlled(inReset: system.appCoreInReset) }
    system.onClockChange = { [unowned self] in updateClocks() }
    system.onCrossCore = { [unowned self] n, level in matrix.setSource(79 + n, level) }
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
    gpio.onInterrupt = { [unowned self] _, nmi, level in matrix.setSource(nmi ? 17 : 16, level) }
    for (n, spi) in flashSPIs.enumerated() where n > 0 { source(20, spi.model.irq) }
    for (n, uart) in uarts.enumerated() { source(27 + n, uart.irq) }
    source(35, ledc.irq)
    source(36, efuse.irq)
    source(40, rmt.irq)
    for n in 0..<2 {
      source(42 + n, i2cs[n].irq)
      source(21 + n, spis[n].irq)
    }
    source(39, rtc.irq)
    for n in 0..<ESP32S3DMA.count {
      source(66 + n, gdma.inIRQ[n])
      source(71 + n, gdma.outIRQ[n])
    }
    source(41, pcnt.irq)
    source(76, rsa.irq)
    source(77, aes.irq)
    source(78, sha.irq)
    source(38, usbOTG.irq)
    source(96, usbSerial.irq)
    rtcRegisters.onChange = { [unowned self] in usb.select(rtcRegisters[.usbConf]) }
    for (n, group) in timerGroups.enumerated() { for k in 0..<3 { source(50 + 3 * n + k, group.irq[k]) } }
    for n in 0..<3 { source(57 + n, systemTimer.irq[n]) }
    dma.onWrite = { [unowned self] offset, count in sramCode.changed(offset: offset, count: count) }
    // TRM §17.5: PERIP_RST_EN0 and, from 32 on, PERIP_RST_EN1.
    system.blocks = [0: [systemTimer], 1: flashSPIs, 2: [uartRegisters[0]], 5: [uartRegisters[1]], 6: [spiRegisters[0]], 7: [i2cRegisters[0]], 9: [rmtRegisters], 10: [pcntRegisters], 11: [ledcRegisters], 16: [spiRegisters[1]], 18: [i2cRegisters[1]], 13: [timerGroupRegisters[0]], 15: [timerGroupRegisters[1]], 23: [usbOTG], 33: [aes], 34: [sha], 35: [rsa], 38: [gdma], 41: [uartRegisters[2]], 42: [usbSerial]]
    sens.volts = { [unowned self] n in gpio.pins[n].volts }
    systemTimer.isStalled = { [unowned self] in cores[$0].isStalled }
  }
  private func source(_ n: Int, _ line: Line) { line.connect { [unowned self] level in matrix.setSource(n, level) } }

  /// Signals of the GPIO matrix (§6.11).
  private func connectPads() {
    for (n, uart) in uarts.enumerated() { connect(uart, data: 12 + 3 * n, control: 13 + 3 * n) }
    for (n, (clk, q, d, cs)) in [(101, 102, 103, [110, 111, 112]), (66, 67, 68, [71, 72, 127])].enumerated() { connect(spis[n], clk: clk, q: q, d: d, cs: cs) }
    for (n, (scl, sda)) in [(89, 90), (91, 92)].enumerated() { connect(i2cs[n], scl: scl, sda: sda) }
    for k in 0..<ESP32S3LEDC.count { output(73 + k, ledc.outputs[ESP32S3LEDC.firstChannel + k]) }
    ledc.isWatched = { [unowned self] in $0 >= ESP32S3LEDC.firstChannel && gpio.isWatched(73 + $0 - ESP32S3LEDC.firstChannel) }
    for n in 0..<ESP32S3RMT.senders {
      output(81 + n, rmt.outputs[n])
      gpio.signals[81 + n].input = { [unowned self] in rmt.inputChanged(ESP32S3RMT.senders + n, $0) }
    }
    for n in 0..<ESP32S3PCNT.units {
      for channel in 0..<2 {
        gpio.signals[33 + 4 * n + channel].input = { [unowned self] in pcnt.signalChanged(n, channel, $0) }
        gpio.signals[35 + 4 * n + channel].input = { [unowned self] in pcnt.controlChanged(n, channel, $0) }
      }
    }
    rmt.isWatched = { [unowned self] in $0 < ESP32S3RMT.senders && gpio.isWatched(81 + $0) }
    gpio.onRoute = { [unowned self] in ledc.routesChanged() }
  }

  override func updateClocks() {
    system.apply(to: clocks, slowSource: rtc[.clkConf][bits: 30...31])
    for c in cores { c.clockChanged() }
  }

  // MARK: The cores

  override var appCoreIsHeld: Bool { system.appCoreInReset || system.appCoreStopped }
  override func updateStalls() {
    super.updateStalls()
    systemTimer.stallsChanged()
  }

  // MARK: Resets, chapter 7

  override var ram: [(memory: Memory, code: CodeMemory, outlivesDeepSleep: Bool)] {
    [(rtcFast, rtcFastCode, true), (rtcSlow, rtcSlowCode, true), (sram0, sram0Code, false), (sram, sramCode, false)]
  }
  override var rtcDevices: [Device] { [rtcRegisters, rtcIO, sens] }
  override var digitalDevices: [Device] {
    [system, externalMemory, ioMux, analog, systemTimer, mmu, gdma, sha, aes, rsa, pcntRegisters, usbSerial, usbOTG, ledcRegisters, rmtRegisters] as [Device] + interrupts + timerGroupRegisters + uartRegisters + flashSPIs + i2cRegisters + spiRegisters + stubs
  }
  /// GPIO0 high asks for it.
  override var bootsFromFlash: Bool { gpio.strap[bit: 3] }

  // MARK: For whoever builds a board

  /// Puts the ROM image in place: 256 KiB of code from 0x40000000 on and 128 KiB of data, which lie at 0x40040000 and at 0x3FF00000.
  public func load(rom image: [UInt8]) { rom.load(image) }
  /// The flash's chip.
  public override func attach(flash chip: SPITarget?) { for spi in flashSPIs { spi.model.targets = [chip, nil] } }
}
