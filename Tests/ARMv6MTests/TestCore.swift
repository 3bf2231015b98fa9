import Machine

@testable import ARMv6M

/// A core with 16 KiB of RAM at 0x20000000 and nothing else.
final class TestCore {
  let machine = Machine(clock: Clock(hertz: 1_000_000))
  let ram = Memory("ram", size: 0x4000)
  let core: CortexM0
  init(_ variant: CortexM0.Variant = .rp2040) {
    let bus = Bus()
    core = CortexM0(name: "core", variant: variant, bus: bus, machine: machine)
    machine.add(core)
    machine.add(ram)
    bus.map(memory: ram.raw, at: 0x2000_0000, size: 0x4000, writable: true)
    core.addRegion(base: 0x2000_0000, size: 0x4000, memory: ram.raw, writable: true)
    bus.onMemoryWrite = { [unowned core] a, n in core.invalidate(a & ~3, count: 4) }
    core.onLockup = { core in core.stop = StopReason(.lockup, "lockup") }
  }
  func write(_ halfwords: [UInt32], at address: UInt32) {
    for (i, h) in halfwords.enumerated() { ram.raw.storeBytes(of: UInt16(truncatingIfNeeded: h), toByteOffset: Int(address - 0x2000_0000) + i * 2, as: UInt16.self) }
    core.invalidate(address, count: UInt32(halfwords.count * 2))
  }
  func writeWord(_ word: UInt32, at address: UInt32) { ram.raw.storeBytes(of: word, toByteOffset: Int(address - 0x2000_0000), as: UInt32.self) }
  func readWord(_ address: UInt32) -> UInt32 { ram.raw.load(fromByteOffset: Int(address - 0x2000_0000), as: UInt32.self) }
  /// Runs until the program counter is at `end`, at most `limit` instructions; whether it got there.
  func run(to end: UInt32, limit: Int = 1000) -> Bool {
    for _ in 0..<limit {
      if core.programCounter == end { return true }
      core.limit.pointee = core.cycles.pointee + 1
      core.run()
      if core.stop != nil { return false }
    }
    return core.programCounter == end
  }
}
