/// The files and folders of a volume, held whole.
public struct FileTree: Sendable, Equatable {
  public struct File: Sendable, Equatable {
    public var contents: [UInt8]
    /// littlefs user attributes by type; MicroPython keeps the modification time in type 1.
    public var attributes: [UInt8: [UInt8]] = [:]
    /// FAT: date in the upper half, time in the lower, as a directory entry has them.
    public var stamp: UInt32 = 0
    public init(contents: [UInt8]) { self.contents = contents }
  }
  public enum Node: Sendable, Equatable {
    case file(File)
    case folder(FileTree)
  }
  public var entries: [String: Node] = [:]
  /// Attributes of the folder itself.
  public var attributes: [UInt8: [UInt8]] = [:]
  public var stamp: UInt32 = 0
  public init() {}

  /// Names in byte order, as littlefs sorts them.
  public var names: [String] { entries.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) } }

  /// Whether a volume's name may become one of the host: nothing in it leads out of a folder.
  static func isSafe(_ name: String) -> Bool { !name.isEmpty && name != "." && name != ".." && !name.utf8.contains(0x2F) && !name.utf8.contains(0) }
  /// The parts of a path: `/lib/a.py`, `lib/a.py` and `:lib/a.py` are the same.
  public static func parts(_ path: String) -> [String] { path.drop { $0 == ":" }.split(separator: "/").map(String.init).filter { $0 != "." } }

  public subscript(path: [String]) -> Node? {
    guard let first = path.first else { return .folder(self) }
    guard let node = entries[first] else { return nil }
    if path.count == 1 { return node }
    guard case .folder(let inner) = node else { return nil }
    return inner[Array(path.dropFirst())]
  }
  /// Puts a file in place; folders on the way come into being.
  /// - Throws: `FileSystemError` when a file stands where a folder is needed, or the other way round.
  public mutating func put(_ contents: [UInt8], at path: [String]) throws { try change(path) { node, shown in
    if case .folder? = node { throw FileSystemError("\(shown) is a folder on the board; name a file in it") }
    var file = FileTree.File(contents: contents)
    if case .file(let old)? = node { file.attributes = old.attributes }
    return .file(file)
  } }
  /// Makes a folder; one that is there stays.
  public mutating func makeFolder(at path: [String]) throws {
    guard !path.isEmpty else { return }
    try change(path) { node, shown in
      if case .file? = node { throw FileSystemError("\(shown) is a file on the board; remove it first") }
      return node ?? .folder(FileTree())
    }
  }
  /// Removes a file, or a folder with all in it.
  public mutating func remove(_ path: [String]) throws {
    guard self[path] != nil, !path.isEmpty else { throw FileSystemError("there is no /\(path.joined(separator: "/")) on the board; \"solderless fs tree\" shows what there is") }
    try change(path) { _, _ in nil }
  }
  private mutating func change(_ path: [String], at depth: Int = 0, _ action: (Node?, String) throws -> Node?) throws {
    let name = path[depth], shown = "/" + path.prefix(depth + 1).joined(separator: "/")
    guard !name.isEmpty, name.utf8.count <= 255, name != ".." else { throw FileSystemError("\"\(name)\" is no name for a file; use up to 255 bytes without a slash") }
    if depth == path.count - 1 {
      entries[name] = try action(entries[name], shown)
      return
    }
    var inner: FileTree
    switch entries[name] {
    case .folder(let t)?: inner = t
    case .file?: throw FileSystemError("\(shown) is a file on the board, not a folder")
    case nil: inner = FileTree()
    }
    try inner.change(path, at: depth + 1, action)
    entries[name] = .folder(inner)
  }
  /// All files with their paths, folders first named by `visit` with nil.
  public func walk(_ prefix: [String] = [], _ visit: ([String], File?) throws -> Void) rethrows {
    for name in names {
      switch entries[name]! {
      case .file(let f): try visit(prefix + [name], f)
      case .folder(let t):
        try visit(prefix + [name], nil)
        try t.walk(prefix + [name], visit)
      }
    }
  }
}

/// Why a volume cannot be read or written: one sentence with the mend.
public struct FileSystemError: Error, CustomStringConvertible, Equatable {
  public let description: String
  public init(_ sentence: String) { description = sentence }
}
