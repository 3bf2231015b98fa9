import Machine
import Parts
import Testing

@testable import Chips

/// An ESP32 whose cores are held, driven through its bus as the manual says.
class ESP32Bench {
  let machine = Machine(clock: Clock(hertz: 40_000_000))
  let chip: ESP32
  let psram: PSRAM

  init() {
    let memory = Memory("psram", size: 4 << 20)
    chip = ESP32(machine: machine, flash: Memory("flash", size: 1 << 20, fill: 0xFF), psram: memory)
    psram = PSRAM(name: "PSRAM", memory: memory, arena: machine.arena)
    chip.attach(flash: nil)
    chip.attach(psram: psram)
    chip.powerOn()
    chip.holdInReset()
  }
  func read(_ address: UInt32, core: Int = 0) -> UInt32 { chip.cores[core].bus.read(address, size: 4).value }
  func write(_ address: UInt32, _ value: UInt32) { _ = chip.cores[0].bus.write(address, value, size: 4) }
  func set(_ address: UInt32, _ bits: UInt32) { write(address, read(address) | bits) }
  func run(microseconds: Double) { machine.run(until: machine.now + UInt64(microseconds * 1e6)) }
  /// Microseconds since the start.
  var time: Double { Double(machine.now) / 1e6 }
  /// Leads an output signal of the matrix to a pad.
  func route(_ signal: Int, to pad: Int) { write(0x3FF4_4530 + 4 * UInt32(pad), UInt32(signal)) }
  /// Leads a pad to an input signal of the matrix.
  func route(pad: Int, to signal: Int) { write(0x3FF4_4130 + 4 * UInt32(signal), 0x80 | UInt32(pad)) }
  /// Something outside on a pad.
  func driver(of pad: Int) -> Pin {
    let pin = Pin("driver\(pad)", arena: machine.arena)
    Net.tie(chip.gpio.pins[pad], pin)
    return pin
  }
  /// The edges of a pad from now on: microseconds and levels.
  func edges(of pad: Int) -> EdgeList {
    let list = EdgeList()
    chip.gpio.pins[pad].net.onChange = { [machine] level in list.edges.append((Double(machine.now) / 1e6, level == .high)) }
    return list
  }
  final class EdgeList {
    var edges: [(at: Double, high: Bool)] = []
    /// How long it was high and low, in turn, from the first rising edge on.
    var highs: [Double] { zip(edges, edges.dropFirst()).filter { $0.0.high && !$0.1.high }.map { ($0.1.at - $0.0.at) } }
    var periods: [Double] {
      let rises = edges.filter(\.high).map(\.at)
      return zip(rises, rises.dropFirst()).map { $1 - $0 }
    }
  }
}
func near(_ a: Double, _ b: Double, _ tolerance: Double = 0.01) -> Bool { abs(a - b) <= tolerance }

@Suite struct ESP32PSRAMTests {
  let bench = ESP32Bench()

