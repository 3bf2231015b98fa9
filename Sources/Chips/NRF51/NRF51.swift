import ARMv6M
import Machine
import Processor

/// The nRF51822: a Cortex-M0 at 16 MHz, 256 KiB of flash, 16 KiB of RAM, and the blocks of Nordic's nRF51 Series Reference
/// Manual v3.0 at their addresses.
public final class NRF51 {
  public let machine: Machine
  public let core: CortexM0
  public let flash, ram, uicr: Memory

  public let power: POWER, radio: RADIO, uart: UART, spis: [SPI], twis: [TWI], gpio: GPIO, gpiote: GPIOTE, adc: ADC
  public let timers: [TIMER], rtcs: [RTC], temp: TEMP, rng: RNG, ecb: ECB, ccm: CCM, wdt: WDT, qdec: QDEC, lpcomp: LPCOMP
  public let ppi: PPI, nvmc: NVMC, ficr: FICR
  /// HFCLK and LFCLK.
  private let highClock, lowClock: UnsafeMutablePointer<Clock>
  private let bus = Bus()
  private let sharedBlocks: [SharedBlock]
  private let windows: [FlashWindow]
  /// What ID n at 0x40000000 + n * 0x1000 is.
  private var blocks: [Int: Device] = [:]
  /// The interrupt requests of each ID.
  private var lines: [Int: [Line]] = [:]
  private struct State: BitwiseCopyable { var reason: UInt32 = 0, isHeld = false, isOff = false }
  private let state: UnsafeMutablePointer<State>
  private var resetEvent: Scheduler.Event!
  public static let hertz: UInt64 = 16_000_000

  /// - Parameters:
  ///   - flash: 256 KiB.
  ///   - number: tells chips apart: their identifiers and addresses differ.
  public init(machine: Machine, flash: Memory, number: UInt32 = 1) {
    self.machine = machine
    self.flash = flash
    let arena = machine.arena, scheduler = machine.scheduler, scope = machine.arena.scope
    let clock = machine.cores.isEmpty ? machine.coreClock : arena.allocate("NRF51.HFCLK", initial: Clock(hertz: Self.hertz))
    highClock = clock
    lowClock = arena.allocate("NRF51.LFCLK", initial: Clock(hertz: 32768))
    let lowClock = lowClock
    state = arena.allocate("NRF51.state", initial: State())
    ram = Memory("\(scope)NRF51.RAM", size: 16384)
    uicr = Memory("\(scope)NRF51.UICR", size: 4096, fill: 0xFF)
    for m in [flash, ram, uicr] { machine.add(m) }
    let memory = MasterPort(bus)

    power = POWER(arena: arena, scheduler: scheduler)
    radio = RADIO(arena: arena, scheduler: scheduler, memory: memory)
    uart = UART(arena: arena, scheduler: scheduler)
    spis = (0..<2).map { SPI($0, arena: arena, scheduler: scheduler) }
    twis = (0..<2).map { TWI($0, arena: arena, scheduler: scheduler) }
    gpio = GPIO(arena: arena)
    gpiote = GPIOTE(arena: arena, gpio: gpio)
    adc = ADC(arena: arena, scheduler: scheduler)
    timers = (0..<3).map { TIMER($0, isWide: $0 == 0, arena: arena, scheduler: scheduler, clock: clock) }
    rtcs = (0..<2).map { RTC($0, compares: 3 + $0, arena: arena, scheduler: scheduler, clock: lowClock) }
    temp = TEMP(arena: arena, scheduler: scheduler)
    rng = RNG(arena: arena, scheduler: scheduler)
    ecb = ECB(arena: arena, scheduler: scheduler, memory: memory)
    ccm = CCM(arena: arena)
    wdt = WDT(arena: arena, scheduler: scheduler, clock: lowClock)
    qdec = QDEC(arena: arena, scheduler: scheduler)
    lpcomp = LPCOMP(arena: arena, scheduler: scheduler)
    ppi = PPI(arena: arena)
    nvmc = NVMC(arena: arena, flash: flash, uicr: uicr)
    ficr = FICR(arena: arena, number: number)
    let spis = spis, twis = twis
    sharedBlocks = (0..<2).map { n in
      SharedBlock("SPI\(n)_TWI\(n)", [(twis[n], { [unowned t = twis[n]] in t.isEnabled }), (spis[n], { [unowned s = spis[n]] in s.isEnabled })])
    }
    windows = [FlashWindow("FLASH", flash, nvmc: nvmc), FlashWindow("UICR", uicr, nvmc: nvmc)]
    core = CortexM0(name: "\(scope)core0", variant: .nrf51, bus: bus, machine: machine, clock: clock)
    resetEvent = scheduler.event("NRF51.reset") { [unowned self] _ in restart(reason: state.pointee.reason) }
    connect()
    mapAddresses()
  }

