import Foundation
import Machine
import Testing

@testable import Chips
@testable import Xtensa

/// The radio's functions of our boot ROM beside the vendor's, which is an oracle: what they give, leave in memory and in the
/// radio's registers, from registers with anything in them.
@Suite struct ESP32RadioROMTests {
  typealias Caller = ESPBootROMTests.ESP32Caller
  typealias Random = BootROMTests.Random
  static let data: UInt32 = 0x3FFF_2000, table: UInt32 = 0x3FFA_E0C4, stack: UInt32 = 0x3FFF_8000
  static func words(_ first: UInt32, _ count: UInt32) -> [UInt32] { (0..<count).map { first + 4 * $0 } }
  /// Registers that keep what is written, and those that are only compared.
  static let kept = words(0x6000_5000, 128) + words(0x6000_6000, 64) + words(0x6001_C000, 64) + [0x6001_C850] + words(0x6001_CC00, 64) + words(0x6001_D000, 64) + words(0x6000_E04C, 22) + [0x3FF2_0C04, 0x3FF2_0C6C]
  static let others = words(0x6000_8800, 40) + words(0x6000_E000, 16)

  /// Functions by their place in the table: their arguments, and the bits of what they give. f, n, b, h, w: 1, 4, 8, 16, 32 bits;
  /// c: 0 to 20; C: 2400 to 2500 (MHz); P, Q, R: places in memory; figures: themselves.
  static let functions: [(Int, String, UInt32)] = [
    (0, "", 0), (1, "", 0), (2, "", 0), (3, "", 0), (4, "", 0), (5, "", 0), (6, "wn", ~0), (8, "hhh", 0), (9, "nnP", 0), (10, "b", 0), (11, "www", ~0), (12, "", 0), (13, "wwb", 0),
    (14, "wb", 0), (15, "b", 0), (16, "b", 0), (17, "bhbbhb", 0), (18, "bhbbhb", 0), (19, "n", 0), (20, "b", 0), (21, "w", 0), (22, "w", 0), (23, "w", 0), (24, "nh", 0), (24, "nn", 0), (24, "n0", 0), (25, "0Cn", 0), (25, "0hn", 0),
    (26, "wwwwww", 0), (27, "Cw", 0xFF), (27, "hw", 0xFF), (28, "w", 0), (29, "f", 0), (30, "", 0), (31, "", ~0), (32, "", ~0), (33, "w", 0), (34, "w", 0), (37, "bnb", 0xFF), (38, "bnb", 0xFF), (39, "bnbb", 0),
    (40, "bnbb", 0), (43, "fn", 0), (44, "bn", ~0), (46, "nnh", 0), (48, "", 0), (49, "", 0), (50, "h", 0), (51, "", 0), (52, "h", 0), (53, "", 0), (54, "hh", 0), (55, "P", 0),
    (56, "", 0), (57, "", 0), (58, "P", 0), (59, "", 0), (60, "CnhP", 0), (60, "C0hP", 0), (60, "C1hP", 0), (60, "C2hP", 0), (61, "c00", 0), (61, "c10", 0), (61, "cnh", 0), (62, "bh", 0), (62, "0h", 0),
    (63, "nCh", 0), (64, "", 0), (65, "", 0), (66, "", 0), (67, "h", ~0), (68, "n", ~0), (69, "Phhb", 0), (70, "P", 0), (71, "", 0), (73, "", 0), (74, "b0", ~0), (74, "bb", ~0), (75, "P", 0),
    (76, "PQ", ~0), (77, "b", ~0), (77, "0", ~0), (78, "1bhPQb", 0), (79, "bhPb", 0), (79, "bhP0", 0), (80, "w", ~0), (81, "bh", 0), (82, "", 0), (83, "bhP", 0), (84, "hPn00", 0), (85, "cP0", 0), (86, "bb", ~0),
    (86, "b0", ~0), (87, "nPQ0", 0), (88, "nhbP0", 0), (89, "hb0", ~0), (90, "Pc", 0xFF), (91, "Pc", 0), (92, "bb0P", 0), (93, "wn", ~0), (93, "hn", ~0), (94, "h", ~0), (95, "b", ~0), (98, "Pcb", 0),
    (99, "PQh", 0), (100, "n", ~0), (101, "PQR", 0), (102, "", ~0), (103, "h", ~0), (104, "hPnn", 0xFF), (104, "nPnn", 0xFF), (105, "", 0),
  ]
  static func argument(_ kind: Character, _ random: inout Random) -> UInt32 {
    let v = UInt32(truncatingIfNeeded: random.next() >> 7)
    switch kind {
    case "f": return v & 1
    case "b": return v & 0xFF
    case "h": return v & 0xFFFF
    case "n": return v & 15
    case "c": return v % 21
    case "C": return 2400 + v % 101
    case "P": return data
    case "Q": return data + 256
    case "R": return data + 320
    case "w": return v
    default: return UInt32(kind.wholeNumberValue ?? 0)
    }
  }
  /// The same registers and memory for both.
  static func prepare(_ callers: [Caller], _ random: inout Random) {
    var values: [UInt32: UInt32] = [:]
    // Small numbers too, as measurements are.
    let shift = random.next() & 31
    for at in kept { values[at] = UInt32(truncatingIfNeeded: random.next() >> 9) >> UInt32(random.next() & 1 == 0 ? 0 : shift) }
    // Nothing is busy, and everything that is waited for is there.
    values[0x6000_60A0]! &= ~(1 << 31)
    values[0x6000_E050]! &= ~(7 << 24)
    values[0x6001_C018]! |= 1 << 24
    var memory = (0..<512).map { _ in UInt8(truncatingIfNeeded: random.next() >> 5) }
    if random.next() & 1 == 0 { memory[320...321] = [[160, 0], [32, 1], [48, 0], [176, 0]][Int(random.next() & 3)] }
    for c in callers {
      for at in kept { _ = c.core.bus.write(at, values[at]!, size: 4) }
      c.write(memory, at: data)
    }
  }
  static func left(_ c: Caller) -> [UInt32] { (kept + others).map { c.core.bus.read($0, size: 4).value } }
  static func address(_ i: Int, _ c: Caller) -> UInt32 { c.read(4, at: table + 4 * UInt32(i)).reversed().reduce(0) { $0 << 8 | UInt32($1) } }

