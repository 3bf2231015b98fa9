import Machine
import Parts
import Testing

@testable import Chips

@Suite struct ESP32ULPTests {
  let bench = ESP32Bench()
  static let memory: UInt32 = 0x5000_0000

  private func load(_ words: [UInt32]) { for (i, w) in words.enumerated() { bench.write(Self.memory + 4 * UInt32(i), w) } }
  /// Software starts it: SENS.SAR_START_FORCE.
  private func start() {
    bench.write(0x3FF4_882C, 0x10F)
    bench.write(0x3FF4_882C, 0x30F)
  }
  private func move(_ r: UInt32, _ v: UInt32) -> UInt32 { 7 << 28 | 1 << 25 | 4 << 21 | v << 4 | r }
  private func immediate(_ operation: UInt32, _ d: UInt32, _ s: UInt32, _ v: UInt32) -> UInt32 { 7 << 28 | 1 << 25 | operation << 21 | v << 4 | s << 2 | d }
  private func registers(_ operation: UInt32, _ d: UInt32, _ s: UInt32, _ t: UInt32) -> UInt32 { 7 << 28 | operation << 21 | t << 4 | s << 2 | d }
  private func store(_ r: UInt32, at a: UInt32, offset: UInt32) -> UInt32 { 6 << 28 | 4 << 25 | (offset & 0x7FF) << 10 | a << 2 | r }
  private let halt: UInt32 = 11 << 28
  private func word(_ n: UInt32) -> UInt32 { bench.read(Self.memory + 4 * n) }

  @Test func arithmeticAndStores() {
    load([
      move(1, 100), move(2, 0xFFF0), immediate(0, 3, 2, 0x20), store(3, at: 1, offset: 0),  // 0x10, with an overflow
      8 << 28 | 2 << 22 | 6 << 2,  // jump 6, ov
      halt,
      immediate(1, 3, 3, 1), store(3, at: 1, offset: 1), immediate(2, 3, 2, 0xFF0F), store(3, at: 1, offset: 2), registers(3, 3, 1, 2), store(3, at: 1, offset: 3), immediate(5, 3, 1, 4), store(3, at: 1, offset: 4),
      immediate(6, 3, 2, 12), store(3, at: 1, offset: 5), registers(4, 3, 2, 0), store(3, at: 1, offset: 0x7FF), registers(1, 3, 2, 2),
      8 << 28 | 1 << 22 | 21 << 2,  // jump 21, eq
      halt, 13 << 28 | 1 << 2 | 3, store(3, at: 1, offset: 6), halt,
    ])
    start()
    bench.run(microseconds: 100)
    // The upper half: eleven bits of the program counter, and the number of the register with the address.
    #expect(word(100) == 3 << 21 | 1 << 16 | 0x10)
    #expect((101...106).map { word($0) & 0xFFFF } == [0x0F, 0xFF00, 0xFFF4, 0x640, 0x0F, 0x10] && word(99) & 0xFFFF == 0xFFF0)
  }
  /// A loop of the stage counter, and one of R0; their time at 8.5 MHz.
  @Test func loops() {
    load([
      7 << 28 | 2 << 25 | 2 << 21, move(0, 0), move(1, 100),
      immediate(0, 0, 0, 3), 7 << 28 | 2 << 25 | 1 << 4,  // add r0, 3; stage_inc 1
      8 << 28 | 2 << 25 | 1 << 24 | 2 << 17 | 10,  // jumps -2, 10, lt
      store(0, at: 1, offset: 0),
      immediate(1, 0, 0, 1), 8 << 28 | 1 << 25 | 1 << 24 | 1 << 17 | 1 << 16 | 5,  // sub r0, 1; jumpr -1, 5, ge
      store(0, at: 1, offset: 1), 4 << 28 | 8500, halt,
    ])
    let begin = bench.time
    start()
    while bench.chip.ulp.isRunning, bench.time < begin + 5000 { bench.run(microseconds: 1) }
    #expect(word(100) & 0xFFFF == 30 && word(101) & 0xFFFF == 4)
    // 3 and 10 * 3 and 26 * 2 instructions of 4 cycles, two of 8, the wait.
    let cycles = Double(3 * 4 + 30 * 4 + 52 * 4 + 16 + 8506 + 2)
    #expect(near(bench.time - begin, cycles / 8.5, 2), "\(bench.time - begin)")
  }
  /// Registers of the RTC: a pad is driven; the ADC reads another.
  @Test func padsAndADC() {
    // GPIO4 is the RTC's (touch 0, RTC number 10), an output.
    bench.write(0x3FF4_8494, 1 << 19)
    bench.write(0x3FF4_8410, 1 << 24)
    bench.driver(of: 36).drive = Drive(.strong, volts: 1)
    load([
      1 << 28 | 24 << 23 | 24 << 18 | 1 << 10 | 1 << 8 | 1,  // reg_wr RTC_IO.OUT_W1TS, bit 24
      5 << 28 | 1 << 2 | 2,  // adc r2, 0, 1
      move(1, 100), store(2, at: 1, offset: 0),
      2 << 28 | 31 << 23 | 14 << 18 | 1 << 8 | 0,  // reg_rd RTC_IO.OUT, bits 14 to 31
      store(0, at: 1, offset: 1), halt,
    ])
    // As software prepares it: 12 bits, true polarity.
    bench.write(0x3FF4_8800, 0x70902 | 1 << 28)
    start()
    bench.run(microseconds: 100)
    #expect(bench.chip.gpio.pins[4].isHigh && word(101) & 0xFFFF == 1 << 10)
    #expect(near(Double(word(100) & 0xFFFF), (1000 - 142) * 4096 * 65536 / 1100 / 196602, 2), "\(word(100))")
  }
  /// The timer starts it again and again; WAKE interrupts.
  @Test func theTimerAndTheInterrupt() {
    load([move(1, 100), 13 << 28 | 1 << 2, immediate(0, 0, 0, 1), store(0, at: 1, offset: 0), 8 << 28 | 1 << 25 | 2 << 17 | 3, 9 << 28 | 1, halt])
    bench.write(Self.memory + 400, 0)
    bench.write(0x3FF4_8818, 150)
    bench.write(0x3FF4_803C, 1 << 5)
    bench.set(0x3FF4_8018, 1 << 24)
    // 150 cycles of 150 kHz, 16 of ULPCP_TOUCH_START_WAIT and 3 more.
    bench.run(microseconds: 2400)
    #expect(word(100) & 0xFFFF == 2 && !bench.chip.rtc.irq.isHigh)
    bench.run(microseconds: 1000)
    #expect(word(100) & 0xFFFF == 3 && bench.chip.rtc.irq.isHigh)
    bench.write(0x3FF4_8018, bench.read(0x3FF4_8018) & ~(1 << 24))
    bench.run(microseconds: 3000)
    #expect(word(100) & 0xFFFF == 3)
  }
  /// What is no instruction stops it.
  @Test func anUnknownInstructionStops() {
    load([0xF000_0000])
    start()
    bench.run(microseconds: 100)
    #expect(!bench.chip.ulp.isRunning && bench.machine.log.lines.count == 1)
  }

