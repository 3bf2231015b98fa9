import Machine
import Testing
@testable import Boards

/// Wires hold each other, and a board has megabytes: all of it must go with the board.
@Suite struct BoardLifetimeTests {
  @Test(arguments: ["pico", "esp32", "esp32s2", "esp32s3", "nodemcu"]) func aBoardThatNobodyNeedsIsFreed(name: String) throws {
    weak var machine: Machine?, arena: StateArena?, flash: Memory?, pin: Pin?
    var cores: [() -> Core?] = [], parts: [() -> AnyObject?] = []
    do {
      let board = try Catalog.make(Catalog.board(named: name))
      for (n, type) in ["wokwi-led", "wokwi-ssd1306", "wokwi-pushbutton", "wokwi-neopixel", "wokwi-ds1307", "wokwi-74hc595"].enumerated() {
        let part = try board.add(type, id: "p\(n)")
        try board.wire("p\(n):\(part.kind.pins[0])", "GND.1")
        parts.append { [weak part] in part }
      }
      machine = board.machine
      arena = board.machine.arena
      flash = board.flash
      pin = board.pins.values.first
      cores = board.machine.cores.map { core in { [weak core] in core } }
      board.powerOn()
      board.machine.run(until: 1_000_000_000)
      #expect(machine != nil && arena != nil && flash != nil && pin != nil && cores.allSatisfy { $0() != nil })
    }
    #expect(machine == nil && arena == nil && flash == nil && pin == nil)
    #expect(cores.allSatisfy { $0() == nil } && parts.allSatisfy { $0() == nil })
  }
}
