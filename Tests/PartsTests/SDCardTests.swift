import Machine
import Parts
import Testing

@Suite struct SDCardTests {
  /// A host that does what the specification's chapter 7 tells hosts to do.
  final class Host {
    let bench: Bench, bus: SPIController, cs: Pin
    init(_ bench: Bench, _ card: SDCard) {
      self.bench = bench
      bus = SPIController(bench, clock: card.pin("SCK"), data: card.pin("DI"), input: card.pin("DO"))
      bus.input.drive = .pullUp
      bus.data.drive = .high
      bus.half = 100_000
      cs = bench.pin("CS", card.pin("CS"))
      cs.drive = .high
      _ = bus.transfer([UInt8](repeating: 0xFF, count: 10))
    }
    static func crc7(_ bytes: [UInt8]) -> UInt8 {
      var crc: UInt8 = 0
      for b in bytes {
        for n in (0..<8).reversed() {
          let bit = b >> UInt8(n) & 1 ^ crc >> 6 & 1
          crc = crc << 1 & 0x7F
          if bit == 1 { crc ^= 0x09 }
        }
      }
      return crc << 1 | 1
    }
    static func crc16(_ bytes: [UInt8]) -> UInt16 {
      var crc: UInt16 = 0
      for b in bytes {
        for n in (0..<8).reversed() {
          let bit = UInt16(b >> UInt8(n) & 1) ^ crc >> 15
          crc <<= 1
          if bit == 1 { crc ^= 0x1021 }
        }
      }
      return crc
    }
    /// A command; R1 and more bytes behind it. 0xFF when it says nothing.
    func command(_ n: UInt8, _ argument: UInt32 = 0, more: Int = 0, release: Bool = true, skip: Int = 0, crc: UInt8? = nil) -> [UInt8] {
      cs.drive = .low
      let frame = [0x40 | n] + (0..<4).map { UInt8(truncatingIfNeeded: argument >> UInt32(24 - 8 * $0)) }
      _ = bus.transfer(frame + [crc ?? Self.crc7(frame)])
      for _ in 0..<skip { _ = bus.transfer(0xFF) }
      var r: UInt8 = 0xFF
      for _ in 0..<8 where r & 0x80 != 0 { r = bus.transfer(0xFF) }
      let rest = bus.transfer([UInt8](repeating: 0xFF, count: more))
      if release { end() }
      return [r] + rest
    }
    func end() {
      cs.drive = .high
      _ = bus.transfer(0xFF)
    }
    func data(_ count: Int) -> [UInt8]? {
      for _ in 0..<4000 {
        let token = bus.transfer(0xFF)
        if token == 0xFF { continue }
        guard token == 0xFE else { return nil }
        let bytes = bus.transfer([UInt8](repeating: 0xFF, count: count)), crc = bus.transfer([0xFF, 0xFF])
        #expect(Self.crc16(bytes) == UInt16(crc[0]) << 8 | UInt16(crc[1]))
        return bytes
      }
      return nil
    }
    /// A block with its token; the data response.
    func send(_ bytes: [UInt8], token: UInt8, crc: UInt16? = nil) -> UInt8 {
      let c = crc ?? Self.crc16(bytes)
      _ = bus.transfer([0xFF, token] + bytes + [UInt8(c >> 8), UInt8(c & 0xFF)])
      let r = bus.transfer(0xFF) & 0x1F
      wait()
      return r
    }
    func wait() { for _ in 0..<4000 where bus.transfer(0xFF) != 0xFF {} }
    func start(high: Bool) -> [UInt8] {
      #expect(command(0) == [1])
      #expect(command(8, 0x1AA, more: 4) == [1, 0, 0, 1, 0xAA])
      for _ in 0..<1000 {
        #expect(command(55)[0] & 0xFE == 0)
        if command(41, high ? 0x4000_0000 : 0) == [0] { break }
        bench.run(milliseconds: 1)
      }
      return command(58, more: 4)
    }
  }
  let bench = Bench()

