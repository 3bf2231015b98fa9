import Boards
import Foundation
import Machine
import Parts

/// What `--vcd`, `--probe`, `--decode` and a diagram's logic analyzers ask for: levels into a file and a window, and what they mean into lines.
public final class Recording {
  private let probe: Probe
  private var writer: VCDWriter?
  private var file: FileHandle?
  private var pending: [UInt8] = []
  private var decoders: [(channel: DecoderChannel, wires: [Int: [Int]])] = []
  /// What a window shows of it.
  public let trace: LogicTrace
  /// Told what a decoder has read: which decoder, and what.
  public var onAnnotation: (String, Annotation) -> Void = { _, _ in }

  /// - Parameters:
  ///   - pins: pads, or `part:pin`; none: the wired channels of logic analyzers, or for a file all of the board's pads.
  ///   - timescale: picoseconds.
  public init(_ board: Board, pins: [String], vcd: String?, timescale: UInt64, decoders specs: [String]) throws {
    let channels = try specs.map(DecoderChannel.init)
    var names = pins
    let analyzers = pins.isEmpty ? Self.analyzers(of: board) : []
    if names.isEmpty, analyzers.isEmpty, vcd != nil { names = board.pins.filter { $0.value.name == $0.key || $0.key.hasPrefix("b.") }.keys.sorted { $0.localizedStandardCompare($1) == .orderedAscending } }
    for c in channels { for p in c.pins where !names.contains(p) { names.append(p) } }
    probe = Probe(try names.map { ($0, try board.pin($0)) }, machine: board.machine)
    // An analyzer's channels come behind the pads: it says itself what it takes and from when on.
    var inputs: [[Int: Int]] = [], allNames = names, levels = probe.levels
    for (k, a) in analyzers.enumerated() {
      inputs.append([:])
      for n in 0..<8 where a.isWired(n) {
        inputs[k][n] = allNames.count
        allNames.append(analyzers.count > 1 ? "\(a.id):\(a.channelNames[n])" : a.channelNames[n])
        levels.append(a.recordedLevels >> UInt8(n) & 1 == 1 ? .high : .low)
      }
    }
    trace = LogicTrace(names: allNames, levels: levels, decoders: channels.map(\.title))
    for c in channels {
      var wires: [Int: [Int]] = [:]
      for (i, p) in c.pins.enumerated() { if let n = names.firstIndex(of: p) { wires[n, default: []].append(i) } }
      decoders.append((c, wires))
    }
    if let vcd {
      guard FileManager.default.createFile(atPath: vcd, contents: nil), let handle = FileHandle(forWritingAtPath: vcd) else { throw SessionError("\(vcd) cannot be written; choose another place") }
      file = handle
      writer = VCDWriter(names: allNames, levels: levels, timescale: timescale) { [unowned self] in pending += Array($0.utf8) }
    }
    for (a, channels) in zip(analyzers, inputs) {
      a.onEdge = { [unowned self] n, high, time in if let c = channels[n] { keep(Probe.Change(time: time, channel: c, level: high ? .high : .low)) } }
    }
    probe.onChange.append { [unowned self] c in
      keep(c)
      for k in decoders.indices {
        for i in decoders[k].wires[c.channel] ?? [] {
          for a in decoders[k].channel.edge(i, high: c.level == .high || c.level == .contention, at: c.time) {
            trace.add(a, decoder: k)
            onAnnotation(decoders[k].channel.title, a)
          }
        }
      }
    }
  }
  /// The board's logic analyzers that have a wire.
  public static func analyzers(of board: Board) -> [LogicAnalyzer] { board.parts.compactMap { $0 as? LogicAnalyzer }.filter { a in (0..<8).contains(where: a.isWired) } }
  private func keep(_ c: Probe.Change) {
    writer?.write(c)
    trace.add(c)
    if pending.count > 1 << 20 { flush() }
  }
  public func flush() {
    guard !pending.isEmpty else { return }
    try? file?.write(contentsOf: Data(pending))
    pending = []
  }
  /// The end of the recording.
  public func finish(at time: UInt64) {
    writer?.finish(at: time)
    flush()
    try? file?.close()
    file = nil
  }
  /// A timescale such as `1ns` in picoseconds.
  public static func timescale(_ text: String) throws -> UInt64 {
    let units: [(String, UInt64)] = [("ps", 1), ("ns", 1000), ("us", 1_000_000), ("ms", 1_000_000_000)]
    for (unit, size) in units where text.hasSuffix(unit) {
      if let n = UInt64(text.dropLast(2)), [1, 10, 100].contains(n) { return n * size }
    }
    throw SessionError("the timescale \(text) is not understood; write 1, 10 or 100 and ps, ns, us or ms, such as 10ns")
  }
  /// Lets a VCD file drive pads.
  /// - Parameter spec: the file, alone or with what its signals are on: `in.vcd:D0=GP3,D1=GP4`. Without that, signals drive the pads of their name.
  public static func drive(_ board: Board, from spec: String) throws -> Stimulus {
    var path = spec, pairs: [String: String] = [:]
    if !FileManager.default.fileExists(atPath: spec), let colon = spec.lastIndex(of: ":") {
      path = String(spec[..<colon])
      for p in spec[spec.index(after: colon)...].split(separator: ",") {
        let ends = p.split(separator: "=")
        guard ends.count == 2 else { throw SessionError("--stimulus \(spec): write SIGNAL=PAD, as in in.vcd:D0=GP3") }
        pairs[String(ends[0])] = String(ends[1])
      }
    }
    let vcd: VCDReader
    do { vcd = try VCDReader(reading: BoardLoader.read(path)) } catch let e as VCDReader.Problem { throw SessionError("\(path):\(e.line): \(e.message)") } catch { throw SessionError("\(error)") }
    for s in pairs.keys.sorted() where !vcd.names.contains(s) { throw SessionError("\(path) has no signal \"\(s)\"; it has \(vcd.names.joined(separator: ", "))") }
    var signals: [Int: Pin] = [:]
    for (n, name) in vcd.names.enumerated() {
      if let pad = pairs[name] { signals[n] = try board.pin(pad) } else if pairs.isEmpty, let pin = try? board.pin(name) { signals[n] = pin }
    }
    guard !signals.isEmpty else { throw SessionError("no signal of \(path) is named as a pad (\(vcd.names.joined(separator: ", "))); say which is which, as in \(path):\(vcd.names.first ?? "D0")=GP3") }
    return Stimulus("stimulus.\(path)", changes: vcd.changes, signals: signals, machine: board.machine)
  }
}
