import Boards
import Chips
import Foundation
import Frontend
import Machine
import Testing

/// Real firmware on the ESP32, when it and the boot ROM's images are to be had (SOLDERLESS_FIRMWARE, SOLDERLESS_ROMS).
@Suite(.serialized) struct ESP32Tests {
  static let available: Bool = {
    let ok = (try? BootTests.loader?.load("esp32", firmware: nil, rom: nil)) != nil
    if !ok { print("ESP32Tests: no ESP32 firmware or no boot ROM, so its boot tests are skipped; name folders in SOLDERLESS_FIRMWARE and SOLDERLESS_ROMS") }
    return ok
  }()
  static let versions = ["1.20.0", "1.24.1", "1.27.0"]
  /// The boot ROMs: our own, which boards have unless another is named, and the vendor's.
  enum BootROM: String, Sendable, CustomTestStringConvertible {
    case own, vendor
    var testDescription: String { rawValue }
  }
  /// The vendor's for PRO and for APP, when it is to be had.
  static let vendorROM: [UInt8]? = try? BootTests.loader.map { loader in
    try ["esp32-v3-rom", "esp32-v3-rom-app"].flatMap { try [UInt8](loader.store.load(loader.store.find(board: $0, version: $0))) }
  }
  static func board(_ version: String, rom: BootROM = .own) throws -> ESP32Board {
    let board = try #require(try BootTests.loader?.load("esp32", firmware: version, rom: nil).board as? ESP32Board)
    if rom == .vendor { try board.load(rom: #require(vendorROM)) }
    return board
  }

  /// MicroPython by version, the megahertz that it runs at, and the boot ROM that it was booted with.
  /// 1.9.4 and 1.10 run on one core, and so does the UNICORE build of 1.22.2.
  /// 1.13 is not there for the vendor's: at the times that things take here, its threads' start (mp_thread_init, which later versions
  /// reorder) is overtaken by the end of the task before it.
  static let boots: [(version: String, megahertz: Int, rom: BootROM)] = [
    ("1.9.4", 240, .own), ("1.10", 240, .own), ("1.13", 160, .own), ("1.17", 160, .own), ("1.19.1", 160, .own), ("1.20.0", 160, .own), ("1.22.2", 160, .own), ("1.24.1", 160, .own),
    ("1.27.0", 160, .own), ("1.9.4", 240, .vendor), ("1.20.0", 160, .vendor), ("1.22.2", 160, .vendor), ("1.27.0", 160, .vendor),
  ]
  @Test(.enabled(if: available), arguments: boots) func microPythonRuns(version: String, megahertz: Int, rom: BootROM) throws {
    if rom == .vendor && Self.vendorROM == nil { return }
    let numbers = version.split(separator: ".").map { Int($0)! }
    let board = try Self.board(version, rom: rom)
    let (text, _) = try BootTests.execute(
      "import sys, machine, esp\nprint(6*7, sys.platform, list(sys.implementation[1])[:2], 1/8, machine.freq(), esp.flash_size())", on: board)
    #expect(text == "42 esp32 [\(numbers[0]), \(numbers[1])] 0.125 \(megahertz)000000 4194304\r\n", "\(text)")
    // All that a start touches has a model.
    #expect(board.machine.log.lines.isEmpty, "\(board.machine.log.lines)")
  }
  /// The task watchdog, which runs for nobody in 1.13: its interrupt feeds it.
  @Test(.enabled(if: available)) func aPromptStaysForLong() throws {
    let board = try Self.board("1.13")
    var out: [UInt8] = []
    board.ports["uart0"]?.onOutput = { out.append($0) }
    board.powerOn()
    board.machine.run(until: 20_000_000_000_000)
    let text = String(decoding: out, as: UTF8.self)
    #expect(text.hasSuffix(">>> ") && text.components(separatedBy: "rst:").count == 2, "\(text)")
  }
  /// Every version with the functions of the radio in our boot ROM, some with the vendor's.
  static let radios: [(version: String, rom: BootROM)] =
    ["1.9.4", "1.10", "1.13", "1.17", "1.20.0", "1.22.2", "1.24.1", "1.27.0"].map { ($0, .own) } + ["1.9.4", "1.20.0", "1.27.0"].map { ($0, .vendor) }
  /// The radio's calibration ends, and what can be heard is listed; a network that there is not is not found (201: versions before
  /// 1.17 try on for ever, and 1.9.4 has no status), and a network of the board's own has its address. Old versions print the
  /// library's remarks too, and 1.10 does not come back from being switched off while it tries.
  @Test(.enabled(if: available), arguments: radios) func wifiScansAndSeesNoOtherNetwork(version: String, rom: BootROM) throws {
    if rom == .vendor && Self.vendorROM == nil { return }
    let board = try Self.board(version, rom: rom)
    try board.add(accessPoint: "workshop,bssid=02:03:04:05:06:07,rssi=-42")
    try board.add(accessPoint: "guests,bssid=02:03:04:05:06:08,channel=11,rssi=-70,open")
    let (text, _) = try BootTests.execute(
      """
      import network, time
      w = network.WLAN(network.STA_IF)
      out = [(w.active(True), w.config('mac'), w.isconnected(), w.ifconfig())]
      out += sorted(w.scan())
      try:
          w.config(reconnects=1)
      except Exception:
          pass
      w.connect('nowhere', 'password')
      t = time.ticks_ms()
      while w.status() != 201 and time.ticks_diff(time.ticks_ms(), t) < 8000:
          time.sleep_ms(100)
      out.append((w.status(), w.isconnected()))
      a = network.WLAN(network.AP_IF)
      out.append((a.active(True), a.active(), a.ifconfig()[0]))
      \(version == "1.10" ? "" : "out.append((a.active(False), w.active(False)))")
      print('')
      for o in out: print('>', o)
      """, on: board)
    let status = ["1.9.4": "None", "1.10": "1001", "1.13": "1001"][version] ?? "201"
    let told = text.split(separator: "\r\n").filter { $0.hasPrefix("> ") }.map { String($0.dropFirst(2)) }
    #expect(told == [
      "(True, b'$\\n\\xc4P\\x1d\\xe0', False, ('0.0.0.0', '0.0.0.0', '0.0.0.0', '0.0.0.0'))", "(b'guests', b'\\x02\\x03\\x04\\x05\\x06\\x08', 11, -70, 0, False)", "(b'workshop', b'\\x02\\x03\\x04\\x05\\x06\\x07', 6, -42, 3, False)",
      "(\(status), False)", "(True, True, '192.168.4.1')",
    ] + (version == "1.10" ? [] : ["(False, False)"]), "\(text)")
  }
  /// Its access point, shell and web server: a network of its own, tasks and sockets.
  @Test(.enabled(if: available)) func micrOSWaits() throws {
    guard let board = try? Self.board("1.28.0") else { return }
    let session = Session(board: board)
    // The shell on TCP comes just before.
    session.until = Array("HTTP server ready, connect: http://192.168.4.1".utf8)
    session.timeLimit = 40
    board.powerOn()
    let ending = session.run()
    #expect(ending == .found, "\(ending)")
  }
  static let program = """
    import time, os, _thread
    from machine import Pin
    led = Pin(2, Pin.OUT)
    done = []
    def other():
        s = 0
        for i in range(500):
            s += i
        done.append(s)
    _thread.start_new_thread(other, ())
    s = 0
    for i in range(3000):
        s += i * i
        led.value(i & 1)
    print(s, led.value())
    time.sleep_ms(150)
    f = open('a.txt', 'w'); f.write('hello' * 100); f.close()
    print(len(open('a.txt').read()), 'a.txt' in os.listdir(), done)
    print(time.ticks_us() > 0)
    """
  @Test(.enabled(if: available), arguments: [BootROM.own, .vendor]) func twoRunsAreEqualAndTheQuantumAndSnapshotsChangeNothing(rom: BootROM) throws {
    if rom == .vendor && Self.vendorROM == nil { return }
    let text = try BootTests.oneCourse(of: Self.program) { try Self.board("1.27.0", rom: rom) }
    #expect(text.contains("8995500500 1") && text.contains("500 True [124750]"), "\(text)")
  }
}

