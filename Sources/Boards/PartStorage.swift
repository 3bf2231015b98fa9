import Foundation
import Images
import Machine
import Parts

/// Files and folders of the host behind the parts that keep bytes: attribute `image` names a file with the bytes, `folder`
/// a folder whose files are put on a memory card.
struct PartStorage {
  static let largest = 512 << 20
  /// What the card's folder held when the card was made: what is gone from the card is removed from the folder.
  private var paths: [String: Set<String>] = [:]
  /// Where a part's relative paths begin; empty: the current folder.
  private var homes: [String: String] = [:]
  /// An attribute that is a path; empty: none.
  private func path(_ attribute: String, of part: any KeepsBytes) -> String {
    let name = part.attribute(attribute)
    return name.isEmpty || name.hasPrefix("/") ? name : (homes[part.id] ?? "") + name
  }

  /// Fills a part before power-on.
  /// - Parameter home: where its relative paths begin, with the last slash.
  mutating func fill(_ part: any KeepsBytes, in machine: Machine, home: String) throws {
    homes[part.id] = home
    let image = path("image", of: part)
    guard let card = part as? SDCard else {
      if !image.isEmpty, FileManager.default.fileExists(atPath: image) { part.load(try BoardLoader.read(image)) }
      return
    }
    var bytes: [UInt8], folder = path("folder", of: card)
    if !image.isEmpty, FileManager.default.fileExists(atPath: image) {
      guard folder.isEmpty else { throw BoardError("the card \(card.id) has an image and a folder; leave one of them out") }
      bytes = try read(image, for: card)
    } else {
      bytes = try FAT.format(size: Int(card.number("size") * 1024) * 1024)
    }
    if !folder.isEmpty {
      while folder.count > 1, folder.hasSuffix("/") { folder.removeLast() }
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue else { throw BoardError("there is no folder \(folder) for the card \(card.id); check the path") }
      var tree = FileTree()
      var names: Set<String> = []
      for (path, contents) in try HostFolder.list(folder) {
        if let contents { try tree.put(contents, at: path) } else { try tree.makeFolder(at: path) }
        names.insert(path.joined(separator: "/"))
      }
      paths[card.id] = names
      do { bytes = try FAT.write(tree, over: bytes) } catch { throw BoardError("the folder \(folder) cannot be put on the card \(card.id): \(error); set its size in MiB to more than \(card.attribute("size"))") }
    }
    // A memory holds whole pages.
    let memory = Memory("\(card.id).card", size: max(bytes.count + Memory.pageSize - 1, Memory.pageSize) / Memory.pageSize * Memory.pageSize)
    memory.load(bytes)
    machine.add(memory)
    card.insert(memory)
  }
  private func read(_ path: String, for card: SDCard) throws -> [UInt8] {
    guard let size = try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int, 512...Self.largest ~= size else {
      throw BoardError("the image \(path) for the card \(card.id) is no file of 512 bytes to \(Self.largest >> 20) MiB; name another")
    }
    guard let data = FileManager.default.contents(atPath: path) else { throw BoardError("\(path) cannot be read; check its permissions") }
    return [UInt8](data)
  }
  /// Saves what the guest has changed where it came from. - Returns: what was written.
  func save(_ part: any KeepsBytes) throws -> [String] {
    guard part.hasChanged else { return [] }
    let image = path("image", of: part)
    if !image.isEmpty {
      try HostFolder.write(part.contents, to: image)
      return [image]
    }
    guard part is SDCard, let before = paths[part.id] else { return [] }
    let folder = path("folder", of: part)
    let tree: FileTree
    do { tree = try FAT.read(part.contents) } catch { throw BoardError("the files of the card \(part.id) were not saved to \(folder): \(error)") }
    var written: [String] = [], there: Set<String> = []
    try tree.walk { path, file in
      let name = path.joined(separator: "/"), to = folder + "/" + name
      there.insert(name)
      if let file {
        guard FileManager.default.contents(atPath: to) != Data(file.contents) else { return }
        try HostFolder.write(file.contents, to: to)
        written.append(to)
      } else {
        try HostFolder.make(to)
      }
    }
    // Inner ones first.
    for gone in before.subtracting(there).sorted(by: >) {
      let path = folder + "/" + gone
      // A folder that holds what the card never had stays.
      if let inner = try? FileManager.default.contentsOfDirectory(atPath: path), !inner.isEmpty { continue }
      try? FileManager.default.removeItem(atPath: path)
      written.append(path)
    }
    return written
  }
}
