import Machine

/// The PC at the other end of a USB cable: it enumerates the device as PCs do and binds its serial functions.
///
/// USB 2.0 specification §9.1.2 and §9.2; timing of a full-speed bus: a transaction lasts as long as its bytes.
public final class USBHost: USBHostEnd {
  enum Stage: UInt8, BitwiseCopyable {
    case detached, debounce, reset, recovery
    case deviceDescriptor8, setAddress, addressSettle, deviceDescriptor, configurationHeader, configuration, strings, setConfiguration, ready
    case failed
  }
  enum Phase: UInt8, BitwiseCopyable { case idle, setup, dataIn, dataOut, statusIn, statusOut }
  struct State: BitwiseCopyable {
    var stage = Stage.detached
    var phase = Phase.idle
    var address: UInt8 = 0
    var packetSize = 8
    var request: (UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8) = (0, 0, 0, 0, 0, 0, 0, 0)
    var received = 0, wanted = 0, sent = 0
    var toggle = false
    var stalled = false
    var retries = 0
    var stringIndex = 0
    var waitingForDevice = false
    var nextDriver = 0
    var vendor: UInt16 = 0, product: UInt16 = 0
    /// DATA1 is next on the endpoints of `transfer`: bits 0 to 15 IN, 16 to 31 OUT.
    var toggles: UInt32 = 0
    /// Bytes of the transfer under way that have gone out.
    var moved = 0
    /// The control transfer under way was asked for from outside.
    var isAsked = false
    /// The mass-storage function: interface and endpoints.
    var drive: (interface: UInt8, bulkIn: UInt8, bulkOut: UInt8) = (0, 0, 0), hasDrive = false
  }
  static let bufferSize = 1024
  let state: UnsafeMutablePointer<State>
  /// What control transfers carry.
  let buffer: UnsafeMutablePointer<UInt8>
  let scheduler: Scheduler
  /// The device at the other end.
  public weak var device: (any USBDeviceEnd)?
  /// Serial functions, bound in the order in which the configuration lists them.
  public let serials: [CDCACM]
  private var event, timeout: Scheduler.Event!
  /// What the outside wants carried, one after the other. Not part of a snapshot: it belongs to the outside.
  private var queue: [(transfer: USBTransfer, completion: (USBOutcome) -> Void)] = []
  private var received: [UInt8] = []
  /// Told when a device has been set up (true) or has gone (false).
  public var onReady: (Bool) -> Void = { _ in }
  static let millisecond: UInt64 = 1_000_000_000

  /// - Parameter ports: where the bytes of the first, second … CDC-ACM function go.
  public init(name: String, ports: [Port], arena: StateArena, scheduler: Scheduler) {
    self.scheduler = scheduler
    state = arena.allocate("\(name).state", initial: State())
    buffer = arena.allocate("\(name).buffer", count: Self.bufferSize, initial: UInt8(0))
    serials = ports.enumerated().map { CDCACM(name: "\(name).CDC\($0)", port: $1, arena: arena) }
    event = scheduler.event("\(name).transaction") { [unowned self] _ in step() }
    timeout = scheduler.event("\(name).timeout") { [unowned self] _ in controlTimedOut() }
    for s in serials { s.onWork = { [unowned self] in wake() } }
  }
  /// The device's identity, 0 before it was read.
  public var identity: (vendor: UInt16, product: UInt16) { (state.pointee.vendor, state.pointee.product) }
  public var isReady: Bool { state.pointee.stage == .ready }

  // MARK: What the device end tells

  public func attachmentChanged() {
    let was = isReady
    state.pointee = State()
    let waiting = queue
    queue = []
    received = []
    for w in waiting { w.completion(.gone) }
    if was { onReady(false) }
    scheduler.cancel(timeout)
    for s in serials { s.unbind() }
    if device?.isAttached == true {
      state.pointee.stage = .debounce
      // §7.1.7.3: 100 ms of stable connection; then reset.
      scheduler.schedule(event, after: 100 * Self.millisecond)
    } else {
      scheduler.cancel(event)
    }
  }
  public func endpointReady() {
    guard state.pointee.waitingForDevice else { return }
    wake()
  }
  private func wake() {
    guard state.pointee.stage != .detached, state.pointee.stage != .failed, !scheduler.isScheduled(event) else { return }
    state.pointee.waitingForDevice = false
    scheduler.schedule(event, after: 2_000_000)
  }

