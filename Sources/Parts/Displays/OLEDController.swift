import Machine

/// The controller of a monochrome OLED panel: Solomon Systech SSD1306 (rev 1.1) and Sino Wealth SH1106 (v2.3), which share most commands.
final class OLEDController {
  enum Model: Sendable { case ssd1306, sh1106 }
  struct State: BitwiseCopyable {
    /// SSD1306 §10.1.3: 0 horizontal, 1 vertical, 2 page.
    var mode: UInt8 = 2
    var column: UInt8 = 0, page: UInt8 = 0
    var columnStart: UInt8 = 0, columnEnd: UInt8 = 127, pageStart: UInt8 = 0, pageEnd: UInt8 = 7
    var startLine: UInt8 = 0, offset: UInt8 = 0, multiplex: UInt8 = 63
    var contrast: UInt8 = 0x7F
    var remapsSegments = false, remapsCommons = false, alternates = true, swapsSides = false
    var lightsAll = false, inverts = false, isOn = false
    var clock: UInt8 = 0x80, precharge: UInt8 = 0x22
    /// A command that waits for its parameters.
    var command: UInt8 = 0, wanted: UInt8 = 0, got: UInt8 = 0
    var parameters: (UInt8, UInt8, UInt8, UInt8, UInt8, UInt8) = (0, 0, 0, 0, 0, 0)
    /// Scrolling: how, and the rows that move.
    var scroll: UInt8 = 0x26, scrollStart: UInt8 = 0, scrollEnd: UInt8 = 0, scrollInterval: UInt8 = 0, scrollRise: UInt8 = 0
    var fixedRows: UInt8 = 0, movingRows: UInt8 = 64
    /// SH1106: the column to come back to, and whether reading leaves the column as it is.
    var markedColumn: UInt8 = 0, modifies = false, readsDummy = true
  }
  let model: Model
  /// Rows of the panel; its columns are 128.
  let rows: Int
  private let state: UnsafeMutablePointer<State>
  private let ram: UnsafeMutablePointer<UInt8>
  private let scheduler: Scheduler
  private var event: Scheduler.Event!
  private var columns: Int { model == .sh1106 ? 132 : 128 }

  init(_ name: String, model: Model, rows: Int = 64, context: PartContext) {
    self.model = model
    self.rows = rows
    scheduler = context.scheduler
    state = context.arena.allocate("\(name).state", initial: State())
    ram = context.arena.allocate("\(name).RAM", count: 132 * 8, initial: UInt8(0))
    event = scheduler.event("\(name).scroll") { [unowned self] t in scrollStep(t) }
  }
  /// RES# low: the registers, not the RAM.
  func reset() {
    scheduler.cancel(event)
    state.pointee = State()
  }
  var isOn: Bool { state.pointee.isOn }

  // MARK: Data

  func data(_ byte: UInt8) {
    let s = state.pointee
    // The SSD1306 turns columns as they are written (§10.1.8), the SH1106 as they are shown.
    let column = s.remapsSegments && model == .ssd1306 ? columns - 1 - Int(s.column) : Int(s.column)
    if 0..<columns ~= column { ram[Int(s.page & 7) * 132 + column] = byte }
    advance()
  }
  /// SH1106 §"Read display data": the first after the address is a dummy.
  func readData() -> UInt8 {
    guard model == .sh1106 else { return 0 }
    if state.pointee.readsDummy {
      state.pointee.readsDummy = false
      return 0
    }
    let s = state.pointee, byte = s.column < 132 ? ram[Int(s.page & 7) * 132 + Int(s.column)] : 0
    if !s.modifies { advance() }
    return byte
  }
  /// D6: the display is off. The SH1106 has an identity in the low bits.
  var status: UInt8 { (state.pointee.isOn ? 0 : 0x40) | (model == .sh1106 ? 0x08 : 0x03) }

  private func advance() {
    var s = state.pointee
    if model == .sh1106 {
      if s.column < 131 { s.column += 1 }
    } else {
      switch s.mode {
      case 0:
        s.column = s.column == s.columnEnd ? s.columnStart : (s.column &+ 1) & 127
        if s.column == s.columnStart { s.page = s.page == s.pageEnd ? s.pageStart : (s.page &+ 1) & 7 }
      case 1:
        s.page = s.page == s.pageEnd ? s.pageStart : (s.page &+ 1) & 7
        if s.page == s.pageStart { s.column = s.column == s.columnEnd ? s.columnStart : (s.column &+ 1) & 127 }
      default: s.column = s.column == s.columnEnd ? s.columnStart : (s.column &+ 1) & 127
      }
    }
    state.pointee = s
  }

