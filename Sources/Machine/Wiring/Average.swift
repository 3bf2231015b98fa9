/// A pin's output that may be too fast to tell each edge of: who is content with averages asks how long it was high.
///
/// A light on a pulse-width modulator needs no edges, only their sum. The driver makes none while all on the net are
/// content, so a net's level is then what it was when somebody last looked.
public final class Average {
  /// Picoseconds that the output has been high in all.
  public let highTime: () -> UInt64
  /// Told when who is on the net, or what is joined to it, has changed.
  let onListeners: () -> Void
  let isOn: UnsafeMutablePointer<Bool>

  init(_ name: String, arena: StateArena, highTime: @escaping () -> UInt64, onListeners: @escaping () -> Void) {
    isOn = arena.allocate("\(name).average", initial: false)
    self.highTime = highTime
    self.onListeners = onListeners
  }
}

extension Pin {
  /// Lets the pin drive by averages.
  public func offerAverage(arena: StateArena, highTime: @escaping () -> UInt64, onListeners: @escaping () -> Void) {
    average = Average(name, arena: arena, highTime: highTime, onListeners: onListeners)
  }
  /// Whether the edges of its output are not told at the moment; set by the driver.
  public var isAveraged: Bool {
    get { average?.isOn.pointee ?? false }
    set {
      guard let average, newValue != average.isOn.pointee else { return }
      if newValue { average.isOn.pointee = true }
      for net in net.joined(resistors: true) {
        for p in net.pins { p.onAverage?(newValue) }
      }
      average.isOn.pointee = newValue
    }
  }
  /// Whether someone must be told of each edge that this pin drives.
  public var edgesMatter: Bool {
    for net in net.joined(resistors: true) {
      if net.onChange != nil { return true }
      for p in net.pins where p !== self {
        let strength = p.state.pointee.strength
        if strength == .strong || strength == .resistor { return true }
        if p.onChange != nil || p.onVolts != nil, !(p.acceptsAverage?() ?? false) { return true }
      }
    }
    return false
  }
  /// The pin that drives this one's net by averages.
  public var averagingPin: Pin? {
    for net in net.joined(resistors: true) {
      for p in net.pins where p.isAveraged { return p }
    }
    return nil
  }
}

extension Net {
  /// Who is on the net has changed: drivers may have to tell edges again.
  func listenersChanged() {
    for net in joined(resistors: true) {
      for p in net.pins { p.average?.onListeners() }
    }
  }
}
