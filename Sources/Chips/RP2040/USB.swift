import Machine

/// RP2040 datasheet §4.1: the USB controller in device mode.
public final class USB: RegisterDevice, RegisterNaming, USBDeviceEnd {
  public enum Register: UInt32, CaseIterable, Sendable {
    case addrEndp = 0x00, addrEndp1 = 0x04, mainCtrl = 0x40, sofWr = 0x44, sofRd = 0x48, sieCtrl = 0x4C, sieStatus = 0x50, intEpCtrl = 0x54
    case buffStatus = 0x58, buffCPUShouldHandle = 0x5C, epAbort = 0x60, epAbortDone = 0x64, epStallArm = 0x68, nakPoll = 0x6C
    case epStatusStallNak = 0x70, usbMuxing = 0x74, usbPwr = 0x78, usbphyDirect = 0x7C, usbphyDirectOverride = 0x80, usbphyTrim = 0x84, reserved88 = 0x88
    case intR = 0x8C, intE = 0x90, intF = 0x94, intS = 0x98
  }
  static let map = RegisterMap<USB> { r in
    r[.addrEndp].bits(0...6).bits(16...19)
    r[.addrEndp1, count: 15].bits(0...6).bits(16...19).bits(25...26)
    r[.mainCtrl].bits(0...1).bits(31...31).onWrite { d, _ in d.attachmentMayChange() }
    r[.sofWr].bits(0...10)
    r[.sofRd].onRead { d in
      d.state.pointee.sof = false
      d.updateInterrupt()
      return d.frameNumber
    }
    r[.sieCtrl].bits(1...3).bits(6...6).bits(8...11).bits(15...18).bits(24...31).onWrite { d, _ in d.attachmentMayChange() }
    r[.sieStatus].bits(11...11, .writeOneToClear).bits(17...19, .writeOneToClear).bits(24...31, .writeOneToClear)
      .onRead { $0.sieStatus }.onWrite { d, _ in d.updateInterrupt() }
    r[.intEpCtrl].bits(1...15)
    r[.buffStatus].bits(0...31, .writeOneToClear).onWrite { d, _ in d.updateInterrupt() }
    r[.buffCPUShouldHandle].bits(0...31, .readOnly)
    r[.epAbort].bits(0...31).onWrite { d, v in
      // No transaction is ever half done when the processor writes, so an abort is done at once.
      d[.epAbortDone] |= v
      d.updateInterrupt()
    }
    r[.epAbortDone].bits(0...31, .writeOneToClear).onWrite { d, _ in d.updateInterrupt() }
    r[.epStallArm].bits(0...1).onWrite { d, _ in d.host?.endpointReady() }
    r[.nakPoll].bits(0...9).bits(16...25).reset(0x0010_0010)
    r[.epStatusStallNak].bits(0...31, .writeOneToClear).onWrite { d, _ in d.updateInterrupt() }
    r[.usbMuxing].bits(0...3).onWrite { d, _ in d.attachmentMayChange() }
    r[.usbPwr].bits(0...5).onWrite { d, _ in d.updateInterrupt() }
    r[.usbphyDirect].bits(0...2).bits(4...6).bits(8...15)
    r[.usbphyDirectOverride].bits(0...12).bits(15...15)
    r[.usbphyTrim].bits(0...4).bits(8...12).reset(0x1F1F)
    r[.reserved88].reset(0)  // drivers clear the whole block
    r[.intR].onRead { $0.raw }
    r[.intE].bits(0...19).onWrite { d, _ in
      d.updateInterrupt()
      d.scheduleSOF()
    }
    r[.intF].bits(0...19).onWrite { d, _ in d.updateInterrupt() }
    r[.intS].onRead { $0.raw & $0[.intE] | $0[.intF] }
  }
  struct State: BitwiseCopyable {
    var attached = false
    /// Bus reset has been seen, so frames run from this time on.
    var frameStart: UInt64 = 0
    /// The host drives SE0 until then.
    var resetEnd: UInt64 = 0
    var connected = false
    var sof = false
    /// The next buffer of each double-buffered endpoint: bit 2n for IN, 2n + 1 for OUT.
    var second: UInt32 = 0
  }
  private let state: UnsafeMutablePointer<State>
  public let dpram: USBDPRAM
  public let irq: Line
  private let scheduler: Scheduler
  /// The other end of the cable.
  public weak var host: (any USBHostEnd)?
  private var sofEvent: Scheduler.Event!
  private static let frame: UInt64 = 1_000_000_000

