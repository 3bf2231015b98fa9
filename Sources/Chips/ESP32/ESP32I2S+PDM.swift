import Machine

/// PDM, ESP32 TRM §12.4.7: one line with a density of ones for each of two slots, in turn while the clock on WS is low (left) and high (right).
extension ESP32I2S {
  var sendsPDM: Bool { self[.pdmConf][bit: 0] }
  var hearsPDM: Bool { self[.pdmConf][bit: 1] }
  /// Cycles of the clock that a sample lasts: F_PDM = 64 F_PCM FP / FS; without the converter the sample's bits go out as they are.
  private var cyclesOut: Int {
    guard self[.pdmConf][bit: 2] else { return txBits }
    let c = self[.pdmFreqConf]
    return max(1, Int(64 * c[bits: 10...19] / max(1, c[bits: 0...9])))
  }
  func transmitPDM() {
    let half = transmitter.pointee.half, cycles = cyclesOut
    if half == 0 {
      takeFrame()
      transmitter.pointee.frame = scheduler.now
      guard isTxWatched() else { return scheduler.schedule(txEvent, after: time(cycles, divider: txDivider)) }
    }
    let second = half & 1 == 1
    txWS.set(second)
    txData.set(self[.pdmConf][bit: 2] ? modulated(second) : bit(second, half / 2))
    transmitter.pointee.half = half + 1 < 2 * cycles ? half + 1 : 0
    scheduler.schedule(txEvent, at: max(scheduler.now, transmitter.pointee.frame &+ time(half + 1, divider: txDivider) / 2))
  }
  /// The next bit of a slot. Each of the four filters' scalings halves, keeps, doubles or quadruples; the filters themselves have no
  /// model, and the modulator is of the first order: the density is exact, the noise is not shaped as the chip's.
  private func modulated(_ second: Bool) -> Bool {
    let c = self[.pdmConf], slot = second ? transmitter.pointee.slots.1 : transmitter.pointee.slots.0
    let shift = (0..<4).reduce(-4) { $0 + Int(c[bits: 16 + 2 * $1...17 + 2 * $1]) }
    let sample = Int(Int32(bitPattern: slot) >> 16), scaled = max(-32768, min(32767, shift < 0 ? sample >> -shift : sample << shift))
    let sum = (second ? transmitter.pointee.rest.1 : transmitter.pointee.rest.0) + UInt32(scaled + 32768)
    if second { transmitter.pointee.rest.1 = sum & 0xFFFF } else { transmitter.pointee.rest.0 = sum & 0xFFFF }
    return sum > 0xFFFF
  }

  /// RX_PDM_SINC_DSR_16_EN: a sample of 128 bits, not of 64.
  private var cyclesIn: Int { self[.pdmConf][bit: 3] ? (self[.pdmConf][bit: 24] ? 128 : 64) : rxBits }
  func receivePDM() {
    let half = receiver.pointee.half, cycles = cyclesIn, isHigh = receiver.pointee.data
    if half == 0 {
      if receiver.pointee.isSynchronised {
        hear(isHigh, second: true)
        store(left: heard(receiver.pointee.ones.0, cycles), right: heard(receiver.pointee.ones.1, cycles))
        receiver.pointee.ones = (0, 0)
        receiver.pointee.isSynchronised = false
      }
      receiver.pointee.frame = scheduler.now
      guard isRxWatched() else {
        // The line stands still.
        let level = heard(self[.pdmConf][bit: 3] ? (isHigh ? UInt32(cycles) : 0) : (isHigh ? ~0 : 0), cycles)
        store(left: level, right: level)
        return scheduler.schedule(rxEvent, after: time(cycles, divider: rxDivider))
      }
      rxWS.set(false)
    } else {
      // What came while the clock was low is seen when it rises, and the other way round.
      hear(isHigh, second: half & 1 == 0)
      rxWS.set(half & 1 == 1)
    }
    receiver.pointee.half = half + 1 < 2 * cycles ? half + 1 : 0
    if receiver.pointee.half == 0 { receiver.pointee.isSynchronised = true }
    scheduler.schedule(rxEvent, at: max(scheduler.now, receiver.pointee.frame &+ time(half + 1, divider: rxDivider) / 2))
  }
  private func hear(_ high: Bool, second: Bool) {
    func add(_ v: UInt32) -> UInt32 { self[.pdmConf][bit: 3] ? v &+ (high ? 1 : 0) : v << 1 | (high ? 1 : 0) }
    if second { receiver.pointee.ones.1 = add(receiver.pointee.ones.1) } else { receiver.pointee.ones.0 = add(receiver.pointee.ones.0) }
  }
  /// A sample, left aligned, of what was counted, or of raw bits.
  private func heard(_ v: UInt32, _ cycles: Int) -> UInt32 {
    guard self[.pdmConf][bit: 3] else { return cycles < 32 ? v << UInt32(32 - cycles) : v }
    return UInt32(bitPattern: Int32(clamping: (2 * min(Int(v), cycles) - cycles) * 32767 / cycles)) << 16
  }
}
