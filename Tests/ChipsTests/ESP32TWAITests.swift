import Machine
import Testing

@testable import Chips

/// Controllers on one bus, whose level is low as soon as one of them drives it so.
@Suite struct ESP32TWAITests {
  let machine: Machine, chip: ESP32
  let nodes: [ESP32TWAI]
  let bus: Bus

  final class Bus {
    var levels: [Bool], stuckLow = false
    /// The bus as it was: times and levels.
    var trace: [(UInt64, Bool)] = []
    let nodes: [ESP32TWAI], machine: Machine
    private var level = true
    init(_ nodes: [ESP32TWAI], _ machine: Machine) {
      self.nodes = nodes
      self.machine = machine
      levels = nodes.map { _ in true }
      for (n, node) in nodes.enumerated() {
        node.tx.connect { [unowned self] v in
          levels[n] = v
          settle()
        }
      }
    }
    func settle() {
      let now = !stuckLow && levels.allSatisfy { $0 }
      guard now != level else { return }
      level = now
      trace.append((machine.now, now))
      for node in nodes { node.rxChanged(now) }
    }
    /// The levels in the middle of so many bits.
    func bits(from start: UInt64, each bit: UInt64, count: Int) -> [UInt8] {
      (0..<count).map { n in
        let at = start + UInt64(n) * bit + bit / 2
        return (trace.last { $0.0 <= at }?.1 ?? true) ? 1 : 0
      }
    }
  }
  init() {
    machine = Machine(clock: Clock(hertz: 40_000_000))
    chip = ESP32(machine: machine, flash: Memory("flash", size: 1 << 20))
    chip.powerOn()
    chip.holdInReset()
    nodes = ["A", "B", "C"].map { [chip, machine] in ESP32TWAI(name: "TWAI.\($0)", arena: machine.arena, scheduler: machine.scheduler, clocks: chip.clocks) }
    bus = Bus(nodes, machine)
  }
  static let bit: UInt64 = 2_000_000
  func write(_ n: Int, _ r: ESP32TWAI.Register, _ v: UInt32, _ i: Int = 0) { nodes[n].write32(v, at: r.rawValue + 4 * UInt32(i)) }
  func read(_ n: Int, _ r: ESP32TWAI.Register, _ i: Int = 0) -> UInt32 { nodes[n].read32(at: r.rawValue + 4 * UInt32(i)) }
  func run(bits: Int) { machine.run(until: machine.now + UInt64(bits) * Self.bit) }
  /// 500 kbit/s of 40 MHz: 2 * 2, twenty quanta a bit: 1 + 15 + 4. All messages are let in.
  func start(_ which: [Int], mode: UInt32 = 0, interrupts: UInt32 = 0xEF) {
    for n in which {
      write(n, .busTiming0, 1 | 2 << 6)
      write(n, .busTiming1, 14 | 3 << 4)
      for i in 4..<8 { write(n, .data0, 0xFF, i) }
      write(n, .intEna, interrupts)
      write(n, .mode, mode)
    }
    run(bits: 12)
  }
  func send(_ n: Int, _ bytes: [UInt8], command: UInt32 = 1) {
    for (i, b) in bytes.enumerated() { write(n, .data0, UInt32(b), i) }
    write(n, .cmd, command)
  }
  func received(_ n: Int) -> [UInt8] {
    let info = UInt8(read(n, .data0)), size = (info & 0x80 != 0 ? 5 : 3) + (info & 0x40 != 0 ? 0 : min(8, Int(info & 15)))
    return (0..<size).map { UInt8(read(n, .data0, $0)) }
  }

