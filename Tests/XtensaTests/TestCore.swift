import Machine

@testable import Xtensa

/// A core with 64 KiB of memory for code and data at 0x40080000, seen as data at 0x3FFC0000 too.
final class TestCore {
  static let code: UInt32 = 0x4008_0000, data: UInt32 = 0x3FFC_0000, size: UInt32 = 0x10000
  let machine = Machine(clock: Clock(hertz: 1_000_000))
  let ram = Memory("ram", size: Int(size)), bus = Bus()
  let memory: CodeMemory, core: XtensaCore
  var labels: [String: UInt32] = [:]

  init(_ configuration: Configuration = .lx6) {
    memory = CodeMemory(ram)
    core = XtensaCore(name: "core", configuration: configuration, prid: 0xCDCD, bus: bus, machine: machine)
    machine.add(core)
    machine.add(ram)
    core.addRegion(base: Self.code, size: Self.size, memory: memory, .instruction)
    core.addRegion(base: Self.data, size: Self.size, memory: memory, .data)
    core.setSpecial(230, configuration.options.contains(.windowed) ? 0x40000 : 0)  // PS: WOE
    core.setSpecial(231, Self.code)
    core.setSpecial(224, 0xFF)
  }
  func write(_ word: UInt32, at address: UInt32) {
    let o = (address & 0xFFFF)
    ram.raw.storeBytes(of: word, toByteOffset: Int(o), as: UInt32.self)
    memory.changed(offset: o, count: 4)
  }
  func read(_ address: UInt32) -> UInt32 { ram.raw.load(fromByteOffset: Int(address & 0xFFFF), as: UInt32.self) }
  /// Assembles at `address` and goes there.
  func load(_ text: String, at address: UInt32 = code + 0x1000) throws {
    let a = try Assembler(text, at: address, core.configuration)
    labels.merge(a.labels) { $1 }
    for (i, b) in a.bytes.enumerated() { ram.bytes[Int(address & 0xFFFF) + i] = b }
    memory.changed(offset: address & 0xFFFF, count: UInt32(a.bytes.count))
    core.setProgramCounter(address)
  }
  /// Runs until the program counter is at `end`, at most `limit` instructions one by one; whether it got there.
  @discardableResult func run(to end: UInt32, limit: Int = 10000) -> Bool {
    for _ in 0..<limit {
      if core.programCounter == end { return true }
      core.limit.pointee = core.cycles.pointee + 1
      core.run()
      if core.stop != nil || core.asleep.pointee { break }
    }
    return core.programCounter == end
  }
  @discardableResult func run(to label: String, limit: Int = 10000) -> Bool { labels[label].map { run(to: $0, limit: limit) } ?? false }
  /// Runs at full speed for so many cycles.
  func run(cycles: UInt64) { machine.run(until: machine.now + cycles * 1_000_000) }
}
