import Foundation

/// What a file of `Machines/` says about a board.
public struct BoardDescription: Codable, Sendable {
  public struct Flash: Codable, Sendable { public var size: Int }
  public var name: String
  public var title: String
  public var chip: String
  public var crystal: UInt64
  public var flash: Flash
  public var led: String?
  public var console: String
  public var firmware: String
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
    let nearest = all.min { distance($0.name, name) < distance($1.name, name) }?.name ?? ""
    throw BoardError("there is no board or file \"\(name)\"; did you mean \(nearest)? \"solderless boards\" lists all")
  }
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
