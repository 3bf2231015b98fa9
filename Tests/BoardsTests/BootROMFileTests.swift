import Chips
import Foundation
import Testing

@testable import Boards

/// What `--rom` takes for the ESP32: an image for both cores, or one for each.
@Suite struct BootROMFileTests {
  private func own() throws -> String { try Installation.home().appendingPathComponent("ROMs/esp32/bootrom.bin").path }
  private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("rom-\(UUID().uuidString)")
  private func file(_ name: String, _ bytes: [UInt8]) throws -> String {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try Data(bytes).write(to: folder.appendingPathComponent(name))
    return folder.appendingPathComponent(name).path
  }
  private func board(_ rom: String, _ name: String = "esp32") throws -> Board { try BoardLoader(store: FirmwareStore(environment: [:])).bare(name, flash: nil, rom: rom) }
  private func says(_ rom: String, _ name: String = "esp32") -> String {
    do { _ = try board(rom, name) } catch { return "\(error)" }
    return "nothing"
  }
  /// Two images that differ in one byte, as the vendor's do.
  @Test func anImageForEachCore() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    var image = try BoardLoader.read(own())
    let pro = try file("x.bin", image)
    image[0x5_0000] ^= 0xFF
    let app = try file("x-app.bin", image)
    // Named with a comma, or found beside the one that is named.
    let both = try file("both.bin", BoardLoader.read(own()) + image)
    for rom in ["\(pro),\(app)", pro, app, both] {
      let chip = try #require(try board(rom) as? ESP32Board).chip
      #expect(chip.roms[0].bytes[0x5_0000] == image[0x5_0000] ^ 0xFF && chip.roms[1].bytes[0x5_0000] == image[0x5_0000], "\(rom)")
    }
    let one = try #require(try board(own()) as? ESP32Board).chip
    #expect(one.roms[0].bytes[0x5_0000] == one.roms[1].bytes[0x5_0000])
  }
  @Test func whatDoesNotFit() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let image = try BoardLoader.read(own())
    #expect(says(try file("short.bin", [UInt8](image.prefix(1000)))).contains("short.bin has 1000 bytes, too few for the ESP32's"))
    #expect(says(try file("large.bin", image + [0])).contains("large.bin has 458753 bytes, the ESP32's has 458752 at most for each core"))
    let code = says(try file("code.bin", [UInt8](image.prefix(0x6_4AE0))))
    #expect(code.contains("code.bin ends at 0x64ae0, before the data at 0x6") && code.contains("that its code needs; name an image with the ROM's data"), "\(code)")
    let own = try own()
    #expect(says("\(own),\(own),\(own)").contains("names 3 files, but the ESP32 has two cores"))
    #expect(says(try file("esp32.bin", image), "nodemcu").contains("the boot ROM has 458752 bytes, the ESP8266's has 65536"))
    #expect(says("/nowhere/rom.bin").contains("there is no file /nowhere/rom.bin"))
  }
}
