import Machine

/// The host's driver of a USB drive: SCSI commands by bulk-only transport (USB Mass Storage Class, Bulk-Only Transport
/// 1.0; SPC-2 and SBC for the commands). One command at a time.
public final class MassStorage {
  public static let sector = 512
  private let host: USBHost
  private var tag: UInt32 = 0

  public init(host: USBHost) { self.host = host }
  /// A drive is there.
  public var isPresent: Bool { host.drive != nil }

  /// What a command gave: data, or why not.
  public enum Answer: Equatable { case data([UInt8]), failed, gone }

  /// - Parameter done: told the number of sectors; nil when there is no medium or its sectors are not of 512 bytes.
  public func capacity(tries: Int = 10, _ done: @escaping (Int?) -> Void) {
    command([0, 0, 0, 0, 0, 0], receiving: 0) { [self] answer in
      guard answer == .data([]) else {
        // Not ready yet, or a change to tell of: the sense data says so and clears it.
        guard answer == .failed, tries > 0 else { return done(nil) }
        return command([0x03, 0, 0, 0, 18, 0], receiving: 18) { [self] _ in capacity(tries: tries - 1, done) }
      }
      command([0x25] + [UInt8](repeating: 0, count: 9), receiving: 8) { answer in
        guard case .data(let b) = answer, b.count == 8 else { return done(nil) }
        let last = b[0..<4].reduce(0) { $0 << 8 | Int($1) }, size = b[4..<8].reduce(0) { $0 << 8 | Int($1) }
        done(size == Self.sector ? last + 1 : nil)
      }
    }
  }
  /// Reads `count` sectors, at most 128.
  public func read(_ first: Int, count: Int, _ done: @escaping ([UInt8]?) -> Void) {
    command(block(0x28, first, count), receiving: count * Self.sector) { answer in
      if case .data(let bytes) = answer, bytes.count == count * Self.sector { done(bytes) } else { done(nil) }
    }
  }
  /// Writes whole sectors, at most 128.
  public func write(_ first: Int, _ bytes: [UInt8], _ done: @escaping (Bool) -> Void) {
    command(block(0x2A, first, bytes.count / Self.sector), sending: bytes) { done($0 == .data([])) }
  }
  private func block(_ code: UInt8, _ first: Int, _ count: Int) -> [UInt8] {
    [code, 0] + (0..<4).map { UInt8(truncatingIfNeeded: first >> (24 - 8 * $0)) } + [0, UInt8(truncatingIfNeeded: count >> 8), UInt8(truncatingIfNeeded: count), 0]
  }

  // MARK: Transport

  /// Command block wrapper, data, status wrapper (§5); a stall of the data ends it early (§6.7).
  private func command(_ cdb: [UInt8], receiving count: Int = 0, sending bytes: [UInt8] = [], _ done: @escaping (Answer) -> Void) {
    guard let drive = host.drive else { return done(.gone) }
    tag &+= 1
    let length = max(count, bytes.count)
    func little(_ v: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: v >> (8 * UInt32($0))) } }
    let wrapper = little(0x4342_5355) + little(tag) + little(UInt32(length)) + [bytes.isEmpty ? 0x80 : 0, 0, UInt8(cdb.count)] + cdb + [UInt8](repeating: 0, count: 16 - cdb.count)
    let expected = tag
    host.transfer(.send(endpoint: Int(drive.bulkOut), wrapper)) { [self] outcome in
      guard case .done = outcome else { return outcome == .gone ? done(.gone) : recover { done(.failed) } }
      if !bytes.isEmpty {
        host.transfer(.send(endpoint: Int(drive.bulkOut), bytes)) { [self] outcome in
          if outcome == .gone { return done(.gone) }
          if outcome == .stalled { clear(drive.bulkOut) { [self] in status(expected, [], done) } } else { status(expected, [], done) }
        }
      } else if count > 0 {
        host.transfer(.receive(endpoint: Int(drive.bulkIn), count: count)) { [self] outcome in
          switch outcome {
          case .gone: done(.gone)
          case .stalled: clear(drive.bulkIn | 0x80) { [self] in status(expected, [], done) }
          case .done(let data): status(expected, data, done)
          }
        }
      } else {
        status(expected, [], done)
      }
    }
  }
  private func status(_ expected: UInt32, _ data: [UInt8], again: Bool = true, _ done: @escaping (Answer) -> Void) {
    guard let drive = host.drive else { return done(.gone) }
    host.transfer(.receive(endpoint: Int(drive.bulkIn), count: 13)) { [self] outcome in
      switch outcome {
      case .gone: done(.gone)
      case .stalled:
        guard again else { return recover { done(.failed) } }
        clear(drive.bulkIn | 0x80) { [self] in status(expected, data, again: false, done) }
      case .done(let b):
        guard b.count == 13, Array(b[0..<4]) == [0x55, 0x53, 0x42, 0x53], (0..<4).reduce(UInt32(0), { $0 | UInt32(b[4 + $1]) << (8 * UInt32($1)) }) == expected else {
          return recover { done(.failed) }
        }
        done(b[12] == 0 ? .data(data) : .failed)
      }
    }
  }
  private func clear(_ endpoint: UInt8, _ then: @escaping () -> Void) {
    host.transfer(.control(type: 2, request: 1, value: 0, index: UInt16(endpoint), length: 0, data: [])) { _ in then() }
  }
  /// Reset recovery, §5.3.4.
  private func recover(_ then: @escaping () -> Void) {
    guard let drive = host.drive else { return then() }
    host.transfer(.control(type: 0x21, request: 0xFF, value: 0, index: UInt16(drive.interface), length: 0, data: [])) { [self] _ in
      clear(drive.bulkIn | 0x80) { [self] in clear(drive.bulkOut, then) }
    }
  }
}
