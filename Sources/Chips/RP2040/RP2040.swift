import ARMv6M
import Machine
import Processor

/// The RP2040: two Cortex-M0+, 264 KiB of SRAM, and the blocks of the datasheet at their addresses (§2.2).
public final class RP2040 {
  public let machine: Machine
  public let cores: [CortexM0]
  public let rom, sram, flash: Memory
  /// The cache's 16 KiB as memory (§2.6.3.1), which BOOTSEL mode uses.
  public let cacheMemory: Memory
  public let cache: FlashCache

  public let rosc: ROSC, xosc: XOSC, pllSys: PLL, pllUsb: PLL, clocks: Clocks
  public let resets: Resets, psm: PSM, watchdog: Watchdog, timer: Timer
  public let sysinfo: SYSINFO, syscfg: SYSCFG, tbman: TBMAN, vreg: VREG, busctrl: BUSCTRL
  public let sio: SIO, padsBank0, padsQSPI: Pads, ioBank0, ioQSPI: IOBank
  public let ssi: SSI, xipControl: XIPControl, usb: USB
  public let uarts: [PL011], rtc: RTC, adc: ADC
  public let dma: DMA
  public let pios: [PIO], pwm: PWM
  public let spis: [PL022], i2cs: [DesignWareI2C]
  private let buses: [Bus]
  private let held: UnsafeMutablePointer<Bool>  // core 1, by PSM.FRCE_OFF
  private var resetEvent, lockupEvent: Scheduler.Event!
  /// CLOCK GPOUT0 to 3 and the pins that show them (§1.4.3).
  private let gpouts: [Line]
  private var gpoutEvents: [Scheduler.Event] = []
  private static let gpoutPins = [21, 23, 24, 25]

