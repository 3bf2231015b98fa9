import Machine

/// A stick on two potentiometers, with a switch below it. Up and left give the supply, down and right the ground.
public final class AnalogJoystick: Part {
  public override class var kind: PartKind {
    PartKind("wokwi-analog-joystick", title: "Analog joystick", pins: ["VCC", "VERT", "HORZ", "SEL", "GND"], attributes: [bounceAttribute])
  }
  struct State: BitwiseCopyable { var x = 0.0, y = 0.0 }
  private let state: UnsafeMutablePointer<State>
  private var contact: BouncingContact!
  private var isMoving = false

  public required init(id: String, attributes: [String: String], context: PartContext) {
    state = context.arena.allocate("\(id).stick", initial: State())
    super.init(id: id, attributes: attributes, context: context)
    // The switch's other end; the legs of a module without a ground still work.
    let ground = Pin("\(id):ground", arena: context.arena)
    ground.drive = .low
    contact = BouncingContact(id, pin("SEL"), ground, context: context) { [unowned self] in bounces }
    self.ground = ground
    for name in ["GND", "VCC"] { pin(name).onVolts = { [unowned self] in update() } }
    update()
  }
  private var ground: Pin?
  private func update() {
    guard !isMoving else { return }
    isMoving = true
    let low = pin("GND").volts ?? 0, high = pin("VCC").volts ?? 3.3
    pin("VERT").drive = Drive(.resistor, volts: low + (high - low) * Float(1 + state.pointee.y) / 2)
    pin("HORZ").drive = Drive(.resistor, volts: low + (high - low) * Float(1 + state.pointee.x) / 2)
    isMoving = false
  }
  /// `x` and `y` as the voltages go: 1 is left and up.
  public override var controls: [Control] { [Control("x", .range(-1...1, unit: "")), Control("y", .range(-1...1, unit: "")), Control("pressed", .button)] }
  public override func control(_ name: String) -> Double? {
    switch name {
    case "x": state.pointee.x
    case "y": state.pointee.y
    case "pressed": contact.isClosed ? 1 : 0
    default: nil
    }
  }
  public override func setControl(_ name: String, _ value: Double) {
    guard value.isFinite else { return }
    let v = min(max(value, -1), 1)
    switch name {
    case "x": state.pointee.x = v
    case "y": state.pointee.y = v
    case "pressed": contact.isClosed = value >= 0.5
    default: return
    }
    update()
  }
}
