import Machine
import Testing

@testable import Chips

/// What a program does with registers that it has no business with must not reach the host: words at registers of all blocks, while
/// somebody looks at the pads and others drive them.
struct RegisterFuzz {
  private var x: UInt64
  private let machine: Machine, bus: Bus, pins: [Pin], drivers: [Pin], dma: UInt32
  final class Edges { var count = 0 }
  let edges = Edges()

  /// - Parameters:
  ///   - pins: pads, every third of which is watched and every fourth driven.
  ///   - dma: memory that descriptors may lie in, 64 KiB.
  init(_ machine: Machine, bus: Bus, pins: [Pin], dma: UInt32, seed: UInt64 = 0x5EED) {
    x = seed
    self.machine = machine
    self.bus = bus
    self.pins = pins
    self.dma = dma
    for (n, p) in pins.enumerated() where n % 3 == 0 { p.net.onChange = { [edges] _ in edges.count += 1 } }
    drivers = pins.enumerated().filter { $0.offset % 4 == 1 }.map { n, p in
      let d = Pin("fuzz\(n)", arena: machine.arena)
      Net.tie(p, d)
      return d
    }
  }
  mutating func next() -> UInt64 {
    x ^= x << 13
    x ^= x >> 7
    x ^= x << 17
    return x >> 8
  }
  /// A word that may mean something: a few bits, a small number, an address, all ones.
  private mutating func word() -> UInt32 {
    let v = UInt32(truncatingIfNeeded: next())
    return switch next() % 8 {
    case 0: v
    case 1: 1 << (v & 31)
    case 2: v & 0xFF
    case 3: dma + (v & 0xFFFC)
    case 4: (dma & 0xFFFFF) + (v & 0xFFFC) | v & 0xF000_0000
    case 5: ~0 << (v & 31)
    case 6: v & v >> 7
    default: v & 0xFFFF
    }
  }
  /// - Parameters:
  ///   - blocks: their addresses, 4 KiB each.
  ///   - between: is called now and then.
  mutating func run(_ rounds: Int, blocks: [UInt32], sizes: [Int] = [4], between: () -> Void = {}) {
    for n in 0..<rounds {
      // Some rounds in one block, so that its registers meet each other.
      let block = blocks[n / 64 % 2 == 0 ? n / 64 * 7 % blocks.count : Int(next() % UInt64(blocks.count))]
      let address = block + UInt32(truncatingIfNeeded: next() % (n % 4 == 0 ? 0x1000 : n % 4 == 1 ? 0x200 : 0x80)) & ~3, size = sizes[Int(next() % UInt64(sizes.count))]
      if next() & 3 == 0 { _ = bus.read(address, size: size) } else { _ = bus.write(address, word(), size: size) }
      if next() & 15 == 0 { _ = bus.write(dma + UInt32(truncatingIfNeeded: next()) & 0xFFFC, word() | 1 << 31, size: 4) }
      if next() & 7 == 0 { drivers[Int(next() % UInt64(drivers.count))].drive = [.high, .low, .none, .pullUp][Int(next() & 3)] }
      if n % 32 == 0 {
        machine.run(until: machine.now + (next() % 40) * 1_000_000)
        between()
      }
    }
  }
}
