import Images
import Chips
import Machine
import Parts

/// A board, wired, with the parts around it: what a session runs. A subclass brings the chip.
open class Board {
  public let description: BoardDescription
  public var name: String { description.name }
  public let machine: Machine
  public let flash: Memory
  /// Consoles by name: usb, uart0 …; those of a board beside this one as b.usb, b.uart0 …
  public final var ports: [String: Port] = [:]
  /// Pads by name; those of a board beside this one as b.GP0 …
  public final var pins: [String: Pin] = [:]
  /// The board in the same machine.
  public private(set) var neighbour: Board?
  /// Parts by the order in which they were added, with where they stand.
  public private(set) final var parts: [Part] = []
  public final var layout = Layout()
  private let air = Air()

  public init(_ description: BoardDescription, machine: Machine, flash: Memory) {
    self.description = description
    self.machine = machine
    self.flash = flash
  }
  /// What a subclass builds its chip on.
  /// - Parameter other: a board in whose machine this one is, so that they can be wired together.
  static func ground(_ description: BoardDescription, clock: Clock, beside other: Board?) -> (machine: Machine, flash: Memory) {
    let machine = other?.machine ?? Machine(clock: clock)
    machine.arena.scope = other == nil ? "" : "b."
    return (machine, Memory("\(machine.arena.scope)flash", size: description.flash.size, fill: 0xFF))
  }
  /// The supply's pads and the parts on the board: after the subclass has its pins.
  public final func equip() throws {
    for (name, target) in description.pads ?? [:] {
      if let pin = pins[target] { pins[name] = pin; continue }
      guard pins[name] == nil else { continue }
      let pin = Pin(name, arena: machine.arena)
      if target == "GND" { pin.drive = .low } else if target.hasPrefix("power("), let volts = Float(target.dropFirst(6).dropLast()) { pin.drive = Drive(.strong, volts: volts) }
      pins[name] = pin
    }
    for p in description.parts ?? [] {
      let part = try add(p.type, id: p.id, attributes: p.attributes ?? [:], at: Layout.Placement(left: p.x ?? 0, top: p.y ?? 0, onBoard: true))
      for (leg, pad) in p.pins { try wire("\(part.id):\(leg)", pad) }
    }
    machine.arena.scope = ""
  }
  /// The port that a console is on unless another is named.
  public final var defaultPort: String { monitorPort ?? description.console }
  /// The port that a diagram's serial monitor is wired to.
  final var monitorPort: String?
  /// The serial port that leaves on a pad, by its name.
  open func serialPort(transmittingOn pad: String) -> String? { nil }
  public final var led: Pin? { description.led.flatMap { pins[$0] } }

  // MARK: What a chip's board does

  /// Whether the chip starts from a ROM that is a file here.
  open var hasBootROM: Bool { true }
  /// Puts a boot ROM in place; our own has calls that the emulator serves.
  open func load(rom: [UInt8], own: Bool = false) throws {}
  /// Writes a firmware image into the flash; the remarks that go with it.
  @discardableResult open func load(firmware data: [UInt8], name file: String) throws -> [String] { [] }
  /// Writes an image whose addresses are places in the flash.
  /// - Throws: `ImageError` when it is for a debugger, or too large.
  final func write(_ image: FirmwareImage, named file: String) throws {
    guard image.format != .elf else {
      throw ImageError("\(file) is an ELF file, but the \(description.chip) starts from its flash; name the build's flasher_args.json, or the .bin that esptool's elf2image makes of it")
    }
    for s in image.segments where s.end > UInt64(flash.size) {
      throw ImageError("\(file), which is for the \(image.chip?.rawValue ?? description.chip), does not fit: it reaches 0x\(String(s.end, radix: 16)), beyond the \(flash.size >> 10) KiB of flash; choose an image for a flash of that size, or another board")
    }
    for s in image.segments { flash.load(s.bytes, at: Int(s.address)) }
  }
  open func powerOn() { neighbour?.powerOn() }
  /// Pulls the plug: a write to the flash that is under way stays half done.
  open func powerOff() { neighbour?.powerOff() }
  /// The console can take input.
  open var consoleReady: Bool { true }
  /// The button that makes the chip start its loader: BOOTSEL, BOOT.
  open var bootPressed: Bool { get { false } set {} }
  /// The button RESET, RUN or EN.
  open var resetPressed: Bool { get { false } set {} }
  /// The real chip's usual speed in hertz, for comparison.
  open var nominalHertz: Double { 1e6 }
  /// Bytes of RAM beside the flash.
  open var psramSize: Int { 0 }
  /// The chip's revision, a hundred for a major one and one for a minor; nil: images do not ask.
  open var chipRevision: Int? { nil }
  /// What a serial client does to the line of `port`.
  open func serial(_ port: Port, dtr: Bool?, rts: Bool?, baud: Int?) { if let dtr { port.isConnected = dtr } }
  /// What the pad does at the moment, as the chip's manual names it: "GPIO out", "UART0 TX" …
  open func function(of pad: String) -> String {
    let what = description.pads?[pad] ?? ""
    return what.hasPrefix("power(") ? "supply" : what == "GND" ? "ground" : what
  }
  /// Puts a voltage on a pad that an ADC can measure; nil takes it away.
  /// - Throws: `BoardError` for a pad that the board does not have, or a voltage outside the supply.
  public final func setVoltage(_ what: String) throws {
    let parts = what.split(separator: "=", omittingEmptySubsequences: false)
    let analog = description.analog ?? []
    guard parts.count == 2, let pad = analog.first(where: { $0.lowercased() == parts[0].lowercased() }), let volts = Float(parts[1]), 0...3.3 ~= volts, let pin = pins[pad] else {
      throw BoardError("the voltage \(what) is not understood; name \(analog.joined(separator: ", ")) and 0 to 3.3 volts, as in \(analog.first ?? "GP26")=1.65")
    }
    let source = supplies[pad] ?? Pin("\(pad).volts", arena: machine.arena)
    if supplies[pad] == nil { Net.tie(pin, source) }
    supplies[pad] = source
    source.drive = Drive(.strong, volts: volts)
  }
  private var supplies: [String: Pin] = [:]

