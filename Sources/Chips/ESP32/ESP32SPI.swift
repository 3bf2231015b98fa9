import Machine

/// ESP32 TRM chapter 7: an SPI controller. SPI0 and SPI1 lead to the flash, command by command; SPI2 and SPI3 to the pads, bit by bit
/// when somebody looks, with DMA.
public final class ESP32SPI: RegisterDevice, RegisterNaming {
  public enum Register: UInt32, CaseIterable, Sendable {
    case cmd = 0x00, addr = 0x04, ctrl = 0x08, ctrl1 = 0x0C, rdStatus = 0x10, ctrl2 = 0x14, clock = 0x18, user = 0x1C, user1 = 0x20, user2 = 0x24, mosiDlen = 0x28, misoDlen = 0x2C
    case slvWrStatus = 0x30, pin = 0x34, slave = 0x38, slave1 = 0x3C, slave2 = 0x40, slave3 = 0x44, slvWrbufDlen = 0x48, slvRdbufDlen = 0x4C, cacheFctrl = 0x50, cacheSctrl = 0x54
    case sramCmd = 0x58, sramDrdCmd = 0x5C, sramDwrCmd = 0x60, slvRdBit = 0x64, w0 = 0x80, txCrc = 0xC0, ext0 = 0xF0, ext1 = 0xF4, ext2 = 0xF8, ext3 = 0xFC, dmaConf = 0x100
    case dmaOutLink = 0x104, dmaInLink = 0x108, dmaStatus = 0x10C, dmaIntEna = 0x110, dmaIntRaw = 0x114, dmaIntSt = 0x118, dmaIntClr = 0x11C, inErrEofDesAddr = 0x120
    case inSucEofDesAddr = 0x124, inlinkDscr = 0x128, inlinkDscrBf0 = 0x12C, inlinkDscrBf1 = 0x130, outEofBfrDesAddr = 0x134, outEofDesAddr = 0x138, outlinkDscr = 0x13C
    case outlinkDscrBf0 = 0x140, outlinkDscrBf1 = 0x144, dmaRstatus = 0x148, dmaTstatus = 0x14C, date = 0x3FC
  }
  static let map = RegisterMap<ESP32SPI> { r in
    let stored: [Register: UInt32] = [
      .ctrl: 0x20_A400, .ctrl1: 0x5FFF_0000, .ctrl2: 0x11, .clock: 0x8000_3043, .user: 0x8000_0040, .user1: 0x5C00_0007, .user2: 0x7000_0000, .pin: 6, .slave1: 0x200_0000, .cacheSctrl: 0x15C0_4830,
      .ext0: 0x800A_0050, .ext1: 0x800F_0000, .dmaConf: 0x200, .date: 0x160_4270,
    ]
    for x in Register.allCases { r[x].bits(0...31).reset(stored[x] ?? 0) }
    r[.cmd].onRead { $0.state.pointee.command }.onWrite { d, v in d.begin(v) }
    r[.pin].bits(0...31).reset(6).onWrite { d, _ in d.rest() }
    r[.user].bits(0...31).reset(0x8000_0040)
    r[.slave].bits(0...16).bits(27...30).reset(0x20).onRead { d in d[.slave] & ~(15 << 23) | UInt32(d.state.pointee.count & 15) << 23 }.onWrite { d, v in
      if v[bit: 31] { d.stop() }
      d.update()
    }
    r[.w0, count: 16].bits(0...31)
    // The controller's state machine rests.
    r[.ext2].reset(0)
    r[.dmaConf].bits(0...31).reset(0x200).onWrite { d, v in
      if v[bit: 2] { d.state.pointee.input = ESP32Link() }
      if v[bit: 3] { d.state.pointee.output = ESP32Link() }
    }
    r[.dmaOutLink].bits(0...19).onWrite { d, v in
      if v[bit: 28] { d.state.pointee.output.running = false }
      if v[bit: 29] { d.state.pointee.output = .start(v) }
    }
    r[.dmaInLink].bits(0...20).onWrite { d, v in
      if v[bit: 28] { d.state.pointee.input.running = false }
      if v[bit: 29] { d.state.pointee.input = .start(v) }
    }
    r[.dmaStatus].onRead { ($0.state.pointee.input.running ? 1 : 0) | ($0.state.pointee.output.running ? 2 : 0) }
    r[.dmaIntEna].bits(0...8).onWrite { d, _ in d.update() }
    r[.dmaIntRaw].bits(0...8, .readOnly)
    r[.dmaIntSt].onRead { $0[.dmaIntRaw] & $0[.dmaIntEna] }
    r[.dmaIntClr].onWrite { d, v in
      d[.dmaIntRaw] &= ~v
      d.update()
    }
  }
  struct State: BitwiseCopyable {
    /// CMD while it runs.
    var command: UInt32 = 0
    /// Transactions since reset.
    var count = 0
    var input = ESP32Link(), output = ESP32Link()
    /// The transaction bit by bit: halves of bits done, lengths of its phases, the byte that goes out and the one that comes in.
    var bitwise = false, half = 0, phases = Phases(), out: UInt8 = 0, outBits = 0, outIndex = 0, incoming: UInt8 = 0, inBits = 0, inIndex = 0
    var miso = false, dataIn = false
  }
  /// Lengths in bits.
  struct Phases: BitwiseCopyable {
    var command = 0, address = 0, dummy = 0, mosi = 0, miso = 0
    var duplex = false
    var total: Int { command + address + dummy + (duplex ? max(mosi, miso) : mosi + miso) }
  }
  let state: UnsafeMutablePointer<State>
  private let scheduler: Scheduler, clocks: ESP32Clocks, memory: ESP32DMAMemory
  private var event: Scheduler.Event!
  public let irq, dmaIRQ: Line
  /// The flash or PSRAM at chip select 0 and 1, when the controller leads to chips and not to pads.
  var targets: [SPITarget?] = []
  private let leadsToPads: Bool
  /// Clocks that the chip at select 1 misses at the start of a transaction, because its clock comes late.
  var clockDelay: () -> Int = { 0 }
  /// The address of a transaction stands at the right of ADDR, as the ESP32-S3's flash controllers have it.
  var addressIsRightAligned = false
  /// CLK, MOSI and the chip selects.
  let clk, mosi: Line, cs: [Line]
  /// Whether MOSI is driven (not while a shared data line is read).
  private(set) var drivesMOSI = true
  var isWatched: () -> Bool = { false }
  /// A DMA controller outside, whose bytes go before those of the buffer: each says nil or false when it is not asked for.
  struct Stream {
    let take: () -> UInt8?, put: (UInt8) -> Bool, end: () -> Void
  }
  var stream: Stream?

