import Machine
import Parts
import Testing

@Suite struct DS18B20Tests {
  /// x⁸ + x⁵ + x⁴ + 1, bit by bit as the datasheet draws it.
  static func crc(_ bytes: some Sequence<UInt8>) -> UInt8 {
    var register: UInt8 = 0
    for b in bytes {
      for n in 0..<8 {
        let feedback = register & 1 ^ b >> UInt8(n) & 1
        register >>= 1
        if feedback == 1 { register ^= 0b1000_1100 }
      }
    }
    return register
  }
  static func temperature(_ bus: OneWireController, rom: [UInt8]? = nil) -> Double {
    #expect(bus.reset())
    if let rom {
      bus.write(0x55)
      for b in rom { bus.write(b) }
    } else { bus.write(0xCC) }
    bus.write(0xBE)
    let pad = bus.read(9)
    #expect(crc(pad.prefix(8)) == pad[8])
    return Double(Int16(bitPattern: UInt16(pad[0]) | UInt16(pad[1]) << 8)) / 16
  }
  @Test func oneAloneConverts() {
    let bench = Bench(), sensor = bench.make(DS18B20.self, ["temperature": "-10.125"]), bus = OneWireController(bench, sensor.pin("DQ"))
    #expect(bus.reset())
    bus.write(0x33)
    let rom = bus.read(8)
    #expect(rom.prefix(7) == [0x28, 1, 2, 3, 4, 5, 6] && Self.crc(rom.prefix(7)) == rom[7])
    // Before the first conversion: 85 °C.
    #expect(Self.temperature(bus) == 85)
    for (configuration, bits, milliseconds) in [(0x7F, 12, 750.0), (0x5F, 11, 375.0), (0x3F, 10, 187.5), (0x1F, 9, 93.75)] as [(UInt8, Int, Double)] {
      #expect(bus.reset())
      bus.write(0xCC, 0x4E, 0x4B, 0x46, configuration)
      #expect(bus.reset())
      bus.write(0xCC, 0x44)
      let start = bench.machine.now
      while !bus.readBit(), bench.machine.now - start < 2_000_000_000_000 {}
      #expect(abs(Double(bench.machine.now - start) / 1e9 - milliseconds) < 0.2)
      let step = 1 / Double(1 << (bits - 8))
      #expect(Self.temperature(bus) == (-10.125 / step).rounded(.down) * step)
    }
    sensor.setControl("temperature", 99.5)
    #expect(bus.reset())
    bus.write(0xCC, 0x44)
    bench.run(milliseconds: 100)
    #expect(Self.temperature(bus) == 99.5)
  }
  @Test func severalAreFoundAndAddressed() {
    let bench = Bench()
    let sensors = ["111111111111", "222222222222", "A1B2C3D4E5F6"].enumerated().map { bench.make(DS18B20.self, ["deviceID": $1, "temperature": "\(20 + $0)"]) }
    let bus = OneWireController(bench, sensors[0].pin("DQ"), sensors[1].pin("DQ"), sensors[2].pin("DQ"))
    let roms = bus.search()
    #expect(Set(roms.map { $0[1] }) == [0x11, 0x22, 0xA1] && roms.count == 3)
    #expect(roms.allSatisfy { Self.crc($0) == 0 })
    #expect(bus.reset())
    bus.write(0xCC, 0x44)
    bench.run(milliseconds: 751)
    for rom in roms { #expect(Self.temperature(bus, rom: rom) == [0x11: 20, 0x22: 21, 0xA1: 22][rom[1]]) }
    // Alarms: above TH or below TL, in whole degrees.
    for (rom, th) in zip(roms, [100, 15, 100] as [UInt8]) {
      #expect(bus.reset())
      bus.write(0x55)
      for b in rom { bus.write(b) }
      bus.write(0x4E, th, 0xF6, 0x7F)
    }
    #expect(bus.search(0xEC) == [roms[1]])
  }
  @Test func scratchpadIsKeptInEEPROM() {
    let bench = Bench(), sensor = bench.make(DS18B20.self), bus = OneWireController(bench, sensor.pin("DQ"))
    _ = bus.reset()
    bus.write(0xCC, 0x4E, 1, 2, 0x1F)
    _ = bus.reset()
    bus.write(0xCC, 0x48)
    bench.run(milliseconds: 11)
    _ = bus.reset()
    bus.write(0xCC, 0x4E, 9, 9, 0x7F)
    _ = bus.reset()
    bus.write(0xCC, 0xB8)
    _ = bus.reset()
    bus.write(0xCC, 0xBE)
    #expect(Array(bus.read(5)[2...4]) == [1, 2, 0x1F])
  }
  @Test func parasitePowerNeedsTheLineHigh() {
    let bench = Bench(), sensor = bench.make(DS18B20.self), bus = OneWireController(bench, sensor.pin("DQ"))
    _ = bus.reset()
    bus.write(0xCC, 0xB4)
    #expect(bus.readBit())
    let ground = bench.pin("GND", sensor.pin("VCC"))
    ground.drive = .low
    _ = bus.reset()
    bus.write(0xCC, 0xB4)
    #expect(!bus.readBit())
    // Left alone with the line high it converts.
    _ = bus.reset()
    bus.write(0xCC, 0x44)
    bench.run(milliseconds: 750)
    #expect(Self.temperature(bus) == 22)
    // Asked on the way it loses its supply.
    _ = bus.reset()
    bus.write(0xCC, 0x44)
    bench.run(milliseconds: 300)
    #expect(Self.temperature(bus) == 85)
    bench.run(milliseconds: 750)
    #expect(Self.temperature(bus) == 85)
  }
}
