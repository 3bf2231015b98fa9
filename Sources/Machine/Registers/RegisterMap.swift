public enum BitAccess: Sendable { case readWrite, readOnly, writeOneToClear, writeOneToSet, writeOneToToggle }

/// One word of a device: which bits are stored how, and what runs besides.
@frozen public struct RegisterEntry {
  @usableFromInline var stores: UInt32 = 0, clears: UInt32 = 0, sets: UInt32 = 0, toggles: UInt32 = 0
  @usableFromInline var index: UInt32 = 0, reset: UInt32 = 0
  @usableFromInline var known = false
  @usableFromInline var onRead: (@Sendable (RegisterDevice, Int) -> UInt32)?
  @usableFromInline var onWrite: (@Sendable (RegisterDevice, Int, UInt32) -> Void)?
}

/// The declaration of a device's registers: one table per device type, shared by its instances.
public final class RegisterMap<Owner: RegisterNaming>: @unchecked Sendable {
  let entries: UnsafeMutablePointer<RegisterEntry>
  let count: Int
  /// Registers of the manual that the device does not model.
  public private(set) var unimplemented: [Owner.Register] = []
  private let names: [UInt32: String]

  public init(_ declare: (Builder) -> Void) {
    let b = Builder()
    declare(b)
    let top = max(Owner.Register.allCases.map(\.rawValue).max() ?? 0, b.drafts.map { $0.offset + UInt32($0.count - 1) * $0.stride }.max() ?? 0)
    count = Int(top / 4) + 1
    entries = .allocate(capacity: count)
    entries.initialize(repeating: RegisterEntry(), count: count)
    var known = Set<UInt32>()
    for d in b.drafts {
      for i in 0..<d.count {
        var e = d.entry
        e.index = UInt32(i)
        e.known = true
        let offset = d.offset + UInt32(i) * d.stride
        entries[Int(offset / 4)] = e
        known.insert(offset)
      }
    }
    unimplemented = Owner.Register.allCases.filter { !known.contains($0.rawValue) }
    names = Dictionary(Owner.Register.allCases.map { ($0.rawValue, "\($0)") }, uniquingKeysWith: { a, _ in a })
  }
  /// The manual's name for the register at `offset`, or its offset in hexadecimal.
  func name(at offset: UInt32) -> String { names[offset] ?? "+0x" + String(offset, radix: 16) }

  public final class Builder {
    var drafts: [Draft] = []
    /// Declares the register `r`, or an array of `n` from it on, `stride` bytes apart.
    public subscript(_ r: Owner.Register, count n: Int = 1, stride stride: UInt32 = 4) -> Draft {
      let d = Draft(offset: r.rawValue, count: n, stride: stride)
      drafts.append(d)
      return d
    }
  }
  public final class Draft {
    let offset: UInt32, count: Int, stride: UInt32
    var entry = RegisterEntry()
    init(offset: UInt32, count: Int, stride: UInt32) {
      self.offset = offset
      self.count = count
      self.stride = stride
    }
    /// The whole word's reset value.
    @discardableResult public func reset(_ value: UInt32) -> Self {
      entry.reset = value
      return self
    }
    @discardableResult public func bits(_ r: ClosedRange<Int>, _ access: BitAccess = .readWrite, reset: UInt32? = nil) -> Self {
      let m = UInt32.mask(r)
      switch access {
      case .readWrite: entry.stores |= m
      case .writeOneToClear: entry.clears |= m
      case .writeOneToSet: entry.sets |= m
      case .writeOneToToggle: entry.toggles |= m
      case .readOnly: break
      }
      if let reset { entry.reset[bits: r] = reset }
      return self
    }
    /// Replaces the stored word on a read.
    @discardableResult public func onRead(_ f: @escaping @Sendable (Owner) -> UInt32) -> Self {
      entry.onRead = { d, _ in f(unsafeDowncast(d, to: Owner.self)) }
      return self
    }
    @discardableResult public func onRead(_ f: @escaping @Sendable (Owner, Int) -> UInt32) -> Self {
      entry.onRead = { d, i in f(unsafeDowncast(d, to: Owner.self), i) }
      return self
    }
    /// Runs after the stored bits have changed. The value is the word as written; through an atomic alias, the stored
    /// bits as they came out and the alias's own bits elsewhere.
    @discardableResult public func onWrite(_ f: @escaping @Sendable (Owner, UInt32) -> Void) -> Self {
      entry.onWrite = { d, _, v in f(unsafeDowncast(d, to: Owner.self), v) }
      return self
    }
    @discardableResult public func onWrite(_ f: @escaping @Sendable (Owner, Int, UInt32) -> Void) -> Self {
      entry.onWrite = { d, i, v in f(unsafeDowncast(d, to: Owner.self), i, v) }
      return self
    }
  }
}
