import Machine

/// The Synopsys DWC2 OTG controller as a full-speed device whose FIFOs the processor serves (slave mode), as the ESP32-S2 and S3 have it
/// (ESP32-S3 TRM chapter 32; the registers' names are the vendor's).
public final class DesignWareUSB: RegisterDevice, RegisterNaming, USBDeviceEnd {
  public enum Register: UInt32, CaseIterable, Sendable {
    case gotgctl = 0x00, gotgint = 0x04, gahbcfg = 0x08, gusbcfg = 0x0C, grstctl = 0x10, gintsts = 0x14, gintmsk = 0x18, grxstsr = 0x1C, grxstsp = 0x20, grxfsiz = 0x24, gnptxfsiz = 0x28, gnptxsts = 0x2C
    case gsnpsid = 0x40, ghwcfg1 = 0x44, ghwcfg2 = 0x48, ghwcfg3 = 0x4C, ghwcfg4 = 0x50, gdfifocfg = 0x5C, hptxfsiz = 0x100, dieptxf1 = 0x104, hcfg = 0x400, hfir = 0x404, hfnum = 0x408, hprt = 0x440
    case dcfg = 0x800, dctl = 0x804, dsts = 0x808, diepmsk = 0x810, doepmsk = 0x814, daint = 0x818, daintmsk = 0x81C, dvbusdis = 0x828, dvbuspulse = 0x82C, dthrctl = 0x830, diepempmsk = 0x834
    case diepctl0 = 0x900, diepint0 = 0x908, dieptsiz0 = 0x910, diepdma0 = 0x914, dtxfsts0 = 0x918, doepctl0 = 0xB00, doepint0 = 0xB08, doeptsiz0 = 0xB10, doepdma0 = 0xB14, pcgcctl = 0xE00
  }
  /// Endpoints of each direction.
  static let count = 7, stride: UInt32 = 0x20
  static let map = RegisterMap<DesignWareUSB> { r in
    func each(_ x: Register) -> RegisterMap<DesignWareUSB>.Draft { r[x, count: count, stride: stride] }
    // The session is valid: the cable brings 5 V.
    r[.gotgctl].bits(1...12).bits(15...15).onRead { $0[.gotgctl] | 0xD << 16 }
    r[.gotgint].bits(0...31, .writeOneToClear)
    r[.gahbcfg].bits(0...8).bits(21...24).onWrite { d, v in
      if v[bit: 5] { d.log?.once("\(d.name): transfers by DMA are not modelled: the FIFOs must be served") }
      d.update()
    }
    r[.gusbcfg].bits(0...31).reset(0x1440)
    r[.grstctl].bits(6...10).reset(1 << 31).onRead { $0[.grstctl] & 0x7C0 | 1 << 31 }.onWrite { d, v in d.flush(v) }
    r[.gintsts].bits(1...3, .writeOneToClear).bits(10...15, .writeOneToClear).bits(20...22, .writeOneToClear).bits(28...31, .writeOneToClear).reset(0).onRead { $0.status }.onWrite { d, _ in d.update() }
    r[.gintmsk].bits(0...31).onWrite { d, _ in
      d.update()
      d.scheduleSOF()
    }
    r[.grxstsr].onRead { $0.entry }
    r[.grxstsp].onRead { $0.pop() }
    r[.grxfsiz].bits(0...15).reset(0x100)
    r[.gnptxfsiz].bits(0...31).reset(0x100_0100)
    r[.gnptxsts].reset(0x4_0100)
    r[.gsnpsid].reset(0x4F54_400A)
    // What the vendor built it with: seven endpoints each way, dedicated FIFOs.
    r[.ghwcfg1].reset(0)
    r[.ghwcfg2].reset(0x224D_D930)
    r[.ghwcfg3].reset(0x0C8_04B5)
    r[.ghwcfg4].reset(0xD3F0_A030)
    r[.gdfifocfg].bits(0...31)
    r[.hptxfsiz].bits(0...31).reset(0x1000_0200)
    r[.dieptxf1, count: 6].bits(0...31).reset(0x100_0200)
    for x in [Register.hcfg, .hfir, .hprt] { r[x].bits(0...31) }
    r[.hfnum].reset(0x3FFF)
    r[.dcfg].bits(0...31).reset(0x810_0000).onWrite { d, v in
      let address = UInt8(v[bits: 4...10])
      if address != d.state.pointee.address { d.state.pointee.oldAddress = d.state.pointee.address }
      d.state.pointee.address = address
    }
    r[.dctl].bits(0...1).bits(4...6).bits(11...31).reset(2).onWrite { d, v in d.controlled(v) }
    r[.dsts].onRead { $0.deviceStatus }
    r[.diepmsk].bits(0...13).onWrite { d, _ in d.update() }
    r[.doepmsk].bits(0...14).onWrite { d, _ in d.update() }
    r[.daint].onRead { $0.endpointInterrupts }
    r[.daintmsk].bits(0...31).onWrite { d, _ in d.update() }
    r[.dvbusdis].bits(0...15).reset(0x17D7)
    r[.dvbuspulse].bits(0...11).reset(0x5B8)
    r[.dthrctl].bits(0...31).reset(0x802_0020)
    r[.diepempmsk].bits(0...15).onWrite { d, _ in d.update() }
    each(.diepctl0).bits(0...10).bits(15...15).bits(18...19).bits(21...25).onRead { d, n in d.control(n, out: false) }.onWrite { d, n, v in d.endpointControlled(n, out: false, v) }
    each(.doepctl0).bits(0...10).bits(15...15).bits(18...21).onRead { d, n in d.control(n, out: true) }.onWrite { d, n, v in d.endpointControlled(n, out: true, v) }
    each(.diepint0).bits(0...6, .writeOneToClear).bits(8...14, .writeOneToClear).onRead { d, n in d.inInterrupts(n) }.onWrite { d, _, _ in d.update() }
    each(.doepint0).bits(0...15, .writeOneToClear).onWrite { d, _, _ in d.update() }
    each(.dieptsiz0).bits(0...30)
    each(.doeptsiz0).bits(0...30)
    each(.diepdma0).bits(0...31)
    each(.doepdma0).bits(0...31)
    each(.dtxfsts0).onRead { d, n in UInt32(max(0, d.depth(n) - d.state(n, false).queued) / 4) }
    r[.pcgcctl].bits(0...8)
  }
  /// Bits of GINTSTS.
  private enum Status { static let mode = 0, sof = 3, rxLevel = 4, outNakEffective = 7, reset = 12, enumerated = 13, inEndpoint = 18, outEndpoint = 19 }
  /// Bits of DIEPINT and DOEPINT.
  private enum Event { static let complete = 0, disabled = 1, setupDone = 3, inNakEffective = 6, empty = 7 }
  /// What an entry of the receive FIFO is.
  private enum Packet { static let data: UInt32 = 2, outComplete: UInt32 = 3, setupComplete: UInt32 = 4, setup: UInt32 = 6 }
  struct Endpoint: BitwiseCopyable {
    var enabled = false, nak = true, toggle = false
    /// Bytes in the transmit FIFO, and where the first is.
    var queued = 0, head = 0
  }
  struct State: BitwiseCopyable {
    var attached = false, outNak = false, hasTransceiver = false
    /// DCFG.DEVADDR, and the address before, which holds until the new one is used: the status of SET_ADDRESS goes by it.
    var address: UInt8 = 0, oldAddress: UInt8 = 0
    /// A bus reset has been seen, so frames run from this time on.
    var connected = false, frameStart: UInt64 = 0
    /// The receive FIFO: entries and words that wait, and the word of the entry's data that is next.
    var entries = 0, firstEntry = 0, words = 0, firstWord = 0
  }
  private static let fifoSize = 4096, entryLimit = 64, wordLimit = 1024
  private let state: UnsafeMutablePointer<State>
  /// IN endpoints, then OUT endpoints.
  private let endpoints: UnsafeMutablePointer<Endpoint>
  /// Transmit FIFOs of the IN endpoints; the receive FIFO's entries and data.
  private let transmit: UnsafeMutablePointer<UInt8>, entries: UnsafeMutablePointer<UInt32>, received: UnsafeMutablePointer<UInt32>
  public let irq: Line
  /// The pages behind the registers, by which the FIFOs are reached.
  let fifos: DesignWareUSBFIFO
  private let scheduler: Scheduler
  private var sofEvent, enumeratedEvent: Scheduler.Event!
  private static let frame: UInt64 = 1_000_000_000
  public weak var host: (any USBHostEnd)?
  /// Whether the transceiver is this controller's.
  var hasTransceiver: Bool {
    get { state.pointee.hasTransceiver }
    set {
      state.pointee.hasTransceiver = newValue
      attachmentMayChange()
    }
  }