/// Each file of `Scripts/esp32` is a program for an ESP32.
@Suite(.serialized) struct ESP32ScriptTests {
  static let scripts = BoardScript.names("esp32")

  @Test(.enabled(if: ESP32Tests.available), arguments: scripts, ESP32Tests.versions) func scriptPrints(name: String, version: String) throws {
    try BoardScript(name).check(on: ESP32Tests.board(version))
  }
  @Test func thereAreScripts() { #expect(Self.scripts.count >= 12) }

  /// The bits on the pin: 24 a pixel, green first, 0.4 and 0.8 us high (WS2812B).
  @Test(.enabled(if: ESP32Tests.available), arguments: ESP32Tests.versions) func neopixelTimes(version: String) throws {
    let board = try ESP32Tests.board(version)
    let strip = try PixelListener(board, pad: "GPIO4")
    _ = try BootTests.execute("from machine import Pin\nimport neopixel\nn = neopixel.NeoPixel(Pin(4), 2)\nn[0] = (255, 0, 170)\nn[1] = (0x34, 0x12, 0x56)\nn.write()", on: board)
    #expect(strip.pixels(2) == [0x00FFAA, 0x123456] && strip.highs.suffix(48).allSatisfy { 300...500 ~= $0 || 700...900 ~= $0 }, "\(strip.highs)")
  }
  /// A program that goes through the resets and the sleeps, told by what main.py prints each time. RTC.memory() outlives deep sleep
  /// always, other resets only after 1.20 (micropython pull request 7298), so the steps are counted in a file.
  @Test(.enabled(if: ESP32Tests.available), arguments: ESP32Tests.versions) func resetsAndSleeps(version: String) throws {
    let program = """
      import machine, time, esp32
      r = machine.RTC()
      try:
          k = int(open('step').read())
      except OSError:
          k = 0
      print('MAIN', machine.reset_cause(), machine.wake_reason(), k, r.memory())
      f = open('step', 'w'); f.write(str(k + 1)); f.close()
      time.sleep_ms(20)
      r.memory(str(k).encode())
      if k == 0:
          machine.reset()
      if k == 1:
          machine.deepsleep(300)
      if k == 2:
          t = time.ticks_ms()
          machine.lightsleep(200)
          print('LIGHT', 195 < time.ticks_diff(time.ticks_ms(), t) < 230, machine.wake_reason())
          time.sleep_ms(20)
          p = machine.Pin(4, machine.Pin.IN, machine.Pin.PULL_UP)
          esp32.wake_on_ext0(p, esp32.WAKEUP_ANY_HIGH)
          machine.deepsleep()
      if k == 3:
          p = machine.Pin(32, machine.Pin.IN)
          esp32.wake_on_ext1((p,), esp32.WAKEUP_ALL_LOW)
          machine.deepsleep(5000)
      if k == 4:
          w = machine.WDT(timeout=1000)
          while True:
              pass
      print('END', open('kept.txt').read())
      """
    let board = try ESP32Tests.board(version)
    _ = try BootTests.execute("f = open('main.py', 'w'); f.write(\"\"\"\(program)\"\"\"); f.close(); f = open('kept.txt', 'w'); f.write('kept'); f.close()", on: board)
    let typist = try Typist(at: board, port: "uart0")
    board.powerOff()
    typist.wait(1)
    #expect(typist.out.isEmpty)
    board.powerOn()
    typist.wait(for: "END", atMost: 20)
    let lines = typist.lines("MAIN", "LIGHT", "END")
    // PWRON_RESET, HARD_RESET by software, DEEPSLEEP_RESET by the timer, EXT0 and EXT1, WDT_RESET.
    let outlives = version != "1.20.0"
    #expect(
      lines == [
        "MAIN 1 0 0 b''", "MAIN 2 0 1 \(outlives ? "b'0'" : "b''")", "MAIN 4 4 2 b'1'", "LIGHT True 4", "MAIN 4 2 3 b'2'", "MAIN 4 3 4 b'3'", "MAIN 3 0 5 \(outlives ? "b'4'" : "b''")", "END kept",
      ], "\(lines)")
  }
}

