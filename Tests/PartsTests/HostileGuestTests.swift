import Machine
import Parts
import Testing

/// Bytes without sense, by a seeded generator: a part may answer what it likes, but it goes on.
@Suite struct HostileGuestTests {
  struct Noise {
    var state: UInt64
    mutating func next() -> UInt8 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return UInt8(truncatingIfNeeded: state >> 33)
    }
  }
  @Test(arguments: ["wokwi-mpu6050", "solderless-bme280", "board-bmp180", "wokwi-ds1307", "solderless-eeprom"]) func i2c(type: String) throws {
    let bench = Bench(), part = try #require(PartCatalog.type(named: type)).init(id: "p", attributes: ["type": "24C16"], context: bench.context), bus = I2CController(bench, sda: part.pin("SDA"), scl: part.pin("SCL"))
    let addresses = bus.scan()
    #expect(!addresses.isEmpty)
    var noise = Noise(state: 1)
    for pointer in 0...255 {
      let address = addresses[Int(noise.next()) % addresses.count]
      bus.write(address, [UInt8(pointer), noise.next(), noise.next(), noise.next()])
      _ = bus.read(address, register: [UInt8(pointer)], 3)
      bench.run(microseconds: UInt64(noise.next()) * 20)
    }
    bench.run(milliseconds: 10)
    #expect(!bus.scan().isEmpty)
  }
  @Test(arguments: [("board-mfrc522", "SCK", "MOSI", "MISO", "SDA"), ("wokwi-microsd-card", "SCK", "DI", "DO", "CS"), ("solderless-bme280", "SCL", "SDA", "SDO", "CSB")])
  func spi(type: String, clock: String, data: String, output: String, select: String) throws {
    let bench = Bench(), part = try #require(PartCatalog.type(named: type)).init(id: "p", attributes: [:], context: bench.context)
    (part as? SDCard)?.insert(Memory("card", size: 65536))
    part.setControl("tagPresent", 1)
    let bus = SPIController(bench, clock: part.pin(clock), data: part.pin(data), input: part.pin(output)), cs = bench.pin("CS", part.pin(select))
    bus.half = 100_000
    var noise = Noise(state: 2)
    for n in 0..<600 {
      cs.drive = .high
      cs.drive = .low
      // Commands that make sense among those that do not: a card is selected, a block begins.
      if type == "wokwi-microsd-card", n % 3 == 0 { bus.transfer([[0x40, 0, 0, 0, 0, 0x95], [0x77, 0, 0, 0, 0, 1], [0x69, 0x40, 0, 0, 0, 1], [0x52, 0, 0, noise.next(), 0, 1], [0x59, 0, 0, noise.next(), 0, 1], [0xFC]][n / 3 % 6]) }
      if type == "board-mfrc522", n % 2 == 0 { bus.transfer([[0x02, 0x0C], [0x12, 0x26, 0x93, 0x20], [0x1A, 0x87], [0x02, 0x0E], [0x14, 0x80]][n / 2 % 5]) }
      for _ in 0..<Int(noise.next() % 40) { _ = bus.transfer(noise.next()) }
      if n % 16 == 0 { bench.run(milliseconds: 1) }
    }
  }
  @Test func oneWire() {
    let bench = Bench(), part = bench.make(DS18B20.self), bus = OneWireController(bench, part.pin("DQ"))
    var noise = Noise(state: 3)
    for _ in 0..<150 {
      if noise.next() % 4 == 0 { _ = bus.reset() }
      bus.write([0xCC, 0x55, 0xF0, 0x33, 0xBE, 0x4E, 0x44, noise.next()][Int(noise.next() % 8)])
      _ = bus.read(Int(noise.next() % 12))
    }
    #expect(bus.reset())
  }
}
