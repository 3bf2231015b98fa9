import Machine
import Parts
import Testing

@testable import Chips

/// What I2S does besides serial samples: PDM, parallel lines, the DACs and the ADCs, and the audio PLL.
@Suite struct ESP32I2SModeTests {
  let bench = ESP32Bench()
  static let base: UInt32 = 0x3FF4_F000, descriptor: UInt32 = 0x3FFB_0000, buffer: UInt32 = 0x3FFB_1000
  private func set(_ offset: UInt32, _ v: UInt32) { bench.write(Self.base + offset, v) }
  /// A buffer of words; it is sent again and again, or once.
  private func send(_ words: [UInt32], again: Bool = true) {
    for (i, w) in words.enumerated() { bench.write(Self.buffer + 4 * UInt32(i), w) }
    let bytes = UInt32(words.count * 4)
    bench.write(Self.descriptor, bytes | bytes << 12 | 3 << 30)
    bench.write(Self.descriptor + 4, Self.buffer)
    bench.write(Self.descriptor + 8, again ? Self.descriptor : 0)
    set(0x30, Self.descriptor & 0xFFFFF | 1 << 29)
  }
  private func receive(words: UInt32) {
    bench.write(Self.descriptor, words * 4 | 1 << 31)
    bench.write(Self.descriptor + 4, Self.buffer)
    bench.write(Self.descriptor + 8, 0)
    set(0x24, words)
    set(0x34, Self.descriptor & 0xFFFFF | 1 << 29)
  }
  private func received(_ n: UInt32) -> [UInt32] { (0..<n).map { bench.read(Self.buffer + 4 * $0) } }
  /// 160 MHz by `clkm`, then by `bck`; slots of `bits`.
  private func clocks(clkm: UInt32, bck: UInt32, bits: UInt32 = 16) {
    set(0xAC, clkm)
    set(0xB0, bck | bck << 6 | bits << 12 | bits << 18)
  }
  /// What is on a line at each edge of another, by the edge.
  private final class Sampler {
    var atRise: [UInt32] = [], atFall: [UInt32] = [], rises: [UInt64] = []
    init(_ bench: ESP32Bench, clock: Int, value: @escaping () -> UInt32) {
      bench.chip.gpio.pins[clock].net.onChange = { [weak self, machine = bench.machine] level in
        if level == .high {
          self?.rises.append(machine.now)
          self?.atRise.append(value())
        } else {
          self?.atFall.append(value())
        }
      }
    }
  }

  // MARK: PDM