/// A module with a PSRAM, and firmware that puts its heap there.
@Suite struct PSRAMTests {
  static let available = (try? BootTests.loader?.load("tinypico", firmware: nil, rom: nil)) != nil
  /// The heap is filled, which goes through both cores' caches; on a TinyPICO, and on a WROVER, whose PSRAM has its clock late.
  @Test(.enabled(if: available), arguments: ["tinypico", "esp32_wrover"]) func theHeapIsInIt(name: String) throws {
    let loader = try #require(BootTests.loader)
    let board = try loader.bare(name, flash: nil, rom: nil)
    try board.load(firmware: [UInt8](loader.store.load(loader.store.find(board: "tinypico", version: "1.27.0"))), name: "tinypico.bin")
    let (text, _) = try BootTests.execute(
      """
      import gc, esp32, _thread, time
      print(gc.mem_free() > 4000000, esp32.idf_heap_info(esp32.HEAP_DATA)[1][0] >> 20)
      b = bytearray(3000000)
      for i in range(0, len(b), 997): b[i] = i & 255
      print(all(b[i] == i & 255 for i in range(0, len(b), 997)))
      done = []
      def other():
          for i in range(0, len(b), 4096): b[i] = 7
          done.append(sum(b[i] for i in range(0, len(b), 4096)))
      _thread.start_new_thread(other, ())
      while not done: time.sleep_ms(1)
      print(done)
      """, on: board)
    #expect(text == "True 4\r\nTrue\r\n[5131]\r\n", "\(text)")
    #expect(board.machine.log.lines.isEmpty, "\(board.machine.log.lines)")
  }
  /// `--psram`: another size than the board's.
  @Test(.enabled(if: available), arguments: [2, 8, 0]) func anotherSize(megabytes: Int) throws {
    let board = try #require(BootTests.loader).load("tinypico", firmware: nil, rom: nil, psram: megabytes << 20).board
    let (text, _) = try BootTests.execute("import gc, esp32\nprint(gc.mem_free() >> 20, max(h[0] for h in esp32.idf_heap_info(esp32.HEAP_DATA)) >> 20)", on: board)
    // The MMU shows four of eight at once.
    #expect(text == "\(megabytes == 0 ? 0 : min(4, megabytes) - 1) \(min(4, megabytes))\r\n", "\(text)")
    #expect(board.psramSize == megabytes << 20)
  }
  /// A module without one is told so, and the firmware makes do with the internal RAM.
  @Test(.enabled(if: available)) func aModuleWithoutOneIsFoundOut() throws {
    let loader = try #require(BootTests.loader)
    let board = try loader.bare("esp32", flash: nil, rom: nil)
    try board.load(firmware: [UInt8](loader.store.load(loader.store.find(board: "tinypico", version: "1.27.0"))), name: "tinypico.bin")
    var out: [UInt8] = []
    board.ports["uart0"]?.onOutput = { out.append($0) }
    let (text, _) = try BootTests.execute("import gc\nprint(gc.mem_free() < 1000000)", on: board)
    #expect(text == "True\r\n", "\(text)")
  }
}