  // MARK: Wi-Fi

  /// Lets the board hear an access point that is written as `name,channel=6,rssi=-50,open`; `bssid=02:…` is its address, if it matters.
  /// - Throws: `BoardError` for what is not understood, or a board that hears none.
  public final func add(accessPoint spec: String) throws {
    let words = spec.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    let wrong = BoardError("the access point \"\(spec)\" is not understood; write its name and what is not usual, as in workshop,channel=6,rssi=-50,open")
    guard let name = words.first, 1...32 ~= name.utf8.count else { throw wrong }
    let number = UInt8(truncatingIfNeeded: accessPoints.count + 1)
    var p = AccessPoint(ssid: name, bssid: [2, 0, 0, 0, 0, number])
    for word in words.dropFirst() {
      let pair = word.split(separator: "=", maxSplits: 1).map(String.init)
      switch (pair.first, pair.count > 1 ? pair[1] : nil) {
      case ("open", nil): p.isProtected = false
      case ("channel", let v?):
        guard let n = UInt8(v), 1...14 ~= n else { throw wrong }
        p.channel = n
      case ("rssi", let v?):
        guard let n = Int8(v), -96...0 ~= n else { throw wrong }
        p.rssi = n
      case ("bssid", let v?):
        let bytes = v.split(separator: ":").compactMap { UInt8($0, radix: 16) }
        guard bytes.count == 6 else { throw wrong }
        p.bssid = bytes
      default: throw wrong
      }
    }
    guard hear(accessPoints + [p]) else { throw BoardError("\(self.name) has no Wi-Fi that works here; leave the access point out, or take esp32") }
    accessPoints.append(p)
  }
  private var accessPoints: [AccessPoint] = []
  /// What the radio hears from now on; false: the board has none.
  func hear(_ accessPoints: [AccessPoint]) -> Bool { false }

  // MARK: Parts and wires

