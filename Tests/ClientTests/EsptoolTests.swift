import Foundation
import TestSupport
import Testing

/// esptool as it comes from PyPI against boards in download mode, through our own boot ROMs and the vendor's (SOLDERLESS_ROMS).
@Suite(.serialized) struct EsptoolTests {
  static let hasEsptool = ClientTests.has(["esptool", "version"])
  struct Case: Sendable, CustomTestStringConvertible {
    let board: String, vendor: Bool
    var testDescription: String { "\(board), \(vendor ? "the vendor's" : "our own") ROM" }
    /// What `--rom` needs; nil when the vendor's is not to be had.
    var rom: [String]? {
      guard vendor else { return [] }
      let names = board == "esp32" ? ["esp32-v3-rom", "esp32-v3-rom-app"] : board == "esp32s3" ? ["esp32s3-rev0-rom"] : ["esp8266-bootrom"]
      let files = names.compactMap { EsptoolTests.path($0, version: $0) }
      return files.count == names.count ? ["--rom", files.joined(separator: ",")] : nil
    }
  }
  /// Where the store keeps an image.
  static func path(_ board: String, version: String) -> String? {
    guard (try? ClientTests.run([ClientTests.binary.path, "firmware", "fetch", board, version], seconds: 60))?.code == 0 else { return nil }
    let r = try? ClientTests.run([ClientTests.binary.path, "firmware", "path", board, version], seconds: 60)
    return r?.code == 0 ? r?.output.split(separator: "\n").last.map(String.init) : nil
  }
  static let cases = [false, true].flatMap { vendor in ["esp32", "esp32s3", "nodemcu"].map { Case(board: $0, vendor: vendor) } }

