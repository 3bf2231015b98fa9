/// The whole machine at one instant: a copy of the arena and the pages of memory that differ from power-on.
public struct Snapshot: Sendable {
  let sections: [StateArena.Section]
  let bytes: [UInt8]
  let pages: [[(Int, [UInt8])]]
  /// Picoseconds since power-on.
  public let time: UInt64

  /// The name of the first section in which two snapshots differ, or nil.
  public func firstDifference(from other: Snapshot) -> String? {
    guard sections == other.sections else { return "the list of sections" }
    for s in sections where bytes[s.offset..<(s.offset + s.size)] != other.bytes[s.offset..<(s.offset + s.size)] {
      return s.name
    }
    for (i, (a, b)) in zip(pages, other.pages).enumerated() {
      for (x, y) in zip(a, b) where x.0 != y.0 || x.1 != y.1 { return "memory \(i), page \(min(x.0, y.0))" }
      if a.count != b.count { return "memory \(i)" }
    }
    return nil
  }
}

public struct SnapshotMismatch: Error, CustomStringConvertible {
  public let description: String
}

extension StateArena {
  func copy() -> [UInt8] { Array(UnsafeRawBufferPointer(start: base, count: used)) }
  func overwrite(with bytes: [UInt8]) {
    bytes.withUnsafeBytes { if let p = $0.baseAddress { base.copyMemory(from: p, byteCount: min(used, $0.count)) } }
  }
}

extension Machine {
  public func snapshot() -> Snapshot {
    Snapshot(sections: arena.sections, bytes: arena.copy(), pages: memories.map { $0.changedPages() }, time: scheduler.now)
  }
  /// Goes back to `snapshot`, taken of a machine built the same way.
  public func restore(_ snapshot: Snapshot) throws {
    guard snapshot.sections == arena.sections, snapshot.bytes.count == arena.used, snapshot.pages.count == memories.count else {
      let theirs = Set(snapshot.sections.map(\.name)), ours = Set(arena.sections.map(\.name))
      let odd = theirs.symmetricDifference(ours).sorted().first ?? "the sizes of the sections"
      throw SnapshotMismatch(description: "The snapshot is of another machine: they differ in \(odd). Restore it on the board it was taken from.")
    }
    arena.overwrite(with: snapshot.bytes)
    for (m, p) in zip(memories, snapshot.pages) { m.restore(p) }
    for core in cores {
      core.stop = nil
      core.invalidateAll()
    }
  }
}
