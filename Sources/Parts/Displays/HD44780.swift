import Machine

/// A character display's controller, Hitachi HD44780U (ADE-207-272), with the character ROM A00: 8 or 4 bits on its bus.
final class HD44780 {
  struct State: BitwiseCopyable {
    var address: UInt8 = 0
    /// The address counter points into the character generator's RAM.
    var isInCharacters = false
    var isEightBit = true, hasTwoLines = false
    /// The first half of a byte, in and out, on four lines.
    var hasHalf = false, half: UInt8 = 0, showsLowHalf = false
    var increments = true, shiftsDisplay = false
    var isOn = false, showsCursor = false, blinks = false
    var shift: Int8 = 0
    var busyUntil: UInt64, blinkSince: UInt64 = 0
    /// The byte that a read gives.
    var output: UInt8 = 0
  }
  private let state: UnsafeMutablePointer<State>
  private let ram: UnsafeMutablePointer<UInt8>, characters: UnsafeMutablePointer<UInt8>
  private let scheduler: Scheduler, log: Log, name: String
  let columns: Int, rows: Int

  // At the usual 270 kHz of the oscillator.
  private static let short: UInt64 = 37_000_000, long: UInt64 = 1_520_000_000, start: UInt64 = 10_000_000_000, half: UInt64 = 409_600_000_000

  init(_ name: String, columns: Int, rows: Int, context: PartContext) {
    self.name = name
    self.columns = columns
    self.rows = rows
    scheduler = context.scheduler
    log = context.log
    state = context.arena.allocate("\(name).state", initial: State(busyUntil: Self.start))
    ram = context.arena.allocate("\(name).DDRAM", count: 80, initial: UInt8(0x20))
    characters = context.arena.allocate("\(name).CGRAM", count: 64, initial: UInt8(0))
  }

  var isEightBit: Bool { state.pointee.isEightBit }

  // MARK: The bus

  /// A falling E with R/W low.
  /// - Parameter lines: DB7 to DB0; on four lines DB7 to DB4 count.
  func write(data isData: Bool, _ lines: UInt8) {
    var byte = lines
    if !state.pointee.isEightBit {
      guard state.pointee.hasHalf else {
        state.pointee.half = lines & 0xF0
        state.pointee.hasHalf = true
        return
      }
      state.pointee.hasHalf = false
      byte = state.pointee.half | lines >> 4
    }
    guard scheduler.now >= state.pointee.busyUntil else {
      log.once("\(name) was given 0x\(String(byte, radix: 16)) while it was busy, so it was lost; wait until the busy flag is clear, or 40 us after a byte, 1.6 ms after clear or home, 15 ms after power-on")
      return
    }
    busy(Self.short)
    if isData { store(byte) } else { execute(byte) }
  }
  /// A rising E with R/W high: what it drives on DB7 to DB0.
  func read(data isData: Bool) -> UInt8 {
    if !state.pointee.isEightBit, state.pointee.showsLowHalf { return state.pointee.output << 4 }
    if isData {
      state.pointee.output = load()
    } else {
      let address = state.pointee.isInCharacters ? state.pointee.address & 63 : state.pointee.address
      state.pointee.output = (scheduler.now < state.pointee.busyUntil ? 0x80 : 0) | address
    }
    return state.pointee.isEightBit ? state.pointee.output : state.pointee.output & 0xF0
  }
  /// The fall of E after a read.
  func readEnded(data isData: Bool) {
    if !state.pointee.isEightBit {
      state.pointee.showsLowHalf.toggle()
      if state.pointee.showsLowHalf { return }
    }
    if isData, scheduler.now >= state.pointee.busyUntil {
      step()
      busy(Self.short)
    }
  }
  private func busy(_ time: UInt64) { state.pointee.busyUntil = scheduler.now &+ time }

  // MARK: Instructions, table 6

