import Foundation
import Images

/// The files in a board's flash, to be read and changed without the board running.
public struct BoardFiles {
  public var tree: FileTree
  public let volume: FlashVolume
  private let bytes: [UInt8]

  /// - Throws: `FileSystemError` when the flash has no files, or they are damaged.
  public init(flash: [UInt8]) throws {
    bytes = flash
    volume = try FlashVolume(in: flash)
    tree = try volume.read(from: flash)
  }
  /// The whole flash with the files as they are now.
  public func flash() throws -> [UInt8] {
    var out = bytes
    let new = try volume.write(tree, over: bytes)
    out.replaceSubrange(volume.offset..<volume.offset + new.count, with: new)
    return out
  }
  /// Copies a file, or a folder with all in it.
  /// - Parameter what: `HOST` or `HOST:BOARD`. Without the latter, or when it ends with a slash, the host's name is kept;
  ///   `FOLDER:` and `FOLDER:/` put what is in the folder into the board's root.
  public mutating func put(_ what: String) throws {
    var host = what, target: String?
    if !FileManager.default.fileExists(atPath: what), let colon = what.lastIndex(of: ":") {
      host = String(what[..<colon])
      target = String(what[what.index(after: colon)...])
    }
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: host, isDirectory: &isFolder) else { throw BoardError("there is no file \(host) to put on the board; check the path") }
    let name = URL(fileURLWithPath: host).lastPathComponent
    var path = FileTree.parts(target ?? ""), keepsName = target == nil || target!.hasSuffix("/") && !path.isEmpty
    if isFolder.boolValue {
      if keepsName { path.append(name) }
      try tree.makeFolder(at: path)
      for (inner, contents) in try HostFolder.list(host) {
        if let contents { try tree.put(contents, at: path + inner) } else { try tree.makeFolder(at: path + inner) }
      }
    } else {
      if case .folder? = tree[path] { keepsName = true }
      if keepsName { path.append(name) }
      try tree.put(try BoardLoader.read(host), at: path)
    }
  }
  /// Copies from the board: a file to `host`, or into it when that is a folder; a folder with all in it.
  /// - Returns: what was written.
  public func get(_ path: String, to host: String) throws -> [String] {
    let parts = FileTree.parts(path)
    guard let node = tree[parts] else { throw BoardError("there is no \(path) on the board; \"solderless fs tree\" shows what there is") }
    var isFolder: ObjCBool = false
    let there = FileManager.default.fileExists(atPath: host, isDirectory: &isFolder)
    let target = there && isFolder.boolValue && !parts.isEmpty ? host + "/" + parts[parts.count - 1] : host
    switch node {
    case .file(let f):
      try HostFolder.write(f.contents, to: target)
      return [target]
    case .folder(let t):
      var written: [String] = []
      try t.walk { inner, file in
        let to = ([target] + inner).joined(separator: "/")
        if let file { try HostFolder.write(file.contents, to: to) } else { try HostFolder.make(to) }
        written.append(to)
      }
      return written
    }
  }
}

/// A folder of the host, with what this program does to it.
enum HostFolder {
  /// All in it, folders (nil) before what they hold; names that begin with a dot are left out.
  static func list(_ root: String) throws -> [(path: [String], contents: [UInt8]?)] {
    var out: [([String], [UInt8]?)] = []
    func walk(_ path: [String]) throws {
      guard path.count < 32 else { throw BoardError("\(root) has folders more than 32 deep; leave the inner ones out") }
      let here = ([root] + path).joined(separator: "/")
      guard let names = try? FileManager.default.contentsOfDirectory(atPath: here) else { throw BoardError("\(here) cannot be read; check its permissions") }
      for name in names.sorted() where !name.hasPrefix(".") {
        let file = here + "/" + name
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: file, isDirectory: &isFolder) else { continue }
        if isFolder.boolValue {
          out.append((path + [name], nil))
          try walk(path + [name])
        } else {
          out.append((path + [name], try BoardLoader.read(file)))
        }
      }
    }
    try walk([])
    return out
  }
  static func make(_ path: String) throws {
    do { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) } catch { throw BoardError("the folder \(path) cannot be made: \(error.localizedDescription)") }
  }
  static func write(_ bytes: [UInt8], to path: String) throws {
    let url = URL(fileURLWithPath: path)
    try make(url.deletingLastPathComponent().path)
    do { try Data(bytes).write(to: url, options: .atomic) } catch { throw BoardError("\(path) cannot be written: \(error.localizedDescription)") }
  }
}
