import ArgumentParser
import Boards
import Foundation
import Images

struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "inspect", abstract: "Says what an image is: format, chip, segments, version.")
  @Argument(help: "A firmware file.") var file: String
  func run() throws {
    do {
      print(try ImageInspection(BoardLoader.read(file), name: file).text)
    } catch { throw fail("\(error)", code: 2) }
  }
}
