import Machine
import Parts
import Testing

@Suite struct I2CTargetTests {
  /// A target with a register pointer, as most are.
  final class Registers: Part {
    override class var kind: PartKind { PartKind("test-registers", title: "Registers", pins: ["SDA", "SCL"]) }
    var bytes = [UInt8](repeating: 0, count: 16), at: Int?, stops = 0, refuses: UInt8?
    let address: UInt8
    var target: I2CTarget!
    var delay: UInt64 = 0
    var event: Scheduler.Event!
    required init(id: String, attributes: [String: String], context: PartContext) {
      address = UInt8(attributes["address"] ?? "") ?? 0x40
      super.init(id: id, attributes: attributes, context: context)
      target = I2CTarget(id, sda: pin("SDA"), scl: pin("SCL"), context: context)
      event = context.scheduler.event("\(id).ready") { [unowned self] _ in target.releaseClock() }
      target.accepts = { [unowned self] a, reading in a == address || a == 0 && !reading }
      target.onStart = { [unowned self] reading in
        if !reading { at = nil }
        if delay > 0 {
          target.holdClock()
          context.scheduler.schedule(event, after: delay)
        }
      }
      target.onWrite = { [unowned self] v in
        if v == refuses { return false }
        guard let n = at else {
          at = Int(v) % 16
          return true
        }
        bytes[n] = v
        at = (n + 1) % 16
        return true
      }
      target.onRead = { [unowned self] in
        let n = at ?? 0
        at = (n + 1) % 16
        return bytes[n]
      }
      target.onStop = { [unowned self] in stops += 1 }
    }
  }
  let bench = Bench()

  @Test func writesReadsAndRepeatedStarts() {
    let a = bench.make(Registers.self), b = bench.make(Registers.self, ["address": "65"])
    let bus = I2CController(bench, sda: a.pin("SDA"), b.pin("SDA"), scl: a.pin("SCL"), b.pin("SCL"))
    #expect(bus.scan() == [64, 65])
    #expect(bus.write(64, [2, 0xA5, 0x5A]) == [true, true, true, true])
    #expect(bus.write(65, [2, 0x11, 0x00]) == [true, true, true, true])
    #expect(bus.read(64, register: [2], 3) == [0xA5, 0x5A, 0])
    #expect(bus.read(65, register: [1], 3) == [0, 0x11, 0])
    #expect(bus.read(66, 1) == nil)
    let stops = a.stops
    _ = bus.read(64, register: [2], 1)
    #expect(a.stops == stops + 1)
    #expect(bus.sda.isHigh && bus.scl.isHigh)
  }
  @Test func refusesAndIsCalledByAll() {
    let a = bench.make(Registers.self), b = bench.make(Registers.self, ["address": "65"])
    let bus = I2CController(bench, sda: a.pin("SDA"), b.pin("SDA"), scl: a.pin("SCL"), b.pin("SCL"))
    a.refuses = 0x77
    #expect(bus.write(64, [0, 0x77, 0x12]) == [true, true, false, true])
    #expect(bus.write(0, [5, 0x99]) == [true, true, true])
    #expect(a.bytes[5] == 0x99 && b.bytes[5] == 0x99)
  }
  @Test func stretchesTheClock() {
    let a = bench.make(Registers.self)
    let bus = I2CController(bench, sda: a.pin("SDA"), scl: a.pin("SCL"))
    a.bytes[0] = 0x3C
    a.delay = 2_000_000_000
    let before = bench.machine.now
    #expect(bus.read(64, 1) == [0x3C])
    #expect(bench.machine.now - before > 2_000_000_000)
  }
}

@Suite struct SPITargetPortTests {
  /// It answers each byte with its complement, one byte later.
  final class Echo: Part {
    override class var kind: PartKind { PartKind("test-echo", title: "Echo", pins: ["SCK", "MOSI", "MISO", "CS"]) }
    var got: [UInt8] = [], selects = 0, deselects = 0
    var port: SPITargetPort!
    required init(id: String, attributes: [String: String], context: PartContext) {
      super.init(id: id, attributes: attributes, context: context)
      port = SPITargetPort(id, clock: pin("SCK"), data: pin("MOSI"), output: pin("MISO"), select: pin("CS"), mode: Int(attributes["mode"] ?? "") ?? 0, context: context)
      port.onSelect = { [unowned self] in
        selects += 1
        port.reply = 0x81
      }
      port.onByte = { [unowned self] v in
        got.append(v)
        port.reply = ~v
      }
      port.onDeselect = { [unowned self] in deselects += 1 }
    }
  }
  let bench = Bench()

