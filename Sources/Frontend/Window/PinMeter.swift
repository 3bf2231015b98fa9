import Machine

/// Measures the pin that the mouse points at: its level, frequency and duty cycle over the last tenth of a second.
final class PinMeter {
  struct Reading: Sendable, Equatable {
    var level: NetLevel
    var volts: Float?
    /// Hertz; nil below two edges.
    var frequency: Double?
    var duty: Double?
  }
  static let window: UInt64 = 100_000_000_000
  private(set) var pin: Pin?
  private weak var net: Net?
  private var before: ((NetLevel) -> Void)?
  private var began: UInt64 = 0, since: UInt64 = 0, high: UInt64 = 0
  private var isHigh = false
  private var rises = 0, firstRise: UInt64 = 0, lastRise: UInt64 = 0, highAtFirst: UInt64 = 0, highAtLast: UInt64 = 0
  private var last: Reading?

  func watch(_ pin: Pin?, _ machine: Machine) {
    net?.onChange = before
    net = nil
    before = nil
    self.pin = pin
    last = nil
    guard let pin else { return }
    let net = pin.net
    self.net = net
    before = net.onChange
    restart(machine.now)
    net.onChange = { [unowned self, unowned machine, before] level in
      before?(level)
      edge(level == .high, machine.now)
    }
  }
  private func restart(_ now: UInt64) {
    began = now
    since = now
    high = 0
    rises = 0
    isHigh = pin?.level == .high
  }
  private func edge(_ up: Bool, _ now: UInt64) {
    guard up != isHigh else { return }
    if isHigh { high &+= now &- since }
    since = now
    isHigh = up
    guard up else { return }
    if rises == 0 {
      firstRise = now
      highAtFirst = high
    }
    lastRise = now
    highAtLast = high
    rises += 1
  }
  func reading(_ machine: Machine) -> Reading? {
    guard let pin else { return nil }
    var r = Reading(level: pin.level, volts: pin.volts, frequency: last?.frequency, duty: last?.duty)
    if machine.now &- began >= Self.window {
      let span = lastRise &- firstRise
      if rises > 1, span > 0 {
        r.frequency = Double(rises - 1) * 1e12 / Double(span)
        r.duty = Double(highAtLast &- highAtFirst) / Double(span)
      } else {
        r.frequency = nil
        r.duty = nil
      }
      restart(machine.now)
    }
    last = r
    return r
  }
}
