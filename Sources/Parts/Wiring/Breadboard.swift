import Machine

/// A breadboard: holes in groups of five, `7t.a` to `7t.e` above the middle and `7b.f` to `7b.j` below it, and rails along the edges, `tp.1` and
/// so on. A group has a pin only when something is plugged in.
public class Breadboard: Part {
  public override class var kind: PartKind { PartKind("wokwi-breadboard", title: "Breadboard", pins: []) }
  /// Columns of holes, and holes in a rail.
  class var size: (columns: Int, rail: Int) { (63, 50) }
  private var groups: [String: Pin] = [:]

  /// The group of holes that one belongs to; nil when there is no such hole.
  static func group(_ hole: String) -> String? {
    let parts = hole.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 2 else { return nil }
    let first = parts[0], last = parts[1]
    if ["tp", "tn", "bp", "bn"].contains(first), let n = Int(last), 1...max(size.rail, 1) ~= n, size.rail > 0, last.first != "0" { return String(first) }
    guard let half = first.last, let n = Int(first.dropLast()), 1...size.columns ~= n, last.count == 1, let row = last.first else { return nil }
    return half == "t" && "abcde".contains(row) || half == "b" && "fghij".contains(row) ? String(first) : nil
  }
  public override func leg(_ name: String) -> Pin? {
    guard let group = Self.group(name.lowercased()) else { return nil }
    if let pin = groups[group] { return pin }
    let pin = Pin("\(id):\(group)", arena: context.arena)
    groups[group] = pin
    return pin
  }
  /// All holes by name.
  public static var holes: [String] {
    (1...size.columns).flatMap { n in "abcde".map { "\(n)t.\($0)" } + "fghij".map { "\(n)b.\($0)" } } + (size.rail > 0 ? ["tp", "tn", "bp", "bn"].flatMap { r in (1...size.rail).map { "\(r).\($0)" } } : [])
  }
}
public final class HalfBreadboard: Breadboard {
  public override class var kind: PartKind { PartKind("wokwi-breadboard-half", title: "Half breadboard", pins: []) }
  override class var size: (columns: Int, rail: Int) { (30, 25) }
}
public final class MiniBreadboard: Breadboard {
  public override class var kind: PartKind { PartKind("wokwi-breadboard-mini", title: "Mini breadboard", pins: []) }
  override class var size: (columns: Int, rail: Int) { (17, 0) }
}
