import Machine

/// RP2040 datasheet §3: a programmable IO block, four state machines that share 32 instructions.
///
/// Nothing is ticked. The block runs up to the present when somebody looks or touches; ahead of that a copy runs on to the
/// first effect that the outside can see, and an event is set for it, so pins, interrupts and requests change on their cycle.
public final class PIO: RegisterDevice, RegisterNaming {
  public enum Register: UInt32, CaseIterable, Sendable {
    case ctrl = 0x00, fstat = 0x04, fdebug = 0x08, flevel = 0x0C, txf0 = 0x10, rxf0 = 0x20, irq = 0x30, irqForce = 0x34, inputSyncBypass = 0x38
    case dbgPadout = 0x3C, dbgPadoe = 0x40, dbgCfginfo = 0x44, instrMem0 = 0x48
    case sm0Clkdiv = 0xC8, sm0Execctrl = 0xCC, sm0Shiftctrl = 0xD0, sm0Addr = 0xD4, sm0Instr = 0xD8, sm0Pinctrl = 0xDC
    case intR = 0x128, irq0IntE = 0x12C, irq0IntF = 0x130, irq0IntS = 0x134, irq1IntE = 0x138, irq1IntF = 0x13C, irq1IntS = 0x140
  }
  static let map = RegisterMap<PIO> { r in
    r[.ctrl].bits(0...3).onWrite { d, v in d.control(v) }
    r[.fstat].onRead { d in d.fstat }.reset(0x0F00_0F00)
    r[.fdebug].onRead { d in
      d.sync()
      return d.shared.pointee.fdebug
    }.onWrite { d, v in
      d.sync()
      d.shared.pointee.fdebug &= ~v
    }
    r[.flevel].onRead { d in d.levels }
    r[.txf0, count: 4].onWrite { d, i, v in d.send(i, v) }
    r[.rxf0, count: 4].onRead { d, i in d.receive(i) }
    r[.irq].onRead { d in
      d.sync()
      return d.shared.pointee.flags
    }.onWrite { d, v in d.change { $0.pointee.flags &= ~(v & 0xFF) } }
    r[.irqForce].onWrite { d, v in d.change { $0.pointee.flags |= v & 0xFF } }
    r[.inputSyncBypass].bits(0...31).onWrite { d, v in
      d.change {
        $0.pointee.bypass = d[.inputSyncBypass]
        $0.pointee.inputs = $0.pointee.inputs & ~$0.pointee.bypass | $0.pointee.pads & $0.pointee.bypass
      }
    }
    r[.dbgPadout].onRead { d in
      d.sync()
      return d.shared.pointee.out
    }
    r[.dbgPadoe].onRead { d in
      d.sync()
      return d.shared.pointee.enable
    }
    r[.dbgCfginfo].reset(0x0020_0404)
    r[.instrMem0, count: 32].onWrite { d, i, v in
      d.sync()
      d.memory[i] = v & 0xFFFF
      d.predict()
    }
    r[.sm0Clkdiv, count: 4, stride: 0x18].bits(8...31).reset(0x0001_0000).onWrite { d, i, _ in d.configure(i) }
    r[.sm0Execctrl, count: 4, stride: 0x18].bits(7...30).bits(0...4).reset(0x0001_F000).onWrite { d, i, _ in d.configure(i) }.onRead { d, i in
      d.sync()
      let m = d.machines[i]
      return d[.sm0Execctrl, i, stride: 0x18] & 0x7FFF_FFFF | (m.hasForced && m.waiting ? 1 << 31 : 0)
    }
    r[.sm0Shiftctrl, count: 4, stride: 0x18].bits(16...31).reset(0x000C_0000).onWrite { d, i, _ in d.configure(i) }
    r[.sm0Addr, count: 4, stride: 0x18].onRead { d, i in
      d.sync()
      return d.machines[i].pc
    }
    r[.sm0Instr, count: 4, stride: 0x18].onRead { d, i in
      d.sync()
      return d.machines[i].hasForced ? d.machines[i].forced : d.memory[Int(d.machines[i].pc & 31)]
    }.onWrite { d, i, v in d.execute(i, v) }
    r[.sm0Pinctrl, count: 4, stride: 0x18].bits(0...31).reset(0x1400_0000).onWrite { d, i, _ in d.configure(i) }
    r[.intR].onRead { d in
      d.sync()
      return d.raw
    }
    for (n, (enable, force, status)) in [(Register.irq0IntE, .irq0IntF, .irq0IntS), (.irq1IntE, .irq1IntF, .irq1IntS)].enumerated() as EnumeratedSequence<[(Register, Register, Register)]> {
      r[enable].bits(0...11).onWrite { d, _ in d.publish() }
      r[force].bits(0...11).onWrite { d, _ in d.publish() }
      r[status].onRead { d in
        d.sync()
        return d.status(n)
      }
    }
  }

