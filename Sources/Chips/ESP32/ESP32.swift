import Machine
import Processor
import Xtensa

/// The ESP32: two Xtensa LX6, 520 KiB of SRAM, and the blocks of the technical reference manual at their addresses (§1.3).
public final class ESP32 {
  public let machine: Machine
  /// PRO and APP.
  public let cores: [XtensaCore]
  /// 448 KiB of ROM 0 and 1 for each core, SRAM0, SRAM1 and 2 in one piece as the data bus sees it, and the RTC's memories.
  public let roms: [Memory], sram0, dram, rtcFast, rtcSlow, flash: Memory
  /// The RAM beside the flash, on modules that have one.
  public let psram: Memory?
  public let clocks: ESP32Clocks
  public let dport: ESP32DPort, rtc: ESP32RTCControl, apbControl: ESP32APBControl, efuse: ESP32EFuse
  public let timerGroups: [ESP32TimerGroup], frcTimers: ESP32FRCTimers
  public let uarts: [ESP32UART], spis: [ESP32SPI]
  public let gpio: ESP32GPIO, ioMux: ESP32IOMux, rtcIO: ESP32RTCIO
  public let rng: ESP32RNG, analog: ESP32AnalogBus
  public let ledc: ESP32LEDC, rmt: ESP32RMT, i2cs: [ESP32I2C], sens: ESP32SENS
  public let radio: ESP32Radio
  public let pcnt: ESP32PCNT, sdmmc: ESP32SDMMC, i2ss: [ESP32I2S], twai: ESP32TWAI, mcpwms: [ESP32MCPWM]
  private let sigmaDelta: ESP32SigmaDelta
  private(set) var ulp: ESP32ULP!
  public let aes: ESP32AES, sha: ESP32SHA, rsa: ESP32RSA
  private let mmus: [ESP32CacheMMU]
  private let buses: [Bus]
  private let flashCode: CodeMemory, dramCode: CodeMemory, sram0Code: CodeMemory, rtcFastCode: CodeMemory, rtcSlowCode: CodeMemory, psramCode: CodeMemory?
  /// Windows of each core into the flash: data, and instructions from 0x40000000, 0x40400000 and 0x40800000 on; and into the PSRAM.
  private var windows: [[XtensaCore.Window]] = []
  private let dma: ESP32DMAMemory
  private var stubs: [ESP32Stub] = []
  private let pendingReset: UnsafeMutablePointer<PendingReset>
  private var resetEvent: Scheduler.Event!
  /// What is to be reset when the running instruction is over.
  struct PendingReset: BitwiseCopyable { var system = false, rtc = false, cause: UInt32 = 0, cores: (UInt32, UInt32) = (0, 0) }
  private static let romBase: UInt32 = 0x4000_0000, romSize = 0x70000

