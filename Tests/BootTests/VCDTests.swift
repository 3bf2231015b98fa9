import Boards
import Foundation
import Frontend
import Testing

/// What a Pico sends, written down as VCD and read by sigrok's decoders and by our own.
@Suite(.serialized) struct VCDTests {
  static let sigrok = ["/usr/bin/sigrok-cli", "/usr/local/bin/sigrok-cli"].first { FileManager.default.isExecutableFile(atPath: $0) }
  static let available: Bool = {
    if sigrok == nil { print("VCDTests: there is no sigrok-cli, so its decoders are not asked") }
    return BootTests.available && sigrok != nil
  }()
  static let program = """
    from machine import Pin, I2C, SPI, UART
    import time
    i2c = I2C(0, sda=Pin(4), scl=Pin(5), freq=400000)
    print(i2c.scan())
    i2c.writeto(0x3C, b'\\x80\\xaf\\x40\\xff\\x81')
    spi = SPI(0, baudrate=1000000, sck=Pin(2), mosi=Pin(3), miso=Pin(16))
    cs = Pin(6, Pin.OUT, value=1)
    cs(0)
    spi.write(b'solder\\x00\\xff')
    cs(1)
    uart = UART(1, baudrate=9600, tx=Pin(8), rx=Pin(9))
    uart.write(b'less\\r\\n')
    time.sleep_ms(20)
    print('done')
    """
  static func decode(_ file: String, _ protocolSpec: String, _ annotation: String) throws -> String {
    let p = Process(), out = Pipe()
    p.executableURL = URL(fileURLWithPath: sigrok!)
    p.arguments = ["-I", "vcd", "-i", file, "-P", protocolSpec, "-A", annotation]
    p.standardOutput = out
    p.standardError = FileHandle.nullDevice
    try p.run()
    let text = String(decoding: out.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    p.waitUntilExit()
    return text
  }
  /// The hexadecimal bytes at the ends of sigrok's lines.
  static func bytes(_ text: String) -> [UInt8] { text.split(separator: "\n").compactMap { UInt8($0.split(separator: " ").last ?? "", radix: 16) } }

  @Test(.enabled(if: VCDTests.available)) func sigrokReadsTheBytes() throws {
    let board = try BootTests.board("1.24.1"), file = FileManager.default.temporaryDirectory.appendingPathComponent("solderless-\(UUID().uuidString).vcd").path
    defer { try? FileManager.default.removeItem(atPath: file) }
    try board.add("display=wokwi-ssd1306")
    try board.wire("display:DATA", "GP4")
    try board.wire("display:CLK", "GP5")
    for pad in ["GP4", "GP5"] { _ = try board.add("r\(pad)=wokwi-resistor,value=4700"); try board.wire("r\(pad):1", pad); try board.wire("r\(pad):2", "3V3") }
    let recording = try Recording(
      board, pins: ["GP2", "GP3", "GP4", "GP5", "GP6", "GP8"], vcd: file, timescale: 10_000,
      decoders: ["i2c:sda=GP4,scl=GP5", "spi:clk=GP2,mosi=GP3,cs=GP6", "uart:rx=GP8,baud=9600"])
    var read: [String: [String]] = [:]
    recording.onAnnotation = { if $1.kind == .data { read[$0, default: []].append($1.text) } }
    let (text, _) = try BootTests.execute(Self.program, on: board)
    recording.finish(at: board.machine.now)
    #expect(text.contains("[60]") && text.contains("done"))
    let i2c: [UInt8] = [0x80, 0xAF, 0x40, 0xFF, 0x81], spi = Array("solder".utf8) + [0, 0xFF], uart = Array("less\r\n".utf8)
    #expect(Self.bytes(try Self.decode(file, "i2c:scl=GP5:sda=GP4", "i2c=data-write").replacingOccurrences(of: "Data write: ", with: "")).suffix(5) == i2c[...])
    #expect(Self.bytes(try Self.decode(file, "spi:clk=GP2:mosi=GP3:cs=GP6", "spi=mosi-data")) == spi)
    #expect(Self.bytes(try Self.decode(file, "uart:rx=GP8:baudrate=9600:format=hex", "uart=rx-data")) == uart)
    // Our own decoders beside it.
    func hex(_ bytes: [UInt8]) -> [String] { bytes.map { String(format: "%02X", $0) } }
    #expect(read["i2c"]?.suffix(5) == hex(i2c)[...])
    #expect(read["spi"] == hex(spi))
    #expect(Array(read["uart"]?.joined() ?? "").filter { $0.isLetter }.count >= 4, "\(read["uart"] ?? [])")
  }
}
