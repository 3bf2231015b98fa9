import Machine

/// The controller of a colour panel that speaks MIPI DCS on a four-wire serial bus: ILI9341 (Ilitek, V1.11), ST7789V, ST7735S
/// (Sitronix), GC9A01 (Galaxycore). What differs between them and between the panels that they sit on is data.
final class TFTController {
  struct Model: Sendable {
    /// Of the frame memory.
    var columns: Int, rows: Int
    /// What 04h answers, after one idle clock, and D3h, after an idle byte.
    var id: [UInt8] = [0, 0, 0], id4: [UInt8] = []
    /// 3Ah after a reset.
    var pixelFormat: UInt8 = 0x66
  }
  /// How the glass is mounted and what of the memory it shows.
  struct Panel: Sendable {
    var width: Int, height: Int
    var firstColumn = 0, firstRow = 0
    /// The outputs run from right to left, from bottom to top.
    var mirrorsX = false, mirrorsY = false
    /// Blue is where the controller has red.
    var isBGR = false
    /// It is dark without voltage (IPS), so that the usual colours need INVON; else it is white.
    var isNormallyBlack = false
  }
  struct State: BitwiseCopyable {
    var command: UInt8 = 0, count: UInt32 = 0
    var parameters: (UInt8, UInt8, UInt8, UInt8, UInt8, UInt8) = (0, 0, 0, 0, 0, 0)
    var columnStart: UInt16 = 0, columnEnd: UInt16, rowStart: UInt16 = 0, rowEnd: UInt16
    var column: UInt16 = 0, row: UInt16 = 0
    var access: UInt8 = 0, format: UInt8
    var sleeps = true, isOn = false, inverts = false, isIdle = false, isPartial = false, isScrolling = false
    var partialStart: UInt16 = 0, partialEnd: UInt16
    var scrollTop: UInt16 = 0, scrollHeight: UInt16, scrollStart: UInt16 = 0
    /// ILI9341 B6h: outputs in the other order.
    var turnsSources = false, turnsGates = false
    var brightness: UInt8 = 0, controlDisplay: UInt8 = 0, tear: UInt8 = 0
    /// Bytes of a pixel so far.
    var pending: UInt32 = 0, pendingCount: UInt8 = 0
    /// Byte of the answer that goes out next.
    var answered: UInt32 = 0

    init(_ m: Model) {
      columnEnd = UInt16(m.columns - 1)
      rowEnd = UInt16(m.rows - 1)
      format = m.pixelFormat
      partialEnd = UInt16(m.rows - 1)
      scrollHeight = UInt16(m.rows)
    }
  }
  let model: Model
  var panel: Panel
  private let state: UnsafeMutablePointer<State>
  /// Red, green and blue as the controller has them, 6 bits each.
  private let ram: UnsafeMutablePointer<UInt32>

  init(_ name: String, model: Model, panel: Panel, context: PartContext) {
    self.model = model
    self.panel = panel
    state = context.arena.allocate("\(name).state", initial: State(model))
    ram = context.arena.allocate("\(name).RAM", count: model.columns * model.rows, initial: UInt32(0))
  }
  /// The registers; the frame memory stays.
  func reset() { state.pointee = State(model) }
  /// Whether the panel shows its memory.
  var isOn: Bool { state.pointee.isOn && !state.pointee.sleeps }

  // MARK: Commands

