import Machine

/// The parallel modes, ESP32 TRM §12.5: samples on 24 lines with WS as the write signal of a display, from a camera with WS as its pixel
/// clock, to the DACs and from the ADCs. WS takes two cycles of BCK.
extension ESP32I2S {
  /// LCD_EN.
  var isParallel: Bool { self[.conf2][bit: 5] }
  /// CAMERA_EN, by the clock of the camera.
  var isCamera: Bool { isParallel && self[.conf2][bit: 0] && self[.conf][bit: 7] && receiver.pointee.isRunning }

  // MARK: Out

  /// A sample is a word where slots have more than 16 bits, else a half of one. Two go out in a cycle of WS when both slots have their own.
  func transmitParallel() {
    let half = transmitter.pointee.half, c = self[.conf]
    if half == 0 {
      let wide = txMode >= 2 || txBits > 16
      func next() -> UInt32 {
        let sample = nextSample() ?? 0
        guard wide, txMode < 2 else { return sample }
        let low = nextSample() ?? 0
        return sample | low >> 16
      }
      let first = next(), second = txMode & 1 == 0 && self[.confChan] & 7 == 0 ? next() : first
      transmitter.pointee.slots = c[bit: 16] ? (second, first) : (first, second)
      transmitter.pointee.frame = scheduler.now
      onDAC(UInt16(transmitter.pointee.slots.0 >> 16), UInt16(transmitter.pointee.slots.1 >> 16))
    }
    // LCD_TX_WRX2_EN and LCD_TX_SDX2_EN: each sample is written twice.
    let repeats = (self[.conf2][bit: 1] ? 2 : 1) * (self[.conf2][bit: 2] ? 2 : 1), halves = 2 * repeats
    guard isTxWatched() else {
      transmitter.pointee.half = 0
      return scheduler.schedule(txEvent, at: max(scheduler.now, transmitter.pointee.frame &+ time(2 * repeats, divider: txDivider)))
    }
    let second = half & 1 == 1
    show(second ? transmitter.pointee.slots.1 : transmitter.pointee.slots.0)
    // TX_RIGHT_FIRST: the cycle begins with WS high.
    txWS.set(second != c[bit: 8])
    transmitter.pointee.half = half + 1 < halves ? half + 1 : 0
    scheduler.schedule(txEvent, at: max(scheduler.now, transmitter.pointee.frame &+ time(half + 1, divider: txDivider)))
  }
  /// The upper 24 bits of a sample on the lines.
  private func show(_ sample: UInt32) {
    for n in 0..<23 { txBus[n].set(sample[bit: n + 8]) }
    txData.set(sample[bit: 31])
  }

  // MARK: In: the ADCs

  /// A chain of buffers is there: conversions begin. Without one none is made, which the boot loader does for the noise.
  func converterLinked() {
    if receiver.pointee.isRunning, isParallel, !isCamera, receiver.pointee.link.running, !scheduler.isScheduled(rxEvent) { scheduler.schedule(rxEvent, at: scheduler.now) }
  }
  /// A conversion at each cycle of WS.
  func receiveConversions() {
    guard !isCamera, receiver.pointee.link.running, let samples = conversion() else { return }
    for s in samples { keep(UInt32(s) << 16) }
    scheduler.schedule(rxEvent, after: time(2, divider: rxDivider))
  }

  // MARK: In: a camera

  /// Data lines 0 to 15, then H_SYNC, V_SYNC and H_ENABLE.
  func cameraLineChanged(_ n: Int, _ high: Bool) { receiver.pointee.camera[bit: n] = high }
  /// The camera's clock rose: a sample, while the three signals are high. RX_FIFO_MOD 0: each with the one before in a word; 1: two in a
  /// word; 3: each in the upper half of its own.
  func cameraClock() {
    let c = receiver.pointee.camera
    guard c >> 16 == 7 else {
      receiver.pointee.hasBefore = false
      return
    }
    let sample = c & 0xFFFF
    switch rxMode {
    case 0:
      if receiver.pointee.hasBefore { put(receiver.pointee.before << 16 | sample) }
      receiver.pointee.before = sample
      receiver.pointee.hasBefore = true
    case 1: keep(sample << 16)
    default: put(sample << 16)
    }
  }
}
