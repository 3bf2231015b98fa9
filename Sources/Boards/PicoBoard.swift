import Chips
import Images
import Machine
import Parts

/// A Raspberry Pi Pico or one of its kin.
public final class PicoBoard: Board {
  public let chip: RP2040
  public let host: USBHost
  public let flashChip: W25Q
  private let bootsel: Pin, vbusSense: Pin, vsysSense: Pin
  private var ramProgram: [(address: UInt32, bytes: [UInt8])] = []
  public override var nominalHertz: Double { 125_000_000 }

  /// - Parameter other: a board in whose machine this one is, so that they can be wired together.
  public init(_ description: BoardDescription, beside other: Board? = nil) throws {
    let (machine, flash) = Board.ground(description, clock: Clock(hertz: 6_500_000), beside: other)
    let arena = machine.arena, scheduler = machine.scheduler
    chip = RP2040(machine: machine, flash: flash, crystal: description.crystal)
    flashChip = W25Q(name: "W25Q", memory: flash, uniqueID: 0xE661_4104_0337_2B21, arena: arena, scheduler: scheduler)
    let usb = Port("usb", arena: arena), uart0 = Port("uart0", arena: arena), uart1 = Port("uart1", arena: arena), usb1 = Port("usb1", arena: arena)
    host = USBHost(name: "USBHost", ports: [usb, usb1], arena: arena, scheduler: scheduler)
    bootsel = Pin("BOOTSEL", arena: arena)
    vbusSense = Pin("VBUS.sense", arena: arena)
    vsysSense = Pin("VSYS.sense", arena: arena)
    super.init(description, machine: machine, flash: flash)
    ports = ["usb": usb, "usb1": usb1, "uart0": uart0, "uart1": uart1]
    pins = Dictionary(uniqueKeysWithValues: chip.ioBank0.pins.map { ($0.name, $0) })
    chip.uarts[0].port = uart0
    chip.uarts[1].port = uart1
    Net.tie(chip.ioQSPI.pins[1], bootsel)
    // A divider from the 5 V of the cable (Pico datasheet §4.4).
    vbusSense.drive = Drive(.resistor, high: true)
    if let pad = description.senses?.vbus.flatMap({ pins[$0] }) { Net.tie(pad, vbusSense) }
    // A third of VSYS (§4.4).
    vsysSense.drive = Drive(.resistor, volts: 5 / 3)
    if let pad = description.senses?.vsys.flatMap({ pins[$0] }) { Net.tie(pad, vsysSense) }
    chip.adc.volts = { [unowned chip] n in chip.ioBank0.pins[26 + n].volts ?? 0 }
    watchContention(chip.ioBank0.pins)
    host.device = chip.usb
    chip.usb.host = host
    chip.ssi.target = flashChip
    chip.ssi.onModeBits = { [flashChip] in flashChip.enterContinuousRead(mode: $0) }
    flashChip.onChange = { [unowned chip] offset, count in chip.flashChanged(offset: offset, count: count) }
    try equip()
  }
  /// Puts the boot ROM in place; our own has calls that the emulator serves.
  public override func load(rom: [UInt8], own: Bool = false) throws {
    guard rom.count == chip.rom.size else {
      throw ImageError("the boot ROM has \(rom.count) bytes, the RP2040's has \(chip.rom.size); name a ROM image of that size")
    }
    chip.rom.load(rom)
    if own { chip.serveROMCalls() }
  }
  /// Writes a firmware image into the flash; the remarks that go with it.
  @discardableResult public override func load(firmware data: [UInt8], name file: String) throws -> [String] {
    let image = try FirmwareImage(reading: data, named: file, for: .rp2040)
    let segments = image.segments
    var remarks = image.notes + image.warnings
    let ram = segments.filter { chip.sramContains($0.address, count: $0.bytes.count) }, stored = segments.filter { !chip.sramContains($0.address, count: $0.bytes.count) }
    for s in stored {
      let offset = UInt64(s.address &- 0x1000_0000)
      guard s.address >= 0x1000_0000, offset + UInt64(s.bytes.count) <= UInt64(flash.size) else {
        throw ImageError("\(file) does not fit: it reaches 0x\(String(UInt64(s.address) + UInt64(s.bytes.count), radix: 16)), beyond the \(flash.size >> 10) KiB of flash at 0x10000000")
      }
    }
    for s in stored { flash.load(s.bytes, at: Int(s.address - 0x1000_0000)) }
    // A program for RAM starts as the boot ROM starts one that was copied to it.
    ramProgram = stored.isEmpty ? ram.map { ($0.address, $0.bytes) } : []
    if ramProgram.isEmpty, !SecondStage.isValid(flash.contents.prefix(SecondStage.size)) {
      remarks.append("there is no valid second stage in the first 256 bytes of flash, so the boot ROM stays in BOOTSEL mode; put this image over another with --flash FILE")
    }
    return remarks
  }
  /// BOOTSEL, which pulls the flash's select low through a resistor.
  public override var bootPressed: Bool {
    get { bootsel.drive != .none }
    set { bootsel.drive = newValue ? Drive(.resistor, high: false) : .none }
  }
  private var isInReset = false
  /// The button that pulls RUN low, which a Pico has as a pad.
  public override var resetPressed: Bool {
    get { isInReset }
    set {
      guard isInReset != newValue else { return }
      isInReset = newValue
      if newValue { chip.holdInReset() } else { chip.leaveReset() }
    }
  }
  public override func powerOff() {
    super.powerOff()
    flashChip.powerLost()
    chip.powerOff()
  }
  public override func function(of pad: String) -> String {
    guard let pin = pins[pad], let n = chip.ioBank0.pins.firstIndex(where: { $0 === pin }) else { return super.function(of: pad) }
    return chip.ioBank0.functionName(n)
  }
  public override func serialPort(transmittingOn pad: String) -> String? {
    guard pad.hasPrefix("GP"), let n = Int(pad.dropFirst(2)), n % 4 == 0, 0..<30 ~= n else { return nil }
    return "uart\((n + 4) / 8 % 2)"
  }
  public override var consoleReady: Bool { host.isReady }
  public override func serial(_ port: Port, dtr: Bool?, rts: Bool?, baud: Int?) {
    super.serial(port, dtr: dtr, rts: rts, baud: baud)
    if let baud { host.serials.first { $0.port === port }?.setBaud(UInt32(clamping: baud)) }
  }
  public override func powerOn() {
    super.powerOn()
    chip.powerOn()
    guard let entry = ramProgram.map(\.address).min() else { return }
    for (address, bytes) in ramProgram { chip.sram.load(bytes, at: Int(address - 0x2000_0000)) }
    chip.watchdog.startProgram(at: entry | 1, stack: 0x2004_2000)
  }
}