  // MARK: The bus

  /// Time on the wire of a transaction with `count` data bytes: token, data packet, handshake and turnarounds.
  private static func duration(_ count: Int) -> UInt64 { UInt64(13 + count) * 8 * 1_000_000 / 12 }
  private func next(after picoseconds: UInt64) { scheduler.schedule(event, after: picoseconds) }

  private func step() {
    guard let device, device.isAttached else { return }
    switch state.pointee.stage {
    case .detached, .failed: break
    case .debounce:
      state.pointee.stage = .reset
      device.busReset()
      next(after: 10 * Self.millisecond)
    case .reset:
      state.pointee.stage = .recovery
      next(after: 10 * Self.millisecond)
    case .recovery:
      state.pointee.stage = .deviceDescriptor8
      request(0x80, 6, value: 0x0100, length: 8)
    case .addressSettle:
      state.pointee.stage = .deviceDescriptor
      request(0x80, 6, value: 0x0100, length: 18)
    default:
      if state.pointee.phase != .idle { control(device) } else if state.pointee.stage == .ready { serve(device) }
    }
  }

  /// Begins a control transfer.
  func request(_ type: UInt8, _ code: UInt8, value: UInt16 = 0, index: UInt16 = 0, length: Int, data: [UInt8] = []) {
    state.pointee.request = (type, code, UInt8(value & 0xFF), UInt8(value >> 8), UInt8(index & 0xFF), UInt8(index >> 8), UInt8(length & 0xFF), UInt8(length >> 8))
    for (i, b) in data.prefix(Self.bufferSize).enumerated() { buffer[i] = b }
    state.pointee.wanted = min(length, Self.bufferSize)
    state.pointee.received = 0
    state.pointee.sent = 0
    state.pointee.stalled = false
    state.pointee.phase = .setup
    // §9.2.6.4: 500 ms for an answer while the device is being set up; later, what Linux gives a driver.
    scheduler.schedule(timeout, after: (state.pointee.stage == .ready ? 5000 : 500) * Self.millisecond)
    next(after: Self.duration(0))
  }
  private func control(_ device: any USBDeviceEnd) {
    let address = state.pointee.address
    let isIn = state.pointee.request.0 & 0x80 != 0
    var answer = USBAnswer.timeout
    var carried = 0
    switch state.pointee.phase {
    case .idle: return
    case .setup:
      let r = state.pointee.request
      answer = device.setup(address: address, packet: [r.0, r.1, r.2, r.3, r.4, r.5, r.6, r.7])
      carried = 8
      if answer == .ack {
        state.pointee.toggle = true
        state.pointee.phase = state.pointee.wanted == 0 ? .statusIn : isIn ? .dataIn : .dataOut
      }
    case .dataIn:
      answer = device.receiveIn(address: address, endpoint: 0)
      if case .data(let bytes, let toggle) = answer {
        carried = bytes.count
        if toggle == state.pointee.toggle {
          state.pointee.toggle.toggle()
          for b in bytes where state.pointee.received < Self.bufferSize {
            buffer[state.pointee.received] = b
            state.pointee.received += 1
          }
          if bytes.count < state.pointee.packetSize || state.pointee.received >= state.pointee.wanted { state.pointee.phase = .statusOut }
        }
      }
    case .dataOut:
      let count = min(state.pointee.packetSize, state.pointee.wanted - state.pointee.sent)
      answer = device.sendOut(address: address, endpoint: 0, data: (0..<count).map { buffer[state.pointee.sent + $0] }, toggle: state.pointee.toggle)
      carried = count
      if answer == .ack {
        state.pointee.toggle.toggle()
        state.pointee.sent += count
        if state.pointee.sent >= state.pointee.wanted { state.pointee.phase = .statusIn }
      }
    case .statusIn:
      answer = device.receiveIn(address: address, endpoint: 0)
      if case .data = answer { return finish() }
    case .statusOut:
      answer = device.sendOut(address: address, endpoint: 0, data: [], toggle: true)
      if answer == .ack { return finish() }
    }
    switch answer {
    case .nak:
      state.pointee.waitingForDevice = true
    case .stall:
      state.pointee.stalled = true
      finish()
    case .timeout:
      state.pointee.retries += 1
      if state.pointee.retries > 3 { return startAgain() }
      next(after: 5 * Self.millisecond)
    default:
      state.pointee.retries = 0
      next(after: Self.duration(carried))
    }
  }
  private func controlTimedOut() {
    guard state.pointee.phase != .idle else { return }
    guard state.pointee.stage == .ready else { return startAgain() }
    state.pointee.stalled = true
    finish()
  }
  /// The device does not answer: reset it, as a hub driver does, a few times.
  private func startAgain() {
    let tries = state.pointee.nextDriver
    scheduler.cancel(timeout)
    state.pointee = State()
    state.pointee.nextDriver = tries
    state.pointee.stage = .debounce
    next(after: 200 * Self.millisecond)
  }