  /// - Parameters:
  ///   - flash: the external flash's bytes; a power of two of at most 16 MiB.
  ///   - crystal: in hertz.
  public init(machine: Machine, flash: Memory, crystal: UInt64 = 12_000_000) {
    self.machine = machine
    self.flash = flash
    let arena = machine.arena, scheduler = machine.scheduler
    // The first chip's clk_sys is the machine's.
    let sys = machine.cores.isEmpty ? machine.coreClock : arena.allocate("RP2040.clk_sys", initial: Clock(hertz: 6_500_000))
    rom = Memory("\(machine.arena.scope)RP2040.ROM", size: 16384)
    sram = Memory("\(machine.arena.scope)RP2040.SRAM", size: 264 * 1024)
    cacheMemory = Memory("\(machine.arena.scope)RP2040.XIP_SRAM", size: 16384)
    machine.add(cacheMemory)
    machine.add(rom)
    machine.add(sram)
    machine.add(flash)
    held = arena.allocate("RP2040.PSM.core1Held", initial: false)
    cache = FlashCache(name: "RP2040.XIP", arena: arena)

    rosc = ROSC(arena: arena)
    xosc = XOSC(arena: arena, scheduler: scheduler, crystal: crystal)
    pllSys = PLL(name: "RP2040.PLL_SYS", arena: arena, scheduler: scheduler)
    pllUsb = PLL(name: "RP2040.PLL_USB", arena: arena, scheduler: scheduler)
    clocks = Clocks(machine: machine, sys: sys, rosc: rosc, xosc: xosc, pllSys: pllSys, pllUsb: pllUsb)
    resets = Resets(arena: arena)
    psm = PSM(arena: arena)
    watchdog = Watchdog(arena: arena, scheduler: scheduler, ref: clocks.ref)
    timer = Timer(arena: arena, scheduler: scheduler, ticks: watchdog.ticks)
    sysinfo = SYSINFO(arena: arena)
    syscfg = SYSCFG(arena: arena)
    tbman = TBMAN(arena: arena)
    vreg = VREG(arena: arena)
    busctrl = BUSCTRL(arena: arena)
    sio = SIO(arena: arena)
    padsBank0 = Pads(name: "RP2040.PADS_BANK0", resets: [0] + Array(repeating: 0x56, count: 30) + [0xDA, 0x5A], wordOfPin: Array(1...30), arena: arena)
    // PADS_QSPI's order is SCLK, SD0 to SD3, SS; IO_QSPI's is SCLK, SS, SD0 to SD3.
    padsQSPI = Pads(name: "RP2040.PADS_QSPI", resets: [0, 0x56, 0x52, 0x52, 0x52, 0x52, 0x5A], wordOfPin: [1, 6, 2, 3, 4, 5], arena: arena)
    ioBank0 = IOBank(name: "RP2040.IO_BANK0", pins: (0..<30).map { "GP\($0)" }, interruptBase: 0xF0, pads: padsBank0, arena: arena)
    ioQSPI = IOBank(name: "RP2040.IO_QSPI", pins: ["QSPI_SCLK", "QSPI_SS", "QSPI_SD0", "QSPI_SD1", "QSPI_SD2", "QSPI_SD3"], interruptBase: 0x30, pads: padsQSPI, arena: arena)
    ssi = SSI(arena: arena, scheduler: scheduler, clock: sys)
    xipControl = XIPControl(arena: arena, cache: cache, flash: flash)
    usb = USB(arena: arena, scheduler: scheduler)
    let peri = clocks.peri
    uarts = (0..<2).map { PL011(name: "RP2040.UART\($0)", arena: arena, scheduler: scheduler, clock: peri) }
    rtc = RTC(arena: arena, scheduler: scheduler, clock: clocks.rtc)
    adc = ADC(arena: arena, scheduler: scheduler, clock: clocks.adc)

    let buses = [Bus(), Bus()]
    self.buses = buses
    dma = DMA(name: "RP2040.DMA", arena: arena, scheduler: scheduler, clock: sys, bus: buses[0])
    pios = (0..<2).map { PIO(name: "RP2040.PIO\($0)", arena: arena, scheduler: scheduler, clock: sys) }
    spis = (0..<2).map { PL022(name: "RP2040.SPI\($0)", arena: arena, scheduler: scheduler, clock: peri) }
    i2cs = (0..<2).map { DesignWareI2C(name: "RP2040.I2C\($0)", arena: arena, scheduler: scheduler, clock: sys) }
    pwm = PWM(arena: arena, scheduler: scheduler, clock: sys)
    cores = buses.enumerated().map { n, bus in CortexM0(name: "\(arena.scope)core\(n)", variant: .rp2040, bus: bus, machine: machine, clock: sys) }
    gpouts = (0..<4).map { Line("RP2040.CLOCKS.GPOUT\($0)", arena: arena) }
    connect()
    mapAddresses()
    gpoutEvents = (0..<4).map { n in scheduler.event("RP2040.CLOCKS.GPOUT\(n)") { [unowned self] _ in toggleGPOUT(n) } }
    resetEvent = scheduler.event("RP2040.reset") { [unowned self] _ in resetRequested() }
    lockupEvent = scheduler.event("RP2040.lockup") { [unowned self] _ in
      for core in cores where isDead(core) && core.stop == nil { core.stop = StopReason(.lockup, report(core)) }
    }
  }

  // MARK: Wires

