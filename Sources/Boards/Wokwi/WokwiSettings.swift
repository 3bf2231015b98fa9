import Foundation
import TOMLKit

/// A `wokwi.toml`: which firmware a project runs, and the ports that it offers.
struct WokwiSettings {
  var firmware: String?, elf: String?, vcdFile: String?
  var gdbServerPort: Int?, rfc2217ServerPort: Int?
  private let lines: [Substring]

  /// - Throws: `BoardError` with file and line.
  init(reading bytes: [UInt8], named file: String) throws {
    let text = String(decoding: bytes, as: UTF8.self)
    lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    let table: TOMLTable
    do { table = try TOMLTable(string: text) } catch let e as TOMLParseError {
      throw BoardError("\(file):\(e.source.begin.line): this is not TOML: \(e.description.replacingOccurrences(of: "\n", with: " ")); mend the line")
    } catch { throw BoardError("\(file): this is not TOML: \(error)") }
    guard let wokwi = table["wokwi"]?.table else { throw BoardError("\(file):1: there is no section [wokwi]; begin with it, then version = 1") }
    guard wokwi["version"]?.int == 1 else { throw BoardError("\(file):\(line(of: "version")): the version has to be 1; write version = 1 under [wokwi]") }
    firmware = wokwi["firmware"]?.string
    elf = wokwi["elf"]?.string
    vcdFile = wokwi["vcdFile"]?.string
    gdbServerPort = wokwi["gdbServerPort"]?.int
    rfc2217ServerPort = wokwi["rfc2217ServerPort"]?.int
    for p in [gdbServerPort, rfc2217ServerPort].compactMap({ $0 }) where !(0...65535 ~= p) { throw BoardError("\(file): \(p) is no TCP port; use a number from 0 to 65535") }
  }
  /// The line on which a key stands.
  func line(of key: String) -> Int { (lines.firstIndex { $0.trimmingCharacters(in: .whitespaces).hasPrefix(key) } ?? 0) + 1 }
}
