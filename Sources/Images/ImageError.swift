/// Why a firmware image cannot be used: one sentence that names the file, the trouble and the mend.
public enum ImageError: Error, Equatable, Sendable, CustomStringConvertible {
  case empty(name: String)
  case unrecognised(name: String, detail: String)
  case truncated(name: String, format: ImageFormat, detail: String)
  case damaged(name: String, format: ImageFormat, detail: String)
  case otherChip(name: String, found: String, expected: ChipFamily)
  case otherMachine(name: String, found: String, expected: String)
  case tooLarge(name: String, end: UInt64, flashEnd: UInt64, flashSize: Int)
  case outsideFlash(name: String, address: UInt32, base: UInt32, flashSize: Int)
  case runsFromRAM(name: String, address: UInt32)
  case overlapping(name: String, address: UInt32)
  case other(String)
  case nothingToLoad(name: String, format: ImageFormat, detail: String)

  /// A sentence of the caller's own.
  public init(_ sentence: String) { self = .other(sentence) }

  public var description: String {
    switch self {
    case .other(let sentence):
      sentence
    case .empty(let name):
      "\(name) is empty (0 bytes): download the firmware again."
    case .unrecognised(let name, let detail):
      "\(name) is no firmware image that is known here (\(detail)): give a UF2, Intel HEX, ELF, DfuSe, ESP or .bin file."
    case .truncated(let name, let format, let detail):
      "\(name) is a truncated \(format.rawValue) file (\(detail)): download it again."
    case .damaged(let name, let format, let detail):
      "\(name) is a damaged \(format.rawValue) file (\(detail)): download it again."
    case .otherChip(let name, let found, let expected):
      "\(name) is for \(found), not for the board's \(expected.rawValue): choose the download for \(expected.rawValue), or another board."
    case .otherMachine(let name, let found, let expected):
      "\(name) is an ELF file for \(found), but the chip runs \(expected): build it for \(expected)."
    case .tooLarge(let name, let end, let flashEnd, let size):
      "\(name) needs flash up to \(hex(end)), but the board's \(sizeText(size)) end at \(hex(flashEnd)): choose a board with more flash or a smaller image."
    case .outsideFlash(let name, let address, let base, let size):
      "\(name) puts bytes at \(hex(address)), outside the flash (\(hex(base)), \(sizeText(size))): check that it was linked for this chip."
    case .runsFromRAM(let name, let address):
      "\(name) runs from RAM at \(hex(address)) and has nothing for the flash: load it as a RAM image, or build it to run from flash."
    case .overlapping(let name, let address):
      "\(name) writes \(hex(address)) twice with different bytes: rebuild or download it again."
    case .nothingToLoad(let name, let format, let detail):
      "\(name) is a \(format.rawValue) file with nothing to load (\(detail)): give one that holds a program."
    }
  }
}
