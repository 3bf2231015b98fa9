import Machine

/// A controller that a test plays, bit by bit at 400 kHz; it waits while a target holds the clock.
final class I2CController {
  let bench: Bench
  let sda: Pin, scl: Pin
  /// Half a bit.
  var half: UInt64 = 1_250_000
  /// Longest wait for a target that stretches the clock.
  var patience: UInt64 = 1_000_000_000_000

  init(_ bench: Bench, sda: Pin?..., scl: Pin?...) {
    self.bench = bench
    self.sda = Pin("SDA", arena: bench.machine.arena)
    self.scl = Pin("SCL", arena: bench.machine.arena)
    for p in sda { if let p { Net.tie(self.sda, p) } }
    for p in scl { if let p { Net.tie(self.scl, p) } }
    self.sda.drive = .pullUp
    self.scl.drive = .pullUp
  }
  private func wait() { bench.run(picoseconds: half) }
  private func data(_ high: Bool) { sda.drive = high ? .pullUp : .low }
  private func clock(_ high: Bool) {
    scl.drive = high ? .pullUp : .low
    guard high else { return }
    let end = bench.machine.now + patience
    while !scl.isHigh, bench.machine.now < end { bench.run(microseconds: 1) }
  }
  /// Start, or repeated start.
  func start() {
    data(true)
    wait()
    clock(true)
    wait()
    data(false)
    wait()
    clock(false)
    wait()
  }
  func stop() {
    data(false)
    wait()
    clock(true)
    wait()
    data(true)
    wait()
  }
  private func bit(_ high: Bool) -> Bool {
    data(high)
    wait()
    clock(true)
    wait()
    let level = sda.isHigh
    clock(false)
    return level
  }
  /// Sends a byte; whether it was acknowledged.
  func send(_ byte: UInt8) -> Bool {
    for n in (0..<8).reversed() { _ = bit(byte >> UInt8(n) & 1 == 1) }
    return !bit(true)
  }
  func receive(acknowledge: Bool) -> UInt8 {
    var v: UInt8 = 0
    for _ in 0..<8 { v = v << 1 | (bit(true) ? 1 : 0) }
    _ = bit(!acknowledge)
    return v
  }
  /// A whole write; the acknowledges, that of the address first.
  @discardableResult func write(_ address: UInt8, _ bytes: [UInt8], stops: Bool = true) -> [Bool] {
    start()
    var acks = [send(address << 1)]
    if acks[0] { for b in bytes { acks.append(send(b)) } }
    if stops { stop() }
    return acks
  }
  /// A whole read; nil when nobody answers.
  func read(_ address: UInt8, _ count: Int, stops: Bool = true) -> [UInt8]? {
    start()
    guard send(address << 1 | 1) else {
      stop()
      return nil
    }
    let bytes = (0..<count).map { receive(acknowledge: $0 + 1 < count) }
    if stops { stop() }
    return bytes
  }
  /// A write, then a read after a repeated start, as registers are read.
  func read(_ address: UInt8, register: [UInt8], _ count: Int) -> [UInt8]? {
    guard write(address, register, stops: false).allSatisfy({ $0 }) else {
      stop()
      return nil
    }
    return read(address, count)
  }
  /// The addresses that answer.
  func scan() -> [UInt8] { (8..<0x78).filter { write($0, [])[0] } }
}
