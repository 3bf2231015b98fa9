/// FIPS 180-4: the functions that take one block into a hash, for the accelerators of several chips.
enum SHABlock {
  enum Algorithm: Sendable {
    case sha1, sha224, sha256, sha384, sha512
    /// Words of 32 bits in a block.
    var blockWords: Int { self == .sha384 || self == .sha512 ? 32 : 16 }
  }
  private static let primes: [UInt64] = {
    var list: [UInt64] = []
    var n: UInt64 = 2
    while list.count < 80 {
      if !list.contains(where: { n % $0 == 0 }) { list.append(n) }
      n += 1
    }
    return list
  }()
  /// The first 64 bits of the fraction of a prime's root, found by halving (FIPS 180-4 §4.2.3, §5.3).
  private static func fraction(_ p: UInt64, cube: Bool) -> UInt64 {
    // The largest r with r^2 (or r^3) not above p * 2^128 (or p * 2^192), as limbs.
    var r = [UInt32](repeating: 0, count: 3)
    func product(_ a: [UInt32], _ b: [UInt32]) -> [UInt32] { ESP32RSA.multiply(a, b) }
    let target = [UInt32](repeating: 0, count: cube ? 6 : 4) + [UInt32(p)]
    for bit in stride(from: 67, through: 0, by: -1) {
      r[bit / 32] |= 1 << UInt32(bit % 32)
      let power = cube ? product(product(r, r), r) : product(r, r)
      if ESP32RSA.compare(power, target) > 0 { r[bit / 32] &= ~(1 << UInt32(bit % 32)) }
    }
    return UInt64(r[1]) << 32 | UInt64(r[0])
  }
  private static let k512 = primes.map { fraction($0, cube: true) }
  private static let h512 = primes.prefix(8).map { fraction($0, cube: false) }, h384 = primes[8..<16].map { fraction($0, cube: false) }
  private static let h1: [UInt64] = [0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476, 0xC3D2_E1F0]

  /// What a hash starts from: eight words, of 32 or 64 bits.
  static func initial(_ a: Algorithm) -> [UInt64] {
    switch a {
    case .sha1: h1 + [0, 0, 0]
    case .sha224: h384.map { $0 & 0xFFFF_FFFF }
    case .sha256: h512.map { $0 >> 32 }
    case .sha384: h384
    case .sha512: h512
    }
  }
  /// - Parameter text: word `n` of 32 bits of the block, its first byte highest.
  static func take(_ a: Algorithm, into hash: UnsafeMutablePointer<UInt64>, text: (Int) -> UInt32) {
    switch a {
    case .sha1: sha1(hash, text)
    case .sha224, .sha256: sha256(hash, text)
    default: sha512(hash, text)
    }
  }
  private static func sha1(_ hash: UnsafeMutablePointer<UInt64>, _ text: (Int) -> UInt32) {
    func rotl(_ v: UInt32, _ n: UInt32) -> UInt32 { v << n | v >> (32 - n) }
    var w = (0..<16).map { text($0) }
    for i in 16..<80 { w.append(rotl(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1)) }
    // What another algorithm has left may be wider.
    let s = (0..<5).map { UInt32(truncatingIfNeeded: hash[$0]) }
    var (a, b, c, d, e) = (s[0], s[1], s[2], s[3], s[4])
    for i in 0..<80 {
      let (f, k): (UInt32, UInt32) = i < 20 ? (b & c | ~b & d, 0x5A82_7999) : i < 40 ? (b ^ c ^ d, 0x6ED9_EBA1) : i < 60 ? (b & c | b & d | c & d, 0x8F1B_BCDC) : (b ^ c ^ d, 0xCA62_C1D6)
      let t = rotl(a, 5) &+ f &+ e &+ k &+ w[i]
      (e, d, c, b, a) = (d, c, rotl(b, 30), a, t)
    }
    for (i, v) in [a, b, c, d, e].enumerated() { hash[i] = UInt64(UInt32(truncatingIfNeeded: hash[i]) &+ v) }
  }
  private static func sha256(_ hash: UnsafeMutablePointer<UInt64>, _ text: (Int) -> UInt32) {
    func rotr(_ v: UInt32, _ n: UInt32) -> UInt32 { v >> n | v << (32 - n) }
    var w = (0..<16).map { text($0) }
    for i in 16..<64 {
      let a = w[i - 15], b = w[i - 2]
      w.append(w[i - 16] &+ (rotr(a, 7) ^ rotr(a, 18) ^ a >> 3) &+ w[i - 7] &+ (rotr(b, 17) ^ rotr(b, 19) ^ b >> 10))
    }
    var s = (0..<8).map { UInt32(truncatingIfNeeded: hash[$0]) }
    for i in 0..<64 {
      let k = UInt32(truncatingIfNeeded: k512[i] >> 32)
      let t1 = s[7] &+ (rotr(s[4], 6) ^ rotr(s[4], 11) ^ rotr(s[4], 25)) &+ (s[4] & s[5] ^ ~s[4] & s[6]) &+ k &+ w[i]
      let t2 = (rotr(s[0], 2) ^ rotr(s[0], 13) ^ rotr(s[0], 22)) &+ (s[0] & s[1] ^ s[0] & s[2] ^ s[1] & s[2])
      s = [t1 &+ t2, s[0], s[1], s[2], s[3] &+ t1, s[4], s[5], s[6]]
    }
    for i in 0..<8 { hash[i] = UInt64(UInt32(truncatingIfNeeded: hash[i]) &+ s[i]) }
  }
  private static func sha512(_ hash: UnsafeMutablePointer<UInt64>, _ text: (Int) -> UInt32) {
    func rotr(_ v: UInt64, _ n: UInt64) -> UInt64 { v >> n | v << (64 - n) }
    var w = (0..<16).map { UInt64(text(2 * $0)) << 32 | UInt64(text(2 * $0 + 1)) }
    for i in 16..<80 {
      let a = w[i - 15], b = w[i - 2]
      w.append(w[i - 16] &+ (rotr(a, 1) ^ rotr(a, 8) ^ a >> 7) &+ w[i - 7] &+ (rotr(b, 19) ^ rotr(b, 61) ^ b >> 6))
    }
    var s = (0..<8).map { hash[$0] }
    for i in 0..<80 {
      let t1 = s[7] &+ (rotr(s[4], 14) ^ rotr(s[4], 18) ^ rotr(s[4], 41)) &+ (s[4] & s[5] ^ ~s[4] & s[6]) &+ k512[i] &+ w[i]
      let t2 = (rotr(s[0], 28) ^ rotr(s[0], 34) ^ rotr(s[0], 39)) &+ (s[0] & s[1] ^ s[0] & s[2] ^ s[1] & s[2])
      s = [t1 &+ t2, s[0], s[1], s[2], s[3] &+ t1, s[4], s[5], s[6]]
    }
    for i in 0..<8 { hash[i] = hash[i] &+ s[i] }
  }
}
