import ArgumentParser
import Boards
import Foundation
import Frontend
import Images
import Machine

struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Boots a board in a window, or with its console on this terminal.",
    discussion: """
      solderless run pico                              MicroPython's prompt; Ctrl-] quits
      solderless run pico --exec "print(6*7)"          runs code and prints its output
      solderless run my.uf2 --until "ready" --time-limit 10
      solderless run pico --serial pty:/tmp/pico       a serial port for mpremote and others
      solderless run project/diagram.json              a Wokwi project, as it is
      solderless run pico --serial tcp:4000            the same on TCP: mpremote connect socket://localhost:4000
      """)
  @Argument(help: "A board (see \"solderless boards\"), a firmware file, a build's flasher_args.json, or a Wokwi project: its folder, diagram.json or wokwi.toml.") var subject: String?
  @Option(help: "Firmware: a file, a build's flasher_args.json, a version such as 1.24.1, or none: the flash stays erased.") var firmware: String?
  @Option(help: "Python code to run through the raw REPL.") var exec: String?
  @Option(help: "A Python file to run through the raw REPL.") var script: String?
  @Option(help: "Stop with exit code 0 as soon as the console has printed this text.") var until: String?
  @Option(help: "Stop with exit code 124 after this many virtual seconds.") var timeLimit: Double?
  @Option(help: "Where a serial port goes: [NAME=]stdio, pty[:LINK], tcp:PORT or rfc2217:PORT. NAME is usb, uart0 or uart1. Repeatable.") var serial: [String] = []
  @Option(help: "Ties two pads, as a jumper wire does: GP0-GP5. Repeatable.") var wire: [String] = []
  @Option(help: "A voltage on a pad that the ADC measures: GP26=1.65. Repeatable.") var volts: [String] = []
  @Option(help: ArgumentHelp("A Wi-Fi access point that the board can hear when it scans: workshop,channel=6,rssi=-42,open. Repeatable.", valueName: "name[,attribute=value]")) var accessPoint: [String] = []
  @Option(help: "A second board or firmware file that runs beside the first; its pads are b.GP0 …, its serial ports b.usb …") var beside: String?
  @Option(help: "A file that keeps the flash from run to run; made when absent.") var flash: String?
  @Option(help: ArgumentHelp("Copies a file or folder onto the board before it starts. Repeatable.", valueName: "host[:board]")) var put: [String] = []
  @Option(help: "Keeps a folder and the board's files the same: the folder's go to the board before it starts, the board's to the folder as they change.") var sync: String?
  @Option(help: "A file that shows the board's USB drive, such as CircuitPython's, for mtools and others to read and write.") var drive: String?
  @Option(help: "Virtual over host time, or max.") var speed: String?
  @Option(help: "What clocks among the parts begin with: now (this computer's time), or such as 2024-05-31T12:34:56; otherwise 2024-01-01T00:00:00, so that all runs are the same.") var date: String?
  @Option(help: ArgumentHelp("A boot ROM image to use; for the ESP32 that of each core, apart by a comma.", valueName: "file[,file]")) var rom: String?
  @Option(help: ArgumentHelp("RAM beside an ESP32's flash: 2M, 4M, 8M or none; otherwise what the board has.", valueName: "size")) var psram: String?
  @Option(help: "At the end, write figures as JSON to this file; - for standard error.") var stats: String?
  @Flag(help: "Hold the BOOTSEL button while the board gets power: it shows itself as the drive RPI-RP2.") var bootsel = false
  @Option(help: ArgumentHelp("A picture of the board and its parts, at the end of the run or at --at.", valueName: "file.png")) var screenshot: String?
  @Option(help: ArgumentHelp("The virtual time of the picture; without another end, the run ends with it.", valueName: "seconds")) var at: Double?
  @Option(help: ArgumentHelp("Records the board and its parts: an animated GIF, or a folder for a PNG file per frame.", valueName: "file.gif|folder")) var record: String?
  @Option(help: "Frames for each virtual second.") var rate = 30.0
  @Option(help: ArgumentHelp("Adds a part: led1=wokwi-led,color=red. Wire it with --wire GP15-led1:A. Repeatable.", valueName: "id=type[,attribute=value]")) var part: [String] = []
  @Option(help: ArgumentHelp("Writes the levels of pads as a VCD file, for PulseView, GTKWave and sigrok.", valueName: "file.vcd")) var vcd: String?
  @Option(help: "The pads and legs of parts (led1:A) that --vcd and the window's logic analyzer take, apart by commas.") var probe: String?
  @Option(help: "A step of the VCD file: 1, 10 or 100 and ps, ns, us or ms.") var vcdTimescale = "1ns"
  @Option(help: ArgumentHelp("Lets the signals of a VCD file drive pads.", valueName: "file.vcd[:signal=pad,…]")) var stimulus: [String] = []
  @Option(help: "Prints what goes over wires: i2c:sda=GP4,scl=GP5, spi:clk=GP2,mosi=GP3, uart:rx=GP0,baud=9600, ws2812:din=GP0, onewire:dq=GP2. Repeatable.") var decode: [String] = []
  @Flag(help: "A window, also for runs that end by themselves; the default for others where there is a display.") var window = false
  @Flag(help: "No window.") var headless = false

  private static let psramSizes = ["none": 0, "2M": 2 << 20, "4M": 4 << 20, "8M": 8 << 20]

  func validate() throws {
    if exec != nil && script != nil { throw ValidationError("--exec and --script cannot be used together; put the code into the file.") }
    if let t = timeLimit, !(t > 0) || t > 1e6 { throw ValidationError("--time-limit needs a number of seconds above 0, at most 1000000.") }
    if probe != nil && vcd == nil && decode.isEmpty && !isProject && !wantsWindow { throw ValidationError("--probe says which pads --vcd FILE.vcd and a window take; name the file, or add --window.") }
    if let t = at, !(t >= 0) || t > 1e6 { throw ValidationError("--at needs a number of seconds from 0 to 1000000.") }
    if at != nil && screenshot == nil { throw ValidationError("--at says when --screenshot FILE.png is taken; name the file.") }
    if screenshot != nil && record != nil { throw ValidationError("--screenshot and --record cannot be used together; the last frame is the picture.") }
    if !(rate > 0) || rate > 1000 { throw ValidationError("--rate needs a number of frames above 0, at most 1000.") }
    if let psram, Self.psramSizes[psram] == nil { throw ValidationError("--psram needs 2M, 4M, 8M or none, not \"\(psram)\".") }
    if window && headless { throw ValidationError("--window and --headless cannot be used together.") }
    if let s = speed, s != "max", !((Double(s) ?? 0) > 0) { throw ValidationError("--speed needs a number above 0, or max.") }
  }

  func run() throws {
    let board: Board
    var code: String?, mirror: FolderMirror?, recording: Recording?, stimuli: [Stimulus] = [], clocks: [String] = []
    do {
      if let script { code = String(decoding: try BoardLoader.read(script), as: UTF8.self) }
      if let exec { code = exec }
      var store = try FirmwareStore()
      store.progress = say
      let loaded = try BoardLoader(store: store).load(subject, firmware: firmware, flash: flash, rom: rom, psram: psram.flatMap { Self.psramSizes[$0] })
      board = loaded.board
      if let beside {
        for r in try BoardLoader(store: store).load(beside, firmware: nil, rom: rom, beside: board).remarks { say("note: \(beside): \(r)") }
      }
      for p in part { try board.add(p) }
      clocks = try board.setClocks(to: date == "now" ? Date().formatted(Date.ISO8601FormatStyle(timeZone: .current).year().month().day().time(includingFractionalSeconds: false)) : date)
      for v in volts { try board.setVoltage(v) }
      for w in wire { try board.connect(w) }
      for p in accessPoint { try board.add(accessPoint: p) }
      if !put.isEmpty {
        var files = try BoardFiles(flash: board.flash.contents)
        for p in put { try files.put(p) }
        board.flash.load(try files.flash())
      }
      if let sync {
        mirror = try FolderMirror(folder: sync, board: board)
        for line in try mirror?.start() ?? [] { say("sync: \(line)") }
      }
      let vcd = vcd ?? loaded.project?.vcd
      if vcd != nil || probe != nil || !decode.isEmpty || !Recording.analyzers(of: board).isEmpty {
        let names = (probe ?? "").split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
        recording = try Recording(board, pins: names, vcd: vcd, timescale: Recording.timescale(vcdTimescale), decoders: decode)
        recording?.onAnnotation = { name, a in say("\(Double(a.start) / 1e9) ms \(name): \(a.text)") }
      }
      stimuli = try stimulus.map { try Recording.drive(board, from: $0) }
      for r in loaded.remarks + clocks { say("note: \(r)") }
    } catch { throw fail("\(error)", code: 2) }

    let session = Session(board: board)
    session.until = Array((until ?? "").utf8)
    session.timeLimit = timeLimit
    var shown: BoardWindow?
    if wantsWindow {
      do { shown = try BoardWindow(session: session, recording: recording) } catch { say("note: \(error)") }
    }
    var terminal: TerminalConsole?
    do {
      for spec in serial.isEmpty ? (code == nil && shown == nil ? ["stdio"] : []) : serial {
        var kind = spec, name = board.defaultPort
        if let i = spec.firstIndex(of: "=") {
          name = String(spec[..<i])
          kind = String(spec[spec.index(after: i)...])
        }
        guard let port = board.ports[name] else {
          throw SessionError("the board has no port \"\(name)\"; it has \(board.ports.keys.sorted().joined(separator: ", "))")
        }
        if kind == "stdio" {
          let t = TerminalConsole(reads: true)
          terminal = t
          session.consoles.append((port, t))
        } else if kind == "pty" || kind.hasPrefix("pty:") {
          let p = try PseudoTerminalConsole(link: kind == "pty" ? nil : String(kind.dropFirst(4)))
          session.consoles.append((port, p))
          say("\(name) is at \(kind == "pty" ? p.path : String(kind.dropFirst(4)))")
        } else if kind.hasPrefix("tcp:") || kind.hasPrefix("rfc2217:") {
          guard let number = Int(kind.drop { $0 != ":" }.dropFirst()), 0...65535 ~= number else { throw SessionError("--serial \(spec) names no TCP port; use a number from 0 to 65535") }
          let t = try TCPConsole(port: number, rfc2217: kind.hasPrefix("rfc2217:"))
          session.consoles.append((port, t))
          say("\(name) is at \(kind.hasPrefix("rfc2217:") ? "rfc2217://" : "")127.0.0.1:\(t.port)")
        } else {
          throw SessionError("--serial \(spec) is not understood; use [NAME=]stdio, pty, pty:LINK, tcp:PORT or rfc2217:PORT")
        }
      }
    } catch { throw fail("\(error)", code: 2) }
    let interactive = terminal?.isInteractive ?? false
    session.speed = speed == "max" ? nil : speed.flatMap(Double.init) ?? (interactive || shown != nil || serial.contains { $0.contains("pty") || $0.contains("tcp:") || $0.contains("rfc2217:") } ? 1 : nil)
    if interactive { say("\(board.name): Ctrl-] quits") }
    if let code {
      let repl = RawREPL(code: code)
      let output = TerminalConsole(reads: false)
      // The board ends lines with CR LF; a pipe wants LF.
      var afterCR = false
      repl.onOutput = { byte in
        if afterCR && byte != 10 { output.write(13) }
        afterCR = byte == 13
        if !afterCR { output.write(byte) }
      }
      session.onSlice = { output.flush() }
      session.repl = repl
    }
    if let drive {
      guard let board = board as? PicoBoard else { throw fail("\(board.name) has no USB drive; leave --drive out", code: 2) }
      let file = DriveFile(path: drive, board: board), before = session.onSlice
      file.onNews = { say($0) }
      session.onSlice = {
        before()
        file.poll()
      }
    }
    if let mirror {
      let before = session.onSlice
      session.onSlice = {
        before()
        for line in mirror.poll() { say("sync: \(line)") }
      }
    }
    var camera: Camera?
    if screenshot != nil || record != nil {
      let scene = Scene(board)
      for r in scene.remarks { say("note: \(r)") }
      let c = Camera(scene: scene, session: session)
      camera = c
      if let screenshot, let at {
        c.shoot(screenshot, at: UInt64(at * 1e12))
        if code == nil, until == nil, timeLimit == nil, !interactive { session.at(UInt64(at * 1e12)) { session.stopRequested = true } }
      } else if screenshot != nil {
        c.keepReady()
      }
      do { if let record { try c.record(into: record, rate: rate) } } catch { throw fail("\(error)", code: 2) }
    }
    board.machine.log.sink = { [shown] in if let shown { shown.remark($0) } else if !interactive { say("note: \($0)") } }
    board.bootPressed = bootsel
    board.powerOn()
    Interruption.watch()
    let ending = withExtendedLifetime(stimuli) { shown?.run() ?? session.run() }
    recording?.finish(at: board.machine.now)
    session.onSlice()
    terminal?.restore()
    if let screenshot, at == nil { camera?.take(screenshot) }
    camera?.finish()
    if let f = camera?.failure { throw fail("\(f)") }
    for line in mirror?.poll(now: true) ?? [] { say("sync: \(line)") }
    if let flash {
      do { try Data(board.flash.contents).write(to: URL(fileURLWithPath: flash), options: .atomic) } catch { throw fail("\(flash) cannot be written: \(error.localizedDescription)") }
    }
    do { for file in try board.saveParts() { say("saved \(file)") } } catch { throw fail("\(error)") }
    if let stats { try writeStats(session, to: stats) }
    if Interruption.signal != 0 { throw ExitCode(128 + Interruption.signal) }
    switch ending {
    case .found, .quit: return
    case .scriptDone(let failed):
      if failed, let e = session.repl?.errors {
        FileHandle.standardError.write(Data(e))
        throw ExitCode(1)
      }
    case .timeLimit:
      if let r = session.repl { throw fail("the time limit of \(timeLimit ?? 0) s was reached \(r.stage == .entering || r.stage == .waiting ? "before the prompt came" : "while the code ran")", code: 124) }
      throw ExitCode(124)
    case .stopped(let why): throw fail(why)
    }
  }
  private var wantsWindow: Bool {
    let isOpenEnded = exec == nil && script == nil && until == nil && timeLimit == nil && screenshot == nil && record == nil
    return window || (!headless && isOpenEnded && BoardWindow.hasDisplay())
  }
  /// What is run is a diagram, in which a mistake is a wrong use.
  private var isProject: Bool { subject.map { $0.hasSuffix(".json") || $0.hasSuffix(".toml") || (try? FileManager.default.contentsOfDirectory(atPath: $0)) != nil } ?? false }
  private func writeStats(_ session: Session, to path: String) throws {
    let m = session.board.machine, virtual = Double(m.now) / 1e12
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    let cores = m.cores.map { "{\"name\": \"\($0.name)\", \"cycles\": \($0.cycles.pointee), \"instructions\": \($0.instructions.pointee), \"pc\": \"0x\(String($0.programCounter, radix: 16))\", \"asleep\": \($0.asleep.pointee)}" }
    let text = """
      {"virtual_seconds": \(virtual), "cores": [\(cores.joined(separator: ", "))], "host_seconds": \(session.hostSeconds), \
      "realtime_factor": \(session.hostSeconds > 0 ? virtual / session.hostSeconds : 0), "peak_rss_bytes": \(usage.ru_maxrss * 1024)}
      """
    if path == "-" { return say(text) }
    do { try Data((text + "\n").utf8).write(to: URL(fileURLWithPath: path)) } catch { throw fail("\(path) cannot be written: \(error.localizedDescription)") }
  }
}
