extension UInt32 {
  /// Bit `n` as a flag.
  @inlinable public subscript(bit n: Int) -> Bool {
    get { (self >> UInt32(n)) & 1 != 0 }
    set { self = newValue ? self | (1 << UInt32(n)) : self & ~(1 << UInt32(n)) }
  }
  /// The field `range` (both ends included), right aligned.
  @inlinable public subscript(bits range: ClosedRange<Int>) -> UInt32 {
    get { (self >> UInt32(range.lowerBound)) & UInt32.mask(0...(range.upperBound - range.lowerBound)) }
    set {
      let mask = UInt32.mask(range)
      self = (self & ~mask) | ((newValue << UInt32(range.lowerBound)) & mask)
    }
  }
  /// Ones in the bits of `range`.
  @inlinable public static func mask(_ range: ClosedRange<Int>) -> UInt32 {
    (range.upperBound >= 31 ? ~0 : (1 << UInt32(range.upperBound + 1)) &- 1) & ~((1 << UInt32(range.lowerBound)) &- 1)
  }
}
