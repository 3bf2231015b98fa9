import Machine
import Processor
import Xtensa

/// The ESP8266: an LX106, 64 KiB of instruction and 96 KiB of data RAM, and the blocks of the technical reference.
public final class ESP8266 {
  public let machine: Machine
  public let core: XtensaCore
  public let rom, iram, dram, rtcMemory, flash: Memory

  public let dport: DPORT, mux: IOMux, gpio: GPIO, uarts: [UART], timer: FRC, rtc: RTC, watchdog: WDT
  /// SPI0, which has the flash, and HSPI.
  public let spis: [SPI]
  public let slc: SLC, i2s: I2S, analog: AnalogRegisters
  let frontEnd: FrontEnd, baseBand: BaseBand, wdev: WDev, radio: StorageBlock, sdio: StorageBlock
  let apb: BlockBus
  private let bus = Bus()
  /// The reset pad, with its pull-up, and the ADC's.
  public let rst, tout: Pin
  /// The bus clock, which timers and serial blocks run from.
  private let apbClock: UnsafeMutablePointer<Clock>
  private let crystal: UInt64
  private let romCode, iramCode, dramCode, flashCode: CodeMemory
  private let flashWindow, cacheRAM: XtensaCore.Window
  private struct State: BitwiseCopyable { var pending = RTC.Reason.powerOn, isHeld = false, hasWindow = false }
  private let state: UnsafeMutablePointer<State>
  private var resetEvent, sleepEvent: Scheduler.Event!

  /// - Parameters:
  ///   - flash: the external flash's bytes; a power of two of at most 16 MiB.
  ///   - crystal: in hertz.
  ///   - serial: the last three bytes of the MAC in the eFuse.
  public init(machine: Machine, flash: Memory, crystal: UInt64 = 26_000_000, serial: UInt32 = 0x8266_01) {
    self.machine = machine
    self.flash = flash
    self.crystal = crystal
    let arena = machine.arena, scheduler = machine.scheduler, scope = machine.arena.scope
    let clock = machine.cores.isEmpty ? machine.coreClock : arena.allocate("ESP8266.clock", initial: Clock(hertz: crystal * 2))
    apbClock = arena.allocate("ESP8266.apb", initial: Clock(hertz: crystal * 2))
    state = arena.allocate("ESP8266.state", initial: State())
    rom = Memory("\(scope)ESP8266.ROM", size: 0x1_0000)
    iram = Memory("\(scope)ESP8266.IRAM", size: 0x1_0000)
    dram = Memory("\(scope)ESP8266.DRAM", size: 0x1_8000)
    rtcMemory = Memory("\(scope)ESP8266.RTC_MEM", size: 0x1000)
    for m in [rom, iram, dram, rtcMemory, flash] { machine.add(m) }
    romCode = CodeMemory(rom)
    iramCode = CodeMemory(iram)
    dramCode = CodeMemory(dram)
    flashCode = CodeMemory(flash)

    let apbClock = apbClock
    dport = DPORT(arena: arena)
    mux = IOMux(arena: arena)
    gpio = GPIO(arena: arena, mux: mux, crystal: crystal)
    uarts = (0..<2).map { UART(name: "ESP8266.UART\($0)", arena: arena, scheduler: scheduler, apb: apbClock) }
    timer = FRC(arena: arena, scheduler: scheduler, apb: apbClock)
    rtc = RTC(arena: arena, scheduler: scheduler)
    watchdog = WDT(arena: arena, scheduler: scheduler)
    spis = (0..<2).map { SPI(name: "ESP8266.SPI\($0)", arena: arena, scheduler: scheduler, apb: apbClock) }
    slc = SLC(arena: arena, bus: bus)
    i2s = I2S(arena: arena, scheduler: scheduler)
    analog = AnalogRegisters(arena: arena)
    frontEnd = FrontEnd(arena: arena)
    baseBand = BaseBand(arena: arena)
    wdev = WDev(arena: arena, scheduler: scheduler)
    radio = StorageBlock(name: "ESP8266.RF", size: 0x100, arena: arena)
    sdio = StorageBlock(name: "ESP8266.SDIO", size: 0x100, arena: arena)
    apb = BlockBus()
    rst = Pin("RST", arena: arena)
    tout = Pin("TOUT", arena: arena)
    core = XtensaCore(name: "\(scope)core0", configuration: .lx106, prid: 0, bus: bus, machine: machine, clock: clock)
    core.addRegion(base: 0x4000_0000, size: UInt32(rom.size), memory: romCode, .execute)
    core.addRegion(base: 0x4010_0000, size: 0x8000, memory: iramCode, .instruction)
    core.addRegion(base: 0x3FFE_8000, size: UInt32(dram.size), memory: dramCode, .data)
    flashWindow = core.addWindow(base: 0x4020_0000, size: 0x10_0000, pageSize: 0x1_0000, .execute, memories: [flashCode])
    cacheRAM = core.addWindow(base: 0x4010_8000, size: 0x8000, pageSize: 0x4000, .instruction, memories: [iramCode])
    dport.burn(serial: serial)
    machine.add(core)
    connect()
    mapAddresses()
    resetEvent = scheduler.event("ESP8266.reset") { [unowned self] _ in restart(state.pointee.pending) }
    sleepEvent = scheduler.event("ESP8266.sleep") { [unowned self] _ in sleep() }
  }

