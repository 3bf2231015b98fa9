import Boards
import Chips
import Foundation
import Frontend
import Machine
import Testing

/// Real firmware (SOLDERLESS_FIRMWARE) on the ESP32-S3 with our boot ROM, some of it with the vendor's too (SOLDERLESS_ROMS).
@Suite(.serialized) struct ESP32S3Tests {
  static let available: Bool = {
    let ok = (try? BootTests.loader?.load("esp32s3", firmware: nil, rom: nil)) != nil
    if !ok { print("ESP32S3Tests: no ESP32-S3 firmware, so its boot tests are skipped; name a folder with it in SOLDERLESS_FIRMWARE") }
    return ok
  }()
  static let versions = ["1.22.0", "1.27.0"]
  enum ROM { case own, vendors }
  static let vendorsROM: String? = (ProcessInfo.processInfo.environment["SOLDERLESS_ROMS"] ?? "").split(separator: ":").map { "\($0)/esp32s3-rev0-rom.bin" }.first { FileManager.default.fileExists(atPath: $0) }
  static let roms: [ROM] = vendorsROM == nil ? [.own] : [.own, .vendors]
  static func board(_ version: String, rom: ROM = .own) throws -> ESP32S3Board {
    try #require(try BootTests.loader?.load("esp32s3", firmware: version, rom: rom == .own ? nil : vendorsROM).board as? ESP32S3Board)
  }

