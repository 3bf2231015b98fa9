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
      closed.pointee = newValue
      a.net.resolve()
      // What the opened contact cut off has a level of its own.
      if !newValue, b.net !== a.net { b.net.resolve() }
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
    for (net, level) in new { net.settle(level) }
  }
  /// What a voltmeter shows; nil when nothing drives the net. Dividers are solved node by node.
  public var volts: Float? {
    let nets = joined(resistors: true)
    guard level.pointee != .floating || nets.count > 1 || pins.contains(where: { $0.state.pointee.strength != .none }) else { return nil }
    func sources(_ net: Net) -> (current: Float, conductance: Float) {
      net.pins.reduce((0, 0)) { ($0.0 + $1.state.pointee.conductance * $1.state.pointee.volts, $0.1 + $1.state.pointee.conductance) }
    }
    if nets.count == 1 {
      let s = sources(self)
      return s.conductance > 0 ? s.current / s.conductance : nil
    }
    // Gauss-Seidel over the nets; a switch is a tenth of an ohm.
    let own = nets.map(sources)
    guard own.contains(where: { $0.conductance > 0 }) else { return nil }
    let ways = nets.map { net in
      net.contacts.filter(\.isClosed).compactMap { c in nets.firstIndex { $0 === c.other(than: net) }.map { ($0, 1 / max(c.ohms, 0.1)) } }
    }
    var v = [Float](repeating: 0, count: nets.count)
    for _ in 0..<400 {
      var moved: Float = 0
      for i in nets.indices {
        var current = own[i].current, conductance = own[i].conductance
        for (j, g) in ways[i] where j != i {
          current += g * v[j]
          conductance += g
        }
        let new = conductance > 0 ? current / conductance : 0
        moved = max(moved, abs(new - v[i]))
        v[i] = new
      }
      if moved < 1e-5 { break }
    }
    return v[0]
  }
}
