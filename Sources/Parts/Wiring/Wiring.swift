extension PartCatalog {
  static let wiring: [Part.Type] = [
    Resistor.self, Supply.self, Ground.self, Breadboard.self, HalfBreadboard.self, MiniBreadboard.self, TextLabel.self, Logo.self, LogicAnalyzer.self,
  ]
}
