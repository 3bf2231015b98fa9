import Foundation
import TestSupport
import Testing

/// The programs that people use with their boards, started as they start them, against a running board.
@Suite(.serialized) struct ClientTests {
  static let binary = solderlessBinary
  static let here = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path
  /// Runs a program for at most `seconds`.
  static func run(_ arguments: [String], seconds: Int = 40, in folder: String? = nil) throws -> (code: Int32, output: String) {
    let p = Process(), pipe = Pipe()
    p.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    p.arguments = ["LC_ALL=C.UTF-8", "timeout", "-k", "1", "\(seconds)"] + arguments
    if let folder { p.currentDirectoryURL = URL(fileURLWithPath: folder) }
    p.standardOutput = pipe
    p.standardError = pipe
    p.standardInput = FileHandle.nullDevice
    try p.run()
    let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    p.waitUntilExit()
    return (p.terminationStatus, text.replacingOccurrences(of: "\r\n", with: "\n"))
  }
  static func has(_ arguments: [String]) -> Bool {
    let ok = (try? run(arguments, seconds: 20).code) == 0
    if !ok { print("ClientTests: \(arguments.joined(separator: " ")) does not work here, so what needs it is skipped") }
    return ok
  }
  static let hasFirmware: Bool = (try? Process.check(binary, ["firmware", "fetch", "pico", "1.28.0"])) == true
  static let hasMpremote = hasFirmware && has(["mpremote", "--help"]), hasAmpy = hasFirmware && has(["ampy", "--help"]), hasRshell = hasFirmware && has(["rshell", "--version"])
  static let hasSerial = hasFirmware && has(["python3", "-c", "import serial"]), hasThonny = hasFirmware && has(["python3", "-c", "import thonny.common"]), hasMtools = hasFirmware && has(["mdir", "--version"])