  /// - Parameters:
  ///   - flash: the external flash's bytes; a power of two of at most 16 MiB.
  ///   - psram: the external RAM's bytes; a power of two of at most 8 MiB.
  ///   - crystal: in hertz.
  ///   - package: what the fuses say about the chip.
  ///   - mac: the base MAC address in the fuses.
  public init(machine: Machine, flash: Memory, psram: Memory? = nil, crystal: UInt64 = 40_000_000, package: ESP32EFuse.Package = .d0wd, mac: [UInt8] = [0x24, 0x0A, 0xC4, 0x50, 0x1D, 0xE0]) {
    self.machine = machine
    self.flash = flash
    self.psram = psram
    let arena = machine.arena, scheduler = machine.scheduler, scope = arena.scope
    let cpu = machine.cores.isEmpty ? machine.coreClock : arena.allocate("ESP32.CPU_CLK", initial: Clock(hertz: crystal))
    roms = ["PRO", "APP"].map { Memory("\(scope)ESP32.ROM.\($0)", size: Self.romSize) }
    sram0 = Memory("\(scope)ESP32.SRAM0", size: 0x30000)
    dram = Memory("\(scope)ESP32.DRAM", size: 0x52000)
    rtcFast = Memory("\(scope)ESP32.RTC_FAST", size: 0x2000)
    rtcSlow = Memory("\(scope)ESP32.RTC_SLOW", size: 0x2000)
    for m in roms + [sram0, dram, rtcFast, rtcSlow, flash] + [psram].compactMap({ $0 }) { machine.add(m) }
    flashCode = CodeMemory(flash)
    psramCode = psram.map { CodeMemory($0) }
    dramCode = CodeMemory(dram)
    sram0Code = CodeMemory(sram0)
    rtcFastCode = CodeMemory(rtcFast)
    rtcSlowCode = CodeMemory(rtcSlow)
    pendingReset = arena.allocate("ESP32.pendingReset", initial: PendingReset())
    dma = ESP32DMAMemory(dram)
    clocks = ESP32Clocks(machine: machine, cpu: cpu, crystal: crystal)
    dport = ESP32DPort(arena: arena)
    rtc = ESP32RTCControl(arena: arena, scheduler: scheduler, clocks: clocks)
    apbControl = ESP32APBControl(arena: arena, isRevision3: package == .d0wd)
    efuse = ESP32EFuse(arena: arena, scheduler: scheduler, package: package, mac: mac)
    timerGroups = (0..<2).map { [clocks] in ESP32TimerGroup(name: "ESP32.TIMG\($0)", arena: arena, scheduler: scheduler, clocks: clocks) }
    frcTimers = ESP32FRCTimers(arena: arena, scheduler: scheduler, clocks: clocks)
    uarts = (0..<3).map { [clocks] in ESP32UART(name: "ESP32.UART\($0)", arena: arena, scheduler: scheduler, clocks: clocks) }
    spis = (0..<4).map { [clocks, dma] in ESP32SPI(name: "ESP32.SPI\($0)", arena: arena, scheduler: scheduler, clocks: clocks, memory: dma, leadsToPads: $0 > 1) }
    ioMux = ESP32IOMux(arena: arena)
    rtcIO = ESP32RTCIO(arena: arena)
    gpio = ESP32GPIO(arena: arena, mux: ioMux, rtc: rtcIO)
    rng = ESP32RNG(arena: arena)
    analog = ESP32AnalogBus(arena: arena)
    ledc = ESP32LEDC(arena: arena, scheduler: scheduler, clocks: clocks)
    rmt = ESP32RMT(arena: arena, scheduler: scheduler, clocks: clocks)
    i2ss = (0..<2).map { [dma] in ESP32I2S(name: "I2S\($0)", arena: arena, scheduler: scheduler, memory: dma) }
    mcpwms = (0..<2).map { [clocks] in ESP32MCPWM(name: "ESP32.MCPWM\($0)", arena: arena, scheduler: scheduler, clocks: clocks) }
    sigmaDelta = ESP32SigmaDelta(arena: arena, scheduler: scheduler, clocks: clocks)
    twai = ESP32TWAI(arena: arena, scheduler: scheduler, clocks: clocks)
    i2cs = (0..<2).map { [clocks] in ESP32I2C(name: "ESP32.I2C\($0)", arena: arena, scheduler: scheduler, clocks: clocks) }
    sens = ESP32SENS(arena: arena, scheduler: scheduler)
    pcnt = ESP32PCNT(arena: arena, scheduler: scheduler, clocks: clocks)
    sdmmc = ESP32SDMMC(arena: arena, scheduler: scheduler)
    radio = ESP32Radio(arena: arena, scheduler: scheduler, memory: dma)
    aes = ESP32AES(arena: arena)
    sha = ESP32SHA(arena: arena)
    rsa = ESP32RSA(arena: arena)
    mmus = ["PRO", "APP"].map { ESP32CacheMMU(name: "ESP32.MMU.\($0)", arena: arena) }
    let buses = [Bus(), Bus()]
    self.buses = buses
    cores = buses.enumerated().map { n, bus in
      XtensaCore(name: "\(scope)core\(n)", configuration: .lx6, prid: n == 0 ? 0xCDCD : 0xABAB, bus: bus, machine: machine, clock: cpu)
    }
    for core in cores { machine.add(core) }
    mapMemory()
    mapDevices()
    connect()
    connectPads()
    connectPulses()
    resetEvent = scheduler.event("ESP32.reset") { [unowned self] _ in performReset() }
  }

  // MARK: Address map, §1.3