  /// A frame on the wire, read by a decoder of its own: stuffing, CRC by long division, acknowledgement, end.
  @Test func aFrameIsBitTrue() throws {
    start([0, 1])
    let start = machine.now
    send(0, [2, 0x4A, 0x60, 0xFF, 0x00])
    run(bits: 130)
    let raw = bus.bits(from: start, each: Self.bit, count: 120)
    var plain: [UInt8] = [], run = 0, last: UInt8 = 2, i = 0
    // 1 + 11 + 3 + 4 + 16 + 15 bits without stuffing.
    while plain.count < 50 {
      let b = raw[i]
      if run == 5 {
        #expect(b != last)
        run = 1
      } else {
        run = b == last ? run + 1 : 1
        plain.append(b)
      }
      last = b
      i += 1
    }
    if run == 5 { i += 1 }
    func number(_ r: Range<Int>) -> UInt32 { r.reduce(UInt32(0)) { $0 << 1 | UInt32(plain[$1]) } }
    #expect(number(0..<1) == 0 && number(1..<12) == 0x4A60 >> 5 && number(12..<15) == 0 && number(15..<19) == 2 && number(19..<35) == 0xFF00)
    // The frame with its CRC is a multiple of x^15 + x^14 + x^10 + x^8 + x^7 + x^4 + x^3 + 1.
    var rest = plain
    let polynomial: [UInt8] = [1, 1, 0, 0, 0, 1, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1]
    for k in 0..<35 where rest[k] == 1 { for j in 0..<16 { rest[k + j] ^= polynomial[j] } }
    #expect(rest.allSatisfy { $0 == 0 })
    // Delimiter, acknowledgement, delimiter, seven of the end, three in between.
    #expect(Array(raw[i..<i + 13]) == [1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1])
    #expect(received(1) == [2, 0x4A, 0x60, 0xFF, 0x00] && read(1, .rxMessageCnt) == 1)
    // Transmit buffer free, transmission complete; the interrupts of both.
    #expect(read(0, .status) & 0xC == 0xC && read(0, .intRaw) == 2 && read(0, .intRaw) == 0)
    #expect(nodes[1].irq.isHigh && read(1, .intRaw) == 1)
    write(1, .cmd, 4)
    #expect(read(1, .rxMessageCnt) == 0 && !nodes[1].irq.isHigh && read(1, .status) & 1 == 0)
    #expect(read(0, .rxMessageCnt) == 0)
  }
  @Test(arguments: [
    [0x88, 0xDE, 0xAD, 0xBE, 0xE8, 1, 2, 3, 4, 5, 6, 7, 8], [0x80, 0, 0, 0, 0], [0xC0, 0xFF, 0xFF, 0xFF, 0xF8], [0x00, 0xFF, 0xE0], [0x44, 0x00, 0x20], [0x08, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], [0x81, 0x12, 0x34, 0x56, 0x78, 0x55],
  ] as [[UInt8]]) func framesOfAllKindsArrive(bytes: [UInt8]) {
    start([0, 1])
    send(0, bytes)
    run(bits: 170)
    #expect(received(1) == bytes && read(1, .rxMessageCnt) == 1 && read(0, .status) & 8 == 8 && read(0, .txErrCnt) == 0 && read(1, .rxErrCnt) == 0)
  }
  /// Two wait for the end of a third's message and begin at once: the lower identifier goes on, the other follows.
  @Test func arbitration() {
    start([0, 1, 2])
    send(2, [0, 0x00, 0x20])
    run(bits: 10)
    send(0, [1, 0x24, 0x00, 0xAA])
    send(1, [1, 0x20, 0x20, 0xBB])
    run(bits: 110)
    #expect(received(2) == [1, 0x20, 0x20, 0xBB])
    // 0010 0100 000 against 0010 0000 001: the sixth bit of the identifier, counted from 0.
    #expect(read(0, .intRaw) & 1 << 6 != 0 && read(0, .arbLostCap) == 5 && read(0, .status) & 8 == 0)
    #expect(read(0, .txErrCnt) == 0)
    run(bits: 60)
    write(2, .cmd, 4)
    #expect(received(2) == [1, 0x24, 0x00, 0xAA] && read(0, .status) & 8 == 8)
  }
  /// Alone on the bus: no acknowledgement, errors up to passive, and there it stays.
  @Test func nobodyAcknowledges() {
    start([0])
    send(0, [1, 0x24, 0x00, 0xAA])
    run(bits: 90)
    #expect(read(0, .txErrCnt) >= 8 && read(0, .intRaw) & 1 << 7 != 0)
    // Another kind of error, in the acknowledgement's slot, by a transmitter.
    #expect(read(0, .errCodeCap) == 0xC0 | 0x19)
    run(bits: 2500)
    #expect(read(0, .txErrCnt) == 128 && read(0, .status) & 0xC0 == 0x40)
    #expect(read(0, .intRaw) & (1 << 2 | 1 << 5) == 1 << 2 | 1 << 5)
    // With another on the bus it succeeds, and is active again.
    start([1])
    run(bits: 400)
    #expect(read(0, .status) & 8 == 8 && read(0, .txErrCnt) == 127 && received(1) == [1, 0x24, 0x00, 0xAA])
    #expect(read(0, .intRaw) & 1 << 5 != 0)
  }
  /// Self-test: no acknowledgement is needed, and the message comes back.
  @Test func selfReception() {
    start([0], mode: 4)
    send(0, [3, 0x12, 0x20, 1, 2, 3], command: 1 << 4)
    run(bits: 100)
    #expect(read(0, .status) & 9 == 9 && received(0) == [3, 0x12, 0x20, 1, 2, 3] && read(0, .txErrCnt) == 0)
  }
  /// A bus that is held low: 32 errors of 8 are too many, the controller leaves; 128 rows of eleven recessive bits later it may come back.
  @Test func busOffAndBack() {
    start([0])
    send(0, [1, 0x24, 0x00, 0xFF])
    // In the data: before, it would have lost arbitration.
    run(bits: 22)
    bus.stuckLow = true
    bus.settle()
    run(bits: 200)
    #expect(read(0, .status) & 0xC0 == 0x40 && read(0, .txErrCnt) > 128)
    run(bits: 100)
    #expect(read(0, .status) & 0x80 != 0 && read(0, .mode) & 1 == 1 && nodes[0].busOff.isHigh && nodes[0].tx.isHigh)
    bus.stuckLow = false
    bus.settle()
    write(0, .mode, 0)
    run(bits: 128 * 11 - 20)
    #expect(read(0, .status) & 0x80 != 0)
    run(bits: 40)
    #expect(read(0, .status) & 0x80 == 0 && !nodes[0].busOff.isHigh && read(0, .txErrCnt) == 0)
    start([1])
    send(0, [1, 0x24, 0x00, 0xAA])
    run(bits: 100)
    #expect(received(1) == [1, 0x24, 0x00, 0xAA])
  }
  /// A bit is turned over on the wire: all throw the frame away with error flags, and it is sent again.
  @Test func aDisturbedFrameIsRepeated() {
    start([0, 1, 2])
    let at = machine.now + 22 * Self.bit
    send(0, [2, 0x24, 0x00, 0xFF, 0xFF])
    machine.run(until: at)
    bus.stuckLow = true
    bus.settle()
    machine.run(until: at + Self.bit)
    bus.stuckLow = false
    bus.settle()
    run(bits: 20)
    #expect(read(0, .txErrCnt) == 8 && read(1, .rxErrCnt) > 0 && read(1, .rxMessageCnt) == 0)
    #expect(read(0, .errCodeCap) == 0x0A)
    run(bits: 120)
    #expect(received(1) == [2, 0x24, 0x00, 0xFF, 0xFF] && received(2) == [2, 0x24, 0x00, 0xFF, 0xFF] && read(0, .txErrCnt) == 7 && read(0, .status) & 8 == 8)
  }
  /// A listener neither acknowledges nor complains.
  @Test func listening() {
    start([0, 1])
    start([2], mode: 2)
    send(0, [1, 0x24, 0x00, 0xAA])
    run(bits: 80)
    #expect(received(2) == [1, 0x24, 0x00, 0xAA])
    send(2, [1, 0x24, 0x00, 0xAA])
    run(bits: 80)
    #expect(read(1, .rxMessageCnt) == 1)
  }
  @Test(arguments: [
    // One filter: the identifier 0x123 alone.
    (8, [0x24, 0x60, 0, 0, 0, 0x1F, 0xFF, 0xFF] as [UInt8], [1, 0x24, 0x60, 9] as [UInt8], true), (8, [0x24, 0x60, 0, 0, 0, 0x1F, 0xFF, 0xFF], [1, 0x24, 0x40, 9], false),
    // One filter: the first byte of data.
    (8, [0, 0, 0x42, 0, 0xFF, 0xFF, 0, 0xFF], [1, 0x24, 0x60, 0x42], true), (8, [0, 0, 0x42, 0, 0xFF, 0xFF, 0, 0xFF], [1, 0x24, 0x60, 0x43], false),
    // Two filters: 0x123 or 0x456.
    (0, [0x24, 0x60, 0x8A, 0xC0, 0, 0x1F, 0, 0x1F], [0, 0x8A, 0xC0], true), (0, [0x24, 0x60, 0x8A, 0xC0, 0, 0x1F, 0, 0x1F], [0, 0x24, 0x60], true),
    (0, [0x24, 0x60, 0x8A, 0xC0, 0, 0x1F, 0, 0x1F], [0, 0x8A, 0xE0], false),
    // One filter of 29 bits.
    (8, [0xDE, 0xAD, 0xBE, 0xE8, 0, 0, 0, 7], [0x80, 0xDE, 0xAD, 0xBE, 0xE8], true), (8, [0xDE, 0xAD, 0xBE, 0xE8, 0, 0, 0, 7], [0x80, 0xDE, 0xAD, 0xBE, 0xE0], false),
  ]) func filters(mode: Int, filter: [UInt8], bytes: [UInt8], passes: Bool) {
    start([0])
    write(1, .busTiming0, 1 | 2 << 6)
    write(1, .busTiming1, 14 | 3 << 4)
    for (i, b) in filter.enumerated() { write(1, .data0, UInt32(b), i) }
    write(1, .mode, UInt32(mode))
    run(bits: 12)
    send(0, bytes)
    run(bits: 150)
    #expect(read(0, .status) & 8 == 8 && (read(1, .rxMessageCnt) == 1) == passes)
  }
  /// 64 bytes: five messages of eleven fit, the sixth is lost and told.
  @Test func overrun() {
    start([0, 1])
    for n in 0..<6 {
      send(0, [8, 0x24, 0x00, UInt8(n), 0, 0, 0, 0, 0, 0, 0])
      run(bits: 140)
    }
    #expect(read(1, .rxMessageCnt) == 5 && read(1, .status) & 3 == 3 && read(1, .intRaw) & 1 << 3 != 0)
    for n in 0..<5 {
      #expect(received(1)[3] == UInt8(n))
      write(1, .cmd, 4)
    }
    write(1, .cmd, 8)
    #expect(read(1, .rxMessageCnt) == 0 && read(1, .status) & 3 == 0)
  }
  /// The chip's own controller, by its pads: TX led back to RX.
  @Test func onPads() {
    let bench = ESP32Bench()
    let base: UInt32 = 0x3FF6_B000
    bench.route(123, to: 5)
    bench.route(pad: 5, to: 94)
    bench.write(base + 0x18, 1 | 2 << 6)
    bench.write(base + 0x1C, 14 | 3 << 4)
    for i: UInt32 in 4..<8 { bench.write(base + 0x40 + 4 * i, 0xFF) }
    bench.write(base + 0x10, 3)
    bench.write(base, 4)
    bench.run(microseconds: 30)
    for (i, b) in [2, 0x24, 0x60, 0x11, 0x22].enumerated() { bench.write(base + 0x40 + 4 * UInt32(i), UInt32(b)) }
    bench.write(base + 0x04, 1 << 4)
    bench.run(microseconds: 200)
    #expect((0..<5).map { bench.read(base + 0x40 + 4 * $0) } == [2, 0x24, 0x60, 0x11, 0x22] && bench.chip.twai.irq.isHigh)
  }
}
