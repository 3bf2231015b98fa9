import ArgumentParser
import Boards

struct BoardsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "boards", abstract: "Lists the boards.")
  func run() throws {
    do {
      let all = try Catalog.boards(), width = (all.map(\.name.count).max() ?? 0) + 2
      for b in all {
        print("\(b.name.padding(toLength: width, withPad: " ", startingAt: 0))\(b.title), \(b.chip), \(b.flash.size >> 10) KiB of flash, MicroPython \(b.firmware)")
      }
    } catch { throw fail("\(error)", code: 2) }
  }
}
