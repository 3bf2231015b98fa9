import Foundation

/// The program that was built with the tests.
public let solderlessBinary: URL = {
  var folder = URL(fileURLWithPath: (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]).deletingLastPathComponent()
  while folder.path != "/" {
    let file = folder.appendingPathComponent("solderless")
    if FileManager.default.isExecutableFile(atPath: file.path), !file.path.hasSuffix("Sources/solderless") { return file }
    folder.deleteLastPathComponent()
  }
  return folder
}()
