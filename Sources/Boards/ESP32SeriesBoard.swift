import Chips
import Images
import Machine
import Parts

/// A board with a module of the ESP32 or one of its successors: the flash, a serial adapter at UART0 whose lines reset the chip, and two buttons.
public class ESP32SeriesBoard: Board {
  private let series: ESP32Series
  private let family: ChipFamily, bootLoader: Int
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
  ///   - bootLoader: where in the flash the chip looks for one.
  init(_ description: BoardDescription, machine: Machine, flash: Memory, chip: ESP32Series, family: ChipFamily, bootLoader: Int, uniqueID: UInt64) throws {
    let arena = machine.arena
    series = chip
    self.family = family
    self.bootLoader = bootLoader
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
    for s in image.segments {
      guard s.end <= UInt64(flash.size) else {
        throw ImageError("\(file) does not fit: it reaches 0x\(String(s.end, radix: 16)), beyond the \(flash.size >> 10) KiB of flash")
      }
    }
    for s in image.segments { flash.load(s.bytes, at: Int(s.address)) }
    let hasBootLoader = flash.contents[bootLoader] == 0xE9
    return image.notes + image.warnings + (hasBootLoader ? [] : ["\(file) is an application alone and the flash has no boot loader, so nothing will start; name the build's flasher_args.json, or an image with its boot loader"])
  }
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
