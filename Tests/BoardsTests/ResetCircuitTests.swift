import Machine
import Testing

@testable import Boards

/// The modem lines of a serial adapter against the straps that the boot ROM reads.
@Suite struct ResetCircuitTests {
  private static let millisecond: UInt64 = 1_000_000_000
  private final class Bench {
    let board: Board, port: Port
    var said = ""
    init(_ name: String) throws {
      board = try BoardLoader(store: FirmwareStore(environment: [:])).bare(name, flash: nil, rom: nil)
      port = try #require(board.ports["uart0"])
      port.onOutput = { [unowned self] in said.unicodeScalars.append(Unicode.Scalar($0)) }
      board.powerOn()
      run(50)
    }
    func run(_ milliseconds: UInt64) { board.machine.run(until: board.machine.now + milliseconds * millisecond) }
    func dtr(_ on: Bool) { board.serial(port, dtr: on, rts: nil, baud: nil) }
    func rts(_ on: Bool) { board.serial(port, dtr: nil, rts: on, baud: nil) }
    /// What the ROM says in the next 30 ms.
    func next() -> String {
      said = ""
      run(30)
      return said
    }
  }
  /// Board, the ROM's words when it boots from flash, and when it waits for a download.
  private static let boards = [("nodemcu", "boot mode:(3,", "boot mode:(1,"), ("esp32", "boot:0x13 ", "boot:0x3 ")]

  /// esptool's classic reset, whose lines change apart by what the way to them takes.
  @Test(arguments: boards, [0, 1, 20, 150] as [UInt64]) func oneLineAfterTheOtherStartsADownload(_ b: (String, String, String), apart: UInt64) throws {
    let bench = try Bench(b.0)
    bench.dtr(false)
    bench.rts(true)
    bench.run(100)
    bench.said = ""
    bench.dtr(true)
    bench.run(apart)
    #expect(bench.said == "")
    bench.rts(false)
    let text = bench.next()
    #expect(text.contains(b.2), "\(text)")
    bench.run(50)
    bench.dtr(false)
    bench.rts(true)
    bench.run(100)
    bench.rts(false)
    let again = bench.next()
    #expect(again.contains(b.1), "\(again)")
  }
  /// A terminal sets both lines when it opens the port, in one order or the other, and takes them back.
  @Test(arguments: boards, [true, false]) func bothLinesNeitherHoldTheResetNorPullTheStrap(_ b: (String, String, String), dtrFirst: Bool) throws {
    let bench = try Bench(b.0)
    for on in [true, false] {
      if dtrFirst == on { bench.dtr(on) } else { bench.rts(on) }
      if dtrFirst == on { bench.rts(on) } else { bench.dtr(on) }
      bench.said = ""
      bench.run(300)
      if dtrFirst { #expect(bench.said == "") } else { #expect(!bench.said.contains(b.2)) }
      bench.board.resetPressed = true
      bench.run(1)
      bench.board.resetPressed = false
      let text = bench.next()
      #expect(text.contains(b.1), "\(text)")
    }
  }
}