  func command(_ c: UInt8) {
    state.pointee.command = c
    state.pointee.count = 0
    state.pointee.answered = 0
    state.pointee.pendingCount = 0
    state.pointee.pending = 0
    switch c {
    case 0x01: reset()
    case 0x10: state.pointee.sleeps = true
    case 0x11: state.pointee.sleeps = false
    case 0x12: state.pointee.isPartial = true
    case 0x13:
      state.pointee.isPartial = false
      state.pointee.isScrolling = false
    case 0x20: state.pointee.inverts = false
    case 0x21: state.pointee.inverts = true
    case 0x28: state.pointee.isOn = false
    case 0x29: state.pointee.isOn = true
    case 0x2C, 0x2E:
      state.pointee.column = state.pointee.columnStart
      state.pointee.row = state.pointee.rowStart
    case 0x34: state.pointee.tear = 0
    case 0x38: state.pointee.isIdle = false
    case 0x39: state.pointee.isIdle = true
    default: break
    }
  }
  func data(_ byte: UInt8) {
    let c = state.pointee.command
    if c == 0x2C || c == 0x3C { return pixelByte(byte) }
    let n = Int(state.pointee.count)
    state.pointee.count &+= 1
    withUnsafeMutableBytes(of: &state.pointee.parameters) { if n < $0.count { $0[n] = byte } }
    let p = state.pointee.parameters
    func word(_ a: UInt8, _ b: UInt8) -> UInt16 { UInt16(a) << 8 | UInt16(b) }
    switch (c, n) {
    case (0x2A, 3): (state.pointee.columnStart, state.pointee.columnEnd) = (word(p.0, p.1), word(p.2, p.3))
    case (0x2B, 3): (state.pointee.rowStart, state.pointee.rowEnd) = (word(p.0, p.1), word(p.2, p.3))
    case (0x30, 3): (state.pointee.partialStart, state.pointee.partialEnd) = (word(p.0, p.1), word(p.2, p.3))
    case (0x33, 5): (state.pointee.scrollTop, state.pointee.scrollHeight) = (word(p.0, p.1), word(p.2, p.3))
    case (0x37, 1):
      state.pointee.scrollStart = word(p.0, p.1)
      state.pointee.isScrolling = true
    case (0x35, 0): state.pointee.tear = byte | 0x80
    case (0x36, 0): state.pointee.access = byte
    case (0x3A, 0): state.pointee.format = byte
    case (0x51, 0): state.pointee.brightness = byte
    case (0x53, 0): state.pointee.controlDisplay = byte
    case (0xB6, 1) where !model.id4.isEmpty:
      state.pointee.turnsSources = byte & 0x20 != 0
      state.pointee.turnsGates = byte & 0x40 != 0
    default: break
    }
  }

  /// Pixels are coming in, so there is nothing to answer.
  var isWriting: Bool { state.pointee.command == 0x2C || state.pointee.command == 0x3C }

  // MARK: The frame memory

  private func pixelByte(_ byte: UInt8) {
    let n = state.pointee.pendingCount, pending = state.pointee.pending << 8 | UInt32(byte)
    state.pointee.pending = pending
    switch state.pointee.format & 7 {
    case 5:
      guard n == 1 else {
        state.pointee.pendingCount = 1
        return
      }
      write(Self.wide565(pending))
    case 3:
      // Two pixels in three bytes.
      guard n > 0 else {
        state.pointee.pendingCount = 1
        return
      }
      func wide(_ v: UInt32) -> UInt32 { v << 2 | v >> 2 }
      let v = n == 1 ? pending >> 4 : pending
      write(wide(v >> 8 & 15) << 12 | wide(v >> 4 & 15) << 6 | wide(v & 15))
      state.pointee.pendingCount = n == 1 ? 2 : 0
      return
    default:
      guard n == 2 else {
        state.pointee.pendingCount = n + 1
        return
      }
      write((pending >> 18 & 63) << 12 | (pending >> 10 & 63) << 6 | pending >> 2 & 63)
    }
    state.pointee.pendingCount = 0
  }
  /// Bytes of pixels, in words of 8 or 16 bits.
  func pixels(_ words: UnsafeBufferPointer<UInt16>, width: Int) {
    func bytes(_ w: UInt16) {
      if width == 16 { pixelByte(UInt8(truncatingIfNeeded: w >> 8)) }
      pixelByte(UInt8(truncatingIfNeeded: w))
    }
    var at = 0
    if state.pointee.format & 7 == 5 {
      if state.pointee.pendingCount != 0, width == 8, let first = words.first {
        bytes(first)
        at = 1
      }
      // Whole pixels, but for the last bytes, which are kept.
      if state.pointee.pendingCount == 0 {
        let step = width == 16 ? 1 : 2
        while at + 4 < words.count {
          write(Self.wide565(step == 1 ? UInt32(words[at]) : UInt32(words[at]) << 8 | UInt32(words[at + 1] & 0xFF)))
          at += step
        }
      }
    }
    while at < words.count {
      bytes(words[at])
      at += 1
    }
  }
  /// The low bit of five is the high one again (§"Color depth conversion look up tables", as they are after a reset).
  private static func wide565(_ v: UInt32) -> UInt32 {
    let r = v >> 11 & 31, g = v >> 5 & 63, b = v & 31
    return (r << 1 | r >> 4) << 12 | g << 6 | (b << 1 | b >> 4)
  }
  /// Where the counters point; nil outside the memory.
  private var index: Int? {
    var c = Int(state.pointee.column), r = Int(state.pointee.row)
    let access = state.pointee.access
    if access & 0x20 != 0 { swap(&c, &r) }
    if access & 0x40 != 0 { c = model.columns - 1 - c }
    if access & 0x80 != 0 { r = model.rows - 1 - r }
    return c >= 0 && c < model.columns && r >= 0 && r < model.rows ? r * model.columns + c : nil
  }
  private func advance() {
    if state.pointee.column < state.pointee.columnEnd {
      state.pointee.column &+= 1
    } else {
      state.pointee.column = state.pointee.columnStart
      state.pointee.row = state.pointee.row < state.pointee.rowEnd ? state.pointee.row &+ 1 : state.pointee.rowStart
    }
  }
  private func write(_ color: UInt32) {
    if let i = index { ram[i] = color }
    advance()
  }

