import Machine
import Testing

@testable import Chips

@Suite struct DMATests {
  let machine = Machine(clock: Clock(hertz: 125_000_000))
  let ram = Memory("RAM", size: 8192), bus = Bus(), dma: DMA

  init() {
    bus.map(memory: ram.raw, at: 0x2000_0000, size: 8192, writable: true)
    dma = DMA(name: "DMA", arena: machine.arena, scheduler: machine.scheduler, clock: machine.coreClock, bus: bus)
    dma.reset()
  }
  @Test func wordsMoveOneACycle() {
    for i in 0..<1024 { ram.bytes[i] = UInt8(truncatingIfNeeded: i * 7) }
    dma.write32(0x2000_0000, at: 0)
    dma.write32(0x2000_1000, at: 4)
    dma.write32(256, at: 8)
    dma.write32(1, at: 0x404)
    dma.write32(1 | 2 << 2 | 3 << 4 | 63 << 15, at: 0xC)
    machine.run(until: 8000 * 100)
    #expect(dma.read32(at: 8) == 156)
    #expect(dma.read32(at: 0xC) >> 24 == 1)
    machine.run(until: 8000 * 255)
    #expect(!dma.irq[0].isHigh)
    machine.run(until: 8000 * 256)
    #expect(dma.irq[0].isHigh)
    #expect(Array(ram.contents[0..<1024]) == Array(ram.contents[4096..<5120]))
  }
  @Test func aRequestPacesAndARisingLineStartsNow() {
    let request = Line("request", arena: machine.arena)
    dma.connect(request, to: 20)
    dma.write32(0x2000_0000, at: 0)
    dma.write32(0x2000_1000, at: 4)
    dma.write32(10, at: 8)
    dma.write32(1 | 3 << 4 | 20 << 15, at: 0xC)
    machine.run(until: 8000 * 50)
    #expect(dma.read32(at: 8) == 10)
    request.set(true)
    machine.run(until: 8000 * 54)
    #expect(dma.read32(at: 8) == 6)
    request.set(false)
    machine.run(until: 8000 * 90)
    #expect(dma.read32(at: 8) == 6)
  }
  /// The check value of CRC-32 over "123456789".
  @Test func snifferGivesTheCheckValue() {
    for (i, b) in "123456789".utf8.enumerated() { ram.bytes[i] = b }
    dma.write32(1 | 1 << 5 | 1 << 10 | 1 << 11, at: 0x434)
    dma.write32(~0, at: 0x438)
    dma.write32(0x2000_0000, at: 0)
    dma.write32(0x2000_1000, at: 4)
    dma.write32(9, at: 8)
    dma.write32(1 | 1 << 4 | 63 << 15 | 1 << 23, at: 0xC)
    machine.run(until: 8000 * 20)
    #expect(dma.read32(at: 0x438) == 0xCBF4_3926)
  }
  @Test func aHoleInTheMapIsAReadError() {
    dma.write32(0x3000_0000, at: 0)
    dma.write32(0x2000_1000, at: 4)
    dma.write32(4, at: 8)
    dma.write32(1 | 2 << 2 | 63 << 15, at: 0xC)
    machine.run(until: 8000 * 20)
    #expect(dma.read32(at: 0xC) & 0xE100_0000 == 0xC000_0000)
  }
}