  private func connect() {
    for (n, core) in cores.enumerated() {
      machine.add(core)
      core.addRegion(base: 0x2000_0000, size: UInt32(sram.size), memory: sram.raw, writable: true)
      core.addRegion(base: 0x1500_0000, size: UInt32(cacheMemory.size), memory: cacheMemory.raw, writable: true)
      core.addRegion(base: 0x1000_0000, size: UInt32(flash.size), memory: flash.raw, writable: false, cache: cache)
      core.addRegion(base: 0, size: UInt32(rom.size), memory: rom.raw, writable: false, hostCalls: true)
      core.referenceClock = watchdog.ticks
      core.onSendEvent = { [unowned self] in cores[1 - n].sendEvent() }
      core.onResetRequest = { [unowned self] in machine.scheduler.schedule(resetEvent, at: machine.now) }
      // What is under way on the serial lines still gets out.
      core.onLockup = { [unowned self] _ in machine.scheduler.schedule(lockupEvent, after: 20_000_000_000) }
      core.onHardFault = { [unowned self] core in if isDead(core) { machine.scheduler.schedule(lockupEvent, after: 20_000_000_000) } }
      let other = cores[1 - n]
      buses[n].onMemoryWrite = { [unowned core, unowned other] address, size in
        core.invalidate(address & ~3, count: 4)
        other.invalidate(address & ~3, count: 4)
      }
    }
    let interrupts: [(Int, Line)] =
      timer.irq.enumerated().map { ($0, $1) } + [(5, usb.irq), (17, clocks.irq), (20, uarts[0].irq), (21, uarts[1].irq), (22, adc.irq), (25, rtc.irq), (4, pwm.irq)]
      + (0..<2).flatMap { [(18 + $0, spis[$0].irq), (23 + $0, i2cs[$0].irq)] }
      + pios.enumerated().flatMap { n, p in p.irq.enumerated().map { (7 + 2 * n + $0, $1) } }
    for n in 0..<2 {
      dma.irq[n].connect { [unowned self] level in for c in cores { c.setInterrupt(11 + n, level) } }
      dma.connect(uarts[n].dreqTX, to: 20 + 2 * n)
      dma.connect(uarts[n].dreqRX, to: 21 + 2 * n)
    }
    for (n, pio) in pios.enumerated() {
      for i in 0..<4 {
        dma.connect(pio.dreqTX[i], to: 8 * n + i)
        dma.connect(pio.dreqRX[i], to: 8 * n + 4 + i)
      }
    }
    for n in 0..<2 {
      dma.connect(spis[n].dreqTX, to: 16 + 2 * n)
      dma.connect(spis[n].dreqRX, to: 17 + 2 * n)
      dma.connect(i2cs[n].dreqTX, to: 32 + 2 * n)
      dma.connect(i2cs[n].dreqRX, to: 33 + 2 * n)
    }
    dma.onSync = { [unowned self] in for spi in spis { spi.settled() } }
    dma.connect(adc.dreq, to: 36)
    dma.connect(xipControl.dreq, to: 37)
    dma.connect(ssi.dreqTX, to: 38)
    dma.connect(ssi.dreqRX, to: 39)
    ioBank0.onDormantWake = { [unowned self] in
      xosc.wakeFromDormant()
      rosc.wakeFromDormant()
    }
    pwm.onWrap = { [unowned self] i in dma.pulse(24 + i) }
    pwm.wantsRequest = { [unowned self] i in dma.isPaced(by: 24 + i) }
    dma.onPacing = { [unowned self] in pwm.routesChanged() }
    for (n, line) in interrupts {
      line.connect { [unowned self] level in for c in cores { c.setInterrupt(n, level) } }
    }
    for n in 0..<2 {
      ioBank0.irq[n].connect { [unowned self] level in cores[n].setInterrupt(13, level) }
      ioQSPI.irq[n].connect { [unowned self] level in cores[n].setInterrupt(14, level) }
      sio.fifos[n].irq.connect { [unowned self] level in cores[n].setInterrupt(15 + n, level) }
    }
    syscfg.onNMIMask = { [unowned self] in
      cores[0].setNMIMask(syscfg[.proc0NMIMask])
      cores[1].setNMIMask(syscfg[.proc1NMIMask])
    }
    clocks.onChange = { [unowned self] in
      watchdog.updateTick()
      rtc.rateMayChange()
      for p in pios { p.clockChanged() }
      pwm.routesChanged()
      startGPOUTs()
    }
    watchdog.onTickChange = { [unowned self] in timer.rearm() }
    watchdog.onReset = { [unowned self] _ in watchdogReset() }
    psm.onForceOff = { [unowned self] v in
      if v[bit: PSM.Stage.proc1] {
        cores[1].asleep.pointee = true
        machine.scheduler.endSlice()
      } else if cores[1].asleep.pointee && core1Held {
        cores[1].reset()
      }
      core1Held = v[bit: PSM.Stage.proc1]
    }

    // Pins.
    sio.gpioIn = { [unowned self] in
      if ioBank0.state.pointee.floating != 0 { ioBank0.reportFloating(to: machine.log) }
      pwm.catchUp()
      return ioBank0.state.pointee.inputs
    }
    sio.gpioHiIn = { [unowned self] in ioQSPI.state.pointee.inputs }
    sio.onOutputs = { [unowned self] mask in ioBank0.update(mask) }
    sio.onHiOutputs = { [unowned self] mask in ioQSPI.update(mask) }
    for n in 0..<30 {
      ioBank0.functions[n][5] = IOBank.Function(
        out: { [unowned self] in sio.state.pointee.out[bit: n] }, enable: { [unowned self] in sio.state.pointee.oe[bit: n] })
    }
    for n in 0..<6 {
      ioQSPI.functions[n][5] = IOBank.Function(
        out: { [unowned self] in sio.state.pointee.hiOut[bit: n] }, enable: { [unowned self] in sio.state.pointee.hiOE[bit: n] })
    }
    for n in 0..<30 {
      for (k, pio) in pios.enumerated() {
        ioBank0.functions[n][6 + k] = IOBank.Function(out: { [unowned pio] in pio.shared.pointee.out[bit: n] }, enable: { [unowned pio] in pio.shared.pointee.enable[bit: n] })
      }
      let slice = n / 2 % 8, channel = n % 2
      ioBank0.functions[n][4] = IOBank.Function(
        out: { [unowned self] in pwm.output(slice, channel) },
        // B is an input in the modes that count its edges or its time.
        enable: { [unowned self] in channel == 0 || pwm.isOutput(slice) },
        input: channel == 1 ? { [unowned self] in pwm.inputChanged(slice, $0) } : nil)
    }
    connectSerial()
    for p in pios { p.onOutputs = { [unowned self] mask in ioBank0.update(mask & 0x3FFF_FFFF) } }
    ioBank0.onInputs = { [unowned self] levels in for p in pios { p.padsChanged(levels) } }
    ioBank0.onFunction = { [unowned self] in
      pwm.routesChanged()
      startGPOUTs()
    }
    for (n, pin) in Self.gpoutPins.enumerated() {
      ioBank0.functions[pin][8] = IOBank.Function(out: { [unowned self] in gpouts[n].isHigh }, enable: { true })
      gpouts[n].connect { [unowned self] _ in ioBank0.update(1 << UInt32(pin)) }
    }
    pwm.onOutput = { [unowned self] slice, channel in
      let pin = UInt32(slice * 2 + channel)
      ioBank0.update((1 << pin | 1 << (pin + 16)) & 0x3FFF_FFFF)
    }
    pwm.isShown = { [unowned self] slice in !padsOfPWM(slice).isEmpty }
    connectAverages()
    ioQSPI.onOverride = { [unowned self] n in
      guard n == 1 else { return }
      switch ioQSPI.outputOverride(1) {
      case 2: ssi.forceChipSelect(false)
      case 3: ssi.forceChipSelect(true)
      default: ssi.forceChipSelect(nil)
      }
    }
    ssi.onMissPenalty = { [unowned self] cycles in cache.state.pointee.missPenalty = cycles }

    resets.devices = [
      2: [dma], 0: [adc], 15: [rtc], 22: [uarts[0]], 23: [uarts[1]], 1: [busctrl], 5: [ioBank0], 6: [ioQSPI], 8: [padsBank0], 9: [padsQSPI], 12: [pllSys], 13: [pllUsb], 3: [i2cs[0]], 4: [i2cs[1]], 16: [spis[0]], 17: [spis[1]], 10: [pios[0]], 11: [pios[1]], 14: [pwm], 18: [syscfg], 21: [timer], 24: [usb],
    ]
  }
  /// A clock output toggles while its pin shows it to somebody.
  private func startGPOUTs() {
    for n in gpoutEvents.indices where !machine.scheduler.isScheduled(gpoutEvents[n]) && clocks.gpoutFrequency(n) > 0 { toggleGPOUT(n) }
  }
  private func toggleGPOUT(_ n: Int) {
    let pin = Self.gpoutPins[n], f = clocks.gpoutFrequency(n)
    guard f > 0, ioBank0.functionNumber(pin) == 8, ioBank0.pins[pin].isWatched else { return gpouts[n].set(false) }
    gpouts[n].set(!gpouts[n].isHigh)
    machine.scheduler.schedule(gpoutEvents[n], after: max(100, UInt64(0.5e12 / f)))
  }
  /// UART, SPI and I2C on their pins (§1.4.3): in eights that begin at GP4 and GP0, and in fours.
  /// The pads that show outputs of the PWM's slice.
  private func padsOfPWM(_ slice: Int) -> [Int] { [slice * 2, slice * 2 + 1, slice * 2 + 16, slice * 2 + 17].filter { $0 < 30 && ioBank0.functionNumber($0) == 4 } }
  /// A mask of the pads in `function` that belong to one of its peripherals.
  private func pads(_ function: Int, _ belongs: (Int) -> Bool) -> UInt32 {
    (0..<30).reduce(UInt32(0)) { $0 | (ioBank0.functionNumber($1) == function && belongs($1) ? 1 << UInt32($1) : 0) }
  }
  /// Lights on PWM pins ask how long they were high; edges are told only where something acts on them.
  private func connectAverages() {
    for n in 0..<30 {
      ioBank0.pins[n].offerAverage(
        arena: machine.arena, highTime: { [unowned self] in pwm.highTime(n / 2 % 8, n % 2) }, onListeners: { [unowned self] in pwm.routesChanged() })
    }
    pwm.edgesMatter = { [unowned self] slice in
      let looks = pios.contains { $0.isRunning }
      return padsOfPWM(slice).contains { looks || ioBank0.edgesMatter($0) || ioBank0.pins[$0].edgesMatter }
    }
    pwm.onTelling = { [unowned self] slice, tells in
      for n in [slice * 2, slice * 2 + 1, slice * 2 + 16, slice * 2 + 17] where n < 30 { ioBank0.pins[n].isAveraged = !tells && ioBank0.functionNumber(n) == 4 }
    }
    ioBank0.onLook = { [unowned self] in pwm.catchUp() }
    for pio in pios {
      pio.onLook = { [unowned self] in pwm.catchUp() }
      pio.onRunning = { [unowned self] in pwm.routesChanged() }
    }
  }
  private func connectSerial() {
    for n in 0..<30 {
      let spi = spis[n / 8 % 2]
      let function: IOBank.Function =
        switch n % 4 {
        case 0: IOBank.Function(input: { [unowned spi] in spi.rxdChanged($0) })
        case 1: IOBank.Function(out: { [unowned spi] in spi.fss.isHigh }, enable: { [unowned spi] in !spi[.sspCR1][bit: 2] }, input: { [unowned spi] in spi.frameChanged($0) })
        case 2: IOBank.Function(out: { [unowned spi] in spi.sclk.isHigh }, enable: { [unowned spi] in !spi[.sspCR1][bit: 2] }, input: { [unowned spi] in spi.clockChanged($0) })
        default: IOBank.Function(out: { [unowned spi] in spi.txd.isHigh }, enable: { true })
        }
      ioBank0.functions[n][1] = function
      let i2c = i2cs[n / 2 % 2], isClock = n % 2 == 1
      ioBank0.functions[n][3] = IOBank.Function(
        enable: { [unowned i2c] in isClock ? i2c.pullsSCL : i2c.pullsSDA },
        input: { [unowned i2c] level in
          let s = i2c.state.pointee
          i2c.linesChanged(sda: isClock ? s.sda : level, scl: isClock ? level : s.scl)
        }, idle: true)
    }
    for n in 0..<30 {
      let uart = uarts[(n + 4) / 8 % 2]
      // A pin with nothing on it has a console's adapter, which keeps RXD high and nCTS low.
      let isWired: () -> Bool = { [unowned self] in ioBank0.pins[n].net.pins.count > 1 }
      ioBank0.functions[n][2] =
        switch n % 4 {
        case 0: IOBank.Function(out: { [unowned uart] in uart.txd.isHigh }, enable: { true })
        case 1: IOBank.Function(input: { [unowned uart] in uart.rxdChanged($0 || !isWired()) }, idle: true)
        case 2: IOBank.Function(input: { [unowned uart] in uart.ctsChanged($0 && isWired()) })
        default: IOBank.Function(out: { [unowned uart] in uart.rts.isHigh }, enable: { true })
        }
    }
    for (k, spi) in spis.enumerated() {
      let update: (Bool) -> Void = { [unowned self] _ in ioBank0.update(pads(1) { $0 / 8 % 2 == k }) }
      for line in [spi.sclk, spi.txd, spi.fss] { line.connect(update) }
      spi.route = { [unowned self] width, mode in
        var clock: [Pin] = [], data: [Pin] = [], input: [Pin] = []
        for n in 0..<30 where ioBank0.functionNumber(n) == 1 && n / 8 % 2 == k {
          switch n % 4 {
          case 0: input.append(ioBank0.pins[n])
          case 2: clock.append(ioBank0.pins[n])
          case 3: data.append(ioBank0.pins[n])
          default: break
          }
          if n % 4 >= 2, ioBank0.outputOverride(n) != 0 { return nil }
        }
        return SPIFrames.routes(clock: clock, data: data, input: input, width: width, mode: mode)
      }
      spi.stream = DMAStream(dma, transmit: 16 + 2 * k, receive: 17 + 2 * k, register: 0x4003_C008 + UInt32(k) * 0x4000)
    }
    for (k, uart) in uarts.enumerated() {
      let update: (Bool) -> Void = { [unowned self] _ in ioBank0.update(pads(2) { ($0 + 4) / 8 % 2 == k }) }
      uart.txd.connect(update)
      uart.rts.connect(update)
      uart.isWatched = { [unowned self] in
        for n in stride(from: 0, to: 30, by: 4) where ioBank0.functionNumber(n) == 2 && (n + 4) / 8 % 2 == k && ioBank0.pins[n].isWatched { return true }
        return false
      }
    }
    for (k, i2c) in i2cs.enumerated() { i2c.onLines = { [unowned self] in ioBank0.update(pads(3) { $0 / 2 % 2 == k }) } }
  }
  private var core1Held: Bool {
    get { held.pointee }
    set { held.pointee = newValue }
  }

