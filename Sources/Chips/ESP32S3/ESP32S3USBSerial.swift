import Machine

/// ESP32-S3 TRM chapter 33: USB Serial/JTAG: a USB device in hardware, with a CDC-ACM serial port whose bytes software takes and gives.
/// The other function, which leads to the cores' JTAG, answers nothing.
public final class ESP32S3USBSerial: RegisterDevice, RegisterNaming, USBDeviceEnd {
  public enum Register: UInt32, CaseIterable, Sendable {
    case ep1 = 0x00, ep1Conf = 0x04, intRaw = 0x08, intSt = 0x0C, intEna = 0x10, intClr = 0x14, conf0 = 0x18, test = 0x1C, jfifoSt = 0x20, framNum = 0x24, inEp0St = 0x28, inEp1St = 0x2C
    case inEp2St = 0x30, inEp3St = 0x34, outEp0St = 0x38, outEp1St = 0x3C, outEp2St = 0x40, miscConf = 0x44, memConf = 0x48, date = 0x80
  }
  static let map = RegisterMap<ESP32S3USBSerial> { r in
    r[.ep1].onRead { $0.take() }.onWrite { d, v in d.put(UInt8(truncatingIfNeeded: v)) }
    r[.ep1Conf].onRead { d in
      let s = d.state.pointee
      return (!s.flushed && s.inCount < packet ? 2 : 0) | (s.outNext < s.outCount ? 4 : 0)
    }.onWrite { d, v in if v[bit: 0] { d.flush() } }
    r[.intRaw].bits(0...11, .readOnly).reset(8)
    r[.intSt].onRead { $0[.intRaw] & $0[.intEna] }
    r[.intEna].bits(0...11).onWrite { d, _ in
      d.update()
      d.scheduleSOF()
    }
    r[.intClr].onWrite { d, v in
      d[.intRaw] &= ~v
      d.update()
    }
    r[.conf0].bits(0...16).reset(0x4200).onWrite { d, _ in d.attachmentMayChange() }
    r[.test].bits(0...3)
    r[.jfifoSt].bits(8...9).reset(0x44)
    r[.framNum].onRead { $0.frameNumber }
    for x in [Register.inEp0St, .inEp1St, .inEp2St, .inEp3St] { r[x].reset(1) }
    for x in [Register.outEp0St, .outEp2St] { r[x].reset(0) }
    r[.outEp1St].onRead { UInt32($0.state.pointee.outCount) << 16 | UInt32($0.state.pointee.outNext) << 9 }
    r[.miscConf].bits(0...0)
    r[.memConf].bits(0...1).reset(2)
    r[.date].bits(0...31).reset(0x210_1200)
  }
  private enum Interrupt { static let sof = 1, received = 2, inEmpty = 3, inToken = 8, busReset = 9 }
  private static let packet = 64
  struct State: BitwiseCopyable {
    var attached = false, hasTransceiver = true, connected = false, frameStart: UInt64 = 0, address: UInt8 = 0, newAddress: UInt8 = 0
    /// Bytes for the host, which may take them once they are flushed; bytes from it, and the next to be read.
    var inCount = 0, flushed = false, outCount = 0, outNext = 0
    var inToggle = false, outToggle = false
    /// The control transfer's answer: what is left of it.
    var replyCount = 0, replySent = 0, replyToggle = false, stalls = false
    var request: (UInt8, UInt8) = (0, 0)
    var coding: (UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8) = (0x80, 0x25, 0, 0, 0, 0, 8)
    var dtr = false, rts = false
  }
  private let state: UnsafeMutablePointer<State>
  private let inBuffer, outBuffer, reply: UnsafeMutablePointer<UInt8>
  private static let replySize = 256
  public let irq: Line
  private let scheduler: Scheduler, serial: String
  private var sofEvent: Scheduler.Event!
  private static let frame: UInt64 = 1_000_000_000
  public weak var host: (any USBHostEnd)?
  var hasTransceiver: Bool {
    get { state.pointee.hasTransceiver }
    set {
      state.pointee.hasTransceiver = newValue
      attachmentMayChange()
    }
  }
  /// The host has set the lines of the port: DTR, RTS.
  var onLines: (Bool, Bool) -> Void = { _, _ in }

