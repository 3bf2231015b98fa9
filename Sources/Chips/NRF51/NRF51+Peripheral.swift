import Machine

extension NRF51 {
  /// What the blocks at 0x40000000 share (nRF51 Series Reference Manual §10): a task starts something when 1 is written to
  /// it, an event is a register that the block sets, the interrupt is asserted while an enabled event is set, and the PPI
  /// leads events of one block to tasks of another.
  public class Peripheral: RegisterDevice {
    struct Events: BitwiseCopyable {
      /// By event number, which is the place of the event's register from 0x100 on and its bit in INTEN.
      var raised: UInt32 = 0, enabled: UInt32 = 0
      /// Events that lead somewhere through the PPI at the moment.
      var routed: UInt32 = 0
    }
    let events: UnsafeMutablePointer<Events>
    public let irq: Line
    /// Told of each event that the PPI leads somewhere.
    var onEvent: (Int) -> Void = { _ in }

    init<Owner>(_ map: RegisterMap<Owner>, block: String, arena: StateArena) {
      let name = "NRF51.\(block)"
      events = arena.allocate("\(name).events", initial: Events())
      irq = Line("\(name).IRQ", arena: arena)
      super.init(map, name: name, arena: arena)
    }
    /// Before events are read or what depends on them changes: what has happened by itself is to be made up for.
    func catchUp() {}
    /// What is listened to has changed: the block plans anew what it must tell of in time.
    func listenersChanged() {}
    /// An event's register was cleared.
    func eventCleared(_ n: Int) {}
    /// Whether somebody is told of event `n` when it comes.
    func isHeard(_ n: Int) -> Bool { (events.pointee.enabled | events.pointee.routed)[bit: n] }

    final func raise(_ n: Int) {
      events.pointee.raised[bit: n] = true
      updateInterrupt()
      if events.pointee.routed[bit: n] { onEvent(n) }
    }
    /// The registers' side of an event.
    final func isRaised(_ n: Int) -> Bool {
      catchUp()
      return events.pointee.raised[bit: n]
    }
    final func setEvent(_ n: Int, _ on: Bool) {
      catchUp()
      events.pointee.raised[bit: n] = on
      updateInterrupt()
      if !on { eventCleared(n) }
    }
    final func enableInterrupts(_ mask: UInt32, _ on: Bool) {
      catchUp()
      if on { events.pointee.enabled |= mask } else { events.pointee.enabled &= ~mask }
      listenersChanged()
      updateInterrupt()
    }
    /// The PPI's routes have changed.
    final func route(_ mask: UInt32) {
      guard mask != events.pointee.routed else { return }
      catchUp()
      events.pointee.routed = mask
      listenersChanged()
    }
    final func updateInterrupt() { irq.set(events.pointee.raised & events.pointee.enabled != 0) }
    public override func reset() {
      super.reset()
      events.pointee = Events(routed: events.pointee.routed)
      updateInterrupt()
    }
  }
}

extension RegisterMap.Builder where Owner: NRF51.Peripheral {
  /// A task, or several in a row.
  func task(_ r: Owner.Register, count: Int = 1, _ start: @escaping @Sendable (Owner, Int) -> Void) {
    self[r, count: count].onWrite { d, n, v in if v[bit: 0] { start(d, n) } }
  }
  func task(_ r: Owner.Register, _ start: @escaping @Sendable (Owner) -> Void) { task(r) { d, _ in start(d) } }
  func event(_ r: Owner.Register, count: Int = 1) {
    let first = Int(r.rawValue - 0x100) / 4
    self[r, count: count].onRead { d, n in d.isRaised(first + n) ? 1 : 0 }.onWrite { d, n, v in d.setEvent(first + n, v[bit: 0]) }
  }
  /// INTENSET and INTENCLR, with those of `mask` that there are; and POWER, which resets the block when it is cleared.
  func interrupts(_ set: Owner.Register, _ clear: Owner.Register, mask: UInt32) {
    self[set].onRead { d in d.events.pointee.enabled }.onWrite { d, v in d.enableInterrupts(v & mask, true) }
    self[clear].onRead { d in d.events.pointee.enabled }.onWrite { d, v in d.enableInterrupts(v & mask, false) }
  }
  func power(_ r: Owner.Register) {
    self[r].bits(0...0).onWrite { d, v in if !v[bit: 0] { d.reset() } }
  }
}
