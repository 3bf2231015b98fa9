import Machine

extension NRF51 {
  /// Reference Manual §14: the port P0 with its 31 pins, and who else drives or hears them.
  public final class GPIO: RegisterDevice, RegisterNaming {
    public enum Register: UInt32, CaseIterable, Sendable {
      case out = 0x504, outSet = 0x508, outClr = 0x50C, `in` = 0x510, dir = 0x514, dirSet = 0x518, dirClr = 0x51C, pinCnf0 = 0x700
    }
    static let map = RegisterMap<GPIO> { r in
      r[.out].onRead { $0.state.pointee.out }.onWrite { d, v in d.setOut(v) }
      r[.outSet].onRead { $0.state.pointee.out }.onWrite { d, v in d.setOut(d.state.pointee.out | v) }
      r[.outClr].onRead { $0.state.pointee.out }.onWrite { d, v in d.setOut(d.state.pointee.out & ~v) }
      r[.in].onRead { $0.inputs }
      r[.dir].onRead { $0.state.pointee.dir }.onWrite { d, v in d.setDir(v) }
      r[.dirSet].onRead { $0.state.pointee.dir }.onWrite { d, v in d.setDir(d.state.pointee.dir | v) }
      r[.dirClr].onRead { $0.state.pointee.dir }.onWrite { d, v in d.setDir(d.state.pointee.dir & ~v) }
      r[.pinCnf0, count: 32].bits(1...3).bits(8...10).bits(16...17).reset(2).onRead { d, n in d[.pinCnf0, n] | (d.state.pointee.dir[bit: n] ? 1 : 0) }.onWrite { d, n, v in d.configure(n, v) }
    }
    /// A block that has pins of its own choice.
    struct User {
      /// The pins that it drives, and those whose levels it hears.
      var drives: () -> UInt32 = { 0 }, hears: () -> UInt32 = { 0 }
      /// Whether it drives a pin of its own at the moment, and to which level.
      var output: (Int) -> (on: Bool, high: Bool) = { _ in (false, false) }
      var input: (Int, Bool) -> Void = { _, _ in }
    }
    struct State: BitwiseCopyable {
      var out: UInt32 = 0, dir: UInt32 = 0
      /// Levels at the pads; pads whose input buffer is connected.
      var levels: UInt32 = 0, connected: UInt32 = 0
      /// PIN_CNF's SENSE, and the signal DETECT.
      var senseHigh: UInt32 = 0, senseLow: UInt32 = 0, detect = false
      /// Pins that other blocks drive, and that they hear.
      var driven: UInt32 = 0, heard: UInt32 = 0
      /// Inputs that float, and those of them that were told of.
      var floating: UInt32 = 0, told: UInt32 = 0
    }
    public static let count = 31
    public let pins: [Pin]
    private let state: UnsafeMutablePointer<State>
    var users: [User] = []
    /// DETECT has gone high.
    var onDetect: () -> Void = {}
    /// A pin's configuration has changed.
    public var onConfigure: (Int) -> Void = { _ in }

    init(arena: StateArena) {
      pins = (0..<Self.count).map { Pin("P0." + ($0 < 10 ? "0" : "") + "\($0)", arena: arena) }
      state = arena.allocate("NRF51.GPIO.state", initial: State())
      super.init(Self.map, name: "NRF51.GPIO", arena: arena)
      for (n, pin) in pins.enumerated() { pin.onChange = { [unowned self] _ in levelChanged(n) } }
    }
    /// Bytes of OUT and DIR may be written alone; of the set and clear registers the others do nothing then.
    public override func write32(_ value: UInt32, at offset: UInt32, lanes: UInt32) {
      switch Register(rawValue: offset) {
      case .outSet, .outClr, .dirSet, .dirClr: write32(value & lanes, at: offset)
      default: super.write32(value, at: offset, lanes: lanes)
      }
    }
    /// PULL of a pin: 0 none, 1 down, 3 up.
    public func pull(_ n: Int) -> UInt32 { self[.pinCnf0, n][bits: 2...3] }
    public func isOutput(_ n: Int) -> Bool { state.pointee.dir[bit: n] }
    func level(_ n: Int) -> Bool { state.pointee.levels[bit: n] }

