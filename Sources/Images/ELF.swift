/// ELF32, little endian: the loadable segments at their load (physical) addresses, and the symbol table.
public enum ELF {
  private static let machines: [UInt16: String] = [
    3: "x86", 8: "MIPS", 20: "PowerPC", 40: "Arm", 62: "x86-64", 83: "AVR", 94: "Xtensa", 183: "AArch64", 243: "RISC-V",
  ]

  static func matches(_ bytes: [UInt8]) -> Bool { bytes.starts(with: [0x7f, 0x45, 0x4c, 0x46]) }

  /// An ELF file for an Arm chip.
  public static func parse(_ bytes: [UInt8]) throws(ImageError) -> FirmwareImage {
    try read(bytes, name: "the ELF file", for: .rp2040)
  }

  static func machineName(_ machine: UInt16) -> String { machines[machine] ?? "machine number \(machine)" }

  static func machine(of chip: ChipFamily) -> UInt16 {
    switch chip {
    case .esp8266, .esp32, .esp32s2, .esp32s3: 94
    case .esp32c3: 243
    default: 40
    }
  }

  static func read(_ bytes: [UInt8], name: String, for chip: ChipFamily?) throws(ImageError) -> FirmwareImage {
    func truncated(_ detail: String) -> ImageError { .truncated(name: name, format: .elf, detail: detail) }
    guard bytes.count >= 20, let machine = bytes.half(at: 18) else { throw truncated("the header is cut off") }
    let expected = machineName(chip.map(Self.machine(of:)) ?? 40)
    guard bytes[4] == 1 else {
      throw .otherMachine(name: name, found: "\(machineName(machine)), 64-bit", expected: "32-bit \(expected)")
    }
    guard bytes[5] == 1 else {
      throw .otherMachine(name: name, found: "a big-endian machine", expected: "little-endian \(expected)")
    }
    if let chip, machine != Self.machine(of: chip) {
      throw .otherMachine(name: name, found: machineName(machine), expected: expected)
    }
    guard machine == 40 || machine == 94 || machine == 243 else {
      throw .otherMachine(name: name, found: machineName(machine), expected: "Arm or Xtensa code")
    }
    guard let entry = bytes.word(at: 24), let programHeaders = bytes.word(at: 28), let sectionHeaders = bytes.word(at: 32),
      let programEntry = bytes.half(at: 42), let programCount = bytes.half(at: 44),
      let sectionEntry = bytes.half(at: 46), let sectionCount = bytes.half(at: 48)
    else { throw truncated("the header is cut off") }

    var segments: [Segment] = []
    if programCount > 0 {
      guard programEntry >= 32 else {
        throw .damaged(name: name, format: .elf, detail: "program headers of \(programEntry) bytes")
      }
      for index in 0..<Int(programCount) {
        let header = Int(programHeaders) + index * Int(programEntry)
        guard let type = bytes.word(at: header), let offset = bytes.word(at: header + 4),
          let physical = bytes.word(at: header + 12), let size = bytes.word(at: header + 16)
        else { throw truncated("program header \(index) lies past the end") }
        guard type == 1, size > 0 else { continue }
        guard let data = bytes.bytes(at: Int(offset), count: Int(size)) else {
          throw truncated("segment \(index) for \(hex(physical)) lies past the end")
        }
        segments.append(Segment(address: physical, bytes: Array(data)))
      }
    }
    guard !segments.isEmpty else {
      throw .nothingToLoad(name: name, format: .elf, detail: "no loadable segment: is it an object file?")
    }
    var image = try FirmwareImage(name: name, format: .elf, chip: nil, segments: segments, entry: entry)
    image.chip = machine == 40 ? ChipFamily.owning(image.segments) : machine == 94 ? xtensaChip(image.segments) : .esp32c3
    image.symbols = symbols(
      bytes, sections: Int(sectionHeaders), stride: Int(sectionEntry), count: Int(sectionCount), thumb: machine == 40)
    if image.symbols.isEmpty { image.notes.append("has no symbols (stripped)") }
    return image
  }

  private static func xtensaChip(_ segments: [Segment]) -> ChipFamily? {
    for segment in segments {
      switch segment.address {
      case 0x4010_0000..<0x4010_c000, 0x4020_0000..<0x4030_0000: return .esp8266
      case 0x400d_0000..<0x4010_0000, 0x3f40_0000..<0x3f80_0000: return .esp32
      case 0x4200_0000..<0x4400_0000, 0x4037_0000..<0x403e_0000, 0x3c00_0000..<0x3e00_0000: return .esp32s3
      default: continue
      }
    }
    return nil
  }

  private static func symbols(_ bytes: [UInt8], sections: Int, stride: Int, count: Int, thumb: Bool) -> [Symbol] {
    guard stride >= 40 else { return [] }
    func section(_ index: Int) -> (type: UInt32, offset: Int, size: Int, link: Int)? {
      guard index >= 0, index < count else { return nil }
      let header = sections + index * stride
      guard let type = bytes.word(at: header + 4), let offset = bytes.word(at: header + 16),
        let size = bytes.word(at: header + 20), let link = bytes.word(at: header + 24)
      else { return nil }
      return (type, Int(offset), Int(size), Int(link))
    }
    for index in 0..<count {
      guard let table = section(index), table.type == 2 else { continue }
      guard let names = section(table.link), bytes.bytes(at: table.offset, count: table.size) != nil,
        bytes.bytes(at: names.offset, count: names.size) != nil
      else { return [] }
      var result: [Symbol] = []
      for entry in 0..<(table.size / 16) {
        let at = table.offset + entry * 16
        guard let nameOffset = bytes.word(at: at), let value = bytes.word(at: at + 4), let size = bytes.word(at: at + 8),
          let home = bytes.half(at: at + 14), nameOffset > 0, Int(nameOffset) < names.size, home != 0
        else { continue }
        let info = bytes[at + 12]
        guard info & 0xf <= 2, let name = bytes.text(at: names.offset + Int(nameOffset), limit: min(512, names.size - Int(nameOffset))),
          // Arm's mapping symbols tell code from data; they are no names.
          !name.isEmpty, !name.hasPrefix("$")
        else { continue }
        let kind: Symbol.Kind = info & 0xf == 2 ? .function : info & 0xf == 1 ? .object : .other
        let address = thumb && kind == .function ? value & ~1 : value
        result.append(Symbol(name: name, address: address, size: size, kind: kind, isGlobal: info >> 4 != 0))
      }
      return result.sorted { ($0.address, $0.name) < ($1.address, $1.name) }
    }
    return []
  }
}
