import Chips
import Images
import Machine
import Parts

/// A board with an ESP32-S3 module: the DevKitC-1 and its kin, with a serial adapter at UART0 and a second socket at the chip's own USB.
public final class ESP32S3Board: Board {
  public let chip: ESP32S3
  public let flashChip: W25Q
  /// The PC at the chip's own USB socket.
  public let host: USBHost
  /// EN with its pull-up, and the buttons BOOT and RESET with the auto-reset transistors beside them.
  private let en: Pin, buttons: ResetCircuit
  private struct State: BitwiseCopyable {
    /// The last bytes of the console, and whether they have been a prompt.
    var tail: UInt32 = 0, prompted = false
  }
  private let state: UnsafeMutablePointer<State>
  public override var nominalHertz: Double { 160_000_000 }

  /// - Parameter other: a board in whose machine this one is, so that they can be wired together.
  public init(_ description: BoardDescription, beside other: Board? = nil) throws {
    let (machine, flash) = Board.ground(description, clock: Clock(hertz: description.crystal), beside: other)
    let arena = machine.arena
    // The second board's MAC address is the next.
    chip = ESP32S3(machine: machine, flash: flash, crystal: description.crystal, mac: [0x7C, 0xDF, 0xA1, 0x50, 0x1D, other == nil ? 0xE0 : 0xE4])
    flashChip = W25Q(name: "W25Q", memory: flash, uniqueID: 0xD166_8C2B_1F54_7032, arena: arena, scheduler: machine.scheduler)
    let usb = Port("usb", arena: arena), usb1 = Port("usb1", arena: arena)
    host = USBHost(name: "USBHost", ports: [usb, usb1], arena: arena, scheduler: machine.scheduler)
    state = arena.allocate("ESP32S3Board.state", initial: State())
    en = Pin("EN", arena: arena)
    buttons = ResetCircuit(boot: "BOOT", reset: "EN.button", machine: machine)
    super.init(description, machine: machine, flash: flash)
    for n in 0..<3 {
      let port = Port("uart\(n)", arena: arena)
      ports["uart\(n)"] = port
      chip.uarts[n].port = port
    }
    ports["usb"] = usb
    ports["usb1"] = usb1
    host.device = chip.usb
    chip.usb.host = host
    pins = Dictionary(uniqueKeysWithValues: chip.gpio.pins.map { ($0.name, $0) })
    pins["EN"] = en
    en.drive = .pullUp
    Net.tie(en, buttons.resetButton)
    Net.tie(chip.gpio.pins[0], buttons.bootButton)
    en.onChange = { [unowned chip] level in if level == .low { chip.holdInReset() } else { chip.leaveReset() } }
    chip.attach(flash: flashChip)
    flashChip.onChange = { [unowned chip] offset, count in chip.flashChanged(offset: offset, count: count) }
    chip.uarts[0].onSent = { [unowned self] byte in
      state.pointee.tail = state.pointee.tail << 8 | UInt32(byte)
      if state.pointee.tail == 0x3E3E_3E20 { state.pointee.prompted = true }
    }
    watchContention(chip.gpio.pins)
    try equip()
  }
  public override func load(rom: [UInt8], own: Bool = false) throws {
    guard rom.count <= chip.rom.size else {
      throw ImageError("the boot ROM has \(rom.count) bytes, the ESP32-S3's has \(chip.rom.size) at most; name an image of 256 KiB of code and 128 KiB of data")
    }
    chip.load(rom: rom)
  }
  @discardableResult public override func load(firmware data: [UInt8], name file: String) throws -> [String] {
    let image = try FirmwareImage(reading: data, named: file, for: .esp32s3)
    for s in image.segments {
      guard s.end <= UInt64(flash.size) else {
        throw ImageError("\(file) does not fit: it reaches 0x\(String(s.end, radix: 16)), beyond the \(flash.size >> 10) KiB of flash")
      }
    }
    for s in image.segments { flash.load(s.bytes, at: Int(s.address)) }
    let hasBootLoader = flash.contents[0] == 0xE9
    return image.notes + image.warnings + (hasBootLoader ? [] : ["\(file) is an application alone and the flash has no boot loader, so nothing will start; name the build's flasher_args.json, or an image with its boot loader"])
  }
  /// A prompt was seen: what comes before would interrupt the firmware's start.
  public override var consoleReady: Bool { state.pointee.prompted }
  public override func powerOn() {
    super.powerOn()
    state.pointee.prompted = false
    chip.powerOn()
  }
  public override func powerOff() {
    super.powerOff()
    flashChip.powerLost()
    chip.powerOff()
  }
  /// BOOT, which pulls GPIO0 low.
  public override var bootPressed: Bool {
    get { buttons.bootPressed }
    set { buttons.bootPressed = newValue }
  }
  public override var resetPressed: Bool {
    get { buttons.resetPressed }
    set { buttons.resetPressed = newValue }
  }
  public override func serial(_ port: Port, dtr: Bool?, rts: Bool?, baud: Int?) {
    super.serial(port, dtr: dtr, rts: rts, baud: baud)
    if let baud { host.serials.first { $0.port === port }?.setBaud(UInt32(clamping: baud)) }
    guard port === ports["uart0"] else { return }
    if let baud, baud > 0 { chip.uarts[0].lineBaud = UInt64(baud) }
    buttons.serial(dtr: dtr, rts: rts)
  }
}
