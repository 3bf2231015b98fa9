import Processor

/// The text of an instruction, spelled as GNU objdump spells it.
public enum Disassembler {
  private static let names = ["r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "sl", "fp", "ip", "sp", "lr", "pc"]

  /// The instruction at `address`: its text and its size in bytes.
  /// - Parameter second: the following halfword, for a 32-bit instruction.
  public static func text(_ first: UInt32, second: UInt32, at address: UInt32) -> (text: String, size: Int) {
    let wide = Op.isWide(first), word = wide ? first << 16 | second & 0xFFFF : first & 0xFFFF
    guard let e = Op.encoding(of: word, wide: wide) else { return ("<UNDEFINED>", wide ? 4 : 2) }
    let slot = Slot<Op>.decode(first & 0xFFFF, second: second & 0xFFFF, at: address, variant: .rp2040, hostCalls: false)
    func f(_ c: Character) -> UInt32 { e.field(c, word) }
    func register(_ n: UInt32) -> String { names[Int(n & 15)] }
    let text = e.text(word) { name in
      switch name {
      case "m" where e.op == .bx || e.op == .blx || e.op == .addHi || e.op == .cmpHi || e.op == .movHi: register(f("m"))
      case "Dd": register(f("D") << 3 | f("d"))
      case "Nn": register(f("N") << 3 | f("n"))
      case "n" where e.op == .msr: register(f("n"))
      case "d" where e.op == .mrs: register(f("d"))
      case "i32": String(f("i") == 0 ? 32 : f("i"))
      case "list":
        "{" + (0..<16).filter { (slot.imm >> UInt32($0)) & 1 != 0 }.map { names[$0] }.joined(separator: ", ") + "}"
      case "!": (f("r") >> f("n")) & 1 == 0 ? "!" : ""
      case "label": hex(slot.imm)
      case "I": f("I") == 0 ? "ie\ti" : "id\ti"
      case "x": String(repeating: "0", count: max(0, 4 - String(f("i"), radix: 16).count)) + String(f("i"), radix: 16)
      case "ij": String(f("i") << 12 | f("j"))
      case "special": specials[f("s")] ?? "(UNDEF: \(f("s")))"
      case "option": e.assembly.hasPrefix("isb") && f("o") != 15 ? "#\(f("o"))" : barriers[f("o")] ?? "#\(f("o"))"
      default: nil
      }
    }
    return (text, wide ? 4 : 2)
  }
  private static func hex(_ v: UInt32) -> String { "0x" + String(v, radix: 16) }
  private static let specials: [UInt32: String] = [
    0: "CPSR", 1: "IAPSR", 2: "EAPSR", 3: "PSR", 5: "IPSR", 6: "EPSR", 7: "IEPSR", 8: "MSP", 9: "PSP", 16: "PRIMASK", 20: "CONTROL",
  ]
  private static let barriers: [UInt32: String] = [
    15: "sy", 14: "st", 13: "ld", 11: "ish", 10: "ishst", 9: "ishld", 7: "un", 6: "unst", 5: "nshld", 3: "osh", 2: "oshst", 1: "oshld",
  ]
}
