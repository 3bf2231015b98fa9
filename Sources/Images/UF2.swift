/// USB Flashing Format: 512-byte blocks, each with its own address and the family of chips it is for.
public enum UF2 {
  public static let rp2040: UInt32 = 0xe48b_ff56
  private static let blockSize = 512

  private struct Flags {
    static let notMainFlash: UInt32 = 0x0000_0001
    static let fileContainer: UInt32 = 0x0000_1000
    static let familyPresent: UInt32 = 0x0000_2000
  }

  /// Family ids of the UF2 registry, as far as a board here or a neighbour of it uses them.
  static let families: [UInt32: (name: String, chip: ChipFamily?)] = [
    0xe48b_ff56: ("RP2040", .rp2040),
    0xe48b_ff57: ("RP2xxx absolute", nil),
    0xe48b_ff58: ("RP2xxx data", nil),
    0xe48b_ff59: ("RP2350 (Arm, secure)", .rp2350),
    0xe48b_ff5a: ("RP2350 (RISC-V)", .rp2350),
    0xe48b_ff5b: ("RP2350 (Arm, non-secure)", .rp2350),
    0x1c5f_21b0: ("ESP32", .esp32),
    0xbfdd_4eee: ("ESP32-S2", .esp32s2),
    0xc47e_5767: ("ESP32-S3", .esp32s3),
    0xd42b_a06c: ("ESP32-C3", .esp32c3),
    0x7eab_61ed: ("ESP8266", .esp8266),
    0xada5_2840: ("nRF52840", .nrf52),
    0x6478_24b6: ("STM32F0", .stm32f0),
    0x300f_5633: ("STM32G0", .stm32g0),
    0x202e_3a91: ("STM32L0", .stm32l0),
    0x68ed_2b88: ("SAMD21", .samd21),
  ]

  /// SDK tools put one such block before RP2350 images to get round an erratum of its boot ROM; it is not a program.
  private static let absoluteFamily: UInt32 = 0xe48b_ff57
  private static let absoluteBlockAddress: UInt32 = 0x10ff_ff00

  static func familyName(_ id: UInt32) -> String { families[id]?.name ?? "unknown family \(hex(id))" }

  public static func matches(_ bytes: [UInt8]) -> Bool {
    bytes.word(at: 0) == 0x0a32_4655 && (bytes.count < 8 || bytes.word(at: 4) == 0x9e5d_5157)
  }

  /// The segments for `family`, and a remark on all that was left aside.
  public static func parse(_ bytes: [UInt8], family: UInt32) throws(ImageError) -> (segments: [Segment], remarks: [String]) {
    let image = try read(bytes, name: "the UF2 file", for: families[family]?.chip)
    return (image.segments, image.notes)
  }

  private struct Block {
    var flags: UInt32
    var address: UInt32
    var number: UInt32
    var total: UInt32
    var family: UInt32?
    var data: ArraySlice<UInt8>
  }

  /// Blocks of one family that count to the same total belong together: a file may be several UF2 files one after another.
  private struct Group: Hashable {
    var family: UInt32?
    var total: UInt32
  }

  static func read(_ bytes: [UInt8], name: String, for chip: ChipFamily?) throws(ImageError) -> FirmwareImage {
    if bytes.count % blockSize != 0 {
      throw .truncated(
        name: name, format: .uf2, detail: "\(bytes.count) bytes are not a whole number of 512-byte blocks")
    }
    var blocks: [Block] = []
    var aside: [String: Int] = [:]
    var asideOrder: [String] = []
    func setAside(_ reason: String) {
      if aside[reason] == nil { asideOrder.append(reason) }
      aside[reason, default: 0] += 1
    }

    for offset in stride(from: 0, to: bytes.count, by: blockSize) {
      guard let block = try block(bytes, at: offset, name: name) else {
        setAside("without the UF2 marks")
        continue
      }
      if block.flags & Flags.notMainFlash != 0 {
        setAside("marked \"not main flash\"")
      } else if block.flags & Flags.fileContainer != 0 {
        setAside("of a file container")
      } else if block.family == absoluteFamily, block.address == absoluteBlockAddress, block.total == 2 {
        setAside("for the RP2350 boot ROM's erratum (absolute family)")
      } else {
        blocks.append(block)
      }
    }

    let family = chosenFamily(of: blocks, for: chip)
    for block in blocks where block.family != family {
      setAside("for \(block.family.map(familyName) ?? "no family")")
    }
    let ours = blocks.filter { $0.family == family }
    let found = family.map(familyName) ?? "no family (its blocks carry no family id)"
    if let chip, let first = blocks.first, family == nil || families[family ?? 0]?.chip.map(chip.accepts) != true {
      throw .otherChip(name: name, found: first.family == nil ? found : familyName(first.family ?? 0), expected: chip)
    }
    guard !ours.isEmpty else {
      throw .nothingToLoad(name: name, format: .uf2, detail: "every block is \(asideOrder.joined(separator: ", "))")
    }
    try checkComplete(ours, name: name)

    let target = family.flatMap { families[$0]?.chip }
    if target == .rp2040 { try checkForRP2040(ours, name: name) }

    let segments = ours.map { Segment(address: $0.address, bytes: Array($0.data)) }
    var image = try FirmwareImage(name: name, format: .uf2, chip: target, segments: segments)
    if image.runsFromRAM { image.entry = image.segments.first?.address }
    for reason in asideOrder {
      let count = aside[reason, default: 0]
      image.notes.append("skipped \(count) block\(count == 1 ? "" : "s") \(reason)")
    }
    if target == nil { image.notes.append("family: \(found)") }
    if Set(ours.map(\.total)).count > 1 { image.notes.append("holds several UF2 files one after another") }
    return image
  }

