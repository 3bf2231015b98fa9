extension PartCatalog {
  static let lights: [Part.Type] = [LED.self]
}
