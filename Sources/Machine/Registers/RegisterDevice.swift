/// A device whose registers are declared in a `RegisterMap`.
open class RegisterDevice: Device {
  @usableFromInline final let words: UnsafeMutablePointer<UInt32>
  @usableFromInline final let entries: UnsafePointer<RegisterEntry>
  @usableFromInline final let count: Int
  private let registerName: (UInt32) -> String

  public init<Owner>(_ map: RegisterMap<Owner>, name: String, arena: StateArena) {
    count = map.count
    entries = UnsafePointer(map.entries)
    words = arena.allocate("\(name).registers", count: map.count, initial: UInt32(0))
    for i in 0..<map.count { words[i] = map.entries[i].reset }
    registerName = map.name(at:)
    super.init(name: name)
  }
  /// Whether the device models a register at `offset`.
  public final func knows(_ offset: UInt32) -> Bool { Int(offset >> 2) < count && entries[Int(offset >> 2)].known }
  /// All registers to their reset values. Override to stop what runs, and call super.
  open override func reset() { for i in 0..<count { words[i] = entries[i].reset } }

  /// The stored word at a byte offset, without side effects; 0 beyond the last register.
  @inlinable public final subscript(word offset: UInt32) -> UInt32 {
    get { Int(offset / 4) < count ? words[Int(offset / 4)] : 0 }
    set { if Int(offset / 4) < count { words[Int(offset / 4)] = newValue } }
  }
  public final override func read32(at offset: UInt32) -> UInt32 {
    let i = Int(offset >> 2)
    guard i < count else { return unmodelled(offset, write: nil) }
    let e = entries + i
    if let f = e.pointee.onRead { return f(self, Int(e.pointee.index)) }
    if !e.pointee.known { return unmodelled(offset, write: nil) }
    return words[i]
  }
  public final override func write32(_ value: UInt32, at offset: UInt32) { write32(value, at: offset, mode: .normal) }

  public final override func write32(_ value: UInt32, at offset: UInt32, mode: WriteMode) {
    let i = Int(offset >> 2)
    guard i < count, entries[i].known else { _ = unmodelled(offset, write: value); return }
    let e = entries + i, old = words[i], s = e.pointee.stores
    var effective = value
    // An alias computes stored bits from their old value; a one still clears write-one-to-clear bits, and a clear
    // triggers nothing (SDK: hw_clear_bits(&timer_hw->intr, bit), usb_hw_clear->buf_status).
    switch mode {
    case .normal: break
    case .set: effective = ((old | value) & s) | (value & ~s)
    case .clear: effective = (old & ~value & s) | (value & ~s & e.pointee.clears)
    case .xor: effective = ((old ^ value) & s) | (value & ~s)
    }
    words[i] = ((((old & ~s) | (effective & s)) & ~(effective & e.pointee.clears)) | (effective & e.pointee.sets)) ^ (effective & e.pointee.toggles)
    if let f = e.pointee.onWrite { f(self, Int(e.pointee.index), effective) }
  }
  @inline(never) private func unmodelled(_ offset: UInt32, write value: UInt32?) -> UInt32 {
    log?.unmodelled(device: name, register: registerName(offset), write: value)
    return 0
  }
}

/// Names the registers of a `RegisterDevice`.
public protocol RegisterNaming: RegisterDevice, SendableMetatype {
  associatedtype Register: RawRepresentable, CaseIterable, Sendable where Register.RawValue == UInt32
}
extension RegisterNaming {
  /// The stored word, without side effects.
  @inlinable public subscript(_ r: Register) -> UInt32 {
    get { words[Int(r.rawValue / 4)] }
    set { words[Int(r.rawValue / 4)] = newValue }
  }
  /// The stored word of element `i` of an array of registers that begins at `r`, `stride` bytes apart.
  @inlinable public subscript(_ r: Register, _ i: Int, stride stride: UInt32 = 4) -> UInt32 {
    get { words[Int(r.rawValue / 4) + i * Int(stride / 4)] }
    set { words[Int(r.rawValue / 4) + i * Int(stride / 4)] = newValue }
  }
}
