extension Net {
  /// Tells `f` too of each change; those who were told before still are.
  public func observe(_ f: @escaping (NetLevel) -> Void) {
    let before = onChange
    onChange = { level in
      before?(level)
      f(level)
    }
  }
}

/// A clip on some nets: each change with its time, in order.
public final class Probe {
  public struct Change: Sendable, Equatable {
    /// Picoseconds since power-on.
    public var time: UInt64
    public var channel: Int
    public var level: NetLevel
    public init(time: UInt64, channel: Int, level: NetLevel) {
      self.time = time
      self.channel = channel
      self.level = level
    }
  }
  public let names: [String]
  public private(set) var levels: [NetLevel]
  /// Told of each change.
  public var onChange: [(Change) -> Void] = []
  private let machine: Machine

  public init(_ pins: [(name: String, pin: Pin)], machine: Machine) {
    names = pins.map(\.name)
    levels = pins.map(\.pin.level)
    self.machine = machine
    for (n, p) in pins.enumerated() {
      p.pin.net.observe { [unowned self] level in
        guard level != levels[n] else { return }
        levels[n] = level
        let c = Change(time: self.machine.now, channel: n, level: level)
        for f in onChange { f(c) }
      }
    }
  }
}
