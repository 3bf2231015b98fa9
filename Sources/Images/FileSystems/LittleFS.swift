/// littlefs 2 (its SPEC.md, on-disk versions 2.0 and 2.1): read whole, written anew whole.
public enum LittleFS {
  /// Bits 30:20 of a tag.
  private enum Tag {
    static let file = 0x001, folder = 0x002, superblock = 0x0FF, folderStruct = 0x200, inline = 0x201, list = 0x202, attribute = 0x300
    static let create = 0x401, delete = 0x4FF, crc = 0x500, forwardCRC = 0x5FF, softTail = 0x600, hardTail = 0x601, move = 0x7FF
  }
  static let mark = Array("littlefs".utf8)

  /// Size and version of the volume at the start of `bytes`; nil: there is none.
  public static func superblock(_ bytes: [UInt8]) -> (version: UInt32, blockSize: Int, blockCount: Int)? {
    // Either block of the first pair may be the newer; the block size is not known before one is read.
    for at in [0] + (8...16).map({ 1 << $0 }) {
      guard let name = bytes.bytes(at: at + 8, count: 8), name.elementsEqual(mark), let version = bytes.word(at: at + 20), let size = bytes.word(at: at + 24),
        let count = bytes.word(at: at + 28), version >> 16 == 2, size.nonzeroBitCount == 1, (128...(1 << 20)).contains(size), count > 1, count < 1 << 20, at == 0 || at == size
      else { continue }
      return (version, Int(size), Int(count))
    }
    return nil
  }

  // MARK: Reading

