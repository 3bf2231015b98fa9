extension PartCatalog {
  static let radio: [Part.Type] = [GPS.self, MFRC522.self]
}
