import Machine

/// Leads interrupt sources to the 32 interrupts of each core (ESP32 TRM §4.3, ESP32-S3 TRM chapter 9). The registers that say
/// where are the chip's.
final class ESPInterruptMatrix {
  /// Levels of the sources as each core sees them: `words` of the first core, then of the next.
  private let levels: UnsafeMutablePointer<UInt32>
  /// The interrupts of each core that are asserted.
  private let asserted: UnsafeMutablePointer<UInt32>
  private let words: Int, cores: Int
  /// The interrupt of a core that a source leads to.
  var route: (_ core: Int, _ source: Int) -> Int = { _, _ in 0 }
  /// A core's interrupt changes: (core, interrupt, level).
  var onInterrupt: (Int, Int, Bool) -> Void = { _, _, _ in }

  init(name: String, sources: Int, cores: Int = 2, arena: StateArena) {
    words = (sources + 31) / 32
    self.cores = cores
    levels = arena.allocate("\(name).levels", count: words * cores, initial: UInt32(0))
    asserted = arena.allocate("\(name).asserted", count: cores, initial: UInt32(0))
  }
  /// Word `n` of the status of a core's sources.
  func status(_ core: Int, _ n: Int) -> UInt32 { n < words ? levels[core * words + n] : 0 }
  /// A source's level changes, for one core or for all.
  func setSource(_ source: Int, _ level: Bool, core only: Int? = nil) {
    for core in 0..<cores where only == nil || only == core {
      let word = core * words + source / 32
      guard levels[word][bit: source % 32] != level else { continue }
      levels[word][bit: source % 32] = level
      let n = route(core, source)
      if level { assert(core, n, true) } else { assert(core, n, isAsserted(core, n)) }
    }
  }
  private func isAsserted(_ core: Int, _ n: Int) -> Bool {
    for word in 0..<words {
      var m = levels[core * words + word]
      while m != 0 {
        let source = word * 32 + m.trailingZeroBitCount
        m &= m - 1
        if route(core, source) == n { return true }
      }
    }
    return false
  }
  private func assert(_ core: Int, _ n: Int, _ level: Bool) {
    guard asserted[core][bit: n] != level else { return }
    asserted[core][bit: n] = level
    onInterrupt(core, n, level)
  }
  /// A route of the core has changed.
  func routed(core: Int) { for n in 0..<32 { assert(core, n, isAsserted(core, n)) } }
}
