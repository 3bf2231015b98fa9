import Foundation

/// Where the project's own files are: board descriptions and the manifest of firmware.
public enum Installation {
  /// The folder that holds `ROMs/firmware.json5`: `SOLDERLESS_HOME`, or above the executable, or above the current folder.
  public static func home(environment: [String: String] = ProcessInfo.processInfo.environment) throws -> URL {
    var starts: [URL] = []
    if let h = environment["SOLDERLESS_HOME"] { starts.append(URL(fileURLWithPath: h)) }
    if let executable = Bundle.main.executableURL { starts.append(executable.resolvingSymlinksInPath().deletingLastPathComponent()) }
    starts.append(URL(fileURLWithPath: FileManager.default.currentDirectoryPath))
    for start in starts {
      var folder = start.standardizedFileURL
      for _ in 0..<8 {
        if FileManager.default.fileExists(atPath: folder.appendingPathComponent("ROMs/firmware.json5").path) { return folder }
        folder.deleteLastPathComponent()
      }
    }
    throw BoardError("the folder with ROMs/firmware.json5 was not found; set SOLDERLESS_HOME to the project's folder")
  }
}

/// Something that cannot be done, in a sentence with the mend.
public struct BoardError: Error, CustomStringConvertible, Equatable {
  public let description: String
  public init(_ description: String) { self.description = description }
}