  /// As ESP-IDF's driver does it: a transaction that software composes on SPI1, at chip select 1.
  func transact(command: UInt32 = 0, commandBits: Int = 0, address: UInt32 = 0, addressBits: Int = 0, out: [UInt32] = [], outBits: Int = 0, inBits: Int = 0, quad: Bool = false) -> [UInt32] {
    let spi: UInt32 = 0x3FF4_2000
    bench.write(spi + 0x34, 5)  // CS1 alone
    var user: UInt32 = quad ? 1 << 15 : 0
    if commandBits > 0 { user |= 1 << 31 }
    if addressBits > 0 { user |= 1 << 30 }
    if outBits > 0 { user |= 1 << 27 }
    if inBits > 0 { user |= 1 << 28 }
    bench.write(spi + 0x1C, user)
    bench.write(spi + 0x20, UInt32(max(0, addressBits - 1)) << 26)
    bench.write(spi + 0x24, UInt32(max(0, commandBits - 1)) << 28 | command)
    bench.write(spi + 0x04, address)
    bench.write(spi + 0x28, UInt32(max(0, outBits - 1)))
    bench.write(spi + 0x2C, UInt32(max(0, inBits - 1)))
    for (i, w) in out.enumerated() { bench.write(spi + 0x80 + 4 * UInt32(i), w) }
    bench.write(spi, 1 << 18)
    bench.run(microseconds: 100)
    #expect(bench.read(spi) == 0)
    return (0..<4).map { bench.read(spi + 0x80 + 4 * $0) }
  }
  @Test func itsIDIsRead() {
    let id = transact(command: 0x9F, commandBits: 8, addressBits: 24, inBits: 64)
    // "Known good die", and 32 Mbit, though not the old part whose clock must go on after the select.
    #expect(id[0] >> 8 & 0xFF == 0x5D && id[0] >> 21 & 7 == 1 && id[0] >> 16 & 0xFF != 0x20 && id[0] >> 16 & 0xFF != 0x26)
  }
  /// The clock goes through signals 224 and 225 to GPIO17: two clocks come late, and software sends two bits before all else.
  @Test func aLateClockLosesTwoBits() {
    bench.route(225, to: 17)
    #expect(transact(commandBits: 2, address: 0x9F00_0000, addressBits: 32, inBits: 64)[0] >> 8 & 0xFF == 0x5D)
    #expect(transact(command: 0x9F, commandBits: 8, addressBits: 24, inBits: 64)[0] >> 8 & 0xFF != 0x5D)
    // In QPI two clocks are a byte.
    _ = transact(commandBits: 2, address: 0x3500_0000, addressBits: 8)
    #expect(transact(commandBits: 2, address: 0x9F00_0000, addressBits: 32, inBits: 64)[0] >> 8 & 0xFF != 0x5D)
    _ = transact(out: [0xF500], outBits: 16, quad: true)
    #expect(transact(commandBits: 2, address: 0x9F00_0000, addressBits: 32, inBits: 64)[0] >> 8 & 0xFF == 0x5D)
  }
  @Test func dataIsWrittenAndReadByCommands() {
    _ = transact(command: 0x02, commandBits: 8, address: 0x0123_4500, addressBits: 24, out: [0xDDCC_BBAA], outBits: 32)
    #expect(Array(bench.psram.memory.contents[0x12345..<0x12349]) == [0xAA, 0xBB, 0xCC, 0xDD])
    #expect(transact(command: 0x03, commandBits: 8, address: 0x0123_4500, addressBits: 24, inBits: 32)[0] == 0xDDCC_BBAA)
    // A burst goes round in its page of 1 KiB.
    _ = transact(command: 0x02, commandBits: 8, address: 0x0003_FF00, addressBits: 24, out: [0x2211], outBits: 16)
    #expect(bench.psram.memory.bytes[0x3FF] == 0x11 && bench.psram.memory.bytes[0] == 0x22)
  }
  @Test func powerOffForgets() {
    bench.psram.memory.bytes[5] = 7
    bench.psram.powerLost()
    #expect(bench.psram.memory.bytes[5] == 0)
  }
}

@Suite struct ESP32I2STests {
  let bench = ESP32Bench()
  static let base: UInt32 = 0x3FF4_F000, descriptor: UInt32 = 0x3FFB_0000, buffer: UInt32 = 0x3FFB_1000

