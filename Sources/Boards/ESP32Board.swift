import Chips
import Images
import Machine
import Parts

/// A board with an ESP32 module: the DevKitC and its kin.
public final class ESP32Board: Board {
  public let chip: ESP32
  public let flashChip: W25Q
  public let psramChip: PSRAM?
  /// EN with its pull-up, and the buttons BOOT and EN with the auto-reset transistors beside them.
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
    let psram = description.psram.map { Memory("\(arena.scope)psram", size: $0.size) }
    chip = ESP32(
      machine: machine, flash: flash, psram: psram, crystal: description.crystal, package: description.package == "ESP32-PICO-D4" ? .picoD4 : .d0wd,
      mac: [0x24, 0x0A, 0xC4, 0x50, 0x1D, other == nil ? 0xE0 : 0xE4])
    flashChip = W25Q(name: "W25Q", memory: flash, uniqueID: 0xD166_8C2B_1F54_7031, arena: arena, scheduler: machine.scheduler)
    psramChip = psram.map { PSRAM(name: "PSRAM", memory: $0, arena: arena) }
    state = arena.allocate("ESP32Board.state", initial: State())
    en = Pin("EN", arena: arena)
    buttons = ResetCircuit(boot: "BOOT", reset: "EN.button", machine: machine)
    super.init(description, machine: machine, flash: flash)
    for n in 0..<3 {
      let port = Port("uart\(n)", arena: arena)
      ports["uart\(n)"] = port
      chip.uarts[n].port = port
    }
    pins = Dictionary(uniqueKeysWithValues: chip.gpio.pins.map { ($0.name, $0) })
    pins["EN"] = en
    en.drive = .pullUp
    Net.tie(en, buttons.resetButton)
    Net.tie(chip.gpio.pins[0], buttons.bootButton)
    en.onChange = { [unowned chip] level in if level == .low { chip.holdInReset() } else { chip.leaveReset() } }
    chip.attach(flash: flashChip, psram: psramChip)
    psramChip?.onChange = { [unowned chip] offset, count in chip.psramChanged(offset: offset, count: count) }
    flashChip.onChange = { [unowned chip] offset, count in chip.flashChanged(offset: offset, count: count) }
    chip.uarts[0].onSent = { [unowned self] byte in
      state.pointee.tail = state.pointee.tail << 8 | UInt32(byte)
      if state.pointee.tail == 0x3E3E_3E20 { state.pointee.prompted = true }
    }
    watchContention(chip.gpio.pins)
    try equip()
  }
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
  @discardableResult public override func load(firmware data: [UInt8], name file: String) throws -> [String] {
    let image = try FirmwareImage(reading: data, named: file, for: .esp32)
    try write(image, named: file)
    return image.notes + image.warnings + ESPFlash.faults(in: flash.contents, chip: .esp32, name: file)
  }
  public override func function(of pad: String) -> String {
    guard let pin = pins[pad], let n = chip.gpio.pins.firstIndex(where: { $0 === pin }) else { return description.pads?[pad] ?? "" }
    return chip.gpio.functionName(n)
  }
  public override func serialPort(transmittingOn pad: String) -> String? { pins[pad] === chip.gpio.pins[1] ? "uart0" : nil }
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
    psramChip?.powerLost()
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
    guard port === ports["uart0"] else { return }
    if let baud, baud > 0 { chip.uarts[0].lineBaud = UInt64(baud) }
    buttons.serial(dtr: dtr, rts: rts)
  }
}
