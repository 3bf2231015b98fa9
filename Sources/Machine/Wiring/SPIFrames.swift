/// A part that can take a whole word off a serial bus at once, where nobody needs to see its bits.
///
/// It names its legs' `Pin.frames`. A controller asks `SPIFrames.routes` whether all that its pins are wired to is of this
/// kind, and then may hand words over instead of moving the pins: late by some words, as long as the part gets them before
/// it asks for them with `catchUp`.
public protocol SPIFrameSink: AnyObject {
  var clock: Pin { get }
  var data: Pin? { get }
  var output: Pin? { get }
  /// Whether words of `width` bits in SPI mode `mode` (CPOL, CPHA) would come to the same as their bits.
  func takesFrames(width: Int, mode: UInt8) -> Bool
  /// A word, the highest of its `width` bits first on the wire; what it puts out meanwhile, nil when its output is off.
  func frame(_ word: UInt32, width: Int) -> UInt32?
  /// Words as `frame` takes them, one after the other, whose answers nobody hears.
  func frames(_ words: UnsafeBufferPointer<UInt16>, width: Int)
  /// Set by the controller: hands over all words whose time has passed. To be called before select, command or reset
  /// lines count, and before somebody looks.
  var catchUp: (() -> Void)? { get set }
}

extension SPIFrameSink {
  public func frames(_ words: UnsafeBufferPointer<UInt16>, width: Int) { for w in words { _ = frame(UInt32(w), width: width) } }
}

public enum SPIFrames {
  /// A part, and whether the controller's input hears it.
  public struct Route {
    public let part: any SPIFrameSink
    public let isHeard: Bool
  }
  /// The parts on a controller's nets when each of them takes whole words; nil when somebody needs the edges.
  /// - Parameters: the controller's pads that carry its clock, its data and what comes back.
  public static func routes(clock: [Pin], data: [Pin], input: [Pin], width: Int, mode: UInt8) -> [Route]? {
    var sinks: [any SPIFrameSink] = []
    for pad in clock {
      guard isQuiet(pad.net) else { return nil }
      for p in pad.net.pins where p !== pad {
        if let s = p.frames {
          guard s.clock === p, s.takesFrames(width: width, mode: mode) else { return nil }
          sinks.append(s)
        } else if p.onChange != nil {
          return nil
        }
      }
    }
    for pad in data {
      guard isQuiet(pad.net) else { return nil }
      for p in pad.net.pins where p !== pad && p.onChange != nil && p.frames == nil { return nil }
    }
    for pad in input {
      for p in pad.net.pins where p !== pad && p.frames != nil && !sinks.contains(where: { $0.output === p }) { return nil }
    }
    for s in sinks {
      if let d = s.data, !data.contains(where: { $0.net === d.net }) { return nil }
      guard let out = s.output else { continue }
      guard isQuiet(out.net) else { return nil }
      for p in out.net.pins where p.frames == nil && p.onChange != nil && !input.contains(where: { $0 === p }) { return nil }
    }
    return sinks.map { s in Route(part: s, isHeard: input.contains { $0.net === s.output?.net }) }
  }
  private static func isQuiet(_ net: Net) -> Bool { net.onChange == nil && net.contacts.isEmpty }
}