  init(name: String, arena: StateArena, scheduler: Scheduler) {
    self.scheduler = scheduler
    state = arena.allocate("\(name).state", initial: State())
    endpoints = arena.allocate("\(name).endpoints", count: 2 * Self.count, initial: Endpoint())
    transmit = arena.allocate("\(name).transmit", count: Self.count * Self.fifoSize, initial: UInt8(0))
    entries = arena.allocate("\(name).entries", count: Self.entryLimit, initial: UInt32(0))
    received = arena.allocate("\(name).received", count: Self.wordLimit, initial: UInt32(0))
    irq = Line("\(name).IRQ", arena: arena)
    fifos = DesignWareUSBFIFO(name: "\(name).FIFO")
    super.init(Self.map, name: name, arena: arena)
    fifos.onRead = { [unowned self] in takeWord() }
    fifos.onWrite = { [unowned self] n, v in queue(n, v) }
    sofEvent = scheduler.event("\(name).SOF") { [unowned self] _ in
      self[.gintsts][bit: Status.sof] = true
      update()
      scheduleSOF()
    }
    enumeratedEvent = scheduler.event("\(name).enumerated") { [unowned self] _ in
      self[.gintsts][bit: Status.enumerated] = true
      update()
    }
  }
  private func state(_ n: Int, _ out: Bool) -> Endpoint { endpoints[out ? Self.count + n : n] }
  private func change(_ n: Int, _ out: Bool, _ f: (inout Endpoint) -> Void) { f(&endpoints[out ? Self.count + n : n]) }

