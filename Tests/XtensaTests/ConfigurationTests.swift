import Testing

@testable import Xtensa

@Suite struct ConfigurationTests {
  @Test func timersNameTimerInterrupts() {
    for c in [Configuration.lx106, .lx6, .lx7, .lx7S2] {
      for t in c.timers { #expect(c.interrupts[t].type == .timer) }
    }
  }
}

/// The registers that each core has, as the cores' own descriptions (core-isa.h and the TIE's) list them: reading another is illegal.
@Suite struct SpecialRegisterTests {
  static let common: Set<Int> = [3, 96, 104, 128, 144, 160, 176, 177, 178, 179, 192, 194, 195, 208, 209, 210, 211, 226, 228, 230, 231, 232, 233, 234, 235, 236, 237, 238, 240]
  /// LITBASE is there, though nothing uses it without absolute literals: the ESP32's binutils know it.
  static let lx6 = common.union([5, 0, 1, 2, 4, 12, 16, 17, 32, 33, 34, 35, 72, 73, 97, 99, 129, 145, 161, 180, 181, 182, 183, 196, 197, 198, 199, 212, 213, 214, 215, 224, 241, 242, 244, 245, 246, 247])
  static let cores: [(name: String, configuration: Configuration, special: Set<Int>, user: Set<Int>)] = [
    ("LX106", .lx106, common.union([5]), []), ("LX6", .lx6, lx6, Set(230...236)),
    // ERACCESS comes with the LX7.
    ("LX7", .lx7, lx6.union([95]), Set(0...18).union([231, 232, 233])),
  ]
  private static func reads(_ word: UInt32, _ configuration: Configuration) -> Bool {
    let t = TestCore(configuration)
    let at = TestCore.code + 0x1000
    t.write(word, at: at)
    t.core.setProgramCounter(at)
    t.core.limit.pointee = t.core.cycles.pointee + 1
    t.core.run()
    return t.core.programCounter == at + 3
  }
  @Test(arguments: 0..<3) func eachCoreHasItsOwn(_ index: Int) {
    let c = Self.cores[index]
    // RSR a2, n and RUR a2, n.
    let special = Set((0..<256).filter { Self.reads(0x03_0020 | UInt32($0) << 8, c.configuration) }), user = Set((0..<256).filter { Self.reads(0xE3_2000 | UInt32($0) << 4, c.configuration) })
    #expect(special == c.special, "\(c.name): \(special.symmetricDifference(c.special).sorted())")
    #expect(user == c.user, "\(c.name): \(user.symmetricDifference(c.user).sorted())")
  }
}