  init(name: String, arena: StateArena, scheduler: Scheduler, clocks: ESP32Clocks, memory: ESP32DMAMemory, leadsToPads: Bool) {
    self.scheduler = scheduler
    self.clocks = clocks
    self.memory = memory
    self.leadsToPads = leadsToPads
    state = arena.allocate("\(name).state", initial: State())
    irq = Line("\(name).IRQ", arena: arena)
    dmaIRQ = Line("\(name).DMA_IRQ", arena: arena)
    clk = Line("\(name).CLK", arena: arena)
    mosi = Line("\(name).D", arena: arena)
    cs = (0..<3).map { Line("\(name).CS\($0)", arena: arena) }
    super.init(Self.map, name: name, arena: arena)
    event = scheduler.event("\(name).step") { [unowned self] _ in step() }
    rest()
  }
  /// §7.4.1: picoseconds of one bit.
  private var bitTime: UInt64 {
    let c = self[.clock], f = clocks.apb.pointee.frequency256
    guard f > 0 else { return 0 }
    let divider = c[bit: 31] ? 1 : UInt64(c[bits: 18...30] + 1) * UInt64(c[bits: 12...17] + 1)
    return max(1000, UInt64(truncatingIfNeeded: UInt128(divider) * UInt128(Clock.picosecondsPerSecond * 256) / UInt128(f)))
  }

  // MARK: Commands

  private func begin(_ v: UInt32) {
    guard state.pointee.command == 0 else { return }
    let command = v & 0xFFFF_0000
    guard command != 0 else { return }
    if self[.slave][bit: 30] {
      log?.once("\(name) as an SPI target is not modelled: it gets no data")
      return
    }
    state.pointee.command = command
    state.pointee.count &+= 1
    if leadsToPads {
      beginOnPads()
    } else {
      let bits = command[bit: 18] ? userTransfer() : flashCommand(command)
      scheduler.schedule(event, after: bitTime &* UInt64(max(8, bits)))
    }
  }
  private func step() {
    if leadsToPads && state.pointee.bitwise { return stepBit() }
    if leadsToPads { transferUnseen() }
    finish()
  }
  private func finish() {
    state.pointee.command = 0
    self[.slave][bit: 4] = true
    if leadsToPads {
      finishDMA()
      stream?.end()
    }
    update()
  }
  /// Takes the mark of a transaction's end away, or sets it.
  func endSeen(_ seen: Bool = true) {
    self[.slave][bit: 4] = !seen
    update()
  }
  private func update() {
    irq.set(self[.slave][bit: 4] && self[.slave][bit: 9])
    dmaIRQ.set(self[.dmaIntRaw] & self[.dmaIntEna] != 0)
  }
  /// Stops what runs.
  private func stop() {
    scheduler.cancel(event)
    state.pointee.command = 0
    self[.slave][bit: 4] = false
    rest()
  }
  private var phases: Phases {
    let u = self[.user]
    var p = Phases()
    if u[bit: 31] { p.command = Int(self[.user2][bits: 28...31]) + 1 }
    if u[bit: 30] { p.address = Int(self[.user1][bits: 26...31]) + 1 }
    if u[bit: 29] { p.dummy = Int(self[.user1][bits: 0...7]) + 1 }
    if u[bit: 27] { p.mosi = Int(self[.mosiDlen] & 0xFF_FFFF) + 1 }
    if u[bit: 28] { p.miso = Int(self[.misoDlen] & 0xFF_FFFF) + 1 }
    p.duplex = u[bit: 0] && u[bit: 27]
    if p.duplex { p.miso = u[bit: 28] ? p.mosi : 0 }
    return p
  }

