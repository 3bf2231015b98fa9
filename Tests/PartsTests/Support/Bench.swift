import Machine
import Parts
import Testing

/// A machine without a chip, for a part that a scripted controller drives.
final class Bench {
  let machine = Machine(clock: Clock(hertz: 100_000_000))
  var context: PartContext { PartContext(machine) }
  private var names = 0

  func make<P: Part>(_ type: P.Type, _ attributes: [String: String] = [:]) -> P {
    names += 1
    return type.init(id: "part\(names)", attributes: attributes, context: context)
  }
  /// A pin of the controller, tied to legs of parts.
  func pin(_ name: String, _ legs: Pin?...) -> Pin {
    let p = Pin(name, arena: machine.arena)
    for leg in legs { if let leg { Net.tie(p, leg) } }
    return p
  }
  func run(picoseconds: UInt64) { machine.run(until: machine.now + picoseconds) }
  func run(microseconds: UInt64) { run(picoseconds: microseconds * 1_000_000) }
  func run(milliseconds: UInt64) { run(picoseconds: milliseconds * 1_000_000_000) }
}

extension Picture {
  /// 0xRRGGBB.
  func pixel(_ x: Int, _ y: Int) -> UInt32 {
    guard 0..<width ~= x, 0..<height ~= y else { return 0xFF00_0000 }
    let at = (y * width + x) * 4
    return UInt32(rgba[at]) << 16 | UInt32(rgba[at + 1]) << 8 | UInt32(rgba[at + 2])
  }
}