  /// A board that runs in a process of its own until it is let go.
  final class Bench {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("client-\(UUID().uuidString.prefix(8))").path
    let process = Process()
    var link: String { folder + "/board" }
    private let log: String
    init(_ arguments: [String], until text: String = " is at ") throws {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      log = folder + "/log"
      FileManager.default.createFile(atPath: log, contents: nil)
      let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: log))
      process.executableURL = ClientTests.binary
      process.arguments = arguments.map { $0.replacingOccurrences(of: "LINK", with: folder + "/board").replacingOccurrences(of: "FOLDER", with: folder) }
      process.standardInput = FileHandle.nullDevice
      process.standardError = handle
      process.standardOutput = handle
      try process.run()
      for _ in 0..<200 where !said.contains(text) { Thread.sleep(forTimeInterval: 0.05) }
      try #require(said.contains(text), "\(said)")
    }
    var said: String { (FileManager.default.contents(atPath: log)).map { String(decoding: $0, as: UTF8.self) } ?? "" }
    /// The TCP port that the board's console got.
    var port: String { said.split(separator: "\n").first { $0.contains(" is at ") }.flatMap { $0.split(separator: ":").last.map(String.init) } ?? "" }
    func file(_ name: String, _ text: String) throws -> String {
      try Data(text.utf8).write(to: URL(fileURLWithPath: folder + "/" + name))
      return folder + "/" + name
    }
    func wait(_ seconds: Double = 10, for text: String) -> Bool {
      for _ in 0..<Int(seconds * 20) where !said.contains(text) { Thread.sleep(forTimeInterval: 0.05) }
      return said.contains(text)
    }
    deinit {
      // Not SIGTERM: a test's thread may have it blocked, and the child inherits that.
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
      try? FileManager.default.removeItem(atPath: folder)
    }
  }

  /// mpremote through a pty: connect, exec, run, cp both ways, ls, mount, soft-reset, mip from a local index.
  @Test(.enabled(if: hasMpremote)) func mpremote() throws {
    let b = try Bench(["run", "pico", "--firmware", "1.28.0", "--serial", "pty:LINK"])
    func mp(_ a: String...) throws -> String {
      let r = try Self.run(["mpremote", "connect", b.link] + a, in: b.folder)
      #expect(r.code == 0, "\(a): \(r.output)")
      return r.output
    }
    #expect(try mp("exec", "print(6*7)") == "42\n")
    let script = try b.file("script.py", "import sys\nprint('ran on', sys.platform)\n")
    #expect(try mp("run", script) == "ran on rp2\n")
    let data = String((0..<20000).map { Character(Unicode.Scalar(UInt8(33 + $0 * 7 % 90))) })
    _ = try mp("cp", try b.file("data.txt", data), ":data.txt")
    #expect(try mp("ls").contains("20000 data.txt"))
    _ = try mp("cp", ":data.txt", "back.txt")
    #expect(FileManager.default.contents(atPath: b.folder + "/back.txt") == Data(data.utf8))
    _ = try mp("mkdir", ":lib", "+", "cp", script, ":lib/script.py", "+", "rm", ":data.txt")
    #expect(try mp("tree", ":").contains("script.py"))
    #expect(try mp("exec", "kept = 1") == "")
    #expect(try mp("resume", "exec", "print('kept' in globals())") == "True\n")
    #expect(try mp("soft-reset", "exec", "print('kept' in globals())") == "False\n")
    _ = try b.file("onhost.py", "print('from the host')\n")
    #expect(try mp("mount", b.folder, "exec", "import onhost").contains("from the host"))
    // A package index of our own: a folder served over HTTP by the host.
    _ = try b.file("package.json", "{\"urls\": [[\"hello.py\", \"hello.py\"]], \"version\": \"1.0\"}")
    _ = try b.file("hello.py", "def greet(): return 'hello from a package'\n")
    let server = Process()
    server.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    let webPort = 20000 + Int(ProcessInfo.processInfo.processIdentifier) % 20000
    server.arguments = ["python3", "-m", "http.server", "\(webPort)", "--bind", "127.0.0.1", "--directory", b.folder]
    server.standardError = FileHandle.nullDevice
    server.standardOutput = FileHandle.nullDevice
    try server.run()
    defer { kill(server.processIdentifier, SIGKILL) }
    #expect(try Self.run(["python3", "-c", "import time, urllib.request as u\nfor i in range(100):\n try: u.urlopen('http://127.0.0.1:\(webPort)/hello.py'); break\n except OSError: time.sleep(.1)"]).code == 0)
    #expect(try mp("mip", "install", "http://127.0.0.1:\(webPort)/package.json").contains("Done"))
    #expect(try mp("exec", "import hello; print(hello.greet())") == "hello from a package\n")
  }
  /// The same over TCP and RFC 2217, one client after the other.
  @Test(.enabled(if: hasMpremote), arguments: ["tcp", "rfc2217"]) func mpremoteOverTheNetwork(kind: String) throws {
    let b = try Bench(["run", "pico", "--firmware", "1.28.0", "--serial", "\(kind):0"])
    let url = (kind == "tcp" ? "socket" : "rfc2217") + "://127.0.0.1:" + b.port
    for i in 1...3 {
      let r = try Self.run(["mpremote", "connect", url, "exec", "print(\(i)*7)"])
      #expect(r.code == 0 && r.output == "\(i * 7)\n", "\(r.output)")
    }
    let file = try b.file("f.txt", String(repeating: "x", count: 3000))
    #expect(try Self.run(["mpremote", "connect", url, "cp", file, ":f.txt", "+", "ls"]).output.contains("3000 f.txt"))
  }
  /// mpremote's own terminal: typed text comes back, Ctrl-X leaves.
  @Test(.enabled(if: hasMpremote && hasSerial)) func mpremoteTerminal() throws {
    let b = try Bench(["run", "pico", "--firmware", "1.28.0", "--serial", "pty:LINK"])
    let script = """
      import pexpect, sys
      c = pexpect.spawn('mpremote', ['connect', sys.argv[1], 'repl'], timeout=15)
      c.send('\\r')
      c.expect('>>> ')
      c.send('print("typed", 6*7)\\r')
      c.expect('typed 42')
      c.send('while True: pass\\r\\r')
      c.send('\\x03')
      c.expect('KeyboardInterrupt')
      c.send('\\x18')
      c.expect(pexpect.EOF)
      print('left')
      """
    guard Self.has(["python3", "-c", "import pexpect"]) else { return }
    let r = try Self.run(["python3", "-c", script, b.link])
    #expect(r.output.hasSuffix("left\n"), "\(r.output)")
  }
  @Test(.enabled(if: hasAmpy)) func ampy() throws {
    let b = try Bench(["run", "pico", "--firmware", "1.28.0", "--serial", "pty:LINK"])
    let file = try b.file("t.py", "print('from ampy', 6*7)\n")
    #expect(try Self.run(["ampy", "-p", b.link, "run", file]).output == "from ampy 42\n")
    #expect(try Self.run(["ampy", "-p", b.link, "put", file, "kept.py"]).code == 0)
    #expect(try Self.run(["ampy", "-p", b.link, "ls"]).output.contains("/kept.py"))
    #expect(try Self.run(["ampy", "-p", b.link, "get", "kept.py"]).output.contains("from ampy"))
    #expect(try Self.run(["ampy", "-p", b.link, "rm", "kept.py"]).code == 0)
  }
  @Test(.enabled(if: hasRshell)) func rshell() throws {
    let b = try Bench(["run", "pico", "--firmware", "1.28.0", "--serial", "pty:LINK"])
    let file = try b.file("r.py", "print('rshell')\n")
    #expect(try Self.run(["rshell", "-p", b.link, "--buffer-size", "512", "cp", file, "/pyboard/r.py"]).code == 0)
    #expect(try Self.run(["rshell", "-p", b.link, "--buffer-size", "512", "ls", "/pyboard"]).output.contains("r.py"))
    #expect(try Self.run(["rshell", "-p", b.link, "--buffer-size", "512", "cat", "/pyboard/r.py"]).output.contains("print('rshell')"))
  }
  @Test(.enabled(if: hasThonny && hasSerial)) func thonny() throws {
    let b = try Bench(["run", "pico", "--firmware", "1.28.0", "--serial", "pty:LINK"])
    let r = try Self.run(["python3", Self.here + "/thonny_client.py", b.link], seconds: 90)
    #expect(r.output == "execute: ['42', 'rp2']\nread back: True\nupload: ['100']\nerror: True\n", "\(r.output)")
  }
  /// pyserial by RFC 2217: the modem's lines, all byte values both ways.
  @Test(.enabled(if: hasSerial)) func pyserialRFC2217() throws {
    let b = try Bench(["run", "pico", "--firmware", "1.28.0", "--serial", "rfc2217:0"])
    let script = """
      import serial, sys, time
      url = 'rfc2217://127.0.0.1:' + sys.argv[1]
      s = serial.serial_for_url(url, baudrate=115200, timeout=1)
      print(s.cts, s.dsr, s.cd)
      s.write(b'\\x03\\x03\\x01')
      s.read_until(b'exit\\r\\n>')
      s.write(b'import sys, micropython\\nmicropython.kbd_intr(-1)\\nsys.stdout.buffer.write(sys.stdin.buffer.read(1024))\\n\\x04')
      s.read_until(b'OK')
      data = bytes(range(256)) * 4
      s.write(data)
      got = b''
      end = time.time() + 10
      while len(got) < 1024 and time.time() < end:
          got += s.read(s.in_waiting or 1)
      print(got[:1024] == data)
      s.close()
      """
    let r = try Self.run(["python3", "-c", script, b.port])
    #expect(r.output == "True True True\nTrue\n", "\(r.output)")
  }
  /// Opening the port at 1200 baud and letting DTR go brings pico-sdk programs to BOOTSEL mode.
  @Test(.enabled(if: hasSerial)) func theTouchAt1200Baud() throws {
    let b = try Bench(["run", "pico", "--firmware", "usb-hello_usb", "--serial", "rfc2217:0", "--drive", "FOLDER/drive.img"])
    let script = """
      import serial, sys, time
      s = serial.serial_for_url('rfc2217://127.0.0.1:' + sys.argv[1], baudrate=115200, timeout=3)
      print(s.read_until(b'Hello, world!')[-13:])
      s.close()
      s = serial.serial_for_url('rfc2217://127.0.0.1:' + sys.argv[1], baudrate=1200)
      s.dtr = False
      time.sleep(1)
      s.close()
      """
    #expect(try Self.run(["python3", "-c", script, b.port]).output == "b'Hello, world!'\n")
    #expect(b.wait(15, for: "the board's drive is"), "\(b.said)")
  }
  /// CircuitPython's drive: mtools list it, a new code.py runs.
  @Test(.enabled(if: hasMtools && hasSerial)) func circuitPythonDrive() throws {
    let b = try Bench(["run", "pico", "--firmware", "circuitpython-9.2.1", "--drive", "FOLDER/drive.img", "--serial", "tcp:0"], until: "the board's drive is")
    let image = b.folder + "/drive.img@@512"
    #expect(try Self.run(["mdir", "-i", image, "::"]).output.contains("CIRCUITPY"))
    #expect(try Self.run(["mtype", "-i", image, "::boot_out.txt"]).output.contains("Board ID:raspberry_pi_pico"))
    let code = try b.file("code.py", "print('code from', 'the drive', 6*7)\n")
    #expect(try Self.run(["mcopy", "-o", "-i", image, code, "::"]).code == 0)
    let script = """
      import socket, sys, time
      s = socket.create_connection(('127.0.0.1', int(sys.argv[1])))
      s.settimeout(0.2)
      text, end = b'', time.time() + 15
      while b'code from the drive 42' not in text and time.time() < end:
          try:
              text += s.recv(4096)
          except TimeoutError:
              pass
      print('code from the drive 42' in text.decode(errors='replace'))
      """
    #expect(try Self.run(["python3", "-c", script, b.port]).output == "True\n")
    #expect(b.said.contains("went to the board"))
  }
  /// A UF2 dropped on RPI-RP2 while a board runs: with mtools onto the drive's file.
  @Test(.enabled(if: hasMtools)) func aUF2OnTheDriveOfABoardInBOOTSELMode() throws {
    let path = try Self.run([Self.binary.path, "firmware", "path", "pico", "1.28.0"]).output.split(separator: "\n").last.map(String.init) ?? ""
    let b = try Bench(["run", "pico", "--firmware", "1.28.0", "--bootsel", "--drive", "FOLDER/drive.img", "--serial", "tcp:0", "--until", ">>>"], until: "the board's drive is")
    let image = b.folder + "/drive.img@@512"
    #expect(try Self.run(["mtype", "-i", image, "::INFO_UF2.TXT"]).output.contains("Board-ID: RPI-RP2"))
    #expect(try Self.run(["mcopy", "-i", image, path, "::firmware.uf2"]).code == 0)
    for _ in 0..<300 where b.process.isRunning { Thread.sleep(forTimeInterval: 0.1) }
    #expect(!b.process.isRunning && b.process.terminationStatus == 0, "\(b.said)")
  }
  @Test(.enabled(if: hasFirmware)) func flashCommand() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("flash-\(UUID().uuidString.prefix(8))").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let r = try Self.run([Self.binary.path, "flash", "pico", "1.28.0", "--flash", folder + "/pico.bin"])
    #expect(r.code == 0 && r.output.contains("RPI-RP2 took 1.28.0 and started it; it shows itself as USB device 2e8a:0005"), "\(r.output)")
    let s = try Self.run([Self.binary.path, "run", "pico", "--flash", folder + "/pico.bin", "--exec", "import os; print(os.uname().release)"])
    #expect(s.output == "1.28.0\n", "\(s.output)")
  }
  /// Files into the flash without booting, and back; a folder kept the same both ways.
  @Test(.enabled(if: hasFirmware)) func filesWithoutBooting() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("fs-\(UUID().uuidString.prefix(8))").path
    try FileManager.default.createDirectory(atPath: folder + "/host/lib", withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try Data("def f():\n    return 'lib'\n".utf8).write(to: URL(fileURLWithPath: folder + "/host/lib/m.py"))
    try Data("print('main')\n".utf8).write(to: URL(fileURLWithPath: folder + "/host/main.py"))
    func s(_ a: String...) throws -> (code: Int32, output: String) { try Self.run([Self.binary.path] + a, in: folder) }
    let flash = ["--firmware", "1.28.0", "--flash", "p.bin"]
    var r = try Self.run([Self.binary.path, "run", "pico"] + flash + ["--put", "host/main.py", "--put", "host/lib", "--exec", "import lib.m; print(lib.m.f()); f = open('made', 'w'); f.write('x' * 5); f.close()"], in: folder)
    #expect(r.code == 0 && r.output.contains("lib\n"), "\(r.output)")
    #expect(try s("fs", "ls", "p.bin").output.contains("14 main.py"))
    #expect(try s("fs", "tree", "p.bin").output.contains("m.py"))
    #expect(try s("fs", "get", "p.bin", "/made", "-").output == "xxxxx")
    #expect(try s("fs", "rm", "p.bin", "/main.py").code == 0)
    #expect(try s("fs", "put", "p.bin", "host/main.py:/sub/dir/x.py").code == 0)
    #expect(try s("fs", "get", "p.bin", "/sub", "out").code == 0 && FileManager.default.fileExists(atPath: folder + "/out/dir/x.py"))
    r = try s("fs", "rm", "p.bin", "/nothing")
    #expect(r.code == 1 && r.output.contains("there is no /nothing"))
    r = try s("fs", "put", "pico", "host/main.py")
    #expect(r.code == 1 && r.output.contains("--flash"))
    // The mirror: the folder's files go there, the board's come here, what is removed on one side goes on the other.
    r = try s("run", "pico", "--flash", "p.bin", "--sync", "mirror", "--exec", "f = open('fromboard', 'w'); f.write('b'); f.close()")
    #expect(r.code == 0 && FileManager.default.fileExists(atPath: folder + "/mirror/fromboard") && FileManager.default.fileExists(atPath: folder + "/mirror/lib/m.py"), "\(r.output)")
    try Data("h".utf8).write(to: URL(fileURLWithPath: folder + "/mirror/fromhost"))
    try FileManager.default.removeItem(atPath: folder + "/mirror/fromboard")
    r = try s("run", "pico", "--flash", "p.bin", "--sync", "mirror", "--exec", "import os; print(sorted(os.listdir())); os.remove('fromhost')")
    #expect(r.output.contains("['fromhost', 'lib', 'made', 'sub']"), "\(r.output)")
    #expect(!FileManager.default.fileExists(atPath: folder + "/mirror/fromhost"))
    // What begins with a dot is left alone on both sides.
    for code in ["f = open('.hidden', 'w'); f.write('h'); f.close()", "import os; print('.hidden' in os.listdir())", "import os; print('.hidden' in os.listdir())"] {
      r = try s("run", "pico", "--flash", "p.bin", "--sync", "mirror", "--exec", code)
      #expect(r.code == 0 && !r.output.contains("False") && !FileManager.default.fileExists(atPath: folder + "/mirror/.hidden"), "\(r.output)")
    }
    // Changed on both sides while the board runs: the folder's stays.
    try Data("first".utf8).write(to: URL(fileURLWithPath: folder + "/mirror/both"))
    let b = Process()
    b.executableURL = Self.binary
    b.arguments = ["run", "pico", "--flash", "p.bin", "--sync", "mirror", "--speed", "1", "--exec", "import time; time.sleep(2); f = open('both', 'w'); f.write('board'); f.close(); f = open('other', 'w'); f.write('o'); f.close(); time.sleep(1)"]
    b.currentDirectoryURL = URL(fileURLWithPath: folder)
    b.standardError = FileHandle.nullDevice
    b.standardInput = FileHandle.nullDevice
    try b.run()
    Thread.sleep(forTimeInterval: 1.2)
    try Data("host".utf8).write(to: URL(fileURLWithPath: folder + "/mirror/both"))
    b.waitUntilExit()
    #expect(FileManager.default.contents(atPath: folder + "/mirror/both") == Data("host".utf8) && FileManager.default.fileExists(atPath: folder + "/mirror/other"))
  }
}

extension Process {
  /// Whether a program ends with 0.
  fileprivate static func check(_ url: URL, _ arguments: [String]) throws -> Bool {
    let p = Process()
    p.executableURL = url
    p.arguments = arguments
    p.standardOutput = FileHandle.nullDevice
    p.standardError = FileHandle.nullDevice
    try p.run()
    p.waitUntilExit()
    return p.terminationStatus == 0
  }
}
