import Boards
import Chips
import Foundation
import Frontend
import Machine
import Testing

/// Real firmware on the ESP32, when it and the boot ROM's images are to be had (SOLDERLESS_FIRMWARE, SOLDERLESS_ROMS).
@Suite(.serialized) struct ESP32Tests {
  static let available: Bool = {
    let ok = (try? BootTests.loader?.load("esp32", firmware: nil, rom: nil)) != nil
    if !ok { print("ESP32Tests: no ESP32 firmware or no boot ROM, so its boot tests are skipped; name folders in SOLDERLESS_FIRMWARE and SOLDERLESS_ROMS") }
    return ok
  }()
  static let versions = ["1.20.0", "1.24.1", "1.27.0"]

  /// MicroPython by version, and what its own `sys` says; 1.9.4 and 1.10 run on one core, and so does the UNICORE build of 1.22.2.
  @Test(.enabled(if: available), arguments: [("1.9.4", 240), ("1.10", 240), ("1.13", 160), ("1.17", 160), ("1.19.1", 160), ("1.20.0", 160), ("1.22.2", 160), ("1.24.1", 160), ("1.27.0", 160)])
  func microPythonRuns(version: String, megahertz: Int) throws {
    let numbers = version.split(separator: ".").map { Int($0)! }
    let (text, _) = try BootTests.execute(
      "import sys, machine, esp\nprint(6*7, sys.platform, list(sys.implementation[1])[:2], 1/8, machine.freq(), esp.flash_size())", on: BootTests.board(version, board: "esp32"))
    #expect(text == "42 esp32 [\(numbers[0]), \(numbers[1])] 0.125 \(megahertz)000000 4194304\r\n", "\(text)")
  }
  static let program = """
    import time, os, _thread
    from machine import Pin
    led = Pin(2, Pin.OUT)
    done = []
    def other():
        s = 0
        for i in range(500):
            s += i
        done.append(s)
    _thread.start_new_thread(other, ())
    s = 0
    for i in range(3000):
        s += i * i
        led.value(i & 1)
    print(s, led.value())
    time.sleep_ms(150)
    f = open('a.txt', 'w'); f.write('hello' * 100); f.close()
    print(len(open('a.txt').read()), 'a.txt' in os.listdir(), done)
    print(time.ticks_us() > 0)
    """
  @Test(.enabled(if: available)) func twoRunsAreEqualAndTheQuantumAndSnapshotsChangeNothing() throws {
    let first = try BootTests.execute(Self.program, on: BootTests.board("1.27.0", board: "esp32"))
    #expect(first.0.contains("8995500500 1") && first.0.contains("500 True [124750]"), "\(first.0)")
    for (quantum, snapshots) in [(nil, false), (1_000_000, false), (nil, true)] as [(UInt64?, Bool)] {
      let again = try BootTests.execute(Self.program, on: BootTests.board("1.27.0", board: "esp32"), quantum: quantum, snapshots: snapshots)
      #expect(again.0 == first.0 && again.1 == first.1, "quantum \(quantum ?? 0), snapshots \(snapshots): \(again.1) cycles, not \(first.1)")
    }
  }
}