  // MARK: Enumeration

  private func finish() {
    state.pointee.phase = .idle
    scheduler.cancel(timeout)
    let ok = !state.pointee.stalled, count = state.pointee.received
    switch state.pointee.stage {
    case .deviceDescriptor8:
      guard ok, count >= 8, [8, 16, 32, 64].contains(buffer[7]) else { return fail() }
      state.pointee.packetSize = Int(buffer[7])
      state.pointee.stage = .setAddress
      request(0, 5, value: 1, length: 0)
    case .setAddress:
      guard ok else { return fail() }
      state.pointee.address = 1
      state.pointee.stage = .addressSettle
      next(after: 2 * Self.millisecond)
    case .deviceDescriptor:
      guard ok, count >= 18 else { return fail() }
      state.pointee.vendor = UInt16(buffer[8]) | UInt16(buffer[9]) << 8
      state.pointee.product = UInt16(buffer[10]) | UInt16(buffer[11]) << 8
      state.pointee.stage = .configurationHeader
      request(0x80, 6, value: 0x0200, length: 9)
    case .configurationHeader:
      guard ok, count >= 9 else { return fail() }
      state.pointee.stage = .configuration
      request(0x80, 6, value: 0x0200, length: min(Self.bufferSize, max(9, Int(buffer[2]) | Int(buffer[3]) << 8)))
    case .configuration:
      guard ok, count >= 9 else { return fail() }
      let value = buffer[5]
      bind(count)
      state.pointee.stage = .setConfiguration
      request(0, 9, value: UInt16(value), length: 0)
    case .setConfiguration:
      guard ok else { return fail() }
      state.pointee.stage = .ready
      for s in serials where s.isBound { s.configured() }
      next(after: Self.duration(0))
      onReady(true)
    case .ready:
      next(after: Self.duration(0))
      guard state.pointee.isAsked else { break }
      state.pointee.isAsked = false
      let r = state.pointee.request
      // CLEAR_FEATURE(ENDPOINT_HALT): the endpoint is at DATA0 again.
      if ok, r.0 == 2, r.1 == 1 { state.pointee.toggles &= ~(1 << (UInt32(r.4 & 15) + (r.4 & 0x80 == 0 ? 16 : 0))) }
      conclude(ok ? .done(r.0 & 0x80 == 0 ? [] : (0..<count).map { buffer[$0] }) : .stalled)
    default: fail()
    }
  }
  private func fail() { state.pointee.stage = .failed }

  /// Asks for a transfer; `completion` is told how it went, in virtual time.
  public func transfer(_ transfer: USBTransfer, completion: @escaping (USBOutcome) -> Void) {
    guard isReady else { return completion(.gone) }
    queue.append((transfer, completion))
    wake()
  }
  /// The interface and endpoints of the mass-storage function, when the device has one.
  public var drive: (interface: UInt8, bulkIn: UInt8, bulkOut: UInt8)? { isReady && state.pointee.hasDrive ? state.pointee.drive : nil }

