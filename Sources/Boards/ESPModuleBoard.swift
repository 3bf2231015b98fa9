import Images
import Machine
import Parts

/// A board with a module of Espressif's: the flash, a serial adapter at UART0 whose lines reset the chip, and two buttons.
public class ESPModuleBoard: Board {
  public let flashChip: W25Q
  /// The buttons for the boot strap and the reset pad, with the auto-reset transistors beside them.
  let buttons: ResetCircuit
  private struct State: BitwiseCopyable {
    /// The last bytes of the console, and whether they have been a prompt.
    var tail: UInt32 = 0, prompted = false
  }
  private let state: UnsafeMutablePointer<State>

  /// - Parameters:
  ///   - uniqueID: the flash's.
  ///   - reset: the name of the button's contact at the reset pad.
  init(_ description: BoardDescription, machine: Machine, flash: Memory, uniqueID: UInt64, boot: String, reset: String) {
    flashChip = W25Q(name: "W25Q", memory: flash, uniqueID: uniqueID, arena: machine.arena, scheduler: machine.scheduler)
    buttons = ResetCircuit(boot: boot, reset: reset, machine: machine)
    state = machine.arena.allocate("ESPModuleBoard.state", initial: State())
    super.init(description, machine: machine, flash: flash)
  }
  /// To be told what UART0 sends.
  func consoleSent(_ byte: UInt8) {
    state.pointee.tail = state.pointee.tail << 8 | UInt32(byte)
    if state.pointee.tail == 0x3E3E_3E20 { state.pointee.prompted = true }
  }
  /// A prompt was seen: what comes before would interrupt the firmware's start.
  public override var consoleReady: Bool { state.pointee.prompted }
  public override func powerOn() {
    super.powerOn()
    state.pointee.prompted = false
  }
  public override func powerOff() {
    super.powerOff()
    flashChip.powerLost()
  }
  /// BOOT or FLASH, which pulls GPIO0 low.
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
    if let baud, baud > 0 { consoleBaud(UInt64(baud)) }
    buttons.serial(dtr: dtr, rts: rts)
  }
  /// The adapter's rate, in bits per second; a subclass tells UART0.
  func consoleBaud(_ baud: UInt64) {}
}
