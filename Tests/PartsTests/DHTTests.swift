import Machine
import Parts
import Testing

@Suite struct DHTTests {
  /// The five bytes that a host takes after a low of so many µs, from the lengths of the highs alone; nil when nothing comes.
  static func read(_ bench: Bench, _ line: Pin, low: UInt64) -> [UInt8]? {
    var edges: [(UInt64, Bool)] = []
    line.onChange = { edges.append((bench.machine.now, $0 == .high)) }
    defer { line.onChange = nil }
    line.drive = .low
    bench.run(microseconds: low)
    line.drive = .none
    bench.run(milliseconds: 8)
    let highs = zip(edges, edges.dropFirst()).compactMap { $0.1 && !$1.1 ? ($1.0 - $0.0) / 1_000_000 : nil }
    guard highs.count == 42 else { return nil }
    #expect(20...40 ~= highs[0] && highs[1] == 80)
    let bits = highs.dropFirst(2).map { us in
      #expect(22...30 ~= us || 65...75 ~= us)
      return us > 48
    }
    return (0..<5).map { n in (0..<8).reduce(UInt8(0)) { $0 << 1 | (bits[n * 8 + $1] ? 1 : 0) } }
  }
  @Test func dht22TellsTenthsAndSigns() throws {
    let bench = Bench(), dht = bench.make(DHT22.self, ["temperature": "23.4", "humidity": "65.2"]), line = bench.pin("DATA", dht.pin("SDA"))
    #expect(line.isHigh)
    #expect(Self.read(bench, line, low: 1100) == [0x02, 0x8C, 0x00, 0xEA, 0x78])
    dht.setControl("temperature", -10.1)
    // Within two seconds it repeats what it measured.
    #expect(Self.read(bench, line, low: 1100) == [0x02, 0x8C, 0x00, 0xEA, 0x78])
    bench.run(milliseconds: 2000)
    #expect(Self.read(bench, line, low: 18_000) == [0x02, 0x8C, 0x80, 0x65, 0x73])
    dht.setControl("humidity", 1000)
    #expect(dht.control("humidity") == 100)
    #expect(Self.read(bench, line, low: 400) == nil)
  }
  @Test func dht11TellsWholeNumbers() {
    let bench = Bench(), dht = bench.make(DHT11.self, ["temperature": "21.5", "humidity": "47"]), line = bench.pin("DATA", dht.pin("SDA"))
    #expect(Self.read(bench, line, low: 18_000) == [47, 0, 21, 5, 73])
    #expect(Self.read(bench, line, low: 2000) == nil)
    dht.setControl("temperature", -3.2)
    bench.run(milliseconds: 1000)
    #expect(Self.read(bench, line, low: 18_000) == [47, 0, 3, 0x82, 180])
  }
}
