import Foundation
import TestSupport
import Testing

/// The program as a user starts it: exit codes, and sentences on standard error.
@Suite(.serialized) struct CommandTests {
  static let binary = solderlessBinary
  static func run(_ arguments: [String], tool: URL = binary) throws -> (code: Int32, out: String, err: String) {
    let p = Process(), out = Pipe(), err = Pipe()
    p.executableURL = tool
    p.arguments = arguments
    p.standardOutput = out
    p.standardError = err
    p.standardInput = FileHandle.nullDevice
    try p.run()
    let e = Task.detached { err.fileHandleForReading.readDataToEndOfFile() }
    let o = out.fileHandleForReading.readDataToEndOfFile()
    p.waitUntilExit()
    let done = DispatchSemaphore(value: 0)
    nonisolated(unsafe) var text = Data()
    Task.detached {
      text = await e.value
      done.signal()
    }
    done.wait()
    return (p.terminationStatus, String(decoding: o, as: UTF8.self), String(decoding: text, as: UTF8.self))
  }
  static let firmware: Data? = {
    for folder in (ProcessInfo.processInfo.environment["SOLDERLESS_FIRMWARE"] ?? "").split(separator: ":") {
      if let d = FileManager.default.contents(atPath: "\(folder)/rp2040/RPI_PICO-20260406-v1.28.0.uf2") { return d }
    }
    return nil
  }()
  struct Folder {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("command-\(UUID().uuidString)")
    init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }
    func file(_ name: String, _ data: Data) throws -> String {
      let f = url.appendingPathComponent(name)
      try data.write(to: f)
      return f.path
    }
    func remove() { try? FileManager.default.removeItem(at: url) }
  }
  /// One sentence, the exit code, nothing on standard output.
  static func refuses(_ arguments: [String], code: Int32 = 2, _ words: String..., source: SourceLocation = #_sourceLocation) throws {
    let r = try run(arguments)
    #expect(r.code == code && r.out.isEmpty, "\(arguments): \(r.code) \(r.out)", sourceLocation: source)
    let lines = r.err.split(separator: "\n").filter { !$0.hasPrefix("note:") }
    #expect(lines.count == 1 && lines[0].hasPrefix("solderless: "), "\(r.err)", sourceLocation: source)
    for w in words { #expect(r.err.contains(w), "\(r.err)", sourceLocation: source) }
  }
  static func uf2(family: UInt32 = 0xE48B_FF56, address: UInt32 = 0x1000_0000, blocks: Int = 1) -> Data {
    var d = Data()
    func word(_ v: UInt32) { withUnsafeBytes(of: v.littleEndian) { d.append(contentsOf: $0) } }
    for n in 0..<blocks {
      for v in [0x0A32_4655, 0x9E5D_5157, 0x2000, address + UInt32(n) * 256, 256, UInt32(n), UInt32(blocks), family] as [UInt32] { word(v) }
      d.append(Data(count: 476))
      word(0x0AB1_6F30)
    }
    return d
  }

  /// A board's firmware is listed by the board's name, though boards share it.
  @Test func firmwareOfABoard() throws {
    let board = try Self.run(["firmware", "list", "nodemcu"]), family = try Self.run(["firmware", "list", "esp8266"])
    #expect(board.code == 0 && board.out.contains("1.23.0") && board.out == family.out)
    try Self.refuses(["firmware", "list", "nodemcuu"], "did you mean nodemcu")
  }
  @Test(.enabled(if: firmware != nil)) func badFirmware() throws {
    let folder = try Folder()
    defer { folder.remove() }
    let good = Self.firmware!
    try Self.refuses(["run", folder.file("cut.uf2", good.prefix(good.count / 2 + 100)), "--time-limit", "1"], "cut.uf2")
    try Self.refuses(["run", folder.file("esp.uf2", Self.uf2(family: 0x1C5F_21B0)), "--time-limit", "1"], "is for the ESP32", "does not fit", "4096 KiB")
    var elf = Data([0x7F, 0x45, 0x4C, 0x46, 1, 1, 1, 0]) + Data(count: 8)
    elf += Data([2, 0, 0xF3, 0, 1, 0, 0, 0]) + Data(count: 28)
    try Self.refuses(["run", folder.file("riscv.elf", elf), "--time-limit", "1"], "riscv.elf")
    try Self.refuses(["run", folder.file("empty.uf2", Data()), "--time-limit", "1"], "empty")
    try Self.refuses(["run", folder.url.path, "--time-limit", "1"], code: 2, "diagram.json")
    try Self.refuses(["run", folder.file("large.uf2", Self.uf2(address: 0x1000_0000 + 2 << 20)), "--time-limit", "1"], "does not fit", "2048 KiB")
    try Self.refuses(["run", folder.url.appendingPathComponent("none.uf2").path], "there is no file")
  }
  @Test(.enabled(if: firmware != nil)) func badSurroundings() throws {
    let folder = try Folder()
    defer { folder.remove() }
    try Self.refuses(["run", "pcio"], "pcio", "pico")
    try Self.refuses(["run", "pico", "--rom", folder.file("rom.bin", Data(count: 100)), "--time-limit", "1"], "boot ROM", "100 bytes")
    try Self.refuses(["run", "pico", "--rom", "/nowhere/rom.bin"], "there is no file /nowhere/rom.bin")
    let flash = try folder.file("flash.bin", Data(repeating: 7, count: 1000))
    try Self.refuses(["run", "pico", "--flash", flash, "--time-limit", "1"], "1000 bytes", "left as it is")
    #expect(FileManager.default.contents(atPath: flash) == Data(repeating: 7, count: 1000))
    let s = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(s) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { a in
        _ = bind(s, a, size)
        listen(s, 1)
        getsockname(s, a, &size)
      }
    }
    try Self.refuses(["run", "pico", "--serial", "tcp:\(UInt16(bigEndian: address.sin_port))"], "in use")
    try Self.refuses(["run", "pico", "--psram", "4M"], "the RP2040 of pico can have no PSRAM here", "an ESP32")
    #expect(try Self.run(["run", "esp32", "--psram", "3M"]).code == 2)
    try Self.refuses(["run", "pico", "--serial", "nope=stdio"], "no port \"nope\"", "usb")
  }
  /// Firmware that goes wrong ends the run with the place and the registers.
  @Test(.enabled(if: firmware != nil)) func firmwareThatJumpsToNowhere() throws {
    let folder = try Folder()
    defer { folder.remove() }
    // A program for RAM: ldr r0, [pc, #0]; bx r0; .word 0x60000001
    var image = Self.uf2(address: 0x2000_0000)
    image.replaceSubrange(32..<40, with: [0x00, 0x48, 0x00, 0x47, 0x01, 0x00, 0x00, 0x60])
    let r = try Self.run(["run", folder.file("nowhere.uf2", image), "--time-limit", "5"])
    #expect(r.code == 1 && r.err.contains("0x60000000") && r.err.contains("r0 0x60000001") && r.err.contains("last access"), "\(r.code) \(r.err)")
  }
  @Test(.enabled(if: firmware != nil)) func exitCodes() throws {
    let ok = try Self.run(["run", "pico", "--exec", "print(6*7)"])
    #expect(ok.code == 0 && ok.out == "42\n", "\(ok)")
    let failed = try Self.run(["run", "pico", "--exec", "1/0"])
    #expect(failed.code == 1 && failed.err.contains("ZeroDivisionError"))
    let late = try Self.run(["run", "pico", "--exec", "while 1: pass", "--time-limit", "2"])
    #expect(late.code == 124 && late.err.contains("time limit"))
    #expect(try Self.run(["run", "pico", "--until", ">>>", "--time-limit", "5"]).code == 0)
    #expect(try Self.run(["run", "pico", "--speed", "fast"]).code == 2)
    #expect(try Self.run(["run", "pico", "--bogus"]).code == 2)
    let help = try Self.run(["run", "--help"])
    #expect(help.code == 0 && help.out.contains("--serial") && help.out.contains("tcp:PORT"))
  }
}
