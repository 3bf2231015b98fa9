import CVTerm

/// What a terminal shows, through libvterm: cells with colours, lines that scrolled away, a selection.
final class TerminalScreen {
  struct Cell: Equatable {
    var character: UInt32 = 32
    /// 0xRRGGBB.
    var foreground: UInt32 = TerminalScreen.foreground, background: UInt32 = TerminalScreen.background
    var isBold = false, isUnderlined = false, isStruck = false
    /// 0 behind a wide one.
    var width: UInt8 = 1
  }
  static let foreground: UInt32 = 0xD7DEE6, background: UInt32 = 0x14181D
  private static let palette: [UInt32] = [
    0x1F252C, 0xE0605E, 0x7CC36E, 0xE0B454, 0x5C9DEB, 0xC07CDD, 0x4FBFC4, 0xC9D1D9, 0x5B6672, 0xF28B82, 0xA5DE94, 0xF5D67B, 0x8FBCF5, 0xD9A6EE, 0x84DDE0, 0xF4F7FA,
  ]
  private static let keptLines = 10_000

  private let vt: OpaquePointer
  private let screen: OpaquePointer
  private(set) var rows: Int, columns: Int
  /// Lines that scrolled away, oldest first, and how many were dropped before them.
  private(set) var history: [[Cell]] = []
  private(set) var dropped = 0
  private(set) var cursor = (row: 0, column: 0)
  private(set) var isCursorVisible = true
  /// Rows of the view that changed since they were drawn.
  private(set) var dirty: Set<Int> = []
  /// Lines back from the newest that the view shows.
  private(set) var scroll = 0
  /// What the terminal answers and what is typed, for the guest.
  var onOutput: ([UInt8]) -> Void = { _ in }
  var onBell: () -> Void = {}
  /// From and to, in lines counted from the first ever, and columns; either may be first.
  private(set) var selection: (from: (line: Int, column: Int), to: (line: Int, column: Int))?
  private var callbacks = UnsafeMutablePointer<VTermScreenCallbacks>.allocate(capacity: 1)

  init?(rows: Int, columns: Int) {
    guard let v = vterm_new(Int32(rows), Int32(columns)), let s = vterm_obtain_screen(v) else { return nil }
    vt = v
    screen = s
    self.rows = rows
    self.columns = columns
    vterm_set_utf8(vt, 1)
    let state = vterm_obtain_state(vt)
    func color(_ c: UInt32) -> VTermColor {
      var v = VTermColor()
      vterm_color_rgb(&v, UInt8(c >> 16 & 255), UInt8(c >> 8 & 255), UInt8(c & 255))
      return v
    }
    for (i, c) in Self.palette.enumerated() {
      var v = color(c)
      vterm_state_set_palette_color(state, Int32(i), &v)
    }
    var fg = color(Self.foreground), bg = color(Self.background)
    vterm_state_set_default_colors(state, &fg, &bg)
    var c = VTermScreenCallbacks()
    c.damage = { rect, user in
      let me = TerminalScreen.me(user)
      for r in max(0, rect.start_row)..<max(0, rect.start_row, rect.end_row) { me.dirty.insert(Int(r) + me.scroll) }
      return 1
    }
    c.movecursor = { position, old, visible, user in
      let me = TerminalScreen.me(user)
      me.dirty.insert(Int(old.row) + me.scroll)
      me.dirty.insert(Int(position.row) + me.scroll)
      me.cursor = (Int(position.row), Int(position.col))
      return 1
    }
    c.settermprop = { property, value, user in
      let me = TerminalScreen.me(user)
      if property == VTERM_PROP_CURSORVISIBLE, let value { me.isCursorVisible = value.pointee.boolean != 0 }
      me.dirty.insert(me.cursor.row + me.scroll)
      return 1
    }
    c.bell = { user in
      TerminalScreen.me(user).onBell()
      return 1
    }
    c.sb_pushline = { count, cells, user in
      let me = TerminalScreen.me(user)
      guard let cells else { return 0 }
      var line: [Cell] = []
      for i in 0..<Int(count) { line.append(me.cell(cells[i])) }
      while let l = line.last, l == Cell() { line.removeLast() }
      me.history.append(line)
      if me.history.count > TerminalScreen.keptLines + 1000 {
        me.history.removeFirst(1000)
        me.dropped += 1000
      }
      if me.scroll > 0 { me.scroll = min(me.scroll + 1, me.history.count) }
      return 1
    }
    callbacks.initialize(to: c)
    vterm_screen_enable_altscreen(screen, 1)
    vterm_screen_set_callbacks(screen, callbacks, Unmanaged.passUnretained(self).toOpaque())
    vterm_output_set_callback(
      vt,
      { bytes, count, user in
        guard let bytes else { return }
        TerminalScreen.me(user).onOutput((0..<count).map { UInt8(bitPattern: bytes[$0]) })
      }, Unmanaged.passUnretained(self).toOpaque())
    vterm_screen_set_damage_merge(screen, VTERM_DAMAGE_ROW)
    vterm_screen_reset(screen, 1)
  }
  deinit {
    vterm_free(vt)
    callbacks.deallocate()
  }
  private static func me(_ user: UnsafeMutableRawPointer?) -> TerminalScreen { Unmanaged<TerminalScreen>.fromOpaque(user!).takeUnretainedValue() }

