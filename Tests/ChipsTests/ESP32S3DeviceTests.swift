import Machine
import Testing

@testable import Chips

/// The chip's blocks through its bus, the cores held.
@Suite struct ESP32S3DeviceTests {
  let machine = Machine(clock: Clock(hertz: 40_000_000))
  let chip: ESP32S3

  init() {
    chip = ESP32S3(machine: machine, flash: Memory("flash", size: 1 << 20, fill: 0xFF))
    chip.powerOn()
    for c in chip.cores { c.isStalled = true }
  }
  func read(_ address: UInt32) -> UInt32 { chip.cores[0].bus.read(address, size: 4).value }
  func write(_ address: UInt32, _ value: UInt32) { _ = chip.cores[0].bus.write(address, value, size: 4) }
  func run(microseconds: UInt64) { machine.run(until: machine.now + microseconds * 1_000_000) }

  /// TRM §26.4.2: the ESP32's UART behind other registers: threshold and divider at their places, a clock that CLK_CONF chooses.
  @Test func theUARTHasItsOwnClockAndPlaces() {
    let port = Port("test", arena: machine.arena)
    chip.uarts[0].port = port
    var sent: [(UInt8, UInt64)] = []
    port.onOutput = { [machine] in sent.append(($0, machine.now)) }
    write(0x6000_0078, 3 << 20 | 1 << 22)  // the crystal, whole
    write(0x6000_0014, 347 | 4 << 20)  // 40 MHz / 347.25
    let start = machine.now
    write(0x6000_0000, 0x41)
    run(microseconds: 100)
    let bit = 347.25 / 40
    #expect(sent.count == 1 && sent[0].0 == 0x41 && abs(Double(sent[0].1 - start) / 1e6 - 10 * bit) < 0.1)
    // RXFIFO_FULL at two bytes.
    write(0x6000_0024, 2 | 0x60 << 10)
    port.feed([1, 2])
    run(microseconds: 300)
    #expect(read(0x6000_0004) & 1 == 1 && read(0x6000_001C) & 0x3FF == 2)
    #expect(read(0x6000_0000) == 1 && read(0x6000_0000) == 2)
  }
  @Test func theSystemTimerCounts16MHzAndAlarms() {
    write(0x6002_3000, 0x4600_0000 | 1 << 24)
    write(0x6002_3004, 1 << 30)
    let first = UInt64(read(0x6002_3040)) << 32 | UInt64(read(0x6002_3044))
    run(microseconds: 100)
    write(0x6002_3004, 1 << 30)
    let second = UInt64(read(0x6002_3040)) << 32 | UInt64(read(0x6002_3044))
    #expect(read(0x6002_3004) >> 29 & 1 == 1 && second - first == 1600)
    // A period of 10 us on unit 0, three times.
    write(0x6002_3034, 1 << 30 | 160)
    write(0x6002_3050, 1)
    for _ in 0..<3 {
      run(microseconds: 11)
      #expect(read(0x6002_3068) & 1 == 1)
      write(0x6002_306C, 1)
      #expect(read(0x6002_3068) & 1 == 0)
      run(microseconds: 0)
    }
  }
  /// FIPS 180-4's example, from a chain of descriptors.
  @Test func aHashByDMA() {
    var message = Array("abc".utf8) + [0x80]
    message += [UInt8](repeating: 0, count: 59) + [24]
    let buffer: UInt32 = 0x3FC9_0000, descriptor: UInt32 = 0x3FC9_1000
    for i in Swift.stride(from: 0, to: 64, by: 4) { write(buffer + UInt32(i), UInt32(message[i]) | UInt32(message[i + 1]) << 8 | UInt32(message[i + 2]) << 16 | UInt32(message[i + 3]) << 24) }
    write(descriptor, 64 | 64 << 12 | 1 << 30 | 1 << 31)
    write(descriptor + 4, buffer)
    write(descriptor + 8, 0)
    write(0x6003_F0A8, 7)
    write(0x6003_F080, descriptor & 0xFFFFF | 1 << 21)
    write(0x6003_B000, 2)
    write(0x6003_B00C, 1)
    write(0x6003_B01C, 1)
    let words = (0..<8).map { read(0x6003_B040 + UInt32($0) * 4).byteSwapped }
    #expect(words == [0xBA78_16BF, 0x8F01_CFEA, 0x4141_40DE, 0x5DAE_2223, 0xB003_61A3, 0x9617_7A9C, 0xB410_FF61, 0xF200_15AD])
    #expect(read(0x6003_F068) & 2 == 2)
  }
  /// A copy from memory to memory by channel 0 of GDMA.
  @Test func memoryToMemory() {
    let from: UInt32 = 0x3FC9_0000, to: UInt32 = 0x3FC9_0100, out: UInt32 = 0x3FC9_1000, into: UInt32 = 0x3FC9_1010
    for i in 0..<16 { write(from + UInt32(i) * 4, 0x0101_0101 &* UInt32(i)) }
    write(out, 64 | 64 << 12 | 1 << 30 | 1 << 31)
    write(out + 4, from)
    write(into, 64 | 1 << 31)
    write(into + 4, to)
    write(0x6003_F000, 1 << 4)
    write(0x6003_F020, into & 0xFFFFF | 1 << 22)
    write(0x6003_F080, out & 0xFFFFF | 1 << 21)
    run(microseconds: 5)
    #expect((0..<16).allSatisfy { read(to + UInt32($0) * 4) == 0x0101_0101 &* UInt32($0) })
    #expect(read(0x6003_F008) & 2 == 2 && read(into) >> 12 & 0xFFF == 64)
  }
  /// The controller in slave mode: a SETUP packet, an IN and an OUT transfer of endpoint 1.
  @Test func theOTGControllerServesItsFIFOs() {
    let usb: UInt32 = 0x6008_0000, device = chip.usbOTG
    write(0x6000_8120, 3 << 19)  // the transceiver is the OTG controller's
    write(usb + 0x804, 0)
    #expect(device.isAttached)
    device.busReset()
    #expect(read(usb + 0x14) >> 12 & 1 == 1)
    #expect(device.setup(address: 0, packet: [0x80, 6, 0, 1, 0, 0, 8, 0]) == .ack)
    #expect(read(usb + 0x20) >> 17 & 15 == 6)
    #expect(read(usb + 0x1000) == 0x0100_0680 && read(usb + 0x1000) == 0x0008_0000)
    #expect(read(usb + 0x20) >> 17 & 15 == 4 && read(usb + 0xB08) >> 3 & 1 == 1)
    // IN: two packets, 64 bytes and 6.
    write(usb + 0x920, 64 | 1 << 15 | 2 << 18 | 1 << 22 | 1 << 28)
    write(usb + 0x930, 70 | 2 << 19)
    write(usb + 0x920, 64 | 1 << 15 | 2 << 18 | 1 << 22 | 1 << 26 | 1 << 31)
    #expect(device.receiveIn(address: 0, endpoint: 1) == .nak)
    for i in 0..<18 { write(usb + 0x2000, UInt32(i)) }
    guard case .data(let first, let toggle) = device.receiveIn(address: 0, endpoint: 1), case .data(let second, _) = device.receiveIn(address: 0, endpoint: 1) else {
      Issue.record("no data")
      return
    }
    #expect(first.count == 64 && first[4] == 1 && !toggle && second == [16, 0, 0, 0, 17, 0])
    #expect(read(usb + 0x928) & 1 == 1 && read(usb + 0x920) >> 31 == 0)
    #expect(device.receiveIn(address: 0, endpoint: 1) == .nak)
    // OUT.
    write(usb + 0xB20, 64 | 1 << 15 | 2 << 18 | 1 << 28)
    write(usb + 0xB30, 64 | 1 << 19)
    #expect(device.sendOut(address: 0, endpoint: 1, data: [1, 2, 3], toggle: false) == .nak)
    write(usb + 0xB20, 64 | 1 << 15 | 2 << 18 | 1 << 26 | 1 << 31)
    #expect(device.sendOut(address: 0, endpoint: 1, data: [1, 2, 3], toggle: false) == .ack)
    #expect(read(usb + 0x20) == 1 | 3 << 4 | 2 << 17 && read(usb + 0x1000) == 0x030201)
    #expect(read(usb + 0x20) >> 17 & 15 == 3 && read(usb + 0xB28) & 1 == 1)
  }
  /// Random words at random registers of all blocks: nothing traps.
  @Test func randomWritesDoNotReachTheHost() {
    var fuzz = RegisterFuzz(machine, bus: chip.cores[0].bus, pins: chip.gpio.pins, dma: 0x3FC9_0000)
    let blocks: [UInt32] = (0..<0x42).map { 0x6000_0000 + UInt32($0) << 12 } + [0x6008_0000, 0x6008_1000, 0x600C_0000, 0x600C_1000, 0x600C_2000, 0x600C_4000, 0x600C_5000]
    fuzz.run(400_000, blocks: blocks) { for c in chip.cores { c.isStalled = true } }
    #expect(fuzz.edges.count > 0)
  }
}
