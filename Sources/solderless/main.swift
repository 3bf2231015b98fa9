import Boards
import Foundation
import Machine
let a = CommandLine.arguments
let board = Board()
try board.load(rom: [UInt8](Data(contentsOf: URL(fileURLWithPath: a[1]))))
try board.load(firmware: [UInt8](Data(contentsOf: URL(fileURLWithPath: a[2]))), name: a[2])
var out: [UInt8] = []
board.machine.log.sink = { FileHandle.standardError.write(Data(("log: " + $0 + "\n").utf8)) }
board.ports["usb"]!.onOutput = { out.append($0) }
board.ports["usb"]!.isConnected = true
board.powerOn()
let start = Date()
let seconds = Double(a[3])!
var fed = a.count > 4 ? Array(a[4].replacingOccurrences(of: "\\n", with: "\r\n").utf8) : []
while Double(board.machine.now) < seconds * 1e12, board.machine.stop == nil {
  board.machine.run(until: board.machine.now + 10_000_000_000)
  if !out.isEmpty { FileHandle.standardOutput.write(Data(out)); out = [] }
  if board.host.isReady, !fed.isEmpty, Double(board.machine.now) > 0.6e12 { fed.removeFirst(board.ports["usb"]!.feed(fed)) }
}
if let s = board.machine.stop { print("STOP", s.message) }
do { let sp = Int(board.chip.cores[0].registers[13] & 0xFFFFF); if sp < 264*1024 - 128 { print((0..<24).map { String(board.chip.sram.raw.load(fromByteOffset: sp + $0 * 4, as: UInt32.self), radix: 16) }) } }
try? Data(bytes: board.chip.sram.raw, count: 264*1024).write(to: URL(fileURLWithPath: "/tmp/ram.bin"))
let t = Date().timeIntervalSince(start)
let n = board.chip.cores.map { $0.instructions.pointee }
print("\nvirtual", Double(board.machine.now) / 1e12, "host", t, "instr", n, "cycles", board.chip.cores.map { $0.cycles.pointee }, "MIPS", Double(n[0] + n[1]) / t / 1e6, "misses", board.chip.cache.state.pointee.misses, board.chip.cache.state.pointee.accesses)
print(board.chip.cores[0].registerDump)
print(board.chip.cores[1].registerDump, board.host.isReady)