  // MARK: Wires

  private func connect() {
    let scheduler = machine.scheduler
    machine.add(core)
    core.addRegion(base: 0x2000_0000, size: UInt32(ram.size), memory: ram.raw, writable: true)
    core.addRegion(base: 0, size: UInt32(flash.size), memory: flash.raw, writable: false)
    core.onResetRequest = { [unowned self] in request(POWER.Reason.request) }
    // §12.1.7.4: a lockup resets the chip.
    core.onLockup = { [unowned self] core in
      machine.log.once("the core locked up: it faulted at 0x\(String(core.lastFault, radix: 16)), last access 0x\(String(core.lastAccess, radix: 16)); the chip resets")
      request(POWER.Reason.lockup)
    }
    bus.onMemoryWrite = { [unowned self] address, _ in core.invalidate(address & ~3, count: 4) }
    power.onSystemOff = { [unowned self] in
      // Only what senses a pin is awake (§12.1.4).
      resetBlocks()
      state.pointee.isOff = true
      core.asleep.pointee = true
      scheduler.endSlice()
    }
    wdt.onReset = { [unowned self] in request(POWER.Reason.watchdog) }
    gpio.onDetect = { [unowned self] in if state.pointee.isOff { request(POWER.Reason.off) } else { gpiote.portDetected() } }
    nvmc.onChange = { [unowned self] offset, count in core.invalidate(UInt32(offset), count: UInt32(count)) }
    nvmc.onBusy = { [unowned self] cycles in core.cycles.pointee &+= cycles }
    nvmc.isProtected = { [unowned self] offset in power.protects(block: offset >> 12) }

    let all: [(Int, Peripheral)] = [
      (0, power), (1, radio), (2, uart), (3, spis[0]), (3, twis[0]), (4, spis[1]), (4, twis[1]), (6, gpiote), (7, adc), (8, timers[0]), (9, timers[1]), (10, timers[2]), (11, rtcs[0]), (12, temp),
      (13, rng), (14, ecb), (15, ccm), (16, wdt), (17, rtcs[1]), (18, qdec), (19, lpcomp),
    ]
    for (id, block) in all {
      let base = 0x4000_0000 + UInt32(id) << 12
      block.onEvent = { [unowned self] n in ppi.fire(base + 0x100 + UInt32(n) * 4) }
      lines[id, default: []].append(block.irq)
      block.irq.connect { [unowned self] _ in core.setInterrupt(id, lines[id]?.contains { $0.isHigh } ?? false) }
      blocks[id] = block
    }
    for n in 0..<2 { blocks[3 + n] = sharedBlocks[n] }
    blocks[30] = nvmc
    blocks[31] = ppi
    ppi.onRoutes = { [unowned self] in for (id, block) in all { block.route(ppi.routes(from: 0x4000_0000 + UInt32(id) << 12)) } }
    ppi.start = { [unowned self] address in
      guard address >> 17 == 0x4000_0000 >> 17, address & 0xFFF < 0x80, let block = blocks[Int(address >> 12 & 0x1F)] else { return }
      block.write32(1, at: address & 0xFFC)
    }
    connectPins()
  }
  private func connectPins() {
    func mask(_ pins: Int?...) -> UInt32 { pins.reduce(0) { $0 | ($1.map { 1 << UInt32($0) } ?? 0) } }
    let level: (Int) -> Bool = { [unowned gpio] in gpio.level($0) }
    let volts: (Int) -> Float = { [unowned gpio] in gpio.pins[$0].volts ?? 0 }
    uart.onPins = { [unowned gpio] in gpio.usersChanged() }
    uart.serial.isWatched = { [unowned self] in uart.txdPin.map { gpio.pins[$0].isWatched } ?? false }
    uart.serial.txd.connect { [unowned self] _ in gpio.update(mask(uart.txdPin)) }
    uart.rts.connect { [unowned self] _ in gpio.update(mask(uart.rtsPin)) }
    gpio.users.append(
      GPIO.User(
        drives: { [unowned uart] in mask(uart.txdPin, uart.rtsPin) }, hears: { [unowned uart] in mask(uart.rxdPin, uart.ctsPin) },
        output: { [unowned uart] pin in (true, pin == uart.txdPin ? uart.serial.txd.isHigh : uart.rts.isHigh) },
        input: { [unowned uart] pin, high in if pin == uart.rxdPin { uart.serial.rxdChanged(high) } else { uart.ctsChanged(high) } }))
    for twi in twis {
      twi.onPins = { [unowned gpio] in gpio.usersChanged() }
      twi.level = level
      twi.scl.connect { [unowned self, unowned twi] _ in gpio.update(mask(twi.sclPin)) }
      twi.sda.connect { [unowned self, unowned twi] _ in gpio.update(mask(twi.sdaPin)) }
      gpio.users.append(
        GPIO.User(
          drives: { [unowned twi] in mask(twi.sclPin, twi.sdaPin) }, hears: { [unowned twi] in mask(twi.sclPin) },
          output: { [unowned twi] pin in (!(pin == twi.sclPin ? twi.scl : twi.sda).isHigh, false) },
          input: { [unowned twi] _, high in twi.sclChanged(high) }))
    }
    for spi in spis {
      spi.onPins = { [unowned gpio] in gpio.usersChanged() }
      spi.miso = { [unowned spi] in spi.misoPin.map(level) ?? false }
      spi.isWatched = { [unowned self, unowned spi] in [spi.sckPin, spi.mosiPin, spi.misoPin].contains { $0.map { gpio.pins[$0].isWatched } ?? false } }
      spi.sck.connect { [unowned self, unowned spi] _ in gpio.update(mask(spi.sckPin)) }
      spi.mosi.connect { [unowned self, unowned spi] _ in gpio.update(mask(spi.mosiPin)) }
      gpio.users.append(
        GPIO.User(drives: { [unowned spi] in mask(spi.sckPin, spi.mosiPin) }, output: { [unowned spi] pin in (true, pin == spi.sckPin ? spi.sck.isHigh : spi.mosi.isHigh) }))
    }
    qdec.onPins = { [unowned gpio] in gpio.usersChanged() }
    qdec.level = level
    gpio.users.append(GPIO.User(drives: { [unowned qdec] in mask(qdec.ledPin) }, output: { [unowned qdec] _ in (true, qdec.ledLevel) }))
    adc.volts = volts
    lpcomp.volts = volts
  }
  private func mapAddresses() {
    bus.log = machine.log
    bus.map(memory: ram.raw, at: 0x2000_0000, size: UInt32(ram.size), writable: true)
    bus.map(windows[0], at: 0, size: UInt32(flash.size), bytewise: true)
    bus.map(ficr, at: 0x1000_0000)
    bus.map(windows[1], at: 0x1000_1000, bytewise: true)
    for (id, block) in blocks { bus.map(block, at: 0x4000_0000 + UInt32(id) << 12) }
    bus.map(gpio, at: 0x5000_0000, bytewise: true)
    bus.map(ROMTable(), at: 0xF000_0000)
    for d in [gpio, ppi, nvmc, ficr, power, radio, uart, gpiote, adc, temp, rng, ecb, ccm, wdt, qdec, lpcomp] as [Device] + spis + twis + timers + rtcs { d.log = machine.log }
  }
  /// What pin `n` does at the moment.
  public func functionName(_ n: Int) -> String {
    guard 0..<GPIO.count ~= n else { return "" }
    let names: [(Int?, String)] =
      [(uart.txdPin, "UART0 TXD"), (uart.rxdPin, "UART0 RXD"), (uart.rtsPin, "UART0 RTS"), (uart.ctsPin, "UART0 CTS"), (qdec.ledPin, "QDEC LED")]
      + twis.enumerated().flatMap { [($1.sclPin, "TWI\($0) SCL"), ($1.sdaPin, "TWI\($0) SDA")] }
      + spis.enumerated().flatMap { [($1.sckPin, "SPI\($0) SCK"), ($1.mosiPin, "SPI\($0) MOSI"), ($1.misoPin, "SPI\($0) MISO")] }
    return names.first { $0.0 == n }?.1 ?? gpiote.functionName(n) ?? (gpio.isOutput(n) ? "GPIO output" : "GPIO input")
  }
  /// Where a byte of an image goes: the flash, or UICR.
  public func memory(at address: UInt32) -> (memory: Memory, offset: Int)? {
    if Int(address) < flash.size { return (flash, Int(address)) }
    if 0x1000_1000..<0x1000_2000 ~= address { return (uicr, Int(address - 0x1000_1000)) }
    return nil
  }

