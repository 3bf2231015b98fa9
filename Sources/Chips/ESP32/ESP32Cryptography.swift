import Machine

/// ESP32 TRM chapter 21: the AES accelerator: one block at a time.
public final class ESP32AES: RegisterDevice, RegisterNaming {
  public enum Register: UInt32, CaseIterable, Sendable { case start = 0x00, idle = 0x04, mode = 0x08, key0 = 0x10, text0 = 0x30, endian = 0x40 }
  static let map = RegisterMap<ESP32AES> { r in
    r[.start].onWrite { d, v in if v[bit: 0] { d.run() } }
    r[.idle].reset(1)
    r[.mode].bits(0...2)
    r[.key0, count: 8].bits(0...31)
    r[.text0, count: 4].bits(0...31)
    r[.endian].bits(0...5).reset(0x3F)
  }
  init(arena: StateArena) { super.init(Self.map, name: "ESP32.AES", arena: arena) }
  private static let sbox: [UInt8] = {
    // The inverse in GF(2^8), then the affine map (FIPS 197 §5.1.1).
    var table = [UInt8](repeating: 0, count: 256), p: UInt8 = 1, q: UInt8 = 1
    repeat {
      p = p ^ (p << 1) ^ (p & 0x80 != 0 ? 0x1B : 0)
      q ^= q << 1
      q ^= q << 2
      q ^= q << 4
      if q & 0x80 != 0 { q ^= 0x09 }
      let x = q ^ (q << 1 | q >> 7) ^ (q << 2 | q >> 6) ^ (q << 3 | q >> 5) ^ (q << 4 | q >> 4)
      table[Int(p)] = x ^ 0x63
    } while p != 1
    table[0] = 0x63
    return table
  }()
  private static let inverse: [UInt8] = {
    var t = [UInt8](repeating: 0, count: 256)
    for (i, v) in sbox.enumerated() { t[Int(v)] = UInt8(i) }
    return t
  }()
  private static func times(_ a: UInt8, _ b: UInt8) -> UInt8 {
    var a = a, b = b, r: UInt8 = 0
    while b != 0 {
      if b & 1 != 0 { r ^= a }
      a = a << 1 ^ (a & 0x80 != 0 ? 0x1B : 0)
      b >>= 1
    }
    return r
  }
  /// FIPS 197: `key` of 16, 24 or 32 bytes.
  static func crypt(_ block: [UInt8], key: [UInt8], decrypt: Bool) -> [UInt8] {
    let words = key.count / 4, rounds = words + 6
    var w = key, rcon: UInt8 = 1
    for i in words..<(4 * (rounds + 1)) {
      var t = Array(w[(i - 1) * 4..<i * 4])
      if i % words == 0 {
        t = [sbox[Int(t[1])] ^ rcon, sbox[Int(t[2])], sbox[Int(t[3])], sbox[Int(t[0])]]
        rcon = times(rcon, 2)
      } else if words > 6, i % words == 4 {
        t = t.map { sbox[Int($0)] }
      }
      for k in 0..<4 { w.append(w[(i - words) * 4 + k] ^ t[k]) }
    }
    var s = block
    func addKey(_ r: Int) { for i in 0..<16 { s[i] ^= w[r * 16 + i] } }
    func mix(_ m: [UInt8]) {
      for c in 0..<4 {
        let col = Array(s[c * 4..<c * 4 + 4])
        for r in 0..<4 { s[c * 4 + r] = (0..<4).reduce(UInt8(0)) { $0 ^ times(col[$1], m[($1 + 4 - r) % 4]) } }
      }
    }
    if decrypt {
      addKey(rounds)
      for r in stride(from: rounds - 1, through: 0, by: -1) {
        s = (0..<16).map { s[($0 + 16 - 4 * ($0 % 4)) % 16] }
        s = s.map { inverse[Int($0)] }
        addKey(r)
        if r > 0 { mix([14, 11, 13, 9]) }
      }
    } else {
      addKey(0)
      for r in 1...rounds {
        s = s.map { sbox[Int($0)] }
        s = (0..<16).map { s[($0 + 4 * ($0 % 4)) % 16] }
        if r < rounds { mix([2, 3, 1, 1]) }
        addKey(r)
      }
    }
    return s
  }
  private func run() {
    let mode = self[.mode], size = [16, 24, 32, 32][Int(mode & 3)]
    func bytes(_ r: Register, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: self[r, $0 / 4] >> UInt32($0 % 4 * 8)) } }
    let out = Self.crypt(bytes(.text0, 16), key: bytes(.key0, size), decrypt: mode[bit: 2])
    for i in 0..<4 { self[.text0, i] = (0..<4).reduce(UInt32(0)) { $0 | UInt32(out[i * 4 + $1]) << UInt32($1 * 8) } }
  }
}

