import Foundation
import Images

/// What a file of `Machines/` says about a board.
public struct BoardDescription: Codable, Sendable {
  public struct Flash: Codable, Sendable { public var size: Int }
  /// Soldered on the board: its legs by the pads that they are on, its place from the board's corner in px.
  public struct OnBoard: Codable, Sendable {
    public var type: String, id: String
    public var attributes: [String: String]?
    public var pins: [String: String]
    public var x: Double?, y: Double?
  }
  public var name: String
  public var title: String
  public var chip: String
  public var crystal: UInt64
  public var flash: Flash
  /// RAM beside the flash, on the same bus.
  public var psram: Flash?
  /// The chip's package, where the chip comes in several.
  public var package: String?
  public var led: String?
  public var console: String
  public var firmware: String
  /// The boards of the firmware manifest whose images run on it; its own name when absent.
  public var images: String?
  /// Pads that see half the cable's 5 V, or a third of the supply (Pico datasheet §4.4).
  public struct Senses: Codable, Sendable { public var vbus: String?, vsys: String? }
  public var senses: Senses?
  /// Whether images of its chip run on it unless another board is named; of several boards with one chip it is one.
  public var usual: Bool?
  /// What diagrams call it.
  public var diagram: [String]?
  /// More pads: a name for a pad of the chip, `GND`, or a supply such as `power(3.3)`.
  public var pads: [String: String]?
  /// Pads that an ADC measures.
  public var analog: [String]?
  public var parts: [OnBoard]?
  /// The picture in `Assets`, without which the board is a plain rectangle.
  public var art: String?
}

/// The boards that there are.
public enum Catalog {
  public static func boards() throws -> [BoardDescription] {
    let folder = try Installation.home().appendingPathComponent("Machines")
    let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil).filter { $0.pathExtension == "json5" }
    let decoder = JSONDecoder()
    decoder.allowsJSON5 = true
    return try files.sorted { $0.path < $1.path }.map { file in
      do {
        return try decoder.decode(BoardDescription.self, from: Data(contentsOf: file))
      } catch {
        throw BoardError("\(file.lastPathComponent) is not a board description: \(error)")
      }
    }
  }
  public static func board(named name: String) throws -> BoardDescription {
    let all = try boards()
    if let b = all.first(where: { $0.name == name }) { return b }
    throw BoardError("there is no board or file \"\(name)\"; did you mean \(nearest(name, in: all.map(\.name)) ?? "")? \"solderless boards\" lists all")
  }
  /// The name that a board's images have in the firmware manifest; such a name is taken too.
  public static func images(for name: String, in store: FirmwareStore) throws -> String {
    if let b = try boards().first(where: { $0.name == name }) { return b.images ?? b.name }
    return store.images.contains { $0.board == name } ? name : try board(named: name).name
  }
  /// The usual board for images of `chip`; the Pico when the image does not tell.
  static func board(for chip: ChipFamily?) throws -> BoardDescription {
    guard let chip, chip != .rp2040 else { return try board(named: "pico") }
    let those = try boards().filter { $0.chip == chip.rawValue }
    guard let b = those.first(where: { $0.usual == true }) ?? those.first else { throw BoardError("the firmware is for \(chip.rawValue), which no board here has; \"solderless boards\" lists all") }
    return b
  }
  /// A board of the catalog, wired, without firmware.
  /// - Parameter other: a board in whose machine it is.
  public static func make(_ description: BoardDescription, beside other: Board? = nil) throws -> Board {
    switch description.chip {
    case "RP2040": return try PicoBoard(description, beside: other)
    case "ESP32": return try ESP32Board(description, beside: other)
    case "ESP32-S2": return try ESP32S2Board(description, beside: other)
    case "ESP32-S3": return try ESP32S3Board(description, beside: other)
    case "ESP8266": return try ESP8266Board(description, beside: other)
    case "nRF51": return try MicrobitBoard(description, beside: other)
    default: throw BoardError("\(description.name) has a \(description.chip), which is not emulated")
    }
  }
  /// The name that is spelled most like `name`.
  public static func nearest(_ name: String, in names: [String]) -> String? { names.min { distance($0, name) < distance($1, name) } }
  /// Levenshtein distance.
  static func distance(_ a: String, _ b: String) -> Int {
    let x = Array(a.lowercased()), y = Array(b.lowercased())
    var row = Array(0...y.count)
    for i in 0..<x.count {
      var previous = row[0]
      row[0] = i + 1
      for j in 0..<y.count {
        let above = row[j + 1]
        row[j + 1] = min(above + 1, row[j] + 1, previous + (x[i] == y[j] ? 0 : 1))
        previous = above
      }
    }
    return row[y.count]
  }
}
