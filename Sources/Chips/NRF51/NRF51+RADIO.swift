import Machine

extension NRF51 {
  /// Reference Manual §16: the 2.4 GHz radio. What it sends goes to other radios as a packet with the settings that it was sent
  /// with; a radio that listens with the same settings gets it.
  public final class RADIO: Peripheral, RegisterNaming {
    public enum Register: UInt32, CaseIterable, Sendable {
      case tasksTXEn = 0x000, tasksRXEn = 0x004, tasksStart = 0x008, tasksStop = 0x00C, tasksDisable = 0x010, tasksRSSIStart = 0x014, tasksRSSIStop = 0x018, tasksBCStart = 0x01C, tasksBCStop = 0x020
      case eventsReady = 0x100, eventsAddress = 0x104, eventsPayload = 0x108, eventsEnd = 0x10C, eventsDisabled = 0x110, eventsDevMatch = 0x114, eventsDevMiss = 0x118, eventsRSSIEnd = 0x11C
      case eventsBCMatch = 0x128, shorts = 0x200, intenSet = 0x304, intenClr = 0x308, crcStatus = 0x400, rxMatch = 0x408, rxCRC = 0x40C, dai = 0x410
      case packetPtr = 0x504, frequency = 0x508, txPower = 0x50C, mode = 0x510, pcnf0 = 0x514, pcnf1 = 0x518, base0 = 0x51C, base1 = 0x520, prefix0 = 0x524, prefix1 = 0x528
      case txAddress = 0x52C, rxAddresses = 0x530, crcCnf = 0x534, crcPoly = 0x538, crcInit = 0x53C, test = 0x540, tifs = 0x544, rssiSample = 0x548, state = 0x550, dataWhiteIV = 0x554
      case bcc = 0x560, dab0 = 0x600, dap0 = 0x620, daCnf = 0x640, override0 = 0x724, power = 0xFFC
    }
    static let map = RegisterMap<RADIO> { r in
      r.task(.tasksTXEn) { $0.rampUp(.txRampUp) }
      r.task(.tasksRXEn) { $0.rampUp(.rxRampUp) }
      r.task(.tasksStart) { $0.start() }
      r.task(.tasksStop) { $0.stop() }
      r.task(.tasksDisable) { $0.disable() }
      r.task(.tasksRSSIStart) { d in d.scheduler.schedule(d.measured, after: 8_800_000) }
      r.task(.tasksRSSIStop) { d in d.scheduler.cancel(d.measured) }
      r.task(.tasksBCStart) { d in d.scheduler.schedule(d.counted, after: UInt64(d[.bcc]) &* d.bit) }
      r.task(.tasksBCStop) { d in d.scheduler.cancel(d.counted) }
      r.event(.eventsReady, count: 8)
      r.event(.eventsBCMatch)
      r[.shorts].bits(0...8)
      r.interrupts(.intenSet, .intenClr, mask: 0x4FF)
      r[.crcStatus].bits(0...0, .readOnly)
      r[.rxMatch].bits(0...2, .readOnly)
      r[.rxCRC].bits(0...23, .readOnly)
      r[.dai].bits(0...2, .readOnly)
      for x in [Register.packetPtr, .pcnf0, .pcnf1, .base0, .base1, .prefix0, .prefix1] { r[x].bits(0...31) }
      r[.frequency].bits(0...6).reset(2)
      r[.txPower].bits(0...7)
      r[.mode].bits(0...1)
      r[.txAddress].bits(0...2)
      r[.rxAddresses].bits(0...7)
      r[.crcCnf].bits(0...1).bits(8...8)
      r[.crcPoly].bits(0...23)
      r[.crcInit].bits(0...23)
      r[.test].bits(0...1)
      r[.tifs].bits(0...7)
      r[.rssiSample].bits(0...6, .readOnly)
      r[.state].onRead { UInt32($0.status.pointee.phase.rawValue) }
      r[.dataWhiteIV].bits(0...5).reset(0x40)
      r[.bcc].bits(0...31)
      r[.dab0, count: 8].bits(0...31)
      r[.dap0, count: 8].bits(0...15)
      r[.daCnf].bits(0...15)
      r[.override0, count: 5].bits(0...31)
      r.power(.power)
    }
    enum Number { static let ready = 0, address = 1, payload = 2, end = 3, disabled = 4, rssiEnd = 7, bcMatch = 10 }
    enum Short { static let readyStart = 0, endDisable = 1, disabledTXEn = 2, disabledRXEn = 3, addressRSSIStart = 4, endStart = 5, addressBCStart = 6 }
    /// As STATE shows it.
    enum Phase: UInt8, BitwiseCopyable {
      case disabled = 0, rxRampUp = 1, rxIdle = 2, rx = 3, rxDisable = 4, txRampUp = 9, txIdle = 10, tx = 11, txDisable = 12
    }
    /// What makes two radios understand each other.
    struct Settings: BitwiseCopyable, Equatable {
      var frequency: UInt32 = 0, mode: UInt32 = 0, pcnf0: UInt32 = 0, whitening: UInt32 = 0, crc: UInt32 = 0, crcPoly: UInt32 = 0, crcInit: UInt32 = 0, addressLength: UInt32 = 0
    }
    public struct Packet {
      let settings: Settings
      let base: UInt32, prefix: UInt8
      /// As they lie in memory, from S0 on.
      let bytes: [UInt8]
      /// Picoseconds from its first bit to the end of the address, and to its last bit.
      let addressTime: UInt64, endTime: UInt64
    }
    struct Status: BitwiseCopyable {
      var phase = Phase.disabled
      /// A packet comes in: how many bytes, for which logical address.
      var isHearing = false, count = 0, match: UInt32 = 0, isSpoilt = false
    }
    static let bufferSize = 260
    private let status: UnsafeMutablePointer<Status>
    private let air: UnsafeMutablePointer<UInt8>
    private let scheduler: Scheduler
    private let memory: MasterPort
    private var ready, addressed, ended, disabled, measured, counted: Scheduler.Event!
    /// A packet leaves the antenna.
    public var onTransmit: (Packet) -> Void = { _ in }

