import Foundation
import Testing

@testable import Images

/// Volumes written here and read by others' tools, and the other way round.
@Suite struct FileSystemTests {
  struct Random {
    var state: UInt64
    mutating func next(_ n: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % n
    }
    mutating func bytes(_ n: Int) -> [UInt8] { (0..<n).map { _ in UInt8(next(256)) } }
  }
  static func tree(_ seed: UInt64) throws -> FileTree {
    var r = Random(state: seed), t = FileTree()
    for i in 0..<(5 + r.next(40)) {
      let folders = (0..<r.next(4)).map { _ in ["lib", "Data folder", "a", "übung"][r.next(4)] }
      let size = [0, 1, 63, 64, 511, 512, 1022, 1023, 4095, 4096, 4097, 8184, 8185, 30000][r.next(14)]
      do { try t.put(r.bytes(size), at: folders + ["file number \(i).\(["py", "txt", "mpy"][r.next(3)])"]) } catch {}
    }
    try t.makeFolder(at: ["empty"])
    try t.put([1, 2, 3], at: ["SHORT.TXT"])
    return t
  }
  static func run(_ arguments: [String]) throws -> (status: Int32, output: String) {
    let p = Process(), pipe = Pipe()
    p.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    p.arguments = ["LC_ALL=C.UTF-8"] + arguments
    p.standardOutput = pipe
    p.standardError = FileHandle.nullDevice
    try p.run()
    let out = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    p.waitUntilExit()
    return (p.terminationStatus, out)
  }
  static let hasLittleFS = (try? run(["python3", "-c", "import littlefs"]).status) == 0
  static let hasMtools = (try? run(["mformat", "--version"]).status) == 0
  static func scratch() throws -> URL {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("solderless-fs-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
  }

  @Test(arguments: 1...20) func littleFSComesBackAsItWas(seed: UInt64) throws {
    let tree = try Self.tree(seed)
    for (size, version) in [(4096, UInt32(0x2_0000)), (512, 0x2_0001)] {
      let volume = try LittleFS.write(tree, blockSize: size, blockCount: (1408 << 10) / size, programSize: 256, version: version)
      #expect(try LittleFS.read(volume) == tree)
    }
  }
  /// The reference library reads ours; it changes files and folders, and we read that.
  @Test(.enabled(if: hasLittleFS), arguments: 1...6) func littleFSAgreesWithTheLibrary(seed: UInt64) throws {
    let folder = try Self.scratch(), tree = try Self.tree(seed), file = folder.appendingPathComponent("v.bin").path
    defer { try? FileManager.default.removeItem(at: folder) }
    try Data(LittleFS.write(tree, blockSize: 4096, blockCount: 352, programSize: 256)).write(to: URL(fileURLWithPath: file))
    let script = """
      import sys, hashlib
      from littlefs import LittleFS
      fs = LittleFS(block_size=4096, block_count=352, prog_size=256, read_size=32, mount=False)
      fs.context.buffer = bytearray(open(sys.argv[1], 'rb').read())
      fs.mount()
      for root, dirs, files in fs.walk('/'):
          for f in files:
              p = root.rstrip('/') + '/' + f
              print(p, hashlib.sha256(fs.open(p, 'rb').read()).hexdigest()[:8])
          for d in dirs: print(root.rstrip('/') + '/' + d)
      fs.remove('/SHORT.TXT')
      fs.mkdir('/new')
      for i in range(300):
          with fs.open('/new/%d' % (i % 90), 'w') as f: f.write('x' * (i * 17))
      fs.rename('/new/3', '/empty/moved')
      fs.setattr('/empty/moved', 't', b'12345678')
      open(sys.argv[1], 'wb').write(fs.context.buffer)
      """
    let (status, output) = try Self.run(["python3", "-c", script, file])
    #expect(status == 0)
    var paths = Set<String>()
    tree.walk { path, _ in paths.insert("/" + path.joined(separator: "/")) }
    let theirs = Set(output.split(separator: "\n").map { line in line.hasSuffix(" ") ? String(line) : String(line) })
    #expect(theirs.count == paths.count && paths.allSatisfy { p in theirs.contains { $0 == p || $0.hasPrefix(p + " ") } })
    let after = try LittleFS.read([UInt8](Data(contentsOf: URL(fileURLWithPath: file))))
    guard case .folder(let new)? = after[["new"]], case .file(let moved)? = after[["empty", "moved"]] else {
      Issue.record("what the library wrote is not there")
      return
    }
    #expect(new.entries.count == 89 && after[["SHORT.TXT"]] == nil && moved.contents.count == 273 * 17 && moved.attributes[UInt8(ascii: "t")] == Array("12345678".utf8))
    guard case .file(let last)? = new.entries["29"] else { return }
    #expect(last.contents == [UInt8](repeating: 0x78, count: 299 * 17))
  }
  @Test(.enabled(if: hasMtools), arguments: [("1024", 1), ("8192", 2), ("32768", 3)]) func fatAgreesWithMtools(kilobytes: String, seed: UInt64) throws {
    let folder = try Self.scratch(), file = folder.appendingPathComponent("v.img").path
    defer { try? FileManager.default.removeItem(at: folder) }
    let sectors = Int(kilobytes)! * 2
    try #require(try Self.run(["mformat", "-C", "-i", file, "-T", "\(sectors)", "-h", "1", "-s", "1", "-v", "BOARD", "::"]).status == 0)
    let tree = try Self.tree(seed + 100), empty = [UInt8](try Data(contentsOf: URL(fileURLWithPath: file)))
    #expect(try FAT.read(empty) == FileTree())
    let volume = try FAT.write(tree, over: empty)
    try Data(volume).write(to: URL(fileURLWithPath: file))
    #expect(try Self.run(["mdir", "-i", file, "::"]).output.contains("Volume in drive : is BOARD"))
    // All of it through mcopy, and back again.
    let out = folder.appendingPathComponent("out").path, back = folder.appendingPathComponent("back.img").path
    try FileManager.default.createDirectory(atPath: out, withIntermediateDirectories: true)
    #expect(try Self.run(["mcopy", "-i", file, "-s", "-n", "::*", out]).status == 0)
    try tree.walk { path, f in
      if let f { #expect(FileManager.default.contents(atPath: out + "/" + path.joined(separator: "/")).map { [UInt8]($0) } == f.contents, "\(path)") }
    }
    try #require(try Self.run(["mformat", "-C", "-i", back, "-T", "\(sectors)", "-h", "1", "-s", "1", "::"]).status == 0)
    #expect(try Self.run(["sh", "-c", "mcopy -i \(back) -s \(out)/* ::"]).status == 0)
    var theirs = try FAT.read([UInt8](Data(contentsOf: URL(fileURLWithPath: back)))), ours = try FAT.read(volume)
    Self.forgetTimes(&theirs)
    Self.forgetTimes(&ours)
    #expect(theirs == ours)
  }
  static func forgetTimes(_ t: inout FileTree) {
    t.stamp = 0
    for name in t.names {
      switch t.entries[name]! {
      case .file(var f):
        f.stamp = 0
        t.entries[name] = .file(f)
      case .folder(var inner):
        forgetTimes(&inner)
        t.entries[name] = .folder(inner)
      }
    }
  }
  @Test func whatDoesNotFitIsRefused() throws {
    var tree = FileTree()
    try tree.put([UInt8](repeating: 1, count: 300_000), at: ["big"])
    #expect(throws: FileSystemError.self) { try LittleFS.write(tree, blockSize: 4096, blockCount: 64, programSize: 256) }
    #expect(throws: FileSystemError.self) { try tree.put([], at: ["big", "inner"]) }
    #expect(throws: FileSystemError.self) { try tree.remove(["none"]) }
  }
  /// A volume made to write outside the folder that its files are copied to.
  @Test(arguments: ["../evil", "..", "a/b", "/etc/x", "nul\0l"]) func namesThatLeadOutAreNotTaken(name: String) throws {
    var tree = FileTree()
    tree.entries[name] = .file(FileTree.File(contents: [1]))
    let volume = try LittleFS.write(tree, blockSize: 4096, blockCount: 16, programSize: 256)
    #expect(throws: FileSystemError.self) { try LittleFS.read(volume) }
  }
  /// Damaged volumes are read or refused; nothing else happens.
  @Test func damagedVolumesAreSurvived() throws {
    var r = Random(state: 7)
    let tree = try Self.tree(3)
    let lfs = try LittleFS.write(tree, blockSize: 512, blockCount: 700, programSize: 64)
    var readable = 0
    for _ in 0..<400 {
      var bytes = lfs
      for _ in 0..<(1 + r.next(8)) { bytes[r.next(r.next(2) == 0 ? 4096 : bytes.count)] = UInt8(r.next(256)) }
      if r.next(4) == 0 { bytes = Array(bytes.prefix(r.next(bytes.count))) }
      if (try? LittleFS.read(bytes)) != nil { readable += 1 }
    }
    #expect(readable > 0 && readable < 400)
    // A FAT volume made by hand: 512 sectors.
    var boot = [UInt8](repeating: 0, count: 512 * 512)
    boot.replaceSubrange(0..<3, with: [0xEB, 0x3C, 0x90])
    boot[12] = 2
    boot[13] = 1
    boot[14] = 1
    boot[16] = 1
    boot[17] = 128
    boot[19] = 0
    boot[20] = 2
    boot[21] = 0xF8
    boot[22] = 2
    boot[510] = 0x55
    boot[511] = 0xAA
    var small = FileTree()
    try small.put(r.bytes(5000), at: ["a folder", "with a long name.txt"])
    let fat = try FAT.write(small, over: boot)
    var again = try FAT.read(fat)
    Self.forgetTimes(&again)
    #expect(again == small)
    for _ in 0..<2000 {
      var bytes = fat
      for _ in 0..<(1 + r.next(8)) { bytes[r.next(r.next(2) == 0 ? 64 : 8192)] = UInt8(r.next(256)) }
      if r.next(4) == 0 { bytes = Array(bytes.prefix(r.next(bytes.count))) }
      if let t = try? FAT.read(bytes) { _ = try? FAT.write(t, over: bytes) }
    }
  }
}
