import Machine

/// A reader for contactless cards and the card before it (NXP MFRC522 datasheet 3.9; MF1S50YYX for the card's side).
public final class MFRC522: Part {
  public override class var kind: PartKind {
    PartKind("board-mfrc522", aliases: ["wokwi-mfrc522"], title: "MFRC522 reader", pins: ["SDA", "SCK", "MOSI", "MISO", "IRQ", "GND", "RST", "3.3V"], attributes: [Attribute("uid", .text, "")])
  }
  /// The cards that there are: their names, numbers and what they answer to a select.
  public static let cards: [(name: String, uid: [UInt8], sak: UInt8)] = [
    ("Blue card", [0x01, 0x02, 0x03, 0x04], 0x08), ("Green card", [0x11, 0x22, 0x33, 0x44], 0x08), ("Yellow card", [0x55, 0x66, 0x77, 0x88], 0x08), ("Red card", [0xAA, 0xBB, 0xCC, 0xDD], 0x08),
    ("NFC tag", [0x04, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66], 0x00), ("Key fob", [0xC0, 0xFF, 0xEE, 0x99], 0x09),
  ]
  enum Register: UInt8 {
    case command = 0x01, comIEn, divIEn, comIrq, divIrq, error, status1, status2, fifoData, fifoLevel, waterLevel, control, bitFraming, coll
    case crcResultH = 0x21, crcResultL
    case tMode = 0x2A, tPrescaler, tReloadH, tReloadL
    case version = 0x37
  }
  enum CardState: UInt8, BitwiseCopyable { case idle, ready, ready2, active, halted, writing }
  struct State: BitwiseCopyable {
    var address: UInt8 = 0, bytes: UInt32 = 0
    var fifoCount: UInt8 = 0
    var card: UInt8 = 0, isPresent = false, cardState = CardState.idle
    /// The sector that was authenticated; 0xFF: none.
    var sector: UInt8 = 0xFF, writeBlock: UInt8 = 0
    /// An answer under way: its bytes in `answer`, the bits of its last one.
    var answerCount: UInt8 = 0, answerBits: UInt8 = 0
    var hasAnswer = false
  }
  private static let fifoSize = 64, blocks = 64
  private let state: UnsafeMutablePointer<State>
  private let registers: UnsafeMutablePointer<UInt8>, fifo: UnsafeMutablePointer<UInt8>, answer: UnsafeMutablePointer<UInt8>
  /// 64 blocks of 16 bytes a card.
  private let memory: UnsafeMutablePointer<UInt8>
  private var port: SPITargetPort?
  private var reply: Scheduler.Event?, timer: Scheduler.Event?

  public required init(id: String, attributes: [String: String], context: PartContext) {
    state = context.arena.allocate("\(id).state", initial: State())
    registers = context.arena.allocate("\(id).registers", count: 64, initial: UInt8(0))
    fifo = context.arena.allocate("\(id).FIFO", count: Self.fifoSize, initial: UInt8(0))
    answer = context.arena.allocate("\(id).answer", count: Self.fifoSize, initial: UInt8(0))
    memory = context.arena.allocate("\(id).cards", count: Self.cards.count * Self.blocks * 16, initial: UInt8(0))
    super.init(id: id, attributes: attributes, context: context)
    let port = SPITargetPort(id, clock: pin("SCK"), data: pin("MOSI"), output: pin("MISO"), select: pin("SDA"), context: context)
    port.onSelect = { [unowned self] in state.pointee.bytes = 0 }
    port.onByte = { [unowned self] in exchange($0) }
    self.port = port
    reply = context.scheduler.event("\(id).answer") { [unowned self] _ in answered() }
    timer = context.scheduler.event("\(id).timer") { [unowned self] _ in raise(0x01) }
    pin("RST").onChange = { [unowned self] level in if level == .low { reset() } }
    for card in 0..<Self.cards.count { makeCard(card) }
    reset()
  }
  /// The number in block 0, keys of FF and open access in each sector's last block.
  private func makeCard(_ card: Int) {
    let base = card * Self.blocks * 16, uid = uid(of: card)
    for (i, b) in (uid + [uid.reduce(0, ^), Self.cards[card].sak]).prefix(16).enumerated() { memory[base + i] = b }
    for sector in 0..<16 { for (i, b) in ([UInt8](repeating: 0xFF, count: 6) + [0xFF, 0x07, 0x80, 0x69] + [UInt8](repeating: 0xFF, count: 6)).enumerated() { memory[base + (sector * 4 + 3) * 16 + i] = b } }
  }
  private func uid(of card: Int) -> [UInt8] {
    let own = attribute("uid").split(separator: ":").map { UInt8($0, radix: 16) }
    if card == 0, own.count == 4 || own.count == 7, own.allSatisfy({ $0 != nil }) { return own.map { $0 ?? 0 } }
    return Self.cards[min(card, Self.cards.count - 1)].uid
  }
  public override func attributeChanged(_ name: String) { if name == "uid" { makeCard(0) } }
  public override var controls: [Control] { [Control("card", .range(0...5, unit: "")), Control("tagPresent", .toggle)] }
  public override func control(_ name: String) -> Double? { name == "card" ? Double(state.pointee.card) : name == "tagPresent" ? (state.pointee.isPresent ? 1 : 0) : nil }
  public override func setControl(_ name: String, _ value: Double) {
    guard value.isFinite else { return }
    if name == "card" { state.pointee.card = UInt8(min(max(value.rounded(), 0), Double(Self.cards.count - 1))) }
    if name == "tagPresent" { state.pointee.isPresent = value >= 0.5 }
    // Another card, or none: it has no power any more.
    state.pointee.cardState = .idle
    state.pointee.sector = 0xFF
  }

