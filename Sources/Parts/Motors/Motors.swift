extension PartCatalog {
  static let motors: [Part.Type] = [Servo.self, StepperMotor.self, BiaxialStepper.self, A4988.self, RelayModule.self, KS2ERelay.self, Buzzer.self]
}
