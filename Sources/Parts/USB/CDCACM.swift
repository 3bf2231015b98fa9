import Machine

/// The host's driver of a USB serial function (Universal Serial Bus class definitions for CDC, PSTN subclass 1.2).
public final class CDCACM {
  struct State: BitwiseCopyable {
    var bound = false
    var interface: UInt8 = 0, notification: UInt8 = 0, bulkIn: UInt8 = 0, bulkOut: UInt8 = 0
    var toggleIn = false, toggleOut = false
    var baud: UInt32 = 115200
    var codingDue = false, linesDue = false
    var outNext = false
    var haltedIn = false
  }
  private let state: UnsafeMutablePointer<State>
  public let port: Port
  /// There may be something to do: the port has input, or a line changed.
  var onWork: () -> Void = {}

  init(name: String, port: Port, arena: StateArena) {
    self.port = port
    state = arena.allocate(name, initial: State())
    port.onInput = { [unowned self] in if isBound { onWork() } }
    port.onConnect = { [unowned self] _ in
      state.pointee.linesDue = true
      if isBound { onWork() }
    }
  }
  var isBound: Bool { state.pointee.bound }
  func bind(interface: UInt8, notification: UInt8, bulkIn: UInt8, bulkOut: UInt8) {
    state.pointee = State(bound: true, interface: interface, notification: notification, bulkIn: bulkIn, bulkOut: bulkOut, baud: state.pointee.baud)
  }
  func unbind() { state.pointee.bound = false }
  func configured() {
    state.pointee.codingDue = true
    state.pointee.linesDue = true
  }
  /// Sets the line coding's rate, as opening the port with another speed does.
  public func setBaud(_ baud: UInt32) {
    state.pointee.baud = baud
    state.pointee.codingDue = true
    if isBound { onWork() }
  }

  /// The class request that is due: SET_LINE_CODING, then SET_CONTROL_LINE_STATE with DTR and RTS.
  func controlRequest() -> (code: UInt8, value: UInt16, interface: UInt8, data: [UInt8])? {
    if state.pointee.codingDue {
      state.pointee.codingDue = false
      let b = state.pointee.baud
      return (0x20, 0, state.pointee.interface, [UInt8(b & 0xFF), UInt8(b >> 8 & 0xFF), UInt8(b >> 16 & 0xFF), UInt8(b >> 24), 0, 0, 8])
    }
    if state.pointee.linesDue {
      state.pointee.linesDue = false
      return (0x22, port.isConnected ? 3 : 0, state.pointee.interface, [])
    }
    return nil
  }
  /// One bulk transaction; the data bytes carried, or nil when the device has nothing to give and takes nothing.
  func transact(_ device: any USBDeviceEnd, address: UInt8) -> Int? {
    for turn in 0..<2 {
      let out = (turn == 0) == state.pointee.outNext
      if let n = out ? sendOut(device, address) : receiveIn(device, address) {
        state.pointee.outNext = !out
        return n
      }
    }
    return nil
  }
  private func sendOut(_ device: any USBDeviceEnd, _ address: UInt8) -> Int? {
    guard port.waiting > 0 else { return nil }
    let data = port.peek(64)
    switch device.sendOut(address: address, endpoint: Int(state.pointee.bulkOut & 15), data: data, toggle: state.pointee.toggleOut) {
    case .ack:
      state.pointee.toggleOut.toggle()
      port.drop(data.count)
      return data.count
    default: return nil
    }
  }
  private func receiveIn(_ device: any USBDeviceEnd, _ address: UInt8) -> Int? {
    switch device.receiveIn(address: address, endpoint: Int(state.pointee.bulkIn & 15)) {
    case .data(let bytes, let toggle):
      guard toggle == state.pointee.toggleIn else { return bytes.count }
      state.pointee.toggleIn.toggle()
      for b in bytes { port.send(b) }
      return bytes.count
    default: return nil
    }
  }
}
