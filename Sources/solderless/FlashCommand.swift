import ArgumentParser
import Boards
import Foundation
import Frontend
import Images

struct FlashCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "flash", abstract: "Copies a UF2 file to a board's BOOTSEL drive, as one does by hand, and keeps the flash.",
    discussion: """
      The board starts with BOOTSEL held, shows itself as the drive RPI-RP2, takes the file and starts it.

      solderless flash pico firmware.uf2               keeps the flash in pico.bin
      solderless run pico --flash pico.bin
      """)
  @Argument(help: "A board.") var board: String
  @Argument(help: "A UF2 file, or a version such as 1.24.1.") var file: String
  @Option(name: .customLong("flash"), help: "The file that keeps the flash, made when absent; the board's name with .bin without.") var kept: String?
  @Option(help: "A boot ROM image to use.") var rom: String?

  func run() throws {
    let name = board, flash = kept ?? name + ".bin"
    do {
      var store = try FirmwareStore()
      store.progress = say
      let there = FileManager.default.fileExists(atPath: file) || file.contains("/") || file.hasSuffix(".uf2")
      let bytes = there ? try BoardLoader.read(file) : [UInt8](try store.load(store.find(board: name, version: file)))
      let image = try FirmwareImage(reading: bytes, named: file, for: .rp2040)
      guard image.format == .uf2 else { throw BoardError("\(file) is \(image.format.rawValue), not UF2, which is all that the drive takes; \"solderless run \(name) --firmware \(file) --flash \(flash)\" takes it") }
      guard let board = try BoardLoader(store: store).bare(name, flash: flash, rom: rom) as? PicoBoard else { throw BoardError("\(name) has no BOOTSEL drive; \"solderless run \(name) --firmware \(file) --flash \(flash)\" takes the file") }
      let copy = UF2Copy(board: board)
      let shows = isatty(2) == 1
      copy.onProgress = { part in if shows { FileHandle.standardError.write(Data("\r\(file): \(Int(part * 100)) %".utf8)) } }
      let result = try copy.copy(bytes)
      if shows { say("") }
      do { try Data(board.flash.contents).write(to: URL(fileURLWithPath: flash), options: .atomic) } catch { throw BoardError("\(flash) cannot be written: \(error.localizedDescription)") }
      say("\(result.label) took \(file) and started it\(result.vendor == 0 ? "" : "; it shows itself as USB device \(String(result.vendor, radix: 16)):\(String(format: "%04x", result.product))"); \(flash) keeps it")
    } catch { throw fail("\(error)") }
  }
}
