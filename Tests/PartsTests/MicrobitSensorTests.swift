import Machine
import Parts
import Testing

/// The micro:bit's sensors and its display.
@Suite struct MicrobitSensorTests {
  let bench = Bench()

  @Test func theAccelerometerScalesAndSignals() {
    let part = bench.make(MMA8653.self, ["accelX": "0.5", "accelY": "-1", "accelZ": "3"])
    let bus = I2CController(bench, sda: part.pin("SDA"), scl: part.pin("SCL")), int1 = bench.pin("INT1", part.pin("INT1")), int2 = bench.pin("INT2", part.pin("INT2"))
    #expect(bus.scan() == [0x1D])
    #expect(bus.read(0x1D, register: [0x0D], 1) == [0x5A])
    // On standby nothing is measured.
    #expect(bus.read(0x1D, register: [0x00], 7) == [UInt8](repeating: 0, count: 7))
    bus.write(0x1D, [0x2D, 1])
    bus.write(0x1D, [0x2E, 1])
    bus.write(0x1D, [0x2A, 0x20 | 1])  // 50 Hz, active
    #expect(int1.level == .high && int2.level == .high)
    bench.run(milliseconds: 19)
    #expect(int1.level == .high)
    bench.run(milliseconds: 2)
    #expect(int1.level == .low && int2.level == .high)
    // 10 bits to the left: 128, -256, and 511 at the end of the scale.
    #expect(bus.read(0x1D, register: [0x00], 7) == [0x0F, 0x20, 0x00, 0xC0, 0x00, 0x7F, 0xC0])
    #expect(int1.level == .high)
    bench.run(milliseconds: 50)
    #expect(bus.read(0x1D, register: [0x00], 1) == [0xFF] && int1.level == .low)
    bus.write(0x1D, [0x2A, 0])
    bus.write(0x1D, [0x0E, 2])  // 8 g
    bus.write(0x1D, [0x2A, 3])  // high bytes alone
    bench.run(milliseconds: 5)
    // Round to the status, which has nothing new by then.
    #expect(bus.read(0x1D, register: [0x01], 4) == [8, 0xF0, 48, 0])
    bus.write(0x1D, [0x2B, 0x40])
    #expect(bus.read(0x1D, register: [0x2A], 1) == [0])
  }
  @Test func theMagnetometerCountsTenthsOfAMicrotesla() {
    let part = bench.make(MAG3110.self, ["fieldX": "30", "fieldY": "-12.5", "fieldZ": "44", "temperature": "-3"])
    let bus = I2CController(bench, sda: part.pin("SDA"), scl: part.pin("SCL")), int1 = bench.pin("INT1", part.pin("INT1"))
    #expect(bus.scan() == [0x0E])
    #expect(bus.read(0x0E, register: [0x07], 2) == [0xC4, 0])
    #expect(int1.level == .low)
    bus.write(0x0E, [0x10, 0x60 | 1])  // 10 Hz
    #expect(bus.read(0x0E, register: [0x08], 1) == [2])
    bench.run(milliseconds: 98)
    #expect(int1.level == .low)
    bench.run(milliseconds: 4)
    #expect(int1.level == .high)
    #expect(bus.read(0x0E, register: [0x01], 6) == [0x01, 0x2C, 0xFF, 0x83, 0x01, 0xB8])
    #expect(int1.level == .low && bus.read(0x0E, register: [0x0F], 1) == [0xFD])
    // The user's offset, in half counts.
    bus.write(0x0E, [0x09, 0x00, 0x64])
    #expect(bus.read(0x0E, register: [0x01], 2) == [0x00, 0xFA])
    bus.write(0x0E, [0x11, 0x20])
    #expect(bus.read(0x0E, register: [0x01], 2) == [0x01, 0x2C])
  }
  /// One row at a time; each place has a LED of its own.
  @Test func everyPlaceOfTheDisplayHasOneLED() {
    let part = bench.make(MicrobitMatrix.self)
    let rows = (1...3).map { bench.pin("R\($0)", part.pin("ROW\($0)")) }, columns = (1...9).map { bench.pin("C\($0)", part.pin("COL\($0)")) }
    for p in rows { p.drive = .low }
    for p in columns { p.drive = .high }
    #expect(part.lamps.count == 25 && !part.lamps.contains { $0.isOn })
    var seen: [Int] = []
    for r in rows {
      r.drive = .high
      for c in columns {
        c.drive = .low
        let lit = part.lamps.indices.filter { part.lamps[$0].isOn }
        #expect(lit.count <= 1)
        seen += lit
        c.drive = .high
      }
      r.drive = .low
    }
    #expect(seen.sorted() == Array(0..<25))
  }
}