  // MARK: Wires

  private func connect() {
    let scheduler = machine.scheduler
    bus.onMemoryWrite = { [unowned self] address, count in core.invalidate(address, count: UInt32(count)) }
    dport.onCache = { [unowned self] in mapCache() }
    dport.onClock = { [unowned self] in updateClocks() }
    analog.onPLL = { [unowned self] in updateClocks() }
    dport.onTimerReset = { [unowned self] in timer.reset() }
    dport.onSwap = { [unowned self] in gpio.refresh() }
    dport.spiInterrupts = { [unowned self] in (spis[0].irq.isHigh ? 1 << 4 : 0) | (spis[1].irq.isHigh ? 1 << 7 : 0) | (i2s.irq.isHigh ? 1 << 9 : 0) }
    // Interrupts of the technical reference, §1.
    wdev.irq.connect { [unowned self] level in
      core.setInterrupt(0, level)
      core.setInterrupt(14, level && dport.nmiSource == DPORT.nmiWDev)
    }
    slc.irq.connect { [unowned self] in core.setInterrupt(1, $0) }
    for line in [spis[0].irq, spis[1].irq, i2s.irq] { line.connect { [unowned self] _ in core.setInterrupt(2, dport.spiInterrupts() != 0) } }
    gpio.irq.connect { [unowned self] in core.setInterrupt(4, $0) }
    for u in uarts { u.irq.connect { [unowned self] _ in core.setInterrupt(5, uarts[0].irq.isHigh || uarts[1].irq.isHigh) } }
    watchdog.onInterrupt = { [unowned self] in pulse(8, bit: 0) }
    timer.onExpire1 = { [unowned self] in
      pulse(9, bit: 1)
      if dport.nmiSource == DPORT.nmiFRC1 { pulse(14, bit: 1) }
    }
    timer.onExpire2 = { [unowned self] in pulse(10, bit: 2) }
    watchdog.onReset = { [unowned self] in request(.watchdog) }
    rtc.onSoftwareReset = { [unowned self] in request(.software) }
    gpio.onWake = { [unowned self] in rtc.wakeByPin() }
    rtc.onWake = { [unowned self] in if !state.pointee.isHeld { core.isStalled = false } }
    rtc.onSleep = { [unowned self] in scheduler.schedule(sleepEvent, at: scheduler.now) }
    analog.tout = { [unowned self] in tout.volts ?? 0 }
    rst.drive = .pullUp
    rst.onChange = { [unowned self] level in
      if level == .low {
        holdInReset()
      } else if state.pointee.isHeld {
        leaveReset()
      }
    }
    i2s.nextWord = { [unowned self] in slc.nextWord() }
    connectPads()
  }
  private func pulse(_ n: Int, bit: Int) {
    guard dport[.edgeIntEnable][bit: bit] else { return }
    core.setInterrupt(n, true)
    core.setInterrupt(n, false)
  }
  /// Functions of the pads besides GPIO (pin list of Espressif, ESP8266_Pin_List).
  private func connectPads() {
    typealias Function = GPIO.Function
    func shows(_ line: Line) -> Function { Function(out: { line.isHigh }, enable: { true }) }
    let uart0 = uarts[0], uart1 = uarts[1]
    gpio.functions[1][0] = Function(out: { [unowned self] in dport[.hostInfSel][bit: DPORT.uart0PinSwap] ? uart0.rts.isHigh : uart0.txd.isHigh }, enable: { true })
    gpio.functions[15][4] = Function(out: { [unowned self] in dport[.hostInfSel][bit: DPORT.uart0PinSwap] ? uart0.txd.isHigh : uart0.rts.isHigh }, enable: { true })
    gpio.functions[2][4] = shows(uart0.txd)
    // A pad with nothing on it has a console's adapter, which keeps RXD high and CTS low.
    for (n, f, isReceive) in [(3, 0, true), (13, 4, false)] {
      gpio.functions[n][f] = Function(input: { [unowned self] level in
        let pin = gpio.pins[n]
        if isReceive != dport[.hostInfSel][bit: DPORT.uart0PinSwap] { uart0.rxdChanged(level || pin.net.pins.count < 2) } else { uart0.ctsChanged(level && pin.net.pins.count > 1) }
      })
    }
    gpio.functions[2][2] = shows(uart1.txd)
    gpio.functions[7][4] = shows(uart1.txd)
    gpio.functions[8][4] = Function(input: { [unowned self] level in uart1.rxdChanged(level || gpio.pins[8].net.pins.count < 2) })
    for (u, pads) in [(uart0, [(1, 0), (2, 4), (15, 4)]), (uart1, [(2, 2), (7, 4)])] {
      u.txd.connect { [unowned self] _ in gpio.update(pads.reduce(0) { $0 | (gpio.function($1.0) == $1.1 ? 1 << UInt32($1.0) : 0) }) }
      u.rts.connect { [unowned self] _ in gpio.update(1 << 1 | 1 << 15) }
      u.serial.isWatched = { [unowned self] in pads.contains { gpio.function($0.0) == $0.1 && gpio.pins[$0.0].isWatched } }
    }
    let hspi = spis[1]
    gpio.functions[12][2] = Function()
    gpio.functions[13][2] = shows(hspi.mosi)
    gpio.functions[14][2] = shows(hspi.clk)
    gpio.functions[15][2] = shows(hspi.cs0)
    hspi.miso = { [unowned self] in gpio.function(12) == 2 && gpio.pins[12].isHigh }
    hspi.isWatched = { [unowned self] in (12...15).contains { gpio.function($0) == 2 && gpio.pins[$0].isWatched } }
    spis[0].isSystemClock = { [unowned self] in mux[.conf][bit: 8] }
    hspi.isSystemClock = { [unowned self] in mux[.conf][bit: 9] }
    for (line, n) in [(hspi.mosi, UInt32(13)), (hspi.clk, 14), (hspi.cs0, 15)] { line.connect { [unowned self] _ in gpio.update(1 << n) } }
    for (line, n) in [(i2s.data, 3), (i2s.bck, 15), (i2s.ws, 2)] {
      gpio.functions[n][1] = shows(line)
      line.connect { [unowned self] _ in gpio.update(1 << UInt32(n)) }
    }
    i2s.isWatched = { [unowned self] in [2, 3, 15].contains { gpio.function($0) == 1 && gpio.pins[$0].isWatched } }
  }
  /// The flash changed by program or erase: what was decoded of it is void.
  public func flashChanged(offset: Int, count: Int) { flashCode.changed(offset: UInt32(truncatingIfNeeded: offset), count: UInt32(truncatingIfNeeded: count)) }

