import Foundation
import Images

/// Puts a board together from what a user names: a board of the catalog, or a firmware file.
public struct BoardLoader: Sendable {
  public let store: FirmwareStore
  public init(store: FirmwareStore) { self.store = store }

  public struct Loaded {
    /// Its flash is filled; it is not yet powered.
    public let board: Board
    /// For the user.
    public var remarks: [String]
    /// The folder with a diagram that it came from.
    public var project: DiagramProject?
  }
  /// - Parameters:
  ///   - subject: a board's name, a firmware file, a build's `flasher_args.json`, a diagram, a `wokwi.toml` or the folder of one; nil: the Pico.
  ///   - firmware: a file, a build's `flasher_args.json` or its folder, a version, or `none`, which leaves the flash erased; nil: the board's own default.
  ///   - flash: a file that keeps the flash; when it is there, only a firmware that is named goes over it.
  ///   - rom: the vendor's boot ROM image, or for cores with an image each those, apart by commas; nil: our own.
  ///   - psram: bytes of RAM beside the flash, instead of what the board has.
  ///   - other: a board to set it beside, in one machine.
  public func load(_ subject: String?, firmware: String?, flash: String? = nil, rom: String?, psram: Int? = nil, beside other: Board? = nil) throws -> Loaded {
    var chosen = firmware, project: DiagramProject?
    var description: BoardDescription
    var isFolder: ObjCBool = false
    if let board = try Catalog.boards().first(where: { $0.name == subject }) {
      // A folder of that name is "pico/".
      description = board
    } else if let s = subject, let build = try FlasherArguments(at: s) {
      guard firmware == nil else { throw BoardError("\(build.name) names firmware already; give it or --firmware, not both") }
      description = try Catalog.board(for: build.chip)
      chosen = s
    } else if let s = subject, FileManager.default.fileExists(atPath: s, isDirectory: &isFolder), isFolder.boolValue || s.hasSuffix(".json") || s.hasSuffix(".toml") {
      let p = try DiagramProject(at: s)
      description = p.description
      chosen = firmware ?? p.firmware
      project = p
    } else if let s = subject, FileManager.default.fileExists(atPath: s) {
      guard firmware == nil else { throw BoardError("\(s) is a firmware file already; give it or --firmware, not both") }
      description = try Catalog.board(for: try FirmwareImage(reading: Self.read(s), named: s).chip)
      chosen = s
    } else if let s = subject, s.contains("/") || [".uf2", ".hex", ".bin", ".elf", ".json", ".toml"].contains(where: s.hasSuffix) {
      throw BoardError("there is no file \(s); check the path")
    } else {
      description = try Catalog.board(named: subject ?? "pico")
    }
    let name = description.name
    if let psram { description.psram = psram > 0 ? BoardDescription.Flash(size: psram) : nil }
    let board = try Catalog.make(description, beside: other)
    if let psram, board.psramSize != psram { throw BoardError("the \(description.chip) of \(name) can have no PSRAM here; leave --psram out, or choose a board with an ESP32") }
    if let other { board.place(beside: other) }
    let version = chosen ?? description.firmware
    var remarks: [String] = []
    let isKept = flash.map { FileManager.default.fileExists(atPath: $0) } ?? false
    if let flash, isKept { try keep(flash, in: board) }
    if chosen == "none" || isKept && chosen == nil {
      // Erased, or the file has its firmware.
    } else if let chosen, let build = try FlasherArguments(at: chosen) {
      remarks = try build.load(into: board)
    } else if chosen != nil, FileManager.default.fileExists(atPath: version) || version.contains("/") {
      remarks = try board.load(firmware: Self.read(version), name: version)
    } else {
      let images = description.images ?? name
      let wanted = try store.find(board: images, version: version)
      // The default may be out of reach where a package of another version is not.
      let others = chosen == nil ? store.images.filter { $0.board == images && $0.pypi != nil && $0 != wanted && !$0.file.hasSuffix(".elf") && $0.version.first?.isNumber == true }.reversed() : []
      var image = wanted, data: Data
      do { data = try store.load(wanted) } catch {
        guard let other = others.first(where: { (try? store.load($0)) != nil }) else { throw error }
        image = other
        data = try store.load(other)
      }
      remarks = try board.load(firmware: [UInt8](data), name: image.file)
      if image != wanted { remarks.append("\(wanted.file) could not be had, so this is \(image.version)") }
    }
    remarks += try loadROM(rom, into: board)
    if let project {
      board.layout.boardID = project.boardID
      remarks += try board.furnish(with: project.diagram)
      if !isKept, !project.files.isEmpty, var files = try? BoardFiles(flash: board.flash.contents) {
        for f in project.files { try files.put(f) }
        board.flash.load(try files.flash())
      }
    }
    return Loaded(board: board, remarks: remarks, project: project)
  }
  /// A board without firmware: its flash is what the file `flash` keeps, or erased.
  public func bare(_ name: String, flash: String?, rom: String?) throws -> Board {
    let board = try Catalog.make(Catalog.board(named: name))
    if let flash, FileManager.default.fileExists(atPath: flash) { try keep(flash, in: board) }
    _ = try loadROM(rom, into: board)
    return board
  }
  /// - Returns: remarks.
  private func loadROM(_ rom: String?, into board: Board) throws -> [String] {
    guard board.hasBootROM else {
      if rom != nil { throw BoardError("the \(board.description.chip) has no boot ROM; leave --rom out") }
      return []
    }
    if let rom {
      guard let board = board as? ESP32Board else {
        try board.load(rom: Self.read(rom))
        return []
      }
      let files = Self.cores(of: rom)
      guard files.count < 3 else { throw BoardError("--rom \(rom) names \(files.count) files, but the ESP32 has two cores; name one image, or that of PRO and that of APP with a comma between them") }
      let images = try files.map(Self.read)
      // The two one behind the other in one file.
      if files.count == 1, images[0].count > board.chip.roms[0].size, images[0].count % 2 == 0 {
        try board.load(rom: images[0])
        return []
      }
      for (file, image) in zip(files, images) { try board.check(rom: image, name: file) }
      board.chip.load(rom: images[0], app: images[files.count - 1])
      return files.count == 1 && images[0] != (try? Self.read(ownROM(for: board))) ? ["both cores start from \(files[0]); where the vendor has an image for each, as esp32-v3-rom.bin and esp32-v3-rom-app.bin, name the two with a comma between them, or the second core will not start"] : []
    }
    try board.load(rom: Self.read(ownROM(for: board)), own: true)
    return []
  }
  private func ownROM(for board: Board) throws -> String { try Installation.home().appendingPathComponent("ROMs/\(board.description.chip.lowercased().filter { $0 != "-" })/bootrom.bin").path }
  /// The images that `rom` names: one, or two apart by a comma, or one with that of the other core beside it (`-app` before the dot).
  private static func cores(of rom: String) -> [String] {
    func isThere(_ file: String) -> Bool { FileManager.default.fileExists(atPath: file) }
    guard isThere(rom) else { return rom.split(separator: ",").map(String.init) }
    let url = URL(fileURLWithPath: rom), name = url.deletingPathExtension().lastPathComponent
    func beside(_ name: String) -> String { url.deletingLastPathComponent().appendingPathComponent(name).appendingPathExtension(url.pathExtension).path }
    if name.hasSuffix("-app"), isThere(beside(String(name.dropLast(4)))) { return [beside(String(name.dropLast(4))), rom] }
    return isThere(beside(name + "-app")) ? [rom, beside(name + "-app")] : [rom]
  }
  private func keep(_ flash: String, in board: Board) throws {
    let kept = try Self.read(flash)
    guard kept.count == board.flash.size else {
      throw BoardError("\(flash) has \(kept.count) bytes, but the board's flash has \(board.flash.size); it was left as it is, name another file")
    }
    board.flash.load(kept)
  }
  /// A file's bytes; 64 MiB at most.
  public static func read(_ path: String) throws -> [UInt8] {
    var folder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &folder) else { throw BoardError("there is no file \(path); check the path") }
    guard !folder.boolValue else { throw BoardError("\(path) is a folder; name the file in it") }
    guard let size = try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int, size <= 64 << 20 else { throw BoardError("\(path) is larger than 64 MiB, so it is no firmware") }
    guard let data = FileManager.default.contents(atPath: path) else { throw BoardError("\(path) cannot be read; check its permissions") }
    return [UInt8](data)
  }
}
