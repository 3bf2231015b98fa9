/// How one pin acts on its net.
public struct Drive: BitwiseCopyable, Sendable, Equatable {
  public enum Strength: UInt8, Sendable, BitwiseCopyable { case none, pull, resistor, strong }
  /// `resistor`: a level through some kilohms, which a driver overrules and a pull does not.
  public var strength: Strength
  public var high: Bool
  public init(_ strength: Strength, high: Bool) {
    self.strength = strength
    self.high = high
  }
  public static let none = Drive(.none, high: false)
  public static let low = Drive(.strong, high: false), high = Drive(.strong, high: true)
  public static let pullUp = Drive(.pull, high: true), pullDown = Drive(.pull, high: false)
}

/// What a net carries.
public enum NetLevel: UInt8, Sendable, BitwiseCopyable { case low, high, floating, contention }

/// A pad of a chip or a leg of a part.
public final class Pin {
  public let name: String
  let state: UnsafeMutablePointer<Drive>
  public internal(set) var net: Net
  /// Told when the net's level changes.
  public var onChange: ((NetLevel) -> Void)?

  public init(_ name: String, arena: StateArena) {
    self.name = name
    state = arena.allocate("\(name).drive", initial: Drive.none)
    net = Net(name, arena: arena)
    net.pins.append(self)
  }
  public var drive: Drive {
    get { state.pointee }
    set {
      guard newValue != state.pointee else { return }
      state.pointee = newValue
      net.resolve()
    }
  }
  public var level: NetLevel { net.level.pointee }
  /// Something else is on the net, or a probe.
  public var isWatched: Bool { net.pins.count > 1 || net.onChange != nil }
  /// The level as an input sees it: floating reads low, contention reads high.
  public var isHigh: Bool { net.level.pointee == .high || net.level.pointee == .contention }
}

/// Pins tied together.
public final class Net {
  public private(set) var name: String
  public fileprivate(set) var pins: [Pin] = []
  let level: UnsafeMutablePointer<NetLevel>
  /// Told once per net when two pins drive against each other.
  public var onContention: ((Net) -> Void)?
  /// Told of each change, for probes.
  public var onChange: ((NetLevel) -> Void)?

  init(_ name: String, arena: StateArena) {
    self.name = name
    level = arena.allocate("\(name).net", initial: NetLevel.floating)
  }
  /// Ties two pins: all of the second's net joins the first's.
  public static func tie(_ a: Pin, _ b: Pin) {
    guard a.net !== b.net else { return }
    let from = b.net
    for p in from.pins { p.net = a.net }
    a.net.pins += from.pins
    from.pins = []
    a.net.resolve()
  }
  func resolve() {
    var strongHigh = false, strongLow = false, resistorHigh = false, resistorLow = false, pullHigh = false, pullLow = false
    for p in pins {
      let d = p.state.pointee
      switch d.strength {
      case .none: break
      case .pull: if d.high { pullHigh = true } else { pullLow = true }
      case .resistor: if d.high { resistorHigh = true } else { resistorLow = true }
      case .strong: if d.high { strongHigh = true } else { strongLow = true }
      }
    }
    let new: NetLevel =
      strongHigh && strongLow ? .contention
      : strongHigh ? .high
      : strongLow ? .low
      : resistorHigh && resistorLow ? .floating
      : resistorHigh ? .high
      : resistorLow ? .low
      : pullHigh ? .high
      : pullLow ? .low : .floating
    guard new != level.pointee else { return }
    level.pointee = new
    if new == .contention { onContention?(self) }
    for p in pins { p.onChange?(new) }
    onChange?(new)
  }
}
