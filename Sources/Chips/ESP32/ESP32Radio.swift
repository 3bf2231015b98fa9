import Machine

/// The Wi-Fi MAC at 0x3FF73000, as far as a station that looks around needs it: the calibration and the reset of its blocks end at once,
/// and beacons of access points come in through its chain of descriptors. Nothing is sent. The registers are not in any manual;
/// what is here is what the vendor's library does with them.
public final class ESP32Radio: Device {
  private enum Place { static let rxControl: UInt32 = 0x84, rxBase: UInt32 = 0x88, rxNext: UInt32 = 0x8C, rxLast: UInt32 = 0x90, now: UInt32 = 0xC00, interruptStatus: UInt32 = 0xC48, interruptClear: UInt32 = 0xC4C, macReset: UInt32 = 0xD24 }
  /// For all that is not; of hundreds of nameless registers a remark each would tell nobody anything.
  static let remark = "the radio's registers, which no manual describes, are modelled as far as a scan needs them: the others keep what is written"
  /// Bits of the interrupt status that a received frame sets.
  private static let received: UInt32 = 0x24
  private let words: UnsafeMutablePointer<UInt32>, status: UnsafeMutablePointer<UInt32>
  private static let count = 2048
  private let memory: ESP32DMAMemory, scheduler: Scheduler
  private var beacon: Scheduler.Event!
  public let irq: Line
  /// What can be heard; the guest sees it when it scans.
  public var accessPoints: [AccessPoint] = []

  init(arena: StateArena, scheduler: Scheduler, memory: ESP32DMAMemory) {
    self.memory = memory
    self.scheduler = scheduler
    words = arena.allocate("ESP32.WIFI.words", count: Self.count, initial: UInt32(0))
    status = arena.allocate("ESP32.WIFI.status", initial: UInt32(0))
    irq = Line("ESP32.WIFI.IRQ", arena: arena)
    super.init(name: "ESP32.WIFI")
    beacon = scheduler.event("ESP32.WIFI.beacon") { [unowned self] _ in
      for p in accessPoints { receive(frame(of: p), from: p) }
      // 100 time units of 1024 us.
      scheduler.schedule(beacon, after: 102_400_000_000)
    }
  }
  private subscript(at: UInt32) -> UInt32 {
    get { words[Int(at / 4) & (Self.count - 1)] }
    set { words[Int(at / 4) & (Self.count - 1)] = newValue }
  }
  public override func read32(at offset: UInt32) -> UInt32 {
    if offset == Place.interruptStatus { return status.pointee }
    // Its clock, in microseconds.
    if offset == Place.now { return UInt32(truncatingIfNeeded: scheduler.now / 1_000_000) }
    log?.once(Self.remark)
    return self[offset]
  }
  public override func write32(_ v: UInt32, at offset: UInt32) {
    self[offset] = v
    switch offset {
    case Place.rxControl: self[offset][bit: 0] = false
    case Place.rxBase:
      self[Place.rxNext] = v
      self[Place.rxLast] = 0
      if v != 0, !scheduler.isScheduled(beacon) { scheduler.schedule(beacon, after: 50_000_000_000) }
    case Place.interruptClear:
      status.pointee &= ~v
      irq.set(status.pointee != 0)
    case Place.macReset: self[offset][bit: 0] = v[bit: 1]
    default: log?.once(Self.remark)
    }
  }
  /// A beacon (IEEE 802.11 §9.3.3.3), with room for its check sequence.
  private func frame(of p: AccessPoint) -> [UInt8] {
    let bssid = (p.bssid + [0, 0, 0, 0, 0, 0]).prefix(6)
    var f: [UInt8] = [0x80, 0, 0, 0] + [UInt8](repeating: 0xFF, count: 6) + bssid + bssid + [0, 0]
    let time = scheduler.now / 1_000_000
    f += (0..<8).map { UInt8(truncatingIfNeeded: time >> UInt64($0 * 8)) } + [100, 0, p.isProtected ? 0x11 : 0x01, 0x04]
    let name = Array(p.ssid.utf8.prefix(32))
    f += [0, UInt8(name.count)] + name + [1, 8, 0x82, 0x84, 0x8B, 0x96, 0x0C, 0x12, 0x18, 0x24, 3, 1, p.channel, 5, 4, 0, 1, 0, 0]
    if p.isProtected { f += [48, 20, 1, 0, 0, 0x0F, 0xAC, 4, 1, 0, 0, 0x0F, 0xAC, 4, 1, 0, 0, 0x0F, 0xAC, 2, 0, 0] }
    return f + [0, 0, 0, 0]
  }
  /// Puts a frame into the next descriptor, behind what the receiver tells of it.
  private func receive(_ frame: [UInt8], from p: AccessPoint) {
    let descriptor = self[Place.rxNext]
    guard descriptor != 0, var head = memory.word(descriptor), let buffer = memory.word(descriptor &+ 4), head[bit: 31] else { return }
    let header = 28, length = header + frame.count
    guard length <= Int(head[bits: 0...11]) else { return }
    var info = [UInt32](repeating: 0, count: header / 4)
    // The strength above a noise floor of -96 dBm, a frame to all, its length, and that its address is ours.
    info[0] = UInt32(UInt8(truncatingIfNeeded: Int(p.rssi) + 96)) | 1 << 13 | UInt32(frame.count) << 16 | 3 << 28
    info[2] = 0xA0 | UInt32(p.channel & 15) << 16
    info[3] = UInt32(truncatingIfNeeded: scheduler.now / 1_000_000)
    info[6] = UInt32(frame.count)
    for (i, w) in info.enumerated() { memory.setWord(buffer &+ UInt32(i * 4), w) }
    for (i, b) in frame.enumerated() { memory.setByte(buffer &+ UInt32(header + i), b) }
    head[bits: 12...23] = UInt32(length)
    head[bit: 30] = true
    head[bit: 31] = false
    memory.setWord(descriptor, head)
    self[Place.rxLast] = descriptor
    self[Place.rxNext] = memory.word(descriptor &+ 8) ?? 0
    status.pointee |= Self.received
    irq.set(true)
  }
  public override func reset() {
    for i in 0..<Self.count { words[i] = 0 }
    status.pointee = 0
    scheduler.cancel(beacon)
    irq.set(false)
  }
}