  // MARK: Memory

  /// The window to the flash, and the RAM that the cache does not use. While the cache is off, which programs and erases
  /// are made in, reads still find what was there: NodeMCU writes its initial data out of the window.
  private func mapCache() {
    let mask = UInt32(flash.size - 1)
    if dport.cacheEnabled { state.pointee.hasWindow = true }
    for page in 0..<16 {
      core.mapPage(page, of: flashWindow, to: state.pointee.hasWindow ? flashCode : nil, offset: (dport.flashWindow &+ UInt32(page) << 16) & mask & ~0xFFFF)
    }
    let lent = dport[.spiCacheRAM]
    core.mapPage(0, of: cacheRAM, to: lent[bit: 4] ? nil : iramCode, offset: 0x8000)
    core.mapPage(1, of: cacheRAM, to: lent[bit: 3] ? nil : iramCode, offset: 0xC000)
  }
  private func mapAddresses() {
    bus.log = machine.log
    bus.map(dport, at: 0x3FF0_0000)
    bus.map(wdev, at: 0x3FF2_0000, size: 0x4000)
    bus.map(memory: dram.raw, at: 0x3FFE_8000, size: UInt32(dram.size), writable: true)
    bus.map(apb, at: 0x6000_0000, bytewise: true)
    bus.map(memory: rtcMemory.raw, at: 0x6000_1000, size: 0x1000, writable: true)
    bus.map(baseBand, at: 0x6000_9000, size: 0x2000)
    let blocks: [(UInt32, Device)] = [
      (0x000, uarts[0]), (0x100, spis[1]), (0x200, spis[0]), (0x300, gpio), (0x400, radio), (0x500, frontEnd), (0x600, timer), (0x700, rtc), (0x800, mux), (0x900, watchdog),
      (0xA00, sdio), (0xB00, slc), (0xD00, analog), (0xE00, i2s), (0xF00, uarts[1]),
    ]
    for (at, device) in blocks { apb.map(device, at: at) }
    for d in blocks.map(\.1) + [dport, wdev, apb, baseBand] { d.log = machine.log }
  }

