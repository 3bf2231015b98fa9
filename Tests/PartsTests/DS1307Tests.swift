import Machine
import Parts
import Testing

@Suite struct DS1307Tests {
  let bench = Bench()

  @Test func keepsTimeFromItsSeed() {
    let part = bench.make(DS1307.self, ["initTime": "2024-02-28T23:59:50"]), bus = I2CController(bench, sda: part.pin("SDA"), scl: part.pin("SCL"))
    #expect(bus.scan() == [0x68])
    // A Wednesday.
    #expect(bus.read(0x68, register: [0], 7) == [0x50, 0x59, 0x23, 4, 0x28, 0x02, 0x24])
    bench.run(milliseconds: 10_000)
    #expect(bus.read(0x68, register: [0], 7) == [0x00, 0x00, 0x00, 5, 0x29, 0x02, 0x24])
    bench.machine.quantum = 1_000_000_000_000
    bench.run(milliseconds: 86_400_000)
    #expect(bus.read(0x68, register: [3], 4) == [6, 0x01, 0x03, 0x24])
  }
  @Test func isSetHaltedAndTwelveHours() {
    let part = bench.make(DS1307.self), bus = I2CController(bench, sda: part.pin("SDA"), scl: part.pin("SCL"))
    // 31 December 1999 at 11:59:58 pm, halted.
    bus.write(0x68, [0, 0xD8, 0x59, 0x71, 6, 0x31, 0x12, 0x99])
    bench.run(milliseconds: 5000)
    #expect(bus.read(0x68, register: [0], 7) == [0xD8, 0x59, 0x71, 6, 0x31, 0x12, 0x99])
    bus.write(0x68, [0, 0x58])
    bench.run(milliseconds: 1990)
    #expect(bus.read(0x68, register: [0], 1) == [0x59])
    bench.run(milliseconds: 10)
    #expect(bus.read(0x68, register: [0], 7) == [0x00, 0x00, 0x52, 7, 0x01, 0x01, 0x00])
  }
  @Test func memoryWrapsAndWaves() {
    let part = bench.make(DS1307.self), bus = I2CController(bench, sda: part.pin("SDA"), scl: part.pin("SCL")), sqw = bench.pin("SQW", part.pin("SQW"))
    sqw.drive = .pullUp
    bus.write(0x68, [0x3E, 0xAB, 0xCD, 0x30])
    #expect(bus.read(0x68, register: [0x3E], 3) == [0xAB, 0xCD, 0x30])
    var rises: [UInt64] = []
    sqw.onChange = { if $0 == .high { rises.append(bench.machine.now) } }
    for (control, period) in [(0x10, 1_000_000_000_000), (0x11, 244_140_624), (0x13, 30_517_578)] as [(UInt8, UInt64)] {
      bus.write(0x68, [7, 0])
      #expect(!sqw.isHigh)
      rises = []
      bus.write(0x68, [7, control])
      bench.run(picoseconds: period * 4 + period / 2)
      #expect(rises.count >= 4 && zip(rises, rises.dropFirst()).allSatisfy { $1 - $0 == period }, "\(rises)")
    }
    bus.write(0x68, [7, 0x80])
    #expect(sqw.isHigh)
  }
}
