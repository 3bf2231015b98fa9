import Machine

extension ESP8266 {
  /// SPI0, which has the flash, and HSPI (SPI1) (spi_register.h): flash commands and free transfers of the W buffer.
  public final class SPI: RegisterDevice, RegisterNaming {
    public enum Register: UInt32, CaseIterable, Sendable {
      case spiCmd = 0x00, spiAddr = 0x04, spiCtrl = 0x08, spiCtrl1 = 0x0C, spiRdStatus = 0x10, spiCtrl2 = 0x14, spiClock = 0x18, spiUser = 0x1C
      case spiUser1 = 0x20, spiUser2 = 0x24, spiWrStatus = 0x28, spiPin = 0x2C, spiSlave = 0x30, spiSlave1 = 0x34, spiSlave2 = 0x38, spiSlave3 = 0x3C
      case spiW0 = 0x40, spiExt0 = 0xF0, spiExt1 = 0xF4, spiExt2 = 0xF8, spiExt3 = 0xFC
    }
    static let map = RegisterMap<SPI> { r in
      r[.spiCmd].bits(0...17).onRead { d in d.command }.onWrite { d, v in d.begin(v) }
      r[.spiAddr].bits(0...31)
      r[.spiCtrl].bits(0...31)
      r[.spiCtrl1].bits(0...31)
      r[.spiRdStatus].bits(0...31)
      r[.spiCtrl2].bits(0...31)
      r[.spiClock].bits(0...31).reset(0x8000_3043)
      r[.spiUser].bits(0...31).reset(0x8000_0040)
      r[.spiUser1].bits(0...31).reset(0x5C00_0000)
      r[.spiUser2].bits(0...31).reset(0x7000_0000)
      r[.spiWrStatus].bits(0...31)
      r[.spiPin].bits(0...31).reset(0x1E).onWrite { d, _ in d.rest() }
      r[.spiSlave].bits(0...31).onWrite { d, _ in d.updateInterrupt() }
      r[.spiSlave1].bits(0...31)
      r[.spiSlave2].bits(0...31)
      r[.spiSlave3].bits(0...31)
      r[.spiW0, count: 16].bits(0...31)
      r[.spiExt0].bits(0...31)
      r[.spiExt1].bits(0...31)
      // The state machine: 0 is idle.
      r[.spiExt2].onRead { d in d.command == 0 ? 0 : 1 }
      r[.spiExt3].bits(0...31)
    }
    struct State: BitwiseCopyable {
      var busyUntil: UInt64 = 0, running: UInt32 = 0
      /// A transfer shown bit by bit: phase of the clock, bits done.
      var bit: UInt32 = 0, total: UInt32 = 0, high = false, shown = false
    }
    private let state: UnsafeMutablePointer<State>
    /// Bits of the longest transfer: 16 of command, 64 of address, 256 of dummy, 512 each way.
    private static let longest = 16 + 64 + 256 + 1024
    /// The transfer's outgoing bits, first bit first.
    private let out: UnsafeMutablePointer<UInt8>
    private let scheduler: Scheduler
    private let apb: UnsafeMutablePointer<Clock>
    private var done, edge: Scheduler.Event!
    /// The flash, which sees whole commands.
    public var target: SPITarget?
    public let irq: Line
    /// The signals at the pads: CLK, MOSI (SPID) and CS0, which is low while selected.
    public let clk, mosi, cs0: Line
    /// Whether something looks at the pads: else no waveform is made.
    var isWatched: () -> Bool = { false }
    /// MISO (SPIQ) at its pad.
    var miso: () -> Bool = { true }
    /// IO_MUX_CONF: the clock is the bus clock itself.
    var isSystemClock: () -> Bool = { false }

    init(name: String, arena: StateArena, scheduler: Scheduler, apb: UnsafeMutablePointer<Clock>) {
      self.scheduler = scheduler
      self.apb = apb
      state = arena.allocate("\(name).state", initial: State())
      out = arena.allocate("\(name).out", count: Self.longest, initial: UInt8(0))
      irq = Line("\(name).IRQ", arena: arena)
      clk = Line("\(name).CLK", arena: arena)
      mosi = Line("\(name).MOSI", arena: arena)
      cs0 = Line("\(name).CS0", arena: arena)
      super.init(Self.map, name: name, arena: arena)
      cs0.set(true)
      done = scheduler.event("\(name).done") { [unowned self] _ in finish() }
      edge = scheduler.event("\(name).edge") { [unowned self] _ in nextEdge() }
    }
    /// The bits of CMD that read 1 while their command runs.
    private var command: UInt32 { state.pointee.shown || scheduler.now < state.pointee.busyUntil ? state.pointee.running : 0 }
    /// Picoseconds of one clock.
    private var period: UInt64 {
      let c = self[.spiClock], f = max(1, apb.pointee.frequency256)
      let divider = c[bit: 31] || isSystemClock() ? 1 : UInt64(c[bits: 18...30] + 1) * UInt64(c[bits: 12...17] + 1)
      return max(2, UInt64(truncatingIfNeeded: UInt128(divider) * UInt128(Clock.picosecondsPerSecond * 256) / UInt128(f)))
    }
    private func begin(_ v: UInt32) {
      guard command == 0, v >> 18 != 0 else { return }
      let bits = v[bit: 18] ? user() : flash(v)
      state.pointee.running = v & ~0x3_FFFF
      if state.pointee.shown { return }
      // Its time is that of the bits on the wire. Whoever polls for the end needs no event.
      state.pointee.busyUntil = scheduler.now &+ UInt64(bits) &* period
      if self[.spiSlave][bits: 5...9] != 0 { scheduler.schedule(done, at: state.pointee.busyUntil) } else { self[.spiSlave] |= 1 << 4 }
    }
    private func finish() {
      self[.spiSlave] |= 1 << 4
      updateInterrupt()
    }
    private func updateInterrupt() { irq.set(self[.spiSlave][bits: 0...4] & self[.spiSlave][bits: 5...9] != 0) }

