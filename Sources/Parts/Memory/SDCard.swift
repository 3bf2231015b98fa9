import Machine

/// A memory card in its SPI mode (SD specifications part 1, Physical Layer Simplified Specification 6.00, §7).
///
/// Whoever puts it on a board inserts a `Memory` with its sectors; without one the socket is empty.
public final class SDCard: Part, KeepsBytes {
  public override class var kind: PartKind {
    PartKind(
      "wokwi-microsd-card", aliases: ["board-microsd-card"], title: "microSD card", pins: ["CD", "DO", "GND", "SCK", "VCC", "DI", "CS"],
      attributes: [Attribute("image", .text, ""), Attribute("folder", .text, ""), Attribute("size", .number(0.0625...1024), "8"), Attribute("type", .choice(["auto", "sdsc", "sdhc"]), "auto")])
  }
  enum Phase: UInt8, BitwiseCopyable {
    case command
    /// Waits for the token of a block, takes a block.
    case token, block
  }
  struct State: BitwiseCopyable {
    var phase = Phase.command
    /// Bytes of the command frame that came.
    var frameBytes: UInt8 = 0
    var frame: UInt64 = 0
    var isIdle = true, isSPI = false, nextIsApplication = false, checksCRC = false
    /// ACMD41 has begun: ready from then on.
    var readyAt: UInt64 = .max
    /// What goes out: bytes of `output`, and whether the first is on the line.
    var head: UInt16 = 0, count: UInt16 = 0, isShown = false
    /// Nothing goes out before; until then a card that programs holds the line low.
    var dataAt: UInt64 = 0, busyUntil: UInt64 = 0
    /// The sector that reads go on with, or that a block is for.
    var sector: UInt64 = 0
    var isReading = false, isMultiple = false
    var received: UInt16 = 0
    var eraseFrom: UInt64 = 0, eraseTo: UInt64 = 0
    var written: UInt32 = 0, hasChanged = false
  }
  // Typical of cards: access, programming of a sector, power-up.
  private enum Duration { static let read: UInt64 = 100_000_000, write: UInt64 = 500_000_000, powerUp: UInt64 = 20_000_000_000 }
  private static let sectorSize = 512, queue = 640
  private let state: UnsafeMutablePointer<State>
  private let output: UnsafeMutablePointer<UInt8>, block: UnsafeMutablePointer<UInt8>
  private let lamp: Lamp
  public private(set) var memory: Memory?
  private var port: SPITargetPort?

  public required init(id: String, attributes: [String: String], context: PartContext) {
    state = context.arena.allocate("\(id).state", initial: State())
    output = context.arena.allocate("\(id).output", count: Self.queue, initial: UInt8(0xFF))
    block = context.arena.allocate("\(id).block", count: Self.sectorSize + 2, initial: UInt8(0))
    lamp = Lamp(id, context: context)
    super.init(id: id, attributes: attributes, context: context)
    let port = SPITargetPort(id, clock: pin("SCK"), data: pin("DI"), output: pin("DO"), select: pin("CS"), context: context)
    port.onSelect = { [unowned self] in show() }
    port.onByte = { [unowned self] in exchange($0) }
    port.onDeselect = { [unowned self] in
      state.pointee.frameBytes = 0
      state.pointee.isShown = false
    }
    self.port = port
    // A card pulls DAT3, which is the select, up by itself (SD physical layer §6.2).
    pin("CS").drive = .pullUp
    // CD is tied to ground while there is no card.
    pin("CD").drive = .low
  }
  /// Puts a card into the socket; before power-on.
  public func insert(_ memory: Memory) {
    self.memory = memory
    pin("CD").drive = .none
  }
  public var contents: [UInt8] { memory?.contents ?? [] }
  public func load(_ bytes: [UInt8]) {
    memory?.load(bytes)
    state.pointee.hasChanged = false
  }
  public var hasChanged: Bool { state.pointee.hasChanged }
  private var sectors: UInt64 { UInt64((memory?.size ?? 0) / Self.sectorSize) }
  /// High capacity: it counts sectors where others count bytes.
  private var isHighCapacity: Bool { attribute("type") == "sdhc" || attribute("type") != "sdsc" && (memory?.size ?? 0) > 1 << 31 }
  public override var lamps: [Lamp] { [lamp] }