  private func conclude(_ outcome: USBOutcome) {
    guard !queue.isEmpty else { return }
    let done = queue.removeFirst()
    received = []
    state.pointee.moved = 0
    done.completion(outcome)
  }
  /// One transaction of the first in the queue; the bytes carried, or nil when the device is not ready.
  private func carry(_ device: any USBDeviceEnd) -> Int? {
    guard let first = queue.first else { return nil }
    let address = state.pointee.address
    switch first.transfer {
    case .control(let type, let code, let value, let index, let length, let data):
      state.pointee.isAsked = true
      request(type, code, value: value, index: index, length: type & 0x80 == 0 ? data.count : length, data: data)
      return 0
    case .send(let endpoint, let bytes):
      let packet = Array(bytes[state.pointee.moved..<min(bytes.count, state.pointee.moved + 64)]), bit = UInt32(1) << UInt32(16 + endpoint & 15)
      switch device.sendOut(address: address, endpoint: endpoint, data: packet, toggle: state.pointee.toggles & bit != 0) {
      case .ack:
        state.pointee.toggles ^= bit
        state.pointee.moved += packet.count
        if state.pointee.moved >= bytes.count { conclude(.done([])) }
        return packet.count
      case .stall: conclude(.stalled)
      default: return nil
      }
    case .receive(let endpoint, let count):
      let bit = UInt32(1) << UInt32(endpoint & 15)
      switch device.receiveIn(address: address, endpoint: endpoint) {
      case .data(let bytes, let toggle):
        guard toggle == (state.pointee.toggles & bit != 0) else { return bytes.count }
        state.pointee.toggles ^= bit
        received += bytes
        if bytes.count < 64 || received.count >= count { conclude(.done(received)) }
        return bytes.count
      case .stall: conclude(.stalled)
      default: return nil
      }
    }
    return 0
  }

  /// Finds the mass-storage function and the CDC-ACM functions in the configuration descriptor (Class definitions for CDC 1.2 §5).
  private func bind(_ count: Int) {
    var at = 0, serial = 0
    var controlInterface: UInt8?, notification: UInt8 = 0, inData = false, inDrive = false
    var bulkIn: UInt8 = 0, bulkOut: UInt8 = 0
    func commit() {
      if let c = controlInterface, bulkIn != 0, bulkOut != 0, serial < serials.count {
        serials[serial].bind(interface: c, notification: notification, bulkIn: bulkIn, bulkOut: bulkOut)
        serial += 1
        controlInterface = nil
        bulkIn = 0
        bulkOut = 0
        notification = 0
      }
    }
    while at + 2 <= count {
      let length = Int(buffer[at])
      guard length >= 2, at + length <= count else { break }
      switch buffer[at + 1] {
      case 4 where length >= 9:
        inData = false
        // Class 8, SCSI commands, bulk-only.
        inDrive = buffer[at + 5] == 8 && buffer[at + 6] == 6 && buffer[at + 7] == 0x50
        if inDrive { state.pointee.drive.interface = buffer[at + 2] }
        if buffer[at + 5] == 2, buffer[at + 6] == 2 {
          controlInterface = buffer[at + 2]
        } else if buffer[at + 5] == 0x0A {
          inData = true
        }
      case 5 where length >= 7:
        let endpoint = buffer[at + 2], kind = buffer[at + 3] & 3
        if kind == 3, controlInterface != nil, !inData { notification = endpoint }
        if kind == 2, inDrive {
          if endpoint & 0x80 != 0 { state.pointee.drive.bulkIn = endpoint & 15 } else { state.pointee.drive.bulkOut = endpoint & 15 }
          state.pointee.hasDrive = state.pointee.drive.bulkIn != 0 && state.pointee.drive.bulkOut != 0
        }
        if kind == 2, inData {
          if endpoint & 0x80 != 0 { bulkIn = endpoint } else { bulkOut = endpoint }
          commit()
        }
      default: break
      }
      at += length
    }
  }

  // MARK: Bound functions

  private func serve(_ device: any USBDeviceEnd) {
    for s in serials where s.isBound {
      if let r = s.controlRequest() {
        return request(0x21, r.code, value: r.value, index: UInt16(r.interface), length: r.data.count, data: r.data)
      }
    }
    // Functions take turns, so that a talkative one does not starve the others.
    for k in 0..<serials.count {
      let s = serials[(state.pointee.nextDriver + k) % serials.count]
      guard s.isBound, let carried = s.transact(device, address: state.pointee.address) else { continue }
      state.pointee.nextDriver = (state.pointee.nextDriver + k + 1) % serials.count
      return next(after: Self.duration(carried))
    }
    if let carried = carry(device) {
      if state.pointee.phase == .idle { next(after: Self.duration(carried)) }
      return
    }
    state.pointee.waitingForDevice = true
  }
}
