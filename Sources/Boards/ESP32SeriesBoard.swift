import Chips
import Images
import Machine
import Parts

/// A board with a module of the ESP32 or one of its successors.
public class ESP32SeriesBoard: ESPModuleBoard {
  private let series: ESP32Series
  private let family: ChipFamily, consolePad: Int
  /// EN with its pull-up.
  private let en: Pin
  public override var nominalHertz: Double { 160_000_000 }

  /// - Parameters:
  ///   - family: whose images it takes.
  ///   - consolePad: the pad that UART0 sends on.
  init(_ description: BoardDescription, machine: Machine, flash: Memory, chip: ESP32Series, family: ChipFamily, consolePad: Int, uniqueID: UInt64) throws {
    let arena = machine.arena
    series = chip
    self.family = family
    self.consolePad = consolePad
    en = Pin("EN", arena: arena)
    super.init(description, machine: machine, flash: flash, uniqueID: uniqueID, boot: "BOOT", reset: "EN.button")
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
    chip.uarts[0].onSent = { [unowned self] byte in consoleSent(byte) }
    watchContention(chip.gpio.pins)
    try equip()
  }
  @discardableResult public override func load(firmware data: [UInt8], name file: String) throws -> [String] {
    let image = try FirmwareImage(reading: data, named: file, for: family)
    try write(image, named: file)
    return image.notes + image.warnings + ESPFlash.faults(in: flash.contents, chip: family, name: file, revision: chipRevision)
  }
  public override func function(of pad: String) -> String {
    guard let pin = pins[pad], let n = series.gpio.pins.firstIndex(where: { $0 === pin }) else { return description.pads?[pad] ?? "" }
    return series.gpio.functionName(n)
  }
  public override func serialPort(transmittingOn pad: String) -> String? { pins[pad] === series.gpio.pins[consolePad] ? "uart0" : nil }
  public override func powerOn() {
    super.powerOn()
    series.powerOn()
  }
  public override func powerOff() {
    super.powerOff()
    series.powerOff()
  }
  override func consoleBaud(_ baud: UInt64) { series.uarts[0].lineBaud = baud }
}
