import Foundation
import Testing

/// `--screenshot` and `--record`: pictures of exact virtual instants, without a display.
extension CommandTests {
  static let blink = "from machine import Pin, PWM\nimport time\np = PWM(Pin(25))\np.freq(1000)\np.duty_u16(20000)\ntime.sleep(0.2)"

  @Test(.enabled(if: firmware != nil)) func picturesOfTheSameInstantAreTheSameFile() throws {
    let folder = try Folder()
    defer { folder.remove() }
    let files = ["a", "b", "c"].map { folder.url.appendingPathComponent("\($0).png").path }
    for (file, speed) in zip(files, ["max", "4", "max"]) {
      let r = try Self.run(["run", "pico", "--headless", "--exec", Self.blink, "--speed", speed, "--screenshot", file, "--at", file == files[2] ? "0.1" : "1.5"])
      #expect(r.code == 0, "\(r.err)")
    }
    let pictures = files.map { FileManager.default.contents(atPath: $0) ?? Data() }
    #expect(pictures[0].prefix(4) == Data([0x89, 0x50, 0x4E, 0x47]))
    #expect(pictures[0] == pictures[1])
    #expect(pictures[0] != pictures[2])
  }
  @Test(.enabled(if: firmware != nil)) func withoutAnInstantThePictureIsOfTheEnd() throws {
    let folder = try Folder()
    defer { folder.remove() }
    let lit = folder.url.appendingPathComponent("lit.png").path, dark = folder.url.appendingPathComponent("dark.png").path
    for (file, code) in [(lit, Self.blink), (dark, "pass")] { #expect(try Self.run(["run", "pico", "--exec", code, "--screenshot", file]).code == 0) }
    #expect(FileManager.default.contents(atPath: lit) != FileManager.default.contents(atPath: dark))
  }
  @Test(.enabled(if: firmware != nil)) func aRunWithAnInstantEndsWithIt() throws {
    let folder = try Folder()
    defer { folder.remove() }
    let file = folder.url.appendingPathComponent("a.png").path
    let r = try Self.run(["run", "pico", "--screenshot", file, "--at", "0.25", "--stats", "-"])
    #expect(r.code == 0)
    #expect(r.err.contains("\"virtual_seconds\": 0.25,"), "\(r.err)")
  }
  @Test(.enabled(if: firmware != nil)) func aRecordingHasAFilePerFrame() throws {
    let folder = try Folder()
    defer { folder.remove() }
    let frames = folder.url.appendingPathComponent("frames").path
    let r = try Self.run(["run", "pico", "--time-limit", "0.5", "--record", frames, "--rate", "10"])
    #expect(r.code == 124, "\(r.err)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: frames).sorted() == (0..<5).map { "frame-00000\($0).png" })
  }
  @Test(.enabled(if: firmware != nil)) func picturesThatCannotBeWrittenAreASentence() throws {
    try Self.refuses(["run", "pico", "--screenshot", "/no/such/folder/a.png", "--at", "0.01"], "/no/such/folder/a.png", "cannot be written")
    try Self.refuses(["run", "pico", "--record", "/dev/null/frames", "--time-limit", "0.1"], "/dev/null/frames")
    for wrong in [["--at", "1"], ["--screenshot", "a.png", "--at", "-1"], ["--record", "x", "--rate", "0"], ["--window", "--headless"]] { #expect(try Self.run(["run", "pico"] + wrong).code == 2, "\(wrong)") }
  }
}