  /// - Parameter serial: its serial number, the MAC address.
  init(arena: StateArena, scheduler: Scheduler, serial: String) {
    self.scheduler = scheduler
    self.serial = serial
    state = arena.allocate("ESP32S3.USB_DEVICE.state", initial: State())
    inBuffer = arena.allocate("ESP32S3.USB_DEVICE.in", count: Self.packet, initial: UInt8(0))
    outBuffer = arena.allocate("ESP32S3.USB_DEVICE.out", count: Self.packet, initial: UInt8(0))
    reply = arena.allocate("ESP32S3.USB_DEVICE.reply", count: Self.replySize, initial: UInt8(0))
    irq = Line("ESP32S3.USB_DEVICE.IRQ", arena: arena)
    super.init(Self.map, name: "ESP32S3.USB_DEVICE", arena: arena)
    sofEvent = scheduler.event("ESP32S3.USB_DEVICE.SOF") { [unowned self] _ in
      raise(Interrupt.sof)
      scheduleSOF()
    }
  }
  private func update() { irq.set(self[.intRaw] & self[.intEna] != 0) }
  private func raise(_ n: Int) {
    self[.intRaw][bit: n] = true
    update()
  }
  private var frameNumber: UInt32 { state.pointee.connected ? UInt32(truncatingIfNeeded: (scheduler.now &- state.pointee.frameStart) / Self.frame) & 0x7FF : 0 }
  private func scheduleSOF() {
    guard state.pointee.connected, self[.intEna][bit: Interrupt.sof] else { return scheduler.cancel(sofEvent) }
    scheduler.schedule(sofEvent, at: state.pointee.frameStart &+ ((scheduler.now &- state.pointee.frameStart) / Self.frame + 1) * Self.frame)
  }

  // MARK: The processor's end

  private func take() -> UInt32 {
    guard state.pointee.outNext < state.pointee.outCount else { return 0 }
    let b = outBuffer[state.pointee.outNext]
    state.pointee.outNext += 1
    if state.pointee.outNext == state.pointee.outCount { host?.endpointReady() }
    return UInt32(b)
  }
  private func put(_ b: UInt8) {
    guard !state.pointee.flushed, state.pointee.inCount < Self.packet else { return }
    inBuffer[state.pointee.inCount] = b
    state.pointee.inCount += 1
    if state.pointee.inCount == Self.packet { flush() }
  }
  private func flush() {
    state.pointee.flushed = true
    host?.endpointReady()
  }

  // MARK: The bus

  public var isAttached: Bool { state.pointee.attached }
  private func attachmentMayChange() {
    let c = self[.conf0], on = hasTransceiver && c[bit: 14] && (!c[bit: 8] || c[bit: 9])
    guard on != state.pointee.attached else { return }
    state.pointee.attached = on
    state.pointee.connected = false
    scheduler.cancel(sofEvent)
    host?.attachmentChanged()
  }
  public func busReset() {
    guard state.pointee.attached else { return }
    let s = state.pointee
    state.pointee = State(attached: true, connected: true, frameStart: scheduler.now, inCount: s.inCount, flushed: s.flushed, outCount: s.outCount, outNext: s.outNext)
    raise(Interrupt.busReset)
    scheduleSOF()
  }
  private static func text(_ s: String) -> [UInt8] { [UInt8(2 + 2 * s.utf8.count), 3] + s.utf8.flatMap { [$0, 0] } }
  private func descriptor(_ kind: UInt8, _ n: UInt8) -> [UInt8]? {
    switch (kind, n) {
    case (1, _): return [18, 1, 0, 2, 0xEF, 2, 1, 64, 0x3A, 0x30, 0x01, 0x10, 0x01, 0x01, 1, 2, 3, 1]
    case (2, _):
      let body: [UInt8] = [
        8, 11, 0, 2, 2, 2, 0, 0, 9, 4, 0, 0, 1, 2, 2, 0, 0, 5, 0x24, 0, 0x10, 1, 5, 0x24, 1, 3, 1, 4, 0x24, 2, 2, 5, 0x24, 6, 0, 1, 7, 5, 0x82, 3, 64, 0, 1,
        9, 4, 1, 0, 2, 10, 2, 0, 0, 7, 5, 0x01, 2, 64, 0, 1, 7, 5, 0x81, 2, 64, 0, 1, 9, 4, 2, 0, 2, 0xFF, 0xFF, 1, 0, 7, 5, 0x02, 2, 64, 0, 1, 7, 5, 0x83, 2, 64, 0, 1,
      ]
      return [9, 2, UInt8(9 + body.count), 0, 3, 1, 0, 0xC0, 250] + body
    case (3, 0): return [4, 3, 9, 4]
    case (3, 1): return Self.text("Espressif")
    case (3, 2): return Self.text("USB JTAG/serial debug unit")
    case (3, 3): return Self.text(serial)
    default: return nil
    }
  }
  public func setup(address: UInt8, packet p: [UInt8]) -> USBAnswer {
    guard state.pointee.attached, address == state.pointee.address, p.count == 8 else { return .timeout }
    var answer: [UInt8]? = []
    switch (p[0], p[1]) {
    case (0x80, 6): answer = descriptor(p[3], p[2])
    case (0x80, 0): answer = [1, 0]
    case (0x80, 8): answer = [1]
    case (0x00, 5): state.pointee.newAddress = p[2] & 0x7F
    case (0x00, 9), (0x01, 11):
      state.pointee.inToggle = false
      state.pointee.outToggle = false
    case (0x02, 1), (0x00, 1), (0x00, 3): break
    case (0x21, 0x20), (0x21, 0x23): break
    case (0x21, 0x22):
      state.pointee.dtr = p[2] & 1 != 0
      state.pointee.rts = p[2] & 2 != 0
      onLines(state.pointee.dtr, state.pointee.rts)
    case (0xA1, 0x21): answer = withUnsafeBytes(of: state.pointee.coding) { Array($0) }
    default: answer = nil
    }
    let bytes = (answer ?? []).prefix(Int(p[6]) | Int(p[7]) << 8).prefix(Self.replySize)
    for (i, b) in bytes.enumerated() { reply[i] = b }
    state.pointee.replyCount = bytes.count
    state.pointee.replySent = 0
    state.pointee.replyToggle = true
    state.pointee.stalls = answer == nil
    state.pointee.request = (p[0], p[1])
    return .ack
  }
  public func receiveIn(address: UInt8, endpoint: Int) -> USBAnswer {
    guard state.pointee.attached, address == state.pointee.address else { return .timeout }
    switch endpoint {
    case 0:
      if state.pointee.stalls { return .stall }
      let count = min(Self.packet, state.pointee.replyCount - state.pointee.replySent), toggle = state.pointee.replyToggle
      let bytes = (0..<count).map { reply[state.pointee.replySent + $0] }
      state.pointee.replySent += count
      state.pointee.replyToggle.toggle()
      // The status of SET_ADDRESS still goes by the old one.
      if state.pointee.request == (0, 5) {
        state.pointee.address = state.pointee.newAddress
        state.pointee.request = (0, 0)
      }
      return .data(bytes, toggle: toggle)
    case 1:
      raise(Interrupt.inToken)
      guard state.pointee.flushed else { return .nak }
      let bytes = (0..<state.pointee.inCount).map { inBuffer[$0] }, toggle = state.pointee.inToggle
      state.pointee.inToggle.toggle()
      state.pointee.inCount = 0
      state.pointee.flushed = false
      raise(Interrupt.inEmpty)
      return .data(bytes, toggle: toggle)
    case 2, 3: return .nak
    default: return .timeout
    }
  }
  public func sendOut(address: UInt8, endpoint: Int, data: [UInt8], toggle: Bool) -> USBAnswer {
    guard state.pointee.attached, address == state.pointee.address else { return .timeout }
    switch endpoint {
    case 0:
      if state.pointee.stalls { return .stall }
      if state.pointee.request == (0x21, 0x20), data.count == 7 { withUnsafeMutableBytes(of: &state.pointee.coding) { $0.copyBytes(from: data) } }
      return .ack
    case 1:
      guard state.pointee.outNext >= state.pointee.outCount else { return .nak }
      guard toggle == state.pointee.outToggle else { return .ack }
      state.pointee.outToggle.toggle()
      let count = min(data.count, Self.packet)
      for i in 0..<count { outBuffer[i] = data[i] }
      state.pointee.outCount = count
      state.pointee.outNext = 0
      raise(Interrupt.received)
      return .ack
    case 2: return .nak
    default: return .timeout
    }
  }
  public override func reset() {
    super.reset()
    let was = state.pointee.attached
    state.pointee = State(hasTransceiver: state.pointee.hasTransceiver)
    scheduler.cancel(sofEvent)
    update()
    if was { host?.attachmentChanged() }
    attachmentMayChange()
  }
}

