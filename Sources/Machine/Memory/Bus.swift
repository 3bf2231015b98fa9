/// What a bus access gave: the value, what it cost beyond the core's own cycles, and whether it faulted.
public struct BusResult: BitwiseCopyable, Sendable {
  public var value: UInt32 = 0
  public var waitCycles: UInt32 = 0
  public var fault = false
  @inlinable public init(value: UInt32 = 0, waitCycles: UInt32 = 0, fault: Bool = false) {
    self.value = value
    self.waitCycles = waitCycles
    self.fault = fault
  }
}

/// Routes addresses to devices and memory: the slow path of the cores and the path of DMA.
///
/// A page table of 4 KiB pages; an entry names a memory region or a device with the write mode of its alias.
public final class Bus {
  struct Page {
    var device: Unmanaged<Device>?
    var memory: UnsafeMutableRawPointer?  // the page's first byte
    var base: UInt32 = 0
    var mode = WriteMode.normal
    var writable = false
    var ignoresWrites = false
    var bytewise = false
    var readWait: UInt8 = 0, writeWait: UInt8 = 0
  }
  private let directory: UnsafeMutablePointer<UnsafeMutablePointer<Page>?>  // by address bits 31:22
  private var devices: [Device] = []
  /// Called after a store to memory, so that cores drop decoded code: (address, size).
  public var onMemoryWrite: ((UInt32, Int) -> Void)?
  public var log: Log?

  public init() {
    directory = .allocate(capacity: 1024)
    directory.initialize(repeating: nil, count: 1024)
  }
  deinit {
    for i in 0..<1024 { directory[i]?.deallocate() }
    directory.deallocate()
  }
  private func page(_ number: UInt32) -> UnsafeMutablePointer<Page> {
    let i = Int(number >> 10)
    if directory[i] == nil {
      let table = UnsafeMutablePointer<Page>.allocate(capacity: 1024)
      table.initialize(repeating: Page(), count: 1024)
      directory[i] = table
    }
    return directory[i]! + Int(number & 1023)
  }
  /// Maps a device at `base` for `size` bytes (whole 4 KiB pages). `bytewise`: takes true byte and halfword writes
  /// as memory does, by read and merge; otherwise a narrow write is replicated over the word.
  public func map(_ device: Device, at base: UInt32, size: UInt32 = 0x1000, mode: WriteMode = .normal, bytewise: Bool = false, readWait: UInt8 = 0, writeWait: UInt8 = 0) {
    if !devices.contains(where: { $0 === device }) { devices.append(device) }
    for n in 0..<((size + 0xFFF) >> 12) {
      page((base >> 12) &+ n).pointee = Page(device: .passUnretained(device), base: base, mode: mode, bytewise: bytewise, readWait: readWait, writeWait: writeWait)
    }
  }
  /// Maps memory: `pointer` has `size` bytes (whole 4 KiB pages). A write where it is not writable faults, unless
  /// `ignoresWrites`.
  public func map(memory pointer: UnsafeMutableRawPointer, at base: UInt32, size: UInt32, writable: Bool, ignoresWrites: Bool = false) {
    for n in 0..<(size >> 12) {
      page((base >> 12) &+ n).pointee = Page(memory: pointer + Int(n) << 12, base: base &+ n << 12, writable: writable, ignoresWrites: ignoresWrites)
    }
  }
  public func unmap(_ base: UInt32, size: UInt32) {
    for n in 0..<(size >> 12) { page((base >> 12) &+ n).pointee = Page() }
  }

  /// Whether `count` bytes at `address` are memory.
  public func isMemory(_ address: UInt32, count: UInt32, writable: Bool) -> Bool {
    guard count > 0, address <= .max - count else { return false }
    for n in address >> 12...(address + count - 1) >> 12 {
      guard let table = directory[Int(n >> 10)], table[Int(n & 1023)].memory != nil, !writable || table[Int(n & 1023)].writable else { return false }
    }
    return true
  }
  /// Whether reads at `address` give the same and change nothing until the next event (`Device.isSteady`).
  public func isSteady(_ address: UInt32) -> Bool {
    guard let p = directory[Int(address >> 22)].map({ $0 + Int((address >> 12) & 1023) }), let device = p.pointee.device else { return false }
    return device._withUnsafeGuaranteedRef { $0.isSteady(at: (address & ~3) &- p.pointee.base) }
  }
  /// Reads 1, 2 or 4 bytes at an address aligned to `size`.
  public func read(_ address: UInt32, size: Int) -> BusResult {
    guard let table = directory[Int(address >> 22)] else { return BusResult(fault: true) }
    let p = table + Int((address >> 12) & 1023)
    if let memory = p.pointee.memory {
      let q = memory + Int(address & 0xFFF)
      switch size {
      case 1: return BusResult(value: UInt32(q.load(as: UInt8.self)))
      case 2: return BusResult(value: UInt32(q.load(as: UInt16.self)))
      default: return BusResult(value: q.load(as: UInt32.self))
      }
    }
    guard let device = p.pointee.device else { return BusResult(fault: true) }
    let base = p.pointee.base
    let word = device._withUnsafeGuaranteedRef { $0.read32(at: (address & ~3) &- base) }
    let lane = word >> ((address & 3) * 8)
    return BusResult(value: size == 4 ? word : size == 2 ? lane & 0xFFFF : lane & 0xFF, waitCycles: UInt32(p.pointee.readWait))
  }
  /// Writes the low 1, 2 or 4 bytes of `value` at an address aligned to `size`.
  public func write(_ address: UInt32, _ value: UInt32, size: Int) -> BusResult {
    guard let table = directory[Int(address >> 22)] else { return BusResult(fault: true) }
    let p = table + Int((address >> 12) & 1023)
    if let memory = p.pointee.memory {
      guard p.pointee.writable else { return BusResult(fault: !p.pointee.ignoresWrites) }
      let q = memory + Int(address & 0xFFF)
      switch size {
      case 1: q.storeBytes(of: UInt8(truncatingIfNeeded: value), as: UInt8.self)
      case 2: q.storeBytes(of: UInt16(truncatingIfNeeded: value), as: UInt16.self)
      default: q.storeBytes(of: value, as: UInt32.self)
      }
      onMemoryWrite?(address, size)
      return BusResult()
    }
    guard let device = p.pointee.device else { return BusResult(fault: true) }
    let offset = (address & ~3) &- p.pointee.base
    var word = value
    if size != 4 {
      if p.pointee.bytewise {
        let shift = (address & 3) * 8, mask: UInt32 = (size == 2 ? 0xFFFF : 0xFF) << shift
        let old = device._withUnsafeGuaranteedRef { $0.read32(at: offset) }
        word = (old & ~mask) | ((value << shift) & mask)
      } else {
        word = size == 2 ? (value & 0xFFFF) &* 0x10001 : (value & 0xFF) &* 0x0101_0101
      }
    }
    let mode = p.pointee.mode
    if mode == .normal {
      device._withUnsafeGuaranteedRef { $0.write32(word, at: offset) }
    } else {
      device._withUnsafeGuaranteedRef { $0.write32(word, at: offset, mode: mode) }
    }
    return BusResult(waitCycles: UInt32(p.pointee.writeWait))
  }
}
