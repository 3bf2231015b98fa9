/// What an ESP chip will find in its flash, looked at as its boot ROM and boot loader will look.
public enum ESPFlash {
  /// What keeps the chip from a start, each a sentence with its mend.
  /// - Parameters:
  ///   - name: the firmware that the flash was filled with.
  ///   - revision: the board's chip's, a hundred for a major one and one for a minor; nil: it does not matter.
  public static func faults(in flash: [UInt8], chip: ChipFamily, name: String, revision: Int? = nil) -> [String] {
    let start = chip == .esp32 || chip == .esp32s2 ? 0x1000 : 0
    guard flash.count >= 0x1_1000 else { return [] }
    guard flash[start] == 0xe9 else {
      if start > 0, flash[0] == 0xe9 { return ["the flash has an image at 0x0, but the \(chip.rawValue) starts what is at \(hex(start, digits: 1)): write it there"] }
      return ["\(name) is an application alone and the flash has no boot loader, so nothing will start; name the build's flasher_args.json, or an image with its boot loader"]
    }
    var faults: [String] = []
    let size = 1 << (20 + Int(flash[start + 3] >> 4))
    if flash[start + 3] >> 4 < 6, size > flash.count {
      faults.append("\(name) is for \(sizeText(size)) of flash, but the board has \(sizeText(flash.count)), so it will not start; set the flash size in the build's configuration, or choose another board")
    }
    let partitions = ESPImage.partitions(flash, at: 0x8000)
    let images = [start] + partitions.filter { $0.kind.hasPrefix("app") && Int($0.offset) + 24 <= flash.count && flash[Int($0.offset)] == 0xe9 }.map { Int($0.offset) }
    if let revision, let wanted = images.map({ leastRevision(flash, at: $0) }).max(), wanted > revision {
      func text(_ r: Int) -> String { "\(r / 100).\(r % 100)" }
      faults.append("\(name) asks for an \(chip.rawValue) of revision \(text(wanted)) or newer, but the board's is \(text(revision)), so its boot loader will refuse it; build it with a lower minimum revision, or choose another image")
    }
    guard !partitions.isEmpty else {
      // A program that the boot ROM starts at once may well reach over where the table would be.
      let isAlone = ESPImage.Body(flash, at: start, header: 24).end <= 0x8000
      if isAlone, flash[0x1_0000] == 0xe9 { return faults + ["the flash has no partition table at 0x8000, so the boot loader will not find the application: add the build's partition table"] }
      return isAlone ? faults + ["\(name) is a boot loader alone: the flash has no partition table at 0x8000 and no application, so nothing will start after it; name the build's flasher_args.json, or a merged image"] : faults
    }
    for p in partitions where UInt64(p.offset) + UInt64(p.size) > UInt64(flash.count) {
      faults.append("the partition \(p.label) reaches \(hex(UInt64(p.offset) + UInt64(p.size), digits: 1)), beyond the board's \(sizeText(flash.count)) of flash: choose a build for that size, or another board")
    }
    let places = partitions.filter { $0.kind.hasPrefix("app") }
    if !places.isEmpty, !places.contains(where: { Int($0.offset) < flash.count && flash[Int($0.offset)] == 0xe9 }) {
      faults.append("there is no application where the partition table has one (\(places.map { "\($0.label) at \(hex($0.offset, digits: 1))" }.joined(separator: ", "))): add it, or name a merged image")
    }
    return faults
  }
  /// What an image's header has as the least revision of the chip; until ESP-IDF 5 a byte with the major one.
  private static func leastRevision(_ flash: [UInt8], at start: Int) -> Int {
    let full = Int(flash[start + 15]) | Int(flash[start + 16]) << 8
    return full > 0 && full < 0xFFFF ? full : flash[start + 14] < 0xFF ? Int(flash[start + 14]) * 100 : 0
  }
}
