import Foundation
import Testing

@testable import Boards

/// A build for an ESP32 as three files and the list of them.
private struct Build {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("build-\(UUID().uuidString)")
  var path: String { folder.appendingPathComponent("flasher_args.json").path }
  /// An image whose only segment is `data`, with its checksum.
  static func image(chip: UInt8 = 0, _ data: [UInt8]) -> [UInt8] {
    var b: [UInt8] = [0xE9, 1, 2, 0x20, 0x00, 0x04, 0x08, 0x40, 0, 0, 0, 0, chip] + [UInt8](repeating: 0, count: 11)
    b += [0x00, 0x04, 0x08, 0x40] + (0..<4).map { UInt8(truncatingIfNeeded: data.count >> (8 * $0)) } + data
    while b.count % 16 != 15 { b.append(0) }
    return b + [data.reduce(0xEF, ^)]
  }
  /// The descriptor of an application, and bytes.
  static func application(_ count: Int) -> [UInt8] { [0x32, 0x54, 0xCD, 0xAB] + [UInt8](repeating: 0, count: 12) + Array("1.0".utf8) + [UInt8](repeating: 0, count: 237 + count) }
  /// One partition, factory, of 64 KiB.
  static func table(at offset: UInt32) -> [UInt8] {
    [0xAA, 0x50, 0, 0] + [offset, 0x1_0000].flatMap { v in (0..<4).map { UInt8(truncatingIfNeeded: v >> (8 * $0)) } } + Array("factory".utf8) + [UInt8](repeating: 0, count: 13) + [UInt8](repeating: 0xFF, count: 64)
  }
  init(_ json: String, boot: [UInt8] = image([1, 2, 3, 4]), application: [UInt8] = image(application(64)), table: [UInt8] = table(at: 0x10000)) throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    for (name, bytes) in [("boot.bin", boot), ("app.bin", application), ("table.bin", table), ("flasher_args.json", Array(json.utf8))] { try Data(bytes).write(to: folder.appendingPathComponent(name)) }
  }
  func remove() { try? FileManager.default.removeItem(at: folder) }
  static func json(_ files: String, size: String = "4MB", chip: String = "esp32") -> String {
    "{ \"flash_settings\": { \"flash_mode\": \"dio\", \"flash_size\": \"\(size)\" }, \"flash_files\": { \(files) }, \"extra_esptool_args\": { \"chip\": \"\(chip)\" } }"
  }
  static let good = "\"0x1000\": \"boot.bin\", \"0x10000\": \"app.bin\", \"0x8000\": \"table.bin\""
}

