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
  private func hex(_ s: String) -> [UInt8] { stride(from: 0, to: s.count, by: 2).map { UInt8(s.dropFirst($0).prefix(2), radix: 16)! } }
  private func words(_ b: [UInt8]) -> [UInt32] { stride(from: 0, to: b.count, by: 4).map { i in (0..<4).reduce(UInt32(0)) { $0 | UInt32(b[i + $1]) << UInt32(8 * $1) } } }
  private func put(_ b: [UInt8], at address: UInt32) { for (i, w) in words(b).enumerated() { write(address + 4 * UInt32(i), w) } }
  private func get(_ count: Int, at address: UInt32) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: read(address + UInt32($0 & ~3)) >> UInt32(8 * ($0 & 3))) } }
  /// FIPS 197, appendix C.
  @Test(arguments: [(16, "69c4e0d86a7b0430d8cdb78070b4c55a"), (32, "8ea2b7ca516745bfeafc49904b496089")]) func aBlockOfAES(size: Int, expected: String) {
    put((0..<UInt8(size)).map { $0 }, at: 0x6003_A000)
    put(hex("00112233445566778899aabbccddeeff"), at: 0x6003_A020)
    write(0x6003_A040, UInt32(size / 8 - 2))
    write(0x6003_A048, 1)
    #expect(read(0x6003_A04C) == 0 && get(16, at: 0x6003_A030) == hex(expected))
    put(hex(expected), at: 0x6003_A020)
    write(0x6003_A040, UInt32(size / 8 - 2) | 4)
    write(0x6003_A048, 1)
    #expect(get(16, at: 0x6003_A030) == hex("00112233445566778899aabbccddeeff"))
  }
  /// SP 800-38A, appendix F, AES-128, two blocks by DMA: ECB, CBC, CFB8, CFB128, OFB and CTR, there and back.
  @Test(arguments: [
    (0, "", "3ad77bb40d7a3660a89ecaf32466ef97f5d3d58503b9699de785895a96fdbaaf"), (1, "000102030405060708090a0b0c0d0e0f", "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2"),
    (2, "000102030405060708090a0b0c0d0e0f", "3b3fd92eb72dad20333449f8e83cfb4a7789508d16918f03f53c52dac54ed825"), (3, "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff", "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff"),
    (5, "000102030405060708090a0b0c0d0e0f", "3b3fd92eb72dad20333449f8e83cfb4ac8a64537a0b3a93fcde3cdad9f1ce58b"),
  ]) func aesByDMA(mode: UInt32, iv: String, expected: String) {
    let text = hex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51")
    write(0x600C_0024, 0)
    put(hex("2b7e151628aed2a6abf7158809cf4f3c"), at: 0x6003_A000)
    for (direction, source, result) in [(UInt32(0), text, hex(expected)), (4, hex(expected), text)] {
      put(source, at: 0x3FC9_0100)
      for (i, w) in [1 << 31 | 1 << 30 | 32 << 12 | 32, 0x3FC9_0100, 0].enumerated() { write(0x3FC9_0000 + 4 * UInt32(i), UInt32(w)) }
      for (i, w) in [1 << 31 | 32, 0x3FC9_0200, 0].enumerated() { write(0x3FC9_0020 + 4 * UInt32(i), UInt32(w)) }
      // GDMA's channel 0, both ways.
      write(0x6003_F048, 6)
      write(0x6003_F0A8, 6)
      write(0x6003_F014, 0x3FF)
      write(0x6003_F020, 0x9_0020 | 1 << 22)
      write(0x6003_F080, 0x9_0000 | 1 << 21)
      if !iv.isEmpty { put(hex(iv), at: 0x6003_A050) }
      write(0x6003_A040, direction)
      write(0x6003_A090, 1)
      write(0x6003_A094, mode)
      write(0x6003_A098, 2)
      write(0x6003_A0B0, 1)
      write(0x6003_A048, 1)
      #expect(read(0x6003_A04C) == 2 && get(32, at: 0x3FC9_0200) == result, "\(get(32, at: 0x3FC9_0200))")
      #expect(chip.aes.irq.isHigh && read(0x6003_F008) & 2 == 2)
      write(0x6003_A0AC, 1)
      write(0x6003_A0B8, 0)
      #expect(!chip.aes.irq.isHigh && read(0x6003_A04C) == 0)
    }
  }
  /// Of 64 bits: 3^65537, a product modulo, and a product of double length.
  @Test func numbersForRSA() {
    write(0x600C_0024, 0)
    func number(_ v: UInt64, at offset: UInt32) {
      write(0x6003_C000 + offset, UInt32(truncatingIfNeeded: v))
      write(0x6003_C004 + offset, UInt32(truncatingIfNeeded: v >> 32))
    }
    func z() -> UInt64 { UInt64(read(0x6003_C200)) | UInt64(read(0x6003_C204)) << 32 }
    let m: UInt64 = 0xFFFF_FFFF_FFFF_FFC5, x: UInt64 = 0x1234_5678_9ABC_DEF1, y: UInt64 = 0xFEDC_BA98_7654_3211
    #expect(read(0x6003_C808) == 1)
    number(m, at: 0)
    number(3, at: 0x600)
    number(65537, at: 0x400)
    write(0x6003_C804, 1)
    write(0x6003_C82C, 1)
    write(0x6003_C80C, 1)
    var expected: UInt64 = 3
    func product(_ a: UInt64, _ b: UInt64) -> UInt64 { m.dividingFullWidth(a.multipliedFullWidth(by: b)).remainder }
    for _ in 0..<16 { expected = product(expected, expected) }
    expected = product(expected, 3)
    #expect(z() == expected && read(0x6003_C818) == 1 && chip.rsa.irq.isHigh)
    write(0x6003_C81C, 1)
    #expect(!chip.rsa.irq.isHigh)
    number(x, at: 0x600)
    number(y, at: 0x400)
    write(0x6003_C810, 1)
    #expect(z() == product(x, y))
    number(x, at: 0x600)
    number(y, at: 0x208)
    write(0x6003_C804, 3)
    write(0x6003_C814, 1)
    let full = x.multipliedFullWidth(by: y)
    #expect(z() == full.low && UInt64(read(0x6003_C208)) | UInt64(read(0x6003_C20C)) << 32 == full.high)
  }
  /// A knob's two signals at unit 1: a step counts up or down by the other signal's level.
  @Test func pulsesAreCounted() throws {
    let a = Pin("a", arena: machine.arena), b = Pin("b", arena: machine.arena)
    Net.tie(a, chip.gpio.pins[4])
    Net.tie(b, chip.gpio.pins[5])
    a.drive = .low
    b.drive = .low
    for n: UInt32 in [4, 5] { write(0x6000_9004 + 4 * n, 1 << 12 | 1 << 9) }
    write(0x6000_4154 + 4 * 37, 4 | 1 << 7)  // PCNT_SIG_CH0_IN1
    write(0x6000_4154 + 4 * 39, 5 | 1 << 7)  // PCNT_CTRL_CH0_IN1
    // Rising edges up, turned while the control is low; limits 3 and -3, interrupts at both.
    write(0x6001_700C, 1 << 18 | 1 << 22 | 1 << 12 | 1 << 13)
    write(0x6001_7014, 3 | 0xFFFD << 16)
    write(0x6001_7048, 0xF)
    write(0x6001_7060, 1 << 16)
    func pulses(_ n: Int) {
      for _ in 0..<n {
        a.drive = .high
        run(microseconds: 1)
        a.drive = .low
        run(microseconds: 1)
      }
    }
    b.drive = .high
    pulses(2)
    #expect(read(0x6001_7034) == 2 && read(0x6001_7040) == 0)
    b.drive = .low
    pulses(1)
    #expect(read(0x6001_7034) == 1)
    b.drive = .high
    pulses(2)
    #expect(read(0x6001_7034) == 0 && read(0x6001_7044) == 2 && read(0x6001_7054) & 0x20 != 0 && chip.pcnt.irq.isHigh)
    write(0x6001_704C, 2)
    #expect(read(0x6001_7040) == 0 && !chip.pcnt.irq.isHigh)
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
