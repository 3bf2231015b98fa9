import Machine
import Processor
import Xtensa

/// What the ESP32 and its successors have alike: cores that share a clock and a flash, an RTC that puts them to sleep and wakes them,
/// and the resets of their parts.
public class ESP32Series {
  public let machine: Machine
  /// PRO and APP; the ESP32-S2 has PRO alone.
  public let cores: [XtensaCore]
  public let flash: Memory
  let flashCode: CodeMemory
  public let clocks: ESP32Clocks
  public let rtc: ESP32RTCControl
  public let timerGroups: [ESP32TimerGroup]
  public let gpio: ESPGPIO
  public let uarts: [ESP32UART]
  private let pendingReset: UnsafeMutablePointer<PendingReset>
  private var resetEvent: Scheduler.Event!
  /// What is to be reset when the running instruction is over.
  struct PendingReset: BitwiseCopyable { var system = false, rtc = false, cause: UInt32 = 0, cores: (UInt32, UInt32) = (0, 0) }

  init(name: String, machine: Machine, flash: Memory, cores: [XtensaCore], clocks: ESP32Clocks, rtc: ESP32RTCControl, timerGroups: [ESP32TimerGroup], gpio: ESPGPIO, uarts: [ESP32UART]) {
    self.machine = machine
    self.flash = flash
    flashCode = CodeMemory(flash)
    self.cores = cores
    self.clocks = clocks
    self.rtc = rtc
    self.timerGroups = timerGroups
    self.gpio = gpio
    self.uarts = uarts
    pendingReset = machine.arena.allocate("\(name).pendingReset", initial: PendingReset())
    resetEvent = machine.scheduler.event("\(name).reset") { [unowned self] _ in performReset() }
  }

  // MARK: What a chip says of itself

  /// RAM with what was decoded of it, and whether deep sleep leaves its power on.
  var ram: [(memory: Memory, code: CodeMemory, outlivesDeepSleep: Bool)] { [] }
  /// What is reset with the RTC, and what is reset with the digital system; GPIO comes after both.
  var rtcDevices: [Device] { [] }
  var digitalDevices: [Device] { [] }
  /// Whether the straps ask for a start from the flash.
  var bootsFromFlash: Bool { true }
  /// Whether the APP core is in reset, without clock or stopped.
  var appCoreIsHeld: Bool { false }
  /// Takes over the frequencies that the registers say.
  func updateClocks() {}

  // MARK: Wires

  /// The RTC, the watchdogs and the pads that wake.
  func connectRTC() {
    rtc.onStall = { [unowned self] in updateStalls() }
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
    rtc.padWakes = { [unowned self] in gpio.wakes }
    gpio.onPad = { [unowned self] _ in rtc.checkPads() }
    for (n, group) in timerGroups.enumerated() {
      group.slowSource = { [unowned self] in rtc[.clkConf][bits: 30...31] }
      group.onReset = { [unowned self] system in
        if system { rtc.onSystemReset(n == 0 ? ESP32RTCControl.Cause.timerGroup0 : ESP32RTCControl.Cause.timerGroup1, false) }
        // A lone core is guarded by both groups.
        else if n < cores.count { rtc.onCoreReset(n, ESP32RTCControl.Cause.timerGroupCPU) } else { rtc.onCoreReset(0, ESP32RTCControl.Cause.timerGroup1CPU) }
      }
    }
  }
  /// A block's output as a signal of the GPIO matrix.
  func output(_ signal: Int, _ line: Line, enable: (() -> Bool)? = nil) {
    gpio.signals[signal].out = { line.isHigh }
    gpio.signals[signal].enable = enable
    line.connect { [unowned self] _ in gpio.outputChanged(signal) }
  }
  /// A UART's lines: TXD and RXD by one number, RTS and CTS by the other.
  func connect(_ uart: ESP32UART, data: Int, control: Int) {
    output(data, uart.txd)
    output(control, uart.rts)
    uart.serial.isWatched = { [unowned self] in gpio.isWatched(data) }
    gpio.signals[data].idle = true
    // A pad with nothing on it has a console's adapter, which keeps RXD high.
    gpio.signals[data].input = { [unowned self, unowned uart] level in uart.rxdChanged(level || !isWired(data)) }
    gpio.signals[control].input = { [unowned uart] in uart.ctsChanged($0) }
  }
  /// An SPI controller's lines.
  func connect(_ spi: ESP32SPI, clk: Int, q: Int, d: Int, cs: [Int]) {
    output(clk, spi.clk)
    output(d, spi.mosi, enable: { [unowned spi] in spi.drivesMOSI })
    for (k, s) in cs.enumerated() { output(s, spi.cs[k]) }
    spi.isWatched = { [unowned self] in [clk, q, d].contains { gpio.isWatched($0) } }
    spi.onDrive = { [unowned self] in gpio.outputChanged(d) }
    gpio.signals[q].input = { [unowned spi] in spi.misoChanged($0) }
    gpio.signals[d].input = { [unowned spi] in spi.dataChanged($0) }
  }
  /// An I2C controller's lines.
  func connect(_ i2c: ESP32I2C, scl: Int, sda: Int) {
    output(scl, i2c.scl)
    output(sda, i2c.sda)
    gpio.signals[scl].input = { [unowned i2c] in i2c.sclChanged($0) }
    gpio.signals[sda].input = { [unowned i2c] in i2c.sdaChanged($0) }
    for s in [scl, sda] { gpio.signals[s].idle = true }
  }
  /// Whether something is tied to the pad that leads to an input.
  func isWired(_ signal: Int) -> Bool { gpio.source(of: signal).map { gpio.pins[$0].net.pins.count > 1 } ?? true }