  // MARK: Registers

  private subscript(_ r: Register) -> UInt8 {
    get { registers[Int(r.rawValue)] }
    set { registers[Int(r.rawValue)] = newValue }
  }
  private func reset() {
    for i in 0..<64 { registers[i] = 0 }
    for (r, v) in [(0x01, 0x20), (0x02, 0x80), (0x04, 0x14), (0x07, 0x21), (0x0B, 0x08), (0x0C, 0x10), (0x0E, 0x80), (0x11, 0x3F), (0x14, 0x80), (0x18, 0x84), (0x19, 0x4D), (0x21, 0xFF), (0x22, 0xFF), (0x24, 0x26), (0x26, 0x48), (0x27, 0x88), (0x28, 0x20), (0x29, 0x20), (0x37, 0x92)] { registers[r] = UInt8(v) }
    state.pointee.fifoCount = 0
    state.pointee.hasAnswer = false
    state.pointee.cardState = .idle
    state.pointee.sector = 0xFF
    if let reply, let timer {
      context.scheduler.cancel(reply)
      context.scheduler.cancel(timer)
    }
    signal()
  }
  /// §8.1.2: the address is in the bits 6 to 1, the highest bit tells a read.
  private func exchange(_ byte: UInt8) {
    let n = state.pointee.bytes
    state.pointee.bytes &+= 1
    if n > 0, state.pointee.address & 0x80 == 0 { return write(state.pointee.address >> 1 & 0x3F, byte) }
    if n == 0 || byte & 0x80 != 0 { state.pointee.address = byte } else { return }
    if byte & 0x80 != 0 { port?.reply = read(byte >> 1 & 0x3F) }
  }
  private func read(_ address: UInt8) -> UInt8 {
    switch Register(rawValue: address) {
    case .fifoData:
      guard state.pointee.fifoCount > 0 else { return 0 }
      let v = fifo[0]
      state.pointee.fifoCount -= 1
      for i in 0..<Int(state.pointee.fifoCount) { fifo[i] = fifo[i + 1] }
      return v
    case .fifoLevel: return state.pointee.fifoCount
    default: return registers[Int(address)]
    }
  }
  private func write(_ address: UInt8, _ value: UInt8) {
    switch Register(rawValue: address) {
    case .comIrq, .divIrq:
      // Set1: the marked bits are set, else cleared.
      let mask = value & 0x7F
      registers[Int(address)] = value & 0x80 != 0 ? registers[Int(address)] | mask : registers[Int(address)] & ~mask
      signal()
    case .fifoData: push(value)
    case .fifoLevel: if value & 0x80 != 0 { state.pointee.fifoCount = 0 }
    case .command:
      self[.command] = value & 0x3F
      begin(value & 15)
    case .bitFraming:
      self[.bitFraming] = value & 0x7F
      if value & 0x80 != 0, self[.command] & 15 == 0x0C { transmit() }
    case .status2:
      // Only MFCrypto1On is cleared by hand.
      if value & 8 == 0 { state.pointee.sector = 0xFF }
      self[.status2] = value & 0xC0 | self[.status2] & value & 8
    case .error, .status1, .crcResultH, .crcResultL, .version: break
    default:
      registers[Int(address)] = value
      signal()
    }
  }
  private func push(_ byte: UInt8) {
    guard Int(state.pointee.fifoCount) < Self.fifoSize else { return self[.error] |= 0x10 }
    fifo[Int(state.pointee.fifoCount)] = byte
    state.pointee.fifoCount += 1
  }
  private func raise(_ bits: UInt8) {
    self[.comIrq] |= bits
    signal()
  }
  /// §8.3: IRqInv makes it active low; it starts so.
  private func signal() {
    let on = self[.comIrq] & self[.comIEn] & 0x7F != 0, inverted = self[.comIEn] & 0x80 != 0
    pin("IRQ").drive = on != inverted ? .high : self[.divIEn] & 0x80 != 0 ? .low : on ? .low : .none
  }
  private var message: [UInt8] { Array(UnsafeBufferPointer(start: fifo, count: Int(state.pointee.fifoCount))) }