  /// F_PDM = 64 F_PCM FP / FS. The density of ones is the sample: 0x4000 is three quarters, -32768 nothing.
  @Test func pcmGoesOutAsDensity() {
    bench.route(25, to: 4)
    bench.route(163, to: 5)
    let pins = bench.chip.gpio.pins, line = Sampler(bench, clock: 4) { pins[5].isHigh ? 1 : 0 }
    clocks(clkm: 40, bck: 4)
    set(0x20, 0x1820)
    set(0xB4, 0x155_0025)  // TX_PDM_EN, PCM2PDM_CONV_EN, every filter times 1
    set(0xB8, 960 << 10 | 480)
    send([0x4000_8000])
    set(0x08, 1 << 4)
    bench.run(microseconds: 1281)
    // 1 MHz. What was there while the clock was low is seen when it rises.
    let periods = Set(zip(line.rises, line.rises.dropFirst()).map { $1 - $0 })
    #expect(periods == [1_000_000] && line.rises.count >= 1280)
    #expect(line.atRise.prefix(1280).reduce(0, +) == 960 && line.atFall.prefix(1280).reduce(0, +) == 0)
    // Twice as loud, and clipped.
    set(0x08, 0)
    set(0xB4, 0x195_0025)
    line.atRise = []
    send([0x4000_4000])
    set(0x08, 1 << 4)
    bench.run(microseconds: 641)
    #expect(line.atRise.prefix(640).reduce(0, +) >= 639)
  }
  /// Without the converter the bits go out as they are, a slot's in turn with the other's.
  @Test func rawPDMGoesOutUnchanged() {
    bench.route(25, to: 4)
    bench.route(163, to: 5)
    let pins = bench.chip.gpio.pins, line = Sampler(bench, clock: 4) { pins[5].isHigh ? 1 : 0 }
    clocks(clkm: 40, bck: 4)
    set(0x20, 0x1820)
    set(0xB4, 0x155_0021)
    send([0xA5C3_0FF0])
    set(0x08, 1 << 4)
    bench.run(microseconds: 17)
    func value(_ bits: [UInt32]) -> UInt32 { bits.prefix(16).reduce(0) { $0 << 1 | $1 } }
    #expect(value(line.atRise) == 0xA5C3 && value(line.atFall) == 0x0FF0)
  }
  /// A microphone that gives three ones of four in the left slot and zeros in the right one.
  @Test(arguments: [(false, 64), (true, 128)]) func densityComesInAsPCM(slow: Bool, cycles: Int) {
    bench.route(28, to: 4)
    bench.route(pad: 5, to: 155)
    let microphone = bench.driver(of: 5), pins = bench.chip.gpio.pins
    var n = 0, falls: [UInt64] = []
    pins[4].net.onChange = { [machine = bench.machine] level in
      if level == .low {
        falls.append(machine.now)
        n += 1
        microphone.drive = n % 4 == 0 ? .low : .high
      } else {
        microphone.drive = .low
      }
    }
    microphone.drive = .high
    clocks(clkm: 40, bck: 4)
    set(0x20, 0x1820)
    set(0xB4, 0x55_0020 | 2 | 8 | (slow ? 1 << 24 : 0))
    receive(words: 4)
    set(0x08, 1 << 5)
    bench.run(microseconds: Double(cycles * 5))
    #expect(Set(zip(falls, falls.dropFirst()).map { $1 - $0 }) == [1_000_000])
    // (2 * ones - cycles) / cycles of full scale; the first sample may begin within the four.
    let words = received(4)
    #expect(words.dropFirst().allSatisfy { $0 >> 16 == 16383 && Int16(truncatingIfNeeded: $0) == -32767 }, "\(words.map { String($0, radix: 16) })")
    #expect(bench.read(Self.descriptor) >> 30 & 1 == 1)
  }

  // MARK: Parallel

