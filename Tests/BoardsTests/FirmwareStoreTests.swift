import Foundation
import Testing

@testable import Boards

/// A store over a manifest of one image, in folders of its own.
private struct Place {
  let root = FileManager.default.temporaryDirectory.appendingPathComponent("store-\(UUID().uuidString)")
  let bytes = Data((0..<1000).map { UInt8(truncatingIfNeeded: $0) })

  init() throws {
    for folder in ["ROMs", "cache/solderless", "firmware/deep/er"] {
      try FileManager.default.createDirectory(at: root.appendingPathComponent(folder), withIntermediateDirectories: true)
    }
    let manifest = "{ images: [ /* JSON5 */ { board: 'pico', version: '1', file: 'a.uf2', size: 1000, sha256: '\(FirmwareStore.hash(bytes))', }, ] }"
    try Data(manifest.utf8).write(to: root.appendingPathComponent("ROMs/firmware.json5"))
  }
  func store() throws -> FirmwareStore {
    try FirmwareStore(environment: [
      "SOLDERLESS_HOME": root.path, "XDG_CACHE_HOME": root.appendingPathComponent("cache").path,
      "SOLDERLESS_FIRMWARE": root.appendingPathComponent("absent").path + ":" + root.appendingPathComponent("firmware").path,
    ])
  }
  func remove() { try? FileManager.default.removeItem(at: root) }
}

@Test("a file with the right hash is found at any depth, whatever its name")
func storeFolder() throws {
  let place = try Place()
  defer { place.remove() }
  try place.bytes.write(to: place.root.appendingPathComponent("firmware/deep/er/renamed"))
  let store = try place.store()
  #expect(try store.load(store.find(board: "pico", version: "1")) == place.bytes)
}

@Test("a member of a ZIP archive is found; a broken archive beside it does no harm")
func storeArchive() throws {
  let place = try Place()
  defer { place.remove() }
  let folder = place.root.appendingPathComponent("firmware/deep")
  try Data("no archive".utf8).write(to: folder.appendingPathComponent("a.zip"))
  try place.bytes.write(to: place.root.appendingPathComponent("member"))
  let zip = Process()
  zip.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  zip.arguments = ["python3", "-m", "zipfile", "-c", folder.appendingPathComponent("b.zip").path, place.root.appendingPathComponent("member").path]
  try zip.run()
  zip.waitUntilExit()
  let store = try place.store()
  #expect(try store.load(store.find(board: "pico", version: "1")) == place.bytes)
}

@Test("bytes whose hash differs are never used, from the cache or a folder, and the error says where was looked")
func storeHash() throws {
  let place = try Place()
  defer { place.remove() }
  let store = try place.store()
  let image = try store.find(board: "pico", version: "1")
  var wrong = place.bytes
  wrong[5] ^= 1
  try wrong.write(to: store.cache.appendingPathComponent(image.sha256))
  try wrong.write(to: place.root.appendingPathComponent("firmware/a.uf2"))
  #expect { try store.load(image) } throws: { "\($0)".contains("a.uf2 was not found (tried the cache") }
}