  /// Sets a second board beside this one, in the same machine, so that wires can go from one to the other.
  public final func place(beside board: Board) {
    board.neighbour = self
    for (name, port) in ports { board.ports["b." + name] = port }
    for (name, pin) in pins { board.pins["b." + name] = pin }
  }
  /// Adds a part.
  /// - Parameter home: where relative paths of its files begin, with the last slash; empty: the current folder.
  /// - Throws: `BoardError` for a type that there is not, with the nearest, or an id that is taken.
  @discardableResult public final func add(_ type: String, id: String, attributes: [String: String] = [:], at place: Layout.Placement = .init(), home: String = "") throws -> Part {
    guard let kind = PartCatalog.type(named: type) else {
      throw BoardError("there is no part \"\(type)\"\(Catalog.nearest(type, in: PartCatalog.all.map(\.kind.name)).map { "; did you mean \($0)?" } ?? "") \"solderless parts\" lists all")
    }
    guard !id.isEmpty, !id.contains(":"), !id.contains("=") else { throw BoardError("the part id \"\(id)\" cannot be used; take letters and digits") }
    guard !parts.contains(where: { $0.id == id }) else { throw BoardError("there are two parts with the id \"\(id)\"; rename one") }
    guard machine.scheduler.room > 32 else { throw BoardError("there are too many parts; the part \"\(id)\" finds no room, so leave some out") }
    let part = kind.init(id: id, attributes: attributes, context: PartContext(machine, air: air))
    if let keeper = part as? any KeepsBytes { try storage.fill(keeper, in: machine, home: home) }
    parts.append(part)
    layout.placements[id] = place
    return part
  }
  /// Adds a part that is written as `id=type,attribute=value,…`.
  @discardableResult public final func add(_ spec: String) throws -> Part {
    let words = spec.split(separator: ",").map { $0.split(separator: "=", maxSplits: 1).map(String.init) }
    guard words.allSatisfy({ $0.count == 2 }), let first = words.first else { throw BoardError("the part \"\(spec)\" is not understood; write ID=TYPE, as in led1=wokwi-led,color=red") }
    return try add(first[1], id: first[0], attributes: Dictionary(words.dropFirst().map { ($0[0], $0[1]) }, uniquingKeysWith: { $1 }))
  }
  private var storage = PartStorage()
  /// Saves what the guest has written to memory cards and the like, where they came from. - Returns: what was written.
  public final func saveParts() throws -> [String] { try parts.flatMap { part in try (part as? any KeepsBytes).map(storage.save) ?? [] } }
  public final func part(_ id: String) throws -> Part {
    if let p = parts.first(where: { $0.id == id }) { return p }
    throw BoardError("there is no part with the id \"\(id)\"; there \(parts.count == 1 ? "is" : "are") \(parts.isEmpty ? "none" : parts.map(\.id).joined(separator: ", "))")
  }
  /// The pin that `end` names: `id:pin` of a part, or a pad of the board, alone or behind the board's id.
  public final func pin(_ end: String) throws -> Pin {
    if let colon = end.firstIndex(of: ":") {
      let id = String(end[..<colon]), leg = String(end[end.index(after: colon)...])
      if let part = parts.first(where: { $0.id == id }) {
        guard let p = part.leg(leg) else {
          throw BoardError("\(id) (\(part.kind.title)) has no pin \"\(leg)\"; it has \(part.kind.pins.joined(separator: ", "))")
        }
        return p
      }
      guard id == layout.boardID || id == name else { throw BoardError("\"\(end)\" names no part; there are \(([layout.boardID] + parts.map(\.id)).joined(separator: ", "))") }
      return try pad(leg)
    }
    return try pad(end)
  }
  private func pad(_ name: String) throws -> Pin {
    if let p = pins[name] ?? pins.first(where: { $0.key.lowercased() == name.lowercased() })?.value { return p }
    throw BoardError("the board has no pad \"\(name)\"; its pads are \(pins.keys.filter { !$0.hasPrefix("b.") }.sorted { $0.localizedStandardCompare($1) == .orderedAscending }.joined(separator: ", "))")
  }
  /// Ties two ends together and draws the wire.
  public final func wire(_ from: String, _ to: String, color: String = "", path: [String] = []) throws {
    Net.tie(try pin(from), try pin(to))
    layout.wires.append(Layout.Wire(from: from, to: to, color: color, path: path))
  }
  /// Ties pads together, as a jumper wire does.
  /// - Parameter wire: two or more ends, as in `GP0-GP5` or `GP0-led:A`.
  /// - Throws: `BoardError` for a pad that the board does not have.
  public final func connect(_ wire: String) throws {
    // Names of legs may end in a minus sign.
    var ends: [String] = [], name = ""
    for (n, word) in wire.split(separator: "-", omittingEmptySubsequences: false).enumerated() {
      name += (n > 0 && !name.isEmpty ? "-" : "") + word
      guard (try? pin(name)) != nil else { continue }
      ends.append(name)
      name = ""
    }
    if !name.isEmpty { ends += name.split(separator: "-").map(String.init) }
    guard ends.count > 1 else { throw BoardError("the wire \(wire) has one end; name two pads, as in GP0-GP5") }
    for other in ends.dropFirst() {
      do { try self.wire(ends[0], other, color: "green") } catch { throw BoardError("the wire \(wire) cannot be laid: \(error)") }
    }
  }
  /// A remark in the log when pins on the same net drive against each other.
  public final func watchContention(_ pins: some Sequence<Pin>) {
    for pin in pins {
      pin.net.onContention = { [log = machine.log] net in log.once("pins drive against each other on \(net.name): one is high, one is low") }
    }
  }
}

/// Where things stand and how wires run, for whoever draws: in px, 96 to the inch.
public struct Layout: Sendable, Equatable {
  public struct Placement: Sendable, Equatable {
    public var left: Double, top: Double
    /// In degrees, clockwise, about the middle.
    public var rotate: Double
    public var isHidden: Bool
    /// Soldered on the board: `left` and `top` count from its corner.
    public var onBoard: Bool
    public init(left: Double = 0, top: Double = 0, rotate: Double = 0, isHidden: Bool = false, onBoard: Bool = false) {
      self.left = left
      self.top = top
      self.rotate = rotate
      self.isHidden = isHidden
      self.onBoard = onBoard
    }
  }
  public struct Wire: Sendable, Equatable {
    /// `id:pin` or a pad.
    public var from: String, to: String
    /// A CSS colour; empty: not drawn.
    public var color: String
    /// Steps such as `v10`, `h-5.5`, and one `*` after which they count backwards from the end.
    public var path: [String]
  }
  /// The board's id in ends of wires.
  public var boardID = "board"
  public var board = Placement()
  public var placements: [String: Placement] = [:]
  public var wires: [Wire] = []
  /// Parts that are not modelled: drawn as labelled boxes. Type and id.
  public var unknown: [(type: String, id: String)] { unknownParts.map { ($0.type, $0.id) } }
  public struct Unknown: Sendable, Equatable { public var type: String, id: String }
  public var unknownParts: [Unknown] = []
  public init() {}
}
