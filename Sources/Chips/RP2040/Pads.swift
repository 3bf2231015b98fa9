import Machine

/// RP2040 datasheet §2.19.6: the electrical side of the pads; PADS_BANK0 and PADS_QSPI.
public final class Pads: Device {
  private let words: UnsafeMutablePointer<UInt32>
  private let resets: [UInt32]
  /// The register word of each pin, in the order of the IO bank's pins.
  private let wordOfPin: [Int]
  /// Told the pin (in the IO bank's order) whose pad changed.
  var onChange: (Int) -> Void = { _ in }

  /// - Parameter resets: the reset values in register order, VOLTAGE_SELECT first.
  init(name: String, resets: [UInt32], wordOfPin: [Int], arena: StateArena) {
    self.resets = resets
    self.wordOfPin = wordOfPin
    words = arena.allocate("\(name).registers", count: resets.count, initial: UInt32(0))
    for (i, r) in resets.enumerated() { words[i] = r }
    super.init(name: name)
  }
  private func pad(_ n: Int) -> UInt32 { words[wordOfPin[n]] }
  func inputEnabled(_ n: Int) -> Bool { pad(n)[bit: 6] }
  /// Both pulls on: the pad holds its last level.
  func keepsBus(_ n: Int) -> Bool { pad(n) & 0xC == 0xC }
  func drive(_ n: Int, out: Bool, enable: Bool, level: Bool) -> Drive {
    let p = pad(n)
    if enable && !p[bit: 7] { return out ? .high : .low }
    switch p[bits: 2...3] {
    case 1: return .pullDown
    case 2: return .pullUp
    case 3: return level ? .pullUp : .pullDown
    default: return .none
    }
  }
  public override func read32(at offset: UInt32) -> UInt32 {
    let i = Int(offset / 4)
    return i < resets.count ? words[i] : 0
  }
  public override func write32(_ value: UInt32, at offset: UInt32) {
    let i = Int(offset / 4)
    guard i < resets.count else { return }
    words[i] = value & (i == 0 ? 1 : 0xFF)
    if let n = wordOfPin.firstIndex(of: i) { onChange(n) }
  }
  public override func reset() {
    for (i, r) in resets.enumerated() { words[i] = r }
    for n in wordOfPin.indices { onChange(n) }
  }
}
