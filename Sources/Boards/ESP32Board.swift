import Chips
import Images
import Machine
import Parts

/// A board with an ESP32 module: the DevKitC and its kin.
public final class ESP32Board: ESP32SeriesBoard {
  public let chip: ESP32
  public let psramChip: PSRAM?

  /// - Parameter other: a board in whose machine this one is, so that they can be wired together.
  public init(_ description: BoardDescription, beside other: Board? = nil) throws {
    let (machine, flash) = Board.ground(description, clock: Clock(hertz: description.crystal), beside: other)
    // The second board's MAC address is the next.
    let psram = description.psram.map { Memory("\(machine.arena.scope)psram", size: $0.size) }
    chip = ESP32(
      machine: machine, flash: flash, psram: psram, crystal: description.crystal, package: description.package == "ESP32-PICO-D4" ? .picoD4 : .d0wd,
      mac: [0x24, 0x0A, 0xC4, 0x50, 0x1D, other == nil ? 0xE0 : 0xE4])
    psramChip = psram.map { PSRAM(name: "PSRAM", memory: $0, arena: machine.arena) }
    try super.init(description, machine: machine, flash: flash, chip: chip, family: .esp32, consolePad: 1, uniqueID: 0xD166_8C2B_1F54_7031)
    chip.attach(psram: psramChip)
    psramChip?.onChange = { [unowned chip] offset, count in chip.psramChanged(offset: offset, count: count) }
  }
  public override var psramSize: Int { psramChip?.memory.size ?? 0 }
  public override var chipRevision: Int? { description.package == "ESP32-PICO-D4" ? 100 : 300 }
  /// Puts ROM images in place: one for both cores, or that of PRO and then that of APP.
  public override func load(rom: [UInt8], own: Bool = false) throws {
    if rom.count <= chip.roms[0].size || rom.count % 2 != 0 {
      try check(rom: rom, name: "the boot ROM")
      return chip.load(rom: rom, app: rom)
    }
    let images = [Array(rom.prefix(rom.count / 2)), Array(rom.suffix(rom.count / 2))]
    for image in images { try check(rom: image, name: "the boot ROM") }
    chip.load(rom: images[0], app: images[1])
  }
  /// Whether an image can be a core's ROM: its code lies from 0x40000000, and what begins at 0x60000 is its data at 0x3FF90000.
  func check(rom: [UInt8], name: String) throws {
    let limit = chip.roms[0].size, name = name == "the boot ROM" ? name : "the boot ROM \(name)"
    guard rom.count <= limit else { throw ImageError("\(name) has \(rom.count) bytes, the ESP32's has \(limit) at most for each core; name one image, or those of both cores with a comma between them") }
    guard rom.count > 0x6_0000 else { throw ImageError("\(name) has \(rom.count) bytes, too few for the ESP32's, whose data begin at 0x60000; name an image of up to \(limit) bytes") }
    // A dump of the code alone lacks what the code refers to.
    var end = 0
    for at in stride(from: 0, to: 0x8000, by: 4) {
      let word = UInt32(rom[at]) | UInt32(rom[at + 1]) << 8 | UInt32(rom[at + 2]) << 16 | UInt32(rom[at + 3]) << 24
      if word >> 16 == 0x3FF9 { end = max(end, 0x6_0000 + Int(word & 0xFFFF)) }
    }
    guard end < limit, rom.count > end else { throw ImageError("\(name) ends at 0x\(String(rom.count, radix: 16)), before the data at 0x\(String(end, radix: 16)) that its code needs; name an image with the ROM's data, such as esp32-v3-rom.bin") }
  }
  override func hear(_ accessPoints: [AccessPoint]) -> Bool {
    chip.radio.accessPoints = accessPoints
    return true
  }
  public override func powerOff() {
    super.powerOff()
    psramChip?.powerLost()
  }
}
