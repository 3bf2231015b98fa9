import Boards
import Foundation
import Images
import Machine
import Testing

/// The boards with ESP chips beside the usual two: their firmware's prompt, their lamp, their pads' names.
@Suite(.serialized) struct ESPBoardsTests {
  struct Case: Sendable, CustomTestStringConvertible {
    /// `lit`: the level of GPIO2 at which the lamp is on.
    let board: String, lit: Bool, pad: String, gpio: String, flash: Int
    var testDescription: String { board }
  }
  static let cases = [
    Case(board: "devkit_v1", lit: true, pad: "D4", gpio: "GPIO4", flash: 4 << 20), Case(board: "d1_mini", lit: false, pad: "D5", gpio: "GPIO14", flash: 4 << 20),
    Case(board: "esp01", lit: false, pad: "RX", gpio: "GPIO3", flash: 1 << 20),
  ].filter { c in
    let ok = (try? BootTests.loader?.load(c.board, firmware: nil, rom: nil)) != nil
    if !ok { print("ESPBoardsTests: no firmware for \(c.board), so it is skipped; name folders in SOLDERLESS_FIRMWARE") }
    return ok
  }
  @Test(arguments: cases) func theLampAndThePads(_ c: Case) throws {
    let board = try #require(try BootTests.loader?.load(c.board, firmware: nil, rom: nil).board)
    #expect(board.flash.size == c.flash)
    #expect(board.pins[c.pad] != nil && board.pins[c.pad] === board.pins[c.gpio] && board.led === board.pins["GPIO2"])
    let (text, _) = try BootTests.execute("import esp\nfrom machine import Pin\nprint(esp.flash_size())\nPin(2, Pin.OUT, value=\(c.lit ? 1 : 0))", on: board)
    #expect(text == "\(c.flash)\r\n", "\(text)")
    #expect(board.led?.isHigh == c.lit && board.function(of: "GPIO2") == "GPIO output")
    #expect(board.function(of: "GPIO1") == "U0TXD" && board.function(of: "GPIO3") == "U0RXD")
  }
  /// Files that are put into the partition for them before the firmware has ever started.
  @Test(arguments: ["esp32", "esp32s2", "esp32s3"].filter { (try? BootTests.loader?.load($0, firmware: nil, rom: nil)) != nil }) func filesBeforeTheFirstStart(name: String) throws {
    let board = try #require(try BootTests.loader?.load(name, firmware: nil, rom: nil).board)
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("main-\(UUID().uuidString).py")
    defer { try? FileManager.default.removeItem(at: file) }
    try Data("print('from main', 6*7)\n".utf8).write(to: file)
    var files = try BoardFiles(flash: board.flash.contents)
    try files.put(file.path + ":main.py")
    board.flash.load(try files.flash())
    let typist = try Typist(at: board, port: "uart0")
    board.powerOn()
    typist.wait(for: ">>> ", atMost: 10)
    #expect(typist.text.contains("from main 42\n") && typist.type("import os; print(os.listdir())").contains("['main.py']"), "\(typist.text)")
  }
  /// An ESP8266's place for files is known only to its firmware.
  @Test(.enabled(if: ESP8266Tests.available)) func filesThatHaveNoPlaceYet() throws {
    let board = try ESP8266Tests.board("1.23.0"), error = #expect(throws: FileSystemError.self) { _ = try BoardFiles(flash: board.flash.contents) }
    #expect(error.map { "\($0)".contains("let the board start once with --flash FILE") } == true)
  }
  /// The functions that pads have, by the names of the GPIO matrix.
  @Test(.enabled(if: ESP32Tests.available)) func functionsOfTheESP32() throws {
    let board = try #require(try BootTests.loader?.load("esp32", firmware: "1.27.0", rom: nil).board)
    let code = """
      from machine import Pin, PWM, I2C, SPI, UART, ADC, DAC
      p = PWM(Pin(4), freq=1000); i = I2C(0, scl=Pin(18), sda=Pin(19)); u = UART(2, tx=Pin(17), rx=Pin(16)); s = SPI(2, sck=Pin(14), mosi=Pin(13), miso=Pin(12))
      d = DAC(Pin(25)); a = ADC(Pin(34)); o = Pin(5, Pin.OPEN_DRAIN); n = Pin(27, Pin.IN)
      """
    _ = try BootTests.execute(code, on: board)
    let found = ["4", "18", "19", "17", "16", "14", "13", "12", "25", "34", "5", "27", "TX"].map { board.function(of: board.pins[$0] == nil ? "GPIO\($0)" : $0) }
    #expect(found[0].hasPrefix("LEDC_"), "\(found)")
    #expect(Array(found.dropFirst()) == ["I2CEXT0_SCL", "I2CEXT0_SDA", "U2TXD", "U2RXD", "VSPICLK", "VSPID", "VSPIQ", "DAC1", "GPIO input", "GPIO open drain", "GPIO input", "U0TXD"], "\(found)")
    #expect(board.function(of: "3V3") == "power(3.3)" && board.function(of: "nothing") == "")
  }
  @Test(.enabled(if: ESP8266Tests.available)) func functionsOfTheESP8266() throws {
    let board = try #require(try BootTests.loader?.load("nodemcu", firmware: "1.23.0", rom: nil).board)
    _ = try BootTests.execute("from machine import Pin, SPI, UART\ns = SPI(1)\nu = UART(1, 9600)\np = Pin(5, Pin.OUT)\nq = Pin(4, Pin.IN)", on: board)
    #expect(["D5", "D7", "D6", "D4", "D1", "D2", "D0", "A0"].map { board.function(of: $0) } == ["HSPICLK", "HSPID", "HSPIQ", "U1TXD", "GPIO output", "GPIO input", "RTC GPIO", "ADC"])
  }
}
