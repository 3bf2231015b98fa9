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
    /// What stops the view.
    public var armed: Trigger?
    /// When it was met; from then on the view stands.
    public var trigger: UInt64?
    public static func == (a: Snapshot, b: Snapshot) -> Bool {
      a.start == b.start && a.end == b.end && a.rows == b.rows && a.armed == b.armed && a.trigger == b.trigger
        && a.decoded.elementsEqual(b.decoded) { $0.name == $1.name && $0.annotations == $1.annotations }
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
  private struct Change {
    var time: UInt64, channel: Int, before: NetLevel, level: NetLevel
  }
  static let capacity = 65536
  public let names: [String]
  private var levels: [NetLevel]
  private var changes: [Change] = [], annotations: [(decoder: Int, Annotation)] = []
  let decoderNames: [String]
  public var trigger: Trigger? { didSet { rearm() } }
  /// Met at this time; what comes behind it by more than the view shows is not taken.
  private var hold: UInt64?
  /// Picoseconds that the view shows.
  public var span: UInt64 = 10_000_000_000 { didSet { span = min(max(span, 1_000_000), 100_000_000_000_000) } }

  public init(names: [String], levels: [NetLevel], decoders: [String]) {
    self.names = names
    self.levels = levels
    decoderNames = decoders
  }
  private func isLate(_ time: UInt64) -> Bool { hold.map { time > $0 &+ span } ?? false }
  public func add(_ c: Probe.Change) {
    let before = levels[c.channel]
    levels[c.channel] = c.level
    guard !isLate(c.time) else { return }
    changes.append(Change(time: c.time, channel: c.channel, before: before, level: c.level))
    if changes.count > Self.capacity * 2 { changes.removeFirst(Self.capacity) }
    if hold == nil, let t = trigger, t.channel == c.channel, c.level == .high || c.level == .low, t.rising == nil || t.rising == (c.level == .high) { hold = c.time }
  }
  public func add(_ a: Annotation, decoder: Int) {
    guard !isLate(a.start) else { return }
    annotations.append((decoder, a))
    if annotations.count > Self.capacity { annotations.removeFirst(Self.capacity / 2) }
  }
  /// Takes up recording again after a trigger, from nothing: what went by meanwhile is not there.
  public func rearm() {
    guard hold != nil else { return }
    hold = nil
    changes = []
    annotations = []
  }
  /// Off, rising, falling, off.
  public func cycleTrigger(_ channel: Int) {
    guard names.indices.contains(channel) else { return }
    let old = trigger?.channel == channel ? trigger : nil
    trigger = old == nil ? Trigger(channel: channel, rising: true) : old?.rising == true ? Trigger(channel: channel, rising: false) : nil
  }
  /// Makes the view's stretch longer or shorter, in steps of 1, 2 and 5.
  public func zoom(in isCloser: Bool) {
    var step: UInt64 = 1
    while step * 10 <= span { step *= 10 }
    let lead = span / step
    span = isCloser ? (lead > 5 ? step * 5 : lead > 2 ? step * 2 : lead > 1 ? step : step / 2) : (lead < 2 ? step * 2 : lead < 5 ? step * 5 : step * 10)
  }

  /// The newest stretch, or the one about the trigger.
  /// - Parameter columns: more changes in one of so many equal parts of the stretch are drawn as one line, so the first and the last of them do.
  public func snapshot(at now: UInt64, columns: Int = 1024) -> Snapshot {
    let end = max(hold.map { min($0 &+ span * 3 / 4, max(now, $0)) } ?? now, 1), start = end > span ? end - span : 0
    var from = 0, to = changes.count
    while from < to {
      let middle = (from + to) / 2
      if changes[middle].time < start { from = middle + 1 } else { to = middle }
    }
    var rows = zip(names, levels).map { Snapshot.Row(name: $0, first: $1, changes: []) }
    var isKnown = names.map { _ in false }, lastColumn = names.map { _ in (column: UInt64.max, count: 0) }
    let width = max((end - start) / UInt64(max(columns, 1)), 1)
    for c in changes[from...] {
      if !isKnown[c.channel] {
        isKnown[c.channel] = true
        rows[c.channel].first = c.before
      }
      // Changes behind the end say what was before them, no more.
      guard c.time <= end else { continue }
      let column = (c.time - start) / width
      if lastColumn[c.channel].column != column { lastColumn[c.channel] = (column, 0) }
      lastColumn[c.channel].count += 1
      if lastColumn[c.channel].count > 2 { rows[c.channel].changes.removeLast() }
      rows[c.channel].changes.append((c.time, c.level))
    }
    var decoded = decoderNames.map { (name: $0, annotations: [Annotation]()) }
    // They come nearly in the order of their ends.
    for (n, a) in annotations.reversed() {
      if a.end &+ span < start { break }
      if a.end >= start, a.start <= end, decoded[n].annotations.count < columns { decoded[n].annotations.append(a) }
    }
    for n in decoded.indices { decoded[n].annotations.reverse() }
    return Snapshot(start: start, end: max(end, start + 1), rows: rows, decoded: decoded, armed: trigger, trigger: hold)
  }
}