    init(arena: StateArena, scheduler: Scheduler, memory: MasterPort) {
      self.scheduler = scheduler
      self.memory = memory
      status = arena.allocate("NRF51.RADIO.status", initial: Status())
      air = arena.allocate("NRF51.RADIO.air", count: Self.bufferSize, initial: UInt8(0))
      super.init(Self.map, block: "RADIO", arena: arena)
      ready = scheduler.event("NRF51.RADIO.READY") { [unowned self] _ in
        status.pointee.phase = status.pointee.phase == .txRampUp ? .txIdle : .rxIdle
        raise(Number.ready)
        if self[.shorts][bit: Short.readyStart] { start() }
      }
      addressed = scheduler.event("NRF51.RADIO.ADDRESS") { [unowned self] _ in
        raise(Number.address)
        if self[.shorts][bit: Short.addressRSSIStart] { scheduler.schedule(measured, after: 8_800_000) }
        if self[.shorts][bit: Short.addressBCStart] { scheduler.schedule(counted, after: UInt64(self[.bcc]) &* bit) }
      }
      ended = scheduler.event("NRF51.RADIO.END") { [unowned self] _ in finish() }
      disabled = scheduler.event("NRF51.RADIO.DISABLED") { [unowned self] _ in
        status.pointee.phase = .disabled
        raise(Number.disabled)
        if self[.shorts][bit: Short.disabledTXEn] { rampUp(.txRampUp) } else if self[.shorts][bit: Short.disabledRXEn] { rampUp(.rxRampUp) }
      }
      measured = scheduler.event("NRF51.RADIO.RSSIEND") { [unowned self] _ in
        // In -dBm: a board beside this one, or the noise of an empty room.
        self[.rssiSample] = status.pointee.isHearing ? 40 : 95
        raise(Number.rssiEnd)
      }
      counted = scheduler.event("NRF51.RADIO.BCMATCH") { [unowned self] _ in raise(Number.bcMatch) }
    }
    /// Picoseconds of a bit.
    private var bit: UInt64 { [1_000_000, 500_000, 4_000_000, 1_000_000][Int(self[.mode] & 3)] }
    private var settings: Settings {
      Settings(
        frequency: self[.frequency], mode: self[.mode], pcnf0: self[.pcnf0], whitening: self[.pcnf1][bit: 25] ? self[.dataWhiteIV] | 0x100 : 0, crc: self[.crcCnf], crcPoly: self[.crcPoly],
        crcInit: self[.crcInit], addressLength: self[.pcnf1][bits: 16...18])
    }
    /// §16.1.3: logical address `n`; of the base only as many bytes as BALEN says, the highest ones.
    private func address(_ n: Int) -> (base: UInt32, prefix: UInt8) {
      let length = min(4, self[.pcnf1][bits: 16...18]), base = n == 0 ? self[.base0] : self[.base1]
      let prefixes = n < 4 ? self[.prefix0] : self[.prefix1]
      return (length == 0 ? 0 : base >> (32 - length * 8), UInt8(truncatingIfNeeded: prefixes >> (UInt32(n & 3) * 8)))
    }

    // MARK: Tasks

