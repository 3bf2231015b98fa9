extension PartCatalog {
  static let memories: [Part.Type] = [EEPROM.self, SDCard.self]
}

/// A part that keeps its bytes without power: whoever puts it on a board may fill it from a file and save it there.
public protocol KeepsBytes: Part {
  var contents: [UInt8] { get }
  /// Fills it as it was before power-on; what is too long is cut off.
  func load(_ bytes: [UInt8])
  /// Whether the guest has written since `load`.
  var hasChanged: Bool { get }
}
