import Machine
import Parts

/// A master of a 1-Wire bus that a test plays, with the standard timings.
final class OneWireController {
  let bench: Bench
  let line: Pin

  init(_ bench: Bench, _ legs: Pin...) {
    self.bench = bench
    line = Pin("DQ", arena: bench.machine.arena)
    for p in legs { Net.tie(line, p) }
    line.drive = .pullUp
  }
  private func low(_ microseconds: UInt64) {
    line.drive = .low
    bench.run(microseconds: microseconds)
    line.drive = .pullUp
  }
  /// Whether a device is there.
  func reset() -> Bool {
    low(480)
    bench.run(microseconds: 70)
    let present = !line.isHigh
    bench.run(microseconds: 410)
    return present
  }
  func write(bit: Bool) {
    low(bit ? 6 : 60)
    bench.run(microseconds: bit ? 64 : 10)
  }
  func readBit() -> Bool {
    low(6)
    bench.run(microseconds: 9)
    let bit = line.isHigh
    bench.run(microseconds: 55)
    return bit
  }
  func write(_ bytes: UInt8...) { for b in bytes { for n in 0..<8 { write(bit: b >> UInt8(n) & 1 == 1) } } }
  func read(_ count: Int) -> [UInt8] { (0..<count).map { _ in (0..<8).reduce(UInt8(0)) { $0 | (readBit() ? 1 << UInt8($1) : 0) } } }
  /// All ROM codes, by the search of Maxim's application note 187.
  func search(_ command: UInt8 = 0xF0) -> [[UInt8]] {
    var found: [[UInt8]] = [], last = 64
    var rom = [UInt8](repeating: 0, count: 8)
    repeat {
      guard reset() else { break }
      write(command)
      var open = -1
      for n in 0..<64 {
        let one = readBit(), zero = readBit()
        if one && zero { return found }
        var choice = one
        if !one && !zero {
          choice = n < last ? rom[n / 8] >> UInt8(n % 8) & 1 == 1 : n == last
          if last == 64 { choice = false }
          if !choice { open = n }
        }
        rom[n / 8] = rom[n / 8] & ~(1 << UInt8(n % 8)) | (choice ? 1 << UInt8(n % 8) : 0)
        write(bit: choice)
      }
      found.append(rom)
      last = open
    } while last >= 0 && found.count < 20
    return found
  }
}
