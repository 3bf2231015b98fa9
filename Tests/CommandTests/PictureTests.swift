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
  /// The GIF's frames, as ImageMagick puts them together, against the PNG files of the same instants.
  @Test(.enabled(if: firmware != nil && FileManager.default.isExecutableFile(atPath: "/usr/bin/compare"))) func aGIFShowsWhatTheFramesDo() throws {
    let folder = try Folder()
    defer { folder.remove() }
    func tool(_ name: String, _ arguments: [String]) throws -> String {
      let r = try Self.run(arguments, tool: URL(fileURLWithPath: "/usr/bin/\(name)"))
      return r.out + r.err
    }
    func path(_ name: String) -> String { folder.url.appendingPathComponent(name).path }
    // A strip in all colours of the rainbow needs more than a palette has; the lamp stays off for three frames.
    let code = "import machine, neopixel, time\nn = neopixel.NeoPixel(machine.Pin(0), 30)\nfor k in range(4):\n    for i in range(30): n[i] = (i * 8, 255 - i * 8, k * 60)\n    n.write()\n    time.sleep_ms(100)\ntime.sleep_ms(300)"
    for target in ["a.gif", "frames"] {
      let r = try Self.run(["run", "pico", "--part", "s=wokwi-led-strip,pixels=30", "--wire", "GP0-s:DIN", "--exec", code, "--record", path(target), "--rate", "10"])
      #expect(r.code == 0, "\(r.err)")
    }
    let frames = try FileManager.default.contentsOfDirectory(atPath: path("frames")).sorted()
    let listed = try tool("identify", ["-format", "%T %W %H\n", path("a.gif")]).split(separator: "\n").map { $0.split(separator: " ").compactMap { Int($0) } }
    // Frames that show the same are one; together they last as long as all.
    #expect(listed.count >= 5 && listed.count < frames.count)
    #expect(listed.reduce(0) { $0 + ($1.first ?? 0) } == frames.count * 10)
    _ = try tool("convert", [path("a.gif"), "-coalesce", path("part-%d.png")])
    var at = 0
    for (n, frame) in listed.enumerated() {
      let file = path("frames/\(frames[at])")
      // Root of the mean square, as a share of the whole range; the frames are drawn at 3, the GIF at 2.
      let text = try tool("compare", ["-metric", "RMSE", path("part-\(n).png"), "(", file, "-resize", "\(frame[1])x\(frame[2])!", ")", "null:"])
      let share = text.split(separator: "(").last.flatMap { Double($0.prefix { $0 != ")" }) } ?? 1
      #expect(share < 0.04, "frame \(n): \(text)")
      at += frame[0] / 10
    }
    try Self.refuses(["run", "pico", "--record", "/no/such/a.gif", "--time-limit", "0.1"], "/no/such/a.gif", "cannot be written")
    try Self.refuses(["run", "pico", "--record", path("b.gif"), "--rate", "100", "--time-limit", "0.1"], "50 frames")
  }
  @Test(.enabled(if: firmware != nil)) func picturesThatCannotBeWrittenAreASentence() throws {
    try Self.refuses(["run", "pico", "--screenshot", "/no/such/folder/a.png", "--at", "0.01"], code: 1, "/no/such/folder/a.png", "cannot be written")
    try Self.refuses(["run", "pico", "--record", "/dev/null/frames", "--time-limit", "0.1"], "/dev/null/frames")
    for wrong in [["--at", "1"], ["--screenshot", "a.png", "--at", "-1"], ["--record", "x", "--rate", "0"], ["--window", "--headless"]] { #expect(try Self.run(["run", "pico"] + wrong).code == 2, "\(wrong)") }
  }
}
