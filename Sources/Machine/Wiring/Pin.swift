/// How one pin acts on its net.
public struct Drive: BitwiseCopyable, Sendable, Equatable {
  public enum Strength: UInt8, Sendable, BitwiseCopyable { case none, pull, resistor, strong }
  /// `resistor`: a level through some kilohms, which a driver overrules and a pull does not.
  public var strength: Strength
  public var high: Bool
  public var volts: Float
  public init(_ strength: Strength, high: Bool) {
    self.strength = strength
    self.high = high
    volts = high ? 3.3 : 0
  }
  /// A voltage, which an input sees as high from half the supply on.
  public init(_ strength: Strength, volts: Float) {
    self.strength = strength
    self.volts = volts.isFinite ? volts : 0
    high = self.volts >= Net.threshold
  }
  public static let none = Drive(.none, high: false)
  public static let low = Drive(.strong, high: false), high = Drive(.strong, high: true)
  public static let pullUp = Drive(.pull, high: true), pullDown = Drive(.pull, high: false)
  /// In siemens: an output stage, a module's output or wiper, a pad's pull.
  var conductance: Float {
    switch strength {
    case .none: 0
    case .pull: 1 / 50_000
    case .resistor: 1 / 1_000
    case .strong: 1 / 25
    }
  }
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
  /// Told when any pin of the net drives otherwise, the level changed or not: for who looks at volts.
  public var onVolts: (() -> Void)? { didSet { if onVolts != nil { net.hasVoltListeners = true } } }
  /// Whether it does without the edges of a driver that offers averages; absent, it does not.
  public var acceptsAverage: (() -> Bool)?
  /// Told when a driver begins (true) or is about to end to drive the net by averages.
  public var onAverage: ((Bool) -> Void)?
  public internal(set) var average: Average?
  /// The part whose serial port this is a leg of, when it takes whole words too.
  public weak var frames: (any SPIFrameSink)?

  public init(_ name: String, arena: StateArena) {
    self.name = name
    state = arena.allocate("\(name).drive", initial: Drive.none)
    net = Net(name, arena: arena)
    net.pins.append(self)
  }
  /// Nobody is told any more: who listens may hold the pin.
  func forget() {
    onChange = nil
    onVolts = nil
    acceptsAverage = nil
    onAverage = nil
    average = nil
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
  public var isWatched: Bool { net.pins.count > 1 || net.onChange != nil || !net.contacts.isEmpty }
  /// The level as an input sees it: floating reads low, contention reads high.
  public var isHigh: Bool { net.level.pointee == .high || net.level.pointee == .contention }
  /// What a voltmeter shows; nil when nothing drives the net.
  public var volts: Float? { net.volts }
}

/// Pins tied together.
public final class Net {
  /// From this voltage on an input reads high.
  public static let threshold: Float = 1.65
  public private(set) var name: String
  public internal(set) var pins: [Pin] = []
  /// What can join this net with others while the machine runs.
  public internal(set) var contacts: [Contact] = []
  let level: UnsafeMutablePointer<NetLevel>
  /// Told once per net when two pins drive against each other.
  public var onContention: ((Net) -> Void)?
  /// Told of each change, for probes.
  public var onChange: ((NetLevel) -> Void)? { didSet { listenersChanged() } }
  var hasVoltListeners = false

  init(_ name: String, arena: StateArena) {
    self.name = name
    level = arena.allocate("\(name).net", initial: NetLevel.floating)
    arena.atEnd { [self] in
      for p in pins { p.forget() }
      pins = []
      contacts = []
    }
  }
  /// Ties two pins: all of the second's net joins the first's.
  public static func tie(_ a: Pin, _ b: Pin) {
    guard a.net !== b.net else { return }
    let from = b.net, moved = from.pins, before = a.net.level.pointee
    for p in moved { p.net = a.net }
    a.net.pins += moved
    from.pins = []
    a.net.contacts += from.contacts
    from.contacts = []
    if a.net.onContention == nil { a.net.onContention = from.onContention }
    if a.net.onChange == nil { a.net.onChange = from.onChange }
    if from.hasVoltListeners { a.net.hasVoltListeners = true }
    a.net.resolve()
    // Who joins a net whose level stays is told of it too.
    let now = a.net.level.pointee
    if now == before, now != from.level.pointee { for p in moved { p.onChange?(now) } }
    a.net.listenersChanged()
  }

  /// The drives that meet here, strongest first.
  struct Sum {
    var strongHigh = false, strongLow = false, resistorHigh = false, resistorLow = false, pullHigh = false, pullLow = false

    mutating func add(_ strength: Drive.Strength, high: Bool) {
      switch strength {
      case .none: break
      case .pull: if high { pullHigh = true } else { pullLow = true }
      case .resistor: if high { resistorHigh = true } else { resistorLow = true }
      case .strong: if high { strongHigh = true } else { strongLow = true }
      }
    }
    var level: NetLevel {
      strongHigh && strongLow ? .contention
        : strongHigh ? .high
        : strongLow ? .low
        : resistorHigh && resistorLow ? .floating
        : resistorHigh ? .high
        : resistorLow ? .low
        : pullHigh ? .high
        : pullLow ? .low : .floating
    }
    /// What comes through a resistor: a strong level weakened, a weak one as it is.
    var behindResistor: Drive {
      if strongHigh || strongLow { return strongHigh && strongLow ? .none : Drive(.resistor, high: strongHigh) }
      if resistorHigh || resistorLow { return resistorHigh && resistorLow ? .none : Drive(.resistor, high: resistorHigh) }
      return pullHigh != pullLow ? Drive(.pull, high: pullHigh) : .none
    }
  }
  func resolve() {
    guard contacts.isEmpty else { return resolveJoined() }
    var sum = Sum()
    for p in pins { sum.add(p.state.pointee.strength, high: p.state.pointee.high) }
    settle(sum.level)
    if hasVoltListeners { tellVolts() }
  }
  @inline(never) func tellVolts() { for p in pins { p.onVolts?() } }
  func settle(_ new: NetLevel) {
    guard new != level.pointee else { return }
    level.pointee = new
    tell(new)
  }
  func tell(_ new: NetLevel) {
    if new == .contention { onContention?(self) }
    // Probes before legs, so that they see a change before what it brings about.
    onChange?(new)
    for p in pins { p.onChange?(new) }
  }
}
