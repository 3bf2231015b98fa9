import Testing

@testable import Xtensa

@Suite struct ConfigurationTests {
  @Test func timersNameTimerInterrupts() {
    for c in [Configuration.lx106, .lx6, .lx7, .lx7S2] {
      for t in c.timers { #expect(c.interrupts[t].type == .timer) }
    }
  }
}
