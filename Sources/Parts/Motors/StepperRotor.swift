import Machine

/// The rotor of a bipolar stepper motor: it turns to where the field of its two coils points, by the shorter way; too slow to follow what
/// passes between one driver's output and the next.
final class StepperRotor {
  /// Positions in a full step, and directions of the field in a whole turn of it: four full steps.
  static let division: Int32 = 16
  private static let directions: [(a: Float, b: Float)] = {
    // By turning (1, 0) on by 1/64 of a circle at a time.
    let c = 0.9951847266721969, s = 0.0980171403295606
    var v = (1.0, 0.0), all: [(Float, Float)] = []
    for _ in 0..<64 {
      all.append((Float(v.0), Float(v.1)))
      v = (v.0 * c - v.1 * s, v.0 * s + v.1 * c)
    }
    return all
  }()
  /// Picoseconds from a change of a coil to the look at its field.
  private static let inertia: UInt64 = 10_000_000
  /// In sixteenths of a full step.
  private let position: UnsafeMutablePointer<Int32>
  private let aPlus: Pin, aMinus: Pin, bPlus: Pin, bMinus: Pin
  private let scheduler: Scheduler
  private var event: Scheduler.Event!

  init(_ name: String, aPlus: Pin, aMinus: Pin, bPlus: Pin, bMinus: Pin, context: PartContext) {
    position = context.arena.allocate("\(name).rotor", initial: Int32(0))
    self.aPlus = aPlus
    self.aMinus = aMinus
    self.bPlus = bPlus
    self.bMinus = bMinus
    scheduler = context.scheduler
    event = scheduler.event("\(name).rotor") { [unowned self] _ in turn() }
    for p in [aPlus, aMinus, bPlus, bMinus] {
      p.onVolts = { [unowned self] in if !scheduler.isScheduled(event) { scheduler.schedule(event, after: Self.inertia) } }
    }
  }
  /// Full steps from where it stood at power-on, clockwise positive, to the sixteenth.
  var steps: Double { Double(position.pointee) / Double(Self.division) }

  private func turn() {
    let a = (aPlus.volts ?? 0) - (aMinus.volts ?? 0), b = (bPlus.volts ?? 0) - (bMinus.volts ?? 0)
    guard abs(a) > 0.5 || abs(b) > 0.5 else { return }
    var best = 0, most = -Float.greatestFiniteMagnitude
    for (i, d) in Self.directions.enumerated() where d.a * a + d.b * b > most {
      best = i
      most = d.a * a + d.b * b
    }
    // Straight against the field it stays where it is.
    let way = (Int32(best) &- position.pointee) & 63
    if way != 32 { position.pointee &+= way < 32 ? way : way - 64 }
  }
}

/// A full step is 1.8 degrees.
let degreesPerStep = 1.8
