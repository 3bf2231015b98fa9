import Machine

/// The internal RAM as the blocks' DMA sees it (ESP32 TRM §1.3.3): 0x3FFAE000 to 0x3FFFFFFF, on the ESP32-S3 0x3FC88000 to 0x3FCFFFFF.
final class ESP32DMAMemory {
  private let memory: Memory, base: UInt32
  /// Told of what was written: (offset, count).
  var onWrite: (UInt32, UInt32) -> Void = { _, _ in }
  init(_ memory: Memory, base: UInt32 = 0x3FFA_E000) {
    self.memory = memory
    self.base = base
  }
  private func offset(_ address: UInt32, _ count: Int) -> Int? {
    let at = Int(address) - Int(base)
    return at >= 0 && count >= 0 && at + count <= memory.size ? at : nil
  }
  func word(_ address: UInt32) -> UInt32? { offset(address & ~3, 4).map { memory.raw.load(fromByteOffset: $0, as: UInt32.self) } }
  func setWord(_ address: UInt32, _ v: UInt32) {
    guard let at = offset(address & ~3, 4) else { return }
    memory.raw.storeBytes(of: v, toByteOffset: at, as: UInt32.self)
    onWrite(UInt32(at), 4)
  }
  func byte(_ address: UInt32) -> UInt8 { offset(address, 1).map { memory.bytes[$0] } ?? 0 }
  func setByte(_ address: UInt32, _ v: UInt8) {
    guard let at = offset(address, 1) else { return }
    memory.bytes[at] = v
    onWrite(UInt32(at), 1)
  }
}

/// A place in a chain of descriptors (TRM §7.3, "linked list"): a word with size, length, end mark and owner, the buffer, the next.
struct ESP32Link: BitwiseCopyable {
  var descriptor: UInt32 = 0, offset: UInt32 = 0
  var running = false
  /// The chain that begins at what a LINK register holds: 20 bits of an address in internal RAM, whose others are `top`.
  static func start(_ link: UInt32, top: UInt32 = 0x3FF0_0000) -> ESP32Link { ESP32Link(descriptor: top | link & 0xFFFFF, offset: 0, running: true) }

  /// The next byte to send; nil: the chain is at its end.
  mutating func take(_ m: ESP32DMAMemory) -> UInt8? {
    var hops = 0
    while running, hops < 64, let head = m.word(descriptor) {
      let length = head[bits: 12...23]
      if offset < length, let buffer = m.word(descriptor &+ 4) {
        let b = m.byte(buffer &+ offset)
        offset += 1
        return b
      }
      if head[bit: 30] { running = false } else { next(m) }
      hops += 1
    }
    running = false
    return nil
  }
  /// The next word to send of a chain that goes on past its end marks; nil: the chain is at its end. `ended`: this was the last word
  /// of that descriptor, which is given back to software with `writeBack`.
  mutating func takeWord(_ m: ESP32DMAMemory, ended: inout UInt32?, writeBack: Bool) -> UInt32? {
    var hops = 0
    while running, hops < 64, let head = m.word(descriptor), let buffer = m.word(descriptor &+ 4) {
      let length = head[bits: 12...23]
      if offset < length {
        let v = m.word(buffer &+ offset) ?? 0
        offset += 4
        if offset >= length {
          ended = descriptor
          if writeBack { m.setWord(descriptor, head & ~(1 << 31)) }
          next(m)
        }
        return v
      }
      next(m)
      hops += 1
    }
    running = false
    return nil
  }
  /// Ends a block of what is received: the descriptor that is being filled, or one that is full already.
  mutating func finish(_ m: ESP32DMAMemory) {
    close(m, end: true)
    next(m)
  }
  static func mark(_ descriptor: UInt32, _ m: ESP32DMAMemory) { if let head = m.word(descriptor) { m.setWord(descriptor, head | 1 << 30) } }
  private mutating func next(_ m: ESP32DMAMemory) {
    descriptor = m.word(descriptor &+ 8) ?? 0
    offset = 0
    if descriptor == 0 { running = false }
  }
  /// Stores a received byte; false: there is no room left. `filled`: this buffer is full now.
  mutating func put(_ b: UInt8, _ m: ESP32DMAMemory, filled: inout Bool) -> Bool {
    guard running, let head = m.word(descriptor), let buffer = m.word(descriptor &+ 4) else {
      running = false
      return false
    }
    let size = head[bits: 0...11]
    guard size > 0 else {
      running = false
      return false
    }
    m.setByte(buffer &+ offset, b)
    offset += 1
    filled = offset >= size
    if filled {
      close(m, end: false)
      next(m)
    }
    return true
  }
  /// Tells in the descriptor how much was received, and gives it back to software.
  func close(_ m: ESP32DMAMemory, end: Bool) {
    guard var head = m.word(descriptor) else { return }
    head[bits: 12...23] = offset
    head[bit: 30] = end
    head[bit: 31] = false
    m.setWord(descriptor, head)
  }
}
