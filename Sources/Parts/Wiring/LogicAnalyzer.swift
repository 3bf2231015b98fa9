import Machine

/// Eight channels that are written down: each change of level with its time, from the trigger on.
public final class LogicAnalyzer: Part {
  public override class var kind: PartKind {
    PartKind(
      "wokwi-logic-analyzer", title: "Logic analyzer", pins: (0..<8).map { "D\($0)" } + ["GND"],
      attributes: [
        Attribute("bufferSize", .number(1...100_000_000), "1000000"), Attribute("filename", .text, "wokwi-logic"), Attribute("channelNames", .text, ""), Attribute("triggerMode", .choice(["off", "edge", "level"]), "off"),
        Attribute("triggerPin", .choice((0..<8).map { "D\($0)" }), "D7"), Attribute("triggerLevel", .choice(["high", "low"]), "high"),
      ])
  }
  struct State: BitwiseCopyable {
    var isRecording = false
    /// The levels that were told last, a bit a channel.
    var told: UInt8 = 0
    var count: UInt64 = 0
  }
  private let state: UnsafeMutablePointer<State>
  private let lamp: Lamp
  /// A change of level: channel 0 to 7, whether it is high now, picoseconds since power-on. Before the first, all are low;
  /// changes while nothing is recorded are told together when recording begins.
  public var onEdge: ((_ channel: Int, _ high: Bool, _ time: UInt64) -> Void)?

  public required init(id: String, attributes: [String: String], context: PartContext) {
    state = context.arena.allocate("\(id).state", initial: State())
    lamp = Lamp(id, context: context)
    super.init(id: id, attributes: attributes, context: context)
    for n in 0..<8 { pin("D\(n)").onChange = { [unowned self] _ in changed() } }
    state.pointee.isRecording = attribute("triggerMode") != "edge" && attribute("triggerMode") != "level"
    lamp.set(state.pointee.isRecording)
  }
  /// Changes recorded so far.
  public var count: Int { Int(clamping: state.pointee.count) }
  public var isRecording: Bool { state.pointee.isRecording }
  /// What the channels are called: D0 to D7, or as `channelNames` has them, apart by commas.
  public var channelNames: [String] {
    let names = attribute("channelNames").split(separator: ",", omittingEmptySubsequences: false).map { $0.filter { $0 > " " && $0 < "\u{7F}" } }
    return (0..<8).map { $0 < names.count && !names[$0].isEmpty ? names[$0] : "D\($0)" }
  }
  /// The levels that are written down, a bit a channel.
  public var recordedLevels: UInt8 { state.pointee.told }
  /// Something is wired to a channel.
  public func isWired(_ channel: Int) -> Bool { pins["D\(channel)"].map { $0.net.pins.count > 1 } ?? false }
  private var levels: UInt8 { (0..<8).reduce(0) { $0 | (pin("D\($1)").isHigh ? 1 << UInt8($1) : 0) } }
  private func changed() {
    let mode = attribute("triggerMode"), isMet = (pins[attribute("triggerPin")] ?? pin("D7")).isHigh == (attribute("triggerLevel") != "low")
    var last = false
    if mode == "level" {
      last = state.pointee.isRecording && !isMet
      state.pointee.isRecording = isMet
    } else if mode == "edge", isMet {
      state.pointee.isRecording = true
    }
    lamp.set(state.pointee.isRecording)
    // The change that ends a recording belongs to it.
    if state.pointee.isRecording || last { tell() }
  }
  private func tell() {
    let now = context.scheduler.now, levels = levels, changed = levels ^ state.pointee.told
    state.pointee.told = levels
    for n in 0..<8 where changed >> UInt8(n) & 1 == 1 {
      guard Double(state.pointee.count) < number("bufferSize") else { return }
      state.pointee.count += 1
      onEdge?(n, levels >> UInt8(n) & 1 == 1, now)
    }
  }
  public override var lamps: [Lamp] { [lamp] }
  public override var displayText: String? { "\(count) samples" }
}