  // MARK: Interrupts

  private var status: UInt32 {
    var v = self[.gintsts]
    v[bit: Status.rxLevel] = state.pointee.entries > 0
    v[bit: 5] = true
    v[bit: Status.outNakEffective] = state.pointee.outNak
    let e = endpointInterrupts & self[.daintmsk]
    v[bit: Status.inEndpoint] = e & 0xFFFF != 0
    v[bit: Status.outEndpoint] = e >> 16 != 0
    return v
  }
  private func inInterrupts(_ n: Int) -> UInt32 {
    var v = self[.diepint0, n, stride: Self.stride]
    v[bit: Event.empty] = state(n, false).queued == 0
    return v
  }
  private var endpointInterrupts: UInt32 {
    var v: UInt32 = 0
    for n in 0..<Self.count {
      let mask = self[.diepmsk] & ~(1 << UInt32(Event.empty)) | (self[.diepempmsk][bit: n] ? 1 << UInt32(Event.empty) : 0)
      if inInterrupts(n) & mask != 0 { v[bit: n] = true }
      if self[.doepint0, n, stride: Self.stride] & self[.doepmsk] != 0 { v[bit: 16 + n] = true }
    }
    return v
  }
  private func update() { irq.set(self[.gahbcfg][bit: 0] && status & self[.gintmsk] != 0) }
  private func raise(_ n: Int, out: Bool, _ bit: Int) {
    if out { self[.doepint0, n, stride: Self.stride][bit: bit] = true } else { self[.diepint0, n, stride: Self.stride][bit: bit] = true }
  }

