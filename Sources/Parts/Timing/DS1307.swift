import Machine

/// A clock with a calendar and 56 bytes of memory (Maxim DS1307 datasheet). It starts at `initTime` and keeps virtual time.
public final class DS1307: Part {
  public override class var kind: PartKind {
    PartKind("wokwi-ds1307", aliases: ["board-ds1307"], title: "DS1307 clock", pins: ["GND", "5V", "SDA", "SCL", "SQW"], attributes: [Attribute("initTime", .text, "2024-01-01T00:00:00")])
  }
  struct State: BitwiseCopyable {
    /// Seconds, minutes, hours, weekday, date, month, year, as numbers.
    var second: UInt8 = 0, minute: UInt8 = 0, hour: UInt8 = 0, weekday: UInt8 = 1, date: UInt8 = 1, month: UInt8 = 1, year: UInt8 = 0
    var isHalted = false, is12Hour = false
    var control: UInt8 = 0
    /// When the running second began.
    var tick: UInt64 = 0
    var level = false
  }
  private static let second: UInt64 = 1_000_000_000_000
  private let state: UnsafeMutablePointer<State>
  private let memory: UnsafeMutablePointer<UInt8>, shadow: UnsafeMutablePointer<UInt8>
  private var bus: RegisterTarget?
  private var wave: Scheduler.Event?

  public required init(id: String, attributes: [String: String], context: PartContext) {
    state = context.arena.allocate("\(id).state", initial: State())
    memory = context.arena.allocate("\(id).memory", count: 56, initial: UInt8(0))
    shadow = context.arena.allocate("\(id).buffer", count: 8, initial: UInt8(0))
    super.init(id: id, attributes: attributes, context: context)
    wave = context.scheduler.event("\(id).SQW") { [unowned self] in toggle(at: $0) }
    let bus = RegisterTarget(id, sda: pin("SDA"), scl: pin("SCL"), address: { 0x68 }, context: context)
    // Six bits of address: it goes around.
    bus.read = { [unowned self] in $0 & 0x3F < 8 ? shadow[Int($0 & 0x3F)] : memory[Int($0 & 0x3F) - 8] }
    bus.write = { [unowned self] in write($0 & 0x3F, $1) }
    bus.next = { ($0 &+ 1) & 0x3F }
    // A start copies the clock, so that it stands still while it is read.
    bus.begin = { [unowned self] _ in copy() }
    self.bus = bus
    set(CivilTime(attribute("initTime")) ?? CivilTime())
  }
  public override func attributeChanged(_ name: String) { if name == "initTime", let t = CivilTime(attribute(name)) { set(t) } }
  private func set(_ t: CivilTime) {
    state.pointee.second = UInt8(t.second)
    state.pointee.minute = UInt8(t.minute)
    state.pointee.hour = UInt8(t.hour)
    state.pointee.weekday = UInt8(t.weekday)
    state.pointee.date = UInt8(t.day)
    state.pointee.month = UInt8(t.month)
    state.pointee.year = UInt8(t.year % 100)
    state.pointee.tick = context.scheduler.now
  }
  /// Brings the clock up to the present.
  private func settle() {
    let now = context.scheduler.now
    guard !state.pointee.isHalted else { return state.pointee.tick = now }
    let n = (now &- state.pointee.tick) / Self.second
    guard n > 0 else { return }
    state.pointee.tick &+= n * Self.second
    let all = UInt64(state.pointee.hour) * 3600 + UInt64(state.pointee.minute) * 60 + UInt64(state.pointee.second) + n, rest = all % 86400
    state.pointee.hour = UInt8(rest / 3600)
    state.pointee.minute = UInt8(rest / 60 % 60)
    state.pointee.second = UInt8(rest % 60)
    for _ in 0..<min(all / 86400, 1 << 20) {
      state.pointee.weekday = state.pointee.weekday % 7 + 1
      state.pointee.date += 1
      // Each fourth year is a leap year: right until 2100.
      guard Int(state.pointee.date) > CivilTime.days(in: Int(state.pointee.month), year: 2000 + Int(state.pointee.year)) else { continue }
      state.pointee.date = 1
      state.pointee.month += 1
      guard state.pointee.month > 12 else { continue }
      state.pointee.month = 1
      state.pointee.year = (state.pointee.year + 1) % 100
    }
  }
  private static func bcd(_ v: UInt8) -> UInt8 { (v / 10) << 4 | v % 10 }
  private func copy() {
    settle()
    let s = state.pointee
    let hours = s.is12Hour ? 0x40 | (s.hour >= 12 ? 0x20 : 0) | Self.bcd((s.hour + 11) % 12 + 1) : Self.bcd(s.hour)
    let registers = [Self.bcd(s.second) | (s.isHalted ? 0x80 : 0), Self.bcd(s.minute), hours, s.weekday, Self.bcd(s.date), Self.bcd(s.month), Self.bcd(s.year), s.control]
    for (i, v) in registers.enumerated() { shadow[i] = v }
  }
  private func write(_ register: UInt8, _ value: UInt8) {
    guard register < 8 else { return memory[Int(register) - 8] = value }
    settle()
    func number(_ mask: UInt8, _ range: ClosedRange<UInt8>) -> UInt8 {
      let v = value & mask
      return min(max((v >> 4) * 10 + min(v & 15, 9), range.lowerBound), range.upperBound)
    }
    switch register {
    case 0:
      // The divider chain starts anew, and so does a clock that was halted.
      state.pointee.tick = context.scheduler.now
      state.pointee.isHalted = value & 0x80 != 0
      state.pointee.second = number(0x7F, 0...59)
      arrange()
    case 1: state.pointee.minute = number(0x7F, 0...59)
    case 2:
      state.pointee.is12Hour = value & 0x40 != 0
      state.pointee.hour = value & 0x40 != 0 ? number(0x1F, 1...12) % 12 + (value & 0x20 != 0 ? 12 : 0) : number(0x3F, 0...23)
    case 3: state.pointee.weekday = min(max(value & 7, 1), 7)
    case 4: state.pointee.date = number(0x3F, 1...31)
    case 5: state.pointee.month = number(0x1F, 1...12)
    case 6: state.pointee.year = number(0xFF, 0...99)
    default:
      state.pointee.control = value & 0x93
      arrange()
    }
  }
  /// The square wave, or a level; the output is an open drain.
  private func arrange() {
    guard let wave else { return }
    let control = state.pointee.control
    if control & 0x10 != 0 && !state.pointee.isHalted {
      if !context.scheduler.isScheduled(wave) {
        state.pointee.level = false
        toggle(at: context.scheduler.now)
      }
    } else {
      context.scheduler.cancel(wave)
      pin("SQW").drive = control & 0x80 != 0 ? .none : .low
    }
  }
  private func toggle(at time: UInt64) {
    guard let wave else { return }
    state.pointee.level.toggle()
    pin("SQW").drive = state.pointee.level ? .none : .low
    let hertz: UInt64 = [1, 4096, 8192, 32768][Int(state.pointee.control & 3)]
    context.scheduler.schedule(wave, at: time &+ Self.second / hertz / 2)
  }
}