  // MARK: Commands

  private func begin(_ command: UInt8) {
    switch command {
    case 0x3:
      // At once: it takes a few µs for what fits the FIFO.
      let crc = Self.crc(message)
      state.pointee.fifoCount = 0
      self[.crcResultL] = UInt8(crc & 0xFF)
      self[.crcResultH] = UInt8(crc >> 8)
      self[.divIrq] |= 4
      finish()
    case 0xE: authenticate()
    case 0xF: reset()
    case 0x0, 0x7, 0x8, 0xC: break
    default: context.log.once("the command \(command) of \(id) (MFRC522) is not modelled: it ends at once"); finish()
    }
  }
  private func finish() {
    self[.command] &= 0xF0
    raise(0x10)
  }
  /// ISO/IEC 14443-3, CRC_A.
  static func crc(_ bytes: some Sequence<UInt8>) -> UInt16 {
    bytes.reduce(0x6363) { crc, b in (0..<8).reduce(crc ^ UInt16(b)) { c, _ in c & 1 != 0 ? c >> 1 ^ 0x8408 : c >> 1 } }
  }
  /// §8.5: the timer begins when the transmission ends.
  private func startTimer(after time: UInt64) {
    guard self[.tMode] & 0x80 != 0, let timer else { return }
    let prescaler = UInt64(self[.tMode] & 15) << 8 | UInt64(self[.tPrescaler]), reload = UInt64(self[.tReloadH]) << 8 | UInt64(self[.tReloadL])
    context.scheduler.schedule(timer, after: time &+ (prescaler * 2 + 1) * (reload + 1) * 73_746)
  }
  private func transmit() {
    let frame = message, bits = self[.bitFraming] & 7
    state.pointee.fifoCount = 0
    self[.error] = 0
    // 106 kbit/s, nine bits a byte, and 86 µs until the card speaks.
    let sent = UInt64(frame.count) * 9 * 9_440_000
    raise(0x40)
    startTimer(after: sent)
    guard let reply, state.pointee.isPresent, let (bytes, lastBits) = cardAnswer(frame, bits: bits) else { return }
    for (i, b) in bytes.prefix(Self.fifoSize).enumerated() { answer[i] = b }
    state.pointee.answerCount = UInt8(min(bytes.count, Self.fifoSize))
    state.pointee.answerBits = lastBits
    state.pointee.hasAnswer = true
    context.scheduler.schedule(reply, after: sent &+ 86_000_000 &+ UInt64(bytes.count) * 9 * 9_440_000)
  }
  private func answered() {
    guard state.pointee.hasAnswer else { return }
    state.pointee.hasAnswer = false
    if let timer { context.scheduler.cancel(timer) }
    for i in 0..<Int(state.pointee.answerCount) { push(answer[i]) }
    self[.control] = self[.control] & 0xF8 | state.pointee.answerBits
    self[.coll] |= 0x20
    raise(0x20)
  }
  /// §10.3.1.9: command, block, six bytes of key, four of the card's number.
  private func authenticate() {
    let m = message
    state.pointee.fifoCount = 0
    startTimer(after: 0)
    guard m.count >= 12, state.pointee.isPresent, state.pointee.cardState == .active, m[0] == 0x60 || m[0] == 0x61, Self.cards[Int(state.pointee.card)].sak != 0 else { return }
    let sector = m[1] / 4, at = base + (Int(sector & 15) * 4 + 3) * 16 + (m[0] == 0x60 ? 0 : 10)
    guard sector < 16, (0..<6).allSatisfy({ memory[at + $0] == m[2 + $0] }), Array(m[8..<12]) == Array(uid(of: Int(state.pointee.card)).suffix(4)) else {
      // The card falls silent: the timer tells.
      state.pointee.cardState = .idle
      return
    }
    state.pointee.sector = sector
    self[.status2] |= 8
    if let timer { context.scheduler.cancel(timer) }
    finish()
  }