    // MARK: Flash commands

    private func byte(_ i: Int) -> UInt8 { UInt8(truncatingIfNeeded: self[.spiW0, i / 4 & 15] >> UInt32(i % 4 * 8)) }
    private func setByte(_ i: Int, _ v: UInt8) {
      let shift = UInt32(i % 4 * 8)
      self[.spiW0, i / 4 & 15] = self[.spiW0, i / 4 & 15] & ~(0xFF << shift) | UInt32(v) << shift
    }
    private func send(_ bytes: UInt8...) { for b in bytes { _ = target?.transfer(b) } }
    private func sendAddress() {
      let a = self[.spiAddr]
      send(UInt8(truncatingIfNeeded: a >> 16), UInt8(truncatingIfNeeded: a >> 8), UInt8(truncatingIfNeeded: a))
    }
    /// One of the commands that CMD has a bit for; how many clocks it takes.
    private func flash(_ v: UInt32) -> Int {
      guard let target else { return 8 }
      // The controller's own waiting for the flash between two of its commands.
      target.select()
      var bits = 8
      let length = min(64, Int(self[.spiAddr] >> 24))
      if v[bit: 31] {
        send(0x03)
        sendAddress()
        for i in 0..<length { setByte(i, target.transfer(0)) }
        bits = 32 + length * 8
      } else if v[bit: 30] {
        send(0x06)
      } else if v[bit: 29] {
        send(0x04)
      } else if v[bit: 28] {
        send(0x9F)
        for i in 0..<3 { setByte(i, target.transfer(0)) }
        setByte(3, 0)
        bits = 32
      } else if v[bit: 27] {
        send(0x05)
        self[.spiRdStatus] = UInt32(target.transfer(0))
        if self[.spiCtrl][bit: 22] {
          target.deselect()
          target.select()
          send(0x35)
          self[.spiRdStatus] |= UInt32(target.transfer(0)) << 8
        }
        bits = 16
      } else if v[bit: 26] {
        send(0x01, UInt8(truncatingIfNeeded: self[.spiRdStatus]))
        if self[.spiCtrl][bit: 22] { send(UInt8(truncatingIfNeeded: self[.spiRdStatus] >> 8)) }
        bits = 24
      } else if v[bit: 25] {
        send(0x02)
        sendAddress()
        for i in 0..<length { send(byte(i)) }
        bits = 32 + length * 8
      } else if v[bit: 24] {
        send(0x20)
        sendAddress()
        bits = 32
      } else if v[bit: 23] {
        send(0xD8)
        sendAddress()
        bits = 32
      } else if v[bit: 22] {
        send(0xC7)
      } else if v[bit: 21] {
        send(0xB9)
      } else if v[bit: 20] {
        send(0xAB, 0, 0, 0)
        setByte(0, target.transfer(0))
        bits = 40
      }
      target.deselect()
      return bits
    }

    // MARK: Free transfers

