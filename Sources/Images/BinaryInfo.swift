/// What a program built with the Pico SDK says about itself (pico/binary_info/structure.h): a table of pointers to typed entries,
/// found by its markers near the vectors.
public struct BinaryInfo: Sendable, Equatable {
  public var programName: String?
  public var programVersion: String?
  public var buildDate: String?
  public var url: String?
  public var programDescription: String?
  public var board: String?
  public var sdkVersion: String?
  public var boot2Name: String?
  public var binaryEnd: UInt32?
  public var features: [String] = []
  public var buildAttributes: [String] = []
  public var pins: [String] = []
  public var blockDevices: [BlockDevice] = []
  /// Lists that the program named itself, such as MicroPython's frozen modules.
  public var groups: [Group] = []

  public struct BlockDevice: Sendable, Equatable {
    public var name: String
    public var address: UInt32
    public var size: UInt32
  }

  public struct Group: Sendable, Equatable {
    public var label: String
    public var items: [String]
  }

  private struct Key: Hashable {
    var tag: UInt16
    var id: UInt32
  }

  private static let raspberryPi: UInt16 = 0x5052
  private static let featureID: UInt32 = 0xa1f4_b453

  init?(in image: FirmwareImage) {
    // The header follows the vectors; programs that run from RAM have no second stage before them.
    let base = image.segments.first?.address ?? 0
    var header: UInt32?
    for offset in stride(from: UInt32(0), to: 0x400, by: 4)
    where image.word(at: base &+ offset) == 0x7188_ebf2 && image.word(at: base &+ offset &+ 16) == 0xe71a_a390 {
      header = base &+ offset
      break
    }
    guard let header, let start = image.word(at: header &+ 4), let end = image.word(at: header &+ 8),
      start < end, end - start <= 0x4000, start % 4 == 0
    else { return nil }
    var items: [Key: [String]] = [:]
    var labels: [(key: Key, label: String)] = []
    for slot in stride(from: start, to: end, by: 4) {
      guard let entry = image.word(at: slot), let core = image.word(at: entry) else { continue }
      let tag = UInt16(core >> 16)
      func field(_ index: UInt32) -> UInt32? { image.word(at: entry &+ index &* 4) }
      func string(_ index: UInt32) -> String? { field(index).flatMap { image.text(at: $0) } }
      switch core & 0xffff {
      case 5:
        if tag == Self.raspberryPi, field(1) == 0x68f4_65de { binaryEnd = field(2) }
      case 6:
        if let id = field(1), let text = string(2) { items[Key(tag: tag, id: id), default: []].append(text) }
      case 7:
        if let address = field(2), let size = field(3) {
          blockDevices.append(BlockDevice(name: string(1) ?? "", address: address, size: size))
        }
      case 8:
        if let code = field(1) { pins += Self.pins(code) }
      case 9:
        if let mask = field(1), let text = string(2) { pins += Self.pins(mask: mask, names: text) }
      case 10:
        if let group = field(2), let id = field(3), let text = string(4) {
          labels.append((Key(tag: UInt16(group >> 16), id: id), text))
        }
      default: continue
      }
    }
    func all(_ id: UInt32) -> [String] { items[Key(tag: Self.raspberryPi, id: id)] ?? [] }
    programName = all(0x0203_1c86).first
    programVersion = all(0x11a9_bc3a).first
    buildDate = all(0x9da2_2254).first
    url = all(0x1856_239a).first
    programDescription = all(0xb6a0_7c19).first
    board = all(0xb63c_ffbb).first
    sdkVersion = all(0x5360_b3ab).first
    boot2Name = all(0x7f88_82e1).first
    features = all(Self.featureID)
    buildAttributes = all(0x4275_f0d3)
    for (key, label) in labels {
      if let list = items[key], !list.isEmpty { groups.append(Group(label: label, items: list)) }
    }
  }

  private static func pins(_ code: UInt32) -> [String] {
    let function = code >> 3 & 0xf
    var list: [UInt32] = []
    switch code & 7 {
    case 1:
      let (low, high) = (code >> 7 & 31, code >> 12 & 31)
      if low <= high { list = Array(low...high) }
    case 2:
      for shift in stride(from: UInt32(7), through: 27, by: 5) {
        let pin = code >> shift & 31
        // A pin said twice ends the list.
        if list.contains(pin) { break }
        list.append(pin)
      }
    default: break
    }
    return list.map { "GPIO\($0): \(name(of: function, on: $0))" }
  }

  private static func pins(mask: UInt32, names: String) -> [String] {
    let names = names.split(separator: "|", omittingEmptySubsequences: false)
    let list = (0..<32).filter { mask >> UInt32($0) & 1 != 0 }
    return list.enumerated().compactMap { index, pin in
      names.isEmpty ? nil : "GPIO\(pin): \(names[min(index, names.count - 1)])"
    }
  }

  /// RP2040 datasheet §1.4.3: what function number means on which pin.
  private static func name(of function: UInt32, on pin: UInt32) -> String {
    let quarter = Int(pin % 4)
    switch function {
    case 1: return "SPI\(pin / 8 % 2) \(["RX", "CSn", "SCK", "TX"][quarter])"
    case 2: return "UART\((pin + 4) / 8 % 2) \(["TX", "RX", "CTS", "RTS"][quarter])"
    case 3: return "I2C\(pin / 2 % 2) \(pin % 2 == 0 ? "SDA" : "SCL")"
    case 4: return "PWM\(pin / 2 % 8) \(pin % 2 == 0 ? "A" : "B")"
    case 5: return "SIO"
    case 6: return "PIO0"
    case 7: return "PIO1"
    case 8: return "clock"
    case 9: return "USB"
    default: return "function \(function)"
    }
  }

  func describe(_ row: (String, String) -> Void) {
    if let programName { row("program", programVersion.map { "\(programName) \($0)" } ?? programName) }
    if let programDescription { row("about", programDescription) }
    if let url { row("see", url) }
    if let buildDate { row("built", buildDate) }
    if let board { row("board", board) }
    if let sdkVersion { row("pico-sdk", sdkVersion) }
    if let boot2Name { row("boot stage 2", boot2Name) }
    if !features.isEmpty { row("features", features.joined(separator: ", ")) }
    if !buildAttributes.isEmpty { row("attributes", buildAttributes.joined(separator: ", ")) }
    for group in groups { row(group.label, group.items.joined(separator: ", ")) }
    for pin in pins { row("pin", pin) }
    for d in blockDevices { row("storage", "\(d.name) at \(hex(d.address)), \(sizeText(Int(d.size)))") }
    if let binaryEnd { row("ends at", hex(binaryEnd)) }
  }
}