  init(arena: StateArena, scheduler: Scheduler) {
    self.scheduler = scheduler
    state = arena.allocate("RP2040.USB.state", initial: State())
    dpram = USBDPRAM(arena: arena)
    irq = Line("RP2040.USB.IRQ", arena: arena)
    super.init(Self.map, name: "RP2040.USB", arena: arena)
    dpram.onBufferControl = { [unowned self] index in bufferControlWritten(index) }
    sofEvent = scheduler.event("RP2040.USB.SOF") { [unowned self] _ in
      state.pointee.sof = true
      updateInterrupt()
      scheduleSOF()
    }
  }

  // MARK: Registers

  private var frameNumber: UInt32 {
    guard state.pointee.connected else { return 0 }
    return UInt32(truncatingIfNeeded: (scheduler.now &- state.pointee.frameStart) / Self.frame) & 0x7FF
  }
  private func scheduleSOF() {
    guard state.pointee.connected, self[.intE][bit: 17] else { return scheduler.cancel(sofEvent) }
    let n = (scheduler.now &- state.pointee.frameStart) / Self.frame + 1
    scheduler.schedule(sofEvent, at: state.pointee.frameStart &+ n * Self.frame)
  }
  private var vbus: Bool { self[.usbPwr][bit: 3] ? self[.usbPwr][bit: 2] : true }
  private var sieStatus: UInt32 {
    var v = self[.sieStatus] & 0xFF0E_0800
    v[bit: 0] = vbus
    v[bit: 16] = state.pointee.connected
    v |= state.pointee.attached && scheduler.now >= state.pointee.resetEnd ? 1 << 2 : 0  // line state J; SE0 during a reset
    return v
  }
  private var raw: UInt32 {
    let s = self[.sieStatus]
    var v: UInt32 = 0
    v[bit: 3] = s[bit: 18]
    v[bit: 4] = self[.buffStatus] != 0
    v[bit: 5] = s[bit: 31]
    v[bit: 6] = s[bit: 27]
    v[bit: 7] = s[bit: 26]
    v[bit: 8] = s[bit: 25]
    v[bit: 9] = s[bit: 24]
    v[bit: 10] = s[bit: 29]
    v[bit: 11] = vbus
    v[bit: 12] = s[bit: 19]
    v[bit: 15] = s[bit: 11]
    v[bit: 16] = s[bit: 17]
    v[bit: 17] = state.pointee.sof
    v[bit: 18] = self[.epAbortDone] != 0
    v[bit: 19] = self[.epStatusStallNak] != 0
    return v
  }
  private func updateInterrupt() { irq.set((raw & self[.intE] | self[.intF]) != 0) }

  // MARK: Attachment

  public var isAttached: Bool { state.pointee.attached }
  private func attachmentMayChange() {
    let on = self[.sieCtrl][bit: 16] && self[.mainCtrl][bit: 0] && !self[.mainCtrl][bit: 1] && self[.usbMuxing] & 5 != 0  // to the PHY, or to the pads as erratum E5's workaround does
    guard on != state.pointee.attached else { return }
    state.pointee.attached = on
    if !on {
      state.pointee.connected = false
      scheduler.cancel(sofEvent)
    }
    host?.attachmentChanged()
  }
  public func busReset() {
    guard state.pointee.attached else { return }
    state.pointee.connected = true
    state.pointee.frameStart = scheduler.now
    state.pointee.resetEnd = scheduler.now &+ 10 * Self.frame
    state.pointee.second = 0
    self[.sieStatus] |= 1 << 19
    updateInterrupt()
    scheduleSOF()
  }
  public override func reset() {
    super.reset()
    let was = state.pointee.attached
    state.pointee = State()
    scheduler.cancel(sofEvent)
    updateInterrupt()
    if was { host?.attachmentChanged() }
  }

