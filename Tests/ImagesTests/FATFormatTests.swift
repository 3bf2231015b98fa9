import Foundation
import Images
import Testing

@Suite struct FATFormatTests {
  @Test(arguments: [64 << 10, 1 << 20, 2 << 20, 4 << 20, 8 << 20, 40 << 20, 64 << 20]) func anEmptyVolumeTakesFiles(size: Int) throws {
    let empty = try FAT.format(size: size)
    #expect(empty.count == size)
    let g = try #require(FAT.Geometry(empty))
    #expect(g.sectors == size / 512 && g.is12 == (size <= 2 << 20))
    #expect(try FAT.read(empty).entries.isEmpty)
    var tree = FileTree()
    try tree.put(Array("hello".utf8), at: ["a.txt"])
    try tree.put([UInt8](repeating: 7, count: 5000), at: ["sub", "a long name.bin"])
    let full = try FAT.write(tree, over: empty)
    let back = try FAT.read(full)
    #expect(back.names == ["a.txt", "sub"])
    guard case .file(let f)? = back[["sub", "a long name.bin"]] else { return #expect(Bool(false), "no file") }
    #expect(f.contents == [UInt8](repeating: 7, count: 5000))
    // The checker of mtools, where it is installed, says that all is well.
    let mdir = "/usr/bin/mdir"
    guard FileManager.default.isExecutableFile(atPath: mdir) else { return }
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("fat-\(size)-\(ProcessInfo.processInfo.processIdentifier).img")
    try Data(full).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let p = Process(), out = Pipe()
    p.executableURL = URL(fileURLWithPath: mdir)
    p.arguments = ["-/", "-b", "-i", file.path, "::"]
    p.standardOutput = out
    try p.run()
    let text = String(decoding: out.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    p.waitUntilExit()
    #expect(p.terminationStatus == 0 && text.contains("a.txt") && text.contains("a long name.bin"), "\(text)")
  }
  @Test func oddSizesAreRefused() {
    for size in [0, 1000, 32 << 10, 3 << 30] { #expect(throws: FileSystemError.self) { try FAT.format(size: size) } }
  }
}