  // MARK: The flash's end, byte by byte

  private var selected: SPITarget? {
    for n in 0..<min(2, targets.count) where !self[.pin][bit: n] { return targets[n] }
    return nil
  }
  private func buffer(_ i: Int) -> UInt8 { UInt8(truncatingIfNeeded: self[.w0, i >> 2 & 15] >> UInt32((i & 3) * 8)) }
  private func setBuffer(_ i: Int, _ v: UInt8) { self[.w0, i >> 2 & 15][bits: (i & 3) * 8...(i & 3) * 8 + 7] = UInt32(v) }
  /// Bytes between the address and the data of the read commands; the controller's further dummy cycles make up for delays in the
  /// pads, which are not there here.
  private static func dummyBytes(_ opcode: UInt8) -> Int? {
    switch opcode {
    case 0x03: 0
    case 0x0B, 0x3B, 0x6B, 0xBB, 0x5A: 1
    case 0xEB: 3
    default: nil
    }
  }
  /// Runs a transaction that software composed; its length in clocks.
  private func userTransfer() -> Int {
    let p = phases, u = self[.user], target = selected
    var sent = 0, opcode: UInt8?
    target?.select()
    func transfer(_ b: UInt8) -> UInt8 {
      sent += 1
      return target?.transfer(b) ?? 0xFF
    }
    // What the chip misses of the command and the address, or of the data where there is neither.
    var missed = 0
    if targets.count > 1, target === targets[1] { missed = clockDelay() * (p.command == 0 && (u[bit: 13] || u[bit: 15]) ? 4 : 1) }
    let head = (0..<p.command + p.address).dropFirst(missed).map { headBit($0, p) }
    for i in stride(from: 0, to: head.count - 7, by: 8) {
      let b = head[i..<i + 8].reduce(UInt8(0)) { $0 << 1 | ($1 ? 1 : 0) }
      if i == 0 { opcode = b }
      _ = transfer(b)
    }
    let skipped = head.isEmpty ? min(missed, p.mosi) / 8 : 0
    if let dummies = opcode.flatMap(Self.dummyBytes), p.address > 0, p.miso > 0 {
      while sent < 4 + dummies { _ = transfer(0xFF) }
    } else {
      for _ in 0..<(p.dummy / 8) { _ = transfer(0xFF) }
    }
    let outBase = u[bit: 25] ? 32 : 0, inBase = u[bit: 24] ? 32 : 0
    if p.duplex {
      for i in 0..<min(64, (p.mosi + 7) / 8) { setBuffer(inBase + i, transfer(buffer(outBase + i))) }
    } else {
      for i in skipped..<max(skipped, min(64, (p.mosi + 7) / 8)) { _ = transfer(buffer(outBase + i)) }
      for i in 0..<min(64, (p.miso + 7) / 8) { setBuffer(inBase + i, transfer(0xFF)) }
    }
    target?.deselect()
    let lines = self[.ctrl][bit: 20] || self[.ctrl][bit: 24] ? 4 : self[.ctrl][bit: 14] || self[.ctrl][bit: 23] ? 2 : 1
    return p.command + p.address / (self[.ctrl][bit: 24] ? 4 : self[.ctrl][bit: 23] ? 2 : 1) + p.dummy + p.mosi + p.miso / (opcode == 0x03 ? 1 : lines)
  }
  /// A command that the controller knows; its length in clocks.
  private func flashCommand(_ command: UInt32) -> Int {
    let target = selected, address = self[.addr]
    var clocks = 0
    func send(_ opcode: UInt8, address withAddress: Bool = false, dummies: Int = 0, out: [UInt8] = [], count: Int = 0) -> [UInt8] {
      target?.select()
      _ = target?.transfer(opcode)
      if withAddress { for i in 0..<3 { _ = target?.transfer(UInt8(truncatingIfNeeded: address >> UInt32(16 - i * 8))) } }
      for _ in 0..<dummies { _ = target?.transfer(0xFF) }
      for b in out { _ = target?.transfer(b) }
      let bytes = (0..<count).map { _ in target?.transfer(0xFF) ?? 0xFF }
      target?.deselect()
      clocks = 8 * (1 + (withAddress ? 3 : 0) + dummies + out.count + count)
      return bytes
    }
    func store(_ bytes: [UInt8]) { for (i, b) in bytes.enumerated() { setBuffer(i, b) } }
    let length = min(64, Int(address >> 24)), ctrl = self[.ctrl]
    switch 31 - command.leadingZeroBitCount {
    case 31:
      let (opcode, dummies): (UInt8, Int) = !ctrl[bit: 13] ? (0x03, 0) : ctrl[bit: 24] ? (0xEB, 3) : ctrl[bit: 23] ? (0xBB, 1) : ctrl[bit: 20] ? (0x6B, 1) : ctrl[bit: 14] ? (0x3B, 1) : (0x0B, 1)
      store(send(opcode, address: true, dummies: dummies, count: length))
    case 30: _ = send(0x06)
    case 29: _ = send(0x04)
    case 28: store(send(0x9F, count: 3))
    case 27: self[.rdStatus][bits: 0...15] = UInt32(send(0x05, count: 1)[0])
    case 26:
      let status = self[.rdStatus]
      _ = send(0x01, out: [UInt8(truncatingIfNeeded: status)] + (ctrl[bit: 22] ? [UInt8(truncatingIfNeeded: status >> 8)] : []))
    case 25: _ = send(0x02, address: true, out: (0..<length).map(buffer))
    case 24: _ = send(0x20, address: true)
    case 23: _ = send(0xD8, address: true)
    case 22: _ = send(0xC7)
    case 21: _ = send(0xB9)
    case 20: _ = send(0xAB, dummies: 3)
    default: log?.once("\(name).cmd: a command of 0x\(String(command, radix: 16)) is not modelled and does nothing")
    }
    return clocks
  }

