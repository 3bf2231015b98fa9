extension PartCatalog {
  static let input: [Part.Type] = [
    PushButton.self, PushButton6mm.self, SlideSwitch.self, DIPSwitch8.self, MembraneKeypad.self, Potentiometer.self, SlidePotentiometer.self, AnalogJoystick.self, RotaryEncoder.self,
    RotaryDialer.self, IRRemote.self, IRReceiver.self,
  ]
}
