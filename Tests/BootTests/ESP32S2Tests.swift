import Boards
import Chips
import Foundation
import Frontend
import Machine
import Testing

/// Real firmware on the ESP32-S2, when it is to be had (SOLDERLESS_FIRMWARE), from the boot ROM of our own.
@Suite(.serialized) struct ESP32S2Tests {
  static let available: Bool = {
    let ok = (try? BootTests.loader?.load("esp32s2", firmware: nil, rom: nil)) != nil
    if !ok { print("ESP32S2Tests: no ESP32-S2 firmware, so its boot tests are skipped; name a folder in SOLDERLESS_FIRMWARE") }
    return ok
  }()
  static func board() throws -> ESP32S2Board { try #require(try BootTests.loader?.load("esp32s2", firmware: nil, rom: nil).board as? ESP32S2Board) }

  @Test(.enabled(if: available)) func microPythonRuns() throws {
    let board = try Self.board()
    let (text, _) = try BootTests.execute("import sys, machine, esp\nprint(6*7, sys.platform, list(sys.implementation[1])[:2], 1/8, machine.freq(), esp.flash_size())", on: board)
    #expect(text == "42 esp32 [1, 19] 0.125 160000000 4194304\r\n", "\(text)")
    // All that a start touches has a model.
    #expect(board.machine.log.lines.isEmpty, "\(board.machine.log.lines)")
  }
  /// Those of the ESP32 that name no pad which this chip lacks, and its own.
  static let scripts = BoardScript.names("esp32s2") + ["files", "freq", "neopixel", "rtc", "timer"].map { "esp32/\($0).py" }
  @Test(.enabled(if: available), arguments: scripts) func scriptPrints(name: String) throws { try BoardScript(name).check(on: Self.board()) }
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
    time.sleep_ms(50)
    f = open('a.txt', 'w'); f.write('hello' * 100); f.close()
    print(s, led.value(), len(open('a.txt').read()), 'a.txt' in os.listdir(), done)
    """
  @Test(.enabled(if: available)) func twoRunsAreEqualAndTheQuantumAndSnapshotsChangeNothing() throws {
    let text = try BootTests.oneCourse(of: Self.program) { try Self.board() }
    #expect(text.contains("8995500500 1 500 True [124750]"), "\(text)")
  }
  /// The light on the board: 24 bits on GPIO18, green first.
  @Test(.enabled(if: available)) func theLightShinesByRMT() throws {
    let board = try Self.board()
    let strip = try PixelListener(board, pad: "GPIO18")
    _ = try BootTests.execute("from machine import Pin\nimport neopixel\nn = neopixel.NeoPixel(Pin(18), 1)\nn[0] = (255, 0, 170)\nn.write()", on: board)
    #expect(strip.pixels(1) == [0x00FFAA] && strip.highs.suffix(24).allSatisfy { 300...500 ~= $0 || 700...900 ~= $0 }, "\(strip.highs)")
  }
  /// The chip's own USB: TinyUSB enumerates as a serial port, and its prompt answers.
  @Test(.enabled(if: available)) func usbIsAConsole() throws {
    let board = try Self.board()
    let port = try #require(board.ports["usb"])
    var out: [UInt8] = []
    port.onOutput = { out.append($0) }
    port.isConnected = true
    board.powerOn()
    board.machine.run(until: 4_000_000_000_000)
    #expect(board.host.isReady && board.host.identity.vendor == 0x303A, "\(board.host.identity)")
    port.feed(Array("\r\nprint(6*7)\r\n".utf8))
    board.machine.run(until: 5_000_000_000_000)
    #expect(String(decoding: out, as: UTF8.self).contains("\r\n42\r\n>>> "), "\(String(decoding: out.suffix(300), as: UTF8.self))")
  }
  /// The functions that pads have, by the names of the GPIO matrix.
  @Test(.enabled(if: available)) func functionsOfPads() throws {
    let board = try Self.board()
    let code = """
      from machine import Pin, PWM, I2C, SPI, UART, DAC
      p = PWM(Pin(4), freq=1000); i = I2C(0, scl=Pin(8), sda=Pin(9)); u = UART(1, tx=15, rx=16); s = SPI(2, sck=Pin(36), mosi=Pin(35), miso=Pin(37))
      d = DAC(Pin(17)); o = Pin(5, Pin.OPEN_DRAIN); n = Pin(21, Pin.IN)
      """
    _ = try BootTests.execute(code, on: board)
    let found = ["4", "8", "9", "15", "16", "36", "35", "37", "17", "5", "21", "TX"].map { board.function(of: $0 == "TX" ? $0 : "GPIO\($0)") }
    #expect(found == ["LEDC_LS_SIG_OUT0", "I2CEXT0_SCL", "I2CEXT0_SDA", "U1TXD", "U1RXD", "SPI3_CLK", "SPI3_D", "SPI3_Q", "DAC1", "GPIO open drain", "GPIO input", "U0TXD"], "\(found)")
  }
  /// A program that goes through the resets and the sleeps, told by what main.py prints each time.
  @Test(.enabled(if: available)) func resetsAndSleeps() throws {
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
          p = machine.Pin(5, machine.Pin.IN)
          esp32.wake_on_ext1((p,), esp32.WAKEUP_ALL_LOW)
          machine.deepsleep(5000)
      if k == 4:
          w = machine.WDT(timeout=1000)
          while True:
              pass
      print('END', open('kept.txt').read())
      """
    let board = try Self.board()
    // A pad that the RTC has, has no pull of IO_MUX any more.
    try board.connect("GPIO4-3V3")
    try board.connect("GPIO5-GND.1")
    _ = try BootTests.execute("f = open('main.py', 'w'); f.write(\"\"\"\(program)\"\"\"); f.close(); f = open('kept.txt', 'w'); f.write('kept'); f.close()", on: board)
    let typist = try Typist(at: board, port: "uart0")
    board.powerOff()
    typist.wait(1)
    #expect(typist.out.isEmpty)
    board.powerOn()
    typist.wait(for: "END", atMost: 20)
    let lines = typist.lines("MAIN", "LIGHT", "END")
    // PWRON_RESET, HARD_RESET by software, DEEPSLEEP_RESET by the timer, EXT0 and EXT1, WDT_RESET.
    #expect(lines == ["MAIN 1 0 0 b''", "MAIN 2 0 1 b''", "MAIN 4 4 2 b'1'", "LIGHT True 4", "MAIN 4 2 3 b'2'", "MAIN 4 3 4 b'3'", "MAIN 3 0 5 b''", "END kept"], "\(lines)")
  }
  /// Nothing in the flash: the boot ROM says so, and starts again.
  @Test func anErasedFlash() throws {
    let board = try BoardLoader(store: FirmwareStore(environment: [:])).bare("esp32s2", flash: nil, rom: nil)
    var out: [UInt8] = []
    board.ports["uart0"]?.onOutput = { out.append($0) }
    board.powerOn()
    board.machine.run(until: 3_000_000_000_000)
    let text = String(decoding: out, as: UTF8.self)
    #expect(text.contains("invalid header: 0xffffffff") && text.components(separatedBy: "rst:0x").count > 2, "\(text)")
  }
  /// BOOT held at reset: the loader waits for a download.
  @Test func theBootButtonAsksForADownload() throws {
    let board = try BoardLoader(store: FirmwareStore(environment: [:])).bare("esp32s2", flash: nil, rom: nil)
    var out: [UInt8] = []
    board.ports["uart0"]?.onOutput = { out.append($0) }
    board.bootPressed = true
    board.powerOn()
    board.machine.run(until: 1_000_000_000_000)
    #expect(String(decoding: out, as: UTF8.self).contains("waiting for download"), "\(String(decoding: out, as: UTF8.self))")
  }
}
