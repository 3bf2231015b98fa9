extension PartCatalog {
  static let wiring: [Part.Type] = [Resistor.self, Supply.self, Ground.self, LogicAnalyzer.self]
}
