/// A date and time of day of the Gregorian calendar.
public struct CivilTime: BitwiseCopyable, Equatable {
  var year = 2000, month = 1, day = 1, hour = 0, minute = 0, second = 0

  static func days(in month: Int, year: Int) -> Int {
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    return month == 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].contains(month) ? 30 : 31
  }
  /// From text as in `2024-05-31T12:34:56`, time and seconds optional; nil when it is none.
  public init?(_ text: String) {
    let numbers = text.split(whereSeparator: { !$0.isNumber }).prefix(6).map { Int($0) ?? -1 }
    guard numbers.count >= 3, text.first?.isNumber == true else { return nil }
    let all = numbers + [Int](repeating: 0, count: 6 - numbers.count)
    guard 1970...2199 ~= all[0], 1...12 ~= all[1], 1...Self.days(in: all[1], year: all[0]) ~= all[2], 0...23 ~= all[3], 0...59 ~= all[4], 0...59 ~= all[5] else { return nil }
    (year, month, day, hour, minute, second) = (all[0], all[1], all[2], all[3], all[4], all[5])
  }
  init() {}
  /// Sunday is 1.
  var weekday: Int {
    // Sakamoto's congruence.
    let y = month < 3 ? year - 1 : year
    return (y + y / 4 - y / 100 + y / 400 + [0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4][month - 1] + day) % 7 + 1
  }
  func adding(seconds n: UInt64) -> CivilTime {
    var t = self
    let of = UInt64(hour * 3600 + minute * 60 + second) &+ n, rest = Int(of % 86400)
    (t.hour, t.minute, t.second) = (rest / 3600, rest / 60 % 60, rest % 60)
    // Virtual time is short: some days at most.
    for _ in 0..<min(of / 86400, 1 << 20) { t.nextDay() }
    return t
  }
  mutating func nextDay() {
    day += 1
    guard day > Self.days(in: month, year: year) else { return }
    day = 1
    month += 1
    guard month > 12 else { return }
    month = 1
    year += 1
  }
}

/// `value` with zeros before it.
func padded(_ value: Int, _ digits: Int) -> String {
  let s = String(max(0, value))
  return String(repeating: "0", count: max(0, digits - s.count)) + s
}
