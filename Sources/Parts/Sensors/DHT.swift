import Machine

/// A humidity and temperature sensor on one wire of its own kind (AM2302 datasheet, "Single-bus data"): the host pulls the
/// line low, the sensor answers with 40 bits, each a low of 50 µs and a high whose length is the bit.
public class DHT: Sensor {
  struct State: BitwiseCopyable {
    /// When the host pulled the line low.
    var fell: UInt64 = .max
    /// The half-bit on the line; 0 at rest.
    var step: UInt8 = 0
    /// The five bytes, the first bit at 39.
    var data: UInt64 = 0
    /// When it last measured.
    var measured: UInt64 = 0, hasMeasured = false
  }
  private let state: UnsafeMutablePointer<State>
  private var next: Scheduler.Event?
  private static let us: UInt64 = 1_000_000

  /// The shortest low that starts a transfer, in µs.
  class var start: UInt64 { 800 }
  /// The time between measurements in picoseconds: asked earlier, it repeats the last.
  class var period: UInt64 { 2_000_000_000_000 }
  /// The four bytes before the checksum.
  func measure() -> [UInt8] { [] }

  public required init(id: String, attributes: [String: String], context: PartContext) {
    state = context.arena.allocate("\(id).state", initial: State())
    super.init(id: id, attributes: attributes, context: context)
    // The module has a pull-up.
    pin("SDA").drive = .pullUp
    next = context.scheduler.event("\(id).bit") { [unowned self] in step(at: $0) }
    pin("SDA").onChange = { [unowned self] in lineChanged($0) }
  }
  private func lineChanged(_ level: NetLevel) {
    guard state.pointee.step == 0, let next, !context.scheduler.isScheduled(next) else { return }
    let now = context.scheduler.now
    if level == .low {
      state.pointee.fell = now
    } else if level == .high, state.pointee.fell != .max {
      let low = now &- state.pointee.fell
      state.pointee.fell = .max
      if low >= Self.start * Self.us { context.scheduler.schedule(next, at: now &+ 30 * Self.us) }
    }
  }
  private func step(at time: UInt64) {
    guard let next else { return }
    let n = state.pointee.step
    if n == 0 { begin(time) }
    var microseconds: UInt64
    switch n {
    case 0, 1: microseconds = 80
    case 83:
      state.pointee.step = 0
      pin("SDA").drive = .pullUp
      return
    default:
      // Low, then high for 0 or for 1.
      microseconds = 50
      if n & 1 == 1 { microseconds = state.pointee.data >> UInt64(39 - Int(n - 3) / 2) & 1 == 1 ? 70 : 26 }
    }
    state.pointee.step = n + 1
    pin("SDA").drive = n & 1 == 0 ? .low : .pullUp
    context.scheduler.schedule(next, at: time &+ microseconds * Self.us)
  }
  private func begin(_ time: UInt64) {
    guard !state.pointee.hasMeasured || time &- state.pointee.measured >= Self.period else { return }
    state.pointee.hasMeasured = true
    state.pointee.measured = time
    let bytes = measure()
    state.pointee.data = (bytes + [bytes.reduce(0, &+)]).reduce(0) { $0 << 8 | UInt64($1) }
  }
}

/// DHT22 or AM2302: tenths of a degree and of a per cent, a measurement each two seconds.
public final class DHT22: DHT {
  override class var quantities: [Quantity] { [Quantity("temperature", 24, in: -40...80, "°C"), Quantity("humidity", 40, in: 0...100, "%")] }
  public override class var kind: PartKind { PartKind("wokwi-dht22", title: "DHT22", pins: ["VCC", "SDA", "NC", "GND"], attributes: quantities.map(\.attribute)) }
  override func measure() -> [UInt8] {
    let h = UInt16((quantity("humidity") * 10).rounded()), t = quantity("temperature") * 10
    let m = UInt16(abs(t).rounded()) | (t.rounded() < 0 ? 0x8000 : 0)
    return [UInt8(h >> 8), UInt8(h & 0xFF), UInt8(m >> 8), UInt8(m & 0xFF)]
  }
}

/// DHT11: whole per cents, tenths of a degree, a measurement each second.
public final class DHT11: DHT {
  override class var quantities: [Quantity] { [Quantity("temperature", 24, in: -20...60, "°C"), Quantity("humidity", 40, in: 5...95, "%")] }
  public override class var kind: PartKind { PartKind("solderless-dht11", aliases: ["wokwi-dht11", "board-dht11"], title: "DHT11", pins: ["VCC", "SDA", "NC", "GND"], attributes: quantities.map(\.attribute)) }
  /// The datasheet asks for 18 ms, less a tolerance for hosts whose clock is fast.
  override class var start: UInt64 { 17_000 }
  override class var period: UInt64 { 1_000_000_000_000 }
  override func measure() -> [UInt8] {
    let t = Int((abs(quantity("temperature")) * 10).rounded())
    return [UInt8(quantity("humidity").rounded()), 0, UInt8(t / 10), UInt8(t % 10) | (quantity("temperature") < 0 && t > 0 ? 0x80 : 0)]
  }
}
