import Boards
import Machine
import Testing

/// LittleFS promises that files survive a cut at any time; it can keep it only on a flash that behaves as one.
@Suite(.serialized) struct PowerLossTests {
  @Test(.enabled(if: BootTests.available)) func aCutAtAnyTimeLeavesFilesThatMount() throws {
    let board = try BootTests.board("1.28.0")
    let machine = board.machine
    let port = try #require(board.ports["usb"])
    var out: [UInt8] = []
    port.onOutput = { out.append($0) }
    port.isConnected = true
    func run(until text: String, seconds: Double) -> Bool {
      let end = machine.now + UInt64(seconds * 1e12)
      let wanted = Array(text.utf8)
      while machine.now < end {
        machine.run(until: machine.now + 20_000_000_000)
        if out.count >= wanted.count, out.suffix(4096).contains(sequence: wanted) { return true }
      }
      return false
    }
    board.powerOn()
    try #require(run(until: ">>> ", seconds: 2))
    // A file that stays, one that is written again and again with its number all over, one that grows, folders that come and go.
    port.feed(Array("f = open('stays', 'w'); f.write('x' * 3000); f.close(); f = open('again', 'w'); f.write('0' * 3000); f.close(); print('re' + 'ady')\r".utf8))
    try #require(run(until: "ready\r\n", seconds: 4))
    let code = """
      import os\r
      def go():\r
          for i in range(1, 10):\r
      with open('again', 'w') as f:\r
      f.write(str(i) * 3000)\r
      \u{8}with open('log', 'a') as f:\r
      f.write('line %d\\n' % i)\r
      \u{8}os.mkdir('d%d' % i)\r
      if i > 1: os.rmdir('d%d' % (i - 1))\r
      \r\r\r
      print('be' + 'gins'); go(); print('en' + 'ds')\r
      """
    port.feed(Array(code.utf8))
    try #require(run(until: "begins\r\n", seconds: 4), "\(String(decoding: out.suffix(600), as: UTF8.self))")
    let start = machine.now, snapshot = machine.snapshot()
    try #require(run(until: "ends\r\n", seconds: 60), "\(String(decoding: out.suffix(600), as: UTF8.self))")
    let span = machine.now - start
    var halfDone = 0, values = Set<String>()
    for i in 0..<200 {
      try machine.restore(snapshot)
      out = []
      machine.run(until: start + span / 200 * UInt64(i) + span / 401)
      let flash = board.flash.contents
      board.powerOff()
      if board.flash.contents != flash { halfDone += 1 }
      board.powerOn()
      out = []
      guard run(until: ">>> ", seconds: 3) else {
        Issue.record("no prompt after cut \(i)")
        continue
      }
      out = []
      port.feed(Array("import os; s = open('stays').read(); a = open('again').read(); print(s == 'x' * 3000, len(a), set(a), len(os.listdir()) >= 2); f = open('new', 'w'); n = f.write('works'); f.close(); print(open('new').read(), 'fi' + 'n')\r".utf8))
      let answered = run(until: "fin\r\n", seconds: 4)
      let text = String(decoding: out, as: UTF8.self)
      let ok = answered && text.contains("True 3000 {") && text.contains(" True\r\nworks fin")
      #expect(ok, "cut \(i): \(text.suffix(300))")
      values.insert(String(text.drop { $0 != "{" }.prefix(5)))
    }
    // The cuts fell into flash operations and between them, and found the file at many of its stages.
    #expect(halfDone > 20 && values.count >= 5, "\(halfDone) \(values)")
  }
}

extension Collection where Element: Equatable {
  func contains(sequence wanted: [Element]) -> Bool {
    guard !wanted.isEmpty else { return true }
    var i = startIndex
    while let first = self[i...].firstIndex(of: wanted[0]) {
      if self[first...].starts(with: wanted) { return true }
      i = index(after: first)
    }
    return false
  }
}