  // MARK: The device as a whole

  private var deviceStatus: UInt32 {
    guard state.pointee.connected else { return 2 }
    // Full speed, and the frame's number.
    return 3 << 1 | UInt32(truncatingIfNeeded: (scheduler.now &- state.pointee.frameStart) / Self.frame & 0x3FFF) << 8
  }
  private func scheduleSOF() {
    guard state.pointee.connected, self[.gintmsk][bit: Status.sof] else { return scheduler.cancel(sofEvent) }
    let n = (scheduler.now &- state.pointee.frameStart) / Self.frame + 1
    scheduler.schedule(sofEvent, at: state.pointee.frameStart &+ n * Self.frame)
  }
  private func controlled(_ v: UInt32) {
    if v[bit: 9] { state.pointee.outNak = true }
    if v[bit: 10] { state.pointee.outNak = false }
    attachmentMayChange()
    update()
  }
  private func attachmentMayChange() {
    let on = hasTransceiver && !self[.dctl][bit: 1]
    guard on != state.pointee.attached else { return }
    state.pointee.attached = on
    if !on {
      state.pointee.connected = false
      scheduler.cancel(sofEvent)
    }
    host?.attachmentChanged()
  }
  private func flush(_ v: UInt32) {
    if v[bit: 0] {
      let held = self[.dctl]
      reset()
      self[.dctl] = held
      attachmentMayChange()
    }
    if v[bit: 4] {
      state.pointee.entries = 0
      state.pointee.words = 0
    }
    if v[bit: 5] {
      let number = Int(v[bits: 6...10])
      for n in 0..<Self.count where number == 16 || number == fifo(n) { change(n, false) { $0.queued = 0 } }
    }
    update()
  }

  // MARK: Endpoints

  private func control(_ n: Int, out: Bool) -> UInt32 {
    let e = state(n, out)
    var v = out ? self[.doepctl0, n, stride: Self.stride] : self[.diepctl0, n, stride: Self.stride]
    if n == 0 { v[bit: 15] = true }
    v[bit: 16] = e.toggle
    v[bit: 17] = e.nak
    v[bit: 31] = e.enabled
    return v
  }
  private func endpointControlled(_ n: Int, out: Bool, _ v: UInt32) {
    change(n, out) { e in
      if v[bit: 26] { e.nak = false }
      if v[bit: 27] {
        e.nak = true
        if !out { raise(n, out: false, Event.inNakEffective) }
      }
      if v[bit: 28] { e.toggle = false }
      if v[bit: 29] { e.toggle = true }
      if v[bit: 30], e.enabled {
        e.enabled = false
        raise(n, out: out, Event.disabled)
      } else if v[bit: 31] {
        e.enabled = true
      }
    }
    update()
    host?.endpointReady()
  }
  private func packetSize(_ n: Int, out: Bool) -> Int {
    // Endpoint 0 has a code for it, that of IN for both directions.
    n == 0 ? 64 >> Int(self[.diepctl0] & 3) : max(1, Int((out ? self[.doepctl0, n, stride: Self.stride] : self[.diepctl0, n, stride: Self.stride]) & 0x7FF))
  }
  private func fifo(_ n: Int) -> Int { Int(self[.diepctl0, n, stride: Self.stride][bits: 22...25]) }
  /// Bytes of an endpoint's transmit FIFO.
  private func depth(_ n: Int) -> Int {
    let f = fifo(n)
    return min(Self.fifoSize, Int((f == 0 || f > 6 ? self[.gnptxfsiz] : self[.dieptxf1, f - 1]) >> 16) * 4)
  }

