import Machine

/// A serial NOR flash of Winbond's W25Q family (W25Q16JV datasheet, revision H).
public final class W25Q: SPITarget {
  struct State: BitwiseCopyable {
    var command: UInt8 = 0
    var count: UInt32 = 0  // bytes since select, the command included
    var address: UInt32 = 0
    var status1: UInt8 = 0, status2: UInt8 = 0x02, status3: UInt8 = 0x60
    var busyUntil: UInt64 = 0
    var resetArmed = false, poweredDown = false, selected = false
    var continuous = false, leaving = false
    var pageCount: UInt32 = 0
    /// The program or erase under way: its bytes and how long it takes.
    var changeBase = 0, changeCount = 0, changeTime: UInt64 = 0
  }
  public let memory: Memory
  private let state: UnsafeMutablePointer<State>
  private let page: UnsafeMutablePointer<UInt8>
  /// What the bytes under way were, as much of them as a block holds.
  private let before: UnsafeMutablePointer<UInt8>
  private static let block = 65536
  private let scheduler: Scheduler
  /// The 64-bit unique id of command 4Bh.
  public let uniqueID: UInt64
  /// Told which bytes changed: (offset, count).
  public var onChange: (Int, Int) -> Void = { _, _ in }

  public init(name: String, memory: Memory, uniqueID: UInt64, arena: StateArena, scheduler: Scheduler) {
    self.memory = memory
    self.uniqueID = uniqueID
    self.scheduler = scheduler
    state = arena.allocate("\(name).state", initial: State())
    page = arena.allocate("\(name).page", count: 256, initial: UInt8(0xFF))
    before = arena.allocate("\(name).before", count: Self.block, initial: UInt8(0xFF))
  }
  /// The address bits that the chip decodes.
  private var mask: UInt32 { UInt32(truncatingIfNeeded: memory.size - 1) }
  /// log2 of the size, the last byte of the JEDEC id.
  private var capacity: UInt8 { UInt8(truncatingIfNeeded: memory.size.trailingZeroBitCount) }
  private var isBusy: Bool { scheduler.now < state.pointee.busyUntil }
  // §9.6: typical times, in picoseconds; a page that is written in part takes tBP1 for the first byte and tBP2 for each other.
  private enum Duration { static let page: UInt64 = 400_000_000, byte: UInt64 = 30_000_000, nextByte: UInt64 = 2_500_000, sector: UInt64 = 45_000_000_000, block32: UInt64 = 120_000_000_000, block64: UInt64 = 150_000_000_000, status: UInt64 = 10_000_000_000 }
  private var chipEraseTime: UInt64 { UInt64(memory.size >> 20) * 2_500_000_000_000 }

  public func select() {
    state.pointee.count = 0
    state.pointee.selected = true
    state.pointee.pageCount = 0
  }
  /// A read in an address-only mode has begun with the mode bits `mode`: 1010xxxx stays in it (§8.2.9).
  public func enterContinuousRead(mode: UInt8) { state.pointee.continuous = mode & 0x30 == 0x20 }