  // MARK: Commands

  private func parameterCount(_ c: UInt8) -> UInt8 {
    switch c {
    case 0x81, 0xA8, 0xD3, 0xD5, 0xD9, 0xDA, 0xDB: 1
    case 0xAD where model == .sh1106: 1
    case 0x20, 0x8D, 0x23, 0xD6: model == .ssd1306 ? 1 : 0
    case 0x21, 0x22, 0xA3: model == .ssd1306 ? 2 : 0
    case 0x26, 0x27: model == .ssd1306 ? 6 : 0
    case 0x29, 0x2A: model == .ssd1306 ? 5 : 0
    default: 0
    }
  }
  func command(_ byte: UInt8) {
    if state.pointee.wanted > 0 {
      let n = Int(state.pointee.got)
      withUnsafeMutableBytes(of: &state.pointee.parameters) { if n < $0.count { $0[n] = byte } }
      state.pointee.got += 1
      if state.pointee.got == state.pointee.wanted {
        state.pointee.wanted = 0
        execute(state.pointee.command, state.pointee.parameters)
      }
      return
    }
    let n = parameterCount(byte)
    if n > 0 {
      state.pointee.command = byte
      state.pointee.wanted = n
      state.pointee.got = 0
    } else {
      execute(byte, (0, 0, 0, 0, 0, 0))
    }
  }
  private func execute(_ c: UInt8, _ p: (UInt8, UInt8, UInt8, UInt8, UInt8, UInt8)) {
    state.pointee.readsDummy = true
    switch c {
    case 0x00...0x0F: state.pointee.column = state.pointee.column & 0xF0 | c & 15
    case 0x10...0x1F: state.pointee.column = state.pointee.column & 0x0F | (c & 15) << 4 & (model == .sh1106 ? 0xF0 : 0x70)
    case 0x20: state.pointee.mode = p.0 & 3
    case 0x21:
      state.pointee.columnStart = p.0 & 127
      state.pointee.columnEnd = p.1 & 127
      state.pointee.column = p.0 & 127
    case 0x22:
      state.pointee.pageStart = p.0 & 7
      state.pointee.pageEnd = p.1 & 7
      state.pointee.page = p.0 & 7
    case 0x26, 0x27, 0x29, 0x2A:
      state.pointee.scroll = c
      state.pointee.scrollStart = p.1 & 7
      state.pointee.scrollInterval = p.2 & 7
      state.pointee.scrollEnd = p.3 & 7
      state.pointee.scrollRise = c >= 0x29 ? p.4 & 63 : 0
    case 0x2E where model == .ssd1306: scheduler.cancel(event)
    case 0x2F where model == .ssd1306: scheduler.schedule(event, after: scrollTime)
    case 0x40...0x7F: state.pointee.startLine = c & 63
    case 0x81: state.pointee.contrast = p.0
    case 0xA0, 0xA1: state.pointee.remapsSegments = c == 0xA1
    case 0xA3:
      state.pointee.fixedRows = p.0 & 63
      state.pointee.movingRows = min(p.1 & 127, 64)
    case 0xA4, 0xA5: state.pointee.lightsAll = c == 0xA5
    case 0xA6, 0xA7: state.pointee.inverts = c == 0xA7
    case 0xA8: if p.0 & 63 >= 15 { state.pointee.multiplex = p.0 & 63 }
    case 0xAE, 0xAF: state.pointee.isOn = c == 0xAF
    case 0xB0...0xB7: state.pointee.page = c & 7
    case 0xC0...0xCF: state.pointee.remapsCommons = c & 8 != 0
    case 0xD3: state.pointee.offset = p.0 & 63
    case 0xD5: state.pointee.clock = p.0
    case 0xD9: state.pointee.precharge = p.0
    case 0xDA:
      state.pointee.alternates = p.0 & 0x10 != 0
      state.pointee.swapsSides = p.0 & 0x20 != 0
    case 0xE0 where model == .sh1106:
      state.pointee.markedColumn = state.pointee.column
      state.pointee.modifies = true
    case 0xEE where model == .sh1106:
      state.pointee.column = state.pointee.markedColumn
      state.pointee.modifies = false
    default: break  // NOP, charge pump, voltages: nothing that shows
    }
  }

