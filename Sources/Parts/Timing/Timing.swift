extension PartCatalog {
  static let timing: [Part.Type] = [DS1307.self]
}
