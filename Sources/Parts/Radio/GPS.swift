import Machine

/// A satellite receiver that tells its position each second (NMEA 0183 as u-blox's NEO-6 speaks it; receiver description, "NMEA protocol").
public final class GPS: Sensor {
  override class var quantities: [Quantity] {
    [
      Quantity("lat", 48.2082, in: -90...90, "°"), Quantity("lon", 16.3738, in: -180...180, "°"), Quantity("alt", 171, in: -500...18_000, "m"),
      Quantity("speed", 0, in: 0...1800, "km/h"), Quantity("course", 0, in: 0...359.99, "°"), Quantity("satellites", 8, in: 0...12, ""),
    ]
  }
  public override class var kind: PartKind {
    PartKind(
      "solderless-gps", aliases: ["board-gps-neo6m", "solderless-gps-neo6m"], title: "GPS receiver", pins: ["VCC", "RX", "TX", "GND", "PPS"],
      attributes: quantities.map(\.attribute) + [Attribute("initTime", .text, "2024-01-01T00:00:00"), Attribute("baud", .number(4800...115_200), "9600")])
  }
  private static let second: UInt64 = 1_000_000_000_000
  private var line: UARTLine?
  private var tick: Scheduler.Event?, pulseEnd: Scheduler.Event?
  private let lamp: Lamp

  public required init(id: String, attributes: [String: String], context: PartContext) {
    lamp = Lamp(id, context: context)
    super.init(id: id, attributes: attributes, context: context)
    line = UARTLine(id, receive: pin("RX"), transmit: pin("TX"), baud: Int(number("baud")), context: context)
    pin("PPS").drive = .low
    tick = context.scheduler.event("\(id).second") { [unowned self] in tell(at: $0) }
    pulseEnd = context.scheduler.event("\(id).PPS") { [unowned self] _ in pulse(false) }
    if let tick { context.scheduler.schedule(tick, at: Self.second) }
  }
  public override var lamps: [Lamp] { [lamp] }
  private func pulse(_ on: Bool) {
    pin("PPS").drive = on ? .high : .low
    lamp.set(on)
  }
  private var satellites: Int { Int(quantity("satellites").rounded()) }
  /// Three give no height; here as in practice a fix needs four.
  private var hasFix: Bool { satellites >= 4 }

  private func tell(at time: UInt64) {
    guard let tick, let pulseEnd, let line else { return }
    context.scheduler.schedule(tick, at: time &+ Self.second)
    if hasFix {
      pulse(true)
      context.scheduler.schedule(pulseEnd, after: Self.second / 10)
    }
    // What does not go out within its second is left out.
    guard !line.isSending else { return }
    line.send(sentences(at: time).utf8)
  }
  /// The sentences of the second at `time`.
  func sentences(at time: UInt64) -> String {
    let t = (CivilTime(attribute("initTime")) ?? CivilTime()).adding(seconds: time / Self.second)
    let clock = padded(t.hour, 2) + padded(t.minute, 2) + padded(t.second, 2) + ".00", date = padded(t.day, 2) + padded(t.month, 2) + padded(t.year % 100, 2)
    let place = hasFix ? "\(Self.degrees(quantity("lat"), 2)),\(quantity("lat") < 0 ? "S" : "N"),\(Self.degrees(quantity("lon"), 3)),\(quantity("lon") < 0 ? "W" : "E")" : ",,,"
    let knots = Self.fixed(quantity("speed") / 1.852, 3), course = Self.fixed(quantity("course"), 2)
    var all = ["GPRMC,\(clock),\(hasFix ? "A" : "V"),\(place),\(hasFix ? knots : ""),\(hasFix ? course : ""),\(date),,,\(hasFix ? "A" : "N")"]
    all.append("GPVTG,\(hasFix ? "\(course),T,,M,\(knots),N,\(Self.fixed(quantity("speed"), 3)),K,A" : ",,,,,,,,N")")
    all.append("GPGGA,\(clock),\(place),\(hasFix ? 1 : 0),\(padded(satellites, 2)),\(hasFix ? "1.01" : "99.99"),\(hasFix ? "\(Self.fixed(quantity("alt"), 1)),M,43.2,M" : ",,,"),,")
    let used = (0..<12).map { hasFix && $0 < satellites ? padded($0 * 2 + 1, 2) : "" }.joined(separator: ",")
    all.append("GPGSA,A,\(hasFix ? 3 : 1),\(used),\(hasFix ? "1.60,1.01,1.24" : "99.99,99.99,99.99")")
    // Four satellites to a sentence: number, height, direction, strength.
    let pages = max(1, (satellites + 3) / 4)
    for page in 0..<pages {
      let seen = (page * 4..<min(satellites, page * 4 + 4)).map { ",\(padded($0 * 2 + 1, 2)),\(padded(15 + $0 * 6, 2)),\(padded($0 * 67 % 360, 3)),\(30 + $0 * 7 % 16)" }.joined()
      all.append("GPGSV,\(pages),\(page + 1),\(padded(satellites, 2))\(seen)")
    }
    all.append("GPGLL,\(place),\(clock),\(hasFix ? "A,A" : "V,N")")
    return all.map { "$\($0)*\(Self.checksum($0))\r\n" }.joined()
  }
  static func checksum(_ s: String) -> String {
    let v = s.utf8.reduce(UInt8(0), ^), hex = String(v, radix: 16, uppercase: true)
    return v < 16 ? "0" + hex : hex
  }
  /// Degrees and minutes with five decimals, as in 4812.49200.
  static func degrees(_ v: Double, _ digits: Int) -> String {
    let units = Int((abs(v) * 6_000_000).rounded())
    return padded(units / 6_000_000, digits) + padded(units % 6_000_000 / 100_000, 2) + "." + padded(units % 100_000, 5)
  }
  static func fixed(_ v: Double, _ decimals: Int) -> String {
    var unit = 1
    for _ in 0..<decimals { unit *= 10 }
    let n = Int((abs(v) * Double(unit)).rounded())
    return (v < 0 && n > 0 ? "-" : "") + "\(n / unit)." + padded(n % unit, decimals)
  }
}
