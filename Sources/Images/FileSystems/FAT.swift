/// FAT12 and FAT16 (Microsoft's FAT specification 1.03) with long names: read whole, written anew whole.
public enum FAT {
  /// What the boot sector says.
  public struct Geometry: Sendable, Equatable {
    public var sectorSize: Int, clusterSectors: Int, reserved: Int, fats: Int, rootEntries: Int, sectors: Int, fatSectors: Int
    public var rootStart: Int { reserved + fats * fatSectors }
    public var dataStart: Int { rootStart + (rootEntries * 32 + sectorSize - 1) / sectorSize }
    public var clusters: Int { max(0, (sectors - dataStart) / clusterSectors) }
    public var is12: Bool { clusters < 4085 }
    public var clusterSize: Int { sectorSize * clusterSectors }

    /// - Parameter boot: the volume from its boot sector on; nil when that is none of FAT12 or FAT16.
    public init?(_ boot: [UInt8]) {
      // The vendor's BOOTSEL drive leaves the signature out, so a full jump and a media byte do as well.
      guard boot.count >= 512, boot[0] == 0xEB || boot[0] == 0xE9, boot.half(at: 510) == 0xAA55 || boot[0] == 0xEB && boot[2] == 0x90 && boot[21] >= 0xF0, let size = boot.half(at: 11), [512, 1024, 2048, 4096].contains(size),
        boot[13].nonzeroBitCount == 1, let reserved = boot.half(at: 14), reserved > 0, 1...2 ~= boot[16], let root = boot.half(at: 17), root > 0,
        let small = boot.half(at: 19), let large = boot.word(at: 32), let fatSectors = boot.half(at: 22), fatSectors > 0
      else { return nil }
      sectorSize = Int(size)
      clusterSectors = Int(boot[13])
      self.reserved = Int(reserved)
      fats = Int(boot[16])
      rootEntries = Int(root)
      sectors = small > 0 ? Int(small) : Int(large)
      self.fatSectors = Int(fatSectors)
      guard sectors > dataStart, sectors <= 1 << 22, clusters > 0, clusters < 65525, (clusters + 2) * (is12 ? 3 : 4) <= self.fatSectors * sectorSize * 2 else { return nil }
    }
  }
  /// Entry `n` of the table in `bytes`.
  public static func next(_ n: Int, table bytes: [UInt8], _ g: Geometry) -> Int {
    let base = g.reserved * g.sectorSize
    if g.is12 {
      let v = Int(bytes.half(at: base + n * 3 / 2) ?? 0xFFF)
      return n & 1 == 0 ? v & 0xFFF : v >> 4
    }
    return Int(bytes.half(at: base + n * 2) ?? 0xFFFF)
  }

  // MARK: Reading

  /// - Throws: `FileSystemError`.
  public static func read(_ bytes: [UInt8]) throws -> FileTree {
    guard let g = Geometry(bytes) else { throw FileSystemError("there is no FAT volume here") }
    func chain(_ first: Int, limit: Int) throws -> [UInt8] {
      var out: [UInt8] = [], n = first, seen = 0
      while n >= 2, n < g.clusters + 2, out.count < limit {
        guard seen <= g.clusters else { throw FileSystemError("a file of the FAT volume leads back to itself; the volume is damaged") }
        seen += 1
        guard let chunk = bytes.bytes(at: (g.dataStart + (n - 2) * g.clusterSectors) * g.sectorSize, count: g.clusterSize) else {
          throw FileSystemError("a file of the FAT volume lies beyond its end; the volume is damaged")
        }
        out += chunk
        n = next(n, table: bytes, g)
      }
      return out
    }
    func folder(_ data: [UInt8], depth: Int) throws -> FileTree {
      guard depth < 32 else { throw FileSystemError("the folders of the FAT volume are more than 32 deep; it is damaged") }
      var tree = FileTree(), long: [Int: [UInt16]] = [:], sum: UInt8 = 0
      for at in stride(from: 0, to: data.count - 31, by: 32) {
        if data[at] == 0 { break }
        let attributes = data[at + 11]
        if data[at] == 0xE5 { long = [:] } else if attributes & 0x3F == 0x0F {
          if data[at] & 0x40 != 0 { long = [:] }
          sum = data[at + 13]
          long[Int(data[at] & 0x1F)] = (Array(stride(from: 1, to: 11, by: 2)) + stride(from: 14, to: 26, by: 2) + [28, 30]).map { data.half(at: at + $0) ?? 0 }
        } else {
          defer { long = [:] }
          if attributes & 0x08 != 0 { continue }
          let short = Array(data[at..<at + 11])
          if short[0] == 0x2E { continue }
          var name: String
          if !long.isEmpty, sum == shortSum(short), let units = (1...long.count).reduce(into: Optional([UInt16]()), { r, i in r = long[i].flatMap { l in r.map { $0 + l } } }) {
            name = String(decoding: units.prefix { $0 != 0 && $0 != 0xFFFF }, as: UTF16.self)
          } else {
            func part(_ r: Range<Int>, lower: Bool) -> String {
              let s = String(short[r].map { b in b == 0x05 ? oem[0x65] : b < 0x80 ? Character(Unicode.Scalar(b)) : oem[Int(b - 0x80)] }).trimmed
              return lower ? s.lowercased() : s
            }
            // NTRes: lower case of the name, of the extension.
            let base = part(0..<8, lower: data[at + 12] & 0x08 != 0), ext = part(8..<11, lower: data[at + 12] & 0x10 != 0)
            name = ext.isEmpty ? base : base + "." + ext
          }
          guard FileTree.isSafe(name) else { continue }
          let first = Int(data.half(at: at + 26) ?? 0), size = Int(data.word(at: at + 28) ?? 0), stamp = UInt32(data.half(at: at + 24) ?? 0) << 16 | UInt32(data.half(at: at + 22) ?? 0)
          if attributes & 0x10 != 0 {
            var inner = try folder(chain(first, limit: g.clusters * g.clusterSize), depth: depth + 1)
            inner.stamp = stamp
            tree.entries[name] = .folder(inner)
          } else {
            var f = FileTree.File(contents: try Array(chain(first, limit: size).prefix(size)))
            f.stamp = stamp
            tree.entries[name] = .file(f)
          }
        }
      }
      return tree
    }
    guard let root = bytes.bytes(at: g.rootStart * g.sectorSize, count: g.rootEntries * 32) else { throw FileSystemError("the FAT volume ends within its root folder; it is damaged") }
    return try folder(Array(root), depth: 0)
  }
  /// Code page 437, which short names are in.
  private static let oem = Array("ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{A0}")
  private static func shortSum(_ name: [UInt8]) -> UInt8 { name.reduce(UInt8(0)) { ($0 >> 1 | $0 << 7) &+ $1 } }

