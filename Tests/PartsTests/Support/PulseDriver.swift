import Machine

/// A pin that a test drives for exact times.
final class PulseDriver {
  let bench: Bench, pin: Pin
  init(_ bench: Bench, _ legs: Pin?...) {
    self.bench = bench
    pin = Pin("driver\(ObjectIdentifier(bench).hashValue)\(legs.first??.name ?? "")", arena: bench.machine.arena)
    for leg in legs { if let leg { Net.tie(pin, leg) } }
    pin.drive = .low
  }
  func set(_ high: Bool) { pin.drive = high ? .high : .low }
  /// High, then low, for so many nanoseconds.
  func pulse(high: UInt64, low: UInt64) {
    set(true)
    bench.run(picoseconds: high * 1000)
    set(false)
    bench.run(picoseconds: low * 1000)
  }
  func clock() { pulse(high: 100, low: 100) }
  /// WS2812 bits at 800 kHz, most significant first.
  func send(_ bytes: [UInt8], one: (UInt64, UInt64) = (800, 450), zero: (UInt64, UInt64) = (400, 850)) {
    for byte in bytes {
      for n in (0..<8).reversed() {
        let t = byte >> UInt8(n) & 1 == 1 ? one : zero
        pulse(high: t.0, low: t.1)
      }
    }
  }
}