  /// The flash changed by program or erase: what was decoded and cached of it is void.
  public func flashChanged(offset: Int, count: Int) {
    for c in cores { c.invalidate(0x1000_0000 + UInt32(offset), count: UInt32(count)) }
  }

  /// Whether `count` bytes at `address` lie in the SRAM.
  public func sramContains(_ address: UInt32, count: Int) -> Bool {
    address >= 0x2000_0000 && UInt64(address) + UInt64(count) <= 0x2000_0000 + UInt64(sram.size)
  }
  /// The ROM in place is our own: its calls are served.
  public func serveROMCalls() { for c in cores { c.onHostCall = BootROMCalls.serve } }

  // MARK: Address map, §2.2

  private func mapAddresses() {
    let auxiliary = XIPAux(xipControl)
    var apb: [(UInt32, Device)] = []
    apb += [(0x4000_0000, sysinfo), (0x4000_4000, syscfg), (0x4000_8000, clocks), (0x4000_C000, resets), (0x4001_0000, psm)]
    apb += [(0x4001_4000, ioBank0), (0x4001_8000, ioQSPI), (0x4001_C000, padsBank0), (0x4002_0000, padsQSPI), (0x4002_4000, xosc)]
    apb += [(0x4002_8000, pllSys), (0x4002_C000, pllUsb), (0x4003_0000, busctrl), (0x4005_4000, timer), (0x4005_8000, watchdog)]
    apb += [(0x4006_0000, rosc), (0x4006_4000, vreg), (0x4006_C000, tbman)]
    apb += [(0x4003_4000, uarts[0]), (0x4003_8000, uarts[1]), (0x4004_C000, adc), (0x4005_C000, rtc), (0x4005_0000, pwm)]
    apb += [(0x4003_C000, spis[0]), (0x4004_0000, spis[1]), (0x4004_4000, i2cs[0]), (0x4004_8000, i2cs[1])]
    for (n, bus) in buses.enumerated() {
      // The ROM answers a write with OKAY: TinyUSB's driver writes through a null pointer for endpoint 0.
      bus.map(memory: rom.raw, at: 0, size: UInt32(rom.size), writable: false, ignoresWrites: true)
      for alias: UInt32 in 0..<4 {
        var at: UInt32 = 0
        while at < 0x0100_0000 {
          bus.map(memory: flash.raw, at: 0x1000_0000 + alias << 24 + at, size: UInt32(flash.size), writable: false)
          at += UInt32(flash.size)
        }
      }
      bus.map(memory: sram.raw, at: 0x2000_0000, size: UInt32(sram.size), writable: true)
      bus.map(memory: cacheMemory.raw, at: 0x1500_0000, size: UInt32(cacheMemory.size), writable: true)
      for (base, device) in apb { map(bus, device, at: base, readWait: 1, writeWait: 2) }
      map(bus, xipControl, at: 0x1400_0000, readWait: 0, writeWait: 0)
      map(bus, dma, at: 0x5000_0000, readWait: 0, writeWait: 0)
      for (k, pio) in pios.enumerated() { map(bus, pio, at: 0x5020_0000 + UInt32(k) * 0x10_0000, readWait: 0, writeWait: 0) }
      map(bus, ssi, at: 0x1800_0000, readWait: 1, writeWait: 2)
      bus.map(usb.dpram, at: 0x5010_0000, bytewise: true)
      map(bus, usb, at: 0x5011_0000, readWait: 0, writeWait: 0)
      bus.map(auxiliary, at: 0x5040_0000)
      bus.map(sio.ports[n], at: 0xD000_0000)
    }
    for device in apb.map(\.1) + [ssi, xipControl, usb, dma] + pios + sio.ports { device.log = machine.log }
    // SRAM0 to SRAM3 without striping: words 0, 4, 8 … of the striped view are bank 0's.
    for n in 0..<2 {
      for bank: UInt32 in 0..<4 {
        buses[n].map(UnstripedSRAM(bank: bank, sram: sram, onWrite: { [unowned self] at in for c in cores { c.invalidate(0x2000_0000 + at, count: 4) } }), at: 0x2100_0000 + bank * 0x1_0000, size: 0x1_0000, bytewise: true)
      }
    }
  }
  /// A register block with its atomic aliases (§2.1.2).
  private func map(_ bus: Bus, _ device: Device, at base: UInt32, readWait: UInt8, writeWait: UInt8) {
    for (i, mode) in [WriteMode.normal, .xor, .set, .clear].enumerated() {
      let at = base + UInt32(i) * 0x1000
      bus.map(device, at: at, mode: mode, readWait: readWait, writeWait: writeWait)
    }
  }

