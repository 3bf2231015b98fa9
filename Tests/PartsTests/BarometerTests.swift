import Machine
import Parts
import Testing

/// Drivers' integer arithmetic, as Bosch publishes it for 32 and 64 bits, brings back what the controls say.
@Suite struct BME280Tests {
  struct Reading { var temperature: Double, pressure: Double, humidity: Double }

  static func compensate(_ first: [UInt8], _ second: [UInt8], _ data: [UInt8]) -> Reading {
    func u(_ b: [UInt8], _ i: Int) -> Int64 { Int64(b[i]) | Int64(b[i + 1]) << 8 }
    func s(_ b: [UInt8], _ i: Int) -> Int64 { Int64(Int16(truncatingIfNeeded: u(b, i))) }
    let p = Int64(data[0]) << 12 | Int64(data[1]) << 4 | Int64(data[2]) >> 4, t = Int64(data[3]) << 12 | Int64(data[4]) << 4 | Int64(data[5]) >> 4, h = Int64(data[6]) << 8 | Int64(data[7])
    // Temperature in hundredths.
    let t1 = u(first, 0), t2 = s(first, 2), t3 = s(first, 4)
    let v1 = ((t >> 3 - t1 << 1) * t2) >> 11, d = (t >> 4) - t1, v2 = (((d * d) >> 12) * t3) >> 14, fine = v1 + v2
    // Pressure in 256ths.
    let dp = [u(first, 6)] + (1..<9).map { s(first, 6 + $0 * 2) }
    var a = fine - 128_000, b = a * a * dp[5]
    b += (a * dp[4]) << 17
    b += dp[3] << 35
    a = ((a * a * dp[2]) >> 8) + ((a * dp[1]) << 12)
    a = ((1 << 47 + a) * dp[0]) >> 33
    var q = 1_048_576 - p
    q = ((q << 31 - b) * 3125) / a
    let c = (dp[8] * (q >> 13) * (q >> 13)) >> 25, e = (dp[7] * q) >> 19
    q = ((q + c + e) >> 8) + (dp[6] << 4)
    // Humidity in 1024ths.
    let h1 = Int64(first[25]), h2 = s(second, 0), h3 = Int64(second[2]), h4 = Int64(Int8(bitPattern: second[3])) << 4 | Int64(second[4] & 15), h5 = Int64(Int8(bitPattern: second[5])) << 4 | Int64(second[4] >> 4), h6 = Int64(Int8(bitPattern: second[6]))
    var x = fine - 76800
    let left = ((h << 14) - (h4 << 20) - h5 * x + 16384) >> 15
    let right = (((((((x * h6) >> 10) * (((x * h3) >> 11) + 32768)) >> 10) + 2_097_152) * h2 + 8192) >> 14)
    x = left * right
    x -= ((((x >> 15) * (x >> 15)) >> 7) * h1) >> 4
    x = min(max(x, 0), 419_430_400)
    return Reading(temperature: Double((fine * 5 + 128) >> 8) / 100, pressure: Double(q) / 256, humidity: Double(x >> 12) / 1024)
  }
  static func check(_ r: Reading, _ t: Double, _ p: Double, _ h: Double, pascals: Double = 1) {
    #expect(abs(r.temperature - t) <= 0.011 && abs(r.pressure - p) <= pascals && abs(r.humidity - h) <= 0.06, "\(r)")
  }
  let bench = Bench()

