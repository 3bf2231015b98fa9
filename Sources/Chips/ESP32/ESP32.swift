import Machine
import Processor
import Xtensa

/// The ESP32: two Xtensa LX6, 520 KiB of SRAM, and the blocks of the technical reference manual at their addresses (§1.3).
public final class ESP32: ESP32Series {
  /// 448 KiB of ROM 0 and 1 for each core, SRAM0, SRAM1 and 2 in one piece as the data bus sees it, and the RTC's memories.
  public let roms: [Memory], sram0, dram, rtcFast, rtcSlow: Memory
  /// The RAM beside the flash, on modules that have one.
  public let psram: Memory?
  public let dport: ESP32DPort, apbControl: ESP32APBControl, efuse: ESP32EFuse
  public let frcTimers: ESP32FRCTimers
  public let spis: [ESP32SPI]
  public let ioMux: ESP32IOMux, rtcIO: ESP32RTCIO
  public let rng: ESP32RNG, analog: ESP32AnalogBus
  public let ledc: ESP32LEDC, rmt: ESP32RMT, i2cs: [ESP32I2C], sens: ESP32SENS, rtcI2C: ESP32RTCI2C
  public let radio: ESP32Radio
  public let pcnt: ESP32PCNT, sdmmc: ESP32SDMMC, i2ss: [ESP32I2S], twai: ESP32TWAI, mcpwms: [ESP32MCPWM]
  private let sigmaDelta: ESP32SigmaDelta
  private(set) var ulp: ESP32ULP!
  public let aes: ESP32AES, sha: ESP32SHA, rsa: ESP32RSA
  private let mmus: [ESP32CacheMMU]
  private let buses: [Bus]
  private let dramCode: CodeMemory, sram0Code: CodeMemory, rtcFastCode: CodeMemory, rtcSlowCode: CodeMemory, psramCode: CodeMemory?
  /// Windows of each core into the flash: data, and instructions from 0x40000000, 0x40400000 and 0x40800000 on; and into the PSRAM.
  private var windows: [[XtensaCore.Window]] = []
  private let dma: ESP32DMAMemory
  private var stubs: [ESP32Stub] = []
  private static let romBase: UInt32 = 0x4000_0000, romSize = 0x70000