  let shared: UnsafeMutablePointer<PIOShared>
  let machines: UnsafeMutablePointer<PIOStateMachine>
  let memory: UnsafeMutablePointer<UInt32>
  /// What the outside was told last: levels and enables.
  private let told: UnsafeMutablePointer<(UInt32, UInt32)>
  private let engine, ahead: PIOEngine
  private let scheduler: Scheduler, clock: UnsafeMutablePointer<Clock>
  private var event: Scheduler.Event!
  /// Ticks that a look ahead may take.
  private static let horizon = 4096
  public let irq: [Line]
  let dreqTX, dreqRX: [Line]
  /// Told the pins whose level or enable changed.
  var onOutputs: (UInt32) -> Void = { _ in }
  /// Told before a state machine that stands still looks at pins.
  var onLook: () -> Void = {}
  /// Told when state machines start or stop.
  var onRunning: () -> Void = {}
  var isRunning: Bool { machines[0].enabled || machines[1].enabled || machines[2].enabled || machines[3].enabled }

  /// - Parameter clock: clk_sys.
  init(name: String, arena: StateArena, scheduler: Scheduler, clock: UnsafeMutablePointer<Clock>) {
    self.scheduler = scheduler
    self.clock = clock
    shared = arena.allocate("\(name).shared", initial: PIOShared())
    machines = arena.allocate("\(name).machines", count: 4, initial: PIOStateMachine())
    memory = arena.allocate("\(name).memory", count: 32, initial: UInt32(0))
    told = arena.allocate("\(name).told", initial: (UInt32(0), UInt32(0)))
    engine = PIOEngine(shared: shared, machines: machines, memory: memory)
    ahead = PIOEngine(shared: .allocate(capacity: 1), machines: .allocate(capacity: 4), memory: memory)
    irq = (0..<2).map { Line("\(name).IRQ\($0)", arena: arena) }
    dreqTX = (0..<4).map { Line("\(name).DREQ_TX\($0)", arena: arena) }
    dreqRX = (0..<4).map { Line("\(name).DREQ_RX\($0)", arena: arena) }
    super.init(Self.map, name: name, arena: arena)
    event = scheduler.event(name) { [unowned self] _ in
      sync()
      predict()
    }
  }
  deinit {
    ahead.shared.deallocate()
    ahead.machines.deallocate()
  }

  // MARK: Time

  private var now: UInt64 { clock.pointee.cycle(at: scheduler.now) }
  /// Up to the present.
  private func sync() {
    let cycle = now
    guard cycle > shared.pointee.position else { return }
    engine.run(until: cycle)
    publish()
  }
  /// Sets the event for the next effect, or for looking again.
  private func predict() {
    ahead.shared.pointee = shared.pointee
    for i in 0..<4 { ahead.machines[i] = machines[i] }
    guard ahead.run(until: .max, untilEffect: true, limit: Self.horizon) else { return scheduler.cancel(event) }
    let time = clock.pointee.time(ofCycle: ahead.shared.pointee.position)
    if time == .max { scheduler.cancel(event) } else { scheduler.schedule(event, at: time) }
  }
  /// clk_sys has another frequency: the cycle of the next effect comes at another time.
  func clockChanged() { if scheduler.isScheduled(event) { predict() } }

  /// Something from outside: the machines run up to it, take it in, and may go on.
  private func change(_ body: (UnsafeMutablePointer<PIOShared>) -> Void) {
    sync()
    body(shared)
    engine.wake()
    for i in 0..<4 where !machines[i].enabled && machines[i].hasForced { engine.step(i) }
    publish()
    predict()
  }
  /// The pads as IO_BANK0 hands them to the peripherals.
  func padsChanged(_ pads: UInt32) {
    guard pads != shared.pointee.pads else { return }
    guard isRunning || shared.pointee.comingCount > 0 else {
      // Nobody looks: the synchronisers have long settled when somebody does.
      shared.pointee.pads = pads
      shared.pointee.inputs = pads
      return
    }
    sync()
    engine.padsChanged(pads)
    predict()
  }

  // MARK: What the outside sees