  private func read(_ bus: I2CController) -> Reading {
    Self.compensate(bus.read(0x76, register: [0x88], 26)!, bus.read(0x76, register: [0xE1], 7)!, bus.read(0x76, register: [0xF7], 8)!)
  }
  @Test func forcedMeasurementsTakeTheirTime() {
    let part = bench.make(BME280.self, ["temperature": "21.37", "pressure": "98765", "humidity": "47.5"]), bus = I2CController(bench, sda: part.pin("SDA"), scl: part.pin("SCL"))
    #expect(bus.scan() == [0x76])
    #expect(bus.read(0x76, register: [0xD0], 1) == [0x60])
    #expect(bus.read(0x76, register: [0xF7], 8) == [0x80, 0, 0, 0x80, 0, 0, 0x80, 0])
    // All at 16 times: 1 + 32 + 32.5 + 32.5 ms.
    bus.write(0x76, [0xF2, 5, 0xF4, 0xB5])
    let start = bench.machine.now
    while bus.read(0x76, register: [0xF3], 1) == [8], bench.machine.now - start < 1_000_000_000_000 {}
    #expect(abs(Double(bench.machine.now - start) / 1e9 - 98) < 0.5)
    #expect(bus.read(0x76, register: [0xF4], 1) == [0xB4])
    Self.check(read(bus), 21.37, 98765, 47.5)
    part.setControl("temperature", -10)
    part.setControl("humidity", 90)
    Self.check(read(bus), 21.37, 98765, 47.5)
    bus.write(0x76, [0xF4, 0xB5])
    bench.run(milliseconds: 99)
    Self.check(read(bus), -10, 98765, 90)
  }
  @Test(arguments: [(-40.0, 30_000.0, 0.0), (85, 110_000, 100), (0, 101_325, 50), (55.5, 70_000, 12.25)]) func ranges(t: Double, p: Double, h: Double) {
    let part = bench.make(BME280.self, ["temperature": "\(t)", "pressure": "\(p)", "humidity": "\(h)"]), bus = I2CController(bench, sda: part.pin("SDA"), scl: part.pin("SCL"))
    bus.write(0x76, [0xF2, 1, 0xF4, 0x27])
    bench.run(milliseconds: 50)
    // Once oversampled the pressure has 16 bits.
    Self.check(read(bus), t, p, h, pascals: 4)
  }
  @Test func normalModeGoesOnAndTheFilterFollows() {
    let part = bench.make(BME280.self, ["temperature": "20"]), bus = I2CController(bench, sda: part.pin("SDA"), scl: part.pin("SCL"))
    // Coefficient 4, standby 62.5 ms.
    bus.write(0x76, [0xF5, 0x28, 0xF2, 1, 0xF4, 0x27])
    bench.run(milliseconds: 200)
    Self.check(read(bus), 20, 101_325, 40, pascals: 4)
    part.setControl("temperature", 30)
    bench.run(milliseconds: 75)
    let first = read(bus).temperature
    #expect(abs(first - 22.5) < 0.1)
    bench.run(milliseconds: 2000)
    #expect(abs(read(bus).temperature - 30) < 0.02)
    bus.write(0x76, [0xE0, 0xB6])
    #expect(bus.read(0x76, register: [0xFA], 3) == [0x80, 0, 0])
  }
  @Test func spi() {
    let part = bench.make(BME280.self, ["temperature": "33.3", "pressure": "95000", "humidity": "10"])
    let bus = SPIController(bench, clock: part.pin("SCL"), data: part.pin("SDA"), input: part.pin("SDO")), cs = bench.pin("CS", part.pin("CSB"))
    cs.drive = .high
    func transfer(_ bytes: [UInt8]) -> [UInt8] {
      cs.drive = .low
      defer { cs.drive = .high }
      return bus.transfer(bytes)
    }
    #expect(transfer([0xD0, 0]) == [0xFF, 0x60])
    _ = transfer([0x72, 5, 0x74, 0xB5])
    bench.run(milliseconds: 99)
    func read(_ register: UInt8, _ n: Int) -> [UInt8] { Array(transfer([register | 0x80] + [UInt8](repeating: 0, count: n)).dropFirst()) }
    Self.check(Self.compensate(read(0x88, 26), read(0xE1, 7), read(0xF7, 8)), 33.3, 95000, 10)
    #expect(read(0xF2, 1) == [5])
  }
  @Test func address() {
    let part = bench.make(BME280.self, ["i2c-address": "0x77"]), bus = I2CController(bench, sda: part.pin("SDA"), scl: part.pin("SCL"))
    #expect(bus.scan() == [0x77])
    bench.pin("GND", part.pin("SDO")).drive = .low
    #expect(bus.scan() == [0x76])
  }
}

@Suite struct BMP180Tests {
  /// The datasheet's algorithm, written from its figure, in floating point.
  static func compensate(_ cal: [UInt8], ut: Int, up: Int, oss: Int) -> (celsius: Double, pascals: Double) {
    func s(_ i: Int) -> Double { Double(Int16(bitPattern: UInt16(cal[i * 2]) << 8 | UInt16(cal[i * 2 + 1]))) }
    func u(_ i: Int) -> Double { Double(UInt16(cal[i * 2]) << 8 | UInt16(cal[i * 2 + 1])) }
    let x1 = (Double(ut) - u(5)) * u(4) / 32768, b5 = x1 + s(9) * 2048 / (x1 + s(10))
    let b6 = b5 - 4000, b3 = (s(0) * 4 + s(7) * (b6 * b6 / 4096) / 2048 + s(1) * b6 / 2048) * Double(1 << oss) / 4
    let b4 = u(3) * ((s(2) * b6 / 8192 + s(6) * (b6 * b6 / 4096) / 65536) / 4 + 32768) / 32768
    var p = (Double(up) - b3) * Double(50000 >> oss) * 2 / b4
    p += ((p / 256) * (p / 256) * 3038 / 65536 - 7357 * p / 65536 + 3791) / 16
    return ((b5 + 8) / 160, p)
  }
  @Test(arguments: 0..<4) func valuesComeBack(oss: Int) throws {
    let bench = Bench(), part = bench.make(BMP180.self, ["temperature": "30.5", "pressure": "90000"]), bus = I2CController(bench, sda: part.pin("SDA"), scl: part.pin("SCL"))
    #expect(bus.scan() == [0x77] && bus.read(0x77, register: [0xD0], 1) == [0x55])
    func measure() throws -> (celsius: Double, pascals: Double) {
      bus.write(0x77, [0xF4, 0x2E])
      #expect(bus.read(0x77, register: [0xF4], 1) == [0x2E])
      bench.run(milliseconds: 5)
      #expect(bus.read(0x77, register: [0xF4], 1) == [0x0E])
      let t = try #require(bus.read(0x77, register: [0xF6], 2))
      bus.write(0x77, [0xF4, UInt8(0x34 | oss << 6)])
      bench.run(milliseconds: 26)
      let p = try #require(bus.read(0x77, register: [0xF6], 3))
      let cal = try #require(bus.read(0x77, register: [0xAA], 22))
      return Self.compensate(cal, ut: Int(t[0]) << 8 | Int(t[1]), up: (Int(p[0]) << 16 | Int(p[1]) << 8 | Int(p[2])) >> (8 - oss), oss: oss)
    }
    for (t, p) in [(30.5, 90000.0), (24, 101_325), (-40, 30_000), (85, 110_000)] {
      part.setControl("temperature", t)
      part.setControl("pressure", p)
      let got = try measure()
      #expect(abs(got.celsius - t) < 0.05 && abs(got.pascals - p) < 8, "\(t) \(p): \(got)")
    }
  }
}