  private static func block(_ bytes: [UInt8], at offset: Int, name: String) throws(ImageError) -> Block? {
    guard bytes.word(at: offset) == 0x0a32_4655, bytes.word(at: offset + 4) == 0x9e5d_5157,
      bytes.word(at: offset + 508) == 0x0ab1_6f30,
      let flags = bytes.word(at: offset + 8), let address = bytes.word(at: offset + 12),
      let size = bytes.word(at: offset + 16), let number = bytes.word(at: offset + 20),
      let total = bytes.word(at: offset + 24), let family = bytes.word(at: offset + 28)
    else { return nil }
    guard size <= 476, let data = bytes.bytes(at: offset + 32, count: Int(size)) else {
      throw .damaged(name: name, format: .uf2, detail: "block at byte \(offset) claims \(size) bytes of payload, of at most 476")
    }
    guard total > 0, number < total else {
      throw .damaged(name: name, format: .uf2, detail: "block at byte \(offset) says it is number \(number) of \(total)")
    }
    return Block(
      flags: flags, address: address, number: number, total: total,
      family: flags & Flags.familyPresent != 0 ? family : nil, data: data)
  }

  /// The wanted chip's family where the file has it; else the first one that names a chip.
  private static func chosenFamily(of blocks: [Block], for chip: ChipFamily?) -> UInt32? {
    if let chip {
      for block in blocks {
        if let id = block.family, let owner = families[id]?.chip, chip.accepts(owner) { return id }
      }
    }
    for block in blocks {
      if let id = block.family, families[id]?.chip != nil { return id }
    }
    return blocks.first?.family
  }

  private static func checkComplete(_ blocks: [Block], name: String) throws(ImageError) {
    var seen: [Group: Set<UInt32>] = [:]
    for block in blocks {
      seen[Group(family: block.family, total: block.total), default: []].insert(block.number)
    }
    for (group, numbers) in seen.sorted(by: { $0.key.total < $1.key.total }) where numbers.count < Int(group.total) {
      var missing: UInt32 = 0
      while numbers.contains(missing) { missing += 1 }
      throw .truncated(
        name: name, format: .uf2,
        detail: "\(numbers.count) of \(group.total) blocks are there, block \(missing) is missing")
    }
  }

  /// RP2040 datasheet §2.8.4.2: the boot ROM takes 256-byte payloads, aligned, to flash or to RAM.
  private static func checkForRP2040(_ blocks: [Block], name: String) throws(ImageError) {
    for block in blocks {
      guard block.data.count == 256, block.address % 256 == 0 else {
        throw .damaged(
          name: name, format: .uf2,
          detail: "block \(block.number) has \(block.data.count) bytes for \(hex(block.address)); the RP2040 takes aligned 256")
      }
      switch block.address {
      case 0x1000_0000..<0x1100_0000, 0x1500_0000..<0x1500_4000, 0x2000_0000..<0x2004_2000: break
      default:
        throw .damaged(
          name: name, format: .uf2,
          detail: "block \(block.number) is for \(hex(block.address)), neither flash nor RAM of an RP2040")
      }
    }
  }
}