  /// - Parameters:
  ///   - flash: the external flash's bytes; a power of two of at most 16 MiB.
  ///   - psram: the external RAM's bytes; a power of two of at most 8 MiB.
  ///   - crystal: in hertz.
  ///   - package: what the fuses say about the chip.
  ///   - mac: the base MAC address in the fuses.
  public init(machine: Machine, flash: Memory, psram: Memory? = nil, crystal: UInt64 = 40_000_000, package: ESP32EFuse.Package = .d0wd, mac: [UInt8] = [0x24, 0x0A, 0xC4, 0x50, 0x1D, 0xE0]) {
    self.psram = psram
    let arena = machine.arena, scheduler = machine.scheduler, scope = arena.scope
    let cpu = machine.cores.isEmpty ? machine.coreClock : arena.allocate("ESP32.CPU_CLK", initial: Clock(hertz: crystal))
    roms = ["PRO", "APP"].map { Memory("\(scope)ESP32.ROM.\($0)", size: Self.romSize) }
    sram0 = Memory("\(scope)ESP32.SRAM0", size: 0x30000)
    dram = Memory("\(scope)ESP32.DRAM", size: 0x52000)
    rtcFast = Memory("\(scope)ESP32.RTC_FAST", size: 0x2000)
    rtcSlow = Memory("\(scope)ESP32.RTC_SLOW", size: 0x2000)
    for m in roms + [sram0, dram, rtcFast, rtcSlow, flash] + [psram].compactMap({ $0 }) { machine.add(m) }
    psramCode = psram.map { CodeMemory($0) }
    dramCode = CodeMemory(dram)
    sram0Code = CodeMemory(sram0)
    rtcFastCode = CodeMemory(rtcFast)
    rtcSlowCode = CodeMemory(rtcSlow)
    dma = ESP32DMAMemory(dram)
    let clocks = ESP32Clocks(machine: machine, cpu: cpu, crystal: crystal)
    dport = ESP32DPort(arena: arena)
    let rtc = ESP32RTCControl(arena: arena, scheduler: scheduler, clocks: clocks)
    apbControl = ESP32APBControl(arena: arena, isRevision3: package == .d0wd)
    efuse = ESP32EFuse(arena: arena, scheduler: scheduler, package: package, mac: mac)
    let timerGroups = (0..<2).map { ESP32TimerGroup(name: "ESP32.TIMG\($0)", arena: arena, scheduler: scheduler, clocks: clocks) }
    frcTimers = ESP32FRCTimers(arena: arena, scheduler: scheduler, clocks: clocks)
    let uarts = (0..<3).map { ESP32UART(name: "ESP32.UART\($0)", arena: arena, scheduler: scheduler, clocks: clocks) }
    spis = (0..<4).map { [dma] in ESP32SPI(name: "ESP32.SPI\($0)", arena: arena, scheduler: scheduler, clocks: clocks, memory: dma, leadsToPads: $0 > 1) }
    ioMux = ESP32IOMux(arena: arena)
    rtcIO = ESP32RTCIO(arena: arena)
    let gpio = ESP32GPIO(arena: arena, mux: ioMux, rtc: rtcIO)
    rng = ESP32RNG(arena: arena)
    analog = ESP32AnalogBus(arena: arena)
    ledc = ESP32LEDC(arena: arena, scheduler: scheduler, clocks: clocks)
    rmt = ESP32RMT(arena: arena, scheduler: scheduler, clocks: clocks)
    i2ss = (0..<2).map { [dma] in ESP32I2S(name: "I2S\($0)", arena: arena, scheduler: scheduler, memory: dma) }
    mcpwms = (0..<2).map { ESP32MCPWM(name: "ESP32.MCPWM\($0)", arena: arena, scheduler: scheduler, clocks: clocks) }
    sigmaDelta = ESP32SigmaDelta(arena: arena, scheduler: scheduler, clocks: clocks)
    twai = ESP32TWAI(arena: arena, scheduler: scheduler, clocks: clocks)
    i2cs = (0..<2).map { ESP32I2C(name: "ESP32.I2C\($0)", arena: arena, scheduler: scheduler, clocks: clocks) }
    sens = ESP32SENS(arena: arena, scheduler: scheduler, clocks: clocks)
    rtcI2C = ESP32RTCI2C(arena: arena, scheduler: scheduler, clocks: clocks)
    pcnt = ESP32PCNT(arena: arena, scheduler: scheduler, clocks: clocks)
    sdmmc = ESP32SDMMC(arena: arena, scheduler: scheduler)
    radio = ESP32Radio(arena: arena, scheduler: scheduler, memory: dma)
    aes = ESP32AES(arena: arena)
    sha = ESP32SHA(arena: arena)
    rsa = ESP32RSA(arena: arena)
    mmus = ["PRO", "APP"].map { ESP32CacheMMU(name: "ESP32.MMU.\($0)", arena: arena) }
    let buses = [Bus(), Bus()]
    self.buses = buses
    let cores = buses.enumerated().map { n, bus in
      XtensaCore(name: "\(scope)core\(n)", configuration: .lx6, prid: n == 0 ? 0xCDCD : 0xABAB, bus: bus, machine: machine, clock: cpu)
    }
    for core in cores { machine.add(core) }
    super.init(name: "ESP32", machine: machine, flash: flash, cores: cores, clocks: clocks, rtc: rtc, timerGroups: timerGroups, gpio: gpio, uarts: uarts)
    gpio.onSigmaDelta = { [unowned self] in sigmaDelta.written($0, $1) }
    mapMemory()
    mapDevices()
    connect()
    connectPads()
    connectPulses()
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
    cores[n].mapPage(page, of: windows[n][window], to: v & mmus[n].invalid == 0 ? flashCode : nil, offset: offset)
  }
  private static let firstPSRAMEntry = 1152, psramPages = 128
  /// A page of 32 KiB of the PSRAM's window, by the core's own table; where software has them share caches half and half (DRAM_HL),
  /// the lower half by PRO's, the upper by APP's.
  private func mapPSRAM(_ page: Int, core n: Int) {
    guard let psramCode else { return }
    let isShared = dport[n == 0 ? .proCacheCtrl : .appCacheCtrl][bit: n == 0 ? 16 : 14]
    let v = mmus[isShared ? page / (Self.psramPages / 2) : n].table[Self.firstPSRAMEntry + page]
    let isMasked = dport[n == 0 ? .proCacheCtrl1 : .appCacheCtrl1][bit: 3]
    cores[n].mapPage(page, of: windows[n][4], to: isMasked || v & mmus[n].invalid != 0 ? nil : psramCode, offset: (v & 0xFF) << 15 & (psramCode.size - 1))
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
    let rtcPage = ESP32SharedPage(name: "ESP32.RTC", [(0, 0x400, rtc), (0x400, 0x400, rtcIO), (0x800, 0x400, sens), (0xC00, 0x400, rtcI2C)])
    ulp = ESP32ULP(arena: arena, scheduler: machine.scheduler, memory: rtcSlow, rtc: rtc, sens: sens, i2c: rtcI2C, registers: rtcPage, clocks: clocks)
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
    for device in [rtc, rtcIO, sens, rtcI2C, rtcI2C.engine] as [Device] + stubs { device.log = machine.log }
  }

