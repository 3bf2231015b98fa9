import Chips
import Images
import Machine
import Parts

/// A board, wired: what a session runs.
public final class Board {
  public let name: String
  public let machine: Machine
  public let chip: RP2040
  public let flash: Memory
  public let host: USBHost
  public let flashChip: W25Q
  private let bootsel: Pin, vbusSense: Pin
  /// Consoles by name: usb, uart0 …; those of a board beside this one as b.usb, b.uart0 …
  public private(set) var ports: [String: Port]
  public let defaultPort = "usb"
  /// Pads by name; those of a board beside this one as b.GP0 …
  public private(set) var pins: [String: Pin]
  /// The board in the same machine.
  public private(set) var neighbour: Board?
  private var ramProgram: [(address: UInt32, bytes: [UInt8])] = []
  public var led: Pin? { pins["GP25"] }
  /// The real chip's usual speed in hertz, for comparison.
  public let nominalHertz: Double = 125_000_000

  /// A Raspberry Pi Pico with `flashSize` bytes of flash.
  /// - Parameter other: a board in whose machine this one is, so that they can be wired together.
  public init(name: String = "pico", flashSize: Int = 2 << 20, beside other: Board? = nil) {
    self.name = name
    machine = other?.machine ?? Machine(clock: Clock(hertz: 6_500_000))
    machine.arena.scope = other == nil ? "" : "b."
    flash = Memory("\(machine.arena.scope)flash", size: flashSize, fill: 0xFF)
    chip = RP2040(machine: machine, flash: flash)
    let arena = machine.arena, scheduler = machine.scheduler
    flashChip = W25Q(name: "W25Q", memory: flash, uniqueID: 0xE661_4104_0337_2B21, arena: arena, scheduler: scheduler)
    let usb = Port("usb", arena: arena), uart0 = Port("uart0", arena: arena), uart1 = Port("uart1", arena: arena), usb1 = Port("usb1", arena: arena)
    ports = ["usb": usb, "usb1": usb1, "uart0": uart0, "uart1": uart1]
    host = USBHost(name: "USBHost", ports: [usb, usb1], arena: arena, scheduler: scheduler)
    pins = Dictionary(uniqueKeysWithValues: chip.ioBank0.pins.map { ($0.name, $0) })
    chip.uarts[0].port = uart0
    chip.uarts[1].port = uart1
    bootsel = Pin("BOOTSEL", arena: arena)
    Net.tie(chip.ioQSPI.pins[1], bootsel)
    // A divider from the 5 V of the cable (Pico datasheet §4.4).
    vbusSense = Pin("VBUS", arena: arena)
    vbusSense.drive = Drive(.resistor, high: true)
    Net.tie(chip.ioBank0.pins[24], vbusSense)
    for pin in chip.ioBank0.pins {
      pin.net.onContention = { [log = machine.log] net in log.once("pins drive against each other on \(net.name): one is high, one is low") }
    }
    machine.arena.scope = ""
    host.device = chip.usb
    chip.usb.host = host
    chip.ssi.target = flashChip
    chip.ssi.onModeBits = { [flashChip] in flashChip.enterContinuousRead(mode: $0) }
    flashChip.onChange = { [unowned chip] offset, count in chip.flashChanged(offset: offset, count: count) }
  }
  /// Puts a voltage on a pad that the ADC can measure.
  /// - Parameter what: as in `GP26=1.65`.
  /// - Throws: `BoardError` for another pad, or a voltage outside the supply.
  public func setVoltage(_ what: String) throws {
    let parts = what.split(separator: "=", omittingEmptySubsequences: false)
    guard parts.count == 2, let n = ["gp26", "gp27", "gp28", "gp29"].firstIndex(of: parts[0].lowercased()), let volts = Float(parts[1]), 0...3.3 ~= volts else {
      throw BoardError("the voltage \(what) is not understood; name GP26, GP27, GP28 or GP29 and 0 to 3.3 volts, as in GP26=1.65")
    }
    chip.adc.setVoltage(volts, input: n)
  }
  /// Sets a second board beside this one, in the same machine, so that wires can go from one to the other.
  public func place(beside board: Board) {
    board.neighbour = self
    for (name, port) in ports { board.ports["b." + name] = port }
    for (name, pin) in pins { board.pins["b." + name] = pin }
  }
  /// Puts the boot ROM in place; our own has calls that the emulator serves.
  public func load(rom: [UInt8], own: Bool = false) throws {
    guard rom.count == chip.rom.size else {
      throw ImageError("the boot ROM has \(rom.count) bytes, the RP2040's has \(chip.rom.size); name a ROM image of that size")
    }
    chip.rom.load(rom)
    if own { chip.serveROMCalls() }
  }
  /// Writes a firmware image into the flash; the remarks that go with it.
  @discardableResult public func load(firmware data: [UInt8], name file: String) throws -> [String] {
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
  /// The BOOTSEL button, which pulls the flash's select low through a resistor.
  public var bootselPressed = false {
    didSet { bootsel.drive = bootselPressed ? Drive(.resistor, high: false) : .none }
  }
  /// The button that pulls RUN low, which a Pico has as a pad.
  public var resetPressed = false {
    didSet {
      guard resetPressed != oldValue else { return }
      if resetPressed { chip.holdInReset() } else { chip.leaveReset() }
    }
  }
  /// Pulls the plug: a write to the flash that is under way stays half done.
  public func powerOff() {
    neighbour?.powerOff()
    flashChip.powerLost()
    chip.powerOff()
  }
  /// Ties pads together, as a jumper wire does.
  /// - Parameter wire: two or more pads, as in `GP0-GP5`.
  /// - Throws: `BoardError` for a pad that the board does not have.
  public func connect(_ wire: String) throws {
    let ends = try wire.split(separator: "-", omittingEmptySubsequences: false).map { name in
      guard let pin = pins.first(where: { $0.key.lowercased() == name.lowercased() })?.value else {
        throw BoardError("the wire \(wire) ends at \"\(name)\", which the board does not have; its pads are GP0 to GP29, as in GP0-GP5\(neighbour == nil ? "" : " or GP0-b.GP0")")
      }
      return pin
    }
    guard ends.count > 1 else { throw BoardError("the wire \(wire) has one end; name two pads, as in GP0-GP5") }
    for other in ends.dropFirst() { Net.tie(ends[0], other) }
  }
  /// The console can take input: the host has bound its USB function.
  public var consoleReady: Bool { host.isReady }
  public func powerOn() {
    neighbour?.powerOn()
    chip.powerOn()
    guard let entry = ramProgram.map(\.address).min() else { return }
    for (address, bytes) in ramProgram { chip.sram.load(bytes, at: Int(address - 0x2000_0000)) }
    chip.watchdog.startProgram(at: entry | 1, stack: 0x2004_2000)
  }
}