    // MARK: Outputs

    private func setOut(_ v: UInt32) {
      let changed = (v ^ state.pointee.out) & state.pointee.dir
      state.pointee.out = v
      update(changed)
    }
    private func setDir(_ v: UInt32) {
      let changed = v ^ state.pointee.dir
      state.pointee.dir = v
      update(changed)
    }
    /// Recomputes what the pins of `mask` drive.
    func update(_ mask: UInt32) {
      var left = mask & 0x7FFF_FFFF
      while left != 0 {
        let n = left.trailingZeroBitCount
        left &= left &- 1
        drivePad(n)
      }
    }
    private func drivePad(_ n: Int) {
      let c = self[.pinCnf0, n]
      var on = state.pointee.dir[bit: n], high = state.pointee.out[bit: n]
      if state.pointee.driven[bit: n], let u = users.first(where: { $0.drives()[bit: n] }) { (on, high) = u.output(n) }
      // DRIVE: 4 and 5 leave a low pin alone, 6 and 7 a high one (§14.2.10).
      if on, high ? c[bits: 8...10] < 6 : c[bits: 8...10] & 6 != 4 {
        pins[n].drive = high ? .high : .low
      } else {
        pins[n].drive = c[bits: 2...3] == 3 ? .pullUp : c[bits: 2...3] == 1 ? .pullDown : .none
      }
    }
    /// A block has chosen other pins.
    func usersChanged() {
      let old = state.pointee.driven
      state.pointee.driven = users.reduce(0) { $0 | $1.drives() }
      state.pointee.heard = users.reduce(0) { $0 | $1.hears() }
      update(old | state.pointee.driven)
      var left = state.pointee.heard & 0x7FFF_FFFF
      while left != 0 {
        let n = left.trailingZeroBitCount
        left &= left &- 1
        tell(n)
      }
    }

    // MARK: Inputs

    private var inputs: UInt32 {
      if state.pointee.floating != 0 { reportFloating() }
      return state.pointee.levels & state.pointee.connected
    }
    @inline(never) private func reportFloating() {
      for n in 0..<Self.count where state.pointee.floating[bit: n] {
        state.pointee.told[bit: n] = true
        state.pointee.floating[bit: n] = false
        log?.once("\(pins[n].name) is read while nothing drives or pulls it: it reads low here, on a board anything; give it a pull, or a wire")
      }
    }
    private func configure(_ n: Int, _ v: UInt32) {
      state.pointee.dir[bit: n] = v[bit: 0]
      guard n < Self.count else { return }
      let sense = v[bits: 16...17]
      state.pointee.connected[bit: n] = !v[bit: 1]
      state.pointee.senseHigh[bit: n] = sense == 2
      state.pointee.senseLow[bit: n] = sense == 3
      onConfigure(n)
      drivePad(n)
      levelChanged(n)
    }
    private func levelChanged(_ n: Int) {
      let old = state.pointee.levels[bit: n], new = pins[n].isHigh
      state.pointee.levels[bit: n] = new
      state.pointee.floating[bit: n] = !state.pointee.told[bit: n] && state.pointee.connected[bit: n] && !state.pointee.dir[bit: n] && pins[n].level == .floating && pins[n].isWatched
      if old != new, state.pointee.heard[bit: n] { tell(n) }
      detect()
    }
    private func tell(_ n: Int) {
      let high = state.pointee.levels[bit: n]
      for u in users where u.hears()[bit: n] { u.input(n, high) }
    }
    /// §14.1.1: a pin that senses has the level that it senses.
    private func detect() {
      let s = state.pointee, now = (s.levels & s.senseHigh | ~s.levels & s.senseLow) & s.connected != 0
      guard now != s.detect else { return }
      state.pointee.detect = now
      if now { onDetect() }
    }
    public override func reset() {
      super.reset()
      let s = state.pointee
      state.pointee = State(levels: s.levels, told: s.told)
      usersChanged()
      for n in 0..<Self.count {
        onConfigure(n)
        drivePad(n)
        levelChanged(n)
      }
    }
  }