  @Test(.enabled(if: available), arguments: versions, roms) func microPythonRuns(version: String, rom: ROM) throws {
    let numbers = version.split(separator: ".").map { Int($0)! }
    let board = try Self.board(version, rom: rom)
    let (text, _) = try BootTests.execute("import sys, machine, esp\nprint(6*7, sys.platform, list(sys.implementation[1])[:2], 1/8, machine.freq(), esp.flash_size())", on: board)
    #expect(text == "42 esp32 [\(numbers[0]), \(numbers[1])] 0.125 160000000 8388608\r\n", "\(text)")
    // All that a start touches has a model.
    #expect(board.machine.log.lines.isEmpty, "\(board.machine.log.lines)")
  }
  static let program = """
    import time, os, _thread, hashlib
    from machine import Pin, PWM, ADC, Timer
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
    ticks = []
    t = Timer(0, period=10, mode=Timer.PERIODIC, callback=lambda t: ticks.append(1))
    time.sleep_ms(155)
    t.deinit()
    print(14 <= len(ticks) <= 16)
    f = open('a.txt', 'w'); f.write('hello' * 100); f.close()
    print(len(open('a.txt').read()), 'a.txt' in os.listdir(), done)
    p = PWM(Pin(4), freq=1000, duty_u16=16384)
    q = Pin(5, Pin.IN)
    high = sum(q.value() for i in range(2000))
    print(p.freq(), abs(high / 2000 - 0.25) < 0.05)
    p.deinit()
    print(hashlib.sha256(b'abc').digest().hex())
    """
  @Test(.enabled(if: available), arguments: versions) func aProgram(version: String) throws {
    let board = try Self.board(version)
    try board.connect("GPIO4-GPIO5")
    let (text, _) = try BootTests.execute(Self.program, on: board)
    #expect(
      text.replacingOccurrences(of: "\r\n", with: "\n")
        == "8995500500 1\nTrue\n500 True [124750]\n1000 True\nba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\n", "\(text)")
  }
  @Test(.enabled(if: available)) func twoRunsAreEqualAndTheQuantumAndSnapshotsChangeNothing() throws {
    let text = try BootTests.oneCourse(of: Self.program) { try Self.board("1.27.0") }
    #expect(text.contains("8995500500 1"), "\(text)")
  }
  /// The volts of a pad as the driver's calibration has them, without fuses that say more.
  @Test(.enabled(if: available), arguments: versions) func theADCMeasures(version: String) throws {
    let board = try Self.board(version)
    try board.setVoltage("GPIO1=1.0")
    try board.setVoltage("GPIO10=0.25")
    let (text, _) = try BootTests.execute("from machine import ADC, Pin\na = ADC(Pin(1), atten=ADC.ATTN_11DB)\nb = ADC(Pin(10), atten=ADC.ATTN_0DB)\nprint(1200 < a.read() < 1450, 900 < b.read() < 1200, a.read_u16() >> 4 == a.read())", on: board)
    #expect(text == "True True True\r\n", "\(text)")
  }
  /// The light on the board: 24 bits on GPIO48, green first.
  @Test(.enabled(if: available), arguments: versions) func theLightShinesByRMT(version: String) throws {
    let board = try Self.board(version)
    let strip = try PixelListener(board, pad: "GPIO48")
    _ = try BootTests.execute("from machine import Pin\nimport neopixel\nn = neopixel.NeoPixel(Pin(48), 1)\nn[0] = (255, 0, 170)\nn.write()", on: board)
    #expect(strip.pixels(1) == [0x00FFAA], "\(strip.highs)")
  }
  /// The chip's own USB: TinyUSB enumerates as a serial port, and its prompt answers.
  @Test(.enabled(if: available), arguments: versions, roms) func usbIsAConsole(version: String, rom: ROM) throws {
    let board = try Self.board(version, rom: rom)
    let port = try #require(board.ports["usb"])
    var out: [UInt8] = []
    port.onOutput = { out.append($0) }
    port.isConnected = true
    board.powerOn()
    board.machine.run(until: 6_000_000_000_000)
    #expect(board.host.isReady && board.host.identity.vendor == 0x303A, "\(board.host.identity)")
    port.feed(Array("\r\nprint(6*7)\r\n".utf8))
    board.machine.run(until: 7_000_000_000_000)
    #expect(String(decoding: out, as: UTF8.self).contains("\r\n42\r\n>>> "), "\(String(decoding: out.suffix(300), as: UTF8.self))")
  }
  /// Software resets the chip; files stay.
  @Test(.enabled(if: available), arguments: versions, roms) func aResetStartsAgain(version: String, rom: ROM) throws {
    let board = try Self.board(version, rom: rom)
    _ = try BootTests.execute("f = open('main.py', 'w'); f.write('import machine; print(\"MAIN\", machine.reset_cause())'); f.close()", on: board)
    var out: [UInt8] = []
    board.ports["uart0"]?.onOutput = { out.append($0) }
    board.ports["uart0"]?.feed(Array("\u{2}import machine\rmachine.reset()\r".utf8))
    board.machine.run(until: board.machine.now + 3_000_000_000_000)
    let text = String(decoding: out, as: UTF8.self)
    #expect(text.contains("rst:0x3") || text.contains("rst:0xc"), "\(text.suffix(400))")
    #expect(text.contains("MAIN ") && text.hasSuffix(">>> "), "\(text.suffix(400))")
  }
  /// Software's reset, deep sleep and light sleep by the timer; RTC.memory() outlives them.
  @Test(.enabled(if: available), arguments: versions, roms) func resetsAndSleeps(version: String, rom: ROM) throws {
    let program = """
      import machine, time
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
      t = time.ticks_ms()
      machine.lightsleep(200)
      print('LIGHT', 195 < time.ticks_diff(time.ticks_ms(), t) < 230, machine.wake_reason())
      print('END')
      """
    let board = try Self.board(version, rom: rom)
    _ = try BootTests.execute("f = open('main.py', 'w'); f.write(\"\"\"\(program)\"\"\"); f.close()", on: board)
    let typist = try Typist(at: board, port: "uart0")
    board.powerOff()
    typist.wait(1)
    #expect(typist.out.isEmpty)
    board.powerOn()
    typist.wait(for: "END", atMost: 20)
    let lines = typist.lines("MAIN", "LIGHT", "END")
    // PWRON_RESET, HARD_RESET, DEEPSLEEP_RESET by the timer.
    #expect(lines == ["MAIN 1 0 0 b''", "MAIN 2 0 1 b'0'", "MAIN 4 4 2 b'1'", "LIGHT True 4", "END"], "\(lines)")
  }
  /// BOOT held at reset: the loader waits for a download.
  @Test(arguments: roms) func theBootButtonAsksForADownload(rom: ROM) throws {
    let board = try BoardLoader(store: FirmwareStore(environment: [:])).bare("esp32s3", flash: nil, rom: rom == .own ? nil : Self.vendorsROM)
    var out: [UInt8] = []
    board.ports["uart0"]?.onOutput = { out.append($0) }
    board.bootPressed = true
    board.powerOn()
    board.machine.run(until: 1_000_000_000_000)
    #expect(String(decoding: out, as: UTF8.self) == "ESP-ROM:esp32s3-20210327\r\nBuild:Mar 27 2021\r\nrst:0x1 (POWERON),boot:0x0 (DOWNLOAD(USB/UART0))\r\nwaiting for download\r\n", "\(String(decoding: out, as: UTF8.self))")
  }
  /// What both ROMs say of a start from flash is the same.
  @Test(.enabled(if: available), arguments: roms) func theROMsBannerComesFirst(rom: ROM) throws {
    let board = try Self.board("1.27.0", rom: rom)
    var out: [UInt8] = []
    board.ports["uart0"]?.onOutput = { out.append($0) }
    board.powerOn()
    board.machine.run(until: 200_000_000_000)
    let text = String(decoding: out, as: UTF8.self).replacingOccurrences(of: "\r\n", with: "\n")
    #expect(
      text
        == "ESP-ROM:esp32s3-20210327\nBuild:Mar 27 2021\nrst:0x1 (POWERON),boot:0x8 (SPI_FAST_FLASH_BOOT)\nSPIWP:0xee\nmode:DIO, clock div:1\nload:0x3fce2820,len:0xeac\nload:0x403c8700,len:0xc28\nload:0x403cb700,len:0x2ff8\nentry 0x403c88ac\n",
      "\(text)")
  }
  /// A pad that is high ends a deep sleep.
  @Test(.enabled(if: available), arguments: versions) func aPadWakesFromDeepSleep(version: String) throws {
    let board = try Self.board(version)
    try board.connect("GPIO4-3V3.1")
    let program = "import machine, esp32\nfrom machine import Pin\nprint('MAIN', machine.reset_cause(), machine.wake_reason())\nif machine.wake_reason() == 0:\n  esp32.wake_on_ext0(Pin(4, Pin.IN), esp32.WAKEUP_ANY_HIGH)\n  machine.deepsleep(5000)\nprint('END')\n"
    _ = try BootTests.execute("f = open('main.py', 'w'); f.write(\"\"\"\(program)\"\"\"); f.close()", on: board)
    var out: [UInt8] = []
    board.ports["uart0"]?.onOutput = { out.append($0) }
    board.powerOff()
    board.powerOn()
    let end = board.machine.now + 4_000_000_000_000
    while board.machine.now < end, !String(decoding: out.suffix(40), as: UTF8.self).contains("END") { board.machine.run(until: board.machine.now + 10_000_000_000) }
    let lines = String(decoding: out, as: UTF8.self).split(whereSeparator: \.isNewline).filter { $0.hasPrefix("MAIN") || $0.hasPrefix("END") }
    // PWRON_RESET, then DEEPSLEEP_RESET by EXT0.
    #expect(lines == ["MAIN 1 0", "MAIN 4 2", "END"], "\(lines)")
  }
  /// cryptolib goes by the accelerator and the DMA (SP 800-38A).
  @Test(.enabled(if: available), arguments: versions) func ciphers(version: String) throws {
    let board = try Self.board(version)
    let (text, _) = try BootTests.execute(
      """
      import cryptolib
      from binascii import unhexlify as u, hexlify as h
      k, iv, t = u('2b7e151628aed2a6abf7158809cf4f3c'), u('000102030405060708090a0b0c0d0e0f'), u('6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51')
      print(h(cryptolib.aes(k, 1).encrypt(t)))
      c = cryptolib.aes(k, 2, iv).encrypt(t)
      print(h(c), cryptolib.aes(k, 2, iv).decrypt(c) == t)
      """, on: board)
    #expect(
      text.replacingOccurrences(of: "\r\n", with: "\n")
        == "b'3ad77bb40d7a3660a89ecaf32466ef97f5d3d58503b9699de785895a96fdbaaf'\nb'7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2' True\n", "\(text)")
    #expect(board.machine.log.lines.isEmpty, "\(board.machine.log.lines)")
  }
  /// An image that lies where the ESP32's does: the ROM says so.
  @Test func anImageOfAnESP32IsNamed() throws {
    let board = try BoardLoader(store: FirmwareStore(environment: [:])).bare("esp32s3", flash: nil, rom: nil)
    board.flash.load([0xE9, 3, 2, 0x20], at: 0x1000)
    var out: [UInt8] = []
    board.ports["uart0"]?.onOutput = { out.append($0) }
    board.powerOn()
    board.machine.run(until: 300_000_000_000)
    #expect(String(decoding: out, as: UTF8.self).contains("no image at 0x0 of flash, but one at 0x1000: is this an ESP32 or ESP32-S2 image"), "\(String(decoding: out, as: UTF8.self))")
  }
}