  // MARK: Bytes

  private func exchange(_ byte: UInt8) {
    guard memory != nil else { return }
    if state.pointee.isShown {
      state.pointee.isShown = false
      state.pointee.head += 1
      state.pointee.count -= 1
    }
    switch state.pointee.phase {
    case .command: take(byte)
    case .token:
      switch byte {
      case 0xFE where !state.pointee.isMultiple, 0xFC where state.pointee.isMultiple:
        state.pointee.phase = .block
        state.pointee.received = 0
      case 0xFD where state.pointee.isMultiple:
        state.pointee.phase = .command
        program()
      default: if !isBusy { take(byte) }
      }
    case .block:
      block[Int(state.pointee.received)] = byte
      state.pointee.received += 1
      if Int(state.pointee.received) == Self.sectorSize + 2 { blockArrived() }
    }
    show()
  }
  private func take(_ byte: UInt8) {
    // A command begins with the bits 01; the line is high before.
    if state.pointee.frameBytes == 0, byte & 0xC0 != 0x40 { return }
    state.pointee.frame = state.pointee.frame << 8 | UInt64(byte)
    state.pointee.frameBytes += 1
    guard state.pointee.frameBytes == 6 else { return }
    state.pointee.frameBytes = 0
    execute()
  }
  private var isBusy: Bool { context.scheduler.now < state.pointee.busyUntil }
  /// Puts the next byte on the line.
  private func show() {
    guard memory != nil else { return }
    if state.pointee.count == 0, state.pointee.isReading { queueSector() }
    let now = context.scheduler.now
    if state.pointee.count > 0, now >= state.pointee.dataAt {
      state.pointee.isShown = true
      port?.reply = output[Int(state.pointee.head)]
    } else {
      port?.reply = isBusy ? 0x00 : 0xFF
    }
    lamp.set(isBusy || state.pointee.isReading)
  }
  private func clear() {
    state.pointee.head = 0
    state.pointee.count = 0
    state.pointee.isShown = false
    state.pointee.dataAt = 0
  }
  private func put(_ bytes: some Sequence<UInt8>) {
    for b in bytes where Int(state.pointee.head) + Int(state.pointee.count) < Self.queue {
      output[Int(state.pointee.head) + Int(state.pointee.count)] = b
      state.pointee.count += 1
    }
  }
  /// §7.2.4: x¹⁶ + x¹² + x⁵ + 1.
  static func crc16(_ bytes: some Sequence<UInt8>) -> UInt16 {
    bytes.reduce(0) { crc, b in (0..<8).reduce(crc ^ UInt16(b) << 8) { c, _ in c & 0x8000 != 0 ? c << 1 ^ 0x1021 : c << 1 } }
  }
  /// x⁷ + x³ + 1, with the end bit.
  static func crc7(_ bytes: some Sequence<UInt8>) -> UInt8 {
    bytes.reduce(UInt8(0)) { crc, b in (0..<8).reduce(crc ^ b) { c, _ in c & 0x80 != 0 ? c << 1 ^ 0x12 : c << 1 } } | 1
  }
  private func putData(_ bytes: [UInt8]) {
    let crc = Self.crc16(bytes)
    put([0xFF, 0xFE] + bytes + [UInt8(crc >> 8), UInt8(crc & 0xFF)])
  }
  private func queueSector() {
    clear()
    state.pointee.dataAt = context.scheduler.now &+ Duration.read
    guard let memory, state.pointee.sector < sectors else {
      // Out of range, as a data error token tells.
      state.pointee.isReading = false
      return put([0x08])
    }
    putData(Array(UnsafeBufferPointer(start: memory.bytes + Int(state.pointee.sector) * Self.sectorSize, count: Self.sectorSize)))
    if state.pointee.isMultiple { state.pointee.sector += 1 } else { state.pointee.isReading = false }
  }
  private func blockArrived() {
    let data = UnsafeBufferPointer(start: block, count: Self.sectorSize), crc = UInt16(block[Self.sectorSize]) << 8 | UInt16(block[Self.sectorSize + 1])
    clear()
    state.pointee.phase = state.pointee.isMultiple ? .token : .command
    if state.pointee.checksCRC, Self.crc16(data) != crc { return put([0xEB]) }
    guard let memory, state.pointee.sector < sectors else { return put([0xED]) }
    put([0xE5])
    (memory.bytes + Int(state.pointee.sector) * Self.sectorSize).update(from: block, count: Self.sectorSize)
    state.pointee.sector += 1
    state.pointee.written &+= 1
    state.pointee.hasChanged = true
    program()
  }
  private func program() { state.pointee.busyUntil = context.scheduler.now &+ Duration.write }