  private func mapMemory() {
    for (n, core) in cores.enumerated() {
      let rom = CodeMemory(roms[n])
      core.addRegion(base: Self.romBase, size: UInt32(Self.romSize), memory: rom, .execute)
      core.addRegion(base: 0x3FF9_0000, size: 0x10000, memory: rom, offset: 0x60000, .bytes)
      core.addRegion(base: 0x4007_0000, size: 0x30000, memory: sram0Code, .instruction)
      core.addRegion(base: 0x3FFA_E000, size: 0x52000, memory: dramCode, .data)
      core.addRegion(base: 0x400A_0000, size: 0x20000, memory: dramCode, offset: 0x32000, .instruction, reversed: true)
      if n == 0 {
        core.addRegion(base: 0x3FF8_0000, size: 0x2000, memory: rtcFastCode, .data)
        core.addRegion(base: 0x400C_0000, size: 0x2000, memory: rtcFastCode, .instruction)
      }
      core.addRegion(base: 0x5000_0000, size: 0x2000, memory: rtcSlowCode, [.write, .execute, .bytes])
      windows.append([
        core.addWindow(base: 0x3F40_0000, size: 0x40_0000, .bytes), core.addWindow(base: 0x400D_0000, size: 0x33_0000, .execute),
        core.addWindow(base: 0x4040_0000, size: 0x40_0000, .execute), core.addWindow(base: 0x4080_0000, size: 0x40_0000, .execute),
        core.addWindow(base: 0x3F80_0000, size: 0x40_0000, pageSize: 0x8000, .data, memories: [psramCode].compactMap { $0 }),
      ])
      mmus[n].onChange = { [unowned self] entry in map(entry, core: n) }
    }
  }
  /// One entry of a core's MMU table: 64 of the data window, then three times 64 of instructions, each a page of 64 KiB.
  private func map(_ entry: Int, core n: Int) {
    guard entry < 256 else {
      let page = entry - Self.firstPSRAMEntry
      if 0..<Self.psramPages ~= page { for core in 0..<2 { mapPSRAM(page, core: core) } }
      return
    }
    let v = mmus[n].table[entry], window = entry / 64
    // The first 13 pages of the first instruction window are internal memory.
    let page = window == 1 ? entry % 64 - 13 : entry % 64
    guard page >= 0 else { return }
    let offset = (v & 0xFF) << 16 & UInt32(flash.size - 1)
    cores[n].mapPage(page, of: windows[n][window], to: v & ESP32CacheMMU.invalid == 0 ? flashCode : nil, offset: offset)
  }
  private static let firstPSRAMEntry = 1152, psramPages = 128
  /// A page of 32 KiB of the PSRAM's window, by the core's own table; where software has them share caches half and half (DRAM_HL),
  /// the lower half by PRO's, the upper by APP's.
  private func mapPSRAM(_ page: Int, core n: Int) {
    guard let psramCode else { return }
    let isShared = dport[n == 0 ? .proCacheCtrl : .appCacheCtrl][bit: n == 0 ? 16 : 14]
    let v = mmus[isShared ? page / (Self.psramPages / 2) : n].table[Self.firstPSRAMEntry + page]
    let isMasked = dport[n == 0 ? .proCacheCtrl1 : .appCacheCtrl1][bit: 3]
    cores[n].mapPage(page, of: windows[n][4], to: isMasked || v & ESP32CacheMMU.invalid != 0 ? nil : psramCode, offset: (v & 0xFF) << 15 & (psramCode.size - 1))
  }
  private func mapDevices() {
    let arena = machine.arena
    func stub(_ name: String, pages: Int = 1) -> ESP32Stub {
      let s = ESP32Stub(name: name, pages: pages, arena: arena)
      stubs.append(s)
      return s
    }
    // A link of the SDIO target that is stopped parks.
    let slc = stub("SLC")
    slc.handshakes = [0x3C: (1 << 28, 1 << 31), 0x40: (1 << 28, 1 << 31)]
    // Measurements of the radio's calibration: they end at once.
    let fe = stub("FE")
    fe.handshakes = [0x7C: (1 << 1, 1 << 31)]
    let nrx = stub("NRX")
    nrx.handshakes = [0x18: (1 << 23, 1 << 24)]
    let rtcPage = ESP32SharedPage(name: "ESP32.RTC", [(0, 0x400, rtc), (0x400, 0x400, rtcIO), (0x800, 0x400, sens), (0xC00, 0x400, stub("RTC_I2C"))])
    ulp = ESP32ULP(arena: arena, scheduler: machine.scheduler, memory: rtcSlow, rtc: rtc, sens: sens, registers: rtcPage)
    ulp.log = machine.log
    let rngPage = ESP32SharedPage(name: "ESP32.WDEV", [(0x144, 4, rng), (0, 0x1000, stub("WDEV"))])
    var apb: [(UInt32, Device, UInt32)] = [
      (0x3FF4_0000, uarts[0], 1), (0x3FF4_2000, spis[1], 1), (0x3FF4_3000, spis[0], 1), (0x3FF4_4000, gpio, 1), (0x3FF4_5000, stub("FE2"), 1), (0x3FF4_6000, fe, 1), (0x3FF4_7000, frcTimers, 1),
      (0x3FF4_8000, rtcPage, 1), (0x3FF4_9000, ioMux, 1), (0x3FF4_B000, stub("HINF"), 1), (0x3FF4_C000, stub("UHCI1"), 1), (0x3FF4_E000, analog, 1), (0x3FF4_F000, i2ss[0], 1), (0x3FF5_0000, uarts[1], 1),
      (0x3FF5_1000, stub("BT", pages: 2), 2), (0x3FF5_3000, i2cs[0], 1), (0x3FF5_4000, stub("UHCI0"), 1), (0x3FF5_5000, stub("SLCHOST"), 1), (0x3FF5_6000, rmt, 1),
      (0x3FF5_7000, pcnt, 1), (0x3FF5_8000, slc, 1), (0x3FF5_9000, ledc, 1), (0x3FF5_A000, efuse, 1), (0x3FF5_B000, stub("FLASH_ENCRYPTION"), 1), (0x3FF5_C000, nrx, 1),
      (0x3FF5_D000, stub("BB"), 1), (0x3FF5_E000, mcpwms[0], 1), (0x3FF5_F000, timerGroups[0], 1), (0x3FF6_0000, timerGroups[1], 1), (0x3FF6_1000, stub("RTCMEM", pages: 3), 3),
      (0x3FF6_4000, spis[2], 1), (0x3FF6_5000, spis[3], 1), (0x3FF6_6000, apbControl, 1), (0x3FF6_7000, i2cs[1], 1), (0x3FF6_8000, sdmmc, 1), (0x3FF6_9000, stub("EMAC", pages: 2), 2),
      (0x3FF6_B000, twai, 1), (0x3FF6_C000, mcpwms[1], 1), (0x3FF6_D000, i2ss[1], 1), (0x3FF6_E000, uarts[2], 1), (0x3FF6_F000, stub("MCPWM2"), 1), (0x3FF7_0000, stub("MCPWM3"), 1),
      (0x3FF7_1000, stub("RWBT", pages: 2), 2), (0x3FF7_3000, radio, 2), (0x3FF7_5000, rngPage, 1), (0x3FF7_6000, stub("WIFI2", pages: 10), 10),
    ]
    let bus: [(UInt32, Device, UInt32)] = [
      (0x3FF0_0000, dport, 1), (0x3FF0_1000, aes, 1), (0x3FF0_2000, rsa, 1), (0x3FF0_3000, sha, 1), (0x3FF1_0000, mmus[0], 2), (0x3FF1_2000, mmus[1], 2),
      (0x3FF1_F000, stub("PID"), 1),
    ]
    for (n, b) in buses.enumerated() {
      for (base, device, pages) in bus { b.map(device, at: base, size: pages << 12, bytewise: true) }
      for (base, device, pages) in apb {
        b.map(device, at: base, size: pages << 12, bytewise: true, readWait: 3, writeWait: 1)
        // The same by the AHB bus.
        b.map(device, at: base - 0x3FF4_0000 + 0x6000_0000, size: pages << 12, bytewise: true, readWait: 3, writeWait: 1)
      }
      b.map(memory: roms[n].raw, at: Self.romBase, size: UInt32(Self.romSize), writable: false, ignoresWrites: true)
      b.map(memory: dram.raw, at: 0x3FFA_E000, size: 0x52000, writable: true)
      b.map(memory: sram0.raw, at: 0x4007_0000, size: 0x30000, writable: true)
      b.map(memory: rtcFast.raw, at: 0x3FF8_0000, size: 0x2000, writable: true)
      b.map(memory: rtcSlow.raw, at: 0x5000_0000, size: 0x2000, writable: true)
      b.onMemoryWrite = { [unowned self] address, size in for c in cores { c.invalidate(address & ~3, count: 4) } }
      b.log = machine.log
    }
    apb += bus
    for (_, device, _) in apb { device.log = machine.log }
    for device in [rtc, rtcIO, sens] as [Device] + stubs { device.log = machine.log }
  }