/// ESP32 TRM chapter 23: the SHA accelerator: a block at a time for SHA-1, SHA-256, SHA-384 and SHA-512.
public final class ESP32SHA: RegisterDevice, RegisterNaming {
  public enum Register: UInt32, CaseIterable, Sendable {
    case text0 = 0x00, sha1Start = 0x80, sha1Continue = 0x84, sha1Load = 0x88, sha1Busy = 0x8C, sha256Start = 0x90, sha256Continue = 0x94, sha256Load = 0x98, sha256Busy = 0x9C
    case sha384Start = 0xA0, sha384Continue = 0xA4, sha384Load = 0xA8, sha384Busy = 0xAC, sha512Start = 0xB0, sha512Continue = 0xB4, sha512Load = 0xB8, sha512Busy = 0xBC
  }
  static let map = RegisterMap<ESP32SHA> { r in
    r[.text0, count: 32].bits(0...31)
    r[.sha1Start, count: 4, stride: 16].onWrite { d, n, v in if v[bit: 0] { d.block(n, first: true) } }
    r[.sha1Continue, count: 4, stride: 16].onWrite { d, n, v in if v[bit: 0] { d.block(n, first: false) } }
    r[.sha1Load, count: 4, stride: 16].onWrite { d, n, v in if v[bit: 0] { d.load(n) } }
    r[.sha1Busy, count: 4, stride: 16].reset(0)
  }
  /// The hash so far: eight words, of 32 or 64 bits.
  private let hash: UnsafeMutablePointer<UInt64>
  init(arena: StateArena) {
    hash = arena.allocate("ESP32.SHA.hash", count: 8, initial: UInt64(0))
    super.init(Self.map, name: "ESP32.SHA", arena: arena)
  }
  private static let algorithms: [SHABlock.Algorithm] = [.sha1, .sha256, .sha384, .sha512]
  private func block(_ n: Int, first: Bool) {
    let a = Self.algorithms[n]
    if first { for (i, h) in SHABlock.initial(a).enumerated() { hash[i] = h } }
    SHABlock.take(a, into: hash) { self[.text0, $0] }
  }
  private func load(_ n: Int) {
    if n < 2 {
      for i in 0..<8 { self[.text0, i] = UInt32(truncatingIfNeeded: hash[i]) }
    } else {
      for i in 0..<8 {
        self[.text0, 2 * i] = UInt32(truncatingIfNeeded: hash[i] >> 32)
        self[.text0, 2 * i + 1] = UInt32(truncatingIfNeeded: hash[i])
      }
    }
  }
}

