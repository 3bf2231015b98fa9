extension PartCatalog {
  static let radio: [Part.Type] = [GPS.self]
}