  // MARK: Writing

  private final class Writer {
    var bytes: [UInt8]
    let g: Geometry
    private var used = 2
    init(_ old: [UInt8], _ g: Geometry) {
      self.g = g
      bytes = old
      for i in g.reserved * g.sectorSize..<min(bytes.count, g.dataStart * g.sectorSize) { bytes[i] = 0 }
      set(0, 0xFF00 | Int(old[21]))
      set(1, 0xFFFF)
    }
    private func set(_ n: Int, _ value: Int) {
      for copy in 0..<g.fats {
        let base = (g.reserved + copy * g.fatSectors) * g.sectorSize
        if g.is12 {
          let at = base + n * 3 / 2, v = value & 0xFFF
          if n & 1 == 0 {
            bytes[at] = UInt8(v & 0xFF)
            bytes[at + 1] = bytes[at + 1] & 0xF0 | UInt8(v >> 8)
          } else {
            bytes[at] = bytes[at] & 0x0F | UInt8(v << 4 & 0xF0)
            bytes[at + 1] = UInt8(v >> 4)
          }
        } else {
          bytes[base + n * 2] = UInt8(value & 0xFF)
          bytes[base + n * 2 + 1] = UInt8(value >> 8 & 0xFF)
        }
      }
    }
    /// Puts `data` into a chain of clusters; the first, 0 for none.
    func place(_ data: [UInt8], at least: Int = 0) throws -> Int {
      let n = max(least, (data.count + g.clusterSize - 1) / g.clusterSize)
      guard n > 0 else { return 0 }
      guard used + n <= g.clusters + 2 else { throw FileSystemError("the files do not fit the board's \(sizeText(g.clusters * g.clusterSize)); remove some") }
      for i in 0..<n {
        let cluster = used + i, to = (g.dataStart + (cluster - 2) * g.clusterSectors) * g.sectorSize
        let chunk = data.dropFirst(i * g.clusterSize).prefix(g.clusterSize)
        bytes.replaceSubrange(to..<to + g.clusterSize, with: chunk + [UInt8](repeating: 0, count: g.clusterSize - chunk.count))
        set(cluster, i == n - 1 ? 0xFFFF : cluster + 1)
      }
      used += n
      return used - n
    }
    /// The entries of a folder; its own folders are placed on the way, their ".." to be told once it has a cluster.
    func entries(_ tree: FileTree, fixups: inout [Int]) throws -> [UInt8] {
      var out: [UInt8] = [], shorts = Set<[UInt8]>()
      for name in tree.names {
        var attribute: UInt8 = 0x20, first = 0, size = 0
        var stamp: UInt32
        switch tree.entries[name]! {
        case .file(let f):
          first = try place(f.contents)
          size = f.contents.count
          stamp = f.stamp
        case .folder(let t):
          attribute = 0x10
          stamp = t.stamp
          var inner: [Int] = []
          let list = try entries(t, fixups: &inner)
          first = try place([UInt8](repeating: 0, count: 64) + list, at: 1)
          let base = (g.dataStart + (first - 2) * g.clusterSectors) * g.sectorSize
          bytes.replaceSubrange(base..<base + 64, with: Self.entry(Array(".          ".utf8), 0x10, first, 0, stamp) + Self.entry(Array("..         ".utf8), 0x10, 0, 0, stamp))
          for cluster in inner {
            let at = (g.dataStart + (cluster - 2) * g.clusterSectors) * g.sectorSize + 32 + 26
            bytes[at] = UInt8(first & 0xFF)
            bytes[at + 1] = UInt8(first >> 8)
          }
          fixups.append(first)
        }
        let (short, isExact) = Self.shortName(name, taken: shorts)
        shorts.insert(short)
        if !isExact {
          let units = Array(name.utf16), count = (units.count + 12) / 13, sum = shortSum(short)
          guard count <= 20 else { throw FileSystemError("\"\(name)\" is longer than the 255 characters that FAT has") }
          for i in stride(from: count, to: 0, by: -1) {
            var e = [UInt8](repeating: 0xFF, count: 32)
            e[0] = UInt8(i) | (i == count ? 0x40 : 0)
            e[11] = 0x0F
            e[12] = 0
            e[13] = sum
            e[26] = 0
            e[27] = 0
            for (k, at) in (Array(stride(from: 1, to: 11, by: 2)) + stride(from: 14, to: 26, by: 2) + [28, 30]).enumerated() {
              let index = (i - 1) * 13 + k, unit: UInt16 = index < units.count ? units[index] : index == units.count ? 0 : 0xFFFF
              e[at] = UInt8(unit & 0xFF)
              e[at + 1] = UInt8(unit >> 8)
            }
            out += e
          }
        }
        if stamp == 0 { stamp = 0x0021_0000 }  // 1 January 1980, the first that FAT can tell
        out += Self.entry(short, attribute, first, size, stamp)
      }
      return out
    }
    static func entry(_ name: [UInt8], _ attribute: UInt8, _ first: Int, _ size: Int, _ stamp: UInt32) -> [UInt8] {
      var e = name + [attribute] + [UInt8](repeating: 0, count: 20)
      func put(_ v: Int, _ at: Int, _ n: Int) { for i in 0..<n { e[at + i] = UInt8(truncatingIfNeeded: v >> (8 * i)) } }
      put(Int(stamp & 0xFFFF), 22, 2)
      put(Int(stamp >> 16), 24, 2)
      put(first, 26, 2)
      put(size, 28, 4)
      return e
    }
    /// A name of eight and three characters, and whether it says all.
    static func shortName(_ name: String, taken: Set<[UInt8]>) -> ([UInt8], Bool) {
      let allowed = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'()-@^_`{}~".utf8)
      let parts = name.split(separator: ".", omittingEmptySubsequences: false).map { Array($0.utf8) }
      if parts.count <= 2, (1...8).contains(parts[0].count), parts.count == 1 || (1...3).contains(parts[1].count), parts.allSatisfy({ $0.allSatisfy(allowed.contains) }) {
        let short = padded(parts[0], 8) + padded(parts.count == 2 ? parts[1] : [], 3)
        if !taken.contains(short) { return (short, true) }
      }
      func clean(_ s: some Sequence<UInt8>) -> [UInt8] { s.map { $0 >= 0x61 && $0 <= 0x7A ? $0 - 32 : $0 }.map { allowed.contains($0) ? $0 : 0x5F } }
      let dot = name.lastIndex(of: "."), hasExt = dot != nil && dot != name.startIndex
      let base = clean((hasExt ? String(name[..<dot!]) : name).utf8.filter { $0 != 0x2E && $0 != 0x20 }), ext = hasExt ? clean(name[name.index(after: dot!)...].utf8.prefix(3)) : []
      for n in 1... {
        let tail = Array("~\(n)".utf8), short = padded(Array(base.prefix(8 - tail.count)) + tail, 8) + padded(ext, 3)
        if !taken.contains(short) { return (short, false) }
      }
      return ([], false)
    }
    private static func padded(_ s: [UInt8], _ n: Int) -> [UInt8] { s + [UInt8](repeating: 0x20, count: n - s.count) }
  }
  /// The volume `old` with `tree` in it instead of its files; label and geometry stay.
  /// - Throws: `FileSystemError` when it does not fit.
  public static func write(_ tree: FileTree, over old: [UInt8]) throws -> [UInt8] {
    guard let g = Geometry(old), old.count >= g.sectors * g.sectorSize else { throw FileSystemError("there is no whole FAT volume here") }
    let root = g.rootStart * g.sectorSize
    let label = stride(from: root, to: root + g.rootEntries * 32, by: 32).first { old[$0] != 0 && old[$0] != 0xE5 && old[$0 + 11] & 0x3F == 0x08 }.map { Array(old[$0..<$0 + 32]) } ?? []
    let writer = Writer(old, g)
    var folders: [Int] = []
    let list = label + (try writer.entries(tree, fixups: &folders))
    guard list.count <= g.rootEntries * 32 else { throw FileSystemError("the root folder has room for \(g.rootEntries) entries; put the files into folders") }
    writer.bytes.replaceSubrange(root..<root + list.count, with: list)
    return writer.bytes
  }
}

extension String {
  fileprivate var trimmed: String {
    var s = Substring(self)
    while s.last == " " { s.removeLast() }
    return String(s)
  }
}