/// ESP32 TRM chapter 22: the RSA accelerator: products and powers of numbers of up to 4096 bits.
public final class ESP32RSA: RegisterDevice, RegisterNaming {
  public enum Register: UInt32, CaseIterable, Sendable {
    case memM = 0x000, memZ = 0x200, memY = 0x400, memX = 0x600, mDash = 0x800, modexpMode = 0x804, modexpStart = 0x808, multMode = 0x80C, multStart = 0x810, interrupt = 0x814, clean = 0x818
  }
  static let map = RegisterMap<ESP32RSA> { r in
    for x in [Register.memM, .memZ, .memY, .memX] { r[x, count: 128].bits(0...31) }
    r[.mDash].bits(0...31)
    r[.modexpMode].bits(0...2)
    r[.modexpStart].onWrite { d, v in if v[bit: 0] { d.power() } }
    r[.multMode].bits(0...3)
    r[.multStart].onWrite { d, v in if v[bit: 0] { d.product() } }
    r[.interrupt].onRead { $0.irq.isHigh ? 1 : 0 }.onWrite { d, v in if v[bit: 0] { d.irq.set(false) } }
    // The memories are cleared after reset.
    r[.clean].reset(1)
  }
  public let irq: Line
  init(arena: StateArena) {
    irq = Line("ESP32.RSA.IRQ", arena: arena)
    super.init(Self.map, name: "ESP32.RSA", arena: arena)
  }
  /// The product, low limb first.
  static func multiply(_ a: [UInt32], _ b: [UInt32]) -> [UInt32] {
    var r = [UInt32](repeating: 0, count: a.count + b.count)
    for i in a.indices where a[i] != 0 {
      var carry: UInt64 = 0
      for j in b.indices {
        let t = UInt64(a[i]) * UInt64(b[j]) + UInt64(r[i + j]) + carry
        r[i + j] = UInt32(truncatingIfNeeded: t)
        carry = t >> 32
      }
      r[i + b.count] = UInt32(truncatingIfNeeded: carry)
    }
    return r
  }
  static func compare(_ a: [UInt32], _ b: [UInt32]) -> Int {
    for i in stride(from: max(a.count, b.count) - 1, through: 0, by: -1) {
      let x = i < a.count ? a[i] : 0, y = i < b.count ? b[i] : 0
      if x != y { return x > y ? 1 : -1 }
    }
    return 0
  }
  /// The remainder of `a` by `m`, bit by bit from the top of the quotient (Knuth's algorithm D on limbs).
  static func remainder(_ a: [UInt32], _ m: [UInt32]) -> [UInt32] {
    var d = m
    while d.last == 0 { d.removeLast() }
    guard let top = d.last else { return [UInt32](repeating: 0, count: m.count) }
    let n = d.count, shift = UInt32(top.leadingZeroBitCount)
    func shifted(_ v: [UInt32]) -> [UInt32] {
      var r = v + [0]
      guard shift > 0 else { return r }
      for i in stride(from: r.count - 1, through: 1, by: -1) { r[i] = r[i] << shift | r[i - 1] >> (32 - shift) }
      r[0] <<= shift
      return r
    }
    var u = shifted(a)
    let v = Array(shifted(d).prefix(n))
    if u.count <= n { u += [UInt32](repeating: 0, count: n + 1 - u.count) }
    for j in stride(from: u.count - n - 1, through: 0, by: -1) {
      let head = UInt64(u[j + n]) << 32 | UInt64(u[j + n - 1])
      var q = head / UInt64(v[n - 1]), r = head % UInt64(v[n - 1])
      while q > 0xFFFF_FFFF || (n > 1 && q * UInt64(v[n - 2]) > (r << 32 | UInt64(u[j + n - 2]))) {
        q -= 1
        r += UInt64(v[n - 1])
        if r > 0xFFFF_FFFF { break }
      }
      var borrow: Int64 = 0, carry: UInt64 = 0
      for i in 0..<n {
        let p = q * UInt64(v[i]) + carry
        carry = p >> 32
        let t = Int64(u[i + j]) - borrow - Int64(p & 0xFFFF_FFFF)
        u[i + j] = UInt32(truncatingIfNeeded: t)
        borrow = t < 0 ? 1 : 0
      }
      let t = Int64(u[j + n]) - borrow - Int64(carry)
      u[j + n] = UInt32(truncatingIfNeeded: t)
      if t < 0 {
        var c: UInt64 = 0
        for i in 0..<n {
          let s = UInt64(u[i + j]) + UInt64(v[i]) + c
          u[i + j] = UInt32(truncatingIfNeeded: s)
          c = s >> 32
        }
        u[j + n] = u[j + n] &+ UInt32(truncatingIfNeeded: c)
      }
    }
    var r = Array(u.prefix(n))
    if shift > 0 { for i in 0..<n { r[i] = r[i] >> shift | (i + 1 < n ? r[i + 1] << (32 - shift) : 0) } }
    return r + [UInt32](repeating: 0, count: m.count - n)
  }
  /// x ^ y mod m, which has `m.count` limbs.
  static func power(_ x: [UInt32], _ y: [UInt32], modulo m: [UInt32]) -> [UInt32] {
    var base = remainder(x, m), result = remainder([1], m)
    var top = y.count - 1
    while top > 0, y[top] == 0 { top -= 1 }
    for i in 0...top {
      for bit in 0..<32 {
        if y[i][bit: bit] { result = remainder(multiply(result, base), m) }
        base = remainder(multiply(base, base), m)
      }
    }
    return result
  }
  private func number(_ r: Register, _ count: Int) -> [UInt32] { (0..<count).map { self[r, $0] } }
  private func store(_ v: [UInt32], _ r: Register) { for (i, w) in v.enumerated() where i < 128 { self[r, i] = w } }
  /// Z = X ^ Y mod M; software has put R^2 mod M into Z for the hardware's Montgomery form, which is not needed here.
  private func power() {
    let n = (Int(self[.modexpMode] & 7) + 1) * 16
    store(Self.power(number(.memX, n), number(.memY, n), modulo: number(.memM, n)), .memZ)
    irq.set(true)
  }
  /// Modes 0 to 7: one Montgomery product, X * Z * 2^-n mod M into Z; 8 to 15: X * Z, whose Z software has put into the upper half.
  private func product() {
    let mode = Int(self[.multMode])
    if mode < 8 {
      let n = (mode + 1) * 16, m = number(.memM, n), dash = self[.mDash]
      let x = number(.memX, n), z = number(.memZ, n)
      var t = [UInt32](repeating: 0, count: n * 2 + 2)
      t.replaceSubrange(0..<(2 * n), with: Self.multiply(x, z))
      for i in 0..<n {
        let u = t[i] &* dash
        var carry: UInt64 = 0
        for j in 0..<n {
          let s = UInt64(u) * UInt64(m[j]) + UInt64(t[i + j]) + carry
          t[i + j] = UInt32(truncatingIfNeeded: s)
          carry = s >> 32
        }
        var k = i + n
        while carry != 0, k < t.count {
          let s = UInt64(t[k]) + carry
          t[k] = UInt32(truncatingIfNeeded: s)
          carry = s >> 32
          k += 1
        }
      }
      store(Array(Self.remainder(Array(t[n...(2 * n)]), m).prefix(n)), .memZ)
    } else {
      // The operands have half of the mode's length.
      let n = (mode - 8 + 1) * 8, x = number(.memX, n), z = (0..<n).map { self[.memZ, n + $0] }
      store(Self.multiply(x, z), .memZ)
    }
    irq.set(true)
  }
  public override func reset() {
    super.reset()
    irq.set(false)
  }
}
