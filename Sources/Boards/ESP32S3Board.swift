import Chips
import Images
import Machine
import Parts

/// A board with an ESP32-S3 module: the DevKitC-1 and its kin, with a second socket at the chip's own USB.
public final class ESP32S3Board: ESP32SeriesBoard {
  public let chip: ESP32S3
  /// The PC at the chip's own USB socket.
  public let host: USBHost

  /// - Parameter other: a board in whose machine this one is, so that they can be wired together.
  public init(_ description: BoardDescription, beside other: Board? = nil) throws {
    let (machine, flash) = Board.ground(description, clock: Clock(hertz: description.crystal), beside: other)
    let arena = machine.arena
    // The second board's MAC address is the next.
    chip = ESP32S3(machine: machine, flash: flash, crystal: description.crystal, mac: [0x7C, 0xDF, 0xA1, 0x50, 0x1D, other == nil ? 0xE0 : 0xE4])
    let usb = Port("usb", arena: arena), usb1 = Port("usb1", arena: arena)
    host = USBHost(name: "USBHost", ports: [usb, usb1], arena: arena, scheduler: machine.scheduler)
    host.device = chip.usb
    chip.usb.host = host
    try super.init(description, machine: machine, flash: flash, chip: chip, family: .esp32s3, consolePad: 43, uniqueID: 0xD166_8C2B_1F54_7032)
    ports["usb"] = usb
    ports["usb1"] = usb1
  }
  public override var chipRevision: Int? { 2 }
  /// Puts the ROM image in place: 256 KiB of code, then 128 KiB of data.
  public override func load(rom: [UInt8], own: Bool = false) throws {
    guard rom.count <= chip.rom.size else {
      throw ImageError("the boot ROM has \(rom.count) bytes, the ESP32-S3's has \(chip.rom.size) at most; name an image of 256 KiB of code and 128 KiB of data")
    }
    chip.load(rom: rom)
  }
  public override func serial(_ port: Port, dtr: Bool?, rts: Bool?, baud: Int?) {
    super.serial(port, dtr: dtr, rts: rts, baud: baud)
    if let baud { host.serials.first { $0.port === port }?.setBaud(UInt32(clamping: baud)) }
  }
}