  // MARK: The RTC's I2C, §30.6

  /// A target with address 0x48 on GPIO4 (SCL) and GPIO0 (SDA), and what it was told.
  private final class Target {
    let target: I2CTarget, pins: [Pin]
    var log: [String] = []
    init(_ bench: ESP32Bench, address: UInt8 = 0x48) {
      pins = ["SDA", "SCL"].map { Pin($0, arena: bench.machine.arena) }
      Net.tie(bench.chip.gpio.pins[0], pins[0])
      Net.tie(bench.chip.gpio.pins[4], pins[1])
      target = I2CTarget("target", sda: pins[0], scl: pins[1], context: PartContext(bench.machine))
      target.accepts = { a, _ in a == address }
      target.onStart = { [unowned self] in log.append($0 ? "R" : "W") }
      target.onWrite = { [unowned self] in
        log.append(String($0, radix: 16))
        return true
      }
      target.onRead = { 0xC3 }
      target.onStop = { [unowned self] in log.append("P") }
    }
  }
  private func connectI2C() {
    for r in [0x3FF4_8494, 0x3FF4_8498] as [UInt32] { bench.set(r, 1 << 19 | 3 << 17 | 1 << 13) }
    for (r, v) in [(0x00, 40), (0x0C, 10000), (0x30, 16), (0x38, 40), (0x40, 30), (0x44, 44)] as [(UInt32, UInt32)] { bench.write(0x3FF4_8C00 + r, v) }
    bench.write(0x3FF4_883C, 0x48 << 11)
  }
  @Test func instructionsOfI2C() {
    connectI2C()
    let target = Target(bench)
    let clock = bench.edges(of: 4)
    load([
      3 << 28 | 1 << 27 | 7 << 19 | 0x5A << 8 | 0x20,  // I2C_WR 0x20, 0x5A, 7, 0, 0
      3 << 28 | 0x21,  // I2C_RD 0x21
      move(1, 100), store(0, at: 1, offset: 0), halt,
    ])
    start()
    bench.run(microseconds: 1500)
    #expect(target.log == ["W", "20", "5a", "P", "W", "21", "R", "P"] && word(100) & 0xFFFF == 0xC3, "\(target.log)")
    // 40 cycles of 8.5 MHz low and 40 high.
    #expect(abs(clock.periods.min()! - 80 / 8.5) < 0.1)
  }
  /// Only the bits in the range are written; a target that does not answer leaves zero and free lines.
  @Test func softwareStartsTransfersToo() {
    connectI2C()
    let target = Target(bench)
    bench.write(0x3FF4_8850, 1 << 27 | 3 << 19 | 0xFF << 8 | 0x30)
    bench.set(0x3FF4_8850, 3 << 28)
    bench.run(microseconds: 600)
    #expect(target.log == ["W", "30", "f", "P"] && bench.read(0x3FF4_8848) >> 30 == 1 && bench.read(0x3FF4_8C20) >> 6 & 1 == 1, "\(target.log)")
    bench.write(0x3FF4_8850, 0x31)
    bench.set(0x3FF4_8850, 3 << 28)
    bench.run(microseconds: 900)
    #expect(bench.read(0x3FF4_8848) >> 22 & 0x1FF == 0x1C3)
    bench.write(0x3FF4_883C, 0x11 << 11)
    bench.write(0x3FF4_8850, 0x31)
    bench.set(0x3FF4_8850, 3 << 28)
    bench.run(microseconds: 900)
    #expect(bench.read(0x3FF4_8848) >> 22 & 0x1FF == 0x100 && bench.chip.gpio.pins[4].isHigh && bench.chip.gpio.pins[0].isHigh)
  }
}
