import Chips
import Images
import Machine
import Parts

/// A board with an ESP8266 module: NodeMCU, D1 mini and their kin.
public final class ESP8266Board: Board {
  public let chip: ESP8266
  public let flashChip: W25Q
  /// The resistors that hold the straps, and the buttons FLASH and RST with the auto-reset transistors beside them.
  private let straps: [Pin], buttons: ResetCircuit
  private struct State: BitwiseCopyable {
    /// The last bytes of the console, and whether they have been a prompt.
    var tail: UInt32 = 0, prompted = false
  }
  private let state: UnsafeMutablePointer<State>
  public override var nominalHertz: Double { 80_000_000 }

  /// - Parameter other: a board in whose machine this one is, so that they can be wired together.
  public init(_ description: BoardDescription, beside other: Board? = nil) throws {
    let (machine, flash) = Board.ground(description, clock: Clock(hertz: description.crystal * 2), beside: other)
    let arena = machine.arena
    chip = ESP8266(machine: machine, flash: flash, crystal: description.crystal)
    flashChip = W25Q(name: "W25Q", memory: flash, uniqueID: 0xD165_4C20_0B54_6E26, arena: arena, scheduler: machine.scheduler)
    state = arena.allocate("ESP8266Board.state", initial: State())
    straps = ["GPIO0", "GPIO2", "GPIO15"].map { Pin("\($0).strap", arena: arena) }
    buttons = ResetCircuit(boot: "FLASH", reset: "RESET", machine: machine)
    super.init(description, machine: machine, flash: flash)
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
    chip.uarts[0].onSent = { [unowned self] byte in
      state.pointee.tail = state.pointee.tail << 8 | UInt32(byte)
      if state.pointee.tail == 0x3E3E_3E20 { state.pointee.prompted = true }
    }
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
  /// FLASH, which pulls GPIO0 low.
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
    if let baud, baud > 0 { chip.uarts[0].portBaud = UInt64(baud) }
    buttons.serial(dtr: dtr, rts: rts)
  }
}
