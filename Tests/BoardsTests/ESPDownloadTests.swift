import Machine
import Testing

@testable import Boards

/// Download mode of our own boot ROMs under packets that are wrong in every way: after a reset it answers as before.
@Suite struct ESPDownloadTests {
  private struct Seeded {
    var state: UInt64
    mutating func next(_ below: UInt32) -> UInt32 {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return UInt32(truncatingIfNeeded: state >> 11) % below
    }
    mutating func bytes(_ count: UInt32) -> [UInt8] { (0..<count).map { _ in UInt8(next(256)) } }
  }
  private static let millisecond: UInt64 = 1_000_000_000
  private static func little(_ v: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: v >> (8 * $0)) } }
  private static func slip(_ bytes: [UInt8]) -> [UInt8] { [0xC0] + bytes.flatMap { $0 == 0xC0 ? [0xDB, 0xDC] : $0 == 0xDB ? [0xDB, 0xDD] : [$0] } + [0xC0] }
  private static func packet(_ command: UInt8, _ data: [UInt8], size: Int? = nil, sum: UInt32? = nil) -> [UInt8] {
    let size = size ?? data.count
    return [0, command, UInt8(truncatingIfNeeded: size), UInt8(truncatingIfNeeded: size >> 8)] + little(sum ?? UInt32(data.dropFirst(16).reduce(0xEF, ^))) + data
  }
  private static let sync = slip(packet(8, [7, 7, 0x12, 0x20] + [UInt8](repeating: 0x55, count: 32)))

  private final class Bench {
    let board: Board, port: Port
    var said: [UInt8] = []
    init(_ name: String) throws {
      board = try BoardLoader(store: FirmwareStore(environment: [:])).bare(name, flash: nil, rom: nil)
      port = try #require(board.ports["uart0"])
      port.onOutput = { [unowned self] in said.append($0) }
      board.bootPressed = true
      board.powerOn()
      run(30)
    }
    func run(_ milliseconds: UInt64) { board.machine.run(until: board.machine.now + milliseconds * millisecond) }
    func send(_ bytes: [UInt8]) {
      for start in stride(from: 0, to: bytes.count, by: 2048) {
        port.feed(bytes[start..<min(bytes.count, start + 2048)])
        run(UInt64(min(2048, bytes.count - start)) / 11 + 2)
      }
    }
    /// Resets the chip with the boot button held, and asks.
    func answersAfterReset() -> Bool {
      board.resetPressed = true
      // What a loader that was busy erasing has not taken yet is lost with its host.
      while port.take() != nil {}
      run(2)
      board.resetPressed = false
      run(30)
      said = []
      for _ in 0..<4 { send(sync) }
      return said.count > 60 && said.indices.contains { said[$0...].starts(with: [0xC0, 1, 8]) }
    }
  }
  private static func random(_ r: inout Seeded) -> [UInt8] {
    // Addresses in and about the memories, the registers and the flash.
    func address(_ r: inout Seeded) -> UInt32 {
      let bases: [UInt32] = [0, 0x1000, 0x3F_FFF0, 0x3FFE_8000, 0x3FFF_C000, 0x3FFA_E000, 0x4008_0000, 0x4010_0000, 0x6000_0000, 0x3FF4_2000, 0x3FF0_0000, 0xFFFF_FFF0, 0x2000_0000, 0x3FC8_8000, 0x3FCE_B000, 0x600C_0000]
      return bases[Int(r.next(16))] &+ r.next(3) * r.next(0x800)
    }
    func words(_ n: UInt32, _ r: inout Seeded) -> [UInt8] { (0..<n).flatMap { _ in little(r.next(3) == 0 ? address(&r) : r.next(2) == 0 ? r.next(2000) : r.next(.max)) } }
    let commands: [UInt8] = [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 16, 17, 18, 19, 0x14, 0xD0, 0xFF]
    let command = commands[Int(r.next(20))]
    var data: [UInt8]
    switch command {
    case 2, 16: data = little(r.next(4) == 0 ? r.next(.max) : r.next(0x4000)) + little(r.next(40)) + little(r.next(0x4000)) + little(r.next(2) == 0 ? address(&r) : r.next(0x40_0000))
    case 3, 7, 17:
      let body = r.bytes(r.next(1100))
      data = little(r.next(5) == 0 ? r.next(.max) : UInt32(body.count)) + little(r.next(9)) + [UInt8](repeating: 0, count: 8) + body
    case 6: data = little(1) + words(1, &r)  // it stays in the loader
    case 9: data = little(0x6000_0078 &+ r.next(4)) + words(2, &r) + little(r.next(50))
    case 19: data = little(address(&r)) + little(r.next(0x8000)) + words(2, &r)
    default: data = words(r.next(7), &r) + r.bytes(r.next(5))
    }
    if command == 15 { data = little(115_200) + little(0) }
    var p = packet(command, data, size: r.next(8) == 0 ? Int(r.next(0x10000)) : nil, sum: r.next(6) == 0 ? r.next(256) : nil)
    if r.next(6) == 0 { p.removeLast(Int(r.next(UInt32(p.count)))) }
    var frame = slip(p)
    if r.next(5) == 0 { frame[Int(r.next(UInt32(frame.count)))] = [0xC0, 0xDB, 0, 0xFF][Int(r.next(4))] }
    if r.next(8) == 0 { frame.removeLast() }
    if r.next(12) == 0 { frame += r.bytes(r.next(40)) }
    return frame
  }
  @Test(arguments: ["esp32", "esp32s3", "nodemcu"], [1, 2, 3] as [UInt64]) func wrongPackets(board: String, seed: UInt64) throws {
    let bench = try Bench(board)
    bench.send(Self.sync)
    #expect(bench.said.count > 60)
    var r = Seeded(state: seed &* 0x9E37_79B9_7F4A_7C15)
    for round in 0..<12 {
      for _ in 0..<12 { bench.send(Self.random(&r)) }
      #expect(bench.board.machine.stop == nil, "\(bench.board.machine.stop?.message ?? "")")
      #expect(bench.answersAfterReset(), "round \(round): \(bench.said)")
    }
  }
  /// More than the buffer of the loader holds, in one frame: left aside.
  @Test(arguments: ["esp32", "esp32s3", "nodemcu"]) func aFrameWithoutEnd(board: String) throws {
    let bench = try Bench(board)
    bench.send([0xC0] + [UInt8](repeating: 0x41, count: 20_000) + [0xC0])
    bench.said = []
    bench.send(Self.sync)
    bench.send(Self.sync)
    #expect(bench.said.indices.contains { bench.said[$0...].starts(with: [0xC0, 1, 8]) }, "\(bench.said)")
  }
}