  // MARK: Wires

  private func connect() {
    dport.onInterrupt = { [unowned self] core, n, level in cores[core].setInterrupt(n, level) }
    dport.onAppCoreControl = { [unowned self] in appCoreControlled() }
    dport.onCacheControl = { [unowned self] core in for page in 0..<Self.psramPages { mapPSRAM(page, core: core) } }
    dport.onClockChange = { [unowned self] in updateClocks() }
    apbControl.onClockChange = { [unowned self] in updateClocks() }
    rtc.onClockChange = { [unowned self] in updateClocks() }
    rtc.onStall = { [unowned self] in updateStalls() }
    rtc.onHold = { [unowned self] in rtcIO.holdsChanged() }
    rtc.onCoreReset = { [unowned self] core, cause in
      if core == 0 { pendingReset.pointee.cores.0 = cause } else { pendingReset.pointee.cores.1 = cause }
      scheduleReset()
    }
    rtc.onSystemReset = { [unowned self] cause, deep in
      pendingReset.pointee.system = true
      pendingReset.pointee.rtc = deep
      pendingReset.pointee.cause = cause
      scheduleReset()
    }
    rtc.onSleep = { [unowned self] asleep, deep in sleep(asleep, deep) }
    rtc.rtcPad = { [unowned self] n in n < ESP32RTCIO.pads.count && gpio.pins[ESP32RTCIO.pads[n].gpio].isHigh }
    rtc.padWakes = { [unowned self] in gpio.wakes }
    rtc.ext0Pad = { [unowned self] in Int(rtcIO[.extWakeup0] >> 27) }
    rtc.fastMemory = UnsafeRawPointer(rtcFast.raw)
    rtcIO.holdForce = { [unowned self] in rtc[.holdForce] }
    rtcIO.holdDigital = { [unowned self] in rtc[.digIso][bit: 9] || rtc[.digIso][bit: 15] }
    for (n, group) in timerGroups.enumerated() {
      group.slowSource = { [unowned self] in rtc[.clkConf][bits: 30...31] }
      group.onReset = { [unowned self] system in
        if system { rtc.onSystemReset(n == 0 ? ESP32RTCControl.Cause.timerGroup0 : ESP32RTCControl.Cause.timerGroup1, false) } else { rtc.onCoreReset(n, ESP32RTCControl.Cause.timerGroupCPU) }
      }
      for k in 0..<4 {
        source(14 + 4 * n + k, group.irq[k])
        source(58 + 4 * n + k, group.irq[k])
      }
    }
    for n in 0..<2 { source(56 + n, frcTimers.irq[n]) }
    for n in 0..<3 { source(34 + n, uarts[n].irq) }
    for n in 0..<4 {
      source(28 + n, spis[n].irq)
      if n > 0 { source(51 + n, spis[n].dmaIRQ) }
    }
    for n in 0..<2 { source(32 + n, i2ss[n].irq) }
    for n in 0..<2 { source(39 + n, mcpwms[n].irq) }
    source(43, ledc.irq)
    source(45, twai.irq)
    source(44, efuse.irq)
    source(0, radio.irq)
    source(37, sdmmc.irq)
    source(47, rmt.irq)
    source(48, pcnt.irq)
    source(51, rsa.irq)
    for n in 0..<2 { source(49 + n, i2cs[n].irq) }
    source(46, rtc.irq)
    gpio.onInterrupt = { [unowned self] core, nmi, level in dport.setSource(nmi ? 23 : 22, level, core: core) }
    gpio.onPad = { [unowned self] _ in rtc.checkPads() }
    dma.onWrite = { [unowned self] offset, count in dramCode.changed(offset: offset, count: count) }
    // ESP32 TRM §5.2.3; WDG, WIFI and others have no block here.
    dport.blocks = [
      0: [frcTimers], 1: [spis[0], spis[1]], 2: [uarts[0]], 5: [uarts[1]], 6: [spis[2]], 13: [timerGroups[0]], 15: [timerGroups[1]], 16: [spis[3]], 23: [uarts[2]],
      4: [i2ss[0]], 7: [i2cs[0]], 9: [rmt], 10: [pcnt], 11: [ledc], 17: [mcpwms[0]], 18: [i2cs[1]], 19: [twai], 20: [mcpwms[1]], 21: [i2ss[1]],
    ]
    dport.accelerators = [0: [aes], 1: [sha], 2: [rsa]]
    sens.volts = { [unowned self] n in
      // A generator's level is what it is now.
      if sens.generator(n) != nil { gpio.refresh(n) }
      return gpio.pins[n].volts
    }
    sens.isFree = { [unowned self] n in gpio.pins[n].drive.strength != .none || gpio.pins[n].volts == nil }
    sens.isWatched = { [unowned self] n in gpio.pins[n].isWatched }
    sens.onGenerator = { [unowned self] n in gpio.refresh(n) }
    sens.touchTimerEnabled = { [unowned self] in rtc[.state0][bit: 23] }
    sens.onTouch = { [unowned self] in rtc.touched() }
    rtc.onState0 = { [unowned self] in
      sens.touchSettingsChanged()
      ulp.controlChanged()
    }
    sens.onStart = { [unowned self] in ulp.controlChanged() }
    ulp.onWrite = { [unowned self] offset, count in rtcSlowCode.changed(offset: offset, count: count) }
    rtcIO.generator = { [unowned self] n in sens.generator(n) }
  }
  private func source(_ n: Int, _ line: Line) { line.connect { [unowned self] level in dport.setSource(n, level) } }