  private func bus(_ count: Int, from first: Int) -> () -> UInt32 {
    // Pads that are neither input only nor the flash's.
    let pads = [12, 13, 14, 15, 16, 17, 18, 19, 21, 22, 23, 25, 26, 27, 32, 33].prefix(count)
    for (n, p) in pads.enumerated() { bench.route(140 + first + n, to: p) }
    let pins = bench.chip.gpio.pins
    return { pads.enumerated().reduce(0) { pins[$1.element].isHigh ? $0 | 1 << UInt32($1.offset) : $0 } }
  }
  /// A display of 16 lines on DATA_OUT8 to 23: halves of words, the upper one first, a write at each fall of WS (ESP-IDF's i80 bus).
  @Test(arguments: [16, 8], [false, true]) func aDisplayGetsItsWords(width: Int, twice: Bool) {
    bench.route(25, to: 4)
    let display = Sampler(bench, clock: 4, value: bus(width, from: 8))
    clocks(clkm: 16, bck: 2, bits: UInt32(width))
    set(0x20, 0x1820 | 1 << 13)
    set(0x2C, 1)
    set(0xA0, 0x189)  // TX_STOP_EN
    set(0xA8, 1 << 5 | (twice ? 2 : 0))
    send([0x1234_5678, 0x9ABC_DEF0], again: false)
    set(0x08, 1 << 4 | 1 << 8)
    bench.run(microseconds: 20)
    let mask: UInt32 = width == 8 ? 0xFF : 0xFFFF, words: [UInt32] = [0x1234, 0x5678, 0x9ABC, 0xDEF0].map { $0 & mask }
    #expect(Array(display.atFall.prefix(twice ? 8 : 4)) == (twice ? words.flatMap { [$0, $0] } : words))
    // WS takes two cycles of BCK, 5 MHz.
    #expect(Set(zip(display.rises, display.rises.dropFirst()).map { $1 - $0 }.prefix(3)) == [400_000])
    // OUT_DONE, OUT_EOF, OUT_TOTAL_EOF, and then rest.
    #expect(bench.read(Self.base + 0x0C) >> 11 & 0x23 == 0x23 && display.rises.count == (twice ? 8 : 4))
  }
  /// Words with 32 bits: the upper 24 on the lines, one in a cycle.
  @Test func wordsAreOneCycle() {
    bench.route(25, to: 4)
    let display = Sampler(bench, clock: 4, value: bus(16, from: 0))
    clocks(clkm: 16, bck: 2, bits: 32)
    set(0x20, 0x1820 | 3 << 13)
    set(0x2C, 1)
    set(0xA8, 1 << 5)
    send([0x00AB_CD11, 0x0012_3422], again: false)
    set(0x08, 1 << 4 | 1 << 8)
    bench.run(microseconds: 1)
    #expect(display.atFall.prefix(2) == [0xABCD, 0x1234])
  }
  /// A camera with eight lines: what its clock shows while all three of its signals are high.
  @Test(arguments: [(1, [0x11_0022, 0x33_0044]), (0, [0x11_0022, 0x22_0033]), (3, [0x11_0000, 0x22_0000])] as [(UInt32, [UInt32])]) func aCamerasPixels(mode: UInt32, words: [UInt32]) {
    let clock = bench.driver(of: 4), enable = bench.driver(of: 5), pads = [12, 13, 14, 15, 16, 17, 18, 19], lines = pads.map { bench.driver(of: $0) }
    for (n, p) in pads.enumerated() { bench.route(pad: p, to: 140 + n) }
    for s in [190, 191, 192] { bench.route(pad: 5, to: s) }
    bench.route(pad: 4, to: 28)
    for p in pads + [4, 5] { bench.set(0x3FF4_9000 + [4: 0x48, 5: 0x6C, 12: 0x34, 13: 0x38, 14: 0x30, 15: 0x3C, 16: 0x4C, 17: 0x50, 18: 0x70, 19: 0x74][p]!, 0x200) }
    clock.drive = .low
    clocks(clkm: 2, bck: 2)
    set(0x20, 0x1820 | mode << 16)
    set(0xA8, 1 << 5 | 1)
    receive(words: 2)
    set(0x08, 1 << 5 | 1 << 7)
    for (value, isValid) in [(0xEE, false), (0x11, true), (0x22, true), (0x33, true), (0x44, true), (0xEE, false)] as [(Int, Bool)] {
      enable.drive = isValid ? .high : .low
      for (n, l) in lines.enumerated() { l.drive = value >> n & 1 == 1 ? .high : .low }
      bench.run(microseconds: 1)
      clock.drive = .high
      bench.run(microseconds: 1)
      clock.drive = .low
    }
    #expect(received(2) == words)
  }

  // MARK: The converters