  /// One buffer after the other, in a ring.
  func chain(at descriptor: UInt32, buffers: [UInt32], bytes: UInt32) {
    for (i, b) in buffers.enumerated() {
      let at = descriptor + 12 * UInt32(i)
      bench.write(at, bytes | bytes << 12 | 1 << 30 | 1 << 31)
      bench.write(at + 4, b)
      bench.write(at + 8, i + 1 < buffers.count ? at + 12 : descriptor)
    }
  }
  /// What a receiver makes of the lines by Philips' I2S: bits at the rising edge, the first of a slot one clock after WS has changed.
  final class Listener {
    var slots: [(right: Bool, value: UInt32, bits: Int)] = []
    private var value: UInt32 = 0, bits = 0, ws: Bool?
    init(_ bench: ESP32Bench, bck: Int, wordSelect: Int, data: Int) {
      let pins = bench.chip.gpio.pins
      pins[bck].net.onChange = { [weak self] level in if level == .high { self?.clock(pins[wordSelect].isHigh, pins[data].isHigh) } }
    }
    private func clock(_ select: Bool, _ data: Bool) {
      guard let was = ws else { return ws = select }
      value = value << 1 | (data ? 1 : 0)
      bits += 1
      guard was != select else { return }
      slots.append((was, value, bits))
      ws = select
      value = 0
      bits = 0
    }
  }
  /// The manual's TX_MSB_RIGHT, FIFO modes and channel modes as ESP-IDF's documentation has their effect (i2s.rst, "Standard TX mode").
  @Test(arguments: [
    (mode: UInt32(0), channels: UInt32(0), words: [UInt32(0x0002_0001), 0x0004_0003], left: [UInt32(1), 3], right: [UInt32(2), 4]),
    (0, 2, [0x0002_0001, 0x0004_0003], [1, 3], [1, 3]), (0, 1, [0x0002_0001, 0x0004_0003], [2, 4], [2, 4]),
    (1, 1, [0x0002_0001, 0x0004_0003], [2, 1, 4, 3], [2, 1, 4, 3]), (1, 4, [0x0002_0001, 0x0004_0003], [2, 1, 4, 3], [0, 0, 0, 0]),
    (1, 3, [0x0002_0001, 0x0004_0003], [0, 0, 0, 0], [2, 1, 4, 3]),
  ]) func samplesOf16BitsGoOut(mode: UInt32, channels: UInt32, words: [UInt32], left: [UInt32], right: [UInt32]) {
    let listener = prepare(bits: 16, mode: mode, channels: channels, msbRight: true, words: words)
    bench.run(microseconds: 600)
    let slots = listener.slots
    #expect(slots.allSatisfy { $0.bits == 16 })
    let frames = Array(zip(slots.filter { !$0.right }.map(\.value), slots.filter(\.right).map(\.value)).prefix(left.count))
    #expect(frames.map(\.0) == left && frames.map(\.1) == right, "\(slots.map { ($0.right, $0.value) })")
  }
  @Test func samplesOf32BitsGoOutAndTheRingGoesOn() {
    let words: [UInt32] = [0x1234_5678, 0xFEDC_BA98, 0x8000_0001, 0x7FFF_FFFE]
    let listener = prepare(bits: 32, mode: 2, channels: 0, msbRight: false, words: words)
    let start = bench.time
    var ends: [Double] = []
    bench.write(Self.base + 0x14, 1 << 12)
    bench.chip.i2ss[0].irq.connect { [bench] high in if high { ends.append(bench.time - start) } }
    bench.run(microseconds: 70)
    #expect(bench.read(Self.base + 0x10) == 1 << 12 && bench.read(Self.base + 0x38) == Self.descriptor)
    bench.write(Self.base + 0x18, ~0)
    bench.run(microseconds: 64 * 8)
    #expect(listener.slots.prefix(8).map(\.value) == words + words)
    // 160 MHz / 40 / 4: a frame of 64 bits takes 64 us, a buffer of two 128; its end is when the last sample is taken.
    #expect(ends.count == 2 && near(ends[0], 64, 1) && near(ends[1], 192, 1), "\(ends)")
  }
  private func prepare(bits: UInt32, mode: UInt32, channels: UInt32, msbRight: Bool, words: [UInt32]) -> Listener {
    for (i, w) in words.enumerated() { bench.write(Self.buffer + 4 * UInt32(i), w) }
    chain(at: Self.descriptor, buffers: [Self.buffer], bytes: UInt32(4 * words.count))
    for (signal, pad) in [(23, 18), (25, 19), (163, 23)] { bench.route(signal, to: pad) }
    let listener = Listener(bench, bck: 18, wordSelect: 19, data: 23)
    let base = Self.base
    bench.write(base + 0xAC, 40 | 1 << 20 | 1 << 14)
    bench.write(base + 0xB0, 4 | 4 << 6 | bits << 12 | bits << 18)
    bench.write(base + 0x20, 0x1820 | mode << 13 | 3 << 19)
    bench.write(base + 0x2C, channels)
    bench.write(base + 0x08, 1 << 10 | (msbRight ? 1 << 16 : 0))
    bench.write(base + 0x30, Self.descriptor & 0xFFFFF | 1 << 29)
    bench.set(base + 0x08, 1 << 4)
    return listener
  }
  /// One controller sends to the other, which follows its clocks, over pads and wires.
  @Test func aReceiverFollowsTheClocksOfAnother() {
    let words: [UInt32] = [0x1111_2222, 0x3333_4444, 0x5555_6666, 0x7777_8888]
    let rx: UInt32 = 0x3FF6_D000, there: UInt32 = 0x3FFB_2000
    chain(at: 0x3FFB_0100, buffers: [there, there + 64], bytes: 64)
    for (pad, signal) in [(18, 164), (19, 165), (23, 181)] { bench.route(pad: pad, to: signal) }
    bench.write(rx + 0xB0, 4 | 4 << 6 | 32 << 12 | 32 << 18)
    bench.write(rx + 0x20, 0x1820 | 2 << 16 | 3 << 19)
    bench.write(rx + 0x24, 16)
    bench.write(rx + 0x08, 1 << 7 | 1 << 11)
    bench.write(rx + 0x34, 0xB0100 | 1 << 29)
    bench.set(rx + 0x08, 1 << 5)
    _ = prepare(bits: 32, mode: 2, channels: 0, msbRight: false, words: words)
    bench.run(microseconds: 64 * 10)
    #expect(bench.read(rx + 0x0C) & 1 << 9 != 0 && bench.read(rx + 0x3C) == 0x3FFB_0100)
    let received = (0..<16).map { bench.read(there + 4 * $0) }
    // The first whole frame that it sees is the second.
    #expect(received == Array((words + words + words + words + words)[2..<18]), "\(received.map { String($0, radix: 16) })")
    // Length and end are told in the descriptor, which is software's again.
    #expect(bench.read(0x3FFB_0100) == 64 | 64 << 12 | 1 << 30)
  }
  /// The other way round: the receiver gives the clocks, and the other sends by them.
  @Test func aTransmitterFollowsTheClocksOfAnother() {
    let words: [UInt32] = [0x1234_5678, 0xFEDC_BA98, 0x8000_0001, 0x7FFF_FFFE], base = Self.base, tx: UInt32 = 0x3FF6_D000
    for (signal, pad) in [(27, 18), (28, 19), (189, 23)] { bench.route(signal, to: pad) }
    for (pad, signal) in [(18, 24), (19, 26), (23, 155)] { bench.route(pad: pad, to: signal) }
    for (i, w) in words.enumerated() { bench.write(0x3FFB_2000 + 4 * UInt32(i), w) }
    chain(at: 0x3FFB_0100, buffers: [0x3FFB_2000], bytes: 16)
    bench.write(tx + 0xB0, 4 | 4 << 6 | 32 << 12 | 32 << 18)
    bench.write(tx + 0x20, 0x1820 | 2 << 13 | 3 << 19)
    bench.write(tx + 0x08, 1 << 6 | 1 << 10)
    bench.write(tx + 0x30, 0xB0100 | 1 << 29)
    bench.set(tx + 0x08, 1 << 4)
    chain(at: Self.descriptor, buffers: [Self.buffer, Self.buffer + 32], bytes: 32)
    bench.write(base + 0xAC, 40 | 1 << 20 | 1 << 14)
    bench.write(base + 0xB0, 4 | 4 << 6 | 32 << 12 | 32 << 18)
    bench.write(base + 0x20, 0x1820 | 2 << 16 | 3 << 19)
    bench.write(base + 0x24, 8)
    bench.write(base + 0x08, 1 << 11)
    bench.write(base + 0x34, Self.descriptor & 0xFFFFF | 1 << 29)
    bench.set(base + 0x08, 1 << 5)
    bench.run(microseconds: 64 * 10)
    let received = (0..<16).map { bench.read(Self.buffer + 4 * $0) }
    #expect(Array(received[2..<10]) == words + words || Array(received[2..<10]) == Array((words + words + words)[2..<10]), "\(received.map { String($0, radix: 16) })")
  }
  /// A microphone on the lines: it gives the left slot.
  @Test func aMicrophoneIsHeard() {
    let microphone = bench.driver(of: 22), pins = bench.chip.gpio.pins
    for (signal, pad) in [(27, 18), (28, 19)] { bench.route(signal, to: pad) }
    bench.route(pad: 22, to: 155)
    var sample: UInt32 = 0x0100_0000, bit = 32, ws = true
    pins[18].net.onChange = { level in
      if level == .high {
        if ws != pins[19].isHigh {
          ws = pins[19].isHigh
          bit = 32
          if !ws { sample &+= 0x0123_4500 }
        }
      } else if bit > 0 {
        bit -= 1
        microphone.drive = ws ? .low : sample >> UInt32(bit) & 1 == 1 ? .high : .low
      }
    }
    let base = Self.base
    chain(at: Self.descriptor, buffers: [Self.buffer, Self.buffer + 32], bytes: 32)
    bench.write(base + 0xAC, 40 | 1 << 20 | 1 << 14)
    bench.write(base + 0xB0, 4 | 4 << 6 | 32 << 12 | 32 << 18)
    bench.write(base + 0x20, 0x1820 | 2 << 16 | 3 << 19)
    bench.write(base + 0x24, 8)
    bench.write(base + 0x08, 1 << 11)
    bench.write(base + 0x34, Self.descriptor & 0xFFFFF | 1 << 29)
    bench.set(base + 0x08, 1 << 5)
    bench.run(microseconds: 64 * 6)
    let words = (0..<8).map { bench.read(Self.buffer + 4 * $0) }
    let left = stride(from: 0, to: 8, by: 2).map { words[$0] }, right = stride(from: 1, to: 8, by: 2).map { words[$0] }
    #expect(zip(left, left.dropFirst()).allSatisfy { $1 &- $0 == 0x0123_4500 } && left[0] & 0xFF == 0 && left[0] > 0x0100_0000 && right == [0, 0, 0, 0], "\(words.map { String($0, radix: 16) })")
  }
}

