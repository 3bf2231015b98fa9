import Machine

/// The parts that there are.
public enum PartCatalog {
  /// A list per folder, each beside its parts.
  public static let all: [Part.Type] = displays + input + lights + logic + memories + motors + radio + sensors + timing + wiring

  static let byName: [String: Part.Type] = Dictionary(
    all.flatMap { type in ([type.kind.name] + type.kind.aliases).map { ($0, type) } }, uniquingKeysWith: { a, _ in a })

  public static func type(named name: String) -> Part.Type? { byName[name] }
}