  // MARK: Scrolling, SSD1306 §10.2

  /// Frames between steps, and a frame's time: divider, clocks a row (§8.3), rows; the oscillator's usual 370 kHz.
  private var scrollTime: UInt64 {
    let s = state.pointee, frames: [UInt64] = [5, 64, 128, 256, 3, 4, 25, 2]
    let clocks = UInt64(s.clock & 15) + 1, row = UInt64(s.precharge & 15) + UInt64(s.precharge >> 4) + 50
    let hertz = UInt64(370_000 + (Int(s.clock >> 4) - 8) * 24_000)
    return Clock.time(frames[Int(s.scrollInterval & 7)] * clocks * row * (UInt64(s.multiplex) + 1), hertz: hertz)
  }
  private func scrollStep(_ now: UInt64) {
    let s = state.pointee
    if s.scrollStart <= s.scrollEnd {
      let right = s.scroll & 1 == 0 ? s.scroll == 0x26 : s.scroll == 0x29
      for page in Int(s.scrollStart)...Int(s.scrollEnd) {
        let row = ram + page * 132
        // The RAM is in the order of the segments, which the panel shows from right to left.
        if right {
          let first = row[0]
          for i in 0..<127 { row[i] = row[i + 1] }
          row[127] = first
        } else {
          let last = row[127]
          for i in (1..<128).reversed() { row[i] = row[i - 1] }
          row[0] = last
        }
      }
    }
    let top = Int(s.fixedRows), count = min(Int(s.movingRows), 64 - top), by = Int(s.scrollRise)
    if by > 0, count > 0 {
      for x in 0..<128 {
        var old: UInt64 = 0, new: UInt64 = 0
        for page in 0..<8 { old |= UInt64(ram[page * 132 + x]) << UInt64(page * 8) }
        new = old
        for r in 0..<count {
          let from = UInt64(top + (r + by) % count), to = UInt64(top + r)
          new = new & ~(1 << to) | (old >> from & 1) << to
        }
        for page in 0..<8 { ram[page * 132 + x] = UInt8(truncatingIfNeeded: new >> UInt64(page * 8)) }
      }
    }
    scheduler.schedule(event, at: now &+ scrollTime)
  }

  // MARK: The panel

  /// The row of the RAM that common output `c` shows; nil: none.
  private func row(ofCommon c: Int) -> Int? {
    let s = state.pointee, n = Int(s.multiplex) + 1
    // SSD1306 table 10-1 and 10-2.
    let r = ((s.remapsCommons ? n - 1 - c : c) + Int(s.offset) + 64) % 64
    return r < n ? (r + Int(s.startLine)) % 64 : nil
  }
  /// The common output on the panel's line `y`: 64 rows are wired from both sides in turn, 32 from one.
  private func common(ofLine y: Int) -> Int {
    let s = state.pointee, pin = rows == 64 ? y / 2 : y, left = (rows == 64 && y % 2 == 1) != s.swapsSides
    return s.alternates ? pin * 2 + (left ? 1 : 0) : pin + (left ? 32 : 0)
  }
  /// What shows: white by the contrast on black. The glass is mounted so that the usual A1h and C8h are upright.
  var picture: Picture {
    var picture = Picture(width: 128, height: rows)
    let s = state.pointee, level = UInt8(90 + Int(s.contrast) * 165 / 255)
    for y in 0..<rows {
      let row = row(ofCommon: common(ofLine: rows - 1 - y))
      for x in 0..<128 {
        var lit = false
        if s.isOn, let row {
          let segment = model == .ssd1306 ? 127 - x : s.remapsSegments ? x + 2 : 129 - x
          lit = s.lightsAll || (ram[row / 8 * 132 + segment] >> UInt8(row % 8) & 1 == 1) != s.inverts
        }
        let v = lit ? level : 0
        picture.set(x, y, red: v, green: v, blue: v)
      }
    }
    return picture
  }
}