    private var hasCommand: Bool { self[.spiUser][bit: 31] }
    private var hasAddress: Bool { self[.spiUser][bit: 30] }
    private var hasDummy: Bool { self[.spiUser][bit: 29] }
    private var hasMISO: Bool { self[.spiUser][bit: 28] }
    private var hasMOSI: Bool { self[.spiUser][bit: 27] }
    private var isDuplex: Bool { self[.spiUser][bit: 0] }
    private var lengths: (command: Int, address: Int, dummy: Int, mosi: Int, miso: Int) {
      let u1 = self[.spiUser1]
      return (
        hasCommand ? Int(self[.spiUser2][bits: 28...31]) + 1 : 0, hasAddress ? Int(u1[bits: 26...31]) + 1 : 0, hasDummy ? Int(u1[bits: 0...7]) + 1 : 0,
        hasMOSI ? min(512, Int(u1[bits: 17...25]) + 1) : 0, hasMISO && !isDuplex ? min(512, Int(u1[bits: 8...16]) + 1) : 0
      )
    }
    /// Bit `i` of the data phase in the W buffer: which word's which bit.
    private func place(_ i: Int, highPart: Bool, bigEndian: Bool, leastFirst: Bool) -> (word: Int, bit: Int) {
      let base = highPart ? 8 : 0
      let byte = i / 8, bit = leastFirst ? i % 8 : 7 - i % 8
      return ((base + byte / 4) & 15, (bigEndian ? 3 - byte % 4 : byte % 4) * 8 + bit)
    }
    private func mosiBit(_ i: Int) -> Bool {
      let p = place(i, highPart: self[.spiUser][bit: 25], bigEndian: self[.spiUser][bit: 11], leastFirst: self[.spiCtrl][bit: 26])
      return self[.spiW0, p.word][bit: p.bit]
    }
    private func setMISO(_ i: Int, _ v: Bool) {
      let p = place(i, highPart: self[.spiUser][bit: 24], bigEndian: self[.spiUser][bit: 10], leastFirst: self[.spiCtrl][bit: 25])
      self[.spiW0, p.word][bit: p.bit] = v
    }
    /// A transfer as USER, USER1 and USER2 describe it; how many clocks it takes.
    private func user() -> Int {
      let n = lengths
      var count = 0
      func put(_ v: Bool) {
        out[count] = v ? 1 : 0
        count += 1
      }
      // The command's low byte goes first; the address and its bits from the top.
      let command = self[.spiUser2][bits: 0...15], address = self[.spiAddr]
      for i in 0..<n.command { put(command[bit: n.command <= 8 ? n.command - 1 - i : (i / 8 * 8 + 7 - i % 8) & 15]) }
      for i in 0..<n.address { put(address[bit: max(0, 31 - i)]) }
      for _ in 0..<n.dummy { put(false) }
      for i in 0..<n.mosi { put(mosiBit(i)) }
      for _ in 0..<n.miso { put(false) }
      let dataStart = isDuplex ? n.command + n.address + n.dummy : count - n.miso
      if let target {
        // Whole bytes to the flash.
        target.select()
        var at = 0
        while at < count {
          var b: UInt8 = 0
          for i in 0..<8 { b = b << 1 | (at + i < count ? out[at + i] : 0) }
          let r = target.transfer(b)
          if isDuplex ? at >= dataStart : n.miso > 0 { for i in 0..<8 where at + i >= dataStart && at + i < count { setMISO(at + i - dataStart, r >> UInt8(7 - i) & 1 == 1) } }
          at += 8
        }
        target.deselect()
        return count
      }
      state.pointee.bit = 0
      state.pointee.total = UInt32(count)
      state.pointee.high = false
      state.pointee.shown = count > 0 && isWatched()
      if state.pointee.shown {
        cs0.set(self[.spiPin][bit: 0])
        clk.set(idleHigh)
        if !outOnSecond { mosi.set(out[0] == 1) }
        scheduler.schedule(edge, after: period / 2)
      } else {
        let level = miso()
        for i in dataStart..<max(dataStart, count) where isDuplex || n.miso > 0 { setMISO(i - dataStart, level) }
      }
      return count
    }
    /// CPOL by SPI_IDLE_EDGE; CPHA by SPI_CK_OUT_EDGE against it (RTOS SDK, spi.c: out edge = CPOL xor CPHA for a master).
    private var idleHigh: Bool { self[.spiPin][bit: 29] }
    private var outOnSecond: Bool { self[.spiUser][bit: 7] != idleHigh }
    private func rest() { if !state.pointee.shown { clk.set(idleHigh) } }
    /// One edge of the clock: a leading one, then a trailing one, per bit.
    private func nextEdge() {
      let s = state.pointee, i = Int(s.bit)
      func sampleBit() {
        let n = lengths, start = isDuplex ? n.command + n.address + n.dummy : Int(s.total) - n.miso
        if i >= start && (isDuplex || n.miso > 0) { setMISO(i - start, miso()) }
      }
      if !s.high {
        clk.set(!idleHigh)
        if outOnSecond { mosi.set(out[min(i, Self.longest - 1)] == 1) } else { sampleBit() }
        state.pointee.high = true
      } else {
        clk.set(idleHigh)
        if outOnSecond { sampleBit() } else if s.bit + 1 < s.total { mosi.set(out[min(i + 1, Self.longest - 1)] == 1) }
        state.pointee.high = false
        state.pointee.bit += 1
        if s.bit + 1 >= s.total {
          state.pointee.shown = false
          cs0.set(true)
          return finish()
        }
      }
      scheduler.schedule(edge, after: period / 2)
    }
    public override func reset() {
      super.reset()
      scheduler.cancel(done)
      scheduler.cancel(edge)
      state.pointee = State()
      cs0.set(true)
      clk.set(false)
      updateInterrupt()
    }
  }
}
