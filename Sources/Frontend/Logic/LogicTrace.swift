import Machine

/// The last changes of some wires and what decoders read from them: what a logic analyzer shows.
public final class LogicTrace {
  /// What of it is drawn: a stretch of time.
  public struct Snapshot: Sendable, Equatable {
    public struct Row: Sendable, Equatable {
      public var name: String
      /// The level before the first change.
      public var first: NetLevel
      public var changes: [(time: UInt64, level: NetLevel)]
      public static func == (a: Row, b: Row) -> Bool { a.name == b.name && a.first == b.first && a.changes.elementsEqual(b.changes) { $0 == $1 } }
    }
    public var start: UInt64, end: UInt64
    public var rows: [Row]
    public var decoded: [(name: String, annotations: [Annotation])]
    /// Where the trigger was met.
    public var trigger: UInt64?
    public var isHeld: Bool
    public static func == (a: Snapshot, b: Snapshot) -> Bool {
      a.start == b.start && a.end == b.end && a.rows == b.rows && a.trigger == b.trigger && a.isHeld == b.isHeld && a.decoded.elementsEqual(b.decoded) { $0.name == $1.name && $0.annotations == $1.annotations }
    }
  }
  /// The view stops at an edge of a channel.
  public struct Trigger: Sendable, Equatable {
    public var channel: Int
    /// nil: either edge.
    public var rising: Bool?
    public init(channel: Int, rising: Bool?) {
      self.channel = channel
      self.rising = rising
    }
  }
  static let capacity = 65536
  public let names: [String]
  private var initial: [NetLevel]
  private var changes: [Probe.Change] = [], annotations: [(decoder: Int, Annotation)] = []
  private let decoderNames: [String]
  public var trigger: Trigger? { didSet { hold = nil } }
  /// Met at this time; what comes behind it by more than the view shows is not taken.
  private var hold: UInt64?
  /// Picoseconds that the view shows.
  public var span: UInt64 = 10_000_000_000 { didSet { span = min(max(span, 1_000_000), 100_000_000_000_000) } }

  public init(names: [String], levels: [NetLevel], decoders: [String]) {
    self.names = names
    initial = levels
    decoderNames = decoders
  }
  private func isLate(_ time: UInt64) -> Bool { hold.map { time > $0 &+ span } ?? false }
  public func add(_ c: Probe.Change) {
    guard !isLate(c.time) else { return }
    changes.append(c)
    if changes.count > Self.capacity * 2 {
      for c in changes.prefix(Self.capacity) { initial[c.channel] = c.level }
      changes.removeFirst(Self.capacity)
    }
    if hold == nil, let t = trigger, t.channel == c.channel, c.level == .high || c.level == .low, t.rising == nil || t.rising == (c.level == .high) { hold = c.time }
  }
  public func add(_ a: Annotation, decoder: Int) {
    guard !isLate(a.start) else { return }
    annotations.append((decoder, a))
    if annotations.count > Self.capacity { annotations.removeFirst(Self.capacity / 2) }
  }
  /// Takes up recording again after a trigger.
  public func rearm() { hold = nil }

  /// The newest stretch, or the one about the trigger.
  public func snapshot(at now: UInt64) -> Snapshot {
    let end = hold.map { min($0 &+ span * 3 / 4, max(now, $0)) } ?? now, start = end > span ? end - span : 0
    var rows = names.indices.map { Snapshot.Row(name: names[$0], first: initial[$0], changes: []) }
    for c in changes where c.time <= end {
      // Finer than a screen shows is not needed.
      if c.time < start { rows[c.channel].first = c.level } else if rows[c.channel].changes.count < 4000 { rows[c.channel].changes.append((c.time, c.level)) }
    }
    let decoded = decoderNames.indices.map { n in (decoderNames[n], annotations.filter { $0.decoder == n && $0.1.end >= start && $0.1.start <= end }.suffix(400).map(\.1)) }
    return Snapshot(start: start, end: max(end, start + 1), rows: rows, decoded: decoded, trigger: hold, isHeld: hold != nil)
  }
}