  private func execute(_ c: UInt8) {
    switch c.leadingZeroBitCount {
    case 0:
      state.pointee.isInCharacters = false
      state.pointee.address = c & 0x7F
    case 1:
      state.pointee.isInCharacters = true
      state.pointee.address = c & 0x3F
    case 2:
      state.pointee.isEightBit = c & 0x10 != 0
      state.pointee.hasTwoLines = c & 8 != 0
      state.pointee.hasHalf = false
    case 3:
      let right = c & 4 != 0
      if c & 8 != 0 { shift(right: right) } else { move(forward: right) }
    case 4:
      state.pointee.isOn = c & 4 != 0
      state.pointee.showsCursor = c & 2 != 0
      state.pointee.blinks = c & 1 != 0
      state.pointee.blinkSince = scheduler.now
    case 5:
      state.pointee.increments = c & 2 != 0
      state.pointee.shiftsDisplay = c & 1 != 0
    case 6, 7:
      if c == 1 {
        for i in 0..<80 { ram[i] = 0x20 }
        state.pointee.increments = true
      }
      state.pointee.isInCharacters = false
      state.pointee.address = 0
      state.pointee.shift = 0
      busy(Self.long)
    default: break
    }
  }
  /// The place of a DDRAM address: two lines of 40, or one of 80.
  private func place(_ address: UInt8) -> Int? {
    let a = Int(address & 0x7F)
    if !state.pointee.hasTwoLines { return a < 80 ? a : nil }
    return a < 40 ? a : 0x40..<0x68 ~= a ? a - 24 : nil
  }
  private func store(_ byte: UInt8) {
    if state.pointee.isInCharacters {
      characters[Int(state.pointee.address & 63)] = byte
    } else if let i = place(state.pointee.address) {
      ram[i] = byte
    }
    step()
    if state.pointee.shiftsDisplay, !state.pointee.isInCharacters { shift(right: !state.pointee.increments) }
  }
  private func load() -> UInt8 {
    state.pointee.isInCharacters ? characters[Int(state.pointee.address & 63)] : place(state.pointee.address).map { ram[$0] } ?? 0x20
  }
  private func step() { move(forward: state.pointee.increments) }
  private func move(forward: Bool) {
    let a = state.pointee.address
    if state.pointee.isInCharacters {
      state.pointee.address = (forward ? a &+ 1 : a &- 1) & 63
    } else if state.pointee.hasTwoLines {
      // 27h and 40h are neighbours, 67h and 00h.
      switch (a, forward) {
      case (0x27, true): state.pointee.address = 0x40
      case (0x67, true): state.pointee.address = 0
      case (0x40, false): state.pointee.address = 0x27
      case (0, false): state.pointee.address = 0x67
      default: state.pointee.address = (forward ? a &+ 1 : a &- 1) & 0x7F
      }
    } else {
      state.pointee.address = forward ? (a >= 0x4F ? 0 : a + 1) : (a == 0 ? 0x4F : a - 1)
    }
  }
  private func shift(right: Bool) {
    let width = state.pointee.hasTwoLines ? 40 : 80
    state.pointee.shift = Int8((Int(state.pointee.shift) + (right ? -1 : 1) + width) % width)
  }

  // MARK: The panel

  /// The DDRAM place that is shown at `column` of `row`; nil: no line is there. Rows 2 and 3 continue rows 0 and 1.
  private func place(row: Int, column: Int) -> Int? {
    let shift = Int(state.pointee.shift)
    if !state.pointee.hasTwoLines { return row % 2 == 0 ? ((row / 2 * columns + column) + shift) % 80 : nil }
    return row % 2 * 40 + (row / 2 * columns + column + shift) % 40
  }
  /// The five dots of line `line` of a character, the left one highest.
  private func dots(_ code: UInt8, line: Int) -> UInt8 {
    code < 16 ? characters[Int(code & 7) * 8 + line] & 31 : line < 8 ? Self.character(code)[line] : 0
  }
  /// All that the panel shows: dots by character, line and bit.
  func isDark(row: Int, column: Int, line: Int, dot: Int) -> Bool {
    let s = state.pointee
    guard s.isOn, let at = place(row: row, column: column) else { return false }
    var lit = dots(ram[at], line: line) >> UInt8(4 - dot) & 1 == 1
    if !s.isInCharacters, place(s.address) == at {
      if s.showsCursor, line == 7 { lit = true }
      if s.blinks, (scheduler.now &- s.blinkSince) / Self.half % 2 == 1 { lit = true }
    }
    return lit
  }
  /// The lines as text; characters of one's own are boxes.
  var text: String {
    guard state.pointee.isOn else { return Array(repeating: "", count: rows).joined(separator: "\n") }
    return (0..<rows).map { row in
      var line = String((0..<columns).map { column in place(row: row, column: column).map { Self.letter(ram[$0]) } ?? " " })
      while line.hasSuffix(" ") { line.removeLast() }
      return line
    }.joined(separator: "\n")
  }
}
