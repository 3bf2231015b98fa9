/// What joins two nets while the machine runs: a switch, a button, a relay's tongue, or a resistor between them.
public final class Contact {
  public let a: Pin, b: Pin
  /// 0 for a switch.
  public let ohms: Float
  private let closed: UnsafeMutablePointer<Bool>

  /// - Parameter ohms: of a resistor, 0 for a switch.
  public init(_ name: String, _ a: Pin, _ b: Pin, ohms: Float = 0, closed isClosed: Bool = false, arena: StateArena) {
    self.a = a
    self.b = b
    self.ohms = ohms.isFinite ? max(0, ohms) : 0
    closed = arena.allocate("\(name).closed", initial: false)
    a.net.contacts.append(self)
    if b.net !== a.net { b.net.contacts.append(self) }
    self.isClosed = isClosed
  }
  public var isClosed: Bool {
    get { closed.pointee }
    set {
      guard newValue != closed.pointee else { return }
      // Whoever follows an average is told of its end by the way that it came.
      for pin in [a.averagingPin, b.averagingPin] { pin?.isAveraged = false }
      closed.pointee = newValue
      a.net.resolve()
      // What the opened contact cut off has a level of its own.
      if !newValue, b.net !== a.net { b.net.resolve() }
      a.net.listenersChanged()
      if !newValue, b.net !== a.net { b.net.listenersChanged() }
    }
  }
  func other(than net: Net) -> Net { a.net === net ? b.net : a.net }
}

extension Net {
  /// The nets that closed contacts tie to this one, itself first.
  /// - Parameter resistors: whether resistors count.
  func joined(resistors: Bool) -> [Net] {
    var all = [self], next = 0
    while next < all.count {
      let net = all[next]
      next += 1
      for c in net.contacts where c.isClosed && (resistors || c.ohms == 0) {
        let other = c.other(than: net)
        if !all.contains(where: { $0 === other }) { all.append(other) }
      }
    }
    return all
  }
  /// The drives on `node`, nets that switches tie together, and what comes to it through resistors that were not yet
  /// followed.
  private static func sum(_ node: [Net], followed: [Contact]) -> Sum {
    var sum = Sum(), followed = followed
    for net in node {
      for p in net.pins { sum.add(p.state.pointee.strength, high: p.state.pointee.high) }
    }
    for net in node {
      for c in net.contacts where c.isClosed && c.ohms > 0 && !followed.contains(where: { $0 === c }) && followed.count < 32 {
        let other = c.other(than: net)
        if node.contains(where: { $0 === other }) { continue }
        followed.append(c)
        let d = Net.sum(other.joined(resistors: false), followed: followed).behindResistor
        sum.add(d.strength, high: d.high)
      }
    }
    return sum
  }
  @inline(never) func resolveJoined() {
    var rest = joined(resistors: true), new: [(Net, NetLevel)] = []
    while let first = rest.first {
      let node = first.joined(resistors: false), level = Net.sum(node, followed: []).level
      for net in node { new.append((net, level)) }
      rest.removeAll { net in node.contains { $0 === net } }
    }
    // All levels first: what is told may change drives, and with them levels that were told meanwhile.
    let changed = new.filter { net, level in net.level.pointee != level }
    for (net, level) in changed { net.level.pointee = level }
    for (net, level) in changed where net.level.pointee == level { net.tell(level) }
    for (net, _) in new where net.hasVoltListeners { net.tellVolts() }
  }
  /// What a voltmeter shows; nil when nothing drives the net. Dividers of resistors are solved.
  public var volts: Float? {
    let nets = joined(resistors: true)
    guard level.pointee != .floating || nets.count > 1 || pins.contains(where: { $0.state.pointee.strength != .none }) else { return nil }
    // Nets that switches tie together are one node.
    var nodes: [[Net]] = []
    for net in nets where !nodes.contains(where: { node in node.contains { $0 === net } }) { nodes.append(net.joined(resistors: false)) }
    func node(of net: Net) -> Int? { nodes.firstIndex { node in node.contains { $0 === net } } }
    let n = nodes.count
    // Currents into each node: own conductance and that to others, and what the sources push.
    var g = [[Double]](repeating: [Double](repeating: 0, count: n), count: n), current = [Double](repeating: 0, count: n)
    for (i, nets) in nodes.enumerated() {
      for net in nets {
        for p in net.pins {
          g[i][i] += Double(p.state.pointee.conductance)
          current[i] += Double(p.state.pointee.conductance * p.state.pointee.volts)
        }
        for c in net.contacts where c.isClosed && c.ohms > 0 {
          guard let j = node(of: c.other(than: net)), j != i else { continue }
          g[i][i] += 1 / Double(c.ohms)
          g[i][j] -= 1 / Double(c.ohms)
        }
      }
    }
    guard nodes.contains(where: { $0.contains { net in net.pins.contains { $0.state.pointee.strength != .none } } }) else { return nil }
    // Elimination from the last node to the first, which is this net's.
    for i in stride(from: n - 1, to: 0, by: -1) where g[i][i] > 0 {
      for j in 0..<i where g[j][i] != 0 {
        let k = g[j][i] / g[i][i]
        for m in 0..<i { g[j][m] -= k * g[i][m] }
        current[j] -= k * current[i]
      }
    }
    return g[0][0] > 1e-15 ? Float(current[0] / g[0][0]) : nil
  }
}
