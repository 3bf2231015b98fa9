import Machine

/// A controller that a test plays, bit by bit at 1 MHz.
final class SPIController {
  let bench: Bench
  let clock: Pin, data: Pin, input: Pin
  let mode: Int
  var half: UInt64 = 500_000

  init(_ bench: Bench, clock: Pin, data: Pin? = nil, input: Pin? = nil, mode: Int = 0) {
    self.bench = bench
    self.mode = mode
    let arena = bench.machine.arena
    self.clock = Pin("SCK", arena: arena)
    self.data = Pin("MOSI", arena: arena)
    self.input = Pin("MISO", arena: arena)
    Net.tie(self.clock, clock)
    if let data { Net.tie(self.data, data) }
    if let input { Net.tie(self.input, input) }
    self.clock.drive = mode >= 2 ? .high : .low
    self.data.drive = .low
    self.input.drive = .pullDown
  }
  private func edge(_ active: Bool) { clock.drive = active != (mode >= 2) ? .high : .low }
  func transfer(_ byte: UInt8) -> UInt8 {
    var got: UInt8 = 0
    for n in (0..<8).reversed() {
      let level: Drive = byte >> UInt8(n) & 1 == 1 ? .high : .low
      if mode & 1 == 0 {
        data.drive = level
        bench.run(picoseconds: half)
        edge(true)
        got = got << 1 | (input.isHigh ? 1 : 0)
        bench.run(picoseconds: half)
        edge(false)
      } else {
        edge(true)
        data.drive = level
        bench.run(picoseconds: half)
        edge(false)
        got = got << 1 | (input.isHigh ? 1 : 0)
        bench.run(picoseconds: half)
      }
    }
    return got
  }
  @discardableResult func transfer(_ bytes: [UInt8]) -> [UInt8] { bytes.map { transfer($0) } }
}
