import Boards
import Foundation
import Images
import Parts

/// A board's USB drive as a file of the host: what a block device is to a PC. Tools such as mtools read and write it.
///
/// When the board shows a drive, its used sectors are read into the file; sectors that the host changes in the file go
/// to the board. The file is looked at a few times a second.
public final class DriveFile {
  private let path: String
  private let drive: MassStorage
  private let host: USBHost
  /// What the board holds, by sector; sectors not in it are zero.
  private var known: [Int: [UInt8]] = [:]
  private var sectors = 0
  private var isBusy = false, isMounted = false
  private var seen = Date.distantPast, lastLook = Date.distantPast
  /// Told in a line what happened.
  public var onNews: (String) -> Void = { _ in }

  public init(path: String, board: PicoBoard) {
    self.path = path
    host = board.host
    drive = MassStorage(host: board.host)
    host.onReady = { [unowned self] on in
      isMounted = false
      isBusy = false
      if on, drive.isPresent { mount() }
    }
  }
  /// The file shows the board's drive.
  public var isReady: Bool { isMounted && !isBusy }

  private func mount() {
    isBusy = true
    known = [:]
    drive.capacity { [self] n in
      guard let n, n > 0, n <= 1 << 22 else {
        isBusy = false
        return
      }
      sectors = n
      read([0..<min(n, 2)]) { [self] in
        // The partition's boot sector, or the drive's own when there are no partitions.
        let first = known[0] ?? [], start = FAT.Geometry(first) == nil && first.count == 512 ? Int(first[454]) | Int(first[455]) << 8 | Int(first[456]) << 16 : 0
        guard start > 0, start < n else { return readVolume(0) }
        read([start..<start + 1]) { [self] in readVolume(start) }
      }
    }
  }
  /// The volume's tables first, then the clusters that they say are used.
  private func readVolume(_ start: Int) {
    guard let boot = known[start], let g = FAT.Geometry(boot), g.sectorSize == 512 else { return read([0..<min(sectors, 4096)]) { [self] in finishMount() } }
    read([start..<min(sectors, start + g.dataStart)]) { [self] in
      let table = (0..<g.dataStart).flatMap { known[start + $0] ?? [UInt8](repeating: 0, count: 512) }
      var ranges: [Range<Int>] = []
      for c in 2..<(g.clusters + 2) where FAT.next(c, table: table, g) != 0 {
        let from = start + g.dataStart + (c - 2) * g.clusterSectors, to = min(sectors, from + g.clusterSectors)
        if let last = ranges.last, last.upperBound == from { ranges[ranges.count - 1] = last.lowerBound..<to } else if from < to { ranges.append(from..<to) }
      }
      read(ranges) { [self] in finishMount() }
    }
  }
  private func finishMount() {
    isBusy = false
    do {
      FileManager.default.createFile(atPath: path, contents: nil)
      let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
      try file.truncate(atOffset: UInt64(sectors * 512))
      for (n, bytes) in known where bytes.contains(where: { $0 != 0 }) {
        try file.seek(toOffset: UInt64(n * 512))
        try file.write(contentsOf: Data(bytes))
      }
      try file.close()
      seen = modified
      isMounted = true
      onNews("the board's drive is \(path), \(sectors / 2) KiB")
    } catch { onNews("\(path) cannot be written: \(error.localizedDescription)") }
  }
  private func read(_ ranges: [Range<Int>], _ then: @escaping () -> Void) {
    guard let first = ranges.first(where: { !$0.isEmpty }) else { return then() }
    let count = min(64, first.count)
    drive.read(first.lowerBound, count: count) { [self] bytes in
      guard let bytes else {
        isBusy = false
        return onNews("the board's drive does not answer")
      }
      for i in 0..<count { known[first.lowerBound + i] = Array(bytes[i * 512..<(i + 1) * 512]) }
      var rest = Array(ranges.drop { $0.isEmpty })
      rest[0] = first.dropFirst(count)
      read(rest, then)
    }
  }
  private var modified: Date { (try? FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date) ?? .distantPast }

  /// Looks whether the host has changed the file; called often.
  public func poll() {
    guard isReady, Date().timeIntervalSince(lastLook) > 0.2 else { return }
    lastLook = Date()
    let time = modified
    // A tool may still be writing: the file must have rested for a moment.
    guard time != seen, Date().timeIntervalSince(time) > 0.15, let data = try? Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped) else { return }
    seen = time
    guard data.count == sectors * 512 else { return onNews("\(path) has another size than the drive; it was not written to the board") }
    var changed: [Int] = []
    data.withUnsafeBytes { raw in
      for n in 0..<sectors {
        if let k = known[n] {
          if !k.elementsEqual(raw[n * 512..<(n + 1) * 512]) { changed.append(n) }
        } else if (0..<64).contains(where: { raw.loadUnaligned(fromByteOffset: n * 512 + $0 * 8, as: UInt64.self) != 0 }) {
          changed.append(n)
        }
      }
    }
    guard !changed.isEmpty else { return }
    isBusy = true
    // What files hold goes before the tables that lead to it.
    let boot = known[0].flatMap { FAT.Geometry($0) == nil ? Int($0[454]) : 0 } ?? 0
    let border = known[boot].flatMap { FAT.Geometry($0) }.map { boot + $0.dataStart } ?? 0
    write(changed.filter { $0 >= border } + changed.filter { $0 < border }, data, changed.count)
  }
  private func write(_ list: [Int], _ data: Data, _ total: Int) {
    guard let first = list.first else {
      isBusy = false
      return onNews("\(total) sectors of \(path) went to the board")
    }
    var n = 1
    while n < min(list.count, 32), list[n] == first + n { n += 1 }
    let bytes = [UInt8](data[first * 512..<(first + n) * 512])
    drive.write(first, bytes) { [self] ok in
      // A board that starts what was written has gone by now.
      guard ok else {
        isBusy = false
        return
      }
      for i in 0..<n { known[first + i] = Array(bytes[i * 512..<(i + 1) * 512]) }
      write(Array(list.dropFirst(n)), data, total)
    }
  }
}
