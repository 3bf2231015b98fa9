import ArgumentParser
import Boards
import Foundation

struct FirmwareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "firmware", abstract: "Lists and fetches firmware.", subcommands: [List.self, Fetch.self, Path.self], defaultSubcommand: List.self)

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Lists what is known.")
    @Argument(help: "A board's name; all without.") var board: String?
    func run() throws {
      do {
        let store = try FirmwareStore(), name = try board.map { try Catalog.images(for: $0, in: store) }
        let images = store.images.filter { name == nil || $0.board == name }
        let widths = (images.map(\.board.count).max() ?? 0, images.map(\.version.count).max() ?? 0)
        for i in images {
          print("\(i.board.padding(toLength: widths.0 + 2, withPad: " ", startingAt: 0))\(i.version.padding(toLength: widths.1 + 2, withPad: " ", startingAt: 0))\(i.file)")
        }
      } catch { throw fail("\(error)", code: 2) }
    }
  }
  struct Fetch: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Brings an image into the cache and prints where it is.")
    @Argument(help: "A board's name.") var board: String
    @Argument(help: "A version.") var version: String
    func run() throws {
      do {
        var store = try FirmwareStore()
        store.progress = say
        let image = try store.find(board: Catalog.images(for: board, in: store), version: version)
        let data = try store.load(image), file = store.cache.appendingPathComponent(image.sha256)
        try FileManager.default.createDirectory(at: store.cache, withIntermediateDirectories: true)
        try data.write(to: file, options: .atomic)
        print(file.path)
      } catch { throw fail("\(error)") }
    }
  }
  struct Path: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Prints where a cached image is.")
    @Argument(help: "A board's name.") var board: String
    @Argument(help: "A version.") var version: String
    func run() throws {
      do {
        let store = try FirmwareStore()
        let image = try store.find(board: Catalog.images(for: board, in: store), version: version), file = store.cache.appendingPathComponent(image.sha256)
        guard FileManager.default.fileExists(atPath: file.path) else { throw BoardError("\(image.file) is not in the cache; \"solderless firmware fetch \(board) \(version)\" brings it") }
        print(file.path)
      } catch { throw fail("\(error)") }
    }
  }
}