  // MARK: The cores: held, stalled, asleep

  /// The registers that hold the APP core were written.
  func appCoreControlled(inReset: Bool) {
    if inReset {
      cores[1].reset()
      rtc.setCause(ESP32RTCControl.Cause.appByPro, core: 1)
    }
    updateStalls()
  }
  func updateStalls() {
    let asleep = rtc.isAsleep
    for (n, c) in cores.enumerated() { c.isStalled = asleep || rtc.isStalled(n) || n == 1 && appCoreIsHeld }
    machine.scheduler.endSlice()
  }
  private func sleep(_ asleep: Bool, _ deep: Bool) {
    if !asleep && deep {
      // The digital system was without power.
      for m in ram where !m.outlivesDeepSleep {
        clear(m.memory)
        m.code.changed(offset: 0, count: m.code.size)
      }
      clocks.isAsleep = false
      resetDigital(cause: ESP32RTCControl.Cause.deepSleep)
      return
    }
    clocks.isAsleep = asleep
    updateClocks()
    rtc.sleepChanged()
    updateStalls()
  }

  // MARK: Resets

  /// Power comes up.
  public func powerOn() {
    for m in ram { clear(m.memory) }
    start(cause: ESP32RTCControl.Cause.powerOn)
  }
  /// Power goes away: the memories forget, and nothing runs.
  public func powerOff() {
    powerOn()
    holdInReset()
  }
  /// EN is low: nothing runs.
  public func holdInReset() {
    for d in rtcDevices + digitalDevices { d.reset() }
    for g in timerGroups { g.guardFlashBoot(false) }
    rtc.guardFlashBoot(false)
    // Last: a reset of the RTC lets go of what software has stalled.
    for c in cores { c.isStalled = true }
    machine.scheduler.endSlice()
  }
  /// EN has gone high: as with power, but the memories have kept what they held.
  public func leaveReset() { start(cause: ESP32RTCControl.Cause.powerOn) }
  private func clear(_ m: Memory) { m.raw.initializeMemory(as: UInt8.self, repeating: 0, count: m.size) }
  private func start(cause: UInt32) {
    for d in rtcDevices { d.reset() }
    clocks.isAsleep = false
    for m in ram { m.code.changed(offset: 0, count: m.code.size) }
    resetDigital(cause: cause)
  }
  /// All but the RTC starts again.
  private func resetDigital(cause: UInt32) {
    pendingReset.pointee = PendingReset()
    machine.scheduler.cancel(resetEvent)
    rtc.afterSystemReset()
    for d in digitalDevices { d.reset() }
    gpio.reset()
    // The straps are taken when the RTC starts; other resets find them as they were.
    if cause == ESP32RTCControl.Cause.powerOn || cause == ESP32RTCControl.Cause.rtcWatchdogRTC { gpio.takeStraps() }
    let fromFlash = bootsFromFlash
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
    for (n, cause) in [p.cores.0, p.cores.1].enumerated() where cause != 0 && n < cores.count {
      rtc.setCause(cause, core: n)
      cores[n].reset()
    }
    updateStalls()
  }

  // MARK: For whoever builds a board

  /// The flash's chip.
  public func attach(flash chip: SPITarget?) {}
  /// The flash changed by program or erase: what was decoded of it is void.
  public func flashChanged(offset: Int, count: Int) { flashCode.changed(offset: UInt32(clamping: offset), count: UInt32(clamping: count)) }
}
