import Machine

extension NRF51 {
  /// Reference Manual §24: one AES block in memory: the key, the clear text and behind them the cipher text.
  public final class ECB: Peripheral, RegisterNaming {
    public enum Register: UInt32, CaseIterable, Sendable {
      case tasksStartECB = 0x000, tasksStopECB = 0x004, eventsEndECB = 0x100, eventsErrorECB = 0x104, intenSet = 0x304, intenClr = 0x308, ecbDataPtr = 0x504, power = 0xFFC
    }
    static let map = RegisterMap<ECB> { r in
      r.task(.tasksStartECB) { d in d.scheduler.schedule(d.done, after: 8_500_000) }
      r.task(.tasksStopECB) { d in
        guard d.scheduler.isScheduled(d.done) else { return }
        d.scheduler.cancel(d.done)
        d.raise(1)
      }
      r.event(.eventsEndECB, count: 2)
      r.interrupts(.intenSet, .intenClr, mask: 3)
      r[.ecbDataPtr].bits(0...31)
      r.power(.power)
    }
    private let scheduler: Scheduler
    private let memory: MasterPort
    private var done: Scheduler.Event!
    init(arena: StateArena, scheduler: Scheduler, memory: MasterPort) {
      self.scheduler = scheduler
      self.memory = memory
      super.init(Self.map, block: "ECB", arena: arena)
      done = scheduler.event("NRF51.ECB.done") { [unowned self] _ in
        let at = self[.ecbDataPtr]
        guard let key = memory.read(at, count: 16), let text = memory.read(at &+ 16, count: 16) else { return raise(1) }
        memory.write(ESP32AES.crypt(text, key: key, decrypt: false), at: at &+ 32)
        raise(0)
      }
    }
    public override func reset() {
      super.reset()
      scheduler.cancel(done)
    }
  }

  /// How blocks reach the RAM by themselves (EasyDMA).
  final class MasterPort {
    private unowned let bus: Bus
    init(_ bus: Bus) { self.bus = bus }
    func read(_ address: UInt32, count: Int) -> [UInt8]? {
      guard bus.isMemory(address, count: UInt32(count), writable: false) else { return nil }
      return (0..<UInt32(count)).map { UInt8(truncatingIfNeeded: bus.read(address &+ $0, size: 1).value) }
    }
    func write(_ bytes: [UInt8], at address: UInt32) {
      guard bus.isMemory(address, count: UInt32(bytes.count), writable: true) else { return }
      for (n, b) in bytes.enumerated() { _ = bus.write(address &+ UInt32(n), UInt32(b), size: 1) }
    }
  }
}
