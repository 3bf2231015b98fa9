import Machine
import Testing

@testable import Chips

@Suite struct ESP32S2DeviceTests {
  /// Words at random registers of all blocks: nothing traps.
  @Test(arguments: [0x5EED, 77] as [UInt64]) func randomWritesDoNotReachTheHost(seed: UInt64) {
    let machine = Machine(clock: Clock(hertz: 40_000_000))
    let chip = ESP32S2(machine: machine, flash: Memory("flash", size: 1 << 20, fill: 0xFF))
    chip.powerOn()
    chip.cores[0].isStalled = true
    var fuzz = RegisterFuzz(machine, bus: chip.cores[0].bus, pins: chip.gpio.pins, dma: 0x3FFC_0000, seed: seed)
    let blocks: [UInt32] = (0..<0x41).map { 0x3F40_0000 + UInt32($0) << 12 } + [0x3F4C_0000, 0x3F4C_1000, 0x3F4C_2000, 0x6003_A000, 0x6003_B000, 0x6003_C000, 0x6003_F000, 0x6008_0000, 0x6008_1000, 0x6180_0000, 0x6180_1000]
    fuzz.run(400_000, blocks: blocks) { chip.cores[0].isStalled = true }
    #expect(fuzz.edges.count > 0)
  }
}
