import Machine

/// RP2040 datasheet §2.20: who the chip is.
public final class SYSINFO: RegisterDevice, RegisterNaming {
  public enum Register: UInt32, CaseIterable, Sendable { case chipID = 0x00, platform = 0x04, gitrefRP2040 = 0x40 }
  static let map = RegisterMap<SYSINFO> { r in
    r[.chipID].reset(0x2000_2927)  // revision 2 (B2), part 2, manufacturer 0x927
    r[.platform].reset(2)  // ASIC
    r[.gitrefRP2040].reset(0)
  }
  init(arena: StateArena) { super.init(Self.map, name: "RP2040.SYSINFO", arena: arena) }
}

/// RP2040 datasheet §2.21.
public final class SYSCFG: RegisterDevice, RegisterNaming {
  public enum Register: UInt32, CaseIterable, Sendable {
    case proc0NMIMask = 0x00, proc1NMIMask = 0x04, procConfig = 0x08, procInSyncBypass = 0x0C, procInSyncBypassHi = 0x10, dbgForce = 0x14, memPowerDown = 0x18
  }
  static let map = RegisterMap<SYSCFG> { r in
    r[.proc0NMIMask].bits(0...31).onWrite { d, _ in d.onNMIMask() }
    r[.proc1NMIMask].bits(0...31).onWrite { d, _ in d.onNMIMask() }
    r[.procConfig].bits(24...31).reset(0x1000_0000)
    r[.procInSyncBypass].bits(0...29)
    r[.procInSyncBypassHi].bits(0...5)
    r[.dbgForce].bits(1...3).bits(5...7).reset(0x66)
    r[.memPowerDown].bits(0...7)
  }
  var onNMIMask: () -> Void = {}
  init(arena: StateArena) { super.init(Self.map, name: "RP2040.SYSCFG", arena: arena) }
}

/// RP2040 datasheet §2.22.
public final class TBMAN: RegisterDevice, RegisterNaming {
  public enum Register: UInt32, CaseIterable, Sendable { case platform = 0x00 }
  static let map = RegisterMap<TBMAN> { r in r[.platform].reset(1) }
  init(arena: StateArena) { super.init(Self.map, name: "RP2040.TBMAN", arena: arena) }
}

/// RP2040 datasheet §2.10 and §2.12: the regulator, brown-out detection and the reasons of a chip reset.
public final class VREG: RegisterDevice, RegisterNaming {
  public enum Register: UInt32, CaseIterable, Sendable { case vreg = 0x00, bod = 0x04, chipReset = 0x08 }
  static let map = RegisterMap<VREG> { r in
    r[.vreg].bits(0...1).bits(4...7).reset(0xB1).onRead { $0[.vreg] | 1 << 12 }  // ROK: in regulation
    r[.bod].bits(0...0).bits(4...7).reset(0x91)
    r[.chipReset].bits(24...24, .writeOneToClear).reset(1 << 8)
  }
  enum Reason { static let powerOn: UInt32 = 1 << 8, run: UInt32 = 1 << 16 }
  init(arena: StateArena) { super.init(Self.map, name: "RP2040.VREG_AND_CHIP_RESET", arena: arena) }
}

/// RP2040 datasheet §2.1.5: bus priorities and performance counters, which count nothing here.
public final class BUSCTRL: RegisterDevice, RegisterNaming {
  public enum Register: UInt32, CaseIterable, Sendable {
    case busPriority = 0x00, busPriorityAck = 0x04, perfCtr0 = 0x08, perfSel0 = 0x0C, perfCtr1 = 0x10, perfSel1 = 0x14
    case perfCtr2 = 0x18, perfSel2 = 0x1C, perfCtr3 = 0x20, perfSel3 = 0x24
  }
  static let map = RegisterMap<BUSCTRL> { r in
    r[.busPriority].bits(0...0).bits(4...4).bits(8...8).bits(12...12)
    r[.busPriorityAck].reset(1)
    r[.perfCtr0, count: 4, stride: 8].bits(0...23, .writeOneToClear)
    r[.perfSel0, count: 4, stride: 8].bits(0...4).reset(0x1F)
  }
  init(arena: StateArena) { super.init(Self.map, name: "RP2040.BUSCTRL", arena: arena) }
}