  private var raw: UInt32 {
    var v = (shared.pointee.flags & 15) << 8
    for i in 0..<4 {
      if machines[i].rx.count > 0 { v |= 1 << UInt32(i) }
      if machines[i].tx.count < machines[i].txDepth { v |= 16 << UInt32(i) }
    }
    return v
  }
  private func status(_ n: Int) -> UInt32 { raw & self[n == 0 ? .irq0IntE : .irq1IntE] | self[n == 0 ? .irq0IntF : .irq1IntF] }
  private func publish() {
    let s = shared.pointee, changed = (s.out ^ told.pointee.0) | (s.enable ^ told.pointee.1)
    told.pointee = (s.out, s.enable)
    if changed != 0 { onOutputs(changed) }
    for n in 0..<2 { irq[n].set(status(n) != 0) }
    for i in 0..<4 {
      dreqTX[i].set(machines[i].tx.count < machines[i].txDepth)
      dreqRX[i].set(machines[i].rx.count > 0)
    }
  }
  private var fstat: UInt32 {
    sync()
    var v: UInt32 = 0
    for i in 0..<4 {
      let m = machines[i]
      v[bit: i] = m.rx.count >= m.rxDepth
      v[bit: 8 + i] = m.rx.count == 0
      v[bit: 16 + i] = m.tx.count >= m.txDepth
      v[bit: 24 + i] = m.tx.count == 0
    }
    return v
  }
  private var levels: UInt32 {
    sync()
    var v: UInt32 = 0
    for i in 0..<4 { v |= machines[i].tx.count << UInt32(8 * i) | machines[i].rx.count << UInt32(8 * i + 4) }
    return v
  }

  // MARK: Writes

  private func control(_ v: UInt32) {
    let was = isRunning
    onLook()
    defer { if was != isRunning { onRunning() } }
    change { s in
      for i in 0..<4 {
        let m = machines + i, start = s.pointee.position << 8
        if v[bit: 4 + i] {
          // §3.7 CTRL.SM_RESTART: counters and pending work, not X, Y, PC or the FIFOs.
          m.pointee.isr = 0
          m.pointee.isrCount = 0
          m.pointee.osrCount = 32
          m.pointee.delay = 0
          m.pointee.hasForced = false
          m.pointee.irqSet = false
          m.pointee.stickyMask = 0
        }
        if v[bit: 8 + i] || v[bit: i] && !m.pointee.enabled { m.pointee.next = start }
        m.pointee.enabled = v[bit: i]
      }
    }
  }
  private func configure(_ i: Int) {
    change { _ in
      let m = machines + i, shift = self[.sm0Shiftctrl, i, stride: 0x18], clkdiv = self[.sm0Clkdiv, i, stride: 0x18]
      if (m.pointee.shiftctrl ^ shift) >> 30 != 0 {
        // Joining changes what the words mean: both FIFOs are emptied.
        m.pointee.tx = PIOFifo()
        m.pointee.rx = PIOFifo()
      }
      m.pointee.clkdiv = clkdiv
      m.pointee.execctrl = self[.sm0Execctrl, i, stride: 0x18]
      m.pointee.shiftctrl = shift
      m.pointee.pinctrl = self[.sm0Pinctrl, i, stride: 0x18]
    }
  }
  private func send(_ i: Int, _ v: UInt32) {
    change { s in
      if machines[i].tx.count >= machines[i].txDepth { s.pointee.fdebug |= 1 << UInt32(16 + i) } else { machines[i].tx.push(v) }
    }
  }
  private func receive(_ i: Int) -> UInt32 {
    var v: UInt32 = 0
    change { s in
      if machines[i].rx.count == 0 { s.pointee.fdebug |= 1 << UInt32(8 + i) } else { v = machines[i].rx.pop() }
    }
    return v
  }
  /// An instruction put in by the processor goes before all else, also while the machine is off (§3.5.2).
  private func execute(_ i: Int, _ v: UInt32) {
    onLook()
    change { _ in
      machines[i].forced = v & 0xFFFF
      machines[i].hasForced = true
      machines[i].irqSet = false
      machines[i].delay = 0
      machines[i].waiting = false
      if machines[i].enabled { engine.step(i) }
    }
  }

  public override func reset() {
    super.reset()
    let position = max(now, shared.pointee.position), pads = shared.pointee.pads
    shared.pointee = PIOShared()
    shared.pointee.position = position
    shared.pointee.pads = pads
    shared.pointee.inputs = pads
    for i in 0..<4 { machines[i] = PIOStateMachine() }
    for i in 0..<32 { memory[i] = 0 }
    scheduler.cancel(event)
    publish()
    onRunning()
  }
}