@Suite struct FlasherArgumentsTests {
  private func says(_ build: Build, as subject: String? = nil) -> String {
    defer { build.remove() }
    do { _ = try BoardLoader(store: FirmwareStore()).load(subject ?? build.path, firmware: subject == nil ? nil : build.path, rom: nil) } catch { return "\(error)" }
    return "nothing"
  }
  @Test(arguments: [0, 1, 2]) func theFilesComeWhereTheListSays(way: Int) throws {
    let build = try Build(Build.json(Build.good))
    defer { build.remove() }
    let loader = try BoardLoader(store: FirmwareStore())
    let loaded = try way == 0 ? loader.load(build.path, firmware: nil, rom: nil) : way == 1 ? loader.load(build.folder.path, firmware: nil, rom: nil) : loader.load("esp32", firmware: build.path, rom: nil)
    let flash = loaded.board.flash.contents
    #expect(loaded.board.name == "esp32" && loaded.remarks.isEmpty)
    #expect(Array(flash[0x1000..<0x1030]) == Build.image([1, 2, 3, 4]))
    #expect(Array(flash[0x8000..<0x8020]) == Array(Build.table(at: 0x10000).prefix(32)) && Array(flash[0x10000..<0x10100]) == Array(Build.image(Build.application(64)).prefix(256)))
    #expect(flash[0xFFF] == 0xFF && flash[0x20000] == 0xFF)
  }
  /// Changed by a seeded generator, the list and its files are taken or refused.
  @Test func mutations() throws {
    let build = try Build(Build.json(Build.good))
    defer { build.remove() }
    var state: UInt64 = 0x1234_5678_9ABC_DEF1
    func random(_ below: Int) -> Int {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return Int(state % UInt64(below))
    }
    let seeds = try ["flasher_args.json", "boot.bin", "table.bin", "app.bin"].map { ($0, [UInt8](try Data(contentsOf: build.folder.appendingPathComponent($0)))) }
    let marks = Array("{}[]\":,0x9-e".utf8)
    for _ in 0..<150 {
      let (name, good) = seeds[random(2) == 0 ? 0 : random(4)]
      var bytes = good
      for _ in 0..<(1 + random(4)) { bytes[random(min(bytes.count, 200))] = random(2) == 0 ? marks[random(marks.count)] : UInt8(random(256)) }
      if random(4) == 0 { bytes.removeLast(random(bytes.count)) }
      try Data(bytes).write(to: build.folder.appendingPathComponent(name))
      do { _ = try BoardLoader(store: FirmwareStore()).load("esp32", firmware: build.path, rom: nil) } catch { #expect("\(error)".count > 20) }
      try Data(good).write(to: build.folder.appendingPathComponent(name))
    }
  }
  /// Without the chip's name, the images tell.
  @Test func theImagesTellTheChip() throws {
    let build = try Build("{ \"flash_files\": { \(Build.good) } }")
    defer { build.remove() }
    #expect(try BoardLoader(store: FirmwareStore()).load(build.path, firmware: nil, rom: nil).board.name == "esp32")
  }
  @Test(arguments: [
    ("\"0x0\": \"boot.bin\", \"0x10000\": \"app.bin\", \"0x8000\": \"table.bin\"", "boot.bin at 0x0 is a boot loader, which the ESP32 reads at 0x1000"),
    ("\"0x10000\": \"app.bin\", \"0x8000\": \"table.bin\"", "there is no boot loader at 0x1000"),
    ("\"0x1000\": \"boot.bin\", \"0x20000\": \"app.bin\", \"0x8000\": \"table.bin\"", "app.bin at 0x20000 is an application, but the partition table has those at 0x10000"),
    ("\"0x1000\": \"boot.bin\", \"0x3fff00\": \"app.bin\"", "beyond the 4096 KiB of flash"),
    ("\"0x1000\": \"boot.bin\", \"0x1010\": \"app.bin\"", "boot.bin reaches 0x1030, over"),
    ("\"0x1z\": \"boot.bin\"", "the offset \"0x1z\" is not understood"),
    ("\"0x100001000\": \"boot.bin\"", "the offset \"0x100001000\" is not understood"),
    ("\"0x1000\": \"absent.bin\"", "there is no file"),
    ("\"0x1000\": 7", "there is no file name at \"0x1000\""),
    ("", "\"flash_files\" names no file"),
  ])
  func wrongFiles(files: String, sentence: String) throws {
    let said = says(try Build(Build.json(files)))
    #expect(said.contains(sentence), "\(said)")
  }
  @Test func anApplicationAloneIsRemarkedOn() throws {
    let build = try Build(Build.json(Build.good))
    defer { build.remove() }
    let remarks = try BoardLoader(store: FirmwareStore()).load(build.folder.appendingPathComponent("app.bin").path, firmware: nil, rom: nil).remarks
    #expect(remarks.count == 1 && remarks[0].contains("app.bin is an application alone"), "\(remarks)")
  }
  @Test func wrongChipsAndSizes() throws {
    let s3 = says(try Build(Build.json(Build.good), application: Build.image(chip: 9, Build.application(64))))
    #expect(s3.contains("app.bin is for ESP32-S3, not for the board's ESP32"), "\(s3)")
    let named = says(try Build(Build.json(Build.good, chip: "esp32s3")))
    #expect(named.contains("ESP32-S3"), "\(named)")
    let pico = says(try Build(Build.json(Build.good)), as: "pico")
    #expect(pico.contains("is for ESP32, not for the board's RP2040"), "\(pico)")
    let large = says(try Build(Build.json(Build.good, size: "16MB")))
    #expect(large.contains("16384 KiB of flash, but the board has 4096 KiB"), "\(large)")
    let full = says(try Build(Build.json(Build.good), application: Build.image(Build.application(0x10000))))
    #expect(full.contains("its partition factory has 65536"), "\(full)")
    let cut = says(try Build(Build.json(Build.good), application: Build.image(Build.application(64)).dropLast(100)))
    #expect(cut.contains("truncated"), "\(cut)")
  }
}