  /// Locked up, or in the ROM's HardFault handler, which never returns.
  private func isDead(_ core: CortexM0) -> Bool { core.isLockedUp || core.isInHardFault && core.programCounter < UInt32(rom.size) }
  /// What a user needs to know of a core that cannot go on.
  private func report(_ core: CortexM0) -> String {
    let at = core.lastFault, place = "0x" + String(at, radix: 16)
    let instruction = core.bus.read(at & ~1, size: 2)
    let cause =
      !instruction.fault && instruction.value >> 8 == 0xBE
      ? "\(core.name) ended at the breakpoint instruction at \(place), as pico-sdk programs do that return from main or panic"
      : core.isLockedUp
        ? "\(core.name) locked up: it faulted at \(place), last access 0x" + String(core.lastAccess, radix: 16) + ", and again within the HardFault handler"
        : "\(core.name) faulted at \(place), last access 0x" + String(core.lastAccess, radix: 16) + ", and the firmware has no HardFault handler"
    return cause + "\n" + core.registerDump
  }

  // MARK: Resets

  /// Power comes up: everything at its reset value, both cores from the ROM.
  public func powerOn() { resetAll(reason: VREG.Reason.powerOn) }
  /// Power goes away: the memories forget.
  public func powerOff() {
    sram.raw.initializeMemory(as: UInt8.self, repeating: 0, count: sram.size)
    for c in cores { c.invalidate(0x2000_0000, count: UInt32(sram.size)) }
    usb.dpram.clear()
    holdInReset()
  }
  /// The RUN pin is low: nothing runs.
  public func holdInReset() {
    resetAll(reason: VREG.Reason.run)
    for c in cores { c.asleep.pointee = true }
    machine.scheduler.endSlice()
  }
  /// The RUN pin has gone high: all starts as with power, but the memories have kept what they held (§2.12).
  public func leaveReset() { resetAll(reason: VREG.Reason.run) }
  private func resetAll(reason: UInt32) {
    for d in [rosc, xosc, clocks, psm, watchdog, vreg, ssi, xipControl] as [Device] { d.reset() }
    for list in resets.devices.values { for d in list { d.reset() } }
    vreg[.chipReset] = reason
    resets.reset()
    sio.reset()
    cache.flush()
    core1Held = false
    ioBank0.refresh()
    ioQSPI.refresh()
    clocks.update()
    watchdog.updateTick()
    for c in cores { c.reset() }
  }
  /// §2.13.5 and §4.7: what WDSEL selects goes through reset; the scratch words and the SRAM keep their contents.
  private func watchdogReset() {
    let forced = watchdog.biteWasForced
    let selected = psm[.wdsel]
    if selected[bit: PSM.Stage.rosc] { rosc.reset() }
    if selected[bit: PSM.Stage.xosc] { xosc.reset() }
    if selected[bit: PSM.Stage.clocks] { clocks.reset() }
    if selected[bit: PSM.Stage.resets] { resets.holdAll() } else { resets.holdAll(resets[.wdsel]) }
    if selected[bit: PSM.Stage.vreg] { vreg.reset() }
    if selected[bit: PSM.Stage.sio] { sio.reset() }
    watchdog.afterBite(forced: forced)
    if selected & 0x1FFFF == 0 && resets[.wdsel] == 0 { return }
    psm.reset()
    ssi.reset()
    xipControl.reset()
    cache.flush()
    core1Held = false
    clocks.update()
    if selected[bit: PSM.Stage.proc0] { cores[0].reset() }
    if selected[bit: PSM.Stage.proc1] || selected[bit: PSM.Stage.proc0] { cores[1].reset() }
  }
  /// AIRCR.SYSRESETREQ resets the processors' system; the ROM runs again.
  private func resetRequested() {
    sio.reset()
    resets.holdAll()
    psm.reset()
    ssi.reset()
    cache.flush()
    for c in cores { c.reset() }
  }
}

/// §2.6.2: a bank of SRAM0 to SRAM3 by itself.
final class UnstripedSRAM: Device {
  private let bank: UInt32
  private let sram: Memory
  private let onWrite: (UInt32) -> Void
  init(bank: UInt32, sram: Memory, onWrite: @escaping (UInt32) -> Void) {
    self.bank = bank
    self.sram = sram
    self.onWrite = onWrite
    super.init(name: "RP2040.SRAM\(bank)")
  }
  private func place(_ offset: UInt32) -> Int { Int(((offset & 0xFFFC) << 2) | bank << 2) }
  override func read32(at offset: UInt32) -> UInt32 { sram.raw.load(fromByteOffset: place(offset), as: UInt32.self) }
  override func write32(_ value: UInt32, at offset: UInt32) {
    sram.raw.storeBytes(of: value, toByteOffset: place(offset), as: UInt32.self)
    onWrite(UInt32(place(offset)))
  }
}
