import Machine

/// The channels that feed and empty a serial block at its requests, as the block sees them in a run of frames.
///
/// A run is only while they are the only busy channels and between memory and the block's data register, so that each
/// frame moves one element of each and nothing else.
final class DMAStream: FrameStream {
  private let dma: DMA
  private let transmit: Int, receive: Int
  private let register: UInt32
  /// Most frames of a run: how late the memory may be read and written.
  private static let most: UInt32 = 256
  // Wiring of the moment: the channels that stream, found anew where a run ends.
  private var sender = 0, receiver = -1, isPending = false, pending: UInt32 = 0

  /// - Parameters:
  ///   - transmit: the number of the request that asks for a word, `receive` of that which has one.
  ///   - register: the address of the data register.
  init(_ dma: DMA, transmit: Int, receive: Int, register: UInt32) {
    self.dma = dma
    self.transmit = transmit
    self.receive = receive
    self.register = register
  }

  func open(receives: Bool, period: UInt64) -> Int {
    var tx = -1, rx = -1
    for n in 0..<12 where dma.channels[n].busy {
      let c = dma.channels[n], request = Int(c.ctrl[bits: 15...20])
      // Enabled, no error, not sniffed, no ring.
      guard c.ctrl[bit: 0], c.ctrl & 0x6000_0000 == 0, !c.ctrl[bit: 23], c.ctrl[bits: 6...9] == 0 else { return 0 }
      if request == transmit, tx < 0, c.write == register, !c.ctrl[bit: 5] {
        tx = n
      } else if request == receive, rx < 0, c.read == register, !c.ctrl[bit: 4] {
        rx = n
      } else {
        return 0
      }
    }
    guard tx >= 0, receives == (rx >= 0), dma.clock.pointee.hertz * Double(period) >= 6e12 else { return 0 }
    var frames = min(Self.most, dma.channels[tx].count &- 1)
    guard isMemory(dma.channels[tx].read, frames, dma.channels[tx].ctrl, moves: 4, written: false) else { return 0 }
    if rx >= 0 {
      frames = min(frames, dma.channels[rx].count &- 1)
      guard isMemory(dma.channels[rx].write, frames, dma.channels[rx].ctrl, moves: 5, written: true) else { return 0 }
    }
    guard frames > 1 else { return 0 }
    dma.channels[tx].isStreaming = true
    if rx >= 0 { dma.channels[rx].isStreaming = true }
    dma.schedule()
    return Int(frames)
  }
  /// Whether `count` elements from `address` on lie in memory, aligned.
  private func isMemory(_ address: UInt32, _ count: UInt32, _ ctrl: UInt32, moves: Int, written: Bool) -> Bool {
    let size = min(ctrl[bits: 2...3], 2), bytes = (ctrl[bit: moves] ? count : 1) << size
    return address & (1 << size &- 1) == 0 && dma.bus.isMemory(address, count: bytes, writable: written)
  }
  func resume() {
    func channel(_ request: Int) -> Int { (0..<12).first { dma.channels[$0].isStreaming && Int(dma.channels[$0].ctrl[bits: 15...20]) == request } ?? -1 }
    sender = max(0, channel(transmit))
    receiver = channel(receive)
  }
  func next() -> UInt16 {
    var word: UInt16 = 0
    withUnsafeMutablePointer(to: &word) { next(UnsafeMutableBufferPointer(start: $0, count: 1)) }
    return word
  }
  func next(_ words: UnsafeMutableBufferPointer<UInt16>) {
    var c = dma.channels[sender]
    let bus = dma.bus, size = 1 << Int(min(c.ctrl[bits: 2...3], 2)), step = c.ctrl[bit: 4] ? UInt32(size) : 0, swaps = c.ctrl[bit: 22]
    for i in words.indices {
      let data = bus.read(c.read, size: size).value
      c.read &+= step
      let ordered = !swaps ? data : size == 4 ? data.byteSwapped : size == 2 ? (data >> 8 | data << 8) & 0xFFFF : data
      // A narrow write is replicated over the register.
      words[i] = UInt16(truncatingIfNeeded: size == 1 ? ordered &* 0x101 : ordered)
    }
    c.count &-= UInt32(words.count)
    c.moved &+= UInt64(words.count)
    dma.channels[sender] = c
  }
  var keepsAll: Bool { receiver >= 0 && dma.channels[receiver].ctrl[bit: 5] }
  func drop(_ count: Int) {
    guard receiver >= 0 else { return }
    dma.channels[receiver].count &-= UInt32(count)
    dma.channels[receiver].moved &+= UInt64(count)
  }
  func put(_ word: UInt32) {
    guard receiver >= 0 else { return }
    let c = dma.channels[receiver], size = 1 << Int(min(c.ctrl[bits: 2...3], 2))
    let data = !c.ctrl[bit: 22] ? word : size == 4 ? word.byteSwapped : size == 2 ? (word >> 8 | word << 8) & 0xFFFF : word
    dma.channels[receiver].count = c.count &- 1
    dma.channels[receiver].moved = c.moved &+ 1
    if c.ctrl[bit: 5] {
      _ = dma.bus.write(c.write, data, size: size)
      dma.channels[receiver].write = c.write &+ UInt32(size)
    } else {
      // Always the same place: the last counts.
      isPending = true
      pending = data
    }
  }
  func close(at time: UInt64) {
    if isPending, receiver >= 0 { _ = dma.bus.write(dma.channels[receiver].write, pending, size: 1 << Int(min(dma.channels[receiver].ctrl[bits: 2...3], 2))) }
    isPending = false
    for n in 0..<12 { dma.channels[n].isStreaming = false }
    dma.state.pointee.position = max(dma.state.pointee.position, dma.clock.pointee.cycle(at: time))
    // What the frame under way has asked for already.
    dma.sync()
    dma.schedule()
  }
}