  // MARK: Answers

  /// The next byte that a read gives.
  func answer() -> UInt8 {
    let s = state.pointee, n = Int(s.answered)
    state.pointee.answered &+= 1
    func late(_ bytes: [UInt8]) -> UInt8 {
      // One clock goes by before the answer.
      let before = n > 0 && n - 1 < bytes.count ? bytes[n - 1] : 0, now = n < bytes.count ? bytes[n] : 0
      return before << 7 | now >> 1
    }
    let power: UInt8 = (s.isIdle ? 0x40 : 0) | (s.isPartial ? 0x20 : 0) | (s.sleeps ? 0 : 0x90) | (s.isPartial ? 0 : 8) | (s.isOn ? 4 : 0)
    switch s.command {
    case 0x04: return late(model.id)
    case 0x09: return late([(s.sleeps ? 0 : 0x80) | s.access >> 1 & 0x7C, (s.format & 7) << 4 | power >> 3 & 1 | (s.sleeps ? 0 : 2), (s.inverts ? 0x20 : 0) | (s.isOn ? 4 : 0), 0])
    case 0x0A: return power
    case 0x0B: return s.access
    case 0x0C: return s.format & 7
    case 0x0D: return s.inverts ? 0x20 : 0
    case 0x0E: return s.tear
    case 0x0F: return s.sleeps ? 0 : 0xC0
    case 0x52: return s.brightness
    case 0x54: return s.controlDisplay
    case 0xDA, 0xDB, 0xDC: return n == 0 ? model.id[Int(s.command) - 0xDA] : 0
    case 0xD3: return n > 0 && n - 1 < model.id4.count ? model.id4[n - 1] : 0
    case 0x2E, 0x3E:
      guard n > 0 else { return 0 }
      let color = index.map { ram[$0] } ?? 0, part = (n - 1) % 3
      if part == 2 { advance() }
      return UInt8(truncatingIfNeeded: color >> UInt32(12 - part * 6) & 63) << 2
    default: return 0
    }
  }

  // MARK: The panel

  var picture: Picture {
    let s = state.pointee, blank: UInt8 = panel.isNormallyBlack ? 0 : 0xFF
    guard isOn else { return Picture(width: panel.width, height: panel.height, rgba: (0..<panel.width * panel.height * 4).map { $0 & 3 == 3 ? 255 : blank }) }
    var bytes = [UInt8](repeating: 255, count: panel.width * panel.height * 4)
    let swaps = (s.access & 8 != 0) != panel.isBGR, flips: UInt32 = s.inverts != panel.isNormallyBlack ? 0x3FFFF : 0
    let turnsX = panel.mirrorsX != s.turnsSources, turnsY = panel.mirrorsY != s.turnsGates
    var at = 0
    for y in 0..<panel.height {
      var row = panel.firstRow + (turnsY ? panel.height - 1 - y : y)
      // Outside the partial area the panel is dark, whatever the memory holds.
      let dark = s.isPartial && !(s.partialStart <= s.partialEnd ? Int(s.partialStart)...Int(s.partialEnd) ~= row : row >= Int(s.partialStart) || row <= Int(s.partialEnd))
      let top = Int(s.scrollTop), height = Int(s.scrollHeight)
      if s.isScrolling, height > 0, top + height <= model.rows, row >= top, row < top + height {
        row = top + (row - top + max(0, Int(s.scrollStart) - top)) % height
      }
      let line = ram + min(row, model.rows - 1) * model.columns
      for x in 0..<panel.width {
        let column = panel.firstColumn + (turnsX ? panel.width - 1 - x : x)
        var v = dark ? 0 : line[min(column, model.columns - 1)] ^ flips
        if s.isIdle { v = ((v & 0x20820) &* 0x3F) >> 5 & 0x3FFFF }
        let r = v >> 12, g = v >> 6 & 63, b = v & 63
        bytes[at] = UInt8(truncatingIfNeeded: ((swaps ? b : r) &* 259 &+ 33) >> 6)
        bytes[at + 1] = UInt8(truncatingIfNeeded: (g &* 259 &+ 33) >> 6)
        bytes[at + 2] = UInt8(truncatingIfNeeded: ((swaps ? r : b) &* 259 &+ 33) >> 6)
        at += 4
      }
    }
    return Picture(width: panel.width, height: panel.height, rgba: bytes)
  }
}
