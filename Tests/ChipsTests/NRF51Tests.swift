import Machine
import Parts
import Testing

@testable import Chips

/// The chip's blocks through its bus, the core held in reset.
@Suite struct NRF51Tests {
  let machine = Machine(clock: Clock(hertz: 16_000_000))
  let flash = Memory("flash", size: 256 << 10, fill: 0xFF)
  let chip: NRF51

  init() {
    chip = NRF51(machine: machine, flash: flash)
    chip.powerOn()
    chip.holdInReset()
  }
  func read(_ address: UInt32) -> UInt32 { chip.core.bus.read(address, size: 4).value }
  func write(_ address: UInt32, _ value: UInt32) { _ = chip.core.bus.write(address, value, size: 4) }
  func run(microseconds: Double) { machine.run(until: machine.now + UInt64(microseconds * 1e6)) }
  let timer0: UInt32 = 0x4000_8000, ppi: UInt32 = 0x4001_F000, gpiote: UInt32 = 0x4000_6000, gpio: UInt32 = 0x5000_0000

  // MARK: Names, places and reset values

  struct Listed { var name: String, offset: UInt32, reset: UInt32 }
  static let listed: [String: [Listed]] = Dictionary(
    nRF51Registers.split(separator: "\n").map { line in
      let words = line.split(separator: " ")
      return (
        String(words[0]),
        words.dropFirst().map { w in
          let parts = w.split(whereSeparator: { $0 == "@" || $0 == "=" })
          return Listed(name: parts[0].lowercased().replacing("_", with: ""), offset: UInt32(parts[1], radix: 16)!, reset: parts.count > 2 ? UInt32(parts[2], radix: 16)! : 0)
        }
      )
    }, uniquingKeysWith: { $1 })

