import Chips
import Images
import Machine
import Parts

/// A BBC micro:bit of the first version (schematic of V1.5): an nRF51822, and an interface chip that brings its UART to USB.
public final class MicrobitBoard: Board {
  public let chip: NRF51
  private struct State: BitwiseCopyable { var tail: UInt32 = 0, prompted = false, poweredAt: UInt64 = 0 }
  private let state: UnsafeMutablePointer<State>
  private let pulls: [(pad: Int, pin: Pin)], touched: [(pad: Int, pin: Pin)]
  /// The UART's pins to the interface chip.
  private static let transmitPin = 24, receivePin = 25
  public override var nominalHertz: Double { Double(NRF51.hertz) }

  /// - Parameter other: a board in whose machine this one is, so that they can be wired together.
  public init(_ description: BoardDescription, beside other: Board? = nil) throws {
    let (machine, flash) = Board.ground(description, clock: Clock(hertz: NRF51.hertz), beside: other)
    let arena = machine.arena
    chip = NRF51(machine: machine, flash: flash, number: other == nil ? 1 : 2)
    state = arena.allocate("MicrobitBoard.state", initial: State())
    // Buttons A and B have resistors to the supply, the interface chip keeps its end of the UART high, and pads 0, 1 and 2
    // have 10 MΩ, for fingers.
    pulls = [17, 26, Self.receivePin].map { ($0, Pin("P0.\($0).pull", arena: arena)) }
    touched = [3, 2, 1].map { ($0, Pin("P0.\($0).touch", arena: arena)) }
    super.init(description, machine: machine, flash: flash)
    let usb = Port("usb", arena: arena)
    ports["usb"] = usb
    pins = Dictionary(uniqueKeysWithValues: chip.gpio.pins.map { ($0.name, $0) })
    for (n, pull) in pulls {
      pull.drive = Drive(.resistor, high: true)
      Net.tie(chip.gpio.pins[n], pull)
    }
    for (n, touch) in touched {
      touch.drive = .pullUp
      Net.tie(chip.gpio.pins[n], touch)
    }
    // The chip's own pull is a thousand times as strong.
    chip.gpio.onConfigure = { [unowned self] n in
      if let t = touched.first(where: { $0.pad == n }) { t.pin.drive = chip.gpio.pull(n) == 0 ? .pullUp : .none }
    }
    chip.uart.connect(usb, transmit: Self.transmitPin, receive: Self.receivePin)
    chip.uart.onSent = { [unowned self] byte in
      state.pointee.tail = state.pointee.tail << 8 | UInt32(byte)
      if state.pointee.tail == 0x3E3E_3E20 { state.pointee.prompted = true }
    }
    if let other = other as? MicrobitBoard {
      chip.radio.onTransmit = { [unowned other] in other.chip.radio.hear($0) }
      other.chip.radio.onTransmit = { [unowned self] in chip.radio.hear($0) }
    }
    watchContention(chip.gpio.pins)
    try equip()
  }
  public override var hasBootROM: Bool { false }
  @discardableResult public override func load(firmware data: [UInt8], name file: String) throws -> [String] {
    let image = try FirmwareImage(reading: data, named: file, for: .nrf51)
    for s in image.segments {
      guard let place = chip.memory(at: s.address), place.offset + s.bytes.count <= place.memory.size else {
        throw ImageError("\(file) does not fit: it has \(s.bytes.count) bytes for 0x\(String(s.address, radix: 16)), but the flash is the \(flash.size >> 10) KiB at 0")
      }
    }
    for s in image.segments {
      if let place = chip.memory(at: s.address) { place.memory.load(s.bytes, at: place.offset) }
    }
    return image.notes + image.warnings
  }
  /// A prompt was seen, or a program runs that will give none before it is interrupted.
  public override var consoleReady: Bool { state.pointee.prompted || machine.now - state.pointee.poweredAt > 4_000_000_000_000 }
  public override func powerOn() {
    super.powerOn()
    state.pointee = State(poweredAt: machine.now)
    chip.powerOn()
  }
  public override func powerOff() {
    super.powerOff()
    chip.powerOff()
  }
  private var isInReset = false
  /// The button on the back.
  public override var resetPressed: Bool {
    get { isInReset }
    set {
      guard isInReset != newValue else { return }
      isInReset = newValue
      if newValue { chip.holdInReset() } else { chip.leaveReset() }
    }
  }
  public override func function(of pad: String) -> String {
    guard let pin = pins[pad], let n = chip.gpio.pins.firstIndex(where: { $0 === pin }) else { return description.pads?[pad] ?? "" }
    return chip.functionName(n)
  }
  public override func serialPort(transmittingOn pad: String) -> String? { nil }
}
