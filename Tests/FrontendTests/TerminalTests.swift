import Foundation
import Testing

@testable import Frontend

/// The window's terminal: cells, lines that scrolled away, selection, keys.
@Suite struct TerminalTests {
  static func screen(_ text: String, rows: Int = 4, columns: Int = 20) throws -> TerminalScreen {
    let s = try #require(TerminalScreen(rows: rows, columns: columns))
    s.feed(Array(text.utf8))
    return s
  }
  @Test func coloursAndStyles() throws {
    let s = try Self.screen("\u{1B}[31mr\u{1B}[1mb\u{1B}[0;7mi\u{1B}[0;38;2;1;2;3mt\u{1B}[0;4mu\u{1B}[0mé漢x")
    let row = s.row(0)
    #expect(row[0].foreground == 0xE0605E && !row[0].isBold)
    #expect(row[1].isBold)
    #expect(row[2].background == TerminalScreen.foreground && row[2].foreground == TerminalScreen.background)
    #expect(row[3].foreground == 0x010203)
    #expect(row[4].isUnderlined)
    #expect(row[6].width == 2 && row[7].width == 0)
    #expect(s.text[0] == "rbitué漢x")
  }
  @Test func linesThatScrolledAwayComeBack() throws {
    let s = try Self.screen((1...10).map { "line \($0)" }.joined(separator: "\r\n"))
    #expect(s.text == ["line 7", "line 8", "line 9", "line 10"])
    s.scroll(by: 3)
    #expect(s.text == ["line 4", "line 5", "line 6", "line 7"])
    #expect(s.cursorRow == nil)
    // What comes meanwhile does not move what is looked at.
    s.feed(Array("\r\nline 11".utf8))
    #expect(s.text == ["line 4", "line 5", "line 6", "line 7"])
    s.scroll(by: 1000)
    #expect(s.text[0] == "line 1")
    s.type("x")
    #expect(s.text.last == "line 11")
  }
  @Test func selectionGoesAcrossLinesAndHistory() throws {
    let s = try Self.screen((1...10).map { "line \($0)" }.joined(separator: "\r\n"))
    s.select(from: (s.line(ofRow: 1), 3), to: (s.line(ofRow: 0) - 1, 2))
    #expect(s.selectedText == "ne 6\nline 7\nlin")
    s.selectWord(line: s.line(ofRow: 3), column: 1)
    #expect(s.selectedText == "line")
    s.feed(Array("\r\n\r\n\r\n".utf8))
    #expect(s.selectedText == "line")
  }
  @Test func keysAreWhatTerminalsSend() throws {
    let s = try Self.screen("")
    var sent: [UInt8] = []
    s.onOutput = { sent += $0 }
    s.type("aü")
    s.type(control: UInt8(ascii: "c"))
    s.press(.init(rawValue: 1))
    s.paste("p\nq")
    #expect(sent == Array("aü".utf8) + [3] + Array("\r".utf8) + Array("p\rq".utf8))
    sent = []
    // Bracketed where the guest asks for it, and its questions are answered.
    s.feed(Array("\u{1B}[?2004h\u{1B}[6n".utf8))
    s.paste("p")
    #expect(String(decoding: sent, as: UTF8.self) == "\u{1B}[1;1R\u{1B}[200~p\u{1B}[201~")
  }
  @Test func anyBytesDoNoHarm() throws {
    var state: UInt64 = 42
    func random() -> UInt8 {
      state = state &* 6364136223846793005 &+ 1442695040888963407
      return UInt8(state >> 56)
    }
    let s = try Self.screen(""), canvas = try Canvas(width: 200, height: 80), view = TerminalView(screen: s, scale: 1)
    for round in 0..<300 {
      var bytes = (0..<200).map { _ in random() }
      // Escape sequences, mostly.
      for i in bytes.indices where bytes[i] < 60 { bytes[i] = [0x1B, UInt8(ascii: "["), UInt8(ascii: "9"), UInt8(ascii: ";"), UInt8(ascii: "?"), 0x9B][Int(random()) % 6] }
      s.feed(bytes)
      if round % 10 == 0 { s.resize(rows: 2 + Int(random()) % 30, columns: 8 + Int(random()) % 60) }
      s.scroll(by: Int(random()) - 128)
      s.select(from: (Int(random()), Int(random())), to: (Int(random()), Int(random())))
      _ = s.selectedText
      view.drawAll(on: canvas, at: Point(0, 0), isFocused: true)
    }
    #expect(s.history.count <= 11_000)
  }
  /// Rows that changed, drawn over what was there, give what drawing all of them gives.
  @Test func whatIsDrawnAnewIsAllThatChanged() throws {
    var state: UInt64 = 7
    func random(_ n: Int) -> Int {
      state = state &* 6364136223846793005 &+ 1442695040888963407
      return Int(state >> 33) % n
    }
    let s = try Self.screen("", rows: 6, columns: 12), view = TerminalView(screen: s, scale: 1)
    let size = (12 * view.cell.width, 6 * view.cell.height), canvas = try Canvas(width: size.0, height: size.1)
    view.drawAll(on: canvas, at: Point(0, 0), isFocused: true)
    for step in 0..<150 {
      switch random(6) {
      case 0: s.scroll(by: random(9) - 4)
      case 1: s.select(from: (random(20), random(12)), to: (random(20), random(12)))
      case 2: s.selectNothing()
      case 3: s.feed(Array("\u{1B}[\(1 + random(6));\(1 + random(12))H\(step)".utf8))
      default: s.feed(Array("line \(step)\r\n".utf8))
      }
      let isFocused = random(4) > 0
      _ = view.draw(on: canvas, at: Point(0, 0), isFocused: isFocused)
      let whole = try Canvas(width: size.0, height: size.1), other = TerminalView(screen: s, scale: 1)
      other.drawAll(on: whole, at: Point(0, 0), isFocused: isFocused)
      #expect(canvas.png() == whole.png(), "step \(step)")
    }
  }
  @Test func theFontHasWhatMicroPythonPrints() throws {
    for c in (33...126).map({ Character(Unicode.Scalar($0)) }) + Array("äöüßÄÖÜéèçñ°µΩ→…") { #expect(StrokeFont.has(c), "\(c)") }
    let line = (32...126).map { String(Character(Unicode.Scalar($0))) }.joined()
    let s = try Self.screen(line + "\r\n\u{1B}[1m" + line + "\u{1B}[0m\r\näöüßÄÖÜéèçñ°µΩ→… ┌─┬┐│█▓▒░ 漢字", rows: 4, columns: 96)
    let view = TerminalView(screen: s, scale: 2), canvas = try Canvas(width: 96 * 16, height: 4 * 34)
    view.drawAll(on: canvas, at: Point(0, 0), isFocused: true)
    // Letters differ from each other.
    let looks = (0..<95).map { i in (0..<34).map { y in (0..<16).map { x in canvas.pixel(i * 16 + x, y) } } }
    #expect(Set(looks).count == 95)
    SceneTests.save(canvas.png(), "font.png")
  }
}
