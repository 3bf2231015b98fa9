import Machine
import Parts
import Testing

@Suite struct MFRC522Tests {
  /// What drivers do with the reader's registers.
  final class Driver {
    let bench: Bench, bus: SPIController, cs: Pin
    init(_ bench: Bench, _ part: MFRC522) {
      self.bench = bench
      bus = SPIController(bench, clock: part.pin("SCK"), data: part.pin("MOSI"), input: part.pin("MISO"))
      cs = bench.pin("CS", part.pin("SDA"))
      cs.drive = .high
      // As libraries set it: 25 ms until the timer ends, sums of ISO 14443.
      for (r, v) in [(0x01, 0x0F), (0x2A, 0x80), (0x2B, 0xA9), (0x2C, 0x03), (0x2D, 0xE8), (0x15, 0x40), (0x11, 0x3D), (0x14, 0x83)] { write(UInt8(r), UInt8(v)) }
    }
    func write(_ register: UInt8, _ bytes: UInt8...) { write(register, bytes) }
    func write(_ register: UInt8, _ bytes: [UInt8]) {
      cs.drive = .low
      _ = bus.transfer([register << 1] + bytes)
      cs.drive = .high
    }
    func read(_ register: UInt8) -> UInt8 {
      cs.drive = .low
      defer { cs.drive = .high }
      return bus.transfer([register << 1 | 0x80, 0])[1]
    }
    /// A frame's answer; nil when the timer ran out.
    func transceive(_ frame: [UInt8], bits: UInt8 = 0, command: UInt8 = 0x0C) -> [UInt8]? {
      write(0x01, 0)
      write(0x04, 0x7F)
      write(0x0A, 0x80)
      write(0x09, frame)
      write(0x0D, bits)
      write(0x01, command)
      if command == 0x0C { write(0x0D, 0x80 | bits) }
      for _ in 0..<1000 {
        let irq = read(0x04)
        if irq & (command == 0x0C ? 0x30 : 0x10) != 0 { return (0..<read(0x0A)).map { _ in read(0x09) } }
        if irq & 1 != 0 { return nil }
        bench.run(microseconds: 100)
      }
      Issue.record("no end")
      return nil
    }
    func withCRC(_ bytes: [UInt8]) -> [UInt8] {
      write(0x01, 0)
      write(0x05, 0x04)
      write(0x0A, 0x80)
      write(0x09, bytes)
      write(0x01, 0x03)
      #expect(read(0x05) & 4 != 0)
      return bytes + [read(0x22), read(0x21)]
    }
    func select() -> (uid: [UInt8], sak: UInt8)? {
      guard transceive([0x26], bits: 7) != nil else { return nil }
      var uid: [UInt8] = []
      for level in [0x93, 0x95] as [UInt8] {
        guard let part = transceive([level, 0x20]), part.count == 5, part.reduce(0, ^) == 0, let sak = transceive(withCRC([level, 0x70] + part)), sak.count == 3 else { return nil }
        uid += part[0] == 0x88 && sak[0] & 4 != 0 ? part[1..<4] : part[..<4]
        if sak[0] & 4 == 0 { return (uid, sak[0]) }
      }
      return nil
    }
  }
  let bench = Bench()

  @Test func cardsAreSelectedByTheirNumbers() throws {
    let part = bench.make(MFRC522.self, ["uid": "DE:AD:BE:EF"]), d = Driver(bench, part)
    #expect(d.read(0x37) == 0x92)
    #expect(d.withCRC([0x50, 0x00]) == [0x50, 0x00, 0x57, 0xCD])
    #expect(d.select() == nil)
    part.setControl("tagPresent", 1)
    #expect(try #require(d.select()) == ([0xDE, 0xAD, 0xBE, 0xEF], 0x08))
    // Halted, it waits for WUPA.
    #expect(d.transceive(d.withCRC([0x50, 0])) == nil)
    #expect(d.select() == nil)
    #expect(d.transceive([0x52], bits: 7) == [0x04, 0])
    for (card, uid, sak) in [(1, [0x11, 0x22, 0x33, 0x44], 0x08), (4, [0x04, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66], 0), (5, [0xC0, 0xFF, 0xEE, 0x99], 0x09)] as [(Double, [UInt8], UInt8)] {
      part.setControl("card", card)
      #expect(try #require(d.select()) == (uid, sak))
    }
    part.setControl("tagPresent", 0)
    #expect(d.select() == nil)
  }
  @Test func blocksNeedTheirKey() throws {
    let part = bench.make(MFRC522.self), d = Driver(bench, part), key = [UInt8](repeating: 0xFF, count: 6), data = (0..<16).map { UInt8($0 * 3) }
    part.setControl("card", 3)
    part.setControl("tagPresent", 1)
    let uid = try #require(d.select()).uid
    #expect(d.transceive(d.withCRC([0x30, 8])) == [0x04])
    _ = d.select()
    #expect(d.transceive([0x60, 8] + [1, 2, 3, 4, 5, 6] + uid, command: 0x0E) == nil && d.read(0x08) & 8 == 0)
    _ = d.transceive([0x52], bits: 7)
    _ = d.select()
    #expect(d.transceive([0x60, 8] + key + uid, command: 0x0E) == [] && d.read(0x08) & 8 != 0)
    #expect(d.transceive(d.withCRC([0x30, 8])) == d.withCRC([UInt8](repeating: 0, count: 16)))
    #expect(d.transceive(d.withCRC([0xA0, 9])) == [0x0A] && d.read(0x0C) & 7 == 4)
    #expect(d.transceive(d.withCRC(data)) == [0x0A])
    #expect(d.transceive(d.withCRC([0x30, 9])) == d.withCRC(data))
    // Another sector was not opened.
    #expect(d.transceive(d.withCRC([0x30, 12])) == [0x04])
  }
}
