import Boards
import Foundation
import Images
import Machine
import Parts

/// Brings a UF2 file onto a board as people do: BOOTSEL held while it gets power, the file copied to the drive RPI-RP2.
public final class UF2Copy {
  private let board: PicoBoard
  private let drive: MassStorage
  /// Told how much of the file has gone over, from 0 to 1.
  public var onProgress: (Double) -> Void = { _ in }

  public init(board: PicoBoard) {
    self.board = board
    drive = MassStorage(host: board.host)
  }
  private func run(seconds: Double, until done: () -> Bool) {
    let end = board.machine.now + UInt64(seconds * 1e12)
    while board.machine.now < end, !done(), board.machine.stop == nil { board.machine.run(until: board.machine.now + 1_000_000_000) }
  }
  private func answer<T>(_ start: (@escaping (T) -> Void) -> Void) throws -> T {
    var result: T?
    start { result = $0 }
    run(seconds: 20) { result != nil }
    guard let result else { throw SessionError("the board's drive stopped answering") }
    return result
  }
  /// - Returns: the label of the drive that took it, and the USB identity that the started program shows, if any.
  /// - Throws: a sentence when the board shows no drive, or does not take the file.
  public func copy(_ uf2: [UInt8]) throws -> (label: String, vendor: UInt16, product: UInt16) {
    board.bootPressed = true
    board.powerOn()
    run(seconds: 5) { drive.isPresent }
    board.bootPressed = false
    guard drive.isPresent, let sectors = try answer({ drive.capacity($0) }) else { throw SessionError("the board shows no drive with BOOTSEL held; is its boot ROM whole?") }
    func sector(_ n: Int) throws -> [UInt8] {
      guard let b = try answer({ drive.read(n, count: 1, $0) }) else { throw SessionError("the board's drive cannot be read") }
      return b
    }
    let mbr = try sector(0), start = FAT.Geometry(mbr) == nil ? Int(mbr[454]) | Int(mbr[455]) << 8 : 0
    guard let g = FAT.Geometry(try sector(start)) else { throw SessionError("the board's drive has no file system") }
    let label = String(decoding: try sector(start + g.rootStart).prefix(11), as: UTF8.self).trimmingCharacters(in: .whitespaces)
    // Past the clusters that the drive's own files use.
    let first = start + g.dataStart + 64 * g.clusterSectors, count = uf2.count / 512
    guard first + count <= sectors else { throw SessionError("the file is larger than the board's drive") }
    var at = 0
    while at < count {
      let n = min(32, count - at)
      let ok = try answer { drive.write(first + at, Array(uf2[at * 512..<(at + n) * 512]), $0) }
      at += n
      guard ok || at >= count else { throw SessionError("the board's drive refused a sector") }
      onProgress(Double(at) / Double(count))
    }
    // It starts by itself once it has all of it.
    run(seconds: 5) { !drive.isPresent }
    guard !drive.isPresent else { throw SessionError("the board did not start the file: it lacks some of its blocks, or they are for another chip") }
    run(seconds: 5) { board.host.isReady }
    return (label, board.host.identity.vendor, board.host.identity.product)
  }
}
