import Machine

/// A digital thermometer on the 1-Wire bus (DS18B20 datasheet, revision 6).
public final class DS18B20: Sensor, OneWireDevice {
  override class var quantities: [Quantity] { [Quantity("temperature", 22, in: -55...125, "°C")] }
  public override class var kind: PartKind {
    PartKind(
      "wokwi-ds18b20", aliases: ["board-ds18b20"], title: "DS18B20", pins: ["GND", "DQ", "VCC"],
      attributes: quantities.map(\.attribute) + [Attribute("deviceID", .text, "010203040506"), Attribute("familyCode", .text, "28")])
  }
  enum Step: UInt8, BitwiseCopyable { case command, readScratchpad, writeScratchpad, status, power }
  struct State: BitwiseCopyable {
    var step = Step.command
    var bit: UInt8 = 0
    /// 16ths of a degree; 85 °C before the first conversion.
    var raw: Int16 = 0x550
    var th: UInt8 = 0x4B, tl: UInt8 = 0x46, configuration: UInt8 = 0x7F
    /// The copies in EEPROM.
    var keptTH: UInt8 = 0x4B, keptTL: UInt8 = 0x46, keptConfiguration: UInt8 = 0x7F
    var busyUntil: UInt64 = 0, isConverting = false
  }
  private let state: UnsafeMutablePointer<State>
  private var wire: OneWireTarget?
  private var done: Scheduler.Event?

  public required init(id: String, attributes: [String: String], context: PartContext) {
    state = context.arena.allocate("\(id).state", initial: State())
    super.init(id: id, attributes: attributes, context: context)
    let digits = Array(attribute("deviceID")), serial = stride(from: 0, to: min(digits.count - 1, 12), by: 2).map { UInt8(String(digits[$0...$0 + 1]), radix: 16) ?? 0 }
    let wire = OneWireTarget(id, pin: pin("DQ"), family: UInt8(attribute("familyCode"), radix: 16) ?? 0x28, serial: serial, context: context)
    self.wire = wire
    wire.device = self
    wire.onFall = { [unowned self] in lineFell() }
    done = context.scheduler.event("\(id).conversion") { [unowned self] _ in converted() }
  }
  /// Without a supply it lives off the line. One that is not wired counts as supplied.
  private var isParasite: Bool { pin("VCC").isWatched && !pin("VCC").isHigh }
  private var isBusy: Bool { context.scheduler.now < state.pointee.busyUntil }
  /// The alarm compares whole degrees.
  var hasAlarm: Bool {
    let t = Int(state.pointee.raw >> 4)
    return t >= Int(Int8(bitPattern: state.pointee.th)) || t <= Int(Int8(bitPattern: state.pointee.tl))
  }
  private var scratchpad: [UInt8] {
    let s = state.pointee, raw = UInt16(bitPattern: s.raw)
    let bytes = [UInt8(raw & 0xFF), UInt8(raw >> 8), s.th, s.tl, s.configuration, 0xFF, 0x0C, 0x10]
    return bytes + [OneWireTarget.crc(bytes)]
  }
  func selected() { state.pointee.step = .command }
  func receive(_ byte: UInt8) {
    switch state.pointee.step {
    case .writeScratchpad:
      switch state.pointee.bit {
      case 0: state.pointee.th = byte
      case 1: state.pointee.tl = byte
      default: state.pointee.configuration = byte & 0x60 | 0x1F
      }
      state.pointee.bit += 1
      if state.pointee.bit == 3 { state.pointee.step = .status }
    case .command:
      state.pointee.bit = 0
      state.pointee.step = .status
      switch byte {
      case 0x44:
        // 93.75 ms for 9 bits, twice as long for each bit more.
        guard !isBusy, let done else { return }
        let time = UInt64(93_750_000_000) << UInt64(state.pointee.configuration >> 5 & 3)
        state.pointee.isConverting = true
        state.pointee.busyUntil = context.scheduler.now &+ time
        context.scheduler.schedule(done, at: state.pointee.busyUntil)
      case 0x4E: state.pointee.step = .writeScratchpad
      case 0xBE: state.pointee.step = .readScratchpad
      case 0x48:
        state.pointee.keptTH = state.pointee.th
        state.pointee.keptTL = state.pointee.tl
        state.pointee.keptConfiguration = state.pointee.configuration
        state.pointee.busyUntil = max(state.pointee.busyUntil, context.scheduler.now &+ 10_000_000_000)
      case 0xB8: recall()
      case 0xB4: state.pointee.step = .power
      default: break
      }
    default: break
    }
  }
  func nextBit() -> Bool? {
    switch state.pointee.step {
    case .command, .writeScratchpad: return nil
    // With the line for a supply it cannot answer: the line is high.
    case .status: return isParasite || !isBusy
    case .power: return !isParasite
    case .readScratchpad:
      let n = state.pointee.bit
      guard n < 72 else { return true }
      state.pointee.bit += 1
      return scratchpad[Int(n) / 8] >> (n & 7) & 1 == 1
    }
  }
  private func recall() {
    state.pointee.th = state.pointee.keptTH
    state.pointee.tl = state.pointee.keptTL
    state.pointee.configuration = state.pointee.keptConfiguration
  }
  /// Whoever uses the line while a conversion lives off it takes the supply away: it starts again, with 85 °C.
  private func lineFell() {
    guard isParasite, state.pointee.isConverting, isBusy, let done else { return }
    context.scheduler.cancel(done)
    state.pointee.isConverting = false
    state.pointee.busyUntil = 0
    state.pointee.raw = 0x550
    recall()
  }
  private func converted() {
    state.pointee.isConverting = false
    // The bits below the resolution are not used.
    let unused = 3 - Int16(state.pointee.configuration >> 5 & 3)
    state.pointee.raw = Int16((quantity("temperature") * 16).rounded()) & (-1 << unused)
  }
}
