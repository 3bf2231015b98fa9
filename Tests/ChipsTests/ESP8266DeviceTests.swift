import Machine
import Testing

@testable import Chips

/// The chip's blocks through its bus, the core held.
@Suite struct ESP8266DeviceTests {
  let machine = Machine(clock: Clock(hertz: 52_000_000))
  let flash: Memory
  let chip: ESP8266

  init() {
    flash = Memory("flash", size: 1 << 20, fill: 0xFF)
    chip = ESP8266(machine: machine, flash: flash)
    chip.powerOn()
    chip.core.isStalled = true
    // As the SDK tells the PLL of a crystal of 26 MHz: register 1, then 2 of block 0x67.
    write(0x6000_0D10, 0x0188_0167)
    write(0x6000_0D10, 0x0191_0267)
  }
  func read(_ address: UInt32) -> UInt32 { chip.core.bus.read(address, size: 4).value }
  func write(_ address: UInt32, _ value: UInt32) { _ = chip.core.bus.write(address, value, size: 4) }
  func run(microseconds: UInt64) { machine.run(until: machine.now + microseconds * 1_000_000) }

  @Test func thePLLGives80MHzAndItsDouble() {
    #expect(chip.core.clock.pointee.hertz == 80e6)
    write(0x3FF0_0014, 1)
    #expect(chip.core.clock.pointee.hertz == 160e6)
    // The register reads back over the serial bus of the analog blocks.
    write(0x6000_0D10, 0x0000_0167)
    #expect(read(0x6000_0D10) >> 16 & 0xFF == 0x88)
  }
  @Test func frc2CountsFiveMegahertzAndAlarms() {
    write(0x6000_0620, 0)
    write(0x6000_0628, 0x84)
    run(microseconds: 100)
    #expect(read(0x6000_0624) == 500)
    write(0x6000_0630, 1000)
    write(0x3FF0_0004, 4)
    var alarms = 0
    chip.timer.onExpire2 = { alarms += 1 }
    run(microseconds: 99)
    #expect(alarms == 0)
    run(microseconds: 2)
    #expect(alarms == 1 && read(0x6000_0624) == 1005)
  }
  /// DPORT + 0x18, bit 8: what the SDK does before it starts again through the ROM.
  @Test func theTimersAreResetByTheirBit() {
    write(0x6000_0630, 1000)
    write(0x6000_0628, 0x84)
    write(0x3FF0_0004, 4)
    run(microseconds: 10)
    var alarms = 0
    chip.timer.onExpire2 = { alarms += 1 }
    write(0x3FF0_0018, 0xFFFF_0100)
    write(0x3FF0_0018, 0xFFFF_0000)
    run(microseconds: 1000)
    #expect(alarms == 0 && read(0x6000_0624) == 0 && read(0x6000_0628) == 0 && read(0x6000_0630) == 0)
  }
  @Test func frc1ReloadsAndHoldsALevelInterrupt() {
    var expiries: [UInt64] = []
    chip.timer.onExpire1 = { [machine] in expiries.append(machine.now / 1_000_000) }
    let start = machine.now / 1_000_000
    write(0x6000_0600, 80 * 25)
    write(0x6000_0608, 0xC0)  // enabled, reloading, edge
    run(microseconds: 110)
    #expect(expiries.map { $0 - start } == [25, 50, 75, 100])
    write(0x6000_0608, 0xC1)
    run(microseconds: 60)
    #expect(expiries.count == 5 && read(0x6000_0608) & 0x100 != 0)
    write(0x6000_060C, 0)
    run(microseconds: 25)
    #expect(expiries.count == 6)
  }
  @Test func theUARTSendsAtItsDividerAndFillsItsFIFO() {
    var sent: [(UInt64, UInt8)] = []
    let port = Port("console", arena: machine.arena)
    chip.uarts[0].port = port
    port.onOutput = { [machine] b in sent.append((machine.now, b)) }
    write(0x6000_0014, 80_000_000 / 115_200)
    for b in "Hello".utf8 { write(0x6000_0000, UInt32(b)) }
    #expect(read(0x6000_001C) >> 16 & 0xFF == 4)
    run(microseconds: 600)
    #expect(String(decoding: sent.map(\.1), as: UTF8.self) == "Hello")
    // Ten bits of 694 cycles each.
    #expect(sent[1].0 - sent[0].0 == 6940 * 12_500)
    // Interrupts: full from 3 bytes on, and a timeout of two characters.
    write(0x6000_0024, 0x8200_0003 | 16 << 24)
    write(0x6000_000C, 0x101)
    port.feed([1, 2])
    run(microseconds: 300)
    #expect(read(0x6000_001C) & 0xFF == 2 && !chip.uarts[0].irq.isHigh)
    run(microseconds: 2000)
    #expect(read(0x6000_0008) == 0x100 && chip.uarts[0].irq.isHigh)
    #expect(read(0x6000_0000) == 1 && read(0x6000_0000) == 2)
    write(0x6000_0010, 0x1FF)
    #expect(!chip.uarts[0].irq.isHigh)
    port.feed([3, 4, 5])
    run(microseconds: 300)
    #expect(read(0x6000_0008) & 1 == 1)
  }
  @Test func aUARTHearsAnotherOverItsPads() {
    // UART1's TXD on GPIO2, UART0's RXD on GPIO3.
    Net.tie(chip.gpio.pins[2], chip.gpio.pins[3])
    write(0x6000_0838, 0x20)
    for base: UInt32 in [0x6000_0000, 0x6000_0F00] { write(base + 0x14, 80_000_000 / 9600) }
    for b in [0x55, 0x00, 0xFF, 0xA3] as [UInt32] { write(0x6000_0F00, b) }
    run(microseconds: 5000)
    #expect((0..<4).map { _ in read(0x6000_0000) } == [0x55, 0x00, 0xFF, 0xA3])
  }
  @Test func pinsDriveReadPullAndInterrupt() {
    let other = Pin("other", arena: machine.arena)
    Net.tie(chip.gpio.pins[4], other)
    write(0x6000_0304, 1 << 4)
    write(0x6000_0310, 1 << 4)
    #expect(other.isHigh && read(0x6000_0318) & 1 << 4 != 0)
    write(0x6000_0308, 1 << 4)
    #expect(!other.isHigh)
    // Open drain with a pull-up: low, then released.
    write(0x6000_0338, 4)
    write(0x6000_083C, 0x80)
    #expect(other.level == .low)
    write(0x6000_0304, 1 << 4)
    #expect(other.isHigh && chip.gpio.pins[4].drive == .pullUp)
    // A falling edge.
    write(0x6000_0314, 1 << 4)
    write(0x6000_0338, 2 << 7)
    other.drive = .low
    #expect(chip.gpio.irq.isHigh && read(0x6000_031C) == 1 << 4)
    write(0x6000_0324, 1 << 4)
    #expect(!chip.gpio.irq.isHigh)
    // A low level comes again until it ends.
    write(0x6000_0338, 4 << 7)
    write(0x6000_0324, 1 << 4)
    #expect(chip.gpio.irq.isHigh)
    other.drive = .high
    write(0x6000_0324, 1 << 4)
    #expect(!chip.gpio.irq.isHigh)
  }
  @Test func hspiTalksOverItsPads() {
    Net.tie(chip.gpio.pins[13], chip.gpio.pins[12])
    for pad: UInt32 in [0x804, 0x808, 0x80C] { write(0x6000_0000 + pad, 0x20) }
    var clocks = 0
    chip.gpio.pins[14].net.onChange = { if $0 == .high { clocks += 1 } }
    write(0x6000_0118, 9 << 12 | 4 << 6 | 9)  // 8 MHz
    write(0x6000_011C, 1 << 27 | 1)  // MOSI, both ways at once
    write(0x6000_0120, 15 << 17 | 15 << 8)
    write(0x6000_0140, 0x0000_5AA6)
    write(0x6000_0100, 1 << 18)
    #expect(read(0x6000_0100) != 0)
    run(microseconds: 3)
    #expect(read(0x6000_0100) == 0 && clocks == 16 && read(0x6000_0140) == 0x5AA6, "\(clocks) \(String(read(0x6000_0140), radix: 16))")
  }
  @Test func spi0ReadsAndProgramsTheFlash() {
    final class Chip: SPITarget {
      var commands: [[UInt8]] = []
      func select() { commands.append([]) }
      func transfer(_ byte: UInt8) -> UInt8 {
        commands[commands.count - 1].append(byte)
        return UInt8(commands[commands.count - 1].count)
      }
      func deselect() {}
    }
    let target = Chip()
    chip.spis[0].target = target
    write(0x6000_0204, 0x0412_3456)
    write(0x6000_0200, 1 << 31)
    run(microseconds: 10)
    #expect(target.commands == [[3, 0x12, 0x34, 0x56, 0, 0, 0, 0]] && read(0x6000_0240) == 0x0807_0605 && read(0x6000_0200) == 0)
    write(0x6000_0240, 0xDDCC_BBAA)
    write(0x6000_0200, 1 << 25)
    run(microseconds: 10)
    #expect(target.commands[1] == [2, 0x12, 0x34, 0x56, 0xAA, 0xBB, 0xCC, 0xDD])
    // A free transfer: command 0x9F, three bytes in.
    write(0x6000_021C, 1 << 31 | 1 << 28)
    write(0x6000_0220, 23 << 8)
    write(0x6000_0224, 7 << 28 | 0x9F)
    write(0x6000_0200, 1 << 18)
    run(microseconds: 10)
    #expect(target.commands[2] == [0x9F, 0, 0, 0] && read(0x6000_0240) & 0xFF_FFFF == 0x04_0302)
  }
  @Test func theWatchdogInterruptsAndThenResets() {
    write(0x6000_0904, 11)
    write(0x6000_0908, 12)
    write(0x6000_0900, 0x39)
    run(microseconds: 1_600_000)
    write(0x6000_0914, 0x73)
    run(microseconds: 1_600_000)
    #expect(read(0x6000_0910) == 0)
    run(microseconds: 100_000)
    #expect(read(0x6000_0910) == 1 && read(0x6000_0714) & 15 == 1)
    write(0x6000_0730, 77)
    run(microseconds: 3_300_000)
    #expect(read(0x6000_0714) & 15 == 4 && read(0x6000_0730) == 77)
  }
  @Test func deepSleepEndsWithAPulseOnGPIO16() {
    Net.tie(chip.rtc.gpio16, chip.rst)
    write(0x6000_1200, 0x1234_5678)
    write(0x6000_0704, read(0x6000_071C) + 16_000)  // 0.1 s
    write(0x6000_0718, 8)
    write(0x6000_0740, ~0)
    write(0x6000_0708, 1 << 20)
    run(microseconds: 1)
    #expect(chip.rtc.isAsleep && chip.rtc.gpio16.isHigh)
    run(microseconds: 99_000)
    #expect(chip.rtc.isAsleep)
    run(microseconds: 3_000)
    #expect(!chip.rtc.isAsleep && read(0x6000_0714) & 15 == 2 && read(0x6000_1200) == 0x1234_5678)
  }
  @Test func theADCMeasuresTOUT() {
    let source = Pin("source", arena: machine.arena)
    Net.tie(chip.tout, source)
    write(0x6000_0D5C, 1 << 21)
    // What read_sar_dout and test_tout of the SDK's phy library make of the eight results.
    func convert() -> Int {
      var sum = 0
      for i in 0..<8 {
        let v = ~read(0x6000_0D80 + UInt32(i) * 4) & 0x7FF
        let low = (max(0, Int(v & 0xFF) - 21) * 279) >> 8
        sum += Int(v & 0x700) + min(255, low)
      }
      return (sum + 8) >> 4
    }
    for volts in [0, 0.1, 0.333, 0.5, 0.777, 1.0] as [Float] {
      source.drive = Drive(.strong, volts: volts)
      // Full scale is 12/11 V.
      #expect(abs(convert() - Int((volts * 1024 * 11 / 12).rounded())) <= 1, "\(volts) V gives \(convert())")
    }
  }
  /// What a program does with registers it has no business with must not reach the host.
  @Test func randomAccessesDoNotCrashTheHost() {
    var fuzz = RegisterFuzz(machine, bus: chip.core.bus, pins: chip.gpio.pins, dma: 0x3FFE_8000)
    fuzz.run(400_000, blocks: [0x6000_0000, 0x6000_0000, 0x6000_0000, 0x3FF0_0000, 0x3FF2_0000, 0x6000_9000], sizes: [1, 2, 4, 4]) { chip.core.isStalled = true }
    #expect(fuzz.edges.count > 0)
  }
}
