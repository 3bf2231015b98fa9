import Machine

extension NRF51 {
  /// Reference Manual §16: channels that lead an event of one block to a task of another, without the processor.
  public final class PPI: RegisterDevice, RegisterNaming {
    public enum Register: UInt32, CaseIterable, Sendable {
      case tasksCHG0En = 0x000, tasksCHG0Dis = 0x004, tasksCHG1En = 0x008, tasksCHG1Dis = 0x00C, tasksCHG2En = 0x010, tasksCHG2Dis = 0x014, tasksCHG3En = 0x018, tasksCHG3Dis = 0x01C
      case chEn = 0x500, chEnSet = 0x504, chEnClr = 0x508, ch0EEP = 0x510, ch0TEP = 0x514, chg0 = 0x800, chg1 = 0x804, chg2 = 0x808, chg3 = 0x80C
    }
    static let map = RegisterMap<PPI> { r in
      r[.tasksCHG0En, count: 4, stride: 8].onWrite { d, n, v in if v[bit: 0] { d.enable(d[.chg0, n], true) } }
      r[.tasksCHG0Dis, count: 4, stride: 8].onWrite { d, n, v in if v[bit: 0] { d.enable(d[.chg0, n], false) } }
      r[.chEn].bits(0...15).bits(20...31).onWrite { d, _ in d.onRoutes() }
      r[.chEnSet].onRead { d in d[.chEn] }.onWrite { d, v in d.enable(v, true) }
      r[.chEnClr].onRead { d in d[.chEn] }.onWrite { d, v in d.enable(v, false) }
      r[.ch0EEP, count: 16, stride: 8].bits(0...31).onWrite { d, _ in d.onRoutes() }
      r[.ch0TEP, count: 16, stride: 8].bits(0...31)
      r[.chg0, count: 4].bits(0...15).bits(20...31)
    }
    /// §16.1.1: the channels 20 to 31, whose ends are fixed.
    static let fixed: [(event: UInt32, task: UInt32)] = [
      (0x4000_8140, 0x4000_1000), (0x4000_8140, 0x4000_1004), (0x4000_8144, 0x4000_1010), (0x4000_1128, 0x4000_F000), (0x4000_1100, 0x4000_F000), (0x4000_1104, 0x4000_F004),
      (0x4000_1104, 0x4000_8044), (0x4000_110C, 0x4000_8048), (0x4000_B140, 0x4000_1000), (0x4000_B140, 0x4000_1004), (0x4000_B140, 0x4000_800C), (0x4000_B140, 0x4000_8000),
    ]
    /// Told when events lead elsewhere.
    var onRoutes: () -> Void = {}
    /// Starts the task at an address.
    var start: (UInt32) -> Void = { _ in }
    /// Tasks under way that events of other tasks have started. Wiring of the moment.
    private var depth = 0

    init(arena: StateArena) { super.init(Self.map, name: "NRF51.PPI", arena: arena) }
    private func enable(_ mask: UInt32, _ on: Bool) {
      let mask = mask & 0xFFF0_FFFF, old = self[.chEn]
      self[.chEn] = on ? old | mask : old & ~mask
      if self[.chEn] != old { onRoutes() }
    }
    private func ends(_ n: Int) -> (event: UInt32, task: UInt32)? {
      n < 16 ? (self[.ch0EEP, n, stride: 8], self[.ch0TEP, n, stride: 8]) : n >= 20 ? Self.fixed[n - 20] : nil
    }
    /// The events of the block at `base` that lead somewhere, by number.
    func routes(from base: UInt32) -> UInt32 {
      var mask: UInt32 = 0, left = self[.chEn]
      while left != 0 {
        let n = left.trailingZeroBitCount
        left &= left &- 1
        guard let e = ends(n)?.event, e & ~0xFFF == base, 0x100..<0x180 ~= e & 0xFFF else { continue }
        mask[bit: Int(e & 0x7C) / 4] = true
      }
      return mask
    }
    /// The event at an address has come.
    func fire(_ event: UInt32) {
      guard depth < 8 else {
        log?.once("the PPI's channels start one another's tasks without an end; the chain is cut after eight")
        return
      }
      depth += 1
      // The channels as they are when the event comes.
      var left = self[.chEn]
      while left != 0 {
        let n = left.trailingZeroBitCount
        left &= left &- 1
        if let e = ends(n), e.event == event { start(e.task) }
      }
      depth -= 1
    }
    public override func reset() {
      super.reset()
      onRoutes()
    }
  }
}
