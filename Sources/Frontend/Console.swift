import Foundation

/// The outside end of a port.
public protocol Console: AnyObject {
  func write(_ byte: UInt8)
  func flush()
  func read(upTo count: Int) -> [UInt8]
  /// Waits for input, at most this long.
  func wait(seconds: Double)
  var wantsToQuit: Bool { get }
  /// What the client did to the line since the last call.
  func controls() -> [SerialControl]
}
extension Console {
  public func controls() -> [SerialControl] { [] }
}

/// The terminal that the program was started in; raw while it runs, so that Ctrl-C goes to the guest. Ctrl-] quits.
public final class TerminalConsole: Console {
  private var saved: termios?
  private var pending: [UInt8] = []
  private let reads: Bool
  private var ended = false
  public private(set) var wantsToQuit = false

  private let writes: Bool

  /// - Parameters:
  ///   - reads: false for output only.
  ///   - writes: false to drop what is written.
  public init(reads: Bool = true, writes: Bool = true) {
    self.reads = reads
    self.writes = writes
    guard reads, isatty(0) == 1 else { return }
    var t = termios()
    guard tcgetattr(0, &t) == 0 else { return }
    saved = t
    cfmakeraw(&t)
    t.c_oflag |= tcflag_t(OPOST)
    tcsetattr(0, TCSANOW, &t)
  }
  deinit { restore() }
  public var isInteractive: Bool { saved != nil }
  /// The terminal as it was.
  public func restore() {
    guard var t = saved else { return }
    tcsetattr(0, TCSANOW, &t)
    saved = nil
  }
  public func write(_ byte: UInt8) { if writes { pending.append(byte) } }
  public func flush() {
    guard !pending.isEmpty else { return }
    var at = 0
    while at < pending.count {
      let n = pending[at...].withUnsafeBytes { Foundation.write(1, $0.baseAddress, $0.count) }
      if n <= 0 {
        if n < 0 && errno == EAGAIN { continue }
        wantsToQuit = true
        break
      }
      at += n
    }
    pending = []
  }
  public func read(upTo count: Int) -> [UInt8] {
    guard reads, !ended, hasInput(milliseconds: 0) else { return [] }
    var buffer = [UInt8](repeating: 0, count: min(count, 256))
    let n = Foundation.read(0, &buffer, buffer.count)
    if n <= 0 {
      ended = true
      return []
    }
    var bytes = Array(buffer.prefix(n))
    if saved != nil, let quit = bytes.firstIndex(of: 0x1D) {
      wantsToQuit = true
      bytes = Array(bytes[..<quit])
    }
    return bytes
  }
  private func hasInput(milliseconds: Int32) -> Bool {
    var p = pollfd(fd: 0, events: Int16(POLLIN), revents: 0)
    return poll(&p, 1, milliseconds) > 0
  }
  public func wait(seconds: Double) {
    if reads && !ended { _ = hasInput(milliseconds: Int32(max(1, seconds * 1000))) } else { Thread.sleep(forTimeInterval: seconds) }
  }
}

/// A pseudo terminal with a stable name, for programs that open a serial port.
public final class PseudoTerminalConsole: Console {
  private let master: Int32
  private let slave: Int32
  private let link: String?
  public let path: String
  private var pending: [UInt8] = []
  public let wantsToQuit = false

  public init(link: String?) throws {
    var m: Int32 = 0, s: Int32 = 0
    var t = termios()
    cfmakeraw(&t)
    guard openpty(&m, &s, nil, &t, nil) == 0, let name = ttyname(s) else {
      throw SessionError("no pseudo terminal is to be had: \(String(cString: strerror(errno)))")
    }
    master = m
    slave = s
    path = String(cString: name)
    self.link = link
    _ = fcntl(m, F_SETFL, fcntl(m, F_GETFL) | O_NONBLOCK)
    if let link {
      if let old = try? FileManager.default.destinationOfSymbolicLink(atPath: link), old.hasPrefix("/dev/pts/") { unlink(link) }
      guard symlink(path, link) == 0 else {
        throw SessionError("\(link) cannot be made a link to \(path): \(String(cString: strerror(errno))); choose another name")
      }
      Links.add(link)
    }
  }
  deinit {
    if let link { Links.remove(link) }
    close(master)
    close(slave)
  }
  public func write(_ byte: UInt8) { pending.append(byte) }
  public func flush() {
    guard !pending.isEmpty else { return }
    let n = pending.withUnsafeBytes { Foundation.write(master, $0.baseAddress, $0.count) }
    if n > 0 { pending.removeFirst(n) }
    // Nobody reads: what a terminal would have scrolled away goes.
    if pending.count > 1 << 20 { pending.removeFirst(pending.count - 1 << 19) }
  }
  public func read(upTo count: Int) -> [UInt8] {
    var buffer = [UInt8](repeating: 0, count: min(count, 1024))
    let n = Foundation.read(master, &buffer, buffer.count)
    return n > 0 ? Array(buffer.prefix(n)) : []
  }
  public func wait(seconds: Double) {
    var p = pollfd(fd: master, events: Int16(POLLIN), revents: 0)
    poll(&p, 1, Int32(max(1, seconds * 1000)))
  }
}

/// The links that this process made: gone when it ends, also by a signal.
enum Links {
  // Read by a signal handler, so a plain C array of C strings that only grows.
  private nonisolated(unsafe) static let paths = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: 16)
  private nonisolated(unsafe) static var count = 0

  static func add(_ path: String) {
    guard count < 16 else { return }
    if count == 0 {
      for s in [SIGINT, SIGTERM, SIGHUP] {
        signal(s) { number in
          for i in 0..<Links.count { if let p = Links.paths[i] { unlink(p) } }
          signal(number, SIG_DFL)
          raise(number)
        }
      }
    }
    paths[count] = strdup(path)
    count += 1
  }
  static func remove(_ path: String) {
    unlink(path)
    for i in 0..<count where paths[i].map({ String(cString: $0) }) == path { paths[i] = nil }
  }
}

public struct SessionError: Error, CustomStringConvertible {
  public let description: String
  public init(_ description: String) { self.description = description }
}
