import Machine

/// What a part needs of the machine that it is wired to.
public struct PartContext {
  public let arena: StateArena
  public let scheduler: Scheduler
  public let log: Log
  /// What the parts of a board send each other without wires.
  public let air: Air
  public init(arena: StateArena, scheduler: Scheduler, log: Log, air: Air = Air()) {
    self.arena = arena
    self.scheduler = scheduler
    self.log = log
    self.air = air
  }
  public init(_ machine: Machine, air: Air = Air()) { self.init(arena: machine.arena, scheduler: machine.scheduler, log: machine.log, air: air) }
}

/// The room around a board: infrared light.
public final class Air {
  /// Told when a carrier of 38 kHz begins and ends.
  private var eyes: [(Bool) -> Void] = []
  public init() {}
  public func watch(_ eye: @escaping (Bool) -> Void) { eyes.append(eye) }
  public func shine(_ carrier: Bool) { for e in eyes { e(carrier) } }
}

/// An attribute that a diagram or a scenario may set; values are text, as diagrams have them.
public struct Attribute: Sendable, Equatable {
  public enum Kind: Sendable, Equatable {
    case text, color, flag
    case number(ClosedRange<Double>)
    case choice([String])
  }
  public let name: String
  public let kind: Kind
  public let initial: String
  public init(_ name: String, _ kind: Kind, _ initial: String) {
    self.name = name
    self.kind = kind
    self.initial = initial
  }
}

/// What a person, or a scenario, moves while the machine runs.
public struct Control: Sendable, Equatable {
  public enum Kind: Sendable, Equatable {
    /// 1 while held.
    case button
    /// Stays 0 or 1.
    case toggle
    /// A quantity; its unit goes behind the number.
    case range(ClosedRange<Double>, unit: String)
  }
  public let name: String
  public let kind: Kind
  public init(_ name: String, _ kind: Kind) {
    self.name = name
    self.kind = kind
  }
}

/// A type of part: its names and what one may wire and set.
public struct PartKind: Sendable {
  /// As diagrams spell it, such as `wokwi-led`.
  public let name: String
  public let aliases: [String]
  public let title: String
  public let pins: [String]
  public let attributes: [Attribute]
  public init(_ name: String, aliases: [String] = [], title: String, pins: [String], attributes: [Attribute] = []) {
    self.name = name
    self.aliases = aliases
    self.title = title
    self.pins = pins
    self.attributes = attributes
  }
}

/// What is soldered or plugged beside the chip: the part on the wire, without its looks.
///
/// A subclass gives its `kind`, finds its legs in `pins`, keeps its state in the arena and acts on `Pin.onChange` and on
/// events of the scheduler.
open class Part {
  open class var kind: PartKind { PartKind("", title: "", pins: []) }
  public let id: String
  public let context: PartContext
  public let pins: [String: Pin]
  public private(set) var attributes: [String: String]

  /// - Parameters:
  ///   - id: unique on the board; no colon in it.
  ///   - attributes: those that are not the kind's are kept, for whoever draws.
  public required init(id: String, attributes: [String: String], context: PartContext) {
    self.id = id
    self.context = context
    self.attributes = attributes
    pins = Dictionary(Self.kind.pins.map { ($0, Pin("\(id):\($0)", arena: context.arena)) }, uniquingKeysWith: { a, _ in a })
  }
  public final var kind: PartKind { Self.kind }
  /// A leg that the kind names.
  public final func pin(_ name: String) -> Pin {
    guard let p = pins[name] else { preconditionFailure("\(Self.kind.name) has no pin \(name)") }
    return p
  }
  /// A leg by the name that a diagram gives it; nil when there is none.
  open func leg(_ name: String) -> Pin? { pins[name] ?? pins.first { $0.key.lowercased() == name.lowercased() }?.value }
  /// An attribute's text, or the kind's initial one.
  public final func attribute(_ name: String) -> String {
    attributes[name] ?? Self.kind.attributes.first { $0.name == name }?.initial ?? ""
  }
  /// An attribute as a number within its bounds; the initial one when it is no number.
  public final func number(_ name: String) -> Double {
    let a = Self.kind.attributes.first { $0.name == name }, initial = a.flatMap { Double($0.initial) } ?? 0
    var v = Double(attribute(name)) ?? initial
    if !v.isFinite { v = initial }
    if case .number(let bounds)? = a?.kind { v = min(max(v, bounds.lowerBound), bounds.upperBound) }
    return v
  }
  public final func flag(_ name: String) -> Bool { !["", "0", "false"].contains(attribute(name)) }
  /// Changes an attribute while the machine runs.
  public final func setAttribute(_ name: String, _ value: String) {
    attributes[name] = value
    attributeChanged(name)
  }
  /// A subclass takes up an attribute's new value.
  open func attributeChanged(_ name: String) {}

  open var controls: [Control] { [] }
  /// Where the control `name` stands; nil when there is none.
  open func control(_ name: String) -> Double? { nil }
  /// Moves a control; a value outside its range goes to the range's end.
  open func setControl(_ name: String, _ value: Double) {}

  /// What a reader of its display reads, lines apart by newlines; nil when it shows no text.
  open var displayText: String? { nil }
  /// What its panel shows, pixel by pixel; nil when it has none.
  open var picture: Picture? { nil }
  /// How much light each of its lamps gives off, in the order in which they are drawn.
  open var lamps: [Lamp] { [] }
  /// A finger or pen on its panel, in the panel's pixels; `down` false when it leaves.
  open func touch(x: Int, y: Int, down: Bool) {}
  /// Whether `touch` does anything.
  open var hasTouch: Bool { false }
  /// The level that it gives to a loudspeaker, for parts that sound: told with the time of each change.
  public final var onSound: ((Bool, UInt64) -> Void)?
}

/// A panel's pixels: red, green, blue, alpha, a byte each, row by row from the top.
public struct Picture: Sendable, Equatable {
  public let width: Int, height: Int
  public var rgba: [UInt8]
  public init(width: Int, height: Int, rgba: [UInt8]) {
    self.width = width
    self.height = height
    self.rgba = rgba
  }
  public init(width: Int, height: Int) { self.init(width: width, height: height, rgba: [UInt8](repeating: 0, count: width * height * 4)) }
  public mutating func set(_ x: Int, _ y: Int, red: UInt8, green: UInt8, blue: UInt8) {
    guard 0..<width ~= x, 0..<height ~= y else { return }
    let at = (y * width + x) * 4
    rgba[at] = red
    rgba[at + 1] = green
    rgba[at + 2] = blue
    rgba[at + 3] = 255
  }
}