  public func transfer(_ byte: UInt8) -> UInt8 {
    guard state.pointee.selected else { return 0xFF }
    let n = state.pointee.count
    state.pointee.count &+= 1
    if n == 0 {
      if state.pointee.continuous {
        // No command: eight address and mode clocks on four lines. Idle high lines leave the mode.
        state.pointee.command = 0
        if byte & 0x0F == 0x0F { state.pointee.leaving = true }
        return 0xFF
      }
      state.pointee.command = byte
      state.pointee.address = 0
      if byte == 0x02 || byte == 0x32 { for i in 0..<256 { page[i] = 0xFF } }
      return 0xFF
    }
    guard !state.pointee.continuous else { return 0xFF }
    return respond(n, byte)
  }
  private func respond(_ n: UInt32, _ byte: UInt8) -> UInt8 {
    let command = state.pointee.command
    if isBusy && ![0x05, 0x35, 0x15].contains(command) { return 0xFF }
    if state.pointee.poweredDown && command != 0xAB { return 0xFF }
    func read(after dummies: UInt32) -> UInt8 {
      if n <= 3 {
        state.pointee.address = state.pointee.address << 8 | UInt32(byte)
        return 0xFF
      }
      guard n > 3 + dummies else { return 0xFF }
      let v = memory.bytes[Int(state.pointee.address & mask)]
      state.pointee.address &+= 1
      return v
    }
    switch command {
    case 0x05: return state.pointee.status1 & 0xFE | (isBusy ? 1 : 0)
    case 0x35: return state.pointee.status2
    case 0x15: return state.pointee.status3
    case 0x9F:
      switch (n - 1) % 3 {
      case 0: return 0xEF
      case 1: return 0x40
      default: return capacity
      }
    case 0x90, 0x92, 0x94:
      guard n > 3 else {
        state.pointee.address = state.pointee.address << 8 | UInt32(byte)
        return 0xFF
      }
      return (n & 1 == 0) != (state.pointee.address & 1 == 1) ? 0xEF : capacity &- 1
    case 0xAB: return n > 3 ? capacity &- 1 : 0xFF
    case 0x4B:
      guard n > 4 else { return 0xFF }
      return UInt8(truncatingIfNeeded: uniqueID >> UInt64(56 &- (Int(n - 5) & 7) * 8))
    case 0x5A:
      guard n > 4 else {
        if n <= 3 { state.pointee.address = state.pointee.address << 8 | UInt32(byte) }
        return 0xFF
      }
      let at = Int(state.pointee.address & 0xFF)
      state.pointee.address &+= 1
      return sfdp(at)
    case 0x03: return read(after: 0)
    case 0x0B, 0x3B, 0x6B: return read(after: 1)
    case 0xBB: return read(after: 1)
    case 0xEB: return read(after: 3)
    case 0x02, 0x32:
      if n <= 3 {
        state.pointee.address = state.pointee.address << 8 | UInt32(byte)
      } else {
        // More than a page wraps within it: the last 256 bytes count (§8.2.13).
        page[Int((state.pointee.address &+ state.pointee.pageCount) & 0xFF)] = byte
        state.pointee.pageCount &+= 1
      }
      return 0xFF
    case 0x20, 0x52, 0xD8:
      if n <= 3 { state.pointee.address = state.pointee.address << 8 | UInt32(byte) }
      return 0xFF
    case 0x01:
      if n == 1 { state.pointee.address = UInt32(byte) } else if n == 2 { state.pointee.address |= UInt32(byte) << 8 }
      return 0xFF
    case 0x31, 0x11:
      if n == 1 { state.pointee.address = UInt32(byte) }
      return 0xFF
    default: return 0xFF
    }
  }
  public func deselect() {
    guard state.pointee.selected else { return }
    state.pointee.selected = false
    if state.pointee.continuous {
      if state.pointee.leaving { state.pointee.continuous = false }
      state.pointee.leaving = false
      return
    }
    let command = state.pointee.command, n = state.pointee.count
    guard n > 0 else { return }
    if command != 0x99 { state.pointee.resetArmed = command == 0x66 }
    if isBusy { return }
    if state.pointee.poweredDown {
      if command == 0xAB { state.pointee.poweredDown = false }
      return
    }
    let enabled = state.pointee.status1 & 2 != 0
    switch command {
    case 0x06, 0x50: state.pointee.status1 |= 2
    case 0x04: state.pointee.status1 &= ~2
    case 0xB9: state.pointee.poweredDown = true
    case 0x99:
      if state.pointee.resetArmed {
        state.pointee.status1 &= ~2
        state.pointee.continuous = false
      }
      state.pointee.resetArmed = false
    case 0x01 where enabled && n >= 2:
      state.pointee.status1 = state.pointee.status1 & 3 | UInt8(truncatingIfNeeded: state.pointee.address) & 0xFC
      if n >= 3 { state.pointee.status2 = UInt8(truncatingIfNeeded: state.pointee.address >> 8) }
      state.pointee.changeCount = 0
      finish(after: Duration.status)
    case 0x31 where enabled && n >= 2:
      state.pointee.status2 = UInt8(truncatingIfNeeded: state.pointee.address)
      state.pointee.changeCount = 0
      finish(after: Duration.status)
    case 0x11 where enabled && n >= 2:
      state.pointee.status3 = UInt8(truncatingIfNeeded: state.pointee.address)
      state.pointee.changeCount = 0
      finish(after: Duration.status)
    case 0x02 where enabled && n > 4, 0x32 where enabled && n > 4: program()
    case 0x20 where enabled && n >= 4: erase(4096, Duration.sector)
    case 0x52 where enabled && n >= 4: erase(32768, Duration.block32)
    case 0xD8 where enabled && n >= 4: erase(65536, Duration.block64)
    case 0xC7 where enabled, 0x60 where enabled:
      state.pointee.address = 0
      erase(memory.size, chipEraseTime)
    default: break
    }
  }
  private func finish(after time: UInt64) {
    state.pointee.status1 &= ~2
    state.pointee.busyUntil = scheduler.now &+ time
  }
  private func begin(_ base: Int, _ count: Int, _ time: UInt64) {
    state.pointee.changeBase = base
    state.pointee.changeCount = min(count, Self.block)
    state.pointee.changeTime = time
    before.update(from: memory.bytes + base, count: state.pointee.changeCount)
  }
  /// The supply goes away. A program or erase that is under way leaves some of its bits changed: the more, the longer
  /// it had lasted. Which ones nobody can tell; here a generator seeded with the time does.
  public func powerLost() {
    let s = state.pointee
    if isBusy, s.changeTime > 0, s.changeCount > 0 {
      let done = UInt32(truncatingIfNeeded: (s.changeTime &- min(s.changeTime, s.busyUntil &- scheduler.now)) &* 65536 / s.changeTime)
      var random = scheduler.now | 1
      for i in 0..<s.changeCount {
        var changed: UInt8 = 0
        for bit in 0..<8 {
          random ^= random << 13
          random ^= random >> 7
          random ^= random << 17
          if UInt32(truncatingIfNeeded: random) & 0xFFFF < done { changed |= 1 << UInt8(bit) }
        }
        let at = s.changeBase + i
        memory.bytes[at] = memory.bytes[at] & changed | before[i] & ~changed
      }
      onChange(s.changeBase, s.changeCount)
    }
    state.pointee = State()
    state.pointee.status2 = s.status2
    state.pointee.status3 = s.status3
  }
  private func program() {
    let base = Int(state.pointee.address & mask & ~0xFF)
    let time = min(Duration.page, Duration.byte + UInt64(min(state.pointee.pageCount, 256) &- 1) * Duration.nextByte)
    begin(base, 256, time)
    for i in 0..<256 { memory.bytes[base + i] &= page[i] }
    onChange(base, 256)
    finish(after: time)
  }
  private func erase(_ size: Int, _ time: UInt64) {
    let base = Int(state.pointee.address & mask) & ~(size - 1)
    let count = min(size, memory.size - base)
    begin(base, count, time)
    (memory.bytes + base).update(repeating: 0xFF, count: count)
    onChange(base, count)
    finish(after: time)
  }
  /// Serial Flash Discoverable Parameters: the header and the density word of the basic table (JESD216).
  private func sfdp(_ at: Int) -> UInt8 {
    let header: [UInt8] = [0x53, 0x46, 0x44, 0x50, 0x05, 0x01, 0x00, 0xFF, 0x00, 0x05, 0x01, 0x10, 0x80, 0x00, 0x00, 0xFF]
    if at < header.count { return header[at] }
    let bits = UInt32(truncatingIfNeeded: memory.size * 8 - 1)
    switch at {
    case 0x80: return 0xE5
    case 0x81: return 0x20
    case 0x82: return 0xF9
    case 0x83: return 0xFF
    case 0x84..<0x88: return UInt8(truncatingIfNeeded: bits >> UInt32((at - 0x84) * 8))
    default: return 0xFF
    }
  }
}