  // MARK: Clocks

  /// The PLL's clock: 80 MHz once the firmware has told it of its crystal, until then twice the crystal.
  private var busHertz: UInt64 { analog.isFor26MHz && crystal == 26_000_000 ? 80_000_000 : crystal * 2 }
  private func updateClocks() {
    let f = busHertz * 256, time = machine.scheduler.now
    if f != apbClock.pointee.frequency256 {
      timer.clockWillChange()
      apbClock.pointee.setFrequency256(f, at: time)
      timer.clockChanged()
      for u in uarts { u.retime() }
    }
    let cpu = dport.isDoubleClock ? f * 2 : f
    guard cpu != core.clock.pointee.frequency256 else { return }
    machine.setFrequency256(cpu, of: core.clock)
    core.clockChanged()
  }

  // MARK: Resets

  /// Power comes up: everything at its reset value, the core from the ROM.
  public func powerOn() { restart(.powerOn) }
  /// Power goes away: the memories forget.
  public func powerOff() {
    for m in [iram, dram, rtcMemory] { m.raw.initializeMemory(as: UInt8.self, repeating: 0, count: m.size) }
    core.invalidateAll()
    resetBlocks()
    holdInReset()
  }
  /// RST or CH_PD is low: nothing runs.
  public func holdInReset() {
    state.pointee.isHeld = true
    core.isStalled = true
    machine.scheduler.endSlice()
  }
  public func leaveReset() { request(.external) }
  private func request(_ reason: RTC.Reason) {
    state.pointee.pending = reason
    machine.scheduler.schedule(resetEvent, at: machine.now)
  }
  private func resetBlocks() {
    for d in [dport, mux, gpio, timer, watchdog, slc, i2s, analog, frontEnd, baseBand, wdev, radio, sdio] + uarts + spis as [Device] { d.reset() }
  }
  private func restart(_ reason: RTC.Reason) {
    machine.scheduler.cancel(sleepEvent)
    state.pointee.hasWindow = false
    resetBlocks()
    rtc.restart(reason)
    mapCache()
    updateClocks()
    gpio.refresh()
    gpio.latchStraps()
    state.pointee.isHeld = rst.level == .low
    core.reset()
    core.isStalled = state.pointee.isHeld
    machine.scheduler.endSlice()
  }
  /// The core stands; in deep sleep all but the RTC loses its power.
  private func sleep() {
    core.isStalled = true
    machine.scheduler.endSlice()
    guard rtc.wantsDeepSleep else { return }
    resetBlocks()
    rtc.enterDeepSleep()
  }
}
