import Machine

/// ESP32 TRM chapter 10: the SD and MMC host, with no card in its slots: each command that wants an answer ends with a timeout.
public final class ESP32SDMMC: RegisterDevice, RegisterNaming {
  public enum Register: UInt32, CaseIterable, Sendable {
    case ctrl = 0x00, clkdiv = 0x08, clksrc = 0x0C, clkena = 0x10, tmout = 0x14, ctype = 0x18, blksiz = 0x1C, bytcnt = 0x20, intmask = 0x24, cmdarg = 0x28, cmd = 0x2C, resp0 = 0x30, mintsts = 0x40
    case rintsts = 0x44, status = 0x48, fifoth = 0x4C, cdetect = 0x50, wrtprt = 0x54, tcbcnt = 0x5C, tbbcnt = 0x60, debnce = 0x64, usrid = 0x68, verid = 0x6C, hcon = 0x70, uhs = 0x74, rstN = 0x78
    case bmod = 0x80, pldmnd = 0x84, dbaddr = 0x88, idsts = 0x8C, idinten = 0x90, dscaddr = 0x94, bufaddr = 0x98, cardthrctl = 0x100, emmcddr = 0x10C, enshift = 0x110, fifo = 0x200, clkEdgeSel = 0x800
  }
  static let map = RegisterMap<ESP32SDMMC> { r in
    let stored: [Register: UInt32] = [.tmout: 0xFFFF_FF40, .blksiz: 0x200, .bytcnt: 0x200, .debnce: 0xFF_FFFF, .usrid: 0, .verid: 0x5432_270A, .hcon: 0x344_4CC3, .rstN: 1, .clkEdgeSel: 0x82_0200]
    for x in Register.allCases { r[x].bits(0...31).reset(stored[x] ?? 0) }
    // Controller, FIFO and DMA come out of reset by themselves.
    r[.ctrl].bits(3...31).onWrite { d, _ in d.update() }
    r[.intmask].bits(0...17).onWrite { d, _ in d.update() }
    r[.cmd].bits(0...30).reset(0x2000_0000).onWrite { d, v in if v[bit: 31] { d.start(v) } }
    r[.resp0, count: 4].bits(0...31, .readOnly)
    r[.mintsts].onRead { $0[.rintsts] & $0[.intmask] }
    r[.rintsts].bits(0...17, .writeOneToClear).onWrite { d, _ in d.update() }
    // The FIFO is empty and nothing is busy.
    r[.status].reset(0x106)
    r[.cdetect].reset(3)
    r[.wrtprt].reset(3)
    r[.bmod].bits(1...10)
    r[.idsts].bits(0...9, .writeOneToClear).onWrite { d, _ in d.update() }
    r[.fifo].reset(0)
  }
  private var answered: Scheduler.Event!
  private let scheduler: Scheduler
  public let irq: Line
  init(arena: StateArena, scheduler: Scheduler) {
    self.scheduler = scheduler
    irq = Line("ESP32.SDMMC.IRQ", arena: arena)
    super.init(Self.map, name: "ESP32.SDMMC", arena: arena)
    // The command is done, and the response timed out.
    answered = scheduler.event("ESP32.SDMMC.timeout") { [unowned self] _ in
      self[.rintsts] |= 1 << 2 | (self[.cmd][bit: 6] ? 1 << 8 : 0)
      update()
    }
  }
  private func start(_ v: UInt32) {
    // UPDATE_CLOCK_REGISTERS_ONLY sends nothing.
    if !v[bit: 21] { scheduler.schedule(answered, after: 160_000_000) }
  }
  private func update() { irq.set(self[.ctrl][bit: 4] && self[.rintsts] & self[.intmask] != 0 || self[.idsts] & self[.idinten] != 0) }
  public override func reset() {
    super.reset()
    scheduler.cancel(answered)
    update()
  }
}
