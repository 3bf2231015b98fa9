import Boards
import Foundation
import Machine
import Parts
import Testing

/// A colour display at the Pico's fastest: whole words and runs of them come to the same as bits.
@Suite(.serialized) struct DisplayBusTests {
  static let setUp = """
    import framebuf, time, machine
    from machine import Pin, SPI
    spi = SPI(0, baudrate=62_500_000, sck=Pin(18), mosi=Pin(19), miso=Pin(16))
    cs = Pin(17, Pin.OUT, value=1); dc = Pin(20, Pin.OUT, value=0)
    def cmd(c, *data):
        cs(0); dc(0); spi.write(bytes([c])); dc(1)
        if data: spi.write(bytes(data))
        cs(1)
    def window():
        cmd(0x2A, 0, 0, 0, 239); cmd(0x2B, 0, 0, 0, 79)
        cs(0); dc(0); spi.write(b'\\x2c'); dc(1)
    cmd(1); time.sleep_ms(5); cmd(0x11); cmd(0x3A, 0x55); cmd(0x36, 0x48); cmd(0x29)
    buf = bytearray(240 * 80 * 2)
    fb = framebuf.FrameBuffer(buf, 240, 80, framebuf.RGB565)
    """
  static let draw = """
    fb.fill(0); fb.rect(10, 20, 100, 50, 0x00F8); fb.fill_rect(50, 40, 90, 30, 0xE007)
    for i in range(0, 240, 7): fb.line(0, 0, i, 79, 0x1F00 + i)
    fb.text('Solderless', 60, 50, 0xFFFF)

    """
  static let viaSPI = """
    window(); t = time.ticks_us(); spi.write(buf); cs(1)
    print('write', time.ticks_diff(time.ticks_us(), t))
    cs(0); dc(0); spi.write(b'\\xd3'); dc(1); print(spi.read(4)); cs(1)
    cs(0); dc(0); spi.write(b'\\x0a'); dc(1); print(spi.read(1)); cs(1)

    """
  /// The DMA channel alone, as a program that draws meanwhile does: it looks at the counter, then at the controller.
  static let viaDMA = """
    import rp2
    d = rp2.DMA()
    for i in range(0, len(buf), 5): buf[i] ^= 0x5A
    window(); t = time.ticks_us()
    d.config(read=buf, write=0x4003C008, count=len(buf), ctrl=d.pack_ctrl(size=0, inc_write=False, treq_sel=16), trigger=True)
    left = 1 << 30; ok = True
    while d.active():
        n = d.count; ok = ok and n <= left; left = n
    while machine.mem32[0x4003C00C] & 16: pass
    cs(1); print('dma', time.ticks_diff(time.ticks_us(), t), ok)

    """
  static func run(_ code: String, version: String, probed: Bool) throws -> (text: String, cycles: UInt64, picture: Picture?) {
    let board = try BootTests.board(version)
    let part = try board.add("wokwi-ili9341", id: "tft")
    for (leg, pad) in [("SCK", "GP18"), ("MOSI", "GP19"), ("MISO", "GP16"), ("CS", "GP17"), ("D/C", "GP20")] { try board.wire("tft:\(leg)", pad) }
    if probed { try board.pin("GP18").net.onChange = { _ in } }
    let (text, cycles) = try BootTests.execute(code, on: board)
    return (text, cycles, part.picture)
  }
  @Test(.enabled(if: BootTests.available), arguments: ["1.20.0", "1.28.0"]) func wordsAreAsBits(version: String) throws {
    // Since 1.22 the peripherals' clock is 48 MHz unless a program asks for more.
    let isNew = version == "1.28.0", clock = isNew ? "import machine\nmachine.freq(125_000_000, 125_000_000)\n" : ""
    let code = clock + Self.setUp + "\n" + Self.draw + Self.viaSPI + (isNew ? Self.viaDMA : "")
    let words = try Self.run(code, version: version, probed: false), bits = try Self.run(code, version: version, probed: true)
    #expect(words.text == bits.text && words.cycles == bits.cycles, "\(words) \(bits)")
    #expect(words.picture == bits.picture)
    #expect(words.text.contains("\\x00\\x00\\x93A") && words.text.contains("\\x9c"), "\(words.text)")
    // 38,400 bytes at 62.5 MHz are 4.92 ms.
    let time = try #require(words.text.split(whereSeparator: \.isNewline).first { $0.hasPrefix("write") }?.split(separator: " ").last.flatMap { Int($0.trimmingCharacters(in: .whitespaces)) })
    #expect(4_900...5_400 ~= time, "\(words.text)")
    let picture = try #require(words.picture)
    #expect(picture.width == 240 && picture.height == 320 && Set(picture.rgba).count > 4)
  }
}
