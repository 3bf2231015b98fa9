import Machine

/// The clock tree (ESP32 TRM §3.2): what CPU_CLK, APB_CLK, REF_TICK and the RTC's slow clock are made of.
public final class ESP32Clocks {
  /// CPU_CLK of both cores, APB_CLK, REF_TICK (1 MHz as programmed), the crystal's clock and RTC_SLOW_CLK.
  public let cpu, apb, refTick, xtal, slow: UnsafeMutablePointer<Clock>
  /// Hertz of the crystal, of the RTC's fast RC oscillator and of its slow one (TRM §3.2.3: 8 MHz and 150 kHz, by nature inexact).
  public let crystal, fastRC, slowRC: UInt64
  private unowned let machine: Machine
  private let asleep: UnsafeMutablePointer<Bool>
  /// Told after a change of any frequency: what is scheduled in cycles must be scheduled again.
  var onChange: [() -> Void] = []

  init(chip: String = "ESP32", machine: Machine, cpu: UnsafeMutablePointer<Clock>, crystal: UInt64, fastRC: UInt64 = 8_500_000, slowRC: UInt64 = 150_000) {
    self.machine = machine
    self.cpu = cpu
    self.crystal = crystal
    self.fastRC = fastRC
    self.slowRC = slowRC
    let arena = machine.arena
    apb = arena.allocate("\(chip).APB_CLK", initial: Clock(hertz: crystal))
    refTick = arena.allocate("\(chip).REF_TICK", initial: Clock(hertz: 1_000_000))
    xtal = arena.allocate("\(chip).XTAL_CLK", initial: Clock(hertz: crystal))
    slow = arena.allocate("\(chip).RTC_SLOW_CLK", initial: Clock(hertz: slowRC))
    asleep = arena.allocate("\(chip).clocksAsleep", initial: false)
  }
  /// In sleep the crystal and the PLL are off: what counts their cycles stands still.
  var isAsleep: Bool {
    get { asleep.pointee }
    set { asleep.pointee = newValue }
  }
  /// Hertz of a source of the slow clock: 0 the RC oscillator, 1 the 32 kHz crystal, 2 the fast RC oscillator over 256.
  func slowHertz(_ source: UInt32) -> UInt64 { source == 1 ? 32768 : source == 2 ? fastRC / 256 : slowRC }

  /// Takes over RTC_CNTL.CLK_CONF, DPORT.CPU_PER_CONF and APB_CTRL's dividers.
  func update(clkConf: UInt32, cpuPeriod: UInt32, preDivider: UInt32, tickDividers: (crystal: UInt32, pll: UInt32, fastRC: UInt32)) {
    let source = clkConf[bits: 27...28]
    var cpuHertz: UInt64, apbHertz: UInt64, tick: UInt32
    switch source {
    case 1, 3:
      cpuHertz = [80, 160, 240, 240][Int(cpuPeriod & 3)] * 1_000_000
      apbHertz = 80_000_000
      tick = tickDividers.pll
    default:
      cpuHertz = (source == 0 ? crystal : fastRC) / UInt64(preDivider + 1)
      apbHertz = cpuHertz
      tick = source == 0 ? tickDividers.crystal : tickDividers.fastRC
    }
    cpuHertz = max(cpuHertz, 1000)
    set(cpu: cpuHertz, apb: apbHertz, tick: tick, slowSource: clkConf[bits: 30...31])
  }
  /// Takes over the frequencies of CPU_CLK and APB_CLK in hertz, REF_TICK's divider less one, and the source of the slow clock.
  func set(cpu cpuHertz: UInt64, apb apbHertz: UInt64, tick: UInt32, slowSource: UInt32) {
    machine.setFrequency256(cpuHertz * 256, of: cpu)
    let frozen = isAsleep
    var changed = set(apb, frozen ? 0 : apbHertz * 256)
    if set(refTick, frozen ? 0 : apbHertz * 256 / UInt64(tick + 1)) { changed = true }
    if set(xtal, frozen ? 0 : crystal * 256) { changed = true }
    if set(slow, slowHertz(slowSource) * 256) { changed = true }
    if changed { for f in onChange { f() } }
  }
  private func set(_ clock: UnsafeMutablePointer<Clock>, _ f: UInt64) -> Bool {
    guard clock.pointee.frequency256 != f else { return false }
    clock.pointee.setFrequency256(f, at: machine.now)
    return true
  }
}
