import ArgumentParser
import Boards

struct BoardsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "boards", abstract: "Lists the boards.")
  func run() throws {
    do {
      for b in try Catalog.boards() {
        print("\(b.name.padding(toLength: 12, withPad: " ", startingAt: 0))\(b.title), \(b.chip), \(b.flash.size >> 10) KiB of flash, MicroPython \(b.firmware)")
      }
    } catch { throw fail("\(error)") }
  }
}
