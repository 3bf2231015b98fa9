import Machine

/// Something that a decoder read from wires.
public struct Annotation: Sendable, Equatable {
  public enum Kind: Sendable, Equatable { case mark, address, data, good, bad }
  /// In picoseconds.
  public var start: UInt64, end: UInt64
  public var kind: Kind
  public var text: String
}

/// Reads a protocol from the edges of some wires. Levels are true for high.
public protocol Decoder {
  /// The wires by name; a name with a question mark may be missing.
  static var wires: [String] { get }
  /// Wire `n` has become `high`.
  mutating func edge(_ n: Int, high: Bool, at time: UInt64) -> [Annotation]
}

/// A decoder with the channels that it listens to, as in `i2c:sda=GP4,scl=GP5`.
public struct DecoderChannel {
  public let title: String
  public let pins: [String]
  private let order: [Int]
  private var decoder: any Decoder

  /// - Parameter spec: a protocol and its wires; options such as `baud=9600` may stand among them.
  /// - Throws: `SessionError` with what may be written.
  public init(_ spec: String) throws {
    let colon = spec.firstIndex(of: ":") ?? spec.endIndex
    let name = spec[..<colon].lowercased()
    var values: [String: String] = [:], plain: [String] = []
    for part in spec[colon...].dropFirst().split(separator: ",") {
      if let eq = part.firstIndex(of: "=") { values[part[..<eq].lowercased()] = String(part[part.index(after: eq)...]) } else { plain.append(String(part)) }
    }
    func number(_ key: String, _ initial: Double, _ range: ClosedRange<Double>) throws -> Double {
      guard let t = values.removeValue(forKey: key) else { return initial }
      guard let v = Double(t), range ~= v else { throw SessionError("--decode \(spec): \(key) is a number from \(range.lowerBound) to \(range.upperBound)") }
      return v
    }
    switch name {
    case "i2c": decoder = I2CDecoder()
    case "spi": decoder = SPIDecoder(mode: Int(try number("mode", 0, 0...3)), bits: Int(try number("bits", 8, 1...32)))
    case "uart": decoder = UARTDecoder(baud: try number("baud", 115200, 1...100_000_000))
    case "ws2812": decoder = WS2812Decoder()
    case "onewire", "1-wire": decoder = OneWireDecoder()
    default: throw SessionError("--decode \(spec): the protocols are i2c, spi, uart, ws2812 and onewire, as in i2c:sda=GP4,scl=GP5")
    }
    var order: [Int] = [], pins: [String] = []
    for (n, wire) in type(of: decoder).wires.enumerated() {
      let bare = wire.hasSuffix("?") ? String(wire.dropLast()) : wire
      if let p = values.removeValue(forKey: bare) ?? (plain.isEmpty ? nil : plain.removeFirst()) {
        order.append(n)
        pins.append(p)
      } else if !wire.hasSuffix("?") {
        throw SessionError("--decode \(spec) lacks the wire \(bare); write \(name):\(type(of: decoder).wires.map { $0.replacing("?", with: "") + "=PIN" }.joined(separator: ","))")
      }
    }
    if let other = values.keys.sorted().first ?? plain.first { throw SessionError("--decode \(spec): \(name) has no \"\(other)\"; its wires are \(type(of: decoder).wires.map { $0.replacing("?", with: "") }.joined(separator: ", "))") }
    title = name
    self.pins = pins
    self.order = order
  }
  /// The pin at place `i` of `pins` has changed.
  public mutating func edge(_ i: Int, high: Bool, at time: UInt64) -> [Annotation] { decoder.edge(order[i], high: high, at: time) }
}

/// I2C (UM10204 §3.1): start, address, bytes with their acknowledge, stop.
public struct I2CDecoder: Decoder {
  public static let wires = ["sda", "scl"]
  private var sda = true, scl = true, inside = false, bits = 0, value: UInt8 = 0, isAddress = false, began: UInt64 = 0
  public init() {}
  public mutating func edge(_ n: Int, high: Bool, at t: UInt64) -> [Annotation] {
    if n == 0 {
      guard high != sda else { return [] }
      sda = high
      guard scl else { return [] }
      defer { bits = 0 }
      if !high {
        defer { (inside, isAddress) = (true, true) }
        return [Annotation(start: t, end: t, kind: .mark, text: inside ? "Sr" : "S")]
      }
      defer { inside = false }
      return inside ? [Annotation(start: t, end: t, kind: .mark, text: "P")] : []
    }
    guard high != scl else { return [] }
    scl = high
    guard high, inside else { return [] }
    if bits == 0 { began = t }
    bits += 1
    if bits < 9 {
      value = value << 1 | (sda ? 1 : 0)
      return []
    }
    bits = 0
    defer { isAddress = false }
    let text = isAddress ? "\(hex(value >> 1, 2)) \(value & 1 == 1 ? "R" : "W")" : hex(value, 2)
    return [Annotation(start: began, end: t, kind: isAddress ? .address : .data, text: text), Annotation(start: t, end: t, kind: sda ? .bad : .good, text: sda ? "NAK" : "ACK")]
  }
}
private func hex(_ v: some BinaryInteger, _ digits: Int) -> String {
  let s = String(v, radix: 16, uppercase: true)
  return String(repeating: "0", count: max(0, digits - s.count)) + s
}