  // MARK: The pads' end

  private var idleHigh: Bool { self[.pin][bit: 29] }
  /// Data changes on the first edge of a bit and is read on the second.
  private var phase: Bool { idleHigh != self[.user][bit: 7] }
  /// Lines as they are between transactions.
  private func rest() {
    clk.set(idleHigh)
    guard state.pointee.command == 0 else { return }
    for n in 0..<3 { cs[n].set(!self[.pin][bit: 6 + n] != (self[.pin][bit: 30] && !self[.pin][bit: n] && state.pointee.count > 0)) }
  }
  private func beginOnPads() {
    let p = phases
    state.pointee.phases = p
    state.pointee.half = 0
    state.pointee.outBits = 0
    state.pointee.outIndex = 0
    state.pointee.incoming = 0
    state.pointee.inBits = 0
    state.pointee.inIndex = 0
    state.pointee.bitwise = isWatched()
    let bits = UInt64(max(1, p.total))
    guard state.pointee.bitwise, p.total > 0 else {
      state.pointee.bitwise = false
      return scheduler.schedule(event, after: bitTime &* bits)
    }
    for n in 0..<3 where !self[.pin][bit: n] { cs[n].set(self[.pin][bit: 6 + n]) }
    if !phase { showBit(0) }
    scheduler.schedule(event, after: bitTime / 2)
  }
  /// The next byte of the data that goes out.
  private func nextOut() -> UInt8 {
    let i = state.pointee.outIndex
    state.pointee.outIndex += 1
    if let b = stream?.take() { return b }
    if state.pointee.output.running { return state.pointee.output.take(memory) ?? 0 }
    return buffer((self[.user][bit: 25] ? 32 : 0) + i)
  }
  private func keep(_ b: UInt8) {
    let i = state.pointee.inIndex
    state.pointee.inIndex += 1
    if let stream, stream.put(b) { return }
    if state.pointee.input.running {
      var filled = false
      if state.pointee.input.put(b, memory, filled: &filled), filled { self[.dmaIntRaw][bit: 3] = true }
    } else {
      setBuffer((self[.user][bit: 24] ? 32 : 0) + i, b)
    }
  }
  /// The order of bits in a byte: CTRL's WR_BIT_ORDER and RD_BIT_ORDER.
  private func reversed(_ b: UInt8) -> UInt8 {
    var v = b, r: UInt8 = 0
    for _ in 0..<8 {
      r = r << 1 | v & 1
      v >>= 1
    }
    return r
  }
  /// A bit of the command, byte by byte from the low one, or of the address.
  private func headBit(_ n: Int, _ p: Phases) -> Bool {
    if n < p.command {
      let byte = UInt8(truncatingIfNeeded: self[.user2] >> UInt32(n / 8 * 8))
      return (self[.ctrl][bit: 26] ? byte >> UInt8(n & 7) : byte >> UInt8(7 - n & 7)) & 1 == 1
    }
    let n = n - p.command
    let address = addressIsRightAligned ? self[.addr] << UInt32(max(0, 32 - p.address)) : self[.addr]
    return n < 32 ? address[bit: 31 - n] : self[.slvWrStatus][bit: 31 - (n - 32) & 31]
  }
  private func showBit(_ n: Int) {
    let p = state.pointee.phases
    var n = n, level = false, drives = true
    let lsb = self[.ctrl][bit: 26]
    if n < p.command + p.address {
      level = headBit(n, p)
    } else {
      n -= p.command + p.address + p.dummy
      if n < 0 {
        drives = !self[.user][bit: 26]
      } else if n < p.mosi {
        if n & 7 == 0 { state.pointee.out = lsb ? reversed(nextOut()) : nextOut() }
        level = state.pointee.out & 0x80 != 0
        state.pointee.out <<= 1
      } else {
        drives = !self[.user][bit: 16]
      }
    }
    drivesMOSI = drives
    mosi.set(level)
    if self[.user][bit: 16] { onDrive() }
  }
  /// Whether MOSI is driven has changed.
  var onDrive: () -> Void = {}
  private func sampleBit(_ n: Int) {
    let p = state.pointee.phases, first = p.command + p.address + p.dummy + (p.duplex ? 0 : p.mosi)
    guard n >= first, n < first + p.miso else { return }
    let level = self[.user][bit: 16] ? state.pointee.dataIn : state.pointee.miso
    state.pointee.incoming = state.pointee.incoming << 1 | (level ? 1 : 0)
    state.pointee.inBits += 1
    if state.pointee.inBits == 8 { flushInput() }
  }
  private func flushInput() {
    guard state.pointee.inBits > 0 else { return }
    let b = state.pointee.incoming << UInt8(8 - state.pointee.inBits)
    keep(self[.ctrl][bit: 25] ? reversed(b) : b)
    state.pointee.incoming = 0
    state.pointee.inBits = 0
  }
  private func stepBit() {
    let half = state.pointee.half, n = half / 2, total = state.pointee.phases.total
    state.pointee.half += 1
    let first = half % 2 == 0
    clk.set(first != idleHigh)
    if first != phase {
      sampleBit(n)
    } else if phase {
      showBit(n)
    } else if n + 1 < total {
      showBit(n + 1)
    }
    if state.pointee.half < total * 2 { return scheduler.schedule(event, after: bitTime / 2) }
    flushInput()
    clk.set(idleHigh)
    finish()
    rest()
  }
  /// Nobody looks: the data line stands still.
  private func transferUnseen() {
    let p = state.pointee.phases
    for _ in 0..<((p.mosi + 7) / 8) { _ = nextOut() }
    let level: UInt8 = (self[.user][bit: 16] ? state.pointee.dataIn : state.pointee.miso) ? 0xFF : 0
    for _ in 0..<((p.miso + 7) / 8) { keep(level) }
  }
  private func finishDMA() {
    if state.pointee.output.running || state.pointee.output.descriptor != 0 {
      self[.outEofDesAddr] = state.pointee.output.descriptor
      self[.dmaIntRaw] |= 1 << 6 | 1 << 7 | 1 << 8
      state.pointee.output = ESP32Link()
    }
    if state.pointee.input.running || state.pointee.input.descriptor != 0 {
      if state.pointee.input.offset > 0 { state.pointee.input.close(memory, end: true) }
      self[.inSucEofDesAddr] = state.pointee.input.descriptor
      self[.dmaIntRaw] |= 1 << 3 | 1 << 5
      state.pointee.input = ESP32Link()
    }
  }
  func misoChanged(_ level: Bool) { state.pointee.miso = level }
  func dataChanged(_ level: Bool) { state.pointee.dataIn = level }
  public override func reset() {
    super.reset()
    scheduler.cancel(event)
    let s = state.pointee
    state.pointee = State()
    state.pointee.miso = s.miso
    state.pointee.dataIn = s.dataIn
    rest()
    update()
  }
}