  /// The guest's bytes.
  func feed(_ bytes: [UInt8]) {
    guard !bytes.isEmpty else { return }
    let lines = history.count + dropped, back = scroll
    bytes.withUnsafeBytes { _ = vterm_input_write(vt, $0.bindMemory(to: CChar.self).baseAddress, $0.count) }
    vterm_screen_flush_damage(screen)
    if scroll != back || (selection != nil && lines != history.count + dropped) { touchAll() }
  }
  func resize(rows: Int, columns: Int) {
    let rows = min(max(rows, 2), 500), columns = min(max(columns, 8), 500)
    guard rows != self.rows || columns != self.columns else { return }
    self.rows = rows
    self.columns = columns
    vterm_set_size(vt, Int32(rows), Int32(columns))
    vterm_screen_flush_damage(screen)
    touchAll()
  }
  func clear() {
    history = []
    scroll = 0
    selection = nil
    vterm_screen_reset(screen, 1)
    touchAll()
  }
  func touchAll() { dirty = Set(0..<rows) }
  func takeDirty() -> [Int] {
    defer { dirty = [] }
    return dirty.filter { $0 < rows }.sorted()
  }

  // MARK: Cells

  private func cell(_ c: VTermScreenCell) -> Cell {
    var cell = Cell()
    cell.character = c.chars.0 == 0 || c.chars.0 == .max ? 32 : c.chars.0
    cell.width = c.chars.0 == .max ? 0 : UInt8(clamping: Int(c.width))
    cell.foreground = rgb(c.fg)
    cell.background = rgb(c.bg)
    cell.isBold = c.attrs.bold != 0
    cell.isUnderlined = c.attrs.underline != 0
    cell.isStruck = c.attrs.strike != 0
    if c.attrs.reverse != 0 { swap(&cell.foreground, &cell.background) }
    return cell
  }
  private func rgb(_ color: VTermColor) -> UInt32 {
    var c = color
    vterm_screen_convert_color_to_rgb(screen, &c)
    return UInt32(c.rgb.red) << 16 | UInt32(c.rgb.green) << 8 | UInt32(c.rgb.blue)
  }
  /// A row of the view, with what is scrolled back.
  func row(_ r: Int) -> [Cell] {
    let back = r - scroll
    if back < 0 {
      var line = history[max(0, history.count + back)]
      if line.count > columns { line.removeLast(line.count - columns) }
      return line + [Cell](repeating: Cell(), count: columns - line.count)
    }
    var line: [Cell] = []
    var c = VTermScreenCell()
    for column in 0..<columns {
      line.append(vterm_screen_get_cell(screen, VTermPos(row: Int32(back), col: Int32(column)), &c) != 0 ? cell(c) : Cell())
    }
    return line
  }
  /// The cursor's row in the view; nil when it is not to be seen.
  var cursorRow: Int? { isCursorVisible && cursor.row + scroll < rows ? cursor.row + scroll : nil }
  func scroll(by lines: Int) {
    let s = min(max(scroll + lines, 0), history.count)
    if s != scroll {
      scroll = s
      touchAll()
    }
  }
  /// The view's text, a line per row.
  var text: [String] { (0..<rows).map { Self.text(row($0)) } }
  private static func text(_ cells: some Sequence<Cell>) -> String {
    var s = String(String.UnicodeScalarView(cells.filter { $0.width > 0 }.map { Unicode.Scalar($0.character) ?? " " }))
    while s.last == " " { s.removeLast() }
    return s
  }

