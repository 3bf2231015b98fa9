import Machine

extension ESP8266 {
  /// The real-time clock's block, which keeps its power in deep sleep: counter, sleep and wake-up, reset cause,
  /// scratch words, GPIO16. Names as in the headers of Espressif's SDKs and of esp-open-rtos.
  public final class RTC: RegisterDevice, RegisterNaming {
    public enum Register: UInt32, CaseIterable, Sendable {
      case ctrl0 = 0x00, counterAlarm = 0x04, resetReason0 = 0x08, unknown0C = 0x0C, unknown10 = 0x10, state1 = 0x14, resetReason2 = 0x18
      case counter = 0x1C, intSet = 0x20, intClear = 0x24, intEnable = 0x28, unknown2C = 0x2C, store0 = 0x30
      case unknown40 = 0x40, gpioOut = 0x68, unknown6C = 0x6C, gpioEnable = 0x74, unknown78 = 0x78, gpioIn = 0x8C, gpioConf = 0x90
      case gpioCfg0 = 0x94, gpioCfg1 = 0x98, gpioCfg2 = 0x9C, padXPDDCDCConf = 0xA0, gpioCfg4 = 0xA4, gpioCfg5 = 0xA8, unknownAC = 0xAC
    }
    static let map = RegisterMap<RTC> { r in
      r[.ctrl0].bits(0...30).onWrite { d, v in if v[bit: 31] { d.onSoftwareReset() } }
      r[.counterAlarm].bits(0...31)
      r[.resetReason0].bits(0...19).bits(21...31).onWrite { d, v in if v[bit: 20] { d.sleep() } }
      r[.unknown0C].bits(0...31)
      r[.unknown10].bits(0...31)
      r[.state1].bits(4...31)
      r[.resetReason2].bits(0...7).bits(14...31)
      r[.counter].onRead { UInt32(truncatingIfNeeded: $0.count) }
      r[.intSet].bits(0...31)
      r[.intClear].onWrite { d, v in d.state.pointee.woken &= ~v }
      r[.intEnable].onRead { $0.state.pointee.woken }
      r[.unknown2C].bits(0...31)
      r[.store0, count: 4].bits(0...31)
      r[.unknown40, count: 10].bits(0...31)
      r[.gpioOut].bits(0...31).onWrite { d, _ in d.drive() }
      r[.unknown6C, count: 2].bits(0...31)
      r[.gpioEnable].bits(0...31).onWrite { d, _ in d.drive() }
      r[.unknown78, count: 5].bits(0...31)
      r[.gpioIn].onRead { d in d.gpio16.isHigh ? 1 : 0 }
      r[.gpioConf].bits(0...31).onWrite { d, _ in d.drive() }
      r[.gpioCfg0, count: 3].bits(0...31)
      r[.padXPDDCDCConf].bits(0...31).onWrite { d, _ in d.drive() }
      r[.gpioCfg4, count: 2].bits(0...31)
      r[.unknownAC, count: 5].bits(0...31)
    }
    /// rtc_get_reset_reason of the ROM: the low bits of RTC_STATE1.
    public enum Reason: UInt32, Sendable, BitwiseCopyable { case powerOn = 1, external = 2, software = 3, watchdog = 4 }
    struct State: BitwiseCopyable {
      /// The time at which the counter was zero.
      var origin: UInt64 = 0
      /// Bit 0: the alarm woke from light sleep.
      var woken: UInt32 = 0
      var asleep = false
    }
    /// Hertz of the RC oscillator; chips vary from 140 to 180 kHz.
    public static let frequency: UInt64 = 160_000
    /// Bits of RESET_REASON2 that let an end of sleep come.
    private static let wakeByAlarm = 3, wakeByGPIO = 4
    private static let period: UInt64 = 1_000_000_000_000 / frequency
    private let state: UnsafeMutablePointer<State>
    private let scheduler: Scheduler
    private var alarm, pulseEnd: Scheduler.Event!
    public let gpio16: Pin
    var onSoftwareReset: () -> Void = {}
    /// Sleep begins; light sleep ends.
    var onSleep: () -> Void = {}, onWake: () -> Void = {}

    init(arena: StateArena, scheduler: Scheduler) {
      self.scheduler = scheduler
      state = arena.allocate("ESP8266.RTC.state", initial: State())
      gpio16 = Pin("GPIO16", arena: arena)
      super.init(Self.map, name: "ESP8266.RTC", arena: arena)
      alarm = scheduler.event("ESP8266.RTC.alarm") { [unowned self] _ in
        state.pointee.woken |= 1
        guard state.pointee.asleep else { return onWake() }
        // XPD_DCDC goes low for a while; a wire to RST makes of it a reset.
        gpio16.drive = .low
        scheduler.schedule(pulseEnd, after: 1_000_000_000)
      }
      pulseEnd = scheduler.event("ESP8266.RTC.pulse") { [unowned self] _ in if state.pointee.asleep { gpio16.drive = .high } else { drive() } }
    }
    private var count: UInt64 { (scheduler.now &- state.pointee.origin) / Self.period }
    public var isAsleep: Bool { state.pointee.asleep }
    private func sleep() {
      // A target that the counter has passed meanwhile wakes at once: the SDK sleeps for three periods to set the PLL.
      let ticks = Int64(Int32(bitPattern: self[.counterAlarm] &- UInt32(truncatingIfNeeded: count)))
      if self[.resetReason2][bit: Self.wakeByAlarm] {
        scheduler.schedule(alarm, at: state.pointee.origin &+ (count &+ UInt64(max(1, ticks))) &* Self.period)
      } else {
        scheduler.cancel(alarm)
      }
      onSleep()
    }
    /// What goes without power in sleep: the SDK writes ones for deep sleep, none for light sleep.
    var wantsDeepSleep: Bool { self[.unknown40] != 0 }
    /// A pin that may wake has the level for it.
    func wakeByPin() {
      guard self[.resetReason2][bit: Self.wakeByGPIO] else { return }
      state.pointee.woken |= 2
      onWake()
    }
    func enterDeepSleep() {
      state.pointee.asleep = true
      gpio16.drive = .high
    }
    /// GPIO16: function RTC_GPIO0 of PAD_XPD_DCDC_CONF.
    private func drive() {
      guard !state.pointee.asleep else { return }
      let conf = self[.padXPDDCDCConf]
      if self[.gpioEnable][bit: 0] {
        gpio16.drive = self[.gpioOut][bit: 0] ? .high : .low
      } else {
        gpio16.drive = conf[bit: 3] ? .pullDown : conf[bit: 2] ? .pullUp : .none
      }
    }
    /// The chip starts again.
    /// - Parameter reason: power-on clears all; the others keep the counter and the scratch words.
    func restart(_ reason: Reason) {
      var scratch: [UInt32] = (0..<4).map { self[.store0, $0] }
      if reason == .powerOn {
        scratch = [0, 0, 0, 0]
        state.pointee = State(origin: scheduler.now)
      }
      reset()
      for i in 0..<4 { self[.store0, i] = scratch[i] }
      state.pointee.asleep = false
      state.pointee.woken = 0
      scheduler.cancel(alarm)
      scheduler.cancel(pulseEnd)
      // The end of deep sleep comes through RST, so it is an external reset; the SDK knows by its note in the RTC memory.
      self[.state1] = reason.rawValue
      drive()
    }
  }
}