  // MARK: Transactions, §4.1.2.5 to §4.1.2.7

  private enum Buffer {
    static let full: UInt32 = 1 << 15, pid: UInt32 = 1 << 13, stall: UInt32 = 1 << 11, available: UInt32 = 1 << 10, last: UInt32 = 1 << 14
    static let selectReset: UInt32 = 1 << 12
  }
  private func bufferControlWritten(_ index: Int) {
    let word = dpram.bufferControl(index)
    if word & Buffer.selectReset != 0 {
      state.pointee.second &= ~(1 << UInt32(index))
      dpram.setBufferControl(index, word & ~Buffer.selectReset)
    }
    if word & (Buffer.available | Buffer.available << 16 | Buffer.stall | Buffer.stall << 16) != 0 { host?.endpointReady() }
  }
  private func matches(_ address: UInt8) -> Bool { state.pointee.attached && UInt32(address) == self[.addrEndp] & 0x7F }

  /// The buffer of an endpoint that comes next: its half of the control word and its place in the DPRAM.
  private func nextBuffer(_ endpoint: Int, out: Bool) -> (index: Int, shift: UInt32, half: UInt32, offset: Int, control: UInt32)? {
    let index = endpoint * 2 + (out ? 1 : 0)
    if endpoint == 0 {
      let double = self[.sieCtrl][bit: 30], second = double && state.pointee.second[bit: index]
      let shift: UInt32 = second ? 16 : 0
      var control: UInt32 = 1 << 31
      control[bit: 30] = double
      control[bit: 29] = self[.sieCtrl][bit: 29]
      control[bit: 28] = self[.sieCtrl][bit: 28]
      return (index, shift, dpram.bufferControl(index) >> shift & 0xFFFF, second ? 0x140 : 0x100, control)
    }
    let control = dpram.endpointControl(endpoint, out: out)
    guard control[bit: 31] else { return nil }
    let second = control[bit: 30] && state.pointee.second[bit: index]
    let shift: UInt32 = second ? 16 : 0
    let isochronous = control[bits: 26...27] == 1
    let step = isochronous ? 128 << Int(dpram.bufferControl(index)[bits: 27...28]) : 64
    return (index, shift, dpram.bufferControl(index) >> shift & 0xFFFF, Int(control & 0xFFC0) + (second ? step : 0), control)
  }
  /// The buffer is done: the new half, the status bits, the other buffer next.
  private func complete(_ b: (index: Int, shift: UInt32, half: UInt32, offset: Int, control: UInt32), half: UInt32) {
    let word = dpram.bufferControl(b.index)
    dpram.setBufferControl(b.index, word & ~(0xFFFF << b.shift) | half << b.shift)
    let bit = UInt32(1) << UInt32(b.index)
    let double = b.control[bit: 30], second = b.shift == 16
    if double { state.pointee.second ^= bit }
    if second { self[.buffCPUShouldHandle] |= bit } else { self[.buffCPUShouldHandle] &= ~bit }
    let eachBuffer = b.control[bit: 29], eachPair = b.control[bit: 28]
    if eachBuffer || eachPair && (!double || second || b.half & Buffer.last != 0) { self[.buffStatus] |= bit }
    if b.half & Buffer.last != 0 || !double { self[.sieStatus] |= 1 << 18 }
    updateInterrupt()
  }
  private func refuse(_ b: (index: Int, shift: UInt32, half: UInt32, offset: Int, control: UInt32)) -> USBAnswer {
    let bit = UInt32(1) << UInt32(b.index)
    let armed = b.index > 1 || self[.epStallArm] & bit != 0
    if b.half & Buffer.stall != 0 && armed {
      if b.index > 1 ? b.control[bit: 17] : self[.sieCtrl][bit: 31] {
        self[.epStatusStallNak] |= bit
        updateInterrupt()
      }
      return .stall
    }
    if b.index > 1 ? b.control[bit: 16] : self[.sieCtrl][bit: 27] {
      self[.epStatusStallNak] |= bit
      updateInterrupt()
    }
    return .nak
  }

