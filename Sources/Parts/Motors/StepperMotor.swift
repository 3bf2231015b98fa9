import Machine

/// A bipolar stepper motor of 200 steps a turn.
public final class StepperMotor: Part {
  public override class var kind: PartKind {
    PartKind(
      "wokwi-stepper-motor", title: "Stepper motor", pins: ["A-", "A+", "B+", "B-"],
      attributes: [
        Attribute("arrow", .color, ""), Attribute("display", .choice(["steps", "angle", "none"]), "steps"), Attribute("gearRatio", .text, "1:1"),
        Attribute("size", .choice(["8", "11", "14", "17", "23", "34"]), "23"),
      ])
  }
  private var rotor: StepperRotor!
  private var ratio = 1.0

  public required init(id: String, attributes: [String: String], context: PartContext) {
    super.init(id: id, attributes: attributes, context: context)
    rotor = StepperRotor(id, aPlus: pin("A+"), aMinus: pin("A-"), bPlus: pin("B+"), bMinus: pin("B-"), context: context)
    let terms = attribute("gearRatio").split(separator: ":").compactMap { Double($0) }
    if let first = terms.first, first.isFinite, first > 0 {
      let second = terms.count > 1 && terms[1].isFinite && terms[1] > 0 ? terms[1] : 1
      ratio = first / second
    }
  }
  /// Full steps since power-on, to the half step.
  public var steps: Double { (rotor.steps * 2).rounded(.down) / 2 }
  /// The shaft's angle in degrees, gears included.
  public var angle: Double { steps * degreesPerStep / ratio }
  /// What it shows: steps or degrees within a turn.
  public override var displayText: String? {
    func text(_ v: Double) -> String { v == v.rounded() ? "\(Int(v))" : "\((v * 10).rounded() / 10)" }
    switch attribute("display") {
    case "none": return nil
    case "angle":
      let turn = angle.truncatingRemainder(dividingBy: 360)
      return text(turn < 0 ? turn + 360 : turn)
    default: return text(steps)
    }
  }
}

/// Two stepper motors in one case, one shaft within the other.
public final class BiaxialStepper: Part {
  public override class var kind: PartKind {
    PartKind(
      "wokwi-biaxial-stepper", title: "Biaxial stepper", pins: ["A1-", "A1+", "B1+", "B1-", "A2-", "A2+", "B2+", "B2-"],
      attributes: ["outer", "inner"].flatMap { hand in
        [
          Attribute("\(hand)HandLength", .number(20...70), "30"), Attribute("\(hand)HandColor", .color, hand == "outer" ? "gold" : "silver"),
          Attribute("\(hand)HandShape", .choice(["plain", "arrow", "ornate"]), "plain"),
        ]
      } + [Attribute("innerHand", .text, ""), Attribute("outerHand", .text, "")])
  }
  private var rotors: [StepperRotor] = []

  public required init(id: String, attributes: [String: String], context: PartContext) {
    super.init(id: id, attributes: attributes, context: context)
    rotors = [1, 2].map { n in StepperRotor("\(id).\(n)", aPlus: pin("A\(n)+"), aMinus: pin("A\(n)-"), bPlus: pin("B\(n)+"), bMinus: pin("B\(n)-"), context: context) }
  }
  private func angle(_ n: Int) -> Double { (rotors[n].steps * 2).rounded(.down) / 2 * degreesPerStep }
  /// In degrees: motor 1 turns the outer shaft, motor 2 the inner.
  public var outerAngle: Double { angle(0) }
  public var innerAngle: Double { angle(1) }
}