  /// Reference Manual §15: four channels that make events of edges or edges of tasks, and the event of the whole port.
  public final class GPIOTE: Peripheral, RegisterNaming {
    public enum Register: UInt32, CaseIterable, Sendable {
      case tasksOut0 = 0x000, eventsIn0 = 0x100, eventsPort = 0x17C, intenSet = 0x304, intenClr = 0x308, config0 = 0x510, power = 0xFFC
    }
    static let map = RegisterMap<GPIOTE> { r in
      r.task(.tasksOut0, count: 4) { d, n in d.act(n) }
      r.event(.eventsIn0, count: 4)
      r.event(.eventsPort)
      r.interrupts(.intenSet, .intenClr, mask: 0x8000_000F)
      r[.config0, count: 4].bits(0...1).bits(8...12).bits(16...17).bits(20...20).onWrite { d, n, v in d.configured(n, v) }
      r.power(.power)
    }
    enum Mode { static let event: UInt32 = 1, task: UInt32 = 3 }
    /// By channel: what a task channel puts out, and the level that an event channel has seen.
    struct State: BitwiseCopyable { var out: UInt32 = 0, seen: UInt32 = 0 }
    private let state: UnsafeMutablePointer<State>
    private unowned let gpio: GPIO

    init(arena: StateArena, gpio: GPIO) {
      self.gpio = gpio
      state = arena.allocate("NRF51.GPIOTE.state", initial: State())
      super.init(Self.map, block: "GPIOTE", arena: arena)
      gpio.users.append(
        GPIO.User(
          drives: { [unowned self] in pins(Mode.task) }, hears: { [unowned self] in pins(Mode.event) },
          output: { [unowned self] pin in (true, channel(Mode.task, pin).map { state.pointee.out[bit: $0] } ?? false) },
          input: { [unowned self] pin, high in changed(pin, high) }))
    }
    private func pin(_ n: Int) -> Int { Int(self[.config0, n][bits: 8...12]) }
    private func mode(_ n: Int) -> UInt32 { self[.config0, n][bits: 0...1] }
    private func pins(_ wanted: UInt32) -> UInt32 { (0..<4).reduce(UInt32(0)) { mode($1) == wanted ? $0 | 1 << UInt32(pin($1)) : $0 } }
    /// The lowest channel that drives a pin has it.
    private func channel(_ wanted: UInt32, _ pin: Int) -> Int? { (0..<4).first { mode($0) == wanted && self.pin($0) == pin } }

    private func configured(_ n: Int, _ v: UInt32) {
      if mode(n) == Mode.task { state.pointee.out[bit: n] = v[bit: 20] }
      if mode(n) == Mode.event, pin(n) < GPIO.count { state.pointee.seen[bit: n] = gpio.level(pin(n)) }
      gpio.usersChanged()
    }
    private func act(_ n: Int) {
      guard mode(n) == Mode.task else { return }
      switch self[.config0, n][bits: 16...17] {
      case 1: state.pointee.out[bit: n] = true
      case 2: state.pointee.out[bit: n] = false
      case 3: state.pointee.out[bit: n].toggle()
      default: return
      }
      gpio.update(1 << UInt32(pin(n)))
    }
    private func changed(_ pin: Int, _ high: Bool) {
      for n in 0..<4 where mode(n) == Mode.event && self.pin(n) == pin && state.pointee.seen[bit: n] != high {
        state.pointee.seen[bit: n] = high
        if self[.config0, n][bits: 16...17] & (high ? 1 : 2) != 0 { raise(n) }
      }
    }
    func functionName(_ pin: Int) -> String? { channel(Mode.task, pin).map { "GPIOTE OUT\($0)" } ?? channel(Mode.event, pin).map { "GPIOTE IN\($0)" } }
    /// DETECT of the port has gone high.
    func portDetected() { raise(31) }
    public override func reset() {
      super.reset()
      state.pointee = State()
      gpio.usersChanged()
    }
  }
}
