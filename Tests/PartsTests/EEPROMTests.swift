import Machine
import Parts
import Testing

@Suite struct EEPROMTests {
  let bench = Bench()

  @Test func pagesWrapAndWritingIsPolled() {
    let part = bench.make(EEPROM.self, ["type": "24C32"]), bus = I2CController(bench, sda: part.pin("SDA"), scl: part.pin("SCL"))
    #expect(bus.read(0x50, register: [0, 0], 2) == [0xFF, 0xFF])
    // From 30 of a page of 32 bytes: the third byte goes to the page's start.
    #expect(bus.write(0x50, [0x01, 0x1E, 1, 2, 3]).allSatisfy { $0 })
    let start = bench.machine.now
    while !bus.write(0x50, [])[0], bench.machine.now - start < 100_000_000_000 {}
    #expect(abs(Double(bench.machine.now - start) / 1e9 - 5) < 0.2)
    #expect(bus.read(0x50, register: [0x01, 0x1E], 2) == [1, 2])
    #expect(bus.read(0x50, register: [0x01, 0x00], 2) == [3, 0xFF])
    // A read goes on where the last ended, and around the end.
    #expect(bus.read(0x50, 1) == [0xFF])
    bus.write(0x50, [0, 0, 0x77])
    bench.run(milliseconds: 6)
    #expect(bus.read(0x50, register: [0x0F, 0xFF], 2) == [0xFF, 0x77])
    #expect(part.hasChanged && part.contents.count == 4096)
  }
  @Test(arguments: ["24C01", "24C02", "24C04", "24C08", "24C16", "24C32", "24C64", "24C128", "24C256", "24C512"]) func sizes(type: String) throws {
    let part = bench.make(EEPROM.self, ["type": type]), bus = I2CController(bench, sda: part.pin("SDA"), scl: part.pin("SCL"))
    let size = part.contents.count, isLong = size > 2048
    #expect(size == (try #require(Int(type.dropFirst(3)))) * 128)
    func header(_ at: Int) -> (UInt8, [UInt8]) { isLong ? (0x50, [UInt8(at >> 8), UInt8(at & 0xFF)]) : (0x50 | UInt8(at >> 8), [UInt8(at & 0xFF)]) }
    for at in [0, size / 2, size - 1] {
      let (address, bytes) = header(at)
      #expect(bus.write(address, bytes + [UInt8(truncatingIfNeeded: at / 7 + 1)]).allSatisfy { $0 })
      bench.run(milliseconds: 6)
    }
    for at in [0, size / 2, size - 1] {
      let (address, bytes) = header(at)
      #expect(bus.read(address, register: bytes, 1) == [UInt8(truncatingIfNeeded: at / 7 + 1)])
      #expect(part.contents[at] == UInt8(truncatingIfNeeded: at / 7 + 1))
    }
    #expect(bus.scan() == (0x50..<(isLong ? 0x51 : 0x50 + UInt8(max(size / 256, 1)))).map { $0 })
  }
  @Test func strapsAndWriteProtect() {
    let part = bench.make(EEPROM.self, ["type": "24C256"]), bus = I2CController(bench, sda: part.pin("SDA"), scl: part.pin("SCL"))
    bench.pin("A2", part.pin("A2")).drive = .high
    let wp = bench.pin("WP", part.pin("WP"))
    #expect(bus.scan() == [0x54])
    wp.drive = .high
    bus.write(0x54, [0, 0, 5])
    #expect(bus.read(0x54, register: [0, 0], 1) == [0xFF] && !part.hasChanged)
    wp.drive = .low
    bus.write(0x54, [0, 0, 5])
    bench.run(milliseconds: 6)
    #expect(bus.read(0x54, register: [0, 0], 1) == [5])
    part.load([9, 8])
    #expect(bus.read(0x54, register: [0, 0], 2) == [9, 8] && !part.hasChanged)
  }
}
