import ArgumentParser
import Boards
import Foundation
import Images

struct FSCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fs", abstract: "Works on the files in a flash image, without starting the board.",
    discussion: """
      An image is what "solderless run pico --flash pico.bin" keeps. A board's name or a firmware file can be looked into too.

      solderless fs tree pico.bin
      solderless fs put pico.bin main.py lib/                 main.py, and the folder lib with all in it
      solderless fs put pico.bin settings.json:/lib/          into a folder of the board
      solderless fs get pico.bin /data.csv                    into this folder; a last argument names another place
      solderless fs rm pico.bin /old.py
      """, subcommands: [List.self, Get.self, Put.self, Remove.self, Tree.self])

  /// The flash of `subject`, and its file when that is a flash image that can be written.
  static func open(_ subject: String) throws -> (files: BoardFiles, file: String?) {
    if FileManager.default.fileExists(atPath: subject) {
      let bytes = try BoardLoader.read(subject)
      if bytes.count >= 1 << 18, bytes.count.nonzeroBitCount == 1, bytes.count <= 1 << 24 { return (try BoardFiles(flash: bytes), subject) }
    }
    var store = try FirmwareStore()
    store.progress = say
    return (try BoardFiles(flash: BoardLoader(store: store).load(subject, firmware: nil, rom: nil).board.flash.contents), nil)
  }
  static func save(_ files: BoardFiles, _ file: String?, _ subject: String) throws {
    guard let file else {
      throw BoardError("\(subject) has no flash image to write to; make one with \"solderless run \(subject) --flash pico.bin --until '>>>'\" and name pico.bin")
    }
    do { try Data(files.flash()).write(to: URL(fileURLWithPath: file), options: .atomic) } catch let e as FileSystemError { throw e } catch {
      throw BoardError("\(file) cannot be written: \(error.localizedDescription)")
    }
  }
  static func guarded(_ action: () throws -> Void) throws {
    do { try action() } catch { throw fail("\(error)") }
  }

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "ls", abstract: "Lists a folder: sizes and names.")
    @Argument(help: "A flash image, a board or a firmware file.") var image: String
    @Argument(help: "A folder or file of the board.") var path = "/"
    func run() throws {
      try guarded {
        let tree = try FSCommand.open(image).files.tree
        switch tree[FileTree.parts(path)] {
        case nil: throw BoardError("there is no \(path) on the board; \"solderless fs tree \(image)\" shows what there is")
        case .file(let f)?: print("\(String(repeating: " ", count: max(0, 12 - String(f.contents.count).count)))\(f.contents.count) \(path)")
        case .folder(let t)?:
          for name in t.names {
            if case .file(let f)? = t.entries[name] {
              print("\(String(repeating: " ", count: max(0, 12 - String(f.contents.count).count)))\(f.contents.count) \(name)")
            } else {
              print("           - \(name)/")
            }
          }
        }
      }
    }
  }
  struct Tree: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Shows all files, and where they are kept.")
    @Argument(help: "A flash image, a board or a firmware file.") var image: String
    func run() throws {
      try guarded {
        let files = try FSCommand.open(image).files, v = files.volume
        let kind = v.kind == .littleFS ? "littlefs" : v.kind == .fat ? "FAT" : "not formatted yet; the firmware does it at its first start, or \"put\""
        print("/  (\(kind), \(v.size >> 10) KiB at 0x\(String(0x1000_0000 + v.offset, radix: 16)))")
        func show(_ t: FileTree, _ indent: String) {
          for (i, name) in t.names.enumerated() {
            let last = i == t.names.count - 1, branch = indent + (last ? "└── " : "├── ")
            switch t.entries[name]! {
            case .file(let f): print("\(branch)\(name)  \(f.contents.count)")
            case .folder(let inner):
              print("\(branch)\(name)/")
              show(inner, indent + (last ? "    " : "│   "))
            }
          }
        }
        show(files.tree, "")
      }
    }
  }
  struct Get: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Copies a file or folder from the board.")
    @Argument(help: "A flash image, a board or a firmware file.") var image: String
    @Argument(help: "A file or folder of the board.") var path: String
    @Argument(help: "Where to; - for standard output.") var to = "."
    func run() throws {
      try guarded {
        let files = try FSCommand.open(image).files
        if to == "-" {
          guard case .file(let f)? = files.tree[FileTree.parts(path)] else { throw BoardError("there is no file \(path) on the board") }
          FileHandle.standardOutput.write(Data(f.contents))
        } else {
          for line in try files.get(path, to: to) { say(line) }
        }
      }
    }
  }
  struct Put: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Copies files and folders onto the board.")
    @Argument(help: "A flash image.") var image: String
    @Argument(help: ArgumentHelp("A file or folder, and where it goes.", valueName: "host[:board]")) var what: [String]
    func run() throws {
      try guarded {
        var (files, file) = try FSCommand.open(image)
        for w in what { try files.put(w) }
        try FSCommand.save(files, file, image)
      }
    }
  }
  struct Remove: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "rm", abstract: "Removes files and folders from the board.")
    @Argument(help: "A flash image.") var image: String
    @Argument(help: "Files or folders of the board.") var paths: [String]
    func run() throws {
      try guarded {
        var (files, file) = try FSCommand.open(image)
        for p in paths { try files.tree.remove(FileTree.parts(p)) }
        try FSCommand.save(files, file, image)
      }
    }
  }
}
