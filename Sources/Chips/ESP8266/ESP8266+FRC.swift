import Machine

extension ESP8266 {
  /// FRC1, a 23-bit counter down, and FRC2, a 32-bit counter up, of the bus clock divided by 1, 16 or 256
  /// (technical reference §8; timer_register.h).
  public final class FRC: RegisterDevice, RegisterNaming {
    public enum Register: UInt32, CaseIterable, Sendable {
      case frc1Load = 0x00, frc1Count = 0x04, frc1Ctrl = 0x08, frc1Int = 0x0C
      case frc2Load = 0x20, frc2Count = 0x24, frc2Ctrl = 0x28, frc2Int = 0x2C, frc2Alarm = 0x30
    }
    static let map = RegisterMap<FRC> { r in
      r[.frc1Load].bits(0...22).onWrite { d, v in d.load1(v) }
      r[.frc1Count].onRead { $0.count1 }
      r[.frc1Ctrl].bits(0...7).onRead { d in d[.frc1Ctrl] | (d.state.pointee.pending1 ? 0x100 : 0) }.onWrite { d, _ in d.control1() }
      r[.frc1Int].onRead { d in d.state.pointee.pending1 ? 1 : 0 }.onWrite { d, _ in d.state.pointee.pending1 = false }
      r[.frc2Load].bits(0...31).onWrite { d, v in d.load2(v) }
      r[.frc2Count].onRead { $0.count2 }
      r[.frc2Ctrl].bits(0...7).onRead { d in d[.frc2Ctrl] | (d.state.pointee.pending2 ? 0x100 : 0) }.onWrite { d, _ in d.control2() }
      r[.frc2Int].onRead { d in d.state.pointee.pending2 ? 1 : 0 }.onWrite { d, _ in d.state.pointee.pending2 = false }
      r[.frc2Alarm].bits(0...31).onWrite { d, _ in d.arm2() }
    }
    struct State: BitwiseCopyable {
      /// The counts at bus cycles `at`, and prescale shifts; `run` false: the count stands.
      var at1: UInt64 = 0, base1: UInt32 = 0, shift1: UInt32 = 0, run1 = false, pending1 = false
      var at2: UInt64 = 0, base2: UInt32 = 0, shift2: UInt32 = 0, run2 = false, pending2 = false
    }
    private let state: UnsafeMutablePointer<State>
    private let scheduler: Scheduler
    private let apb: UnsafeMutablePointer<Clock>
    private var event1, event2: Scheduler.Event!
    /// FRC1 reached zero, FRC2 its alarm.
    var onExpire1: () -> Void = {}, onExpire2: () -> Void = {}

    init(arena: StateArena, scheduler: Scheduler, apb: UnsafeMutablePointer<Clock>) {
      self.scheduler = scheduler
      self.apb = apb
      state = arena.allocate("ESP8266.TIMER.state", initial: State())
      super.init(Self.map, name: "ESP8266.TIMER", arena: arena)
      event1 = scheduler.event("ESP8266.FRC1") { [unowned self] _ in expire1() }
      event2 = scheduler.event("ESP8266.FRC2") { [unowned self] _ in expire2() }
    }
    private var now: UInt64 { apb.pointee.cycle(at: scheduler.now) }
    private static func shift(_ ctrl: UInt32) -> UInt32 { [0, 4, 8, 8][Int(ctrl[bits: 2...3])] }

    // MARK: FRC1

    private var count1: UInt32 {
      let s = state.pointee
      guard s.run1 else { return s.base1 }
      return UInt32(truncatingIfNeeded: UInt64(s.base1) &- (now &- s.at1) >> UInt64(s.shift1)) & 0x7F_FFFF
    }
    private func load1(_ v: UInt32) {
      state.pointee.base1 = v & 0x7F_FFFF
      state.pointee.at1 = now
      arm1()
    }
    private func control1() {
      state.pointee.base1 = count1
      state.pointee.at1 = now
      state.pointee.shift1 = Self.shift(self[.frc1Ctrl])
      state.pointee.run1 = self[.frc1Ctrl][bit: 7]
      arm1()
    }
    private func arm1() {
      let s = state.pointee
      guard s.run1 else { return scheduler.cancel(event1) }
      let ticks = s.base1 == 0 ? 0x80_0000 : UInt64(s.base1)
      scheduler.schedule(event1, at: apb.pointee.time(ofCycle: s.at1 &+ ticks << UInt64(s.shift1)))
    }
    private func expire1() {
      let s = state.pointee
      let ticks = s.base1 == 0 ? 0x80_0000 : UInt64(s.base1)
      state.pointee.at1 = s.at1 &+ ticks << UInt64(s.shift1)
      state.pointee.base1 = self[.frc1Ctrl][bit: 6] ? self[.frc1Load] & 0x7F_FFFF : 0
      arm1()
      // A level-type interrupt stays until FRC1_INT is written; an edge needs nothing.
      if self[.frc1Ctrl][bit: 0] {
        if state.pointee.pending1 { return }
        state.pointee.pending1 = true
      }
      onExpire1()
    }

    // MARK: FRC2

    private var count2: UInt32 {
      let s = state.pointee
      guard s.run2 else { return s.base2 }
      return s.base2 &+ UInt32(truncatingIfNeeded: (now &- s.at2) >> UInt64(s.shift2))
    }
    private func load2(_ v: UInt32) {
      state.pointee.base2 = v
      state.pointee.at2 = now
      arm2()
    }
    private func control2() {
      state.pointee.base2 = count2
      state.pointee.at2 = now
      state.pointee.shift2 = Self.shift(self[.frc2Ctrl])
      state.pointee.run2 = self[.frc2Ctrl][bit: 7]
      arm2()
    }
    private func arm2() {
      let s = state.pointee
      guard s.run2 else { return scheduler.cancel(event2) }
      let elapsed = (now &- s.at2) >> UInt64(s.shift2)
      var ticks = UInt64(self[.frc2Alarm] &- count2)
      if ticks == 0 { ticks = 1 << 32 }
      scheduler.schedule(event2, at: apb.pointee.time(ofCycle: s.at2 &+ (elapsed &+ ticks) << UInt64(s.shift2)))
    }
    private func expire2() {
      arm2()
      if self[.frc2Ctrl][bit: 0] {
        if state.pointee.pending2 { return }
        state.pointee.pending2 = true
      }
      onExpire2()
    }
    /// The bus clock changes from now on: counts go on from where they are.
    func clockWillChange() {
      state.pointee.base1 = count1
      state.pointee.base2 = count2
    }
    func clockChanged() {
      state.pointee.at1 = now
      state.pointee.at2 = now
      arm1()
      arm2()
    }
    public override func reset() {
      super.reset()
      state.pointee = State()
      scheduler.cancel(event1)
      scheduler.cancel(event2)
    }
  }
}