  private struct Entry {
    var name: [UInt8]?, isFolder = false, isSuperblock = false
    var structure: (type: Int, data: [UInt8])?
    var attributes: [UInt8: [UInt8]] = [:]
  }
  private struct Pair {
    var entries: [Entry] = []
    var tail: (Int, Int)?, tailIsHard = false
    var move = [UInt8](repeating: 0, count: 12)
  }
  private struct Reader {
    let bytes: [UInt8], blockSize: Int, blockCount: Int
    func block(_ n: Int) throws -> ArraySlice<UInt8> {
      guard n >= 0, n < blockCount, let b = bytes.bytes(at: n * blockSize, count: blockSize) else {
        throw FileSystemError("the littlefs volume refers to block \(n), which it does not have; it is damaged")
      }
      return b
    }
    /// The newer block of a pair that has a valid commit.
    func pair(_ a: Int, _ b: Int) throws -> Pair {
      let blocks = try [block(a), block(b)]
      let revisions = blocks.map { Array($0.prefix(4)).word(at: 0) ?? 0 }
      let order = Int32(bitPattern: revisions[1] &- revisions[0]) > 0 ? [1, 0] : [0, 1]
      for i in order { if let p = commits(Array(blocks[i])) { return p } }
      throw FileSystemError("blocks \(a) and \(b) of the littlefs volume hold no valid commit; it is damaged, or was never formatted")
    }
    /// Replays the commits of one block; nil when none is valid.
    private func commits(_ block: [UInt8]) -> Pair? {
      var good: Pair?, now = Pair()
      var at = 4, previous: UInt32 = 0xFFFF_FFFF
      var crc = checksum(block[0..<4], 0xFFFF_FFFF)
      while let word = block.word(at: at) {
        let tag = word.byteSwapped ^ previous
        guard tag >> 31 == 0 else { break }
        let type = Int(tag >> 20 & 0x7FF), id = Int(tag >> 10 & 0x3FF), length = tag & 0x3FF == 0x3FF ? 0 : Int(tag & 0x3FF)
        guard let data = block.bytes(at: at + 4, count: length) else { break }
        crc = checksum(block[at..<at + 4], crc)
        previous = tag
        if type & 0x7FE == Tag.crc {
          guard length >= 4, block.word(at: at + 4) == crc else { break }
          good = now
          crc = 0xFFFF_FFFF
          previous ^= UInt32(type & 1) << 31
        } else {
          crc = checksum(data, crc)
          apply(type, id, Array(data), deleted: tag & 0x3FF == 0x3FF, to: &now)
        }
        at += 4 + length
      }
      return good
    }
    private func apply(_ type: Int, _ id: Int, _ data: [UInt8], deleted: Bool, to p: inout Pair) {
      func entry() -> Int? {
        guard id < 0x3FF else { return nil }
        while p.entries.count <= id { p.entries.append(Entry()) }
        return id
      }
      switch type {
      case Tag.create: if id <= p.entries.count { p.entries.insert(Entry(), at: id) }
      case Tag.delete: if id < p.entries.count { p.entries.remove(at: id) }
      case 0x001...0x0FF:
        guard let i = entry() else { return }
        p.entries[i].name = data
        p.entries[i].isFolder = type == Tag.folder
        p.entries[i].isSuperblock = type == Tag.superblock
      case 0x200...0x2FF: if let i = entry() { p.entries[i].structure = (type, data) }
      case 0x300...0x3FF: if let i = entry() { p.entries[i].attributes[UInt8(type & 0xFF)] = deleted ? nil : data }
      case Tag.softTail, Tag.hardTail:
        guard let a = data.word(at: 0), let b = data.word(at: 4) else { return }
        p.tail = a == 0xFFFF_FFFF ? nil : (Int(a), Int(b))
        p.tailIsHard = type == Tag.hardTail
      case Tag.move: if data.count == 12 { p.move = data }
      default: break
      }
    }
    /// What an interrupted rename left pending: the entry that is to go, over all pairs (§ "Move state").
    func pendingMove() throws -> (pair: (Int, Int), id: Int)? {
      var sum = [UInt8](repeating: 0, count: 12)
      var next: (Int, Int)? = (0, 1), seen = 0
      while let (a, b) = next, seen < blockCount {
        let p = try pair(a, b)
        for i in 0..<12 { sum[i] ^= p.move[i] }
        next = p.tail
        seen += 1
      }
      guard let tag = sum.word(at: 0), tag & 0x7000_0000 != 0, let a = sum.word(at: 4), let b = sum.word(at: 8) else { return nil }
      return ((Int(a), Int(b)), Int(tag >> 10 & 0x3FF))
    }
    func folder(_ first: (Int, Int), depth: Int, pending: (pair: (Int, Int), id: Int)?) throws -> FileTree {
      guard depth < 64 else { throw FileSystemError("the folders of the littlefs volume are more than 64 deep; it is damaged") }
      var tree = FileTree()
      var next: (Int, Int)? = first, seen = 0
      while let (a, b) = next {
        guard seen < blockCount else { throw FileSystemError("a folder of the littlefs volume leads back to itself; it is damaged") }
        seen += 1
        var p = try pair(a, b)
        if let m = pending, m.pair == (a, b) || m.pair == (b, a), m.id < p.entries.count { p.entries.remove(at: m.id) }
        for e in p.entries where !e.isSuperblock {
          guard let raw = e.name, let s = e.structure else { continue }
          guard let name = String(validating: raw, as: UTF8.self), FileTree.isSafe(name) else { throw FileSystemError("a file's name in the littlefs volume is no name; the volume is damaged") }
          if e.isFolder {
            guard let x = s.data.word(at: 0), let y = s.data.word(at: 4) else { continue }
            var inner = try folder((Int(x), Int(y)), depth: depth + 1, pending: pending)
            inner.attributes = e.attributes
            tree.entries[name] = .folder(inner)
          } else {
            var f = FileTree.File(contents: s.type == Tag.inline ? s.data : try list(s.data))
            f.attributes = e.attributes
            tree.entries[name] = .file(f)
          }
        }
        next = p.tailIsHard ? p.tail : nil
      }
      return tree
    }
    /// A file of many blocks: each begins with pointers back, as many as its number has trailing zeros, and one.
    private func list(_ data: [UInt8]) throws -> [UInt8] {
      guard let head = data.word(at: 0), let size = data.word(at: 4), Int(size) <= blockSize * blockCount else { throw FileSystemError("a file of the littlefs volume has no place; the volume is damaged") }
      var sizes: [Int] = [], left = Int(size)
      while left > 0 {
        let n = sizes.count, room = blockSize - (n == 0 ? 0 : 4 * (n.trailingZeroBitCount + 1))
        guard room > 0 else { throw FileSystemError("the littlefs volume's blocks are too small for its files") }
        sizes.append(min(room, left))
        left -= room
      }
      var chunks: [ArraySlice<UInt8>] = [], at = Int(head)
      for n in sizes.indices.reversed() {
        let b = try block(at), skip = n == 0 ? 0 : 4 * (n.trailingZeroBitCount + 1)
        chunks.append(b.dropFirst(skip).prefix(sizes[n]))
        if n > 0 { at = Int(Array(b.prefix(4)).word(at: 0) ?? 0) }
      }
      return chunks.reversed().flatMap { $0 }
    }
  }
  /// - Parameter bytes: the volume from its first block on.
  /// - Throws: `FileSystemError`.
  public static func read(_ bytes: [UInt8]) throws -> FileTree {
    guard let s = superblock(bytes) else { throw FileSystemError("there is no littlefs 2 volume here") }
    guard s.version & 0xFFFF <= 1 else { throw FileSystemError("the volume is littlefs 2.\(s.version & 0xFFFF); versions to 2.1 are understood") }
    let reader = Reader(bytes: bytes, blockSize: s.blockSize, blockCount: min(s.blockCount, bytes.count / s.blockSize))
    return try reader.folder((0, 1), depth: 0, pending: reader.pendingMove())
  }

