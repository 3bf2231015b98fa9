import Machine

/// How the registers of one chip's block are those of another chip's block that is modelled, with their fields at other places.
/// One table per pair of blocks.
public final class RegisterTranslation<Names: RawRepresentable & CaseIterable & Sendable & SendableMetatype, Model: RegisterNaming>: @unchecked Sendable where Names.RawValue == UInt32 {
  public struct Field: Sendable {
    let lowest: UInt32, mask: UInt32
    let model: UInt32, modelLowest: UInt32, modelMask: UInt32
    /// The block's value from the model's, and the other way round.
    let fromModel, toModel: (@Sendable (UInt32) -> UInt32)?
  }
  public final class Entry {
    fileprivate(set) var fields: [Field] = []
    fileprivate(set) var keeps: UInt32 = 0, reset: UInt32?, index = 0
    fileprivate(set) var onRead: ((TranslatedRegisters<Names, Model>, Int) -> UInt32)?
    fileprivate(set) var onWrite: ((TranslatedRegisters<Names, Model>, Int, UInt32) -> Void)?
  }
  private(set) var entries: [Entry?]
  private let names: [UInt32: String]

  public init(_ declare: (Builder) -> Void) {
    let b = Builder()
    declare(b)
    let top = max(Names.allCases.map(\.rawValue).max() ?? 0, b.entries.keys.max() ?? 0)
    entries = Array(repeating: nil, count: Int(top / 4) + 1)
    for (offset, e) in b.entries { entries[Int(offset / 4)] = e }
    names = Dictionary(Names.allCases.map { ($0.rawValue, "\($0)") }, uniquingKeysWith: { a, _ in a })
  }
  func name(at offset: UInt32) -> String { names[offset] ?? "+0x" + String(offset, radix: 16) }

  public final class Builder {
    fileprivate var entries: [UInt32: Entry] = [:]
    /// Declares the register `r`, or an array of `n` from it on, `stride` bytes apart.
    public subscript(_ r: Names, count n: Int = 1, stride stride: UInt32 = 4) -> Draft {
      Draft((0..<n).map { i in
        let offset = r.rawValue + UInt32(i) * stride, e = entries[offset] ?? Entry()
        e.index = i
        entries[offset] = e
        return e
      })
    }
  }
  public struct Draft {
    let entries: [Entry]
    init(_ entries: [Entry]) { self.entries = entries }
    /// Bits of this register are bits of the model's register `r`; for an array those of element `first` on, `stride` bytes apart.
    /// A value that is too large for the model's is its largest.
    @discardableResult public func field(
      _ own: ClosedRange<Int>, _ r: Model.Register, _ bits: ClosedRange<Int>? = nil, from first: Int = 0, stride: UInt32 = 4, fromModel: (@Sendable (UInt32) -> UInt32)? = nil, toModel: (@Sendable (UInt32) -> UInt32)? = nil
    ) -> Self {
      let bits = bits ?? own
      for (i, e) in entries.enumerated() {
        e.fields.append(Field(
          lowest: UInt32(own.lowerBound), mask: UInt32.mask(0...(own.count - 1)), model: r.rawValue + UInt32(first + i) * stride, modelLowest: UInt32(bits.lowerBound), modelMask: UInt32.mask(0...(bits.count - 1)),
          fromModel: fromModel, toModel: toModel))
      }
      return self
    }
    /// The whole word is the model's.
    @discardableResult public func same(_ r: Model.Register, stride: UInt32 = 4) -> Self { field(0...31, r, stride: stride) }
    /// Bits that keep what is written, and that the model knows nothing of.
    @discardableResult public func keeps(_ bits: ClosedRange<Int>) -> Self {
      for e in entries { e.keeps |= .mask(bits) }
      return self
    }
    /// As declared before, but without kept bits.
    @discardableResult public func keepsNothing() -> Self {
      for e in entries { e.keeps = 0 }
      return self
    }
    @discardableResult public func reset(_ value: UInt32) -> Self {
      for e in entries { e.reset = value }
      return self
    }
    /// Gives bits beyond those of fields and those kept.
    @discardableResult public func onRead(_ f: @escaping (TranslatedRegisters<Names, Model>, Int) -> UInt32) -> Self {
      for e in entries { e.onRead = f }
      return self
    }
    /// Runs after a write.
    @discardableResult public func onWrite(_ f: @escaping (TranslatedRegisters<Names, Model>, Int, UInt32) -> Void) -> Self {
      for e in entries { e.onWrite = f }
      return self
    }
  }
}

/// A block of one chip that is a modelled block of another with its registers elsewhere.
public final class TranslatedRegisters<Names: RawRepresentable & CaseIterable & Sendable & SendableMetatype, Model: RegisterNaming>: Device where Names.RawValue == UInt32 {
  public let model: Model
  private let map: RegisterTranslation<Names, Model>
  private let kept: UnsafeMutablePointer<UInt32>
  /// What a register's declaration may tell the chip.
  var onChange: (() -> Void)?

  init(_ map: RegisterTranslation<Names, Model>, name: String, model: Model, arena: StateArena) {
    self.map = map
    self.model = model
    kept = arena.allocate("\(name).kept", count: map.entries.count, initial: UInt32(0))
    super.init(name: name)
    takeResets()
  }
  /// What was last written to a register, in the bits that it keeps.
  subscript(_ r: Names, _ i: Int = 0) -> UInt32 {
    get { kept[Int(r.rawValue / 4) + i] }
    set { kept[Int(r.rawValue / 4) + i] = newValue }
  }
  public override func read32(at offset: UInt32) -> UInt32 {
    let i = Int(offset / 4)
    guard i < map.entries.count, let e = map.entries[i] else {
      log?.unmodelled(device: name, register: map.name(at: offset), write: nil)
      return 0
    }
    var v = kept[i] & e.keeps, word: UInt32 = 0, at = UInt32.max
    for f in e.fields {
      if f.model != at {
        at = f.model
        word = model.read32(at: at)
      }
      let value = word >> f.modelLowest & f.modelMask
      v |= ((f.fromModel?(value) ?? value) & f.mask) << f.lowest
    }
    return e.onRead.map { v | $0(self, e.index) } ?? v
  }
  public override func write32(_ value: UInt32, at offset: UInt32) {
    let i = Int(offset / 4)
    guard i < map.entries.count, let e = map.entries[i] else { return log?.unmodelled(device: name, register: map.name(at: offset), write: value) ?? () }
    kept[i] = value & e.keeps
    var word: UInt32 = 0, at = UInt32.max
    for f in e.fields {
      if f.model != at {
        if at != .max { model.write32(word, at: at) }
        at = f.model
        word = model[word: at]
      }
      let own = value >> f.lowest & f.mask
      word = word & ~(f.modelMask << f.modelLowest) | min(f.toModel?(own) ?? own, f.modelMask) << f.modelLowest
    }
    if at != .max { model.write32(word, at: at) }
    e.onWrite?(self, e.index, value)
  }
  private func takeResets() {
    for (i, e) in map.entries.enumerated() {
      guard let e else { continue }
      kept[i] = 0
      if let v = e.reset { write32(v, at: UInt32(i) * 4) }
    }
  }
  public override func reset() {
    model.reset()
    takeResets()
  }
}
