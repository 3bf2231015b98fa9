import Boards
import Foundation
import Machine
import Testing

@testable import Frontend
import class Machine.Port

/// A MicroPython board behind a console, and a client on the other side.
@Suite(.serialized) struct ConsoleTests {
  static let available: Bool = (try? BoardLoader(store: FirmwareStore()).load("pico", firmware: nil, rom: nil)) != nil

  /// Runs a board with `console` while `client` does its part on another thread; what the client returns.
  static func run(_ console: any Console, client: @escaping @Sendable () -> [UInt8]) throws -> [UInt8] {
    let board = try BoardLoader(store: FirmwareStore()).load("pico", firmware: nil, rom: nil).board
    let session = Session(board: board)
    session.consoles = [(board.ports["usb"]!, console)]
    session.timeLimit = 600
    let result = Result()
    let thread = Thread { result.finish(client()) }
    session.onSlice = { if result.done { session.stopRequested = true } }
    thread.start()
    board.powerOn()
    _ = session.run()
    return result.bytes
  }
  final class Result: @unchecked Sendable {
    private let lock = NSLock()
    private var value: [UInt8] = [], over = false
    var done: Bool { lock.withLock { over } }
    var bytes: [UInt8] { lock.withLock { value } }
    func finish(_ v: [UInt8]) { lock.withLock { value = v; over = true } }
  }
  /// Waits for the prompt, then pastes 100 kB in one go into a program that counts and sums them.
  static func paste(_ descriptor: Int32) -> [UInt8] {
    func send(_ bytes: [UInt8]) {
      var at = 0
      while at < bytes.count {
        let n = bytes[at...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        if n <= 0 { return }
        at += n
      }
    }
    var seen: [UInt8] = []
    func wait(for text: String) -> Bool {
      var buffer = [UInt8](repeating: 0, count: 4096)
      while !String(decoding: seen.suffix(400), as: UTF8.self).contains(text) {
        let n = read(descriptor, &buffer, buffer.count)
        if n <= 0 { return false }
        seen += buffer.prefix(n)
      }
      return true
    }
    send([13])
    guard wait(for: ">>> ") else { return seen }
    send([1] + Array("import sys\nprint('ready')\nn=0;t=0\nwhile n<100000:\n  b=sys.stdin.buffer.read(1)\n  n+=1;t=(t*31+b[0])&0xffffff\nprint('sum',n,t)\n".utf8) + [4])
    guard wait(for: "ready") else { return seen }
    send((0..<100_000).map { UInt8(32 + $0 % 90) })
    _ = wait(for: "sum 100000")
    _ = wait(for: "\u{4}>")
    return seen
  }
  static let expected: String = {
    var t = 0
    for i in 0..<100_000 { t = (t * 31 + 32 + i % 90) & 0xFFFFFF }
    return "sum 100000 \(t)"
  }()

  @Test(.enabled(if: available)) func aPasteThroughTCPLosesNothing() throws {
    let console = try TCPConsole(port: 0)
    let port = console.port
    let text = try Self.run(console) {
      let s = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = in_port_t(UInt16(port)).bigEndian
      address.sin_addr.s_addr = inet_addr("127.0.0.1")
      let ok = withUnsafePointer(to: &address) { $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(s, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) } }
      defer { close(s) }
      return ok == 0 ? Self.paste(s) : []
    }
    #expect(String(decoding: text, as: UTF8.self).contains(Self.expected), "\(String(decoding: text.suffix(200), as: UTF8.self))")
  }
  @Test(.enabled(if: available)) func aPasteThroughAPseudoTerminalLosesNothing() throws {
    let link = NSTemporaryDirectory() + "pty-\(UUID().uuidString)"
    let console = try PseudoTerminalConsole(link: link)
    let text = try Self.run(console) {
      let d = open(link, O_RDWR | O_NOCTTY)
      defer { close(d) }
      return d >= 0 ? Self.paste(d) : []
    }
    #expect(String(decoding: text, as: UTF8.self).contains(Self.expected), "\(String(decoding: text.suffix(200), as: UTF8.self))")
  }
  @Test func aPortInUseIsSaid() throws {
    let first = try TCPConsole(port: 0)
    #expect { try TCPConsole(port: first.port) } throws: { "\($0)".contains("in use; choose another") }
  }
}

@Suite struct SerialTelnetTests {
  private func port(_ bytes: UInt8...) -> [UInt8] { [255, 250, 44] + bytes + [255, 240] }

  @Test func optionsAreAnsweredOnce() {
    let t = SerialTelnet()
    t.begin()
    #expect(t.receive([255, 253, 3, 255, 251, 0, 255, 253, 1, 255, 251, 99]).reply == [255, 251, 3, 255, 253, 0, 255, 252, 1, 255, 254, 99])
    #expect(t.receive([255, 253, 3, 255, 251, 0]).reply == [])
    // COM-PORT-OPTION comes with the modem's state.
    #expect(t.receive([255, 253, 44]).reply == [255, 251, 44] + port(107, 0xB0))
  }
  @Test func linesAndSpeed() {
    let t = SerialTelnet()
    t.begin()
    let r = t.receive(port(1, 0, 1, 0xC2, 0) + port(5, 8) + port(5, 11) + port(5, 9) + port(5, 7))
    #expect(r.controls == [.baud(115200), .dtr(true), .rts(true), .dtr(false)] && r.data == [])
    #expect(r.reply == port(101, 0, 1, 0xC2, 0) + port(105, 8) + port(105, 11) + port(105, 9) + port(105, 9))
    // 255 in a value is doubled both ways.
    #expect(t.receive([255, 250, 44, 1, 0, 0, 255, 255, 1, 255, 240]).controls == [.baud(0xFF01)])
    // A purge of what goes to the client is none of what comes from it; the other takes what came before it.
    #expect(t.receive(port(12, 1)).controls == [])
    let purged = t.receive([65] + port(12, 2) + [66])
    #expect(purged.controls == [.purge] && purged.data == [66])
  }
  @Test func dataKeepsAllValues() {
    let t = SerialTelnet()
    t.begin()
    let all = (0...255).map { UInt8($0) }
    #expect(t.receive(SerialTelnet.escaped(all)).data == all)
    // Cut anywhere.
    let stream = SerialTelnet.escaped(all) + port(5, 8) + [65]
    for cut in 0...stream.count {
      let u = SerialTelnet()
      u.begin()
      let a = u.receive(stream.prefix(cut)), b = u.receive(stream.dropFirst(cut))
      #expect(a.data + b.data == all + [65] && a.controls + b.controls == [.dtr(true)])
    }
  }
  @Test func randomBytesAreSurvived() {
    let t = SerialTelnet()
    t.begin()
    var x: UInt64 = 3, bytes: [UInt8] = []
    for _ in 0..<300_000 {
      x = x &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let r = UInt8(x >> 40 & 0xFF)
      // Often the bytes that mean something.
      bytes.append(x >> 50 & 3 == 0 ? [255, 250, 240, 44, 251, 253, 1, 5][Int(x >> 53 & 7)] : r)
    }
    for chunk in stride(from: 0, to: bytes.count, by: 1000) {
      let r = t.receive(bytes[chunk..<chunk + 1000])
      #expect(r.data.count <= 1000 && r.reply.count <= 20_000)
    }
  }
}
