/// An anchored ratio between virtual time (picoseconds since power-on) and cycles of one clock.
///
/// A change of frequency moves the anchor: cycles already counted keep their times.
public struct Clock: BitwiseCopyable, Sendable {
  public static let picosecondsPerSecond: UInt64 = 1_000_000_000_000
  public private(set) var anchorTime: UInt64 = 0
  public private(set) var anchorCycle: UInt64 = 0
  /// Frequency in 1/256 Hz, so that fractional dividers stay exact enough. Zero: the clock stands still.
  public private(set) var frequency256: UInt64
  /// Picoseconds per cycle when that is a whole number, else 0: spares the division.
  private var wholePeriod: UInt64

  public init(hertz: UInt64) { self.init(frequency256: hertz &* 256) }
  public init(frequency256: UInt64) {
    self.frequency256 = frequency256
    wholePeriod = Self.wholePeriod(frequency256)
  }
  private static func wholePeriod(_ f: UInt64) -> UInt64 {
    f != 0 && (picosecondsPerSecond * 256) % f == 0 ? picosecondsPerSecond * 256 / f : 0
  }
  public var hertz: Double { Double(frequency256) / 256 }

  /// Continues with another frequency from `time` on.
  public mutating func setFrequency256(_ f: UInt64, at time: UInt64) {
    anchorCycle = cycle(atOrAfter: time)
    anchorTime = time
    frequency256 = f
    wholePeriod = Self.wholePeriod(f)
  }
  /// As `setFrequency256`, for a clock whose cycle count is known exactly.
  public mutating func setFrequency256(_ f: UInt64, at time: UInt64, cycle: UInt64) {
    anchorCycle = cycle
    anchorTime = time
    frequency256 = f
    wholePeriod = Self.wholePeriod(f)
  }
  /// Picoseconds of so many cycles, whatever a guest makes of the two; the largest time when they are more.
  public static func time(_ cycles: UInt64, hertz: UInt64) -> UInt64 { UInt64(clamping: UInt128(cycles) * UInt128(picosecondsPerSecond) / UInt128(max(1, hertz))) }
  /// The time at which cycle `c` begins.
  public func time(ofCycle c: UInt64) -> UInt64 {
    let d = c &- anchorCycle
    if wholePeriod != 0 { return anchorTime &+ d &* wholePeriod }
    if frequency256 == 0 { return c <= anchorCycle ? anchorTime : .max }
    return anchorTime &+ UInt64(truncatingIfNeeded: UInt128(d) * UInt128(Self.picosecondsPerSecond * 256) / UInt128(frequency256))
  }
  /// The first cycle that begins at `t` or later.
  public func cycle(atOrAfter t: UInt64) -> UInt64 {
    guard t > anchorTime else { return anchorCycle }
    let d = t &- anchorTime
    if t == .max { return .max }
    if wholePeriod != 0 { return anchorCycle &+ (d &+ wholePeriod &- 1) / wholePeriod }
    if frequency256 == 0 { return anchorCycle }
    var c = anchorCycle &+ UInt64(truncatingIfNeeded: UInt128(d) * UInt128(frequency256) / UInt128(Self.picosecondsPerSecond * 256))
    while time(ofCycle: c) < t { c &+= 1 }
    return c
  }
  /// Whole cycles that have begun by `t`, counting from the anchor's count.
  public func cycle(at t: UInt64) -> UInt64 {
    guard t > anchorTime else { return anchorCycle }
    let d = t &- anchorTime
    if wholePeriod != 0 { return anchorCycle &+ d / wholePeriod }
    var c = anchorCycle &+ UInt64(truncatingIfNeeded: UInt128(d) * UInt128(frequency256) / UInt128(Self.picosecondsPerSecond * 256))
    while frequency256 != 0 && time(ofCycle: c &+ 1) <= t { c &+= 1 }
    return c
  }
}
