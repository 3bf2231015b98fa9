import Machine

/// The serial port of a part, bit by bit on its legs, bytes from the highest bit on; whole words where nobody sees the bits.
///
/// Modes 0 and 3 (data taken at the clock's rise) are one to a target, so are 1 and 2 (at its fall).
public final class SPITargetPort: SPIFrameSink {
  struct State: BitwiseCopyable {
    var shift: UInt8 = 0, reply: UInt8 = 0xFF, bits: UInt8 = 0
    var clock = false, isSelected = false
  }
  private let state: UnsafeMutablePointer<State>
  public let clock: Pin
  public let data: Pin?, output: Pin?
  private let select: Pin?
  private let takesAtRise: Bool
  public var catchUp: (() -> Void)?

  /// Chip select fell.
  public var onSelect: () -> Void = {}
  /// A byte came in. What the part puts in `reply` goes out with the next one.
  public var onByte: (UInt8) -> Void = { _ in }
  /// Takes bytes at once instead of by `onByte`, where they only fill memory and no answer is due: words of 8 or 16 bits.
  public var onWords: ((UnsafeBufferPointer<UInt16>, _ width: Int) -> Bool)?
  /// Chip select rose; bits of a byte begun are gone.
  public var onDeselect: () -> Void = {}

  /// - Parameters:
  ///   - data: MOSI; nil for a part that is only read.
  ///   - output: MISO; let go while the part is not selected.
  ///   - select: low while the part is spoken to; one that is not wired counts as low. nil: always.
  ///   - mode: CPOL and CPHA as 0 to 3.
  public init(_ name: String, clock: Pin, data: Pin?, output: Pin? = nil, select: Pin? = nil, mode: Int = 0, context: PartContext) {
    state = context.arena.allocate("\(name).SPI", initial: State())
    self.clock = clock
    self.data = data
    self.output = output
    self.select = select
    takesAtRise = mode == 0 || mode == 3
    state.pointee.isSelected = select?.isHigh != true
    state.pointee.clock = clock.isHigh
    clock.onChange = { [unowned self] _ in clockChanged() }
    select?.onChange = { [unowned self] _ in selectChanged() }
    for pin in [clock, data, output] { pin?.frames = self }
  }
  public var isSelected: Bool { state.pointee.isSelected }
  /// What goes out with the next byte; 0xFF unless it is set anew for each.
  public var reply: UInt8 {
    get { state.pointee.reply }
    set {
      state.pointee.reply = newValue
      // At the clock's edge that takes the last bit, the output still holds it.
      if state.pointee.bits == 0, clock.isHigh != takesAtRise { showBit() }
    }
  }
  /// Forgets the bits of a byte begun: the part was reset.
  public func reset() {
    state.pointee.bits = 0
    state.pointee.reply = 0xFF
    showBit()
  }

  private func selectChanged() {
    let now = select?.isHigh != true
    guard now != state.pointee.isSelected else { return }
    catchUp?()
    state.pointee.isSelected = now
    state.pointee.clock = clock.isHigh
    state.pointee.bits = 0
    state.pointee.reply = 0xFF
    if now { onSelect() } else { onDeselect() }
    showBit()
  }
  private func clockChanged() {
    let level = clock.isHigh
    guard level != state.pointee.clock else { return }
    state.pointee.clock = level
    guard state.pointee.isSelected else { return }
    guard level == takesAtRise else { return showBit() }
    state.pointee.shift = state.pointee.shift << 1 | (data?.isHigh == true ? 1 : 0)
    state.pointee.bits += 1
    if state.pointee.bits == 8 { take(state.pointee.shift) }
  }
  @inline(__always) private func take(_ byte: UInt8) {
    state.pointee.bits = 0
    state.pointee.reply = 0xFF
    onByte(byte)
  }
  /// The output's bit of the moment; it changes at the edge at which the data are not taken.
  private func showBit() {
    guard let output else { return }
    output.drive = !state.pointee.isSelected ? .none : state.pointee.reply << state.pointee.bits & 0x80 != 0 ? .high : .low
  }

  // MARK: Whole words

  public func takesFrames(width: Int, mode: UInt8) -> Bool {
    (width == 8 || width == 16) && (mode == 0 || mode == 3) == takesAtRise && (state.pointee.bits == 0 || !state.pointee.isSelected)
  }
  public func frame(_ word: UInt32, width: Int) -> UInt32? {
    guard state.pointee.isSelected else { return nil }
    var out: UInt32 = 0, left = width
    while left >= 8 {
      left -= 8
      out = out << 8 | UInt32(state.pointee.reply)
      take(UInt8(truncatingIfNeeded: word >> UInt32(left)))
    }
    return output == nil ? nil : out
  }
  public func frames(_ words: UnsafeBufferPointer<UInt16>, width: Int) {
    guard state.pointee.isSelected else { return }
    if let onWords, onWords(words, width) {
      state.pointee.reply = 0xFF
    } else {
      for w in words { _ = frame(UInt32(w), width: width) }
    }
  }
}