/// The one transceiver at GPIO19 and GPIO20, which USB Serial/JTAG or the OTG controller has (RTC_CNTL.USB_CONF).
public final class ESP32S3Transceiver: USBDeviceEnd, USBHostEnd {
  private let serial: ESP32S3USBSerial, otg: DesignWareUSB
  private let isOTG: UnsafeMutablePointer<Bool>
  public weak var host: (any USBHostEnd)?
  init(serial: ESP32S3USBSerial, otg: DesignWareUSB, arena: StateArena) {
    self.serial = serial
    self.otg = otg
    isOTG = arena.allocate("ESP32S3.USB.transceiver", initial: false)
    serial.host = self
    otg.host = self
  }
  /// Takes over SW_HW_USB_PHY_SEL and SW_USB_PHY_SEL.
  func select(_ usbConf: UInt32) {
    let wanted = usbConf[bit: 20] && usbConf[bit: 19]
    isOTG.pointee = wanted
    serial.hasTransceiver = !wanted
    otg.hasTransceiver = wanted
  }
  private var device: any USBDeviceEnd { isOTG.pointee ? otg : serial }
  public var isAttached: Bool { device.isAttached }
  public func busReset() { device.busReset() }
  public func setup(address: UInt8, packet: [UInt8]) -> USBAnswer { device.setup(address: address, packet: packet) }
  public func receiveIn(address: UInt8, endpoint: Int) -> USBAnswer { device.receiveIn(address: address, endpoint: endpoint) }
  public func sendOut(address: UInt8, endpoint: Int, data: [UInt8], toggle: Bool) -> USBAnswer { device.sendOut(address: address, endpoint: endpoint, data: data, toggle: toggle) }
  public func attachmentChanged() { host?.attachmentChanged() }
  public func endpointReady() { host?.endpointReady() }
}