  /// Signals of the GPIO matrix (§4.10).
  private func connectPads() {
    for (n, (data, control)) in [(14, 15), (17, 18), (198, 199)].enumerated() {
      let uart = uarts[n]
      output(data, uart.txd)
      output(control, uart.rts)
      uart.serial.isWatched = { [unowned self] in gpio.isWatched(data) }
      gpio.signals[data].idle = true
      // A pad with nothing on it has a console's adapter, which keeps RXD high.
      gpio.signals[data].input = { [unowned self, unowned uart] level in uart.rxdChanged(level || !isWired(data)) }
      gpio.signals[control].input = { [unowned uart] in uart.ctsChanged($0) }
    }
    for (n, (clk, q, d, cs)) in [(8, 9, 10, [11, 61, 62]), (63, 64, 65, [68, 69, 70])].enumerated() {
      let spi = spis[2 + n]
      output(clk, spi.clk)
      output(d, spi.mosi, enable: { [unowned spi] in spi.drivesMOSI })
      for (k, s) in cs.enumerated() { output(s, spi.cs[k]) }
      spi.isWatched = { [unowned self] in [clk, q, d].contains { gpio.isWatched($0) } }
      spi.onDrive = { [unowned self] in gpio.outputChanged(d) }
      gpio.signals[q].input = { [unowned spi] in spi.misoChanged($0) }
      gpio.signals[d].input = { [unowned spi] in spi.dataChanged($0) }
    }
  }
  private func connectPulses() {
    for k in 0..<16 { output(71 + k, ledc.outputs[k]) }
    ledc.isWatched = { [unowned self] in gpio.isWatched(71 + $0) }
    for n in 0..<8 {
      output(87 + n, rmt.outputs[n])
      gpio.signals[83 + n].input = { [unowned self] in rmt.inputChanged(n, $0) }
    }
    for n in 0..<8 {
      // Signals, then controls; the last three units' numbers lie apart.
      let base = n < 5 ? 39 + 4 * n : 71 + 4 * (n - 5)
      for channel in 0..<2 {
        gpio.signals[base + channel].input = { [unowned self] in pcnt.signalChanged(n, channel, $0) }
        gpio.signals[base + 2 + channel].input = { [unowned self] in pcnt.controlChanged(n, channel, $0) }
      }
    }
    rmt.isWatched = { [unowned self] in gpio.isWatched(87 + $0) }
    for n in 0..<8 { output(100 + n, sigmaDelta.outputs[n]) }
    sigmaDelta.isWatched = { [unowned self] in gpio.isWatched(100 + $0) }
    gpio.onSigmaDelta = { [unowned self] in sigmaDelta.written($0, $1) }
    connectI2S()
    connectMCPWM()
    output(123, twai.tx)
    output(124, twai.busOff)
    gpio.signals[94].idle = true
    gpio.signals[94].input = { [unowned self] in twai.rxChanged($0) }
    for (n, (scl, sda)) in [(29, 30), (95, 96)].enumerated() {
      let i2c = i2cs[n]
      output(scl, i2c.scl)
      output(sda, i2c.sda)
      gpio.signals[scl].input = { [unowned i2c] in i2c.sclChanged($0) }
      gpio.signals[sda].input = { [unowned i2c] in i2c.sdaChanged($0) }
      for s in [scl, sda] { gpio.signals[s].idle = true }
    }
    gpio.onRoute = { [unowned self] in
      ledc.routesChanged()
      for m in mcpwms { m.routesChanged() }
      sigmaDelta.routesChanged()
    }
  }
  private func connectI2S() {
    let numbers: [(txBCK: Int, txWS: Int, rxBCK: Int, rxWS: Int, out: Int, in: Int)] = [(23, 25, 27, 28, 163, 155), (24, 26, 164, 165, 189, 181)]
    for (n, s) in numbers.enumerated() {
      let i2s = i2ss[n]
      for (signal, line) in [(s.txBCK, i2s.txBCK), (s.txWS, i2s.txWS), (s.rxBCK, i2s.rxBCK), (s.rxWS, i2s.rxWS), (s.out, i2s.txData)] { output(signal, line) }
      // The same numbers lead in, for the clocks of another.
      gpio.signals[s.txBCK].input = { [unowned i2s] in i2s.txClockChanged($0) }
      gpio.signals[s.txWS].input = { [unowned i2s] in i2s.txWordSelectChanged($0) }
      gpio.signals[s.rxBCK].input = { [unowned i2s] in i2s.rxClockChanged($0) }
      gpio.signals[s.rxWS].input = { [unowned i2s] in i2s.rxWordSelectChanged($0) }
      gpio.signals[s.in].input = { [unowned i2s] in i2s.dataChanged($0) }
      i2s.isTxWatched = { [unowned self] in [s.txBCK, s.txWS, s.out].contains { gpio.isWatched($0) } }
      i2s.isRxWatched = { [unowned self] in [s.rxBCK, s.rxWS, s.in].contains { gpio.isWatched($0) } }
    }
  }
  private func connectMCPWM() {
    for (n, (out, sync, fault, capture)) in [(32, 31, 34, 109), (108, 103, 106, 112)].enumerated() {
      let pwm = mcpwms[n]
      for k in 0..<6 { output(out + k, pwm.outputs[k]) }
      pwm.isWatched = { [unowned self] in gpio.isWatched(out + $0) }
      for k in 0..<3 {
        gpio.signals[sync + k].input = { [unowned pwm] in pwm.syncInputChanged(k, $0) }
        gpio.signals[fault + k].input = { [unowned pwm] in pwm.faultInputChanged(k, $0) }
        gpio.signals[capture + k].input = { [unowned pwm] in pwm.captureInputChanged(k, $0) }
      }
    }
  }
  private func output(_ signal: Int, _ line: Line, enable: (() -> Bool)? = nil) {
    gpio.signals[signal].out = { line.isHigh }
    gpio.signals[signal].enable = enable
    line.connect { [unowned self] _ in gpio.outputChanged(signal) }
  }
  /// Whether something is tied to the pad that leads to an input.
  private func isWired(_ signal: Int) -> Bool { gpio.source(of: signal).map { gpio.pins[$0].net.pins.count > 1 } ?? true }