  /// Left and right for DAC2 and DAC1, the upper bytes of samples of 16 bits, at 20 kHz.
  @Test func samplesReachTheDACs() throws {
    for register in [0x3FF4_8484, 0x3FF4_8488] as [UInt32] { bench.set(register, 1 << 18) }
    bench.set(0x3FF4_8898, 1 << 22)  // DAC_DIG_FORCE
    clocks(clkm: 250, bck: 16)
    set(0x20, 0x1820)
    set(0xA8, 1 << 5)
    send([0x4000_8000, 0xC000_FF00])
    set(0x08, 1 << 4)
    let pins = bench.chip.gpio.pins
    func levels() -> [Int] { [25, 26].map { Int(((pins[$0].volts ?? -1) / 3.3 * 255).rounded()) } }
    bench.run(microseconds: 25)
    #expect(levels() == [0x80, 0x40])
    bench.run(microseconds: 50)
    #expect(levels() == [0xFF, 0xC0])
    bench.run(microseconds: 50)
    #expect(levels() == [0x80, 0x40])
  }
  /// The pattern table: channels 0 and 3 of SAR1 at 11 dB with 12 bits in turn, 20,000 conversions a second.
  @Test func conversionsComeByThePattern() {
    let a = bench.driver(of: 36), b = bench.driver(of: 39)
    a.drive = Drive(.strong, volts: 1)
    b.drive = Drive(.strong, volts: 2)
    bench.write(0x3FF6_601C, 0x0F3F_0000)
    bench.set(0x3FF4_8800, 1 << 27)  // SAR1_DIG_FORCE
    bench.write(0x3FF6_6014, 0x1FE | 1 << 9)
    bench.write(0x3FF6_6010, 1 << 26 | 1 << 15 | 1 << 23)
    clocks(clkm: 250, bck: 16)
    set(0x20, 0x1820 | 1 << 16)
    set(0xA8, 1 << 5)
    receive(words: 2)
    set(0x08, 1 << 5)
    bench.run(microseconds: 140)
    #expect(bench.read(Self.base + 0x0C) >> 9 & 1 == 0)
    bench.run(microseconds: 20)
    // (1000 mV - 142) * 65536 * 4096 / 1100 / 196602, as ESP-IDF's curve of 11 dB has it.
    #expect(received(2) == Array(repeating: 1065 << 16 | 3 << 12 | 2306, count: 2) && bench.read(Self.base + 0x0C) >> 9 & 1 == 1)
    // Both in turn, with the converter in bit 15: channel 4 of SAR2 is GPIO13.
    let c = bench.driver(of: 13)
    c.drive = Drive(.strong, volts: 1)
    set(0x08, 0)
    bench.set(0x3FF4_8890, 1 << 28)
    bench.write(0x3FF6_602C, 0x4F00_0000)
    bench.write(0x3FF6_6014, 0x1FE | 3 << 9)
    bench.write(0x3FF6_6010, 1 << 26 | 1 << 25 | 2 << 3 | 3 << 23)
    receive(words: 1)
    set(0x08, 1 << 5)
    bench.run(microseconds: 160)
    let word = received(1)[0]
    #expect(word >> 27 == 0 && word >> 16 & 0x7FF == 1065 / 2 && word >> 11 & 0x1F == 0x14 && (525...545).contains(word & 0x7FF), "\(String(word, radix: 16))")
  }

  // MARK: The audio PLL

  private func analog(_ register: UInt32, _ v: UInt32) { bench.write(0x3FF4_E00C, 0x6D | register << 8 | v << 16 | 1 << 24) }
  /// f = 40 MHz * (4 + SDM2 + SDM1/256 + SDM0/65536) / (2 * (O_DIV + 2)): 24.576 MHz for 96 kHz.
  @Test func theAudioPLLMakesItsFrequency() {
    #expect(bench.chip.apllHertz == 0)
    bench.write(0x3FF4_8030, 1 << 24)
    for (r, v) in [(7, 5), (8, 0xD4), (9, 0x95), (4, 6)] as [(UInt32, UInt32)] { analog(r, v) }
    #expect(abs(Double(bench.chip.apllHertz) - 24_576_000) < 40)
    // OR_CAL_END.
    bench.write(0x3FF4_E00C, 0x6D | 3 << 8)
    #expect(bench.read(0x3FF4_E00C) >> 23 & 1 == 1)
    bench.route(25, to: 4)
    let ws = bench.edges(of: 4)
    clocks(clkm: 2 | 1 << 21, bck: 4)
    set(0x20, 0x1820)
    send([0])
    set(0x08, 1 << 4)
    bench.run(microseconds: 500)
    let periods = ws.periods.dropFirst()
    #expect(periods.count > 30 && periods.allSatisfy { abs($0 - 1000 / 96.0) < 0.01 })
  }
}
