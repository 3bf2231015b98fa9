import ArgumentParser
import Boards
import Foundation
import Frontend

struct TestCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "test", abstract: "Plays scenarios: steps that press, wait, and look, each at its exact virtual time.",
    discussion: """
      solderless test blink.test.yaml                  the diagram is the one beside the file
      solderless test tests/*.yaml --jobs 4 --junit report.xml

      A scenario:

        name: The button lights the lamp
        version: 1
        steps:
          - wait-serial: "ready"
          - set-control: { part-id: btn1, control: pressed, value: 1 }
          - delay: 200ms
          - expect-pin: { part-id: led1, pin: A, value: 1 }

      Steps: delay, wait-serial, write-serial, set-control, set, expect-pin, wait-pin, expect-frequency, expect-duty,
      expect-display-text, take-screenshot, touch, touch-press, touch-move, touch-release. Above the steps may stand
      board or diagram, firmware, script and timeout. Exit code 0: all passed; 1: one failed; 2: a file is wrong; 42: out of time.
      """)
  @Argument(help: "Scenarios.") var files: [String]
  @Option(help: "A board, a diagram or its folder; instead of the diagram beside the scenario.") var diagram: String?
  @Option(help: "Firmware: a file, or a version.") var firmware: String?
  @Option(help: "A boot ROM image to use.") var rom: String?
  @Option(help: "What clocks among the parts begin with, such as 2024-05-31T12:34:56; otherwise 2024-01-01T00:00:00.") var date: String?
  @Option(help: "Virtual milliseconds that a scenario may take.") var timeout: Double?
  @Option(help: "The exit code when time runs out.") var timeoutExitCode: Int32 = 42
  @Option(help: "Writes the results as JUnit's XML.") var junit: String?
  @Option(help: "Scenarios at the same time, each in a process of its own.") var jobs = 1
  @Flag(name: .shortAndLong, help: "Only failures are told.") var quiet = false
  @Option(help: .hidden) var result: String?

  func validate() throws {
    guard !files.isEmpty else { throw ValidationError("name a scenario.") }
    guard 1...256 ~= jobs else { throw ValidationError("--jobs needs a number from 1 to 256.") }
    if let t = timeout, !(t > 0) || t > 1e9 { throw ValidationError("--timeout needs a number of milliseconds above 0.") }
  }
  func run() throws {
    var cases: [TestReport.Case] = []
    do {
      cases = jobs > 1 && files.count > 1 ? try parallel() : try files.map(play)
    } catch let e as ExitCode { throw e } catch { throw fail("\(error)", code: 2) }
    if let result { try? JSONEncoder().encode(TestReport(cases)).write(to: URL(fileURLWithPath: result)) }
    if let junit {
      do { try Data(TestReport(cases).junit.utf8).write(to: URL(fileURLWithPath: junit)) } catch { throw fail("\(junit) cannot be written: \(error.localizedDescription)") }
    }
    let failed = cases.filter { $0.failure != nil }
    if result == nil { say("\(cases.count - failed.count) passed, \(failed.count) failed") }
    if failed.contains(where: { !$0.isTimeout }) { throw ExitCode(1) }
    if !failed.isEmpty { throw ExitCode(timeoutExitCode) }
  }
  private func play(_ file: String) throws -> TestReport.Case {
    let scenario = try Scenario(reading: BoardLoader.read(file), named: file)
    let folder = URL(fileURLWithPath: file).deletingLastPathComponent()
    func beside(_ path: String) -> String {
      let there = folder.appendingPathComponent(path).path
      return path.hasPrefix("/") || !FileManager.default.fileExists(atPath: there) ? path : there
    }
    var subject = diagram ?? scenario.subject.map(beside)
    if subject == nil { subject = ["diagram.json", "wokwi.toml"].map { folder.appendingPathComponent($0).path }.first { FileManager.default.fileExists(atPath: $0) } }
    guard let subject else { throw SessionError("\(file):1: there is no diagram.json beside it; write board: pico or diagram: FILE, or give --diagram") }
    var store = try FirmwareStore()
    store.progress = say
    let loaded = try BoardLoader(store: store).load(subject, firmware: firmware ?? scenario.firmware.map(beside), rom: rom)
    for r in try loaded.remarks + loaded.board.setClocks(to: date) { say("note: \(r)") }
    let code = try scenario.script.map { String(decoding: try BoardLoader.read(beside($0)), as: UTF8.self) }
    let run = ScenarioRun(scenario, board: loaded.board, folder: folder, timeout: timeout ?? scenario.timeout ?? 30_000, code: code)
    var serial: [UInt8] = []
    run.onSerial = { if serial.count < 1 << 20 { serial.append($0) } }
    if !quiet { run.onStep = { print($0) } }
    let start = Date(), outcome = run.run()
    var failure: String?, late = false
    switch outcome {
    case .passed: if !quiet { print("\(file): passed") }
    case .failed(let line, let why): failure = "\(file):\(line): \(why)"
    case .timedOut(let line, let why):
      failure = "\(file):\(line): \(why)"
      late = true
    }
    if let failure { say(failure) }
    return TestReport.Case(
      file: file, name: scenario.name, failure: failure, isTimeout: late, virtualMilliseconds: Double(loaded.board.machine.now) / 1e9, hostSeconds: Date().timeIntervalSince(start),
      serial: String(decoding: serial, as: UTF8.self))
  }
  /// Each scenario in a process of its own, some at a time.
  private func parallel() throws -> [TestReport.Case] {
    guard let program = Bundle.main.executableURL else { return try files.map(play) }
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("solderless-\(ProcessInfo.processInfo.globallyUniqueString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    var waiting = Array(files.enumerated()), running: [(n: Int, process: Process, log: URL)] = []
    var cases = [TestReport.Case?](repeating: nil, count: files.count), wrong: Int32 = 0
    while !waiting.isEmpty || !running.isEmpty {
      while running.count < jobs, !waiting.isEmpty {
        let (n, file) = waiting.removeFirst(), p = Process(), log = folder.appendingPathComponent("\(n).log")
        p.executableURL = program
        p.arguments = ["test", file, "--result", folder.appendingPathComponent("\(n).json").path] + (quiet ? ["--quiet"] : [])
        for (name, value) in [("diagram", diagram), ("firmware", firmware), ("rom", rom), ("date", date), ("timeout", timeout.map { "\($0)" })] { if let value { p.arguments! += ["--\(name)", value] } }
        _ = FileManager.default.createFile(atPath: log.path, contents: nil)
        let handle = try FileHandle(forWritingTo: log)
        p.standardOutput = handle
        p.standardError = handle
        try p.run()
        running.append((n, p, log))
      }
      Thread.sleep(forTimeInterval: 0.01)
      for r in running where !r.process.isRunning {
        if let d = FileManager.default.contents(atPath: r.log.path), !d.isEmpty { FileHandle.standardOutput.write(d) }
        if let d = FileManager.default.contents(atPath: folder.appendingPathComponent("\(r.n).json").path), let report = try? JSONDecoder().decode(TestReport.self, from: d) {
          cases[r.n] = report.cases.first
        } else {
          wrong = max(wrong, r.process.terminationStatus)
        }
      }
      running.removeAll { !$0.process.isRunning }
    }
    if wrong != 0 { throw ExitCode(wrong) }
    return cases.compactMap { $0 }
  }
}
