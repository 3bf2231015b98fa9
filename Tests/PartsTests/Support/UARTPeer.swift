import Machine

/// The other end of a serial line, bit by bit: it sends at once, and writes down what it hears.
final class UARTPeer {
  let bench: Bench
  let transmit: Pin, receive: Pin
  let bit: UInt64
  private var edges: [(time: UInt64, high: Bool)] = []

  init(_ bench: Bench, to receiver: Pin? = nil, from transmitter: Pin? = nil, baud: Int = 9600) {
    self.bench = bench
    bit = 1_000_000_000_000 / UInt64(baud)
    transmit = Pin("TX", arena: bench.machine.arena)
    receive = Pin("RX", arena: bench.machine.arena)
    if let receiver { Net.tie(transmit, receiver) }
    if let transmitter { Net.tie(receive, transmitter) }
    transmit.drive = .high
    receive.onChange = { [unowned self] level in edges.append((bench.machine.now, level == .high)) }
    bench.run(picoseconds: bit * 2)
  }
  func send(_ bytes: [UInt8]) {
    for b in bytes {
      for level in [false] + (0..<8).map({ b >> UInt8($0) & 1 == 1 }) + [true] {
        transmit.drive = level ? .high : .low
        bench.run(picoseconds: bit)
      }
    }
  }
  /// What was heard so far, from the edges alone.
  var heard: [UInt8] {
    func level(_ t: UInt64) -> Bool { edges.last { $0.time <= t }?.high ?? true }
    var bytes: [UInt8] = [], after: UInt64 = 0
    for e in edges where !e.high && e.time >= after {
      guard bench.machine.now >= e.time + bit * 10 - bit / 2 else { break }
      bytes.append((0..<8).reduce(UInt8(0)) { $0 | (level(e.time + bit * 3 / 2 + bit * UInt64($1)) ? 1 << UInt8($1) : 0) })
      after = e.time + bit * 19 / 2
    }
    return bytes
  }
}
