/// What a device answers to one transaction (USB 2.0 specification §8.4.5).
public enum USBAnswer: Sendable, Equatable {
  case ack, nak, stall
  /// No answer at all: the address or endpoint is not there.
  case timeout
  /// Data with its toggle (DATA0 false, DATA1 true).
  case data([UInt8], toggle: Bool)
}

/// The device end of a full-speed bus, one call a transaction.
public protocol USBDeviceEnd: AnyObject {
  /// The pull-up on D+ is on.
  var isAttached: Bool { get }
  func busReset()
  func setup(address: UInt8, packet: [UInt8]) -> USBAnswer
  func receiveIn(address: UInt8, endpoint: Int) -> USBAnswer
  func sendOut(address: UInt8, endpoint: Int, data: [UInt8], toggle: Bool) -> USBAnswer
}

/// The host end, as the device end may tell it of changes.
public protocol USBHostEnd: AnyObject {
  /// The pull-up went on or off.
  func attachmentChanged()
  /// An endpoint that answered NAK may answer otherwise now.
  func endpointReady()
}

/// What the outside asks a host to carry.
public enum USBTransfer: Sendable, Equatable {
  /// bmRequestType, bRequest, wValue, wIndex, wLength and, towards the device, the data.
  case control(type: UInt8, request: UInt8, value: UInt16, index: UInt16, length: Int, data: [UInt8])
  /// Bytes for a bulk OUT endpoint; none for a packet of no length.
  case send(endpoint: Int, [UInt8])
  /// Up to `count` bytes of a bulk IN endpoint; a short packet ends it.
  case receive(endpoint: Int, count: Int)
}

/// How a transfer ended.
public enum USBOutcome: Sendable, Equatable {
  case done([UInt8]), stalled
  /// The device went away.
  case gone
}