  private func card(_ type: String, kilobytes: Int = 1024) -> (SDCard, Memory) {
    let card = bench.make(SDCard.self, ["type": type]), memory = Memory("card", size: kilobytes * 1024)
    memory.load((0..<memory.size).map { UInt8(truncatingIfNeeded: $0 / 512 &* 3 &+ $0) })
    card.insert(memory)
    return (card, memory)
  }
  @Test(arguments: ["sdsc", "sdhc"]) func readsAndWrites(type: String) throws {
    let (card, memory) = card(type), host = Host(bench, card), unit: UInt32 = type == "sdhc" ? 1 : 512
    #expect(host.start(high: true) == [0, type == "sdhc" ? 0xC0 : 0x80, 0xFF, 0x80, 0])
    #expect(host.command(16, 512) == [0])
    // CSD: the size.
    #expect(host.command(9, release: false) == [0])
    let csd = try #require(host.data(16))
    host.end()
    #expect(Host.crc7(Array(csd.dropLast())) == csd[15])
    if type == "sdhc" {
      #expect(csd[0] == 0x40 && (Int(csd[8]) << 8 | Int(csd[9])) + 1 == 2)
    } else {
      let size = Int(csd[6] & 3) << 10 | Int(csd[7]) << 2 | Int(csd[8]) >> 6, mult = Int(csd[9] & 3) << 1 | Int(csd[10]) >> 7
      #expect(csd[0] == 0 && (size + 1) << (mult + 2 + Int(csd[5] & 15)) == memory.size)
    }
    #expect(host.command(10, release: false) == [0])
    let cid = try #require(host.data(16))
    host.end()
    #expect(Host.crc7(Array(cid.dropLast())) == cid[15])
    // One sector.
    #expect(host.command(17, 3 * unit, release: false) == [0])
    #expect(host.data(512) == Array(memory.contents[1536..<2048]))
    host.end()
    // Several, with the card let go between them.
    #expect(host.command(18, 4 * unit, release: false) == [0])
    for n in 4..<7 {
      host.cs.drive = .low
      #expect(host.data(512) == Array(memory.contents[n * 512..<n * 512 + 512]))
      host.end()
    }
    #expect(host.command(12, skip: 1) == [0])
    let new = (0..<1536).map { UInt8(truncatingIfNeeded: $0 &* 5 &+ 1) }
    #expect(!card.hasChanged)
    #expect(host.command(24, 9 * unit, release: false) == [0])
    #expect(host.send(Array(new[..<512]), token: 0xFE) == 5)
    host.end()
    #expect(host.command(25, 10 * unit, release: false) == [0])
    for n in 1..<3 { #expect(host.send(Array(new[n * 512..<n * 512 + 512]), token: 0xFC) == 5) }
    _ = host.bus.transfer([0xFD, 0xFF])
    host.wait()
    host.end()
    #expect(Array(memory.contents[9 * 512..<12 * 512]) == new && card.hasChanged)
    #expect(host.command(13, more: 1) == [0, 0])
    // Beyond the end.
    #expect(host.command(17, UInt32(memory.size / 512) * unit)[0] & 0x60 != 0)
    // Erased.
    #expect(host.command(32, 9 * unit) == [0] && host.command(33, 10 * unit) == [0] && host.command(38, release: false) == [0])
    host.wait()
    host.end()
    #expect(memory.contents[9 * 512..<11 * 512].allSatisfy { $0 == 0 } && Array(memory.contents[11 * 512..<12 * 512]) == Array(new[1024...]))
  }
  @Test func refusesWhatItMust() {
    let (card, memory) = card("sdhc"), host = Host(bench, card)
    // Before CMD0 it says nothing; a wrong sum is told.
    #expect(host.command(17, 0) == [0xFF])
    #expect(host.command(0) == [1])
    #expect(host.command(8, 0x1AA, crc: 0x01) == [9])
    #expect(host.command(17, 0) == [5])
    // A host that knows no high capacity waits for ever.
    for _ in 0..<5 {
      _ = host.command(55)
      #expect(host.command(41, 0) == [1])
      bench.run(milliseconds: 100)
    }
    _ = host.start(high: true)
    #expect(host.command(3) == [4])
    // Sums are checked on request.
    #expect(host.command(13, more: 1, crc: 0xFF) == [0, 0])
    #expect(host.command(59, 1) == [0])
    #expect(host.command(13, crc: 0xFF) == [8])
    let before = memory.contents
    #expect(host.command(24, 1, release: false) == [0])
    #expect(host.send([UInt8](repeating: 7, count: 512), token: 0xFE, crc: 0x1234) == 0x0B)
    host.end()
    #expect(memory.contents == before)
  }
  @Test func anEmptySocketIsSilent() {
    let card = bench.make(SDCard.self), detect = bench.pin("CD", card.pin("CD")), host = Host(bench, card)
    detect.drive = .pullUp
    #expect(!detect.isHigh)
    #expect(host.command(0) == [0xFF])
    card.insert(Memory("card", size: 65536))
    #expect(detect.isHigh)
    #expect(host.command(0) == [1])
  }
}