/// SPI: words at the clock's sampling edge while the select is low, or in runs when there is none.
public struct SPIDecoder: Decoder {
  public static let wires = ["clk", "mosi", "miso?", "cs?"]
  private let mode: Int, bits: Int
  private var levels = [false, false, false, false], count = 0, out: UInt32 = 0, input: UInt32 = 0, began: UInt64 = 0
  private var hasMISO = false
  public init(mode: Int = 0, bits: Int = 8) {
    self.mode = mode
    self.bits = bits
  }
  public mutating func edge(_ n: Int, high: Bool, at t: UInt64) -> [Annotation] {
    guard 0..<4 ~= n, levels[n] != high || n == 2 else { return [] }
    levels[n] = high
    if n == 2 { hasMISO = true }
    if n == 3 {
      count = 0
      return [Annotation(start: t, end: t, kind: .mark, text: high ? "CS up" : "CS down")]
    }
    guard n == 0, !levels[3], high == (mode == 0 || mode == 3) else { return [] }
    if count == 0 { (began, out, input) = (t, 0, 0) }
    out = out << 1 | (levels[1] ? 1 : 0)
    input = input << 1 | (levels[2] ? 1 : 0)
    count += 1
    guard count == bits else { return [] }
    count = 0
    let digits = (bits + 3) / 4
    return [Annotation(start: began, end: t, kind: .data, text: hex(out, digits) + (hasMISO ? " < " + hex(input, digits) : ""))]
  }
}

/// An asynchronous serial line: 8 bits, no parity, one stop bit.
public struct UARTDecoder: Decoder {
  public static let wires = ["rx"]
  private let bit: Double
  private var line = true, start: UInt64?, edges: [(UInt64, Bool)] = []
  /// - Parameter baud: bits a second.
  public init(baud: Double) { bit = 1e12 / baud }
  public mutating func edge(_ n: Int, high: Bool, at t: UInt64) -> [Annotation] {
    guard high != line else { return [] }
    var out: [Annotation] = []
    if let s = start, Double(t &- s) >= bit * 9.5 { out = finish(s) }
    if start == nil, line, !high {
      start = t
      edges = []
    } else if start != nil {
      edges.append((t, high))
    }
    line = high
    return out
  }
  private mutating func finish(_ s: UInt64) -> [Annotation] {
    func level(_ k: Double) -> Bool {
      let t = Double(s) + k * bit
      return edges.last { Double($0.0) <= t }?.1 ?? false
    }
    var v: UInt8 = 0
    for i in 0..<8 where level(1.5 + Double(i)) { v |= 1 << UInt8(i) }
    let good = level(9.5)
    start = nil
    let shown = 0x20..<0x7F ~= v ? "'\(Character(Unicode.Scalar(v)))'" : hex(v, 2)
    return [Annotation(start: s, end: s &+ UInt64(bit * 10), kind: good ? .data : .bad, text: good ? shown : "frame error")]
  }
  /// Closes a byte that no further edge has closed.
  public mutating func flush(at t: UInt64) -> [Annotation] {
    guard let s = start, Double(t &- s) >= bit * 9.5 else { return [] }
    return finish(s)
  }
}

/// The line of WS2812 lamps (WS2812B datasheet): a bit is the length of its high pulse, 50 us of low latch.
public struct WS2812Decoder: Decoder {
  public static let wires = ["din"]
  private var rise: UInt64?, fall: UInt64 = 0, bits = 0, value: UInt32 = 0, began: UInt64 = 0, index = 0
  public init() {}
  public mutating func edge(_ n: Int, high: Bool, at t: UInt64) -> [Annotation] {
    if high {
      if t &- fall > 50_000_000 { (bits, value, index) = (0, 0, 0) }
      rise = t
      if bits == 0 { began = t }
      return []
    }
    guard let r = rise else { return [] }
    rise = nil
    fall = t
    value = value << 1 | (t &- r > 550_000 ? 1 : 0)
    bits += 1
    guard bits == 24 else { return [] }
    defer { (bits, value, index) = (0, 0, index + 1) }
    let g = value >> 16 & 255, r8 = value >> 8 & 255, b = value & 255
    return [Annotation(start: began, end: t, kind: .data, text: "#\(index) \(hex(r8, 2))\(hex(g, 2))\(hex(b, 2))")]
  }
}

/// 1-Wire (DS18B20 datasheet, "1-Wire signaling"): reset with presence, then slots, lowest bit first.
public struct OneWireDecoder: Decoder {
  public static let wires = ["dq"]
  private var fall: UInt64?, bits = 0, value: UInt8 = 0, began: UInt64 = 0, afterReset = false
  public init() {}
  public mutating func edge(_ n: Int, high: Bool, at t: UInt64) -> [Annotation] {
    if !high {
      fall = t
      return []
    }
    guard let f = fall else { return [] }
    fall = nil
    let low = t &- f
    if low >= 400_000_000 {
      (bits, value, afterReset) = (0, 0, true)
      return [Annotation(start: f, end: t, kind: .mark, text: "reset")]
    }
    if afterReset {
      afterReset = false
      if low >= 55_000_000 { return [Annotation(start: f, end: t, kind: .good, text: "presence")] }
    }
    if bits == 0 { began = f }
    value = value >> 1 | (low < 30_000_000 ? 0x80 : 0)
    bits += 1
    guard bits == 8 else { return [] }
    defer { (bits, value) = (0, 0) }
    return [Annotation(start: began, end: t, kind: .data, text: hex(value, 2))]
  }
}