  // MARK: Writing

  private final class Writer {
    var bytes: [UInt8]
    let blockSize: Int, blockCount: Int, programSize: Int, version: UInt32
    private var used = 2
    /// Pairs in the order of the list that goes through all folders: their blocks and tags, the tail still missing.
    private var pairs: [(blocks: (Int, Int), tags: [(tag: UInt32, data: [UInt8])], hard: Bool)] = []

    init(blockSize: Int, blockCount: Int, programSize: Int, version: UInt32) {
      self.blockSize = blockSize
      self.blockCount = blockCount
      self.programSize = programSize
      self.version = version
      bytes = [UInt8](repeating: 0xFF, count: blockSize * blockCount)
    }
    private func take() throws -> Int {
      // Two blocks stay free, or the board could not change a folder.
      guard used < blockCount - 2 else { throw FileSystemError("the files do not fit the board's \(sizeText(blockSize * blockCount)); remove some") }
      used += 1
      return used - 1
    }
    private static func tag(_ type: Int, _ id: Int, _ size: Int) -> UInt32 { UInt32(type) << 20 | UInt32(id) << 10 | UInt32(size) }
    private static func little(_ values: [Int]) -> [UInt8] { values.flatMap { v in (0..<4).map { UInt8(truncatingIfNeeded: v >> (8 * $0)) } } }