  @Test func functionsDoWhatTheVendorsDo() throws {
    guard let (ours, vendors) = try ESPBootROMTests.callers32() else { return }
    // Some of them use a block that the chip as sold has elsewhere; the library replaces those before it calls them.
    for c in [ours, vendors] { c.core.bus.map(ESP32Stub(name: "WIFI0", arena: c.machine.arena), at: 0x3FF2_0000) }
    var random = Random(state: 0x7E57_0FF0_1234_5671)
    #expect(ours.read(4, at: Self.table - 4) == vendors.read(4, at: Self.table - 4))
    #expect((0..<107).filter { Self.address($0, ours) == 0 } == (0..<107).filter { Self.address($0, vendors) == 0 })
    for (i, takes, mask) in Self.functions {
      let f = Self.address(i, vendors)
      for _ in 0..<40 {
        Self.prepare([ours, vendors], &random)
        let arguments = takes.map { Self.argument($0, &random) }
        let a = try ours.call(f, arguments)[0] & mask, b = try vendors.call(f, arguments)[0] & mask
        var differences = a == b ? [] : ["gives \(a), not \(b)"]
        if ours.read(512, at: Self.data) != vendors.read(512, at: Self.data) { differences.append("leaves other bytes in memory") }
        for (at, (x, y)) in zip(Self.kept + Self.others, zip(Self.left(ours), Self.left(vendors))) where x != y {
          differences.append("leaves 0x\(String(x, radix: 16)) in 0x\(String(at, radix: 16)), not 0x\(String(y, radix: 16))")
        }
        #expect(differences.isEmpty, "\(i), 0x\(String(f, radix: 16)) of \(arguments.map { String($0, radix: 16) })")
        if !differences.isEmpty { break }
      }
    }
  }
}