  /// What the description has at 0 and the manual otherwise, or that depends on the chip.
  static let otherResets: Set<String> = ["uart0.baudrate", "nvmc.ready", "clock.hfclkstat", "power.ramstatus"]
  func check<D: RegisterNaming>(_ d: D, _ blocks: String..., own: Set<String> = [], missing: Set<String> = []) {
    let all = blocks.flatMap { block in (Self.listed[block] ?? []).map { (block, $0) } }
    #expect(!all.isEmpty)
    for r in D.Register.allCases {
      let name = "\(r)".lowercased().replacing("_", with: "")
      #expect(own.contains(name) || all.contains { $0.1.name == name && $0.1.offset == r.rawValue }, "\(d.name).\(r)")
    }
    for (block, l) in all {
      #expect(d.knows(l.offset) != missing.contains(l.name), "\(block).\(l.name)")
      let name = "\(block.lowercased()).\(l.name)"
      if block != "FICR", d.knows(l.offset), !Self.otherResets.contains(name) { #expect(d.read32(at: l.offset) == l.reset, "\(name)") }
    }
  }
  @Test func registersAreThoseOfTheDeviceDescription() {
    chip.powerOff()
    check(chip.ficr, "FICR")
    check(chip.power, "POWER", "CLOCK", "MPU")
    check(chip.radio, "RADIO")
    check(chip.uart, "UART0")
    check(chip.spis[0], "SPI0")
    check(chip.twis[0], "TWI0")
    check(chip.gpiote, "GPIOTE")
    check(chip.adc, "ADC")
    check(chip.timers[0], "TIMER0", own: ["anomaly73"])
    check(chip.rtcs[0], "RTC0")
    check(chip.temp, "TEMP")
    check(chip.rng, "RNG")
    check(chip.ecb, "ECB")
    check(chip.ccm, "CCM", missing: ["tasksksgen", "taskscrypt"])
    check(chip.wdt, "WDT")
    check(chip.qdec, "QDEC")
    check(chip.lpcomp, "LPCOMP")
    check(chip.nvmc, "NVMC")
    check(chip.ppi, "PPI")
    check(chip.gpio, "GPIO")
  }

  // MARK: Counters

  @Test func aTimerCountsAndItsCompareInterruptsOnTime() {
    write(timer0 + 0x510, 4)  // 1 MHz
    write(timer0 + 0x540, 100)
    write(timer0 + 0x304, 1 << 16)
    write(timer0, 1)
    run(microseconds: 99.5)
    #expect(!chip.timers[0].irq.isHigh)
    run(microseconds: 0.6)
    #expect(chip.timers[0].irq.isHigh && read(timer0 + 0x140) == 1)
    write(timer0 + 0x044, 1)
    #expect(read(timer0 + 0x544) == 100)
    write(timer0 + 0x140, 0)
    #expect(!chip.timers[0].irq.isHigh)
    // 16 bits: round after 65536.
    run(microseconds: 65_536)
    write(timer0 + 0x044, 1)
    #expect(read(timer0 + 0x544) == 100 && read(timer0 + 0x140) == 1)
  }
  @Test func nobodyIsToldOfAComparesThatNobodyWaitsFor() {
    write(timer0 + 0x540, 100)
    write(timer0, 1)
    #expect(machine.scheduler.nextDeadline == .max)
    run(microseconds: 150)
    #expect(read(timer0 + 0x140) == 1 && read(timer0 + 0x144) == 0)
  }
  @Test func shortcutsClearAndStop() {
    write(timer0 + 0x510, 4)
    write(timer0 + 0x540, 10)
    write(timer0 + 0x544, 7)
    write(timer0 + 0x200, 1)  // COMPARE0_CLEAR
    write(timer0, 1)
    run(microseconds: 25.5)
    write(timer0 + 0x048, 1)
    #expect(read(timer0 + 0x548) == 5)
    write(timer0 + 0x200, 1 | 1 << 9)  // COMPARE1_STOP
    run(microseconds: 50)
    write(timer0 + 0x048, 1)
    #expect(read(timer0 + 0x548) == 7)
  }
  @Test func onlyTimer0HasMoreThan16Bits() {
    for (n, expected) in [(0, UInt32(100_000)), (1, 100_000 & 0xFFFF)] {
      let t = timer0 + UInt32(n) * 0x1000
      write(t + 0x508, 3)
      write(t, 1)
      run(microseconds: 100_000)
      write(t + 0x040, 1)
      #expect(read(t + 0x540) == expected)
    }
  }
  /// Two compares, two channels of the PPI, a pin: PWM without the processor.
  @Test func aTimerAndThePPIMakeAWave() {
    write(gpiote + 0x510, 3 | 7 << 8 | 3 << 16)  // channel 0: task, P0.07, toggle
    write(timer0 + 0x510, 4)
    write(timer0 + 0x540, 30)
    write(timer0 + 0x544, 100)
    write(timer0 + 0x200, 2)
    for n: UInt32 in 0..<2 {
      write(ppi + 0x510 + n * 8, timer0 + 0x140 + n * 4)
      write(ppi + 0x514 + n * 8, gpiote)
    }
    write(ppi + 0x504, 3)
    var edges: [(UInt64, Bool)] = []
    chip.gpio.pins[7].net.onChange = { [machine] in edges.append((machine.now / 1_000_000, $0 == .high)) }
    let start = machine.now / 1_000_000
    write(timer0, 1)
    run(microseconds: 350)
    #expect(edges.map { $0.0 - start } == [30, 100, 130, 200, 230, 300, 330] && edges.map(\.1) == [true, false, true, false, true, false, true])
    write(ppi + 0x508, 3)
    run(microseconds: 200)
    #expect(edges.count == 7)
  }
  @Test func tasksThatStartOneAnotherEnd() {
    write(timer0 + 0x504, 1)  // counter mode
    write(timer0 + 0x540, 1)
    write(timer0 + 0x200, 1)
    write(ppi + 0x510, timer0 + 0x140)
    write(ppi + 0x514, timer0 + 0x008)
    write(ppi + 0x504, 1)
    write(timer0, 1)
    write(timer0 + 0x008, 1)
    #expect(machine.log.lines.contains { $0.contains("without an end") })
  }
  @Test func groupsAndFixedChannelsOfThePPI() {
    write(ppi + 0x800, 1 << 31)
    write(ppi, 1)  // CHG[0].EN
    #expect(read(ppi + 0x500) == 1 << 31)
    let rtc0: UInt32 = 0x4000_B000
    write(rtc0 + 0x540, 3)
    write(rtc0 + 0x344, 1 << 16)
    write(rtc0, 1)
    run(microseconds: 90)
    write(timer0 + 0x044, 1)
    #expect(read(timer0 + 0x544) == 0)
    run(microseconds: 20)  // three periods of 30.5 µs
    write(timer0 + 0x044, 1)
    #expect(read(timer0 + 0x544) > 0)
  }
  @Test func theRTCCountsTicksAndComparesInterrupt() {
    let rtc: UInt32 = 0x4001_1000
    write(rtc + 0x508, 4095)  // 8 Hz
    write(rtc + 0x54C, 5)
    write(rtc + 0x304, 1 << 19)
    write(rtc, 1)
    run(microseconds: 624_000)
    #expect(read(rtc + 0x504) == 4 && !chip.rtcs[1].irq.isHigh)
    run(microseconds: 1500)
    #expect(read(rtc + 0x504) == 5 && chip.rtcs[1].irq.isHigh)
    // Events that are neither passed on nor interrupt do not happen (§18.1.8).
    #expect(read(rtc + 0x100) == 0)
    write(rtc + 0x00C, 1)
    write(rtc + 0x304, 2)
    run(microseconds: 16 * 125_000)
    #expect(read(rtc + 0x504) == 0 && read(rtc + 0x104) == 1)
  }

  // MARK: Pins

  @Test func pinsPullDriveAndSense() {
    let pin = Pin("probe", arena: machine.arena)
    Net.tie(chip.gpio.pins[3], pin)
    write(gpio + 0x70C, 3 << 2)  // input, pull-up
    #expect(read(gpio + 0x510) == 8)
    write(gpio + 0x70C, 1 << 2)
    #expect(read(gpio + 0x510) == 0)
    write(gpio + 0x70C, 2 | 3 << 2)  // the buffer is off
    #expect(read(gpio + 0x510) == 0)
    write(gpio + 0x508, 8)
    write(gpio + 0x70C, 1 | 6 << 8)  // S0D1: high lets go
    #expect(chip.gpio.pins[3].level == .floating)
    write(gpio + 0x50C, 8)
    #expect(chip.gpio.pins[3].level == .low && read(gpio + 0x514) == 8)
    write(gpio + 0x51C, 8)
    // DETECT makes the event of the port.
    write(gpio + 0x70C, 2 << 16)
    #expect(read(gpiote + 0x17C) == 0)
    pin.drive = .high
    #expect(read(gpiote + 0x17C) == 1)
  }
  @Test func edgesMakeEventsByTheirPolarity() {
    let pin = Pin("probe", arena: machine.arena)
    Net.tie(chip.gpio.pins[3], pin)
    write(gpio + 0x70C, 0)
    write(gpiote + 0x514, 1 | 3 << 8 | 2 << 16)  // channel 1: event, falling
    write(gpiote + 0x304, 2)
    pin.drive = .high
    #expect(!chip.gpiote.irq.isHigh)
    pin.drive = .low
    #expect(chip.gpiote.irq.isHigh && read(gpiote + 0x104) == 1)
  }
  @Test func theADCMeasuresAThirdOfAPinAgainstItsBandgap() {
    let pin = Pin("volts", arena: machine.arena), adc: UInt32 = 0x4000_7000
    Net.tie(chip.gpio.pins[3], pin)
    pin.drive = Drive(.strong, volts: 1.8)
    write(adc + 0x500, 1)
    write(adc + 0x504, 2 | 2 << 2 | 1 << (8 + 4))  // 10 bits, a third, AIN4 = P0.03
    write(adc, 1)
    #expect(read(adc + 0x400) == 1)
    run(microseconds: 67)
    #expect(read(adc + 0x100) == 0)
    run(microseconds: 2)
    #expect(read(adc + 0x100) == 1 && abs(Int(read(adc + 0x508)) - 512) <= 1)
  }

  // MARK: Serial blocks

  @Test func theUARTSendsBitsAndReadsThemBack() {
    let uart: UInt32 = 0x4000_2000
    Net.tie(chip.gpio.pins[10], chip.gpio.pins[11])
    write(gpio + 0x508, 1 << 10)
    write(gpio + 0x728, 1)
    write(gpio + 0x72C, 0)
    write(uart + 0x50C, 10)
    write(uart + 0x514, 11)
    write(uart + 0x524, 0x0027_5000)  // 9600
    write(uart + 0x500, 4)
    write(uart, 1)
    write(uart + 0x008, 1)
    write(uart + 0x51C, 0xA5)
    run(microseconds: 1000)
    #expect(read(uart + 0x11C) == 0)
    run(microseconds: 60)
    #expect(read(uart + 0x11C) == 1 && read(uart + 0x108) == 1 && read(uart + 0x518) == 0xA5)
    // Six wait, the seventh is lost.
    for n: UInt32 in 0..<7 {
      write(uart + 0x51C, n)
      run(microseconds: 1100)
    }
    #expect(read(uart + 0x480) == 1)
    #expect((0..<6).map { _ in read(uart + 0x518) } == [0, 1, 2, 3, 4, 5])
  }
  /// As Nordic's driver reads: each byte suspends, the last one stops.
  @Test func theTWIReadsASensorsRegisters() {
    let twi: UInt32 = 0x4000_3000
    let part = MMA8653(id: "acc", attributes: ["accelX": "0.5"], context: PartContext(machine))
    Net.tie(chip.gpio.pins[0], part.pin("SCL"))
    Net.tie(chip.gpio.pins[30], part.pin("SDA"))
    write(twi + 0x508, 0)
    write(twi + 0x50C, 30)
    write(twi + 0x524, 0x0198_0000)
    write(twi + 0x500, 5)
    func send(_ bytes: [UInt32]) {
      write(twi + 0x008, 1)
      for b in bytes {
        write(twi + 0x11C, 0)
        write(twi + 0x51C, b)
        run(microseconds: 250)
        #expect(read(twi + 0x11C) == 1)
      }
    }
    write(twi + 0x588, 0x1D)
    send([0x2A, 1])
    write(twi + 0x014, 1)
    run(microseconds: 50)
    #expect(read(twi + 0x104) == 1)
    write(twi + 0x104, 0)
    send([0x0D])
    write(twi + 0x200, 2)  // BB_STOP
    write(twi, 1)
    run(microseconds: 400)
    #expect(read(twi + 0x108) == 1 && read(twi + 0x104) == 1 && read(twi + 0x518) == 0x5A)
    // Two bytes of the sample.
    write(twi + 0x200, 0)
    send([0x01])
    write(twi + 0x104, 0)
    write(twi + 0x108, 0)
    write(twi + 0x200, 1)  // BB_SUSPEND
    write(twi, 1)
    run(microseconds: 400)
    #expect(read(twi + 0x108) == 1 && read(twi + 0x104) == 0 && read(twi + 0x148) == 1)
    let high = read(twi + 0x518)
    write(twi + 0x108, 0)
    write(twi + 0x200, 2)
    write(twi + 0x020, 1)
    run(microseconds: 400)
    #expect(read(twi + 0x108) == 1 && read(twi + 0x104) == 1)
    #expect(high << 8 | read(twi + 0x518) == 128 << 6)  // half of 256 counts a g
    // Nobody at the next address.
    write(twi + 0x588, 0x1C)
    write(twi + 0x008, 1)
    run(microseconds: 200)
    #expect(read(twi + 0x124) == 1 && read(twi + 0x4C4) == 2)
    write(twi + 0x014, 1)
    run(microseconds: 50)
    #expect(chip.gpio.pins[0].level == .high && chip.gpio.pins[30].level == .high)
    _ = part
  }
  @Test(arguments: [UInt32](0..<8)) func spiComesBackOverAWireInAllModes(config: UInt32) {
    let spi: UInt32 = 0x4000_4000
    Net.tie(chip.gpio.pins[21], chip.gpio.pins[22])
    write(spi + 0x508, 23)
    write(spi + 0x50C, 21)
    write(spi + 0x510, 22)
    write(spi + 0x524, 0x1000_0000)  // 1 MHz
    write(spi + 0x554, config)
    write(spi + 0x500, 1)
    var clocks = 0
    chip.gpio.pins[23].net.onChange = { _ in clocks += 1 }
    write(spi + 0x51C, 0xA1)
    write(spi + 0x51C, 0x3C)
    run(microseconds: 7)
    #expect(read(spi + 0x108) == 0)
    run(microseconds: 2)
    #expect(read(spi + 0x108) == 1)
    write(spi + 0x108, 0)
    run(microseconds: 10)
    #expect(read(spi + 0x108) == 1 && read(spi + 0x518) == 0xA1 && read(spi + 0x518) == 0x3C && clocks == 32)
  }

  // MARK: The others

  @Test func theFlashIsErasedByPagesAndBitsOnlyFall() {
    let nvmc: UInt32 = 0x4001_E000
    flash.load([0x12, 0x34, 0x56, 0x78], at: 0x3000)
    write(0x3000, 0)
    #expect(read(0x3000) == 0x7856_3412)
    let before = chip.core.cycles.pointee
    write(nvmc + 0x504, 1)
    write(0x3000, 0xFFFF_FF0F)
    #expect(read(0x3000) == 0x7856_3402 && chip.core.cycles.pointee > before)
    write(nvmc + 0x508, 0x3000)
    #expect(read(0x3000) == 0x7856_3402)
    write(nvmc + 0x504, 2)
    write(nvmc + 0x508, 0x3000)
    #expect(read(0x3000) == 0xFFFF_FFFF)
    write(nvmc + 0x504, 1)
    write(0x1000_1080, 0x1234_5678)
    #expect(read(0x1000_1080) == 0x1234_5678)
    // MPU: block 3 of 4 KiB is protected from now on.
    write(0x4000_0600, 1 << 3)
    write(0x3000, 0)
    #expect(read(0x3000) == 0xFFFF_FFFF)
  }
  /// FIPS 197, appendix C.1.
  @Test func theECBEncrypts() {
    for n: UInt32 in 0..<4 {
      write(0x2000_0000 + n * 4, 0x0302_0100 + n * 0x0404_0404)
      write(0x2000_0010 + n * 4, 0x3322_1100 + n * 0x4444_4444)
    }
    write(0x4000_E504, 0x2000_0000)
    write(0x4000_E000, 1)
    run(microseconds: 10)
    #expect(read(0x4000_E100) == 1)
    #expect((0..<4).map { read(0x2000_0020 + $0 * 4) } == [0xD8E0_C469, 0x3004_7B6A, 0x80B7_CDD8, 0x5AC5_B470])
  }
  @Test func randomBytesComeOneByOne() {
    let rng: UInt32 = 0x4000_D000
    write(rng, 1)
    var bytes: [UInt32] = []
    for _ in 0..<64 {
      run(microseconds: 170)
      #expect(read(rng + 0x100) == 1)
      bytes.append(read(rng + 0x508))
      write(rng + 0x100, 0)
    }
    #expect(Set(bytes).count > 40)
    write(rng + 0x004, 1)
    run(microseconds: 500)
    #expect(read(rng + 0x100) == 0)
  }
  @Test func theThermometerTellsQuarters() {
    chip.temp.temperature = -7.75
    write(0x4000_C000, 1)
    run(microseconds: 40)
    #expect(read(0x4000_C100) == 1 && Int32(bitPattern: read(0x4000_C508)) == -31)
  }
  @Test func theDecoderCountsSteps() {
    let qdec: UInt32 = 0x4001_2000, a = Pin("a", arena: machine.arena), b = Pin("b", arena: machine.arena)
    Net.tie(chip.gpio.pins[4], a)
    Net.tie(chip.gpio.pins[5], b)
    a.drive = .low
    b.drive = .low
    write(qdec + 0x520, 4)
    write(qdec + 0x524, 5)
    write(qdec + 0x500, 1)
    write(qdec, 1)
    for _ in 0..<3 {
      for (pin, level) in [(b, Drive.high), (a, .high), (b, .low), (a, .low)] {
        pin.drive = level
        run(microseconds: 200)
      }
    }
    write(qdec + 0x008, 1)
    #expect(read(qdec + 0x518) == 12 && read(qdec + 0x514) == 0)
  }
  /// A packet from one radio is heard by another with the same settings, and by no other.
  @Test func aPacketGoesFromRadioToRadio() {
    let other = NRF51(machine: machine, flash: Memory("flash2", size: 256 << 10, fill: 0xFF), number: 2)
    other.powerOn()
    other.holdInReset()
    chip.radio.onTransmit = { [unowned other] in other.radio.hear($0) }
    let radio: UInt32 = 0x4000_1000
    func set(_ c: NRF51, _ offset: UInt32, _ v: UInt32) { _ = c.core.bus.write(radio + offset, v, size: 4) }
    func get(_ c: NRF51, _ offset: UInt32) -> UInt32 { c.core.bus.read(radio + offset, size: 4).value }
    for c in [chip, other] {
      for (offset, v): (UInt32, UInt32) in [
        (0x508, 7), (0x514, 8), (0x518, 0x0204_0020), (0x51C, 0x7562_6974), (0x524, 0), (0x530, 1), (0x534, 2), (0x538, 0x1_1021), (0x53C, 0xFFFF), (0x554, 0x18), (0x504, 0x2000_0100), (0x200, 1),
      ] { set(c, offset, v) }
    }
    write(0x2000_0100, 0x4433_2203)
    set(other, 0x004, 1)
    run(microseconds: 200)
    #expect(get(other, 0x550) == 3)
    set(chip, 0x000, 1)
    run(microseconds: 200)
    #expect(get(chip, 0x550) == 11)
    run(microseconds: 200)
    #expect(get(chip, 0x10C) == 1 && get(chip, 0x550) == 10)
    #expect(get(other, 0x104) == 1 && get(other, 0x10C) == 1 && get(other, 0x400) == 1 && get(other, 0x550) == 2)
    #expect(other.core.bus.read(0x2000_0100, size: 4).value == 0x4433_2203)
    // Another channel.
    set(other, 0x10C, 0)
    set(other, 0x508, 8)
    set(other, 0x008, 1)
    set(chip, 0x008, 1)
    run(microseconds: 400)
    #expect(get(other, 0x10C) == 0)
    set(other, 0x010, 1)
    run(microseconds: 1)
    #expect(get(other, 0x550) == 0 && get(other, 0x110) == 1)
  }
  @Test func theWatchdogResetsTheChipUnlessItIsReloaded() {
    let wdt: UInt32 = 0x4001_0000
    write(wdt + 0x504, 327)  // 10 ms
    write(wdt, 1)
    for _ in 0..<5 {
      run(microseconds: 8000)
      write(wdt + 0x600, 0x6E52_4635)
    }
    #expect(read(wdt + 0x400) == 1)
    run(microseconds: 10_200)
    #expect(read(wdt + 0x400) == 0 && read(0x4000_0400) & 2 == 2)
  }
  /// §12.1.4: off, until a pin senses.
  @Test func aPinWakesTheChipFromSystemOff() {
    let pin = Pin("probe", arena: machine.arena)
    pin.drive = .high
    Net.tie(chip.gpio.pins[17], pin)
    write(gpio + 0x700 + 17 * 4, 3 << 16 | 3 << 2)
    write(0x4000_051C, 0xA5)
    write(timer0, 1)
    write(0x4000_0500, 1)
    run(microseconds: 100)
    write(timer0 + 0x040, 1)
    #expect(read(timer0 + 0x540) == 0)
    pin.drive = .low
    run(microseconds: 1)
    #expect(read(0x4000_0400) & 1 << 16 != 0 && read(0x4000_051C) == 0xA5)
  }
  /// 5,000 programs of random bytes, each from the state that the one before left.
  @Test func randomProgramsDoNotReachTheHost() {
    chip.leaveReset()
    machine.run(until: machine.now + 1000)
    var x: UInt64 = 0x5EED
    func next() -> UInt64 {
      x ^= x << 13
      x ^= x >> 7
      x ^= x << 17
      return x
    }
    let bases: [UInt32] = (0..<32).map { 0x4000_0000 + $0 << 12 } + [0x5000_0500, 0x5000_0700, 0x2000_0000, 0x1000_0000, 0x1000_1000, 0, 0xE000_E000]
    let core = chip.core
    for n in 0..<5_000 {
      chip.ram.load((0..<128).map { _ in UInt8(truncatingIfNeeded: next() >> 20) }, at: 0x1000)
      // Registers at random, too: each block in turn.
      let base = bases[n % bases.count]
      for _ in 0..<8 { write(base + UInt32(next() & 0xFFC), next() & 1 == 0 ? UInt32(next() & 1) : UInt32(truncatingIfNeeded: next())) }
      if core.isLockedUp || n % 50 == 0 { core.reset() }
      core.stop = nil
      core.asleep.pointee = false
      core.invalidateAll()
      for r in 0..<13 { core.registers[r] = next() & 1 == 0 ? UInt32(truncatingIfNeeded: next()) : bases[Int(next() % UInt64(bases.count))] + UInt32(next() & 0xFFC) }
      core.start(entry: 0x2000_1001, stack: 0x2000_3000)
      machine.run(until: machine.now + 4_000_000)
    }
    #expect(machine.now > 0)
  }
}
