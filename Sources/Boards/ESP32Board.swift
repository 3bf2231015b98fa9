import Chips
import Images
import Machine

/// A board with an ESP32 module: the DevKitC and its kin.
public final class ESP32Board: ESP32SeriesBoard {
  public let chip: ESP32

  /// - Parameter other: a board in whose machine this one is, so that they can be wired together.
  public init(_ description: BoardDescription, beside other: Board? = nil) throws {
    let (machine, flash) = Board.ground(description, clock: Clock(hertz: description.crystal), beside: other)
    // The second board's MAC address is the next.
    chip = ESP32(machine: machine, flash: flash, crystal: description.crystal, mac: [0x24, 0x0A, 0xC4, 0x50, 0x1D, other == nil ? 0xE0 : 0xE4])
    try super.init(description, machine: machine, flash: flash, chip: chip, family: .esp32, bootLoader: 0x1000, uniqueID: 0xD166_8C2B_1F54_7031)
  }
  /// Puts ROM images in place: one for both cores, or that of PRO and then that of APP.
  public override func load(rom: [UInt8], own: Bool = false) throws {
    let limit = chip.roms[0].size
    if rom.count <= limit { return chip.load(rom: rom, app: rom) }
    guard rom.count % 2 == 0, rom.count / 2 <= limit else {
      throw ImageError("the boot ROM has \(rom.count) bytes, the ESP32's has \(limit) at most for each core; name one image, or those of both cores in one file")
    }
    chip.load(rom: Array(rom.prefix(rom.count / 2)), app: Array(rom.suffix(rom.count / 2)))
  }
}