  private func updateClocks() {
    clocks.update(
      clkConf: rtc[.clkConf], cpuPeriod: dport[.cpuPerConf], preDivider: apbControl[.sysclkConf] & 0x3FF,
      tickDividers: (crystal: apbControl[.xtalTickConf], pll: apbControl[.pllTickConf], fastRC: apbControl[.ck8mTickConf]))
    for c in cores { c.clockChanged() }
  }

  // MARK: The cores: held, stalled, asleep

  private func updateStalls() {
    let asleep = rtc.isAsleep
    cores[0].isStalled = asleep || rtc.isStalled(0)
    cores[1].isStalled = asleep || rtc.isStalled(1) || dport.appCoreInReset || dport.appCoreStopped
    machine.scheduler.endSlice()
  }
  private func appCoreControlled() {
    if dport.appCoreInReset {
      cores[1].reset()
      rtc.setCause(ESP32RTCControl.Cause.appByPro, core: 1)
    }
    updateStalls()
  }
  private func sleep(_ asleep: Bool, _ deep: Bool) {
    if !asleep && deep {
      // The digital system was without power.
      for m in [sram0, dram] { m.raw.initializeMemory(as: UInt8.self, repeating: 0, count: m.size) }
      sram0Code.changed(offset: 0, count: sram0Code.size)
      dramCode.changed(offset: 0, count: dramCode.size)
      clocks.isAsleep = false
      resetDigital(cause: ESP32RTCControl.Cause.deepSleep)
      return
    }
    clocks.isAsleep = asleep
    updateClocks()
    rtc.sleepChanged()
    updateStalls()
  }

