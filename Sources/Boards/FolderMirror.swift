import Crypto
import Foundation
import Images

/// A folder of the host and the files of a board, kept the same.
///
/// What both held when they last agreed is written down in the folder, so that a file that is missing on one side is known
/// to be deleted there, or new on the other. A board that runs has its files open in its own memory: the folder's
/// changes go to it before it starts, the board's come to the folder as it makes them.
public final class FolderMirror {
  static let recordName = ".solderless-sync.json"
  private let folder: String
  private let board: Board
  /// Hash of each file at the last agreement, by path; "" for a folder.
  private var record: [String: String] = [:]
  private var lastLook = Date.distantPast
  private var lastFlash: [UInt8] = []

  public init(folder: String, board: Board) throws {
    self.folder = folder
    self.board = board
    try HostFolder.make(folder)
    if let data = FileManager.default.contents(atPath: folder + "/" + Self.recordName), let r = try? JSONDecoder().decode([String: String].self, from: data) { record = r }
  }
  private static func hash(_ bytes: [UInt8]) -> String { SHA256.hash(data: bytes).prefix(16).map { String(format: "%02x", $0) }.joined() }
  private func hostFiles() throws -> [String: [UInt8]?] {
    Dictionary(try HostFolder.list(folder).map { ($0.path.joined(separator: "/"), $0.contents) }, uniquingKeysWith: { a, _ in a })
  }
  private static func boardFiles(_ tree: FileTree) -> [String: [UInt8]?] {
    var out: [String: [UInt8]?] = [:]
    // Names that begin with a dot stay where they are, as they do on the host.
    tree.walk { path, file in if !path.contains(where: { $0.hasPrefix(".") }) { out[path.joined(separator: "/")] = .some(file?.contents) } }
    return out
  }
  private static func sign(_ file: [UInt8]??) -> String? { file.map { $0.map(hash) ?? "" } }

  private func hostSign(_ path: String) -> String? {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: folder + "/" + path, isDirectory: &isFolder) else { return nil }
    return isFolder.boolValue ? "" : (try? BoardLoader.read(folder + "/" + path)).map(Self.hash)
  }
  /// Both ways, before the board starts. - Returns: what was done, a line each.
  public func start() throws -> [String] {
    var files = try BoardFiles(flash: board.flash.contents), lines: [String] = []
    let host = try hostFiles(), mine = Self.boardFiles(files.tree)
    for path in Set(host.keys).union(mine.keys).sorted() {
      let h = Self.sign(host[path]), b = Self.sign(mine[path]), r = record[path], parts = FileTree.parts(path)
      if h == b { continue }
      // Changed on one side only: that side is right. On both: the folder, unless it was deleted there.
      if b == r || h != r && h != nil {
        if let contents = host[path] {
          try removeIfOther(&files.tree, parts, isFolder: contents == nil)
          if let contents { try files.tree.put(contents, at: parts) } else { try files.tree.makeFolder(at: parts) }
          lines.append("\(path) to the board")
        } else if files.tree[parts] != nil {
          try files.tree.remove(parts)
          lines.append("\(path) removed from the board")
        }
      } else {
        lines += try bring(path, mine[path])
      }
    }
    if !lines.isEmpty { board.flash.load(try files.flash()) }
    try remember(files.tree)
    return lines
  }
  private func removeIfOther(_ tree: inout FileTree, _ parts: [String], isFolder: Bool) throws {
    switch tree[parts] {
    case .file? where isFolder, .folder? where !isFolder: try tree.remove(parts)
    default: break
    }
  }
  /// What the board has changed comes to the folder, once a second at most. - Returns: what was done, a line each.
  public func poll(now: Bool = false) -> [String] {
    guard now || Date().timeIntervalSince(lastLook) > 1 else { return [] }
    lastLook = Date()
    let flash = board.flash.contents
    guard flash != lastFlash else { return [] }
    lastFlash = flash
    // In the middle of a write of FAT there may be nothing to read; the next look will find it whole.
    guard let files = try? BoardFiles(flash: flash) else { return [] }
    var lines: [String] = []
    let mine = Self.boardFiles(files.tree)
    for path in Set(mine.keys).union(record.keys).sorted() where Self.sign(mine[path]) != record[path] {
      // The folder's own change stays; it goes to the board at the next start.
      let host = hostSign(path)
      guard host == record[path] || host == nil && mine[path] != nil else { continue }
      do { lines += try bring(path, mine[path]) } catch { lines.append("\(error)") }
    }
    if !lines.isEmpty { try? remember(files.tree) }
    return lines
  }
  /// One file or folder from the board: its contents, or nil when the board has removed it.
  private func bring(_ path: String, _ file: [UInt8]??) throws -> [String] {
    let to = folder + "/" + path
    switch file {
    case .some(.some(let contents)):
      try HostFolder.write(contents, to: to)
      return ["\(path) from the board"]
    case .some(.none):
      try HostFolder.make(to)
      return []
    case .none:
      guard FileManager.default.fileExists(atPath: to) else { return [] }
      try? FileManager.default.removeItem(atPath: to)
      return ["\(path) removed, as on the board"]
    }
  }
  private func remember(_ tree: FileTree) throws {
    record = Self.boardFiles(tree).mapValues { $0.map(Self.hash) ?? "" }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
    try HostFolder.write([UInt8](try encoder.encode(record)), to: folder + "/" + Self.recordName)
  }
}
