import Boards
import Foundation
import Machine
import Parts
import Testing

@testable import Frontend

@Suite struct LogicTests {
  private let us: UInt64 = 1_000_000
  private func trace() -> LogicTrace {
    let t = LogicTrace(names: ["a", "b"], levels: [.low, .high], decoders: ["i2c"])
    t.span = 100 * us
    return t
  }
  @Test func theNewestStretchIsShown() {
    let t = trace()
    for n in 0..<20 { t.add(Probe.Change(time: UInt64(n) * 50 * us, channel: 0, level: n % 2 == 0 ? .high : .low)) }
    t.add(Annotation(start: 900 * us, end: 910 * us, kind: .data, text: "old"), decoder: 0)
    t.add(Annotation(start: 930 * us, end: 960 * us, kind: .data, text: "4F"), decoder: 0)
    let s = t.snapshot(at: 1020 * us)
    #expect((s.start, s.end) == (920 * us, 1020 * us))
    #expect(s.rows[0].first == .high)
    #expect(s.rows[0].changes.map(\.time) == [950 * us])
    #expect(s.rows[0].changes.map(\.level) == [.low])
    // A wire that stands still has the level it had.
    #expect(s.rows[1].first == .high && s.rows[1].changes.isEmpty)
    #expect(s.decoded[0].annotations.map(\.text) == ["4F"])
    // Long after the last change.
    #expect(t.snapshot(at: 5000 * us).rows.map(\.first) == [.low, .high])
  }
  @Test func aTriggerHoldsTheViewUntilItIsArmedAgain() {
    let t = trace()
    t.cycleTrigger(0)
    #expect(t.trigger == .init(channel: 0, rising: true))
    for n in 1...40 { t.add(Probe.Change(time: UInt64(n) * 20 * us, channel: 0, level: n % 2 == 0 ? .low : .high)) }
    let s = t.snapshot(at: 800 * us)
    #expect(s.trigger == 20 * us)
    #expect((s.start, s.end) == (0, 95 * us))
    #expect(s.rows[0].first == .low)
    #expect(s.rows[0].changes.map(\.time) == [20 * us, 40 * us, 60 * us, 80 * us])
    t.rearm()
    let fresh = t.snapshot(at: 810 * us)
    #expect(fresh.trigger == nil && fresh.rows[0].changes.isEmpty && fresh.rows[0].first == .low)
    t.add(Probe.Change(time: 820 * us, channel: 0, level: .high))
    #expect(t.snapshot(at: 900 * us).trigger == 820 * us)
    t.cycleTrigger(0)
    #expect(t.trigger == .init(channel: 0, rising: false))
    t.cycleTrigger(1)
    #expect(t.trigger == .init(channel: 1, rising: true))
    t.cycleTrigger(1)
    t.cycleTrigger(1)
    #expect(t.trigger == nil)
  }
  @Test func manyChangesAreThinnedToWhatAScreenShows() {
    let t = trace()
    t.span = 50 * us
    for n in 0..<200_000 { t.add(Probe.Change(time: UInt64(n) * 1000, channel: 0, level: n % 2 == 0 ? .high : .low)) }
    let s = t.snapshot(at: 200 * us, columns: 100)
    #expect(200...202 ~= s.rows[0].changes.count)
    #expect(s.rows[0].changes.last?.level == .low)
    #expect(zip(s.rows[0].changes, s.rows[0].changes.dropFirst()).allSatisfy { $0.time < $1.time })
  }
  @Test func zoomGoesInStepsOfOneTwoFive() {
    let t = trace()
    var spans: [UInt64] = []
    for _ in 0..<4 {
      t.zoom(in: true)
      spans.append(t.span / us)
    }
    for _ in 0..<4 { t.zoom(in: false) }
    #expect(spans == [50, 20, 10, 5])
    #expect(t.span == 100 * us)
    for _ in 0..<60 { t.zoom(in: true) }
    #expect(t.span == us)
    for _ in 0..<60 { t.zoom(in: false) }
    #expect(t.span == 100_000_000_000_000)
  }
  @Test func aLogicAnalyzersWiredChannelsAreRecorded() throws {
    let board = try Catalog.make(Catalog.board(named: "pico")), file = FileManager.default.temporaryDirectory.appendingPathComponent("logic-\(UUID().uuidString).vcd").path
    defer { try? FileManager.default.removeItem(atPath: file) }
    try board.add("logic=wokwi-logic-analyzer,channelNames=SDA")
    #expect(Recording.analyzers(of: board).isEmpty)
    try board.wire("logic:D0", "GP4")
    try board.wire("logic:D5", "3V3")
    let recording = try Recording(board, pins: [], vcd: file, timescale: 1000, decoders: [])
    #expect(recording.trace.names == ["SDA", "D5"])
    let pad = try board.pin("GP4")
    for high in [true, false, true] { pad.drive = Drive(.strong, high: high) }
    recording.finish(at: 1_000_000)
    #expect(recording.trace.snapshot(at: 1_000_000).rows.map { $0.changes.map(\.level) } == [[.high, .high], []])
    let text = try String(contentsOfFile: file, encoding: .utf8)
    #expect(text.contains("$var wire 1 ! SDA $end\n$var wire 1 \" D5 $end"))
    #expect(text.contains("$dumpvars\n0!\n1\"\n$end\n1!\n0!\n1!\n#1000\n"))
  }
  @Test func aLevelIsDrawnOnItsLineAndNamesAreFound() throws {
    let canvas = try Canvas(width: 310, height: 76), view = LogicView(scale: 1), r = Rect(0, 0, 310, 76), color: UInt32 = 0xFF5C_9DEB
    let s = LogicTrace.Snapshot(start: 0, end: 200, rows: [.init(name: "GP4", first: .low, changes: [(100, .high)]), .init(name: "GP5", first: .floating, changes: [])], decoded: [])
    view.draw(s, in: r, on: canvas)
    // Low for the first half, high for the second, upright between them.
    #expect(canvas.pixel(150, 43) == color && canvas.pixel(150, 28) != color)
    #expect(canvas.pixel(270, 28) == color && canvas.pixel(270, 43) != color)
    #expect(canvas.pixel(210, 35) == color)
    #expect(view.channel(at: Point(20, 30), in: r, of: 2) == 0)
    #expect(view.channel(at: Point(20, 60), in: r, of: 2) == 1)
    #expect(view.channel(at: Point(20, 10), in: r, of: 2) == nil)
    #expect(view.channel(at: Point(200, 30), in: r, of: 2) == nil)
  }
}