  // MARK: Wires

  private func connect() {
    dport.matrix.onInterrupt = { [unowned self] core, n, level in cores[core].setInterrupt(n, level) }
    dport.onAppCoreControl = { [unowned self] in appCoreControlled(inReset: dport.appCoreInReset) }
    dport.onCacheControl = { [unowned self] core in for page in 0..<Self.psramPages { mapPSRAM(page, core: core) } }
    dport.onClockChange = { [unowned self] in updateClocks() }
    apbControl.onClockChange = { [unowned self] in updateClocks() }
    rtc.onClockChange = { [unowned self] in updateClocks() }
    connectRTC()
    rtc.onHold = { [unowned self] in rtcIO.holdsChanged() }
    rtc.rtcPad = { [unowned self] n in n < ESP32RTCIO.pads.count && gpio.pins[ESP32RTCIO.pads[n].gpio].isHigh }
    rtc.ext0Pad = { [unowned self] in Int(rtcIO[.extWakeup0] >> 27) }
    rtc.fastMemory = UnsafeRawPointer(rtcFast.raw)
    rtcIO.holdForce = { [unowned self] in rtc[.holdForce] }
    rtcIO.holdDigital = { [unowned self] in rtc[.digIso][bit: 9] || rtc[.digIso][bit: 15] }
    for (n, group) in timerGroups.enumerated() {
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
    gpio.onInterrupt = { [unowned self] core, nmi, level in dport.matrix.setSource(nmi ? 23 : 22, level, core: core) }
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
    rtcIO.i2c = (rtcI2C.engine.scl, rtcI2C.engine.sda)
    for line in [rtcI2C.engine.scl, rtcI2C.engine.sda] {
      line.connect { [unowned self] _ in
        gpio.refresh(rtcIO.i2cPads.scl)
        gpio.refresh(rtcIO.i2cPads.sda)
      }
    }
    gpio.onPad = { [unowned self] n in
      rtc.checkPads()
      let pads = rtcIO.i2cPads
      if n == pads.scl { rtcI2C.engine.sclChanged(gpio.pins[n].isHigh) }
      if n == pads.sda { rtcI2C.engine.sdaChanged(gpio.pins[n].isHigh) }
    }
    sens.onI2C = { [unowned self] instruction in rtcI2C.begin(instruction, target: sens.i2cTarget(Int(instruction[bits: 22...25]))) }
    rtcI2C.onDone = { [unowned self] v in
      sens.i2cDone(v)
      ulp.transferred(v)
    }
    rtcIO.generator = { [unowned self] n in sens.generator(n) }
    // I2S0 leads to the DACs, the right slot to DAC1, and from the ADCs.
    i2ss[0].onDAC = { [unowned self] left, right in sens.digitalSamples(dac1: UInt8(right >> 8), dac2: UInt8(left >> 8)) }
    i2ss[0].conversion = { [unowned self] in apbControl.conversion(sens) }
  }
  private func source(_ n: Int, _ line: Line) { line.connect { [unowned self] level in dport.matrix.setSource(n, level) } }

  /// Signals of the GPIO matrix (§4.10).
  private func connectPads() {
    for (n, (data, control)) in [(14, 15), (17, 18), (198, 199)].enumerated() { connect(uarts[n], data: data, control: control) }
    for (n, (clk, q, d, cs)) in [(8, 9, 10, [11, 61, 62]), (63, 64, 65, [68, 69, 70])].enumerated() {
      connect(spis[2 + n], clk: clk, q: q, d: d, cs: cs)
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
    connectI2S()
    connectMCPWM()
    output(123, twai.tx)
    output(124, twai.busOff)
    gpio.signals[94].idle = true
    gpio.signals[94].input = { [unowned self] in twai.rxChanged($0) }
    for (n, (scl, sda)) in [(29, 30), (95, 96)].enumerated() {
      connect(i2cs[n], scl: scl, sda: sda)
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
      // Data lines of a camera, the last of which is the serial one, then H_SYNC, V_SYNC and H_ENABLE.
      for k in 0..<16 {
        gpio.signals[s.in - 15 + k].input = { [unowned i2s] in
          if k == 15 { i2s.dataChanged($0) }
          i2s.cameraLineChanged(k, $0)
        }
      }
      for k in 0..<3 { gpio.signals[190 + 3 * n + k].input = { [unowned i2s] in i2s.cameraLineChanged(16 + k, $0) } }
      for k in 0..<23 { output(s.out - 23 + k, i2s.txBus[k]) }
      i2s.apll = { [unowned self] in apllHertz }
      i2s.isTxWatched = { [unowned self] in [s.txBCK, s.txWS, s.out].contains { gpio.isWatched($0) } || i2s.isParallel && (s.out - 23..<s.out).contains { gpio.isWatched($0) } }
      i2s.isRxWatched = { [unowned self] in [s.rxBCK, s.rxWS, s.in].contains { gpio.isWatched($0) } }
    }
  }
  /// The audio PLL (rtc_clk_apll_enable of ESP-IDF): f = crystal * (4 + SDM2 + SDM1/256 + SDM0/65536) / (2 * (O_DIV + 2)).
  var apllHertz: UInt64 {
    guard !rtc[.anaConf][bit: 23] || rtc[.anaConf][bit: 24] else { return 0 }
    func r(_ n: UInt8) -> UInt64 { UInt64(analog.register(ESP32AnalogBus.apll, n)) }
    return clocks.crystal * (4 << 16 + (r(7) & 63) << 16 + r(8) << 8 + r(9)) / (65536 * 2 * ((r(4) & 31) + 2))
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
  override func updateClocks() {
    clocks.update(
      clkConf: rtc[.clkConf], cpuPeriod: dport[.cpuPerConf], preDivider: apbControl[.sysclkConf] & 0x3FF,
      tickDividers: (crystal: apbControl[.xtalTickConf], pll: apbControl[.pllTickConf], fastRC: apbControl[.ck8mTickConf]))
    for c in cores { c.clockChanged() }
  }

  // MARK: The cores: held, stalled, asleep

  override var appCoreIsHeld: Bool { dport.appCoreInReset || dport.appCoreStopped }

  // MARK: Resets, §2

  override var ram: [(memory: Memory, code: CodeMemory, outlivesDeepSleep: Bool)] {
    [(rtcFast, rtcFastCode, true), (rtcSlow, rtcSlowCode, true), (sram0, sram0Code, false), (dram, dramCode, false)]
  }
  override var rtcDevices: [Device] { [rtc, rtcIO, sens, ulp, rtcI2C] }
  override var digitalDevices: [Device] {
    [dport, apbControl, frcTimers, ioMux, analog, ledc, rmt, pcnt, sdmmc, radio, aes, sha, rsa, twai, sigmaDelta] + i2ss + mcpwms + i2cs + timerGroups + uarts + spis + mmus + stubs
  }
  /// GPIO0 high asks for it.
  override var bootsFromFlash: Bool { gpio.strap[bit: 4] }

  // MARK: For whoever builds a board

  /// Puts the ROM images of both cores in place: ROM 0 and 1, from 0x40000000 on.
  public func load(rom pro: [UInt8], app: [UInt8]) {
    roms[0].load(pro)
    roms[1].load(app)
  }
  /// The PSRAM changed by commands.
  public func psramChanged(offset: Int, count: Int) { psramCode?.changed(offset: UInt32(clamping: offset), count: UInt32(clamping: count)) }
  /// The flash's chip, at chip select 0.
  public override func attach(flash chip: SPITarget?) { for n in 0..<2 { spis[n].targets = [chip, nil] } }
  /// The PSRAM's chip, at chip select 1: after the flash's.
  public func attach(psram chip: SPITarget?) {
    for n in 0..<2 {
      spis[n].targets[1] = chip
      // The clock goes twice through the matrix, by signals 224 and 225 that lead from one pad to the next.
      spis[n].clockDelay = { [unowned self] in gpio.pads(showing: 225) & gpio.layout.exists != 0 ? 2 : 0 }
    }
  }
}