  @Test(arguments: 0..<4) func bytesGoBothWays(mode: Int) {
    let part = bench.make(Echo.self, ["mode": "\(mode)"])
    let bus = SPIController(bench, clock: part.pin("SCK"), data: part.pin("MOSI"), input: part.pin("MISO"), mode: mode)
    let cs = bench.pin("CS", part.pin("CS"))
    cs.drive = .high
    #expect(bus.transfer([0x55]) == [0])
    cs.drive = .low
    #expect(bus.transfer([0x12, 0xF0, 0x01]) == [0x81, ~0x12, ~0xF0])
    cs.drive = .high
    #expect(part.got == [0x12, 0xF0, 0x01] && part.selects == 1 && part.deselects == 2)
  }
  @Test func twoShareABusAndABrokenByteIsGone() {
    let a = bench.make(Echo.self), b = bench.make(Echo.self)
    let bus = SPIController(bench, clock: a.pin("SCK"), data: a.pin("MOSI"), input: a.pin("MISO"))
    for name in ["SCK", "MOSI", "MISO"] { Net.tie(a.pin(name), b.pin(name)) }
    let csA = bench.pin("CSA", a.pin("CS")), csB = bench.pin("CSB", b.pin("CS"))
    csA.drive = .high
    csB.drive = .high
    csB.drive = .low
    #expect(bus.transfer([1, 2]) == [0x81, ~1])
    csB.drive = .high
    csA.drive = .low
    for _ in 0..<3 {
      bus.clock.drive = .high
      bus.clock.drive = .low
    }
    csA.drive = .high
    csA.drive = .low
    #expect(bus.transfer([3]) == [0x81])
    #expect(a.got == [3] && b.got == [1, 2])
  }
  /// Whole words do what their bits do.
  @Test func wordsAreAsBits() {
    let a = bench.make(Echo.self), b = bench.make(Echo.self)
    let bus = SPIController(bench, clock: a.pin("SCK"), data: a.pin("MOSI"), input: a.pin("MISO"))
    let csA = bench.pin("CSA", a.pin("CS")), csB = bench.pin("CSB", b.pin("CS"))
    for cs in [csA, csB] {
      cs.drive = .high
      cs.drive = .low
    }
    let bits = bus.transfer([1, 2, 0xFF])
    #expect(b.port.takesFrames(width: 8, mode: 0) && b.port.takesFrames(width: 8, mode: 3) && !b.port.takesFrames(width: 8, mode: 1))
    #expect(b.port.frame(0x0102, width: 16) == UInt32(bits[0]) << 8 | UInt32(bits[1]))
    #expect(b.port.frame(0xFF, width: 8) == UInt32(bits[2]))
    #expect(a.got == b.got)
    csB.drive = .high
    #expect(b.port.frame(0, width: 8) == nil)
  }
}

@Suite struct UARTLineTests {
  final class Serial: Part {
    override class var kind: PartKind { PartKind("test-serial", title: "Serial", pins: ["RX", "TX"]) }
    var got: [UInt8] = [], errors = 0, sent = 0
    var line: UARTLine!
    required init(id: String, attributes: [String: String], context: PartContext) {
      super.init(id: id, attributes: attributes, context: context)
      line = UARTLine(id, receive: pin("RX"), transmit: pin("TX"), baud: 115_200, context: context)
      line.onByte = { [unowned self] in got.append($0) }
      line.onFramingError = { [unowned self] in errors += 1 }
      line.onSent = { [unowned self] in sent += 1 }
    }
  }
  let bench = Bench()

  @Test func bytesGoBothWays() {
    let part = bench.make(Serial.self), peer = UARTPeer(bench, to: part.pin("RX"), from: part.pin("TX"), baud: 115_200)
    peer.send([0x00, 0xFF, 0x55, 0x41])
    #expect(part.got == [0x00, 0xFF, 0x55, 0x41] && part.errors == 0)
    #expect(part.line.send([0x80, 0x01, 0xAA]) == 3)
    bench.run(milliseconds: 1)
    #expect(peer.heard == [0x80, 0x01, 0xAA] && part.sent == 1 && !part.line.isSending)
    #expect(part.line.send([UInt8](repeating: 7, count: 2000)) == 1024)
  }
  @Test func aWrongRateIsAnError() {
    let part = bench.make(Serial.self), peer = UARTPeer(bench, to: part.pin("RX"), baud: 9600)
    peer.send([0x00, 0x00])
    #expect(part.errors > 0)
  }
}