  // MARK: The card

  private var base: Int { Int(state.pointee.card) * Self.blocks * 16 }
  private static func withCRC(_ bytes: [UInt8]) -> [UInt8] { bytes + [UInt8(crc(bytes) & 0xFF), UInt8(crc(bytes) >> 8)] }
  /// What the card answers and the bits of its last byte (0: all); nil: nothing.
  private func cardAnswer(_ frame: [UInt8], bits: UInt8) -> ([UInt8], UInt8)? {
    let uid = uid(of: Int(state.pointee.card)), isLong = uid.count == 7, sak = Self.cards[Int(state.pointee.card)].sak
    guard let first = frame.first else { return nil }
    if frame.count == 1, bits == 7 {
      // REQA wakes all but halted cards, WUPA those too.
      guard first == 0x52 || first == 0x26 && state.pointee.cardState != .halted else { return nil }
      state.pointee.cardState = .ready
      state.pointee.sector = 0xFF
      return ([isLong ? 0x44 : 0x04, 0], 0)
    }
    let part: [UInt8] = !isLong ? uid : state.pointee.cardState == .ready2 ? Array(uid[3...]) : [0x88] + uid[..<3], level: UInt8 = state.pointee.cardState == .ready2 ? 0x95 : 0x93
    switch state.pointee.cardState {
    case .ready, .ready2:
      guard first == level, frame.count >= 2 else { return nil }
      let check = part.reduce(0, ^)
      if frame[1] == 0x20 { return (part + [check], 0) }
      guard frame[1] == 0x70, frame.count == 9, Array(frame[2..<7]) == part + [check], Self.withCRC(Array(frame[..<7])) == frame else { return nil }
      if isLong, state.pointee.cardState == .ready {
        state.pointee.cardState = .ready2
        return (Self.withCRC([0x04]), 0)
      }
      state.pointee.cardState = .active
      return (Self.withCRC([sak]), 0)
    case .active: return memoryAnswer(frame)
    case .writing:
      state.pointee.cardState = .active
      guard frame.count == 18, Self.withCRC(Array(frame[..<16])) == frame else { return ([0x05], 4) }
      for i in 0..<16 { memory[base + Int(state.pointee.writeBlock) * 16 + i] = frame[i] }
      return ([0x0A], 4)
    case .idle, .halted: return nil
    }
  }
  private func memoryAnswer(_ frame: [UInt8]) -> ([UInt8], UInt8)? {
    guard frame.count >= 4, Self.withCRC(Array(frame.dropLast(2))) == frame else { return ([0x05], 4) }
    let isTag = Self.cards[Int(state.pointee.card)].sak == 0, block = Int(frame[1])
    switch frame[0] {
    case 0x50:
      state.pointee.cardState = .halted
      state.pointee.sector = 0xFF
      return nil
    case 0x30 where isTag:
      // Four pages of four bytes, around the end of 16.
      guard block < 16 else { return ([0x00], 4) }
      return (Self.withCRC((0..<16).map { memory[base + (block * 4 + $0) % 64] }), 0)
    case 0xA2 where isTag && frame.count == 8 && 4..<16 ~= block:
      for i in 0..<4 { memory[base + block * 4 + i] = frame[2 + i] }
      return ([0x0A], 4)
    case 0x30 where block < Self.blocks && block / 4 == Int(state.pointee.sector):
      // Key A is not told.
      return (Self.withCRC((0..<16).map { block % 4 == 3 && $0 < 6 ? 0 : memory[base + block * 16 + $0] }), 0)
    case 0xA0 where block > 0 && block < Self.blocks && block / 4 == Int(state.pointee.sector):
      state.pointee.writeBlock = UInt8(block)
      state.pointee.cardState = .writing
      return ([0x0A], 4)
    default: return ([0x04], 4)
    }
  }
}