    private func rampUp(_ p: Phase) {
      guard status.pointee.phase == .disabled else { return }
      status.pointee.phase = p
      scheduler.schedule(ready, after: 140_000_000)
    }
    private func start() {
      switch status.pointee.phase {
      case .txIdle: transmit()
      case .rxIdle: status.pointee.phase = .rx
      default: break
      }
    }
    private func stop() {
      scheduler.cancel(addressed)
      scheduler.cancel(ended)
      status.pointee.isHearing = false
      if status.pointee.phase == .tx { status.pointee.phase = .txIdle }
      if status.pointee.phase == .rx { status.pointee.phase = .rxIdle }
    }
    private func disable() {
      scheduler.cancel(ready)
      stop()
      switch status.pointee.phase {
      case .txRampUp, .txIdle, .tx: status.pointee.phase = .txDisable
      case .disabled, .rxDisable, .txDisable: break
      default: status.pointee.phase = .rxDisable
      }
      scheduler.schedule(disabled, after: status.pointee.phase == .txDisable ? 4_000_000 : 100_000)
    }

    // MARK: Packets

    /// §16.1.2: bytes before the payload, the number of bits that they are on air, and where the length is.
    private var header: (bytes: Int, bits: Int, length: Int?) {
      let p = self[.pcnf0], s0 = p[bit: 8] ? 1 : 0, lf = Int(p[bits: 0...3]), s1 = Int(p[bits: 16...19])
      return (s0 + (lf > 0 ? 1 : 0) + (s1 > 0 ? 1 : 0), s0 * 8 + lf + s1, lf > 0 ? s0 : nil)
    }
    private func transmit() {
      status.pointee.phase = .tx
      let h = header, pointer = self[.packetPtr], length = self[.pcnf0][bits: 0...3]
      guard let head = memory.read(pointer, count: max(1, h.bytes)) else {
        log?.once("RADIO.PACKETPTR is 0x\(String(pointer, radix: 16)), where there is no RAM; nothing is sent")
        return scheduler.schedule(ended, after: bit &* 100)
      }
      let told = h.length.map { Int(head[$0]) & (1 << min(8, Int(length)) - 1) } ?? 0
      let count = min(told + Int(self[.pcnf1][bits: 8...15]), Int(self[.pcnf1] & 0xFF))
      let bytes = memory.read(pointer, count: max(1, h.bytes + count)) ?? head
      let to = address(Int(self[.txAddress]))
      let addressBits = 8 + (Int(settings.addressLength) + 1) * 8, all = addressBits + h.bits + count * 8 + Int(self[.crcCnf] & 3) * 8
      let packet = Packet(settings: settings, base: to.base, prefix: to.prefix, bytes: bytes, addressTime: UInt64(addressBits) * bit, endTime: UInt64(all) * bit)
      scheduler.schedule(addressed, after: packet.addressTime)
      scheduler.schedule(ended, after: packet.endTime)
      onTransmit(packet)
    }
    /// The antenna hears the first bit of a packet.
    public func hear(_ p: Packet) {
      guard status.pointee.phase == .rx, p.settings.frequency == self[.frequency], p.settings.mode == self[.mode] else { return }
      if status.pointee.isHearing {
        status.pointee.isSpoilt = true
        return
      }
      guard p.settings == settings, let n = (0..<8).first(where: { self[.rxAddresses][bit: $0] && address($0) == (p.base, p.prefix) }) else { return }
      status.pointee.isHearing = true
      status.pointee.isSpoilt = false
      status.pointee.match = UInt32(n)
      status.pointee.count = min(p.bytes.count, Self.bufferSize)
      for (i, b) in p.bytes.prefix(Self.bufferSize).enumerated() { air[i] = b }
      scheduler.schedule(addressed, after: p.addressTime)
      scheduler.schedule(ended, after: p.endTime)
    }
    private func finish() {
      if status.pointee.phase == .rx {
        let most = header.bytes + Int(self[.pcnf1] & 0xFF)
        memory.write(Array(UnsafeBufferPointer(start: air, count: min(status.pointee.count, most))), at: self[.packetPtr])
        self[.rxMatch] = status.pointee.match
        self[.crcStatus] = status.pointee.isSpoilt ? 0 : 1
        status.pointee.isHearing = false
        status.pointee.phase = .rxIdle
      } else {
        status.pointee.phase = .txIdle
      }
      raise(Number.payload)
      raise(Number.end)
      if self[.shorts][bit: Short.endDisable] { disable() }
      if self[.shorts][bit: Short.endStart] { start() }
    }
    public override func reset() {
      super.reset()
      for e in [ready, addressed, ended, disabled, measured, counted] { scheduler.cancel(e!) }
      status.pointee = Status()
    }
  }
}
