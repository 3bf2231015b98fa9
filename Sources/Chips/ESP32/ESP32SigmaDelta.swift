import Machine

/// ESP32 TRM §4.6, GPIO_SD: eight first-order sigma-delta modulators: of 256 ticks an output is high for so many, as evenly spread as
/// can be. Levels follow from the time, and edges are events only on pads that somebody watches.
final class ESP32SigmaDelta: Device {
  struct Channel: BitwiseCopyable {
    /// High ticks of 256, and the divider of APB_CLK.
    var density: UInt64 = 128, divider: UInt64 = 256
    var since: UInt64 = 0, next: UInt64 = .max
  }
  private let channels: UnsafeMutablePointer<Channel>
  private let scheduler: Scheduler, clocks: ESP32Clocks
  private var event: Scheduler.Event!
  let outputs: [Line]
  var isWatched: (Int) -> Bool = { _ in false }

  init(arena: StateArena, scheduler: Scheduler, clocks: ESP32Clocks) {
    self.scheduler = scheduler
    self.clocks = clocks
    channels = arena.allocate("ESP32.GPIO_SD.channels", count: 8, initial: Channel())
    outputs = (0..<8).map { Line("ESP32.GPIO_SD.OUT\($0)", arena: arena) }
    super.init(name: "ESP32.GPIO_SD")
    event = scheduler.event("ESP32.GPIO_SD.edge") { [unowned self] _ in due() }
  }
  /// SIGMADELTAn: a signed duty and the prescaler.
  func written(_ n: Int, _ v: UInt32) {
    channels[n].density = UInt64((v & 0xFF) ^ 0x80)
    channels[n].divider = UInt64(v[bits: 8...15] + 1)
    channels[n].since = scheduler.now
    show(n)
  }
  private func tick(_ n: Int) -> UInt64 { max(1, UInt64(truncatingIfNeeded: UInt128(channels[n].divider) * UInt128(Clock.picosecondsPerSecond * 256) / UInt128(max(256, clocks.apb.pointee.frequency256)))) }
  /// High in the ticks in which the sum of the duties goes over 256.
  private func isHigh(_ n: Int, tick k: UInt64) -> Bool { k & 0xFF &* channels[n].density & 0xFF &+ channels[n].density >= 256 }
  private func show(_ n: Int) {
    let t = tick(n), k = (scheduler.now &- channels[n].since) / t, level = isHigh(n, tick: k)
    outputs[n].set(level)
    channels[n].next = .max
    if isWatched(n), let change = (1...256).first(where: { isHigh(n, tick: k &+ UInt64($0)) != level }) { channels[n].next = channels[n].since &+ (k &+ UInt64(change)) &* t }
    arm()
  }
  private func arm() {
    let next = (0..<8).map { channels[$0].next }.min() ?? .max
    if next == .max { scheduler.cancel(event) } else { scheduler.schedule(event, at: max(next, scheduler.now)) }
  }
  private func due() { for n in 0..<8 where channels[n].next <= scheduler.now { show(n) } }
  /// Another pad shows the outputs.
  func routesChanged() { for n in 0..<8 where isWatched(n) != (channels[n].next != .max) { show(n) } }
  override func reset() {
    for n in 0..<8 {
      channels[n] = Channel(since: scheduler.now)
      outputs[n].set(false)
    }
    scheduler.cancel(event)
  }
}
