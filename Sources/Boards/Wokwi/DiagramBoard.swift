import Foundation
import Images
import Parts

extension Board {
  /// The parts and wires of a diagram, around this board.
  /// - Returns: remarks: parts that are drawn as boxes.
  /// - Throws: `BoardError` with file and line.
  public func furnish(with diagram: Diagram) throws -> [String] {
    var remarks: [String] = [], boxes = Set<String>(), seen = Set<String>()
    // Files are named from where the diagram is.
    let home = diagram.file.lastIndex(of: "/").map { String(diagram.file[...$0]) } ?? ""
    for item in diagram.items {
      guard seen.insert(item.id).inserted else { throw diagram.error(diagram.line(of: item), "two parts have the id \"\(item.id)\"; rename one") }
      let place = Layout.Placement(left: item.left, top: item.top, rotate: item.rotate, isHidden: item.isHidden)
      if item.id == layout.boardID {
        layout.board = place
        continue
      }
      if PartCatalog.type(named: item.type) == nil {
        boxes.insert(item.id)
        layout.placements[item.id] = place
        layout.unknownParts.append(Layout.Unknown(type: item.type, id: item.id))
        let known = DiagramTypes.isKnown(item.type)
        let near = known ? nil : DiagramTypes.nearest(item.type)
        remarks.append("\(diagram.file):\(diagram.line(of: item)): \(known ? "\(item.type) is not emulated" : "there is no part type \"\(item.type)\"\(near.map { " (did you mean \($0)?)" } ?? "")"), so \"\(item.id)\" is drawn as a box")
        continue
      }
      do { try add(item.type, id: item.id, attributes: item.attributes, at: place, home: home) } catch { throw diagram.error(diagram.line(of: item), "\(error)") }
    }
    for c in diagram.connections {
      var dead = false, monitor: (end: String, pad: String)?
      for (end, other) in [(c.from, c.to), (c.to, c.from)] {
        let id = String(end.prefix { $0 != ":" })
        if boxes.contains(id) { dead = true }
        if id == "$serialMonitor" { monitor = (end, other) }
        if !end.contains(":") { throw diagram.error(diagram.line(of: c), "\"\(end)\" names no pin; write part:pin") }
        if !["$serialMonitor"].contains(id), !seen.contains(id) {
          throw diagram.error(diagram.line(of: c), "there is no part \"\(id)\"; there are \(diagram.items.map(\.id).joined(separator: ", "))")
        }
      }
      if let monitor {
        if monitor.end.hasSuffix(":RX"), let port = serialPort(transmittingOn: String(monitor.pad.drop { $0 != ":" }.dropFirst())) { monitorPort = port }
        continue
      }
      if dead {
        layout.wires.append(Layout.Wire(from: c.from, to: c.to, color: c.color, path: c.path))
        continue
      }
      do { try wire(c.from, c.to, color: c.color, path: c.path) } catch { throw diagram.error(diagram.line(of: c), "\(error)") }
    }
    return remarks
  }
}

/// What a folder with a diagram holds: the board, its firmware, the files that go onto it.
public struct DiagramProject: Sendable {
  public let diagram: Diagram
  public let description: BoardDescription
  public let boardID: String
  /// A firmware file or a version; nil: the board's default.
  public var firmware: String?
  /// Python files beside the diagram, which go onto a board whose firmware is MicroPython.
  public var files: [String] = []
  public var vcd: String?, rfc2217: Int?

  /// - Parameter path: a diagram, a `wokwi.toml`, or a folder with either.
  /// - Throws: `BoardError` with file and line.
  public init(at path: String) throws {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { throw BoardError("there is no file \(path); check the path") }
    // As the user wrote it, for sentences.
    let folder = isFolder.boolValue ? (path.hasSuffix("/") ? path : path + "/") : path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    func beside(_ name: String) -> String { name.hasPrefix("/") ? name : folder + name }
    let file = !isFolder.boolValue && path.hasSuffix(".json") ? path : beside("diagram.json")
    guard FileManager.default.fileExists(atPath: file) else { throw BoardError("there is no diagram.json in \(folder.isEmpty ? "this folder" : folder); name a folder that has one, or a firmware file") }
    diagram = try Diagram(reading: BoardLoader.read(file), named: file)
    let boards = diagram.items.filter { DiagramTypes.board($0.type) != nil }
    guard let item = boards.first else {
      if let other = diagram.items.first(where: { DiagramTypes.isBoard($0.type) }) {
        throw diagram.error(diagram.line(of: other), "the board \(other.type) is not emulated; there are \(try Catalog.boards().compactMap { $0.diagram?.first }.joined(separator: ", "))")
      }
      throw diagram.error(1, "there is no board among the parts; add one, such as { \"type\": \"wokwi-pi-pico\", \"id\": \"pico\" }")
    }
    guard boards.count == 1 else { throw diagram.error(diagram.line(of: boards[1]), "there are \(boards.count) boards; a diagram has one") }
    boardID = item.id
    description = DiagramTypes.board(item.type)!
    let toml = !isFolder.boolValue && path.hasSuffix(".toml") ? path : beside("wokwi.toml")
    if FileManager.default.fileExists(atPath: toml) {
      let settings = try WokwiSettings(reading: BoardLoader.read(toml), named: toml)
      firmware = settings.firmware.map(beside)
      vcd = settings.vcdFile.map(beside)
      rfc2217 = settings.rfc2217ServerPort
      if let f = firmware, !FileManager.default.fileExists(atPath: f) { throw BoardError("\(toml):\(settings.line(of: "firmware")): there is no file \(f); build it, or mend the path") }
    } else if let env = item.attributes["env"], env.hasPrefix("micropython-"), let v = env.split(separator: "-").last(where: { $0.hasPrefix("v") }) {
      firmware = String(v.dropFirst())
    }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.isEmpty ? "." : folder)) ?? []
    if names.contains("main.py") { files = names.filter { $0.hasSuffix(".py") }.sorted().map(beside) }
  }
}
