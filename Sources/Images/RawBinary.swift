/// A file of bare bytes: no container says what it is, so the vectors or the boot block at its start must.
enum RawBinary {
  static func read(_ bytes: [UInt8], name: String, for wanted: ChipFamily?) throws(ImageError) -> FirmwareImage {
    let found = chip(of: bytes)
    let named = name.lowercased()
    if found == nil, wanted?.isESP ?? (bytes[0] == 0xe9) { try notESP(bytes, name: name, for: wanted) }
    guard let chip = found ?? (named.hasSuffix(".bin") || named.hasSuffix(".img") ? wanted : nil) else {
      let start = bytes.prefix(4).map { hex($0, digits: 2).dropFirst(2) }.joined(separator: " ")
      throw .unrecognised(name: name, detail: "it begins with \(start)")
    }
    // A vector table in flash's first kilobyte is what tells plain Cortex-M parts apart only roughly; the board's word wins there.
    let base = (found == nil ? wanted : found)?.rawBase ?? 0
    var image = try FirmwareImage(
      name: name, format: .raw, chip: chip, segments: [Segment(address: base, bytes: bytes)])
    if found == nil {
      image.warnings.append(
        chip == .rp2040
          ? "it does not start with a boot block whose CRC is right: the RP2040's boot ROM will not start it"
          : "nothing in it says that it is for \(chip.rawValue)")
    }
    return image
  }

  /// What is wrong with bytes that are no ESP image; only the whole of a flash, with a boot loader at 0x1000, passes.
  private static func notESP(_ bytes: [UInt8], name: String, for wanted: ChipFamily?) throws(ImageError) {
    if bytes[0] == 0xe9 {
      guard bytes.count >= 24, let entry = bytes.word(at: 4) else { throw .truncated(name: name, format: .esp, detail: "its header is cut off") }
      let what = !(1...16).contains(bytes[1]) ? "its header has \(bytes[1]) segments, not 1 to 16" : bytes[2] > 5 ? "its header has the flash mode \(bytes[2]), not 0 to 5" : "its entry \(hex(entry)) is no address of an ESP chip's memory"
      throw .damaged(name: name, format: .esp, detail: what)
    }
    if bytes.count > 0x1000, bytes[0x1000] == 0xe9 { return }
    let start = bytes.prefix(4).map { hex($0, digits: 2).dropFirst(2) }.joined(separator: " ")
    throw ImageError("\(name) is no image for the \(wanted?.rawValue ?? "ESP chips"): it begins with \(start), and images begin with e9; name a .bin with its boot loader, or a build's flasher_args.json.")
  }

  static func chip(of bytes: [UInt8]) -> ChipFamily? {
    if Boot2(checking: bytes).isValid { return .rp2040 }
    guard let stack = bytes.word(at: 0), let reset = bytes.word(at: 4), reset & 1 == 1,
      stack % 4 == 0, (0x2000_0100...0x2004_2000).contains(stack)
    else { return nil }
    if (0x0800_0000..<0x0810_0000).contains(reset) { return .stm32 }
    if reset < 0x0004_0000, Int(reset) < bytes.count { return .nrf51 }
    return nil
  }
}

/// The RP2040's second stage: 252 bytes and their CRC (datasheet §2.8.1.3.1).
public struct Boot2: Sendable, Equatable {
  public var stored: UInt32
  public var computed: UInt32

  init(checking flash: some Collection<UInt8>) {
    let block = Array(flash.prefix(256))
    stored = block.word(at: 252) ?? 0
    computed = block.count == 256 ? CRC32.forward(block[0..<252]) : ~stored
  }

  public var isValid: Bool { stored == computed }
}