  public func setup(address: UInt8, packet: [UInt8]) -> USBAnswer {
    guard matches(address), packet.count == 8 else { return .timeout }
    for i in 0..<8 { dpram.bytes[i] = packet[i] }
    self[.epStallArm] = 0
    // A new control transfer: what was queued for endpoint 0 is void (§4.1.2.5.4).
    for index in 0..<2 { dpram.setBufferControl(index, dpram.bufferControl(index) & ~(Buffer.available | Buffer.available << 16 | Buffer.stall)) }
    self[.sieStatus] |= 1 << 17
    updateInterrupt()
    return .ack
  }
  public func receiveIn(address: UInt8, endpoint: Int) -> USBAnswer {
    guard matches(address), let b = nextBuffer(endpoint, out: false) else { return .timeout }
    if b.half & Buffer.stall != 0 { return refuse(b) }
    guard b.half & Buffer.available != 0, b.half & Buffer.full != 0 else { return refuse(b) }
    let length = min(Int(b.half & 0x3FF), max(0, USBDPRAM.size - b.offset))
    let data = (0..<length).map { dpram.bytes[b.offset + $0] }
    complete(b, half: b.half & ~(Buffer.available | Buffer.full))
    return .data(data, toggle: b.half & Buffer.pid != 0)
  }
  public func sendOut(address: UInt8, endpoint: Int, data: [UInt8], toggle: Bool) -> USBAnswer {
    guard matches(address), let b = nextBuffer(endpoint, out: true) else { return .timeout }
    if b.half & Buffer.stall != 0 { return refuse(b) }
    guard b.half & Buffer.available != 0, b.half & Buffer.full == 0 else { return refuse(b) }
    if toggle != (b.half & Buffer.pid != 0) {
      // A packet seen before: acknowledged and dropped.
      self[.sieStatus] |= 1 << 31
      updateInterrupt()
      return .ack
    }
    let room = max(0, USBDPRAM.size - b.offset), count = min(data.count, room, 64)
    if data.count > count { self[.sieStatus] |= 1 << 26 }
    for i in 0..<count { dpram.bytes[b.offset + i] = data[i] }
    complete(b, half: b.half & ~(Buffer.available | 0x3FF) | Buffer.full | UInt32(count))
    return .ack
  }
}

/// The controller's 4 KiB of memory that both it and the processor see (§4.1.2.3).
public final class USBDPRAM: Device {
  static let size = 4096
  let bytes: UnsafeMutablePointer<UInt8>
  /// Told the index (2n for IN of endpoint n, 2n + 1 for OUT) of a buffer control word that was written.
  var onBufferControl: (Int) -> Void = { _ in }
  init(arena: StateArena) {
    bytes = arena.allocate("RP2040.USB.DPRAM", count: Self.size, initial: UInt8(0))
    super.init(name: "RP2040.USB.DPRAM")
  }
  func clear() { bytes.update(repeating: 0, count: Self.size) }
  private func word(_ offset: Int) -> UInt32 { UnsafeRawPointer(bytes).load(fromByteOffset: offset, as: UInt32.self) }
  func bufferControl(_ index: Int) -> UInt32 { word(0x80 + index * 4) }
  func setBufferControl(_ index: Int, _ v: UInt32) { UnsafeMutableRawPointer(bytes).storeBytes(of: v, toByteOffset: 0x80 + index * 4, as: UInt32.self) }
  func endpointControl(_ endpoint: Int, out: Bool) -> UInt32 { word(endpoint * 8 + (out ? 4 : 0)) }

  public override func read32(at offset: UInt32) -> UInt32 { word(Int(offset) & (Self.size - 4)) }
  public override func write32(_ value: UInt32, at offset: UInt32) {
    let at = Int(offset) & (Self.size - 4)
    UnsafeMutableRawPointer(bytes).storeBytes(of: value, toByteOffset: at, as: UInt32.self)
    if at >= 0x80 && at < 0x100 { onBufferControl((at - 0x80) / 4) }
  }
}