  // MARK: Selection

  func line(ofRow r: Int) -> Int { dropped + history.count + r - scroll }
  func select(from: (line: Int, column: Int), to: (line: Int, column: Int)) {
    selection = (from, to)
    touchAll()
  }
  func selectWord(line: Int, column: Int) {
    let cells = self.cells(ofLine: line)
    guard column < cells.count else { return }
    func isWord(_ c: Cell) -> Bool { c.character != 32 }
    guard isWord(cells[column]) else { return }
    var a = column, b = column
    while a > 0, isWord(cells[a - 1]) { a -= 1 }
    while b + 1 < cells.count, isWord(cells[b + 1]) { b += 1 }
    select(from: (line, a), to: (line, b + 1))
  }
  func selectNothing() {
    if selection != nil {
      selection = nil
      touchAll()
    }
  }
  private func cells(ofLine line: Int) -> [Cell] {
    let i = line - dropped
    if i < 0 { return [] }
    if i < history.count { return history[i] }
    let r = i - history.count + scroll
    return r < rows + scroll ? row(r) : []
  }
  /// The columns of `line` that are selected.
  func selected(inLine line: Int) -> Range<Int>? {
    guard let s = selection else { return nil }
    let (a, b) = s.from.line < s.to.line || (s.from.line == s.to.line && s.from.column <= s.to.column) ? (s.from, s.to) : (s.to, s.from)
    guard a.line...b.line ~= line else { return nil }
    let from = line == a.line ? a.column : 0, to = line == b.line ? b.column : columns
    return from < to ? from..<to : nil
  }
  var selectedText: String {
    guard let s = selection else { return "" }
    let first = max(min(s.from.line, s.to.line), dropped), last = max(s.from.line, s.to.line)
    guard first <= last else { return "" }
    return (first...min(last, first + Self.keptLines)).map { line in
      let cells = self.cells(ofLine: line)
      guard let r = selected(inLine: line)?.clamped(to: 0..<cells.count), !r.isEmpty else { return "" }
      return Self.text(cells[r])
    }.joined(separator: "\n")
  }

  // MARK: Keys

  /// Typed text; the view goes back to the newest line.
  func type(_ text: String, alt: Bool = false) {
    scroll(by: -scroll)
    for u in text.unicodeScalars { vterm_keyboard_unichar(vt, u.value, alt ? VTERM_MOD_ALT : VTERM_MOD_NONE) }
  }
  func type(control c: UInt8) {
    scroll(by: -scroll)
    onOutput([c & 0x1F])
  }
  func press(_ key: VTermKey, shift: Bool = false, alt: Bool = false, control: Bool = false) {
    scroll(by: -scroll)
    let modifiers = (shift ? VTERM_MOD_SHIFT.rawValue : 0) | (alt ? VTERM_MOD_ALT.rawValue : 0) | (control ? VTERM_MOD_CTRL.rawValue : 0)
    vterm_keyboard_key(vt, key, VTermModifier(rawValue: modifiers))
  }
  /// Lines end as the Enter key ends them.
  func paste(_ text: String) {
    scroll(by: -scroll)
    vterm_keyboard_start_paste(vt)
    onOutput(Array(text.replacing("\r\n", with: "\r").replacing("\n", with: "\r").utf8))
    vterm_keyboard_end_paste(vt)
  }
}