/// Samples on the lines of machine.I2S, read and given by what would be wired there.
@Suite(.serialized) struct ESP32I2SBootTests {
  /// Philips' I2S: bits at the rising edge of the clock, the first of a slot one clock after WS has changed.
  final class Listener {
    private(set) var frames: [(left: Int32, right: Int32)] = []
    private var value: UInt32 = 0, bits = 0, select = true, left: UInt32 = 0
    init(_ board: Board, bits width: Int) throws {
      let clock = try #require(board.pins["GPIO18"]), word = try #require(board.pins["GPIO19"]), data = try #require(board.pins["GPIO23"])
      clock.net.onChange = { [unowned self] level in
        guard level == .high else { return }
        value = value << 1 | (data.isHigh ? 1 : 0)
        bits += 1
        guard word.isHigh != select else { return }
        if bits == width {
          if select { frames.append((Self.signed(left, width), Self.signed(value, width))) } else { left = value }
        }
        select = word.isHigh
        value = 0
        bits = 0
      }
    }
    private static func signed(_ v: UInt32, _ width: Int) -> Int32 { Int32(bitPattern: v << UInt32(32 - width)) >> Int32(32 - width) }
  }
  /// In mono, the ESP32 sends the halves of a word the upper one first.
  @Test(.enabled(if: ESP32Tests.available), arguments: ESP32Tests.versions, [16, 32]) func soundsGoOut(version: String, bits: Int) throws {
    for format in ["STEREO", "MONO"] {
      let board = try ESP32Tests.board(version), listener = try Listener(board, bits: bits)
      let (text, _) = try BootTests.execute(
        """
        from machine import Pin, I2S
        import time, struct
        out = I2S(0, sck=Pin(18), ws=Pin(19), sd=Pin(23), mode=I2S.TX, bits=\(bits), format=I2S.\(format), rate=8000, ibuf=8192)
        b = b''.join(struct.pack('<\(bits == 16 ? "hh" : "ii")', 2 * k + 1, \(format == "MONO" ? "2 * k + 2" : "-2 * k - 2")) for k in range(300))
        print(out.write(b) == len(b))
        time.sleep_ms(700)
        out.deinit()
        """, on: board)
      #expect(text == "True\r\n", "\(text)")
      let sound = listener.frames.drop { $0.left == 0 }
      if format == "STEREO" {
        #expect(Array(sound.prefix(300).map(\.left)) == (0..<300).map { 2 * $0 + 1 } && Array(sound.prefix(300).map(\.right)) == (0..<300).map { -2 * $0 - 2 }, "\(sound.prefix(8))")
      } else {
        let expected = (0..<300).flatMap { k -> [Int32] in bits == 16 ? [2 * k + 2, 2 * k + 1] : [2 * k + 1, 2 * k + 2] }
        #expect(Array(sound.prefix(600).map(\.left)) == expected && sound.prefix(600).allSatisfy { $0.right == $0.left }, "\(sound.prefix(8))")
      }
      #expect(board.machine.log.lines.isEmpty, "\(board.machine.log.lines)")
    }
  }
  /// A microphone that gives the left slot, one more in each frame.
  @Test(.enabled(if: ESP32Tests.available), arguments: ESP32Tests.versions) func aMicrophoneIsHeard(version: String) throws {
    let board = try ESP32Tests.board(version)
    let clock = try #require(board.pins["GPIO18"]), word = try #require(board.pins["GPIO19"])
    let microphone = Pin("microphone", arena: board.machine.arena)
    Net.tie(try #require(board.pins["GPIO22"]), microphone)
    var sample: UInt32 = 0, bit = 32, select = true
    clock.net.onChange = { level in
      if level == .high {
        guard select != word.isHigh else { return }
        select = word.isHigh
        bit = 32
        if !select { sample &+= 0x0001_0000 }
      } else if bit > 0 {
        bit -= 1
        microphone.drive = !select && sample >> UInt32(bit) & 1 == 1 ? .high : .low
      }
    }
    let (text, _) = try BootTests.execute(
      """
      from machine import Pin, I2S
      import struct
      inp = I2S(1, sck=Pin(18), ws=Pin(19), sd=Pin(22), mode=I2S.RX, bits=16, format=I2S.MONO, rate=16000, ibuf=16384)
      b = bytearray(1000)
      inp.readinto(b)
      n = inp.readinto(b)
      v = struct.unpack('<500H', b)
      print(n, v[0] > 100, all((y - x) & 0xFFFF == 1 for x, y in zip(v, v[1:])))
      """, on: board)
    #expect(text == "1000 True True\r\n", "\(text)")
    #expect(board.machine.log.lines.isEmpty, "\(board.machine.log.lines)")
  }
}

/// What survives, and what wakes.
@Suite(.serialized) struct ESP32WakeTests {
  @Test(.enabled(if: ESP32Tests.available), arguments: ESP32Tests.versions) func aTouchWakesFromDeepSleep(version: String) throws {
    let board = try ESP32Tests.board(version)
    let program = """
      import machine, esp32, time
      print('MAIN', machine.reset_cause(), machine.wake_reason())
      t = machine.TouchPad(machine.Pin(4)); t.config(500)
      time.sleep_ms(50)
      print('PAD', t.read())
      if machine.reset_cause() != machine.DEEPSLEEP_RESET:
          esp32.wake_on_touch(True)
          machine.deepsleep()
      """
    _ = try BootTests.execute("f = open('main.py', 'w'); f.write(\"\"\"\(program)\"\"\"); f.close(); import esp32; n = esp32.NVS('kept'); n.set_i32('answer', 42); n.commit()", on: board)
    let typist = try Typist(at: board, port: "uart0")
    board.powerOff()
    board.powerOn()
    typist.wait(3)
    #expect(typist.lines("MAIN", "PAD") == ["MAIN 1 0", "PAD 1000"], "\(typist.text)")
    typist.forget()
    board.chip.sens.setTouch(0, 90)
    typist.wait(2)
    // DEEPSLEEP_RESET by TOUCHPAD_WAKE.
    #expect(typist.lines("MAIN", "PAD") == ["MAIN 4 5", "PAD 90"], "\(typist.text)")
    #expect(typist.type("import esp32; print('NVS', esp32.NVS('kept').get_i32('answer'))").contains("\nNVS 42\n"), "\(typist.text)")
  }
  /// esp32.PCNT and what is built on it came with 1.26.
  @Test(.enabled(if: ESP32Tests.available)) func pulsesAreCounted() throws {
    let board = try ESP32Tests.board("1.27.0")
    try board.connect("GPIO18-GPIO19")
    try board.connect("GPIO21-GPIO22")
    let (text, _) = try BootTests.execute(
      """
      from machine import Pin, Counter, Encoder
      import esp32
      out = Pin(18, Pin.OUT, value=0); direction = Pin(21, Pin.OUT, value=0)
      def pulses(n):
          for _ in range(n):
              out(1); out(0)
      p = esp32.PCNT(0, min=-100, max=100, pin=Pin(19), rising=esp32.PCNT.INCREMENT, falling=esp32.PCNT.IGNORE, mode_pin=Pin(22), mode_low=esp32.PCNT.HOLD, mode_high=esp32.PCNT.REVERSE)
      p.start()
      pulses(7); print(p.value())
      direction(1); pulses(12); print(p.value())
      pulses(95); print(p.value())
      p.deinit()
      direction(0)
      c = Counter(1, Pin(19), direction=Counter.UP, edge=Counter.RISING)
      pulses(1234); print(c.value())
      c.deinit()
      e = Encoder(2, Pin(19), Pin(22), phases=4)
      for k in range(5):
          for a, b in ((0, 1), (1, 1), (1, 0), (0, 0)):
              out(a); direction(b)
      print(e.value())
      """, on: board)
    #expect(text.replacingOccurrences(of: "\r\n", with: " ") == "0 -12 -7 1234 -20 ", "\(text)")
  }
}

/// Other firmware: boot loader, partition table and application in files of their own.
@Suite(.serialized) struct ESP32FirmwareTests {
  private func run(_ files: [(UInt32, String)], seconds: UInt64, input: String = "", typedAfter: String = "") throws -> (String, Board) {
    let loader = try #require(BootTests.loader)
    let board = try loader.bare("esp32", flash: nil, rom: nil)
    for (at, name) in files {
      let image = try #require(loader.store.images.first { $0.file == name }, "\(name) is not in the manifest")
      try board.flash.load(loader.store.load(image), at: Int(at))
    }
    var out: [UInt8] = [], typed = input.isEmpty
    let port = try #require(board.ports["uart0"])
    port.onOutput = {
      out.append($0)
      if !typed, String(decoding: out.suffix(typedAfter.utf8.count), as: UTF8.self) == typedAfter {
        typed = true
        port.feed(Array(input.utf8))
      }
    }
    board.powerOn()
    board.machine.run(until: seconds * 1_000_000_000_000)
    return (String(decoding: out, as: UTF8.self), board)
  }
  @Test(.enabled(if: ESP32Tests.available)) func helloWorldOfIDF() throws {
    let (text, board) = try run([(0x1000, "bootloader.bin"), (0x8000, "partition-table.bin"), (0x10000, "hello_world.bin")], seconds: 14)
    #expect(text.contains("This is esp32 chip with 2 CPU core(s), WiFi/BT/BLE, silicon revision v3.0") && text.contains("Restarting now.") && text.contains("rst:0xc (SW_CPU_RESET)"), "\(text.suffix(600))")
    #expect(board.machine.log.lines.isEmpty, "\(board.machine.log.lines)")
  }
  @Test(.enabled(if: ESP32Tests.available)) func blinkOfArduino() throws {
    let (text, board) = try run([(0x1000, "blink_lcgamboa.ino.bootloader.bin"), (0x8000, "blink_lcgamboa.ino.partitions.bin"), (0x10000, "blink_lcgamboa.ino.bin")], seconds: 3)
    #expect(text.contains("LED_ON\r\nLED_OFF\r\nLED_ON\r\nLED_OFF"), "\(text.suffix(300))")
    #expect(board.machine.log.lines.isEmpty, "\(board.machine.log.lines)")
  }
  /// Firmata, which a host asks: what it is, and which of its pins measure; and tells to drive pads. SET_PIN_MODE and SET_DIGITAL_PIN_VALUE
  /// have the board's numbers of pins (P0 is GPIO33, P8 GPIO26), as the host's library sends them.
  @Test(.enabled(if: ESP32Tests.available)) func firmataOfHandpy() throws {
    let loader = try #require(BootTests.loader)
    let board = try loader.bare("esp32", flash: nil, rom: nil)
    for (at, name) in [(0x1000, "bootloader_dio_80m.bin"), (0x8000, "dfrobot.ino.partitions.bin"), (0xE000, "boot_app0.bin"), (0x10000, "FirmataExpress.HANDPY.2.9.bin")] {
      let image = try #require(loader.store.images.first { $0.file == name }, "\(name) is not in the manifest")
      try board.flash.load(loader.store.load(image), at: at)
    }
    let port = try #require(board.ports["uart0"])
    var out: [UInt8] = []
    port.onOutput = { out.append($0) }
    board.powerOn()
    func run(_ milliseconds: UInt64) { board.machine.run(until: board.machine.now + milliseconds * 1_000_000_000) }
    func ask(_ bytes: [UInt8]) -> [UInt8] {
      out = []
      port.feed(bytes)
      run(100)
      return out
    }
    run(2000)
    #expect(out.suffix(6).prefix(5) == [0xF0, 0x79, 2, 9, 0xF7])
    #expect(ask([0xF9]) == [0xF9, 2, 6])
    // Analog mapping: 40 pins, of which GPIO36 is channel 0 and GPIO39 channel 3.
    let mapping = ask([0xF0, 0x69, 0xF7])
    #expect(mapping.count == 43 && mapping.prefix(2) == [0xF0, 0x6A] && mapping[2 + 36] == 0 && mapping[2 + 39] == 3, "\(mapping)")
    for (pin, pad) in [(0, "GPIO33"), (8, "GPIO26")] as [(UInt8, String)] {
      for value in [1, 0, 1] as [UInt8] {
        _ = ask([0xF4, pin, 1, 0xF5, pin, value])
        #expect(board.pins[pad]?.isHigh == (value == 1) && board.pins[pad]?.drive.strength == .strong, "P\(pin) \(value)")
      }
    }
  }
  @Test(.enabled(if: ESP32Tests.available)) func shellOfNuttX() throws {
    let (text, _) = try run([(0x1000, "other-nuttx-nsh.bin")], seconds: 3, input: "uname\r", typedAfter: "nsh> ")
    #expect(text.contains("NuttShell (NSH) NuttX") && text.contains("\nNuttX"), "\(text.suffix(300))")
  }
  /// Nothing in the flash: the boot ROM says so, and its watchdog starts it again, for ever.
  @Test(.enabled(if: ESP32Tests.available)) func anErasedFlash() throws {
    let (text, _) = try run([], seconds: 3)
    #expect(text.contains("invalid header: 0xffffffff") && text.contains("rst:0x10 (RTCWDT_RTC_RESET)"), "\(text.suffix(300))")
  }
  /// BOOT held at reset: the loader waits for a download.
  @Test(.enabled(if: ESP32Tests.available)) func theBootButtonAsksForADownload() throws {
    let board = try #require(BootTests.loader).bare("esp32", flash: nil, rom: nil)
    var out: [UInt8] = []
    board.ports["uart0"]?.onOutput = { out.append($0) }
    board.bootPressed = true
    board.powerOn()
    board.machine.run(until: 1_000_000_000_000)
    #expect(String(decoding: out, as: UTF8.self).contains("waiting for download"))
    board.bootPressed = false
    board.resetPressed = true
    board.machine.run(until: board.machine.now + 1_000_000_000)
    board.resetPressed = false
    board.machine.run(until: board.machine.now + 100_000_000_000)
    #expect(String(decoding: out, as: UTF8.self).contains("SPI_FAST_FLASH_BOOT"))
  }
}
