import Foundation
import Machine

@testable import Xtensa

/// Runs the same image on our core and on QEMU's (Debian package qemu-system-misc): a program that writes its results to
/// file 1 with SIMCALL and exits.
enum Oracle {
  static let qemu = ["/usr/bin/qemu-system-xtensa", "/usr/local/bin/qemu-system-xtensa"].first { FileManager.default.isExecutableFile(atPath: $0) }
  struct Random {
    var state: UInt64
    mutating func next() -> UInt32 {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return UInt32(truncatingIfNeeded: state >> 16)
    }
    mutating func below(_ n: Int) -> Int { Int(next() % UInt32(n)) }
    mutating func of<T>(_ list: [T]) -> T { list[below(list.count)] }
  }
  /// Where QEMU's core has memory, and where it starts.
  struct Target {
    var cpu: String, reset: UInt32, base: UInt32
    static let dc233c = Target(cpu: "dc233c", reset: 0xFE00_0000, base: 0x4000)
    static let de233FPU = Target(cpu: "de233_fpu", reset: 0xFE00_0000, base: 0x4000)
    static let lx106 = Target(cpu: "lx106", reset: 0x5000_0000, base: 0x4010_0000)
  }

  /// QEMU's output; `image` is loaded at the target's base and entered at `entry`. One instruction at a time: version 7.2
  /// mixes up MAC16 and boolean results in longer blocks. The option's name has changed.
  static func judge(_ image: [UInt8], entry: UInt32, _ target: Target) throws -> [UInt8] {
    for option in [["-singlestep"], ["-accel", "tcg,one-insn-per-tb=on"]] {
      let output = try judge(image, entry: entry, target, option)
      if !output.isEmpty { return output }
    }
    return []
  }
  private static func judge(_ image: [UInt8], entry: UInt32, _ target: Target, _ option: [String]) throws -> [UInt8] {
    let high = Int32(bitPattern: entry) >> 12
    let stub = try Assembler("movi a2, \(high >> 8)\n slli a2, a2, 8\n addmi a2, a2, 0\n movi a3, \(high & 0xFF)\n add a2, a2, a3\n slli a2, a2, 12\n movi a3, \(entry & 0x7FF)\n add a2, a2, a3\n jx a2", at: target.reset, .lx106).bytes
    var elf: [UInt8] = [0x7F, 0x45, 0x4C, 0x46, 1, 1, 1] + [UInt8](repeating: 0, count: 9)
    func half(_ v: UInt16) { elf += [UInt8(v & 0xFF), UInt8(v >> 8)] }
    func word(_ v: UInt32) { elf += (0..<4).map { UInt8(truncatingIfNeeded: v >> UInt32($0 * 8)) } }
    half(2); half(94); word(1); word(entry); word(52); word(0); word(0); half(52); half(32); half(2); half(40); half(0); half(0)
    var offset: UInt32 = 0x1000
    for (base, bytes) in [(target.reset, stub), (target.base, image)] {
      word(1); word(offset); word(base); word(base); word(UInt32(bytes.count)); word(UInt32(bytes.count)); word(7); word(4)
      offset += UInt32(bytes.count)
    }
    elf += [UInt8](repeating: 0, count: 0x1000 - elf.count) + stub + image
    let folder = FileManager.default.temporaryDirectory
    let file = folder.appendingPathComponent("xtensa-\(UUID().uuidString).elf"), out = folder.appendingPathComponent("xtensa-\(UUID().uuidString).out")
    try Data(elf).write(to: file)
    _ = FileManager.default.createFile(atPath: out.path, contents: nil)
    defer {
      try? FileManager.default.removeItem(at: file)
      try? FileManager.default.removeItem(at: out)
    }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: qemu ?? "")
    process.arguments = ["-M", "sim", "-cpu", target.cpu, "-semihosting", "-nographic", "-monitor", "none", "-serial", "none", "-kernel", file.path] + option
    process.standardError = FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: out)
    try process.run()
    let deadline = Date().addingTimeInterval(30)
    while process.isRunning, Date() < deadline { usleep(20000) }
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    process.waitUntilExit()
    return [UInt8](try Data(contentsOf: out))
  }
  /// Our output of the same.
  static func ours(_ image: [UInt8], entry: UInt32, _ target: Target, _ configuration: Configuration) -> [UInt8] {
    let machine = Machine(clock: Clock(hertz: 1_000_000)), ram = Memory("ram", size: (image.count + 0xFFFF) & ~0xFFF)
    let core = XtensaCore(name: "core", configuration: configuration, prid: 0, bus: Bus(), machine: machine)
    machine.add(core)
    ram.load(image)
    core.addRegion(base: target.base, size: UInt32(ram.size), memory: CodeMemory(ram), [.write, .bytes, .execute])
    core.setProgramCounter(entry)
    var output: [UInt8] = []
    core.onSimcall = { core in
      switch core[a: 2] {
      case 4:
        let start = Int(core[a: 4] &- target.base), count = Int(core[a: 5])
        if start >= 0, count >= 0, start + count <= ram.size { output = (start..<(start + count)).map { ram.bytes[$0] } }
      default: core.stop = StopReason(.exit, "done")
      }
      return true
    }
    machine.run(until: 60_000_000_000_000)
    return output
  }
}