  // MARK: FIFOs

  /// A word of data for an IN endpoint: as many of its bytes as the transfer still has.
  private func queue(_ n: Int, _ v: UInt32) {
    guard n < Self.count else { return }
    let left = Int(self[.dieptsiz0, n, stride: Self.stride][bits: 0...18]), bytes = min(4, left, Self.fifoSize - state(n, false).queued)
    for i in 0..<bytes { transmit[n * Self.fifoSize + (state(n, false).head + state(n, false).queued + i) % Self.fifoSize] = UInt8(truncatingIfNeeded: v >> UInt32(i * 8)) }
    change(n, false) { $0.queued += bytes }
    self[.dieptsiz0, n, stride: Self.stride][bits: 0...18] = UInt32(left - bytes)
    update()
    host?.endpointReady()
  }
  private var entry: UInt32 { state.pointee.entries > 0 ? entries[state.pointee.firstEntry] : 0 }
  private func push(_ n: Int, _ kind: UInt32, _ data: [UInt8] = []) {
    entries[(state.pointee.firstEntry + state.pointee.entries) % Self.entryLimit] = UInt32(n) | UInt32(data.count) << 4 | kind << 17
    state.pointee.entries += 1
    for i in Swift.stride(from: 0, to: data.count, by: 4) {
      var w: UInt32 = 0
      for (k, b) in data[i..<min(data.count, i + 4)].enumerated() { w |= UInt32(b) << UInt32(k * 8) }
      received[(state.pointee.firstWord + state.pointee.words) % Self.wordLimit] = w
      state.pointee.words += 1
    }
  }
  private func hasRoom(_ bytes: Int) -> Bool { state.pointee.entries + 2 <= Self.entryLimit && state.pointee.words + (bytes + 3) / 4 <= min(Self.wordLimit, Int(self[.grxfsiz])) }
  private func pop() -> UInt32 {
    guard state.pointee.entries > 0 else { return 0 }
    let v = entry, n = Int(v & 15)
    state.pointee.firstEntry = (state.pointee.firstEntry + 1) % Self.entryLimit
    state.pointee.entries -= 1
    switch v[bits: 17...20] {
    case Packet.setupComplete: raise(n, out: true, Event.setupDone)
    case Packet.outComplete: raise(n, out: true, Event.complete)
    default: break
    }
    update()
    return v
  }
  private func takeWord() -> UInt32 {
    guard state.pointee.words > 0 else { return 0 }
    let v = received[state.pointee.firstWord]
    state.pointee.firstWord = (state.pointee.firstWord + 1) % Self.wordLimit
    state.pointee.words -= 1
    host?.endpointReady()
    return v
  }

  // MARK: The bus