  /// On a pty, with the boot button held for the start: the ROM's own commands, then those of the program that esptool loads.
  @Test(.enabled(if: hasEsptool), arguments: cases) func readsWritesAndErases(_ c: Case) throws {
    guard let rom = c.rom else { return print("EsptoolTests: no boot ROM of the vendor for \(c.board), so it is skipped; name a folder in SOLDERLESS_ROMS") }
    let b = try ClientTests.Bench(["run", c.board, "--firmware", "none", "--bootsel", "--serial", "pty:LINK", "--speed", "max"] + rom)
    func esptool(_ a: String..., stub: Bool = true) throws -> String {
      let r = try ClientTests.run(["esptool", "--port", b.link, "--before", "no-reset", "--after", "no-reset"] + (stub ? [] : ["--no-stub"]) + a, seconds: 240, in: b.folder)
      #expect(r.code == 0, "\(a): \(r.output)")
      return r.output
    }
    var seed: UInt32 = 1
    func bytes(_ count: Int) -> Data {
      Data((0..<count).map { i in
        seed = seed &* 1_664_525 &+ 1_013_904_223
        return i % 64 < 24 ? UInt8(truncatingIfNeeded: seed >> 24) : UInt8(i / 64 & 0xFF)
      })
    }
    func file(_ name: String, _ data: Data) throws { try data.write(to: URL(fileURLWithPath: b.folder + "/" + name)) }
    func contents(_ name: String) -> Data? { FileManager.default.contents(atPath: b.folder + "/" + name) }
    let small = bytes(5000), large = bytes(80_000), is32 = c.board != "nodemcu", isS3 = c.board == "esp32s3"
    let mac = isS3 ? "7c:df:a1:50:1d:e0" : is32 ? "24:0a:c4:50:1d:e0" : "5c:cf:7f:82:66:01"
    try file("small.bin", small)
    try file("large.bin", large)

    let id = try esptool("flash-id", stub: false)
    #expect(id.contains("Manufacturer: ef") && id.contains(isS3 ? "Device: 4017" : "Device: 4016") && id.contains(isS3 ? "Detected flash size: 8MB" : "Detected flash size: 4MB"), "\(id)")
    #expect(id.contains(isS3 ? "ESP32-S3 (QFN56) (revision v0.2)" : is32 ? "ESP32-D0WD-V3 (revision v3.0)" : "ESP8266EX") && id.contains(is32 ? "Crystal frequency:  40MHz" : "Crystal frequency:  26MHz"), "\(id)")
    #expect(id.contains(mac), "\(id)")
    let slow = try esptool("write-flash", "--no-compress", "0x3000", "small.bin", stub: false)
    #expect(slow.contains("Wrote 5000 bytes"), "\(slow)")
    if is32 {
      #expect(slow.contains("Hash of data verified"), "\(slow)")
      #expect(try esptool("write-flash", "0x5000", "small.bin", stub: false).contains("Hash of data verified"))
      #expect(try esptool("verify-flash", "0x5000", "small.bin", stub: false).contains("digest matched"))
      _ = try esptool("read-flash", "0x3000", "5000", "back.bin", stub: false)
      #expect(contents("back.bin") == small)
    }
    // From here on the chip runs esptool's program.
    #expect(try esptool("read-mac").contains(mac))
    #expect(try esptool("chip-id").contains(isS3 ? "ESP32-S3 has no chip ID" : is32 ? "ESP32 has no chip ID" : "Chip ID: 0x00826601"))
    #expect(try esptool("verify-flash", "0x3000", "small.bin").contains("digest matched"))
    #expect(try esptool("write-flash", "0x10000", "large.bin").contains("Hash of data verified"))
    _ = try esptool("read-flash", "0x10000", "20000", "back.bin")
    #expect(contents("back.bin") == large.prefix(20000))
    _ = try esptool("erase-region", "0x11000", "0x2000")
    _ = try esptool("read-flash", "0x10000", "0x4000", "back.bin")
    #expect(contents("back.bin") == large.prefix(0x1000) + Data(repeating: 0xFF, count: 0x2000) + large[0x3000..<0x4000])
    let bad = try ClientTests.run(["esptool", "--port", b.link, "--before", "no-reset", "--after", "no-reset", "verify-flash", "0x10000", "large.bin"], in: b.folder)
    #expect(bad.code != 0 && bad.output.contains("digest mismatch"), "\(bad.output)")
    // Ten seconds of the chip's time: with one ROM is enough.
    if c.vendor { return }
    _ = try esptool("erase-flash")
    _ = try esptool("read-flash", "0x3000", "0x1000", "back.bin")
    #expect(contents("back.bin") == Data(repeating: 0xFF, count: 0x1000))
  }
  /// Over RFC 2217 its DTR and RTS put the chip into download mode and out of it: an image into an erased flash, which then boots, for the
  /// ESP8266 a whole one of MicroPython. Its header is told the size of the flash, as MicroPython's manual has it.
  @Test(.enabled(if: hasEsptool), arguments: [("esp32", "other-nuttx-nsh", 0x1000, "nsh> "), ("nodemcu", "1.23.0", 0, "MicroPython v1.23.0")])
  func writesAnImageThatBoots(board: String, version: String, offset: Int, greeting: String) throws {
    guard let image = Self.path(board == "esp32" ? board : "esp8266", version: version) else { return print("EsptoolTests: no image \(version) for \(board), so it is skipped") }
    let b = try ClientTests.Bench(["run", board, "--firmware", "none", "--flash", "FOLDER/flash.bin", "--serial", "rfc2217:0", "--serial", "uart0=stdio", "--speed", "max", "--until", "the end"])
    let port = "rfc2217://127.0.0.1:" + b.port
    let w = try ClientTests.run(["esptool", "--port", port, "--baud", "921600", "write-flash", "--flash-size", board == "esp32" ? "keep" : "detect", "\(offset)", image], seconds: 240)
    #expect(w.code == 0 && w.output.contains("Hash of data verified") && w.output.contains("Hard resetting via RTS pin"), "\(w.output)")
    #expect(b.wait(30, for: greeting), "\(b.said)")
    guard board == "nodemcu", ClientTests.has(["mpremote", "--help"]) else { return }
    // With these words the board's run ends, maybe before the client has them.
    _ = try ClientTests.run(["mpremote", "connect", port, "exec", "print('the', 'end')"])
    for _ in 0..<100 where b.process.isRunning { Thread.sleep(forTimeInterval: 0.1) }
    let written = try Data(contentsOf: URL(fileURLWithPath: image)), flash = FileManager.default.contents(atPath: b.folder + "/flash.bin")
    #expect(flash?.count == 4 << 20 && flash?[16..<written.count] == written[16...], "\(b.said)")
  }
}