  // MARK: Resets

  /// Power comes up: everything at its reset value, the core from the vector table at 0.
  public func powerOn() {
    state.pointee.isHeld = false
    restart(reason: nil)
  }
  /// Power goes away: the RAM forgets.
  public func powerOff() {
    ram.raw.initializeMemory(as: UInt8.self, repeating: 0, count: ram.size)
    core.invalidate(0x2000_0000, count: UInt32(ram.size))
    holdInReset()
  }
  /// The reset pin is low.
  public func holdInReset() {
    state.pointee.isHeld = true
    restart(reason: 0)
  }
  public func leaveReset() {
    guard state.pointee.isHeld else { return }
    state.pointee.isHeld = false
    request(POWER.Reason.pin)
  }
  private func request(_ reason: UInt32) {
    state.pointee.reason = reason
    machine.scheduler.schedule(resetEvent, at: machine.now)
  }
  private func restart(reason: UInt32?) {
    machine.scheduler.cancel(resetEvent)
    state.pointee.isOff = false
    resetBlocks()
    power.restart(reason: reason)
    gpio.reset()
    core.reset()
    if state.pointee.isHeld { core.asleep.pointee = true }
  }
  private func resetBlocks() { for (id, block) in blocks.sorted(by: { $0.key < $1.key }) where id != 0 { block.reset() } }
}

extension CortexM0.Variant {
  /// nRF51: a Cortex-M0 r0p0 without SysTick, with the multiplier of one cycle.
  static var nrf51: CortexM0.Variant {
    var v = CortexM0.Variant.m0
    v.hasSysTick = false
    return v
  }
}

/// The debug ROM table's identification, of which Nordic's start-up code reads the revision (nRF51 product anomaly notice 16, 31).
private final class ROMTable: Device {
  init() { super.init(name: "NRF51.ROMTABLE") }
  override func read32(at offset: UInt32) -> UInt32 {
    switch offset {
    case 0xFE0: 0x01
    case 0xFE8: 0x70  // third revision
    default: 0
    }
  }
}
