import Chips
import Images
import Machine
import Parts

/// A board with an ESP8266 module: NodeMCU, D1 mini and their kin.
public final class ESP8266Board: ESPModuleBoard {
  public let chip: ESP8266
  /// The resistors that hold the straps.
  private let straps: [Pin]
  public override var nominalHertz: Double { 80_000_000 }

  /// - Parameter other: a board in whose machine this one is, so that they can be wired together.
  public init(_ description: BoardDescription, beside other: Board? = nil) throws {
    let (machine, flash) = Board.ground(description, clock: Clock(hertz: description.crystal * 2), beside: other)
    let arena = machine.arena
    chip = ESP8266(machine: machine, flash: flash, crystal: description.crystal)
    straps = ["GPIO0", "GPIO2", "GPIO15"].map { Pin("\($0).strap", arena: arena) }
    super.init(description, machine: machine, flash: flash, uniqueID: 0xD165_4C20_0B54_6E26, boot: "FLASH", reset: "RESET")
    for (n, port) in ["uart0", "uart1"].enumerated() {
      let p = Port(port, arena: arena)
      ports[port] = p
      chip.uarts[n].port = p
    }
    pins = Dictionary(uniqueKeysWithValues: (chip.gpio.pins + [chip.rtc.gpio16, chip.rst]).map { ($0.name, $0) })
    pins["A0"] = chip.tout
    for (pin, (n, high)) in zip(straps, [(0, true), (2, true), (15, false)]) {
      pin.drive = Drive(.pull, high: high)
      Net.tie(chip.gpio.pins[n], pin)
    }
    Net.tie(chip.gpio.pins[0], buttons.bootButton)
    Net.tie(chip.rst, buttons.resetButton)
    chip.spis[0].target = flashChip
    flashChip.onChange = { [unowned chip] offset, count in chip.flashChanged(offset: offset, count: count) }
    chip.uarts[0].onSent = { [unowned self] byte in consoleSent(byte) }
    watchContention(chip.gpio.pins)
    try equip()
  }
  public override func load(rom: [UInt8], own: Bool = false) throws {
    guard rom.count == chip.rom.size else {
      throw ImageError("the boot ROM has \(rom.count) bytes, the ESP8266's has \(chip.rom.size); name a ROM image of that size")
    }
    chip.rom.load(rom)
  }
  @discardableResult public override func load(firmware data: [UInt8], name file: String) throws -> [String] {
    let image = try FirmwareImage(reading: data, named: file, for: .esp8266)
    try write(image, named: file)
    setFlashSize()
    return image.notes + image.warnings
  }
  /// As `esptool write_flash --flash_size detect`, which MicroPython's manual has people use: the header of the image at
  /// 0 tells the size of the flash that it is written to (high half of byte 3).
  private func setFlashSize() {
    let codes: [Int: UInt8] = [256 << 10: 1, 512 << 10: 0, 1 << 20: 2, 2 << 20: 3, 4 << 20: 4, 8 << 20: 8, 16 << 20: 9]
    guard flash.bytes[0] == 0xE9, let code = codes[flash.size] else { return }
    flash.load([flash.bytes[3] & 0x0F | code << 4], at: 3)
  }
  public override func function(of pad: String) -> String {
    guard let pin = pins[pad] else { return "" }
    if pin === chip.tout { return "ADC" }
    if pin === chip.rtc.gpio16 { return "RTC GPIO" }
    guard let n = chip.gpio.pins.firstIndex(where: { $0 === pin }) else { return description.pads?[pad] ?? "" }
    return chip.gpio.functionName(n)
  }
  public override func serialPort(transmittingOn pad: String) -> String? {
    guard let pin = pins[pad] else { return nil }
    return pin === chip.gpio.pins[1] ? "uart0" : pin === chip.gpio.pins[2] ? "uart1" : nil
  }
  public override func powerOn() {
    super.powerOn()
    chip.powerOn()
  }
  public override func powerOff() {
    super.powerOff()
    chip.powerOff()
  }
  override func consoleBaud(_ baud: UInt64) { chip.uarts[0].portBaud = baud }
}
