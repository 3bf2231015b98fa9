import Foundation
import Images

/// `flasher_args.json`, which a build for an ESP chip leaves beside its images: what goes where in the flash.
struct FlasherArguments {
  let name: String
  let chip: ChipFamily
  /// In bytes; nil when the flash is to tell.
  let flashSize: Int?
  let files: [ESPFlashFile]

  /// - Parameter path: such a file, or a folder with one and no diagram; nil comes back for others.
  init?(at path: String) throws {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue || path.hasSuffix(".json") else { return nil }
    let folder = isFolder.boolValue ? (path.hasSuffix("/") ? path : path + "/") : path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: folder + name) }
    if isFolder.boolValue, !exists("flasher_args.json") || exists("diagram.json") || exists("wokwi.toml") { return nil }
    let file = isFolder.boolValue ? folder + "flasher_args.json" : path
    guard let entries = try JSONValue.read(BoardLoader.read(file), named: file).object, let places = entries["flash_files"] else { return nil }
    guard let places = places.object, !places.isEmpty else { throw BoardError("\(file): \"flash_files\" names no file; write { \"0x1000\": \"bootloader.bin\" }") }
    files = try places.map { key, value in
      guard let offset = key.lowercased().hasPrefix("0x") ? UInt32(key.dropFirst(2), radix: 16) : UInt32(key) else { throw BoardError("\(file): the offset \"\(key)\" is not understood; write it as 0x10000") }
      guard let image = value.text else { throw BoardError("\(file): there is no file name at \"\(key)\"; write { \"\(key)\": \"application.bin\" }") }
      let beside = image.hasPrefix("/") ? image : folder + image
      guard FileManager.default.fileExists(atPath: beside) else { throw BoardError("\(file): there is no file \(beside); build it, or mend the name at \"\(key)\"") }
      return ESPFlashFile(name: beside, offset: offset, bytes: try BoardLoader.read(beside))
    }.sorted { $0.offset < $1.offset }
    if let said = entries["extra_esptool_args"]?.object?["chip"]?.text {
      guard let c = ChipFamily.allCases.first(where: { $0.rawValue.lowercased().filter { $0 != "-" } == said.lowercased() }) else { throw BoardError("\(file) is for the chip \(said), which no board here has; \"solderless boards\" lists all") }
      chip = c
    } else {
      guard let c = files.lazy.compactMap({ ESPFlashFile.chip(of: $0.bytes) }).first else { throw BoardError("\(file): none of its files is an image of an ESP chip; add the boot loader and the application") }
      chip = c
    }
    // 2MB, 512KB; "detect" and "keep" say nothing.
    let size = entries["flash_settings"]?.object?["flash_size"]?.text?.uppercased() ?? ""
    let number = Int(size.prefix { $0.isNumber }) ?? 0
    flashSize = 1...65536 ~= number ? size.hasSuffix("MB") ? number << 20 : size.hasSuffix("KB") ? number << 10 : nil : nil
    name = file
  }
  /// Fills the board's flash. - Returns: remarks.
  /// - Throws: what is wrong with chip, offset or size.
  func load(into board: Board) throws -> [String] {
    guard chip.rawValue == board.description.chip else { throw BoardError("\(name) is for \(chip.rawValue), not for the board's \(board.description.chip); choose another board") }
    if let flashSize, flashSize > board.flash.size { throw BoardError("\(name) is for \(flashSize >> 10) KiB of flash, but the board has \(board.flash.size >> 10) KiB; set the flash size in the build's configuration") }
    let warnings = try ESPFlashFile.check(files, chip: chip, flashSize: board.flash.size)
    for f in files { board.flash.load(f.bytes, at: Int(f.offset)) }
    return warnings + (chip == .esp8266 ? [] : ESPFlash.faults(in: board.flash.contents, chip: chip, name: name, revision: board.chipRevision))
  }
}