  // MARK: Resets, §2

  /// Power comes up.
  public func powerOn() {
    for m in [rtcFast, rtcSlow, sram0, dram] { clear(m) }
    start(cause: ESP32RTCControl.Cause.powerOn)
  }
  /// Power goes away: the memories forget, and nothing runs.
  public func powerOff() {
    powerOn()
    holdInReset()
  }
  /// EN is low: nothing runs.
  public func holdInReset() {
    for c in cores { c.isStalled = true }
    for d in timerGroups as [Device] + [rtc, frcTimers] { d.reset() }
    for g in timerGroups { g.guardFlashBoot(false) }
    rtc.guardFlashBoot(false)
    machine.scheduler.endSlice()
  }
  /// EN has gone high: as with power, but the memories have kept what they held.
  public func leaveReset() { start(cause: ESP32RTCControl.Cause.powerOn) }
  private func clear(_ m: Memory) { m.raw.initializeMemory(as: UInt8.self, repeating: 0, count: m.size) }
  private func start(cause: UInt32) {
    rtc.reset()
    rtcIO.reset()
    sens.reset()
    ulp.reset()
    clocks.isAsleep = false
    for c in [sram0Code, dramCode, rtcFastCode, rtcSlowCode] { c.changed(offset: 0, count: c.size) }
    resetDigital(cause: cause)
  }
  /// All but the RTC starts again.
  private func resetDigital(cause: UInt32) {
    pendingReset.pointee = PendingReset()
    machine.scheduler.cancel(resetEvent)
    rtc.afterSystemReset()
    for d in [dport, apbControl, frcTimers, ioMux, analog, ledc, rmt, pcnt, sdmmc, radio, aes, sha, rsa, twai] + i2ss + mcpwms + i2cs + timerGroups + uarts + spis + mmus + stubs as [Device] { d.reset() }
    sigmaDelta.reset()
    gpio.reset()
    // The straps are taken when the RTC starts; other resets find them as they were.
    if cause == ESP32RTCControl.Cause.powerOn || cause == ESP32RTCControl.Cause.rtcWatchdogRTC { gpio.takeStraps() }
    // Flash boot is what GPIO0 high asks for.
    let fromFlash = gpio[.strap][bit: 4]
    for (n, g) in timerGroups.enumerated() { g.guardFlashBoot(fromFlash && n == 0) }
    rtc.guardFlashBoot(fromFlash)
    for n in 0..<2 { rtc.setCause(cause, core: n) }
    updateClocks()
    for c in cores { c.reset() }
    updateStalls()
  }
  private func scheduleReset() { machine.scheduler.schedule(resetEvent, at: machine.now) }
  private func performReset() {
    let p = pendingReset.pointee
    pendingReset.pointee = PendingReset()
    if p.system {
      if p.rtc { start(cause: p.cause) } else { resetDigital(cause: p.cause) }
      return
    }
    for (n, cause) in [p.cores.0, p.cores.1].enumerated() where cause != 0 {
      rtc.setCause(cause, core: n)
      cores[n].reset()
    }
    updateStalls()
  }

  // MARK: For whoever builds a board

  /// Puts the ROM images of both cores in place: ROM 0 and 1, from 0x40000000 on.
  public func load(rom pro: [UInt8], app: [UInt8]) {
    roms[0].load(pro)
    roms[1].load(app)
  }
  /// The flash changed by program or erase: what was decoded of it is void.
  public func flashChanged(offset: Int, count: Int) { flashCode.changed(offset: UInt32(clamping: offset), count: UInt32(clamping: count)) }
  /// The PSRAM changed by commands.
  public func psramChanged(offset: Int, count: Int) { psramCode?.changed(offset: UInt32(clamping: offset), count: UInt32(clamping: count)) }
  /// The chips of the flash and of the PSRAM, at chip selects 0 and 1.
  public func attach(flash: SPITarget?, psram: SPITarget? = nil) {
    for n in 0..<2 {
      spis[n].targets = [flash, psram]
      // The clock goes twice through the matrix, by signals 224 and 225 that lead from one pad to the next.
      spis[n].clockDelay = { [unowned self] in gpio.pads(showing: 225) & ESP32GPIO.exists != 0 ? 2 : 0 }
    }
  }
}
