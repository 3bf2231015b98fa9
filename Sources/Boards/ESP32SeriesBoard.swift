import Chips
import Images
import Machine
import Parts

/// A board with a module of the ESP32 or one of its successors: the flash, a serial adapter at UART0 whose lines reset the chip, and two buttons.
public class ESP32SeriesBoard: Board {
  private let series: ESP32Series
  private let family: ChipFamily, consolePad: Int
  public let flashChip: W25Q
  /// EN with its pull-up, and the buttons BOOT and EN with the auto-reset transistors beside them.
  private let en: Pin, buttons: ResetCircuit
  private struct State: BitwiseCopyable {
    /// The last bytes of the console, and whether they have been a prompt.
    var tail: UInt32 = 0, prompted = false
  }
  private let state: UnsafeMutablePointer<State>
  public override var nominalHertz: Double { 160_000_000 }

  /// - Parameters:
  ///   - family: whose images it takes.
  ///   - consolePad: the pad that UART0 sends on.
  init(_ description: BoardDescription, machine: Machine, flash: Memory, chip: ESP32Series, family: ChipFamily, consolePad: Int, uniqueID: UInt64) throws {
    let arena = machine.arena
    series = chip
    self.family = family
    self.consolePad = consolePad
    flashChip = W25Q(name: "W25Q", memory: flash, uniqueID: uniqueID, arena: arena, scheduler: machine.scheduler)
    state = arena.allocate("ESP32Board.state", initial: State())
    en = Pin("EN", arena: arena)
    buttons = ResetCircuit(boot: "BOOT", reset: "EN.button", machine: machine)
    super.init(description, machine: machine, flash: flash)
    for (n, uart) in chip.uarts.enumerated() {
      let port = Port("uart\(n)", arena: arena)
      ports["uart\(n)"] = port
      uart.port = port
    }
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
  @discardableResult public override func load(firmware data: [UInt8], name file: String) throws -> [String] {
    let image = try FirmwareImage(reading: data, named: file, for: family)
    try write(image, named: file)
    return image.notes + image.warnings + ESPFlash.faults(in: flash.contents, chip: family, name: file)
  }
  public override func function(of pad: String) -> String {
    guard let pin = pins[pad], let n = series.gpio.pins.firstIndex(where: { $0 === pin }) else { return description.pads?[pad] ?? "" }
    return series.gpio.functionName(n)
  }
  public override func serialPort(transmittingOn pad: String) -> String? { pins[pad] === series.gpio.pins[consolePad] ? "uart0" : nil }
  /// A prompt was seen: what comes before would interrupt the firmware's start.
  public override var consoleReady: Bool { state.pointee.prompted }
  public override func powerOn() {
    super.powerOn()
    state.pointee.prompted = false
    series.powerOn()
  }
  public override func powerOff() {
    super.powerOff()
    flashChip.powerLost()
    series.powerOff()
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
    if let baud, baud > 0 { series.uarts[0].lineBaud = UInt64(baud) }
    buttons.serial(dtr: dtr, rts: rts)
  }
}