  // MARK: Commands

  /// §7.3.2.1: bits of R1.
  private enum R1 { static let idle: UInt8 = 1, illegal: UInt8 = 4, crc: UInt8 = 8, address: UInt8 = 0x20, parameter: UInt8 = 0x40 }
  private func answer(_ error: UInt8 = 0, _ more: [UInt8] = []) { put([0xFF, error | (state.pointee.isIdle ? R1.idle : 0)] + more) }

  private func execute() {
    let frame = state.pointee.frame, command = UInt8(frame >> 40 & 0x3F), argument = UInt32(truncatingIfNeeded: frame >> 8)
    let isApplication = state.pointee.nextIsApplication
    state.pointee.nextIsApplication = false
    state.pointee.isReading = false
    state.pointee.phase = .command
    clear()
    // Before CMD0 it is in SD mode and says nothing. CMD0 and CMD8 are always checked.
    guard state.pointee.isSPI || command == 0 else { return }
    if state.pointee.checksCRC || command == 0 || command == 8 {
      guard Self.crc7((1...5).map { UInt8(truncatingIfNeeded: frame >> UInt64(48 - 8 * $0)) }) == UInt8(frame & 0xFF) else {
        if state.pointee.isSPI { answer(R1.crc) }
        return
      }
    }
    if isApplication { return application(command, argument) }
    if state.pointee.isIdle, ![0, 1, 8, 55, 58, 59].contains(command) { return answer(R1.illegal) }
    switch command {
    case 0:
      let changed = state.pointee.hasChanged
      state.pointee = State()
      state.pointee.hasChanged = changed
      state.pointee.isSPI = true
      answer()
    case 1: initialise()
    case 6: // No other functions than the first of each group.
      answer()
      putData([0, 100, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1] + [UInt8](repeating: 0, count: 50))
    case 8: answer(0, [0, 0, UInt8(argument >> 8 & 0xF), UInt8(argument & 0xFF)])
    case 9:
      answer()
      putData(csd)
    case 10:
      answer()
      putData(cid)
    case 12: // The byte after the command is stuffing.
      put([0xFF])
      answer()
    case 13: answer(0, [0])
    case 16: answer(argument == 512 || isHighCapacity ? 0 : R1.parameter)
    case 17, 18: access(argument) {
      state.pointee.isReading = true
      state.pointee.isMultiple = command == 18
    }
    case 24, 25: access(argument) {
      state.pointee.phase = .token
      state.pointee.isMultiple = command == 25
      state.pointee.written = 0
    }
    case 27, 28, 29, 30, 42, 56: answer(R1.illegal)
    case 32: if let n = sector(argument) { state.pointee.eraseFrom = n; answer() } else { answer(R1.parameter) }
    case 33: if let n = sector(argument) { state.pointee.eraseTo = n; answer() } else { answer(R1.parameter) }
    case 38: erase()
    case 55:
      state.pointee.nextIsApplication = true
      answer()
    case 58:
      // 2.7 to 3.6 V; power-up done; high capacity.
      let first: UInt8 = state.pointee.isIdle ? 0 : isHighCapacity ? 0xC0 : 0x80
      answer(0, [first, 0xFF, 0x80, 0x00])
    case 59:
      state.pointee.checksCRC = argument & 1 == 1
      answer()
    default: answer(R1.illegal)
    }
  }
  private func application(_ command: UInt8, _ argument: UInt32) {
    if state.pointee.isIdle, command != 41 { return answer(R1.illegal) }
    switch command {
    case 13:
      answer(0, [0])
      putData([UInt8](repeating: 0, count: 64))
    case 22:
      answer()
      putData((0..<4).map { UInt8(truncatingIfNeeded: state.pointee.written >> UInt32(24 - 8 * $0)) })
    case 23, 42: answer()
    case 41:
      // A card of high capacity waits for a host that says it knows them.
      if isHighCapacity && argument & 0x4000_0000 == 0 { answer() } else { initialise() }
    case 51:
      answer()
      putData([0x02, 0x35, 0x80, 0, 0, 0, 0, 0])
    default: answer(R1.illegal)
    }
  }
  private func initialise() {
    let now = context.scheduler.now
    if state.pointee.readyAt == .max { state.pointee.readyAt = now &+ Duration.powerUp }
    if now >= state.pointee.readyAt { state.pointee.isIdle = false }
    answer()
  }
  private func sector(_ argument: UInt32) -> UInt64? {
    let n = isHighCapacity ? UInt64(argument) : UInt64(argument) / 512
    return n < sectors && (isHighCapacity || argument % 512 == 0) ? n : nil
  }
  private func access(_ argument: UInt32, _ begin: () -> Void) {
    guard let n = sector(argument) else { return answer(!isHighCapacity && argument % 512 != 0 ? R1.address : R1.parameter) }
    state.pointee.sector = n
    answer()
    begin()
  }
  private func erase() {
    guard let memory, state.pointee.eraseFrom <= state.pointee.eraseTo, state.pointee.eraseTo < sectors else { return answer(R1.parameter) }
    let from = Int(state.pointee.eraseFrom) * Self.sectorSize, to = (Int(state.pointee.eraseTo) + 1) * Self.sectorSize
    (memory.bytes + from).update(repeating: 0, count: to - from)
    state.pointee.hasChanged = true
    answer()
    program()
  }
  /// §5.2.
  private var cid: [UInt8] {
    let bytes: [UInt8] = [0x53] + Array("SLSDCRD".utf8) + [0x10, 0x12, 0x34, 0x56, 0x78, 0x01, 0x81]
    return bytes + [Self.crc7(bytes)]
  }
  /// §5.3: version 2 counts 512 KiB, version 1 has a mantissa and an exponent.
  private var csd: [UInt8] {
    var bits = [UInt8](repeating: 0, count: 16)
    func set(_ value: Int, _ high: Int, _ low: Int) {
      for b in low...high where value >> (b - low) & 1 == 1 { bits[15 - b / 8] |= 1 << UInt8(b % 8) }
    }
    set(0x0E, 119, 112)
    set(0x32, 103, 96)
    set(0x5B5, 95, 84)
    set(9, 83, 80)
    set(1, 46, 46)
    set(0x7F, 45, 39)
    set(2, 28, 26)
    set(9, 25, 22)
    if isHighCapacity {
      set(1, 127, 126)
      set(max(Int(sectors) / 1024 - 1, 0), 69, 48)
    } else {
      set(1, 79, 79)
      var exponent = 2
      while Int(sectors) >> exponent > 4096, exponent < 9 { exponent += 1 }
      set(min(max(Int(sectors) >> exponent, 1), 4096) - 1, 73, 62)
      set(exponent - 2, 49, 47)
      set(0x2D, 61, 56)
      set(0x2D & 0x3F, 55, 50)
    }
    return bits.dropLast() + [Self.crc7(bits.dropLast())]
  }
}
