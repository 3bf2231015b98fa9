import Boards
import Foundation
import Frontend
import Machine
import Parts
import Testing

/// BOOTSEL mode as a PC sees it, on our own boot ROM and on the vendor's beside it.
@Suite(.serialized) struct BOOTSELTests {
  /// "" is our own ROM. The B2 image at hand has its flash programming replaced, so it only reads.
  static let roms = ["", "rp2040-bootrom-b1.bin", "rp2040-bootrom-b2.bin"].filter { $0.isEmpty || rom($0) != nil }
  static func rom(_ name: String) -> String? {
    (ProcessInfo.processInfo.environment["SOLDERLESS_ROMS"] ?? "").split(separator: ":").map { $0 + "/" + name }.first { FileManager.default.fileExists(atPath: $0) }
  }
  final class Bench {
    let board: PicoBoard
    let drive: MassStorage
    init(_ rom: String, flash: String? = nil) throws {
      let loader = try #require(BootTests.loader)
      board = try #require(try loader.load("pico", firmware: "1.24.1", rom: rom.isEmpty ? nil : BOOTSELTests.rom(rom)).board as? PicoBoard)
      board.flash.load([UInt8](repeating: 0xFF, count: board.flash.size))
      drive = MassStorage(host: board.host)
      board.bootPressed = true
      board.powerOn()
      run(0.8)
      board.bootPressed = false
    }
    func run(_ seconds: Double) { board.machine.run(until: board.machine.now + UInt64(seconds * 1e12)) }
    /// Runs until the answer is there.
    func wait<T>(_ start: (@escaping (T) -> Void) -> Void) throws -> T {
      var result: T?
      start { result = $0 }
      for _ in 0..<2000 where result == nil { run(0.01) }
      return try #require(result, "\(board.machine.stop?.message ?? "no answer") pc \(String(board.machine.cores[0].programCounter, radix: 16))")
    }
    func transfer(_ t: USBTransfer) throws -> USBOutcome { try wait { board.host.transfer(t, completion: $0) } }
    func read(_ sector: Int, _ count: Int = 1) throws -> [UInt8] { try #require(try wait { drive.read(sector, count: count, $0) }) }
    /// One PICOBOOT command: its data, or nil when it was refused.
    func picoboot(_ id: UInt8, _ arguments: [UInt32] = [], size: UInt8, data: [UInt8] = [], receiving count: Int = 0) throws -> [UInt8]? {
      func little(_ v: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: v >> (8 * UInt32($0))) } }
      var packet = little(0x431F_D10B) + little(77) + [id, size, 0, 0] + little(UInt32(max(count, data.count))) + arguments.flatMap(little)
      packet += [UInt8](repeating: 0, count: 32 - packet.count)
      guard try transfer(.send(endpoint: 3, packet)) == .done([]) else { return nil }
      if count > 0 {
        guard case .done(let bytes) = try transfer(.receive(endpoint: 4, count: count)) else { return nil }
        guard try transfer(.send(endpoint: 3, [])) == .done([]) else { return nil }
        return bytes
      }
      if !data.isEmpty, try transfer(.send(endpoint: 3, data)) != .done([]) { return nil }
      return try transfer(.receive(endpoint: 4, count: 1)) == .done([]) ? [] : nil
    }
    func status() throws -> [UInt8] {
      guard case .done(let b) = try transfer(.control(type: 0xC1, request: 0x42, value: 0, index: 1, length: 16, data: [])) else { return [] }
      return b
    }
    func reset() throws {
      // As picotool does: only what is halted is cleared.
      for endpoint: UInt16 in [0x03, 0x84] where try transfer(.control(type: 0x82, request: 0, value: 0, index: endpoint, length: 2, data: [])) == .done([1, 0]) { _ = try transfer(.control(type: 2, request: 1, value: 0, index: endpoint, length: 0, data: [])) }
      #expect(try transfer(.control(type: 0x41, request: 0x41, value: 0, index: 1, length: 0, data: [])) == .done([]))
    }
  }

  @Test(.enabled(if: BootTests.available), arguments: roms) func theDriveShowsItself(rom: String) throws {
    let b = try Bench(rom)
    #expect(b.board.host.identity == (0x2E8A, 0x0003))
    let sectors = try #require(try b.wait { b.drive.capacity($0) } as Int?)
    #expect(sectors == 262144)
    let mbr = try b.read(0)
    #expect(mbr[510] == 0x55 && mbr[511] == 0xAA && mbr[450] == 0x0E)
    let start = (0..<4).reduce(0) { $0 | Int(mbr[454 + $1]) << (8 * $1) }
    let boot = try b.read(start)
    func half(_ at: Int) -> Int { Int(boot[at]) | Int(boot[at + 1]) << 8 }
    #expect(half(11) == 512)
    let root = start + half(14) + Int(boot[16]) * half(22), data = root + half(17) * 32 / 512
    let directory = try b.read(root)
    let names = stride(from: 0, to: 96, by: 32).map { String(decoding: directory[$0..<$0 + 11], as: UTF8.self) }
    #expect(names == ["RPI-RP2    ", "INDEX   HTM", "INFO_UF2TXT"])
    let cluster = Int(directory[64 + 26]) | Int(directory[64 + 27]) << 8, size = Int(directory[64 + 28]) | Int(directory[64 + 29]) << 8
    let text = try b.read(data + (cluster - 2) * Int(boot[13])).prefix(size)
    #expect(String(decoding: text, as: UTF8.self).replacingOccurrences(of: "\r\n", with: "\n").contains("Model: Raspberry Pi RP2\nBoard-ID: RPI-RP2"))
    // Beyond the end, where the vendor's shows nothing: refused, and it goes on.
    if rom.isEmpty { #expect(try b.wait { b.drive.read(sectors, count: 1, $0) } as [UInt8]? == nil) }
    #expect(try b.read(0) == mbr)
  }
  @Test(.enabled(if: BootTests.available), arguments: roms.filter { !$0.contains("b2") }) func aCopiedUF2Starts(rom: String) throws {
    let b = try Bench(rom)
    let store = try FirmwareStore()
    let uf2 = [UInt8](try store.load(store.find(board: "pico", version: "1.28.0")))
    var at = 0
    while at < uf2.count {
      let n = min(64 * 512, uf2.count - at)
      #expect(try b.wait { b.drive.write(2000 + at / 512, Array(uf2[at..<at + n]), $0) })
      at += n
    }
    let port = try #require(b.board.ports["usb"])
    var out: [UInt8] = []
    port.onOutput = { out.append($0) }
    port.isConnected = true
    b.run(3)
    #expect(String(decoding: out, as: UTF8.self).contains("MicroPython v1.28.0"), "\(String(decoding: out, as: UTF8.self))")
  }
  /// The same as `solderless flash` does it.
  @Test(.enabled(if: BootTests.available), arguments: roms.filter { !$0.contains("b2") }) func aUF2IsCopied(rom: String) throws {
    let store = try FirmwareStore(), board = try #require(try BoardLoader(store: store).bare("pico", flash: nil, rom: rom.isEmpty ? nil : Self.rom(rom)) as? PicoBoard)
    var parts: [Double] = []
    let copy = UF2Copy(board: board)
    copy.onProgress = { parts.append($0) }
    let result = try copy.copy([UInt8](store.load(store.find(board: "pico", version: "1.28.0"))))
    #expect(result.label == "RPI-RP2" && result.vendor == 0x2E8A && result.product == 5 && parts.last == 1 && parts.count > 10)
  }
  @Test(.enabled(if: BootTests.available), arguments: roms.filter { !$0.contains("b2") }) func picobootCommands(rom: String) throws {
    let b = try Bench(rom)
    let pattern = (0..<512).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    #expect(try b.picoboot(0x01, [1], size: 1) == [])
    // RAM.
    #expect(try b.picoboot(0x05, [0x2000_1000, 512], size: 8, data: pattern) == [])
    #expect(try b.picoboot(0x84, [0x2000_1000, 512], size: 8, receiving: 512) == pattern)
    // The ROM's magic.
    #expect(try b.picoboot(0x84, [0x10, 3], size: 8, receiving: 3) == [0x4D, 0x75, 0x01])
    #expect(try b.status().prefix(9).elementsEqual([77, 0, 0, 0, 0, 0, 0, 0, 0x84]))
    #expect(try b.picoboot(0x06, size: 0) == [])
    #expect(try b.picoboot(0x03, [0x1000_4000, 0x2000], size: 8) == [])
    #expect(try b.picoboot(0x05, [0x1000_4100, 512], size: 8, data: pattern) == [])
    #expect(try b.picoboot(0x84, [0x1000_4000, 1024], size: 8, receiving: 1024) == [UInt8](repeating: 0xFF, count: 256) + pattern + [UInt8](repeating: 0xFF, count: 256))
    #expect(b.board.flash.contents[0x4100..<0x4300].elementsEqual(pattern))
    // Refusals, each with its status: an unknown command, a wrong length; on ours also a misaligned erase and a bad address.
    var refusals: [(id: UInt8, arguments: [UInt32], size: UInt8, code: UInt8)] = [(0x03, [0x1000_0000, 0x1000], 4, 2), (0x02, [0, 0, 0], 8, 2)]
    if rom.isEmpty { refusals += [(0x11, [], 0, 1), (0x03, [0x1000_0100, 0x1000], 8, 5), (0x03, [0x3000_0000, 0x1000], 8, 4)] }
    for r in refusals {
      #expect(try b.picoboot(r.id, r.arguments, size: r.size) == nil)
      let status = try b.status()
      #expect(status.dropFirst(4).first == r.code, "\(r) \(status)")
      try b.reset()
    }
    #expect(try b.picoboot(0x84, [0x2000_1000, 512], size: 8, receiving: 512) == pattern)
    #expect(try b.picoboot(0x02, [0, 0, 20], size: 12) == [])
    b.run(1)
    // Nothing valid in flash: it is back in BOOTSEL mode.
    #expect(b.board.host.identity == (0x2E8A, 0x0003))
  }
  @Test(.enabled(if: BootTests.available), arguments: [UInt32(1), 2]) func anInterfaceCanBeOff(mask: UInt32) throws {
    let board = try BootTests.board("1.28.0")
    let port = try #require(board.ports["usb"])
    port.isConnected = true
    board.powerOn()
    board.machine.run(until: 1_000_000_000_000)
    // reset_usb_boot through the ROM's table, with the LED as activity pin.
    port.feed(Array("\u{5}import machine\r@micropython.asm_thumb\rdef call(r0, r1, r2):\r    bx(r2)\rm = machine\rt = m.mem16[0x14]\rwhile m.mem16[t] != 0x4255:\r    t += 4\r\rcall(0, \(mask), m.mem16[t + 2])\r\u{4}".utf8))
    board.machine.run(until: board.machine.now + 1_500_000_000_000)
    #expect(board.host.identity == (0x2E8A, 0x0003))
    #expect((board.host.drive != nil) == (mask == 2))
  }
}
