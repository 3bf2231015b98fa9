import Machine
import Testing

@testable import Xtensa

/// Whatever lies in memory: the host is safe, and time goes on.
@Suite struct FuzzTests {
  @Test(arguments: [("lx106", Configuration.lx106), ("lx6", .lx6), ("lx7", .lx7)])
  func randomMemoryAsCode(_ name: String, _ configuration: Configuration) throws {
    for seed in 1...60 {
      var r = Oracle.Random(state: UInt64(seed) &* 0x9E37_79B9_7F4A_7C15)
      let t = TestCore(configuration)
      let rows = Op.rows.filter { configuration.options.isSuperset(of: $0.option) }
      var i = 0
      while i < 0xFFF0 {
        // Mostly instructions that exist, some noise.
        let row = r.of(rows), word = r.below(8) == 0 ? r.next() : row.encoding.value | r.next() & ~row.encoding.mask
        for b in 0..<row.size { t.ram.bytes[i + b] = UInt8(truncatingIfNeeded: word >> UInt32(b * 8)) }
        i += row.size
      }
      t.core.invalidateAll()
      for a in 0..<16 { t.core[a: a] = r.below(3) == 0 ? r.next() : TestCore.code + r.next() & 0xFFFF }
      t.core.setProgramCounter(TestCore.code + 0x1000)
      for n in 0..<32 { t.core.setInterrupt(n, r.below(2) == 0) }
      t.run(cycles: 20_000)
      for n in 0..<32 { t.core.setInterrupt(n, r.below(2) == 0) }
      t.run(cycles: 20_000)
      #expect(t.machine.now >= 40_000 * 1_000_000)
    }
  }
  @Test func aDoubleExceptionWithoutVectorSleeps() {
    let t = TestCore()
    var told = false
    t.core.onLockup = { _ in told = true }
    t.core.setSpecial(231, 0x7000_0000)
    t.core.setProgramCounter(0x7000_0000)
    t.run(cycles: 1000)
    #expect(told)
    #expect(t.core.asleep.pointee)
    t.core.reset(vector: TestCore.code)
    #expect(!t.core.asleep.pointee)
  }
}