@Suite struct ESP32AnalogTests {
  let bench = ESP32Bench()

  @Test func theDACsLevelIsOnThePad() throws {
    // PDAC1_XPD_DAC and PDAC1_DAC.
    bench.write(0x3FF4_8484, 1 << 18 | 128 << 19)
    #expect(try near(Double(#require(bench.chip.gpio.pins[25].volts)), 128.0 / 255 * 3.3))
    bench.write(0x3FF4_8484, 0)
    #expect(bench.chip.gpio.pins[25].volts == nil)
  }
  /// §29.5.2: 8.5 MHz * 8 / 65536, half its height, around 1.65 V; the other channel upside down.
  @Test func theCosineGeneratorSwings() throws {
    for pad: UInt32 in [0x84, 0x88] { bench.write(0x3FF4_8400 + pad, 1 << 18) }
    bench.write(0x3FF4_889C, 1 << 16 | 1 << 18 | 2 << 20 | 3 << 22 | 1 << 24 | 1 << 25)
    bench.write(0x3FF4_8898, 1 << 16 | 8)
    _ = bench.driver(of: 25)
    let start = bench.time, period = 65536.0 / 8 / 8.5
    var readings: [(Double, Double)] = []
    for _ in 0..<40 {
      bench.run(microseconds: period / 16)
      readings.append(((bench.time - start) / period, Double(try #require(bench.chip.gpio.pins[25].volts))))
    }
    // Eighths of a period, where the cosine is 1, 0.7, 0 …; the pad is brought up to date 64 times in one.
    for (turn, volts) in readings {
      let (x, _) = Self.turned(turn)
      #expect(near(volts, 1.65 + x * 0.82, 0.1), "\(turn) \(volts)")
    }
    let both = (try #require(bench.chip.sens.generator(25)), try #require(bench.chip.sens.generator(26)))
    #expect(abs(Int(both.0) + Int(both.1) - 255) <= 2)
  }
  /// Cosine and sine of so many turns, by halving the angle.
  static func turned(_ turns: Double) -> (Double, Double) {
    var (x, y, n) = (1.0, 0.0, 0)
    let angle = (turns - turns.rounded(.down)) * 6.283185307179586 / 1024
    // Of a small angle, then doubled ten times.
    (x, y) = (1 - angle * angle / 2, angle - angle * angle * angle / 6)
    while n < 10 {
      (x, y) = (x * x - y * y, 2 * x * y)
      n += 1
    }
    return (x, y)
  }
  /// Thresholds below and above, the timer of the measurements, the interrupt; T8 and T9 exchanged in the registers.
  @Test func aTouchIsSeenAndInterrupts() {
    bench.chip.sens.setTouch(8, 80)
    #expect(bench.read(0x3FF4_8880) == 1000 << 16 | 80)
    #expect(bench.read(0x3FF4_8870) == 1000 << 16 | 1000)
    // T0 and T8, threshold 500, one set of pads.
    bench.write(0x3FF4_885C, 500 << 16)
    bench.write(0x3FF4_888C, 1 << 20 | 1)
    bench.write(0x3FF4_8858, 0x1000 | 1 << 25)
    bench.write(0x3FF4_8884, 0x40_0800 & ~(0xFFFF << 14) | 1500 << 14)
    bench.write(0x3FF4_803C, 1 << 6)
    bench.set(0x3FF4_8018, 1 << 23)
    bench.run(microseconds: 30_000)
    #expect(bench.read(0x3FF4_8884) & 0x3FF == 0 && !bench.chip.rtc.irq.isHigh)
    bench.chip.sens.setTouch(0, 100)
    bench.run(microseconds: 12_000)
    #expect(bench.read(0x3FF4_8884) & 0x3FF == 1 && bench.chip.rtc.irq.isHigh)
    bench.chip.sens.setTouch(0, 1000)
    bench.write(0x3FF4_8884, bench.read(0x3FF4_8884) | 1 << 30)
    bench.write(0x3FF4_8048, 1 << 6)
    bench.run(microseconds: 30_000)
    #expect(bench.read(0x3FF4_8884) & 0x3FF == 0 && !bench.chip.rtc.irq.isHigh)
  }
  /// A pad that is tied to ground cannot be charged.
  @Test func aGroundedPadMeasuresNothing() {
    bench.write(0x3FF4_8494, 1 << 19)
    bench.driver(of: 4).drive = .low
    #expect(bench.read(0x3FF4_8870) >> 16 == 0)
  }
}

@Suite struct ESP32RMTTests {
  let bench = ESP32Bench()
  let base: UInt32 = 0x3FF5_6000

  private func receive(filter: UInt32 = 0) -> Pin {
    let pin = bench.driver(of: 4)
    pin.drive = .low
    bench.route(pad: 4, to: 83)
    // A tick of 1 us; idle after 100 of them.
    bench.write(base + 0x20, 40 | 100 << 8 | 1 << 24)
    bench.write(base + 0xA8, 7)
    bench.write(base + 0x24, 1 << 1 | 1 << 2 | 1 << 5 | 1 << 17 | (filter > 0 ? 1 << 7 | filter << 8 : 0))
    bench.run(microseconds: 10)
    return pin
  }
  private func play(_ pin: Pin, _ pulses: [(Bool, Double)]) {
    for (level, length) in pulses {
      pin.drive = level ? .high : .low
      bench.run(microseconds: length)
    }
    pin.drive = .low
  }
  @Test func pulsesAreTakenDown() {
    let pin = receive()
    play(pin, [(true, 9), (false, 45), (true, 5), (false, 6), (true, 7)])
    bench.run(microseconds: 90)
    #expect(bench.read(base + 0xA4) == 0)
    bench.run(microseconds: 20)
    // RX_END of channel 0.
    #expect(bench.read(base + 0xA4) == 1 << 1 && bench.chip.rmt.irq.isHigh)
    #expect((0..<3).map { bench.read(base + 0x800 + 4 * $0) } == [0x8009 | 45 << 16, 0x8005 | 6 << 16, 0x8007])
    #expect(bench.read(base + 0x60) & 0x3FF == 3)
  }
  /// Of 10 cycles of the APB clock.
  @Test func aSpikeIsFilteredOut() {
    let pin = receive(filter: 10)
    play(pin, [(true, 20), (false, 0.2), (true, 10), (false, 30), (true, 0.1), (false, 10), (true, 12)])
    bench.run(microseconds: 120)
    let items = (0..<2).map { bench.read(base + 0x800 + 4 * $0) }
    #expect(near(Double(items[0] & 0x7FFF), 30, 1) && near(Double(items[0] >> 16), 40, 1) && near(Double(items[1] & 0x7FFF), 12, 1) && items[1] >> 16 == 0, "\(items.map { String($0, radix: 16) })")
  }
  /// What one channel sends, another takes down.
  @Test func whatIsSentIsReceived() {
    bench.route(88, to: 5)
    bench.write(0x3FF4_4024, 1 << 5)
    bench.route(pad: 5, to: 83)
    bench.write(base + 0x20, 40 | 100 << 8 | 1 << 24)
    bench.write(base + 0x24, 1 << 1 | 1 << 5 | 1 << 17)
    let items: [UInt32] = [0x8014 | 30 << 16, 0x8028 | 12 << 16, 0x8003]
    for (i, w) in items.enumerated() { bench.write(base + 0x800 + 256 + 4 * UInt32(i), w) }
    bench.write(base + 0x28, 40 | 1 << 24)
    bench.write(base + 0x2C, 1 | 1 << 3 | 1 << 17 | 1 << 19)
    bench.run(microseconds: 400)
    #expect(bench.read(base + 0xA0) & 0b1010 == 0b1010)
    #expect((0..<3).map { bench.read(base + 0x800 + 4 * $0) } == items)
  }
}

@Suite struct ESP32CryptographyTests {
  let bench = ESP32Bench()

  /// FIPS 197, appendix C.
  @Test(arguments: [(0, 16, "69c4e0d86a7b0430d8cdb78070b4c55a"), (1, 24, "dda97ca4864cdfe06eaf70a0ec0d7191"), (2, 32, "8ea2b7ca516745bfeafc49904b496089")]) func aes(mode: Int, key: Int, expected: String) {
    let base: UInt32 = 0x3FF0_1000
    func words(_ bytes: [UInt8]) -> [UInt32] {
      stride(from: 0, to: bytes.count, by: 4).map { i -> UInt32 in bytes[i..<i + 4].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) } }
    }
    for (i, w) in words((0..<UInt8(key)).map { $0 }).enumerated() { bench.write(base + 0x10 + 4 * UInt32(i), w) }
    let plain = words((0..<16).map { UInt8($0) * 0x11 })
    for (i, w) in plain.enumerated() { bench.write(base + 0x30 + 4 * UInt32(i), w) }
    bench.write(base + 0x08, UInt32(mode))
    bench.write(base, 1)
    #expect(bench.read(base + 0x04) == 1)
    let bytes = (UInt32(0)..<4).flatMap { n -> [UInt8] in
      let w = bench.read(base + 0x30 + 4 * n)
      return (0..<4).map { UInt8(truncatingIfNeeded: w >> (8 * $0)) }
    }
    let text = bytes.map { b -> String in (b < 16 ? "0" : "") + String(b, radix: 16) }.joined()
    #expect(text == expected)
    bench.write(base + 0x08, UInt32(mode + 4))
    bench.write(base, 1)
    #expect((0..<4).map { bench.read(base + 0x30 + 4 * $0) } == plain)
  }
  /// "abc" and 200 times "a", as Python's hashlib has them.
  @Test(arguments: [
    (0, 64, 5, "a9993e364706816aba3e25717850c26c9cd0d89d", "e61cfffe0d9195a525fc6cf06ca2d77119c24a40"),
    (1, 64, 8, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "c2a908d98f5df987ade41b5fce213067efbcc21ef2240212a41e54b5e7c28ae5"),
    (2, 128, 12, "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
      "0691b6e978614b67d60557b2a2cddd53406508522efa21c624dbbfa8ab6e726d5c586b489c7c09f24109a64c10211d48"),
    (3, 128, 16, "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
      "4b11459c33f52a22ee8236782714c150a3b2c60994e9acee17fe68947a3e6789f31e7668394592da7bef827cddca88c4e6f86e4df7ed1ae6cba71f3e98faee9f"),
  ]) func sha(kind: Int, block: Int, words: Int, abc: String, long: String) {
    let base: UInt32 = 0x3FF0_3000, control = base + 0x80 + 16 * UInt32(kind)
    func hash(_ message: [UInt8]) -> String {
      var m = message + [0x80]
      while m.count % block != block - 8 { m.append(0) }
      m += (0..<8).map { UInt8(truncatingIfNeeded: (message.count * 8) >> (56 - 8 * $0)) }
      for (n, start) in stride(from: 0, to: m.count, by: block).enumerated() {
        for i in 0..<block / 4 {
          let at = start + 4 * i
          let word: UInt32 = m[at..<at + 4].reduce(0) { $0 << 8 | UInt32($1) }
          bench.write(base + 4 * UInt32(i), word)
        }
        bench.write(control + (n == 0 ? 0 : 4), 1)
        #expect(bench.read(control + 12) == 0)
      }
      bench.write(control + 8, 1)
      return (0..<words).map { i in
        let s = String(bench.read(base + 4 * UInt32(i)), radix: 16)
        return String(repeating: "0", count: 8 - s.count) + s
      }.joined()
    }
    #expect(hash(Array("abc".utf8)) == abc)
    #expect(hash([UInt8](repeating: 0x61, count: 200)) == long)
  }

  /// Limbs of a hexadecimal number, the low one first.
  private static func limbs(_ hex: String, _ count: Int) -> [UInt32] {
    var text = Substring(hex), out: [UInt32] = []
    while !text.isEmpty {
      out.append(UInt32(text.suffix(8), radix: 16) ?? 0)
      text = text.dropLast(min(8, text.count))
    }
    return out + [UInt32](repeating: 0, count: max(0, count - out.count))
  }
  /// Numbers and results of Python's pow and product, as ESP-IDF's bignum driver has them calculated: R = 2^bits.
  @Test(arguments: [
      (512, "d3d23c0bdf43efb219fcfc64e7aa8576d96e5adfa2beee31ac8be7d742840d2b26b563b1e794ee14e1454c40c439f34ac963cfe0afae5a3bb9096a04e7d80069",
        "6977a41b730bed9c94a67f00f335c3577972a36d51b31a6c20050ed31a6e72b91333bc1cfe6c2b036820212c6959935406e82a012b5c5cd1e7ca430e92ac3d42",
        "67a9b05c7dfb27e8d775f593ce3ad2b28491cabea0afe35617bcc74d6d683cf8542861cd55e7d67eae6ac4a9e89c5bc7a0187b4d51209e8f332726d0356a4152",
        power: "8aba919f2337d5f08f542bfbe8b4606dee9c3377b239a4107b0aed3c0e45b289e81f3b1d6b015f6f663e16638d80f38addd43141a240c06b026dd45a528e9cdc",
        modular: "14c5cff477403ebf23dee2eb0704d30e99031a124729c9b9d39a16b332094cf1cba82b4f0d9993c564f9960f478f7b3b2542ad813940e9c401e697e700864576",
        product: "2ab50baabd217c4fdd19c44710a153471e06b1945da4c265ec297bc012772ae485239311960d903ad71ff20d99c4173fe12809cef2822b5b48a52fd796c4bf58ea4b775434840be58c7214d8e63bf1d7efb1fbe16ef3b98bdb3e9df71e32a1b0e197610969162dbaaaf10ad08370c7d8dc7e6d667a0e22a49a4e2388be0d6124"),
      (1024, "cc8fc5260352a9bf0e56d5813cd158af92ed2607383c017bd756a407dbeece423be4c78bb4ae3dd3447e604605f9eb87e7db270d1e2162169fbba63829d144e441bc858eb0b4362e4e18a3634891a61bc3b1b366b1852ac840e0529930b9f6091570bc621832c9e233aa391808fc20813e1dcfb592bde31c34d2ea1614daf467",
        "6db56e5b94929216c79f25eefefa0243200c54e9b096ebf51efc20c9dcf8bef6b4ec0652edc8144167e0e2a62a27ead5281f772f6ed299e4d532b79f8e41a78f4617edaaa37feba2ec246343272be0eae810b08a72880e4ab8a6acd69988235655fac783a5998165b1dd1b80230a102c4786a2284cfdb1e79e1fcc46a5157170",
        "b9b8a314c34e9d45c1aa598c87c4ebf175187d21f3d9680166efbf7cbad32fc0ac19c0e850b94098cc61175da6c67d82cf5d777f00830f1b4b216f91e25bd3abc8b050241d6597e214bc028ad6e8541a2c1d8f47fe1d515b2c1d87286fba579b31826e0a84fd2ec50d44edc59b914a48e82458191dc903573959999c584355b8",
        power: "ca2daaa700443b42046334721e2b97ee4902e4f687481a09d257014df17545c06f124ec0d029348b9ec7e3b477f5fb7bae1515098549b20344b5c4d7918c530ec229f18d190b01ba99868b6b6235bef5c8ecebf8f3e3b93ba0145278b4afb99bf32811e7a22ec30d58afab1bc96464100ab45905c849f05fe1364fc576da880a",
        modular: "9c0652f46187963e713a484a8994de4f01120e110e48b582abb0a79043e483d1a98c61cba4c7b536973839566d98238a3fbfe5140bd3282bb0da1c316607ce34545cfaa796c92e5ccf5e07a42a2d839d39d85502b753f117900f1e1cee7b377284cb56230150477615cbee204f5f0ea0757f3e512b97dbd2140de99dd91ec8ff",
        product: "4f973d0aeb548769f0c0037a5450e2b874e58ea19e766f75def466375a00ac919f8298dfc9c2700654c7e837c91ea4620f8734f87f9d956fe4b705e252052529b39dc177331edf7a36b40bbefa98b19778dd8ce68214bb89ee425ca71f5aa635a8eb720c085300b53898dddd47e4221d8537d83d6edffb84fdb545c7736def6965de80c573910af05862baac7dd78b8646e0ee3c4861de3c6efa945486e2c044964d028f520dab61c5382a81dd898760ec08b565408d14e11d814cef76dce53e58b3e3e3d5872f9d2c048beda50dbe7cc405f10f63fe4d5231ff8e2eec316ffa11915a8b7a64b33e9ccc42af40159192cf7b0dd4f7b8d201beb7eb71f663b880"),
    ]) func rsa(bits: Int, m: String, x: String, y: String, power: String, modular: String, product: String) {
    let base: UInt32 = 0x3FF0_2000, n = bits / 32
    func put(_ v: [UInt32], _ at: UInt32) { for (i, w) in v.enumerated() { bench.write(base + at + 4 * UInt32(i), w) } }
    func result(_ count: Int) -> [UInt32] { (0..<count).map { bench.read(base + 0x200 + 4 * UInt32($0)) } }
    func finish() {
      #expect(bench.read(base + 0x814) == 1 && bench.chip.rsa.irq.isHigh)
      bench.write(base + 0x814, 1)
      #expect(bench.read(base + 0x814) == 0)
    }
    let modulus = Self.limbs(m, n)
    // -1 / M modulo 2^32, by Newton's steps; R^2 modulo M.
    var inverse: UInt32 = 1
    for _ in 0..<5 { inverse = inverse &* (2 &- modulus[0] &* inverse) }
    let r2 = ESP32RSA.remainder([UInt32](repeating: 0, count: 2 * n) + [1], modulus)
    #expect(bench.read(base + 0x818) == 1)
    put(modulus, 0)
    bench.write(base + 0x800, 0 &- inverse)
    put(Self.limbs(x, n), 0x600)
    put(Self.limbs(y, n), 0x400)
    put(r2, 0x200)
    bench.write(base + 0x804, UInt32(n / 16 - 1))
    bench.write(base + 0x808, 1)
    finish()
    #expect(result(n) == Self.limbs(power, n))
    // A product modulo M is two of Montgomery's: X * R^2 / R, and that * Y / R.
    put(Self.limbs(x, n), 0x600)
    put(r2, 0x200)
    bench.write(base + 0x80C, UInt32(n / 16 - 1))
    bench.write(base + 0x810, 1)
    finish()
    put(Self.limbs(y, n), 0x600)
    bench.write(base + 0x810, 1)
    finish()
    #expect(result(n) == Self.limbs(modular, n))
    // A plain product: X, and Y in the upper half of a Z of twice the length.
    put(Self.limbs(x, n), 0x600)
    put([UInt32](repeating: 0, count: n) + Self.limbs(y, n), 0x200)
    bench.write(base + 0x80C, UInt32(2 * n / 16 - 1 + 8))
    bench.write(base + 0x810, 1)
    finish()
    #expect(result(2 * n) == Self.limbs(product, 2 * n))
  }
}

@Suite struct ESP32FuzzTests {
  @Test(arguments: [0x5EED, 77, 0xC0FFEE] as [UInt64]) func randomWordsAtRandomRegisters(seed: UInt64) {
    let bench = ESP32Bench(), chip = bench.chip
    var fuzz = RegisterFuzz(bench.machine, bus: chip.cores[0].bus, pins: chip.gpio.pins, dma: 0x3FFB_0000, seed: seed)
    fuzz.run(400_000, blocks: (0..<0x80).map { 0x3FF0_0000 + UInt32($0) << 12 }) { for c in chip.cores { c.isStalled = true } }
    #expect(fuzz.edges.count > 0)
  }
}
