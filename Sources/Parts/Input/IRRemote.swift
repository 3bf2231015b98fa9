import Machine

/// A remote control that speaks the NEC protocol: a mark of 9 ms and a space of 4.5, then address, its complement, command and its
/// complement, most significant bit of the table's numbers first; a repeat each 108 ms while a key is held.
public final class IRRemote: Part {
  public override class var kind: PartKind { PartKind("wokwi-ir-remote", title: "IR remote", pins: [], attributes: [Attribute("key", .text, "")]) }
  /// Keys with their commands, in the order in which they stand on the remote.
  public static let keys: [(name: String, command: UInt8)] = [
    ("power", 162), ("menu", 226), ("test", 34), ("plus", 2), ("back", 194), ("previous", 224), ("play", 168), ("next", 144), ("0", 104), ("minus", 152), ("c", 176), ("1", 48), ("2", 24),
    ("3", 122), ("4", 16), ("5", 56), ("6", 90), ("7", 66), ("8", 74), ("9", 82),
  ]
  struct State: BitwiseCopyable {
    /// The frame under way, its first bit on top, and the next of its edges; 0 when none is.
    var frame: UInt32 = 0, edge: UInt32 = 0
    var isRepeat = false
    var began: UInt64 = 0
    /// The key that is held, 255 when none.
    var held: UInt8 = 255
  }
  private static let unit: UInt64 = 562_500_000, between: UInt64 = 108_000_000_000
  private let state: UnsafeMutablePointer<State>
  private var event: Scheduler.Event!

  public required init(id: String, attributes: [String: String], context: PartContext) {
    state = context.arena.allocate("\(id).NEC", initial: State())
    super.init(id: id, attributes: attributes, context: context)
    event = context.scheduler.event("\(id).NEC") { [unowned self] _ in step() }
  }
  /// Length of the mark (even) or space (odd) `n`; nil after the last mark.
  private func length(_ n: UInt32) -> UInt64? {
    let s = state.pointee
    if n == 0 { return Self.unit * 16 }
    if s.isRepeat { return n == 1 ? Self.unit * 4 : n == 2 ? Self.unit : nil }
    if n == 1 { return Self.unit * 8 }
    if n > 66 { return nil }
    if n & 1 == 0 { return Self.unit }
    return s.frame << ((n - 3) / 2) & 0x8000_0000 != 0 ? Self.unit * 3 : Self.unit
  }
  private func begin(_ command: UInt8?) {
    state.pointee.isRepeat = command == nil
    if let command { state.pointee.frame = 0x00FF_0000 | UInt32(command) << 8 | UInt32(~command) }
    state.pointee.edge = 0
    state.pointee.began = context.scheduler.now
    step()
  }
  private func step() {
    if state.pointee.edge == .max {
      // The pause after a frame is over.
      state.pointee.edge = 0
      if state.pointee.held != 255 { begin(nil) }
      return
    }
    let n = state.pointee.edge
    guard let length = length(n) else {
      context.air.shine(false)
      state.pointee.edge = .max
      context.scheduler.schedule(event, at: state.pointee.began &+ Self.between)
      return
    }
    context.air.shine(n & 1 == 0)
    state.pointee.edge = n + 1
    context.scheduler.schedule(event, after: length)
  }
  /// A button a key.
  public override var controls: [Control] { Self.keys.map { Control($0.name, .button) } }
  private func key(_ name: String) -> Int? {
    let short = ["prev": "previous", "+": "plus", "-": "minus", "−": "minus"][name] ?? name.lowercased()
    return Self.keys.firstIndex { $0.name == short }
  }
  public override func control(_ name: String) -> Double? { key(name).map { Int(state.pointee.held) == $0 ? 1 : 0 } }
  public override func setControl(_ name: String, _ value: Double) {
    guard let k = key(name) else { return }
    if value >= 0.5 {
      guard Int(state.pointee.held) != k else { return }
      state.pointee.held = UInt8(k)
      // A new key waits for nobody: the frame before it is cut off.
      context.scheduler.cancel(event)
      context.air.shine(false)
      begin(Self.keys[k].command)
    } else if Int(state.pointee.held) == k {
      state.pointee.held = 255
    }
  }
  /// Setting `key` presses that key once.
  public override func attributeChanged(_ name: String) {
    guard name == "key" else { return }
    setControl(attribute("key"), 1)
    setControl(attribute("key"), 0)
  }
}
