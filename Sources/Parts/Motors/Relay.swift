import Machine

/// The tongues of a relay: they leave one contact and reach the other some milliseconds after the coil has changed.
final class RelayTongues {
  private let closed: [Contact], open: [BouncingContact]
  private let wanted: UnsafeMutablePointer<Bool>
  private let scheduler: Scheduler
  private var event: Scheduler.Event!
  private let operate: UInt64, release: UInt64
  var onMove: (Bool) -> Void = { _ in }

  /// - Parameters:
  ///   - poles: common, normally closed, normally open.
  ///   - operate, release: milliseconds.
  init(_ name: String, poles: [(common: Pin, closed: Pin, open: Pin)], operate: UInt64, release: UInt64, context: PartContext, bounces: @escaping () -> Bool) {
    wanted = context.arena.allocate("\(name).coil", initial: false)
    scheduler = context.scheduler
    self.operate = operate * 1_000_000_000
    self.release = release * 1_000_000_000
    closed = poles.enumerated().map { Contact("\(name).NC\($0 + 1)", $1.common, $1.closed, closed: true, arena: context.arena) }
    open = poles.enumerated().map { BouncingContact("\(name).NO\($0 + 1)", $1.common, $1.open, context: context, bounces: bounces) }
    event = scheduler.event("\(name).tongues") { [unowned self] _ in move() }
  }
  var isOperated: Bool { open[0].isClosed }
  func energize(_ on: Bool) {
    guard on != wanted.pointee else { return }
    wanted.pointee = on
    if on == isOperated { scheduler.cancel(event) } else { scheduler.schedule(event, after: on ? operate : release) }
  }
  private func move() {
    let on = wanted.pointee
    // It breaks before it makes.
    if on { for c in closed { c.isClosed = false } }
    for c in open { c.isClosed = on }
    if !on { for c in closed { c.isClosed = true } }
    onMove(on)
  }
}

/// A relay on a module with a transistor and a light (Songle SRD-05VDC: operates within 10 ms, releases within 5).
public final class RelayModule: Part {
  public override class var kind: PartKind {
    PartKind("wokwi-relay-module", title: "Relay module", pins: ["IN", "NO", "NC", "COM", "VCC", "GND"], attributes: [Attribute("transistor", .choice(["npn", "pnp"]), "npn"), bounceAttribute])
  }
  private var tongues: RelayTongues!
  private let light: Lamp, power: Lamp

  public required init(id: String, attributes: [String: String], context: PartContext) {
    light = Lamp("\(id).coil", context: context)
    power = Lamp("\(id).power", context: context)
    super.init(id: id, attributes: attributes, context: context)
    tongues = RelayTongues(id, poles: [(pin("COM"), pin("NC"), pin("NO"))], operate: 7, release: 4, context: context) { [unowned self] in bounces }
    pin("IN").onChange = { [unowned self] _ in update() }
    pin("VCC").onChange = { [unowned self] _ in power.set(pin("VCC").level == .high) }
  }
  /// `npn`: a high level on IN draws current; `pnp`: a low one.
  private func update() {
    let on = attribute("transistor") == "pnp" ? pin("IN").level == .low : pin("IN").level == .high
    light.set(on)
    tongues.energize(on)
  }
  /// COM is joined with NO.
  public var isOperated: Bool { tongues.isOperated }
  /// That of the coil, and that of the supply.
  public override var lamps: [Lamp] { [light, power] }
}

/// A relay with two tongues (KS2E-M-DC5): operates within 7 ms, releases within 3.
public final class KS2ERelay: Part {
  public override class var kind: PartKind { PartKind("wokwi-ks2e-m-dc5", title: "Relay", pins: ["COIL1", "COIL2", "P1", "NO1", "NC1", "P2", "NO2", "NC2"], attributes: [bounceAttribute]) }
  private var tongues: RelayTongues!

  public required init(id: String, attributes: [String: String], context: PartContext) {
    super.init(id: id, attributes: attributes, context: context)
    tongues = RelayTongues(id, poles: [1, 2].map { (pin("P\($0)"), pin("NC\($0)"), pin("NO\($0)")) }, operate: 5, release: 2, context: context) { [unowned self] in bounces }
    for name in ["COIL1", "COIL2"] { pin(name).onChange = { [unowned self] _ in update() } }
  }
  private func update() {
    switch (pin("COIL1").level, pin("COIL2").level) {
    case (.high, .low), (.low, .high): tongues.energize(true)
    default: tongues.energize(false)
    }
  }
  public var isOperated: Bool { tongues.isOperated }
}
