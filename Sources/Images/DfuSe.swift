/// ST's DfuSe container (UM0391): targets that hold elements, each with an address; a suffix with a CRC.
enum DfuSe {
  static func matches(_ bytes: [UInt8]) -> Bool { bytes.starts(with: Array("DfuSe".utf8)) }

  static func read(_ bytes: [UInt8], name: String) throws(ImageError) -> FirmwareImage {
    func cut(_ detail: String) -> ImageError { .truncated(name: name, format: .dfuSe, detail: detail) }
    guard bytes.count >= 11, let size = bytes.word(at: 6) else { throw cut("the prefix is cut off") }
    guard bytes[5] == 1 else {
      throw .damaged(name: name, format: .dfuSe, detail: "version \(bytes[5]) of the format is not known")
    }
    guard Int(size) <= bytes.count else { throw cut("\(bytes.count) of \(size) bytes are there") }
    var segments: [Segment] = []
    var at = 11
    for target in 0..<Int(bytes[10]) {
      guard bytes.bytes(at: at, count: 274) != nil, let elements = bytes.word(at: at + 270) else {
        throw cut("target \(target) lies past the end")
      }
      guard bytes[at..<(at + 6)].elementsEqual("Target".utf8) else {
        throw .damaged(name: name, format: .dfuSe, detail: "target \(target) has no \"Target\" mark")
      }
      at += 274
      for element in 0..<elements {
        guard let address = bytes.word(at: at), let length = bytes.word(at: at + 4),
          let data = bytes.bytes(at: at + 8, count: Int(length))
        else { throw cut("element \(element) of target \(target) lies past the end") }
        segments.append(Segment(address: address, bytes: Array(data)))
        at += 8 + Int(length)
      }
    }
    guard segments.contains(where: { !$0.bytes.isEmpty }) else {
      throw .nothingToLoad(name: name, format: .dfuSe, detail: "no elements")
    }
    var image = try FirmwareImage(name: name, format: .dfuSe, chip: nil, segments: segments)
    image.chip = ChipFamily.owning(image.segments)
    if let stored = bytes.word(at: bytes.count - 4), bytes.count >= at + 16, bytes[(bytes.count - 8)..<(bytes.count - 5)].elementsEqual("UFD".utf8) {
      let computed = CRC32.reflected(bytes.dropLast(4))
      if stored != computed {
        throw .damaged(name: name, format: .dfuSe, detail: "its CRC is \(hex(computed)), the suffix says \(hex(stored))")
      }
    } else {
      image.warnings.append("the DFU suffix is missing")
    }
    return image
  }
}