  public var isAttached: Bool { state.pointee.attached }
  public func busReset() {
    guard state.pointee.attached else { return }
    state.pointee.connected = true
    state.pointee.frameStart = scheduler.now
    state.pointee.entries = 0
    state.pointee.words = 0
    self[.dcfg][bits: 4...10] = 0
    state.pointee.address = 0
    state.pointee.oldAddress = 0
    for n in 0..<Self.count {
      for out in [false, true] { change(n, out) { $0 = Endpoint() } }
      for x in [Register.diepctl0, .doepctl0] { self[x, n, stride: Self.stride][bit: 21] = false }
    }
    self[.gintsts][bit: Status.reset] = true
    update()
    // The speed is known when the reset is over.
    scheduler.schedule(enumeratedEvent, after: 9 * Self.frame)
    scheduleSOF()
  }
  private func matches(_ address: UInt8, _ endpoint: Int) -> Bool {
    guard state.pointee.attached, endpoint < Self.count else { return false }
    if address == state.pointee.address { state.pointee.oldAddress = address }
    return address == state.pointee.oldAddress
  }
  public func setup(address: UInt8, packet: [UInt8]) -> USBAnswer {
    guard matches(address, 0), packet.count == 8 else { return .timeout }
    guard hasRoom(8) else { return .timeout }
    // A new control transfer: what was under way is void, and both directions wait for software.
    for out in [false, true] {
      change(0, out) {
        $0.nak = true
        $0.toggle = true
        $0.queued = 0
      }
      if out { self[.doepctl0][bit: 21] = false } else { self[.diepctl0][bit: 21] = false }
    }
    change(0, false) { $0.enabled = false }
    push(0, Packet.setup, packet)
    push(0, Packet.setupComplete)
    update()
    return .ack
  }
  public func receiveIn(address: UInt8, endpoint n: Int) -> USBAnswer {
    guard matches(address, n), n == 0 || self[.diepctl0, n, stride: Self.stride][bit: 15] else { return .timeout }
    if self[.diepctl0, n, stride: Self.stride][bit: 21] { return .stall }
    let e = state(n, false), size = self[.dieptsiz0, n, stride: Self.stride]
    let wanted = min(packetSize(n, out: false), e.queued + Int(size[bits: 0...18]))
    guard e.enabled, !e.nak, e.queued >= wanted else { return .nak }
    let bytes = (0..<wanted).map { transmit[n * Self.fifoSize + (e.head + $0) % Self.fifoSize] }
    let left = max(1, size[bits: 19...28]) - 1
    self[.dieptsiz0, n, stride: Self.stride][bits: 19...28] = left
    change(n, false) {
      $0.head = ($0.head + wanted) % Self.fifoSize
      $0.queued -= wanted
      $0.toggle.toggle()
      if left == 0 { $0.enabled = false }
    }
    if left == 0 { raise(n, out: false, Event.complete) }
    update()
    return .data(bytes, toggle: e.toggle)
  }
  public func sendOut(address: UInt8, endpoint n: Int, data: [UInt8], toggle: Bool) -> USBAnswer {
    guard matches(address, n), n == 0 || self[.doepctl0, n, stride: Self.stride][bit: 15] else { return .timeout }
    if self[.doepctl0, n, stride: Self.stride][bit: 21] { return .stall }
    let e = state(n, true)
    guard e.enabled, !e.nak, !state.pointee.outNak, hasRoom(data.count) else { return .nak }
    // A packet seen before: acknowledged and dropped.
    if n > 0, toggle != e.toggle { return .ack }
    push(n, Packet.data, data)
    let size = self[.doeptsiz0, n, stride: Self.stride], packets = max(1, size[bits: 19...28]) - 1
    self[.doeptsiz0, n, stride: Self.stride][bits: 0...18] = size[bits: 0...18] &- min(size[bits: 0...18], UInt32(data.count))
    self[.doeptsiz0, n, stride: Self.stride][bits: 19...28] = packets
    change(n, true) { $0.toggle.toggle() }
    if packets == 0 || data.count < packetSize(n, out: true) {
      push(n, Packet.outComplete)
      change(n, true) {
        $0.enabled = false
        $0.nak = true
      }
    }
    update()
    return .ack
  }
  public override func reset() {
    super.reset()
    let was = state.pointee.attached
    state.pointee = State(hasTransceiver: state.pointee.hasTransceiver)
    for i in 0..<(2 * Self.count) { endpoints[i] = Endpoint() }
    scheduler.cancel(sofEvent)
    scheduler.cancel(enumeratedEvent)
    update()
    if was { host?.attachmentChanged() }
  }
}

/// The FIFOs' pages: each word written goes to the endpoint of the page, a word read comes from the receive FIFO.
final class DesignWareUSBFIFO: Device {
  var onRead: () -> UInt32 = { 0 }
  var onWrite: (Int, UInt32) -> Void = { _, _ in }
  override func read32(at offset: UInt32) -> UInt32 { onRead() }
  override func write32(_ value: UInt32, at offset: UInt32) { onWrite(Int(offset >> 12), value) }
}
