import ArgumentParser
import Boards
import Foundation
import Frontend

struct DemoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "demo", abstract: "The guided first run: no display and no input needed.")
  @Option(help: "A boot ROM image to use.") var rom: String?

  static let program = """
    from machine import Pin
    import time
    led = Pin(25, Pin.OUT)
    for i in range(3):
        led.on(); print("on ", i); time.sleep(0.25)
        led.off(); print("off", i); time.sleep(0.25)
    """

  func run() throws {
    let board: Board
    do {
      var store = try FirmwareStore()
      store.progress = say
      board = try BoardLoader(store: store).load("pico", firmware: nil, rom: rom).board
    } catch { throw fail("\(error)") }
    print("A Raspberry Pi Pico with MicroPython, as downloaded. It gets this program:\n")
    print(Self.program.split(separator: "\n").map { "    " + $0 }.joined(separator: "\n"))
    print("\nWhat it prints:\n")
    let repl = RawREPL(code: Self.program)
    var line: [UInt8] = []
    repl.onOutput = { byte in
      if byte == 10 {
        print("    " + String(decoding: line, as: UTF8.self))
        line = []
      } else if byte != 13 {
        line.append(byte)
      }
    }
    var edges: [(UInt64, Bool)] = []
    board.led?.net.onChange = { level in edges.append((board.machine.now, level == .high)) }
    let session = Session(board: board)
    session.repl = repl
    session.timeLimit = 20
    board.powerOn()
    let ending = session.run()
    guard ending == .scriptDone(failed: false) else { throw fail("the demo did not run to its end: \(ending)") }
    print("\nThe LED on GP25, in virtual time:\n")
    for (t, high) in edges { print("    \(String(format: "%9.3f ms", Double(t) / 1e9))  \(high ? "on" : "off")") }
    let virtual = Double(board.machine.now) / 1e12
    print("\n\(String(format: "%.2f s of the board's time took %.2f s here: %.0f times the real chip's speed", virtual, session.hostSeconds, virtual / max(session.hostSeconds, 1e-6))) (it slept most of it).")
    print("\nNext:  solderless run pico                          the prompt, in this terminal")
    print("       solderless run pico --exec \"print(6*7)\"      one line of Python")
    print("       solderless run pico --serial pty:/tmp/pico    a port for mpremote: mpremote connect /tmp/pico")
    print("       solderless run pico --serial tcp:4000         the same on TCP: mpremote connect socket://localhost:4000")
  }
}