    private func place(_ contents: [UInt8]) throws -> (type: Int, data: [UInt8]) {
      // What the board's own library puts inside a folder: up to a cache line and an eighth of a block.
      if contents.count <= min(blockSize / 8, 1022, max(64, 4 * programSize)) { return (Tag.inline, contents) }
      var blocks: [Int] = [], at = 0
      while at < contents.count {
        let n = blocks.count, b = try take()
        let pointers = n == 0 ? [] : (0...n.trailingZeroBitCount).map { blocks[n - 1 << $0] }
        let chunk = Self.little(pointers) + contents[at..<min(contents.count, at + blockSize - 4 * pointers.count)]
        bytes.replaceSubrange(b * blockSize..<b * blockSize + chunk.count, with: chunk)
        at += blockSize - 4 * pointers.count
        blocks.append(b)
      }
      return (Tag.list, Self.little([blocks[blocks.count - 1], contents.count]))
    }
    /// Lays a folder and all in it out; the folder's first pair.
    private func lay(_ tree: FileTree, at first: (Int, Int)) throws {
      var tags: [(UInt32, [UInt8])] = [], id = 0, size = 0, blocks = first
      if first == (0, 1) {
        tags = [(Self.tag(Tag.superblock, 0, 8), mark), (Self.tag(Tag.inline, 0, 24), Self.little([Int(version), blockSize, blockCount, 255, 0x7FFF_FFFF, 1022]))]
        id = 1
        size = 40
      }
      var inner: [(FileTree, (Int, Int))] = []
      for name in tree.names {
        var mine: [(UInt32, [UInt8])] = []
        let raw = Array(name.utf8), attributes: [UInt8: [UInt8]]
        let kind: Int, structure: (type: Int, data: [UInt8])
        switch tree.entries[name]! {
        case .file(let f):
          kind = Tag.file
          structure = try place(f.contents)
          attributes = f.attributes
        case .folder(let t):
          let pair = (try take(), try take())
          inner.append((t, pair))
          kind = Tag.folder
          structure = (Tag.folderStruct, Self.little([pair.0, pair.1]))
          attributes = t.attributes
        }
        let need = 8 + raw.count + structure.data.count + attributes.values.reduce(0) { $0 + 4 + $1.count }
        // Half a block at most, so that the board can add to the folder without splitting it at once.
        if size + need > blockSize / 2, id > (blocks == (0, 1) ? 1 : 0) {
          pairs.append((blocks, tags, true))
          blocks = (try take(), try take())
          tags = []
          id = 0
          size = 0
        }
        mine.append((Self.tag(kind, id, raw.count), raw))
        mine.append((Self.tag(structure.type, id, structure.data.count), structure.data))
        for (type, data) in attributes.sorted(by: { $0.key < $1.key }) { mine.append((Self.tag(Tag.attribute | Int(type), id, data.count), data)) }
        tags += mine
        id += 1
        size += need
      }
      pairs.append((blocks, tags, false))
      for (t, pair) in inner { try lay(t, at: pair) }
    }
    func write(_ tree: FileTree) throws {
      try lay(tree, at: (0, 1))
      for (i, p) in pairs.enumerated() {
        var tags = p.tags
        if i + 1 < pairs.count {
          let next = pairs[i + 1].blocks
          tags.append((Self.tag(p.hard ? Tag.hardTail : Tag.softTail, 0x3FF, 8), Self.little([next.0, next.1])))
        }
        for (block, revision) in [(p.blocks.0, 2), (p.blocks.1, 1)] {
          let commit = try Self.commit(tags, revision: revision, programSize: programSize, blockSize: blockSize)
          bytes.replaceSubrange(block * blockSize..<block * blockSize + commit.count, with: commit)
        }
      }
    }
    private static func commit(_ tags: [(tag: UInt32, data: [UInt8])], revision: Int, programSize: Int, blockSize: Int) throws -> [UInt8] {
      var out = little([revision]), previous: UInt32 = 0xFFFF_FFFF
      func put(_ tag: UInt32) {
        let word = tag ^ previous
        out += (0..<4).map { UInt8(truncatingIfNeeded: word >> (24 - 8 * UInt32($0))) }
        previous = tag
      }
      for t in tags {
        put(t.tag)
        out += t.data
      }
      // The checksum's tag reaches to the next program unit; its size has ten bits, so a long way takes several.
      let end = (out.count + 8 + programSize - 1) / programSize * programSize
      guard end <= blockSize else { throw FileSystemError("a folder's entry is too large for the volume's blocks of \(blockSize) bytes; use shorter names") }
      var crc = checksum(out[...], 0xFFFF_FFFF), isFirst = true
      while out.count < end {
        var size = min(end - out.count - 4, 0x3FE)
        if end - out.count - 4 - size > 0, end - out.count - 4 - size < 8 { size -= 8 }
        let from = out.count
        put(tag(Tag.crc, 0x3FF, size))
        crc = checksum(out[from...], isFirst ? crc : 0xFFFF_FFFF)
        isFirst = false
        out += little([Int(crc)]) + [UInt8](repeating: 0xFF, count: size - 4)
      }
      return out
    }
  }
  /// A new volume with `tree` in it.
  ///
  /// - Parameters:
  ///   - programSize: what the board's driver programs at a time; a checksum ends on its multiples.
  ///   - version: the on-disk version, 0x20000 or 0x20001.
  /// - Throws: `FileSystemError` when it does not fit.
  public static func write(_ tree: FileTree, blockSize: Int, blockCount: Int, programSize: Int, version: UInt32 = 0x2_0000) throws -> [UInt8] {
    let writer = Writer(blockSize: blockSize, blockCount: blockCount, programSize: programSize, version: version)
    try writer.write(tree)
    return writer.bytes
  }
  /// CRC-32 (0x04C11DB7, reflected) without the inversion at the end.
  static func checksum(_ bytes: ArraySlice<UInt8>, _ initial: UInt32) -> UInt32 {
    var crc = initial
    for b in bytes {
      crc ^= UInt32(b)
      for _ in 0..<8 { crc = crc & 1 == 0 ? crc >> 1 : crc >> 1 ^ 0xEDB8_8320 }
    }
    return crc
  }
}
