import Machine

/// RP2040 datasheet §2.3.1.6: an interpolator of the SIO.
struct Interpolator: BitwiseCopyable {
  var accum0: UInt32 = 0, accum1: UInt32 = 0
  var base0: UInt32 = 0, base1: UInt32 = 0, base2: UInt32 = 0
  var ctrl0: UInt32 = 0, ctrl1: UInt32 = 0

  private struct Lane {
    var result: UInt32, masked: UInt32, overflow: Bool
  }
  private func lane(_ n: Int) -> Lane {
    let ctrl = n == 0 ? ctrl0 : ctrl1
    let own = n == 0 ? accum0 : accum1, other = n == 0 ? accum1 : accum0
    let input = ctrl[bit: 16] ? other : own
    let shifted = input >> ctrl[bits: 0...4]
    let lsb = Int(ctrl[bits: 5...9]), msb = Int(ctrl[bits: 10...14])
    let mask = msb >= lsb ? UInt32.mask(lsb...msb) : 0
    var masked = shifted & mask
    let overflow = msb < 31 && shifted >> UInt32(msb + 1) != 0
    if ctrl[bit: 15], masked[bit: msb] { masked |= msb < 31 ? ~UInt32(0) << UInt32(msb + 1) : 0 }
    let raw = ctrl[bit: 18] ? input : masked
    return Lane(result: (n == 0 ? base0 : base1) &+ raw, masked: masked, overflow: overflow)
  }
  /// The three results, §2.3.1.6.2 to .4.
  private func results(unit: Int) -> (UInt32, UInt32, UInt32) {
    let l0 = lane(0), l1 = lane(1)
    let force0 = ctrl0[bits: 19...20] << 28, force1 = ctrl1[bits: 19...20] << 28
    if unit == 0, ctrl0[bit: 21] {  // blend
      let alpha = l1.masked & 0xFF
      let blended: UInt32
      if ctrl1[bit: 15] {
        let d = Int64(Int32(bitPattern: base1)) - Int64(Int32(bitPattern: base0))
        blended = base0 &+ UInt32(truncatingIfNeeded: (d * Int64(alpha)) >> 8)
      } else {
        let d = Int64(base1) - Int64(base0)
        blended = base0 &+ UInt32(truncatingIfNeeded: (d * Int64(alpha)) >> 8)
      }
      return (alpha | force0, blended | force1, base2 &+ l0.masked)
    }
    let full = base2 &+ l0.masked &+ l1.masked
    if unit == 1, ctrl0[bit: 21] {  // clamp
      let v: UInt32
      if ctrl0[bit: 15] {
        let x = Int32(bitPattern: l0.masked), low = Int32(bitPattern: base0), high = Int32(bitPattern: base1)
        v = UInt32(bitPattern: x < low ? low : x > high ? high : x)
      } else {
        v = l0.masked < base0 ? base0 : l0.masked > base1 ? base1 : l0.masked
      }
      return (v | force0, l1.result | force1, full)
    }
    return (l0.result | force0, l1.result | force1, full)
  }
  private mutating func pop(_ r: (UInt32, UInt32, UInt32)) {
    accum0 = ctrl0[bit: 17] ? r.1 : r.0
    accum1 = ctrl1[bit: 17] ? r.0 : r.1
  }
  mutating func read(_ offset: UInt32, unit: Int) -> UInt32 {
    switch offset {
    case 0x00: return accum0
    case 0x04: return accum1
    case 0x08: return base0
    case 0x0C: return base1
    case 0x10: return base2
    case 0x14, 0x18, 0x1C:
      let r = results(unit: unit)
      pop(r)
      return offset == 0x14 ? r.0 : offset == 0x18 ? r.1 : r.2
    case 0x20: return results(unit: unit).0
    case 0x24: return results(unit: unit).1
    case 0x28: return results(unit: unit).2
    case 0x2C:
      let o0 = lane(0).overflow, o1 = lane(1).overflow
      return ctrl0 | (o0 ? 1 << 23 : 0) | (o1 ? 1 << 24 : 0) | (o0 || o1 ? 1 << 25 : 0)
    case 0x30: return ctrl1
    case 0x34: return lane(0).masked
    case 0x38: return lane(1).masked
    default: return 0
    }
  }
  mutating func write(_ offset: UInt32, _ v: UInt32, unit: Int) {
    switch offset {
    case 0x00: accum0 = v
    case 0x04: accum1 = v
    case 0x08: base0 = v
    case 0x0C: base1 = v
    case 0x10: base2 = v
    // BLEND belongs to interpolator 0 and CLAMP (bit 22) to interpolator 1; both are kept in bit 21 here.
    case 0x2C: ctrl0 = unit == 0 ? v & 0x3F_FFFF : v & 0x1F_FFFF | (v >> 1) & 0x20_0000
    case 0x30: ctrl1 = v & 0x1F_FFFF
    case 0x34: accum0 = accum0 &+ v
    case 0x38: accum1 = accum1 &+ v
    case 0x3C:
      let blend = unit == 0 && ctrl0[bit: 21]
      let low = UInt32(bitPattern: Int32(Int16(truncatingIfNeeded: v))), high = UInt32(bitPattern: Int32(bitPattern: v) >> 16)
      base0 = (blend ? ctrl1[bit: 15] : ctrl0[bit: 15]) ? low : v & 0xFFFF
      base1 = ctrl1[bit: 15] ? high : v >> 16
    default: break
    }
  }
}
