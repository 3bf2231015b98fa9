/// What a run has to tell: each kind of remark once, in order.
public final class Log {
  public private(set) var lines: [String] = []
  private var seen = Set<String>()
  /// Where the guest is, for the remark: set by the machine.
  public var location: () -> String = { "" }
  /// Called with each new remark.
  public var sink: ((String) -> Void)?
  public init() {}

  /// Says `text` unless it was said before.
  public func once(_ text: String) {
    guard seen.count < 10_000, seen.insert(text).inserted else { return }
    let place = location(), line = place.isEmpty ? text : "\(text) (\(place))"
    lines.append(line)
    sink?(line)
  }
  public func unmodelled(device: String, register: String, write value: UInt32?) {
    once("\(device).\(register) is not modelled: \(value == nil ? "a read gives 0" : "a write has no effect")")
  }
}
