extension PartCatalog {
  static let logic: [Part.Type] = [
    HC595.self, HC165.self, NLSF595.self, BufferGate.self, NOTGate.self, ANDGate.self, NANDGate.self, ORGate.self, NORGate.self, XORGate.self, XNORGate.self, Multiplexer2.self,
    DFlipFlop.self, DRFlipFlop.self, DSRFlipFlop.self, SRFlipFlop.self, CD74HC4067.self, ClockGenerator.self, PCF8574.self, MCP23017.self,
  ]
}
